"""Inference for one area with few municipalities: placebo areas, joint covariance, multiplicity.

With one treated municipality the usual clustered standard error sees no variation among the treated at all
and rejects a true null most of the time. Here the spread comes from the comparison municipalities: how far
did they move without any pilot, beyond what their sampling error explains? See
``docs/decisions/inference.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.effects.differences import MunicipalChanges
from evaluation.inference.contrasts import Contrast, Shocks, contrast
from evaluation.inference.shocks import Array

PLACEBO = (
    "placebo areas rescaled to the area's size, shock variance integrated out; interval by test inversion"
)
MOST_DF = 1000.0


@dataclass(frozen=True)
class AreaInference:
    """Joint inference for k outcomes of one area: use ``covariance`` with a t distribution on ``df``."""

    estimate: Array
    covariance: Array
    df: float


def placebo_noise(pieces: Contrast, *, draws: int, seed: int) -> Array:
    """Draw what the estimate could have been without any effect, from placebo areas.

    One draw: shock variances from their posterior; as many comparison municipalities as the area has, with
    their studentised residuals rescaled to the area's own sampling error and those shocks; one common
    residual for the labour market area; and the noise of the comparison mean. Outcomes share the drawn
    municipalities, so draws (draws × k) keep the correlation between outcomes.
    """
    k, comparisons = pieces.residual.shape
    members = len(pieces.treated_weight)
    chance, place, drawn, flips = _draws(draws, members, comparisons, seed)
    cumulative = np.cumsum(pieces.posterior.probability, axis=1)
    variance = pieces.grid_variance
    noise = np.empty((draws, k))
    for j in range(k):  # outcomes, not replicates
        at = np.minimum(np.searchsorted(cumulative[j], chance)[place], cumulative.shape[1] - 1)
        own, shared = pieces.posterior.municipality[j, at], pieces.posterior.area[j, at]
        residual = np.r_[pieces.residual[j], -pieces.residual[j]].take(drawn)
        # a row for each point of the grid: there are far fewer of them than draws
        spread = np.sqrt(pieces.treated_variance[j] + pieces.posterior.municipality[j][:, None])
        spread = spread.take(at, axis=0)
        inside = (residual[:, :members] * spread) @ pieces.treated_weight + residual[:, members] * np.sqrt(
            shared * pieces.treated_loading
        )
        part = pieces.comparison_weight * pieces.scale[j] * pieces.residual[j]
        outside = flips @ part / np.sqrt((part**2).sum())
        inside_variance = (
            pieces.treated_variance[j] @ pieces.treated_weight**2
            + own * (pieces.treated_weight**2).sum()
            + shared * pieces.treated_loading
        )
        total = variance[j, at]
        noise[:, j] = inside + outside * np.sqrt(np.maximum(total - inside_variance, 0))
    return noise


@lru_cache(maxsize=4)  # the variants of one area draw the same
def _draws(draws: int, members: int, comparisons: int, seed: int) -> tuple[NDArray[Any], ...]:
    """Chances in order and the place of each draw among them (found faster), municipalities, flips.

    A municipality that is drawn with its sign turned has its number plus that of all comparisons.
    """
    rng = np.random.default_rng(seed)
    chance = rng.random(draws)
    drawn = rng.integers(comparisons, size=(draws, members + 1))
    turned = rng.choice([-1.0, 1.0], size=(draws, members + 1)) < 0
    flips = rng.choice([-1.0, 1.0], size=(draws, comparisons))
    order = np.argsort(chance)
    return chance[order], np.argsort(order), drawn + comparisons * turned, flips


def placebo_areas(
    changes: MunicipalChanges,
    *,
    outcomes: Sequence[str] | None = None,
    level: float = 0.95,
    draws: int = 4_999,
    seed: int,
    **shocks: Unpack[Shocks],
) -> pd.DataFrame:
    """Effect on one area with interval and p-value from placebo areas.

    `changes` are those of the area and its comparison, of all `outcomes` by default; `shocks` say
    what is known of how municipalities move, see :func:`evaluation.inference.contrasts.contrast`. The
    smallest possible p-value is 1 / (draws + 1); too few draws for an interval are refused.

    Beside the tidy columns (units of the outcome) each row has comparison_se, the part of std_error that
    stems from the comparison mean, which areas share. The statistic is a shift, so inverting the test gives
    estimate ± the quantile of the absolute placebo noise.

    Source: Conley and Taber (2011), Review of Economics and Statistics 93(1); Ferman and Pinto (2019), ibid.
    101(3).

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> rng = np.random.default_rng(3)
    >>> n, treated = np.full(60, 500), np.arange(60) < 2
    >>> changes = SimpleNamespace(
    ...     outcomes=("work",), municipality=np.arange(60).astype(str), treated=treated,
    ...     change=(rng.normal(0, 0.03, 60) + 0.2 * treated)[:, None],
    ...     sampling_covariance=np.full((60, 1, 1), 0.03**2), n_before=n, n_after=n, weight=n / 1.0)
    >>> row = placebo_areas(changes, seed=1).iloc[0]
    >>> bool(row["ci_low"] < 0.2 < row["ci_high"]), bool(row["p_value"] < 0.01)
    (True, True)
    """
    return placebo_rows(contrast(changes, outcomes=outcomes, **shocks), level=level, draws=draws, seed=seed)


def placebo_rows(pieces: Contrast, *, level: float = 0.95, draws: int = 4_999, seed: int) -> pd.DataFrame:
    """The rows of :func:`placebo_areas` from the pieces of its contrast."""
    if not 0 < level < 1 or np.ceil((draws + 1) * level) > draws:
        raise ValueError(f"placebo_areas: {draws} draws cannot give a {level:.0%} interval; draw more")
    noise = np.abs(placebo_noise(pieces, draws=draws, seed=seed))
    last = int(np.ceil((draws + 1) * level)) - 1
    half = np.partition(noise, last, axis=0)[last]
    return pd.DataFrame(
        {
            "outcome": pieces.outcomes,
            "estimate": pieces.estimate,
            "std_error": np.sqrt((pieces.posterior.probability * pieces.grid_variance).sum(axis=1)),
            "ci_low": pieces.estimate - half,
            "ci_high": pieces.estimate + half,
            "p_value": (1 + (noise >= np.abs(pieces.estimate)).sum(axis=0)) / (draws + 1),
            "comparison_se": _comparison_error(pieces),
            "method": PLACEBO,
        }
    )


def _comparison_error(pieces: Contrast) -> Array:
    """Standard error of the comparison side alone: the part that areas with the same comparison share."""
    own, shared = pieces.posterior.mean()
    square = pieces.comparison_weight**2
    sampling = np.diagonal(pieces.comparison_covariance, axis1=1, axis2=2).T @ square
    return np.asarray(
        np.sqrt(sampling + own * square.sum() + shared * (pieces.shared_loading - pieces.treated_loading))
    )


def area_covariance(
    changes: MunicipalChanges,
    *,
    outcomes: Sequence[str] | None = None,
    **shocks: Unpack[Shocks],
) -> AreaInference:
    """Joint covariance of several effects on one area, shocks included.

    For cost and effect together. The variance of each outcome is that of the placebo areas; shocks of two
    outcomes correlate as the comparison municipalities' changes do beyond sampling error. ``covariance`` is
    the scale matrix of a t distribution on ``df`` degrees of freedom, which stand for not knowing the shock
    variance.

    The input is that of :func:`placebo_areas`.
    """
    return joint_inference(contrast(changes, outcomes=outcomes, **shocks))


def joint_inference(pieces: Contrast) -> AreaInference:
    """What :func:`area_covariance` says, from the pieces of its contrast."""
    expected, each = t_reference(pieces)
    df = float(each.min())
    covariance = np.einsum("m,mij->ij", pieces.treated_weight**2, pieces.treated_covariance)
    covariance += np.einsum("m,mij->ij", pieces.comparison_weight**2, pieces.comparison_covariance)
    between = np.sqrt(np.maximum(expected - pieces.sampling_variance, 0))
    covariance += _shock_correlation(pieces) * np.outer(between, between)
    return AreaInference(pieces.estimate, covariance * (df - 2) / df, df)


def t_reference(pieces: Contrast) -> tuple[Array, Array]:
    """Expected variance of each estimate and the degrees of freedom that its uncertainty is worth (k, k).

    A t distribution is a normal one whose variance is inverse chi-squared: mean and spread are matched.
    """
    probability, grid = pieces.posterior.probability, pieces.grid_variance
    expected = (probability * grid).sum(axis=1)
    spread = (probability * (grid - expected[:, None]) ** 2).sum(axis=1)
    return expected, np.minimum(MOST_DF, 4 + 2 * expected**2 / np.maximum(spread, 1e-300))


def _shock_correlation(pieces: Contrast) -> Array:
    """Correlation of shocks between outcomes: cross moments beyond sampling error, made a valid matrix."""
    own, shared = pieces.posterior.mean()
    residual = pieces.residual * pieces.scale
    reliability = (own + shared)[:, None] / pieces.scale**2
    moments = (reliability * residual) @ (reliability * residual).T
    sampling = np.einsum("im,jm,mij->ij", reliability, reliability, pieces.comparison_covariance)
    moments -= sampling
    floor = 0.05 * np.diag(sampling) + 1e-300
    size = np.sqrt(np.maximum(np.diag(moments), floor))
    correlation = np.clip(moments / np.outer(size, size), -1, 1)
    np.fill_diagonal(correlation, 1)
    values, vectors = np.linalg.eigh(correlation)
    correlation = (vectors * np.maximum(values, 0)) @ vectors.T
    size = np.sqrt(np.maximum(np.diag(correlation), 1e-12))
    result: Array = correlation / np.outer(size, size)
    return result
