"""The catalogue of errors: what each scenario brings, at the sandbox and where a service surprises."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from connectorkit import Client
from connectorkit.control import SandboxControl
from connectorkit.redact import Secret
from connectorkit.scenarios import ALL, Scenario, Scenarios
from connectorkit.settings import Settings
from connectorkit.transport import scenario_label

# The first answer to each provocation, in the words of the documents; nothing here is read from the kit.
PROMISED = {
    "expired-app-jwt": (401, 40102, "AppJWT has expired or is invalid"),
    "missing-app-jwt": (401, 40105, "AUTHORIZATION header is not present"),
    "invalid-app-jwt": (401, 40102, "AppJWT has expired or is invalid"),
    "missing-consumer-jws": (401, 40104, "X_ON_BEHALF_HEADER is not present"),
    "invalid-consumer-jws": (401, 40103, "ConsumerJWS is invalid"),
    "foreign-conversation": (401, 40103, "ConsumerJWS is invalid"),
    "wrong-client-secret": (401, None, "invalid_client"),
    "missing-brand-id": (400, 40001, "Brand Id is missing"),
    "already-open": (400, None, "already has open conversation. Can't open another one."),
    "reversed-batch": (400, None, "Bad Request, "),
    "wrong-ttr-name": (400, None, "ttrDefName"),
    "closed-conversation": (400, None, "Bad Request, Conversation is close"),
    "unknown-conversation": (404, None, "Conversation not found"),
    "too-long-text": (400, None, "Bad Request"),
    "missing-id": (400, None, "id is missing"),
    "unknown-chat-state": (400, None, "chatState"),
    "array-on-send": (400, None, "Bad Request, "),
    "broken-json": (400, None, "JSON"),
    "wrong-content-type": (415, None, "Content-Type must be application/json"),
    "too-large-body": (413, None, "Payload too large"),
}
every_scenario = pytest.mark.parametrize("scenario", ALL, ids=lambda scenario: scenario.name)


@pytest.fixture
def scenarios(client: Client, sandbox: dict[str, Any]) -> Iterator[Scenarios]:
    steering = SandboxControl(sandbox["base_url"], Secret(sandbox["control_token"]))
    yield Scenarios(client, steering)
    steering.close()


@pytest.fixture
def strange(fake_settings: Settings, service: Any) -> Iterator[Scenarios]:
    """Scenarios at a service that answers OK to everything."""
    with Client(fake_settings, transport=httpx.MockTransport(service), clock=service.clock) as client:
        yield Scenarios(client)


def test_the_catalogue_is_complete_and_free_of_doubles() -> None:
    assert sorted(scenario.name for scenario in ALL) == sorted(PROMISED)
    assert all(scenario.shows and scenario.source and scenario.expected for scenario in ALL)


@every_scenario
def test_a_scenario_ends_as_described(scenario: Scenario, scenarios: Scenarios) -> None:
    outcome = scenarios.run(scenario.name)

    status_code, error_code, text = PROMISED[scenario.name]
    assert outcome.as_expected, outcome.observed
    assert outcome.exchange is not None
    assert outcome.exchange.status_code == status_code
    assert text in outcome.exchange.response_body
    assert (f'"errorCode":{error_code}' in outcome.exchange.response_body) is (error_code is not None)
    assert outcome.exchange.attempt == 1


@every_scenario
def test_every_exchange_of_a_scenario_carries_its_label(
    scenario: Scenario, scenarios: Scenarios, client: Client
) -> None:
    outcome = scenarios.run(scenario.name)
    client.app_jwt(renew=True)

    *during, after = client.log
    assert {exchange.scenario for exchange in during} == {scenario.name}
    assert after.scenario is None
    assert outcome.exchange in during


@every_scenario
def test_a_scenario_leaves_no_conversation_open(
    scenario: Scenario, scenarios: Scenarios, control: httpx.Client
) -> None:
    scenarios.run(scenario.name)

    states = [c["state"] for c in control.get("/sandbox/state").json()["conversations"]]
    assert set(states) <= {"CLOSE"}


@every_scenario
def test_a_scenario_can_be_run_again(scenario: Scenario, scenarios: Scenarios) -> None:
    outcomes = [scenarios.run(scenario.name) for _ in range(2)]

    assert [outcome.as_expected for outcome in outcomes] == [True, True]


def test_an_expired_token_is_renewed_and_the_text_arrives(scenarios: Scenarios) -> None:
    outcome = scenarios.run("expired-app-jwt")

    assert outcome.exchange is not None
    assert outcome.reply is not None
    assert (outcome.exchange.status_code, outcome.exchange.attempt) == (401, 1)
    assert (outcome.reply.ok, outcome.reply.exchange.attempt) == (True, 2)
    assert outcome.advice == "Nothing: the kit renewed the AppJWT and sent the request again."


def test_the_whole_catalogue_can_be_run(scenarios: Scenarios) -> None:
    heard: list[str] = []

    outcomes = scenarios.play_all(lambda outcome: heard.append(outcome.scenario.name))

    assert heard == [scenario.name for scenario in scenarios] == [o.scenario.name for o in outcomes]
    assert all(outcome.as_expected for outcome in outcomes)


def test_scenarios_that_need_the_clock_are_not_run_without_a_sandbox(client: Client) -> None:
    outcomes = Scenarios(client).play_all()

    not_run = [o for o in outcomes if o.not_run]
    assert [o.scenario.name for o in not_run] == ["expired-app-jwt"]
    assert not_run[0].not_run == "needs the sandbox's clock"
    assert (not_run[0].exchange, not_run[0].reply, not_run[0].as_expected) == (None, None, False)
    assert "needs the sandbox's clock" in repr(not_run[0])
    assert "expired-app-jwt" not in {exchange.scenario for exchange in client.log}


@pytest.mark.parametrize(
    ("name", "hint"),
    [("closed-conversatoin", "Did you mean 'closed-conversation'?"), ("xyz", "Known are expired-app-jwt, ")],
)
def test_an_unknown_name_is_answered_with_a_hint(strange: Scenarios, name: str, hint: str) -> None:
    with pytest.raises(ValueError, match=f"There is no scenario '{name}'") as raised:
        strange.run(name)

    assert hint in str(raised.value)


# --- Surprises ---------------------------------------------------------------------------------------

# A service that says OK where a refusal was promised surprises in all of them.
NOT_CLOCK = [scenario for scenario in ALL if scenario.name != "expired-app-jwt"]


@pytest.mark.parametrize("scenario", NOT_CLOCK, ids=lambda scenario: scenario.name)
def test_an_ok_in_place_of_a_refusal_is_a_surprise(scenario: Scenario, strange: Scenarios) -> None:
    outcome = strange.run(scenario.name)

    assert not outcome.as_expected
    assert outcome.observed.startswith("20")
    assert "a surprise" in repr(outcome)


def test_the_next_step_after_a_surprise_claims_no_renewal(strange: Scenarios, service: Any) -> None:
    outcome = strange.run("missing-brand-id")

    assert service.order.count("app_jwt") == 1
    assert "renewed" not in outcome.advice


WRONG = [
    ("unknown-conversation", httpx.Response(400, json={"code": "BAD_REQUEST", "body": {"msg": "No"}})),
    ("closed-conversation", httpx.Response(400, json={"code": "BAD_REQUEST", "body": {"msg": "No"}})),
    ("missing-app-jwt", httpx.Response(401, json={"code": 401, "body": {"errorCode": 40104}})),
    ("missing-app-jwt", httpx.Response(403, json={"code": 403, "body": {"errorCode": 40105}})),
    ("unknown-conversation", httpx.Response(500, html="<b>No</b>")),
]


@pytest.mark.parametrize(("name", "answer"), WRONG)
def test_another_refusal_than_promised_is_a_surprise(
    strange: Scenarios, service: Any, name: str, answer: httpx.Response
) -> None:
    if name == "closed-conversation":  # whose own closing is a SEND too
        service.answers["send"] = [service.send]
    service.answers["send"].append(answer)

    outcome = strange.run(name)

    assert not outcome.as_expected
    assert outcome.observed.startswith(str(answer.status_code))
    assert "<b>" not in outcome._repr_html_()


def test_a_failure_while_tidying_up_does_not_hide_the_outcome(strange: Scenarios, service: Any) -> None:
    refused = httpx.Response(401, json={"code": 401, "body": {"errorCode": 40105, "details": "none"}})
    service.answers["send"] = [refused, httpx.ConnectError("gone")]

    outcome = strange.run("missing-app-jwt")

    assert outcome.as_expected


def test_a_failure_while_preparing_leaves_no_conversation_open(client: Client, control: httpx.Client) -> None:
    deaf = SandboxControl("http://127.0.0.1:9", Secret("no-token"))

    with closing(deaf):
        outcome = Scenarios(client, deaf).run("expired-app-jwt")

    assert "does not answer" in outcome.observed
    assert not outcome.as_expected
    states = [c["state"] for c in control.get("/sandbox/state").json()["conversations"]]
    assert states == ["CLOSE"]


def test_the_label_goes_also_when_a_scenario_fails(strange: Scenarios, service: Any) -> None:
    service.answers["domains"] = [httpx.ConnectError("refused")]

    outcome = strange.run("unknown-conversation")

    assert outcome.observed.startswith("NoAnswerError: No answer from ")
    assert not outcome.as_expected
    assert scenario_label.get() is None
