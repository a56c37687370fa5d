"""Metadata beside the body, and the Client-Properties header: members, limits, allowed values."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from connectorkit import envelopes, rich
from connectorkit.errors import EnvelopeError


def refusal(build: Callable[[], Any]) -> EnvelopeError:
    with pytest.raises(EnvelopeError) as caught:
        build()
    return caught.value


EVERY_BUILDER: list[Callable[..., Any]] = [
    lambda **options: envelopes.set_profile(**options),
    lambda **options: envelopes.request_conversation("1", **options),
    lambda **options: envelopes.publish_text("d-1", "Hi", **options),
    lambda **options: envelopes.publish_file("d-1", "/v1/x", "PNG", **options),
    lambda **options: envelopes.publish_rich("d-1", rich.text("Hi"), **options),
    lambda **options: envelopes.publish_receipt("d-1", "READ", [1], **options),
    lambda **options: envelopes.publish_chat_state("d-1", "ACTIVE", **options),
    lambda **options: envelopes.close_conversation("c-1", **options),
    lambda **options: envelopes.close_dialog("c-1", "d-1", **options),
    lambda **options: envelopes.rate_conversation("c-1", 5, resolved=True, **options),
    lambda **options: envelopes.set_ttr("c-1", "NORMAL", 5, **options),
    lambda **options: envelopes.update_fields("c-1", [{"field": "Stage"}], **options),
    lambda **options: envelopes.request_upload_url(5, "PNG", **options),
    lambda **options: envelopes.request_download_url("/v1/x", **options),
]


@pytest.mark.parametrize("build", EVERY_BUILDER)
def test_metadata_stands_beside_the_body_of_any_request(build: Callable[..., Any]) -> None:
    built = build(metadata=({"type": "ExternalId", "id": "card-1"},), request_id="1")

    assert list(built) == ["kind", "id", "type", "body", "metadata"]
    assert built["metadata"] == [{"type": "ExternalId", "id": "card-1"}]
    assert "metadata" not in build()


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "ExternalId", "id": "x" * 64},
        {"type": "Answer", "questionId": "q", "id": 7, "provider": "bot", "groupId": "g"},
        {"type": "ActionReason", "reason": "r" * 64, "reasonId": "i" * 64},
        {"type": "ActionReason"},
        {"type": "BotResponse", "businessCases": ["b" * 256], "intents": [{"confidenceScore": 1}] * 16},
        {"type": "EscalationSummary", "anything": {"goes": [1, None]}},
        {"type": "made up", "id": "x" * 1000},
    ],
)
def test_legal_and_unknown_metadata_passes_unchanged(entry: dict[str, Any]) -> None:
    assert envelopes.close_conversation("c-1", metadata=[entry])["metadata"] == [entry]


@pytest.mark.parametrize(
    ("metadata", "field", "words"),
    [
        ({"type": "ExternalId"}, "metadata", "must be a list, not one dict. Put it in brackets"),
        (["card-1"], "metadata[0]", "must be an object, not str"),
        ([{"id": "card-1"}], "metadata[0].type", "must be a text, not NoneType"),
        ([{"type": "ExternalId"}], "metadata[0].id", "must be a text, not NoneType"),
        ([{"type": "ExternalId", "id": "x" * 65}], "metadata[0].id", "has 65 characters, allowed are 64"),
        ([{"type": "Answer", "questionId": "q", "id": "a"}], "metadata[0].provider", "is missing. Copy"),
        ([{"type": "ActionReason", "reason": "x" * 65}], "metadata[0].reason", "allowed are 64"),
        ([{"type": "ActionReason", "reasonId": "x" * 65}], "metadata[0].reasonId", "allowed are 64"),
        (
            [{"type": "x"}, {"type": "BotResponse", "externalConversationId": "x" * 65}],
            "metadata[1].externalConversationId",
            "allowed are 64",
        ),
        ([{"type": "BotResponse", "businessCases": ["x" * 257]}], "metadata[0].businessCases[0]", "are 256"),
        (
            [{"type": "BotResponse", "intents": [{}] * 17}],
            "metadata[0].intents",
            "has 17 entries, allowed are",
        ),
        (
            [{"type": "BotResponse", "intents": [{"confidenceScore": 90}]}],
            "metadata[0].intents[0].confidenceScore",
            "is 90, allowed are numbers from 0 to 1",
        ),
    ],
)
def test_metadata_of_known_types_keeps_its_limits(metadata: Any, field: str, words: str) -> None:
    error = refusal(lambda: envelopes.close_conversation("c-1", metadata=metadata))

    assert error.field == field
    assert words in str(error)


def test_client_properties_are_json_in_the_wire_s_spelling() -> None:
    built = envelopes.client_properties(
        features=("AUTO_MESSAGES", "RICH_CONTENT", "QUICK_REPLIES", "MULTI_DIALOG", "PHOTO_SHARING"),
        app_id="kit",
        app_version="1.0",
        ip_address="192.0.2.1",
        device_family="DESKTOP",
        device_manufacturer="Größe",
        device_model="m",
        os="LINUX",
        os_name="Debian",
        os_version="13",
        browser="b",
        browser_version="2",
        integration="BRAND_SDK",
        integration_version="3",
        time_zone="Europe/Berlin",
    )

    assert built.isascii()
    assert json.loads(built) == {
        "type": ".ClientProperties",
        "features": ["AUTO_MESSAGES", "RICH_CONTENT", "QUICK_REPLIES", "MULTI_DIALOG", "PHOTO_SHARING"],
        "appId": "kit",
        "appVersion": "1.0",
        "ipAddress": "192.0.2.1",
        "deviceFamily": "DESKTOP",
        "deviceManufacture": "Größe",
        "deviceModel": "m",
        "os": "LINUX",
        "osName": "Debian",
        "osVersion": "13",
        "browser": "b",
        "browserVersion": "2",
        "integration": "BRAND_SDK",
        "integrationVersion": "3",
        "timeZone": "Europe/Berlin",
    }


@pytest.mark.parametrize(
    ("argument", "longest"),
    [
        *((name, 64) for name in ("app_id", "os_name", "os_version", "browser", "browser_version")),
        *((name, 64) for name in ("device_manufacturer", "device_model", "time_zone", "integration_version")),
        ("app_version", 32),
    ],
)
def test_client_properties_keep_their_limits(argument: str, longest: int) -> None:
    envelopes.client_properties(**{argument: "x" * longest})

    error = refusal(lambda: envelopes.client_properties(**{argument: "x" * (longest + 1)}))

    assert (error.field, f"allowed are {longest}" in str(error)) == (argument, True)


@pytest.mark.parametrize(
    ("argument", "value"),
    [("device_family", "PHONE"), ("os", "BEOS"), ("integration", "SDK"), ("ip_address", "::1")],
)
def test_client_properties_keep_to_the_allowed_values(argument: str, value: str) -> None:
    assert refusal(lambda: envelopes.client_properties(**{argument: value})).field == argument


def test_a_misspelt_feature_is_explained() -> None:
    error = refusal(lambda: envelopes.client_properties(features=["MULTI_DIALOG", "QUICK_REPLY"]))

    assert error.field == "features[1]"
    assert "Did you mean 'QUICK_REPLIES'?" in str(error)
