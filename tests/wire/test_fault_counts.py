"""Which calls a fault strikes, and how often; and how it is removed."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import BERT, UNKNOWN_ID, Wire, text
from .test_http_faults import ask_token, know

# --- Where and how often -----------------------------------------------------------------------------


def statuses(wire: Wire, calls: int) -> list[int]:
    conversation_id = wire.open()
    return [wire.send(text(conversation_id)).status_code for _ in range(calls)]


def test_without_a_name_every_call_of_the_service_is_struck(wire: Wire) -> None:
    know(wire)
    wire.fault(status=503)

    answers = [
        wire.http.get(f"{wire.base_url}/api/account/{wire.account}/service/baseURI.json?version=1.0"),
        ask_token(wire),
        wire.ask_consumer_token({"ext_consumer_id": BERT}),
        wire.converse(wire.batch()),
        wire.send(text(UNKNOWN_ID)),
        wire.http.put(f"{wire.base_url}/v1/AUTH_async-images/{wire.account}/x", content=b"x"),
        wire.http.get(f"{wire.base_url}//v1/AUTH_async-images/{wire.account}/x"),
        wire.http.post(f"{wire.base_url}/api/account/{wire.account}/login", json={}),
    ]

    assert [answer.status_code for answer in answers] == [503] * 8


@pytest.mark.parametrize("spec", [{"status": 503}, {"drop": "before"}, {"body": "empty"}, {"delay": 3600}])
def test_the_control_api_and_unknown_paths_are_never_struck(wire: Wire, spec: dict[str, Any]) -> None:
    wire.fault(**spec)

    unknown = wire.http.get(f"{wire.base_url}/api/account/{wire.account}/messaging")

    assert unknown.json() == {"error": "Unknown path"}
    assert len(wire.control("GET", "faults").json()["faults"]) == 1
    assert wire.http.get(f"{wire.base_url}/sandbox/about").json()["name"] == "connectorkit sandbox"


def test_another_method_on_a_path_is_refused_as_ever(wire: Wire) -> None:
    know(wire)
    wire.fault(status=503)

    answer = wire.call("/messaging/consumer/conversation/send", text(UNKNOWN_ID), method="PUT")

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_a_fault_strikes_so_many_times_after_so_many_calls(wire: Wire) -> None:
    wire.fault(status=503, on="send", times=2, skip=1)

    assert statuses(wire, 5) == [200, 503, 503, 200, 200]


def test_a_fault_elsewhere_does_not_strike_here(wire: Wire) -> None:
    wire.consumer_token()
    wire.fault(status=503, on=["app_jwt", "upload", "download"])

    assert statuses(wire, 2) == [200, 200]


def test_a_probability_strikes_some(wire: Wire) -> None:
    wire.fault(status=503, on="send", probability=0.5)

    assert set(statuses(wire, 40)) == {200, 503}


def test_the_same_calls_after_a_reset_are_struck_the_same(wire: Wire) -> None:
    runs = []
    for _ in range(2):
        wire.control("POST", "reset")
        wire.fault(status=503, on="send", probability=0.4)
        runs.append(statuses(wire, 30))

    assert runs[0] == runs[1]


def test_the_oldest_of_two_outcomes_counts_and_the_other_keeps_its_times(wire: Wire) -> None:
    wire.fault(status=503, on="send", times=1)
    wire.fault(status=429, on="send", times=1)

    assert statuses(wire, 3) == [503, 429, 200]


def test_removing_one_fault_leaves_the_others(wire: Wire) -> None:
    first = wire.fault(status=503, on="send")
    wire.fault(status=429, on="conversation", skip=1)
    before = statuses(wire, 2)

    removed = wire.control("DELETE", "faults", {"fault_id": first}).json()

    assert removed == {"fault_id": first, "hits": 2}
    assert before == [503, 503]
    assert [each["status"] for each in wire.control("GET", "faults").json()["faults"]] == [429]
    assert wire.converse(wire.batch(), consumer=BERT).status_code == 429


def test_faults_are_listed_with_what_they_did(wire: Wire) -> None:
    first = wire.fault(status=503, on="send", retry_after=2, times=3, probability=None)
    second = wire.fault(delay={"median": 0.001, "sigma": 0.1})
    statuses(wire, 1)

    listed = wire.control("GET", "faults").json()["faults"]

    assert listed[0] == {
        "fault_id": first,
        "status": 503,
        "on": "send",
        "retry_after": 2,
        "times": 3,
        "hits": 1,
        "left": 2,
    }
    assert (listed[1]["fault_id"], listed[1]["hits"] > 1, listed[1]["left"]) == (second, True, None)


def test_a_fault_that_never_was_cannot_be_removed(wire: Wire) -> None:
    answer = wire.control("DELETE", "faults", {"fault_id": "9999"})

    assert answer.status_code == 404
    assert answer.json()["error"].startswith("There is no such fault")


def test_a_fault_may_be_removed_twice(wire: Wire) -> None:
    fault_id = wire.fault(status=503)
    wire.clear_faults()

    assert wire.control("DELETE", "faults", {"fault_id": fault_id}).json() == {
        "fault_id": fault_id,
        "hits": None,
    }
