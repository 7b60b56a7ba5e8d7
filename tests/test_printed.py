"""A table as printed: names, numbers and the mark of simulated data, alike in every kind of file."""

import pandas as pd
import pytest

import evaluation as ev

FOUND = pd.DataFrame(
    {
        "outcome": ["open_employment_12m", "open_employment_12m", "my_own"],
        "group": ["female", "male", "female"],
        "unit": ["share", "share", "eur"],
        "estimate": [0.0312, -0.02, float("nan")],
        "ci_low": [-0.01, -0.05, float("nan")],
        "ci_high": [0.0724, 0.01, float("nan")],
        "p_value": [0.1234, 0.2, float("nan")],
        "p_adjusted": [0.2468, 0.2468, float("nan")],
        "persons": [1234.0, 1300.0, float("nan")],
        "status": ["ok", "ok", "not_run"],
        "simulated": [True, True, True],
    }
)


def test_names_and_numbers_are_those_of_the_language():
    data = ev.table(FOUND, language="fi").data
    assert data.columns.tolist() == [
        "Tulos", "Ryhmä", "Arvio ja luottamusväli (95\u00a0%)", "p-arvo",
        "p-arvo kaikkien rivien suhteen korjattuna", "Henkilöt",
    ]  # fmt: skip
    assert data.iloc[0, 2] == "+3,1\u00a0prosenttiyksikköä (−1,0 … +7,2)"
    assert data.iloc[2].tolist() == ["my own", data.iloc[0, 1], "ei laskettu", "", "", ""]
    assert data.iloc[3, 0] == "Simuloitu aineisto, ei tuloksia"
    assert "Estimate and 90% interval" in ev.table(FOUND, level=0.9).data


@pytest.mark.parametrize(("kind", "said"), [("html", "+3.1"), ("md", "| In open-market"), ("tex", r"95\%")])
def test_every_kind_of_text_file_holds_numbers_and_mark(tmp_path, kind, said):
    file = tmp_path / f"table.{kind}"
    ev.table(FOUND, file=file)
    text = file.read_text(encoding="utf-8")
    assert said in text and "Simulated data, not results" in text
    assert kind != "tex" or ("$-$1.0" in text and "\u2212" not in text and r"\toprule" in text)


def test_excel_opens_with_the_same_words(tmp_path):
    shown = ev.table(FOUND, file=tmp_path / "table.xlsx").data
    pd.testing.assert_frame_equal(
        pd.read_excel(tmp_path / "table.xlsx", dtype=str).fillna(""), shown, check_dtype=False
    )


def test_a_wrong_frame_and_a_wrong_file_are_refused_with_what_is_right(tmp_path):
    with pytest.raises(ValueError, match=r"no column .*give what evaluation\.effect"):
        ev.table(pd.DataFrame({"a": [1]}))
    with pytest.raises(ValueError, match=r"table.doc is not .html, .md, .tex or .xlsx"):
        ev.table(FOUND, file=tmp_path / "table.doc")
