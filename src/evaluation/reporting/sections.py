"""The sections of a report: each is a macro of the report's template in ``templates/sections``.

A template holds the sentences of its sections and names their exhibits; findings come from cleared rows.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from evaluation.figures.kept import Kept
from evaluation.figures.one_area import named
from evaluation.figures.over_time import drawn_windows, timeline
from evaluation.figures.palette import look, svg
from evaluation.figures.side_by_side import by_name
from evaluation.reporting import country, downloads, workbook
from evaluation.reporting.data_tables import written
from evaluation.reporting.exhibits import EXHIBITS, Report, framed_figure, show
from evaluation.reporting.page import area_names, environment, macros, municipality_names
from evaluation.results import provenance
from evaluation.study import Study
from evaluation.words import answers, comparisons, costs, fairness, first_screen, labels, public
from evaluation.words.disclosure import profile_in_words
from evaluation.words.language import get

AREA_SECTIONS = (
    "public-statistics",
    "findings",
    "how-to-read",
    "who-is-included",
    "is-the-comparison-fair",
    "outcomes-over-time",
    "effect-and-sensitivity",
    "costs-by-payer",
    "cost-effectiveness",
    "other-areas",
    "limits",
    "methods",
    "data-and-provenance",
    "downloads",
)
MOST_CHANGES = 40


def open_report(
    cleared: str | Path | pd.DataFrame,
    *,
    study: Study,
    reference: str | Path,
    language: str,
    release_date: str,
    area: str = "",
    topic: str = "",
    drawings: str | Path = "",
) -> Report:
    """Read the cleared ledger, a file or a frame, and the names that a report in a language needs.

    `area` is empty for a report about all areas; `topic` leaves only rows of one. In the folder `drawings`,
    if one is named, figures are kept for the next run. ValueError if the area is not in the table of areas
    in the folder `reference`.
    """
    rows = cleared if isinstance(cleared, pd.DataFrame) else pd.read_parquet(cleared)
    rows = (rows[rows["topic"] == topic] if topic else rows).reset_index(drop=True)  # each row has its number
    areas = dict(area_names(reference, study.areas, language=language))
    known = pd.read_csv(Path(reference) / f"{study.areas.table}.csv", dtype=str, keep_default_na=False)
    if area and area not in areas:
        raise ValueError(f"{study.areas.table}.csv has no area {area!r}; known are {', '.join(areas)}")
    municipalities = municipality_names(reference, study.areas, language=language)
    spoken = labels.in_study(get(language), study)
    place_names = dict(zip(municipalities["municipality"], municipalities["name"], strict=True))
    own = rows[rows["area"] == area] if area else rows
    kept = Path(drawings, f"{area or topic or 'all'}-{language}.json") if drawings else None
    return Report(
        language=spoken,
        area=area,
        name=areas[area] if area else spoken.text("All areas together"),
        cleared=rows,
        study=study,
        area_names=areas,
        municipality_names=place_names,
        simulated=bool(own["simulated"].any()),
        release_date=release_date,
        reference=Path(reference),
        confirmed=area not in set(known.loc[known["membership"] == "unconfirmed", "area"]),
        kept=Kept(kept, about=(language, area, study, areas, place_names)),
    )


def section(report: Report, name: str, **values: object) -> Markup:
    """HTML of a section of a report: a macro of the template of the report, or of those that all share.

    `values` are what the section needs beyond the cleared rows. ValueError if there is no such macro.
    """
    kind = "area" if report.area else report.slug

    def told(function: Callable[..., Any], area: str = report.area, **given: Any) -> Any:
        return function(report.case(area), report.language, **given)

    def areas_with(measure: str) -> list[str]:
        found = set(report.cleared.loc[report.cleared["measure"] == measure, "area"]) - {"all"}
        return by_name(found, report.area_names)

    def several_shares() -> bool:
        changes = report.cleared["topic"].eq("public_statistics") & report.cleared["measure"].eq("did")
        return len(set(report.cleared.loc[changes, "outcome"])) > 1

    def exhibit(name: str) -> Markup:
        if name not in report.shown:
            report.shown[name] = show(report, name)
        return report.shown[name]

    given = {
        "report": report,
        "at_a_glance": lambda: country.in_report(report),
        "several_shares": several_shares,
        "has_rows": lambda name: not report.rows_for(name).empty,
        "text": report.language.text,
        "said": report.study.texts.in_language(report.language.code),
        "show": exhibit,
        "picture": lambda name: exhibit(name).partition("<details")[0],  # without its numbers
        "timeline": lambda: _timeline(report),
        "told": told,
        "told_of_all": lambda function, **given: function(report.case(""), report.language, **given),
        "areas_with": areas_with,
        "answers": answers,
        "comparisons": comparisons,
        "compared_with": lambda: report.compared_with,
        "costs": costs,
        "fairness": fairness,
        "public": public,
        "first_screen": first_screen,
        **values,
    }
    for template in (kind, "shared"):
        module = environment().get_template(f"sections/{template}.html.j2").make_module(given)
        if hasattr(module, name):
            return getattr(module, name)()
    raise ValueError(f"templates/sections/{kind}.html.j2 has no section {name!r}")


def data_and_provenance(
    report: Report,
    *,
    cleared: str,
    reference: str,
    processed: str,
    parameters: dict[str, str],
    previous: str = "",
) -> Markup:
    """Inputs with hashes, parameters, versions, disclosure profile and changes since the previous release.

    Given are the files and folders that the report rests on, the `parameters` of its notebook that change its
    content, and the cleared ledger of the `previous` release, empty if there was none.
    """
    text, number = report.language.text, report.language.number
    raw = Path(processed).parent / "raw"
    files = [Path(cleared), *Path(reference).glob("*.csv")]
    files += [path for folder in ("register", "statfin") for path in (raw / folder).glob("*") if path.suffix]
    known = Path(processed) / "hashes.json" if Path(processed).is_dir() else None
    inputs = provenance.inputs(files, root=raw.parent, known=known)
    before = pd.read_parquet(previous) if previous and Path(previous).exists() else None
    changes, counted = (None, "") if before is None else _changes(report, before)
    return section(
        report,
        "data_and_provenance",
        profile=profile_in_words(processed, report.language),
        changes=changes,
        counted=counted,
        inputs=[(row.file, number(row.bytes), row.sha256) for row in inputs.itertuples()],
        facts=[
            (text("Code version"), provenance.code_version()),
            *(
                (labels.label("parameter", name, report.language), value)
                for name, value in parameters.items()
            ),
            *(
                (text("Package {name}", name=name), version)
                for name, version in provenance.packages().items()
            ),
        ],
    )


def files_to_download(report: Report, *, reports: str | Path, processed: str | Path) -> Markup:
    """Write the CSV files and the workbook, and list them; keep what was drawn for the next run."""
    folder = Path(reports) / report.language.code
    shown = [name for name in report.shown if EXHIBITS[name].files]
    files = downloads.write(report, folder, names=shown)
    path = folder / "csv" / report.slug / f"{report.slug}.xlsx"
    book = workbook.write(report, path, processed=processed, names=shown)
    report.kept.write()
    return section(report, "downloads", files=files, workbook=book.relative_to(folder).as_posix())


def _changes(report: Report, before: pd.DataFrame) -> tuple[list[tuple[str, ...]], str]:
    """Numbers that differ from the previous release with the reason, and how many of each reason."""
    language, now = report.language, report.cleared
    if report.area:
        before, now = before[before["area"] == report.area], now[now["area"] == report.area]
    changed = provenance.changes(now, before)
    units = now.drop_duplicates("measure").set_index("measure")["unit"]
    rows = []
    for row in changed.head(MOST_CHANGES).to_dict("records"):
        unit, measure = units.get(row["measure"], "none"), row["measure"]
        numbers = [
            "" if pd.isna(value) else written(value, unit, measure=measure, language=language)
            for value in (row["estimate_before"], row["estimate_now"])
        ]
        names = named("measure", measure, language), named("outcome", row["outcome"], language), row["item"]
        rows.append(
            ("; ".join(filter(None, names)), *numbers, labels.label("change", row["reason"], language))
        )
    counts = changed["reason"].value_counts() if len(changed) else pd.Series(dtype=int)
    said = [(labels.label("change", reason, language), language.number(n)) for reason, n in counts.items()]
    return rows, "; ".join(f"{name}: {number}" for name, number in said) + "."


def _timeline(report: Report) -> Markup:
    """The scheme of the design over time: whose unemployment began when, history and follow-up."""
    language, text = report.language, report.language.text
    title = text("Whose unemployment began when, and how long they are followed")
    periods = [
        (
            labels.label("window", name, language),
            *(language.date(str(day)) for day in (window.first, window.last)),
        )
        for name, window in drawn_windows(report.study).items()
    ]

    def drawn() -> tuple[str]:
        with look():
            return (svg(timeline(report.study, language=language)),)

    (picture,) = report.kept.made("timeline", drawn)
    alt = text(
        "Scheme over time. Unemployment begins: {windows}. Each period has 24 months of history before it "
        "and 12 and 24 months of follow-up after it, until the end of {year}. The trial started on {start}.",
        year=str(report.study.end.year),
        windows="; ".join(f"{name} ({first}–{last})" for name, first, last in periods),
        start=language.date(report.study.start),
    )
    heads = (text("Period"), text("First day"), text("Last day"))
    numbers = macros("sections/parts.html.j2").table(title, heads, periods, words=True)
    return framed_figure("timeline", picture, title=title, alt=alt, numbers=numbers, language=language)
