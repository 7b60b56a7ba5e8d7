"""Check published pages in headless Chromium: accessibility, requests, scripts, language, size, content."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from evaluation.reporting.sections import AREA_SECTIONS
from evaluation.words.language import CODES

if TYPE_CHECKING:
    from playwright.sync_api import Page

MOST_BYTES = 2 * 1024 * 1024
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SCREENS = ((1280, 800), (390, 844), (360, 740), (320, 800))
MOST_WORDS = 120
# Title, mark of simulated data and what is seen of the panel of answers, where there is one.
FIRST_WORDS = """() => !document.querySelector('.answers') ? 0 :
    [...document.querySelectorAll('h1, .simulated, .answers > :not(.hidden)')]
        .map(one => one.innerText).join(' ')
        .split(/\\s+/).filter(word => /[\\p{L}\\p{N}]/u.test(word)).length"""
# Boxes beyond the edge, boxes that have to be scrolled, and pictures shrunk until nobody can read them.
TOO_WIDE = """() => {
    const edge = document.documentElement.clientWidth, found = [];
    const name = one => (one.querySelector('caption')?.innerText ?? one.alt ?? one.tagName).slice(0, 60);
    const over = document.documentElement.scrollWidth - edge;
    if (over > 0) found.push(`the page is ${over} px too wide`);
    for (const one of document.querySelectorAll('main table, main img, main svg, main pre')) {
        const box = one.getBoundingClientRect();
        if (box.right > edge + 1 || box.left < -1) found.push(`cut: ${name(one)}`);
        const shrunk = one.naturalWidth && one.clientWidth < 0.55 * one.naturalWidth;
        if (shrunk) found.push(`too small: ${name(one)}`);
    }
    for (const one of document.querySelectorAll('main .scroll'))
        if (one.scrollWidth > one.clientWidth + 1) found.push(`has to be scrolled: ${name(one)}`);
    return found }"""
NO_AREA_PAGES = ("index", "national", "public_statistics", "validation")


def browser() -> str | None:
    """Path of a Chromium on this machine, or None."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def check(paths: Sequence[Path]) -> pd.DataFrame:
    """Open pages from file, in folders named by language, and list what is wrong: columns page, problem.

    Raises
    ------
    ValueError
        If there is no Chromium, or no page to check: nothing checked must not count as nothing wrong.
    """
    try:
        from axe_playwright_python.sync_playwright import Axe
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError as missing:
        raise ValueError(f"{missing.name} is not installed: `make check` installs what it needs") from None

    executable = browser()
    if executable is None:
        raise ValueError(f"no Chromium found; looked for {', '.join(BROWSERS)}")
    if not paths:
        raise ValueError("no pages to check; run `evaluation run` first")
    rows = []
    axe = Axe()
    with tempfile.TemporaryDirectory() as profile, sync_playwright() as driver:
        context = driver.chromium.launch_persistent_context(
            profile, executable_path=executable, headless=True, args=list(FLAGS), bypass_csp=True
        )
        tab = context.new_page()
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        for path in paths:
            asked.clear()
            tab.set_viewport_size({"width": 1280, "height": 900})
            tab.goto(path.resolve().as_uri())
            found = [*_requests(asked, path), *_file(path), *_content(tab, path)]
            violations = axe.run(tab, options=AXE).response["violations"]
            found += [
                f"axe {one['id']} ({len(one['nodes'])}): {one['nodes'][0]['target'][0]}" for one in violations
            ]
            rows += [(path.as_posix(), problem) for problem in found]
        context.close()
    return pd.DataFrame(rows, columns=["page", "problem"])


def _requests(asked: Iterable[str], path: Path) -> list[str]:
    own = path.resolve().as_uri()
    return [f"request: {url[:100]}" for url in asked if url != own and not url.startswith("data:")]


def _file(path: Path) -> list[str]:
    text = path.read_text("utf-8")
    size = len(text.encode())
    faults = {
        f"{size / 2**20:.1f} MB is more than 2 MB": size > MOST_BYTES,
        "holds a script or an embedded object": re.search(
            r"<(script|iframe|object|embed)", text, re.IGNORECASE
        ),
        "shows a traceback": "Traceback (most recent call last)" in text,
        "has no content security policy": "default-src 'none'" not in text,
    }
    found = [fault for fault, there in faults.items() if there]
    linked = set(re.findall(r'href="([^"#:]+)(?:#[^"]*)?"', text))
    languages = {code for code in CODES if (path.parent.parent / code).is_dir()}
    for name in sorted(linked):
        other = re.match(r"\.\./(fi|sv|en)/", name)
        if (other is None or other[1] in languages) and not (path.parent / name).exists():
            found.append(f"links to {name}, which is not there")
    return found


def _content(tab: Page, path: Path) -> list[str]:
    language, first = tab.get_attribute("html", "lang"), tab.locator("h1").count()
    levels = tab.evaluate("[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => +h.tagName[1])")
    alts = tab.evaluate("[...document.images].map(i => [i.alt, i.naturalWidth])")
    faults = {
        f"lang is {language!r}": language != path.parent.name,
        f"{first} first headings": first != 1,
        "a heading level is left out": any(b - a > 1 for a, b in pairwise(levels)),
        "an image has no text alternative that says what is seen": any(len(alt) < 30 for alt, _ in alts),
        "an image does not load": any(width == 0 for _, width in alts),
        "a table has no column headings": tab.locator("table:not(:has(th[scope=col]))").count(),
    }
    found = [fault for fault, there in faults.items() if there] + _cut(tab)
    if tab.locator("[data-failed]").count():
        return found  # the page of an analysis that failed has no contents to look for
    if path.stem.endswith("-summary"):
        printed = len(re.findall(rb"/Type\s*/Page\b(?!s)", tab.pdf(format="A4", prefer_css_page_size=True)))
        return found if printed == 2 else [*found, f"printed on {printed} pages of A4, not on two"]
    if path.stem not in NO_AREA_PAGES:
        ids = tab.evaluate("[...document.querySelectorAll('main section[id]')].map(s => s.id)")
        if ids != list(AREA_SECTIONS):
            found.append(f"sections are {ids}, not the {len(AREA_SECTIONS)} of an area report")
        if tab.locator("figure img").count() < 3 or tab.locator("table").count() < 10:
            found.append("figures or tables are missing")
    return found


def _cut(tab: Page) -> list[str]:
    """What does not fit on a screen of each width, all folds open; a first screen too long or too tall."""
    words = tab.evaluate(FIRST_WORDS)
    found = [f"the first screen has {words} words"] if words > MOST_WORDS else []
    for width, height in SCREENS:
        tab.set_viewport_size({"width": width, "height": height})
        below = tab.evaluate("() => document.querySelector('.answers')?.getBoundingClientRect().bottom ?? 0")
        if below > height and width > 320:  # the narrowest may be scrolled to see all answers
            found.append(
                f"at {width} x {height} the panel of answers ends {below - height:.0f} px below the screen"
            )
        tab.evaluate("() => document.querySelectorAll('details').forEach(one => one.open = true)")
        found += [f"at {width} px {one}" for one in tab.evaluate(TOO_WIDE)]
        tab.evaluate("() => document.querySelectorAll('details').forEach(one => one.open = false)")
    tab.set_viewport_size({"width": 1280, "height": 900})
    return found
