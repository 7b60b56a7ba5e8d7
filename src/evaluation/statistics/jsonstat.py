"""JSON-stat 2 data sets, and how the variables of table 12r5 are recognised whatever a version calls them."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

# codes and words by which the three figures of table 12r5 are recognised, whatever the version calls them
CONTENTS = {
    "unemployed": (
        r"TYOTTOMATLOPUSSA",
        r"työttömät työnhakijat|arbetslösa arbetssökande|unemployed jobseekers",
    ),
    "labour_force": (r"TYOVOIMATK", r"^työvoima|^arbetskraft|^labour force"),
    "vacancies": (r"AVPAIKATLOPUSSA", r"avoimet työpaikat|lediga (arbets|jobb)|vacanc"),
}
MISSING = ("...", "..", ".", "")  # not available, too uncertain, not applicable; "-" means none


def read_jsonstat(content: dict) -> pd.DataFrame:
    """A JSON-stat 2 data set as a long frame: one text column per dimension, then `label`s and `value`.

    Values may be a list or a mapping from position to value; positions without a value or with a status of
    ``...`` are missing.

    Examples
    --------
    >>> cube = {"class": "dataset", "id": ["a"], "size": [2], "value": {"1": 5},
    ...         "dimension": {"a": {"category": {"index": ["x", "y"]}}}}
    >>> read_jsonstat(cube)["value"].tolist()
    [nan, 5.0]
    """
    if content.get("class") != "dataset" or not {"id", "size", "value", "dimension"} <= set(content):
        raise ValueError("not a JSON-stat 2 data set: class, id, size, dimension or value is missing")
    size, cells = content["size"], int(np.prod(content["size"]))
    values = np.full(cells, np.nan)
    given = content["value"]
    if isinstance(given, dict):
        values[[int(position) for position in given]] = [np.nan if v is None else v for v in given.values()]
    elif len(given) == cells:
        values[:] = [np.nan if value is None else value for value in given]
    else:
        raise ValueError(f"JSON-stat: {len(given)} values found, {cells} expected from size {size}")
    status = content.get("status") or {}
    pairs = list(status.items() if isinstance(status, dict) else enumerate(status))
    marked = [int(position) for position, mark in pairs if mark in MISSING and mark]
    values[marked] = np.nan
    values[[int(position) for position, mark in pairs if mark == "-"]] = 0
    grid = np.unravel_index(np.arange(cells), size)
    columns: dict[str, object] = {}
    for name, positions in zip(content["id"], grid, strict=True):
        columns[name] = pd.Categorical.from_codes(positions, pd.Index(codes_of(content, name), dtype="str"))
    return pd.DataFrame({**columns, "value": values})


def codes_of(content: dict, dimension: str) -> list[str]:
    """Codes of a dimension in their order."""
    category = content["dimension"][dimension]["category"]
    index = category.get("index") or list(category["label"])
    return list(index) if isinstance(index, list) else sorted(index, key=index.__getitem__)


def dimension_role(content: dict, name: str) -> str:
    """What a dimension is ("area", "month", "contents" or ""), by its role, else by its codes."""
    for kind, role in (("geo", "area"), ("time", "month"), ("metric", "contents")):
        if name in content.get("role", {}).get(kind, []):
            return role
    return role_of_codes(codes_of(content, name), content["dimension"][name].get("label", name))


def role_of_codes(codes: list[str], label: str) -> str:
    """What a variable is, seen from its codes and label.

    Examples
    --------
    >>> role_of_codes(["2018M01"], "Kuukausi"), role_of_codes(["SSS", "KU091"], "Alue")
    ('month', 'area')
    """
    if all(re.fullmatch(r"\d{4}[-M]?\d{2}", code) for code in codes):
        return "month"
    if any(re.fullmatch(r"KU\d{3}", code) for code in codes):
        return "area"
    known = "|".join(pattern for pattern, _ in CONTENTS.values())
    if any(re.search(known, code) for code in codes) or re.search(
        r"^(tiedot|uppgifter|information)", label.lower()
    ):
        return "contents"
    return ""


def match_contents(labels: dict[str, str], where: str) -> dict[str, str]:
    """Which code of the contents variable is which figure; labels are used where codes have changed.

    Examples
    --------
    >>> match_contents({"a": "Unemployed jobseekers", "b": "Labour force", "c": "Vacancies, total"}, "table")
    {'a': 'unemployed', 'b': 'labour_force', 'c': 'vacancies'}
    """
    out = {}
    for figure, (code_pattern, label_pattern) in CONTENTS.items():
        hits = [code for code in labels if re.search(code_pattern, code, re.IGNORECASE)]
        hits = hits or [code for code in labels if re.search(label_pattern, labels[code], re.IGNORECASE)]
        if len(hits) != 1:
            raise ValueError(
                f"{where}: {len(hits)} of the contents {labels} look like {figure}; one expected"
            )
        out[hits[0]] = figure
    return out
