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


@dataclass(frozen=True)
class Answer:
    """Numbers of a table, one row an area and month, one column a figure, as the database names them.

    ``values`` and ``marks`` have the same index (area code, month counted from January 1970) and columns;
    a marked value is missing. ``labels`` names the columns, ``division`` the areas, in the table's language.
    """

    values: pd.DataFrame
    marks: pd.DataFrame
    labels: Mapping[str, str]
    division: str = ""
    updated: str = ""


def read_answer(path: Path | str, *, names: Mapping[str, str] | None = None) -> Answer:
    """Read a saved answer of any of the three formats.

    Parameters
    ----------
    path : path
        ``.json`` (JSON-stat 2 or PxWeb's own JSON) or ``.csv``.
    names : mapping, optional
        Area code by area name, for a CSV file that has names instead of codes.

    Raises
    ------
    ValueError
        If the file is no such answer, or its variables are not an area, a month and contents.
    """
    path = Path(path)
    if path.suffix.lower() != ".json":
        return _from_csv(path, names or {})
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
    if any(MUNICIPALITY.match(code) for code in codes):
        return "area"
    return "contents" if re.search(r"^(tiedot|uppgifter|information|contents)", label.lower()) else ""


def codes_of(content: Mapping[str, Any], dimension: str) -> list[str]:
    """Codes of a dimension of a JSON-stat data set, in their order."""
    category = content["dimension"][dimension]["category"]
    index = category.get("index") or list(category["label"])
    return list(index) if isinstance(index, list) else sorted(index, key=index.__getitem__)


def _from_jsonstat(content: Mapping[str, Any], *, where: str) -> Answer:
    names, size = list(content["id"]), list(content["size"])
    codes = {name: codes_of(content, name) for name in names}
    given = content.get("role") or {}
    by_role = {name: kind for kind, of in given.items() for name in of}
    said = {"geo": "area", "time": "month", "metric": "contents"}
    labels = {name: content["dimension"][name].get("label", name) for name in names}
    roles = {
        name: said.get(by_role.get(name, "")) or role_of_codes(codes[name], f"{labels[name]} ")
        for name in names
    }
    found = {role: name for name, role in roles.items() if role}
    rest = [name for name in names if name not in found.values()]
    if "contents" not in found and len(rest) == 1 and {"area", "month"} == set(found):
        found["contents"], rest = rest[0], []
    if set(found) != {"area", "month", "contents"}:
        raise ValueError(f"{where}: dimensions {names} are not recognised as area, month and contents")
    for name in rest:
        if len(codes[name]) > 1:
            raise ValueError(f"{where}: dimension {name} has several values; fetch one of them")
    order = [names.index(found[role]) for role in ("area", "month", "contents")]
    order += [names.index(name) for name in rest]

    def table(flat: np.ndarray) -> np.ndarray:
        cube = flat.reshape(size).transpose(order)
        return cube.reshape(cube.shape[0] * cube.shape[1], cube.shape[2])

    cells = int(np.prod(size))
    values, marks = (
        table(_flat(content["value"], cells, where)),
        table(_flat(content.get("status"), cells, where)),
    )
    area, month, contents = (codes[found[role]] for role in ("area", "month", "contents"))
    category = content["dimension"][found["contents"]]["category"].get("label", {})
    index = pd.MultiIndex.from_product([area, _months(month, where=where)], names=["area", "month"])
    return _answer(
        pd.DataFrame(values, index=index, columns=contents),
        pd.DataFrame(marks, index=index, columns=contents).fillna("").astype(str),
        labels={code: category.get(code, code) for code in contents},
        division=labels[found["area"]],
        updated=str(content.get("updated", "")),
    )


def _flat(given: Any, cells: int, where: str) -> np.ndarray:
    """Values or status marks, listed or by position, as one array."""
    flat = np.full(cells, None, dtype=object)
    if isinstance(given, dict):
        flat[[int(position) for position in given]] = list(given.values())
    elif given is not None and len(given) == cells:
        flat[:] = given
    elif given:
        raise ValueError(f"{where}: {len(given)} values found, {cells} expected")
    return flat


def _from_pxweb(content: Mapping[str, Any], *, where: str) -> Answer:
    columns, data = content["columns"], content["data"]
    keys = [column for column in columns if column.get("type") != "c"]
    figures = [column["code"] for column in columns if column.get("type") == "c"]
    key = pd.DataFrame([row["key"] for row in data], columns=[column["code"] for column in keys])
    roles = {role_of_codes(key[column["code"]].tolist(), ""): column for column in keys if len(key)}
    if not {"area", "month"} <= set(roles) or not figures:
        names = [column.get("text", column["code"]) for column in columns]
        raise ValueError(f"{where}: columns {names} are not recognised as area, month and contents")
    for column in keys:
        if column not in (roles["area"], roles["month"]) and len(set(key[column["code"]])) > 1:
            raise ValueError(f"{where}: variable {column['code']} has several values; fetch one of them")
    text = pd.DataFrame([row["values"] for row in data], columns=figures)
    month = _months(key[roles["month"]["code"]].tolist(), where=where)
    text.index = pd.MultiIndex.from_arrays([key[roles["area"]["code"]], month], names=["area", "month"])
    about = (content.get("metadata") or [{}])[0]
    return _answer(
        text,
        text.where(text.isin([*MARKS, "-"]), ""),
        labels={column["code"]: column.get("text", column["code"]) for column in columns},
        division=roles["area"].get("text", ""),
        updated=str(about.get("updated", "")),
    )


def _from_csv(path: Path, names: Mapping[str, str]) -> Answer:
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
    frame = _areas_as_codes(frame, names)
    roles = {role_of_codes(frame[name].tolist(), ""): name for name in frame.columns[:3] if len(frame)}
    if "month" not in roles and "area" in roles:  # months stand in the heading, before the figure
        keys = [roles["area"]]
        frame = frame.melt(keys, var_name="heading", value_name="value")
        parts = frame.pop("heading").str.extract(r"^(\S+)\s*(.*)$")
        frame = frame.assign(month=parts[0], figure=parts[1]).pivot_table(
            index=[*keys, "month"], columns="figure", values="value", aggfunc="first"
        )
        frame, roles["month"] = frame.reset_index(), "month"
    if not {"area", "month"} <= set(roles):
        raise ValueError(f"{path}: the first columns {list(frame.columns[:2])} are not area and month codes")
    month = _months(frame[roles["month"]].tolist(), where=str(path))
    index = pd.MultiIndex.from_arrays([frame[roles["area"]], month], names=["area", "month"])
    cells = frame.drop(columns=[roles["area"], roles["month"]]).set_axis(index)
    marks = cells.where(cells.isin([*MARKS, "-", ""]), "").replace("", pd.NA).fillna("")
    return _answer(cells, marks, labels={name: name for name in cells}, division=roles["area"])


def _areas_as_codes(frame: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    for column in frame.columns[:3]:
        coded = frame[column].str.extract(MUNICIPALITY, expand=False)
        if coded.notna().any():
            return frame.assign(**{column: ("KU" + coded).fillna(frame[column])})
        known = frame[column].map(names)
        if known.notna().any():
            return frame.assign(**{column: known.fillna(frame[column])})
    return frame


def _answer(
    values: pd.DataFrame, marks: pd.DataFrame, *, labels: Mapping[str, str], division: str, updated: str = ""
) -> Answer:
    # a status hides a value even where one is given
    text = values.mask(marks.isin(MARKS)).mask(marks == "-", 0)
    numbers = text.apply(lambda column: pd.to_numeric(column.replace("", np.nan).replace("-", 0))).astype(
        float
    )
    if (repeated := numbers.index.duplicated()).any():
        raise ValueError(f"{int(repeated.sum())} rows repeat an area and month")
    return Answer(numbers, marks.where(marks.isin(MARKS), ""), labels, division, updated)


def _months(codes: Sequence[str], *, where: str) -> np.ndarray:
    """Months counted from January 1970."""
    parts = pd.Series(list(codes), dtype="str").str.extract(MONTH)
    if parts.isna().any(axis=None):
        raise ValueError(f"{where}: {int(parts[0].isna().sum())} months are not written as 2018M01")
    return ((parts[0].astype(int) - 1970) * 12 + parts[1].astype(int) - 1).to_numpy("int32")
