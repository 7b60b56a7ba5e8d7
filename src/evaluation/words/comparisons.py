"""Sentences that compare: all areas together, other baselines, and the public statistics."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from evaluation.study import Study
from evaluation.words import labels
from evaluation.words.fairness import told, withheld
from evaluation.words.findings import DOUBTS, JUDGEMENTS, Case, Finding
from evaluation.words.language import Language, mark
from evaluation.words.public import CHANGE, change_of

RANKING = {
    "not_run": mark("Whether the areas differ from each other was not calculated."),
    "some_apart": mark(
        "Of {pairs} pairs of areas {apart} can be told apart. The others cannot be put in order."
    ),
    "differ": mark(
        "The areas differ more than chance alone explains, but most of them cannot be put in order."
    ),
    "cannot_be_ranked": mark(
        "The areas cannot be ranked: their differences are within what chance alone produces."
    ),
}
AGREEMENT = {
    "same_sign_in_part": mark(
        "The sign is the same under the baselines that could be calculated; not all could be."
    ),
    "same_sign": mark("The sign of the estimate is the same under every baseline."),
    "sign_depends": mark(
        "The sign of the estimate depends on the baseline. No single baseline may be quoted alone."
    ),
}


def ranking(case: Case, language: Language) -> Finding:
    """Warn that areas cannot be ranked, or that only some of them can be told apart.

    Two areas can where their rank intervals do not overlap and the test of differences between areas does not
    say cannot_be_ranked.
    """
    rows = case.rows(topic="pooled", outcome=case.study.outcomes.headline).set_index("measure")
    compared = rows[rows.index.isin(["rank", "heterogeneity"])]
    ranks = rows.loc[rows.index == "rank", ["ci_low", "ci_high"]].dropna()
    pairs = list(itertools.combinations(ranks.itertuples(index=False), 2))
    apart = sum(one.ci_low > two.ci_high or two.ci_low > one.ci_high for one, two in pairs)
    if compared[["estimate", "ci_low"]].isna().all(axis=None):
        kind = "not_run"
    elif apart and not rows.loc[rows.index == "heterogeneity", "method"].eq("cannot_be_ranked").any():
        kind = "some_apart"
    else:
        kind = "differ" if rows.loc[rows.index == "tau", "ci_low"].gt(0).any() else "cannot_be_ranked"
    text = language.text(RANKING[kind], pairs=language.number(len(pairs)), apart=language.number(apart))
    shrunken = set(rows.loc[rows.index == "att_shrunken", "estimate"].dropna().round(3))
    if kind == "cannot_be_ranked" and len(shrunken) == 1:
        text += " " + language.text(
            "Drawn towards the mean, every area has the same estimate: {value}.",
            value=language.points(100 * shrunken.pop(), 1, signed=True),
        )
    return Finding("ranking", kind, text)


def passed(case: Case, language: Language) -> Finding:
    """Say how many comparisons of areas were judged and passed: one that was not judged has no verdict."""
    rows = case.rows(measure="verdict")
    status = rows.loc[rows["area"].ne("all"), "status"]
    counts = {"judged": language.number(len(status)), "passed": language.number(status.eq("pass").sum())}
    text = language.text(
        "Comparisons of an area's outcomes that were judged: {judged}. Of them passed: {passed}. "
        "The table shows those that did not.",
        **counts,
    )
    return Finding("verdicts", "counted", text)


def pooled(case: Case, language: Language) -> list[Finding]:
    """Say the effect over all areas, what a new area may expect, and whether areas can be ranked."""
    outcome = case.study.outcomes.headline
    if held := withheld(case, language, about="att"):
        return [held, ranking(case, language)]
    name = labels.outcome(outcome, language)
    name = name[:1].lower() + name[1:]  # it stands inside a sentence
    of_all = {
        "att": language.text("Mean of the effects of the areas, {outcome}", outcome=name),
        "prediction_interval": language.text("To be expected in a new area, {outcome}", outcome=name),
    }
    found = []
    for measure, whose in of_all.items():
        row = case.pick(topic="pooled", outcome=outcome, specification="main", measure=measure)
        if row is not None:
            found.append(replace(told(case, row, language, name=whose), about=measure))
    return [*found, ranking(case, language)]


def baselines(case: Case, language: Language) -> list[Finding]:
    """Say the effect under each baseline side by side, and whether the sign depends on the baseline."""
    if held := withheld(case, language, about="att"):
        return [held]
    study = case.study
    where = {"outcome": study.outcomes.headline, "measure": "att", "group": "target_group"}
    found, estimates = [], []
    for baseline in study.baselines:
        main = {"topic": "effect", "window": baseline, "specification": "main"}
        other = {"topic": "sensitivity", "specification": f"baseline_{baseline}"}
        row = case.pick(**where, **(main if baseline == study.main_baseline else other))
        if row is not None:
            said = told(case, row, language, name=labels.label("window", baseline, language))
            found.append(replace(said, about=f"baseline_{baseline}"))
            if said.kind in JUDGEMENTS or said.kind in DOUBTS:
                estimates.append(float(row["estimate"]))
    return [*found, *agreement(estimates, study, language)]


def agreement(estimates: Sequence[float] | pd.Series, study: Study, language: Language) -> list[Finding]:
    """Say whether estimates under several baselines have one sign; nothing of a single one."""
    estimates = pd.Series(estimates, dtype=float).dropna()
    if len(estimates) < 2:
        return []
    if len(set(np.sign(estimates))) > 1:
        kind = "sign_depends"
    else:
        kind = "same_sign" if len(estimates) == len(study.baselines) else "same_sign_in_part"
    return [Finding("agreement", kind, language.text(AGREEMENT[kind]))]


def public_statistics(case: Case, language: Language) -> list[Finding]:
    """Say how the gap in the unemployed share changed, under every baseline, for each year of the trial.

    One finding a year lists every baseline with the estimate's sign and interval in percentage points;
    it ends by saying whether the sign depends on the baseline.
    """
    rows = case.rows(area=case.area, outcome="unemployed_share", **CHANGE).set_index("specification")
    order = [f"baseline_{baseline}" for baseline in case.study.baselines]
    found = []
    for window, year in rows[rows.index.isin(order)].groupby("window", sort=True):
        year = year.loc[[specification for specification in order if specification in year.index]]
        said = []
        for specification, row in year.iterrows():
            told, interval = change_of(row, language)
            if not math.isfinite(row["estimate"]):
                told = language.no_number(str(row["status"]))
            elif math.isfinite(row["ci_low"]) and math.isfinite(row["ci_high"]):
                told += f" ({interval})"
            said.append(f"{labels.label('specification', str(specification), language)}: {told}")
        text = language.text(
            "{window}. Change of the unemployed share beyond the comparison: {changes}.",
            window=labels.label("window", str(window), language),
            changes="; ".join(said),
        )
        seen = year.dropna(subset=["ci_low", "ci_high"])
        if len(seen) and (seen["ci_low"].le(0) & seen["ci_high"].ge(0)).all():
            text += " " + language.text("No interval leaves out zero: chance alone could produce them.")
        signs = agreement(year["estimate"], case.study, language)
        kind = signs[0].kind if signs else "one_baseline"
        found.append(Finding(str(window), kind, " ".join([text, *(one.text for one in signs)])))
    return found


def public_source(case: Case, language: Language) -> Finding:
    """Say what the public statistics of the report are, or that none were fetched and how to get them."""
    rows = case.rows(topic="public_statistics", measure="series")
    if rows.empty:
        public = case.rows(topic="public_statistics")
        text = language.text(
            "No public statistics were read for this report. The command evaluation fetch gets table 12r5 of "
            "Statistics Finland; the next run shows it here."
            if public.empty
            else "No municipality is confirmed to belong to this area, so public statistics cannot be summed "
            "for it."
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


def public_family(case: Case, language: Language) -> Finding | None:
    """Say how many of all changes of public shares remain when they are judged together."""
    found = case.rows(area=case.area, topic="public_statistics", measure="p_adjusted")
    found = found[found["estimate"].notna()]
    if len(found) < 2:  # one change needs no family
        return None
    many = int(found["estimate"].le(0.05).sum())
    text = language.text(
        "Judged together, {many} of the {number} changes (by share, year and method) can be told from no "
        "change."
        if many
        else "Judged together, none of the {number} changes (by share, year and method) can be told from no "
        "change.",
        number=language.number(len(found)),
        many=language.number(many),
    )
    return Finding("public_family", "some" if many else "none", text)
