"""Is the comparison of one area fair? All checks of an area in one table, with the verdict."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaluation.cohorts.comparison import compare
from evaluation.diagnostics import checks as diagnostics
from evaluation.diagnostics import comparability
from evaluation.diagnostics.balance import standardised_differences, supported_share
from evaluation.diagnostics.pretrends import pre_trend
from evaluation.effects.differences import MunicipalChanges
from evaluation.effects.event_study import quarterly_changes
from evaluation.effects.weighting import att_weights
from evaluation.inference.area import changes_of, labour_market_areas, shock_structure
from evaluation.inference.event_study import quarter_rows
from evaluation.inference.placebo_areas import area_covariance, placebo_areas
from evaluation.study import Study
from evaluation.units import unit_of

RELEVANT_SHARE = 0.03  # an untrue effect of three points on the headline would mislead a reader
RELEVANT_SLOPE = 0.01  # per year: over the three years between the windows it adds up to that
# Age at the index date: the trial cannot change it, a change in who becomes unemployed can.
PLACEBO_OUTCOME = "age"
PLACEBO_OUTCOME_LIMIT_YEARS = 1.0


def balance_rows(data: pd.DataFrame, study: Study) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Balance and overlap of the main comparison.

    Parameters
    ----------
    data : pandas.DataFrame
        Episodes of the main comparison, with `treated`.
    study : Study
        The reform: its covariates.

    Returns
    -------
    rows : pandas.DataFrame
        smd before and after weighting, ess and overlap, in the ledger's columns.
    checks : pandas.DataFrame
        The diagnostics balance and overlap.
    """
    weights = att_weights(data, target="treated", covariates=study.covariates)
    table = standardised_differences(
        data, target="treated", covariates=study.covariates, weight=weights.weight
    )
    supported = supported_share(weights.propensity, target=data["treated"])
    counts = {
        "persons": float(data.loc[data["treated"], "person_id"].nunique()),
        "episodes": float(data["treated"].sum()),
    }
    smd = [
        pd.DataFrame(
            {"measure": "smd", "item": table["covariate"], "estimate": table[name], "specification": name}
        ).assign(unit="sd")
        for name in ("before_weighting", "after_weighting")
    ]
    arms = pd.DataFrame(
        {
            "measure": ["ess", "ess", "overlap"],
            "item": ["pilot", "comparison", "pilot"],
            "estimate": [weights.ess_target, weights.ess_comparison, supported],
            "unit": ["episodes", "episodes", "share"],
        }
    )
    checks = [
        comparability.overlap(1 - supported, ess=weights.ess_comparison),
        comparability.balance(
            table["after_weighting"], treated=weights.ess_target, ess=weights.ess_comparison
        ),
    ]
    return (
        pd.concat([*smd, arms], ignore_index=True).assign(**counts),
        pd.concat(checks, ignore_index=True).assign(**counts),
    )


def event_study_rows(
    episodes: pd.DataFrame, study: Study, *, area: str, municipalities: pd.DataFrame, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Event study by quarter, and the pre-trend check that follows from it.

    Parameters
    ----------
    episodes : pandas.DataFrame
        All episodes with outcomes.
    study : Study
        The reform.
    area : str
        Pilot area or "all".
    municipalities : pandas.DataFrame
        Reference table.
    seed : int
        Seed of the placebo draws.

    Returns
    -------
    rows : pandas.DataFrame
        event_study: x in quarters since the start, estimate against the mean of the main baseline, interval
        by placebo areas.
    check : pandas.DataFrame
        The diagnostic pre_trend: drift per year over the quarters of the trend baseline.
    """
    outcome = study.outcomes.headline
    first, *others = [compare(episodes, study, area=area, before=name).frame for name in study.baselines]
    data = pd.concat([first, *(frame.query("not post") for frame in others)])
    try:
        changes = quarterly_changes(
            data,
            outcome=outcome,
            covariates=study.covariates,
            units=labour_market_areas(municipalities),
            baseline=study.main_baseline,
        )
    except ValueError as refusal:
        # Too few episodes by quarter is a fact about the area, told in the report; it must not stop the rest.
        missing = pd.DataFrame(
            {"measure": ["event_study"], "outcome": outcome, "status": "missing", "method": str(refusal)}
        )
        return missing, comparability.not_run("pre_trend", reason=str(refusal), outcome=outcome)
    rows = quarter_rows(changes, data, study, outcome=outcome, unit=unit_of(outcome), seed=seed)
    rows = rows.assign(measure="event_study")
    early = study.baselines[study.trend_baseline].quarters
    joint = area_covariance(changes, outcomes=early)
    base = study.baselines[study.main_baseline].quarters
    middle = np.mean([study.quarters_since_start(quarter) for quarter in base])
    drift = pre_trend(
        joint.estimate,
        joint.covariance,
        years=[(study.quarters_since_start(quarter) - middle) / 4 for quarter in early],
        df=joint.df,
        limit=RELEVANT_SLOPE,
    )
    check = diagnostics.pre_trend_row(drift, outcome=outcome, limit=RELEVANT_SLOPE, df=joint.df)
    return rows, check


def negative_controls(
    episodes: pd.DataFrame, study: Study, *, area: str, municipalities: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """Effects where there can be none: an earlier date, another outcome, another population."""
    shocks = shock_structure(municipalities, study.areas, area=area)
    headline, earlier = study.outcomes.headline, study.trend_baseline
    designs: dict[str, tuple[dict[str, str], str, float]] = {
        "placebo_date": ({"before": earlier, "after": study.main_baseline}, headline, RELEVANT_SHARE),
        "placebo_outcome": ({}, PLACEBO_OUTCOME, PLACEBO_OUTCOME_LIMIT_YEARS),
        "placebo_population": ({"group": "te_office_stayers"}, headline, RELEVANT_SHARE),
    }
    parts = []
    for item, (changed, outcome, limit) in designs.items():
        try:
            data = compare(episodes, study, area=area, **changed).frame  # type: ignore[arg-type]
            changes = changes_of(data, outcomes=[outcome], covariates=study.covariates)
            found = placebo_areas(changes, seed=seed, **shocks)
            own = data[data["treated"]]
            parts.append(
                diagnostics.placebo(found, item=item, limit=limit).assign(
                    persons=float(own["person_id"].nunique()), episodes=float(len(own))
                )
            )
        except ValueError as refusal:
            parts.append(comparability.not_run(item, reason=str(refusal), outcome=outcome))
    return pd.concat(parts, ignore_index=True)


def finding_checks(effects: pd.DataFrame, changes: MunicipalChanges, study: Study) -> pd.DataFrame:
    """Checks that hang on the finding itself: hidden bias, number of clusters, breakdown bound.

    Parameters
    ----------
    effects : pandas.DataFrame
        Rows att and counterfactual_mean of the main comparison.
    changes : MunicipalChanges
        Of the main comparison.
    study : Study
        The reform.
    """
    outcome = study.outcomes.headline
    headline = effects[effects["outcome"] == outcome].set_index("measure")
    att, without = headline.loc["att"], headline.loc["counterfactual_mean", "estimate"]
    return pd.concat(
        [
            diagnostics.hidden_bias(
                att["estimate"], att["ci_low"], att["ci_high"], counterfactual=without, outcome=outcome
            ),
            comparability.clusters(changes.weight, changes.treated),
            diagnostics.breakdown(
                att["estimate"], att["std_error"], outcome=outcome, years=round(study.years_between, 1)
            ),
        ],
        ignore_index=True,
    ).assign(persons=att["persons"], episodes=att["episodes"])
