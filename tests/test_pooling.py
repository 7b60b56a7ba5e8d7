"""Pooling over areas: published meta-analysis, peers, known truth of intervals and rank sets."""

import json

import numpy as np
import pandas as pd
import pytest

from evaluation.pooling.funnels import funnel
from evaluation.pooling.random_effects import random_effects, shrunken
from evaluation.pooling.ranks import rank_intervals, rankable
from published_data import ORACLES


@pytest.fixture(scope="module")
def bcg():
    folder = ORACLES / "effects"
    if not folder.exists():
        pytest.skip("the oracle data sets are not beside the project")
    path = folder / "expected" / "meta_bcg.json"
    expected = json.loads(path.read_text(encoding="utf-8"))["items"][0]["expected"]
    data = pd.read_csv(folder / "data" / "bcg.csv")
    return expected, data["yi"].to_numpy(), np.sqrt(data["vi"].to_numpy())


# published: Colditz et al. 1994, as metafor computes it


def test_bcg_random_effects_and_hartung_knapp_as_metafor(bcg):
    everything, y, s = bcg
    expected = everything["REML"]
    row = random_effects(y, s)
    assert row["estimate"] == pytest.approx(expected["est"], rel=1e-5)
    assert row["tau"] ** 2 == pytest.approx(expected["tau2"], rel=1e-5)
    assert 100 * row["i2"] == pytest.approx(expected["I2"], rel=1e-5)
    assert row["q"] == pytest.approx(expected["Q"], rel=1e-5)
    assert row["q_p_value"] == pytest.approx(expected["Qp"], rel=1e-5)
    assert row["std_error"] == pytest.approx(expected["knha"]["se"], rel=1e-5)
    assert row["p_value"] == pytest.approx(expected["knha"]["p"], rel=1e-4)
    np.testing.assert_allclose([row["ci_low"], row["ci_high"]], expected["knha"]["ci"], rtol=1e-5)


def test_bcg_q_profile_shrunken_and_leave_one_out_as_metafor(bcg):
    everything, y, s = bcg
    row = random_effects(y, s)
    # the peer's root finder stops at about 1e-4
    np.testing.assert_allclose(
        [row["tau_low"] ** 2, row["tau_high"] ** 2], everything["tau2_qprofile_ci"][1:], rtol=3e-4
    )
    out = shrunken(y, s)
    np.testing.assert_allclose(out["estimate"], everything["blup"]["pred"], rtol=1e-5)
    left = [random_effects(np.delete(y, i), np.delete(s, i))["estimate"] for i in range(len(y))]
    np.testing.assert_allclose(left, everything["leave1out_est"], rtol=1e-5)


# by hand


def test_equal_errors_by_hand():
    y, s = np.array([0.0, 1.0, 2.0, 3.0, 4.0]), np.full(5, 0.5)
    row = random_effects(y, s)
    assert row["tau"] ** 2 == pytest.approx(y.var(ddof=1) - 0.25)
    assert row["std_error"] == pytest.approx(np.sqrt(y.var(ddof=1) / 5))
    out = shrunken(y, s)
    own = 1 - 0.25 / y.var(ddof=1)
    np.testing.assert_allclose(out["estimate"], own * y + (1 - own) * 2)


def test_no_heterogeneity_shrinks_all_the_way():
    out = shrunken([0.0, 0.01, 0.02, 0.0, 0.02], [0.1] * 5)
    np.testing.assert_allclose(out["estimate"], 0.01)


def test_shared_comparison_widens_the_mean_but_not_the_differences():
    y, s = np.array([0.0, 0.02, 0.05, 0.03, 0.04]), np.full(5, 0.02)
    apart, together = random_effects(y, s), random_effects(y, s, shared_error=0.015)
    assert together["std_error"] > apart["std_error"]
    assert together["tau"] > apart["tau"]
    ours = rank_intervals(y * 2, s, seed=1, shared_error=0.015)
    assert ours["surely_above"].sum() >= rank_intervals(y * 2, s, seed=1)["surely_above"].sum()


def test_funnel_by_hand():
    y, s = np.array([0.0, 0.0, 0.0, 0.0, 1.0]), np.full(5, 0.1)
    out = funnel(y, s)
    assert out["target"].iloc[0] == pytest.approx(0.2)
    # five areas: 10 % of each end is no area, so nothing is winsorised
    dispersion = np.mean(((y - 0.2) / 0.1) ** 2)
    tau2 = (5 * dispersion - 4) / (500 - 100)
    assert out["ci_high"].iloc[0] == pytest.approx(0.2 + 1.959964 * np.sqrt(0.01 + tau2))


def test_ranks_of_clearly_different_areas_are_certain_and_of_equal_ones_are_not():
    clear = rank_intervals([3.0, 2.0, 1.0], [0.01] * 3, seed=1)
    assert clear[["rank_low", "rank_high"]].to_numpy().tolist() == [[1, 1], [2, 2], [3, 3]]
    assert rankable(clear, heterogeneity_p=0.001)
    equal = rank_intervals([0.3, 0.2, 0.1], [1.0] * 3, seed=1)
    assert (equal["rank_low"] == 1).all() and (equal["rank_high"] == 3).all()
    assert not rankable(equal, heterogeneity_p=0.001)
    assert not rankable(clear, heterogeneity_p=np.nan)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: random_effects([0.1, 0.2], [0.1, 0.1]), "2 areas"),
        (lambda: random_effects([0.1, np.nan, 0.2, 0.3, 0.4], [0.1] * 5), "1 areas have no estimate"),
        (lambda: shrunken([0.1] * 5, [0.1, 0.1, 0.1, 0.1, 0.02], shared_error=0.03), "1 areas"),
        (lambda: shrunken([0.1] * 4, [0.1] * 4), "4 areas"),
        (lambda: rank_intervals([0.1], [0.1], seed=1), "two complete areas"),
    ],
)
def test_impossible_inputs_are_refused_in_words(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_order_of_areas_does_not_matter():
    rng = np.random.default_rng(2)
    y, s = rng.normal(0, 0.05, 25), rng.uniform(0.01, 0.05, 25)
    order = rng.permutation(25)
    ours, mixed = (pd.Series(random_effects(*one)) for one in ((y, s), (y[order], s[order])))
    pd.testing.assert_series_equal(ours, mixed)
    np.testing.assert_allclose(
        shrunken(y, s)["estimate"].to_numpy()[order], shrunken(y[order], s[order])["estimate"]
    )


# known truth


def test_mean_and_prediction_cover_in_simulated_areas():
    rng = np.random.default_rng(3)
    mean_covered, prediction_covered, shrunken_covered = [], [], []
    for _ in range(150):
        s = rng.uniform(0.01, 0.06, 25)
        truth = rng.normal(0.02, 0.03, 26)
        y = truth[:25] + rng.normal(0, s)
        row = random_effects(y, s)
        mean_covered.append(row["ci_low"] <= 0.02 <= row["ci_high"])
        prediction_covered.append(row["prediction_low"] <= truth[25] <= row["prediction_high"])
        out = shrunken(y, s)
        shrunken_covered.append(((out["ci_low"] <= truth[:25]) & (truth[:25] <= out["ci_high"])).mean())
    assert 0.92 <= np.mean(mean_covered) <= 0.98
    assert 0.91 <= np.mean(prediction_covered) <= 0.99
    assert 0.935 <= np.mean(shrunken_covered) <= 0.98


@pytest.mark.parametrize("spread", [0.0, 0.02, 0.1])
def test_rank_intervals_hold_all_true_ranks_at_once(spread):
    rng = np.random.default_rng(4)
    covered = []
    for _ in range(150):
        s = rng.uniform(0.01, 0.05, 12)
        truth = rng.normal(0, spread, 12)
        out = rank_intervals(truth + rng.normal(0, s), s, seed=1)
        best = 1 + (truth[None, :] > truth[:, None]).sum(axis=1)
        worst = 12 - (truth[None, :] < truth[:, None]).sum(axis=1)
        # with ties every rank of the tied group is a true rank
        covered.append(((out["rank_low"] <= best) & (worst <= out["rank_high"])).all())
    assert np.mean(covered) >= 0.91


def test_equal_areas_are_seldom_called_rankable():
    rng = np.random.default_rng(5)
    said = []
    for _ in range(60):
        s = rng.uniform(0.01, 0.05, 25)
        y = rng.normal(0, s)
        out = rank_intervals(y, s, seed=1)
        said.append(rankable(out, heterogeneity_p=random_effects(y, s)["q_p_value"]))
    assert np.mean(said) == 0
