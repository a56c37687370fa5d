"""The catalogue: what it covers, and that each scenario ends at the sandbox as it says."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import rich.console

import connectorkit as ck
from connectorkit import catalogue, frames
from connectorkit.columns import CATALOGUE, OUTCOMES
from connectorkit.scenarios import ALL, BY_NAME, TOPICS, Outcome, Scenario
from connectorkit.transport import scenario_label

# The first answer to some provocations, in the words of the documents; nothing here is read from the kit.
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


class Tour:
    """The whole catalogue, run once; after each scenario, what was left behind."""

    def __init__(self, kit: ck.Kit) -> None:
        self.kit = kit
        self.left: dict[str, tuple[list[str], int]] = {}
        self.outcomes: dict[str, Outcome] = {}
        kit.scenarios.play_all(self._ran)

    def _ran(self, outcome: Outcome) -> None:
        name = outcome.scenario.name
        conversations = self.kit.sandbox.state()["conversations"]
        still_open = [one["id"] for one in conversations if one["stage"] != "CLOSE"]
        self.outcomes[name] = outcome
        self.left[name] = still_open, len(self.kit.sandbox.active_faults())


@pytest.fixture(scope="module")
def tour() -> Iterator[Tour]:
    with ck.connect(sandbox=True, agent=False, log=":memory:") as kit:
        yield Tour(kit)


# --- What is in the catalogue ------------------------------------------------------------------------


def errors() -> set[int]:
    return {body["errorCode"] for body in bodies() if "errorCode" in body}


def bodies() -> Iterator[dict[str, object]]:
    for scenario in ALL:
        body = scenario.answer.body
        for item in body if isinstance(body, list) else [body]:
            if isinstance(item, dict):
                yield item.get("body", item)


def test_names_are_unique_and_readable() -> None:
    assert len(BY_NAME) == len(ALL) >= 48
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) and len(name) <= 30 for name in BY_NAME)


def test_every_error_number_is_there() -> None:
    assert errors() == {40001, 40102, 40103, 40104, 40105}


@pytest.mark.parametrize(
    ("error_code", "names"),
    [
        (40001, {"missing-brand-id", "app-jwt-without-claims"}),
        (40103, {"invalid-consumer-jws", "foreign-conversation", "foreign-file"}),
    ],
)
def test_an_error_number_with_several_causes_has_a_scenario_for_each(
    error_code: int, names: set[str]
) -> None:
    found = {name for name, one in BY_NAME.items() if f"'errorCode': {error_code}" in str(one.answer.body)}

    assert names <= found


def test_every_documented_status_is_there() -> None:
    statuses = {scenario.answer.status for scenario in ALL}

    assert statuses >= {400, 401, 404, 405, 413, 415, 429, 451, 500, 502, 503, 504}
    assert statuses >= {411, 422}, "of the file store"


def test_every_error_of_the_token_call_is_there() -> None:
    assert {body["error"] for body in bodies() if "error_description" in body} == {
        *("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client"),
        *("unsupported_grant_type", "invalid_scope", "temporarily_unavailable", "access_denied"),
    }


def test_every_way_in_which_the_network_fails_is_there() -> None:
    assert {s.answer.failure for s in ALL} == {
        "",
        "no connection",
        "connection closed",
        "no answer in time",
    }
    faults = [dict(fault) for scenario in ALL for fault in scenario.faults]
    assert {fault["drop"] for fault in faults if "drop" in fault} == {"before", "in", "after"}
    assert {fault["body"] for fault in faults if "body" in fault} == {
        *("truncated", "malformed", "empty", "wrong_request_id"),
    }
    assert {fault["webhook"] for fault in faults if "webhook" in fault} == {"duplicate", "reorder", "loss"}
    assert any("dribble" in fault for fault in faults)


@every_scenario
def test_a_scenario_says_all_there_is_to_say(scenario: Scenario) -> None:
    assert scenario.topic in TOPICS
    assert scenario.shows.endswith(".")
    assert scenario.advice.endswith(".")
    assert re.match(r'S\d+|R\d+|RFC \d+, section|"[A-Z][^"]+"|OpenStack', scenario.source)
    assert scenario.expected
    assert bool(scenario.on_account) is not bool(scenario.why_never)


@every_scenario
def test_a_scenario_with_faults_or_the_clock_is_not_for_an_account(scenario: Scenario) -> None:
    if scenario.faults or scenario.clock_seconds:
        assert scenario.on_account == ""


@pytest.mark.parametrize("path", sorted(Path(catalogue.__file__).parent.glob("*.py")), ids=lambda p: p.stem)
def test_expected_texts_are_not_read_from_the_kit(path: Path) -> None:
    imported = {
        node.module or ""
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
    }

    beside_display = imported - {"connectorkit.markup"}  # how a case is shown; it has none of its words
    assert all(not name.startswith("connectorkit") or ".catalogue" in name for name in beside_display)


# --- What comes of it --------------------------------------------------------------------------------


@every_scenario
def test_a_scenario_ends_as_expected(scenario: Scenario, tour: Tour) -> None:
    outcome = tour.outcomes[scenario.name]

    assert outcome.as_expected, repr(outcome)
    assert outcome.exchange is not None
    assert outcome.exchange.attempt == 1
    assert outcome.duration_ms > 0
    assert outcome.advice == scenario.advice


@pytest.mark.parametrize("name", PROMISED)
def test_the_answers_are_those_of_the_documents(name: str, tour: Tour) -> None:
    exchange = tour.outcomes[name].exchange
    status_code, error_code, text = PROMISED[name]

    assert exchange is not None
    assert exchange.status_code == status_code
    assert text in exchange.response_body
    assert (f'"errorCode":{error_code}' in exchange.response_body) is (error_code is not None)


@every_scenario
def test_a_scenario_leaves_no_conversation_open_and_no_fault_on(scenario: Scenario, tour: Tour) -> None:
    assert tour.left[scenario.name] == ([], 0)


def test_every_exchange_carries_the_label_of_its_scenario(tour: Tour) -> None:
    labels = [exchange.scenario for exchange in tour.kit.log]

    assert set(labels) == set(BY_NAME)
    assert scenario_label.get() is None
    for name, outcome in tour.outcomes.items():
        assert outcome.exchange is not None
        assert outcome.exchange.scenario == name


def test_no_app_is_left_installed(tour: Tour) -> None:
    account, ready = tour.kit.settings.account_id, tour.kit._lease.ready  # type: ignore[union-attr]
    login = {"username": ready["admin_username"], "password": ready["admin_password"]}
    installs = f"/api/account/{account}/configuration/app-install/installations?v=1.0"

    with httpx.Client(base_url=ready["base_url"], trust_env=False) as http:
        bearer = http.post(f"/api/account/{account}/login", json=login).json()["bearer"]
        left = http.get(installs, headers={"Authorization": f"Bearer {bearer}"}).json()

    assert [app["client_id"] for app in left] == [ready["client_id"]]


def test_afterwards_the_kit_and_the_clock_can_be_used(tour: Tour) -> None:
    before = tour.kit.sandbox.now()

    talk = tour.kit.consumer("ana@example").open()

    assert talk.send("Hello").ok
    assert talk.close().ok
    assert tour.kit.sandbox.advance(seconds=5) > before


def test_the_whole_catalogue_can_be_run_again(tour: Tour) -> None:
    again = tour.kit.scenarios.play_all()

    assert [repr(outcome) for outcome in again if not outcome.as_expected] == []


def test_many_have_a_bar_where_somebody_watches_and_few_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(rich, "_console", rich.console.Console(file=screen, force_terminal=True))
    with ck.connect(sandbox=True, log=":memory:") as kit:
        kit.scenarios.run_all(only=["missing-id"])
        assert "Scenarios" not in screen.getvalue()

        kit.scenarios.run_all(only=[scenario.name for scenario in ALL if scenario.topic == "send"])

    assert "Scenarios" in screen.getvalue()
    assert "25/25" in screen.getvalue()


def test_a_scripted_agent_changes_nothing() -> None:
    with ck.connect(sandbox=True, agent=True, log=":memory:") as kit:
        only = [scenario.name for scenario in ALL if scenario.notifications or scenario.ending.settled]
        outcomes = kit.scenarios.play_all(only=[*only, "closed-*", "typing-*", "not-yet-usable"])

    assert len(outcomes) > 10
    assert [repr(outcome) for outcome in outcomes if not outcome.as_expected] == []


@pytest.mark.parametrize(
    ("name", "handled"),
    [
        ("expired-app-jwt", "200 after 2 attempts"),
        ("rate-limited", "200 after 2 attempts"),
        ("rate-limited-for-long", "429 after 4 attempts"),
        ("unavailable", "200 after 2 attempts"),
        ("lasting-outage", "503 after 4 attempts"),
        ("invalid-app-jwt", ""),
        ("closed-conversation", ""),
        ("dropped-request", "OutcomeUnknown, not heard of"),
        ("dropped-answer", "OutcomeUnknown, arrived"),
        ("nobody-listens", "NoAnswerError"),
        ("truncated-answer", "UnexpectedAnswerError"),
    ],
)
def test_an_outcome_says_what_the_kit_made_of_it(name: str, handled: str, tour: Tour) -> None:
    assert tour.outcomes[name].handled == BY_NAME[name].handled == handled


def test_an_outcome_shows_the_expected_beside_the_observed(tour: Tour) -> None:
    outcome = tour.outcomes["missing-app-jwt"]

    html = outcome._repr_html_()

    assert "errorCode</td>" in html
    assert html.count("AUTHORIZATION header is not present") == 2
    assert "Send the AppJWT in the Authorization header" in html
    assert "missing-app-jwt: as expected; 401 · 40105" in repr(outcome)


# --- As frames ---------------------------------------------------------------------------------------


def test_outcomes_become_a_frame(tour: Tour) -> None:
    frame = frames.outcomes(tour.outcomes.values())

    assert list(frame.columns) == list(OUTCOMES)
    assert frame["scenario"].tolist() == [scenario.name for scenario in ALL]
    assert frame["as_expected"].all()
    assert frame["expected"].tolist() == frame["observed"].tolist()
    row = frame.set_index("scenario").loc["lasting-outage"]
    assert (row["attempts"], row["result"], row["topic"]) == (4, "503", "outages")
    exchange = tour.kit.log.exchange(frame.set_index("scenario").loc["closed-twice", "exchange_id"])
    assert exchange.response_json()["body"]["msg"] == "Bad Request, Conversation is close"


def test_the_catalogue_becomes_a_frame() -> None:
    frame = frames.catalogue()

    assert list(frame.columns) == list(CATALOGUE)
    assert frame[["scenario", "shows", "expected", "next_step", "on_account", "source"]].notna().all().all()
    rows = frame.set_index("scenario")
    assert rows.loc["unavailable", "on_account"] == "no: needs a fault of the sandbox"
    assert rows.loc["unavailable", "handled"] == "200 after 2 attempts"
    assert rows.loc["expired-app-jwt", "on_account"] == "no: needs the sandbox's clock"
