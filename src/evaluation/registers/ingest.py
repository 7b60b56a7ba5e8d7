"""The only reader of raw registers: deliveries in, validated Parquet and a table of data quality out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from evaluation.registers import cleaning
from evaluation.registers.files import Tally, read_text
from evaluation.registers.layout import Layout, read_layout
from evaluation.registers.reference import reference as read_reference
from evaluation.registers.values import parse
from evaluation.schemas import DTYPES, REGISTER_TABLES, Table, check

reference = read_reference


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
    known = {
        "areas": set(read_reference("pilot_areas", folder)["area"]),
        "municipalities": set(read_reference("municipalities", folder)["municipality"]),
        "services": set(read_reference("service_codes", folder)["code_statfi"]),
    }
    tallies: dict[str, Tally] = {name: [] for name in REGISTER_TABLES}
    tables: dict[str, pd.DataFrame] = {}
    pseudonyms = pd.Index([], dtype="str")
    for name, table in REGISTER_TABLES.items():
        frame = _read(layout, name, tallies[name])
        if name == "persons":
            frame, pseudonyms = _numbered(frame, tallies[name], layout.observed_until)
        elif "person_id" in frame:
            frame = frame.assign(person_id=_person_numbers(frame["person_id"], pseudonyms))
        frame = _canonical(_clean(frame, name, tallies[name], layout, known), table)
        tallies[name].append(("rows_kept", len(frame), "kept"))
        _refuse_loss(name, tallies[name])
        check(frame, table)
        tables[name] = frame
    quality = pd.DataFrame(
        [(name, *entry) for name, tally in tallies.items() for entry in tally],
        columns=["table", "rule", "rows", "action"],
    )
    _write(Path(processed) / "register", tables, quality, layout)
    return quality


def load(processed: Path | str) -> Register:
    """Load the canonical register that `ingest` has written.

    Parameters
    ----------
    processed : path
        Folder that holds ``register/``.

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
        name: _as_canonical_types(pd.read_parquet(folder / f"{name}.parquet"), table)
        for name, table in REGISTER_TABLES.items()
    }
    return Register(**tables, **facts)


def _read(layout: Layout, name: str, tally: Tally) -> pd.DataFrame:
    table = REGISTER_TABLES[name]
    if name not in layout.files:
        tally.append(("file_absent", 0, "kept"))
        empty = pd.Categorical([], categories=pd.Index([], dtype="str"))
        return pd.DataFrame(
            {c.name: empty if c.kind in ("code", "text") else np.empty(0) for c in table.columns}
        )
    return parse(read_text(layout.files[name], tally=tally), layout.files[name], tally=tally)


def _numbered(frame: pd.DataFrame, tally: Tally, until: int) -> tuple[pd.DataFrame, pd.Index]:
    """Clean persons, sorted by pseudonym and numbered from 0."""
    kept = cleaning.clean_persons(frame, tally=tally, until=until)
    texts = kept["person_id"].astype("str").to_numpy(dtype=object)
    order = np.argsort(texts, kind="stable")
    numbered = kept.iloc[order].assign(person_id=np.arange(len(kept), dtype=np.int32))
    return numbered, pd.Index(texts[order], dtype="str")


def _person_numbers(column: pd.Series, pseudonyms: pd.Index) -> np.ndarray:
    numbers = pseudonyms.get_indexer(column.cat.categories).astype(float)
    return np.append(numbers, np.nan)[column.cat.codes]


def _clean(
    frame: pd.DataFrame, name: str, tally: Tally, layout: Layout, known: dict[str, set[str]]
) -> pd.DataFrame:
    since, until = layout.observed_from, layout.observed_until
    if name == "residence":
        return cleaning.clean_residence(
            frame, tally=tally, since=since, until=until, municipalities=known["municipalities"]
        )
    if name == "spells":
        return cleaning.clean_spells(frame, tally=tally, until=until, services=known["services"])
    if name == "benefits":
        return cleaning.clean_benefits(frame, tally=tally, until=until)
    if name == "earnings":
        return cleaning.clean_earnings(frame, tally=tally, since=since, until=until)
    if name == "area_costs":
        return cleaning.clean_area_costs(frame, tally=tally, areas=known["areas"])
    return frame


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


def _refuse_loss(name: str, tally: Tally) -> None:
    read = sum(rows for rule, rows, _ in tally if rule == "rows_read")
    kept = sum(rows for rule, rows, _ in tally if rule == "rows_kept")
    dropped = sum(rows for _, rows, action in tally if action == "dropped")
    if read != kept + dropped:
        raise ValueError(f"{name}: {read} rows read, but {kept} kept and {dropped} dropped; a rule miscounts")
    if read and not kept:
        worst = max((entry for entry in tally if entry[2] == "dropped"), key=lambda entry: entry[1])
        raise ValueError(f"{name}: all {read} rows dropped, {worst[1]} as {worst[0]}; check layout.toml")


def _write(folder: Path, tables: dict[str, pd.DataFrame], quality: pd.DataFrame, layout: Layout) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in {**tables, "quality": quality}.items():
        table = pa.Table.from_pandas(frame, preserve_index=False)
        pyarrow.parquet.write_table(table, folder / f"{name}.parquet")
    facts = {
        "observed_from": layout.observed_from,
        "observed_until": layout.observed_until,
        "simulated": layout.simulated,
    }
    (folder / "register.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
