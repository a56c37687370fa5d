"""Exports of a log: what is chosen, what is written, and how; by function and by command."""

from __future__ import annotations

import json
import os
import re
import stat
import weakref
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from hostile import JWT_LABEL, SECRET_LABEL, TEXTS, exchange, text_request, with_text

from connectorkit.cli import main
from connectorkit.cli.sharing import _FORMATS
from connectorkit.columns import EXCHANGES
from connectorkit.errors import EnvelopeError, LogError
from connectorkit.log import Exchange, Log
from connectorkit.sharing import export as exports
from connectorkit.sharing import http_file, postman, record_files
from connectorkit.sharing.export import FORMATS, Exported, export
from connectorkit.sharing.har_import import parse_har

NAMES = {
    "har": "a.har",
    "parquet": "a.parquet",
    "jsonl": "a.jsonl",
    "curl": "a.sh",
    "postman": "a.postman_collection.json",
    "http": "a.http",
    "python": "a.py",
}
TEXTUAL = [name for name in FORMATS if name != "parquet"]
TALK = "c0ffee00-0000-4000-8000-000000000001"


@pytest.fixture
def log(tmp_path: Path) -> Log:
    """Five exchanges that differ in one thing each from the first."""
    log = Log(tmp_path / "log.sqlite3")
    log.append(exchange(session_id="one", started_at=10**18))
    log.append(exchange(session_id="two", consumer="ben@example", started_at=2 * 10**18))
    log.append(exchange(session_id="one", scenario="closed-dialog", started_at=10**18))
    log.append(exchange(session_id="one", label="checkout bug", started_at=10**18))
    about = json.dumps(text_request("x") | {"body": {"dialogId": TALK, "event": {}}})
    log.append(exchange(about, session_id="last", started_at=10**18))
    return log


def written(log: Log | list[Exchange], path: Path, **options: Any) -> Exported:
    result = export(log, path, **options)
    assert isinstance(result, Exported)
    return result


def ids(log: Log, **filters: Any) -> list[int]:
    lines = str(export(log, None, "jsonl", **filters)).splitlines()
    return [json.loads(line)["exchange_id"] for line in lines]


# --- What is chosen ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"session": "one"}, [1, 3, 4]),
        ({"session": "last"}, [5]),
        ({"scenario": "closed-dialog"}, [3]),
        ({"label": "checkout bug"}, [4]),
        ({"conversation": TALK}, [5]),
        ({"since": datetime.fromtimestamp(1.5e9, UTC)}, [2]),
        ({"since": "2017-07-14T02:40:00"}, [2]),
        ({"consumer": "ben@example"}, [2]),
        ({"session": "one", "label": "checkout bug", "since": "2000-01-01"}, [4]),
    ],
)
def test_filters_choose_exchanges(log: Log, filters: dict[str, Any], expected: list[int]) -> None:
    assert ids(log, **filters) == expected


def test_the_current_session_is_that_of_the_log(log: Log) -> None:
    log.append(exchange(session_id=""))

    assert ids(log, session="current") == [6]


def test_filters_hold_for_exchanges_in_hand_too() -> None:
    given = [exchange(label="a"), exchange(label="b", exchange_id=13)]

    text = export(iter(given), None, "jsonl", label="b")

    assert [json.loads(line)["exchange_id"] for line in str(text).splitlines()] == [13]


def test_one_exchange_is_enough() -> None:
    assert str(export(exchange(), None, "curl")).count("curl --include") == 1


@pytest.mark.parametrize(
    ("filters", "says"),
    [
        ({"session": "none"}, "No exchange matches session none. Leave a filter out"),
        ({"label": "x", "scenario": "y"}, "No exchange matches scenario y, label x."),
        ({"since": "later"}, "since is 'later'. Pass a datetime, a text such as"),
    ],
)
def test_nothing_to_write_is_a_sentence(log: Log, filters: dict[str, str], says: str, tmp_path: Path) -> None:
    with pytest.raises(LogError, match=re.escape(says)):
        export(log, tmp_path / "a.har", **filters)

    assert not (tmp_path / "a.har").exists()


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_log_is_said_to_be_empty(name: str, memory_log: Log, tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"There is no exchange to write\. Make a call first"):
        export(memory_log, tmp_path / "x", name)

    assert list(tmp_path.glob("*x*")) == []


# --- How it is written -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_the_name_says_the_format(name: str, log: Log, tmp_path: Path) -> None:
    done = written(log, tmp_path / NAMES[name].upper())

    assert (done.format, done.count, done.path.name) == (name, 5, NAMES[name].upper())
    assert repr(done) == f"<Exported 5 exchanges to {done.path} as {name}>"
    assert os.stat(done).st_size > 100


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_is_for_its_owner_only_and_nothing_is_left_beside(name: str, log: Log, tmp_path: Path) -> None:
    (folder := tmp_path / "folder").mkdir()

    done = written(log, folder / NAMES[name])

    assert stat.S_IMODE(done.path.stat().st_mode) == 0o600
    assert list(folder.iterdir()) == [done.path]


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_is_replaced_only_when_told_to(name: str, log: Log, tmp_path: Path) -> None:
    (path := tmp_path / NAMES[name]).write_text("precious")

    with pytest.raises(LogError, match="is there already"):
        export(log, path)
    assert path.read_text() == "precious"

    assert written(log, path, overwrite=True).count == 5
    assert path.stat().st_size > 100


def test_a_file_that_appears_meanwhile_is_not_replaced(log: Log, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"

    def others() -> Iterator[Exchange]:
        yield from log
        path.write_text("somebody else's")

    with pytest.raises(LogError, match="is there already"):
        export(others(), path)

    assert path.read_text() == "somebody else's"
    assert list(tmp_path.glob(".a*")) == []


@pytest.mark.parametrize("name", FORMATS)
def test_a_failure_leaves_the_old_file(name: str, log: Log, tmp_path: Path) -> None:
    (path := tmp_path / NAMES[name]).write_text("precious")

    def failing() -> Iterator[Exchange]:
        yield from log
        raise OSError(28, "No space left on device")

    with pytest.raises(
        LogError, match=r"could not be written \(No space left on device\)\. Choose another place"
    ):
        export(failing(), path, overwrite=True)

    assert path.read_text() == "precious"
    assert list(tmp_path.glob(".a*")) == []


def test_a_folder_that_is_missing_is_named(log: Log, tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"nowhere/a\.har could not be written \(No such file or directory\)"):
        export(log, tmp_path / "nowhere" / "a.har")


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (("x.json",), LogError, "The format is not clear from 'x.json'. Pass one of har, parquet"),
        ((None,), LogError, "The format is not clear from no file."),
        (("x", "hra"), EnvelopeError, "format is 'hra'"),
        ((None, "parquet"), LogError, "Parquet is no text."),
    ],
)
def test_an_unclear_format_is_a_sentence(
    log: Log, arguments: Any, error: type[Exception], says: str, empty_folder: Path
) -> None:
    with pytest.raises(error, match=re.escape(says)):
        export(log, *arguments)


def test_progress_counts_exchanges(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []

    export([exchange()] * 250, tmp_path / "a.jsonl", progress=lambda *done: seen.append(done))

    assert seen == [(100, 250), (200, 250)]


@pytest.mark.parametrize("name", FORMATS)
def test_exchanges_are_written_as_they_come(name: str, tmp_path: Path) -> None:
    """Of 12,000 exchanges no more are alive at a time than Parquet groups in rows."""
    alive: weakref.WeakSet[Any] = weakref.WeakSet()
    most = 0

    class Counted(Exchange):
        __hash__ = object.__hash__

    def many() -> Iterator[Exchange]:
        nonlocal most
        for number in range(12_000):
            one = Counted("send", "POST", "https://a.example/", exchange_id=number)
            alive.add(one)
            most = max(most, len(alive))
            yield one

    assert written(many(), tmp_path / NAMES[name]).count == 12_000  # type: ignore[arg-type]
    assert most <= (record_files._ROWS + 1 if name == "parquet" else 5)


# --- What is in it -----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_json_lines_hold_any_text(text: str) -> None:
    one = with_text(text)

    (row,) = map(json.loads, str(export(one, None, "jsonl")).splitlines())

    assert row["request_body"] == one.request_body
    assert row["request_json"] == one.request_json()
    assert (row["label"], row["started_at"]) == (one.label, "2026-09-21T14:13:20.123456Z")
    assert row["request_headers"][-1] == {"name": "client-properties", "value": one.request_headers[-1][1]}
    assert list(row)[: len(EXCHANGES)] == list(EXCHANGES)


def test_json_lines_are_json_even_where_a_body_is_not() -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    (line,) = str(export(exchange('{"a":NaN}'), None, "jsonl")).splitlines()

    assert "request_json" not in json.loads(line, parse_constant=refuse)


def test_parquet_has_the_frames_columns_and_more(tmp_path: Path) -> None:
    given = [with_text(text) for text in TEXTS.values()]

    found = pd.read_parquet(written(given, tmp_path / "a.parquet"))

    assert list(found.columns) == list(record_files.COLUMNS)
    assert list(found.columns)[: len(EXCHANGES)] == list(EXCHANGES)
    assert str(found["started_at"].dtype) == "datetime64[us, UTC]"
    shown = [one.request_body.encode("utf-8", "backslashreplace").decode() for one in given]
    assert list(found["request_body"]) == shown
    assert found["request_headers"][0][0] == {"name": "host", "value": "va.msg.example"}


def test_parquet_keeps_its_types_when_all_is_missing(tmp_path: Path) -> None:
    full = pd.read_parquet(written([exchange()], tmp_path / "a.parquet"), dtype_backend="pyarrow").dtypes
    bare = pd.read_parquet(
        written([Exchange("http", "GET", "x")], tmp_path / "b.parquet"), dtype_backend="pyarrow"
    ).dtypes

    assert list(full) == list(bare)


def requests_of(text: str) -> list[str]:
    """The requests in an .http file, as its readers split it."""
    return re.split(r"^###.*\n", text, flags=re.MULTILINE)[1:]


@pytest.mark.parametrize("name", TEXTS)
def test_an_http_file_holds_any_text(name: str) -> None:
    one = with_text(TEXTS[name])

    (first, second) = requests_of(str(export([one, exchange()], None, "http")))

    lines = [line for line in first.splitlines() if not line.startswith("#")]
    assert lines[0] == f"POST {one.url}"
    assert "authorization: {{app_jwt}}" in lines
    _, _, body = first.partition("\n\n")
    comment = re.search(r"^# Its body .* as a JSON string it is (.*)$", first, flags=re.MULTILINE)
    assert (comment is not None) == (name in ("control", "surrogate"))
    if comment:
        assert json.loads(comment[1]) == one.request_body
    else:
        assert json.loads(body) == one.request_json()
        assert "{{" not in body
    assert '"message": "Hello"' in second


@pytest.mark.parametrize(
    "body", ["\n###\nGET x", "< secret.txt", "a\r\nb", "\0", "x {{app_jwt}}", "   ", "a\n\n"]
)
def test_a_body_that_would_be_misread_is_a_comment_in_an_http_file(body: str) -> None:
    found = http_file.request(exchange(body))

    assert json.loads(found.partition("as a JSON string it is ")[2].partition("\n")[0]) == body
    assert found.count("\n\n") == 0


@pytest.mark.parametrize("place", ["scenario", "label", "consumer", "error", "operation", "method", "url"])
def test_no_field_can_begin_another_request(place: str) -> None:
    evil = "x\n\n###\nGET https://evil.example\r\n\u2028"

    found = http_file.request(exchange(status_code=None, **{place: evil}))

    assert len(requests_of(found)) == 1
    assert not any(line.startswith("GET") for line in found.splitlines())


def test_an_http_file_takes_secrets_from_the_environment() -> None:
    found = str(export(exchange(), None, "http"))

    assert "@app_jwt = {{$processEnv CONNECTORKIT_APP_JWT}}\n" in found
    assert "x-lp-on-behalf: {{consumer_jws}}\n" in found


# Members that https://schema.getpostman.com/json/collection/v2.1.0/collection.json requires, and their kinds.
def check_collection(found: dict[str, Any]) -> None:
    assert isinstance(found["info"]["name"], str)
    assert found["info"]["schema"] == postman.SCHEMA
    assert all(set(v) <= {"key", "value", "type", "description"} for v in found["variable"])
    for item in found["item"]:
        check_request(item["request"])
        for answer in item["response"]:
            check_request(answer["originalRequest"])
            assert isinstance(answer["code"], int)
            assert all(isinstance(answer[name], str) for name in ("name", "status", "body"))


def check_request(request: dict[str, Any]) -> None:
    assert isinstance(request["method"], str)
    assert set(request["url"]) == {"raw", "host", "path", "query"}
    assert all(
        isinstance(header["key"], str) and isinstance(header["value"], str) for header in request["header"]
    )
    if "body" in request:
        assert request["body"]["mode"] in ("raw", "urlencoded", "file")


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_postman_collection_holds_any_text(text: str) -> None:
    one = with_text(text)

    found = json.loads(str(export([one, exchange(status_code=None)], None, "postman")))

    check_collection(found)
    raw = found["item"][0]["request"]["body"]["raw"]
    assert json.loads(raw) == one.request_json()
    assert "{{" not in raw
    assert found["item"][1]["response"] == []


def test_a_postman_collection_has_variables_for_what_differs() -> None:
    form = exchange(
        f"client_id=app&client_secret={SECRET_LABEL}",
        operation="app_jwt",
        url="https://other.example/sentinel/api/account/1/app/token?v=1.0&flag",
    )

    found = json.loads(str(export([exchange(), form], None, "postman")))

    values = {variable["key"]: variable["value"] for variable in found["variable"]}
    assert values == {
        "base_url": "https://va.msg.example",
        "app_jwt": "",
        "consumer_jws": "",
        "client_secret": "",
        "temp_url_query": "",
    }
    first, second = (item["request"] for item in found["item"])
    assert first["url"]["raw"].startswith("{{base_url}}/api/account/12345678/")
    assert {"key": "authorization", "value": "{{app_jwt}}"} in first["header"]
    assert second["url"]["host"] == ["https://other.example"]
    assert second["url"]["query"] == [{"key": "v", "value": "1.0"}, {"key": "flag", "value": None}]
    assert second["body"]["urlencoded"][1] == {"key": "client_secret", "value": "{{client_secret}}"}


@pytest.mark.parametrize("name", TEXTUAL)
def test_every_format_says_where_a_token_belongs(name: str) -> None:
    found = str(export(exchange(), None, name))

    if name in ("har", "jsonl"):  # records of what was, not requests to be made
        assert JWT_LABEL in found
    else:
        assert JWT_LABEL not in found


@pytest.mark.parametrize("name", FORMATS)
def test_what_was_never_in_a_log_is_redacted_too(name: str, tmp_path: Path) -> None:
    token = jwt.encode({"number": 1}, "k" * 32, algorithm="HS256")
    one = exchange(
        json.dumps({"client_secret": "planted-secret", "text": token}),
        url=f"https://a.example/?temp_url_sig=planted-signature&x={token}",
        request_headers=[("Authorization", "Bearer planted-token"), ("x-own", token)],
        response_headers=[("set-cookie", "session=planted-cookie")],
        response_body=json.dumps({"access_token": "planted-access"}),
        error=f"refused {token}",
        label=token,
    )

    done = written([one], tmp_path / NAMES[name])

    found = pd.read_parquet(done).to_csv() if name == "parquet" else done.path.read_text(encoding="utf-8")
    assert "planted" not in found
    assert token not in found


@pytest.mark.parametrize("name", FORMATS)
def test_masked_exports_hold_no_text(name: str, tmp_path: Path) -> None:
    planted = "Where is the parcel of Ana Berg?"

    done = written([exchange(json.dumps(text_request(planted)))], tmp_path / NAMES[name], mask="content")

    compressed = name == "parquet"
    found = pd.read_parquet(done).to_csv() if compressed else done.path.read_text(encoding="utf-8")
    assert planted not in found
    assert ("ms.PublishEvent" in found, done.count) == (True, 1)


def test_an_unknown_mask_is_refused(log: Log, tmp_path: Path) -> None:
    with pytest.raises(EnvelopeError, match="mask is 'all'"):
        export(log, tmp_path / "a.har", mask="all")


# --- The command -------------------------------------------------------------------------------------

Command = Callable[..., Result]


@pytest.fixture
def command(log: Log) -> Command:
    def run(*arguments: str | Path) -> Result:
        return CliRunner().invoke(main, ["export", "--log", log.path, *map(str, arguments)])

    return run


def test_the_command_writes_a_file(command: Command, tmp_path: Path) -> None:
    result = command(tmp_path / "a.har")

    assert result.exit_code == 0, result.output
    assert result.output == f"5 exchanges → {tmp_path / 'a.har'} (har)\n"
    assert len(list(parse_har((tmp_path / "a.har").read_text()))) == 5


def test_the_command_answers_in_json(command: Command, tmp_path: Path) -> None:
    result = command(tmp_path / "a.http", "--session", "last", "--json")

    assert json.loads(result.stdout) == {"path": str(tmp_path / "a.http"), "format": "http", "exchanges": 1}


@pytest.mark.parametrize("name", TEXTUAL)
def test_a_dash_is_the_standard_output(name: str, command: Command, log: Log) -> None:
    result = command("-", "--format", name)

    assert result.exit_code == 0, result.output
    assert result.stdout == export(log, None, name)


@pytest.mark.parametrize(
    "options",
    [
        ("--conversation", TALK),
        ("--scenario", "closed-dialog"),
        ("--label", "checkout bug"),
        ("--since", "2030-01-01"),
    ],
)
def test_the_command_takes_the_filters(command: Command, options: tuple[str, ...]) -> None:
    assert len(command("-", "--format", "jsonl", *options).stdout.splitlines()) == 1


def test_the_command_replaces_a_file_only_when_told_to(command: Command, tmp_path: Path) -> None:
    command(tmp_path / "a.py")

    refused, replaced = command(tmp_path / "a.py"), command(tmp_path / "a.py", "--overwrite")

    assert (refused.exit_code, replaced.exit_code) == (1, 0)
    assert refused.output.startswith("Error: ")
    assert "--overwrite" in refused.output


@pytest.mark.parametrize(
    ("arguments", "exit_code", "says"),
    [
        (("a.har", "--session", "none"), 1, "Error: No exchange matches session none."),
        (("nowhere/a.har",), 1, "could not be written"),
        (("a.txt",), 1, "Error: The format is not clear from 'a.txt'."),
        (("-",), 2, "say which format"),
        (("-", "--format", "parquet"), 2, "Parquet is no text"),
        (("a.har", "--mask", "all"), 2, "Invalid value for '--mask'"),
    ],
)
def test_the_command_says_what_is_wrong(
    command: Command, arguments: tuple[str, ...], exit_code: int, says: str, empty_folder: Path
) -> None:
    result = command(*arguments)

    assert result.exit_code == exit_code
    assert says in result.output
    assert list(empty_folder.iterdir()) == []


def test_a_log_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        main, ["export", "--log", str(tmp_path / "no.sqlite3"), str(tmp_path / "a.har")]
    )

    assert result.exit_code == 1
    assert "There is no log at" in result.output
    assert list(tmp_path.glob("no*")) == []


def test_the_command_reads_the_kits_own_log_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONNECTORKIT_LOG", str(tmp_path / "own.sqlite3"))
    Log(tmp_path / "own.sqlite3").append(exchange())

    result = CliRunner().invoke(main, ["export", "-", "--format", "jsonl"])

    assert len(result.stdout.splitlines()) == 1


def test_the_command_knows_every_format() -> None:
    assert _FORMATS == FORMATS == exports.FORMATS


@pytest.mark.parametrize("since", ["0001-01-01", datetime(1600, 1, 1, tzinfo=UTC)])
def test_moments_long_ago_choose_everything(since: Any, log: Log) -> None:
    assert [one.exchange_id for one in exports.select(log, since=since)] == [one.exchange_id for one in log]


def test_moments_far_ahead_choose_nothing(log: Log) -> None:
    with pytest.raises(LogError, match="No exchange matches since 9999-12-31"):
        export(log, None, "jsonl", since="9999-12-31")
