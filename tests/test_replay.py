"""A logged request is sent again: with the target's tokens, account and ids, and never half of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from conftest import ACCOUNT, FakeService

from connectorkit import Client, envelopes
from connectorkit.conversations import Conversation
from connectorkit.errors import EnvelopeError
from connectorkit.log import Exchange, Log
from connectorkit.recording import MAX_KEPT_CHARACTERS
from connectorkit.redact import Secret
from connectorkit.replay import replay, replay_all
from connectorkit.settings import Settings
from connectorkit.transport import label, scenario_label

OLD = "conversation-0"
RECORD = Exchange(
    "send",
    "POST",
    "https://old.service.example/api/account/87654321/messaging/consumer/conversation/send?v=3",
    exchange_id=12,
    account_id="87654321",
    consumer="ana@example",
    scenario="closed-conversation",
    label="checkout bug",
    status_code=200,
    request_headers=[
        ("host", "old.service.example"),
        ("accept", "application/json"),
        ("content-type", "application/json"),
        ("content-length", "1"),
        ("authorization", "[jwt:12345678]"),
        ("x-lp-on-behalf", "[jwt:87654321]"),
        ("Client-Properties", '{"type": ".ClientProperties"}'),
    ],
    request_body=json.dumps(envelopes.publish_text(OLD, "Is 87654321 my account?", request_id="7")),
    response_body='{"code": "OK", "body": {"sequence": 4}, "reqId": "7"}',
)
APP_JWT = Exchange(
    "app_jwt",
    "POST",
    "https://old.service.example/sentinel/api/account/87654321/app/token?v=1.0&grant_type=client_credentials",
    account_id="87654321",
)


@pytest.fixture
def kit(fake_settings: Settings, service: FakeService) -> Iterator[Client]:
    with Client(fake_settings, transport=httpx.MockTransport(service), clock=service.clock) as client:
        yield client


def sent(service: FakeService, kind: str = "send") -> httpx.Request:
    return service.requests(kind)[-1]


# --- One exchange ----------------------------------------------------------------------------------


def test_the_request_goes_out_again_with_the_tokens_of_the_target(kit: Client, service: FakeService) -> None:
    again = replay(RECORD, kit, ids={OLD: "conversation-1"})

    request = sent(service)
    assert (
        request.url
        == f"https://one.service.example/api/account/{ACCOUNT}/messaging/consumer/conversation/send?v=3"
    )
    assert json.loads(request.content)["body"]["dialogId"] == "conversation-1"
    assert json.loads(request.content)["id"] == "7"
    assert request.headers["authorization"] == service.tokens[0]
    assert request.headers["x-lp-on-behalf"] == service.tokens[1]
    assert request.headers["client-properties"] == '{"type": ".ClientProperties"}'
    assert request.headers["host"] == "one.service.example"
    assert again == kit.log.last()
    assert (again.status_code, again.consumer, again.account_id) == (200, "ana@example", ACCOUNT)


def test_scenario_and_label_of_the_record_stay(kit: Client) -> None:
    again = replay(RECORD, kit, ids={OLD: "conversation-1"})

    assert (again.scenario, again.label) == ("closed-conversation", "checkout bug")
    assert (scenario_label.get(), label.get()) == (None, None)


def test_the_account_is_replaced_where_it_is_a_value_and_not_in_what_was_said(
    kit: Client, service: FakeService
) -> None:
    batch = [envelopes.set_profile(), envelopes.request_conversation("87654321")]
    record = replace(RECORD, operation="conversation", request_body=json.dumps(batch))

    replay(record, kit)
    replay(RECORD, kit, ids={OLD: "conversation-1"})

    assert json.loads(sent(service, "conversation").content)[1]["body"]["brandId"] == ACCOUNT
    assert json.loads(sent(service).content)["body"]["event"]["message"] == "Is 87654321 my account?"


def test_another_consumer_may_speak(kit: Client, service: FakeService) -> None:
    again = replay(RECORD, kit, consumer="bob@example", ids={OLD: "conversation-1"})

    assert again.consumer == "bob@example"
    assert json.loads(sent(service, "consumer_jws").content) == {"ext_consumer_id": "bob@example"}


def test_a_conversation_that_the_target_does_not_know_is_said(kit: Client, service: FakeService) -> None:
    with pytest.raises(EnvelopeError) as caught:
        replay(RECORD, kit)

    assert str(caught.value) == (
        f"conversation of exchange 12 {OLD} is not known to the target. "
        f'Pass ids={{"{OLD}": "its id there"}}, or replay the whole run with replay_all().'
    )
    assert service.requests("send") == []


def test_a_conversation_of_the_same_service_needs_no_ids(kit: Client, service: FakeService) -> None:
    replay(replace(RECORD, url="https://one.service.example/x"), kit)

    assert json.loads(sent(service).content)["body"]["dialogId"] == OLD


def test_a_conversation_that_was_opened_there_needs_no_ids(kit: Client, service: FakeService) -> None:
    talk = kit.consumer("ana@example").open()
    assert isinstance(talk, Conversation)
    body = RECORD.request_body.replace(OLD, talk.id)

    replay(replace(RECORD, request_body=body), kit)

    assert json.loads(sent(service).content)["body"]["dialogId"] == talk.id


def test_what_was_unknown_in_the_record_may_be_unknown_again(kit: Client, service: FakeService) -> None:
    replay(replace(RECORD, status_code=404), kit)

    assert json.loads(sent(service).content)["body"]["dialogId"] == OLD


@pytest.mark.parametrize("body", ["{broken", '"text"', "[]", "null"])
def test_broken_bodies_go_out_as_they_were(kit: Client, service: FakeService, body: str) -> None:
    replay(replace(RECORD, request_body=body, status_code=400), kit)

    assert sent(service).content == body.encode()


def test_headers_that_were_left_out_on_purpose_stay_out(kit: Client, service: FakeService) -> None:
    refusal = {"code": 401, "body": {"errorCode": 40105}}
    kept = [(n, v) for n, v in RECORD.request_headers if n not in ("authorization", "content-type")]
    record = replace(RECORD, status_code=401, response_body=json.dumps(refusal), request_headers=kept)

    replay(record, kit, ids={OLD: "conversation-1"})

    assert "authorization" not in sent(service).headers
    assert "content-type" not in sent(service).headers
    assert "x-lp-on-behalf" in sent(service).headers


def test_a_token_that_was_refused_is_refused_again(kit: Client, service: FakeService) -> None:
    """What it was is not known; no good token goes in its place."""
    refusal = {"code": 401, "body": {"errorCode": 40102}}
    record = replace(RECORD, status_code=401, response_body=json.dumps(refusal))

    replay(record, kit, ids={OLD: "conversation-1"})

    assert sent(service).headers["authorization"] == "[jwt:12345678]"
    assert len(service.requests("send")) == 1  # and not renewed


def test_headers_that_an_archive_lacks_are_those_of_the_kit(kit: Client, service: FakeService) -> None:
    replay(replace(RECORD, request_headers=[], status_code=401), kit, ids={OLD: "conversation-1"})

    assert sent(service).headers["content-type"] == "application/json"
    assert sent(service).headers["authorization"] == service.tokens[0]


@pytest.mark.parametrize("operation", ["domains", "app_jwt", "consumer_jws"])
def test_token_calls_are_made_for_the_target(kit: Client, service: FakeService, operation: str) -> None:
    body = {
        "domains": "",
        "app_jwt": "client_id=old&client_secret=[secret:12345678]",
        "consumer_jws": '{"ext_consumer_id": "ana@example"}',
    }[operation]

    again = replay(replace(RECORD, operation=operation, request_body=body), kit)

    assert again.operation == operation
    assert again.status_code in (200, 201)
    if operation == "app_jwt":
        assert b"client_id=app-1&client_secret=s3cret" in sent(service, operation).content
        assert "s3cret" not in again.request_body


def test_a_client_secret_that_was_refused_is_refused_again(kit: Client, service: FakeService) -> None:
    body = "client_id=old&client_secret=[secret:12345678]"

    replay(replace(APP_JWT, request_body=body, status_code=401), kit)

    assert sent(service, "app_jwt").content == b"client_id=app-1&client_secret=%5Bsecret%3A12345678%5D"


def test_a_form_that_lacked_something_lacks_it_again(kit: Client, service: FakeService) -> None:
    body = "client_secret=[secret:12345678]&scope=msg.agent"

    replay(replace(APP_JWT, request_body=body, status_code=400), kit)

    assert (
        sent(service, "app_jwt").content
        == b"client_secret=s3cret%2Fwith%2Bodd%26signs%250001&scope=msg.agent"
    )


def test_what_was_refused_goes_to_the_address_it_went_to(kit: Client, service: FakeService) -> None:
    """Method, path and query may be why; the account in the path is the target's."""
    url = "https://old.service.example/api/account/87654321/messaging/consumer/conversation?v=2&more="

    replay(replace(RECORD, method="PUT", url=url, status_code=404), kit, ids={OLD: "conversation-1"})

    request = sent(service, "conversation")
    assert request.method == "PUT"
    path = f"/api/account/{ACCOUNT}/messaging/consumer/conversation?v=2&more="
    assert request.url.raw_path == path.encode()


def test_a_query_with_a_secret_is_that_of_the_kit(kit: Client, service: FakeService) -> None:
    url = APP_JWT.url.replace("?v=1.0", "?v=2.0&client_secret=[secret:12345678]")

    replay(replace(APP_JWT, url=url, status_code=400), kit)

    assert sent(service, "app_jwt").url.query == b"v=1.0&grant_type=client_credentials"


def test_one_token_in_both_headers_is_so_again(kit: Client, service: FakeService) -> None:
    kept = [(n, v) for n, v in RECORD.request_headers if n not in ("authorization", "x-lp-on-behalf")]
    twice = [("authorization", "[jwt:12345678]"), ("x-lp-on-behalf", "[jwt:12345678]")]
    kit.consumer_jws("ana@example")
    refusals = [(400, 40001, service.tokens[1]), (401, 40103, service.tokens[0])]

    for status, number, token in refusals:
        answer = json.dumps({"code": status, "body": {"errorCode": number}})
        record = replace(RECORD, status_code=status, response_body=answer, request_headers=[*kept, *twice])
        replay(record, kit, ids={OLD: "conversation-1"})

        assert sent(service).headers["authorization"] == token
        assert sent(service).headers["x-lp-on-behalf"] == token


# --- What cannot be sent again ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        (
            {"request_body": '{"text": "[secret:12345678] and [jwt:00000000]"}'},
            r"request_body of exchange 12 has \[secret:12345678\], \[jwt:00000000\] in place of what",
        ),
        ({"request_body": '{"text": "[masked ≤16]"}'}, r"\[masked ≤16\] in place of what the log"),
        ({"request_body": "<20480 bytes of image/png>"}, "only 20480 bytes of image/png. Send the file"),
        ({"request_body": "x" * MAX_KEPT_CHARACTERS}, "was cut after 2000000 characters. Build"),
        ({"request_headers": [("x-key", "[secret:12345678]")]}, "x-key of exchange 12 has a secret that"),
        ({"operation": "upload_file"}, r"is upload_file, which cannot be sent again.*permission.*send_file"),
        ({"operation": "http"}, "is http, which cannot be sent again. Replay one of domains, app_jwt"),
        ({"consumer": None}, "consumer of exchange 12 is not known. Pass consumer="),
        ({"request_body": "{}", "consumer": None, "exchange_id": 0}, "consumer is not known"),
    ],
)
def test_what_the_log_does_not_hold_is_named(
    kit: Client, service: FakeService, facts: dict[str, Any], says: str
) -> None:
    record = replace(RECORD, **facts)

    with pytest.raises(EnvelopeError, match=says):
        replay(record, kit, ids={OLD: "conversation-1"})

    assert service.requests("send") == []


# --- A whole run -----------------------------------------------------------------------------------


def recorded_run() -> Log:
    """Opened, said, and said again after an AppJWT was renewed."""
    log = Log()
    batch = [
        envelopes.set_profile(request_id="1"),
        envelopes.request_conversation("87654321", request_id="2"),
    ]
    opened = [{"code": "OK", "body": {}, "reqId": "1"}]
    opened.append({"code": "OK", "body": {"conversationId": OLD}, "reqId": "2"})
    app_jwt = replace(
        RECORD, operation="app_jwt", request_body="client_id=old&client_secret=[secret:12345678]"
    )
    jws = replace(RECORD, operation="consumer_jws", request_body='{"ext_consumer_id": "ana@example"}')
    opening = replace(
        RECORD, operation="conversation", request_body=json.dumps(batch), response_body=json.dumps(opened)
    )
    refused = replace(RECORD, status_code=401, response_body='{"code": 401, "body": {"errorCode": 40102}}')
    domains = replace(RECORD, operation="domains", method="GET", request_body="")
    for record in (domains, app_jwt, jws, opening, RECORD, refused, app_jwt, replace(RECORD, attempt=2)):
        log.append(record)
    return log


def test_a_run_is_replayed_in_its_order_with_the_ids_of_the_target(kit: Client, service: FakeService) -> None:
    answers = replay_all(recorded_run(), kit)

    assert service.order == ["domains", "app_jwt", "consumer_jws", "conversation", "send", "app_jwt", "send"]
    assert [e.operation for e in answers] == ["conversation", "send", "send"]
    assert {json.loads(r.content)["body"]["dialogId"] for r in service.requests("send")} == {"conversation-1"}
    assert kit.owner(envelopes.publish_text("conversation-1", "Hi")) == "ana@example"


def test_a_run_waits_between_its_messages(kit: Client, service: FakeService) -> None:
    waited: list[int] = []

    replay_all(recorded_run(), kit, between=lambda: waited.append(len(service.order)))

    assert waited == [4, 5, 7]


def test_nothing_of_a_run_is_sent_where_a_part_cannot_be(kit: Client, service: FakeService) -> None:
    log = recorded_run()
    log.append(replace(RECORD, request_body="<5 bytes of image/png>"))

    with pytest.raises(EnvelopeError, match="is not in the log"):
        replay_all(log, kit)

    assert service.order == []


def test_a_run_without_its_opening_needs_ids(kit: Client, service: FakeService) -> None:
    with pytest.raises(EnvelopeError, match="not known to the target"):
        replay_all([RECORD], kit)

    replay_all([RECORD], kit, ids={OLD: 'there "1"'})

    assert json.loads(sent(service).content)["body"]["dialogId"] == 'there "1"'


def test_no_secret_of_the_target_reaches_the_records(kit: Client) -> None:
    secret = Secret("s3cret/with+odd&signs%0001").reveal()

    answers = replay_all(recorded_run(), kit)

    assert secret not in repr([vars(e) for e in (*answers, *kit.log)])
