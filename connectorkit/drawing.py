"""How charts look: the one place of colours and of both themes, and the picture that a chart becomes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from connectorkit.columns import PHASE_COLOURS as PHASE_COLOURS
from connectorkit.texts import on_a_line

WIDTH, HEIGHT = 560, 240
_LONGEST_NAME = 40
SERIES_COLOURS = (
    *("#3b82c4", "#e0762f", "#2a9d6f", "#c2569b", "#a88a22"),
    *("#7b68c8", "#3f9fae", "#8a8f98"),
)
# Lines are told apart in print and by whoever sees no colours.
DASHES: tuple[list[int], ...] = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 4], [10, 4], [1, 3], [3, 6])
ANSWERED, ERROR, NEVER = "#3b82c4", "#d1495b", "#f3c5b5"
_LIGHT = {"page": "#ffffff", "ink": "#24292f", "faint": "#57606a", "grid": "#e3e6ea"}
_DARK = {"page": "#16191d", "ink": "#e6e9ed", "faint": "#a5adb7", "grid": "#333a42"}
_HEAT = {
    False: ["#dcebf8", "#9ac4e5", "#4b95cb", "#1d62a4", "#08306b"],
    True: ["#1b3853", "#235f94", "#3f92cf", "#8cc5ec", "#e4f2fd"],
}


# What vega-embed's menu would offer beside saving: the last opens a page on the web with the data in it.
_AWAY = ("source", "compiled", "editor")


class Picture:
    """An altair chart shown as svg, with a sentence for where no picture can be shown.

    ``chart`` is the altair chart, to be changed or saved; ``dark`` whether it is for a dark page.
    """

    def __init__(self, chart: alt.TopLevelMixin, description: str, *, dark: bool = False) -> None:
        self._bare = chart
        self.chart = _themed(chart, dark)
        self.description = description
        self.is_dark = dark

    def __repr__(self) -> str:
        return f"<Picture: {self.description}>"

    def dark(self) -> Picture:
        """The same picture for a dark page; without this it is as on paper, whatever the page."""
        return Picture(self._bare, self.description, dark=True)

    def svg(self) -> str:
        """The picture as svg text."""
        import vl_convert

        return str(vl_convert.vegalite_to_svg(self.chart.to_json()))

    def both(self) -> tuple[str, str]:
        """The svg text for a light page and for a dark one, drawn once. Not for heat maps.

        Their shades differ by theme; elsewhere only paper, ink and lines do.
        """
        light = Picture(self._bare, self.description).svg()
        dark = light
        for part, colour in _LIGHT.items():
            dark = dark.replace(f'"{colour}"', f'"{_DARK[part]}"')
        return light, dark

    def png(self, scale: float = 2.0) -> bytes:
        """The picture as a PNG file, ``scale`` times as large as on screen; for a ticket or a slide."""
        import vl_convert

        return bytes(vl_convert.vegalite_to_png(self.chart.to_json(), scale=scale))

    def interactive(self) -> Any:
        """The chart as a widget: numbers under the pointer, zoom and pan along numbers and times.

        Its scripts come with the packages that are installed; nothing is fetched from elsewhere, and its
        menu saves pictures, but hands nothing to an editor on the web.
        """
        alt.JupyterChart.enable_offline()
        chart: Any = self.chart
        return alt.JupyterChart(
            chart, embed_options={"actions": {"export": True, **dict.fromkeys(_AWAY, False)}}
        )

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        return {"image/svg+xml": self.svg(), "text/plain": repr(self)}


def values(rows: Sequence[Mapping[Any, Any]]) -> Any:
    """Rows as inline data: altair would refuse a frame of more than 5,000 rows."""
    return alt.InlineData(values=list(rows))


def exchanges(timings: pd.DataFrame) -> list[str]:
    """What stands beside the bar of each exchange: its number and its operation."""
    pairs = zip(timings["exchange_id"], timings["operation"], strict=True)
    return [f"{number}  {on_a_line(str(operation), _LONGEST_NAME)}" for number, operation in pairs]


def listed(field: str, order: Sequence[str], *, title: str | None = None) -> alt.Y:
    """An axis of names below each other, in this order.

    As its domain, and not as what to sort by: of that Vega makes an expression as deep as there are names.
    """
    return alt.Y(field, sort=None, title=title, scale=alt.Scale(domain=list(dict.fromkeys(order))))


def headed(chart: Any, title: str, subtitle: str = "", *, height: Any = HEIGHT, width: Any = WIDTH) -> Any:
    """A chart with its title, and with what it counts in small letters below it."""
    said = alt.TitleParams(title, subtitle=[subtitle]) if subtitle else alt.TitleParams(title)
    return chart.properties(width=width, height=height, title=said)


def zooming(chart: Any, *axes: str) -> Any:
    """A chart whose axes (``x`` and ``y`` unless said) can be dragged and zoomed, once it is a widget."""
    ways: Any = axes or ("x", "y")
    return chart.add_params(alt.selection_interval(bind="scales", name="zoom", encodings=ways))


def nothing(title: str) -> Picture:
    """In place of a chart of no rows."""
    words = alt.Chart(values([{}])).mark_text(fontSize=13).encode(text=alt.value("nothing to show"))
    return Picture(headed(words, title, height=60), f"{title}: there is nothing to show")


def milliseconds(low: float, high: float, *, wide: bool, grid: bool = True) -> dict[str, Any]:
    """Title, scale and axis of latencies from ``low`` to ``high``; logarithmic where they are ``wide`` apart.

    A logarithmic axis would have a line for each of the nine steps to the next power of ten: a few will do.
    """
    if not wide:
        scale = alt.Scale(domain=[low, high], nice=False)
        return {"title": "milliseconds", "scale": scale, "axis": alt.Axis(tickCount=8, grid=grid)}
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    far = math.log10(high / low)
    steps = (1,) if far > 4 else (1, 3) if far > 2 else (1, 2, 5)
    ticks = [step * 10.0**power for power in decades for step in steps]
    return {
        "title": "milliseconds (logarithmic)",
        "scale": alt.Scale(type="log", domain=[low, high], nice=False),
        "axis": alt.Axis(values=[one for one in ticks if low <= one <= high], format=",.4~r", grid=grid),
    }


def counts(most: float) -> alt.Axis:
    """An axis of whole numbers from nought."""
    return alt.Axis(values=list(range(int(most) + 1)), format="d") if most <= 5 else alt.Axis(format=",~r")


def legend(names: list[str], **more: Any) -> alt.Legend | None:
    """A legend below the chart, in as many columns as its names leave room for; none for a single name."""
    if len(names) < 2:
        return None
    columns = max(1, min(4, WIDTH // (36 + 7 * max(map(len, names)))))
    # Names are measured with other letters than those of the page, which may be wider.
    return alt.Legend(title=None, orient="bottom", columns=columns, columnPadding=28, symbolSize=260, **more)


def colours(names: list[str], palette: Mapping[str, str] | None = None) -> alt.Scale:
    """A scale that gives each of these names its colour, in their order."""
    known = palette or dict(zip(names, SERIES_COLOURS, strict=False))
    return alt.Scale(domain=names, range=[known[name] for name in names])


def _themed(chart: alt.TopLevelMixin, dark: bool) -> alt.TopLevelMixin:
    theme = _DARK if dark else _LIGHT
    # Names are short when they come here. Vega would cut them within a pair of surrogates, and then fail.
    quiet: dict[str, Any] = {"titleColor": theme["ink"], "titleFontWeight": "normal", "labelLimit": 0}
    lines = {name: theme["faint"] for name in ("labelColor", "domainColor", "tickColor")}
    title = {"color": theme["ink"], "subtitleColor": theme["faint"], "fontSize": 14, "subtitleFontSize": 12}
    config: dict[str, Any] = {
        "background": theme["page"],
        "padding": 12,
        "axis": {**quiet, **lines, "gridColor": theme["grid"], "titlePadding": 8},
        "legend": {**quiet, "labelColor": theme["ink"]},
        "title": {**title, "anchor": "start", "offset": 12, "subtitlePadding": 5},
        "view": {"stroke": theme["grid"]},
        "text": {"color": theme["faint"]},
        "range": {"heatmap": _HEAT[dark], "ramp": _HEAT[dark], "category": list(SERIES_COLOURS)},
    }
    bare: Any = chart
    themed = bare.copy(deep=False)
    themed.config = alt.Config(**config)
    shown: alt.TopLevelMixin = themed
    return shown
