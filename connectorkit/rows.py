"""How a record becomes a row of the log's file, and a row becomes a record again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from operator import itemgetter
from typing import Any, TypeVar

from connectorkit import summary
from connectorkit.records import Exchange, Notification, stamped
from connectorkit.schema import EXCHANGE_COLUMNS, NOTIFICATION_COLUMNS, header_lines
from connectorkit.texts import storable

Kept = TypeVar("Kept", Exchange, Notification)


def _insertion(table: str, columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {table} ({','.join(columns)}) VALUES ({','.join('?' * len(columns))})"  # noqa: S608


_MADE = ("summary", "session_id", "started_at", "request_headers", "response_headers", "tokens")
_UNCHANGED = tuple(name for name in EXCHANGE_COLUMNS if name not in (*_MADE, "exchange_id"))
_NOTIFIED = tuple(name for name in NOTIFICATION_COLUMNS if name not in ("headers", "notification_id"))
INSERT_EXCHANGE = _insertion("exchanges", (*_MADE, *_UNCHANGED))
INSERT_NOTIFICATION = _insertion("notifications", ("headers", *_NOTIFIED))
_unchanged, _notified = itemgetter(*_UNCHANGED), itemgetter(*_NOTIFIED)
_HEADERS = frozenset({"request_headers", "response_headers"})
# What who reads bodies only can do without.
BESIDE_BODIES = _HEADERS | {"tokens"}


def exchange_row(
    given: dict[str, Any], session: str, began: int, numbers: Mapping[str | None, int]
) -> tuple[Any, ...]:
    """What ``INSERT_EXCHANGE`` takes. ``numbers`` are those of texts, see ``summary``."""
    return (
        summary.pack(given, began, session, numbers),
        session,
        began,
        header_lines(given["request_headers"]),
        header_lines(given["response_headers"]),
        json.dumps(given["tokens"]) if given["tokens"] else "{}",
        *_unchanged(given),
    )


def notification_row(notification: Notification) -> tuple[Any, ...]:
    """What ``INSERT_NOTIFICATION`` takes."""
    given = with_storable_texts(notification).__dict__
    return (json.dumps(given["headers"], ensure_ascii=False), *_notified(given))


def members(row: dict[str, Any]) -> dict[str, Any]:
    """The members of a record, from the columns of its row."""
    for name in _HEADERS & row.keys():
        lines = row[name].split("\n") if row[name] else []
        row[name] = [(header, value) for header, _, value in (line.partition(": ") for line in lines)]
    if "headers" in row:
        row["headers"] = _read_pairs(row["headers"])
    if "tokens" in row:
        row["tokens"] = _read_object(row["tokens"])
    if row.get("reused_connection") is not None:
        row["reused_connection"] = bool(row["reused_connection"])
    return row


def _read_pairs(text: str) -> list[tuple[str, str]]:
    """Names and values; a damaged text stands there as a name."""
    try:
        return [(header + "", value + "") for header, value in json.loads(text)]
    except (ValueError, TypeError, RecursionError):
        return [(str(text), "")]


def _read_object(text: str) -> dict[str, Any]:
    """What was found in tokens; a damaged text stands there as it is."""
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError, RecursionError):
        return {"unreadable": text}


def with_storable_texts(record: Kept) -> Kept:
    """The same record, with every text such that it can be written in UTF-8."""
    changes: dict[str, Any] = {}
    for name, value in vars(record).items():
        if isinstance(value, str):
            changes[name] = storable(value)
        elif name.endswith("headers"):
            changes[name] = [(storable(header), storable(text)) for header, text in value]
    return stamped(record, **changes)
