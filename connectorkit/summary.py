"""What tables say of an exchange, packed into a few bytes beside its row.

A frame of a hundred thousand exchanges is made of these bytes alone: they are read in one go and need no
object of their own. Texts, which repeat, stand in them as numbers of the log's ``texts``.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from operator import itemgetter
from typing import Any

# In this order they are packed; the letters are those of ``struct`` (q 8, i 4, d 8 bytes, b 1 byte).
WHOLE = ("started_at", "request_bytes", "response_bytes", "attempt")
PHASES = ("connect_ms", "tls_ms", "send_ms", "wait_ms", "receive_ms")  # what is measured, in its order
TIMES = ("total_ms", *PHASES)
TEXTS = (
    *("session_id", "scenario", "label", "operation", "method", "url", "http_version", "error"),
    *("reason", "account_id", "consumer"),
)
FIELDS: tuple[tuple[str, str], ...] = (
    *((name, "q") for name in WHOLE),
    *((name, "d") for name in TIMES),
    *((name, "i") for name in TEXTS),
    ("status_code", "i"),
    ("reused_connection", "b"),
)
MISSING = -1  # of status_code and reused_connection; a time that is missing is NaN, a text is 0
_NAN = math.nan
_PACKED = struct.Struct("<" + "".join(letter for _, letter in FIELDS))
SIZE = _PACKED.size
_whole, _times, _texts = itemgetter(*WHOLE[1:]), itemgetter(*TIMES), itemgetter(*TEXTS[1:])


def pack(
    values: Mapping[str, Any], started_at: int, session: str, numbers: Mapping[str | None, int]
) -> bytes:
    """The summary of an exchange begun then, in this session.

    ``numbers`` gives the number of any text, 0 for ``None``. Raises ``struct.error`` where a number is none,
    or too large.
    """
    status, reused = values["status_code"], values["reused_connection"]
    return _PACKED.pack(
        started_at,
        *_whole(values),
        *[_NAN if value is None else value for value in _times(values)],
        numbers[session],
        *map(numbers.__getitem__, _texts(values)),
        MISSING if status is None else status,
        MISSING if reused is None else reused,
    )
