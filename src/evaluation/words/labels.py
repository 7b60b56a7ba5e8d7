"""Names that readers see for the codes of the ledger: outcomes, measures, payers, checks and the rest.

Every name is a message of the catalogue, written with a capital first letter and in the basic form, so
that it can stand before a colon, in a table heading or beside a line without being inflected.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from evaluation.words.language import Language, mark
from evaluation.words.measure_names import (
    COST_ITEM,
    COVARIATE,
    LEVEL,
    MEASURE,
    METHOD,
    REFUSAL,
    STATUS,
    STEP,
    TRANSITION,
    UNIT,
)
from evaluation.words.quality_names import CHECK_NUMBER, DIAGNOSTIC, MISSING, REASON, RULE, TABLE, TRIED

HORIZON = re.compile(r"_(3|6|12|24)m(?=_|$)")

OUTCOME = {
    "open_employment": mark("In open-market work after {months} months"),
    "open_employment_days": mark("Days in open-market work within {months} months"),
    "subsidised_days": mark("Days in subsidised work within {months} months"),
    "service_days": mark("Days in services within {months} months"),
    "study_days": mark("Days in education within {months} months"),
    "unemployed_days": mark("Days unemployed within {months} months"),
    "broad_unemployed_days": mark("Days unemployed or in services within {months} months"),
    "entered_education": mark("Entered education within {months} months"),
    "still_unemployed": mark("Unemployed without a break for {months} months"),
    "long_term_unemployed": mark("Long-term unemployed after {months} months"),
    "benefit_days": mark("Benefit days within {months} months"),
    "benefit_eur": mark("Unemployment benefits within {months} months"),
    "cost_municipality_eur": mark("Net cost to the municipality within {months} months"),
    "cost_state_eur": mark("Net cost to the state within {months} months"),
    "cost_unemployment_funds_eur": mark("Net cost to the unemployment funds within {months} months"),
    "cost_eu_eur": mark("Net cost to the EU within {months} months"),
    "cost_all_public_eur": mark("Net cost to all public payers within {months} months"),
}
STATE = {
    "unemployed": mark("Unemployed"),
    "laid_off": mark("Laid off"),
    "open_employment": mark("Open-market work"),
    "subsidised_employment": mark("Subsidised work"),
    "service": mark("Service"),
    "study": mark("Education"),
    "outside": mark("Outside the labour force"),
}
PAYER = {
    "municipality": mark("Municipality"),
    "state": mark("State"),
    "unemployment_funds": mark("Unemployment funds"),
    "eu": mark("European Union"),
    "all_public": mark("All public payers together"),
}
ARM = {
    "pilot": mark("Pilot area"),
    "comparison": mark("Comparison municipalities"),
    "possible_pilot": mark("Possible pilot municipalities"),
    "pilot-comparison": mark("Pilot area minus comparison municipalities"),
}
GROUP = {
    "target_group": mark("Target group of the trial"),
    "te_office_stayers": mark("Aged 30 or over on earnings-related allowance (stayed with the TE office)"),
    "all": mark("All jobseekers"),
}
WINDOW = {
    "2018_19": mark("Baseline March 2018 to February 2019"),
    "2019_20": mark("Baseline March 2019 to February 2020"),
    "covid": mark("COVID year March 2020 to February 2021"),
    "after_1": mark("First year of the trial, from March 2021"),
    "after_2": mark("Second year of the trial, from March 2022"),
    "after_3": mark("Third year of the trial, from March 2023"),
    "after": mark("Trial, from March 2021"),
}
SPECIFICATION = {
    "main": mark("Main analysis"),
    "before_weighting": mark("Before weighting"),
    "after_weighting": mark("After weighting"),
    "baseline_2018_19": mark("Baseline 2018–2019"),
    "baseline_2019_20": mark("Baseline 2019–2020"),
    "baseline_covid": mark("Baseline COVID year"),
    "donut_3m": mark("Three months around the start left out"),
    "leave_one_out": mark("One municipality left out"),
    "neighbours_excluded": mark("Neighbouring municipalities left out"),
    "with_possible_pilots": mark("Possible pilot municipalities in the comparison"),
    "entropy_weights": mark("Entropy weights"),
    "regression_adjustment": mark("Regression adjustment"),
    "synthetic_control": mark("Synthetic comparison area"),
    "synthetic_did": mark("Synthetic difference-in-differences"),
    "triple_difference": mark("Against those who stayed with the TE office in the same area"),
    "discontinuity_30": mark("Just under against just over 30 years of age"),
    "cluster_bootstrap": mark("Municipalities drawn with replacement (cluster bootstrap)"),
    "naive_clustered": mark("Usual clustered standard error (too narrow, for comparison only)"),
}
VALUE_OF_A_MONTH = re.compile(r"at (\d+) euros a month in work")
KINDS: dict[str, dict[str, str]] = {
    "arm": ARM,
    "cost_item": COST_ITEM,
    "covariate": COVARIATE,
    "diagnostic": DIAGNOSTIC,
    "group": GROUP,
    "level": LEVEL,
    "measure": MEASURE,
    "method": METHOD,
    "payer": PAYER,
    "reason": REASON,
    "refusal": REFUSAL,
    "specification": SPECIFICATION,
    "state": STATE,
    "status": STATUS,
    "step": STEP,
    "transition": TRANSITION,
    "unit": UNIT,
    "window": WINDOW,
}
# what the item column holds, by measure; measures that are not here hold a payer, an arm or a plain code
ITEM_KIND = {
    "attrition_episodes": "step",
    "attrition_persons": "step",
    "diagnostic": "diagnostic",
}


def label(kind: str, code: str, language: Language) -> str:
    """Name a code for readers.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    code : str
        A code of that kind, as in the ledger. Months (2021-03) and quarters (2019Q1) are windows too.
    language : Language
        Language of the name.

    Raises
    ------
    ValueError
        If the code has no name; add it to the table of its kind and to both catalogues.

    Examples
    --------
    >>> from evaluation.words.language import get
    >>> label("payer", "state", get("fi"))
    'Valtio'
    """
    if kind == "window" and re.fullmatch(r"\d{4}Q\d", code):
        return language.quarter(code)
    if kind == "window" and re.fullmatch(r"\d{4}-\d\d", code):
        return language.month(code)
    if not code:
        return ""
    if code not in KINDS[kind]:
        raise ValueError(f"labels: {kind} {code!r} has no name; add it to {kind.upper()} and the catalogues")
    return language.text(KINDS[kind][code])


def outcome(code: str, language: Language) -> str:
    """Name an outcome with its horizon, or an exit state.

    Examples
    --------
    >>> from evaluation.words.language import get
    >>> outcome("service_days_12m", get("en"))
    'Days in services within 12 months'
    """
    if code in STATE or not code:
        return label("state", code, language)
    months = HORIZON.search(code)
    stem = HORIZON.sub("", code)
    if months is None or stem not in OUTCOME:
        raise ValueError(f"labels: outcome {code!r} has no name; add it to OUTCOME and the catalogues")
    return language.text(OUTCOME[stem], months=months[1])


def covariate(code: str, language: Language) -> str:
    """Name a background variable, or one level of it written as variable=level.

    Levels that are names or codes in every language (regions, commuting areas) stay as they are.
    """
    name, _, level = code.partition("=")
    written = label("covariate", name, language)
    if not level:
        return written
    if re.fullmatch(r"\d{4}Q\d", level):
        level = language.quarter(level)
    elif level.lower() in LEVEL:
        level = language.text(LEVEL[level.lower()])
    return f"{written}: {level}"


def reason(code: str, language: Language) -> str:
    """Name a reason of a verdict: a check and its state (pre_trend_concern), or a check alone.

    Examples
    --------
    >>> from evaluation.words.language import get
    >>> reason("overlap_fail", get("sv"))
    'det finns för få liknande arbetssökande i jämförelsekommunerna'
    """
    if code in REASON:
        return label("reason", code, language)
    check, state = re.fullmatch(r"(.*?)(?:_(concern|fail|not_run|unclear))?", code).groups()  # type: ignore[union-attr]
    if state == "not_run":
        return language.text("not checked: {check}", check=label("diagnostic", check, language))
    if state == "unclear":
        return language.text("too few data to tell: {check}", check=label("diagnostic", check, language))
    return label("reason", check, language)


def reasons(codes: Sequence[str], language: Language) -> list[str]:
    """Name the reasons of a verdict: what was found by name, checks without a clear answer in one phrase.

    Examples
    --------
    >>> from evaluation.words.language import get
    >>> reasons(["balance_fail", "overlap_unclear", "hidden_bias_not_run"], get("en"))[1:]
    ['the data are too few for all checks to give a clear answer', 'some checks could not be made']
    """
    run = [code for code in codes if not code.endswith("_not_run")]
    telling = [code for code in run if not code.endswith("_unclear")]
    said = [reason(code, language) for code in telling]
    if len(telling) < len(run):
        said.append(language.text("the data are too few for all checks to give a clear answer"))
    if len(run) < len(codes):
        said.append(language.text("some checks could not be made"))
    return said


def method(code: str, language: Language) -> str:
    """Name the kind of a result; why a figure is refused, and the value that a month in work was given."""
    if found := VALUE_OF_A_MONTH.fullmatch(code):
        return language.text("At {value} a month in work", value=language.euros(float(found[1])))
    _, refused, why = code.partition(":")
    return label("refusal", why, language) if refused else label("method", code, language)


def item(measure: str, code: str, language: Language, names: Mapping[str, str] | None = None) -> str:
    """Name the item of a row, whatever its measure puts there; `names` gives areas and municipalities."""
    if names and code in names:
        return names[code]
    if measure in ("smd", "case_mix"):
        return covariate(code, language)
    if measure == "verdict":
        return "; ".join(reasons([part for part in code.split(";") if part], language))
    if measure == "breakdown":  # the measure says it all
        return ""
    if measure == "diagnostic" and code in CHECK_NUMBER:
        return f"{label('diagnostic', code, language)} ({language.text(CHECK_NUMBER[code])})"
    if code.partition(";")[0] in TRIED:
        area, shock, *_ = code.split(";")
        return language.text(
            "{area}, chance shocks of {shock}",
            area=language.text(TRIED[area]),
            shock=language.points(100 * float(shock), 0),
        )
    if measure == "rows":
        table, _, rule = code.partition(":")
        message = RULE.get(rule) or (MISSING if rule.startswith("missing_") else "")
        if table not in TABLE or not message:
            raise ValueError(f"labels: {code!r} has no name; add it to quality_names and the catalogues")
        return f"{language.text(TABLE[table])}: {language.text(message)}"
    if measure in ("cost_item", "cost_shift"):
        what, _, payer = code.partition(":")
        kind = "cost_item" if measure == "cost_item" else "transition"
        who = label("payer", payer, language)
        who = who if payer == "eu" else who[:1].lower() + who[1:]
        return f"{label(kind, what, language)} ({who})"
    if measure in ITEM_KIND:
        return label(ITEM_KIND[measure], code, language)
    for kind in ("payer", "arm", "method"):
        if code in KINDS[kind]:
            return label(kind, code, language)
    return code
