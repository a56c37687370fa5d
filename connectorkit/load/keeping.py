"""Writes the exchanges of a run into the log, in a thread of its own, redacted like all others."""

from __future__ import annotations

import queue
import threading
import time
from typing import Any, NamedTuple

import httpx

from connectorkit.bodies import Received
from connectorkit.calls import EXTENSION, Call
from connectorkit.client import Client
from connectorkit.load.connection import Connection
from connectorkit.load.figures import ENDINGS
from connectorkit.load.planning import OPEN
from connectorkit.recording import Recorder

# The engine waits when so many are not written yet: a log that cannot keep up slows a run down.
_MOST_UNWRITTEN = 10_000


class _Written(NamedTuple):
    """Times of one exchange, in the place of a stopwatch."""

    started_at: int
    times: dict[str, Any]

    def phases(self) -> dict[str, Any]:
        """See ``recording.Stopwatch``."""
        return dict(self.times)


class Keeper:
    """Takes what has ended, as an engine's ``kept``; ``label`` marks it in the log."""

    def __init__(self, client: Client, label: str) -> None:
        self._recorder = Recorder(client.log, client.redactor)
        self._client, self._label = client, label
        self.failure: Exception | None = None  # the first one; the exchange it struck is not in the log
        self._ended: queue.Queue[tuple[Any, ...] | None] = queue.Queue(_MOST_UNWRITTEN)
        self._thread = threading.Thread(target=self._write, name="connectorkit load log", daemon=True)
        self._thread.start()

    def __call__(self, one: Connection, ending: int, at: float) -> None:
        """Remember one exchange."""
        began = time.time_ns() - round((time.perf_counter() - one.started) * 1e9)
        times = (one.started, one.sent, one.first, at)
        call = "conversation" if one.operation == OPEN else "send"
        self._ended.put((call, one.place.consumer, one.request, one.head, one.body, ending, began, times))

    def close(self) -> None:
        """Returns when all is written."""
        self._ended.put(None)
        self._thread.join()

    def _write(self) -> None:
        while (one := self._ended.get()) is not None:
            try:
                self._record(*one)
            except Exception as error:  # whatever it is, the engine must not wait for a thread that has gone
                self.failure = self.failure or error

    def _record(
        self,
        call: str,
        consumer: str,
        request: bytes,
        answer: bytes,
        body: bytes,
        ending: int,
        began: int,
        times: tuple[float, ...],
    ) -> None:
        started, sent, first, at = times
        head, _, content = request.partition(b"\r\n\r\n")
        line, *headers = head.split(b"\r\n")
        pairs = [(name, value.strip()) for name, _, value in (h.partition(b":") for h in headers)]
        url = f"{self._client.settings.scheme}://{dict(pairs)[b'Host'].decode()}{line.split()[1].decode()}"
        told = Call(call, self._client.settings.account_id, consumer, label=self._label)
        asked = httpx.Request(
            "POST", url, headers=pairs, stream=httpx.ByteStream(content), extensions={EXTENSION: told}
        )
        phases = {"send_ms": (sent - started) * 1000, "total_ms": (at - started) * 1000}
        phases["wait_ms"] = ((first or at) - sent) * 1000  # the phase it failed in lasts until then
        if first:
            phases["receive_ms"] = (at - first) * 1000
        failure = None if ending > 0 else httpx.TransportError(ENDINGS[ending])
        response = _response(answer, ending) if failure is None else None
        received = Received(body) if response is not None else None
        watch: Any = _Written(began, phases)
        self._recorder.record(asked, watch, response=response, received=received, error=failure)


def _response(answer: bytes, status: int) -> httpx.Response:
    line, *headers = answer.partition(b"\r\n\r\n")[0].split(b"\r\n")
    pairs = [(name, value.strip()) for name, _, value in (h.partition(b":") for h in headers)]
    version, _, rest = line.partition(b" ")
    about = {"http_version": version, "reason_phrase": rest.partition(b" ")[2]}
    return httpx.Response(status, headers=pairs, extensions=about)
