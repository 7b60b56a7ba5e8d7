"""Payloads in the texts of cleared rows, study and reference tables: is anything live in pages or CSV files?

``python -m validation.injection data/processed/cleared.parquet --payloads 100 --rounds 3 --seed 1`` makes an
area report, an index and their CSV files from a cleared ledger whose texts carry payloads, each text another
one in each round, and opens the pages in headless Chromium without their content-security policy, so that
escaping alone must hold. Live is a dialog, a request, an own script or event handler, or a payload's mark.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import random
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import load_workbook

from evaluation.pipeline import check_pages
from evaluation.reporting import own_pages, page, sections
from evaluation.reporting.downloads import FORMULA_STARTS
from evaluation.study import Study, read_study
from evaluation.study_parts import Names
from evaluation.words.language import CODES

KEYS = ("outcome", "group", "window", "measure", "item", "specification")
ROOT = Path(__file__).parents[1]
LIVE = "window.live=1"
SEEDS = (
    "<script>{live}</script>",
    "<img src=x onerror={live}>",
    "<svg onload={live}>",
    '"><script>{live}</script>',
    "'><img src=x onerror={live}>",
    "<a href=javascript:{live}>x</a>",
    "<iframe srcdoc='<script>{live}</script>'>",
    "</style><script>{live}</script>",
    "</title><script>{live}</script>",
    "<body onload={live}>",
    "&lt;script&gt;",
    "<details open ontoggle={live}>",
    "<input autofocus onfocus={live}>",
    "<object data='https://example.org/x'>",
    "<link rel=stylesheet href='https://example.org/x.css'>",
    "<img src='https://example.org/x.png'>",
    "<meta http-equiv=refresh content='0;url=https://example.org'>",
    "<base href='https://example.org/'>",
    '=HYPERLINK("https://example.org")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1,1)",
    "\t=1+1",
    "\r=1+1",
    "{{{{ 7*7 }}}}",
    "{{% include 'x' %}}",
    "{{{{ cycler.__init__.__globals__ }}}}",
    "%s%n",
    "{{0.__class__}}",
    "<style>@import 'https://example.org/x.css'</style>",
    "<p id=draft>x</p>",
    "<form action='https://example.org'>",
)
WORDS = ("", "é", "x", "A ", "\u00a0", "Ä", "1", "ok: ")


def payloads(count: int, rng: random.Random) -> list[str]:
    """So many different payloads: seeds with something before or after, tags in upper and lower case."""
    made = [seed.format(live=LIVE) for seed in SEEDS]
    while len(made) < count:
        seed = rng.choice(SEEDS).format(live=LIVE)
        seed = seed.replace("script", rng.choice(("script", "ScRiPt", "SCRIPT"))) if "<" in seed else seed
        other = seed + rng.choice(WORDS) if seed.startswith(FORMULA_STARTS) else rng.choice(WORDS) + seed
        other += str(len(made))
        made.append(other)
    return made[:count]


def named(part: Any, texts: itertools.cycle[str]) -> Any:
    """The same part of a study with a payload in every name that readers see."""
    if isinstance(part, Names):
        return Names(fi=next(texts), sv=next(texts), en=next(texts))
    if isinstance(part, dict):
        return {key: named(value, texts) for key, value in part.items()}
    if isinstance(part, tuple):
        return tuple(named(value, texts) for value in part)
    if hasattr(type(part), "model_fields"):
        fields = {name: named(getattr(part, name), texts) for name in type(part).model_fields}
        return part.model_copy(update=fields)
    return part


def rows_with(rows: pd.DataFrame, texts: itertools.cycle[str]) -> list[pd.DataFrame]:
    """More rows whose items, analyses or whole keys are payloads, one table a kind."""
    found = []
    for measure in ("rows", "smd", "case_mix", "cost_item", "municipality_episodes"):
        shown = rows[rows["measure"] == measure]
        found.append(shown.assign(item=[next(texts) for _ in range(len(shown))]))
    other = rows[rows["topic"] == "sensitivity"]
    found.append(other.assign(specification=[next(texts) for _ in range(len(other))]))
    rest = rows.iloc[:200].copy()
    for name in KEYS:
        rest[name] = [next(texts) for _ in range(len(rest))]
    return [*found, rest]


def make(folder: Path, rows: pd.DataFrame, study: Study, *, language: str, area: str) -> list[Path]:
    """Area report, index and files of one language, as the notebooks make them."""
    cleared, reference, reports = folder / "cleared.parquet", folder / "reference", folder / "reports"
    rows.to_parquet(cleared)
    report = sections.open_report(cleared, study=study, reference=reference, language=language, area=area,
                                  release_date="2026-12-01")  # fmt: skip
    names = [name.replace("-", "_") for name in sections.AREA_SECTIONS][:11]
    body = [sections.section(report, name) for name in ("heading", *names)]
    body.append(sections.data_and_provenance(report, parameters={"area": area}, cleared=str(cleared),
                                             reference=str(reference), processed=str(folder)))  # fmt: skip
    body.append(sections.files_to_download(report, reports=reports, processed=folder))
    target = reports / language / f"{area}.html"
    page.write_plain(target, title=report.name, body="\n".join(body), language=language, simulated=True)
    index = target.with_name("index.html")
    own_pages.write_index(index, study, cleared=cleared, reference=reference, language=language, areas=[area])
    return [target, index]


def live_in(paths: list[Path]) -> list[str]:
    """What is live in pages, opened without their content-security policy."""
    from playwright.sync_api import sync_playwright

    found: list[str] = []
    with tempfile.TemporaryDirectory() as profile, sync_playwright() as driver:
        context = driver.chromium.launch_persistent_context(
            profile, executable_path=check_pages.browser(), headless=True, args=list(check_pages.FLAGS),
            bypass_csp=True,
        )  # fmt: skip
        tab = context.new_page()
        asked: list[str] = []
        tab.on("dialog", lambda dialog: asked.append(f"dialog {dialog.message}"))
        tab.on("request", lambda request: asked.append(request.url))
        for path in paths:
            own = path.resolve().as_uri()
            asked.clear()
            tab.goto(own)
            tab.wait_for_timeout(200)
            found += [f"{path.name}: request {url}" for url in asked if url != own and url[:5] != "data:"]
            if tab.evaluate("window.live"):
                found.append(f"{path.name}: a script ran")
            count = tab.evaluate(
                "[...document.querySelectorAll('*')].filter(e => /^(script|iframe|object|embed|base|form)$/i"
                ".test(e.tagName) || [...e.attributes].some(a => /^on/i.test(a.name) ||"
                " /^\\s*javascript:/i.test(a.value))).length"
            )
            found += [f"{path.name}: {count} live elements"] if count else []
        context.close()
    return found


def formulas(folder: Path) -> list[str]:
    """Cells of CSV files and workbooks that a spreadsheet would take for a formula; numbers are none."""
    found = []
    for path in sorted(folder.rglob("reports/**/*.xlsx")):
        for cell in (c for sheet in load_workbook(path) for row in sheet.iter_rows() for c in row):
            text = isinstance(cell.value, str) and cell.value.startswith(FORMULA_STARTS)
            if cell.data_type == "f" or (text and not cell.quotePrefix):
                found.append(f"{path.name}: {str(cell.value)[:40]!r}")
    for path in sorted(folder.rglob("reports/**/*.csv")):
        excel = path.stem.endswith("-excel")
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.reader(file, delimiter=";" if excel else ","):
                for cell in row:
                    plain = cell.replace(",", ".").replace("e", "").removeprefix("-")
                    number = plain.replace(".", "", 1).replace("-", "", 1).isdigit()
                    if cell.startswith(FORMULA_STARTS) and not number:
                        found.append(f"{path.name}: {cell[:40]!r}")
    return found


def main() -> int:
    """Inject, open, count; 1 if anything is live."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cleared", type=Path)
    parser.add_argument("--payloads", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--area", default="oulu")
    given = parser.parse_args()
    if check_pages.browser() is None:
        raise SystemExit("no Chromium: nothing was looked at")
    rng = random.Random(given.seed)
    texts = payloads(given.payloads, rng)
    clean, study = pd.read_parquet(given.cleared), read_study(ROOT / "studies" / "kuntakokeilut-2021.toml")
    live: list[str] = []
    open_cells: list[str] = []
    fields = pages = refused = 0
    for number in range(given.rounds):
        start = rng.randrange(len(texts))
        turn = itertools.cycle(texts[start:] + texts[:start])
        rows = clean.copy()
        own = rows.index[(rows["area"] == given.area) | (rows["area"] == "all")]
        rows.loc[own, "method"] = [next(turn) for _ in own]
        hurt = named(study, turn)
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            shutil.copytree(ROOT / "data" / "raw" / "reference", folder / "reference")
            for table in ("pilot_areas", "municipalities"):
                file = folder / "reference" / f"{table}.csv"
                frame = pd.read_csv(file, dtype=str, keep_default_na=False)
                for name in [name for name in frame if name.startswith("name_")]:
                    frame[name] = [next(turn) for _ in range(len(frame))]
                    fields += len(frame)
                frame.to_csv(file, index=False, quoting=csv.QUOTE_ALL)
            language = CODES[number % len(CODES)]
            written = make(folder, rows, hurt, language=language, area=given.area)
            for kind, more in enumerate(rows_with(rows.loc[own], turn)):
                both, place = pd.concat([rows, more], ignore_index=True), folder / str(kind)
                (place / "reference").parent.mkdir()
                shutil.copytree(folder / "reference", place / "reference")
                try:
                    written += make(place, both, hurt, language=language, area=given.area)
                except ValueError as error:  # a code without a name stops the page
                    if "has no name" not in str(error):
                        raise
                    refused += len(more)
                else:
                    fields += len(more)
            fields += len(own)
            pages += len(written)
            live += [f"round {number}: {what}" for what in live_in(written)]
            open_cells += formulas(folder)
    print("\n".join(sorted(set(live + open_cells))[:20]))
    print(f"{len(texts)} payloads in {fields} texts and the names of the study, {given.rounds} rounds")
    print(f"{refused} rows whose codes have no name were refused by name: no page was made of them")
    print(f"{pages} pages in Chromium without policy: {len(live)} live; CSV: {len(open_cells)} formulas live")
    return int(bool(live or open_cells))


if __name__ == "__main__":
    raise SystemExit(main())
