"""Results of the cost-effectiveness analysis as rows of the one ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from evaluation.economics.fieller import reason_to_refuse
from evaluation.economics.joint import Joint, combination, net_benefit, quadrants
from evaluation.economics.public_funds import payback
from evaluation.schemas import PAYERS

ALONE = "the municipality's column never stands alone: it can gain by moving people into services"
METHOD = "area covariance, t"
Rows = list[dict[str, Any]]


def summary(
    joints: Mapping[str, Joint],
    *,
    thresholds: Sequence[float],
    value: float,
    effect_unit: str = "months",
    one: str = "month in work",
    monthly_cost: Mapping[str, np.ndarray] | None = None,
    monthly_effect: np.ndarray | None = None,
) -> pd.DataFrame:
    """Every cost-effectiveness number of an area, by perspective (`item`), ready for the ledger.

    A payer among the `joints` without all_public is refused: its gain may be another's loss. `thresholds` are
    values of a month in work, for net benefit, acceptability and value of information; at `value` break-even
    values are stated. Where `effect_unit` is not months, its one unit, which is called `one`, takes the
    month's place. `monthly_cost` and `monthly_effect`, the differences in each month after the index date,
    add payback and persistence. A ratio that would mislead has no number and its method says why
    (``refused:dominated``).
    """
    if set(PAYERS) & set(joints) and "all_public" not in joints:
        raise ValueError(f"joints: no all_public among {list(joints)}; {ALONE}")
    rows: Rows = []
    for perspective, joint in joints.items():
        found = [
            *_differences(joint, effect_unit),
            _ratio(joint, effect_unit),
            *_quadrants(joint),
            *_curves(joint, thresholds),
            *_break_even(joint, value, effect_unit, one),
        ]
        if monthly_cost is not None and monthly_effect is not None:
            found += _over_time(joint, value, monthly_cost[perspective], monthly_effect)
        rows += [{"item": perspective, **row} for row in found]
    out = pd.DataFrame(rows)
    out["status"] = out["status"].fillna("ok") if "status" in out else "ok"
    return out


def _differences(joint: Joint, effect_unit: str) -> Rows:
    rows: Rows = []
    for measure, unit, cost, effect in (
        ("delta_cost", "eur", 1.0, 0.0),
        ("delta_effect", effect_unit, 0.0, 1.0),
    ):
        found = combination(joint, cost=cost, effect=effect)
        positive = found.pop("probability_positive")
        found["p_value"] = 2 * min(positive, 1 - positive)
        rows.append({"measure": measure, "unit": unit, **found, "method": METHOD})
    correlation = {"measure": "correlation", "unit": "number", "estimate": joint.correlation}
    return [*rows, {**correlation, "method": METHOD}]


def _ratio(joint: Joint, effect_unit: str) -> dict[str, Any]:
    row = {"measure": "icer", "unit": "eur_per_month" if effect_unit == "months" else "eur"}
    reason = reason_to_refuse(joint.delta_cost, joint.delta_effect)
    if reason:
        return {**row, "estimate": np.nan, "method": f"refused:{reason}", "status": "missing"}
    found = joint.fieller()
    # The two limits of a set that is no interval would be read as one: only the kind goes on.
    limits = {"ci_low": found.low, "ci_high": found.high} if found.kind == "interval" else {}
    return {**row, "estimate": found.ratio, **limits, "method": found.kind}


def _quadrants(joint: Joint) -> Rows:
    return [
        {"measure": f"quadrant_{name}", "unit": "probability", "estimate": share, "method": METHOD}
        for name, share in quadrants(joint).items()
    ]


def _curves(joint: Joint, thresholds: Sequence[float]) -> Rows:
    rows: Rows = []
    for found in net_benefit(joint, thresholds=thresholds).to_dict("records"):
        x, likely, evpi = (found.pop(name) for name in ("threshold", "probability_positive", "evpi"))
        rows += [
            {"measure": "net_benefit", "unit": "eur", "x": x, **found, "method": METHOD},
            {"measure": "acceptability", "unit": "probability", "x": x, "estimate": likely, "method": METHOD},
            {"measure": "evpi", "unit": "eur", "x": x, "estimate": evpi, "method": "normal theory"},
        ]
    return rows


def _break_even(joint: Joint, value: float, effect_unit: str, one: str) -> Rows:
    """The effect that is worth the cost, 0 where there is none, and the cost that the effect is worth."""
    at = {"x": value, "method": f"at {value:g} euros a {one}"}
    effect = max(joint.delta_cost / value, 0.0) if value > 0 else np.nan
    return [
        {"measure": "break_even_effect", "unit": effect_unit, "estimate": effect, **at},
        {"measure": "break_even_cost", "unit": "eur", "estimate": value * joint.delta_effect, **at},
    ]


def _over_time(joint: Joint, value: float, costs: np.ndarray, effects: np.ndarray) -> Rows:
    """Months beyond the horizon that its last month's difference must last to be worth it, and payback."""
    short = joint.delta_cost - value * joint.delta_effect
    monthly = value * float(effects[-1]) - float(costs[-1])
    if short <= 0:
        lasting, words = 0.0, "already"
    elif monthly <= 0:
        lasting, words = np.nan, "never"
    else:
        lasting, words = short / monthly, "after"
    month = payback(-costs)
    paid = "never within the horizon" if np.isnan(month) else "first month after which it stays paid back"
    persistence = {"measure": "break_even_persistence", "x": value, "estimate": lasting, "method": words}
    paid_back = {"measure": "payback", "estimate": month + 1, "method": paid}
    return [{"unit": "months", **row} for row in (persistence, paid_back)]
