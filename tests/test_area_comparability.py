"""Is the comparison fair: every check gives a row with a status, and an unfair comparison is seen."""

import numpy as np
import pandas as pd
import pytest

from evaluation.cohorts.comparison import compare
from evaluation.diagnostics import comparability
from evaluation.diagnostics import verdict as verdict_of_diagnostics
from evaluation.diagnostics.area import balance_rows, finding_checks, negative_controls
from evaluation.inference.area import changes_of, effect_rows, labour_market_areas
from evaluation.results import ledger
from small_register import TRIALS

HEADLINE, COVARIATES = TRIALS.outcomes.headline, TRIALS.covariates

STATUSES = {"pass", "concern", "fail", "not_run"}


@pytest.fixture(scope="module")
def main(study):
    return compare(study.episodes, TRIALS, area="oulu").frame


def test_balance_is_told_before_and_after_weighting_and_is_better_after(main):
    rows, checks = balance_rows(main, TRIALS)
    smd = rows[rows["measure"] == "smd"].pivot_table(index="item", columns="specification", values="estimate")
    assert smd.notna().all().all()
    assert smd["after_weighting"].abs().max() < smd["before_weighting"].abs().max()
    assert set(checks["item"]) == {"balance", "overlap"} and set(checks["status"]) <= STATUSES


def test_unweighted_differences_by_hand(main):
    rows, _ = balance_rows(main, TRIALS)
    own, others = main[main["treated"]]["age"], main[~main["treated"]]["age"]
    expected = (own.mean() - others.mean()) / own.std()
    found = rows[(rows["item"] == "age") & (rows["specification"] == "before_weighting")]["estimate"].item()
    assert found == pytest.approx(expected, rel=0.01)


def test_effective_sizes_and_overlap_are_within_their_bounds(main):
    rows, _ = balance_rows(main, TRIALS)
    ess = rows[rows["measure"] == "ess"].set_index("item")["estimate"]
    assert ess["pilot"] == main["treated"].sum()
    assert 0 < ess["comparison"] <= (~main["treated"]).sum()
    assert 0 <= rows.loc[rows["measure"] == "overlap", "estimate"].item() <= 1


def test_an_area_of_other_people_fails_or_worries(main):
    other = main.assign(age=main["age"] + np.where(main["treated"], 15.0, 0.0))
    _, checks = balance_rows(other, TRIALS)
    assert set(checks["status"]) & {"concern", "fail"}


def test_negative_controls_are_three_and_name_what_could_not_be_made(study):
    rows = negative_controls(study.episodes, TRIALS, area="oulu", municipalities=study.municipalities, seed=1)
    assert rows["item"].tolist() == ["placebo_date", "placebo_outcome", "placebo_population"]
    assert set(rows["status"]) <= STATUSES
    missing = rows[rows["status"] == "not_run"]
    assert missing["estimate"].isna().all() and (missing["method"] != "").all()


def test_a_date_before_the_trial_with_an_effect_is_seen(study):
    """A jump of a whole year of work between the two baselines is no effect of the trial."""
    jump = study.episodes["area"].eq("oulu") & study.episodes["window"].eq("2019_20")
    moved = study.episodes.assign(
        **{HEADLINE: study.episodes[HEADLINE].mask(jump, 1.0).where(study.episodes["window"] != "", np.nan)}
    )
    low = moved["area"].eq("oulu") & moved["window"].eq("2018_19")
    moved[HEADLINE] = moved[HEADLINE].mask(low, 0.0)
    rows = negative_controls(moved, TRIALS, area="oulu", municipalities=study.municipalities, seed=1)
    row = rows.set_index("item").loc["placebo_date"]
    assert row["status"] == "fail" and row["ci_low"] > 0


def test_checks_of_the_finding_hang_on_its_numbers(main, study):
    changes = changes_of(main, outcomes=[HEADLINE], covariates=COVARIATES)
    effects = effect_rows(
        main,
        changes,
        groups=labour_market_areas(study.municipalities),
        areas=None,
        baseline="2019_20",
        seed=1,
    )
    rows = finding_checks(effects, changes, TRIALS)
    assert {"hidden_bias", "clusters"} <= set(rows["item"]) and "breakdown" in set(rows["measure"])
    att = effects[effects["measure"] == "att"].iloc[0]
    assert (rows["persons"] == att["persons"]).all()


def test_all_checks_together_give_one_verdict_that_fits_the_ledger(main, study):
    given = {"area": "oulu", "municipalities": study.municipalities, "seed": 1}
    balance, checks = balance_rows(main, TRIALS)
    controls = negative_controls(study.episodes, TRIALS, **given)
    pre_trend = comparability.not_run("pre_trend", reason="too few episodes", outcome=HEADLINE)
    verdict = verdict_of_diagnostics.verdict(pd.concat([checks, controls, pre_trend], ignore_index=True))
    assert len(verdict) == 1 and verdict["status"].item() in STATUSES - {"pass"}
    every = pd.concat([balance, checks, controls, pre_trend, verdict], ignore_index=True)
    ledger.rows(every.drop(columns="topic"), topic="comparability", area="oulu", simulated=True)


def test_order_of_rows_does_not_matter(main):
    one, other = (balance_rows(table, TRIALS)[0] for table in (main, main.sample(frac=1, random_state=1)))
    pd.testing.assert_frame_equal(one, other, rtol=1e-5, atol=1e-6)
