"""The keys of a layout file, part by part, each with what may stand there."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from evaluation.schemas import REGISTER_TABLES
from evaluation.study import nearest
from evaluation.study_parts import Part

OTHERS = "*"  # in place of a code: everything that is not named
MAY_BE_ABSENT = ("area_costs",)


@dataclass(frozen=True)
class Source:
    """Where the values of a canonical column come from: one column, several read together, or a constant."""

    names: tuple[str, ...] = ()
    constant: str | None = None


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError('is no name: write the name of a column or file in quotation marks, as "tila"')
    return value


def _source(value: Any) -> Source:
    """``"tila"``, ``["tila", "tarkenne"]`` or ``{ constant = "fi" }``."""
    if isinstance(value, dict):
        if set(value) != {"constant"} or isinstance(value["constant"], dict | list | float):
            raise ValueError('write a column as "tila", several as ["tila", "laji"], or { constant = "fi" }')
        constant = value["constant"]
        return Source(constant=str(constant).lower() if isinstance(constant, bool) else str(constant))
    if isinstance(value, list):
        names = tuple(_name(one) for one in value)
        if len(names) < 2 or len(set(names)) < len(names):
            raise ValueError("a list of columns holds at least two, each once")
        return Source(names)
    return Source((_name(value),))


def _names(value: Any) -> tuple[str, ...]:
    return tuple(_name(one) for one in value) if isinstance(value, list) else (_name(value),)


def _files(value: Any) -> tuple[str, ...]:
    names = _names(value)
    if not names:
        raise ValueError("names no file")
    return names


def _code(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        raise ValueError('write the meaning of a code as text, "raw" = "canonical"; "" for no value')
    return value


def _separator(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[!#-&(-,/:-@\[-`{-~\t]", value):
        raise ValueError('a separator is one sign, usually ";", "," or "\\t"')
    return value


def _encoding(value: Any) -> str:
    try:
        "ä".encode(_name(value))
    except (LookupError, UnicodeError):
        raise ValueError(
            'is no encoding of Finnish text; usual are "utf-8", "latin-1" and "cp1252"'
        ) from None
    return str(value)


Name = Annotated[str, BeforeValidator(_name)]


class FilePart(Part):
    """``[files.<table>]``: the files of one table and how they are written."""

    file: Annotated[tuple[str, ...], BeforeValidator(_files)]
    columns: dict[str, Annotated[Source, BeforeValidator(_source)]]
    separator: Annotated[str, BeforeValidator(_separator)] | None = None
    encoding: Annotated[str, BeforeValidator(_encoding)] | None = None
    decimal: Literal[",", "."] | None = None
    date_format: Literal["d.m.yyyy", "iso", "d/m/yyyy", "yyyymmdd"] | None = None
    quote: Literal['"', "'", ""] = '"'
    sheet: Name | None = None  # of a workbook
    skip_lines: Annotated[int, Field(ge=0, le=1000)] = 0
    latest_by: Name | None = None  # of several rows of a person the one with the largest value counts
    # columns that tell rows apart but say nothing, such as row numbers
    ignore: Annotated[tuple[str, ...], BeforeValidator(_names)] = ()
    may_be_empty: bool = False


def _parts(value: Any) -> Any:
    if value == []:
        raise ValueError("names no file")
    return value if isinstance(value, list) else [value]


class CodeFile(Part):
    """``[code_files.<table>.<column>]``: a code table in a file of its own."""

    file: Name
    raw: Name
    canonical: Name
    sheet: Name | None = None


class Limit(Part):
    """``[limits.<table>.<rule>]``: shares of the rows from which a rule is said, and above which it stops."""

    warn: Annotated[float, Field(ge=0, le=1)] | None = None
    stop: Annotated[float, Field(ge=0, le=1)] | None = None


class DeliveryPart(Part):
    """The whole of ``layout.toml``."""

    simulated: bool
    observed_from: dt.date
    observed_until: dt.date
    files: dict[str, Annotated[list[FilePart], BeforeValidator(_parts)]]  # [[files.spells]] for several forms
    codes: dict[str, dict[str, dict[str, Annotated[str, BeforeValidator(_code)]]]] = Field(
        default_factory=dict
    )
    code_files: dict[str, dict[str, CodeFile]] = Field(default_factory=dict)
    limits: dict[str, dict[str, Limit]] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _only_known_tables(cls, content: Any) -> Any:
        """Tables are told first: the parts of an unknown one say nothing about what is wrong."""
        for key in ("files", "codes", "code_files", "limits"):
            tables = content.get(key)
            named = tables if isinstance(tables, dict) else {}
            if unknown := [name for name in named if name not in REGISTER_TABLES]:
                told = "".join(f" {key}.{name}{nearest(name, REGISTER_TABLES)}" for name in unknown)
                raise ValueError(f"unknown tables:{told}")
        return content

    @model_validator(mode="after")
    def _fits_together(self) -> DeliveryPart:
        if not dt.date(1950, 1, 1) <= self.observed_from < self.observed_until <= dt.date(2099, 12, 31):
            raise ValueError(
                f"observed_until ({self.observed_until}) is not after observed_from ({self.observed_from}), "
                "or one of them does not lie between 1950 and 2099"
            )
        absent = sorted(set(REGISTER_TABLES) - set(MAY_BE_ABSENT) - set(self.files))
        if absent:
            raise ValueError(f"no [files.{absent[0]}]; needed are {', '.join(absent)}")
        for table, files in self.files.items():
            for file in files:
                _check_columns(table, file)
        return self


def _check_columns(table: str, file: FilePart) -> None:
    contract = REGISTER_TABLES[table]
    known = {column.name: column for column in (*contract.columns, *contract.optional)}
    where = f"[files.{table}.columns]"
    faults = [f"unknown {name}{nearest(name, known)}" for name in file.columns if name not in known]
    if absent := [name for name in contract.names if name not in file.columns]:
        faults.append(
            f'missing {", ".join(absent)}: write {absent[0]} = "name in the file", or {absent[0]} = '
            '{ constant = "..." } where the file has no such column'
        )
    if faults:
        raise ValueError(f"{where}: {'; '.join(faults)}")
    for name, source in file.columns.items():
        if len(source.names) > 1 and known[name].kind not in ("code", "flag"):
            raise ValueError(f"{where}: {name} is no code, so it cannot come from several columns")
        if source.constant is not None and known[name].kind == "key":
            raise ValueError(f"{where}: {name} tells persons apart and cannot be a constant")
        if source.constant and known[name].allowed and source.constant not in known[name].allowed:
            raise ValueError(
                f'{where}: {name} = {{ constant = "{source.constant}" }} is no code of ours'
                f"{nearest(source.constant, known[name].allowed)}"
            )
    if file.latest_by and table != "persons":
        raise ValueError(f"[files.{table}]: latest_by belongs to [files.persons], where a row is a person")
