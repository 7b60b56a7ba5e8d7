"""Known truth: how often intervals cover and tests err, by size of area, strength of shocks and method.

The experiments run the same functions as the analysis, on municipality cells whose truth is known.
Replicates are columns ("outcomes") of one design, so nothing is looped over but blocks of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from evaluation.inference.contrasts import Contrast, contrast
from evaluation.inference.placebo_areas import placebo_rows, t_reference
from evaluation.inference.shocks import ShockPrior, shock_prior

Array = NDArray[np.float64]

# Unemployed persons by municipality, February 2020 (Statistics Finland, 12r5), in a one-municipality area, a
# large city, a middling area and the area of 22 municipalities.
AREAS: Mapping[str, tuple[int, ...]] = {
    "one_small": (1061,),
    "one_large": (30880,),
    "five": (7693, 924, 665, 315, 228),
    "seven_small": (687, 563, 388, 137, 86, 43, 36),
    "twenty_two": (
        *(13402, 1440, 1118, 1072, 888, 806, 771, 607, 582, 415, 387, 374, 257, 244, 230, 223, 187, 169, 124),
        *(70, 69, 65),
    ),
}
COMPARISONS = 142  # comparison municipalities in the reference table, Åland left out
SUBREGIONS = 42
SHARE = 0.4  # of episodes with the outcome
BLOCK = 100  # replicates at once: keeps M × k × k small
METHODS = ("placebo_areas", "known_variance", "joint_t", "without_shared_shock", "naive_clustered")


def comparison_sizes(scale: float = 1.0) -> Array:
    """Episodes of the comparison municipalities: quantiles of a lognormal fitted to their unemployed persons.

    Examples
    --------
    >>> sizes = comparison_sizes()
    >>> len(sizes), int(np.median(sizes))
    (142, 185)
    """
    at = (np.arange(COMPARISONS) + 0.5) / COMPARISONS
    return np.maximum(np.round(scale * np.exp(np.log(185) + 0.95 * stats.norm.ppf(at))), 10.0)


def simulate_changes(
    area: str,
    *,
    replicates: int,
    shock_sd: float,
    shared: float,
    effect: float,
    scale: float,
    rng: np.random.Generator,
) -> tuple[Any, pd.Series]:
    """Municipality changes of a binary outcome in many replicates of one design.

    Parameters
    ----------
    area : str
        One of ``AREAS``.
    replicates : int
        Columns of the result.
    shock_sd : float
        Standard deviation of what moves a municipality between the windows for reasons of its own.
    shared : float
        Share of the shock variance common to a pilot area or a subregion.
    effect : float
        True effect (share of episodes).
    scale : float
        Episodes per unemployed person and window.
    rng : numpy.random.Generator

    Returns
    -------
    (changes, groups)
        Shaped as ``effects.MunicipalChanges``, and the subregion by municipality code.
    """
    pilot = np.maximum(np.round(scale * np.asarray(AREAS[area], dtype=float)), 10.0)
    size = np.concatenate([pilot, comparison_sizes(scale)])
    treated = np.arange(len(size)) < len(pilot)
    group = np.where(treated, SUBREGIONS, rng.permutation(len(size)) % SUBREGIONS)
    shape = (len(size), replicates)
    common = rng.normal(0, shock_sd * np.sqrt(shared), (SUBREGIONS + 1, replicates))[group]
    shock = common + rng.normal(0, shock_sd * np.sqrt(1 - shared), shape)
    level = SHARE + rng.normal(0, 0.04, (len(size), 1))
    count = size.astype(int)[:, None]
    before = rng.binomial(count, np.clip(level, 0.02, 0.98), shape) / size[:, None]
    moved = np.clip(level + 0.02 + shock + effect * treated[:, None], 0.005, 0.995)
    after = rng.binomial(count, moved, shape) / size[:, None]
    variance = (before * (1 - before) + after * (1 - after)) / (size[:, None] - 1)
    covariance = np.zeros((*shape, replicates))
    covariance[:, np.arange(replicates), np.arange(replicates)] = variance
    code = np.array([f"{i:03d}" for i in range(len(size))])
    changes = SimpleNamespace(
        outcomes=tuple(f"replicate_{i}" for i in range(replicates)),
        municipality=code,
        treated=treated,
        change=after - before,
        sampling_covariance=covariance,
        n_before=count[:, 0],
        n_after=count[:, 0],
        weight=np.where(treated, size / size[treated].sum(), size / size[~treated].sum()),
    )
    return changes, pd.Series(group.astype(str), index=code)


def earlier_changes(*, replicates: int, shock_sd: float, scale: float, rng: np.random.Generator) -> Any:
    """Changes of all municipalities between two windows before the start, shaped as `simulate_changes`."""
    pilot = np.maximum(np.round(scale * np.concatenate([np.asarray(a, float) for a in AREAS.values()])), 10.0)
    size = np.concatenate([pilot, comparison_sizes(scale)])
    variance = np.broadcast_to(2 * SHARE * (1 - SHARE) / size[:, None], (len(size), replicates))
    covariance = np.zeros((len(size), replicates, replicates))
    covariance[:, np.arange(replicates), np.arange(replicates)] = variance
    return SimpleNamespace(
        outcomes=tuple(f"replicate_{i}" for i in range(replicates)),
        change=rng.normal(0, np.sqrt(variance + shock_sd**2)),
        sampling_covariance=covariance,
        n_before=size,
        n_after=size,
    )


def naive_clustered(changes: Any) -> tuple[Array, Array]:
    """Effect and usual clustered standard error of each outcome: what most evaluations would report.

    The weighted regression of changes on treatment with cluster-robust variance, G/(G − 1), clusters =
    municipalities. With one treated municipality its residual is zero, so its own shock is never seen.
    """
    treated, weight, change = changes.treated, changes.weight[:, None], changes.change
    mean = [(weight[arm] * change[arm]).sum(axis=0) for arm in (treated, ~treated)]
    residual = change - np.where(treated[:, None], mean[0], mean[1])
    clusters = len(treated)
    error = np.sqrt(clusters / (clusters - 1) * (weight**2 * residual**2).sum(axis=0))
    return mean[0] - mean[1], error


def _joint(pieces: Contrast) -> tuple[Array, Array, Array]:
    """Interval and p-value of the t distribution that joint cost–effect analysis uses."""
    expected, df = t_reference(pieces)
    error = np.sqrt(expected * (df - 2) / df)
    half = stats.t.ppf(0.975, df) * error
    p = 2 * stats.t.sf(np.abs(pieces.estimate) / error, df)
    return pieces.estimate - half, pieces.estimate + half, p


def _intervals(
    changes: Any, groups: pd.Series, *, known: tuple[float, float], draws: int, seed: int, **shocks: Any
) -> pd.DataFrame:
    """Every method's interval on every replicate; `known` are the true own and shared shock variances."""
    rows = []
    pieces = contrast(changes, groups=groups, **shocks)
    alone = contrast(changes, **shocks)
    for method, noise in (("placebo_areas", pieces), ("without_shared_shock", alone)):
        found = placebo_rows(noise, draws=draws, seed=seed)
        rows.append(found[["estimate", "ci_low", "ci_high", "p_value"]].assign(method=method))
    own, shared = known
    error = np.sqrt(pieces.sampling_variance + own * pieces.own_loading + shared * pieces.shared_loading)
    p = 2 * stats.norm.sf(np.abs(pieces.estimate) / error)
    low, high = pieces.estimate - 1.96 * error, pieces.estimate + 1.96 * error
    rows.append(
        pd.DataFrame({"estimate": pieces.estimate, "ci_low": low, "ci_high": high, "p_value": p}).assign(
            method="known_variance"
        )
    )
    low, high, p = _joint(pieces)
    rows.append(
        pd.DataFrame({"estimate": pieces.estimate, "ci_low": low, "ci_high": high, "p_value": p}).assign(
            method="joint_t"
        )
    )
    estimate, error = naive_clustered(changes)
    df = len(changes.treated) - 1
    half = stats.t.ppf(0.975, df) * error
    rows.append(
        pd.DataFrame(
            {
                "estimate": estimate,
                "ci_low": estimate - half,
                "ci_high": estimate + half,
                "p_value": 2 * stats.t.sf(np.abs(estimate) / error, df),
            }
        ).assign(method="naive_clustered")
    )
    return pd.concat(rows, ignore_index=True)


def known_truth(
    *,
    replicates: int,
    seed: int,
    areas: Iterable[str] = tuple(AREAS),
    shocks: Iterable[float] = (0.0, 0.01, 0.03),
    shared: Iterable[float] = (0.0, 0.5),
    effect: float = 0.03,
    scale: float = 1.0,
    draws: int = 999,
    prior: ShockPrior | None = None,
) -> pd.DataFrame:
    """Bias, error, coverage, false positives and power of every method, by area and shock.

    Parameters
    ----------
    replicates : int
        Per scenario and truth; rounded up to full blocks of 100. 2,000 give a Monte Carlo error of half a
        point.
    seed : int
    areas, shocks, shared
        Scenarios: names of ``AREAS``, standard deviations of the shock, shares of it in common.
    effect : float
        True effect in the runs for bias, coverage and power; false positives come from runs with none.
    scale : float
        Episodes per unemployed person and window: 0.1 is a register of a tenth of the country.
    draws : int
        Placebo areas per estimate.
    prior : ShockPrior, optional
        By default that of the reference data.

    Returns
    -------
    DataFrame
        One row per area, shock_sd, shared_share and method: municipalities, bias, bias_error, rmse, coverage,
        coverage_error, false_positive, false_positive_error, power, power_error, width, replicates.
        ``_error`` columns are Monte Carlo standard errors.

    Examples
    --------
    >>> table = known_truth(replicates=100, seed=1, areas=["one_small"], shocks=[0.03], shared=[0], draws=199)
    >>> table["method"].tolist()
    ['joint_t', 'known_variance', 'naive_clustered', 'placebo_areas', 'without_shared_shock']
    """
    blocks = -(-replicates // BLOCK)
    prior = shock_prior() if prior is None else prior
    tables = []
    for area, shock_sd, share in [
        (a, s, b) for a in areas for s in shocks for b in shared if s > 0 or b == 0
    ]:
        rng = np.random.default_rng(
            [seed, list(AREAS).index(area), round(1e4 * shock_sd), round(100 * share)]
        )
        parts = []
        for truth in (0.0, effect):
            for block in range(blocks):
                changes, groups = simulate_changes(
                    area,
                    replicates=BLOCK,
                    shock_sd=shock_sd,
                    shared=share,
                    effect=truth,
                    scale=scale,
                    rng=rng,
                )
                before = earlier_changes(replicates=BLOCK, shock_sd=shock_sd, scale=scale, rng=rng)
                known = shock_sd**2 * (1 - share), shock_sd**2 * share
                found = _intervals(
                    changes,
                    groups,
                    known=known,
                    draws=draws,
                    seed=seed + block,
                    earlier=before,
                    prior=prior,
                )
                parts.append(found.assign(truth=truth))
        found = summarise(pd.concat(parts, ignore_index=True), effect=effect)
        tables.append(
            found.assign(area=area, municipalities=len(AREAS[area]), shock_sd=shock_sd, shared_share=share)
        )
    first = ["area", "municipalities", "shock_sd", "shared_share", "method"]
    table = pd.concat(tables, ignore_index=True)
    return table[first + [name for name in table if name not in first]]


def summarise(runs: pd.DataFrame, *, effect: float) -> pd.DataFrame:
    """Operating characteristics by method from single runs.

    Columns of ``runs``: method, truth, estimate, ci_low, ci_high, p_value.

    Examples
    --------
    >>> runs = pd.DataFrame({"method": "m", "truth": [0.0, 0.03], "estimate": [0.0, 0.04],
    ...                      "p_value": [0.9, 0.04], "ci_low": [-1.0, 0.0], "ci_high": [1.0, 0.05]})
    >>> summarise(runs, effect=0.03)[["coverage", "false_positive", "power"]].to_numpy().tolist()
    [[1.0, 0.0, 1.0]]
    """
    runs = runs.assign(
        off=runs["estimate"] - runs["truth"],
        covered=(runs["ci_low"] <= runs["truth"]) & (runs["truth"] <= runs["ci_high"]),
        rejected=runs["p_value"] <= 0.05,
        width=runs["ci_high"] - runs["ci_low"],
    )
    null = runs[runs["truth"] == 0].groupby("method")["rejected"]
    real = runs[runs["truth"] == effect].groupby("method")["rejected"]
    both = runs.groupby("method")
    out = pd.DataFrame(
        {
            "bias": both["off"].mean(),
            "bias_error": both["off"].sem(),
            "rmse": np.sqrt(both["off"].agg(lambda off: (off**2).mean())),
            "coverage": both["covered"].mean(),
            "coverage_error": _binomial_error(both["covered"]),
            "false_positive": null.mean(),
            "false_positive_error": _binomial_error(null),
            "power": real.mean(),
            "power_error": _binomial_error(real),
            "width": both["width"].mean(),
            "replicates": null.size(),
        }
    )
    return out.reset_index()


def _binomial_error(grouped: Any) -> pd.Series:
    share = grouped.mean()
    return np.sqrt(share * (1 - share) / grouped.size())
