"""Regression discontinuity: intervals, known truth, invariance, refusals."""

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
    from rdrobust import rdrobust

    data = jobseekers(2)
    row = discontinuity(data, outcomes=["work"], running="age", cutoff=30).iloc[0]
    peer = rdrobust(y=data["work"], x=data["age"], c=30)
    assert row[["ci_low", "ci_high"]].tolist() == np.asarray(peer.ci)[2].tolist()
    assert row["p_value"] == np.asarray(peer.pv).ravel()[2]
    assert row["estimate"] == np.asarray(peer.coef).ravel()[0]


def test_known_jump_is_covered() -> None:
    hits = []
    for seed in range(25):
        row = discontinuity(jobseekers(seed, n=1000), outcomes=["work"], running="age", cutoff=30).iloc[0]
        hits.append(row["ci_low"] < 0.2 < row["ci_high"])
    assert np.mean(hits) >= 0.8


def test_age_in_five_year_groups_is_refused_in_words() -> None:
    data = jobseekers(4).assign(age=lambda d: 5.0 * (d["age"] // 5))
    with pytest.raises(ValueError, match=r"discontinuity \(work\): no bandwidth near 30"):
        discontinuity(data, outcomes=["work"], running="age", cutoff=30)


def test_shifting_age_and_cutoff_together_changes_nothing_and_scaling_scales() -> None:
    data = jobseekers(3)
    one = discontinuity(data, outcomes=["work"], running="age", cutoff=30)
    moved = data.assign(age=data["age"] - 30, work=100 * data["work"] + 7).sample(frac=1, random_state=1)
    two = discontinuity(moved, outcomes=["work"], running="age", cutoff=0)
    assert two["estimate"].item() == pytest.approx(100 * one["estimate"].item(), rel=1e-6)
    assert two["std_error"].item() == pytest.approx(100 * one["std_error"].item(), rel=1e-5)


def test_too_few_rows_on_a_side_are_refused() -> None:
    data = jobseekers(4)
    few = pd.concat([data[data["age"] < 30], data[data["age"] >= 30].head(5)])
    with pytest.raises(ValueError, match="5 above 30; at least 20"):
        discontinuity(few, outcomes=["work"], running="age", cutoff=30)
