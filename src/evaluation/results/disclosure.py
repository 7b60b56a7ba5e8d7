"""What of the ledger may be published. The profile is explained in docs/disclosure.md.

Rows are cleared once, all together: areas, totals, arms, windows and outcomes. Cells that add up to a
published total are cleared as one sum, so that a hidden part cannot be had by subtraction.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaluation.results.ledger import COLUMNS, KEY, refuse_repeated
from evaluation.results.withholding import withheld
from evaluation.study import AFTER, Study

NUMBERS = ["estimate", "std_error", "ci_low", "ci_high", "p_value"]
COUNTS = ["persons", "episodes"]
NO_NUMBER = ("suppressed", "withheld", "missing", "not_run")
EXTREMES = ("minimum", "maximum", "min", "max", "range")
# cells whose counts add up to a published total: measures, and the column that tells the parts apart
# Finest published steps by unit; means of whole numbers are coarser where few episodes are behind them.
STEPS = {
    "share": 0.001,
    "probability": 0.001,
    "sd": 0.001,
    "points": 0.01,
    "months": 0.01,
    "ratio": 0.01,
    "number": 0.01,
    "days": 0.1,
    "eur": 1.0,
    "eur_per_month": 1.0,
    "rank": 1.0,
}
WHOLE = ("share", "days")
SUMS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("municipality_episodes", "municipality_mean"), "item"),  # municipalities of an area
    (("municipality_episodes", "municipality_mean"), "window"),  # years of a municipality
    (("episodes", "persons"), "window"),  # years of an arm
    (("mean",), "window"),  # quarters of an arm
    (("episodes", "persons"), "item"),  # arms of a window
    (("case_mix",), "item"),  # levels of a background variable
    (("episodes", "persons", "attrition_episodes", "attrition_persons", "case_mix"), "area"),  # areas of all
)


def clear(
    ledger: pd.DataFrame,
    study: Study,
    *,
    threshold: int = 10,
    base: int = 5,
    previous: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Clear the whole ledger for publication.

    Parameters
    ----------
    ledger : pandas.DataFrame
        All rows, with the columns of `evaluation.ledger.COLUMNS`. `persons` is the number of distinct
        persons behind the number, missing where no persons are behind it (prices, public statistics).
    study : Study
        The reform: which windows add up to others.
    threshold : int
        Fewest distinct persons behind a published number.
    base : int
        Counts are rounded to multiples of this before anything is computed from them.
    previous : pandas.DataFrame, optional
        An earlier release, already cleared. What it hid stays hidden, and a count that differs from the
        released one by fewer than `threshold` persons keeps the released value.

    Returns
    -------
    pandas.DataFrame
        The same rows in the same order. Suppressed and withheld rows have no numbers; keys, `x`, unit and
        method stay. Clearing a cleared ledger changes nothing.

    Raises
    ------
    ValueError
        If columns are missing, keys repeat, a measure is a minimum or maximum, or the parameters are not
        positive.

    Examples
    --------
    >>> from evaluation.results.ledger import rows
    >>> few = pd.DataFrame({"item": ["a", "b"], "estimate": [0.4, 0.5], "persons": [9, 12]})
    >>> part = rows(few, area="oulu", topic="description", measure="mean", unit="share", simulated=True)
    >>> clear(part, study)[["estimate", "persons", "status"]].to_dict("list")
    {'estimate': [nan, 0.5], 'persons': [nan, 10.0], 'status': ['suppressed', 'ok']}
    """
    if threshold < 1 or base < 1:
        raise ValueError(f"disclosure: threshold {threshold} and base {base} must be at least 1")
    if threshold % base:
        raise ValueError(f"disclosure: the threshold {threshold} must be a multiple of the base {base}")
    if missing := [name for name in COLUMNS if name not in ledger]:
        raise ValueError(f"disclosure: the ledger has no column {', '.join(missing)}")
    if extreme := sorted(set(ledger["measure"]) & set(EXTREMES)):
        raise ValueError(f"disclosure: {extreme} are values of single persons; publish quantiles or means")
    refuse_repeated(ledger)
    index, ledger = ledger.index, ledger.reset_index(drop=True)
    hidden = few_persons(ledger, threshold=threshold) | (ledger["status"] == "suppressed")
    if previous is not None:
        hidden |= _matched(ledger, previous)["status"] == "suppressed"
    hidden = complementary(ledger, hidden, study, threshold=threshold)
    hidden |= left_out(ledger, hidden)
    cleared = round_numbers(round_counts(ledger, base=base))
    if previous is not None:
        cleared = _keep_released(cleared, ledger, previous, threshold=threshold)
    cleared.loc[hidden, "status"] = "suppressed"
    cleared.loc[withheld(ledger, study) & ~hidden & ~ledger["status"].isin(NO_NUMBER), "status"] = "withheld"
    closed = cleared["status"].isin(("suppressed", "withheld"))
    cleared.loc[closed, NUMBERS + COUNTS] = np.nan
    cleared.loc[closed, "method"] = ""  # words such as "refused:dominated" tell the result too
    return cleared.set_axis(index)


def few_persons(ledger: pd.DataFrame, *, threshold: int) -> pd.Series:
    """Mark rows with fewer distinct persons than the threshold behind them.

    A row that counts persons or episodes has the count itself behind it where that is smaller. A count of
    zero tells of no person and stays.
    """
    persons = ledger["persons"].copy()
    counted = ledger["unit"].isin(("persons", "episodes")) & ledger["estimate"].notna()
    persons[counted] = np.fmin(persons[counted], ledger.loc[counted, "estimate"])
    return (persons > 0) & (persons < threshold)


def complementary(ledger: pd.DataFrame, hidden: pd.Series, study: Study, *, threshold: int) -> pd.Series:
    """Hide further cells, so that no hidden cell follows by subtraction from a sum.

    Within every sum that has a hidden cell, the smallest cells are hidden until at least two are and
    together they hold the threshold of persons. Sums share cells, so this goes on until nothing changes.
    """
    totals = {"area": ["all"], "window": [*study.baselines, AFTER]}
    hidden = hidden.copy()
    size = ledger["persons"].fillna(ledger["estimate"].where(ledger["unit"].isin(("persons", "episodes"))))
    size = size.mask(size.isna() & hidden, threshold)  # hidden before: its size is no longer known
    stem = ledger["item"].str.partition("=")[0].where(ledger["measure"] == "case_mix", "")
    while True:
        before = int(hidden.sum())
        for measures, part in SUMS:
            cells = ledger["measure"].isin(measures) & (size > 0) & ~ledger[part].isin(totals.get(part, []))
            fixed = [name for name in KEY if name not in (part, "measure", "outcome", "x")]
            frame = ledger.loc[cells, [*fixed, part]].assign(size=size, hidden=hidden, stem=stem)
            if not frame["hidden"].any():
                continue
            # one line a part: rows of other measures and outcomes rest on the same persons
            within = [*fixed, "stem"]
            lines = frame.groupby([*within, part], as_index=False).agg({"size": "max", "hidden": "max"})
            lines = lines.sort_values(["hidden", "size", part], ascending=[False, True, True])
            sums = lines.groupby(within)
            held = sums["size"].cumsum() - lines["size"]
            short = (sums.cumcount() < 2) | (held < threshold)
            hide = lines[lines["hidden"] | (sums["hidden"].transform("max") & short)]
            chosen = pd.MultiIndex.from_frame(hide[[*within, part]])
            hidden.loc[frame.index] |= pd.MultiIndex.from_frame(frame[[*within, part]]).isin(chosen)
        if int(hidden.sum()) == before:
            return hidden


def left_out(ledger: pd.DataFrame, hidden: pd.Series) -> pd.Series:
    """Mark estimates without a hidden municipality: their difference from the main one would tell of it."""
    place = pd.MultiIndex.from_frame(ledger[["area", "item"]])
    secret = place[hidden & ledger["measure"].isin(SUMS[0][0])]
    return pd.Series((ledger["specification"] == "leave_one_out") & place.isin(secret), index=ledger.index)


def round_counts(ledger: pd.DataFrame, *, base: int) -> pd.DataFrame:
    """Round persons, episodes and counting rows to the base; recompute described shares from rounded counts.

    A described share is k of n: k and n are rounded and divided again, and its interval moves along. Shares
    of other topics are estimates of models, not ratios of two counts.
    """
    out = ledger.copy()
    size = ledger["episodes"].fillna(ledger["persons"])
    plain = _of_rounded_counts(ledger) & (size >= base)
    rounded = _to_base(size, base)
    top = _to_base(ledger["estimate"] * rounded, base).clip(upper=rounded)
    moved = (top / rounded - ledger["estimate"])[plain]
    for name in ("estimate", "ci_low", "ci_high"):
        out.loc[plain, name] = (ledger.loc[plain, name] + moved).clip(0.0, 1.0)
    for name in COUNTS:
        out[name] = _to_base(ledger[name], base)
    counting = ledger["unit"].isin(("persons", "episodes"))
    for name in ("estimate", "ci_low", "ci_high"):
        out.loc[counting, name] = _to_base(ledger.loc[counting, name], base)
    return out


def round_numbers(ledger: pd.DataFrame) -> pd.DataFrame:
    """Round every number that persons are behind to the step that its unit and its count can bear.

    A mean of whole numbers times its count is a whole number: written out, it tells the count that was
    rounded. With a step of at least one over the count every count near the rounded one is possible again.
    Counts and shares of rounded counts are rounded already.

    Examples
    --------
    >>> from evaluation.results.ledger import rows
    >>> mean = pd.DataFrame({"estimate": [17.076923], "ci_low": [12.3456], "persons": [60], "episodes": [65]})
    >>> part = rows(mean, area="oulu", topic="description", measure="mean", unit="days", simulated=True)
    >>> round_numbers(part)[["estimate", "ci_low"]].values.tolist()
    [[17.1, 12.3]]
    """
    out = ledger.copy()
    size = ledger["episodes"].fillna(ledger["persons"])
    behind = size.gt(0) & ~ledger["unit"].isin(("persons", "episodes"))
    step = ledger["unit"].map(STEPS).fillna(STEPS["number"])
    fewest = 1 / size.where(behind, 1.0)
    whole = ledger["unit"].isin(WHOLE)
    step = step.where(~whole, np.maximum(step, _one_two_five(fewest)))
    counted = behind & _of_rounded_counts(ledger)
    for name in ("estimate", "std_error", "ci_low", "ci_high"):
        rows = behind & ~counted if name == "estimate" else behind
        out.loc[rows, name] = (np.round(ledger[name] / step) * step).round(6)[rows] + 0.0
    out.loc[behind, "p_value"] = ledger.loc[behind, "p_value"].round(3)
    return out


def _one_two_five(values: pd.Series) -> pd.Series:
    """The smallest of 1, 2, 5, 10, 20, ... tenths, hundredths and so on that is not below each value."""
    power = 10.0 ** np.floor(np.log10(values))
    lead = (values / power).round(9)
    return power * np.select([lead <= 1, lead <= 2, lead <= 5], [1, 2, 5], 10)


def _of_rounded_counts(ledger: pd.DataFrame) -> pd.Series:
    """Described shares: k of n, divided again after rounding both."""
    plain = (ledger["unit"] == "share") & (ledger["topic"] == "description")
    return plain & (ledger["measure"] != "cif")  # censored: not k of n


def _to_base(values: pd.Series, base: int) -> pd.Series:
    return np.floor(values / base + 0.5) * base  # halves upwards, so that rounding twice changes nothing


def _matched(ledger: pd.DataFrame, previous: pd.DataFrame) -> pd.DataFrame:
    found = ledger[KEY].merge(previous[list(COLUMNS)], on=KEY, how="left", validate="one_to_one")
    return found.set_index(ledger.index)


def _keep_released(
    cleared: pd.DataFrame, ledger: pd.DataFrame, previous: pd.DataFrame, *, threshold: int
) -> pd.DataFrame:
    released = _matched(ledger, previous)
    counting = ledger["unit"].isin(("persons", "episodes")) & released["estimate"].notna()
    near = counting & ((ledger["estimate"] - released["estimate"]).abs() < threshold)
    cleared.loc[near, ["estimate", *COUNTS]] = released.loc[near, ["estimate", *COUNTS]]
    return cleared
