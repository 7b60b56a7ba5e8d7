"""How matplotlib draws the figures of a report: what is the same many times is made and measured once.

Panels make one tick an axis and draw it at every place: five artists for every tick took a third of all
drawing.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from functools import cache
from typing import ClassVar

from matplotlib.axes import Axes
from matplotlib.axis import Axis, Tick, XAxis, YAxis
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.figure import Figure
from matplotlib.textpath import text_to_path


class OneTick(Axis):
    """An axis whose ticks differ in nothing but place and label."""

    minorTicks: ClassVar[list[Tick]] = []  # type: ignore[misc]  # else one is made that nobody sees
    bold: int | None = None  # the number of the tick whose label is bold

    def ticks(self) -> Iterator[tuple[float, str, str]]:
        """The place of every tick within the limits, its label, and the weight of that."""
        low, high = sorted(self.get_view_interval())
        near = 1e-10 * (high - low)
        places = list(self.get_majorticklocs())
        words = self.get_major_formatter().format_ticks(places)
        for number, (place, label) in enumerate(zip(places, words, strict=True)):
            if low - near <= place <= high + near:
                yield place, label, "bold" if number == self.bold else "normal"

    def draw(self, renderer: RendererBase) -> None:
        """Draw the ticks and the name of the axis."""
        renderer.open_group("matplotlib.axis")
        tick = self.majorTicks[0]
        seen = any(part.get_visible() for part in tick.get_children())
        for place, label, weight in self.ticks() if seen else ():
            tick.update_position(place)
            tick.label1.set(text=label, fontweight=weight)
            tick.draw(renderer)
        self.label.draw(renderer)
        renderer.close_group("matplotlib.axis")


class _XAxis(OneTick, XAxis):
    pass


class _YAxis(OneTick, YAxis):
    pass


class Panel(Axes):
    """Axes of a figure in a report; those of a notebook keep their ticks, which its owner may change."""

    def _init_axis(self) -> None:
        self.xaxis, self.yaxis = _XAxis(self, clear=False), _YAxis(self, clear=False)


class _Renderer(RendererSVG):
    """Measures a word once, however many figures say it."""

    get_text_width_height_descent = staticmethod(cache(text_to_path.get_text_width_height_descent))


def drawn(figure: Figure) -> str:
    """Write a figure as short SVG; not by savefig, which draws everything a first time without use."""
    sink = io.StringIO()
    figure.set_dpi(72)
    untold = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    renderer = _Renderer(*figure.bbox.size, sink, metadata=untold)
    figure.draw(renderer)
    renderer.finalize()
    text = sink.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL)
    # measured in DejaVu Sans, which comes with matplotlib; Verdana is as wide, the others are narrower
    text = re.sub(r"'DejaVu Sans'(, sans-serif)?", "'DejaVu Sans', Verdana, Arial, sans-serif", text)
    text = re.sub(r"[0-9]+\.[0-9]{3,}", lambda one: f"{float(one[0]):.2f}".rstrip("0").rstrip("."), text)
    # names of clips and markers are hashes of coordinates whose last digit the layout does not fix
    names: dict[str, str] = {}
    text = re.sub(
        r"([\"#])([pmh][0-9a-f]{10})\b",
        lambda one: one[1] + names.setdefault(one[2], f"s{len(names)}"),
        text,
    )
    return re.sub(r"\n\s*", "\n", text)
