"""What can go wrong, sorted by what the caller can do about it.

::

    ConnectorError
    ├── SettingsError               nothing was sent; fix a setting
    ├── EnvelopeError               nothing was sent; fix the named field
    ├── LogError                    the response log cannot be opened, read or written
    ├── SandboxError                the local sandbox did not start or has gone
    ├── NoAnswerError               the network failed; ``sent`` says whether the request had left
    │   └── OutcomeUnknown              it had, and it may have been carried out: do not send it again blindly
    └── ApiError                    the service answered and refused
        ├── AuthenticationError         401: a token is missing, expired or refused
        ├── InvalidRequestError         400 and its kin: the request was read and refused
        │   ├── ConversationClosedError       open a new conversation
        │   └── ConversationAlreadyOpenError  use the open one
        ├── NotFoundError               404: no such conversation, dialog or path
        ├── RateLimitedError            429: wait ``retry_after`` seconds
        ├── ServerError                 5xx: retrying may help
        └── UnexpectedAnswerError       the answer is not what the API documents
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connectorkit.log import Exchange
    from connectorkit.records import Settlement


_PACKAGE = Path(__file__).parent
_MACHINERY = frozenset({"IPython", "asyncio"})  # whose lines tell a reader of a notebook nothing


class ConnectorError(Exception):
    """Base of every error the kit raises itself."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in place of a traceback: the caller's own lines, and the sentence.

        The whole of it is still in ``__traceback__``.
        """
        frames = [f for f in traceback.extract_tb(self.__traceback__) if _is_the_callers(Path(f.filename))]
        own = [f"{_place(frame.filename)}, line {frame.lineno}: {frame.line}" for frame in frames]
        return [*own, "", f"{type(self).__name__}: {self}", *getattr(self, "__notes__", [])]

    def __reduce__(self) -> Any:
        # Errors travel between processes, and our constructors take more than the message.
        return _restored, (type(self), self.args, self.__dict__)


def _is_the_callers(file: Path) -> bool:
    return _PACKAGE not in file.parents and _MACHINERY.isdisjoint(file.parts)


def _place(file: str) -> str:
    return "cell" if "ipykernel" in file else file


def _restored(kind: type[ConnectorError], args: tuple[Any, ...], state: dict[str, Any]) -> ConnectorError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error


class SettingsError(ConnectorError):
    """A setting is missing or wrong; nothing was sent."""


class EnvelopeError(ConnectorError, ValueError):
    """A builder refused a value; ``field`` names it. Nothing was sent."""

    def __init__(self, field: str, problem: str, fix: str) -> None:
        super().__init__(f"{field} {problem}. {fix}")
        self.field = field
        self.problem = problem
        self.fix = fix


class LogError(ConnectorError):
    """The response log cannot be opened, read or written."""


class SandboxError(ConnectorError):
    """The local sandbox did not start, or refused a control call."""


class NoAnswerError(ConnectorError):
    """The network failed before an answer was read.

    ``sent`` says whether the request had left, as far as is known; ``exchange`` is its record in the log.
    """

    def __init__(self, message: str, *, sent: bool = False, exchange: Exchange | None = None) -> None:
        super().__init__(message)
        self.sent = sent
        self.exchange = exchange


class OutcomeUnknown(NoAnswerError):
    """The request left and no whole answer came: it may have been carried out, or not.

    Nothing deduplicates on the other side, so the kit does not send it again. ``consumer`` is who it was
    sent for, ``conversation_id`` the conversation it names, if any. A notification may tell: ``settle()``.
    """

    def __init__(
        self,
        message: str,
        *,
        exchange: Exchange | None = None,
        consumer: str | None = None,
        conversation_id: str | None = None,
        settle: Callable[[float], Settlement | None] | None = None,
    ) -> None:
        super().__init__(message, sent=True, exchange=exchange)
        self.consumer = consumer
        self.conversation_id = conversation_id
        self._settle = settle

    def settle(self, within: float = 2.0) -> Settlement | None:
        """The notification that shows that the request was carried out, waiting at most so many seconds.

        ``None`` means that none came, which proves nothing: notifications may be late, or not subscribed to.
        Raises ``ConnectorError`` for an error from another process, which no log belongs to.
        """
        if self._settle is None:
            raise ConnectorError("This error has left its kit. Look into kit.log.unsettled() there.")
        return self._settle(within)

    def __reduce__(self) -> Any:
        # What asks the log stays with the kit.
        return _restored, (type(self), self.args, self.__dict__ | {"_settle": None})


class ApiError(ConnectorError):
    """The service refused a request.

    ``error_code`` is the five-digit number of an authorisation error, else ``None``; ``code`` is the status
    word or number of the body; ``advice`` is the next step; ``exchange`` is the logged request and response.
    """

    def __init__(
        self,
        message: str,
        *,
        status_code: int,
        code: str | int | None = None,
        error_code: int | None = None,
        title: str | None = None,
        details: str | None = None,
        advice: str = "",
        request_id: str | None = None,
        retry_after: float | None = None,
        exchange: Exchange | None = None,
    ) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.code = code
        self.error_code = error_code
        self.title = title
        self.details = details
        self.advice = advice
        self.request_id = request_id
        self.retry_after = retry_after
        self.exchange = exchange


class AuthenticationError(ApiError):
    """401: a token or credential is missing, expired or refused."""


class InvalidRequestError(ApiError):
    """The request was read and refused; sending it again unchanged will not help."""


class ConversationClosedError(InvalidRequestError):
    """The conversation is closed for good; open a new one."""


class ConversationAlreadyOpenError(InvalidRequestError):
    """The consumer has an open conversation already, and may have only one."""


class NotFoundError(ApiError):
    """404: no such conversation, dialog, service or path."""


class RateLimitedError(ApiError):
    """429: too many requests; wait ``retry_after`` seconds, at least one."""


class ServerError(ApiError):
    """5xx: the service failed; trying again later may help."""


class UnexpectedAnswerError(ApiError):
    """The answer has a shape the API does not document."""
