"""The body of the index page: reports, areas, and the way from any municipality to its area."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import pandas as pd

from evaluation.words.language import Language, alphabetical


def body(
    spoken: Language,
    *,
    names: Mapping[str, str],
    municipalities: pd.DataFrame,
    areas: Sequence[str],
    failed: set[str],
    public_statistics: bool,
) -> tuple[str, str]:
    """Title and body of the index page.

    Parameters
    ----------
    spoken : Language
        Language of the page.
    names : mapping
        Area names by slug.
    municipalities : pandas.DataFrame
        Columns name, name_fi, name_sv, pilot_area, status.
    areas : sequence of str
        Areas that have a page.
    failed : set of str
        Areas whose page says that the analysis failed.
    public_statistics : bool
        Whether there is a report from public statistics.
    """
    text = spoken.text
    title = text("Municipal employment trials: reports by area")
    national = [("national.html", text("All areas together: national report"))]
    if public_statistics:
        national.append(("public_statistics.html", text("What the public statistics show")))
    validated = html.escape(text("How the methods were validated (in English)"))
    question = text(
        "Did people get work, what did it cost, who paid, and compared with what the TE office "
        "would have done?"
    )
    hint = text(
        "Every municipality leads to the report of its area. Municipalities without a trial are marked."
    )
    by_name = {names.get(area, area): area for area in areas}
    unconfirmed = set(municipalities.loc[municipalities["status"] == "possible_pilot", "pilot_area"])
    unconfirmed -= set(municipalities.loc[municipalities["status"] == "pilot", "pilot_area"])
    parts = [
        f"<h1>{html.escape(title)}</h1>",
        f'<p class="lead">{html.escape(question)}</p>',
        _heading("national", text("The whole country")),
        _list(
            [
                *(f'<a href="{href}">{html.escape(name)}</a>' for href, name in national),
                f'<a href="../en/validation.html" hreflang="en">{validated}</a>',
            ]
        ),
        _heading("areas", text("Areas in alphabetical order")),
        _list(
            f'<a href="{by_name[name]}.html">{html.escape(name)}</a>'
            + (
                f" – {html.escape(text('the analysis failed, no results'))}"
                if by_name[name] in failed
                else f" – {html.escape(text('membership not confirmed'))}"
                if by_name[name] in unconfirmed
                else ""
            )
            for name in alphabetical(by_name)
        ),
        _heading("municipalities", text("Find your municipality")),
        f"<p>{html.escape(hint)}</p>",
        _municipalities(spoken, municipalities, names=names, areas=set(areas)),
    ]
    return title, "\n".join(parts)


def _municipalities(
    spoken: Language, table: pd.DataFrame, *, names: Mapping[str, str], areas: set[str]
) -> str:
    text = spoken.text
    entries: dict[str, str] = {}
    for row in table.to_dict("records"):
        own = row["pilot_area"]
        if own in areas:
            where = f'<a href="{own}.html">{{}}</a> → {html.escape(names.get(own, own))}'
        elif row["status"] == "pilot":
            where = "{} – " + html.escape(text("in the trial, no report yet"))
        elif row["status"] == "possible_pilot":
            where = "{} – " + html.escape(text("membership not confirmed"))
        else:
            where = "{} – " + html.escape(text("not in the trial"))
        spellings = (
            [row["name"]] if spoken.code != "en" else list(dict.fromkeys([row["name_fi"], row["name_sv"]]))
        )
        for name in spellings:
            entries[name] = where.format(html.escape(name))
    ordered = alphabetical(entries)
    letters = list(dict.fromkeys(name[0].upper() for name in ordered))
    jump = "".join(f'<li><a href="#letter-{ord(letter)}">{letter}</a></li>' for letter in letters)
    blocks = [
        f'<h3 id="letter-{ord(letter)}">{letter}</h3>'
        + _list(entries[name] for name in ordered if name[0].upper() == letter)
        for letter in letters
    ]
    label = html.escape(text("Jump to a letter"))
    return f'<nav aria-label="{label}"><ul class="letters">{jump}</ul></nav>\n' + "\n".join(blocks)


def _heading(name: str, title: str) -> str:
    return f'<h2 id="{name}">{html.escape(title)}</h2>'


def _list(items: object) -> str:
    return '<ul class="names">' + "".join(f"<li>{item}</li>" for item in items) + "</ul>"  # type: ignore[attr-defined]
