"""What an outsider can undo in cleared rows: hidden counts, rounded counts, and what two releases tell.

The outsider knows the rules, every published row, which cells add up to which, and that counts and sums of
days are whole numbers. Sums are attacked by linear programming, means by the whole numbers that fit them.
The clearing is not asked how it chose: the sums are written down here once more, as an outsider sees them.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from evaluation import ranges
from evaluation.results import rules
from evaluation.results.ledger import KEY, NUMBERS
from evaluation.results.rules import Profile
from evaluation.results.sums import CELL, System
from evaluation.study import Study

MOST_LINES = 20
REMEDIES = {
    "recovered": "a hidden count follows from a sum: hide another part of it, or the sum",
    "bounded": "a hidden count is bounded within 3: hide another part of the sum, or the sum",
    "rounding undone": "a rounded count follows: publish its means or sums with fewer digits",
    "euros follow": "a hidden item follows from its payer's sum: hide another item of the payer",
    "shown again": "an earlier release hid this: clear with --previous, which keeps it hidden",
    "out of range": "a share or days leave what they can be: mend the interval where it is made",
    "told in words": "words tell an exact number: round it, or leave it out",
    "few differ": "the difference from an earlier release tells of few persons: clear with --previous",
}
# these are differences: they stay on their own scale
SIGNED = (
    "att",
    "att_raw",
    "att_shrunken",
    "prediction_interval",
    "event_study",
    "funnel_limit",
    "diagnostic",
    "bias",
)
WHOLE = ("mean", "window_mean", "municipality_mean")  # means of whole numbers over the episodes of a cell


def audit(
    cleared: pd.DataFrame,
    study: Study,
    *,
    profile: Profile,
    parts_of_all: Collection[str] | None = None,
    before: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Attack cleared rows, all areas and totals, as an outsider would who knows the rules of the profile.

    One row a finding: kind (see ``REMEDIES``), the cell (area, group, item, window) and what of it; no row if
    nothing was undone. Values found are not told. `parts_of_all` are the areas that add up to "all", every
    area if not given. `before` is the earlier release that this one was cleared with: counts that stay as
    they were released may have moved by less than the threshold, and differences are attacked too.

    Examples
    --------
    >>> from evaluation.results.ledger import rows
    >>> cells = pd.DataFrame({"window": ["after_1", "after_2", "after_3", "after"], "persons": 300.0,
    ...     "estimate": [400.0, None, 300.0, 725.0], "status": ["ok", "suppressed", "ok", "ok"]})
    >>> part = rows(cells, area="oulu", topic="cohort", measure="episodes", unit="episodes", item="pilot",
    ...             simulated=True)
    >>> exact = rules.read_profile().__class__("exact", 10, 1, 20, 3.0, {"number": 1e-6})
    >>> audit(part, study, profile=exact)[["kind", "window"]].values.tolist()
    [['recovered', 'after_2']]
    """
    system = System(cleared, study, profile, parts_of_all=parts_of_all, before=before)
    found = [
        means_undone(cleared, profile),
        system.attack(),
        euros(cleared),
        ratios(cleared, profile),
        out_of_range(cleared),
        words(cleared, profile),
    ]
    if before is not None:
        found.append(differences(cleared, before, profile=profile))
    kept = [part for part in found if len(part)]
    columns = ["kind", *CELL, "what"]
    return pd.concat(kept, ignore_index=True)[columns] if kept else pd.DataFrame(columns=columns)


def in_words(found: pd.DataFrame) -> str:
    """Findings as lines that name cell and remedy; no value is told."""
    lines = [
        f"{row['what']} [{', '.join(str(row[name]) for name in CELL if row[name])}]: {REMEDIES[row['kind']]}"
        for row in found.head(MOST_LINES).to_dict("records")
    ]
    if len(found) > MOST_LINES:
        lines.append(f"and {len(found) - MOST_LINES} more")
    return "\n".join(lines)


def means_undone(cleared: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    """Counts that follow from means: mean times count is a whole number for one count only."""
    chosen = cleared["measure"].isin(WHOLE) & cleared["unit"].isin(("days", "share"))
    rows = cleared[chosen & cleared["estimate"].notna() & cleared["episodes"].gt(0)]
    tried = rows["episodes"].to_numpy()[:, None] + np.arange(-(profile.base // 2), (profile.base + 1) // 2)
    value = rows["estimate"].to_numpy()[:, None]
    half = _half_step(rows, profile)[:, None] + 1e-9
    possible = np.abs(value * tried - np.round(value * tried)) <= half * tried
    parts = (rows["estimate"] * rows["episodes"] / profile.base).round(6)
    told = rules.of_two_counts(rows) & (parts % 1 == 0)  # made of two rounded counts: it tells these
    possible |= told.to_numpy()[:, None]
    tries = {str(step): possible[:, step] for step in range(tried.shape[1])}
    horizon = rows["outcome"].str.replace(".*_", "", regex=True)  # longer ones rest on fewer episodes
    frame = rows[[*CELL, "episodes"]].assign(horizon=horizon, **tries)
    left = frame.groupby([*CELL, "episodes", "horizon"], as_index=False).all()
    alone = left[list(tries)].sum(axis=1) == 1
    undone = left.loc[alone & (profile.base > 1), CELL]
    return undone.assign(kind="rounding undone", what="episodes behind means")


def _half_step(rows: pd.DataFrame, profile: Profile) -> np.ndarray:
    """Half of the step that a number was rounded to: the documented one where it fits, else its digits."""
    step = rules.steps(rows, profile)
    multiple = rows["estimate"] / step
    fits = (multiple - multiple.round()).abs() < 1e-6
    digits = rows["estimate"].map(lambda value: len(repr(float(value)).partition(".")[2]))
    return np.asarray(0.5 * np.where(fits, step, 10.0**-digits))


def euros(cleared: pd.DataFrame) -> pd.DataFrame:
    """Hidden items of euros that follow from the sum of their payer: the only one that is hidden in it."""
    items = cleared[cleared["measure"] == "cost_item"]
    payer = items["item"].str.replace("^[^:]*:", "", regex=True)
    within = [name for name in KEY if name not in ("item", "measure", "x")]
    hidden = items["status"].eq("suppressed")
    sums = hidden.groupby([*(items[name] for name in within), payer]).transform("sum")
    alone = items.assign(payer=payer)[hidden & (sums == 1)]
    totals = cleared[(cleared["measure"] == "mean_cost") & cleared["estimate"].notna()]
    keys = pd.MultiIndex.from_frame(totals[[*within, "item"]])
    follows = pd.MultiIndex.from_frame(alone[[*within, "payer"]]).isin(keys)
    return alone.loc[follows, CELL].assign(kind="euros follow", what="cost_item")


def ratios(cleared: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    """Counts of the register that follow from their ratio to the public statistics, which are known."""
    rows = cleared[(cleared["measure"] == "register_to_statistics") & cleared["persons"].gt(0)]
    width = 2 * _half_step(rows, profile) / rows["estimate"] * rows["persons"]
    return rows.loc[width < 1, CELL].assign(kind="rounding undone", what="ratio to the public statistics")


def out_of_range(cleared: pd.DataFrame) -> pd.DataFrame:
    """Levels that cannot be: shares outside 0–1, days below none or beyond the horizon; intervals too.

    Examples
    --------
    >>> from evaluation.results.ledger import rows
    >>> means = pd.DataFrame({"item": ["pilot", "comparison"], "outcome": "service_days_12m",
    ...     "estimate": [5.0, 9.0], "ci_low": [-2.0, 1.0]})
    >>> part = rows(means, area="oulu", topic="description", measure="mean", unit="days", simulated=True)
    >>> out_of_range(part)[["kind", "what"]].values.tolist()
    [['out of range', 'mean']]
    """
    level = ~cleared["measure"].isin(SIGNED)
    numbers = cleared[["estimate", "ci_low", "ci_high"]]
    limit = cleared["outcome"].map({name: ranges.most(name) for name in cleared["outcome"].unique()})
    limit = limit.where(cleared["unit"].eq("days"), 1.0)
    in_days = cleared["unit"].eq("days") & cleared["outcome"].str.contains("_days")
    bounded = level & (cleared["unit"].isin(("share", "probability")) | in_days)
    beyond = numbers.lt(0).any(axis=1) | numbers.gt(limit, axis=0).any(axis=1)
    chosen = cleared[bounded & beyond]
    return chosen[CELL].assign(kind="out of range", what=chosen["measure"])


def words(cleared: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    """Numbers that could count persons and are not rounded, in a method or in an item that tells of them."""
    counting = cleared["item"].str.contains(r"\b(?:persons|episodes|rows)\b")
    sentences = cleared.assign(method=cleared["item"].where(counting, ""))
    exact = pd.Series(False, index=cleared.index)
    for said in (cleared, sentences):
        exact |= rules.in_words(said, profile) != said["method"]
    chosen = cleared[exact]
    return chosen[CELL].assign(kind="told in words", what=chosen["measure"])


def differences(cleared: pd.DataFrame, before: pd.DataFrame, *, profile: Profile) -> pd.DataFrame:
    """What two releases together tell: rows shown that were hidden, and changes that few persons can make.

    Numbers of an area may change where one of its counts moved by the threshold, an estimate by more than the
    larger of its standard errors and a step of rounding, or a status; else any change tells of few persons.
    A count that moved by less than the threshold always does. The rows of a delivery may change where its
    persons did.
    """
    names = [*NUMBERS, "persons", "episodes", "status"]
    both = cleared.merge(before[[*KEY, *names]], on=KEY, suffixes=("", "_then"), validate="one_to_one")
    shown = both["status_then"].eq("suppressed") & ~both["status"].isin(("suppressed", "withheld", "missing"))
    moved = pd.DataFrame(
        {name: (both[name] - both[f"{name}_then"]).abs().fillna(0.0) for name in names if name != "status"}
    )
    public = ~(both["persons"].gt(0) | both["persons_then"].gt(0) | rules.counting(both))
    counted = rules.counting(both)
    large = (moved["persons"] >= profile.threshold) | (
        rules.telling(both) & (moved["estimate"] >= profile.threshold)
    )
    then = both.assign(**{name: both[f"{name}_then"] for name in names})
    error = np.fmax(both["std_error"], both["std_error_then"])
    beyond = error + 1.2 * rules.one_step(then, profile)
    large |= ~counted & (moved["estimate"] >= beyond)
    large |= both["status"] != both["status_then"]
    place = rules.of_one_place(both)
    changed = moved.gt(1e-9).any(axis=1) & ~public
    few = changed & ~place.isin(set(place[large]))
    few |= rules.telling(both) & moved["estimate"].between(1e-9, profile.threshold - 1e-9)
    found = both.assign(kind=np.where(shown, "shown again", "few differ"), what=both["measure"])
    return found.loc[shown | few, ["kind", *CELL, "what"]]
