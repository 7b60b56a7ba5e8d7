"""The command line: words understood, words refused with the nearest one, and where results go."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from evaluation.__main__ import main
from evaluation.pipeline import check_pages, engine
from evaluation.pipeline import project as project_of_pipeline
from evaluation.pipeline.notebook_runs import choose
from evaluation.statistics import kela, pxweb
from test_registers import ROWS, deliver

ROOT = Path(__file__).parents[1]


@pytest.fixture
def project(tmp_path):
    """A folder that looks like the project, without data."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "area_analysis.ipynb").write_text(json.dumps({"cells": []}))
    shutil.copytree(ROOT / "data" / "raw" / "reference", tmp_path / "data" / "raw" / "reference")
    return tmp_path


def call(project, *words):
    return main(["--root", str(project), *words])


@pytest.fixture
def runs(monkeypatch):
    """What `run` would do, written down instead of done."""
    asked = []

    def run(project, **given):
        asked.append(given)
        for language in given["languages"]:
            page = project.reports / language / "index.html"
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text("")
        return given["areas"][2:]  # a third area would fail

    monkeypatch.setattr(engine, "run", run)
    return asked


@pytest.fixture
def delivered(project):
    (project / "data" / "raw" / "register").mkdir(parents=True)
    (project / "data" / "raw" / "register" / "henkilot.csv").write_text("")
    return project


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--areas", "ouluu"], "unknown area 'ouluu'; did you mean 'oulu'?"),
        (["--areas", "oulu,Lahti"], "unknown area 'Lahti'; did you mean 'lahti'?"),
        (["--areas", "091"], "unknown area '091'; known are espoo, hameenlinna, helsinki"),
        (["--areas", ","], "no area given; known are"),
        (["--languages", "se"], "unknown language 'se'"),
        (["--languages", "fi,svv"], "unknown language 'svv'; did you mean 'sv'?"),
        (["--jobs", "0"], "--jobs must be at least 1, not 0"),
    ],
)
def test_wrong_names_are_refused_before_anything_runs(project, runs, capsys, words, said):
    assert call(project, "run", *words) == 2
    err = capsys.readouterr().err
    assert err.startswith("evaluation: ") and said in err and "Traceback" not in err
    assert not runs
    assert not (project / "data" / "raw" / "register").exists()  # nothing was simulated either


@pytest.mark.parametrize("words", [[], ["fly"], ["run", "--area"], ["run", "--jobs", "many"]])
def test_words_that_make_no_command_end_with_status_2_and_the_usage(project, capsys, words):
    with pytest.raises(SystemExit) as ended:
        call(project, *words)
    assert ended.value.code == 2
    assert "usage: evaluation" in capsys.readouterr().err


def test_a_run_names_its_pages_last(delivered, runs, capsys):
    assert call(delivered, "run", "--areas", "oulu,lahti", "--languages", "fi,en", "--jobs", "1") == 0
    assert runs == [{"areas": ["oulu", "lahti"], "languages": ["fi", "en"], "jobs": 1, "every": False}]
    expected = [str(delivered / "reports" / code / "index.html") for code in ("fi", "en")]
    assert capsys.readouterr().out.splitlines() == expected


def test_a_run_that_fails_names_what_failed_and_ends_with_status_1(delivered, runs, capsys):
    assert call(delivered, "run", "--areas", "oulu,lahti,espoo", "--languages", "sv") == 1
    said = capsys.readouterr()
    assert said.err.endswith("Failed: espoo\n")
    assert said.out.endswith("/reports/sv/index.html\n")


def test_all_areas_and_languages_unless_named(delivered, runs):
    call(delivered, "run")
    assert len(runs[0]["areas"]) == 23 and runs[0]["languages"] == ["fi", "sv", "en"]


def test_a_page_that_was_not_written_is_not_named(delivered, monkeypatch, capsys):
    monkeypatch.setattr(engine, "run", lambda project, **given: ["register"])
    assert call(delivered, "run") == 1
    assert capsys.readouterr().out == ""


def test_a_run_without_a_register_simulates_one_first(project, runs, monkeypatch, capsys):
    from evaluation.simulation import register as simulate

    made = []

    def register(raw, study, **given):
        made.append(given)
        (raw / "layout.toml").write_text("")

    monkeypatch.setattr(simulate, "simulate", register)
    (project / "data" / "raw" / "register").mkdir()
    (project / "data" / "raw" / "register" / ".gitkeep").touch()
    assert call(project, "run", "--areas", "oulu") == 0
    assert len(made) == len(runs) == 1
    assert "persons" not in made[0] and made[0]["seed"] == 20210301
    assert "simulating one" in capsys.readouterr().err
    call(project, "run", "--areas", "oulu")
    assert len(made) == 1  # the delivery that is there is used


def test_a_wrong_study_file_is_told_in_one_line(project, capsys):
    assert call(project, "run", "--study", "studies/nowhere.toml") == 2
    assert "studies/nowhere.toml: no such study file" in capsys.readouterr().err
    (project / "other.toml").write_text("act = 1")
    assert call(project, "run", "--study", "other.toml") == 2
    assert "other.toml: slug is missing; name is missing; " in capsys.readouterr().err


def test_simulate_writes_a_delivery_that_ingest_reads(project, capsys):
    assert call(project, "simulate", "--persons", "2000", "--seed", "3", "--dirt", "0") == 0
    raw = project / "data" / "raw" / "register"
    assert tomllib.loads((raw / "layout.toml").read_text(encoding="utf-8"))["simulated"] is True
    assert str(raw) in capsys.readouterr().out
    assert call(project, "ingest") == 0
    assert "rows_kept" in capsys.readouterr().out
    assert (project / "data" / "processed" / "register" / "persons.parquet").exists()


def test_simulate_never_writes_over_a_delivery_that_is_not_simulated(delivered, capsys):
    assert call(delivered, "simulate", "--persons", "2000") == 2
    assert "holds a delivery that is not simulated" in capsys.readouterr().err
    register = delivered / "data" / "raw" / "register"
    (register / "layout.toml").write_text("simulated = false")
    assert call(delivered, "simulate", "--persons", "2000") == 2
    assert sorted(path.name for path in register.iterdir()) == ["henkilot.csv", "layout.toml"]
    assert (register / "henkilot.csv").read_text() == ""


def test_an_interrupted_simulation_leaves_no_half_delivery(project, monkeypatch):
    from evaluation.simulation import register as simulate

    def register(raw, study, **given):
        (raw / "henkilot.csv").write_text("half")
        raise KeyboardInterrupt

    monkeypatch.setattr(simulate, "simulate", register)
    with pytest.raises(KeyboardInterrupt):
        call(project, "run", "--areas", "oulu")
    assert not list((project / "data" / "raw" / "register").iterdir())
    assert {path.name for path in (project / "data" / "raw").iterdir()} == {"reference", "register"}


def test_ingest_without_a_delivery_says_what_is_missing(project, capsys):
    assert call(project, "ingest") == 2
    err = capsys.readouterr().err
    assert "layout.toml" in err and "Traceback" not in err


def test_ingest_ends_with_a_page_and_a_line_on_what_was_lost(project, capsys, monkeypatch):
    deliver(project / "data" / "raw", rows={"spells": [*ROWS["spells"], "zz;työtön;;1.3.2021;1.4.2021"]})
    (project / "data" / "raw" / "raw").rename(project / "data" / "raw" / "register")
    assert call(project, "ingest") == 0
    page, line = capsys.readouterr().out.splitlines()[-2:]
    assert line.startswith("Lost under 10 rows (15 rows read): spells under 10 rows (unknown_person); ")
    text = Path(page).read_text(encoding="utf-8")
    assert line in text and "the pseudonym written alike in all files" in text and "under 10" in text
    assert 'id="simulated"' in text and line in Path(page).with_suffix(".txt").read_text(encoding="utf-8")


def test_the_page_of_a_delivery_tells_lines_that_a_quotation_mark_hides_as_it_tells_rows(project, capsys):
    hidden = ['zz;"työtön;;1.3.2021;1.4.2021', *ROWS["spells"], *ROWS["spells"]]
    deliver(project / "data" / "raw", rows={"spells": hidden})
    (project / "data" / "raw" / "raw").rename(project / "data" / "raw" / "register")
    assert call(project, "ingest") == 2
    text = (project / "data" / "processed" / "register" / "delivery.txt").read_text(encoding="utf-8")
    assert re.search(r"never closed and hides (under 10|\d*[05]) lines", text), text


def test_the_page_of_a_delivery_speaks_three_languages_and_tells_no_small_count(project, capsys):
    people = [f"p{number:04d}" for number in range(300)]
    orphans = [f"z{number};työtön;;1.3.2021;1.4.2021" for number in range(13)]
    rows = {
        "persons": [f"{one};1.5.1980;1;keski;fi;0" for one in people],
        "residence": [f"{one};{'091' if i > 6 else '999'};1.1.2016;" for i, one in enumerate(people)],
        "spells": [f"{one};työtön;;1.3.2021;1.4.2021" for one in people] + orphans,
        "benefits": [f"{one};tmt;1.3.2021;31.3.2021;23;-776,94" for one in people],
        "earnings": [f"{one};2021-03;2000" for one in people],
    }
    deliver(project / "data" / "raw", rows=rows)
    (project / "data" / "raw" / "raw").rename(project / "data" / "raw" / "register")
    assert call(project, "ingest") == 2
    folder = project / "data" / "processed" / "register"
    said = {
        "": (
            "Why it was refused",
            "Lost 1.3% (1,515 rows read): spells 4.8% (unknown_person); residence under",
        ),
        "-fi": (
            "Miksi aineisto hylättiin",
            "työmarkkinajaksot 4,8\xa0% (tuntematon henkilö)",
            "Etuuksien maksut: negatiivinen määrä, 100,0\xa0% riveistä, kun raja on 30,0\xa0%; oikaisut ovat",
        ),
        "-sv": (
            "Varför leveransen avvisades",
            "arbetsmarknadsperioder 4,8\xa0% (okänd person)",
            "har leverantören vänt tecknet?",
        ),
    }
    for name, words in said.items():
        page = (folder / f"delivery{name}.html").read_text(encoding="utf-8")
        text = (folder / f"delivery{name}.txt").read_text(encoding="utf-8")
        assert not [one for one in words if one not in page]
        assert not [one for one in words[1:] if one not in text]
        assert not re.search(r"\b(7|13|313)\b(?! [Mm]a)", re.sub(r"(?s)<style.*?</style>", "", page)), name
        assert page.count('href="delivery') == 2


def test_a_refused_delivery_gets_its_page_too(project, capsys):
    deliver(project / "data" / "raw", rows={"spells": ["zz;töissä?;;1.3.2021;1.4.2021"]})
    (project / "data" / "raw" / "raw").rename(project / "data" / "raw" / "register")
    assert call(project, "ingest") == 2
    said = capsys.readouterr()
    page, line = said.out.splitlines()[-2:]
    assert line.startswith("Refused, nothing was stored. Lost ") and "codes.spells.state" in said.err
    text = Path(page).read_text(encoding="utf-8")
    assert "Why it was refused" in text and "codes.spells.state" in text
    assert not [secret for secret in ("töissä", "zz", str(project)) if secret in text]


def test_the_project_is_found_from_any_folder(project, tmp_path_factory, monkeypatch, capsys):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    assert main(["--data", "own", "simulate", "--persons", "300"]) == 0
    assert main(["--data", str(elsewhere / "own"), "ingest"]) == 0
    assert (elsewhere / "own" / "processed" / "register" / "delivery.html").exists()
    (project / "below").mkdir()
    monkeypatch.chdir(project / "below")
    assert project_of_pipeline.Project.at().root == project.resolve()
    assert capsys.readouterr().out.splitlines()[-1].startswith("Lost ")


def test_without_a_project_here_or_where_the_program_lies_a_sentence_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(project_of_pipeline, "__file__", str(tmp_path / "project.py"))
    assert main(["check"]) == 2
    assert "here or above; give the project's top folder as --root" in capsys.readouterr().err


def test_fetch_says_where_it_saved_and_passes_the_address_on(project, monkeypatch, capsys):
    asked = []

    def fetch(folder, **given):
        asked.append((folder.name, given))
        return folder / "file"

    monkeypatch.setattr(pxweb, "fetch", fetch)
    monkeypatch.setattr(kela, "fetch", fetch)
    assert call(project, "fetch") == 0 and asked == [("statfin", {}), ("kela", {})]
    given = ("--url", "http://localhost:1/table", "--catalogue", "http://localhost:1/api")
    assert call(project, "fetch", *given) == 0
    assert [url for _, url in asked[2:]] == [{"url": given[1]}, {"url": given[3]}]
    assert "statfin/file" in (out := capsys.readouterr().out) and "kela/file" in out


def test_one_source_that_fails_does_not_keep_the_other_away(project, monkeypatch, capsys):
    def refuse(folder, **given):
        raise ConnectionError("no connection")

    monkeypatch.setattr(pxweb, "fetch", refuse)
    monkeypatch.setattr(kela, "fetch", lambda folder, **given: folder / "data.csv")
    assert call(project, "fetch") == 2
    found = capsys.readouterr()
    assert "kela/data.csv" in found.out and found.err == "evaluation: no connection\n"


def test_fetch_without_a_connection_ends_with_a_sentence(project, monkeypatch, capsys):
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # it tries again a few times
    given = ("--url", "http://127.0.0.1:9/table", "--catalogue", "http://127.0.0.1:9/api")
    assert call(project, "fetch", *given) == 2
    assert "Traceback" not in (err := capsys.readouterr().err) and err.startswith("evaluation: ")


@pytest.mark.parametrize(("sample", "count"), [((), 6), (("--sample", "2"), 2), (("--sample", "50"), 6)])
def test_check_looks_at_all_pages_or_a_sample(project, monkeypatch, capsys, sample, count):
    for code in ("fi", "sv", "en"):
        (project / "reports" / code).mkdir(parents=True)
        for name in ("index", "oulu"):
            (project / "reports" / code / f"{name}.html").touch()
    seen = []

    def check(pages):
        seen.extend(pages)
        return pd.DataFrame()

    monkeypatch.setattr(check_pages, "check", check)
    assert call(project, "check", *sample) == 0
    assert len(seen) == count
    assert f"{count} pages checked, nothing found" in capsys.readouterr().out


def test_check_with_findings_ends_with_status_1(project, monkeypatch, capsys):
    (project / "reports" / "fi").mkdir(parents=True)
    (project / "reports" / "fi" / "index.html").touch()
    monkeypatch.setattr(check_pages, "check", lambda pages: pd.DataFrame({"problem": ["image without alt"]}))
    assert call(project, "check") == 1
    assert "image without alt" in capsys.readouterr().out


def test_check_without_pages_and_with_a_sample_of_none_is_refused(project, capsys):
    assert call(project, "check") == 2
    assert "no pages; run `evaluation run` first" in capsys.readouterr().err
    (project / "reports" / "fi").mkdir(parents=True)
    (project / "reports" / "fi" / "index.html").touch()
    assert call(project, "check", "--sample", "0") == 2
    assert "--sample must be at least 1" in capsys.readouterr().err


def test_another_folder_than_the_project_is_refused(tmp_path, capsys):
    assert call(tmp_path, "run") == 2
    assert "give the project's top folder as --root" in capsys.readouterr().err


def test_data_and_reports_may_lie_elsewhere(project, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    found = project_of_pipeline.Project.at(project, data=elsewhere / "data", reports=elsewhere / "pages")
    assert found.register == elsewhere / "data" / "raw" / "register"
    assert found.reference == project / "data" / "raw" / "reference"  # the project's own
    assert found.reports == elsewhere / "pages"


def test_chosen_names_keep_their_order_and_come_once():
    assert choose(" sv, fi,sv,", ["fi", "sv", "en"], what="language") == ["sv", "fi"]


def test_help_names_every_command():
    run = subprocess.run(
        [sys.executable, "-m", "evaluation", "--help"], capture_output=True, text=True, check=True
    )
    for command in ("simulate", "ingest", "fetch", "run", "check"):
        assert f"\n    {command} " in run.stdout
