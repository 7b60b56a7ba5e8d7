"""One project folder with stand-in notebooks, run again and again: what runs, what fails, what is said."""

import ast
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pandas as pd
import pytest

from evaluation import schemas
from evaluation.__main__ import main
from evaluation.costs.assumptions import PRICED
from evaluation.pipeline import engine, notebook_runs, steps
from evaluation.pipeline import plan as pipeline
from evaluation.pipeline import project as project_of_pipeline
from evaluation.reporting.page import area_names
from evaluation.results import ledger
from evaluation.study_parts import Names
from small_register import TRIALS

ROOT = Path(__file__).parents[1]
RUN = ["run", "--areas", "oulu,lahti", "--languages", "fi", "--jobs", "2", "--verbose"]
EVERY_TASK = {
    *(
        "register",
        "episodes",
        "outcomes",
        "costs",
        "area_months",
        "data_quality[quality]",
        "validation",
        "all_areas[pooled]",
        "clear",
    ),
    "validation_page",
    *(f"area_analysis[{area}]" for area in ("oulu", "lahti", "all")),
    *(f"area_report[{area}-fi]" for area in ("oulu", "lahti")),
    *("national_report[fi]", "index[fi]"),
}

# results lie ready, so that kernels need no pandas
WRITE = (
    'import shutil\nshutil.copy(f"{processed}/../rows/{PART}.parquet", f"{processed}/ledger/{PART}.parquet")'
)
PAGE = """
from IPython.display import HTML, display
display(HTML("<h1>Stand-in</h1>"))
"""
SUMMARY = "# summary" + PAGE
CODE = {
    "area_analysis": (
        "import os\nif area == 'lahti' and not os.path.exists(processed + '/mended'):\n"
        "    raise KeyError('person 17')",
        WRITE.replace("PART", "area"),
    ),
    "all_areas": ('PART = "pooled"\n' + WRITE,),
    "data_quality": ('PART = "quality"\n' + WRITE,),
    "validation": ('PART = "validation"\n' + WRITE, PAGE),
    "area_report": (PAGE, SUMMARY),
    "national_report": (PAGE, SUMMARY),
}


def parameters_of(name):
    """The parameters of the project's own notebook, so that stand-ins take what the pipeline gives."""
    cells = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4).cells
    return next(cell.source for cell in cells if "parameters" in cell.metadata.get("tags", []))


def write_notebook(path, parameters, *code):
    cells = [nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})]
    for text in code:
        tags = ["summary"] if text.startswith("# summary") else []
        cells.append(nbformat.v4.new_code_cell(text, metadata={"tags": tags}))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)


def read_register(*, raw, processed, reference, jobs):
    folder = processed / "register"
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*schemas.REGISTER_TABLES, "quality"):
        pd.DataFrame({"rows": [len((raw / "persons.csv").read_text())]}).to_parquet(
            folder / f"{name}.parquet"
        )
    (folder / "register.json").write_text("{}")


def find_cohort(persons, *, processed, study, **_):
    from evaluation.study import read_study

    index = pd.Index(persons, name="episode_id")
    return [pd.DataFrame({"year": read_study(study).price_year}, index=index)] * 2


def one_table(persons, *, processed, study, **_):
    return find_cohort(persons, processed=processed, study=study)[:1]


@contextmanager
def everything_said(folder):
    """Whatever this process and the processes that it starts write to the terminal."""
    said = {}
    kept = [os.dup(1), os.dup(2)]
    streams = sys.stdout, sys.stderr
    files = [(folder / name).open("w+") for name in ("out", "err")]
    try:
        sys.stdout, sys.stderr = files
        for number, file in enumerate(files, start=1):
            os.dup2(file.fileno(), number)
        yield said
    finally:
        sys.stdout, sys.stderr = streams
        for number, (file, old) in enumerate(zip(files, kept, strict=True), start=1):
            file.flush()
            os.dup2(old, number)
            os.close(old)
            said[file.name.rsplit("/", 1)[-1]] = Path(file.name).read_text()
            file.close()


@dataclass
class Run:
    status: int
    out: str
    err: str
    pages: dict[str, str] = field(default_factory=dict)

    @property
    def ran(self):
        return set(
            re.findall(r"^ *\d+/\d+  (\S+)  (?:done|failed)  [\d.]+ s  \(about", self.err, re.MULTILINE)
        )


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """Runs by name, in the order in which they happened in one project folder."""
    root = tmp_path_factory.mktemp("project")
    (root / "notebooks").mkdir()
    shutil.copytree(ROOT / "data" / "raw" / "reference", root / "data" / "raw" / "reference")
    shutil.copytree(ROOT / "studies", root / "studies")
    (root / "data" / "raw" / "register").mkdir()
    (root / "data" / "raw" / "register" / "persons.csv").write_text("one")
    (root / "data" / "rows").mkdir()
    fixed = {"topic": "effect", "measure": "att", "unit": "share", "simulated": True}
    for part in ("oulu", "lahti", "all", "pooled", "quality", "validation"):
        found = ledger.rows(pd.DataFrame({"estimate": [0.03], "persons": [100.0]}), area=part, **fixed)
        found.to_parquet(root / "data" / "rows" / f"{part}.parquet")

    def go(*more):
        with everything_said(root) as said:
            status = main(["--root", str(root), *RUN, *more])
        pages = {
            path.stem: path.read_text(encoding="utf-8") for path in (root / "reports" / "fi").glob("*.html")
        }
        return Run(status, said["out"], said["err"], pages)

    def rewrite(name, *code, parameters=None):
        write_notebook(root / "notebooks" / f"{name}.ipynb", parameters or parameters_of(name), *code)

    for name, code in CODE.items():
        rewrite(name, *code)

    runs = {"root": root}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "read_register", read_register)
        patch.setattr(steps, "find_cohort", find_cohort)
        for name in ("measure_outcomes", "work_out_costs", "count_months"):
            patch.setattr(steps, name, one_table)
        runs["first"] = go()
        runs["again"] = go()
        (root / "data" / "processed" / "mended").touch()
        runs["mended"] = go()
        runs["unchanged"] = go()
        (root / "data" / "processed" / "pages" / "fi" / "oulu.html").unlink()
        runs["a lost page"] = go()
        for note in (root / "data" / "processed" / "notes").glob("[a-z]*"):
            note.write_text("damaged")
        runs["damaged notes, one job"] = go("--jobs", "1")
        runs["another date"] = go("--release-date", "2031-01-31")
        runs["another profile"] = go("--release-date", "2031-01-31", "--profile", "strict")
        study = root / "studies" / "kuntakokeilut-2021.toml"
        told = study.read_text(encoding="utf-8")
        study.write_text(told.replace(f"price_year = {TRIALS.price_year}", "price_year = 2020"))
        runs["another price year"] = go()
        study.write_text(told, encoding="utf-8")
        go()
        rewrite("area_report", PAGE.replace("Stand-in", "Changed stand-in"), SUMMARY)
        runs["changed report"] = go()
        comment = root / "data" / "comments" / "oulu.fi.md"
        comment.parent.mkdir()
        for name in ("a comment", "a changed comment"):
            comment.write_text(f"Author: A\n\n{name}\n", encoding="utf-8")
            runs[name] = go()
        comment.unlink()
        runs["no comment"] = go()
        rewrite("area_analysis", *CODE["area_analysis"], "'the same results'")
        runs["changed analysis"] = go()
        rewrite("national_report", PAGE, "raise ValueError('person 18')")
        runs["broken report"] = go()
        misspelt = parameters_of("national_report").replace("language", "languages")
        rewrite("national_report", PAGE, parameters=misspelt)
        runs["wrong parameter"] = go()
    return runs


def test_the_first_run_does_everything_and_says_so_line_by_line(story):
    run = story["first"]
    assert run.ran == EVERY_TASK
    assert f"{len(EVERY_TASK)}/{len(EVERY_TASK)}  " in run.err


def test_a_failing_area_is_named_and_the_others_finish(story):
    run = story["first"]
    assert run.status == 1
    assert run.err.rstrip().endswith("Failed: lahti")
    assert re.search(r"lahti failed: area_analysis\.ipynb, cell \d+: KeyError", run.err)
    reports = {"oulu", "lahti", "national"}
    assert set(run.pages) == {*reports, *(f"{name}-summary" for name in reports), "index"}
    assert "Stand-in" in run.pages["oulu"]


def test_the_page_of_a_failed_area_says_so_without_traceback_or_data(story):
    page = story["first"].pages["lahti"]
    assert (
        f"<h1>{area_names(ROOT / 'data' / 'raw' / 'reference', TRIALS.areas, language='fi')['lahti']}: "
        in page
    )
    assert "Stand-in" not in page
    assert not re.search("KeyError|Traceback|person 17|area_analysis", page)
    assert "person 17" not in story["first"].err


def test_the_index_tells_which_area_failed(story):
    def entry(run):
        return re.search(r'<li><a href="lahti.html">[^<]*</a>([^<]*) <span', story[run].pages["index"])[1]

    assert entry("first") and not entry("mended")


def test_the_index_page_is_printed_last(story):
    expected = str(story["root"] / "reports" / "fi" / "index.html")
    assert story["first"].out.splitlines()[-1] == expected
    assert story["unchanged"].out.splitlines()[-1] == expected


def test_progress_holds_no_warnings_of_kernels(story):
    for run in list(story.values())[1:]:
        assert not re.search("encryption|Warning|WARNING|DEBUG|frozen", run.err + run.out), run.err


def test_a_failed_area_is_tried_again_and_nothing_else(story):
    run = story["again"]
    assert run.status == 1 and "Failed: lahti" in run.err
    assert run.ran == {"area_analysis[lahti]"}


def test_a_mended_area_is_published(story):
    run = story["mended"]
    assert run.status == 0 and "Failed" not in run.err
    assert "Stand-in" in run.pages["lahti"]
    assert run.ran >= {"area_analysis[lahti]", "clear", "area_report[lahti-fi]", "index[fi]"}
    assert not run.ran & {
        "register",
        "episodes",
        "area_analysis[oulu]",
        "data_quality[quality]",
        "validation",
    }


def test_a_run_without_changes_does_nothing(story):
    run = story["unchanged"]
    assert run.status == 0 and run.ran == set()
    assert f"{len(EVERY_TASK)} of {len(EVERY_TASK)} tasks had not changed" in run.err
    assert "pytask" in story["mended"].out and "pytask" not in run.out  # which takes seconds to find that


def test_a_page_that_is_lost_is_made_again(story):
    assert story["a lost page"].ran == {"area_report[oulu-fi]"}
    assert "Stand-in" in story["a lost page"].pages["oulu"]


def test_another_parameter_runs_what_it_is_given_to_and_nothing_else(story):
    reports = {name for name in EVERY_TASK if "_report[" in name}
    assert story["another date"].ran == reports  # whose stand-ins show no date: the index stays
    assert "clear" in story["another profile"].ran
    assert not story["another profile"].ran & {"register", "episodes", "area_analysis[oulu]"}


def test_another_price_year_in_the_study_runs_what_reads_it(story):
    ran = story["another price year"].ran
    assert {"episodes", "costs", "area_analysis[oulu]"} <= ran
    assert not ran & {"register", "validation"}


def test_a_changed_report_notebook_runs_its_reports_and_the_index(story):
    run = story["changed report"]
    assert run.ran == {"area_report[oulu-fi]", "area_report[lahti-fi]", "index[fi]"}
    assert "Changed stand-in" in run.pages["oulu"]


@pytest.mark.parametrize("name", ["a comment", "a changed comment", "no comment"])
def test_a_comment_that_comes_changes_or_goes_runs_its_page_only(story, name):
    assert story[name].ran == {"area_report[oulu-fi]"}  # the stand-in does not show it: the index stays


def test_damaged_notes_of_earlier_runs_are_forgotten_and_one_job_runs_all(story):
    run = story["damaged notes, one job"]
    assert run.status == 0 and run.ran == EVERY_TASK
    assert "everything runs again" in run.err


def test_an_analysis_with_the_same_results_ends_there(story):
    assert story["changed analysis"].ran == {f"area_analysis[{area}]" for area in ("oulu", "lahti", "all")}
    assert story["changed analysis"].status == 0


def test_a_report_that_fails_gets_a_page_that_says_so_and_the_index_is_made(story):
    run = story["broken report"]
    assert run.status == 1 and "Failed: national-fi" in run.err
    assert run.ran == {"national_report[fi]", "index[fi]"}
    assert not re.search("ValueError|person 18|Traceback", run.pages["national"])
    assert "Stand-in" not in run.pages["national"]


def test_an_unknown_parameter_is_refused_before_anything_runs(story):
    run = story["wrong parameter"]
    assert run.status == 2 and run.ran == set()
    assert "national_report.ipynb: unknown parameter 'language'; did you mean 'languages'?" in run.err


def test_a_run_that_was_interrupted_is_no_finished_one(tmp_path, monkeypatch):
    import pytask

    monkeypatch.setattr(pytask, "build", lambda **_: SimpleNamespace(exit_code=0, execution_reports=[]))
    step = pipeline.Step("one", steps.report, [], [tmp_path / "one.html"], {})
    broken = engine._run_changed([step], {"one": ""}, notes=tmp_path, jobs=1, every=False)
    assert broken == ["the plan of the run"]


def test_a_file_put_in_place_of_a_result_is_noticed_though_its_size_and_time_are_the_same(tmp_path):
    page = tmp_path / "one.html"
    page.write_text("one")
    step = pipeline.Step("one", steps.report, [], [page], {})
    before, times = engine._state([step], {}), page.stat()
    assert engine._state([step], {}) == before
    page.write_text("two")
    os.utime(page, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert page.stat().st_mtime_ns == times.st_mtime_ns and engine._state([step], {}) != before


# What a task depends on, in the project's own plan.


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    (data / "raw" / "register").mkdir(parents=True)
    project = project_of_pipeline.Project.at(ROOT, data=data, reports=data / "reports")
    work = pipeline.plan(project, areas=["oulu"], languages=["fi", "sv"])
    return {step.name: step for step in work}


def depending_on(plan, module):
    return {name for name, step in plan.items() if ROOT / "src" / "evaluation" / f"{module}.py" in step.reads}


def test_code_of_figures_and_sentences_is_behind_pages_and_not_behind_analyses(plan):
    reports = {name for name in plan if name.startswith(("area_report", "national_report"))}
    analyses = {name for name in plan if name.startswith(("area_analysis", "all_areas", "data_quality"))}
    for module in ("figures/one_area", "words/findings", "words/first_screen"):
        found = depending_on(plan, module)
        assert reports <= found, module
        assert not found & (analyses | {"register", "episodes", "clear"}), module


def test_a_sentence_in_one_language_is_behind_its_pages_only(plan):
    locale = ROOT / "src" / "evaluation" / "words" / "locale"
    for language in ("fi", "sv"):
        catalogue = locale / language / "LC_MESSAGES" / "evaluation.po"
        found = {name for name, step in plan.items() if catalogue in step.reads}
        pages = {f"area_report[oulu-{language}]", f"national_report[{language}]"}
        assert found == {*pages, f"index[{language}]"}


def test_code_of_estimates_is_behind_analyses_and_not_behind_the_register(plan):
    found = depending_on(plan, "inference/placebo_areas")
    assert {"area_analysis[oulu]", "area_analysis[all]"} <= found
    assert not found & {"register", "data_quality[quality]", "clear"}
    assert not {name for name in found if name.startswith("index")}


def test_code_of_the_register_is_behind_the_register_and_the_episodes(plan):
    assert {"register"} <= depending_on(plan, "registers/ingest")
    assert not {"episodes"} & depending_on(plan, "registers/ingest")
    assert {"register", "episodes"} <= depending_on(plan, "registers/canonical")
    assert {"outcomes"} <= depending_on(plan, "outcomes/measures")
    assert not {"register", "episodes"} & depending_on(plan, "outcomes/measures")


def test_a_unit_cost_is_behind_what_reads_costs_and_behind_nothing_before(plan):
    priced = ROOT / "data" / "raw" / "reference" / "service_unit_costs.csv"
    reading = {name for name, step in plan.items() if priced in step.reads}
    code = depending_on(plan, "costs/payers")
    for found in (reading, code):
        assert {"costs", "area_analysis[oulu]"} <= found
        kinds = {name.partition("[")[0] for name in found}
        unpriced = {"register", "episodes", "outcomes", "area_months", "data_quality"}
        assert not kinds & {*unpriced, "validation", "all_areas"}
    knows_prices = depending_on(plan, "costs/assumptions")
    assert knows_prices and {name for name in knows_prices if "report" not in name} <= reading


def test_the_validation_page_reads_what_its_notebook_imports_and_no_other_study(plan):
    read = {path.stem for path in plan["validation"].reads if path.parent.name == "validation"}
    assert {"cells", "page", "rows", "published", "published_costs", "verdicts"} <= read
    assert not read & {"pairs", "study", "attack"}


def test_only_the_tables_of_prices_are_read_as_prices():
    code = (ROOT / "src" / "evaluation" / "costs" / "assumptions.py").read_text(encoding="utf-8")
    assert set(re.findall(r'"(\w+)\.csv"', code)) == {*PRICED} - {"unit_costs"}  # nobody reads the sources
    names = {path.stem for path in (ROOT / "data" / "raw" / "reference").glob("*.csv")}
    assert set(PRICED) <= names


def test_no_module_outside_costs_opens_a_table_of_prices():
    sources = ROOT / "src" / "evaluation"
    # checks of two tables, whoever asks for them, and a key of what costs have read
    allowed = {
        ("reference.py", "unit_costs"),
        ("reference.py", "municipal_share"),
        ("steps.py", "price_index"),
    }
    named = set()
    for path in sources.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            words = node.value if isinstance(node, ast.Constant) else None
            if isinstance(words, str) and Path(words).stem in PRICED and path.parent.name != "costs":
                named.add((path.name, words))
    assert named == allowed


def test_every_input_of_a_task_is_written_before_or_there_from_the_start(plan):
    written = set()
    for step in plan.values():
        for path in step.reads:
            assert path in written or path.exists(), f"{step.name} reads {path}, which nothing has written"
        assert not written & set(step.writes), f"{step.name} writes what another task wrote"
        written |= set(step.writes)


def test_parameters_of_the_own_notebooks_are_known(plan):
    checked = [step for step in plan.values() if "notebook" in step.values]
    for step in checked:
        notebook_runs.check_parameters(step.values["notebook"], step.values["parameters"])
    assert len(checked) >= 8


# Single notebooks.


def test_a_dead_kernel_is_a_failed_notebook(tmp_path):
    write_notebook(tmp_path / "n.ipynb", "x: int = 1", "import os\nos._exit(9)")
    with pytest.raises(notebook_runs.NotebookFailed, match=r"^n\.ipynb: the kernel died$"):
        notebook_runs.execute(tmp_path / "n.ipynb", tmp_path / "out" / "n.ipynb", {})


def test_magics_and_broken_cells_do_not_stop_the_plan(tmp_path):
    cells = ("%matplotlib inline\nfrom evaluation.results import ledger", "from evaluation import (", "!ls")
    write_notebook(tmp_path / "n.ipynb", "x: int = 1", *cells)
    behind = notebook_runs.modules_behind(notebook_runs.code_of(tmp_path / "n.ipynb"))
    assert [path.stem for path in behind] == ["ledger"]


def test_a_kernel_talks_through_files_of_its_user_only(tmp_path):
    code = f"from ipykernel.connect import get_connection_info\nopen(r'{tmp_path}/said', 'w').write("
    write_notebook(tmp_path / "n.ipynb", "x: int = 1", code + "get_connection_info())")
    notebook_runs.execute(tmp_path / "n.ipynb", tmp_path / "out.ipynb", {})
    said = (tmp_path / "said").read_text()
    if os.name == "posix":
        assert '"transport": "ipc"' in said
        folder = Path(re.search(r'"ip": "([^"]+)"', said)[1]).parent
        assert not folder.exists()


def test_a_task_depends_on_the_parts_of_the_study_that_its_code_reads():
    def parts(name, study=TRIALS, *, names=False):
        code = notebook_runs.code_of(ROOT / "notebooks" / f"{name}.ipynb")
        return project_of_pipeline.parts_read(study, code, names=names)

    dearer = TRIALS.model_copy(update={"price_year": 2030})
    assert parts("area_analysis") != parts("area_analysis", dearer)
    assert parts("all_areas") == parts("all_areas", dearer)
    renamed = TRIALS.model_copy(update={"name": Names(fi="a", sv="b", en="c")})
    assert parts("area_analysis") == parts("area_analysis", renamed)
    assert "'name'" in parts("area_analysis", names=True)
    assert project_of_pipeline.parts_read(TRIALS, "import pandas", names=True) == "{}"


def test_figures_of_a_run_do_not_take_the_look_that_its_user_prefers(tmp_path):
    for place in (tmp_path / "user" / "matplotlib", tmp_path / "here"):
        place.mkdir(parents=True)
        (place / "matplotlibrc").write_text("lines.linewidth: 7", encoding="utf-8")
    own = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "user")}
    own.pop("MATPLOTLIBRC", None)

    def width(imported, env, folder):
        code = f"import {imported}; import matplotlib; print(matplotlib.rcParams['lines.linewidth'])"
        command = [sys.executable, "-c", code]
        return subprocess.run(command, env=env, cwd=folder, check=True, capture_output=True, text=True).stdout

    assert "7.0" in width("os", own, tmp_path)
    assert "1.5" in width("os", own | engine.SETTINGS, tmp_path)
    assert "1.5" in width(
        "evaluation.pipeline.preloaded", own, tmp_path / "here"
    )  # kernels are forked from it
