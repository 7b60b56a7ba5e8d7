"""The example layouts go through as they are, without a line of code."""

import tomllib
from pathlib import Path

import pytest

from evaluation.deliveries.guess import guess
from evaluation.registers import ingest as registers
from evaluation.registers import stored
from evaluation.registers.rules import judge
from test_registers import REFERENCE

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"


@pytest.mark.parametrize("form", ["folk", "ura"])
def test_an_example_is_read_without_a_loss(form, tmp_path):
    quality = registers.ingest(EXAMPLES / form, tmp_path, reference=REFERENCE)
    found = stored.load(tmp_path)
    assert found.simulated and len(found.persons) == 40
    judged = judge(quality, {})
    assert judged.query("rule == 'rows_lost'")["rows"].sum() == 0
    assert not judged.query("limit == 'stop'").size
    states = set(found.spells["state"])
    assert (
        states
        >= {"folk": {"open_employment", "unemployed"}, "ura": {"unemployed", "laid_off", "service"}}[form]
    )


def test_a_person_year_module_is_read_as_persons_and_as_stays(tmp_path):
    quality = registers.ingest(EXAMPLES / "folk", tmp_path, reference=REFERENCE)
    found = stored.load(tmp_path)
    assert quality.query("table == 'persons' and rule == 'earlier_row'")["rows"].item() == 120
    assert (found.residence["end"] - found.residence["start"]).isin([365, 366]).all()
    assert set(found.persons["native_language"]) == {"fi", "sv", "other"}


def test_pay_subsidies_given_as_a_service_are_subsidised_work(tmp_path):
    registers.ingest(EXAMPLES / "ura", tmp_path, reference=REFERENCE)
    spells = stored.load(tmp_path).spells
    assert set(spells.loc[spells["code"] == "80", "state"]) == {"subsidised_employment"}


@pytest.mark.parametrize("form", ["folk", "ura"])
def test_a_layout_is_guessed_for_each_form(form):
    draft = tomllib.loads(guess(EXAMPLES / form))
    assert set(draft["files"]) >= {"persons", "spells", "benefits", "earnings"}
