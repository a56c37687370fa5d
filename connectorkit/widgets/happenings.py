"""What became of a conversation as a whole: who came and went, surveys, the rating, its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from connectorkit import wire, words
from connectorkit.notices import Change
from connectorkit.pairs import Pair, object_or_empty, text_or_none
from connectorkit.replies import whole_number
from connectorkit.timeline import Told
from connectorkit.widgets import elements

_LONGEST = 300


@dataclass(frozen=True)
class Happened:
    """How a conversation stands, and sentences on what happened, by the event that told of it.

    ``survey`` is the dialog of an open survey, ``surveyed`` whether there was one, ``rated`` the rating.
    """

    closed: bool
    survey: str | None
    surveyed: bool
    rated: int | None
    notes: dict[str, list[str]] = field(default_factory=dict)


def read(told: Told) -> Happened:
    """From the changes of the conversation, in the order of the service's clock.

    Where none has come, from our own requests that were carried out.
    """
    came: dict[Any, Change] = {}
    for change in told.changes:
        if change.details:
            came.setdefault(change.identity or _event_id(change), change)
    if not came:
        return _by_requests(told.asked)
    in_time = sorted(came.values(), key=lambda change: change.server_timestamp or 0)
    notes: dict[str, list[str]] = {}
    before: Change | None = None
    for change in in_time:
        notes[_event_id(change)] = [elements.clean(note, _LONGEST) for note in _notes(change, before)]
        before = change
    newest = in_time[-1]
    surveys = [dialog for dialog in newest.dialogs if dialog.get("dialogType") == wire.SURVEY_DIALOG]
    survey = next((one for one in surveys if one.get("state") == wire.OPEN), {})
    over = newest.stage == wire.CLOSE
    return Happened(
        closed=wire.CLOSE in (newest.state, newest.stage),
        survey=None if over else text_or_none(survey.get("dialogId")),
        surveyed=bool(surveys),
        rated=_rate(object_or_empty(newest.details.get("csat"))),
        notes=notes,
    )


def _event_id(change: Change) -> str:
    """As the timeline names the change."""
    return f"n{change.notification.notification_id}.{change.position}"


def _notes(change: Change, before: Change | None) -> Iterator[str]:
    now, then = _others(change), {} if before is None else _others(before)
    yield from (f"{role} has joined." for one, role in now.items() if one not in then)
    yield from (f"{role} has left." for one, role in then.items() if one not in now)
    skill, last = change.details.get("skillId"), None if before is None else before.details.get("skillId")
    if before is not None and skill != last:
        yield f"The conversation is with the skill {skill} now."
    csat = object_or_empty(change.details.get("csat"))
    if csat and (before is None or csat != before.details.get("csat")):
        yield _rating(csat)
    if change.stage == wire.CLOSE and (before is None or before.stage != wire.CLOSE):
        by = text_or_none(change.details.get("closeReason"))
        yield f"The conversation is closed{f' ({by})' if by else ''}."
    elif change.state == wire.CLOSE and (before is None or before.state != wire.CLOSE):
        yield "The main dialog is closed; a survey follows."


def _others(change: Change) -> dict[str, str]:
    """Whoever is there besides the consumer, by id."""
    listed = ((text_or_none(p.get("id")) or "", text_or_none(p.get("role"))) for p in change.participants)
    return {one: role for one, role in listed if role and role != wire.CONSUMER}


def _rate(csat: dict[str, Any]) -> int | None:
    return whole_number(csat.get("csatRate"))


def _rating(csat: dict[str, Any]) -> str:
    settled = {True: ", settled", False: ", not settled"}
    confirmed = csat.get("csatResolutionConfirmation")
    rate = _rate(csat)
    if rate is None:
        return "The rating was skipped."
    return f"Rated {rate} of 5{settled[confirmed] if isinstance(confirmed, bool) else ''}."


def _by_requests(asked: list[Pair]) -> Happened:
    closed, rated = False, None
    notes: dict[str, list[str]] = {}
    for pair in asked:
        if not pair.ok or pair.type != wire.UPDATE_FIELD:
            continue
        event_id = f"x{pair.exchange.exchange_id}.{pair.position}"
        for changed in pair.fields:
            if changed.get("field") == wire.CSAT_FIELD:
                rated = _rate(changed)
                notes.setdefault(event_id, []).append(_rating(changed))
        if words.of_request(pair).startswith("close conversation"):
            closed = True
            notes.setdefault(event_id, []).append("The conversation is closed (CONSUMER).")
    return Happened(closed, None, False, rated, notes)
