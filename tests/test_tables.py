"""Frames of a log: columns and dtypes, whatever stands in it; that they may be changed; what a moment is."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import pytest
from logbook import FRAMES, HOSTILE, T0, accepted, cells, event, made, publish, same

from connectorkit import columns, tables
from connectorkit.log import Exchange, Notification
from connectorkit.response_log import ResponseLog
from connectorkit.tables import Growing, moment, nanoseconds
from connectorkit.timeline import TIMELINE

# Written out: what people build on changes here or not at all.
# T text, I whole number, F float, W when, B yes or no.
DTYPES = {"T": "string", "I": "Int64", "F": "float64", "W": "datetime64[us, UTC]", "B": "boolean"}
_EXCHANGE = "exchange_id I, session_id T, scenario T, label T, operation T, attempt I, started_at W"
_PHASES = (
    "blocked_ms F, connect_ms F, tls_ms F, send_ms F, wait_ms F, receive_ms F, first_byte_ms F, total_ms F"
)
PROMISED = {
    "exchanges": f"{_EXCHANGE}, method T, url T, status_code I, error T, request_bytes I, response_bytes I, "
    f"http_version T, reused_connection B, {_PHASES}, account_id T, consumer T, reason T",
    "messages": "exchange_id I, position I, request_id T, type T, event_type T, conversation_id T, "
    "consumer T, code T, sequence I, error_code I, error_title T, text T, sent_at W, answered_at W",
    "timings": f"{_EXCHANGE}, status_code I, error T, reused_connection B, {_PHASES}",
    "notifications": "notification_id I, position I, session_id T, received_at W, type T, event_type T, "
    "conversation_id T, dialog_id T, sequence I, originator_role T, originator_id T, text T, status T, "
    "state T, stage T, server_timestamp W, lag_ms F, attempt I, mark T, signature T, status_code I, "
    "account_id T, client_id T, host T",
    "timeline": "at W, kind T, who T, what T, sequence I, caused_by T, ack_ms F, notify_ms F, deliveries I, "
    "event_id T, conversation_id T, dialog_id T, notification_id I",
    "sessions": "session_id T, began W, ended W, exchanges I, errors I, notifications I, labels T, current B",
    "notes": "note_id I, written_at W, session_id T, exchange_id I, text T",
}


def filled(*exchanges: Exchange, notifications: tuple[Notification, ...] = ()) -> ResponseLog:
    log = ResponseLog()
    for exchange in exchanges:
        log.append(exchange)
    for notification in notifications:
        log.append_notification(notification)
    return log


def nothing() -> ResponseLog:
    return filled()


def one_row() -> ResponseLog:
    log = filled(
        made(request_body=publish("Hello"), response_body=accepted(), status_code=200, total_ms=1, label="x"),
        notifications=(Notification(event("c-1", 0, "c-1")),),
    )
    log.note("first")
    return log


def all_missing() -> ResponseLog:
    return filled(made(request_body="{}"), notifications=(Notification(""),))


def hostile() -> ResponseLog:
    log = filled(
        *(
            made(
                text,
                url=text,
                session_id=text,
                scenario=text,
                label=text,
                error=text,
                reason=text,
                consumer=text,
                request_headers=[(text, text)],
            )
            for text in HOSTILE
        ),
        *(made(request_body=publish(text, text), response_body=accepted(10**30)) for text in HOSTILE),
        *(made(request_bytes=2**63 - 1, attempt=-(2**63), total_ms=math.nan, wait_ms=math.inf) for _ in "x"),
        notifications=tuple(
            Notification(event(text, 10**30, text, text), signature=text, host=text) for text in HOSTILE
        ),
    )
    for text in HOSTILE[:-1]:
        log.note(f"about {text}")
    return log


LOGS = [nothing, one_row, all_missing, hostile]


# --- Columns, dtypes, values ----------------------------------------


@pytest.mark.parametrize("make", LOGS)
@pytest.mark.parametrize("name", PROMISED)
def test_columns_and_dtypes_are_those_promised_whatever_the_log_holds(
    make: Callable[[], ResponseLog], name: str
) -> None:
    found = getattr(make(), name)()

    assert [(column, str(dtype)) for column, dtype in found.dtypes.items()] == [
        (column, DTYPES[letter]) for column, letter in (pair.split() for pair in PROMISED[name].split(", "))
    ]
    assert found.index.tolist() == list(range(len(found)))


@pytest.mark.parametrize("name", PROMISED)
def test_what_is_documented_is_what_is_promised(name: str) -> None:
    documented = TIMELINE if name == "timeline" else getattr(columns, name.upper())

    assert list(documented) == [pair.split()[0] for pair in PROMISED[name].split(", ")]


@pytest.mark.parametrize("make", LOGS)
def test_the_frame_of_exchanges_says_what_the_records_say(make: Callable[[], ResponseLog]) -> None:
    log = make()

    found = cells(log.exchanges())

    assert len(found) == len(log)
    for row, record in zip(found, log, strict=True):
        expected = {name: getattr(record, name) for name in row}
        expected["started_at"] = pd.Timestamp(record.started_at // 1000, unit="us", tz="UTC")
        assert row == expected


def test_a_text_that_no_file_can_hold_is_seen_escaped_and_a_long_one_whole() -> None:
    found = hostile().exchanges()

    assert found["consumer"][0] == "half \\ud83d"
    assert found["label"].tolist()[1 : len(HOSTILE)] == list(HOSTILE[1:])


def test_a_number_that_is_none_is_missing_and_the_largest_are_kept() -> None:
    last = hostile().exchanges().iloc[-1]

    assert np.isnan(last["total_ms"])
    assert last["wait_ms"] == math.inf
    assert (last["request_bytes"], last["attempt"]) == (2**63 - 1, -(2**63))


def test_numbers_too_large_for_a_frame_are_missing_in_it() -> None:
    log = hostile()

    assert log.messages()["sequence"].isna().all()
    assert log.notifications()["sequence"].isna().all()


def test_times_keep_their_microseconds() -> None:
    found = filled(made(started_at=T0 + 123_456_789)).exchanges()

    assert found["started_at"][0] == pd.Timestamp("2023-11-14 22:13:20.123456", tz="UTC")


# --- Growing ----------------------------------------

COLUMNS = {
    "when": ("datetime64[us, UTC]", ""),
    "text": ("string", ""),
    "whole": ("Int64", ""),
    "real": ("float64", ""),
    "flag": ("boolean", ""),
}
ROWS: list[dict[str, Any]] = [
    {"when": T0, "text": "a", "whole": 1, "real": 0.5, "flag": True},
    {},
    {"when": 0, "text": "", "whole": 0, "real": 0.0, "flag": False},
    {"when": None, "text": None, "whole": None, "real": None, "flag": None},
    {"when": T0 + 1_999, "text": "\ud83d", "whole": -(2**63), "real": math.inf, "flag": False},
]


@pytest.mark.parametrize("sizes", [(5,), (1, 1, 1, 1, 1), (2, 3), (0, 5), (4, 0, 1)])
def test_rows_added_in_parts_give_the_frame_of_all(sizes: tuple[int, ...]) -> None:
    table, begin = Growing(COLUMNS), 0
    for size in sizes:
        table.add(ROWS[begin : begin + size])
        table.frame()
        begin += size

    same(table.frame(), tables.frame(COLUMNS, ROWS))
    assert table.frame()["whole"].isna().tolist() == [False, True, False, True, False]
    assert table.frame()["flag"].isna().tolist() == [False, True, False, True, False]
    assert table.frame()["when"].isna().tolist() == [False, True, False, True, False]
    assert table.frame()["text"].isna().tolist() == [False, True, False, True, False]


def test_texts_of_many_small_additions_stay_in_few_pieces() -> None:
    table = Growing({"text": ("string", "")})
    for number in range(2_000):
        table.add([{"text": str(number)}])

    assert table.frame()["text"].tolist() == [str(number) for number in range(2_000)]
    assert len(table._columns["text"]._parts) <= 11  # type: ignore[union-attr]


# --- A frame belongs to whoever asked for it ----------------------------------------


def by_loc(frame: pd.DataFrame) -> None:
    for column in frame:
        frame.loc[0, column] = frame[column].iloc[-1]


def by_iloc(frame: pd.DataFrame) -> None:
    for place in range(frame.shape[1]):
        frame.iloc[0, place] = frame.iloc[-1, place]


def by_column(frame: pd.DataFrame) -> None:
    for column in list(frame):
        frame[column] = frame[column].iloc[::-1].to_numpy()
    frame["mine"] = 1


def by_rows(frame: pd.DataFrame) -> None:
    frame.loc[[0, 1]] = frame.loc[[2, 3]].to_numpy()


def by_sorting(frame: pd.DataFrame) -> None:
    frame.sort_values("exchange_id", ascending=False, inplace=True)


def by_dropping(frame: pd.DataFrame) -> None:
    frame.drop(columns=list(frame)[1:3], inplace=True)
    frame.drop(index=0, inplace=True)


def by_naming(frame: pd.DataFrame) -> None:
    frame.columns.name = frame.index.name = "mine"
    frame.rename(columns=str.upper, inplace=True)
    frame.attrs["mine"] = True


def by_filling(frame: pd.DataFrame) -> None:
    for column in frame.select_dtypes(["Int64", "float64"]):
        frame[column] = frame[column].fillna(7)
    frame.fillna({"label": "none"}, inplace=True)


def by_part(frame: pd.DataFrame) -> None:
    part = frame[list(frame)[:8]]
    part.loc[0, part.columns[0]] = part.iloc[-1, 0]
    column = frame["exchange_id"]
    column[0] = 99
    column.iloc[1] = 98
    frame.iloc[0, 0] = 97


IN_PLACE = pytest.mark.filterwarnings("ignore:The inplace keyword", "ignore:.*Series.values")
CHANGES = [by_loc, by_iloc, by_column, by_rows, by_sorting, by_dropping, by_naming, by_filling, by_part]


def four_rows() -> ResponseLog:
    log = ResponseLog()
    for number in range(4):
        log.append(
            made(
                f"operation {number}",
                url=f"u{number}",
                started_at=T0 + number * 1000,
                status_code=200 + number,
                total_ms=float(number),
                reused_connection=number < 3,
                request_bytes=number,
                label=None if number % 2 else "x",
            )
        )
    return log


@IN_PLACE
@pytest.mark.parametrize("grown", [False, True], ids=["now", "after the log grew"])
@pytest.mark.parametrize("change", CHANGES)
def test_changing_a_frame_changes_no_other(change: Callable[[pd.DataFrame], None], grown: bool) -> None:
    log, untouched = four_rows(), four_rows()
    expected = untouched.exchanges().assign(session_id=log.session_id).astype({"session_id": "string"})
    mine, theirs = log.exchanges(), log.exchanges()
    if grown:  # the log has made another frame since, of the same memory
        log.append(made())
        log.exchanges()

    change(mine)

    same(theirs, expected)
    same(log.exchanges().iloc[:4], expected)
    with pytest.raises(AssertionError):
        same(mine, expected)


@IN_PLACE
@pytest.mark.parametrize("grown", [False, True])
@pytest.mark.parametrize("column", ["status_code", "total_ms", "url", "started_at", "reused_connection"])
def test_what_lies_below_a_frame_is_out_of_reach(column: str, grown: bool) -> None:
    log = four_rows()
    mine = log.exchanges()
    if grown:
        log.append(made())
        log.exchanges()
    expected = log.exchanges().copy()

    for below in (mine[column].array, mine[column].values, mine[column].to_numpy(), np.asarray(mine[column])):
        try:
            below[0] = below[3]
        except ValueError as error:
            assert "read-only" in str(error)  # noqa: PT017 - refusing is as good as giving a copy

    same(log.exchanges(), expected)


# --- Moments ----------------------------------------

NOON = pd.Timestamp("2026-01-31 12:00", tz="UTC")


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-31T12:00",
        "2026-01-31 12:00",
        "2026-01-31T12:00Z",
        "2026-01-31T13:30+01:30",
        datetime(2026, 1, 31, 12),
        datetime(2026, 1, 31, 12, tzinfo=UTC),
        datetime(2026, 1, 31, 7, tzinfo=timezone(timedelta(hours=-5))),
        pd.Timestamp("2026-01-31 12:00"),
        pd.Timestamp("2026-01-31 13:00", tz="Europe/Berlin"),
        np.datetime64("2026-01-31T12:00"),
    ],
    ids=repr,
)
def test_a_moment_without_a_zone_is_utc_and_others_are_translated(value: Any) -> None:
    assert moment(value) == NOON
    assert str(moment(value).tz) == "UTC"


@pytest.mark.parametrize("value", [date(2026, 1, 31), "2026-01-31", " 2026-01-31 "])
def test_a_day_begins_at_midnight(value: Any) -> None:
    assert moment(value) == pd.Timestamp("2026-01-31", tz="UTC")


def test_a_month_begins_with_its_first_day() -> None:
    assert moment("2026-01") == pd.Timestamp("2026-01-01", tz="UTC")


@pytest.mark.parametrize(
    ("value", "ago"),
    [
        ("10 min", 600),
        ("10min", 600),
        ("1.5 hours", 5400),
        ("30 days", 2_592_000),
        ("1 day 02:00:00", 93_600),
        ("P1D", 86_400),
        (timedelta(seconds=5), 5),
        (pd.Timedelta("1h"), 3600),
        (timedelta(0), 0),
    ],
    ids=repr,
)
def test_a_duration_is_how_long_ago(value: Any, ago: int) -> None:
    before = pd.Timestamp.now("UTC")

    found = moment(value) + pd.Timedelta(seconds=ago)

    assert before <= found <= pd.Timestamp.now("UTC")


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", "nonsense", "yesterday", "1 day ago", "-10 min", "NaT", "nan", "now", "today"),
        # A number without its unit would be nanoseconds; a time without a day, a duration.
        *("10", "2026", "1700000000", "12:00", "12:00:00", 5, 5.5, True, T0),
        *(None, pd.NaT, math.nan, [], b"2026-01-31", object, timedelta(-1), "2026-13-01", "2026-02-30"),
        *("99999999 days", "2026-01-31 nonsense", np.timedelta64(5, "m")),
    ],
    ids=repr,
)
def test_what_is_no_moment_is_refused_by_a_sentence_that_names_it(value: Any) -> None:
    with pytest.raises(ValueError, match=r"older_than is .*\. Pass a datetime, a text such as .* 10 min\."):
        moment(value, "older_than")


@pytest.mark.parametrize("name", ["exchanges", "messages", "timings", "notifications"])
def test_a_wrong_since_is_refused_by_every_frame(name: str) -> None:
    with pytest.raises(ValueError, match=r"since is 'nonsense'\. Pass a datetime"):
        getattr(ResponseLog(), name)(since="nonsense")


def test_nanoseconds_are_those_since_the_epoch_and_never_too_many() -> None:
    assert nanoseconds(moment("1970-01-01T00:00:01.000002")) == 1_000_002_000
    assert nanoseconds(moment("1969-12-31T23:59:59")) == -1_000_000_000
    assert nanoseconds(moment("0001-01-01")) == -(2**63)
    assert nanoseconds(moment("9999-12-31")) == 2**63 - 1


# --- Filters that are no filters ----------------------------------------


@pytest.mark.parametrize("name", ["exchanges", "messages", "timings"])
def test_an_unknown_filter_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(TypeError, match=r"There is no filter colour, speed\. Choose from session, "):
        getattr(ResponseLog(), name)(speed=1, colour="red")


@pytest.mark.parametrize("name", ["exchanges", "messages", "timings", "notifications"])
@pytest.mark.parametrize("wrong", [5, b"c-1", ["c-1"], made()], ids=repr)
def test_a_conversation_that_is_none_is_refused(name: str, wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"conversation is .*\. Pass what open\(\) returned, or its id\."):
        getattr(ResponseLog(), name)(conversation=wrong)


@pytest.mark.parametrize("name", FRAMES)
def test_asking_twice_gives_the_same(name: str) -> None:
    log = hostile()

    same(getattr(log, name)(), getattr(log, name)())
