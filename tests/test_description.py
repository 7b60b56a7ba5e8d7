"""Description: counts, means and shares of tiny tables by hand; order and names of rows do not matter."""

import numpy as np
import pandas as pd
import pytest

from evaluation.outcomes import description
from small_register import TRIALS


def episodes(rows):
    columns = ["person_id", "area", "arm", "group", "window", "index_quarter", "municipality", "work"]
    return pd.DataFrame(rows, columns=columns)


SMALL = episodes(
    [
        (1, "oulu", "pilot", "target_group", "2019_20", "2019Q2", "564", 0.0),
        (2, "oulu", "pilot", "target_group", "2019_20", "2019Q2", "564", 1.0),
        (2, "oulu", "pilot", "target_group", "after_1", "2021Q2", "564", 1.0),
        (3, "oulu", "pilot", "target_group", "after_1", "2021Q2", "494", 1.0),
        (4, "oulu", "pilot", "target_group", "after_2", "2022Q2", "494", 0.0),
        (4, "oulu", "pilot", "te_office_stayers", "after_2", "2022Q2", "494", 1.0),
        (5, "lahti", "pilot", "target_group", "after_1", "2021Q2", "398", 1.0),
        (6, "", "comparison", "target_group", "after_1", "2021Q2", "005", 0.0),
        (7, "", "comparison", "target_group", "after_1", "2021Q2", "005", 1.0),
        (8, "", "possible_pilot", "target_group", "after_1", "2021Q2", "630", 1.0),
        (9, "", "comparison", "target_group", "", "2018Q1", "005", 1.0),
    ]
)


def windows(table, area):
    return description.with_after(description.target_group(table, area), TRIALS)


def only(rows, **where):
    for name, value in where.items():
        rows = rows[rows[name] == value]
    assert len(rows) == 1, rows
    return rows.iloc[0]


@pytest.mark.parametrize(
    ("area", "pilot", "comparison"), [("oulu", 6, 3), ("lahti", 1, 3), ("all", 7, 3), ("nowhere", 0, 3)]
)
def test_sides_are_the_area_and_comparison_municipalities(area, pilot, comparison):
    counts = description.of_area(SMALL, area)["side"].value_counts()
    assert counts.get("pilot", 0) == pilot and counts["comparison"] == comparison


def test_sizes_count_episodes_and_distinct_persons_and_add_the_time_after():
    rows = description.size_rows(SMALL, TRIALS, area="oulu")
    after = {"window": "after", "group": "target_group", "item": "pilot"}
    assert only(rows, measure="episodes", **after)["estimate"] == 3
    assert only(rows, measure="persons", **after)["estimate"] == 3
    before = only(rows, measure="episodes", **{**after, "window": "2019_20"})
    assert before["estimate"] == 2 and before["persons"] == 2
    assert "" not in set(rows["window"])
    assert only(rows, measure="episodes", **{**after, "group": "te_office_stayers"})["estimate"] == 1


def test_window_means_by_hand():
    rows = description.window_mean_rows(windows(SMALL, "oulu"), outcomes=["work"])
    row = only(rows, window="after", item="pilot")
    assert row["estimate"] == pytest.approx(2 / 3)
    error = np.std([1, 1, 0], ddof=1) / np.sqrt(3)
    assert row["std_error"] == pytest.approx(error)
    # Wilson's score for 2 of 3 with the sample's own spread, which is worth 2 draws
    middle, z2 = 2 / 3 + 1.96**2 / 4, 1.96**2
    half = 1.96 * np.sqrt((2 / 9) / 2 + z2 / 16)
    ends = [(middle + sign * half) / (1 + z2 / 2) for sign in (-1, 1)]
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(ends, abs=1e-4)
    assert (row["persons"], row["episodes"], row["unit"]) == (3, 3, "share")


def test_means_by_quarter_carry_quarters_since_the_start_and_only_the_target_group():
    rows = description.mean_rows(description.target_group(SMALL, "oulu"), TRIALS, outcomes=["work"])
    assert only(rows, window="2021Q2", item="pilot")["x"] == 1
    assert only(rows, window="2019Q2", item="pilot")["x"] == -7
    assert "2022Q2" not in set(rows["window"])  # one episode has no spread


def test_a_mean_is_of_the_episodes_that_have_the_outcome():
    gaps = SMALL.assign(work=SMALL["work"].where(SMALL["person_id"] != 3))
    row = only(
        description.window_mean_rows(windows(gaps, "oulu"), outcomes=["work"]),
        window="after",
        item="pilot",
    )
    assert row["estimate"] == 0.5 and row["episodes"] == 2
    assert row["persons"] == 2  # persons behind the number, for disclosure control


def test_an_outcome_that_nobody_has_yet_has_no_means():
    table = SMALL.assign(work=np.nan).astype({"municipality": "category"})
    every = [f"{number:03d}" for number in range(1, 310)]  # as many as Finland has
    table["municipality"] = table["municipality"].cat.set_categories(sorted({*every, *SMALL["municipality"]}))
    assert description.municipality_rows(windows(table, "oulu"), TRIALS, outcome="work").empty
    assert description.window_mean_rows(windows(table, "oulu"), outcomes=["work"]).empty


def test_municipality_rows_hold_means_and_counts_of_the_area_only():
    rows = description.municipality_rows(windows(SMALL, "oulu"), TRIALS, outcome="work")
    assert set(rows["item"]) == {"564", "494"}
    mean = only(rows, measure="municipality_mean", item="564", window="2019_20")
    count = only(rows, measure="municipality_episodes", item="564", window="2019_20")
    assert mean["estimate"] == 0.5 and count["estimate"] == 2
    assert np.isnan(count["ci_low"]) and count["unit"] == "episodes"


def test_case_mix_shares_sum_to_one_in_each_arm():
    design = pd.DataFrame(
        {
            "person_id": [1, 2, 3, 4, 5],
            "treated": [True, True, True, False, False],
            "post": [True, True, True, True, False],
            "sex": ["man", "woman", "woman", "man", "woman"],
            "immigrant": [False, True, False, False, True],
        }
    )
    rows = description.case_mix_rows(design, names=["sex", "immigrant"])
    assert only(rows, item="sex=woman", group="pilot")["estimate"] == pytest.approx(2 / 3)
    assert only(rows, item="immigrant=true", group="pilot")["persons"] == 1
    sums = rows.groupby([rows["item"].str.partition("=")[0], "group"])["estimate"].sum()
    np.testing.assert_allclose(sums, 1)


def test_levels_that_differ_in_case_only_are_one_level():
    design = pd.DataFrame(
        {
            "person_id": [1, 2, 3],
            "treated": [True, True, False],
            "post": True,
            "sex": ["Man", "man", "man"],
        }
    )
    rows = description.case_mix_rows(design, names=["sex"])
    assert rows["item"].tolist() == ["sex=man"] * 2 and set(rows["estimate"]) == {1.0}


def test_attrition_of_an_area_ends_with_what_is_analysed():
    attrition = pd.DataFrame(
        [
            ("pilot", "", 0, "spells", 9, 8),
            ("pilot", "oulu", 0, "spells", 5, 4),
            ("pilot", "oulu", 1, "working_age", 4, 4),
            ("comparison", "", 0, "spells", 7, 7),
            ("comparison", "", 1, "working_age", 6, 5),
        ],
        columns=["arm", "area", "step", "reason", "episodes", "persons"],
    )
    design = pd.DataFrame({"treated": [True, True, False], "person_id": [1, 1, 2]})
    rows = description.attrition_rows(attrition, design, area="oulu")
    own = rows[(rows["group"] == "pilot") & (rows["measure"] == "attrition_episodes")]
    assert own["estimate"].tolist() == [5, 4, 2]
    assert own["item"].tolist() == ["spells", "working_age", "analysed"]
    assert own["x"].tolist() == [0, 1, 2]
    assert only(rows, group="pilot", measure="attrition_persons", item="analysed")["estimate"] == 1


def test_attrition_never_grows_and_ends_at_the_main_comparison(study):
    from evaluation.cohorts.comparison import compare

    for area in ("oulu", "all"):
        main = compare(study.episodes, TRIALS, area=area).frame
        rows = description.attrition_rows(study.attrition, main, area=area)
        steps = rows.sort_values("x").groupby(["group", "measure"])["estimate"]
        assert (steps.diff().dropna() <= 0).all()
        last = rows[(rows["item"] == "analysed") & (rows["measure"] == "attrition_episodes")]
        assert last["estimate"].sum() == len(main)
        assert not rows.duplicated(["measure", "group", "x"]).any()


def test_shares_of_exits_grow_and_stay_below_one(study):
    rows = description.exit_rows(windows(study.episodes, "all"), TRIALS)
    curves = rows.pivot_table(index=["window", "item", "x"], columns="outcome", values="estimate")
    assert set(curves) == {"open_employment", "subsidised_employment", "study", "outside"}
    assert (curves.sum(axis=1) < 1).all()
    assert (curves.groupby(["window", "item"]).diff().dropna().to_numpy() >= -1e-12).all()
    assert set(rows["x"]) == set(description.CIF_DAYS)


def test_exits_by_hand_where_nobody_is_censored():
    cohort = SMALL[SMALL["person_id"] <= 4].assign(
        exit_day=[20, 70, 50, 100, 400, 1], exit_state=["study", *["open_employment"] * 5]
    )
    rows = description.exit_rows(windows(cohort, "oulu"), TRIALS)
    work = rows[(rows["outcome"] == "open_employment") & (rows["window"] == "after")].set_index("x")[
        "estimate"
    ]
    assert work.loc[[30, 60, 91, 122, 365]].tolist() == pytest.approx([0, 1 / 3, 1 / 3, 2 / 3, 2 / 3])


def test_a_cell_that_nobody_has_left_has_no_exits_and_the_others_keep_theirs():
    cohort = SMALL.assign(exit_day=400, exit_state="censored")
    assert description.exit_rows(windows(cohort, "oulu"), TRIALS).empty
    cohort.loc[cohort["person_id"] == 6, "exit_state"] = "study"
    rows = description.exit_rows(windows(cohort, "oulu"), TRIALS)
    assert set(rows["item"]) == {"comparison"} and set(rows["outcome"]) == {"study"}


def test_shuffled_rows_give_identical_descriptions(study):
    shuffled = study.episodes.sample(frac=1, random_state=1)
    outcomes = ["open_employment_12m", "service_days_12m"]
    for made in (
        lambda table: description.size_rows(table, TRIALS, area="lahti"),
        lambda table: description.mean_rows(
            description.target_group(table, "lahti"), TRIALS, outcomes=outcomes
        ),
        lambda table: description.municipality_rows(windows(table, "lahti"), TRIALS, outcome=outcomes[0]),
        lambda table: description.exit_rows(windows(table, "lahti"), TRIALS),
    ):
        pd.testing.assert_frame_equal(made(study.episodes), made(shuffled), rtol=1e-12)


def test_descriptions_leave_their_input_as_it_was(study):
    before = study.episodes.copy(deep=True)
    description.window_mean_rows(windows(study.episodes, "all"), outcomes=["open_employment_12m"])
    description.exit_rows(windows(study.episodes, "oulu"), TRIALS)
    pd.testing.assert_frame_equal(study.episodes, before)


def test_descriptions_fit_the_ledger(study):
    from evaluation.results import ledger

    parts = [
        description.size_rows(study.episodes, TRIALS, area="oulu"),
        description.mean_rows(
            description.target_group(study.episodes, "oulu"), TRIALS, outcomes=["open_employment_12m"]
        ),
        description.window_mean_rows(windows(study.episodes, "oulu"), outcomes=["open_employment_12m"]),
        description.municipality_rows(windows(study.episodes, "oulu"), TRIALS, outcome="open_employment_12m"),
        description.exit_rows(windows(study.episodes, "oulu"), TRIALS),
    ]
    fixed = {"topic": "description", "area": "oulu", "simulated": True}
    rows = ledger.rows(pd.concat(parts, ignore_index=True), **fixed)
    assert (rows["persons"] > 0).all()
