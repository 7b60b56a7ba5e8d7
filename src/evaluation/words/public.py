"""Sentences about public statistics beyond gaps: lay-offs, synthetic comparisons, other studies, projects."""

from __future__ import annotations

import math
from functools import partial

import pandas as pd

from evaluation.study import Study
from evaluation.study_parts import Question, Window
from evaluation.words import labels
from evaluation.words.findings import Finding, pick, side
from evaluation.words.language import Language

HEADLINE, WITHOUT_LAYOFFS = "unemployed_share", "unemployed_without_layoffs_share"
METHODS = ("synthetic_did", "synthetic_control")
BILL = "municipal_share_eur"
# Which way each part of a cost shift goes: the municipality pays for days without a service.
SHIFT = {"in_services_share": 1, BILL: -1, "broad_unemployment_share": 0}


def incomplete_windows(
    cleared: pd.DataFrame, study: Study, *, area: str, language: Language
) -> Finding | None:
    """Say which windows the statistics do not hold in full: they can hold other seasons than the rest."""
    held, said = held_months(cleared), []
    for name, window in study.windows.items():
        months = months_of(window)
        if held and not held.issuperset(months):
            here = language.number(len(held.intersection(months)))
            text = language.text("{held} of {all}", held=here, all=language.number(len(months)))
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
        if row is None or not math.isfinite(row["ci_low"] + row["ci_high"]):
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


def earlier(cleared: pd.DataFrame, study: Study, *, language: Language) -> list[Finding]:
    """Say what earlier studies found, and whether the pooled figures of the statistics agree."""
    found = []
    for study_before in study.earlier:
        where = {"area": "all", "measure": "synthetic", "specification": METHODS[0]}
        row = pick(cleared, outcome=study_before.outcome, **where)
        if row is None or not math.isfinite(row["ci_low"] + row["ci_high"]):
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


def cost_shift(cleared: pd.DataFrame, study: Study, *, area: str, language: Language) -> Finding | None:
    """Say how the municipalities' bill changed, and whether it moved as a cost shift to the state would.

    What is tested is that the bill fell beyond that of the comparison in a year in which services rose. That
    broad unemployment stayed cannot be shown, only that no change of it is seen, and so is it said. None
    where the statistics do not hold all three.
    """
    where = cleared["topic"].eq("public_statistics") & cleared["area"].eq(area)
    rows = cleared[where & cleared["measure"].eq("did") & cleared["outcome"].isin(SHIFT)]
    rows = rows[rows["specification"].eq(f"baseline_{study.main_baseline}")]
    rows = rows.dropna(subset=["ci_low", "ci_high"]).set_index(["outcome", "window"]).sort_index()
    if rows.index.get_level_values("outcome").nunique() < len(SHIFT):
        return None
    sign = (rows["ci_low"] > 0).astype(int) - (rows["ci_high"] < 0).astype(int)
    agrees = sign.unstack("outcome").eq(pd.Series(SHIFT)).all(axis=1)  # noqa: PD010
    years = [labels.label("window", str(window), language) for window in agrees.index[agrees]]
    if years:
        text = language.text(
            "Signs of a cost shift to the state ({years}): beside the comparison municipalities more people "
            "were in services and the municipalities' bill for labour market support fell, while no change "
            "of broad unemployment can be told. The bill also falls when people find work, and so small a "
            "fall of broad unemployment could be hidden in its interval.",
            years="; ".join(years),
        )
        adjusted = cleared[where & cleared["measure"].eq("p_adjusted") & cleared["outcome"].eq(BILL)]
        if adjusted.loc[adjusted["window"].isin(agrees.index[agrees]), "estimate"].min() > 0.05:
            text += " " + language.text(
                "Judged together with all other changes here, the fall of the bill could be chance."
            )
    else:
        text = language.text(
            "No year shows the signs of a cost shift to the state: more people in services, a smaller bill "
            "of the municipalities for labour market support and no change of broad unemployment."
        )
    monthly = cleared[where & cleared["measure"].eq("series") & cleared["outcome"].eq(BILL)]
    in_per_cent = _bill_in_per_cent(rows.loc[BILL], monthly, study, language=language)
    return Finding("cost_shift", "to_state" if years else "none", " ".join([text, *in_per_cent]))


def _bill_in_per_cent(
    changes: pd.DataFrame, monthly: pd.DataFrame, study: Study, *, language: Language
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


def questions(cleared: pd.DataFrame, study: Study, *, area: str, language: Language) -> list[Finding]:
    """Answer what the study asks about an area, or say that it cannot be answered.

    `cleared` holds the rows of all areas.
    """
    asked = cleared[cleared["measure"].eq("asked")]
    found = []
    for number, question in enumerate(study.questions):
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


def months_of(window: Window) -> list[str]:
    """The months of a window as codes, 2021-03."""
    return pd.period_range(window.first, window.last, freq="M").astype("str").tolist()


def held_months(cleared: pd.DataFrame) -> set[str]:
    """The months that public statistics hold."""
    rows = cleared["topic"].eq("public_statistics") & cleared["measure"].eq("series")
    return set(cleared.loc[rows, "window"])


def change_of(row: pd.Series, language: Language) -> tuple[str, str]:
    """The change that a row tells, in percentage points, and its interval."""
    interval = language.interval(row["ci_low"], row["ci_high"], lambda value: language.number(value, 2))
    return language.points(row["estimate"], 2, signed=True), interval
