"""What the service answered, read once: response forms, error objects, and the typed error of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectorkit import errors, markup, wire
from connectorkit.log import Exchange
from connectorkit.markup import Shown

# The next step after each refusal. `errorCode` decides where there is one, else the HTTP status.
ADVICE: dict[int, str] = {
    wire.MISSING_PARAMETER: "Add brandId, equal to the account id, to the conversation request.",
    wire.INVALID_APP_JWT: "Get a new AppJWT and send once more; the kit does so unless you set the header.",
    wire.INVALID_CONSUMER_JWS: "Use the consumer who owns this conversation; check account and consumer.",
    wire.MISSING_CONSUMER_JWS: "Send the ConsumerJWS in the X-LP-ON-BEHALF header.",
    wire.MISSING_APP_JWT: "Send the AppJWT, without a Bearer prefix, in the Authorization header.",
    400: "Correct the request; sending it again unchanged will not help.",
    401: "Check account id, client id and client secret.",
    404: "Check the conversation id and the path.",
    405: "Use the documented HTTP method.",
    413: "Send a smaller body.",
    415: "Send Content-Type: application/json.",
    429: "Wait at least one second (five for token calls) and spread the load.",
    451: "The account is blocked; do not retry, contact the vendor's support.",
}
# The same for the file store, which decides on the URL alone.
STORAGE_ADVICE: dict[int, str] = {
    401: "The URL is good for 60 seconds and for one method: ask for a new one and try again.",
    404: "Nothing was uploaded at this path: check it, and that the upload had succeeded.",
    411: "Send Content-Length.",
    413: "A file may have 3145728 bytes at most: send a smaller one.",
    422: "The file was damaged on its way: ask for a new URL and send it again.",
}
STORAGE_CALLS = ("upload_file", "download_file")
SERVER_ADVICE = "Try again after 5, 10 and 15 seconds, then report it."
OUTAGE_ADVICE = "The kit has tried four times. Wait 2, 4, 8 … minutes, then report it."
BUSY_ADVICE = "The kit has tried four times. Wait longer, and spread the load."
UNREADABLE_ADVICE = "Do not send it again: it may have been carried out. Look at the exchange in the log."
TOO_LONG_ADVICE = "The request may have more than 5000 characters: shorten it, or split it."
CLOSED_ADVICE = "Open a new conversation and send it there."
ALREADY_OPEN_ADVICE = "Use the open conversation, or close it first; a consumer may have only one."


@dataclass(frozen=True)
class Message(Shown):
    """One response message: an entry of a CONVERSATION answer, or the whole SEND answer."""

    code: str | int | None
    body: dict[str, Any] = field(default_factory=dict)
    request_id: str | None = None
    kind: str = wire.RESPONSE
    type: str | None = None

    @classmethod
    def read(cls, value: Any) -> Message | None:
        """The message in a decoded JSON value, or ``None`` where there is none.

        Success answers carry no ``kind`` on the wire; it is filled in (R1).
        """
        if not isinstance(value, dict) or "code" not in value:
            return None
        body = value.get("body")
        req_id = value.get("reqId")
        return cls(
            code=value["code"],
            body=body if isinstance(body, dict) else {},
            request_id=None if req_id is None else str(req_id),
            kind=str(value.get("kind", wire.RESPONSE)),
            type=value.get("type"),
        )

    @property
    def ok(self) -> bool:
        """Whether ``code`` is OK, as a word or as a number."""
        return self.code == "OK" or (isinstance(self.code, int) and 200 <= self.code < 300)

    @property
    def text(self) -> str | None:
        """What the body says in words, if anything."""
        body = self.body
        said = body.get("msg") or body.get("details")
        return None if said is None else str(said)

    @property
    def error_code(self) -> int | None:
        """The five-digit number of an authorisation error."""
        return whole_number(self.body.get("errorCode"))


@dataclass(frozen=True)
class Reply:
    """The answer to one call. A refusal is a value here; ``raise_for_error()`` makes it an exception.

    ``messages`` holds one response message per request, in the order of the requests.
    """

    operation: str
    status_code: int
    messages: tuple[Message, ...]
    json: Any
    exchange: Exchange
    retry_after: float | None = None

    @classmethod
    def recorded(cls, exchange: Exchange) -> Reply:
        """The reply in a recorded exchange, whatever its shape."""
        decoded = exchange.response_json()
        items = decoded if isinstance(decoded, list) else [decoded]
        found = tuple(message for item in items if (message := Message.read(item)) is not None)
        retry_after = seconds(dict(exchange.response_headers).get("retry-after"))
        return cls(exchange.operation, exchange.status_code or 0, found, decoded, exchange, retry_after)

    @property
    def ok(self) -> bool:
        """Whether the HTTP status and every message in the answer say so.

        A 200 that answers no request, such as the page of a captive portal, is not ok.
        """
        answered = bool(self.messages) or self.operation not in ("conversation", "send")
        good = 200 <= self.status_code < 300 and answered and all(m.ok for m in self.messages)
        return good and self.miscorrelated is None

    @property
    def miscorrelated(self) -> tuple[str, str] | None:
        """The id of the first request that was answered under another one, and that other id."""
        if self.operation not in ("conversation", "send"):
            return None
        sent = self.exchange.request_json()
        asked = sent if isinstance(sent, list) else [sent]
        for request, message in zip(asked, self.messages, strict=False):
            given = request.get("id") if isinstance(request, dict) else None
            readable = isinstance(given, str | int) and not isinstance(given, bool)
            if readable and message.request_id is not None and str(given) != message.request_id:
                return str(given), message.request_id
        return None

    @property
    def _deciding(self) -> Message | None:
        failed = (m for m in self.messages if not m.ok)
        return next(failed, self.messages[-1] if self.messages else None)

    @property
    def code(self) -> str | int | None:
        """``code`` of the first failed message, else of the last one."""
        return self._deciding.code if self._deciding else None

    @property
    def sequence(self) -> int | None:
        """The published event's number in its dialog, where the answer has one."""
        numbers = [whole_number(m.body.get("sequence")) for m in self.messages]
        return next((number for number in reversed(numbers) if number is not None), None)

    @property
    def conversation_id(self) -> str | None:
        """The id of the conversation that this call opened."""
        ids = (m.body.get("conversationId") for m in self.messages)
        return next((i for i in ids if isinstance(i, str)), None)

    @property
    def error_code(self) -> int | None:
        """The five-digit number of an authorisation error."""
        return self._deciding.error_code if self._deciding else None

    @property
    def text(self) -> str | None:
        """What the answer says in words."""
        if self._deciding is not None:
            return self._deciding.text
        if not isinstance(self.json, dict):
            # The file store answers in plain words.
            plain = self.operation in STORAGE_CALLS and self.status_code >= 400
            return _shortened(self.exchange.response_body) or None if plain else None
        described = (self.json.get(name) for name in ("error_description", "error", "msg"))
        return next((str(words) for words in described if words), None)

    @property
    def advice(self) -> str:
        """The next step after a refusal; empty when all is well."""
        if self.ok:
            return ""
        if self.operation in STORAGE_CALLS and self.status_code in STORAGE_ADVICE:
            return STORAGE_ADVICE[self.status_code]
        text = self.text or ""
        if text == wire.CLOSED_MESSAGE:
            return CLOSED_ADVICE
        if "already has open conversation" in text:
            return ALREADY_OPEN_ADVICE
        if text == "Bad Request":
            return TOO_LONG_ADVICE
        if self.error_code == wire.MISSING_PARAMETER and self.operation != "conversation":
            return ADVICE[400]
        if self.error_code in ADVICE:
            return ADVICE[self.error_code]
        if self.status_code >= 500:
            return SERVER_ADVICE if self.exchange.attempt < 4 else OUTAGE_ADVICE
        if self.status_code == 429 and self.exchange.attempt >= 4:
            return BUSY_ADVICE
        if self.status_code < 300:
            return UNREADABLE_ADVICE
        return ADVICE.get(self.status_code, ADVICE[400])

    @property
    def error(self) -> errors.ApiError | None:
        """The typed error this answer stands for, or ``None``."""
        if self.ok:
            return None
        if self.status_code < 400 and all(m.ok for m in self.messages):
            mixed_up = self.miscorrelated
            expected = f"reqId {mixed_up[0]!r}" if mixed_up else "an answer to each request"
            return unexpected(self, expected)
        return _error(self)

    def raise_for_error(self) -> Reply:
        """Raise the typed error of a refusal; return the reply itself when all is well."""
        if (error := self.error) is not None:
            raise error
        return self

    def _facts(self) -> list[tuple[str, Any]]:
        facts = [
            ("status", self.status_code),
            ("code", self.code),
            ("errorCode", self.error_code),
            ("sequence", self.sequence),
            ("conversation", self.conversation_id),
            ("says", self.text),
            ("next step", self.advice or None),
            ("exchange", self.exchange.exchange_id),
        ]
        return [(name, value) for name, value in facts if value is not None]

    def __repr__(self) -> str:
        return f"<Reply to {self.operation}: " + ", ".join(f"{n} {v}" for n, v in self._facts()) + ">"

    def _repr_html_(self) -> str:
        return markup.facts(f"Reply to {self.operation}", self._facts(), good=self.ok)


def _error(reply: Reply) -> errors.ApiError:
    deciding = reply._deciding
    title = deciding.body.get("title") if deciding else None
    said = reply.text or title or "no explanation"
    number = f", error {reply.error_code}" if reply.error_code else ""
    return _error_class(reply)(
        f"{_spoken(reply.operation)} was refused: {said} ({reply.status_code}{number}). {reply.advice}",
        status_code=reply.status_code,
        code=reply.code,
        error_code=reply.error_code,
        title=title,
        details=deciding.text if deciding else reply.text,
        advice=reply.advice,
        request_id=deciding.request_id if deciding else None,
        retry_after=reply.retry_after,
        exchange=reply.exchange,
    )


def _error_class(reply: Reply) -> type[errors.ApiError]:
    status, text = reply.status_code, reply.text or ""
    if status == 401:
        return errors.AuthenticationError
    if status == 404:
        return errors.NotFoundError
    if status == 429:
        return errors.RateLimitedError
    if status >= 500:
        return errors.ServerError
    if text == wire.CLOSED_MESSAGE:
        return errors.ConversationClosedError
    if "already has open conversation" in text:
        return errors.ConversationAlreadyOpenError
    return errors.InvalidRequestError if 400 <= status < 500 else errors.UnexpectedAnswerError


_STRANGER = "Check that the domain lookup leads to the service, and look at the exchange in the log."


def unexpected(reply: Reply, expected: str) -> errors.UnexpectedAnswerError:
    """The error for an answer of a shape the API does not document."""
    advice = reply.advice if reply.messages else _STRANGER
    # The recorded body, not the decoded one: it is free of tokens.
    got = _shortened(reply.exchange.response_body) if reply.exchange.response_body else "an empty body"
    return errors.UnexpectedAnswerError(
        f"Expected {expected} from {_spoken(reply.operation)}, got {got} ({reply.status_code}). {advice}",
        status_code=reply.status_code,
        advice=advice,
        exchange=reply.exchange,
    )


_SPOKEN: Mapping[str, str] = {
    "domains": "Domain lookup",
    "app_jwt": "AppJWT request",
    "consumer_jws": "ConsumerJWS request",
    "conversation": "CONVERSATION",
    "send": "SEND",
    "upload_file": "Upload",
    "download_file": "Download",
}


def _spoken(operation: str) -> str:
    return _SPOKEN.get(operation, operation)


def _shortened(text: str, longest: int = 120) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def whole_number(value: Any) -> int | None:
    """The value if it is an integer of at most 64 bits; the log and the frames hold no larger ones."""
    fits = isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
    return value if fits else None


def seconds(header: str | None) -> float | None:
    """A ``Retry-After`` header in seconds, or ``None`` where it is absent or a date."""
    try:
        return float(header) if header is not None else None
    except ValueError:
        return None
