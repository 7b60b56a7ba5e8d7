"""Nothing about fewer persons than the threshold can be read or computed from a cleared ledger."""

import ast
import dataclasses
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from validation import attack

from evaluation.effects.differences import municipal_changes
from evaluation.effects.discontinuity import discontinuity
from evaluation.effects.doubly_robust import did_rc
from evaluation.effects.weighting import att_weights
from evaluation.inference.clustered import naive_clustered
from evaluation.results import audit, disclosure, ledger, rules
from small_register import TRIALS


def clear(rows, previous=None, **changed):
    profile = dataclasses.replace(rules.read_profile(), **changed)
    return disclosure.clear(rows, TRIALS, profile=profile, previous=previous)


def make(cells, **fixed):
    frame = pd.DataFrame(cells)
    return ledger.rows(
        frame, **({"simulated": True} if "area" in frame else {"area": "oulu", "simulated": True}), **fixed
    )


def means(persons):
    cells = {"item": [f"m{i}" for i in range(len(persons))], "persons": persons, "estimate": 100.0}
    return make(cells, topic="cost", measure="mean_cost", unit="eur")


def municipalities(sizes, **fixed):
    codes = [f"{i:03}" for i in range(len(sizes))]
    count = make({"item": codes, "persons": sizes, "episodes": sizes, "estimate": sizes, "unit": "episodes"},
                 topic="description", measure="municipality_episodes", window="after_1", **fixed)  # fmt: skip
    mean = make({"item": codes, "persons": sizes, "episodes": sizes, "estimate": 0.4, "unit": "share"},
                topic="description", measure="municipality_mean", window="after_1",
                outcome="open_employment_12m", **fixed)  # fmt: skip
    return pd.concat([count, mean], ignore_index=True)


def is_hidden(cleared):
    return (cleared["status"] == "suppressed").tolist()


@pytest.mark.parametrize(("persons", "hidden"), [(0, False), (1, True), (9, True), (10, False), (11, False)])
def test_threshold_at_its_boundary(persons, hidden):
    cleared = clear(means([persons]))
    assert is_hidden(cleared) == [hidden]
    assert cleared[disclosure.NUMBERS + disclosure.COUNTS].isna().all(axis=None) == hidden


def test_threshold_is_a_parameter():
    assert is_hidden(clear(means([10, 19, 20]), threshold=20)) == [True, True, False]
    with pytest.raises(ValueError, match="multiple of the base"):
        clear(means([10]), threshold=11)


def test_a_number_without_persons_behind_it_stays():
    assert is_hidden(clear(means([np.nan]))) == [False]


def test_a_count_below_the_threshold_is_hidden_even_if_persons_says_more():
    cell = make({"estimate": [9.0], "persons": [12.0]}, topic="cohort", measure="episodes", unit="episodes")
    assert is_hidden(clear(cell)) == [True]


@pytest.mark.parametrize(("count", "rounded"), [(10, 10), (12, 10), (12.5, 15), (13, 15), (17, 15), (18, 20)])
def test_counts_are_rounded_to_five(count, rounded):
    cell = make({"estimate": [count], "persons": [40.0]}, topic="cohort", measure="episodes", unit="episodes")
    assert clear(cell)["estimate"].tolist() == [rounded]


def test_plain_shares_are_computed_from_rounded_counts_and_model_estimates_are_not():
    plain = make({"estimate": [7 / 22], "persons": [22.0], "episodes": [22.0], "unit": ["share"]},
                 topic="description", measure="window_mean")  # fmt: skip
    assert clear(plain)["estimate"].tolist() == [5 / 20]
    with_interval = plain.assign(ci_low=0.1, ci_high=0.5)
    cleared = clear(with_interval)
    assert cleared["estimate"].tolist() == [5 / 20]
    # Wilson's score interval of 5 of 20, whatever interval was given
    assert cleared[["ci_low", "ci_high"]].to_numpy().ravel().tolist() == pytest.approx(
        [0.112, 0.469], abs=0.025
    )
    model = with_interval.assign(topic="effect", measure="att")
    assert clear(model)["estimate"].tolist() == [0.3]  # to the next twentieth: 22 episodes bear no more


def test_a_hidden_municipality_cannot_be_had_by_subtraction_from_its_area():
    cleared = clear(municipalities([500, 4, 60, 30]))
    assert is_hidden(cleared) == [False, True, False, True] * 2  # the next smallest goes too


def test_the_estimate_without_a_hidden_municipality_is_hidden_too():
    without = make({"item": ["000", "001"], "estimate": [0.01, 0.02], "persons": [94.0, 590.0]},
                   topic="sensitivity", measure="att",
                   specification="leave_one_out", unit="share")  # fmt: skip
    rows = pd.concat([municipalities([500, 4, 60, 30]), without], ignore_index=True)
    assert is_hidden(clear(rows))[-2:] == [False, True]


def test_hidden_municipalities_together_hold_the_threshold():
    sizes = np.array([500, 1, 2, 3, 40])
    hidden = np.array(is_hidden(clear(municipalities(sizes)))[:5])
    assert hidden.tolist() == [False, True, True, True, True]
    assert sizes[hidden].sum() >= 10


def test_a_hidden_year_cannot_be_had_from_the_years_together():
    cells = {
        "window": ["2019_20", "after_1", "after_2", "after_3", "after"],
        "estimate": [12, 200, 100, 7, 307],
        "persons": [12, 200, 100, 7, 300],
    }
    cleared = clear(make(cells, topic="cohort", measure="persons", item="pilot", unit="persons"))
    assert is_hidden(cleared) == [False, False, True, True, False]


def test_a_hidden_area_cannot_be_had_from_all_areas():
    cells = {"area": ["a", "b", "c", "all"], "estimate": [8, 300, 50, 358], "persons": [8, 300, 50, 358]}
    cleared = clear(
        make(cells, topic="cohort", measure="persons", item="pilot", unit="persons", window="after")
    )
    assert is_hidden(cleared) == [True, False, True, False]


def test_a_hidden_level_hides_another_level_of_the_same_variable_only():
    cells = {"item": ["sex=female", "sex=male", "education=basic", "education=tertiary"],
             "estimate": [0.04, 0.96, 0.5, 0.5], "persons": [4, 96, 50, 50]}  # fmt: skip
    cleared = clear(make(cells, topic="description", measure="case_mix", group="pilot", unit="share"))
    assert is_hidden(cleared) == [True, True, False, False]


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 60), min_size=2, max_size=8))
def test_clearing_twice_changes_nothing_and_a_higher_threshold_hides_no_less(sizes):
    rows = municipalities([float(size) for size in sizes])
    once = clear(rows)
    pd.testing.assert_frame_equal(clear(once), once)
    stricter = np.array(is_hidden(clear(rows, threshold=20)))
    assert (stricter | ~np.array(is_hidden(once))).all()


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.lists(st.integers(1, 60), min_size=2, max_size=8))
def test_what_is_hidden_in_a_sum_is_never_one_part_nor_fewer_than_the_threshold(sizes):
    hidden = np.array(is_hidden(clear(municipalities([float(size) for size in sizes])))[: len(sizes)])
    if hidden.any():
        assert hidden.sum() >= 2
        assert hidden.all() or np.array(sizes)[hidden].sum() >= 10


def test_a_ledger_with_a_repeated_index_is_cleared_alike():
    rows = municipalities([500.0, 4.0, 60.0, 30.0])
    repeated = rows.set_axis([0] * len(rows))
    assert is_hidden(clear(repeated)) == is_hidden(clear(rows))
    assert clear(repeated).index.tolist() == [0] * len(rows)


def test_keys_axis_and_order_stay_and_the_input_is_not_changed():
    rows = municipalities([500.0, 4.0, 60.0]).assign(x=[3.0, 2, 1, 3, 2, 1])
    before = rows.copy()
    cleared = clear(rows)
    pd.testing.assert_frame_equal(rows, before)
    pd.testing.assert_frame_equal(cleared[ledger.KEY], rows[ledger.KEY])


def test_later_releases_hide_what_was_hidden_and_do_not_tell_of_few_by_difference():
    released = clear(means([9, 40]))
    later = clear(means([14, 40]), previous=released)
    assert is_hidden(later) == [True, False]
    count = {"topic": "cohort", "measure": "episodes", "unit": "episodes"}
    first = clear(make({"estimate": [42.0], "persons": [42.0]}, **count))
    assert (
        clear(make({"estimate": [47.0], "persons": [47.0]}, **count), previous=first)["estimate"].item() == 40
    )
    assert (
        clear(make({"estimate": [57.0], "persons": [57.0]}, **count), previous=first)["estimate"].item() == 55
    )


def test_a_failed_verdict_withholds_effect_cost_difference_and_ratio_of_that_area_only():
    cells = [
        {"topic": "comparability", "measure": "verdict", "status": "fail", "unit": "none"},
        {"topic": "effect", "measure": "att", "estimate": 0.03, "persons": 900, "unit": "share"},
        {
            "topic": "effect",
            "measure": "att",
            "estimate": 0.03,
            "persons": 900,
            "area": "lahti",
            "unit": "share",
        },
        {
            "topic": "sensitivity",
            "measure": "att",
            "specification": "donut_3m",
            "estimate": 0.03,
            "persons": 900,
        },
        {"topic": "cost", "measure": "delta_cost", "estimate": 12.0, "persons": 900},
        {"topic": "cost_effectiveness", "measure": "icer", "estimate": 300.0, "persons": 900},
        {"topic": "description", "measure": "mean", "estimate": 12.0, "persons": 900},
    ]
    frame = pd.DataFrame(cells)
    frame = frame.assign(area=frame["area"].fillna("oulu"), outcome="open_employment_12m")
    cleared = clear(ledger.rows(frame, simulated=True))
    assert cleared["status"].tolist() == ["fail", "withheld", "ok", "withheld", "withheld", "withheld", "ok"]
    assert cleared["estimate"].isna().tolist() == [True, True, False, True, True, True, False]


def test_minimum_and_maximum_are_refused():
    with pytest.raises(ValueError, match="single persons"):
        clear(make({"estimate": [1.0]}, topic="cost", measure="maximum", unit="eur"))


def test_no_mean_tells_the_count_that_was_rounded():
    rng = np.random.default_rng(1)
    counts = rng.integers(10, 5000, 2000)
    days = rng.integers(0, 120, 2000) + rng.integers(0, counts) / counts  # whole sums
    part = rng.integers(0, counts + 1) / counts
    cells = [
        {"measure": "mean", "unit": unit, "estimate": value, "persons": float(n), "episodes": float(n)}
        for unit, values in (("days", days), ("share", part))
        for value, n in zip(values, counts, strict=True)
    ]
    frame = pd.DataFrame(cells).assign(topic="effect", area="oulu", item=[str(i) for i in range(len(cells))])
    exact = ledger.rows(frame, simulated=True)
    cleared = clear(exact)

    def read_back(rows):
        text = rows.astype({"estimate": "str", "episodes": "str"})
        return attack.undone(text.assign(episodes=rules.to_base(rows["episodes"], 5).astype("str")))

    assert len(read_back(exact)) > 3000
    assert len(read_back(cleared)) == 0
    size = exact["episodes"]
    assert ((cleared["estimate"] - exact["estimate"]).abs() <= np.maximum(2.5 / size, 0.05)).all()


def test_intervals_keep_their_width_and_public_numbers_their_digits():
    row = {"topic": "effect", "measure": "att", "unit": "share", "estimate": 0.03456, "std_error": 0.02}
    row |= {"ci_low": -0.00456, "ci_high": 0.07345, "p_value": 0.04567, "persons": 300.0, "episodes": 400.0}
    frame = pd.DataFrame([row, row | {"measure": "did", "topic": "public_statistics", "persons": np.nan}])
    frame.loc[1, "episodes"] = np.nan
    cleared = clear(ledger.rows(frame.assign(area="oulu"), simulated=True))
    named = cleared[["estimate", "ci_low", "ci_high", "p_value"]]
    assert named.iloc[0].tolist() == [0.035, -0.005, 0.075, 0.046]
    assert named.iloc[1].tolist() == [0.03456, -0.00456, 0.07345, 0.04567]


def test_a_profile_is_known_by_name_or_read_from_the_file_of_a_permit(tmp_path):
    own = tmp_path / "permit_17.toml"
    own.write_text("threshold = 30\n[steps]\ndays = 1.0\n")
    profile = rules.read_profile(own)
    assert (profile.name, profile.threshold, profile.base) == ("permit_17", 30, 5)
    assert (profile.steps["days"], profile.steps["share"]) == (1.0, 0.001)
    with pytest.raises(ValueError, match=r"no profile and no file 'strickt'; profiles are default, strict"):
        rules.read_profile("strickt")
    own.write_text("treshold = 30")
    with pytest.raises(ValueError, match=r"unknown key treshold; known are base"):
        rules.read_profile(own)


def test_shares_of_small_groups_are_hidden_whatever_they_are_and_hide_nothing_else():
    shares = make({"window": ["2019Q1", "2019Q2", "2019Q3"], "estimate": [0.0, 0.5, 0.5],
                   "persons": [15.0, 16.0, 40.0], "episodes": [15.0, 16.0, 40.0]}, item="pilot", unit="share",
                  topic="description", measure="mean", outcome="open_employment_12m")  # fmt: skip
    days = shares.assign(unit="days", outcome="service_days_12m")
    cleared = clear(pd.concat([shares, days], ignore_index=True))
    assert is_hidden(cleared) == [True, True, False, False, False, False]
    pd.testing.assert_frame_equal(clear(cleared), cleared)


def test_euros_that_one_person_makes_up_are_hidden_and_do_not_follow_from_the_payer():
    n = 100.0
    one = {"estimate": 5000 / n, "std_error": 5000 / n}  # one person costs 5,000 euros, the others nothing
    cells = [
        {"item": "service:state", **one},
        {"item": "training:state", "estimate": 400.0, "std_error": 40.0},
        {"item": "wage_subsidy:state", "estimate": 300.0, "std_error": 30.0},
        {"item": "training:eu", "estimate": 90.0, "std_error": 9.0},
    ]
    rows = make(cells, topic="cost", measure="cost_item", unit="eur", persons=n, episodes=n)
    assert is_hidden(clear(rows)) == [True, True, False, False]
    assert is_hidden(clear(rows, contributors=1.0)) == [False] * 4


def test_rows_of_a_delivery_are_counts_too_and_a_ratio_to_a_known_number_does_not_tell_the_other():
    rows = make({"item": ["spells:reversed_interval", "spells:rows_read"], "estimate": [3.0, 1234.0]},
                topic="quality", measure="rows", unit="number")  # fmt: skip
    assert clear(rows)["estimate"].tolist()[1] == 1235
    assert is_hidden(clear(rows)) == [True, False]
    ratio = make({"estimate": [317 / 5000], "persons": [317.0]}, topic="quality", unit="ratio",
                 measure="register_to_statistics")  # fmt: skip
    assert clear(ratio)["estimate"].tolist() == [0.06]


def test_digits_below_a_tenth_of_the_standard_error_are_not_written_and_intervals_hardly_move():
    wide = make({"estimate": [1234.4], "std_error": [130.0], "ci_low": [979.6], "ci_high": [1489.2],
                 "persons": [900.0]}, topic="cost", measure="mean_cost", unit="eur")  # fmt: skip
    cleared = clear(wide)
    assert cleared[["estimate", "std_error", "ci_low", "ci_high"]].to_numpy().tolist() == [
        [1230, 130, 980, 1490]
    ]


def test_one_person_more_in_the_next_release_changes_nothing_and_twenty_do():
    def area(more):
        counts = municipalities([500.0 + more, 60.0, 30.0])
        effect = make({"estimate": [0.031 + 0.0004 * more], "std_error": [0.01], "persons": [590.0 + more]},
                      topic="effect", measure="att", unit="share")  # fmt: skip
        return pd.concat([counts, effect], ignore_index=True)

    released = clear(area(0))
    for more in (1, 2, 3, 9):
        pd.testing.assert_frame_equal(clear(area(more), previous=released), released)
    anew = clear(area(20), previous=released)
    assert anew["estimate"].iloc[[0, -1]].tolist() == [520, 0.04]
    moved = area(0)
    moved.loc[moved.index[-1], "estimate"] = 0.06  # more than its standard error: no single person did that
    assert clear(moved, previous=released)["estimate"].iloc[-1] == 0.06


def test_shares_and_rows_of_the_delivery_do_not_tell_of_one_person_either():
    """Rounded shares step by far more than their standard error, and one person may have hundreds of rows."""
    rng = np.random.default_rng(3)
    size = rng.integers(20, 400, 200)
    had = rng.binomial(size, 0.05)
    quarters = [f"q{number}" for number in range(200)]

    def release(size, had, benefits, people):
        share = had / size
        fixed = {"topic": "description", "measure": "mean", "unit": "share"}
        numbers = {"estimate": share, "std_error": np.sqrt(share * (1 - share) / size), "window": quarters}
        shares = make({**numbers, "persons": size * 1.0, "episodes": size * 1.0}, **fixed)
        items = ["benefits:rows_kept", "persons:rows_kept"]
        rows = {"estimate": [benefits, people], "item": items, "area": "all"}
        delivered = make(rows, topic="quality", measure="rows", unit="number")
        return pd.concat([shares, delivered], ignore_index=True)

    first = clear(release(size, had, 8391.0, 4000.0))
    for person in range(200):  # one more episode, with or without what is counted, in any cell
        here = np.arange(200) == person
        for counts in (0, 1):
            more = release(size + here, had + here * counts, 8391.0 + 300, 4001.0)
            pd.testing.assert_frame_equal(clear(more, previous=first), first)
    grown = clear(release(size + 20, had + 9, 8991.0, 4020.0), previous=first)
    assert (grown["estimate"] != first["estimate"]).mean() > 0.9
    assert grown["estimate"].iloc[-2:].tolist() == [8990, 4020]


@pytest.mark.parametrize("days", [0.0, 3.0])
def test_one_person_far_from_all_others_is_not_told_by_the_next_release(days):
    """Nobody of a quarter was in subsidised work, and then one was all year: the old error bounds nothing."""
    rng = np.random.default_rng(4)
    others = np.floor(rng.exponential(days, 60)) if days else np.zeros(60)

    def release(values):
        error = values.std(ddof=1) / np.sqrt(len(values))
        count = {"persons": [1.0 * len(values)], "episodes": [1.0 * len(values)]}
        return make({"estimate": [values.mean()], "std_error": [error], **count}, topic="description",
                    measure="mean", unit="days", outcome="subsidised_days_12m", window="2019Q1")  # fmt: skip

    first = clear(release(others))
    more = release(np.append(others, 365.0))
    pd.testing.assert_frame_equal(clear(more, previous=first), first)
    careless = clear(more)
    assert (audit.differences(careless, first, profile=rules.read_profile())["kind"] == "few differ").all()
    assert len(audit.differences(careless, first, profile=rules.read_profile()))
    # and the person leaves again
    pd.testing.assert_frame_equal(clear(release(others), previous=careless), careless)


@pytest.mark.parametrize(
    ("told", "published"),
    [
        ("12403 effective comparison episodes", "12405 effective comparison episodes"),
        ("design.work_24m: all 2949 rows are empty", "design.work_24m: all 2950 rows are empty"),
        ("age: 12 of 2949 rows are empty", "age: 10 of 2950 rows are empty"),
        ("12 target rows of 2949; both groups", "10 target rows of 2950; both groups"),
        ("12 treated among 2949 rows", "10 treated among 2950 rows"),
        ("for 12 treated and 2949 comparison rows", "for 10 treated and 2950 comparison rows"),
        ("121 rows below and 13 above 0; at least 20", "120 rows below and 15 above 0; at least 20"),
        ("local polynomial, h 2.23 below and 1.92 above", "local polynomial, h 2.23 below and 1.92 above"),
        ("all 2949 weights are zero", "all 2950 weights are zero"),
        (
            "none of 7 treated municipalities has 10 episodes",
            "none of 7 treated municipalities has 10 episodes",
        ),
        ("3 comparison municipalities; 5 or more", "3 comparison municipalities; 5 or more"),
        ("7 treated among 2949 rows", "under 10 treated among 2950 rows"),
        (
            "design (work_12m): 0 treated before, 2 after",
            "design (work_12m): 0 treated before, under 10 after",
        ),
        ("episodes by arm and period are [0, 7, 33]", "episodes by arm and period are [0, under 10, 35]"),
        ("of 14 differences; sampling error 0.126 SD", "of 14 differences; sampling error … SD"),
        ("1.7% of the treated; power 26%", "…% of the treated; power 25%"),
        ("standard error not above the shared one (1.73e-05)", "standard error not above the shared one (…)"),
        ("born 1987-03-14, paid 1,234 euros", "born …, paid … euros"),
        ("baseline_2019_2020, 2019Q1 and work_12m", "baseline_2019_2020, 2019Q1 and work_12m"),
        ("at 2000 euros a month in work", "at 2000 euros a month in work"),
        ("no value for year 2017, 2018; add", "no value for year 2017, 2018; add"),
        ("at least 20 and 13 above, year 2021, 346 rows", "at least 20 and 15 above, year 2021, 345 rows"),
    ],
)
def test_words_of_a_method_do_not_tell_a_count(told, published):
    said = make({"estimate": [0.9], "persons": [500.0], "method": [told]},
                topic="comparability", measure="diagnostic", unit="share")  # fmt: skip
    assert clear(said)["method"].tolist() == [published]
    assert audit.words(clear(said), rules.read_profile()).empty
    if told != published:
        assert audit.words(said, rules.read_profile())["kind"].tolist() == ["told in words"]
    anew = said.assign(method="")
    assert clear(anew, previous=said)["method"].tolist() == [published]  # an earlier release told it


def test_words_told_by_another_profile_are_told_by_the_stricter_one():
    default, strict = rules.read_profile(), rules.read_profile("strict")
    assert rules.careful(rules.careful("7 of 32 rows", default), strict) == "under 20 of 30 rows"
    assert rules.careful(rules.careful("7 of 32 rows", strict), default) == "under 20 of 30 rows"


def test_codes_of_public_figures_stay_and_a_sentence_in_an_item_is_found():
    public = make({"estimate": [1e6], "method": ["S23412 2021-2027"]}, topic="public_statistics")
    assert clear(public)["method"].tolist() == ["S23412 2021-2027"]
    level = make({"estimate": [1.0], "item": ["age 25 to 29"]}, topic="cohort")
    assert audit.words(level, rules.read_profile()).empty
    sentence = make({"estimate": [1.0], "item": ["of 37 persons"]}, topic="cohort")
    assert audit.words(sentence, rules.read_profile())["kind"].tolist() == ["told in words"]


# A number in another sentence of the library is rounded or left out when it is published as the reason of a
# missing number. These tell one as it is: look at a new one, that it counts no persons, before it is added.
TOLD_AS_IT_IS = {
    "changes.change: {} municipalities have a missing change; drop them before",
    "changes: {} comparison municipalities; {} or more are needed to learn how much municipalities move by "
    "themselves; widen the comparison pool",
    "changes: {} municipalities have no episodes in a window; drop them before",
    "cost_assumptions.{}: {} rows for year {}, one expected; add or remove rows",
    "design: an arm has {} municipality; at least two are needed to resample",
    "design: the area has {} quarters without an episode",
    "design: {} labour market areas have at least {} comparison episodes in every quarter; at least {} are "
    "needed",
    "effective number of {} comparison municipalities",
    "Holm over {} tests: outcomes and areas",
    "largest of {} differences",
    "local polynomial, h {} below and {} above",
    "pooling: {} areas have no estimate, or a standard error not above the shared one ({}); leave them out "
    "and say so",
    "pooling: {} areas; at least {} are needed",
    "price_index: no value for year {}; add their rows with a source",
    "ranks: {} areas, {} without estimate or standard error; two complete areas are the least",
    "synthetic control: no weights found for {} donors; check the series for errors",
    "{} ({}): {} rows below and {} above {}; at least {} are needed on each side, widen the window or pool "
    "areas",
    "{} areas; at least {} are needed",
    "{}.municipality: {} municipalities are in both arms; correct `treated`",
    "{}: none of {} {} municipalities has at least {} episodes before and after; lower min_episodes or "
    "widen the windows",
    "{}: the {} comparison episodes {} cannot tell {} covariates apart; leave some out or widen the "
    "comparison pool",
    "{}: {} municipalities have no group; complete the series",
    "{}: {} treated units, {} donors, {} periods before the start; at least 1, 2 and 2 are needed",
}
ANALYSES = "cohorts outcomes costs effects results inference diagnostics economics pooling statistics"


def test_no_sentence_of_an_analysis_tells_an_exact_number_unless_it_was_looked_at():
    source, number, found = Path(rules.__file__).parents[1], "2947", set()
    modules = [
        *source.glob("*.py"),
        *(file for room in ANALYSES.split() for file in (source / room).glob("*.py")),
    ]
    for module in modules:
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                said = "".join(
                    part.value if isinstance(part, ast.Constant) else number for part in node.values
                )
                if re.search(rf"\b{number}\b", rules.careful(said, rules.read_profile())):
                    found.add(said.replace(number, "{}"))
    assert {said for said in found if " " in said} == TOLD_AS_IT_IS


SEVEN_OF_47 = pd.DataFrame(
    {
        "treated": np.arange(47) < 7,
        "post": np.arange(47) % 2 == 0,
        "work_12m": np.arange(47) % 3 == 0,
        "municipality": [f"{i % 5:03}" for i in range(47)],
        "age": np.arange(47) - 13.0,
    }
)


@pytest.mark.parametrize(
    "refused",
    [
        lambda rows: did_rc(rows.assign(post=rows.index > 5), outcomes=["work_12m"], covariates=[]),
        lambda rows: did_rc(rows, outcomes=["work_12m"], covariates=["treated"]),
        lambda rows: did_rc(rows.assign(age=rows["age"].where(rows["treated"])), outcomes=["work_12m"],
                            covariates=["age"]),
        lambda rows: did_rc(rows.assign(work_12m=np.nan), outcomes=["work_12m"], covariates=[]),
        lambda rows: did_rc(rows.assign(work_12m=1.0), outcomes=["work_12m"], covariates=[]),
        lambda rows: did_rc(rows.assign(post=rows["age"]), outcomes=["work_12m"], covariates=[]),
        lambda rows: municipal_changes(rows, outcomes=["work_12m"], covariates=[], min_episodes=11),
        lambda rows: naive_clustered(rows.assign(post=rows["treated"]), outcomes=["work_12m"], covariates=[]),
        lambda rows: att_weights(rows, target="treated", covariates=["age"]),
        lambda rows: att_weights(rows.iloc[:7], target="treated", covariates=["age"]),
        lambda rows: discontinuity(rows, outcomes=["work_12m"], running="age", cutoff=0),
    ],
)  # fmt: skip
def test_a_published_refusal_tells_no_exact_count(refused):
    with pytest.raises(ValueError, match=r"\w") as error:
        refused(SEVEN_OF_47)
    told = rules.careful(str(error.value), rules.read_profile())
    assert not re.search(
        r"\b(?!0\b|10\b|11 episodes|20 are)\d*[1-46-9]\b(?! episodes are| \w+ municipalities)", told
    ), told
