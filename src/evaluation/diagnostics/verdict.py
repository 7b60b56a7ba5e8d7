"""The verdict on the comparison of an area, one a family of outcomes (rules: ``diagnostics.checks``)."""

from __future__ import annotations

import pandas as pd

from evaluation.diagnostics.comparability import SMD_LIMIT, SMD_TOO_VAGUE, ledger_row
from evaluation.study import Study

ESSENTIAL = ("pre_trend", "placebo_date", "balance", "overlap", "clusters", "contradiction")
TRENDS = ("pre_trend", "placebo_date")  # without either there is no check of trends before the start
CONTROLS = ("placebo_outcome", "placebo_population")
SUPPORTING = ("hidden_bias",)


def verdict(diagnostics: pd.DataFrame, *, outcome: str) -> pd.DataFrame:
    """Comparability verdict of one area for one family of outcomes.

    `diagnostics` holds rows of checks (columns measure, outcome, item, status). Those of other outcomes do
    not count, except for ``placebo_outcome``, which is about another one by nature; checks that are absent
    count as not run, an unknown state is refused.

    The item of the ledger-ready row holds the reasons, ``check_state`` joined by ";" (empty if everything
    passed). A concern that only says that the data are too few to tell has the state ``unclear``: nothing was
    found.

    Examples
    --------
    >>> checks = pd.DataFrame({"item": list(ESSENTIAL), "outcome": "", "status": "pass"})
    >>> checks["measure"] = "diagnostic"
    >>> verdict(checks, outcome="open_employment_12m")["status"].item()
    'concern'
    >>> control = checks.iloc[[0]].assign(item="placebo_outcome", outcome="study_days_12m")
    >>> verdict(pd.concat([checks, control]), outcome="open_employment_12m")["status"].item()
    'pass'
    """
    rows = diagnostics[diagnostics["measure"] == "diagnostic"]
    strange = sorted(set(rows["status"]) - {"pass", "concern", "fail", "not_run"})
    if strange:
        raise ValueError(f"diagnostics.status: {strange} is not among pass, concern, fail, not_run")
    counted = rows[rows["outcome"].isin(["", outcome]) | (rows["item"] == "placebo_outcome")]
    found = dict(iter(counted.groupby("item")))
    worst = ["pass", "not_run", "concern", "fail"]
    state = {
        item: max(found[item]["status"], key=worst.index) if item in found else "not_run"
        for item in (*ESSENTIAL, *CONTROLS, *SUPPORTING)
    }
    essential = [state[item] for item in ESSENTIAL]
    controls = [state[item] for item in CONTROLS]
    no_trends = all(state[item] == "not_run" for item in TRENDS)
    if "fail" in essential or all(value == "fail" for value in controls):
        status = "fail"
    elif no_trends:
        status = "not_run"
    elif set(essential) == {"pass"} and "pass" in controls and "fail" not in state.values():
        status = "pass"
    else:
        status = "concern"
    said = {
        item: "unclear" if item in found and _unclear(found[item]) else value for item, value in state.items()
    }
    reasons = ";".join(f"{item}_{value}" for item, value in said.items() if state[item] != "pass")
    method = "rules of the methods section"
    return ledger_row(reasons, status, method, outcome=outcome, measure="verdict")


def _unclear(rows: pd.DataFrame) -> bool:
    """Whether every concern about a check is that the data are too few, none that a difference was found."""
    concerns = rows[rows["status"] == "concern"]
    if (
        concerns.empty
        or (rows["status"] == "fail").any()
        or not {"ci_low", "ci_high", "std_error", "p_value"} <= set(rows)
    ):
        return False
    holds_zero = (concerns["ci_low"] <= 0) & (concerns["ci_high"] >= 0)
    # The quarters before the start can differ jointly without a steady drift: that was found.
    holds_zero &= ~concerns["p_value"].lt(0.05)
    too_vague = concerns["item"].eq("balance") & concerns["std_error"].gt(SMD_TOO_VAGUE)
    too_vague &= concerns["estimate"] < SMD_LIMIT + 2 * concerns["std_error"]
    return bool((holds_zero | too_vague).all())


def verdicts(diagnostics: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Verdicts of one area: a row for each outcome that is told in words or stands for its family."""
    return pd.concat(
        [verdict(diagnostics, outcome=outcome) for outcome in study.outcomes.judged], ignore_index=True
    )
