"""One folder for a room without network: wheels for Linux and Windows, locks, code, documentation, hashes.

``python -m validation.offline FOLDER`` needs the network once, to fetch the wheels that the locks name, for
the Python version that runs it. Inside the room ``python check.py`` says whether everything is whole.
"""

from __future__ import annotations

import argparse
import hashlib
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
LOCKS = tuple(f"requirements{extra}.lock" for extra in ("", "-test", "-lab", "-docs"))
GLIBC = 28  # wheels for Linux run with this 2.x and later: servers in closed rooms are not of this year
MACHINES: dict[str, tuple[dict[str, str], list[str]]] = {
    "linux": (
        {
            "sys_platform": "linux",
            "platform_system": "Linux",
            "os_name": "posix",
            "platform_machine": "x86_64",
        },
        [*(f"manylinux_2_{minor}_x86_64" for minor in range(5, GLIBC + 1)), "manylinux2014_x86_64"],
    ),
    "windows": (
        {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
        ["win_amd64"],
    ),
}
SUMS = "SHA256SUMS"
CHECK = '''"""Says whether every file of this folder is there and whole: python check.py"""

import hashlib
import sys
from pathlib import Path

here = Path(__file__).resolve().parent
wrong, lines = [], (here / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
for line in lines:
    wanted, name = line.split("  ", 1)
    path = here / name
    if not path.is_file():
        wrong.append("missing: " + name)
    elif hashlib.sha256(path.read_bytes()).hexdigest() != wanted:
        wrong.append("changed: " + name)
print("\\n".join(wrong) or f"whole: {len(lines)} files")
sys.exit(bool(wrong))
'''
README = """# Without network

Wheels are for Python {python} on Linux (x86-64, glibc 2.{glibc} or newer) and Windows (64 bit).
First `python check.py`: is every file there and whole?

Linux, in `evaluation/`: `make test`, `make lab` and all that README.md says. The Makefile tells pip to take
`../wheels` and to ask no index.

Windows, in `evaluation\\`:

    set PIP_NO_INDEX=1
    set PIP_FIND_LINKS=..\\wheels
    py -{python} -m venv .venv
    .venv\\Scripts\\python -m pip install --require-hashes -r requirements.lock
    .venv\\Scripts\\python -m pip install --require-hashes -r requirements-test.lock
    .venv\\Scripts\\python -m pip install --require-hashes -r requirements-lab.lock
    .venv\\Scripts\\python -m pip install --no-deps --no-build-isolation -e .
    .venv\\Scripts\\python -m ipykernel install --sys-prefix --name python3
    .venv\\Scripts\\python -m pytest
    .venv\\Scripts\\jupyter lab

Documentation: `documentation/docs/index.html`.
"""


def wanted(locks: list[str], environment: dict[str, str]) -> list[str]:
    """Entries of hashed locks that hold on a machine, without their conditions.

    Examples
    --------
    >>> wanted(["a==1 ; os_name == 'nt' --hash=sha256:00", "c==2 --hash=sha256:11"], {"os_name": "posix"})
    ['c==2 --hash=sha256:11']
    """
    found: dict[str, str] = {}
    for text in locks:
        joined = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
        for line in joined.replace("\\\n", " ").splitlines():
            head, *hashes = line.split("--hash=")
            if not head.strip():
                continue
            one = Requirement(head.strip())
            if one.marker is None or one.marker.evaluate(environment):
                said = f"{one.name}{one.specifier}"
                found[said] = " ".join([said, *(f"--hash={value.strip()}" for value in hashes)])
    return list(found.values())


def fetch(folder: Path) -> None:
    """Download the wheels of all locks for every machine; pip checks their hashes."""
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in LOCKS]
    for environment, tags in MACHINES.values():
        with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
            file.write("\n".join(wanted(texts, environment)))
            file.flush()
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
            command += ["--only-binary", ":all:", "--dest", str(folder), "-r", file.name]
            command += [word for tag in tags for word in ("--platform", tag)]
            subprocess.run(command, check=True)


def copy_code(folder: Path) -> None:
    """Copy the files that version control knows, as they are in the checkout."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], check=True, capture_output=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)


def seal(folder: Path) -> int:
    """Write the hashes of all files, and the script that checks them; how many there are."""
    (folder / "check.py").write_text(CHECK, encoding="utf-8")
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != SUMS)
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n"
        for path in files
    ]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")
    return len(files)


def main(folder: Path) -> int:
    """Make the folder anew."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    fetch(folder / "wheels")
    copy_code(folder / "evaluation")
    shutil.copytree(ROOT / "site" / "html", folder / "documentation")
    python = ".".join(platform.python_version_tuple()[:2])
    (folder / "README.md").write_text(README.format(python=python, glibc=GLIBC), encoding="utf-8")
    number = seal(folder)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"{folder}: {number} files, {size / 1e6:.0f} MB")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    sys.exit(main(parser.parse_args().folder.resolve()))
