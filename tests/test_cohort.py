"""Who enters the cohort, with which arm and which covariates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.cohorts import cohort, comparison
from evaluation.cohorts import places as places_of_cohorts
from evaluation.cohorts.attrition import keep
from evaluation.cohorts.history import completed_years, days_since_birthday
from evaluation.units import first_day_of, months_of
from small_register import MUNICIPALITIES, TRIALS, day, random_register, register

PERSON = ("1980-06-15", "female", "secondary", "fi", False)
HOME = ("564", "2016-01-01", "2025-01-01")


def one_person(spells, *, person=PERSON, residence=(HOME,), benefits=(), earnings=()):
    return register(
        persons=[(1, *person)],
        residence=[(1, *row) for row in residence],
        spells=[(1, state, "", start, end) for state, start, end in spells],
        benefits=[(1, *row) for row in benefits],
        earnings=[(1, *row) for row in earnings],
    )


def inflow(found, **options):
    return cohort.inflow(found, TRIALS, municipalities=MUNICIPALITIES, **options)


def entries(found, **options):
    return (
        pd.to_datetime(inflow(found, **options).episodes["index_day"], unit="D")
        .dt.strftime("%Y-%m-%d")
        .tolist()
    )


def test_a_spell_within_the_washout_is_not_new():
    spells = [
        ("unemployed", "2019-04-01", "2019-05-01"),
        ("unemployed", "2019-07-29", "2019-09-01"),  # 89 days after the first one ended
        ("unemployed", "2019-11-30", "2020-01-01"),  # 90 days after the second one ended
    ]
    assert entries(one_person(spells)) == ["2019-04-01", "2019-11-30"]
    assert len(entries(one_person(spells), washout_days=30)) == 3


def test_unemployment_after_a_service_or_subsidised_work_is_not_new():
    for state in ("service", "subsidised_employment"):
        spells = [(state, "2019-03-01", "2019-06-01"), ("unemployed", "2019-06-01", "2019-08-01")]
        assert entries(one_person(spells)) == []


def test_a_layoff_opens_no_episode_but_the_job_loss_that_follows_does():
    spells = [("laid_off", "2020-04-01", "2020-07-01"), ("unemployed", "2020-07-01", "2020-12-01")]
    assert entries(one_person(spells)) == ["2020-07-01"]
    assert entries(one_person(spells), entry_states=("unemployed", "laid_off")) == ["2020-04-01"]


def test_a_service_inside_unemployment_does_not_open_a_second_episode():
    spells = [("unemployed", "2019-04-01", "2020-01-01"), ("service", "2019-05-01", "2019-06-01")]
    assert entries(one_person(spells)) == ["2019-04-01"]


@pytest.mark.parametrize(
    ("person", "benefit", "group"),
    [
        (PERSON, "earnings_related", "te_office_stayers"),
        (PERSON, "basic_allowance", "target_group"),
        (("1995-06-15", *PERSON[1:]), "earnings_related", "target_group"),
        (("1989-04-02", *PERSON[1:]), "earnings_related", "target_group"),  # 30 on the next day
        (("1989-04-01", *PERSON[1:]), "earnings_related", "te_office_stayers"),  # 30 on the day
        ((*PERSON[:3], "other", False), "earnings_related", "target_group"),
        ((*PERSON[:3], "sv", False), "earnings_related", "te_office_stayers"),
        ((*PERSON[:4], True), "earnings_related", "target_group"),
    ],
)
def test_target_group_follows_the_act(person, benefit, group):
    found = one_person(
        [("unemployed", "2019-04-01", "2019-12-01")],
        person=person,
        benefits=[(benefit, "2019-04-06", "2019-05-06", 20, 800.0)],
    )
    episodes = inflow(found).episodes
    assert episodes["group"].tolist() == [group]
    assert episodes["benefit_at_index"].tolist() == [benefit]


def test_nobody_without_any_benefit_is_left_out():
    episodes = inflow(one_person([("unemployed", "2019-04-01", "2019-12-01")])).episodes
    assert episodes[["benefit_at_index", "group"]].values.tolist() == [["none", "target_group"]]


def test_the_episode_belongs_to_the_municipality_of_the_index_date():
    found = one_person(
        [("unemployed", "2019-04-01", "2019-12-01")],
        residence=[("005", "2016-01-01", "2019-04-02"), ("564", "2019-04-02", "2025-01-01")],
    )
    episodes = inflow(found).episodes
    assert episodes[["municipality", "arm", "area", "moved_arm"]].values.tolist() == [
        ["005", "comparison", "", True]
    ]


def test_a_move_within_the_arm_or_after_the_follow_up_is_not_a_change_of_arm():
    for first, second, when in (("091", "564", "2019-06-01"), ("005", "564", "2021-03-31")):
        found = one_person(
            [("unemployed", "2019-04-01", "2019-12-01")],
            residence=[(first, "2016-01-01", when), (second, when, "2025-01-01")],
        )
        assert inflow(found).episodes["moved_arm"].tolist() == [False]


def test_persons_met_in_both_arms_follow_the_named_rule():
    found = one_person(
        [("unemployed", "2019-04-01", "2019-12-01"), ("unemployed", "2021-04-01", "2021-12-01")],
        residence=[("005", "2016-01-01", "2020-04-02"), ("564", "2020-04-02", "2025-01-01")],
    )
    assert inflow(found).episodes["arm"].tolist() == ["comparison", "pilot"]
    assert inflow(found, both_arms="first_arm").episodes["arm"].tolist() == ["comparison"]
    dropped = inflow(found, both_arms="drop")
    assert len(dropped.episodes) == 0
    last = dropped.attrition.query("arm == 'all'").iloc[-1]
    assert last[["reason", "dropped_episodes", "dropped_persons"]].tolist() == ["one_arm", 2, 1]
    with pytest.raises(ValueError, match="both_arms"):
        inflow(found, both_arms="both")


def test_aaland_and_unknown_homes_are_never_compared():
    spells = [("unemployed", "2019-04-01", "2019-12-01")]
    for residence in ([("035", "2016-01-01", "2025-01-01")], [("564", "2016-01-01", "2019-03-01")]):
        assert len(inflow(one_person(spells, residence=residence)).episodes) == 0


def test_covariates_by_hand():
    found = one_person(
        [
            ("unemployed", "2017-10-01", "2017-11-10"),  # 40 days, of which 31 within 24 months
            ("service", "2017-10-20", "2017-10-30"),
            ("unemployed", "2018-11-01", "2018-12-01"),
            ("unemployed", "2019-10-10", "2020-12-01"),
        ],
        earnings=[(12 * 48 + 8, 100.0), (12 * 48 + 9, 1000.25), (12 * 49 + 8, 2000.0), (12 * 49 + 9, 9999.0)],
    )
    row = inflow(found).episodes.query(f"index_day == {day('2019-10-10')}").iloc[0]
    assert row["age"] == 39
    assert row["unemployed_days_12m_before"] == 30
    # 24 months before is 10 October 2017: 10 days of unemployment before the service, 11 after it
    assert row["unemployed_days_24m_before"] == 30 + 10 + 11
    assert row["service_days_24m_before"] == 10
    assert row["earlier_spells_24m"] == 2  # the period after the service, and the one of 2018
    assert row["earnings_12m_before_eur"] == 3000.25  # October 2018 to September 2019
    assert row[["index_quarter", "index_month", "window"]].tolist() == ["2019Q4", 49 * 12 + 9, "2019_20"]
    assert row["followed_days"] == day("2025-01-01") - day("2019-10-10")


HISTORY = [
    "age",
    "days_from_30",
    "sex",
    "education",
    "native_language",
    "immigrant",
    "unemployed_days_12m_before",
    "unemployed_days_24m_before",
    "service_days_24m_before",
    "earlier_spells_24m",
    "earnings_12m_before_eur",
]


@pytest.mark.parametrize("seed", range(4))
def test_nothing_on_or_after_the_index_date_changes_a_covariate(seed):
    before = random_register(seed)
    cut = day("2021-06-01")
    stock = cohort.stock(before, TRIALS, municipalities=MUNICIPALITIES, days=["2021-06-01"]).episodes
    after = random_register(seed + 100)

    def spliced(old, new, columns=("start", "end"), limit=cut):
        past = old[old[columns[0]] < limit].copy()
        if len(columns) == 2:
            # whatever covers the index date goes on for a different time
            past.loc[past["end"] > limit, "end"] = limit + 77
        return pd.concat([past, new[new[columns[0]] >= limit]], ignore_index=True)

    changed = before.with_(
        spells=spliced(before.spells, after.spells),
        benefits=spliced(before.benefits, after.benefits),
        earnings=spliced(before.earnings, after.earnings, ("month",), 12 * 51 + 5),
    )
    again = cohort.stock(changed, TRIALS, municipalities=MUNICIPALITIES, days=["2021-06-01"]).episodes
    # who is in the state on the day may change, what is known about the day before may not
    common = stock.index.intersection(again.index)
    assert len(common) > 10
    pd.testing.assert_frame_equal(stock.loc[common, HISTORY], again.loc[common, HISTORY])


@pytest.mark.parametrize("rule", ["keep", "first_arm", "drop"])
def test_attrition_steps_sum_from_the_input_to_what_is_analysed(rule):
    found = inflow(random_register(7, people=200), both_arms=rule)
    table = found.attrition
    assert {"all", "pilot", "comparison", "possible_pilot", "excluded"} <= set(table["arm"])
    for (arm, area), steps in table.groupby(["arm", "area"]):
        last = steps.iloc[-1]
        kept = found.episodes if arm == "all" else found.episodes[found.episodes["arm"] == arm]
        kept = kept[kept["area"] == area] if area else kept
        assert (last["episodes"], last["persons"]) == (len(kept), kept["person_id"].nunique())
        for name in ("episodes", "persons"):
            assert steps[name].iloc[0] - steps[f"dropped_{name}"].sum() == last[name]
            assert (steps[f"dropped_{name}"] >= 0).all()
    whole = table[table["area"] == ""]
    each = whole[whole["arm"] != "all"].groupby("step")["episodes"].sum()
    assert each.tolist() == whole.loc[whole["arm"] == "all", "episodes"].tolist()


def test_each_step_of_the_attrition_counts_what_the_rules_up_to_it_leave():
    rng = np.random.default_rng(5)
    arm = rng.choice(["pilot", "comparison"], 300)
    area = np.where(arm == "pilot", rng.choice(["lahti", "oulu", ""], 300), "")
    table = pd.DataFrame({"person_id": rng.integers(0, 80, 300), "arm": arm, "area": area})
    steps = {f"rule_{number}": rng.random(300) < 0.7 for number in range(3)}
    kept, found = keep(table, steps=steps, first="spells")
    for row in found.itertuples():
        own = table[(row.arm == "all") | (table["arm"] == row.arm)]
        own = own[own["area"] == row.area] if row.area else own
        for rule in list(steps.values())[: row.step]:
            own = own[rule[own.index]]
        assert (row.episodes, row.persons) == (len(own), own["person_id"].nunique())
        assert row.reason == ["spells", *steps][row.step]
    assert len(kept) == found["episodes"].iloc[len(steps)] and set(found["area"]) == {"", "lahti", "oulu"}


def test_a_register_without_spells_gives_an_empty_cohort_that_says_so():
    empty = random_register(2)
    found = inflow(empty.with_(spells=empty.spells.head(0)))
    assert len(found.episodes) == 0
    assert found.attrition.query("arm == 'all'")["episodes"].tolist() == [0] * 8
    with pytest.raises(ValueError, match="days: none"):
        cohort.stock(empty, TRIALS, municipalities=MUNICIPALITIES, days=[])


def test_rows_in_another_order_give_the_same_cohort():
    first = random_register(3)
    shuffled = first.with_(
        **{
            name: getattr(first, name).sample(frac=1, random_state=5)
            for name in ("persons", "residence", "spells", "benefits", "earnings")
        }
    )
    pd.testing.assert_frame_equal(inflow(first).episodes, inflow(shuffled).episodes)


def test_inputs_are_not_changed():
    found, places = random_register(2), MUNICIPALITIES.copy()
    copies = {name: getattr(found, name).copy() for name in ("persons", "residence", "spells", "benefits")}
    cohort.inflow(found, TRIALS, municipalities=places)
    cohort.stock(found, TRIALS, municipalities=places, days=["2021-03-01"])
    for name, copy in copies.items():
        pd.testing.assert_frame_equal(getattr(found, name), copy)
    pd.testing.assert_frame_equal(places, MUNICIPALITIES)


def test_stock_holds_everyone_in_a_state_of_broad_unemployment_on_the_day():
    states = ["unemployed", "laid_off", "service", "subsidised_employment", "open_employment", "study"]
    found = register(
        persons=[(n, *PERSON) for n in range(len(states))],
        residence=[(n, *HOME) for n in range(len(states))],
        spells=[(n, state, "", "2021-02-01", "2021-03-02") for n, state in enumerate(states)],
    )
    episodes = cohort.stock(
        found, TRIALS, municipalities=MUNICIPALITIES, days=["2021-03-01", "2021-03-02"]
    ).episodes
    assert episodes["person_id"].tolist() == [0, 1, 2, 3]


def test_design_marks_treated_and_post_and_refuses_unknown_names():
    episodes = inflow(random_register(11, people=400)).episodes
    data = comparison.compare(episodes, TRIALS, area="oulu", after="after_1").frame
    assert set(data["window"]) == {"2019_20", "after_1"}
    assert set(data["arm"]) == {"pilot", "comparison"}
    assert set(data.loc[data["treated"], "area"]) == {"oulu"}
    assert (data["post"] == (data["window"] == "after_1")).all()
    assert set(data["group"]) == {"target_group"}
    both = comparison.compare(
        episodes, TRIALS, area="all", pool=("comparison", "possible_pilot"), drop_municipalities=["091"]
    ).frame
    assert "630" in set(both["municipality"]) and "091" not in set(both["municipality"])
    assert len(comparison.compare(episodes, TRIALS, area="oulu", before="covid", donut_months=3).frame) < len(
        comparison.compare(episodes, TRIALS, area="oulu", before="covid").frame
    )
    for wrong in ({"area": "olu"}, {"area": "oulu", "before": "2017"}, {"area": "oulu", "group": "all"}):
        with pytest.raises(ValueError, match=r"known are|did you mean"):
            comparison.compare(episodes, TRIALS, **wrong)


def test_the_donut_leaves_out_both_sides_of_the_start():
    index_day = day("2021-03-01") + np.array([-92, -91, -1, 0, 91, 92])
    episodes = pd.DataFrame(
        {
            "area": "oulu",
            "arm": "pilot",
            "group": "target_group",
            "window": TRIALS.window_of(index_day),
            "municipality": "564",
            "index_day": index_day,
        }
    )
    kept = comparison.compare(episodes, TRIALS, area="oulu", before="covid", donut_months=3).frame
    assert (kept["index_day"] - day("2021-03-01")).tolist() == [-92, 92]


def test_neighbours_share_a_commuting_area_with_the_pilot():
    assert places_of_cohorts.neighbours(MUNICIPALITIES, TRIALS.areas, area="oulu") == ("005",)
    assert places_of_cohorts.neighbours(MUNICIPALITIES, TRIALS.areas, area="helsinki") == ()
    # an area whose membership is unconfirmed is not its own neighbour
    unconfirmed = MUNICIPALITIES.assign(
        pilot_area=["", "", "helsinki", "oulu", "kitee"], commuting_area_fi="Oulun tk-alue"
    )
    assert places_of_cohorts.neighbours(unconfirmed, TRIALS.areas, area="kitee") == ("005", "035")
    with pytest.raises(ValueError, match="helsinki"):
        places_of_cohorts.neighbours(MUNICIPALITIES, TRIALS.areas, area="nowhere")


def test_months_of_many_days_are_those_of_each():
    days = np.random.default_rng(1).integers(-30_000, 40_000, 90_000, dtype=np.int32)
    by_calendar = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    assert (months_of(days) == by_calendar).all() and (months_of(days[:9]) == by_calendar[:9]).all()
    assert months_of(days[:0]).tolist() == []
    starts = by_calendar.astype("datetime64[M]").astype("datetime64[D]").astype(int)
    assert (first_day_of(by_calendar) == starts).all()


def test_age_and_days_from_the_birthday_agree_on_leap_days_too():
    born = day("1992-02-25") + np.arange(10)
    for date in day("2022-02-20") + np.arange(20):
        today = np.full(len(born), date)
        reached = days_since_birthday(born, today, years=30) >= 0
        assert ((completed_years(born, today) >= 30) == reached).all()
