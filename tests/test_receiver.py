"""The receiver as a sender meets it, and as the one who uses it does."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectorkit import receiver as receiver_module
from connectorkit import webhook
from connectorkit.errors import ConnectorError, LogError, SettingsError
from connectorkit.log import Notification
from connectorkit.receiver import Receiver
from connectorkit.redact import Secret
from connectorkit.signature import CAUSES

SECRET = "sandbox-secret-0001"
HELLO = (
    b'{"kind":"notification","body":{"changes":[{"sequence":2,"event":{"type":"ContentEvent",'
    b'"message":"Hello","contentType":"text/plain"},"conversationId":"c-1","dialogId":"c-1"}]},'
    b'"type":"ms.MessagingEventNotification"}'
)
HELLO_SIGNATURE = "sha1=Uf6rGcwn62FBGNwDyyVXCl1AaUw="
GREETING = (
    '{"kind":"notification","body":{"changes":[{"event":{"type":"ContentEvent","message":"Grüße 🚀",'
    '"contentType":"text/plain"},"dialogId":"c-1"}]},"type":"ms.MessagingEventNotification"}'
).encode()
CONTEXT = ssl.create_default_context()  # made once: it takes as long as several requests


def make(**options: Any) -> Receiver:
    return Receiver(
        **{"client_secret": Secret(SECRET), "account_id": "12345678", "client_id": "app-1"} | options
    )


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with make() as receiver:
        yield receiver


@pytest.fixture
def recorded(receiver: Receiver) -> list[Notification]:
    """What the receiver had recorded, in order."""
    seen: list[Notification] = []
    receiver.subscribe(seen.append)
    return seen


def signed(body: bytes, secret: str = SECRET) -> str:
    return "sha1=" + base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha1).digest()).decode()


def post(receiver: Receiver, body: bytes = HELLO, below: str = "", **headers: str | None) -> httpx.Response:
    """A notification as the service sends it; a header given as ``None`` is left out."""
    given = {
        "x_liveperson_account_id": "12345678",
        "x_liveperson_client_id": "app-1",
        "x_liveperson_signature": signed(body),
        "content_type": "application/json; charset=utf-8",
    } | headers
    named = {name.replace("_", "-"): value for name, value in given.items() if value is not None}
    with httpx.Client(verify=CONTEXT, trust_env=False, timeout=60) as http:
        return http.post(receiver.url + below, content=body, headers=named)


# --- What a sender meets -----------------------------------------------------------------------------


def test_a_good_notification_is_recorded_and_answered_with_ok(
    receiver: Receiver, recorded: list[Notification]
) -> None:
    before = time.time_ns()

    answer = post(receiver, x_liveperson_signature=HELLO_SIGNATURE)

    (notification,) = recorded
    assert (answer.status_code, answer.text) == (200, "OK")
    assert before <= notification.received_at <= time.time_ns()
    headers = dict(notification.headers)
    assert headers["x-liveperson-signature"].startswith("[secret:")
    assert headers["x-liveperson-account-id"] == "12345678"
    assert notification == Notification(
        body=HELLO.decode(),
        received_at=notification.received_at,
        account_id="12345678",
        client_id="app-1",
        headers=notification.headers,
        body_bytes=215,
        signature="valid",
        status_code=200,
        conversation_id="c-1",
    )


def test_a_notification_is_recorded_before_it_is_answered(receiver: Receiver) -> None:
    order = []

    def slow_sink(notification: Notification) -> None:
        time.sleep(0.2)
        order.append("recorded")

    receiver.subscribe(slow_sink)

    post(receiver)
    order.append("answered")

    assert order == ["recorded", "answered"]


def test_raw_utf_8_is_verified_as_it_came(receiver: Receiver, recorded: list[Notification]) -> None:
    post(receiver, GREETING, x_liveperson_signature="sha1=LdStGH8lun5xChQna3kSw0o4meM=")

    assert [(n.signature, n.body) for n in recorded] == [("valid", GREETING.decode())]


def test_the_account_may_be_configured_for_sha256_in_hexadecimal() -> None:
    header = "sha256=4eb79475a7bf627b9f5d8f6018deecac3c86989ef313436db03b1620a542eec1"
    with make(algorithm="sha256", encoding="hex") as receiver:
        assert post(receiver, x_liveperson_signature=header).status_code == 200
        assert post(receiver).json()["cause"] == "other-algorithm"


WRONG: list[tuple[str, dict[str, str | None]]] = [
    ("header-missing", {"x_liveperson_signature": None}),
    ("prefix-missing", {"x_liveperson_signature": HELLO_SIGNATURE.removeprefix("sha1=")}),
    ("wrong-secret", {"x_liveperson_signature": signed(HELLO, "other")}),
    ("wrong-account", {"x_liveperson_account_id": "999"}),
    ("wrong-account", {"x_liveperson_account_id": None}),
    ("wrong-client", {"x_liveperson_client_id": "app-2"}),
    ("wrong-client", {"x_liveperson_client_id": None}),
    ("wrong-client", {"x_liveperson_client_id": "app-2", "x_liveperson_signature": signed(HELLO, "other")}),
    ("wrong-secret", {"x_liveperson_client_id": None, "x_liveperson_signature": signed(HELLO, "other")}),
]


@pytest.mark.parametrize(("cause", "headers"), WRONG)
def test_an_untrusted_notification_is_refused_with_its_cause_and_recorded(
    receiver: Receiver, recorded: list[Notification], cause: str, headers: dict[str, str | None]
) -> None:
    answer = post(receiver, **headers)

    assert answer.status_code == 401
    assert answer.json() == {"error": {**CAUSES, **webhook.ADDRESS_CAUSES}[cause], "cause": cause}
    assert [(n.signature, n.status_code, n.body) for n in recorded] == [(cause, 401, HELLO.decode())]


@pytest.mark.parametrize("body", [b"", b"no JSON", b"\xff\xfe", b"[" * 100_000, b"[]", b'{"body":7}'])
def test_a_body_that_cannot_be_read_is_recorded_all_the_same(
    receiver: Receiver, recorded: list[Notification], body: bytes
) -> None:
    assert post(receiver, body).status_code == 200

    assert [(n.body_bytes, n.conversation_id) for n in recorded] == [(len(body), None)]


@pytest.mark.parametrize(
    ("change", "conversation_id"),
    [
        ({"conversationId": "c-1"}, "c-1"),
        ({"result": {"convId": "c-2"}}, "c-2"),
        ({"dialogId": "c-3"}, "c-3"),
        ({"conversationId": 7}, None),
        ("conversationId", None),
        (None, None),
    ],
)
def test_the_conversation_is_found_in_either_form(
    receiver: Receiver, recorded: list[Notification], change: Any, conversation_id: str | None
) -> None:
    post(receiver, json.dumps({"body": {"changes": [change]}}).encode())

    assert recorded[0].conversation_id == conversation_id


def test_secrets_in_a_body_are_replaced(receiver: Receiver, recorded: list[Notification]) -> None:
    body = json.dumps({"said": SECRET, "password": "hunter22"}).encode()

    post(receiver, body, x_custom=SECRET, authorization="Bearer abcdef")

    assert SECRET not in repr(recorded)
    assert "hunter22" not in repr(recorded)
    assert "abcdef" not in repr(recorded)
    assert recorded[0].body_bytes == len(body)


def test_one_endpoint_for_each_event_type_may_lie_below_the_path(
    receiver: Receiver, recorded: list[Notification]
) -> None:
    assert post(receiver, below="/content?type=1").status_code == 200

    assert len(recorded) == 1


def test_any_path_will_do_unless_one_is_chosen(receiver: Receiver, recorded: list[Notification]) -> None:
    assert post(receiver, below="whatever/the/install/says").status_code == 200
    assert len(recorded) == 1


def test_another_path_than_the_chosen_one_is_unknown() -> None:
    with make(path="/notifications") as receiver:
        answer = post(receiver, below="s")

    assert (answer.status_code, receiver.received) == (404, 0)
    assert answer.json()["error"] == "Unknown path. Notifications are received at /notifications"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PROPFIND"])
def test_other_methods_than_post_are_not_allowed(
    receiver: Receiver, recorded: list[Notification], method: str
) -> None:
    answer = httpx.request(method, receiver.url, trust_env=False)

    assert (answer.status_code, answer.headers["allow"], recorded) == (405, "POST", [])


@pytest.mark.parametrize(("over", "status"), [(0, 200), (1, 413), (200_000, 413)])
def test_a_body_may_have_one_mebibyte(
    receiver: Receiver, recorded: list[Notification], over: int, status: int
) -> None:
    answer = post(receiver, b"x" * (1024 * 1024 + over))

    assert answer.status_code == status
    assert len(recorded) == (status == 200)


def test_a_large_untrusted_body_is_judged_too(receiver: Receiver, recorded: list[Notification]) -> None:
    body = json.dumps({"text": "x" * 200_000}).encode()

    answer = post(receiver, body, x_liveperson_signature=signed(body + b"\n"))

    assert (answer.status_code, answer.json()["cause"]) == (401, "body-altered")
    assert [n.body_bytes for n in recorded] == [len(body)]


def exchange(receiver: Receiver, sent: bytes) -> bytes:
    """The answer to bytes that no HTTP client would send."""
    address = httpx.URL(receiver.url)
    received = b""
    with socket.create_connection((address.host, address.port or 0), timeout=10) as connection:
        connection.sendall(sent)
        try:
            while chunk := connection.recv(65536):
                received += chunk
        except ConnectionResetError:
            pass
    return received


HEAD = b"POST /notifications HTTP/1.1\r\nHost: x\r\n"


def test_a_body_that_does_not_come_gets_408(
    receiver: Receiver, recorded: list[Notification], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "BODY_SECONDS", 0.1)

    assert exchange(receiver, HEAD + b"Content-Length: 9\r\n\r\n{").startswith(b"HTTP/1.1 408 ")
    assert recorded == []


@pytest.mark.parametrize(
    "sent",
    [
        b"NONSENSE\r\n\r\n",
        b"NONSENSE / HTTP/1.1\r\nHost: x\r\n\r\n",
        HEAD + b"X: " + b"x" * 100_000,
        HEAD + b"Content-Length: x\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nno chunk\r\n",
    ],
    ids=["no request", "no method", "endless header", "bad length", "bad chunk"],
)
def test_what_is_no_http_gets_400_and_is_not_recorded(
    receiver: Receiver, recorded: list[Notification], sent: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    assert exchange(receiver, sent).startswith(b"HTTP/1.1 400 ")
    assert post(receiver).status_code == 200

    assert len(recorded) == 1
    assert capfd.readouterr().err == ""


def test_a_sender_that_hangs_up_in_the_middle_leaves_no_record(
    receiver: Receiver, recorded: list[Notification]
) -> None:
    address = httpx.URL(receiver.url)
    with socket.create_connection((address.host, address.port or 0)) as connection:
        connection.sendall(HEAD + b"Content-Length: 9\r\n\r\n{")

    assert post(receiver).status_code == 200
    assert len(recorded) == 1


# --- Sinks -------------------------------------------------------------------------------------------


def test_what_cannot_be_recorded_is_asked_for_again(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    def full(notification: Notification) -> Notification:
        raise LogError(f"The log is full of {SECRET}.")

    receiver.subscribe(full)

    answers = [post(receiver).status_code, post(receiver, x_liveperson_signature=None).status_code]
    receiver.unsubscribe(full)

    assert (answers, receiver.lost, receiver.received) == ([500, 500], 2, 0)
    assert post(receiver).status_code == 200
    (warning,) = caplog.messages
    assert warning.startswith("A notification could not be recorded (The log is full of [secret:")


def test_the_first_sinks_record_is_handed_on(receiver: Receiver) -> None:
    seen: list[int] = []
    receiver.subscribe(lambda n: Notification(n.body, notification_id=7))
    receiver.subscribe(lambda n: seen.append(n.notification_id))

    post(receiver)

    assert receiver.wait_for(lambda n: True, after=0).notification_id == 7
    assert seen == [0]


# --- Handlers ----------------------------------------------------------------------------------------


def test_handlers_work_after_the_answer(receiver: Receiver) -> None:
    may_end, threads = threading.Event(), []

    @receiver.on
    def handler(notification: Notification) -> None:
        may_end.wait(10)
        threads.append(threading.current_thread().name)

    assert post(receiver).status_code == 200
    assert threads == []
    may_end.set()
    receiver.stop()
    assert threads == ["connectorkit handlers"]


def test_handlers_get_trusted_notifications_in_order(receiver: Receiver) -> None:
    bodies = [f'{{"number":{number}}}'.encode() for number in range(20)]
    seen: list[str] = []
    receiver.on(lambda n: seen.append(n.body))

    for body in bodies:
        post(receiver, body)
        post(receiver, body, x_liveperson_signature=None)
    receiver.stop()

    assert seen == [body.decode() for body in bodies]
    assert receiver.received == 40


def test_a_handler_that_fails_is_reported_once_and_stops_nothing(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    seen = []

    @receiver.on
    def broken(notification: Notification) -> None:
        seen.append("broken")
        raise ValueError(f"not with {SECRET}")

    @receiver.on
    def fine(notification: Notification) -> None:
        seen.append("fine")

    assert [post(receiver).status_code for _ in range(2)] == [200, 200]
    receiver.stop()

    assert seen == ["broken", "fine"] * 2
    (report,) = caplog.messages
    assert "ValueError: not with [secret:" in report
    assert SECRET not in report


def test_handlers_far_behind_miss_some_and_it_is_said_once(
    receiver: Receiver, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectorkit.handlers._QUEUED", 1)
    may_end, seen = threading.Event(), []
    receiver.on(lambda n: (may_end.wait(10), seen.append(n)))

    for _ in range(5):
        assert post(receiver).status_code == 200
    post(receiver, x_liveperson_signature=None)  # by its answer all others are with the handlers
    may_end.set()
    receiver.stop()

    assert 1 <= len(seen) <= 2
    assert [message.split(".")[0] for message in caplog.messages] == [
        "Handlers are 1 notifications behind and miss some"
    ]


def test_a_handler_can_be_taken_off(receiver: Receiver) -> None:
    seen: list[Notification] = []
    receiver.on(seen.append)
    receiver.off(seen.append)

    post(receiver)
    receiver.stop()

    assert seen == []


# --- Waiting -----------------------------------------------------------------------------------------


def test_waiting_begins_now(receiver: Receiver) -> None:
    post(receiver, b'"before"')
    later = threading.Timer(0.2, post, (receiver, b'"later"'))
    later.start()

    found = receiver.wait_for(lambda n: True)
    later.join()

    assert found.body == '"later"'


def test_waiting_can_begin_at_an_earlier_count(receiver: Receiver) -> None:
    post(receiver, b'"first"')
    before = receiver.received
    post(receiver, b'"second"')
    post(receiver, b'"third"')

    assert receiver.wait_for(lambda n: True, timeout=0, after=before).body == '"second"'
    assert receiver.wait_for(lambda n: "third" in n.body, timeout=0, after=before).body == '"third"'


def test_waiting_in_vain_says_what_came_instead(receiver: Receiver) -> None:
    post(receiver)
    post(receiver, x_liveperson_signature=None)

    with pytest.raises(
        TimeoutError,
        match=r"came within 0.1 s. 2 others did, of these untrusted: 1 header-missing.$",
    ):
        receiver.wait_for(lambda n: False, timeout=0.1, after=0)


def test_waiting_ends_when_the_receiver_stops(receiver: Receiver) -> None:
    threading.Timer(0.2, receiver.stop).start()
    started = time.monotonic()

    with pytest.raises(TimeoutError, match="the receiver is not listening"):
        receiver.wait_for(lambda n: True, timeout=60)

    assert time.monotonic() - started < 20


def test_only_so_much_can_be_looked_back_at(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiver_module, "_KEPT_BYTES", 10)
    for body in (b'"one"', b'"two"', b'"six"'):
        post(receiver, body)

    assert receiver.wait_for(lambda n: True, timeout=0, after=0).body == '"two"'
    assert receiver.received == 3


# --- Starting and stopping ---------------------------------------------------------------------------


def test_it_listens_on_loopback_only(receiver: Receiver) -> None:
    assert httpx.URL(receiver.url).host == "127.0.0.1"
    assert httpx.URL(receiver.url).path == "/"


def test_a_receiver_may_listen_everywhere_and_is_still_reached_from_here() -> None:
    with make(host="0.0.0.0") as receiver:
        assert receiver.url.startswith("http://127.0.0.1:")
        assert post(receiver).status_code == 200


def test_starting_twice_is_starting_once(receiver: Receiver) -> None:
    url = receiver.url

    assert receiver.start() is receiver
    assert receiver.url == url


def test_it_restarts_on_the_same_port(receiver: Receiver, recorded: list[Notification]) -> None:
    url = receiver.url
    post(receiver)

    receiver.stop()
    receiver.start()

    assert receiver.url == url
    assert post(receiver).status_code == 200
    assert len(recorded) == 2


def test_stopping_does_not_wait_for_senders_at_rest(receiver: Receiver) -> None:
    with httpx.Client(trust_env=False) as http:
        http.get(receiver.url)
        started = time.monotonic()
        receiver.stop()

    assert time.monotonic() - started < 2
    assert not receiver.listening


def test_stopping_twice_or_before_starting_does_nothing() -> None:
    receiver = make()

    receiver.stop()
    receiver.stop()

    assert not receiver.listening


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(SettingsError, match=rf"cannot listen on port {port} of 127.0.0.1 \(.*in use"):
            make(port=port).start()


def test_without_start_there_is_no_url() -> None:
    with pytest.raises(ConnectorError, match=r"Call start\(\) first"):
        _ = make().url


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"client_secret": Secret("")}, "Set CONNECTORKIT_CLIENT_SECRET"),
        ({"port": 65536}, "allowed are 0 to 65535"),
        ({"path": "notifications"}, "must begin with a slash"),
        ({"algorithm": "md5"}, "Algorithm is 'md5', allowed are sha1 and sha256"),
        ({"encoding": "base32"}, "Encoding is 'base32', allowed are base64 and hex"),
        ({"key": "key.pem"}, "without its certificate"),
        ({"certificate": "none.pem"}, "none.pem cannot be used for TLS"),
        ({"certificate": __file__, "key": __file__}, "Pass a certificate chain and its key as PEM files"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        make(**options)


def test_it_looks_short_and_safe(receiver: Receiver) -> None:
    post(receiver)

    assert repr(receiver) == f"<Receiver: {receiver.url}, 1 received>"
    assert repr(make()) == "<Receiver: not listening, 0 received>"
    shown = make(account_id="<script>")._repr_html_()
    assert "&lt;script&gt;" in shown
    assert SECRET not in receiver._repr_html_() + shown


def test_it_speaks_tls(tmp_path: Path) -> None:
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
    key.write_bytes(issued.private_key_pem.bytes())
    context = ssl.create_default_context()
    authority.configure_trust(context)

    with make(certificate=chain, key=key) as receiver, httpx.Client(verify=context, trust_env=False) as http:
        answer = http.post(receiver.url, content=HELLO)
        exchange(receiver, HEAD + b"\r\n")  # no TLS: must not disturb anybody
        again = http.post(receiver.url, content=HELLO)

    assert [answer.status_code, again.status_code] == [401, 401]


# --- Among threads and processes ---------------------------------------------------------------------

START = (
    "import os, sys\n"
    "from connectorkit.receiver import Receiver\n"
    "from connectorkit.redact import Secret\n"
    "r = Receiver(client_secret=Secret('s3cret'), account_id='1', client_id='a')\n"
)


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", START + code], capture_output=True, text=True, timeout=30, check=False
    )


def test_importing_it_does_not_load_the_server() -> None:
    done = run("print('uvicorn' in sys.modules, 'h11' in sys.modules)")

    assert (done.stdout, done.stderr) == ("False False\n", "")


def test_a_receiver_that_still_listens_does_not_keep_the_interpreter_up() -> None:
    done = run("r.on(print)\nr.start()\nprint(r.listening)")

    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_knows_that_it_does_not_listen_and_ends() -> None:
    done = run(
        "r.start()\n"
        "if not os.fork():\n    print(r.listening, flush=True); r.stop(); sys.exit()\n"
        "os.wait()\nprint(r.listening)\nr.stop()"
    )

    assert (done.returncode, done.stdout) == (0, "False\nTrue\n")


def test_many_senders_at_once_lose_nothing(receiver: Receiver, recorded: list[Notification]) -> None:
    def send(number: int) -> None:
        for round_number in range(10):
            post(receiver, f'"{number}-{round_number}"'.encode())

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(n.body for n in recorded) == sorted(f'"{a}-{b}"' for a in range(8) for b in range(10))
    assert receiver.received == 80


def test_a_flood_of_large_bad_bodies_does_not_hold_up_a_good_one(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their diagnosis is made to last until the good one is answered."""
    answered, judged = threading.Event(), []
    original = webhook.verify

    def slow(body: bytes, *given: Any) -> Any:
        if len(body) > 100_000:
            judged.append(answered.wait(10))
        return original(body, *given)

    monkeypatch.setattr(webhook, "verify", slow)
    flood = [threading.Thread(target=post, args=(receiver, b"x" * 200_000)) for _ in range(3)]
    for thread in flood:
        thread.start()

    status = post(receiver).status_code
    answered.set()
    for thread in flood:
        thread.join()

    assert (status, judged) == (200, [True] * 3)


def test_any_number_of_threads_may_wait(receiver: Receiver, eventually: Callable[..., Any]) -> None:
    found: list[Notification] = []
    threads = [
        threading.Thread(target=lambda: found.append(receiver.wait_for(lambda n: True, after=0)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()

    post(receiver)

    eventually(lambda: len(found) == 3)
