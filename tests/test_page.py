"""Pages: an executed notebook becomes one file without script; the index finds every municipality's area."""

import re
from pathlib import Path

import nbformat
import pandas as pd
import pytest

import ledger_example
from evaluation.reporting import exhibits, own_pages, page, sections
from evaluation.words.language import CODES, alphabetical, get
from small_register import TRIALS

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "data" / "raw" / "reference"
REPORTS = ("area_report", "national_report", "public_statistics_report")


@pytest.fixture(scope="module")
def cleared(tmp_path_factory):
    path = tmp_path_factory.mktemp("cleared") / "cleared.parquet"
    ledger_example.example().to_parquet(path)
    return path


def notebook(folder, *outputs, markdown=""):
    book = nbformat.v4.new_notebook()
    if markdown:
        book.cells.append(nbformat.v4.new_markdown_cell(markdown))
    cell = nbformat.v4.new_code_cell("secret_code = 1")
    cell.outputs = [nbformat.v4.new_output("display_data", data=data) for data in outputs]
    book.cells.append(cell)
    nbformat.write(book, folder / "executed.ipynb")
    return folder / "executed.ipynb"


def published(folder, *outputs, language="fi", **keywords):
    target = folder / language / "oulu.html"
    return page.publish(notebook(folder, *outputs, **keywords), target, language=language).read_text("utf-8")


HEADING = {"text/html": '<div data-simulated="true"><h1>Oulun &amp; seutu</h1></div><!-- contents -->'}
TWO = {"text/html": '<h2 id="a-title">Yksi</h2><h2 id="b-title">Kaksi</h2>'}


@pytest.mark.parametrize("language", CODES)
def test_page_tells_its_language_title_simulation_and_contents(tmp_path, language):
    text = published(tmp_path, HEADING, TWO, language=language)
    assert f'<html lang="{language}">' in text
    assert "<title>Oulun &amp; seutu</title>" in text
    assert 'id="simulated"' in text
    assert '<a href="#a">Yksi</a>' in text
    others = set(re.findall(r'hreflang="(\w\w)"', text))
    assert others == set(CODES) - {language}


def test_contents_without_a_place_of_their_own_follow_the_first_heading(tmp_path):
    text = published(tmp_path, {"text/html": "<h1>Validation</h1>"}, TWO)
    assert re.search(r"<h1>Validation</h1>\s*<nav", text) and "&lt;/h1" not in text


def test_no_line_ends_between_a_sign_and_its_euro_and_nothing_is_put_into_the_number(tmp_path):
    said = {"text/html": '<p title="+€1">from −€1,200, to +€950 (€7, +2).</p>'}
    text = published(tmp_path, HEADING, said, language="en")
    whole = '<span class="whole">−€1,200</span>, to <span class="whole">+€950</span> (€7, +2).'
    assert f'<p title="+€1">from {whole}</p>' in text
    assert ".whole { white-space: nowrap; }" in text


def test_titles_of_pages_and_words_in_drawings_hold_no_span(tmp_path):
    heading = {"text/html": "<h1>Costs: −€500</h1>"}
    drawn = '<svg viewBox="0 0 9 9">\n<text>+€7</text></svg>'
    text = published(tmp_path, heading, {"text/html": drawn}, language="en")
    assert re.search("<title>Costs: −€500[^<]*</title>", text)
    assert "<text>+€7</text>" in text


def test_page_of_real_data_has_no_banner(tmp_path):
    real = {"text/html": HEADING["text/html"].replace("true", "false")}
    assert 'id="simulated"' not in published(tmp_path, real, TWO)


def test_code_and_warnings_and_tracebacks_are_not_published(tmp_path):
    path = notebook(tmp_path, HEADING)
    book = nbformat.read(path, as_version=4)
    book.cells[0].outputs += [
        nbformat.v4.new_output("stream", name="stderr", text="a warning"),
        nbformat.v4.new_output("error", ename="ValueError", evalue="xyzzy", traceback=["at xyzzy"]),
    ]
    nbformat.write(book, path)
    text = page.publish(path, tmp_path / "fi" / "x.html", language="fi").read_text("utf-8")
    for hidden in ("secret_code", "a warning", "xyzzy", "ValueError"):
        assert hidden not in text
    assert get("fi").text("This part could not be computed. The run log names the cause.") in text


@pytest.mark.parametrize(
    "bad",
    [
        "<script>1</script>",
        '<a href="javascript:1">x</a>',
        '<p onclick="1">x</p>',
        "<P\nOnClick = \"1\" ONLOAD='1'>",
    ],
)
def test_a_script_is_refused(tmp_path, bad):
    with pytest.raises(ValueError, match="script"):
        published(tmp_path, HEADING, {"text/html": bad})


def test_text_about_a_script_is_text(tmp_path):
    text = published(tmp_path, HEADING, {"text/html": '<p>javascript: is not run, nor onclick="1"</p>'})
    assert '<p>javascript: is not run, nor onclick="1"</p>' in text


def test_amounts_are_kept_whole_far_into_a_page(tmp_path):
    cells = "<tr><td title='+€1'>\u2212€2</td><td>a + b</td></tr>" * 300
    text = published(tmp_path, HEADING, {"text/html": f"<table>{cells}</table><svg><text>+€3</text></svg>"})
    assert text.count("<td title='+€1'><span class=\"whole\">\u2212€2</span></td><td>a + b</td>") == 300
    assert "<text>+€3</text>" in text


def test_a_page_without_heading_is_refused(tmp_path):
    with pytest.raises(ValueError, match="first heading"):
        published(tmp_path, TWO)


def test_a_table_of_pandas_gets_scopes_and_a_region_that_can_be_scrolled(tmp_path):
    frame = pd.DataFrame({"a": [1]}, index=pd.Index(["x"]))
    text = published(tmp_path, HEADING, {"text/html": frame._repr_html_()})
    table = text[text.index("<table") : text.index("</table>")]
    assert re.findall(r'<th scope="(\w+)"', table) == ["col", "row"]
    assert "<style scoped>" not in text
    assert '<div class="scroll" tabindex="0"><table' in text


def test_alternative_text_of_a_figure_comes_from_its_metadata(tmp_path):
    path = notebook(tmp_path, HEADING, {"image/svg+xml": "<svg></svg>"})
    book = nbformat.read(path, as_version=4)
    book.cells[0].outputs[1].metadata = {"image/svg+xml": {"alt": 'A "rising" line'}}
    nbformat.write(book, path)
    text = page.publish(path, tmp_path / "fi" / "x.html", language="fi").read_text("utf-8")
    assert 'alt="A &#34;rising&#34; line"' in text


def test_nothing_outside_the_page_is_asked_for(tmp_path):
    text = published(tmp_path, HEADING, TWO)
    assert "default-src 'none'" in text
    assert not re.search(r'(src|href)="https?:', text)


@pytest.mark.parametrize("language", CODES)
def test_index_leads_from_every_municipality_to_its_area(tmp_path, cleared, language):
    areas = list(page.area_names(REFERENCE, TRIALS.areas, language=language))
    target = tmp_path / language / "index.html"
    own_pages.write_index(
        target, TRIALS, cleared=cleared, reference=REFERENCE, language=language, areas=areas
    )
    text = target.read_text("utf-8")
    municipalities = page.municipality_names(REFERENCE, TRIALS.areas, language=language)
    pilots = municipalities[municipalities["area"] != ""]
    assert len(pilots) > 90
    for row in pilots.itertuples():
        assert f'<li><a href="{row.area}.html">{row.name}</a>' in text
    laitila = municipalities.set_index("name_fi").loc["Laitila"]
    assert laitila["area"] == "turku"
    # it begins with public statistics, their source first, or with how to get them
    first = re.findall(r'<h2[^>]*id="([^"]+)"', text)[0]
    assert first == "public-statistics" and "12r5" in text.partition('id="country"')[0]
    letters = re.findall(r'<details id="letter-\d+"><summary>(.) ', text)
    assert len(letters) > 15
    assert letters == alphabetical(letters)


def test_a_figure_of_real_data_is_marked_where_the_rest_is_simulated(cleared):
    report = sections.open_report(
        cleared, study=TRIALS, reference=REFERENCE, language="en", area="oulu", release_date="2026-11-23"
    )
    marks = {name: 'class="tag">real<' in exhibits.show(report, name) for name in ("public_series", "payers")}
    assert report.simulated and marks == {"public_series": True, "payers": False}


def test_failed_area_is_named_on_the_index_and_its_page_has_no_data(tmp_path, cleared):
    target = tmp_path / "fi" / "index.html"
    own_pages.write_index(
        target,
        TRIALS,
        cleared=cleared,
        reference=REFERENCE,
        language="fi",
        areas=["oulu", "lahti"],
        failed=["lahti"],
    )
    said = get("fi").text("the analysis failed, no results")
    assert re.search(rf'<a href="lahti.html">Lahden seutu</a> – {said}', target.read_text("utf-8"))
    own_pages.write_failed(
        tmp_path / "fi" / "lahti.html", TRIALS, area="lahti", language="fi", reference=REFERENCE
    )
    text = (tmp_path / "fi" / "lahti.html").read_text("utf-8")
    assert "Lahden seutu" in text
    assert "<table" not in text
    assert "Traceback" not in text
    assert get("fi").text("Why the analysis was refused, in English:") not in text


def test_the_page_of_a_failed_area_says_why_in_words_and_escapes_them(tmp_path):
    given = {"area": "lahti", "language": "sv", "reference": REFERENCE}
    page = own_pages.write_failed(
        tmp_path / "sv" / "lahti.html", TRIALS, refusal="none of 7 municipalities <b>", **given
    )
    said = get("sv").text("Why the analysis was refused, in English:")
    assert f'{said} <span lang="en">none of 7 municipalities &lt;b&gt;</span>' in page.read_text("utf-8")


@pytest.mark.parametrize("name", REPORTS)
def test_report_notebooks_are_short_typed_and_stored_without_outputs(name):
    book = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    lines = [line for cell in code for line in cell.source.splitlines() if line.strip()]
    assert len(code) <= 15
    assert len(lines) <= 60
    assert not any(re.match(r"\s*(def|class) ", line) for line in lines)
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert book.metadata.kernelspec.name == "python3"
    (parameters,) = [cell for cell in code if "parameters" in cell.metadata.get("tags", [])]
    assert all(re.match(r"\w+: \w+ = ", line) for line in parameters.source.splitlines())
    assert {"cleared", "reference", "processed", "reports", "language"} <= set(
        re.findall(r"^(\w+):", parameters.source, re.MULTILINE)
    )


def test_area_report_has_its_sections_in_their_fixed_order(cleared, tmp_path):
    report = sections.open_report(
        cleared,
        study=TRIALS,
        reference=REFERENCE,
        language="en",
        area="raasepori-hanko",
        release_date="2026-11-23",
    )
    book = nbformat.read(ROOT / "notebooks" / "area_report.ipynb", as_version=4)
    code = "\n".join(cell.source for cell in book.cells)
    called = re.findall(r"sections\.(\w+)\(report(?:, \"(\w+)\")?", code)
    asked = [
        (name or function).replace("_", "-")
        for function, name in called
        if name not in ("heading", "summary")
    ]
    assert asked == [*sections.AREA_SECTIONS[:-1], "files-to-download"]
    assert len(asked) == 14
    # the comparison failed here: the verdict stands before the effect and no headline effect is shown
    shown = sections.section(report, "effect_and_sensitivity")
    assert "The comparison is not fair" in shown
    assert "data-value" not in shown


def test_unknown_area_is_refused_with_the_known_ones(cleared):
    with pytest.raises(ValueError, match="helsinki"):
        sections.open_report(
            cleared, study=TRIALS, reference=REFERENCE, language="en", area="uolu", release_date="2026-11-23"
        )


@pytest.mark.parametrize(
    ("language", "named", "counted"),
    [
        ("en", "Comparison municipalities: Alajärvi, Askola, Eura.", "There are 142 comparison municip"),
        ("fi", "Vertailukunnat: Alajärvi, Askola, Eura.", "Vertailukuntia on 142."),
        ("sv", "Jämförelsekommuner: Alajärvi, Askola, Eura.", "Jämförelsekommunerna är 142."),
    ],
)
def test_a_summary_names_few_comparison_municipalities_and_counts_many(
    tmp_path, cleared, language, named, counted
):
    def opened(reference, area="oulu"):
        given = {"study": TRIALS, "reference": reference, "language": language, "area": area}
        return sections.open_report(cleared, **given, release_date="2026-11-23")

    assert counted in sections.section(opened(REFERENCE), "summary")
    assert counted not in sections.section(opened(REFERENCE, area=""), "summary")
    listed = sections.section(opened(REFERENCE), "who_is_included")
    names = re.search(r"<p>(Alajärvi, Askola, [^<]*)</p>", listed)
    assert names and " ," not in names[1]
    for name in (f"{TRIALS.areas.table}.csv", "municipalities.csv"):
        table = pd.read_csv(REFERENCE / name, dtype=str)
        if "municipality" in table:
            few = table["name_fi"].isin(["Eura", "Askola", "Alajärvi"])
            table = table[few | (table["status"] != "comparison")]
        table.to_csv(tmp_path / name, index=False)
    assert named in sections.section(opened(tmp_path), "summary")


@pytest.mark.parametrize("language", CODES)
def test_an_area_whose_membership_is_not_confirmed_says_so_at_the_top_and_on_the_index(
    tmp_path, cleared, language
):
    def opened(area):
        return sections.open_report(
            cleared,
            study=TRIALS,
            reference=REFERENCE,
            language=language,
            area=area,
            release_date="2026-11-23",
        )

    assert 'class="box warning"' in sections.section(opened("kitee"), "heading")
    assert 'class="box warning"' not in sections.section(opened("kurikka"), "heading")
    names = page.area_names(REFERENCE, TRIALS.areas, language=language)
    assert all(name.count("(") == name.count(")") for name in names.values())
    target = tmp_path / language / "index.html"
    own_pages.write_index(
        target, TRIALS, cleared=cleared, reference=REFERENCE, language=language, areas=["kitee", "lahti"]
    )
    said = get(language).text("membership not confirmed")
    assert f'<a href="kitee.html">{names["kitee"]}</a> – {said}' in target.read_text("utf-8")
