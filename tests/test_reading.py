"""Filters of the log and of its frames choose what plain Python chooses from all the records."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from logbook import (
    CONSUMERS,
    CONVERSATIONS,
    SECOND,
    SESSIONS,
    T0,
    WORDS,
    accepted,
    event,
    made,
    publish,
    random_exchange,
    random_notification,
)

from connectorkit.errors import LogError
from connectorkit.log import Exchange, Log, Notification
from connectorkit.pairs import pairs
from connectorkit.response_log import ResponseLog
from connectorkit.upkeep import prune

APPENDER = """
import sys
from connectorkit.log import Exchange, Log

log = Log(sys.argv[1])
print("ready", flush=True)
for number in range(int(sys.argv[2])):
    log.append(Exchange("send", "POST", "u", consumer="ana" if number % 2 else None, session_id="other"))
"""


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ResponseLog]:
    """Twelve hundred records of many kinds, more than two pages."""
    chance = random.Random(4)
    with closing(ResponseLog(tmp_path_factory.mktemp("log") / "log.sqlite3")) as log:
        log._database.execute("BEGIN")
        for _ in range(1_200):
            log.append(random_exchange(chance))
            log.append_notification(random_notification(chance))
        log._database.execute("COMMIT")
        yield log


@pytest.fixture(scope="module")
def records(full: ResponseLog) -> list[Exchange]:
    return list(full)


def chosen(records: list[Exchange], current: str, **which: Any) -> list[Exchange]:
    """What ``Log.read`` promises, in plain Python."""
    after, since, mentioning = which.pop("after", 0), which.pop("since", None), which.pop("mentioning", None)
    backwards, headers = which.pop("newest_first", False), which.pop("headers", True)
    if which.get("session") == "current":
        which["session"] = current
    which = {"session_id" if name == "session" else name: value for name, value in which.items()}
    found = [
        record
        for record in records
        if record.exchange_id > after
        and (since is None or record.started_at >= since)
        and all(value is None or getattr(record, name) == value for name, value in which.items())
        and (mentioning is None or mentioning in record.request_body or mentioning in record.response_body)
    ]
    if not headers:
        found = [replace(record, request_headers=[], response_headers=[], tokens={}) for record in found]
    return found[::-1] if backwards else found


def some_filters(chance: random.Random, records: list[Exchange]) -> dict[str, Any]:
    every = {
        "consumer": chance.choice((*CONSUMERS[1:], "nobody")),
        "session": chance.choice(("monday", "tuesday", "current", "never")),
        "operation": chance.choice(("send", "conversation", "domains", "app_jwt")),
        "scenario": chance.choice(WORDS),
        "label": chance.choice(WORDS),
        "since": chance.choice((0, T0, chance.choice(records).started_at, T0 + 10**15)),
        "mentioning": chance.choice(("c-3", "c-", "Grüße", "🚀", '"sequence": 4', "", "%", "_", "absent")),
        "headers": chance.random() < 0.5,
        "after": chance.choice((0, 1, 499, 500, 1_199, 1_200, 5_000)),
        "newest_first": chance.random() < 0.5,
    }
    return {name: every[name] for name in chance.sample(sorted(every), chance.randrange(5))}


@pytest.mark.parametrize("seed", range(30))
def test_reading_chooses_what_plain_python_chooses(
    seed: int, full: ResponseLog, records: list[Exchange]
) -> None:
    chance = random.Random(seed)
    for _ in range(5):
        which = some_filters(chance, records)

        assert list(full.read(**which)) == chosen(records, full.session_id, **which), which


@pytest.mark.parametrize("seed", range(15))
def test_a_file_that_can_only_be_read_is_searched_as_well(
    seed: int, full: ResponseLog, records: list[Exchange], monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"{Path(full.path).as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as read_only:
        monkeypatch.setattr(full, "_database", read_only)
        chance = random.Random(seed)
        for _ in range(5):
            which = some_filters(chance, records)

            assert list(full.read(**which)) == chosen(records, full.session_id, **which), which
        with pytest.raises(LogError, match="could not be written"):
            full.append(made())


def test_what_was_appended_after_a_look_up_is_found_by_the_next(tmp_path: Path) -> None:
    with closing(Log(tmp_path / "log")) as one, closing(Log(tmp_path / "log")) as two:
        for number in range(5):
            (one, two)[number % 2].append(made(consumer="ana"))
            for log in (one, two):
                assert [e.exchange_id for e in log.read(consumer="ana")] == list(range(1, number + 2))


@pytest.mark.parametrize("looked_up", [0, 2, 4, 6])
def test_look_ups_go_on_after_records_were_taken_out(looked_up: int) -> None:
    log = ResponseLog()
    for number in range(6):
        log.append(made(consumer="ana", session_id="ab"[number % 2]))
        if number + 1 == looked_up:
            list(log.read(consumer="ana"))

    prune(log, session="a")
    log.append(made(consumer="ana", session_id="a"))

    assert [e.exchange_id for e in log.read(consumer="ana")] == [2, 4, 6, 7]
    assert [e.exchange_id for e in log.read(session="a")] == [7]


def test_reading_goes_on_while_another_process_appends(tmp_path: Path) -> None:
    count, path = 3_000, tmp_path / "log.sqlite3"
    with closing(Log(path)) as log:
        process = subprocess.Popen(
            [sys.executable, "-c", APPENDER, str(path), str(count)], stdout=subprocess.PIPE, text=True
        )
        with process:
            assert process.stdout is not None
            process.stdout.readline()
            looks = []
            while process.poll() is None:
                looks.append([e.exchange_id for e in log.read(session="other", consumer="ana")])
                log.append(made(consumer="ana", session_id="mine"))
        looks.append([e.exchange_id for e in log.read(session="other", consumer="ana")])

        assert process.returncode == 0
        expected = [e.exchange_id for e in log if e.session_id == "other" and e.consumer == "ana"]
        assert looks[-1] == expected
        assert len(expected) == count // 2
        assert all(found == expected[: len(found)] for found in looks)


def test_an_unreadable_file_is_a_sentence(full: ResponseLog) -> None:
    with closing(Log()) as log:
        log._database.execute("DROP TABLE exchanges")

        with pytest.raises(LogError, match=r"The log :memory: could not be read \(no such table"):
            list(log.read())


@pytest.mark.parametrize("number", ["3", 3.0, None, made()], ids=repr)
def test_an_exchange_is_asked_for_by_its_number(number: Any) -> None:
    with pytest.raises(LogError, match=r"The exchange is .*\. Pass its number"):
        Log().exchange(number)


@pytest.mark.parametrize("number", [2**63, 2**70, -(2**70)])
def test_a_number_too_large_for_the_file_is_a_sentence(number: int) -> None:
    with pytest.raises(LogError, match=r"no exchange|too large"):
        Log().exchange(number)


def test_a_log_opened_by_a_relative_path_stays_the_same_wherever_one_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    with closing(ResponseLog("log.sqlite3")) as log:
        log.append(made())
        size, identity = log.size, log.identity
        monkeypatch.chdir(tmp_path / "elsewhere")

        assert (log.size, log.identity) == (size, identity)
        assert log.size > 0
        assert log.sql("select count(*) as n from exchanges")["n"].tolist() == [1]


# --- Headers and other members -----------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("A", "b")],
        [("A", "")],
        [("", "")],
        [("A", "b"), ("A", "b"), ("a", "c: d")],
        [("A", ": "), ("B", ":"), ("C", " x ")],
        [("A", "ü\0🚀")],
        [("A", "x" * 100_000)],
        [("A", "\r"), ("B", "\x0b\x0c\x1c\x85\u2028")],
    ],
    ids=lambda headers: repr(headers)[:40],
)
def test_headers_come_back_as_they_were(headers: list[tuple[str, str]]) -> None:
    log = Log()

    kept = log.append(made(request_headers=headers, response_headers=headers[::-1]))

    assert next(log.read()) == kept
    assert log.exchange(1).request_headers == headers


def test_a_line_break_in_a_header_makes_no_second_header() -> None:
    log = Log()
    log.append(made(request_headers=[("A", "b\nSet-Cookie: c"), ("D", "e")]))

    assert next(log.read()).request_headers == [("A", "b\\nSet-Cookie: c"), ("D", "e")]


# --- Frames ------------------------------------------------------------


def started(record: Exchange) -> datetime:
    return datetime.fromtimestamp(record.started_at // 1000 / 1_000_000, UTC)


def frame_filters(chance: random.Random) -> dict[str, Any]:
    seconds = chance.randrange(-5, 105)
    since = datetime.fromtimestamp(T0 / SECOND + seconds, UTC)
    every = {
        "session": chance.choice(("monday", "tuesday", "current", "never")),
        "scenario": chance.choice((*WORDS, "never")),
        "label": chance.choice((*WORDS, "never")),
        "consumer": chance.choice((*CONSUMERS, "nobody")),
        "conversation": chance.choice((*CONVERSATIONS, None, "c-9")),
        "since": chance.choice(
            (since, since.isoformat(), since.replace(tzinfo=None), pd.Timestamp(since), None)
        ),
    }
    return {name: every[name] for name in chance.sample(sorted(every), chance.randrange(4))}


@pytest.mark.parametrize("name", ["exchanges", "messages", "timings"])
@pytest.mark.parametrize("seed", range(10))
def test_frames_choose_what_plain_python_chooses(
    name: str, seed: int, full: ResponseLog, records: list[Exchange]
) -> None:
    chance = random.Random(seed)
    for _ in range(5):
        which = frame_filters(chance)
        plain = dict(which)
        conversation, since = plain.pop("conversation", None), plain.pop("since", None)
        if since is not None:
            instant = pd.Timestamp(since)
            instant = instant.tz_localize("UTC") if instant.tzinfo is None else instant
        expected = []
        for record in chosen(records, full.session_id, **plain):
            told = [pair for pair in pairs(record) if conversation in (None, pair.conversation_id)]
            if since is not None and started(record) < instant:
                continue
            if name == "messages":
                expected += [(record.exchange_id, pair.position) for pair in told]
            elif told or conversation is None:
                expected.append((record.exchange_id, 0))

        found = getattr(full, name)(**which)

        positions = found["position"] if name == "messages" else [0] * len(found)
        assert list(zip(found["exchange_id"], positions, strict=True)) == expected, which
        assert found.index.tolist() == list(range(len(expected)))
        assert (found.dtypes == getattr(full, name)().dtypes).all()


@pytest.mark.parametrize("seed", range(20))
def test_notifications_are_chosen_like_the_rest(seed: int, full: ResponseLog) -> None:
    chance = random.Random(seed)
    session = chance.choice((None, "monday", "current"))
    conversation = chance.choice((*CONVERSATIONS, None))
    since = T0 + chance.randrange(100) * SECOND
    everything = full.notifications()
    named = full.session_id if session == "current" else session
    expected = [
        row.notification_id
        for row in everything.itertuples()
        if (named is None or row.session_id == named)
        and (conversation is None or (pd.notna(row.conversation_id) and row.conversation_id == conversation))
        and row.received_at.value >= since
    ]

    found = full.notifications(
        session=session, conversation=conversation, since=pd.Timestamp(since, tz="UTC")
    )

    assert found["notification_id"].tolist() == expected


class Talk:
    def __init__(self, name: Any) -> None:
        self.id = name


@pytest.mark.parametrize("name", ["exchanges", "messages", "notifications"])
def test_a_conversation_is_named_by_its_id_or_by_itself(name: str, full: ResponseLog) -> None:
    by_id, by_itself = (getattr(full, name)(conversation=c) for c in ("c-2", Talk("c-2")))

    assert 0 < len(by_id) < len(getattr(full, name)())
    pd.testing.assert_frame_equal(by_id, by_itself)
    with pytest.raises(TypeError, match="conversation is"):
        getattr(full, name)(conversation=Talk(5))


@pytest.mark.parametrize("ago", ["10 min", timedelta(minutes=10)])
@pytest.mark.parametrize("name", ["exchanges", "messages", "timings", "notifications"])
def test_how_long_ago_counts_from_now(name: str, ago: Any) -> None:
    log, now = ResponseLog(), pd.Timestamp.now("UTC").value
    for minutes in (60, 11, 9, 0):
        at = now - minutes * 60 * SECOND
        log.append(made(request_body=publish("x"), response_body=accepted(), started_at=at))
        log.append_notification(Notification(event("c-1", minutes, "c-1"), received_at=at))

    found = getattr(log, name)(since=ago)

    assert found.iloc[:, 0].tolist() == [3, 4]


def test_since_is_when_it_was_begun_not_when_it_was_written_or_answered() -> None:
    log = ResponseLog()
    log.append(made(request_body=publish("x"), response_body=accepted(), started_at=T0, total_ms=60_000.0))
    a_second_later = pd.Timestamp(T0 + SECOND, tz="UTC")

    assert log.exchanges(since=a_second_later).empty
    assert log.messages(since=a_second_later).empty
    assert list(log.read(since=T0 + 1)) == []
    assert len(log.exchanges(since=pd.Timestamp(T0, tz="UTC"))) == 1


@pytest.mark.parametrize("which", ["consumer", "scenario", "label", "session"])
@pytest.mark.parametrize("text", ["half \ud83d", "nul \0", "", "%", "'; drop table exchanges; --"], ids=ascii)
def test_a_filter_takes_any_text(which: str, text: str) -> None:
    log, member = ResponseLog(), "session_id" if which == "session" else which
    log.append(made(**{member: text}))
    log.append(made(**{member: "other"}))
    expected = [] if (which, text) == ("session", "") else [1]  # its session is that of the log

    assert log.exchanges(**{which: text})["exchange_id"].tolist() == expected  # type: ignore[arg-type]
    assert [e.exchange_id for e in log.read(**{which: text})] == expected  # type: ignore[arg-type]


def test_sessions_without_a_name_belong_to_the_log(full: ResponseLog) -> None:
    assert set(full.exchanges()["session_id"]) == {full.session_id, *SESSIONS[1:]}
