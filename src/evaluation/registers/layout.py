"""The layout of a delivery: which file holds which table, which column, which code means what.

A delivery is described by ``layout.toml`` beside it, so a new delivery needs no code.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from pathlib import Path

from evaluation.schemas import REGISTER_TABLES

EPOCH = dt.date(1970, 1, 1)
HELP = """write layout.toml beside the files, for example
  simulated = false
  observed_from = 2016-01-01
  observed_until = 2025-06-30
  [files.persons]
  file = "henkilot.csv"
  [files.persons.columns]
  person_id = "henkilo"
  [codes.persons.sex]
  "1" = "male"
with one [files.<table>] for each of {tables}; docs/data-dictionary.md lists the columns and codes"""


@dataclass(frozen=True)
class FileLayout:
    """Where one table lies and how it is written; what is left out is found out from the file."""

    table: str
    path: Path
    columns: dict[str, str]
    codes: dict[str, dict[str, str]]
    separator: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    date_format: str | None = None


@dataclass(frozen=True)
class Layout:
    """A delivery: the days it covers (half-open) and its files."""

    simulated: bool
    observed_from: int
    observed_until: int
    files: dict[str, FileLayout]


def read_layout(raw: Path) -> Layout:
    """Read ``layout.toml`` of a delivery.

    Raises
    ------
    FileNotFoundError
        If there is no layout, with an example of what to write.
    ValueError
        If a key, table or column is missing or unknown.
    """
    path = Path(raw) / "layout.toml"
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: " + HELP.format(tables=", ".join(REGISTER_TABLES)))
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not TOML in UTF-8: {error}") from None
    tables = ", ".join(REGISTER_TABLES)
    missing = [key for key in ("simulated", "observed_from", "observed_until", "files") if key not in content]
    if missing:
        raise ValueError(f"{path} has no {', '.join(missing)}: " + HELP.format(tables=tables))
    unknown = sorted((set(content["files"]) | set(content.get("codes", {}))) - set(REGISTER_TABLES))
    if unknown:
        raise ValueError(f"{path} names unknown tables {unknown}; known are {list(REGISTER_TABLES)}")
    absent = sorted(set(REGISTER_TABLES) - {"area_costs"} - set(content["files"]))
    if absent:
        raise ValueError(f"{path} has no [files.{absent[0]}]; needed are {absent}")
    files = {
        table: _file_layout(path, table, entry, content.get("codes", {}).get(table, {}))
        for table, entry in content["files"].items()
    }
    first, last = (_day(content[key], f"{path}: {key}") for key in ("observed_from", "observed_until"))
    if last <= first:
        raise ValueError(f"{path}: observed_until is not after observed_from")
    return Layout(bool(content["simulated"]), first, last + 1, files)


def _file_layout(path: Path, table: str, entry: dict, codes: dict) -> FileLayout:
    options = {"separator", "encoding", "decimal", "date_format"}
    strange = sorted(set(entry) - options - {"file", "columns"})
    if strange or "file" not in entry:
        raise ValueError(
            f"{path} [files.{table}]: unknown keys {strange}, "
            f"file {'given' if 'file' in entry else 'missing'}; "
            f"known keys are file, columns, {', '.join(sorted(options))}"
        )
    columns = entry.get("columns", {})
    expected = REGISTER_TABLES[table].names
    optional = {column.name for column in REGISTER_TABLES[table].optional}
    lacking, strange = sorted(set(expected) - set(columns)), sorted(set(columns) - set(expected) - optional)
    if lacking or strange:
        raise ValueError(
            f"{path} [files.{table}.columns]: missing {lacking}, unknown {strange}; "
            f'write canonical = "raw" for {expected}'
        )
    texts = {name: {str(raw): str(new) for raw, new in mapping.items()} for name, mapping in codes.items()}
    given = {key: str(entry[key]) for key in options if key in entry}
    return FileLayout(table, path.parent / entry["file"], dict(columns), texts, **given)


def _day(value: object, where: str) -> int:
    try:
        date = value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"{where} is not a date such as 2016-01-01") from None
    return (dt.date(date.year, date.month, date.day) - EPOCH).days
