"""The contract of every table: columns, types, units, keys and allowed codes.

Days are int32 counts since 1970-01-01. Every interval is half-open, ``[start, end)``: the raw registers'
inclusive last day becomes ``end = last day + 1`` when it is read, so lengths are plain differences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

Kind = Literal["key", "code", "day", "month", "count", "number", "eur", "flag", "text"]

DTYPES: dict[Kind, str] = {
    "key": "int32",
    "code": "category",
    "day": "int32",
    "month": "int32",
    "count": "int32",
    "number": "float64",
    "eur": "float64",
    "flag": "bool",
    "text": "str",
}

STATES = (
    "unemployed",
    "laid_off",
    "open_employment",
    "subsidised_employment",
    "service",
    "study",
    "outside",
)
BENEFITS = ("labour_market_support", "basic_allowance", "earnings_related")
PAYERS = ("municipality", "state", "unemployment_funds", "eu")
SEXES = ("female", "male", "unknown")
EDUCATIONS = ("basic", "secondary", "tertiary", "unknown")
NATIVE_LANGUAGES = ("fi", "sv", "other")
GROUPS = ("target_group", "te_office_stayers")
COST_STATUSES = ("published", "from_area", "simulated")


@dataclass(frozen=True)
class Column:
    """One column: what it holds, in which unit, and which codes are allowed."""

    name: str
    kind: Kind
    meaning: str
    allowed: tuple[str, ...] = ()
    nullable: bool = False


@dataclass(frozen=True)
class Table:
    """One table: what a row is, its key, its columns, and those that a delivery may leave out."""

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    optional: tuple[Column, ...] = ()

    @property
    def names(self) -> list[str]:
        """Column names in their order."""
        return [column.name for column in self.columns]


PERSON = Column("person_id", "key", "running number of the person, given when the register is read")

PERSONS = Table(
    "persons",
    "a person",
    ("person_id",),
    (
        PERSON,
        Column("birth_day", "day", "date of birth"),
        Column("sex", "code", "sex in the population register", SEXES),
        Column("education", "code", "highest qualification", EDUCATIONS),
        Column("native_language", "code", "registered native language", NATIVE_LANGUAGES),
        Column("immigrant", "flag", "immigrant as the employment services register it"),
    ),
)

RESIDENCE = Table(
    "residence",
    "a stay of a person in a municipality",
    ("person_id", "start"),
    (
        PERSON,
        Column("municipality", "code", "three-digit municipality code"),
        Column("start", "day", "first day"),
        Column("end", "day", "day after the last day"),
    ),
)

SPELLS = Table(
    "spells",
    "a spell of a person in a state; spells may overlap",
    ("person_id", "state", "start", "code"),
    (
        PERSON,
        Column("state", "code", "state in the labour market", STATES),
        Column("code", "code", "service code for services and subsidised work, else empty"),
        Column("start", "day", "first day"),
        Column("end", "day", "day after the last day"),
    ),
)

BENEFIT_PERIODS = Table(
    "benefits",
    "a payment period of a benefit",
    ("person_id", "benefit", "start"),
    (
        PERSON,
        Column("benefit", "code", "benefit paid", BENEFITS),
        Column("start", "day", "first day"),
        Column("end", "day", "day after the last day"),
        Column("days", "count", "paid benefit days (five a week)"),
        Column("amount_eur", "eur", "amount paid, nominal euros"),
    ),
    optional=(
        Column(
            "paid_days_before",
            "number",
            "days of labour market support paid before this period by the payer's own count",
            nullable=True,
        ),
    ),
)

EARNINGS = Table(
    "earnings",
    "earnings of a person in a month",
    ("person_id", "month"),
    (
        PERSON,
        Column("month", "month", "months since January 1970"),
        Column("earnings_eur", "eur", "gross earnings in the month, nominal euros"),
    ),
)

AREA_COSTS = Table(
    "area_costs",
    "a spending item of a pilot area in a year",
    ("area", "year", "item", "payer"),
    (
        Column("area", "text", "pilot area, as in the table of areas"),
        Column("year", "count", "calendar year"),
        Column("item", "text", "what the money was spent on"),
        Column("payer", "code", "who paid", PAYERS),
        Column("amount_eur", "eur", "amount, nominal euros; missing stays missing", nullable=True),
        Column("source", "text", "where the figure comes from"),
        Column("status", "code", "how the figure was obtained", COST_STATUSES),
    ),
)

REGISTER_TABLES: dict[str, Table] = {
    table.name: table for table in (PERSONS, RESIDENCE, SPELLS, BENEFIT_PERIODS, EARNINGS, AREA_COSTS)
}


# what functions take, and where it comes from
SOURCES = {
    "register": "give what evaluation.load returns",
    "study": "give what evaluation.read_study returns",
    "episodes": "give the episodes of evaluation.inflow or stock",
    "data": "give what evaluation.compare returns",
    "design": "give episodes of evaluation.compare",
    "municipalities": 'give evaluation.reference("municipalities")',
    "programme": "give a frame with these columns, one row an area and payer",
    "reference": "give what evaluation.cost_reference returns",
}


def require(name: str, given: object, *parts: str, may_be_empty: Sequence[str] = ()) -> None:
    """Refuse an argument that is something else, or lacks columns, or is empty in rows of one.

    `name` is one of ``SOURCES``, `parts` are columns of a frame, or attributes of what is none.

    Examples
    --------
    >>> require("episodes", pd.DataFrame({"person_id": [1, None]}), "person_id")
    Traceback (most recent call last):
    ValueError: episodes.person_id: 1 rows are empty; give the episodes of evaluation.inflow or stock
    """
    frame = given if isinstance(given, pd.DataFrame) else None
    there = frame.__contains__ if frame is not None else lambda part: hasattr(given, part)
    if lacking := [part for part in (*parts, *may_be_empty) if not there(part)]:
        what = f"{type(given).__name__} without" if frame is None else "no column"
        raise ValueError(f"{name}: {what} {', '.join(lacking)}; {SOURCES[name]}")
    for column in parts:
        if frame is not None and (empty := int(frame[column].isna().sum())):
            raise ValueError(f"{name}.{column}: {empty} rows are empty; {SOURCES[name]}")


def check(frame: pd.DataFrame, table: Table) -> None:
    """Refuse a canonical table that breaks its contract.

    The ValueError names the table, the column, the number of rows and the remedy.

    Examples
    --------
    >>> check(pd.DataFrame({"person_id": pd.array([1], "int32")}), Table("t", "a row", (), (PERSON,)))
    """
    missing = [name for name in table.names if name not in frame]
    if missing:
        raise ValueError(f"{table.name}: no column {', '.join(missing)}; expected {', '.join(table.names)}")
    for column in table.columns:
        values = frame[column.name]
        if not column.nullable and (empty := int(values.isna().sum())):
            raise ValueError(f"{table.name}.{column.name}: {empty} rows are empty; fill or drop them on load")
        if column.kind in ("key", "day", "month", "count") and not np.issubdtype(values.dtype, np.integer):
            raise ValueError(f"{table.name}.{column.name}: {values.dtype} found, whole numbers expected")
        if column.allowed:
            coded = isinstance(values.dtype, pd.CategoricalDtype)
            if not coded or set(values.cat.categories) - set(column.allowed):
                unknown = sorted(set(values.dropna().unique()) - set(column.allowed))
            else:
                unknown = []
            if unknown:
                rows = int(values.isin(unknown).sum())
                raise ValueError(
                    f"{table.name}.{column.name}: {rows} rows hold {unknown}; "
                    f"allowed are {list(column.allowed)}; map them in layout.toml"
                )
    if {"start", "end"} <= set(table.names):
        reversed_rows = int((frame["end"] <= frame["start"]).sum())
        if reversed_rows:
            raise ValueError(
                f"{table.name}: {reversed_rows} rows end before they start; see the quality table"
            )
    if table.key and not _rises(frame, table.key):
        repeated = int(frame.duplicated(list(table.key)).sum())
        if repeated:
            raise ValueError(f"{table.name}: {repeated} rows repeat the key {', '.join(table.key)}")


def _rises(frame: pd.DataFrame, key: tuple[str, ...]) -> bool:
    """Whether rows are ordered by a key that none repeats: sooner seen than rows are looked up."""
    same = np.ones(max(len(frame) - 1, 0), dtype=bool)
    for name in key:
        coded = isinstance(frame[name].dtype, pd.CategoricalDtype)
        values = (frame[name].cat.codes if coded else frame[name]).to_numpy()
        if values.dtype.kind not in "iuf" or (same & ~(values[1:] >= values[:-1])).any():
            return False
        same &= values[1:] == values[:-1]
    return not same.any()
