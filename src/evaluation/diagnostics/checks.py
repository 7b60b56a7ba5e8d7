"""Is the comparison fair? Checks with four states, one verdict, and what a failed verdict withholds.

Rules (the reader sees them in the methods section):

- A check passes only if it was run, found nothing, and could have found a violation that matters.
- Negative controls and pre-trends: *fail* if a 99 % interval excludes zero and the estimate is over the
  limit; *concern* if the 95 % interval excludes zero, or if it holds zero but the power against a quarter of
  a standard deviation is under one half; else *pass*.
- Balance: *fail* if a difference is over 0.25 SD beyond its sampling error; *concern* if one is over 0.1 SD
  beyond it, or if the groups are too small to tell; else *pass*.
- Verdict, one a family of outcomes: *fail* if an essential check fails or both negative controls do;
  *not_run* if neither check of trends before the start could be run; *pass* if all essential checks and at
  least one negative control pass and nothing failed; else *concern*. What is not *pass* or *concern* is
  withheld.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from evaluation.diagnostics.comparability import SMD_SEVERE, Status, ledger_row, not_run
from evaluation.diagnostics.pretrends import breakdown_per_year, power_against
from evaluation.units import unit_of

POWER_ENOUGH = 0.5
VISIBLE_SD = SMD_SEVERE  # a check passes if it could have seen a violation of this many SD of the outcome
SURE = 1.314  # a 99 % interval is this much wider than a 95 % one


def judge_nulls(
    found: pd.DataFrame,
    *,
    item: str,
    limit: Mapping[str, float],
    visible: Mapping[str, float],
    df: float = np.inf,
) -> pd.DataFrame:
    """Judge what should be zero: an effect where there can be none, or a drift before the start.

    `found` holds tidy rows, one an outcome, such as those of `placebo_areas`; `limit` is the size that would
    matter, `visible` the size that a check must be able to see to pass, by outcome in its unit. The rows that
    come back are ready for the ledger.

    Examples
    --------
    >>> found = pd.DataFrame({"outcome": ["work", "days"], "estimate": [0.0, 0.05], "std_error": 0.005,
    ...                       "ci_low": [-0.01, 0.04], "ci_high": [0.01, 0.06], "p_value": [1.0, 0.0]})
    >>> limit, visible = {"work": 0.02, "days": 0.02}, {"work": 0.1, "days": 0.1}
    >>> judge_nulls(found, item="placebo_date", limit=limit, visible=visible)["status"].tolist()
    ['pass', 'fail']
    """
    states = [
        _state(row, limit=limit[row.outcome], visible=visible[row.outcome], df=df)
        for row in found.itertuples()
    ]
    columns = ["outcome", "estimate", "std_error", "ci_low", "ci_high", "p_value"]
    return found[columns].assign(
        topic="comparability",
        measure="diagnostic",
        item=item,
        status=[status for status, _ in states],
        method=[reason for _, reason in states],
        unit=[unit_of(name) for name in found["outcome"]],
    )


def _state(row: Any, *, limit: float, visible: float, df: float) -> tuple[Status, str]:
    """State of a check whose true value should be zero, with the reason.

    What differs from zero beyond `limit` fails, if even a 99 % interval excludes zero: of the dozen checks of
    a fair area one in twenty differs by chance. What does not differ passes if the check would have seen
    `visible` at least every second time.
    """
    if not np.isfinite([row.estimate, row.ci_low, row.ci_high, row.std_error]).all():
        return "not_run", "no estimate or interval"
    if row.ci_low > 0 or row.ci_high < 0:
        if abs(row.estimate) > max(limit, SURE * (row.ci_high - row.ci_low) / 2):
            return "fail", "surely differs from zero, by more than the relevance limit"
        return "concern", "differs from zero, not surely or by less than the relevance limit"
    power = power_against(visible, row.std_error, df=df)
    if power < POWER_ENOUGH:
        return "concern", f"not different from zero, but power against what matters is only {power:.0%}"
    return "pass", f"not different from zero, power against what matters is {power:.0%}"


def pre_trend_row(
    found: pd.DataFrame, *, limit: Mapping[str, float], visible: Mapping[str, float], df: float = np.inf
) -> pd.DataFrame:
    """Judge the drift before the start (per year) from `pretrends.pre_trend`."""
    row = judge_nulls(found, item="pre_trend", limit=limit, visible=visible, df=df)
    if row["status"].item() == "pass" and row["p_value"].item() < 0.05:
        why = "no steady drift, but the periods before the start differ jointly"
        row = row.assign(status="concern", method=why)
    return row


def breakdown(effect: float, ci_low: float, ci_high: float, *, outcome: str, years: float) -> pd.DataFrame:
    """Drift per year (outcome's unit) that overturns the finding, as a ledger-ready row; none without one.

    `years` lie between the middles of baseline and follow-up window.
    """
    half = (ci_high - ci_low) / 2
    bound = breakdown_per_year(effect, half / stats.norm.ppf(0.975), years=years)
    if ci_low <= 0 <= ci_high or bound == 0:  # no finding, so nothing that a drift could overturn
        return pd.DataFrame()
    unit = unit_of(outcome)
    return ledger_row(
        "per_year", "ok", "folded normal", outcome=outcome, measure="breakdown", unit=unit, estimate=bound
    )


def hidden_bias(
    effect: float, ci_low: float, ci_high: float, *, counterfactual: float, outcome: str
) -> pd.DataFrame:
    """E-value of an effect on a share: estimate is that of the interval's limit nearest to zero.

    *Concern* if a hidden cause of risk ratio under 1.25 with both arm and outcome would do, *pass* above;
    not run where the interval holds zero, since there is no finding to overturn, or where the share is not
    in (0, 1).
    """
    ratio = [(counterfactual + value) / counterfactual for value in (effect, ci_low, ci_high)]
    if not 0 < counterfactual < 1 or not min(ratio[0], ratio[2]) > 0:
        return not_run("hidden_bias", reason="the outcome is not a share between 0 and 1", outcome=outcome)
    if ci_low <= 0 <= ci_high:
        return not_run("hidden_bias", reason="interval holds zero: no finding to overturn", outcome=outcome)
    _, limit = e_value(ratio[0], ci_low=max(ratio[1], 1e-9), ci_high=ratio[2])
    status = "pass" if limit >= 1.25 else "concern"
    return ledger_row(
        "hidden_bias", status, "E-value of the interval", outcome=outcome, estimate=limit, unit="ratio"
    )


def e_value(estimate: float, *, ci_low: float, ci_high: float) -> tuple[float, float]:
    """E-value of a risk ratio with its interval, and of the limit of the interval nearest to no effect.

    Each is the risk ratio that a hidden cause would need with both arm and outcome; 1 where the interval
    holds 1.

    Source: VanderWeele and Ding (2017), Annals of Internal Medicine 167(4).

    Examples
    --------
    >>> [round(value, 2) for value in e_value(3.9, ci_low=1.8, ci_high=8.7)]
    [7.26, 3.0]
    """

    if min(estimate, ci_low, ci_high) <= 0:
        raise ValueError("e_value: a ratio must be positive")

    def needed(ratio: float) -> float:
        ratio = max(ratio, 1 / ratio)
        return ratio + float(np.sqrt(ratio * (ratio - 1)))

    nearest = ci_low if estimate >= 1 else ci_high
    return needed(estimate), 1.0 if ci_low <= 1 <= ci_high else needed(nearest)
