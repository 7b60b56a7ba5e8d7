"""A demo and a notebook of one's own: made from an empty folder, filled in, never written over."""

import json
import shutil
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from evaluation.__main__ import main
from evaluation.parameters import check
from evaluation.pipeline import first_look, notebook_runs

ROOT = Path(__file__).parents[1]


@pytest.fixture
def project(tmp_path):
    (tmp_path / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / "area_analysis.ipynb", tmp_path / "notebooks")
    shutil.copytree(ROOT / "data" / "raw" / "reference", tmp_path / "data" / "raw" / "reference")
    shutil.copytree(ROOT / "studies", tmp_path / "studies")
    return tmp_path


def call(project, *words):
    return main(["--root", str(project), *words])


def test_without_tables_it_says_what_makes_them(project, capsys):
    assert call(project, "new", "lahti") == 2
    assert "`evaluation demo` makes a small register" in capsys.readouterr().err


def test_the_demo_makes_tables_and_the_notebook_reads_them(project, monkeypatch, capsys):
    monkeypatch.setattr(first_look, "PERSONS", 1500)
    assert call(project, "demo") == 0
    tables = project / "data" / "demo" / "processed"
    assert len(pd.read_parquet(tables / "episodes.parquet")) > 100
    assert json.loads((tables / "register" / "register.json").read_text())["simulated"] is True
    assert call(project, "new", "lahti") == 0
    assert "notebooks/own/lahti.ipynb: open it with" in capsys.readouterr().out
    book = nbformat.read(project / "notebooks" / "own" / "lahti.ipynb", as_version=4)
    said = next(cell.source for cell in book.cells if "parameters" in cell.metadata.get("tags", ()))
    assert said.startswith('area: str = "lahti"\n') and 'processed: str = "data/demo/processed"\n' in said
    monkeypatch.chdir(project / "notebooks" / "own")
    names: dict = {"In": ["", said]}
    exec(said, names)
    check(names)
    assert Path(names["processed"]).samefile(tables)


def test_ones_own_work_is_never_written_over_and_areas_are_checked(project, capsys):
    tables = project / "data" / "processed"
    tables.mkdir(parents=True)
    (tables / "episodes.parquet").write_bytes(b"")
    assert call(project, "new", "oulu") == 0
    own = project / "notebooks" / "own" / "oulu.ipynb"
    own.write_text("my work")
    assert call(project, "new", "oulu") == 2 and own.read_text() == "my work"
    assert call(project, "new", "ouluu") == 2
    err = capsys.readouterr().err
    assert "may hold your work" in err and "did you mean 'oulu'?" in err and "Traceback" not in err


def test_every_figure_of_the_tutorial_appears(tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    monkeypatch.chdir(ROOT / "notebooks")
    done = tmp_path / "tutorial.ipynb"
    notebook_runs.execute(ROOT / "notebooks" / "tutorial.ipynb", done, {"persons": 20000})
    book = nbformat.read(done, as_version=4)
    drawn = sum(
        "image/png" in str(out.get("data", {})) for cell in book.cells for out in cell.get("outputs", ())
    )
    plotted = sum("ev.plot." in cell.source for cell in book.cells if cell.cell_type == "code")
    assert plotted == 4 and drawn == plotted
