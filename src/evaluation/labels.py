"""Names that readers see for the codes of the ledger: outcomes, measures, payers, checks and the rest.

Every name is a message of the catalogue, written with a capital first letter and in the basic form, so
that it can stand before a colon, in a table heading or beside a line without being inflected.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from evaluation.language import Language, mark
from evaluation.measure_names import COST_ITEM, MEASURE, METHOD, REFUSAL, STATUS, STEP, TRANSITION, UNIT
from evaluation.quality_names import MISSING, RULE, TABLE

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
DIAGNOSTIC = {
    "pre_trend": mark("Same development before the trial"),
    "placebo_date": mark("A made-up earlier start shows a difference near zero"),
    "placebo_outcome": mark("An outcome that the trial cannot change stays the same"),
    "placebo_population": mark("People outside the target group stay the same"),
    "hidden_bias": mark("Unseen differences would have to be large"),
    "overlap": mark("Similar jobseekers are found in the comparison"),
    "balance": mark("Backgrounds are alike after weighting"),
    "clusters": mark("Enough comparison municipalities"),
}
REASON = {
    "pre_trend": mark("development before the trial differs"),
    "placebo_date": mark("a difference is seen already before the trial"),
    "placebo_outcome": mark("an outcome that the trial cannot change differs"),
    "placebo_population": mark("people outside the target group differ"),
    "hidden_bias": mark("a small unseen difference would overturn the result"),
    "overlap": mark("too few similar jobseekers in the comparison"),
    "balance": mark("backgrounds differ after weighting"),
    "clusters": mark("too few comparison municipalities"),
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
COVARIATE = {
    "age": mark("Age"),
    "sex": mark("Sex"),
    "education": mark("Education level"),
    "native_language": mark("Native language"),
    "immigrant": mark("Immigrant"),
    "unemployed_days_12m_before": mark("Days unemployed in the 12 months before"),
    "unemployed_days_24m_before": mark("Days unemployed in the 24 months before"),
    "service_days_24m_before": mark("Days in services in the 24 months before"),
    "earlier_spells_24m": mark("Earlier unemployment spells in 24 months"),
    "earnings_12m_before_eur": mark("Earnings in the 12 months before"),
    "benefit_at_index": mark("Benefit at the start"),
    "region": mark("Region"),
    "urban_rural": mark("Urban or rural municipality"),
    "commuting_area": mark("Commuting area"),
    "index_month": mark("Starting month"),
    "index_quarter": mark("Starting quarter"),
}
LEVEL = {
    "female": mark("female"),
    "male": mark("male"),
    "basic": mark("basic"),
    "secondary": mark("secondary"),
    "tertiary": mark("tertiary"),
    "unknown": mark("unknown"),
    "fi": mark("Finnish"),
    "sv": mark("Swedish"),
    "other": mark("other"),
    "yes": mark("yes"),
    "no": mark("no"),
    "true": mark("yes"),
    "false": mark("no"),
    "under_30": mark("under 30"),
    "30_49": mark("30 to 49"),
    "50_plus": mark("50 or over"),
    "labour_market_support": mark("labour market support"),
    "basic_allowance": mark("basic unemployment allowance"),
    "earnings_related": mark("earnings-related allowance"),
    "none": mark("none"),
    "kaupunkimaiset kunnat": mark("urban"),
    "taajaan asutut kunnat": mark("semi-urban"),
    "maaseutumaiset kunnat": mark("rural"),
}
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
    >>> from evaluation.language import get
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
    >>> from evaluation.language import get
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
    >>> from evaluation.language import get
    >>> reason("overlap_fail", get("sv"))
    'det finns för få liknande arbetssökande i jämförelsekommunerna'
    """
    check, state = re.fullmatch(r"(.*?)(?:_(concern|fail|not_run|unclear))?", code).groups()  # type: ignore[union-attr]
    if state == "not_run":
        return language.text("not checked: {check}", check=label("diagnostic", check, language))
    if state == "unclear":
        return language.text("too few data to tell: {check}", check=label("diagnostic", check, language))
    return label("reason", check, language)


def item(measure: str, code: str, language: Language, names: Mapping[str, str] | None = None) -> str:
    """Name the item of a row, whatever its measure puts there; `names` gives areas and municipalities."""
    if names and code in names:
        return names[code]
    if measure in ("smd", "case_mix"):
        return covariate(code, language)
    if measure == "verdict":
        return "; ".join(reason(part, language) for part in code.split(";") if part)
    if measure == "rows":
        table, _, rule = code.partition(":")
        message = RULE.get(rule) or (MISSING if rule.startswith("missing_") else "")
        if table not in TABLE or not message:
            raise ValueError(f"labels: {code!r} has no name; add it to quality_names and the catalogues")
        return f"{language.text(TABLE[table])}: {language.text(message)}"
    if measure in ("cost_item", "cost_shift"):
        what, _, payer = code.partition(":")
        kind = "cost_item" if measure == "cost_item" else "transition"
        return f"{label(kind, what, language)} ({label('payer', payer, language).lower()})"
    if measure in ITEM_KIND:
        return label(ITEM_KIND[measure], code, language)
    for kind in ("payer", "arm", "method"):
        if code in KINDS[kind]:
            return label(kind, code, language)
    return code
