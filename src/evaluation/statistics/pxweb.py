"""A client for PxWeb statistical databases: metadata first, then the data in pieces below the cell limit."""

from __future__ import annotations

import datetime as dt
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import numpy as np

from evaluation.statistics.jsonstat import codes_of, match_contents, role_of_codes

TABLE_URL = "https://pxdata.stat.fi/PxWeb/api/v1/fi/StatFin/tyonv/statfin_tyonv_pxt_12r5.px"
CELL_LIMIT = 100_000  # Statistics Finland allows more; smaller pieces fail less
AGENT = "evaluation (research; public statistics reader)"


def fetch(
    folder: Path | str = Path("data/raw/statfin"),
    *,
    url: str = TABLE_URL,
    cell_limit: int = CELL_LIMIT,
    timeout_s: float = 60.0,
    attempts: int = 4,
    pause_s: float = 2.0,
    today: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
) -> Path:
    """Download table 12r5 as JSON-stat 2 into ``12r5.json``, with time and query beside it.

    The names and codes of the variables are read from the table's metadata: they change between versions.

    Parameters
    ----------
    folder : path
        Where `12r5.json` and `12r5.query.json` go; an earlier file is replaced when all is there.
    url : str
        The table's address in the PxWeb API.
    cell_limit : int
        Largest number of cells asked for at once; areas are divided to stay below it.
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
        If the table does not have the expected variables.
    """
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"{url}: the address of a PxWeb table starts with https://")
    target = Path(folder) / "12r5.json"
    ask = _asker(url, target=target, timeout_s=timeout_s, attempts=attempts, pause_s=pause_s)
    variables = ask(None).get("variables") or []
    roles = {role_of_codes(v["values"], v.get("text", v["code"])): v for v in variables}
    if not {"area", "month", "contents"} <= set(roles):
        names = [v.get("code") for v in variables]
        raise ValueError(f"{url}: variables {names} are not recognised as area, month and contents")
    contents = roles["contents"]
    labels = dict(zip(contents["values"], contents.get("valueTexts", contents["values"]), strict=True))
    wanted = {
        roles["month"]["code"]: roles["month"]["values"],
        contents["code"]: list(match_contents(labels, url)),
    }
    area = roles["area"]
    per_area = len(roles["month"]["values"]) * 3
    step = max(cell_limit // per_area, 1)
    pieces, queries = [], []
    for start in range(0, len(area["values"]), step):
        selection = {area["code"]: area["values"][start : start + step], **wanted}
        query = {
            "query": [
                {"code": v["code"], "selection": {"filter": "item", "values": selection[v["code"]]}}
                for v in variables
                if v["code"] in selection
            ],
            "response": {"format": "json-stat2"},
        }
        queries.append(query)
        pieces.append(ask(query))
    joined = _join(pieces, area["code"])
    record = {"fetched": today().isoformat(timespec="seconds"), "url": url, "queries": queries}
    target.parent.mkdir(parents=True, exist_ok=True)
    for path, content in ((target, joined), (target.with_suffix(".query.json"), record)):
        part = path.with_suffix(".part")
        part.write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf-8")
        part.replace(path)
    return target


def _asker(
    url: str, *, target: Path, timeout_s: float, attempts: int, pause_s: float
) -> Callable[[dict | None], dict]:
    def ask(query: dict | None) -> dict:
        body = None if query is None else json.dumps(query).encode()
        headers = {"User-Agent": AGENT, "Content-Type": "application/json"}
        reason = ""
        for attempt in range(attempts):
            if attempt:
                time.sleep(pause_s * 2 ** (attempt - 1))
            try:
                request = urllib.request.Request(url, data=body, headers=headers)
                with urllib.request.urlopen(request, timeout=timeout_s) as answer:
                    return json.loads(answer.read().decode("utf-8-sig"))
            except urllib.error.HTTPError as error:
                reason = f"HTTP {error.code}"
                if error.code not in (403, 408, 429) and error.code < 500:
                    break  # asking again would not help
            except (OSError, json.JSONDecodeError, UnicodeDecodeError) as error:
                reason = f"{type(error).__name__}"
        raise ConnectionError(
            f"{url} could not be read ({reason}, {attempt + 1} tries). Without network: save table 12r5 as "
            f"JSON-stat 2 by hand and drop it at {target}"
        )

    return ask


def _join(pieces: list[dict], area: str) -> dict:
    """One JSON-stat 2 data set from pieces that differ in their areas only."""
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
    return {
        **first,
        "size": list(values.shape),
        "dimension": {**first["dimension"], area: {**first["dimension"][area], "category": category}},
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
