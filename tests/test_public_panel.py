"""Synthetic comparisons and quarters of public statistics: by hand, on known truth, and on the real file."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation.inference import public_panel
from evaluation.results import ledger
from evaluation.statistics import gaps, public_rows, statfin
from evaluation.words import comparisons, labels, public
from evaluation.words.findings import Case, side
from evaluation.words.language import CODES, get
from small_register import TRIALS

ROOT = Path(__file__).parents[1]
REAL = ROOT.parent / "shared" / "statfin" / "12r5.json"
needs_real = pytest.mark.skipif(not REAL.exists(), reason="the StatFin files are not beside the project")
MONTHS = np.arange(TRIALS.baselines["2018_19"].months[0], TRIALS.after.months[1] + 1)
SINCE = TRIALS.start_month <= MONTHS


def places(members, others):
    """A pilot area and its comparison municipalities, six to a region."""
    code = [f"{number:03d}" for number in range(1, members + others + 1)]
    pilot = np.arange(members + others) < members
    return pd.DataFrame(
        {
            "municipality": code,
            "status": np.where(pilot, "pilot", "comparison"),
            "pilot_area": np.where(pilot, "a", ""),
            "region_code": np.where(pilot, "99", (np.arange(len(code)) // 6).astype(str)),
        }
    )


def statistics(levels, force):
    """The table of shares (municipality × month, per cent) and labour forces."""
    code, month = np.meshgrid([f"{n:03d}" for n in range(1, len(levels) + 1)], MONTHS, indexing="ij")
    table = {
        "municipality": code.ravel(),
        "month": month.ravel(),
        "labour_force": np.repeat(force, len(MONTHS)),
    }
    return pd.DataFrame(table).assign(unemployed=lambda rows: rows["labour_force"] * levels.ravel() / 100)


def drawn(seed, *, effect=0.0, members=3, others=40):
    """Municipalities that move with common factors of their own strength, and the area with an effect."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(0, 0.15, (2, len(MONTHS))).cumsum(axis=1)
    force = rng.uniform(2_000, 20_000, members + others)
    levels = (
        12 + rng.normal(0, 2, (members + others, 1)) + rng.normal(1, 0.4, (members + others, 2)) @ factors
    )
    levels += rng.normal(0, 0.3, levels.shape)
    levels[:members, SINCE] += effect
    return statistics(levels, force), places(members, others)


def changes(table, municipalities, **given):
    found = public_panel.synthetic_changes(table, TRIALS, municipalities=municipalities, seed=1, **given)
    return found[found["area"] == "a"].set_index("method")


def test_an_area_that_is_the_mean_of_two_municipalities_gains_what_was_added_by_hand():
    rng = np.random.default_rng(2)
    levels = 10 + rng.normal(0, 1, (25, len(MONTHS)))
    levels[0] = (levels[3] + levels[4]) / 2 + np.where(SINCE, 1.5, 0.0)
    found = changes(statistics(levels, np.full(25, 1000.0)), places(1, 24)).loc["synthetic_control"]
    assert found["estimate"] == pytest.approx(1.5, abs=1e-4) and found["fit_before"] < 1e-4


def test_a_known_effect_is_covered_and_none_is_seldom_found():
    runs = {
        effect: [changes(*drawn(seed, effect=effect), draws=399) for seed in range(30)]
        for effect in (0.0, 1.0)
    }
    for method in ("synthetic_did", "synthetic_control"):
        for effect, tables in runs.items():
            rows = pd.DataFrame([table.loc[method] for table in tables])
            error = (rows["estimate"] - effect).astype(float)
            assert abs(error.mean()) < 3.5 * error.std() / np.sqrt(len(error))
            assert rows["ci_low"].le(effect).mul(rows["ci_high"].ge(effect)).mean() >= 0.85
        none = pd.DataFrame([table.loc[method] for table in runs[0.0]])
        assert none["p_value"].le(0.05).mean() <= 0.15


def test_seasons_do_not_pass_for_changes():
    table, municipalities = drawn(1)
    given = {"municipalities": municipalities, "seed": 1}
    short = table[table["month"] < TRIALS.start_month + 11]
    assert public_panel.synthetic_changes(short, TRIALS, **given).empty
    assert public_panel.ledger_rows(short, TRIALS, areas=["a"], **given).empty


def test_inputs_are_not_changed_and_the_same_seed_gives_the_same_rows():
    table, municipalities = drawn(3)
    before = table.copy(), municipalities.copy()
    one, two = (changes(table, municipalities) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)
    pd.testing.assert_frame_equal(table, before[0])
    pd.testing.assert_frame_equal(municipalities, before[1])


def with_layoffs(seed):
    """In the exceptional year and after it two points more are laid off in the area."""
    table, municipalities = drawn(seed)
    exceptional = table["month"].between(*TRIALS.baselines["covid"].months) & table["municipality"].le("003")
    laid_off = np.where(exceptional, 0.02 * table["labour_force"], 0.0)
    return table.assign(unemployed=table["unemployed"] + laid_off, laid_off=laid_off), municipalities


def test_quarters_and_the_part_that_lay_offs_have_by_hand():
    table, municipalities = with_layoffs(4)
    asked = {"municipalities": municipalities, "areas": ["a"], "seed": 1, "draws": 99}
    rows = ledger.rows(public_rows.event_rows(table, TRIALS, **asked))
    assert rows["window"].iloc[0] == "2018Q2" and rows["x"].min() == -11
    gap = (
        gaps.gaps(
            table, TRIALS, municipalities=municipalities, windows={"base": (590, 601), "2020Q3": (606, 608)}
        )
        .query("area == 'a'")
        .set_index("window")["gap"]
    )
    row = rows.query("area == 'a' and window == '2020Q3' and outcome == 'unemployed_share'").iloc[0]
    assert row["estimate"] == pytest.approx(gap["2020Q3"] - gap["base"])
    both = rows.query("area == 'a' and window == '2020Q3'").set_index("outcome")["estimate"]
    assert both["unemployed_share"] - both["unemployed_without_layoffs_share"] == pytest.approx(2.0)

    rows = ledger.rows(public_rows.ledger_rows(table, TRIALS, **asked))
    said = public.layoffs(Case(rows, TRIALS, area="a"), labels.in_study(get("en"), TRIALS))
    assert said.text.endswith("Lay-offs account for −2.00\xa0percentage points of it.")
    bare = rows[rows["outcome"] == "unemployed_share"]
    language = labels.in_study(get("en"), TRIALS)
    assert public.layoffs(Case(bare, TRIALS, area="a"), language).kind == "unknown"


def test_synthetic_tests_belong_to_the_family_of_the_area():
    table, municipalities = drawn(5)
    asked = {"municipalities": municipalities, "areas": ["a"], "seed": 1, "draws": 99}
    matched = public_panel.ledger_rows(table, TRIALS, **asked)
    rows = ledger.rows(public_rows.ledger_rows(table, TRIALS, also=matched, **asked))
    own = rows[(rows["area"] == "a") & (rows["measure"] == "p_adjusted")]
    assert set(own["specification"]) == {"baseline_2019_20", "synthetic_control", "synthetic_did"}
    assert len(own) == 5 and own["method"].eq("Holm over 5 tests: shares, years and methods").all()
    text = comparisons.public_family(Case(rows, TRIALS, area="a"), get("en")).text
    assert "of the 5 changes (by share, year and method)" in text


@pytest.mark.parametrize("code", CODES)
def test_an_earlier_study_agrees_or_not_with_the_pooled_figure(code):
    language = labels.in_study(get(code), TRIALS)
    row = {"area": "all", "topic": "public_statistics", "measure": "synthetic", "unit": "points",
           "outcome": "unemployed_share", "specification": "synthetic_did", "status": "ok",
           "estimate": 0.25, "ci_low": -0.1, "ci_high": 0.6, "simulated": False}  # fmt: skip
    for low, kind in ((-0.1, "agrees"), (0.1, "differs")):
        (said,) = public.earlier(
            Case(ledger.rows(pd.DataFrame([row | {"ci_low": low}])), TRIALS, area="all"), language
        )
        assert said.kind == kind and "VATT" in said.text and "0,25" in said.text.replace(".", ",")


@pytest.mark.parametrize("missing", [["ci_low"], ["ci_high"], ["ci_low", "ci_high"]])
def test_an_estimate_without_interval_says_no_direction(missing):
    row = {"topic": "public_statistics", "unit": "points", "outcome": "unemployed_share", "estimate": 0.25,
           "ci_low": 0.1, "ci_high": 0.4} | dict.fromkeys(missing, np.nan)  # fmt: skip
    of_methods = [row | {"measure": "synthetic", "specification": name} for name in public.METHODS]
    of_bill = [row | {"measure": "did", "outcome": name} for name in public.SHIFT]
    of_bill = [one | {"specification": f"baseline_{TRIALS.main_baseline}"} for one in of_bill]
    rows = ledger.rows(pd.DataFrame([*of_methods, *of_bill]), area="all", simulated=False)
    language = labels.in_study(get("en"), TRIALS)
    case = Case(rows, TRIALS, area="all")
    assert public.synthetic(case, language) == [] and public.earlier(case, language) == []
    assert public.cost_shift(case, language) is None
    assert side(*rows.loc[0, ["ci_low", "ci_high"]]) == "both"


def test_a_figure_that_is_missing_is_compared_with_nothing():
    rows = [{"item": f"0;{place}", "estimate": value} for place, value in ((0, 0.2), (1, np.nan))]
    rows = [row | {"outcome": "activation_rate", "window": "baseline_2019_20"} for row in rows]
    rows = ledger.rows(pd.DataFrame(rows), area="porvoo", topic="public_statistics", measure="asked",
                       unit="share", simulated=False)  # fmt: skip
    rows["window"] = TRIALS.questions[0].windows[0]
    language = labels.in_study(get("en"), TRIALS)
    asked, *_ = public.questions(Case(rows, TRIALS, area="porvoo"), language, area="porvoo")
    assert "rest of Uusimaa not available." in asked.text and "than rest of Uusimaa" not in asked.text


def test_questions_are_answered_by_hand_or_said_to_be_unanswerable():
    municipalities = pd.DataFrame(
        {
            "municipality": ["638", "049", "091", "851"],
            "status": ["pilot", "pilot", "pilot", "pilot"],
            "pilot_area": ["porvoo", "espoo", "helsinki", "rovaniemi"],
            "region_code": ["01", "01", "01", "19"],
            "urban_rural_fi": "Kaupunkimaiset kunnat",
            "labour_force": [25_000.0, 150_000.0, 350_000.0, 10_000.0],
        }
    )
    months = range(TRIALS.baselines["2019_20"].months[0], TRIALS.baselines["2019_20"].months[1] + 1)
    services = dict.fromkeys(
        ["subsidised_work", "work_practice", "work_trial", "coaching", "other_services"], 0.0
    )
    table = pd.DataFrame(
        [
            {
                "municipality": code,
                "month": month,
                "labour_force": 1000.0,
                "unemployed": 80.0,
                "training": there,
            }
            | services
            for code, there in (("638", 20.0), ("049", 20.0), ("091", 60.0), ("851", 0.0))
            for month in months
        ]
    )
    rows = ledger.rows(public_rows.question_rows(table, TRIALS, municipalities=municipalities))
    rate = rows[rows["outcome"] == "activation_rate"].set_index("item")["estimate"]
    assert rate["0;0"] == pytest.approx(20 / 100)
    assert rate["0;1"] == pytest.approx(80 / 240)  # Espoo and Helsinki, without Porvoo
    language = labels.in_study(get("en"), TRIALS)
    first, second = public.questions(Case(rows, TRIALS, area="porvoo"), language, area="porvoo")
    assert first.kind == "answered" and "Porvoo 20.0%; rest of Uusimaa 33.3%" in first.text
    assert first.text.endswith("Porvoo: 13.3\xa0percentage points lower than rest of Uusimaa.")
    assert second.kind == "not_held" and "do not hold the figures" in second.text
    (unanswerable,) = public.questions(Case(rows, TRIALS, area="all"), language, area="all")
    assert "cannot be answered" in unanswerable.text
    assert public.questions(Case(rows, TRIALS, area="salo"), language, area="salo") == []


def test_an_area_without_confirmed_members_says_so_and_not_that_nothing_was_read():
    missing = {
        "topic": "public_statistics",
        "measure": "did",
        "status": "missing",
        "outcome": "unemployed_share",
    }
    rows = ledger.rows(pd.DataFrame([missing]), area="a", simulated=False)
    language = labels.in_study(get("en"), TRIALS)
    found = comparisons.public_source(Case(rows, TRIALS, area="a"), language)
    assert found.kind == "missing" and "No municipality is confirmed" in found.text
    nothing = comparisons.public_source(Case(rows.iloc[:0], TRIALS, area="a"), language)
    assert nothing.kind == "missing" and "evaluation fetch" in nothing.text


@needs_real
def test_the_pooled_figure_of_the_real_file_agrees_with_the_earlier_report():
    from evaluation.registers.reference import reference

    municipalities = reference("municipalities", ROOT / "data" / "raw" / "reference")
    found = public_panel.synthetic_changes(
        statfin.read(REAL), TRIALS, municipalities=municipalities, seed=1
    ).set_index(["area", "method"])
    for method, estimate in (("synthetic_did", 0.25), ("synthetic_control", 0.09)):
        row = found.loc[("all", method)]
        assert row["estimate"] == pytest.approx(estimate, abs=0.005)
        assert row["ci_low"] < 0 < row["ci_high"]
