"""Known truth: the method in use holds its level, the naive one does not; in full with -m slow.

Targets at nominal 95 %: coverage 93-97 %, false positives 3-7 %, for one, a few and 22 municipalities with
area shocks on. Shocks too small to be seen against sampling error are covered more often than promised.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from validation import published
from validation.cells import AREAS, known_truth, simulate_changes, summarise
from validation.published import oracle_table

from published_data import ORACLES

STORED = Path(__file__).parents[1] / "docs" / "validation" / "published.csv"

KINDS = ("one_small", "one_large", "five", "twenty_two")


def pick(table, method):
    return table[table["method"] == method].set_index("area")


@pytest.fixture(scope="module")
def small():
    """Shocks of 0.03, half of the variance shared: 200 runs a scenario."""
    return known_truth(replicates=100, seed=1, areas=KINDS, shocks=[0.03], shared=[0.5], draws=499)


def test_placebo_areas_cover_about_as_promised(small):
    used = pick(small, "placebo_areas")
    # three Monte Carlo standard errors below the lower target
    assert (used["coverage"] > 0.93 - 3 * np.sqrt(0.95 * 0.05 / 200)).all()
    assert (used["false_positive"] < 0.07 + 3 * np.sqrt(0.95 * 0.05 / 100)).all()


def test_the_naive_standard_error_finds_effects_that_are_not_there(small):
    naive = pick(small, "naive_clustered")
    assert (naive.loc[["one_small", "one_large"], "false_positive"] > 0.6).all()
    assert (naive["coverage"] < 0.65).all()


def test_joint_t_agrees_with_placebo_areas(small):
    np.testing.assert_allclose(
        pick(small, "joint_t")["width"], pick(small, "placebo_areas")["width"], rtol=0.05
    )


def test_leaving_out_the_shared_shock_is_too_hopeful_for_many_municipalities(small):
    shared, without = (
        pick(small, name).loc["twenty_two"] for name in ("placebo_areas", "without_shared_shock")
    )
    assert without["width"] < 0.85 * shared["width"]


def test_estimates_are_unbiased_and_effects_are_found_more_often_than_nothing(small):
    assert (small["bias"].abs() < 4 * small["bias_error"]).all()
    used = pick(small, "placebo_areas")
    assert used["power"].mean() > used["false_positive"].mean()


def test_simulated_cells_have_the_stated_moments():
    rng = np.random.default_rng(1)
    changes, groups = simulate_changes(
        "one_large", replicates=100, shock_sd=0.05, shared=0.5, effect=0.1, scale=10, rng=rng
    )
    change = changes.change[~changes.treated]
    assert change.std() == pytest.approx(0.05, rel=0.1)
    assert changes.change[changes.treated].mean() == pytest.approx(0.12, abs=0.02)
    means = pd.DataFrame(change).groupby(groups.to_numpy()[~changes.treated]).mean()
    assert means.to_numpy().std() > 0.05 * np.sqrt(0.5)
    assert len(AREAS["twenty_two"]) == 22


def test_summaries_by_hand():
    runs = pd.DataFrame(
        {
            "method": "m",
            "truth": [0.0, 0.0, 1.0, 1.0],
            "estimate": [0.0, 2.0, 1.0, 3.0],
            "ci_low": [-1.0, 1.0, 0.0, 2.0],
            "ci_high": [1.0, 3.0, 2.0, 4.0],
            "p_value": [0.5, 0.01, 0.2, 0.01],
        }
    )
    row = summarise(runs, effect=1.0).iloc[0]
    assert row["bias"] == 1 and row["rmse"] == pytest.approx(np.sqrt(2))
    assert row["coverage"] == 0.5 and row["false_positive"] == 0.5 and row["power"] == 0.5
    assert row["coverage_error"] == pytest.approx(0.25)


def test_oracle_table_shows_no_difference_beyond_rounding_and_random_draws():
    if not ORACLES.exists():
        pytest.skip("the published data sets are not beside the project")
    table = oracle_table(ORACLES)
    assert table["oracle"].nunique() == 6
    assert (table["difference"].abs() <= table["tolerance"]).all()


def test_stored_comparisons_are_few_and_within_tolerance():
    table = pd.read_csv(STORED)
    assert 20 < len(table) <= 200
    assert (table["difference"].abs() <= table["tolerance"]).all()
    if ORACLES.exists():
        fresh = oracle_table(ORACLES)
        assert fresh["quantity"].tolist() == table["quantity"].tolist()
        np.testing.assert_allclose(fresh["ours"], table["ours"], rtol=1e-6, atol=1e-9)


def test_stored_comparisons_are_written_only_where_the_data_are(tmp_path):
    assert published.main([str(tmp_path), "--to", str(tmp_path / "out")]) == 0
    assert not (tmp_path / "out").exists()


def test_oracle_table_is_empty_where_the_data_are_not_there(tmp_path):
    assert oracle_table(tmp_path).empty


@pytest.mark.slow
@pytest.mark.parametrize("shared", [0.0, 0.5])
def test_full_known_truth_on_cells(shared):
    """2,000 runs without and with an effect: Monte Carlo error about half a point."""
    table = known_truth(replicates=2000, seed=1, shocks=[0.03], shared=[shared])
    used = table[table["method"] == "placebo_areas"]
    assert used["coverage"].between(0.93 - 0.01, 0.97 + 0.01).all()
    assert used["false_positive"].between(0.03 - 0.01, 0.07 + 0.01).all()
