"""A client for PxWeb statistical databases: limits and metadata first, then the data in pieces below them."""

from __future__ import annotations

import datetime as dt
import json
import time
from dataclasses import dataclass, field
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.statistics import web
from evaluation.statistics.answers import codes_of, cube, role_of_codes, roles_of
from evaluation.statistics.statfin import recognise

# since 8 June 2026; the long names of before answer HTTP 400
DATABASE = "https://pxdata.stat.fi/PxWeb/api/v1/fi"
TABLE_URL = f"{DATABASE}/StatFin/tyonv/12r5.px"
LIMITS = {"maxCells": 100_000, "maxCalls": 30, "timeWindow": 60}  # where a database does not tell its own


def fetch(folder: Path, *, url: str = TABLE_URL) -> Path:
    """Download all figures of table 12r5 as JSON-stat 2 into ``12r5.json``, with time and query beside it.

    Names and codes of the variables are read from the table's metadata: they change between versions. The
    largest number of cells a call and of calls a time window are asked for (``?config``) and kept. An earlier
    file is replaced when all is there.

    ConnectionError if the statistics cannot be reached, saying where to drop a file saved by hand; ValueError
    if the table does not have the expected variables, saying what was expected and what was found.
    """
    target = folder / "12r5.json"
    line = _Line(
        "Tables have short names since 8 June 2026. Without network: save table 12r5 as JSON-stat 2, JSON or "
        f"CSV by hand and drop it at {target}"
    )
    line.limits |= _limits(line, url)
    variables = line.ask(url).get("variables") or []
    wanted, area = _wanted(variables, url)
    division = next((one["map"] for one in variables if one["code"] == area and one.get("map")), "")
    places = wanted.pop(area)
    step = max(int(line.limits["maxCells"]) // int(np.prod([len(codes) for codes in wanted.values()])), 1)
    pieces: list[dict] = []
    queries: list[dict] = []
    while places:
        query = _query({area: places[:step], **wanted})
        try:
            pieces.append(line.ask(url, query))
        except PermissionError:
            if step == 1:
                raise ConnectionError(f"{url} refuses even one area at a time: HTTP 403") from None
            step = max(step // 2, 1)
            continue
        queries.append(query)
        places = places[step:]
    fetched = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    target.parent.mkdir(parents=True, exist_ok=True)
    for path, content in (
        (target, _join(pieces, area, division, where=url)),
        (target.with_suffix(".query.json"), {"fetched": fetched, "url": url, "queries": queries}),
    ):
        part = path.with_suffix(".part")
        part.write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8")
        part.replace(path)
    return target


def _wanted(variables: list[dict], url: str) -> tuple[dict[str, list[str]], str]:
    """Codes to ask for, by code of the variable, and which variable is the area."""
    labels = {one["code"]: one.get("text", one["code"]) for one in variables}
    offered = {
        one["code"]: one
        for one in variables
        if not one.get("elimination") or role_of_codes(one["values"], labels[one["code"]])
    }
    told = {code: "month" for code, one in offered.items() if one.get("time")}
    roles = roles_of({code: one["values"] for code, one in offered.items()}, labels, told)
    if set(roles) != {"area", "month", "contents"}:
        raise ValueError(
            f"{url}: variables {list(labels)} are not recognised as area (with codes as KU091), month "
            "(2021M03) and contents; is this table 12r5 by municipality?"
        )
    wanted: dict[str, list[str]] = {}
    for code, one in offered.items():
        if code == roles["contents"]:
            texts = dict(zip(one["values"], one.get("valueTexts", one["values"]), strict=True))
            wanted[code] = list(recognise(texts, url).values())
        elif code in roles.values() or len(one["values"]) == 1:
            wanted[code] = list(one["values"])
        else:
            raise ValueError(
                f"{url}: variable {code} has {len(one['values'])} values and may not be left out; table 12r5 "
                "has area, month and contents only"
            )
    return wanted, roles["area"]


def _query(selection: dict[str, list[str]]) -> dict:
    return {
        "query": [
            {"code": code, "selection": {"filter": "item", "values": values}}
            for code, values in selection.items()
        ],
        "response": {"format": "json-stat2"},
    }


def _limits(line: _Line, url: str) -> dict[str, float]:
    """What the database says of cells a call and calls a time window; nothing where it does not say."""
    try:
        told = line.ask(f"{url.split('/StatFin/')[0]}/?config", attempts=1)
    except ConnectionError:
        return {}
    known = {name.lower(): value for name, value in told.items() if isinstance(value, int | float)}
    return {name: known[name.lower()] for name in LIMITS if known.get(name.lower(), 0) > 0}


@dataclass
class _Line:
    """Requests to one database, as many in a time window as it allows."""

    remedy: str
    limits: dict[str, float] = field(default_factory=lambda: dict(LIMITS))
    asked: list[float] = field(default_factory=list)

    def ask(self, url: str, query: dict | None = None, *, attempts: int | None = None) -> Any:
        body = None if query is None else json.dumps(query).encode()
        wait = self._wait_for_the_window
        return web.ask(url, _json, remedy=self.remedy, query=body, attempts=attempts, before=wait)

    def _wait_for_the_window(self) -> None:
        window, most = float(self.limits["timeWindow"]), int(self.limits["maxCalls"])
        if len(self.asked) >= most:
            time.sleep(max(self.asked[-most] + window - time.monotonic(), 0.0))
        self.asked.append(time.monotonic())


def _json(answer: HTTPResponse) -> Any:
    return json.loads(answer.read().decode("utf-8-sig"))


def _join(pieces: list[dict], area: str, division: str, *, where: str) -> dict:
    """One JSON-stat 2 data set from pieces that differ in their areas only; the area says its division."""
    first = pieces[0]
    axis = first["id"].index(area)
    values, marks = (
        np.concatenate([cube(piece, part, where=where) for piece in pieces], axis=axis)
        for part in ("value", "status")
    )
    codes = [code for piece in pieces for code in codes_of(piece, area)]
    labels = [piece["dimension"][area]["category"].get("label", {}) for piece in pieces]
    category = {
        "index": {code: position for position, code in enumerate(codes)},
        "label": {code: label for part in labels for code, label in part.items()},
    }
    places = {**first["dimension"][area], "category": category}
    places["label"] = division or places.get("label", area)
    return {
        **first,
        "size": list(values.shape),
        "dimension": {**first["dimension"], area: places},
        "value": values.ravel().tolist(),
        "status": {str(position): mark for position, mark in enumerate(marks.ravel()) if mark},
    }
