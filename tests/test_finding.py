"""Exchanges are found by what stands in them, and compared with what was to come."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hostile import TEXTS, exchange, text_request, with_text

import connectorkit as ck
from connectorkit import finding
from connectorkit.catalogue import ALL
from connectorkit.client import Client
from connectorkit.expected import expected
from connectorkit.finding import Finder
from connectorkit.log import Exchange, Log
from connectorkit.scenarios import Outcome


@pytest.fixture
def log(memory_log: Log) -> Log:
    memory_log.append(exchange(json.dumps(text_request("Where is my parcel?"))))
    memory_log.append(exchange(status_code=401, reason="Unauthorized", operation="app_jwt", consumer=None))
    memory_log.append(exchange(status_code=None, error="ReadTimeout: no answer", label="Checkout"))
    memory_log.append(exchange(json.dumps(text_request("50% off_now!")), scenario="blocked"))
    memory_log.append(exchange(json.dumps(text_request("Grüße 🙂"), ensure_ascii=True)))
    return memory_log


def numbers(found: finding.Found) -> list[int]:
    return [int(number) for number in found.rows["exchange_id"]]


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("", [5, 4, 3, 2, 1]),
        ("parcel", [1]),
        ("PARCEL where", [1]),
        ("parcel off_now", []),
        ("50%", [4]),
        ("0%o", []),
        ("off_now!", [4]),
        ("offxnow", []),
        ("401", [2]),
        ("checkout", [3]),
        ("readtimeout", [3]),
        ("Grüße", [5]),
        ("🙂", [5]),
        ("half\ud83d", []),
    ],
)
def test_words_are_found_whatever_they_stand_in(log: Log, text: str, there: list[int]) -> None:
    found = Finder(log).find(text)

    assert numbers(found) == there
    assert (found.matching, found.total) == (len(there), 5)


@pytest.mark.parametrize(
    ("filters", "there"),
    [
        ({"operation": "app_jwt"}, [2]),
        ({"status": "good"}, [5, 4, 1]),
        ({"status": "refused"}, [2]),
        ({"status": "no answer"}, [3]),
        ({"status": "401"}, [2]),
        ({"conversation": "dialog-1"}, [5, 4, 3, 2, 1]),
        ({"conversation": "dialog-2"}, []),
        ({"conversation": "dialog-1", "status": "good", "text": "parcel"}, [1]),
        ({"operation": "nothing of the kind"}, []),
    ],
)
def test_filters_choose_together(log: Log, filters: dict[str, str], there: list[int]) -> None:
    log.append(exchange("", exchange_id=0, response_body="", operation="domains", status_code=302))

    found = Finder(log).find(**filters)

    assert numbers(found) == [*([6] if filters == {"status": "good"} else []), *there]


@pytest.mark.parametrize("status", ["bad", "4xx", "-1", "٤٠١"])
def test_another_status_is_refused(log: Log, status: str) -> None:
    with pytest.raises(ValueError, match="Status is"):
        Finder(log).find(status=status)


def test_what_is_added_is_found_and_what_was_searched_is_not_read_again(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    finder = Finder(log)
    finder.find("parcel")
    log.append(exchange(json.dumps(text_request("A second parcel"))))
    asked: list[tuple[int, ...]] = []
    query = log.query
    monkeypatch.setattr(log, "query", lambda sql, given=(): asked.append(given) or query(sql, given))

    found = finder.find("parcel")

    assert numbers(found) == [6, 1]
    assert [given[:2] for given in asked if "%parcel%" in given] == [(5, 6)]


def test_what_was_pruned_is_forgotten() -> None:
    log = ck.ResponseLog(":memory:")
    for session in ("one", "two"):
        log.append(exchange(json.dumps(text_request("parcel")), session_id=session))
    finder = Finder(log)
    assert finder.find("parcel").matching == 2

    log.prune(session="one")

    assert numbers(finder.find("parcel")) == [2]


def test_a_long_log_lists_the_newest(memory_log: Log) -> None:
    for _ in range(finding.MOST + 5):
        memory_log.append(exchange())

    found = Finder(memory_log).find("Hello")

    assert (len(found.rows), found.matching) == (finding.MOST, finding.MOST + 5)
    assert numbers(found)[0] == finding.MOST + 5


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_hostile_words_are_only_words(memory_log: Log, text: str) -> None:
    memory_log.append(with_text(text))

    Finder(memory_log).find(text[:200])
    Finder(memory_log).find(operation=text, conversation=text[:200])


# --- Expected beside observed ------------------------------------------------------------------------


def test_a_good_answer_agrees_with_the_documents() -> None:
    found = expected(exchange())

    assert found.met is True
    assert [check.what for check in found.checks] == ["status", "code", "reqId", "body.sequence"]


@pytest.mark.parametrize(
    ("response", "differs"),
    [
        ('{"code":"OK","body":{"sequence":1},"reqId":"8"}', ["reqId"]),
        ('{"code":"OK","body":{},"reqId":"7"}', ["body.sequence"]),
        ('{"code":"BAD_REQUEST","body":{},"reqId":"7"}', ["code", "body.sequence"]),
        ("<html>", ["answer"]),
        ("", ["answer"]),
    ],
)
def test_what_differs_from_the_documents_is_named(response: str, differs: list[str]) -> None:
    found = expected(exchange(response_body=response))

    assert [check.what for check in found.checks if not check.ok] == differs


def test_a_batch_is_compared_request_for_request(client: Client) -> None:
    client.consumer("ana@example").open(text="Hello")
    (batch,) = client.log.read(operation="conversation")

    found = expected(batch)

    assert found.met is True
    assert any(check.what.endswith("body.conversationId") for check in found.checks)


@pytest.fixture(scope="module")
def played() -> Iterator[tuple[list[Outcome], list[Exchange]]]:
    """Every scenario, played on a sandbox, and all that the log then holds."""
    with pytest.MonkeyPatch.context() as patch, ck.connect(sandbox=True, log=":memory:", seed=1) as kit:
        patch.setattr("connectorkit.waiting.time.sleep", lambda _: None)
        outcomes = kit.scenarios.play_all()
        yield outcomes, list(kit.log)


def test_every_scenario_is_told_from_the_log_alone(played: tuple[list[Outcome], list[Exchange]]) -> None:
    ran = [outcome for outcome in played[0] if outcome.exchange is not None]
    assert len(ran) == len(ALL)

    found = {outcome.scenario.name: expected(outcome.exchange) for outcome in ran if outcome.exchange}

    wrong = {
        name: (one.by, [c for c in one.checks if not c.ok]) for name, one in found.items() if not one.met
    }
    assert wrong == {}
    assert {one.by for one in found.values()} == {f"scenario {name}" for name in found}


def test_the_steps_around_a_scenario_are_no_surprises(
    played: tuple[list[Outcome], list[Exchange]],
) -> None:
    outcomes, made = played
    provoked = {outcome.exchange.exchange_id for outcome in outcomes if outcome.exchange}
    others = [one for one in made if one.exchange_id not in provoked and one.attempt == 1]

    surprises = [(one, expected(one)) for one in others if one.scenario and not expected(one).met]

    assert [(one.scenario, one.operation, found.by) for one, found in surprises if found.met is False] == []


def test_a_surprise_in_a_scenario_is_named(played: tuple[list[Outcome], list[Exchange]]) -> None:
    (one,) = (o.exchange for o in played[0] if o.scenario.name == "closed-conversation")
    assert one is not None
    other = replace(one, status_code=500, response_body=one.response_body.replace("BAD_REQUEST", "ODD"))

    found = expected(other)

    assert [check.what for check in found.checks if not check.ok] == ["status", "code"]


def test_an_ok_where_a_refusal_was_to_come_is_a_surprise(
    played: tuple[list[Outcome], list[Exchange]],
) -> None:
    (one,) = (o.exchange for o in played[0] if o.scenario.name == "closed-conversation")
    assert one is not None
    body = '{"code":"OK","body":{"sequence":3},"reqId":"1"}'

    assert expected(replace(one, status_code=200, response_body=body)).met is False


def test_a_later_attempt_is_told_apart(played: tuple[list[Outcome], list[Exchange]]) -> None:
    later = [one for one in played[1] if one.attempt > 1 and one.scenario]
    assert later

    assert all(expected(one).remark.startswith(f"Attempt {one.attempt}:") for one in later)
