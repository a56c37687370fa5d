"""A logged request sent again, to the same target or to another: one exchange, or a whole run.

Tokens, account, host and client secret are those of the target; they were never in the log. What the service
refused as a token is sent as the label that the log has in its place: it is refused again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from connectorkit import remaking, wire
from connectorkit.auth import Headers
from connectorkit.client import Client
from connectorkit.pairs import object_or_empty, pairs, text_or_none
from connectorkit.records import Exchange
from connectorkit.remaking import TOKENS, Ids
from connectorkit.replies import Reply
from connectorkit.transport import label, scenario_label


def replay(
    exchange: Exchange, kit: Client, *, consumer: str | None = None, ids: Ids | None = None
) -> Exchange:
    """Send a logged request again with ``kit``; returns the new exchange, which is in the kit's log.

    ``consumer`` speaks instead of the recorded one. ``ids`` gives the target's id for each conversation,
    dialog or file that the target does not know. Scenario and label are kept.
    Raises ``EnvelopeError``, before anything is sent, where the log does not hold the whole request, and
    ``NoAnswerError`` or ``OutcomeUnknown`` where the network fails.
    """
    ids = ids or {}
    operation = remaking.operation(exchange, kit, consumer, ids)
    speaker = consumer or exchange.consumer
    headers = remaking.headers(exchange, kit)
    _check_conversation(exchange, headers, kit, ids)
    with _told_as(exchange):
        reply = kit.call(operation, speaker, headers)
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
    ``kit.sandbox.settle``. Of several attempts at one request only the last is sent.
    Raises ``EnvelopeError``, before anything is sent, where the log does not hold a whole request.
    """
    records = [exchange for exchange in exchanges if exchange.error is None or exchange.request_body]
    records = [exchange for number, exchange in enumerate(records) if not _repeated(records, number)]
    for exchange in records:
        remaking.operation(exchange, kit, None, {})
    known, answers = dict(ids or {}), []
    fetched: set[tuple[str, str | None]] = set()
    for exchange in records:
        fetching = exchange.operation in TOKENS and (exchange.status_code or 0) < 400
        if fetching and _fetch(exchange, kit, fetched):
            continue
        again = replay(exchange, kit, ids=known)
        known |= given_anew(exchange, again)
        answers.append(again)
        if between is not None:
            between()
    return answers


def given_anew(exchange: Exchange, again: Exchange) -> dict[str, str]:
    """The ids and paths that the service gave in the first answer, each with that of the second."""
    found = {}
    old, new = (Reply.recorded(one).conversation_id for one in (exchange, again))
    if old is not None and new is not None:
        found[old] = new
    paths = (object_or_empty(one.response_json()).get("body") for one in (exchange, again))
    old, new = (text_or_none(object_or_empty(body).get("relativePath")) for body in paths)
    if old is not None and new is not None:
        found[old] = new
    return found


def _fetch(exchange: Exchange, kit: Client, fetched: set[tuple[str, str | None]]) -> bool:
    """As the run did: what is missing is fetched once, what was fetched again then is renewed.

    False where it has to be sent as it is.
    """
    name = remaking.consumer_of(exchange) if exchange.operation == "consumer_jws" else None
    renew = (exchange.operation, name) in fetched
    fetched.add((exchange.operation, name))
    with _told_as(exchange):
        if exchange.operation == "domains":
            if renew:  # the kit keeps what it was told; a run that asked again wanted to see the answer
                return False
            kit.domains()
        elif exchange.operation == "app_jwt":
            kit.app_jwt(renew=renew)
        elif name is not None:
            kit.consumer_jws(name, renew=renew)
    return True


def _repeated(records: list[Exchange], number: int) -> bool:
    """Whether it failed, and a later attempt at it is in the records."""
    one = records[number]
    return (one.status_code is None or one.status_code >= 400) and any(
        (other.operation, other.consumer, other.request_body, other.attempt)
        == (one.operation, one.consumer, one.request_body, one.attempt + 1)
        for other in records[number + 1 : number + 20]
    )


def _check_conversation(exchange: Exchange, headers: Headers, kit: Client, ids: Ids) -> None:
    """A conversation of another service would only be refused, and nobody would know why."""
    if exchange.operation != "send" or not _was_looked_for(exchange, wire.ON_BEHALF not in headers):
        return
    for pair in pairs(exchange):
        name = text_or_none(pair.conversation_id)
        if name is None or name in ids or name in ids.values():
            continue
        host = kit.domains().get(wire.MESSAGING)
        if urlsplit(exchange.url).netloc != host and not _was_opened(kit, name, host):
            raise remaking.impossible(
                exchange,
                "conversation",
                f"{name} is not known to the target",
                f'Pass ids={{"{name}": "its id there"}}, or replay the whole run with replay_all().',
            )


def _was_looked_for(exchange: Exchange, own_token: bool) -> bool:
    """Whether the answer depends on the conversation; what is refused for itself may name any."""
    reply = Reply.recorded(exchange)
    foreign = reply.error_code == wire.INVALID_CONSUMER_JWS and own_token
    return (exchange.status_code or 0) < 400 or reply.text == wire.CLOSED_MESSAGE or foreign


def _was_opened(kit: Client, conversation: str, host: str | None) -> bool:
    openings = kit.log.read(operation="conversation", mentioning=conversation)
    return any(
        Reply.recorded(one).conversation_id == conversation and urlsplit(one.url).netloc == host
        for one in openings
    )


@contextmanager
def _told_as(exchange: Exchange) -> Iterator[None]:
    """What is sent meanwhile is recorded under the same scenario and label."""
    tokens = scenario_label.set(exchange.scenario), label.set(exchange.label)
    try:
        yield
    finally:
        scenario_label.reset(tokens[0])
        label.reset(tokens[1])
