"""A logged request made anew for another target: its account, its tokens, its ids.

Tokens, host and client secret were never in the log. What the service refused as a token is sent as the
label that the log has in its place: it is refused again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from connectorkit import operations, wire
from connectorkit.auth import Headers
from connectorkit.base_client import hidden
from connectorkit.client import Client
from connectorkit.errors import EnvelopeError
from connectorkit.operations import Operation
from connectorkit.pairs import object_or_empty, text_or_none
from connectorkit.recording import MAX_KEPT_CHARACTERS
from connectorkit.records import Exchange
from connectorkit.redact import Secret
from connectorkit.replies import Reply

Ids = Mapping[str, str]
TOKENS = ("domains", "app_jwt", "consumer_jws")
_MESSAGES = ("conversation", "send")
_AUTHORISED = ("consumer_jws", *_MESSAGES)
_LABEL = re.compile(r"\[(?:jwt|secret|consumer):[0-9a-f]{8,64}\]|\[masked [^\]]{1,20}\]")
_SECRET_LABEL = re.compile(r"(?:bearer +)?\[secret:[0-9a-f]{8,64}\]", re.IGNORECASE)
_JWT_LABEL = re.compile(r"\[jwt:[0-9a-f]{8,64}\]")
_NOT_KEPT = re.compile(r"<\d+ bytes of [^<>]*>")
_BY_THE_KIT = re.compile(
    r":.*|host|content-length|connection|keep-alive|accept-encoding|transfer-encoding|user-agent|cookie|origin"
    r"|referer|sec-.*|authorization|x-lp-on-behalf",
    re.IGNORECASE,
)


def operation(exchange: Exchange, kit: Client, consumer: str | None, ids: Ids) -> Operation:
    """The same call of the target's account; raises ``EnvelopeError`` where it cannot be made.

    Where it was refused it goes to the recorded address, in the recorded form: that may be why.
    """
    made = _usual(exchange, kit, consumer, ids)
    return _addressed(made, exchange, kit) if (exchange.status_code or 0) >= 400 else made


def _usual(exchange: Exchange, kit: Client, consumer: str | None, ids: Ids) -> Operation:
    account, name = kit.settings.account_id, exchange.operation
    if name == "domains":
        return operations.find_domains(account)
    if name == "app_jwt":
        return _app_jwt(exchange, kit)
    if name == "consumer_jws":
        speaker = consumer or consumer_of(exchange) or ""
        made = operations.get_consumer_jws(account, speaker)
        return made if consumer else replace(made, content=_body(exchange, kit, ids))
    if name not in _MESSAGES:
        raise impossible(
            exchange,
            "operation",
            f"is {name}, which cannot be sent again",
            "A file's address is a permission for one minute: use send_file() or download()."
            if name in ("upload_file", "download_file")
            else f"Replay one of {', '.join((*TOKENS, *_MESSAGES))}.",
        )
    if consumer is None and exchange.consumer is None:
        raise impossible(exchange, "consumer", "is not known", "Pass consumer= with who shall speak.")
    make = operations.conversation if name == "conversation" else operations.send
    return make(account, _body(exchange, kit, ids))


def _app_jwt(exchange: Exchange, kit: Client) -> Operation:
    known = kit.settings
    # A secret that was refused is not known; its label is refused as well.
    label = _LABEL.search(exchange.request_body) if exchange.status_code == 401 else None
    secret = known.client_secret if label is None else Secret(label[0])
    made = operations.get_app_jwt(known.account_id, known.client_id, secret)
    recorded = dict(parse_qsl(exchange.request_body))
    if (exchange.status_code or 0) < 400 or not recorded:
        return made
    ours = dict(parse_qsl(made.content.decode()))
    form = {name: ours.get(name, value) for name, value in recorded.items()}
    return replace(made, content=urlencode(form).encode())


def _addressed(made: Operation, exchange: Exchange, kit: Client) -> Operation:
    """With the recorded method, path and query, unless the query had a secret."""
    url = urlsplit(exchange.url)
    old, new = (quote(account or "", safe="") for account in (exchange.account_id, kit.settings.account_id))
    path = "/".join(new if part == old else part for part in url.path.split("/"))
    made = replace(made, method=exchange.method, path=path)
    if _LABEL.search(unquote(url.query)):
        return made
    return replace(made, query=dict(parse_qsl(url.query, keep_blank_values=True)))


def _body(exchange: Exchange, kit: Client, ids: Ids) -> bytes:
    """The recorded body with the target's account and ids in their places."""
    body = exchange.request_body
    if _NOT_KEPT.fullmatch(body):
        raise impossible(
            exchange, "request_body", f"is not in the log, only {body[1:-1]}", "Send the file itself again."
        )
    if len(body) >= MAX_KEPT_CHARACTERS:
        raise impossible(
            exchange,
            "request_body",
            f"was cut after {MAX_KEPT_CHARACTERS} characters",
            "Build the request again and send it with kit.send().",
        )
    missing = dict.fromkeys(_LABEL.findall(body)) if exchange.status_code != 401 else {}
    if missing:
        raise impossible(
            exchange,
            "request_body",
            f"has {', '.join(missing)} in place of what the log does not keep",
            "Build the request again and send it with kit.send().",
        )
    changed = {name: json.dumps(new)[1:-1] for name, new in ids.items() if name}
    if changed:
        longest = sorted(map(re.escape, changed), key=len, reverse=True)
        pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(longest)})(?![\w-])")
        body = pattern.sub(lambda found: changed[found[0]], body)
    if exchange.account_id:
        body = body.replace(f'"{exchange.account_id}"', f'"{kit.settings.account_id}"')
    return operations.encode(body)


def headers(exchange: Exchange, kit: Client) -> Headers:
    """What the kit would not send by itself, and what was left out or refused on purpose.

    May hold a token: where the recorded request had the same one in both headers.
    """
    recorded = {name.lower(): value for name, value in exchange.request_headers}
    found: dict[str, str | None] = {n: v for n, v in recorded.items() if not _BY_THE_KIT.fullmatch(n)}
    for name, value in found.items():
        if value is not None and _LABEL.search(value):
            raise impossible(exchange, name, "has a secret that the log does not keep", "Send it yourself.")
    if recorded and "content-type" not in recorded and exchange.request_body:
        found["content-type"] = None
    found |= _refused_tokens(recorded, exchange) if exchange.status_code == 401 else {}
    return hidden({**found, **_mixed_up(recorded, exchange, kit)}) or {}


def _refused_tokens(recorded: Mapping[str, str], exchange: Exchange) -> dict[str, str | None]:
    """The headers that were refused as tokens, or for not being there, as the log has them."""
    authorization, on_behalf = (recorded.get(name.lower()) for name in (wire.AUTHORIZATION, wire.ON_BEHALF))
    if exchange.operation == "app_jwt":
        return {wire.AUTHORIZATION: authorization} if authorization is not None else {}
    if exchange.operation not in _AUTHORISED or not recorded:
        return {}
    found = {}
    # What is refused although it is new was good: then the address is wrong. The same goes for a ConsumerJWS
    # of the right shape: it may be somebody else's conversation.
    expired = Reply.recorded(exchange).error_code == wire.INVALID_APP_JWT and exchange.attempt == 1
    if authorization is None or expired or _SECRET_LABEL.fullmatch(authorization):
        found[wire.AUTHORIZATION] = authorization
    if exchange.operation in _MESSAGES and (on_behalf is None or _SECRET_LABEL.fullmatch(on_behalf)):
        found[wire.ON_BEHALF] = on_behalf
    return found


def _mixed_up(recorded: Mapping[str, str], exchange: Exchange, kit: Client) -> dict[str, str | None]:
    """The target's own token in both headers, where one token stood in both."""
    labels = {recorded.get(name.lower()) for name in (wire.AUTHORIZATION, wire.ON_BEHALF)}
    if len(labels) > 1 or not _JWT_LABEL.fullmatch(labels.pop() or "") or exchange.consumer is None:
        return {}
    # What passes for an AppJWT was one: then it is the other header that is refused.
    if Reply.recorded(exchange).error_code == wire.INVALID_CONSUMER_JWS:
        return {wire.ON_BEHALF: kit.app_jwt().secret.reveal()}
    return {wire.AUTHORIZATION: kit.consumer_jws(exchange.consumer).secret.reveal()}


def consumer_of(exchange: Exchange) -> str | None:
    """Whom a ConsumerJWS was asked for, or else who speaks."""
    named = object_or_empty(exchange.request_json()).get("ext_consumer_id")
    return text_or_none(named) or exchange.consumer


def impossible(exchange: Exchange, field: str, problem: str, fix: str) -> EnvelopeError:
    """The error for a request of which the log lacks a part."""
    number = f" of exchange {exchange.exchange_id}" if exchange.exchange_id else ""
    return EnvelopeError(f"{field}{number}", problem, fix)
