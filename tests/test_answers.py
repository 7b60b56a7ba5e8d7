"""The panel at the top: sentence, certainty, drawn interval and verdict come from the same rows."""

import re

import numpy as np
import pandas as pd
import pytest

from evaluation.results import ledger
from evaluation.words import answers, fairness, findings, first_screen
from evaluation.words.findings import Case
from evaluation.words.language import CODES, get
from messages import spoken
from small_register import TRIALS

WORK, SERVICES = TRIALS.outcomes.first_screen[:2]
COSTS = [f"cost_{payer}_12m_eur" for payer in (*TRIALS.payers, "all_public")]
UNITS = {WORK: "share", SERVICES: "days", **dict.fromkeys(COSTS, "eur")}
MORE = {"fi": r"enemmän", "sv": r"\b(fler|mer)\b", "en": r"\bmore\b"}
FEWER = {"fi": r"vähemmän", "sv": r"\b(färre|mindre)\b", "en": r"\b(fewer|less)\b"}
MOST_WORDS, LONGEST = 120, 25


def random_results(seed):
    """Effects, checks, verdicts and public statistics of one area at random."""
    rng = np.random.default_rng(seed)
    rows = []
    for outcome, unit in UNITS.items():
        middle = rng.normal(0, 4 * TRIALS.limits[unit])
        half = rng.gamma(2, 3 * TRIALS.limits[unit])
        costs = outcome in COSTS
        rows.append(
            {
                "topic": "cost" if costs else "effect",
                "measure": "delta_cost" if costs else "att",
                "item": outcome.split("_", 1)[1].removesuffix("_12m_eur") if costs else "",
                "outcome": outcome,
                "window": TRIALS.main_baseline,
                "unit": unit,
                "estimate": middle,
                "std_error": half / 1.96,
                "ci_low": middle - half,
                "ci_high": middle + half,
                "status": "ok",
            }
        )
        other = rng.normal(middle, half) if rng.random() < 0.3 else middle
        again = {"estimate": other, "ci_low": other - half, "ci_high": other + half}
        more = {"topic": "sensitivity", "measure": "att", "specification": "both_baselines"}
        rows.append(rows[-1] | more | again)
    verdict = {"topic": "comparability", "measure": "verdict"}
    for outcome in TRIALS.outcomes.checked:
        status = rng.choice(["pass", "concern", "fail", "not_run"], p=[0.4, 0.3, 0.2, 0.1])
        rows.append(verdict | {"outcome": outcome, "status": status})
    check = {"topic": "comparability", "measure": "diagnostic", "status": "pass"}
    for outcome in (WORK, SERVICES, COSTS[-1]):
        drift = TRIALS.limits[UNITS[outcome]] * rng.gamma(1, 1)
        for item in ("pre_trend", "contradiction"):
            rows.append(check | {"item": item, "outcome": outcome, "ci_low": -drift, "ci_high": drift})
    public = {"topic": "public_statistics", "measure": "did", "outcome": "unemployed_share", "unit": "points"}
    for baseline in TRIALS.baselines:
        middle, half = rng.normal(0, 1.5), rng.gamma(2, 0.5)
        said = {"specification": f"baseline_{baseline}", "window": "after_1", "status": "ok"}
        ends = {"estimate": middle, "ci_low": middle - half, "ci_high": middle + half}
        rows.append(public | said | ends)
    months = pd.period_range("2021-03", "2022-02", freq="M").astype("str")
    seen = {"topic": "public_statistics", "measure": "series", "outcome": "unemployed_share", "unit": "share"}
    rows += [seen | {"window": month, "estimate": 0.1, "status": "ok"} for month in months]
    frame = pd.DataFrame(rows).assign(group="target_group", persons=500.0)
    frame["specification"] = frame["specification"].fillna("main")
    return ledger.rows(frame, area="oulu", simulated=True)


def words_of(one):
    return f"{one.question} {one.text} {one.certainty} {' '.join(bar.name for bar in one.bars)}"


@pytest.mark.parametrize("end", ["ci_low", "ci_high"])
def test_an_interval_that_lacks_an_end_is_not_available_and_draws_no_bar(end):
    rows = random_results(1)
    passed = rows["measure"].eq("verdict")
    rows.loc[passed, "status"] = "pass"
    rows.loc[~passed, end] = np.nan
    case = Case(rows, TRIALS, area="oulu")
    found = answers.answers(case, get("en"))
    assert [one.about for one in found if one.text == "Not available."] == list(answers.QUESTIONS)
    assert [one.about for one in found] == [*answers.QUESTIONS, "trust"]
    assert not any(one.bars for one in found)
    assert {first_screen.certainty(case, name) for name in UNITS} == {1}


@pytest.mark.parametrize("sets", [90, pytest.param(1000, marks=pytest.mark.slow)])
def test_sentence_certainty_interval_and_verdict_never_disagree(sets):
    kinds = set()
    for seed in range(sets):
        rows, code = random_results(seed), CODES[seed % 3]
        case = Case(rows, TRIALS, area="oulu")
        for one in answers.answers(case, get(code)):
            kinds.add((one.about, one.kind))
            if one.about in ("public", "trust"):
                continue
            outcome = {"work": WORK, "services": SERVICES, "cost": COSTS[-1]}[one.about]
            status, _ = fairness.fairness(case, outcome)
            if status not in fairness.SHOWN:
                assert one.kind == status and not one.bars and not re.search(r"\d", one.text)
                continue
            row = fairness.main_row(case, outcome)
            strength = fairness.strength(case, row)
            told = findings.effect(row, get(code), limits=TRIALS.limits, strength=strength)
            assert one.kind == told.kind
            assert bool(re.search(MORE[code], one.text)) == (row["ci_high"] > 0)
            assert bool(re.search(FEWER[code], one.text)) == (row["ci_low"] < 0)
            untold = one.text.startswith(get(code).text("Unclear"))
            assert untold == (one.kind in ("unclear", "doubtful_both"))
            grade = first_screen.certainty(case, outcome)
            assert one.certainty == get(code).text(first_screen.CERTAINTIES[grade])
            assert one.kind.startswith("clear") <= (grade == 3)
            assert (one.kind in findings.OPEN) <= (grade < 3)
            bar, half = one.bars[-1], answers.SCALES[row["unit"]]
            assert (bar.low * half, bar.high * half) == pytest.approx((row["ci_low"], row["ci_high"]))
            assert -1 <= bar.drawn[0] <= bar.drawn[1] <= 1
    told = {kind for about, kind in kinds if about in ("work", "services", "cost")}
    assert sets < 1000 or told >= {"clear_more", "more", "fewer", "clear_fewer", *findings.DOUBTS}
    assert {kind for about, kind in kinds if about == "public"} >= {"none", "depends"}


@pytest.mark.parametrize(
    ("reasons", "words"),
    [
        ("", "found no flaw"),
        ("hidden_bias_not_run", "some were impossible"),
        ("hidden_bias_not_run;placebo_outcome_concern", "see what was noticed"),
        ("placebo_outcome_unclear", "see what was noticed"),
        ("placebo_outcome_unclear;hidden_bias_not_run", "see what was noticed"),
    ],
)
def test_a_comparison_that_passed_in_part_is_not_said_to_have_passed_every_check(reasons, words):
    rows = random_results(3)
    verdicts = rows["measure"] == "verdict"
    rows.loc[verdicts, ["status", "item"]] = ["pass", reasons]
    said = answers.answers(Case(rows, TRIALS, area="oulu"), get("en"))[-1]
    assert said.kind == "pass" and words in said.text
    beside = fairness.verdict(Case(rows, TRIALS, area="oulu"), get("en")).text  # on the same page
    assert {"found no flaw": "The checks found no", "some were impossible": "some could not be made"}.get(
        words, "Noticed: "
    ) in beside
    assert ("too few for all checks" in beside) == ("unclear" in reasons)


@pytest.mark.parametrize(
    ("held", "words"), [(list(TRIALS.outcomes.checked), "Not at all"), ([WORK], "Not for work")]
)
def test_what_is_left_is_trusted_by_its_certainty_only_where_something_is(held, words):
    rows = random_results(3)
    verdicts = rows["measure"] == "verdict"
    rows.loc[verdicts, ["status", "item"]] = ["pass", ""]
    rows.loc[verdicts & rows["outcome"].isin(held), "status"] = "fail"
    said = answers.answers(Case(rows, TRIALS, area="oulu"), get("en"))[-1]
    assert said.kind == "fail" and said.text.startswith(words)


def test_every_interval_has_a_sentence_whatever_the_strength_of_its_comparison():
    rng = np.random.default_rng(5)
    for low, high in np.sort(rng.normal(0, 2, (1000, 2))):
        for strength in ("clear", "likely", "doubtful"):
            kind = findings.kind_of(low, high, 1.0, strength=strength)
            assert kind in answers.LEADS and kind in findings.JUDGEMENTS | findings.DOUBTS
            assert kind.startswith("clear") <= (strength == "clear")
            assert (kind in findings.DOUBTS) == (strength == "doubtful")
            told = kind.removeprefix("clear_").removeprefix("likely_").removeprefix("doubtful_")
            assert told != "more" or low > 0
            assert told != "fewer" or high < 0


def test_the_panel_is_short_and_all_languages_say_the_same():
    for rows in (random_results(seed) for seed in range(20)):
        said = {code: answers.answers(Case(rows, TRIALS, area="oulu"), spoken(code)) for code in CODES}
        assert len({tuple((one.about, one.kind) for one in found) for found in said.values()}) == 1
        for found in said.values():
            assert sum(len(words_of(one).split(" ")) for one in found) <= MOST_WORDS
            assert all(len(one.text.split(" ")) <= LONGEST for one in found)


def test_four_questions_are_always_answered_and_public_statistics_where_they_are():
    rows = random_results(1)
    asked = [one.about for one in answers.answers(Case(rows, TRIALS, area="oulu"), get("en"))]
    assert asked == ["public", "work", "services", "cost", "trust"]
    nothing = rows[rows["topic"] == "none"]
    left = answers.answers(Case(nothing, TRIALS, area="oulu"), get("en"))
    assert [(one.about, one.kind) for one in left] == [
        (name, "not_run") for name in ("work", "services", "cost", "trust")
    ]


@pytest.mark.parametrize(
    ("intervals", "kind"),
    [
        ([(-1, 2), (-2, 1), (-1, 1)], "none"),
        ([(1, 2), (0.5, 1), (0.1, 1)], "rose"),
        ([(-2, -1), (-2, -0.5), (-3, -1)], "fell"),
        ([(1, 2), (-2, 1), (-1, 1)], "some_rose"),
        ([(-1, 2), (-2, 1), (-3, -1)], "some_fell"),
        ([(1, 2), (-2, -1), (1, 2)], "depends"),
    ],
)
def test_public_statistics_speak_for_all_baselines(intervals, kind):
    rows = random_results(2)
    public = rows["measure"] == "did"
    rows.loc[public, ["ci_low", "ci_high"]] = np.array(intervals, dtype=float)
    found = answers.answers(Case(rows, TRIALS, area="oulu"), get("en"))[0]
    assert (found.kind, found.real, len(found.bars)) == (kind, True, 3)
    assert "months" not in found.text
    part = rows[rows["window"] != "2021-07"]
    told = answers.answers(Case(part, TRIALS, area="oulu"), get("en"))[0].text
    assert told == f"{found.text} Only 11 of the year's 12 months are held."
