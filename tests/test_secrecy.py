"""Secrets are planted and then looked for in everything the kit writes, shows, raises or logs."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import re
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
import nbformat
import pytest

import connectorkit as ck
from connectorkit import course, operations
from connectorkit.control import SandboxControl
from connectorkit.receiver import Receiver
from connectorkit.redact import Secret
from connectorkit.signature import sign

ANY_TOKEN = re.compile(r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}")
CELLS = [
    "import connectorkit as ck\nkit = ck.connect()\ntalk = kit.consumer('ana').open()\nkit",
    "kit.settings",
    "kit.app_jwt()",
    "kit.consumer('ana').jws()",
    "kit.send({'id': '1'}, consumer='ana')",
    "print([vars(exchange) for exchange in kit.log])",
    "from IPython.display import display\ndisplay(kit.log.exchanges(), kit.log.messages(), kit.log)",
    "print({**vars(kit), **vars(kit.settings), **vars(kit.credentials)})",
]
RAISING = "talk.send(kit.settings.client_secret.reveal())\ntalk.close()\ntalk.close()"


class Harvest:
    """Everything that came out, by where; and what must not be in it."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self.secrets: set[str] = set()

    def plant(self, text: str) -> None:
        forms = {text, quote(text), quote(text, safe=""), quote_plus(text), json.dumps(text)[1:-1]}
        self.secrets |= forms | {part for part in text.split(".") if len(part) > 100}

    def leaks(self, place: str) -> list[str]:
        text = self.found[place]
        return [secret[:12] for secret in self.secrets if secret in text] + ANY_TOKEN.findall(text)


@contextlib.contextmanager
def running_sandbox() -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "connectorkit", "sandbox"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()  # or leaving would wait for ever


@contextlib.contextmanager
def debug_logging(harvest: Harvest) -> Iterator[None]:
    """Collects what is logged at DEBUG, by the name of the logging package."""
    streams = {name: io.StringIO() for name in ("httpx", "httpcore", "connectorkit")}
    handlers = {name: logging.StreamHandler(stream) for name, stream in streams.items()}
    for name, handler in handlers.items():
        logging.getLogger(name).addHandler(handler)
        logging.getLogger(name).setLevel(logging.DEBUG)
    try:
        yield
    finally:
        for name, handler in handlers.items():
            logging.getLogger(name).removeHandler(handler)
            logging.getLogger(name).setLevel(logging.NOTSET)
            harvest.found[f"logging of {name}"] = streams[name].getvalue()


def provoked(kit: ck.Kit, harvest: Harvest) -> Iterator[BaseException]:
    """Errors of every kind, each with a secret somewhere near."""
    token, secret = kit.app_jwt().secret.reveal(), kit.settings.client_secret.reveal()
    talk = kit.consumer("ana").open()
    attempts = [
        lambda: kit.send(
            text(talk.id, token), headers={"Authorization": f"Bearer x{token}"}
        ).raise_for_error(),
        lambda: kit.send(f"{{ {secret} {token}", headers={"X-Other": secret}).raise_for_error(),
        lambda: kit.send({"id": "1", "type": f"{token}"}, consumer="ana").raise_for_error(),
        lambda: kit.conversation([{"client_secret": secret}, {"token": token}]).raise_for_error(),
        lambda: kit.send(quote(token, safe="") + quote_plus(secret)).raise_for_error(),
        lambda: ck.connect(account_id="1", client_id="", client_secret=secret),
        lambda: ck.connect(account_id="1", client_id="c", client_secret=secret, timeout="long"),
        lambda: kit.call(operations.get_app_jwt("12345678", "wrong", Secret(secret))).raise_for_error(),
        lambda: kit.call(operations.get_consumer_jws("12345678", "")).raise_for_error(),
    ]
    for attempt in attempts:
        try:
            attempt()
        except Exception as error:
            yield error
        else:
            raise AssertionError("no error")


def text(dialog_id: str, message: str) -> dict[str, Any]:
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": message}
    return {
        "kind": "req",
        "id": "1",
        "type": "ms.PublishEvent",
        "body": {"dialogId": dialog_id, "event": event},
    }


def shown(*things: Any) -> str:
    plain = [f"{thing!r} {thing}" for thing in things]
    rich = [thing._repr_html_() for thing in things if hasattr(thing, "_repr_html_")]
    return "\n".join(plain + rich)


def talk_through(kit: ck.Kit, harvest: Harvest) -> None:
    for _ in range(3):
        harvest.plant(kit.app_jwt(renew=True).secret.reveal())
    talk = kit.consumer("ana").open(first_name="Ana", text=f"My token is {kit.app_jwt().secret.reveal()}")
    replies = [talk.send(kit.settings.client_secret.reveal()), talk.typing(), talk.rate(5), talk.close()]
    outcomes = kit.scenarios.play_all()
    raised = list(provoked(kit, harvest))
    harvest.plant(kit.app_jwt().secret.reveal())
    for token in kit.credentials.consumer_jws.values():
        harvest.plant(token.secret.reveal())
    tokens = [kit.app_jwt(), *kit.credentials.consumer_jws.values()]
    harvest.found["displays"] = shown(
        *(kit, kit.settings, kit.log, kit.log.last(), talk, talk.consumer, *replies, *tokens, *outcomes),
        *([m for reply in replies for m in reply.messages], kit.scenarios),
        *[vars(exchange) for exchange in kit.log],
    )
    kit_frames = [kit.log.exchanges(), kit.log.messages(), kit.log.timings()]
    harvest.found["frames"] = "".join(frame.to_csv() + frame.to_html() for frame in kit_frames)
    harvest.found["errors"] = shown(*raised, *(getattr(error, "exchange", None) for error in raised))
    harvest.found["tracebacks"] = "".join("".join(traceback.format_exception(error)) for error in raised)
    harvest.found["error attributes"] = shown(*map(vars, raised))
    harvest.found["operation"] = repr(operations.get_app_jwt("1", "c", kit.settings.client_secret))


def share_files(kit: ck.Kit, harvest: Harvest) -> None:
    """Temp URLs: their signatures are permissions, and stand in URLs and answers."""
    talk = kit.consumer("files").open()
    talk.send_file(Path(__file__).parents[1] / "docs" / "lab.png")
    asked = ck.envelopes.request_upload_url(100, "PNG")
    url = kit.file_url(asked, consumer="files")
    harvest.plant(url.signature.reveal())
    reply = kit.upload(url, b"\x89PNG\r\n\x1a\n", "PNG", consumer="files")
    by_hand = kit.send(asked, consumer="files")
    harvest.found["file sharing"] = shown(url, vars(url), reply, vars(reply), by_hand, by_hand.json)
    talk.close()


def hear(kit: ck.Kit, receiver: Receiver, harvest: Harvest) -> None:
    """Signatures of notifications, and what a notification quotes."""
    receiver.wait_for(lambda n: "CLOSE" in n.body, after=receiver.received - 1)
    heard = list(kit.log.read_notifications())
    secret = kit.settings.client_secret.reveal()
    for notification in heard:  # the body is as it came, unless something in it was secret
        harvest.plant(sign(notification.body.encode(), secret).partition("=")[2])
    frames = [kit.log.notifications(), kit.log.timeline()]
    harvest.found["notifications"] = shown(receiver, *heard, *map(vars, heard)) + "".join(
        frame.to_csv() + frame.to_html() for frame in frames
    )


def run_notebook(folder: Path, environment: dict[str, str], harvest: Harvest) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    notebook.cells.append(nbformat.v4.new_code_cell(RAISING, metadata={"tags": ["raises-exception"]}))
    nbformat.write(notebook, folder / "secrets.ipynb")
    (result,) = course.run([folder / "secrets.ipynb"], folder / "pages", environment)
    assert result.problem == ""
    page = result.page.read_text("utf-8")
    assert "ConversationClosedError" in page
    harvest.found["page"] = page
    harvest.found["notebook"] = (folder / "secrets.ipynb").read_text("utf-8")


def run_doctor(environment: dict[str, str], harvest: Harvest) -> None:
    for place, options, changes in (
        ("doctor", [], {}),
        ("doctor as JSON", ["--json"], {}),
        ("doctor refused", [], {"CONNECTORKIT_CLIENT_ID": "wrong"}),
    ):
        command = [sys.executable, "-X", "dev", "-m", "connectorkit", "doctor", *options]
        done = subprocess.run(command, env=environment | changes, capture_output=True, text=True, check=False)
        harvest.found[place] = done.stdout + done.stderr


FAILING_TEST = """
import connectorkit as ck

def test_that_fails_with_everything_in_sight():
    kit = ck.connect()
    ana = kit.consumer("ana")
    tokens = kit.app_jwt(), ana.jws()
    settings, credentials, log = kit.settings, kit.credentials, list(kit.log)
    reply = kit.send({"id": "1"}, consumer="ana")
    assert reply.ok, (kit, vars(kit), vars(settings), vars(credentials), tokens, log)
"""


def run_failing_test(folder: Path, environment: dict[str, str], harvest: Harvest) -> None:
    """What pytest prints of a failure, with the values of all local variables."""
    (folder / "test_failing.py").write_text(FAILING_TEST, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--showlocals", "--full-trace", "-vv", "-n", "0", "-p"]
    command += ["no:cacheprovider", "--rootdir", str(folder), str(folder / "test_failing.py")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=folder)
    assert "1 failed" in done.stdout, done.stdout + done.stderr
    harvest.found["test output"] = done.stdout + done.stderr


@pytest.fixture(scope="module")
def harvest(tmp_path_factory: pytest.TempPathFactory) -> Harvest:
    folder = tmp_path_factory.mktemp("secrecy")
    harvest = Harvest()
    with pytest.MonkeyPatch.context() as patch, running_sandbox() as ready:
        harvest.plant(ready["client_secret"])
        for name in ("account_id", "client_id", "client_secret"):
            patch.setenv(f"CONNECTORKIT_{name.upper()}", ready[name])
        patch.setenv("CONNECTORKIT_DOMAIN_LOOKUP", ready["base_url"])
        patch.setenv("CONNECTORKIT_LOG", str(folder / "log.sqlite3"))
        with debug_logging(harvest), ck.connect() as kit:
            receiver = kit.listen()
            control = SandboxControl(ready["base_url"], Secret(ready["control_token"]))
            control.webhook(receiver.url)
            talk_through(kit, harvest)
            share_files(kit, harvest)
            hear(kit, receiver, harvest)
            control.webhook(None)
            control.close()
        run_doctor(dict(os.environ), harvest)
        run_notebook(folder, dict(os.environ), harvest)
        run_failing_test(folder, dict(os.environ), harvest)
        files = sorted(folder.glob("log.sqlite3*"))
        harvest.found["log files"] = "".join(file.read_bytes().decode("latin-1") for file in files)
    assert "log.sqlite3-wal" in [file.name for file in files]
    return harvest


PLACES = ["log files", "displays", "frames", "page", "notebook"]
PLACES += ["file sharing", "notifications", "errors", "error attributes", "tracebacks", "operation"]
COMMANDS = ["test output", "doctor", "doctor as JSON", "doctor refused"]
LOGGING = ["logging of httpx", "logging of httpcore", "logging of connectorkit"]


@pytest.mark.parametrize("place", [*PLACES, *COMMANDS, *LOGGING])
def test_no_secret_is_in(harvest: Harvest, place: str) -> None:
    assert harvest.leaks(place) == []


def test_the_search_would_find_what_is_there(harvest: Harvest) -> None:
    secret = next(iter(harvest.secrets))
    harvest.found["planted"] = f"so {secret} it is"

    assert harvest.leaks("planted")
    assert len(harvest.secrets) > 20
    assert "sequence" in harvest.found["log files"]
    assert "AcceptStatusEvent" in harvest.found["notifications"]
    assert "temp_url_expires" in harvest.found["file sharing"]
    assert "HTTP Request: POST" in harvest.found["logging of httpx"]
    assert "send_request_headers" in harvest.found["logging of httpcore"]
    assert all(len(harvest.found[place]) > 200 for place in [*PLACES, *COMMANDS])


ODD_SECRET = "s3cret/with+odd&signs%0001"
WRITTEN = [ODD_SECRET, quote(ODD_SECRET), quote(ODD_SECRET, safe=""), quote_plus(ODD_SECRET)]


def echo(request: httpx.Request) -> httpx.Response:
    """Everything the service got, and the secret as forms, URLs and JSON write it, in an error's words."""
    got = {"body": request.content.decode(), "headers": dict(request.headers), "secret": WRITTEN}
    refusal = {"error_description": json.dumps(got)}
    return httpx.Response(400, json=refusal, headers={"X-Seen": quote_plus(ODD_SECRET)})


@pytest.mark.parametrize("kind", ["domains", "app_jwt", "consumer_jws", "send"])
@pytest.mark.parametrize(
    "look",
    [
        lambda error, log: [vars(exchange) for exchange in log],
        lambda error, log: str(error),
        lambda error, log: vars(error),
    ],
    ids=["log", "message", "attributes"],
)
def test_a_service_that_echoes_what_it_got_leaks_nothing(
    faked: Any, service: Any, kind: str, look: Callable[..., Any]
) -> None:
    service.answers[kind] = [echo]

    with pytest.raises(ck.ApiError) as raised:
        faked.send(text("d-1", "Hi"), consumer="ana").raise_for_error()

    exposed = str(look(raised.value, faked.log))
    assert [secret for secret in (*WRITTEN, *service.tokens) if secret in exposed] == []
