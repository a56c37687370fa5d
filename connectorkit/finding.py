"""Exchanges found by what stands in them, the newest first, and only so many as a list can show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from connectorkit import mirror
from connectorkit.log import Log
from connectorkit.texts import storable

GOOD, REFUSED, UNANSWERED = "good", "refused", "no answer"
MOST = 200
_AT_A_TIME = 20_000  # so that who appends need not wait for who searches
_MOST_REMEMBERED = 8
_SEARCHED = ("url", "error", "reason", "operation", "consumer", "scenario", "label")


@dataclass(frozen=True)
class Found:
    """The newest of the exchanges that match, how many match, and how many there are."""

    rows: pd.DataFrame
    matching: int
    total: int
    operations: tuple[str, ...]
    statuses: tuple[int, ...]

    def __repr__(self) -> str:
        return f"<Found: {self.matching} of {self.total} exchanges>"


class Finder:
    """Searches one log. What was searched once is remembered: the next time only what was added is read."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._pruned = 0
        self._bodies: dict[str, tuple[int, list[int]]] = {}

    def find(
        self,
        text: str = "",
        *,
        operation: str = "",
        status: str = "",
        conversation: str = "",
    ) -> Found:
        """Exchanges with all words of ``text`` in bodies, address, error or names; letters may be any case.

        ``status`` is a number, or ``good``, ``refused`` (400 and above) or ``no answer``. ``conversation`` is
        an id that a body must mention. What is empty does not choose. Raises ``ValueError`` for another
        status.
        """
        check_status(status)
        everything = mirror.of(self._log).exchanges(self._log)
        self._forget_if_pruned()
        chosen = everything
        if operation:
            chosen = chosen[(chosen["operation"] == storable(operation)).fillna(False).astype(bool)]
        if status:
            chosen = chosen[_has_status(chosen["status_code"], status)]
        for word in text.split():
            chosen = chosen[self._has(chosen, storable(word))]
        if conversation.strip():
            mentions = self._mentioning(storable(conversation.strip()))
            chosen = chosen[chosen["exchange_id"].isin(mentions)]
        return Found(
            rows=chosen.tail(MOST)[::-1].reset_index(drop=True),
            matching=len(chosen),
            total=len(everything),
            operations=tuple(sorted(everything["operation"].dropna().unique())),
            statuses=tuple(sorted(int(code) for code in everything["status_code"].dropna().unique())),
        )

    def _has(self, rows: pd.DataFrame, word: str) -> pd.Series[bool]:
        hit = rows["exchange_id"].isin(self._mentioning(word)) | (rows["status_code"].astype(str) == word)
        for name in _SEARCHED:
            hit |= rows[name].str.contains(word, case=False, regex=False).fillna(False).astype(bool)
        return hit

    def _mentioning(self, text: str) -> list[int]:
        """The numbers of all exchanges with this text in a body, as it is or as JSON escapes it."""
        last, known = self._bodies.pop(text, (0, []))
        patterns = {_pattern(text), _pattern(json.dumps(text)[1:-1])}
        likes = " OR ".join(
            "request_body LIKE ? ESCAPE '!' OR response_body LIKE ? ESCAPE '!'" for _ in patterns
        )
        given = tuple(pattern for pattern in patterns for _ in range(2))
        sql = f"SELECT exchange_id FROM exchanges WHERE exchange_id > ? AND exchange_id <= ? AND ({likes})"  # noqa: S608
        for begin, end in self._parts(last):
            known += [number for (number,) in self._log.query(sql, (begin, end, *given))]
            last = end
        self._bodies[text] = (last, known)
        while len(self._bodies) > _MOST_REMEMBERED:
            del self._bodies[next(iter(self._bodies))]
        return known

    def _parts(self, after: int) -> Iterator[tuple[int, int]]:
        sql = "SELECT coalesce(max(exchange_id), 0) FROM exchanges"
        newest = int(self._log.query(sql)[0][0])
        for begin in range(after, newest, _AT_A_TIME):
            yield begin, min(begin + _AT_A_TIME, newest)

    def _forget_if_pruned(self) -> None:
        pruned = self._log.times_pruned()
        if pruned != self._pruned:
            self._pruned = pruned
            self._bodies.clear()


def check_status(status: str) -> None:
    """Raises ``ValueError`` where nothing could have this status."""
    if status not in ("", GOOD, REFUSED, UNANSWERED) and not (status.isascii() and status.isdigit()):
        raise ValueError(
            f"Status is {status!r}, allowed are {GOOD}, {REFUSED}, {UNANSWERED}, a number as 401, or nothing."
        )


def _has_status(codes: pd.Series[int], status: str) -> pd.Series[bool]:
    if status == UNANSWERED:
        return codes.isna()
    hit = codes < 400 if status == GOOD else codes >= 400 if status == REFUSED else codes == int(status)
    return hit.fillna(False).astype(bool)


def _pattern(text: str) -> str:
    for special in "!%_":
        text = text.replace(special, f"!{special}")
    return f"%{text}%"
