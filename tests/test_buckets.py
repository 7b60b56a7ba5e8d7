"""Buckets of persons: the same tables as from all persons at once, whoever works on them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from distributed import Client, LocalCluster

from evaluation.deliveries import pieces
from evaluation.deliveries.layout import read_layout
from evaluation.economics.area import INCOME
from evaluation.outcomes import area_months
from evaluation.pipeline import buckets, plan
from evaluation.pipeline.project import Project
from evaluation.registers import stored
from evaluation.registers.ingest import ingest
from small_register import TRIALS

ROOT = Path(__file__).parents[1]


def project(study, folder):
    (folder / "processed").mkdir(parents=True)
    (folder / "processed" / "register").symlink_to(study.processed / "register")
    return Project.at(ROOT, data=folder, release_date="2026-12-01")


def made(study, folder, **how):
    for step in plan.tables(project(study, folder)):
        buckets.each(step.function, step.writes, **step.values, **how)
    return {file.stem: file for file in sorted((folder / "processed").glob("*.parquet"))}


@pytest.fixture(scope="module")
def alone(study, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(buckets, "PERSONS", 5_000)
        return made(study, tmp_path_factory.mktemp("alone") / "data")


def test_buckets_give_what_all_persons_give(study, alone):
    read = {name: pd.read_parquet(file) for name, file in alone.items()}
    assert set(read) == {"episodes", "attrition", "outcomes", "costs", "area_months"}
    pd.testing.assert_frame_equal(read["attrition"], study.attrition)
    pd.testing.assert_frame_equal(read["area_months"], area_months.cells(study.register, **TRIALS.months))
    both = read["episodes"].join(read["outcomes"])
    pd.testing.assert_frame_equal(both, study.episodes)
    assert read["costs"].index.equals(both.index)
    assert read["costs"][INCOME].notna().any()


@pytest.mark.parametrize("persons", [100_000, 900])
def test_the_size_of_buckets_changes_no_number(study, alone, tmp_path, monkeypatch, persons):
    monkeypatch.setattr(buckets, "PERSONS", persons)
    again = made(study, tmp_path / "data")
    for name, file in again.items():
        pd.testing.assert_frame_equal(pd.read_parquet(file), pd.read_parquet(alone[name]))


@pytest.fixture(scope="module")
def cluster():
    """A cluster of two separate processes, each of which imports the library anew."""
    options = {"processes": True, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(n_workers=2, host="127.0.0.1", **options) as workers, Client(workers) as client:
        yield client.get_executor()


def test_processes_and_a_cluster_write_the_same_bytes(study, alone, cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(buckets, "PERSONS", 5_000)
    elsewhere = made(study, tmp_path / "cluster", executor=cluster)
    processes = made(study, tmp_path / "processes", jobs=2)
    for name, file in alone.items():
        assert elsewhere[name].read_bytes() == processes[name].read_bytes() == file.read_bytes(), name


def counted(persons, *, processed):
    """Cells that only some buckets have, and one that cannot be seen."""
    here = [f"{code:03}" for code in range(persons.start // 10, persons.stop // 10 + 1)]
    cells = pd.MultiIndex.from_product([here, [1, 2]], names=["municipality", "month"])
    return [pd.DataFrame({"inflow": 1, "past": np.tile([1.0, np.nan], len(here))}, index=cells)]


def test_counts_are_added_up_and_what_nobody_saw_stays_missing(tmp_path, monkeypatch):
    (tmp_path / "register").mkdir()
    pd.DataFrame({"person_id": range(30)}).to_parquet(tmp_path / "register" / "persons.parquet")
    monkeypatch.setattr(buckets, "PERSONS", 10)
    buckets.each(counted, [tmp_path / "cells.parquet"], processed=tmp_path)
    found = pd.read_parquet(tmp_path / "cells.parquet").set_index(["municipality", "month"])
    assert found["inflow"].tolist() == [1, 1, 2, 2, 2, 2, 1, 1]
    assert found["inflow"].dtype == "int64"
    assert found["past"].fillna(-1).tolist() == [1, -1, 2, -1, 2, -1, 1, -1]


def test_a_range_without_persons_loads_nobody(study):
    assert stored.load(study.processed, persons=range(5, 5)).persons.empty
    assert stored.load(study.processed, persons=range(5, 7)).persons["person_id"].tolist() == [5, 6]


def fails(persons, *, processed):
    raise ValueError("bucket")


def test_a_bucket_that_fails_leaves_no_half_table(tmp_path):
    (tmp_path / "register").mkdir()
    pd.DataFrame({"person_id": range(3)}).to_parquet(tmp_path / "register" / "persons.parquet")
    with pytest.raises(ValueError, match="bucket"):
        buckets.each(fails, [tmp_path / "cells.parquet"], processed=tmp_path)
    assert not (tmp_path / "cells.parquet").exists()


def test_pieces_and_a_cluster_store_the_same_bytes(study, cluster, tmp_path, monkeypatch):
    raw, reference = study.processed.parent / "raw", ROOT / "data" / "raw" / "reference"
    monkeypatch.setattr("evaluation.registers.ingest.PERSONS", 5_000)
    ingest(raw, tmp_path / "whole", reference=reference)
    monkeypatch.setattr(pieces, "PIECE", 1 << 20)
    assert len(pieces.pieces(read_layout(raw).files["earnings"])) > 5
    ingest(raw, tmp_path / "pieces", reference=reference)
    ingest(raw, tmp_path / "cluster", reference=reference, executor=cluster)
    for file in sorted((tmp_path / "whole" / "register").iterdir()):
        for other in ("pieces", "cluster"):
            assert (tmp_path / other / "register" / file.name).read_bytes() == file.read_bytes(), file.name
