"""The notebooks that a reader meets first: each runs on the demo within seconds and shows its figures."""

import json
from pathlib import Path

import nbformat
import pytest

from evaluation.pipeline import notebook_runs

ROOT = Path(__file__).parents[1]
HOW_TOS = sorted((ROOT / "notebooks" / "how_to").glob("*.ipynb"))
MAY_IMPORT = ("import evaluation as ev", "import pandas as pd", "from dataclasses import replace")


def code_of(notebook):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def test_there_are_five_of_a_screen_each_built_on_public_names_only():
    assert len(HOW_TOS) == 5
    for notebook in HOW_TOS:
        lines = [line for cell in code_of(notebook) for line in cell.splitlines() if line.strip()]
        imported = [line for line in lines if line.startswith(("import ", "from "))]
        assert len(lines) <= 25, notebook.stem
        assert set(imported) <= set(MAY_IMPORT), notebook.stem


@pytest.mark.parametrize("notebook", HOW_TOS, ids=lambda path: path.stem)
def test_a_how_to_runs_on_the_demo_and_every_figure_and_table_carries_its_mark(
    notebook, demo, tmp_path, monkeypatch
):
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    monkeypatch.chdir(ROOT / "notebooks" / "how_to")
    done = tmp_path / "done.ipynb"
    notebook_runs.execute(notebook, done, {"processed": str(demo)})
    outputs = [out.get("data", {}) for cell in nbformat.read(done, as_version=4).cells
               for out in cell.get("outputs", ())]  # fmt: skip
    code = "".join(code_of(notebook))
    assert sum("image/png" in data for data in outputs) == code.count("ev.plot.") >= 1
    tables = [data["text/html"] for data in outputs if "Estimate and 95% interval" in str(data)]
    assert len(tables) == code.count("ev.table(") >= 1
    assert all("Simulated data, not results" in table for table in tables)
    assert not any("not calculated" in table for table in tables)
