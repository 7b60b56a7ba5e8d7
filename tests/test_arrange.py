"""All words around the panels of a figure have room, measured by matplotlib itself."""

import io

import numpy as np
import pytest
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.text import Text

import ledger_example
from evaluation.figures.arrange import arrange
from evaluation.figures.over_time import timeline
from evaluation.figures.palette import look, name_rows, panel, panels, simulated_mark, svg
from evaluation.reporting import exhibits
from evaluation.words.language import CODES
from messages import spoken
from small_register import TRIALS

DRAWN = [name for name, exhibit in exhibits.EXHIBITS.items() if exhibit.draw is not None]
NAMES = {"helsinki": "Helsinki", "oulu": "Oulun seutu", "raasepori-hanko": "Raasepori ja Hanko"}
WITHIN = 2.5  # points that a word may be wider than the sum of its letters


@pytest.fixture(scope="module")
def cleared():
    return ledger_example.example()


def drawn(figure):
    """Drawn as it is published, so that names of axes are where they will be seen; who drew measures too."""
    figure.set_dpi(72)
    renderer = RendererSVG(figure.bbox.width, figure.bbox.height, io.StringIO())
    figure.draw(renderer)
    for axis in [axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)]:
        labels = axis.get_majorticklabels()  # one tick was drawn at all places
        if labels and axis.bold is not None:
            labels[axis.bold].set_fontweight("bold")
    return renderer


def beyond(ax):
    """Labels of ticks that lie outside of the panel: they are not drawn."""
    found = set()
    for axis in (ax.xaxis, ax.yaxis):
        low, high = sorted(axis.get_view_interval())
        found |= {tick.label1 for tick in axis.get_major_ticks() if not low <= tick.get_loc() <= high}
    return found


def words_outside(figure):
    renderer = drawn(figure)
    unseen = set().union(
        *(set(ax.findobj(Text)) if not ax.get_visible() else beyond(ax) for ax in figure.axes)
    )
    found = []
    for text in set(figure.findobj(Text)) - unseen:
        box = text.get_window_extent(renderer)
        if text.get_text() and text.get_visible() and (
            box.x0 < -WITHIN or box.y0 < -WITHIN or box.x1 > figure.bbox.width + WITHIN
            or box.y1 > figure.bbox.height + WITHIN
        ):  # fmt: skip
            found.append((text.get_text(), box.extents.round().tolist()))
    return found


def panels_covered(figure):
    renderer = drawn(figure)
    shown = [ax for ax in figure.axes if ax.get_visible()]
    return [
        (one.get_title(loc="left"), other.get_title(loc="left"))
        for one in shown
        for other in shown
        if one is not other
        and one.get_tightbbox(renderer, for_layout_only=True)
        .shrunk(0.99, 0.99)
        .overlaps(other.get_window_extent(renderer))
    ]


def titles_too_wide(figure):
    """Titles wider than their panel though they could be broken."""
    renderer = drawn(figure)
    found = []
    for ax in figure.axes:
        words = ax.get_title(loc="left")
        title = next(text for text in ax.findobj(Text) if text.get_text() == words)
        room = ax.get_window_extent(renderer).width + WITHIN
        if title.get_window_extent(renderer).width > room and " " in words:
            found.append(words)
    return found


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("name", DRAWN)
def test_every_figure_of_the_reports_has_room_for_its_words(cleared, name, code):
    exhibit, language = exhibits.EXHIBITS[name], spoken(code)
    rows = exhibits.select(cleared, TRIALS, name, area="oulu")
    assert len(rows), "the example ledger has rows of every figure"
    given = {"study": TRIALS, "names": NAMES, "here": "oulu"}
    with look():
        figure = exhibit.draw(rows, language=language, **{key: given[key] for key in exhibit.uses})
        simulated_mark(figure, language=language)
        svg(figure)
    assert words_outside(figure) == []
    assert panels_covered(figure) == []
    assert titles_too_wide(figure) == []


@pytest.mark.parametrize("code", CODES)
def test_the_scheme_over_time_has_room_for_its_words(code):
    with look():
        figure = timeline(TRIALS, language=spoken(code))
        svg(figure)
    assert words_outside(figure) == []


@pytest.mark.parametrize(("columns", "lines"), [(1, 2), (2, 4), (3, 6)])
def test_a_title_takes_as_many_lines_as_its_panel_needs(columns, lines):
    with look():
        figure, axes = panels(1, columns, height=2.0)
        for ax in axes[0]:
            ax.set_title("Share of the unemployed, of those in services and of those who are employed")
        arrange(figure)
    assert titles_too_wide(figure) == []
    titles = [ax.get_title(loc="left").split("\n") for ax in axes[0]]
    assert {len(title) for title in titles} == {lines}
    assert all(len(title[-1]) > len(max(title, key=len)) / 4 for title in titles)  # no word left over


def test_rows_without_names_are_an_empty_panel():
    with look():
        figure, ax = panel(2.0)
        name_rows(ax, [])
        assert "<text" in svg(figure)


def test_by_hand_a_column_begins_after_the_longest_label_and_ends_where_the_next_has_room():
    with look():
        figure, axes = panels(1, 2, height=2.0)
        for ax, labels in zip(axes[0], (["a", "much longer"], ["b", "c"]), strict=True):
            ax.set_yticks([0, 1], labels)
            ax.set_xticks([])
        arrange(figure)
    renderer = drawn(figure)
    first, second = (ax.get_tightbbox(renderer).get_points()[:, 0] for ax in axes[0])
    assert first[0] == pytest.approx(3, abs=1.5)  # the edge of a figure
    assert second[0] - first[1] == pytest.approx(9, abs=1.5)  # the gap between panels
    assert np.diff([ax.get_position().width for ax in axes[0]]) == pytest.approx(0)


def test_a_word_at_the_right_of_the_panel_moves_its_edge_by_its_own_width():
    def edge(words):
        with look():
            figure, axes = panels(height=2.0)
            ax = axes[0, 0]
            ax.annotate(words, (1.02, 0.5), xycoords="axes fraction")
            arrange(figure)
        assert words_outside(figure) == []
        return ax.get_position().x1

    assert edge("ten letters and ten more") < edge("ten letters") < edge("x")
