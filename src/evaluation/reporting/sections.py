"""What every report shares: opening it, headings, sections, lists and paragraphs."""

from __future__ import annotations

import html
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from evaluation.reporting.exhibits import Report
from evaluation.words.findings import Finding
from evaluation.words.language import get, mark

SECTIONS = {
    "findings": mark("Findings"),
    "how-to-read": mark("How to read this report"),
    "who-is-included": mark("Who is included"),
    "is-the-comparison-fair": mark("Is the comparison fair?"),
    "outcomes-over-time": mark("What happened over time"),
    "effect-and-sensitivity": mark("Effect and how sensitive it is"),
    "costs-by-payer": mark("Costs by payer"),
    "cost-effectiveness": mark("Is it worth the cost?"),
    "other-areas": mark("Other areas"),
    "limits": mark("What this report cannot tell"),
    "methods": mark("Methods"),
    "data-and-provenance": mark("Data and where the numbers come from"),
    "downloads": mark("Files to download"),
}


def open_report(
    cleared: str | Path,
    *,
    reference: str | Path,
    language: str,
    release_date: str,
    area: str = "",
    topic: str = "",
) -> Report:
    """Read the cleared ledger and the names that a report needs.

    Parameters
    ----------
    cleared : path
        Parquet file of cleared rows.
    reference : path
        Folder with pilot_areas.csv and municipalities.csv.
    language : str
        fi, sv or en.
    area : str
        Slug of the area; empty for a report about all areas.
    release_date : str
        Day of the release, as 2026-11-23.
    topic : str
        Only this topic of the ledger, for a report about one of them.

    Raises
    ------
    ValueError
        If the area is not in the reference table.
    """
    from evaluation.reporting import page

    rows = pd.read_parquet(cleared)
    rows = rows[rows["topic"] == topic] if topic else rows
    areas = dict(page.area_names(reference, language=language))
    known = pd.read_csv(Path(reference) / "pilot_areas.csv", dtype=str, keep_default_na=False)
    if area and area not in areas:
        raise ValueError(f"pilot_areas.csv has no area {area!r}; known are {', '.join(areas)}")
    municipalities = page.municipality_names(reference, language=language)
    spoken = get(language)
    own = rows[rows["area"] == area] if area else rows
    return Report(
        language=spoken,
        area=area,
        name=areas[area] if area else spoken.text("All areas together"),
        cleared=rows,
        area_names=areas,
        municipality_names=dict(zip(municipalities["municipality"], municipalities["name"], strict=True)),
        simulated=bool(own["simulated"].any()),
        release_date=release_date,
        confirmed=area not in set(known.loc[known["membership"] == "unconfirmed", "area"]),
    )


def heading(report: Report, *, title: str = "", lead: str = "") -> str:
    """First heading with the day of the release, and the place of the table of contents."""
    text = report.language.text
    flag = "true" if report.simulated else "false"
    released = text("Released {date}", date=report.language.date(report.release_date))
    lead = lead or text("Municipal employment trial: did people get work, what did it cost and who paid?")
    return (
        f'<div data-simulated="{flag}"><h1>{html.escape(title or report.name)}</h1>'
        f'<p class="lead">{html.escape(lead)}</p>'
        f'<p class="note">{html.escape(released)}</p>{_unconfirmed(report)}</div>'
        "<!-- contents -->"
    )


def _unconfirmed(report: Report) -> str:
    if report.confirmed:
        return ""
    words = report.language.text(
        "Membership not confirmed: no public source confirms that this area took part in the trial. "
        "The numbers were calculated as if it had."
    )
    return f'<p class="box warning">{html.escape(words)}</p>'


def section(report: Report, name: str, *parts: str, title: str = "") -> str:
    """Put parts of HTML under a section's heading and id."""
    words = html.escape(title or report.language.text(SECTIONS[name]))
    body = "\n".join(part for part in parts if part)
    return (
        f'<section id="{name}" aria-labelledby="{name}-title">'
        f'<h2 id="{name}-title">{words}</h2>\n{body}</section>'
    )


def paragraph(report: Report, *messages: str) -> str:
    """Paragraphs of ready sentences."""
    return "".join(f"<p>{html.escape(message)}</p>" for message in messages)


def subheading(words: str) -> str:
    """A heading within a section."""
    return f"<h3>{html.escape(words)}</h3>"


def bullets(items: Iterable[str | Finding]) -> str:
    """A list of sentences or findings."""
    said = [item.text if isinstance(item, Finding) else item for item in items]
    return "<ul>" + "".join(f"<li>{html.escape(words)}</li>" for words in said) + "</ul>" if said else ""
