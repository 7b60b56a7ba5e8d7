"""Sentences about public statistics beyond gaps: lay-offs, synthetic comparisons, other studies, projects."""

from __future__ import annotations

import math
from functools import partial

import pandas as pd

from evaluation.study import Study
from evaluation.study_parts import Question
from evaluation.units import to_month
from evaluation.words import labels
from evaluation.words.findings import Finding, pick
from evaluation.words.language import Language

HEADLINE, WITHOUT_LAYOFFS = "unemployed_share", "unemployed_without_layoffs_share"
METHODS = ("synthetic_did", "synthetic_control")


def incomplete_windows(
    cleared: pd.DataFrame, study: Study, *, area: str, language: Language
) -> Finding | None:
    """Say which windows the statistics do not hold in full: they can hold other seasons than the rest."""
    rows = cleared[cleared["topic"].eq("public_statistics") & cleared["measure"].eq("series")]
    held = {to_month(month.to_timestamp()) for month in pd.PeriodIndex(rows["window"].unique(), freq="M")}
    said = []
    for name, window in study.windows.items():
        first, last = window.months
        here = len(held & set(range(first, last + 1)))
        if held and here <= last - first:
            text = language.text(
                "{held} of {all}", held=language.number(here), all=language.number(last - first + 1)
            )
            said.append(f"{labels.label('window', name, language)}: {text}")
    if not said:
        return None
    text = language.text(
        "Months that the statistics hold of incomplete years: {years}. Such a year can differ by season "
        "alone.",
        years="; ".join(said),
    )
    return Finding("incomplete_windows", "told", text)


def layoffs(cleared: pd.DataFrame, study: Study, *, area: str, language: Language) -> Finding | None:
    """Say how much of the change against the exceptional year is lay-offs, or that this cannot be told."""
    where = {
        "area": area,
        "measure": "did",
        "specification": f"baseline_{study.exceptional_baseline}",
        "window": next(iter(study.followup)),
    }
    every, without = (pick(cleared, outcome=name, **where) for name in (HEADLINE, WITHOUT_LAYOFFS))
    if every is None or not math.isfinite(every["estimate"]):
        return None
    baseline = labels.label("specification", where["specification"], language)
    if without is None or not math.isfinite(without["estimate"]):
        text = language.text(
            "{baseline}: how much of the change is lay-offs cannot be told, as the statistics read here do "
            "not hold them.",
            baseline=baseline,
        )
        return Finding("layoffs", "unknown", text)
    text = language.text(
        "{baseline}, {window}: the gap changed by {every}, and by {without} when those laid off are not "
        "counted. Lay-offs account for {part} of it.",
        baseline=baseline,
        window=labels.label("window", where["window"], language),
        every=language.points(every["estimate"], 2, signed=True),
        without=language.points(without["estimate"], 2, signed=True),
        part=language.points(every["estimate"] - without["estimate"], 2, signed=True),
    )
    turned = every["estimate"] * without["estimate"] < 0
    return Finding("layoffs", "turns" if turned else "same_sign", text)


def synthetic(cleared: pd.DataFrame, study: Study, *, area: str, language: Language) -> list[Finding]:
    """Say what each synthetic comparison finds for the unemployed share."""
    found = []
    for method in METHODS:
        row = pick(cleared, area=area, measure="synthetic", outcome=HEADLINE, specification=method)
        if row is None or not math.isfinite(row["estimate"]):
            continue
        text = language.text(
            "{method}: the unemployed share was {change} ({interval}) compared with a weighted average of "
            "comparison municipalities, on average since the start. {judged}",
            method=labels.label("specification", method, language),
            change=language.points(row["estimate"], 2, signed=True),
            interval=language.interval(row["ci_low"], row["ci_high"], lambda v: language.number(v, 2)),
            judged=_judged(row, language),
        )
        found.append(Finding(method, "none" if _holds_zero(row) else "differs", text))
    return found


def earlier(cleared: pd.DataFrame, study: Study, *, language: Language) -> list[Finding]:
    """Say what earlier studies found, and whether the pooled figures of the statistics agree."""
    found = []
    for study_before in study.earlier:
        where = {"area": "all", "measure": "synthetic", "specification": METHODS[0]}
        row = pick(cleared, outcome=study_before.outcome, **where)
        if row is None or not math.isfinite(row["estimate"]):
            continue
        sign = "none" if _holds_zero(row) else "rise" if row["estimate"] > 0 else "fall"
        given = {
            "number": language.points(row["estimate"], 2, signed=True),
            "interval": language.interval(row["ci_low"], row["ci_high"], lambda v: language.number(v, 2)),
        }
        if agrees := sign == study_before.found:
            said = language.text("The pooled figure here agrees: {number} ({interval}).", **given)
        else:
            said = language.text(
                "The pooled figure here does not agree: {number} ({interval}). Months, municipalities and "
                "method differ.",
                **given,
            )
        text = f"{study_before.said[language.code]} {said}"
        found.append(Finding("earlier", "agrees" if agrees else "differs", text))
    return found


def questions(cleared: pd.DataFrame, study: Study, *, area: str, language: Language) -> list[Finding]:
    """Answer what the study asks about an area, or say that it cannot be answered.

    `cleared` holds the rows of all areas.
    """
    rows = cleared[cleared["measure"].eq("asked")]
    found = []
    for number, question in enumerate(study.questions):
        if area not in question.areas:
            continue
        said = [question.asks[language.code]]
        for share in question.shares:
            here = rows[rows["outcome"].eq(share) & rows["item"].str.startswith(f"{number};")]
            said += [_compared(question, number, here, window, language) for window in question.windows]
            if here.empty:
                said.append(language.text("The statistics read here do not hold the figures for it."))
        if question.answer is not None:
            said.append(question.answer[language.code])
        answered = bool(rows["item"].str.startswith(f"{number};").any())
        kind = "answered" if answered else "not_held" if question.shares else "words"
        found.append(Finding("question", kind, " ".join(filter(None, said))))
    return found


def _compared(question: Question, number: int, rows: pd.DataFrame, window: str, language: Language) -> str:
    """The level of every place in a window, and how much higher the first is than the second."""
    here = rows[rows["window"] == window].set_index("item")
    keys = [f"{number};{position}" for position in range(len(question.places))]
    if not here.index.isin(keys).any():
        return ""
    write = language.percent if here["unit"].iloc[0] == "share" else partial(language.euros, decimals=2)
    text = language.text(
        "{outcome}, {window}: {levels}.",
        outcome=labels.outcome(str(here["outcome"].iloc[0]), language),
        window=labels.label("window", window, language),
        levels="; ".join(
            f"{place.name[language.code]} {write(here.loc[key, 'estimate'])}"
            for key, place in zip(keys, question.places, strict=True)
            if key in here.index
        ),
    )
    if len(keys) < 2 or not set(keys[:2]) <= set(here.index):
        return text
    higher = float(here.loc[keys[0], "estimate"] / here.loc[keys[1], "estimate"] - 1)
    if higher >= 0:
        more = language.text("The first is {part} higher than the second.", part=language.percent(higher, 0))
    else:
        more = language.text("The first is {part} lower than the second.", part=language.percent(-higher, 0))
    return f"{text} {more}"


def project_money(cleared: pd.DataFrame, study: Study, *, area: str, language: Language) -> list[Finding]:
    """Say what projects that prepared the reform cost, and who paid; it is in no cost of the report."""
    rows = cleared[cleared["measure"].eq("project_money") & cleared["area"].eq(area)]
    found = []
    for told, parts in rows.groupby("method", sort=False):
        project, year, document = str(told).split("; ")
        by_payer = zip(parts["item"], parts["estimate"], strict=True)
        text = language.text(
            "Project {project}, {year}: {total} of project money ({parts}). It prepared the reform and is in "
            "no cost of this report. Source: document {document} of the commission.",
            project=project,
            year=year,
            total=language.euros(parts["estimate"].sum()),
            parts="; ".join(f"{payer} {language.euros(amount)}" for payer, amount in by_payer),
            document=document,
        )
        found.append(Finding("project_money", "told", text))
    return found


def _holds_zero(row: pd.Series) -> bool:
    return bool(row["ci_low"] <= 0 <= row["ci_high"])


def _judged(row: pd.Series, language: Language) -> str:
    if _holds_zero(row):
        return language.text("It cannot be told from none.")
    return language.text("By itself it can be told from none.")
