"""Whatever a service echoes, in whatever form: no sink of the kit shows it, and no traceback holds it.

A server on loopback echoes what it was told to; the search is that of ``planting``, and an outside scanner.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import logging
import re
import threading
import traceback
import weakref
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from detect_secrets.plugins.jwt import JwtTokenDetector
from planting import FORMS, leaked

import connectorkit as ck
from connectorkit import hiding
from connectorkit.control import SandboxControl
from connectorkit.errors import UnexpectedAnswerError
from connectorkit.redact import Redactor, Secret
from connectorkit.response_log import ResponseLog
from connectorkit.settings import Settings
from connectorkit.webhook import Judge

CLIENT_SECRET = "s3cret/with+odd&signs%0001"
TOKENS = {
    kind: jwt.encode({"account_id": "12345678", "kind": kind}, kind[:1] * 32)
    for kind in ("access_token", "token")
}
OPAQUE = "opaque-permission-0f0f0f0f0f"
PLANTED = [CLIENT_SECRET, *TOKENS.values(), OPAQUE]
PRINTABLE = re.compile(r"[ -~]+")


class Echo(BaseHTTPRequestHandler):
    """Issues tokens like the service, and answers SEND as the test wants it."""

    protocol_version = "HTTP/1.1"
    said: list[str] = []  # noqa: RUF012 - set by each test
    manner = "refuse"

    def do_GET(self) -> None:
        address = f"127.0.0.1:{self.server.server_address[1]}"
        services = ("sentinel", "idp", "asyncMessagingEnt")
        self.answer(200, {"baseURIs": [{"service": s, "account": "1", "baseURI": address} for s in services]})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if "/send" not in self.path:
            name = "access_token" if "/token" in self.path else "token"
            self.answer(200, {name: TOKENS[name]})
        elif self.manner == "refuse":
            refusal = {"code": "BAD_REQUEST", "body": {"msg": " ".join(self.said)}, "reqId": "1"}
            seen = [("X-Seen", text) for text in self.said if PRINTABLE.fullmatch(text)]
            self.answer(400, refusal, seen)
        else:
            said = " ".join(text for text in self.said if PRINTABLE.fullmatch(text))
            head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
            broken = {
                "break off": f"{head}X-Seen: {said}\r\nContent-Length: 99999\r\n\r\n{said}",
                "bad header": f"{head}{said} : no header\r\n\r\n",
                "no gzip": f"{head}Content-Encoding: gzip\r\nContent-Length: {len(said)}\r\n\r\n{said}",
            }
            self.wfile.write(broken[self.manner].encode())
            self.close_connection = True

    def answer(self, status: int, body: Any, headers: list[tuple[str, str]] | None = None) -> None:
        content = json.dumps(body).encode("utf-8", "surrogatepass")
        self.send_response(status)
        for name, value in [("Content-Type", "application/json"), *(headers or [])]:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *said: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[ResponseLog]:
    log = ResponseLog(tmp_path / "log.sqlite3")
    yield log
    log.close()


@pytest.fixture
def echoed(address: str, log: ResponseLog) -> Iterator[ck.Client]:
    secret = Secret(CLIENT_SECRET)
    settings = Settings("12345678", "app-1", secret, address, scheme="http", timeout=5)
    with ck.Client(settings, log=log) as client:
        client.redactor.learn(Secret(OPAQUE), passing=True)
        yield client


@contextlib.contextmanager
def overheard() -> Iterator[io.StringIO]:
    """What the handlers of the user get to see, at DEBUG."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    families = [logging.getLogger(name) for name in ("httpx", "httpcore", "connectorkit")]
    root.addHandler(handler)
    for family in families:
        family.setLevel(logging.DEBUG)
    try:
        yield stream
    finally:
        root.removeHandler(handler)
        for family in families:
            family.setLevel(logging.NOTSET)


def variables(error: BaseException | None) -> str:
    """The variables of every frame but the test's own, with those of every cause and context."""
    shown = ""
    while error is not None:
        frames = [f for f, _ in traceback.walk_tb(error.__traceback__) if f.f_code.co_filename != __file__]
        shown += "\n".join(f"{name} = {value!r}" for f in frames for name, value in f.f_locals.items())
        told = traceback.TracebackException.from_exception(error, capture_locals=True)
        kept = [frame for frame in told.stack if frame.filename != __file__]
        shown += "\n".join(
            f"{name} = {value}" for frame in kept for name, value in (frame.locals or {}).items()
        )
        shown += "".join(told.format_exception_only()) + repr(vars(error))
        error = error.__cause__ or error.__context__
    return shown


def everything(
    client: ck.Client, log: ResponseLog, reply: Any, error: BaseException | None
) -> dict[str, str]:
    """Every sink, by its name."""
    frames = [log.exchanges(), log.messages(), log.timings(), log.timeline("d-1")]
    objects = [client, log, log.last(), reply, *reply.messages] if reply else [client, log, log.last()]
    files = sorted(Path(log.path).parent.iterdir())
    return {
        "log files": "".join(file.read_bytes().decode("latin-1") for file in files),
        "frames": "".join(frame.to_csv() + frame.to_html() for frame in frames),
        "displays": "".join(map(repr, objects)),
        "variables of objects": "".join(repr(vars(thing)) for thing in objects if hasattr(thing, "__dict__")),
        "pages": "".join(thing._repr_html_() for thing in objects if hasattr(thing, "_repr_html_")),
        "error": f"{error} {error!r}",
        "traceback": variables(error),
    }


def found(sinks: dict[str, str], planted: list[tuple[Any, str]]) -> dict[str, list[str]]:
    scan = JwtTokenDetector()
    found = {}
    for place, text in sinks.items():
        seen = leaked(text, planted) + [
            one for line in text.splitlines() for one in scan.analyze_string(line)
        ]
        if seen:
            found[place] = seen[:3]
    return found


def attempt(client: ck.Client, **more: Any) -> tuple[Any, BaseException | None]:
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": " ".join(Echo.said)}
    envelope = {"id": "1", "type": "ms.PublishEvent", "body": {"dialogId": "d-1", "event": event}}
    reply = None
    try:
        reply = client.send(envelope, consumer="ana", **more)
        reply.raise_for_error()
    except ck.ConnectorError as error:
        return reply, error
    return reply, None


@pytest.mark.parametrize("name", FORMS)
def test_no_sink_shows_what_the_service_echoes(
    echoed: ck.Client, log: ResponseLog, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    form = FORMS[name]
    monkeypatch.setattr(Echo, "said", [form(secret) for secret in PLANTED])
    monkeypatch.setattr(Echo, "manner", "refuse")

    with overheard() as stream:
        reply, error = attempt(echoed)
    sinks = everything(echoed, log, reply, error) | {"logging": stream.getvalue()}

    assert isinstance(error, ck.ApiError)
    assert found(sinks, [(FORMS[shape], s) for s in PLANTED for shape in (name, "as it is")]) == {}
    assert "[secret:" in sinks["log files"]
    assert "X-Seen" in sinks["logging"] or not PRINTABLE.fullmatch(form(CLIENT_SECRET))


@pytest.mark.parametrize("manner", ["break off", "bad header", "no gzip"])
@pytest.mark.parametrize("name", ["as it is", "percent", "Base64, one on", "bytes as Python shows them"])
def test_no_failure_shows_what_was_sent_or_came(
    echoed: ck.Client, log: ResponseLog, monkeypatch: pytest.MonkeyPatch, name: str, manner: str
) -> None:
    monkeypatch.setattr(Echo, "said", [FORMS[name](secret) for secret in PLANTED])
    monkeypatch.setattr(Echo, "manner", manner)

    with overheard() as stream:
        reply, error = attempt(echoed, headers={"X-Own": FORMS[name](CLIENT_SECRET)})
    sinks = everything(echoed, log, reply, error) | {"logging": stream.getvalue()}

    assert isinstance(error, ck.OutcomeUnknown)
    assert error.exchange is not None
    assert error.exchange.url.endswith("/send?v=3")
    assert error.__cause__ is error.__context__ is None
    assert found(sinks, [(FORMS[shape], s) for s in PLANTED for shape in (name, "as it is")]) == {}


def test_the_search_finds_what_a_bare_client_leaves_in_its_tracebacks(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Echo, "said", PLANTED)
    monkeypatch.setattr(Echo, "manner", "bad header")

    with httpx.Client(trust_env=False) as bare, pytest.raises(httpx.RemoteProtocolError) as caught:
        bare.post(f"{address}/send", headers={"Authorization": TOKENS["access_token"]}, content=b"{}")

    assert set(found({"bare": variables(caught.value)}, [(str, s) for s in PLANTED])) == {"bare"}


@pytest.mark.parametrize("value", [f"Bearer {OPAQUE}\n", f"Bearer {OPAQUE}\ud800", f" {OPAQUE} "])
def test_a_header_that_cannot_be_sent_is_not_quoted(echoed: ck.Client, value: str) -> None:
    with pytest.raises(ck.NoAnswerError, match="A header cannot be sent") as caught:
        echoed.send({"id": "1"}, consumer="ana", headers={"Authorization": value})

    assert leaked(variables(caught.value), [(str, OPAQUE)]) == []


@pytest.mark.parametrize("token", [f"no token {OPAQUE}", "x\n" + OPAQUE])
def test_a_token_that_cannot_be_used_is_not_quoted(
    echoed: ck.Client, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setitem(TOKENS, "token", token)

    with pytest.raises(UnexpectedAnswerError) as caught:
        echoed.consumer_jws("ana")

    assert leaked(variables(caught.value), [(str, token)]) == []


def test_no_variable_of_the_kit_holds_a_secret_while_settings_are_refused() -> None:
    with pytest.raises(ck.SettingsError) as caught:
        ck.connect(account_id="1", client_id="c", client_secret=CLIENT_SECRET, timeout="long")  # type: ignore[arg-type]

    assert leaked(variables(caught.value), [(str, CLIENT_SECRET)]) == []


def test_a_control_call_that_fails_shows_no_token() -> None:
    control = SandboxControl("http://127.0.0.1:9", Secret(OPAQUE))

    with contextlib.closing(control), pytest.raises(ck.ConnectorError) as caught:
        control.now()

    assert leaked(variables(caught.value), [(str, OPAQUE)]) == []


def test_what_a_request_makes_httpcore_say_is_redacted_although_it_is_not_the_kits(
    echoed: ck.Client, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Echo, "said", [OPAQUE])
    monkeypatch.setattr(Echo, "manner", "refuse")

    with overheard() as stream, httpx.Client(trust_env=False) as bare:
        bare.post(f"{address}/send?k={OPAQUE}", content=b"{}")

    assert "X-Seen" in stream.getvalue()
    assert leaked(stream.getvalue(), [(str, OPAQUE)]) == []


def test_records_of_the_kits_loggers_are_redacted_whatever_they_are_made_of() -> None:
    redactor = Redactor(Secret(OPAQUE))
    logger = logging.getLogger("connectorkit.receiver")
    with overheard() as stream:
        logger.warning("%s and %r", OPAQUE, {"a": OPAQUE}, stack_info=True)
        try:
            raise ValueError(OPAQUE)
        except ValueError:
            logger.exception("failed")
        logger.warning("100 %% of %s", "it")
        logger.warning("no %s secret")

    assert redactor.text(OPAQUE) in stream.getvalue()
    assert leaked(stream.getvalue(), [(str, OPAQUE)]) == []
    assert "ValueError" in stream.getvalue()
    assert "100 % of it" in stream.getvalue()
    assert "no %s secret" in stream.getvalue()


def test_logging_does_not_keep_a_kit_alive() -> None:
    redactor = Redactor(Secret(OPAQUE))
    gone = weakref.ref(redactor)

    del redactor
    gc.collect()

    assert gone() is None
    assert hiding.redacted(OPAQUE) == OPAQUE


def test_handlers_and_levels_of_the_user_stay() -> None:
    logger = logging.getLogger("httpx")
    before = logger.level, list(logger.handlers), logger.propagate

    Redactor(Secret(OPAQUE))
    Redactor(Secret(OPAQUE))

    assert (logger.level, logger.handlers, logger.propagate) == before
    assert len([f for f in logger.filters if f is hiding._filter]) == 1


def test_a_notification_shows_no_secret_of_any_kit_and_no_signature() -> None:
    kit, own = Redactor(Secret(OPAQUE)), Redactor(Secret(CLIENT_SECRET))
    judge = Judge("1", "c", Secret(CLIENT_SECRET), redactor=own)
    signature = "Uf6rGcwn62FBGNwDyyVXCl1AaUw="
    headers = [("x-liveperson-signature", f"sha1={signature}"), ("X-Seen", f"sha1={signature}")]
    body = json.dumps({"a": FORMS["Base64"](OPAQUE), "b": CLIENT_SECRET})

    shown = repr(vars(judge(body.encode(), [*headers, ("X-Own", OPAQUE)], 0)))

    assert (
        leaked(shown, [(str, OPAQUE), (FORMS["Base64"], OPAQUE), (str, CLIENT_SECRET), (str, signature)])
        == []
    )
    assert kit.text(OPAQUE) in shown


def test_the_state_of_panels_holds_no_secret_that_was_typed_or_answered() -> None:
    from ipywidgets import Widget

    from connectorkit import widgets

    before = set(Widget.get_manager_state()["state"])  # of other tests, which are many
    with ck.connect(sandbox=True, log=":memory:", agent=False) as kit:
        talk = kit.consumer("ana").open()
        secrets = [
            kit.settings.client_secret.reveal(),
            kit.app_jwt().secret.reveal(),
            talk.consumer.jws().secret.reveal(),
        ]
        panel = widgets.conversation_panel(talk)
        for secret in secrets:
            panel.submit(f"It is {secret}")
        widgets.error_panel(kit.scenarios).submit("expired-app-jwt")

        state = json.dumps({k: v for k, v in Widget.get_manager_state()["state"].items() if k not in before})

    assert state.count("It is [") >= len(secrets)
    assert leaked(state, [(form, secret) for form in FORMS.values() for secret in secrets]) == []
