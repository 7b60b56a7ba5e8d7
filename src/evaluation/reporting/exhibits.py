"""Every figure and table of the reports: which cleared rows it shows, how, and under which name.

The same selection feeds the figure, the table under it and the CSV, so that they cannot differ.
"""

from __future__ import annotations

import base64
import html
import re
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from evaluation.reporting import area_figures, cost_figures, figures, palette, time_figures
from evaluation.reporting.data_tables import data_table
from evaluation.words import alt_texts, labels
from evaluation.words.language import Language, mark

Scope = Literal["area", "areas", "country"]


@dataclass(frozen=True)
class Exhibit:
    """One figure or table: title, rows, columns of its table, and how it is drawn if it is."""

    title: str
    where: Mapping[str, tuple[str, ...]]
    columns: tuple[str, ...]
    spread: str = ""  # ledger column whose values become columns of the table
    scope: Scope = "area"
    draw: Callable[..., Any] | None = None
    uses: tuple[str, ...] = ()  # what drawing needs beyond rows and language: names, here
    folded: bool = False  # a long table is folded away; those of figures always are


@dataclass(frozen=True)
class Report:
    """What a report is about: the cleared rows and the names that its readers know."""

    language: Language
    area: str
    name: str
    cleared: pd.DataFrame
    area_names: dict[str, str] = field(repr=False)
    municipality_names: dict[str, str] = field(repr=False)
    simulated: bool
    release_date: str
    confirmed: bool = True  # whether public sources confirm that the area took part

    @property
    def slug(self) -> str:
        """Name of the report in file names."""
        return self.area or ("public_statistics" if set(self.cleared["topic"]) == set(PUBLIC) else "national")


HEADLINE = ("open_employment_12m",)
TRIED = tuple(f"{area};{sd};0.5;placebo_areas" for area in labels.names()["tried"] for sd in (0.01, 0.03))
INDICATORS = time_figures.INDICATORS
CURVE = ("delta_effect", "delta_cost", "correlation")
DESCRIPTION, EFFECT, COST, CE = ("description",), ("effect",), ("cost",), ("cost_effectiveness",)
PUBLIC, POOLED, FAIR = ("public_statistics",), ("pooled",), ("comparability",)

EXHIBITS: dict[str, Exhibit] = {
    "attrition": Exhibit(mark("Unemployment spells left after each step"),
        {"measure": ("attrition_episodes",)}, ("item",), spread="group", draw=figures.attrition),
    "case_mix": Exhibit(mark("Background of the jobseekers"),
        {"measure": ("case_mix",)}, ("item",), spread="group"),
    "municipalities": Exhibit(mark("Unemployment spells in each municipality of the area"),
        {"measure": ("municipality_episodes",)}, ("item",), spread="window"),
    "municipality_means": Exhibit(mark("In open-market work after 12 months, by municipality"),
        {"measure": ("municipality_mean",), "outcome": HEADLINE}, ("item",), spread="window"),
    "diagnostics": Exhibit(mark("Checks of the comparison"),
        {"measure": ("diagnostic",)}, ("item", "status")),
    "balance": Exhibit(mark("Difference of background between the pilot area and the comparison"),
        {"measure": ("smd",)}, ("item",), spread="specification", draw=figures.love_plot),
    "support": Exhibit(mark("How much of the data carries the comparison"),
        {"measure": ("ess", "overlap", "breakdown"), "topic": FAIR}, ("measure", "item")),
    "open_employment": Exhibit(mark("Share in open-market work 12 months after unemployment began"),
        {"measure": ("mean",), "outcome": HEADLINE}, ("window",), spread="item",
        draw=time_figures.outcome_series),
    "services": Exhibit(mark("Days in services within 12 months"),
        {"measure": ("mean",), "outcome": ("service_days_12m",)}, ("window",), spread="item",
        draw=time_figures.outcome_series),
    "broad_unemployment": Exhibit(mark("Days unemployed or in services within 12 months"),
        {"measure": ("mean",), "outcome": ("broad_unemployed_days_12m",)}, ("window",), spread="item",
        draw=time_figures.outcome_series),
    "exits": Exhibit(mark("How unemployment ended during the trial: cumulative share by time"),
        {"measure": ("cif",), "window": ("after",)}, ("outcome", "x"), spread="item",
        draw=time_figures.exits),
    "indicators": Exhibit(mark("Familiar indicators by month: description, not effect"),
        {"measure": INDICATORS, "topic": DESCRIPTION}, ("window", "measure"), spread="item",
        draw=time_figures.indicators),
    "period_means": Exhibit(mark("Means before and during the trial"),
        {"measure": ("window_mean",), "window": ("2019_20", "covid", "after")},
        ("outcome", "window"), spread="item", folded=True),
    "caseload": Exhibit(mark("Clients per worker"), {"measure": ("caseload_per_worker",)}, ("measure",)),
    "effects": Exhibit(mark("Difference from the comparison, all outcomes"),
        {"measure": ("att",), "topic": EFFECT}, ("outcome",), draw=figures.effects),
    "effect_details": Exhibit(mark("With the trial, without it, and what could have been detected"),
        {"measure": ("mean_after", "counterfactual_mean", "mde", "p_adjusted")}, ("outcome",),
        spread="measure"),
    "event_study": Exhibit(mark("In open-market work after 12 months: difference by quarter"),
        {"measure": ("event_study",), "outcome": HEADLINE}, ("x",), draw=time_figures.event_study),
    "sensitivity": Exhibit(mark("The effect under other analyses and baselines"),
        {"measure": ("att",), "outcome": HEADLINE, "topic": ("effect", "sensitivity")},
        ("specification", "item"),
        draw=figures.sensitivity, uses=("names",)),
    "payers": Exhibit(mark("Additional net cost by payer, per unemployment spell"),
        {"measure": ("delta_cost",), "topic": COST}, ("item",), draw=cost_figures.payers),
    "mean_costs": Exhibit(mark("Net cost per unemployment spell by payer"),
        {"measure": ("mean_cost",), "window": ("2019_20", "after")}, ("item", "window"), spread="group"),
    "cost_items": Exhibit(mark("What the costs consist of, per unemployment spell"),
        {"measure": ("cost_item",)}, ("item",), spread="group"),
    "cost_shift": Exhibit(mark("Who gains when a jobseeker moves: change in cost per person and month"),
        {"measure": ("cost_shift",)}, ("item",)),
    "programme_cost": Exhibit(mark("Programme cost per client"),
        {"measure": ("programme_cost_per_client",)}, ("item",)),
    "plane": Exhibit(mark("Additional cost and additional months in work, with 95% regions"),
        {"measure": CURVE, "topic": CE}, ("item",), spread="measure", draw=cost_figures.plane),
    "quadrants": Exhibit(mark("How probable is more work at lower cost?"),
        {"measure": ("quadrant_ne", "quadrant_nw", "quadrant_se", "quadrant_sw")}, ("measure",),
        spread="item"),
    "icer": Exhibit(mark("Cost of an additional month in open employment"),
        {"measure": ("icer",)}, ("item", "method")),
    "acceptability": Exhibit(
        mark("Probability that the trial is worth its cost, by the value of a month in work"),
        {"measure": ("acceptability",)}, ("x",), spread="item", draw=cost_figures.acceptability),
    "net_benefit": Exhibit(mark("Net benefit by the value of a month in work"),
        {"measure": ("net_benefit",)}, ("x",), spread="item", draw=cost_figures.net_benefit),
    "break_even": Exhibit(mark("What would have to be true for the trial to pay for itself"),
        {"measure": ("break_even_effect", "break_even_cost", "break_even_persistence", "payback", "mvpf")},
        ("measure", "item", "method")),
    "areas": Exhibit(mark("Open-market work after 12 months: areas in alphabetical order"),
        {"measure": ("att_raw", "att_shrunken"), "topic": POOLED, "outcome": HEADLINE},
        ("area",), spread="measure", scope="areas", draw=area_figures.areas, uses=("names", "here")),
    "ranks": Exhibit(mark("Positions in order that each area could have"),
        {"measure": ("rank",), "outcome": HEADLINE},
        ("area",), scope="areas", draw=area_figures.ranks, uses=("names", "here")),
    "funnel": Exhibit(mark("Do the areas differ more than chance explains?"),
        {"measure": ("att_raw", "funnel_limit"), "outcome": HEADLINE},
        ("area",), spread="measure", scope="areas", draw=area_figures.funnel, uses=("names", "here")),
    "area_planes": Exhibit(mark("Cost and effect in all areas, all public payers together"),
        {"measure": ("delta_effect", "delta_cost"), "topic": CE, "item": ("all_public",)}, ("area",),
        spread="measure", scope="areas", draw=cost_figures.plane_of_areas, uses=("names",)),
    "area_case_mix": Exhibit(mark("Background of the jobseekers by area"),
        {"measure": ("case_mix",), "group": ("pilot",)}, ("item",), spread="area", scope="areas",
        folded=True),
    "verdicts": Exhibit(mark("Is the comparison fair in each area?"),
        {"measure": ("verdict",)}, ("area", "status", "item"), scope="areas"),
    "pooled": Exhibit(mark("All areas together"),
        {"measure": ("att", "prediction_interval", "tau", "i2", "heterogeneity"), "topic": POOLED,
         "outcome": HEADLINE},
        ("measure",), scope="country"),
    "public_series": Exhibit(mark("Unemployed share of the labour force by month"),
        {"measure": ("unemployed_share",), "topic": PUBLIC}, ("window",), spread="item",
        draw=area_figures.public_series),
    "baselines": Exhibit(mark("Change of the gap under every baseline"),
        {"measure": ("did",)}, ("specification",), spread="window", draw=area_figures.baselines),
    "gaps": Exhibit(mark("Gap between pilot and comparison municipalities"),
        {"measure": ("gap",)}, ("window",)),
    "signs": Exhibit(mark("The sign under each baseline, area by area"),
        {"measure": ("did",), "window": ("after_1",)}, ("area",), spread="specification", scope="areas"),
    "validation": Exhibit(mark("How well the methods recover known effects"),
        {"topic": ("validation",), "measure": ("coverage", "false_positive", "power"),
         "item": TRIED},
        ("item",), spread="measure", scope="country"),
    "quality": Exhibit(mark("What was corrected or left out when the registers were read"),
        {"measure": ("rows",)}, ("item", "method"), scope="country", folded=True),
}  # fmt: skip


def select(cleared: pd.DataFrame, name: str, *, area: str) -> pd.DataFrame:
    """Rows of the cleared ledger that an exhibit shows for an area.

    Examples
    --------
    >>> from evaluation.results import ledger
    >>> frame = ledger.rows(pd.DataFrame({"item": ["low"]}), area="oulu", topic="cost", simulated=True,
    ...                     measure="programme_cost_per_client")
    >>> len(select(frame, "programme_cost", area="oulu")), len(select(frame, "payers", area="oulu"))
    (1, 0)
    """
    exhibit = EXHIBITS[name]
    chosen = pd.Series(True, index=cleared.index)
    for column, values in exhibit.where.items():
        chosen &= cleared[column].isin(values)
    if exhibit.scope == "areas":
        chosen &= cleared["area"] != "all"
    else:
        chosen &= cleared["area"] == (area if exhibit.scope == "area" else "all")
    return cleared[chosen]


def show(report: Report, name: str) -> str:
    """HTML of an exhibit: the figure with its text alternative, its table, and links to its CSV files.

    Where there is no row, or every number is withheld or hidden, the reader is told so in words.
    """
    exhibit, language = EXHIBITS[name], report.language
    title = html.escape(language.text(exhibit.title))
    rows = select(report.cleared, name, area=report.area or "all")
    if rows.empty:
        return f'<p class="note">{title}: {html.escape(language.no_number("missing"))}.</p>'
    if rows["estimate"].isna().all() and rows["status"].isin(("withheld", "suppressed")).all():
        reason = language.no_number(str(rows["status"].iloc[0]))
        return f'<p class="note" id="figure-{name}">{title}: {html.escape(reason)}.</p>'
    table = data_table(
        rows,
        exhibit.columns,
        spread=exhibit.spread,
        caption=language.text(exhibit.title),
        language=language,
        names=report.area_names | report.municipality_names,
    )
    files = _links(report, name)
    if exhibit.draw is None and exhibit.folded:
        return f'<details id="table-{name}"><summary>{title}</summary>{table}{files}</details>'
    if exhibit.draw is None:
        return f'<div class="exhibit" id="table-{name}">{table}{files}</div>'
    if rows["estimate"].isna().all():
        reason = language.no_number(str(rows["status"].iloc[0]))
        return f'<p class="note" id="figure-{name}">{title}: {html.escape(reason)}.</p>'
    extra = {
        key: value
        for key, value in (("names", report.area_names | report.municipality_names), ("here", report.area))
        if key in exhibit.uses
    }
    with palette.look():
        drawn = exhibit.draw(rows, language=language, **extra)
        if rows["simulated"].any():
            palette.simulated_mark(drawn, language=language)
        picture = palette.svg(drawn)
    alt = alt_texts.describe(name, rows, language=language, names=report.area_names)
    return framed_figure(
        name, picture, title=language.text(exhibit.title), alt=alt, numbers=table + files, language=language
    )


def framed_figure(name: str, picture: str, *, title: str, alt: str, numbers: str, language: Language) -> str:
    """Frame an SVG picture with its caption and text alternative; its numbers are folded away under it."""
    said = html.escape(language.text("Numbers of the figure: {title}", title=title))
    title, alt = html.escape(title), html.escape(alt)
    source = "data:image/svg+xml," + urllib.parse.quote(picture, safe=" /:=;,.()'!*-_~@$&?+\n")
    return (
        f'<figure id="figure-{name}"><figcaption>{title}</figcaption>'
        f'<div class="scroll" tabindex="0" role="group" aria-label="{title}">'
        f'<img alt="{alt}" src="{source}"></div></figure>'
        f"<details><summary>{said}</summary>{numbers}</details>"
    )


def _links(report: Report, name: str) -> str:
    title = html.escape(report.language.text(EXHIBITS[name].title))
    folder = f"csv/{report.slug}"
    return (
        f'<p class="note"><a href="{folder}/{name}.csv">CSV<span class="hidden"> {title}</span></a> · '
        f'<a href="{folder}/{name}-excel.csv">{html.escape(report.language.text("CSV for Excel"))}'
        f'<span class="hidden"> {title}</span></a></p>'
    )


def for_readers(text: str) -> str:
    """Make HTML of pandas or markdown fit for screen readers: table scopes, no border, a region."""
    text = re.sub(r"(?s)<style scoped>.*?</style>", "", text)
    if "<table" in text and 'class="dataframe' in text:
        text = re.sub(r'<table border="1" class="dataframe[^"]*">', '<table class="data">', text)
        text = re.sub(r'<tr style="text-align: right;">', "<tr>", text)
        head, _, rest = text.partition("</thead>")
        head = re.sub(r"<th>\s*</th>", "<td></td>", head)
        text = (
            re.sub(r"<th(?=[ >])", '<th scope="col"', head)
            + "</thead>"
            + re.sub(r"<th(?=[ >])", '<th scope="row"', rest)
        )
        text = text.replace('<table class="data">', '<div class="scroll" tabindex="0"><table class="data">')
        text = text.replace("</table>", "</table></div>")
    return text


def picture(data: str, kind: str, metadata: Mapping[str, Any]) -> str:
    """An image of a notebook output with its text alternative (``metadata={mimetype: {"alt": …}}``)."""
    alt = metadata.get(kind, {}).get("alt") or metadata.get("alt") or ""
    if kind == "image/svg+xml":
        data = base64.b64encode(data.encode()).decode()
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-label="{html.escape(alt[:60])}">'
        f'<img alt="{html.escape(alt)}" src="data:{kind};base64,{data.strip()}"></div>'
    )
