"""Is the comparison of one area fair? All checks of an area in one table, with the verdict."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaluation.cohorts.comparison import compare
from evaluation.diagnostics import checks as diagnostics
from evaluation.diagnostics import comparability
from evaluation.diagnostics.balance import overlap, standardised_differences
from evaluation.diagnostics.pretrends import pre_trend
from evaluation.effects.differences import MunicipalChanges
from evaluation.effects.event_study import quarterly_changes, quarters_of
from evaluation.effects.weighting import att_weights
from evaluation.inference.area import COVARIATES, HEADLINE, changes_of, labour_market_areas, shock_structure
from evaluation.inference.event_study import quarter_rows
from evaluation.inference.placebo_areas import area_covariance, placebo_areas
from evaluation.outcomes.description import quarters_since_start
from evaluation.units import unit_of

RELEVANT_SHARE = 0.03  # an untrue effect of three points on the headline would mislead a reader
RELEVANT_SLOPE = 0.01  # per year: over the three years between the windows it adds up to that
# Age at the index date: the trial cannot change it, a change in who becomes unemployed can.
PLACEBO_OUTCOME = "age"
PLACEBO_OUTCOME_LIMIT_YEARS = 1.0
YEARS_BETWEEN_WINDOWS = 2.9  # middles of 2019_20 and of after


def balance_rows(data: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Balance and overlap of the main comparison.

    Parameters
    ----------
    data : pandas.DataFrame
        Episodes of the main comparison, with `treated`.

    Returns
    -------
    rows : pandas.DataFrame
        smd before and after weighting, ess and overlap, in the ledger's columns.
    checks : pandas.DataFrame
        The diagnostics balance and overlap.
    """
    weights = att_weights(data, target="treated", covariates=COVARIATES)
    table = standardised_differences(data, target="treated", covariates=COVARIATES, weight=weights.weight)
    found = overlap(weights.propensity, target=data["treated"], weight=weights.weight)
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
            "estimate": [weights.ess_target, weights.ess_comparison, found["supported_share"]],
            "unit": ["episodes", "episodes", "share"],
        }
    )
    checks = [
        comparability.overlap(1 - found["supported_share"], ess=weights.ess_comparison),
        comparability.balance(
            table["after_weighting"], treated=weights.ess_target, ess=weights.ess_comparison
        ),
    ]
    return (
        pd.concat([*smd, arms], ignore_index=True).assign(**counts),
        pd.concat(checks, ignore_index=True).assign(**counts),
    )


def event_study_rows(
    episodes: pd.DataFrame, *, area: str, municipalities: pd.DataFrame, seed: int, outcome: str = HEADLINE
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Event study by quarter, and the pre-trend check that follows from it.

    Parameters
    ----------
    episodes : pandas.DataFrame
        All episodes with outcomes.
    area : str
        Pilot area or "all".
    municipalities : pandas.DataFrame
        Reference table.
    seed : int
        Seed of the placebo draws.
    outcome : str

    Returns
    -------
    rows : pandas.DataFrame
        event_study: x in quarters since the start, estimate against the mean of 2019_20, interval by placebo
        areas.
    check : pandas.DataFrame
        The diagnostic pre_trend: drift per year over the quarters of 2018_19.
    """
    data = pd.concat(
        [
            compare(episodes, area=area, before="2018_19").frame,
            compare(episodes, area=area, before="2019_20").frame.query("not post"),
            compare(episodes, area=area, before="covid").frame.query("not post"),
        ]
    )
    try:
        changes = quarterly_changes(
            data, outcome=outcome, covariates=COVARIATES, units=labour_market_areas(municipalities)
        )
    except ValueError as refusal:
        # Too few episodes by quarter is a fact about the area, told in the report; it must not stop the rest.
        missing = pd.DataFrame(
            {"measure": ["event_study"], "outcome": outcome, "status": "missing", "method": str(refusal)}
        )
        return missing, comparability.not_run("pre_trend", reason=str(refusal), outcome=outcome)
    rows = quarter_rows(changes, data, outcome=outcome, unit=unit_of(outcome), seed=seed)
    rows = rows.assign(measure="event_study")
    early = quarters_of("2018_19")
    joint = area_covariance(changes, outcomes=early)
    middle = np.mean([quarters_since_start(quarter) for quarter in quarters_of("2019_20")])
    drift = pre_trend(
        joint.estimate,
        joint.covariance,
        years=[(quarters_since_start(quarter) - middle) / 4 for quarter in early],
        df=joint.df,
        limit=RELEVANT_SLOPE,
    )
    check = diagnostics.pre_trend_row(drift, outcome=outcome, limit=RELEVANT_SLOPE, df=joint.df)
    return rows, check


def negative_controls(
    episodes: pd.DataFrame, *, area: str, municipalities: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """Effects where there can be none: an earlier date, another outcome, another population."""
    shocks = shock_structure(municipalities, area=area)
    designs: dict[str, tuple[dict[str, str], str, float]] = {
        "placebo_date": ({"before": "2018_19", "after": "2019_20"}, HEADLINE, RELEVANT_SHARE),
        "placebo_outcome": ({}, PLACEBO_OUTCOME, PLACEBO_OUTCOME_LIMIT_YEARS),
        "placebo_population": ({"group": "te_office_stayers"}, HEADLINE, RELEVANT_SHARE),
    }
    parts = []
    for item, (changed, outcome, limit) in designs.items():
        try:
            data = compare(episodes, area=area, **changed).frame  # type: ignore[arg-type]
            found = placebo_areas(changes_of(data, outcomes=[outcome]), seed=seed, **shocks)
            own = data[data["treated"]]
            parts.append(
                diagnostics.placebo(found, item=item, limit=limit).assign(
                    persons=float(own["person_id"].nunique()), episodes=float(len(own))
                )
            )
        except ValueError as refusal:
            parts.append(comparability.not_run(item, reason=str(refusal), outcome=outcome))
    return pd.concat(parts, ignore_index=True)


def finding_checks(effects: pd.DataFrame, changes: MunicipalChanges) -> pd.DataFrame:
    """Checks that hang on the finding itself: hidden bias, number of clusters, breakdown bound.

    Parameters
    ----------
    effects : pandas.DataFrame
        Rows att and counterfactual_mean of the main comparison.
    changes : MunicipalChanges
        Of the main comparison.
    """
    headline = effects[effects["outcome"] == HEADLINE].set_index("measure")
    att, without = headline.loc["att"], headline.loc["counterfactual_mean", "estimate"]
    return pd.concat(
        [
            diagnostics.hidden_bias(
                att["estimate"], att["ci_low"], att["ci_high"], counterfactual=without, outcome=HEADLINE
            ),
            comparability.clusters(changes.weight, changes.treated),
            diagnostics.breakdown(
                att["estimate"], att["std_error"], outcome=HEADLINE, years=YEARS_BETWEEN_WINDOWS
            ),
        ],
        ignore_index=True,
    ).assign(persons=att["persons"], episodes=att["episodes"])
