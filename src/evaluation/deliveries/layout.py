"""The layout of a delivery: which files hold which table, which column, which code means what.

A delivery is described by ``layout.toml`` beside it, so a new delivery needs no code. Every key is checked
here, before any data is read.
"""

from __future__ import annotations

import datetime as dt
import os
import tomllib
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from evaluation.deliveries.identity import PSEUDONYMS, with_identity_code
from evaluation.deliveries.layout_parts import CodeFile, DeliveryPart, FilePart, Limit
from evaluation.deliveries.sources import code_table, files_named
from evaluation.schemas import REGISTER_TABLES
from evaluation.study import nearest

EPOCH = dt.date(1970, 1, 1)
LARGEST_LAYOUT = 1 << 22  # bytes
HELP = """write layout.toml beside the files, or let `evaluation layout --guess` propose one, for example
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


class FileLayout(FilePart):
    """Where one table lies and how it is written; what is left out is found out from the files."""

    table: str
    paths: tuple[Path, ...]
    codes: dict[str, dict[str, str]]

    @property
    def raw_columns(self) -> list[str]:
        """Columns of the files that are read."""
        latest = [self.latest_by] if self.latest_by else []
        return list(
            dict.fromkeys([*(name for source in self.columns.values() for name in source.names), *latest])
        )

    def names_of(self, column: str) -> tuple[str, ...]:
        """Delivered names of a canonical column, none where there is no such column or it is a constant."""
        return self.columns[column].names if column in self.columns else ()

    def said(self, column: str) -> str:
        """How a message names a column: the canonical name and the delivered one."""
        names = self.names_of(column)
        return f"{self.table}.{column}" + (f" (column {' + '.join(names)})" if names else "")


@dataclass(frozen=True)
class Layout:
    """A delivery: the days it covers (half-open), its files and its limits."""

    simulated: bool
    observed_from: int
    observed_until: int
    files: dict[str, tuple[FileLayout, ...]]  # a table may come in files of different forms
    limits: dict[str, dict[str, Limit]]


def read_layout(raw: Path) -> Layout:
    """Read and check ``layout.toml`` of a delivery; no data file is opened but code tables.

    Every key, table, column, code or file that is missing, unknown or of the wrong kind is named in one
    ValueError; a layout that is not there is a FileNotFoundError with an example of what to write.
    """
    path = Path(raw) / "layout.toml"
    content = _content(path)
    try:
        part = DeliveryPart.model_validate(content)
    except ValidationError as error:
        raise ValueError(f"{path}: " + "; ".join(_said(one, content) for one in error.errors())) from None
    problems = []
    files: dict[str, tuple[FileLayout, ...]] = {}
    for table, forms in part.files.items():
        try:
            paths = [files_named(path.parent, one.file, where=f"[files.{table}] file") for one in forms]
            codes = _codes(path.parent, table, part)
            files[table] = tuple(
                FileLayout.model_construct(**dict(one), table=table, paths=found, codes=codes)
                for found, one in zip(paths, forms, strict=True)
            )
        except (ValueError, FileNotFoundError) as error:
            problems.append(str(error))
    if problems:
        raise ValueError(f"{path}: " + "; ".join(problems))
    first, last = ((day - EPOCH).days for day in (part.observed_from, part.observed_until))
    return Layout(part.simulated, first, last + 1, files, part.limits)


def _content(path: Path) -> dict[str, Any]:
    if not path.exists() and not path.is_symlink():
        raise FileNotFoundError(f"{path} is missing: " + HELP.format(tables=", ".join(REGISTER_TABLES)))
    if not os.path.isfile(path) or path.stat().st_size > LARGEST_LAYOUT:
        raise ValueError(f"{path} is no file of text: write the layout into a file of this name")
    try:
        text = path.read_text(encoding="utf-8-sig")
        if not with_identity_code(text.splitlines()).any():
            return tomllib.loads(unicodedata.normalize("NFC", text))
    except (ValueError, RecursionError) as error:
        told = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "save it as UTF-8"
        raise ValueError(f"{path} is not TOML in UTF-8: {told}") from None
    raise ValueError(f"{path} holds a personal identity code; {PSEUDONYMS}")


def _codes(folder: Path, table: str, part: DeliveryPart) -> dict[str, dict[str, str]]:
    """Meaning of codes by column: from files of code tables, then as the layout itself says."""
    found: dict[str, dict[str, str]] = {}
    for column, given in part.code_files.get(table, {}).items():
        where = f"[code_files.{table}.{column}]"
        (path,) = files_named(folder, (given.file,), where=f"{where} file")
        found[column] = code_table(path, given, where=where)
        _check_codes(found[column], table, column, where=where, quoted=False)
    for column, codes in part.codes.get(table, {}).items():
        _check_codes(codes, table, column, where=f"[codes.{table}.{column}]", quoted=True)
        found[column] = found.get(column, {}) | codes
    return found


def _check_codes(codes: dict[str, str], table: str, column: str, *, where: str, quoted: bool) -> None:
    declared = {one.name: one for one in REGISTER_TABLES[table].columns}
    if column not in declared:
        raise ValueError(f"{where}: {table} has no such column{nearest(column, declared)}")
    if declared[column].kind not in ("code", "flag"):
        raise ValueError(f"{where}: {column} is no code, so it has no code table; remove it")
    allowed = declared[column].allowed or (("true", "false") if declared[column].kind == "flag" else ())
    strange = [raw for raw, code in codes.items() if allowed and code and code not in allowed]
    if strange and quoted:
        code = codes[strange[0]]
        raise ValueError(f'{where}: "{strange[0]}" = "{code}" is no code of ours{nearest(code, allowed)}')
    if strange:  # what a file holds may be anything: it is not shown
        raise ValueError(
            f"{where}: {len(strange)} meanings are none of {', '.join(allowed)}; correct the file"
        )


def _said(error: Any, content: dict[str, Any]) -> str:
    """One fault of the layout as a sentence: the key, what is wrong, what to write."""
    loc = [part for part in error["loc"] if isinstance(part, str) and part != "[key]"]
    where = ".".join(loc)
    if error["type"] == "missing":
        rest = f": {HELP.format(tables=', '.join(REGISTER_TABLES))}" if len(loc) == 1 else ""
        return f"{where} is missing{rest}"
    if error["type"] == "extra_forbidden":
        part: Any = {1: DeliveryPart, 3: FilePart}.get(len(loc), CodeFile)
        known = Limit.model_fields if loc[0] == "limits" else part.model_fields
        return f"unknown key {where}{nearest(loc[-1], known)}"
    told = error["msg"].removeprefix("Value error, ")
    if error["type"].startswith("date"):
        told = "is not a date such as 2016-01-01, without quotation marks and without a time"
    return f"{where}: {told}".strip(": ")


def simulated(raw: Path) -> bool:
    """Whether a delivery says that it is simulated, as far as its layout can be read."""
    try:
        return _content(Path(raw) / "layout.toml").get("simulated") is True
    except (ValueError, FileNotFoundError):
        return False
