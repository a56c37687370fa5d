"""What a consumer opens twice, and who speaks: nothing is lost, nobody is taken for another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from connectorkit.errors import EnvelopeError, NoAnswerError
from connectorkit.settings import Settings


def texts_in(control: httpx.Client) -> list[str]:
    state = control.get("/sandbox/state").json()
    events = [e["event"] for c in state["conversations"] for d in c["dialogs"] for e in d["events"]]
    return [event["message"] for event in events if event["type"] == "ContentEvent"]


def test_a_first_text_arrives_also_where_the_conversation_was_open(
    either: Any, control: httpx.Client
) -> None:
    consumer = either.consumer("ana")
    first = consumer.open()

    second = consumer.open(text="Are you open?")

    assert second.resumed
    assert second.id == first.id
    assert texts_in(control) == ["Are you open?"]


@pytest.mark.parametrize("name", ["", 5, None])
def test_a_consumer_needs_a_name(either: Any, name: Any) -> None:
    with pytest.raises(EnvelopeError, match="consumer"):
        either.consumer(name)


@pytest.mark.parametrize("call", ["send", "conversation"])
def test_a_blank_name_is_not_taken_for_the_default_consumer(either: Any, call: str) -> None:
    with pytest.raises(EnvelopeError, match="consumer is empty"):
        getattr(either, call)({}, consumer="")


def test_an_unknown_word_at_opening_gets_a_suggestion(either: Any) -> None:
    with pytest.raises(TypeError, match=r"open\(\) has no argument 'firstname'. Did you mean first_name\?"):
        either.consumer("ana").open(firstname="Ana")


def test_a_consumer_jws_can_be_renewed(either: Any) -> None:
    either.consumer_jws("ana")

    either.consumer_jws("ana", renew=True)

    assert [e.operation for e in either.log].count("consumer_jws") == 2


@pytest.mark.parametrize("value", ["secret-looking\nvalue", "secret-looking-value "])
def test_a_header_that_cannot_be_sent_is_not_quoted(either: Any, value: str) -> None:
    with pytest.raises(NoAnswerError, match="A header cannot be sent") as caught:
        either.send({}, headers={"Authorization": value})

    assert "secret-looking" not in str(caught.value)
    assert "secret-looking" not in str([vars(exchange) for exchange in either.log])


def test_time_left_is_counted_from_when_a_token_came(
    make_client: Callable[..., Any], settings: Settings
) -> None:
    ahead = make_client(settings, clock=lambda: 4_000_000_000.0)

    assert ahead.app_jwt().seconds_left == pytest.approx(3600)
    ahead.app_jwt()

    assert [e.operation for e in ahead.log].count("app_jwt") == 1
