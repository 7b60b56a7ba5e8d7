"""One verdict from all diagnostics of an area, and what a failed one withholds (rules: ``diagnostics``)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaluation.diagnostics.comparability import SMD_LIMIT, SMD_TOO_VAGUE

ESSENTIAL = ("pre_trend", "placebo_date", "balance", "overlap", "clusters")
CONTROLS = ("placebo_outcome", "placebo_population")
SUPPORTING = ("hidden_bias",)
HEADLINES = ("effect", "cost_effectiveness")
NUMBERS = ("estimate", "std_error", "ci_low", "ci_high", "p_value")


def verdict(diagnostics: pd.DataFrame, *, headline: str = "open_employment_12m") -> pd.DataFrame:
    """Comparability verdict of one area.

    Parameters
    ----------
    diagnostics : DataFrame
        Rows of :mod:`evaluation.diagnostics` (columns measure, outcome, item, status). Outcomes other than
        the headline do not count, except for ``placebo_outcome``, which is about another outcome by nature.
    headline : str
        Outcome that the verdict is about.

    Returns
    -------
    DataFrame
        One ledger-ready row: measure ``verdict``, status, and in item the reasons, ``check_state`` joined by
        ";" (checks absent from the rows count as not run; empty if everything passed). A concern that only
        says that the data are too few to tell has the state ``unclear``: nothing was found.

    Raises
    ------
    ValueError
        If a row has an unknown state.

    Examples
    --------
    >>> checks = pd.DataFrame({"item": list(ESSENTIAL), "outcome": "", "status": "pass"})
    >>> checks["measure"] = "diagnostic"
    >>> verdict(checks)["status"].item()
    'concern'
    >>> control = checks.iloc[[0]].assign(item="placebo_outcome", outcome="study_days_12m")
    >>> verdict(pd.concat([checks, control]))["status"].item()
    'pass'
    """
    rows = diagnostics[diagnostics["measure"] == "diagnostic"]
    strange = sorted(set(rows["status"]) - {"pass", "concern", "fail", "not_run"})
    if strange:
        raise ValueError(f"diagnostics.status: {strange} is not among pass, concern, fail, not_run")
    counted = rows[rows["outcome"].isin(["", headline]) | (rows["item"] == "placebo_outcome")]
    worst = ["pass", "not_run", "concern", "fail"]
    state = {
        item: max(counted.loc[counted["item"] == item, "status"], key=worst.index, default="not_run")
        for item in (*ESSENTIAL, *CONTROLS, *SUPPORTING)
    }
    essential = [state[item] for item in ESSENTIAL]
    controls = [state[item] for item in CONTROLS]
    if all(value == "not_run" for value in state.values()):
        status = "not_run"
    elif "fail" in essential or all(value == "fail" for value in controls):
        status = "fail"
    elif set(essential) == {"pass"} and "pass" in controls and "fail" not in state.values():
        status = "pass"
    else:
        status = "concern"
    said = {
        item: "unclear" if _unclear(counted[counted["item"] == item]) else value
        for item, value in state.items()
    }
    reasons = ";".join(f"{item}_{value}" for item, value in said.items() if state[item] != "pass")
    row = {"topic": "comparability", "measure": "verdict", "outcome": "", "item": reasons, "status": status}
    return pd.DataFrame([row | {"unit": "none", "method": "rules of the methods section"}])


def _unclear(rows: pd.DataFrame) -> bool:
    """Whether every concern about a check is that the data are too few, none that a difference was found."""
    concerns = rows[rows["status"] == "concern"]
    if (
        concerns.empty
        or (rows["status"] == "fail").any()
        or not {"ci_low", "ci_high", "std_error"} <= set(rows)
    ):
        return False
    holds_zero = (concerns["ci_low"] <= 0) & (concerns["ci_high"] >= 0)
    if "p_value" in rows:
        # The quarters before the start can differ jointly without a steady drift: that was found.
        holds_zero &= ~concerns["p_value"].lt(0.05)
    too_vague = concerns["item"].eq("balance") & concerns["std_error"].gt(SMD_TOO_VAGUE)
    too_vague &= concerns.get("estimate", np.inf) < SMD_LIMIT + 2 * concerns["std_error"]
    return bool((holds_zero | too_vague).all())


def withhold(rows: pd.DataFrame, verdicts: pd.DataFrame) -> pd.DataFrame:
    """Take the headline numbers away from areas whose comparison is not fair.

    Parameters
    ----------
    rows : DataFrame
        Ledger rows (topic, measure, status and numbers; ``area`` where there are several areas).
    verdicts : DataFrame
        Verdict rows; matched by ``area`` where both frames have it, else one verdict for all rows.

    Returns
    -------
    DataFrame
        A copy: rows of the topics effect and cost_effectiveness and the measure delta_cost have status
        ``withheld`` and no numbers where the verdict is fail. Sensitivity and description stay.

    Raises
    ------
    ValueError
        If the verdicts of several areas cannot be matched.

    Examples
    --------
    >>> rows = pd.DataFrame({"topic": ["effect"], "measure": ["att"], "status": "ok", "estimate": [0.1]})
    >>> withhold(rows, pd.DataFrame({"measure": ["verdict"], "status": ["fail"]}))["status"].item()
    'withheld'
    """
    failed = verdicts[(verdicts["measure"] == "verdict") & (verdicts["status"] == "fail")]
    out = rows.copy()
    if "area" in rows and "area" in verdicts:
        hit = out["area"].isin(set(failed["area"]))
    elif len(verdicts) == 1:
        hit = pd.Series(len(failed) == 1, index=out.index)
    else:
        raise ValueError(
            f"withhold: {len(verdicts)} verdicts without an area column; add area to both frames"
        )
    hit &= out["topic"].isin(HEADLINES) | (out["measure"] == "delta_cost")
    out.loc[hit, "status"] = "withheld"
    numbers = [name for name in NUMBERS if name in out]
    out[numbers] = out[numbers].astype(float)
    out.loc[hit, numbers] = np.nan
    return out
