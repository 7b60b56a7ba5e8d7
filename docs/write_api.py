"""Write docs/api.md, the public names by room, from the names themselves: ``python docs/write_api.py``."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType

import evaluation

PAGE = Path(__file__).with_name("api.md")
HEAD = """# Public names

`import evaluation as ev` offers these names; nothing is loaded before it is used. The frame comes first,
everything after it by keyword; tables come out; figures take `ax=None` and return the axes.
`help(ev.measure)` tells columns, units, errors and an example that runs. This page is written by
`python docs/write_api.py`, and a test holds it against the code.
"""


def functions() -> Iterator[tuple[str, FunctionType]]:
    """Every public function with its name as typed after ``ev.``, those of public modules included."""
    for name in evaluation.PUBLIC:
        found = getattr(evaluation, name)
        if not isinstance(found, ModuleType):
            yield name, found
            continue
        for inner, function in inspect.getmembers(found, inspect.isfunction):
            if function.__module__ == found.__name__ and not inner.startswith("_"):
                yield f"{name}.{inner}", function


def signature(function: FunctionType) -> str:
    """Parameters and their defaults, without types."""
    whole = inspect.signature(function)
    bare = [
        one.replace(annotation=inspect.Parameter.empty, default=_shown(one.default))
        for one in whole.parameters.values()
    ]
    return str(whole.replace(parameters=bare, return_annotation=inspect.Signature.empty))


def _shown(default: object) -> object:
    """A default as the page shows it: a folder as text, something long as dots."""
    if isinstance(default, Path):
        return default.as_posix()
    return default if default is inspect.Parameter.empty or len(repr(default)) < 60 else ...


def page() -> str:
    """Text of docs/api.md."""
    rooms: dict[str, list[str]] = {}
    for name, function in functions():
        said = (inspect.getdoc(function) or "").splitlines()[0]
        room = rooms.setdefault(function.__module__.split(".")[1], [])
        room.append(f"- **`ev.{name}`** `{signature(function)}` — {said}")
    return HEAD + "".join(f"\n## {room}\n\n" + "\n".join(lines) + "\n" for room, lines in rooms.items())


def reference() -> str:
    """Docstrings of all public functions by room, for the documentation site."""
    rooms: dict[str, list[str]] = {}
    for name, function in functions():
        rooms.setdefault(function.__module__.split(".")[1], []).append(f".. autofunction:: evaluation.{name}")
    return "".join(
        f"\n## {room}\n\n```{{eval-rst}}\n" + "\n\n".join(lines) + "\n```\n" for room, lines in rooms.items()
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
