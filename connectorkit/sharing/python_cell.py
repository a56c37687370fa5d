"""Exchanges as Python cells that make the same calls through the kit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, TypeGuard
from urllib.parse import parse_qs, unquote, urlsplit

from connectorkit import wire
from connectorkit.log import Exchange
from connectorkit.pairs import pairs
from connectorkit.sharing.builder_calls import written
from connectorkit.sharing.resend import LABEL, Pieces, Resend, Variable, one_line, resend
from connectorkit.sharing.source import Call, quoted, source

_IMPORT = "import connectorkit as ck"
_CONNECT = "kit = ck.connect()"
# What the kit sends by itself on CONVERSATION and SEND.
_USUAL = {"accept": wire.JSON_MEDIA_TYPE, "content-type": wire.JSON_MEDIA_TYPE}
_EXPECTED = (wire.AUTHORIZATION, wire.ON_BEHALF, "Content-Type")
_SEVERAL = "several values of one header cannot be sent through the kit; the last one is here."


def cell(exchange: Exchange) -> str:
    """Source of a cell that makes the exchange again with ``ck.connect()``, so in a kernel or a script.

    The kit brings the tokens, so that no secret is in it. Builders are called where they make exactly the
    body that was sent; else the body stands there as it was, and a comment says why. ``reply`` holds the
    answer of CONVERSATION and SEND.
    """
    request = resend(exchange)
    imports, lines = _WRITERS.get(exchange.operation, _anything)(exchange, request)
    comments = [f"# {request.title}"]
    return "\n".join([*comments, *sorted({_IMPORT, *imports}, key=_import_order), "", *lines, ""])


def lines(exchanges: Iterable[Exchange]) -> Iterator[str]:
    """A script in cells, as editors and jupytext read it, in pieces."""
    yield '"""Exchanges that connectorkit has logged, one cell each."""\n'
    for exchange in exchanges:
        yield f"\n# %%\n{cell(exchange)}"


Written = tuple[set[str], list[str]]


def _import_order(line: str) -> tuple[bool, str]:
    return "connectorkit" in line, line


def _domains(exchange: Exchange, request: Resend) -> Written:
    return set(), [_CONNECT, "kit.domains()"]


def _app_jwt(exchange: Exchange, request: Resend) -> Written:
    form = parse_qs(exchange.request_body) | parse_qs(urlsplit(exchange.url).query)
    secret, client_id = form.get("client_secret", [""])[0], form.get("client_id", [""])[0]
    if exchange.status_code != 401 or not LABEL.fullmatch(secret):
        return set(), [_CONNECT, "token = kit.app_jwt(renew=True)", "token"]
    call = Call("operations.get_app_jwt", (exchange.account_id or "", client_id))
    arguments = f'{source(call)[:-1]}, Secret("{secret}"))'
    return {
        "from connectorkit import operations",
        "from connectorkit.redact import Secret",
    }, [
        _CONNECT,
        "# The secret that was refused is not kept; this is none either.",
        f"reply = kit.call({arguments})",
        "reply",
    ]


def _consumer_jws(exchange: Exchange, request: Resend) -> Written:
    body = exchange.request_json()
    if (
        not isinstance(body, dict)
        or list(body) != ["ext_consumer_id"]
        or not _usable(body["ext_consumer_id"])
    ):
        return _anything(exchange, request)
    if _headers(request, (wire.AUTHORIZATION, "Content-Type"))[0]:
        return _anything(exchange, request)
    lines = [_CONNECT, f"consumer = {quoted(body['ext_consumer_id'])}"]
    return set(), [*lines, "token = kit.consumer_jws(consumer, renew=True)", "token"]


def _usable(name: Any) -> TypeGuard[str]:
    return isinstance(name, str) and bool(name)


def _envelopes(exchange: Exchange, request: Resend) -> Written:
    """CONVERSATION and SEND, with the ids as parameters at the top."""
    names, parameters = _parameters(exchange)
    payload, comments = _payload(exchange, names)
    headers, notes = _headers(request)
    more = f", headers={source(headers)}" if headers else ""
    variable = "batch" if exchange.operation == "conversation" else "envelope"
    if exchange.consumer:
        parameters.append(f"consumer = {quoted(exchange.consumer)}")
        more = f", consumer=consumer{more}"
    else:
        notes.append("For whom it was sent is not known; name them with consumer=.")
    return set(), [
        _CONNECT,
        *parameters,
        "",
        *(f"# {comment}" for comment in [*comments, *request.notes, *notes]),
        f"{variable} = {payload}",
        f"reply = kit.{exchange.operation}({variable}{more})",
        "reply",
    ]


def _parameters(exchange: Exchange) -> tuple[dict[str, str], list[str]]:
    """Texts that variables at the top hold, and the lines that set these."""
    values: dict[str, str] = {}
    for pair in pairs(exchange):
        talk, dialog = pair.body.get("conversationId"), pair.body.get("dialogId")
        if _usable(talk):
            values.setdefault(talk, "conversation_id")
        if _usable(dialog):
            values.setdefault(dialog, "dialog_id")
        if exchange.operation == "send" and _usable(request_id := pair.request.get("id")):
            values.setdefault(request_id, "request_id")
    names: dict[str, str] = {}
    for value, name in values.items():
        if len(value) >= 8 and name not in names.values():  # a short one may stand for something else, too
            names[value] = name
    return names, [f"{name} = {quoted(value)}" for value, name in names.items()]


def _payload(exchange: Exchange, names: dict[str, str]) -> tuple[str, list[str]]:
    """The source of the payload, and what has to be said about it."""
    body = exchange.request_body
    try:
        decoded = json.loads(body, object_pairs_hook=_distinct)
    except (ValueError, RecursionError):
        return quoted(body), [] if not body else [
            "Not a JSON document with distinct names, so as it was sent."
        ]
    if not isinstance(decoded, dict | list):
        return quoted(body), []
    found = written(decoded, names)
    return found.source, [one_line(found.reason)] if found.reason else []


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are distinct; a dict could not say the same of one with a name twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _headers(request: Resend, expected: tuple[str, ...] = _EXPECTED) -> tuple[dict[str, Any], list[str]]:
    """Where the headers differ from what the kit would send, as ``headers=`` takes it."""
    differing: dict[str, Any] = {}
    notes: list[str] = []
    names = [name.lower() for name, _ in request.headers]
    if len(set(names)) != len(names):
        notes.append(_SEVERAL)
    for name, pieces in request.headers:
        if name.lower() in (wire.AUTHORIZATION.lower(), wire.ON_BEHALF.lower()):
            if isinstance(pieces[-1], Variable) and len(pieces) == 1:
                continue
            if isinstance(pieces[-1], Variable):
                notes.append(f'{name} began with "{pieces[0]}"; the kit sends the bare token.')
                continue
        value = "".join(piece for piece in pieces if isinstance(piece, str))
        if _USUAL.get(name.lower()) != value and not name.lower().startswith("user-agent"):
            differing[name] = value
    missing = [name for name in expected if name.lower() not in names]
    return differing | dict.fromkeys(missing), notes


def _upload(exchange: Exchange, request: Resend) -> Written:
    types = {media: kind for kind, media in wire.UPLOAD_MEDIA_TYPES.items()}
    kind = types.get(_one(request.header("content-type")), "PNG")
    lines = [_CONNECT, f'path = "photo.{kind.lower()}"  # the log does not keep a file\'s bytes']
    more = ""
    if exchange.consumer:
        lines.append(f"consumer = {quoted(exchange.consumer)}")
        more = ", consumer=consumer"
    return {"from pathlib import Path"}, [
        *lines,
        "",
        "content = Path(path).read_bytes()",
        "# A file URL is good for 60 seconds, so it takes a new one.",
        f'url = kit.file_url(ck.envelopes.request_upload_url(len(content), "{kind}"){more})',
        f'reply = kit.upload(url, content, "{kind}"{more})',
        "reply",
    ]


def _download(exchange: Exchange, request: Resend) -> Written:
    lines = [_CONNECT, f"relative_path = {quoted(unquote(urlsplit(exchange.url).path))}"]
    more = ""
    if exchange.consumer:
        lines.append(f"consumer = {quoted(exchange.consumer)}")
        more = ", consumer=consumer"
    return set(), [
        *lines,
        "",
        "# A file URL is good for 60 seconds, so it takes a new one.",
        f"url = kit.file_url(ck.envelopes.request_download_url(relative_path){more})",
        f"content = kit.download(url{more})",
        "len(content)",
    ]


def _anything(exchange: Exchange, request: Resend) -> Written:
    """A request that is none of the kit's calls, or none that the kit would send: by httpx, as it was."""
    lines = [
        *(f"# {note}" for note in request.notes),
        "response = httpx.request(",
        f"    {quoted(request.method)},",
        f"    {_joined(request.url)},",
        "    headers=[",
        *(f"        ({quoted(name)}, {_joined(value)})," for name, value in request.headers),
        "    ],",
    ]
    if request.body:
        lines.append(f"    content={_joined(request.body)},")
    imports = {"import httpx"} | ({"import os"} if request.variables else set())
    return imports, [*lines, ")", "response"]


def _joined(pieces: Pieces) -> str:
    parts = [_environment(p) if isinstance(p, Variable) else quoted(p) for p in pieces]
    return " + ".join(parts) or '""'


def _environment(variable: Variable) -> str:
    return f'os.environ["{variable.name}"]'


def _one(pieces: Pieces | None) -> str:
    return (
        "".join(piece for piece in pieces or () if isinstance(piece, str)).partition(";")[0].strip().lower()
    )


_WRITERS = {
    "domains": _domains,
    "app_jwt": _app_jwt,
    "consumer_jws": _consumer_jws,
    "conversation": _envelopes,
    "send": _envelopes,
    "upload_file": _upload,
    "download_file": _download,
}
