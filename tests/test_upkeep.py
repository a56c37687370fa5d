"""Sessions, notes, labels, size, and taking old records out of a log that others use as well."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import jwt
import pandas as pd
import pytest
from logbook import SECOND, T0, accepted, cells, event, made, publish, random_exchange, random_notification

import connectorkit as ck
from connectorkit import transport, upkeep
from connectorkit.errors import EnvelopeError, LogError
from connectorkit.kit import AsyncKit, Kit
from connectorkit.log import Log, Notification
from connectorkit.redact import Redactor, Secret
from connectorkit.response_log import ResponseLog
from connectorkit.settings import Settings

FRAMES = ("exchanges", "messages", "timings", "notifications", "sessions", "notes")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite3"


@pytest.fixture
def log(path: Path) -> Iterator[ResponseLog]:
    with closing(ResponseLog(path)) as log:
        yield log


def at(seconds: float) -> pd.Timestamp:
    return pd.Timestamp(T0 + int(seconds * SECOND), tz="UTC")


def ids(log: Log) -> list[int]:
    return [exchange.exchange_id for exchange in log]


def heard(log: Log) -> list[int]:
    return [notification.notification_id for notification in log.read_notifications()]


def ten(log: ResponseLog) -> ResponseLog:
    """Ten exchanges and notifications, one a second, of two sessions by turns."""
    for number in range(10):
        facts: dict[str, Any] = {"session_id": "ab"[number % 2], "url": f"https://{number}"}
        log.append(made(**facts, started_at=T0 + number * SECOND, request_body=publish(f"text {number}")))
        log.append_notification(
            Notification(
                event("c-1", number, "c-1"), session_id=facts["session_id"], received_at=T0 + number * SECOND
            )
        )
    return log


# --- Sessions ----------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_sessions_count_what_plain_python_counts(seed: int, log: ResponseLog) -> None:
    chance = random.Random(seed)
    for _ in range(chance.randrange(1, 150)):
        log.append(random_exchange(chance))
        for _ in range(chance.randrange(3)):
            log.append_notification(random_notification(chance))
    exchanges, notifications = list(log), list(log.read_notifications())
    expected = []
    for session in {record.session_id for record in (*exchanges, *notifications)}:
        own = [e for e in exchanges if e.session_id == session]
        news = [n for n in notifications if n.session_id == session]
        times = [e.started_at // 1000 for e in own] + [n.received_at // 1000 for n in news]
        labels = list(dict.fromkeys(e.label for e in own if e.label))
        expected.append(
            {
                "session_id": session,
                "began": pd.Timestamp(min(times), unit="us", tz="UTC"),
                "ended": pd.Timestamp(max(times), unit="us", tz="UTC"),
                "exchanges": len(own),
                "errors": sum(bool(e.error) or (e.status_code or 0) >= 400 for e in own),
                "notifications": len(news),
                "labels": ", ".join(labels) or None,
                "current": session == log.session_id,
            }
        )

    found = log.sessions()

    assert sorted(cells(found), key=lambda row: row["session_id"]) == sorted(
        expected, key=lambda row: row["session_id"]
    )
    assert found["began"].is_monotonic_increasing
    assert len(expected) > 1


def test_a_session_of_notifications_only_is_one(log: ResponseLog) -> None:
    log.append_notification(Notification("{}", session_id="receiver", received_at=T0))

    row = log.sessions().iloc[0]

    assert row[["session_id", "exchanges", "errors", "notifications"]].tolist() == ["receiver", 0, 0, 1]
    assert row["began"] == row["ended"] == at(0)
    assert pd.isna(row["labels"])


# --- Notes -------------------------------------------------------------


def test_notes_are_about_an_exchange_or_the_session(log: ResponseLog) -> None:
    kept = log.append(made())

    before = pd.Timestamp.now("UTC").floor("us")
    numbers = [log.note("one", kept), log.note("two", kept.exchange_id), log.note("three")]

    found = log.notes()
    assert numbers == found["note_id"].tolist() == [1, 2, 3]
    assert found["text"].tolist() == ["one", "two", "three"]
    assert cells(found[["exchange_id"]]) == [{"exchange_id": n} for n in (1, 1, None)]
    assert found["session_id"].tolist() == [log.session_id] * 3
    assert found["written_at"].between(before, pd.Timestamp.now("UTC")).all()


@pytest.mark.parametrize("text", ["x", "x" * 10_000, " x ", "half \ud83d", "nul \0", "🚀" * 10_000], ids=len)
def test_a_note_of_up_to_ten_thousand_characters_is_kept(text: str, log: ResponseLog) -> None:
    log.note(text)

    assert log.notes()["text"].tolist() == [text.replace("\ud83d", "\\ud83d")]


@pytest.mark.parametrize(
    "text", ["", " \n", "x" * 10_001, None, 5, b"x", ["x"]], ids=lambda text: repr(text)[:9]
)
def test_a_note_that_is_none_is_refused(text: Any, log: ResponseLog) -> None:
    with pytest.raises(LogError, match=r"A note is a text of 1 to 10000 characters\."):
        log.note(text)
    assert log.notes().empty


@pytest.mark.parametrize("number", [0, -1, 2, 2**70, "1", 1.0], ids=repr)
def test_a_note_about_an_exchange_nobody_has_is_refused(number: Any, log: ResponseLog) -> None:
    log.append(made())

    with pytest.raises(LogError, match=r"exchange|too large"):
        log.note("x", number)
    assert log.notes().empty


def test_notes_of_others_are_seen(log: ResponseLog, path: Path) -> None:
    with closing(ResponseLog(path)) as other:
        other.note("theirs")
        log.note("mine")

        assert log.notes()["text"].tolist() == other.notes()["text"].tolist() == ["theirs", "mine"]
        assert log.notes()["session_id"].tolist() == [other.session_id, log.session_id]


# --- A kit -------------------------------------------------------------


@pytest.fixture
def kit(settings: Settings, log: ResponseLog) -> Iterator[Kit]:
    with Kit(settings, log, None) as kit:
        yield kit


def test_a_label_is_in_the_frames_the_sessions_and_in_sql(kit: Kit) -> None:
    with kit.label("checkout bug"):
        kit.consumer("ana@example").open()
    kit.consumer("bert@example").open()

    labelled = kit.log.exchanges(label="checkout bug")
    assert {"domains", "app_jwt", "consumer_jws", "conversation"} == set(labelled["operation"])
    rest = kit.log.exchanges()["label"].isna()
    assert 0 < rest.sum() == len(rest) - len(labelled)
    assert set(kit.log.messages(label="checkout bug")["consumer"]) == {"ana@example"}
    assert kit.log.timings()["label"].notna().sum() == len(labelled)
    assert kit.log.sessions()["labels"].tolist() == ["checkout bug"]
    counted = kit.log.sql("select count(label) as n from exchanges where label = ?", ["checkout bug"])
    assert counted["n"].tolist() == [len(labelled)]


def test_inside_another_label_the_inner_one_counts(kit: Kit) -> None:
    ana = kit.consumer("ana@example")
    with kit.label("outer"):
        talk = ana.open()
        with kit.label("inner"):
            talk.send("one")
        talk.send("two")
    talk.send("three")

    sent = kit.log.messages().merge(kit.log.exchanges()[["exchange_id", "label"]], on="exchange_id")
    sent = sent[sent["text"].notna()]
    assert cells(sent[["text", "label"]]) == [
        {"text": "one", "label": "inner"},
        {"text": "two", "label": "outer"},
        {"text": "three", "label": None},
    ]


def test_a_label_ends_with_an_error(kit: Kit) -> None:
    with kit.label("outer"):
        with pytest.raises(KeyError), kit.label("inner"):
            raise KeyError
        assert transport.label.get() == "outer"

    assert transport.label.get() is None


def test_threads_have_labels_of_their_own(kit: Kit) -> None:
    kit.consumer("ana@example").open()
    first, both = len(kit.log), threading.Barrier(2)

    def work(name: str) -> None:
        with kit.label(name):
            both.wait(10)
            kit.consumer(f"{name}@example").open()
            both.wait(10)

    with kit.label("of the main thread"):
        threads = [threading.Thread(target=work, args=(name,)) for name in ("one", "two")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    found = kit.log.exchanges().iloc[first:]
    assert (found["label"] + "@example").tolist() == found["consumer"].tolist()
    assert set(found["label"]) == {"one", "two"}


def test_tasks_have_labels_of_their_own(settings: Settings, log: ResponseLog) -> None:
    async def work(kit: AsyncKit, name: str) -> None:
        with kit.label(name):
            await asyncio.sleep(0)
            await kit.consumer(f"{name}@example").open()

    async def both() -> None:
        async with AsyncKit(settings, log, None) as kit:
            await kit.consumer("ana@example").open()
            await asyncio.gather(work(kit, "one"), work(kit, "two"))

    asyncio.run(both())

    found = log.exchanges()[log.exchanges()["label"].notna()]
    assert (found["label"] + "@example").tolist() == found["consumer"].tolist()
    assert set(found["label"]) == {"one", "two"}


@pytest.mark.parametrize("text", ["", None, 5, "half \ud83d"], ids=ascii)
def test_a_label_that_is_none_is_refused(text: Any, kit: Kit) -> None:
    with pytest.raises(EnvelopeError, match="label"), kit.label(text):
        raise AssertionError("not reached")
    assert transport.label.get() is None


def test_no_secret_comes_into_the_log_by_a_label_or_a_note(kit: Kit, settings: Settings, path: Path) -> None:
    secret = settings.client_secret.reveal()
    with kit.label(f"tried {secret} again"):
        kit.consumer("ana@example").open()
    kit.log.note(f"the secret is {secret}")

    assert kit.log.sessions()["labels"][0].startswith("tried [secret:")
    assert kit.log.notes()["text"][0].startswith("the secret is [secret:")
    kit.log.compact()
    assert secret.encode() not in path.read_bytes()


def test_a_log_of_two_kits_knows_the_secrets_of_both(settings: Settings, log: ResponseLog) -> None:
    from dataclasses import replace

    from connectorkit.redact import Secret

    other = replace(settings, client_secret=Secret("another" + "-secret-" + "value"))
    with Kit(settings, log, None), Kit(other, log, None):
        for known in (settings, other):
            log.note(f"it is {known.client_secret.reveal()}")

    assert log.notes()["text"].str.contains(r"it is \[secret:").all()


def test_the_displays_show_counts_and_size_and_nothing_as_html(tmp_path: Path) -> None:
    with closing(ResponseLog(tmp_path / "<b>bold & co</b>")) as log:
        ten(log).append(made("<script>", status_code=200))

        page = log._repr_html_()

        assert repr(log) == f"<ResponseLog: 11 exchanges, 10 notifications in {log.path}>"
        assert "<b>bold" not in page
        assert "&lt;b&gt;bold &amp; co&lt;/b&gt;" in page
        assert "<script>" not in page
        assert "Exchange 11: &lt;script&gt;" in page
        for fact in ("11", "10", upkeep.size_in_words(log.size), log.session_id):
            assert f">{fact}<" in page


def test_the_log_of_a_sandbox_shows_itself() -> None:
    with ck.connect(log=":memory:", agent=False) as kit, kit.label("short"):
        kit.consumer("ana@example").open()

        assert kit.log.sessions().iloc[-1]["current"]
        assert "<ResponseLog: " in repr(kit.log)


# --- Size --------------------------------------------------------------


def test_size_is_that_of_the_file_and_of_what_was_written_ahead_of_it(log: ResponseLog, path: Path) -> None:
    for _ in range(50):
        log.append(made(request_body="x" * 10_000))
    ahead = path.with_name(f"{path.name}-wal")

    assert log.size == path.stat().st_size + ahead.stat().st_size > 500_000
    assert ResponseLog().size > 0


def test_size_in_memory_grows_with_what_is_held() -> None:
    log = ResponseLog()
    before = log.size
    log.append(made(request_body="x" * 1_000_000))

    assert 990_000 < log.size - before < 1_100_000


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1.0 KB"),
        (1_536, "1.5 KB"),
        (2_500_000, "2.5 MB"),
        (3_000_000_000, "3.0 GB"),
        (4_000_000_000_000, "4000.0 GB"),
    ],
)
def test_size_is_told_in_words(size: int, words: str) -> None:
    assert upkeep.size_in_words(size) == words


# --- Taking out --------------------------------------------------------


@pytest.mark.parametrize(
    ("which", "left"),
    [
        ({"older_than": at(4)}, [5, 6, 7, 8, 9, 10]),
        ({"older_than": at(0)}, list(range(1, 11))),
        ({"older_than": at(4.5)}, [6, 7, 8, 9, 10]),
        ({"older_than": at(100)}, [10]),
        ({"older_than": "9999-12-31"}, [10]),
        ({"older_than": "0001-01-01"}, list(range(1, 11))),
        ({"older_than": "1 min"}, [10]),
        ({"session": "a"}, [2, 4, 6, 8, 10]),
        ({"session": "b"}, [1, 3, 5, 7, 9, 10]),
        ({"session": "nobody"}, list(range(1, 11))),
        ({"session": "current"}, list(range(1, 11))),
        ({"session": "a", "older_than": at(4)}, [2, 4, 5, 6, 7, 8, 9, 10]),
    ],
    ids=repr,
)
def test_what_is_old_or_of_a_session_is_taken_out(
    which: dict[str, Any], left: list[int], log: ResponseLog
) -> None:
    ten(log)
    records = {e.exchange_id: e for e in log}
    news = set(heard(log))

    pruned = log.prune(**which)

    assert list(log) == [records[number] for number in left]
    # The newest exchange stays whatever is asked; of notifications, none needs to.
    kept = set(left) if 10 in left and not _takes_tenth(which) else set(left) - {10}
    assert set(heard(log)) == kept & news
    assert (pruned.exchanges, pruned.notifications) == (10 - len(left), 10 - len(kept))
    assert (len(log), len(log.exchanges()), len(log.messages())) == (len(left),) * 3
    assert len(log.notifications()) == len(kept)


def _takes_tenth(which: dict[str, Any]) -> bool:
    of_session = which.get("session") in (None, "b")
    older = which.get("older_than") in (None, at(100), "9999-12-31", "1 min")
    return of_session and older


def test_numbers_go_on_after_everything_was_taken_out(log: ResponseLog) -> None:
    ten(log).prune(older_than="9999-12-31")

    assert ids(log) == [10]
    assert heard(log) == []
    assert log.append(made()).exchange_id == 11
    assert log.append_notification(Notification("{}")).notification_id == 11
    log.prune(older_than=pd.Timestamp.now("UTC"))
    assert ids(log) == [11]


def test_notes_go_along_with_their_exchange_and_others_when_they_are_old(log: ResponseLog) -> None:
    ten(log)
    for number in (1, 2, 10):
        log.note(f"about {number}", number)
    log.note("about the session")

    pruned = log.prune(session="a")
    assert log.notes()["text"].tolist() == ["about 2", "about 10", "about the session"]
    assert pruned.notes == 1

    assert log.prune(older_than=pd.Timestamp.now("UTC")).notes == 2
    assert log.notes()["text"].tolist() == ["about 10"]


def test_notes_of_a_session_go_with_it(log: ResponseLog, path: Path) -> None:
    with closing(ResponseLog(path)) as other:
        log.note("mine")
        other.note("theirs")

        log.prune(session="current")

        assert other.notes()["text"].tolist() == ["theirs"]


@pytest.mark.parametrize("log", [ResponseLog()], ids=["memory"])
def test_an_empty_log_has_nothing_to_take_out(log: ResponseLog) -> None:
    pruned = log.prune(older_than="1 s")

    assert (pruned.exchanges, pruned.notifications, pruned.notes) == (0, 0, 0)


def test_a_log_in_memory_is_pruned_too() -> None:
    log = ten(ResponseLog())

    log.prune(session="a")

    assert ids(log) == [2, 4, 6, 8, 10]
    assert log.sql("select count(*) as n from exchanges")["n"].tolist() == [5]


def test_frames_are_kept_where_nothing_was_taken_out(log: ResponseLog) -> None:
    ten(log)
    before = log.times_pruned()

    log.prune(session="nobody")
    assert log.times_pruned() == before
    log.prune(session="a")
    assert log.times_pruned() == before + 1


def test_the_file_shrinks_and_says_by_how_much(log: ResponseLog, path: Path) -> None:
    for number in range(40):
        log.append(made(request_body=str(number % 10) * 50_000))
    before = log.size

    pruned = log.prune(older_than="9999-12-31")

    assert log.size < 150_000 < 2_000_000 < before
    assert pruned.freed_bytes == before - log.size
    assert repr(pruned) == (
        f"<Pruned: 39 exchanges, 0 notifications, 0 notes; {upkeep.size_in_words(pruned.freed_bytes)} freed>"
    )
    assert b"1111111111" not in path.read_bytes()


@pytest.mark.parametrize("which", [{}, {"older_than": None}, {"session": None}])
def test_what_is_to_be_taken_out_must_be_said(which: dict[str, Any], log: ResponseLog) -> None:
    with pytest.raises(LogError, match=r"Pass older_than=, such as 30 days, or session=\."):
        ten(log).prune(**which)
    assert len(log) == 10


@pytest.mark.parametrize("value", ["", "nonsense", "30", 30, pd.NaT], ids=repr)
def test_a_moment_that_is_none_takes_nothing_out(value: Any, log: ResponseLog) -> None:
    with pytest.raises(ValueError, match=r"older_than is .*\. Pass a datetime"):
        ten(log).prune(older_than=value)
    assert len(log) == 10


def test_everybody_s_frames_and_look_ups_follow(log: ResponseLog, path: Path) -> None:
    with closing(ResponseLog(path)) as other:
        ten(other)
        for name in FRAMES:
            getattr(other, name)()
        assert len(list(other.read(session="a"))) == 5

        log.prune(session="a")

        assert other.exchanges()["exchange_id"].tolist() == [2, 4, 6, 8, 10]
        assert other.messages()["text"].tolist() == [f"text {number}" for number in (1, 3, 5, 7, 9)]
        assert other.notifications()["notification_id"].tolist() == [2, 4, 6, 8, 10]
        assert other.sessions()["session_id"].tolist() == ["b"]
        assert list(other.read(session="a")) == []


APPENDER = """
import os, sys
from connectorkit.log import Exchange, Log

log = Log(sys.argv[1])
for number in range(int(sys.argv[2])):
    kept = log.append(Exchange("send", "POST", "u", session_id=("mine", "theirs")[number % 2]))
    os.write(1, f"{kept.exchange_id} {kept.session_id}\\n".encode())
"""


def test_nothing_is_lost_that_another_process_appends_meanwhile(
    log: ResponseLog, path: Path, eventually: Callable[..., Any]
) -> None:
    command = [sys.executable, "-c", APPENDER, str(path), "1500"]
    taken = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [process.stdout.readline().split()]
        reader = threading.Thread(target=lambda: told.extend(line.split() for line in process.stdout))
        reader.start()
        for count in range(100, 1_500, 100):
            eventually(lambda count=count: len(told) >= count)
            taken += log.prune(session="mine").exchanges
        reader.join()
    taken += log.prune(session="mine").exchanges

    assert process.returncode == 0
    assert len(told) == 1500 == len({number for number, _ in told})
    theirs = [int(number) for number, session in told if session == "theirs"]
    assert [e.exchange_id for e in log if e.session_id == "theirs"] == theirs
    assert taken == 750
    assert log.exchanges()["exchange_id"].tolist() == theirs


# --- Files that cannot be written --------------------------------------


@pytest.fixture
def read_only(log: ResponseLog, path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ResponseLog]:
    """A log whose file may be read only, also by a user who may do everything."""
    ten(log).note("kept")
    uri = f"{path.as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as database:
        monkeypatch.setattr(log, "_database", database)
        yield log


def test_a_file_that_may_only_be_read_is_read(read_only: ResponseLog) -> None:
    assert [len(getattr(read_only, name)()) for name in FRAMES] == [10, 10, 10, 10, 2, 1]
    assert len(read_only.sql("select * from exchanges")) == 10
    assert "exchanges" in read_only._repr_html_()


@pytest.mark.parametrize("what", ["note", "prune", "append", "append_notification"])
def test_a_file_that_may_only_be_read_is_a_sentence(what: str, read_only: ResponseLog) -> None:
    work = {
        "note": lambda: read_only.note("x"),
        "prune": lambda: read_only.prune(session="a"),
        "append": lambda: read_only.append(made()),
        "append_notification": lambda: read_only.append_notification(Notification("{}")),
    }[what]

    with pytest.raises(LogError, match=r"could not be written \(attempt to write a readonly database\)\. "):
        work()
    assert len(read_only) == 10


@pytest.mark.parametrize("what", ["note", "prune"])
def test_a_file_that_somebody_holds_is_a_sentence_and_nothing_is_half_done(
    what: str, log: ResponseLog, path: Path
) -> None:
    ten(log)
    log._database.execute("PRAGMA busy_timeout = 10")
    with closing(sqlite3.connect(path, isolation_level=None)) as somebody:
        somebody.execute("BEGIN IMMEDIATE")
        with pytest.raises(LogError, match=r"could not be written \(database is locked\)\. "):
            log.note("x") if what == "note" else log.prune(session="a")
        assert len(log.exchanges()) == 10
        assert len(list(log.read(session="a"))) == 5  # found without the index
        somebody.execute("ROLLBACK")

    log.prune(session="a")
    assert ids(log) == [2, 4, 6, 8, 10]


@pytest.mark.parametrize("ended", [False, True], ids=["still open", "ended by SQLite"])
def test_what_goes_wrong_half_way_is_undone_and_told(ended: bool, log: ResponseLog) -> None:
    ten(log)

    def work(database: sqlite3.Connection) -> None:
        database.execute("DELETE FROM exchanges")
        if ended:  # as after an I/O error
            database.execute("ROLLBACK")
        raise sqlite3.OperationalError("disk I/O error")

    with pytest.raises(LogError, match=r"could not be written \(disk I/O error\)"):
        log.transaction(work)

    assert len(log) == 10
    assert log.append(made()).exchange_id == 11


def test_a_disk_that_is_full_takes_nothing_out_and_loses_nothing(log: ResponseLog) -> None:
    ten(log)
    pages = log.query("PRAGMA page_count")[0][0]
    log._database.execute(f"PRAGMA max_page_count = {pages}")

    numbers = []

    def write() -> None:
        while True:
            numbers.append(log.note("x" * 10_000))

    with pytest.raises(LogError, match=r"could not be written \(database or disk is full\)"):
        write()

    assert len(log) == 10
    assert log.notes()["note_id"].tolist() == numbers


def test_pruning_needs_no_more_than_the_file(log: ResponseLog) -> None:
    assert os.path.exists(ten(log).path)
    with closing(sqlite3.connect(log.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM exchanges").fetchone() == (10,)
        log._database.execute("PRAGMA busy_timeout = 10")

        log.prune(session="a")  # what it frees is given back another time

        assert reader.execute("SELECT count(*) FROM exchanges").fetchone() == (10,)
        reader.execute("COMMIT")
        assert reader.execute("SELECT count(*) FROM exchanges").fetchone() == (5,)


def test_answers_do_not_matter_to_what_is_old() -> None:
    log = ResponseLog()
    for _ in range(2):
        log.append(made(started_at=T0, total_ms=3_600_000.0, response_body=accepted()))

    assert log.prune(older_than=at(1)).exchanges == 1


def test_a_token_in_a_note_is_replaced_without_a_kit_too(log: ResponseLog) -> None:
    token = jwt.encode({"account_id": "12345678"}, "k" * 32)

    log.note(f"was {token} at first")

    (text,) = log.notes()["text"]
    assert text.startswith("was [jwt:")
    assert token not in text


def test_what_a_kit_of_this_process_knows_is_replaced_in_notes_of_any_log(log: ResponseLog) -> None:
    secret = "-".join(["known", "to", "another", "kit"])
    redactor = Redactor(Secret(secret))

    log.note(f"it was {secret}")

    assert log.notes()["text"].tolist() == [f"it was {redactor.text(secret)}"]


def test_what_undoes_pruning_is_what_is_told(log: ResponseLog) -> None:
    """A full disk ends the whole transaction; what comes after it fails for another reason."""
    ten(log)
    log._database.execute(
        "CREATE TRIGGER full BEFORE DELETE ON exchanges BEGIN SELECT RAISE(ROLLBACK, 'disk is full'); END"
    )

    for _ in range(2):
        with pytest.raises(LogError, match=r"could not be written \(disk is full\)"):
            log.prune(older_than=at(5))

    assert ids(log) == list(range(1, 11))
