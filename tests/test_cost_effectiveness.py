"""Joint cost and effect: by hand, at known truth, as ledger rows (oracles: test_cost_oracles.py)."""

import numpy as np
import pandas as pd
import pytest

from evaluation.costs import programme
from evaluation.economics import area, public_funds
from evaluation.economics.fieller import fieller
from evaluation.economics.joint import Joint, combination
from evaluation.economics.rows import summary
from evaluation.results import ledger

JOINT = Joint(1000.0, 2.0, np.array([[90_000.0, -30.0], [-30.0, 0.16]]), df=30.0)
CLIENTS = pd.Series({"a": 10.0, "b": 10.0, "c": 10.0, "d": 10.0})


def test_fieller_set_holds_exactly_the_ratios_whose_net_benefit_is_not_significant():
    for delta_effect in (2.0, 0.5, 0.1):
        joint = Joint(1000.0, delta_effect, JOINT.covariance, df=12.0)
        found = joint.fieller()
        for ratio in np.linspace(-20_000, 40_000, 241):
            row = combination(joint, cost=-1.0, effect=ratio)
            assert found.contains(ratio) == (row["ci_low"] <= 0 <= row["ci_high"])


def test_fieller_on_the_boundary_gives_a_half_line_and_no_information_gives_everything():
    z = 1.959963984540054
    found = fieller(10.0, z, [[1.0, 0.0], [0.0, 1.0]])
    assert found.kind in ("interval", "outside")
    assert fieller(0.0, 0.0, np.eye(2)).kind == "everything"
    with pytest.raises(ValueError, match="2 × 2"):
        fieller(1.0, 1.0, np.eye(3))


def test_summary_rows_enter_the_ledger_with_every_measure():
    monthly = {"all_public": np.array([600.0] + [-80.0] * 11), "municipality": np.full(12, 10.0)}
    rows = summary(
        {"municipality": Joint(-50.0, 2.0, JOINT.covariance, df=30.0), "all_public": JOINT},
        thresholds=[0, 500, 1000],
        value=400.0,
        monthly_cost=monthly,
        monthly_effect=np.full(12, 0.1),
    )
    fixed = {"topic": "cost_effectiveness", "area": "oulu", "window": "2019_20", "simulated": True}
    entered = ledger.rows(rows, **fixed)
    public = entered[entered["item"] == "all_public"].set_index("measure")
    assert public.loc["icer", "estimate"] == 500.0
    assert public.loc["icer", "method"] == "interval"
    assert public.loc["break_even_effect", "estimate"] == 2.5
    assert public.loc["break_even_cost", "estimate"] == 800.0
    assert public.loc["break_even_persistence", "estimate"] == pytest.approx((1000 - 800) / (40 + 80))
    assert public.loc["payback", "estimate"] == 9  # month 9: 600 - 8 x 80 < 0
    own = entered[entered["item"] == "municipality"].set_index("measure")
    assert own.loc["icer", "method"] == "refused:dominant"
    assert np.isnan(own.loc["icer", "estimate"])
    assert np.isnan(own.loc["payback", "estimate"])
    assert own.loc["payback", "method"].startswith("never")
    measures = {"delta_cost", "delta_effect", "correlation", "net_benefit", "acceptability", "evpi"}
    assert measures | {f"quadrant_{q}" for q in ("ne", "nw", "se", "sw")} <= set(entered["measure"])


def test_the_municipality_never_stands_alone():
    with pytest.raises(ValueError, match="no all_public"):
        summary({"municipality": JOINT}, thresholds=[1], value=1.0)


def test_missing_programme_costs_stay_missing_and_give_a_range():
    spending = pd.DataFrame(
        {"area": ["a", "a", "b", "b", "c"], "amount_eur": [1000.0, 500.0, 800.0, np.nan, np.nan]}
    )
    found = programme.cost_per_client(spending, CLIENTS)
    assert found["reported"].tolist()[0] == 150.0
    assert found["reported"].isna().tolist() == [False, True, True, True]
    assert found["low"].tolist()[:2] == [150.0, 80.0]
    assert found["low"].isna().tolist()[2:] == [True, True]
    assert set(found["high"]) == {150.0}
    rows = programme.programme_rows(spending.assign(item="hankkeet", year=2021), CLIENTS, area="b")
    assert rows["status"].tolist() == ["missing", "ok", "ok"]


@pytest.mark.parametrize(
    ("cost", "ratio", "method"), [(1000, 0.7, "bootstrap"), (-9, np.inf, "pays_for_itself")]
)
def test_mvpf_of_an_area_is_income_gained_by_euro_of_net_public_cost(monkeypatch, cost, ratio, method):
    monkeypatch.setattr(area, "joint_of", lambda *_, **__: Joint(cost, 700.0, np.eye(2), df=30.0))
    row = area._public_funds(None, seed=4).iloc[0]
    assert row["estimate"] == ratio and row["method"] == method
    assert row["ci_low"] <= ratio <= row["ci_high"]


def test_mvpf_interval_drops_draws_that_are_not_comparable_and_takes_them_from_the_tails():
    value, cost = np.full(100, 10.0), np.linspace(1, 20, 100)
    value[:2], cost[:2] = -1.0, -1.0
    found = public_funds.mvpf_interval(10.0, 10.0, draws_willingness=value, draws_cost=cost)
    assert found["not_comparable"] == 2
    ratios = np.sort(10.0 / cost[2:])
    assert found["ci_low"] == pytest.approx(np.quantile(ratios, 0.015))
    value[:6], cost[:6] = -1.0, -1.0
    found = public_funds.mvpf_interval(10.0, 10.0, draws_willingness=value, draws_cost=cost)
    assert (found["ci_low"], found["ci_high"]) == (-np.inf, np.inf)
