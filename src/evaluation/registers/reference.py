"""Reference data: areas, municipalities, unit costs, service codes, the municipal share; read and checked."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from evaluation.study import upwards

FOLDER = Path("data/raw/reference")
NUMBERS = (
    "clients_at_transfer",
    "staff_moved",
    "labour_force",
    "value",
    "share",
    "index",
    "low",
    "high",
    "amount_eur",
    "paid_days_from",
    "paid_days_until",
)
DATES = ("start", "end_original", "end_extended", "valid_from", "valid_until")
STATUSES = ("pilot", "comparison", "possible_pilot")
MEMBERSHIPS = ("confirmed", "partial", "unconfirmed")
AREA_TABLE = {"area", "name_fi", "name_sv", "name_en", "membership"}


def reference(name: str, folder: Path | str = FOLDER) -> pd.DataFrame:
    """Read one table of reference data and refuse it if it contradicts itself.

    Parameters
    ----------
    name : str
        pilot_areas, municipalities, unit_costs, service_codes, municipal_share, baseline_by_area, or another
        CSV in the folder.
    folder : path
        Folder of the CSV files, by default ``data/raw/reference`` here or in a folder above.

    Returns
    -------
    pandas.DataFrame
        Codes and words as text ("" where empty), dates as datetime64, `year` as Int64, figures as float.

    Raises
    ------
    FileNotFoundError
        If there is no such table, with the ones there are.
    ValueError
        Naming every inconsistency: file, row and remedy.

    Examples
    --------
    >>> reference("service_codes").loc[:1, "code_statfi"].tolist()
    ['0', '1']
    """
    frame = _read(name, Path(folder))
    problems = _PROBLEMS[name](frame) if name in _PROBLEMS else []
    if set(frame) >= AREA_TABLE:
        problems += _area_problems(frame)
    if name == "municipalities":
        problems += _membership_problems(frame, _read("pilot_areas", Path(folder)))
    if problems:
        raise ValueError(f"{name}.csv: {len(problems)} problems: " + "; ".join(problems[:10]))
    return frame


def areas(folder: Path | str = FOLDER) -> frozenset[str]:
    """Slugs of the areas of every reform: of all tables with one row an area and its membership."""
    tables = [_read(path.stem, Path(folder)) for path in sorted(upwards(Path(folder)).glob("*.csv"))]
    return frozenset(slug for table in tables if set(table) >= AREA_TABLE for slug in table["area"])


def _read(name: str, folder: Path) -> pd.DataFrame:
    path = upwards(folder) / f"{name}.csv"
    if not path.exists():
        there = sorted(p.stem for p in folder.glob("*.csv"))
        raise FileNotFoundError(f"{path} is missing; the folder holds {there or 'no CSV files'}")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path}: not UTF-8; save it as CSV UTF-8") from None
    first = text.partition("\n")[0]
    frame = pd.read_csv(
        path,
        dtype="str",
        keep_default_na=False,
        encoding="utf-8-sig",
        sep=";" if first.count(";") > first.count(",") else ",",
    )
    for column in frame.columns.intersection([*NUMBERS, *DATES, "year"]):
        frame[column] = _typed(frame[column], name)
    for column in (c for c in frame if re.match(r"unemployed_\d|share_of_labour_force_pct_\d", c)):
        frame[column] = pd.to_numeric(frame[column].where(frame[column] != ""))
    return frame


def _typed(column: pd.Series, name: str) -> pd.Series:
    text = column.str.strip()
    text = text.mask(text == "")
    if column.name in DATES:
        out, kind = pd.to_datetime(text, format="%Y-%m-%d", errors="coerce"), "dates such as 2022-01-31"
    else:
        out, kind = pd.to_numeric(text, errors="coerce").astype(float), "numbers with a decimal point"
    if (bad := out.isna() & text.notna()).any():
        rows = (bad.to_numpy().nonzero()[0] + 2).tolist()
        raise ValueError(f"{name}.csv: column {column.name}, lines {rows[:10]}: not {kind}")
    return out.astype("Int64") if column.name == "year" else out


def _repeated(frame: pd.DataFrame, column: str) -> list[str]:
    twice = sorted(set(frame.loc[frame.duplicated(column), column]))
    return [f"{column} {value} is there twice: keep one row" for value in twice]


def _area_problems(areas: pd.DataFrame) -> list[str]:
    problems = _repeated(areas, "area")
    for row in areas.itertuples():
        if not re.fullmatch(r"[a-z]+(-[a-z]+)*", row.area):
            problems.append(f"area {row.area!r} is no slug: use a-z and hyphens")
        if row.membership not in MEMBERSHIPS:
            problems.append(f"area {row.area}: membership {row.membership!r} is none of {list(MEMBERSHIPS)}")
        if {"end_original", "end_extended"} <= set(areas) and not (
            row.start < row.end_original <= row.end_extended
        ):
            problems.append(f"area {row.area}: start, end_original, end_extended are not in order")
    return problems


def _municipality_problems(frame: pd.DataFrame) -> list[str]:
    problems = _repeated(frame, "municipality")
    for row in frame[["municipality", "status"]].itertuples():
        if not re.fullmatch(r"\d{3}", row.municipality):
            problems.append(f"municipality {row.municipality!r}: three digits expected, as 091")
        if row.status not in STATUSES:
            problems.append(f"municipality {row.municipality}: status {row.status!r} is none of {STATUSES}")
    return problems


def _membership_problems(frame: pd.DataFrame, areas: pd.DataFrame) -> list[str]:
    membership = dict(zip(areas["area"], areas["membership"], strict=True))
    problems = []
    for row in frame[["municipality", "name_fi", "pilot_area", "status"]].itertuples():
        who = f"municipality {row.municipality} ({row.name_fi})"
        if row.pilot_area and row.pilot_area not in membership:
            problems.append(f"{who}: pilot_area {row.pilot_area!r} is not in pilot_areas.csv")
        elif row.status == "pilot" and not row.pilot_area:
            problems.append(f"{who}: status pilot but no pilot_area")
        elif row.status == "comparison" and row.pilot_area:
            problems.append(f"{who}: status comparison but pilot_area {row.pilot_area}; one of them is wrong")
        elif row.status == "pilot" and membership[row.pilot_area] == "unconfirmed":
            problems.append(f"{who}: status pilot but the membership of {row.pilot_area} is unconfirmed")
        elif row.status == "possible_pilot" and membership.get(row.pilot_area) == "confirmed":
            problems.append(f"{who}: status possible_pilot, but {row.pilot_area} is confirmed")
    empty = sorted(set(areas["area"]) - set(frame["pilot_area"]))
    return problems + [f"area {area} has no municipality: set pilot_area of its members" for area in empty]


def _unit_cost_problems(frame: pd.DataFrame) -> list[str]:
    lacking = frame["value"].isna() | (frame["unit"] == "") | (frame["source"] == "")
    lines = (frame.index[lacking] + 2).tolist()
    return [f"lines {lines[:10]}: value, unit and source must be given"] if lines else []


def _share_problems(frame: pd.DataFrame) -> list[str]:
    problems = []
    if not frame["share"].between(0, 1).all():
        problems.append("share must lie between 0 and 1")
    periods = frame[["valid_from", "valid_until"]].drop_duplicates().sort_values("valid_from")
    if (periods["valid_from"].iloc[1:].to_numpy() <= periods["valid_until"].iloc[:-1].to_numpy()).any():
        problems.append("periods of validity overlap")
    for start, bands in frame.groupby("valid_from"):
        edges = bands.sort_values("paid_days_from")
        last = edges["paid_days_until"].iloc[-1]
        meets = edges["paid_days_from"].iloc[1:].to_numpy() == edges["paid_days_until"].iloc[:-1].to_numpy()
        if edges["paid_days_from"].iloc[0] != 0 or not meets.all() or pd.notna(last):
            problems.append(f"bands valid from {start:%Y-%m-%d} must start at 0, meet, and end open")
    return problems


_PROBLEMS = {
    "municipalities": _municipality_problems,
    "unit_costs": _unit_cost_problems,
    "service_codes": lambda frame: _repeated(frame, "code_statfi"),
    "municipal_share": _share_problems,
}
