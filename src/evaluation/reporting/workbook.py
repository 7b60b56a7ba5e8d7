"""One Excel workbook of a report: a sheet for every table, and a first sheet that says where they come from.

Text stays text, whatever it begins with. The same rows give the same bytes: no clock is written.
"""

from __future__ import annotations

import datetime as dt
import io
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.reporting.data_tables import IN_POINTS, Record, heading
from evaluation.reporting.downloads import FORMULA_STARTS
from evaluation.reporting.exhibits import Report
from evaluation.results import provenance
from evaluation.words import comparisons, labels
from evaluation.words.disclosure import profile_in_words
from evaluation.words.language import Language

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    Looks = dict[tuple[str, bool], Format]  # by name, and whether a text begins like a formula

FORMATS = {"share": "0.0%", "probability": "0.0%", "eur": '#,##0 "€"', "eur_per_month": '#,##0 "€"',
           "points": "0.00", "days": "#,##0.0", "months": "0.00", "ratio": "0.00", "sd": "0.00",
           "number": "#,##0.##"}  # fmt: skip
COUNT = "#,##0"
BOLD = {"bold": True}
LOOKS: dict[str, dict[str, Any]] = {
    "": {},
    "title": BOLD | {"font_size": 13},
    "mark": BOLD | {"font_color": "#7A3B00"},
    "fact": {"text_wrap": True, "valign": "top"},
    "link": {"font_color": "#00437A", "underline": True},
    "head": BOLD | {"bg_color": "#E6E9EE", "text_wrap": True, "valign": "bottom"},
    **{form: {"num_format": form} for form in (*FORMATS.values(), COUNT)},
}
IN_TITLES = re.compile(r"[\[\]:*?/\\']")  # not allowed in the name of a sheet, or awkward in a link to it
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # not allowed in a cell
NARROWEST, WIDEST = 9, 60
NO_CLOCK = dt.datetime(1980, 1, 1)  # the first day that a ZIP file knows


def write(report: Report, path: Path, *, processed: str | Path, names: Iterable[str]) -> Path:
    """Write the workbook of a report: a sheet for each named exhibit, with numbers in their units.

    `processed` is the folder with the disclosure profile of the run.
    """
    from xlsxwriter import Workbook

    language, made = report.language, io.BytesIO()
    with Workbook(made, {"in_memory": True}) as book:  # without files beside it
        book.set_properties({"created": NO_CLOCK})
        looks = {
            (name, quoted): book.add_format(look | {"quote_prefix": quoted})
            for name, look in LOOKS.items()
            for quoted in (False, True)
        }
        front = book.add_worksheet(language.text("Source"))
        sheets: list[tuple[str, str]] = []
        for name in names:
            if records := report.told(name):
                title = labels.label("exhibit", name, language)
                sheet = book.add_worksheet(f"{len(sheets) + 1} {IN_TITLES.sub('', title)}"[:31].strip())
                _fill(sheet, looks, records, title=title, language=language)
                sheets.append((title, sheet.get_name()))
        _front(front, looks, report, sheets, processed=processed)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(made.getvalue())  # whole, or not at all where an error ends it
    return path


def _front(
    sheet: Worksheet,
    looks: Looks,
    report: Report,
    sheets: Sequence[tuple[str, str]],
    *,
    processed: str | Path,
) -> None:
    """The first sheet: what this is, whether persons are made up, the rules of disclosure, and the tables."""
    language, text = report.language, report.language.text
    site = report.study.texts.in_language(language.code)["site"]
    top = _heads(sheet, looks, report.name, simulated=report.simulated, language=language)
    said = comparisons.public_source(report.case(""), language).text
    facts = [
        (text("Evaluation"), site),
        (labels.label("parameter", "release_date", language), language.date(report.release_date)),
        (text("Source"), report.registers),
        (text("What the public statistics show"), said),
        (text("Code version"), provenance.code_version()),
        *profile_in_words(processed, language),
    ]
    for line, pair in enumerate(facts, start=top):
        for column, words in enumerate(pair):
            _put(sheet, looks, line, column, words, "fact")
    for line, (title, target) in enumerate(sheets, start=top + len(facts) + 1):
        sheet.write_url(line, 0, f"internal:'{target}'!A1", looks["link", False], title)
    sheet.set_column(0, 0, WIDEST)
    sheet.set_column(1, 1, 80)


def _heads(sheet: Worksheet, looks: Looks, title: str, *, simulated: bool, language: Language) -> int:
    """Title and mark of a sheet, which go with it when it is copied alone; the row that follows them."""
    _put(sheet, looks, 0, 0, title, "title")
    if simulated:
        _put(sheet, looks, 1, 0, language.text("Simulated data: made-up persons, not for quoting."), "mark")
    return 3


def _fill(
    sheet: Worksheet, looks: Looks, records: Sequence[Record], *, title: str, language: Language
) -> None:
    """A table: what names a line, its number with the ends of its interval, unit, or why there is none."""
    text, first = language.text, records[0]
    heads = [heading(name, first["measure"], language) for name in first["said"]]
    heads += [text("Value"), text("Lower end, 95%"), text("Upper end, 95%"), text("Unit"), text("Note")]
    top = _heads(
        sheet, looks, title, simulated=any(record["simulated"] for record in records), language=language
    )
    for column, words in enumerate(heads):
        _put(sheet, looks, top, column, words, "head")
    widths = [len(words) for words in heads]
    for line, record in enumerate(records, start=top + 1):
        numbers, form, unit = _numbers(record, language)
        shows = math.isfinite(record["estimate"]) or record["status"] == "ok"
        note = "" if shows else language.no_number(str(record["status"]))
        for column, value in enumerate([*record["said"].values(), *numbers, unit, note]):
            if isinstance(value, float):
                sheet.write_number(line, column, value, looks[form, False])
            elif value:
                _put(sheet, looks, line, column, value)
                widths[column] = max(widths[column], len(value))
    for column, width in enumerate(widths):
        sheet.set_column(column, column, min(max(width + 2, NARROWEST), WIDEST))
    sheet.freeze_panes(top + 1, 0)
    sheet.autofilter(top, 0, top + len(records), len(heads) - 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(top)


def _numbers(record: Record, language: Language) -> tuple[list[float | None], str, str]:
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


def _put(sheet: Worksheet, looks: Looks, row: int, column: int, words: str, look: str = "") -> None:
    """Write a text that is never read as a formula, not even when somebody edits its cell."""
    words = CONTROL.sub("", words)
    words += " " if words.startswith("<r>") else ""  # <r>…</r> would be taken for markup of a cell
    sheet.write_string(row, column, words, looks[look, words.startswith(FORMULA_STARTS)])
