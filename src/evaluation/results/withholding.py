"""What a verdict withholds that failed or could not be given: whatever would be read as an effect there."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaluation.results.ledger import NUMBERS
from evaluation.study import Study

# Measures by topic; none named: every measure. Description stays.
WITHHELD: dict[str, tuple[str, ...]] = {
    "effect": (),
    "sensitivity": ("att",),
    "cost": ("delta_cost", "delta_half_count"),
    "cost_effectiveness": (),
    "pooled": (),
    "comparability": ("breakdown",),
}


def withheld(ledger: pd.DataFrame, study: Study) -> pd.Series:
    """Mark the rows that the verdicts among them withhold: each its own outcome, that of a family all of it.

    Cost-effectiveness rests on two families: it falls with either.

    Examples
    --------
    >>> rows = pd.DataFrame({"area": "oulu", "topic": ["comparability", "effect", "effect"], "item": "",
    ...     "measure": ["verdict", "att", "att"], "status": ["fail", "ok", "ok"],
    ...     "outcome": ["open_employment_12m", "open_employment_days_12m", "service_days_12m"]})
    >>> withheld(rows, study).tolist()
    [False, True, False]
    """
    verdicts = ledger[ledger["measure"] == "verdict"]
    # all areas together have their own checks
    unjudged = verdicts["status"].eq("not_run") & verdicts["area"].ne("all")
    failed = verdicts[verdicts["status"].eq("fail") | unjudged]
    checked = {name: study.outcomes.checked_for(name) for name in ledger["outcome"].unique()}
    costs = failed.loc[failed["outcome"] == study.outcomes.checked_for("cost"), "area"]
    hit = (ledger["topic"] == "cost_effectiveness") & ledger["area"].isin(costs)
    unfair = pd.MultiIndex.from_frame(failed[["area", "outcome"]])
    for outcome in (ledger["outcome"], ledger["outcome"].map(checked)):
        hit |= pd.MultiIndex.from_arrays([ledger["area"], outcome]).isin(unfair)
    chosen = pd.Series(False, index=ledger.index)
    for topic, measures in WITHHELD.items():
        chosen |= (ledger["topic"] == topic) & (ledger["measure"].isin(measures) | (not measures))
    # what tells how large the withheld finding is
    chosen |= (ledger["topic"] == "comparability") & (ledger["item"] == "hidden_bias")
    return hit & chosen


def withhold(rows: pd.DataFrame, study: Study) -> pd.DataFrame:
    """A copy in which the rows that the verdicts among them withhold have that status and no numbers."""
    hit = withheld(rows, study)
    out = rows.copy()
    out.loc[hit, "status"] = "withheld"
    out.loc[hit, NUMBERS] = np.nan
    out.loc[hit, "method"] = ""  # it may hold numbers, or the direction of a refused ratio
    return out
