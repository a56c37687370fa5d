"""Charts of latency and over time: the numbers that are drawn, any size of input, and whole pictures."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from connectorkit import distributions, drawing, frames, views
from connectorkit.log import Exchange, Log
from connectorkit.views import Picture
from tests.hostile_texts import TEXTS

BEGIN = 1_790_000_000_000_000_000  # a whole second
SECONDS = pd.DataFrame({"second": [0, 1, 4], "count": [10, 20, 5], "errors": [0, 5, 5]})
CELLS = pd.DataFrame(
    {"second": [0, 0, 9], "from_ms": [1.0, 10.0, 1.0], "to_ms": [2.0, 20.0, 2.0], "count": [3, 1, 7]}
)
Chart = Callable[[Any], Picture]
CHARTS: list[Any] = [
    pytest.param(views.histogram, id="histogram"),
    pytest.param(lambda source: views.histogram(source, by="operation"), id="histogram by operation"),
    pytest.param(views.percentiles, id="percentiles"),
    pytest.param(lambda source: views.percentiles(source, by="operation"), id="percentiles by operation"),
    pytest.param(views.rate, id="rate"),
    pytest.param(views.heat, id="heat"),
    pytest.param(views.waterfall, id="waterfall"),
    pytest.param(views.phases, id="phases"),
]


def timings(*facts: dict[str, Any]) -> pd.DataFrame:
    log = Log()
    for place, one in enumerate(facts):
        known = {
            "operation": "send",
            "status_code": 200,
            "started_at": BEGIN + place * 1_000_000,
            "total_ms": 5.0,
        }
        log.append(Exchange(method="POST", url="u", **(known | one)))
    return frames.timings(log)


def many(rows: int = 100_000) -> pd.DataFrame:
    """A frame of that size, made without a log; an hour, three operations, a few errors."""
    lot = np.random.default_rng(5)
    total = np.exp(lot.normal(3, 1, rows))
    frame = timings({}).iloc[[0] * rows].reset_index(drop=True)
    frame["exchange_id"] = pd.array(range(rows), "Int64")
    frame["operation"] = pd.array(lot.choice(["send", "conversation", "domains"], rows), "string")
    begun = BEGIN // 1000 + np.sort(lot.integers(0, 3_600_000_000, rows))
    frame["started_at"] = pd.to_datetime(begun, unit="us", utc=True)
    frame["status_code"] = pd.array(lot.choice([200, 503], rows, p=[0.97, 0.03]), "Int64")
    frame["total_ms"], frame["wait_ms"], frame["blocked_ms"] = total, total * 0.9, total * 0.1
    return frame


def drawn(picture: Picture) -> list[dict[str, Any]]:
    """Every row of data in a chart."""
    return [row for rows in picture.chart.to_dict()["datasets"].values() for row in rows]


def whole(picture: Picture) -> tuple[set[str], set[str], str]:
    elements = list(ElementTree.fromstring(picture.svg()).iter())
    names = {element.tag.rpartition("}")[2] for element in elements}
    attributes = {name for element in elements for name in element.attrib}
    assert not names & {"script", "image", "foreignObject", "use", "a"}
    assert not [name for name in attributes if name.startswith("on") or name.endswith("href")]
    return names, attributes, "\n".join(element.text or "" for element in elements)


# --- Any input, any theme ----------------------------------------------------------------------------


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_chart_takes_nothing_one_row_and_many(chart: Chart, dark: bool) -> None:
    for frame in (timings().head(0), timings({}), many(6_000)):
        before = frame.copy()
        picture = chart(frame)
        picture = picture.dark() if dark else picture

        _, _, text = whole(picture)

        assert len(text) > 20
        pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("chart", CHARTS)
def test_what_is_drawn_does_not_grow_with_the_log(chart: Chart) -> None:
    rows = drawn(chart(many()))

    assert 0 < len(rows) < 5_000


@pytest.mark.parametrize("chart", CHARTS)
def test_rows_without_any_number_make_a_picture(chart: Chart) -> None:
    nothing = {"total_ms": None, "status_code": None, "error": "ConnectError: no"}

    whole(chart(timings(nothing)))
    whole(chart(timings(nothing, {"total_ms": 0.0}, {"total_ms": float("inf")})))


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", "\"><image href=x onerror='x'/>", "]]><!--", "'; datum.x; '", "a" * 500],
)
def test_text_from_a_log_is_text_in_the_picture(chart: Chart, hostile: str) -> None:
    usual = whole(chart(timings({}, {"operation": "other"})))

    found = whole(chart(timings({"error": hostile}, {"operation": hostile})))

    assert found[0] <= usual[0]
    assert found[1] <= usual[1]


@pytest.mark.parametrize("break_", ["\u2028", "\u2029", "\x85", "\u202e", "\n", "\0", "\ud83d"])
@pytest.mark.parametrize("chart", [views.histogram, views.percentiles])
def test_a_name_with_a_line_separator_in_it_is_drawn(chart: Chart, break_: str) -> None:
    svg = chart({f"one{break_}a": [1.0, 2.0], "two": [3.0, 4.0]}).svg()

    assert "one�a" in svg


ALL_OF_THEM = """
import json, sys
import pandas as pd
from connectorkit import frames, views
from connectorkit.log import Exchange, Log

texts, log = json.load(sys.stdin), Log()
for place, text in enumerate(texts):
    facts = {"error": text, "label": text, "started_at": place, "wait_ms": 4.0, "total_ms": 5.0}
    log.append(Exchange(text, "POST", "u", **facts))
timings = frames.timings(log)
views.phases(timings, last=len(texts)).svg()
views.waterfall(timings, last=len(texts)).svg()
views.percentiles(timings, by="label").svg()
whole = [text.encode("utf-8", "replace").decode() for text in texts]
views.reached(pd.DataFrame({"event": whole, "state": whole, "times": 1})).svg()
print("drawn")
"""


def test_no_text_from_a_log_ends_the_process_that_draws_it() -> None:
    made = subprocess.run(
        [sys.executable, "-c", ALL_OF_THEM], input=json.dumps(TEXTS), capture_output=True, text=True
    )

    assert made.stdout == "drawn\n", made.stderr[-2000:]


def test_names_that_become_alike_stay_apart() -> None:
    alike = {f"{'x' * 60}{number}": [float(number + 1)] for number in range(3)}

    found = distributions.named(alike, "total_ms", None)

    assert [one.values.tolist() for one in found.values()] == [[1.0], [2.0], [3.0]]
    assert len(found) == 3


def test_both_themes_are_drawn_at_once() -> None:
    made = views.histogram({"a": [1.0, 2.0], "b": [3.0, 50.0]})

    light, dark = made.both()

    # Vega numbers its clip paths on and on.
    numbered = [re.sub(r"clip\d+", "clip", svg) for svg in (light, dark, made.svg(), made.dark().svg())]
    assert numbered[:2] == numbered[2:]


def test_the_dark_picture_is_the_same_on_another_page() -> None:
    picture = views.histogram(timings({}, {"total_ms": 9.0}))

    dark = picture.dark()

    assert drawn(dark) == drawn(picture)
    assert dark.chart.to_dict()["config"]["background"] != picture.chart.to_dict()["config"]["background"]
    assert repr(dark) == repr(picture)
    assert (picture.is_dark, dark.is_dark) == (False, True)


def test_each_theme_has_ink_that_stands_out_from_its_page() -> None:
    def lightness(colour: str) -> float:
        parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(one: str, other: str) -> float:
        low, high = sorted((lightness(one), lightness(other)))
        return (high + 0.05) / (low + 0.05)

    for picture in (views.rate(timings({})), views.rate(timings({})).dark()):
        config = picture.chart.to_dict()["config"]
        page = config["background"]
        assert contrast(config["title"]["color"], page) >= 7
        assert contrast(config["axis"]["labelColor"], page) >= 4.5
        marks = [*drawing.SERIES_COLOURS, *drawing.PHASE_COLOURS.values(), drawing.ANSWERED, drawing.ERROR]
        assert min(contrast(mark, page) for mark in marks) >= 2.2


def test_a_picture_is_a_png_and_a_widget_too() -> None:
    pytest.importorskip("anywidget")
    picture = views.percentiles([1.0, 2.0, 3.0])

    assert picture.png().startswith(b"\x89PNG")
    widget = picture.interactive()
    assert widget.chart is not None
    scripts = str(widget._esm)
    assert "https://esm.sh" not in scripts
    assert len(scripts) > 500_000  # they are all in it
    assert widget.embed_options["actions"]["editor"] is False  # it would post the data to a page on the web


# --- Histograms and percentiles ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        timings({"total_ms": 1.0}, {"total_ms": 2.0}, {"total_ms": 2.0}),
        [1.0, 2.0, 2.0],
        np.array([2.0, 1.0, 2.0]),
        pd.Series([2, 2, 1]),
        [(1.0, 1), (2.0, 2)],
        iter([(1.0, 1), (2.0, 1), (2.0, 1), (9.0, 0)]),
        {"one name": [(2.0, 2), (1.0, 1)]},
        {"one name": timings({"total_ms": 2.0}, {"total_ms": 1.0}, {"total_ms": 2.0})},
    ],
    ids=["frame", "list", "array", "series", "pairs", "iterator", "mapping", "mapping of frames"],
)
def test_the_same_durations_make_the_same_chart_whatever_they_came_as(source: Any) -> None:
    picture = views.histogram(source)

    assert repr(picture) == "<Picture: histogram of 3 requests: p50 2, p90 2, p99 2, max 2 ms>"
    assert sorted(row["height"] for row in drawn(picture)) == [1.0, 2.0]


def test_a_histogram_counts_everything_in_the_right_place() -> None:
    frame = many(20_000)

    rows = drawn(views.histogram(frame))

    assert sum(row["height"] for row in rows) == 20_000
    for row in rows[::7]:
        inside = frame["total_ms"].between(row["from"], row["to"], inclusive="left")
        assert inside.sum() == row["height"]


def test_several_series_show_shares() -> None:
    rows = drawn(views.histogram({"before": [(10.0, 900)], "after": [(10.0, 1), (20.0, 1)]}))

    for name in ("before", "after"):
        assert sum(row["height"] for row in rows if row["series"] == name) == pytest.approx(100)


def test_percentiles_are_those_of_the_values() -> None:
    values = 1 + np.random.default_rng(2).exponential(30, 50_000)

    rows = drawn(views.percentiles(values))

    assert rows[0]["ms"] == pytest.approx(values.min())
    assert rows[-1]["ms"] == values.max()
    assert [row["ms"] for row in rows] == sorted(row["ms"] for row in rows)
    for row in rows[:-1]:
        level = 1 - 1 / row["place"]
        assert row["ms"] == pytest.approx(np.quantile(values, level, method="inverted_cdf"))


def test_a_freeze_shows_in_one_line_and_not_in_the_other() -> None:
    """As of a run at 100 requests a second in which a server froze for 5 s."""
    uncorrected = {"ms": [(10.0, 2_499), (5_000.0, 1)]}["ms"]
    corrected = [(10.0, 2_000), *((float(one), 1) for one in range(10, 5_010, 10))]

    rows = drawn(views.percentiles({"corrected": corrected, "uncorrected": uncorrected}))

    def p99(name: str) -> float:
        mine = [row for row in rows if row["series"] == name]
        return float(min(mine, key=lambda row: abs(row["place"] - 100))["ms"])

    assert p99("corrected") > 3_500
    assert p99("uncorrected") == 10


def test_the_axis_of_nines_is_labelled_in_percent() -> None:
    _, _, text = whole(views.percentiles(np.arange(1.0, 20_000.0)))

    for label in ("0 %", "50 %", "90 %", "99 %", "99.9 %", "99.99 %", "milliseconds (logarithmic)"):
        assert label in text.split("\n")


def test_too_many_series_become_others_and_none_is_lost() -> None:
    source = {f"series {place}": [(10.0, place)] for place in range(1, 13)}

    found = distributions.named(source, "total_ms", None)

    assert list(found) == [*(f"series {place}" for place in range(6, 13)), "others"]
    assert sum(one.count for one in found.values()) == sum(range(1, 13))


def test_a_missing_label_is_a_series_too() -> None:
    found = distributions.named(timings({"label": "x"}, {}), "total_ms", "label")

    assert list(found) == ["x", "(none)"]


@pytest.mark.parametrize(
    ("source", "options", "sentence"),
    [
        (timings({}), {"phase": "speed"}, "There is no column 'speed'. Choose one of exchange_id, "),
        (timings({}), {"by": "speed"}, "There is no column 'speed'. Choose one of exchange_id, "),
        ([1.0], {"by": "operation"}, "by is 'operation', but only a frame has columns."),
        (["fast"], {}, "the source is neither milliseconds nor pairs of milliseconds and a count."),
        ({"mine": [(1, 2, 3)]}, {}, "mine is neither milliseconds nor pairs of milliseconds and a count."),
        (5, {}, "the source is neither milliseconds nor pairs"),
    ],
)
@pytest.mark.parametrize("chart", [views.histogram, views.percentiles])
def test_what_cannot_be_drawn_is_told(
    chart: Any, source: Any, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence.replace(".", r"\.")):
        chart(source, **options)


# --- Over time ---------------------------------------------------------------------------------------


def test_the_rate_counts_all_and_puts_errors_on_top() -> None:
    frame = many(9_000)

    rows = drawn(views.rate(frame))

    length = (rows[0]["to"] - rows[0]["from"]) / 1000
    of = {
        what: sum(row["per_second"] for row in rows if row["what"] == what) * length
        for what in ("answered", "failed or refused")
    }
    bad = int((frame["status_code"] >= 400).sum())
    assert of == {"answered": pytest.approx(9_000 - bad), "failed or refused": pytest.approx(bad)}
    assert all(row["low"] > 0 for row in rows if row["what"] == "failed or refused")
    assert len({row["from"] for row in rows}) <= 150


def test_the_rate_of_a_report_is_by_its_seconds() -> None:
    rows = drawn(views.rate(SECONDS))

    assert [(row["from"], row["to"], row["what"], row["low"], row["high"]) for row in rows] == [
        (0, 1, "answered", 0, 10),
        (1, 2, "answered", 0, 15),
        (1, 2, "failed or refused", 15, 20),
        (4, 5, "failed or refused", 0, 5),
    ]


def test_a_long_run_has_few_bars_and_the_same_sum() -> None:
    long = pd.DataFrame({"second": range(7_200), "count": 10, "errors": 1})

    rows = drawn(views.rate(long))

    assert len(rows) <= 300
    assert sum(row["per_second"] * (row["to"] - row["from"]) for row in rows) == pytest.approx(72_000)


def test_the_heat_map_counts_everything_where_it_belongs() -> None:
    frame = many(8_000)

    cells = drawn(views.heat(frame))

    assert sum(cell["count"] for cell in cells) == 8_000
    begun = frame["started_at"].astype("int64") / 1000
    for cell in cells[::97]:
        inside = begun.between(cell["from"], cell["to"], inclusive="left") & frame["total_ms"].between(
            cell["below"], cell["above"], inclusive="left"
        )
        assert inside.sum() == cell["count"]


def test_the_heat_map_of_a_report_has_its_cells() -> None:
    cells = drawn(views.heat(CELLS))

    assert [(cell["from"], cell["below"], cell["above"], cell["count"]) for cell in cells] == [
        (0, 1.0, 2.0, 3),
        (0, 10.0, 20.0, 1),
        (9, 1.0, 2.0, 7),
    ]


def test_the_seconds_of_a_long_report_become_fewer_columns() -> None:
    long = pd.DataFrame({"second": range(1_000), "from_ms": 1.0, "to_ms": 2.0, "count": 2})

    cells = drawn(views.heat(long))

    assert len(cells) <= 101
    assert sum(cell["count"] for cell in cells) == 2_000


@pytest.mark.parametrize("chart", [views.rate, views.heat])
def test_a_frame_of_something_else_is_refused(chart: Chart) -> None:
    with pytest.raises(ValueError, match=r"There is no column 'started_at'\. Pass a frame as of kit\.log"):
        chart(pd.DataFrame({"x": [1]}))


def test_a_waterfall_puts_each_phase_where_it_happened() -> None:
    facts = {"connect_ms": 1.0, "send_ms": 1.0, "wait_ms": 5.0, "receive_ms": 1.0, "total_ms": 10.0}
    frame = timings(facts, {**facts, "started_at": BEGIN + 20_000_000, "error": "ReadTimeout: <late>"})

    rows = drawn(views.waterfall(frame))

    second = [
        (row["phase"], row["from"], row["to"]) for row in rows if row.get("phase") and row["from"] >= 20
    ]
    assert second == [
        *(("blocked", 20, 22), ("connect", 22, 23), ("send", 23, 24)),
        *(("wait", 24, 29), ("receive", 29, 30)),
    ]
    assert [row["outcome"] for row in rows if "outcome" in row] == ["10 ms", "10 ms · ReadTimeout"]


def test_a_waterfall_needs_a_bar_at_least() -> None:
    with pytest.raises(ValueError, match=r"last is 0, allowed are whole numbers from 1 up\."):
        views.waterfall(timings({}), last=0)
