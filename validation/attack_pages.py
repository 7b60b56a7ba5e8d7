"""Do pages tell finer numbers than their files? Reads HTML tables, text alternatives and SVG coordinates.

``python -m validation.attack_pages reports`` looks for every number of a page among the values of its files.
A number in a table or a text alternative must be one of them, rounded further. The axes of a figure are
calibrated by their own tick labels, and each marker read back must be a value of the files as near as the
written digits of the coordinate allow. What is found nowhere would be a finer number than the files publish.
"""

from __future__ import annotations

import argparse
import html
import re
import urllib.parse
from pathlib import Path

import numpy as np
import pandas as pd
from openpyxl import load_workbook

NUMBERS = ["estimate", "std_error", "ci_low", "ci_high", "p_value", "persons", "episodes", "x"]
MARK = re.compile(r'<use xlink:href="#\w+" x="([-\d.]+)" y="([-\d.]+)"')
TICK = re.compile(
    r'<use xlink:href="#\w+" x="([-\d.]+)" y="([-\d.]+)".*?<text [^>]*>([^<]*)</text>', re.DOTALL
)
FIGURE = re.compile(r'<img[^>]*src="data:image/svg\+xml,([^"]*)"')
YEARS = 1990  # ticks above are years: dates are no secret
PIXEL = 0.02  # written are hundredths: of the marker and of the ticks that the scale is read from
ARROW = 5.0  # an interval that runs out of the axis ends in an arrow at the frame: no value


def published(folder: Path, slug: str) -> np.ndarray:
    """Every number of a page's files, sorted, as written and as a percentage."""
    files = sorted((folder / "csv" / slug).glob("*.csv"))
    tables = [pd.read_csv(file) for file in files if not file.stem.endswith("-excel")]
    found = [
        table[name].dropna().to_numpy(dtype="float64")
        for table in tables
        for name in NUMBERS
        if name in table
    ]
    every = np.concatenate([np.zeros(1), *found])
    return np.unique(np.concatenate([every, 100 * every, -every, every / 1000]))


def distance(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Distance of every value to the nearest known one."""
    at = np.searchsorted(known, values).clip(1, len(known) - 1)
    return np.asarray(np.minimum(np.abs(values - known[at - 1]), np.abs(values - known[at])))


def number(text: str) -> float:
    """A number as it is written in a tick label or table, in any of the three languages; NaN for words."""
    plain = html.unescape(text).replace("−", "-").replace("\u00a0", "").replace("\u202f", "").strip(" %€")
    plain = plain.replace(",", ".") if re.fullmatch(r"-?\d+,\d{1,2}", plain) else plain.replace(",", "")
    return float(plain) if re.fullmatch(r"[+-]?\d+(\.\d+)?", plain) else float("nan")


def scale(axis: str, at: int) -> tuple[float, float] | None:
    """Slope and intercept from written coordinate to value, by the tick labels; None without two numbers."""
    ticks = [(float(found[at]), number(found[2])) for found in TICK.findall(axis)]
    pairs = np.array([pair for pair in ticks if pair[1] == pair[1]])
    if len(pairs) < 2 or np.ptp(pairs[:, 0]) == 0 or pairs[:, 1].min() > YEARS:
        return None
    slope, start = np.polyfit(pairs[:, 0], pairs[:, 1], 1)
    straight = np.abs(pairs[:, 0] * slope + start - pairs[:, 1]).max() <= 0.02 * abs(slope)
    return (float(slope), float(start)) if straight else None


def read_figure(svg: str) -> list[tuple[np.ndarray, float]]:
    """Values of the markers of each axis with numbers, and how near they can be read."""
    found = []
    for axes in re.split(r'<g id="axes_\d+">', svg)[1:]:
        parts = re.split(r'<g id="matplotlib\.axis_[12]">', axes)
        marks = np.array(MARK.findall(_drawn(axes)), dtype="float64").reshape(-1, 2)
        frame = np.array(re.findall(r"[ML] ([-\d.]+) ([-\d.]+)", parts[0])[:4], dtype="float64")
        for at, axis in enumerate(parts[1:3]):
            known = scale(axis, at)
            if known and len(marks) and len(frame):
                low, high = frame.min(axis=0), frame.max(axis=0)
                within = ((marks > low) & (marks < high)).all(axis=1)  # outside are legends
                within &= (marks[:, at] > low[at] + ARROW) & (marks[:, at] < high[at] - ARROW)
                inside = marks[within, at]
                found.append((np.unique(inside) * known[0] + known[1], PIXEL * abs(known[0])))
    return found


def _drawn(axes: str) -> str:
    """What stands after both axes: lines and markers of the data."""
    end = [found.end() for found in re.finditer(r'(?s)<g id="[xy]tick_\d+">.*?</text>\n</g>\n</g>', axes)]
    return axes[end[-1] :] if end else axes


def attack(page: Path) -> dict[str, tuple[int, int]]:
    """Numbers read from a page by kind, and how many of them none of its files holds."""
    text, known = page.read_text("utf-8"), published(page.parent, slug_of(page))
    said = {"tables": np.array([float(value) for value in re.findall(r'data-value="([-\d.e+]+)"', text)])}
    found = {"tables": (len(said["tables"]), int((distance(said["tables"], known) > 1e-6).sum()))}
    alts = " ".join(re.findall(r'<img[^>]*alt="([^"]*)"', text))
    words = re.findall(r"[-−]?\d[\d\u00a0]*(?:[.,]\d+)?", html.unescape(alts))
    finer = [
        word for word in words if len(re.sub(r".*[.,]", "", word)) > 2 and re.search(r"[.,]\d{3,}$", word)
    ]
    english = page.parent.name == "en"
    finer = [word for word in finer if not (english and re.search(r",\d{3}$", word))]
    found["text alternatives"] = (len(words), len(finer))
    read = missed = 0
    for svg in FIGURE.findall(text):
        for values, near in read_figure(urllib.parse.unquote(html.unescape(svg))):
            read, missed = read + len(values), missed + int((distance(values, known) > near + 1e-9).sum())
    found["coordinates"] = (read, missed)
    book = page.parent / "csv" / slug_of(page) / f"{slug_of(page)}.xlsx"
    cells = [
        cell for sheet in load_workbook(book) for row in sheet.iter_rows(values_only=True) for cell in row
    ]
    numbers = np.array([cell for cell in cells if isinstance(cell, int | float)], dtype="float64")
    found["workbook"] = (len(numbers), int((distance(numbers, known) > 1e-6).sum()))
    return found


def slug_of(page: Path) -> str:
    """The report that a page belongs to: a summary has no files of its own."""
    return page.stem.removesuffix("-summary")


def main() -> int:
    """Attack all pages and say what is told by pages only."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reports", type=Path)
    given = parser.parse_args()
    every = sorted(given.reports.rglob("*.html"))
    pages = [page for page in every if (page.parent / "csv" / slug_of(page)).is_dir()]
    total: dict[str, list[int]] = {}
    for page in pages:
        for kind, counts in attack(page).items():
            total[kind] = [sum(pair) for pair in zip(total.get(kind, [0, 0]), counts, strict=True)]
            if counts[1]:
                print(f"{page.parent.name}/{page.name}: {counts[1]} of {counts[0]} {kind} are in no file")
    print(f"{len(pages)} pages; " + "; ".join(f"{kind} {n}, finer {m}" for kind, (n, m) in total.items()))
    return int(any(missed for _, missed in total.values()) or not pages)


if __name__ == "__main__":
    raise SystemExit(main())
