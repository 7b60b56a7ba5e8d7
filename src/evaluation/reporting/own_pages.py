"""Pages that are no notebooks: the index of a language, and the page of an area whose analysis failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd

from evaluation.reporting.country import at_a_glance
from evaluation.reporting.page import area_names, environment, municipality_names, write_plain
from evaluation.study import Study
from evaluation.words import answers, comparisons, labels, public
from evaluation.words import language as languages
from evaluation.words.findings import Finding
from evaluation.words.language import Language, alphabetical


def write_failed(
    target: Path,
    study: Study,
    *,
    area: str | None,
    language: str,
    reference: str | Path,
    all_languages: Sequence[str] = languages.CODES,
) -> Path:
    """Write the page of an area whose analysis failed: it says so, without traceback and without data."""
    text = labels.in_study(languages.get(language), study).text
    name = area_names(reference, study.areas, language=language).get(area or "", area or "")
    title = text("{area}: no report", area=name)
    body = _own_page("failed", title=title, text=text)
    return write_plain(
        target,
        title=title,
        body=body,
        language=language,
        simulated=False,
        site=study.texts.site[language],
        all_languages=all_languages,
    )


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

    Parameters
    ----------
    target : Path
        ``reports/<language>/index.html``.
    study : Study
        The reform.
    cleared : path
        Cleared ledger: whether it is simulated, and what public statistics show of the whole country.
    reference : path
        Folder with municipalities.csv and the table of areas.
    language : str
        fi, sv or en.
    areas : sequence of str
        Areas that have a page.
    failed : iterable of str
        Those among them whose page says that the analysis failed.
    all_languages : sequence of str
        Languages in which the index is written; the page links to them.
    """
    ledger = pd.read_parquet(cleared)
    spoken = labels.in_study(languages.get(language), study)
    said = study.texts.in_language(language)
    table = municipality_names(reference, study.areas, language=language)
    names = area_names(reference, study.areas, language=language)
    notes = {area: spoken.text("membership not confirmed") for area in _unconfirmed(table)}
    notes |= {area: spoken.text("the analysis failed, no results") for area in failed}
    by_name = {names.get(area, area): area for area in areas}
    entries = _municipalities(spoken, table, names=names, areas=set(areas), elsewhere=said["elsewhere"])
    letters = groupby(alphabetical(entries), key=lambda name: name[0].upper())
    municipalities = [(letter, [(name, *entries[name]) for name in found]) for letter, found in letters]
    title = said["reports"]
    simulated = bool(ledger["simulated"].any())
    country = ledger[ledger["area"] == "all"]
    body = _own_page(
        "index",
        title=title,
        text=spoken.text,
        said=said,
        shown=_shown(ledger, study, spoken),
        answered=[one for one in answers.answers(country, study, area="all", language=spoken) if one.real],
        at_a_glance=at_a_glance(
            ledger, study, areas=areas, names=names, reference=reference, language=spoken
        ),
        report={"simulated": simulated},
        areas=[(by_name[name], name, notes.get(by_name[name], "")) for name in alphabetical(by_name)],
        municipalities=municipalities,
        anchors={letter: f"letter-{ord(letter)}" for letter, _ in municipalities},
        public_statistics=bool((ledger["topic"] == "public_statistics").any()),
    )
    return write_plain(
        target,
        title=title,
        body=body,
        language=language,
        simulated=simulated,
        site=said["site"],
        home="",
        all_languages=all_languages,
    )


def _shown(ledger: pd.DataFrame, study: Study, spoken: Language) -> list[Finding]:
    """What public statistics show of the whole country, their source first."""
    rows = ledger[ledger["topic"] == "public_statistics"]
    given: dict[str, Any] = {"area": "all", "language": spoken}
    country = rows[rows["area"] == "all"]
    found = [
        comparisons.public_source(rows, study, **given),
        *comparisons.public_statistics(country, study, **given),
        public.layoffs(country, study, **given),
        *public.synthetic(country, study, **given),
        *public.earlier(rows, study, language=spoken),
        public.cost_shift(country, study, **given),
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
        said = (own, names.get(own, own)) if own in areas else ("", status.get(row["arm"], ""))
        entries |= dict.fromkeys(
            [row["name"]] if spoken.code != "en" else [row["name_fi"], row["name_sv"]],
            said if said[1] else ("", elsewhere),
        )
    return entries


def _own_page(macro: str, **values: object) -> str:
    """Body of a page that is no notebook: a macro of ``templates/sections/index.html.j2``."""
    module = environment().get_template("sections/index.html.j2").make_module(values)
    return str(getattr(module, macro)())
