"""Area notebooks run and made into pages: this library against plain papermill and nbconvert commands.

The same analyses and reports of some areas in three languages, from tables that a run left; the commands one
after another, as a shell script would, the library with two jobs, as `evaluation run` has them. Ledger rows
have to be equal to the byte. Run with ``python benchmarks/notebooks.py DATA_FOLDER [areas]`` after
``make reports``; DATA_FOLDER is read only.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from evaluation.pipeline.engine import SETTINGS
from evaluation.pipeline.plan import LANGUAGES, Step, plan
from evaluation.pipeline.project import Project

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
AREAS = "oulu,kitee,lahti,raasepori-hanko"


def work(data: Path, areas: list[str], *, at: Path) -> list[Step]:
    """Analyses and reports of areas, whose results go to a folder of their own."""
    shutil.copytree(data / "processed", at / "processed", ignore=shutil.ignore_patterns("pages", "notebooks"))
    (at / "raw").symlink_to(data / "raw")
    project = Project.at(ROOT, data=at, release_date="2026-12-01")
    steps = plan(project, areas=areas, languages=list(LANGUAGES))
    return [step for step in steps if step.name.startswith(("area_analysis", "area_report"))]


def run(step: Step) -> None:
    step.function(**step.values)


def commands(step: Step) -> None:
    """papermill for the notebook, nbconvert for its page."""
    executed, given = step.values["executed"], step.values["parameters"]
    executed.parent.mkdir(parents=True, exist_ok=True)
    told = [
        word
        for name, value in given.items()
        for word in ("-p" if isinstance(value, bool) else "-r", name, str(value))
    ]
    papermill = [BIN / "papermill", step.values["notebook"], executed, *told]
    page = step.values.get("page_file", executed.with_suffix(".html"))
    page.parent.mkdir(parents=True, exist_ok=True)
    convert = ["nbconvert", "--to", "html", "--output-dir", page.parent, "--output", page.name, executed]
    for command in (papermill, [BIN / "jupyter", *convert]):
        subprocess.run(
            list(map(str, command)), cwd=step.values["notebook"].parent, check=True, capture_output=True
        )


def seconds(do: Callable[[Step], None], steps: list[Step], *, jobs: int) -> float:
    """Wall seconds of analyses, then of reports; what takes long first, as the engine begins."""
    steps = sorted(steps, key=lambda step: not step.takes_longer)
    began = time.perf_counter()
    for name in ("area_analysis", "area_report"):
        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(do, [step for step in steps if step.name.startswith(name)]))
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("data"), help="data of a finished run")
    parser.add_argument("areas", nargs="?", default=AREAS)
    given = parser.parse_args()
    data, areas = given.folder.resolve(), given.areas.split(",")
    if not (data / "processed" / "cleared.parquet").exists():
        parser.error(f"{data}: no finished run; run `make reports` first")
    os.environ.update(SETTINGS)  # for both
    with tempfile.TemporaryDirectory() as folder:
        here = {name: Path(folder, name) for name in ("ours", "plain")}
        steps = {name: work(data, areas, at=at) for name, at in here.items()}
        took = {
            "ours": seconds(run, steps["ours"], jobs=2),
            "plain": seconds(commands, steps["plain"], jobs=1),
        }
        for area in areas:
            ledgers = [(at / "processed" / "ledger" / f"{area}.parquet").read_bytes() for at in here.values()]
            assert ledgers[0] == ledgers[1], area
    print(f"{len(areas)} areas, {len(steps['ours'])} notebooks")
    print(f"this library, two jobs            {took['ours']:6.1f} s")
    print(
        f"papermill and nbconvert commands  {took['plain']:6.1f} s, {took['plain'] / took['ours']:.1f} times"
    )


if __name__ == "__main__":
    main()
