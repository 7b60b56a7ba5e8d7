"""Raw columns turned into the columns of a canonical table, a piece of a file after another."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from evaluation.deliveries import values
from evaluation.deliveries.codes import joined, labels_of, mapped
from evaluation.deliveries.files import Tally, columns_of, row_hash
from evaluation.deliveries.layout import FileLayout
from evaluation.deliveries.pieces import Piece
from evaluation.deliveries.values import RawColumn
from evaluation.schemas import REGISTER_TABLES, Column

EXACT = {"float": 2**24, "halffloat": 2**11}  # whole numbers above are not told apart; 2**53 else
MAY_BE_EMPTY = "ask for the file again, or set may_be_empty"


@dataclass(frozen=True)
class Told:
    """What was counted in a piece, and what was wrong with it."""

    piece: Piece
    counts: Tally
    problem: str = ""


def counted(told: list[Told]) -> Tally:
    """Counts of all pieces of a table together.

    If something was wrong it is an error, said of each file by its first piece of which something was.
    """
    problems: dict[Path, str] = {}
    totals: Tally = Counter()
    before: Counter[Path] = Counter()
    for one in told:
        path = one.piece.path
        if one.problem:
            part = f" (counted in a part of the file, after row {before[path]:,})" if one.piece.part else ""
            problems.setdefault(path, one.problem + part)
        totals.update(one.counts)
        before[path] += one.counts["rows_read", "read"]
    if problems:
        raise ValueError("; ".join(dict.fromkeys(problems.values())))
    return totals


def read_piece(piece: Piece) -> tuple[pd.DataFrame, Told]:
    """Read a piece of a file of a table: its canonical columns, and what there is to be told of it.

    Columns are `row`, a hash of the whole raw row, those of the contract, and `latest` where rows of a person
    are told apart by a year. Days are float, open ends infinity; what cannot be read is missing and counted.
    What is wrong with the piece is told by file, column, rows and remedy; there are no columns then.
    """
    counts: Tally = Counter()
    try:
        return _read(piece, counts), Told(piece, counts)
    except ValueError as error:
        return pd.DataFrame(), Told(piece, counts, str(error))


def _read(piece: Piece, tally: Tally) -> pd.DataFrame:
    path, file = piece.path, piece.file
    raw, rows, malformed = columns_of(piece)
    tally["rows_read", "read"] += rows + malformed
    tally["malformed_row", "dropped"] += malformed
    if not rows and not piece.alone and not file.may_be_empty:
        raise ValueError(f"{path.name} has no rows under its first line; {MAY_BE_EMPTY}")
    telling = {name: column for name, column in raw.items() if name not in file.ignore}
    # equal rows of files of another form are no duplicates
    out: dict[str, object] = {"row": row_hash(telling, rows) + np.uint64(piece.form)}
    problems = []
    table = REGISTER_TABLES[file.table]
    for column in (*table.columns, *(one for one in table.optional if one.name in file.columns)):
        try:
            out[column.name] = _values(column, raw, file, rows, tally)
        except (ValueError, TypeError) as error:
            problems.append(f"{path.name}: {file.said(column.name)} {error} in layout.toml")
    if problems:
        raise ValueError("; ".join(problems))
    if file.latest_by:
        latest = raw[file.latest_by]
        rank = _order(latest.values).rank(method="dense")
        out["latest"] = latest.spread(rank.to_numpy(dtype=float), -1.0)
    return pd.DataFrame(out, copy=False)


def _order(found: pa.Array) -> pd.Series:
    """What later is told by: numbers or dates where all values are, else text."""
    texts = values.texts_of(found)
    if texts is None:
        return pd.Series(found.to_pandas())
    for parsed in (
        values.parse_numbers(texts, decimal=","),
        values.parse_months(texts),
        values.parse_days(texts),
    ):
        if parsed.notna().all():
            return parsed
    return texts


def _values(
    column: Column, raw: dict[str, RawColumn], file: FileLayout, rows: int, tally: Tally
) -> np.ndarray | pd.Categorical:
    source = file.columns[column.name]
    keys = file.names_of("person_id")
    persons = raw[keys[0]] if keys else None
    if source.constant is not None:
        place = 0 if source.constant else -1
        found = RawColumn(np.full(rows, place, np.int32), pa.array([source.constant], pa.string()))
    elif len(source.names) > 1:
        found = joined([raw[name] for name in source.names])
    else:
        found = raw[source.names[0]]
    if column.kind == "key":
        _check_ids(found.values)
    if column.kind in ("key", "text"):
        return labels_of(found)
    if column.kind in ("code", "flag"):
        if column.name == "code" and len(found.values) and not found.is_text:
            raise ValueError(values.NO_CODE)
        return mapped(column, found, file, persons)
    parsed = found.spread(_parsed(column, found.values, file), np.nan)
    unread = np.isnan(parsed).sum() - (found.positions < 0).sum()
    tally[f"unreadable_{column.name}", "kept"] += int(unread)
    return parsed


def _parsed(column: Column, found: pa.Array, file: FileLayout) -> np.ndarray:
    try:
        if column.kind == "day":
            return values.days_of(found, date_format=file.date_format, last=column.name == "end")
        if column.kind == "month":
            return values.months_of(found, date_format=file.date_format)
        return values.numbers_of(found, decimal=file.decimal)
    except TypeError as error:
        raise TypeError(f"holds {error}; map the right column") from None


def _check_ids(found: pa.Array) -> None:
    """Ids are text or whole numbers, each told from all others."""
    if pa.types.is_boolean(found.type):
        raise TypeError("holds truth values, which are no ids; map the right column")
    if pa.types.is_floating(found.type) and len(found):
        numbers = found.to_numpy(zero_copy_only=False)
        if (np.abs(numbers) >= EXACT.get(str(found.type), 2**53)).any():
            raise ValueError(
                "holds ids as floats, too long to be exact: deliver text or whole numbers, and name it"
            )
        if (numbers % 1 != 0).any():
            raise ValueError("holds fractions, which are no ids; map the right column")
