"""Run the plan: only what changed, and say how long the rest takes."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from evaluation.pipeline import buckets, notebook_runs, release, steps
from evaluation.pipeline.plan import Step, plan, source_of
from evaluation.pipeline.project import Project, parts_read
from evaluation.results import provenance
from evaluation.study import Study, read_study

OF_AREAS = ("area_analysis", "area_report")  # the notebooks that a run is made of
# Nobody looks at the figures of a run, and they are the same whatever look its user prefers. Its jobs
# fill the machine: matrix products that take all cores as well wait for each other, and analyses take twice
# as long.
SETTINGS = {"MPLBACKEND": "agg", "MATPLOTLIBRC": os.devnull, "OPENBLAS_NUM_THREADS": "1"}


def _parts_read(work: list[Step], study: Study) -> dict[str, str]:
    """What each task reads of the study, names in three languages only where it makes pages."""

    @cache
    def read(function: Callable[..., Any], notebook: Path | None) -> str:
        pages = function in (steps.report, steps.index)
        return parts_read(study, source_of(function, notebook), names=pages)

    return {step.name: read(step.function, step.values.get("notebook")) for step in work}


def run(
    project: Project, *, areas: list[str], languages: list[str], jobs: int, every: bool = False
) -> list[str]:
    """Run everything that changed, so many `jobs` at a time; names of the tasks and areas that failed.

    It tells of `every` task, or of areas only.
    """
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    release.recover(project.reports)
    for note in steps.failures(project.processed):
        note.unlink()  # so that they are tried again
    work = plan(project, areas=areas, languages=languages)
    before = _given(work)
    broken = _build(project, work, jobs, every=every)
    if changed := {path for path, state in _given(work).items() if state != before[path]}:
        for step in work:  # whatever read them runs again: nobody knows what it read
            if changed & set(step.reads):
                step.writes[0].unlink(missing_ok=True)
        names = ", ".join(sorted(path.name for path in changed))
        raise release.Stopped(
            f"not released, the last release stays: {names} changed during the run; run again"
        )
    failed = [note.stem for note in steps.failures(project.processed)]
    if broken:
        print("Not released: the last release stays", file=sys.stderr)
        return broken + failed
    files = [path for step in work for path in step.writes]
    print(release.publish(project, files=files, failed=failed), file=sys.stderr)
    return failed


def _given(work: list[Step]) -> dict[Path, tuple[int, int]]:
    """Size and time of change of the files that tasks read and no task writes; 0 where one is gone."""
    written = {path for step in work for path in step.writes}
    found = {}
    for path in sorted({path for step in work for path in step.reads} - written):
        state = path.stat() if path.exists() else None
        found[path] = (state.st_size, state.st_mtime_ns) if state else (0, 0)
    return found


def _work(step: Step, jobs: int) -> Callable[..., None]:
    if step.by_bucket:
        return partial(buckets.each, step.function, step.writes, jobs=jobs)
    return partial(step.function, jobs=jobs) if step.function is steps.read_register else step.function


def _given_to(step: Step, written: set[Path], *, known: Path) -> str:
    """Names and hashes of all that a task reads and no task writes: notes on each file take much longer."""
    files = [path for path in step.reads if path not in written]
    return provenance.inputs(files, root=Path("/"), known=known).to_csv()


def _told(project: Project, work: list[Step], *, known: Path) -> dict[str, str]:
    """All that each task depends on and no task writes, in one, because the engine asks of each thing."""
    written = {path for step in work for path in step.writes}
    parts = _parts_read(work, read_study(project.study))
    return {
        step.name: "\n".join(
            [
                _given_to(step, written, known=known),
                repr(sorted(step.values.items())),
                parts[step.name],
                source_of(step.function, None),
            ]
        )
        for step in work
    }


def _node(step: Step, words: str) -> Any:
    """Words that a task depends on; without a task and a name, nodes of all tasks would be one."""
    from pytask import NodeInfo, PythonNode

    place = NodeInfo(arg_name="told", path=(), task_name=step.name, task_path=None, value=words)
    return PythonNode(name=f"{step.name}::told", value=words, hash=True, node_info=place)


def _state(work: list[Step], told: dict[str, str]) -> str:
    """One word for all that tasks depend on and for the files that they wrote, untouched since."""
    facts = []
    for path in sorted({path for step in work for path in step.writes}):
        state = path.stat() if path.exists() else None
        # who sets the time of a change back changes the time of the file's entry
        facts.append((path, state and (state.st_size, state.st_mtime_ns, state.st_ctime_ns)))
    return hashlib.sha256(repr((sorted(told.items()), facts)).encode()).hexdigest()


def _build(project: Project, work: list[Step], jobs: int, *, every: bool) -> list[str]:
    """Run the tasks, telling of `every` one or of areas only; names of those that failed."""
    notes = project.processed / "notes"  # of earlier runs
    notes.mkdir(parents=True, exist_ok=True)
    told = _told(project, work, known=notes / "hashes.json")
    finished = notes / "finished.txt"  # the engine takes seconds to find that nothing changed
    if finished.is_file() and finished.read_text(encoding="utf-8") == _state(work, told):
        print(f"{len(work)} of {len(work)} tasks had not changed", file=sys.stderr)
        return []
    for step in work:
        if (notebook := step.values.get("notebook")) is not None:
            notebook_runs.check_parameters(notebook, step.values["parameters"])
    finished.unlink(missing_ok=True)
    broken = _run_changed(work, told, notes=notes, jobs=jobs, every=every)
    if not broken:
        finished.write_text(_state(work, told), encoding="utf-8")
    return broken


def _run_changed(work: list[Step], told: dict[str, str], *, notes: Path, jobs: int, every: bool) -> list[str]:
    """Run the tasks for which something changed; names of those that failed."""
    from evaluation.pipeline import warm_kernels

    warm_kernels.warm_up()  # while the engine looks for what changed
    from pytask import ExitCode, Mark, PathNode, TaskWithoutPath, build, console

    (notes / "pytask.toml").write_text("[tool.pytask.ini_options]\n", encoding="utf-8")
    written = {path for step in work for path in step.writes}
    progress = Progress([step.name for step in work], jobs=jobs, every=every)
    console.quiet = not every
    tasks = [
        TaskWithoutPath(
            name=step.name,
            function=progress.watched(step.name, _work(step, jobs), step.values),
            depends_on={
                "reads": [PathNode(path=path) for path in step.reads if path in written],
                "told": _node(step, told[step.name]),
            },
            produces={"writes": [PathNode(path=path) for path in step.writes]},
            markers=[Mark("try_first", (), {})] if step.takes_longer else [],
        )
        for step in work
    ]
    options: dict[str, Any] = {
        "tasks": tasks,
        "paths": (notes,),
        "config": notes / "pytask.toml",
        "database_url": "sqlite://",  # in memory: pytask.lock is what it reads, both cost seconds
        # pytask looks only once a second what is done: some tasks wait in line, so that nobody waits for it
        "n_workers": 2 * jobs,
        "parallel_backend": "threads",  # for one job too: the engine's way without workers runs nothing here
        "capture": "no",
        "show_traceback": False,
        "verbose": 0,
    }
    session = build(**options)
    if session.exit_code == ExitCode.CONFIGURATION_FAILED:
        print("The notes of earlier runs are damaged: everything runs again", file=sys.stderr)
        for note in (notes / "pytask.lock", *notes.glob(".pytask/*")):
            note.unlink(missing_ok=True)
        session = build(**options)
    broken = [report.task.name for report in session.execution_reports if report.outcome.name == "FAIL"]
    if not broken and (session.exit_code or len(session.execution_reports) < len(work)):  # interrupted
        broken = ["the plan of the run"]
    if progress.ran < len(work):
        print(f"{len(work) - progress.ran} of {len(work)} tasks had not changed", file=sys.stderr)
    return broken


class Progress:
    """Lets so many tasks work at a time, and says which are done: those of areas, or `every` task.

    Tasks of one kind, the part of their name before ``[``, take alike long.
    """

    def __init__(self, tasks: Sequence[str], *, jobs: int, every: bool = False) -> None:
        self.total, self.jobs, self.every = len(tasks), jobs, every
        self.ran = 0
        self._left = Counter(name.partition("[")[0] for name in tasks)
        self._took: dict[str, list[float]] = defaultdict(list)
        self._lock, self._room = threading.Lock(), threading.Semaphore(jobs)

    def watched(
        self, name: str, function: Callable[..., None], values: dict[str, Any]
    ) -> Callable[..., None]:
        """A task that runs a step and says how it went; its arguments are for the engine."""

        def task(**_: object) -> None:
            with self._room:
                began = time.perf_counter()
                outcome = "failed"
                try:
                    function(**values)
                    outcome = "done"
                except Exception as error:
                    print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
                    raise
                finally:
                    with self._lock:
                        self.done(name, seconds=time.perf_counter() - began, outcome=outcome)

        return task

    def done(self, name: str, *, seconds: float, outcome: str = "done") -> None:
        """Count a task that ran, and print its line."""
        kind = name.partition("[")[0]
        self.ran += 1
        self._left[kind] -= 1
        self._took[kind].append(seconds)
        if self.every or kind in OF_AREAS:
            line = f"{self.ran:>4}/{self.total}  {name}  {outcome}  {seconds:.1f} s"
            print(
                f"{line}  (about {in_words(self.rest())} left, less where nothing changed)",
                file=sys.stderr,
                flush=True,
            )

    def rest(self) -> float:
        """Seconds that the rest takes if all of it has to run: tasks that have not changed do not."""
        known = {kind: sum(took) / len(took) for kind, took in self._took.items()}
        usual = sum(known.values()) / len(known)
        return sum(number * known.get(kind, usual) for kind, number in self._left.items()) / self.jobs


def in_words(seconds: float) -> str:
    """Write a duration as minutes and tens of seconds.

    Examples
    --------
    >>> in_words(4), in_words(59), in_words(130)
    ('10 s', '1 min', '2 min 10 s')
    """
    minutes, rest = divmod(-(-int(seconds) // 10) * 10, 60)
    return " ".join([f"{minutes} min"] * bool(minutes) + [f"{rest} s"] * bool(rest)) or "0 s"
