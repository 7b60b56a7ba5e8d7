"""Run the plan: only what changed."""

from __future__ import annotations

import os
import sys

from evaluation.pipeline import notebook_runs, steps
from evaluation.pipeline.plan import Step, plan
from evaluation.pipeline.project import Project, parts_read
from evaluation.study import Study, read_study


def _parts_read(step: Step, study: Study) -> str:
    """What a task reads of the study, names in three languages only where it makes pages."""
    notebook = step.values.get("notebook")
    code = steps.source(step.function) + ("\n" + notebook_runs.code_of(notebook) if notebook else "")
    return parts_read(study, code, names=step.function in (steps.report, steps.index))


def run(project: Project, *, areas: list[str], languages: list[str], jobs: int) -> list[str]:
    """Run everything that changed and say what failed.

    Parameters
    ----------
    project : Project
        Inputs and outputs.
    areas, languages : list of str
        Which areas are analysed and reported, in which languages.
    jobs : int
        How many notebooks run at a time.

    Returns
    -------
    list of str
        Names of the tasks and areas that failed, empty if all went well.
    """
    from pytask import PathNode, PythonNode, TaskWithoutPath, build, console

    steps.forget_failures(project.processed)
    work = plan(project, areas=areas, languages=languages)
    reform = read_study(project.study)
    for step in work:
        notebook = step.values.get("notebook")
        if notebook is not None:
            notebook_runs.check_parameters(notebook, step.values["parameters"])
    progress = steps.Progress(total=len(work), quiet=console.is_interactive)
    tasks = [
        TaskWithoutPath(
            name=step.name,
            function=progress.watched(step.name, step.function, step.values),
            depends_on={
                "reads": [PathNode(path=path) for path in step.reads],
                "parameters": PythonNode(value=repr(sorted(step.values.items())), hash=True),
                "study": PythonNode(value=_parts_read(step, reform), hash=True),
                "code": PythonNode(value=steps.source(step.function), hash=True),
            },
            produces={"writes": [PathNode(path=path) for path in step.writes]},
        )
        for step in work
    ]
    os.environ.setdefault("MPLBACKEND", "agg")
    session = build(
        tasks=tasks,
        paths=(project.processed,),
        n_workers=jobs,
        parallel_backend="threads" if jobs > 1 else "none",
        capture="no",
        show_traceback=False,
        verbose=1 if console.is_interactive else 0,
    )
    broken = [report.task.name for report in session.execution_reports if report.outcome.name == "FAIL"]
    if session.exit_code and not broken:
        broken = ["the plan of the run"]
    if progress.ran < len(work):
        print(f"{len(work) - progress.ran} of {len(work)} tasks had not changed", file=sys.stderr)
    return broken + steps.failures(project.processed)
