"""Regression discontinuity: by hand, known truth, agreement of the two estimators, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.discontinuity import discontinuity


def jobseekers(seed: int, n: int = 3000, jump: float = 0.2) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    age = rng.uniform(20, 40, n)
    work = 0.3 + 0.02 * (age - 30) + jump * (age >= 30) + rng.normal(size=n) * 0.4
    return pd.DataFrame(
        {"person_id": np.arange(n), "age": age, "work": work, "sex": rng.choice(["f", "m"], n)}
    )


def test_interval_and_p_value_are_the_robust_ones() -> None:
    found = discontinuity(jobseekers(2), outcomes=["work"], running="age", cutoff=30)
    row, detail = found.table.iloc[0], found.details.iloc[0]
    assert row["ci_low"] == detail["robust_low"] and row["ci_high"] == detail["robust_high"]
    assert (row["ci_low"] + row["ci_high"]) / 2 == pytest.approx(detail["tau_bias_corrected"])
    assert row["estimate"] == detail["tau_conventional"]


def test_known_jump_is_covered() -> None:
    hits = []
    for seed in range(25):
        row = discontinuity(jobseekers(seed, n=1000), outcomes=["work"], running="age", cutoff=30).table.iloc[
            0
        ]
        hits.append(row["ci_low"] < 0.2 < row["ci_high"])
    assert np.mean(hits) >= 0.8


def test_shifting_age_and_cutoff_together_changes_nothing_and_scaling_scales() -> None:
    data = jobseekers(3)
    one = discontinuity(data, outcomes=["work"], running="age", cutoff=30).table
    moved = data.assign(age=data["age"] - 30, work=100 * data["work"] + 7).sample(frac=1, random_state=1)
    two = discontinuity(moved, outcomes=["work"], running="age", cutoff=0).table
    assert two["estimate"].item() == pytest.approx(100 * one["estimate"].item(), rel=1e-6)
    assert two["std_error"].item() == pytest.approx(100 * one["std_error"].item(), rel=1e-5)


def test_donut_leaves_out_rows_near_the_cutoff() -> None:
    data = jobseekers(4)
    found = discontinuity(data, outcomes=["work"], running="age", cutoff=30, donut=0.5).details.iloc[0]
    assert found["rows_below"] + found["rows_above"] == int((data["age"].sub(30).abs() >= 0.5).sum())
