"""The shape of the library: who may import whom, how long a module may be, what a notebook may hold.

The floors are read from the table in docs/architecture.md, the only place where they are written.
"""

import ast
import json
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "evaluation"
MODULES = sorted(path.stem for path in PACKAGE.glob("*.py") if path.stem != "__init__")
LONGEST = 300


def floors(text: str) -> dict[str, int]:
    """Floor of each module in a table with rows ``| 2 | cohort | `cohort` | what lives there |``."""
    found = re.findall(r"^\| (\d+) \| [^|]+ \| `(\w+)` \| [^|]+ \|$", text, flags=re.MULTILINE)
    names = [name for _, name in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    assert not twice, f"docs/architecture.md: {twice} stand in the table of floors more than once"
    return {name: int(floor) for floor, name in found}


FLOORS = floors((ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"))


def floor_of(module: str) -> int:
    assert module in FLOORS, (
        f"{module} stands on no floor: add its row to the table of floors in docs/architecture.md"
    )
    return FLOORS[module]


def imports(code: str) -> set[str]:
    """Modules of the package that a module imports: at the top, inside functions, or for types only."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, "absolute imports only"
            if node.module == "evaluation":
                names |= {alias.name for alias in node.names}
            elif (node.module or "").startswith("evaluation."):
                names.add((node.module or "").split(".")[1])
        elif isinstance(node, ast.Import):
            names |= {
                alias.name.split(".")[1] for alias in node.names if alias.name.startswith("evaluation.")
            }
    return names


def imports_of(module: str) -> set[str]:
    return imports((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))


def test_imports_are_found_wherever_they_stand():
    inside = "    import evaluation.costs\n    from evaluation.page import write"
    code = f"from evaluation import spells\ndef later():\n{inside}"
    assert imports(code) == {"spells", "costs", "page"}


def test_floors_are_read_from_table_rows_only():
    table = "| Floor | Room | Module | What |\n|---|---|---|---|\n| 2 | cohort | `cohort` | who |\n`spells`"
    assert floors(table) == {"cohort": 2}


@pytest.mark.parametrize("module", MODULES)
def test_every_module_stands_in_the_table_of_floors(module):
    assert floor_of(module) >= 0


def test_every_row_of_the_table_of_floors_is_a_module():
    gone = sorted(set(FLOORS) - set(MODULES))
    assert not gone, f"docs/architecture.md: {gone} are no modules of the package: remove their rows"


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_from_its_own_floor_or_below(module):
    own = floor_of(module)
    above = {f"{name} (floor {floor_of(name)})" for name in imports_of(module) if floor_of(name) > own}
    assert not above, f"{module} (floor {own}) imports from floors above it: {sorted(above)}"


def test_no_imports_in_a_circle():
    list(TopologicalSorter({module: imports_of(module) for module in MODULES}).static_order())


@pytest.mark.parametrize("module", MODULES)
def test_no_module_is_longer_than_300_lines(module):
    lines = len((PACKAGE / f"{module}.py").read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST, f"{module} has {lines} lines: split it by concept"


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
