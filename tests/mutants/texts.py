"""Every text of the sandbox that a scenario shows, and which scenarios show it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectorkit.catalogue import ALL, Scenario
from tests.mutants.planted import PROJECT, Defect

PACKAGE = PROJECT / "connectorkit"


@dataclass(frozen=True)
class Text:
    """One text in a file of the package.

    ``words`` are what it says; ``old`` is the source that holds them and stands once in the file, where the
    words alone do not. It is shown by the scenarios that expect these words or, where another place has the
    same words, by those named in ``by``.
    """

    file: str
    words: str
    old: str = ""
    by: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        return self.old or self.words

    @property
    def defect(self) -> Defect:
        """The same text with one character more."""
        changed = f"{self.words[:-1]}~{self.words[-1]}"
        new = self.source.replace(self.words, changed)
        return Defect(f"{self.file}: {self.words}", self.file, self.source, new, "the text")

    @property
    def shown_by(self) -> set[str]:
        """The names of the scenarios that must go red when it changes."""
        return set(self.by) or {s.name for s in ALL if any(self.words in shown for shown in texts_of(s))}

    @property
    def span(self) -> range:
        """Where the words stand in the file."""
        text = (PACKAGE / self.file).read_text(encoding="utf-8")
        start = text.index(self.source) + self.source.index(self.words)
        return range(start, start + len(self.words))


def texts_of(scenario: Scenario) -> Iterator[str]:
    """Every text in the answer that a scenario expects."""
    yield from _strings(scenario.answer.body)
    yield from _strings(scenario.answer.headers)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for member in value.values() if isinstance(value, Mapping) else value:
            yield from _strings(member)


_ROUTING, _BODIES = "sandbox/routing.py", "sandbox/bodies.py"
_FAULTS, _FILES = "sandbox/fault_answers.py", "sandbox/files.py"
_MEMBERS, _MESSAGING = "sandbox/members.py", "sandbox/messaging.py"
_REFUSALS, _RICH = "sandbox/refusals.py", "sandbox/rich.py"
_SERVICES, _SHAPES, _STORAGE = "sandbox/services.py", "sandbox/shapes.py", "sandbox/storage.py"
_WIRE = "wire.py"
_NOT_SAID = ("missing-client-id", "missing-client-secret", "missing-grant-type", "missing-token-version")
_TYPES = ("unknown-type", "conversation-request-on-send", "reversed-batch", "wrong-third-item")
_CHOICES = (
    *("wrong-ttr-name", "wrong-channel-type", "unknown-event", "unknown-chat-state"),
    *("rate-out-of-range", "wrong-file-type"),
)
_BAD = 'f"Bad Request, {what}" if what else "Bad Request"'

TEXTS = (
    # --- Domain lookup and AppJWT ---
    Text(_SERVICES, "version must be 1.0"),
    Text(_SERVICES, "Bad site: the account is not known"),
    Text(_SERVICES, " is not known for this account"),
    Text(_SERVICES, "invalid_client"),
    Text(_SERVICES, "Unknown app, or its credentials do not match"),
    Text(_SERVICES, 'Basic realm="Sentinel"'),
    Text(_SERVICES, "invalid_request", '"invalid_request", f"{name} is', _NOT_SAID),
    Text(_SERVICES, " is missing", '"invalid_request", f"{name} is missing', _NOT_SAID),
    Text(_SERVICES, "invalid_request", '"invalid_request", "v must', ("wrong-token-version",)),
    Text(_SERVICES, "v must be 1.0"),
    Text(_SERVICES, "unsupported_grant_type"),
    Text(_SERVICES, "grant_type must be client_credentials"),
    Text(_SERVICES, "unauthorized_client"),
    Text(_SERVICES, "grant_types of the app lack client_credentials"),
    Text(_SERVICES, "invalid_scope"),
    Text(_SERVICES, "scope must be "),
    Text(_REFUSALS, "application/json;charset=UTF-8"),
    Text(_REFUSALS, "no-store"),
    Text(_REFUSALS, "no-cache"),
    # --- ConsumerJWS ---
    Text(_SERVICES, "Body is not valid JSON"),
    Text(_SERVICES, "ext_consumer_id is missing"),
    # --- At the door ---
    Text(_WIRE, "Missing parameter"),
    Text(_WIRE, "Brand Id is missing"),
    Text(_WIRE, "Invalid AppJWT"),
    Text(_WIRE, "AppJWT has expired or is invalid"),
    Text(_WIRE, "Invalid ConsumerJWS"),
    Text(_WIRE, "ConsumerJWS is invalid"),
    Text(_WIRE, "ConsumerJWS is missing"),
    Text(_WIRE, "X_ON_BEHALF_HEADER is not present"),
    Text(_WIRE, "AppJWT is missing"),
    Text(_WIRE, "AUTHORIZATION header is not present"),
    # --- Status words ---
    Text(_WIRE, "BAD_REQUEST"),
    Text(_WIRE, "NOT_FOUND"),
    Text(_WIRE, "PAYLOAD_TOO_LARGE"),
    Text(_WIRE, "UNSUPPORTED_MEDIA_TYPE"),
    Text(_WIRE, "TOO_MANY_REQUESTS"),
    Text(_WIRE, "INTERNAL_SERVER_ERROR"),
    Text(_WIRE, "BAD_GATEWAY"),
    Text(_WIRE, "SERVICE_UNAVAILABLE"),
    Text(_WIRE, "GATEWAY_TIMEOUT"),
    # --- What every refusal has ---
    Text(
        _REFUSALS,
        "Bad Request, ",
        _BAD,
        tuple(
            s.name
            for s in ALL
            if any("Bad Request, " in t and "Conversation is close" not in t for t in texts_of(s))
        ),
    ),
    Text(_REFUSALS, '"Bad Request"', _BAD, ("too-long-text",)),
    Text(_REFUSALS, "Conversation not found"),
    # --- CONVERSATION and SEND ---
    Text(_SERVICES, "v must be 3"),
    Text(_SERVICES, "Payload too large", 'RequestRefused(413, "Payload too large'),
    Text(_SERVICES, "Content-Type must be application/json"),
    Text(_BODIES, "the body is not valid JSON"),
    Text(_MESSAGING, "CONVERSATION takes an array of requests"),
    Text(_MESSAGING, "CONVERSATION takes two or three requests, not "),
    Text(_MESSAGING, "SEND takes one request, not an array"),
    Text(_MESSAGING, " must be ", "path('kind')} must be ", ("wrong-kind",)),
    Text(_MESSAGING, " must be ", "path('type')} must be ", _TYPES),
    Text(_MESSAGING, " or ", "{' or '.join", ("unknown-type", "conversation-request-on-send")),
    Text(_MESSAGING, " here"),
    Text(_MESSAGING, " is missing", "members.path('id')} is missing", ("missing-id",)),
    Text(_MESSAGING, " must be a string or an integer"),
    Text(_MESSAGING, " must have at most "),
    Text(_MESSAGING, " characters", "MAX_ID_CHARACTERS} characters"),
    Text(_MESSAGING, "brandId does not match account"),
    Text(_MESSAGING, "OK User Profile set successfully"),
    Text(_MESSAGING, "previous request failed"),
    Text(_WIRE, "Consumer request conversation failed: User "),
    Text(_WIRE, " already has open conversation. "),
    Text(_WIRE, "Can't open another one."),
    Text(_WIRE, "Bad Request, Conversation is close"),
    # --- Members of a request ---
    Text(
        _MEMBERS,
        " is missing",
        by=("missing-body", "missing-dialog-id", "untyped-metadata", "missing-path"),
    ),
    Text(_MEMBERS, " must be a string", ' must be a string")', ("object-as-text", "wrong-profile")),
    Text(_MEMBERS, " is empty"),
    Text(_MEMBERS, " must be one of ", by=_CHOICES),
    Text(_SHAPES, " must have at least one number"),
    Text(_SHAPES, " must hold integers from 0 up"),
    Text(_SHAPES, "field not allowed"),
    Text(_SHAPES, " is ", "path('contentType')} is ", ("old-file-type",)),
    Text(_SHAPES, "; write "),
    Text(_SHAPES, " must have campaignId and engagementId"),
    Text(_RICH, " has ", "path('actions')} has ", ("five-actions",)),
    Text(_RICH, " actions, allowed are "),
    # --- Files ---
    Text(_FILES, " is missing; state the size in bytes"),
    Text(_FILES, ' must be a whole number of bytes, as "20480"'),
    Text(_FILES, " must be from 1 to "),
    Text(_FILES, " bytes", "MAX_FILE_BYTES} bytes", ("too-large-file",)),
    Text(_FILES, " must be the path of an upload answer, unchanged"),
    Text(_FILES, ": no file was uploaded there; PUT it to the upload URL first"),
    Text(_STORAGE, "401 Unauthorized: Temp URL invalid"),
    Text(_STORAGE, "No file is stored there; PUT it to its upload URL first"),
    Text(_STORAGE, "State the size of the file in Content-Length"),
    Text(_STORAGE, "A file may have at most "),
    Text(_STORAGE, " bytes (3 MB)"),
    Text(_STORAGE, "ETag is not the MD5 of the body; nothing was stored, send the file again"),
    # --- Addresses, rate limits, outages ---
    Text(_ROUTING, "Unknown path"),
    Text(_ROUTING, "Method not allowed"),
    Text(_FAULTS, "Too many requests, please try again later"),
    Text(_FAULTS, "invalid_grant"),
    Text(_FAULTS, "temporarily_unavailable", '429: "temporarily_unavailable', ("too-many-logins",)),
    Text(_FAULTS, "temporarily_unavailable", '503: "temporarily_unavailable', ("login-outage",)),
    Text(_FAULTS, "access_denied"),
)

# Where what is said to clients is written; with the calls and the names that hold it.
_SPEAKING = (*{text.file for text in TEXTS},)
_CALLS = ("bad", "plain", "oauth", "missing_parameter", "RequestRefused", "ok")
_TABLES = ("_WORDS", "_INVALID", "_TOO_MANY", "_MESSAGES", "_OAUTH_ERRORS", "CODES", "DOOR_ERRORS")
_MORE_TABLES = ("CLOSED_MESSAGE", "ALREADY_OPEN_MESSAGE")


def literals() -> Iterator[tuple[str, str, range]]:
    """Every text literal in what the sandbox tells its clients: file, words, and where it stands."""
    for name in sorted(_SPEAKING):
        source = (PACKAGE / name).read_text(encoding="utf-8")
        starts = [0]
        for line in source.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        for said in _said(ast.parse(source)):
            for node in ast.walk(said):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    lines = source.splitlines()[node.lineno - 1]
                    column = len(lines.encode()[: node.col_offset].decode())
                    start = starts[node.lineno - 1] + column
                    assert node.end_lineno is not None
                    end = starts[node.end_lineno - 1] + (node.end_col_offset or 0)
                    yield name, node.value, range(start, end)


def _said(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in _CALLS:
                yield from node.args
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(getattr(target, "id", "") in _TABLES + _MORE_TABLES for target in targets):
                yield node.value


# What the literals above also find, and no scenario shows: names of members, and the same words elsewhere.
NOT_SHOWN = {
    *((_MESSAGING, name) for name in ("kind", "type", "msg", "sequence", "fileType", "relativePath")),
    *((_SHAPES, name) for name in ("contentType", "conversationField", "campaignInfo")),
    (_FILES, "relativePath"),
    (_RICH, "actions"),
    # Of faults that no scenario asks for: a 400, a 404 … in place of the sandbox's own.
    *((_FAULTS, words) for words in ("Bad Request", "Conversation not found", "Payload too large")),
    *((_FAULTS, words) for words in ("Content-Type must be ", "invalid_client", "Method not allowed")),
    (_FAULTS, "ext_consumer_id is missing"),
    # Of members that no scenario gets wrong.
    (_MEMBERS, " must be a string or an integer"),
    (_RICH, " is missing"),
    (_RICH, " has "),
    (_SHAPES, " is empty"),
    # An AppJWT request that is too large, or no form.
    (_SERVICES, "invalid_request"),
    (_SERVICES, "Payload too large"),
}
