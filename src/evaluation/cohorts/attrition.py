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
    rules = [np.ones(len(candidates), dtype=bool), *(np.asarray(rule, dtype=bool) for rule in steps.values())]
    # the last step that an episode survives; a person is left as long as the longest-lived episode is
    reached = np.cumprod(np.array(rules), axis=0).sum(axis=0) - 1
    rows = pd.DataFrame(
        {
            "person_id": candidates["person_id"].to_numpy(),
            "arm": pd.Categorical(candidates["arm"]),
            "area": pd.Categorical(candidates["area"] if "area" in candidates else [""] * len(candidates)),
            "reached": reached,
        }
    )
    counts = [_counts(rows, [], first, list(steps)), _counts(rows, ["arm"], first, list(steps))]
    counts.append(_counts(rows[rows["area"] != ""], ["arm", "area"], first, list(steps)))
    attrition = pd.concat(counts, ignore_index=True).astype({"arm": "str", "area": "str"})
    return (
        candidates[reached == len(steps)].reset_index(drop=True),
        attrition.sort_values(["arm", "area", "step"], kind="stable", ignore_index=True),
    )


def _counts(rows: pd.DataFrame, by: list[str], first: str, reasons: list[str]) -> pd.DataFrame:
    """Episodes and persons left after each step, in each group of rows."""
    size = len(reasons) + 1
    if by:
        grouped = rows.groupby(by, observed=True)
        number, names = grouped.ngroup().to_numpy(), grouped.size().index.to_frame(index=False)
    else:
        number, names = np.zeros(len(rows), dtype=np.int64), pd.DataFrame({"arm": ["all"]})
    who, people = pd.factorize(rows["person_id"].to_numpy())
    longest = np.full(len(names) * len(people), -1)  # group after group; -1: not in the group
    np.maximum.at(longest, number * len(people) + who, rows["reached"].to_numpy())
    met = np.flatnonzero(longest >= 0)

    def left(group: np.ndarray, last: np.ndarray) -> np.ndarray:
        ended = np.bincount(group * size + last, minlength=len(names) * size).reshape(-1, size)
        return np.cumsum(ended[:, ::-1], axis=1)[:, ::-1]

    episodes = left(number, rows["reached"].to_numpy())
    persons = left(met // max(len(people), 1), longest[met])
    out = names.loc[names.index.repeat(size)].reset_index(drop=True).assign(area=lambda t: t.get("area", ""))
    return out[["arm", "area"]].assign(
        step=np.tile(np.arange(size), len(names)),
        reason=[first, *reasons] * len(names),
        episodes=episodes.ravel(),
        persons=persons.ravel(),
        dropped_episodes=-np.diff(episodes, axis=1, prepend=episodes[:, :1]).ravel(),
        dropped_persons=-np.diff(persons, axis=1, prepend=persons[:, :1]).ravel(),
    )
