"""Cost and cost-effectiveness of one area, from the same design and changes as its effect."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from evaluation.area_effects import BASELINE
from evaluation.cost_effectiveness import Joint, combination, net_benefit, quadrants
from evaluation.description import of_area, window_mean_rows
from evaluation.effects import MunicipalChanges
from evaluation.fieller import reason_to_refuse
from evaluation.inference import area_covariance
from evaluation.schemas import PAYERS

DAYS_IN_MONTH = 30.4375
EVERYONE = (*PAYERS, "all_public")
PERSPECTIVES = ("municipality", "state", "all_public")
COST_OUTCOMES = tuple(f"cost_{payer}_12m_eur" for payer in EVERYONE if payer != "eu")
WORK_DAYS = "open_employment_days_12m"
THRESHOLDS = tuple(range(0, 5001, 250))


def cost_rows(
    episodes: pd.DataFrame, data: pd.DataFrame, effects: pd.DataFrame, *, area: str
) -> pd.DataFrame:
    """Mean cost by payer and window, cost items after the start, and the difference by payer.

    Parameters
    ----------
    episodes : pandas.DataFrame
        All episodes with their cost columns.
    data : pandas.DataFrame
        Episodes of the main comparison.
    effects : pandas.DataFrame
        From `area_effects.effect_rows`, cost columns among the outcomes.
    area : str
        Pilot area or "all".

    Returns
    -------
    pandas.DataFrame
        Rows mean_cost, cost_item and delta_cost in euros per episode, in the prices of the episode table.
    """
    means = window_mean_rows(episodes, area=area, outcomes=[f"cost_{payer}_12m_eur" for payer in EVERYONE])
    means = means.rename(columns={"item": "group"}).assign(
        measure="mean_cost", item=means["outcome"].map(payer_of), unit="eur"
    )
    delta = effects[effects["measure"].eq("att") & effects["outcome"].isin(COST_OUTCOMES)]
    delta = delta.assign(measure="delta_cost", item=delta["outcome"].map(payer_of), unit="eur")
    return pd.concat([means, _item_rows(of_area(data, area)), delta], ignore_index=True)


def _item_rows(data: pd.DataFrame) -> pd.DataFrame:
    after = data[data["post"]]
    columns = [name for name in data if name.startswith("item_") and name.endswith("_12m_eur")]
    groups = after.groupby("side")
    means, persons = groups[columns].mean(), groups["person_id"].nunique()
    long = means.melt(ignore_index=False, var_name="column", value_name="estimate").reset_index()
    split = [_item_and_payer(column) for column in long["column"]]
    rows = long.rename(columns={"side": "group"}).assign(
        measure="cost_item",
        item=split,
        window="after",
        unit="eur",
        persons=long["side"].map(persons).astype(float),
    )
    return rows[rows["estimate"] != 0].drop(columns="column")


def joint_of(changes: MunicipalChanges, *, payer: str, groups: pd.Series) -> Joint:
    """Difference in cost of a payer and in months of open employment, with their area covariance."""
    found = area_covariance(changes, outcomes=[f"cost_{payer}_12m_eur", WORK_DAYS], groups=groups)
    scale = np.array([1.0, 1 / DAYS_IN_MONTH])
    cost, effect = found.estimate * scale
    return Joint(
        float(cost), float(effect), found.covariance * np.outer(scale, scale), df=found.df, method="t_draws"
    )


def cost_effectiveness_rows(
    data: pd.DataFrame, changes: MunicipalChanges, *, groups: pd.Series
) -> pd.DataFrame:
    """Plane, ICER, net benefit, acceptability, perfect information and break-even, by perspective.

    Parameters
    ----------
    data : pandas.DataFrame
        Episodes of the main comparison.
    changes : MunicipalChanges
        With the cost outcomes and days in open employment.
    groups : pandas.Series
        Labour market area by municipality.

    Returns
    -------
    pandas.DataFrame
        Rows of topic cost_effectiveness; `item` is the perspective, `x` the value of a month in work.
    """
    own = data[data["treated"]]
    parts = [_perspective(joint_of(changes, payer=payer, groups=groups), payer) for payer in PERSPECTIVES]
    return pd.concat(parts, ignore_index=True).assign(
        outcome=WORK_DAYS,
        window=BASELINE,
        persons=float(own["person_id"].nunique()),
        episodes=float(len(own)),
    )


def _perspective(joint: Joint, payer: str) -> pd.DataFrame:
    rows: list[dict[str, object]] = []

    def add(measure: str, unit: str, estimate: float, **more: object) -> None:
        rows.append({"measure": measure, "unit": unit, "estimate": estimate, "item": payer, **more})

    for measure, unit, cost, effect in (
        ("delta_cost", "eur", 1.0, 0.0),
        ("delta_effect", "months", 0.0, 1.0),
    ):
        found = combination(joint, cost=cost, effect=effect)
        add(measure, unit, **{name: found[name] for name in ("estimate", "std_error", "ci_low", "ci_high")})
    add("correlation", "number", joint.correlation)
    for name, share in quadrants(joint).items():
        add(f"quadrant_{name}", "probability", share)
    _add_icer(joint, add)
    curve = net_benefit(joint, thresholds=THRESHOLDS)
    for point in curve.to_dict("records"):
        at = {"x": float(point["threshold"])}
        limits = {name: point[name] for name in ("std_error", "ci_low", "ci_high")}
        add("net_benefit", "eur", point["estimate"], **limits, **at)
        add("acceptability", "probability", point["probability_positive"], **at)
        add("evpi", "eur", point["evpi"], **at)
    _add_break_even(joint, add)
    return pd.DataFrame(rows)


def _add_icer(joint: Joint, add) -> None:  # type: ignore[no-untyped-def]
    found = joint.fieller()
    refused = reason_to_refuse(joint.delta_cost, joint.delta_effect)
    limits = {"ci_low": found.low, "ci_high": found.high}
    if refused:
        add("icer", "eur_per_month", np.nan, method=f"refused:{refused}", status="missing")
    elif found.kind == "interval":
        add("icer", "eur_per_month", found.ratio, method=found.kind, **limits)
    else:
        # The two limits of such a set are not an interval; the ratio is shown without them.
        add("icer", "eur_per_month", found.ratio, method=found.kind)


def _add_break_even(joint: Joint, add) -> None:  # type: ignore[no-untyped-def]
    """Effect that a month's value of 2,000 euros needs, cost that it bears, and how long the effect must last."""
    value = 2000.0
    add("break_even_effect", "months", max(joint.delta_cost, 0.0) / value, x=value)
    add("break_even_cost", "eur", joint.delta_effect * value, x=value)
    gain = joint.delta_effect / 12 * value
    if joint.delta_cost <= 0:
        add("break_even_persistence", "months", 0.0, method="pays_for_itself", x=value)
    elif gain <= 0:
        add("break_even_persistence", "months", np.nan, method="never", status="missing", x=value)
    else:
        add("break_even_persistence", "months", joint.delta_cost / gain, method="found", x=value)


def payer_of(column: str) -> str:
    """Payer in the name of a cost column.

    Examples
    --------
    >>> payer_of("cost_unemployment_funds_12m_eur")
    'unemployment_funds'
    """
    return column.removeprefix("cost_").removesuffix("_12m_eur")


def _item_and_payer(column: str) -> str:
    name = column.removeprefix("item_").removesuffix("_12m_eur")
    payer = next(payer for payer in PAYERS if name.endswith(f"_{payer}"))
    return f"{name.removesuffix(f'_{payer}')}:{payer}"
