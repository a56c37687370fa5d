"""One exchange closely: what was expected, both bodies, headers, phases, and what notifications it caused."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from connectorkit import markup, timeline
from connectorkit.columns import PHASE_COLOURS
from connectorkit.expected import Expected, expected
from connectorkit.log import Exchange, Log
from connectorkit.pairs import pairs

LONGEST_BODY = 20_000  # characters that are shown of a body
_LONGEST_VALUE = 600  # of a header or a claim
_MOST_NOTIFICATIONS = 50


def detail(log: Log, exchange: Exchange) -> str:
    """All that the log knows of an exchange, as HTML."""
    found = expected(exchange)
    parts = [
        markup.facts(title(exchange), _facts(exchange), good=found.met),
        _compared(found),
        markup.folded("Request body", _body(exchange, "request_body"), opened=True),
        markup.folded("Response body", _body(exchange, "response_body"), opened=True),
        markup.folded("Request headers", _headers(exchange.request_headers)),
        markup.folded("Response headers", _headers(exchange.response_headers)),
        markup.folded("Phases", _phases(exchange), opened=True),
        markup.folded("Notifications it caused", _notifications(log, exchange), opened=True),
    ]
    if exchange.tokens:
        parts.insert(6, markup.folded("Claims of the tokens", _claims(exchange)))
    return markup.stack(parts)


def title(exchange: Exchange) -> str:
    """Number, operation and outcome in a few words."""
    outcome = exchange.error or " ".join(
        str(part) for part in (exchange.status_code, exchange.reason) if part not in (None, "")
    )
    return _cut(f"Exchange {exchange.exchange_id}: {exchange.operation} → {outcome or 'no answer'}", 200)


def pretty(body: str) -> tuple[str, str]:
    """A body to be read, JSON indented, and a note where it is not all of it."""
    try:
        shown = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        shown = body
    if len(shown) <= LONGEST_BODY:
        return shown, ""
    return shown[:LONGEST_BODY], f"The first {LONGEST_BODY:,} of {len(shown):,} characters."


def _facts(exchange: Exchange) -> list[tuple[str, Any]]:
    known = [
        ("begun", moment(exchange.started_at)),
        ("request", f"{exchange.method} {_cut(exchange.url, 2_000)}"),
        ("took", "" if exchange.total_ms is None else f"{exchange.total_ms:,.1f} ms"),
        ("sizes", f"{exchange.request_bytes:,} bytes sent, {exchange.response_bytes:,} received"),
        ("consumer", exchange.consumer),
        ("scenario", exchange.scenario),
        ("label", exchange.label),
        ("attempt", exchange.attempt if exchange.attempt > 1 else ""),
        ("connection", _connection(exchange)),
    ]
    return [(name, _cut(str(value), 2_000)) for name, value in known if value not in (None, "")]


def _connection(exchange: Exchange) -> str:
    reused = {True: "reused", False: "new", None: ""}[exchange.reused_connection]
    return ", ".join(part for part in (exchange.http_version or "", reused) if part)


def _compared(found: Expected) -> str:
    note = markup.note(found.remark) if found.remark else ""
    if not found.checks:
        return note + markup.note("There is nothing to compare it with.")
    rows = [(check.what, check.ok, check.expected, check.observed) for check in found.checks]
    differ = sum(not check.ok for check in found.checks)
    words = "as expected" if not differ else f"{differ} of {len(rows)} differ"
    table = markup.table(("compared", "same", "expected", "observed"), rows)
    return markup.folded(f"Compared with {found.by}: {words}", note + table, opened=True)


def _body(exchange: Exchange, name: str) -> str:
    body = getattr(exchange, name)
    if not body:
        return markup.note("There is none.")
    shown, cut = pretty(body)
    rest = f"{cut} All of it: kit.log.exchange({exchange.exchange_id}).{name}" if cut else ""
    return markup.code(shown) + (markup.note(rest) if rest else "")


def _headers(headers: Iterable[tuple[str, str]]) -> str:
    rows = [(_cut(name, 100), _cut(value, _LONGEST_VALUE)) for name, value in headers]
    return markup.table(("header", "value"), rows, empty="There are none.")


def _claims(exchange: Exchange) -> str:
    rows = [
        (_cut(str(token), 100), _cut(str(name), 100), _cut(str(value), _LONGEST_VALUE))
        for token, claims in exchange.tokens.items()
        for name, value in (claims.items() if isinstance(claims, dict) else [("", claims)])
    ]
    return markup.table(("token", "claim", "value"), rows)


def _phases(exchange: Exchange) -> str:
    spent = [(name, getattr(exchange, name), colour) for name, colour in PHASE_COLOURS.items()]
    parts = [
        (name.removesuffix("_ms"), ms, colour) for name, ms, colour in spent if ms is not None and ms > 0
    ]
    return markup.phases(parts) if parts else markup.note("No phase was measured.")


def _notifications(log: Log, exchange: Exchange) -> str:
    ours = f"x{exchange.exchange_id}."
    named = dict.fromkeys(pair.conversation_id for pair in pairs(exchange))
    rows = []
    for conversation in (name for name in named if isinstance(name, str) and name):
        told = timeline.timeline(log, conversation=conversation)
        caused = told[(told["kind"] == "notification") & told["caused_by"].str.startswith(ours).fillna(False)]
        rows += [
            (
                str(row["event_id"]).removeprefix("n").partition(".")[0],
                f"{row['at']:%H:%M:%S.%f}"[:-3],
                f"{(row['at'].value - exchange.started_at) / 1e6:,.0f} ms later",
                _cut(str(row["what"]), _LONGEST_VALUE),
                row["deliveries"],
            )
            for row in caused.to_dict("records")
        ]
    note = ""
    if len(rows) > _MOST_NOTIFICATIONS:
        note = markup.note(f"The first {_MOST_NOTIFICATIONS} of {len(rows)}:")
    columns = ("notification", "came (UTC)", "after the request", "what", "deliveries")
    return note + markup.table(columns, rows[:_MOST_NOTIFICATIONS], empty="None that the log knows of.")


def moment(nanoseconds: int) -> str:
    """A time of the log to the millisecond, in UTC; what lies beyond the calendar is given as the number."""
    try:
        at = datetime.fromtimestamp(nanoseconds // 1_000_000 / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return str(nanoseconds)
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d} UTC"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"
