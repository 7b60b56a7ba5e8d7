"""Known truth through simulated registers: every pilot area of many registers, drawn with known effects.

Each register is drawn whole (histories, shocks, selection of areas, COVID), measured and priced, and each
area is estimated with the functions of the analysis: effect, costs by payer, net benefit and ratio.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from evaluation.cohorts.comparison import compare
from evaluation.economics.area import PERSPECTIVES
from evaluation.economics.cost_effectiveness import WORK_DAYS, joint_of
from evaluation.economics.joint import net_benefit
from evaluation.effects.differences import MunicipalChanges, municipal_changes
from evaluation.inference.area import changes_before, shock_structure
from evaluation.inference.contrasts import Shocks
from evaluation.inference.placebo_areas import placebo_areas
from evaluation.inference.shocks import shock_prior
from evaluation.registers.reference import reference as read_reference
from evaluation.simulation.population import municipality_sizes
from evaluation.simulation.register import SERVICE_DAYS, WORK_12M, Effects, draw
from evaluation.study import Study
from evaluation.units import DAYS_IN_MONTH
from validation.cells import naive_clustered
from validation.pairs import priced_episodes

PAYING = ("municipality", "state", "unemployment_funds", "all_public")
COSTS = tuple(f"cost_{payer}_12m_eur" for payer in PAYING)
MEASURED = (WORK_12M, WORK_DAYS, *COSTS)
VALUES_OF_MONTH = (1000, 2000)
LIMITS = ["estimate", "ci_low", "ci_high", "p_value"]


def register_runs(
    seed: int,
    *,
    persons: int,
    reference: Path,
    effects: Effects,
    study: Study,
    area_shock_sd: float = 0.01,
    area_shock_share: float = 0.2,
    draws: int = 999,
) -> pd.DataFrame:
    """Draw one register and estimate effect, costs by payer and net benefit in each pilot area.

    Parameters
    ----------
    seed : int
        Seed of the register and of the placebo draws.
    persons, reference, effects, area_shock_sd, area_shock_share
        As :func:`evaluation.simulate.draw`.
    study : Study
        The reform: cohort, covariates and price year.
    draws : int
        Placebo areas per estimate.

    Returns
    -------
    DataFrame
        One row an area, quantity, perspective and method: register, area, municipalities, episodes, quantity
        (open_employment_12m, months, delta_cost, net_benefit_<value of a month>, ratio), perspective,
        method, truth, estimate, ci_low, ci_high, p_value, covered, kind (of Fieller's set). Areas too small
        to be analysed are left out.
    """
    drawn = draw(
        study,
        persons=persons,
        seed=seed,
        reference=reference,
        effects=effects,
        area_shock_sd=area_shock_sd,
        area_shock_share=area_shock_share,
    )
    episodes = priced_episodes(drawn, names=MEASURED, seed=seed, reference=reference, study=study)
    municipalities = read_reference("municipalities", reference)
    prior = shock_prior(reference)
    earlier = changes_before(episodes, study, outcomes=MEASURED)
    members = municipalities.groupby("pilot_area")["municipality"].nunique()
    parts = []
    for area in sorted(set(episodes.loc[episodes["arm"] == "pilot", "area"])):
        main = compare(episodes, study, area=area).frame
        try:
            changes = municipal_changes(main, outcomes=MEASURED, covariates=study.covariates)
            shocks = shock_structure(municipalities, study.areas, area=area, prior=prior, earlier=earlier)
            rows = _area_rows(changes, _truth(main), shocks=shocks, draws=draws, seed=seed)
        except ValueError:  # too few episodes in the area: the analysis refuses it as well
            continue
        count = int((main["treated"] & main["post"]).sum())
        parts.append(rows.assign(area=area, municipalities=int(members[area]), episodes=count))
    return pd.concat(parts, ignore_index=True).assign(register=seed)


def _truth(main: pd.DataFrame) -> pd.Series:
    """True mean difference of each outcome among the treated episodes that were followed for a year."""
    return main.loc[main["treated"] & main["post"], [f"true_{name}" for name in MEASURED]].mean()


def _area_rows(
    changes: MunicipalChanges, truth: pd.Series, *, shocks: Shocks, draws: int, seed: int
) -> pd.DataFrame:
    """Every interval of one area."""
    estimate, error = naive_clustered(changes)
    half = stats.t.ppf(0.975, len(changes.treated) - 1) * error
    naive = pd.DataFrame({"outcome": changes.outcomes, "estimate": estimate})
    naive = naive.assign(
        ci_low=estimate - half,
        ci_high=estimate + half,
        p_value=2 * stats.t.sf(np.abs(estimate) / error, len(changes.treated) - 1),
    )
    used = placebo_areas(changes, draws=draws, seed=seed, **shocks)
    single = pd.concat([used.assign(method="placebo_areas"), naive.assign(method="naive_clustered")])
    single = single[["outcome", "method", *LIMITS]].reset_index(drop=True)
    single["truth"] = single["outcome"].map(truth.rename(lambda name: name.removeprefix("true_")))
    days = single["outcome"] == WORK_DAYS
    single.loc[days, ["estimate", "ci_low", "ci_high", "truth"]] /= DAYS_IN_MONTH
    single["quantity"] = single["outcome"].map({WORK_12M: WORK_12M, WORK_DAYS: "months"}).fillna("delta_cost")
    single["perspective"] = single["outcome"].map(dict(zip(COSTS, PAYING, strict=True))).fillna("")
    joint = [row for payer in PERSPECTIVES for row in _joint_rows(changes, truth, payer=payer, shocks=shocks)]
    rows = pd.concat([single.drop(columns="outcome").assign(kind=""), pd.DataFrame(joint)], ignore_index=True)
    inside = (rows["ci_low"] <= rows["truth"]) & (rows["truth"] <= rows["ci_high"])
    return rows.assign(covered=rows["covered"].astype("boolean").fillna(inside).astype(bool))


def _joint_rows(
    changes: MunicipalChanges, truth: pd.Series, *, payer: str, shocks: Shocks
) -> list[dict[str, object]]:
    """Net benefit and the ratio of one perspective, from the joint covariance."""
    joint = joint_of(changes, cost=f"cost_{payer}_12m_eur", **shocks)
    cost, months = truth[f"true_cost_{payer}_12m_eur"], truth[f"true_{WORK_DAYS}"] / DAYS_IN_MONTH
    rows: list[dict[str, object]] = []
    for found in net_benefit(joint, thresholds=VALUES_OF_MONTH).to_dict("records"):
        value = found["threshold"]
        rows.append(
            {
                "quantity": f"net_benefit_{value:g}",
                "truth": value * months - cost,
                "p_value": 2 * min(found["probability_positive"], 1 - found["probability_positive"]),
                **{name: found[name] for name in LIMITS[:3]},
            }
        )
    if months != 0:  # without an effect there is no ratio to cover
        found = joint.fieller()
        rows.append(
            {
                "quantity": "ratio",
                "truth": cost / months,
                "estimate": found.ratio,
                "ci_low": found.low,
                "ci_high": found.high,
                "covered": found.contains(cost / months),
                "kind": found.kind,
            }
        )
    same = {"perspective": payer, "method": "joint_t", "covered": None, "kind": ""}
    return [{**same, **row} for row in rows]


def everywhere(
    study: Study, reference: Path, *, work: float, service_days: float
) -> dict[str, dict[str, float]]:
    """One effect on open employment in every pilot area, and more days in services in every second one."""
    sizes = municipality_sizes(study, reference)
    areas = sorted(set(sizes["area"]) - {""})
    return {
        area: {WORK_12M: work, **({SERVICE_DAYS: service_days} if place % 2 else {})}
        for place, area in enumerate(areas)
    }


def known_truth_registers(
    seeds: Iterable[int],
    *,
    reference: Path,
    persons: int,
    effects: Effects,
    study: Study,
    area_shock_sd: float = 0.01,
    area_shock_share: float = 0.2,
    draws: int = 999,
    executor: Executor | None = None,
) -> pd.DataFrame:
    """Single runs over many registers, for :func:`evaluation.validation_study.operating_characteristics`.

    Parameters
    ----------
    seeds : iterable of int
        One register each.
    reference, persons, effects, study, area_shock_sd, area_shock_share, draws
        As :func:`register_runs`; without effects every rejection is a false finding.
    executor : concurrent.futures.Executor, optional
        Draws registers side by side, with the same result.
    """
    one = partial(
        register_runs,
        persons=persons,
        reference=reference,
        effects=effects,
        study=study,
        area_shock_sd=area_shock_sd,
        area_shock_share=area_shock_share,
        draws=draws,
    )
    return pd.concat(list((executor.map if executor else map)(one, seeds)), ignore_index=True)
