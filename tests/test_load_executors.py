"""One run on many workers: the same counts as on one, also when a worker is killed in the middle."""

from __future__ import annotations

import logging
import multiprocessing
import os
import pickle
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import pytest

import connectorkit as ck
from connectorkit.errors import ConnectorError, SettingsError
from connectorkit.kit import Kit
from connectorkit.load.options import Options
from connectorkit.load.running import Part
from connectorkit.loader import LoadRun
from connectorkit.redact import Secret
from connectorkit.settings import Settings

RUN: dict[str, Any] = {"rate": 60, "duration": "3s", "seed": 5, "arrivals": "poisson"}
needs_kill = pytest.mark.skipif(sys.platform == "win32", reason="kills a worker by signal")


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kit]:
    log = tmp_path_factory.mktemp("load") / "log.sqlite3"
    with ck.connect(sandbox=True, agent=False, log=log) as kit:
        kit.sandbox.webhook(None)
        yield kit


@pytest.fixture(scope="module")
def counts(kit: Kit) -> dict[str, int]:
    """What one thread of this process counts."""
    return kit.load(**RUN).counts


def pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))


def until_sending(kit: Kit, run: LoadRun, more_than: int) -> None:
    """Wait until the workers have opened conversations of this run."""
    while run.running:
        if len(kit.sandbox.state()["conversations"]) > more_than:
            return
        time.sleep(0.05)


@pytest.mark.parametrize("parts", [1, 3])
def test_threads_count_the_same(kit: Kit, counts: dict[str, int], parts: int) -> None:
    with ThreadPoolExecutor(parts) as executor:
        report = kit.load(**RUN, executor=executor)

    assert report.counts == counts
    assert report.parts == parts
    assert report.errors == 0
    assert report.left_open == 0


def test_processes_count_the_same(kit: Kit, counts: dict[str, int]) -> None:
    with pool() as executor:
        report = kit.load(**RUN, executor=executor, parts=3)

    assert report.counts == counts
    assert report.parts == 3
    assert report.latency.count == sum(counts.values())
    assert report.errors == 0


@needs_kill
def test_a_killed_process_is_replaced_and_its_part_counted_once(kit: Kit, counts: dict[str, int]) -> None:
    before = len(kit.sandbox.state()["conversations"])
    with pool() as executor:
        run = kit.start_load(**RUN, executor=executor)
        until_sending(kit, run, before)
        os.kill(next(iter(executor._processes)), signal.SIGKILL)
        report = run.result()

    assert report.counts == counts
    assert any("was run again: BrokenProcessPool" in note for note in report.notes)


@needs_kill
def test_dask_counts_the_same_also_with_a_worker_killed(kit: Kit, counts: dict[str, int]) -> None:
    distributed = pytest.importorskip("distributed")
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    cluster = distributed.LocalCluster(
        n_workers=3, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    )
    with cluster, distributed.Client(cluster) as client:
        report = kit.load(**RUN, executor=client.get_executor())
        assert (report.counts, report.parts) == (counts, 3)

        before = len(kit.sandbox.state()["conversations"])
        run = kit.start_load(**RUN, executor=client.get_executor())
        until_sending(kit, run, before)
        os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)
        report = run.result()

    assert report.counts == counts
    assert report.parts == 3


class Failing(Executor):
    """Fails the first submissions, as often as it is told, then works."""

    def __init__(self, failures: int, error: Exception) -> None:
        self.failures, self.error = failures, error

    def submit(self, call: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.failures -= 1
        if self.failures >= 0:
            future.set_exception(self.error)
        else:
            future.set_result(call(*arguments, **named))
        return future


def test_a_part_that_fails_is_tried_three_times(kit: Kit, counts: dict[str, int]) -> None:
    report = kit.load(**RUN, executor=Failing(2, OSError("lost")), parts=1)
    assert report.counts == counts
    assert report.notes == ("part 1 was run again: OSError",)

    with pytest.raises(OSError, match="lost"):
        kit.load(**RUN, executor=Failing(3, OSError("lost")), parts=1)


def test_what_another_try_does_not_cure_is_not_tried_again(kit: Kit) -> None:
    executor = Failing(1, SettingsError("No account."))

    with pytest.raises(SettingsError, match="No account"):
        kit.load(**RUN, executor=executor, parts=1)

    assert executor.failures == 0


def test_an_executor_that_takes_no_work_is_told_from_a_broken_run(kit: Kit) -> None:
    executor = ThreadPoolExecutor(1)
    executor.shutdown()

    with pytest.raises(SettingsError, match=r"executor takes no work .* Make a new one"):
        kit.load(**RUN, executor=executor)
    with pytest.raises(SettingsError, match="record is given with an executor"):
        kit.load(**RUN, executor=executor, record=True)
    with pytest.raises(SettingsError, match="parts is 0"):
        kit.load(**RUN, executor=executor, parts=0)


def test_stopping_drops_the_parts_that_have_not_begun(kit: Kit) -> None:
    with ThreadPoolExecutor(1) as executor:
        executor.submit(time.sleep, 0.5)
        run = kit.start_load(**RUN, executor=executor, parts=2)
        run.stop()

        with pytest.raises(ConnectorError, match="Nothing was measured"):
            run.result()


def test_stopping_twice_does_not_wait_for_what_cannot_be_reached(kit: Kit) -> None:
    class Never(Executor):
        """One part is done, another never is."""

        def submit(self, call: Any, /, part: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_running_or_notify_cancel()
            if part.part == 0:
                future.set_result(call(part))
            return future

    run = kit.start_load(**RUN, executor=Never(), parts=2)
    while not run.done:
        assert run.running
        time.sleep(0.02)
    run.stop()
    run.stop()
    report = run.result()

    assert report.stopped
    assert report.parts == 1
    assert "parts that were not waited for: 1" in report.notes


def settings(secret: str) -> Settings:
    return Settings("12345678", "app-1", Secret(secret), "http://127.0.0.1:9", "http")


def test_the_secret_of_an_account_does_not_travel(
    monkeypatch: pytest.MonkeyPatch, empty_folder: object
) -> None:
    secret = "an-invented-one-of-26-char"
    part = Part(settings(secret), Options(10.0, 1.0), "account 12345678")

    sent = pickle.dumps(part)

    assert secret.encode() not in sent
    assert secret not in repr(part)
    arrived = pickle.loads(sent)
    with pytest.raises(SettingsError, match="A worker has no client secret for account '12345678'"):
        arrived.run()
    for name, value in (("ACCOUNT_ID", "12345678"), ("CLIENT_ID", "app-1"), ("CLIENT_SECRET", secret)):
        monkeypatch.setenv(f"CONNECTORKIT_{name}", value)
    assert arrived._complete_settings() == part.settings


def test_a_sandbox_is_reached_from_another_process() -> None:
    part = Part(settings("of-a-sandbox"), Options(10.0, 1.0), "the sandbox", throwaway=True)

    assert pickle.loads(pickle.dumps(part)) == part
