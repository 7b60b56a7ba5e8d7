"""Cost and effect of one comparison together, from one design, one set of weights and one covariance."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Unpack

import numpy as np
import pandas as pd

from evaluation.cohorts.comparison import Comparison
from evaluation.economics.joint import Joint
from evaluation.economics.rows import summary
from evaluation.effects.differences import MunicipalChanges, municipal_changes
from evaluation.inference.area import shock_structure
from evaluation.inference.contrasts import Shocks
from evaluation.inference.placebo_areas import area_covariance
from evaluation.schemas import require
from evaluation.units import DAYS_IN_MONTH

WORK_DAYS = "open_employment_days_12m"
THRESHOLDS = tuple(range(0, 5001, 250))
VALUE_OF_MONTH_EUR = 2000.0


def cost_effectiveness(
    data: Comparison,
    *,
    effect: str,
    cost: str | Sequence[str] = "cost_all_public_12m_eur",
    covariates: Sequence[str] | None = None,
    thresholds: Sequence[float] = THRESHOLDS,
    value: float = VALUE_OF_MONTH_EUR,
) -> pd.DataFrame:
    """Cost and effect together: plane, cost per unit of effect, net benefit, acceptability, break-even.

    Parameters
    ----------
    data : Comparison
        From `compare`.
    effect : str
        Column of the effect. Days are counted in months of 30.4375 days, anything else in its own unit.
    cost : str or sequence of str
        Columns of costs in euros, one a perspective. A payer's column needs that of all public payers beside
        it: one payer's gain may be another's loss.
    covariates : sequence of str, optional
        Columns that the comparison is balanced on; by default the study's.
    thresholds : sequence of float
        Values in euros of one unit of the effect, for net benefit, acceptability and perfect information.
    value : float
        The value at which break-even values are stated.

    Returns
    -------
    pandas.DataFrame
        One row a number: outcome (the effect), item (the payer, or the column of a cost of one's own),
        measure (delta_cost, delta_effect, correlation, icer, quadrant_ne, …, net_benefit, acceptability,
        evpi, break_even_effect, break_even_cost), x (threshold), unit, estimate, std_error, ci_low, ci_high,
        p_value, method, status, simulated. A ratio that would mislead has no number and its method says why.

    Raises
    ------
    ValueError
        If a column is unknown, a cost is not in euros, or a payer stands alone.

    Source: Black (1990), Medical Decision Making 10(3); Fieller (1954), JRSS B 16(2); Stinnett and Mullahy
    (1998), Medical Decision Making 18(2).

    Examples
    --------
    >>> worth = cost_effectiveness(data, effect="open_employment_days_12m", cost="cost_all_public_12m_eur")
    >>> worth.query("measure in ['delta_cost', 'delta_effect']")[["item", "unit"]].values.tolist()
    [['all_public', 'eur'], ['all_public', 'months']]
    """
    require("data", data, "frame", "study")
    costs = [cost] if isinstance(cost, str) else list(cost)
    unit = data.unit(effect)
    if strange := [name for name in costs if data.unit(name) != "eur"]:
        raise ValueError(f"cost: {strange} not in euros; give columns of euros, or say so by compare(units=)")
    shocks = shock_structure(data.municipalities, data.study.areas, area=data.area)
    covariates = data.study.covariates if covariates is None else covariates
    changes = municipal_changes(data.frame, outcomes=[*costs, effect], covariates=covariates)
    payers = [payer_of(name) for name in costs]
    if len(set(payers)) < len(costs):
        raise ValueError(f"cost: {costs} hold a payer twice; give one horizon at a time")
    joints = {
        payer: joint_of(changes, cost=name, effect=effect, in_months=unit == "days", **shocks)
        for payer, name in zip(payers, costs, strict=True)
    }
    effect_unit, one = ("months", "month") if unit == "days" else (unit, unit)
    if effect.startswith("open_employment_days"):
        one = "month in work"
    rows = summary(joints, thresholds=thresholds, value=value, effect_unit=effect_unit, one=one)
    return rows.assign(outcome=effect, simulated=data.simulated)


def joint_of(
    changes: MunicipalChanges,
    *,
    cost: str,
    effect: str = WORK_DAYS,
    in_months: bool = True,
    **shocks: Unpack[Shocks],
) -> Joint:
    """Difference in a cost and in an effect (days in months), with their area covariance."""
    found = area_covariance(changes, outcomes=[cost, effect], **shocks)
    scale = np.array([1.0, 1 / DAYS_IN_MONTH if in_months else 1.0])
    delta_cost, delta_effect = found.estimate * scale
    return Joint(
        float(delta_cost), float(delta_effect), found.covariance * np.outer(scale, scale), df=found.df
    )


def payer_of(column: str) -> str:
    """Payer in the name of a cost column; a cost of one's own keeps its name.

    Examples
    --------
    >>> payer_of("cost_unemployment_funds_12m_eur")
    'unemployment_funds'
    """
    return re.sub(r"^cost_(\w+)_\d+m_eur$", r"\1", column)
