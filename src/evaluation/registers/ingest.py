"""The only reader of raw registers: deliveries in, validated Parquet and a table of data quality out."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from evaluation.layout_parts import Limit
from evaluation.registers import cleaning
from evaluation.registers.cleaning import Known, Tally
from evaluation.registers.columns import read_table
from evaluation.registers.layout import Layout, read_layout
from evaluation.registers.reference import areas as known_areas
from evaluation.registers.reference import reference as read_reference
from evaluation.registers.rules import RULES, WITHOUT_RESIDENCE, judge
from evaluation.schemas import DTYPES, REGISTER_TABLES, Table, check

reference = read_reference
ROWS_TOGETHER = 2**18  # in Parquet: who reads some of the persons reads little else
COLUMNS = ["table", "rule", "rows", "action"]


class DeliveryRefused(ValueError):
    """A delivery that was not stored: what is wrong with it, and the rows counted until then."""

    def __init__(self, problems: list[str], quality: pd.DataFrame) -> None:
        self.problems, self.quality = problems, quality
        super().__init__("\n".join(problems))


@dataclass(frozen=True)
class Register:
    """The canonical register; days are int32 since 1970-01-01, the window is half-open."""

    persons: pd.DataFrame
    residence: pd.DataFrame
    spells: pd.DataFrame
    benefits: pd.DataFrame
    earnings: pd.DataFrame
    area_costs: pd.DataFrame
    observed_from: int
    observed_until: int
    simulated: bool


def ingest(raw: Path | str, processed: Path | str, *, reference: Path | str | None = None) -> pd.DataFrame:
    """Read a raw delivery, validate it and write it as Parquet below ``processed/register``.

    Pseudonyms become running numbers in their sorted order; no mapping between the two is kept. The same
    input gives byte-identical files.

    Parameters
    ----------
    raw : path
        Folder of the delivery with its ``layout.toml``.
    processed : path
        Folder that gets ``register/`` with a Parquet file for each table and for the quality table.
    reference : path, optional
        Folder of the reference data, by default ``reference`` beside the delivery.

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
    folder = Path(reference) if reference is not None else Path(raw).parent / "reference"
    known = Known(
        layout.observed_from,
        layout.observed_until,
        frozenset(read_reference("municipalities", folder)["municipality"]),
        frozenset(read_reference("service_codes", folder)["code_statfi"]),
        known_areas(folder),
    )
    tallies: dict[str, Tally] = {name: [] for name in REGISTER_TABLES}
    problems: list[str] = []
    parsed: dict[str, pd.DataFrame] = {}
    for (
        name
    ) in REGISTER_TABLES:  # every table is looked at, so that all faults of a delivery are said at once
        try:
            parsed[name] = _read(layout, name, tallies[name])
        except ValueError as error:
            problems.append(str(error))
    tables = _cleaned(parsed, known, tallies) if not problems else {}
    quality = pd.DataFrame(
        [(name, *entry) for name, tally in tallies.items() for entry in tally], columns=COLUMNS
    )
    problems += _too_much(quality, layout.limits)
    if problems:
        raise DeliveryRefused(problems, quality)
    for name, table in REGISTER_TABLES.items():
        check(tables[name], table)
    _write(Path(processed) / "register", tables, quality, layout)
    return quality


def attempt(
    raw: Path, processed: Path, *, reference: Path
) -> tuple[pd.DataFrame, dict[str, dict[str, Limit]], list[str]]:
    """Read a delivery as `ingest` does, but tell what was wrong with it instead of failing.

    Returns
    -------
    tuple of pandas.DataFrame, dict and list of str
        The quality table as far as it was counted, the limits of the layout, and why it was refused.
    """
    limits: dict[str, dict[str, Limit]] = {}
    try:
        limits = read_layout(raw).limits
        return ingest(raw, processed, reference=reference), limits, []
    except DeliveryRefused as refused:
        return refused.quality, limits, refused.problems
    except (ValueError, FileNotFoundError) as error:
        return pd.DataFrame([], columns=COLUMNS), limits, [str(error)]


def load(processed: Path | str, *, persons: range | None = None) -> Register:
    """Load the canonical register that `ingest` has written.

    Parameters
    ----------
    processed : path
        Folder that holds ``register/``.
    persons : range, optional
        Person numbers from its start up to its stop, where not everybody is wanted.

    Returns
    -------
    Register
        The canonical tables, each a data frame.

    Raises
    ------
    FileNotFoundError
        If nothing was ingested yet.

    Examples
    --------
    >>> load(processed).spells.columns.tolist()
    ['person_id', 'state', 'code', 'start', 'end']
    """
    folder = Path(processed) / "register"
    if not (folder / "register.json").exists():
        raise FileNotFoundError(f"{folder} holds no register; run `evaluation ingest` first")
    facts = json.loads((folder / "register.json").read_text(encoding="utf-8"))
    tables = {
        name: _as_canonical_types(
            of_persons(folder / f"{name}.parquet", persons if "person_id" in table.names else None), table
        )
        for name, table in REGISTER_TABLES.items()
    }
    return Register(**tables, **facts)


def of_persons(file: Path, persons: range | None) -> pd.DataFrame:
    """The rows of a Parquet file that belong to a range of person numbers, or to everybody."""
    within = (
        None if persons is None else [("person_id", ">=", persons.start), ("person_id", "<", persons.stop)]
    )
    return pd.read_parquet(file, filters=within)


def _read(layout: Layout, name: str, tally: Tally) -> pd.DataFrame:
    table = REGISTER_TABLES[name]
    if name not in layout.files:
        tally.append(("file_absent", 0, "kept"))
        empty = pd.Categorical([], categories=pd.Index([], dtype="str"))
        values = {c.name: empty if c.kind in ("code", "text") else np.empty(0) for c in table.columns}
        return pd.DataFrame({**values, "row": np.empty(0, np.uint64)})
    frame = read_table(layout.files[name], tally=tally)
    forms = layout.files[name]
    if frame.empty and not any(one.written.may_be_empty for one in forms):
        raise ValueError(
            f"{name}: {forms[0].paths[0].name} has no rows under its first line; ask for the file "
            f"again, or write may_be_empty = true in [files.{name}] of layout.toml"
        )
    return frame


def _cleaned(
    parsed: dict[str, pd.DataFrame], known: Known, tallies: dict[str, Tally]
) -> dict[str, pd.DataFrame]:
    """Canonical tables by the rules of each; persons first, since the others are compared with them."""
    tables: dict[str, pd.DataFrame] = {}
    pseudonyms = pd.Index([], dtype="str")
    for name, table in REGISTER_TABLES.items():
        frame = parsed.pop(name)
        if name != "persons" and "person_id" in frame:
            frame = frame.assign(person_id=_person_numbers(frame["person_id"], pseudonyms))
        frame = cleaning.apply(frame, RULES[name], known, tally=tallies[name])
        if name == "persons":
            frame, pseudonyms = _numbered(frame)
            known = replace(known, births=frame["birth_day"].to_numpy())
        if "end" in frame:
            frame = frame.assign(end=frame["end"] + 1)  # inclusive until here
        texts = [c.name for c in table.columns if c.kind == "text" or c.name == "code"]
        frame = frame.assign(**{text: cleaning.filled(frame[text]) for text in texts})
        tables[name] = _canonical(frame, table)
        tallies[name].append(("rows_kept", len(frame), "kept"))
    alone = np.setdiff1d(tables["persons"]["person_id"], tables["residence"]["person_id"])
    tallies["persons"].append((WITHOUT_RESIDENCE.name, len(alone), "kept"))
    return tables


def _numbered(kept: pd.DataFrame) -> tuple[pd.DataFrame, pd.Index]:
    """Persons sorted by pseudonym and numbered from 0."""
    texts = kept["person_id"].astype("str").to_numpy(dtype=object)
    order = np.argsort(texts, kind="stable")
    numbered = kept.iloc[order].assign(person_id=np.arange(len(kept), dtype=np.int32))
    return numbered, pd.Index(texts[order], dtype="str")


def _person_numbers(column: pd.Series, pseudonyms: pd.Index) -> np.ndarray:
    numbers = pseudonyms.get_indexer(column.cat.categories).astype(float)
    return np.append(numbers, np.nan)[column.cat.codes]


def _canonical(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    typed = _as_canonical_types(frame, table)
    if typed.empty:
        return typed
    position, room = np.zeros(len(typed), dtype=np.int64), 1
    for name in table.key:
        column = typed[name]
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
    return typed.iloc[np.argsort(position, kind="stable")].reset_index(drop=True)


def _as_canonical_types(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
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


def _too_much(quality: pd.DataFrame, limits: dict[str, dict[str, Limit]]) -> list[str]:
    """Sentences on what stops the reading."""
    judged = judge(quality, limits)
    counts = quality.pivot_table(index="table", columns="rule", values="rows", aggfunc="sum", sort=False)
    counts = counts.reindex(columns=["rows_read", "rows_kept"])
    empty = counts.index[(counts["rows_read"] > 0) & (counts["rows_kept"] == 0)]
    read = quality.query("rule == 'rows_read'").set_index("table")["rows"]
    return [f"{table}: all {counts['rows_read'][table]:.0f} rows dropped" for table in empty] + [
        f"{row.table}: {row.rule} in {row.rows} of {read.get(row.table, 0)} rows ({row.share:.1%}), more "
        f"than {row.allowed:.1%}; {row.remedy}, or set stop in [limits.{row.table}.{row.rule}] of layout.toml"
        for row in judged[judged["limit"] == "stop"].itertuples()
    ]


def _write(folder: Path, tables: dict[str, pd.DataFrame], quality: pd.DataFrame, layout: Layout) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in {**tables, "quality": quality}.items():
        table = pa.Table.from_pandas(frame, preserve_index=False)
        pyarrow.parquet.write_table(table, folder / f"{name}.parquet", row_group_size=ROWS_TOGETHER)
    facts = {
        "observed_from": layout.observed_from,
        "observed_until": layout.observed_until,
        "simulated": layout.simulated,
    }
    (folder / "register.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
