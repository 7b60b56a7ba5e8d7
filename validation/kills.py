"""Kill runs at random moments, and let two run at once: is a release ever mixed or partial?

``python -m validation.kills --kills 200 --pairs 50 --seed 1`` makes a small project whose tasks write a
cleared ledger and pages, runs it through the pipeline's own engine, lock and release with a new input each
time, and kills it. After each kill the published folder must be one whole release, and the next run must end
with the same bytes as an undisturbed run.
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import os
import random
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pandas as pd

from evaluation.pipeline import engine, release
from evaluation.pipeline.plan import Step
from evaluation.pipeline.project import Project, one_at_a_time
from evaluation.reporting import page
from evaluation.results import ledger, provenance

ROOT = Path(__file__).parents[1]
PAGES = 5  # in each language


def make_rows(*, source: Path, cleared: Path) -> None:
    """A cleared ledger in which the input's version is a row of its own."""
    version = source.read_text(encoding="utf-8")
    frame = pd.DataFrame({"item": [version], "estimate": [100.0], "persons": [100.0]})
    fixed = {"topic": "cohort", "measure": "persons", "unit": "persons", "simulated": True}
    ledger.rows(frame, area="oulu", **fixed).to_parquet(cleared)


def make_page(*, cleared: Path, page_file: Path, language: str) -> None:
    """A page and a file that say which version of the input they were made from."""
    version = pd.read_parquet(cleared)["item"].item()
    body = f"<h1>{version}</h1>" + f"<p>{version}</p>" * 200
    page.write_plain(page_file, title=version, body=body, language=language, simulated=True)
    table = page_file.parent / "csv" / page_file.stem / "all_values.csv"
    table.parent.mkdir(parents=True, exist_ok=True)
    table.write_text(f"{version}\n" * 2000, encoding="utf-8")


def work(project: Project, **_: object) -> list[Step]:
    """The tasks of the small project."""
    source, cleared = project.register / "input.txt", project.cleared
    made = [Step("clear", make_rows, [source], [cleared], {"source": source, "cleared": cleared})]
    for language in ("fi", "sv", "en"):
        for number in range(PAGES):
            target = project.pages / language / f"page{number}.html"
            values = {"cleared": cleared, "page_file": target, "language": language}
            made.append(Step(f"{language}{number}", make_page, [cleared], [target], values))
    return made


def run(project: Project) -> None:
    """One run in a process of its own, as the command line does it; its output is not shown."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(os.open(project.root / "last_run.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    engine.plan = work  # type: ignore[assignment]
    try:
        with one_at_a_time(project.processed, project.reports):
            failed = engine.run(project, areas=[], languages=[], jobs=2)
    except ValueError as error:
        print(error, file=sys.stderr)
        os._exit(int(getattr(error, "status", 2)))
    os._exit(1 if failed else 0)


def versions(folder: Path) -> set[str]:
    """Versions of the input that any published file was made from."""
    found = set()
    for path in folder.rglob("*.*"):
        if path.suffix in (".html", ".csv"):
            found |= set(re.findall(r"version\d+", path.read_text("utf-8")))
        elif path.name == release.CLEARED:
            found |= set(pd.read_parquet(path)["item"])
    return found


def state(project: Project) -> str:
    """What the published folder is: whole, mixed, partial or missing."""
    if not project.reports.exists():
        return "missing"
    told = release.manifest(project.reports)
    if not told or not release.whole(project.reports, told):
        return "partial"
    return "whole" if len(versions(project.reports)) == 1 else "mixed"


def published(project: Project, number: int) -> dict[str, bytes]:
    """Bytes of every published page and CSV file, with the version's number taken out."""
    files = (path for path in sorted(project.reports.rglob("*")) if path.suffix in (".html", ".csv"))
    version = f"version{number:05}".encode()
    return {str(path.relative_to(project.reports)): path.read_bytes().replace(version, b"") for path in files}


def main() -> int:
    """Kill and race runs; print what was found, 1 if a release was not whole or a next run failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rng, forked = random.Random(given.seed), multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "notebooks").mkdir()
        (root / "notebooks" / "area_analysis.ipynb").write_text("{}")
        shutil.copytree(ROOT / "data" / "raw" / "reference", root / "data" / "raw" / "reference")
        project = Project.at(root, study=ROOT / "studies/kuntakokeilut-2021.toml", release_date="2026-12-01")

        def begin() -> multiprocessing.process.BaseProcess:
            one = forked.Process(target=run, args=(project,))
            one.start()
            return one

        def given_version(number: int) -> None:
            project.register.mkdir(parents=True, exist_ok=True)
            (project.register / "input.txt").write_text(f"version{number:05}")

        def ended() -> int:
            one = begin()
            one.join()
            return int(one.exitcode or 0)

        for name in ("pytask", "pytask_parallel", "scipy.optimize"):
            importlib.import_module(name)  # once, not in every process
        provenance.code_version()
        given_version(0)
        assert ended() == 0, (root / "last_run.log").read_text()
        given_version(1)
        began = time.perf_counter()
        assert ended() == 0, (root / "last_run.log").read_text()
        lasts = time.perf_counter() - began
        undisturbed = published(project, 1)
        after_kill: Counter[str] = Counter()
        wrong = late = 0
        for number in range(2, given.kills + 2):
            given_version(number)
            one = begin()
            one.join(rng.uniform(0, lasts))
            late += not one.is_alive()
            one.kill()
            one.join()
            after_kill[state(project)] += 1
            fine = ended() == 0 and published(project, number) == undisturbed
            wrong += not (fine and state(project) == "whole")
        after_pair: Counter[str] = Counter()
        statuses: Counter[str] = Counter()
        for number in range(given.kills + 2, given.kills + given.pairs + 2):
            given_version(number)
            both = [begin()]
            time.sleep(rng.uniform(0, lasts / 2))
            both.append(begin())
            for one in both:
                one.join()
            statuses[str(sorted(int(one.exitcode or 0) for one in both))] += 1
            newest = versions(project.reports) == {f"version{number:05}"}
            after_pair[state(project) if newest else "old"] += 1
    print(f"one run lasts {lasts:.1f} s; {given.kills} kills, {late} of them after the end of the run")
    print(
        f"releases after a kill: {dict(after_kill)}; next runs that did not end as undisturbed ones: {wrong}"
    )
    print(f"{given.pairs} pairs at once: {dict(after_pair)}, exit statuses {dict(statuses)}")
    return int(set(after_kill) | set(after_pair) != {"whole"} or wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main())
