"""Least squares, logistic regression and covariate tilting on arrays, each with what inference needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evaluation.effects.covariates import FloatArray

IntArray = NDArray[np.intp]
MOST_ITERATIONS = 100
PENALTY = 1e-4  # of standardised coefficients where arms are told apart for sure: a prior of a hundred
NEXT_TO_NOTHING = 7.0  # log odds below those of the whole sample


@dataclass(frozen=True)
class LeastSquares:
    """Weighted least squares on one matrix, for any outcomes."""

    root: FloatArray  # n × 1, of the weights
    left: FloatArray  # n × p, of the singular value decomposition
    back: FloatArray  # p × p, from it to coefficients
    scale: FloatArray  # p
    gram_inverse: FloatArray  # p × p, inverse of Σ w x x'
    rank: int

    def coefficients(self, y: FloatArray) -> FloatArray:
        """Coefficients (p × k) of outcomes (n × k)."""
        return self.back @ (self.left.T @ (self.root * y)) / self.scale[:, None]


@dataclass(frozen=True)
class OddsFit:
    """A fit of the odds of treatment exp(x'b), by maximum likelihood or by tilting."""

    coefficients: FloatArray  # p
    index: FloatArray  # n, x'b
    information_inverse: FloatArray  # p × p, inverse of the information per row

    @property
    def probability(self) -> FloatArray:
        """Probability of treatment per row."""
        return _expit(self.index)


def _expit(values: FloatArray) -> FloatArray:
    return np.exp(-np.logaddexp(0.0, -values))


def least_squares(x: FloatArray, *, weights: FloatArray) -> LeastSquares:
    """Weighted least squares on x (n × p, with a constant where one is wanted).

    A matrix short of rank gets the smallest coefficients that fit.

    Examples
    --------
    >>> x = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
    >>> fit = least_squares(x, weights=np.ones(3))
    >>> fit.coefficients(np.array([[1.0], [3.0], [5.0]])).ravel().round(6).tolist()
    [1.0, 2.0]
    """
    scale = np.sqrt((weights[:, None] * x**2).sum(axis=0) / max(weights.sum(), 1e-300))
    scale[scale == 0] = 1.0
    root = np.sqrt(weights)[:, None]
    u, s, vt = np.linalg.svd(root * (x / scale), full_matrices=False)
    held = s > s.max(initial=0.0) * 1e-10
    inverse = np.where(held, 1.0 / np.where(held, s, 1.0), 0.0)
    gram = (vt.T * inverse**2) @ vt / np.outer(scale, scale)
    return LeastSquares(root, u, vt.T * inverse, scale, gram, int(held.sum()))


def sum_by(values: FloatArray, codes: IntArray, groups: int) -> FloatArray:
    """Sum the rows of a matrix within groups: groups × columns."""
    out = np.zeros((groups, values.shape[1]))
    # small numbers are sorted by counting them
    present, sums = sum_present(values, codes.astype(np.int16) if groups < 2**15 else codes)
    out[present] = sums
    return out


def sum_present(values: FloatArray, codes: IntArray) -> tuple[IntArray, FloatArray]:
    """The groups that are there, in order, and the sums of the rows of a matrix within each."""
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=ordered[:1] - 1))
    return ordered[starts], np.add.reduceat(values.take(order, axis=0), starts, axis=0)


def standardiser(x: FloatArray, weights: FloatArray) -> FloatArray:
    """Matrix A with x @ A centred and scaled but for the constant in column 0."""
    mean = np.average(x, axis=0, weights=weights)
    spread = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=weights))
    spread[spread == 0] = 1.0
    a = np.diag(1.0 / spread)
    a[0] = -mean / spread
    a[0, 0] = 1.0
    return a


def odds_fit(
    x: FloatArray,
    d: FloatArray,
    *,
    weights: FloatArray | None = None,
    kind: Literal["likelihood", "tilting"] = "likelihood",
    what: str = "propensity score",
) -> OddsFit:
    """Fit the odds of treatment by Newton's method, to the last digit or not at all.

    ``likelihood`` is logistic regression. ``tilting`` chooses exp(x'b) so that the untreated, so weighted,
    have exactly the covariate totals of the treated (entropy balancing in its dual form).

    Column 0 of x (n × p) is the constant, d (n) is 1 for treated rows; `what` names the fit in messages.
    Refused where no finite solution exists: covariates separate the arms, or, for tilting, the treated lie
    outside what any weighting of the untreated can reach.

    Source: Hainmueller (2012), entropy balancing; Graham, Pinto & Egel (2012), tilting.

    Examples
    --------
    >>> x = np.ones((4, 1)); d = np.array([1.0, 0, 0, 0])
    >>> float(odds_fit(x, d).probability[0].round(6))
    0.25
    """
    w = np.ones(len(x)) if weights is None else weights
    share = float((w * d).sum() / w.sum())
    if not 0 < share < 1:
        raise ValueError(f"{what}: {int((d > 0).sum())} treated among {len(x)} rows; both arms are needed")
    if found := _newton(x, d, w, kind=kind):
        return found
    # Some rows are told apart for sure, such as a combination of levels that only one arm has: a weak prior
    # keeps the coefficients finite and gives them odds next to nothing.
    steady = _newton(x, d, w, kind="likelihood", penalty=PENALTY / len(x))
    if steady and steady.index[d > 0].min() <= steady.index[d == 0].max():
        if kind == "likelihood":
            return steady
        far = (d == 0) & (steady.index < np.log(share / (1 - share)) - NEXT_TO_NOTHING)
        # without those rows some columns may say the same: the least penalty chooses between them
        if far.any() and (found := _newton(x, d, w * ~far, kind=kind, penalty=1e-9)):
            return OddsFit(found.coefficients, np.where(far, -np.inf, found.index), found.information_inverse)
    raise ValueError(
        f"{what}: no finite fit for {int((d > 0).sum())} treated and {int((d == 0).sum())} comparison rows; "
        "covariates separate the arms. Drop or coarsen the covariate in which they do not overlap, "
        "or widen the comparison pool"
    )


def _newton(
    x: FloatArray,
    d: FloatArray,
    w: FloatArray,
    *,
    kind: Literal["likelihood", "tilting"],
    penalty: float = 0.0,
) -> OddsFit | None:
    """The fit to the last digit, or nothing; `penalty` holds standardised coefficients back."""
    n = len(x)
    a = standardiser(x, w)
    z = x @ a
    share = float((w * d).sum() / w.sum())
    b = np.zeros(z.shape[1])
    b[0] = np.log(share / (1 - share))
    held = penalty * np.r_[0.0, np.ones(len(b) - 1)]

    def at(coefficients: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Loss, index, and what is dear to work out: log(1 + exp(-|index|)), or exp(index) of a tilting."""
        index = z @ coefficients
        if kind == "likelihood":
            dear = np.logaddexp(0.0, -np.abs(index))
            terms = w * (np.maximum(index, 0.0) + dear - d * index)
        else:
            with np.errstate(over="ignore"):
                dear = np.exp(index)
                terms = w * ((1 - d) * dear - d * index)
        return float(terms.mean() + 0.5 * held @ coefficients**2), index, dear

    current, index, dear = at(b)
    for _ in range(MOST_ITERATIONS):
        if kind == "likelihood":
            p = np.exp(-(np.maximum(-index, 0.0) + dear))
            gradient, curvature = w * (p - d), w * p * (1 - p)
        else:
            tilt = w * (1 - d) * dear
            gradient, curvature = tilt - w * d, tilt
        score = z.T @ gradient / n + held * b
        information = (z * curvature[:, None]).T @ z / n + np.diag(held)
        values, vectors = np.linalg.eigh(information)
        if values[0] <= 1e-14 * max(values[-1], 1e-300):
            return None
        step = vectors @ ((vectors.T @ score) / values)
        size, trial = 1.0, at(b - step)
        while not trial[0] <= current + 1e-13 * (1 + abs(current)) and size > 1e-6:
            size /= 2
            trial = at(b - size * step)
        b, (current, index, dear) = b - size * step, trial
        if np.abs(step).max() < 1e-8 and size == 1.0:
            inverse = vectors @ (vectors.T / values[:, None])
            return OddsFit(a @ b, index, a @ inverse @ a.T)
        if np.abs(b).max() > 1e3:
            return None
    return None
