"""One area against its comparison municipalities: the estimate and all that its noise is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.effects.differences import MunicipalChanges
from evaluation.inference.shocks import (
    VAGUE,
    Array,
    ShockPosterior,
    ShockPrior,
    episode_variance,
    shock_posterior,
    smoothed_covariance,
    window_size,
)


class Shocks(TypedDict, total=False):
    """What is known of how municipalities move: the last arguments of :func:`contrast`."""

    groups: pd.Series | None
    areas: pd.Series | None
    earlier: MunicipalChanges | None
    prior: ShockPrior


@dataclass(frozen=True)
class Contrast:
    """Treated minus comparison change of k outcomes, and everything its noise is made of.

    ``scale`` and ``residual`` belong to comparison municipalities (k × M₀): expected standard deviation and
    studentised residual; ``grid_variance`` (k × G) is the variance of the estimate at each shock variance.
    """

    outcomes: tuple[str, ...]
    estimate: Array  # k
    treated_weight: Array  # T
    treated_variance: Array  # k × T
    comparison_weight: Array  # M₀
    comparison_covariance: Array  # M₀ × k × k
    treated_covariance: Array  # T × k × k
    residual: Array
    scale: Array
    posterior: ShockPosterior
    sampling_variance: Array  # k: of treated and comparison side together
    own_loading: float  # sum of squared weights, both sides
    treated_loading: float  # sum of squared weights of the treated labour market areas: 1 for one area
    shared_loading: float  # that plus the same sum over comparison groups

    @property
    def grid_variance(self) -> Array:
        """Variance of each estimate at every grid point of the shock variances (k × G)."""
        return (
            self.sampling_variance[:, None]
            + self.posterior.municipality * self.own_loading
            + self.posterior.area * self.shared_loading
        )


def contrast(
    changes: MunicipalChanges,
    *,
    outcomes: Sequence[str] | None = None,
    groups: pd.Series | None = None,
    areas: pd.Series | None = None,
    earlier: MunicipalChanges | None = None,
    prior: ShockPrior = VAGUE,
) -> Contrast:
    """Gather estimate and noise model of one area against its comparison municipalities.

    `groups` holds the labour market area (subregion, say) by municipality code; without it municipalities are
    taken to move independently, which is too hopeful for areas of many municipalities. `areas` holds the
    pilot area by municipality code, for several areas at once; by default all treated are one area, whose
    municipalities share one shock. `earlier` holds the changes of all municipalities, treated ones too,
    between two windows before the start: they tell how far municipalities move; outcomes that it does not
    have go without.

    Refused where nothing is treated, fewer than five comparison municipalities remain, an outcome is unknown,
    constant or not finite, or a municipality has no group.
    """
    names = list(changes.outcomes)
    wanted = names if outcomes is None else list(outcomes)
    if unknown := [name for name in wanted if name not in names]:
        raise ValueError(f"changes: no outcome {unknown}; known are {names}")
    column = [names.index(name) for name in wanted]
    code = np.asarray(changes.municipality, dtype=str)
    order = np.argsort(code, kind="stable")  # rows may come in any order
    code, treated = code[order], changes.treated[order]
    if not treated.any():
        raise ValueError("changes: no municipality is treated; check the area of the design")
    change = changes.change[order][:, column]
    if not np.isfinite(change).all():
        bad = int((~np.isfinite(change)).any(axis=1).sum())
        raise ValueError(f"changes.change: {bad} municipalities have a missing change; drop them before")
    size = window_size(changes.n_before[order], changes.n_after[order])
    covariance = smoothed_covariance(changes.sampling_covariance[order][:, column][:, :, column], size)
    weight = changes.weight[order]
    weight = weight / np.where(treated, weight[treated].sum(), weight[~treated].sum())
    group = None if groups is None else _labels(groups, code[~treated], "groups")
    one = np.zeros(int(treated.sum()), dtype=np.intp)
    area = one if areas is None else _labels(areas, code[treated], "areas")
    variance = np.diagonal(covariance, axis1=1, axis2=2).T
    comparison = change[~treated].T
    posterior = shock_posterior(
        comparison,
        variance[:, ~treated],
        scale=np.sqrt(episode_variance(covariance, size)),
        prior=prior,
        group=group,
        earlier=None if earlier is None else _moves_before(earlier, wanted),
    )
    own, shared = posterior.mean()
    scale = np.sqrt(variance[:, ~treated] + (own + shared)[:, None])
    precision = scale**-2
    centre = (precision * comparison).sum(axis=1) / precision.sum(axis=1)
    residual = (comparison - centre[:, None]) / scale
    spread = np.sqrt((residual**2).mean(axis=1, keepdims=True))
    # an outcome in which no municipality moved, such as of the window before itself, has no interval
    residual = np.divide(residual, spread, out=np.full_like(residual, np.nan), where=spread > 0)
    inside, outside = weight[treated], weight[~treated]
    group_weight = outside if group is None else np.bincount(group, outside)
    treated_loading = float((np.bincount(area, inside) ** 2).sum())
    return Contrast(
        outcomes=tuple(wanted),
        estimate=change[treated].T @ inside - comparison @ outside,
        treated_weight=inside,
        treated_variance=variance[:, treated],
        comparison_weight=outside,
        comparison_covariance=covariance[~treated],
        treated_covariance=covariance[treated],
        residual=residual,
        scale=scale,
        posterior=posterior,
        sampling_variance=variance[:, treated] @ inside**2 + variance[:, ~treated] @ outside**2,
        own_loading=float((weight**2).sum()),
        treated_loading=treated_loading,
        shared_loading=treated_loading + float((group_weight**2).sum()),
    )


def _moves_before(earlier: MunicipalChanges, outcomes: Sequence[str]) -> tuple[Array, Array]:
    """Changes between two windows before the start (k × E) and their sampling variances."""
    size = window_size(earlier.n_before, earlier.n_after)
    column = [earlier.outcomes.index(name) if name in earlier.outcomes else -1 for name in outcomes]
    here = np.array(column) >= 0
    own = np.ascontiguousarray(np.diagonal(earlier.sampling_covariance, axis1=1, axis2=2))
    variance = smoothed_covariance(own[:, :, None], size)[:, column, 0].T
    change = np.where(here, earlier.change[:, column], np.nan).T
    return change, variance


def _labels(series: pd.Series, codes: NDArray[np.str_], name: str) -> NDArray[np.intp]:
    """Running number of the group of each municipality; refuses municipalities without one."""
    labels = series.reindex(codes)
    if labels.isna().any():
        raise ValueError(
            f"{name}: {int(labels.isna().sum())} municipalities have no group; complete the series"
        )
    return np.asarray(pd.factorize(labels, sort=True)[0], dtype=np.intp)
