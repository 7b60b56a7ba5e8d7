"""Municipality × month cells: against a naive count and against the published activation rate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation.outcomes.area_months import cells, months_between, rates
from evaluation.timelines.states import PRECEDENCE, UNEMPLOYED
from small_register import TRIALS, day, random_register, register

STATFIN = Path(__file__).parents[2] / "shared" / "statfin"
PERSON = ("1980-06-15", "female", "secondary", "fi", False)


def small(spells, residence=(("564", "2016-01-01", "2025-01-01"),)):
    return register(
        persons=[(1, *PERSON)],
        residence=[(1, *row) for row in residence],
        spells=[(1, state, "", start, end) for state, start, end in spells],
    )


def series(found, column, municipality="564", **options):
    table = cells(found, **(TRIALS.months | options))
    return table.loc[table["municipality"] == municipality, column].tolist()


def test_stock_is_taken_on_the_last_day_of_the_month():
    found = small([("unemployed", "2020-01-31", "2020-02-29"), ("laid_off", "2020-03-31", "2020-04-30")])
    assert series(found, "unemployed", first="2020-01", last="2020-04") == [1, 0, 1, 0]
    assert series(found, "laid_off", first="2020-01", last="2020-04") == [0, 0, 1, 0]
    assert series(found, "inflow", first="2020-01", last="2020-04") == [1, 0, 1, 0]


def test_a_person_counts_where_they_live_on_the_day():
    found = small(
        [("unemployed", "2020-01-10", "2020-04-01")],
        residence=[("564", "2016-01-01", "2020-02-15"), ("005", "2020-02-15", "2025-01-01")],
    )
    assert series(found, "unemployed", first="2020-01", last="2020-03") == [1, 0, 0]
    assert series(found, "unemployed", "005", first="2020-01", last="2020-03") == [0, 1, 1]
    assert series(found, "inflow", "005", first="2020-01", last="2020-03") == [0, 0, 0]


def test_long_term_unemployment_begins_after_an_unbroken_year():
    found = small([("unemployed", "2019-01-31", "2020-03-05")])
    assert series(found, "long_term_unemployed", first="2019-12", last="2020-03") == [0, 1, 1, 0]
    later = small([("unemployed", "2019-02-01", "2020-03-05")])
    assert series(later, "long_term_unemployed", first="2019-12", last="2020-03") == [0, 0, 1, 0]
    broken = small([("unemployed", "2019-01-31", "2020-03-05"), ("service", "2019-06-01", "2019-06-02")])
    assert series(broken, "long_term_unemployed", first="2019-12", last="2020-03") == [0, 0, 0, 0]


def test_flow_past_three_months_is_missing_where_it_cannot_be_seen():
    for length, expected in ((91, 0), (92, 1)):
        start = day("2020-01-05")
        found = small([("unemployed", start, start + length)])
        assert series(found, "past_3m", first="2020-01", last="2020-01") == [expected]
    found = small([("unemployed", "2024-09-05", "2025-01-01")])
    assert series(found, "past_3m", first="2024-09", last="2024-10") == pytest.approx(
        [1, np.nan], nan_ok=True
    )
    assert np.isnan(series(found, "past_6m", first="2024-09", last="2024-09")[0])


@pytest.fixture(scope="module")
def drawn():
    return random_register(9, people=80)


def test_cells_agree_with_a_naive_count(drawn):
    table = cells(drawn, first="2019-01", last="2020-12").set_index(["municipality", "month"])
    rank = {state: position for position, state in enumerate(PRECEDENCE)}
    for row in months_between("2019-01", "2020-12").iloc[::5].itertuples():
        on_day = drawn.spells[(drawn.spells["start"] <= row.last_day) & (drawn.spells["end"] > row.last_day)]
        best = on_day.assign(rank=on_day["state"].astype("str").map(rank)).groupby("person_id")["rank"].min()
        home = drawn.residence[
            (drawn.residence["start"] <= row.last_day) & (drawn.residence["end"] > row.last_day)
        ].set_index("person_id")["municipality"]
        for municipality in home.unique():
            here = best[best.index.map(home) == municipality].map(dict(enumerate(PRECEDENCE)))
            cell = table.loc[(municipality, row.month)]
            assert cell["unemployed"] == here.isin(UNEMPLOYED).sum()
            for state in ("laid_off", "service", "subsidised_employment", "open_employment", "study"):
                assert cell[state] == (here == state).sum()


def test_order_of_rows_does_not_matter(drawn):
    mixed = drawn.with_(
        spells=drawn.spells.sample(frac=1, random_state=1),
        residence=drawn.residence.sample(frac=1, random_state=1),
    )
    pd.testing.assert_frame_equal(cells(drawn, **TRIALS.months), cells(mixed, **TRIALS.months))


def test_months_outside_the_register_are_refused(drawn):
    with pytest.raises(ValueError, match="first: 2015-12"):
        cells(drawn, first="2015-12", last="2016-12")
    with pytest.raises(ValueError, match="last: 2025-01"):
        cells(drawn, first="2024-01", last="2025-01")


def test_rates_are_missing_where_nobody_is_counted():
    names = ["unemployed", "service", "subsidised_employment", "open_employment", "long_term_unemployed"]
    table = pd.DataFrame([[0] * 8], columns=[*names, "inflow", "past_3m", "past_6m"])
    assert rates(table).isna().all(axis=None)


def test_activation_rate_reproduces_the_published_one():
    path = STATFIN / "12u4_national.csv"
    if not path.exists():
        pytest.skip("the published table 12u4 is not there")
    published = pd.read_csv(path).dropna()
    subsidised = published["TYOLLISTETTYLOP"]
    counts = pd.DataFrame(
        {
            "unemployed": published["TYOTTOMATLOPUSSA"],
            "service": published["PALVELUISSAYHTEENSA"] - subsidised,
            "subsidised_employment": subsidised,
            "open_employment": 0,
            "long_term_unemployed": 0,
            "inflow": 0,
            "past_3m": 0,
            "past_6m": 0,
        }
    )
    ours = (100 * rates(counts)["activation_rate"]).round(1)
    assert len(ours) > 100
    assert ours.tolist() == published["AKTASTE"].tolist()
