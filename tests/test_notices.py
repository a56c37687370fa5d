"""Reading the changes out of notifications, and marking what came twice, late, stale or after a gap."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from connectorkit import columns, frames
from connectorkit.log import Log, Notification
from connectorkit.notices import conversation_of, of_log, read

C = "c-1"
# The samples of the reference, ids shortened.
TEXT = {
    "sequence": 2,
    "originatorId": "a1b2",
    "originatorMetadata": {"id": "a1b2", "role": "ASSIGNED_AGENT"},
    "serverTimestamp": 1_700_000_000_123,
    "event": {"type": "ContentEvent", "contentType": "text/plain", "message": "How can I help?"},
    "conversationId": C,
    "dialogId": C,
}
TYPING = {
    "originatorId": "a1b2",
    "originatorMetadata": {"id": "a1b2", "role": "ASSIGNED_AGENT"},
    "event": {"type": "ChatStateEvent", "chatState": "COMPOSING"},
    "conversationId": C,
    "dialogId": C,
}
FILE = {
    "caption": "A leaf",
    "relativePath": "/v1/AUTH_async-images/1/leaf.PNG",
    "fileType": "PNG",
    "preview": "data:image/png;base64,",
}


def numbered(sequence: Any, dialog: str = C, **members: Any) -> dict[str, Any]:
    return TEXT | {"sequence": sequence, "dialogId": dialog} | members


def changed(at: Any, conversation: str = C, **details: Any) -> dict[str, Any]:
    known = {"state": "OPEN", "stage": "OPEN", "metaDataLastUpdateTs": at, **details}
    return {"type": "UPSERT", "result": {"convId": conversation, "conversationDetails": known}}


def delivery(*changes: Any, **facts: Any) -> Notification:
    kind = "cqm.ExConversationChangeNotification" if any("result" in c for c in changes) else None
    kind = kind or "ms.MessagingEventNotification"
    body = json.dumps({"kind": "notification", "type": kind, "body": {"changes": list(changes)}})
    return Notification(body, **{"conversation_id": C, "received_at": 1_700_000_000_200_000_000, **facts})


def log_of(*deliveries: Notification) -> Log:
    log = Log()
    for notification in deliveries:
        log.append_notification(notification)
    return log


def marks(*deliveries: Notification) -> list[tuple[int | None, str]]:
    return [(change.attempt, change.mark) for change in of_log(log_of(*deliveries))]


# --- One row per change ----------------------------------------------------------------------------


def test_an_agent_s_text_is_a_row() -> None:
    row = frames.notifications(log_of(delivery(TEXT, host="msg.example", session_id="s"))).iloc[0]

    assert {k: v for k, v in row.items() if pd.notna(v)} == {
        "notification_id": 1,
        "position": 0,
        "session_id": "s",
        "received_at": row["received_at"],
        "type": "ms.MessagingEventNotification",
        "event_type": "ContentEvent",
        "conversation_id": C,
        "dialog_id": C,
        "sequence": 2,
        "originator_role": "ASSIGNED_AGENT",
        "originator_id": "a1b2",
        "text": "How can I help?",
        "server_timestamp": row["server_timestamp"],
        "lag_ms": 77.0,
        "attempt": 1,
        "mark": "gap",
        "signature": "valid",
        "status_code": 200,
        "host": "msg.example",
    }
    assert str(row["received_at"]) == "2023-11-14 22:13:20.200000+00:00"
    assert str(row["server_timestamp"]) == "2023-11-14 22:13:20.123000+00:00"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (TYPING, {"event_type": "ChatStateEvent", "status": "COMPOSING", "dialog_id": C}),
        (
            TEXT | {"event": {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [0]}},
            {"event_type": "AcceptStatusEvent", "status": "READ", "sequence": 2},
        ),
        (
            changed(1_700_000_000_100, state="CLOSE"),
            {
                "event_type": "UPSERT",
                "state": "CLOSE",
                "stage": "OPEN",
                "lag_ms": 100.0,
                "conversation_id": C,
            },
        ),
        ({"type": "DELETE", "result": {"convId": C}}, {"event_type": "DELETE", "conversation_id": C}),
        (
            TEXT | {"event": {"type": "ContentEvent", "contentType": "hosted/file", "message": FILE}},
            {"event_type": "ContentEvent", "sequence": 2},
        ),
        ({k: v for k, v in TEXT.items() if k != "conversationId"}, {"conversation_id": C, "dialog_id": C}),
    ],
)
def test_each_kind_of_change_is_read(change: dict[str, Any], expected: dict[str, Any]) -> None:
    row = frames.notifications(log_of(delivery(change))).iloc[0]

    assert row[list(expected)].to_dict() == expected


def test_several_changes_in_one_delivery_are_several_rows() -> None:
    frame = frames.notifications(log_of(delivery(numbered(0), TYPING, numbered(1), changed(5))))

    assert frame["position"].tolist() == [0, 1, 2, 3]
    assert frame["notification_id"].tolist() == [1, 1, 1, 1]
    assert frame["mark"].tolist() == ["", "", "", ""]


def test_an_event_of_a_survey_that_names_its_dialog_only_belongs_to_its_conversation() -> None:
    survey = numbered(0, "d-2")
    del survey["conversationId"]
    opening = changed(5, dialogs=[{"dialogId": C}, {"dialogId": "d-2"}])
    log = log_of(delivery(survey, conversation_id="d-2"), delivery(opening), delivery(numbered(0, "d-3")))

    assert frames.notifications(log)["conversation_id"].tolist() == [C, C, C]
    assert frames.notifications(log, conversation=C)["dialog_id"].fillna("").tolist() == ["d-2", "", "d-3"]


# --- Marks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([0, 1, 2], [(1, ""), (1, ""), (1, "")]),
        ([0, 0, 0], [(1, ""), (2, "duplicate"), (3, "duplicate")]),
        ([0, 2, 1, 3], [(1, ""), (1, "gap"), (1, "late"), (1, "")]),
        ([3], [(1, "gap")]),
        ([0, 5, 6, 3, 3], [(1, ""), (1, "gap"), (1, ""), (1, "late"), (2, "duplicate")]),
    ],
)
def test_numbered_events_are_marked(numbers: list[int], expected: list[tuple[int, str]]) -> None:
    assert marks(*(delivery(numbered(number)) for number in numbers)) == expected


def test_conversation_changes_are_marked_by_their_time_stamp() -> None:
    assert marks(*(delivery(changed(at)) for at in (10, 30, 20, 30, 20, 40))) == [
        *((1, ""), (1, ""), (1, "stale"), (2, "duplicate"), (2, "duplicate"), (1, "")),
    ]


def test_dialogs_conversations_and_hosts_are_marked_apart() -> None:
    told = (
        *(delivery(numbered(0, dialog)) for dialog in ("d-1", "d-2")),
        *(delivery(numbered(0, "d-1"), host=host) for host in ("one", "two")),
        *(delivery(changed(7, conversation)) for conversation in ("c-1", "c-2")),
    )

    assert marks(*told) == [(1, "")] * 6


def test_chat_states_are_never_duplicates() -> None:
    assert marks(delivery(TYPING), delivery(TYPING)) == [(1, ""), (1, "")]


def test_a_delivery_that_is_not_valid_has_a_row_and_counts_for_nothing() -> None:
    forged = delivery(numbered(7), signature="wrong-secret")

    frame = frames.notifications(log_of(delivery(numbered(0)), forged, delivery(numbered(1)), forged))

    assert frame["signature"].tolist() == ["valid", "wrong-secret", "valid", "wrong-secret"]
    assert frame["attempt"].isna().tolist() == [False, True, False, True]
    assert frame["mark"].tolist() == ["", "", "", ""]


def test_marks_hold_across_sessions_and_when_rows_are_chosen() -> None:
    told = [delivery(numbered(0), session_id="a"), delivery(numbered(0), session_id="b")]
    log = log_of(*told, delivery(numbered(0, "d-2", conversationId="c-2"), conversation_id="c-2"))

    assert frames.notifications(log, session="b")["mark"].tolist() == ["duplicate"]
    assert frames.notifications(log, session="current")["conversation_id"].tolist() == ["c-2"]
    assert frames.notifications(log, conversation=C)["attempt"].tolist() == [1, 2]
    assert frames.notifications(log, conversation=C, session="a")["attempt"].tolist() == [1]
    assert frames.notifications(log, conversation="c-9").empty


def test_a_delivery_whose_conversation_the_receiver_did_not_note_is_found() -> None:
    log = log_of(delivery(numbered(0), conversation_id=None), delivery(numbered(0)))

    assert frames.notifications(log, conversation=C)["mark"].tolist() == ["", "duplicate"]


# --- Odd bodies ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        *(
            "",
            "{",
            "null",
            "7",
            '"text"',
            "[]",
            "{}",
            "[" * 100_000,
            '{"body": 1}',
            '{"body": {"changes": {}}}',
        ),
        *('{"type": [], "body": {"changes": []}}', f'{{"body": {{"changes": [{"9" * 5000}]}}}}', "NaN"),
    ],
    ids=lambda body: body[:30],
)
def test_a_delivery_without_a_readable_change_is_a_row_all_the_same(body: str) -> None:
    row = frames.notifications(log_of(Notification(body, signature="truncated"))).iloc[0]

    assert row[["notification_id", "signature", "mark"]].tolist() == [1, "truncated", ""]
    assert row[["position", "type", "event_type", "sequence", "attempt"]].isna().all()


@pytest.mark.parametrize(
    "odd", [None, 7, -1, 1.5, "x", "", [], {}, {"a": 1}, 10**30, -(10**15), True, "\ud83d"]
)
@pytest.mark.parametrize(
    "member", [*TEXT, "message", "role", "convId", "metaDataLastUpdateTs", "dialogs", "result"]
)
def test_an_odd_member_never_breaks_the_frame(member: str, odd: Any) -> None:
    event, details = TEXT["event"] | {"message": odd}, {"dialogs": odd, "state": odd, "participants": [odd]}
    change: dict[str, Any] = {
        "message": TEXT | {"event": event},
        "role": TEXT | {"originatorMetadata": {"role": odd, "id": odd}},
        "convId": {"result": {"convId": odd, "conversationDetails": {}}},
        "metaDataLastUpdateTs": changed(odd),
        "dialogs": changed(5, **details),
        "result": {"result": odd},
    }.get(member, TEXT | {member: odd})

    frame = frames.notifications(log_of(delivery(change), delivery(numbered(0, "d-9"))))

    assert frame["notification_id"].tolist() == [1, 2]
    assert frame["mark"].tolist()[1] == ""


def test_half_a_surrogate_pair_is_shown_by_its_number() -> None:
    event = {"type": "ContentEvent", "message": "\ud83d"}

    assert frames.notifications(log_of(delivery(TEXT | {"event": event})))["text"].tolist() == ["\\ud83d"]


@pytest.mark.parametrize(
    "log",
    [log_of(), log_of(delivery(TEXT, changed(5))), log_of(Notification("x"), delivery(TYPING))],
    ids=["empty", "full", "mixed"],
)
def test_columns_and_dtypes_are_those_documented(log: Log) -> None:
    frame = frames.notifications(log)

    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        name: dtype for name, (dtype, _) in columns.NOTIFICATIONS.items()
    }


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ([TEXT], C),
        ([TEXT, changed(5)], C),
        ([TEXT, changed(5, "c-2")], None),
        ([{"dialogId": "d-1"}], "d-1"),
        ([{}], None),
        ([], None),
    ],
)
def test_the_conversation_a_delivery_is_about_is_named_or_none(changes: list[Any], named: str | None) -> None:
    assert conversation_of(delivery(*changes).body) == named


def test_reading_nothing_gives_nothing() -> None:
    assert read([]) == []
