"""Charts as pictures: svg for the eye, a sentence for everything else, and never markup from a log."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pandas as pd
import pytest

from connectorkit import frames, views
from connectorkit.log import Exchange, Log

SVG = "{http://www.w3.org/2000/svg}"


def timings(*operations: str, **phases: float | None) -> pd.DataFrame:
    log = Log()
    for operation in operations:
        log.append(Exchange(operation, "POST", "u", **({"wait_ms": 3.0, "send_ms": 0.5} | phases)))
    return frames.timings(log)


def read(svg: str) -> tuple[set[str], set[str], str]:
    """Element names, attribute names and text of a picture; a picture that is not well-formed fails here."""
    elements = list(ElementTree.fromstring(svg).iter())
    names = {element.tag.removeprefix(SVG) for element in elements}
    attributes = {name for element in elements for name in element.attrib}
    return names, attributes, "\n".join(element.text or "" for element in elements)


def test_a_picture_is_svg_and_plain_text() -> None:
    shown = views.phases(timings("send"))._repr_mimebundle_()

    assert set(shown) == {"image/svg+xml", "text/plain"}
    assert shown["image/svg+xml"].startswith("<svg")
    assert shown["text/plain"] == (
        "<Picture: time per phase of 1 exchanges; the same numbers stand in the timings frame>"
    )


def test_each_exchange_has_a_bar_labelled_with_its_number() -> None:
    _, _, text = read(views.phases(timings("domains", "app_jwt", "send")).svg())

    assert all(label in text for label in ("1  domains", "2  app_jwt", "3  send", "wait", "milliseconds"))


def test_only_the_last_exchanges_are_drawn() -> None:
    picture = views.phases(timings("domains", "app_jwt", "send"), last=2)

    _, _, text = read(picture.svg())
    assert "1  domains" not in text
    assert "2  app_jwt" in text
    assert "of 2 exchanges" in repr(picture)


@pytest.mark.parametrize("last", [0, -1])
def test_no_bars_at_all_cannot_be_asked_for(last: int) -> None:
    with pytest.raises(ValueError, match=rf"last is {last}, allowed are whole numbers from 1 up\."):
        views.phases(timings("send"), last=last)


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '"><image href=x onerror="alert(1)"/>',
        "' onload='alert(1)",
        "</text><foreignObject>",
        "]]><!--",
        "&lt;script&gt;",
    ],
)
def test_hostile_text_from_the_log_is_text_in_the_picture(hostile: str) -> None:
    usual, usual_attributes, _ = read(views.phases(timings("send")).svg())

    names, attributes, _ = read(views.phases(timings(hostile)).svg())

    assert names <= usual
    assert attributes <= usual_attributes


def test_a_picture_loads_nothing_and_runs_nothing() -> None:
    names, attributes, _ = read(views.phases(timings("send")).svg())

    assert not names & {"script", "image", "foreignObject", "use", "a"}
    assert not [name for name in attributes if name.startswith("on") or name.endswith("href")]


def test_an_empty_frame_makes_a_picture() -> None:
    picture = views.phases(frames.timings(Log()))

    assert "of 0 exchanges" in repr(picture)
    assert read(picture.svg())[0]


def test_exchanges_without_any_phase_make_a_picture() -> None:
    assert read(views.phases(timings("send", wait_ms=None, send_ms=None)).svg())[0]


def test_more_bars_than_the_chart_library_takes_by_itself_make_a_picture() -> None:
    many = pd.concat([timings("send", tls_ms=1.0, connect_ms=1.0, receive_ms=1.0)] * 1001)

    assert views.phases(many, last=1001).svg().startswith("<svg")


def test_the_frame_is_left_as_it_was() -> None:
    frame = timings("send")
    before = frame.copy()

    views.phases(frame)

    pd.testing.assert_frame_equal(frame, before)
