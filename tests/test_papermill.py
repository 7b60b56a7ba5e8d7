"""papermill by hand, from three folders: the area that was meant, or a sentence that helps; never another."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = (".", "notebooks", "notebooks/how_to")
QUIET = ("--no-progress-bar", "-k", "python3", "-p", "figures", "False")


def papermill(folder, notebook, out, *words):
    """Run the command as one types it in a folder; its status and what it said."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), *sys.path])}
    command = [sys.executable, "-m", "papermill", os.path.relpath(notebook, folder), str(out), *QUIET, *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    return done.returncode, done.stderr


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-p", "area", "lahti"], None),
        (["-p", "aera", "lahti"], "unknown parameter 'aera'; did you mean 'area'?"),
        (["-p", "area", "91"], "parameter area must be str, not int"),
        (["-p", "area", "lahtii"], "area: 'lahtii' has no episodes; did you mean 'lahti'?"),
    ],
    ids=["right", "misspelt", "wrong type", "unknown area"],
)
def test_the_right_area_or_a_sentence(folder, words, said, demo, tmp_path):
    notebook = ROOT / "notebooks" / "area_analysis.ipynb"
    own = ["-p", "processed", str(demo), "-p", "ledger_folder", tmp_path.name]
    status, told = papermill(ROOT / folder, notebook, tmp_path / "out.ipynb", *own, *words)
    written = sorted((demo / tmp_path.name).glob("*.parquet"))
    if said is None:
        assert status == 0, told
        assert [path.stem for path in written] == ["lahti"]
        assert set(pd.read_parquet(written[0])["area"]) == {"lahti"}
    else:
        assert status != 0 and said in told and not written


def test_without_parameters_it_is_the_area_that_the_notebook_names(demo, tmp_path):
    own = ["-p", "processed", str(demo), "-p", "ledger_folder", tmp_path.name]
    status, told = papermill(ROOT, ROOT / "notebooks" / "area_analysis.ipynb", tmp_path / "out.ipynb", *own)
    assert status == 0, told
    assert set(pd.read_parquet(demo / tmp_path.name / "oulu.parquet")["area"]) == {"oulu"}


def test_away_from_the_project_it_says_what_is_missing_and_what_makes_it(tmp_path):
    status, told = papermill(tmp_path, ROOT / "notebooks" / "area_analysis.ipynb", tmp_path / "out.ipynb")
    assert status != 0
    assert "data/processed is neither here nor in a folder above; `evaluation demo` makes a small" in told
