"""Published truth in cost-effectiveness: what named tools compute from public data, and what ours does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evaluation.economics import public_funds
from evaluation.economics.fieller import fieller

Rows = list[tuple[str, float, float, float]]


def cost_oracle_table(folder: Path) -> pd.DataFrame:
    """Compare confidence sets of ratios and the value of public funds with peers where the data are there.

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
        "fieller_cases": _fieller_cases,
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


def _public_funds(record: dict[str, Any], data: Path) -> Rows:
    rows: Rows = []
    for one in record["expected"]["programmes"]:
        draws = pd.read_csv(data / f"{Path(one['replicates']['path']).stem}.csv")
        found = public_funds.mvpf_interval(
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
