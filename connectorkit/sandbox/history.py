"""What was said, packed: events that nobody looks at cost a third of their room, and no time at all.

A load test says more in a minute than a person in a year. As dictionaries its events would take a gigabyte,
and the collector of garbage would walk over all of them again and again, while every client waits.
"""

from __future__ import annotations

import marshal
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, overload

KEPT_BYTES = 128 * 1024 * 1024  # of all events together; some two hundred thousand messages
_OVERHEAD = 50  # bytes of what holds an event that is packed


class History:
    """The events of one dialog, oldest first. What is read from it is a copy."""

    __slots__ = ("__weakref__", "_forgotten", "_packed")

    def __init__(self) -> None:
        self._packed: deque[bytes] = deque()
        self._forgotten = 0

    def append(self, record: dict[str, Any]) -> None:
        """Take one more, as it is now."""
        self._packed.append(marshal.dumps(record))

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return map(_unpacked, tuple(self._packed))

    def __len__(self) -> int:
        return len(self._packed)

    @overload
    def __getitem__(self, position: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, position: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, position: int | slice) -> Any:
        if isinstance(position, slice):
            return [_unpacked(one) for one in tuple(self._packed)[position]]
        return _unpacked(self._packed[position])

    @property
    def appended(self) -> int:
        """How many there have been, those that were forgotten included."""
        return self._forgotten + len(self._packed)

    def since(self, appended: int) -> list[dict[str, Any]]:
        """What came after the first so many; takes as long as there is something new."""
        new = min(self.appended - appended, len(self._packed))
        return [_unpacked(packed) for packed in reversed(tuple(islice(reversed(self._packed), new)))]

    def forget_oldest(self) -> int:
        """Drop the oldest event; how many bytes that frees."""
        self._forgotten += 1
        return len(self._packed.popleft()) + _OVERHEAD


class Archive:
    """Keeps all histories together from growing without end: beyond ``KEPT_BYTES`` the oldest event goes."""

    def __init__(self, histories: Iterable[History] = ()) -> None:
        # One entry for each event that was appended, in their order; which dialog it is in is all it says.
        self._order: deque[History] = deque()
        self._bytes = 0
        for history in histories:
            self._order.extend([history] * len(history))
            self._bytes += sum(len(packed) + _OVERHEAD for packed in history._packed)

    def appended(self, history: History) -> None:
        """An event was appended to this history."""
        self._order.append(history)
        self._bytes += len(history._packed[-1]) + _OVERHEAD
        while self._bytes > KEPT_BYTES and len(self._order) > 1:
            self._bytes -= self._order.popleft().forget_oldest()


def copied(value: Any) -> Any:
    """A deep copy of JSON; ``copy.deepcopy`` would look for much that is not in it."""
    return _unpacked(marshal.dumps(value))


def _unpacked(packed: bytes) -> Any:
    return marshal.loads(packed)  # noqa: S302 - nothing but what was packed above
