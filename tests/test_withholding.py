"""What a failed verdict withholds: the outcomes of its own family, in its own area, and nothing else."""

import pandas as pd

from evaluation.results import ledger
from evaluation.results.withholding import withheld, withhold
from small_register import TRIALS

WORK, SERVICES, COSTS = TRIALS.outcomes.checked


def rows(*, failed, status="fail", area="a"):
    frame = pd.DataFrame(
        [
            ("a", "effect", "att", "open_employment_days_12m"),
            ("a", "effect", "att", "service_days_12m"),
            ("a", "sensitivity", "att", "open_employment_12m"),
            ("a", "cost", "delta_cost", "cost_state_12m_eur"),
            ("a", "cost", "mean_cost", "cost_state_12m_eur"),
            ("a", "cost_effectiveness", "icer", "open_employment_days_12m"),
            ("a", "description", "mean", "open_employment_12m"),
            ("a", "pooled", "rank", "open_employment_12m"),
            ("b", "effect", "att", "open_employment_12m"),
            ("a", "comparability", "verdict", failed),
        ],
        columns=["area", "topic", "measure", "outcome"],
    ).assign(estimate=1.0, ci_low=0.5, status="ok")
    frame.loc[frame["measure"] == "verdict", ["status", "area"]] = [status, area]
    return ledger.rows(frame, simulated=True)


def hidden(failed, **given):
    found = rows(failed=failed, **given)
    out = withhold(found, TRIALS)
    gone = out["status"].eq("withheld")
    assert (gone == withheld(found, TRIALS)).all()
    assert out.loc[gone, "estimate"].isna().all() and out.loc[gone, "ci_low"].isna().all()
    assert out.loc[~gone, "estimate"].notna().all() and found["estimate"].notna().all()
    return gone[gone].index.tolist()


def test_each_family_withholds_only_its_own():
    assert hidden(WORK) == [0, 2, 5, 7]
    assert hidden(SERVICES) == hidden("service_days_12m") == [1]
    assert hidden(COSTS) == [3, 5]


def test_what_could_not_be_judged_is_withheld_too_and_concerns_are_not():
    assert hidden(WORK, status="not_run") == hidden(WORK)
    assert hidden(WORK, status="concern") == hidden(WORK, status="pass") == []
    assert hidden(WORK, status="not_run", area="all") == []
