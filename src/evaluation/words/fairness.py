"""Is the comparison fair, for which outcomes, and may the direction of a finding be called clear?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from evaluation.diagnostics.pretrends import breakdown_per_year
from evaluation.study import Study
from evaluation.words import labels
from evaluation.words.findings import Finding, pick, quantity
from evaluation.words.language import Language, mark

SHOWN = ("pass", "concern")
NOTICED = 2.8  # standard errors: what a two-sided test at 5 per cent sees in four cases of five
VERDICTS = {
    "pass": mark("Is the comparison fair? Yes, the checks gave no cause for concern."),
    "concern": mark("Is the comparison fair? With reservations: {reasons}. Read with caution."),
    "fail": mark("Is the comparison fair? No: {reasons}. Effects are therefore not shown for this area."),
    "not_run": mark(
        "Is the comparison fair? This cannot be judged: {reasons}. Effects are therefore not shown."
    ),
}
FAMILY_VERDICTS = {
    "pass": mark("{family}: the comparison is fair."),
    "concern": mark("{family}: the comparison is fair with reservations ({reasons})."),
    "fail": mark("{family}: the comparison is not fair ({reasons}). Effects are not shown."),
    "not_run": mark("{family}: the comparison cannot be judged ({reasons}). Effects are not shown."),
}
PASSED_IN_PART = mark(
    "Is the comparison fair? Yes, the checks made gave no cause for concern; some could not be made."
)


def fairness(cleared: pd.DataFrame, study: Study, *, area: str, outcome: str) -> tuple[str, list[str]]:
    """Return the verdict on the comparison (pass, concern, fail, not_run) and the codes of its reasons.

    It is the verdict of the family of outcomes that `outcome` belongs to.
    """
    where = {"area": area, "topic": "comparability", "measure": "verdict", "specification": "main"}
    row = pick(cleared, outcome=study.outcomes.checked_for(outcome), **where)
    if row is None or row["status"] not in VERDICTS:
        return "not_run", []
    return str(row["status"]), [reason for reason in row["item"].split(";") if reason]


def verdict(cleared: pd.DataFrame, study: Study, *, area: str, language: Language) -> Finding:
    """Say whether the comparison is fair; what was not checked does not count as fair."""
    status, codes = fairness(cleared, study, area=area, outcome=study.outcomes.headline)
    run = [code for code in codes if not code.endswith("_not_run")]
    said = _because(status, codes, language)
    if status == "pass" and len(run) < len(codes):
        return Finding("verdict", status, language.text(PASSED_IN_PART))
    return Finding("verdict", status, language.text(VERDICTS[status], reasons=said))


def _because(status: str, codes: Sequence[str], language: Language) -> str:
    """The reasons of a verdict, or what is known without any."""
    if status == "not_run":
        return language.text("the development before the trial could not be checked")
    return "; ".join(labels.reasons(codes, language)) or language.text("the checks do not support it")


def other_verdicts(cleared: pd.DataFrame, study: Study, *, area: str, language: Language) -> list[Finding]:
    """Say the verdict of each family of outcomes where they are not all the same, and what could be seen."""
    outcomes = study.outcomes
    found = []
    judged = {
        name: fairness(cleared, study, area=area, outcome=family.checked)
        for name, family in outcomes.families.items()
    }
    for name, (status, codes) in judged.items():
        if len({status for status, _ in judged.values()}) > 1:
            said = _because(status, codes, language)
            family = outcomes.families[name].name[language.code]
            text = language.text(FAMILY_VERDICTS[status], family=family, reasons=said)
            found.append(Finding(name, status, text))
    return [*found, drift_seen(cleared, study, area=area, language=language)]


def drift_seen(cleared: pd.DataFrame, study: Study, *, area: str, language: Language) -> Finding:
    """Say how large a drift of the headline before the start the check would have noticed."""
    where = {"area": area, "topic": "comparability", "measure": "diagnostic", "item": "pre_trend"}
    row = pick(cleared, outcome=study.outcomes.headline, **where)
    if row is None or not math.isfinite(row["std_error"]):
        text = language.text(
            "Development before the trial could not be checked: a drift of any size may hide in the figures."
        )
        return Finding("pre_trend", "not_run", text)
    noticed = round(NOTICED * float(row["std_error"]), 2)
    size = quantity(noticed, row["unit"], language)
    text = language.text(
        "The check of the development before the trial would have noticed a drift of {size} a year or more "
        "in four cases of five.",
        size=size,
    )
    return Finding("pre_trend", str(row["status"]), text)


def withheld(
    cleared: pd.DataFrame,
    study: Study,
    *,
    area: str,
    about: str,
    language: Language,
    outcomes: Sequence[str] = (),
    name: str | None = None,
) -> Finding | None:
    """Return the sentence that stands in place of a comparison of an unfair area, None for a fair one.

    The comparison rests on `outcomes`, by default the headline; `about` is its measure, `name` its name.
    """
    states = [
        fairness(cleared, study, area=area, outcome=outcome)[0]
        for outcome in outcomes or [study.outcomes.headline]
    ]
    # all areas together have their own checks
    if all(status in SHOWN or (area == "all" and status != "fail") for status in states):
        return None
    text = language.text(
        "{outcome}: {reason}.",
        outcome=name or labels.label("measure", about, language),
        reason=language.no_number("withheld"),
    )
    return Finding(about, "withheld", text)


def main_row(cleared: pd.DataFrame, study: Study, *, area: str, outcome: str) -> pd.Series | None:
    """Return the main analysis of an outcome in an area: its effect, or its cost difference."""
    topic, measure = ("cost", "delta_cost") if outcome.startswith("cost_") else ("effect", "att")
    where = {"area": area, "outcome": outcome, "window": study.main_baseline, "group": "target_group"}
    return pick(cleared, topic=topic, measure=measure, specification="main", **where)


def doubtful(
    cleared: pd.DataFrame, study: Study, *, area: str, outcome: str, row: pd.Series | None = None
) -> bool:
    """Whether the direction of a finding may not be called clear.

    It may only where the check of trends before the start was run, the drift per year that would overturn the
    finding is larger than any in its direction that those data allow, and no other evidence speaks
    against it. An outcome without checks of its own is held to those of its family. `row` is the finding, by
    default the main one. After Rambachan and Roth (2023), Review of Economic Studies 90(5).
    """
    row = main_row(cleared, study, area=area, outcome=outcome) if row is None else row
    own = {
        item: [
            pick(cleared, area=area, topic="comparability", measure="diagnostic", item=item, outcome=name)
            for name in (outcome, study.outcomes.checked_for(outcome))
        ]
        for item in ("pre_trend", "contradiction")
    }
    trend, against = (next((one for one in found if one is not None), None) for found in own.values())
    if row is None or trend is None or against is None or not math.isfinite(row["std_error"]):
        return True
    allowed = trend["ci_high"] if row["estimate"] > 0 else -trend["ci_low"]
    bound = breakdown_per_year(row["estimate"], row["std_error"], years=study.years_between)
    borne_out = trend["status"] in SHOWN and against["status"] == "pass"
    return not (borne_out and bound > float(allowed))
