"""Text of raw files turned into days, months, numbers, flags and codes, one distinct value at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from evaluation.registers.files import Tally
from evaluation.registers.layout import FileLayout
from evaluation.schemas import REGISTER_TABLES, Column

OPEN_END_YEAR = 2100  # 31.12.9999 and its relatives
SYSTEMATIC = 0.05  # a value that fails in more than this share of the rows is a gap in the layout, not dirt
FLAGS = dict.fromkeys(("1", "true", "kyllä", "k"), True) | dict.fromkeys(("0", "false", "ei", "e"), False)


def parse(text: pd.DataFrame, file: FileLayout, *, tally: Tally) -> pd.DataFrame:
    """Turn text columns into days, months, numbers, flags and codes; what cannot be read becomes missing.

    Missing values stay missing here; what to do about them is a rule of ``evaluation.cleaning``. An open end
    becomes infinity.
    """
    out: dict[str, object] = {}
    table = REGISTER_TABLES[file.table]
    for column in (*table.columns, *(one for one in table.optional if one.name in text)):
        values = text[column.name].array
        if column.kind in ("key", "text"):
            out[column.name] = values
            continue
        labels = pd.Series(values.categories, dtype="str")
        if mapping := file.codes.get(column.name):
            labels = labels.map(lambda label, known=mapping: known.get(label, label))
        typed = column.name in text.attrs.get("typed", ())
        parsed = _parse_labels(
            labels, column, replace(file, date_format="iso", decimal=".") if typed else file
        )
        unread = np.append(parsed.isna().to_numpy(), False)[values.codes]
        if rows := int(unread.sum()):
            _refuse_systematic(rows, values, parsed, column, file)
        tally.append((f"unreadable_{column.name}", int(unread.sum()), "kept"))
        if column.kind == "code":
            kept = sorted(set(parsed.dropna()))
            position = pd.Index(kept, dtype="str").get_indexer(parsed) if kept else np.full(len(parsed), -1)
            position = np.append(position, -1).astype(np.int32)
            out[column.name] = pd.Categorical.from_codes(position[values.codes], pd.Index(kept, dtype="str"))
        else:
            out[column.name] = np.append(parsed.to_numpy(dtype=float), np.nan)[values.codes]
    return pd.DataFrame(out, copy=False)


def _refuse_systematic(
    rows: int, values: pd.Categorical, parsed: pd.Series, column: Column, file: FileLayout
) -> None:
    if rows <= max(SYSTEMATIC * len(values), 20) and rows < len(values):
        return
    shown = ""
    strange = sorted(set(values.categories[parsed.isna().to_numpy()]))
    if column.allowed and len(strange) <= 20:  # more distinct values are no codes: do not print them
        shown = f" ({', '.join(strange)}; allowed are {', '.join(column.allowed)})"
    coded = column.allowed or column.kind == "flag"
    remedy = f"map them in [codes.{file.table}.{column.name}]" if coded else "check date_format and decimal"
    raise ValueError(
        f"{file.path.name}: column {file.columns[column.name]} cannot be read in {rows} of {len(values)} "
        f"rows{shown}; {remedy} in layout.toml"
    )


def _parse_labels(labels: pd.Series, column: Column, file: FileLayout) -> pd.Series:
    if column.kind == "day":
        return parse_days(labels, date_format=file.date_format)
    if column.kind == "month":
        return parse_months(labels)
    if column.kind == "flag":
        return labels.str.lower().map(FLAGS).astype(float)
    if column.kind == "code":
        return labels.where(labels.isin(column.allowed)) if column.allowed else labels
    return parse_numbers(labels, decimal=file.decimal)


def parse_days(labels: pd.Series, *, date_format: str | None = None) -> pd.Series:
    """Days since 1970-01-01 from d.m.yyyy or ISO text; a far future date is an open end, infinity.

    Examples
    --------
    >>> parse_days(pd.Series(["1.3.2021", "2021-03-01", "31.12.9999"])).tolist()
    [18687.0, 18687.0, inf]
    """
    finnish = labels.str.extract(r"^(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})(?:[ T].*)?$")
    iso = labels.str.extract(r"^(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?:[ T].*)?$")
    if date_format == "iso":
        parts = iso
    elif date_format == "d.m.yyyy":
        parts = finnish
    elif date_format is None:
        parts = finnish.fillna(iso)
    else:
        raise ValueError(f'layout.toml: date_format "{date_format}" is not known; write "d.m.yyyy" or "iso"')
    return _days(*(pd.to_numeric(parts[key]).to_numpy(dtype=float) for key in "ymd"))


def _days(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> pd.Series:
    real = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    months = np.where(real, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    dates = months.astype("datetime64[D]") + np.where(real, day - 1, 0).astype("timedelta64[D]")
    real &= dates.astype("datetime64[M]") == months  # 30 February is no date
    out = np.where(real, dates.astype(np.int64).astype(float), np.nan)
    return pd.Series(np.where(real & (year >= OPEN_END_YEAR), np.inf, out))


def parse_months(labels: pd.Series) -> pd.Series:
    """Months since January 1970 from 2021-03, 2021M03, 202103, 3/2021, 3.2021 or a date.

    Examples
    --------
    >>> parse_months(pd.Series(["2021-03", "2021M03", "3/2021", "1.3.2021"])).tolist()
    [614.0, 614.0, 614.0, 614.0]
    """
    first = labels.str.extract(r"^(?P<y>\d{4})[-M/]?(?P<m>\d{1,2})$")
    last = labels.str.extract(r"^(?P<m>\d{1,2})[/.](?P<y>\d{4})$")
    parts = first.fillna(last)
    year, month = (pd.to_numeric(parts[key]) for key in "ym")
    found = ((year - 1970) * 12 + month - 1).where(month.between(1, 12))
    days = parse_days(labels)
    dated = days.replace(np.inf, np.nan).fillna(0).to_numpy().astype("datetime64[D]").astype("datetime64[M]")
    return found.astype(float).fillna(pd.Series(dated.astype(np.int64).astype(float)).where(days.notna()))


def parse_numbers(labels: pd.Series, *, decimal: str | None = None) -> pd.Series:
    """Numbers from text with decimal comma or point; blanks between thousands are passed over.

    With ``decimal=","`` a point before exactly three digits separates thousands, as in ``1.234``.

    Examples
    --------
    >>> parse_numbers(pd.Series(["1 234,5", "1234.5", "1.234,50"]), decimal=",").tolist()
    [1234.5, 1234.5, 1234.5]
    """
    simple = labels.str.match(r"-?\d+(?:[.,]\d{1,2})?$")  # means the same whatever separates thousands
    out = pd.to_numeric(labels.where(simple).str.replace(",", ".", regex=False)).astype(float)
    if simple.all():
        return out
    plain = labels[~simple].str.replace(r"[\s\u00a0\u202f€]", "", regex=True).str.replace("\u2212", "-")
    if decimal == ",":
        plain = plain.str.replace(r"\.(?=\d{3}(?:\D|$))", "", regex=True)
    elif decimal == ".":
        plain = plain.str.replace(r",(?=\d{3}(?:\D|$))", "", regex=True)
    out[~simple] = pd.to_numeric(plain.str.replace(",", "."), errors="coerce").astype(float)
    return out
