"""Sentences that compare: all areas together, other baselines, and the public statistics."""

from __future__ import annotations

import itertools
import math

import pandas as pd

from evaluation.study import Study
from evaluation.words import labels
from evaluation.words.fairness import strength, withheld
from evaluation.words.findings import DOUBTS, JUDGEMENTS, Finding, effect, pick
from evaluation.words.language import Language


def can_be_ranked(cleared: pd.DataFrame, study: Study) -> bool:
    """Tell whether any two areas can be told apart: their rank intervals do not overlap.

    False also where the test of differences between areas says cannot_be_ranked, or no ranks are known.
    """
    rows = cleared[(cleared["topic"] == "pooled") & (cleared["outcome"] == study.outcomes.headline)]
    tested = rows[rows["measure"] == "heterogeneity"]
    ranks = rows[(rows["measure"] == "rank") & rows["ci_low"].notna() & rows["ci_high"].notna()]
    if (tested["method"] == "cannot_be_ranked").any() or ranks.empty:
        return False
    return bool(ranks["ci_low"].max() > ranks["ci_high"].min())


def ranking(cleared: pd.DataFrame, study: Study, *, language: Language) -> Finding:
    """Warn that areas cannot be ranked, or that only some of them can be told apart."""
    rows = cleared[(cleared["topic"] == "pooled") & (cleared["outcome"] == study.outcomes.headline)]
    compared = rows[rows["measure"].isin(["rank", "heterogeneity"])]
    if compared[["estimate", "ci_low"]].isna().all(axis=None):
        text = language.text("Whether the areas differ from each other was not calculated.")
        return Finding("ranking", "not_run", text)
    spread = rows.loc[rows["measure"] == "tau", "ci_low"]
    if not can_be_ranked(cleared, study) and (spread > 0).any():
        text = language.text(
            "The areas differ more than chance alone explains, but most of them cannot be put in order."
        )
        return Finding("ranking", "differ", text)
    if not can_be_ranked(cleared, study):
        text = language.text(
            "The areas cannot be ranked: their differences are within what chance alone produces."
        )
        shrunken = set(rows.loc[rows["measure"] == "att_shrunken", "estimate"].dropna().round(3))
        if len(shrunken) == 1:
            text += " " + language.text(
                "Drawn towards the mean, every area has the same estimate: {value}.",
                value=language.points(100 * shrunken.pop(), 1, signed=True),
            )
        return Finding("ranking", "cannot_be_ranked", text)
    ranks = cleared[
        (cleared["topic"] == "pooled")
        & (cleared["measure"] == "rank")
        & (cleared["outcome"] == study.outcomes.headline)
    ].dropna(subset=["ci_low", "ci_high"])
    pairs = list(itertools.combinations(zip(ranks["ci_low"], ranks["ci_high"], strict=True), 2))
    apart = sum(one[0] > two[1] or two[0] > one[1] for one, two in pairs)
    text = language.text(
        "Of {pairs} pairs of areas {apart} can be told apart. The others cannot be put in order.",
        pairs=language.number(len(pairs)),
        apart=language.number(apart),
    )
    return Finding("ranking", "some_apart", text)


def passed(cleared: pd.DataFrame, study: Study, *, language: Language) -> Finding:
    """Say how many comparisons of areas were judged and passed: one that was not judged has no verdict."""
    status = cleared.loc[cleared["measure"].eq("verdict") & cleared["area"].ne("all"), "status"]
    counts = {"judged": language.number(len(status)), "passed": language.number(status.eq("pass").sum())}
    text = language.text(
        "Comparisons of an area's outcomes that were judged: {judged}. Of them passed: {passed}. "
        "The table shows those that did not.",
        **counts,
    )
    return Finding("verdicts", "counted", text)


def pooled(cleared: pd.DataFrame, study: Study, *, language: Language) -> list[Finding]:
    """Say the effect over all areas, what a new area may expect, and whether areas can be ranked."""
    outcome = study.outcomes.headline
    if held := withheld(cleared, study, area="all", about="att", language=language):
        return [held, ranking(cleared, study, language=language)]
    where = {"area": "all", "topic": "pooled", "outcome": outcome, "specification": "main"}
    found = []
    name = labels.outcome(outcome, language)
    for measure in ("att", "prediction_interval"):
        row = pick(cleared, measure=measure, **where)
        if row is not None:
            whose = (
                language.text("Mean of the effects of the areas, {outcome}", outcome=_small(name))
                if measure == "att"
                else language.text("To be expected in a new area, {outcome}", outcome=_small(name))
            )
            strong = strength(cleared, study, area="all", outcome=outcome, row=row)
            said = effect(row, language, limits=study.limits, outcome=whose, strength=strong)
            found.append(Finding(measure, said.kind, said.text))
    return [*found, ranking(cleared, study, language=language)]


def baselines(cleared: pd.DataFrame, study: Study, *, area: str, language: Language) -> list[Finding]:
    """Say the effect under each baseline side by side, and whether the sign depends on the baseline."""
    if held := withheld(cleared, study, area=area, about="att", language=language):
        return [held]
    found, estimates = [], []
    for baseline in study.baselines:
        where = {"area": area, "outcome": study.outcomes.headline, "measure": "att", "group": "target_group"}
        row = (
            pick(cleared, topic="effect", window=baseline, specification="main", **where)
            if baseline == study.main_baseline
            else pick(cleared, topic="sensitivity", specification=f"baseline_{baseline}", **where)
        )
        if row is not None:
            name = labels.label("window", baseline, language)
            strong = strength(cleared, study, area=area, outcome=study.outcomes.headline, row=row)
            said = effect(row, language, limits=study.limits, outcome=name, strength=strong)
            found.append(Finding(f"baseline_{baseline}", said.kind, said.text))
            if said.kind in JUDGEMENTS or said.kind in DOUBTS:
                estimates.append(float(row["estimate"]))
    return (
        [*found, agreement(estimates, language, all_of=len(study.baselines))] if len(estimates) > 1 else found
    )


def agreement(estimates: list[float], language: Language, *, all_of: int) -> Finding:
    """Say whether estimates under several baselines have one sign; `all_of` is how many there could be."""
    signs = {math.copysign(1, value) if value else 0.0 for value in estimates}
    if len(signs) == 1 and len(estimates) < all_of:
        text = language.text(
            "The sign is the same under the baselines that could be calculated; not all could be."
        )
        return Finding("agreement", "same_sign_in_part", text)
    if len(signs) == 1:
        text = language.text("The sign of the estimate is the same under every baseline.")
        return Finding("agreement", "same_sign", text)
    text = language.text(
        "The sign of the estimate depends on the baseline. No single baseline may be quoted alone."
    )
    return Finding("agreement", "sign_depends", text)


def public_statistics(cleared: pd.DataFrame, study: Study, *, area: str, language: Language) -> list[Finding]:
    """Say how the gap in the unemployed share changed, under every baseline, for each year of the trial.

    One finding a year lists every baseline with the estimate's sign and interval in percentage points;
    it ends by saying whether the sign depends on the baseline.
    """
    rows = cleared[
        (cleared["topic"] == "public_statistics")
        & (cleared["measure"] == "did")
        & (cleared["outcome"] == "unemployed_share")
        & (cleared["area"] == area)
        & cleared["specification"].isin([f"baseline_{baseline}" for baseline in study.baselines])
    ]
    found = []
    for window, year in rows.groupby("window", sort=True):
        year = year.set_index("specification")
        said, estimates = [], []
        for specification in (f"baseline_{baseline}" for baseline in study.baselines):
            if specification not in year.index:
                continue
            row = year.loc[specification]
            name = labels.label("specification", specification, language)
            if not math.isfinite(row["estimate"]):
                status = str(row["status"]) if row["status"] != "ok" else "missing"
                said.append(f"{name}: {language.no_number(status)}")
                continue
            estimates.append(float(row["estimate"]))
            number = language.points(row["estimate"], 2, signed=True)
            bounds = (
                f" ({language.interval(row['ci_low'], row['ci_high'], lambda v: language.number(v, 2))})"
                if math.isfinite(row["ci_low"]) and math.isfinite(row["ci_high"])
                else ""
            )
            said.append(f"{name}: {number}{bounds}")
        text = language.text(
            "{window}. Change of the unemployed share beyond the comparison: {changes}.",
            window=labels.label("window", str(window), language),
            changes="; ".join(said),
        )
        seen = year[year["ci_low"].notna() & year["ci_high"].notna()]
        if len(seen) and (seen["ci_low"].le(0) & seen["ci_high"].ge(0)).all():
            text += " " + language.text("No interval leaves out zero: chance alone could produce them.")
        signs = agreement(estimates, language, all_of=len(study.baselines)) if len(estimates) > 1 else None
        found.append(
            Finding(
                str(window),
                signs.kind if signs else "one_baseline",
                f"{text} {signs.text}" if signs else text,
            )
        )
    return found


def public_source(cleared: pd.DataFrame, study: Study, *, area: str, language: Language) -> Finding:
    """Say what the public statistics of the report are, or that none were fetched and how to get them."""
    rows = cleared[cleared["topic"].eq("public_statistics") & cleared["measure"].eq("series")]
    if rows.empty and cleared["topic"].eq("public_statistics").any():
        text = language.text(
            "No municipality is confirmed to belong to this area, so public statistics cannot be summed for "
            "it."
        )
        return Finding("public_source", "missing", text)
    if rows.empty:
        text = language.text(
            "No public statistics were read for this report. The command evaluation fetch gets table 12r5 of "
            "Statistics Finland; the next run shows it here."
        )
        return Finding("public_source", "missing", text)
    text = language.text(
        "These numbers are real and may be quoted. Source: Statistics Finland, table 12r5, {first} to "
        "{last}, licence CC BY 4.0.",
        first=labels.label("window", rows["window"].min(), language),
        last=labels.label("window", rows["window"].max(), language),
    )
    if rows["outcome"].eq("municipal_share_eur").any():
        text += " " + language.text(
            "The municipalities' bill: Kela, labour market support paid in part by municipalities, CC BY 4.0."
        )
    text += " " + language.text(
        "In changes of unemployment plus means that it rose more, or fell less, than in the comparison "
        "municipalities. In brackets are 95 per cent intervals."
    )
    return Finding("public_source", "told", text)


def public_family(cleared: pd.DataFrame, study: Study, *, area: str, language: Language) -> Finding | None:
    """Say how many of all changes of public shares remain when they are judged together."""
    where = cleared["topic"].eq("public_statistics") & cleared["area"].eq(area)
    found = cleared[where & cleared["measure"].eq("p_adjusted") & cleared["estimate"].notna()]
    if len(found) < 2:  # one change needs no family
        return None
    many = int(found["estimate"].le(0.05).sum())
    given = {"number": language.number(len(found))}
    if not many:
        text = language.text(
            "Judged together, none of the {number} changes (by share, year and method) can be told from no "
            "change.",
            **given,
        )
        return Finding("public_family", "none", text)
    text = language.text(
        "Judged together, {many} of the {number} changes (by share, year and method) can be told from no "
        "change.",
        many=language.number(many),
        **given,
    )
    return Finding("public_family", "some", text)


def _small(name: str) -> str:
    # labels begin with a capital and stand here inside a sentence; names such as EU keep theirs
    return name[:1].lower() + name[1:]
