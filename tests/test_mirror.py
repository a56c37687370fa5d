"""Frames that grow with the log: equal to those of a fresh log, at the cost of what is new."""

from __future__ import annotations

import contextlib
import gc
import json
import random
import struct
import threading
import weakref
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from logbook import (
    CONVERSATIONS,
    FRAMES,
    T0,
    accepted,
    conversation_change,
    event,
    made,
    publish,
    random_exchange,
    random_notification,
    same,
)

from connectorkit import mirror, records, summary, tables
from connectorkit.errors import LogError
from connectorkit.log import Exchange, Log, Notification
from connectorkit.response_log import ResponseLog

GROWING = ("exchanges", "messages", "timings", "notifications")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite3"


@pytest.fixture
def two(path: Path) -> Iterator[tuple[ResponseLog, ResponseLog]]:
    """Two logs of one file, as two kernels have them."""
    with closing(ResponseLog(path)) as one, closing(ResponseLog(path)) as other:
        yield one, other


def like_a_fresh_log(log: ResponseLog, names: tuple[str, ...] = FRAMES) -> None:
    with closing(ResponseLog(log.path)) as fresh:
        fresh.session_id = log.session_id
        for name in names:
            same(getattr(log, name)(), getattr(fresh, name)())


# --- Equal to those of a fresh log ----------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_to_a_file_its_frames_are_those_of_a_fresh_log(
    seed: int, two: tuple[ResponseLog, ResponseLog]
) -> None:
    chance = random.Random(seed)
    handed_out: list[tuple[pd.DataFrame, pd.DataFrame]] = []
    for _ in range(40):
        log, other = chance.sample(two, 2)
        match chance.randrange(8):
            case 0 | 1:
                for _ in range(chance.randrange(4)):
                    chance.choice(two).append(random_exchange(chance))
            case 2 | 3:
                for _ in range(chance.randrange(4)):
                    chance.choice(two).append_notification(random_notification(chance))
            case 4:
                name = chance.choice(GROWING)
                frame = getattr(log, name)()
                handed_out.append((frame, frame.copy()))
            case 5:
                conversation = chance.choice(CONVERSATIONS)
                frame = log.exchanges(conversation=conversation, session=chance.choice(("monday", None)))
                handed_out.append((frame, frame.copy()))
            case 6:
                like_a_fresh_log(log, (chance.choice(FRAMES),))
            case 7 if chance.random() < 0.4:
                if chance.random() < 0.5:
                    other.prune(session=chance.choice(("monday", "tuesday")))
                else:
                    other.prune(
                        older_than=pd.Timestamp(T0, tz="UTC") + pd.Timedelta(chance.randrange(60), "s")
                    )
    for log in two:
        like_a_fresh_log(log)
    for frame, kept in handed_out:
        same(frame, kept)


def test_two_threads_that_ask_while_two_append_see_growing_frames_and_in_the_end_all(
    two: tuple[ResponseLog, ResponseLog],
) -> None:
    one, other = two
    chance = random.Random(5)
    exchanges = [random_exchange(chance) for _ in range(300)]
    notifications = [random_notification(chance) for _ in range(300)]
    seen: list[Any] = []

    def append(log: ResponseLog, begin: int) -> None:
        for exchange, notification in zip(exchanges[begin::2], notifications[begin::2], strict=True):
            log.append(exchange)
            log.append_notification(notification)

    def ask() -> None:
        lengths: dict[str, list[int]] = {name: [] for name in GROWING}
        try:
            while any(thread.is_alive() for thread in writers):
                for name, found in lengths.items():
                    frame = getattr(one, name)()
                    found.append(len(frame))
                    if name == "exchanges":
                        assert frame["exchange_id"].tolist() == list(range(1, len(frame) + 1))
            seen.extend(lengths.values())
        except BaseException as error:
            seen.append(error)

    writers = [threading.Thread(target=append, args=(log, n)) for n, log in enumerate((one, other))]
    readers = [threading.Thread(target=ask) for _ in range(2)]
    for thread in (*writers, *readers):
        thread.start()
    for thread in (*writers, *readers):
        thread.join()

    assert len(seen) == 2 * len(GROWING), seen
    assert all(lengths == sorted(lengths) for lengths in seen)
    assert len(one.exchanges()) == 300
    like_a_fresh_log(one)


@pytest.mark.parametrize("count", [1, 1_999, 2_000, 2_001])
def test_pages_of_bodies_join_without_a_seam(count: int, path: Path) -> None:
    with closing(ResponseLog(path)) as log:
        log._database.execute("BEGIN")
        for number in range(count):
            log.append(made(request_body=publish(str(number)), response_body=accepted(number)))
            log.append_notification(Notification(event("c-1", number, "c-1", str(number))))
        log._database.execute("COMMIT")

        expected = [str(number) for number in range(count)]
        assert log.messages()["text"].tolist() == log.notifications()["text"].tolist() == expected


@pytest.mark.parametrize("pages", [1, 3, 7])
def test_pages_of_summaries_join_without_a_seam(pages: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectorkit.log._SUMMARIES", pages)
    log = ResponseLog()
    for number in range(21):
        log.append(made(url=str(number)))

    assert log.exchanges()["exchange_id"].tolist() == list(range(1, 22))
    assert log.exchanges()["url"].tolist() == [str(number) for number in range(21)]


def test_a_text_that_another_log_was_first_to_write_is_known_here(
    two: tuple[ResponseLog, ResponseLog],
) -> None:
    one, other = two
    one.append(made(url="first"))
    one.exchanges()
    for number in range(5):
        other.append(made(url=f"other {number}", label="theirs"))
    one.append(made(url="mine", label="theirs"))

    found = one.exchanges()

    assert found["url"].tolist() == ["first", *(f"other {number}" for number in range(5)), "mine"]
    assert found["label"].tolist()[1:] == ["theirs"] * 6


# --- The dialogs of a conversation ----------------------------------------


def heard(log: ResponseLog, *bodies: str) -> None:
    for body in bodies:
        log.append_notification(Notification(body, host="h"))


def test_an_event_whose_conversation_becomes_known_later_is_placed_there(path: Path) -> None:
    with closing(ResponseLog(path)) as log:
        heard(log, event("d-9", 0), event("d-8", 0))
        before = log.notifications()

        heard(log, conversation_change("c-1", "c-1", "d-9"), event("d-9", 1))

        assert before["conversation_id"].tolist() == ["d-9", "d-8"]
        assert log.notifications()["conversation_id"].tolist() == ["c-1", "d-8", "c-1", "c-1"]
        assert log.notifications(conversation="c-1")["notification_id"].tolist() == [1, 3, 4]
        like_a_fresh_log(log)


def test_marks_go_on_where_an_earlier_frame_left_off(path: Path) -> None:
    with closing(ResponseLog(path)) as log:
        for number in (0, 1, 1, 5, 2):
            heard(log, event("c-1", number, "c-1"))
            log.notifications()

        found = log.notifications()

        assert found["mark"].tolist() == ["", "", "duplicate", "gap", "late"]
        assert found["attempt"].tolist() == [1, 1, 2, 1, 1]
        like_a_fresh_log(log)


# --- What a frame costs ----------------------------------------


@pytest.fixture
def rows_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Rows that were read from files, query by query."""
    counts: list[int] = []
    ask = Log.query

    def counted(log: Log, *asked: Any) -> Any:
        found = ask(log, *asked)
        counts.append(len(found))
        return found

    monkeypatch.setattr(Log, "query", counted)
    return counts


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Bodies that were parsed."""
    bodies: list[str] = []
    decode = records._decode

    def counted(body: str) -> Any:
        bodies.append(body)
        return decode(body)

    monkeypatch.setattr(records, "_decode", counted)
    return bodies


def hundred() -> ResponseLog:
    log = ResponseLog()
    for number in range(100):
        log.append(made(request_body=publish(str(number)), response_body=accepted(number)))
        heard(log, event("c-1", number, "c-1"))
    return log


@pytest.mark.parametrize("name", ["exchanges", "messages", "notifications"])
def test_a_further_frame_reads_only_what_was_added(name: str, rows_read: list[int]) -> None:
    log = hundred()
    first = getattr(log, name)()
    assert sum(rows_read) >= 100  # what counts does count
    rows_read.clear()

    again = getattr(log, name)()
    assert sum(rows_read) <= 2  # how often the log was pruned
    rows_read.clear()
    for number in (100, 101, 102):
        log.append(made(request_body=publish(str(number)), response_body=accepted(number)))
        heard(log, event("c-1", number, "c-1"))
    further = getattr(log, name)()

    assert (len(first), len(again), len(further)) == (100, 100, 103)
    assert 3 <= sum(rows_read) <= 7  # three, whether the log was pruned, new texts


@pytest.mark.parametrize("name", ["exchanges", "timings"])
def test_a_frame_of_exchanges_parses_no_body(name: str, decoded: list[str]) -> None:
    log = hundred()

    assert len(getattr(log, name)()) == 100
    assert decoded == []


@pytest.mark.parametrize(("name", "bodies"), [("messages", 2), ("notifications", 1)])
def test_a_body_is_parsed_once(name: str, bodies: int, decoded: list[str]) -> None:
    log = hundred()
    getattr(log, name)()
    assert len(decoded) == 100 * bodies
    decoded.clear()
    log.append(made(request_body=publish("new"), response_body=accepted()))
    heard(log, event("c-1", 100, "c-1"))

    for _ in range(3):
        getattr(log, name)(conversation="c-1")

    assert len(decoded) == bodies


def test_texts_are_learnt_once(monkeypatch: pytest.MonkeyPatch) -> None:
    log = hundred()
    log.exchanges()
    asked: list[int] = []
    learn = Log.texts
    monkeypatch.setattr(Log, "texts", lambda log, after=0: asked.append(after) or learn(log, after))  # type: ignore[func-returns-value]

    log.append(made())
    log.exchanges()
    assert asked == []
    log.append(made(url="new"))
    log.exchanges()
    assert len(asked) == 1


def test_what_is_kept_for_frames_goes_with_the_log() -> None:
    log = hundred()
    kept = weakref.ref(mirror.of(log))
    frame = log.exchanges()

    del log
    gc.collect()

    assert kept() is None
    assert len(frame) == 100


def test_a_log_has_one_mirror_and_another_log_another(two: tuple[ResponseLog, ResponseLog]) -> None:
    assert mirror.of(two[0]) is mirror.of(two[0]) is not mirror.of(two[1])


# --- Interrupted half way ----------------------------------------


def interrupted(monkeypatch: pytest.MonkeyPatch, target: Any, name: str, after: int, error: Any) -> None:
    work, calls = getattr(target, name), [0]

    def once(*arguments: Any, **options: Any) -> Any:
        calls[0] += 1
        if calls[0] == after:
            raise error
        return work(*arguments, **options)

    monkeypatch.setattr(target, name, once)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), LogError("busy"), MemoryError()], ids=repr)
@pytest.mark.parametrize(
    ("target", "method"),
    [
        (tables._Numbers, "add_array"),
        (tables._Texts, "add_array"),
        (tables.Growing, "frame"),
        (Log, "query"),
        (json, "loads"),
        (Log, "times_pruned"),
    ],
)
@pytest.mark.parametrize("after", [1, 2, 3, 5])
@pytest.mark.parametrize("name", ["exchanges", "messages", "notifications"])
def test_an_interrupted_frame_leaves_nothing_out_of_the_next(
    name: str, after: int, target: Any, method: str, error: BaseException, path: Path
) -> None:
    with closing(ResponseLog(path)) as log:
        for number in range(4):
            log.append(
                made(request_body=publish(str(number)), response_body=accepted(number), url=str(number))
            )
            heard(log, event("c-1", number, "c-1"))
            if number == 1:
                getattr(log, name)()

        with pytest.MonkeyPatch.context() as patch:
            interrupted(patch, target, method, after, error)
            try:
                getattr(log, name)()
            except BaseException as raised:
                assert raised is error  # noqa: PT017 - not every frame takes so many steps

        assert len(getattr(log, name)()) == 4
        like_a_fresh_log(log, (name,))


# --- Pruned by somebody else ----------------------------------------


@pytest.mark.parametrize("name", GROWING)
def test_a_frame_follows_when_somebody_else_prunes(name: str, two: tuple[ResponseLog, ResponseLog]) -> None:
    one, other = two
    for number in range(6):
        one.append(made(request_body=publish(str(number)), session_id="ab"[number % 2]))
        one.append_notification(Notification(event("c-1", number, "c-1"), session_id="ab"[number % 2]))
    earlier = getattr(one, name)()
    kept = earlier.copy()

    other.prune(session="a")

    key = "notification_id" if name == "notifications" else "exchange_id"
    assert getattr(one, name)()[key].tolist() == [2, 4, 6]
    same(earlier, kept)
    one.append(made(request_body=publish("new"), session_id="c"))
    one.append_notification(Notification(event("c-1", 9, "c-1"), session_id="c"))
    assert getattr(one, name)()[key].tolist() == [2, 4, 6, 7]
    like_a_fresh_log(one)


# --- Summaries ----------------------------------------


def test_a_summary_is_laid_out_as_written_here() -> None:
    assert summary.SIZE == 8 * 4 + 8 * 6 + 4 * 11 + 4 + 1
    assert mirror._PACKED.itemsize == summary.SIZE


@pytest.mark.parametrize(("reused", "packed"), [(True, 1), (False, 0), (None, -1)])
@pytest.mark.parametrize(("status", "kept"), [(404, 404), (0, 0), (None, -1)])
def test_a_summary_holds_each_value_at_its_place(
    reused: bool | None, packed: int, status: int | None, kept: int
) -> None:
    numbers = {None: 0, "s": 1, "x": 2, "send": 3, "POST": 4, "u": 5, "HTTP/1.1": 6, "e": 7, "OK": 8, "a": 9}
    facts = made(
        scenario="x",
        url="u",
        http_version="HTTP/1.1",
        error="e",
        reason="OK",
        account_id="a",
        attempt=3,
        status_code=status,
        reused_connection=reused,
        request_bytes=2**40,
        response_bytes=7,
        connect_ms=0.5,
        wait_ms=12.25,
        total_ms=13,
    )

    found = summary.pack(vars(facts), T0 + 1, "s", numbers)

    values = struct.unpack("<qqqqddddddiiiiiiiiiiiib", found)
    assert values[:4] == (T0 + 1, 2**40, 7, 3)
    # total, connect, tls, send, wait, receive
    assert [None if value != value else value for value in values[4:10]] == [13, 0.5, None, None, 12.25, None]
    # session, scenario, label, operation, method, url, version, error, reason, account, consumer
    assert values[10:21] == (1, 2, 0, 3, 4, 5, 6, 7, 8, 9, 0)
    assert values[21:] == (kept, packed)


@pytest.mark.parametrize(
    "wrong",
    [{"request_bytes": 2**63}, {"status_code": 2**31}, {"attempt": None}, {"total_ms": "slow"}],
    ids=repr,
)
def test_a_number_that_is_none_or_too_large_is_not_written(wrong: dict[str, Any]) -> None:
    log = ResponseLog()

    with pytest.raises(LogError, match="could not be written"):
        log.append(made(**wrong))

    assert (len(log), len(log.exchanges())) == (0, 0)


def numbered(log: Log) -> dict[str, int]:
    return {text: number for number, text in log.texts()}


def test_a_text_has_one_number_whoever_writes_it_first(two: tuple[ResponseLog, ResponseLog]) -> None:
    one, other = two
    one.append(made(url="https://a"))
    other.append(made(url="https://a", label="new"))
    one.append(made(url="https://b", label="new"))
    other.append(made(url="https://b"))

    assert numbered(one) == numbered(other)
    assert sorted(numbered(one).values()) == list(range(1, len(numbered(one)) + 1))
    assert one._numbers["https://a"] == other._numbers["https://a"] == numbered(one)["https://a"]
    assert other.exchanges()["url"].tolist() == ["https://a", "https://a", "https://b", "https://b"]


def test_half_a_surrogate_pair_in_an_address_is_a_text_like_any_other(
    two: tuple[ResponseLog, ResponseLog],
) -> None:
    one, other = two
    kept = one.append(made(url="https://a/\ud83d"))
    other.append(made(url="https://a/\ud83d"))

    assert kept.url == "https://a/\ud83d"
    assert other.exchanges()["url"].tolist() == ["https://a/\\ud83d"] * 2
    assert list(numbered(one)).count("https://a/\\ud83d") == 1


def test_texts_are_told_apart_to_the_letter() -> None:
    log, texts = ResponseLog(), ["a", "A", "a ", "", "ä", "a\u0308", "a\0", "a\0b", "0", "00", "1.0", "1"]
    for text in texts:
        log.append(made(url=text))

    assert log.exchanges()["url"].tolist() == texts


@pytest.mark.parametrize(("frame", "count"), [("messages", 7), ("exchanges", 7), ("notifications", 3)])
def test_reading_much_is_counted_up_to_its_end(
    frame: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, told = ResponseLog(), list[tuple[str, int, int]]()
    for _ in range(7):
        log.append(Exchange("send", "POST", "x", request_body="{}"))
    for _ in range(3):
        log.append_notification(Notification("{}"))
    monkeypatch.setattr(mirror, "_A_SECOND", {"messages": 1, "exchanges": 1, "notifications": 1})
    monkeypatch.setattr(mirror, "_PAGE", 1)

    @contextlib.contextmanager
    def counting(description: str, total: int, asked: bool) -> Iterator[Any]:
        assert asked
        yield lambda done: told.append((description, done, total))

    monkeypatch.setattr(mirror, "counting", counting)

    getattr(log, frame)()

    assert told[-1] == (f"Reading {frame}", count, count)
