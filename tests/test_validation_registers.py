"""Known truth on registers: paired histories, costs by payer, and what the validation page says of them."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from validation import page, registers, verdicts
from validation import rows as validation_rows
from validation.pairs import paired_registers, priced_episodes
from validation.registers import COSTS, MEASURED, everywhere, known_truth_registers, register_runs
from validation.study import operating_characteristics, write

from evaluation.cohorts import cohort
from evaluation.costs import assumptions
from evaluation.costs import payers as costs
from evaluation.registers import ingest, stored
from evaluation.registers.reference import reference as read_reference
from evaluation.simulation.register import draw, simulate
from small_register import TRIALS

REFERENCE = Path(__file__).parents[1] / "data" / "raw" / "reference"
SMALL = {"persons": 12_000, "seed": 7, "reference": REFERENCE}
KEYS = ["quantity", "perspective", "method"]


@pytest.fixture(scope="module")
def effects():
    return everywhere(TRIALS, REFERENCE, work=0.1, service_days=2.0)


@pytest.fixture(scope="module")
def small(effects):
    return draw(TRIALS, **SMALL, effects=effects)


@pytest.fixture(scope="module")
def priced(small):
    return priced_episodes(small, names=MEASURED, seed=7, reference=REFERENCE, study=TRIALS)


@pytest.fixture(scope="module")
def runs(effects):
    return register_runs(5, persons=40_000, reference=REFERENCE, effects=effects, study=TRIALS, draws=199)


def test_the_register_in_memory_is_the_one_that_a_delivery_becomes(small, effects, tmp_path):
    simulate(tmp_path / "register", TRIALS, **SMALL, effects=effects, dirt=0.0)
    ingest.ingest(tmp_path / "register", tmp_path, reference=REFERENCE)
    delivered = stored.load(tmp_path)
    in_memory = paired_registers(small, seed=7).register
    priced = []
    for one in (delivered, in_memory):
        found = cohort.inflow(
            one, TRIALS, municipalities=read_reference("municipalities", REFERENCE)
        ).episodes
        paid = costs.cost(
            one, found, months=(12,), price_year=2024, discount_rate=0.0,
            reference=assumptions.cost_reference(REFERENCE),
        )[list(COSTS)]  # fmt: skip
        # persons are numbered differently: compare the sorted rows
        rows = paid.assign(day=found["index_day"], home=found["municipality"].astype(int)).fillna(-1)
        priced.append(rows.sort_values(list(rows)).to_numpy())
    np.testing.assert_allclose(priced[0], priced[1], atol=0.005)


def test_true_costs_of_the_payers_add_up_to_the_public_total(priced):
    truth = priced.filter(like="true_cost_").dropna()
    assert len(truth) > 200
    payers = truth.drop(columns="true_cost_all_public_12m_eur").sum(axis=1)
    np.testing.assert_allclose(payers, truth["true_cost_all_public_12m_eur"], atol=0.005)


def test_true_effects_are_those_that_were_set_and_work_saves_money(priced):
    truth = priced.filter(like="true_").mean()
    assert truth["true_open_employment_12m"] == pytest.approx(0.1, abs=0.01)
    assert truth["true_open_employment_days_12m"] > 0
    assert truth["true_cost_all_public_12m_eur"] < 0


def test_without_effect_the_two_histories_cost_the_same():
    drawn = draw(TRIALS, **SMALL, effects={})
    found = priced_episodes(drawn, names=MEASURED, seed=7, reference=REFERENCE, study=TRIALS)
    truth = found.filter(like="true_").dropna()
    assert len(truth) and (truth == 0).all(axis=None)
    for name in ("person", "start", "end", "label"):
        np.testing.assert_array_equal(getattr(drawn.line, name), getattr(drawn.without, name))


def test_every_area_gets_every_interval(runs):
    table = runs.groupby("area")[KEYS].apply(lambda rows: rows.drop_duplicates().shape[0])
    assert len(table) >= 15
    assert (table == table.iloc[0]).all()
    intervals = runs[runs["quantity"] != "ratio"]
    assert (
        (intervals["ci_low"] < intervals["estimate"]) & (intervals["estimate"] < intervals["ci_high"])
    ).all()
    assert (
        intervals["covered"] == intervals["truth"].between(intervals["ci_low"], intervals["ci_high"])
    ).all()
    assert runs["truth"].notna().all()


def test_a_net_benefit_is_the_value_of_the_months_minus_the_cost(runs):
    truth = runs[runs["method"] != "naive_clustered"].set_index(["area", "quantity", "perspective"])["truth"]
    helsinki = truth["helsinki"]
    expected = 2000 * helsinki["months", ""] - helsinki["delta_cost", "state"]
    assert helsinki["net_benefit_2000", "state"] == pytest.approx(expected)
    assert helsinki["ratio", "state"] == pytest.approx(
        helsinki["delta_cost", "state"] / helsinki["months", ""]
    )


def test_intervals_in_use_cover_more_often_than_the_usual_ones(runs):
    table = operating_characteristics(runs).set_index(["size", *KEYS])["coverage"]["all"]
    headline = table["open_employment_12m", ""]
    # one register of about 20 areas: three Monte Carlo errors below the goal
    assert headline["placebo_areas"] >= 0.93 - 3 * np.sqrt(0.95 * 0.05 / 20)
    assert headline["naive_clustered"] < headline["placebo_areas"]


def test_characteristics_by_hand():
    runs = pd.DataFrame(
        {
            "register": [1, 1, 2, 2],
            "municipalities": [1, 1, 1, 22],
            "quantity": "months",
            "perspective": "",
            "method": "m",
            "kind": "",
            "truth": 0.0,
            "estimate": [1.0, 2.0, 3.0, 4.0],
            "ci_low": [-1.0, -1.0, 1.0, -1.0],
            "ci_high": [3.0, 3.0, 5.0, 9.0],
            "p_value": [0.5, 0.5, 0.01, 0.5],
            "covered": [True, True, False, True],
        }
    )
    table = operating_characteristics(runs).set_index("size")
    assert table["estimates"].to_dict() == {"1": 3, "7 to 22": 1, "all": 4}
    assert table.loc["1", "coverage"] == pytest.approx(2 / 3)
    assert table.loc["1", "false_positive"] == pytest.approx(1 / 3)
    # by hand: register sums of (covered - mean) are 2/3 and -2/3
    assert table.loc["1", "coverage_error"] == pytest.approx(np.sqrt(2 * (2 / 3) ** 2 * 2) / 3)
    assert table.loc["all", "bias"] == 2.5
    assert table.loc["all", "width"] == pytest.approx((4 + 4 + 4 + 10) / 4)


def test_registers_drawn_side_by_side_give_the_same(monkeypatch):
    monkeypatch.setattr(registers, "register_runs", lambda seed, **options: pd.DataFrame({"seed": [seed]}))
    same = {"reference": REFERENCE, "persons": 10, "effects": {}, "study": TRIALS}
    alone = known_truth_registers(range(4), **same)
    with ThreadPoolExecutor(2) as pool:
        pd.testing.assert_frame_equal(alone, known_truth_registers(range(4), **same, executor=pool))


def test_stored_results_are_read_as_written(runs, tmp_path):
    write({"one": runs}, folder=tmp_path, facts={"registers": 1})
    found = page.stored("registers.csv", folder=tmp_path)
    assert page.stored("registers.json", folder=tmp_path) == {"registers": 1}
    assert page.stored("none.csv", folder=tmp_path) is None
    shown = page.registers(found, kind="one", measure="coverage")
    assert (
        shown.index("Open employment after")
        < shown.index("Difference in cost")
        < shown.index("Cost per month")
    )
    assert shown.count("<tr>") == 1 + 2 + 4 + 6 + 3
    assert "all public" in shown


def test_stored_study_is_complete_and_holds_its_level_with_large_shocks():
    found, facts = (page.stored(name) for name in ("registers.csv", "registers.json"))
    assert list(found["kind"].unique()) == facts["kinds"]
    assert (found["registers"] == facts["registers"]).all()
    used = found[found["method"].isin(validation_rows.IN_USE) & (found["size"] == "all")]
    assert (used["coverage"] > 0.93 - 2 * used["coverage_error"]).all()
    null = used[(used["quantity"] == "open_employment_12m") & used["false_positive"].notna()]
    assert (null["estimates"] >= 200).all()
    assert (null["false_positive"] <= 0.07 + 2 * null["false_positive_error"]).all()


def test_words_of_a_table_cannot_become_markup():
    shown = page.table(pd.DataFrame({"<a>": ["<b>"], "n": ["<i>"]}), caption="<c>", texts=1)
    assert not {"<a>", "<b>", "<i>", "<c>"} & {shown[i : i + 3] for i in range(len(shown))}


@pytest.mark.slow
def test_full_known_truth_on_registers_with_large_shocks():
    """Eight registers, 170 areas: costs, months and net benefit hold their level where shocks are 0.03."""
    runs = known_truth_registers(
        range(4000, 4008),
        reference=REFERENCE,
        persons=100_000,
        effects={},
        study=TRIALS,
        area_shock_sd=0.03,
    )
    table = operating_characteristics(runs)
    used = table[table["method"].isin(validation_rows.IN_USE) & (table["size"] == "all")]
    assert (used["coverage"] > 0.93 - 3 * used["coverage_error"].clip(lower=0.01)).all()


def test_verdicts_are_counted_by_kind_and_size_and_shown():
    table = pd.DataFrame(
        {
            "kind": ["fair", "fair", "drift"],
            "episodes": [700, 800, 3000],
            "status": ["pass", "fail", "not_run"],
            "finding": [True, False, True],
            "clear": [False, False, True],
            "half": [0.08, 0.1, 0.05],
        }
    )
    found = verdicts.rates(table).reset_index()
    fair = found.set_index(["kind", "size"]).loc[("fair", "middling")]
    assert fair[["withheld", "unjudged", "passed", "finding", "areas"]].tolist() == [0.5, 0, 0.5, 0.5, 2]
    assert found.set_index("kind").loc["drift", "unjudged"] == 1
    shown = page.verdicts(found)
    assert "drift, no effect" in shown and "<td>9.0</td>" in shown
