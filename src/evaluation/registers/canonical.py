"""Canonical tables: types and order of the contract, in pandas and in Parquet."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from evaluation.registers.rows import KEY, keys, rows_of
from evaluation.schemas import DTYPES, Table


def canonical(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """A table sorted by its key, with the types of the contract."""
    found = typed(frame, table)
    key = frame[KEY].to_numpy() if KEY in frame else keys(found, table)
    if (key[1:] >= key[:-1]).all():
        return found.reset_index(drop=True)
    return rows_of(found, np.argsort(key, kind="stable"))


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
    return pd.DataFrame(out, copy=False)


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
        text = pa.string() if column.kind == "text" else None
        out[column.name] = coded(values) if column.kind == "code" else pa.array(values, text)
    return pa.table(out)


def coded(column: pd.Series) -> pa.DictionaryArray:
    """A column of categories, with codes of one width whichever there are."""
    codes = column.cat.codes.to_numpy(dtype=np.int32)
    names = pa.array(column.cat.categories, pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), names)
