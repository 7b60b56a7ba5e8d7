"""Main estimates of an area: rows that belong together agree; order, names and units do not matter."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from evaluation.cohorts.comparison import compare
from evaluation.effects.differences import municipal_changes
from evaluation.inference.area import effect_rows, ledger_columns, main_effects, shock_structure
from evaluation.results import ledger
from small_register import TRIALS

HEADLINE, COVARIATES = TRIALS.outcomes.headline, TRIALS.covariates

OUTCOMES = [*TRIALS.outcomes.primary[:4], "open_employment_24m"]


def rows_of(data, study, *, area="oulu", outcomes=OUTCOMES, municipalities=None):
    places = study.municipalities if municipalities is None else municipalities
    known = shock_structure(places, TRIALS.areas, area=area)
    changes = municipal_changes(data, outcomes=outcomes, covariates=COVARIATES)
    return effect_rows(
        data, changes, groups=known["groups"], areas=known["areas"], baseline="2019_20", seed=1
    )


@pytest.fixture(scope="module")
def main(study):
    return compare(study.episodes, TRIALS, area="oulu").frame


@pytest.fixture(scope="module")
def rows(main, study):
    return rows_of(main, study)


def wide(rows, column="estimate"):
    return rows.pivot_table(index="outcome", columns="measure", values=column)


def test_every_outcome_has_every_measure_once(rows):
    measures = ["att", "mean_after", "counterfactual_mean", "mde", "comparison_error"]
    assert not rows.duplicated(["outcome", "measure"]).any()
    for outcome in OUTCOMES:
        found = set(rows.loc[rows["outcome"] == outcome, "measure"])
        assert found == set(measures)


def test_the_mean_less_the_effect_is_the_counterfactual_and_its_interval_is_turned_round(rows, main):
    table = wide(rows)
    np.testing.assert_allclose(table["mean_after"] - table["att"], table["counterfactual_mean"])
    after = main[main["treated"] & main["post"]]
    assert table.loc[HEADLINE, "mean_after"] == pytest.approx(after[HEADLINE].mean())
    att, without = (
        rows[rows["measure"] == name].set_index("outcome") for name in ("att", "counterfactual_mean")
    )
    mean = table["mean_after"].loc[att.index]
    far = mean - att["ci_high"] > 0
    np.testing.assert_allclose(without["ci_low"][far], (mean - att["ci_high"])[far])
    assert far.sum() == 4 and (without["ci_low"] > 0).all()  # days in services cannot be fewer than none
    assert (without["ci_low"] < without["estimate"]).all() and (
        without["estimate"] < without["ci_high"]
    ).all()


def test_errors_are_parts_of_the_whole(rows):
    att = rows[rows["measure"] == "att"].set_index("outcome")["std_error"]
    shared = rows[rows["measure"] == "comparison_error"].set_index("outcome")["estimate"]
    assert (shared.loc[att.index] < att).all() and (shared > 0).all()
    smallest = rows[rows["measure"] == "mde"].set_index("outcome")["estimate"]
    assert (smallest.loc[att.index] > 2 * att).all()


def test_persons_and_episodes_are_those_of_the_area_with_the_outcome(rows, main):
    own = main[main["treated"] & main["open_employment_24m"].notna()]
    row = rows[(rows["outcome"] == "open_employment_24m") & (rows["measure"] == "att")].iloc[0]
    assert row["persons"] == own["person_id"].nunique() and row["episodes"] == len(own)
    assert row["unit"] == "share" and row["window"] == TRIALS.main_baseline


def test_shuffled_rows_give_identical_results(rows, main, study):
    again = rows_of(main.sample(frac=1, random_state=3), study)
    pd.testing.assert_frame_equal(rows, again, rtol=1e-9)


def test_other_names_of_municipalities_and_persons_give_identical_results(rows, main, study):
    renamed = main.assign(
        municipality="9" + main["municipality"], person_id=main["person_id"].max() - main["person_id"]
    )
    places = study.municipalities.assign(municipality="9" + study.municipalities["municipality"])
    pd.testing.assert_frame_equal(rows, rows_of(renamed, study, municipalities=places), rtol=1e-9)


def test_a_constant_moves_means_and_no_effect_and_a_factor_scales(main, study):
    outcome = "service_days_12m"
    one = wide(rows_of(main, study, outcomes=[outcome])).iloc[0]
    moved = wide(rows_of(main.assign(**{outcome: main[outcome] + 50}), study, outcomes=[outcome])).iloc[0]
    scaled = wide(rows_of(main.assign(**{outcome: 3 * main[outcome]}), study, outcomes=[outcome])).iloc[0]
    for name in ("att", "mde", "comparison_error"):
        assert moved[name] == pytest.approx(one[name], rel=1e-6)
    assert moved["counterfactual_mean"] == pytest.approx(one["counterfactual_mean"] + 50)
    assert scaled["att"] == pytest.approx(3 * one["att"], rel=1e-6)
    assert scaled["mde"] == pytest.approx(3 * one["mde"], rel=1e-4)


def test_input_stays_as_it_was(main, study):
    before = main.copy(deep=True)
    rows_of(main, study, outcomes=[HEADLINE])
    pd.testing.assert_frame_equal(main, before)


def test_all_areas_together_have_shocks_of_their_own(study):
    """As one area that shares a single shock, the interval of the country would be wider."""
    data = compare(study.episodes, TRIALS, area="all").frame
    changes = municipal_changes(data, outcomes=[HEADLINE], covariates=COVARIATES)
    known = shock_structure(study.municipalities, TRIALS.areas, area="all")
    own, one = (
        effect_rows(data, changes, groups=known["groups"], areas=given, baseline="2019_20", seed=1)
        for given in (known["areas"], None)
    )
    error = [table.loc[table["measure"] == "att", "std_error"].item() for table in (own, one)]
    assert error[0] < error[1]
    assert shock_structure(study.municipalities, TRIALS.areas, area="oulu")["areas"] is None


def test_rows_fit_the_ledger(rows):
    ledger.rows(rows, topic="effect", area="oulu", simulated=True)


def test_a_constant_outcome_is_refused(main):
    with pytest.raises(ValueError, match="the same value in all"):
        municipal_changes(main.assign(open_employment_12m=1.0), outcomes=[HEADLINE], covariates=COVARIATES)


def test_too_few_comparison_municipalities_are_refused(main, study):
    few = main[main["treated"] | main["municipality"].isin(["092", "106", "244", "049", "078", "480", "529"])]
    kept = few.loc[~few["treated"], "municipality"].nunique()
    with pytest.raises(ValueError, match=r"comparison|covariates separate|episodes"):
        rows_of(few, study, outcomes=[HEADLINE])
    assert kept < 8


def test_an_area_without_episodes_is_refused_by_name(study):
    with pytest.raises(ValueError, match="'tampere' has no episodes; "):
        compare(study.episodes, TRIALS, area="tampere")


def test_ledger_columns_count_persons_once():
    data = pd.DataFrame({"treated": [True, True, False], "person_id": [7, 7, 8], "work": [1.0, 0.0, 1.0]})
    found = pd.DataFrame(
        {
            "outcome": ["work"],
            "estimate": 0.1,
            "std_error": 0.1,
            "ci_low": 0.0,
            "ci_high": 0.2,
            "p_value": 0.3,
        }
    ).assign(method="m")
    row = ledger_columns(found, data).iloc[0]
    assert (row["persons"], row["episodes"], row["unit"]) == (1, 2, "share")


def test_too_few_followed_for_two_years_leaves_the_first_year_standing(study):
    late = TRIALS.outcomes.late
    few = study.episodes[study.episodes["area"].eq("oulu")].index[40:]
    episodes = study.episodes.assign(
        **{name: study.episodes[name].mask(study.episodes.index.isin(few)) for name in late}
    )
    known = shock_structure(study.municipalities, TRIALS.areas, area="oulu")
    inputs = SimpleNamespace(main=compare(episodes, TRIALS, area="oulu").frame, study=TRIALS)
    changes, first, later = main_effects(inputs, outcomes=OUTCOMES[:4], shocks=known, seed=1)
    assert first["estimate"].notna().all() and changes.outcomes == tuple(OUTCOMES[:4])
    assert later["outcome"].tolist() == list(late) and set(later["status"]) == {"missing"}
    assert later["method"].str.contains("10 episodes before and after").all()
    assert ledger.rows(later, area="oulu", topic="effect", simulated=True)["estimate"].isna().all()

    alone = SimpleNamespace(main=compare(study.episodes, TRIALS, area="oulu").frame, study=TRIALS)
    alone.main[late[0]] = np.nan
    later = main_effects(alone, outcomes=OUTCOMES[:4], shocks=known, seed=1)[2]
    told = later[later["measure"] == "att"].set_index("outcome")["estimate"]
    assert told.isna().tolist() == [True, *[False] * (len(late) - 1)]
