"""Cost and cost-effectiveness of one area, from the same design and changes as its effect."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np
import pandas as pd

from evaluation.costs import assumptions, tables
from evaluation.costs.payers import HALF_COUNT
from evaluation.costs.programme import cost_per_client
from evaluation.economics import rows as cost_effectiveness_rows
from evaluation.economics.cost_effectiveness import (
    THRESHOLDS,
    VALUE_OF_MONTH_EUR,
    WORK_DAYS,
    joint_of,
    payer_of,
)
from evaluation.economics.joint import Joint
from evaluation.effects.differences import MunicipalChanges, municipal_changes
from evaluation.inference.contrasts import Shocks
from evaluation.inference.placebo_areas import AreaInference, area_covariance
from evaluation.outcomes.description import of_area, with_after
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
# Staff and projects; bought services and pay subsidies are in the ledger of payers at unit cost already.
PROGRAMME_ITEMS = ("henkilöstö", "hankkeet")
# A year on labour market support past 300 paid days, against rehabilitative work and a pay subsidy.
SHIFT: dict[str, Any] = {"paid_days_before": 400, "service": "05", "subsidy": "54"}


def with_income(episodes: pd.DataFrame) -> pd.DataFrame:
    """Add net income in the first year: earnings and benefits after taxes, in the prices of the costs."""
    items = [
        name
        for name in episodes
        for item in INCOME_ITEMS
        if name.startswith(f"item_{item}_") and name.endswith("_12m_eur")
    ]
    return episodes.assign(
        **{INCOME: episodes["earnings_12m_eur"] + episodes[items].sum(axis=1, skipna=False)}
    )


def cost_outcomes(study: Study) -> tuple[str, ...]:
    """Columns of costs that are compared, by payer, and the net income of the jobseekers."""
    return (*(f"cost_{payer}_12m_eur" for payer in (*study.payers, "all_public")), INCOME)


def compared_costs(data: pd.DataFrame, study: Study) -> list[str]:
    """The cost outcomes, and the municipality's cost under half the count of paid days where it was made."""
    return [*cost_outcomes(study), *(name for name in (HALF_COUNT,) if name in data)]


def compared_outcomes(inputs: AreaInputs) -> list[str]:
    """Outcomes of the first year that are estimated together: work, services, unemployment and costs."""
    families = inputs.study.outcomes
    return [*families.primary, *families.further, *compared_costs(inputs.main, inputs.study)]


def without_costs(effects: pd.DataFrame, study: Study) -> pd.DataFrame:
    """The effect rows that belong to the chapter on effects: costs have a chapter of their own."""
    return effects[~effects["outcome"].isin([*cost_outcomes(study), HALF_COUNT])]


def cost_rows(inputs: AreaInputs, effects: pd.DataFrame, *, area: str) -> pd.DataFrame:
    """Mean costs and items by payer, difference by payer, programme spending, and who pays when people move.

    Parameters
    ----------
    inputs : AreaInputs
        Episodes with their cost columns, programme spending, clients at the transfer, reference folder.
    effects : pandas.DataFrame
        From `area_effects.effect_rows`, cost columns among the outcomes.
    area : str
        Pilot area or "all".

    Returns
    -------
    pandas.DataFrame
        Rows of topic cost, euros per episode unless the measure says otherwise.
    """
    study = inputs.study
    target = inputs.episodes[inputs.episodes["group"] == "target_group"]
    means = tables.mean_costs(with_after(of_area(target, area), study), months=12, arm="side")
    wanted = means["window"].isin(study.described_windows) | means["measure"].eq("mean_cost")
    delta = effects[effects["measure"].eq("att") & effects["outcome"].isin(cost_outcomes(study)[:-1])]
    delta = delta.assign(measure="delta_cost", item=delta["outcome"].map(payer_of), unit="eur")
    half = effects[effects["measure"].eq("att") & effects["outcome"].eq(HALF_COUNT)]
    prices: dict[str, Any] = {"price_year": study.price_year, "year": study.middle_year}
    shifts = tables.shift_rows(
        tables.cost_shift(assumptions.cost_reference(inputs.reference), **prices, **SHIFT)
    )
    parts = [
        means[wanted & ((means["measure"] == "mean_cost") | (means["window"] == AFTER))],
        delta,
        shifts,
        _look_back_row(inputs.look_back_days),
        half.assign(measure="delta_half_count", item="municipality", unit="eur"),
        _programme_rows(inputs.area_costs, inputs.pilot_areas, area=area),
    ]
    return pd.concat(parts, ignore_index=True).drop(columns="topic")


def _look_back_row(days: float) -> pd.DataFrame:
    """From how many days before the index date paid days are counted; missing where the payer told them."""
    status = "missing" if np.isnan(days) else "ok"
    return pd.DataFrame([{"measure": "look_back", "unit": "days", "estimate": days, "status": status}])


def _programme_rows(area_costs: pd.DataFrame, pilot_areas: pd.DataFrame, *, area: str) -> pd.DataFrame:
    """Spending per client and year: as reported, or at least what is published; missing stays missing."""
    clients = pilot_areas.set_index("area")["clients_at_transfer"]
    counted = area_costs[area_costs["item"].isin(PROGRAMME_ITEMS)]
    years = counted.groupby("area", observed=True)["year"].transform("nunique")
    yearly = counted.assign(amount_eur=counted["amount_eur"] / years)
    found = cost_per_client(yearly, clients).reindex([area]).iloc[0]
    return pd.DataFrame(
        [
            {
                "measure": "programme_cost_per_client",
                "item": name,
                "unit": "eur",
                "estimate": found[f"{name}_eur"],
                "status": "missing" if pd.isna(found[f"{name}_eur"]) else "ok",
            }
            for name in ("reported", "low", "high")
        ]
    )


def cost_effectiveness_rows_of(
    data: pd.DataFrame,
    changes: MunicipalChanges,
    study: Study,
    *,
    seed: int,
    **shocks: Unpack[Shocks],
) -> pd.DataFrame:
    """Plane, ICER, net benefit, acceptability, perfect information, break-even, payback and public value.

    Parameters
    ----------
    data : pandas.DataFrame
        Episodes of the main comparison.
    changes : MunicipalChanges
        With the cost outcomes, net income and days in open employment.
    study : Study
        The reform.
    seed : int
        Seed of the draws behind the marginal value of public funds.
    **shocks
        From `shock_structure`.

    Returns
    -------
    pandas.DataFrame
        Rows of topic cost_effectiveness; `item` is the perspective, `x` the value of a month in work.
    """
    joints = {payer: joint_of(changes, cost=f"cost_{payer}_12m_eur", **shocks) for payer in PERSPECTIVES}
    monthly_cost, monthly_effect = _by_month(data, study, **shocks)
    rows = cost_effectiveness_rows.summary(
        joints,
        thresholds=THRESHOLDS,
        value_of_month=VALUE_OF_MONTH_EUR,
        monthly_cost=monthly_cost,
        monthly_effect=monthly_effect,
        recipients=_recipients(changes, seed=seed, **shocks),
    )
    own = data[data["treated"]]
    return rows.drop(columns="topic").assign(
        outcome=WORK_DAYS,
        window=study.main_baseline,
        persons=float(own["person_id"].nunique()),
        episodes=float(len(own)),
    )


def _by_month(
    data: pd.DataFrame, study: Study, **shocks: Unpack[Shocks]
) -> tuple[dict[str, list[float]] | None, list[float] | None]:
    """Differences in each of 24 months, even within a year, from the episodes followed for 24 months."""
    if "open_employment_days_24m" not in data:  # the study does not follow for two years
        return None, None
    followed = data[data["open_employment_days_24m"].notna()]
    names = [f"cost_{payer}_{months}m_eur" for payer in PERSPECTIVES for months in (12, 24)]
    days = [f"open_employment_days_{months}m" for months in (12, 24)]
    try:
        changes = municipal_changes(followed, outcomes=[*names, *days], covariates=study.covariates)
        found = area_covariance(changes, **shocks)
    except ValueError:
        # An area too small for a second year has no payback month and no persistence; the rest stands.
        return None, None
    first_and_second = _halves(found)
    costs = {payer: first_and_second[2 * k : 2 * k + 2] for k, payer in enumerate(PERSPECTIVES)}
    effect = first_and_second[-2:] / DAYS_IN_MONTH
    by_payer = {payer: np.repeat(values / 12, 12).tolist() for payer, values in costs.items()}
    return by_payer, np.repeat(effect / 12, 12).tolist()


def _halves(found: AreaInference) -> np.ndarray:
    """Differences of the first and the second year, from those after 12 and 24 months."""
    pairs = np.asarray(found.estimate).reshape(-1, 2)
    return np.column_stack([pairs[:, 0], pairs[:, 1] - pairs[:, 0]]).ravel()


def _recipients(changes: MunicipalChanges, *, seed: int, **shocks: Unpack[Shocks]) -> dict[str, np.ndarray]:
    found = area_covariance(changes, outcomes=["cost_all_public_12m_eur", INCOME], **shocks)
    joint = Joint(float(found.estimate[0]), float(found.estimate[1]), found.covariance, df=found.df)
    draws = joint.draws(10_000, seed=seed)
    return {"estimate": np.array(joint.delta_effect), "draws": draws[:, 1], "cost_draws": draws[:, 0]}
