"""The only place where rows leave the cohort, and the table that says why and how many."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd


def keep(
    candidates: pd.DataFrame, *, steps: Mapping[str, pd.Series | np.ndarray], first: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Apply rules one after the other and count what each of them removes.

    `candidates` have one row an episode, with `person_id`, `arm` and `area` ("" outside the pilot areas);
    a rule of `steps` is True where the episode stays; `first` says what the candidates are.

    Returns the candidates that every rule keeps, in their order, and the attrition per arm (and "all"), per
    pilot area, and step: arm, area ("" for a whole arm), step (0, 1, …), reason, episodes and persons left
    after the step, dropped_episodes and dropped_persons (persons of the arm without any episode left). The
    first row is the input, the last what is analysed, and each row is the row before less what was dropped.

    Examples
    --------
    >>> table = pd.DataFrame({"person_id": [1, 1, 2], "arm": "pilot", "area": "", "age": [30, 31, 70]})
    >>> kept, attrition = keep(table, steps={"working_age": table["age"] < 65}, first="spells")
    >>> attrition.query("arm == 'pilot'")[["reason", "episodes", "persons"]].values.tolist()
    [['spells', 3, 2], ['working_age', 2, 1]]
    """
    rules = np.array([np.asarray(rule, dtype=bool) for rule in steps.values()])
    # the last step that an episode survives
    reached = np.cumprod(rules, axis=0).sum(axis=0)
    by = ["arm", "area"]
    rows = candidates[["person_id", *by]].assign(reached=reached)
    inside = rows["area"] != ""
    ended = [_ended(rows.assign(arm="all", area="")), _ended(rows.assign(area="")), _ended(rows[inside])]
    counts = pd.concat(ended)
    groups = sorted({("all", ""), *counts.index.droplevel("reached")})
    every = [(*group, step) for group in groups for step in range(len(steps) + 1)]
    left = counts.reindex(every, fill_value=0)[::-1].groupby(by).cumsum()[::-1]
    dropped = -left.groupby(by).diff().fillna(0).astype(np.int64)
    attrition = pd.DataFrame(every, columns=[*by, "step"]).assign(reason=[first, *steps] * len(groups))
    for counted in (left, dropped.add_prefix("dropped_")):
        attrition = attrition.join(counted.reset_index(drop=True))
    return candidates[reached == len(steps)].reset_index(drop=True), attrition


def _ended(rows: pd.DataFrame) -> pd.DataFrame:
    """Episodes, and persons with the longest-lived of theirs, by arm, area and the last step they survive."""
    by = ["arm", "area"]
    persons = rows.groupby([*by, "person_id"], observed=True, as_index=False)["reached"].max()
    tables = {"episodes": rows, "persons": persons}
    counts = {unit: t.groupby([*by, "reached"], observed=True).size() for unit, t in tables.items()}
    return pd.DataFrame(counts).fillna(0).astype(np.int64)
