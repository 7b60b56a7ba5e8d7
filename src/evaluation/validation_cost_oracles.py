"""Published truth in cost-effectiveness: what named tools compute from public data, and what ours does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evaluation import appraisal, frontier, value_of_information
from evaluation.cost_effectiveness import two_arm
from evaluation.fieller import fieller

Rows = list[tuple[str, float, float, float]]
THRESHOLDS = 4  # of a whole grid, evenly spaced, that the page shows


def cost_oracle_table(folder: Path) -> pd.DataFrame:
    """Compare costs, ratios and the value of information with peers where their data are present.

    Parameters
    ----------
    folder : pathlib.Path
        Folder with one JSON file per data set and ``data/``; what is not there is left out.

    Returns
    -------
    DataFrame
        oracle, quantity, published, ours, tolerance (absolute), source.
    """
    builders: dict[str, Callable[[dict[str, Any], Path], Rows]] = {
        "trial_glick": _trial,
        "trial_dulxparx": _trial,
        "fieller_cases": _fieller_cases,
        "icer_hiv": _frontier,
        "icer_hund40": _frontier,
        "psa_smoking": _information,
        "evpi_normal": _closed_form,
        "mvpf_germany": _public_funds,
    }
    parts = []
    for name, build in builders.items():
        path = folder / f"{name}.json"
        if path.exists():
            record = json.loads(path.read_text(encoding="utf-8"))
            rows = build(record | {"name": name}, folder / "data")
            part = pd.DataFrame(rows, columns=["quantity", "published", "ours", "tolerance"])
            parts.append(part.assign(oracle=name, source=_source(record["source"])))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _source(entries: list[dict[str, str]]) -> str:
    """Tool with version, and the data it was run on."""
    said = [" ".join(filter(None, (one.get("tool"), one.get("version"), one.get("data")))) for one in entries]
    return "; ".join(filter(None, said))


def _near(value: float, relative: float) -> float:
    return max(relative * abs(value), 1e-9)


def _trial(record: dict[str, Any], data: Path) -> Rows:
    want, params = record["expected"], record["inputs"]["params"]
    frame = pd.read_csv(data / f"{record['name']}.csv")
    joint = two_arm(frame, cost=params["cost"], effect=params["effect"], arm=params["arm"])
    found = joint.fieller()
    pairs = [
        ("difference in cost", want["delta_cost"], joint.delta_cost),
        ("its standard error", want["se_cost"], float(np.sqrt(joint.covariance[0, 0]))),
        ("difference in effect", want["delta_effect"], joint.delta_effect),
        ("correlation", want["correlation"], joint.correlation),
        ("Fieller, lower limit", want["fieller95"]["lower"], found.low),
        ("Fieller, upper limit", want["fieller95"]["upper"], found.high),
    ]
    return [
        (name, theirs, ours, _near(theirs, 1e-8))
        for name, theirs, ours in pairs
        if np.isfinite(_float(theirs))
    ]


def _float(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else np.nan


def _fieller_cases(record: dict[str, Any], data: Path) -> Rows:
    rows: Rows = []
    for case in record["expected"]["cases"]:
        product = case["correlation"] * case["se_cost"] * case["se_effect"]
        covariance = np.array([[case["se_cost"] ** 2, product], [product, case["se_effect"] ** 2]])
        found = fieller(case["delta_cost"], case["delta_effect"], covariance, level=case["confidence"])
        for side, ours in (("lower", found.low), ("upper", found.high)):
            theirs = _float(case[side])
            if np.isfinite(theirs):
                rows.append((f"{case['case']}: {side}", theirs, ours, _near(theirs, 1e-7)))
    return rows


def _frontier(record: dict[str, Any], data: Path) -> Rows:
    want = pd.DataFrame(record["expected"]["table"])
    found = frontier.icer_table(
        pd.read_csv(data / f"{record['name']}.csv"), strategy="strategy", cost="cost", effect="effect"
    )
    both = zip(want["Strategy"], want["ICER"].astype(float), found["icer"], strict=True)
    return [
        (f"cost per unit of effect, {name}", theirs, float(ours), _near(theirs, 1e-8))
        for name, theirs, ours in both
        if np.isfinite(theirs)
    ][:5]


def _information(record: dict[str, Any], data: Path) -> Rows:
    want, grid = record["expected"], record["inputs"]["params"]["wtp"]
    effect, cost = (pd.read_csv(data / f"{record['name']}_{side}.csv") for side in ("effects", "costs"))
    found = value_of_information.acceptability(cost, effect, thresholds=grid)
    top = found[found["on_frontier"]].reset_index(drop=True)
    rows: Rows = []
    for place in np.linspace(0, len(grid) - 1, THRESHOLDS).astype(int):
        at = f"at {grid[place]:g}"
        best, worth = want["acceptability_frontier_prob"][place], want["evpi_per_person"][place]
        rows += [
            (f"acceptability frontier {at}", best, float(top.loc[place, "probability_best"]), 1e-9),
            (f"perfect information {at}", worth, float(top.loc[place, "evpi"]), _near(worth, 1e-8)),
        ]
    return rows


def _closed_form(record: dict[str, Any], data: Path) -> Rows:
    return [
        (
            f"perfect information, mean {case['m']}, sd {case['s']}",
            case["evpi_per_person"],
            float(value_of_information.evpi_normal(case["m"], case["s"])),
            _near(case["evpi_per_person"], 1e-8),
        )
        for case in record["expected"]["cases"]
        if case["evpi_per_person"] > 1e-9  # below, there is nothing to compare
    ]


def _public_funds(record: dict[str, Any], data: Path) -> Rows:
    rows: Rows = []
    for one in record["expected"]["programmes"]:
        draws = pd.read_csv(data / f"{Path(one['replicates']['path']).stem}.csv")
        found = appraisal.mvpf_interval(
            sum(one["wtp_components_eur2010"].values()),
            sum(one["net_cost_components_eur2010"].values()),
            draws_willingness=draws["willingness_to_pay"],
            draws_cost=draws["government_net_costs"],
        )
        theirs = _float(one["mvpf"])
        if np.isfinite(theirs):
            name = f"marginal value of public funds, {one['program']}"
            rows.append((name, theirs, float(found["mvpf"]), _near(theirs, 1e-8)))
    return rows
