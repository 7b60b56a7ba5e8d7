"""Canonical tables: types and order of the contract, in pandas and in Parquet."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from evaluation.schemas import DTYPES, Table


def canonical(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """A table sorted by its key, with the types of the contract."""
    found = typed(frame, table)
    if found.empty:
        return found
    position, room = np.zeros(len(found), dtype=np.int64), 1
    for name in table.key:
        column = found[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            rank = column.cat.codes.to_numpy(dtype=np.int64)
        elif column.dtype.kind == "i":
            rank = column.to_numpy(dtype=np.int64)
        else:
            rank = pd.factorize(column, sort=True)[0].astype(np.int64)
        rank = rank - rank.min()
        span = int(rank.max()) + 1
        room *= span
        if room >= 2**63:
            raise ValueError(f"{table.name}: too many different keys to sort")
        position = position * span + rank
    order = np.argsort(position)
    if (np.diff(position[order]) == 0).any():  # the first delivered first
        order = np.argsort(position, kind="stable")
    return found.iloc[order].reset_index(drop=True)


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
