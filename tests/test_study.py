"""The study file: what it says is what the library uses, and a wrong one is refused in words."""

import ast
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation.study import read_study
from evaluation.study_parts import Part
from evaluation.units import to_day

TRIALS = Path(__file__).parents[1] / "studies" / "kuntakokeilut-2021.toml"


REFERENCE = TRIALS.parents[1] / "data" / "raw" / "reference"
DEFAULT = "kuntakokeilut-2021"


@pytest.fixture
def trials():
    return read_study(TRIALS)


@pytest.fixture
def changed(tmp_path):
    """A copy of the study of the trials with some text replaced, read."""

    def read(*replaced):
        text = TRIALS.read_text(encoding="utf-8")
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new, 1)
        (tmp_path / "study.toml").write_text(text, encoding="utf-8")
        return read_study(tmp_path / "study.toml")

    return read


def test_every_study_in_the_project_is_valid():
    files = sorted(TRIALS.parent.glob("*.toml"))
    assert [read_study(file).slug for file in files] == [file.stem for file in files]


def test_windows_of_index_dates_by_hand(trials):
    days = np.array(
        [to_day(day) for day in ("2018-02-28", "2018-03-01", "2020-02-29", "2021-03-01", "2024-01-01")]
    )
    assert trials.window_of(days).tolist() == ["", "2018_19", "2019_20", "after_1", ""]
    assert (str(trials.after.first), str(trials.after.last)) == ("2021-03-01", "2023-12-31")
    assert trials.baselines["2018_19"].quarters == ["2018Q2", "2018Q3", "2018Q4"]
    assert trials.baselines["2018_19"].months == (578, 589)


def test_a_study_cannot_be_changed(trials):
    with pytest.raises(ValueError, match="frozen"):
        trials.price_year = 2020
    with pytest.raises(TypeError):
        trials.outcomes.primary[0] = "other"


@pytest.mark.parametrize(
    ("replaced", "said"),
    [
        ([("price_year", "prise_year")], "unknown key prise_year; did you mean 'price_year'"),
        ([("stay_age = 30", "stayage = 30")], "unknown key target_group.stayage; did you mean 'stay_age'"),
        ([('"2019_20"\n', '"2019_2O"\n')], "main_baseline: '2019_2O' is no baseline; did you mean '2019_20'"),
        ([("last = 2019-02-28", "last = 2019-03-28")], "2018_19 and 2019_20 overlap: 2019-03-28"),
        ([("last = 2019-02-28", "last = 2017-02-28")], "2018_19: last 2017-02-28 is before first 2018-03-01"),
        ([("last = 2021-02-28", "last = 2021-03-28")], "baselines.covid must end before the start"),
        ([("first = 2021-03-01", "first = 2021-02-01")], "followup.after_1 must not begin before"),
        ([("end = 2024-12-31", "end = 2020-12-31")], "end 2020-12-31 is before start 2021-03-01"),
        ([('windows = ["2019_20", "after_1"]', 'windows = ["2020"]')], "questions: '2020' is no window"),
        ([("price_year = 2024", 'price_year = "2024"')], "price_year: Input should be a valid integer"),
        ([("share = 0.01", "share = -0.01")], "limits.share: Input should be greater than 0"),
        ([("start = 2021-03-01", "start = 1.3.2021")], "study.toml: .*line"),
        ([('sv = "Corona"', 'se = "Corona"')], "marks.0.name.sv is missing; unknown key marks.0.name.se"),
    ],
)  # fmt: skip
def test_a_wrong_study_is_refused_in_words(changed, replaced, said):
    with pytest.raises(
        ValueError, match=f"(?s)study.toml: .*{said}" if not said.startswith("study") else said
    ):
        changed(*replaced)


def test_a_study_is_found_from_a_folder_below(monkeypatch, tmp_path):
    below = tmp_path / "notebooks" / "own"
    below.mkdir(parents=True)
    shutil.copytree(TRIALS.parent, tmp_path / "studies")
    monkeypatch.chdir(below)
    assert read_study("studies/kuntakokeilut-2021.toml").start.year == 2021
    with pytest.raises(FileNotFoundError, match=r"studies/other.toml: no such study file"):
        read_study("studies/other.toml")


def said_in(path):
    """Texts of a module that are no docstrings, with their lines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    described = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in described
    ]


def test_no_date_window_area_or_act_of_a_reform_stands_in_the_code():
    for file in TRIALS.parent.glob("*.toml"):
        study = read_study(file)
        # the first and the last day of a year are dates of much else
        edges = {d for w in study.windows.values() for d in (w.first, w.last)}
        days = {study.start, study.end, *(d for d in edges if (d.month, d.day) not in {(1, 1), (12, 31)})}
        areas = pd.read_csv(REFERENCE / f"{study.areas.table}.csv")["area"]
        own = {
            *(str(day) for day in days),
            *(f"{day:%Y-%m}" for day in days),
            *(f"{day.day}.{day.month}.{day.year}" for day in days),
            *study.windows,
            *areas,
            study.act,
            study.slug,
        }
        pattern = re.compile("|".join(rf"(?<![\w-]){re.escape(text)}(?![\w-])" for text in own))
        found = [
            f"{path.name}:{line}: {pattern.search(text)[0]}"
            for path in (TRIALS.parents[1] / "src").rglob("*.py")
            for line, text in said_in(path)
            if pattern.search(text) and text != f"studies/{DEFAULT}.toml"
        ]
        assert not found


def test_what_a_study_means_in_days_months_and_quarters(trials):
    assert trials.months == {"first": "2018-01", "last": "2024-12"}
    assert trials.quarters_before[0] == "2018Q2" and trials.quarters_before[-1] == "2020Q4"
    assert [trials.quarters_since_start(name) for name in ("2019Q1", "2021Q1", "2021Q2")] == [-8, 0, 1]
    assert trials.years_from("2019_20") == pytest.approx(2.9, abs=0.05) and trials.middle_year == 2022
    assert trials.other_baselines == ["2018_19", "covid"] and trials.start_month == 614


def test_the_data_dictionary_explains_every_key():
    chapter = (
        (TRIALS.parents[1] / "docs" / "data-dictionary.md").read_text("utf-8").partition("## 6. Study")[2]
    )
    explained = {word for code in re.findall(r"`([^`]+)`", chapter) for word in re.findall(r"\w+", code)}
    parts = [one for one in Part.__subclasses__() if one.__module__.startswith("evaluation.study")]
    keys = {key for part in parts for key in part.model_fields} - {"fi", "sv", "en"}
    assert keys <= explained
