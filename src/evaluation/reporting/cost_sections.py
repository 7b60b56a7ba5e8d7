"""The sections of the area report on costs, on what they bought, and on the other areas."""

from __future__ import annotations

import html

from evaluation.reporting.exhibits import Report, show
from evaluation.reporting.sections import bullets, paragraph, section, subheading
from evaluation.words import comparisons, costs


def costs_by_payer(report: Report) -> str:
    """Each payer's ledger apart."""
    text = report.language.text
    return section(
        report,
        "costs-by-payer",
        bullets(costs.who_paid(report.cleared, area=report.area, language=report.language)),
        show(report, "payers"),
        show(report, "mean_costs"),
        show(report, "cost_items"),
        subheading(text("Costs that move from one payer to another")),
        paragraph(
            report,
            text(
                "While a jobseeker is in a service, the municipality does not pay its share of "
                "labour market support. What the municipality saves the state can then pay."
            ),
        ),
        show(report, "cost_shift"),
        paragraph(
            report,
            text(
                "What the trial itself spent on staff and projects is not in these differences: it is mostly "
                "unpublished. Compare it with the cost that the effect would cover."
            ),
        ),
        show(report, "programme_cost"),
    )


def cost_effectiveness(report: Report) -> str:
    """Cost and effect together, by payer."""
    text = report.language.text
    months = [
        costs.additional_month(report.cleared, perspective=p, area=report.area, language=report.language)
        for p in costs.PERSPECTIVES
    ]
    warning = costs.municipality_alone(report.language)
    worth = [
        costs.worth_it(report.cleared, value=value, area=report.area, language=report.language)
        for value in (1000.0, 2000.0, 3000.0)
    ]
    return section(
        report,
        "cost-effectiveness",
        bullets(dict.fromkeys([*months, *(one for one in worth if one is not None)])),
        f'<div class="box warning"><p>{html.escape(warning)}</p></div>',
        show(report, "plane"),
        show(report, "quadrants"),
        subheading(text("At which value of a month in work?")),
        show(report, "acceptability"),
        show(report, "net_benefit"),
        show(report, "break_even"),
    )


def other_areas(report: Report) -> str:
    """The area among the others, in alphabetical order and never ranked."""
    text = report.language.text
    warning = comparisons.ranking(report.cleared, language=report.language)
    return section(
        report,
        "other-areas",
        f'<div class="box warning"><p>{html.escape(warning.text)}</p></div>',
        paragraph(
            report,
            text(
                "Small areas vary more by chance. The shrunken estimate draws each area towards the "
                "mean of all areas, the more the less data it has."
            ),
        ),
        show(report, "areas"),
        show(report, "ranks"),
        show(report, "funnel"),
        show(report, "area_case_mix"),
    )
