"""The section of a report that says where its numbers come from and what changed since the last release."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from evaluation.reporting.data_tables import framed_table, head_row, written
from evaluation.reporting.exhibits import Report, show
from evaluation.reporting.figures import named
from evaluation.reporting.sections import paragraph, section, subheading
from evaluation.results import provenance
from evaluation.words.language import mark

REASONS = {
    "new": mark("new number"),
    "removed": mark("no longer published"),
    "status_changed": mark("publication state changed"),
    "method_changed": mark("method changed"),
    "persons_changed": mark("data changed"),
    "recomputed": mark("computed again from other inputs or code"),
}
PARAMETERS = {
    "area": mark("Area"),
    "language": mark("Language"),
    "release_date": mark("Day of the release"),
}
PROFILE = {
    "threshold": mark("Fewest persons behind a number"),
    "base": mark("Counts are rounded to the nearest"),
}
MOST_CHANGES = 40


def data_and_provenance(
    report: Report,
    *,
    cleared: str,
    reference: str,
    processed: str,
    parameters: dict[str, str],
    previous: str = "",
) -> str:
    """Inputs with hashes, parameters, versions, disclosure profile and changes since the previous release.

    Parameters
    ----------
    report : Report
        The report.
    cleared, reference, processed : str
        Files and folders that the report rests on.
    parameters : dict
        Parameters of the report notebook that change its content.
    previous : str
        Cleared ledger of the previous release; empty if there was none.
    """
    text = report.language.text
    raw = Path(processed).parent / "raw"
    files = [Path(cleared), *Path(reference).glob("*.csv")]
    files += [path for folder in ("register", "statfin") for path in (raw / folder).glob("*") if path.suffix]
    known = Path(processed) / "hashes.json" if Path(processed).is_dir() else None
    inputs = provenance.inputs(files, root=raw.parent, known=known)
    source = (
        text(
            "The registers behind this report are simulated: they were made by a program with known effects."
        )
        if report.simulated
        else text(
            "Registers of the employment services, benefits and incomes, read under permit; public "
            "statistics: Statistics Finland, table 12r5, licence CC BY 4.0."
        )
    )
    facts = [
        (text("Code version"), provenance.code_version()),
        *(
            (text(PARAMETERS[name]) if name in PARAMETERS else text("Parameter {name}", name=name), value)
            for name, value in parameters.items()
        ),
        *(
            (text("Package {name}", name=name), version)
            for name, version in provenance.packages().itertuples(index=False)
        ),
    ]
    return section(
        report,
        "data-and-provenance",
        paragraph(report, source),
        show(report, "quality"),
        subheading(text("Privacy")),
        _profile(report, Path(processed)),
        subheading(text("Changes since the previous release")),
        _changes(report, previous),
        subheading(text("Inputs")),
        f"<details><summary>{html.escape(text('Files and their SHA-256 hashes'))}</summary>"
        + _table(
            text("Files and their SHA-256 hashes"),
            (text("File"), text("Bytes"), "SHA-256"),
            [(row.file, report.language.number(row.bytes), row.sha256) for row in inputs.itertuples()],
        )
        + "</details>",
        subheading(text("Code and parameters")),
        _table(text("Versions and parameters"), (text("Name"), text("Value")), facts),
    )


def _profile(report: Report, processed: Path) -> str:
    text = report.language.text
    path = processed / "disclosure.json"
    if not path.exists():
        return paragraph(
            report,
            text(
                "No number rests on fewer than ten persons, and counts are rounded to the nearest "
                "five before rates are calculated."
            ),
        )
    profile = json.loads(path.read_text("utf-8"))
    rows = [
        (text(PROFILE[name]) if name in PROFILE else str(name), str(value))
        for name, value in profile.items()
        if not isinstance(value, (dict, list))
    ]
    return _table(text("Disclosure profile"), (text("Name"), text("Value")), rows)


def _changes(report: Report, previous: str) -> str:
    text, language = report.language.text, report.language
    if not previous or not Path(previous).exists():
        return paragraph(report, text("This is the first release; there is nothing to compare with."))
    before = pd.read_parquet(previous)
    now = report.cleared
    if report.area:
        before, now = before[before["area"] == report.area], now[now["area"] == report.area]
    changed = provenance.changes(now, before)
    if changed.empty:
        return paragraph(report, text("No number has changed."))
    units = now.drop_duplicates("measure").set_index("measure")["unit"]
    rows = []
    for row in changed.head(MOST_CHANGES).to_dict("records"):
        numbers = [
            ""
            if pd.isna(row[name])
            else written(
                row[name], units.get(row["measure"], "none"), measure=row["measure"], language=language
            )
            for name in ("estimate_before", "estimate_now")
        ]
        what = "; ".join(
            part
            for part in (
                named("measure", row["measure"], language),
                named("outcome", row["outcome"], language),
                row["item"],
            )
            if part
        )
        rows.append((what, *numbers, text(REASONS[row["reason"]])))
    counts = changed["reason"].value_counts()
    said = "; ".join(f"{text(REASONS[reason])}: {language.number(count)}" for reason, count in counts.items())
    heads = (text("Quantity"), text("Before"), text("Now"), text("Why"))
    return paragraph(report, said + ".") + _table(text("Changed numbers"), heads, rows)


def _table(caption: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    body = "".join(
        f'<tr><th scope="row">{html.escape(row[0])}</th>'
        + "".join(
            f'<td class="text"><code>{html.escape(value)}</code></td>'
            if len(value) == 64
            else f"<td>{html.escape(value)}</td>"
            for value in row[1:]
        )
        + "</tr>"
        for row in rows
    )
    return framed_table(caption, head_row(heads, texts=1) + body)
