"""A server and a proxy on raw sockets that delay each phase of an exchange, and tell what they were asked."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections import defaultdict
from contextlib import ExitStack, suppress
from typing import Any
from urllib.parse import urlsplit

from connectorkit.stopwatch import Stopwatch

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\n"


class Progress:
    """How far the client is, so that a delay begins when the phase has begun, however busy the machine."""

    def __init__(self) -> None:
        self._reached: defaultdict[str, threading.Event] = defaultdict(threading.Event)

    def watch(self) -> Stopwatch:
        """A stopwatch that also tells the other side of each event."""
        reached = self._reached

        class Telling(Stopwatch):
            def __call__(self, event: str, info: dict[str, Any]) -> None:
                super().__call__(event, info)
                if not self._tunnelling:  # what a proxy answers has the same names
                    reached[event.partition(".")[2]].set()

        return Telling()

    def delay(self, event: str, seconds: float) -> None:
        """Sleep so long from that event on."""
        assert self._reached[event].wait(20), f"the client never came to {event}"
        time.sleep(seconds)


class Listening:
    """Accepts on loopback and serves each connection on a thread."""

    def __init__(self) -> None:
        # Small, so that an upload soon waits for its reader.
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self.port = int(self._listener.getsockname()[1])
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._guarded, args=(connection,), daemon=True).start()

    def _guarded(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            self.serve(connection)

    def serve(self, connection: socket.socket) -> None:
        raise NotImplementedError

    def close(self) -> None:
        self._listener.close()


class SlowServer(Listening):
    """``delays`` has seconds for ``tls``, ``send``, ``wait`` and ``receive``; the answer has ten bytes."""

    def __init__(self, progress: Progress, context: ssl.SSLContext | None = None) -> None:
        self._progress = progress
        self._context = context
        self.delays: dict[str, float] = {}
        super().__init__()

    @property
    def url(self) -> str:
        return f"{'http' if self._context is None else 'https'}://localhost:{self.port}/"

    def serve(self, connection: socket.socket) -> None:
        progress, delays = self._progress, self.delays
        if self._context is not None:
            progress.delay("start_tls.started", delays.get("tls", 0))
            with connection:
                connection = self._context.wrap_socket(connection, server_side=True)
        with connection:
            while (head := read_head(connection)) is not None:
                if delays.get("send"):
                    progress.delay("send_request_headers.started", delays["send"])
                drain(connection, head)
                progress.delay("receive_response_headers.started", delays.get("wait", 0))
                connection.sendall(HEAD + b"01234")
                progress.delay("receive_response_headers.complete", delays.get("receive", 0))
                connection.sendall(b"56789")


class SlowProxy(Listening):
    """Builds tunnels ``seconds`` late, and forwards plain requests; ``refusal`` is answered instead."""

    def __init__(self, seconds: float = 0.0, refusal: bytes = b"") -> None:
        self.seconds = seconds
        self.refusal = refusal
        self.asked: list[bytes] = []
        super().__init__()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serve(self, connection: socket.socket) -> None:
        with ExitStack() as leaving:
            onward: socket.socket | None = None
            while (head := read_head(connection)) is not None:
                self.asked.append(head)
                time.sleep(self.seconds)
                if self.refusal:
                    connection.sendall(self.refusal)
                    return
                method, target, rest = head.split(b" ", 2)
                parts = urlsplit(target.decode() if b"/" in target else f"//{target.decode()}")
                if onward is None:
                    address = parts.hostname or "", parts.port or 80
                    onward = leaving.enter_context(socket.create_connection(address))
                    if method == b"CONNECT":
                        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    threading.Thread(target=pump, args=(onward, connection), daemon=True).start()
                if method == b"CONNECT":
                    pump(connection, onward)
                    return
                onward.sendall(b" ".join((method, target[target.index(b"/", 8) :], rest)))
                drain(connection, head, onward)


def pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)


def read_head(connection: socket.socket) -> bytes | None:
    """Up to the blank line and no further; ``None`` where the client has left."""
    head = bytearray()
    while not head.endswith(b"\r\n\r\n"):
        piece = connection.recv(1)
        if not piece:
            return None
        head += piece
    return bytes(head)


def drain(connection: socket.socket, head: bytes, onward: socket.socket | None = None) -> None:
    """Read a body to its end, and hand it on."""
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    left = int(lengths[0].split(b":")[1]) if lengths else 0
    while left:
        piece = connection.recv(min(left, 1 << 20))
        left -= len(piece)
        if onward is not None:
            onward.sendall(piece)
