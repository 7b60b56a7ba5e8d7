"""Answers of a PxWeb database (JSON-stat 2, its own JSON, CSV) as one form: numbers and marks, area by month.

Which variable is the area, which the month and which the contents is seen from what they offer: names and
codes of variables change between versions of a table.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

HIDDEN = "..."  # confidential: few persons. Not zero, and not unknown to everybody
MARKS = (HIDDEN, "..", ".")  # hidden; not available; not applicable. "-" means none
MONTH = re.compile(r"^(\d{4})[-M]?(\d{2})$")
MUNICIPALITY = re.compile(r"\bKU(\d{3})\b")
KINDS = {"geo": "area", "time": "month", "metric": "contents"}  # roles of JSON-stat, and here


@dataclass(frozen=True)
class Answer:
    """Numbers of a table, one row an area and month, one column a figure, as the database names them.

    ``values`` and ``marks`` have the same index (area code, month counted from January 1970) and columns;
    a marked value is missing. ``labels`` names the columns in the table's language.
    """

    values: pd.DataFrame
    marks: pd.DataFrame
    labels: Mapping[str, str]
    updated: str = ""


def read_answer(path: Path | str) -> Answer:
    """Read a saved answer: ``.json`` (JSON-stat 2 or PxWeb's own JSON), or CSV with codes of areas.

    ValueError if the file is no such answer, or its variables are not an area, a month and contents.
    """
    path = Path(path)
    if path.suffix.lower() != ".json":
        return _from_csv(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not JSON ({error}); fetch it again") from None
    return from_json(content, where=str(path))


def from_json(content: Any, *, where: str) -> Answer:
    """Tell the two JSON formats apart and read either.

    Examples
    --------
    >>> found = from_json({"columns": [{"code": "a", "text": "Alue", "type": "d"},
    ...                                {"code": "m", "text": "Kuukausi", "type": "t"},
    ...                                {"code": "n", "text": "Lkm", "type": "c"}],
    ...                    "data": [{"key": ["KU091", "2026M06"], "values": ["..."]}]}, where="table")
    >>> found.values.index.tolist(), found.marks["n"].tolist()
    ([('KU091', 677)], ['...'])
    """
    if isinstance(content, dict) and {"columns", "data"} <= set(content):
        return _from_pxweb(content, where=where)
    needed = {"id", "size", "value", "dimension"}
    if isinstance(content, dict) and content.get("class") == "dataset" and needed <= set(content):
        return _from_jsonstat(content, where=where)
    raise ValueError(f"{where}: neither a JSON-stat 2 data set nor an answer of PxWeb (columns and data)")


def role_of_codes(codes: Sequence[str], label: str) -> str:
    """What a variable is ("area", "month", "contents" or ""), seen from its codes and label.

    Examples
    --------
    >>> role_of_codes(["2018M01"], "Kuukausi"), role_of_codes(["SSS", "KU091"], "Alue")
    ('month', 'area')
    """
    if len(codes) and all(MONTH.match(code) for code in codes):
        return "month"
    if any(MUNICIPALITY.search(code) for code in codes):
        return "area"
    return "contents" if re.search(r"^(tiedot|uppgifter|information|contents)", label.lower()) else ""


def roles_of(
    codes: Mapping[str, Sequence[str]] | pd.DataFrame, labels: Mapping[str, str], told: Mapping[str, str]
) -> dict[str, str]:
    """Which variable is the area, which the month and which the contents: as told, seen, or the one left."""
    roles: dict[str, str] = {}
    for name in codes:
        roles.setdefault(told.get(name) or role_of_codes(codes[name], labels.get(name, "")), name)
    roles.pop("", None)
    rest = [name for name in codes if name not in roles.values()]
    return roles if len(rest) != 1 else {"contents": rest[0], **roles}


def codes_of(content: Mapping[str, Any], dimension: str) -> list[str]:
    """Codes of a dimension of a JSON-stat data set, in their order."""
    category = content["dimension"][dimension]["category"]
    index = category.get("index") or list(category["label"])
    return list(index) if isinstance(index, list) else sorted(index, key=index.__getitem__)


def cube(content: Mapping[str, Any], part: str, *, where: str) -> np.ndarray:
    """``value`` or ``status`` of a JSON-stat data set, listed or by position, in the shape of its cells."""
    given, size = content.get(part) or {}, content["size"]
    flat = np.full(int(np.prod(size)), None, dtype=object)
    if isinstance(given, dict):
        flat[[int(position) for position in given]] = list(given.values())
    elif len(given) == len(flat):
        flat[:] = given
    else:
        raise ValueError(f"{where}: {len(given)} values found, {len(flat)} expected")
    return flat.reshape(size)


def _from_jsonstat(content: Mapping[str, Any], *, where: str) -> Answer:
    names, dimensions = list(content["id"]), content["dimension"]
    codes = {name: codes_of(content, name) for name in names}
    told = {name: KINDS.get(kind, "") for kind, of in (content.get("role") or {}).items() for name in of}
    found = roles_of(codes, {name: dimensions[name].get("label", name) for name in names}, told)
    if set(found) != {"area", "month", "contents"}:
        raise ValueError(f"{where}: dimensions {names} are not recognised as area, month and contents")
    # a status hides a value even where one is given
    status = cube(content, "status", where=where)
    cells = np.where(np.isin(status, [*MARKS, "-"]), status, cube(content, "value", where=where))
    contents = found["contents"]
    cells = np.moveaxis(cells, names.index(contents), -1).reshape(-1, len(codes[contents]))
    others = [name for name in names if name != contents]
    keys = pd.MultiIndex.from_product([codes[name] for name in others], names=others).to_frame(index=False)
    labels = dimensions[contents]["category"].get("label", {})
    return _answer(
        pd.DataFrame(cells, columns=codes[contents]),
        keys,
        found,
        labels={code: labels.get(code, code) for code in codes[contents]},
        updated=str(content.get("updated", "")),
        where=where,
    )


def _from_pxweb(content: Mapping[str, Any], *, where: str) -> Answer:
    names = {column["code"]: column.get("text", column["code"]) for column in content["columns"]}
    figures = [column["code"] for column in content["columns"] if column.get("type") == "c"]
    variables = [code for code in names if code not in figures]
    keys = pd.DataFrame([row["key"] for row in content["data"]], columns=variables)
    found = roles_of(keys, {}, {})
    if not {"area", "month"} <= set(found) or not figures:
        told = list(names.values())
        raise ValueError(f"{where}: columns {told} are not recognised as area, month and contents")
    return _answer(
        pd.DataFrame([row["values"] for row in content["data"]], columns=figures),
        keys,
        found,
        labels={code: names[code] for code in figures},
        updated=str((content.get("metadata") or [{}])[0].get("updated", "")),
        where=where,
    )


def _from_csv(path: Path) -> Answer:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    lines = text.splitlines()
    # a title may stand above the table
    head = next((at for at, line in enumerate(lines) if re.search(r"[,;\t]", line)), 0)
    separator = max(",;\t", key=lines[head].count) if lines else ","
    frame = pd.read_csv(
        io.StringIO("\n".join(lines[head:])), dtype="str", sep=separator, keep_default_na=False
    )
    found = roles_of(frame.iloc[:, :3], {}, {})
    if "month" not in found and "area" in found:  # months stand in the heading, before the figure
        area = found["area"]
        frame = frame.melt([area], var_name="heading", value_name="value")
        parts = frame.pop("heading").str.extract(r"^(\S+)\s*(.*)$")
        frame = frame.assign(month=parts[0], figure=parts[1]).pivot_table(
            index=[area, "month"], columns="figure", values="value", aggfunc="first"
        )
        frame, found["month"] = frame.reset_index(), "month"
    if not {"area", "month"} <= set(found):
        raise ValueError(f"{path}: the first columns {list(frame.columns[:2])} are not area and month codes")
    variables = [found["area"], found["month"]]
    cells = frame.drop(columns=variables)
    return _answer(cells, frame[variables], found, labels={name: name for name in cells}, where=str(path))


def _answer(
    cells: pd.DataFrame,
    keys: pd.DataFrame,
    found: Mapping[str, str],
    *,
    labels: Mapping[str, str],
    updated: str = "",
    where: str,
) -> Answer:
    """An answer from cells that hold a number or a mark, and the codes of the variables of each row."""
    area, month = keys[found["area"]], keys[found["month"]].astype("str").str.extract(MONTH)
    for name in keys.columns.difference([found["area"], found["month"]]):
        if len(set(keys[name])) > 1:
            raise ValueError(f"{where}: variable {name} has several values; fetch one of them")
    if month.isna().any(axis=None):
        raise ValueError(f"{where}: {int(month[0].isna().sum())} months are not written as 2018M01")
    months = ((month[0].astype(int) - 1970) * 12 + month[1].astype(int) - 1).astype("int32")
    coded = ("KU" + area.astype("str").str.extract(MUNICIPALITY, expand=False)).fillna(area)
    index = pd.MultiIndex.from_arrays([coded, months], names=["area", "month"])
    if (repeated := index.duplicated()).any():
        raise ValueError(f"{where}: {int(repeated.sum())} rows repeat an area and month")
    cells = cells.astype(object).set_axis(index)
    marks = cells.where(cells.isin(MARKS), "").astype("str")
    numbers = cells.mask(cells.isin([*MARKS, ""])).mask(cells.eq("-"), 0)
    return Answer(numbers.apply(pd.to_numeric).astype(float), marks, labels, updated)
