"""Run one parameterised notebook with papermill, after checking that its parameters are known."""

from __future__ import annotations

import ast
import json
import os
import re
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.parameters import TYPES
from evaluation.results.rules import careful, read_profile
from evaluation.study import nearest

if TYPE_CHECKING:
    from nbformat import NotebookNode

PACKAGE = Path(__file__).parents[1]
# as modules of this package write them; a search takes a tenth of the time that parsing takes
IMPORTS = re.compile(r"^\s*(?:from (evaluation[.\w]*) import (\([^)]*\)|.*)|import (.*))", re.MULTILINE)
COLOURS = re.compile(r"\x1b\[[\d;]*m")
# a line of this package that refuses: what other code says, called from there too, could hold values
REFUSED = re.compile(rf"File \S*[/\\]{PACKAGE.name}[/\\][\w/\\]+\.py(?s:.*)^-+> \d+ +raise ", re.MULTILINE)
LONGEST_CELL_SECONDS = 1800  # a hung notebook must not hold the run up for ever
LONGEST_SOCKET_FOLDER = 80  # the name of a socket must stay below about 104 characters


class NotebookFailed(RuntimeError):
    """A notebook stopped with an error; the message names the notebook, the cell and the kind of error.

    Where a function of this package refused, it says why, without an exact count.
    """


def parameter_types(notebook: Path) -> dict[str, str]:
    """Names and annotated types of the parameters that a notebook declares in its ``parameters`` cell."""
    return _parameter_types(notebook, notebook.stat().st_mtime_ns)


@cache
def _parameter_types(notebook: Path, changed: int) -> dict[str, str]:
    import papermill

    inferred = papermill.inspect_notebook(str(notebook))
    return {name: str(entry["inferred_type_name"]) for name, entry in inferred.items()}


def check_parameters(notebook: Path, parameters: dict[str, Any]) -> None:
    """Refuse parameters that the notebook does not declare or that have another type.

    Parameters
    ----------
    notebook : Path
        A notebook with a cell tagged ``parameters`` whose assignments carry type annotations.
    parameters : dict
        Values by parameter name.

    Raises
    ------
    ValueError
        Naming the notebook, the parameter and the nearest known name or the expected type. papermill itself
        only warns about an unknown name and then runs the default.
    """
    known = parameter_types(notebook)
    for name, value in parameters.items():
        if name not in known:
            raise ValueError(f"{notebook.name}: unknown parameter {name!r}{nearest(name, known)}")
        expected = TYPES.get(known[name])
        if expected is not None and not isinstance(value, expected):
            raise ValueError(
                f"{notebook.name}: parameter {name} must be {known[name]}, not {type(value).__name__}"
            )


def choose(wanted: str | None, known: Iterable[str], *, what: str) -> list[str]:
    """Names out of a comma-separated list, all known ones if there is no list.

    Raises
    ------
    ValueError
        If a name is unknown, with the nearest known one.

    Examples
    --------
    >>> choose("fi,sv", ["fi", "sv", "en"], what="language")
    ['fi', 'sv']
    """
    known = list(known)
    if wanted is None:
        return known
    names = [name.strip() for name in wanted.split(",") if name.strip()]
    if not names:
        raise ValueError(f"no {what} given; known are {', '.join(known)}")
    for name in names:
        if name not in known:
            raise ValueError(f"unknown {what} {name!r}{nearest(name, known)}")
    return list(dict.fromkeys(names))


def execute(notebook: Path, executed: Path, parameters: dict[str, Any]) -> NotebookNode:
    """Run a notebook in a kernel of its own, keep the executed copy and return it.

    Kernel and runner talk through sockets in a folder that only this user can open, where the system has
    them: anybody on the machine could read the outputs from a TCP port.

    Parameters
    ----------
    notebook : Path
        The stored notebook.
    executed : Path
        Where the executed copy goes; its folder is made.
    parameters : dict
        Checked by :func:`check_parameters` before a kernel starts.

    Raises
    ------
    NotebookFailed
        If a cell raises, takes over half an hour, or the kernel dies; the executed copy keeps the details,
        the message carries no data.
    """
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

    from evaluation.pipeline import warm_kernels

    check_parameters(notebook, parameters)
    executed.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kernel-") as own:
        # a folder per run: kernels that share one pick each other's sockets
        sockets = {"transport": "ipc", "ip": f"{own}/socket"}
        possible = os.name == "posix" and len(own) < LONGEST_SOCKET_FOLDER
        warm = {"kernel_manager_class": warm_kernels.WarmKernels} if warm_kernels.POSSIBLE else {}
        try:
            return papermill.execute_notebook(
                str(notebook),
                str(executed),
                parameters=parameters,
                kernel_name="python3",
                progress_bar=False,
                request_save_on_cell_execute=False,
                shutdown_kernel="immediate",
                execution_timeout=LONGEST_CELL_SECONDS,
                config=Config(KernelManager=sockets if possible else {}),
                **warm,
            )
        except PapermillExecutionError as error:
            said = f"{notebook.name}, cell {error.exec_count}: {error.ename}"
            if error.ename == "ValueError" and REFUSED.search(
                COLOURS.sub("", "".join(error.traceback[-2:-1]))
            ):
                said += f": {careful(error.evalue, read_profile())}"
            raise NotebookFailed(said) from error
        except CellTimeoutError as error:
            raise NotebookFailed(
                f"{notebook.name}: a cell took over {LONGEST_CELL_SECONDS} seconds"
            ) from error
        except DeadKernelError as error:  # out of memory, most often
            raise NotebookFailed(f"{notebook.name}: the kernel died") from error


def code_of(notebook: Path) -> str:
    """All Python of a notebook as one text.

    A cell that is not Python is left out: it imports nothing, and fails when it runs.
    """
    return _python_of(notebook.read_text(encoding="utf-8"))


@cache
def _python_of(notebook: str) -> str:
    from IPython.core.inputtransformer2 import TransformerManager

    cells = json.loads(notebook)["cells"]
    found = []
    for cell in cells:
        if cell["cell_type"] == "code":
            with suppress(SyntaxError):
                text = TransformerManager().transform_cell("".join(cell["source"]))
                ast.parse(text)
                found.append(text)
    return "\n\n".join(found)


@cache
def modules_behind(code: str) -> tuple[Path, ...]:
    """Files of this package that a piece of code imports, directly or through other modules of the package.

    Parameters
    ----------
    code : str
        Python source.

    Returns
    -------
    tuple of Path
        Sorted; so that a result is computed again when, and only when, code behind it changed.
    """
    found: set[Path] = set()
    waiting = imported_modules(ast.unparse(ast.parse(code)))  # one statement a line, whoever wrote it
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting |= _imports_of_module(module)
    return tuple(sorted(found))


def imported_modules(code: str) -> set[Path]:
    """Files of this package's modules that a piece of code imports directly, lazy imports included."""
    names: set[str] = set()
    for package, listed, whole in IMPORTS.findall(code):
        names.update(re.findall(r"evaluation[.\w]*", package or whole))
        names.update(f"{package}.{name}" for name in re.findall(r"(\w+)(?: as \w+)?", listed))
    paths = (PACKAGE.parent.joinpath(*name.split(".")) for name in names)
    return {file for path in paths if (file := path.with_suffix(".py")).exists()}


@cache
def _imports_of_module(module: Path) -> frozenset[Path]:
    return frozenset(imported_modules(module.read_text(encoding="utf-8")))
