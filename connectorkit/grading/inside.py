"""Checks that need a view into the receiver: what it says it has worked on, in its order.

The view is a list with an object for each thing: ``dialogId`` and ``sequence`` of an event, ``convId`` and
``metaDataLastUpdateTs`` of a conversation's state, a ``text`` where there is one. The changes of
notifications will do as they came; other members do not matter.
"""

from __future__ import annotations

import ssl
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from connectorkit import notices
from connectorkit.errors import SettingsError
from connectorkit.grading import load
from connectorkit.grading.checks import CHECKS
from connectorkit.grading.exam import Exam
from connectorkit.grading.gate import Passed
from connectorkit.grading.marks import FAILED
from connectorkit.log import Log
from connectorkit.pairs import object_or_empty, text_or_none
from connectorkit.replies import whole_number

View = Callable[[], Iterable[Any]]

NAMES = tuple(check.name for check in CHECKS if check.inside)
NO_VIEW = "no view into your receiver; give --state URL, or observed= in Python"
_STILL_SECONDS = 1.5  # what has not changed for so long is taken as all
_LONGEST_SECONDS = 15.0
_STILL_LOOKS = 10
_LOOK_SECONDS = 0.1
_MOST_SLOWDOWN = 8.0


@dataclass(frozen=True)
class Item:
    """One thing that the receiver has worked on; what it does not say is missing."""

    dialog_id: str | None
    sequence: int | None
    conversation_id: str | None
    updated_ms: int | None
    text: str | None


def taken(log: Log) -> list[dict[str, Any]]:
    """A view into a kit's log: what a careful reader takes from it, without duplicates and old states."""
    changes = [c for c in notices.of_log(log) if c.valid and c.mark not in (notices.DUPLICATE, notices.STALE)]
    changes.sort(key=lambda change: (change.dialog_id or "", change.sequence or 0))
    return [
        {
            "dialogId": change.dialog_id,
            "sequence": change.sequence,
            "convId": change.conversation_id if change.details else None,
            "metaDataLastUpdateTs": change.server_timestamp if change.details else None,
            "text": change.text,
        }
        for change in changes
    ]


def read(view: View) -> list[Item]:
    """What the receiver says at this moment. Raises ``SettingsError`` where that is no list."""
    given = view()
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise SettingsError(
            f"The view into the receiver gave {type(given).__name__}, not a list. Give a list of objects "
            "with dialogId and sequence, or convId and metaDataLastUpdateTs."
        )
    return [_item(object_or_empty(one)) for one in given]


def check_all(exam: Exam, view: View | None, rough: list[Passed]) -> None:
    """Judge what the receiver has kept."""
    if view is None or exam.slow:
        why = NO_VIEW if view is None else "too little could be sent; see fast"
        for name in NAMES:
            exam.not_judged(name, why)
        return
    items = _settled(exam, view, rough)
    ours = {dialog for dialog, _ in exam.texts}
    seen = [item for item in items if item.dialog_id in ours]
    if not seen:
        for name in NAMES:
            exam.not_judged(name, "the view has nothing of what was taken; does it show every conversation?")
        return
    _complete(exam, seen)
    _once(exam, items, rough)
    _order(exam, seen, rough)
    _newest(exam, items, rough)
    _refused_gone(exam, items)
    _texts(exam, seen)


def _settled(exam: Exam, view: View, rough: list[Passed]) -> list[Item]:
    """What the receiver has when all is there, or nothing has changed for a while, a longer one if busy."""
    started = changed = time.monotonic()
    items, slowdown, looks = read(view), 0.0, 0
    while True:
        now = time.monotonic()
        if _all_there(exam, items, rough) or now - started > _LONGEST_SECONDS * max(1.0, slowdown):
            return items
        if now - changed > _STILL_SECONDS * max(1.0, slowdown) and looks > _STILL_LOOKS:
            if slowdown:
                return items
            slowdown = min(load.slowdown(), _MOST_SLOWDOWN)
        time.sleep(_LOOK_SECONDS)
        before, items = items, read(view)
        looks += 1
        if items != before:
            changed, looks = time.monotonic(), 0


def _all_there(exam: Exam, items: list[Item], rough: list[Passed]) -> bool:
    """Whether nothing is missing: no text, and no newest state where states are shown at all."""
    if not exam.texts.keys() <= {(item.dialog_id, item.sequence) for item in items}:
        return False
    newest = max((one.change.server_timestamp or 0 for one in rough if one.change.details), default=0)
    stamps = {item.updated_ms for item in items}
    return not newest or stamps == {None} or newest in stamps


def _complete(exam: Exam, seen: list[Item]) -> None:
    there = {(item.dialog_id, item.sequence) for item in seen}
    missing = [text for key, text in exam.texts.items() if key not in there]
    sent = f"{len(exam.texts)} texts of agents, each answered well"
    if missing:
        came = f"{len(missing)} missing, among them {missing[0][:40]!r}"
        exam.failed("complete", "loses-events", sent, came)
    else:
        exam.passed("complete", sent, "all there")


def _once(exam: Exam, items: list[Item], rough: list[Passed]) -> None:
    counts = Counter(
        (item.dialog_id or item.conversation_id, item.sequence, item.updated_ms)
        for item in items
        if item.sequence is not None or item.updated_ms is not None
    )
    ours = {dialog for dialog, _ in exam.texts} | {one.change.conversation_id for one in rough}
    twice = [key for key, count in counts.items() if count > 1 and key[0] in ours]
    sent = "some notifications two or three times"
    if twice:
        what = f"number {twice[0][1]}" if twice[0][1] is not None else "a conversation's state"
        exam.failed("once", "works-twice", sent, f"{len(twice)} more than once, such as {what}")
    else:
        exam.passed("once", sent, "each once")


def _order(exam: Exam, seen: list[Item], rough: list[Passed]) -> None:
    sent = "two texts in each other's place"
    by_dialog: dict[str | None, list[int]] = defaultdict(list)
    for item in seen:
        if item.sequence is not None:
            by_dialog[item.dialog_id].append(item.sequence)
    muddled = {one.change.dialog_id for one in rough}
    if not any(len(by_dialog[dialog]) > 1 for dialog in muddled & by_dialog.keys()):
        exam.not_judged("order", "the view has too little of the conversation that was sent out of order")
        return
    bad = next((numbers for numbers in by_dialog.values() if numbers != sorted(numbers)), None)
    if bad is None:
        exam.passed("order", sent, "sorted by number")
    else:
        exam.failed("order", "order-by-arrival", sent, f"numbers {', '.join(map(str, bad))}")


def _newest(exam: Exam, items: list[Item], rough: list[Passed]) -> None:
    sent = "the last state but one after the last"
    states = [one.change for one in rough if one.change.details]
    ours = {change.conversation_id for change in states}
    stamps = [i.updated_ms for i in items if i.conversation_id in ours and i.updated_ms is not None]
    if not stamps:
        exam.not_judged("newest", "the view has no state of that conversation")
        return
    newest = max(change.server_timestamp or 0 for change in states)
    if stamps == sorted(stamps) and stamps[-1] == newest:
        exam.passed("newest", sent, "the newest state is the last")
    elif stamps == sorted(stamps) and newest not in stamps and exam.has_failed("complete"):
        exam.not_judged("newest", "the newest state may be among what is missing; see complete")
    else:
        exam.failed("newest", "outdated-state", sent, "an older state after a newer one")


def _refused_gone(exam: Exam, items: list[Item]) -> None:
    """Also revises what outside looked as if it was taken: an answer of 200 to what was then dropped."""
    there = {item.dialog_id for item in items} | {item.conversation_id for item in items}
    for name, dialogs in exam.forbidden.items():
        mark = exam.marks.get(name)
        if mark is not None and mark.verdict == FAILED and not dialogs & there:
            exam.passed(name, mark.sent, f"{mark.came}, and dropped")
    refused = {name: ids for name, ids in exam.forbidden.items() if not exam.has_failed(name)}
    kept = [name for name, dialogs in refused.items() if dialogs & there]
    sent = f"what was refused: {', '.join(refused)}"
    if not refused:
        exam.not_judged("refused-gone", "nothing was refused")
    elif kept:
        exam.failed("refused-gone", "works-on-refused", sent, f"worked on: {', '.join(kept)}")
    else:
        exam.passed("refused-gone", sent, "none of it")


def _texts(exam: Exam, seen: list[Item]) -> None:
    told = {
        (item.dialog_id, item.sequence): item.text
        for item in seen
        if item.text is not None and (item.dialog_id, item.sequence) in exam.texts
    }
    if not told:
        exam.not_judged("texts", "the view has no texts")
        return
    bad = [(exam.texts[key], text) for key, text in told.items() if exam.texts[key] != text]  # type: ignore[index]
    sent = "texts, some with umlauts and an emoji"
    if bad:
        wanted, came = bad[0]
        exam.failed("texts", "garbled-text", sent, f"{came[:40]!r} for {wanted[:40]!r}")
    else:
        exam.passed("texts", sent, f"{len(told)} as they were sent")


def _item(given: dict[str, Any]) -> Item:
    result = object_or_empty(given.get("result"))
    details = object_or_empty(result.get("conversationDetails"))
    event = object_or_empty(given.get("event"))
    updated = whole_number(given.get("metaDataLastUpdateTs"))
    return Item(
        dialog_id=text_or_none(given.get("dialogId")),
        sequence=whole_number(given.get("sequence")),
        conversation_id=text_or_none(given.get("convId")) or text_or_none(result.get("convId")),
        updated_ms=whole_number(details.get("metaDataLastUpdateTs")) if updated is None else updated,
        text=text_or_none(given.get("text")) or text_or_none(event.get("message")),
    )


def over_http(url: str, trust: str | None = None) -> View:
    """A view that is fetched as JSON. It raises ``SettingsError`` where nothing of the kind comes."""

    def view() -> Any:
        verify = ssl.create_default_context(cafile=trust)
        try:
            answer = httpx.get(url, timeout=_LONGEST_SECONDS, verify=verify, trust_env=False)
            return answer.raise_for_status().json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            raise SettingsError(
                f"The view into the receiver, {url}, cannot be read ({reason}). Give an address that answers "
                "GET with a JSON list of what was worked on."
            ) from None

    return view
