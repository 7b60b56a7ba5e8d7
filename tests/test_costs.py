"""The ledger of payers: municipal share by hand, transfers, prices, taxes, speed."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from evaluation.costs import assumptions, municipal_share, payers, prices
from evaluation.costs.items import ITEMS
from evaluation.timelines import accrual
from evaluation.units import to_day
from small_register import TRIALS

FOLDER = Path(__file__).parents[1] / "data" / "raw" / "reference"
REFERENCE = assumptions.cost_reference(FOLDER)
BANDS = municipal_share.bands_from(REFERENCE.municipal_share)
MONDAY = int(np.datetime64("2019-01-07").astype(int))
SETTINGS = {"months": [12], "price_year": 2019, "discount_rate": 0.0, "reference": REFERENCE}


def table(columns, rows, **dtypes):
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({name: kind for name, kind in dtypes.items()})


def register(benefits=(), spells=(), earnings=()):
    return SimpleNamespace(
        benefits=table(
            ["person_id", "benefit", "start", "end", "days", "amount_eur"], benefits, amount_eur=float
        ),
        spells=table(["person_id", "state", "code", "start", "end"], spells, code="str", state="str"),
        earnings=table(["person_id", "month", "earnings_eur"], earnings, earnings_eur=float),
    )


def episodes(*rows, followed=1000):
    frame = pd.DataFrame(rows, columns=["person_id", "index_day"]).assign(followed_days=followed)
    return frame.rename_axis("episode_id")


def changed(reference, **values):
    """The same tables with other values of some assumptions."""
    table = reference.assumptions.copy()
    for key, value in values.items():
        table.loc[table["key"] == key, ["value", "status"]] = [value, "assumption"]
    return replace(reference, assumptions=table)


def untaxed():
    return changed(REFERENCE, benefit_taxable_share=0.0, state_tax_share_of_benefits=0.0)


def support(weeks, start=MONDAY, person=1, rate=10.0, days=5):
    """Weekly payment periods of labour market support."""
    return [
        (person, "labour_market_support", start + 7 * w, start + 7 * w + 7, days, rate * days)
        for w in range(weeks)
    ]


@pytest.mark.parametrize(
    ("before", "days", "municipal_days"),
    [
        (298, 1, 0.0),
        (299, 1, 0.0),  # day 300 is the last that the state pays alone
        (299, 2, 0.5),  # day 301 is the first that is shared
        (300, 1, 0.5),
        (301, 1, 0.5),
        (998, 1, 0.5),
        (999, 1, 0.5),  # day 1,000 is still half
        (999, 2, 0.5 + 0.7),
        (1000, 1, 0.7),
        (1001, 1, 0.7),
        (295, 710, 0.5 * 700 + 0.7 * 5),
        (300, 0, 0.5),
    ],
)
def test_municipal_share_of_days_around_300_and_1000(before, days, municipal_days):
    fraction = municipal_share.municipal_fraction(
        np.array([before]), np.array([days]), bands=BANDS, day=np.array([MONDAY])
    )[0]
    assert fraction * max(days, 1) == pytest.approx(municipal_days, abs=1e-12)


def test_a_payment_outside_every_rule_is_refused():
    far = np.array([np.datetime64("2014-12-31").astype(int)])
    with pytest.raises(ValueError, match="1 payments fall on days without a rule"):
        municipal_share.municipal_fraction(np.array([0]), np.array([1]), bands=BANDS, day=far)


@pytest.mark.parametrize("threshold", [300, 1000])
def test_ledger_counts_paid_unemployed_days_and_skips_service_days(threshold):
    # The person has threshold - 3 days behind them. Week 1: 5 paid days, of which Wednesday to Friday in a
    # service:
    # only Monday and Tuesday count. Week 2: day threshold - 0 is Monday; from Tuesday on the next band
    # applies.
    share = {300: (0.0, 0.5), 1000: (0.5, 0.7)}[threshold]
    data = register(
        benefits=support(2),
        spells=[(1, "service", "20", MONDAY + 2, MONDAY + 5), (1, "service", "3", MONDAY + 3, MONDAY + 5)],
    )
    data.benefits["paid_days_before"] = [threshold - 3.0, np.nan]  # the payer's own count
    out = payers.cost(data, episodes((1, MONDAY)), **(SETTINGS | {"reference": untaxed()}))
    municipal = 10.0 * (2 * share[0] + share[0] + 4 * share[1])
    assert out["item_labour_market_support_municipality_12m_eur"].iloc[0] == pytest.approx(municipal)
    assert out["item_labour_market_support_state_12m_eur"].iloc[0] == pytest.approx(100.0 - municipal)


def test_history_before_the_index_date_counts_and_is_not_charged():
    data = register(benefits=support(61))  # 305 paid days in 61 weeks
    index = MONDAY + 7 * 59  # 295 paid days before
    out = payers.cost(data, episodes((1, index)), **(SETTINGS | {"reference": untaxed(), "price_year": 2020}))
    factor = 1.0  # paid in 2020, prices of 2020
    assert out["item_labour_market_support_municipality_12m_eur"].iloc[0] == pytest.approx(25.0 * factor)
    assert out["cost_all_public_12m_eur"].iloc[0] == pytest.approx(100.0 * factor)


def municipal_part(data, rows, **given):
    """The municipality's part of the labour market support of the first episode."""
    out = payers.cost(data, rows, **(SETTINGS | {"reference": untaxed(), "price_year": 2020} | given)).iloc[0]
    paid = [out[f"item_labour_market_support_{payer}_12m_eur"] for payer in ("municipality", "state")]
    return paid[0] / sum(paid)


def test_days_are_counted_over_the_same_distance_before_each_index_date():
    data = register(benefits=support(120))  # 600 paid days in a row
    late = episodes((1, MONDAY + 7 * 119))  # the last week: 595 paid days before
    assert municipal_part(data, late) == pytest.approx(0.5)
    assert municipal_part(data, late, look_back_days=7 * 61) == pytest.approx(0.5)
    assert municipal_part(data, late, look_back_days=7 * 59) == 0  # 295 days before its first day
    # a month later the count goes on from the same day
    whole = episodes((1, MONDAY + 7 * 80))
    assert municipal_part(data, whole, look_back_days=7 * 40) == pytest.approx(0.5 * 20 / 40, abs=0.005)


def test_counting_begins_within_a_payment_whatever_else_is_asked_of_the_person():
    long = [(1, "labour_market_support", MONDAY, MONDAY + 7 * 120, 600, 6000.0)]
    late = episodes((1, MONDAY + 7 * 118))  # 295 days in the 59 weeks before, then one week until day 300
    for paid in (long, support(120)):
        assert municipal_part(register(benefits=paid), late, look_back_days=7 * 59) == pytest.approx(0.25)
    data, frame = RICH
    again = pd.concat([frame, frame.assign(index_day=frame["index_day"] + 400)], ignore_index=True)
    asked = RICH_SETTINGS | {"look_back_days": 300}
    year, more = (payers.cost(data, again, **(asked | {"months": m})) for m in ([12], [3, 12, 24]))
    assert (year - more[year.columns]).abs().max().max() <= 0.011  # parts are rounded on their own


def test_the_share_of_every_day_is_that_of_a_count_day_by_day():
    rng = np.random.default_rng(4)
    rows, spells = [], []
    for person in range(30):
        start = MONDAY - 900
        while start < MONDAY + 500:
            end, days = start + int(rng.integers(10, 40)), int(rng.integers(0, 30))
            rows.append((person, "labour_market_support", start, end, days, 35.0 * days))
            start = end + int(rng.choice([0, 0, 9]))
        for start in (MONDAY + rng.integers(-900, 400, 6)).tolist():  # over other payments
            rows.append((person, "basic_allowance", start, start + 90, 64, 35.0 * 64))
        for start in MONDAY + rng.integers(-900, 400, 3):
            spells.append((person, "service", "20", int(start), int(start) + int(rng.integers(5, 60))))
    later = (0, 150, 290)  # three episodes a person that overlap: each counts for itself
    frame = episodes(*((person, MONDAY + person + days) for days in later for person in range(30)))
    look_back = 450
    found = payers.cost(register(rows, spells), frame, **SETTINGS, look_back_days=look_back)

    years = np.arange(2016, 2026)
    price = dict(
        zip(years, prices.price_factors(REFERENCE.price_index, years=years, price_year=2019), strict=True)
    )

    def by_day(person, index):
        """By law: nothing of the first 300 paid days, half until 1,000, then 70 %."""
        serving = {day for who, *_, start, end in spells if who == person for day in range(start, end)}
        counted, euros = 0, 0.0
        for who, benefit, start, end, days, amount in rows:
            if who != person or not days or benefit != "labour_market_support":
                continue
            until = np.arange(start, end + 1)
            paid_until = accrual.paid_days(
                *(np.full(len(until), value) for value in (start, end, days)), until
            )
            for day, paid in zip(until[:-1].tolist(), np.diff(paid_until).tolist(), strict=True):
                if index - look_back <= day < index + 365 and day not in serving:
                    for _ in range(paid):
                        share = 0.0 if counted < 300 else 0.5 if counted < 1000 else 0.7
                        year = 1970 + int(np.datetime64(day, "D").astype("datetime64[Y]").astype(int))
                        euros += (day >= index) * amount / days * share * price[year]
                        counted += 1
        return euros

    expected = [by_day(*row) for row in frame.to_numpy()[:, :2]]
    own = found["item_labour_market_support_municipality_12m_eur"].to_numpy()
    assert 0 < (np.array(expected) == 0).sum() < 45
    np.testing.assert_allclose(own, expected, atol=0.02)
    year, more = (
        payers.cost(register(rows, spells), frame, **(SETTINGS | {"months": m}), look_back_days=look_back)
        for m in ([12], [3, 12, 24])
    )
    assert (year - more[year.columns]).abs().max().max() <= 0.011
    for person in (0, 17):  # who else is in the table changes nothing, nor the person's later episodes
        alone = [[row for row in table if row[0] == person] for table in (rows, spells)]
        one = payers.cost(register(*alone), frame.iloc[[person]], **SETTINGS, look_back_days=look_back)
        pd.testing.assert_frame_equal(one, found.iloc[[person]])


def test_a_count_that_the_payer_tells_runs_back_below_zero_without_a_new_start():
    monday = to_day("2025-01-06")  # from 2025 on the municipality pays from 100 days on
    paid = [
        (1, "labour_market_support", monday, monday + 280, 200, 2000.0),
        (1, "labour_market_support", monday + 280, monday + 287, 5, 50.0),
    ]
    data = register(benefits=paid)
    data.benefits["paid_days_before"] = [np.nan, 20.0]
    for months in ([12], [3, 12]):
        out = payers.cost(data, episodes((1, monday)), **(SETTINGS | {"months": months, "price_year": 2025}))
        assert out["item_labour_market_support_municipality_12m_eur"].tolist() == [0.0]


@pytest.mark.parametrize("begins", [0, 30, 60])
def test_the_payers_own_count_makes_the_share_the_same_wherever_the_register_begins(begins):
    data = register(benefits=support(120))
    told = 5.0 * np.arange(120)
    told[1::2] = np.nan  # told at some payments only
    data.benefits = data.benefits.assign(paid_days_before=told).iloc[begins:]
    late = episodes((1, MONDAY + 7 * 80))
    assert municipal_part(data, late, look_back_days=30) == pytest.approx(0.5)


def test_the_share_is_shown_for_half_the_look_back_unless_the_payer_counted():
    data = register(benefits=support(120))
    first = to_day(TRIALS.first_day)
    data.observed_from = first - 7 * 80  # 400 weekdays before the first index date of the study
    data.benefits[["start", "end"]] += first + 7 * 40 - MONDAY - 7 * 119  # paid until the index date
    late = episodes((1, first + 7 * 39))
    whole = payers.cost(data, late, TRIALS, reference=REFERENCE)
    half = payers.half_count(data, late, TRIALS, reference=REFERENCE, priced=whole)
    days = payers.look_back(data.observed_from, TRIALS) // 2
    again = payers.cost(data, late, TRIALS, reference=REFERENCE, look_back_days=days)
    assert half[payers.HALF_COUNT].tolist() == again["cost_municipality_12m_eur"].tolist()
    assert half.columns.tolist() == [payers.HALF_COUNT]
    # over half of it 200 paid days are seen: the state pays all, the municipality only taxes
    assert whole["cost_municipality_12m_eur"].item() > 0 > half[payers.HALF_COUNT].item()
    assert not payers.counted_by_payer(data.benefits)
    assert payers.counted_by_payer(data.benefits.assign(paid_days_before=5.0 * np.arange(120)))


def rich_register(people=300, seed=1):
    """Everything at once, overlapping and at random: benefits, services, subsidised work, earnings."""
    rng = np.random.default_rng(seed)
    kinds = np.array(["labour_market_support", "basic_allowance", "earnings_related"])
    rows, spells, earnings = [], [], []
    for person in range(people):
        for start in np.cumsum(rng.integers(20, 90, 40)) + 16500:
            length = int(rng.integers(5, 32))
            days = int(rng.integers(0, length))
            rows.append(
                (person, rng.choice(kinds), int(start), int(start) + length, days, 35.0 * max(days, 1))
            )
        for start in 16500 + rng.integers(0, 2200, 4):
            code = rng.choice(["05", "20", "0", "3", ""])
            spells.append((person, "service", code, int(start), int(start) + int(rng.integers(10, 200))))
        spells.append((person, "subsidised_employment", rng.choice(["54", "80", "65"]), 17900, 18050))
        spells.append((person, "laid_off", "", 17000, 17100))
        earnings += [
            (person, int(month), 2000.0) for month in rng.choice(np.arange(570, 640), 20, replace=False)
        ]
    index = rng.integers(17532, 18500, people)
    data = register(rows, spells, earnings)
    frame = pd.DataFrame({"person_id": np.arange(people), "index_day": index, "followed_days": 1000})
    double = pd.concat([frame, frame.assign(index_day=frame["index_day"] + 100)], ignore_index=True)
    return data, double.rename_axis("episode_id").assign(area="oulu")


RICH = rich_register()
RICH_SETTINGS = SETTINGS | {"months": [3, 12, 24], "price_year": 2021, "discount_rate": 0.03}


@pytest.fixture(scope="module")
def rich():
    return payers.cost(*RICH, **RICH_SETTINGS)


def test_payers_of_every_episode_sum_to_its_public_total_and_items_to_their_payer_to_the_cent(rich):
    for months in (3, 12, 24):
        total = np.zeros(len(rich), dtype=np.int64)
        for payer in ("municipality", "state", "unemployment_funds", "eu"):
            own = np.round(rich[f"cost_{payer}_{months}m_eur"] * 100).astype(np.int64)
            names = [f"item_{item}_{p}_{months}m_eur" for item, p in ITEMS if p == payer]
            assert (np.round(rich[names] * 100).astype(np.int64).sum(axis=1) == own).all()
            total += own
        assert (np.round(rich[f"cost_all_public_{months}m_eur"] * 100).astype(np.int64) == total).all()
    assert rich["cost_all_public_12m_eur"].std() > 100


def test_transfers_between_payers_net_to_zero_in_the_total_of_every_episode(rich):
    # Moving the shares between payers changes who pays and, but for cents of rounding, no total.
    bands = REFERENCE.municipal_share.assign(share=0.9)
    services = REFERENCE.services.assign(share_municipality=0.2, share_state=0.5, share_eu=0.3)
    moved = changed(
        replace(REFERENCE, municipal_share=bands, services=services),
        rehabilitative_compensation_eur_per_day=99.0,
        basic_allowance_state_share=0.3,
        earnings_related_state_pays_basic_part=0.0,
    )
    other = payers.cost(*RICH, **(RICH_SETTINGS | {"reference": moved}))
    for months in (3, 12, 24):
        name = f"cost_all_public_{months}m_eur"
        assert (rich[name] - other[name]).abs().max() <= 0.06
        assert (
            rich[f"cost_municipality_{months}m_eur"] - other[f"cost_municipality_{months}m_eur"]
        ).abs().max() > 50
        pair = [f"item_rehabilitative_compensation_{p}_{months}m_eur" for p in ("municipality", "state")]
        assert (other[pair].sum(axis=1) == 0).all()
        assert other[pair[0]].min() < 0


def test_benefits_in_the_ledger_are_the_benefits_paid_no_more_no_less():
    data, frame = RICH
    plain = payers.cost(
        data, frame.iloc[:300], **(RICH_SETTINGS | {"price_year": 2021, "discount_rate": 0.0})
    )
    names = [
        f"item_{item}_{payer}_24m_eur"
        for item, payer in ITEMS
        if item in ("labour_market_support", "basic_allowance", "earnings_related")
    ]
    paid = data.benefits
    first = paid["person_id"].map(frame.iloc[:300].set_index("person_id")["index_day"])
    factor = pd.Series(
        prices.price_factors(
            REFERENCE.price_index, years=pd.to_datetime(paid["start"], unit="D").dt.year, price_year=2021
        ),
        index=paid.index,
    )
    euros = paid["amount_eur"] * factor
    whole = (paid["start"] >= first) & (paid["end"] <= first + 730)
    touching = (paid["end"] > first) & (paid["start"] < first + 730)
    low, high = (
        euros[rows].groupby(paid["person_id"]).sum().reindex(range(300), fill_value=0)
        for rows in (whole, touching)
    )
    total = plain[names].sum(axis=1).to_numpy()
    assert (total >= low * 0.98 - 0.05).all()  # a period over New Year has two price years
    assert (total <= high * 1.02 + 0.05).all()
    inner = whole.groupby(paid["person_id"]).sum() == touching.groupby(paid["person_id"]).sum()
    assert inner.sum() > 10


def test_inputs_are_not_changed_and_row_order_does_not_matter(rich):
    data, frame = RICH
    copies = [t.copy() for t in (data.benefits, data.spells, data.earnings, frame)]
    shuffled = SimpleNamespace(
        benefits=data.benefits.sample(frac=1, random_state=3),
        spells=data.spells.sample(frac=1, random_state=3),
        earnings=data.earnings.sample(frac=1, random_state=3),
    )
    pd.testing.assert_frame_equal(rich, payers.cost(shuffled, frame, **RICH_SETTINGS))
    for before, after in zip(copies, (data.benefits, data.spells, data.earnings, frame), strict=True):
        pd.testing.assert_frame_equal(before, after)


def test_incomplete_follow_up_is_missing_not_zero():
    out = payers.cost(
        register(benefits=support(2)),
        episodes((1, MONDAY), followed=400),
        **(SETTINGS | {"months": [12, 24]}),
    )
    assert out["cost_all_public_12m_eur"].notna().all()
    assert out.filter(like="_24m_eur").isna().all().all()


def test_service_costs_hold_no_benefits_so_nothing_is_counted_twice():
    table = REFERENCE.services
    yes = table["includes_benefits"] == "yes"
    net = table["gross_eur_per_year"] - table["included_benefits_eur_per_year"]
    np.testing.assert_allclose(table.loc[yes, "benefit_free_eur_per_year"], net[yes])
    assert (table.loc[yes, "included_benefits_eur_per_year"] > 0).all()
    out = payers.cost(
        register(spells=[(1, "service", "0", MONDAY, MONDAY + 73)]),
        episodes((1, MONDAY)),
        **(SETTINGS | {"price_year": 2021}),
    )
    assert out["cost_state_12m_eur"].iloc[0] == pytest.approx(14158 * 73 / 365)
    assert out["cost_municipality_12m_eur"].iloc[0] == 0


def test_overlapping_spells_of_the_same_service_are_paid_for_once():
    twice = [(1, "service", "0", MONDAY, MONDAY + 60), (1, "service", "0", MONDAY + 30, MONDAY + 73)]
    out = payers.cost(
        register(spells=[*twice, (2, "service", "0", MONDAY, MONDAY + 73)]),
        episodes((1, MONDAY), (2, MONDAY)),
        **SETTINGS,
    )
    assert out["cost_state_12m_eur"].iloc[0] == out["cost_state_12m_eur"].iloc[1] > 0


def test_spells_of_a_person_with_a_large_number_are_joined_as_those_of_others():
    large = 2**31 - 3
    codes = [("0", 0), ("3", 70), ("05", 140)]
    spells = [
        (person, "service", code, MONDAY + day, MONDAY + day + 60)
        for person in (1, large)
        for code, day in codes
    ]
    out = payers.cost(register(spells=spells), episodes((1, MONDAY), (large, MONDAY)), **SETTINGS)
    assert out["cost_all_public_12m_eur"].iloc[0] == out["cost_all_public_12m_eur"].iloc[1] > 0


def test_service_unit_costs_follow_from_the_published_unit_costs():
    unit = pd.read_csv(FOLDER / "unit_costs.csv", dtype=str)
    yearly = unit.loc[unit["unit"].str.contains("participant-year") & (unit["year"] == "2019")]
    published = (
        yearly.assign(name=yearly["item"].str.extract(r"\((.*)\)$")[0])
        .set_index("name")["value"]
        .astype(float)
    )
    own = REFERENCE.services.loc[REFERENCE.services["name"].isin(published.index)]
    assert len(own) >= 25
    np.testing.assert_allclose(own["gross_eur_per_year"], published[own["name"]])
    benefit = (
        yearly.loc[yearly["item"].str.startswith("Labour market support"), "value"].astype(float).iloc[0]
    )
    assert set(own.loc[own["includes_benefits"] == "yes", "included_benefits_eur_per_year"]) == {benefit}


def test_every_service_code_of_the_reference_has_a_unit_cost():
    codes = pd.read_csv(FOLDER / "service_codes.csv", dtype=str)["code_statfi"]
    assert set(codes) <= set(REFERENCE.services["code"])


def test_a_service_code_without_a_unit_cost_is_refused_with_its_remedy():
    with pytest.raises(ValueError, match=r"1 service spells .*\['zz'\]; add rows to service_unit_costs"):
        payers.cost(
            register(spells=[(1, "service", "zz", MONDAY, MONDAY + 9)]), episodes((1, MONDAY)), **SETTINGS
        )


def test_the_name_of_a_state_is_no_service_code():
    with pytest.raises(ValueError, match=r"\['service'\]; add rows to service_unit_costs"):
        payers.cost(
            register(spells=[(1, "service", "service", MONDAY, MONDAY + 9)]),
            episodes((1, MONDAY)),
            **SETTINGS,
        )


def test_a_service_code_in_two_rows_of_the_unit_costs_is_refused():
    services = pd.concat([REFERENCE.services, REFERENCE.services.iloc[[0]]])
    with pytest.raises(ValueError, match="stand in several rows; keep one"):
        payers.cost(
            register(spells=[(1, "service", "0", MONDAY, MONDAY + 9)]),
            episodes((1, MONDAY)),
            **(SETTINGS | {"reference": replace(REFERENCE, services=services)}),
        )


def test_rehabilitative_work_is_paid_by_the_municipality_and_compensated_by_the_state():
    out = payers.cost(
        register(spells=[(1, "service", "05", MONDAY, MONDAY + 100)]), episodes((1, MONDAY)), **SETTINGS
    )
    to_2019 = float(prices.price_factors(REFERENCE.price_index, years=[2021], price_year=2019)[0])
    cost, compensation = 2304 * 100 / 365 * to_2019, 100 * 0.57 * 10.09
    assert out["cost_municipality_12m_eur"].iloc[0] == pytest.approx(cost - compensation, abs=0.02)
    assert out["cost_state_12m_eur"].iloc[0] == pytest.approx(compensation, abs=0.02)
    assert out["cost_all_public_12m_eur"].iloc[0] == pytest.approx(cost, abs=0.02)


def test_earnings_related_days_basic_part_by_the_state_rest_by_the_funds_and_lay_offs_by_the_funds_alone():
    weeks = [(p, "earnings_related", MONDAY, MONDAY + 7, 5, 350.0) for p in (1, 2)]
    out = payers.cost(
        register(weeks, [(2, "laid_off", "", MONDAY - 5, MONDAY + 30)]),
        episodes((1, MONDAY), (2, MONDAY)),
        **(SETTINGS | {"reference": untaxed()}),
    )
    assert out["cost_state_12m_eur"].tolist() == pytest.approx([5 * 32.40, 0.0])
    assert out["cost_unemployment_funds_12m_eur"].tolist() == pytest.approx([350 - 5 * 32.40, 350.0])


def test_taxes_on_earnings_fall_on_each_payer_and_the_municipal_part_drops_in_2023():
    months = [(1, 12 * 49 + 6, 3000.0), (2, 12 * 53 + 6, 3000.0)]  # July 2019, July 2023
    start = [int(np.datetime64(f"{y}-06-01").astype(int)) for y in (2019, 2023)]
    out = payers.cost(
        register(earnings=months), episodes((1, start[0]), (2, start[1])), **(SETTINGS | {"price_year": 2019})
    )
    to_2019 = float(prices.price_factors(REFERENCE.price_index, years=[2023], price_year=2019)[0])
    assert out["cost_municipality_12m_eur"].tolist() == pytest.approx(
        [-3000 * 0.1988 * 0.8, -3000 * 0.0743 * 0.8 * to_2019], abs=0.01
    )
    assert out["cost_state_12m_eur"].tolist() == pytest.approx([-180.0, -480.0 * to_2019], abs=0.01)


def test_second_year_is_discounted_once_and_prices_move_to_the_price_year():
    first = [(1, "basic_allowance", MONDAY, MONDAY + 7, 5, 100.0)]
    second = [(1, "basic_allowance", MONDAY + 371, MONDAY + 378, 5, 100.0)]
    out = payers.cost(
        register(first + second),
        episodes((1, MONDAY)),
        **(
            SETTINGS | {"months": [12, 24], "discount_rate": 0.25, "price_year": 2021, "reference": untaxed()}
        ),
    )
    in_2019, in_2020 = prices.price_factors(REFERENCE.price_index, years=[2019, 2020], price_year=2021) * 100
    assert out["cost_state_12m_eur"].iloc[0] == pytest.approx(in_2019, abs=0.006)
    assert out["cost_state_24m_eur"].iloc[0] == pytest.approx(in_2019 + in_2020 / 1.25, abs=0.006)


def test_programme_spending_starts_on_its_day_and_a_missing_amount_stays_missing():
    spending = pd.DataFrame(
        {
            "area": ["oulu", "turku", "oulu"],
            "payer": ["municipality", "municipality", "eu"],
            "start_day": MONDAY,
            "eur_per_client": [400.0, np.nan, 50.0],
        }
    )
    frame = episodes((1, MONDAY), (2, MONDAY), (3, MONDAY), (4, MONDAY - 1), (5, MONDAY - 1))
    frame = frame.assign(area=["oulu", "turku", "", "oulu", "turku"])
    out = payers.cost(register(), frame, programme=spending, **SETTINGS)
    expected = [400.0, np.nan, 0.0, 0.0, 0.0]
    np.testing.assert_array_equal(out["cost_municipality_12m_eur"], expected)
    assert out["cost_eu_12m_eur"].tolist() == [50.0, 0.0, 0.0, 0.0, 0.0]
    np.testing.assert_array_equal(out["cost_all_public_12m_eur"], [450.0, np.nan, 0.0, 0.0, 0.0])


def test_price_year_and_discount_rate_have_no_default():
    import inspect

    parameters = inspect.signature(payers.cost).parameters
    for name in ("months", "price_year", "discount_rate"):
        assert parameters[name].default is None
        given = {key: value for key, value in SETTINGS.items() if key != name}
        with pytest.raises(ValueError, match="give them or a study"):
            payers.cost(register(), episodes((1, MONDAY)), **given)


def test_a_price_year_without_an_index_is_refused():
    with pytest.raises(ValueError, match="price_index: no value for year 2035; add"):
        payers.cost(register(benefits=support(1)), episodes((1, MONDAY)), **(SETTINGS | {"price_year": 2035}))


def test_every_assumption_names_a_source_and_the_report_can_print_it():
    table = REFERENCE.assumptions
    assert table["source"].str.len().min() > 5
    assert {"key", "value", "low", "high", "unit", "year", "source", "status"} <= set(table)
    assert not table.duplicated(["key", "year"]).any()


def test_paid_days_are_whole_keep_the_total_and_never_fall():
    rng = np.random.default_rng(0)
    start = rng.integers(17000, 19000, 500)
    length = rng.integers(1, 40, 500)
    days = rng.integers(0, 31, 500)
    running = np.stack([accrual.paid_days(start, start + length, days, start + n) for n in range(41)])
    assert running.dtype.kind == "i"
    assert (np.diff(running, axis=0) >= 0).all()
    assert (running[-1] == days).all()
    full = accrual.paid_days(
        np.array([MONDAY]), np.array([MONDAY + 14]), np.array([10]), MONDAY + np.arange(15)
    )
    assert full.tolist() == [0, 1, 2, 3, 4, 5, 5, 5, 6, 7, 8, 9, 10, 10, 10]


@pytest.mark.parametrize("rate", [0.0, 0.03])
def test_hundred_thousand_payments_take_seconds_not_minutes(rate):
    import time

    data, frame = rich_register(50)
    people = 100
    big = SimpleNamespace(
        **{
            name: pd.concat(
                [t.assign(person_id=t["person_id"] + 50 * k) for k in range(people)], ignore_index=True
            )
            for name, t in vars(data).items()
        }
    )
    many = pd.concat(
        [frame.assign(person_id=frame["person_id"] + 50 * k) for k in range(people)], ignore_index=True
    )
    begin = time.process_time()
    out = payers.cost(big, many, **(RICH_SETTINGS | {"discount_rate": rate}))
    assert len(big.benefits) >= 200_000
    assert len(out) == len(many)
    assert time.process_time() - begin < 15
