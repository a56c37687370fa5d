"""The journey's words, as they stand on the wire, for both kinds of client."""

from __future__ import annotations

import inspect
import json
from typing import Any

import httpx
import pytest

from connectorkit import AsyncClient, envelopes, errors, rich
from connectorkit.conversations import AsyncConversation, AsyncDialog, Conversation, Dialog
from connectorkit.errors import EnvelopeError
from connectorkit.journey import AsyncConsumer, Consumer

ANSWER = [{"type": "Answer", "questionId": "q-1", "id": "a-1", "provider": "bot", "odd": {"kept": None}}]
CARD = [{"type": "ExternalId", "id": "card-1"}]
BUTTON = {
    "type": "button",
    "title": "Yes",
    "click": {
        "actions": [{"type": "link", "uri": "https://a.example"}, {"type": "publishText", "text": "yes"}],
        "metadata": ANSWER,
    },
}
FEATURES = '{"type":".ClientProperties","features":["RICH_CONTENT","MULTI_DIALOG"]}'


@pytest.fixture
def talk(faked: Any) -> Any:
    return faked.consumer("ana").open()


def sent(service: Any) -> list[dict[str, Any]]:
    """What was sent, without the ids."""
    requests = [json.loads(request.content) for request in service.requests("send")]
    return [{name: value for name, value in request.items() if name != "id"} for request in requests]


def published(event: dict[str, Any], **beside: Any) -> dict[str, Any]:
    body = {"dialogId": "conversation-1", "event": event}
    return {"kind": "req", "type": "ms.PublishEvent", "body": body, **beside}


def text(words: str, **members: Any) -> dict[str, Any]:
    return {"type": "ContentEvent", "contentType": "text/plain", "message": words, **members}


def receipt(status: str, *sequences: int) -> dict[str, Any]:
    return {"type": "AcceptStatusEvent", "status": status, "sequenceList": list(sequences)}


def updated(field: dict[str, Any]) -> dict[str, Any]:
    body = {"conversationId": "conversation-1", "conversationField": field}
    return {"kind": "req", "type": "cm.UpdateConversationField", "body": body}


# --- Words -------------------------------------------------------------------------------------------


def dialog_change(dialog_id: str, cause: str) -> dict[str, Any]:
    dialog = {"dialogId": dialog_id, "state": "CLOSE", "closedCause": cause}
    return {"field": "DialogChange", "type": "UPDATE", "dialog": dialog}


REPLIES = rich.quick_replies(rich.button("Yes", rich.publish_text("yes")))
WORDS: list[tuple[str, Any, dict[str, Any]]] = [
    ("send", lambda t: t.send("Hi"), published(text("Hi"))),
    (
        "send with replies",
        lambda t: t.send("Hi", quick_replies=REPLIES, metadata=CARD),
        published(text("Hi", quickReplies=REPLIES), metadata=CARD),
    ),
    (
        "send rich",
        lambda t: t.send_rich(rich.text("Pick"), quick_replies=REPLIES, metadata=CARD),
        published(
            {
                "type": "RichContentEvent",
                "content": {"type": "text", "text": "Pick"},
                "quickReplies": REPLIES,
            },
            metadata=CARD,
        ),
    ),
    ("accept", lambda t: t.accept(2), published(receipt("ACCEPT", 2))),
    ("read", lambda t: t.read(2, 5), published(receipt("READ", 2, 5))),
    ("access", lambda t: t.receipt("ACCESS", 2), published(receipt("ACCESS", 2))),
    ("nack", lambda t: t.receipt("NACK", 0), published(receipt("NACK", 0))),
    (
        "action",
        lambda t: t.receipt("ACTION", 2, metadata=CARD),
        published(receipt("ACTION", 2), metadata=CARD),
    ),
    ("typing", lambda t: t.typing(), published({"type": "ChatStateEvent", "chatState": "COMPOSING"})),
    (
        "close",
        lambda t: t.close(),
        updated({"field": "ConversationStateField", "conversationState": "CLOSE"}),
    ),
    (
        "close at once",
        lambda t: t.close(skip_survey=True),
        updated({"field": "Stage", "conversationState": "CLOSE"}),
    ),
    (
        "close a dialog",
        lambda t: t.close_dialog("survey-1", closed_cause="Done"),
        updated(dialog_change("survey-1", "Done")),
    ),
    (
        "close this dialog",
        lambda t: t.dialog("survey-1").close(),
        updated(dialog_change("survey-1", "Closed by consumer")),
    ),
    (
        "urgency",
        lambda t: t.set_ttr("URGENT", 60),
        updated({"field": "TTRField", "ttrType": "URGENT", "value": 60}),
    ),
]


@pytest.mark.parametrize(("say", "expected"), [word[1:] for word in WORDS], ids=[word[0] for word in WORDS])
def test_each_word_is_the_documented_request(
    talk: Any, service: Any, say: Any, expected: dict[str, Any]
) -> None:
    reply = say(talk)

    assert sent(service) == [expected]
    assert (reply.ok, reply.exchange.consumer) == (True, "ana")


@pytest.mark.parametrize("word", ["accept", "read"])
def test_a_receipt_without_numbers_asks_for_them(talk: Any, service: Any, word: str) -> None:
    with pytest.raises(EnvelopeError, match=r"sequences is empty. Pass the numbers of the messages meant"):
        getattr(talk, word)()

    assert sent(service) == []


@pytest.mark.parametrize(
    ("close", "closed"),
    [
        (lambda talk: talk.close(), True),
        (lambda talk: talk.close(skip_survey=True), True),
        (lambda talk: talk.close_dialog(talk.id), True),
        (lambda talk: talk.close_dialog("survey-1"), False),
    ],
)
def test_a_conversation_is_closed_with_its_main_dialog(talk: Any, close: Any, closed: bool) -> None:
    close(talk)

    assert talk.closed is closed


def test_a_refused_close_closes_nothing(talk: Any, service: Any) -> None:
    service.answers["send"] = [httpx.Response(503)]

    with pytest.raises(errors.ServerError):
        talk.close()

    assert talk.closed is False


# --- Clicks ------------------------------------------------------------------------------------------


def test_a_click_is_answered_in_two_steps_with_the_metadata_unchanged(talk: Any, service: Any) -> None:
    service.answers["send"] = [
        lambda request, number=number: httpx.Response(
            200,
            json={"code": "OK", "body": {"sequence": number}, "reqId": json.loads(request.content)["id"]},
        )
        for number in (4, 5)
    ]

    clicked = talk.click(BUTTON, 3)

    assert sent(service) == [
        published(receipt("ACTION", 3), metadata=ANSWER),
        published(text("yes"), metadata=ANSWER),
    ]
    assert (clicked.receipt.sequence, clicked.text.sequence) == (4, 5)


def test_a_click_that_says_nothing_is_answered_in_one_step(talk: Any, service: Any) -> None:
    answered, said = talk.click(rich.button("Shop", rich.link("https://shop.example"), metadata=CARD), 3)

    assert sent(service) == [published(receipt("ACTION", 3), metadata=CARD)]
    assert (answered.ok, said) == (True, None)


def test_metadata_that_breaks_a_rule_is_copied_all_the_same(talk: Any, service: Any) -> None:
    broken = [{"type": "ExternalId", "id": "x" * 65}, {"no": "type"}]

    talk.click({"type": "image", "click": {"actions": [], "metadata": broken}}, 0)

    assert sent(service) == [published(receipt("ACTION", 0), metadata=broken)]


def test_a_click_without_metadata_sends_none(talk: Any, service: Any) -> None:
    talk.click(rich.button("Yes", rich.publish_text("yes")), 1)

    assert sent(service) == [published(receipt("ACTION", 1)), published(text("yes"))]


@pytest.mark.parametrize(
    ("button", "sequence", "field"),
    [
        ("Yes", 1, "button"),
        ({"type": "text", "text": "Yes"}, 1, "button.click"),
        (BUTTON, "1", "sequences[0]"),
        ({"click": {"actions": [{"type": "publishText", "text": "x" * 5000}]}}, 1, "text"),
        ({"click": {"actions": [{"type": "publishText"}]}}, 1, "text"),
    ],
)
def test_a_click_that_cannot_be_answered_sends_neither_request(
    talk: Any, service: Any, button: Any, sequence: Any, field: str
) -> None:
    with pytest.raises(EnvelopeError) as caught:
        talk.click(button, sequence)

    assert caught.value.field == field
    assert sent(service) == []


# --- Other dialogs -----------------------------------------------------------------------------------


def test_another_dialog_is_named_together_with_its_conversation(talk: Any, service: Any) -> None:
    survey = talk.dialog("survey-1")

    survey.send("5")
    survey.click(BUTTON, 0)
    survey.read(0)
    survey.chat_state("ACTIVE")
    survey.send_rich(rich.text("Hi"))

    places = [(body["dialogId"], body["conversationId"]) for body in (r["body"] for r in sent(service))]
    assert places == [("survey-1", "conversation-1")] * 6


def test_a_closed_survey_leaves_its_conversation_as_it_was(talk: Any) -> None:
    survey = talk.dialog("survey-1")
    survey.close()

    assert (survey.closed, talk.closed) == (True, False)
    assert repr(survey).endswith(
        "Dialog: id survey-1, conversation conversation-1, consumer ana, state closed>"
    )
    assert "survey-1" in survey._repr_html_()


# --- Client-Properties -------------------------------------------------------------------------------


def test_features_are_repeated_on_every_request_of_the_conversation(faked: Any, service: Any) -> None:
    talk = faked.consumer("ana").open(features=["RICH_CONTENT", "MULTI_DIALOG"])
    talk.send("Hi")
    talk.click(BUTTON, 1)
    talk.dialog("survey-1").send("5")
    talk.close()

    requests = service.requests("conversation") + service.requests("send")
    assert [request.headers["Client-Properties"] for request in requests] == [FEATURES] * 6
    assert "Client-Properties" not in service.requests("consumer_jws")[0].headers


def test_file_requests_carry_the_features_too(faked: Any, service: Any) -> None:
    talk = faked.consumer("ana").open(features=["RICH_CONTENT", "MULTI_DIALOG"])

    with pytest.raises(errors.UnexpectedAnswerError):
        talk.download("/v1/a.PNG")

    assert service.requests("send")[0].headers["Client-Properties"] == FEATURES


def test_properties_are_sent_as_they_are(faked: Any, service: Any) -> None:
    properties = envelopes.client_properties(features=[], app_id="kit", os="LINUX")

    faked.consumer("ana").open(properties=properties).send("Hi")
    faked.consumer("bert").open(properties="[object Object]").send("Hi")

    assert [request.headers["Client-Properties"] for request in service.requests("send")] == [
        '{"type":".ClientProperties","features":[],"appId":"kit","os":"LINUX"}',
        "[object Object]",
    ]


def test_a_conversation_without_features_sends_no_such_header(talk: Any, service: Any) -> None:
    talk.send("Hi")

    assert "Client-Properties" not in service.requests("send")[0].headers


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"features": "RICH_CONTENT"}, "features"),
        ({"features": ["RICH_CONTENTS"]}, "features[0]"),
        ({"features": [], "properties": "{}"}, "features"),
        ({"properties": {"features": []}}, "properties"),
        ({"properties": "Grüße"}, "properties"),
    ],
)
def test_wrong_properties_open_nothing(faked: Any, service: Any, words: Any, field: str) -> None:
    with pytest.raises(EnvelopeError) as caught:
        faked.consumer("ana").open(**words)

    assert caught.value.field == field
    assert service.order == []


def test_a_misspelt_word_of_open_is_explained(faked: Any) -> None:
    with pytest.raises(TypeError, match=r"no argument 'feature'. Did you mean features\?"):
        faked.consumer("ana").open(feature=["RICH_CONTENT"])


# --- Steps ---------------------------------------------------------------------------------------


def test_steps_are_ended_where_one_fails(talk: Any) -> None:
    """A progress bar must not wait for the garbage collector."""
    ended = []

    def steps() -> Any:
        try:
            yield lambda client: client.nonsense
        finally:
            ended.append(True)

    with pytest.raises(AttributeError) as caught:  # which keeps the frames alive
        talk._walk(steps())

    assert (ended, "nonsense" in str(caught.value)) == ([True], True)


# --- Twins -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [(Consumer, AsyncConsumer), (Dialog, AsyncDialog), (Conversation, AsyncConversation)],
)
def test_both_kinds_take_the_same_words(one: type, other: type) -> None:
    def words(kind: type) -> dict[str, list[str]]:
        methods = inspect.getmembers(kind, inspect.isfunction)
        return {n: list(inspect.signature(m).parameters) for n, m in methods if not n.startswith("_")}

    assert words(one) == words(other)


def test_an_asynchronous_word_is_awaited(fake_settings: Any) -> None:
    talk = AsyncConversation(AsyncClient(fake_settings).consumer("ana"), "c-1")

    waiting = [
        talk.send("Hi"),
        talk.accept(1),
        talk.close(),
        talk.set_ttr("URGENT", 5),
        talk.click(BUTTON, 1),
    ]

    assert all(inspect.iscoroutine(one) for one in waiting)
    for one in waiting:
        one.close()
