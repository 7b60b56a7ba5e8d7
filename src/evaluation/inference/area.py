"""The effect on one area: main estimates with the inference that holds for few municipalities."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Unpack

import numpy as np
import pandas as pd

from evaluation.cohorts.comparison import Comparison, compare
from evaluation.effects.covariates import known_alike
from evaluation.effects.differences import MunicipalChanges, municipal_changes
from evaluation.inference.contrasts import Shocks, contrast
from evaluation.inference.multiplicity import adjust_p, minimum_detectable_effect
from evaluation.inference.placebo_areas import joint_inference, placebo_areas, placebo_rows
from evaluation.inference.shocks import ShockPrior, shock_prior
from evaluation.inference.subgroups import groups_differ
from evaluation.ranges import bounded_level, most
from evaluation.registers.reference import reference
from evaluation.results.inputs import AreaInputs
from evaluation.schemas import require
from evaluation.study import Areas, Study
from evaluation.units import unit_of

MEASURED = re.compile(r"_\d+m(_eur)?$")  # names of columns of a follow-up
EFFECT_COLUMNS = [
    *("outcome", "group", "unit", "estimate", "std_error", "ci_low", "ci_high"),
    *("p_value", "p_adjusted", "p_groups_differ", "persons", "episodes", "status", "method"),
    "simulated",
]


def shock_structure(
    municipalities: pd.DataFrame | None,
    areas: Areas,
    *,
    area: str,
    prior: ShockPrior | None = None,
    earlier: MunicipalChanges | None = None,
) -> Shocks:
    """What is known of how municipalities move, in the form that the inference takes.

    Municipalities of a subregion share shocks; where all areas are evaluated together, each has its own.
    """
    municipalities = reference("municipalities") if municipalities is None else municipalities
    places = municipalities.set_index("municipality")
    return {
        "groups": places["subregion_code"].astype("str"),
        "areas": places[areas.column].astype("str") if area == "all" else None,
        "prior": shock_prior() if prior is None else prior,
        "earlier": earlier,
    }


def narrowed(episodes: pd.DataFrame, study: Study, *, outcomes: Sequence[str]) -> pd.DataFrame:
    """Episodes without measured columns that nobody asks for: each comparison copies its rows."""
    asked = {*outcomes, *study.covariates}
    return episodes[[name for name in episodes if name in asked or not MEASURED.search(name)]]


def changes_before(
    episodes: pd.DataFrame, study: Study, *, outcomes: Sequence[str]
) -> MunicipalChanges | None:
    """Changes of all municipalities between the two windows before the start, without any reform.

    Outcomes whose follow-up reaches the start do not belong here. Missing where episodes are too few.
    """
    try:
        episodes = narrowed(episodes, study, outcomes=outcomes)
        data = compare(episodes, study, area="all", before=study.trend_baseline, after=study.main_baseline)
        return municipal_changes(data.frame, outcomes=outcomes, covariates=study.covariates)
    except ValueError:
        # A register that begins late has no earlier window: then the prior and the changes stand alone.
        return None


def area_shocks(inputs: AreaInputs, *, area: str, outcomes: Sequence[str]) -> Shocks:
    """What is known of how municipalities move: public statistics, and the years before the start.

    `outcomes` are those of the first year: the follow-up of later ones reaches the start.
    """
    return shock_structure(
        inputs.municipalities,
        inputs.study.areas,
        area=area,
        prior=shock_prior(inputs.reference),
        earlier=changes_before(inputs.every_area, inputs.study, outcomes=outcomes),
    )


def effect(
    data: Comparison,
    *,
    outcomes: str | Sequence[str],
    by: str | None = None,
    covariates: Sequence[str] | None = None,
    level: float = 0.95,
    seed: int = 1,
) -> pd.DataFrame:
    """Effect on the area, by doubly robust difference-in-differences with intervals by placebo areas.

    Parameters
    ----------
    data : Comparison
        From `compare`.
    outcomes : str or sequence of str
        Columns of the comparison's frame: 0/1, days, euros or any number.
    by : str, optional
        Column whose levels are estimated one by one; rows without a level are left out.
    covariates : sequence of str, optional
        Columns that the comparison is balanced on, measured before the index date; by default the study's.
    level : float
        Coverage of the intervals.
    seed : int
        Seed of the placebo areas.

    Returns
    -------
    pandas.DataFrame
        One row an outcome and group: outcome, group ("all" without `by`), unit, estimate, std_error, ci_low,
        ci_high, p_value, p_adjusted (Holm, over all rows), p_groups_differ (joint test that the effect is
        the same in all groups that ran, one value an outcome; missing without `by`), persons and episodes of
        the area, status, method and simulated. A group that is too small to be estimated has status not_run
        and says why in `method`.

    Raises
    ------
    ValueError
        If a column is unknown, or the comparison as a whole cannot be estimated.

    Source: Sant'Anna and Zhao (2020), Journal of Econometrics 219(1); Conley and Taber (2011), Review of
    Economics and Statistics 93(1); Ferman and Pinto (2019), ibid. 101(3).

    Examples
    --------
    >>> found = effect(data, outcomes=["open_employment_12m", "open_employment_days_12m"])
    >>> found[["outcome", "group", "unit", "status"]].values.tolist()
    [['open_employment_12m', 'all', 'share', 'ok'], ['open_employment_days_12m', 'all', 'days', 'ok']]
    >>> effect(data, outcomes="open_employment_12m", by="sex")["group"].tolist()
    ['female', 'male']
    """
    require("data", data, "frame", "study")
    wanted = [outcomes] if isinstance(outcomes, str) else list(outcomes)
    units = {name: data.unit(name) for name in wanted}
    covariates = data.study.covariates if covariates is None else covariates
    shocks = shock_structure(data.municipalities, data.study.areas, area=data.area)

    def estimated(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
        """Rows of the outcomes, the changes behind each; one that cannot be estimated spoils no other."""
        try:
            changes = municipal_changes(frame, outcomes=names, covariates=covariates)
            found = placebo_areas(changes, level=level, seed=seed, **shocks)
            return ledger_columns(found, frame).assign(status="ok", changes=changes)
        except ValueError as refusal:
            if by is None:
                raise
            if len(names) > 1:
                return pd.concat([estimated(frame, [name]) for name in names])
            why = {"outcome": names, "status": "not_run", "method": str(refusal), "changes": None}
            return pd.DataFrame(why)

    parts = [estimated(frame, wanted).assign(group=group) for group, frame in data.groups(by).items()]
    rows = pd.concat(parts, ignore_index=True).sort_values(
        "outcome", key=lambda names: names.map(wanted.index), kind="stable", ignore_index=True
    )
    behind = rows[rows["status"] == "ok"].groupby("outcome")["changes"].agg(list)
    differ = {name: groups_differ(behind.get(name, []), outcome=name, **shocks) for name in wanted}
    rows = rows.assign(
        unit=rows["outcome"].map(units),
        p_groups_differ=rows["outcome"].map(differ),
        simulated=data.simulated,
    )
    rows = rows.reindex(columns=EFFECT_COLUMNS)
    return rows.assign(p_adjusted=adjust_p(rows["p_value"].astype(float)))


def main_effects(
    inputs: AreaInputs, *, outcomes: Sequence[str], shocks: Shocks, seed: int
) -> tuple[MunicipalChanges, pd.DataFrame, pd.DataFrame]:
    """Changes by municipality and main estimates of the first year, and the estimates of later outcomes.

    A study may follow no outcome longer: there are no later rows then. Where too few episodes are followed
    as long, the later rows have status "missing" and say why in `method`.
    """
    study = inputs.study

    def estimated(names: Sequence[str]) -> tuple[MunicipalChanges, pd.DataFrame]:
        changes = municipal_changes(inputs.main, outcomes=names, covariates=study.covariates)
        return changes, effect_rows(inputs.main, changes, baseline=study.main_baseline, seed=seed, **shocks)

    def later(names: Sequence[str]) -> pd.DataFrame:
        try:
            return estimated(names)[1]
        except ValueError as refusal:
            if len(names) > 1:  # one that cannot be estimated spoils no other
                return pd.concat([later([name]) for name in names], ignore_index=True)
            why = {"outcome": names[0], "unit": unit_of(names[0]), "method": str(refusal)}
            return pd.DataFrame(
                [{**why, "status": "missing", "measure": "att", "window": study.main_baseline}]
            )

    late = study.outcomes.late
    return *estimated(outcomes), later(late) if late else pd.DataFrame()


def effect_rows(
    data: pd.DataFrame,
    changes: MunicipalChanges,
    *,
    baseline: str,
    seed: int,
    **shocks: Unpack[Shocks],
) -> pd.DataFrame:
    """Main estimates of an area with intervals by placebo areas.

    `data` holds the episodes of the main comparison, `changes` their changes, `baseline` is the name of the
    window before. Rows of measure att, mean_after, counterfactual_mean, mde and comparison_error (standard
    error of the comparison's mean change, which all areas share) come back.
    """
    pieces = contrast(changes, **shocks)
    found, inference = placebo_rows(pieces, seed=seed), joint_inference(pieces)
    att = ledger_columns(found, data).assign(measure="att", window=baseline)
    after = data[data["treated"] & data["post"]]
    mean = after[list(att["outcome"])].mean().to_numpy()
    plain = att.drop(columns=["std_error", "ci_low", "ci_high", "p_value", "method"])
    levels = [
        bounded_level(level - row.estimate, (row.ci_high - row.ci_low) / 2, top=most(row.outcome))
        for level, row in zip(mean, att.itertuples(), strict=True)
    ]
    without = pd.DataFrame(levels, columns=["estimate", "ci_low", "ci_high"])
    return pd.concat(
        [
            att,
            plain.assign(measure="mean_after", estimate=mean),
            plain.assign(measure="counterfactual_mean", **without),
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
    outcomes = found["outcome"].tolist()
    own = data.loc[data["treated"].to_numpy(bool), ["person_id", *outcomes]]
    values, people = own[outcomes].to_numpy(float), own["person_id"]
    persons, episodes = np.zeros(len(outcomes)), np.zeros(len(outcomes))
    for alike in known_alike(values):
        observed = people[~np.isnan(values[:, alike[0]])]
        persons[alike], episodes[alike] = observed.nunique(), len(observed)
    units = [unit_of(name) for name in outcomes]
    return found[columns].assign(unit=units, persons=persons, episodes=episodes)
