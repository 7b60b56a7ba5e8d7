"""Sentences about costs: who paid, what an additional month in open employment cost, is it worth it."""

from __future__ import annotations

import math

import pandas as pd

from evaluation.study import Study
from evaluation.units import DAYS_IN_MONTH
from evaluation.words import labels
from evaluation.words.fairness import doubtful, strength, withheld
from evaluation.words.findings import Finding, amounts, effect, pick
from evaluation.words.first_screen import COST
from evaluation.words.language import Language

PAYERS = ("municipality", "state", "unemployment_funds", "eu", "all_public")
PERSPECTIVES = ("municipality", "state", "all_public")


def who_paid(cleared: pd.DataFrame, study: Study, *, area: str, language: Language) -> list[Finding]:
    """Say for each payer whether it paid more or less than with the TE office, and whether costs moved.

    Parameters
    ----------
    cleared : pandas.DataFrame
        The cleared ledger; rows of measure delta_cost in topic cost are read.
    study : Study
        The reform: its main baseline and limits.
    area : str
        Pilot area or "all".
    language : Language
        Language of the sentences.

    Returns
    -------
    list of Finding
        One for each payer with a row; then, where the municipality's interval and the state's clearly lie on
        opposite sides of zero, one that says so (about = cost_shift).
    """
    if held := withheld(cleared, study, area=area, about="delta_cost", language=language, outcomes=[COST]):
        return [held]
    where = {"area": area, "topic": "cost", "measure": "delta_cost", "window": study.main_baseline}
    where |= {"group": "target_group", "specification": "main"}
    found, signs = [], {}
    for payer in PAYERS:
        outcome = f"cost_{payer}_12m_eur"
        row = pick(cleared, item=payer, outcome=outcome, **where)
        if row is not None:
            strong = strength(cleared, study, area=area, outcome=outcome, row=row)
            found.append(effect(row, language, limits=study.limits, strength=strong))
            signs[payer] = 0 if strong == "doubtful" else _sign(row)
    shift = signs.get("municipality", 0), signs.get("state", 0)
    if shift == (-1, 1):
        text = language.text("The municipality paid less and the state more: costs moved to the state.")
        found.append(Finding("cost_shift", "to_state", text))
    elif shift == (1, -1):
        text = language.text(
            "The municipality paid more and the state less: costs moved to the municipality."
        )
        found.append(Finding("cost_shift", "to_municipality", text))
    return found


def _sign(row: pd.Series | None) -> int:
    # the side of zero on which the whole interval lies; 0 where it does not lie on one side
    if row is None or not math.isfinite(row["ci_low"]):
        return 0
    return 1 if row["ci_low"] > 0 else -1 if row["ci_high"] < 0 else 0


def day_count(cleared: pd.DataFrame, study: Study, *, area: str, language: Language) -> Finding:
    """Say where the count of paid days comes from, on which the municipal share hangs."""
    row = pick(cleared, area=area, topic="cost", measure="look_back", specification="main")
    if row is None or not math.isfinite(row["estimate"]):
        text = language.text("Paid days are those that the payer has counted.")
        return Finding("day_count", "told", text)
    text = language.text(
        "The register does not tell how many days had been paid before. They are counted from {months} "
        "months before the index date on, the same in every window. The municipal share is then too small, "
        "and its change can be off by tens of euros.",
        months=language.number(row["estimate"] / DAYS_IN_MONTH),
    )
    where = {"area": area, "topic": "cost", "window": study.main_baseline, "specification": "main"}
    whole = pick(cleared, measure="delta_cost", item="municipality", **where)
    half = pick(cleared, measure="delta_half_count", **where)
    if whole is not None and half is not None and math.isfinite(whole["estimate"] + half["estimate"]):
        now, then = (language.euros(each["estimate"]) for each in (whole, half))
        text += " " + (
            language.text(
                "Counted over half that time, the difference in the municipality's costs is the same."
            )
            if now == then
            else language.text(
                "Counted over half that time, the difference in the municipality's costs would be {half} "
                "instead of {whole}.",
                half=then,
                whole=now,
            )
        )
    return Finding("day_count", "look_back", text)


def additional_month(
    cleared: pd.DataFrame, study: Study, *, area: str, language: Language, perspective: str = "all_public"
) -> Finding:
    """Say what an additional month in open employment cost, or why no such figure is given.

    The figure is given only where the whole interval of additional months lies above zero: a cost per
    additional month has no meaning for fewer months, and no bounds where the months may be none.
    """
    both = (COST, study.outcomes.headline)
    if held := withheld(cleared, study, area=area, about="icer", language=language, outcomes=both):
        return held
    where = {"area": area, "topic": "cost_effectiveness", "item": perspective, "specification": "main"}
    where |= {"group": "target_group"}
    ratio = pick(cleared, measure="icer", **where)
    months = pick(cleared, measure="delta_effect", **where)
    name = labels.label("measure", "icer", language)
    payer = labels.label("payer", perspective, language)

    def say(kind: str, text: str) -> Finding:
        return Finding(f"icer:{perspective}", kind, f"{name} – {payer}: {text}")

    doubt = any(doubtful(cleared, study, area=area, outcome=outcome) for outcome in both)
    method = "" if ratio is None else str(ratio["method"])
    status = "missing" if ratio is None else str(ratio["status"])
    if method.startswith("refused") and status not in ("suppressed", "withheld"):
        reason = method.partition(":")[2]
        euros = pick(cleared, measure="delta_cost", **where)
        if doubt or not (_sign(months) and _sign(euros)):  # a quadrant is a statement about two directions
            reason = "cannot_be_told"
        why = (
            labels.label("refusal", reason, language)
            if reason in labels.names()["refusal"]
            else language.no_number("missing")
        )
        return say("refused", language.text("no figure is given, because {reason}.", reason=why))
    if status in ("suppressed", "withheld", "missing", "not_run") or ratio is None:
        return say(status, language.no_number(status) + ".")
    low, high = float(ratio["ci_low"]), float(ratio["ci_high"])
    if method != "interval" or _sign(months) < 1 or not (math.isfinite(low) and math.isfinite(high)):
        if _sign(months) < 0:
            why = labels.label("refusal", "fewer_months_in_work", language)
            return say("refused", language.text("no figure is given, because {reason}.", reason=why))
        return say(
            "unbounded",
            language.text(
                "no upper limit can be given, because the data do not rule out that there were no "
                "additional months."
            ),
        )
    if doubt:
        why = labels.label("refusal", "doubtful", language)
        return say("refused", language.text("no figure is given, because {reason}.", reason=why))
    low_text, high_text = amounts((low, high), "eur", language)
    if low >= 0:
        return say("cost", language.text("between {low} and {high}.", low=low_text, high=high_text))
    if high <= 0:
        text = language.text("a saving of {low} to {high}.", low=high_text, high=low_text)
        return say("saving", text)
    text = language.text("from a saving of {low} to a cost of {high}.", low=low_text, high=high_text)
    return say("saving_or_cost", text)


def worth_it(
    cleared: pd.DataFrame,
    study: Study,
    *,
    area: str,
    language: Language,
    value: float,
    perspective: str = "all_public",
) -> Finding | None:
    """Say whether the trial was worth it if a month in open employment is valued at `value` euros.

    Returns None where the ledger has no net benefit at this value.
    """
    both = (COST, study.outcomes.headline)
    if held := withheld(cleared, study, area=area, about="net_benefit", language=language, outcomes=both):
        return held
    rows = cleared[cleared["x"] == value]
    row = pick(
        rows,
        area=area,
        topic="cost_effectiveness",
        measure="net_benefit",
        item=perspective,
        group="target_group",
        specification="main",
    )
    if row is None:
        return None
    payer = labels.label("payer", perspective, language)
    amount = language.euros(value)
    about = f"net_benefit:{perspective}"
    if not math.isfinite(row["ci_low"]):
        status = str(row["status"]) if row["status"] != "ok" else "missing"
        text = language.text(
            "{payer}, if a month in open-market work is worth {value}: {reason}.",
            value=amount,
            payer=payer,
            reason=language.no_number(status),
        )
        return Finding(about, status, text)
    doubt = any(doubtful(cleared, study, area=area, outcome=outcome) for outcome in both)
    sign = 0 if doubt else _sign(row)
    messages = {
        1: language.text(
            "{payer}: if a month in open-market work is worth {value}, benefits exceed costs.",
            value=amount,
            payer=payer,
        ),
        0: language.text(
            "{payer}: if a month in open-market work is worth {value}, it cannot be told whether benefits "
            "exceed costs.",
            value=amount,
            payer=payer,
        ),
        -1: language.text(
            "{payer}: if a month in open-market work is worth {value}, costs exceed benefits.",
            value=amount,
            payer=payer,
        ),
    }
    kind = {1: "worth", 0: "unclear", -1: "not_worth"}[sign]
    bounds = language.text(
        "Net benefit per unemployment spell: {interval}.",
        interval=language.interval(
            row["ci_low"], row["ci_high"], lambda value: language.euros(value, signed=True)
        ),
    )
    return Finding(about, kind, f"{messages[sign]} {bounds}")


def municipality_alone(language: Language) -> str:
    """Warn that the municipality's figures do not stand alone."""
    return language.text(
        "Read the municipality's figures together with those of the other payers: a municipality can gain by "
        "moving people into services without anyone working more."
    )
