"""pyproject.toml, the lock and environment.yml describe the same set."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def names(requirements):
    return {re.match(r"[A-Za-z0-9._-]+", line)[0].lower().replace("_", "-") for line in requirements}


def test_every_dependency_is_locked():
    extras = PROJECT["optional-dependencies"]
    locked = names(line for line in LOCK.splitlines() if re.match(r"[A-Za-z0-9]", line))
    assert names(PROJECT["dependencies"] + extras["build"]) <= locked
    assert not names(extras["test"]) & locked  # reports are made without them


@pytest.mark.parametrize("extra", ["test", "lab", "docs"])
def test_every_dependency_of_an_extra_is_locked(extra):
    lock = (ROOT / f"requirements-{extra}.lock").read_text(encoding="utf-8")
    locked = names(line for line in lock.splitlines() if re.match(r"[A-Za-z0-9]", line))
    assert names(PROJECT["optional-dependencies"][extra]) <= locked


def test_every_locked_package_carries_a_hash_and_no_address():
    entries = re.findall(
        r"^[A-Za-z0-9][^\n]*==[^\n]*\\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", LOCK, re.M
    )
    assert len(entries) == len(re.findall(r"^[A-Za-z0-9][^\n]*==", LOCK, re.M)) > 50
    assert "://" not in LOCK


@pytest.mark.parametrize(("extra", "tool"), [("test", "pytest"), ("lab", "jupyterlab"), ("docs", "sphinx")])
def test_the_other_locks_hold_the_same_versions_and_no_address(extra, tool):
    other = (ROOT / f"requirements-{extra}.lock").read_text(encoding="utf-8")
    versions = dict(re.findall(r"^([a-z0-9-]+)==([^ \\]+)", LOCK, re.M))
    shared = {
        name: version
        for name, version in re.findall(r"^([a-z0-9-]+)==([^ \\]+)", other, re.M)
        if name in versions
    }
    assert shared["pandas"] == versions["pandas"]
    assert f"\n{tool}==" in other and "://" not in other


def test_every_decision_has_its_line_in_the_list_and_they_are_at_most_twenty():
    folder = ROOT / "docs" / "decisions"
    records = {path.name for path in folder.glob("*.md")} - {"index.md"}
    listed = re.findall(r"^- \[.+\]\((.+)\)$", (folder / "index.md").read_text(encoding="utf-8"), re.M)
    assert listed == sorted(records) and len(records) <= 20


def test_environment_yml_installs_the_lock_and_the_same_python():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    for lock in ("requirements.lock", "requirements-test.lock"):
        assert f"--require-hashes -r {lock}" in text
    assert f"python {PROJECT['requires-python']}" in text
