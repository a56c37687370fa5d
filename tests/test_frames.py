"""The log as DataFrames: columns, dtypes, the join of requests with their answers, and summaries."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from connectorkit import columns, frames
from connectorkit.log import Exchange, Log
from connectorkit.response_log import ResponseLog

EXCHANGES = [
    *("exchange_id", "session_id", "scenario", "operation", "attempt", "started_at", "method", "url"),
    *("status_code", "error", "request_bytes", "response_bytes", "http_version", "reused_connection"),
    *("connect_ms", "tls_ms", "send_ms", "wait_ms", "receive_ms", "total_ms"),
]
MESSAGES = [
    *("exchange_id", "position", "request_id", "type", "event_type", "conversation_id", "consumer", "code"),
    *("sequence", "error_code", "error_title", "sent_at", "answered_at"),
]
TIMINGS = [
    *("exchange_id", "session_id", "scenario", "operation", "attempt", "started_at", "status_code", "error"),
    *("reused_connection", "connect_ms", "tls_ms", "send_ms", "wait_ms", "receive_ms", "total_ms"),
]
STARTED = 1_700_000_000_123_456_789
TEXT = {
    "kind": "req",
    "id": "7",
    "type": "ms.PublishEvent",
    "body": {
        "dialogId": "c-1",
        "event": {"type": "ContentEvent", "contentType": "text/plain", "message": "Hello"},
    },
}
BATCH = [
    {"kind": "req", "id": "1,", "type": "userprofile.SetUserProfile", "body": {}},
    {"kind": "req", "id": "1,", "type": "cm.ConsumerRequestConversation", "body": {"brandId": "12345678"}},
    {"kind": "req", "id": 3, "type": "ms.PublishEvent", "body": {**TEXT["body"], "dialogId": ""}},
]
OPENED = [
    {"code": "OK", "body": {"msg": "OK User Profile set successfully"}, "reqId": "1,"},
    {"code": "OK", "body": {"conversationId": "c-1"}, "reqId": "1,"},
    {"code": "OK", "body": {"sequence": 0}, "reqId": "3"},
]
Maker = Callable[[Log], pd.DataFrame]
MAKERS = [
    pytest.param(frames.exchanges, columns.EXCHANGES, EXCHANGES, id="exchanges"),
    pytest.param(frames.messages, columns.MESSAGES, MESSAGES, id="messages"),
    pytest.param(frames.timings, columns.TIMINGS, TIMINGS, id="timings"),
]


def exchange(sent: Any = TEXT, got: Any = "", operation: str = "send", **facts: Any) -> Exchange:
    texts = [value if isinstance(value, str) else json.dumps(value) for value in (sent, got)]
    made = Exchange(
        operation,
        "POST",
        "https://msg.example",
        started_at=STARTED,
        consumer="ana@example",
        status_code=200,
        request_body=texts[0],
        response_body=texts[1],
        total_ms=12.5,
    )
    return replace(made, **facts)


def log_of(*exchanges: Exchange) -> Log:
    log = Log()
    for made in exchanges:
        log.append(made)
    return log


def timed(*total_ms: float, operation: str = "send", **facts: Any) -> list[Exchange]:
    return [exchange(operation=operation, total_ms=total, **facts) for total in total_ms]


# --- Columns and dtypes ----------------------------------------------------------------------------


@pytest.mark.parametrize(("maker", "documented", "promised"), MAKERS)
@pytest.mark.parametrize(
    "log",
    [
        log_of(),
        log_of(exchange("", "", status_code=None, error="ReadTimeout", total_ms=None)),
        log_of(exchange(got=OPENED[2], reused_connection=True, connect_ms=1, scenario="x")),
        log_of(
            exchange(BATCH, OPENED, "conversation"), exchange("{", "<html>"), exchange(operation="domains")
        ),
    ],
    ids=["empty", "failed", "answered", "mixed"],
)
def test_columns_and_dtypes_are_those_documented_whatever_the_log_holds(
    maker: Maker, documented: dict[str, tuple[str, str]], promised: list[str], log: Log
) -> None:
    frame = maker(log)

    assert set(promised) <= set(frame.columns)
    assert list(frame.columns) == list(documented)
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        name: dtype for name, (dtype, _) in documented.items()
    }


@pytest.mark.parametrize(("maker", "documented", "promised"), MAKERS)
def test_every_column_has_a_meaning(maker: Maker, documented: Any, promised: list[str]) -> None:
    assert all(meaning for _, meaning in documented.values())
    assert {dtype for dtype, _ in documented.values()} <= {
        *("string", "Int64", "float64", "boolean", "datetime64[us, UTC]"),
    }


def test_an_empty_log_gives_empty_frames() -> None:
    assert [len(maker(Log())) for maker in (frames.exchanges, frames.messages, frames.timings)] == [0, 0, 0]
    assert len(frames.failures(Log())) == 0


# --- Exchanges -------------------------------------------------------------------------------------


def test_one_row_per_exchange_oldest_first_retries_and_failures_included() -> None:
    log = log_of(
        exchange(status_code=401),
        exchange(attempt=2),
        exchange(status_code=None, error="ReadTimeout: slow", total_ms=10_000.0),
    )

    frame = frames.exchanges(log)

    assert frame["exchange_id"].tolist() == [1, 2, 3]
    assert frame["attempt"].tolist() == [1, 2, 1]
    assert frame["status_code"].isna().tolist() == [False, False, True]
    assert frame["error"].tolist()[2] == "ReadTimeout: slow"
    assert frame["total_ms"].tolist() == [12.5, 12.5, 10_000.0]


def test_times_are_utc_to_the_microsecond() -> None:
    frame = frames.exchanges(log_of(exchange()))

    assert frame["started_at"][0] == pd.Timestamp("2023-11-14 22:13:20.123456", tz="UTC")


def test_exchanges_are_filtered_by_session_and_scenario() -> None:
    log = log_of(exchange(session_id="a"), exchange(session_id="a", scenario="x"), exchange(scenario="x"))

    assert frames.exchanges(log, session="a")["exchange_id"].tolist() == [1, 2]
    assert frames.exchanges(log, session="current")["exchange_id"].tolist() == [3]
    assert frames.exchanges(log, scenario="x")["exchange_id"].tolist() == [2, 3]
    assert frames.timings(log, session="a", scenario="x")["exchange_id"].tolist() == [2]
    assert frames.timings(log, scenario="unheard of").empty


def test_failures_are_refusals_and_missing_answers() -> None:
    log = log_of(
        exchange(),
        exchange(status_code=399),
        exchange(status_code=400),
        exchange(status_code=503),
        exchange(status_code=None, error="ConnectError"),
        exchange(status_code=200, error="ReadError: cut off", session_id="other"),
    )

    assert frames.failures(log)["exchange_id"].tolist() == [3, 4, 5, 6]
    assert frames.failures(log).index.tolist() == [0, 1, 2, 3]
    assert frames.failures(log, session="other")["exchange_id"].tolist() == [6]


# --- Messages --------------------------------------------------------------------------------------


def test_a_send_and_its_answer_are_one_row() -> None:
    log = log_of(exchange(got={"code": "OK", "body": {"sequence": 4}, "reqId": "7"}))

    row = frames.messages(log).iloc[0]

    assert row[["exchange_id", "position", "request_id", "code", "sequence"]].tolist() == [1, 0, "7", "OK", 4]
    assert row[["type", "event_type", "text"]].tolist() == ["ms.PublishEvent", "ContentEvent", "Hello"]
    assert row[["conversation_id", "consumer"]].tolist() == ["c-1", "ana@example"]
    assert row[["error_code", "error_title"]].isna().all()
    assert row["sent_at"] == pd.Timestamp("2023-11-14 22:13:20.123456", tz="UTC")
    assert row["answered_at"] - row["sent_at"] == pd.Timedelta(milliseconds=12.5)


def test_a_batch_is_joined_by_position_even_where_ids_repeat() -> None:
    frame = frames.messages(log_of(exchange(BATCH, OPENED, "conversation")))

    assert frame["position"].tolist() == [0, 1, 2]
    assert frame["request_id"].tolist() == ["1,", "1,", "3"]
    assert frame["type"].str.rpartition(".")[2].tolist() == [
        *("SetUserProfile", "ConsumerRequestConversation", "PublishEvent"),
    ]
    assert frame["sequence"].fillna(-1).tolist() == [-1, -1, 0]
    assert frame["conversation_id"].tolist() == ["c-1", "c-1", "c-1"]


def test_a_half_refused_batch_shows_which_item_failed() -> None:
    already = {"code": "BAD_REQUEST", "body": {"msg": "User x already has open conversation."}, "reqId": "1,"}

    frame = frames.messages(
        log_of(exchange(BATCH[:2], [OPENED[0], already], "conversation", status_code=400))
    )

    assert frame["code"].tolist() == ["OK", "BAD_REQUEST"]
    assert frame["error_title"].fillna("").tolist() == ["", "User x already has open conversation."]
    assert frame["conversation_id"].isna().all()


def test_a_batch_refused_at_the_door_carries_the_refusal_in_every_row() -> None:
    body = {
        "title": "AppJWT is missing",
        "details": "AUTHORIZATION header is not present",
        "errorCode": 40105,
    }
    refusal = {"kind": "resp", "code": 401, "type": ".ReqBody$ErrorResp", "body": body}

    frame = frames.messages(log_of(exchange(BATCH, refusal, "conversation", status_code=401)))

    assert frame["code"].tolist() == ["401"] * 3
    assert frame["error_code"].tolist() == [40105] * 3
    assert frame["error_title"].tolist() == ["AppJWT is missing"] * 3


def test_an_unanswered_request_has_a_row_without_an_answer() -> None:
    row = frames.messages(log_of(exchange(status_code=None, error="ReadTimeout"))).iloc[0]

    assert row["request_id"] == "7"
    assert row[["code", "sequence", "error_code", "error_title", "answered_at"]].isna().all()


@pytest.mark.parametrize("broken", ["", '{"kind": "req", "id":', "7", "null", '"text"', '{"body": [1]}'])
def test_a_broken_request_has_a_row_with_what_the_answer_says(broken: str) -> None:
    answer = {"code": "BAD_REQUEST", "body": {"msg": "Bad Request, not JSON"}}

    row = frames.messages(log_of(exchange(broken, answer, status_code=400))).iloc[0]

    assert row["error_title"] == "Bad Request, not JSON"
    assert row[["request_id", "type", "event_type", "text", "conversation_id"]].isna().all()


@pytest.mark.parametrize(
    "answer",
    [
        {"code": "OK", "body": {"sequence": 10**30}},
        {"code": "OK", "body": {"sequence": True}},
        {"code": "OK", "body": {"sequence": "4"}},
        {"code": "OK", "body": {"errorCode": 10**30}},
        {"code": None, "body": {"msg": {"a": 1}, "title": [1]}},
        {"code": ["x"], "body": None},
        [{"code": "OK", "body": {"sequence": 0}}, 7],
        "[" * 100_000,
    ],
    ids=lambda answer: json.dumps(answer)[:40],
)
def test_a_strange_answer_never_breaks_the_frame(answer: Any) -> None:
    frame = frames.messages(log_of(exchange(got=answer), exchange(got=OPENED[2])))

    assert frame["exchange_id"].tolist() == [1, 2]
    assert frame["sequence"][1] == 0


def test_a_missing_code_is_missing_not_a_word() -> None:
    frame = frames.messages(log_of(exchange(got={"code": None, "body": {}})))

    assert frame["code"].isna().all()


@pytest.mark.parametrize("as_list", [False, True])
def test_an_updated_field_is_named(as_list: bool) -> None:
    field = {"field": "ConversationStateField", "conversationState": "CLOSE"}
    body = {"conversationId": "c-1", "conversationField": [field] if as_list else field}
    request = {"id": 5, "type": "cm.UpdateConversationField", "body": body}

    frame = frames.messages(log_of(exchange(request))).fillna({"event_type": ""})

    assert frame["request_id"].tolist() == ["5"]
    assert frame["conversation_id"].tolist() == ["c-1"]
    assert frame["event_type"].tolist() == ["ConversationStateField"]


def test_token_and_domain_calls_carry_no_messages() -> None:
    calls = [exchange(operation=name) for name in ("domains", "app_jwt", "consumer_jws")]

    assert frames.messages(log_of(*calls)).empty


def test_messages_are_filtered_by_session_and_conversation() -> None:
    other = {**TEXT, "body": {**TEXT["body"], "dialogId": "c-2"}}
    log = log_of(exchange(session_id="a"), exchange(other, session_id="a"), exchange())

    assert frames.messages(log, conversation="c-1")["exchange_id"].tolist() == [1, 3]
    assert frames.messages(log, conversation="c-1").index.tolist() == [0, 1]
    assert frames.messages(log, session="a", conversation="c-2")["exchange_id"].tolist() == [2]
    assert frames.messages(log, conversation="c-9").empty


# --- Summary ---------------------------------------------------------------------------------------


def test_a_summary_counts_and_gives_percentiles() -> None:
    log = log_of(*timed(*range(1, 1002)), *timed(7.0, operation="domains", status_code=503))

    summary = frames.summary(frames.timings(log))

    assert summary.index.name == "operation"
    assert summary.index.tolist() == ["domains", "send"]
    assert summary.loc["domains", ["count", "errors", "max"]].tolist() == [1, 1, 7.0]
    assert summary.loc["send", ["count", "errors"]].tolist() == [1001, 0]
    assert summary.loc["send", ["p50", "p90", "p99", "p99.9", "max"]].tolist() == [501, 901, 991, 1000, 1001]


def test_a_summary_may_be_of_another_phase_and_by_another_column() -> None:
    log = log_of(*timed(9.0, wait_ms=2.0, scenario="x"), *timed(9.0, scenario="y"))

    summary = frames.summary(frames.timings(log), "scenario", phase="wait_ms")

    assert summary["max"].fillna(-1).tolist() == [2.0, -1]
    assert summary["count"].tolist() == [1, 1]


def test_a_summary_of_nothing_keeps_columns_and_dtypes() -> None:
    empty = frames.summary(frames.timings(Log()))
    filled = frames.summary(frames.timings(log_of(exchange())))

    assert list(empty.columns) == ["count", "errors", "per_second", "p50", "p90", "p99", "p99.9", "max"]
    assert (empty.dtypes == filled.dtypes).all()
    assert empty.index.dtype == filled.index.dtype


def test_a_summary_leaves_no_exchange_out() -> None:
    log = log_of(exchange(), exchange(status_code=None, error="ReadTimeout"))

    summary = frames.summary(frames.timings(log), by="status_code")

    assert summary["count"].sum() == 2
    assert summary["errors"].sum() == 1


def test_a_summary_of_two_logs_put_together_counts_each_error_once() -> None:
    timings = frames.timings(log_of(exchange(status_code=500)))

    summary = frames.summary(pd.concat([timings, timings]))

    assert summary.loc["send", ["count", "errors"]].tolist() == [2, 2]


@pytest.mark.parametrize("wrong", [{"by": "speed"}, {"phase": "total"}])
def test_a_summary_by_an_unknown_column_lists_the_known_ones(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"There is no column '(speed|total)'\. Choose one of .*total_ms"):
        frames.summary(frames.timings(Log()), **wrong)


def test_a_summary_may_be_by_several_columns_and_by_phase() -> None:
    log = log_of(
        *timed(9.0, 11.0, wait_ms=2.0, connect_ms=1.0, label="one"),
        *timed(9.0, wait_ms=4.0, label="two", status_code=503),
    )
    timings = frames.timings(log)

    by_two = frames.summary(timings, ["label", "operation"])
    by_phase = frames.summary(timings, "phase")
    by_both = frames.summary(timings, ["label", "phase"])

    assert by_two.index.tolist() == [("one", "send"), ("two", "send")]
    assert by_two["count"].tolist() == [2, 1]
    # In the order of an exchange; a phase that did not happen is no row.
    assert by_phase.index.tolist() == ["blocked_ms", "connect_ms", "wait_ms", "total_ms"]
    assert by_phase.index.dtype == "string"
    assert by_phase["count"].tolist() == [3, 2, 3, 3]
    assert by_phase["errors"].tolist() == [1, 0, 1, 1]
    assert by_phase["max"].tolist() == [8.0, 1.0, 4.0, 11.0]
    assert by_both.loc[("two", "wait_ms"), "p50"] == 4.0


def test_a_summary_of_nothing_by_several_columns_keeps_them() -> None:
    empty = frames.summary(frames.timings(Log()), ["label", "phase"])

    assert empty.index.names == ["label", "phase"]
    assert empty.empty


def test_throughput_is_from_the_first_begin_to_the_last_end() -> None:
    log = Log()
    for number in range(10):
        log.append(exchange(started_at=STARTED + number * 100_000_000, total_ms=100.0))
    log.append(exchange(operation="domains", started_at=STARTED, total_ms=100.0))

    summary = frames.summary(frames.timings(log))

    assert summary.loc["send", "per_second"] == pytest.approx(10)
    assert pd.isna(summary.loc["domains", "per_second"])


def test_a_summary_by_no_column_is_refused() -> None:
    with pytest.raises(ValueError, match=r"by is empty\. Name a column such as operation"):
        frames.summary(frames.timings(Log()), [])


def test_a_log_summarises_its_own_timings() -> None:
    log = ResponseLog()
    for number, label in enumerate(("one", "two", "two")):
        log.append(exchange(label=label, total_ms=float(number)))

    assert log.summary("label")["count"].tolist() == [1, 2]
    assert log.summary("phase", label="two").loc["total_ms", "max"] == 2.0


def test_times_that_are_none_are_left_out_of_a_summary() -> None:
    """An archive from elsewhere may bring them."""
    log = log_of(exchange(total_ms=4.0), exchange(total_ms=float("inf")), exchange(total_ms=float("inf")))

    summary = frames.summary(frames.timings(log))

    assert summary.loc["send", ["count", "p50", "p99.9", "max"]].tolist() == [3, 4.0, 4.0, 4.0]
    assert frames.messages(log)["answered_at"].notna().sum() == frames.messages(log)["code"].notna().sum()
