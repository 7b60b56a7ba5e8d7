"""CSV files beside a report: for Excel as it is set up in Finland, and plain; with a codebook.

A text that a spreadsheet would read as a formula gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace

import pandas as pd

from evaluation.reporting.exhibits import Report
from evaluation.results import ledger
from evaluation.words import labels
from evaluation.words.language import CODES

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\u2212", "＝", "＋", "－", "＠")
# between the fields of a line, for programs and for Excel in Finland, and what each file starts with
SEPARATORS = {",": "", ";": "\ufeff"}


def safe(text: str) -> str:
    """Make a text safe to open in a spreadsheet.

    Examples
    --------
    >>> safe("=HYPERLINK()"), safe("oulu")
    ("'=HYPERLINK()", 'oulu')
    """
    return "'" + text if text.startswith(FORMULA_STARTS) else text


def csv_files(rows: pd.DataFrame) -> tuple[str, str]:
    """Write rows as CSV for programs and for Excel in Finland.

    The first has comma, decimal point, UTF-8 and codes as in the codebook; the second semicolon, decimal
    comma and a byte order mark.
    """
    plain, excel = ("".join(_lines(rows, sign)) for sign in SEPARATORS)
    return plain, excel


def _lines(rows: pd.DataFrame, sign: str) -> list[str]:
    """The lines of one of the files, the one with the names first."""
    lines = [SEPARATORS[sign]]
    writer = csv.writer(SimpleNamespace(write=lines.append), delimiter=sign, lineterminator="\r\n")
    writer.writerow(map(safe, rows))
    writer.writerows(zip(*(_written(values, sign) for _, values in rows.items()), strict=True))
    return [lines[0] + lines[1], *lines[2:]]


def _written(values: pd.Series, sign: str) -> list[str]:
    found, kind = values.tolist(), values.dtype.kind
    if kind in "biu":
        return [str(value).lower() for value in found]
    if kind == "f":
        # repr is the shortest text that reads back as the same number; an end without bound is left open
        texts = [repr(value) if math.isfinite(value) else "" for value in found]
        return texts if sign == "," else [text.replace(".", ",") for text in texts]
    said = {value: "" if pd.isna(value) else safe(str(value)) for value in set(found)}
    return [said[value] for value in found]


def codebook() -> pd.DataFrame:
    """What every column of the CSV files holds, in three languages."""
    columns = labels.names()["column"]
    return pd.DataFrame(
        [
            {"column": name, "type": ledger.COLUMNS[name]} | {f"meaning_{code}": said[code] for code in CODES}
            for name, said in columns.items()
        ]
    )


def write(report: Report, folder: Path, *, names: Iterable[str]) -> list[tuple[str, ...]]:
    """Write the named exhibits, all values and the codebook to ``csv/<report>/`` in the folder of a language.

    Returned are title, plain file and file for Excel of each, paths relative to `folder`.
    """
    target = folder / "csv" / report.slug
    target.mkdir(parents=True, exist_ok=True)
    text = report.language.text
    tables = {name: rows for name in names if len(rows := report.rows_for(name))}
    titles = {name: labels.label("exhibit", name, report.language) for name in tables}
    titles["all_values"] = text("All values of this report")
    titles["codebook"] = text("Codebook: what the columns mean")
    tables["all_values"] = report.rows_of(report.area)
    files = {name: [target / f"{name}{suffix}.csv" for suffix in ("", "-excel")] for name in titles}
    if not report.cleared.index.is_unique:
        raise ValueError("cleared: rows share an index value; number them, as open_report does")
    every = pd.concat(tables.values())
    every = every[~every.index.duplicated()]  # a row has the same line in every table: it is written once
    for file, sign in enumerate(SEPARATORS):
        heads, *lines = _lines(every, sign)
        line_of = dict(zip(every.index, lines, strict=True))
        for name, rows in tables.items():
            content = "".join([heads, *map(line_of.__getitem__, rows.index)])
            files[name][file].write_bytes(content.encode())
    for path, content in zip(files["codebook"], csv_files(codebook()), strict=True):
        path.write_bytes(content.encode())
    return [(titles[name], *(path.relative_to(folder).as_posix() for path in files[name])) for name in files]
