"""Pages that are no notebooks: the index of a language, and the page of an area whose analysis failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import pandas as pd

from evaluation.figures.side_by_side import by_name
from evaluation.reporting.country import at_a_glance
from evaluation.reporting.exhibits import Report
from evaluation.reporting.page import area_names, environment, municipality_names, write_plain
from evaluation.reporting.sections import open_report
from evaluation.study import Study
from evaluation.words import answers, comparisons, labels, public
from evaluation.words import language as languages
from evaluation.words.findings import Finding
from evaluation.words.language import Language, alphabetical


def write_failed(
    target: Path,
    study: Study,
    *,
    area: str,
    language: str,
    reference: str | Path,
    refusal: str = "",
    all_languages: Sequence[str] = languages.CODES,
) -> Path:
    """Write the page of an area (its slug) whose analysis failed: without traceback and without data.

    `refusal` says in English why the analysis was refused, cleared as what is published.
    """
    spoken = labels.in_study(languages.get(language), study)
    name = area_names(reference, study.areas, language=language).get(area, area)
    title = spoken.text("{area}: no report", area=name)
    told = {"title": title, "refusal": refusal, "simulated": False, "all_languages": all_languages}
    return _write(target, study, spoken, "failed", **told)  # type: ignore[arg-type]


def write_index(
    target: Path,
    study: Study,
    *,
    cleared: str | Path,
    reference: str | Path,
    language: str,
    areas: Sequence[str],
    failed: Iterable[str] = (),
    all_languages: Sequence[str] = languages.CODES,
) -> Path:
    """Write the index of a language: reports, areas, and every municipality with the way to its area.

    `areas` are those that have a page, `failed` those among them whose page says that the analysis failed.
    The `cleared` ledger tells whether it is simulated, and what public statistics show of the whole country.
    """
    report = open_report(cleared, study=study, reference=reference, language=language, release_date="")
    ledger, spoken, names = report.cleared, report.language, report.area_names
    said = study.texts.in_language(language)
    table = municipality_names(reference, study.areas, language=language)
    notes = {area: spoken.text("membership not confirmed") for area in _unconfirmed(table)}
    notes |= {area: spoken.text("the analysis failed, no results") for area in failed}
    entries = _municipalities(spoken, table, names=names, areas=set(areas), elsewhere=said["elsewhere"])
    letters = groupby(alphabetical(entries), key=lambda name: name[0].upper())
    return _write(
        target,
        study,
        spoken,
        "index",
        title=said["reports"],
        simulated=report.simulated,
        all_languages=all_languages,
        said=said,
        shown=_shown(report),
        answered=[one for one in answers.answers(report.case("all"), spoken) if one.real],
        at_a_glance=at_a_glance(report, areas=areas),
        report=report,
        areas=[(area, names.get(area, area), notes.get(area, "")) for area in by_name(areas, names)],
        municipalities=[
            (letter, f"letter-{ord(letter)}", [(name, *entries[name]) for name in found])
            for letter, found in letters
        ],
        public_statistics=bool((ledger["topic"] == "public_statistics").any()),
    )


def _shown(report: Report) -> list[Finding]:
    """What public statistics show of the whole country, their source first."""
    every, country, spoken = report.case(""), report.case("all"), report.language
    found = [
        comparisons.public_source(every, spoken),
        *comparisons.public_statistics(country, spoken),
        public.layoffs(country, spoken),
        *public.synthetic(country, spoken),
        *public.earlier(every, spoken),
        public.cost_shift(country, spoken),
    ]
    return [one for one in found if one]


def _unconfirmed(table: pd.DataFrame) -> set[str]:
    """Areas of which no municipality is confirmed."""
    possible, sure = (set(table.loc[table["arm"] == arm, "area"]) for arm in ("possible_pilot", "pilot"))
    return possible - sure


def _municipalities(
    spoken: Language, table: pd.DataFrame, *, names: Mapping[str, str], areas: set[str], elsewhere: str
) -> dict[str, tuple[str, str]]:
    """Area to go to, or "", and what is said, for every name of a municipality (both names in English)."""
    status = {
        "pilot": spoken.text("in the trial, no report yet"),
        "possible_pilot": spoken.text("membership not confirmed"),
    }
    entries: dict[str, tuple[str, str]] = {}
    for row in table.to_dict("records"):
        own = row["area"]
        said = (own, names.get(own, own)) if own in areas else ("", status.get(row["arm"], elsewhere))
        called = [row["name_fi"], row["name_sv"]] if spoken.code == "en" else [row["name"]]
        entries |= dict.fromkeys(called, said)
    return entries


def _write(
    target: Path,
    study: Study,
    spoken: Language,
    macro: str,
    *,
    title: str,
    simulated: bool,
    all_languages: Sequence[str],
    **values: object,
) -> Path:
    """Write the page that a macro of ``templates/sections/index.html.j2`` makes of values."""
    given = {"title": title, "text": spoken.text, **values}
    module = environment().get_template("sections/index.html.j2").make_module(given)
    return write_plain(
        target,
        title=title,
        body=str(getattr(module, macro)()),
        language=spoken.code,
        simulated=simulated,
        site=study.texts.site[spoken.code],
        all_languages=all_languages,
    )
