"""What of the ledger may be published. The profile is explained in docs/disclosure.md.

Rows are cleared once, all together: areas, totals, arms, windows and outcomes. Cells that add up to a
published total are cleared as one sum, so that a hidden part cannot be had by subtraction.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaluation.results import rules
from evaluation.results.ledger import COLUMNS, KEY, NUMBERS, refuse_repeated
from evaluation.results.rules import COUNTS, Profile
from evaluation.results.withholding import withheld
from evaluation.study import AFTER, Study

NO_NUMBER = ("suppressed", "withheld", "missing", "not_run")
EXTREMES = ("minimum", "maximum", "min", "max", "range")
# cells whose counts add up to a published total: measures, and the column that tells the parts apart
SUMS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("municipality_episodes", "municipality_mean"), "item"),  # municipalities of an area
    (("municipality_episodes", "municipality_mean"), "window"),  # years of a municipality
    (("episodes", "persons"), "window"),  # years of an arm
    (("mean",), "window"),  # quarters of an arm
    (("episodes", "persons"), "item"),  # arms of a window
    (("case_mix",), "item"),  # levels of a background variable
    (("cost_item",), "item"),  # items of a payer
    (("episodes", "persons", "attrition_episodes", "attrition_persons", "case_mix"), "area"),  # areas of all
)


def clear(
    ledger: pd.DataFrame,
    study: Study,
    *,
    profile: Profile | None = None,
    previous: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Clear the whole ledger for publication, by the default profile if none is given.

    The same rows come out in the same order. Suppressed and withheld rows have no numbers and no method;
    keys, `x` and unit stay. Clearing a cleared ledger changes nothing. `previous` is an earlier release,
    already cleared: what it hid stays hidden, and what a few persons could have changed stays as it was
    released, see :func:`as_released`. ValueError if columns are missing, keys repeat, or a measure is a
    minimum or maximum.

    Examples
    --------
    >>> from evaluation.results.ledger import rows
    >>> few = pd.DataFrame({"item": ["a", "b"], "estimate": [0.4, 0.5], "persons": [9, 22]})
    >>> part = rows(few, area="oulu", topic="description", measure="mean", unit="share", simulated=True)
    >>> clear(part, study)[["estimate", "persons", "status"]].to_dict("list")
    {'estimate': [nan, 0.5], 'persons': [nan, 20.0], 'status': ['suppressed', 'ok']}
    """
    profile = profile or rules.read_profile()
    if missing := [name for name in COLUMNS if name not in ledger]:
        raise ValueError(f"disclosure: the ledger has no column {', '.join(missing)}")
    if extreme := sorted(set(ledger["measure"]) & set(EXTREMES)):
        raise ValueError(f"disclosure: {extreme} are values of single persons; publish quantiles or means")
    refuse_repeated(ledger)
    index, ledger = ledger.index, ledger.reset_index(drop=True)
    cleared = rules.round_numbers(rules.round_counts(ledger, profile), profile)
    before = ledger["status"] == "suppressed"
    if previous is not None:
        before |= _matched(ledger, previous)["status"] == "suppressed"
    # nothing follows from a share that is hidden for the size of its group alone
    small = rules.small_shares(ledger, profile) | (before & rules.described_shares(ledger))
    hidden = rules.few_persons(ledger, profile) | rules.dominated(cleared, profile) | (before & ~small)
    hidden = complementary(ledger, hidden, study, threshold=profile.threshold) | before | small
    hidden |= left_out(ledger, hidden)
    if previous is not None:
        cleared = as_released(cleared, ledger, previous, profile=profile)
    cleared["method"] = rules.in_words(cleared, profile)  # also what an earlier release said
    cleared.loc[hidden, "status"] = "suppressed"
    cleared.loc[withheld(ledger, study) & ~hidden & ~ledger["status"].isin(NO_NUMBER), "status"] = "withheld"
    closed = cleared["status"].isin(("suppressed", "withheld"))
    cleared.loc[closed, NUMBERS + COUNTS] = np.nan
    cleared.loc[closed, "method"] = ""  # words such as "refused:dominated" tell the result too
    return cleared.set_axis(index)


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
    stem = stem.mask(ledger["measure"] == "cost_item", ledger["item"].str.partition(":")[2])
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


def _matched(ledger: pd.DataFrame, previous: pd.DataFrame) -> pd.DataFrame:
    found = ledger[KEY].merge(previous[list(COLUMNS)], on=KEY, how="left", validate="one_to_one")
    return found.set_index(ledger.index)


def as_released(
    cleared: pd.DataFrame, ledger: pd.DataFrame, previous: pd.DataFrame, *, profile: Profile
) -> pd.DataFrame:
    """Keep the released numbers of areas that a few persons more or less could have changed.

    An area is published anew where a count moved by the threshold, an estimate by more than the larger of its
    standard errors, then and now (which no single person in one of the two samples can do to a mean,
    Samuelson's inequality), and twice what rounding can move it, or its verdict changed. In the others every
    number stays; in all of them a count that moved by less. The rows of the delivery are published anew
    where its persons moved by the threshold.
    """
    released = _matched(ledger, previous)
    moved = (ledger["estimate"] - released["estimate"]).abs()
    counted = rules.counting(ledger) & released["estimate"].notna()
    changed = (ledger["persons"] - released["persons"]).abs() >= profile.threshold
    changed |= rules.telling(ledger) & (moved >= profile.threshold)
    rounding = rules.one_step(released, profile)
    error = np.fmax(ledger["std_error"], released["std_error"])
    changed |= ~counted & (moved > error + 2 * rounding)
    verdict = (ledger["measure"] == "verdict") & released["status"].notna()
    changed |= verdict & (ledger["status"] != released["status"])
    place = rules.of_one_place(ledger)
    stays = ~place.isin(set(place[changed])) & (released["persons"].notna() | counted)
    stays &= released["status"] == ledger["status"]
    stays |= rules.telling(ledger) & (moved < profile.threshold)
    cleared.loc[stays, [*NUMBERS, *COUNTS, "method"]] = released.loc[stays, [*NUMBERS, *COUNTS, "method"]]
    return cleared
