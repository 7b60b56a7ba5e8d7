"""JupyterLab as a reader meets it: ``make lab`` in a headless browser, notebooks run from the menu.

``python -m validation.lab [FOLDER]`` copies the project aside with a demo, starts ``make lab`` there, runs
the analysis of Oulu, the tutorial and a how-to by *Run > Run All Cells*, and holds what is then on the page
against what the notebook should show: no error, every figure drawn, the mark of simulated data. Screenshots
go to the folder. Status 0 if all is there, 1 if not, 3 where there is no browser or no JupyterLab.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.pipeline.check_pages import FLAGS, browser
from evaluation.reporting.exhibits import EXHIBITS
from validation.offline import ROOT, copy_code

if TYPE_CHECKING:
    from playwright.sync_api import Page

NOT_TRIED = 3
NOTEBOOKS = ("own/oulu", "tutorial", "how_to/own_prices")
LONGEST_SECONDS = 240
# the demo has too few episodes a quarter, and the page says so in words
NOT_ON_THE_DEMO = {"event_study"}
PROMPTS = "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(one => one.innerText)"
STARTED = f"() => {PROMPTS}.some(one => /[0-9*]/.test(one))"
DONE = f"() => !{PROMPTS}.some(one => one.includes('*'))"


def figures_in(code: str) -> int:
    """Figures that the code of a notebook draws: those of its plots and of the exhibits it names."""
    drawn = [name for name, one in EXHIBITS.items() if one.draw and name not in NOT_ON_THE_DEMO]
    return code.count("ev.plot.") + sum(
        f'"{name}"' in line for line in code.splitlines() if line.startswith("see(") for name in drawn
    )


def code_of(notebook: Path) -> str:
    """The code cells of a notebook."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


@contextmanager
def lab(folder: Path) -> Iterator[str]:
    """JupyterLab by ``make lab`` in a folder; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(8)
    environment = os.environ | {"JUPYTER_PORT": str(port), "JUPYTER_TOKEN": token, "BROWSER": "true"}
    environment.pop("MPLBACKEND", None)
    with (folder / "lab.log").open("w") as log:
        server = subprocess.Popen(
            ["make", "lab"], cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait_for(f"http://localhost:{port}/api/status?token={token}", server)
        yield f"http://localhost:{port}/lab/tree/{{}}?token={token}&reset"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(120):
        if server.poll() is not None:
            raise RuntimeError("make lab ended; see lab.log")
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            time.sleep(0.5)
    raise RuntimeError("make lab did not answer within a minute; see lab.log")


def run_all(tab: Page, address: str) -> None:
    """Open a notebook and choose Run > Run All Cells, until nothing runs any more."""
    tab.goto(address)
    tab.wait_for_selector(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell", timeout=60_000)
    # what is chosen before the kernel listens is forgotten: ask the server, not the page
    sessions = address.partition("/lab/")[0] + "/api/sessions?" + address.partition("?")[2]
    for _ in range(60):
        tab.wait_for_timeout(1000)
        kernels = [one["kernel"] for one in tab.request.get(sessions).json() if one["path"] in address]
        if any(one["execution_state"] == "idle" and one["connections"] for one in kernels):
            break
    tab.get_by_role("menuitem", name="Run", exact=True).click()
    tab.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    tab.wait_for_function(STARTED, timeout=30_000)
    tab.wait_for_function(DONE, timeout=LONGEST_SECONDS * 1000)
    tab.wait_for_timeout(1500)


def faults(tab: Page, code: str) -> list[str]:
    """What is on the page that should not be, or the other way round."""
    found = tab.evaluate(
        """() => { const here = document.querySelector('.jp-NotebookPanel:not(.lm-mod-hidden)');
        const images = [...here.querySelectorAll('.jp-OutputArea-output img')];
        return { errors: [...here.querySelectorAll('[data-mime-type="application/vnd.jupyter.stderr"],'
            + '[data-mime-type="application/vnd.jupyter.error"]')].map(one => one.innerText.slice(-300)),
          drawn: images.filter(one => one.complete && one.naturalWidth > 100).length,
          marked: /simulat/i.test(here.innerText) } }"""
    )
    said = [f"an error is shown: {text}" for text in found["errors"]]
    if found["drawn"] != (wanted := figures_in(code)):
        said.append(f"{found['drawn']} figures instead of {wanted}")
    return said if found["marked"] else [*said, "nothing says that the data are simulated"]


def try_all(folder: Path, shots: Path) -> int:
    """Run the notebooks in a copy of the project; print what is wrong with each."""
    from playwright.sync_api import sync_playwright

    wrong = 0
    with lab(folder) as address, sync_playwright() as driver, tempfile.TemporaryDirectory() as profile:
        context = driver.chromium.launch_persistent_context(
            profile,
            executable_path=browser(),
            headless=True,
            args=list(FLAGS),
            # tall enough that no cell is left undrawn
            viewport={"width": 1300, "height": 9000},
        )
        tab = context.new_page()
        tab.on("dialog", lambda dialog: dialog.accept())  # what was run need not be saved
        for name in NOTEBOOKS:
            path = f"notebooks/{name}.ipynb"
            began = time.monotonic()
            try:
                run_all(tab, address.format(path))
            finally:  # a page that did not come so far is worth looking at most
                tab.screenshot(path=shots / f"{name.replace('/', '-')}.png")
            code = code_of(folder / path)
            said = faults(tab, code)
            wrong += bool(said)
            seconds = time.monotonic() - began
            print(f"{path}: {'; '.join(said) or f'{figures_in(code)} figures'} ({seconds:.0f} s)")
        context.close()
    return int(wrong > 0)


def main(shots: Path) -> int:
    """Copy the project aside, make a demo there, and try it."""
    if browser() is None or find_spec("jupyterlab") is None or not (ROOT / ".venv" / "lab").exists():
        print("not tried: needs Chromium and the environment of `make lab`", file=sys.stderr)
        return NOT_TRIED
    shots.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="lab-") as name:
        folder = Path(name)
        copy_code(folder)
        (folder / ".venv").symlink_to(ROOT / ".venv")
        for words in (["demo"], ["new", "oulu"]):
            command = [sys.executable, "-m", "evaluation", "--root", str(folder), *words]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return try_all(folder, shots)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("reports/lab"))
    sys.exit(main(parser.parse_args().folder.resolve()))
