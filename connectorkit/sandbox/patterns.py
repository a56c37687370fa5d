"""Regular expressions that users give: refused where they are broken, given up where they take too long."""

from __future__ import annotations

import re
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from connectorkit.sandbox.members import Members
from connectorkit.sandbox.refusals import bad

SECONDS = 0.1  # of this process's own time, for one search
_LONGEST = 1000


class TooSlow(Exception):
    """The search was given up: the pattern tries too many ways to match this text."""


def check_pattern(given: Members, name: str) -> None:
    """Refuse a member that is no regular expression; without the member there is nothing to refuse."""
    pattern = given.text(name) or ""
    if len(pattern) > _LONGEST:
        raise bad(f"{given.path(name)} has {len(pattern)} characters, allowed are {_LONGEST}")
    try:
        _compiled(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise bad(f"{given.path(name)} is no regular expression ({error})") from None


def found(pattern: str, text: str) -> bool:
    """Whether the pattern is found in the text, in whatever case; raises ``TooSlow``.

    Nothing stops a search on Windows or outside the main thread: there, no timer can interrupt it.
    """
    with _bounded():
        return _compiled(pattern).search(text) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    with warnings.catch_warnings(action="ignore"):  # of what some later Python will read in another way
        return re.compile(pattern, re.IGNORECASE)


@contextmanager
def _bounded() -> Iterator[None]:
    """A search holds the interpreter, but looks for signals now and then, whose handler may raise."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    searching = True

    def ring(*_: Any) -> None:
        if searching:
            raise TooSlow

    before = signal.signal(signal.SIGVTALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
        yield
    finally:
        searching = False
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, signal.SIG_DFL if before is None else before)
