"""The page checks find what they are there to find, and the reports of the example pass them."""

import sys

import pytest

from evaluation.pipeline import check_pages
from evaluation.reporting import own_pages, page, sections
from small_register import TRIALS
from test_page import REFERENCE, ledger_example

GOOD = "<h1>Sivu</h1><p>Teksti.</p>"

needs_browser = pytest.mark.skipif(check_pages.browser() is None, reason="no Chromium on this machine")


def problems(path):
    return "\n".join(check_pages.check([path])["problem"])


def written(folder, body, *, language="fi", name="index"):
    return page.write_plain(
        folder / language / f"{name}.html", title="Sivu", body=body, language=language, simulated=True
    )


@needs_browser
def test_faults_are_found_one_by_one(tmp_path):
    body = (
        GOOD
        + '<h4>Liian syvällä</h4><img src="https://example.org/a.png" alt="kuva">'
        + '<p style="color:#bbb">Haalea</p><table><tr><td>1</td></tr></table>'
        + '<div style="width:1500px">x</div><a href="puuttuu.html">linkki</a>'
    )
    found = problems(written(tmp_path, body))
    for fault in (
        "request: https://example.org",
        "a heading level is left out",
        "no text alternative that says what is seen",
        "axe color-contrast",
        "a table has no column headings",
        "at 1280 px",
        "links to puuttuu.html",
    ):
        assert fault in found, fault


@needs_browser
def test_wrong_language_script_and_missing_sections_are_found(tmp_path):
    path = written(tmp_path, GOOD + '<section id="findings"></section>', name="oulu")
    path.write_text(
        path.read_text().replace('lang="fi"', 'lang="sv"', 1).replace("</main>", "<script></script></main>")
    )
    found = problems(path)
    assert "lang is 'sv'" in found
    assert "script" in found
    assert "sections are ['findings']" in found


@needs_browser
def test_an_empty_summary_is_found_and_the_page_of_a_failed_analysis_is_not_asked_for_contents(tmp_path):
    assert "printed on 1 pages of A4" in problems(written(tmp_path, GOOD, name="oulu-summary"))
    assert "sections are []" in problems(written(tmp_path, GOOD, name="oulu"))
    for name in ("lahti", "lahti-summary"):
        target = tmp_path / "fi" / f"{name}.html"
        own_pages.write_failed(
            target, TRIALS, area="lahti", language="fi", reference=REFERENCE, all_languages=["fi"]
        )
        written(tmp_path, GOOD, name="index")
        assert problems(target) == ""


@needs_browser
@pytest.mark.parametrize("width", [320, 390])
def test_on_a_telephone_the_names_of_the_checks_have_most_of_their_table(tmp_path, width):
    from playwright.sync_api import sync_playwright

    name, outcome = "Kuvitteellinen alkamispäivä ei tuota selvää eroa", "Työssä avoimilla työmarkkinoilla"
    cells = f"<th scope=row>{name}</th>" + "".join(
        f"<td class=text>{words}</td>" for words in (outcome, "Kunnossa")
    )
    heads = "".join(
        f"<th scope=col class=text>{words}</th>" for words in ("Tarkistus", "Tulos", "Johtopäätös")
    )
    number = "<td data-value=0>0,0\xa0prosenttiyksikköä (−11,5 … +11,5)</td>"
    head = f"<thead><tr>{heads}<th scope=col>Arvio</th></tr></thead>"
    table = f"<table>{head}<tbody><tr>{cells}{number}</tr></tbody></table>"
    path = written(tmp_path, f"{GOOD}<div id=table-diagnostics class=scroll>{table}</div>")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=check_pages.browser(), args=list(check_pages.FLAGS))
        tab = browser.new_page(viewport={"width": width, "height": 800})
        tab.goto(path.resolve().as_uri())
        widths = tab.evaluate("[...document.querySelectorAll('td, tbody th')].map(one => one.offsetWidth)")
        browser.close()
    assert widths[0] == max(widths) and sum(widths) <= width
    assert widths[0] >= 0.33 * sum(widths)


def test_nothing_to_check_is_not_a_pass():
    with pytest.raises(ValueError, match=r"no (pages|Chromium)"):
        check_pages.check([])


def test_without_the_packages_of_the_tests_the_command_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    with pytest.raises(ValueError, match="make check"):
        check_pages.check([tmp_path / "fi" / "oulu.html"])


@needs_browser
@pytest.mark.parametrize(("language", "area"), [("fi", "oulu"), ("sv", "raasepori-hanko")])
def test_area_report_of_the_example_has_no_problem(tmp_path, language, area):
    cleared = tmp_path / "cleared.parquet"
    ledger_example.example().to_parquet(cleared)
    report = sections.open_report(
        cleared, study=TRIALS, reference=REFERENCE, language=language, area=area, release_date="2026-11-23"
    )
    names = [name.replace("-", "_") for name in sections.AREA_SECTIONS][:12]
    source = {"cleared": str(cleared), "reference": str(REFERENCE), "processed": str(tmp_path)}
    body = "\n".join(
        [
            *(sections.section(report, name) for name in ("heading", *names)),
            sections.data_and_provenance(report, parameters={"area": area}, **source),
            sections.files_to_download(report, reports=tmp_path / "reports", processed=tmp_path),
        ]
    )
    target = tmp_path / "reports" / language / f"{area}.html"
    page.write_plain(target, title=report.name, body=body, language=language, simulated=True)
    short, body = target.with_stem(f"{area}-summary"), sections.section(report, "summary")
    page.write_plain(short, title=report.name, body=body, language=language, simulated=True)
    own_pages.write_index(
        target.with_name("index.html"),
        TRIALS,
        cleared=cleared,
        reference=REFERENCE,
        language=language,
        areas=[area],
    )
    assert problems(target) == ""
    assert problems(short) == ""  # printed on two pages of A4, among others
