"""The answers at the top of a report: what people ask, a short sentence each, and the intervals behind it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from evaluation.study import Study
from evaluation.words import labels
from evaluation.words.fairness import SHOWN, fairness, main_row, strength
from evaluation.words.findings import amounts, kind_of, pick, side
from evaluation.words.first_screen import CERTAINTIES, certainty
from evaluation.words.language import Language, mark

# half the width of the drawn scale, the same for every area; an interval that reaches beyond ends in an arrow
SCALES = {"share": 0.25, "points": 4.0, "days": 30.0, "eur": 2500.0}
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


def answers(cleared: pd.DataFrame, study: Study, *, area: str, language: Language) -> list[Answer]:
    """Answer what people ask first: public statistics, work, services, cost, and how far to trust it.

    Parameters
    ----------
    cleared : pandas.DataFrame
        The cleared ledger.
    study : Study
        The reform: its main baseline, limits and first outcomes.
    area : str
        Pilot area or "all".
    language : Language
        Language of the sentences.

    Returns
    -------
    list of Answer
        Kinds are those of the findings: the sentence, its certainty and the drawn interval come from one row.
        Public statistics are left out where none were read.
    """
    text = language.text
    first, services = study.outcomes.first_screen[:2]
    found = [
        _public(cleared, study, area=area, language=language),
        work(cleared, study, area=area, language=language),
        _effect(cleared, study, area=area, language=language, about="services", outcomes=[services],
                question=text("Did time in services change?")),
        _effect(cleared, study, area=area, language=language, about="cost",
                outcomes=[f"cost_{payer}_12m_eur" for payer in (*study.payers, "all_public")],
                question=text("What did it cost, and who paid?")),
    ]  # fmt: skip
    status, reasons = fairness(cleared, study, area=area, outcome=first)
    told = status
    if status == "pass" and reasons:
        noticed = any(reason.endswith("_concern") for reason in reasons)
        told = "pass_noticed" if noticed else "pass_in_part"
    if status == "fail" and not any(one.bars for one in found if one and one.about != "public"):
        told = "fail_all"
    trust = Answer("trust", status, text("How far can it be trusted?"), text(TRUST[told]))
    return [*(one for one in found if one), trust]


def work(cleared: pd.DataFrame, study: Study, *, area: str, language: Language) -> Answer:
    """Answer whether more people got work, as in the panel of an area."""
    outcomes, question = [study.outcomes.first_screen[0]], language.text("Did more people get work?")
    return _effect(
        cleared, study, area=area, language=language, about="work", outcomes=outcomes, question=question
    )


def _effect(
    cleared: pd.DataFrame,
    study: Study,
    *,
    area: str,
    language: Language,
    about: str,
    outcomes: list[str],
    question: str,
) -> Answer:
    """The answer of the last outcome, with an interval for each of them."""
    main = outcomes[-1]
    status, _ = fairness(cleared, study, area=area, outcome=main)
    row = main_row(cleared, study, area=area, outcome=main)
    if status not in SHOWN:
        return Answer(about, status, question, language.text(UNFAIR[status]))
    if row is None or not math.isfinite(row["ci_low"]):
        state = "missing" if row is None else str(row["status"])
        return Answer(about, state, question, language.no_number(state).capitalize() + ".")
    kind, text = sentence(
        row, study, strength=strength(cleared, study, area=area, outcome=main), language=language
    )
    rows = {name: main_row(cleared, study, area=area, outcome=name) for name in outcomes}
    bars = tuple(
        _bar(
            one,
            study,
            language,
            name="" if len(rows) == 1 else labels.label("payer", str(one["item"]), language),
        )
        for one in rows.values()
        if one is not None and math.isfinite(one["ci_low"])
    )
    grade = CERTAINTIES[certainty(cleared, study, area=area, outcome=main)]
    return Answer(about, kind, question, text, language.text(grade), bars, _scale(str(row["unit"]), language))


def sentence(row: pd.Series, study: Study, *, strength: str, language: Language) -> tuple[str, str]:
    """The kind of a finding, as `findings.effect` tells it, and its short sentence."""
    low, high, unit = float(row["ci_low"]), float(row["ci_high"]), str(row["unit"])
    kind, pattern = kind_of(low, high, study.limits[unit], strength=strength), side(low, high)
    ends = amounts((low, high), unit, language)
    small, large = ends[::-1] if pattern == "fewer" else ends
    lead = language.text(LEADS[kind])
    return kind, language.text(RANGES[unit, pattern], lead=lead, low=small, high=large)


def _public(cleared: pd.DataFrame, study: Study, *, area: str, language: Language) -> Answer | None:
    where = {"topic": "public_statistics", "measure": "did", "outcome": "unemployed_share", "area": area}
    of_area = cleared[list(where)].eq(pd.Series(where)).all(axis=1)
    year = cleared.loc[of_area & cleared["ci_low"].notna(), "window"].min()  # the first one that is held
    rows = [
        (name, pick(cleared, specification=f"baseline_{name}", window=year, **where))
        for name in study.baselines
    ]
    seen = [(name, row) for name, row in rows if row is not None and math.isfinite(row["ci_low"])]
    if not seen:
        return None
    signs = {int(row["ci_low"] > 0) - int(row["ci_high"] < 0) for _, row in seen}
    kinds = {(0,): "none", (1,): "rose", (-1,): "fell", (0, 1): "some_rose", (-1, 0): "some_fell"}
    kind = kinds.get(tuple(sorted(signs)), "depends")
    bars = tuple(
        _bar(
            row,
            study,
            language,
            name=study.baselines[name].short[language.code],
        )
        for name, row in seen
    )
    window = study.windows[year]
    text = language.text(PUBLIC[kind], year=window.short[language.code])
    months = pd.period_range(window.first, window.last, freq="M").astype("str")
    held = cleared["topic"].eq("public_statistics") & cleared["measure"].eq("series")
    here = cleared.loc[held & cleared["window"].isin(months), "window"].nunique()
    if here < len(months):
        counts = {"held": language.number(here), "all": language.number(len(months))}
        text += " " + language.text("Only {held} of the year's {all} months are held.", **counts)
    question = language.text("What do public statistics show?")
    scale = _scale("points", language)
    return Answer("public", kind, question, text, "", bars, scale, real=True)


def _bar(row: pd.Series, study: Study, language: Language, *, name: str) -> Bar:
    unit = str(row["unit"])
    half = SCALES[unit]
    low, high = float(row["ci_low"]), float(row["ci_high"])
    drawn = min(max(low / half, -1.0), 1.0), min(max(high / half, -1.0), 1.0)
    said = _written(low, high, unit, language)
    return Bar(name, low / half, high / half, study.limits[unit] / half, said, drawn)


def _written(low: float, high: float, unit: str, language: Language) -> str:
    def write(value: float) -> str:
        if unit == "eur":
            return language.euros(value, signed=True)
        return language.number(100 * value if unit == "share" else value, 1, signed=True)

    said = language.interval(low, high, write)
    return (
        said
        if unit == "eur"
        else f"{said} {labels.label('unit', 'points' if unit == 'share' else unit, language)}"
    )


def _scale(unit: str, language: Language) -> str:
    half = SCALES[unit]
    if unit == "eur":
        return language.text("Scale ±{size}", size=language.euros(half))
    size = language.number(100 * half if unit == "share" else half)
    if unit == "days":
        return language.text("Scale ±{size} days", size=size)
    return language.text("Scale ±{size} percentage points", size=size)
