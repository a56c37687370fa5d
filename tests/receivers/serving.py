"""Two servers around an inbox: an ASGI app, and one of the standard library."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectorkit.serving import Listener
from receivers.broken import CrashesOnStates, DropsTheConnection, HangsUpAtTimes, OneSpelling
from receivers.correct import Inbox

PLAIN = (CrashesOnStates, DropsTheConnection, HangsUpAtTimes, OneSpelling)


def app(inbox: Inbox) -> Starlette:
    """POST / is a notification, GET /state the view."""
    seconds, at_once = getattr(inbox, "seconds", 0.0), getattr(inbox, "at_once", 0)
    under_way = 0

    async def notify(request: Request) -> Response:
        nonlocal under_way
        if request.method != "POST":
            return Response(status_code=getattr(inbox, "status_of_others", 405))
        body = await request.body()
        headers = [(name.decode(), value.decode()) for name, value in request.headers.raw]
        under_way += 1
        try:
            if at_once and under_way > at_once:
                return Response(status_code=503)
            try:
                status = inbox.receive(body, headers)
            except Exception:
                status = 500
            if status == 200:
                await asyncio.sleep(seconds)
            return Response("" if status == 204 else "OK", status)
        finally:
            under_way -= 1

    async def state(request: Request) -> Response:
        return JSONResponse(inbox.state())

    return Starlette(
        routes=[Route("/", notify, methods=["GET", "POST", "PUT"]), Route("/state", state, methods=["GET"])]
    )


class Handler(BaseHTTPRequestHandler):
    """The same for ``http.server``."""

    protocol_version = "HTTP/1.1"
    inbox: Inbox

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            status = self.inbox.receive(body, list(self.headers.items()))
        except Exception:
            if getattr(self.inbox, "hangs_up", False):
                self.close_connection = True
                return
            status = 500
        self._answer(status, b"OK")

    def do_GET(self) -> None:
        if self.path == "/state":
            self._answer(200, json.dumps(self.inbox.state()).encode())
        else:
            self._answer(405, b"")

    def do_HEAD(self) -> None:
        self._answer(405, b"", length=0)

    def _answer(self, status: int, body: bytes, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)
        if getattr(self.inbox, "drops", False):
            self.close_connection = True

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing on the screen."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who hangs up halfway is no error."""


@contextlib.contextmanager
def served(inbox: Inbox, context: Any = None) -> Iterator[str]:
    """The address of an inbox, in the server that its defect needs."""
    if isinstance(inbox, PLAIN):
        with plainly_served(inbox) as url:
            yield url
        return
    listener = Listener(app(inbox), "127.0.0.1", 0, context)
    host, port = listener.start()
    try:
        yield f"{'https' if context else 'http'}://{host}:{port}/"
    finally:
        listener.stop()


@contextlib.contextmanager
def plainly_served(inbox: Inbox) -> Iterator[str]:
    """The address of an inbox in a server of the standard library."""
    server = Server(("127.0.0.1", 0), type("OwnHandler", (Handler,), {"inbox": inbox}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
    return port
