"""What happened to each episode: by hand, against a naive count of days, and however the work is split."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation import units
from evaluation.cohorts import cohort
from evaluation.outcomes import measures
from evaluation.timelines.states import BROAD, PRECEDENCE, UNEMPLOYED
from small_register import MUNICIPALITIES, TRIALS, day, random_register, register

INDEX = day("2020-01-01")


def measured(spells, *, benefits=(), index_day=INDEX, until="2025-01-01", **options):
    """Outcomes of one person; spells as (state, first day, end) in days after the index date."""
    found = register(
        persons=[(1, "1980-06-15", "female", "secondary", "fi", False)],
        residence=[(1, "564", "2016-01-01", "2025-01-01")],
        spells=[(1, state, "", INDEX + start, INDEX + end) for state, start, end in spells],
        benefits=[
            (1, name, INDEX + start, INDEX + end, days, eur) for name, start, end, days, eur in benefits
        ],
    )
    found = found.with_(observed_until=day(until))
    episodes = pd.DataFrame(
        {"person_id": [1], "index_day": [index_day]}, index=pd.Index([7], name="episode_id")
    )
    return measures.measure(found, episodes, TRIALS, **options).loc[7]


def test_a_whole_history_by_hand():
    row = measured(
        [
            ("unemployed", 0, 200),
            ("service", 50, 80),  # inside unemployment
            ("open_employment", 200, 220),  # 20 days are too short to be an exit
            ("unemployed", 220, 300),
            ("subsidised_employment", 300, 420),
            ("open_employment", 420, 800),
        ]
    )
    expected = {
        "open_employment_6m": 0,
        "open_employment_12m": 0,
        "open_employment_24m": 1,
        "open_employment_days_12m": 20,
        "open_employment_days_24m": 20 + 310,
        "subsidised_days_12m": 65,
        "service_days_3m": 30,
        "service_days_24m": 30,
        "unemployed_days_3m": 61,
        "unemployed_days_12m": 170 + 80,
        "broad_unemployed_days_12m": 345,
        "study_days_24m": 0,
        "still_unemployed_3m": 0,
        "long_term_unemployed_12m": 0,
        "entered_education_24m": 0,
    }
    assert {name: row[name] for name in expected} == expected
    assert row[["exit_state", "exit_day"]].tolist() == ["subsidised_employment", 300]


def test_unbroken_unemployment_with_a_layoff_is_still_unemployment():
    row = measured([("unemployed", 0, 100), ("laid_off", 100, 800)])
    assert row[[f"still_unemployed_{m}m" for m in (3, 6, 12, 24)]].tolist() == [1, 1, 1, 1]
    assert row[["long_term_unemployed_12m", "long_term_unemployed_24m"]].tolist() == [1, 1]
    assert row["unemployed_days_24m"] == 730


def test_long_term_needs_a_full_year_on_the_day():
    for start, expected in ((365, 1), (366, 0)):
        row = measured([("unemployed", 0, 300), ("unemployed", start, 900)])
        assert row["long_term_unemployed_24m"] == expected
    assert measured([("unemployed", 0, 366)])["still_unemployed_12m"] == 1
    assert measured([("unemployed", 0, 365)])["still_unemployed_12m"] == 0


@pytest.mark.parametrize(
    ("spells", "state", "when"),
    [
        ([("open_employment", 60, 87)], "censored", 1827 - 28),
        ([("open_employment", 60, 88)], "open_employment", 60),
        ([("open_employment", 60, 74), ("open_employment", 74, 88)], "open_employment", 60),
        ([("open_employment", 60, 70), ("outside", 70, 90)], "outside", 70),
        ([("study", 61, 400), ("open_employment", 60, 61)], "study", 61),
        ([("open_employment", 60, 500), ("service", 50, 100)], "open_employment", 100),
        ([("open_employment", 60, 500), ("subsidised_employment", 50, 500)], "subsidised_employment", 50),
    ],
)
def test_the_first_exit(spells, state, when):
    row = measured([("unemployed", 0, 50), *spells])
    assert row[["exit_state", "exit_day"]].tolist() == [state, when]


def test_exits_are_followed_only_as_long_as_every_job_can_last_28_observed_days():
    until = "2020-04-10"  # 100 days
    for start, state, when in ((72, "open_employment", 72), (73, "censored", 72)):
        row = measured([("unemployed", 0, start), ("open_employment", start, 100)], until=until)
        assert row[["exit_state", "exit_day"]].tolist() == [state, when]


def test_outcomes_are_missing_where_the_day_was_not_observed():
    full = measured([("unemployed", 0, 91)], until="2020-04-02")  # day 91 is the last observed day
    short = measured([("unemployed", 0, 91)], until="2020-04-01")
    assert full["open_employment_3m"] == 0
    assert full[[name for name in full.index if name.endswith("_6m")]].isna().all()
    assert short[[name for name in short.index if name.endswith("m")]].isna().all()


def test_education_counts_from_its_beginning_after_the_index_date():
    assert measured([("unemployed", 0, 30), ("study", 30, 40)])["entered_education_3m"] == 1
    assert measured([("unemployed", 0, 91), ("study", 91, 140)])["entered_education_3m"] == 0
    assert measured([("unemployed", 0, 91), ("study", 91, 140)])["entered_education_6m"] == 1
    assert measured([("study", -20, 40)])["entered_education_3m"] == 0


def test_benefits_are_spread_over_their_days():
    row = measured(
        [("unemployed", 0, 400)],
        benefits=[
            ("labour_market_support", -10, 20, 21, 700.0),
            ("earnings_related", 80, 100, 14, 1000.0),
        ],
    )
    assert row["benefit_eur_3m"] == pytest.approx(700 * 20 / 30 + 1000 * 11 / 20, abs=1e-6)
    assert row["benefit_days_3m"] == pytest.approx(21 * 20 / 30 + 14 * 11 / 20, abs=1e-6)
    assert row["benefit_eur_6m"] == pytest.approx(700 * 20 / 30 + 1000, abs=1e-6)


@pytest.fixture(scope="module")
def drawn():
    found = random_register(5, people=150)
    dates = ["2019-01-15", "2020-06-30", "2023-09-01"]
    return found, cohort.stock(found, TRIALS, municipalities=MUNICIPALITIES, days=dates).episodes


def test_days_agree_with_a_naive_count(drawn):
    found, episodes = drawn
    rank = found.spells["state"].astype("str").map(PRECEDENCE.index)
    got = measures.measure(found, episodes, TRIALS)
    spells = found.spells.assign(rank=rank)
    for episode in episodes.sample(40, random_state=1).itertuples():
        own = spells[spells["person_id"] == episode.person_id]
        best = np.full(731, len(PRECEDENCE))
        for spell in own.itertuples():
            low = min(max(spell.start - episode.index_day, 0), 731)
            high = min(max(spell.end - episode.index_day, 0), 731)
            best[low:high] = np.minimum(best[low:high], spell.rank)
        states = np.array([*PRECEDENCE, "nothing"])[best]
        row = got.loc[episode.Index]
        for months in (3, 6, 12, 24):
            horizon = units.horizon_days(months)
            if episode.followed_days <= horizon:
                assert np.isnan(row[f"open_employment_{months}m"])
                continue
            days = states[:horizon]
            assert row[f"open_employment_{months}m"] == (states[horizon] == "open_employment")
            assert row[f"open_employment_days_{months}m"] == (days == "open_employment").sum()
            assert row[f"unemployed_days_{months}m"] == np.isin(days, UNEMPLOYED).sum()
            assert row[f"broad_unemployed_days_{months}m"] == np.isin(days, BROAD).sum()
            unbroken = np.isin(states[: horizon + 1], UNEMPLOYED).all()
            assert row[f"still_unemployed_{months}m"] == unbroken


def test_the_order_of_rows_changes_nothing(drawn):
    found, episodes = drawn
    one = measures.measure(found, episodes, TRIALS)
    shuffled = found.with_(
        spells=found.spells.sample(frac=1, random_state=2),
        benefits=found.benefits.sample(frac=1, random_state=3),
    )
    mixed = episodes.sample(frac=1, random_state=4)
    again = measures.measure(shuffled, mixed, TRIALS)
    assert again.index.equals(mixed.index)
    pd.testing.assert_frame_equal(again.loc[one.index], one)


def test_no_episodes_at_all(drawn):
    found, episodes = drawn
    none = measures.measure(found, episodes.head(0), TRIALS)
    assert len(none) == 0 and list(none) == list(measures.measure(found, episodes.head(2), TRIALS))


def test_refusals_and_inputs_left_alone(drawn):
    found, episodes = drawn
    before = episodes.copy()
    with pytest.raises(ValueError, match="months"):
        measures.measure(found, episodes, months=(0,))
    with pytest.raises(ValueError, match="repeat the index"):
        measures.measure(found, pd.concat([episodes, episodes]), TRIALS)
    measures.measure(found, episodes, TRIALS)
    pd.testing.assert_frame_equal(episodes, before)


def test_one_number_of_months_is_refused_with_what_to_write():
    with pytest.raises(ValueError, match=r"months: 9 is one number; give a list, such as \[9\]"):
        units.require_horizons(9)
