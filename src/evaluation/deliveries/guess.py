"""A layout proposed for a delivery, from the names and the content of its columns: a draft to correct.

The draft holds names of files and columns, and codes that at least ten persons have; no id, name, date,
amount or rare code of a person.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from evaluation.deliveries import values
from evaluation.deliveries.codes import NUMBER_OR_DATE, QUOTED_FROM, frequent_codes, labels_of
from evaluation.deliveries.files import columns_of
from evaluation.deliveries.identity import PSEUDONYMS, holds_identity_code
from evaluation.deliveries.layout import FileLayout
from evaluation.deliveries.layout_parts import MAY_BE_ABSENT
from evaluation.deliveries.pieces import Piece
from evaluation.deliveries.sources import content, text_of
from evaluation.deliveries.values import RawColumn
from evaluation.deliveries.workbooks import is_workbook, sheets_of
from evaluation.schemas import REGISTER_TABLES, Column, Table

USUAL = tomllib.loads((Path(__file__).parent / "usual.toml").read_text(encoding="utf-8"))
ENOUGH = 0.55  # score of a likely column
TELLS = {  # without these a file is not of the table
    "persons": {"birth_day"},
    "residence": {"municipality"},
    "benefits": {"amount_eur"},
    "earnings": {"earnings_eur"},
    "area_costs": {"payer"},
}
NO_NAME = re.compile(rf"^\s*$|^[\d.,-]+$|{NUMBER_OR_DATE.pattern}")
HEAD = """# A draft: correct it, save it as layout.toml beside the files, then run `evaluation ingest`.
# Columns were matched by name and content; codes are shown only where at least ten persons have them.
# docs/data-dictionary.md says what every key, column and code means."""


@dataclass(frozen=True)
class Seen:
    """One file: its columns, what each may hold, and how it is written."""

    path: str
    columns: dict[str, RawColumn]
    kinds: dict[str, str]
    written: dict[str, str]


def guess(folder: Path | str) -> str:
    """Propose a layout for the files of a folder: TOML with comments on what is to be corrected."""
    top = Path(folder)
    files = [one for one in sorted(top.rglob("*")) if os.path.isfile(one)]
    paths = [one for one in files if one.suffix != ".toml" and not one.name.startswith(".")]
    if not paths:
        raise FileNotFoundError(f"{top} holds no files; give the folder of a delivery")
    if any(holds_identity_code(str(one.relative_to(top))) for one in paths):
        raise ValueError(f"the name of a file holds a personal identity code; {PSEUDONYMS}")
    seen, lines = [], [HEAD]
    for path in paths:
        try:
            seen += _looks(path, str(path.relative_to(top)))
        except ValueError as error:
            lines.append(f"# not read: {error}")
    found = _tables(seen)
    lines += ["", "simulated = false", *_window(found)]
    for name, table in REGISTER_TABLES.items():
        lines += ["", *(_described(table, found[name]) if name in found else _absent(name))]
    used = {id(one) for group in found.values() for one in group}
    lines += [
        f"# no table was recognised in {one.written.get('sheet', one.path)}"
        for one in seen
        if id(one) not in used
    ]
    return "\n".join(lines) + "\n"


def _looks(path: Path, name: str) -> list[Seen]:
    """What a file holds: a workbook may hold a table on each of its sheets."""
    data = content(path)
    sheets = sheets_of(path, data) if is_workbook(data) else {}
    return [_look(path, data, name, sheet) for sheet in (sheets if len(sheets) > 1 else [None])]


def _look(path: Path, data: bytes, name: str, sheet: str | None) -> Seen:
    file = FileLayout.model_construct(table="?", paths=(path,), columns={}, codes={}, sheet=sheet)
    columns = {column: found.distinct for column, found in columns_of(Piece(path, file))[0].items()}
    # where the first row is no header, the name of a column is one of its values
    no_header = any(found.is_text and column in found.values.to_pylist() for column, found in columns.items())
    if no_header or any(NO_NAME.search(column) for column in columns):
        raise ValueError(f"{name} has no column names in its first line; are there lines before it?")
    written = {"sheet": sheet} if sheet else {}
    if data[:4] != b"PAR1" and not is_workbook(data):
        written["encoding"], text = text_of(path, data, None, where="")
        first = text.partition(b"\n")[0].decode("utf-8")
        written["separator"] = max(";,\t|", key=first.count)
    kinds = {column: values.kind_of(found.values) for column, found in columns.items()}
    forms = {kind for kind in kinds.values() if kind in values.DATES}
    if len(forms) == 1:
        written["date_format"] = forms.pop()
    marks = [_decimal(columns[column].values) for column, kind in kinds.items() if kind == "number"]
    if len(found := {mark for mark in marks if mark}) == 1:
        written["decimal"] = found.pop()
    return Seen(name, columns, kinds, written)


def _decimal(found: pa.Array) -> str:
    if not pa.types.is_string(found.type):
        return ""
    texts = found.to_pandas().astype("str")[: values.MOST]
    counts = {mark: int(texts.str.contains(rf"\{mark}\d{{1,2}}$").sum()) for mark in ",."}
    return max(counts, key=counts.__getitem__) if any(counts.values()) else ""


def _likeness(column: Column, raw: str, seen: Seen) -> float:
    """How likely a raw column is a canonical one: 0 where the content forbids it."""
    kind, found = seen.kinds[raw], seen.columns[raw]
    dated = kind in values.DATES or kind == "typed date"
    distinct = len(found.values)
    fits = {
        "key": not dated,
        "day": dated or kind == "number",
        "month": dated or kind == "month" or kind == "number",
        "code": not dated and (distinct <= 400 or not column.allowed),
        "flag": distinct <= 4,
        "text": not dated,
    }.get(column.kind, kind == "number")
    if not fits:
        return 0.0
    name = _plain(raw)
    usual = [column.name.replace("_", ""), *USUAL["names"].get(column.name, [])]
    by_name = max(_alike(name, one) for one in usual)
    texts = values.texts_of(found.values) if distinct <= 400 else None
    known = {text.lower() for group in USUAL["codes"].get(column.name, {}).values() for text in group}
    known |= {code.lower() for code in column.allowed}
    by_content = 0.0
    if texts is not None and len(texts) and known:
        by_content = float(texts.str.lower().isin(known).mean())
    return by_name + 0.4 * by_content


def _alike(name: str, usual: str) -> float:
    if name == usual:
        return 1.0
    return 0.8 if len(usual) > 3 and usual in name else 0.7 * SequenceMatcher(None, name, usual).ratio()


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower().translate(str.maketrans("äåö", "aao")))


def _matched(table: Table, seen: Seen) -> tuple[dict[str, str], float]:
    """Canonical and raw names, the likeliest pairs first, each once; and how likely they are together."""
    pairs = sorted(
        ((_likeness(column, raw, seen), -place, column.name, raw)
         for column in table.columns for place, raw in enumerate(seen.columns)), reverse=True,
    )  # fmt: skip
    found: dict[str, str] = {}
    likeness = 0.0
    for score, _, name, raw in pairs:
        if score > ENOUGH and name not in found and raw not in found.values():
            found[name] = raw
            likeness += score
    return found, likeness


def _tables(seen: list[Seen]) -> dict[str, list[Seen]]:
    """The table that each file fits best; files with the same columns are parts of one table."""
    out: dict[str, list[Seen]] = {}
    fits = []
    for one in seen:
        for name, table in REGISTER_TABLES.items():
            pairs, likeness = _matched(table, one)
            called = one.written.get("sheet", Path(one.path).stem)
            likeness += 0.5 * (_plain(called).startswith(_plain(name)))
            if not TELLS.get(name, set()) - set(pairs):
                fits.append((likeness / len(table.columns), name, one))
    for share, name, one in sorted(fits, key=lambda fit: (-fit[0], fit[1], fit[2].path)):
        taken = any(one is other for group in out.values() for other in group)
        form = None if "sheet" in one.written else set(one.columns)  # a sheet is never a part of another
        same = name not in out or set(out[name][0].columns) == form
        if share > ENOUGH and not taken and same:
            out.setdefault(name, []).append(one)
    return out


def _window(found: dict[str, list[Seen]]) -> list[str]:
    """The years in which at least ten rows begin, which tell of no single person."""
    years: list[int] = []
    for one in found.get("spells", []):
        raw = _matched(REGISTER_TABLES["spells"], one)[0].get("start", "")
        if raw:
            days = values.days_of(one.columns[raw].values)
            rows = np.append(days, np.nan)[one.columns[raw].positions]
            dates = rows[np.isfinite(rows)].astype(np.int64).astype("datetime64[D]")
            counts = pd.Series(dates.astype("datetime64[Y]").astype(int) + 1970).value_counts()
            years += counts.index[counts >= QUOTED_FROM].tolist()
    first, last = (min(years), max(years)) if years else (2016, 2024)
    said = "# the first and the last day that the registers cover: correct both"
    return [said, f"observed_from = {first}-01-01", f"observed_until = {last}-12-31"]


def _absent(name: str) -> list[str]:
    if name in MAY_BE_ABSENT:
        return [f"# [files.{name}] may be absent: no file looks like it"]
    return [f"# [files.{name}] is needed, and no file looks like it", f'# file = "{name}.csv"']


def _described(table: Table, files: list[Seen]) -> list[str]:
    one = files[0]
    pairs, _ = _matched(table, one)
    paths = [file.path for file in files]
    lines = [f"[files.{table.name}]", f"file = {_quoted(paths[0] if len(paths) == 1 else paths)}"]
    lines += [f"{key} = {_quoted(value)}" for key, value in one.written.items()]
    lines += [f"[files.{table.name}.columns]"]
    for column in table.columns:
        if column.name in pairs:
            lines.append(f"{column.name} = {_quoted(pairs[column.name])}")
        else:
            lines.append(f'# {column.name} = "?"  # {column.meaning}; or {{ constant = "..." }}')
    rest = [raw for raw in one.columns if raw not in pairs.values()]
    lines += [f"# not used: {', '.join(_quoted(raw) for raw in rest)}"] if rest else []
    for column in table.columns:
        if column.name in pairs and column.kind in ("code", "flag") and column.name in USUAL["codes"]:
            lines += _code_list(table.name, column, files, pairs)
    return lines


def _code_list(table: str, column: Column, files: list[Seen], pairs: dict[str, str]) -> list[str]:
    labels = _labels(files, pairs[column.name])
    persons = _labels(files, pairs["person_id"]).codes if "person_id" in pairs else None
    counts = frequent_codes(labels, (pairs[column.name],), persons)
    unit = "rows" if persons is None else "persons"
    usual = {raw.lower(): code for code, raws in USUAL["codes"][column.name].items() for raw in raws}
    allowed = column.allowed or ("true", "false")
    lines = ["", f"[codes.{table}.{column.name}]  # {', '.join(allowed)}"]
    for raw, rows in counts.items():
        meaning = raw if raw in allowed else usual.get(raw.lower(), "")
        mark = "" if meaning else "# "
        lines.append(f"{mark}{_quoted(raw)} = {_quoted(meaning or '?')}  # {rows} {unit}")
    rare = len(labels.categories) - len(counts)
    if rare:
        lines.append(f"# {rare} more codes are rare or may be personal, and are not shown; usual ones are:")
        known = [raw for raw in usual if raw not in {one.lower() for one in counts}]
        lines += [f"{_quoted(raw)} = {_quoted(usual[raw])}" for raw in known]
    return lines


def _labels(files: list[Seen], raw: str) -> pd.Categorical:
    return pd.Categorical(np.concatenate([labels_of(file.columns[raw]).astype(object) for file in files]))


def _quoted(value: str | list[str]) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
