"""Canonical tables: types and order of the contract, in pandas and in Parquet."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from evaluation.registers.cleaning import KEY, rows_of
from evaluation.schemas import DTYPES, Table


def canonical(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """A table sorted by its key, with the types of the contract."""
    found = typed(frame, table)
    key = frame[KEY].to_numpy() if KEY in frame else keys(found, table)
    if (key[1:] >= key[:-1]).all():
        return found.reset_index(drop=True)
    return found.iloc[np.argsort(key, kind="stable")].reset_index(drop=True)


def in_order(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Parsed rows by the key of their table, those of one key as they were delivered."""
    key = keys(frame, table)
    room = len(key).bit_length()
    if len(key) and int(key.max()) < 2 ** (62 - room):  # numbers are sorted sooner than places
        both = np.sort(key << room | np.arange(len(key)))
        order, key = both & (2**room - 1), both >> room
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
        found = found * span + rank
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
    values = column.to_numpy()
    finite = np.isfinite(values)
    known = values if finite.all() else values[finite]
    first, last = (int(known.min()), int(known.max())) if len(known) else (0, 0)
    rank = values - (first - 1)
    if not finite.all():
        rank = np.nan_to_num(rank, nan=0, posinf=last - first + 2)
    return rank.astype(np.int64), last - first + 3


def typed(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """The columns of a table, with the types of the contract."""
    out = {}
    for column in table.columns:
        values = frame[column.name]
        if column.kind == "code":
            used = column.allowed or sorted(set(values.dropna().unique()))
            out[column.name] = values.astype(pd.CategoricalDtype(pd.Index(used, dtype="str")))
        else:
            out[column.name] = values.astype(DTYPES[column.kind])
    for column in table.optional:
        given = frame[column.name] if column.name in frame else np.full(len(frame), np.nan)
        out[column.name] = pd.Series(given, index=frame.index, dtype=DTYPES[column.kind])
    return pd.DataFrame(out)


def empty(table: Table) -> pd.DataFrame:
    """A parsed table without rows."""
    none = pd.Categorical([], categories=pd.Index([], dtype="str"))
    values = {c.name: none if c.kind in ("code", "text") else np.empty(0) for c in table.columns}
    return pd.DataFrame({**values, "row": np.empty(0, np.uint64)})


def arrow(frame: pd.DataFrame, table: Table) -> pa.Table:
    """A canonical table for Parquet, of the same schema whichever codes occur in it."""
    out = {}
    for column in (*table.columns, *table.optional):
        values = frame[column.name]
        if column.kind == "code":
            codes, names = values.cat.codes.astype("int32"), values.cat.categories
            out[column.name] = pa.DictionaryArray.from_arrays(
                pa.array(codes, mask=codes < 0), pa.array(names, pa.string())
            )
        else:
            out[column.name] = pa.array(values, pa.string() if column.kind == "text" else None)
    return pa.table(out)
