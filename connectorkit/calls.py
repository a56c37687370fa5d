"""What the log should know about a request beyond HTTP, and what of it the network alone gets to see."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field

import httpx

from connectorkit.records import Exchange
from connectorkit.redact import Secret

EXTENSION = "connectorkit"
# The label that exchanges carry in the log; a context variable, so that threads and tasks keep apart.
scenario_label: ContextVar[str | None] = ContextVar("scenario_label", default=None)
# What the person at the keyboard calls what they are doing: ``with kit.label("checkout bug"): ...``
label: ContextVar[str | None] = ContextVar("label", default=None)


@dataclass
class Call:
    """What the log should know about a request beyond HTTP; travels in ``request.extensions``.

    ``secret_query`` is added to the URL below everything that shows or logs URLs.
    """

    operation: str = "http"
    account_id: str | None = None
    consumer: str | None = None
    scenario: str | None = field(default_factory=scenario_label.get)
    label: str | None = field(default_factory=label.get)
    attempt: int = 1
    server_errors: int = 0  # answers of 5xx and of 429 that this call was repeated after
    rate_limits: int = 0
    secret_query: Secret | None = None
    exchange: Exchange | None = field(default=None, repr=False)

    @classmethod
    def of(cls, request: httpx.Request) -> Call:
        """The call a request belongs to; made on the spot for requests from outside the kit."""
        call: Call | None = request.extensions.get(EXTENSION)
        if call is None:
            call = request.extensions[EXTENSION] = cls()
        return call


def full_url(request: httpx.Request) -> httpx.URL:
    """The URL as it goes out."""
    query = Call.of(request).secret_query
    return request.url if query is None else request.url.copy_with(query=query.reveal().encode("ascii"))


class _Complete(httpx.Request):
    """A request whose URL is a permission; it is handed to the network only, and hidden in tracebacks."""

    def __repr__(self) -> str:
        return f"<Request({self.method!r}, '{self.url.copy_with(query=None)}')>"


def complete(request: httpx.Request) -> httpx.Request:
    """The request as it goes out. httpx logs the URL of the one it was given, so that lacks the secret."""
    if Call.of(request).secret_query is None:
        return request
    return _Complete(
        request.method,
        full_url(request),
        headers=request.headers,
        stream=request.stream,
        extensions=request.extensions,
    )
