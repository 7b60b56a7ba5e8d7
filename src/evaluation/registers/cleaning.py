"""What rules of the registers find and mend: pieces that `rules` joins with names, actions and limits.

Each function takes one parsed table: days as float with inclusive ends, open ends as infinity, missing as
NaN, `person_id` as the running number, -1 for a person who is not in the table of persons and -2 for none,
`row` as a hash of the whole raw row. Nothing is lost silently: rows read are rows kept plus rows dropped by
a named rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from evaluation.deliveries.files import Tally
from evaluation.registers.rows import KEY, rows_of

PLACEHOLDER_DAY = -25567  # 1900-01-01 stands for "unknown" in Finnish registers
UNKNOWN_PERSON, NO_PERSON = -1, -2


@dataclass(frozen=True)
class Known:
    """What rules compare with: the window (half-open), reference codes, and births by person number.

    Births are days beside the column `start`, months beside `month`.
    """

    since: int
    until: int
    municipalities: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()
    births: Mapping[str, np.ndarray] = field(default_factory=dict)


def apply(frame: pd.DataFrame, rules: Iterable[Any], known: Known, *, tally: Tally) -> pd.DataFrame:
    """Apply rules one after the other and count what each found; gives the rows that are left.

    Rows that are dropped stay in the frame, and count no more, until a rule needs them to be gone. Ends are
    inclusive still.
    """
    left = np.ones(len(frame), dtype=bool)
    for rule in rules:
        if rule.together and not left.all():
            frame, left = rows_of(frame, left), np.ones(int(left.sum()), dtype=bool)
        bad = np.asarray(rule.finds(frame, known), dtype=bool) & left
        tally[rule.name, rule.action] += int(bad.sum())
        if not bad.any():
            continue
        if rule.mends is not None:
            frame = rule.mends(frame, bad, known)
        if rule.action == "dropped":
            left &= ~bad
    return frame if left.all() else rows_of(frame, left)


def put(frame: pd.DataFrame, bad: np.ndarray, column: str, value: object) -> pd.DataFrame:
    """Write a value into a column of some rows."""
    old = frame[column]
    if isinstance(old.dtype, pd.CategoricalDtype) and value not in old.cat.categories:
        old = old.cat.add_categories([value])
    return frame.assign(**{column: old.mask(bad, value)})


def repeated(frame: pd.DataFrame, columns: list[str]) -> np.ndarray:
    """Whether a row repeats an earlier one in some columns, if only in the key of its table."""
    out = np.zeros(len(frame), dtype=bool)
    several = _of_one_key(frame)
    out[several] = frame[columns].iloc[several].duplicated().to_numpy()
    return out


def _of_one_key(frame: pd.DataFrame) -> np.ndarray:
    """Rows that share the key of their table with others: all may, where rows are not ordered by it."""
    return _alike(frame[KEY].to_numpy()) if KEY in frame else np.arange(len(frame))


def _alike(values: np.ndarray) -> np.ndarray:
    """Places of ordered values that are the same as a neighbour's."""
    same = np.append(values[1:] == values[:-1], np.zeros(min(len(values), 1), dtype=bool))
    return np.flatnonzero(same | np.append(False, same[:-1])[: len(same)])


def earlier(frame: pd.DataFrame, known: Known) -> np.ndarray:
    """Rows of a person that a later one replaces, where the layout names the column of the year."""
    out = np.zeros(len(frame), dtype=bool)
    if "latest" in frame:
        order = np.argsort(frame["latest"].to_numpy(), kind="stable")
        out[order] = frame["person_id"].iloc[order].duplicated(keep="last").to_numpy()
    return out


def before_birth(frame: pd.DataFrame, known: Known) -> np.ndarray:
    """Rows that begin before their person was born."""
    name = "month" if "month" in frame else "start"
    return np.asarray(frame[name].to_numpy() < known.births[name].take(frame["person_id"].to_numpy()))


def born_1_january(frame: pd.DataFrame, known: Known) -> np.ndarray:
    """Births on the first day of a year, which may stand for a year without a day."""
    days = frame["birth_day"].to_numpy().astype(np.int64).astype("datetime64[D]")
    return np.asarray(days == days.astype("datetime64[Y]"))


def overlapping_spells(frame: pd.DataFrame, known: Known) -> np.ndarray:
    """Spells that begin while an earlier one of the same person and state lasts."""
    person, start, end = (frame[name].to_numpy() for name in ("person_id", "start", "end"))
    state = frame["state"].cat.codes.to_numpy()
    new = (person[1:] != person[:-1]) | (state[1:] != state[:-1])  # rows are ordered by their key
    group = np.cumsum(np.append(np.zeros(min(len(frame), 1), dtype=np.int64), new))
    room = 1 + end.max(initial=0) - end.min(initial=0)
    last = np.maximum.accumulate(end + group * room) - group * room
    out = np.zeros(len(frame), dtype=bool)
    out[1:] = ~new & (start[1:] <= last[:-1])
    return out


def close(frame: pd.DataFrame, bad: np.ndarray, known: Known) -> pd.DataFrame:
    """Open ends become the last day of the window, or the first day of what starts after it."""
    last = np.maximum(frame["start"].fillna(-np.inf), known.until - 1)
    return frame.assign(end=frame["end"].mask(bad, last))


def outside(frame: pd.DataFrame, known: Known) -> np.ndarray:
    """Months that the registers do not cover."""
    days = np.array([known.since, known.until - 1]).astype("datetime64[D]")
    first, last = days.astype("datetime64[M]").astype(int)
    return ~frame["month"].between(first, last).to_numpy()


def short_codes(frame: pd.DataFrame, known: Known) -> np.ndarray:
    """Municipality codes that lost their zeros in front."""
    codes = frame["municipality"]
    return np.isin(codes.cat.codes, np.flatnonzero(codes.cat.categories.str.len() < 3))


def pad_codes(frame: pd.DataFrame, bad: np.ndarray, known: Known) -> pd.DataFrame:
    """Three digits again."""
    return frame.assign(municipality=pd.Categorical(frame["municipality"].astype("str").str.zfill(3)))


def start_after_stay_before(frame: pd.DataFrame, bad: np.ndarray, known: Known) -> pd.DataFrame:
    """An unknown first day follows the stay before, else it is that of the window.

    Rows stay in their order; `guessed` marks them.
    """
    start = frame["start"].mask(bad)
    order = _of_several(frame, [frame["municipality"].cat.codes, start.fillna(-np.inf), frame["end"]])
    person, end = (frame[name].to_numpy(dtype=float) for name in ("person_id", "end"))
    before = np.full(len(frame), float(known.since))
    left, right = order[:-1], order[1:]
    same = person[left] == person[right]
    before[right[same]] = end[left[same]] + 1
    guess = np.minimum(before, end)
    return frame.drop(columns=KEY).assign(start=start.where(~bad, guess), guessed=bad)


def _of_several(frame: pd.DataFrame, keys: list[Any]) -> np.ndarray:
    """Places of rows of persons who have several, by person and then by the keys, the last one first.

    Rows stand by person already: the others need not be looked at.
    """
    several = _alike(frame["person_id"].to_numpy())
    return several[np.lexsort([np.asarray(key)[several] for key in [*keys, frame["person_id"]]])]


def _stays(frame: pd.DataFrame) -> np.ndarray:
    """Stays of persons with several: by person and start, those with a known start and the longest last."""
    known = ~frame["guessed"].to_numpy() if "guessed" in frame else np.ones(len(frame), dtype=bool)
    place = frame["municipality"].cat.codes  # in the order of the codes
    return _of_several(frame, [place, known, frame["end"], frame["start"]])


def repeated_stay(frame: pd.DataFrame, known: Known) -> np.ndarray:
    """Stays with the same first day but the longest."""
    order, out = _stays(frame), np.zeros(len(frame), dtype=bool)
    out[order] = frame[["person_id", "start"]].iloc[order].duplicated(keep="last").to_numpy()
    return out


def _next_move(frame: pd.DataFrame) -> np.ndarray:
    order, out = _stays(frame), np.full(len(frame), np.inf)
    person, start = (frame[name].to_numpy(dtype=float)[order] for name in ("person_id", "start"))
    same = person[1:] == person[:-1]
    out[order[:-1][same]] = start[1:][same]
    return out


def overlaps(frame: pd.DataFrame, known: Known) -> np.ndarray:
    """Stays that last beyond the next move."""
    return frame["end"].to_numpy() >= _next_move(frame)


def end_at_move(frame: pd.DataFrame, bad: np.ndarray, known: Known) -> pd.DataFrame:
    """A later move ends the earlier stay."""
    return frame.assign(end=np.minimum(frame["end"], _next_move(frame) - 1))


def shorter_spell(frame: pd.DataFrame, known: Known) -> np.ndarray:
    """Of spells with the same person, state, code and first day all but the longest."""
    key = ["person_id", "state", "start", "code"]
    again = repeated(frame, key)
    if again.any():
        several = _of_one_key(frame)
        order = several[np.argsort(frame["end"].to_numpy()[several], kind="stable")]
        again[order] = frame[key].iloc[order].duplicated(keep="last").to_numpy()
    return again


def weekdays(frame: pd.DataFrame) -> np.ndarray:
    """Weekdays from the first to the last day; benefits are paid for five days a week."""
    first, after = (frame[name].to_numpy(dtype=np.int64) for name in ("start", "end"))
    return np.busday_count(first.astype("datetime64[D]"), (after + 1).astype("datetime64[D]")).astype(float)


def impossible_days(frame: pd.DataFrame, known: Known) -> np.ndarray:
    """More days than a year has, or less than none although euros were paid."""
    days = frame["days"].to_numpy()
    return (np.abs(days) > 366) | (days < 0) & (frame["amount_eur"].to_numpy() > 0)


def add_periods(frame: pd.DataFrame, bad: np.ndarray, known: Known) -> pd.DataFrame:
    """Add corrections to the row that stays; of the payer's own counts of days the smallest is kept."""
    how = {"end": "max", "days": "sum", "amount_eur": "sum"}
    if "paid_days_before" in frame:
        how["paid_days_before"] = "min"
    return added(frame, ["person_id", "benefit", "start"], how)


def negative_counts(frame: pd.DataFrame, known: Known) -> np.ndarray:
    """Rows in which the payer's own count of days, which may be left out, is below nought."""
    if "paid_days_before" not in frame:
        return np.zeros(len(frame), dtype=bool)
    return (frame["paid_days_before"] < 0).to_numpy()


def added(frame: pd.DataFrame, key: list[str], how: dict[str, str]) -> pd.DataFrame:
    """Rows of one key hold what all of them hold together."""
    several = _of_one_key(frame)
    several = several[frame[key].iloc[several].duplicated(keep=False).to_numpy()]
    groups = frame.iloc[several].groupby(key, observed=True, sort=False)
    totals = {name: frame[name].to_numpy(dtype=float, copy=True) for name in how}
    for name, function in how.items():
        totals[name][several] = groups[name].transform(function).to_numpy()
    return frame.assign(**totals)
