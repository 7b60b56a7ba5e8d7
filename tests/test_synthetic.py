"""Synthetic control and synthetic difference-in-differences: optimality, recovery and refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.effects.synthetic import simplex_weights, synthetic


def panel(
    seed: int, *, units: int = 20, periods: int = 24, start: int = 16, effect: float = 0.0
) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(periods, 2)).cumsum(axis=0)
    values = (
        rng.normal(size=(units, 1)) * 3
        + rng.normal(size=(units, 2)) @ factor.T
        + rng.normal(size=(units, periods))
    )
    values[0, start:] += effect
    return pd.DataFrame(values, index=["pilot", *[f"d{i}" for i in range(1, units)]], columns=range(periods))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), donors=st.integers(2, 40), ridge=st.sampled_from([0.0, 0.1, 5.0]))
def test_weights_meet_the_conditions_of_the_optimum(seed: int, donors: int, ridge: float) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(12, donors)), rng.normal(size=12)
    w = simplex_weights(a, b, ridge=ridge)
    assert w.sum() == pytest.approx(1) and (w >= 0).all()
    slope = a.T @ (a @ w - b) + ridge * w
    level = slope @ w
    assert (slope >= level - 1e-6).all()
    assert np.abs(slope[w > 1e-9] - level).max() < 1e-6


def test_a_unit_that_is_a_mixture_of_donors_is_recovered() -> None:
    data = panel(2)
    data.loc["pilot"] = 0.7 * data.loc["d3"] + 0.3 * data.loc["d5"]
    data.loc["pilot", 16:] += 2.0
    found = synthetic(data, treated=["pilot"], start=16, method="synthetic_control")
    assert found["estimate"].item() == pytest.approx(2.0, abs=1e-3)
    assert found["p_value"].item() == pytest.approx(1 / 20)


@pytest.mark.parametrize("method", ["synthetic_did", "synthetic_control"])
def test_order_of_rows_does_not_matter_and_scaling_scales(method: str) -> None:
    data = panel(3, effect=1.0)
    one = synthetic(data, treated=["pilot"], start=16, method=method)
    two = synthetic(data.sample(frac=1, random_state=1) * 10, treated=["pilot"], start=16, method=method)
    numbers = ["estimate", "std_error"]
    assert two[numbers].to_numpy() == pytest.approx(10 * one[numbers].to_numpy(), rel=1e-5)


def test_a_constant_added_to_the_treated_unit_changes_nothing() -> None:
    data = panel(4, effect=1.0)
    moved = data.copy()
    moved.loc["pilot"] += 50
    one = synthetic(data, treated=["pilot"], start=16)["estimate"].item()
    two = synthetic(moved, treated=["pilot"], start=16)["estimate"].item()
    assert two == pytest.approx(one, rel=1e-7)


def test_false_positives_of_the_rank_test_and_bias_under_no_effect() -> None:
    runs = 60
    estimates, p = [], []
    for seed in range(runs):
        data = panel(100 + seed, periods=16, start=10)
        estimates.append(synthetic(data, treated=["pilot"], start=10)["estimate"].item())
        control = synthetic(data, treated=["pilot"], start=10, method="synthetic_control")
        p.append(control["p_value"].item())
    assert abs(np.mean(estimates)) < 3.5 * np.std(estimates) / np.sqrt(runs)
    assert np.mean(np.array(p) <= 0.1) < 0.1 + 3 * np.sqrt(0.09 / runs)


@pytest.mark.parametrize(
    ("change", "start", "message"),
    [
        (lambda rows: rows.drop(index="pilot"), 16, "1 treated units are not rows"),
        (lambda rows: rows, 99, "no period 99"),
        (lambda rows: rows, 1, "1 periods before the start"),
        (lambda rows: rows.iloc[:2], 16, "1 donors"),
        (lambda rows: rows.mask(rows > 5), 16, "cells are empty"),
    ],
)
def test_tables_without_an_answer_are_refused(change, start, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        synthetic(change(panel(5)), treated=["pilot"], start=start)
