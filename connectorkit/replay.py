"""A logged request sent again, to the same target or to another: one exchange, or a whole run.

Tokens, account, host and client secret are those of the target; they were never in the log. What the service
refused as a token is sent as the label that the log has in its place: it is refused again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from connectorkit import operations, wire
from connectorkit.client import Client
from connectorkit.errors import EnvelopeError
from connectorkit.operations import Operation
from connectorkit.pairs import object_or_empty, pairs, text_or_none
from connectorkit.recording import MAX_KEPT_CHARACTERS
from connectorkit.records import Exchange
from connectorkit.redact import Secret
from connectorkit.replies import Reply
from connectorkit.transport import label, scenario_label

Ids = Mapping[str, str]
_LABEL = re.compile(r"\[(?:jwt|secret|consumer):[0-9a-f]{8,64}\]|\[masked [^\]]{1,20}\]")
_SECRET_LABEL = re.compile(r"(?:bearer +)?\[secret:[0-9a-f]{8,64}\]", re.IGNORECASE)
_NOT_KEPT = re.compile(r"<\d+ bytes of [^<>]*>")
_BY_THE_KIT = re.compile(
    r":.*|host|content-length|connection|keep-alive|accept-encoding|transfer-encoding|user-agent|cookie|origin"
    r"|referer|sec-.*|authorization|x-lp-on-behalf",
    re.IGNORECASE,
)
_TOKENS = ("domains", "app_jwt", "consumer_jws")
_MESSAGES = ("conversation", "send")


def replay(
    exchange: Exchange, kit: Client, *, consumer: str | None = None, ids: Ids | None = None
) -> Exchange:
    """Send a logged request again with ``kit``; returns the new exchange, which is in the kit's log.

    ``consumer`` speaks instead of the recorded one. ``ids`` gives the target's id for each conversation or
    dialog that the target does not know. Scenario and label are kept. Network failures are httpx's own.
    Raises ``EnvelopeError``, before anything is sent, where the log does not hold the whole request.
    """
    ids = ids or {}
    operation, speaker = _operation(exchange, kit, consumer, ids), consumer or exchange.consumer
    _check_conversation(exchange, kit, ids)
    with _told_as(exchange):
        reply = kit.call(operation, speaker, _headers(exchange))
    if reply.conversation_id is not None and speaker is not None:
        kit.note_owner(reply.conversation_id, speaker)
    return reply.exchange


def replay_all(
    exchanges: Iterable[Exchange],
    kit: Client,
    *,
    ids: Ids | None = None,
    between: Callable[[], object] | None = None,
) -> list[Exchange]:
    """Send the requests of a run again, in their order; returns the new exchanges of its messages.

    A conversation that the run opened is opened anew, and what was said in it goes there. Hosts and tokens
    are fetched where the run did so. ``between`` is called after each message, to wait for an answer, say
    ``kit.sandbox.settle``. Repetitions after a renewed AppJWT are not sent twice.
    Raises ``EnvelopeError``, before anything is sent, where the log does not hold a whole request.
    """
    records = [exchange for exchange in exchanges if exchange.error is None or exchange.request_body]
    records = [exchange for number, exchange in enumerate(records) if not _repeated(records, number)]
    for exchange in records:
        _operation(exchange, kit, None, {})
    known, answers = dict(ids or {}), []
    fetched: set[tuple[str, str | None]] = set()
    for exchange in records:
        if exchange.operation in _TOKENS and (exchange.status_code or 0) < 400:
            _fetch(exchange, kit, fetched)
            continue
        again = replay(exchange, kit, ids=known)
        old, new = (Reply.recorded(one).conversation_id for one in (exchange, again))
        if old is not None and new is not None:
            known[old] = new
        answers.append(again)
        if between is not None:
            between()
    return answers


def _fetch(exchange: Exchange, kit: Client, fetched: set[tuple[str, str | None]]) -> None:
    """As the run did: what is missing is fetched once, what was fetched again then is renewed."""
    name = _consumer_of(exchange) if exchange.operation == "consumer_jws" else None
    renew = (exchange.operation, name) in fetched
    fetched.add((exchange.operation, name))
    with _told_as(exchange):
        if exchange.operation == "domains":
            kit.domains()
        elif exchange.operation == "app_jwt":
            kit.app_jwt(renew=renew)
        elif name is not None:
            kit.consumer_jws(name, renew=renew)


def _repeated(records: list[Exchange], number: int) -> bool:
    """Whether it was refused for its AppJWT, and a later attempt is in the records."""
    one = records[number]
    return one.status_code == 401 and any(
        (other.operation, other.consumer, other.request_body, other.attempt)
        == (one.operation, one.consumer, one.request_body, one.attempt + 1)
        for other in records[number + 1 : number + 20]
    )


def _operation(exchange: Exchange, kit: Client, consumer: str | None, ids: Ids) -> Operation:
    """The same call of the target's account; raises where it cannot be made."""
    account, name = kit.settings.account_id, exchange.operation
    if name == "domains":
        return operations.find_domains(account)
    if name == "app_jwt":
        # A secret that was refused is not known; its label is refused as well.
        refused = _LABEL.search(exchange.request_body) if exchange.status_code == 401 else None
        secret = kit.settings.client_secret if refused is None else Secret(refused[0])
        return operations.get_app_jwt(account, kit.settings.client_id, secret)
    if name == "consumer_jws":
        speaker = consumer or _consumer_of(exchange) or ""
        made = operations.get_consumer_jws(account, speaker)
        return made if consumer else replace(made, content=_body(exchange, kit, ids))
    if name not in _MESSAGES:
        raise _impossible(
            exchange,
            "operation",
            f"is {name}, which cannot be sent again",
            "A file's address is a permission for one minute: use send_file() or download()."
            if name in ("upload_file", "download_file")
            else f"Replay one of {', '.join((*_TOKENS, *_MESSAGES))}.",
        )
    if consumer is None and exchange.consumer is None:
        raise _impossible(exchange, "consumer", "is not known", "Pass consumer= with who shall speak.")
    make = operations.conversation if name == "conversation" else operations.send
    return make(account, _body(exchange, kit, ids))


def _body(exchange: Exchange, kit: Client, ids: Ids) -> bytes:
    """The recorded body with the target's account and ids in their places."""
    body = exchange.request_body
    if _NOT_KEPT.fullmatch(body):
        raise _impossible(
            exchange, "request_body", f"is not in the log, only {body[1:-1]}", "Send the file itself again."
        )
    if len(body) >= MAX_KEPT_CHARACTERS:
        raise _impossible(
            exchange,
            "request_body",
            f"was cut after {MAX_KEPT_CHARACTERS} characters",
            "Build the request again and send it with kit.send().",
        )
    missing = dict.fromkeys(_LABEL.findall(body)) if exchange.status_code != 401 else {}
    if missing:
        raise _impossible(
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


def _check_conversation(exchange: Exchange, kit: Client, ids: Ids) -> None:
    """A conversation of another service would only be refused, and nobody would know why."""
    if exchange.operation != "send" or exchange.status_code == 404:
        return
    for pair in pairs(exchange):
        name = text_or_none(pair.conversation_id)
        if name is None or name in ids or name in ids.values():
            continue
        host = kit.domains().get(wire.MESSAGING)
        if urlsplit(exchange.url).netloc != host and not _was_opened(kit, name, host):
            raise _impossible(
                exchange,
                "conversation",
                f"{name} is not known to the target",
                f'Pass ids={{"{name}": "its id there"}}, or replay the whole run with replay_all().',
            )


def _was_opened(kit: Client, conversation: str, host: str | None) -> bool:
    openings = kit.log.read(operation="conversation", mentioning=conversation)
    return any(
        Reply.recorded(one).conversation_id == conversation and urlsplit(one.url).netloc == host
        for one in openings
    )


def _headers(exchange: Exchange) -> dict[str, str | None]:
    """What the kit would not send by itself, and what was left out or refused on purpose."""
    recorded = {name.lower(): value for name, value in exchange.request_headers}
    headers: dict[str, str | None] = {n: v for n, v in recorded.items() if not _BY_THE_KIT.fullmatch(n)}
    for name, value in headers.items():
        if value is not None and _LABEL.search(value):
            raise _impossible(exchange, name, "has a secret that the log does not keep", "Send it yourself.")
    if recorded and "content-type" not in recorded and exchange.request_body:
        headers["content-type"] = None
    if exchange.status_code == 401 and exchange.operation in _MESSAGES:
        number = Reply.recorded(exchange).error_code
        for name, refused in (
            (wire.AUTHORIZATION, wire.INVALID_APP_JWT),
            (wire.ON_BEHALF, wire.INVALID_CONSUMER_JWS),
        ):
            value = recorded.get(name.lower())
            # A ConsumerJWS of the right shape may be a good one, for somebody else's conversation.
            wrong = value is not None and (
                _SECRET_LABEL.fullmatch(value) or (number == refused == wire.INVALID_APP_JWT)
            )
            if wrong or (recorded and value is None):
                headers[name] = value
    return headers


def _consumer_of(exchange: Exchange) -> str | None:
    named = object_or_empty(exchange.request_json()).get("ext_consumer_id")
    return text_or_none(named) or exchange.consumer


@contextmanager
def _told_as(exchange: Exchange) -> Iterator[None]:
    """What is sent meanwhile is recorded under the same scenario and label."""
    tokens = scenario_label.set(exchange.scenario), label.set(exchange.label)
    try:
        yield
    finally:
        scenario_label.reset(tokens[0])
        label.reset(tokens[1])


def _impossible(exchange: Exchange, field: str, problem: str, fix: str) -> EnvelopeError:
    number = f" of exchange {exchange.exchange_id}" if exchange.exchange_id else ""
    return EnvelopeError(f"{field}{number}", problem, fix)
