"""The bytes of the calls: made once for each conversation, but for the number that each request has.

What is sent is what the kit's client sends: the same envelopes, paths, headers and tokens.
"""

from __future__ import annotations

import json
from typing import Any

from connectorkit import envelopes, operations, wire
from connectorkit.auth import new_request
from connectorkit.client import Client
from connectorkit.operations import Operation, Payload
from connectorkit.replies import Message

TEXT = "Where is my parcel?"
_ID, _DIALOG = "-id-of-the-request-", "-id-of-the-dialog-"
_DIGITS = b"%012d"


class Letterhead:
    """Request line and headers of both calls for one consumer, good as long as the AppJWT in them."""

    __slots__ = ("epoch", "opening", "send")

    def __init__(self, client: Client, consumer: str, epoch: int, opening: tuple[bytes, ...]) -> None:
        account = client.settings.account_id
        self.epoch = epoch
        self.opening = _letter(_head(client, operations.conversation(account, b""), consumer), opening)
        self.send = _head(client, operations.send(account, b""), consumer)


class Stationery:
    """Makes the requests of a run. ``epoch`` goes up by one with each new AppJWT."""

    def __init__(self, client: Client, text: str = TEXT) -> None:
        self.client = client
        self.epoch = 0
        self._number = 0
        brand = client.settings.account_id
        opening = [
            envelopes.set_profile(first_name="Load", request_id=_ID),
            envelopes.request_conversation(brand, request_id=_ID),
        ]
        self._opening = _pieces(opening)
        self._sending = _pieces(envelopes.publish_text(_DIALOG, text, request_id=_ID))
        self._closing = _pieces(envelopes.close_conversation(_DIALOG, request_id=_ID))

    def head(self, consumer: str) -> Letterhead:
        """A new head for a consumer whose token is known already."""
        return Letterhead(self.client, consumer, self.epoch, self._opening)

    def opening(self, head: Letterhead) -> bytes:
        """CONVERSATION: a profile and a new conversation."""
        return self.numbered(head.opening)

    def sending(self, head: Letterhead, conversation: bytes) -> tuple[bytes, ...]:
        """SEND of a text, in the pieces between which the number goes."""
        return _letter(head.send, _about(self._sending, conversation))

    def closing(self, head: Letterhead, conversation: bytes) -> bytes:
        """SEND that closes."""
        return self.numbered(_letter(head.send, _about(self._closing, conversation)))

    def numbered(self, letter: tuple[bytes, ...]) -> bytes:
        """The letter with the next number as the id of its request."""
        self._number += 1
        return (_DIGITS % self._number).join(letter)


def _pieces(payload: Payload) -> tuple[bytes, ...]:
    """The JSON, cut where the number of the request goes."""
    return tuple(operations.encode(payload).split(_ID.encode()))


def _about(pieces: tuple[bytes, ...], conversation: bytes) -> tuple[bytes, ...]:
    # The id is put in as it stood in the answer's JSON, so it needs no escaping.
    return tuple(piece.replace(_DIALOG.encode(), conversation) for piece in pieces)


def _letter(head: bytes, pieces: tuple[bytes, ...]) -> tuple[bytes, ...]:
    length = sum(map(len, pieces)) + (len(pieces) - 1) * len(_DIGITS % 0)
    return (b"%sContent-Length: %d\r\n\r\n%s" % (head, length, pieces[0]), *pieces[1:])


def _head(client: Client, operation: Operation, consumer: str) -> bytes:
    known = client.credentials
    request = new_request(client.settings, operation, known.url(operation), consumer=consumer)
    assert known.app_jwt is not None, "tokens are fetched before the first request"
    # By hand and not by the flow, which would stop here to look up what it does not know any more.
    request.headers[wire.AUTHORIZATION] = known.app_jwt.secret.reveal()
    request.headers[wire.ON_BEHALF] = known.consumer_jws[consumer].secret.reveal()
    lines = [b"%s %s HTTP/1.1" % (request.method.encode(), request.url.raw_path)]
    lines += [b"%s: %s" % pair for pair in request.headers.raw if pair[0].lower() != b"content-length"]
    return b"\r\n".join((*lines, b""))


def error_code(body: bytes) -> int | None:
    """The API's own number in a refusal, if there is one."""
    try:
        decoded: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    message = Message.read(decoded)
    return message.error_code if message else None


def asks_for_app_jwt(status: int, code: int | None) -> bool:
    """Whether a refusal can be cured by a fresh AppJWT; see ``auth.asks_for_app_jwt``."""
    return status == 401 and code in (wire.INVALID_APP_JWT, wire.MISSING_APP_JWT, None)
