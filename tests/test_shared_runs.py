"""What was done on the sandbox, handed on in a file: read back whole, without a secret, and done again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from detect_secrets.plugins.jwt import JwtTokenDetector
from planting import FORMS, SHORTEST, leaked
from scenario_bench import REPLAYABLE

import connectorkit as ck
from connectorkit.log import Exchange
from connectorkit.redact import Secret
from connectorkit.replay import given_anew, replay, replay_all
from connectorkit.replies import Reply
from connectorkit.scenarios import ALL
from connectorkit.sharing.har_import import read_har

TEXTS = ("Good morning", 'Grüße 🚀 "quoted"', "Where is my parcel?")
# What a refusal of the run was, by scenario.
REFUSED = {"closed-conversation": 400, "missing-app-jwt": 401}
# The signature, the header, and nothing that can be looked at: such a picture goes without a preview.
PICTURE = bytes.fromhex("89504e470d0a1a0a0000000d49484452") + bytes(100)
NOT_SENT_AGAIN = ("upload_file", "download_file")


@cache
def run(with_file: bool) -> tuple[ck.ResponseLog, tuple[str, ...]]:
    """The log of a visit to the sandbox, and every text that was handled as a secret meanwhile."""
    log, secrets = ck.ResponseLog(), set()
    making = Secret.__init__

    def noted(self: Secret, value: str) -> None:
        making(self, value)
        secrets.add(value)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Secret, "__init__", noted)
        with ck.connect(log=log, sandbox=True, agent=False) as kit:
            talk = kit.consumer("ana@example").open(first_name="Ana")
            for text in TEXTS:
                talk.send(text)
                kit.sandbox.settle(10)
            if with_file:
                with TemporaryDirectory() as folder:
                    picture = Path(folder) / "parcel.png"
                    picture.write_bytes(PICTURE)
                    assert talk.send_file(picture, caption="My parcel").ok
                kit.sandbox.settle(10)
            talk.close()
            for name in REFUSED:
                kit.scenarios.run(name)
            kit.sandbox.settle(10)
            secrets |= {
                kit.settings.client_secret.reveal(),
                kit.app_jwt().secret.reveal(),
                kit.consumer_jws("ana@example").secret.reveal(),
            }
    # A whole query is handled so too, with the names of its parameters: the signature in it is there as well.
    return log, tuple(one for one in secrets if len(one) >= SHORTEST and "temp_url" not in one)


@cache
def catalogue() -> ck.ResponseLog:
    """The log of every error there is."""
    log = ck.ResponseLog()
    with ck.connect(log=log, sandbox=True, agent=False) as kit:
        assert len(kit.scenarios.play_all()) == len(ALL)
        kit.sandbox.settle(10)
    return log


def read_back(log: ck.ResponseLog, tmp_path: Path) -> list[Exchange]:
    log.export(tmp_path / "run.har")
    return read_har(tmp_path / "run.har")


def replayed(exchanges: Iterable[Exchange]) -> ck.ResponseLog:
    """The log of their replay on another sandbox."""
    after = ck.ResponseLog()
    with ck.connect(log=after, sandbox=True, agent=False, seed=2) as kit:
        replay_all(exchanges, kit, between=lambda: kit.sandbox.settle(10))
    return after


# --- A run -----------------------------------------------------------------------------------------


def test_a_run_comes_back_from_an_archive_as_it_is_in_the_log(tmp_path: Path) -> None:
    log, _ = run(with_file=True)

    found = read_back(log, tmp_path)

    assert found == list(log)
    assert {one.operation for one in found} == {
        *("domains", "app_jwt", "consumer_jws", "conversation", "send", "upload_file"),
    }
    for name, status in REFUSED.items():
        assert status in [one.status_code for one in found if one.scenario == name]


def test_a_run_read_from_an_archive_replays_on_a_fresh_sandbox_as_equal(tmp_path: Path) -> None:
    log, _ = run(with_file=False)

    found = ck.compare(log, replayed(read_back(log, tmp_path)))

    assert found.equal, repr(found)


def test_the_frames_of_a_log_that_took_in_an_archive_are_those_of_the_run(tmp_path: Path) -> None:
    log, _ = run(with_file=True)
    taken_in = ck.ResponseLog(tmp_path / "log.sqlite3")
    for exchange in read_back(log, tmp_path):
        taken_in.append(exchange)

    for name in ("exchanges", "messages", "timings"):
        pd.testing.assert_frame_equal(getattr(taken_in, name)(), getattr(log, name)(), check_exact=True)
    taken_in.close()


def test_a_run_with_a_file_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    """The permission to upload was good for a minute, and the file's bytes are not in a log."""
    log, _ = run(with_file=True)
    found = read_back(log, tmp_path)
    number = next(one.exchange_id for one in found if one.operation == "upload_file")

    with (
        ck.connect(log=ck.ResponseLog(), sandbox=True, agent=False, seed=2) as kit,
        pytest.raises(ck.EnvelopeError) as caught,
    ):
        replay_all(found, kit)

    assert str(caught.value) == (
        f"operation of exchange {number} is upload_file, which cannot be sent again. "
        "A file's address is a permission for one minute: use send_file() or download()."
    )
    assert len(kit.log) == 0


def test_without_its_upload_a_run_differs_in_the_file_and_in_nothing_else(tmp_path: Path) -> None:
    log, _ = run(with_file=True)
    kept = [one for one in read_back(log, tmp_path) if one.operation not in NOT_SENT_AGAIN]

    found = ck.compare(log, replayed(kept))

    assert found.frame[["change", "what", "field", "after"]].fillna("").to_numpy().tolist() == [
        ["removed", "upload_file", "", ""],
        ["changed", "file PNG: My parcel", "status_code", "400"],
    ]


# --- The error catalogue ---------------------------------------------------------------------------


def code_of(exchange: Exchange) -> tuple[int | None, int | None]:
    return exchange.status_code, Reply.recorded(exchange).error_code


def test_the_archive_of_all_errors_comes_back_as_it_is_in_the_log(tmp_path: Path) -> None:
    found = read_back(catalogue(), tmp_path)

    assert found == list(catalogue())
    assert {one.scenario for one in found} == {scenario.name for scenario in ALL}


def test_each_entry_of_the_archive_of_all_errors_gets_the_same_status_and_code_again(tmp_path: Path) -> None:
    """One by one, in a process that has no part in the run. None has to be refused."""
    found, again = [one for one in read_back(catalogue(), tmp_path) if one.scenario in REPLAYABLE], []
    ids: dict[str, str] = {}
    with ck.connect(log=ck.ResponseLog(), sandbox=True, agent=False, seed=2) as kit:
        for exchange in found:
            again.append(replay(exchange, kit, ids=ids))
            ids |= given_anew(exchange, again[-1])

    assert [(one.scenario, *code_of(one)) for one in again] == [
        (one.scenario, *code_of(one)) for one in found
    ]
    assert len({one.scenario for one in again if (one.status_code or 0) >= 400}) > 60


def test_the_archive_of_all_errors_replays_as_a_run(tmp_path: Path) -> None:
    before = ck.ResponseLog()
    for exchange in read_back(catalogue(), tmp_path):
        if exchange.scenario in REPLAYABLE:
            before.append(exchange)

    found = ck.compare(before, replayed(before))

    assert found.frame[["change", "what"]].to_numpy().tolist() == [
        ["changed", "app_jwt"],  # whose app it was is not told from the kit's own
        ["added", "app_jwt"],  # one that was refused although it was new is renewed by both
        ["added", "all 14 notifications"],  # an archive has none
    ]


def test_what_only_the_clock_brought_about_is_what_differs(tmp_path: Path) -> None:
    """The AppJWT expires when the sandbox's clock is moved, which no request does."""
    before = ck.ResponseLog()
    with ck.connect(log=before, sandbox=True, agent=False) as kit:
        kit.scenarios.run("expired-app-jwt")
        kit.sandbox.settle(10)

    found = ck.compare(before, replayed(read_back(before, tmp_path)))

    assert found.frame[["change", "what", "field", "before", "after"]].to_numpy().tolist() == [
        ["changed", "text: Hello", "attempts", "2", "1"]
    ]


# --- Secrets ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["har", "jsonl", "parquet", "sh", "postman_collection.json", "http", "py"])
def test_no_file_of_a_run_has_a_secret(suffix: str, tmp_path: Path) -> None:
    log, secrets = run(with_file=True)
    path = tmp_path / f"run.{suffix}"

    log.export(path)
    shown = path.read_bytes().decode("latin-1")
    if suffix == "parquet":  # compressed
        shown = pd.read_parquet(path).to_csv()

    # Three tokens, the client secret, and what permits an upload.
    assert len([secret for secret in secrets if secret.startswith("ey")]) >= 3
    assert any(re.fullmatch(r"[0-9a-f]{40,64}", secret) for secret in secrets)
    assert leaked(shown, [(form, secret) for form in FORMS.values() for secret in secrets]) == []
    scan = JwtTokenDetector()
    assert [found for line in shown.splitlines() for found in scan.analyze_string(line)] == []


def test_the_search_finds_what_would_be_left(tmp_path: Path) -> None:
    log, secrets = run(with_file=True)
    token = next(secret for secret in secrets if secret.startswith("ey"))
    path = tmp_path / "run.har"
    log.export(path)

    shown = path.read_text().replace("Good morning", f"Good {token[:30]}")

    assert leaked(shown, [(str, secret) for secret in secrets]) != []


# --- Rows ------------------------------------------------------------------------------------------


def headers_of(found: Iterable[dict[str, str]]) -> list[tuple[str, str]]:
    return [(one["name"], one["value"]) for one in found]


def test_json_lines_bring_the_same_records_back(tmp_path: Path) -> None:
    log, _ = run(with_file=True)
    log.export(tmp_path / "run.jsonl")

    found = []
    for line in (tmp_path / "run.jsonl").read_text().splitlines():
        row = json.loads(line)
        for derived in ("request_json", "response_json", "blocked_ms", "first_byte_ms"):
            row.pop(derived, None)
        moment = datetime.fromisoformat(row["started_at"])
        row["started_at"] = round(moment.timestamp() * 1_000_000) * 1000
        row |= {name: headers_of(row[name]) for name in ("request_headers", "response_headers")}
        found.append(Exchange(**row))

    assert found == [replace(one, started_at=one.started_at // 1000 * 1000) for one in log]


def test_parquet_brings_the_frame_back(tmp_path: Path) -> None:
    log, _ = run(with_file=True)
    log.export(tmp_path / "run.parquet")

    found, frame = pd.read_parquet(tmp_path / "run.parquet"), log.exchanges()

    pd.testing.assert_frame_equal(found[list(frame.columns)].astype(frame.dtypes), frame, check_exact=True)
    for number, one in enumerate(log):
        row = found.iloc[number]
        assert headers_of(row["request_headers"]) == one.request_headers
        assert headers_of(row["response_headers"]) == one.response_headers
        assert (row["request_body"], row["response_body"]) == (one.request_body, one.response_body)
        assert json.loads(row["tokens"]) == one.tokens
