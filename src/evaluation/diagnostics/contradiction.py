"""Does what stands beside a finding contradict it? Those who stayed, other baselines, an earlier date."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from evaluation.diagnostics.comparability import graded, ledger_row, not_run
from evaluation.study import Study

PART = 1 / 3  # of the finding: as much movement elsewhere, or no more than that left, speaks against it


def contradictions(
    effects: pd.DataFrame, controls: pd.DataFrame, varied: pd.DataFrame, study: Study
) -> pd.DataFrame:
    """Judge the finding on every outcome that is told in words by the evidence beside it.

    Three kinds of evidence speak against a finding: those who stayed with the old service moved the same way,
    or the triple difference leaves little of it; another baseline leaves little of it and its interval
    excludes the finding; a made-up earlier date shows as much. One is a *concern*. Two, or stayers
    whose interval excludes zero while the triple difference leaves little, are a *fail*: the finding is then
    not the reform's. Without a finding there is nothing to contradict; with one, a kind that could not be
    looked at leaves the check *not run*.

    `effects` holds rows of measure att, `controls` those of the negative controls placebo_population and
    placebo_date, `varied` those of the sensitivity analyses. One ledger-ready row an outcome comes back;
    `estimate` is the number of kinds of evidence against the finding.

    Examples
    --------
    >>> work = {"outcome": study.outcomes.headline}
    >>> att = pd.DataFrame({"measure": ["att"], **work, "estimate": 0.2, "ci_low": 0.1, "ci_high": 0.3})
    >>> stayers = pd.DataFrame({"item": ["placebo_population"], **work, "estimate": 0.18, "ci_low": 0.08,
    ...                         "ci_high": 0.28})
    >>> triple = pd.DataFrame({"specification": ["triple_difference"], **work, "estimate": 0.01,
    ...                        "ci_low": -0.1, "ci_high": 0.12})
    >>> contradictions(att, stayers, triple, study)["status"].tolist()
    ['fail', 'not_run', 'not_run', 'not_run']
    """
    rows = []
    for outcome in study.outcomes.judged:
        own, beside, other = (one[one["outcome"] == outcome] for one in (effects, controls, varied))
        rows.append(_contradiction(own, beside, other, outcome))
    return pd.concat(rows, ignore_index=True)


def _contradiction(
    effects: pd.DataFrame, controls: pd.DataFrame, varied: pd.DataFrame, outcome: str
) -> pd.DataFrame:
    unknown = partial(not_run, "contradiction", outcome=outcome)
    known = partial(ledger_row, "contradiction", outcome=outcome, unit="number")
    found = effects[effects["measure"] == "att"]
    if found.empty or not np.isfinite(found.iloc[0][["ci_low", "ci_high"]].astype(float)).all():
        return unknown(reason="the finding has no interval")
    att = found.iloc[0]
    beside = pd.concat([controls.set_index("item"), varied.set_index("specification")])
    beside = beside.loc[beside["estimate"].notna(), ["estimate", "ci_low", "ci_high"]]
    if beside.empty:
        return unknown(reason="nothing beside the finding could be estimated")
    if att["ci_low"] <= 0 <= att["ci_high"]:
        return known("pass", "no finding to contradict", estimate=0.0)
    # in the direction of the finding, as parts of it
    sign, size = float(np.sign(att["ci_low"])), abs(float(att["estimate"]))
    parts = beside["estimate"] * sign / size
    surely = sign * beside[["ci_low", "ci_high"]]
    excludes_zero = surely.min(axis=1) > 0
    excludes_finding = surely.max(axis=1) < size
    baselines = parts.index.str.startswith("baseline_")
    little_left = bool(parts.get("triple_difference", np.inf) <= PART)
    stayers = bool(parts.get("placebo_population", -np.inf) >= PART)
    against = {
        "stayers": stayers or little_left,
        "baselines": bool(((parts <= PART) & excludes_finding)[baselines].any()),
        "earlier date": bool(parts.get("placebo_date", -np.inf) >= PART),
    }
    looked_at = {
        "stayers": bool(parts.index.isin(["placebo_population", "triple_difference"]).any()),
        "baselines": bool(baselines.any()),
        "earlier date": "placebo_date" in parts.index,
    }
    kinds = [name for name, speaks in against.items() if speaks]
    unseen = [name for name, seen in looked_at.items() if not seen]
    if unseen and not kinds:
        return unknown(reason=f"nothing against it, but not looked at: {', '.join(unseen)}")
    sure = little_left and bool(excludes_zero.get("placebo_population", False))
    status = graded(fail=len(kinds) >= 2 or sure, concern=bool(kinds))
    said = "against it: " + ", ".join(kinds) if kinds else "nothing beside the finding contradicts it"
    return known(status, said, estimate=float(len(kinds)))
