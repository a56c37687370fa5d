"""The sandbox that kits of one process share: who hears what, and what happens when one goes."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import connectorkit as ck
from connectorkit.errors import LogError
from connectorkit.lease import Lease

pytestmark = pytest.mark.usefixtures("empty_folder")
Eventually = Callable[..., Any]


def heard(log: ck.ResponseLog) -> list[str]:
    """The texts that the log was notified of, once nothing is under way."""
    frame = log.notifications()
    bodies = [notification.body for notification in log.read_notifications()]
    assert len(bodies) == len(frame)
    texts = [body.partition('"message":"')[2].partition('"')[0] for body in bodies]
    return [text for text in texts if text]


def connected(log: str | Path | ck.ResponseLog = ":memory:", **options: Any) -> ck.Kit:
    return ck.connect(agent=False, log=log, **options)


def test_every_kit_hears_of_every_conversation() -> None:
    with connected() as one, connected() as two:
        one.consumer("ana").open().send("of one")
        two.consumer("bea").open().send("of two")

        assert heard(one.log) == heard(two.log) == ["of one", "of two"]


def test_a_file_that_two_kits_write_has_each_notification_once(tmp_path: Path) -> None:
    path = tmp_path / "shared.sqlite3"
    with connected(path) as one, connected(tmp_path / "." / "shared.sqlite3") as two:
        one.consumer("ana").open().send("once")

        assert heard(one.log) == heard(two.log) == ["once"]


def test_two_kits_may_have_one_log() -> None:
    log = ck.ResponseLog(":memory:")
    one, two = connected(log), connected(log)
    talk = one.consumer("ana").open()
    talk.send("to both")
    before = heard(log)

    two.close()  # the one that sat down with the log last
    talk.send("to the other")
    after = heard(log)
    one.close()

    assert (before, after) == (["to both"], ["to both", "to the other"])
    assert log.settle is None
    assert heard(log) == after


def test_a_kit_that_is_closed_hears_no_more_and_the_other_still_does() -> None:
    one, two = connected(), connected()
    talk = two.consumer("bea").open()
    talk.send("to both")
    first = heard(one.log)

    one.close()
    talk.send("to the other")

    assert heard(two.log) == ["to both", "to the other"]
    assert first == heard(one.log) == ["to both"]
    two.close()


def test_the_last_word_before_a_close_is_in_the_log() -> None:
    with connected() as kit:
        kit.consumer("ana").open().send("last")

    assert heard(kit.log) == ["last"]


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # nobody closed it, that is the point
def test_of_a_kit_that_was_thrown_away_the_log_can_be_read(eventually: Eventually) -> None:
    with connected() as other:
        kit = connected()
        log = kit.log
        kit.consumer("ana").open().send("heard")
        assert heard(log) == ["heard"]

        del kit
        gc.collect()
        eventually(lambda: log.settle is None)
        other.consumer("bea").open().send("of the other")

        assert heard(other.log) == ["heard", "of the other"]
        assert heard(log) == ["heard"]


def test_a_log_that_was_closed_is_no_reason_to_tell_the_others_twice() -> None:
    with connected() as one, connected() as two:
        talk = two.consumer("bea").open()
        heard(two.log)
        one.log.close()

        talk.send("once")

        assert heard(two.log) == ["once"]
        two.sandbox.advance(minutes=10)
        assert heard(two.log) == ["once"]
        with pytest.raises(LogError):
            one.log.notifications()


def test_where_no_log_can_be_written_the_sandbox_tries_again(tmp_path: Path) -> None:
    with connected() as kit:
        kit.log.close()
        with ck.Client(kit.settings, log=ck.ResponseLog(":memory:")) as outsider:
            outsider.consumer("ana").open()
        kit.sandbox.settle()

        assert kit.notifications.lost >= 1
        assert {one["outcome"] for one in kit.sandbox.deliveries()["deliveries"]} == {"failed"}


def kill_sandbox(kit: ck.Kit, eventually: Eventually) -> None:
    os.kill(kit._lease.ready["pid"], signal.SIGKILL)  # type: ignore[union-attr]
    eventually(lambda: not any(running.child.alive for running in Lease._running.values()))


def test_what_was_heard_can_be_read_although_the_sandbox_died(eventually: Eventually) -> None:
    with connected() as kit:
        kit.consumer("ana").open().send("heard")
        assert heard(kit.log) == ["heard"]

        kill_sandbox(kit, eventually)

        assert heard(kit.log) == ["heard"]


def test_a_new_sandbox_after_one_that_died_is_heard_by_its_own_kits(eventually: Eventually) -> None:
    with connected() as old:
        kill_sandbox(old, eventually)
        with connected() as new:
            new.consumer("ana").open().send("anew")

            assert old.sandbox.base_url != new.sandbox.base_url
            assert (heard(new.log), heard(old.log)) == (["anew"], [])
            assert not old.notifications.listening
    assert Lease._running == {}


def test_sandboxes_of_two_seeds_are_heard_apart() -> None:
    with connected(seed=1) as one, connected(seed=2) as two:
        one.consumer("ana").open().send("of one")
        two.consumer("ana").open().send("of two")

        assert (heard(one.log), heard(two.log)) == (["of one"], ["of two"])


def test_giving_back_twice_is_giving_back_once(eventually: Eventually) -> None:
    one, two = connected(), connected()

    one._lease.release()  # type: ignore[union-attr]
    one._lease.release()  # type: ignore[union-attr]

    assert two.sandbox.now()
    two.close()
    one.close()
    assert Lease._running == {}
