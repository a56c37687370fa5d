"""What the frames of a log are made of, kept in memory: a further frame costs what was added since the last.

Summaries of exchanges become columns as they are (see ``summary``); messages and notifications are read out
of bodies, once.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
import pyarrow as pa

from connectorkit import notices, summary
from connectorkit.columns import EXCHANGES, MESSAGES, NOTIFICATIONS
from connectorkit.errors import LogError
from connectorkit.log import Log
from connectorkit.pairs import Pair, pairs
from connectorkit.progress import counting
from connectorkit.replies import Message, whole_number
from connectorkit.tables import Growing

_PAGE = 2_000
# About so many are read in a second.
_A_SECOND = {"exchanges": 300_000, "messages": 20_000, "notifications": 10_000}
_PACKED = np.dtype(
    [(name, {"q": "<i8", "d": "<f8", "i": "<i4", "b": "i1"}[code]) for name, code in summary.FIELDS]
)
_mirrors: WeakKeyDictionary[Log, Mirror] = WeakKeyDictionary()
_making = threading.Lock()


def of(log: Log) -> Mirror:
    """The one mirror of this log."""
    with _making:
        return _mirrors.setdefault(log, Mirror())


def _derived(packed: np.ndarray[Any, Any]) -> dict[str, np.ndarray[Any, Any]]:
    """``Exchange.blocked_ms`` and ``first_byte_ms``, of many at once."""
    total, spent = packed["total_ms"], np.zeros(len(packed))
    measured = packed["status_code"] == summary.MISSING  # a failure before the first phase was all blocked
    for name in summary.PHASES:
        missing = np.isnan(packed[name])
        spent += np.where(missing, 0.0, packed[name])
        measured |= ~missing
    with np.errstate(invalid="ignore"):  # an archive from elsewhere may bring infinite times
        blocked = np.where(measured, total - spent, np.nan)
        first_byte = total - packed["receive_ms"]
    return {"blocked_ms": np.maximum(blocked, 0.0), "first_byte_ms": np.maximum(first_byte, 0.0)}


class Mirror:
    """The tables of one log, each as far as somebody has asked for it. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._pruned = 0
        self._forget()

    def _forget(self) -> None:
        self._exchanges, self._last_exchange = Growing(EXCHANGES), 0
        self._texts: list[str | None] = [None]
        self._messages, self._last_carrier = Growing(MESSAGES), 0
        self._begin_notifications()

    def _begin_notifications(self) -> None:
        self._notifications, self._last_notification = Growing(NOTIFICATIONS), 0
        self._reader = notices.Reader()

    @contextlib.contextmanager
    def _at_work(self, log: Log) -> Iterator[None]:
        """Records that were taken out are taken out here by beginning anew.

        So does an interruption, say by Ctrl+C, which may have left something half done, and a damaged file,
        where a row may hold anything.
        """
        with self._lock:
            try:
                pruned = log.times_pruned()
                if pruned != self._pruned:
                    self._forget()
                    self._pruned = pruned
                yield
            except (ValueError, TypeError, IndexError, OverflowError) as error:
                self._forget()
                raise LogError(f"The log {log.path} could not be read ({error}).") from error
            except BaseException:
                self._forget()
                raise

    def exchanges(self, log: Log) -> pd.DataFrame:
        """All of them, brought up to date."""
        with self._at_work(log):
            first = self._last_exchange
            with _reporting(log, "exchanges", first) as report:
                for numbers, packed in log.summaries(first):
                    self._add_summaries(log, numbers, np.frombuffer(packed, _PACKED))
                    self._last_exchange = numbers[-1]
                    report(self._last_exchange - first)
            return self._exchanges.frame()

    def _add_summaries(self, log: Log, numbers: list[int], packed: np.ndarray[Any, Any]) -> None:
        if max(int(packed[name].max()) for name in summary.TEXTS) >= len(self._texts):
            self._learn_texts(log)
        texts = pa.array(self._texts, pa.large_string())
        nothing = np.zeros(len(numbers), np.bool_)
        known: dict[str, Any] = {"exchange_id": (np.array(numbers), nothing)}
        known["started_at"] = packed["started_at"] // 1000
        for name in (*summary.WHOLE[1:], *summary.TIMES):
            known[name] = packed[name] if name in summary.TIMES else (packed[name], nothing)
        for name in summary.TEXTS:
            known[name] = texts.take(pa.array(packed[name]))
        for name in ("status_code", "reused_connection"):
            known[name] = (
                packed[name].astype(np.bool_ if name == "reused_connection" else np.int64),
                packed[name] < 0,
            )
        known |= _derived(packed)
        self._exchanges.add_arrays(known)

    def _learn_texts(self, log: Log) -> None:
        for number, text in log.texts(len(self._texts) - 1):
            self._texts += [None] * (number - len(self._texts)) + [text]

    def messages(self, log: Log) -> pd.DataFrame:
        """All of them, brought up to date."""
        with self._at_work(log):
            first, rows = self._last_carrier, []
            with _reporting(log, "messages", first) as report:
                for exchange in log.read(after=first, headers=False):
                    rows += [_message_row(pair) for pair in pairs(exchange)]
                    self._last_carrier = exchange.exchange_id
                    if len(rows) >= _PAGE:
                        self._messages.add(rows)
                        rows = []
                        report(self._last_carrier - first)
            self._messages.add(rows)
            return self._messages.frame()

    def notifications(self, log: Log) -> pd.DataFrame:
        """All of them, brought up to date."""
        with self._at_work(log):
            self._read_notifications(log)
            if self._reader.outdated:  # a dialog's conversation came to be known after its events
                self._reader = notices.Reader(self._reader.homes)
                self._notifications, self._last_notification = Growing(NOTIFICATIONS), 0
                self._read_notifications(log)
            return self._notifications.frame()

    def _read_notifications(self, log: Log) -> None:
        first, rows = self._last_notification, []
        with _reporting(log, "notifications", first) as report:
            for notification in log.read_notifications(after=first):
                rows += [_notification_row(change) for change in self._reader.read([notification])]
                self._last_notification = notification.notification_id
                if len(rows) >= _PAGE:
                    self._notifications.add(rows)
                    rows = []
                    report(self._last_notification - first)
        self._notifications.add(rows)


@contextlib.contextmanager
def _reporting(log: Log, what: str, after: int) -> Iterator[Callable[[int], object]]:
    """A bar for what takes longer than a second or so; what is given to it is how many have been read."""
    kind = "notification" if what == "notifications" else "exchange"
    newest = log.query(f"SELECT coalesce(max({kind}_id), 0) FROM {kind}s")[0][0]  # noqa: S608 - our own names
    more = newest - after
    with counting(f"Reading {what}", more, more > _A_SECOND[what]) as count:
        yield count or (lambda done: None)


def _notification_row(change: notices.Change) -> dict[str, Any]:
    happened = change.server_timestamp
    return {
        **vars(change),
        **vars(change.notification),
        "conversation_id": change.conversation_id,
        "text": change.text,
        "status": change.status,
        "state": change.state,
        "stage": change.stage,
        "server_timestamp": None if happened is None else happened * 1_000_000,
        "lag_ms": change.lag_ms,
    }


def _message_row(pair: Pair) -> dict[str, Any]:
    request_id, message = pair.request.get("id"), pair.event.get("message")
    changed = [str(field["field"]) for field in pair.fields if field.get("field")]
    return {
        "exchange_id": pair.exchange.exchange_id,
        "position": pair.position,
        "request_id": None if request_id is None else str(request_id),
        "type": _text(pair.request.get("type")),
        "event_type": _text(pair.event.get("type")) or ", ".join(changed) or None,
        "conversation_id": _text(pair.conversation_id),
        "consumer": pair.exchange.consumer,
        "text": message if isinstance(message, str) else None,
        "sent_at": pair.exchange.started_at,
        "answered_at": None if pair.answer is None else pair.answered_at,
        **_outcome(pair.answer),
    }


def _outcome(answer: Message | None) -> dict[str, Any]:
    if answer is None:
        return {}
    return {
        "code": None if answer.code is None else str(answer.code),
        "sequence": whole_number(answer.body.get("sequence")),
        "error_code": answer.error_code,
        "error_title": None if answer.ok else _text(answer.body.get("title") or answer.text),
    }


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)
