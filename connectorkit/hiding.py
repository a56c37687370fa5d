"""The redactors that are alive, for whatever belongs to no kit: ``logging`` and what others hand to us.

Nothing here keeps a redactor, and with it a kit, alive. The loggers of the kit, of httpx and of httpcore get
a filter that replaces secrets in their records; handlers and levels stay the user's.
"""

from __future__ import annotations

import logging
import threading
import weakref
from typing import Protocol

from connectorkit.values import Look

_FAMILIES = ("connectorkit", "httpx", "httpcore")
# A filter works for its own logger only, and httpcore makes some of its loggers when they are first needed.
_CHILDREN = ("connection", "http11", "http2", "proxy", "socks")


class Redacting(Protocol):
    """Whatever replaces secrets in a text."""

    def text(self, text: str, look: Look | None = None) -> str:
        """The same text without secrets; ``look`` is one at it."""


_alive: weakref.WeakSet[Redacting] = weakref.WeakSet()
_lock = threading.Lock()


def enrol(redactor: Redacting) -> None:
    """From now on, and as long as it lives, what this redactor knows is hidden everywhere."""
    with _lock:
        _alive.add(redactor)
    names = {*_FAMILIES, *(f"httpcore.{child}" for child in _CHILDREN)}
    names |= {name for name in list(logging.Logger.manager.loggerDict) if name.split(".")[0] in _FAMILIES}
    for name in names:
        logging.getLogger(name).addFilter(_filter)  # adding it twice does nothing


def redacted(text: str) -> str:
    """The text without any secret that is known in this process."""
    with _lock:
        redactors = list(_alive)
    look = Look(text)
    for redactor in redactors:
        shown = redactor.text(text, look)
        if shown != text:
            text, look = shown, Look(shown)
    return text


class _Filter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Replace secrets in a record, whatever its message was made of; none is held back."""
        try:
            said = record.getMessage()
        except Exception:  # a message that does not fit its arguments: the handler says so
            said = f"{record.msg} {record.args}"
        shown = redacted(said)
        if shown != said:
            record.msg, record.args = shown, None
        if record.exc_info and not record.exc_text:
            told = logging.Formatter().formatException(record.exc_info)
            shown = redacted(told)
            if shown != told:
                record.exc_info, record.exc_text = None, shown
        if record.exc_text:
            record.exc_text = redacted(record.exc_text)
        if record.stack_info:
            record.stack_info = redacted(record.stack_info)
        return True


_filter = _Filter()
