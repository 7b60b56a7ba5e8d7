"""Difference-in-differences and its relatives: by hand, against peers, and on simulated known truth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.effects.differences import municipal_changes
from evaluation.effects.doubly_robust import METHODS, design_blocks, did_rc, effect_on_treated, fitted_models
from evaluation.inference.clustered import naive_clustered


def episodes(
    seed: int,
    *,
    n: int = 1200,
    municipalities: int = 12,
    treated: int = 4,
    effect: float = 0.3,
    shock: float = 0.0,
) -> pd.DataFrame:
    """Episodes whose outcome and treatment both depend on x, with a known effect on the treated."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    arm = rng.random(n) < 1 / (1 + np.exp(0.3 - 0.8 * x))
    place = np.where(arm, rng.integers(0, treated, n), rng.integers(treated, municipalities, n))
    post = rng.random(n) < 0.5
    level = rng.normal(size=municipalities)
    change = rng.normal(size=municipalities) * shock
    y = x + x * post + 0.5 * post + level[place] + change[place] * post + effect * (arm & post)
    return pd.DataFrame(
        {
            "person_id": rng.integers(0, n, n),
            "municipality": [f"{code:03d}" for code in place],
            "treated": arm,
            "post": post,
            "x": x,
            "sex": rng.choice(["female", "male"], n),
            "work": y + rng.normal(size=n),
            "days": 30 * y + rng.normal(size=n),
        },
        index=np.arange(n) + 1000,
    )


def error(influence: pd.DataFrame, clusters: Any = None) -> np.ndarray:
    """Standard errors from influence values: sums within clusters, G/(G−1)."""
    clusters = np.arange(len(influence)) if clusters is None else np.asarray(clusters)
    sums = influence.groupby(clusters).sum().to_numpy()
    count = int((sums != 0).any(axis=1).sum())
    return np.sqrt(count / (count - 1) * (sums**2).sum(axis=0)) / len(influence)


WHAT: dict[str, Any] = {"outcomes": ["work", "days"], "covariates": ["x", "sex"]}


# --- by hand ---------------------------------------------------------------------------------------------


def test_four_cell_means_by_hand() -> None:
    cells = pd.DataFrame(
        {
            "municipality": list("aaaabbbb"),
            "treated": [1] * 4 + [0] * 4,
            "post": [0, 0, 1, 1] * 2,
            "work": [1.0, 3.0, 5.0, 6.0, 1.0, 2.0, 2.0, 3.0],
        }
    )
    estimate, influence = did_rc(cells, outcomes=["work"], covariates=[], method="none")
    assert estimate.tolist() == pytest.approx([2.5])
    # Influence of a row: ± (value − cell mean) / share of its cell, here 1/4.
    assert influence["work"].tolist() == pytest.approx([4, -4, -2, 2, -2, 2, 2, -2])
    # Sum of squares 56, over n² = 64, times 8/7.
    assert error(influence) == pytest.approx([1.0])


def test_changes_per_municipality_by_hand() -> None:
    cells = pd.DataFrame(
        {
            "municipality": list("aaaabbbb"),
            "treated": [1] * 4 + [0] * 4,
            "post": [0, 0, 1, 1] * 2,
            "work": [1.0, 3.0, 5.0, 6.0, 1.0, 2.0, 2.0, 3.0],
        }
    )
    found = municipal_changes(cells, outcomes=["work"], covariates=[], method="none", min_episodes=2)
    assert found.municipality.tolist() == ["a", "b"]
    assert found.treated.tolist() == [True, False]
    assert found.change.ravel().tolist() == pytest.approx([2.5, 0.0])
    assert found.weight.tolist() == [1.0, 1.0]
    assert found.n_before.tolist() == [2, 2] and found.n_after.tolist() == [2, 2]
    # a: errors ∓1/2, ±1/4 → 2·(1/4 + 1/16) · 4/3; b: ±1/4 throughout → 4/16 · 4/3
    assert found.sampling_covariance[:, 0, 0].tolist() == pytest.approx([2.5 / 3, 1 / 3])


# --- arithmetic ------------------------------------------------------------------------------------------


def test_outcomes_together_are_as_each_alone() -> None:
    data = episodes(2)
    both, influence = did_rc(data, **WHAT)
    alone, own = did_rc(data, outcomes=["days"], covariates=["x", "sex"])
    assert both["days"] == pytest.approx(alone["days"], rel=1e-12)
    np.testing.assert_allclose(influence["days"], own["days"])


def test_empty_outcomes_are_estimated_on_the_rows_that_have_them() -> None:
    data = episodes(3)
    data.loc[data.index[::7], "days"] = np.nan
    together, influence = did_rc(data, **WHAT)
    alone, own = did_rc(data.dropna(), outcomes=["days"], covariates=["x", "sex"])
    assert together["days"] == pytest.approx(alone["days"])
    assert (influence.loc[data["days"].isna(), "days"] == 0).all()
    clusters = data["municipality"]
    assert error(influence, clusters)[1] == pytest.approx(error(own, clusters[own.index])[0])
    full, _ = did_rc(data, outcomes=["work"], covariates=["x", "sex"])
    assert together["work"] == pytest.approx(full["work"])


@pytest.mark.parametrize("method", ["dr", "dr_traditional", "reg", "none"])
def test_one_municipality_in_each_arm_gives_the_estimate_itself(method: str) -> None:
    data = episodes(5, municipalities=2, treated=1)
    found = municipal_changes(data, **WHAT, method=method)
    expected, _ = did_rc(data, **WHAT, method=method)
    contrast = found.change[0] - found.change[1]
    assert contrast == pytest.approx(expected.to_numpy(), rel=1e-9)


def test_contrast_of_changes_is_close_to_the_estimate() -> None:
    data = episodes(6, n=20_000)
    found = municipal_changes(data, **WHAT)
    estimate, influence = did_rc(data, **WHAT)
    contrast = np.where(found.treated, found.weight, -found.weight) @ found.change
    assert found.weight[found.treated].sum() == pytest.approx(1)
    assert found.weight[~found.treated].sum() == pytest.approx(1)
    assert np.abs(contrast - estimate).max() < 0.5 * error(influence, data["municipality"]).max()


def test_small_municipalities_join_or_are_left_out_and_listed() -> None:
    data = episodes(7)
    small = pd.DataFrame(
        {
            "person_id": range(5000, 5008),
            "municipality": ["900"] * 4 + ["901"] * 4,
            "treated": [True] * 4 + [False] * 4,
            "post": [False, False, True, True] * 2,
            "x": np.linspace(-1, 1, 8),
            "sex": ["female", "male"] * 4,
            "work": np.arange(8.0),
            "days": np.arange(8.0),
        }
    )
    found = municipal_changes(pd.concat([data, small], ignore_index=True), **WHAT)
    assert list(found.left_out) == ["900", "901"]
    assert found.left_out["901"] == "" and found.left_out["900"] in found.municipality
    assert "900" not in found.municipality and "901" not in found.municipality
    assert found.n_before.sum() + found.n_after.sum() == len(data) + 4


def test_treated_cells_too_small_for_a_regression_of_their_own_are_said() -> None:
    data = episodes(8, n=4000)
    keep = ~data["treated"] | (np.arange(len(data)) % 150 == 0)
    fits = [block.fit.method for block in design_blocks(data[keep], **WHAT)]
    assert fits == ["dr_traditional"]


def test_levels_without_any_treated_episode_do_not_break_the_fit() -> None:
    data = episodes(9)
    data["place"] = np.where(~data["treated"] & (data["x"] > 1), "elsewhere", "here")
    found = did_rc(data, outcomes=["work"], covariates=["x", "place"])
    without = did_rc(data[data["place"] == "here"], outcomes=["work"], covariates=["x"])
    assert found[0].tolist() == pytest.approx(without[0].tolist())
    assert (found[1].loc[data["place"] == "elsewhere", "work"] == 0).all()


# --- peers -----------------------------------------------------------------------------------------------


def test_two_by_two_agrees_with_weighted_least_squares_of_statsmodels() -> None:
    import statsmodels.formula.api as smf

    data = episodes(10).assign(w=lambda rows: 0.5 + rows["x"].abs())
    estimate, influence = did_rc(data, outcomes=["work"], covariates=[], method="none", weights="w")
    numbers = data.astype({"treated": int, "post": int})
    peer = smf.wls("work ~ treated * post", numbers, weights=numbers["w"]).fit(cov_type="HC0")
    assert estimate["work"] == pytest.approx(peer.params["treated:post"], rel=1e-9)
    scale = np.sqrt(len(data) / (len(data) - 1))
    assert error(influence) == pytest.approx([peer.bse["treated:post"] * scale], rel=1e-9)


def test_clustered_regression_agrees_with_statsmodels() -> None:
    import statsmodels.formula.api as smf

    data = episodes(11).astype({"treated": int, "post": int})
    found = naive_clustered(data, **WHAT)
    peer = smf.ols("work ~ treated * post + x + sex", data).fit(
        cov_type="cluster", cov_kwds={"groups": data["municipality"].astype(int)}, use_t=True
    )
    row = found.iloc[0]
    assert row["estimate"] == pytest.approx(peer.params["treated:post"], rel=1e-9)
    assert row["std_error"] == pytest.approx(peer.bse["treated:post"], rel=1e-9)
    assert row["p_value"] == pytest.approx(peer.pvalues["treated:post"], rel=1e-6)


# --- properties ------------------------------------------------------------------------------------------


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_order_of_rows_and_names_of_municipalities_do_not_matter(seed: int) -> None:
    data = episodes(seed % 50, n=500)
    rng = np.random.default_rng(seed)
    shuffled = data.sample(frac=1, random_state=seed)
    names = {
        code: f"m{number}"
        for code, number in zip(sorted(data["municipality"].unique()), rng.permutation(12), strict=True)
    }
    renamed = shuffled.assign(municipality=shuffled["municipality"].map(names))
    one, two = did_rc(data, **WHAT), did_rc(renamed, **WHAT)
    np.testing.assert_allclose(one[0], two[0], rtol=1e-9)
    np.testing.assert_allclose(one[1], two[1].loc[data.index], rtol=1e-6, atol=1e-8)
    a, b = municipal_changes(data, **WHAT), municipal_changes(renamed, **WHAT)
    place = [b.municipality.tolist().index(names[code]) for code in a.municipality]
    np.testing.assert_allclose(a.change, b.change[place], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(a.sampling_covariance, b.sampling_covariance[place], rtol=1e-7, atol=1e-10)


@settings(max_examples=8, deadline=None)
@given(shift=st.floats(-1e4, 1e4), scale=st.floats(0.01, 1000), method=st.sampled_from(METHODS))
def test_adding_a_constant_changes_nothing_and_scaling_scales(
    shift: float, scale: float, method: str
) -> None:
    data = episodes(14, n=600)
    moved = data.assign(work=data["work"] * scale + shift)
    what: dict[str, Any] = {"outcomes": ["work"], "covariates": ["x", "sex"], "method": method}
    (one, influence), (two, moved_influence) = did_rc(data, **what), did_rc(moved, **what)
    tolerance = 1e-7 * (1 + abs(shift) / scale)
    assert two["work"] / scale == pytest.approx(one["work"], abs=tolerance)
    assert error(moved_influence) / scale == pytest.approx(error(influence), rel=1e-6, abs=tolerance)


def test_doubling_every_row_equals_doubling_the_weights() -> None:
    data = episodes(15, n=400).assign(w=2.0)
    twice = pd.concat([data, data], ignore_index=True)
    one, two = did_rc(data, **WHAT, weights="w"), did_rc(twice, **WHAT)
    assert two[0].to_numpy() == pytest.approx(one[0].to_numpy())
    clusters = data["municipality"].to_numpy()
    assert error(two[1], np.tile(clusters, 2)) == pytest.approx(error(one[1], clusters))


def test_inputs_are_left_as_they_were() -> None:
    data = episodes(16)
    before = data.copy(deep=True)
    did_rc(data, **WHAT)
    municipal_changes(data, **WHAT)
    naive_clustered(data, **WHAT)
    pd.testing.assert_frame_equal(data, before)


# --- refusals --------------------------------------------------------------------------------------------


def broken(change: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
    return change(episodes(17))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.iloc[:0], "0 rows"),
        (lambda rows: rows.iloc[:1], "1 row|0 treated|0 comparison|same value"),
        (lambda rows: rows[rows["treated"]], "0 comparison before"),
        (lambda rows: rows[~rows["treated"]], "0 treated before"),
        (lambda rows: rows[rows["post"]], "0 treated before, 554|0 treated before"),
        (lambda rows: rows.assign(work=1.0), "work: the same value in all 1200 rows"),
        (lambda rows: rows.assign(work=np.nan), "work: all 1200 rows are empty"),
        (lambda rows: rows.assign(work=rows["work"].where(rows["x"] < 2, np.inf)), "infinite"),
        (lambda rows: rows.assign(x=rows["treated"] * 10.0 + rows["x"].clip(-1, 1)), "separate the arms"),
        (
            lambda rows: rows.assign(sex=np.where(rows["treated"], "male", "female")),
            "tell|separate|0 comparison",
        ),
        (lambda rows: rows.assign(x=rows["x"].where(rows["x"] < 2)), "x: .* rows are empty"),
        (lambda rows: rows.assign(sex=rows["sex"].where(rows["x"] < 2)), "sex: .* rows are empty"),
        (lambda rows: rows.drop(columns="sex"), "no column sex"),
        (lambda rows: rows.drop(columns="work"), "no outcome column work"),
        (lambda rows: rows.assign(treated=2), "treated: 1200 rows are neither true nor false"),
    ],
)
def test_designs_without_an_answer_are_refused_in_words(change: Any, message: str) -> None:
    data = broken(change)
    for estimator in (did_rc, municipal_changes):
        with pytest.raises(ValueError, match=message):
            estimator(data, **WHAT)


def test_a_municipality_in_both_arms_and_a_single_one_are_refused() -> None:
    data = episodes(17).assign(municipality="091")
    with pytest.raises(ValueError, match="1 municipalities are in both arms"):
        municipal_changes(data, **WHAT)
    with pytest.raises(ValueError, match="1 municipality; at least 2"):
        naive_clustered(data, **WHAT)


def test_a_regression_with_an_empty_cell_is_refused() -> None:
    data = episodes(17)
    with pytest.raises(ValueError, match="none may be 0"):
        naive_clustered(data[~(data["treated"] & data["post"])], **WHAT)


def test_an_unknown_method_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="choose one of dr"):
        did_rc(episodes(1), **WHAT, method="drdid")


def test_constant_and_collinear_covariates_are_left_out() -> None:
    data = episodes(18).assign(one=1.0, copy=lambda rows: 3 - 2 * rows["x"])
    found, _ = did_rc(data, outcomes=["work"], covariates=["x", "one", "copy"])
    plain, _ = did_rc(data, outcomes=["work"], covariates=["x"])
    assert found["work"] == pytest.approx(plain["work"])


# --- known truth -----------------------------------------------------------------------------------------


def draw(seed: int, wrong: str, n: int = 500) -> dict[str, np.ndarray]:
    """Repeated cross-sections with effect 1 where outcome or odds are not linear in what is observed."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n)
    bent = z**2 - 1
    odds = 0.4 * bent if wrong == "propensity" else 0.5 * z
    d = (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(float)
    t = (rng.random(n) < 0.5).astype(float)
    slope = bent if wrong == "outcome" else z
    y = z + slope * t + d * t + d + rng.normal(size=n)
    return {"y": y[:, None], "d": d, "t": t, "x": np.c_[np.ones(n), z], "w": np.ones(n)}


@pytest.mark.parametrize(
    ("method", "wrong", "unbiased"),
    [
        ("dr", "nothing", True),
        ("dr", "propensity", True),
        ("dr", "outcome", True),
        ("dr_traditional", "outcome", True),
        ("reg", "nothing", True),
        ("none", "nothing", False),
    ],
)
def test_bias_and_coverage_under_known_truth(method: str, wrong: str, unbiased: bool) -> None:
    runs = 300
    estimates, errors = np.empty(runs), np.empty(runs)
    for seed in range(runs):
        estimate, influence = effect_on_treated(fitted_models(**draw(seed, wrong), method=method))
        estimates[seed] = estimate.item()
        errors[seed] = np.sqrt((influence**2).sum()) / len(influence)
    noise = estimates.std() / np.sqrt(runs)
    if not unbiased:
        assert abs(estimates.mean() - 1) > 5 * noise
        return
    assert abs(estimates.mean() - 1) < 3.5 * noise
    coverage = (np.abs(estimates - 1) < 1.96 * errors).mean()
    assert 0.91 < coverage < 0.985  # Monte Carlo error 1.3 points


def test_sampling_covariance_gives_the_spread_of_the_contrast_over_samples() -> None:
    runs = 200
    contrasts, variances = [], []
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        n = 900
        place = rng.integers(0, 3, n)
        x = rng.normal(size=n)
        post = rng.random(n) < 0.5
        data = pd.DataFrame(
            {
                "municipality": place.astype(str),
                "treated": place == 0,
                "post": post,
                "x": x,
                "work": x + 0.3 * post + rng.normal(size=n),
            }
        )
        found = municipal_changes(data, outcomes=["work"], covariates=["x"])
        weight = np.where(found.treated, found.weight, -found.weight)
        contrasts.append(weight @ found.change[:, 0])
        variances.append(weight**2 @ found.sampling_covariance[:, 0, 0])
    # 200 draws: the standard error of a variance ratio is 0.1.
    assert np.var(contrasts, ddof=1) / np.mean(variances) == pytest.approx(1, abs=0.3)


@pytest.mark.slow
def test_clustered_coverage_with_shocks_of_many_municipalities() -> None:
    hits = []
    for seed in range(400):
        data = episodes(seed, n=3000, municipalities=80, treated=40, shock=0.3)
        estimate, influence = did_rc(data, outcomes=["work"], covariates=["x"])
        hits.append(abs(estimate["work"] - 0.3) < 1.99 * error(influence, data["municipality"])[0])
    assert 0.92 < np.mean(hits) < 0.98
