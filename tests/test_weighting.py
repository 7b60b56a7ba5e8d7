"""Covariate matrices, propensity, weights, balance: by hand, against peers, and their refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.diagnostics.balance import standardised_differences, supported_share
from evaluation.effects.covariates import covariate_matrix
from evaluation.effects.regression import least_squares, odds_fit, sum_by
from evaluation.effects.weighting import att_weights, effective_sample_size


def sample(seed: int, n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    age = rng.uniform(18, 64, n)
    education = rng.choice(["basic", "secondary", "tertiary"], n)
    pilot = rng.random(n) < 1 / (1 + np.exp(-(age - 45) / 15 + (education == "tertiary")))
    return pd.DataFrame(
        {"pilot": pilot, "age": age, "education": education, "work": age / 60 + rng.normal(size=n)}
    )


# --- covariates ------------------------------------------------------------------------------------------


def even(rows: pd.DataFrame) -> pd.Series:
    return pd.Series(1.0, index=rows.index)


def test_categories_become_dummies_without_the_first_level_in_sorted_order() -> None:
    rows = pd.DataFrame({"education": pd.Categorical(["b", "a", "c"]), "immigrant": [True, False, True]})
    found = covariate_matrix(rows, ["education", "immigrant"])
    assert found.names == ("education=b", "education=c")
    assert found.values.tolist() == [[1, 0], [0, 0], [0, 1]]


def test_a_dummy_whose_columns_sum_to_another_is_found() -> None:
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(rng.normal(size=(50, 6)) * [1, 1e6, 1e-6, 1, 1, 1], columns=list("abcdef"))
    rows["g"] = rows["a"] + rows["b"] / 1e6 - 3
    rows["h"] = rng.normal(size=50)
    found = covariate_matrix(rows, list(rows))
    assert found.names == ("a", "b", "c", "d", "e", "f", "h")


# --- regression ------------------------------------------------------------------------------------------


def test_least_squares_agrees_with_statsmodels() -> None:
    import statsmodels.api as sm

    data = sample(1)
    x = covariate_matrix(data, ["age", "education"]).with_constant
    w = np.linspace(0.5, 2, len(data))
    fit = least_squares(x, weights=w)
    peer = sm.WLS(data["work"].to_numpy(), x, weights=w).fit()
    assert fit.coefficients(data[["work"]].to_numpy())[:, 0] == pytest.approx(peer.params, rel=1e-9)
    assert fit.gram_inverse * peer.scale == pytest.approx(peer.cov_params(), rel=1e-8)


def test_logistic_regression_agrees_with_statsmodels() -> None:
    import statsmodels.api as sm

    data = sample(2)
    x = covariate_matrix(data, ["age", "education"]).with_constant
    peer = sm.Logit(data["pilot"].astype(float), x).fit(disp=False, tol=1e-12)
    fit = odds_fit(x, data["pilot"].to_numpy(float))
    assert fit.coefficients == pytest.approx(peer.params.to_numpy(), rel=1e-7)
    errors = np.sqrt(np.diag(fit.information_inverse) / len(x))
    assert errors == pytest.approx(peer.bse.to_numpy(), rel=1e-6)
    found = att_weights(data, target="pilot", covariates=["age", "education"]).propensity
    assert found.to_numpy() == pytest.approx(np.asarray(peer.predict()), rel=1e-6)


def test_sums_by_group_equal_those_of_pandas() -> None:
    rng = np.random.default_rng(3)
    values, codes = rng.normal(size=(100, 3)), rng.integers(0, 9, 100)
    expected = pd.DataFrame(values).groupby(codes).sum().reindex(range(10), fill_value=0.0)
    np.testing.assert_allclose(sum_by(values, codes, 10), expected)


# --- weights ---------------------------------------------------------------------------------------------


def test_odds_weights_by_hand() -> None:
    rows = pd.DataFrame({"pilot": [1, 1, 1, 0, 0, 0], "young": [1, 1, 0, 1, 0, 0]})
    found = att_weights(rows, target="pilot", covariates=["young"])
    # Odds 2 among the young, 1/2 among the others: comparison weights 2, 1/2, 1/2, summing to 3 already.
    assert found.weight.tolist() == pytest.approx([1, 1, 1, 2, 0.5, 0.5])
    assert found.ess_comparison == pytest.approx(9 / 4.5)
    assert found.ess_target == 3


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000))
def test_entropy_balancing_meets_every_mean_exactly(seed: int) -> None:
    data = sample(seed)
    found = att_weights(data, target="pilot", covariates=["age", "education"], method="entropy")
    after = standardised_differences(
        data, target="pilot", covariates=["age", "education"], weight=found.weight
    )
    assert after["after_weighting"].abs().max() < 1e-9
    assert (found.weight[~data["pilot"]] > 0).all()
    assert found.weight[~data["pilot"]].sum() == pytest.approx(data["pilot"].sum())


def test_entropy_weights_are_the_closest_to_even_of_all_that_balance() -> None:
    from scipy.optimize import minimize

    data = sample(4, n=40)
    pool = data[~data["pilot"]]
    found = att_weights(data, target="pilot", covariates=["age"], method="entropy").weight[~data["pilot"]]
    share = (found / found.sum()).to_numpy()
    target = data.loc[data["pilot"], "age"].mean()
    peer = minimize(
        lambda w: float((w * np.log(np.maximum(w, 1e-12))).sum()),
        np.full(len(pool), 1 / len(pool)),
        bounds=[(0, 1)] * len(pool),
        constraints=[
            {"type": "eq", "fun": lambda w: w.sum() - 1},
            {"type": "eq", "fun": lambda w: w @ pool["age"].to_numpy() - target},
        ],
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert share == pytest.approx(peer.x, abs=2e-4)
    assert (share * np.log(share)).sum() <= peer.fun + 1e-9


def test_separated_arms_and_unreachable_means_are_refused() -> None:
    rows = pd.DataFrame({"pilot": [1, 1, 1, 0, 0, 0], "age": [50.0, 51, 52, 20, 21, 22]})
    for method in ("logistic", "entropy"):
        with pytest.raises(ValueError, match="no finite fit for 3 treated and 3 comparison rows"):
            att_weights(rows, target="pilot", covariates=["age"], method=method)


def test_rows_told_apart_for_sure_get_next_to_no_weight() -> None:
    touching = pd.DataFrame({"pilot": [1, 1, 1, 0, 0, 0], "age": [50.0, 51, 40, 40, 21, 22]})
    weight = att_weights(touching, target="pilot", covariates=["age"]).weight
    assert weight.tolist()[3:] == pytest.approx([3, 0, 0], abs=2e-2)
    rng = np.random.default_rng(1)
    rows = pd.DataFrame({"pilot": rng.random(2000) < 0.3, "foreign": rng.random(2000) < 0.2})
    # only comparison rows hold the combination of foreign and not immigrant, though both arms have each level
    rows["immigrant"] = rows["foreign"] & (rows["pilot"] | (rng.random(2000) < 0.5))
    rows["age"] = rng.normal(40, 10, 2000)
    alone = rows["foreign"] & ~rows["immigrant"]
    names = ["foreign", "immigrant", "age"]
    for method in ("logistic", "entropy"):
        weight = att_weights(rows, target="pilot", covariates=names, method=method).weight
        kept = att_weights(
            rows[~alone], target="pilot", covariates=["immigrant", "age"], method=method
        ).weight
        assert weight[alone].max() < 1e-3
        assert weight[~alone].to_numpy() == pytest.approx(kept.to_numpy(), abs=2e-3)


@pytest.mark.parametrize("pilot", [[1, 1, 1], [0, 0, 0]])
def test_a_missing_arm_is_refused(pilot: list[int]) -> None:
    rows = pd.DataFrame({"pilot": pilot, "age": [1.0, 2, 3]})
    with pytest.raises(ValueError, match="target rows of 3; both groups are needed"):
        att_weights(rows, target="pilot", covariates=["age"])


def test_effective_sample_size_by_hand() -> None:
    assert effective_sample_size(np.array([2.0, 1.0, 1.0])) == pytest.approx(16 / 6)
    assert effective_sample_size(np.zeros(3)) == 0


# --- balance ---------------------------------------------------------------------------------------------


def test_differences_use_the_same_unweighted_deviation_before_and_after() -> None:
    rows = pd.DataFrame({"pilot": [1, 1, 0, 0], "age": [30.0, 50, 20, 40]})
    weight = pd.Series([1.0, 1, 0, 2])
    found = standardised_differences(rows, target="pilot", covariates=["age"], weight=weight).iloc[0]
    assert found["sd"] == pytest.approx(np.sqrt(200))
    assert found["before_weighting"] == pytest.approx(10 / np.sqrt(200))
    assert found["after_weighting"] == pytest.approx(0)


def test_every_level_of_a_category_has_a_row() -> None:
    found = standardised_differences(
        sample(6), target="pilot", covariates=["education"], weight=even(sample(6))
    )
    assert found["covariate"].tolist() == [
        f"education={level}" for level in ("basic", "secondary", "tertiary")
    ]


def test_a_covariate_that_the_target_group_shares_is_infinitely_far() -> None:
    rows = pd.DataFrame({"pilot": [1, 1, 0, 0], "young": [1, 1, 0, 1]})
    assert np.isposinf(
        standardised_differences(rows, target="pilot", covariates=["young"], weight=even(rows))[
            "before_weighting"
        ].item()
    )


def test_identical_groups_overlap_fully_and_disjoint_ones_not() -> None:
    target = pd.Series([True, True, False, False])
    assert supported_share(pd.Series([0.2, 0.4, 0.2, 0.4]), target=target) == 1
    assert supported_share(pd.Series([0.8, 0.9, 0.1, 0.2]), target=target) == 0
