"""Makes one redacted log record of each exchange, with the time each phase took."""

from __future__ import annotations

import warnings
from typing import Any

import httpx

from connectorkit.bodies import Received, as_text, items, sent_bytes, sent_content
from connectorkit.calls import Call, full_url
from connectorkit.errors import LogError
from connectorkit.log import Exchange, Log
from connectorkit.records import stamped
from connectorkit.redact import Redactor, token_claims
from connectorkit.stopwatch import Stopwatch

MAX_KEPT_CHARACTERS = 2_000_000  # of a body; what is longer is cut in the log, never on the wire


_BLANK = Exchange(operation="", method="", url="")


class Recorder:
    """Makes one redacted log record of each exchange."""

    def __init__(self, log: Log, redactor: Redactor) -> None:
        self.log = log
        self.redactor = redactor
        self.lost = 0

    def start(self, request: httpx.Request, *, asynchronous: bool) -> Stopwatch:
        """Begin timing; httpcore will call the stopwatch back."""
        watch = Stopwatch()
        trace = watch.trace if asynchronous else watch
        request.extensions = {**request.extensions, "trace": trace}  # not in the dict that others may hold
        Call.of(request)
        return watch

    def record(
        self,
        request: httpx.Request,
        watch: Stopwatch,
        *,
        response: httpx.Response | None = None,
        received: Received | None = None,
        error: BaseException | None = None,
    ) -> httpx.DecodingError | None:
        """Write the record, and leave it on the request's ``Call`` for whoever waits for the answer.

        Returns what is to be raised where the body cannot be decompressed.
        """
        phases = watch.phases()  # before anything that takes time
        received = received or Received()
        undecodable = received.decompress(response.headers) if response is not None else None
        phases["started_at"] = watch.started_at
        exchange = self._exchange(request, response, received, undecodable or error, phases)
        Call.of(request).exchange = self._append(exchange)
        return undecodable

    def _exchange(
        self,
        request: httpx.Request,
        response: httpx.Response | None,
        received: Received,
        failure: BaseException | None,
        phases: dict[str, Any],
    ) -> Exchange:
        call = Call.of(request)
        asked, answered = items(request.headers), items(response.headers) if response is not None else []
        answer = as_text(answered, received.content)
        (url, reason, said, sent, got), (asked, answered) = self.redactor.record(
            (
                str(full_url(request)),
                response.reason_phrase if response is not None else "",
                _described(failure) if failure is not None else "",
                as_text(asked, sent_content(request)),
                answer,
            ),
            asked,
            answered,
        )
        return stamped(
            _BLANK,
            operation=call.operation,
            account_id=call.account_id,
            consumer=call.consumer,
            scenario=call.scenario,
            label=call.label,
            attempt=call.attempt,
            method=request.method,
            url=url,
            status_code=response.status_code if response is not None else None,
            reason=reason if response is not None else None,
            error=said or None,
            request_headers=asked,
            request_body=sent[:MAX_KEPT_CHARACTERS],
            response_headers=answered,
            response_body=got[:MAX_KEPT_CHARACTERS],
            request_bytes=sent_bytes(request),
            response_bytes=len(received.body),
            http_version=_http_version(response),
            tokens=self.redactor.claims(token_claims(answer)) if got is not answer else {},
            **phases,
        )

    def _append(self, exchange: Exchange) -> Exchange:
        """A full disk must not swallow the service's answer: say so once, count, and go on."""
        try:
            return self.log.append(exchange)
        except LogError as error:
            self.lost += 1
            if self.lost == 1:
                warnings.warn(f"{error} Until then exchanges are not recorded.", RuntimeWarning, stacklevel=2)
            return exchange


def _described(error: BaseException) -> str:
    if isinstance(error, GeneratorExit):
        return "the response was not read to its end"
    name, said = type(error).__name__, str(error)
    return f"{name}: {said}" if said else name


def _http_version(response: httpx.Response | None) -> str | None:
    if response is None:
        return None
    version: bytes = response.extensions.get("http_version", b"")
    return version.decode("ascii", "replace") or None
