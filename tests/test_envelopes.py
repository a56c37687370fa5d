"""The request builders: what they return, member for member, and how they explain a mistake."""

from __future__ import annotations

import doctest
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectorkit import envelope, envelopes, pictures, properties, publishing, rich, sdes, updating
from connectorkit.errors import ConnectorError, EnvelopeError

SAMPLES = Path(__file__).parent / "wire" / "samples"
EMPTY_TEXT_REQUEST = (
    '{"kind":"req","id":"1","type":"ms.PublishEvent","body":{"dialogId":"d-1",'
    '"event":{"type":"ContentEvent","contentType":"text/plain","message":""}}}'
)
ROOM = 5000 - len(EMPTY_TEXT_REQUEST)


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))


def refusal(build: Callable[[], Any]) -> EnvelopeError:
    with pytest.raises(EnvelopeError) as caught:
        build()
    return caught.value


# --- What is built ---------------------------------------------------------------------------------


def test_doctests_of_the_builders_hold() -> None:
    modules = (envelope, envelopes, pictures, properties, publishing, rich, updating)
    results = [doctest.testmod(module) for module in modules]

    assert [result.failed for result in results] == [0] * 7
    assert min(result.attempted for result in results) >= 1


def test_a_text_is_the_documented_sample() -> None:
    built = envelopes.publish_text("{conversationId}", "Good morning", request_id="7")

    assert built == sample("send_text_request")


def test_a_text_is_the_seed_s_sample() -> None:
    text = "Text message from messaging connector"

    assert envelopes.publish_text("{conversationId}", text, request_id="1") == sample(
        "seed_publish_event_request"
    )


@pytest.mark.parametrize("name", ["csat_request", "seed_update_conversation_field_request"])
def test_a_rating_is_the_documented_sample(name: str) -> None:
    built = envelopes.rate_conversation("{conversationId}", 5, resolved=True, request_id=5)

    assert built == sample(name)
    assert list(built) == ["kind", "id", "type", "body"]


def test_profile_and_conversation_request_are_the_documented_batch() -> None:
    attributes = [
        sdes.customer_info(customer_id="C-77", customer_type="vip"),
        sdes.personal_info(first_name="Anna", last_name="Berg"),
    ]

    batch = [
        envelopes.set_profile(sdes=attributes, request_id="1"),
        envelopes.request_conversation("12345678", ttr_name="NORMAL", request_id="2"),
    ]

    assert batch == sample("conversation_request")


def test_an_empty_profile_has_an_empty_body() -> None:
    assert envelopes.set_profile(request_id="1") == {
        "kind": "req",
        "id": "1",
        "type": "userprofile.SetUserProfile",
        "body": {},
    }


def test_a_full_profile_uses_the_wire_s_spelling() -> None:
    built = envelopes.set_profile(
        first_name="Ana",
        last_name="Sol",
        avatar_url="https://img.example/a.png",
        description="a customer",
        role="consumer",
        email="ana@mail.example",
        mobile="+4930123",
        sdes=[{"type": "ctmrinfo", "info": {}}],
    )

    assert built["body"] == {
        "firstName": "Ana",
        "lastName": "Sol",
        "avatarUrl": "https://img.example/a.png",
        "description": "a customer",
        "role": "consumer",
        "privateData": {"mobileNum": "+4930123", "mail": "ana@mail.example"},
        "authenticatedData": {"lp_sdes": [{"type": "ctmrinfo", "info": {}}]},
    }


def test_a_full_conversation_request_uses_the_wire_s_spelling() -> None:
    built = envelopes.request_conversation(
        "12345678",
        skill_id=77,
        ttr_name="URGENT",
        campaign_info=envelopes.campaign("10", 20),
        conversation_context=envelopes.context(
            visitor_id="v",
            session_id="s",
            interaction_context_id="2",
            language="en-US",
            features=("RICH_CONTENT", "MULTI_DIALOG"),
        ),
        request_id="2",
    )

    assert built == {
        "kind": "req",
        "id": "2",
        "type": "cm.ConsumerRequestConversation",
        "body": {
            "brandId": "12345678",
            "channelType": "MESSAGING",
            "ttrDefName": "URGENT",
            "skillId": 77,
            "campaignInfo": {"campaignId": "10", "engagementId": 20},
            "conversationContext": {
                "type": "SharkContext",
                "visitorId": "v",
                "sessionId": "s",
                "interactionContextId": "2",
                "lang": "en-US",
                "features": ["RICH_CONTENT", "MULTI_DIALOG"],
            },
        },
    }


def test_a_bare_conversation_request_leaves_optional_members_out() -> None:
    built = envelopes.request_conversation("le12345678")

    assert built["body"] == {"brandId": "le12345678", "channelType": "MESSAGING"}


@pytest.mark.parametrize("state", ["ACTIVE", "INACTIVE", "GONE", "COMPOSING", "PAUSE"])
def test_a_chat_state_is_an_event_of_its_own(state: str) -> None:
    built = envelopes.publish_chat_state("d-1", state, request_id="3")

    assert built == {
        "kind": "req",
        "id": "3",
        "type": "ms.PublishEvent",
        "body": {"dialogId": "d-1", "event": {"type": "ChatStateEvent", "chatState": state}},
    }


def test_closing_sets_the_state_field() -> None:
    assert envelopes.close_conversation("c-1", request_id="9") == {
        "kind": "req",
        "id": "9",
        "type": "cm.UpdateConversationField",
        "body": {
            "conversationId": "c-1",
            "conversationField": {"field": "ConversationStateField", "conversationState": "CLOSE"},
        },
    }


@pytest.mark.parametrize("status", ["SKIPPED", "PARTIALLY_FILLED"])
def test_a_rating_may_be_left_open(status: str) -> None:
    built = envelopes.rate_conversation("c-1", status=status)

    assert built["body"]["conversationField"] == {"field": "CSATRate", "status": status}


def test_a_request_id_is_a_new_uuid_unless_given() -> None:
    first, second = envelopes.close_conversation("c-1"), envelopes.close_conversation("c-1")

    assert uuid.UUID(first["id"]).version == 4
    assert first["id"] != second["id"]


@pytest.mark.parametrize("request_id", ["1,", " ", "x" * 64, "Grüße", 0, -1, 2**53 + 1])
def test_a_legal_request_id_is_kept_as_it_is(request_id: str | int) -> None:
    assert envelopes.set_profile(request_id=request_id)["id"] == request_id


def test_what_is_built_can_be_broken_by_hand() -> None:
    body = {"firstName": "Ana"}
    built = envelopes.request("userprofile.SetUserProfile", body, request_id="1")

    del built["id"]
    built["body"]["firstName"] = 7

    assert built == {"kind": "req", "type": "userprofile.SetUserProfile", "body": {"firstName": 7}}
    assert body == {"firstName": "Ana"}


# --- What is refused -------------------------------------------------------------------------------

REFUSALS: list[tuple[Callable[[], Any], str, str]] = [
    (lambda: envelopes.publish_text("", "Hi"), "dialog_id", "is empty. Pass at least one character"),
    (lambda: envelopes.publish_text("d-1", ""), "text", "is empty. Pass at least one character"),
    (lambda: envelopes.publish_text("d-1", b"Hi"), "text", "must be a text, not bytes. Pass text as a str"),
    (lambda: envelopes.publish_text("d-1", "a\ud83d"), "text", "half a surrogate pair at position 1"),
    (lambda: envelopes.publish_chat_state("d", "TYPING"), "chat_state", "allowed are ACTIVE, INACTIVE, GONE"),
    (lambda: envelopes.close_conversation(None), "conversation_id", "must be a text, not NoneType"),
    (lambda: envelopes.request_conversation(12345678), "brand_id", "must be a text, not int"),
    (lambda: envelopes.request_conversation("1", skill_id=True), "skill_id", "must be a text or an integer"),
    (lambda: envelopes.request_conversation("1", skill_id=""), "skill_id", "is empty"),
    (
        lambda: envelopes.request_conversation("1", ttr_name="CUSTOM"),
        "ttr_name",
        "allowed are NORMAL, URGENT, PRIORITIZED. Choose one of these",
    ),
    (
        lambda: envelopes.request_conversation("1", campaign_info={"campaignId": "1"}),
        "campaign_info.engagementId",
        "is missing. Build it with envelopes.campaign(",
    ),
    (lambda: envelopes.campaign("", "2"), "campaign_id", "is empty"),
    (lambda: envelopes.campaign("1", 2.5), "engagement_id", "must be a text or an integer, not 2.5"),
    (lambda: envelopes.rate_conversation("c", 6, resolved=True), "rate", "allowed are 1, 2, 3, 4, 5"),
    (lambda: envelopes.rate_conversation("c", 0, resolved=True), "rate", "is 0, allowed are 1, 2, 3, 4, 5"),
    (lambda: envelopes.rate_conversation("c", True, resolved=True), "rate", "is True, allowed are 1, 2"),
    (lambda: envelopes.rate_conversation("c", resolved=True), "rate", "is None, allowed are 1, 2, 3, 4, 5"),
    (lambda: envelopes.rate_conversation("c", 5), "resolved", "must be True or False, not None. Say whether"),
    (lambda: envelopes.rate_conversation("c", 5, resolved=1), "resolved", "must be True or False, not 1"),
    (
        lambda: envelopes.rate_conversation("c", 5, resolved=True, status="DONE"),
        "status",
        "allowed are FILLED, PARTIALLY_FILLED, SKIPPED",
    ),
    (lambda: envelopes.set_profile(request_id=""), "request_id", "is empty"),
    (lambda: envelopes.set_profile(request_id="x" * 65), "request_id", "has 65 characters, allowed are 64"),
    (lambda: envelopes.set_profile(request_id=True), "request_id", "must be a text or an integer, not True"),
    (lambda: envelopes.set_profile(request_id=1.5), "request_id", "must be a text or an integer, not 1.5"),
    (
        lambda: envelopes.set_profile(sdes=[{"type": "ctmrinfo"}, {"type": "cart"}]),
        "sdes[1].type",
        "is 'cart', allowed are ctmrinfo, personal",
    ),
    (lambda: envelopes.set_profile(sdes=[{}]), "sdes[0].type", "is None, allowed are ctmrinfo, personal"),
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


def test_a_refusal_is_a_value_error_and_an_error_of_the_kit() -> None:
    error = refusal(lambda: envelopes.publish_text("d-1", ""))

    assert isinstance(error, ValueError)
    assert isinstance(error, ConnectorError)


@pytest.mark.parametrize(
    ("build", "meant"),
    [
        (lambda: envelopes.publish_chat_state("d-1", "PAUSED"), "'PAUSE'"),
        (lambda: envelopes.publish_chat_state("d-1", "composing"), "'COMPOSING'"),
        (lambda: envelopes.request_conversation("1", ttr_name="urgent"), "'URGENT'"),
        (lambda: envelopes.request_conversation("1", ttr_name="PRIORITISED"), "'PRIORITIZED'"),
        (lambda: envelopes.rate_conversation("c", "5", resolved=True), "5"),
        (lambda: envelopes.set_profile(sdes=[{"type": "ctmrInfo"}]), "'ctmrinfo'"),
    ],
)
def test_a_near_miss_is_named(build: Callable[[], Any], meant: str) -> None:
    error = refusal(build)

    assert f"Did you mean {meant}?" in str(error)


@pytest.mark.parametrize("rate", [5.0, 1.0])
def test_a_fractional_rate_is_refused_because_the_wire_wants_an_integer(rate: float) -> None:
    error = refusal(lambda: envelopes.rate_conversation("c", rate, resolved=True))

    assert error.field == "rate"


@pytest.mark.parametrize("name", ["email", "mobile", "first_name", "avatar_url"])
def test_a_refusal_of_a_profile_names_the_argument_as_the_caller_wrote_it(name: str) -> None:
    error = refusal(lambda: envelopes.set_profile(**{name: 3}))

    assert f"Pass {name} as a str" in str(error)


def test_one_attribute_instead_of_a_list_is_explained() -> None:
    error = refusal(lambda: envelopes.set_profile(sdes=sdes.customer_info(customer_id="C-77")))

    assert "sdes" in error.field


def test_one_feature_instead_of_a_list_is_not_taken_letter_by_letter() -> None:
    error = refusal(lambda: envelopes.context(features="RICH_CONTENT"))

    assert error.field == "features"


# --- The limit of 5000 characters ------------------------------------------------------------------


@pytest.mark.parametrize("letter", ["x", "ü", "中", "🚀"])
def test_the_limit_counts_characters_of_the_compact_request(letter: str) -> None:
    built = envelopes.publish_text("d-1", letter * ROOM, request_id="1")

    assert len(json.dumps(built, ensure_ascii=False, separators=(",", ":"))) == 5000


@pytest.mark.parametrize("letter", ["x", "ü", "中", "🚀"])
def test_one_character_more_is_refused_with_the_number_to_cut(letter: str) -> None:
    error = refusal(lambda: envelopes.publish_text("d-1", letter * (ROOM + 1), request_id="1"))

    assert error.field == "text"
    assert "makes the request 5001 characters long, allowed are 5000" in str(error)
    assert "Shorten it by 1 or split it" in str(error)


@pytest.mark.parametrize(("letter", "size"), [('"', 2), ("\\", 2), ("\n", 2), ("\x01", 6)])
def test_a_character_counts_as_it_is_escaped_on_the_wire(letter: str, size: int) -> None:
    fitting = letter * (ROOM // size)

    envelopes.publish_text("d-1", fitting, request_id="1")

    with pytest.raises(EnvelopeError, match="allowed are 5000"):
        envelopes.publish_text("d-1", fitting + letter, request_id="1")


def test_long_ids_count_too() -> None:
    text = "x" * ROOM

    error = refusal(lambda: envelopes.publish_text("d-12", text, request_id="12"))

    assert "Shorten it by 2" in str(error)
