"""The workbook of a report: its cleared rows, as numbers; text stays text; the same bytes at any time."""

import time

import numpy as np
import pytest
from openpyxl import load_workbook

import ledger_example
from evaluation.reporting import downloads, exhibits, workbook
from evaluation.words.language import CODES
from messages import spoken
from small_register import TRIALS

NASTY = '=HYPERLINK("http://x","y")'


@pytest.fixture(scope="module")
def cleared():
    return ledger_example.example()


def made(cleared, tmp_path, *, code="fi", area="oulu", name="Oulu", names=tuple(exhibits.EXHIBITS), **also):
    report = exhibits.Report(spoken(code), area, name, cleared, TRIALS, also, {}, True, "2026-11-23")
    (tmp_path / "disclosure.json").write_text('{"name": "strict", "threshold": 30}')
    path = workbook.write(report, tmp_path / f"{area}-{code}.xlsx", processed=tmp_path, names=names)
    return load_workbook(path)


def cells(sheet):
    return [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]


@pytest.mark.parametrize("code", CODES)
def test_every_exhibit_with_rows_is_a_sheet_and_the_first_sheet_leads_to_it(cleared, tmp_path, code):
    book = made(cleared, tmp_path, code=code)
    filled = [n for n in exhibits.EXHIBITS if len(exhibits.select(cleared, TRIALS, n, area="oulu"))]
    front, *sheets = book.worksheets
    assert len(sheets) == len(filled) > 20
    links = [cell.hyperlink.location for cell in cells(front) if cell.hyperlink]
    assert links == [f"'{sheet.title}'!A1" for sheet in sheets]
    said = " ".join(str(cell.value) for cell in cells(front))
    mark = spoken(code).text("Simulated data: made-up persons, not for quoting.")
    assert mark in said and "strict" in said and "30" in said
    assert all(sheet["A2"].value == mark for sheet in sheets if sheet["A2"].value)


def test_numbers_are_those_of_the_cleared_rows_in_their_units(cleared, tmp_path):
    for name, factor in (("payers", 1), ("effects", 100)):
        sheet = made(cleared, tmp_path, names=[name]).worksheets[1]
        rows = exhibits.select(cleared, TRIALS, name, area="oulu")
        rows = rows[rows["unit"].isin(["eur", "share"])]
        scaled = np.where(rows["unit"] == "share", factor, 1)
        wanted = {round(v, 6) for v in rows["estimate"] * scaled if np.isfinite(v)}
        found = {round(float(c.value), 6) for c in cells(sheet) if isinstance(c.value, int | float)}
        assert wanted and wanted <= found
        formats = {c.number_format for c in cells(sheet) if isinstance(c.value, int | float)}
        assert formats <= set(workbook.FORMATS.values()) | {"0.000", "#,##0"}
        assert sheet.freeze_panes == "A5"


def test_what_is_withheld_has_no_number_but_says_why(cleared, tmp_path):
    sheet = made(cleared, tmp_path, area="raasepori-hanko", names=["effects"]).worksheets[1]
    assert not [c for c in cells(sheet) if isinstance(c.value, int | float)]
    assert spoken("fi").no_number("withheld") in {c.value for c in cells(sheet)}


@pytest.mark.parametrize("start", [s for s in downloads.FORMULA_STARTS if s.strip()])
def test_a_text_never_becomes_a_formula(cleared, tmp_path, start):
    rows = cleared.assign(item=cleared["item"].where(cleared["measure"] != "case_mix", start + NASTY))
    book = made(rows, tmp_path, name=start + NASTY, names=["case_mix"])
    every = [cell for sheet in book for cell in cells(sheet)]
    assert not [cell for cell in every if cell.data_type == "f"]
    nasty = [cell for cell in every if str(cell.value).startswith(start)]
    assert nasty and all(cell.quotePrefix for cell in nasty)


def test_control_characters_of_names_are_left_out(cleared, tmp_path):
    book = made(cleared, tmp_path, name="Ou\x00lu\x1b", names=["payers"])
    assert book.worksheets[0]["A1"].value == "Oulu"


@pytest.mark.parametrize("name", ["<r>Oulu</r>", "<r><t>Oulu</t></r>", "<b>&amp;</b>"])
def test_markup_in_a_name_is_text(cleared, tmp_path, name):
    book = made(cleared, tmp_path, name=name, names=["payers"])
    assert book.worksheets[0]["A1"].value.strip() == name


def test_an_error_leaves_no_half_of_a_workbook(cleared, tmp_path):
    rows = cleared.assign(unit=cleared["unit"].where(cleared["measure"] != "case_mix", "unheard_of"))
    with pytest.raises(ValueError, match="has no name"):
        made(rows, tmp_path, names=["payers", "case_mix"])
    assert not list(tmp_path.glob("*.xlsx"))


def test_the_same_rows_give_the_same_bytes_at_another_time(cleared, tmp_path):
    made(cleared, tmp_path, names=["payers", "effects"])
    first = (tmp_path / "oulu-fi.xlsx").read_bytes()
    time.sleep(2.1)  # a ZIP file counts time in steps of two seconds
    made(cleared, tmp_path, names=["payers", "effects"])
    assert (tmp_path / "oulu-fi.xlsx").read_bytes() == first
