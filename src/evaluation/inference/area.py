"""The effect on one area: main estimates with the inference that holds for few municipalities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from evaluation.effects.differences import MunicipalChanges, municipal_changes
from evaluation.inference.multiplicity import minimum_detectable_effect
from evaluation.inference.placebo_areas import area_covariance, placebo_areas
from evaluation.units import unit_of

COVARIATES = (
    "age",
    "sex",
    "education",
    "native_language",
    "immigrant",
    "unemployed_days_24m_before",
    "service_days_24m_before",
    "earlier_spells_24m",
    "earnings_12m_before_eur",
)
PRIMARY = (
    "open_employment_12m",
    "open_employment_days_12m",
    "subsidised_days_12m",
    "service_days_12m",
    "unemployed_days_12m",
    "broad_unemployed_days_12m",
    "entered_education_12m",
    "benefit_eur_12m",
)
HEADLINE = PRIMARY[0]
FURTHER = (
    "open_employment_3m",
    "open_employment_6m",
    "still_unemployed_3m",
    "still_unemployed_6m",
    "still_unemployed_12m",
)
# Followed for 24 months: fewer episodes, so these get changes of their own and do not thin out the rest.
LATE = ("open_employment_24m", "open_employment_days_24m", "long_term_unemployed_24m")
BASELINE = "2019_20"


def labour_market_areas(municipalities: pd.DataFrame) -> pd.Series:
    """Area within which municipalities share shocks, by municipality code: the subregion."""
    return municipalities.set_index("municipality")["subregion_code"].astype("str")


def pilot_areas_of(municipalities: pd.DataFrame, *, area: str) -> pd.Series | None:
    """Pilot area by municipality where all areas are evaluated together: each has shocks of its own."""
    if area != "all":
        return None
    return municipalities.set_index("municipality")["pilot_area"].astype("str")


def shock_structure(municipalities: pd.DataFrame, *, area: str) -> dict[str, Any]:
    """Which municipalities share shocks, in the form that the inference takes: `groups` and `areas`."""
    return {"groups": labour_market_areas(municipalities), "areas": pilot_areas_of(municipalities, area=area)}


def changes_of(data: pd.DataFrame, *, outcomes: Sequence[str], method: str = "dr") -> MunicipalChanges:
    """Covariate-adjusted changes by municipality with this evaluation's covariates, less the outcomes."""
    used = [name for name in COVARIATES if name not in outcomes]
    return municipal_changes(data, outcomes=outcomes, covariates=used, method=method)  # type: ignore[arg-type]


def effect_rows(
    data: pd.DataFrame,
    changes: MunicipalChanges,
    *,
    groups: pd.Series,
    areas: pd.Series | None,
    seed: int,
    baseline: str = BASELINE,
) -> pd.DataFrame:
    """Main estimates of an area with intervals by placebo areas.

    Parameters
    ----------
    data : pandas.DataFrame
        Episodes of the main comparison.
    changes : MunicipalChanges
        Their changes by municipality, from `changes_of`.
    groups : pandas.Series
        From `labour_market_areas`.
    areas : pandas.Series or None
        From `pilot_areas_of`.
    seed : int
        Seed of the placebo draws.
    baseline : str
        Name of the window before, for the column `window`.

    Returns
    -------
    pandas.DataFrame
        Rows att, mean_after, counterfactual_mean, mde and comparison_error (standard error of the
        comparison's mean change, which all areas share).
    """
    found = placebo_areas(changes, seed=seed, groups=groups, areas=areas)
    att = ledger_columns(found, data).assign(measure="att", window=baseline)
    after = data[data["treated"] & data["post"]]
    mean = after[list(att["outcome"])].mean().to_numpy()
    plain = att.drop(columns=["std_error", "ci_low", "ci_high", "p_value", "method"])
    inference = area_covariance(changes, groups=groups, areas=areas)
    return pd.concat(
        [
            att,
            plain.assign(measure="mean_after", estimate=mean),
            plain.assign(
                measure="counterfactual_mean",
                estimate=mean - att["estimate"],
                ci_low=mean - att["ci_high"],
                ci_high=mean - att["ci_low"],
            ),
            plain.assign(
                measure="mde",
                estimate=minimum_detectable_effect(np.sqrt(np.diag(inference.covariance)), df=inference.df),
            ),
            plain.assign(measure="comparison_error", estimate=found["comparison_se"].to_numpy()),
        ],
        ignore_index=True,
    )


def ledger_columns(found: pd.DataFrame, data: pd.DataFrame) -> pd.DataFrame:
    """Tidy rows in the ledger's columns, with the persons and episodes of the area behind each outcome."""
    columns = ["outcome", "estimate", "std_error", "ci_low", "ci_high", "p_value", "method"]
    rows = found[columns].assign(unit=[unit_of(name) for name in found["outcome"]])
    own = data[data["treated"]]
    observed = [own.loc[own[name].notna(), "person_id"] for name in rows["outcome"]]
    return rows.assign(
        persons=[float(people.nunique()) for people in observed], episodes=[float(len(p)) for p in observed]
    )
