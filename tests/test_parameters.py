"""A notebook run by hand refuses what it does not know, finds its files, and writes beside the pipeline's."""

import os
import subprocess
import sys
from pathlib import Path

import papermill
import pytest
from papermill.exceptions import PapermillExecutionError

from evaluation.parameters import check
from evaluation.pipeline.project import one_at_a_time

ROOT = Path(__file__).parents[1]
ANALYSES = ("area_analysis", "all_areas", "data_quality", "public_statistics", "area_report")
DECLARED = 'area: str = "oulu"\nseed: int = 1\nprocessed: str = "data/processed"'


def scope(*cells, **names):
    return {"In": ["", DECLARED, *cells], "area": "oulu", "seed": 1, "processed": ""} | names


def test_known_parameters_pass_and_folders_are_found_from_anywhere(tmp_path, monkeypatch):
    (tmp_path / "data" / "processed").mkdir(parents=True)
    (tmp_path / "notebooks" / "own").mkdir(parents=True)
    for folder in (".", "notebooks", "notebooks/own"):
        monkeypatch.chdir(tmp_path / folder)
        names = scope('area = "lahti"', "import pandas", area="lahti", processed="data/processed")
        check(names)
        assert Path(names["processed"]) == tmp_path / "data" / "processed"
    with pytest.raises(FileNotFoundError, match="evaluation run"):
        check(scope(processed="nowhere"))
    with pytest.raises(FileNotFoundError, match=r"12r5.json is neither here .* `evaluation fetch` gets"):
        check({"In": ["", 'statfin: str = "12r5.json"'], "statfin": "12r5.json"})


@pytest.mark.parametrize(
    ("cell", "names", "said"),
    [
        ('aera = "lahti"', {"aera": "lahti"}, "unknown parameter 'aera'; did you mean 'area'?"),
        ("area = 5", {"area": 5}, "parameter area must be str, not int"),
        ('seed = "x"\narae = 1', {"seed": "x"}, "'arae'.*seed must be int, not str"),
    ],
)
def test_misspelt_and_wrong_typed_parameters_are_refused_with_a_sentence(cell, names, said):
    with pytest.raises(ValueError, match=said):
        check(scope(cell, **names))


def test_a_cell_of_code_is_not_taken_for_parameters():
    check(scope("from pathlib import Path\nfolder = Path()"))


@pytest.mark.parametrize("name", ANALYSES)
def test_papermill_with_a_misspelt_parameter_stops_in_the_first_cell_and_writes_nothing(name, tmp_path):
    with pytest.raises(PapermillExecutionError, match="unknown parameter 'aera'"):
        papermill.execute_notebook(
            str(ROOT / "notebooks" / f"{name}.ipynb"),
            str(tmp_path / "out.ipynb"),
            parameters={"aera": "lahti", "processed": str(tmp_path)},
            kernel_name="python3",
            progress_bar=False,
            cwd=str(ROOT),
        )
    assert [path.name for path in tmp_path.iterdir()] == ["out.ipynb"]


HOLD = """
import sys, time
from pathlib import Path
from evaluation.pipeline.project import one_at_a_time
with one_at_a_time(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_one_run_at_a_time_and_a_dead_one_leaves_no_lock(tmp_path):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), *sys.path])}
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as other:
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(ValueError, match=f"another run .process {other.pid}. is at work"),
            one_at_a_time(tmp_path),
        ):
            pass
        other.kill()
        other.wait()
    with one_at_a_time(tmp_path):
        assert (tmp_path / "run.lock").read_text() == str(os.getpid())
