"""A second reform through its study file alone: arms, a known effect, public statistics and words."""

import re
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from conftest import REFERENCE
from evaluation.cohorts.cohort import inflow
from evaluation.cohorts.comparison import compare
from evaluation.cohorts.places import places
from evaluation.inference.area import effect
from evaluation.outcomes.measures import measure
from evaluation.registers import ingest, stored
from evaluation.registers.reference import areas as known_areas
from evaluation.registers.reference import reference
from evaluation.results import ledger
from evaluation.simulation.register import simulate
from evaluation.statistics import gaps, public_rows, statfin
from evaluation.study import read_study
from evaluation.words import labels, public
from evaluation.words.findings import Case
from evaluation.words.language import CODES, get
from messages import messages
from small_register import TRIALS

ROOT = Path(__file__).parents[1]
AREAS_2025 = read_study(ROOT / "studies" / "tyollisyysalueet-2025.toml")
REAL = ROOT.parent / "shared" / "statfin"
needs_real = pytest.mark.skipif(not REAL.exists(), reason="the StatFin files are not beside the project")
EFFECT = 0.2


@pytest.fixture(scope="module")
def municipalities():
    return reference("municipalities", REFERENCE)


@pytest.fixture(scope="module")
def episodes(tmp_path_factory, municipalities):
    """Twenty percentage points wherever services moved, on a register that reaches 2026."""
    folder = tmp_path_factory.mktemp("second")
    table = reference(AREAS_2025.areas.table, REFERENCE)
    simulate(
        folder / "raw",
        AREAS_2025,
        persons=30_000,
        seed=3,
        reference=REFERENCE,
        effects=dict.fromkeys(table["area"], EFFECT),
        dirt=0.0,
    )
    ingest.ingest(folder / "raw", folder / "processed", reference=REFERENCE)
    register = stored.load(folder / "processed")
    found = inflow(register, AREAS_2025, municipalities=municipalities).episodes
    return found.join(measure(register, found, AREAS_2025))


def test_those_who_moved_are_compared_with_those_who_had_organised_the_services_themselves(municipalities):
    arm = places(municipalities, AREAS_2025.areas)
    trials = places(municipalities, TRIALS.areas)["arm"]
    assert (trials[arm["arm"] == "comparison"] == "pilot").all()
    size = municipalities.set_index("municipality")["labour_force"]
    others = trials.index[(trials == "pilot") & (arm["arm"] == "excluded")]  # the six largest cities
    assert set(others) == set(size.nlargest(6).index)
    assert size[others].min() > size[arm.index[arm["arm"] == "pilot"]].max()
    moved = arm[arm["arm"] == "pilot"]
    assert set(trials[moved.index]) == {"comparison", "possible_pilot"}
    # by document 004 a comparison municipality of the trials, and alone in its area
    assert moved.index[moved["area"] == "kouvola"].tolist() == ["286"]
    assert (arm.loc[arm["arm"] != "pilot", "area"] == "").all()
    table = reference(AREAS_2025.areas.table, REFERENCE)
    assert set(moved["area"]) == set(table["area"]) <= known_areas(REFERENCE)
    of = municipalities.set_index("municipality")["employment_area_2025_fi"]
    names = pd.DataFrame({"slug": moved["area"], "name": of[moved.index]}).drop_duplicates()
    assert dict(zip(names["slug"], names["name"], strict=True)) == dict(
        zip(table["area"], table["name_fi"], strict=True)
    )


def test_a_known_effect_of_the_second_reform_is_recovered(episodes, municipalities):
    data = compare(episodes, AREAS_2025, area="all", municipalities=municipalities)
    assert data.before == ("2023-01-01", "2023-12-31") and data.after[0] == "2025-01-01"
    found = effect(data, outcomes=AREAS_2025.outcomes.headline).iloc[0]
    assert found["ci_low"] < EFFECT < found["ci_high"] and found["ci_low"] > 0
    earlier = compare(
        episodes,
        AREAS_2025,
        area="all",
        before=AREAS_2025.trend_baseline,
        after=AREAS_2025.main_baseline,
        municipalities=municipalities,
    )
    placebo = effect(earlier, outcomes=AREAS_2025.outcomes.headline).iloc[0]
    assert placebo["ci_low"] < 0 < placebo["ci_high"]


def test_project_money_of_the_preparation_is_told_by_payer_and_is_no_cost_of_the_trials():
    projects = reference("project_money", REFERENCE)
    rows = ledger.rows(public_rows.project_rows(projects, areas=["kouvola"]))
    assert dict(zip(rows["item"], rows["estimate"], strict=True)) == {
        "Kouvola": 430_000,
        "Kinno": 160_000,
        "Eduko": 225_000,
    }
    said = public.project_money(Case(rows, AREAS_2025, area="kouvola"), get("fi"))
    assert "815\xa0000\xa0€" in said[0].text and "Eduko 225\xa0000\xa0€" in said[0].text
    assert set(rows["topic"]) == {"public_statistics"}
    trials = reference(TRIALS.areas.table, REFERENCE)["area"].tolist()
    assert public_rows.project_rows(projects, areas=trials).empty
    assert not reference("unit_costs", REFERENCE)["item"].str.contains("Kouvola").any()


@pytest.mark.parametrize("code", CODES)
def test_no_page_of_the_second_reform_speaks_of_a_trial(code):
    """Apart from sentences of its own that name the trials of 2021-2024, and from the target trial."""
    spoken = labels.in_study(get(code), AREAS_2025)
    said = [spoken.in_terms(spoken.translate(message)) for message in messages(ROOT / "src")]
    names = tomllib.loads((ROOT / "src/evaluation/words/names.toml").read_text("utf-8"))
    said += [spoken.in_terms(one[code]) for kind in names.values() for one in kind.values()]
    trial = {
        "fi": r"(?<!työ)kokeilu",
        "sv": r"försök(?! \(target)",
        "en": r"(?<!target )\btrials?\b|\bpilot",
    }[code]
    told = [text for text in said if re.search(trial, text.replace("{pilot}", ""), re.IGNORECASE)]
    assert [text for text in told if "imitates" not in text] == []
    office = {"fi": "TE-toimisto", "sv": "TE-byrå", "en": "TE.office"}[code]
    assert [text for text in said if re.search(office, text)] == []


def test_a_term_keeps_its_capital_and_its_ending():
    say = labels.terms_of({"kokeilualue*": "työllisyysalue", "kokeilun": "uudistuksen"})
    assert say("Kokeilualueella ennen kokeilun alkua: {kokeilun}") == (
        "Työllisyysalueella ennen uudistuksen alkua: {kokeilun}"
    )


@needs_real
def test_real_statistics_of_june_2026_stand_beside_the_earlier_years(municipalities):
    latest = statfin.read(REAL / "12r5_2026M06_pxweb_json.json")
    earlier = statfin.read(REAL / "12r5.json")
    given = {"municipalities": municipalities}
    table = pd.concat([earlier, latest[["municipality", "month", "unemployed", "labour_force"]]])
    found = gaps.gaps(table, AREAS_2025, **given).query("area == 'all'").set_index("window")["gap"]
    assert found.round(2).to_dict() == {"year_2022": -1.51, "year_2023": -1.39, "after_2": -1.94}
    change = gaps.did(table, AREAS_2025, seed=1, **given)
    assert change["window"].eq("after_2").all() and {"all", "kouvola"} <= set(change["area"])
