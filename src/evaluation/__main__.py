"""The command line: simulate, layout, ingest, fetch, demo, new, run, audit, release, check."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from evaluation.options import DEFAULT_SEED, parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command line with these words, those of the process if none are given.

    Returns 0 if all went well, 1 if an area or task failed, 2 if the command or its input was refused, 3 if
    nothing was released (the audit found something, or inputs changed), 4 if the system refused (disk full,
    no permission), 128 and the signal's number if the run was stopped.
    """
    options = parser().parse_args(arguments)
    try:
        return int(COMMANDS[options.command](options))
    except (ValueError, FileNotFoundError, ConnectionError) as error:
        print(f"evaluation: {error}", file=sys.stderr)
        return int(getattr(error, "status", 2))
    except OSError as error:
        print(f"evaluation: {error}; the last release is as it was", file=sys.stderr)
        return 4


def _project(options: argparse.Namespace):  # type: ignore[no-untyped-def]
    from evaluation.pipeline.project import Project

    names = ("data", "reports", "release_date", "study", "previous", "profile")
    given = {name: value for name in names if (value := getattr(options, name, None)) is not None}
    return Project.at(options.root, **given)


def _delivered(register: Path) -> bool:
    return any(path.name != ".gitkeep" for path in register.glob("*"))


def _simulate(options: argparse.Namespace) -> int:
    from evaluation.deliveries.layout import simulated
    from evaluation.simulation import register as simulation
    from evaluation.study import read_study

    project = _project(options)
    project.register.mkdir(parents=True, exist_ok=True)
    if _delivered(project.register) and not simulated(project.register):
        raise ValueError(f"{project.register}: holds a delivery that is not simulated; move it away first")
    chosen = {name: value for name in ("persons", "dirt") if (value := getattr(options, name)) is not None}
    # all files or none: half a delivery would be taken for a delivery by the next run
    with tempfile.TemporaryDirectory(dir=project.register.parent) as made:
        simulation.simulate(
            Path(made), read_study(project.study), seed=options.seed, reference=project.reference, **chosen
        )
        for file in Path(made).iterdir():
            file.replace(project.register / file.name)
    print(f"Simulated register written to {project.register}")
    return 0


def _ingest(options: argparse.Namespace) -> int:
    from rich.progress import track

    from evaluation.deliveries.layout import simulated
    from evaluation.pipeline import buckets, steps
    from evaluation.pipeline.project import one_at_a_time
    from evaluation.registers import ingest as registers
    from evaluation.registers.rules import judge
    from evaluation.reporting import delivery

    project = _project(options)
    jobs = options.jobs if steps.is_large(project.register) else 1
    shown: Any = {"track": track} if sys.stderr.isatty() else {}
    needed = ["evaluation.registers.by_bucket"]  # less than what kernels need
    with one_at_a_time(project.processed), buckets.workers(jobs, only=needed) as executor:
        quality, limits, problems = registers.attempt(
            project.register, project.processed, reference=project.reference, executor=executor, **shown
        )
        page, line = delivery.write_delivery(
            project.processed / "register",
            judge(quality, limits),
            problems=[problem.replace(f"{project.register}{os.sep}", "") for problem in problems],
            simulated=simulated(project.register),
        )
    if len(quality):
        print(quality.to_string(index=False))
    for problem in problems:
        print(f"evaluation: {problem}", file=sys.stderr)
    print(page)
    print(line)
    return 2 if problems else 0


def _layout(options: argparse.Namespace) -> int:
    from evaluation.deliveries.guess import guess

    print(guess(options.guess), end="")
    return 0


def _fetch(options: argparse.Namespace) -> int:
    from evaluation.statistics import kela, pxweb

    project = _project(options)
    failed = 0
    for fetch, folder, url in (
        (pxweb.fetch, project.statfin, options.url),
        (kela.fetch, project.kela, options.catalogue),
    ):
        try:
            print(f"Saved {fetch(folder, **({'url': url} if url else {}))}", flush=True)
        except (ConnectionError, ValueError) as error:  # the other source may still answer
            print(f"evaluation: {error}", file=sys.stderr)
            failed = 2
    return failed


def _demo(options: argparse.Namespace) -> int:
    from evaluation.pipeline import first_look

    print(f"Demo tables written to {first_look.demo(_project(options), seed=options.seed)}")
    print("Next: evaluation new AREA, or the parameter processed of any notebook")
    return 0


def _new(options: argparse.Namespace) -> int:
    from evaluation.pipeline import first_look

    target = first_look.own_notebook(_project(options), area=options.area)
    print(f"{target}: open it with `make lab`, or with the kernel of .venv in an editor")
    return 0


def _run(options: argparse.Namespace) -> int:
    from evaluation.pipeline import engine, notebook_runs, plan
    from evaluation.pipeline.project import one_at_a_time
    from evaluation.study import read_study

    project = _project(options)
    known = plan.area_names(read_study(project.study), project.reference)
    areas = notebook_runs.choose(options.areas, known, what="area")
    languages = notebook_runs.choose(options.languages, plan.LANGUAGES, what="language")
    if options.jobs < 1:
        raise ValueError(f"--jobs must be at least 1, not {options.jobs}")
    with one_at_a_time(project.processed, project.reports), _saying_what_stops():
        if not _delivered(project.register):
            print(f"No register in {project.register}: simulating one", file=sys.stderr)
            _simulate(argparse.Namespace(**vars(options), persons=None, dirt=None, seed=DEFAULT_SEED))
        failed = engine.run(
            project, areas=areas, languages=languages, jobs=options.jobs, every=options.verbose
        )
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr, flush=True)
    for language in languages:
        if (page := project.reports / language / "index.html").exists():
            print(page)
    return 1 if failed else 0


@contextmanager
def _saying_what_stops() -> Iterator[None]:
    """End with a last line and the status 128 + number when a signal stops the run."""

    def stop(number: int, _: object) -> None:
        name = signal.Signals(number).name
        print(
            f"evaluation: stopped by {name}; the last release is whole; run again",
            file=sys.stderr,
            flush=True,
        )
        os._exit(128 + number)  # threads that wait for notebooks would hold the end up

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _audit(options: argparse.Namespace) -> int:
    import pandas as pd

    from evaluation.pipeline import release
    from evaluation.results import rules

    project = _project(options)
    if not project.cleared.exists():
        raise ValueError(f"{project.cleared}: no such file; run `evaluation run` first")
    rows = pd.read_parquet(project.cleared)
    signed = project.reports / release.SIGNED
    profile = rules.read_profile(project.profile)
    release.check(rows, project, profile=profile, against=project.previous, earlier=signed)
    print(f"{len(rows)} cleared rows attacked, nothing found")
    return 0


def _release(options: argparse.Namespace) -> int:
    from evaluation.pipeline import release
    from evaluation.pipeline.project import one_at_a_time

    project = _project(options)
    with one_at_a_time(project.processed, project.reports):
        print(release.sign(project, options.sign))
    return 0


def _check(options: argparse.Namespace) -> int:
    from evaluation.pipeline import check_pages

    if options.sample is not None and options.sample < 1:
        raise ValueError(f"--sample must be at least 1, not {options.sample}")
    reports = _project(options).reports
    pages = [path for language in ("fi", "sv", "en") for path in sorted((reports / language).glob("*.html"))]
    if not pages:
        raise ValueError(f"{reports}: no pages; run `evaluation run` first")
    if options.sample is not None:
        step = max(1, len(pages) // options.sample)
        pages = pages[::step][: options.sample]
    problems = check_pages.check(pages)
    print(problems.to_string(index=False) if len(problems) else f"{len(pages)} pages checked, nothing found")
    return 1 if len(problems) else 0


COMMANDS = {
    "simulate": _simulate,
    "ingest": _ingest,
    "layout": _layout,
    "fetch": _fetch,
    "demo": _demo,
    "new": _new,
    "run": _run,
    "audit": _audit,
    "release": _release,
    "check": _check,
}

if __name__ == "__main__":
    sys.exit(main())
