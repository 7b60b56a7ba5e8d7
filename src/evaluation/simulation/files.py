"""Writing simulated tables as raw deliveries: Finnish names and codes, mixed encodings and dates."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from evaluation.simulation.delivery import OPEN
from evaluation.simulation.dirt import ANCIENT, EMPTY
from evaluation.simulation.population import Years
from evaluation.units import to_day

ROWS = 2**19  # that are text at a time
# Files by canonical name, and raw code -> canonical code in the order of the simulator's whole-number codes.
_DECLARED = Path(__file__).with_name("layout.toml").read_text("utf-8").partition("\n")[2]
FILES: dict[str, dict[str, Any]] = tomllib.loads(_DECLARED)["files"]
CODES: dict[str, dict[str, dict[str, str]]] = tomllib.loads(_DECLARED)["codes"]


def take(labels: list[str] | pa.Array, index: np.ndarray) -> pa.Array:
    """Labels by position; positions beyond the labels become empty fields."""
    beyond = (index < 0) | (index >= len(labels))
    return pc.fill_null(pa.array(labels).take(pa.array(index, mask=beyond)), "")


@cache
def _date_labels(low: int, until: int, date_format: str) -> pa.Array:
    """All days from `low` on as text, and what stands for an open end, an empty day and the year 1900."""
    text = np.datetime_as_string(np.arange(low, until).astype("datetime64[D]")).tolist()
    if date_format == "d.m.yyyy":
        text = [f"{int(d[8:])}.{int(d[5:7])}.{d[:4]}" for d in text]
        return pa.array([*text, "31.12.9999", "", "1.1.1900"])
    return pa.array([*text, "", "", "1900-01-01"])


def date_text(day: np.ndarray, *, date_format: str, years: Years) -> pa.Array:
    """Days as text; open ends are 31.12.9999 in Finnish dates and empty in ISO dates."""
    low = to_day("1940-01-01")
    labels = _date_labels(low, years.until + 400, date_format)
    places = len(labels) - 3 + np.arange(3)
    index = np.select([day == OPEN, day == EMPTY, day <= ANCIENT], places.tolist(), day - low)
    return labels.take(pa.array(index))


def money_text(amount: np.ndarray, *, decimal: str) -> pa.Array:
    """Euros with two decimals; missing amounts become empty fields."""
    text = pa.array(amount, from_pandas=True).cast(pa.decimal128(15, 2)).cast(pa.string())
    return pc.replace_substring(pc.fill_null(text, ""), ".", decimal)


def write_table(folder: Path, name: str, table: pd.DataFrame, *, pseudonyms: pa.Array, years: Years) -> None:
    """One file of a delivery, from whole-number codes and days, so many rows at a time."""
    file = FILES[name]
    with (folder / file["file"]).open("w", encoding=file["encoding"], newline="") as sink:
        for first in range(0, max(len(table), 1), ROWS):
            part = _columns(name, table.iloc[first : first + ROWS], pseudonyms=pseudonyms, years=years)
            text = pa.table({raw: part[canonical] for canonical, raw in file["columns"].items()})
            options = pyarrow.csv.WriteOptions(
                include_header=first == 0, delimiter=file["separator"], quoting_style="none"
            )
            written = pa.BufferOutputStream()
            pyarrow.csv.write_csv(text, written, options)
            sink.write(str(written.getvalue(), "utf-8"))


def _columns(name: str, table: pd.DataFrame, *, pseudonyms: pa.Array, years: Years) -> dict[str, pa.Array]:
    """Text columns of a table under their canonical names."""
    file = FILES[name]
    columns: dict[str, pa.Array] = {}
    for column in file["columns"]:
        source = {"person_id": "person", "birth_day": "birth"}.get(column, column)
        values = table[source].to_numpy()
        if column == "person_id":
            columns[column] = take(pseudonyms, values)
        elif column in ("birth_day", "start", "end"):
            columns[column] = date_text(values, date_format=file["date_format"], years=years)
        elif column in CODES.get(name, {}):
            columns[column] = take(list(CODES[name][column]), values)
        elif column == "month":
            months = np.arange("1970-01", "2030-01", dtype="datetime64[M]")
            columns[column] = take(np.datetime_as_string(months).tolist(), values)
        elif column.endswith("_eur"):
            columns[column] = money_text(values.astype(float), decimal=file["decimal"])
        elif np.issubdtype(values.dtype, np.integer):
            columns[column] = pa.array(values).cast(pa.string())
        else:
            columns[column] = pa.array(values.astype(str))
    return columns


def write_register(
    folder: Path,
    tables: Iterable[tuple[str, pd.DataFrame]],
    *,
    pseudonyms: list[str],
    truth: pd.DataFrame,
    years: Years,
) -> None:
    """All files of a delivery, a table at a time; persons and codes are whole numbers, days since 1970."""
    folder.mkdir(parents=True, exist_ok=True)
    labels = pa.array(pseudonyms)
    for name, table in tables:
        write_table(folder, name, table, pseudonyms=labels, years=years)
        del table  # before the next one is made
    first, last = (str(np.datetime64(day, "D")) for day in (years.first, years.until - 1))
    head = "# Written by the simulator: no person in these files exists.\nsimulated = true\n"
    seen = f"observed_from = {first}\nobserved_until = {last}\n"
    (folder / "layout.toml").write_text(head + seen + _DECLARED, encoding="utf-8")
    truth.to_csv(folder / "totuus.csv", index=False, lineterminator="\n", float_format="%.6f")
