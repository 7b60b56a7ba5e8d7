"""Cost and cost-effectiveness of one area, from the same design and changes as its effect."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np
import pandas as pd

from evaluation.costs import assumptions, tables
from evaluation.costs.payers import HALF_COUNT
from evaluation.costs.programme import programme_rows
from evaluation.economics.cost_effectiveness import (
    THRESHOLDS,
    VALUE_OF_MONTH_EUR,
    WORK_DAYS,
    joint_of,
    payer_of,
)
from evaluation.economics.public_funds import mvpf_interval
from evaluation.economics.rows import summary
from evaluation.effects.differences import MunicipalChanges, municipal_changes
from evaluation.inference.contrasts import Shocks
from evaluation.inference.placebo_areas import area_covariance
from evaluation.outcomes.description import target_group, with_after
from evaluation.results.inputs import AreaInputs
from evaluation.study import AFTER, Study
from evaluation.units import DAYS_IN_MONTH

PERSPECTIVES = ("municipality", "state", "all_public")
INCOME = "recipient_income_12m_eur"
INCOME_ITEMS = (
    "labour_market_support",
    "basic_allowance",
    "earnings_related",
    "tax_on_benefits",
    "tax_on_earnings",
)
# A year on labour market support past 300 paid days, against rehabilitative work and a pay subsidy.
SHIFT: dict[str, Any] = {"paid_days_before": 400, "service": "05", "subsidy": "54"}


def with_income(episodes: pd.DataFrame) -> pd.DataFrame:
    """Add net income in the first year: earnings and benefits after taxes, in the prices of the costs."""
    items = episodes.filter(regex=rf"^item_({'|'.join(INCOME_ITEMS)})_.*_12m_eur$")
    return episodes.assign(**{INCOME: episodes["earnings_12m_eur"] + items.sum(axis=1, skipna=False)})


def cost_outcomes(study: Study) -> tuple[str, ...]:
    """Columns of costs that are compared, by payer, and the net income of the jobseekers."""
    return (*(f"cost_{payer}_12m_eur" for payer in (*study.payers, "all_public")), INCOME)


def compared_outcomes(inputs: AreaInputs) -> list[str]:
    """Outcomes of the first year that are estimated together: work, services, unemployment and costs.

    The municipality's cost under half the count of paid days is among them where it was made.
    """
    families = inputs.study.outcomes
    half = [HALF_COUNT] if HALF_COUNT in inputs.main else []
    return [*families.primary, *families.further, *cost_outcomes(inputs.study), *half]


def without_costs(effects: pd.DataFrame, study: Study) -> pd.DataFrame:
    """The effect rows that belong to the chapter on effects: costs have a chapter of their own."""
    return effects[~effects["outcome"].isin([*cost_outcomes(study), HALF_COUNT])]


def cost_rows(inputs: AreaInputs, effects: pd.DataFrame, *, area: str) -> pd.DataFrame:
    """Mean costs and items by payer, difference by payer, programme spending, and who pays when people move.

    `effects` are rows of `area_effects.effect_rows` with cost columns among the outcomes. The rows of topic
    cost are in euros per episode unless the measure says otherwise.
    """
    study = inputs.study
    priced = inputs.episodes.filter(regex=r"^(person_id|arm|area|group|window|(cost|item)_.*_12m_eur)$")
    means = tables.mean_costs(with_after(target_group(priced, area), study))
    att = effects[effects["measure"].eq("att")]
    delta = att[att["outcome"].isin(cost_outcomes(study)[:-1])]
    half = att[att["outcome"].eq(HALF_COUNT)]
    prices: dict[str, Any] = {"price_year": study.price_year, "year": study.middle_year}
    shift = tables.cost_shift(assumptions.cost_reference(inputs.reference), **prices, **SHIFT)
    clients = inputs.pilot_areas.set_index("area")["clients_at_transfer"]
    parts = [
        means[means["measure"].eq("mean_cost") | means["window"].eq(AFTER)],
        delta.assign(measure="delta_cost", item=delta["outcome"].map(payer_of), unit="eur"),
        tables.shift_rows(shift),
        _look_back_row(inputs.look_back_days),
        half.assign(measure="delta_half_count", item="municipality", unit="eur"),
        programme_rows(inputs.area_costs, clients, area=area),
    ]
    return pd.concat(parts, ignore_index=True)


def _look_back_row(days: float) -> pd.DataFrame:
    """From how many days before the index date paid days are counted; missing where the payer told them."""
    status = "missing" if np.isnan(days) else "ok"
    return pd.DataFrame([{"measure": "look_back", "unit": "days", "estimate": days, "status": status}])


def cost_effectiveness_rows_of(
    data: pd.DataFrame, changes: MunicipalChanges, study: Study, *, seed: int, **shocks: Unpack[Shocks]
) -> pd.DataFrame:
    """Plane, ICER, net benefit, acceptability, perfect information, break-even, payback and public value.

    `data` are the episodes of the main comparison; `changes` hold the cost outcomes, net income and days in
    open employment; `seed` is that of the draws behind the marginal value of public funds. In the rows of
    topic cost_effectiveness `item` is the perspective, `x` the value of a month in work.
    """
    joints = {payer: joint_of(changes, cost=f"cost_{payer}_12m_eur", **shocks) for payer in PERSPECTIVES}
    by_month = _by_month(data, study, **shocks)
    rows = summary(joints, thresholds=THRESHOLDS, value=VALUE_OF_MONTH_EUR, **by_month)
    own = data[data["treated"]]
    return pd.concat([rows, _public_funds(changes, seed=seed, **shocks)], ignore_index=True).assign(
        outcome=WORK_DAYS,
        window=study.main_baseline,
        persons=float(own["person_id"].nunique()),
        episodes=float(len(own)),
    )


def _by_month(data: pd.DataFrame, study: Study, **shocks: Unpack[Shocks]) -> dict[str, Any]:
    """Differences in each of 24 months, even within a year, from the episodes followed for 24 months."""
    if "open_employment_days_24m" not in data:  # the study does not follow for two years
        return {}
    followed = data[data["open_employment_days_24m"].notna()]
    names = [f"cost_{payer}_{months}m_eur" for payer in PERSPECTIVES for months in (12, 24)]
    days = [f"open_employment_days_{months}m" for months in (12, 24)]
    try:
        changes = municipal_changes(followed, outcomes=[*names, *days], covariates=study.covariates)
        found = area_covariance(changes, **shocks)
    except ValueError:
        # An area too small for a second year has no payback month and no persistence; the rest stands.
        return {}
    yearly = np.diff(np.reshape(found.estimate, (-1, 2)), prepend=0.0)  # first and second year
    yearly[-1] /= DAYS_IN_MONTH
    *costs, effect = np.repeat(yearly / 12, 12, axis=1)
    return {"monthly_cost": dict(zip(PERSPECTIVES, costs, strict=True)), "monthly_effect": effect}


def _public_funds(changes: MunicipalChanges, *, seed: int, **shocks: Unpack[Shocks]) -> pd.DataFrame:
    """The marginal value of public funds: the recipients' net income against net public cost."""
    joint = joint_of(changes, cost="cost_all_public_12m_eur", effect=INCOME, in_months=False, **shocks)
    cost, income = joint.draws(10_000, seed=seed).T
    found = mvpf_interval(joint.delta_effect, joint.delta_cost, draws_willingness=income, draws_cost=cost)
    row = {
        "item": "all_public",
        "measure": "mvpf",
        "unit": "ratio",
        "estimate": found["mvpf"],
        "ci_low": found["ci_low"],
        "ci_high": found["ci_high"],
        "method": "pays_for_itself" if found["mvpf"] == np.inf else "bootstrap",
        "status": "ok",
    }
    return pd.DataFrame([row])
