"""The table contract refuses what breaks it and says what to do."""

from pathlib import Path

import pandas as pd
import pytest

from evaluation.registers.rules import rules_of
from evaluation.schemas import DTYPES, REGISTER_TABLES, SPELLS, check


def spells(**columns):
    frame = pd.DataFrame(
        {
            "person_id": [0, 0],
            "state": ["unemployed", "service"],
            "code": ["", "05"],
            "start": [10, 20],
            "end": [20, 30],
        }
    ).assign(**columns)
    return frame


def test_a_table_that_keeps_its_contract_passes_and_is_not_changed():
    frame = spells()
    before = frame.copy()
    check(frame, SPELLS)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"state": ["unemployed", "on_leave"]}, r"spells.state: 1 rows hold \['on_leave'\].*layout.toml"),
        ({"end": [10, 30]}, "spells: 1 rows end before they start"),
        ({"start": [10.0, 20.0]}, "spells.start: float64 found, whole numbers expected"),
        ({"code": ["", None]}, "spells.code: 1 rows are empty"),
        ({"state": ["unemployed"] * 2, "code": ["", ""], "start": [10, 10]}, "spells: 1 rows repeat the key"),
    ],
)
def test_each_breach_names_table_column_rows_and_remedy(columns, message):
    with pytest.raises(ValueError, match=message):
        check(spells(**columns), SPELLS)


def test_a_missing_column_is_named():
    with pytest.raises(ValueError, match="spells: no column code"):
        check(spells().drop(columns="code"), SPELLS)


def test_every_table_has_a_key_of_its_own_columns_and_explains_each_column():
    for table in REGISTER_TABLES.values():
        assert set(table.key) <= set(table.names)
        assert len(set(table.names)) == len(table.names)
        for column in table.columns:
            assert column.meaning and column.kind in DTYPES


DICTIONARY = (Path(__file__).parents[1] / "docs" / "data-dictionary.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("table", REGISTER_TABLES.values(), ids=lambda table: table.name)
def test_the_data_dictionary_explains_every_column_and_code(table):
    section = DICTIONARY.split(f"### {table.name}:")[1].split("\n#")[0]
    for column in table.columns:
        assert f"`{column.name}`" in section or column.name == "person_id", column.name
        assert all(code in section for code in column.allowed), column.name


def test_the_data_dictionary_names_every_rule_of_the_quality_table():
    rules = {rule for table in REGISTER_TABLES for rule in rules_of(table) if "unreadable_" not in rule}
    assert len(rules) > 40
    assert not {rule for rule in rules if f"`{rule}`" not in DICTIONARY}
