"""The answers at the top of a report: what people ask, a short sentence each, and the intervals behind it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import pandas as pd

from evaluation.study import Study
from evaluation.words import labels
from evaluation.words.fairness import SHOWN, fairness, kind_of_verdict, main_row, strength
from evaluation.words.findings import ENDS, Case, kind_of, side, span
from evaluation.words.first_screen import CERTAINTIES, COST, certainty
from evaluation.words.language import Language, mark
from evaluation.words.public import CHANGE, HEADLINE, held_months, incomplete

# half the width of the drawn scale, the same for every area; an interval that reaches beyond ends in an arrow
SCALES = {"share": 0.25, "points": 4.0, "days": 30.0, "eur": 2500.0}
QUESTIONS = {
    "work": mark("Did more people get work?"),
    "services": mark("Did time in services change?"),
    "cost": mark("What did it cost, and who paid?"),
}
LEADS = {
    "clear_more": mark("Increase"),
    "more": mark("Increase, perhaps a small one"),
    "small_more": mark("Small increase"),
    "maybe_more": mark("Perhaps an increase"),
    "small": mark("Little or no difference"),
    "unclear": mark("Unclear"),
    "maybe_fewer": mark("Perhaps a decrease"),
    "small_fewer": mark("Small decrease"),
    "fewer": mark("Decrease, perhaps a small one"),
    "clear_fewer": mark("Decrease"),
    "likely_more": mark("Likely an increase"),
    "likely_fewer": mark("Likely a decrease"),
    "doubtful_more": mark("Increase, perhaps for other reasons"),
    "doubtful_fewer": mark("Decrease, perhaps for other reasons"),
    "doubtful_both": mark("Unclear"),
}
RANGES = {
    ("share", "more"): mark("{lead}: {low} to {high} more of a hundred."),
    ("share", "fewer"): mark("{lead}: {low} to {high} fewer of a hundred."),
    ("share", "both"): mark("{lead}: {low} fewer to {high} more of a hundred."),
    ("days", "more"): mark("{lead}: {low} to {high} more days within a year."),
    ("days", "fewer"): mark("{lead}: {low} to {high} fewer days within a year."),
    ("days", "both"): mark("{lead}: {low} fewer to {high} more days within a year."),
    ("eur", "more"): mark("{lead}: {low} to {high} more per spell."),
    ("eur", "fewer"): mark("{lead}: {low} to {high} less per spell."),
    ("eur", "both"): mark("{lead}: {low} less to {high} more per spell."),
}
UNFAIR = {
    "fail": mark("Not shown: the comparison is not fair."),
    "not_run": mark("Not shown: the comparison cannot be judged."),
}
TRUST = {
    "pass": mark("The checks found no flaw in the comparison."),
    "pass_in_part": mark("Essential checks passed; some were impossible."),
    "pass_noticed": mark("Essential checks passed; see what was noticed."),
    "concern": mark("With reservations: the comparison has weaknesses."),
    "fail": mark("Not for work: the comparison is not fair. For the rest, see the certainty."),
    "fail_all": mark("Not at all: the comparison is not fair."),
    "not_run": mark("Cannot be judged: the time before the start could not be checked."),
}
PUBLIC = {
    "none": mark("Unemployment against the comparison, {year} of the trial: no clear change."),
    "depends": mark(
        "Unemployment against the comparison, {year} of the trial: the sign depends on the baseline."
    ),
    "rose": mark("Unemployment rose against the comparison, {year} of the trial, by all baselines shown."),
    "fell": mark("Unemployment fell against the comparison, {year} of the trial, by all baselines shown."),
    "some_rose": mark(
        "Unemployment rose against the comparison in the {year} of the trial, by some baselines."
    ),
    "some_fell": mark(
        "Unemployment fell against the comparison in the {year} of the trial, by some baselines."
    ),
}
# on which sides of zero the intervals of the baselines lie, in alphabetical order; any others disagree
SIGNS = {
    ("both",): "none",
    ("more",): "rose",
    ("fewer",): "fell",
    ("both", "more"): "some_rose",
    ("both", "fewer"): "some_fell",
}
SIZES = {
    "eur": mark("Scale ±{size}"),
    "days": mark("Scale ±{size} days"),
    "share": mark("Scale ±{size} percentage points"),
    "points": mark("Scale ±{size} percentage points"),
}


@dataclass(frozen=True)
class Bar:
    """An interval on the common scale of its unit, which reaches from -1 to 1."""

    name: str
    low: float
    high: float
    zone: float  # half the width of the differences that do not matter
    said: str
    drawn: tuple[float, float]  # an end beyond the scale is drawn at its edge


@dataclass(frozen=True)
class Answer:
    """One question with its answer."""

    about: str
    kind: str
    question: str
    text: str
    certainty: str = ""
    bars: tuple[Bar, ...] = ()
    scale: str = ""
    real: bool = False


def answers(case: Case, language: Language) -> list[Answer]:
    """Answer what people ask first: public statistics, work, services, cost, and how far to trust it.

    Kinds are those of the findings: the sentence, its certainty and the drawn interval come from one row.
    Public statistics are left out where none were read.
    """
    public = _public(case, language)
    found = [answer(case, language, about=about) for about in QUESTIONS]
    status, reasons = fairness(case, case.study.outcomes.first_screen[0])
    told = kind_of_verdict(status, reasons)
    if status == "fail" and not any(one.bars for one in found):
        told = "fail_all"
    question = language.text("How far can it be trusted?")
    trust = Answer("trust", status, question, language.text(TRUST[told]))
    return [*([public] if public else []), *found, trust]


def answer(case: Case, language: Language, *, about: str) -> Answer:
    """Answer one of the `QUESTIONS`: on the main outcome, the last one, with an interval for each of them."""
    study = case.study
    work, services = study.outcomes.first_screen[:2]
    costs = [*(f"cost_{payer}_12m_eur" for payer in study.payers), COST]
    outcomes = {"work": [work], "services": [services], "cost": costs}[about]
    main, question = outcomes[-1], language.text(QUESTIONS[about])
    status, _ = fairness(case, main)
    if status not in SHOWN:
        return Answer(about, status, question, language.text(UNFAIR[status]))
    rows = [main_row(case, name) for name in outcomes]
    row = rows[-1]
    if row is None or not math.isfinite(row["ci_low"] + row["ci_high"]):
        state = "missing" if row is None else str(row["status"])
        return Answer(about, state, question, language.no_number(state).capitalize() + ".")
    low, high, unit = float(row["ci_low"]), float(row["ci_high"]), str(row["unit"])
    kind = kind_of(low, high, study.limits[unit], strength=strength(case, row))
    where, ends = span(low, high, unit, language)
    text = language.text(RANGES[unit, where], lead=language.text(LEADS[kind]), **ends)
    shown = [one for one in rows if one is not None and math.isfinite(one["ci_low"] + one["ci_high"])]
    names = ["" if len(rows) == 1 else labels.label("payer", str(one["item"]), language) for one in shown]
    bars = tuple(_bar(one, study, language, name=name) for one, name in zip(shown, names, strict=True))
    grade = language.text(CERTAINTIES[certainty(case, main)])
    return Answer(about, kind, question, text, grade, bars, _scale(unit, language))


def _public(case: Case, language: Language) -> Answer | None:
    study, where = case.study, {"outcome": HEADLINE, **CHANGE}
    changes = case.rows(area=case.area, **where)
    year = changes.dropna(subset=[*ENDS])["window"].min()  # the first one that is held
    seen = [
        (baseline.short[language.code], row)
        for name, baseline in study.baselines.items()
        if (row := case.known(*ENDS, specification=f"baseline_{name}", window=year, **where)) is not None
    ]
    if not seen:
        return None
    sides = tuple(sorted({side(row["ci_low"], row["ci_high"]) for _, row in seen}))
    kind = SIGNS.get(sides, "depends")
    window = study.windows[year]
    text = language.text(PUBLIC[kind], year=window.short[language.code])
    if months := incomplete(held_months(case), window, language):
        text += " " + language.text("Only {held} of the year's {all} months are held.", **months)
    question = language.text("What do public statistics show?")
    bars = tuple(_bar(row, study, language, name=name) for name, row in seen)
    return Answer("public", kind, question, text, "", bars, _scale("points", language), real=True)


def _bar(row: pd.Series, study: Study, language: Language, *, name: str) -> Bar:
    unit, low, high = str(row["unit"]), float(row["ci_low"]), float(row["ci_high"])
    half = SCALES[unit]
    drawn = min(max(low / half, -1.0), 1.0), min(max(high / half, -1.0), 1.0)
    said = language.interval(low, high, partial(_size, unit=unit, decimals=1, signed=True, language=language))
    if unit != "eur":
        said += " " + labels.label("unit", "points" if unit == "share" else unit, language)
    return Bar(name, low / half, high / half, study.limits[unit] / half, said, drawn)


def _scale(unit: str, language: Language) -> str:
    return language.text(SIZES[unit], size=_size(SCALES[unit], unit=unit, language=language))


def _size(value: float, *, unit: str, language: Language, decimals: int = 0, signed: bool = False) -> str:
    """An amount in whole euros, anything else as a number, a share in percentage points."""
    if unit == "eur":
        return language.euros(value, signed=signed)
    return language.number(100 * value if unit == "share" else value, decimals, signed=signed)
