"""Canonical tables: types and order of the contract, in pandas and in Parquet."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from evaluation.deliveries.files import Tally
from evaluation.registers.rows import KEY, keys, rows_of
from evaluation.schemas import DTYPES, Table, check


def canonical(frame: pd.DataFrame, table: Table, *, tally: Tally) -> pd.DataFrame:
    """The canonical table of parsed rows that went through the rules: typed, sorted by its key, checked."""
    if "end" in frame:
        frame = frame.assign(end=frame["end"] + 1)  # inclusive until here
    texts = [column.name for column in table.columns if column.kind == "text" or column.name == "code"]
    found = typed(frame.assign(**{text: _filled(frame[text]) for text in texts}), table)
    key = frame[KEY].to_numpy() if KEY in frame else keys(found, table)
    rises = (key[1:] >= key[:-1]).all()
    found = found.reset_index(drop=True) if rises else rows_of(found, np.argsort(key, kind="stable"))
    tally["rows_kept", "kept"] += len(found)
    check(found, table)
    return found


def _filled(column: pd.Series) -> pd.Series:
    """Text categories with "" in place of missing."""
    if "" not in column.cat.categories:
        column = column.cat.add_categories([""])
    return column.fillna("")


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
