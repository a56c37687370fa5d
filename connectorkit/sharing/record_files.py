r"""Exchanges as data: JSON Lines, and Parquet for pandas, duckdb and their like.

Both have one row per exchange with all that the log keeps: the columns of the ``exchanges`` frame, and then
``MORE``. Times are UTC; half surrogate pairs, which neither format can hold, are spelled as ``\ud800``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from connectorkit.columns import EXCHANGES
from connectorkit.log import Exchange
from connectorkit.tables import REAL, TEXT, WHEN, WHOLE, YES_NO, Columns

MORE: Columns = {
    "request_headers": ("headers", "name and value of each header, in order"),
    "request_body": (TEXT, "body as text, secrets replaced"),
    "response_headers": ("headers", "name and value of each header, in order"),
    "response_body": (TEXT, "body as text, secrets replaced"),
    "tokens": ("json", "claims of the tokens in the answer, by fingerprint, as JSON"),
}
COLUMNS: Columns = EXCHANGES | MORE
_ROWS = 5000  # of a row group, and so what is in memory at a time
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def json_lines(exchanges: Iterable[Exchange]) -> Iterator[str]:
    """One JSON object per line. ``request_json`` and ``response_json`` have the body where it is JSON."""
    for exchange in exchanges:
        row: dict[str, Any] = {name: getattr(exchange, name) for name in COLUMNS}
        row["started_at"] = _moment(exchange.started_at).isoformat().replace("+00:00", "Z")
        for side in ("request", "response"):
            headers = getattr(exchange, f"{side}_headers")
            row[f"{side}_headers"] = [{"name": name, "value": value} for name, value in headers]
        decoded = {"request_json": exchange.request_json(), "response_json": exchange.response_json()}
        yield _line(row | {name: value for name, value in decoded.items() if value is not None}, row)


def _line(row: dict[str, Any], without_decoded: dict[str, Any]) -> str:
    try:
        return json.dumps(row, allow_nan=False) + "\n"
    except (ValueError, RecursionError):  # a body with NaN, which Python reads and JSON does not know
        return json.dumps(without_decoded) + "\n"


def write_parquet(exchanges: Iterable[Exchange], path: Path) -> int:
    """Write a Parquet file in row groups, so that memory does not grow; returns how many rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {
        WHOLE: pa.int64(),
        REAL: pa.float64(),
        YES_NO: pa.bool_(),
        WHEN: pa.timestamp("us", "UTC"),
        "headers": pa.list_(pa.struct([("name", pa.string()), ("value", pa.string())])),
    }
    fields = [
        pa.field(name, kinds.get(kind, pa.string()), metadata={"description": meaning})
        for name, (kind, meaning) in COLUMNS.items()
    ]
    schema, count, waiting = pa.schema(fields), 0, iter(exchanges)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while rows := [_row(exchange) for exchange in islice(waiting, _ROWS)]:
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
            count += len(rows)
    return count


def _row(exchange: Exchange) -> dict[str, Any]:
    return {name: _cell(kind, getattr(exchange, name)) for name, (kind, _) in COLUMNS.items()}


def _cell(kind: str, value: Any) -> Any:
    if kind == "headers":
        return [{"name": _storable(name), "value": _storable(text)} for name, text in value]
    if kind == "json":
        return json.dumps(value)
    if kind == WHEN:
        return _moment(value)
    return _storable(value) if isinstance(value, str) else value


def _moment(nanoseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=nanoseconds // 1000)


def _storable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
