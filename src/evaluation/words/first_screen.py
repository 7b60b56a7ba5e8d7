"""The first screen of an area report: verdict, findings, and what may and may not be said."""

from __future__ import annotations

import math
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


def certainty(cleared: pd.DataFrame, study: Study, *, area: str, outcome: str) -> int:
    """Grade the evidence for an effect: 3 moderate, 2 low, 1 very low.

    Jobseekers were not drawn by lot, so the evidence starts at moderate. It loses a step where the
    comparison raised a concern, where the sentence leaves the direction open or the data before the start
    do not bear it out, and where a sensitivity analysis contradicts the finding (a disjoint interval, or the
    opposite sign of a finding whose interval excludes zero). After GRADE (Guyatt et al. 2008, BMJ 336:924).
    """
    row = main_row(cleared, study, area=area, outcome=outcome)
    if row is None or math.isnan(row["ci_low"]):
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
    list of Finding
        The verdict, then the effects, the cost to all public payers last. An effect whose family of outcomes
        failed or was not checked is not shown; where all did, a description of the level stands in their
        place. Past 150 words the outcome before the cost is left out.
    """
    chosen = [outcome for outcome in (*study.outcomes.first_screen[: MAX_FINDINGS - 2], COST)]
    shown = [o for o in chosen if fairness(cleared, study, area=area, outcome=o)[0] in SHOWN]
    if not shown:
        level = description(cleared, area=area, outcome=study.outcomes.headline, language=language)
        return [verdict(cleared, study, area=area, language=language), *level]
    rows = {o: main_row(cleared, study, area=area, outcome=o) for o in chosen}
    grades = {o: certainty(cleared, study, area=area, outcome=o) for o in chosen}

    def said(words_of: Language) -> list[Finding]:
        found = [verdict(cleared, study, area=area, language=words_of)]
        for name, row in rows.items():
            if name not in shown:
                called = labels.outcome(name, words_of)
                one = withheld(
                    cleared, study, area=area, about=name, language=words_of, outcomes=[name], name=called
                )
                found += [one] if one else []
            elif row is not None:
                strong = strength(cleared, study, area=area, outcome=name)
                one = effect(row, words_of, limits=study.limits, strength=strong)
                told = one.kind in JUDGEMENTS or one.kind in DOUBTS
                grade = " " + words_of.text(CERTAINTIES[grades[name]]) if told else ""
                found.append(replace(one, text=one.text + grade))
        return found

    # every language drops the same findings, so that all of them say the same
    while len(rows) > 1 and max(count(said(get(code))) for code in CODES) > MAX_WORDS:
        rows.pop(list(rows)[-2] if len(rows) > 2 else list(rows)[-1])
    return said(language)


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


def years_compared(study: Study, language: Language) -> str:
    """Say what the public statistics of the panel compare: it names only the years."""
    year = next(iter(study.followup.values())).short[language.code]
    return language.text(
        "The public statistics compare the {year} of the trial with each of the years shown.", year=year
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
    status, _ = fairness(cleared, study, area=area, outcome=study.outcomes.headline)
    row = main_row(cleared, study, area=area, outcome=study.outcomes.headline)
    if status not in SHOWN or row is None or math.isnan(row["ci_low"]):
        return [language.text("The effect of the trial is not known.")]
    said = [language.text("The answer on work at the top, with its interval and its certainty.")]
    if ready:
        strong = strength(cleared, study, area=area, outcome=study.outcomes.headline)
        grade = certainty(cleared, study, area=area, outcome=study.outcomes.headline)
        found = effect(row, language, limits=study.limits, strength=strong).text
        said = [f"{found} {language.text(CERTAINTIES[grade])}"]
    if status == "concern":
        said.append(
            language.text("The comparison has weaknesses, which belong with the figure when it is quoted.")
        )
    said.append(study.texts.against[language.code])
    return said


def may_not_say(cleared: pd.DataFrame, study: Study, *, area: str, language: Language) -> list[str]:
    """List what the area's results do not allow a reader to say."""
    status, _ = fairness(cleared, study, area=area, outcome=study.outcomes.headline)
    row = main_row(cleared, study, area=area, outcome=study.outcomes.headline)
    said = []
    if status not in SHOWN or row is None or math.isnan(row["ci_low"]):
        said.append(
            language.text("“The trial helped” or “the trial did harm”. The comparison does not show it.")
        )
    else:
        strong = strength(cleared, study, area=area, outcome=study.outcomes.headline)
        kind = effect(row, language, limits=study.limits, strength=strong).kind
        if kind in DOUBTS:
            said.append(
                language.text(
                    "“The trial caused the change.” The areas may have drifted apart even without it."
                )
            )
        elif kind in ("unclear", "maybe_more", "maybe_fewer"):
            said.append(language.text("“The trial made no difference.” The data leave the direction open."))
        elif kind == "small":
            said.append(
                language.text(
                    "“The trial raised employment” or “lowered it” as such. "
                    "Only small differences fit the data."
                )
            )
        elif kind.endswith("more"):
            said.append(
                language.text(
                    "“Every jobseeker gained” or “the same would happen elsewhere”. The figure is a mean."
                )
            )
        else:
            said.append(
                language.text(
                    "“Every jobseeker lost” or “the same would happen elsewhere”. The figure is a mean."
                )
            )
    said += [
        language.text("“This area did better than another pilot area.” The reports do not rank areas."),
        language.text(
            "“Unemployment fell, so more people are in work.” Unemployment also falls when people move "
            "into services."
        ),
        language.text(
            "“The municipality's saving is a saving for all.” Costs can move from one payer to another."
        ),
    ]
    return said
