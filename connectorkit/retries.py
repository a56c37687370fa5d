"""When a refused request is sent again, and how long to wait before: the published policy, as data.

Reference: "Retry policy". A request that got no answer is never repeated, as nobody knows what became of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from connectorkit.calls import Call
from connectorkit.markup import Shown
from connectorkit.replies import seconds

# Off inside ``with kit.no_retries(): ...``; a context variable, so that threads and tasks keep apart.
switched_on: ContextVar[bool] = ContextVar("retries_switched_on", default=True)
TOKEN_CALLS = ("app_jwt", "consumer_jws")


@dataclass(frozen=True)
class RetryPolicy(Shown):
    """How often, and after how many seconds, one call is repeated.

    After a 5xx: once after each of ``server_error_pauses``. After a 429: ``rate_limit_retries`` times, after
    ``rate_limit_pause``, or ``token_rate_limit_pause`` for calls that fetch a token. A longer ``Retry-After``
    is honoured, unless it asks for more than ``longest_pause``: then the refusal stands. Every other status
    stands at once; the one renewal after a 401 is not a matter of this policy.
    """

    server_error_pauses: tuple[float, ...] = (5.0, 10.0, 15.0)
    rate_limit_pause: float = 1.0
    token_rate_limit_pause: float = 5.0
    rate_limit_retries: int = 3
    longest_pause: float = 300.0

    def pause(self, call: Call, status_code: int, headers: Iterable[tuple[str, str]]) -> float | None:
        """The seconds to wait before ``call`` is repeated after this answer; ``None`` where it stands.

        Counts on ``call``, over all its attempts: a 401 in between does not start the count again.
        """
        if status_code == 429:
            if call.rate_limits >= self.rate_limit_retries:
                return None
            call.rate_limits += 1
            least = self.token_rate_limit_pause if call.operation in TOKEN_CALLS else self.rate_limit_pause
        elif 500 <= status_code < 600:
            if call.server_errors >= len(self.server_error_pauses):
                return None
            least = self.server_error_pauses[call.server_errors]
            call.server_errors += 1
        else:
            return None
        asked = retry_after(headers)
        return None if asked > self.longest_pause else max(least, asked)


PUBLISHED = RetryPolicy()
NEVER = RetryPolicy(server_error_pauses=(), rate_limit_retries=0)


def retry_after(headers: Iterable[tuple[str, str]]) -> float:
    """The seconds that a ``Retry-After`` asks for, as a number or as a date; 0 where it asks for nothing."""
    known = dict(headers)
    text = known.get("retry-after")
    number = seconds(text)
    if number is not None:
        return number if math.isfinite(number) and number > 0 else 0.0
    # By the service's own clock, where it tells the time.
    until, now = _moment(text), _moment(known.get("date")) or datetime.now(UTC)
    return 0.0 if until is None else max(0.0, (until - now).total_seconds())


def _moment(text: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
