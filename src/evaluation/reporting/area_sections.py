"""The first sections of the area report: findings, who is included, is it fair, what happened."""

from __future__ import annotations

import html

from evaluation import windows as windows_of_design
from evaluation.reporting import palette, time_figures
from evaluation.reporting.data_tables import framed_table, head_row
from evaluation.reporting.exhibits import Report, framed_figure, show
from evaluation.reporting.sections import bullets, paragraph, section, subheading
from evaluation.words import comparisons, first_screen, labels


def findings(report: Report) -> str:
    """Findings first, then what may and may not be said."""
    text = report.language.text
    return section(
        report,
        "findings",
        bullets(first_screen.headline(report.cleared, area=report.area, language=report.language)),
        '<div class="box">' + subheading(text("You may say")),
        bullets(first_screen.may_say(report.cleared, area=report.area, language=report.language)) + "</div>",
        '<div class="box warning">' + subheading(text("You may not say")),
        bullets(first_screen.may_not_say(report.cleared, area=report.area, language=report.language))
        + "</div>",
    )


def how_to_read(report: Report) -> str:
    """What the comparison, the interval and the marks mean."""
    text = report.language.text
    return section(
        report,
        "how-to-read",
        bullets(
            (
                text(
                    "The effect is how much more the outcome changed in the pilot area than in "
                    "comparison municipalities, where the TE office served jobseekers. Differences "
                    "between areas that existed before the trial are not counted as effect."
                ),
                text(
                    "The interval tells which sizes of the effect fit the data. If the same study were "
                    "repeated many times, 95 of 100 such intervals would hold the true effect. What lies "
                    "outside the interval is called ruled out."
                ),
                text("A percentage point is one of a hundred jobseekers."),
                text(
                    "Services are not jobs: open-market work, subsidised work, services and unemployment "
                    "are always shown apart."
                ),
                text(
                    "Numbers based on fewer than ten persons are hidden, and counts are rounded. Where "
                    "the comparison is not fair, no effect is shown."
                ),
                text(
                    "In small areas a share can be 0 per cent only because counts are rounded to the nearest "
                    "five."
                ),
                text("Solid blue with dots is the pilot area, dashed brown with squares the comparison."),
            )
        ),
    )


def who_is_included(report: Report) -> str:
    """Attrition, background and municipalities."""
    text = report.language.text
    return section(
        report,
        "who-is-included",
        paragraph(
            report,
            text(
                "The unit is an unemployment spell that began in the period. The same person can "
                "have several spells. The target group follows the Act on municipal employment "
                "trials (1269/2020): jobseekers who do not receive earnings-related allowance, are "
                "under 30, speak another native language than Finnish or Swedish, or are immigrants."
            ),
        ),
        timeline(report),
        show(report, "attrition"),
        show(report, "case_mix"),
        show(report, "municipalities"),
    )


def timeline(report: Report) -> str:
    """The scheme of the design over time: whose unemployment began when, history and follow-up."""
    language, text = report.language, report.language.text
    title = text("Whose unemployment began when, and how long they are followed")
    windows = time_figures.design_windows()
    names = [labels.label("window", name, language) for name, *_ in windows]
    periods = [(language.date(first), language.date(last)) for _, first, last in windows]
    with palette.look():
        picture = palette.svg(time_figures.timeline(language=language))
    alt = text(
        "Scheme over time. Unemployment begins: {windows}. Each period has 24 months of history before it "
        "and 12 and 24 months of follow-up after it, until the end of 2024. The trial started on {start}.",
        windows="; ".join(f"{name} ({a}–{b})" for name, (a, b) in zip(names, periods, strict=True)),
        start=language.date(windows_of_design.TRIAL_START),
    )
    body = "".join(
        f'<tr><th scope="row">{html.escape(name)}</th><td class="text">{first}</td>'
        f'<td class="text">{last}</td></tr>'
        for name, (first, last) in zip(names, periods, strict=True)
    )
    heads = (text("Period"), text("First day"), text("Last day"))
    numbers = framed_table(title, head_row(heads, texts=3) + body)
    return framed_figure("timeline", picture, title=title, alt=alt, numbers=numbers, language=language)


def is_the_comparison_fair(report: Report) -> str:
    """The verdict before any effect, its checks, balance and support."""
    text = report.language.text
    verdict = first_screen.verdict(report.cleared, area=report.area, language=report.language)
    kind = "box" if verdict.kind == "pass" else "box warning"
    return section(
        report,
        "is-the-comparison-fair",
        f'<div class="{kind}"><p>{html.escape(verdict.text)}</p></div>',
        paragraph(
            report,
            text(
                "Municipalities applied for the trial and the ministry chose among them, so pilot "
                "areas differ from others from the start. The checks below tell whether the "
                "comparison can still be trusted. A check that was not run does not count as passed."
            ),
        ),
        show(report, "diagnostics"),
        show(report, "balance"),
        show(report, "support"),
    )


def outcomes_over_time(report: Report) -> str:
    """Description of both arms over time, marked as description."""
    text = report.language.text
    return section(
        report,
        "outcomes-over-time",
        paragraph(
            report,
            text(
                "This section describes what happened. It does not tell what the trial caused: "
                "seasons, COVID-19, the service model of May 2022 and the wellbeing services "
                "counties of 2023 also move these lines."
            ),
        ),
        show(report, "open_employment"),
        show(report, "services"),
        show(report, "broad_unemployment"),
        show(report, "exits"),
        show(report, "period_means"),
        subheading(text("Familiar indicators")),
        paragraph(
            report,
            text(
                "The activation rate is the share of those in services among the unemployed and "
                "those in services, as Statistics Finland defines it. It rises when people move into "
                "services, whether or not anyone gets a job."
            ),
        ),
        show(report, "indicators"),
        show(report, "municipality_means"),
        show(report, "caseload"),
    )


def effect_and_sensitivity(report: Report) -> str:
    """Effects with intervals, by quarter, under every baseline and other analyses."""
    text = report.language.text
    status, _ = first_screen.fairness(report.cleared, area=report.area)
    if status not in first_screen.SHOWN:
        why = first_screen.verdict(report.cleared, area=report.area, language=report.language)
        return section(
            report,
            "effect-and-sensitivity",
            f'<div class="box warning"><p>{html.escape(why.text)}</p></div>',
            show(report, "effects"),
            show(report, "sensitivity"),
        )
    return section(
        report,
        "effect-and-sensitivity",
        bullets(comparisons.baselines(report.cleared, area=report.area, language=report.language)),
        show(report, "effects"),
        show(report, "effect_details"),
        subheading(text("By quarter")),
        paragraph(
            report,
            text(
                "Up to the spring of 2020 the dots should lie near zero: for those spells twelve months "
                "passed before the trial began. For later spells the follow-up reaches into the trial."
            ),
        ),
        show(report, "event_study"),
        subheading(text("Other analyses")),
        paragraph(
            report,
            text(
                "If the finding depended on one choice, it would change here. Look first at the baseline: "
                "the COVID year was exceptional."
            ),
        ),
        show(report, "sensitivity"),
    )
