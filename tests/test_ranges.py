"""Intervals of levels stay within what an outcome can be and still cover the truth as often as they say."""

import numpy as np
import pandas as pd
import pytest

from evaluation.inference.sensitivity import _possible
from evaluation.ranges import bounded_level, most, score_interval
from evaluation.results import audit, ledger

SEEDS = np.random.default_rng(15)


def test_wilsons_interval_as_published():
    # Newcombe (1998), Statistics in Medicine 17, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29
    published = {(81, 263): (0.2553, 0.3662), (15, 148): (0.0624, 0.1605), (0, 20): (0.0, 0.1611),
                 (1, 29): (0.0061, 0.1718)}  # fmt: skip
    for (found, count), ends in published.items():
        share = found / count
        error = np.sqrt(share * (1 - share) / count)
        assert score_interval(share, error, count, top=1.0) == pytest.approx(ends, abs=5e-5)


@pytest.mark.filterwarnings("error")
def test_of_nobody_nothing_is_known():
    low, high = score_interval([np.nan, 0.2], [np.nan, 0.1], [0, 16], top=1.0)
    assert np.isnan([low[0], high[0]]).all() and 0 < low[1] < 0.2 < high[1]


@pytest.mark.parametrize(("some", "count"), [(0.1, 30), (0.3, 20), (0.9, 25)])
def test_days_that_many_have_none_of_are_covered_and_stay_within_the_horizon(some, count):
    """`some` of the episodes have days between none and the whole horizon, the others none."""
    top, draws = most("service_days_12m"), 4000
    days = SEEDS.binomial(1, some, (draws, count)) * SEEDS.integers(1, 366, (draws, count))
    truth = some * 183.0
    error = days.std(axis=1, ddof=1) / np.sqrt(count)
    low, high = score_interval(days.mean(axis=1), error, count, top=top)
    assert low.min() >= 0 and high.max() <= top
    plain = np.abs(days.mean(axis=1) - truth) <= 1.96 * error
    held = ((low <= truth) & (truth <= high)).mean()
    # where three episodes or so hold all that is known, no interval holds 95 of 100
    assert held > 0.89 and held > plain.mean() - 0.005


def test_a_level_far_from_the_ends_keeps_its_interval_and_a_level_without_a_top_too():
    assert bounded_level(0.4, 0.1, top=1.0) == pytest.approx((0.4, 0.3, 0.5))
    assert bounded_level(5400.0, 500.0, top=np.inf) == pytest.approx((5400.0, 4900.0, 5900.0))


def test_feldman_and_cousins_published_limits_of_a_level_that_cannot_be_negative():
    # Feldman and Cousins (1998), table X: measured in standard errors, 95 % limits
    published = {-3.0: (0.0, 0.42), -1.0: (0.0, 1.10), 0.0: (0.0, 1.96), 1.0: (0.0, 2.96), 2.0: (0.35, 3.96)}
    for seen, (low, high) in published.items():
        found = bounded_level(seen, 1.959964, top=1e6)
        assert found[1:] == pytest.approx((low, high), abs=0.07)


@pytest.mark.parametrize("truth", [0.0, 0.004, 0.03, 0.5, 0.98, 1.0])
def test_levels_near_an_end_are_covered_as_often_as_elsewhere(truth):
    seen = truth + SEEDS.normal(0, 0.02, 3000)
    found = np.array([bounded_level(one, 1.96 * 0.02, top=1.0) for one in seen])
    assert found.min() >= 0 and found.max() <= 1
    assert (found[:, 1] <= found[:, 0]).all() and (found[:, 0] <= found[:, 2]).all()
    held = ((found[:, 1] <= truth + 1e-9) & (truth - 1e-9 <= found[:, 2])).mean()
    assert held == pytest.approx(0.95, abs=0.015)


def test_what_no_difference_can_be_is_not_shown_and_keeps_the_others():
    rows = pd.DataFrame({
        "outcome": ["open_employment_12m", "service_days_12m", "benefit_eur_12m"],
        "estimate": [0.6, 5.0, 1.0],
        "ci_low": [-0.2, -90.0, -9e4], "ci_high": [1.4, 100.0, 9e4], "std_error": 1.0, "p_value": 0.5,
        "status": "ok", "method": "jump"})  # fmt: skip
    left = _possible(rows)
    assert left["status"].tolist() == ["missing", "ok", "ok"]
    assert left.loc[0, ["estimate", "ci_low", "ci_high"]].isna().all()
    assert left.loc[1, "ci_low"] == -90.0


def test_the_audit_finds_a_level_out_of_its_range_and_leaves_differences_alone():
    given = {
        "outcome": ["open_employment_12m", "open_employment_6m", "service_days_12m", "benefit_eur_12m"],
        "unit": ["share", "share", "days", "eur"],
        "estimate": [0.3, -0.1, 300.0, -50.0],
        "ci_low": [0.1, -0.2, 200.0, -90.0],
        "ci_high": [1.01, 0.1, 365.0, -10.0],
    }
    kept = {"area": "oulu", "topic": "effect", "simulated": True}
    levels = ledger.rows(pd.DataFrame(given), measure="counterfactual_mean", **kept)
    assert audit.out_of_range(levels).index.tolist() == [0, 1]
    assert audit.out_of_range(ledger.rows(pd.DataFrame(given), measure="att", **kept)).empty


def test_the_audit_leaves_euros_ranks_and_days_of_a_rule_alone():
    kept = {"area": "oulu", "topic": "cost_effectiveness", "simulated": True}
    money = {
        "outcome": "open_employment_days_12m",
        "estimate": -194.0,
        "measure": "net_benefit",
        "unit": "eur",
    }
    rule = {"outcome": "", "estimate": 790.0, "measure": "look_back", "unit": "days"}
    assert audit.out_of_range(ledger.rows(pd.DataFrame([money, rule]), **kept)).empty
