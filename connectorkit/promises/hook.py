"""A webhook of the bench's own: keeps what comes as it came, and answers as a promise needs it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from connectorkit.promises.heard import at

_MOST_BYTES = 4 * 1024 * 1024
HANG_UP = 0


@dataclass(frozen=True)
class Delivery:
    """One notification as it came; header names are in small letters."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The decoded body, ``None`` where it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def change(self) -> Any:
        """The first change, as most clients read it."""
        return at(self.json, "body", "changes", 0)

    @property
    def event(self) -> Any:
        """The event of a messaging notification."""
        return at(self.change, "event")

    @property
    def kind(self) -> str:
        """The key under which a manifest registers what came."""
        outer, inner = at(self.json, "type"), at(self.event, "type")
        return f"{outer}.{inner}" if isinstance(self.event, dict) else str(outer)


class Hook(ThreadingHTTPServer):
    """Listens on loopback; ``answer`` gives the status for each delivery, ``HANG_UP`` none at all."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[Delivery] = []
        self.answer: Callable[[Delivery], int] = always(200)
        self._arrived = threading.Condition()
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.02}, name="connectorkit hook", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}/hook"

    def waited_for(self, wanted: Callable[[Delivery], bool], seconds: float) -> bool:
        """Whether such a delivery has come, or does within so many seconds; may be asked by ``answer``."""
        with self._arrived:
            return self._arrived.wait_for(lambda: any(map(wanted, list(self.received))), seconds)

    def take(self, delivery: Delivery) -> None:
        """Keep what has come."""
        with self._arrived:
            self.received.append(delivery)
            self._arrived.notify_all()

    def clear(self) -> None:
        """Forget what came, and answer 200 from now on."""
        self.received = []
        self.answer = always(200)

    def stop(self) -> None:
        """Free the port."""
        self.shutdown()
        self._thread.join()
        self.server_close()


def always(status: int) -> Callable[[Delivery], int]:
    """The same answer to each delivery."""
    return lambda delivery: status


class _Handler(BaseHTTPRequestHandler):
    server: Hook
    timeout = 30

    def do_POST(self) -> None:
        """Keep it, then answer."""
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 <= length <= _MOST_BYTES:
            self.send_error(413)
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        delivery = Delivery(self.path, headers, self.rfile.read(length))
        self.server.take(delivery)
        if status := self.server.answer(delivery):
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
