"""A client for PxWeb statistical databases: limits and metadata first, then the data in pieces below them."""

from __future__ import annotations

import datetime as dt
import json
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.statistics.answers import codes_of, role_of_codes
from evaluation.statistics.statfin import recognise

# since 8 June 2026; the long names of before answer HTTP 400
DATABASE = "https://pxdata.stat.fi/PxWeb/api/v1/fi"
TABLE_URL = f"{DATABASE}/StatFin/tyonv/12r5.px"
LIMITS = {"maxCells": 100_000, "maxCalls": 30, "timeWindow": 60}  # where a database does not tell its own
AGENT = "evaluation (research; public statistics reader)"
AGAIN = (403, 408, 429)  # too many cells, too slow, too many calls: these can pass


def fetch(
    folder: Path | str = Path("data/raw/statfin"),
    *,
    url: str = TABLE_URL,
    timeout_s: float = 60.0,
    attempts: int = 4,
    pause_s: float = 2.0,
    today: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
) -> Path:
    """Download all figures of table 12r5 as JSON-stat 2 into ``12r5.json``, with time and query beside it.

    Names and codes of the variables are read from the table's metadata: they change between versions. The
    largest number of cells a call and of calls a time window are asked for (``?config``) and kept.

    Parameters
    ----------
    folder : path
        Where `12r5.json` and `12r5.query.json` go; an earlier file is replaced when all is there.
    url : str
        The table's address in the PxWeb API.
    timeout_s, attempts, pause_s
        Seconds to wait for an answer, tries per request, seconds before the second try (then doubled).
    today : callable
        Gives the time to record.

    Returns
    -------
    pathlib.Path
        The written file.

    Raises
    ------
    ConnectionError
        If the statistics cannot be reached, saying where to drop a file saved by hand.
    ValueError
        If the table does not have the expected variables, saying what was expected and what was found.
    """
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"{url}: the address of a PxWeb table starts with https://")
    target = Path(folder) / "12r5.json"
    line = _Line(url, target=target, timeout_s=timeout_s, attempts=attempts, pause_s=pause_s)
    line.limits = LIMITS | _limits(line)
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
    record = {"fetched": today().isoformat(timespec="seconds"), "url": url, "queries": queries}
    target.parent.mkdir(parents=True, exist_ok=True)
    for path, content in (
        (target, _join(pieces, area, division)),
        (target.with_suffix(".query.json"), record),
    ):
        part = path.with_suffix(".part")
        part.write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8")
        part.replace(path)
    return target


def _wanted(variables: list[dict], url: str) -> tuple[dict[str, list[str]], str]:
    """Codes to ask for, by code of the variable, and which variable is the area."""
    roles: dict[str, dict] = {}
    for variable in variables:
        role = "month" if variable.get("time") else ""
        role = role or role_of_codes(variable["values"], variable.get("text", variable["code"]))
        roles.setdefault(role or variable["code"], variable)
    rest = [variable for variable in variables if not any(variable is one for one in roles.values())]
    others = [v for key, v in roles.items() if key not in ("area", "month", "contents")] + rest
    if "contents" not in roles:  # the one that offers the figures, whatever it is called
        found = [variable for variable in others if _offers_figures(variable, url)]
        if len(found) == 1:
            roles["contents"] = found[0]
            others.remove(found[0])
    if not {"area", "month", "contents"} <= set(roles):
        names = [variable.get("code") for variable in variables]
        raise ValueError(
            f"{url}: variables {names} are not recognised as area (with codes as KU091), month (2021M03) and "
            "contents; is this table 12r5 by municipality?"
        )
    wanted: dict[str, list[str]] = {}
    for variable in variables:
        if variable is roles["contents"]:
            texts = variable.get("valueTexts", variable["values"])
            labels = dict(zip(variable["values"], texts, strict=True))
            wanted[variable["code"]] = list(recognise(labels, url).values())
        elif variable is roles["area"] or variable is roles["month"] or len(variable["values"]) == 1:
            wanted[variable["code"]] = list(variable["values"])
        elif not variable.get("elimination"):
            raise ValueError(
                f"{url}: variable {variable['code']} has {len(variable['values'])} values and may not be "
                "left out; table 12r5 has area, month and contents only"
            )
    return wanted, roles["area"]["code"]


def _offers_figures(variable: dict, url: str) -> bool:
    texts = variable.get("valueTexts", variable["values"])
    try:
        return bool(recognise(dict(zip(variable["values"], texts, strict=True)), url))
    except ValueError:
        return False


def _query(selection: dict[str, list[str]]) -> dict:
    return {
        "query": [
            {"code": code, "selection": {"filter": "item", "values": values}}
            for code, values in selection.items()
        ],
        "response": {"format": "json-stat2"},
    }


def _limits(line: _Line) -> dict[str, float]:
    """What the database says of cells a call and calls a time window; nothing where it does not say."""
    database = line.url.split("/StatFin/")[0]
    try:
        told = line.ask(f"{database}/?config", tries=1)
    except ConnectionError:
        return {}
    known = {name.lower(): value for name, value in told.items() if isinstance(value, int | float)}
    return {name: known[name.lower()] for name in LIMITS if known.get(name.lower(), 0) > 0}


@dataclass
class _Line:
    """Requests to one database, as many in a time window as it allows, tried again where that can help."""

    url: str
    target: Path
    timeout_s: float
    attempts: int
    pause_s: float
    limits: dict[str, float] = field(default_factory=lambda: dict(LIMITS))
    asked: deque[float] = field(default_factory=deque)

    def ask(self, url: str, query: dict | None = None, *, tries: int | None = None) -> Any:
        body = None if query is None else json.dumps(query).encode()
        headers = {"User-Agent": AGENT, "Content-Type": "application/json"}
        reason, attempt = "", 0
        for attempt in range(tries or self.attempts):
            if attempt:
                time.sleep(self.pause_s * 2 ** (attempt - 1))
            self._wait_for_the_window()
            try:
                request = urllib.request.Request(url, data=body, headers=headers)
                with urllib.request.urlopen(request, timeout=self.timeout_s) as answer:
                    return json.loads(answer.read().decode("utf-8-sig"))
            except urllib.error.HTTPError as error:
                reason = f"HTTP {error.code}"
                if error.code == 403 and query is not None:
                    raise PermissionError(reason) from None
                if error.code == 400 and query is None:
                    reason += (
                        ": the address or the table's name is not known; names became short on 8 June 2026"
                    )
                if error.code not in AGAIN and error.code < 500:
                    break  # asking again would not help
            except (OSError, json.JSONDecodeError, UnicodeDecodeError) as error:
                reason = f"{type(error).__name__}"
        raise ConnectionError(
            f"{url} could not be read ({reason}, {attempt + 1} tries). Without network: save table 12r5 as "
            f"JSON-stat 2, JSON or CSV by hand and drop it at {self.target}"
        )

    def _wait_for_the_window(self) -> None:
        window, most = float(self.limits["timeWindow"]), int(self.limits["maxCalls"])
        now = time.monotonic()
        while self.asked and now - self.asked[0] >= window:
            self.asked.popleft()
        if len(self.asked) >= most:
            time.sleep(window - (now - self.asked[0]))
            self.asked.popleft()
        self.asked.append(time.monotonic())


def _join(pieces: list[dict], area: str, division: str) -> dict:
    """One JSON-stat 2 data set from pieces that differ in their areas only; the area says its division."""
    first = pieces[0]
    axis = first["id"].index(area)
    values = np.concatenate([_cube(piece, piece["value"]) for piece in pieces], axis=axis)
    marks = np.concatenate([_cube(piece, piece.get("status") or {}) for piece in pieces], axis=axis).ravel()
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
        "status": {str(position): mark for position, mark in enumerate(marks) if mark},
    }


def _cube(piece: dict, given: list | dict) -> np.ndarray:
    """Values or status marks, listed or by position, in the shape of the data set."""
    flat = np.full(int(np.prod(piece["size"])), None, dtype=object)
    if isinstance(given, dict):
        flat[[int(position) for position in given]] = list(given.values())
    else:
        flat[:] = given
    return flat.reshape(piece["size"])
