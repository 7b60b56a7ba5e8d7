"""Damage of the kinds that real deliveries have, as a share of rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from evaluation.simulation.delivery import OPEN
from evaluation.units import to_day

EMPTY = OPEN + 1  # in place of a day: nothing was filled in
ANCIENT = to_day("1900-01-01")
Damage = Callable[[pd.DataFrame, np.ndarray], pd.DataFrame]


def refuse_strange(dirt: float) -> None:
    """ValueError if the share of rows to damage is no share below 0.5."""
    if not 0 <= dirt < 0.5:
        raise ValueError(f"dirt = {dirt}: give a share of rows from 0 (clean) to below 0.5")


def soil(name: str, table: pd.DataFrame, *, dirt: float, rng: np.random.Generator) -> pd.DataFrame:
    """A raw table (by canonical name, days as whole numbers, last days inclusive) with damage.

    `dirt` is the share of its rows that are damaged, evenly over the kinds in ``KINDS``; 0 damages nothing,
    above 0 every kind occurs at least once.
    """
    kinds = KINDS.get(name, ()) if dirt else ()
    for damage in kinds:
        count = max(1, round(dirt * len(table) / len(kinds)))
        table = damage(table, np.sort(rng.choice(len(table), min(count, len(table)), replace=False)))
    return table


def _set(column: str, value: object) -> Damage:
    def damage(table: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
        values = table[column].to_numpy().copy()
        values[rows] = value
        return table.assign(**{column: values})

    return damage


def _reversed(table: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    end = table["end"].to_numpy().copy()
    end[rows] = table["start"].to_numpy()[rows] - 1 - rows % 20
    return table.assign(end=end)


def _overlapping(table: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    rows = rows[table["end"].to_numpy()[rows] >= table["start"].to_numpy()[rows] + 3]
    start, end = table["start"].to_numpy()[rows], table["end"].to_numpy()[rows]
    return _with_twins(table, rows, start=start + 3, end=np.where(end < OPEN, end + 14, end))


def _repeated(table: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    return _with_twins(table, rows)


def _with_twins(table: pd.DataFrame, rows: np.ndarray, **changed: np.ndarray) -> pd.DataFrame:
    """The table with a twin behind each of some rows, in order; values of the twins may be `changed`."""
    places = np.insert(np.arange(len(table)), rows + 1, rows)
    table = table.take(places).reset_index(drop=True)
    twins = rows + 1 + np.arange(len(rows))
    for column, own in changed.items():
        values = table[column].to_numpy().copy()
        values[twins] = own
        table[column] = values
    return table


KINDS: dict[str, tuple[Damage, ...]] = {
    "persons": (_set("education", 9), _set("birth", EMPTY), _set("birth", ANCIENT), _repeated),
    "residence": (_set("municipality", "999"), _reversed, _set("start", ANCIENT), _repeated),
    "spells": (
        _overlapping,
        _repeated,
        _reversed,
        _set("end", OPEN),
        _set("start", ANCIENT),
        _set("start", EMPTY),
        _set("state", 8),
    ),
    "benefits": (_set("amount_eur", np.nan), _reversed, _repeated, _set("start", ANCIENT)),
    "earnings": (_set("earnings_eur", np.nan), _repeated),
}
