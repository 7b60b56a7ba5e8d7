"""Results of the cost-effectiveness analysis as rows of the one ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from evaluation.economics.break_even import break_even_cost, break_even_effect, break_even_persistence
from evaluation.economics.fieller import reason_to_refuse
from evaluation.economics.joint import Joint, combination, net_benefit, quadrants
from evaluation.economics.public_funds import mvpf_interval, payback
from evaluation.schemas import PAYERS

ALONE = "the municipality's column never stands alone: it can gain by moving people into services"


def summary(
    joints: Mapping[str, Joint],
    *,
    thresholds: Sequence[float],
    value_of_month: float,
    effect_unit: str = "months",
    level: float = 0.95,
    monthly_cost: Mapping[str, Sequence[float]] | None = None,
    monthly_effect: Sequence[float] | None = None,
    recipients: Mapping[str, np.ndarray] | None = None,
) -> pd.DataFrame:
    """Every cost-effectiveness number of an area, by perspective, ready for the ledger.

    Parameters
    ----------
    joints : mapping of perspective to Joint
        municipality, state, all_public, …; all_public must be among them.
    thresholds : sequence of float
        Values of a month in work, for net benefit, acceptability and value of information.
    value_of_month : float
        The value at which break-even values are stated.
    effect_unit : str
        Unit of the effect: months, or that of another outcome, whose one unit then takes the month's place.
    level : float
        Confidence level.
    monthly_cost : mapping of perspective to sequence, optional
        Difference in cost in each month after the index date, for payback and persistence.
    monthly_effect : sequence of float, optional
        Difference in months in work in each month.
    recipients : mapping, optional
        For the marginal value of public funds: ``estimate`` and ``draws`` of the recipients' net income gain,
        and ``cost_draws`` of net public cost, drawn together.

    Returns
    -------
    pandas.DataFrame
        topic, measure, item (perspective), x, unit, estimate, std_error, ci_low, ci_high, p_value, method,
        status. A ratio that would mislead has no number and its method says why (``refused:dominated``). Add
        area, window, persons and simulated with ``ledger.rows``.

    Raises
    ------
    ValueError
        If a payer stands without all_public: one payer's gain may be another's loss.

    Examples
    --------
    >>> rows = summary({"all_public": Joint(-900.0, 15.0, np.diag([250.0**2, 16.0]))}, thresholds=[100.0],
    ...                value_of_month=100.0)
    >>> rows.set_index("measure").loc["icer", "method"]
    'refused:dominant'
    """
    if set(PAYERS) & set(joints) and "all_public" not in joints:
        raise ValueError(f"joints: no all_public among {list(joints)}; {ALONE}")
    rows: list[dict[str, Any]] = []
    for perspective, joint in joints.items():
        costs = None if monthly_cost is None else monthly_cost.get(perspective)
        rows += [
            {"item": perspective, **row}
            for row in (
                *_differences(joint, level, effect_unit),
                _ratio(joint, level, effect_unit),
                *_quadrants(joint),
                *_curves(joint, thresholds, level),
                *_break_even(joint, value_of_month, costs, monthly_effect, effect_unit),
                *_payback(costs),
            )
        ]
    if recipients is not None:
        rows.append({"item": "all_public", **_mvpf(joints["all_public"], recipients, level)})
    out = pd.DataFrame(rows)
    for column, empty in (
        ("x", np.nan),
        ("std_error", np.nan),
        ("ci_low", np.nan),
        ("ci_high", np.nan),
        ("p_value", np.nan),
    ):
        out[column] = out[column].astype(float) if column in out else empty
    out["status"] = out["status"].fillna("ok") if "status" in out else "ok"
    return out.assign(topic="cost_effectiveness", method=out["method"].fillna(""))


def _differences(joint: Joint, level: float, effect_unit: str) -> list[dict[str, Any]]:
    rows = []
    for measure, unit, weights in (
        ("delta_cost", "eur", (1.0, 0.0)),
        ("delta_effect", effect_unit, (0.0, 1.0)),
    ):
        found = combination(joint, cost=weights[0], effect=weights[1], level=level)
        positive = found.pop("probability_positive")
        found.pop("df")
        rows.append(
            {
                "measure": measure,
                "unit": unit,
                **found,
                "p_value": 2 * min(positive, 1 - positive),
                "method": joint.method,
            }
        )
    rows.append(
        {"measure": "correlation", "unit": "number", "estimate": joint.correlation, "method": joint.method}
    )
    return rows


def _ratio(joint: Joint, level: float, effect_unit: str) -> dict[str, Any]:
    row = {"measure": "icer", "unit": "eur_per_month" if effect_unit == "months" else "eur"}
    reason = reason_to_refuse(joint.delta_cost, joint.delta_effect)
    if reason:
        return {**row, "estimate": np.nan, "method": f"refused:{reason}", "status": "missing"}
    found = joint.fieller(level=level)
    # The two limits of a set that is no interval would be read as one: only the kind goes on.
    limits = {"ci_low": found.low, "ci_high": found.high} if found.kind == "interval" else {}
    return {**row, "estimate": found.ratio, **limits, "method": found.kind}


def _quadrants(joint: Joint) -> list[dict[str, Any]]:
    return [
        {"measure": f"quadrant_{name}", "unit": "probability", "estimate": share, "method": joint.method}
        for name, share in quadrants(joint).items()
    ]


def _curves(joint: Joint, thresholds: Sequence[float], level: float) -> list[dict[str, Any]]:
    table = net_benefit(joint, thresholds=thresholds, level=level)
    rows: list[dict[str, Any]] = []
    for found in table.to_dict("records"):
        x = found["threshold"]
        limits = {name: found[name] for name in ("estimate", "std_error", "ci_low", "ci_high")}
        rows += [
            {"measure": "net_benefit", "unit": "eur", "x": x, **limits, "method": joint.method},
            {
                "measure": "acceptability",
                "unit": "probability",
                "x": x,
                "estimate": found["probability_positive"],
                "method": joint.method,
            },
            {"measure": "evpi", "unit": "eur", "x": x, "estimate": found["evpi"], "method": "normal theory"},
        ]
    return rows


def _break_even(
    joint: Joint,
    value: float,
    costs: Sequence[float] | None,
    effects: Sequence[float] | None,
    effect_unit: str,
) -> list[dict[str, Any]]:
    at = {
        "x": value,
        "method": f"at {value:g} euros a {'month in work' if effect_unit == 'months' else effect_unit}",
    }
    rows: list[dict[str, Any]] = [
        {
            "measure": "break_even_effect",
            "unit": effect_unit,
            "estimate": break_even_effect(joint.delta_cost, threshold=value),
            **at,
        },
        {
            "measure": "break_even_cost",
            "unit": "eur",
            "estimate": break_even_cost(joint.delta_effect, threshold=value),
            **at,
        },
    ]
    if costs is not None and effects is not None:
        months, words = break_even_persistence(
            joint.delta_cost,
            joint.delta_effect,
            threshold=value,
            monthly_effect=float(effects[-1]),
            monthly_cost=float(costs[-1]),
        )
        rows.append(
            {
                "measure": "break_even_persistence",
                "unit": "months",
                "estimate": months,
                "x": value,
                "method": words,
            }
        )
    return rows


def _payback(costs: Sequence[float] | None) -> list[dict[str, Any]]:
    if costs is None:
        return []
    month, _ = payback(-np.asarray(costs, dtype=float))
    method = "never within the horizon" if np.isnan(month) else "first month after which it stays paid back"
    return [{"measure": "payback", "unit": "months", "estimate": month + 1, "method": method}]


def _mvpf(joint: Joint, recipients: Mapping[str, Any], level: float) -> dict[str, Any]:
    found = mvpf_interval(
        float(recipients["estimate"]),
        joint.delta_cost,
        draws_willingness=np.asarray(recipients["draws"]),
        draws_cost=np.asarray(recipients["cost_draws"]),
        level=level,
    )
    endless = np.isinf(found["mvpf"])
    return {
        "measure": "mvpf",
        "unit": "ratio",
        "estimate": found["mvpf"],
        "ci_low": found["ci_low"],
        "ci_high": found["ci_high"],
        "method": "pays_for_itself" if endless and found["mvpf"] > 0 else "bootstrap",
    }
