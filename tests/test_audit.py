"""The audit finds every planted leak of the kinds that it looks for, and none in a clean ledger."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

import ledger_example
from evaluation.results import audit, disclosure, ledger, rules
from small_register import TRIALS

PROFILE = rules.read_profile()
EXACT = dataclasses.replace(PROFILE, base=1)


def make(cells, **fixed):
    return ledger.rows(pd.DataFrame(cells), **{"area": "oulu", "simulated": True, **fixed})


def years(counts, *, hidden=()):
    """Episodes of an arm by year and in all; the hidden ones as the clearing leaves them."""
    frame = pd.DataFrame({"window": list(counts), "estimate": list(counts.values()), "persons": 300.0})
    frame["status"] = np.where(frame["window"].isin(hidden), "suppressed", "ok")
    frame.loc[frame["window"].isin(hidden), ["estimate", "persons"]] = np.nan
    return make(frame, topic="cohort", measure="episodes", unit="episodes", item="pilot")


def found(rows, *, profile=PROFILE, **more):
    return audit.audit(rows, TRIALS, profile=profile, **more)


def test_a_hidden_count_that_follows_by_subtraction_is_found():
    rows = years({"after_1": 400.0, "after_2": 25.0, "after_3": 300.0, "after": 725.0}, hidden=["after_2"])
    assert found(rows, profile=EXACT)[["kind", "window"]].values.tolist() == [["recovered", "after_2"]]


@pytest.mark.parametrize(("base", "kinds"), [(1, ["recovered"]), (2, ["bounded"]), (5, [])])
def test_a_hidden_count_that_is_bounded_within_three_is_found(base, kinds):
    rows = years({"after_1": 400.0, "after_2": 30.0, "after_3": 300.0, "after": 730.0}, hidden=["after_2"])
    assert found(rows, profile=dataclasses.replace(PROFILE, base=base))["kind"].tolist() == kinds


def test_sums_that_cross_are_solved_together():
    """The hidden municipality of one window follows only through another relation."""
    codes = {"item": ["001", "002"], "estimate": [100.0, np.nan], "status": ["ok", "suppressed"]}
    places = make(codes, topic="description", measure="municipality_episodes", window="after",
                  unit="episodes", persons=100.0)  # fmt: skip
    arms = years({"after_1": 50.0, "after_2": 60.0, "after_3": 12.0})
    total = years({"after": 0.0}, hidden=["after"])
    rows = pd.concat([places, arms, total], ignore_index=True)
    assert set(found(rows, profile=EXACT)["item"]) == {"002", "pilot"}
    assert found(pd.concat([places, total], ignore_index=True), profile=EXACT).empty


def test_rounded_parts_that_all_lie_at_one_end_undo_the_rounding():
    """Each part is at the lowest that its rounding allows, the total at the highest."""
    rows = years({"after_1": 400.0, "after_2": 10.0, "after_3": 300.0, "after": 700.0})
    assert found(rows).empty  # 10, 11 and 12 are still possible
    tight = years({"after_1": 405.0, "after_2": 15.0, "after_3": 300.0, "after": 712.0})
    assert "rounding undone" in set(found(tight.assign(estimate=[405.0, 20.0, 305.0, 722.0]))["kind"])


def test_a_mean_with_too_many_digits_undoes_the_count_and_one_cleared_does_not():
    cells = {"estimate": [17 + 5 / 67], "persons": 67.0, "episodes": 67.0, "outcome": "service_days_12m"}
    exact = make(cells, topic="description", measure="mean", unit="days", item="pilot", window="2019Q2")
    written = exact.assign(episodes=65.0, persons=65.0)
    assert found(written)["kind"].tolist() == ["rounding undone"]
    assert found(disclosure.clear(exact, TRIALS)).empty


def test_an_item_of_euros_that_follows_from_its_payer_is_found():
    cells = {
        "item": ["service:state", "training:state", "state"],
        "measure": ["cost_item", "cost_item", "mean_cost"],
        "estimate": [np.nan, 400.0, 450.0],
        "status": ["suppressed", "ok", "ok"],
    }
    rows = make(cells, topic="cost", unit="eur", window="after", persons=100.0, episodes=100.0, group="pilot")
    assert found(rows)[["kind", "item"]].values.tolist() == [["euros follow", "service:state"]]


def test_a_count_follows_from_its_ratio_to_public_statistics():
    cells = {"estimate": [317 / 6003], "persons": [315.0]}
    rows = make(cells, topic="quality", measure="register_to_statistics", unit="ratio", item="oulu")
    assert found(rows)["what"].tolist() == ["ratio to the public statistics"]
    assert found(disclosure.clear(rows, TRIALS)).empty


def test_two_releases_that_differ_by_one_person_are_found_and_clearing_against_the_first_mends_it():
    def cells(more):
        counts = {"estimate": [42.0 + more, 500.0], "item": ["001", "002"], "persons": [42.0 + more, 500.0]}
        return make(
            counts, topic="description", measure="municipality_episodes", window="after", unit="episodes"
        )

    first = disclosure.clear(cells(0), TRIALS)
    careless = disclosure.clear(cells(1), TRIALS)
    assert set(found(careless, before=first)["kind"]) == {"few differ"}
    assert found(disclosure.clear(cells(1), TRIALS, previous=first), before=first).empty
    assert found(disclosure.clear(cells(20), TRIALS, previous=first), before=first).empty


def test_what_an_earlier_release_hid_must_not_be_shown():
    few = {"estimate": [9.0, 40.0], "item": ["a", "b"], "persons": [9.0, 40.0]}
    kind = {"topic": "cohort", "measure": "persons", "unit": "persons", "group": "x"}
    first = disclosure.clear(make(few, **kind), TRIALS)
    later = make({**few, "estimate": [30.0, 61.0], "persons": [30.0, 61.0]}, **kind)
    assert "shown again" in set(found(disclosure.clear(later, TRIALS), before=first)["kind"])
    assert found(disclosure.clear(later, TRIALS, previous=first), before=first).empty


def test_relations_that_the_numbers_contradict_do_not_stop_the_others():
    rows = years({"after_1": 400.0, "after_2": 25.0, "after_3": 300.0, "after": 725.0}, hidden=["after_2"])
    wrong = rows.assign(area="lahti", estimate=[400.0, np.nan, 300.0, 100.0])
    both = pd.concat([rows, wrong], ignore_index=True)
    assert found(both, profile=EXACT)["area"].tolist() == ["oulu"]


def test_a_cleared_ledger_has_no_finding_and_findings_name_cell_and_remedy_but_no_value():
    undone = found(disclosure.clear(ledger_example.example(), TRIALS))
    assert undone[undone["kind"] != "out of range"].empty  # intervals of the example are made up
    rows = years({"after_1": 400.0, "after_2": 25.0, "after_3": 300.0, "after": 725.0}, hidden=["after_2"])
    said = audit.in_words(found(rows, profile=EXACT))
    assert said.startswith("episodes [oulu, target_group, pilot, after_2]: a hidden count follows from a sum")
    assert "25" not in said
