"""Cost and effect together: one joint estimate, then the plane, the ratio, net benefit and acceptability.

Effect: months in open-market employment. Cost: net public euros of one perspective. Both come from the same
design, the same weights and the same influence values, so their covariance is known and nothing is a ratio of
separate analyses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from evaluation.fieller import FiellerSet, fieller


@dataclass(frozen=True)
class Joint:
    """Difference in cost and in effect with their covariance.

    Attributes
    ----------
    delta_cost, delta_effect : float
        Euros and months (or any other unit of effect).
    covariance : numpy.ndarray, shape (2, 2)
        Cost first.
    df : float
        Degrees of freedom of t quantiles; infinite for normal ones.
    method : str
        How the covariance was obtained.
    parts : tuple of (numpy.ndarray, int)
        Covariance of the means and size of each independent arm, where there are arms: Welch's degrees of
        freedom then depend on the combination.
    """

    delta_cost: float
    delta_effect: float
    covariance: np.ndarray
    df: float = np.inf
    method: str = ""
    parts: tuple[tuple[np.ndarray, int], ...] = ()

    @property
    def correlation(self) -> float:
        """Correlation of the two differences."""
        return float(self.covariance[0, 1] / np.sqrt(self.covariance[0, 0] * self.covariance[1, 1]))

    def fieller(self, *, level: float = 0.95) -> FiellerSet:
        """Fieller's set of cost per unit of effect."""
        return fieller(self.delta_cost, self.delta_effect, self.covariance, level=level, df=self.df)

    def draws(self, count: int, *, seed: int) -> np.ndarray:
        """Paired draws (count × 2, cost first) from the multivariate t (normal where df is infinite)."""
        rng = np.random.default_rng(seed)
        scale = np.sqrt(self.df / rng.chisquare(self.df, count)) if np.isfinite(self.df) else np.ones(count)
        root = np.linalg.cholesky(self.covariance + 1e-12 * np.diag(np.diag(self.covariance)))
        noise = rng.standard_normal((count, 2)) @ root.T
        return np.array([self.delta_cost, self.delta_effect]) + noise * scale[:, None]


def two_arm(data: pd.DataFrame, *, cost: str, effect: str, arm: str) -> Joint:
    """Joint estimate of two independent arms: differences of means, arm 1 minus arm 0.

    Examples
    --------
    >>> frame = pd.DataFrame({"arm": [0, 0, 1, 1], "c": [0.0, 2.0, 3.0, 5.0], "e": [1.0, 3.0, 2.0, 4.0]})
    >>> found = two_arm(frame, cost="c", effect="e", arm="arm")
    >>> found.delta_cost, found.delta_effect
    (3.0, 1.0)
    """
    chosen = data[[cost, effect]]
    parts, means = [], []
    for value in (0, 1):
        rows = chosen.loc[data[arm] == value].to_numpy(dtype=float)
        if len(rows) < 2:
            raise ValueError(f"{arm}: {len(rows)} rows have the value {value}; two or more are needed")
        parts.append((np.cov(rows.T) / len(rows), len(rows)))
        means.append(rows.mean(axis=0))
    delta = means[1] - means[0]
    return Joint(
        float(delta[0]),
        float(delta[1]),
        parts[0][0] + parts[1][0],
        method="independent arms",
        parts=tuple(parts),
    )


def from_influence(
    estimates: pd.Series,
    influence: pd.DataFrame,
    *,
    cost: str,
    effect: str,
    clusters: pd.Series,
    arm: pd.Series,
    effect_per_month: float = 1.0,
) -> Joint:
    """Joint estimate from influence values of one design.

    Parameters
    ----------
    estimates : pandas.Series
        Estimates by outcome.
    influence : pandas.DataFrame
        One influence value per episode and outcome; the mean of a column is the error of its estimate.
    cost, effect : str
        Outcomes to pair.
    clusters, arm : pandas.Series
        Cluster and arm of each episode, index as ``influence``.
    effect_per_month : float
        Units of the effect outcome in a month, 30.4375 for days.

    Returns
    -------
    Joint
        Covariance Σ over clusters of products of sums / n², times G / (G − 1) within each arm; Welch's
        degrees of freedom, the smaller of cost's and effect's.
    """
    values = influence[[cost, effect]].to_numpy(dtype=float) / [1.0, effect_per_month] / len(influence)
    sums = pd.DataFrame(values).groupby([arm.to_numpy(), clusters.to_numpy()], sort=False).sum()
    pieces, degrees = [], []
    for name, own in sums.groupby(level=0):
        if len(own) < 2:
            raise ValueError(
                f"clusters: arm {name} has {len(own)}; a clustered covariance needs two or more: "
                "use the area covariance of the placebo areas"
            )
        pieces.append(own.to_numpy().T @ own.to_numpy() * len(own) / (len(own) - 1))
        degrees.append(len(own) - 1)
    covariance = np.sum(pieces, axis=0)
    spread = np.array([np.diag(piece) for piece in pieces])
    with np.errstate(divide="ignore", invalid="ignore"):
        df = spread.sum(axis=0) ** 2 / (spread**2 / np.array(degrees)[:, None]).sum(axis=0)
    return Joint(
        float(estimates[cost]),
        float(estimates[effect]) / effect_per_month,
        covariance,
        df=float(np.nanmin(df)),
        method=f"influence values, {len(sums)} clusters",
    )


def from_covariance(
    outcomes: Sequence[str],
    estimate: np.ndarray,
    covariance: np.ndarray,
    *,
    cost: str,
    effect: str,
    df: float,
    effect_per_month: float,
    method: str,
) -> Joint:
    """Joint estimate from a joint covariance of several outcomes, as the area inference gives it.

    Parameters
    ----------
    outcomes : sequence of str
        Names of the k outcomes.
    estimate, covariance : numpy.ndarray, shapes (k,) and (k, k)
    cost, effect : str
        Outcomes to pair.
    df : float
        Degrees of freedom of the covariance.
    effect_per_month : float
        Units of the effect outcome in a month, 30.4375 for days.

    Examples
    --------
    >>> found = from_covariance(["days", "cost"], np.array([60.875, 9.0]), np.eye(2), cost="cost", df=20.0,
    ...                         effect="days", effect_per_month=DAYS_IN_MONTH, method="placebo areas")
    >>> found.delta_cost, found.delta_effect
    (9.0, 2.0)
    """
    names = list(outcomes)
    missing = [name for name in (cost, effect) if name not in names]
    if missing:
        raise ValueError(f"outcomes: {missing} were not estimated; known are {names}")
    pair, scale = [names.index(cost), names.index(effect)], np.array([1.0, effect_per_month])
    delta = np.asarray(estimate, dtype=float)[pair] / scale
    joint = np.asarray(covariance, dtype=float)[np.ix_(pair, pair)] / np.outer(scale, scale)
    return Joint(float(delta[0]), float(delta[1]), joint, df=float(df), method=method)


def combination(
    joint: Joint, *, cost: float, effect: float, level: float = 0.95, welch: bool = True
) -> dict[str, float]:
    """Estimate, standard error, degrees of freedom and interval of cost · Δcost + effect · Δeffect.

    Examples
    --------
    >>> found = combination(Joint(3.0, 1.0, np.eye(2)), cost=-1.0, effect=5.0)
    >>> found["estimate"], round(found["std_error"], 4)
    (2.0, 5.099)
    """
    weights = np.array([cost, effect], dtype=float)
    estimate = float(weights @ [joint.delta_cost, joint.delta_effect])
    variance = float(weights @ joint.covariance @ weights)
    df = joint.df
    if joint.parts and welch:
        pieces = [(float(weights @ part @ weights), size) for part, size in joint.parts]
        df = variance**2 / sum(piece**2 / (size - 1) for piece, size in pieces)
    error = float(np.sqrt(variance))
    reach = stats.t.ppf(0.5 + level / 2, df) if np.isfinite(df) else stats.norm.ppf(0.5 + level / 2)
    return {
        "estimate": estimate,
        "std_error": error,
        "df": df,
        "ci_low": estimate - reach * error,
        "ci_high": estimate + reach * error,
        "probability_positive": _probability(estimate, error, df),
    }


def _probability(estimate: float, error: float, df: float) -> float:
    if error == 0:
        return float(estimate > 0)
    z = estimate / error
    return float(stats.t.cdf(z, df) if np.isfinite(df) else stats.norm.cdf(z))


def net_benefit(
    joint: Joint, *, thresholds: Iterable[float], level: float = 0.95, welch: bool = True
) -> pd.DataFrame:
    """Net monetary benefit λ · Δeffect − Δcost at each value λ of a month in work.

    Returns
    -------
    pandas.DataFrame
        threshold, estimate, std_error, df, ci_low, ci_high, probability_positive (the acceptability curve),
        evpi (expected value of perfect information per person, normal theory).

    Examples
    --------
    >>> net_benefit(Joint(3.0, 1.0, np.eye(2)), thresholds=[0, 3])["estimate"].tolist()
    [-3.0, 0.0]
    """
    rows = [
        {"threshold": value, **combination(joint, cost=-1.0, effect=value, level=level, welch=welch)}
        for value in np.asarray(list(thresholds), dtype=float)
    ]
    out = pd.DataFrame(rows)
    z = out["estimate"].abs() / out["std_error"]
    loss = out["std_error"] * stats.norm.pdf(z) - out["estimate"].abs() * stats.norm.sf(z)
    return out.assign(evpi=loss.clip(lower=0.0))


def delta_method(joint: Joint, *, level: float = 0.95) -> dict[str, float]:
    """Ratio with its delta-method interval, for comparison only: it hides that there may be no interval."""
    c, e, v = joint.delta_cost, joint.delta_effect, joint.covariance
    ratio = c / e
    error = abs(1 / e) * np.sqrt(v[0, 0] + ratio**2 * v[1, 1] - 2 * ratio * v[0, 1])
    reach = stats.norm.ppf(0.5 + level / 2) * error
    return {"ratio": ratio, "std_error": error, "ci_low": ratio - reach, "ci_high": ratio + reach}


def quadrants(joint: Joint) -> dict[str, float]:
    """Probabilities of the four quadrants of the plane: north costs more, east brings more work.

    Examples
    --------
    >>> {name: round(p, 3) for name, p in quadrants(Joint(0.0, 0.0, np.eye(2))).items()}
    {'ne': 0.25, 'nw': 0.25, 'se': 0.25, 'sw': 0.25}
    """
    mean = np.array([joint.delta_cost, joint.delta_effect])
    if np.isfinite(joint.df):
        law = stats.multivariate_t(mean, joint.covariance, df=joint.df, allow_singular=True)
        sw = float(law.cdf([0.0, 0.0], random_state=1))
    else:
        sw = float(stats.multivariate_normal(mean, joint.covariance, allow_singular=True).cdf([0.0, 0.0]))
    south = 1 - _probability(joint.delta_cost, float(np.sqrt(joint.covariance[0, 0])), joint.df)
    west = 1 - _probability(joint.delta_effect, float(np.sqrt(joint.covariance[1, 1])), joint.df)
    shares = {"ne": 1 - south - west + sw, "nw": west - sw, "se": south - sw, "sw": sw}
    return {name: float(np.clip(share, 0.0, 1.0)) for name, share in shares.items()}


def quadrant_shares(draws: np.ndarray) -> dict[str, float]:
    """Shares of paired draws (cost first) in each quadrant.

    Examples
    --------
    >>> quadrant_shares(np.array([[1.0, 1.0], [-1.0, 1.0]]))
    {'ne': 0.5, 'nw': 0.0, 'se': 0.5, 'sw': 0.0}
    """
    north, east = draws[:, 0] > 0, draws[:, 1] > 0
    return {
        "ne": float(np.mean(north & east)),
        "nw": float(np.mean(north & ~east)),
        "se": float(np.mean(~north & east)),
        "sw": float(np.mean(~north & ~east)),
    }
