"""Scenarios where something else than a sandbox in order answers: an account, a broken service, nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

import connectorkit as ck
from connectorkit import Client
from connectorkit.control import SandboxControl
from connectorkit.redact import Secret
from connectorkit.scenarios import ALL, BY_NAME, Scenarios
from connectorkit.settings import Settings
from connectorkit.transport import scenario_label

HARMLESS = [scenario.name for scenario in ALL if scenario.on_account == "harmless"]
VISIBLE = [scenario.name for scenario in ALL if scenario.on_account == "visible"]


@pytest.fixture
def strange(fake_settings: Settings, service: Any) -> Iterator[Scenarios]:
    """Scenarios at a service that answers OK to everything."""

    def answer(request: httpx.Request) -> httpx.Response:
        try:
            found: httpx.Response = service(request)
        except (KeyError, ValueError):  # an address or a body that it does not know
            return anything
        return found

    anything = httpx.Response(200, json={})
    with Client(fake_settings, transport=httpx.MockTransport(answer), clock=service.clock) as client:
        yield Scenarios(client)


# --- A real account ----------------------------------------------------------------------------------


def test_on_an_account_only_what_is_harmless_is_run(client: Client, control: httpx.Client) -> None:
    outcomes = Scenarios(client).play_all()

    assert [o.scenario.name for o in outcomes if not o.not_run] == HARMLESS
    assert [repr(o) for o in outcomes if not o.not_run and not o.as_expected] == []
    state = control.get("/sandbox/state").json()
    assert (state["conversations"], state["profiles"]) == ([], {})


def test_what_is_not_run_says_why_and_holds_nothing(client: Client) -> None:
    outcomes = {o.scenario.name: o for o in Scenarios(client).play_all() if o.not_run}

    assert outcomes["unavailable"].not_run == "needs a fault of the sandbox"
    assert outcomes["expired-app-jwt"].not_run == "needs the sandbox's clock"
    assert "which agents may see" in outcomes["closed-conversation"].not_run
    assert "would open a conversation" in outcomes["reversed-batch"].not_run
    one = outcomes["unavailable"]
    assert (one.exchange, one.reply, one.as_expected, one.advice) == (None, None, False, "")
    assert "needs a fault" in repr(one)
    assert "needs a fault" in one._repr_html_()
    assert one.row()["as_expected"] is None
    assert {e.scenario for e in client.log} <= set(HARMLESS)


def test_what_agents_may_see_is_run_when_that_is_wanted(client: Client, control: httpx.Client) -> None:
    outcomes = Scenarios(client).play_all(visible=True)

    assert {o.scenario.name for o in outcomes if not o.not_run} == {*HARMLESS, *VISIBLE}
    assert [repr(o) for o in outcomes if not o.not_run and not o.as_expected] == []
    states = [c["stage"] for c in control.get("/sandbox/state").json()["conversations"]]
    assert set(states) == {"CLOSE"}
    assert len(states) == len(VISIBLE)


def test_without_an_administrator_or_a_receiver_that_is_the_reason(
    client: Client, sandbox: dict[str, Any]
) -> None:
    steering = SandboxControl(sandbox["base_url"], Secret(sandbox["control_token"]))

    with closing(steering):
        scenarios = Scenarios(client, steering)
        reasons = {name: scenarios.run(name).not_run for name in ("app-removed", "webhook-lost")}

    assert reasons == {
        "app-removed": "needs an administrator of the sandbox",
        "webhook-lost": "needs a receiver of notifications",
    }


# --- Names -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("closed-conversatoin", "Did you mean 'closed-conversation'?"),
        ("xyz", "kit.scenarios.catalogue()"),
        ("closed-*", "Did you mean "),
    ],
)
def test_an_unknown_name_is_answered_with_a_hint(strange: Scenarios, name: str, hint: str) -> None:
    with pytest.raises(ValueError, match=r"There is no scenario '") as raised:
        strange.run(name)

    assert hint in str(raised.value)


def test_names_may_be_patterns_and_come_in_the_order_of_the_catalogue() -> None:
    chosen = [scenario.name for scenario in Scenarios.named("webhook-*", "wrong-client-secret", "*-twice")]

    assert chosen == [
        *("wrong-client-secret", "closed-twice", "webhook-twice", "webhook-out-of-order", "webhook-lost"),
    ]
    with pytest.raises(ValueError, match=r"no scenario 'nothing-\*'"):
        Scenarios.named("webhook-*", "nothing-*")


# --- Surprises ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n in (*HARMLESS, *VISIBLE) if n != "nobody-listens"])
def test_an_ok_in_place_of_a_refusal_is_a_surprise(name: str, strange: Scenarios) -> None:
    outcome = strange.run(name, visible=True)

    assert not outcome.as_expected
    assert "a surprise" in repr(outcome)
    assert outcome.differences


def test_the_next_step_after_a_surprise_is_that_for_the_observed(strange: Scenarios, service: Any) -> None:
    service.answers["send"] = [httpx.Response(404, json={"code": "NOT_FOUND", "body": {"msg": "No"}})]

    outcome = strange.run("missing-app-jwt")

    assert not outcome.as_expected
    assert outcome.advice == "Check the conversation id and the path."


def test_what_a_server_says_is_escaped(strange: Scenarios, service: Any) -> None:
    service.answers["send"] = [httpx.Response(400, html="<b>No</b>")]

    outcome = strange.run("missing-app-jwt")

    assert outcome.observed == "400 · <b>No</b>"
    assert "<b>No" not in outcome._repr_html_()


def test_a_failure_while_tidying_up_does_not_hide_the_outcome(strange: Scenarios, service: Any) -> None:
    refusal = {"code": "BAD_REQUEST", "body": {"msg": "Bad Request, Conversation is close"}, "reqId": "1"}
    service.answers["send"] = [
        service.send,
        httpx.Response(400, json=refusal),
        httpx.ConnectError("gone"),
    ]

    outcome = strange.run("closed-twice", visible=True)

    assert outcome.as_expected, repr(outcome)


def test_nobody_at_home_is_an_outcome(strange: Scenarios, service: Any) -> None:
    service.answers["domains"] = [httpx.ConnectError("refused")]

    outcome = strange.run("unknown-conversation")

    assert outcome.observed.startswith("NoAnswerError: No answer from ")
    assert [check.what for check in outcome.differences] == ["preparation"]
    assert scenario_label.get() is None


def test_a_failure_while_preparing_leaves_no_conversation_open(client: Client, control: httpx.Client) -> None:
    deaf = SandboxControl("http://127.0.0.1:9", Secret("no-token"))

    with closing(deaf):
        outcome = Scenarios(client, deaf).run("expired-app-jwt")

    assert "does not answer" in outcome.observed
    assert not outcome.as_expected
    states = [c["state"] for c in control.get("/sandbox/state").json()["conversations"]]
    assert states == ["CLOSE"]


# --- Whatever happens --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kit() -> Iterator[ck.Kit]:
    with ck.connect(sandbox=True, agent=False, log=":memory:") as kit:
        yield kit


@pytest.mark.parametrize("name", ["lasting-outage", "webhook-lost", "not-yet-usable"])
def test_an_interruption_leaves_no_fault_on_and_no_conversation_open(
    name: str, kit: ck.Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: Any, **options: Any) -> Any:
        monkeypatch.undo()
        raise KeyboardInterrupt

    from connectorkit.scenarios import running

    monkeypatch.setattr(running, "provoke", interrupted)
    with pytest.raises(KeyboardInterrupt):
        kit.scenarios.run(name)

    assert kit.sandbox.active_faults() == []
    assert [c["state"] for c in kit.sandbox.state()["conversations"] if c["state"] != "CLOSE"] == []
    assert scenario_label.get() is None
    assert kit.scenarios.run(name).as_expected


def test_a_kit_without_repetitions_is_measured_by_the_first_answer_only(kit: ck.Kit) -> None:
    with kit.no_retries():
        outcome = kit.scenarios.run("unavailable")

    assert outcome.as_expected
    assert (outcome.attempts, outcome.result) == (1, 503)
    assert "attempts" not in [check.what for check in outcome.checks]


def test_an_address_without_a_listener_leaves_the_client_as_it_was(kit: ck.Kit) -> None:
    before = kit.domains(), kit.app_jwt().fingerprint

    assert kit.scenarios.run("nobody-listens").as_expected
    assert kit.scenarios.run("slow-answer").as_expected

    assert (kit.domains(), kit.app_jwt().fingerprint) == before
    assert kit.settings.timeout == 10


def test_the_representation_names_topics(kit: ck.Kit) -> None:
    assert repr(kit.scenarios).startswith(f"<KitScenarios: {len(BY_NAME)} about tokens, door, ")
    assert len(kit.scenarios) == len(list(kit.scenarios)) == len(ALL)
