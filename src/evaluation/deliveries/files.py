"""Raw files as columns: every distinct value once, text as text and typed values as they are."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from evaluation.deliveries import values
from evaluation.deliveries.identity import refuse_identity_codes
from evaluation.deliveries.layout import FileLayout
from evaluation.deliveries.pieces import Piece, table_of
from evaluation.deliveries.values import RawColumn
from evaluation.texts import are_within, bytes_of, hashes, holds

SAMPLES = (2**10, 2**15)  # rows that tell whether values repeat: more than there are days in a life
EMPTY = ("", "NULL", "NA", "NaN", "nan", "None", "NaT", "<NA>", ".", "..", "...", "-")
LONGEST_EMPTY = max(map(len, EMPTY))
Tally = Counter[tuple[str, str]]  # rows by rule and action


def columns_of(piece: Piece) -> tuple[dict[str, RawColumn], int, int]:
    """All columns of a piece of a raw file, its rows, and those with a wrong number of fields.

    Every column of the file, mapped or not, is searched for personal identity codes first. What is wrong is
    told by the file, the column, the number of rows and the remedy, never by a value.
    """
    path, file = piece.path, piece.file
    table, malformed = table_of(piece)
    known = list(table.column_names)
    if len(set(known)) < len(known):
        raise ValueError(f"{path.name}: the first line must hold column names, each once")
    absent = [name for name in file.raw_columns if name not in known]
    if absent:
        alike = {name.casefold() for name in known} & {name.casefold() for name in absent}
        told = f", but {len(alike)} of them in other letters, small or large" if alike else ""
        raise ValueError(
            f"{path.name}: no column {', '.join(absent)}{told}; {table.num_columns} columns were found. "
            f"Correct [files.{file.table}.columns] or the separator in layout.toml"
        )
    columns = {name: _column(table[name], name, path, file) for name in known}
    refuse_identity_codes({name: _searched(column) for name, column in columns.items()}, where=path.name)
    return columns, table.num_rows, malformed


def _column(column: pa.ChunkedArray, name: str, path: Path, file: FileLayout) -> RawColumn:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    mapped = name in file.raw_columns
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        if mapped:
            raise ValueError(
                f"{path.name}: column {name} holds {'lists' if pa.types.is_nested(kind) else 'bytes'} "
                f"({str(kind).split('<')[0]}), which are no values of {file.table}; "
                "deliver one plain value a row"
            )
        texts = pa.array([str(value) for value in column.to_pylist()], pa.string())
        column = pa.chunked_array([texts])
    try:
        if pa.types.is_dictionary(column.type) and not pa.types.is_string(kind):
            column = column.cast(kind)
        if str(kind) in ("large_string", "string_view", "null"):
            column = column.cast(pa.string())
        if pa.types.is_floating(kind):
            column = pc.if_else(pc.is_nan(column), pa.scalar(None, kind), column)
        if (each := _row_by_row(column)) is not None:
            return each
        coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        coded = coded.unify_dictionaries().combine_chunks()
    except (pa.ArrowException, ValueError, TypeError):
        raise ValueError(
            f"{path.name}: column {name} is of type {kind}, which cannot be read; deliver it as text, number "
            "or date"
        ) from None
    positions = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    return (
        _stripped(positions, coded.dictionary)
        if pa.types.is_string(coded.dictionary.type)
        else RawColumn(positions, coded.dictionary)
    )


def _row_by_row(column: pa.ChunkedArray) -> RawColumn | None:
    """A column of text that hardly repeats and needs no care; to look for distinct values is in vain."""
    if not pa.types.is_string(column.type) or column.num_chunks != 1:
        return None
    texts = column.chunk(0)
    for size in SAMPLES:
        sample = texts.slice(len(texts) // 2, size)
        if len(sample) < size or len(sample.unique()) < size // 2:
            return None
    there = texts.drop_null()
    if _needs_care(there):
        return None
    positions = np.arange(len(texts), dtype=np.int32)
    if texts.null_count:
        known = texts.is_valid().to_numpy(zero_copy_only=False)
        positions = np.full(len(texts), -1, np.int32)
        positions[known] = np.arange(len(there))
    return RawColumn(positions, there, row_by_row=True)


def _stripped(positions: np.ndarray, dictionary: pa.Array) -> RawColumn:
    """Text without blanks around it; what stands for an empty field is missing."""
    if not _needs_care(dictionary):
        return RawColumn(positions, dictionary)
    texts = pd.Series(dictionary.to_pandas(), dtype="str").str.strip()
    if (forced := texts.str.fullmatch('="[^"]*"', na=False)).any():  # Excel is told so that it is text
        texts = texts.mask(forced, texts.str.slice(2, -1))
    texts = texts.str.normalize("NFC")
    texts = texts.where(~texts.isin(EMPTY))
    kept, found = np.unique(texts.dropna().to_numpy(dtype=object), return_inverse=True)
    target = np.full(len(texts) + 1, -1, dtype=np.int32)
    target[np.flatnonzero(texts.notna())] = found
    return RawColumn(target[positions], pa.array(kept, pa.string()))


def _needs_care(found: pa.Array) -> bool:
    if found.null_count or not are_within(found, "!", "~"):
        return True
    short = np.flatnonzero(np.diff(bytes_of(found)[1]) <= LONGEST_EMPTY)
    empty = pc.is_in(found.take(pa.array(short)), pa.array(EMPTY))
    return bool(pc.any(empty).as_py() or (holds(found, "=") and pc.any(pc.starts_with(found, "=")).as_py()))


def _searched(column: RawColumn) -> RawColumn:
    """Values as the text in which identity codes are looked for."""
    if column.is_text:
        return column
    texts = None if pa.types.is_boolean(column.values.type) else values.texts_of(column.values)
    if texts is None:  # dates and truth values hold none
        return RawColumn(np.full(len(column.positions), -1, np.int32), pa.array([], pa.string()))
    digits = texts.str.zfill(10)  # ten digits lost their zero in front
    return RawColumn(column.positions, pa.array(digits, pa.string()))


def row_hash(columns: dict[str, RawColumn], rows: int) -> np.ndarray:
    """A number for every row that equal rows share, whatever the order of their columns."""
    total = np.zeros(rows, dtype=np.uint64)
    for name, column in columns.items():
        key = hashes(pa.array([name]), np.uint64(0))[0]
        texts = column.values if column.is_text else column.values.cast(pa.string())
        total += column.spread(hashes(texts, key), 0)
    return total
