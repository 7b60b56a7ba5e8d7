"""The sensitivity set: complete, each variant what its name says, refusals told in words."""

import numpy as np
import pandas as pd
import pytest

from evaluation.cohorts.comparison import compare
from evaluation.effects.differences import municipal_changes
from evaluation.inference.area import effect_rows, shock_structure
from evaluation.inference.sensitivity import sensitivity_rows
from evaluation.results import ledger
from small_register import TRIALS

HEADLINE, COVARIATES = TRIALS.outcomes.headline, TRIALS.covariates

SPECIFICATIONS = {
    *(
        "baseline_2018_19",
        "baseline_covid",
        "both_baselines",
        "donut_3m",
        "neighbours_excluded",
        "with_possible_pilots",
    ),
    *("regression_adjustment", "entropy_weights", "triple_difference", "synthetic_control"),
    *("synthetic_did", "discontinuity_30", "naive_clustered", "leave_one_out"),
}
OUTCOMES = (HEADLINE, "benefit_eur_12m")


def rows_of(episodes, study, *, area, seed=1):
    changes = municipal_changes(
        compare(episodes, TRIALS, area=area).frame, outcomes=OUTCOMES, covariates=COVARIATES
    )
    return sensitivity_rows(
        episodes,
        changes,
        TRIALS,
        area=area,
        municipalities=study.municipalities,
        shocks=shock_structure(study.municipalities, TRIALS.areas, area=area),
        seed=seed,
        outcomes=OUTCOMES,
    )


@pytest.fixture(scope="module")
def rows(study):
    return rows_of(study.episodes, study, area="pirkanmaa")


def one(rows, specification, outcome=HEADLINE, item=""):
    found = rows[
        (rows["specification"] == specification) & (rows["outcome"] == outcome) & (rows["item"] == item)
    ]
    assert len(found) == 1
    return found.iloc[0]


def test_every_specification_is_there_for_every_outcome(rows):
    for outcome in OUTCOMES:
        assert set(rows.loc[rows["outcome"] == outcome, "specification"]) == SPECIFICATIONS
    assert not rows.duplicated(["specification", "outcome", "item"]).any()


def test_rows_without_a_number_say_why(rows):
    silent = rows[rows["estimate"].isna()]
    assert set(silent["status"]) <= {"missing", "not_run"}
    assert silent["method"].str.len().gt(5).all()
    assert rows.loc[rows["estimate"].notna(), "status"].eq("ok").all()


def test_variants_are_the_main_analysis_on_other_episodes(rows, study):
    data = compare(study.episodes, TRIALS, area="pirkanmaa", before="covid").frame
    shocks = shock_structure(study.municipalities, TRIALS.areas, area="pirkanmaa")
    changes = municipal_changes(data, outcomes=OUTCOMES, covariates=COVARIATES)
    expected = effect_rows(data, changes, baseline="2019_20", seed=1, **shocks)
    expected = expected[(expected["measure"] == "att") & (expected["outcome"] == HEADLINE)].iloc[0]
    found = one(rows, "baseline_covid")
    for name in ("estimate", "ci_low", "ci_high", "p_value", "persons", "episodes"):
        assert found[name] == pytest.approx(expected[name])
    assert found["window"] == "covid"


def test_possible_pilots_and_neighbours_change_the_comparison(rows):
    estimates = {name: one(rows, name)["estimate"] for name in SPECIFICATIONS - {"leave_one_out"}}
    assert estimates["with_possible_pilots"] != estimates["regression_adjustment"]
    assert estimates["neighbours_excluded"] != estimates["with_possible_pilots"]


def test_leaving_one_municipality_out_by_hand(rows, study):
    changes = municipal_changes(
        compare(study.episodes, TRIALS, area="pirkanmaa").frame,
        outcomes=OUTCOMES,
        covariates=TRIALS.covariates,
    )
    left = rows[(rows["specification"] == "leave_one_out") & (rows["outcome"] == HEADLINE)]
    assert sorted(left["item"]) == sorted(changes.municipality[changes.treated])
    outside = ~changes.treated
    comparison = changes.weight[outside] @ changes.change[outside, 0]
    for row in left.itertuples():
        kept = changes.treated & (changes.municipality != row.item)
        expected = np.average(changes.change[kept, 0], weights=changes.weight[kept]) - comparison
        assert row.estimate == pytest.approx(expected)


def test_leave_one_out_rows_carry_the_persons_that_disclosure_control_needs(rows, study):
    own = compare(study.episodes, TRIALS, area="pirkanmaa").frame.query("treated")
    left = rows[(rows["specification"] == "leave_one_out") & (rows["outcome"] == HEADLINE)]
    assert (left["persons"] > 0).all() and (left["persons"] < own["person_id"].nunique()).all()
    largest = own["municipality"].value_counts().index[0]
    rest = own[own["municipality"] != largest]
    # small municipalities may have joined the largest
    assert left.set_index("item").loc[largest, "persons"] <= rest["person_id"].nunique()


def test_units_follow_the_outcome(rows):
    shown = rows[rows["estimate"].notna()]
    assert set(shown.loc[shown["outcome"] == HEADLINE, "unit"]) == {"share"}
    assert set(shown.loc[shown["outcome"] == "benefit_eur_12m", "unit"]) == {"eur"}


def test_an_area_of_one_municipality_has_none_to_leave_out(study):
    left = one(rows_of(study.episodes, study, area="espoo"), "leave_one_out")
    assert left["status"] == "not_run" and left["method"] == "one municipality"


def test_shuffled_episodes_give_identical_rows(rows, study):
    again = rows_of(study.episodes.sample(frac=1, random_state=4), study, area="pirkanmaa")
    pd.testing.assert_frame_equal(rows, again, rtol=1e-5, atol=1e-6)


def test_a_constant_added_to_outcomes_changes_no_estimate(rows, study):
    moved = study.episodes.assign(**{name: study.episodes[name] + 7 for name in OUTCOMES})
    again = rows_of(moved, study, area="pirkanmaa")
    np.testing.assert_allclose(again["estimate"], rows["estimate"], rtol=1e-4, atol=1e-4)


def test_all_areas_together_have_the_same_set(study):
    found = rows_of(study.episodes, study, area="all")
    assert set(found["specification"]) == SPECIFICATIONS | {"cluster_bootstrap"}
    bootstrap = found[found["specification"] == "cluster_bootstrap"]
    assert (bootstrap["status"] == "ok").all() and (bootstrap["ci_low"] < bootstrap["ci_high"]).all()


def test_rows_fit_the_ledger(rows):
    ledger.rows(rows, topic="sensitivity", area="pirkanmaa", simulated=True)
