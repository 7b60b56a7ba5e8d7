"""Steps over one bucket of persons after another, so that memory does not grow with the register."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from evaluation.registers.by_bucket import PERSONS, in_turn

EPISODES = "episode_id"
Work = Callable[..., Sequence[pd.DataFrame]]


def each(
    work: Work,
    targets: Sequence[Path],
    *,
    processed: Path,
    executor: Executor | None = None,
    jobs: int = 1,
    **given: Any,
) -> None:
    """Let `work` make its tables for every bucket of persons, and put the buckets together.

    It is called as ``work(persons, processed=…, …)`` with a range of person numbers and returns a table for
    each of `targets`, Parquet files that are written whole or not at all. Tables with an index of episodes
    are put under one another, others hold counts that are added up by their index. The `executor` works on
    the buckets, in other processes or on a cluster that sees the folder `processed`; without one so many
    `jobs` do. The files are the same with any and with none.
    """
    number = pq.read_metadata(processed / "register" / "persons.parquet").num_rows
    persons = [range(first, min(first + PERSONS, number)) for first in range(0, max(number, 1), PERSONS)]
    one = partial(work, processed=processed, **given)
    with contextlib.nullcontext(executor) if executor else workers(jobs if len(persons) > 1 else 1) as among:
        _write(in_turn(one, persons, among), targets)


@contextlib.contextmanager
def workers(jobs: int, *, only: Sequence[str] = ()) -> Iterator[Executor | None]:
    """So many processes side by side, which import `only` what is named, or none where this one is enough."""
    if jobs < 2:
        yield None
        return
    from evaluation.pipeline import warm_kernels

    with ProcessPoolExecutor(jobs, mp_context=warm_kernels.processes(only)) as pool:
        yield pool


def _write(buckets: Iterable[Sequence[pd.DataFrame]], targets: Sequence[Path]) -> None:
    counted: dict[Path, pd.DataFrame] = {}
    writers: dict[Path, pq.ParquetWriter] = {}
    for frames in buckets:
        for target, frame in zip(targets, frames, strict=True):
            if frame.index.name == EPISODES:
                _append(frame, target, writers)
            else:
                counted[target] = _added(counted.get(target), frame)
    for writer in writers.values():
        writer.close()
    for target, frame in counted.items():
        frame.reset_index().to_parquet(_part(target))
    for target in targets:
        _part(target).replace(target)


def _part(target: Path) -> Path:
    return target.with_suffix(".part")


def _append(frame: pd.DataFrame, target: Path, writers: dict[Path, pq.ParquetWriter]) -> None:
    begun = writers.get(target)
    table = pa.Table.from_pandas(frame, schema=begun.schema if begun else None)
    if begun is None:
        begun = writers[target] = pq.ParquetWriter(_part(target), table.schema)
    begun.write_table(table)


def _added(so_far: pd.DataFrame | None, frame: pd.DataFrame) -> pd.DataFrame:
    if so_far is None:
        return frame
    both = pd.concat([so_far, frame])
    return both.groupby(level=both.index.names).sum(min_count=1).astype(frame.dtypes)
