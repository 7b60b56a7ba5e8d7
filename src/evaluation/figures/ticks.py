"""Panels whose axes draw their ticks without making them, and an SVG that measures no word without need.

Matplotlib makes six artists for every tick and finds the width of every word.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import IO, Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.axis import Axis, Tick, XAxis, YAxis
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.markers import TICKDOWN, TICKLEFT
from matplotlib.text import Text

from evaluation.figures.arrange import INCH, heights


class PlainAxis(Axis):
    """An axis whose ticks look as the settings say: they differ in nothing but place and label."""

    axis_name: Any  # x or y
    side: str
    marker: Any
    bold: int | None = None  # the number of the tick whose label is bold

    def reset_ticks(self) -> None:
        """Forget the ticks; none is made before somebody asks for it."""
        super().reset_ticks()
        self.majorTicks: list[Tick] = []
        self.minorTicks: list[Tick] = []

    def ticks(self) -> Iterator[tuple[float, str, str]]:
        """The place of every tick within the limits, its label, and the weight of that."""
        low, high = sorted(self.get_view_interval())
        near = 1e-10 * (high - low)
        places = list(self.get_majorticklocs())
        words = self.get_major_formatter().format_ticks(places)
        for number, (place, label) in enumerate(zip(places, words, strict=True)):
            if low - near <= place <= high + near:
                yield place, label, "bold" if number == self.bold else "normal"

    def setting(self, name: str) -> Any:
        """What the settings say about ticks of this axis, lengths in points."""
        settings: Any = mpl.rcParams
        return settings[f"{self.axis_name}tick.{name}"]

    def labels(self) -> tuple[float, float] | None:
        """How large the labels are and how far from the axis, in points; None where there are none."""
        if not self.get_tick_params()[f"label{self.side}"]:
            return None
        size = FontProperties(size=self.setting("labelsize")).get_size_in_points()
        return size, self.setting("major.pad") + self.setting("major.size")

    def draw(self, renderer: RendererBase) -> None:
        """Draw the ticks and the name of the axis."""
        group, across, line, mark, label = f"{self.axis_name}tick", self.axis_name == "x", *self._parts()
        renderer.open_group("matplotlib.axis")
        for place, words, weight in self.ticks() if line or mark or label else ():
            renderer.open_group(group)
            if line:
                line.set_data(*(((place,), (0, 1)) if across else ((0, 1), (place,))))
                line.draw(renderer)
            if mark:
                mark.set_data(*(((place,), (0,)) if across else ((0,), (place,))))
                mark.draw(renderer)
            if label:
                label.set_position((place, 0) if across else (0, place))
                label.set_text(words)
                label.set_fontweight(weight)
                label.draw(renderer)
            renderer.close_group(group)
        self.label.draw(renderer)
        renderer.close_group("matplotlib.axis")

    def _parts(self) -> tuple[Line2D | None, Line2D | None, Text | None]:
        """What is drawn at every tick: the line of the grid, the mark and the label."""
        shown, line, mark, label = self.get_tick_params(), None, None, None
        place = getattr(self.axes, f"get_{self.axis_name}axis_transform")
        if shown["gridOn"]:
            known = mpl.rcParams
            look = {"color": known["grid.color"], "linewidth": known["grid.linewidth"]}
            line = Line2D([], [], transform=place("grid"), **look)
            line.set_clip_box(self.get_clip_box())
        if shown[self.side]:
            size, width = self.setting("major.size"), self.setting("major.width")
            look = {"color": self.setting("color"), "markersize": size, "markeredgewidth": width}
            mark = Line2D([], [], linestyle="", marker=self.marker, transform=place("tick1"), **look)
        if found := self.labels():
            transform, va, ha = getattr(self.axes, f"get_{self.axis_name}axis_text1_transform")(found[1])
            label = Text(va=va, ha=ha, fontsize=found[0], color=self.setting("labelcolor"))
            label.set(transform=transform, figure=self.axes.figure)
        return line, mark, label


class Renderer(RendererSVG):
    """An SVG that measures the width of words only where it tells where they stand."""

    def __init__(self, figure: Figure, sink: IO[str], **keywords: Any) -> None:
        self.wide = set(_wide(figure))
        wide, tall = figure.get_size_inches() * INCH
        super().__init__(wide, tall, sink, **keywords)

    def get_text_width_height_descent(self, s: str, prop: Any, ismath: Any) -> tuple[float, float, float]:
        """Width, height and depth of words; a width that nobody needs is none."""
        if ismath or s in self.wide:
            return super().get_text_width_height_descent(s, prop, ismath)
        top, bottom = heights(s, prop.get_weight())
        scale = prop.get_size_in_points() / 100
        return 0.0, (top - bottom) * scale, -bottom * scale


def drawn(figure: Figure) -> str:
    """A figure as SVG; not by savefig, which draws everything a first time without use."""
    figure.set_dpi(INCH)
    sink = io.StringIO()
    renderer = Renderer(figure, sink, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    figure.draw(renderer)
    renderer.finalize()
    return sink.getvalue()


def _wide(figure: Figure) -> Iterator[str]:
    """Lines whose width is needed: those of keys and of words that are turned or on several lines."""
    for key in figure.legends:
        yield from (line for words in key.get_texts() for line in words.get_text().split("\n"))
    texts = list(figure.texts)
    for ax in figure.axes:
        texts += [child for child in ax.get_children() if isinstance(child, Text)]
        axes: tuple[Any, Any] = (ax.xaxis, ax.yaxis)
        for axis in axes:
            texts.append(axis.label)
            yield from (line for _, words, _ in axis.ticks() if "\n" in words for line in words.split("\n"))
    for text in texts:
        if "\n" in text.get_text() or text.get_rotation():
            yield from text.get_text().split("\n")


class _XAxis(PlainAxis, XAxis):
    side, marker = "bottom", TICKDOWN


class _YAxis(PlainAxis, YAxis):
    side, marker = "left", TICKLEFT


class Panel(Axes):
    """Axes of a figure in a report; those of a notebook keep their ticks, which its owner may change."""

    def _init_axis(self) -> None:
        self.xaxis, self.yaxis = _XAxis(self, clear=False), _YAxis(self, clear=False)
