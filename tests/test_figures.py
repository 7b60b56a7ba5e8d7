"""Figures draw what the cleared rows hold, look the same on every run, and survive grey print."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import ledger_example
from evaluation.figures import alt_texts, palette
from evaluation.figures import costs as cost_figures
from evaluation.figures import one_area as figures
from evaluation.figures import over_time as time_figures
from evaluation.figures import side_by_side as area_figures
from evaluation.reporting import data_tables, exhibits
from evaluation.results import ledger
from evaluation.words import labels
from evaluation.words.language import CODES, alphabetical, get
from messages import parse_number, spoken
from small_register import TRIALS

NAMES = {"helsinki": "Helsinki", "oulu": "Oulun seutu", "raasepori-hanko": "Raasepori ja Hanko"}
DRAWN = [name for name, exhibit in exhibits.EXHIBITS.items() if exhibit.draw is not None]


@pytest.fixture(scope="module")
def cleared():
    return ledger_example.example()


@pytest.fixture(scope="module")
def reports(cleared):
    return {
        code: exhibits.Report(
            spoken(code), "oulu", "Oulun seutu", cleared, TRIALS, NAMES, {"564": "Oulu"}, True, "2026-11-23"
        )
        for code in CODES
    }


def rows_of(cleared, name, area="oulu"):
    return exhibits.select(cleared, TRIALS, name, area=area)


def luminance(color):
    parts = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(parts <= 0.03928, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("color", [style.color for style in palette.SERIES] + [palette.SOFT, "#7a3b00"])
def test_every_colour_has_contrast_of_at_least_three_with_white(color):
    assert 1.05 / (luminance(color) + 0.05) >= 3


def test_arms_differ_in_line_and_marker_and_in_lightness_not_only_in_hue():
    pilot, comparison = palette.PILOT, palette.COMPARISON
    assert pilot.line != comparison.line
    assert pilot.marker != comparison.marker
    assert abs(luminance(pilot.color) - luminance(comparison.color)) > 0.05


def test_outcome_series_draws_the_estimates_and_the_ends_of_the_intervals(cleared):
    rows = rows_of(cleared, "open_employment")
    figure = time_figures.outcome_series(rows, study=TRIALS, language=spoken("fi"))
    pilot = rows[rows["item"] == "pilot"].sort_values("x")
    lines = [line.get_ydata() for line in figure.axes[0].lines if len(line.get_ydata()) == len(pilot)]
    assert any(np.array_equal(line, pilot["estimate"]) for line in lines)
    band = figure.axes[0].collections[0].get_paths()[0].vertices[:, 1]
    assert set(pilot["ci_low"]) | set(pilot["ci_high"]) <= set(band)


def test_a_suppressed_quarter_leaves_a_gap_and_no_number(cleared):
    rows = rows_of(cleared, "open_employment").copy()
    hidden = rows["window"].eq("2019Q2") & rows["item"].eq("pilot")
    rows.loc[hidden, ["estimate", "ci_low", "ci_high"]] = np.nan
    figure = time_figures.outcome_series(rows, study=TRIALS, language=spoken("fi"))
    drawn = [line.get_ydata() for line in figure.axes[0].lines if len(line.get_ydata()) == 24]
    assert any(np.isnan(line).sum() == 1 for line in drawn)


def test_payer_bars_are_the_estimates_and_every_payer_is_named(cleared):
    rows = rows_of(cleared, "payers")
    ax = cost_figures.payers(rows, language=get("en")).axes[0]
    assert sorted(patch.get_width() for patch in ax.patches) == pytest.approx(sorted(rows["estimate"]))
    assert ax.get_yticklabels()[0].get_text() == "Municipality"


def test_ellipse_of_the_plane_reaches_2_448_standard_errors_by_hand():
    part = pd.DataFrame(
        {"measure": ["delta_effect", "delta_cost", "correlation"], "item": "state",
         "unit": ["months", "eur", "number"],
         "estimate": [1.0, 100.0, 0.0],
         "std_error": [0.5, 40.0, np.nan]}
    )  # fmt: skip
    ax = cost_figures.plane(part, language=get("en")).axes[0]
    outline = ax.patches[0].get_xy()
    # the 95 % radius of a bivariate normal is sqrt(5.991) = 2.448
    assert outline[:, 0].max() == pytest.approx(1 + 0.5 * 2.448, abs=1e-3)
    assert outline[:, 1].min() == pytest.approx(100 - 40 * 2.448, rel=1e-2)


@pytest.mark.parametrize("code", CODES)
def test_shares_on_an_axis_are_written_as_in_words(code):
    ax = palette.panel(2.0)[1]
    palette.tick_writer(ax.yaxis, "share", language=get(code))
    assert ax.yaxis.get_major_formatter()(0.25, 0) == get(code).percent(0.25, 0)


@pytest.mark.parametrize("code", CODES)
def test_the_table_of_analyses_has_the_order_of_its_figure(code):
    language = spoken(code)
    known = labels.codes("specification", language)
    rows = pd.DataFrame({"specification": known[::-1], "item": "", "outcome": TRIALS.outcomes.headline})
    alone = {"specification": "leave_one_out", "outcome": TRIALS.outcomes.headline}
    rows = pd.concat([rows, pd.DataFrame([alone | {"item": item} for item in ("1", "2")])])
    given = {"topic": "sensitivity", "measure": "att", "unit": "share", "estimate": 0.1, "ci_low": 0.0}
    rows = ledger.rows(rows.assign(**given, ci_high=0.2), area="oulu", simulated=True)
    names = {"1": "Öja", "2": "Åbo"}
    figure = figures.sensitivity(rows, study=TRIALS, language=language, names=names)
    drawn = ["".join(label.get_text().split()) for label in figure.axes[0].get_yticklabels()]
    listed = data_tables.told(rows, ["specification", "item"], names=names, language=language)
    assert list(dict.fromkeys(row["specification"] for row in listed)) == known
    said = [
        language.text("Without {municipality}", municipality=names[row["item"]])
        if row["item"]
        else labels.label("specification", row["specification"], language)
        for row in listed
    ]
    # the main analysis is called by its baseline
    assert drawn[1:] == ["".join(words.split()) for words in said[1:]]


def test_names_that_tell_months_themselves_stand_in_their_place():
    known = list(labels.names()["measure"])
    assert np.argsort(figures.in_place(known, known)).tolist() == list(range(len(known)))


def test_areas_stand_in_alphabetical_order_whatever_their_estimates(cleared):
    ax = area_figures.areas(rows_of(cleared, "areas"), names=NAMES, language=get("fi")).axes[0]
    shown = [label.get_text() for label in ax.get_yticklabels()]
    assert shown == alphabetical(NAMES.values())


def test_an_area_whose_comparison_failed_stands_in_its_place_and_says_why(cleared):
    figure = area_figures.areas(rows_of(cleared, "areas"), names=NAMES, language=get("fi"))
    said = {text.xy[1]: text.get_text() for text in figure.axes[0].texts}
    assert said == {2: get("fi").no_number("withheld")}  # Raasepori and Hanko, third by the alphabet


def test_rank_intervals_are_drawn_without_a_point_that_would_read_as_a_ranking(cleared):
    ax = area_figures.ranks(rows_of(cleared, "ranks"), names=NAMES, language=get("fi")).axes[0]
    assert not [line for line in ax.lines if line.get_marker() not in ("", "None", None)]


def test_a_withheld_row_is_said_in_words_in_a_forest(cleared):
    rows = rows_of(cleared, "sensitivity", area="raasepori-hanko")
    figure = figures.sensitivity(rows, study=TRIALS, language=spoken("en"), names=NAMES)
    words = " ".join(text.get_text() for text in figure.axes[0].texts)
    assert get("en").no_number("withheld") in words


@pytest.mark.parametrize("name", DRAWN)
def test_every_figure_has_an_alternative_that_says_what_is_seen_in_each_language(cleared, name):
    said = set()
    for code in CODES:
        text, seen = alt_texts.describe(name, rows_of(cleared, name), language=spoken(code), names=NAMES)
        assert seen and seen in text and not text.startswith(seen)
        assert len(text) > 60
        assert re.search(r"\d", text), "no number of what is seen"
        assert "{" not in text
        said.add(text)
    assert len(said) == 3


@pytest.mark.parametrize("name", ["effects", "areas", "baselines", "area_planes"])
def test_a_subtitle_counts_the_intervals_that_hold_zero_and_tells_no_direction(cleared, name):
    rows = rows_of(cleared, name).dropna(subset=["ci_low", "ci_high", "estimate"])
    drawn = rows[rows["measure"] != "att_shrunken"]
    zero = (drawn["ci_low"] <= 0) & (drawn["ci_high"] >= 0)
    _, seen = alt_texts.describe(name, rows, language=spoken("en"), names=NAMES)
    assert seen == f"Of {len(drawn)} intervals {zero.sum()} hold zero."


def test_alternative_text_of_the_attrition_figure_by_hand(cleared):
    rows = rows_of(cleared, "attrition")
    text, seen = alt_texts.describe("attrition", rows, language=spoken("en"), names=NAMES)
    assert seen == "Pilot area: 39,040 at the start, 18,590 analysed." and seen in text


def test_svg_is_the_same_twice_and_holds_no_date_no_metadata_and_no_script(reports):
    first, second = (exhibits.show(reports["fi"], "payers") for _ in range(2))
    assert first == second
    figure = cost_figures.payers(rows_of(reports["fi"].cleared, "payers"), language=get("fi"))
    with palette.look():
        text = palette.svg(figure)
    assert "<metadata" not in text
    assert "<script" not in text
    assert not re.search(r"20\d\d-\d\d-\d\dT", text)


def test_svg_keeps_the_words_of_its_labels_and_has_no_comment():
    with palette.look():
        figure, ax = palette.panel(2.0)
        ax.plot([0, 1], marker="o")
        ax.set_title("no ph0123456789 nor m0123456789")
        ax.set_ylabel("$x$")
        text = palette.svg(figure)
    assert "no ph0123456789 nor m0123456789" in text
    assert "<!--" not in text
    assert 'id="s0"' in text  # names that matplotlib makes of coordinates


def test_marks_leave_the_axis_as_it_was_whatever_is_drawn_later():
    with palette.look():
        _, ax = palette.panel(2.0)
        ax.plot([2019, 2022], [0, 1])
        before = ax.get_xlim()
        palette.policy_marks(ax, TRIALS, language=get("en"))
        ax.plot([2010, 2030], [0, 1])
        assert ax.get_xlim() == before


def test_simulated_mark_stands_on_the_figure_only_when_rows_are_simulated(reports):
    shown = exhibits.show(reports["en"], "payers")
    assert "Simulated" in shown
    real = reports["en"].cleared.assign(simulated=False)
    report = exhibits.Report(spoken("en"), "oulu", "Oulu", real, TRIALS, NAMES, {}, False, "2026-11-23")
    assert "Simulated" not in exhibits.show(report, "payers")


def test_exhibit_without_rows_says_so_and_does_not_fail(reports):
    empty = reports["en"].cleared.iloc[:0]
    report = exhibits.Report(spoken("en"), "oulu", "Oulu", empty, TRIALS, NAMES, {}, False, "2026-11-23")
    for name in exhibits.EXHIBITS:
        assert "not available" in exhibits.show(report, name)


@pytest.mark.parametrize("code", CODES)
def test_numbers_in_tables_read_back_as_the_cleared_values(reports, code):
    spoken = get(code)
    shown = exhibits.show(reports[code], "effects")
    rows = rows_of(reports[code].cleared, "effects")
    cells = re.findall(r'<td data-value="([^"]+)" data-low="[^"]+" data-high="[^"]+">([^<(]+)\(', shown)
    assert sorted(float(exact) for exact, _ in cells) == sorted(rows["estimate"])
    units = rows.drop_duplicates("estimate").set_index("estimate")["unit"]
    for exact, words in cells:
        step = {"share": 0.05, "days": 0.05, "eur": 0.5}[units[float(exact)]]
        scale = 100 if units[float(exact)] == "share" else 1
        assert parse_number(spoken, words) == pytest.approx(scale * float(exact), abs=step + 1e-9)


def test_inputs_are_not_changed_by_drawing(cleared):
    before = cleared.copy()
    rows = rows_of(cleared, "event_study")
    time_figures.event_study(rows, study=TRIALS, language=spoken("fi"))
    pd.testing.assert_frame_equal(cleared, before)


def test_a_payer_whose_costs_differ_by_zero_without_interval_has_its_panel_of_the_plane(reports):
    rows = reports["en"].cleared
    own = rows["measure"].eq("delta_cost") & rows["topic"].eq("cost_effectiveness")
    own &= rows["item"].eq("municipality") & rows["area"].eq("oulu")
    ends = ["ci_low", "ci_high"]
    bare = rows.assign(estimate=rows["estimate"].mask(own, 0.0), **{end: rows[end].mask(own) for end in ends})
    shown = exhibits.show(replace(reports["en"], cleared=bare), "plane")
    assert shown.count('scope="row">Municipality') == 1


def test_a_withheld_result_does_not_tell_its_kind_in_its_table(reports):
    from evaluation.reporting.data_tables import data_table, told

    rows = reports["en"].cleared
    rows = rows[(rows["measure"] == "payback") & (rows["area"] == "oulu")].copy()
    rows[["estimate", "ci_low", "ci_high"]], rows["status"] = np.nan, "withheld"
    rows["method"] = "never"
    columns = ("measure", "item", "method")
    records = told(rows, columns, language=get("en"), names=NAMES)
    shown = data_table(records, columns, caption="Payback", language=get("en"))
    assert "paid back" not in shown


@pytest.mark.parametrize("code", CODES)
def test_timeline_names_every_window_and_ends_with_the_register(code):
    drawn = time_figures.timeline(TRIALS, language=spoken(code))
    axis = drawn.axes[0]
    assert len(axis.get_yticklabels()) == len(time_figures.drawn_windows(TRIALS)) == 4
    assert max(bar.get_x() + bar.get_width() for bar in axis.patches) == 2025.0


def test_a_check_says_that_the_data_are_too_few_where_it_found_no_difference():
    from evaluation.reporting.data_tables import name_of

    row = {"status": "concern", "measure": "diagnostic"}
    row["method"] = "not different from zero, but power against the limit is only 9%"
    assert name_of("status", row, language=get("en"), names={}) == "Too few data"
    assert name_of("status", row | {"method": "drift"}, language=get("en"), names={}) == "Concern"


def test_areas_of_one_name_are_all_kept():
    assert area_figures.by_name(["b", "a", "c", "b"], {"a": "Å", "b": "Å", "c": "Aa"}) == ["c", "b", "a"]


@pytest.mark.parametrize("name", ["areas", "ranks", "funnel", "area_planes"])
def test_areas_of_one_name_are_described_too(cleared, name):
    rows = exhibits.select(cleared, TRIALS, name, area="oulu")
    said, _ = alt_texts.describe(name, rows, language=get("en"), names=dict.fromkeys(rows["area"], "Å"))
    assert said.replace("Å", "") == re.sub(
        "|".join(map(re.escape, ledger_example.AREAS)),
        "",
        alt_texts.describe(name, rows, language=get("en"), names={})[0],
    )
