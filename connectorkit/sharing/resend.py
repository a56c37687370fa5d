"""An exchange's request made ready to be sent again, by whatever tool.

The log keeps no secret, only a label in its place. Here each label becomes the environment variable that
has to hold the secret, so that curl, Postman and the like say the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from connectorkit import wire
from connectorkit.log import Exchange
from connectorkit.pairs import pairs
from connectorkit.replies import Reply


@dataclass(frozen=True)
class Variable:
    """An environment variable and what it must hold. ``encoded``: its value is part of a form or query."""

    name: str
    holds: str
    encoded: bool = False

    @property
    def short(self) -> str:
        """Its name in tools that have variables of their own."""
        return self.name.removeprefix("CONNECTORKIT_").lower()


def with_short_names(pieces: Pieces) -> str:
    """The text with ``{{app_jwt}}`` and the like, as Postman and ``.http`` files write variables."""
    return "".join(f"{{{{{piece.short}}}}}" if isinstance(piece, Variable) else piece for piece in pieces)


APP_JWT = Variable("CONNECTORKIT_APP_JWT", "the AppJWT")
CONSUMER_JWS = Variable("CONNECTORKIT_CONSUMER_JWS", "the consumer's ConsumerJWS")
CLIENT_SECRET = Variable("CONNECTORKIT_CLIENT_SECRET", "the client secret", encoded=True)
TEMP_URL_QUERY = Variable(
    "CONNECTORKIT_TEMP_URL_QUERY", f"the query of a fresh file URL: {wire.TEMP_URL_SIGNATURE}=…"
)
FILE = Variable("CONNECTORKIT_FILE", "the path of the file to send")
VARIABLES = (APP_JWT, CONSUMER_JWS, CLIENT_SECRET, TEMP_URL_QUERY, FILE)

Piece = str | Variable
Pieces = tuple[Piece, ...]

LABEL = re.compile(r"\[(?P<kind>jwt|secret):[0-9a-f]{8,64}\]")
# Of a pasted command that takes its token from the environment.
_PLACEHOLDER = re.compile(
    r"(?P<scheme>Bearer\s+)?\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*(?::\?[^}]*)?\})", re.IGNORECASE
)
_CREDENTIAL = re.compile(rf"(?P<scheme>bearer +)?(?P<label>{LABEL.pattern})", re.IGNORECASE)
_CLIENT_SECRET = re.compile(rf"(?<=client_secret=){LABEL.pattern}")
_NOT_KEPT = re.compile(r"<\d+ bytes of [^<>]*>")
# What every client works out by itself; a name with a colon is HTTP/2's.
_BY_THE_CLIENT = frozenset({"host", "content-length", "connection", "accept-encoding", "transfer-encoding"})
_TOKENS = {wire.AUTHORIZATION.lower(): APP_JWT, wire.ON_BEHALF.lower(): CONSUMER_JWS}
_CALLS = {
    "domains": "domain lookup",
    "app_jwt": "AppJWT",
    "consumer_jws": "ConsumerJWS",
    "conversation": "CONVERSATION",
    "send": "SEND",
    "upload_file": "upload of a file",
    "download_file": "download of a file",
}


@dataclass(frozen=True)
class Resend:
    """A request in pieces: texts, and variables where a secret was. ``body`` is empty where there is none.

    ``notes`` are sentences on what the log could not keep, each without a line break, as is ``title``.
    """

    title: str
    method: str
    url: Pieces
    headers: list[tuple[str, Pieces]]
    body: Pieces
    notes: list[str] = field(default_factory=list)

    @property
    def variables(self) -> list[Variable]:
        """The variables that have to be set, each once."""
        used = {*self.url, *self.body} | {piece for _, value in self.headers for piece in value}
        return [variable for variable in VARIABLES if variable in used]

    def header(self, name: str) -> Pieces | None:
        """The pieces of a header, if it was sent; the case of its name does not matter."""
        return next((value for n, value in self.headers if n.lower() == name.lower()), None)


def resend(exchange: Exchange) -> Resend:
    """The request of an exchange, its secrets to be filled in from the environment."""
    notes: list[str] = []
    headers = [
        (name, _header(exchange, name, value, notes))
        for name, value in exchange.request_headers
        if not _left_out(exchange, name, value)
    ]
    body = _body(exchange, notes)
    said = "".join(piece for piece in (*body, exchange.url) if isinstance(piece, str))
    url = _url(exchange.url)
    if TEMP_URL_QUERY in url and exchange.method == "PUT":
        notes.append(
            "A file URL is good for 60 seconds. A new one has another path: write it in place of this."
        )
    elif TEMP_URL_QUERY in url:
        notes.append("A file URL is good for 60 seconds. Ask for a new one, and take the query from it.")
    elif LABEL.search(_CLIENT_SECRET.sub("", said)):
        notes.append("What stands in brackets, as [secret:…], replaces a secret; it is sent as it stands.")
    if not is_kept(exchange.request_body):
        notes.append("The log does not keep a file's bytes: name the file that was sent.")
    return Resend(title(exchange), one_line(exchange.method), url, headers, body, notes)


def title(exchange: Exchange) -> str:
    """What an exchange was, in one line."""
    types = ", ".join(filter(None, (pair.type for pair in pairs(exchange))))
    called = _CALLS.get(exchange.operation, exchange.operation)
    if exchange.operation == "consumer_jws" and exchange.consumer:
        called += f" of {exchange.consumer}"
    outcome = exchange.error if exchange.status_code is None else f"answered {exchange.status_code}"
    number = f"Exchange {exchange.exchange_id}: " if exchange.exchange_id else ""
    named = [name for name in (exchange.scenario, exchange.label) if name]
    about = f" ({', '.join(named)})" if named else ""
    return one_line(f"{number}{called} {types}".rstrip() + (f", {outcome}" if outcome else "") + about)


def one_line(text: str) -> str:
    """The text without anything that could end a comment or move a cursor, cut to 300 characters."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    return shown if len(shown) <= 300 else f"{shown[:299]}…"


def is_kept(body: str) -> bool:
    """Whether a logged body is the body itself, and not a note on its size."""
    return not _NOT_KEPT.fullmatch(body)


def _left_out(exchange: Exchange, name: str, value: str) -> bool:
    if name.lower() == "host":
        return value.lower() == _netloc(exchange.url)
    return name.lower() in _BY_THE_CLIENT or name.startswith(":")


def _netloc(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""


def _header(exchange: Exchange, name: str, value: str, notes: list[str]) -> Pieces:
    variable = _TOKENS.get(name.lower())
    if variable is not None and (asked := _PLACEHOLDER.fullmatch(value)):
        return (asked["scheme"], variable) if asked["scheme"] else (variable,)
    found = _CREDENTIAL.fullmatch(value)
    if variable is None or found is None:
        return (value,)
    if _was_refused(exchange, variable, found["kind"]):
        notes.append(f"{one_line(name)} was refused. What it held is not kept; what stands here is no token.")
        return (value,)
    return (found["scheme"], variable) if found["scheme"] else (variable,)


def _was_refused(exchange: Exchange, variable: Variable, kind: str) -> bool:
    """Whether the service refused the very token, so that a good one would not get the same answer."""
    if exchange.status_code != 401:
        return False
    # A ConsumerJWS of the right shape may be a good one, for somebody else's conversation.
    return kind == "secret" or (
        variable is APP_JWT and Reply.recorded(exchange).error_code == wire.INVALID_APP_JWT
    )


def _url(url: str) -> Pieces:
    path, question_mark, query = url.partition("?")
    if f"{wire.TEMP_URL_SIGNATURE}=" in query:
        return (path + question_mark, TEMP_URL_QUERY)
    return _with_client_secret(url)


def _body(exchange: Exchange, notes: list[str]) -> Pieces:
    body = exchange.request_body
    if not is_kept(body):
        return (FILE,)
    if exchange.operation == "app_jwt" and exchange.status_code == 401:
        if _CLIENT_SECRET.search(body):
            notes.append("The client secret was refused. What it was is not kept; what stands here is none.")
        return (body,) if body else ()
    return _with_client_secret(body) if body else ()


def _with_client_secret(text: str) -> Pieces:
    before, *after = _CLIENT_SECRET.split(text)[:: 1 + _CLIENT_SECRET.groups]
    pieces: list[Piece] = [before]
    for part in after:
        pieces += [CLIENT_SECRET, part]
    return tuple(piece for piece in pieces if piece != "")
