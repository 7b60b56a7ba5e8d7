"""The shape of the library: which room may import which, how large rooms and modules may be; notebooks.

The floors are read from the table in docs/architecture.md, the only place where they are written.
"""

import ast
import json
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
MODULES = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((SOURCE / "evaluation").rglob("*.py"))
}
ROOMS = sorted({name.split(".")[1] for name in MODULES if "." in name})
LONGEST, LARGEST = 300, 12


def floors(text: str) -> dict[str, int]:
    """Floor of each room in a table with rows ``| 2 | `cohorts` | what lives there |``."""
    found = re.findall(r"^\| (\d+) \| `(\w+)` \| [^|]+ \|$", text, flags=re.MULTILINE)
    names = [name for _, name in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    assert not twice, f"docs/architecture.md: {twice} stand in the table of floors more than once"
    return {name: int(floor) for floor, name in found}


FLOORS = floors((ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"))


def imports(code: str) -> set[str]:
    """Modules that a piece of code imports: at the top, inside functions, or for types only."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, "absolute imports only"
            module = node.module or ""
            names |= {
                full if (full := f"{module}.{alias.name}") in MODULES else module for alias in node.names
            }
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names & set(MODULES)


IMPORTS = {name: imports(path.read_text(encoding="utf-8")) - {name} for name, path in MODULES.items()}


def room(module: str) -> str:
    """Room of a module: ``cohorts`` for ``evaluation.cohorts.places``."""
    return module.split(".")[1] if "." in module else ""


def test_imports_are_found_wherever_they_stand():
    inside = "    import evaluation.costs.prices\n    from evaluation.results.ledger import rows"
    code = f"from evaluation.timelines import spells\ndef later():\n{inside}"
    assert imports(code) == {
        "evaluation.timelines.spells", "evaluation.costs.prices", "evaluation.results.ledger"
    }  # fmt: skip


def test_floors_are_read_from_table_rows_only():
    table = "| Floor | Room | What |\n|---|---|---|\n| 2 | `cohorts` | who |\n`spells`"
    assert floors(table) == {"cohorts": 2}


def test_every_room_stands_in_the_table_of_floors_and_every_row_is_a_room():
    assert sorted(FLOORS) == ROOMS


@pytest.mark.parametrize("name", ROOMS)
def test_a_room_imports_only_from_its_own_floor_or_below(name):
    used = {room(other) for module, found in IMPORTS.items() if room(module) == name for other in found}
    above = sorted(other for other in used - {""} if FLOORS[other] > FLOORS[name])
    assert not above, f"{name} (floor {FLOORS[name]}) imports from floors above it: {above}"


def test_no_module_and_no_room_is_imported_in_a_circle():
    list(TopologicalSorter(IMPORTS).static_order())
    rooms: dict[str, set[str]] = {}
    for module, found in IMPORTS.items():
        rooms.setdefault(room(module), set()).update(room(other) for other in found)
    list(
        TopologicalSorter({name: found - {name, ""} for name, found in rooms.items() if name}).static_order()
    )


@pytest.mark.parametrize("module", MODULES)
def test_no_module_is_longer_than_300_lines(module):
    lines = len(MODULES[module].read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST, f"{module} has {lines} lines: split it by concept"


@pytest.mark.parametrize("name", [name for name in ROOMS if f"evaluation.{name}" in MODULES])
def test_a_room_has_at_most_a_dozen_modules_and_says_what_comes_in_and_goes_out(name):
    path = MODULES[f"evaluation.{name}"]
    if path.stem != "__init__":
        return
    assert len(list(path.parent.glob("*.py"))) <= LARGEST
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    assert all(word in said for word in ("In:", "Out:", "Not here:")), f"{name}: say In, Out, Not here"


NOTEBOOKS = sorted(path for path in (ROOT / "notebooks").rglob("*.ipynb") if path.parent.name != "own")


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_small_parameterised_and_stored_without_outputs(notebook):
    content = json.loads(notebook.read_text(encoding="utf-8"))
    code = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    lines = [line for cell in code for line in "".join(cell["source"]).splitlines() if line.strip()]
    assert len(code) <= 16
    assert len(lines) <= 60
    assert not any(line.startswith(("def ", "class ")) for line in lines)
    assert not any(cell["outputs"] or cell["execution_count"] for cell in code)
    assert content["metadata"]["kernelspec"]["name"] == "python3"
    assert sum("parameters" in cell["metadata"].get("tags", []) for cell in code) == 1
    assert content["cells"][0]["cell_type"] == "markdown"
