"""Checks of the comparison itself: overlap, balance, number of clusters. Rules: see `diagnostics.checks`."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from evaluation.effects.weighting import effective_sample_size

Status = Literal["pass", "concern", "fail", "not_run"]

SMD_LIMIT, SMD_SEVERE = 0.1, 0.25
SMD_TOO_VAGUE = 0.15  # standard error of a difference (in SD) from which small groups cannot show balance
OVERLAP_LIMIT, OVERLAP_SEVERE = 0.05, 0.20
ESS_LIMIT, ESS_SEVERE = 100.0, 30.0
CLUSTERS_LIMIT, CLUSTERS_SEVERE = 12.0, 8.0


def graded(*, fail: bool, concern: bool) -> Status:
    """State of a check that was run."""
    return "fail" if fail else "concern" if concern else "pass"


def ledger_row(
    item: str,
    status: str,
    method: str,
    *,
    outcome: str = "",
    measure: str = "diagnostic",
    unit: str = "none",
    **numbers: float,
) -> pd.DataFrame:
    """One row in the ledger's columns; of a check, `method` tells the reason of its state."""
    words = {"measure": measure, "item": item, "outcome": outcome, "status": status, "method": method}
    return pd.DataFrame([{"topic": "comparability", "unit": unit, **words, **numbers}])


def not_run(item: str, *, reason: str, outcome: str = "") -> pd.DataFrame:
    """Row that says that a check was not run and why: it never counts as passed."""
    return ledger_row(item, "not_run", reason, outcome=outcome, estimate=np.nan)


def overlap(outside: float, *, ess: float) -> pd.DataFrame:
    """Judge overlap: share of the treated without comparable episodes, effective comparison episodes.

    Examples
    --------
    >>> overlap(0.01, ess=800)["status"].item(), overlap(0.3, ess=800)["status"].item()
    ('pass', 'fail')
    """
    if not (np.isfinite(outside) and np.isfinite(ess)):
        return not_run("overlap", reason="no propensity model")
    status = graded(
        fail=outside > OVERLAP_SEVERE or ess < ESS_SEVERE, concern=outside > OVERLAP_LIMIT or ess < ESS_LIMIT
    )
    text = f"treated without a counterpart; {ess:.0f} effective comparison episodes"
    return ledger_row("overlap", status, text, estimate=outside, unit="share")


def balance(smd: ArrayLike, *, treated: float, ess: float) -> pd.DataFrame:
    """Judge standardised mean differences after weighting, fairly to small areas.

    A difference counts only as far as it goes beyond its own sampling error, adjusted for the number of
    covariates looked at: under perfect balance a group of 100 shows 0.1 SD by chance. Too small to tell is a
    concern. `treated` and `ess` count treated and effective comparison episodes.

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
    status = graded(fail=beyond > SMD_SEVERE, concern=beyond > SMD_LIMIT or error > SMD_TOO_VAGUE)
    text = f"largest of {len(size)} differences"
    return ledger_row("balance", status, text, estimate=float(size.max()), std_error=error, unit="sd")


def clusters(weight: ArrayLike, treated: ArrayLike) -> pd.DataFrame:
    """Judge the effective number of comparison municipalities: each contributes its squared weight.

    The treated side is not judged: placebo areas are made for one treated municipality.

    Source: Carter, Schnepel & Steigerwald (2017), Review of Economics and Statistics 99(4).
    """
    share, arm = np.asarray(weight, dtype=float), np.asarray(treated, dtype=bool)
    if arm.all():
        return not_run("clusters", reason="no comparison municipality")
    number = effective_sample_size(share[~arm] ** 2)
    # not "less than": a number that is missing fails
    status = graded(fail=not number >= CLUSTERS_SEVERE, concern=not number >= CLUSTERS_LIMIT)
    text = f"effective number of {int((~arm).sum())} comparison municipalities"
    return ledger_row("clusters", status, text, estimate=number, unit="number")
