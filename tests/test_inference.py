"""Inference for few treated municipalities: by hand, against published tables, on known truth."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evaluation.inference.clustered import cluster_bootstrap
from evaluation.inference.contrasts import contrast
from evaluation.inference.multiplicity import adjust_p, minimum_detectable_effect
from evaluation.inference.placebo_areas import area_covariance, placebo_areas, placebo_noise
from evaluation.inference.shocks import shock_posterior, smoothed_covariance


def make_changes(*, seed=1, treated=2, comparisons=60, outcomes=2, shock=0.02, size=600, effect=0.0):
    rng = np.random.default_rng(seed)
    total = treated + comparisons
    n = rng.integers(size // 2, 2 * size, total)
    arm = np.arange(total) < treated
    variance = 0.48 / n
    change = rng.normal(0, np.sqrt(variance + shock**2)[:, None], (total, outcomes)) + effect * arm[:, None]
    return SimpleNamespace(
        outcomes=tuple(f"y{j}" for j in range(outcomes)),
        municipality=np.array([f"{i:03d}" for i in range(total)]),
        treated=arm,
        change=change,
        sampling_covariance=variance[:, None, None] * np.eye(outcomes),
        n_before=n,
        n_after=n,
        weight=np.where(arm, n / n[arm].sum(), n / n[~arm].sum()),
    )


def replace(changes, **values):
    return SimpleNamespace(**{**vars(changes), **values})


def subset(changes, keep):
    return SimpleNamespace(
        **{name: value if name == "outcomes" else value[keep] for name, value in vars(changes).items()}
    )


# by hand


def test_estimate_is_the_weighted_contrast():
    changes = make_changes()
    arm, weight = changes.treated, changes.weight
    by_hand = weight[arm] @ changes.change[arm] - weight[~arm] @ changes.change[~arm]
    np.testing.assert_allclose(placebo_areas(changes, seed=1)["estimate"], by_hand)


def test_variance_is_sampling_plus_shocks_where_the_shock_is_known():
    changes = make_changes(treated=1, comparisons=400, size=100_000, shock=0.03, outcomes=1)
    error = placebo_areas(changes, seed=1)["std_error"].item()
    outside = (changes.weight[1:] ** 2).sum()
    assert error == pytest.approx(0.03 * np.sqrt(1 + outside), rel=0.08)


def test_a_small_area_is_given_its_own_larger_sampling_error():
    changes = make_changes(treated=1, outcomes=1, shock=0.01)
    n, v = changes.n_before.copy(), changes.sampling_covariance.copy()
    n[0], v[0] = 50, 0.48 / 50
    small = placebo_areas(replace(changes, n_before=n, n_after=n, sampling_covariance=v), seed=1)
    assert small["std_error"].item() > 0.09 > 2 * placebo_areas(changes, seed=1)["std_error"].item()


def test_smoothing_keeps_large_municipalities_and_lifts_zero_variances():
    own = np.array([0.0, 0.5 / 10_000]).reshape(2, 1, 1)
    out = smoothed_covariance(own, np.array([2.5, 10_000.0]))[:, 0, 0]
    assert out[0] == pytest.approx(0.5 / 2.5 * 30 / 32.5, rel=0.01)
    assert out[1] == pytest.approx(own[1, 0, 0], rel=0.01)


def test_restricted_likelihood_agrees_with_the_multivariate_normal():
    rng = np.random.default_rng(2)
    y, v, group = rng.normal(0, 0.05, 7), rng.uniform(1e-3, 3e-3, 7), np.array([0, 0, 1, 1, 1, 2, 2])
    from evaluation.inference.shocks import _restricted_loglik

    member = (group[:, None] == np.arange(3)).astype(float)

    def dense(own, shared):
        matrix = np.diag(v + own) + shared * member @ member.T
        inverse = np.linalg.inv(matrix)
        ones = np.ones(7)
        mean = ones @ inverse @ y / (ones @ inverse @ ones)
        residual = y - mean
        return -0.5 * (
            np.linalg.slogdet(matrix)[1] + np.log(ones @ inverse @ ones) + residual @ inverse @ residual
        )

    for own, shared in ((0.0, 1e-3), (2e-3, 5e-4), (1e-3, 4e-3)):
        ours = _restricted_loglik(y[None], (v + own)[None], np.array([[shared]]), member)[0]
        assert ours == pytest.approx(dense(own, shared), abs=1e-10)


def test_posterior_finds_shared_and_own_shocks_apart():
    rng = np.random.default_rng(4)
    group = np.repeat(np.arange(80), 5)
    shared = rng.normal(0, 0.04, (1, 80))[:, group]
    own, common = shock_posterior(
        shared + rng.normal(0, np.sqrt(0.01**2 + 0.01**2), (1, 400)), np.full((1, 400), 0.01**2), group=group
    ).mean()
    assert np.sqrt(common[0]) == pytest.approx(0.04, rel=0.2)
    assert np.sqrt(own[0]) == pytest.approx(0.01, rel=0.3)


def test_shared_shocks_widen_the_interval_of_an_area_of_many_municipalities():
    rng = np.random.default_rng(5)
    changes = make_changes(treated=22, comparisons=120, outcomes=1, shock=0.0, size=3000)
    group = np.repeat(np.arange(71), 2)
    changes = replace(changes, change=changes.change + rng.normal(0, 0.03, (71, 1))[group])
    groups = pd.Series(group.astype(str), index=changes.municipality)
    with_groups = placebo_areas(changes, seed=1, groups=groups)["std_error"].item()
    assert with_groups > 2 * placebo_areas(changes, seed=1)["std_error"].item()


def test_joint_covariance_keeps_the_correlation_of_shocks():
    rng = np.random.default_rng(6)
    changes = make_changes(comparisons=300, outcomes=2, shock=0.0, size=20_000)
    shock = rng.normal(0, 0.03, len(changes.treated))
    change = changes.change + np.column_stack([shock, 1000 * shock])
    change[:, 1] += 1000 * changes.change[:, 1]
    v = changes.sampling_covariance.copy()
    v[:, 1, 1] *= 1000**2
    found = area_covariance(replace(changes, change=change, sampling_covariance=v))
    error = np.sqrt(np.diag(found.covariance))
    assert found.covariance[0, 1] / error.prod() > 0.9
    assert error[1] / error[0] == pytest.approx(1000, rel=0.1)
    assert np.linalg.eigvalsh(found.covariance).min() >= -1e-12
    assert found.df > 4


def test_joint_t_and_placebo_intervals_agree():
    changes = make_changes(outcomes=3)
    joint = area_covariance(changes, outcomes=["y1"])
    half = stats.t.ppf(0.975, joint.df) * np.sqrt(joint.covariance[0, 0])
    row = placebo_areas(changes, outcomes=["y1"], seed=1, draws=20_000).iloc[0]
    assert half == pytest.approx((row["ci_high"] - row["ci_low"]) / 2, rel=0.06)


def test_test_and_interval_agree():
    for effect in np.linspace(-0.08, 0.08, 9):
        row = placebo_areas(make_changes(effect=effect, outcomes=1), seed=1).iloc[0]
        assert (row["p_value"] <= 0.05) == (not row["ci_low"] < 0 < row["ci_high"])


def test_minimum_detectable_effect_by_hand():
    assert minimum_detectable_effect(0.01).item() == pytest.approx((1.959964 + 0.841621) * 0.01)


def test_adjustments_by_hand():
    p = np.array([0.01, np.nan, 0.04, 0.03])
    np.testing.assert_allclose(adjust_p(p), [0.03, np.nan, 0.06, 0.06])
    assert np.isnan(adjust_p([np.nan, np.nan])).all()


def test_cluster_bootstrap_has_the_clustered_variance():
    rng = np.random.default_rng(8)
    cluster = pd.Series(np.repeat(np.arange(40), 5))
    influence = pd.DataFrame(rng.normal(size=(200, 2)) + rng.normal(size=(40, 2))[cluster])
    influence -= influence.mean()
    sums = influence.groupby(cluster).sum().to_numpy()
    expected = 40 / 39 * sums.T @ sums / 200**2
    errors = cluster_bootstrap(influence, cluster, draws=40_000, seed=1)
    np.testing.assert_allclose(np.cov(errors.T), expected, atol=0.03 * expected.max())
    assert errors.equals(cluster_bootstrap(influence, cluster, draws=40_000, seed=1))


# properties


@settings(max_examples=15, deadline=None)
@given(shift=st.floats(-5, 5), scale=st.floats(0.01, 100), seed=st.integers(0, 50))
def test_shifts_cancel_and_scales_scale(shift, scale, seed):
    changes = make_changes(seed=seed, outcomes=1)
    base = placebo_areas(changes, seed=1, draws=199).iloc[0]
    moved = placebo_areas(
        replace(
            changes,
            change=changes.change * scale + shift,
            sampling_covariance=changes.sampling_covariance * scale**2,
        ),
        seed=1,
        draws=199,
    ).iloc[0]
    numbers = ["estimate", "std_error", "ci_low", "ci_high"]
    np.testing.assert_allclose(
        moved[numbers].astype(float), base[numbers].astype(float) * scale, rtol=1e-6, atol=1e-9
    )
    assert moved["p_value"] == base["p_value"]


def test_order_of_municipalities_does_not_matter():
    changes = make_changes()
    order = np.random.default_rng(3).permutation(len(changes.treated))
    pd.testing.assert_frame_equal(
        placebo_areas(changes, seed=1), placebo_areas(subset(changes, order), seed=1), rtol=1e-10
    )


def test_inputs_are_not_changed():
    changes = make_changes()
    before = {name: np.array(value, copy=True) for name, value in vars(changes).items()}
    placebo_areas(changes, seed=1, draws=99)
    for name, value in vars(changes).items():
        np.testing.assert_array_equal(value, before[name])


# refusals


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (lambda c: replace(c, treated=np.zeros(62, dtype=bool)), "no municipality is treated"),
        (lambda c: subset(c, np.arange(62) < 5), "3 comparison municipalities"),
        (lambda c: replace(c, treated=np.ones(62, dtype=bool)), "0 comparison municipalities"),
        (lambda c: replace(c, sampling_covariance=0 * c.sampling_covariance), "not positive"),
        (
            lambda c: replace(c, change=np.where(c.change == c.change[5, 0], np.nan, c.change)),
            "1 municipalities",
        ),
        (lambda c: replace(c, n_before=0 * c.n_before), "no episodes"),
    ],
)
def test_impossible_inputs_are_refused_in_words(broken, says):
    with pytest.raises(ValueError, match=says):
        placebo_areas(broken(make_changes()), seed=1, draws=99)


def test_unknown_outcomes_missing_groups_and_too_few_draws_are_refused():
    changes = make_changes()
    with pytest.raises(ValueError, match="no outcome"):
        placebo_areas(changes, outcomes=["z"], seed=1)
    with pytest.raises(ValueError, match="have no group"):
        placebo_areas(changes, groups=pd.Series(["a"], index=["005"]), seed=1)
    with pytest.raises(ValueError, match="draw more"):
        placebo_areas(changes, draws=10, seed=1)
    with pytest.raises(ValueError, match="at least two"):
        cluster_bootstrap(pd.DataFrame({"a": [1.0]}), pd.Series(["x"]), draws=9, seed=1)
    with pytest.raises(ValueError, match="align them first"):
        cluster_bootstrap(pd.DataFrame({"a": [1.0, 2.0]}), pd.Series(["x", "y"], [1, 0]), draws=9, seed=1)


# published


def test_noise_has_the_variance_that_is_reported():
    pieces = contrast(make_changes(comparisons=140, outcomes=1, shock=0.03, size=2000))
    noise = placebo_noise(pieces, draws=40_000, seed=1)
    expected = (pieces.posterior.probability * pieces.grid_variance).sum()
    assert noise.var() == pytest.approx(expected, rel=0.04)


def test_shared_shocks_of_several_areas_average_out():
    rng = np.random.default_rng(11)
    changes = make_changes(treated=22, comparisons=120, outcomes=1, shock=0.0, size=3000)
    group = np.repeat(np.arange(71), 2)
    changes = replace(changes, change=changes.change + rng.normal(0, 0.03, (71, 1))[group])
    groups = pd.Series(group.astype(str), index=changes.municipality)
    one = contrast(changes, groups=groups)
    many = contrast(changes, groups=groups, areas=groups)
    assert one.treated_loading == pytest.approx(1)
    by_hand = (np.bincount(group[:22], changes.weight[:22]) ** 2).sum()
    assert many.treated_loading == pytest.approx(by_hand)
    wide, narrow = (
        placebo_areas(changes, seed=1, groups=groups, areas=areas)["std_error"].item()
        for areas in (None, groups)
    )
    assert narrow < 0.6 * wide
