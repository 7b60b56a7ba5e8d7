"""Columns of raw values, and these turned into days, months and numbers, one distinct value at a time.

Typed values are taken as typed; text is read as the layout says, or as the column itself shows.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from evaluation.texts import digits_only

OPEN_END_YEAR = 2100  # 31.12.9999 and its relatives
OPEN_END = np.datetime64(f"{OPEN_END_YEAR}-01-01", "D").astype(int)  # the same in days
LOCAL = "Europe/Helsinki"
DAY_IN = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
DATES = {
    "d.m.yyyy": r"^(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})(?:[ T].*)?$",
    "iso": r"^(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?:[ T].*)?$",
    "d/m/yyyy": r"^(?P<d>\d{1,2})/(?P<m>\d{1,2})/(?P<y>\d{4})(?:[ T].*)?$",
    "yyyymmdd": r"^(?P<y>(?:1[89]|20|99)\d{2})(?P<m>\d{2})(?P<d>\d{2})$",
}
MONTHS = (r"^(?P<y>(?:19|20)\d{2})[-M/]?(?P<m>\d{1,2})$", r"^(?P<m>\d{1,2})[/.](?P<y>(?:19|20)\d{2})$")
ALONE = ("d.m.yyyy", "iso", "yyyymmdd")  # forms that cannot be taken for one another
ZONED = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)"
MIDNIGHT = r"[T ]00:00(?::00)?(?:\.0+)?(?:Z|[+-])"
MOST, PARSED = 20_000, 0.8  # values looked at to tell what a column holds; share that must parse
UNCLEAR = r"^-?\d{1,3}[.,]\d{3}$"  # 1.234: one and a bit, or more than a thousand
INEXACT = 1e15  # Excel keeps fifteen digits
NO_CODE = "holds numbers, but 5 and 05 are different services: deliver text and name it"
BLANKS = r"[\s\u00a0\u202f€]|EUR$"


@dataclass(frozen=True)
class RawColumn:
    """A column as values and, for each row, the position of its value; -1 is missing.

    Values stand there once, or, where they hardly repeat, row by row.
    """

    positions: np.ndarray
    values: pa.Array
    row_by_row: bool = False

    @property
    def is_text(self) -> bool:
        """Whether the values are text, to be read as the layout says."""
        return bool(pa.types.is_string(self.values.type))

    @property
    def distinct(self) -> RawColumn:
        """The same column with every value once."""
        coded = self.values.dictionary_encode()
        return RawColumn(np.append(coded.indices, np.int32(-1))[self.positions], coded.dictionary)

    def spread(self, found: np.ndarray, missing: float) -> np.ndarray:
        """What was found of each value, for each row."""
        if not self.row_by_row:
            return np.append(found, np.array(missing, found.dtype))[self.positions]
        if len(found) == len(self.positions):  # none is missing
            return found
        out = np.full(len(self.positions), missing, found.dtype)
        out[self.positions >= 0] = found
        return out


def days_of(values: pa.Array, *, date_format: str | None = None, last: bool = False) -> np.ndarray:
    """Days since 1970-01-01 as float from dates, timestamps, whole numbers or text; NaN where unreadable.

    A far future date is an open end, infinity. A year alone is its first day, or its last one. A type that
    holds no dates is a TypeError.
    """
    kind = values.type
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return _typed_days(values)
    labels = texts_of(values)
    if labels is None or pa.types.is_boolean(kind):
        raise TypeError(f"{kind} where dates belong")
    return parse_days(_in_finland(labels), date_format=date_format, last=last).to_numpy(dtype=float)


def _in_finland(labels: pd.Series) -> pd.Series:
    """Text with a time zone as dates, by the rule of typed timestamps."""
    zoned = labels.str.fullmatch(ZONED)
    if not zoned.any():
        return labels
    inside = zoned & ~labels.str.startswith("9999") & ~labels.str.contains(MIDNIGHT)
    times = pd.to_datetime(labels[inside], utc=True, errors="coerce", format="ISO8601")
    dates = times.dt.tz_convert(LOCAL).dt.strftime("%Y-%m-%d")
    return labels.mask(inside, dates.reindex(labels.index)).fillna("")


def _typed_days(values: pa.Array) -> np.ndarray:
    """Days of dates, and of timestamps: a midnight's in its own zone, other times' in Finland's."""
    if pa.types.is_date(values.type):
        days = values.cast(pa.date32()).cast(pa.int32()).to_numpy(zero_copy_only=False).astype(float)
        return np.where(days >= OPEN_END, np.inf, days)
    unit, zone = values.type.unit, values.type.tz
    local = pc.local_timestamp(values) if zone else values
    ticks = local.cast(pa.int64()).to_numpy(zero_copy_only=False)
    if zone and (times := ticks % DAY_IN[unit] != 0).any():
        finnish = pc.local_timestamp(values.cast(pa.timestamp(unit, LOCAL)))
        ticks = np.where(times, finnish.cast(pa.int64()).to_numpy(zero_copy_only=False), ticks)
    days = np.floor_divide(ticks, DAY_IN[unit]).astype(float)
    return np.where(days >= OPEN_END, np.inf, days)


def parse_days(labels: pd.Series, *, date_format: str | None = None, last: bool = False) -> pd.Series:
    """Days since 1970-01-01 from text in one of the forms of ``DATES``; 31.12.9999 is infinity."""
    out = np.full(len(labels), np.nan)
    for form in [date_format] if date_format else ALONE:
        parts = pc.extract_regex(pa.array(labels, pa.string()), DATES[form])
        found = _days(*(_numbers(pc.struct_field(parts, key)) for key in "ymd"))
        out = np.where(np.isnan(out), found, out)
    year = pd.to_numeric(labels.where(labels.str.fullmatch(r"(?:1[89]|20)\d{2}"))).to_numpy(dtype=float)
    whole = _days(year + last, np.ones(len(year)), np.ones(len(year))) - last
    return pd.Series(np.where(np.isnan(out), whole, out))


def _numbers(digits: pa.StringArray) -> np.ndarray:
    return digits.cast(pa.int32()).to_numpy(zero_copy_only=False).astype(float)


def _days(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> np.ndarray:
    real = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & ~np.isnan(year)
    months = np.where(real, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    dates = months.astype("datetime64[D]") + np.where(real, day - 1, 0).astype("timedelta64[D]")
    real &= dates.astype("datetime64[M]") == months  # 30 February is no date
    out = np.where(real, dates.astype(np.int64).astype(float), np.nan)
    return np.where(real & (year >= OPEN_END_YEAR), np.inf, out)


def months_of(values: pa.Array, *, date_format: str | None = None) -> np.ndarray:
    """Months since January 1970 from dates, or as 2021-03, 2021M03, 202103, 3/2021, 3.2021 or a date."""
    labels, found = texts_of(values), np.full(len(values), np.nan)
    if labels is not None:
        found = parse_months(labels).to_numpy(dtype=float)
        labels = labels.mask(~np.isnan(found) | labels.str.fullmatch(r"\d{4}"), "")
        values = pa.array(labels, pa.string())
    days = days_of(values, date_format=date_format)
    dated = np.isfinite(days)
    first = np.where(dated, days, 0).astype(np.int64).astype("datetime64[D]").astype("datetime64[M]")
    return np.where(np.isnan(found) & dated, first.astype(np.int64), found)


def parse_months(labels: pd.Series) -> pd.Series:
    """Months since January 1970 from text that names year and month only; NaN else."""
    texts, out = pa.array(labels, pa.string()), np.full(len(labels), np.nan)
    for form in MONTHS:
        parts = pc.extract_regex(texts, form)
        year, month = (_numbers(pc.struct_field(parts, key)) for key in "ym")
        out = np.where((month >= 1) & (month <= 12), (year - 1970) * 12 + month - 1, out)
    return pd.Series(out)


def numbers_of(values: pa.Array, *, decimal: str | None = None) -> np.ndarray:
    """Numbers as float from numbers of any width, or from text; NaN where unreadable or infinite.

    A type that holds no numbers is a TypeError.
    """
    kind = values.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        found = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False).astype(float)
        return np.where(np.isfinite(found), found, np.nan)
    if not pa.types.is_string(kind):
        raise TypeError(f"{kind} where numbers belong")
    if decimal is None:
        return parse_numbers(values.to_pandas().astype("str")).to_numpy(dtype=float)
    if (digits := digits_only(values, decimal)) is not None:
        return digits
    plain = np.asarray(pc.match_substring_regex(values, rf"^-?[0-9]+(?:\{decimal}[0-9]+)?$"))
    found = np.empty(len(values))
    found[plain] = pc.replace_substring(values.filter(pa.array(plain)), decimal, ".").cast(pa.float64())
    rest = values.filter(pa.array(~plain)).to_pandas().astype("str")
    found[~plain] = parse_numbers(rest, decimal=decimal)
    return found


def parse_numbers(labels: pd.Series, *, decimal: str | None = None) -> pd.Series:
    """Numbers from text with decimal comma or point; blanks and marks between thousands are passed over.

    Where `decimal` is not given the column itself must tell what 1.234 is, else it is a ValueError.
    """
    plain = labels.str.replace(BLANKS, "", regex=True).str.replace("\u2212", "-")
    if decimal is None:
        decimal = _decimal_shown(plain)
    thousands = {",": r"\.", ".": ","}[decimal]
    grouped = plain.str.fullmatch(rf"-?[1-9]\d{{0,2}}(?:{thousands}\d{{3}})+(?:\{decimal}\d*)?")
    plain = plain.mask(grouped, plain.str.replace(thousands, "", regex=True))
    plain = plain.str.replace(",", ".", regex=False)
    number = plain.str.fullmatch(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?")
    found = pd.to_numeric(plain.where(number), errors="coerce").astype(float)
    return found.where(np.isfinite(found))


def _decimal_shown(labels: pd.Series) -> str:
    unclear = labels.str.match(UNCLEAR)
    point = labels.str.match(r"^-?(?:\d+\.(?:\d{1,2}|\d{4,})|\d{4,}\.\d+|0\.\d+|\d{1,3}(?:,\d{3})+\.\d+)$")
    comma = labels.str.match(r"^-?(?:\d+,(?:\d{1,2}|\d{4,})|\d{4,},\d+|0,\d+|\d{1,3}(?:\.\d{3})+,\d+)$")
    if (unclear & ~point & ~comma).any() and comma.any() == point.any():
        raise ValueError("holds numbers such as 1.234 that may be decimals or thousands; set decimal")
    return "," if comma.any() else "."


def texts_of(values: pa.Array) -> pd.Series | None:
    """Values as text, whole numbers without decimals; None for dates and other types without one text."""
    kind = values.type
    if pa.types.is_string(kind) or pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return values.cast(pa.string()).to_pandas().astype("str")
    # whole numbers with gaps often come as floats
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        found = values.to_pylist()
        whole = [np.isfinite(float(one)) and one == int(one) for one in found]
        return pd.Series([str(int(a) if b else a) for a, b in zip(found, whole, strict=True)], dtype="str")
    return None


def of_cells(cells: list[Any], *, date_format: str | None = None) -> pa.Array:
    """Cells of a sheet as one column: dates, numbers or truth values where all cells are, else text.

    A typed cell among text is written so that it is read back as what it is.
    """
    kinds = {type(cell) for cell in cells if cell is not None}
    large = any(abs(cell) >= INEXACT for cell in cells if type(cell) in (int, float))
    if kinds <= {dt.datetime} or kinds <= {bool} or (kinds <= {int, float} and not large):
        return pa.array([float(cell) if float in kinds and cell is not None else cell for cell in cells])
    texts = [None if cell is None else _cell_text(cell, date_format) for cell in cells]
    return pa.array(texts, pa.string())


def _cell_text(cell: Any, date_format: str | None) -> str:
    if isinstance(cell, dt.datetime):
        forms = {"d.m.yyyy": "%d.%m.%Y", "d/m/yyyy": "%d/%m/%Y", "yyyymmdd": "%Y%m%d"}
        clock = f" {cell.time()}" if cell.time() != dt.time() and date_format != "yyyymmdd" else ""
        return cell.strftime(forms.get(date_format or "", "%Y-%m-%d")) + clock
    if isinstance(cell, float):  # 1.125 would be taken for thousands
        whole = cell.is_integer()
        return str(int(cell)) if whole else re.sub(r"^(-?\d+\.\d{3})$", r"\g<1>0", repr(cell))
    return str(cell).lower() if isinstance(cell, bool) else str(cell)


def kind_of(found: pa.Array) -> str:
    """What values look like: one of ``DATES``, "typed date", "month", "number" or "text"."""
    if pa.types.is_date(found.type) or pa.types.is_timestamp(found.type):
        return "typed date"
    if not pa.types.is_string(found.type):
        return "text" if pa.types.is_boolean(found.type) else "number"
    texts = found.to_pandas().astype("str")[:MOST]
    if texts.empty:
        return "text"
    for form in DATES:
        if parse_days(texts, date_format=form).notna().mean() > PARSED and not (
            texts.str.fullmatch(r"\d{4}").all()
        ):
            return form
    if parse_months(texts).notna().mean() > PARSED:
        return "month"
    return "number" if parse_numbers(texts, decimal=",").notna().mean() > PARSED else "text"
