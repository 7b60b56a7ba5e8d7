"""One Excel workbook of a report: a sheet for every table, and a first sheet that says where they come from.

Text stays text, whatever it begins with. The same rows give the same bytes: no clock is written.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from evaluation.reporting.data_tables import IN_POINTS, heading, in_order, name_of
from evaluation.reporting.downloads import FORMULA_STARTS
from evaluation.reporting.exhibits import EXHIBITS, Report
from evaluation.results import provenance
from evaluation.words import comparisons, labels
from evaluation.words.disclosure import profile_in_words
from evaluation.words.language import Language

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

FORMATS = {"share": "0.0%", "probability": "0.0%", "eur": '#,##0 "€"', "eur_per_month": '#,##0 "€"',
           "points": "0.00", "days": "#,##0.0", "months": "0.00", "ratio": "0.00", "sd": "0.00",
           "number": "#,##0.##"}  # fmt: skip
COUNT = "#,##0"
IN_TITLES = re.compile(r"[\[\]:*?/\\']")  # not allowed in the name of a sheet, or awkward in a link to it
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # not allowed in a cell
NARROWEST, WIDEST = 9, 60
CLOCK = re.compile(rb"<dcterms:(created|modified)[^>]*>[^<]*</dcterms:\1>")


def write(report: Report, path: Path, *, processed: str | Path, names: Iterable[str]) -> Path:
    """Write the workbook of a report.

    Parameters
    ----------
    report : Report
        Its cleared rows are written, never others.
    path : Path
        The file.
    processed : path
        Folder with the disclosure profile of the run.
    names : iterable of str
        Exhibits to write, each as a sheet with numbers in their units and the ends of 95 % intervals.

    Returns
    -------
    Path
        `path`.
    """
    from openpyxl import Workbook

    book, language = Workbook(), report.language
    front = book.active
    front.title = language.text("Source")
    sheets: list[tuple[str, str]] = []
    for name in names:
        rows = report.rows_for(name)
        if len(rows):
            title = labels.label("exhibit", name, language)
            sheet = book.create_sheet(f"{len(sheets) + 1} {IN_TITLES.sub('', title)}"[:31].strip())
            _fill(sheet, report, rows, EXHIBITS[name].columns, EXHIBITS[name].spread, title)
            sheets.append((title, sheet.title))
    _front(front, report, sheets, processed=processed)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_without_clock(book))
    return path


def _front(
    sheet: Worksheet, report: Report, sheets: Sequence[tuple[str, str]], *, processed: str | Path
) -> None:
    """The first sheet: what this is, whether persons are made up, the rules of disclosure, and the tables."""
    from openpyxl.styles import Alignment, Font
    from openpyxl.worksheet.hyperlink import Hyperlink

    language, text = report.language, report.language.text
    site = report.study.texts.in_language(language.code)["site"]
    top = _heads(sheet, report.name, simulated=report.simulated, language=language)
    public = report.cleared[report.cleared["topic"] == "public_statistics"]
    said = comparisons.public_source(public, report.study, area=report.area or "all", language=language).text
    registers = (
        text(
            "The registers behind this report are simulated: they were made by a program with known effects."
        )
        if report.simulated
        else text(
            "Registers of services, benefits and incomes, read under permit. Public "
            "statistics: Statistics Finland, table 12r5, licence CC BY 4.0."
        )
    )
    facts = [
        (text("Evaluation"), site),
        (labels.label("parameter", "release_date", language), language.date(report.release_date)),
        (text("Source"), registers),
        (text("What the public statistics show"), said),
        (text("Code version"), provenance.code_version()),
        *profile_in_words(processed, language),
    ]
    for line, pair in enumerate(facts, start=top):
        for column, words in enumerate(pair, start=1):
            _put(sheet, line, column, words).alignment = Alignment(wrap_text=True, vertical="top")
    for line, (title, target) in enumerate(sheets, start=top + len(facts) + 1):
        cell = _put(sheet, line, 1, title)
        cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{target}'!A1", display=title)
        cell.font = Font(color="00437A", underline="single")
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = WIDEST, 80


def _heads(sheet: Worksheet, title: str, *, simulated: bool, language: Language) -> int:
    """Title and mark of a sheet, which go with it when it is copied alone; the row that follows them."""
    from openpyxl.styles import Font

    _put(sheet, 1, 1, title).font = Font(bold=True, size=13)
    if simulated:
        mark = language.text("Simulated data: made-up persons, not for quoting.")
        _put(sheet, 2, 1, mark).font = Font(bold=True, color="7A3B00")
    return 4


def _fill(
    sheet: Worksheet, report: Report, rows: pd.DataFrame, columns: Sequence[str], spread: str, title: str
) -> None:
    """A table: what names a line, its number with the ends of its interval, unit, or why there is none."""
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    language, text = report.language, report.language.text
    known = report.area_names | report.municipality_names
    records = in_order(rows, columns, known, language=language).to_dict("records")
    shown = [*columns, *([spread] if spread else [])]
    shown = [name for name in shown if any(record[name] != "" for record in records)]
    measure = records[0]["measure"]
    heads = [heading(name, measure, language) for name in shown]
    heads += [text("Value"), text("Lower end, 95 %"), text("Upper end, 95 %"), text("Unit"), text("Note")]
    top = _heads(sheet, title, simulated=bool(rows["simulated"].any()), language=language)
    for column, words in enumerate(heads, start=1):
        cell = _put(sheet, top, column, words)
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="E6E9EE")
        cell.alignment = Alignment(wrap_text=True, vertical="bottom")
    widths = [len(words) for words in heads]
    for line, record in enumerate(records, start=top + 1):
        numbers, form, unit = _numbers(record, language)
        shows = math.isfinite(record["estimate"]) or record["status"] == "ok"
        note = "" if shows else language.no_number(str(record["status"]))
        names = [name_of(name, record, language=language, names=known) for name in shown]
        for column, value in enumerate([*names, *numbers, unit, note], start=1):
            if isinstance(value, float):
                sheet.cell(line, column, value).number_format = form
            elif value:
                _put(sheet, line, column, value)
                widths[column - 1] = max(widths[column - 1], len(value))
    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = min(max(width + 2, NARROWEST), WIDEST)
    sheet.freeze_panes = f"A{top + 1}"
    sheet.auto_filter.ref = f"A{top}:{get_column_letter(len(heads))}{top + len(records)}"
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"{top}:{top}"


def _numbers(record: dict[Any, Any], language: Language) -> tuple[list[float | None], str, str]:
    """Estimate and ends as a sheet holds them, their number format, and their unit in words."""
    unit, measure = str(record["unit"]), str(record["measure"])
    values = [float(record[name]) for name in ("estimate", "ci_low", "ci_high")]
    if measure == "rank":
        values[0] = math.nan  # areas have possible places, not a place
    if measure == "diagnostic" and math.isfinite(values[1]):
        measure = "att"
    if unit in ("share", "probability") and measure in IN_POINTS:
        unit, values = "points", [round(100 * value, 9) for value in values]
    found = [value if math.isfinite(value) else None for value in values]
    said = (
        ""
        if unit == "none"
        else "%"
        if unit in ("share", "probability")
        else labels.label("unit", unit, language)
    )
    form = FORMATS.get(unit, COUNT)
    return found, form, said


def _put(sheet: Worksheet, row: int, column: int, words: str) -> Cell:
    """Write a text that is never read as a formula, not even when somebody edits its cell."""
    cell = sheet.cell(row, column, CONTROL.sub("", words))
    if words.startswith(FORMULA_STARTS):
        cell.data_type, cell.quotePrefix = "s", True
    return cell


def _without_clock(book: Workbook) -> bytes:
    """The bytes of a workbook, without the times at which it was made."""
    from openpyxl.writer.excel import ExcelWriter

    made, kept = io.BytesIO(), io.BytesIO()
    ExcelWriter(book, zipfile.ZipFile(made, "w")).save()  # packed once, below
    with zipfile.ZipFile(made) as there, zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as here:
        for name in there.namelist():
            part = zipfile.ZipInfo(name)  # 1.1.1980, the first day that a ZIP file knows
            part.compress_type = zipfile.ZIP_DEFLATED
            content = there.read(name)
            here.writestr(part, CLOCK.sub(b"", content) if name == "docProps/core.xml" else content)
    return kept.getvalue()
