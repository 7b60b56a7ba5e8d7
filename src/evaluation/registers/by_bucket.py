"""Rows of persons by bucket: put aside while files are read, then cleaned a bucket after another.

Every piece of a file and every bucket can be worked on by another process; the result is the same.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike

from evaluation.deliveries.columns import Told, read_piece
from evaluation.deliveries.files import Tally
from evaluation.deliveries.pieces import Piece
from evaluation.registers import cleaning
from evaluation.registers.canonical import arrow, canonical, coded
from evaluation.registers.cleaning import Known
from evaluation.registers.pseudonyms import Pseudonyms
from evaluation.registers.rows import in_order
from evaluation.registers.rules import RULES
from evaluation.schemas import REGISTER_TABLES
from evaluation.units import months_of

PERSONS = 25_000  # of a bucket: fixed, so that files do not depend on how many processes work
LONG_AGO = -1e6
AHEAD = 3  # results that may wait for being written
In = TypeVar("In")
Out = TypeVar("Out")


def in_turn(work: Callable[[In], Out], given: Iterable[In], executor: Executor | None) -> Iterator[Out]:
    """Results in the order of what was given, a few of them worked on ahead by the executor."""
    if executor is None:
        yield from map(work, given)
        return
    waiting: deque = deque()
    for one in given:
        waiting.append(executor.submit(work, one))
        if len(waiting) > AHEAD:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def keep_people(pseudonyms: ArrayLike, births: ArrayLike, place: Path) -> None:
    """Write what other tables are compared with: pseudonyms by person number, and birth days."""
    columns = {"pseudonym": pa.array(pseudonyms, pa.string()), "birth_day": pa.array(births, pa.float64())}
    _write(pa.table(columns), place)


def _write(table: pa.Table, place: Path) -> None:
    with pa.OSFile(str(place), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def _read(place: Path) -> pa.Table:
    with pa.OSFile(str(place)) as source:  # not mapped: what is mapped cannot be removed on Windows
        return pa.ipc.open_file(source).read_all()


@lru_cache(maxsize=1)
def _people(place: Path, changed: int) -> tuple[Pseudonyms, dict[str, np.ndarray]]:
    table = _read(place)
    days = np.append(table["birth_day"].to_numpy(), [LONG_AGO, LONG_AGO])  # of those who have no number
    months = months_of(days.astype(np.int64)).astype(float)
    return Pseudonyms.of(table["pseudonym"].combine_chunks()), {"start": days, "month": months}


def put_aside(given: tuple[Piece, Path], *, people: Path | None, size: int) -> Told:
    """Read a piece and write its rows into a file, a batch for every bucket of known persons."""
    piece, place = given
    frame, told = read_piece(piece)
    if told.problem:
        return told
    bucket, buckets = np.zeros(len(frame), np.uint16), range(1)
    if people is not None:
        pseudonyms, _ = _people(people, people.stat().st_mtime_ns)
        given_ids = frame["person_id"].cat
        numbers = pseudonyms.numbers_of(pa.array(given_ids.categories, pa.string()))
        person = np.append(numbers, np.int32(cleaning.NO_PERSON)).take(given_ids.codes)
        frame = frame.assign(person_id=person)
        bucket = (np.maximum(person, 0) // size).astype(np.uint16)
        buckets = buckets_of(len(pseudonyms.texts), size)
    batch = pa.record_batch(
        {
            name: coded(column) if column.dtype == "category" else pa.array(column.to_numpy())
            for name, column in frame.items()
        }
    )
    if len(buckets) > 1:
        order = np.argsort(bucket, kind="stable")  # so small numbers need no comparisons
        batch, bucket = pc.take(batch, pa.array(order), boundscheck=False), bucket[order]
    ends = np.searchsorted(bucket, buckets, side="right")
    with pa.OSFile(str(place), "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
        for first, last in zip([0, *ends[:-1]], ends, strict=True):
            writer.write_batch(batch.slice(first, last - first))
    return told


def buckets_of(persons: int, size: int) -> range:
    """Numbers of the buckets of so many persons, `size` in each; there is one at least."""
    return range(max(-(-persons // size), 1))


def rows_of_bucket(number: int, places: list[Path]) -> pd.DataFrame:
    """The rows that pieces of a table have in a bucket."""
    parts = []
    for place in places:
        with pa.memory_map(str(place)) as source:
            parts.append(pa.Table.from_batches([pa.ipc.open_file(source).get_batch(number)]))
    whole = pa.concat_tables(parts, promote_options="default").unify_dictionaries()
    columns = dict(zip(whole.column_names, map(_in_one_order, whole.columns), strict=True))
    return pa.table(columns).to_pandas(split_blocks=True)


def _in_one_order(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    """Codes in the order of the alphabet, whichever piece has which of them."""
    if not pa.types.is_dictionary(column.type):
        return column
    found = column.combine_chunks()
    order = pc.sort_indices(found.dictionary)
    places = pa.array(np.argsort(order).astype(np.int32))
    return pa.DictionaryArray.from_arrays(places.take(found.indices), found.dictionary.take(order))


def cleaned_in_turn(
    buckets: Iterable[int], executor: Executor | None, *, people: Path, table: str, **given: Any
) -> Iterator[tuple[pa.Table, Tally]]:
    """Canonical rows of each bucket of persons by the rules of its table, and what each rule found.

    Other processes hand the rows over in files, sooner than in pipes.
    """
    clean = partial(_cleaned, people=people, table=table, **given)
    if executor is None:
        yield from map(clean, buckets)
        return
    places = ((number, people.with_name(f"{table}-cleaned-{number}.arrow")) for number in buckets)
    for place, tally in in_turn(partial(_hand_over, clean=clean), places, executor):
        yield _read(place), tally
        place.unlink()


def _hand_over(
    given: tuple[int, Path], *, clean: Callable[[int], tuple[pa.Table, Tally]]
) -> tuple[Path, Tally]:
    number, place = given
    table, tally = clean(number)
    _write(table, place)
    return place, tally


def _cleaned(
    number: int, *, table: str, places: list[Path], people: Path, known: Known
) -> tuple[pa.Table, Tally]:
    contract = REGISTER_TABLES[table]
    tally: Tally = Counter()
    _, births = _people(people, people.stat().st_mtime_ns)
    known = replace(known, births=births)
    # rows are handed on without a name, so that memory holds them no longer than needed
    frame = cleaning.apply(
        in_order(rows_of_bucket(number, places), contract), RULES[table], known, tally=tally
    )
    return arrow(canonical(frame, contract, tally=tally), contract), tally
