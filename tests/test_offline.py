"""The folder for a room without network: what it fetches for which machine, and whether it is whole."""

import subprocess
import sys

from validation import offline

LOCK = """colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:0a \\
    --hash=sha256:0b
    # via click
numpy==2.4.6 ; python_full_version >= '3.11' \\
    --hash=sha256:1a
numpy==1.0.0 ; python_full_version < '3.11' \\
    --hash=sha256:2a
"""


def test_each_machine_gets_what_its_conditions_ask_for_once():
    linux, windows = (
        offline.wanted([LOCK, LOCK], environment) for environment, _ in offline.MACHINES.values()
    )
    assert linux == ["numpy==2.4.6 --hash=sha256:1a"]
    assert windows == ["colorama==0.4.6 --hash=sha256:0a --hash=sha256:0b", *linux]


def test_the_locks_ask_for_terminals_of_windows_on_windows_only():
    texts = [(offline.ROOT / name).read_text(encoding="utf-8") for name in offline.LOCKS]
    linux, windows = (
        {line.split("==")[0] for line in offline.wanted(texts, environment)}
        for environment, _ in offline.MACHINES.values()
    )
    assert {"pandas", "jupyterlab", "sphinx", "setuptools"} <= linux & windows
    assert "pywinpty" in windows - linux and "ptyprocess" in linux - windows


def test_what_is_missing_or_changed_is_named(tmp_path):
    for name in ("one.txt", "two.txt"):
        (tmp_path / name).write_text(name)
    assert offline.seal(tmp_path) == 3

    def checked():
        return subprocess.run([sys.executable, tmp_path / "check.py"], capture_output=True, text=True)

    assert checked().stdout == "whole: 3 files\n"
    (tmp_path / "one.txt").write_text("else")
    (tmp_path / "two.txt").unlink()
    told = checked()
    assert (told.returncode, told.stdout) == (1, "changed: one.txt\nmissing: two.txt\n")
