"""Dirt in the registers: every rule has a name, a count and an action, and nothing is lost silently.

Each function takes one parsed table (days as float, open ends as infinity, missing as NaN, ``person_id`` as
the running number or -1 for a person who is not in the table of persons) and appends to a tally of
``(rule, rows, action)``. Rows read are rows kept plus rows dropped. Ends are inclusive on entry, exclusive on
exit.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaluation.registers.files import Tally

PLACEHOLDER_DAY = -25567  # 1900-01-01 stands for "unknown" in Finnish registers
UNKNOWN_PERSON = -1


def drop(frame: pd.DataFrame, bad: pd.Series | np.ndarray, *, rule: str, tally: Tally) -> pd.DataFrame:
    """Drop rows under a named rule and count them."""
    mask = np.asarray(bad, dtype=bool)
    rows = int(mask.sum())
    tally.append((rule, rows, "dropped"))
    return frame[~mask] if rows else frame


def mend(
    frame: pd.DataFrame, bad: pd.Series, *, column: str, value: object, rule: str, tally: Tally
) -> pd.DataFrame:
    """Replace a column in the rows that a named rule concerns and count them."""
    tally.append((rule, int(bad.sum()), "mended"))
    if not bad.any():
        return frame
    old = frame[column]
    if isinstance(old.dtype, pd.CategoricalDtype) and value not in old.cat.categories:
        old = old.cat.add_categories([value])
    return frame.assign(**{column: old.mask(bad, value)})


def repeated(frame: pd.DataFrame, key: list[str] | None = None) -> np.ndarray:
    """Whether a row repeats an earlier one in the columns of the key, by default in all of them.

    Rows are compared by a hash first; only those that share one are compared in full.
    """
    part = frame if key is None else frame[key]
    total = np.zeros(len(part), dtype=np.uint64)
    for name in part:
        column = part[name]
        values = column.cat.codes if isinstance(column.dtype, pd.CategoricalDtype) else column
        total = total * np.uint64(0x9E3779B97F4A7C15) + pd.util.hash_array(values.to_numpy())
    alike = pd.Series(total).duplicated(keep=False).to_numpy()
    out = np.zeros(len(part), dtype=bool)
    if alike.any():
        out[alike] = part[alike].duplicated().to_numpy()
    return out


def clean_persons(frame: pd.DataFrame, *, tally: Tally, until: int) -> pd.DataFrame:
    """Persons, one row each, still under their pseudonyms."""
    frame = drop(frame, frame["person_id"].isna(), rule="missing_person", tally=tally)
    frame = drop(frame, repeated(frame), rule="exact_duplicate", tally=tally)
    frame = drop(frame, frame.duplicated("person_id"), rule="repeated_person", tally=tally)
    born = frame["birth_day"]
    frame = drop(frame, born == PLACEHOLDER_DAY, rule="placeholder_date", tally=tally)
    frame = drop(frame, frame["birth_day"].isna(), rule="missing_birth_day", tally=tally)
    frame = drop(frame, frame["birth_day"] >= until, rule="birth_after_window", tally=tally)
    # without the native language nobody can say whether the person belongs to the target group
    frame = drop(frame, frame["native_language"].isna(), rule="missing_native_language", tally=tally)
    for column in ("sex", "education"):
        lacking = frame[column].isna()
        frame = mend(frame, lacking, column=column, value="unknown", rule=f"missing_{column}", tally=tally)
    lacking = frame["immigrant"].isna()
    return mend(frame, lacking, column="immigrant", value=0.0, rule="missing_immigrant", tally=tally)


def clean_residence(
    frame: pd.DataFrame, *, tally: Tally, since: int, until: int, municipalities: set[str]
) -> pd.DataFrame:
    """Stays, without overlap: a later move ends the earlier stay."""
    frame = _of_known_persons(frame, tally=tally)
    frame = drop(frame, frame["municipality"].isna(), rule="missing_municipality", tally=tally)
    old = frame["municipality"]
    padded = old.cat.categories.str.zfill(3)
    short = np.flatnonzero(padded != old.cat.categories)
    tally.append(("municipality_code_padded", int(np.isin(old.cat.codes, short).sum()), "mended"))
    if len(short):
        frame = frame.assign(municipality=pd.Categorical(old.astype("str").str.zfill(3)))
    known = frame["municipality"].cat.categories.isin(list(municipalities))
    strange = ~known[frame["municipality"].cat.codes] if len(known) else np.zeros(len(frame), dtype=bool)
    frame = drop(frame, strange, rule="unknown_municipality", tally=tally)
    frame = _ends(frame, tally=tally, until=until)
    # who lives somewhere since an unknown day came there when the stay before it ended
    frame = frame.assign(start=frame["start"].mask(frame["start"] == PLACEHOLDER_DAY))
    order = ["person_id", "end", "start", "municipality"]
    frame = frame.sort_values(order, kind="stable", na_position="first")
    before = frame["end"].shift().where(frame["person_id"].diff() == 0, float(since))
    unknown_start = frame["start"].isna()
    tally.append(("unknown_start", int(unknown_start.sum()), "mended"))
    start = frame["start"].where(~unknown_start, np.minimum(before, frame["end"] - 1))
    frame = frame.assign(start=start, known=~unknown_start)
    frame = _order(frame, tally=tally, until=until)
    frame = frame.sort_values(["person_id", "start", "end", "known", "municipality"], kind="stable")
    same = frame.duplicated(["person_id", "start"], keep="last")
    frame = drop(frame, same, rule="repeated_start", tally=tally)
    following = frame["start"].shift(-1).where(frame["person_id"].diff(-1) == 0, np.inf)
    overlapping = frame["end"] > following
    tally.append(("overlapping_residence", int(overlapping.sum()), "mended"))
    return frame.assign(end=np.minimum(frame["end"], following)).drop(columns="known")


def clean_spells(frame: pd.DataFrame, *, tally: Tally, until: int, services: set[str]) -> pd.DataFrame:
    """Spells; overlaps between states are real and stay."""
    frame = _of_known_persons(frame, tally=tally)
    frame = drop(frame, frame["state"].isna(), rule="missing_state", tally=tally)
    frame = _dated(frame, tally=tally, until=until)
    unnamed = frame["code"].isna()
    tally.append(("missing_service_code", int((unnamed & (frame["state"] == "service")).sum()), "kept"))
    categories = frame["code"].cat.categories
    strange = np.append(~categories.isin(list(services)), False)[frame["code"].cat.codes]
    tally.append(("unknown_service_code", int(strange.sum()), "kept"))
    frame = frame.assign(code=_filled(frame["code"]))
    return _longest(frame, ["person_id", "state", "start", "code"], tally=tally)


def clean_benefits(frame: pd.DataFrame, *, tally: Tally, until: int) -> pd.DataFrame:
    """Payment periods; rows of one benefit with the same first day are corrections and are added up."""
    frame = _of_known_persons(frame, tally=tally)
    frame = drop(frame, frame["benefit"].isna(), rule="missing_benefit", tally=tally)
    frame = drop(frame, frame["amount_eur"].isna(), rule="missing_amount", tally=tally)
    frame = _dated(frame, tally=tally, until=until)
    lacking = frame["days"].isna()
    first, last = (
        frame.loc[lacking, name].to_numpy(dtype=np.int64).astype("datetime64[D]") for name in ("start", "end")
    )
    tally.append(("missing_days", int(lacking.sum()), "mended"))
    if lacking.any():  # benefits are paid for five days a week
        days = frame["days"].to_numpy(copy=True)
        days[lacking.to_numpy()] = np.busday_count(first, last)
        frame = frame.assign(days=days)
    tally.append(("negative_amount", int((frame["amount_eur"] < 0).sum()), "kept"))
    how = {"end": "max", "days": "sum", "amount_eur": "sum"}
    if "paid_days_before" in frame:
        wrong = frame["paid_days_before"] < 0
        tally.append(("negative_day_count", int(wrong.sum()), "mended"))
        frame = frame.assign(paid_days_before=frame["paid_days_before"].mask(wrong))
        how["paid_days_before"] = "min"
    return _added(frame, ["person_id", "benefit", "start"], how=how, rule="joined_period", tally=tally)


def clean_earnings(frame: pd.DataFrame, *, tally: Tally, since: int, until: int) -> pd.DataFrame:
    """Earnings, one row per person and month: several employers are added up."""
    frame = _of_known_persons(frame, tally=tally)
    frame = drop(frame, frame["month"].isna(), rule="missing_month", tally=tally)
    frame = drop(frame, frame["earnings_eur"].isna(), rule="missing_amount", tally=tally)
    first, last = np.array([since, until - 1]).astype("datetime64[D]").astype("datetime64[M]").astype(int)
    outside = ~frame["month"].between(first, last)
    frame = drop(frame, outside, rule="outside_window", tally=tally)
    tally.append(("negative_amount", int((frame["earnings_eur"] < 0).sum()), "kept"))
    how = {"earnings_eur": "sum"}
    return _added(frame, ["person_id", "month"], how=how, rule="joined_employers", tally=tally)


def clean_area_costs(frame: pd.DataFrame, *, tally: Tally, areas: set[str]) -> pd.DataFrame:
    """Spending items; a missing amount stays missing."""
    frame = drop(frame, repeated(frame), rule="exact_duplicate", tally=tally)
    frame = drop(frame, ~frame["area"].isin(list(areas)), rule="unknown_area", tally=tally)
    for column in ("year", "payer", "status"):
        frame = drop(frame, frame[column].isna(), rule=f"missing_{column}", tally=tally)
    frame = frame.assign(item=_filled(frame["item"]), source=_filled(frame["source"]))
    again = repeated(frame, ["area", "year", "item", "payer"])
    frame = drop(frame, again, rule="repeated_item", tally=tally)
    tally.append(("missing_amount", int(frame["amount_eur"].isna().sum()), "kept"))
    return frame


def _filled(column: pd.Series) -> pd.Series:
    if "" not in column.cat.categories:
        column = column.cat.add_categories([""])
    return column.fillna("")


def _of_known_persons(frame: pd.DataFrame, *, tally: Tally) -> pd.DataFrame:
    frame = drop(frame, frame["person_id"].isna(), rule="missing_person", tally=tally)
    frame = drop(frame, frame["person_id"] == UNKNOWN_PERSON, rule="unknown_person", tally=tally)
    return drop(frame, repeated(frame), rule="exact_duplicate", tally=tally)


def _ends(frame: pd.DataFrame, *, tally: Tally, until: int) -> pd.DataFrame:
    """Exclusive ends, none after the window."""
    end = frame["end"] + 1
    unusable = end == PLACEHOLDER_DAY + 1
    frame = drop(frame, unusable, rule="placeholder_end", tally=tally)
    end = end[~unusable]
    still_open = end.isna() | np.isinf(end)
    tally.append(("open_end", int(still_open.sum()), "mended"))
    end = end.where(~still_open, np.maximum(frame["start"].fillna(-np.inf) + 1, until))
    return frame.assign(end=end)


def _order(frame: pd.DataFrame, *, tally: Tally, until: int) -> pd.DataFrame:
    frame = drop(frame, frame["end"] <= frame["start"], rule="reversed_interval", tally=tally)
    frame = drop(frame, frame["start"] >= until, rule="starts_after_window", tally=tally)
    late = frame["end"] > until
    tally.append(("ends_after_window", int(late.sum()), "mended"))
    return frame.assign(end=frame["end"].clip(upper=until)) if late.any() else frame


def _dated(frame: pd.DataFrame, *, tally: Tally, until: int) -> pd.DataFrame:
    frame = drop(frame, frame["start"].isna() | np.isinf(frame["start"]), rule="missing_start", tally=tally)
    frame = drop(frame, frame["start"] == PLACEHOLDER_DAY, rule="placeholder_date", tally=tally)
    return _order(_ends(frame, tally=tally, until=until), tally=tally, until=until)


def _longest(frame: pd.DataFrame, key: list[str], *, tally: Tally) -> pd.DataFrame:
    again = repeated(frame, key)
    if not again.any():
        return drop(frame, again, rule="repeated_start", tally=tally)
    ranked = frame[frame.duplicated(key, keep=False)].sort_values("end", kind="stable")
    shorter = ranked.index[ranked.duplicated(key, keep="last")]
    return drop(frame, frame.index.isin(shorter), rule="repeated_start", tally=tally)


def _added(
    frame: pd.DataFrame, key: list[str], *, how: dict[str, str], rule: str, tally: Tally
) -> pd.DataFrame:
    extra = repeated(frame, key)
    if not extra.any():
        return drop(frame, extra, rule=rule, tally=tally)
    totals = frame[frame.duplicated(key, keep=False)].groupby(key, observed=True, sort=False).agg(how)
    out = drop(frame, extra, rule=rule, tally=tally).set_index(key)
    out.update(totals)
    return out.reset_index()
