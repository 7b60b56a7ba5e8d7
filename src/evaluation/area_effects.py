"""The effect on one area: main estimate, relatives that must agree or be explained, and their inference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from evaluation.comparison import design
from evaluation.description import unit_of
from evaluation.effects import MunicipalChanges, did_rc, municipal_changes
from evaluation.inference import adjust_p, area_covariance, minimum_detectable_effect, placebo_areas
from evaluation.places import neighbours

COVARIATES = (
    "age",
    "sex",
    "education",
    "native_language",
    "immigrant",
    "benefit_at_index",
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
    "open_employment_24m",
    "open_employment_days_24m",
    "still_unemployed_3m",
    "still_unemployed_6m",
    "still_unemployed_12m",
    "long_term_unemployed_24m",
)
BASELINE = "2019_20"


def labour_market_areas(municipalities: pd.DataFrame) -> pd.Series:
    """Area within which municipalities share shocks, by municipality code: the subregion."""
    return municipalities.set_index("municipality")["subregion_code"].astype("str")


def changes_of(data: pd.DataFrame, *, outcomes: Sequence[str], method: str = "dr") -> MunicipalChanges:
    """Covariate-adjusted changes by municipality with this evaluation's covariates."""
    return municipal_changes(data, outcomes=outcomes, covariates=COVARIATES, method=method)  # type: ignore[arg-type]


def effect_rows(
    data: pd.DataFrame, changes: MunicipalChanges, *, groups: pd.Series, seed: int, baseline: str = BASELINE
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
    seed : int
        Seed of the placebo draws.
    baseline : str
        Name of the window before, for the column `window`.

    Returns
    -------
    pandas.DataFrame
        Rows att, mean_after, counterfactual_mean, mde and, for the primary family, p_adjusted (Holm).
    """
    found = placebo_areas(changes, seed=seed, groups=groups)
    att = _ledger(found, data).assign(measure="att", window=baseline)
    after = data[data["treated"] & data["post"]]
    mean = after[list(att["outcome"])].mean().to_numpy()
    plain = att.drop(columns=["std_error", "ci_low", "ci_high", "p_value", "method"])
    primary = att[att["outcome"].isin(PRIMARY)]
    inference = area_covariance(changes, groups=groups)
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
                estimate=minimum_detectable_effect(
                    np.sqrt(np.diag(inference.covariance)), df=inference.df
                ),
            ),
            plain[plain["outcome"].isin(PRIMARY)].assign(
                measure="p_adjusted", unit="probability", estimate=adjust_p(primary["p_value"]), method="holm"
            ),
        ],
        ignore_index=True,
    )


def sensitivity_rows(
    episodes: pd.DataFrame,
    changes: MunicipalChanges,
    *,
    area: str,
    municipalities: pd.DataFrame,
    seed: int,
    outcomes: Sequence[str] = PRIMARY[:2],
) -> pd.DataFrame:
    """The effect under other baselines, comparison groups, weightings and designs.

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
        Rows att with `specification`; one that the data cannot bear has status "missing" and says why in
        `method`.
    """
    groups = labour_market_areas(municipalities)
    near = neighbours(municipalities, area=area) if area != "all" else ()
    variants: dict[str, dict[str, object]] = {
        "baseline_2018_19": {"baseline": "2018_19"},
        "baseline_covid": {"baseline": "covid"},
        "donut_3m": {"donut_months": 3},
        "neighbours_excluded": {"drop_municipalities": near},
        "with_possible_pilots": {"pool": ("comparison", "possible_pilot")},
        "regression_adjustment": {"method": "reg"},
        "entropy_weights": {"method": "entropy"},
    }
    parts = [
        _variant(episodes, area=area, outcomes=outcomes, groups=groups, seed=seed, name=name, **changed)
        for name, changed in variants.items()
    ]
    parts += [_left_out(changes, outcomes=outcomes, groups=groups, seed=seed)]
    parts += [_naive(design(episodes, area=area), outcomes=outcomes)]
    return pd.concat(parts, ignore_index=True).assign(measure="att")


def _variant(
    episodes: pd.DataFrame,
    *,
    area: str,
    outcomes: Sequence[str],
    groups: pd.Series,
    seed: int,
    name: str,
    method: str = "dr",
    **changed: object,
) -> pd.DataFrame:
    window = str(changed.get("baseline", BASELINE))
    try:
        data = design(episodes, area=area, **changed)  # type: ignore[arg-type]
        if method == "entropy":
            data = _entropy_weighted(data)
            found = municipal_changes(data, outcomes=outcomes, covariates=(), method="none", weights="weight")
        else:
            found = changes_of(data, outcomes=outcomes, method=method)
        rows = _ledger(placebo_areas(found, seed=seed, groups=groups), data)
    except ValueError as refusal:
        rows = pd.DataFrame({"outcome": list(outcomes), "status": "missing", "method": str(refusal)})
    return rows.assign(specification=name, window=window)


def _entropy_weighted(data: pd.DataFrame) -> pd.DataFrame:
    """Weights that give each period's comparison the covariate means of the pilot's entrants of that period."""
    from evaluation.weighting import att_weights

    weight = pd.concat(
        [
            att_weights(rows, target="treated", covariates=COVARIATES, method="entropy").weight
            for _, rows in data.groupby("post")
        ]
    )
    return data.assign(weight=weight)


def _left_out(
    changes: MunicipalChanges, *, outcomes: Sequence[str], groups: pd.Series, seed: int
) -> pd.DataFrame:
    treated = np.flatnonzero(changes.treated)
    if len(treated) < 2:
        return pd.DataFrame(
            {
                "outcome": list(outcomes),
                "status": "not_run",
                "method": "one municipality",
                "specification": "leave_one_out",
                "window": BASELINE,
            }
        )
    parts = []
    for unit in treated:
        rest = np.arange(len(changes.municipality)) != unit
        weight = changes.weight[rest] / np.where(
            changes.treated[rest], changes.weight[rest][changes.treated[rest]].sum(), 1.0
        )
        fewer = replace(
            changes,
            municipality=changes.municipality[rest],
            treated=changes.treated[rest],
            change=changes.change[rest],
            sampling_covariance=changes.sampling_covariance[rest],
            n_before=changes.n_before[rest],
            n_after=changes.n_after[rest],
            weight=weight,
        )
        found = placebo_areas(fewer, outcomes=outcomes, seed=seed, groups=groups)
        episodes = float((fewer.n_before + fewer.n_after)[fewer.treated].sum())
        parts.append(
            _columns(found).assign(item=str(changes.municipality[unit]), episodes=episodes, persons=episodes)
        )
    return pd.concat(parts, ignore_index=True).assign(specification="leave_one_out", window=BASELINE)


def _naive(data: pd.DataFrame, *, outcomes: Sequence[str]) -> pd.DataFrame:
    found = did_rc(data, outcomes=outcomes, covariates=COVARIATES)
    rows = _columns(found.table).assign(method=found.table["convention"])
    return _counted(rows, data).assign(specification="naive_clustered", window=BASELINE)


def _ledger(found: pd.DataFrame, data: pd.DataFrame) -> pd.DataFrame:
    return _counted(_columns(found), data)


def _columns(found: pd.DataFrame) -> pd.DataFrame:
    columns = ["outcome", "estimate", "std_error", "ci_low", "ci_high", "p_value", "method"]
    return found[columns].assign(unit=[unit_of(name) for name in found["outcome"]])


def _counted(rows: pd.DataFrame, data: pd.DataFrame) -> pd.DataFrame:
    """Add the persons and episodes of the area behind each outcome: those disclosure control looks at."""
    own = data[data["treated"]]
    observed = [own.loc[own[name].notna(), "person_id"] for name in rows["outcome"]]
    return rows.assign(
        persons=[float(people.nunique()) for people in observed], episodes=[float(len(p)) for p in observed]
    )
