"""Regressions of net benefit, cost and effect on arm and covariates, with stated standard errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

CONVENTIONS = ("ols", "hc0", "hc1", "hc2", "hc3", "cr0", "cr1")


@dataclass(frozen=True)
class Fit:
    """Coefficients and their covariance, with names, and the convention of the standard errors."""

    coefficients: pd.Series
    covariance: pd.DataFrame
    df: float
    convention: str

    def table(self, *, level: float = 0.95) -> pd.DataFrame:
        """Estimate, standard error, interval, two-sided p and probability of being positive."""
        error = pd.Series(np.sqrt(np.diag(self.covariance)), index=self.coefficients.index)
        law = stats.t(self.df) if np.isfinite(self.df) else stats.norm()
        reach, z = law.ppf(0.5 + level / 2), self.coefficients / error
        return pd.DataFrame(
            {
                "estimate": self.coefficients,
                "std_error": error,
                "ci_low": self.coefficients - reach * error,
                "ci_high": self.coefficients + reach * error,
                "p_value": 2 * law.sf(z.abs()),
                "probability_positive": law.cdf(z),
            }
        )


def design_matrix(
    data: pd.DataFrame, *, arm: str, covariates: Sequence[str], interactions: Sequence[str] = ()
) -> pd.DataFrame:
    """Intercept, arm, covariates (text as 0/1 columns, the first level left out) and interactions.

    Examples
    --------
    >>> frame = pd.DataFrame({"arm": [0, 1], "educ": ["basic", "tertiary"]})
    >>> list(design_matrix(frame, arm="arm", covariates=["educ"]))
    ['intercept', 'arm', 'educ_tertiary']
    """
    plain = (
        pd.get_dummies(data[list(covariates)], drop_first=True, dtype=float) if len(covariates) else data[[]]
    )
    out = pd.concat(
        [pd.Series(1.0, index=data.index, name="intercept"), data[arm].rename(arm), plain], axis=1
    ).astype(float)
    for name in interactions:
        for column in [c for c in plain if c == name or c.startswith(f"{name}_")]:
            out[f"{arm}:{column}"] = out[arm] * out[column]
    return out


def regress(
    outcome: pd.Series, design: pd.DataFrame, *, convention: str, clusters: pd.Series | None = None
) -> Fit:
    """Least squares with a stated convention of the standard errors.

    Parameters
    ----------
    outcome : pandas.Series
    design : pandas.DataFrame
        From :func:`design_matrix`.
    convention : {"ols", "hc0", "hc1", "hc2", "hc3", "cr0", "cr1"}
        cr1 is cr0 times G / (G − 1) · (N − 1) / (N − K); clustered fits use t with G − 1 degrees of freedom.
    clusters : pandas.Series, optional
        Needed for cr0 and cr1.

    Examples
    --------
    >>> x = pd.DataFrame({"intercept": [1.0, 1, 1, 1], "arm": [0.0, 0, 1, 1]})
    >>> regress(pd.Series([1.0, 3, 4, 6]), x, convention="hc1").coefficients.round(6).tolist()
    [2.0, 3.0]
    """
    if convention not in CONVENTIONS:
        raise ValueError(f"convention: {convention!r} is not among {list(CONVENTIONS)}")
    x, y = design.to_numpy(dtype=float), outcome.to_numpy(dtype=float)
    n, k = x.shape
    bread = np.linalg.inv(x.T @ x)
    beta = bread @ (x.T @ y)
    beta += bread @ (x.T @ (y - x @ beta))  # one step of refinement
    residual = y - x @ beta
    covariance, df = _sandwich(x, residual, bread, convention, clusters), float(n - k)
    if convention.startswith("cr") and clusters is not None:
        df = float(clusters.nunique() - 1)
    names = list(design)
    return Fit(pd.Series(beta, names), pd.DataFrame(covariance, names, names), df, convention)


def _sandwich(
    x: np.ndarray, residual: np.ndarray, bread: np.ndarray, convention: str, clusters: pd.Series | None
) -> np.ndarray:
    n, k = x.shape
    if convention == "ols":
        return bread * (residual @ residual) / (n - k)
    scale = 1.0
    if convention.startswith("cr"):
        if clusters is None:
            raise ValueError(f"clusters: {convention} needs the cluster of each row")
        scores = pd.DataFrame(x * residual[:, None]).groupby(clusters.to_numpy(), sort=False).sum().to_numpy()
        groups = len(scores)
        scale = groups / (groups - 1) * (n - 1) / (n - k) if convention == "cr1" else 1.0
    else:
        lever = np.einsum("ij,jk,ik->i", x, bread, x)
        power = {"hc0": 0.0, "hc1": 0.0, "hc2": 0.5, "hc3": 1.0}[convention]
        scores = x * (residual / (1 - lever) ** power)[:, None]
        scale = n / (n - k) if convention == "hc1" else 1.0
    return scale * bread @ (scores.T @ scores) @ bread


def net_benefit_regression(
    data: pd.DataFrame,
    *,
    cost: str,
    effect: str,
    arm: str,
    covariates: Sequence[str],
    thresholds: Sequence[float],
    convention: str,
    clusters: str | None = None,
    interactions: Sequence[str] = (),
    level: float = 0.95,
) -> pd.DataFrame:
    """Incremental net benefit at each threshold, adjusted for covariates (Hoch, Briggs & Willan 2002).

    Returns
    -------
    pandas.DataFrame
        threshold, term (arm and its interactions), estimate, std_error, ci_low, ci_high, p_value,
        probability_positive.

    Examples
    --------
    >>> frame = pd.DataFrame({"arm": [0, 0, 1, 1], "c": [1.0, 2, 4, 5], "e": [0.0, 1, 2, 3]})
    >>> net_benefit_regression(frame, cost="c", effect="e", arm="arm", covariates=[], thresholds=[2],
    ...                        convention="hc1")["estimate"].round(6).tolist()
    [1.0]
    """
    design = design_matrix(data, arm=arm, covariates=covariates, interactions=interactions)
    groups = data[clusters] if clusters is not None else None
    tables = []
    for value in thresholds:
        fit = regress(value * data[effect] - data[cost], design, convention=convention, clusters=groups)
        rows = fit.table(level=level).loc[lambda t: (t.index == arm) | t.index.str.startswith(f"{arm}:")]
        tables.append(rows.rename_axis("term").reset_index().assign(threshold=float(value)))
    return pd.concat(tables, ignore_index=True)


def seemingly_unrelated(
    costs: pd.Series,
    effects: pd.Series,
    cost_design: pd.DataFrame,
    effect_design: pd.DataFrame,
    *,
    arm: str,
    residual_covariance: str,
) -> tuple[Fit, np.ndarray, np.ndarray]:
    """Cost and effect regressions with different covariates, estimated jointly (Zellner 1962).

    Parameters
    ----------
    residual_covariance : {"geomean", "no_correction"}
        Divide residual products by √((T − K₁)(T − K₂)), or by T.

    Returns
    -------
    fit : Fit
        Coefficients named ``cost_…`` and ``effect_…``.
    joint : numpy.ndarray, shape (2, 2)
        Covariance of the two arm coefficients, cost first.
    residual : numpy.ndarray, shape (2, 2)
        Covariance of the final residuals; that of the separate regressions does the weighting.
    """
    designs = [cost_design.to_numpy(dtype=float), effect_design.to_numpy(dtype=float)]
    outcomes = [costs.to_numpy(dtype=float), effects.to_numpy(dtype=float)]
    size = len(outcomes[0])
    residuals = [y - x @ np.linalg.lstsq(x, y, rcond=None)[0] for x, y in zip(designs, outcomes, strict=True)]
    columns = np.array([x.shape[1] for x in designs])
    divisors = {
        "geomean": np.sqrt(np.outer(size - columns, size - columns)),
        "no_correction": np.full((2, 2), size),
    }
    if residual_covariance not in divisors:
        raise ValueError(f"residual_covariance: {residual_covariance!r} is not among {list(divisors)}")
    sigma = np.array(residuals) @ np.array(residuals).T / divisors[residual_covariance]
    weight = np.linalg.inv(sigma)
    information = np.block([[weight[i, j] * designs[i].T @ designs[j] for j in (0, 1)] for i in (0, 1)])
    right = np.concatenate([sum(weight[i, j] * designs[i].T @ outcomes[j] for j in (0, 1)) for i in (0, 1)])
    scale = 1 / np.sqrt(np.diag(information))
    inverse = np.linalg.inv(information * np.outer(scale, scale)) * np.outer(scale, scale)
    beta = inverse @ right
    parts = np.split(beta, [columns[0]])
    final = np.array([y - x @ b for y, x, b in zip(outcomes, designs, parts, strict=True)])
    names = [f"{kind}_{name}" for kind, x in (("cost", cost_design), ("effect", effect_design)) for name in x]
    fit = Fit(
        pd.Series(beta, names), pd.DataFrame(inverse, names, names), np.inf, f"sur {residual_covariance}"
    )
    pair = [f"cost_{arm}", f"effect_{arm}"]
    return fit, fit.covariance.loc[pair, pair].to_numpy(), final @ final.T / divisors[residual_covariance]


def pool_imputations(
    estimates: Sequence[float], variances: Sequence[float], *, complete_df: float, level: float = 0.95
) -> dict[str, float]:
    """Rubin's rules for estimates from several completed data sets.

    Parameters
    ----------
    estimates, variances : sequence of float
        Estimate and squared standard error in each completed data set.
    complete_df : float
        Degrees of freedom had nothing been missing.

    Returns
    -------
    dict
        estimate, within, between, total, std_error, df_barnard_rubin, df_rubin, riv, lambda, fmi, ci_low,
        ci_high.

    Notes
    -----
    Rubin (1987); Barnard & Rubin (1999), Biometrika 86, 948–955 for the degrees of freedom of the interval.

    Examples
    --------
    >>> pool_imputations([1.0, 3.0], [1.0, 1.0], complete_df=100)["total"]
    4.0
    """
    count = len(estimates)
    mean, within = float(np.mean(estimates)), float(np.mean(variances))
    between = float(np.var(estimates, ddof=1))
    extra = (1 + 1 / count) * between
    total = within + extra
    lam = extra / total
    old = (count - 1) / lam**2 if lam else np.inf
    observed = (complete_df + 1) / (complete_df + 3) * complete_df * (1 - lam)
    df = observed if np.isinf(old) else old * observed / (old + observed)
    riv = extra / within
    reach = stats.t.ppf(0.5 + level / 2, df) * np.sqrt(total)
    return {
        "estimate": mean,
        "within": within,
        "between": between,
        "total": total,
        "std_error": float(np.sqrt(total)),
        "df_barnard_rubin": float(df),
        "df_rubin": float(old),
        "riv": riv,
        "lambda": lam,
        "fmi": (riv + 2 / (df + 3)) / (1 + riv),
        "ci_low": mean - reach,
        "ci_high": mean + reach,
    }
