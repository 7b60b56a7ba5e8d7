"""The sections of the national report and of the report from public statistics."""

from __future__ import annotations

import html

from evaluation.reporting.exhibits import Report, show
from evaluation.reporting.method_sections import validation_link
from evaluation.reporting.sections import bullets, heading, paragraph, section, subheading
from evaluation.words import comparisons as area_sentences
from evaluation.words.language import alphabetical, mark

NATIONAL = {
    "findings": mark("Findings"),
    "areas-side-by-side": mark("Areas side by side"),
    "comparisons": mark("Where the comparison is fair"),
    "country-over-time": mark("The whole country over time"),
    "country-effect": mark("Effect in all areas together"),
    "country-costs": mark("Costs and who paid"),
    "country-cost-effectiveness": mark("Is it worth the cost?"),
    "trust": mark("How far the methods can be trusted"),
}
PUBLIC = {
    "findings": mark("Findings"),
    "country-gap": mark("The whole country"),
    "areas-gap": mark("Area by area"),
    "public-methods": mark("Methods"),
}


def national_heading(report: Report) -> str:
    """First heading of the national report."""
    return heading(report, title=report.language.text("All areas together: national report"))


def findings(report: Report) -> str:
    """What all areas together show, what a new area may expect, and whether areas can be ranked."""
    text = report.language.text
    found = area_sentences.pooled(report.cleared, language=report.language)
    return section(
        report,
        "findings",
        bullets(found),
        '<div class="box warning">' + subheading(text("You may not say")),
        bullets(
            (
                text("“This area did better than another pilot area.” The reports do not rank areas."),
                text(
                    "“More people are in work, because unemployment fell.” Unemployment falls also when "
                    "people move into services."
                ),
                text(
                    "“The municipality's saving is a saving for all.” Costs can move from one payer to "
                    "another."
                ),
            )
        )
        + "</div>",
    )


def areas_side_by_side(report: Report) -> str:
    """All areas in alphabetical order with shrunken estimates, funnel and rank intervals."""
    text = report.language.text
    warning = area_sentences.ranking(report.cleared, language=report.language)
    return _section(
        report,
        "areas-side-by-side",
        f'<div class="box warning"><p>{html.escape(warning.text)}</p></div>',
        paragraph(
            report,
            text(
                "Small areas vary more by chance. The shrunken estimate draws each area towards the "
                "mean of all areas, the more the less data it has."
            ),
        ),
        show(report, "areas"),
        show(report, "pooled"),
        show(report, "funnel"),
        show(report, "ranks"),
        show(report, "area_case_mix"),
    )


def comparisons(report: Report) -> str:
    """The verdict of every area."""
    text = report.language.text
    return _section(
        report,
        "comparisons",
        paragraph(
            report,
            text(
                "Where the comparison is not fair, no effect is shown for the area. A check that was "
                "not run does not count as passed."
            ),
        ),
        show(report, "verdicts"),
        show(report, "balance"),
        show(report, "diagnostics"),
    )


def country_over_time(report: Report) -> str:
    """Description of all pilot areas against all comparison municipalities."""
    text = report.language.text
    return _section(
        report,
        "country-over-time",
        paragraph(
            report,
            text(
                "This section describes what happened. It does not tell what the trial caused: "
                "seasons, COVID-19, the service model of May 2022 and the wellbeing services "
                "counties of 2023 also move these lines."
            ),
        ),
        show(report, "attrition"),
        show(report, "open_employment"),
        show(report, "exits"),
        show(report, "indicators"),
    )


def country_effect(report: Report) -> str:
    """Effects over all areas, by quarter and under every baseline."""
    return _section(
        report,
        "country-effect",
        bullets(area_sentences.baselines(report.cleared, area="all", language=report.language)),
        show(report, "effects"),
        show(report, "event_study"),
        show(report, "sensitivity"),
    )


def country_costs(report: Report) -> str:
    """Costs of all areas by payer."""
    return _section(
        report,
        "country-costs",
        show(report, "payers"),
        show(report, "mean_costs"),
        show(report, "cost_items"),
        show(report, "cost_shift"),
    )


def country_cost_effectiveness(report: Report) -> str:
    """Cost and effect of all areas on one plane, and at each value of a month in work."""
    return _section(
        report,
        "country-cost-effectiveness",
        show(report, "area_planes"),
        show(report, "plane"),
        show(report, "acceptability"),
        show(report, "net_benefit"),
    )


def trust(report: Report) -> str:
    """How well the methods recover effects that are known."""
    text = report.language.text
    return _section(
        report,
        "trust",
        paragraph(
            report,
            text(
                "The methods were tried on simulated registers whose effects are known. A false "
                "finding is an interval that leaves out zero although there is no effect; it should "
                "happen in five cases of a hundred."
            ),
            text(
                "The table shows the method of this report with the intervals by placebo areas; chance "
                "shocks are what moves a municipality from year to year without any trial."
            ),
        ),
        show(report, "validation"),
        validation_link(report),
        show(report, "quality"),
    )


def public_heading(report: Report) -> str:
    """First heading of the report from public statistics."""
    text = report.language.text
    return heading(
        report,
        title=text("What the public statistics show"),
        lead=text(
            "Unemployed jobseekers as a share of the labour force, by municipality and month. "
            "Source: Statistics Finland, table 12r5, licence CC BY 4.0."
        ),
    )


def public_findings(report: Report) -> str:
    """The change of the gap under every baseline, all areas together."""
    text = report.language.text
    return section(
        report,
        "findings",
        bullets(area_sentences.public_statistics(report.cleared, area="all", language=report.language)),
        '<div class="box warning"><p>'
        + html.escape(
            text(
                "The choice of baseline can decide the sign: the COVID year was exceptional. A figure "
                "against one baseline may not be quoted alone."
            )
        )
        + "</p></div>",
    )


def country_gap(report: Report) -> str:
    """Series, gaps and changes for all areas together."""
    return _section(
        report,
        "country-gap",
        show(report, "public_series"),
        show(report, "gaps"),
        show(report, "baselines"),
    )


def areas_gap(report: Report) -> str:
    """The sign under each baseline for every area, in alphabetical order, then each area in words."""
    text = report.language.text
    rows = report.cleared
    shown = rows[
        (rows["topic"] == "public_statistics") & (rows["measure"] == "did") & (rows["area"] != "all")
    ]
    by_name = {report.area_names.get(area, area): area for area in shown["area"].unique()}
    words = "".join(
        f"<details><summary>{html.escape(name)}</summary>"
        + bullets(area_sentences.public_statistics(rows, area=by_name[name], language=report.language))
        + "</details>"
        for name in alphabetical(by_name)
    )
    return _section(
        report,
        "areas-gap",
        paragraph(
            report,
            text(
                "First year of the trial against each baseline. Plus means that the gap to the "
                "comparison municipalities grew."
            ),
        ),
        show(report, "signs"),
        subheading(text("Each area in words, every year of the trial")),
        words,
    )


def public_methods(report: Report) -> str:
    """How the public figures were made."""
    text = report.language.text
    return _section(
        report,
        "public-methods",
        paragraph(
            report,
            text(
                "The share is unemployed jobseekers divided by the labour force, summed over the "
                "months of the window and the municipalities of the area, so that large "
                "municipalities weigh more. Åland is left out."
            ),
            text(
                "Intervals come from placebo areas: groups of comparison municipalities of about the "
                "same labour force are treated as if they had been in the trial."
            ),
            text(
                "People in services are not unemployed in these statistics. A smaller share of "
                "unemployed can therefore mean more people in services rather than more people in "
                "work."
            ),
        ),
    )


def _section(report: Report, name: str, *parts: str) -> str:
    title = report.language.text((NATIONAL | PUBLIC)[name])
    return section(report, name, *parts, title=title)
