"""A raw request is read, and what is wrong or unusual in it is told, without sending anything."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from connectorkit import documented, envelopes, rich, sdes, vetting
from connectorkit.vetting import CellError

BUTTON = rich.button("Yes", rich.publish_text("Yes"), metadata=[{"type": "ExternalId", "id": "y"}])
CARD = rich.vertical(rich.text("Well?", style=rich.style(bold=True)), rich.carousel(BUTTON))
BUILT: dict[str, dict[str, Any]] = {
    "profile": envelopes.set_profile(
        first_name="Ana", mobile="1", sdes=[sdes.customer_info(customer_id="7")]
    ),
    "text": envelopes.publish_text("d", "Hello", quick_replies=rich.quick_replies(BUTTON)),
    "file": envelopes.publish_file("d", "/v1/x", "PNG", caption="It"),
    "rich": envelopes.publish_rich("d", CARD),
    "receipt": envelopes.publish_receipt("d", "ACTION", [2], metadata=[{"type": "Other", "any": 1}]),
    "chat state": envelopes.publish_chat_state("d", "PAUSE", conversation_id="c"),
    "close": envelopes.close_conversation("c"),
    "stage": envelopes.close_conversation("c", skip_survey=True),
    "dialog": envelopes.close_dialog("c", "d"),
    "rating": envelopes.rate_conversation("c", 5, resolved=True),
    "urgency": envelopes.set_ttr("c", "CUSTOM", 60),
    "several": envelopes.update_fields(
        "c", [envelopes.set_ttr("c", "URGENT", 1)["body"]["conversationField"]]
    ),
    "upload": envelopes.request_upload_url(7, "GIF"),
    "download": envelopes.request_download_url("/v1/x"),
}
OPENING = envelopes.request_conversation(
    "12345678",
    skill_id=-1,
    ttr_name="URGENT",
    campaign_info=envelopes.campaign(1, "2"),
    conversation_context=envelopes.context(language="en-US", features=["RICH_CONTENT"]),
)


@pytest.mark.parametrize("name", BUILT)
def test_what_the_builders_make_has_no_remarks(name: str) -> None:
    assert not vetting.vet(BUILT[name]).found


def test_a_batch_has_no_remarks() -> None:
    first_text = envelopes.publish_text("d", "Hello")
    del first_text["body"]["dialogId"]  # the service fills it in

    assert not vetting.vet([BUILT["profile"], OPENING, first_text], call="conversation").found


def changed(name: str, change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    envelope = copy.deepcopy(BUILT[name])
    change(envelope)
    return envelope


WRONG: list[tuple[str, Callable[[dict[str, Any]], Any], str]] = [
    ("text", lambda e: e.pop("id"), "id is missing"),
    ("text", lambda e: e.update(id=""), "id has 0 characters"),
    ("text", lambda e: e.update(id=True), "id is true or false. It must be a text or a whole number"),
    ("text", lambda e: e.update(kind="request"), 'kind is "request"'),
    ("text", lambda e: e.update(type="ms.PublishEvents"), 'Did you mean "ms.PublishEvent"?'),
    ("text", lambda e: e["body"].pop("dialogId"), "body.dialogId is missing"),
    ("text", lambda e: e["body"]["event"].update(message=""), "body.event.message is empty"),
    ("text", lambda e: e["body"]["event"].update(message={"a": 1}), "body.event.message is an object"),
    ("text", lambda e: e["body"]["event"].update(message="x" * 5000), "allowed are 5000"),
    ("text", lambda e: e["body"]["event"].update(contentType="text/html"), "body.event.contentType is"),
    ("file", lambda e: e["body"]["event"].update(message="x"), "body.event.message is a text"),
    ("file", lambda e: e["body"]["event"]["message"].update(fileType="png"), 'Did you mean "PNG"?'),
    ("chat state", lambda e: e["body"]["event"].update(chatState="PAUSED"), 'Did you mean "PAUSE"?'),
    ("receipt", lambda e: e["body"]["event"].update(sequenceList=[]), "sequenceList is empty"),
    ("receipt", lambda e: e["body"]["event"].update(sequenceList=["2"]), "sequenceList[0] is a text"),
    ("rating", lambda e: e["body"]["conversationField"].update(csatRate=6), "csatRate is 6"),
    ("rich", lambda e: e["body"]["event"]["content"]["elements"].append({"type": "tex"}), "elements[2].type"),
    ("rich", lambda e: e["body"]["event"]["content"]["elements"][0].update(text="x" * 5001), "5001"),
    ("receipt", lambda e: e.update(metadata=[{"type": "ExternalId"}]), "metadata[0].id is missing"),
    ("several", lambda e: e["body"]["conversationField"][0].pop("value"), "conversationField[0].value is"),
]


@pytest.mark.parametrize(("name", "change", "words"), WRONG, ids=[words for *_, words in WRONG])
def test_what_is_refused_is_wrong(name: str, change: Callable[[dict[str, Any]], Any], words: str) -> None:
    found = vetting.vet(changed(name, change))

    assert found.wrong
    assert words in str(found.wrong[0])


UNUSUAL: list[tuple[str, Callable[[dict[str, Any]], Any], str]] = [
    ("text", lambda e: e.update(extra=1), "extra is not documented here"),
    ("text", lambda e: e["body"].update(dialogID="d"), "body.dialogID is not documented here. Did you mean"),
    ("text", lambda e: e.pop("kind"), "kind is missing"),
]


@pytest.mark.parametrize(("name", "change", "words"), UNUSUAL, ids=[words for *_, words in UNUSUAL])
def test_what_is_tolerated_is_unusual(name: str, change: Callable[[dict[str, Any]], Any], words: str) -> None:
    found = vetting.vet(changed(name, change))

    assert not found.wrong
    assert words in str(found.found[0])


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        ([BUILT["profile"]], "has 1 requests"),
        ([OPENING, BUILT["profile"]], "[0].type is cm.ConsumerRequestConversation"),
        ({"kind": "req"}, "must be an array"),
    ],
)
def test_a_wrong_batch_is_told(batch: Any, words: str) -> None:
    assert words in repr(vetting.vet(batch, call="conversation"))


def test_the_account_in_a_batch_is_compared() -> None:
    found = vetting.vet([BUILT["profile"], OPENING], call="conversation", account_id="99")

    assert [one.place for one in found.wrong] == ["[1].body.brandId"]


def test_opening_is_no_request_for_send() -> None:
    assert "stands in a batch" in repr(vetting.vet(OPENING))
    assert "--conversation" in repr(vetting.vet([OPENING]))


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ('{"a": 1,\n "b" 2}', 2, 6, "expecting ':' delimiter"),
        ('{\n  "a": "b\n}', 2, 10, "control character"),
        ('{"a": NaN}', 1, 7, "NaN is no number"),
        ("{'a': 1}", 1, 2, "expecting property name"),
        ('{"a": 1} x', 1, 10, "extra data"),
        ('{"a": "NaN", "b": Infinity}', 1, 19, "Infinity is no number"),
    ],
)
def test_what_is_no_json_is_told_with_its_place(text: str, line: int, column: int, words: str) -> None:
    with pytest.raises(CellError, match=words) as caught:
        vetting.read(text)

    assert (caught.value.line, caught.value.column) == (line, column)
    assert f"line {line}, column {column}" in str(caught.value)
    shown, mark = str(caught.value).splitlines()[-2:]
    assert shown == text.split("\n")[line - 1]
    assert mark.index("^") == column - 1


@pytest.mark.parametrize("text", ["", " \n", "[" * 100_000])
def test_what_cannot_be_read_is_refused_in_words(text: str) -> None:
    with pytest.raises(CellError):
        vetting.read(text)


def test_a_member_stated_twice_is_unusual() -> None:
    value, found = vetting.read('{"id": "1", "id": "2"}')

    assert value == {"id": "2"}
    assert "id is stated twice" in repr(found)
    assert not found.wrong


def test_deep_content_comes_to_an_end() -> None:
    content: dict[str, Any] = {"type": "text", "text": "x"}
    for _ in range(150):
        content = {"type": "vertical", "elements": [content]}
    envelope = copy.deepcopy(BUILT["rich"])
    envelope["body"]["event"]["content"] = content

    assert not vetting.vet(envelope).wrong


def test_remarks_are_escaped() -> None:
    found = vetting.vet(changed("text", lambda e: e.update({"<img src=x>": 1})))

    assert "<img" not in found._repr_html_()
    assert "&lt;img" in found._repr_html_()


def test_every_documented_body_has_members() -> None:
    assert all(shape.members for shape in documented.BODIES.values())
    assert set(documented.ON_SEND) == set(documented.BODIES) - {"cm.ConsumerRequestConversation"}


def test_what_is_read_is_what_was_typed() -> None:
    for envelope in BUILT.values():
        assert vetting.read(json.dumps(envelope, indent=1))[0] == envelope
