"""Rows of parsed tables: ordered by the key of their table as one number, and chosen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from evaluation.schemas import Table

KEY = "key"  # the column of that number


def rows_of(frame: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    """Rows of a frame by a mask or by their places, numbered anew."""
    out: dict[str, Any] = {}
    for name, column in frame.items():
        if not pd.api.types.is_numeric_dtype(column.dtype) or column.dtype == bool:
            out[name] = column.array[rows]
        elif rows.dtype == bool:
            out[name] = column.to_numpy()[rows]
        else:  # Arrow has memory at hand, where numpy asks for it anew
            out[name] = pc.take(pa.array(column.to_numpy()), pa.array(rows), boundscheck=False).to_numpy()
    return pd.DataFrame(out, copy=False)


def in_order(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Parsed rows by the key of their table, those of one key as they were delivered."""
    key = keys(frame, table)
    room = len(key).bit_length()
    if len(key) and int(key.max()) < 2 ** (62 - room):  # numbers are sorted sooner than places
        key <<= room
        key |= np.arange(len(key))
        key.sort()
        order = key & (2**room - 1)
        key >>= room
    else:
        order = np.argsort(key, kind="stable")
        key = key[order]
    return rows_of(frame, order).assign(**{KEY: key})


def keys(frame: pd.DataFrame, table: Table) -> np.ndarray:
    """The key of each row as one number, in the order of the keys; what is missing comes first."""
    allowed = {column.name: column.allowed for column in table.columns}
    found, room = np.zeros(len(frame), dtype=np.int64), 1
    for name in table.key:
        rank, span = _ranks(frame[name], allowed[name])
        room *= span
        if room >= 2**63:
            raise ValueError(f"{table.name}: too many different keys to sort")
        found *= span
        found += rank
    return found


def _ranks(column: pd.Series, allowed: tuple[str, ...]) -> tuple[np.ndarray, int]:
    """Numbers from 0 in the order of the values, and how many numbers there may be."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        names = column.cat.categories
        # where all codes occur `typed` leaves them in the order of the alphabet
        rank = pd.Index(allowed).get_indexer(names) if set(names) < set(allowed) else np.arange(len(names))
        return np.append(rank + 1, 0)[column.cat.codes], max(len(names), len(allowed)) + 1
    if column.dtype.kind not in "if":
        rank = pd.factorize(column, sort=True)[0] + 1
        return rank, int(rank.max(initial=0)) + 1
    whole = column.dtype.kind == "i"  # of any width, so that differences have room
    values = column.to_numpy(dtype=np.int64 if whole else np.float64)
    finite = np.isfinite(values)
    known = values if finite.all() else values[finite]
    first, last = (int(known.min()), int(known.max())) if len(known) else (0, 0)
    rank = values - (first - 1)
    if not finite.all():
        rank[~finite] = np.where(values[~finite] > 0, last - first + 2, 0)
    return rank.astype(np.int64), last - first + 3
