"""``kit.load`` on the sandbox: reports, recording, stopping, and the rail before a real account."""

from __future__ import annotations

import json
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from load_service import Service

import connectorkit as ck
from connectorkit.errors import ConnectorError, SettingsError
from connectorkit.histograms import Histogram
from connectorkit.kit import Kit
from connectorkit.load.report import Report
from connectorkit.load_report import CELL_COLUMNS, COLUMNS, PHASE_COLUMNS, SECOND_COLUMNS, LoadReport
from connectorkit.redact import Secret

SHORT: dict[str, Any] = {"rate": 60, "duration": "1s", "seed": 5}


@pytest.fixture(scope="module")
def module_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("load") / "log.sqlite3"


@pytest.fixture(scope="module")
def kit(module_log: Path) -> Iterator[Kit]:
    with ck.connect(sandbox=True, agent=False, log=module_log) as kit:
        kit.sandbox.webhook(None)
        yield kit


@pytest.fixture(scope="module")
def report(kit: Kit) -> LoadReport:
    return kit.load(**SHORT)


def test_a_run_opens_sends_and_closes_and_leaves_nothing_open(kit: Kit, report: LoadReport) -> None:
    assert report.errors == 0
    assert report.endings() == {"200": report.count}
    assert report.count >= 60
    assert set(report.counts) == {"open", "send", "close"}
    conversations = kit.sandbox.state()["conversations"]
    assert len(conversations) >= report.counts["open"]
    assert {one["state"] for one in conversations} == {"CLOSE"}
    assert report.target == kit.target


def test_the_same_seed_gives_the_same_counts(kit: Kit, report: LoadReport) -> None:
    again = kit.load(**SHORT)

    assert again.counts == report.counts
    assert kit.load(**SHORT | {"seed": 6}).counts != report.counts


def test_frames_have_their_columns_and_add_up(report: LoadReport) -> None:
    frame, phases, seconds, heat = report.frame(), report.phases(), report.seconds(), report.heat()

    for found, columns in (
        (frame, COLUMNS),
        (phases, PHASE_COLUMNS),
        (seconds, SECOND_COLUMNS),
        (heat, CELL_COLUMNS),
    ):
        assert list(found.columns) == list(columns)
        assert {name: str(kind) for name, kind in found.dtypes.items()} == columns
    assert frame["operation"].tolist() == ["open", "send", "close", "all"]
    assert frame["count"].iloc[:-1].sum() == frame["count"].iloc[-1] == report.count
    assert (frame["p50_ms"] <= frame["p99_ms"]).all()
    assert (frame["p99_ms"] >= frame["uncorrected_p99_ms"]).all()
    assert seconds["count"].sum() == heat["count"].sum() == report.count
    assert seconds["answered"].sum() == report.count
    assert (heat["from_ms"] < heat["to_ms"]).all()


@pytest.mark.parametrize("chart", ["heat_map", "rates", "percentiles"])
def test_charts_are_made_of_a_report(report: LoadReport, chart: str) -> None:
    empty = LoadReport("nothing", "nothing", 0)

    for one in (report, empty):
        assert "<svg" in getattr(one, chart)()._repr_mimebundle_()["image/svg+xml"]


def test_an_empty_report_keeps_its_columns() -> None:
    empty = LoadReport("nothing", "nothing", 0)

    assert empty.frame()["count"].tolist() == [0]
    assert list(empty.seconds().columns) == list(SECOND_COLUMNS)
    assert pd.isna(empty.frame()["p50_ms"]).all()
    assert "Nothing" in empty._repr_html_() or "all" in empty._repr_html_()
    json.loads(empty.to_json())


def test_the_display_fits_a_terminal_and_escapes(report: LoadReport) -> None:
    nasty = LoadReport.merged([report])
    nasty.notes = ("<script>alert(1)</script>",)

    assert max(map(len, repr(report).splitlines())) <= 80
    assert "uncorrected" in repr(report)
    assert "<script>" not in nasty._repr_html_()
    assert "&lt;script&gt;" in nasty._repr_html_()


def test_reports_add_up_exactly(report: LoadReport) -> None:
    both = report + report

    assert isinstance(both, LoadReport)
    assert both.counts == {name: 2 * count for name, count in report.counts.items()}
    assert both.latency == Histogram.sum([report.latency, report.latency])
    assert both.schedule_error.count == 2 * report.schedule_error.count
    assert both.seconds()["count"].sum() == 2 * report.count
    assert report.count == both.count // 2, "what is added stays as it was"
    assert pickle.loads(pickle.dumps(report)).to_dict() == report.to_dict()
    with pytest.raises(SettingsError, match="no report to merge"):
        Report.merged([])


def test_json_has_histograms_that_others_can_read(report: LoadReport) -> None:
    told = json.loads(report.to_json())

    text = told["histograms"]["send"]["corrected"]
    assert Histogram.from_text(text) == report.figures["send"].times["corrected"]
    assert told["count"] == report.count
    assert told["operations"][-1]["operation"] == "all"


def test_without_record_the_log_has_only_the_tokens_and_with_it_every_exchange(kit: Kit) -> None:
    before = len(kit.log.exchanges())
    kit.load(**SHORT)
    rows = kit.log.exchanges().iloc[before:]
    assert set(rows["operation"]) <= {"consumer_jws", "app_jwt", "domains"}

    before = len(kit.log.exchanges())
    with kit.label("rush hour"):
        report = kit.load(**SHORT, record=True)

    rows = kit.log.exchanges().iloc[before:]
    calls = rows[rows["operation"].isin(["conversation", "send"])]
    closed_at_the_end = report.counts["open"] - report.counts["close"]
    assert len(calls) == report.count + closed_at_the_end
    assert set(calls["label"]) == {"rush hour"}
    assert calls["status_code"].eq(200).all()
    assert (calls["wait_ms"] > 0).all()
    assert calls["consumer"].str.startswith("load-").all()
    exchange = kit.log.exchange(int(calls["exchange_id"].iloc[0]))
    shown = repr(exchange.request_headers)
    assert "[jwt:" in shown
    assert kit.credentials.app_jwt is not None
    assert kit.credentials.app_jwt.secret.reveal() not in shown


def test_faults_of_the_sandbox_are_seen(kit: Kit) -> None:
    with kit.sandbox.faults(status=503, on="send", probability=0.5):
        report = kit.load(**SHORT)

    assert 0 < report.endings()["503"] < report.count
    assert report.error_percent == pytest.approx(100 * report.errors / report.count)


def test_progress_is_told_and_a_run_can_be_stopped_from_outside(kit: Kit) -> None:
    told: list[tuple[int, int]] = []
    kit.load(**SHORT, progress=lambda done, total: told.append((done, total)))
    run = kit.start_load(rate=50, duration="10m", seed=1)
    while run.done < 10:
        assert run.running
        time.sleep(0.01)
    assert " of 30,000>" in repr(run)
    assert "Load run" in run._repr_html_()
    with pytest.raises(TimeoutError, match="has not ended within"):
        run.result(timeout=0.001)
    waited: list[tuple[int, int]] = []
    with pytest.raises(TimeoutError, match="has not ended within"):
        run.result(timeout=0.5, progress=lambda done, total: waited.append((done, total)))
    run.stop()
    report = run.result()

    assert waited[-1][0] > waited[0][0] >= 10
    assert waited[-1][1] == 30_000
    assert told[-1][1] == 60
    assert 0 < told[-1][0] <= 60
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert report.stopped
    assert 10 <= report.count < 30_000
    assert report.left_open == 0


@pytest.mark.parametrize("rate", [20_000, None])
def test_a_run_that_is_stopped_before_it_begins_sends_nothing(kit: Kit, rate: float | None) -> None:
    before = len(kit.sandbox.state()["conversations"])
    run = kit.start_load(rate=rate, duration="20s", seed=1)
    run.stop()

    report = run.result()

    assert report.stopped
    assert report.count == 0
    assert len(kit.sandbox.state()["conversations"]) == before
    assert "100 %" not in repr(report)


def test_what_ends_a_run_is_raised_where_it_is_waited_for() -> None:
    with ck.connect(sandbox=True, agent=False, log=":memory:", seed=77) as kit:
        kit.sandbox.faults(status=401, on="app_jwt")
        with pytest.raises(ck.AuthenticationError):
            kit.load(**SHORT)
    with pytest.raises(ConnectorError, match="This kit is closed"):
        kit.load(**SHORT)


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Kit]:
    with Service() as service:
        known = service.settings
        with ck.connect(
            account_id=known.account_id,
            client_id=known.client_id,
            client_secret=known.client_secret,
            domain_lookup=known.domain_lookup,
            log=tmp_path / "account.sqlite3",
        ) as kit:
            yield kit


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"rate": 10}, "agents may see. Pass visible=True if that is agreed"),
        ({"visible": True}, "rate must be given for account 12345678"),
        ({"visible": True, "rate": None}, "rate must be given"),
        ({"visible": True, "rate": 101}, "rate is 101, allowed on an account .* up to 100"),
    ],
)
def test_an_account_is_not_loaded_by_mistake(account: Kit, options: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        account.load(duration="1s", **options)

    assert len(account.log.exchanges()) == 0


def test_load_does_not_go_through_a_proxy(account: Kit) -> None:
    account.settings = replace(account.settings, proxy=Secret("http://user:word@127.0.0.1:9"))

    with pytest.raises(SettingsError, match="proxy is set; load goes without"):
        account.load(duration="1s", rate=10, visible=True)


def test_an_account_is_loaded_when_asked_for(account: Kit) -> None:
    report = account.load(duration="0.5s", rate=50, visible=True, seed=1)

    assert report.errors == 0
    assert report.count >= 25
    assert report.target == "account 12345678"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"parts": 2}, "parts is given without an executor"),
        ({"executor": "threads"}, "executor is str, allowed is a concurrent.futures.Executor"),
        ({"rate": -1}, "rate is -1"),
        ({"seed": 2**40}, "seed is"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(kit: Kit, options: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        kit.load(**{"duration": "1s", **options})


@pytest.mark.skipif(sys.platform == "win32", reason="a signal as Ctrl-C sends it")
def test_an_interrupt_returns_what_was_measured(tmp_path: Path) -> None:
    code = (
        "import connectorkit as ck\n"
        "with ck.connect(sandbox=True, agent=False, log=':memory:') as kit:\n"
        "    tell = lambda done, total: done > 9 and print('some', flush=True)\n"
        "    report = kit.load(rate=50, duration='10m', progress=tell)\n"
        "    print('\\nleft', report.stopped, report.count > 9, report.left_open)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "some\n"
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate()

    assert out.splitlines()[-1] == "left True True 0"
    assert process.returncode == 0
