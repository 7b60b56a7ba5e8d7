"""Cost and effect together: one joint estimate, then the plane, the ratio, net benefit and acceptability.

Effect: months in open-market employment. Cost: net public euros of one perspective. Both come from the same
design, the same weights and the same influence values, so their covariance is known and nothing is a ratio of
separate analyses.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from evaluation.economics.fieller import FiellerSet, fieller


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
