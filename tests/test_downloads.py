"""CSV files open in Finnish Excel, read back as the cleared values, and hold no formula."""

import csv
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ledger_example
from evaluation.reporting import data_tables, downloads, exhibits
from evaluation.results import ledger
from messages import spoken
from small_register import TRIALS


@pytest.fixture(scope="module")
def cleared():
    return ledger_example.example()


def telling(rows, columns):
    """Places of the rows that a table of these columns shows."""
    records = data_tables.told(rows, columns, language=spoken("en"), names={})
    return sorted(record["place"] for record in exhibits.telling(records, columns))


def report(cleared, code="fi", area="oulu"):
    return exhibits.Report(spoken(code), area, "Oulu", cleared, TRIALS, {}, {}, True, "2026-11-23")


def test_excel_file_has_semicolons_decimal_commas_and_a_byte_order_mark():
    rows = pd.DataFrame({"item": ["ä"], "estimate": [-1234.5], "simulated": [True]})
    assert (
        downloads.csv_files(rows)[1].encode()
        == b"\xef\xbb\xbfitem;estimate;simulated\r\n\xc3\xa4;-1234,5;true\r\n"
    )


def test_plain_file_has_commas_and_decimal_points_and_leaves_missing_numbers_empty():
    rows = pd.DataFrame({"item": ["a,b"], "estimate": [np.nan], "x": [0.1]})
    assert downloads.csv_files(rows)[0] == 'item,estimate,x\r\n"a,b",,0.1\r\n'


def test_missing_texts_are_empty_and_whole_numbers_below_zero_stay_numbers():
    rows = pd.DataFrame({"item": ["-1", None, np.nan], "persons": [-2, 3, 4]})
    assert downloads.csv_files(rows)[0] == "item,persons\r\n'-1,-2\r\n,3\r\n,4\r\n"


def test_both_files_of_every_exhibit_read_back_as_the_cleared_values(cleared):
    for name in exhibits.EXHIBITS:
        rows = exhibits.select(cleared, TRIALS, name, area="oulu")
        plain = pd.read_csv(io.StringIO(downloads.csv_files(rows)[0]))
        excel = pd.read_csv(io.StringIO(downloads.csv_files(rows)[1].lstrip("\ufeff")), sep=";", decimal=",")
        for column in ("estimate", "ci_low", "ci_high", "x"):
            for back in (plain, excel):
                assert np.array_equal(back[column].astype(float), rows[column], equal_nan=True), (
                    name,
                    column,
                )


@pytest.mark.parametrize(
    ("unit", "measures", "items", "numbers", "kept"),
    [
        ("eur", ["mean_cost"] * 4, ["eu", "eu", "state", "state"], [0.0, 0.0, 0.0, 5.0], [2, 3]),
        ("eur", ["mean_cost"] * 2, ["eu", "state"], [np.nan, 1.0], [0, 1]),  # unknown is not zero
        ("days", ["mean"] * 2, ["eu", "state"], [0.0, 1.0], [0, 1]),
        ("share", ["att_raw"] * 2 + ["att_shrunken"] * 2, list("abab"), [0.1, 0.2, 0.15, 0.15], [0, 1]),
        ("share", ["att_shrunken"] * 2, ["a", "b"], [0.15, 0.15], [0, 1]),
        ("share", ["breakdown", "breakdown"], ["a", "b"], [0.0, 0.01], [1]),
        ("eur", ["cost_item"] * 2, ["eu", "state"], [0.0, 0.0], [0, 1]),  # else nothing would be left
    ],
)  # fmt: skip
def test_rows_that_tell_nothing_are_in_files_and_not_in_tables(unit, measures, items, numbers, kept):
    frame = pd.DataFrame({"measure": measures, "item": items, "estimate": numbers, "unit": unit})
    frame["x"] = range(len(frame))
    rows = ledger.rows(frame, area="oulu", topic="cost", simulated=True)
    assert telling(rows, ["item"]) == kept


def test_of_analyses_without_one_municipality_the_ends_are_shown_and_of_verdicts_what_did_not_pass():
    less = {"specification": "leave_one_out", "measure": "att", "unit": "share", "status": "ok"}
    found = [{"specification": "main", "measure": "att", "unit": "share", "estimate": 0.0, "status": "ok"}]
    found += [
        less | {"item": item, "estimate": at}
        for item, at in zip("abcd", (0.2, np.nan, -0.1, 0.1), strict=True)
    ]
    rows = ledger.rows(pd.DataFrame(found), area="oulu", topic="sensitivity", simulated=True)
    assert rows["item"].iloc[telling(rows, ["item"])].tolist() == ["", "a", "c"]
    verdicts = pd.DataFrame(
        {"measure": "verdict", "item": list("abc"), "status": ["pass", "concern", "fail"]}
    )
    rows = ledger.rows(verdicts, area="oulu", topic="comparability", simulated=True)
    assert rows["status"].iloc[telling(rows, ["item"])].tolist() == ["concern", "fail"]


def test_an_exhibit_has_the_same_rows_however_they_are_looked_for(cleared):
    for area in ("oulu", ""):
        for name in exhibits.EXHIBITS:
            whole = exhibits.select(cleared, TRIALS, name, area=area or "all")
            found = report(cleared, area=area).rows_for(name)
            pd.testing.assert_frame_equal(found, whole, check_dtype=False)  # a report holds words as objects


def test_what_would_have_to_last_longer_than_a_working_life_is_said_in_words(cleared):
    def last(months):
        row = {"measure": "break_even_persistence", "unit": "months", "estimate": months, "status": "ok"}
        row |= {"ci_low": np.nan, "ci_high": np.nan, "method": ""}
        return data_tables.value_with_interval(row, language=spoken("en"))

    assert last(508.0) == "longer than a working life"
    assert (last(0.0), last(12.5)) == ("–", "12.50")


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs",)), max_size=12))
def test_no_text_starts_as_a_formula(text):
    written = downloads.csv_files(pd.DataFrame({"item": [text, "=1+1", "@SUM(A1)", "-2+3", "\t=1"]}))[0]
    for row in list(csv.reader(io.StringIO(written, newline="")))[1:]:
        assert not (row and row[0].startswith(("=", "+", "-", "@", "\t", "\r")))


def test_written_files_hold_only_rows_of_the_report(cleared, tmp_path):
    written = downloads.write(report(cleared), tmp_path, names=("payers", "areas"))
    values = pd.read_csv(tmp_path / "csv" / "oulu" / "all_values.csv", dtype={"window": str})
    assert set(values["area"]) == {"oulu"}
    assert len(values) == (cleared["area"] == "oulu").sum()
    paths = [path for _, *both in written for path in both]
    assert all((tmp_path / path).exists() for path in paths)
    assert {path.rpartition("/")[2] for path in paths} >= {
        "payers.csv",
        "payers-excel.csv",
        "codebook.csv",
    }


def test_a_row_has_the_same_line_in_every_file_that_it_is_in(cleared, tmp_path):
    shown = report(cleared)
    names = [name for name in exhibits.EXHIBITS if len(shown.rows_for(name))]
    downloads.write(shown, tmp_path, names=names)
    tables = {name: shown.rows_for(name) for name in names}
    tables |= {"all_values": shown.rows_of("oulu"), "codebook": downloads.codebook()}
    for name, rows in tables.items():
        for suffix, text in zip(("", "-excel"), downloads.csv_files(rows), strict=True):
            assert (tmp_path / "csv" / "oulu" / f"{name}{suffix}.csv").read_bytes() == text.encode()


def test_rows_that_share_a_number_are_refused(cleared, tmp_path):
    repeated = cleared.set_axis([0] * len(cleared))
    with pytest.raises(ValueError, match="share an index value"):
        downloads.write(report(repeated), tmp_path, names=("effects",))


@given(st.lists(st.text(alphabet="ab,;\"'\r\n .=", max_size=6), min_size=1))
def test_whatever_a_text_holds_it_is_one_field(texts):
    rows = pd.DataFrame({"item": texts, "estimate": 1.5})
    for text, sign, number in zip(downloads.csv_files(rows), ",;", ("1.5", "1,5"), strict=True):
        back = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=sign)
        assert list(back)[1:] == [[downloads.safe(one), number] for one in texts]
        sink = io.StringIO()  # as the library of Python quotes
        csv.writer(sink, delimiter=sign).writerows([downloads.safe(one), number] for one in texts)
        assert text.partition("\r\n")[2] == sink.getvalue()


def test_suppressed_values_are_empty_and_keep_their_status(cleared, tmp_path):
    downloads.write(report(cleared, area="raasepori-hanko"), tmp_path, names=("effects",))
    rows = pd.read_csv(tmp_path / "csv" / "raasepori-hanko" / "effects.csv")
    assert rows["estimate"].isna().all()
    assert set(rows["status"]) == {"withheld"}


def test_codebook_explains_every_column_in_three_languages():
    book = downloads.codebook()
    assert book["column"].tolist() == list(ledger.COLUMNS)
    for row in book.to_dict("records"):
        assert len({row["meaning_fi"], row["meaning_sv"], row["meaning_en"]}) == 3


def test_two_runs_write_the_same_bytes(cleared, tmp_path):
    for folder in ("one", "two"):
        downloads.write(report(cleared), tmp_path / folder, names=("payers",))
    first, second = (sorted((tmp_path / f).rglob("*.csv")) for f in ("one", "two"))
    assert [a.read_bytes() for a in first] == [b.read_bytes() for b in second]
