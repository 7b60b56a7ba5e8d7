"""Difference-in-differences and its relatives: by hand, against peers, and on simulated known truth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.effects.differences import did_rc, municipal_changes
from evaluation.effects.doubly_robust import METHODS, repeated_cross_sections
from evaluation.effects.estimates import ESTIMATE_COLUMNS, clustered_covariance
from evaluation.inference.naive import naive_clustered


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
    found = did_rc(cells, outcomes=["work"], covariates=[], method="none", cluster=None)
    assert list(found.table.columns) == ESTIMATE_COLUMNS
    assert found.table["estimate"].item() == pytest.approx(2.5)
    # Influence of a row: ± (value − cell mean) / share of its cell, here 1/4.
    assert found.influence["work"].tolist() == pytest.approx([4, -4, -2, 2, -2, 2, 2, -2])
    # Sum of squares 56, over n² = 64, times 8/7.
    assert found.table["std_error"].item() == pytest.approx(1.0)


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
    both = did_rc(data, **WHAT)
    alone = did_rc(data, outcomes=["days"], covariates=["x", "sex"])
    pd.testing.assert_frame_equal(both.table.iloc[[1]].reset_index(drop=True), alone.table)
    np.testing.assert_allclose(both.influence["days"], alone.influence["days"])


def test_empty_outcomes_are_estimated_on_the_rows_that_have_them() -> None:
    data = episodes(3)
    data.loc[data.index[::7], "days"] = np.nan
    together = did_rc(data, **WHAT)
    alone = did_rc(data.dropna(), outcomes=["days"], covariates=["x", "sex"])
    columns = ["estimate", "std_error", "episodes", "persons"]
    assert together.table.loc[1, columns].tolist() == pytest.approx(alone.table.loc[0, columns].tolist())
    assert (together.influence.loc[data["days"].isna(), "days"] == 0).all()
    full = did_rc(data, outcomes=["work"], covariates=["x", "sex"]).table
    assert together.table.loc[0, columns].tolist() == pytest.approx(full.loc[0, columns].tolist())


def test_joint_covariance_holds_the_standard_errors_on_its_diagonal() -> None:
    found = did_rc(episodes(4), **WHAT)
    joint = clustered_covariance(found.influence, found.clusters)
    assert np.sqrt(np.diag(joint)) == pytest.approx(found.table["std_error"].to_numpy())
    assert joint[0, 1] / np.sqrt(joint[0, 0] * joint[1, 1]) > 0.5


@pytest.mark.parametrize("method", ["dr", "dr_traditional", "ipw", "reg", "none"])
def test_one_municipality_in_each_arm_gives_the_estimate_itself(method: str) -> None:
    data = episodes(5, municipalities=2, treated=1)
    found = municipal_changes(data, **WHAT, method=method)
    expected = did_rc(data, **WHAT, method=method, cluster=None).table["estimate"].to_numpy()
    contrast = found.change[0] - found.change[1]
    assert contrast == pytest.approx(expected, rel=1e-9)


def test_contrast_of_changes_is_close_to_the_estimate() -> None:
    data = episodes(6, n=20_000)
    found = municipal_changes(data, **WHAT)
    estimate = did_rc(data, **WHAT).table
    contrast = np.where(found.treated, found.weight, -found.weight) @ found.change
    assert found.weight[found.treated].sum() == pytest.approx(1)
    assert found.weight[~found.treated].sum() == pytest.approx(1)
    assert np.abs(contrast - estimate["estimate"]).max() < 0.5 * estimate["std_error"].max()


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
    assert found.left_out["municipality"].tolist() == ["900", "901"]
    assert found.left_out["joined"].tolist()[1] == "" and found.left_out["joined"].tolist()[0] != ""
    assert "900" not in found.municipality and "901" not in found.municipality
    assert found.n_before.sum() + found.n_after.sum() == len(data) + 4


def test_treated_cells_too_small_for_a_regression_of_their_own_are_said() -> None:
    data = episodes(8, n=4000)
    keep = ~data["treated"] | (np.arange(len(data)) % 150 == 0)
    found = did_rc(data[keep], **WHAT)
    assert found.table["method"].tolist() == ["dr_traditional"] * 2
    assert any("no regression of its own" in note for note in found.notes)


def test_levels_without_any_treated_episode_do_not_break_the_fit() -> None:
    data = episodes(9)
    data["place"] = np.where(~data["treated"] & (data["x"] > 1), "elsewhere", "here")
    found = did_rc(data, outcomes=["work"], covariates=["x", "place"])
    without = did_rc(data[data["place"] == "here"], outcomes=["work"], covariates=["x"])
    assert found.table["estimate"].item() == pytest.approx(without.table["estimate"].item())
    assert found.table["episodes"].item() == without.table["episodes"].item()
    assert any("no treated episode has" in note for note in found.notes)


# --- peers -----------------------------------------------------------------------------------------------


def test_two_by_two_agrees_with_weighted_least_squares_of_statsmodels() -> None:
    import statsmodels.formula.api as smf

    data = episodes(10).assign(w=lambda rows: 0.5 + rows["x"].abs())
    found = did_rc(data, outcomes=["work"], covariates=[], method="none", weights="w", cluster=None)
    numbers = data.astype({"treated": int, "post": int})
    peer = smf.wls("work ~ treated * post", numbers, weights=numbers["w"]).fit(cov_type="HC0")
    assert found.table["estimate"].item() == pytest.approx(peer.params["treated:post"], rel=1e-9)
    scale = np.sqrt(len(data) / (len(data) - 1))
    assert found.table["std_error"].item() == pytest.approx(peer.bse["treated:post"] * scale, rel=1e-9)


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
    numbers = ["estimate", "std_error", "ci_low", "ci_high", "p_value", "persons", "episodes", "clusters"]
    np.testing.assert_allclose(one.table[numbers], two.table[numbers], rtol=1e-9)
    np.testing.assert_allclose(one.influence, two.influence.loc[data.index], rtol=1e-6, atol=1e-8)
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
    one, two = did_rc(data, **what).table, did_rc(moved, **what).table
    tolerance = 1e-7 * (1 + abs(shift) / scale)
    assert two["estimate"].item() / scale == pytest.approx(one["estimate"].item(), abs=tolerance)
    assert two["std_error"].item() / scale == pytest.approx(one["std_error"].item(), rel=1e-6, abs=tolerance)


def test_doubling_every_row_equals_doubling_the_weights() -> None:
    data = episodes(15, n=400).assign(w=2.0)
    twice = pd.concat([data, data], ignore_index=True)
    one = did_rc(data, **WHAT, weights="w").table
    two = did_rc(twice, **WHAT).table
    assert two["estimate"].to_numpy() == pytest.approx(one["estimate"].to_numpy())
    assert two["std_error"].to_numpy() == pytest.approx(one["std_error"].to_numpy())


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
        (lambda rows: rows.drop(columns="sex"), "no column sex"),
        (lambda rows: rows.drop(columns="work"), "no outcome column work"),
        (lambda rows: rows.assign(treated=2), "treated: 1200 rows are neither true nor false"),
        (lambda rows: rows.assign(municipality="091"), "1 cluster|both arms"),
    ],
)
def test_designs_without_an_answer_are_refused_in_words(change: Any, message: str) -> None:
    data = broken(change)
    for estimator in (did_rc, municipal_changes):
        with pytest.raises(ValueError, match=message):
            estimator(data, **WHAT)


def test_an_unknown_method_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="choose one of dr"):
        did_rc(episodes(1), **WHAT, method="drdid")


def test_constant_and_collinear_covariates_are_left_out_and_noted() -> None:
    data = episodes(18).assign(one=1.0, copy=lambda rows: 3 - 2 * rows["x"])
    found = did_rc(data, outcomes=["work"], covariates=["x", "one", "copy"])
    plain = did_rc(data, outcomes=["work"], covariates=["x"])
    assert found.table["estimate"].item() == pytest.approx(plain.table["estimate"].item())
    assert any(note.startswith("one:") for note in found.notes)
    assert any(note.startswith("copy:") for note in found.notes)


# --- relatives -------------------------------------------------------------------------------------------


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
        ("dr_improved", "outcome", True),
        ("ipw", "propensity", True),
        ("reg", "nothing", True),
        ("none", "nothing", False),
    ],
)
def test_bias_and_coverage_under_known_truth(method: str, wrong: str, unbiased: bool) -> None:
    runs = 300
    estimates, errors = np.empty(runs), np.empty(runs)
    for seed in range(runs):
        fit = repeated_cross_sections(**draw(seed, wrong), method=method)
        estimates[seed] = fit.estimate.item()
        errors[seed] = np.sqrt((fit.influence**2).sum()) / len(fit.influence)
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
        row = did_rc(data, outcomes=["work"], covariates=["x"]).table.iloc[0]
        hits.append(row["ci_low"] < 0.3 < row["ci_high"])
    assert 0.92 < np.mean(hits) < 0.98
