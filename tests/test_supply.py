"""What the project stands on is listed with hashes; nothing that it reads can run code."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from validation import supply

ROOT = Path(__file__).parents[1]
NEVER = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "yaml"}
CALLS = {"eval", "exec", "read_pickle", "to_pickle"}


def unsafe(code):
    """Modules and calls in a piece of code that load objects, or run what they read."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names} & NEVER
        elif isinstance(node, ast.ImportFrom):
            found |= {(node.module or "").partition(".")[0]} & NEVER
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            bare = isinstance(node.func, ast.Name) or name.endswith("pickle")
            found |= {name} & CALLS if bare else set()
            found |= {"allow_pickle" for word in node.keywords if word.arg == "allow_pickle"}
    return found


@pytest.mark.parametrize("folder", ["src", "validation", "benchmarks"])
def test_nothing_loads_objects_or_runs_what_it_reads(folder):
    for path in sorted((ROOT / folder).rglob("*.py")):
        assert not unsafe(path.read_text(encoding="utf-8")), path


def test_what_is_unsafe_is_found():
    code = "import yaml\nfrom pickle import load\npd.read_pickle(x)\nnp.load(x, allow_pickle=True)\neval(x)"
    assert unsafe(code) == {"yaml", "pickle", "read_pickle", "allow_pickle", "eval"}
    assert not unsafe("frame.eval('a + b')\nimport tomllib")


def test_the_bill_names_every_locked_package_with_its_hashes(capsys):
    assert supply.main(["sbom"]) == 0
    told = json.loads(capsys.readouterr().out)
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert told["bomFormat"] == "CycloneDX"
    assert (
        len(told["components"]) == sum("==" in line for line in lock.splitlines() if line[:1].isalnum()) > 50
    )
    assert all(one["hashes"] for one in told["components"])
    pandas = next(one for one in told["components"] if one["name"] == "pandas")
    assert pandas["purl"] == f"pkg:pypi/pandas@{pandas['version']}"


@pytest.mark.parametrize("address", ["", "http://plain.example", "https://127.0.0.1:9/v1/querybatch"])
def test_where_no_database_answers_the_status_says_so(monkeypatch, capsys, address):
    monkeypatch.setenv("VULNERABILITY_DATABASE", address)
    assert supply.main(["audit"]) == supply.NOT_ASKED
    assert "none looked up" in capsys.readouterr().err


def test_known_vulnerabilities_are_named(monkeypatch, capsys):
    monkeypatch.setenv("VULNERABILITY_DATABASE", "https://database.example")
    monkeypatch.setattr(supply, "vulnerable", lambda packages, database: ["pandas 1.0: X-1"])
    assert supply.main(["audit"]) == 1
    assert capsys.readouterr().out.splitlines()[0] == "pandas 1.0: X-1"


SCRIPTS = ["benchmarks/core.py", "benchmarks/ingest.py", "benchmarks/notebooks.py", "benchmarks/spells.py",
           "validation/lab.py", "validation/offline.py", "validation/readability.py"]  # fmt: skip


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_that_is_asked_for_help_says_how_it_is_run(script):
    command = [sys.executable, "-m", script.removesuffix(".py").replace("/", "."), "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert re.search("usage: |Run with: ", done.stdout + done.stderr)
    assert "Traceback" not in done.stderr
