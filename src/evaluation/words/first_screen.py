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
    told,
    verdict,
    withheld,
)
from evaluation.words.findings import DOUBTS, JUDGEMENTS, OPEN, Case, Finding, judge
from evaluation.words.language import Language, get, mark

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


def certainty(case: Case, outcome: str) -> int:
    """Grade the evidence for an effect: 3 moderate, 2 low, 1 very low.

    Jobseekers were not drawn by lot, so the evidence starts at moderate. It loses a step where the
    comparison raised a concern, where the sentence leaves the direction open or the data before the start
    do not bear it out, and where a sensitivity analysis contradicts the finding (a disjoint interval, or the
    opposite sign of a finding whose interval excludes zero). After GRADE (Guyatt et al. 2008, BMJ 336:924).
    """
    row = main_row(case, outcome)
    if row is None or math.isnan(row["ci_low"] + row["ci_high"]):
        return 1
    grade = 3 if fairness(case, outcome)[0] == "pass" else 2
    untold = judge(row["ci_low"], row["ci_high"], case.study.limits[row["unit"]]) in OPEN
    grade -= untold or not borne_out(case, row)
    return grade - (grade > 1 and disagreeing(case, row))


def count(found: Sequence[Finding]) -> int:
    """Count the words of findings as a reader does: a number with no-break spaces is one word."""
    return sum(len([word for word in one.text.split(" ") if word]) for one in found)


def headline(case: Case, language: Language) -> list[Finding]:
    """Choose the findings of the first screen: at most five, at most 150 words, the verdict first.

    After the verdict come the effects, the cost to all public payers last. An effect whose family of outcomes
    failed or was not checked is not shown; where all did, a description of the level stands in their place.
    Past 150 words in English, which takes more, every language leaves out the outcome before the cost.
    """
    outcomes = case.study.outcomes
    chosen = [*outcomes.first_screen[: MAX_FINDINGS - 2], COST]
    if not any(fairness(case, outcome)[0] in SHOWN for outcome in chosen):
        return [verdict(case, language), *description(case, language, outcome=outcomes.headline)]

    def all_said(spoken: Language) -> list[Finding]:
        return [verdict(case, spoken), *filter(None, (_finding(case, name, spoken) for name in chosen))]

    # of one language, so that all of them say the same and no page hangs on another language's sentences
    while len(chosen) > 1 and count(all_said(get("en"))) > MAX_WORDS:
        chosen.pop(-2 if len(chosen) > 2 else -1)
    return all_said(language)


def _finding(case: Case, outcome: str, language: Language) -> Finding | None:
    """What is said of an outcome; None where there is no analysis of it."""
    if fairness(case, outcome)[0] not in SHOWN:
        name = labels.outcome(outcome, language)
        return withheld(case, language, about=outcome, outcomes=[outcome], name=name)
    row = main_row(case, outcome)
    return None if row is None else graded(case, row, language)


def graded(case: Case, row: pd.Series, language: Language) -> Finding:
    """Say a main finding with its certainty; what tells no size has none."""
    found = told(case, row, language)
    if found.kind not in JUDGEMENTS and found.kind not in DOUBTS:
        return found
    grade = language.text(CERTAINTIES[certainty(case, row["outcome"])])
    return replace(found, text=f"{found.text} {grade}")


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


def description(case: Case, language: Language, *, outcome: str) -> list[Finding]:
    """Say the level in both arms during the trial, marked as a description; empty where it is not known."""
    where = {"topic": "description", "measure": "window_mean", "outcome": outcome}
    where |= {"window": AFTER, "group": "target_group", "specification": "main"}
    pilot, comparison = (case.known("estimate", item=arm, **where) for arm in ("pilot", "comparison"))
    if pilot is None or comparison is None:
        return []
    text = language.text(
        "{outcome}: pilot area {pilot}, comparison municipalities {comparison}. "
        "These are levels: their difference is not the effect of the trial.",
        outcome=labels.outcome(outcome, language),
        pilot=language.percent(pilot["estimate"]),
        comparison=language.percent(comparison["estimate"]),
    )
    return [Finding(outcome, "description", text)]


def may_say(case: Case, language: Language, *, ready: bool = False) -> list[str]:
    """List what the results allow a reader to say, the headline first: `ready` to be said, or where it is."""
    row = _shown(case)
    if row is None:
        return [language.text("The effect of the trial is not known.")]
    said = [
        graded(case, row, language).text
        if ready
        else language.text("The answer on work at the top, with its interval and its certainty.")
    ]
    if fairness(case, row["outcome"])[0] == "concern":
        said.append(
            language.text("The comparison has weaknesses, which belong with the figure when it is quoted.")
        )
    return [*said, case.study.texts.against[language.code]]


def may_not_say(case: Case, language: Language) -> str:
    """Tell what the area's result on work does not allow a reader to say."""
    row = _shown(case)
    kind = "unknown" if row is None else told(case, row, language).kind
    return language.text(next(text for kinds, text in NOT_TO_SAY.items() if re.fullmatch(kinds, kind)))


def _shown(case: Case) -> pd.Series | None:
    """The main analysis of the headline; None where it is not shown or has no interval with two ends."""
    row = main_row(case, case.study.outcomes.headline)
    if row is None or fairness(case, row["outcome"])[0] not in SHOWN:
        return None
    return row if math.isfinite(row["ci_low"] + row["ci_high"]) else None
