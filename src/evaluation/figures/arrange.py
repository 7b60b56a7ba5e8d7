"""Room for the words around the panels of a figure, found from the widths of their letters.

The layouts of matplotlib draw every word to find out, which takes longer than all the rest of a figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EDGE, GAP = 3.0, 9.0  # points around a figure, and between its panels
LINE = 1.35  # from a line of text to the next, in heights of its letters
INCH = 72  # in points
PASSES = 4  # how far a word reaches over an edge depends on where the edge is
LEAST = 0.2  # of the figure for its panels, however long the words
NARROWER = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)  # shares of the room for a title that are tried
# which part of a word lies before its place, or above it
BEFORE = {"left": 0.0, "center": 0.5, "right": 1.0, "top": 0.0, "bottom": 1.0, "baseline": 0.8}
# a share of a panel's side, and from where to where seen from there, in points
Span = tuple[float, float, float]


def arrange(figure: Figure) -> None:
    """Place the panels of a figure, and the names of their axes, so that all words have room.

    A title longer than its panel is broken into lines. Names of axes may be longer than their panel.
    """
    width, height = (float(side) * INCH for side in figure.get_size_inches())
    keys = [key.get_window_extent().height / figure.dpi * INCH for key in figure.legends]
    head = EDGE + max(keys, default=0.0)
    foot = EDGE + (0.01 * height + LINE * 8 if figure.get_supxlabel() else 0.0)  # where a supxlabel stands
    panels = [_Panel(ax) for ax in figure.axes if ax.get_visible()]
    grid: Any = figure.axes[0].get_gridspec()
    columns, rows = (
        [cell.start for cell in cells] for cells in zip(*(one.cell for one in panels), strict=True)
    )
    across = _sides(grid.get_width_ratios(), width - 2 * EDGE, columns, [one.spans(0) for one in panels])
    for one, column in zip(panels, columns, strict=True):
        one.break_title(across[column][1])
    down = _sides(grid.get_height_ratios(), height - head - foot, rows, [one.spans(1) for one in panels])
    for one, column, row in zip(panels, columns, rows, strict=True):
        (left, wide), (top, tall) = across[column], down[row]
        bottom = height - head - top - tall
        one.ax.set_position(((EDGE + left) / width, bottom / height, wide / width, tall / height))
        one.ax.xaxis.set_label_coords(0.5, -one.names_at[0] / tall)
        one.ax.yaxis.set_label_coords(-one.names_at[1] / wide, 0.5)


def _sides(
    ratios: Sequence[float], room: float, places: Sequence[int], spans: Sequence[Iterable[Span]]
) -> list[tuple[float, float]]:
    """Where each column (or row) begins and how long it is, so that the spans of its panels have room."""
    shares = [float(ratio) / sum(ratios) for ratio in ratios]
    found = [(place, *span) for place, some in zip(places, spans, strict=True) for span in some]
    long = [room * share for share in shares]
    for _ in range(PASSES):
        before, after = [0.0] * len(shares), [0.0] * len(shares)
        for place, share, low, high in found:
            at = share * long[place]
            before[place] = max(before[place], -(at + low))
            after[place] = max(after[place], at + high - long[place])
        free = room - sum(before) - sum(after) - GAP * (len(shares) - 1)
        long = [max(free, LEAST * room) * share for share in shares]
    ends = accumulate(sum(parts) + GAP for parts in zip(before, long, after, strict=True))
    return [(end - GAP - over - side, side) for end, over, side in zip(ends, after, long, strict=True)]


class _Panel:
    """A panel with the words around it: side 0 runs from left to right, side 1 from top to bottom."""

    def __init__(self, ax: Any) -> None:
        self.ax = ax
        spec = ax.get_subplotspec()
        self.cell = spec.colspan, spec.rowspan
        self.axes = ax.xaxis, ax.yaxis
        self.ticks = [list(_ticks(axis)) for axis in self.axes]
        # how far the labels of ticks reach out of the panel, and where the names of its axes begin
        self.out = [
            max((out + size[1 - side] for _, size, out in ticks), default=0.0)
            for side, ticks in enumerate(self.ticks)
        ]
        self.names_at = [axis.labelpad + out for axis, out in zip(self.axes, self.out, strict=True)]

    def title(self) -> Any:
        """The title as it will be drawn, or None."""
        words = self.ax.get_title(loc="left")
        of_words = (text for text in self.ax.get_children() if getattr(text, "get_text", str)() == words)
        return next(of_words) if words else None

    def break_title(self, wide: float) -> None:
        """Break the title into as few lines as this width, in points, allows, of about the same length."""
        if (title := self.title()) is None:
            return
        look = title.get_fontsize(), title.get_fontweight()
        tries = [_lines(title.get_text(), part * wide, *look) for part in NARROWER]
        title.set_text("\n".join([lines for lines in tries if len(lines) == len(tries[0])][-1]))

    def spans(self, side: int) -> Iterator[Span]:
        """How far words reach beyond places of a side."""
        for share, size, _ in self.ticks[side]:
            yield (1 - share if side else share), -size[side] / 2, size[side] / 2
        name = self.axes[1 - side].label
        far = self.names_at[1 - side] + _size(name)[1] if name.get_text() else self.out[1 - side]
        yield (1.0, 0.0, far) if side else (0.0, -far, 0.0)
        if side and (title := self.title()):
            pad = self.ax.titleOffsetTrans.transform((0, 0))[1] / self.ax.figure.dpi * INCH
            yield 0.0, -pad - _size(title)[1], 0.0
        for text in self.ax.texts:
            share, shift = _place(text, self.ax, side)
            long = _size(text)[side]
            low = shift - long * BEFORE[(text.get_horizontalalignment, text.get_verticalalignment)[side]()]
            yield share, low, low + long


def _ticks(axis: Any) -> Iterator[tuple[float, tuple[float, float], float]]:
    """Of every tick with a label: its share of the axis, the size of the label, and its distance from it."""
    tick = axis.get_major_ticks(1)[0]
    label = tick.label1
    if not label.get_visible():
        return
    first, last = axis.get_view_interval()
    for place, words, weight in axis.ticks():
        size = _extent(words, label.get_fontsize(), weight)
        yield float((place - first) / (last - first)), size, tick.get_pad() + tick.get_tick_padding()


def _place(noted: Any, ax: Any, side: int) -> tuple[float, float]:
    """Where an annotation starts from: a share of a side of its panel, and points from there."""
    systems = (noted.xycoords, noted.xycoords) if isinstance(noted.xycoords, str) else noted.xycoords
    at, shift = noted.xy[side], noted.xyann[side] if noted.anncoords == "offset points" else 0.0
    if systems[side] != "axes fraction":
        first, last = (ax.get_xlim, ax.get_ylim)[side]()
        at = (at - first) / (last - first)
    return (float(1 - at), -float(shift)) if side else (float(at), float(shift))


def _size(text: Any) -> tuple[float, float]:
    return _extent(text.get_text(), text.get_fontsize(), text.get_fontweight())


def _lines(words: str, wide: float, size: float, weight: str | int) -> list[str]:
    lines: list[str] = []
    for word in words.split(" "):
        longer = " ".join([*lines[-1:], word])
        if _extent(longer, size, weight)[0] <= wide:
            lines[-1:] = [longer]
        else:
            lines.append(word)
    return lines


def _extent(words: str, size: float, weight: str | int) -> tuple[float, float]:
    """Width and height of words in points."""
    lines = words.split("\n")
    wide = max(sum(_letter(letter, weight) for letter in line) for line in lines)
    return wide * size, size * (1 + LINE * (len(lines) - 1))


@cache
def _letter(letter: str, weight: str | int) -> float:
    """Width of a letter in heights of the font, which is the one that comes with matplotlib."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties(family="DejaVu Sans", weight=weight)))
    font.set_size(100, INCH)
    return float(font.load_char(ord(letter)).linearHoriAdvance) / 65536 / 100
