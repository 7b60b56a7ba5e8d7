"""Reference data as committed, and what happens when somebody edits it wrongly."""

from pathlib import Path

import pandas as pd
import pytest

from evaluation.registers.reference import reference

FOLDER = Path(__file__).parents[1] / "data" / "raw" / "reference"


def test_the_published_counts_of_areas_and_municipalities():
    areas, municipalities = reference("pilot_areas", FOLDER), reference("municipalities", FOLDER)
    assert len(areas) == 23
    assert areas["membership"].value_counts().to_dict() == {"confirmed": 21, "partial": 1, "unconfirmed": 1}
    counts = municipalities["status"].value_counts().to_dict()
    assert counts == {"comparison": 158, "pilot": 102, "possible_pilot": 49}
    assert municipalities.query("pilot_area == 'pirkanmaa'")["municipality"].nunique() == 22
    assert municipalities.set_index("municipality").loc["400", "pilot_area"] == "turku"  # Laitila
    assert municipalities.set_index("municipality").loc["098", "pilot_area"] == "lahti"  # Hollola


def test_service_codes_are_text_so_that_5_and_05_stay_different_services():
    codes = reference("service_codes", FOLDER).set_index("code_statfi")["lmp_name_en"]
    assert codes["5"] == "Career coaching"
    assert codes["05"] == "Rehabilitative work"
    assert codes["0"] == "Labour market training"
    assert "00" not in codes


def test_the_municipal_share_is_nothing_until_300_days_half_from_300_and_70_percent_from_1000():
    every = reference("municipal_share", FOLDER)
    rule = every[every["valid_from"] == pd.Timestamp("2015-01-01")]
    paid_before = [0, 299, 300, 999, 1000, 5000]
    until = rule["paid_days_until"].fillna(float("inf"))
    shares = [rule["share"][(rule["paid_days_from"] <= day) & (day < until)].item() for day in paid_before]
    assert shares == [0.0, 0.0, 0.5, 0.5, 0.7, 0.7]
    assert (rule["valid_until"] == pd.Timestamp("2024-12-31")).all()
    assert (every["law"] != "").all()


def test_every_fact_names_its_source():
    for name in ("pilot_areas", "unit_costs", "service_codes", "municipal_share", "baseline_by_area"):
        assert (reference(name, FOLDER)["source"] != "").all(), name


def test_unit_costs_are_numbers_and_say_when_they_are_bounds():
    costs = reference("unit_costs", FOLDER)
    assert costs["value"].dtype == float and costs["value"].notna().all()
    assert costs.query("value_qualifier == 'more than'")["value"].tolist() == [400.0]


def test_a_table_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(FileNotFoundError, match=r"unit_cost.csv is missing.*service_codes"):
        reference("unit_cost", FOLDER)


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.csv")), ids=lambda file: file.stem)
def test_no_cell_of_a_reference_table_begins_or_ends_with_a_blank(file):
    cells = pd.read_csv(file, dtype=str, keep_default_na=False)
    assert (cells == cells.map(str.strip)).all(axis=None)
    assert [name.strip() for name in cells] == list(cells)
