"""App install manifests: what is accepted, and what a refusal says."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from connectorkit.sandbox.apps import default_manifest
from connectorkit.sandbox.manifest import ManifestError, check

CONTENT = "ms.MessagingEventNotification.ContentEvent"
RECEIPT = "ms.MessagingEventNotification.AcceptStatusEvent"
CHANGE = "cqm.ExConversationChangeNotification"
DOCUMENTED: dict[str, Any] = {
    "client_name": "Kit demo",
    "enabled": True,
    "grant_types": ["client_credentials"],
    "scope": "msg.consumer",
    "capabilities": {
        "webhooks": {
            CONTENT: {
                "endpoint": "https://kit.example/hook",
                "max_retries": 3,
                "headers": [{"header_name": "X-Env", "header_value": "test"}],
            },
            CHANGE: {"endpoint": "https://kit.example/hook"},
            "retry": {"retention_time": 3600},
        }
    },
}


def with_webhooks(webhooks: Any) -> dict[str, Any]:
    return {"client_name": "Kit", "capabilities": {"webhooks": webhooks}}


def with_webhook(**members: Any) -> dict[str, Any]:
    return with_webhooks({CHANGE: {"endpoint": "https://kit.example"} | members})


def problem(manifest: Any) -> str:
    with pytest.raises(ManifestError) as caught:
        check(manifest)
    return str(caught.value)


@pytest.mark.parametrize(
    "manifest",
    [
        DOCUMENTED,
        {"client_name": "n"},
        {"client_name": "n" * 128, "display_name": "n" * 128, "description": "n" * 256},
        {"client_name": "n", "scope": "n" * 128, "logo_uri": "n" * 1024},
        {"client_name": "n", "unknown": {"any": [1]}, "capabilities": {"unknown": 5}},
        {"client_name": "n", "capabilities": None, "enabled": None, "grant_types": None},
        {"client_name": "n", "response_types": [], "redirect_uris": ["https://a.example"]},
        with_webhooks({}),
        with_webhooks({CONTENT: None, "retry": None}),
        with_webhooks({"retry": {}}),
        with_webhooks({"retry": {"retention_time": 2}}),
        with_webhooks({"retry": {"retention_time": 259200}}),
        with_webhook(max_retries=0, headers=[]),
        with_webhook(max_retries=5),
        with_webhook(headers=[{"header_name": "X-A", "header_value": ""}]),
        {
            "client_name": "n",
            "capabilities": {
                "engagement": {
                    "design_engagement": True,
                    "design_window": False,
                    "language_selection": True,
                    "entry_point": ["url"],
                    "visitor_behavior": ["time_on_page"],
                    "target_audience": [],
                    "goal": None,
                    "consumer_identity": ["auth"],
                }
            },
        },
        default_manifest(),
        default_manifest("http://127.0.0.1:9000/hook"),
    ],
)
def test_documented_manifests_are_accepted_unchanged(manifest: dict[str, Any]) -> None:
    before = copy.deepcopy(manifest)

    assert check(manifest) == before


@pytest.mark.parametrize("manifest", [None, [], "x", 5, True])
def test_a_manifest_is_an_object(manifest: Any) -> None:
    assert problem(manifest) == "the manifest must be a JSON object; write it as {…}"


@pytest.mark.parametrize("manifest", [{}, {"client_name": None}, {"client_name": ""}])
def test_a_manifest_names_the_app(manifest: Any) -> None:
    assert problem(manifest) == "client_name is missing; give the app a name of 1 to 128 characters"


@pytest.mark.parametrize(
    ("name", "longest"),
    [("client_name", 128), ("display_name", 128), ("description", 256), ("scope", 128), ("logo_uri", 1024)],
)
def test_texts_have_a_longest_length(name: str, longest: int) -> None:
    expected = f"{name} has {longest + 1} characters; shorten it to at most {longest}"

    assert problem({"client_name": "n", name: "x" * (longest + 1)}) == expected


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"client_name": 5}, "client_name must be a string; put it in quotes"),
        ({"scope": ["msg.consumer"]}, "scope must be a string; put it in quotes"),
        ({"enabled": "true"}, "enabled must be a boolean; write true or false without quotes"),
        ({"enabled": 1}, "enabled must be a boolean; write true or false without quotes"),
        ({"grant_types": "client_credentials"}, "grant_types must be an array; write it as […]"),
        ({"response_types": [5]}, "response_types must hold strings only; put each in quotes"),
        ({"redirect_uris": {}}, "redirect_uris must be an array; write it as […]"),
        ({"capabilities": []}, "capabilities must be a JSON object; write it as {…}"),
        ({"capabilities": {"webhooks": []}}, "capabilities.webhooks must be a JSON object; write it as {…}"),
        (
            {"capabilities": {"engagement": True}},
            "capabilities.engagement must be a JSON object; write it as {…}",
        ),
        (
            {"capabilities": {"engagement": {"design_window": "yes"}}},
            "capabilities.engagement.design_window must be a boolean; write true or false without quotes",
        ),
        (
            {"capabilities": {"engagement": {"consumer_identity": "auth"}}},
            "capabilities.engagement.consumer_identity must be an array; write it as […]",
        ),
        (
            {"capabilities": {"engagement": {"goal": [None]}}},
            "capabilities.engagement.goal must hold strings only; put each in quotes",
        ),
    ],
)
def test_members_have_their_type(members: dict[str, Any], expected: str) -> None:
    assert problem({"client_name": "n"} | members) == expected


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("ms.MessagingEventNotification.AccpetStatusEvent", RECEIPT),
        ("ms.MessagingEventNotification.ExConversationChangeNotification", CHANGE),
        ("ms.MessagingEventNotification.cqm.ExConversationChangeNotification", CHANGE),
        ("ExConversationChangeNotification", CHANGE),
        ("ms.messagingeventnotification.contentevent", CONTENT),
        ("ContentEvent", CONTENT),
        ("cqm.RichContentEvents", "ms.MessagingEventNotification.RichContentEvent"),
        ("ChatState", "ms.MessagingEventNotification.ChatStateEvent"),
        ("Retry", "retry"),
    ],
)
def test_a_misspelt_webhook_is_refused_with_the_nearest_right_one(key: str, meant: str) -> None:
    expected = f"capabilities.webhooks.{key} is not an event type; did you mean {meant}?"

    assert problem(with_webhooks({key: {"endpoint": "https://kit.example"}})) == expected


@pytest.mark.parametrize("key", ["", ".", "ms.MessagingEventNotification", "SomethingElse", "é" * 100_000])
def test_a_webhook_near_to_none_is_refused_with_all_of_them(key: str) -> None:
    message = problem(with_webhooks({key: None}))

    assert "is not an event type; use one of ms.MessagingEventNotification.ContentEvent, " in message
    assert message.endswith("cqm.ExConversationChangeNotification, retry")
    assert len(message) < 500


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://kit.example",
        "https://kit.example:8443/hook?a=1&b=2",
        "HTTPS://kit.example/",
        "https://10.0.0.1/",
        "http://127.0.0.1:9000/hook",
        "http://127.8.0.1/",
        "http://localhost:9000",
        "http://[::1]:9000/hook?a=1",
    ],
)
def test_endpoints_are_https_or_on_this_machine(endpoint: str) -> None:
    check(with_webhook(endpoint=endpoint))


@pytest.mark.parametrize(
    ("endpoint", "what"),
    [
        ("http://kit.example/", "must be https"),
        ("http://127.0.0.1.evil.example/", "must be https"),
        ("http://localhost.evil.example/", "must be https"),
        ("http://10.0.0.1/", "must be https"),
        ("ftp://127.0.0.1/", "must be https"),
        ("//kit.example/", "must be https"),
        ("kit.example", "is not a complete URL"),
        ("https://", "is not a complete URL"),
        ("https:///hook", "is not a complete URL"),
        ("https://kit .example/", "is not a complete URL"),
        ("https://kit.example/a b", "is not a complete URL"),
        ("https://kit.example:99999/", "is not a complete URL"),
        ("https://kit.example:x/", "is not a URL"),
        ("https://kit.example/\n", "is not a URL"),
        ("https://" + "a" * 100_000, "is not a URL"),
        (5, "must be a string"),
        (["https://kit.example"], "must be a string"),
    ],
)
def test_other_endpoints_are_refused(endpoint: Any, what: str) -> None:
    assert problem(with_webhook(endpoint=endpoint)) == (
        f"capabilities.webhooks.{CHANGE}.endpoint {what}; "
        "give an https:// URL, or an http:// URL on 127.0.0.1 or localhost"
    )


@pytest.mark.parametrize("endpoint", [None, ""])
def test_a_webhook_has_an_endpoint(endpoint: Any) -> None:
    assert problem(with_webhook(endpoint=endpoint)) == (
        f"capabilities.webhooks.{CHANGE}.endpoint is missing; state the URL these events go to"
    )


@pytest.mark.parametrize("retries", [-1, 6, "3", 3.0, True, [3]])
def test_retries_are_0_to_5(retries: Any) -> None:
    assert problem(with_webhook(max_retries=retries)) == (
        f"capabilities.webhooks.{CHANGE}.max_retries must be a whole number; choose one from 0 to 5"
    )


@pytest.mark.parametrize("seconds", [1, 0, 259201, "3600", 3600.0, True])
def test_retention_is_2_seconds_to_3_days(seconds: Any) -> None:
    assert problem(with_webhooks({"retry": {"retention_time": seconds}})) == (
        "capabilities.webhooks.retry.retention_time must be a whole number of seconds; "
        "choose one from 2 to 259200"
    )


@pytest.mark.parametrize(
    ("webhooks", "expected"),
    [
        ({CONTENT: "https://kit.example"}, f"capabilities.webhooks.{CONTENT} must be a JSON object"),
        ({"retry": 3600}, "capabilities.webhooks.retry must be a JSON object"),
    ],
)
def test_webhooks_and_retry_are_objects(webhooks: Any, expected: str) -> None:
    assert problem(with_webhooks(webhooks)) == f"{expected}; write it as {{…}}"


NAME = "[0].header_name must be the name of an HTTP header, as X-Env"
VALUE = "[0].header_value must be a string of ASCII characters in one line; remove what is not"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X-Env": "test"}, " must be an array; write it as […]"),
        (["X-Env: test"], "[0] must be a JSON object; write it as {…}"),
        ([None], "[0] must be a JSON object; write it as {…}"),
        ([{"header_value": "test"}], NAME),
        ([{"header_name": "", "header_value": "test"}], NAME),
        ([{"header_name": "X Env", "header_value": "test"}], NAME),
        ([{"header_name": "X-Env\n", "header_value": "test"}], NAME),
        ([{"header_name": "X-Env"}], VALUE),
        ([{"header_name": "X-Env", "header_value": 5}], VALUE),
        ([{"header_name": "X-Env", "header_value": "a\r\nb: c"}], VALUE),
        ([{"header_name": "X-Env", "header_value": "a\n"}], VALUE),
        ([{"header_name": "X-Env", "header_value": " a"}], VALUE),
        ([{"header_name": "X-Env", "header_value": "é"}], VALUE),
        (
            [{"header_name": "Content-Length", "header_value": "5"}],
            "[0].header_name Content-Length is set by the service; choose another name",
        ),
        (
            [{"header_name": "X-LivePerson-Signature", "header_value": "sha1="}],
            "[0].header_name X-LivePerson-Signature is set by the service; choose another name",
        ),
    ],
)
def test_headers_are_names_and_values_that_can_be_sent(headers: Any, expected: str) -> None:
    assert problem(with_webhook(headers=headers)) == f"capabilities.webhooks.{CHANGE}.headers{expected}"
