"""Is the comparison fair, for which outcomes, and may the direction of a finding be called clear?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from evaluation.diagnostics.pretrends import breakdown_per_year
from evaluation.words import labels
from evaluation.words.findings import Case, Finding, effect, quantity
from evaluation.words.language import Language, mark

SHOWN = ("pass", "concern")
WORST = ("pass", "concern", "not_run", "fail")
NOTICED = 2.8  # standard errors: what a two-sided test at 5 per cent sees in four cases of five
CHECK = {"topic": "comparability", "measure": "diagnostic"}
VERDICTS = {
    "pass": mark("The checks found no flaw in the comparison."),
    "concern": mark("The comparison is fair with reservations: {reasons}. Read with caution."),
    "fail": mark("The comparison is not fair: {reasons}. Effects are therefore not shown for this area."),
    "not_run": mark("The comparison cannot be judged: {reasons}. Effects are therefore not shown."),
    "pass_noticed": mark("The essential checks found no flaw in the comparison. Noticed: {reasons}."),
    "pass_in_part": mark("The checks made found no flaw in the comparison; some could not be made."),
}
FAMILY_VERDICTS = {
    "pass": mark("{family}: no flaw was found in the comparison."),
    "concern": mark("{family}: the comparison is fair with reservations ({reasons})."),
    "fail": mark("{family}: the comparison is not fair ({reasons}). Effects are not shown."),
    "not_run": mark("{family}: the comparison cannot be judged ({reasons}). Effects are not shown."),
}


def fairness(case: Case, outcome: str) -> tuple[str, list[str]]:
    """Return the verdict on the comparison (pass, concern, fail, not_run) and the codes of its reasons.

    It is the worse of the verdict of the family that `outcome` belongs to and its own, where it has one.
    """
    where = {"topic": "comparability", "measure": "verdict", "specification": "main"}
    family = case.study.outcomes.checked_for(outcome)
    rows = [case.pick(outcome=name, **where) for name in dict.fromkeys((family, outcome))]
    if rows[0] is None or any(row is not None and row["status"] not in WORST for row in rows):
        return "not_run", []
    worst = max((row for row in rows if row is not None), key=lambda row: WORST.index(row["status"]))
    return str(worst["status"]), [reason for reason in worst["item"].split(";") if reason]


def kind_of_verdict(status: str, codes: Sequence[str]) -> str:
    """Which sentence tells a verdict: one that passed may have noticed something, or not run some checks.

    Examples
    --------
    >>> kind_of_verdict("pass", ["hidden_bias_not_run"]), kind_of_verdict("pass", ["placebo_outcome_unclear"])
    ('pass_in_part', 'pass_noticed')
    """
    if status != "pass" or not codes:
        return status
    return "pass_in_part" if all(code.endswith("_not_run") for code in codes) else "pass_noticed"


def verdict(case: Case, language: Language) -> Finding:
    """Say whether the comparison is fair; what was not checked does not count as fair."""
    outcomes = case.study.outcomes
    status, codes = fairness(case, outcomes.headline)
    if status in ("fail", "not_run") and not _agree(case):
        name = next(name for name, one in outcomes.families.items() if one.checked == outcomes.headline)
        return replace(_of_family(case, name, language), about="verdict")
    told = kind_of_verdict(status, codes)
    if told == "pass_noticed":
        codes = [code for code in codes if not code.endswith("_not_run")]
    text = language.text(VERDICTS[told], reasons=_because(status, codes, language))
    return Finding("verdict", status, text)


def _agree(case: Case) -> bool:
    """Whether all families of outcomes have the same verdict."""
    return len({fairness(case, outcome)[0] for outcome in case.study.outcomes.checked}) <= 1


def _of_family(case: Case, name: str, language: Language) -> Finding:
    """Say the verdict of a family of outcomes."""
    family = case.study.outcomes.families[name]
    status, codes = fairness(case, family.checked)
    said = {"family": family.name[language.code], "reasons": _because(status, codes, language)}
    return Finding(name, status, language.text(FAMILY_VERDICTS[status], **said))


def _because(status: str, codes: Sequence[str], language: Language) -> str:
    """The reasons of a verdict, or what is known without any."""
    if status == "not_run":
        return language.text("the development before the trial could not be checked")
    return "; ".join(labels.reasons(codes, language)) or language.text("the checks do not support it")


def other_verdicts(case: Case, language: Language) -> list[Finding]:
    """Say the verdict of each family of outcomes where they are not all the same, and what could be seen."""
    families = [] if _agree(case) else case.study.outcomes.families
    return [*(_of_family(case, name, language) for name in families), drift_seen(case, language)]


def drift_seen(case: Case, language: Language) -> Finding:
    """Say how large a drift of the headline before the start the check would have noticed."""
    row = case.known("std_error", item="pre_trend", outcome=case.study.outcomes.headline, **CHECK)
    if row is None:
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
    case: Case, language: Language, *, about: str, outcomes: Sequence[str] = (), name: str | None = None
) -> Finding | None:
    """Return the sentence that stands in place of a comparison of an unfair area, None for a fair one.

    The comparison rests on `outcomes`, by default the headline; `about` is its measure, `name` its name.
    """
    states = [fairness(case, outcome)[0] for outcome in outcomes or [case.study.outcomes.headline]]
    # all areas together have their own checks
    if all(status in SHOWN or (case.area == "all" and status != "fail") for status in states):
        return None
    text = language.text(
        "{outcome}: {reason}.",
        outcome=name or labels.label("measure", about, language),
        reason=language.no_number("withheld"),
    )
    return Finding(about, "withheld", text)


def main_row(case: Case, outcome: str) -> pd.Series | None:
    """Return the main analysis of an outcome: its effect, or its cost difference."""
    topic, measure = ("cost", "delta_cost") if outcome.startswith("cost_") else ("effect", "att")
    where = {"topic": topic, "measure": measure, "outcome": outcome, "window": case.study.main_baseline}
    return case.pick(group="target_group", specification="main", **where)


def disagreeing(case: Case, row: pd.Series) -> bool:
    """Whether a sensitivity analysis contradicts a main analysis.

    It does with a disjoint interval, or with the opposite sign of a finding whose interval excludes zero.
    """
    where = {"area": row["area"], "topic": "sensitivity", "measure": "att", "group": "target_group"}
    other = case.rows(outcome=row["outcome"], **where)
    known = ~other["specification"].isin(["main", "naive_clustered"]).to_numpy()
    estimate, low, high = (other[number].to_numpy()[known] for number in ("estimate", "ci_low", "ci_high"))
    apart = (low > row["ci_high"]) | (high < row["ci_low"])
    opposite = (estimate < 0) & (row["ci_low"] > 0) | (estimate > 0) & (row["ci_high"] < 0)
    return bool((apart | opposite).any())


def doubtful(case: Case, outcome: str, *, row: pd.Series | None = None) -> bool:
    """Whether the direction of a finding may not be called clear: not borne out, or an analysis disagrees.

    `row` is the finding, by default the main one.
    """
    main = main_row(case, outcome)
    borne = borne_out(case, main if row is None else row)
    return not borne or (main is not None and disagreeing(case, main))


def strength(case: Case, row: pd.Series) -> str:
    """How strong the comparison of a finding is: doubtful, likely or clear; see `findings.kind_of`."""
    if doubtful(case, row["outcome"], row=row):
        return "doubtful"
    return "clear" if fairness(case, row["outcome"])[0] == "pass" else "likely"


def told(case: Case, row: pd.Series, language: Language, *, name: str | None = None) -> Finding:
    """Say a finding, as clearly as its comparison allows; `name` stands in place of its outcome's."""
    strong = strength(case, row)
    return effect(row, language, limits=case.study.limits, outcome=name, strength=strong)


def borne_out(case: Case, row: pd.Series | None) -> bool:
    """Whether the data before the start and what stands beside it bear a finding out.

    The check of trends before the start of this outcome was run, the drift per year that would overturn the
    finding is larger than any in its direction that those data allow, and no other evidence speaks against
    it. An outcome without checks of its own is not borne out: those of a sum cannot see what moves between
    its parts. After Rambachan and Roth (2023), Review of Economic Studies 90(5).
    """
    if row is None or not math.isfinite(row["estimate"] + row["std_error"]):
        return False
    trend, against = (
        case.pick(item=item, outcome=row["outcome"], **CHECK) for item in ("pre_trend", "contradiction")
    )
    if trend is None or against is None:
        return False
    study = case.study
    allowed = trend["ci_high"] if row["estimate"] > 0 else -trend["ci_low"]
    baseline = str(row["specification"]).removeprefix("baseline_")
    years = study.years_from(baseline if baseline in study.baselines else study.main_baseline)
    bound = breakdown_per_year(row["estimate"], row["std_error"], years=years)
    checked = trend["status"] in SHOWN and against["status"] == "pass"
    return bool(checked and bound > float(allowed))
