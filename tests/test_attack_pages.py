"""The attackers find what is planted: finer numbers, formulas, live payloads, canaries."""

import random
import urllib.parse

import pytest
from openpyxl import Workbook
from validation import attack_pages, canaries, injection

from evaluation.pipeline import check_pages

FRAME = '<g id="axes_1">\n<g id="patch_2">\n<path d="M 0 100 \nL 100 100 \nL 100 0 \nL 0 0 \nz"/>\n</g>\n'


def axis(number, letter, places):
    ticks = "".join(
        f'<g id="{letter}tick_{n}">\n<g id="line2d_{n}">\n<use xlink:href="#m" x="{x}" y="{y}"/>\n</g>\n'
        f'<g id="text_{n}">\n<text x="1">{said}</text>\n</g>\n</g>\n'
        for n, (x, y, said) in enumerate(places, start=1)
    )
    return f'<g id="matplotlib.axis_{number}">\n{ticks}</g>\n'


def published(tmp_path, *, table="12.5", alt="12.5 days", at=50.0, cell=12.5):
    """A page with one value in a table, in words and as a marker, beside a file that holds 12.5."""
    marks = f'<g id="line2d_9">\n<use xlink:href="#d" x="50" y="{at}"/>\n</g>\n'
    x = axis(1, "x", [(0, 100, "a"), (100, 100, "b")])
    y = axis(2, "y", [(0, 100, "0"), (0, 0, "25")])
    svg = urllib.parse.quote(FRAME + x + y + marks)
    folder = tmp_path / "en"
    (folder / "csv" / "oulu").mkdir(parents=True)
    (folder / "csv" / "oulu" / "all_values.csv").write_text("unit,estimate\ndays,12.5\n")
    book = Workbook()
    book.active.append(["days", cell])
    book.save(folder / "csv" / "oulu" / "oulu.xlsx")
    page = folder / "oulu.html"
    page.write_text(f'<td data-value="{table}"></td><img alt="{alt}" src="data:image/svg+xml,{svg}">')
    return page


@pytest.mark.parametrize(
    ("planted", "kind"),
    [
        ({}, None),
        ({"table": "12.4871"}, "tables"),
        ({"alt": "12.487 days"}, "text alternatives"),
        ({"at": 49.1}, "coordinates"),
        ({"cell": 12.4871}, "workbook"),
    ],
)
def test_finer_numbers_than_the_files_hold_are_found(tmp_path, planted, kind):
    found = attack_pages.attack(published(tmp_path, **planted))
    assert {name for name, (_, finer) in found.items() if finer} == ({kind} if kind else set())
    assert all(read for read, _ in found.values())


def test_ticks_are_read_in_three_languages_and_years_are_no_secret():
    assert [attack_pages.number(text) for text in ("−1\u00a0250", "12,5", "12.5 %", "1,250")] == [
        -1250, 12.5, 12.5, 1250,
    ]  # fmt: skip
    assert attack_pages.number("Oulu") != attack_pages.number("Oulu")
    years = axis(1, "x", [(0, 0, "2018"), (50, 0, "2019")])
    assert attack_pages.scale(years, 0) is None


def test_formulas_and_live_pages_are_found(tmp_path):
    folder = tmp_path / "reports" / "fi"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text('x,y\n"=1+1",-2.5\n"\'=1+1",2e-05\n')
    assert len(injection.formulas(tmp_path)) == 1
    book = Workbook()
    book.active.append(["=1+1", "-x", -2.5])
    book.save(folder / "a.xlsx")
    assert len(injection.formulas(tmp_path)) == 3
    if check_pages.browser() is None:
        pytest.skip("no Chromium on this machine")
    page = folder / "a.html"
    page.write_text("<img src='data:,' onerror=window.live=1><base href='https://example.org/'>")
    assert [what.partition(": ")[2] for what in injection.live_in([page])] == [
        "a script ran",
        "2 live elements",
    ]


def test_payloads_and_canaries_are_as_many_as_asked_and_differ():
    assert len(set(injection.payloads(100, random.Random(1)))) == 100
    birds = canaries.canaries(300, random.Random(1))
    assert len(set(birds)) == 300
    assert canaries.seen({"log": f"row of {birds[0]}", "page": "none"}, birds) == ["log: 1 canaries"]
