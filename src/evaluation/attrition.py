"""The only place where rows leave the cohort, and the table that says why and how many."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd


def keep(
    candidates: pd.DataFrame, *, steps: Mapping[str, pd.Series | np.ndarray], first: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Apply rules one after the other and count what each of them removes.

    Parameters
    ----------
    candidates : pandas.DataFrame
        One row an episode, with `person_id`, `arm` and, where areas are to be counted too, `area`.
    steps : mapping of str to boolean array
        Rules in their order; True where the episode stays.
    first : str
        Name of the first row: what the candidates are.

    Returns
    -------
    analysed : pandas.DataFrame
        The candidates that every rule keeps, in their order.
    attrition : pandas.DataFrame
        Per arm (and "all"), per pilot area, and step: arm, area ("" for a whole arm), step (0, 1, …), reason,
        episodes and persons left after the step, dropped_episodes and dropped_persons (persons of the arm
        without any episode left). The first row is the input, the last is what is analysed, and each row is
        the row before less what was dropped.

    Examples
    --------
    >>> table = pd.DataFrame({"person_id": [1, 1, 2], "arm": ["pilot"] * 3, "age": [30, 31, 70]})
    >>> kept, attrition = keep(table, steps={"working_age": table["age"] < 65}, first="spells")
    >>> attrition.query("arm == 'pilot'")[["reason", "episodes", "persons"]].values.tolist()
    [['spells', 3, 2], ['working_age', 2, 1]]
    """
    stays = np.ones(len(candidates), dtype=bool)
    counts = [_count(candidates, stays, step=0, reason=first)]
    for number, (reason, rule) in enumerate(steps.items(), start=1):
        stays = stays & np.asarray(rule, dtype=bool)
        counts.append(_count(candidates, stays, step=number, reason=reason))
    attrition = pd.concat(counts, ignore_index=True)
    attrition = attrition.sort_values(["arm", "area", "step"], kind="stable", ignore_index=True)
    for name in ("episodes", "persons"):
        lost = -attrition.groupby(["arm", "area"], sort=False)[name].diff()
        attrition[f"dropped_{name}"] = lost.fillna(0).astype(np.int64)
    return candidates[stays].reset_index(drop=True), attrition


def _count(candidates: pd.DataFrame, stays: np.ndarray, *, step: int, reason: str) -> pd.DataFrame:
    everyone = candidates[["person_id", "arm"]].assign(area=candidates.get("area", ""), stays=stays)
    in_areas = everyone[everyone["area"] != ""]
    stacked = pd.concat([everyone.assign(arm="all", area=""), everyone.assign(area=""), in_areas])
    whole = pd.MultiIndex.from_tuples([("all", "")], names=["arm", "area"])
    found = stacked.groupby(["arm", "area"]).size().index.union(whole)
    left = stacked[stacked["stays"]].groupby(["arm", "area"])["person_id"].agg(["size", "nunique"])
    left = left.reindex(found, fill_value=0).astype(np.int64)
    left = left.rename(columns={"size": "episodes", "nunique": "persons"}).reset_index()
    return left.assign(step=step, reason=reason)[["arm", "area", "step", "reason", "episodes", "persons"]]
