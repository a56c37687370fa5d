"""Builders of events, updates and file requests: what they return, and how they explain a mistake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectorkit import envelopes, rich
from connectorkit.errors import EnvelopeError


def refusal(build: Callable[[], Any]) -> EnvelopeError:
    with pytest.raises(EnvelopeError) as caught:
        build()
    return caught.value


def event_of(envelope: dict[str, Any]) -> Any:
    return envelope["body"]["event"]


def test_a_file_is_published_as_an_object_under_message() -> None:
    built = envelopes.publish_file(
        "d-1",
        "/v1/AUTH_async-images/12345678/x.PNG",
        "PNG",
        caption="",
        preview="data:image/png;base64,AAAA",
        request_id="7",
    )

    assert built == {
        "kind": "req",
        "id": "7",
        "type": "ms.PublishEvent",
        "body": {
            "dialogId": "d-1",
            "event": {
                "type": "ContentEvent",
                "contentType": "hosted/file",
                "message": {
                    "relativePath": "/v1/AUTH_async-images/12345678/x.PNG",
                    "fileType": "PNG",
                    "caption": "",
                    "preview": "data:image/png;base64,AAAA",
                },
            },
        },
    }


def test_caption_and_preview_of_a_file_are_optional() -> None:
    built = envelopes.publish_file("d-1", "/v1/x", "GIF")

    assert event_of(built)["message"] == {"relativePath": "/v1/x", "fileType": "GIF"}


@pytest.mark.parametrize("status", ["ACCEPT", "READ", "ACCESS", "NACK", "ACTION"])
def test_a_receipt_names_status_and_numbers(status: str) -> None:
    built = envelopes.publish_receipt("d-1", status, (0, 2), metadata=[])

    assert event_of(built) == {"type": "AcceptStatusEvent", "status": status, "sequenceList": [0, 2]}
    assert "metadata" not in built


@pytest.mark.parametrize(
    "build",
    [
        lambda **options: envelopes.publish_text("s-1", "Hi", **options),
        lambda **options: envelopes.publish_file("s-1", "/v1/x", "PNG", **options),
        lambda **options: envelopes.publish_rich("s-1", rich.text("Hi"), **options),
        lambda **options: envelopes.publish_receipt("s-1", "READ", [1], **options),
        lambda **options: envelopes.publish_chat_state("s-1", "ACTIVE", **options),
    ],
)
def test_an_event_for_another_dialog_names_the_conversation(build: Callable[..., Any]) -> None:
    body = build(conversation_id="c-1")["body"]

    assert (body["dialogId"], body["conversationId"]) == ("s-1", "c-1")
    assert "conversationId" not in build()["body"]
    assert refusal(lambda: build(conversation_id="")).field == "conversation_id"


def test_closing_without_a_survey_sets_the_stage() -> None:
    built = envelopes.close_conversation("c-1", skip_survey=True)

    assert built["body"] == {
        "conversationId": "c-1",
        "conversationField": {"field": "Stage", "conversationState": "CLOSE"},
    }


def test_closing_one_dialog_is_a_dialog_change() -> None:
    built = envelopes.close_dialog("c-1", "s-1")

    assert built["body"] == {
        "conversationId": "c-1",
        "conversationField": {
            "field": "DialogChange",
            "type": "UPDATE",
            "dialog": {"dialogId": "s-1", "state": "CLOSE", "closedCause": "Closed by consumer"},
        },
    }


@pytest.mark.parametrize("ttr_type", ["CUSTOM", "NORMAL", "PRIORITIZED", "URGENT"])
def test_urgency_is_a_type_and_seconds(ttr_type: str) -> None:
    built = envelopes.set_ttr("c-1", ttr_type, 0)

    assert built["body"]["conversationField"] == {"field": "TTRField", "ttrType": ttr_type, "value": 0}


def test_several_fields_go_as_an_array() -> None:
    rating = envelopes.rate_conversation("c-1", 5, resolved=True)["body"]["conversationField"]
    closing = envelopes.close_conversation("c-1")["body"]["conversationField"]

    built = envelopes.update_fields("c-1", (rating, closing), request_id="9")

    assert built == {
        "kind": "req",
        "id": "9",
        "type": "cm.UpdateConversationField",
        "body": {
            "conversationId": "c-1",
            "conversationField": [
                {"field": "CSATRate", "csatRate": 5, "csatResolutionConfirmation": True, "status": "FILLED"},
                {"field": "ConversationStateField", "conversationState": "CLOSE"},
            ],
        },
    }


def test_url_requests_are_the_documented_ones() -> None:
    upload = envelopes.request_upload_url(20480, "PNG", request_id="3")
    download = envelopes.request_download_url("/v1/x.PNG", request_id="4")

    assert upload == {
        "kind": "req",
        "id": "3",
        "type": "ms.GenerateURLForUploadFile",
        "body": {"fileSize": "20480", "fileType": "PNG"},
    }
    assert download == {
        "kind": "req",
        "id": "4",
        "type": "ms.GenerateURLForDownloadFile",
        "body": {"relativePath": "/v1/x.PNG"},
    }


@pytest.mark.parametrize("size", [1, 3_145_728])
def test_a_file_may_have_from_one_byte_to_three_megabytes(size: int) -> None:
    assert envelopes.request_upload_url(size, "JPG")["body"]["fileSize"] == str(size)


REFUSALS: list[tuple[Callable[[], Any], str, str]] = [
    (lambda: envelopes.publish_receipt("d", "SEEN", [1]), "status", "ACCEPT, READ, ACCESS, NACK, ACTION"),
    (lambda: envelopes.publish_receipt("d", "VIEWED", [1]), "status", "is 'VIEWED', allowed are ACCEPT"),
    (lambda: envelopes.publish_receipt("d", "READ", []), "sequences", "is empty. Pass the numbers of"),
    (lambda: envelopes.publish_receipt("d", "READ", 2), "sequences", "is 2. Pass a list, e.g. [2]"),
    (lambda: envelopes.publish_receipt("d", "READ", [0, -1]), "sequences[1]", "is -1. The first message has"),
    (lambda: envelopes.publish_receipt("d", "READ", [None]), "sequences[0]", "must be a whole number"),
    (lambda: envelopes.publish_receipt("d", "READ", [True]), "sequences[0]", "must be a whole number"),
    (
        lambda: envelopes.publish_receipt("d", "READ", range(2000)),
        "sequences",
        "allowed are 5000. Shorten it",
    ),
    (lambda: envelopes.publish_receipt("d", "ACTION", [1]), "metadata", "is missing, an ACTION names what"),
    (
        lambda: envelopes.publish_file("d", "v1/x", "PNG"),
        "relative_path",
        "a path of the store begins with /",
    ),
    (lambda: envelopes.publish_file("d", "/v1", "png"), "file_type", "Did you mean 'PNG'?"),
    (lambda: envelopes.publish_file("d", "/v1", "PDF"), "file_type", "allowed are JPG, JPEG, PNG, GIF"),
    (
        lambda: envelopes.publish_file("d", "/v1", "PNG", preview="data:image/png;base64," + "A" * 30720),
        "preview",
        "has 30720 characters of base64, allowed are 30719",
    ),
    (
        lambda: envelopes.publish_file("d", "/v1", "PNG", preview="AAAA"),
        "preview",
        "expected is data:image/png;base64,",
    ),
    (lambda: envelopes.request_upload_url(0, "PNG"), "file_size", "is 0, allowed are 1 to 3145728 bytes"),
    (lambda: envelopes.request_upload_url(3_145_729, "PNG"), "file_size", "Send a smaller file"),
    (lambda: envelopes.request_upload_url("5", "PNG"), "file_size", "must be a whole number, not '5'"),
    (lambda: envelopes.request_upload_url(5, "TXT"), "file_type", "allowed are JPG, JPEG, PNG, GIF"),
    (lambda: envelopes.request_download_url("https://x"), "relative_path", "Pass it unchanged"),
    (lambda: envelopes.close_dialog("c", ""), "dialog_id", "is empty"),
    (lambda: envelopes.set_ttr("c", "SOON", 5), "ttr_type", "NORMAL, URGENT, PRIORITIZED, CUSTOM"),
    (lambda: envelopes.set_ttr("c", "NORMAL", -1), "seconds", "is -1, allowed are 0 and more"),
    (lambda: envelopes.set_ttr("c", "NORMAL", 1.5), "seconds", "must be a whole number, not 1.5"),
    (lambda: envelopes.update_fields("c", []), "fields", "is empty"),
    (lambda: envelopes.update_fields("c", {"field": "Stage"}), "fields", "must be a list, not one dict"),
    (
        lambda: envelopes.update_fields("c", [{"field": "Skill"}]),
        "fields[0].field",
        "is 'Skill', allowed are",
    ),
]


@pytest.mark.parametrize(("build", "field", "words"), REFUSALS, ids=[f"{f}-{w[:24]}" for _, f, w in REFUSALS])
def test_a_refusal_names_the_field_what_is_allowed_and_the_fix(
    build: Callable[[], Any], field: str, words: str
) -> None:
    error = refusal(build)

    assert error.field == field
    assert str(error).startswith(f"{field} ")
    assert words in str(error)
    assert str(error)[-1] in ".?"
