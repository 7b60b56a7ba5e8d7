"""The first screen of an area report: verdict, findings, and what may and may not be said."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from evaluation.study import AFTER, Study
from evaluation.words import labels
from evaluation.words.fairness import (
    SHOWN,
    borne_out,
    disagreeing,
    fairness,
    main_row,
    strength,
    verdict,
    withheld,
)
from evaluation.words.findings import DOUBTS, JUDGEMENTS, OPEN, Finding, effect, judge, pick
from evaluation.words.language import CODES, Language, get, mark

COST = "cost_all_public_12m_eur"
MAX_FINDINGS = 5
MAX_WORDS = 150

CERTAINTIES = {
    3: mark("Certainty: moderate."),
    2: mark("Certainty: low."),
    1: mark("Certainty: very low."),
}
# by the kind of the finding on work, the first that fits; "unknown" where there is none
NOT_TO_SAY = {
    "unknown": mark("“The trial helped” or “the trial did harm”. The comparison does not show it."),
    "doubtful_.*": mark("“The trial caused the change.” The areas may have drifted apart even without it."),
    "unclear|maybe_.*": mark("“The trial made no difference.” The data leave the direction open."),
    "small": mark(
        "“The trial raised employment” or “lowered it” as such. Only small differences fit the data."
    ),
    ".*more": mark("“Every jobseeker gained” or “the same would happen elsewhere”. The figure is a mean."),
    ".*fewer": mark("“Every jobseeker lost” or “the same would happen elsewhere”. The figure is a mean."),
}


def certainty(cleared: pd.DataFrame, study: Study, *, area: str, outcome: str) -> int:
    """Grade the evidence for an effect: 3 moderate, 2 low, 1 very low.

    Jobseekers were not drawn by lot, so the evidence starts at moderate. It loses a step where the
    comparison raised a concern, where the sentence leaves the direction open or the data before the start
    do not bear it out, and where a sensitivity analysis contradicts the finding (a disjoint interval, or the
    opposite sign of a finding whose interval excludes zero). After GRADE (Guyatt et al. 2008, BMJ 336:924).
    """
    row = main_row(cleared, study, area=area, outcome=outcome)
    if row is None or math.isnan(row["ci_low"] + row["ci_high"]):
        return 1
    grade = 3 if fairness(cleared, study, area=area, outcome=outcome)[0] == "pass" else 2
    untold = judge(row["ci_low"], row["ci_high"], study.limits[row["unit"]]) in OPEN
    grade -= untold or not borne_out(cleared, study, area=area, outcome=outcome, row=row)
    return max(1, grade - disagreeing(cleared, row))


def count(found: Sequence[Finding]) -> int:
    """Count the words of findings as a reader does: a number with no-break spaces is one word."""
    return sum(len([word for word in one.text.split(" ") if word]) for one in found)


def headline(cleared: pd.DataFrame, study: Study, *, area: str, language: Language) -> list[Finding]:
    """Choose the findings of the first screen: at most five, at most 150 words, the verdict first.

    `area` is a pilot area or "all". After the verdict come the effects, the cost to all public payers last.
    An effect whose family of outcomes failed or was not checked is not shown; where all did, a description of
    the level stands in their place. Past 150 words the outcome before the cost is left out.
    """
    chosen = [*study.outcomes.first_screen[: MAX_FINDINGS - 2], COST]
    shown = [o for o in chosen if fairness(cleared, study, area=area, outcome=o)[0] in SHOWN]
    if not shown:
        level = description(cleared, area=area, outcome=study.outcomes.headline, language=language)
        return [verdict(cleared, study, area=area, language=language), *level]
    judged = {}
    for name in shown:
        about = {"area": area, "outcome": name}
        row = main_row(cleared, study, **about)
        judged[name] = row, strength(cleared, study, **about), certainty(cleared, study, **about)

    def said(name: str, spoken: Language) -> Finding | None:
        if name not in shown:
            called = labels.outcome(name, spoken)
            return withheld(
                cleared, study, area=area, about=name, language=spoken, outcomes=[name], name=called
            )
        row, strong, grade = judged[name]
        return None if row is None else graded(row, study, spoken, strength=strong, grade=grade)

    def all_said(spoken: Language) -> list[Finding]:
        first = verdict(cleared, study, area=area, language=spoken)
        return [first, *(one for name in chosen if (one := said(name, spoken)))]

    # every language drops the same findings, so that all of them say the same
    while len(chosen) > 1 and max(count(all_said(get(code))) for code in CODES) > MAX_WORDS:
        chosen.pop(-2 if len(chosen) > 2 else -1)
    return all_said(language)


def graded(row: pd.Series, study: Study, language: Language, *, strength: str, grade: int) -> Finding:
    """Say a finding with its certainty; what tells no size has none."""
    found = effect(row, language, limits=study.limits, strength=strength)
    if found.kind not in JUDGEMENTS and found.kind not in DOUBTS:
        return found
    return replace(found, text=f"{found.text} {language.text(CERTAINTIES[grade])}")


def counted(study: Study, language: Language) -> str:
    """Say what the answers count, of whom and when: the short answers leave it out."""
    names = [labels.outcome(name, language) for name in (*study.outcomes.first_screen[:2], COST)]
    before = study.baselines[study.main_baseline]
    return language.text(
        "What is measured: {outcomes}. Work is given per hundred jobseekers of the target group, costs per "
        "unemployment spell. The trial ran from {start} to {end}: the spells began during it; spells "
        "that began from {first} to {last} show the time before.",
        outcomes="; ".join(name[0].lower() + name[1:] for name in names),
        start=language.date(study.start),
        end=language.date(study.end),
        first=language.date(before.first),
        last=language.date(before.last),
    )


def description(cleared: pd.DataFrame, *, area: str, outcome: str, language: Language) -> list[Finding]:
    """Say the level in both arms during the trial, marked as a description; empty where it is not known."""
    where = {"area": area, "topic": "description", "measure": "window_mean", "outcome": outcome}
    where |= {"window": AFTER, "group": "target_group", "specification": "main"}
    rows = [pick(cleared, item=arm, **where) for arm in ("pilot", "comparison")]
    values = [math.nan if row is None else float(row["estimate"]) for row in rows]
    if any(math.isnan(value) for value in values):
        return []
    text = language.text(
        "{outcome}: pilot area {pilot}, comparison municipalities {comparison}. "
        "These are levels: their difference is not the effect of the trial.",
        outcome=labels.outcome(outcome, language),
        pilot=language.percent(values[0]),
        comparison=language.percent(values[1]),
    )
    return [Finding(outcome, "description", text)]


def may_say(
    cleared: pd.DataFrame, study: Study, *, area: str, language: Language, ready: bool = False
) -> list[str]:
    """List what the results allow a reader to say, the headline first: `ready` to be said, or where it is."""
    about = {"area": area, "outcome": study.outcomes.headline}
    row = _shown(cleared, study, area=area)
    if row is None:
        return [language.text("The effect of the trial is not known.")]
    said = [language.text("The answer on work at the top, with its interval and its certainty.")]
    if ready:
        strong, grade = strength(cleared, study, **about), certainty(cleared, study, **about)
        said = [graded(row, study, language, strength=strong, grade=grade).text]
    if fairness(cleared, study, **about)[0] == "concern":
        said.append(
            language.text("The comparison has weaknesses, which belong with the figure when it is quoted.")
        )
    return [*said, study.texts.against[language.code]]


def may_not_say(cleared: pd.DataFrame, study: Study, *, area: str, language: Language) -> str:
    """Tell what the area's result on work does not allow a reader to say."""
    row, kind = _shown(cleared, study, area=area), "unknown"
    if row is not None:
        strong = strength(cleared, study, area=area, outcome=study.outcomes.headline)
        kind = effect(row, language, limits=study.limits, strength=strong).kind
    return language.text(next(text for kinds, text in NOT_TO_SAY.items() if re.fullmatch(kinds, kind)))


def _shown(cleared: pd.DataFrame, study: Study, *, area: str) -> pd.Series | None:
    """The main analysis of the headline; None where it is not shown or has no interval with two ends."""
    about = {"area": area, "outcome": study.outcomes.headline}
    row = main_row(cleared, study, **about)
    held = fairness(cleared, study, **about)[0] not in SHOWN
    return None if held or row is None or not math.isfinite(row["ci_low"] + row["ci_high"]) else row
