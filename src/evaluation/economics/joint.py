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
    """Difference in cost and in effect, which are t distributed together on `df` degrees of freedom."""

    delta_cost: float  # euros
    delta_effect: float  # months, or any other unit of effect
    covariance: np.ndarray  # scale matrix, 2 × 2, cost first
    df: float

    @property
    def correlation(self) -> float:
        """Correlation of the two differences."""
        return float(self.covariance[0, 1] / np.sqrt(self.covariance[0, 0] * self.covariance[1, 1]))

    def fieller(self) -> FiellerSet:
        """Fieller's set of cost per unit of effect."""
        return fieller(self.delta_cost, self.delta_effect, self.covariance, df=self.df)

    def draws(self, count: int, *, seed: int) -> np.ndarray:
        """Paired draws (count × 2, cost first) from the multivariate t."""
        rng = np.random.default_rng(seed)
        scale = np.sqrt(self.df / rng.chisquare(self.df, count))
        root = np.linalg.cholesky(self.covariance + 1e-12 * np.diag(np.diag(self.covariance)))
        noise = rng.standard_normal((count, 2)) @ root.T
        return np.array([self.delta_cost, self.delta_effect]) + noise * scale[:, None]


def combination(joint: Joint, *, cost: float, effect: float) -> dict[str, float]:
    """Estimate, standard error and 95 % interval of cost · Δcost + effect · Δeffect.

    Examples
    --------
    >>> found = combination(Joint(3.0, 1.0, np.eye(2), df=30.0), cost=-1.0, effect=5.0)
    >>> found["estimate"], round(found["std_error"], 4)
    (2.0, 5.099)
    """
    weights = np.array([cost, effect], dtype=float)
    estimate = float(weights @ [joint.delta_cost, joint.delta_effect])
    error = float(np.sqrt(float(weights @ joint.covariance @ weights)))
    reach = stats.t.ppf(0.975, joint.df)
    return {
        "estimate": estimate,
        "std_error": error,
        "ci_low": estimate - reach * error,
        "ci_high": estimate + reach * error,
        "probability_positive": _probability(estimate, error, joint.df),
    }


def _probability(estimate: float, error: float, df: float) -> float:
    if error == 0:
        return float(estimate > 0)
    return float(stats.t.cdf(estimate / error, df))


def net_benefit(joint: Joint, *, thresholds: Iterable[float]) -> pd.DataFrame:
    """Net monetary benefit λ · Δeffect − Δcost at each value λ of a month in work.

    Beside the columns of `combination`: threshold, and evpi, the expected value of perfect information per
    person by normal theory; probability_positive is the acceptability curve.

    Examples
    --------
    >>> net_benefit(Joint(3.0, 1.0, np.eye(2), df=30.0), thresholds=[0, 3])["estimate"].tolist()
    [-3.0, 0.0]
    """
    rows = [
        {"threshold": value, **combination(joint, cost=-1.0, effect=value)}
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
    >>> {name: round(p, 3) for name, p in quadrants(Joint(0.0, 0.0, np.eye(2), df=30.0)).items()}
    {'ne': 0.25, 'nw': 0.25, 'se': 0.25, 'sw': 0.25}
    """
    mean = np.array([joint.delta_cost, joint.delta_effect])
    law = stats.multivariate_t(mean, joint.covariance, df=joint.df, allow_singular=True)
    sw = float(law.cdf([0.0, 0.0], random_state=1))
    south = 1 - _probability(joint.delta_cost, float(np.sqrt(joint.covariance[0, 0])), joint.df)
    west = 1 - _probability(joint.delta_effect, float(np.sqrt(joint.covariance[1, 1])), joint.df)
    shares = {"ne": 1 - south - west + sw, "nw": west - sw, "se": south - sw, "sw": sw}
    return {name: float(np.clip(share, 0.0, 1.0)) for name, share in shares.items()}
