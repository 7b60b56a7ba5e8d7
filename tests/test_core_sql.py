"""Cohort and outcomes equal what plain SQL, written without this library, makes of the same tables."""

import sqlite3

import numpy as np
import pandas as pd
import pytest
from benchmarks import core

from small_register import TRIALS


@pytest.fixture(scope="module")
def by_sql(study):
    found = sqlite3.connect(":memory:")
    for name, table in core.tables(study.register, TRIALS, study.municipalities).items():
        table.to_sql(name, found, index=False)
    for name in ("spells", "residence", "earnings"):
        found.execute(f"CREATE INDEX of_{name} ON {name} (person_id)")
    scalar = core.statements(study.register, TRIALS).replace("LEAST(", "MIN(").replace("GREATEST(", "MAX(")
    for statement in scalar.split(";")[:-1]:
        found.execute(statement)
        if statement.strip().startswith("CREATE TABLE states"):
            found.execute("CREATE INDEX of_states ON states (person_id)")
    yield pd.read_sql("SELECT * FROM answer", found).sort_values(["person_id", "day"], ignore_index=True)
    found.close()


def test_the_same_episodes(study, by_sql):
    ours = study.episodes.sort_values(["person_id", "index_day"])
    assert len(ours) > 5000
    assert by_sql["person_id"].tolist() == ours["person_id"].tolist()
    assert by_sql["day"].tolist() == ours["index_day"].tolist()
    assert by_sql["municipality"].tolist() == ours["municipality"].tolist()


@pytest.mark.parametrize("name", core.COMPARED)
def test_the_same_numbers(study, by_sql, name):
    ours = study.episodes.sort_values(["person_id", "index_day"])[name].to_numpy(dtype=float)
    seen = np.isfinite(ours)  # the library leaves what was not observed missing
    assert seen.any()
    np.testing.assert_allclose(by_sql[name].to_numpy(dtype=float)[seen], ours[seen], atol=1e-6)
