"""Only what is used: every function is reached from the command line, a notebook or a public name."""

import ast
import json
import re
import tomllib
from pathlib import Path

import evaluation

ROOT = Path(__file__).parents[1]
MODULES = {
    ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / "src" / "evaluation").rglob("*.py"))
}
Name = tuple[str, str]  # module, name in it


class Module:
    """Names that a module defines and what each name stands for in it."""

    def __init__(self, code: str, name: str = "") -> None:
        self.name, self.tree = name, ast.parse(code)
        self.defined: dict[str, list[ast.stmt]] = {}
        for node in self.tree.body:
            for found in defined_by(node):
                self.defined.setdefault(found, []).append(node)
        self.bound: dict[str, str | Name] = {}  # a module, or a name of a module
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("evaluation"):
                for alias in node.names:
                    full = f"{node.module}.{alias.name}"
                    self.bound[alias.asname or alias.name] = (
                        full if full in MODULES else (str(node.module), alias.name)
                    )
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name.startswith("evaluation"):
                        self.bound[alias.asname or "evaluation"] = (
                            alias.name if alias.asname else "evaluation"
                        )

    def uses(self, node: ast.AST) -> set[Name]:
        """Names of the library that a piece of this module's code stands on."""
        found: set[Name] = set()
        for part in ast.walk(node):
            if isinstance(part, ast.Name):
                stands_for = self.bound.get(part.id)
                if isinstance(stands_for, tuple):
                    found.add(stands_for)
                elif stands_for is None and part.id in self.defined:
                    found.add((self.name, part.id))
            elif isinstance(part, ast.Attribute):
                chain: list[str] = []
                inner: ast.expr = part
                while isinstance(inner, ast.Attribute):
                    chain.insert(0, inner.attr)
                    inner = inner.value
                module = self.bound.get(inner.id) if isinstance(inner, ast.Name) else None
                if isinstance(inner, ast.Call) and ast.unparse(inner.func) == "import_module":
                    module = (
                        ast.literal_eval(inner.args[0]) if isinstance(inner.args[0], ast.Constant) else None
                    )
                if isinstance(module, str):
                    for word in chain:
                        if f"{module}.{word}" not in MODULES:
                            found.add((module, word))
                            break
                        module = f"{module}.{word}"
        return found

    def at_import(self) -> set[Name]:
        """What runs when the module is imported, beside definitions."""
        kinds = (ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign, ast.Import, ast.ImportFrom)
        return {name for node in self.tree.body if not isinstance(node, kinds) for name in self.uses(node)}


def defined_by(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    targets = (
        node.targets
        if isinstance(node, ast.Assign)
        else [node.target]
        if isinstance(node, ast.AnnAssign)
        else []
    )
    return {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}


LIBRARY = {name: Module(path.read_text(encoding="utf-8"), name) for name, path in MODULES.items()}


def notebook_code() -> list[str]:
    found = []
    for path in sorted((ROOT / "notebooks").rglob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        found.append("\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"))
    return found


def public_names() -> set[Name]:
    """Public functions, and those of the modules that are public as a whole."""
    found = set(evaluation.PUBLIC.items())
    whole = {
        module
        for name, module in found
        if module.endswith(f".{name}") and name not in LIBRARY[module].defined
    }
    inside = {(module, name) for module in whole for name in LIBRARY[module].defined if name[0] != "_"}
    return {(module, name) for name, module in found} | inside


def named_in_templates() -> set[Name]:
    """Functions of words that templates call, and drawing functions that exhibits name."""
    reporting = ROOT / "src" / "evaluation" / "reporting"
    templates = "".join(path.read_text(encoding="utf-8") for path in reporting.rglob("*.j2"))
    found = {(f"evaluation.words.{a}", b) for a, b in re.findall(r"\b(\w+)\.(\w+)", templates)}
    exhibits = tomllib.loads((reporting / "exhibits.toml").read_text(encoding="utf-8")).values()
    drawn = (exhibit["draw"].split(".") for exhibit in exhibits if "draw" in exhibit)
    return found | {(f"evaluation.figures.{module}", name) for module, name in drawn}


def reached() -> set[Name]:
    waiting = (
        named_in_templates()
        | {("evaluation.__main__", name) for name in LIBRARY["evaluation.__main__"].defined}
        | public_names()
    )
    for code in notebook_code():
        notebook = Module(code)
        waiting |= notebook.uses(notebook.tree)
        waiting |= {name for name in notebook.bound.values() if isinstance(name, tuple)}
    found: set[Name] = set()
    while waiting:
        module, name = one = waiting.pop()
        if one in found or module not in LIBRARY:
            continue
        found.add(one)
        home = LIBRARY[module]
        if name in home.defined:
            waiting |= {use for node in home.defined[name] for use in home.uses(node)} | home.at_import()
        elif isinstance(elsewhere := home.bound.get(name), tuple):
            waiting.add(elsewhere)
    return found


def test_every_function_is_reached_from_a_command_a_notebook_or_a_public_name():
    there = {
        (name, word)
        for name, module in LIBRARY.items()
        for word in module.defined
        if not word.startswith("__")
    }
    unused = sorted(f"{module}.{name}" for module, name in there - reached() if module != "evaluation")
    assert not unused, f"nothing uses {unused}: use them or delete them with their tests"


def test_every_method_is_called_somewhere():
    named = {
        part.attr
        for code in [*(path.read_text(encoding="utf-8") for path in MODULES.values()), *notebook_code()]
        for part in ast.walk(ast.parse(code))
        if isinstance(part, ast.Attribute)
    }
    unused = [
        f"{module.name}.{node.name}.{part.name}"
        for module in LIBRARY.values()
        for node in module.tree.body
        if isinstance(node, ast.ClassDef)
        for part in node.body
        if isinstance(part, ast.FunctionDef) and not part.name.startswith("_") and part.name not in named
    ]
    assert not unused, f"nothing calls {unused}"


def test_a_function_that_nothing_calls_is_found():
    module = Module(
        "from evaluation.timelines import spells\ndef used(): return spells.islands\ndef unused(): used()"
    )
    assert module.uses(module.defined["used"][0]) == {("evaluation.timelines.spells", "islands")}
    assert module.uses(module.defined["unused"][0]) == {("", "used")}
