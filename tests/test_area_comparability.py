"""Is the comparison fair: every check gives a row with a status, and an unfair comparison is seen."""

import numpy as np
import pandas as pd
import pytest

from evaluation.cohorts.comparison import compare
from evaluation.diagnostics import comparability
from evaluation.diagnostics.area import balance_rows, finding_checks, negative_controls
from evaluation.diagnostics.verdict import verdicts
from evaluation.effects.differences import municipal_changes
from evaluation.inference.area import effect_rows, shock_structure
from evaluation.results import ledger
from small_register import TRIALS

HEADLINE, COVARIATES = TRIALS.outcomes.headline, TRIALS.covariates

JUDGED = TRIALS.outcomes.first_screen  # the small register has no costs
STATUSES = {"pass", "concern", "fail", "not_run"}


def given(study):
    """Area, shocks and seed of the checks."""
    shocks = shock_structure(study.municipalities, TRIALS.areas, area="oulu")
    return {"area": "oulu", "shocks": shocks, "seed": 1}


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
    rows = negative_controls(study.episodes, TRIALS, **given(study))
    judged = len(TRIALS.outcomes.judged)
    assert rows["item"].value_counts().to_dict() == {
        "placebo_date": judged,
        "placebo_outcome": 1,
        "placebo_population": judged,
    }
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
    rows = negative_controls(moved, TRIALS, **given(study))
    row = rows[rows["outcome"] == HEADLINE].set_index("item").loc["placebo_date"]
    assert row["status"] == "fail" and row["ci_low"] > 0


def test_checks_of_the_finding_hang_on_its_numbers(main, study):
    changes = municipal_changes(main, outcomes=JUDGED, covariates=COVARIATES)
    groups = given(study)["shocks"]["groups"]
    effects = effect_rows(main, changes, groups=groups, baseline="2019_20", seed=1)
    rows = finding_checks(effects, changes, TRIALS)
    assert {"hidden_bias", "clusters"} <= set(rows["item"])
    found = effects[(effects["measure"] == "att") & ((effects["ci_low"] > 0) | (effects["ci_high"] < 0))]
    overturned = rows[rows["measure"] == "breakdown"]
    assert set(overturned["outcome"]) == set(found["outcome"]) & set(JUDGED)
    att = effects[effects["measure"] == "att"].iloc[0]
    assert (rows["persons"] == att["persons"]).all()


def test_all_checks_together_give_one_verdict_that_fits_the_ledger(main, study):
    balance, checks = balance_rows(main, TRIALS)
    controls = negative_controls(study.episodes, TRIALS, **given(study))
    pre_trend = comparability.not_run("pre_trend", reason="too few episodes", outcome=HEADLINE)
    verdict = verdicts(pd.concat([checks, controls, pre_trend], ignore_index=True), TRIALS)
    assert verdict["outcome"].tolist() == list(TRIALS.outcomes.judged)
    assert set(verdict["status"]) <= STATUSES - {"pass"}
    every = pd.concat([balance, checks, controls, pre_trend, verdict], ignore_index=True)
    ledger.rows(every.drop(columns="topic"), topic="comparability", area="oulu", simulated=True)


def test_order_of_rows_does_not_matter(main):
    one, other = (balance_rows(table, TRIALS)[0] for table in (main, main.sample(frac=1, random_state=1)))
    pd.testing.assert_frame_equal(one, other, rtol=1e-5, atol=1e-6)
