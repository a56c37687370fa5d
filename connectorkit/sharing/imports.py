"""Requests from elsewhere in the kit's terms: pasted cURL commands and HTTP Archives.

>>> address = "https://va.msg.example/api/account/12345678/messaging/consumer/conversation/send?v=3"
>>> body = '{"kind": "req", "id": "1", "type": "ms.PublishEvent", "body": {"dialogId": "d-1", '
>>> body += '"event": {"type": "ContentEvent", "contentType": "text/plain", "message": "Hello"}}}'
>>> from_curl(f"curl '{address}' --json '{body}'").call
'ck.envelopes.publish_text("d-1", "Hello", request_id="1")'
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from connectorkit.log import Exchange
from connectorkit.markup import Shown
from connectorkit.sharing.builder_calls import Written, written
from connectorkit.sharing.curl_import import parse_curl
from connectorkit.sharing.har_import import read_har
from connectorkit.sharing.python_cell import cell

__all__ = ["Imported", "from_curl", "from_har", "read_har"]


@dataclass(frozen=True)
class Imported(Shown):
    """A request from elsewhere, as an exchange whose secrets are replaced, and how the kit sends it."""

    exchange: Exchange

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.exchange.method

    @property
    def url(self) -> str:
        """The address."""
        return self.exchange.url

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The headers that the command sets, in order."""
        return self.exchange.request_headers

    @property
    def body(self) -> str:
        """The body as text."""
        return self.exchange.request_body

    @property
    def payload(self) -> object:
        """The decoded body for ``kit.send`` or ``kit.conversation``; the text itself where it is not JSON."""
        decoded = self.exchange.request_json()
        return self.body if decoded is None else decoded

    @property
    def call(self) -> str:
        """Source of the payload: a builder call where one makes exactly this, else the payload itself."""
        return self._written.source

    @property
    def reason(self) -> str:
        """Why ``call`` is not a builder's; empty where it is."""
        return self._written.reason

    @property
    def cell(self) -> str:
        """Source of a notebook cell that sends it through the kit."""
        return cell(self.exchange)

    @property
    def _written(self) -> Written:
        if self.exchange.operation not in ("conversation", "send"):
            return Written(repr(self.payload), "It is neither a CONVERSATION nor a SEND.")
        if self.exchange.request_json() is None:
            return Written(repr(self.payload), "The body is not JSON.")
        return written(self.payload, keep_ids=False)

    def __repr__(self) -> str:
        return f"<Imported {self.exchange.operation}: {self.call}>"


def from_curl(text: str) -> Imported:
    """A cURL command as people copy it from a browser, from documentation or from ``curl.command``.

    Nothing is sent, and no file is read. Raises ``EnvelopeError`` for what cannot be understood.
    """
    return Imported(parse_curl(text))


def from_har(path: str | os.PathLike[str]) -> list[Imported]:
    """The requests of an archive. Raises ``LogError`` for a file that is none."""
    return [Imported(exchange) for exchange in read_har(path)]
