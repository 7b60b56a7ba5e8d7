"""CSV files beside a report: for Excel as it is set up in Finland, and plain; with a codebook.

A text that a spreadsheet would read as a formula gets an apostrophe in front.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from evaluation.reporting.exhibits import Report
from evaluation.results import ledger
from evaluation.words import labels
from evaluation.words.language import CODES

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\u2212", "＝", "＋", "－", "＠")
SEPARATORS = (",", ";")  # of the fields of a line, plain and for Excel in Finland


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
    plain, excel = map("".join, _lines(rows))
    return plain, excel


def _lines(rows: pd.DataFrame) -> Iterator[list[str]]:
    """The lines of either file, the one with the names first."""
    columns = zip(*(_written(values) for _, values in rows.items()), strict=True)
    for start, sign, texts in zip(("", "\ufeff"), SEPARATORS, columns, strict=True):
        names = [_field(safe(name), sign) for name in rows.columns]
        lines = [f"{sign.join(line)}\r\n" for line in (names, *zip(*texts, strict=True))]
        yield [start + lines[0], *lines[1:]]


def _written(values: pd.Series) -> tuple[list[str], list[str]]:
    """The values of a column as either file has them."""
    found = values.tolist()
    if values.dtype.kind in "biu":
        texts = [str(value).lower() for value in found]
        return texts, texts
    if values.dtype.kind == "f":
        # repr is the shortest text that reads back as the same number; an end without bound is left open
        texts = [repr(value) if math.isfinite(value) else "" for value in found]
        return texts, [text.replace(".", ",") for text in texts]
    said = {value: "" if pd.isna(value) else safe(str(value)) for value in set(found)}
    comma, semicolon = ({value: _field(said[value], sign) for value in said} for sign in SEPARATORS)
    return [comma[value] for value in found], [semicolon[value] for value in found]


def _field(text: str, separator: str) -> str:
    """A text as a field of a line: quoted where it holds what ends a field."""
    ends = any(sign in text for sign in (separator, '"', "\r", "\n"))
    return '"' + text.replace('"', '""') + '"' if ends else text


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
    tables["all_values"] = report.rows_of(report.area)
    titles["all_values"] = text("All values of this report")
    titles["codebook"] = text("Codebook: what the columns mean")
    files = {name: [target / f"{name}{suffix}.csv" for suffix in ("", "-excel")] for name in titles}
    every = pd.concat(tables.values())
    every = every[~every.index.duplicated()]  # a row has the same line in every table: it is written once
    for file, (heads, *lines) in enumerate(_lines(every)):
        line_of = dict(zip(every.index, lines, strict=True))
        for name, rows in tables.items():
            content = "".join([heads, *map(line_of.__getitem__, rows.index)])
            files[name][file].write_bytes(content.encode())
    for path, content in zip(files["codebook"], csv_files(codebook()), strict=True):
        path.write_bytes(content.encode())
    return [(titles[name], *(path.relative_to(folder).as_posix() for path in files[name])) for name in files]
