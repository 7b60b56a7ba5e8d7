"""The last sections of the area report: limits, methods and files."""

from __future__ import annotations

import html
from pathlib import Path

from evaluation.data_tables import framed_table, head_row
from evaluation.exhibits import Report
from evaluation.sections import bullets, paragraph, section


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
            text("Several outcomes are looked at, so p values are also given adjusted for their number."),
        ),
        framed_table(text("The trial that this study imitates"), head_row(heads, texts=2) + body),
    )


def downloads(report: Report, *, reports: str | Path) -> str:
    """Write the CSV files and list them."""
    from evaluation import downloads as files

    written = files.write(report, Path(reports) / report.language.code)
    return section(report, "downloads", files.links(written, report.language))
