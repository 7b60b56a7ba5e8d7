"""Checks of the comparison itself: overlap, balance, number of clusters. Rules: see `diagnostics`."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

Status = Literal["pass", "concern", "fail", "not_run"]

SMD_LIMIT, SMD_SEVERE = 0.1, 0.25
SMD_TOO_VAGUE = 0.15  # standard error of a difference (in SD) from which small groups cannot show balance
OVERLAP_LIMIT, OVERLAP_SEVERE = 0.05, 0.20
ESS_LIMIT, ESS_SEVERE = 100.0, 30.0
CLUSTERS_LIMIT, CLUSTERS_SEVERE = 12.0, 8.0


def ledger_ready(frame: pd.DataFrame) -> pd.DataFrame:
    """Add the ledger's topic, and the measure ``diagnostic`` where none is given."""
    return frame.assign(topic="comparability", measure=frame.get("measure", "diagnostic"))


def not_run(item: str, *, reason: str, outcome: str = "") -> pd.DataFrame:
    """Row that says that a check was not run and why: it never counts as passed.

    Examples
    --------
    >>> not_run("overlap", reason="no propensity model")["status"].item()
    'not_run'
    """
    row = pd.DataFrame({"outcome": [outcome], "item": item, "status": "not_run", "method": reason})
    return ledger_ready(row.assign(unit="none", estimate=np.nan))


def overlap(outside: float, *, ess: float) -> pd.DataFrame:
    """Judge overlap: share of the treated without comparable episodes, effective comparison episodes.

    Examples
    --------
    >>> overlap(0.01, ess=800)["status"].item(), overlap(0.3, ess=800)["status"].item()
    ('pass', 'fail')
    """
    if not (np.isfinite(outside) and np.isfinite(ess)):
        return not_run("overlap", reason="no propensity model")
    status: Status = "pass"
    if outside > OVERLAP_SEVERE or ess < ESS_SEVERE:
        status = "fail"
    elif outside > OVERLAP_LIMIT or ess < ESS_LIMIT:
        status = "concern"
    text = f"{outside:.1%} of the treated have no counterpart; {ess:.0f} effective comparison episodes"
    row = pd.DataFrame({"outcome": [""], "item": "overlap", "status": status, "method": text})
    return ledger_ready(row.assign(estimate=outside, unit="share"))


def balance(smd: ArrayLike, *, treated: float, ess: float) -> pd.DataFrame:
    """Judge balance after weighting, fairly to small areas.

    A difference counts only as far as it goes beyond its own sampling error, adjusted for the number of
    covariates looked at: under perfect balance a group of 100 shows 0.1 SD by chance. Too small to tell is a
    concern.

    Parameters
    ----------
    smd : array
        Standardised mean differences after weighting.
    treated : float
        Treated episodes.
    ess : float
        Effective comparison episodes.

    Examples
    --------
    >>> balance([0.12, 0.03], treated=300, ess=300)["status"].item()
    'pass'
    >>> balance([0.15, 0.03], treated=30000, ess=9000)["status"].item()
    'concern'
    """
    size = np.abs(np.asarray(smd, dtype=float))
    size = size[np.isfinite(size)]
    if not len(size) or not (treated > 0 and ess > 0):
        return not_run("balance", reason="no standardised differences")
    error = float(np.sqrt(1 / treated + 1 / ess))
    beyond = size.max() - float(stats.norm.ppf(1 - 0.025 / len(size))) * error
    status: Status = "pass"
    if beyond > SMD_SEVERE:
        status = "fail"
    elif beyond > SMD_LIMIT or error > SMD_TOO_VAGUE:
        status = "concern"
    text = f"largest of {len(size)} differences; sampling error {error:.3f} SD"
    row = pd.DataFrame({"outcome": [""], "item": "balance", "status": status, "method": text})
    return ledger_ready(row.assign(estimate=float(size.max()), std_error=error, unit="sd"))


def effective_clusters(contribution: ArrayLike) -> float:
    """Effective number of clusters from each one's contribution to the variance.

    G / (1 + squared coefficient of variation); Carter, Schnepel and Steigerwald (2017), Review of Economics
    and Statistics 99(4).

    Examples
    --------
    >>> effective_clusters([1, 1, 1, 1]), effective_clusters([1, 0, 0, 0])
    (4.0, 1.0)
    """
    part = np.asarray(contribution, dtype=float)
    return float(part.sum() ** 2 / (part**2).sum())


def clusters(weight: ArrayLike, treated: ArrayLike) -> pd.DataFrame:
    """Judge the number of comparison municipalities that carry weight (contribution = squared weight).

    The treated side is not judged: placebo areas are made for one treated municipality.
    """
    share, arm = np.asarray(weight, dtype=float), np.asarray(treated, dtype=bool)
    if arm.all():
        return not_run("clusters", reason="no comparison municipality")
    number = effective_clusters(share[~arm] ** 2)
    status: Status = (
        "pass" if number >= CLUSTERS_LIMIT else "concern" if number >= CLUSTERS_SEVERE else "fail"
    )
    text = f"effective comparison municipalities of {int((~arm).sum())}; {int(arm.sum())} treated"
    row = pd.DataFrame({"outcome": [""], "item": "clusters", "status": status, "method": text})
    return ledger_ready(row.assign(estimate=number, unit="number"))
