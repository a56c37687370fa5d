"""The ledger: what it holds, that the sandbox keeps it, and what a run leaves behind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import connectorkit as ck
from connectorkit import Client, frames
from connectorkit.columns import LEDGER, PROMISES
from connectorkit.promises import ALL, BY_ID, MARKS, TOPICS, LeftOpen, Outcome, Promises, observing
from connectorkit.promises.bench import Bench, NotReady
from connectorkit.promises.model import Promise, Reading, Rows, in_words
from connectorkit.promises.played import scenario

HARMLESS = [promise.id for promise in ALL if promise.bother == "harmless"]
VISIBLE = [promise.id for promise in ALL if promise.bother == "visible"]
FOLDER = Path(ck.__file__).parent / "promises"


class Tour:
    """The whole ledger, run once on a sandbox with a scripted agent, and what it left behind."""

    def __init__(self, kit: ck.Kit) -> None:
        self.kit = kit
        kit.consumer("somebody@else").open()
        self.before = self._seen()
        self.outcomes = {one.promise.id: one for one in kit.promises.check_all()}
        self.after = self._seen()

    def _seen(self) -> dict[str, Any]:
        sandbox = self.kit.sandbox
        state = sandbox.state()
        ids = [one["id"] for one in state["conversations"]]
        return {"conversations": ids, "profiles": state["profiles"], "settings": sandbox.settings()}


@pytest.fixture(scope="module")
def tour() -> Iterator[Tour]:
    with ck.connect(sandbox=True, log=":memory:") as kit:
        yield Tour(kit)


# --- What is in the ledger ---------------------------------------------------------------------------


def test_every_sentence_of_the_overview_is_a_row() -> None:
    assert [one.id for one in ALL if one.mark == "S"] == [f"S{number}" for number in range(1, 40)]


def test_ids_are_unique_and_tell_where_a_promise_stands() -> None:
    assert len(BY_ID) == len(ALL)
    assert [one for one in BY_ID if not re.fullmatch(r"[SQX]\d+|[PCR]\d+\.\d+-[a-z0-9-]+", one)] == []
    numbered = [(one.id, one.section) for one in ALL if "-" in one.id]
    assert [pair for pair in numbered if not pair[1].startswith(pair[0][1:].partition("-")[0])] == []


def test_each_row_says_what_it_promises_and_what_must_be_seen() -> None:
    assert [one.id for one in ALL if not one.says.endswith((".", "?"))] == []
    assert [one.id for one in ALL if not one.foreseen or one.mark not in MARKS] == []
    assert {one.topic for one in ALL} == set(TOPICS)


def test_a_contradiction_has_two_readings_that_differ_and_a_ruling() -> None:
    for one in (promise for promise in ALL if promise.id.startswith("X")):
        seen = [in_words(reading.observed) for reading in one.readings]
        assert len(seen) >= 2, one.id
        assert len(set(seen)) == len(seen), one.id
        assert in_words(one.expected) in seen, one.id
        assert one.ruling, one.id


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_probes_know_the_wire_by_themselves(path: Path) -> None:
    source = path.read_text(encoding="utf-8")

    assert "import wire" not in source
    assert "connectorkit.wire import" not in source
    assert "connectorkit.sandbox" not in source


# --- On the sandbox ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BY_ID)
def test_the_sandbox_keeps_it(name: str, tour: Tour) -> None:
    assert tour.outcomes[name].state == "kept", repr(tour.outcomes[name])


def test_a_run_leaves_the_sandbox_as_it_was(tour: Tour) -> None:
    assert tour.after == tour.before
    assert tour.after["settings"]["agent_script"] is not None
    assert tour.kit.sandbox.call("GET", "/sandbox/clock")["advanced_seconds"] == 0


def test_a_token_fetched_while_time_had_passed_is_not_used_again(tour: Tour) -> None:
    both = ("R4.5-expired", "P8.1-expired")  # each fetches one an hour ahead, and needs one that expires

    for _ in range(2):
        assert [one.state for one in tour.kit.promises.check_all(only=both)] == ["kept", "kept"]


def test_exchanges_carry_the_id_of_the_promise(tour: Tour) -> None:
    exchanges = tour.kit.log.exchanges()

    assert set(exchanges["scenario"].dropna()) >= {"S9", "S36", "X1"}
    outcome = tour.outcomes["S36"]
    assert outcome.exchange_id is not None
    assert tour.kit.log.exchange(outcome.exchange_id).response_json()["body"] == {"sequence": 4}


def test_outcomes_become_a_frame(tour: Tour) -> None:
    frame = frames.promises(tour.outcomes.values())

    assert list(frame.columns) == list(PROMISES)
    assert frame["promise"].tolist() == list(BY_ID)
    assert frame["kept"].all()
    assert frame["expected"].tolist() == frame["observed"].tolist()
    assert frame["target"].str.startswith("the sandbox at http://127.0.0.1:").all()


def test_the_ledger_becomes_a_frame() -> None:
    frame = frames.ledger()

    assert list(frame.columns) == list(LEDGER)
    assert frame[["promise", "says", "mark", "section", "expected", "on_account"]].notna().all().all()
    rows = frame.set_index("promise")
    assert rows.loc["S9", "on_account"] == "no: needs the sandbox's clock"
    assert "the table of errors: 40105" in rows.loc["X1", "readings"]


def test_some_are_chosen_by_id_and_mark(tour: Tour) -> None:
    assert [one.id for one in Promises.named("S1", "S3*")] == ["S1", "S3", *(f"S{n}" for n in range(30, 40))]
    assert {one.mark for one in Promises.named(mark="C")} == {"C"}
    with pytest.raises(ValueError, match="There is no promise 'S40'"):
        tour.kit.promises.run("S40")
    with pytest.raises(ValueError, match="connectorkit promises --list tell which there are"):
        Promises.named("zzz")


# --- Broken, not observed, not run -------------------------------------------------------------------


def looked_at(promise: Promise, tour: Tour, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    """What becomes of a promise that is not in the ledger."""
    monkeypatch.setitem(BY_ID, promise.id, promise)
    monkeypatch.setattr("connectorkit.promises.running.ALL", (promise,))
    return tour.kit.promises.run(promise.id)


def test_what_differs_is_named(tour: Tour, monkeypatch: pytest.MonkeyPatch) -> None:
    promise = Promise(
        "S36", "Numbers.", "S", "7.4", lambda bench: {"a": [0, 2, 5], "b": "1"}, {"a": [0, 2, 4]}
    )

    outcome = looked_at(promise, tour, monkeypatch)

    assert (outcome.state, outcome.kept) == ("broken", False)
    assert outcome.differs == 'a[2] is 5, not 4; b is "1", not –'
    assert "a: 0, 2, 5" in repr(outcome)
    assert "Numbers." in outcome._repr_html_()


@pytest.mark.parametrize(
    ("expected", "observed"), [({"a": 1}, {"a": True}), ({"a": 1}, {"a": "1"}), (1, 1.0)]
)
def test_types_count(expected: Any, observed: Any, tour: Tour, monkeypatch: pytest.MonkeyPatch) -> None:
    promise = Promise("S36", "Types.", "S", "7.4", lambda bench: observed, expected)

    assert looked_at(promise, tour, monkeypatch).state == "broken"


def test_what_cannot_be_prepared_is_not_observed(tour: Tour, monkeypatch: pytest.MonkeyPatch) -> None:
    def unready(bench: Bench) -> Any:
        bench.fault(status=503, on="conversation")
        return {"number": bench.say(bench.open())}

    outcome = looked_at(Promise("S5", "Opens.", "S", "5", unready, {"number": 0}), tour, monkeypatch)

    assert (outcome.state, outcome.kept, outcome.differs) == ("not observed", None, "")
    assert outcome.reason == "not observed: opening was answered 503"


def test_no_answer_to_what_is_observed_is_broken(tour: Tour, monkeypatch: pytest.MonkeyPatch) -> None:
    def dropped(bench: Bench) -> Any:
        bench.fault(drop="before", on="conversation")
        return {"status": bench.converse().status}

    outcome = looked_at(Promise("S5", "Opens.", "S", "5", dropped, {"status": 200}), tour, monkeypatch)

    assert (outcome.state, outcome.observed) == ("broken", "no answer (RemoteProtocolError)")


def test_an_answer_of_another_shape_is_broken(tour: Tour, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumbles(bench: Bench) -> Any:
        return {"id": bench.converse().json["conversationId"]}

    outcome = looked_at(Promise("S5", "Opens.", "S", "5", stumbles, {"id": "1"}), tour, monkeypatch)

    assert outcome.state == "broken"
    assert outcome.observed.startswith("an answer of another shape (TypeError")


def test_only_the_checks_named_count(tour: Tour, monkeypatch: pytest.MonkeyPatch) -> None:
    def outcome(*counts: str) -> Outcome:
        probe = scenario("missing-app-jwt", *counts)
        with tour.kit.sandbox.faults(error_code=40104, on="send"):
            return looked_at(Promise("S12", "Missing.", "S", "8.1", probe), tour, monkeypatch)

    assert outcome("status").state == "kept"
    assert outcome("status").observed == "status: 401"
    assert outcome("status", "body.errorCode").differs == "body.errorCode is 40104, not 40105"
    assert outcome().state == "broken"


def test_a_scenario_that_cannot_be_prepared_is_not_observed(
    tour: Tour, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tour.kit.sandbox.faults(status=400, on="conversation"):
        outcome = looked_at(
            Promise("S6", "Closed.", "S", "8.3", scenario("closed-conversation")), tour, monkeypatch
        )

    assert outcome.state == "not observed"
    assert outcome.reason.startswith("not observed: preparing closed-conversation failed: ")


# --- On an account -----------------------------------------------------------------------------------


def test_on_an_account_only_what_is_harmless_is_run(client: Client, control: httpx.Client) -> None:
    outcomes = Promises(client).check_all()

    ran = [one for one in outcomes if not one.not_run]
    assert [one.promise.id for one in ran] == HARMLESS
    assert [repr(one) for one in ran if one.state not in ("kept", "informs")] == []
    assert control.get("/sandbox/state").json()["conversations"] == []


def test_what_opens_a_conversation_is_run_when_asked_for_and_closed(
    client: Client, control: httpx.Client
) -> None:
    outcomes = Promises(client).check_all(visible=True)

    ran = [one for one in outcomes if not one.not_run]
    assert {one.promise.id for one in ran} == {*HARMLESS, *VISIBLE}
    assert [repr(one) for one in ran if one.state not in ("kept", "informs")] == []
    conversations = control.get("/sandbox/state").json()["conversations"]
    assert [one["id"] for one in conversations if one["stage"] != "CLOSE"] == []


def test_what_cannot_be_closed_on_an_account_is_warned_of(
    client: Client, control: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observing, "LATER_SECONDS", 0.01)
    control.post("/sandbox/faults", json={"status": 503, "on": "send"})

    with pytest.warns(LeftOpen) as warned:
        Promises(client).check_all(only=["P5.2-order", "S12"], visible=True)

    (talk,) = control.get("/sandbox/state").json()["conversations"]
    assert f"could be closed again: {talk['id']}. Close them" in str(warned[0].message)


@pytest.mark.parametrize(("status", "times"), [(503, 1), (429, 1), (503, 2)])
def test_what_could_not_be_closed_at_once_is_closed_later(
    status: int, times: int, client: Client, control: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    control.post("/sandbox/faults", json={"status": status, "on": "send", "times": times})
    monkeypatch.setattr(observing, "LATER_SECONDS", 0.01)

    Promises(client).check_all(only=["P5.2-order", "X11"], visible=True)

    (talk,) = control.get("/sandbox/state").json()["conversations"]
    assert talk["stage"] == "CLOSE"


def test_what_is_not_run_says_why(client: Client) -> None:
    outcomes = {one.promise.id: one for one in Promises(client).check_all()}

    assert outcomes["S9"].not_run == "needs the sandbox's clock"
    assert outcomes["S36"].not_run.endswith("run it with visible=True")
    assert outcomes["S36"].kept is None


def test_on_an_account_a_contradiction_tells_which_reading_is_true(client: Client) -> None:
    outcome = Promises(client).run("X1")

    assert (outcome.state, outcome.kept, outcome.differs) == ("informs", None, "")
    assert outcome.read.startswith("the table of errors: 40105")


def test_a_reading_that_nobody_has_is_said_to_be_none(tour: Tour, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = Rows()
    readings = (Reading("one", "a page", {"n": 1}), Reading("two", "a schema", {"n": 2}))
    rows.contradiction("X9", "One or two?", "8.2", *readings, ruling="the page")(lambda bench: {"n": 3})

    outcome = looked_at(rows.all[0], tour, monkeypatch)

    assert (outcome.state, outcome.read) == ("broken", "neither reading")


# --- The bench ---------------------------------------------------------------------------------------


def test_without_a_sandbox_nothing_can_be_steered(client: Client) -> None:
    from connectorkit.promises.service import Service

    service = Service(client)
    bench = Bench(service)
    for act in (lambda: bench.advance(1), lambda: bench.hook, bench.state, lambda: bench.installs("GET")):
        with pytest.raises(NotReady):
            act()
    service.close()


def test_no_secret_is_in_the_log_of_a_run(tour: Tour) -> None:
    known = tour.kit.settings.client_secret.reveal()

    for exchange in tour.kit.log:
        assert known not in exchange.request_body
        assert "eyJ" not in exchange.response_body
