"""Runs scenarios one by one: makes the scene, provokes, compares, tidies up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime

from connectorkit import choosing, retries
from connectorkit.catalogue import ALL, BY_NAME, TOPICS, Scenario, in_words
from connectorkit.client import Client
from connectorkit.control import SandboxControl
from connectorkit.errors import ConnectorError
from connectorkit.log import Log
from connectorkit.markup import Shown
from connectorkit.receiver import Receiver
from connectorkit.retries import PUBLISHED
from connectorkit.scenarios.comparing import compared, decoded, failure, same
from connectorkit.scenarios.installs import Administrator
from connectorkit.scenarios.outcome import Check, Outcome
from connectorkit.scenarios.provoking import Provoked, provoke, settled
from connectorkit.scenarios.staging import Stage
from connectorkit.transport import scenario_label

_WORDS = {
    "kind": "scenario",
    "listed": "kit.scenarios.catalogue() and connectorkit scenarios --list tell which there are.",
}


class Scenarios(Shown):
    """The catalogue, ready to run against one client.

    With a ``sandbox`` everything can be run: what needs other apps with its ``administrator``, what is seen
    in notifications with the ``receiver`` that writes them to the client's log. Without one, what is harmless
    on a real account.
    """

    def __init__(
        self,
        client: Client,
        sandbox: SandboxControl | None = None,
        *,
        administrator: Administrator | None = None,
        receiver: Receiver | None = None,
    ) -> None:
        self._client = client
        self._sandbox = sandbox
        self.administrator = administrator
        self._receiver = receiver

    def __iter__(self) -> Iterator[Scenario]:
        return iter(ALL)

    def __len__(self) -> int:
        return len(ALL)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(ALL)} about {', '.join(TOPICS)}>"

    @staticmethod
    def named(*patterns: str) -> list[Scenario]:
        """The scenarios of these names, in the order of the catalogue; ``*`` stands for any letters.

        Raises ``ValueError`` for a name that none has.
        """
        wanted = {name for pattern in patterns for name in choosing.matching(pattern, BY_NAME, **_WORDS)}
        return [scenario for scenario in ALL if scenario.name in wanted]

    def run(self, name: str, *, visible: bool = False) -> Outcome:
        """Provoke one scenario. Raises ``ValueError`` for an unknown name; a surprise is an outcome.

        On a real account only what is harmless is run, with ``visible`` also what opens a conversation that
        agents may see.
        """
        scenario = BY_NAME.get(name)
        if scenario is None:
            raise ValueError(choosing.unknown(name, BY_NAME, **_WORDS))
        not_run = self.obstacle(scenario, visible=visible)
        if not_run:
            return Outcome(scenario, not_run=not_run)
        label, started = scenario_label.set(scenario.name), time.perf_counter()
        try:
            outcome = self._play(scenario)
        finally:
            scenario_label.reset(label)
        return replace(outcome, duration_ms=(time.perf_counter() - started) * 1000)

    def play_all(
        self,
        progress: Callable[[Outcome], object] | None = None,
        *,
        only: Iterable[str] | None = None,
        visible: bool = False,
    ) -> list[Outcome]:
        """Run the whole catalogue, or the names in ``only``; ``progress`` hears of each outcome."""
        outcomes = []
        for scenario in ALL if only is None else self.named(*only):
            outcomes.append(self.run(scenario.name, visible=visible))
            if progress is not None:
                progress(outcomes[-1])
        return outcomes

    @property
    def sandbox(self) -> SandboxControl | None:
        """The sandbox that is steered for it; ``None`` on a real account."""
        return self._sandbox

    @property
    def log(self) -> Log:
        """Where the exchanges of what was run stand."""
        return self._client.log

    @property
    def app_jwt_expires_at(self) -> datetime | None:
        """When the client's AppJWT expires, by the service's clock; ``None`` while it has none."""
        token = self._client.credentials.app_jwt
        return None if token is None else token.expires_at

    def obstacle(self, scenario: Scenario, *, visible: bool = False) -> str:
        """Why it cannot be run here; empty where it can."""
        if self._sandbox is None:
            if scenario.on_account == "visible" and not visible:
                return f"{scenario.account}; run it with visible=True"
            return scenario.why_never
        if self.administrator is None and any(step.startswith("app ") for step in scenario.before):
            return "needs an administrator of the sandbox"
        wants_to_hear = scenario.notifications or scenario.ending.settled
        if wants_to_hear and (self._receiver is None or not self._receiver.listening):
            return "needs a receiver of notifications"
        return ""

    def _play(self, scenario: Scenario) -> Outcome:
        with ExitStack() as tidying:
            try:
                stage = Stage(self._client, scenario, self._sandbox, self.administrator)
                tidying.enter_context(stage)
                body = stage.scene.filled(scenario.answer.body)
            except ConnectorError as error:
                return Outcome.of_failure(scenario, "preparation", error, exchange=self._client.log.last())
            provoked = provoke(stage)
            told = settled(stage, provoked.error) if scenario.ending.settled else ""
            seen = stage.seen() if scenario.notifications else ()
        first, answer, heard = provoked.first, scenario.answer, ", ".join(scenario.notifications)
        if first is None:
            assert provoked.error is not None, "a call without an exchange has raised"
            return Outcome.of_failure(scenario, "request", provoked.error)
        checks = [
            *compared(answer, body, first, words=self._sandbox is not None),
            *(self._ending(scenario, provoked) if self._policy_in_force else ()),
            *([same("settled", scenario.ending.settled, told)] if told else ()),
            *([same("notifications", heard, ", ".join(seen) or None)] if heard else ()),
        ]
        return Outcome(
            scenario,
            first,
            provoked.reply,
            provoked.error,
            expected=in_words(answer.status, body, answer.failure, scenario.notifications),
            observed=in_words(first.status_code, decoded(first.response_body), failure(first), seen),
            checks=tuple(checks),
            attempts=provoked.attempts,
            result=provoked.result,
            settled=told,
        )

    @staticmethod
    def _ending(scenario: Scenario, provoked: Provoked) -> Iterator[Check]:
        ending = scenario.ending
        yield same("attempts", ending.attempts, provoked.attempts)
        yield same("in the end", ending.result or scenario.answer.status, provoked.result)

    @property
    def _policy_in_force(self) -> bool:
        """Whether refusals are repeated as the catalogue says; somebody may have switched that off."""
        return self._client.retry == PUBLISHED and retries.switched_on.get()
