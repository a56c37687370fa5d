"""Runs the error scenarios of the catalogue and sets the observed beside the expected."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from connectorkit import envelopes, markup, operations
from connectorkit.catalogue import ALL, BY_NAME, Scenario, Scene
from connectorkit.client import Client
from connectorkit.control import SandboxControl
from connectorkit.errors import ConnectorError
from connectorkit.log import Exchange
from connectorkit.redact import Secret
from connectorkit.replies import Reply
from connectorkit.transport import scenario_label

__all__ = ["ALL", "Outcome", "Scenario", "Scenarios"]


@dataclass(frozen=True)
class Outcome:
    """What a scenario brought: the first answer to the provoking request, and what the kit made of it.

    ``exchange`` is that first exchange, ``reply`` the answer after any renewal of the AppJWT; both are
    ``None`` where the scenario was not run, and ``not_run`` says why.
    """

    scenario: Scenario
    exchange: Exchange | None = None
    reply: Reply | None = None
    observed: str = ""
    as_expected: bool = False
    not_run: str = ""

    @property
    def advice(self) -> str:
        """The next step for a client that meets this."""
        if self.reply is None or self.exchange is None:
            return ""
        renewed = self.reply.ok and self.exchange.exchange_id != self.reply.exchange.exchange_id
        cured = "Nothing: the kit renewed the AppJWT and sent the request again." if renewed else ""
        return self.reply.advice or cured

    def __repr__(self) -> str:
        verdict = self.not_run or ("as expected" if self.as_expected else "a surprise")
        return (
            f"<Outcome {self.scenario.name}: {verdict}; expected {self.scenario.expected}, "
            f"observed {self.observed or 'nothing'}>"
        )

    def _repr_html_(self) -> str:
        rows = [
            ("shows", self.scenario.shows),
            ("expected", self.scenario.expected),
            ("observed", self.observed or self.not_run),
            ("next step", self.advice),
            ("source", self.scenario.source),
        ]
        good = None if self.not_run else self.as_expected
        return markup.facts(self.scenario.name, [row for row in rows if row[1]], good=good)


class Scenarios:
    """The catalogue, ready to run against one client; with a sandbox, also what needs its clock."""

    def __init__(self, client: Client, sandbox: SandboxControl | None = None) -> None:
        self._client = client
        self._sandbox = sandbox

    def __iter__(self) -> Iterator[Scenario]:
        return iter(ALL)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(ALL)} errors to provoke, {', '.join(BY_NAME)}>"

    def run(self, name: str) -> Outcome:
        """Provoke one scenario. Raises ``ValueError`` for an unknown name; a surprise is an outcome."""
        scenario = BY_NAME.get(name)
        if scenario is None:
            near = difflib.get_close_matches(name, BY_NAME, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(BY_NAME)}."
            raise ValueError(f"There is no scenario {name!r}. {hint}")
        if scenario.sandbox_only and self._sandbox is None:
            return Outcome(scenario, not_run="needs the sandbox's clock")
        label = scenario_label.set(name)
        try:
            return self._play(scenario)
        finally:
            scenario_label.reset(label)

    def play_all(self, progress: Callable[[Outcome], None] | None = None) -> list[Outcome]:
        """Run the whole catalogue; ``progress`` hears of each outcome as it comes."""
        outcomes = []
        for scenario in ALL:
            outcomes.append(self.run(scenario.name))
            if progress is not None:
                progress(outcomes[-1])
        return outcomes

    def _play(self, scenario: Scenario) -> Outcome:
        try:
            reply = self._send(scenario, self._prepare(scenario))
            exchange = self._first_answer(scenario) or reply.exchange
        except ConnectorError as error:
            # Not even the preparation went as it should, or nothing came back: that is a finding too.
            return Outcome(scenario, self._client.log.last(), observed=f"{type(error).__name__}: {error}")
        finally:
            self._clear_up(scenario)
        observed, as_expected = _compared(scenario, exchange, reply)
        return Outcome(scenario, exchange, reply, observed, as_expected)

    def _prepare(self, scenario: Scenario) -> Scene:
        consumer = _consumer(scenario)
        scene = Scene(self._client.settings.account_id, consumer)
        for step in scenario.before:
            if step == "open":
                talk = self._client.consumer(consumer).open()
                scene = Scene(scene.account_id, consumer, talk.id)
            elif step == "open by another":
                talk = self._client.consumer(_other(scenario)).open()
                scene = Scene(scene.account_id, consumer, talk.id)
            elif step == "close":
                envelope = envelopes.close_conversation(scene.conversation_id)
                self._client.send(envelope, consumer=consumer).raise_for_error()
            elif self._sandbox is not None:
                self._sandbox.advance(minutes=61)
        return scene

    def _send(self, scenario: Scenario, scene: Scene) -> Reply:
        account_id, headers = scene.account_id, dict(scenario.headers)
        if scenario.call == "app_jwt":
            client_id = self._client.settings.client_id
            operation = operations.get_app_jwt(account_id, client_id, Secret("a-wrong-client-secret"))
            return self._client.call(operation, headers=headers)
        call = self._client.conversation if scenario.call == "conversation" else self._client.send
        return call(scenario.payload(scene), consumer=scene.consumer, headers=headers)

    def _first_answer(self, scenario: Scenario) -> Exchange | None:
        log = self._client.log
        for exchange in log.read(session=log.session_id, newest_first=True):
            if exchange.scenario != scenario.name:
                return None
            if exchange.operation == scenario.call and exchange.attempt == 1:
                return exchange
        return None

    def _clear_up(self, scenario: Scenario) -> None:
        for consumer in (_consumer(scenario), _other(scenario)):
            left_open = self._client.remembered_conversation(consumer)
            if left_open is not None:
                try:
                    self._client.send(envelopes.close_conversation(left_open), consumer=consumer)
                except ConnectorError:
                    continue  # the outcome counts, not the tidying


def _consumer(scenario: Scenario) -> str:
    return f"{scenario.name}@scenario.example"


def _other(scenario: Scenario) -> str:
    return f"other-{scenario.name}@scenario.example"


def _compared(scenario: Scenario, exchange: Exchange, reply: Reply) -> tuple[str, bool]:
    """What the first answer said, in the words of ``Scenario.expected``, and whether it is as expected."""
    first = Reply.recorded(exchange)
    parts = [str(exchange.status_code), str(first.error_code or ""), first.text or exchange.error or ""]
    as_expected = (
        exchange.status_code == scenario.status_code
        and (scenario.error_code is None or first.error_code == scenario.error_code)
        and (scenario.text is None or scenario.text in (first.text or ""))
    )
    return " · ".join(part for part in parts if part), as_expected
