"""Builder calls for envelopes, and Python cells for exchanges: they make what was logged, exactly."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hostile import JWT_LABEL, SECRET_LABEL, TEXTS, exchange, text_request, with_text

import connectorkit as ck
from connectorkit import envelopes, operations, rich, sdes, wire
from connectorkit.log import Exchange
from connectorkit.sharing import python_cell
from connectorkit.sharing.builder_calls import written
from connectorkit.sharing.source import Call, quoted, source

CARD = rich.vertical(rich.text("Which?"), rich.button("Red", rich.publish_text("Red")))
UUID = "0f0e0d0c-0b0a-4908-8706-050403020100"
BUILT: dict[str, ck.envelopes.Envelope] = {
    "profile": envelopes.set_profile(),
    "full profile": envelopes.set_profile(
        first_name="Ana",
        last_name="Berg",
        avatar_url="https://a.example/a.png",
        description="x",
        role="consumer",
        email="ana@example",
        mobile="+1",
        sdes=[sdes.customer_info(customer_id="C-1"), sdes.personal_info(first_name="Ana")],
        metadata=[{"type": "ExternalId", "id": "card-1"}],
    ),
    "conversation": envelopes.request_conversation("12345678"),
    "full conversation": envelopes.request_conversation(
        "12345678",
        skill_id=-1,
        ttr_name="URGENT",
        campaign_info=envelopes.campaign("1", 2),
        conversation_context=envelopes.context(visitor_id="v", language="en-US", features=["RICH_CONTENT"]),
    ),
    "text": envelopes.publish_text("d-1", "Hello", request_id=7),
    "survey text": envelopes.publish_text(
        "d-1",
        "5",
        conversation_id="c-1",
        quick_replies=rich.quick_replies(rich.button("A", rich.publish_text("A"))),
    ),
    "file": envelopes.publish_file(
        "d-1", "/v1/a.png", "PNG", caption="Look", preview=f"{wire.PREVIEW_PREFIX}AA=="
    ),
    "card": envelopes.publish_rich("d-1", CARD),
    "receipt": envelopes.publish_receipt("d-1", "READ", [1, 2]),
    "click": envelopes.publish_receipt("d-1", "ACTION", [1], metadata=[{"type": "ExternalId", "id": "red"}]),
    "typing": envelopes.publish_chat_state("d-1", "COMPOSING"),
    "close": envelopes.close_conversation("c-1"),
    "close all": envelopes.close_conversation("c-1", skip_survey=True),
    "close dialog": envelopes.close_dialog("c-1", "d-1"),
    "close dialog because": envelopes.close_dialog("c-1", "d-1", closed_cause="Tired"),
    "rate": envelopes.rate_conversation("c-1", 5, resolved=True),
    "rate skipped": envelopes.rate_conversation("c-1", status="SKIPPED"),
    "urgency": envelopes.set_ttr("c-1", "CUSTOM", 60),
    "fields": envelopes.update_fields("c-1", [{"field": "TTRField", "ttrType": "URGENT", "value": 1}]),
    "upload url": envelopes.request_upload_url(20480, "PNG"),
    "download url": envelopes.request_download_url("/v1/a.png"),
}


def evaluated(text: str) -> Any:
    return eval(text, {"ck": ck})


@pytest.mark.parametrize("envelope", BUILT.values(), ids=BUILT)
def test_what_a_builder_makes_becomes_its_call(envelope: dict[str, Any]) -> None:
    found = written(envelope)

    assert found.reason == ""
    assert found.source.startswith("ck.envelopes.")
    assert operations.encode(evaluated(found.source)) == operations.encode(envelope)


def test_every_builder_is_found_again() -> None:
    used = {
        written(envelope).source.partition("(")[0].removeprefix("ck.envelopes.")
        for envelope in BUILT.values()
    }

    helpers = {"Envelope", "campaign", "client_properties", "context", "new_request_id", "request"}
    assert used == set(envelopes.__all__) - helpers


def test_a_batch_is_a_list_of_calls() -> None:
    batch = [envelopes.set_profile(request_id="1"), envelopes.request_conversation("1", request_id="2")]

    assert evaluated(written(batch).source) == batch


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": "request"}, "The builder would make another kind."),
        ({"extra": 1}, "The builder would leave out extra."),
        ({"body": {"dialogId": ""}}, "No builder makes such a body."),
        ({"type": 7}, "There is no builder for the type 7."),
        ({"type": "ms.Unknown"}, "There is no builder for the type 'ms.Unknown'."),
        ({"body": None}, "dialogId is missing, which its builder needs."),
        ({"id": ""}, "The builder refuses it: request_id is empty."),
        ({"metadata": []}, "The builder would leave out metadata."),
    ],
)
def test_a_broken_body_stays_as_it_is_and_says_why(changes: dict[str, Any], reason: str) -> None:
    envelope = text_request("Hello") | changes

    found = written(envelope)

    assert found.reason.startswith(reason)
    assert evaluated(found.source) == envelope


def test_true_is_not_one() -> None:
    envelope = json.loads(json.dumps(BUILT["receipt"]))
    envelope["body"]["event"]["sequenceList"] = [True, 2]

    assert written(envelope).reason != ""


def test_ids_that_are_uuids_may_be_left_to_the_builder() -> None:
    assert "request_id" not in written(text_request("x", id=UUID), keep_ids=False).source
    assert "request_id" in written(text_request("x", id=UUID)).source
    assert "request_id" in written(text_request("x"), keep_ids=False).source


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_source_holds_any_text(text: str) -> None:
    value = {"a": [text, None, True, 1.5, {}, [], {text[:50]: -1}]}

    assert evaluated(source(value)) == value
    assert quoted(text).isprintable()
    compile(quoted(text).encode("utf-8"), "cell", "eval")


def test_numbers_that_json_does_not_know_are_written_as_python_reads_them() -> None:
    assert source([float("inf"), float("-inf")]) == '[float("inf"), float("-inf")]'


def test_long_calls_are_broken_into_lines() -> None:
    found = source(Call("f", ("x" * 90,), {"a": 1, "b": None, "c": [2]}))

    assert found == f'f(\n    "{"x" * 90}",\n    a=1,\n    c=[2],\n)'


# --- Cells -------------------------------------------------------------------------------------------

Sent = tuple[str, Any, dict[str, Any]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exchange], list[Sent]]:
    """Runs the cell of an exchange with a kit that only remembers what it was asked for."""
    asked: list[Sent] = []

    def method(name: str) -> Callable[..., Any]:
        return lambda *a, **k: asked.append((name, a[0] if a else None, k))

    names = ("send", "conversation", "domains", "app_jwt", "consumer_jws", "call")
    kit = SimpleNamespace(**{name: method(name) for name in names})
    monkeypatch.setattr(ck, "connect", lambda: kit)

    def run(one: Exchange) -> list[Sent]:
        exec(compile(python_cell.cell(one).encode("utf-8"), "cell", "exec"), {})
        return asked

    return run


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_cell_sends_the_very_body(text: str, run: Callable[[Exchange], list[Sent]]) -> None:
    one = with_text(text)

    ((name, payload, options),) = run(one)

    assert (name, options["consumer"]) == ("send", one.consumer)
    assert operations.encode(payload) == one.request_body.encode("utf-8", "surrogatepass")
    assert options["headers"] == dict(one.request_headers[-1:])


@pytest.mark.parametrize(
    "body", ['{"a"', "", "7", '"x"', '{"a":1,"a":2}', "NaN", '{"a":NaN}', "[" * 5000, "null", "\0\ud800"]
)
def test_a_body_that_is_no_plain_json_is_sent_as_it_was(
    body: str, run: Callable[[Exchange], list[Sent]]
) -> None:
    ((_, payload, _),) = run(exchange(body))

    sent = payload if isinstance(payload, str) else json.dumps(payload, separators=(",", ":"))
    assert sent == body


@pytest.mark.parametrize("place", ["scenario", "label", "consumer", "error", "operation", "method", "url"])
def test_no_field_can_end_a_comment(place: str) -> None:
    evil = "x\nraise SystemExit('''\"\"\"\u2028\r"

    source = python_cell.cell(exchange(status_code=None, **{place: evil}))

    compile(source, "cell", "exec")
    assert not any(line.startswith("raise") for line in source.splitlines())


def test_ids_are_parameters_at_the_top() -> None:
    talk = "c" * 12
    body = envelopes.publish_text(UUID, "Hello", conversation_id=talk, request_id=UUID.replace("0f", "1f"))

    lines = python_cell.cell(exchange(json.dumps(body))).splitlines()

    assert lines[4:7] == [
        f'conversation_id = "{talk}"',
        f'dialog_id = "{UUID}"',
        f'request_id = "{body["id"]}"',
    ]
    assert "publish_text(" in "\n".join(lines)
    assert "conversation_id=conversation_id" in "\n".join(lines)


HEADERS = exchange().request_headers


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (HEADERS, None),
        (HEADERS[:-1], {"Authorization": None}),
        (HEADERS[:3] + HEADERS[4:], {"X-LP-ON-BEHALF": None}),
        (HEADERS[:2] + HEADERS[3:], {"Content-Type": None}),
        ([*HEADERS[:-1], ("authorization", "x")], {"authorization": "x"}),
        ([*HEADERS, ("client-properties", "{}")], {"client-properties": "{}"}),
    ],
)
def test_headers_that_differ_are_passed_on(
    headers: list[tuple[str, str]], expected: Any, run: Callable[[Exchange], list[Sent]]
) -> None:
    ((_, _, options),) = run(exchange(request_headers=headers))

    assert options.get("headers") == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"operation": "domains", "request_body": ""}, ("domains", None, {})),
        ({"operation": "app_jwt", "request_body": "client_id=a"}, ("app_jwt", None, {"renew": True})),
        (
            {"operation": "consumer_jws", "request_body": '{"ext_consumer_id":"ana@example"}'},
            ("consumer_jws", "ana@example", {"renew": True}),
        ),
    ],
)
def test_tokens_are_asked_for_by_name(
    changes: dict[str, Any], expected: Sent, run: Callable[[Exchange], list[Sent]]
) -> None:
    assert run(exchange(**changes)) == [expected]


def test_a_client_secret_that_was_refused_is_refused_again(run: Callable[[Exchange], list[Sent]]) -> None:
    form = f"client_id=app&client_secret={SECRET_LABEL}"

    ((name, operation, _),) = run(exchange(form, operation="app_jwt", status_code=401))

    assert (name, operation.name) == ("call", "app_jwt")
    assert b"client_id=app&client_secret=%5Bsecret" in operation.content


def test_other_requests_go_out_by_httpx(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr("httpx.request", lambda *a, **k: asked.append((a, k)))
    monkeypatch.setenv("CONNECTORKIT_APP_JWT", "token")
    one = exchange(
        "x", operation="http", url="https://a.example/", request_headers=[("Authorization", JWT_LABEL)]
    )

    exec(python_cell.cell(one), {})

    assert asked == [
        (("POST", "https://a.example/"), {"headers": [("Authorization", "token")], "content": "x"})
    ]


def test_a_script_has_a_cell_for_each() -> None:
    script = "".join(python_cell.lines([exchange(), exchange()]))

    compile(script, "script", "exec")
    assert script.count("\n# %%\n") == 2
