"""The last sections of the area report: limits, methods and files."""

from __future__ import annotations

import html
from pathlib import Path

from evaluation.reporting.data_tables import framed_table, head_row
from evaluation.reporting.exhibits import Report
from evaluation.reporting.sections import SECTIONS, bullets, paragraph, section
from evaluation.words.language import mark


def limits(report: Report) -> str:
    """What cannot be told, in plain words."""
    text = report.language.text
    return section(
        report,
        "limits",
        bullets(
            (
                text(
                    "Areas were not drawn by lot. An unseen difference that arose when the trial began "
                    "would look like an effect."
                ),
                text(
                    "Nearly all large cities were in the trial, so large cities have few counterparts in "
                    "the comparison."
                ),
                text("COVID-19 struck areas differently. It lies between the baseline and the trial."),
                text(
                    "The service model of May 2022 and the wellbeing services counties of 2023 came "
                    "during the trial. They concern all municipalities, but perhaps not to the same "
                    "degree."
                ),
                text(
                    "Jobs that jobseekers outside the target group would have got are not counted as a loss."
                ),
                text(
                    "Programme spending has not been published for all areas. Where it is missing, "
                    "ranges and limits are given instead of a number."
                ),
                text("Working life beyond the follow-up, wellbeing and health are not measured."),
            )
        ),
    )


# items of STROBE and RECORD in words, and the section of the report that answers each
CHECKLIST = (
    (mark("Design of the study (STROBE 1, 4)"), "methods"),
    (mark("Registers, their keepers and how they are joined (RECORD 1, 6, 12)"), "data-and-provenance"),
    (mark("Setting, dates and who could take part (STROBE 5, 6)"), "who-is-included"),
    (mark("Outcomes and background variables (STROBE 7, 8)"), "outcomes-over-time"),
    (mark("Sources of bias (STROBE 9)"), "is-the-comparison-fair"),
    (mark("Size of the study and what it could detect (STROBE 10)"), "effect-and-sensitivity"),
    (mark("Statistical methods and missing data (STROBE 11, 12)"), "methods"),
    (mark("Participants at each step (STROBE 13, 14, RECORD 13)"), "who-is-included"),
    (mark("Main results with intervals (STROBE 15, 16)"), "effect-and-sensitivity"),
    (mark("Other analyses (STROBE 17)"), "effect-and-sensitivity"),
    (mark("Key results and cautious interpretation (STROBE 18, 20)"), "findings"),
    (mark("Limitations and generalisability (STROBE 19, 21, RECORD 19)"), "limits"),
    (mark("Costs: payers, prices, time horizon (CHEERS 2022)"), "costs-by-payer"),
    (mark("Costs and effects together, uncertainty (CHEERS 2022)"), "cost-effectiveness"),
    (mark("Programme code, parameters and data access (STROBE 22, RECORD 22)"), "data-and-provenance"),
)


def checklist(report: Report) -> str:
    """Items of the reporting checklists with links to the sections that answer them."""
    text = report.language.text
    body = "".join(
        f'<tr><th scope="row">{html.escape(text(item))}</th>'
        f'<td class="text"><a href="#{place}">{html.escape(text(SECTIONS[place]))}</a></td></tr>'
        for item, place in CHECKLIST
    )
    caption = text("Where the report answers the items of STROBE, RECORD and CHEERS")
    table = framed_table(caption, head_row((text("Checklist item"), text("Section")), texts=2) + body)
    return f"<details><summary>{html.escape(caption)}</summary>{table}</details>"


def validation_link(report: Report) -> str:
    """Link to the page on how the methods were tried."""
    words = html.escape(report.language.text("How the methods were validated (in English)"))
    return f'<p><a href="../en/validation.html" hreflang="en">{words}</a></p>'


def methods(report: Report) -> str:
    """How the numbers were made, and the trial that the study imitates."""
    text = report.language.text
    rows = [
        (
            text("Who could have taken part"),
            text("Jobseekers of the target group whose unemployment began in the period"),
        ),
        (
            text("What is compared"),
            text("Services of the municipality in the trial against those of the TE office"),
        ),
        (
            text("How people came into the groups"),
            text(
                "By municipality of residence at the start, not by lot; background is balanced by weighting"
            ),
        ),
        (
            text("When follow-up begins"),
            text("On the first day of the unemployment spell; background is measured strictly before it"),
        ),
        (
            text("How long people are followed"),
            text("3, 6, 12 and 24 months; a number needs complete follow-up"),
        ),
        (text("What is estimated"), text("Mean effect on those who were served in the pilot area")),
        (
            text("How it is estimated"),
            text(
                "Doubly robust difference-in-differences, intervals by placebo areas drawn from "
                "comparison municipalities"
            ),
        ),
    ]
    body = "".join(
        f'<tr><th scope="row">{html.escape(a)}</th><td class="text">{html.escape(b)}</td></tr>'
        for a, b in rows
    )
    heads = (text("Question"), text("Answer"))
    return section(
        report,
        "methods",
        paragraph(
            report,
            text(
                "The change in the pilot area from the baseline to the trial is compared with the "
                "change in comparison municipalities. Spells in the comparison are weighted so that "
                "their background matches the spells of the pilot area."
            ),
            text(
                "How often chance alone would produce a difference as large is found by giving the "
                "trial to groups of comparison municipalities that never had it. This holds also for "
                "an area of one municipality."
            ),
            text(
                "Costs follow the law on the municipality's share of labour market support: nothing "
                "until 300 paid days, half until 1,000 days, then 70 per cent. Costs and effects are "
                "estimated together, so that their uncertainty is joint."
            ),
            text(
                "Several outcomes and areas are looked at, so p values are also given adjusted for the "
                "number of tests."
            ),
        ),
        framed_table(text("The trial that this study imitates"), head_row(heads, texts=2) + body),
        paragraph(
            report,
            text(
                "The report follows the checklists STROBE and RECORD for studies of registers, CHEERS 2022 "
                "for economic evaluations, and the framework of the target trial. The filled checklists are "
                "in the documentation of the project, in its folder docs."
            ),
        ),
        checklist(report) if report.area else "",
        validation_link(report),
    )


def downloads(report: Report, *, reports: str | Path) -> str:
    """Write the CSV files and list them."""
    from evaluation.reporting import downloads as files

    written = files.write(report, Path(reports) / report.language.code)
    return section(report, "downloads", files.links(written, report.language))
