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
WORST = ("pass", "concern", "not_run", "fail")
NOTICED = 2.8  # standard errors: what a two-sided test at 5 per cent sees in four cases of five
VERDICTS = {
    "pass": mark("The checks found no flaw in the comparison."),
    "concern": mark("The comparison is fair with reservations: {reasons}. Read with caution."),
    "fail": mark("The comparison is not fair: {reasons}. Effects are therefore not shown for this area."),
    "not_run": mark("The comparison cannot be judged: {reasons}. Effects are therefore not shown."),
}
FAMILY_VERDICTS = {
    "pass": mark("{family}: no flaw was found in the comparison."),
    "concern": mark("{family}: the comparison is fair with reservations ({reasons})."),
    "fail": mark("{family}: the comparison is not fair ({reasons}). Effects are not shown."),
    "not_run": mark("{family}: the comparison cannot be judged ({reasons}). Effects are not shown."),
}
PASSED_WITH = mark("The essential checks found no flaw in the comparison. Noticed: {reasons}.")
PASSED_IN_PART = mark("The checks made found no flaw in the comparison; some could not be made.")


def fairness(cleared: pd.DataFrame, study: Study, *, area: str, outcome: str) -> tuple[str, list[str]]:
    """Return the verdict on the comparison (pass, concern, fail, not_run) and the codes of its reasons.

    It is the worse of the verdict of the family that `outcome` belongs to and its own, where it has one.
    """
    where = {"area": area, "topic": "comparability", "measure": "verdict", "specification": "main"}
    family = study.outcomes.checked_for(outcome)
    rows = [pick(cleared, outcome=name, **where) for name in dict.fromkeys((family, outcome))]
    if rows[0] is None or any(row is not None and row["status"] not in VERDICTS for row in rows):
        return "not_run", []
    worst = max((row for row in rows if row is not None), key=lambda row: WORST.index(row["status"]))
    return str(worst["status"]), [reason for reason in worst["item"].split(";") if reason]


def verdict(cleared: pd.DataFrame, study: Study, *, area: str, language: Language) -> Finding:
    """Say whether the comparison is fair; what was not checked does not count as fair."""
    status, codes = fairness(cleared, study, area=area, outcome=study.outcomes.headline)
    run = [code for code in codes if not code.endswith("_not_run")]
    noticed = [code for code in run if code.endswith("_concern")]
    said = _because(status, codes, language)
    if status in ("fail", "not_run") and _differ(cleared, study, area=area):
        family = next(
            one for one in study.outcomes.families.values() if one.checked == study.outcomes.headline
        )
        text = language.text(FAMILY_VERDICTS[status], family=family.name[language.code], reasons=said)
        return Finding("verdict", status, text)
    if status == "pass" and noticed:
        said = "; ".join(labels.reasons(noticed, language))
        return Finding("verdict", status, language.text(PASSED_WITH, reasons=said))
    if status == "pass" and len(run) < len(codes):
        return Finding("verdict", status, language.text(PASSED_IN_PART))
    return Finding("verdict", status, language.text(VERDICTS[status], reasons=said))


def _differ(cleared: pd.DataFrame, study: Study, *, area: str) -> bool:
    """Whether the families of outcomes have different verdicts."""
    checked = study.outcomes.checked
    return len({fairness(cleared, study, area=area, outcome=outcome)[0] for outcome in checked}) > 1


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
    # rounded up to a tenth: less than this it might not notice
    step = 1000 if row["unit"] == "share" else 10
    noticed = math.ceil(NOTICED * float(row["std_error"]) * step - 1e-9) / step
    size = quantity(noticed, row["unit"], language)
    text = language.text(
        "A drift before the trial is noticed in four cases of five if it is at least {size} a year. "
        "A smaller one can stay hidden.",
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


def disagreeing(cleared: pd.DataFrame, row: pd.Series) -> bool:
    """Whether a sensitivity analysis contradicts a main analysis.

    It does with a disjoint interval, or with the opposite sign of a finding whose interval excludes zero.
    """
    low, high = row["ci_low"], row["ci_high"]
    other = cleared[
        (cleared["area"] == row["area"])
        & (cleared["topic"] == "sensitivity")
        & (cleared["measure"] == "att")
        & (cleared["group"] == "target_group")
        & (cleared["outcome"] == row["outcome"])
        & ~cleared["specification"].isin(["main", "naive_clustered"])
    ]
    apart = (other["ci_low"] > high) | (other["ci_high"] < low)
    opposite = (other["estimate"] < 0) & (low > 0) | (other["estimate"] > 0) & (high < 0)
    return bool((apart | opposite).any())


def doubtful(
    cleared: pd.DataFrame, study: Study, *, area: str, outcome: str, row: pd.Series | None = None
) -> bool:
    """Whether the direction of a finding may not be called clear: not borne out, or an analysis disagrees.

    `row` is the finding, by default the main one.
    """
    main = main_row(cleared, study, area=area, outcome=outcome)
    against = main is not None and disagreeing(cleared, main)
    return against or not borne_out(
        cleared, study, area=area, outcome=outcome, row=main if row is None else row
    )


def strength(
    cleared: pd.DataFrame, study: Study, *, area: str, outcome: str, row: pd.Series | None = None
) -> str:
    """How strong a comparison is: doubtful, likely (with weaknesses) or clear; see `findings.kind_of`."""
    if doubtful(cleared, study, area=area, outcome=outcome, row=row):
        return "doubtful"
    return "clear" if fairness(cleared, study, area=area, outcome=outcome)[0] == "pass" else "likely"


def borne_out(cleared: pd.DataFrame, study: Study, *, area: str, outcome: str, row: pd.Series | None) -> bool:
    """Whether the data before the start and what stands beside it bear a finding out.

    The check of trends before the start of this outcome was run, the drift per year that would overturn the
    finding is larger than any in its direction that those data allow, and no other evidence speaks against
    it. An outcome without checks of its own is not borne out: those of a sum cannot see what moves between
    its parts. After Rambachan and Roth (2023), Review of Economic Studies 90(5).
    """
    where = {"area": area, "topic": "comparability", "measure": "diagnostic", "outcome": outcome}
    trend, against = (pick(cleared, item=item, **where) for item in ("pre_trend", "contradiction"))
    if row is None or trend is None or against is None:
        return False
    if not math.isfinite(row["estimate"] + row["std_error"]):
        return False
    allowed = trend["ci_high"] if row["estimate"] > 0 else -trend["ci_low"]
    baseline = str(row["specification"]).removeprefix("baseline_")
    years = study.years_from(baseline if baseline in study.baselines else study.main_baseline)
    bound = breakdown_per_year(row["estimate"], row["std_error"], years=years)
    checked = trend["status"] in SHOWN and against["status"] == "pass"
    return bool(checked and bound > float(allowed))
