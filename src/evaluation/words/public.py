"""Sentences about public statistics beyond gaps: lay-offs, synthetic comparisons, other studies, projects."""

from __future__ import annotations

from functools import partial

import pandas as pd

from evaluation.study import Study
from evaluation.study_parts import Question, Window
from evaluation.words import labels
from evaluation.words.findings import ENDS, Case, Finding, side
from evaluation.words.language import Language

HEADLINE, WITHOUT_LAYOFFS = "unemployed_share", "unemployed_without_layoffs_share"
METHODS = ("synthetic_did", "synthetic_control")
CHANGE = {"topic": "public_statistics", "measure": "did"}
BILL = "municipal_share_eur"
# Which way each part of a cost shift goes: the municipality pays for days without a service.
SHIFT = {"in_services_share": 1, BILL: -1, "broad_unemployment_share": 0}


def incomplete_windows(case: Case, language: Language) -> Finding | None:
    """Say which windows the statistics do not hold in full: they can hold other seasons than the rest."""
    held = held_months(case)
    said = [
        f"{labels.label('window', name, language)}: {language.text('{held} of {all}', **months)}"
        for name, window in case.study.windows.items()
        if held and (months := incomplete(held, window, language))
    ]
    if not said:
        return None
    text = language.text(
        "Months that the statistics hold of incomplete years: {years}. Such a year can differ by season "
        "alone.",
        years="; ".join(said),
    )
    return Finding("incomplete_windows", "told", text)


def layoffs(case: Case, language: Language) -> Finding | None:
    """Say how much of the change against the exceptional year is lay-offs, or that this cannot be told."""
    exceptional, window = f"baseline_{case.study.exceptional_baseline}", next(iter(case.study.followup))
    every, without = (
        case.known("estimate", outcome=name, specification=exceptional, window=window, **CHANGE)
        for name in (HEADLINE, WITHOUT_LAYOFFS)
    )
    if every is None:
        return None
    baseline = labels.label("specification", exceptional, language)
    if without is None:
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
        window=labels.label("window", window, language),
        every=language.points(every["estimate"], 2, signed=True),
        without=language.points(without["estimate"], 2, signed=True),
        part=language.points(every["estimate"] - without["estimate"], 2, signed=True),
    )
    turned = every["estimate"] * without["estimate"] < 0
    return Finding("layoffs", "turns" if turned else "same_sign", text)


def synthetic(case: Case, language: Language) -> list[Finding]:
    """Say what each synthetic comparison finds for the unemployed share."""
    found = []
    for method in METHODS:
        row = case.known(*ENDS, measure="synthetic", outcome=HEADLINE, specification=method)
        if row is None:
            continue
        change, interval = change_of(row, language)
        chance = side(row["ci_low"], row["ci_high"]) == "both"
        text = language.text(
            "{method}: since the start the unemployed share has moved by {change} ({interval}) against a "
            "weighted mean of other municipalities. {judged}",
            method=labels.label("specification", method, language),
            change=change,
            interval=interval,
            judged=language.text(
                "This cannot be told from no change."
                if chance
                else "By itself this can be told from no change."
            ),
        )
        found.append(Finding(method, "none" if chance else "differs", text))
    return found


def earlier(case: Case, language: Language) -> list[Finding]:
    """Say what earlier studies found, and whether the pooled figures of the statistics agree."""
    found = []
    for study_before in case.study.earlier:
        where = {"measure": "synthetic", "specification": METHODS[0]}
        row = case.known(*ENDS, outcome=study_before.outcome, **where)
        if row is None:
            continue
        sign = {"both": "none", "more": "rise", "fewer": "fall"}[side(row["ci_low"], row["ci_high"])]
        agrees = sign == study_before.found
        number, interval = change_of(row, language)
        said = language.text(
            "The estimate for all areas here does not contradict it: {number} ({interval})."
            if agrees
            else "The pooled figure here does not agree: {number} ({interval}). Months, municipalities and "
            "method differ.",
            number=number,
            interval=interval,
        )
        text = f"{study_before.said[language.code]} {said}"
        found.append(Finding("earlier", "agrees" if agrees else "differs", text))
    return found


def cost_shift(case: Case, language: Language) -> Finding | None:
    """Say how the municipalities' bill changed, and whether it moved as a cost shift to the state would.

    What is tested is that the bill fell beyond that of the comparison in a year in which services rose. That
    broad unemployment stayed cannot be shown, only that no change of it is seen, and so is it said. None
    where the statistics do not hold all three.
    """
    main = {"area": case.area, "specification": f"baseline_{case.study.main_baseline}"}
    rows = case.rows(**main, **CHANGE)
    rows = rows[rows["outcome"].isin(SHIFT)].dropna(subset=[*ENDS])
    rows = rows.set_index(["outcome", "window"]).sort_index()
    if rows.index.get_level_values("outcome").nunique() < len(SHIFT):
        return None
    sign = (rows["ci_low"] > 0).astype(int) - (rows["ci_high"] < 0).astype(int)
    agrees = sign.unstack("outcome").eq(pd.Series(SHIFT)).all(axis=1)  # noqa: PD010
    years = [labels.label("window", str(window), language) for window in agrees.index[agrees]]
    bill = {"area": case.area, "topic": "public_statistics", "outcome": BILL}
    if years:
        text = language.text(
            "Signs of a cost shift to the state ({years}): beside the comparison municipalities more people "
            "were in services and the municipalities' bill for labour market support fell, while no change "
            "of broad unemployment can be told. The bill also falls when people find work, and so small a "
            "fall of broad unemployment could be hidden in its interval.",
            years="; ".join(years),
        )
        adjusted = case.rows(measure="p_adjusted", **bill)
        if adjusted.loc[adjusted["window"].isin(agrees.index[agrees]), "estimate"].min() > 0.05:
            text += " " + language.text(
                "Judged together with all other changes here, the fall of the bill could be chance."
            )
    else:
        text = language.text(
            "No year shows the signs of a cost shift to the state: more people in services, a smaller bill "
            "of the municipalities for labour market support and no change of broad unemployment."
        )
    monthly = case.rows(measure="series", **bill)
    in_per_cent = _bill_in_per_cent(rows.loc[BILL], monthly, case.study, language)
    return Finding("cost_shift", "to_state" if years else "none", " ".join([text, *in_per_cent]))


def _bill_in_per_cent(
    changes: pd.DataFrame, monthly: pd.DataFrame, study: Study, language: Language
) -> list[str]:
    """The bill's change in every year, of what it was before, and what earlier studies found of it."""
    base = study.baselines[study.main_baseline]
    of_base = monthly["item"].eq("pilot") & monthly["window"].isin(months_of(base))
    before = monthly.loc[of_base, "estimate"].mean()
    if not before > 0:
        return []

    def number(share: float) -> str:
        return language.number(100 * share)

    said = [
        f"{labels.label('window', str(window), language)} "
        f"{language.percent(row['estimate'] / before, 0, signed=True)} "
        f"({language.interval(row['ci_low'] / before, row['ci_high'] / before, number)})"
        for window, row in changes.iterrows()
    ]
    text = language.text(
        "The bill's change beyond that of the comparison municipalities, in per cent of the bill before "
        "({baseline}): {changes}.",
        baseline=base.short[language.code],
        changes="; ".join(said),
    )
    return [text, *(one.said[language.code] for one in study.earlier if one.outcome == BILL)]


def questions(case: Case, language: Language, *, area: str) -> list[Finding]:
    """Answer what the study asks about an area from the rows of all, or say that it cannot be answered."""
    asked = case.rows(measure="asked")
    found = []
    for number, question in enumerate(case.study.questions):
        if area not in question.areas:
            continue
        rows = asked[asked["item"].str.startswith(f"{number};")]
        said = [question.asks[language.code]]
        for share in question.shares:
            here = rows[rows["outcome"].eq(share)]
            said += [_compared(question, number, here, window, language) for window in question.windows]
            if here.empty:
                said.append(language.text("The statistics read here do not hold the figures for it."))
        if question.answer is not None:
            said.append(question.answer[language.code])
        kind = "answered" if len(rows) else "not_held" if question.shares else "words"
        found.append(Finding("question", kind, " ".join(filter(None, said))))
    return found


def _compared(question: Question, number: int, rows: pd.DataFrame, window: str, language: Language) -> str:
    """The level of every place in a window, and how much higher the first is than the second."""
    here = rows[rows["window"] == window].set_index("item")
    places = {f"{number};{at}": place.name[language.code] for at, place in enumerate(question.places)}
    held = [key for key in places if key in here.index]
    if not held:
        return ""
    share = here["unit"].iloc[0] == "share"
    write = language.percent if share else partial(language.euros, decimals=2)
    text = language.text(
        "{outcome}, {window}: {levels}.",
        outcome=labels.outcome(str(here["outcome"].iloc[0]), language),
        window=labels.label("window", window, language),
        levels="; ".join(f"{places[key]} {write(here.loc[key, 'estimate'])}" for key in held),
    )
    compared = list(places)[:2]
    if len(compared) < 2 or here["estimate"].reindex(compared).isna().any():
        return text
    first, second = (float(here.loc[key, "estimate"]) for key in compared)
    higher = first >= second
    said = language.text(
        "{first}: {part} higher than {second}." if higher else "{first}: {part} lower than {second}.",
        first=places[compared[0]],
        second=places[compared[1]],
        # a share of a share would be misread
        part=language.points(100 * abs(first - second), 1)
        if share
        else language.percent(abs(first / second - 1), 0),
    )
    return f"{text} {said}"


def project_money(case: Case, language: Language) -> list[Finding]:
    """Say what projects that prepared the reform cost, and who paid; it is in no cost of the report."""
    rows = case.rows(area=case.area, measure="project_money")
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


def months_of(window: Window) -> list[str]:
    """The months of a window as codes, 2021-03."""
    return pd.period_range(window.first, window.last, freq="M").astype("str").tolist()


def held_months(case: Case) -> set[str]:
    """The months that public statistics hold."""
    return set(case.rows(topic="public_statistics", measure="series")["window"])


def incomplete(held: set[str], window: Window, language: Language) -> dict[str, str]:
    """How many of the months in a window are held, as it is written; empty where all of them are."""
    months = months_of(window)
    here = held.intersection(months)
    counts = {"held": language.number(len(here)), "all": language.number(len(months))}
    return counts if len(here) < len(months) else {}


def change_of(row: pd.Series, language: Language) -> tuple[str, str]:
    """The change that a row tells, in percentage points, and its interval."""
    interval = language.interval(row["ci_low"], row["ci_high"], lambda value: language.number(value, 2))
    return language.points(row["estimate"], 2, signed=True), interval
