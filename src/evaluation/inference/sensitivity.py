"""The effect of one area under other baselines, comparison groups, weightings and designs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from evaluation.cohorts.comparison import compare
from evaluation.cohorts.places import neighbours
from evaluation.effects.differences import MunicipalChanges, did_rc, municipal_changes
from evaluation.effects.discontinuity import discontinuity
from evaluation.effects.synthetic import SyntheticMethod, synthetic
from evaluation.effects.weighting import att_weights
from evaluation.inference.area import (
    BASELINE,
    COVARIATES,
    PRIMARY,
    changes_of,
    ledger_columns,
    shock_structure,
)
from evaluation.inference.naive import naive_clustered
from evaluation.inference.placebo_areas import placebo_areas
from evaluation.inference.resampling import cluster_bootstrap

Variant = Callable[[], pd.DataFrame]


def sensitivity_rows(
    episodes: pd.DataFrame,
    changes: MunicipalChanges,
    *,
    area: str,
    municipalities: pd.DataFrame,
    seed: int,
    outcomes: Sequence[str] = PRIMARY[:2],
) -> pd.DataFrame:
    """The sensitivity set that every area gets.

    Parameters
    ----------
    episodes : pandas.DataFrame
        All episodes with outcomes.
    changes : MunicipalChanges
        Of the main comparison, for leaving out one municipality at a time.
    area : str
        Pilot area or "all".
    municipalities : pandas.DataFrame
        Reference table.
    seed : int
        Seed of the placebo draws.
    outcomes : sequence of str
        Outcomes to vary.

    Returns
    -------
    pandas.DataFrame
        Rows att with `specification`; what the data of an area cannot bear has status "missing" and says why
        in `method`.
    """
    near = neighbours(municipalities, area=area)
    placebo = partial(placebo_areas, seed=seed, **shock_structure(municipalities, area=area))
    inferred = partial(_inferred, placebo=placebo, outcomes=outcomes)

    def after(**choices: Any) -> pd.DataFrame:
        return compare(episodes, area=area, **choices).frame

    variants: dict[str, Variant] = {
        "baseline_2018_19": lambda: inferred(after(before="2018_19")),
        "baseline_covid": lambda: inferred(after(before="covid")),
        "donut_3m": lambda: inferred(after(donut_months=3)),
        "neighbours_excluded": lambda: inferred(after(drop_municipalities=near)),
        "with_possible_pilots": lambda: inferred(after(pool=("comparison", "possible_pilot"))),
        "regression_adjustment": lambda: inferred(after(), method="reg"),
        "entropy_weights": lambda: _entropy(after(), placebo=placebo, outcomes=outcomes),
        "triple_difference": lambda: _triple(
            after(), after(group="te_office_stayers"), placebo=placebo, outcomes=outcomes
        ),
        "synthetic_control": lambda: _synthetic(
            episodes, area=area, outcomes=outcomes, method="synthetic_control"
        ),
        "synthetic_did": lambda: _synthetic(episodes, area=area, outcomes=outcomes, method="synthetic_did"),
        "discontinuity_30": lambda: _discontinuity(episodes, area=area, outcomes=outcomes),
        "naive_clustered": lambda: _naive(after(), outcomes=outcomes),
    }
    if area == "all":
        variants["cluster_bootstrap"] = lambda: _bootstrap(after(), outcomes=outcomes, seed=seed)
    baselines = {"baseline_2018_19": "2018_19", "baseline_covid": "covid"}
    parts = [
        _attempt(run, outcomes=outcomes).assign(specification=name, window=baselines.get(name, BASELINE))
        for name, run in variants.items()
    ]
    left_out = _left_out(changes, after(), placebo=placebo, outcomes=outcomes)
    rows = pd.concat([*parts, left_out], ignore_index=True)
    return rows.assign(measure="att", item=rows["item"].fillna("") if "item" in rows else "")


def _attempt(run: Variant, *, outcomes: Sequence[str]) -> pd.DataFrame:
    try:
        return run().assign(status="ok")
    except ValueError as refusal:
        return pd.DataFrame({"outcome": list(outcomes), "status": "missing", "method": str(refusal)})


def _inferred(
    data: pd.DataFrame,
    *,
    placebo: Callable[..., pd.DataFrame],
    outcomes: Sequence[str],
    method: str = "dr",
) -> pd.DataFrame:
    return ledger_columns(placebo(changes_of(data, outcomes=outcomes, method=method)), data)


def _entropy(
    data: pd.DataFrame, *, placebo: Callable[..., pd.DataFrame], outcomes: Sequence[str]
) -> pd.DataFrame:
    """Comparison episodes of each period weighted to the covariate means of that period's pilot entrants."""
    weight = pd.concat(
        [
            att_weights(rows, target="treated", covariates=COVARIATES, method="entropy").weight
            for _, rows in data.groupby("post")
        ]
    )
    weighted = data.assign(weight=weight)
    found = municipal_changes(weighted, outcomes=outcomes, covariates=(), method="none", weights="weight")
    return ledger_columns(placebo(found), data)


def _triple(
    target: pd.DataFrame,
    stayers: pd.DataFrame,
    *,
    placebo: Callable[..., pd.DataFrame],
    outcomes: Sequence[str],
) -> pd.DataFrame:
    """Change of the target group less that of jobseekers who stayed with the TE office, by municipality."""
    one, other = (changes_of(data, outcomes=outcomes) for data in (target, stayers))
    place = pd.Index(other.municipality).get_indexer(pd.Index(one.municipality))
    both = place >= 0
    if not one.treated[both].any():
        raise ValueError(
            "design: no municipality of the area has enough jobseekers who stayed with the TE office"
        )
    difference = _only(one, both)
    difference = replace(
        difference,
        change=difference.change - other.change[place[both]],
        sampling_covariance=difference.sampling_covariance + other.sampling_covariance[place[both]],
        n_before=np.minimum(difference.n_before, other.n_before[place[both]]),
        n_after=np.minimum(difference.n_after, other.n_after[place[both]]),
    )
    return ledger_columns(placebo(difference), target)


def _synthetic(
    episodes: pd.DataFrame, *, area: str, outcomes: Sequence[str], method: SyntheticMethod
) -> pd.DataFrame:
    """Quarterly means: the area against a weighted average of regions of comparison municipalities."""
    rows = episodes[episodes["group"].eq("target_group") & episodes["window"].ne("")]
    # Quarters that the windows cut or that the start of the trial falls into would mix before and after.
    rows = rows[~rows["index_quarter"].isin(["2018Q1", "2021Q1"])]
    own = rows["arm"].eq("pilot") if area == "all" else rows["area"].eq(area)
    rows = rows[own | rows["arm"].eq("comparison")]
    unit = rows["region"].where(~own.reindex(rows.index), "pilot")
    parts = []
    for outcome in outcomes:
        means = rows.assign(unit=unit).pivot_table(index="unit", columns="index_quarter", values=outcome)
        means = means.dropna(axis=1, how="all")
        complete = means[means.notna().all(axis=1)]
        if "pilot" not in complete.index:
            raise ValueError("series: the area has quarters without an episode")
        found = synthetic(complete, treated=["pilot"], start="2021Q2", method=method, outcome=outcome)
        parts.append(found.table)
    data = rows.assign(treated=own.reindex(rows.index))
    return ledger_columns(pd.concat(parts, ignore_index=True), data)


def _discontinuity(episodes: pd.DataFrame, *, area: str, outcomes: Sequence[str]) -> pd.DataFrame:
    """Jump at 30 among recipients of earnings-related allowance: the younger were moved, the older stayed."""
    rows = compare(episodes.assign(group="target_group"), area=area).frame
    rows = rows[
        rows["treated"]
        & rows["post"]
        & rows["benefit_at_index"].eq("earnings_related")
        & rows["native_language"].ne("other")
        & ~rows["immigrant"]
    ]
    # Running downwards in age, so that crossing the cutoff is being moved to the municipality.
    rows = rows.assign(years_below_30=-rows["days_from_30"] / 365.25)
    found = discontinuity(rows, outcomes=outcomes, running="years_below_30", cutoff=0.0)
    return ledger_columns(found.table, rows)


def _naive(data: pd.DataFrame, *, outcomes: Sequence[str]) -> pd.DataFrame:
    return ledger_columns(naive_clustered(data, outcomes=outcomes, covariates=COVARIATES), data)


def _bootstrap(data: pd.DataFrame, *, outcomes: Sequence[str], seed: int) -> pd.DataFrame:
    """All areas together: municipalities drawn with replacement, influence values summed by municipality."""
    found = did_rc(data, outcomes=outcomes, covariates=COVARIATES)
    errors = cluster_bootstrap(found.influence, found.clusters, draws=9_999, seed=seed)[list(outcomes)]
    low, high = errors.quantile(0.025).to_numpy(), errors.quantile(0.975).to_numpy()
    estimate = found.table["estimate"].to_numpy()
    beyond = (errors.abs().to_numpy() >= np.abs(estimate)).sum(axis=0)
    table = found.table.assign(
        std_error=errors.std().to_numpy(),
        ci_low=estimate - high,
        ci_high=estimate - low,
        p_value=(1 + beyond) / (1 + len(errors)),
        method="cluster bootstrap over municipalities",
    )
    return ledger_columns(table, data)


def _left_out(
    changes: MunicipalChanges,
    data: pd.DataFrame,
    *,
    placebo: Callable[..., pd.DataFrame],
    outcomes: Sequence[str],
) -> pd.DataFrame:
    treated = np.flatnonzero(changes.treated)
    fixed = {"specification": "leave_one_out", "window": BASELINE}
    if len(treated) < 2:
        refused = {"outcome": list(outcomes), "status": "not_run", "method": "one municipality"}
        return pd.DataFrame(refused).assign(**fixed)
    # small municipalities count with the one that they joined
    joined = changes.left_out.set_index("municipality").get("joined", pd.Series(dtype=str))
    place = data["municipality"].astype("str")
    place = place.map(joined[joined != ""]).fillna(place)
    parts = []
    for unit in treated:
        fewer = _only(changes, np.arange(len(changes.municipality)) != unit)
        found = ledger_columns(placebo(fewer, outcomes=outcomes), data[place != changes.municipality[unit]])
        parts.append(found.assign(item=str(changes.municipality[unit])))
    return pd.concat(parts, ignore_index=True).assign(status="ok", **fixed)


def _only(changes: MunicipalChanges, kept: np.ndarray) -> MunicipalChanges:
    """The changes of some municipalities, with weights that sum to one in each arm again."""
    treated, weight = changes.treated[kept], changes.weight[kept]
    return replace(
        changes,
        municipality=changes.municipality[kept],
        treated=treated,
        change=changes.change[kept],
        sampling_covariance=changes.sampling_covariance[kept],
        n_before=changes.n_before[kept],
        n_after=changes.n_after[kept],
        weight=weight / np.where(treated, weight[treated].sum(), weight[~treated].sum()),
    )
