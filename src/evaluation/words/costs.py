"""Sentences about costs: who paid, what an additional month in open employment cost, is it worth it."""

from __future__ import annotations

import math
from functools import partial

import pandas as pd

from evaluation.schemas import PAYERS
from evaluation.units import DAYS_IN_MONTH
from evaluation.words import labels
from evaluation.words.fairness import doubtful, strength, withheld
from evaluation.words.findings import Case, Finding, amounts, effect, side
from evaluation.words.first_screen import COST
from evaluation.words.language import NO_NUMBER, Language, mark

PERSPECTIVES = ("municipality", "state", "all_public")
MAIN = {"group": "target_group", "specification": "main"}
# by the sides of zero on which the intervals of the municipality and of the state lie
MOVED = {("fewer", "more"): "to_state", ("more", "fewer"): "to_municipality"}
SHIFTS = {
    "to_state": mark("The municipality paid less and the state more: costs moved to the state."),
    "to_municipality": mark(
        "The municipality paid more and the state less: costs moved to the municipality."
    ),
}
WORTH = {
    "more": mark("{payer}: if a month in open-market work is worth {value}, benefits exceed costs."),
    "both": mark(
        "{payer}: if a month in open-market work is worth {value}, it cannot be told whether benefits exceed "
        "costs."
    ),
    "fewer": mark("{payer}: if a month in open-market work is worth {value}, costs exceed benefits."),
}


def who_paid(case: Case, language: Language) -> list[Finding]:
    """Say for each payer whether it paid more or less than with the TE office, and whether costs moved.

    One finding for each payer with a row of measure delta_cost in topic cost; then, where the municipality's
    interval and the state's clearly lie on opposite sides of zero, one that says so (about = cost_shift).
    """
    if held := withheld(case, language, about="delta_cost", outcomes=[COST]):
        return [held]
    where = {"topic": "cost", "measure": "delta_cost", "window": case.study.main_baseline}
    found, sides = [], {}
    for payer in (*PAYERS, "all_public"):
        row = case.pick(item=payer, outcome=f"cost_{payer}_12m_eur", **MAIN, **where)
        if row is not None:
            strong = strength(case, row)
            found.append(effect(row, language, limits=case.study.limits, strength=strong))
            sides[payer] = "both" if strong == "doubtful" else _side(row)
    if moved := MOVED.get((sides.get("municipality", ""), sides.get("state", ""))):
        found.append(Finding("cost_shift", moved, language.text(SHIFTS[moved])))
    return found


def _side(row: pd.Series | None) -> str:
    """The side of zero on which the interval of a row lies; both where there is none."""
    return "both" if row is None else side(row["ci_low"], row["ci_high"])


def day_count(case: Case, language: Language) -> Finding:
    """Say where the count of paid days comes from, on which the municipal share hangs."""
    where = {"topic": "cost", "specification": "main"}
    row = case.known("estimate", measure="look_back", **where)
    if row is None:
        text = language.text("Paid days are those that the payer has counted.")
        return Finding("day_count", "told", text)
    text = language.text(
        "The register does not tell how many days had been paid before. They are counted from {months} "
        "months before the index date on, the same in every window. The municipal share is then too small, "
        "and its change can be off by tens of euros.",
        months=language.number(row["estimate"] / DAYS_IN_MONTH),
    )
    where |= {"window": case.study.main_baseline}
    whole = case.known("estimate", measure="delta_cost", item="municipality", **where)
    half = case.known("estimate", measure="delta_half_count", **where)
    if whole is not None and half is not None:
        now, then = (language.euros(each["estimate"]) for each in (whole, half))
        text += " " + language.text(
            "Counted over half that time, the difference in the municipality's costs is the same."
            if now == then
            else "Counted over half that time, the difference in the municipality's costs would be {half} "
            "instead of {whole}.",
            half=then,
            whole=now,
        )
    return Finding("day_count", "look_back", text)


def additional_month(case: Case, language: Language, *, perspective: str = "all_public") -> Finding:
    """Say what an additional month in open employment cost, or why no such figure is given.

    The figure is given only where the whole interval of additional months lies above zero: a cost per
    additional month has no meaning for fewer months, and no bounds where the months may be none.
    """
    both = (COST, case.study.outcomes.headline)
    if held := withheld(case, language, about="icer", outcomes=both):
        return held
    where = {"topic": "cost_effectiveness", "item": perspective, **MAIN}
    ratio = case.pick(measure="icer", **where)
    months, euros = (_side(case.pick(measure=name, **where)) for name in ("delta_effect", "delta_cost"))
    doubt = any(doubtful(case, outcome) for outcome in both)
    kind, text = _ratio(ratio, language, months=months, euros=euros, doubt=doubt)
    name = labels.label("measure", "icer", language)
    payer = labels.label("payer", perspective, language)
    return Finding(f"icer:{perspective}", kind, f"{name} – {payer}: {text}")


def _ratio(
    row: pd.Series | None, language: Language, *, months: str, euros: str, doubt: bool
) -> tuple[str, str]:
    """What a ratio allows to say, and the sentence; `months` and `euros` are the sides of its parts."""
    status = "missing" if row is None else str(row["status"])
    method, _, refusal = ("" if row is None else str(row["method"])).partition(":")
    if method == "refused" and status not in ("suppressed", "withheld"):
        if doubt or "both" in (months, euros):  # a quadrant is a statement about two directions
            refusal = "cannot_be_told"
    elif row is None or status in NO_NUMBER:
        return status, language.no_number(status) + "."
    elif method != "interval" or months != "more" or not math.isfinite(row["ci_low"] + row["ci_high"]):
        if months != "fewer":
            return "unbounded", language.text(
                "no upper limit can be given, because the data do not rule out that there were no "
                "additional months."
            )
        refusal = "fewer_months_in_work"
    elif doubt:
        refusal = "doubtful"
    else:
        low, high = amounts((row["ci_low"], row["ci_high"]), "eur", language)
        if row["ci_low"] >= 0:
            return "cost", language.text("between {low} and {high}.", low=low, high=high)
        if row["ci_high"] <= 0:
            return "saving", language.text("a saving of {low} to {high}.", low=high, high=low)
        text = language.text("from a saving of {low} to a cost of {high}.", low=low, high=high)
        return "saving_or_cost", text
    why = labels.label("refusal", refusal, language)
    return "refused", language.text("no figure is given, because {reason}.", reason=why)


def worth_it(case: Case, language: Language, *, value: float) -> Finding | None:
    """Say whether the trial was worth it to all public payers if a month in work is valued at `value` euros.

    None where the ledger has no net benefit at this value.
    """
    both = (COST, case.study.outcomes.headline)
    if held := withheld(case, language, about="net_benefit", outcomes=both):
        return held
    where = {"topic": "cost_effectiveness", "measure": "net_benefit", "item": "all_public", **MAIN}
    row = case.pick(x=value, **where)
    if row is None:
        return None
    given = {"payer": labels.label("payer", "all_public", language), "value": language.euros(value)}
    if not math.isfinite(row["ci_low"]):
        text = language.text(
            "{payer}, if a month in open-market work is worth {value}: {reason}.",
            reason=language.no_number(str(row["status"])),
            **given,
        )
        return Finding("net_benefit", str(row["status"]), text)
    doubt = any(doubtful(case, outcome) for outcome in both)
    kind = "both" if doubt else _side(row)
    interval = language.interval(row["ci_low"], row["ci_high"], partial(language.euros, signed=True))
    bounds = language.text("Net benefit per unemployment spell: {interval}.", interval=interval)
    return Finding("net_benefit", kind, f"{language.text(WORTH[kind], **given)} {bounds}")
