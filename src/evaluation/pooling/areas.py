"""All areas beside each other: mean and spread of the effects, shrunken estimates, possible ranks, funnel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evaluation.inference.multiplicity import adjust_p
from evaluation.pooling.funnels import funnel
from evaluation.pooling.random_effects import random_effects, shrunken
from evaluation.pooling.ranks import rank_intervals, rankable

NUMBERS = ["estimate", "std_error", "ci_low", "ci_high"]
FEWEST_AREAS = 5


def area_estimates(ledger: pd.DataFrame, *, outcome: str) -> pd.DataFrame:
    """Main estimates of the areas whose comparison is fair enough to have one, with their common error.

    An area whose finding other evidence contradicts enters neither mean nor ranks. Columns: area, estimate,
    std_error, ci_low, ci_high, p_value, unit, persons, shared_error.
    """
    said = ledger[ledger["outcome"].eq(outcome)]
    contradicted = said.loc[
        said["item"].eq("contradiction") & said["status"].isin(["concern", "fail"]), "area"
    ]
    rows = said[
        said["topic"].eq("effect")
        & said["specification"].eq("main")
        & said["status"].eq("ok")
        & ~said["area"].isin(["all", *contradicted])
    ]
    att = rows[rows["measure"].eq("att") & rows["std_error"].notna()]
    shared = rows[rows["measure"].eq("comparison_error")].set_index("area")["estimate"]
    return att.assign(shared_error=att["area"].map(shared))[
        ["area", *NUMBERS, "p_value", "unit", "persons", "shared_error"]
    ].sort_values("area", ignore_index=True)


def adjusted_rows(ledger: pd.DataFrame, *, outcomes: Sequence[str]) -> pd.DataFrame:
    """Adjust the p-values of the primary family over outcomes and areas together (Holm).

    Rows p_adjusted of topic effect, one an area and outcome.
    """
    rows = ledger[
        ledger["topic"].eq("effect")
        & ledger["measure"].eq("att")
        & ledger["specification"].eq("main")
        & ledger["outcome"].isin(list(outcomes))
        & ledger["p_value"].notna()
    ]
    kept = rows[["area", "outcome", "window", "group", "persons", "episodes"]]
    return kept.assign(
        measure="p_adjusted",
        unit="probability",
        estimate=adjust_p(rows["p_value"]),
        method=f"Holm over {len(rows)} tests: outcomes and areas",
    ).reset_index(drop=True)


def pooled_rows(ledger: pd.DataFrame, *, outcome: str, seed: int) -> pd.DataFrame:
    """Everything that the areas say together about one outcome, in the ledger's columns.

    From the ledger parts of the areas: rows att, prediction_interval, tau, i2, heterogeneity (area "all") and
    att_raw, att_shrunken, rank and funnel_limit (one an area). With fewer than five areas one row att of
    status "not_run". `seed` is that of the simultaneous rank intervals.
    """
    found = area_estimates(ledger, outcome=outcome)
    if len(found) < FEWEST_AREAS:
        return pd.DataFrame(
            {
                "area": ["all"],
                "measure": "att",
                "outcome": outcome,
                "status": "not_run",
                "method": f"{len(found)} areas; at least {FEWEST_AREAS} are needed",
            }
        )
    y, error = found["estimate"].to_numpy(), found["std_error"].to_numpy()
    # Never larger than an area's own error: the areas' weights on the comparison differ a little.
    shared = float(min(found["shared_error"].median(), 0.99 * error.min()))
    whole = random_effects(y, error, shared_error=shared)
    ranks = rank_intervals(y, error, seed=seed, shared_error=shared)
    ordered = rankable(ranks, heterogeneity_p=whole["q_p_value"])
    limits = funnel(y, error)

    def limits_of(name: str) -> dict[str, float]:
        return {"ci_low": whole[f"{name}_low"], "ci_high": whole[f"{name}_high"]}

    together = [
        {"measure": "att", **{name: whole[name] for name in [*NUMBERS, "p_value", "method"]}},
        {"measure": "prediction_interval", "estimate": whole["estimate"], **limits_of("prediction")},
        {"measure": "tau", "estimate": whole["tau"], **limits_of("tau")},
        {"measure": "i2", "estimate": whole["i2"], "unit": "share"},
        {
            "measure": "heterogeneity",
            "estimate": whole["q"],
            "p_value": whole["q_p_value"],
            "unit": "number",
            "method": "can_be_ranked" if ordered else "cannot_be_ranked",
        },
    ]
    possible = ranks.rename(columns={"rank": "estimate", "rank_low": "ci_low", "rank_high": "ci_high"})
    own = found[["area", "unit", "persons"]]
    parts = [
        pd.DataFrame(together).assign(area="all", persons=found["persons"].sum()),
        found.drop(columns="shared_error").assign(measure="att_raw"),
        own.join(shrunken(y, error, shared_error=shared)).assign(measure="att_shrunken"),
        own.join(possible[["estimate", "ci_low", "ci_high"]].astype(float)).assign(
            measure="rank", unit="rank"
        ),
        own.join(limits.rename(columns={"target": "estimate"})[NUMBERS]).assign(
            measure="funnel_limit", method=np.where(limits["outside"], "outside", "inside")
        ),
    ]
    rows = pd.concat(parts, ignore_index=True).assign(outcome=outcome)
    return rows.assign(unit=rows["unit"].fillna(found["unit"].iloc[0]))
