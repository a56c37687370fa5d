"""Whatever the kit hands out has a short rich display and a plain text form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from public_objects import reachable
from public_session import rich_form, session

from connectorkit.markup import Shown

_RICH = ("_repr_html_", "_repr_mimebundle_", "_render_traceback_")
_LONGEST_TEXT, _LONGEST_HTML = 2_000, 40_000  # characters
HELD = [kind for kind in reachable() if not getattr(kind, "_is_protocol", False) and kind is not Shown]


def name(kind: type) -> str:
    return f"{kind.__module__.removeprefix('connectorkit.')}.{kind.__name__}"


def test_what_is_public_is_found() -> None:
    found = {kind.__name__ for kind in HELD}

    assert found >= {
        "Kit",
        "Consumer",
        "Conversation",
        "Reply",
        "Exchange",
        "Fault",
        "Outcome",
        "ClockOffset",
    }
    assert found >= {"ReportCard", "Picture", "Comparison", "LoadReport", "Imported", "Agent"}


@pytest.mark.parametrize("kind", HELD, ids=name)
def test_every_public_object_has_a_rich_display(kind: type) -> None:
    assert any(hasattr(kind, method) for method in _RICH)


@pytest.mark.parametrize("kind", HELD, ids=name)
def test_every_public_object_has_a_plain_text_form(kind: type) -> None:
    assert kind.__repr__ is not object.__repr__


@pytest.fixture(scope="module")
def held() -> Iterator[dict[str, Any]]:
    with session() as known:
        yield known


def test_each_of_a_session_is_short_in_both_forms(held: dict[str, Any]) -> None:
    for label, value in held.items():
        text = repr(value)
        assert " object at 0x" not in text, label
        assert len(text) < _LONGEST_TEXT, (label, len(text))
        assert rich_form(value).strip(), label
        assert len(rich_form(value)) < _LONGEST_HTML, (label, len(rich_form(value)))


def test_no_display_of_a_session_shows_a_secret(held: dict[str, Any]) -> None:
    secret = held["settings"].client_secret.reveal()

    shown = "".join(repr(value) + rich_form(value) for value in held.values())

    assert secret not in shown
    assert "eyJ" not in shown, "a token's beginning"
