"""Sentences about effects, made from cleared rows, so that words cannot contradict numbers.

The interval of a row and a relevance limit choose one of ten fixed sentences (:func:`judge`); direction
words come from nowhere else. "Ruled out" means outside the 95 % interval.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evaluation.study import Study
from evaluation.words import labels
from evaluation.words.language import Language, mark

RANGES = {
    ("share", "more"): mark(
        "{outcome}: between {low} and {high} more of a hundred jobseekers than in TE-office municipalities."
    ),
    ("share", "fewer"): mark(
        "{outcome}: between {low} and {high} fewer of a hundred jobseekers than in TE-office municipalities."
    ),
    ("share", "both"): mark(
        "{outcome}: from {low} fewer to {high} more of a hundred jobseekers than in TE-office municipalities."
    ),
    ("days", "more"): mark("{outcome}: between {low} and {high} days more than in TE-office municipalities."),
    ("days", "fewer"): mark(
        "{outcome}: between {low} and {high} days fewer than in TE-office municipalities."
    ),
    ("days", "both"): mark(
        "{outcome}: from {low} days fewer to {high} days more than in TE-office municipalities."
    ),
    ("months", "more"): mark(
        "{outcome}: between {low} and {high} months more than in TE-office municipalities."
    ),
    ("months", "fewer"): mark(
        "{outcome}: between {low} and {high} months fewer than in TE-office municipalities."
    ),
    ("months", "both"): mark(
        "{outcome}: from {low} months fewer to {high} months more than in TE-office municipalities."
    ),
    ("eur", "more"): mark("{outcome}: between {low} and {high} more than in TE-office municipalities."),
    ("eur", "fewer"): mark("{outcome}: between {low} and {high} less than in TE-office municipalities."),
    ("eur", "both"): mark("{outcome}: from {low} less to {high} more than in TE-office municipalities."),
}
JUDGEMENTS = {
    "clear_more": mark("The increase is clear; a decrease is ruled out."),
    "more": mark("The increase may be small; a decrease is ruled out."),
    "small_more": mark("The increase is small: more than {limit} is ruled out."),
    "maybe_more": mark("An increase is possible; a decrease of more than {limit} is ruled out."),
    "small": mark("Small or no difference; more than {limit} is ruled out."),
    "unclear": mark("The direction cannot be told; larger differences are ruled out."),
    "maybe_fewer": mark("A decrease is possible; an increase of more than {limit} is ruled out."),
    "small_fewer": mark("The decrease is small: more than {limit} is ruled out."),
    "fewer": mark("The decrease may be small; an increase is ruled out."),
    "clear_fewer": mark("The decrease is clear; an increase is ruled out."),
    "likely_more": mark("An increase is likely, but the comparison has weaknesses."),
    "likely_fewer": mark("A decrease is likely, but the comparison has weaknesses."),
}

# In place of a judgement that tells a direction, where the data before the start do not bear it out.
DOUBTS = {
    "doubtful_more": mark("More than in the comparison, but perhaps for other reasons."),
    "doubtful_fewer": mark("Less than in the comparison, but perhaps for other reasons."),
    "doubtful_both": mark("The direction cannot be told; other developments could hide a difference."),
}
OPEN = ("unclear", "maybe_more", "maybe_fewer", *DOUBTS)  # nothing is known of the direction, or not enough
ENDS = ("ci_low", "ci_high")  # of an interval
ABSENT = -2  # no code of a value, nor of a missing one


class Case:
    """The cleared rows that sentences about an area are made from; the area is "all" for all together.

    The rows are a snapshot, of which each column that is asked for is looked through once.
    """

    def __init__(self, cleared: pd.DataFrame, study: Study, *, area: str) -> None:
        self.study, self.area = study, area
        self._rows = cleared.copy(deep=False)  # pandas copies before anybody changes the frame
        self._coded: dict[str, tuple[np.ndarray, dict[str | float, int]]] = {}
        self._picked: dict[frozenset, pd.Series | None] = {}

    def rows(self, **where: str | float) -> pd.DataFrame:
        """Return the rows that meet every condition, of whatever area."""
        return self._rows[self._meeting(where)]

    def pick(self, **where: str | float) -> pd.Series | None:
        """Return the one row of the area that meets every condition, or None; a second row is an error."""
        conditions = frozenset(where.items())
        if conditions not in self._picked:
            places = np.flatnonzero(self._meeting({"area": self.area, **where}))
            if len(places) > 1:
                raise ValueError(
                    f"findings: {len(places)} rows of {self.area} meet {where}; name more columns"
                )
            self._picked[conditions] = self._rows.iloc[places[0]] if len(places) else None
        return self._picked[conditions]

    def known(self, *numbers: str, **where: str | float) -> pd.Series | None:
        """Pick a row that has all these `numbers`, such as its estimate; None where there is none."""
        row = self.pick(**where)
        return row if row is not None and all(math.isfinite(row[one]) for one in numbers) else None

    def _meeting(self, where: Mapping[str, str | float]) -> np.ndarray:
        for column in where.keys() - self._coded.keys():
            codes, values = pd.factorize(self._rows[column])
            self._coded[column] = codes, {value: code for code, value in enumerate(values)}
        coded = ((*self._coded[column], value) for column, value in where.items())
        return np.logical_and.reduce([codes == code_of.get(value, ABSENT) for codes, code_of, value in coded])


@dataclass(frozen=True)
class Finding:
    """One finding: what it is about, which sentence was chosen, and the sentence."""

    about: str  # outcome, "verdict", or the chapter
    kind: str  # key of JUDGEMENTS, DOUBTS or VERDICTS, or the status of a row without a number
    text: str


def judge(low: float, high: float, limit: float) -> str:
    """Choose the sentence for an interval: one of the keys of `JUDGEMENTS`.

    The `limit` is the smallest difference that matters, above zero. A ValueError says that an end is missing,
    that the ends are reversed, or that the limit is not above zero.

    Examples
    --------
    >>> judge(0.02, 0.06, 0.01), judge(-0.03, 0.04, 0.01), judge(-0.004, 0.006, 0.01)
    ('clear_more', 'unclear', 'small')
    """
    if not (math.isfinite(low) and math.isfinite(high)) or low > high or not limit > 0:
        raise ValueError(f"findings: no sentence for the interval {low} … {high} with the limit {limit}")
    if high < 0:  # the mirror image of an increase
        return judge(-high, -low, limit).replace("more", "fewer")
    if low >= limit:
        return "clear_more"
    if low > 0:
        return "more" if high > limit else "small_more"
    if high <= limit:
        return "small" if low >= -limit else "maybe_fewer"
    return "maybe_more" if low >= -limit else "unclear"


def side(low: float, high: float) -> str:
    """Whether an interval lies above zero (more), below it (fewer), or holds it or lacks an end (both)."""
    return "more" if 0 < low <= high else "fewer" if low <= high < 0 else "both"


def kind_of(low: float, high: float, limit: float, *, strength: str) -> str:
    """Choose the sentence for an interval and the strength of its comparison, on one scale.

    Nothing of a `doubtful` comparison is told of the direction, and nothing of one with weaknesses
    (`likely`) is called clear.

    Examples
    --------
    >>> [kind_of(0.02, 0.06, 0.01, strength=strength) for strength in ("clear", "likely", "doubtful")]
    ['clear_more', 'likely_more', 'doubtful_more']
    """
    if strength == "doubtful":
        return f"doubtful_{side(low, high)}"
    kind = judge(low, high, limit)
    return f"likely_{side(low, high)}" if strength == "likely" and kind.startswith("clear_") else kind


def amounts(values: Sequence[float], unit: str, language: Language) -> list[str]:
    """Write sizes without sign, with as few decimals as keep them apart and none of them at zero."""
    shown = [100 * value if unit == "share" else value for value in values]
    decimals, most = 0, {"eur": 0, "months": 2}.get(unit, 1)
    while decimals < most:
        rounded = [round(value, decimals) for value in shown]
        if all(rounded) and len(set(rounded)) == len(rounded):
            break
        decimals += 1
    write = language.euros if unit == "eur" else language.number
    return [write(abs(value), decimals) for value in shown]


def span(low: float, high: float, unit: str, language: Language) -> tuple[str, dict[str, str]]:
    """On which side of zero an interval lies, and its ends as sizes, the smaller one first."""
    ends, where = amounts((low, high), unit, language), side(low, high)
    return where, dict(zip(("high", "low") if where == "fewer" else ("low", "high"), ends, strict=True))


def quantity(value: float, unit: str, language: Language) -> str:
    """Write a size with its unit, as for a relevance limit: 1 percentage point, 5 days, 100 €."""
    if unit == "eur":
        return language.euros(value, 0 if value == round(value) else 2)
    shown = 100 * value if unit == "share" else value
    decimals = next(d for d in (0, 1, 2) if d == 2 or abs(shown - round(shown, d)) < 1e-9)
    if unit in ("share", "points"):
        return language.points(shown, decimals)
    if unit == "days":
        return language.text("{number} days", number=language.number(shown, decimals))
    return language.text("{number} months", number=language.number(shown, decimals))


def effect(
    row: pd.Series,
    language: Language,
    *,
    limits: Mapping[str, float],
    outcome: str | None = None,
    strength: str = "clear",
) -> Finding:
    """Say what a row with an interval says: outcome, interval, comparison and what is ruled out.

    Without numbers, the status of the row is put in words, and is the kind. `limits` are the smallest
    differences that matter, by unit; `outcome` is a name in place of the outcome's own; `strength` says what
    may be called clear, see :func:`kind_of`.
    """
    name = outcome or labels.outcome(row["outcome"], language)
    low, high, unit = float(row["ci_low"]), float(row["ci_high"]), str(row["unit"])
    if not (math.isfinite(low) and math.isfinite(high)):
        status = str(row["status"]) if row["status"] in ("suppressed", "withheld", "not_run") else "missing"
        text = language.text("{outcome}: {reason}.", outcome=name, reason=language.no_number(status))
        return Finding(str(row["outcome"]), status, text)
    kind = kind_of(low, high, limits[unit], strength=strength)
    where, ends = span(low, high, unit, language)
    said = language.text(RANGES[unit, where], outcome=name, **ends)
    judged = language.text((JUDGEMENTS | DOUBTS)[kind], limit=quantity(limits[unit], unit, language))
    return Finding(str(row["outcome"]), kind, f"{said} {judged}")
