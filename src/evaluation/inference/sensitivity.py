"""The effect of one area under other baselines, comparison groups, weightings and designs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd

from evaluation.cohorts.comparison import compare
from evaluation.cohorts.places import neighbours
from evaluation.effects.differences import MunicipalChanges, municipal_changes
from evaluation.effects.discontinuity import discontinuity
from evaluation.effects.doubly_robust import Method, did_rc
from evaluation.effects.synthetic import SyntheticMethod, synthetic
from evaluation.effects.weighting import att_weights
from evaluation.inference.area import ledger_columns, narrowed
from evaluation.inference.clustered import cluster_bootstrap, naive_clustered
from evaluation.inference.contrasts import Shocks
from evaluation.inference.placebo_areas import placebo_areas
from evaluation.ranges import most
from evaluation.study import Study


@dataclass(frozen=True)
class _Setting:
    """What the variants of one area share."""

    episodes: pd.DataFrame
    study: Study
    area: str
    outcomes: Sequence[str]
    placebo: Callable[..., pd.DataFrame]

    def compared(self, **choices: Any) -> pd.DataFrame:
        """Episodes of another choice of window, pool or group."""
        return compare(self.episodes, self.study, area=self.area, **choices).frame

    @cached_property
    def main(self) -> pd.DataFrame:
        """Episodes of the main comparison."""
        return self.compared()

    @cached_property
    def by_quarter(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Episodes of whole quarters, and their means by quarter in the area ("pilot") and by region."""
        study, rows = self.study, self.episodes
        # Quarters that the windows cut or that the start falls into would mix before and after.
        whole = rows["index_quarter"].isin([*study.quarters_before, *study.after.quarters])
        rows = rows[rows["group"].eq("target_group") & rows["window"].ne("") & whole]
        own = rows["arm"].eq("pilot") if self.area == "all" else rows["area"].eq(self.area)
        rows = rows.assign(treated=own, unit=np.where(own, "pilot", rows["region"]))
        rows = rows[own | rows["arm"].eq("comparison")]
        return rows, rows.pivot_table(index="unit", columns="index_quarter", values=[*self.outcomes])

    def changes(self, data: pd.DataFrame, method: Method = "dr") -> MunicipalChanges:
        covariates = self.study.covariates
        return municipal_changes(data, outcomes=self.outcomes, covariates=covariates, method=method)

    def main_design(self, method: Method = "dr", **choices: Any) -> pd.DataFrame:
        """The main estimator and its inference on another choice."""
        data = self.compared(**choices) if choices else self.main
        return ledger_columns(self.placebo(self.changes(data, method)), data)


def sensitivity_rows(
    episodes: pd.DataFrame,
    changes: MunicipalChanges,
    study: Study,
    *,
    area: str,
    municipalities: pd.DataFrame,
    shocks: Shocks,
    seed: int,
    outcomes: Sequence[str] | None = None,
    only: Collection[str] | None = None,
) -> pd.DataFrame:
    """The sensitivity set that every area gets.

    `episodes` are all, with outcomes; `changes` those of the main comparison, for leaving out one
    municipality at a time. `outcomes` are by default the first two primary ones and those told in words,
    `only` names the specifications to make, by default all. Rows att with `specification` come back; what
    the data of an area cannot bear has status "missing" and says why in `method`.
    """
    if outcomes is None:
        outcomes = list(dict.fromkeys([*study.outcomes.primary[:2], *study.outcomes.judged]))
    near = neighbours(municipalities, study.areas, area=area)
    episodes = narrowed(episodes, study, outcomes=outcomes)
    given = _Setting(episodes, study, area, outcomes, partial(placebo_areas, seed=seed, **shocks))
    years_before = tuple(
        str(day)
        for day in (study.baselines[study.trend_baseline].first, study.baselines[study.main_baseline].last)
    )
    baselines = {f"baseline_{name}": name for name in study.other_baselines}
    variants: dict[str, Callable[[], pd.DataFrame]] = {
        **{name: partial(given.main_design, before=window) for name, window in baselines.items()},
        "both_baselines": partial(given.main_design, before=years_before),
        "donut_3m": partial(given.main_design, donut_months=3),
        "neighbours_excluded": partial(given.main_design, drop_municipalities=near),
        "with_possible_pilots": partial(given.main_design, pool=("comparison", "possible_pilot")),
        "regression_adjustment": partial(given.main_design, method="reg"),
        "entropy_weights": partial(_entropy, given),
        "triple_difference": partial(_triple, given),
        "synthetic_control": partial(_synthetic, given, method="synthetic_control"),
        "synthetic_did": partial(_synthetic, given, method="synthetic_did"),
        f"discontinuity_{study.target_group.stay_age}": partial(_discontinuity, given),
        "naive_clustered": partial(_naive, given),
    }
    if area == "all":
        variants["cluster_bootstrap"] = partial(_bootstrap, given, seed=seed)
    main = study.main_baseline
    parts = [
        _attempt(run, outcomes).assign(specification=name, window=baselines.get(name, main))
        for name, run in variants.items()
        if only is None or name in only
    ]
    if only is None or "leave_one_out" in only:
        parts.append(_left_out(given, changes).assign(specification="leave_one_out", window=main))
    rows = pd.concat(parts, ignore_index=True)
    return rows.assign(measure="att", item=rows["item"].fillna("") if "item" in rows else "")


def _attempt(run: Callable[[], pd.DataFrame], outcomes: Sequence[str]) -> pd.DataFrame:
    try:
        return _possible(run().assign(status="ok"))
    except ValueError as refusal:
        return pd.DataFrame({"outcome": list(outcomes), "status": "missing", "method": str(refusal)})


def _possible(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows, emptied where the interval reaches beyond any difference that the outcome can have.

    No share can differ by more than 100 points: few persons near a cutoff can give such lines, which tell
    nothing of the reform.
    """
    limit = rows["outcome"].map(most)
    beyond = (rows["ci_low"] < -limit) | (rows["ci_high"] > limit)
    if not beyond.any():
        return rows
    empty = rows.assign(status="missing", method="too few data: the interval reaches beyond what is possible")
    numbers = ["estimate", "std_error", "ci_low", "ci_high", "p_value"]
    return rows.where(~beyond, empty.assign(**dict.fromkeys(numbers, np.nan)))


def _entropy(given: _Setting) -> pd.DataFrame:
    """Comparison episodes of each period weighted to the covariate means of that period's pilot entrants."""
    data = given.main
    weights = [
        att_weights(rows, target="treated", covariates=given.study.covariates, method="entropy").weight
        for _, rows in data.groupby("post")
    ]
    found = municipal_changes(
        data.assign(weight=pd.concat(weights)),
        outcomes=given.outcomes,
        covariates=(),
        method="none",
        weights="weight",
    )
    return ledger_columns(given.placebo(found), data)


def _triple(given: _Setting) -> pd.DataFrame:
    """Change of the target group less that of jobseekers who stayed with the TE office, by municipality."""
    stayers = given.compared(group="te_office_stayers")
    one, other = (given.changes(data) for data in (given.main, stayers))
    place = pd.Index(other.municipality).get_indexer(pd.Index(one.municipality))
    both = place >= 0
    if not one.treated[both].any():
        raise ValueError(
            "design: no municipality of the area has enough jobseekers who stayed with the TE office"
        )
    one, other = _only(one, both), _only(other, place[both])
    difference = replace(
        one,
        change=one.change - other.change,
        sampling_covariance=one.sampling_covariance + other.sampling_covariance,
        n_before=np.minimum(one.n_before, other.n_before),
        n_after=np.minimum(one.n_after, other.n_after),
    )
    return ledger_columns(given.placebo(difference), given.main)


def _synthetic(given: _Setting, *, method: SyntheticMethod) -> pd.DataFrame:
    """Quarterly means: the area against a weighted average of regions of comparison municipalities."""
    rows, cells = given.by_quarter
    start, parts = given.study.after.quarters[0], []
    for outcome in given.outcomes:
        means = cells[outcome].dropna(axis=1, how="all")
        complete = means[means.notna().all(axis=1)]
        if "pilot" not in complete.index:
            raise ValueError("series: the area has quarters without an episode")
        parts.append(synthetic(complete, treated=["pilot"], start=start, method=method, outcome=outcome))
    return ledger_columns(pd.concat(parts, ignore_index=True), rows)


def _discontinuity(given: _Setting) -> pd.DataFrame:
    """Jump at the age limit among those who stay when they are older: the younger were moved."""
    rule = given.study.target_group
    rows = replace(given, episodes=given.episodes.assign(group="target_group")).compared()
    rows = rows[
        rows["treated"]
        & rows["post"]
        & rows["benefit_at_index"].eq(rule.stay_benefit)
        & rows["native_language"].isin(rule.national_languages)
        & ~rows["immigrant"]
    ]
    # Running downwards in age, so that crossing the cutoff is being moved to the municipality.
    rows = rows.assign(years_below=-rows[f"days_from_{rule.stay_age}"] / 365.25)
    found = discontinuity(rows, outcomes=given.outcomes, running="years_below", cutoff=0.0)
    return ledger_columns(found, rows)


def _naive(given: _Setting) -> pd.DataFrame:
    found = naive_clustered(given.main, outcomes=given.outcomes, covariates=given.study.covariates)
    return ledger_columns(found, given.main)


def _bootstrap(given: _Setting, *, seed: int) -> pd.DataFrame:
    """All areas together: municipalities drawn with replacement, influence values summed by municipality."""
    data = given.main
    if min(arms := data.groupby("treated")["municipality"].nunique()) < 2:
        raise ValueError(f"design: an arm has {min(arms)} municipality; at least two are needed to resample")
    estimate, influence = did_rc(data, outcomes=given.outcomes, covariates=given.study.covariates)
    errors = cluster_bootstrap(influence, data["municipality"], draws=9_999, seed=seed)
    beyond = (errors.abs() >= estimate.abs()).sum()
    table = pd.DataFrame(
        {
            "outcome": estimate.index,
            "estimate": estimate.to_numpy(),
            "std_error": errors.std().to_numpy(),
            "ci_low": (estimate - errors.quantile(0.975)).to_numpy(),
            "ci_high": (estimate - errors.quantile(0.025)).to_numpy(),
            "p_value": ((1 + beyond) / (1 + len(errors))).to_numpy(),
            "method": "cluster bootstrap over municipalities",
        }
    )
    return ledger_columns(table, data)


def _left_out(given: _Setting, changes: MunicipalChanges) -> pd.DataFrame:
    """The area without each of its municipalities in turn."""
    treated = np.flatnonzero(changes.treated)
    if len(treated) < 2:
        refused = {"outcome": list(given.outcomes), "status": "not_run", "method": "one municipality"}
        return pd.DataFrame(refused)
    own = given.main.loc[given.main["treated"], ["municipality", "person_id", *given.outcomes]]
    # small municipalities count with the one that they joined
    joined = {small: host for small, host in changes.left_out.items() if host}
    place = own["municipality"].astype("str").replace(joined).astype("category")
    parts = []
    for unit in treated:
        fewer = _only(changes, np.arange(len(changes.municipality)) != unit)
        found = given.placebo(fewer, outcomes=given.outcomes)
        found = ledger_columns(found, own.assign(treated=place != changes.municipality[unit]))
        parts.append(found.assign(item=str(changes.municipality[unit])))
    return pd.concat(parts, ignore_index=True).assign(status="ok")


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
