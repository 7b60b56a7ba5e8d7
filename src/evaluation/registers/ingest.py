"""The only reader of raw registers: deliveries in, validated Parquet and a table of data quality out."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from evaluation.deliveries.columns import counted
from evaluation.deliveries.files import Tally
from evaluation.deliveries.layout import FileLayout, Layout, read_layout
from evaluation.deliveries.layout_parts import Limit
from evaluation.deliveries.pieces import pieces
from evaluation.registers import cleaning
from evaluation.registers.by_bucket import (
    PERSONS,
    buckets_of,
    cleaned_in_turn,
    in_turn,
    keep_people,
    put_aside,
    rows_of_bucket,
)
from evaluation.registers.canonical import arrow, canonical, empty
from evaluation.registers.cleaning import Known
from evaluation.registers.reference import areas as known_areas
from evaluation.registers.reference import reference as read_reference
from evaluation.registers.rules import RULES, WITHOUT_RESIDENCE, judge, refuse_unknown
from evaluation.schemas import REGISTER_TABLES

ROWS_TOGETHER = 2**18  # in Parquet: who reads some of the persons reads little else
COLUMNS = ["table", "rule", "rows", "action"]
Track = Callable[..., Iterable[Any]]  # as rich.progress.track: things, what is done with them, how many


class DeliveryRefused(ValueError):
    """A delivery that was not stored: what is wrong with it, and the rows counted until then."""

    def __init__(self, problems: list[str], quality: pd.DataFrame) -> None:
        self.problems, self.quality = problems, quality
        super().__init__("\n".join(problems))


def _untold(things: Iterable[Any], description: str, total: int) -> Iterable[Any]:
    return things


def ingest(
    raw: Path | str,
    processed: Path | str,
    *,
    reference: Path | str | None = None,
    executor: Executor | None = None,
    track: Track | None = None,
) -> pd.DataFrame:
    """Read a raw delivery, validate it and write it as Parquet below ``processed/register``.

    Pseudonyms become running numbers in their sorted order; no mapping between the two is kept. The same
    input gives byte-identical files. Large files are read in pieces and cleaned by buckets of persons, so
    that memory does not grow with the delivery.

    Parameters
    ----------
    raw : path
        Folder of the delivery with its ``layout.toml``.
    processed : path
        Folder that gets ``register/`` with a Parquet file for each table and for the quality table.
    reference : path, optional
        Folder of the reference data, by default ``reference`` beside the delivery.
    executor : concurrent.futures.Executor, optional
        Works on pieces and buckets, in other processes or on a cluster that sees both folders; the files are
        the same with any and with none.
    track : callable, optional
        Shows how far the reading is, such as ``rich.progress.track``.

    Returns
    -------
    pandas.DataFrame
        Quality table: table, rule, rows, action (read, kept, dropped, mended). For every table the rows
        read are the rows of ``rows_kept`` plus all that were dropped.

    Raises
    ------
    FileNotFoundError
        If the layout or a file is missing.
    ValueError
        If a column cannot be read, a personal identity code is found, or a table breaks its contract.

    Examples
    --------
    >>> quality = ingest(raw, processed, reference="data/raw/reference")
    >>> quality.query("table == 'persons' and rule == 'rows_read'")["rows"].tolist()
    [2000]
    """
    layout = read_layout(Path(raw))
    refuse_unknown(layout.limits)
    folder = Path(reference) if reference is not None else Path(raw).parent / "reference"
    known = Known(
        layout.observed_from,
        layout.observed_until,
        frozenset(read_reference("municipalities", folder)["municipality"]),
        frozenset(read_reference("service_codes", folder)["code_statfi"]),
        known_areas(folder),
    )
    with _aside(Path(processed)) as aside:
        quality = _read(layout, known, aside, executor, track or _untold)
        register = Path(processed) / "register"
        register.mkdir(exist_ok=True)
        for file in sorted((aside / "register").iterdir()):
            file.replace(register / file.name)
    return quality


def _read(layout: Layout, known: Known, aside: Path, executor: Executor | None, track: Track) -> pd.DataFrame:
    """Write the register into a folder aside, or say all that is wrong with the delivery."""
    tallies: dict[str, Tally] = {name: Counter() for name in REGISTER_TABLES}
    people = aside / "people.arrow"
    keep_people([], [], people)  # where persons cannot be read, the other tables are looked at all the same
    problems: list[str] = []
    whole: dict[str, pd.DataFrame] = {}
    places: dict[str, list[Path]] = {}
    for name, table in REGISTER_TABLES.items():  # all of them, so that all faults are said at once
        tally = tallies[name]
        try:
            if "person_id" in table.names and name != "persons":
                places[name] = _pieces(layout.files[name], aside, people, tally, executor, track)
                continue
            if name in layout.files:
                frame = rows_of_bucket(0, _pieces(layout.files[name], aside, None, tally, None, _untold))
            else:
                tally["file_absent", "kept"] = 0
                frame = empty(table)
            frame = cleaning.apply(frame, RULES[name], known, tally=tally)
            if name == "persons":
                frame = _numbered(frame, people)
            whole[name] = canonical(frame, table, tally=tally)
        except ValueError as error:
            problems.append(str(error))
    if not problems:
        (aside / "register").mkdir()
        persons = len(whole["persons"])
        buckets = buckets_of(persons, PERSONS)
        for name, frame in whole.items():
            parts: Iterable[tuple[pa.Table, Tally]] = [(arrow(frame, REGISTER_TABLES[name]), Counter())]
            _write(aside / "register" / f"{name}.parquet", parts, tallies[name])
        for name, files in places.items():
            found = cleaned_in_turn(buckets, executor, table=name, places=files, people=people, known=known)
            parts = track(found, f"cleaning {name}", total=len(buckets))
            _write(aside / "register" / f"{name}.parquet", parts, tallies[name])
            for file in files:
                file.unlink()
        residents = pq.read_table(aside / "register" / "residence.parquet", columns=["person_id"])
        without = persons - pc.count_distinct(residents["person_id"]).as_py()
        tallies["persons"][WITHOUT_RESIDENCE.name, "kept"] = without
    counts = [
        (name, rule, rows, action)
        for name, tally in tallies.items()
        for (rule, action), rows in tally.items()
    ]
    quality = pd.DataFrame(counts, columns=COLUMNS)
    problems += _too_much(quality, layout.limits)
    if problems:
        raise DeliveryRefused(problems, quality)
    facts = {name: getattr(layout, name) for name in ("observed_from", "observed_until", "simulated")}
    quality.to_parquet(aside / "register" / "quality.parquet")
    (aside / "register" / "register.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return quality


def _write(file: Path, parts: Iterable[tuple[pa.Table, Tally]], tally: Tally) -> None:
    """Write the buckets of a table under one another."""
    writer = None
    with contextlib.ExitStack() as opened:
        for table, found in parts:
            if writer is None:
                # amounts and keys hardly repeat or shrink: to pack them costs more than all rules
                often = [one.name for one in table.schema if not pa.types.is_floating(one.type)]
                writer = pq.ParquetWriter(file, table.schema, compression="none", use_dictionary=often)
                opened.enter_context(writer)
            writer.write_table(table, row_group_size=ROWS_TOGETHER)
            tally.update(found)


def attempt(
    raw: Path, processed: Path, **how: Any
) -> tuple[pd.DataFrame, dict[str, dict[str, Limit]], list[str]]:
    """Read a delivery as `ingest` does, but tell what was wrong instead of failing.

    Returned are the quality table as far as it was counted, the limits of the layout, and why it was refused.
    """
    limits: dict[str, dict[str, Limit]] = {}
    try:
        limits = read_layout(raw).limits
        return ingest(raw, processed, **how), limits, []
    except DeliveryRefused as refused:
        return refused.quality, limits, refused.problems
    except (ValueError, FileNotFoundError) as error:
        return pd.DataFrame([], columns=COLUMNS), limits, [str(error)]


@contextlib.contextmanager
def _aside(processed: Path) -> Iterator[Path]:
    """A folder for what is on its way, removed at the end, after an error, and after a kill by the next."""
    folder = processed / "register.reading"
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _pieces(
    forms: tuple[FileLayout, ...],
    aside: Path,
    people: Path | None,
    tally: Tally,
    executor: Executor | None,
    track: Track,
) -> list[Path]:
    """Put the rows of a table aside by bucket, a file for every piece of it."""
    name, parts = forms[0].table, pieces(forms)
    places = [aside / f"{name}-{number}.arrow" for number in range(len(parts))]
    one = partial(put_aside, people=people, size=PERSONS)
    told = in_turn(one, zip(parts, places, strict=True), executor)
    tally.update(counted(list(track(told, f"reading {name}", total=len(parts)))))
    no_rows = tally["rows_read", "read"] == tally["malformed_row", "dropped"]
    if no_rows and not any(one.may_be_empty for one in forms):
        raise ValueError(
            f"{name}: {forms[0].paths[0].name} has no rows under its first line; ask for the file "
            f"again, or write may_be_empty = true in [files.{name}] of layout.toml"
        )
    return places


def _numbered(kept: pd.DataFrame, people: Path) -> pd.DataFrame:
    """Persons sorted by pseudonym and numbered from 0, for the other tables to be compared with."""
    order = np.argsort(kept["person_id"].cat.codes, kind="stable")  # categories are in their order
    sorted_rows = kept.iloc[order]
    keep_people(sorted_rows["person_id"], sorted_rows["birth_day"].to_numpy(dtype=float), people)
    return sorted_rows.assign(person_id=np.arange(len(kept), dtype=np.int32))


def _too_much(quality: pd.DataFrame, limits: dict[str, dict[str, Limit]]) -> list[str]:
    """Sentences on what stops the reading."""
    judged = judge(quality, limits)
    read, kept = (
        quality[quality["rule"] == rule].set_index("table")["rows"] for rule in ("rows_read", "rows_kept")
    )
    empty = [table for table in read.index[read > 0] if kept.get(table) == 0]
    return [f"{table}: all {read[table]} rows dropped" for table in empty] + [
        f"{row.table}: {row.rule} in {row.rows} of {read.get(row.table, 0)} rows ({row.share:.1%}), more "
        f"than {row.allowed:.1%}; {row.remedy}, or set stop in [limits.{row.table}.{row.rule}] of layout.toml"
        for row in judged[judged["limit"] == "stop"].itertuples()
    ]
