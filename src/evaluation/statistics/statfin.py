"""The only reader of public statistics: JSON-stat 2 and CSV files of Statistics Finland, one tidy frame."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from evaluation.statistics.jsonstat import (
    CONTENTS,
    MISSING,
    codes_of,
    dimension_role,
    match_contents,
    read_jsonstat,
    role_of_codes,
)


def read(path: Path | str) -> pd.DataFrame:
    """Read a saved table of jobseekers by municipality and month (StatFin 12r5).

    Parameters
    ----------
    path : path
        JSON-stat 2 (values as list or as mapping, with or without status), or CSV with columns for area and
        month and one for each figure.

    Returns
    -------
    pandas.DataFrame
        One row per municipality and month, sorted: `municipality` (text, "091"), `month` (months since
        January 1970), `unemployed`, `labour_force`, `vacancies` (persons and vacancies on the counting day,
        float; a figure marked ``...`` is missing). Other areas are left out, see `national`.

    Raises
    ------
    ValueError
        If the file is no such table, naming what was not found.
    """
    frame = _read_all(Path(path))
    municipal = frame["code"].str.fullmatch(r"(?:KU)?\d{3}").astype(bool)
    if not municipal.any():
        raise ValueError(f"{path}: no area code looks like KU091; is this table 12r5 by municipality?")
    frame = frame[municipal].assign(municipality=frame["code"].str[-3:])
    frame = frame[["municipality", "month", *CONTENTS]]
    if (repeated := frame.duplicated(["municipality", "month"])).any():
        raise ValueError(f"{path}: {int(repeated.sum())} rows repeat a municipality and month")
    return frame.sort_values(["municipality", "month"], ignore_index=True)


def _read_all(path: Path) -> pd.DataFrame:
    if path.suffix.lower() == ".json":
        try:
            content = json.loads(path.read_text(encoding="utf-8-sig"))
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"{path}: not JSON ({error}); fetch it again") from None
        return _from_jsonstat(content, where=str(path))
    return _from_csv(path)


def _from_jsonstat(content: dict, *, where: str) -> pd.DataFrame:
    long = read_jsonstat(content)
    roles = {name: dimension_role(content, name) for name in content["id"]}
    found = {role: name for name, role in roles.items() if role}
    if set(found) != {"area", "month", "contents"}:
        raise ValueError(
            f"{where}: dimensions {content['id']} are not recognised as area, month and contents"
        )
    for name in set(content["id"]) - set(found.values()):
        if len(codes_of(content, name)) > 1:
            raise ValueError(f"{where}: dimension {name} has several values; fetch one of them")
    labels = content["dimension"][found["contents"]]["category"].get("label", {})
    rename = match_contents(
        {code: labels.get(code, code) for code in codes_of(content, found["contents"])}, where
    )
    wide = long.assign(item=long[found["contents"]].astype("str").map(rename)).dropna(subset="item")
    wide = wide.set_index([found["area"], found["month"], "item"])["value"].unstack().reset_index()  # noqa: PD010
    month = _months(wide[found["month"]].astype("str"), where=where)
    code = wide[found["area"]].astype("str")
    return pd.DataFrame({"code": code, "month": month, **{figure: wide[figure] for figure in CONTENTS}})


def _from_csv(path: Path) -> pd.DataFrame:
    raw = path.read_bytes()
    try:
        first, encoding = raw.decode("utf-8-sig").partition("\n")[0], "utf-8-sig"
    except UnicodeDecodeError:
        first, encoding = raw.decode("latin-1").partition("\n")[0], "latin-1"
    separator = ";" if first.count(";") > first.count(",") else ","
    frame = pd.read_csv(path, dtype="str", sep=separator, encoding=encoding, keep_default_na=False)
    roles = {
        role_of_codes(frame[name].unique().tolist(), name): name for name in frame.columns[:2] if len(frame)
    }
    if set(roles) != {"area", "month"}:
        raise ValueError(
            f"{path}: the first two columns {list(frame.columns[:2])} are not area and month codes"
        )
    rename = match_contents({name: name for name in frame.columns[2:]}, str(path))
    figures = {
        figure: pd.to_numeric(frame[name].replace("-", "0").mask(frame[name].isin(MISSING))).astype(float)
        for name, figure in rename.items()
    }
    month = _months(frame[roles["month"]], where=str(path))
    return pd.DataFrame({"code": frame[roles["area"]], "month": month, **figures})


def _months(text: pd.Series, *, where: str) -> pd.Series:
    parts = text.str.extract(r"^(\d{4})[-M]?(\d{2})$")
    if parts.isna().any(axis=None):
        raise ValueError(f"{where}: {int(parts[0].isna().sum())} months are not written as 2018M01")
    return ((parts[0].astype(int) - 1970) * 12 + parts[1].astype(int) - 1).astype("int32")
