"""Reads a run for comparison: who called what, what notifications told of it, and what else was heard.

A call's events are found again in notifications by service, dialog and number, as in ``causes``; receipts
belong to what they name. What others did stands in lanes: one for each conversation, role and kind, because
only within a lane the order is the same in every run.
"""

from __future__ import annotations

import bisect
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from connectorkit import notices, wire, words
from connectorkit.causes import NOTIFICATION, Row, in_order
from connectorkit.comparing.likeness import Reader
from connectorkit.comparing.runs import Call, Heard, Item, Place, Run, Told
from connectorkit.notices import Change
from connectorkit.pairs import Pair, pairs
from connectorkit.records import Exchange

Number = tuple[Place, int]
ECHO, ACCEPTED = "notification", "ACCEPT"
CONVERSATION, SHOWN, SAID = "conversation", "shown by", "said by"  # lanes
CONNECTOR = ("connector", 0)  # who fetches what serves every consumer
_SHARED = ("domains", "app_jwt")
_CHAT_STATE, _RECEIPT = wire.CHAT_STATE_EVENT, wire.ACCEPT_STATUS_EVENT


class Reading:
    """One run, read: its calls by who made them, what was heard by conversation and lane."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.reader = Reader(run.exchanges, run.notifications)
        self.calls: dict[tuple[str, int], list[Call]] = {}
        self.heard: dict[Place, dict[str, list[Heard]]] = {}
        self.places: dict[Place, None] = {}  # conversations in the order in which they were first met
        self.openers: dict[Place, Call] = {}
        self.owners: dict[Number, Item] = {}
        self._before: dict[Heard, Heard] = {}
        self._causes: dict[Place, dict[Heard, Call]] = {}
        self._own: defaultdict[Place, list[int]] = defaultdict(list)
        self._others: defaultdict[Place, list[int]] = defaultdict(list)
        self._hosts: defaultdict[str, set[str]] = defaultdict(set)
        self._read_calls()
        self._hear(self._told())
        self._count()
        times = [e.ended_at for e in run.exchanges]
        times += [n.received_at for n in run.notifications]
        self.began, self.ended = min(times, default=0), max(times, default=0)

    def named(self, call: Call, pair: Pair) -> list[Item | int]:
        """What a receipt of ours is about; of what is not known, how far it stands behind our last event."""
        found: list[Item | int] = []
        dialog = (_host(call.last), pair.dialog_id or "")
        own = self._own.get(dialog, [])
        for number in words.receipt_numbers(pair.event):
            before = max((taken for taken in own if taken < number), default=-1)
            found.append(self.owners.get((dialog, number)) or number - before)
        return found

    def before(self, heard: Heard) -> Heard | None:
        """What the same lane told before."""
        return self._before.get(heard)

    def cause(self, heard: Heard) -> Call | None:
        """The request of ours that changed the conversation, where nothing else can have."""
        if heard.lane != CONVERSATION:
            return None
        if heard.place not in self._causes:
            self._causes[heard.place] = self._explained(heard.place)
        return self._causes[heard.place].get(heard)

    def _explained(self, place: Place) -> dict[Heard, Call]:
        news = self.heard.get(place, {}).get(CONVERSATION, [])
        changes = [
            replace(h.news.change, notification=replace(h.news.change.notification, notification_id=number))
            for number, h in enumerate(news)
        ]
        asked = [
            (call, pair)
            for call in self.all_calls()
            for pair in call.pairs
            if pair.type != wire.PUBLISH_EVENT and self.place(call, pair) == place
        ]
        asked.sort(key=lambda one: one[0].at)
        # Imported records have no numbers of their own.
        numbered = [replace(p, exchange=replace(p.exchange, exchange_id=n)) for n, (_, p) in enumerate(asked)]
        rows = [
            Row(
                f"n{number}.{change.position}",
                *(change.notification.received_at, NOTIFICATION, None, "", place[1], None, None, ""),
                *(number, change.position or 0),
            )
            for number, change in enumerate(changes)
        ]
        in_order(rows, numbered, changes)
        found = {f"x{n}.{p.position}": call for n, (call, p) in enumerate(asked)}
        return {news[row.record]: found[row.caused_by] for row in rows if row.caused_by in found}

    def all_calls(self) -> Iterator[Call]:
        """Those of everybody."""
        return (call for calls in self.calls.values() for call in calls)

    def place(self, call: Call, pair: Pair) -> Place | None:
        """The conversation that a request is about."""
        name = pair.conversation_id
        return (_host(call.last), name) if isinstance(name, str) and name else None

    def _read_calls(self) -> None:
        streams: dict[str, tuple[str, int]] = {}
        alike: Counter[str] = Counter()
        for exchange in sorted(self.run.exchanges, key=lambda e: e.started_at):
            name = exchange.consumer or ""
            if name not in streams:
                # A consumer whose name was made up for the run is the n-th of its kind.
                marked = self.reader.text(name)[0]
                streams[name] = (marked, alike[marked])
                alike[marked] += 1
            stream = CONNECTOR if exchange.operation in _SHARED else streams[name]
            calls = self.calls.setdefault(stream, [])
            request, response = self.reader.request(exchange), self.reader.response(exchange)
            again = self._repeated(calls, exchange) if exchange.attempt > 1 else None
            if again is not None:
                again.earlier.append(again.response)
                again.attempts.append(exchange)
                again.pairs, again.request, again.response = list(pairs(exchange)), request, response
            else:
                who = "connector" if stream is CONNECTOR else name or "nobody"
                calls.append(Call(who, [exchange], list(pairs(exchange)), request, response))
        for call in self.all_calls():
            for pair in call.pairs:
                self._claim(call, pair)

    @staticmethod
    def _repeated(calls: list[Call], exchange: Exchange) -> Call | None:
        for call in calls[-1:-20:-1]:
            same = (call.last.operation, call.last.request_body) == (
                exchange.operation,
                exchange.request_body,
            )
            if same and call.last.attempt == exchange.attempt - 1:
                return call
        return None

    def _claim(self, call: Call, pair: Pair) -> None:
        place = self.place(call, pair)
        if place is None:
            return
        self.places.setdefault(place)
        self._hosts[place[1]].add(place[0])
        if pair.opened == place[1] and pair.type == wire.REQUEST_CONVERSATION:
            self.openers.setdefault(place, call)
        if pair.sequence is not None and pair.dialog_id is not None:
            dialog = (place[0], pair.dialog_id)
            self._own[dialog].append(pair.sequence)
            self.owners.setdefault((dialog, pair.sequence), call)

    def _told(self) -> Iterator[Told]:
        """What came, without its repetitions."""
        changes = notices.read(self.run.notifications)
        times: Counter[object] = Counter()
        for change in changes:
            if change.valid and change.identity is not None:
                times[self._scope(change), change.identity] += 1
        for change in changes:
            if not change.valid or change.identity is None:
                yield Told(change)
            elif change.attempt == 1:
                yield Told(change, times[self._scope(change), change.identity])

    def _scope(self, change: Change) -> str:
        known = self._hosts.get(change.conversation_id or "", set())
        return change.notification.host or (next(iter(known)) if len(known) == 1 else "")

    def _hear(self, told: Iterable[Told]) -> None:
        receipts = []
        for news in told:
            change, scope = news.change, self._scope(news.change)
            place = (scope, change.conversation_id or "")
            dialog, number = (scope, change.dialog_id or ""), change.sequence
            self.places.setdefault(place)
            numbered = change.valid and number is not None and number >= 0
            if numbered and number is not None:
                owner = self.owners.get((dialog, number))
                ours = change.originator_role == wire.CONSUMER
                if ours and isinstance(owner, Call) and not owner.told[ECHO]:
                    owner.told[ECHO].append(news)
                    continue
                self._others[dialog].append(number)
            if numbered and change.event_type == _RECEIPT:
                receipts.append((place, dialog, news))
                continue
            heard = self._keep(place, news)
            if numbered and number is not None:
                self.owners.setdefault((dialog, number), heard)
        for place, dialog, news in receipts:
            self._file(place, dialog, news)
        for lanes in self.heard.values():
            for lane in lanes.values():
                lane.sort(key=_in_lane)
                self._before |= {later: sooner for sooner, later in itertools.pairwise(lane)}

    def _file(self, place: Place, dialog: Place, news: Told) -> None:
        """A receipt may name several numbers; each belongs to what it names."""
        change = news.change
        status = change.status or "receipt"
        # The service books the ACCEPT for whoever is there at that moment: a matter of time.
        label = status if status == ACCEPTED else f"{status} by {change.originator_role}"
        for number in words.receipt_numbers(change.event) or [-1]:
            owner = self.owners.get((dialog, number))
            if owner is not None:
                owner.told[label].append(news)
            else:
                named = replace(change, event=change.event | {"sequenceList": [number]})
                self._keep(place, Told(named, news.deliveries))

    def _keep(self, place: Place, news: Told) -> Heard:
        change = news.change
        lane = f"{SAID} {change.originator_role}"
        if not change.valid or change.position is None:
            lane = "unreadable or untrusted"
            leaves = self.reader.body(change.notification.body, "body")
        elif change.details:
            lane, leaves = CONVERSATION, self.reader.value(change.details, "conversation", numbers=True)
        else:
            kinds = {_CHAT_STATE: f"{SHOWN} {change.originator_role}"}
            lane = kinds.get(change.event_type or "", lane)
            leaves = self.reader.value(change.event, "event", numbers=True)
            leaves |= self.reader.value(change.metadata, "metadata") if change.metadata else {}
            leaves |= self.reader.value({"originatorId": change.originator_id}, "")
        about = {
            "type": change.type,
            "event_type": change.event_type,
            "role": change.originator_role,
            "signature": change.notification.signature,
            "answered": change.notification.status_code,
        }
        heard = Heard(place, lane, news, leaves | self.reader.value(about))
        self.heard.setdefault(place, {}).setdefault(lane, []).append(heard)
        return heard

    def _count(self) -> None:
        """For each event of ours the numbers between it and our last one that nobody is known to have taken.

        Numbers themselves depend on when others spoke, and on what was sent before.
        """
        met: Counter[Number] = Counter()
        own = {dialog: sorted(set(numbers)) for dialog, numbers in self._own.items()}
        others = {
            dialog: sorted(set(numbers) - set(own.get(dialog, ())))
            for dialog, numbers in self._others.items()
        }
        for call in self.all_calls():
            for pair in call.pairs:
                place = self.place(call, pair)
                if place is None or pair.sequence is None or pair.dialog_id is None:
                    call.steps.append(None)
                    continue
                dialog, number = (place[0], pair.dialog_id), pair.sequence
                at = bisect.bisect_left(own[dialog], number)
                low = own[dialog][at - 1] if at else -1
                between = others.get(dialog, [])
                heard = bisect.bisect_left(between, number) - bisect.bisect_right(between, low)
                # A number that was given twice is as odd as a gap.
                call.steps.append(number - low - 1 - heard - 1_000_000 * met[dialog, number])
                met[dialog, number] += 1


def _in_lane(heard: Heard) -> tuple[int, int]:
    change = heard.news.change
    if heard.lane == CONVERSATION:
        return change.server_timestamp or 0, heard.at
    return change.sequence if change.sequence is not None else -1, heard.at


def _host(exchange: Exchange) -> str:
    return urlsplit(exchange.url).netloc
