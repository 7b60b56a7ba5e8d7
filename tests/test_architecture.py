"""The shape of the library: who may import whom, how long a module may be, what a notebook may hold."""

import ast
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "evaluation"
FLOORS = [
    {"schemas", "spells", "prices"},
    {"registers", "statfin", "simulate"},
    {"cohort", "outcomes", "costs", "weighting"},
    {"effects", "synthetic", "discontinuity"},
    {"inference"},
    {"diagnostics", "cost_effectiveness", "pooling", "public_statistics"},
    {"ledger", "disclosure"},
    {"language", "findings", "figures", "tables", "page"},
    {"validation", "pipeline", "__main__"},
]


def floor_of(module: str) -> int:
    for number, modules in enumerate(FLOORS):
        if module in modules:
            return number
    raise AssertionError(f"{module} stands on no floor: add it to FLOORS and to docs/architecture.md")


MODULES = sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__")


def imports(code: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, "absolute imports only"
            if node.module == "evaluation":
                names |= {alias.name for alias in node.names}
            elif (node.module or "").startswith("evaluation."):
                names.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            names |= {
                alias.name.split(".")[1] for alias in node.names if alias.name.startswith("evaluation.")
            }
    return names


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_from_the_same_floor_or_below(module):
    above = {
        name
        for name in imports((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))
        if floor_of(name) > floor_of(module)
    }
    assert not above, f"{module} imports from rooms above it: {sorted(above)}"


@pytest.mark.parametrize("module", MODULES)
def test_no_module_is_longer_than_300_lines(module):
    assert len((PACKAGE / f"{module}.py").read_text(encoding="utf-8").splitlines()) <= 310


@pytest.mark.parametrize("notebook", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebooks_are_small_parameterised_and_stored_without_outputs(notebook):
    content = json.loads(notebook.read_text(encoding="utf-8"))
    code = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    lines = [line for cell in code for line in "".join(cell["source"]).splitlines() if line.strip()]
    assert len(code) <= 16
    assert len(lines) <= 80
    assert not any(line.startswith(("def ", "class ")) for line in lines)
    assert not any(cell["outputs"] or cell["execution_count"] for cell in code)
    assert content["metadata"]["kernelspec"]["name"] == "python3"
    assert sum("parameters" in cell["metadata"].get("tags", []) for cell in code) == 1
    assert content["cells"][0]["cell_type"] == "markdown"
