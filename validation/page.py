"""What the page on validation shows: tables and figure, in English, from measured results only."""

from __future__ import annotations

import html
import json
import urllib.parse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from evaluation.figures.palette import SERIES, SOFT, look, panels, svg
from evaluation.reporting.page import macros
from validation.rows import GOAL, IN_USE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MEASURED = Path(__file__).parents[1] / "docs" / "validation"
METHODS = {
    "placebo_areas": "Placebo areas (in use)",
    "known_variance": "Known variance of the shocks (not to be had)",
    "joint_t": "Joint t (in use for cost and effect together)",
    "naive_clustered": "Clustered by municipality (not used)",
    "without_shared_shock": "Placebo areas without shared shocks (not used)",
}
NOT_DRAWN = ("known_variance", "without_shared_shock")
AREAS = {
    "one_small": "1 small municipality",
    "one_large": "1 large municipality",
    "five": "5 municipalities",
    "seven_small": "7 small municipalities",
    "twenty_two": "22 municipalities",
}
QUANTITIES = {
    "open_employment_12m": "Open employment after 12 months",
    "months": "Months in open employment",
    "delta_cost": "Difference in cost",
    "net_benefit_1000": "Net benefit, month worth €1,000",
    "net_benefit_2000": "Net benefit, month worth €2,000",
    "ratio": "Cost per month (Fieller's set)",
}
PAYERS = {
    "": "",
    "municipality": "municipality",
    "state": "state",
    "unemployment_funds": "unemployment funds",
    "all_public": "all public",
}


def stored(name: str, *, folder: Path = MEASURED) -> Any:
    """A stored table (``.csv``) or facts (``.json``) of the long study; None where there is none."""
    path = folder / name
    if not path.exists():
        return None
    if path.suffix == ".json":
        return json.loads(path.read_text(encoding="utf-8"))
    return pd.read_csv(path, keep_default_na=False, na_values=[""]).fillna({"perspective": ""})


def table(frame: pd.DataFrame, *, caption: str, texts: int) -> str:
    """Write ready words and numbers as an HTML table; the first `texts` columns hold words.

    Examples
    --------
    >>> table(pd.DataFrame({"a": ["x"], "b": ["1"]}), caption="C", texts=1).count('scope="row"')
    1
    """
    lines: list[tuple] = []
    for row in frame.itertuples(index=False, name=None):
        words = list(map(str, row))
        lines.append((words[:texts], [("", word) for word in words[texts:]]))
    return str(macros("sections/parts.html.j2").data_table(caption, list(frame), lines, texts))


def share(value: float, error: float) -> str:
    """A share in per cent with its Monte Carlo error in points.

    Examples
    --------
    >>> share(0.9512, 0.0071)
    '95.1 (0.7)'
    """
    return "–" if pd.isna(value) else f"{100 * value:.1f} ({100 * error:.1f})"


def cells(found: pd.DataFrame) -> str:
    """Operating characteristics on municipality cells, from `validation.known_truth`."""
    rows = pd.DataFrame(
        {
            "Area": found["area"].map(AREAS),
            "Method": found["method"].map(METHODS),
            "Shock, points": [f"{100 * value:g}" for value in found["shock_sd"]],
            "Coverage, %": list(map(share, found["coverage"], found["coverage_error"])),
            "False findings, %": list(map(share, found["false_positive"], found["false_positive_error"])),
            "Found, %": list(map(share, found["power"], found["power_error"])),
            "Bias, points": list(map(_points, found["bias"], found["bias_error"])),
            "Root mean square error, points": [f"{100 * value:.2f}" for value in found["rmse"]],
        }
    )
    return table(rows, caption="Known truth on municipality cells (in brackets: Monte Carlo error)", texts=2)


def verdicts(found: pd.DataFrame) -> str:
    """How areas were judged on registers of another making, from `validation.verdicts`."""
    kinds = {
        "fair": "no effect, no drift",
        "drift": "drift, no effect",
        "anticipation": "dip before the start, no effect",
        "effect": "effect of about seven points",
    }
    shares = {
        "withheld": "Withheld, %",
        "passed": "Verdict pass, %",
        "finding": "Interval without zero, %",
        "clear": "Called clear, %",
    }
    rows = found.assign(kind=found["kind"].map(kinds), areas=found["areas"].astype(int).astype(str))
    for name in shares:
        rows[name] = [f"{100 * value:.1f}" for value in found[name]]
    rows["half"] = [f"{100 * value:.1f}" for value in found["half"]]
    head = {"kind": "What is true", "size": "Size of area", "areas": "Areas", **shares}
    head["half"] = "Half-width of the interval, points"
    return table(
        rows[list(head)].rename(columns=head), caption="Verdicts on registers of another making", texts=2
    )


def _points(value: float, error: float) -> str:
    return f"{100 * value:.2f} ({100 * error:.2f})".replace("-", "−")


def registers(found: pd.DataFrame, *, kind: str, measure: str, methods: Sequence[str] = IN_USE) -> str:
    """One measure of the study on registers by quantity and size of area.

    Parameters
    ----------
    found : DataFrame
        Stored ``registers.csv``.
    kind : str
        Which registers: a value of its column `kind`.
    measure : str
        coverage or false_positive.
    methods : sequence of str
        Which methods; both in use by default.
    """
    own = found[(found["kind"] == kind) & found["method"].isin(methods) & found[measure].notna()]
    sizes = list(dict.fromkeys(found["size"]))
    written = own.assign(said=list(map(share, own[measure], own[f"{measure}_error"])))
    keys = ["quantity", "perspective", "method"]
    wide = written.set_index([*keys, "size"])["said"].unstack().reindex(columns=sizes).reset_index()  # noqa: PD010
    order = [
        wide["quantity"].map({name: place for place, name in enumerate(QUANTITIES)}),
        wide["perspective"].map({name: place for place, name in enumerate(PAYERS)}),
    ]
    wide = wide.iloc[pd.DataFrame({"q": order[0], "p": order[1]}).sort_values(["q", "p"]).index]
    rows = pd.DataFrame(
        {"Quantity": wide["quantity"].map(QUANTITIES), "Payer": wide["perspective"].map(PAYERS)}
    )
    if len(methods) > 1 and "naive_clustered" in methods:
        rows["Method"] = wide["method"].map(METHODS)
    texts = len(rows.columns)
    for size in sizes:
        rows[f"{size}, %"] = wide[size].fillna("–")
    name = {"coverage": "Coverage of 95 % intervals", "false_positive": "False findings at 5 %"}[measure]
    return table(rows, caption=f"{name} by number of municipalities: {kind}", texts=texts)


def biases(found: pd.DataFrame) -> str:
    """Bias and root mean square error of the study on registers, areas of all sizes together."""
    own = found[(found["size"] == "all") & found["method"].isin(IN_USE) & found["bias"].notna()]
    unit = own["quantity"].map({"open_employment_12m": "points", "months": "months"}).fillna("euros")
    scale = unit.map({"points": 100.0}).fillna(1.0)
    digits = unit.map({"euros": 0}).fillna(2).astype(int)
    rows = pd.DataFrame(
        {
            "Registers": own["kind"],
            "Quantity": own["quantity"].map(QUANTITIES),
            "Payer": own["perspective"].map(PAYERS),
            "Unit": unit,
            "Bias": [
                f"{bias:.{n}f} ({error:.{n}f})".replace("-", "−")
                for bias, error, n in zip(own["bias"] * scale, own["bias_error"] * scale, digits, strict=True)
            ],
            "Root mean square error": [
                f"{value:,.{n}f}" for value, n in zip(own["rmse"] * scale, digits, strict=True)
            ],
        }
    )
    return table(rows, caption="Bias over areas of all sizes (in brackets: Monte Carlo error)", texts=4)


def published(found: pd.DataFrame) -> str:
    """Comparisons with published and peer-computed results, and where those come from."""
    rows = pd.DataFrame(
        {
            "Data set": found["oracle"],
            "Quantity": found["quantity"],
            "Published": [f"{value:.8g}".replace("-", "−") for value in found["published"]],
            "Ours": [f"{value:.8g}".replace("-", "−") for value in found["ours"]],
            "Difference": [f"{value:.1e}".replace("-", "−") for value in found["difference"]],
        }
    )
    sources = found.drop_duplicates("oracle")
    items = "".join(
        f"<li>{html.escape(name)}: {html.escape(source)}</li>"
        for name, source in zip(sources["oracle"], sources["source"], strict=True)
    )
    shown = table(rows, caption="Published or computed by a named peer, and ours", texts=2)
    return f"{shown}<h3>Sources of the published values</h3><ul>{items}</ul>"


def figure(found: pd.DataFrame) -> str:
    """Coverage on cells by area and shock, with the goal as a band, as an HTML figure."""
    scenarios = found[["area", "shock_sd"]].drop_duplicates().reset_index(drop=True)
    place = scenarios.reset_index().set_index(["area", "shock_sd"])["index"]
    methods = [name for name in METHODS if name in set(found["method"]) and name not in NOT_DRAWN]
    with look():
        drawn, axes = panels(1, 1, height=1.1 + 0.34 * len(scenarios))
        ax = axes[0][0]
        ax.axvspan(100 * GOAL["coverage"][0], 100 * GOAL["coverage"][1], color="#e6e6e6")
        for name, style in zip(methods, (SERIES[0], SERIES[2], SERIES[1]), strict=True):
            part = found[found["method"] == name]
            ax.errorbar(
                100 * part["coverage"],
                place.reindex(pd.MultiIndex.from_frame(part[["area", "shock_sd"]])).to_numpy(),
                xerr=196 * part["coverage_error"],
                fmt=style.marker,
                color=style.color,
                markerfacecolor=style.face,
                label=METHODS[name],
            )
        said = [f"{AREAS[row.area]}, shock {100 * row.shock_sd:g}" for row in scenarios.itertuples()]
        ax.set_yticks(range(len(scenarios)), said)
        ax.invert_yaxis()
        ax.set_xlabel("Coverage of nominal 95 % intervals, % (band: 93–97 %)")
        drawn.legend(loc="outside upper left", ncols=1)
        drawn.supxlabel("Simulated data", x=0.99, ha="right", fontsize=8, color=SOFT)
    used = found[found["method"].isin(IN_USE)]
    naive = found.loc[found["method"] == "naive_clustered", "coverage"]
    alt = (
        f"Coverage of each method in {len(scenarios)} scenarios. Methods in use: from "
        f"{100 * used['coverage'].min():.1f} to {100 * used['coverage'].max():.1f} per cent; clustered by "
        f"municipality: from {100 * naive.min():.1f} to {100 * naive.max():.1f} per cent."
    )
    return framed_figure(
        drawn, title="Coverage on municipality cells, with 95 % Monte Carlo intervals", alt=alt
    )


def framed_figure(drawn: Figure, *, title: str, alt: str) -> str:
    """A figure with caption and text alternative in a region that scrolls."""
    words, said = html.escape(title), html.escape(alt)
    with look():
        source = "data:image/svg+xml," + urllib.parse.quote(svg(drawn))
    return (
        f"<figure><figcaption>{words}</figcaption>"
        f'<div class="scroll" tabindex="0" role="group" aria-label="{words}">'
        f'<img alt="{said}" src="{source}"></div></figure>'
    )
