"""Joint cost and effect: by hand, at known truth, as ledger rows (oracles: test_cost_oracles.py)."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evaluation import (
    appraisal,
    censored_costs,
    cost_effectiveness_rows,
    cost_sensitivity,
    frontier,
    ledger,
    paired_draws,
    programme_costs,
    value_of_information,
)
from evaluation.cost_effectiveness import (
    Joint,
    combination,
    from_influence,
    net_benefit,
    quadrant_shares,
    quadrants,
    two_arm,
)
from evaluation.fieller import WORDS, fieller, reason_to_refuse

JOINT = Joint(1000.0, 2.0, np.array([[90_000.0, -30.0], [-30.0, 0.16]]), df=30.0, method="test")


def test_fieller_set_holds_exactly_the_ratios_whose_net_benefit_is_not_significant():
    for delta_effect in (2.0, 0.5, 0.1):
        joint = Joint(1000.0, delta_effect, JOINT.covariance, df=12.0)
        found = joint.fieller(level=0.95)
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


@pytest.mark.parametrize(
    ("cost", "effect", "reason"),
    [
        (1, 1, ""),
        (-1, 1, "dominant"),
        (0, 1, "dominant"),
        (1, -1, "dominated"),
        (-1, -1, "saves_and_loses"),
        (1, 0, "no_effect"),
    ],
)
def test_a_ratio_is_refused_in_words_where_it_has_no_meaning(cost, effect, reason):
    assert reason_to_refuse(cost, effect) == reason
    assert len(WORDS[reason]) > 20


def test_quadrants_of_the_law_agree_with_its_draws():
    for df in (5.0, np.inf):
        joint = Joint(200.0, 0.3, JOINT.covariance, df=df)
        exact, drawn = quadrants(joint), quadrant_shares(joint.draws(200_000, seed=2))
        assert sum(exact.values()) == pytest.approx(1.0)
        for name, share in exact.items():
            assert drawn[name] == pytest.approx(share, abs=0.005)


def test_evpi_of_the_curve_agrees_with_draws_from_the_same_law():
    joint = Joint(500.0, 0.4, JOINT.covariance)
    rows = net_benefit(joint, thresholds=[500.0, 1250.0, 3000.0])
    pairs = joint.draws(400_000, seed=1)
    zero = np.zeros(len(pairs))
    drawn = value_of_information.acceptability(
        np.column_stack([zero, pairs[:, 0]]),
        np.column_stack([zero, pairs[:, 1]]),
        thresholds=rows["threshold"],
    )
    trial = drawn[drawn["strategy"] == 1]
    np.testing.assert_allclose(trial["probability_best"], rows["probability_positive"], atol=0.004)
    np.testing.assert_allclose(trial["evpi"], rows["evpi"], rtol=0.02, atol=0.5)


def dense(cost, effect, grid):
    benefit = effect[:, :, None] * grid - cost[:, :, None]
    best = benefit.argmax(axis=1)
    shares = np.stack([(best == s).mean(axis=0) for s in range(cost.shape[1])])
    return shares, benefit.max(axis=1).mean(axis=0) - benefit.mean(axis=0), benefit.mean(axis=0)


@pytest.mark.parametrize("kind", ["normal", "ties", "duplicates", "one_strategy", "flat"])
def test_envelope_of_lines_equals_the_dense_array(kind):
    rng = np.random.default_rng(8)
    cost, effect = rng.normal(size=(400, 6)) * 100, rng.normal(size=(400, 6))
    grid = np.array([50.0, -20.0, 0.0, 0.0, 7.5, 1000.0])
    if kind == "ties":
        cost, effect, grid = cost.round(-2), effect.round(), np.arange(-300.0, 301.0, 50.0)
    if kind == "duplicates":
        cost, effect = cost[:, [0, 0, 1, 1, 2, 2]], effect[:, [0, 0, 1, 1, 2, 2]]
    if kind == "one_strategy":
        cost, effect = cost[:, :1], effect[:, :1]
    if kind == "flat":
        effect[:] = 0
    found = value_of_information.acceptability(cost, effect, thresholds=grid)
    shares, loss, expected = dense(cost, effect, grid)
    shape = (len(grid), cost.shape[1])
    if kind != "ties":  # a tie is decided the same way but for rounding of the breakpoint
        np.testing.assert_allclose(found["probability_best"].to_numpy().reshape(shape).T, shares, atol=1e-12)
    else:
        np.testing.assert_allclose(found["probability_best"].to_numpy().reshape(shape).T, shares, atol=0.02)
    np.testing.assert_allclose(found["expected_loss"].to_numpy().reshape(shape).T, loss, atol=1e-8)
    np.testing.assert_allclose(found["expected_net_benefit"].to_numpy().reshape(shape).T, expected, atol=1e-8)


def test_draws_that_are_missing_or_do_not_match_are_refused():
    with pytest.raises(ValueError, match="missing or infinite"):
        value_of_information.acceptability([[np.nan, 1]], [[1, 1]], thresholds=[1])
    with pytest.raises(ValueError, match="must match"):
        value_of_information.acceptability([[0, 1]], [[1, 1]], thresholds=[1], strategies=["a", "a"])


def test_dominance_by_hand_with_equal_effects_and_equal_costs():
    frame = pd.DataFrame({"s": list("abcdef"), "c": [0.0, 10, 10, 12, 30, 30], "e": [0.0, 1, 2, 2, 3, 3]})
    found = frontier.icer_table(frame, strategy="s", cost="c", effect="e").set_index("strategy")
    assert found["status"].to_dict() == {"a": "ND", "c": "ND", "e": "ND", "b": "D", "d": "D", "f": "D"}
    assert found.loc[["c", "e"], "icer"].tolist() == [5.0, 20.0]
    with pytest.raises(ValueError, match="share a name"):
        frontier.icer_table(frame.assign(s="a"), strategy="s", cost="c", effect="e")


def clustered(rng, *, clusters, size, shock, truth=(300.0, 0.6)):
    """Episodes of two arms in clusters: skewed costs and months in work that move together."""
    label = np.repeat(np.arange(2 * clusters), size)
    arm = (label >= clusters).astype(int)
    common = rng.normal(size=(2 * clusters, 2)) @ np.array([[300.0, -0.25], [0.0, 0.4]])[:, :] * shock
    own = rng.gamma(1.5, 1.0, len(label)) - 1.5
    cost = 6000 + 2500 * own + common[label, 0] + truth[0] * arm
    effect = 4 - 1.2 * own + rng.normal(size=len(label)) * 3 + common[label, 1] + truth[1] * arm
    return pd.DataFrame({"municipality": label, "arm": arm, "cost": cost, "effect": effect})


def influence_of(frame):
    share = frame.groupby("arm")["arm"].transform("size") / len(frame)
    side = np.where(frame["arm"] == 1, 1.0, -1.0) / share
    centred = frame[["cost", "effect"]] - frame.groupby("arm")[["cost", "effect"]].transform("mean")
    return centred.mul(side, axis=0)


def joint_of(frame):
    means = frame.groupby("arm")[["cost", "effect"]].mean()
    return from_influence(
        means.loc[1] - means.loc[0],
        influence_of(frame),
        cost="cost",
        effect="effect",
        clusters=frame["municipality"],
        arm=frame["arm"],
    )


def coverage(*, runs, clusters, size, shock, seed):
    rng = np.random.default_rng(seed)
    truth = np.array([300.0, 0.6])
    hits = np.zeros(4)
    for _ in range(runs):
        joint = joint_of(clustered(rng, clusters=clusters, size=size, shock=shock))
        for place, (c, e) in enumerate(((1.0, 0.0), (0.0, 1.0), (-1.0, 800.0))):
            row = combination(joint, cost=c, effect=e)
            hits[place] += row["ci_low"] <= c * truth[0] + e * truth[1] <= row["ci_high"]
        hits[3] += joint.fieller().contains(truth[0] / truth[1])
    return hits / runs


@pytest.mark.parametrize(("clusters", "size"), [(6, 20), (30, 20)])
def test_coverage_of_cost_effect_net_benefit_and_fieller_at_known_truth(clusters, size):
    # 300 runs: 93–97 % widened by three Monte Carlo errors
    found = coverage(runs=300, clusters=clusters, size=size, shock=1.0, seed=clusters)
    assert (found > 0.93 - 0.038).all(), found
    assert (found < 0.97 + 0.038).all(), found


@pytest.mark.slow
@pytest.mark.parametrize(("clusters", "size"), [(6, 40), (12, 40), (30, 20), (60, 20)])
def test_coverage_lies_between_93_and_97_percent_in_the_full_simulation(clusters, size):
    found = coverage(runs=2000, clusters=clusters, size=size, shock=1.0, seed=clusters)
    assert ((found > 0.93) & (found < 0.97)).all(), found


def test_ignoring_the_clusters_would_cover_too_little_so_the_coverage_test_can_fail():
    rng = np.random.default_rng(3)
    missed = 0
    for _ in range(100):
        joint = two_arm(
            clustered(rng, clusters=10, size=150, shock=1.0), cost="cost", effect="effect", arm="arm"
        )
        row = combination(joint, cost=1.0, effect=0.0)
        missed += not row["ci_low"] <= 300.0 <= row["ci_high"]
    assert missed / 100 > 0.10


def test_influence_draws_agree_with_redrawing_whole_clusters():
    frame = clustered(np.random.default_rng(5), clusters=40, size=50, shock=1.0)
    means = frame.groupby("arm")[["cost", "effect"]].mean()
    fast = paired_draws.influence_draws(
        means.loc[1] - means.loc[0], influence_of(frame), frame["municipality"], draws=20_000, seed=1
    )
    slow = paired_draws.mean_differences(
        frame, columns=["cost", "effect"], arm="arm", draws=20_000, seed=2, cluster="municipality"
    )
    np.testing.assert_allclose(fast.std(), slow.std(axis=0), rtol=0.04)
    assert np.corrcoef(fast.T)[0, 1] == pytest.approx(np.corrcoef(slow.T)[0, 1], abs=0.03)
    joint = joint_of(frame)
    np.testing.assert_allclose(fast.std(), np.sqrt(np.diag(joint.covariance)), rtol=0.04)


def test_cells_of_the_large_sample_bootstrap_agree_with_exact_counts_for_very_skewed_costs():
    rng = np.random.default_rng(6)
    cost = rng.lognormal(7, 1.5, 1200)
    work = (rng.random(1200) < 0.4) * 6.0 - cost / 5e4
    frame = pd.DataFrame({"arm": np.arange(1200) % 2, "cost": cost, "effect": work})
    draws = 40_000
    exact, cells = (
        paired_draws.mean_differences(
            frame, columns=["cost", "effect"], arm="arm", draws=draws, seed=7, exact=exact
        )
        for exact in (True, False)
    )
    np.testing.assert_allclose(exact.std(axis=0), cells.std(axis=0), rtol=0.02)
    for q in (0.005, 0.025, 0.5, 0.975, 0.995):
        gap = np.abs(np.quantile(exact, q, axis=0) - np.quantile(cells, q, axis=0)) / exact.std(axis=0)
        assert (gap < 4 * np.sqrt(2 * q * (1 - q) / draws) / stats.norm.pdf(stats.norm.ppf(q))).all()
    assert np.corrcoef(exact.T)[0, 1] == pytest.approx(np.corrcoef(cells.T)[0, 1], abs=0.02)
    skew = [stats.skew(part[:, 0]) for part in (exact, cells)]
    assert abs(skew[0] - skew[1]) < 0.05


def test_payers_of_one_design_add_up_because_influence_values_do():
    frame = clustered(np.random.default_rng(9), clusters=30, size=20, shock=1.0)
    influence = influence_of(frame).rename(columns={"cost": "all_public"})
    influence["municipality"] = influence["all_public"] * 0.3 + 5 * np.sin(np.arange(len(frame)))
    influence["state"] = influence["all_public"] - influence["municipality"]
    estimates = pd.Series({"all_public": 300.0, "municipality": 100.0, "state": 200.0, "effect": 0.6})
    drawn = paired_draws.influence_draws(estimates, influence, frame["municipality"], draws=50, seed=1)
    np.testing.assert_allclose(drawn["municipality"] + drawn["state"], drawn["all_public"], atol=1e-8)


def test_below_24_clusters_the_method_changes_and_says_why():
    assert paired_draws.resampling_method({"pilot": 24, "comparison": 150})[0] == "cluster_bootstrap"
    name, words = paired_draws.resampling_method({"pilot": 3, "comparison": 150})
    assert name == "t_draws"
    assert "Flynn & Peters" in words
    assert "3 clusters in pilot" in words


def test_one_cluster_in_an_arm_is_refused():
    frame = clustered(np.random.default_rng(1), clusters=1, size=30, shock=1.0)
    with pytest.raises(ValueError, match="arm 0 has 1"):
        joint_of(frame)


def test_summary_rows_enter_the_ledger_with_every_measure():
    draws = JOINT.draws(500, seed=4)
    monthly = {"all_public": [600.0] + [-80.0] * 11, "municipality": [10.0] * 12}
    rows = cost_effectiveness_rows.summary(
        {"municipality": Joint(-50.0, 2.0, JOINT.covariance), "all_public": JOINT},
        thresholds=[0, 500, 1000],
        value_of_month=400.0,
        monthly_cost=monthly,
        monthly_effect=[0.1] * 12,
        recipients={"estimate": 700.0, "draws": np.full(500, 700.0), "cost_draws": draws[:, 0]},
    )
    entered = ledger.rows(rows, area="oulu", window="2019_20", simulated=True)
    public = entered[entered["item"] == "all_public"].set_index("measure")
    assert public.loc["icer", "estimate"] == 500.0
    assert public.loc["icer", "method"] == "interval"
    assert public.loc["break_even_effect", "estimate"] == 2.5
    assert public.loc["break_even_cost", "estimate"] == 800.0
    assert public.loc["break_even_persistence", "estimate"] == pytest.approx((1000 - 800) / (40 + 80))
    assert public.loc["payback", "estimate"] == 9  # month 9: 600 - 8 x 80 < 0
    assert public.loc["mvpf", "estimate"] == pytest.approx(0.7)
    own = entered[entered["item"] == "municipality"].set_index("measure")
    assert own.loc["icer", "method"] == "refused:dominant"
    assert np.isnan(own.loc["icer", "estimate"])
    assert np.isnan(own.loc["payback", "estimate"])
    assert own.loc["payback", "method"].startswith("never")
    measures = {"delta_cost", "delta_effect", "correlation", "net_benefit", "acceptability", "evpi"}
    assert measures | {f"quadrant_{q}" for q in ("ne", "nw", "se", "sw")} <= set(entered["measure"])


def test_the_municipality_never_stands_alone():
    with pytest.raises(ValueError, match="no all_public"):
        cost_effectiveness_rows.summary({"municipality": JOINT}, thresholds=[1], value_of_month=1.0)


def test_persistence_break_even_and_tornado_by_hand():
    assert cost_sensitivity.break_even_persistence(
        100.0, 1.0, threshold=200.0, monthly_effect=0.1, monthly_cost=0.0
    ) == (0.0, "already")
    months, words = cost_sensitivity.break_even_persistence(
        500.0, 1.0, threshold=200.0, monthly_effect=0.0, monthly_cost=10.0
    )
    assert np.isnan(months)
    assert words == "never"
    grown = cost_sensitivity.persisting(1.0, 0.2, months=13, retention=1.0, discount_rate=0.25, from_month=12)
    assert grown == pytest.approx(1.0 + 0.2 * (12 / 1.25 + 1 / 1.25**2))

    def benefit(persistence_months, value, cost):
        return value * (1 + 0.1 * persistence_months) - cost

    table = cost_sensitivity.tornado(
        benefit,
        {"persistence_months": 0, "value": 100.0, "cost": 50.0},
        {"value": (0.0, 200.0), "cost": (40.0, 60.0), "persistence_months": (0, 1)},
    )
    assert table["parameter"].tolist() == ["persistence_months", "value", "cost"]
    assert table["swing"].tolist() == pytest.approx([10.0, 200.0, 20.0])
    grid = cost_sensitivity.two_way(
        benefit,
        {"persistence_months": 0, "value": 100.0, "cost": 50.0},
        rows=("cost", [0.0, 100.0]),
        columns=("persistence_months", [0, 10]),
    )
    assert grid.to_numpy().tolist() == [[100.0, 200.0], [0.0, 100.0]]


def test_break_even_spending_is_the_net_benefit_with_its_interval():
    found = cost_sensitivity.break_even_spending(JOINT, threshold=800.0)
    row = net_benefit(JOINT, thresholds=[800.0]).iloc[0]
    assert found == {name: row[name] for name in ("estimate", "ci_low", "ci_high")}


def test_missing_programme_costs_stay_missing_and_give_a_range():
    spending = pd.DataFrame(
        {"area": ["a", "a", "b", "b", "c"], "amount_eur": [1000.0, 500.0, 800.0, np.nan, np.nan]}
    )
    found = programme_costs.cost_per_client(spending, pd.Series({"a": 10.0, "b": 10.0, "c": 10.0, "d": 10.0}))
    assert found["status"].tolist() == ["ok", "missing", "missing", "missing"]
    assert found["reported_eur"].tolist()[0] == 150.0
    assert found["reported_eur"].isna().tolist() == [False, True, True, True]
    assert found["low_eur"].tolist()[:2] == [150.0, 80.0]
    assert found["low_eur"].isna().tolist()[2:] == [True, True]
    assert set(found["high_eur"]) == {150.0}


def test_programme_spending_counts_named_items_only_and_keeps_what_is_missing_missing():
    spent = pd.DataFrame(
        {
            "area": ["a", "a", "a", "b"],
            "year": [2021, 2022, 2021, 2021],
            "item": ["staff", "staff", "pay_subsidy", "staff"],
            "payer": ["municipality"] * 4,
            "amount_eur": [1000.0, 1100.0, 9999.0, np.nan],
        }
    )
    people = pd.DataFrame({"area": ["a", "a", "b"], "year": [2021, 2022, 2021], "clients": [10, 10, 10]})
    found = programme_costs.programme_spending(
        spent,
        people,
        items=["staff"],
        start_day=18687,
        price_index=pd.DataFrame({"year": [2021, 2022], "index": [100.0, 110.0]}),
        price_year=2021,
    ).set_index("area")["eur_per_client"]
    assert found["a"] == pytest.approx(2000 / 20)
    assert np.isnan(found["b"])


def test_payback_is_the_last_crossing_and_several_rates_of_return_are_refused():
    assert appraisal.payback([-10, 20, -15, 10]) == (3.0, 2.5)
    assert appraisal.payback([5, 1]) == (0.0, 0.0)
    with pytest.raises(ValueError, match="change sign 2 times"):
        appraisal.internal_rate_of_return([-1, 5, -3])


def test_mvpf_interval_drops_draws_that_are_not_comparable_and_takes_them_from_the_tails():
    value, cost = np.full(100, 10.0), np.linspace(1, 20, 100)
    value[:2], cost[:2] = -1.0, -1.0
    found = appraisal.mvpf_interval(10.0, 10.0, draws_willingness=value, draws_cost=cost)
    assert found["not_comparable"] == 2
    ratios = np.sort(10.0 / cost[2:])
    assert found["ci_low"] == pytest.approx(np.quantile(ratios, 0.015))
    value[:6], cost[:6] = -1.0, -1.0
    found = appraisal.mvpf_interval(10.0, 10.0, draws_willingness=value, draws_cost=cost)
    assert (found["ci_low"], found["ci_high"]) == (-np.inf, np.inf)


def test_censoring_weights_recover_a_known_mean_where_naive_means_fall_short():
    rng = np.random.default_rng(12)
    n = 4000
    life, limit = rng.exponential(5, n), rng.uniform(0, 12, n)
    seen, done = np.minimum(life, limit), (life <= limit).astype(int)
    frame = pd.DataFrame(
        {"id": np.arange(n), "start": 0.0, "stop": seen, "cost": 100 * seen, "delta": done, "surv": seen}
    )
    truth = 100 * 5 * (1 - np.exp(-8 / 5))
    found = censored_costs.mean_cost(frame, horizon=8.0, unit=0.0)
    for kind in ("bang_tsiatis", "zhao_tian"):
        assert abs(found.loc[kind, "estimate"] - truth) < 4 * found.loc[kind, "std_error"]
    assert found.loc["complete_case", "estimate"] < truth - 5 * found.loc["complete_case", "std_error"]
    assert found.loc["zhao_tian", "std_error"] <= found.loc["bang_tsiatis", "std_error"] * (1 + 1e-9)
    ends = np.arange(0.25, 8.01, 0.25)
    grid = 100 * np.clip(np.minimum(seen, 8)[:, None] - (ends - 0.25), 0, 0.25)
    lin = censored_costs.interval_mean_cost(
        grid, followed=np.minimum(seen, 8), complete=done * (seen < 8), ends=ends
    )
    assert lin == pytest.approx(truth, rel=0.05)
