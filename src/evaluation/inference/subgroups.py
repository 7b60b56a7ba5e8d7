"""Whether an effect differs between groups of persons who live in the same municipalities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from typing import Unpack

import numpy as np
import pandas as pd
from scipy import stats

from evaluation.effects.differences import MunicipalChanges
from evaluation.inference.contrasts import Shocks
from evaluation.inference.placebo_areas import area_covariance


def groups_differ(
    changes: Sequence[MunicipalChanges],
    *,
    outcome: str,
    **shocks: Unpack[Shocks],
) -> float:
    """P-value of the joint test that the effect is the same in all groups of persons.

    Each group's change less that of the first group, municipality by municipality, so that shocks which all
    groups of a municipality share cancel; then the F test with the covariance of placebo areas.

    `changes` are those of each group of persons, `shocks` as for `placebo_areas`. Missing with fewer than two
    groups, or where their municipalities in common are too few.
    """
    if len(changes) < 2:
        return np.nan
    try:
        gaps = differences_from_first(changes, outcome=outcome)
        found = area_covariance(gaps, **shocks)
    except ValueError:
        return np.nan
    count = len(found.estimate)
    statistic = found.estimate @ np.linalg.solve(found.covariance, found.estimate) / count
    return float(stats.f.sf(statistic, count, found.df))


def differences_from_first(changes: Sequence[MunicipalChanges], *, outcome: str) -> MunicipalChanges:
    """Changes of every further group less those of the first, in the municipalities that all have.

    Persons of different groups are different persons: only the first group's error is shared.
    """
    shared = reduce(np.intersect1d, [one.municipality.astype(str) for one in changes])
    place = [pd.Index(one.municipality.astype(str)).get_indexer(shared) for one in changes]
    groups = [(one, rows, one.outcomes.index(outcome)) for one, rows in zip(changes, place, strict=True)]
    change = np.stack([one.change[rows, column] for one, rows, column in groups])
    error = np.stack([one.sampling_covariance[rows, column, column] for one, rows, column in groups])
    return replace(
        changes[0],
        outcomes=tuple(str(number) for number in range(1, len(changes))),
        municipality=shared.astype(object),
        treated=changes[0].treated[place[0]],
        change=(change[1:] - change[0]).T,
        sampling_covariance=error[0][:, None, None]
        + np.einsum("gm,gh->mgh", error[1:], np.eye(len(changes) - 1)),
        n_before=np.min([one.n_before[rows] for one, rows, _ in groups], axis=0),
        n_after=np.min([one.n_after[rows] for one, rows, _ in groups], axis=0),
        weight=np.mean([one.weight[rows] for one, rows, _ in groups], axis=0),
    )
