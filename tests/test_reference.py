"""Reference data as committed, and what happens when somebody edits it wrongly."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from evaluation.registers import check_reference, reference

FOLDER = Path(__file__).parents[1] / "data" / "raw" / "reference"


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(FOLDER, tmp_path / "reference"))


def edit(folder, name, **changes):
    """Change cells of a table: column=(row key, old value, new value)."""
    path = folder / f"{name}.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    for column, (key, new) in changes.items():
        row = frame.iloc[:, 0] == key
        assert row.any()
        frame.loc[row, column] = new
    frame.to_csv(path, index=False)


def test_the_committed_tables_agree_with_each_other():
    check_reference(FOLDER)


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
    rule = reference("municipal_share", FOLDER)
    paid_before = [0, 299, 300, 999, 1000, 5000]
    until = rule["paid_days_until"].fillna(float("inf"))
    shares = [rule["share"][(rule["paid_days_from"] <= day) & (day < until)].item() for day in paid_before]
    assert shares == [0.0, 0.0, 0.5, 0.5, 0.7, 0.7]
    assert (rule["valid_from"] == pd.Timestamp("2015-01-01")).all()
    assert (rule["law"] != "").all()


def test_every_fact_names_its_source():
    for name in ("pilot_areas", "unit_costs", "service_codes", "municipal_share", "baseline_by_area"):
        assert (reference(name, FOLDER)["source"] != "").all(), name


def test_unit_costs_are_numbers_and_say_when_they_are_bounds():
    costs = reference("unit_costs", FOLDER)
    assert costs["value"].dtype == float and costs["value"].notna().all()
    assert costs.query("value_qualifier == 'more than'")["value"].tolist() == [400.0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pilot_area": ("091", "hesa")}, "091 .Helsinki.: pilot_area 'hesa' is not in pilot_areas.csv"),
        ({"status": ("091", "comparison")}, "091 .Helsinki.: status comparison but pilot_area helsinki"),
        ({"pilot_area": ("091", "")}, "091 .Helsinki.: status pilot but no pilot_area"),
        ({"status": ("091", "treated")}, "091: status 'treated' is none of"),
        ({"status": ("091", "possible_pilot")}, "status possible_pilot, but helsinki is confirmed"),
        ({"municipality": ("049", "091")}, "municipality 091 is there twice"),
        ({"municipality": ("091", "91")}, "municipality '91': three digits"),
        ({"status": ("260", "pilot")}, "status pilot but the membership of kitee is unconfirmed"),
        ({"pilot_area": ("091", "espoo")}, "area helsinki has no municipality"),
    ],
)
def test_a_municipality_edited_wrongly_is_named(folder, changes, message):
    edit(folder, "municipalities", **changes)
    with pytest.raises(ValueError, match=message):
        check_reference(folder)


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("pilot_areas", {"membership": ("oulu", "sure")}, "area oulu: membership 'sure'"),
        ("pilot_areas", {"area": ("oulu", "Oulu seutu")}, "'Oulu seutu' is no slug"),
        ("pilot_areas", {"area": ("oulu", "lahti")}, "area lahti is there twice"),
        ("pilot_areas", {"start": ("oulu", "1.3.2021")}, "column start, lines .24.: not dates"),
        ("pilot_areas", {"end_original": ("oulu", "2020-06-30")}, "area oulu: start, end_original"),
        ("service_codes", {"code_statfi": ("0", "1")}, "code_statfi 1 is there twice"),
        ("municipal_share", {"share": ("2015-01-01", "70")}, "share must lie between 0 and 1"),
        ("municipal_share", {"paid_days_from": ("2015-01-01", "5")}, "must start at 0"),
        (
            "unit_costs",
            {"value": ("Mean earnings in the new job", "much")},
            "column value, lines .* not numbers",
        ),
        (
            "unit_costs",
            {"source": ("Mean earnings in the new job", "")},
            "value, unit and source must be given",
        ),
    ],
)
def test_other_mistakes_are_named_with_their_place(folder, name, changes, message):
    edit(folder, name, **changes)
    with pytest.raises(ValueError, match=message):
        check_reference(folder)


def test_an_area_is_completed_by_editing_the_tables(folder):
    edit(folder, "pilot_areas", membership=("kitee", "confirmed"))
    path = folder / "municipalities.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame.loc[frame["pilot_area"] == "kitee", "status"] = "pilot"
    frame.to_csv(path, index=False, sep=";", encoding="utf-8-sig")  # as a spreadsheet program saves it
    check_reference(folder)
    assert reference("municipalities", folder)["status"].eq("pilot").sum() == 109


def test_a_table_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(FileNotFoundError, match=r"unit_cost.csv is missing.*service_codes"):
        reference("unit_cost", FOLDER)
