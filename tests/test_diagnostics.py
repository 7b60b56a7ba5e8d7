"""Diagnostics: each state reachable, published values reproduced, bounds hold their level, verdict rules."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evaluation.diagnostics import checks as diagnostics
from evaluation.diagnostics import comparability
from evaluation.diagnostics import verdict as verdict_of_diagnostics
from evaluation.diagnostics.pretrends import (
    breakdown_per_year,
    power_against,
    pre_trend,
    robust_interval,
)
from evaluation.diagnostics.verdict import CONTROLS, ESSENTIAL
from evaluation.results import ledger

FOUND = pd.DataFrame(
    {
        "outcome": ["open_employment_12m"],
        "estimate": [0.0],
        "std_error": [0.01],
        "ci_low": [-0.02],
        "ci_high": [0.02],
        "p_value": [1.0],
    }
)

WORK = "open_employment_12m"
LIMIT, VISIBLE = {WORK: 0.02}, {WORK: 0.1}


def verdict(rows):
    """The verdict on work."""
    return verdict_of_diagnostics.verdict(rows, outcome="open_employment_12m")


def checks(**states):
    rows = dict.fromkeys((*ESSENTIAL, *CONTROLS), "pass") | states
    return pd.DataFrame(
        {"item": list(rows), "status": list(rows.values()), "outcome": "", "measure": "diagnostic"}
    )


# states


@pytest.mark.parametrize(
    ("estimate", "error", "state"),
    [
        (0.0, 0.005, "pass"),
        (0.0, 0.15, "concern"),
        (0.012, 0.005, "concern"),
        (0.022, 0.01, "concern"),
        (0.06, 0.005, "fail"),
    ],
)
def test_negative_controls_reach_every_state(estimate, error, state):
    half = 1.96 * error
    row = FOUND.assign(estimate=estimate, std_error=error, ci_low=estimate - half, ci_high=estimate + half)
    for item in ("placebo_date", *CONTROLS):
        out = diagnostics.judge_nulls(row, item=item, limit=LIMIT, visible=VISIBLE)
        assert out["status"].tolist() == [state]
        assert out["item"].tolist() == [item]


def test_a_control_without_a_number_is_not_run():
    found = FOUND.assign(ci_low=np.nan)
    row = diagnostics.judge_nulls(found, item="placebo_date", limit=LIMIT, visible=VISIBLE)
    assert row["status"].tolist() == ["not_run"]


def test_overlap_balance_and_clusters_reach_every_state():
    assert comparability.overlap(0.01, ess=500)["status"].item() == "pass"
    assert comparability.overlap(0.01, ess=50)["status"].item() == "concern"
    assert comparability.overlap(0.01, ess=10)["status"].item() == "fail"
    assert comparability.overlap(np.nan, ess=10)["status"].item() == "not_run"
    assert comparability.balance([0.02], treated=9000, ess=9000)["status"].item() == "pass"
    assert comparability.balance([0.5], treated=9000, ess=9000)["status"].item() == "fail"
    assert comparability.balance([0.02], treated=40, ess=9000)["status"].item() == "concern"
    assert comparability.balance([], treated=40, ess=9000)["status"].item() == "not_run"
    arm = np.arange(41) < 1
    even = np.where(arm, 1.0, 1 / 40)
    assert comparability.clusters(even, arm)["status"].item() == "pass"
    assert comparability.clusters(np.where(np.arange(41) < 11, even, 1e-6), arm)["status"].item() == "concern"
    assert comparability.clusters(np.where(np.arange(41) < 4, even, 1e-6), arm)["status"].item() == "fail"
    assert comparability.clusters([1.0], [True])["status"].item() == "not_run"


def test_perfectly_balanced_small_areas_are_not_failed():
    """Known truth: 20 covariates without any difference; the raw 0.1 rule would alarm nearly always."""
    rng = np.random.default_rng(1)
    for treated in (100, 300, 3000):
        error = np.sqrt(1 / treated + 1 / 800)
        smd = rng.normal(0, error, (150, 20))
        states = [comparability.balance(row, treated=treated, ess=800)["status"].item() for row in smd]
        assert "fail" not in states
        assert np.mean(np.array(states) == "pass") > 0.95
    assert np.mean(np.abs(rng.normal(0, np.sqrt(1 / 100 + 1 / 800), (400, 20))).max(axis=1) > 0.1) > 0.9


def test_effective_clusters_by_hand():
    part = np.array([3.0, 1.0, 1.0, 1.0])
    gamma = ((part - part.mean()) ** 2).mean() / part.mean() ** 2
    weight, arm = np.r_[1.0, np.sqrt(part)], np.arange(5) < 1
    assert comparability.clusters(weight, arm)["estimate"].item() == pytest.approx(4 / (1 + gamma))


# pre-trends and breakdown


def test_pre_trend_by_hand():
    found = pre_trend([0.02, 0.01], np.diag([1e-4, 1e-4]), years=[-2, -1], outcome=WORK).iloc[0]
    assert found["estimate"] == pytest.approx((-2 * 0.02 - 0.01) / 5)
    assert found["std_error"] == pytest.approx(0.01 / np.sqrt(5))
    assert found["p_value"] == pytest.approx(stats.chi2.sf(4 + 1, 2))
    with pytest.raises(ValueError, match="reference period"):
        pre_trend([0.0], [[1.0]], years=[0], outcome=WORK)
    with pytest.raises(ValueError, match="positive definite"):
        pre_trend([0.0, 0.0], np.ones((2, 2)), years=[-2, -1], outcome=WORK)


def test_joint_deviation_without_slope_is_a_concern():
    found = pre_trend([0.03, -0.06, 0.03], np.eye(3) * 1e-4, years=[-3, -2, -1], outcome=WORK)
    row = diagnostics.pre_trend_row(found, limit={WORK: 0.05}, visible=VISIBLE)
    assert row["status"].item() == "concern"


def test_robust_interval_covers_at_the_worst_allowed_bias():
    rng = np.random.default_rng(2)
    for violation in (0.0, 0.5, 3.0):
        estimates = 1.0 + violation + rng.standard_normal(20_000)
        low, high = robust_interval(0.0, 1.0, violation=violation)
        assert np.mean((estimates + low <= 1) & (estimates + high >= 1)) == pytest.approx(0.95, abs=0.006)


def test_breakdown_per_year_is_where_the_interval_touches_zero():
    bound = breakdown_per_year(0.08, 0.02, years=2.0, df=30)
    low, _ = robust_interval(0.08, 0.02, violation=2 * bound, df=30)
    assert low == pytest.approx(0, abs=1e-8)
    assert breakdown_per_year(-0.08, 0.02, years=2.0, df=30) == pytest.approx(bound)
    assert breakdown_per_year(0.01, 0.02, years=2.0) == 0


def test_power_is_the_share_of_rejections():
    rng = np.random.default_rng(4)
    assert power_against(2.0, 1.0) == pytest.approx(
        np.mean(np.abs(2 + rng.standard_normal(100_000)) > 1.959964), abs=0.01
    )


# hidden bias


def test_hidden_bias_is_not_run_without_a_finding_and_weak_findings_are_a_concern():
    name = "open_employment_12m"
    states = [
        diagnostics.hidden_bias(effect, low, high, counterfactual=0.4, outcome=name)["status"].item()
        for effect, low, high in (
            (0.01, -0.01, 0.03),
            (0.02, 0.001, 0.04),
            (0.1, 0.08, 0.12),
            (-0.1, -0.12, -0.08),
        )
    ]
    assert states == ["not_run", "concern", "pass", "pass"]


# verdict


def test_verdict_rules_one_by_one():
    assert verdict(checks())["status"].item() == "pass"
    for item in ESSENTIAL:
        assert verdict(checks(**{item: "fail"}))["status"].item() == "fail"
        assert verdict(checks(**{item: "concern"}))["status"].item() == "concern"
        assert verdict(checks(**{item: "not_run"}))["status"].item() == "concern"
    blind = checks(pre_trend="not_run", placebo_date="not_run")
    assert verdict(blind)["status"].item() == "not_run"  # no working check of trends, no headline
    assert verdict(checks(placebo_outcome="fail"))["status"].item() == "concern"
    assert verdict(checks(placebo_outcome="fail", placebo_population="fail"))["status"].item() == "fail"
    assert verdict(checks(placebo_outcome="not_run"))["status"].item() == "pass"
    assert (
        verdict(checks(placebo_outcome="not_run", placebo_population="not_run"))["status"].item() == "concern"
    )
    assert verdict(checks().iloc[:0])["status"].item() == "not_run"
    assert verdict(checks(overlap="concern"))["item"].item() == "overlap_concern;hidden_bias_not_run"
    with pytest.raises(ValueError, match="splendid"):
        verdict(checks(overlap="splendid"))


def test_not_run_never_improves_a_verdict():
    better = {"pass": 0, "concern": 1, "not_run": 1, "fail": 2}
    for states in itertools.product(["pass", "fail", "concern"], repeat=3):
        base = dict(zip(("balance", "placebo_date", "placebo_outcome"), states, strict=True))
        for item in base:
            if base[item] == "pass":
                before = verdict(checks(**base))["status"].item()
                after = verdict(checks(**(base | {item: "not_run"})))["status"].item()
                assert better[after] >= better[before]


def test_other_outcomes_do_not_count_but_the_headline_does():
    rows = checks()
    other = pd.DataFrame(
        {"item": ["pre_trend"], "status": "fail", "outcome": "service_days_12m", "measure": "diagnostic"}
    )
    assert verdict(pd.concat([rows, other]))["status"].item() == "pass"
    headline = other.assign(outcome="open_employment_12m")
    assert verdict(pd.concat([rows, headline]))["status"].item() == "fail"


@settings(max_examples=10, deadline=None)
@given(effect=st.floats(-0.2, 0.2), error=st.floats(0.001, 0.1), counterfactual=st.floats(0.05, 0.9))
def test_every_row_fits_the_ledger(effect, error, counterfactual):
    low, high = effect - 1.96 * error, effect + 1.96 * error
    found = FOUND.assign(estimate=effect, std_error=error, ci_low=low, ci_high=high)
    rows = pd.concat(
        [
            diagnostics.judge_nulls(found, item="placebo_date", limit=LIMIT, visible=VISIBLE),
            diagnostics.pre_trend_row(
                pre_trend([effect], [[error**2]], years=[-1], outcome=WORK), limit=LIMIT, visible=VISIBLE
            ),
            diagnostics.breakdown(effect, low, high, outcome="open_employment_12m", years=2.5),
            diagnostics.hidden_bias(
                effect, low, high, counterfactual=counterfactual, outcome="open_employment_12m"
            ),
            comparability.overlap(abs(effect), ess=100),
            comparability.balance([effect], treated=100, ess=100),
            comparability.clusters(np.ones(30), np.arange(30) < 2),
        ],
        ignore_index=True,
    )
    rows = pd.concat([rows, verdict(rows)], ignore_index=True)
    finding = low > 0 or high < 0
    assert len(ledger.rows(rows, area="oulu", simulated=True)) == 7 + finding


def test_a_concern_that_found_nothing_is_called_unclear_in_the_verdict():
    checks = pd.DataFrame(
        {
            "item": ["pre_trend", "placebo_date"],
            "outcome": "open_employment_12m",
            "status": "concern",
            "measure": "diagnostic",
            "ci_low": [-0.1, 0.01],
            "ci_high": [0.1, 0.02],
            "std_error": 0.05,
            "estimate": 0.01,
            "p_value": [0.9, 0.01],
        }
    )
    reasons = verdict(checks)["item"].item().split(";")
    assert "pre_trend_unclear" in reasons
    assert "placebo_date_concern" in reasons
