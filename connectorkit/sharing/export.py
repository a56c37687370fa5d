"""Exchanges of a log in files for other tools: HAR, Parquet, JSON Lines, cURL, Postman, .http and Python.

The log holds no secret, so neither does a file. Where a request needs one, it names the environment variable
that has to hold it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from connectorkit.checks import check_one_of
from connectorkit.errors import LogError
from connectorkit.log import Exchange, Log
from connectorkit.markup import Shown
from connectorkit.masking import masked
from connectorkit.pairs import pairs
from connectorkit.progress import Report, counting
from connectorkit.redact import Redactor
from connectorkit.sharing import curl, har, http_file, postman, python_cell

if TYPE_CHECKING:
    from connectorkit.tables import Moment

FORMATS = ("har", "parquet", "jsonl", "curl", "postman", "http", "python")
# The longest suffix counts; .json alone could be anything.
_SUFFIXES = {
    ".har": "har",
    ".parquet": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".sh": "curl",
    ".postman_collection.json": "postman",
    ".http": "http",
    ".rest": "http",
    ".py": "python",
}


def _json_lines(exchanges: Iterable[Exchange]) -> Iterator[str]:
    from connectorkit.sharing import record_files  # brings pandas, which the other formats do without

    return record_files.json_lines(exchanges)


_LINES: dict[str, Callable[[Iterable[Exchange]], Iterator[str]]] = {
    "jsonl": _json_lines,
    "curl": curl.lines,
    "postman": postman.lines,
    "http": http_file.lines,
    "python": python_cell.lines,
}


@dataclass(frozen=True)
class Exported(Shown):
    """What was written: the file and how many exchanges are in it."""

    path: Path
    format: str
    count: int

    def __repr__(self) -> str:
        many = "exchange" if self.count == 1 else "exchanges"
        return f"<Exported {self.count} {many} to {self.path} as {self.format}>"

    def __fspath__(self) -> str:
        return str(self.path)


def export(
    exchanges: Log | Iterable[Exchange],
    target: str | os.PathLike[str] | None = None,
    format: str | None = None,
    *,
    session: str | None = None,
    conversation: str | None = None,
    consumer: str | None = None,
    scenario: str | None = None,
    label: str | None = None,
    since: Moment | None = None,
    mask: str | None = None,
    overwrite: bool = False,
    progress: Report | bool | None = None,
) -> Exported | str:
    """Write exchanges to a file, or return the text where ``target`` is ``None``.

    ``exchanges`` is a log or any exchanges; the filters choose among them: ``session`` is an id,
    ``"current"`` or ``"last"``, ``since`` a moment or how long ago, such as ``"10 min"``. ``format`` is one
    of ``FORMATS``, guessed from the file's name where it is left out. ``mask="content"`` replaces texts and
    personal data.
    The file is complete or not there at all, for its owner only, and replaces another one only with
    ``overwrite=True``. Raises ``LogError`` when nothing matches or the file cannot be written.
    """
    if isinstance(exchanges, Exchange):
        exchanges = [exchanges]
    path = None if target is None else Path(target).expanduser()
    name = _format(path, format)
    found = chosen(
        exchanges,
        session=session,
        conversation=conversation,
        consumer=consumer,
        scenario=scenario,
        label=label,
        since=since,
        mask=mask,
    )
    if path is None:
        return text(found, name)
    if path.exists() and not overwrite:
        raise _taken(path)
    with counting(f"Writing {path.name}", _length(exchanges), progress) as count:
        written = _write(_counted(found, count), path, name, overwrite)
    return Exported(path, name, written)


def chosen(
    exchanges: Log | Iterable[Exchange], *, mask: str | None = None, **filters: Any
) -> Iterator[Exchange]:
    """The exchanges that ``export`` would write, one at a time."""
    redactor = Redactor()
    return _masked((_redacted(one, redactor) for one in select(exchanges, **filters)), mask)


def text(exchanges: Iterable[Exchange], format: str) -> str:
    """The exchanges in one of the formats that are text. Raises ``LogError`` for Parquet."""
    file = StringIO()
    if format == "parquet":
        raise LogError("Parquet is no text. Name a file, such as exchanges.parquet.")
    write_text(exchanges, file, format)
    return file.getvalue()


def write_text(exchanges: Iterable[Exchange], file: IO[str], format: str) -> int:
    """Write exchanges into an open text file, one after the other; returns how many there were.

    Raises ``LogError`` when there is none.
    """
    counter = _Counter(exchanges)
    if format == "har":
        har.write(counter, file)
    else:
        for piece in _LINES[format](counter):
            file.write(piece)
    return counter.count


def select(
    exchanges: Log | Iterable[Exchange],
    *,
    session: str | None = None,
    conversation: str | None = None,
    consumer: str | None = None,
    scenario: str | None = None,
    label: str | None = None,
    since: Moment | None = None,
) -> Iterator[Exchange]:
    """The exchanges that all filters leave, one at a time. See ``export`` for what they mean.

    Raises ``LogError`` when there is none.
    """
    moment = None if since is None else _nanoseconds(since)
    if isinstance(exchanges, Log):
        session = _session(exchanges, session)
        # The database knows which exchanges mention a conversation, the loop below which are about it.
        exchanges = exchanges.read(
            session=session,
            consumer=consumer,
            scenario=scenario,
            label=label,
            since=moment,
            mentioning=conversation,
        )
    wanted = {"session_id": session, "consumer": consumer, "scenario": scenario, "label": label}
    given = {name: value for name, value in wanted.items() if value is not None}
    found = False
    for exchange in exchanges:
        if any(getattr(exchange, name) != value for name, value in given.items()):
            continue
        if moment is not None and exchange.started_at < moment:
            continue
        if conversation is not None and not _is_about(exchange, conversation):
            continue
        found = True
        yield exchange
    if not found:
        named = {**wanted, "conversation": conversation, "since": since}
        said = ", ".join(f"{name.removesuffix('_id')} {value}" for name, value in named.items() if value)
        raise LogError(
            f"No exchange matches {said}. Leave a filter out, or look at kit.log.exchanges()."
            if said
            else "There is no exchange to write. Make a call first, or name another log."
        )


def _format(path: Path | None, given: str | None) -> str:
    if given is not None:
        check_one_of("format", given, FORMATS)
        return given
    found = path is not None and next(
        (f for end, f in _SUFFIXES.items() if path.name.lower().endswith(end)), None
    )
    if not found:
        raise LogError(
            f"The format is not clear from {'no file' if path is None else repr(path.name)}. "
            f"Pass one of {', '.join(FORMATS)}, or end the name with one of {', '.join(_SUFFIXES)}."
        )
    return found


def _session(log: Log, session: str | None) -> str | None:
    if session == "last":
        newest = log.last()
        return None if newest is None else newest.session_id
    return log.session_id if session == "current" else session


def _is_about(exchange: Exchange, conversation: str) -> bool:
    return any(pair.conversation_id == conversation for pair in pairs(exchange))


def _nanoseconds(since: Moment) -> int:
    from connectorkit.tables import moment, nanoseconds  # brings pandas

    try:
        return nanoseconds(moment(since))
    except ValueError as error:
        raise LogError(str(error)) from None


def _redacted(exchange: Exchange, redactor: Redactor) -> Exchange:
    """What a log holds is redacted already; exchanges that were made by hand may not be."""
    names = ("url", "request_body", "response_body", "error", "reason", "label", "scenario", "consumer")
    clean: dict[str, Any] = {n: redactor.text(value) for n in names if (value := getattr(exchange, n))}
    clean["request_headers"] = redactor.headers(exchange.request_headers)
    clean["response_headers"] = redactor.headers(exchange.response_headers)
    return replace(exchange, **clean)


def _masked(exchanges: Iterator[Exchange], mask: str | None) -> Iterator[Exchange]:
    if mask is None:
        return exchanges
    check_one_of("mask", mask, ("content",))
    return map(masked, exchanges)


def _length(exchanges: Log | Iterable[Exchange]) -> int:
    try:
        return len(exchanges)  # type: ignore[arg-type]
    except TypeError:
        return 0


class _Counter:
    """Exchanges that are counted while somebody else goes over them."""

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self._exchanges = exchanges
        self.count = 0

    def __iter__(self) -> Iterator[Exchange]:
        for exchange in self._exchanges:
            self.count += 1
            yield exchange


def _counted(exchanges: Iterator[Exchange], report: Callable[[int], object] | None) -> Iterator[Exchange]:
    for number, exchange in enumerate(exchanges, 1):
        yield exchange
        if report is not None and number % 100 == 0:
            report(number)


def _write(exchanges: Iterator[Exchange], path: Path, format: str, overwrite: bool) -> int:
    """Under another name beside it first, so that nobody ever sees half a file."""
    waiting = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}")
    try:
        os.close(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        if format == "parquet":
            from connectorkit.sharing import record_files

            count = record_files.write_parquet(exchanges, waiting)
        else:
            # Half a surrogate pair has no form in UTF-8.
            with waiting.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
                count = write_text(exchanges, file, format)
        _put_in_place(waiting, path, overwrite)
    except FileExistsError:
        raise _taken(path) from None
    except OSError as error:
        raise LogError(
            f"{path} could not be written ({error.strerror or error}). Choose another place."
        ) from None
    finally:
        with contextlib.suppress(OSError):
            waiting.unlink(missing_ok=True)
    return count


def _taken(path: Path) -> LogError:
    return LogError(
        f"{path} is there already. Choose another name, or allow to replace it (overwrite=True, --overwrite)."
    )


def _put_in_place(waiting: Path, path: Path, overwrite: bool) -> None:
    if not overwrite:
        try:
            os.link(waiting, path)  # unlike a rename, this fails where somebody was faster
            return
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            if path.exists():
                raise FileExistsError from None
    waiting.replace(path)
