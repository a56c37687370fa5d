"""Both clients at the sandbox: the journey, raw calls, envelopes, and the errors of each."""

from __future__ import annotations

import asyncio
import json
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from connectorkit import AsyncClient, Client, envelopes, errors, sdes
from connectorkit.log import Log
from connectorkit.settings import Settings

UNKNOWN = "00000000-0000-4000-8000-000000000000"
CONVERSATION = "/api/account/12345678/messaging/consumer/conversation?v=3"
SEND = "/api/account/12345678/messaging/consumer/conversation/send?v=3"


def text(dialog_id: str) -> dict[str, Any]:
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": "Good morning"}
    return {
        "kind": "req",
        "id": "7",
        "type": "ms.PublishEvent",
        "body": {"dialogId": dialog_id, "event": event},
    }


def state(control: httpx.Client) -> dict[str, Any]:
    return dict(control.get("/sandbox/state").json())


# --- Journey -----------------------------------------------------------------------------------------


def test_a_conversation_from_open_to_close(either: Any, control: httpx.Client) -> None:
    talk = either.consumer("ana").open(first_name="Ana", skill_id="-1")
    numbers = [talk.send(words).sequence for words in ("Where is my parcel?", "Hello?", "Hello?")]
    talk.typing()
    talk.chat_state("PAUSE")
    talk.rate(4, resolved=False)
    closing = talk.close()

    (conversation,) = state(control)["conversations"]
    assert numbers == [0, 2, 4]
    assert (conversation["id"], conversation["state"]) == (talk.id, "CLOSE")
    assert conversation["csat"] == {"csatRate": 4, "csatResolutionConfirmation": False, "status": "FILLED"}
    assert closing.text == "OK Conversation resolved successfully"
    assert (talk.closed, talk.resumed, talk.dialog_id) == (True, False, talk.id)


def test_open_sends_the_batch_that_is_documented(either: Any) -> None:
    either.consumer("ana").open(first_name="Ana", skill_id=5, ttr_name="URGENT", text="Hi")

    exchange = next(e for e in either.log if e.operation == "conversation")
    profile, request, publish = exchange.request_json()
    personal = {"type": "personal", "personal": {"firstname": "Ana"}}
    assert exchange.url.endswith(CONVERSATION)
    assert (profile["kind"], profile["type"]) == ("req", "userprofile.SetUserProfile")
    assert profile["body"] == {"firstName": "Ana", "authenticatedData": {"lp_sdes": [personal]}}
    assert request["type"] == "cm.ConsumerRequestConversation"
    asked = {"channelType": "MESSAGING", "ttrDefName": "URGENT", "skillId": 5}
    assert request["body"] == {"brandId": "12345678"} | asked
    assert (publish["type"], publish["body"]["dialogId"]) == ("ms.PublishEvent", "")
    assert publish["body"]["event"]["message"] == "Hi"


def test_a_profile_is_set_by_itself(either: Any, control: httpx.Client) -> None:
    reply = either.consumer("ana").set_profile(
        last_name="Berg", sdes=[sdes.customer_info(customer_id="C-77")]
    )

    (profile,) = state(control)["profiles"].values()
    assert reply.text == "OK User Profile set successfully"
    assert profile["lastName"] == "Berg"
    assert profile["authenticatedData"]["lp_sdes"] == [{"type": "ctmrinfo", "info": {"customerId": "C-77"}}]


def test_tokens_of_connector_and_consumer_can_be_looked_at(either: Any) -> None:
    app_jwt, jws = either.app_jwt(), either.consumer("ana").jws()

    assert (app_jwt.claims["aud"], app_jwt.claims["iss"]) == ("12345678", "Sentinel")
    assert 3590 <= app_jwt.seconds_left <= 3600
    assert (jws.claims["ext_consumer_id"], jws.seconds_left, jws.expires_at) == ("ana", None, None)
    assert either.app_jwt().fingerprint == app_jwt.fingerprint
    assert either.app_jwt(renew=True) is not app_jwt


def test_a_consumer_of_one_name_is_one_object(client: Client) -> None:
    assert client.consumer("ana") is client.consumer("ana")
    assert client.consumer() is client.consumer("someone@example")


# --- Calls with raw payloads -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "sent"),
    [
        ({"kind": "nonsense", "ü": None}, '{"kind":"nonsense","ü":null}'.encode()),
        ([1, {"id": True}], b'[1,{"id":true}]'),
        ('{"half": ', b'{"half": '),
        (b"\x00\xff\xfe", b"\x00\xff\xfe"),
        ("", b""),
        ({"lone": "\ud800"}, b'{"lone":"\xed\xa0\x80"}'),
        ({"not": float("nan")}, b'{"not":NaN}'),
    ],
    ids=["dict", "list", "str", "bytes", "empty", "half a pair", "NaN"],
)
@pytest.mark.parametrize("call", ["conversation", "send"])
def test_a_broken_payload_is_sent_as_it_is(
    faked: Any, service: Any, call: str, payload: Any, sent: bytes
) -> None:
    getattr(faked, call)(payload)

    (request,) = service.requests(call)
    assert request.content == sent
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Content-Length"] == str(len(sent))


@pytest.mark.parametrize("payload", [{"kind": "x"}, [], "{", b"\xff"], ids=["dict", "list", "str", "bytes"])
def test_the_refusal_of_a_raw_payload_is_a_reply(either: Any, payload: Any) -> None:
    replies = [either.send(payload), either.conversation(payload)]

    assert [(reply.status_code, reply.ok, reply.code) for reply in replies] == [
        (400, False, "BAD_REQUEST")
    ] * 2


def test_a_raw_batch_and_a_raw_request(either: Any) -> None:
    profile = {"kind": "req", "id": "1,", "type": "userprofile.SetUserProfile", "body": {}}
    body = {"brandId": "12345678"}
    opened = either.conversation(
        [profile, {"kind": "req", "id": 2, "type": "cm.ConsumerRequestConversation", "body": body}]
    )

    answer = either.send(text(opened.conversation_id))

    assert [(m.code, m.request_id, m.kind) for m in opened.messages] == [
        ("OK", "1,", "resp"),
        ("OK", "2", "resp"),
    ]
    assert answer.json == {"code": "OK", "body": {"sequence": 0}, "reqId": "7"}
    assert answer.exchange.url.endswith(SEND)


def test_built_envelopes_travel_through_the_raw_calls(either: Any) -> None:
    batch = [envelopes.set_profile(first_name="Ana"), envelopes.request_conversation("12345678")]
    opened = either.conversation(batch, consumer="ana").raise_for_error()

    reply = either.send(envelopes.publish_text(opened.conversation_id, "Hi"))

    assert (reply.sequence, reply.messages[0].request_id) == (0, reply.exchange.request_json()["id"])


# --- For whom a SEND speaks --------------------------------------------------------------------------


def test_a_send_speaks_for_the_owner_of_the_conversation_it_names(either: Any) -> None:
    talks = [either.consumer(name).open() for name in ("ana", "bert")]

    replies = [either.send(text(talk.id)) for talk in talks]
    closed = either.send(envelopes.close_conversation(talks[0].id))

    assert [reply.exchange.consumer for reply in (*replies, closed)] == ["ana", "bert", "ana"]
    assert all(reply.ok for reply in (*replies, closed))


def test_a_send_speaks_for_whom_it_is_told(either: Any) -> None:
    talk = either.consumer("ana").open()

    reply = either.send(text(talk.id), consumer="bert")

    assert (reply.status_code, reply.error_code, reply.exchange.consumer) == (401, 40103, "bert")


@pytest.mark.parametrize("payload", [text(UNKNOWN), {"body": {"dialogId": 5}}, {"body": None}, "text", []])
def test_a_send_that_names_no_known_conversation_speaks_for_the_default_consumer(
    either: Any, payload: Any
) -> None:
    assert either.send(payload).exchange.consumer == "someone@example"


def test_a_send_speaks_for_the_owner_of_a_resumed_conversation(
    make_client: Callable[..., Any], settings: Settings
) -> None:
    make_client(settings).consumer("ana").open()
    later = make_client(settings)
    talk = later.consumer("ana").open()

    reply = later.send(text(talk.id))

    assert (reply.exchange.consumer, reply.status_code) == ("ana", 200)


# --- Resuming ----------------------------------------------------------------------------------------


def test_open_resumes_the_conversation_that_is_open(either: Any) -> None:
    first = either.consumer("ana").open()

    again = either.consumer("ana").open()

    assert (again.id, again.resumed) == (first.id, True)
    assert again.send("Still there?").ok


def test_a_new_client_over_the_same_log_resumes_too(
    make_client: Callable[..., Any], settings: Settings
) -> None:
    first = make_client(settings).consumer("ana").open()
    first.send("Hi")

    again = make_client(settings).consumer("ana").open()

    assert (again.id, again.resumed) == (first.id, True)


def test_a_closed_conversation_is_not_resumed(either: Any) -> None:
    first = either.consumer("ana").open()
    first.close()
    remembered_after_closing = either.remembered_conversation("ana")

    second = either.consumer("ana").open()

    assert remembered_after_closing is None
    assert (second.id == first.id, second.resumed) == (False, False)
    assert either.remembered_conversation("ana") == second.id


def test_what_the_log_does_not_know_cannot_be_resumed(
    make_client: Callable[..., Any], settings: Settings
) -> None:
    make_client(settings, log=Log()).consumer("ana").open()
    stranger = make_client(settings, log=Log())

    with pytest.raises(errors.ConversationAlreadyOpenError, match="already has open") as raised:
        stranger.consumer("ana").open()

    assert raised.value.__notes__ == [
        "The log does not know which one: it was opened by another program or log."
    ]


# --- Typed errors ------------------------------------------------------------------------------------


def test_a_refusal_at_the_door_carries_all_that_is_known(either: Any) -> None:
    talk = either.consumer("ana").open()

    reply = either.send(text(talk.id), headers={"X-LP-ON-BEHALF": None})
    error = reply.error

    assert isinstance(error, errors.AuthenticationError)
    assert (error.status_code, error.code, error.error_code) == (401, 401, 40104)
    assert (error.title, error.details) == ("ConsumerJWS is missing", "X_ON_BEHALF_HEADER is not present")
    assert error.advice == "Send the ConsumerJWS in the X-LP-ON-BEHALF header."
    assert error.exchange == either.log.last()
    assert str(error) == (
        "SEND was refused: X_ON_BEHALF_HEADER is not present (401, error 40104). "
        "Send the ConsumerJWS in the X-LP-ON-BEHALF header."
    )


def test_writing_into_a_closed_conversation_is_an_error_of_its_own(either: Any) -> None:
    talk = either.consumer("ana").open()
    talk.close()

    with pytest.raises(errors.ConversationClosedError, match="Open a new conversation") as raised:
        talk.send("Hello?")

    error = raised.value
    assert (error.status_code, error.code, error.error_code) == (400, "BAD_REQUEST", None)
    assert error.details == "Bad Request, Conversation is close"
    assert error.request_id == error.exchange.request_json()["id"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(401), errors.AuthenticationError),
        (httpx.Response(404), errors.NotFoundError),
        (httpx.Response(413), errors.InvalidRequestError),
        (httpx.Response(429, headers={"Retry-After": "2.5"}), errors.RateLimitedError),
        (httpx.Response(429, headers={"Retry-After": "soon"}), errors.RateLimitedError),
        (httpx.Response(503, html="<h1>Down</h1>"), errors.ServerError),
        (httpx.Response(200, json={"code": "BAD_REQUEST", "body": {}}), errors.UnexpectedAnswerError),
        (httpx.Response(302, headers={"Location": "http://evil.example"}), errors.UnexpectedAnswerError),
    ],
    ids=["401", "404", "413", "429", "429 soon", "503", "200 refused", "302"],
)
def test_each_refusal_has_its_error(faked: Any, service: Any, answer: httpx.Response, kind: type) -> None:
    talk = faked.consumer("ana").open()
    service.answers["send"] = [answer] * 2

    with pytest.raises(kind) as raised:
        talk.send("Hi")

    assert type(raised.value) is kind
    assert raised.value.status_code == answer.status_code
    assert raised.value.retry_after == (2.5 if answer.headers.get("Retry-After") == "2.5" else None)
    assert raised.value.advice
    assert raised.value.exchange.status_code == answer.status_code


@pytest.mark.parametrize("json_answer", [[], {}, [{"code": "OK", "body": {}}], "x", None])
def test_an_opening_without_an_id_is_unexpected(faked: Any, service: Any, json_answer: Any) -> None:
    service.answers["conversation"] = [httpx.Response(200, json=json_answer)]

    with pytest.raises(errors.UnexpectedAnswerError, match=r"Expected .* from CONVERSATION, got "):
        faked.consumer("ana").open()


# --- Many at once, and displays ----------------------------------------------------------------------

NAMES = [f"consumer-{number}" for number in range(20)]


def test_twenty_consumers_in_threads(client: Client) -> None:
    def talk(name: str) -> list[int | None]:
        conversation = client.consumer(name).open()
        numbers = [conversation.send("Hi").sequence for _ in range(3)]
        conversation.close()
        return numbers

    with ThreadPoolExecutor(20) as threads:
        assert list(threads.map(talk, NAMES)) == [[0, 2, 4]] * 20

    asked = [(e.operation, e.consumer) for e in client.log]
    assert [asked.count(("send", name)) for name in NAMES] == [4] * 20
    assert [asked.count(("consumer_jws", name)) for name in NAMES] == [1] * 20


def test_twenty_consumers_in_tasks(settings: Settings) -> None:
    async def talk(client: AsyncClient, name: str) -> list[int | None]:
        conversation = await client.consumer(name).open()
        return [(await conversation.send("Hi")).sequence for _ in range(3)]

    async def talk_all() -> list[list[int | None]]:
        async with AsyncClient(settings) as client:
            return await asyncio.gather(*(talk(client, name) for name in NAMES))

    assert asyncio.run(talk_all()) == [[0, 2, 4]] * 20


def test_displays_are_short_and_escaped(either: Any) -> None:
    name = "<script>alert(1)</script>"
    talk = either.consumer(name).open()
    reply = either.send(json.dumps({"id": "<b>"}), consumer=name)

    for shown in (either, either.consumer(name), talk, reply, either.app_jwt(), either.settings):
        html = shown._repr_html_()
        assert "<script" not in html
        assert "<b>" not in html
        assert len(repr(shown)) < 500
        assert "\n" not in repr(shown)


def test_a_closed_client_can_still_be_looked_at(either: Any) -> None:
    either.app_jwt()
    either.close()

    assert "12345678" in repr(either)
    assert "12345678" in either._repr_html_()


def test_secrets_are_neither_printed_nor_pickled(settings: Settings) -> None:
    secret = settings.client_secret

    assert secret.reveal() not in f"{secret} {secret!r} {settings!r} {settings._repr_html_()}"
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(settings)
