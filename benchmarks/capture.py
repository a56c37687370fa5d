"""What capturing costs: a send through the kit, logged on disk, beside the same POST by bare httpx.

Both in turn, in one run, over kept-alive connections to the same server, with the same bytes and the same
headers, tokens included. Two servers: the sandbox, and a bare one that answers each request with fixed bytes,
both in processes of their own. The bare one is the harder test and the one that counts: whatever the sandbox
takes makes the ratio look better. ``python benchmarks/run.py`` runs this part among others.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import socket
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
from measured import Measured, per, seconds, show, show_versions

import connectorkit as ck
from connectorkit import auth, operations
from connectorkit.redact import Secret
from connectorkit.settings import Settings

BATCH = 50
ROUNDS = 60
TEXT = "Where is my parcel? " * 5


def token(kind: str) -> str:
    """Of the length of a real one, and of its shape."""
    import jwt

    claims = {"kind": kind, "aud": "12345678", "iss": "Sentinel", "lp_consumer_id": "0f" * 32, "exp": 2**33}
    return jwt.encode(claims, "k" * 64, "HS512") + "A" * 256


def serve(ready: Connection) -> None:
    """Answers every request with fixed bytes, as fast as Python can; one connection per thread."""
    import threading

    listener = socket.create_server(("127.0.0.1", 0))
    address = f"127.0.0.1:{listener.getsockname()[1]}"
    services = ["sentinel", "idp", "asyncMessagingEnt", "swift"]
    hosts = {"baseURIs": [{"service": name, "account": "12345678", "baseURI": address} for name in services]}
    answers = {
        b"baseURI.json": hosts,
        b"/app/token": {"access_token": token("app"), "token_type": "Bearer"},
        b"/consumer?": {"token": token("consumer")},
        b"/send?": {"code": "OK", "body": {"sequence": 0}, "reqId": "1"},
    }
    raw = {part: http(json.dumps(body, separators=(",", ":")).encode()) for part, body in answers.items()}

    def talk(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        held = b""
        while True:
            while b"\r\n\r\n" not in held:
                more = connection.recv(65536)
                if not more:
                    return
                held += more
            head, _, held = held.partition(b"\r\n\r\n")
            _, found, length = head.lower().partition(b"content-length: ")
            wanted = int(length.split(b"\r\n", 1)[0]) if found else 0
            while len(held) < wanted:
                held += connection.recv(65536)
            held = held[wanted:]
            line = head.partition(b"\r\n")[0]
            connection.sendall(next(answer for part, answer in raw.items() if part in line))

    ready.send(address)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=talk, args=(connection,), daemon=True).start()


def http(body: bytes) -> bytes:
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=utf-8\r\n"
    return f"{head}Content-Length: {len(body)}\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n\r\n".encode() + body


@contextlib.contextmanager
def bare_server() -> Iterator[str]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    yield ours.recv()
    process.terminate()


def envelope(dialog_id: str) -> bytes:
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": TEXT}
    request = {"kind": "req", "id": "1", "type": "ms.PublishEvent"}
    return operations.encode({**request, "body": {"dialogId": dialog_id, "event": event}})


def seconds_a_call(call: Callable[[], object], times: int = BATCH) -> float:
    return seconds(lambda: [call() for _ in range(times)]) / times


def measure(name: str, kit: ck.Client, body: bytes, rounds: int) -> Measured:
    kit.send(body, consumer="ana")
    sent = last_sent(kit, body)
    with httpx.Client(trust_env=False) as bare:
        for header in list(bare.headers):  # four that httpx adds, and that the kit does not send
            del bare.headers[header]

        def by_httpx() -> None:
            bare.post(sent.url, content=body, headers=sent.headers).raise_for_status()

        def by_kit() -> None:
            assert kit.send(body, consumer="ana").status_code == 200

        times: dict[str, list[float]] = {"httpx": [], "httpx again": [], "kit": []}
        for round_ in range(rounds + 2):
            for column, call in (("httpx", by_httpx), ("kit", by_kit), ("httpx again", by_httpx)):
                took = seconds_a_call(call)
                if round_ > 1:  # the first ones warm up
                    times[column].append(took)
    base = [(a + b) / 2 for a, b in zip(times["httpx"], times["httpx again"], strict=True)]
    ratios = [kit / bare for kit, bare in zip(times["kit"], base, strict=True)]
    return Measured(
        f"a send, captured and logged, {name}",
        per(statistics.median(times["kit"]), 1e-6, "µs"),
        f"bare httpx {per(statistics.median(base), 1e-6, 'µs')}",
        ratios,
        "≤ 1.15",
        statistics.median(ratios) <= 1.15,
    )


def last_sent(kit: ck.Client, body: bytes) -> httpx.Request:
    """The request as the kit makes it, headers and tokens included, for bare httpx to send."""
    operation = operations.send(kit.settings.account_id, body)
    request = auth.new_request(kit.settings, operation, kit.credentials.url(operation), consumer="ana")
    auth.ConnectorAuth(kit.credentials, operation, consumer="ana").opening(request)
    return request


def measured(rounds: int = ROUNDS) -> Iterator[Measured]:
    """Each line as it is ready."""
    with tempfile.TemporaryDirectory() as folder:
        with bare_server() as address:
            settings = Settings(
                account_id="12345678",
                client_id="app-1",
                client_secret=Secret("a-secret-of-26-characters!"),
                domain_lookup=f"http://{address}",
                scheme="http",
                log=str(Path(folder) / "bare.sqlite3"),
            )
            with ck.Client(settings) as kit:
                yield measure("bare server", kit, envelope("c-1"), rounds)
        with ck.connect(log=Path(folder) / "sandbox.sqlite3", sandbox=True, agent=False) as kit:
            kit.sandbox.webhook(None)
            talk = kit.consumer("ana").open()
            yield measure("sandbox", kit, envelope(talk.id), max(5, rounds // 4))


if __name__ == "__main__":
    for line in measured(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS):
        show(line)
    show_versions()
