"""A first look within seconds: a small register, and a notebook of one's own with parameters filled in."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from evaluation.pipeline import buckets, notebook_runs, plan, steps
from evaluation.pipeline.project import Project
from evaluation.study import read_study

PERSONS = 20_000  # with fewer, checks of most areas have too few data for a headline


def demo(project: Project, *, seed: int) -> Path:
    """Simulate a small register below ``data/demo`` and build the tables that the notebooks read.

    Their folder is returned, for the parameter `processed` of the notebooks.
    """
    from evaluation.simulation import register

    small = dataclasses.replace(project, data=project.data / "demo")
    for folder in (small.register, small.processed):
        folder.mkdir(parents=True, exist_ok=True)
    reform, reference = read_study(project.study), project.reference
    register.simulate(small.register, reform, persons=PERSONS, seed=seed, reference=reference)
    steps.read_register(raw=small.register, processed=small.processed, reference=project.reference)
    for step in plan.tables(small):
        buckets.each(step.function, step.writes, **step.values)
    return small.processed


def own_notebook(project: Project, *, area: str) -> Path:
    """Copy the analysis of an area to ``notebooks/own`` with its parameters filled in.

    It reads the processed tables of the project, or those of the demo where there are none yet. The pipeline
    and version control leave the folder alone. ValueError if the notebook is already there: it may hold one's
    own work; FileNotFoundError if there are no processed tables to analyse.
    """
    import nbformat

    notebook_runs.choose(
        area, ["all", *plan.area_names(read_study(project.study), project.reference)], what="area"
    )
    folders = (project.processed, project.data / "demo" / "processed")
    processed = next((folder for folder in folders if (folder / "episodes.parquet").exists()), None)
    if processed is None:
        raise FileNotFoundError(
            f"{project.processed}: no episodes.parquet; `evaluation demo` makes a small register within a "
            "minute, `evaluation run` analyses the delivery"
        )
    target = project.root / "notebooks" / "own" / f"{area}.ipynb"
    if target.exists():
        raise ValueError(f"{target}: is there already and may hold your work; rename or remove it first")
    book = nbformat.read(project.notebook("area_analysis"), as_version=4)
    cell = next(cell for cell in book.cells if "parameters" in cell.metadata.get("tags", ()))
    given = {"area": area, "study": project.study, "processed": processed, "reference": project.reference}
    declared = (line.partition(":")[0] for line in cell.source.splitlines())
    filled = {name: f'{name}: str = "{_below(given[name], project.root)}"' for name in given}
    cell.source = "\n".join(
        filled.get(name, line) for name, line in zip(declared, cell.source.splitlines(), strict=True)
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(book, target)
    return target


def _below(path: object, root: Path) -> str:
    """A path below the project as seen from its top: the notebook works wherever the project is."""
    if isinstance(path, Path) and path.is_relative_to(root):
        return path.relative_to(root).as_posix()
    return str(path)
