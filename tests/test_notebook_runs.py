"""Parameters are checked before a kernel starts; failures are named and carry no data."""

import os
import subprocess
import sys
import time

import nbformat
import pytest

from evaluation.pipeline import notebook_runs


def write_notebook(path, *code, parameters='area: str = "oulu"\nfactor: float = 1.0'):
    cells = [nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})]
    cells += [nbformat.v4.new_code_cell(text) for text in code]
    notebook = nbformat.v4.new_notebook(
        cells=cells,
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(notebook, path)
    return path


def test_an_unknown_parameter_is_refused_with_the_nearest_name(tmp_path):
    notebook = write_notebook(tmp_path / "n.ipynb")
    with pytest.raises(ValueError, match="unknown parameter 'aera'; did you mean 'area'"):
        notebook_runs.check_parameters(notebook, {"aera": "oulu"})


def test_a_parameter_of_another_type_is_refused(tmp_path):
    notebook = write_notebook(tmp_path / "n.ipynb")
    with pytest.raises(ValueError, match="parameter area must be str, not int"):
        notebook_runs.check_parameters(notebook, {"area": 91})


def test_a_parameter_reaches_the_notebook_as_it_was_given(tmp_path):
    notebook = write_notebook(tmp_path / "n.ipynb", f"open(r'{tmp_path}/said', 'w').write(repr(area))")
    notebook_runs.execute(notebook, tmp_path / "out" / "n.ipynb", {"area": "091"})
    assert (tmp_path / "said").read_text() == "'091'"


def test_a_failure_names_notebook_and_error_but_no_value(tmp_path):
    notebook = write_notebook(tmp_path / "n.ipynb", "raise KeyError('person 17')")
    with pytest.raises(notebook_runs.NotebookFailed, match=r"n\.ipynb, cell \d+: KeyError$"):
        notebook_runs.execute(notebook, tmp_path / "executed.ipynb", {})


def test_a_refusal_of_the_library_says_why_without_a_small_count(tmp_path):
    few = "[1] * 7 + [0] * 38"
    code = f"""import pandas as pd
from evaluation.effects.doubly_robust import did_rc
rows = pd.DataFrame({{"treated": {few}, "post": {few}, "work_12m": 1.0}})
did_rc(rows, outcomes=["work_12m"], covariates=[])"""
    notebook = write_notebook(tmp_path / "n.ipynb", code)
    with pytest.raises(notebook_runs.NotebookFailed) as failed:
        notebook_runs.execute(notebook, tmp_path / "executed.ipynb", {})
    assert "ValueError: design.work_12m: the same value in all 45 rows; nothing can be" in str(failed.value)
    write_notebook(notebook, code.replace("1.0", few))
    with pytest.raises(
        notebook_runs.NotebookFailed, match=r"0 treated before, under 10 treated after, 40 comp"
    ):
        notebook_runs.execute(notebook, tmp_path / "executed.ipynb", {})


@pytest.mark.parametrize(
    "code",
    [
        "float('Virtanen')",
        "import pandas as pd; pd.to_datetime(['Virtanen'])",
        # raised below a line of this package that refuses nothing
        "import pandas as pd; from evaluation.figures import palette; palette.year_of(pd.Series(['Virta']))",
    ],
)
def test_what_other_packages_say_of_a_value_is_not_told(tmp_path, code):
    notebook = write_notebook(tmp_path / "n.ipynb", code)
    with pytest.raises(notebook_runs.NotebookFailed, match=r": \w*Error$"):
        notebook_runs.execute(notebook, tmp_path / "executed.ipynb", {})


def there(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def within(seconds, happened):
    until = time.monotonic() + seconds
    while time.monotonic() < until and not happened():
        time.sleep(0.1)
    return happened()


@pytest.mark.skipif(os.name != "posix", reason="signals of posix")
def test_a_killed_run_leaves_no_kernel_behind(tmp_path):
    said, own = tmp_path / "said", "import os, time\nopen({!r}, 'w').write(str(os.getpid()))\ntime.sleep(300)"
    notebook = write_notebook(tmp_path / "n.ipynb", own.format(str(said)))
    code = (
        "import sys; from pathlib import Path; from evaluation.pipeline import notebook_runs\n"
        "notebook_runs.execute(Path(sys.argv[1]), Path(sys.argv[2]), {})"
    )
    run = subprocess.Popen([sys.executable, "-c", code, str(notebook), str(tmp_path / "out.ipynb")])
    try:
        assert within(60, lambda: said.exists() and said.read_text())
        kernel = int(said.read_text())
        assert there(kernel)
    finally:
        run.kill()
        run.wait()
    assert within(20, lambda: not there(kernel))


def test_a_cell_that_hangs_fails_its_notebook(tmp_path, monkeypatch):
    monkeypatch.setattr(notebook_runs, "LONGEST_CELL_SECONDS", 3)
    notebook = write_notebook(tmp_path / "n.ipynb", "import time\ntime.sleep(60)")
    with pytest.raises(notebook_runs.NotebookFailed, match=r"n\.ipynb: a cell took over 3 seconds$"):
        notebook_runs.execute(notebook, tmp_path / "executed.ipynb", {})


def test_modules_behind_follow_imports_of_imports_and_lazy_ones():
    names = {path.stem for path in notebook_runs.modules_behind("from evaluation.results import ledger")}
    assert names == {"ledger"}
    code = "def f():\n    from evaluation.cohorts import comparison"
    assert {"comparison", "study", "units"} <= {path.stem for path in notebook_runs.modules_behind(code)}


@pytest.mark.parametrize(
    "code",
    [
        "import os; from evaluation.words import labels, costs",
        "if True: from evaluation.words import costs",
        "from evaluation.words import labels, \\\n    costs",
        "from evaluation.words import (  # names (short)\n    labels,\n    costs,\n)",
        "from  evaluation.words  import  costs",
        "import pandas as pd, evaluation.words.costs as c",
        "import evaluation.study, evaluation.words.costs",
    ],
)
def test_an_import_is_found_however_a_notebook_writes_it(code):
    assert "costs" in {path.stem for path in notebook_runs.modules_behind(code)}
