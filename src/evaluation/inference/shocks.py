"""How much municipalities move for reasons of their own: shock variances with their uncertainty.

Model of the change of a municipality's outcome between the baseline and the follow-up window,

    change = common change + shock of its labour market area + shock of the municipality + sampling error,

with known sampling variance. The two shock variances are learnt from the comparison municipalities, from how
all municipalities moved between two windows before the start, and from what public statistics show of
municipalities' moves over many years.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from evaluation.registers.reference import FOLDER, reference

Array = NDArray[np.float64]

FEWEST_COMPARISONS = 5
SPREADS = 64  # grid points of the total shock's standard deviation
FARTHEST = 4.0  # the grid ends this many standard deviations of its logarithm from the prior's median
TOGETHER = 40_000  # numbers at a time: more leave the cache of a processor
# Quadrature over the ratio of shocks after and before the start.
NODES, NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(7)
SHARES = np.linspace(0, 1, 11)  # grid of the share that a labour market area's municipalities have in common
NOTHING_SHARED = 0.2  # prior probability that municipalities of a labour market area share no shock
PRIOR_EPISODES = 30  # a municipality's own variance counts as much as the pooled one at this many episodes


@dataclass(frozen=True)
class ShockPrior:
    """What is known of shocks before the register is seen (`reference("municipal_shocks")`).

    The total shock's standard deviation, in standard deviations of the outcome between episodes, is lognormal
    around ``median``. That between two windows before the start is smaller than that from the last of them
    to the time after it by a factor that is lognormal around ``ratio``. The default is deliberately vague.
    """

    median: float = 0.03
    log_sd: float = 1.0
    ratio: float = 1.25
    ratio_log_sd: float = 0.6


VAGUE = ShockPrior()


def shock_prior(folder: Path | str = FOLDER) -> ShockPrior:
    """What public statistics show of how far municipalities move by themselves, from the reference data."""
    fitted = reference("municipal_shocks", folder).set_index("parameter")["value"]
    return ShockPrior(**fitted.astype(float).to_dict())


@dataclass(frozen=True)
class ShockPosterior:
    """Plausible shock variances with their probabilities; one row a replicate or outcome.

    ``municipality`` and ``area`` hold variances on a grid (R × G), ``probability`` their posterior (R × G).
    """

    municipality: Array
    area: Array
    probability: Array

    def mean(self) -> tuple[Array, Array]:
        """Posterior means of the municipality's and the shared variance, each of length R."""
        return (
            (self.probability * self.municipality).sum(axis=1),
            (self.probability * self.area).sum(axis=1),
        )


def window_size(n_before: ArrayLike, n_after: ArrayLike) -> Array:
    """Episodes that both windows of a municipality together are worth: 1 / (1 / before + 1 / after)."""
    before, after = np.asarray(n_before, float), np.asarray(n_after, float)
    if empty := int(((before <= 0) | (after <= 0)).sum()):
        raise ValueError(f"changes: {empty} municipalities have no episodes in a window; drop them before")
    size: Array = 1 / (1 / before + 1 / after)
    return size


def smoothed_covariance(covariance: Array, size: Array) -> Array:
    """Steady the sampling covariance of small municipalities (M × k × k) by the pooled one.

    Five persons without a job have an estimated variance of zero, which would give them all the weight. The
    covariance per episode is therefore mixed with the one pooled over municipalities, the pooled one counting
    as much as ``PRIOR_EPISODES`` episodes.

    Examples
    --------
    >>> v = np.array([0.0, 0.25 / 50]).reshape(2, 1, 1)
    >>> bool(smoothed_covariance(v, np.array([1.0, 50.0]))[0, 0, 0] > 0.2)
    True
    """
    per_episode = covariance * size[:, None, None]
    pooled = np.einsum("m,mij->ij", size, per_episode) / size.sum()
    own = (size / (size + PRIOR_EPISODES))[:, None, None]
    return (own * per_episode + (1 - own) * pooled) / size[:, None, None]


def episode_variance(covariance: Array, size: Array) -> Array:
    """Pooled variance of each outcome between episodes, from the sampling covariance of changes (k)."""
    own = np.diagonal(covariance, axis1=1, axis2=2) * size[:, None]
    pooled: Array = size @ own / size.sum()
    return pooled


def shock_posterior(
    change: Array,
    variance: Array,
    *,
    scale: ArrayLike = 1.0,
    prior: ShockPrior = VAGUE,
    group: NDArray[np.intp] | None = None,
    earlier: tuple[Array, Array] | None = None,
) -> ShockPosterior:
    """Posterior of the shock variances among comparison municipalities.

    The restricted likelihood (the common change integrated out), of the changes and of the earlier ones,
    times a prior: lognormal for the total shock's standard deviation; with groups, the share of its variance
    that is common to a group is zero with probability 0.2 and else anything. Chosen by measured coverage, see
    ``docs/decisions/inference.md``. Integrating over this posterior instead of plugging in one estimate
    keeps the interval honest when the estimate is zero by chance (Gelman 2006, Bayesian Analysis 1(3); Morris
    and Tang 2011, Statistical Science 26(2)).

    `change` and `variance` (R × M) are the changes of M comparison municipalities and their sampling
    variances, R replicates or outcomes at once; `scale` (R) is the standard deviation of each outcome between
    episodes, the unit of the prior. `group` (M) is the labour market area of each municipality; without it no
    shared shock is estimated. `earlier` are changes between two windows before the start and their sampling
    variances (R × E); a row of missing values where there are none. Fewer than five municipalities, or
    sampling variances that are not positive, are refused.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> change = rng.normal(0, 0.05, (1, 200))
    >>> found = shock_posterior(change, np.full((1, 200), 0.04**2))
    >>> own, shared = found.mean()
    >>> bool(0.02 < own[0] ** 0.5 < 0.04), float(shared[0])
    (True, 0.0)
    """
    change = np.atleast_2d(change)
    variance = np.broadcast_to(np.atleast_2d(variance), change.shape)
    replicates, municipalities = change.shape
    if municipalities < FEWEST_COMPARISONS:
        raise ValueError(
            f"changes: {municipalities} comparison municipalities; {FEWEST_COMPARISONS} or more are needed "
            "to learn how much municipalities move by themselves; widen the comparison pool"
        )
    if not (variance > 0).all():
        raise ValueError(
            f"changes: {int((~(variance > 0)).sum())} sampling variances are not positive; the outcome is "
            "constant or missing there, so nothing can be inferred"
        )
    shares = SHARES if group is not None else np.zeros(1)
    member = np.eye(municipalities) if group is None else (group[:, None] == np.unique(group)).astype(float)
    middle = prior.median * np.broadcast_to(np.asarray(scale, dtype=float), replicates)
    reach = np.linspace(-FARTHEST, FARTHEST, SPREADS) * prior.log_sd
    spread = middle[:, None] * np.exp(reach)
    loglik = np.empty((replicates, SPREADS, len(shares)))
    few = max(1, TOGETHER // max(1, change.size))
    for first in range(0, SPREADS, few):
        total = spread[:, first : first + few, None] ** 2
        for j, share in enumerate(shares):
            loglik[:, first : first + few, j] = _restricted_loglik(
                change[:, None], variance[:, None] + (1 - share) * total, share * total,
                member if share > 0 else None,
            )  # fmt: skip
    loglik += -0.5 * (reach / prior.log_sd)[None, :, None] ** 2
    if earlier is not None:
        loglik += _earlier_loglik(spread, *earlier, prior=prior)[:, :, None]
    chance = np.ones(len(shares))
    if len(shares) > 1:
        chance[-1] = 0.5  # trapezoid rule
        chance[0] = chance[1:].sum() * NOTHING_SHARED / (1 - NOTHING_SHARED)
    weight = np.exp(loglik - loglik.max(axis=(1, 2), keepdims=True)) * chance
    weight /= weight.sum(axis=(1, 2), keepdims=True)
    total = (spread**2)[:, :, None]
    flat = (replicates, SPREADS * len(shares))
    return ShockPosterior(
        (total * (1 - shares)).reshape(flat), (total * shares).reshape(flat), weight.reshape(flat)
    )


def _earlier_loglik(spread: Array, change: Array, variance: Array, *, prior: ShockPrior) -> Array:
    """Log likelihood of earlier changes at each later spread, the ratio of the two integrated out."""
    found = np.zeros_like(spread)
    known = np.isfinite(change).all(axis=1)
    change, variance = change[known], variance[known]
    ratio = prior.ratio * np.exp(prior.ratio_log_sd * NODES)
    each = np.empty((len(NODES), *spread[known].shape))
    before = spread[known][:, :, None] / ratio
    few = max(1, TOGETHER // max(1, change.size * len(ratio)))
    for first in range(0, spread.shape[1], few):
        total = variance[:, None, None] + before[:, first : first + few, :, None] ** 2
        loglik = _restricted_loglik(change[:, None, None], total, np.zeros(1), None)
        each[:, :, first : first + few] = np.moveaxis(loglik, -1, 0)
    found[known] = logsumexp(each, axis=0, b=NODE_WEIGHTS[:, None, None] / NODE_WEIGHTS.sum())
    return found


def _restricted_loglik(change: Array, variance: Array, shared: Array, member: Array | None) -> Array:
    """Restricted log likelihood per replicate for independent variances plus one shared within groups."""
    precision = 1 / variance
    weighted = precision * change
    ones, linear = precision.sum(axis=-1), weighted.sum(axis=-1)
    square = (precision * change**2).sum(axis=-1)
    log_det = -np.log(precision).sum(axis=-1)
    if member is not None:  # Woodbury: one rank-one update per group
        group_ones, group_linear = precision @ member, weighted @ member
        factor = shared / (1 + shared * group_ones)
        square = square - (factor * group_linear**2).sum(axis=-1)
        linear = linear - (factor * group_linear * group_ones).sum(axis=-1)
        ones = ones - (factor * group_ones**2).sum(axis=-1)
        log_det = log_det + np.log1p(shared * group_ones).sum(axis=-1)
    result: Array = -0.5 * (log_det + np.log(ones) + square - linear**2 / ones)
    return result
