"""What a notebook does with its parameters first: refuse wrong ones, find the folders, write beside."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from evaluation.study import nearest, upwards

FOLDERS = ("processed", "reference", "cleared", "statfin", "comment")
MAKES = (
    "`evaluation demo` makes a small register in data/demo/processed, "
    "`evaluation run` analyses the delivery in data/processed"
)
FETCHES = "`evaluation fetch` gets the public statistics into data/raw"
TYPES = {"str": str, "int": int, "float": float, "bool": bool, "list": list}


def check(scope: dict[str, Any]) -> None:
    """Check the parameters of the notebook that runs, and find its files from any folder of the project.

    papermill only warns about a name that a notebook does not know, and runs the default: another area's
    result under the name of the one that was meant. Call it as ``check(globals())`` in the first cell after
    the parameters. Paths among them are looked for here and in the folders above, and replaced by what is
    found.

    Parameters
    ----------
    scope : dict
        The notebook's names.

    Raises
    ------
    ValueError
        Naming every parameter that is unknown, with the nearest known one, or of the wrong type.
    FileNotFoundError
        If a folder or file is not there, with what makes it.

    Examples
    --------
    >>> check({"In": ["", 'area: str = "oulu"', 'aera = "lahti"'], "area": "oulu", "aera": "lahti"})
    Traceback (most recent call last):
    ...
    ValueError: unknown parameter 'aera'; did you mean 'area'?
    """
    cells = [cell for cell in scope.get("In", []) if cell.strip()]
    declared = _declared(cells[0]) if cells else {}
    passed = _passed(cells[1]) if len(cells) > 1 else []
    wrong = [
        f"unknown parameter {name!r}{nearest(name, declared)}" for name in passed if name not in declared
    ]
    for name, kind in declared.items():
        expected = TYPES.get(kind)
        if expected and not isinstance(scope[name], expected):
            wrong.append(f"parameter {name} must be {kind}, not {type(scope[name]).__name__}")
    if wrong:
        raise ValueError("; ".join(wrong))
    for name in FOLDERS:
        if name in declared and scope[name]:
            scope[name] = str(_found(scope[name], FETCHES if name == "statfin" else MAKES))


def _declared(cell: str) -> dict[str, str]:
    """Names and types of the parameters that a cell declares."""
    return {
        node.target.id: ast.unparse(node.annotation)
        for node in ast.parse(cell).body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }


def _passed(cell: str) -> list[str]:
    """Names that a cell of nothing but assignments sets: the one that papermill puts in."""
    nodes = ast.parse(cell).body
    if not all(isinstance(node, ast.Assign) for node in nodes):
        return []
    targets = [target for node in nodes if isinstance(node, ast.Assign) for target in node.targets]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _found(path: str, remedy: str) -> Path:
    if not (found := upwards(path)).exists():
        raise FileNotFoundError(f"{path} is neither here nor in a folder above; {remedy}")
    return found
