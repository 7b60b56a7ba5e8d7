"""Is the comparison of one area fair? All checks of an area in one table, with the verdict."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from evaluation.cohorts.comparison import compare
from evaluation.diagnostics import checks as diagnostics
from evaluation.diagnostics import comparability
from evaluation.diagnostics.balance import standardised_differences, supported_share
from evaluation.diagnostics.contradiction import contradictions
from evaluation.diagnostics.pretrends import pre_trend
from evaluation.diagnostics.verdict import verdicts
from evaluation.effects.covariates import known_alike
from evaluation.effects.differences import MunicipalChanges, municipal_changes
from evaluation.effects.event_study import quarterly_changes
from evaluation.effects.weighting import att_weights
from evaluation.inference.area import narrowed
from evaluation.inference.contrasts import Shocks
from evaluation.inference.event_study import quarter_rows
from evaluation.inference.placebo_areas import area_covariance, placebo_areas
from evaluation.results.inputs import AreaInputs, stack
from evaluation.study import Study
from evaluation.units import unit_of

YEARS = 3  # a drift of the smallest relevant size a year adds up over the years between the windows
# Age at the index date: the trial cannot change it, a change in who becomes unemployed can.
PLACEBO_OUTCOME = "age"
PLACEBO_OUTCOME_LIMIT_YEARS = 1.0


def fairness(
    inputs: AreaInputs, *, area: str, shocks: Shocks, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """What can be said of the comparison before any effect is seen.

    Balance and overlap come back, the diagnostics that need no finding, and the event study of the headline.
    """
    study = inputs.study
    episodes = narrowed(inputs.episodes, study, outcomes=[*study.outcomes.judged, PLACEBO_OUTCOME])
    balance, checks = balance_rows(inputs.main, study)
    events, trends = event_study_rows(episodes, study, area=area, shocks=shocks, seed=seed)
    controls = negative_controls(episodes, study, area=area, shocks=shocks, seed=seed)
    return balance, stack(checks, trends, controls), events


def judged(
    inputs: AreaInputs,
    checks: pd.DataFrame,
    *,
    effects: pd.DataFrame,
    changes: MunicipalChanges,
    varied: pd.DataFrame,
) -> pd.DataFrame:
    """All diagnostics, those that hang on the findings too, with the verdict of each family of outcomes.

    `checks` are those of `fairness`, `effects` and `changes` those of `main_effects`, `varied` the rows of
    the sensitivity analyses.
    """
    study, main = inputs.study, inputs.main
    found = finding_checks(effects, changes, study)
    controls = checks[checks["item"].str.startswith("placebo_")]
    diagnosis = stack(checks, found, contradictions(effects, controls, varied, study))
    persons = main.loc[main["treated"], "person_id"].nunique()
    return stack(diagnosis, verdicts(diagnosis, study).assign(persons=persons))


def balance_rows(data: pd.DataFrame, study: Study) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Balance and overlap of the main comparison: rows of smd, ess and overlap, and their two checks."""
    weights = att_weights(data, target="treated", covariates=study.covariates)
    table = standardised_differences(
        data, target="treated", covariates=study.covariates, weight=weights.weight
    )
    supported = supported_share(weights.propensity, target=data["treated"])
    own = data[data["treated"]]
    counts = {"persons": float(own["person_id"].nunique()), "episodes": float(len(own))}
    names = ["before_weighting", "after_weighting"]
    smd = table.melt("covariate", names, var_name="specification", value_name="estimate")
    smd = smd.rename(columns={"covariate": "item"}).assign(measure="smd", unit="sd")
    arms = pd.DataFrame(
        {
            "measure": ["ess", "ess", "overlap"],
            "item": ["pilot", "comparison", "pilot"],
            "estimate": [weights.ess_target, weights.ess_comparison, supported],
            "unit": ["episodes", "episodes", "share"],
        }
    )
    after, ess = table["after_weighting"], weights.ess_comparison
    checks = stack(
        comparability.overlap(1 - supported, ess=ess),
        comparability.balance(after, treated=weights.ess_target, ess=ess),
    )
    return stack(smd, arms).assign(**counts), checks.assign(**counts)


def event_study_rows(
    episodes: pd.DataFrame, study: Study, *, area: str, shocks: Shocks, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Event study of the headline by quarter, and the pre-trend check of every outcome told in words.

    In rows of event_study x is in quarters since the start, the estimate against the mean of the main
    baseline, the interval by placebo areas; the diagnostics pre_trend tell the drift per year over the
    quarters of the trend baseline.
    """
    first, *others = [compare(episodes, study, area=area, before=name).frame for name in study.baselines]
    data = pd.concat([first, *(frame[~frame["post"]] for frame in others)])
    judged = [outcome for outcome in study.outcomes.judged if outcome in data]
    found: dict[str, tuple[pd.DataFrame, pd.DataFrame]] = {}
    for columns in known_alike(data[judged].to_numpy(float)):
        together = [judged[j] for j in columns]
        try:
            changes = quarterly_changes(
                data,
                outcomes=together,
                covariates=study.covariates,
                units=shocks["groups"],
                baseline=study.main_baseline,
            )
        except ValueError as refusal:
            found |= {outcome: _no_event_study(outcome, refusal) for outcome in together}
            continue
        for outcome, own in zip(together, changes, strict=True):
            found[outcome] = _event_study(data, own, study, outcome=outcome, seed=seed)
    return found[study.outcomes.headline][0], pd.concat([found[outcome][1] for outcome in judged])


def _no_event_study(outcome: str, refusal: ValueError) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Too few episodes by quarter is a fact about the area, told in the report; it must not stop the rest."""
    told = {"measure": ["event_study"], "outcome": outcome, "status": "missing", "method": str(refusal)}
    return pd.DataFrame(told), comparability.not_run("pre_trend", reason=str(refusal), outcome=outcome)


def _event_study(
    data: pd.DataFrame, changes: MunicipalChanges, study: Study, *, outcome: str, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    try:
        rows = quarter_rows(changes, data, study, outcome=outcome, unit=unit_of(outcome), seed=seed)
    except ValueError as refusal:
        return _no_event_study(outcome, refusal)
    rows = rows.assign(measure="event_study")
    early = study.baselines[study.trend_baseline].quarters
    base = study.baselines[study.main_baseline].quarters
    middle = np.mean([study.quarters_since_start(quarter) for quarter in base])
    years = [(study.quarters_since_start(quarter) - middle) / 4 for quarter in early]
    try:
        joint = area_covariance(changes, outcomes=early)
        drift = pre_trend(joint.estimate, joint.covariance, years=years, outcome=outcome, df=joint.df)
    except ValueError as refusal:
        # A register that begins late lacks a whole quarter: a gap in the trend is no trend.
        return rows, comparability.not_run("pre_trend", reason=str(refusal), outcome=outcome)
    limit = {outcome: study.limits[unit_of(outcome)]}
    check = diagnostics.pre_trend_row(drift, limit=limit, visible=_visible(data, [outcome]), df=joint.df)
    return rows, check


def _visible(data: pd.DataFrame, outcomes: Iterable[str]) -> dict[str, float]:
    """Size that a check must be able to see to pass, by outcome in its unit."""
    return {name: diagnostics.VISIBLE_SD * float(data[name].std()) for name in outcomes}


def negative_controls(
    episodes: pd.DataFrame, study: Study, *, area: str, shocks: Shocks, seed: int
) -> pd.DataFrame:
    """Effects where there can be none: an earlier date and another population, another outcome."""
    judged = list(study.outcomes.judged)
    earlier = {"before": study.trend_baseline, "after": study.main_baseline}
    limits = {name: YEARS * study.limits[unit_of(name)] for name in judged}
    designs: dict[str, tuple[dict[str, str], dict[str, float]]] = {
        "placebo_date": (earlier, limits),
        "placebo_outcome": ({}, {PLACEBO_OUTCOME: PLACEBO_OUTCOME_LIMIT_YEARS}),
        "placebo_population": ({"group": "te_office_stayers"}, limits),
    }

    def judged_rows(item: str, changed: dict[str, str], limit: dict[str, float]) -> pd.DataFrame:
        """Rows of one control; an outcome that cannot be estimated spoils no other."""
        # the earlier date is judged by its own changes alone: they must not count as what is known before
        known: Shocks = shocks if item != "placebo_date" else {**shocks, "earlier": None}
        try:
            data = compare(episodes, study, area=area, **changed).frame  # type: ignore[arg-type]
            changes = municipal_changes(data, outcomes=list(limit), covariates=study.covariates)
            found = placebo_areas(changes, seed=seed, **known)
        except ValueError as refusal:
            if len(limit) > 1:
                return pd.concat([judged_rows(item, changed, {name: size}) for name, size in limit.items()])
            return comparability.not_run(item, reason=str(refusal), outcome=next(iter(limit)))
        own = data[data["treated"]]
        return diagnostics.judge_nulls(found, item=item, limit=limit, visible=_visible(data, limit)).assign(
            persons=float(own["person_id"].nunique()), episodes=float(len(own))
        )

    parts = [judged_rows(item, changed, limit) for item, (changed, limit) in designs.items()]
    return pd.concat(parts, ignore_index=True)


def finding_checks(effects: pd.DataFrame, changes: MunicipalChanges, study: Study) -> pd.DataFrame:
    """Checks that hang on the findings themselves: hidden bias, number of clusters, breakdown bound.

    `effects` holds rows att and counterfactual_mean of the main comparison, `changes` its changes.
    """
    found, without = (
        effects[effects["measure"] == name].set_index("outcome") for name in ("att", "counterfactual_mean")
    )
    finding, headline = ["estimate", "ci_low", "ci_high"], study.outcomes.headline
    level, years = without.loc[headline, "estimate"], round(study.years_from(study.main_baseline), 1)
    own = found.loc[headline, ["persons", "episodes"]]
    return stack(
        diagnostics.hidden_bias(*found.loc[headline, finding], counterfactual=level, outcome=headline),
        comparability.clusters(changes.weight, changes.treated),
        *(
            diagnostics.breakdown(*found.loc[name, finding], outcome=name, years=years)
            for name in study.outcomes.judged
            if name in found.index
        ),
    ).assign(**own)
