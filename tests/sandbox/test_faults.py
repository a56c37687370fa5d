"""What a fault may be, sentence by sentence, and the lot that decides whom it strikes."""

from __future__ import annotations

import copy
import re
import statistics
from typing import Any

import pytest

from connectorkit.sandbox import calls, limits
from connectorkit.sandbox.fault_specs import CALLS, parse
from connectorkit.sandbox.faults import MOST_ON, Faults

WHAT = (
    '"status", "error_code", "drop", "body", "dribble", "expire", "slow_conversation", "webhook" or "delay"'
)
RETRY_AFTER = '"retry_after" must be a whole number of seconds from 0 to 86400.'
QUANTILES = '"delay.quantiles" must be a list of 1 to 2001 numbers of seconds.'
DONE = '"done" belongs to "status" and to "drop": "before"; leave it out here.'


# --- Specs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, f"Say what shall go wrong with one of {WHAT}."),
        ({"on": "send", "times": 2}, f"Say what shall go wrong with one of {WHAT}."),
        ({"status": None}, f"Say what shall go wrong with one of {WHAT}."),
        ({"stauts": 503}, 'Unknown member "stauts"; did you mean "status"?'),
        ({"status": 503, "retryafter": 1}, 'Unknown member "retryafter"; did you mean "retry_after"?'),
        ({"status": 503, "drop": "in"}, '"status" and "drop" are two faults; switch on one after the other.'),
        ({"status": 200}, '"status" must be a whole number from 400 to 599.'),
        ({"status": 600}, '"status" must be a whole number from 400 to 599.'),
        ({"status": "503"}, '"status" must be a whole number from 400 to 599.'),
        ({"status": 503.0}, '"status" must be a whole number from 400 to 599.'),
        ({"error_code": 401}, '"error_code" must be 40001, 40102, 40103, 40104 or 40105.'),
        ({"error_code": True}, '"error_code" must be 40001, 40102, 40103, 40104 or 40105.'),
        ({"drop": "later"}, '"drop" must be "before", "in" or "after".'),
        ({"drop": ["in"]}, '"drop" must be "before", "in" or "after".'),
        (
            {"body": "wrong"},
            '"body" must be "truncated", "malformed", "empty" or "wrong_request_id".',
        ),
        ({"expire": "consumer_jws"}, '"expire" must be "app_jwt".'),
        ({"webhook": "webhook_loss"}, '"webhook" must be "duplicate", "reorder" or "loss".'),
        ({"dribble": 0}, '"dribble" must be a number of bytes per second from 0.1 to 1000000.'),
        ({"dribble": True}, '"dribble" must be a number of bytes per second from 0.1 to 1000000.'),
        ({"slow_conversation": -1}, '"slow_conversation" must be a number of seconds from 0 to 86400.'),
        ({"slow_conversation": 10**400}, '"slow_conversation" must be a number of seconds from 0 to 86400.'),
        (
            {"delay": "slow"},
            '"delay" must be a number of seconds from 0 to 86400, or {"median": seconds, "sigma": width}.',
        ),
        (
            {"delay": {"median": 1}},
            '"delay" as an object has two members, "median" in seconds and "sigma", or "quantiles", a list '
            "of seconds from the least to the most.",
        ),
        ({"delay": {"quantiles": []}}, QUANTILES),
        ({"delay": {"quantiles": [1] * 2002}}, QUANTILES),
        ({"delay": {"quantiles": 1}}, QUANTILES),
        ({"delay": {"quantiles": [2, 1]}}, '"delay.quantiles" must go from the least to the most.'),
        (
            {"delay": {"quantiles": [0, float("nan")]}},
            '"delay.quantiles" must be a number of seconds from 0 to 86400.',
        ),
        ({"status": 503, "profile": "x"}, '"profile" belongs to "delay" alone; leave it out here.'),
        ({"delay": 1, "profile": ""}, '"profile" must be a name of at most 100 characters.'),
        (
            {"delay": {}},
            '"delay" as an object has two members, "median" in seconds and "sigma", or "quantiles", a list '
            "of seconds from the least to the most.",
        ),
        (
            {"delay": {"median": -1, "sigma": 1}},
            '"delay.median" must be a number of seconds from 0 to 86400.',
        ),
        ({"delay": {"median": 1, "sigma": 9}}, '"delay.sigma" must be a number from 0 to 5.'),
        (
            {"delay": 1, "webhook": "loss"},
            '"delay" cannot be added to "webhook"; switch on a delay of its own.',
        ),
        ({"status": 429, "retry_after": -1}, RETRY_AFTER),
        ({"status": 429, "retry_after": 0.5}, RETRY_AFTER),
        (
            {"drop": "in", "retry_after": 1},
            '"retry_after" belongs to "status"; add "status": 429, or leave it out.',
        ),
        (
            {"status": 503, "done": 1},
            '"done" must be true or false: whether the request is carried out all the same.',
        ),
        ({"drop": "in", "done": True}, DONE),
        ({"error_code": 40102, "done": True}, DONE),
        ({"delay": 1, "done": False}, DONE),
        ({"status": 503, "times": 0}, '"times" must be a whole number from 1 on.'),
        ({"status": 503, "times": 1.5}, '"times" must be a whole number from 1 on.'),
        ({"status": 503, "skip": -1}, '"skip" must be a whole number from 0 on.'),
        ({"status": 503, "probability": 2}, '"probability" must be a number from 0 to 1.'),
        ({"status": 503, "probability": float("nan")}, '"probability" must be a number from 0 to 1.'),
        ({"status": 503, "on": []}, '"on" must be the name of a call or a list of names, as "send".'),
        ({"status": 503, "on": 5}, '"on" must be the name of a call or a list of names, as "send".'),
        (
            {"status": 503, "on": ["send", "receive"]},
            '"on" must name calls out of "domains", "app_jwt", "consumer_jws", "conversation", "send", '
            """"upload_file", "download_file", "login" and "installs", not 'receive'.""",
        ),
        ({"webhook": "loss", "on": "send"}, '"on" has no meaning beside "webhook"; leave it out.'),
        (
            {"error_code": 40102, "on": "domains"},
            '"error_code" cannot strike the call "domains"; '
            '"on" may name "consumer_jws", "conversation" or "send".',
        ),
        (
            {"body": "wrong_request_id", "on": ["send", "app_jwt"]},
            '"body" "wrong_request_id" cannot strike the call "app_jwt"; '
            '"on" may name "conversation" or "send".',
        ),
    ],
)
def test_a_mistake_is_told_in_one_sentence_that_names_the_member(
    given: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        parse(given)


@pytest.mark.parametrize("call", CALLS)
def test_a_status_may_strike_any_call(call: str) -> None:
    assert parse({"status": 503, "on": call}).on == {call}


@pytest.mark.parametrize("given", [{"body": "malformed", "on": "download"}, {"dribble": 9, "on": "upload"}])
def test_what_has_no_meaning_for_a_call_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"cannot strike the call"):
        parse(given)


def test_everything_a_fault_may_have_is_told_about() -> None:
    told = {name for part in limits.FAULTS.values() for name in part}

    unknown = [name for name in told if _is_unknown(name)]

    assert unknown == []
    assert told >= {"status", "webhook", "delay", "on", "times", "probability", "skip"}


def _is_unknown(name: str) -> bool:
    try:
        parse({name: object()})
    except ValueError as error:
        return "Unknown member" in str(error)
    return False


# --- Calls -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "call"),
    [
        ("GET", "/api/account/1/service/baseURI.json", "domains"),
        ("HEAD", "/api/account/1/service/idp/baseURI", "domains"),
        ("POST", "/sentinel/api/account/1/app/token", "app_jwt"),
        ("POST", "/api/account/1/consumer", "consumer_jws"),
        ("POST", "/api/account/1/messaging/consumer/conversation", "conversation"),
        ("POST", "/api/account/1/messaging/consumer/conversation/send", "send"),
        ("PUT", "/v1/AUTH_async-images/1/x.png", "upload_file"),
        ("GET", "//v1/AUTH_async-images/1/x.png", "download_file"),
        ("POST", "/api/account/1/login", "login"),
        ("DELETE", "/api/account/1/configuration/app-install/installations/a", "installs"),
        ("OPTIONS", "/v1/AUTH_async-images/1/x.png", None),
        ("GET", "/api/account/1/messaging/consumer/conversation/send", None),
        ("POST", "/api/account/1/messaging/consumer/conversation/send/", None),
        ("POST", "/api/account/1/2/consumer", None),
        ("GET", "/sandbox/about", None),
        ("POST", "/sandbox/faults", None),
    ],
)
def test_a_call_is_known_by_its_method_and_path(method: str, path: str, call: str | None) -> None:
    assert calls.named(method, path) == call


# --- The lot -----------------------------------------------------------------------------------------


def struck(faults: Faults, times: int = 60, call: str = "send") -> list[bool]:
    return [faults.strike(call, with_app_jwt=True) is not None for _ in range(times)]


def delays(faults: Faults, times: int) -> list[float]:
    found = [faults.strike("send", with_app_jwt=True) for _ in range(times)]
    return [one.delay_seconds for one in found if one is not None]


def test_the_seed_decides_who_is_struck() -> None:
    spec = {"status": 503, "probability": 0.3}
    same, other = Faults(1), Faults(2)
    runs = []
    for faults in (Faults(1), same, other):
        faults.add(spec)
        runs.append(struck(faults))

    assert runs[0] == runs[1] != runs[2]
    assert 5 < sum(runs[0]) < 35


def test_what_one_fault_draws_does_not_shift_another() -> None:
    alone, beside = Faults(1), Faults(1)
    alone.add({"status": 503, "probability": 0.3, "on": "send"})
    beside.add({"status": 503, "probability": 0.3, "on": "send"})
    beside.add({"status": 500, "probability": 0.5, "on": "conversation"})
    struck(beside, call="conversation")

    assert struck(alone) == struck(beside)


def test_after_a_reset_the_lot_begins_anew_and_the_ids_do_not() -> None:
    faults = Faults(1)
    spec = {"status": 503, "probability": 0.3}
    ids, runs = [], []
    for _ in range(2):
        ids.append(faults.add(spec))
        runs.append(struck(faults))
        faults.reset()

    assert ids == ["1", "2"]
    assert runs[0] == runs[1]


def test_a_recalled_lot_goes_on_where_it_was() -> None:
    faults = Faults(1)
    faults.add({"status": 503, "probability": 0.3, "times": 12})
    struck(faults, 10)
    memory = copy.deepcopy(faults.memory())
    first = struck(faults)

    faults.recall(copy.deepcopy(memory))

    assert struck(faults) == first
    assert sum(first) <= 12


def test_a_log_normal_delay_has_its_median_and_its_width() -> None:
    faults = Faults(1)
    faults.add({"delay": {"median": 0.2, "sigma": 0.8}})

    drawn = sorted(delays(faults, 4001))

    assert statistics.median(drawn) == pytest.approx(0.2, rel=0.05)
    assert drawn[int(0.8413 * len(drawn))] == pytest.approx(0.2 * 2.2255, rel=0.07)  # one sigma up: e ** 0.8


def test_delays_of_several_faults_add_up() -> None:
    faults = Faults(1)
    faults.add({"delay": 1.5})
    faults.add({"status": 503, "delay": 2})

    assert delays(faults, 1) == [3.5]


def test_skipping_counts_the_calls_that_match() -> None:
    faults = Faults(1)
    faults.add({"status": 503, "on": "send", "skip": 2, "times": 1})

    assert struck(faults, 5, "conversation") == [False] * 5
    assert struck(faults, 4) == [False, False, True, False]


def test_no_more_faults_than_so_many_can_be_on() -> None:
    faults = Faults(1)
    for _ in range(MOST_ON):
        faults.add({"status": 503})

    with pytest.raises(ValueError, match="At most 100 faults can be on; switch some off first"):
        faults.add({"status": 503})


def test_faults_that_have_struck_enough_do_not_pile_up() -> None:
    faults = Faults(1)
    for _ in range(500):
        faults.add({"status": 503, "times": 1})
        struck(faults, 1)

    listed = faults.listed()

    assert len(listed) <= 2 * MOST_ON
    assert (listed[-1]["fault_id"], listed[-1]["left"]) == ("500", 0)


@pytest.mark.parametrize("fault_id", ["0", "2", "x", "", "-1"])
def test_an_id_that_was_never_given_is_none(fault_id: str) -> None:
    faults = Faults(1)
    faults.add({"status": 503})

    assert not faults.was_added(fault_id)
