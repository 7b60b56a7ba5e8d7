"""Inputs are hashed, and what changed since the previous release is said number by number."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd

from evaluation.results import ledger, provenance


def rows(**changes):
    base = {"outcome": ["a_12m", "b_12m", "c_12m"], "estimate": [1.0, 2.0, 3.0],
            "persons": [100.0, 100.0, 100.0],
            "method": ["m", "m", "m"], "status": ["ok", "ok", "ok"]}  # fmt: skip
    frame = pd.DataFrame(base | changes)
    return ledger.rows(frame, area="oulu", topic="effect", measure="att", simulated=True)


def test_hash_of_an_input_is_that_of_its_bytes(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"abc")
    found = provenance.inputs([tmp_path / "a.csv", tmp_path / "not there.csv"], root=tmp_path)
    assert found.to_dict("records") == [
        {"file": "a.csv", "bytes": 3, "sha256": hashlib.sha256(b"abc").hexdigest()}
    ]


def test_known_hashes_are_used_again_until_the_file_changes(tmp_path):
    path, known = tmp_path / "a.csv", tmp_path / "hashes.json"
    path.write_bytes(b"abc")
    first = provenance.inputs([path], root=tmp_path, known=known)
    text = known.read_text().replace(first["sha256"][0], "0" * 64)
    known.write_text(text)
    assert provenance.inputs([path], root=tmp_path, known=known)["sha256"][0] == "0" * 64
    path.write_bytes(b"abcd")
    assert (
        provenance.inputs([path], root=tmp_path, known=known)["sha256"][0]
        == hashlib.sha256(b"abcd").hexdigest()
    )


def test_two_reports_that_note_the_same_hashes_at_once_do_not_disturb_each_other(tmp_path, monkeypatch):
    path, known, replace = tmp_path / "a.csv", tmp_path / "hashes.json", Path.replace
    path.write_bytes(b"abc")

    def other_one_first(part, target):
        monkeypatch.setattr(Path, "replace", replace)
        provenance.inputs([path], root=tmp_path, known=known)
        return replace(part, target)

    monkeypatch.setattr(Path, "replace", other_one_first)
    found = provenance.inputs([path], root=tmp_path, known=known)
    assert found["sha256"][0] in known.read_text()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.csv", "hashes.json"]


def test_in_a_first_release_every_number_is_new_and_in_an_equal_one_none():
    assert provenance.changes(rows(), rows().head(0))["reason"].tolist() == ["new"] * 3
    assert provenance.changes(rows(), rows()).empty


def test_every_kind_of_change_is_named_by_its_cause():
    before = rows()
    after = rows(estimate=[1.5, 2.5, 3.5], persons=[110.0, 100.0, 100.0], method=["m", "n", "m"])
    found = provenance.changes(after, before).set_index("outcome")
    assert found["reason"].to_dict() == {
        "a_12m": "persons_changed",
        "b_12m": "method_changed",
        "c_12m": "recomputed",
    }
    assert found.loc["a_12m", ["estimate_before", "estimate_now"]].tolist() == [1.0, 1.5]


def test_a_hidden_number_and_new_and_removed_rows_are_changes():
    before = rows().iloc[:2]
    after = rows(estimate=[np.nan, 2.0, 3.0], status=["suppressed", "ok", "ok"]).iloc[[0, 2]]
    found = provenance.changes(after, before).set_index("outcome")["reason"].to_dict()
    assert found == {"a_12m": "status_changed", "b_12m": "removed", "c_12m": "new"}


def test_a_change_of_an_interval_alone_is_a_change():
    changed = rows()
    changed["ci_low"] = [0.1, np.nan, np.nan]
    assert provenance.changes(changed, rows())["outcome"].tolist() == ["a_12m"]


def test_versions_are_those_of_the_installed_packages():
    found = provenance.packages()
    assert found["numpy"] == np.__version__
    assert provenance.code_version()[0].isdigit()
