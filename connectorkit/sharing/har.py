"""Exchanges as an HTTP Archive (HAR 1.2), which the developer tools of every browser open."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import metadata
from typing import IO, Any, cast
from urllib.parse import parse_qsl, urlsplit

import harfile

from connectorkit.log import Exchange
from connectorkit.sharing.resend import is_kept
from connectorkit.summary import PHASES

# What HAR has no member for stands in the request, under names of our own, as the format asks for.
OWN_FIELDS = (
    *("operation", "scenario", "label", "attempt", "consumer", "account_id", "session_id", "exchange_id"),
    *("reused_connection", "tokens"),
)
STORED = (*PHASES, "total_ms")


class _Request(harfile.Request):
    """A request that says what the kit knows of it beyond HTTP; empty members are left out."""

    own: dict[str, Any]

    def asdict(self) -> dict[str, Any]:
        return super().asdict() | self.own


class _Response(harfile.Response):
    """A response, or what came instead of one, as ``_error``."""

    error: str | None

    def asdict(self) -> dict[str, Any]:
        return super().asdict() | ({} if self.error is None else {"_error": self.error})


class _Fetches:
    """The file below the archive: says of each entry that it was fetched, or Chromium takes JSON for scripts.

    harfile knows no members of our own for an entry itself, but writes each in one go, this name first.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        return self._file.write(
            text.replace('"startedDateTime"', '"_resourceType": "fetch", "startedDateTime"', 1)
        )


def write(exchanges: Iterable[Exchange], file: IO[str]) -> int:
    """Write an archive, entry by entry, so that memory does not grow; returns how many there were."""
    count = 0
    creator = harfile.Creator("connectorkit", metadata.version("connectorkit"))
    with harfile.HarFile(cast(IO[str], _Fetches(file)), creator=creator) as archive:
        for count, exchange in enumerate(exchanges, 1):  # noqa: B007 - counted
            timings, milliseconds = _timings(exchange)
            archive.add_entry(
                startedDateTime=_started(exchange.started_at),
                time=milliseconds,
                request=_request(exchange),
                response=_response(exchange),
                timings=timings,
            )
    return count


def _started(nanoseconds: int) -> str:
    moment = datetime.fromtimestamp(nanoseconds // 1_000_000 / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _request(exchange: Exchange) -> harfile.Request:
    request = _Request(
        exchange.method,
        exchange.url,
        exchange.http_version or "",
        headers=_records(exchange.request_headers),
        queryString=[harfile.Record(name, value) for name, value in _query(exchange.url)],
        postData=_post_data(exchange),
        bodySize=exchange.request_bytes,
    )
    own = {f"_{name}": getattr(exchange, name) for name in OWN_FIELDS}
    own |= {f"_{name}": getattr(exchange, name) for name in STORED}
    own["_started_at"] = str(exchange.started_at)  # more digits than JavaScript has in a number
    request.own = {name: value for name, value in own.items() if value not in (None, "", {})}
    return request


def _query(url: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(url).query, keep_blank_values=True)
    except ValueError:  # a host in broken brackets, or more parameters than anybody means
        return []


def _post_data(exchange: Exchange) -> harfile.PostData | None:
    if not exchange.request_body:
        return None
    media_type = _header(exchange.request_headers, "content-type")
    if is_kept(exchange.request_body):
        return harfile.PostData(media_type, text=exchange.request_body)
    return harfile.PostData(media_type, text="", comment=exchange.request_body)


def _response(exchange: Exchange) -> harfile.Response:
    media_type = _header(exchange.response_headers, "content-type") or "x-unknown"
    body = exchange.response_body
    content = harfile.Content(exchange.response_bytes, mimeType=media_type)
    if not is_kept(body):
        content.comment = body
    elif body:
        content.text = body
        # Without compression the size received, else that of the text.
        if _header(exchange.response_headers, "content-encoding"):
            content.size = len(body.encode("utf-8", "surrogatepass"))
    response = _Response(
        exchange.status_code or 0,
        exchange.reason or "",
        exchange.http_version or "",
        headers=_records(exchange.response_headers),
        content=content,
        redirectURL=_header(exchange.response_headers, "location"),
        bodySize=-1 if exchange.status_code is None else exchange.response_bytes,
    )
    response.error = exchange.error
    return response


def _records(headers: list[tuple[str, str]]) -> list[harfile.Record]:
    return [harfile.Record(name, value) for name, value in headers]


def _header(headers: list[tuple[str, str]], wanted: str) -> str:
    return next((value for name, value in headers if name.lower() == wanted), "")


def _timings(exchange: Exchange) -> tuple[harfile.Timings, float]:
    """The phases and their sum. HAR knows no missing send, wait or receive: these are 0 then.

    Its ``connect`` has the TLS handshake in it; what no phase accounts for is ``blocked``, as in the frames.
    """
    tls, send, wait, receive = (
        _number(getattr(exchange, name)) for name in ("tls_ms", "send_ms", "wait_ms", "receive_ms")
    )
    connect = _number(exchange.connect_ms)
    if connect is not None:
        connect = round(connect + (tls or 0), 3)
    known = sum(phase or 0 for phase in (connect, send, wait, receive))
    total = _number(exchange.total_ms)
    blocked = -1 if total is None or total < known else round(total - known, 3)
    timings = harfile.Timings(
        send=send or 0,
        wait=wait or 0,
        receive=receive or 0,
        blocked=blocked,
        connect=-1 if connect is None else connect,
        ssl=-1 if tls is None else tls,
    )
    return timings, round(known + max(blocked, 0), 3)


def _number(milliseconds: float | None) -> float | None:
    """JSON has no infinity, and an archive from elsewhere may bring anything."""
    if milliseconds is None or not math.isfinite(milliseconds) or milliseconds < 0:
        return None
    return round(milliseconds, 3)
