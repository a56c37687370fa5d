"""What of a record counts when two runs are compared: its members, with ids, times and tokens matched away.

A ``Leaf`` is one value of a request, an answer or a notification. Its ``text`` has a mark where an id stands;
the ids themselves are kept beside it, so that a ``Bijection`` can tell whether the same id of one run is
always the same id of the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from connectorkit import wire
from connectorkit.pairs import object_or_empty
from connectorkit.records import Exchange, Notification

ID, TIME, TOKEN, HOST, NUMBER = "‹id›", "‹time›", "‹token›", "‹host›", "‹number›"
# Members whose value names a conversation, a dialog, a person, an account or an app.
_ID_MEMBERS = frozenset(
    {
        *("conversationId", "dialogId", "convId", "originatorId", "lp_consumer_id", "consumerId"),
        *("brandId", "accountId", "account_id", "account", "client_id", "azp"),
    }
)
_PEOPLE = frozenset({"participants", "participantsDetails", "originatorMetadata"})
_TIME_MEMBER = re.compile(
    r"(?:[a-z]Ts|[Tt]imestamp|_at|_ts)$|^(?:iat|exp|nbf|effectiveTTR|temp_url_expires)$"
)
_NOT_COMPARED = re.compile(
    r"date|age|host|server|via|connection|keep-alive|transfer-encoding|content-length|accept-encoding|etag"
    r"|(?:set-)?cookie|traceparent|tracestate|ac-revision|if-match|forwarded|x-forwarded-.*|x-real-ip"
    r"|.*(?:trace|request|correlation|span)-?id",
    re.IGNORECASE,
)
_REQUEST_ID = re.compile(r'("(?:id|reqId)"\s*:\s*")[^"]*')
_WORD = r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"
_GENERATED = (
    r"(?<![0-9A-Za-z])(?:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{24,})"
    r"(?![0-9A-Za-z])"
)
_IN_WORD = re.compile(_GENERATED)
_IN_TEXT = re.compile(
    r"(?P<token>\[(?:jwt|secret):[0-9a-f]{8,64}\])|(?P<pseudonym>\[consumer:[0-9a-f]{8,64}\])"
    r"|(?P<time>\b\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"
    r"|(?<![0-9A-Za-z])\d\d-\d\d-\d{4}_\d\d-\d\d-\d\d-\d{3})"
    r"|(?P<host>(?<![\w.])(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?(?![\w.]))"
    rf"|(?P<id>{_GENERATED})|(?P<word>{_WORD})"
)
_SHORTEST = 3  # of an id that is looked for inside texts; shorter ones are ordinary words
_MOST_ODD = 500  # ids with other characters than a word's are looked for in texts up to this many


class Leaf(NamedTuple):
    """One value: ``kind`` tells a text from other JSON, ``text`` has marks, ``shown`` is as it was."""

    kind: str
    text: str
    ids: tuple[str, ...]
    shown: str


NOTHING = Leaf("", "", (), "")
Leaves = dict[str, Leaf]


class Bijection:
    """Ids of one run and ids of the other: each belongs to at most one."""

    def __init__(self) -> None:
        self.there: dict[str, str] = {}
        self.back: dict[str, str] = {}

    def agree(self, before: tuple[str, ...], after: tuple[str, ...]) -> bool:
        """Whether these may be the same; ids met for the first time are from now on."""
        return len(before) == len(after) and all(map(self._agree, before, after))

    def _agree(self, before: str, after: str) -> bool:
        if before not in self.there and after not in self.back:
            self.there[before], self.back[after] = after, before
        return self.there.get(before) == after


class Reader:
    """Reads leaves out of the records of one run, whose ids it knows."""

    def __init__(self, exchanges: Iterable[Exchange], notifications: Iterable[Notification]) -> None:
        known: set[str] = set()
        for exchange in exchanges:
            known |= {exchange.account_id or ""}
            for value in (exchange.request_json(), exchange.response_json(), exchange.tokens):
                known |= _named(value)
        for notification in notifications:
            known |= {notification.account_id or "", notification.client_id or ""}
            known |= {notification.conversation_id or ""} | _named(notification.json())
        known = {name for name in known if len(name) >= _SHORTEST}
        odd = sorted((n for n in known if not re.fullmatch(_WORD, n)), key=len, reverse=True)[:_MOST_ODD]
        self._known = known
        self._odd = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, odd)) + r")(?!\w)") if odd else None
        self._read: dict[str, tuple[str, tuple[str, ...]]] = {}

    def text(self, value: str) -> tuple[str, tuple[str, ...]]:
        """The text with marks, and the ids that stood there, in their order."""
        found = self._read.get(value)
        if found is None:
            ids: list[str] = []
            if value in self._known:
                found = ID, (value,)
            elif self._odd is None:
                found = self._marked(value, ids), tuple(ids)
            else:
                found = self._around_odd(value, ids), tuple(ids)
            self._read[value] = found
        return found

    def _around_odd(self, value: str, ids: list[str]) -> str:
        assert self._odd is not None
        pieces, end = [], 0
        for found in self._odd.finditer(value):
            pieces += [self._marked(value[end : found.start()], ids), ID]
            ids.append(found[0])
            end = found.end()
        return "".join([*pieces, self._marked(value[end:], ids)])

    def _marked(self, value: str, ids: list[str]) -> str:
        def mark(found: re.Match[str]) -> str:
            kind = found.lastgroup
            if kind in ("id", "pseudonym") or (kind == "word" and found[0] in self._known):
                ids.append(found[0])
                return ID
            if kind == "word" and (inner := _IN_WORD.findall(found[0])):
                ids.extend(inner)
                return _IN_WORD.sub(ID, found[0])
            return {"token": TOKEN, "time": TIME, "host": HOST}.get(kind or "", found[0])

        return _IN_TEXT.sub(mark, value)

    def value(self, value: Any, path: str = "", numbers: bool = False) -> Leaves:
        """Path to leaf of everything in a decoded JSON value.

        With ``numbers`` the numbers of events in their dialog are matched away too: what they refer to is
        compared elsewhere.
        """
        leaves: Leaves = {}
        stack: list[tuple[str, str, Any, bool]] = [(path, "", value, False)]
        while stack:
            place, name, item, of_person = stack.pop()
            if isinstance(item, dict) and item:
                stack += [
                    (_member(place, key), key, inner, of_person or key in _PEOPLE)
                    for key, inner in reversed(item.items())
                ]
            elif isinstance(item, list) and item and not (numbers and name == "sequenceList"):
                stack += [
                    (f"{place}[{number}]", name, inner, of_person)
                    for number, inner in reversed(list(enumerate(item)))
                ]
            else:
                leaves[place] = self._leaf(name, item, of_person, numbers)
        return leaves

    def _leaf(self, name: str, item: Any, of_person: bool, numbers: bool) -> Leaf:
        shown = item if isinstance(item, str) else json.dumps(item)
        kind = "text" if isinstance(item, str) else "json"
        if isinstance(item, dict | list) and not item:
            return Leaf(kind, shown, (), shown)
        if _TIME_MEMBER.search(name) and isinstance(item, str | int | float):
            return Leaf("time", TIME, (), shown)
        if numbers and name in ("sequence", "sequenceList"):
            return Leaf("number", NUMBER, (), shown)
        if name == "baseURI":
            return Leaf(kind, HOST, (), shown)
        if isinstance(item, str) and item:
            if name in _ID_MEMBERS or (of_person and name == "id"):
                return Leaf(kind, ID, (item,), shown)
            text, ids = self.text(item)
            return Leaf(kind, text, ids, shown)
        return Leaf(kind, shown, (), shown)

    def body(self, text: str, path: str, numbers: bool = False) -> Leaves:
        """The leaves of a body; where it is not JSON, the body is one leaf."""
        if not text:
            return {}
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            # Broken JSON, sent on purpose, has ids as well, of which it may hold the beginning only.
            marked, ids = self.text(_REQUEST_ID.sub(rf"\g<1>{ID}", text))
            return {path: Leaf("raw", marked, ids, text)}
        return self.value(value, path, numbers)

    def request(self, exchange: Exchange) -> Leaves:
        """What was sent: method, path, query, headers, and the body without the requests' own ids."""
        parts = urlsplit(exchange.url)
        path, ids = self.text(unquote(parts.path))
        leaves = {
            "method": Leaf("text", exchange.method, (), exchange.method),
            "path": Leaf("text", path, ids, unquote(parts.path)),
        }
        for name, value in parse_qsl(parts.query, keep_blank_values=True):
            leaves[f"query.{name}"] = self._leaf(name, value, False, False)
        leaves |= self._headers(exchange.request_headers, "request.headers")
        body = self.body(exchange.request_body, "request", numbers=True)
        asked = exchange.request_json()
        for place, request in _requests(asked, "request"):
            own = f"{place}.id"
            if own in body and isinstance(request.get("id"), str | int):
                body[own] = Leaf(_id_kind(request["id"]), ID, (), body[own].shown)
        return leaves | body

    def response(self, exchange: Exchange) -> Leaves:
        """What came: status or failure, headers, body, and the claims of tokens in it."""
        leaves: Leaves = {}
        if exchange.status_code is not None:
            leaves["status_code"] = Leaf("json", str(exchange.status_code), (), str(exchange.status_code))
        if exchange.error is not None:
            text, ids = self.text(exchange.error)
            leaves["error"] = Leaf("text", text, ids, exchange.error)
        leaves |= self._headers(exchange.response_headers, "response.headers")
        body = self.body(exchange.response_body, "response", numbers=True)
        asked = [str(request.get("id")) for _, request in _requests(exchange.request_json(), "")]
        for place, answer in _requests(exchange.response_json(), "response"):
            own, named = f"{place}.reqId", str(answer.get("reqId"))
            if own in body and named in asked:
                which = f"{ID} of request {asked.index(named)}"
                body[own] = Leaf(body[own].kind, which, (), body[own].shown)
        leaves |= body
        for number, claims in enumerate(exchange.tokens.values()):
            leaves |= self.value(claims, f"tokens[{number}]")
        return leaves

    def _headers(self, headers: list[tuple[str, str]], path: str) -> Leaves:
        together: dict[str, str] = {}
        for name, value in headers:
            name = name.lower()
            if not _NOT_COMPARED.fullmatch(name):
                together[name] = f"{together[name]}, {value}" if name in together else value
        return {f"{path}.{name}": self._leaf(name, value, False, False) for name, value in together.items()}


def _requests(value: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The messages of a batch, or the one that there is, each with its path."""
    if isinstance(value, list):
        yield from ((f"{path}[{n}]", object_or_empty(one)) for n, one in enumerate(value))
    else:
        yield path, object_or_empty(value)


def _id_kind(value: str | int) -> str:
    if isinstance(value, str):
        return "id" if 0 < len(value) <= wire.MAX_ID_CHARACTERS else "unusual id"
    return "number as id"


def _member(path: str, name: str) -> str:
    plain = name.isidentifier() or name.replace("-", "_").isidentifier()
    if not plain:
        return f"{path}[{json.dumps(name)}]"
    return f"{path}.{name}" if path else name


def _named(value: Any) -> set[str]:
    """Every id that stands where an id must stand."""
    found: set[str] = set()
    stack: list[tuple[Any, bool]] = [(value, False)]
    while stack:
        item, of_person = stack.pop()
        if isinstance(item, list):
            stack += [(inner, of_person) for inner in item]
        elif isinstance(item, dict):
            for name, inner in item.items():
                if isinstance(inner, str):
                    if name in _ID_MEMBERS or (of_person and name == "id"):
                        found.add(inner)
                elif isinstance(inner, dict | list):
                    stack.append((inner, of_person or name in _PEOPLE))
    return found
