"""Runs scenarios one by one: makes the scene, provokes, compares, tidies up."""

from __future__ import annotations

import difflib
import fnmatch
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import httpx

from connectorkit.catalogue import ALL, BY_NAME, Scenario, in_words
from connectorkit.client import Client
from connectorkit.control import SandboxControl
from connectorkit.errors import ConnectorError
from connectorkit.log import Exchange
from connectorkit.replies import Reply
from connectorkit.scenarios.comparing import compared, decoded, failure
from connectorkit.scenarios.installs import Administrator
from connectorkit.scenarios.outcome import Check, Outcome
from connectorkit.scenarios.preparing import Stage
from connectorkit.scenarios.requests import operation
from connectorkit.transport import scenario_label


class Scenarios:
    """The catalogue, ready to run against one client.

    With a ``sandbox`` everything can be run, apps are installed with ``administrator``; without one, what is
    harmless on a real account.
    """

    def __init__(
        self,
        client: Client,
        sandbox: SandboxControl | None = None,
        administrator: Administrator | None = None,
    ) -> None:
        self._client = client
        self._sandbox = sandbox
        self._administrator = administrator

    def __iter__(self) -> Iterator[Scenario]:
        return iter(ALL)

    def __len__(self) -> int:
        return len(ALL)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(ALL)} scenarios, {', '.join(BY_NAME)}>"

    def named(self, *patterns: str) -> list[Scenario]:
        """The scenarios of these names, in the order of the catalogue; ``*`` stands for any letters.

        Raises ``ValueError`` for a name that none has.
        """
        wanted = {name for pattern in patterns for name in _matching(pattern)}
        return [scenario for scenario in ALL if scenario.name in wanted]

    def run(self, name: str, *, visible: bool = False) -> Outcome:
        """Provoke one scenario. Raises ``ValueError`` for an unknown name; a surprise is an outcome.

        On a real account only what is harmless is run, with ``visible`` also what opens a conversation that
        agents may see.
        """
        (scenario,) = (BY_NAME[found] for found in _matching(name, glob=False))
        not_run = self._obstacle(scenario, visible)
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
        progress: Callable[[Outcome], None] | None = None,
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

    def _obstacle(self, scenario: Scenario, visible: bool) -> str:
        """Why it cannot be run here; empty where it can."""
        if self._sandbox is None:
            if scenario.on_account == "visible" and not visible:
                return f"{scenario.account}; run it with visible=True"
            return scenario.why_never
        if self._administrator is None and any(step.startswith("app ") for step in scenario.before):
            return "needs an administrator of the sandbox"
        return ""

    def _play(self, scenario: Scenario) -> Outcome:
        stage = Stage(self._client, scenario, self._sandbox, self._administrator)
        try:
            try:
                scene = stage.prepare()
                to_send, headers = operation(scenario.request, scene), scene.headers(scenario.request)
                expected = scene.filled(scenario.answer.body)
            except (ConnectorError, httpx.HTTPError) as error:
                # Not even the preparation went as it should: that is a finding too.
                said = f"{type(error).__name__}: {error}"
                check = Check("preparation", "done", said, False)
                return Outcome(scenario, self._client.log.last(), error=error, observed=said, checks=(check,))
            before = self._client.log.last()
            reply, failed = None, None
            try:
                reply = self._client.call(to_send, scene.consumer if to_send.on_behalf else None, headers)
            except (ConnectorError, httpx.HTTPError) as error:
                failed = error
            made = self._exchanges(scenario, to_send.name, before)
        finally:
            stage.tidy_up()
        if not made:
            said = f"{type(failed).__name__}: {failed}"
            check = Check("request", "sent", said, False)
            return Outcome(scenario, error=failed, observed=said, checks=(check,))
        return self._judged(scenario, expected, made, reply, failed)

    def _judged(
        self,
        scenario: Scenario,
        expected: object,
        made: list[Exchange],
        reply: Reply | None,
        failed: Exception | None,
    ) -> Outcome:
        first, attempts = made[0], max(exchange.attempt for exchange in made)
        result = reply.status_code if reply is not None else type(failed).__name__
        answer, ending = scenario.answer, scenario.ending
        promised = ending.result if ending.result is not None else answer.status
        checks = [
            *compared(answer, expected, first, words=self._sandbox is not None),
            Check("attempts", str(ending.attempts), str(attempts), ending.attempts == attempts),
            Check("in the end", str(promised), str(result), promised == result),
        ]
        observed = in_words(first.status_code, decoded(first.response_body), failure(first))
        return Outcome(scenario, first, reply, failed, observed, tuple(checks), attempts, result)

    def _exchanges(self, scenario: Scenario, name: str, before: Exchange | None) -> list[Exchange]:
        """What the provoking call sent, oldest first: the first attempt and those after it."""
        log = self._client.log
        after = before.exchange_id if before is not None else 0
        found = log.read(after=after, session=log.session_id, scenario=scenario.name, operation=name)
        return list(found)


def _matching(pattern: str, *, glob: bool = True) -> list[str]:
    found = fnmatch.filter(BY_NAME, pattern) if glob else [name for name in BY_NAME if name == pattern]
    if not found:
        near = difflib.get_close_matches(pattern, BY_NAME, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(BY_NAME)}."
        raise ValueError(f"There is no scenario {pattern!r}. {hint}")
    return found
