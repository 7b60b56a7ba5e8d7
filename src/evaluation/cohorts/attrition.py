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
    groups, members = _groups(candidates)
    shape = len(groups), len(steps) + 1
    person = candidates["person_id"].to_numpy()
    ended = np.sum([_ended(person, group, reached, shape) for group in members], axis=0)
    left = np.cumsum(ended[:, :, ::-1], axis=2)[:, :, ::-1]
    dropped = -np.diff(left, axis=2, prepend=left[:, :, :1])
    every = [(*group, step) for group in groups for step in range(shape[1])]
    attrition = pd.DataFrame(every, columns=["arm", "area", "step"])
    attrition = attrition.assign(reason=[first, *steps] * len(groups))
    for name, counts in {"": left, "dropped_": dropped}.items():
        for unit, counted in zip(("episodes", "persons"), counts, strict=True):
            attrition[name + unit] = counted.ravel()
    return candidates[reached == len(steps)].reset_index(drop=True), attrition


def _groups(candidates: pd.DataFrame) -> tuple[list[tuple[str, str]], list[np.ndarray]]:
    """Everybody, arms and areas in order, and the place of each candidate's, -1 where it has no area."""
    each = candidates.groupby(["arm", "area"], observed=True)
    pairs, pair = each.size().index.tolist(), each.ngroup().fillna(-1).to_numpy(dtype=np.int64)
    groups = sorted({("all", ""), *((arm, "") for arm, _ in pairs), *pairs})
    at = {group: place for place, group in enumerate(groups)}
    of_arm = np.array([*(at[arm, ""] for arm, _ in pairs), -1])
    of_area = np.array([*(at[arm, area] if area else -1 for arm, area in pairs), -1])
    return groups, [np.full(len(pair), at["all", ""]), of_arm[pair], of_area[pair]]


def _ended(person: np.ndarray, group: np.ndarray, reached: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Episodes, and persons with the longest-lived of theirs, by group and the last step they survive."""
    inside, (groups, width) = group >= 0, shape
    # sorted by person, group and step: the last of a person's in a group is the one that lives longest
    cell = np.sort((person[inside].astype(np.int64) * groups + group[inside]) * width + reached[inside])
    own = cell // width
    last = np.append(own[1:] != own[:-1], True)[: len(own)]
    cells = groups * width
    counts = [np.bincount(some % cells, minlength=cells) for some in (cell, cell[last])]
    return np.reshape(counts, (2, *shape))
