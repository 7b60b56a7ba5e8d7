"""The sections of the area report: text, figures and tables in a fixed order, from cleared rows only."""

from __future__ import annotations

import html
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from evaluation import area_sentences, cost_sentences, first_screen, labels
from evaluation.exhibits import Report, show
from evaluation.findings import Finding
from evaluation.language import CODES, get, mark

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
    cleared: str | Path, *, reference: str | Path, language: str, release_date: str, area: str = "", topic: str = ""
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
    from evaluation import page

    rows = pd.read_parquet(cleared)
    rows = rows[rows["topic"] == topic] if topic else rows
    areas = dict(page.area_names(reference, language=language))
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
    )


def heading(report: Report, *, title: str = "", lead: str = "") -> str:
    """First heading with the day of the release, and the place of the table of contents."""
    text = report.language.text
    flag = "true" if report.simulated else "false"
    lead = lead or text("Municipal employment trial: did people get work, what did it cost and who paid?")
    return (
        f'<div data-simulated="{flag}"><h1>{html.escape(title or report.name)}</h1>'
        f'<p class="lead">{html.escape(lead)}</p>'
        f'<p class="note">{html.escape(text("Released {date}", date=report.language.date(report.release_date)))}</p></div>'
        "<!-- contents -->"
    )


def section(report: Report, name: str, *parts: str, title: str = "") -> str:
    """Put parts of HTML under a section's heading and id."""
    words = html.escape(title or report.language.text(SECTIONS[name]))
    body = "\n".join(part for part in parts if part)
    return f'<section id="{name}" aria-labelledby="{name}-title"><h2 id="{name}-title">{words}</h2>\n{body}</section>'


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


def findings(report: Report) -> str:
    """Findings first, then what may and may not be said."""
    text = report.language.text
    where = {"area": report.area, "language": report.language}
    return section(
        report,
        "findings",
        bullets(first_screen.headline(report.cleared, **where)),
        '<div class="box">' + subheading(text("You may say")),
        bullets(first_screen.may_say(report.cleared, **where)) + "</div>",
        '<div class="box warning">' + subheading(text("You may not say")),
        bullets(first_screen.may_not_say(report.cleared, **where)) + "</div>",
    )


def how_to_read(report: Report) -> str:
    """What the comparison, the interval and the marks mean."""
    text = report.language.text
    return section(
        report,
        "how-to-read",
        bullets(
            (
                text("The effect is how much more the outcome changed in the pilot area than in comparison municipalities, where the TE office served jobseekers. Differences between areas that existed before the trial are not counted as effect."),  # noqa: E501
                text("The interval tells which sizes of the effect fit the data. If the same study were repeated many times, 95 of 100 such intervals would hold the true effect. What lies outside the interval is called ruled out."),  # noqa: E501
                text("A percentage point is one of a hundred jobseekers."),
                text("Services are not jobs: open-market work, subsidised work, services and unemployment are always shown apart."),  # noqa: E501
                text("Numbers based on fewer than ten persons are hidden, and counts are rounded. Where the comparison is not fair, no effect is shown."),  # noqa: E501
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
        paragraph(report, text("The unit is an unemployment spell that began in the period. The same person can have several spells. The target group follows the Act on municipal employment trials (1269/2020): jobseekers who do not receive earnings-related allowance, are under 30, speak another native language than Finnish or Swedish, or are immigrants.")),  # noqa: E501
        show(report, "attrition"),
        show(report, "case_mix"),
        show(report, "municipalities"),
    )


def is_the_comparison_fair(report: Report) -> str:
    """The verdict before any effect, its checks, balance and support."""
    text = report.language.text
    verdict = first_screen.verdict(report.cleared, area=report.area, language=report.language)
    kind = "box" if verdict.kind == "pass" else "box warning"
    return section(
        report,
        "is-the-comparison-fair",
        f'<div class="{kind}"><p>{html.escape(verdict.text)}</p></div>',
        paragraph(report, text("Municipalities applied for the trial and the ministry chose among them, so pilot areas differ from others from the start. The checks below tell whether the comparison can still be trusted. A check that was not run does not count as passed.")),  # noqa: E501
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
        paragraph(report, text("This section describes what happened. It does not tell what the trial caused: seasons, COVID-19, the service model of May 2022 and the wellbeing services counties of 2023 also move these lines.")),  # noqa: E501
        show(report, "open_employment"),
        show(report, "services"),
        show(report, "broad_unemployment"),
        show(report, "exits"),
        show(report, "period_means"),
        subheading(text("Familiar indicators")),
        paragraph(report, text("The activation rate is the share of those in services among the unemployed and those in services, as Statistics Finland defines it. It rises when people move into services, whether or not anyone gets a job.")),  # noqa: E501
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
        return section(report, "effect-and-sensitivity", f'<div class="box warning"><p>{html.escape(why.text)}</p></div>',
                       show(report, "effects"), show(report, "sensitivity"))  # fmt: skip
    return section(
        report,
        "effect-and-sensitivity",
        bullets(area_sentences.baselines(report.cleared, area=report.area, language=report.language)),
        show(report, "effects"),
        show(report, "effect_details"),
        subheading(text("By quarter")),
        paragraph(report, text("Before the start the dots should lie near zero: then both groups developed alike.")),
        show(report, "event_study"),
        subheading(text("Other analyses")),
        paragraph(report, text("If the finding depended on one choice, it would change here. The baseline matters most: against the COVID year the trial looks better than against 2019.")),  # noqa: E501
        show(report, "sensitivity"),
    )


def costs_by_payer(report: Report) -> str:
    """Each payer's ledger apart."""
    text = report.language.text
    where = {"area": report.area, "language": report.language}
    return section(
        report,
        "costs-by-payer",
        bullets(cost_sentences.who_paid(report.cleared, **where)),
        show(report, "payers"),
        show(report, "mean_costs"),
        show(report, "cost_items"),
        subheading(text("Costs that move from one payer to another")),
        paragraph(report, text("While a jobseeker is in a service, the municipality does not pay its share of labour market support. What the municipality saves the state can then pay.")),  # noqa: E501
        show(report, "cost_shift"),
        show(report, "programme_cost"),
    )


def cost_effectiveness(report: Report) -> str:
    """Cost and effect together, by payer."""
    text = report.language.text
    where = {"area": report.area, "language": report.language}
    months = [cost_sentences.additional_month(report.cleared, perspective=p, **where) for p in cost_sentences.PERSPECTIVES]
    worth = [cost_sentences.worth_it(report.cleared, value=value, **where) for value in (1000.0, 2000.0, 3000.0)]
    return section(
        report,
        "cost-effectiveness",
        bullets([*months, *(one for one in worth if one is not None)]),
        f'<div class="box warning"><p>{html.escape(cost_sentences.municipality_alone(report.language))}</p></div>',
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
    warning = area_sentences.ranking(report.cleared, language=report.language)
    return section(
        report,
        "other-areas",
        f'<div class="box warning"><p>{html.escape(warning.text)}</p></div>',
        paragraph(report, text("Small areas vary more by chance. The shrunken estimate draws each area towards the mean of all areas, the more the less data it has.")),  # noqa: E501
        show(report, "areas"),
        show(report, "ranks"),
        show(report, "funnel"),
        show(report, "area_case_mix"),
    )


def limits(report: Report) -> str:
    """What cannot be told, in plain words."""
    text = report.language.text
    return section(
        report,
        "limits",
        bullets(
            (
                text("Areas were not drawn by lot. An unseen difference that arose when the trial began would look like an effect."),  # noqa: E501
                text("Nearly all large cities were in the trial, so large cities have few counterparts in the comparison."),  # noqa: E501
                text("COVID-19 struck areas differently. It lies between the baseline and the trial."),
                text("The service model of May 2022 and the wellbeing services counties of 2023 came during the trial. They concern all municipalities, but perhaps not to the same degree."),  # noqa: E501
                text("Jobs that jobseekers outside the target group would have got are not counted as a loss."),
                text("Programme spending has not been published for all areas. Where it is missing, ranges and limits are given instead of a number."),  # noqa: E501
                text("Working life beyond the follow-up, wellbeing and health are not measured."),
            )
        ),
    )


def methods(report: Report) -> str:
    """How the numbers were made, and the trial that the study imitates."""
    text = report.language.text
    rows = [
        (text("Who could have taken part"), text("Jobseekers of the target group whose unemployment began in the period")),
        (text("What is compared"), text("Services of the municipality in the trial against those of the TE office")),
        (text("How people came into the groups"), text("By municipality of residence at the start, not by lot; background is balanced by weighting")),  # noqa: E501
        (text("When follow-up begins"), text("On the first day of the unemployment spell; background is measured strictly before it")),  # noqa: E501
        (text("How long people are followed"), text("3, 6, 12 and 24 months; a number needs complete follow-up")),
        (text("What is estimated"), text("Mean effect on those who were served in the pilot area")),
        (text("How it is estimated"), text("Doubly robust difference-in-differences, intervals by placebo areas drawn from comparison municipalities")),  # noqa: E501
    ]
    body = "".join(f'<tr><th scope="row">{html.escape(a)}</th><td class="text">{html.escape(b)}</td></tr>' for a, b in rows)
    head = "".join(f'<th scope="col">{html.escape(w)}</th>' for w in (text("Question"), text("Answer")))
    label = html.escape(text("The trial that this study imitates"))
    return section(
        report,
        "methods",
        paragraph(
            report,
            text("The change in the pilot area from the baseline to the trial is compared with the change in comparison municipalities. Spells in the comparison are weighted so that their background matches the spells of the pilot area."),  # noqa: E501
            text("How often chance alone would produce a difference as large is found by giving the trial to groups of comparison municipalities that never had it. This holds also for an area of one municipality."),  # noqa: E501
            text("Costs follow the law on the municipality's share of labour market support: nothing until 300 paid days, half until 1,000 days, then 70 per cent. Costs and effects are estimated together, so that their uncertainty is joint."),  # noqa: E501
            text("Several outcomes are looked at, so p values are also given adjusted for their number."),
        ),
        f'<div class="scroll" tabindex="0" role="group" aria-label="{label}"><table><caption>{label}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>",
    )


def downloads(report: Report, *, reports: str | Path) -> str:
    """Write the CSV files and list them."""
    from evaluation import downloads as files

    written = files.write(report, Path(reports) / report.language.code)
    return section(report, "downloads", files.links(written, report.language))


