"""Panels whose axes draw their ticks without making them.

Matplotlib makes six artists for every tick and measures the width of every label, which no SVG needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.axis import Axis, Tick, XAxis, YAxis
from matplotlib.backend_bases import RendererBase
from matplotlib.font_manager import FontProperties
from matplotlib.lines import TICKDOWN, TICKLEFT, Line2D
from matplotlib.text import Text

from evaluation.figures.arrange import rise


class PlainAxis(Axis):
    """An axis whose ticks look as the settings say: they differ in nothing but place and label."""

    side: ClassVar[str]
    mark: ClassVar[Any]
    bold: int | None = None  # the number of the tick whose label is bold

    def reset_ticks(self) -> None:
        """Forget the ticks; none is made before somebody asks for it."""
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
        return mpl.rcParams[f"{self.axis_name}tick.{name}"]

    def labels(self) -> tuple[float, float] | None:
        """How large the labels are and how far from the axis, in points; None where there are none."""
        if not self.get_tick_params()[f"label{self.side}"]:
            return None
        size = FontProperties(size=self.setting("labelsize")).get_size_in_points()
        return size, self.setting("major.pad") + self.setting("major.size")

    def draw(self, renderer: RendererBase) -> None:
        """Draw the ticks and the name of the axis."""
        group, shown = f"{self.axis_name}tick", self.get_tick_params()
        line = self.new_line() if shown["gridOn"] else None
        mark = self.new_mark() if shown[self.side] else None
        label = self.new_label()
        renderer.open_group("matplotlib.axis")
        for place, words, weight in self.ticks() if line or mark or label else ():
            renderer.open_group(group)
            if line:
                line.set_data(*self._at((place,), (0, 1)))
                line.draw(renderer)
            if mark:
                mark.set_data(*self._at((place,), (0,)))
                mark.draw(renderer)
            if label:
                label.set_position(self._at(place, 0))
                label.set_text(words)
                label.set_fontweight(weight)
                _write(label, renderer)
            renderer.close_group(group)
        self.label.draw(renderer)
        renderer.close_group("matplotlib.axis")

    def _at(self, place: Any, across: Any) -> tuple[Any, Any]:
        return (place, across) if self.axis_name == "x" else (across, place)

    def new_line(self) -> Line2D:
        transform = getattr(self.axes, f"get_{self.axis_name}axis_transform")("grid")
        look = {name: mpl.rcParams[f"grid.{name}"] for name in ("color", "linestyle", "linewidth")}
        line = Line2D([], [], transform=transform, **look)
        line.set_clip_box(self.get_clip_box())
        return line

    def new_mark(self) -> Line2D:
        return Line2D(
            [], [], transform=getattr(self.axes, f"get_{self.axis_name}axis_transform")("tick1"),
            linestyle="none", color=self.setting("color"), marker=self.mark,
            markersize=self.setting("major.size"), markeredgewidth=self.setting("major.width"),
        )  # fmt: skip

    def new_label(self) -> Text | None:
        if (found := self.labels()) is None:
            return None
        size, far = found
        placed = getattr(self.axes, f"get_{self.axis_name}axis_text1_transform")(far)
        transform, vertical, horizontal = placed
        label = Text(
            transform=transform, va=vertical, ha=horizontal, fontsize=size, color=self.setting("labelcolor")
        )
        label.set_figure(self.axes.figure)
        return label


def _write(label: Text, renderer: RendererBase) -> None:
    """Draw a label, one of a single line by the height of its letters alone."""
    words = label.get_text()
    if not words or "\n" in words or "$" in words:
        label.draw(renderer)
        return
    x, y = label.get_transform().transform(label.get_position())
    above = rise(words, label.get_fontweight()) * label.get_fontsize()
    base = y - (above if label.get_verticalalignment() == "top" else above / 2)
    pen = renderer.new_gc()
    pen.set_foreground(label.get_color())
    renderer.open_group("text")
    tall = renderer.get_canvas_width_height()[1]
    renderer.draw_text(pen, x, tall - base, words, label.get_fontproperties(), 0.0, mtext=label)
    renderer.close_group("text")


class _XAxis(PlainAxis, XAxis):
    side, mark = "bottom", TICKDOWN


class _YAxis(PlainAxis, YAxis):
    side, mark = "left", TICKLEFT


class Panel(Axes):
    """Axes of a figure in a report; those of a notebook keep their ticks, which its owner may change."""

    def _init_axis(self) -> None:
        self.xaxis, self.yaxis = _XAxis(self, clear=False), _YAxis(self, clear=False)
