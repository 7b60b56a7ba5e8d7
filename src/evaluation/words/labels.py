"""Names that readers see for the codes of the ledger; ``names.toml`` holds them in three languages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from evaluation.study import AFTER, Study
from evaluation.words.language import Language

HORIZON = re.compile(r"_(\d+)m(?=_|$)")
VALUE_OF_A_MONTH = re.compile(r"at (\d+) euros a month in work")
# what the item column holds, by measure; measures that are not here hold a payer, an arm or a plain code
ITEM_KIND = {
    "attrition_episodes": "step",
    "attrition_persons": "step",
    "cost_item": "cost_item",
    "cost_shift": "transition",
    "diagnostic": "diagnostic",
}


@lru_cache
def names() -> dict[str, dict[str, dict[str, str]]]:
    """Names by kind, code and language, in the order of the file."""
    return tomllib.loads(Path(__file__).with_name("names.toml").read_text(encoding="utf-8"))


def in_study(language: Language, study: Study) -> Language:
    """The language with the names that a study gives to its windows and baselines."""
    windows = {name: window.name[language.code] for name, window in study.windows.items()}
    baseline = names()["specification"]["baseline"][language.code]
    baselines = {
        f"baseline_{name}": baseline.format(name=window.short[language.code])
        for name, window in study.baselines.items()
    }
    windows[AFTER] = study.after_name[language.code]
    terms = terms_of(study.terms.get(language.code, {}))
    return replace(language, given={"window": windows, "specification": baselines}, in_terms=terms)


def terms_of(terms: Mapping[str, str]) -> Callable[[str], str]:
    """A function that says a text in the terms of a study, longest first.

    A capital stays a capital, unless the term has one itself. A term that ends in * stands for every word
    that begins so; the rest of the word stays.

    Examples
    --------
    >>> terms_of({"trial": "reform", "pilot*": "area"})("Trial and trials: pilots, {trial}")
    'Reform and trials: areas, {trial}'
    """
    if not terms:
        return str
    parts = [
        re.escape(term.removesuffix("*")) + ("" if term.endswith("*") else r"(?!\w)")
        for term in sorted(terms, key=len, reverse=True)
    ]
    found = re.compile(rf"(?<![\w{{])(?:{'|'.join(parts)})", re.IGNORECASE)
    said = {term.removesuffix("*").lower(): new for term, new in terms.items()}
    names_of_their_own = {term.removesuffix("*").lower() for term in terms if term[:1].isupper()}

    def put(hit: re.Match[str]) -> str:
        new = said[hit[0].lower()]
        capital = hit[0][0].isupper() and hit[0].lower() not in names_of_their_own
        return new[:1].upper() + new[1:] if capital else new

    return lambda text: found.sub(put, text)


def codes(kind: str, language: Language) -> list[str]:
    """Codes of a kind in the order in which readers meet them."""
    known, given = list(names().get(kind, {})), language.given.get(kind, {})
    place = known.index("baseline") if "baseline" in known else len(known)
    return [*known[:place], *given, *known[place + 1 :]]


def label(kind: str, code: str, language: Language) -> str:
    """Name a code for readers; a code without a name is a ValueError.

    `kind` is a table of ``names.toml``; months (2021-03) and quarters (2019Q1) are windows too.
    """
    if kind == "window" and re.fullmatch(r"\d{4}Q\d", code):
        return language.quarter(code)
    if kind == "window" and re.fullmatch(r"\d{4}-\d\d", code):
        return language.month(code)
    if not code:
        return ""
    if code in language.given.get(kind, {}):
        return language.given[kind][code]
    if code not in names().get(kind, {}):
        raise ValueError(f"names.toml: {kind} {code!r} has no name; add it in three languages")
    return language.in_terms(names()[kind][code][language.code])


def outcome(code: str, language: Language) -> str:
    """Name an outcome with its horizon, or an exit state."""
    if code in names()["state"] or not code:
        return label("state", code, language)
    months = HORIZON.search(code)
    return label("outcome", HORIZON.sub("", code), language).format(months=months[1] if months else "")


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
    elif level.lower() in names()["level"]:
        level = label("level", level.lower(), language)
    return f"{written}: {level}"


def group(code: str, language: Language) -> str:
    """Name a group of persons; a subgroup without a name of its own is called by the level that it shares."""
    if code in names()["group"]:
        return label("group", code, language)
    level = label("level", code.lower(), language)
    return level[:1].upper() + level[1:]


def reason(code: str, language: Language) -> str:
    """Name a reason of a verdict: a check with what it found (pre_trend_concern), or a check alone."""
    known = code in names()["reason"]
    return label("reason", code if known else re.sub("_(concern|fail)$", "", code), language)


def reasons(codes: Sequence[str], language: Language) -> list[str]:
    """Name the reasons of a verdict: what was found by name, checks without a clear answer in one phrase."""
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


def item(measure: str, code: str, language: Language, places: Mapping[str, str] | None = None) -> str:
    """Name the item of a row, whatever its measure puts there; `places` names areas and municipalities."""
    if places and code in places:
        return places[code]
    if measure in ("smd", "case_mix"):
        return covariate(code, language)
    if measure == "verdict":
        return "; ".join(reasons([part for part in code.split(";") if part], language))
    if measure == "breakdown":  # the measure says it all
        return ""
    if measure == "diagnostic" and code in names()["check_number"]:
        return f"{label('diagnostic', code, language)} ({label('check_number', code, language)})"
    if code.partition(";")[0] in names()["tried"]:
        area, shock, *_ = code.split(";")
        return language.text(
            "{area}, chance shocks of {shock}",
            area=label("tried", area, language),
            shock=language.points(100 * float(shock), 0),
        )
    if measure == "register_to_statistics" and code == "all":
        return language.text("All areas together")
    if measure == "rows":
        table, _, rule = code.partition(":")
        kind = rule.partition("_")[0]
        known = kind if kind in ("missing", "unreadable") else rule
        return f"{label('table', table, language)}: {label('rule', known, language)}"
    if measure in ("cost_item", "cost_shift"):
        what, _, payer = code.partition(":")
        who = label("payer", payer, language)
        who = who if payer == "eu" else who[:1].lower() + who[1:]
        return f"{label(ITEM_KIND[measure], what, language)} ({who})"
    if measure in ITEM_KIND:
        return label(ITEM_KIND[measure], code, language)
    for kind in ("payer", "arm", "method"):
        if code in names()[kind]:
            return label(kind, code, language)
    return code
