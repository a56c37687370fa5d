"""What the manifest of an app may hold; a rule that is broken is named, a misspelt event type gets a hint."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import CHANGE, CONTENT, RECEIPT, Wire, without
from .hooks import MANIFEST, listed


def with_webhook(**members: Any) -> dict[str, Any]:
    """The manifest with a webhook of these members; None leaves one out."""
    webhook = {"endpoint": "https://kit.example/hook", **members}
    given = {name: value for name, value in webhook.items() if value is not None}
    return {**MANIFEST, "capabilities": {"webhooks": {CONTENT: given}}}


def with_retention(seconds: Any) -> dict[str, Any]:
    webhooks = {CONTENT: {"endpoint": "https://kit.example/hook"}, "retry": {"retention_time": seconds}}
    return {**MANIFEST, "capabilities": {"webhooks": webhooks}}


def with_engagement(**members: Any) -> dict[str, Any]:
    return {**MANIFEST, "capabilities": {"engagement": members}}


ENGAGEMENT = {
    "design_engagement": True,
    "design_window": True,
    "language_selection": False,
    "entry_point": ["section"],
    "visitor_behavior": ["visited_location"],
    "target_audience": ["external_referral"],
    "goal": ["url"],
    "consumer_identity": ["auth"],
}


def with_key(key: str) -> dict[str, Any]:
    """The manifest with another event type in it."""
    return {**MANIFEST, "capabilities": {"webhooks": {key: {"endpoint": "https://kit.example/hook"}}}}


@pytest.mark.parametrize(
    ("manifest", "named"),
    [
        (without(MANIFEST, "client_name"), "client_name"),
        ({**MANIFEST, "client_name": 5}, "client_name"),
        ({**MANIFEST, "client_name": "n" * 129}, "client_name"),
        ({**MANIFEST, "display_name": "n" * 129}, "display_name"),
        ({**MANIFEST, "description": "d" * 257}, "description"),
        ({**MANIFEST, "scope": "s" * 129}, "scope"),
        ({**MANIFEST, "logo_uri": "https://kit.example/" + "l" * 1005}, "logo_uri"),
        ({**MANIFEST, "enabled": "yes"}, "enabled"),
        ({**MANIFEST, "grant_types": "client_credentials"}, "grant_types"),
        ({**MANIFEST, "response_types": "token"}, "response_types"),
        ({**MANIFEST, "redirect_uris": [5]}, "redirect_uris"),
        ({**MANIFEST, "capabilities": []}, "capabilities"),
        ({**MANIFEST, "capabilities": {"webhooks": []}}, "webhooks"),
        ({**MANIFEST, "capabilities": {"engagement": []}}, "engagement"),
        *((with_engagement(**{name: "yes"}), name) for name in ENGAGEMENT),
        (with_engagement(goal=[5]), "goal"),
        (with_webhook(max_retries=True), "max_retries"),
        (with_retention(True), "retention_time"),
        (with_webhook(endpoint=None), "endpoint"),
        (with_webhook(endpoint=""), "endpoint"),
        (with_webhook(endpoint="kit.example/hook"), "endpoint"),
        (with_webhook(endpoint="http://kit.example/hook"), "endpoint"),
        (with_webhook(endpoint="http://127.0.0.1.kit.example/hook"), "endpoint"),
        (with_webhook(endpoint="ftp://kit.example/hook"), "endpoint"),
        (with_webhook(max_retries=-1), "max_retries"),
        (with_webhook(max_retries=6), "max_retries"),
        (with_webhook(max_retries=1.5), "max_retries"),
        (with_webhook(max_retries="3"), "max_retries"),
        (with_webhook(headers={"X-Env": "test"}), "headers"),
        (with_webhook(headers=[{"header_value": "test"}]), "header_name"),
        (with_webhook(headers=[{"header_name": "X-Env"}]), "header_value"),
        (with_retention(1), "retention_time"),
        (with_retention(259201), "retention_time"),
        (with_retention(60.5), "retention_time"),
        (with_retention("3600"), "retention_time"),
    ],
)
def test_a_manifest_that_breaks_a_rule_is_refused_by_name(
    wire: Wire, manifest: dict[str, Any], named: str
) -> None:
    answer = wire.installations("POST", body=manifest)

    assert answer.status_code == 400
    assert named in answer.text
    assert listed(wire) == [wire.ready["client_id"]]


@pytest.mark.parametrize(
    "manifest",
    [
        {"client_name": "n"},
        with_engagement(**ENGAGEMENT),
        {**MANIFEST, "response_types": [], "redirect_uris": ["https://kit.example/"]},
        {**MANIFEST, "client_name": "n" * 128, "display_name": "n" * 128, "description": "d" * 256},
        {**MANIFEST, "logo_uri": "https://kit.example/" + "l" * 1004},
        with_webhook(endpoint="https://kit.example/hook?channel=sms&x=1"),
        with_webhook(endpoint="http://127.0.0.1:9/hook"),
        with_webhook(endpoint="http://localhost:9/hook"),
        with_webhook(max_retries=0),
        with_webhook(max_retries=5),
        with_retention(2),
        with_retention(259200),
    ],
)
def test_a_manifest_at_the_edge_of_the_rules_is_accepted(wire: Wire, manifest: dict[str, Any]) -> None:
    app = wire.install(manifest)

    stored = wire.installations("GET", app["id"]).json()
    assert {name: stored.get(name) for name in manifest} == manifest


@pytest.mark.parametrize(
    ("misspelt", "meant"),
    [
        ("ms.MessagingEventNotification.AccpetStatusEvent", RECEIPT),
        ("ms.MessagingEventNotification.ExConversationChangeNotification", CHANGE),
        ("ms.MessagingEventNotification.contentEvent", CONTENT),
    ],
)
def test_a_misspelt_event_type_is_refused_with_a_hint(wire: Wire, misspelt: str, meant: str) -> None:
    """R53: two of them stand in the vendor's own documents."""
    answer = wire.installations("POST", body=with_key(misspelt))

    assert answer.status_code == 400
    assert misspelt in answer.text
    assert meant in answer.text


def test_a_manifest_that_is_not_an_object_is_refused(wire: Wire) -> None:
    answers = [wire.installations("POST", body=body) for body in (b"{", [MANIFEST], "text")]

    assert [answer.status_code for answer in answers] == [400, 400, 400]
