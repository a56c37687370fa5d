"""SEND: every event but the text: files, structured content, receipts; how they are numbered; metadata."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import (
    BERT,
    CLOSED_TEXT,
    CONTENT,
    RATING,
    RICH,
    Hook,
    Wire,
    assert_refused,
    profile,
    publish,
    refusal,
    sample,
    sequence,
    text,
    update,
    without,
)
from .shapes import (
    BUTTON,
    CARD,
    CLICK,
    PNG,
    PUBLISH_TEXT,
    QUICK_REPLIES,
    granted,
    hosted,
    receipt,
    rich,
    upload_request,
    uploaded,
)

STATUSES = ["ACCEPT", "READ", "ACCESS", "NACK", "ACTION"]
BARE = {"msg": "Bad Request"}


def preview(characters: int) -> str:
    return "data:image/png;base64," + "A" * characters


# --- Printed events ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["send_rich_content_request", "send_chat_state_request", "send_click_text_request"]
)
def test_a_printed_event_is_the_first_of_its_dialog(wire: Wire, name: str) -> None:
    request = sample(name, {"{conversationId}": wire.open()})

    answer = wire.send(request)

    assert answer.status_code == 200
    assert answer.json() == {"code": "OK", "body": {"sequence": 0}, "reqId": request["id"]}


def test_the_printed_hosted_file_is_the_first_of_its_dialog(wire: Wire) -> None:
    filling = {"{conversationId}": wire.open(), "{relativePath}": uploaded(wire)}

    answer = wire.send(sample("send_hosted_file_request", filling))

    assert answer.status_code == 200
    assert answer.json() == {"code": "OK", "body": {"sequence": 0}, "reqId": "7"}


@pytest.mark.parametrize("name", ["send_receipt_request", "send_click_request"])
def test_a_printed_receipt_takes_the_number_behind_the_text_and_its_accept(wire: Wire, name: str) -> None:
    conversation_id = wire.open()
    wire.send(text(conversation_id))

    answer = wire.send(sample(name, {"{conversationId}": conversation_id}))

    assert answer.status_code == 200
    assert answer.json() == sample("publish_sequence_answer")


# --- Hosted files -----------------------------------------------------------------------------------


@pytest.mark.parametrize("file_type", ["JPG", "JPEG", "PNG", "GIF"])
@pytest.mark.parametrize("members", [{}, {"caption": ""}, {"caption": "A"}, {"preview": preview(4)}])
def test_a_hosted_file_may_lack_caption_and_preview(
    wire: Wire, file_type: str, members: dict[str, Any]
) -> None:
    """R41."""
    answer = wire.send(hosted(wire.open(), uploaded(wire), file_type, **members))

    assert sequence(answer) == 0


@pytest.mark.parametrize("missing", ["relativePath", "fileType"])
def test_a_hosted_file_needs_its_path_and_type(wire: Wire, missing: str) -> None:
    request = hosted(wire.open(), uploaded(wire))
    event = request["body"]["event"]

    answer = wire.send(
        publish(request["body"]["dialogId"], {**event, "message": without(event["message"], missing)})
    )

    assert_refused(answer, "7", named=missing)


@pytest.mark.parametrize("file_type", ["png", "Jpeg", "BMP", "PDF", "TXT", "", None, 5])
def test_another_file_type_is_refused_by_name(wire: Wire, file_type: Any) -> None:
    """R42: documents come in notifications only."""
    answer = wire.send(hosted(wire.open(), uploaded(wire), file_type))

    assert_refused(answer, "7", named="fileType")


@pytest.mark.parametrize("message", ["/v1/a.png", None, 5, [], True])
def test_the_message_of_a_hosted_file_is_an_object(wire: Wire, message: Any) -> None:
    event = {"type": "ContentEvent", "contentType": "hosted/file", "message": message}

    assert_refused(wire.send(publish(wire.open(), event)), "7", named="message")


def test_a_preview_is_shorter_than_30_kibibytes(wire: Wire) -> None:
    """R42: counted behind the comma. R21: the limit of 5000 characters is not for files."""
    conversation_id = wire.open()
    path = uploaded(wire)

    fits = wire.send(hosted(conversation_id, path, preview=preview(30 * 1024 - 4)))
    too_long = wire.send(hosted(conversation_id, path, preview=preview(30 * 1024)))

    assert sequence(fits) == 0
    assert_refused(too_long, "7", named="preview")


def test_a_path_that_was_never_asked_for_is_refused(wire: Wire) -> None:
    """R42."""
    known = uploaded(wire)

    answer = wire.send(hosted(wire.open(), known.replace("_uuid_", "_uuid_0")))

    assert_refused(answer, "7")


def test_a_path_that_was_asked_for_but_not_uploaded_is_refused(wire: Wire) -> None:
    """R42."""
    conversation_id = wire.open()
    path = granted(wire.send(upload_request()))["relativePath"]

    assert_refused(wire.send(hosted(conversation_id, path)), "7")
    assert sequence(wire.send(text(conversation_id))) == 0


def test_the_file_of_another_consumer_is_refused(wire: Wire) -> None:
    """R11."""
    path_of_bert = uploaded(wire, BERT)

    answer = wire.send(hosted(wire.open(), path_of_bert))

    assert answer.status_code == 401
    assert answer.json() == sample("error_40103")


@pytest.mark.parametrize(("member", "hint"), [("contentType", "hosted/file"), ("type", "")])
def test_the_other_spelling_is_refused_with_a_hint(wire: Wire, member: str, hint: str) -> None:
    """R41."""
    request = hosted(wire.open(), uploaded(wire))
    request["body"]["event"][member] = "HostedFile"

    assert_refused(wire.send(request), "7", named=hint)


# --- Structured content -----------------------------------------------------------------------------


def test_the_older_name_of_the_content_is_passed_on_as_content(wire: Wire, hook: Hook) -> None:
    """R40."""
    wire.install(hook.manifest(RICH))

    answer = wire.send(publish(wire.open(), {"type": "RichContentEvent", "message": CARD}))

    assert sequence(answer) == 0
    assert hook.wait_for(1, RICH)[0]["event"] == {"type": "RichContentEvent", "content": CARD}


@pytest.mark.parametrize("member", ["content", "message"])
def test_the_older_name_of_the_event_is_refused(wire: Wire, member: str) -> None:
    """R40."""
    answer = wire.send(publish(wire.open(), {"type": "RichContent", member: CARD}))

    assert_refused(answer, "7", named="type")


@pytest.mark.parametrize("content", [None, "text", 5, [], [CARD]])
def test_structured_content_is_an_object(wire: Wire, content: Any) -> None:
    assert_refused(wire.send(rich(wire.open(), content)), "7", named="content")


TEXT_ELEMENT = {"type": "text", "text": "a"}
IMAGE = {"type": "image", "url": "https://files.example/a.png"}
MAP = {"type": "map", "lo": 4.9, "la": 52.37}
LINK_PREVIEW = {"type": "linkPreview", "url": "https://shop.example/"}


@pytest.mark.parametrize("container", ["vertical", "horizontal", "carousel"])
@pytest.mark.parametrize("tag", [{}, {"tag": "title"}, {"tag": "generic"}])
def test_containers_hold_one_another(wire: Wire, container: str, tag: dict[str, str]) -> None:
    inner = {"type": container, "elements": [CARD, MAP, LINK_PREVIEW, IMAGE], **tag}

    answer = wire.send(rich(wire.open(), {"type": "vertical", "elements": [inner, inner]}))

    assert sequence(answer) == 0


@pytest.mark.parametrize("nested", [False, True], ids=["outer", "inner"])
@pytest.mark.parametrize(
    ("element", "member", "limit"),
    [
        (TEXT_ELEMENT, "text", 5000),
        (TEXT_ELEMENT, "tooltip", 256),
        (BUTTON, "title", 128),
        (BUTTON, "tooltip", 256),
        (IMAGE, "url", 2048),
        (IMAGE, "caption", 128),
        (LINK_PREVIEW, "url", 2048),
        (LINK_PREVIEW, "title", 128),
    ],
)
def test_a_member_of_an_element_has_a_limit(
    wire: Wire, element: dict[str, Any], member: str, limit: int, nested: bool
) -> None:
    conversation_id = wire.open()
    start = "https://files.example/" if member == "url" else ""

    def card(size: int) -> dict[str, Any]:
        inner = {"type": "vertical", "elements": [{**element, member: start.ljust(size, "x")}]}
        return {"type": "carousel", "elements": [inner]} if nested else inner

    fits = wire.send(rich(conversation_id, card(limit)))
    too_long = wire.send(rich(conversation_id, card(limit + 1)))

    assert sequence(fits) == 0
    assert_refused(too_long, "7", named=member)


@pytest.mark.parametrize(
    ("fits", "too_much", "named"),
    [
        ([PUBLISH_TEXT] * 4, [PUBLISH_TEXT] * 5, "actions"),
        ([{**PUBLISH_TEXT, "text": "x" * 5000}], [{**PUBLISH_TEXT, "text": "x" * 5001}], "text"),
    ],
    ids=["actions", "characters"],
)
def test_a_click_has_limits(wire: Wire, fits: list[Any], too_much: list[Any], named: str) -> None:
    conversation_id = wire.open()
    cards = [
        {"type": "vertical", "elements": [{**BUTTON, "click": {"actions": actions}}]}
        for actions in (fits, too_much)
    ]

    accepted, refused = (wire.send(rich(conversation_id, card)) for card in cards)

    assert sequence(accepted) == 0
    assert_refused(refused, "7", named=named)


@pytest.mark.parametrize(
    ("element", "missing"),
    [
        (TEXT_ELEMENT, "text"),
        (BUTTON, "title"),
        (BUTTON, "click"),
        (IMAGE, "url"),
        (MAP, "lo"),
        (MAP, "la"),
        (LINK_PREVIEW, "url"),
    ],
)
def test_an_element_needs_its_mandatory_members(wire: Wire, element: dict[str, Any], missing: str) -> None:
    card = {"type": "vertical", "elements": [without(element, missing)]}

    assert_refused(wire.send(rich(wire.open(), card)), "7", named=missing)


@pytest.mark.parametrize(
    ("element", "named"),
    [
        ({**TEXT_ELEMENT, "text": 5}, "text"),
        ({**BUTTON, "title": None}, "title"),
        ({**IMAGE, "url": "http://files.example/a.png"}, "url"),
        ({**MAP, "lo": "4.9"}, "lo"),
        ({"type": "vertical", "elements": {}}, "elements"),
        ({**TEXT_ELEMENT, "style": {"size": "huge"}}, "size"),
    ],
)
def test_a_wrong_value_in_an_element_is_refused_by_name(
    wire: Wire, element: dict[str, Any], named: str
) -> None:
    card = {"type": "vertical", "elements": [element]}

    assert_refused(wire.send(rich(wire.open(), card)), "7", named=named)


@pytest.mark.parametrize("kind", [CONTENT, RICH])
def test_quick_replies_travel_with_a_text_and_with_a_card(wire: Wire, hook: Hook, kind: str) -> None:
    wire.install(hook.manifest(kind))
    event: dict[str, Any] = {"type": "RichContentEvent", "content": CARD, "quickReplies": QUICK_REPLIES}
    if kind == CONTENT:
        event = {**without(event, "content"), "type": "ContentEvent"}
        event |= {"contentType": "text/plain", "message": "Yes or no?"}

    answer = wire.send(publish(wire.open(), event))

    assert sequence(answer) == 0
    assert hook.wait_for(1, kind)[0]["event"] == event


# --- Receipts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", STATUSES)
def test_a_receipt_takes_the_next_number(wire: Wire, status: str) -> None:
    conversation_id = wire.open()
    card = wire.agent(conversation_id, "rich", content=CARD)["sequence"]

    answer = wire.send({**receipt(conversation_id, status, [card]), "metadata": CLICK})

    assert sequence(answer) == card + 1
    assert sequence(wire.send(text(conversation_id))) == card + 2


@pytest.mark.parametrize("status", ["VIEWED", "accept", "", None, 5, ["READ"]])
def test_another_status_is_refused_by_name(wire: Wire, status: Any) -> None:
    assert_refused(wire.send(receipt(wire.open(), status, [0])), "7", named="status")


@pytest.mark.parametrize("sequences", [[], None, 0, "0", {}, [-1], ["0"], [0, True], [0.5], [None], [[0]]])
def test_a_receipt_lists_integers_from_0_on(wire: Wire, sequences: Any) -> None:
    """R66."""
    assert_refused(wire.send(receipt(wire.open(), "READ", sequences)), "7", named="sequenceList")


@pytest.mark.parametrize("missing", ["status", "sequenceList"])
def test_a_receipt_needs_its_members(wire: Wire, missing: str) -> None:
    request = receipt(wire.open(), "READ", [0])

    answer = wire.send(publish(request["body"]["dialogId"], without(request["body"]["event"], missing)))

    assert_refused(answer, "7", named=missing)


@pytest.mark.parametrize("sequences", [[999], [0, 999], [10**9]])
def test_numbers_that_are_not_in_the_dialog_are_accepted(wire: Wire, sequences: list[int]) -> None:
    """R66."""
    conversation_id = wire.open()
    wire.send(text(conversation_id))

    assert wire.send(receipt(conversation_id, "READ", sequences)).status_code == 200


def test_a_closed_conversation_takes_no_event_of_any_kind(wire: Wire) -> None:
    """R13."""
    conversation_id = wire.open_and_close()
    requests = [receipt(conversation_id, "READ", [0]), rich(conversation_id, CARD)]
    requests.append(hosted(conversation_id, uploaded(wire)))

    assert [refusal(wire.send(request)) for request in requests] == [CLOSED_TEXT] * 3


# --- The scope of 5000 characters -------------------------------------------------------------------


def test_a_receipt_request_of_more_than_5000_characters_is_refused(wire: Wire) -> None:
    """R21."""
    body = json.dumps(receipt(wire.open(), "READ", [0])).encode()

    assert wire.send(body.ljust(5000)).status_code == 200
    assert wire.send(body.ljust(5001)).json() == {"code": "BAD_REQUEST", "body": BARE, "reqId": "7"}


@pytest.mark.parametrize("kind", ["rich", "file", "rating", "profile", "upload"])
def test_the_limit_is_for_texts_receipts_and_chat_states_only(wire: Wire, kind: str) -> None:
    """R21."""
    conversation_id = wire.open()
    requests = {
        "rich": rich(conversation_id, CARD),
        "file": hosted(conversation_id, uploaded(wire)),
        "rating": update(conversation_id, RATING),
        "profile": profile({"description": "x"}),
        "upload": upload_request(len(PNG)),
    }

    assert wire.send(json.dumps(requests[kind]).encode().ljust(6000)).status_code == 200
