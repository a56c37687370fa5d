"""Observes one promise after another over one connection, each from the same state of the sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from connectorkit import waiting
from connectorkit.client import Client
from connectorkit.control import SandboxControl
from connectorkit.errors import ConnectorError, SandboxError
from connectorkit.promises.bench import Bench, NotReady
from connectorkit.promises.hook import Hook
from connectorkit.promises.model import Promise, in_words
from connectorkit.promises.outcome import Outcome
from connectorkit.promises.played import Played
from connectorkit.promises.service import Service
from connectorkit.scenarios import Administrator, Scenarios
from connectorkit.scenarios import Outcome as Scene
from connectorkit.scenarios.comparing import compared_values

LATER_SECONDS = 5.0  # the first pause of the published retry policy
_LONGEST_SHOWN = 500
# What a probe may stumble over in an answer that is built otherwise than it thought.
_STUMBLES = (LookupError, TypeError, ValueError, AttributeError)


class Session:
    """One run of the ledger."""

    def __init__(
        self,
        client: Client,
        sandbox: SandboxControl | None,
        administrator: Administrator | None,
        scenarios: Scenarios,
    ) -> None:
        self._service = Service(client)
        self._sandbox = sandbox
        self._administrator = administrator
        self._scenarios = scenarios
        self._played: dict[str, Scene] = {}
        self._hook: Hook | None = None
        self._base = ""
        # On an account: conversations that could not be closed yet.
        self.left_open: list[tuple[str, str]] = []

    @contextmanager
    def open(self) -> Iterator[None]:
        """Set the sandbox apart while it lasts: no scripted agent, and everything as it was afterwards."""
        try:
            if self._sandbox is None:
                yield
            else:
                with self._set_apart(self._sandbox):
                    yield
        finally:
            self._close_late()
            self._service.close()
            if self._hook is not None:
                self._hook.stop()

    def _close_late(self) -> None:
        """Try once more, a while later, to close what is still open on an account."""
        if self.left_open:
            waiting.wait(LATER_SECONDS, "Some conversations could not be closed; another attempt")
            bench = Bench(self._service)
            bench.opened = self.left_open
            bench.tidy()
            self.left_open = bench.opened

    def observe(self, promise: Promise) -> Outcome:
        """What becomes of a promise. Raises ``SandboxError`` only where the sandbox has gone."""
        if self._sandbox is not None:
            self._sandbox.restore(self._base)
        if self._hook is not None:
            self._hook.clear()
        if isinstance(promise.probe, Played):
            return self._play(promise, promise.probe)
        bench = Bench(
            self._service,
            self._sandbox,
            self._administrator,
            self._listening if self._sandbox is not None else None,
        )
        bench.opened = [*self.left_open]
        try:
            observed = promise.probe(bench)
        except (NotReady, SandboxError) as error:
            return Outcome(promise, not_observed=str(error))
        except httpx.HTTPError as error:
            observed = f"no answer ({type(error).__name__})"
        except ConnectorError as error:
            observed = f"{type(error).__name__}: {error}"
        except _STUMBLES as error:
            observed = f"an answer of another shape ({type(error).__name__}: {error})"
        finally:
            bench.tidy()
            self.left_open = bench.opened if self._sandbox is None else []
            if bench.time_passed:
                self._service.forget_app_jwt()
        return self._compared(promise, _plain(observed))

    def _compared(self, promise: Promise, observed: Any) -> Outcome:
        expected = _plain(promise.expected)
        checks = tuple(compared_values(expected, observed))
        seen = next((one for one in promise.readings if _same(_plain(one.observed), observed)), None)
        informs = bool(promise.readings) and self._sandbox is None
        return Outcome(
            promise,
            expected=_cut(in_words(expected)),
            observed=_cut(in_words(observed)),
            checks=checks,
            reading=seen,
            informative=informs,
        )

    def _play(self, promise: Promise, probe: Played) -> Outcome:
        outcomes = []
        for name in probe.names:
            if name not in self._played:
                self._forget_app_jwt()
                self._played[name] = self._scenarios.run(name, visible=True)
            outcomes.append(self._played[name])
        obstacle = probe.obstacle(outcomes)
        if obstacle:
            return Outcome(promise, not_observed=obstacle)
        checks = tuple(probe.checks(outcomes))
        return Outcome(
            promise,
            expected="; ".join(f"{check.what}: {check.expected}" for check in checks),
            observed="; ".join(f"{check.what}: {check.observed}" for check in checks),
            checks=checks,
        )

    def _forget_app_jwt(self) -> None:
        """Time passes in scenarios, and returns: a token that was fetched meanwhile would never expire."""
        if self._sandbox is not None:
            known = self._service.client.credentials
            known.discard(known.app_jwt)

    @contextmanager
    def _set_apart(self, sandbox: SandboxControl) -> Iterator[None]:
        sandbox.settle()
        before = sandbox.snapshot()
        try:
            sandbox.settings(agent_script=None)
            self._base = sandbox.snapshot()
            yield
        finally:
            sandbox.restore(before)
            self._forget_app_jwt()

    def _listening(self) -> Hook:
        if self._hook is None:
            self._hook = Hook()
        return self._hook


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def _plain(value: Any) -> Any:
    """The value as JSON has it, so that tuples and lists are the same."""
    return json.loads(json.dumps(value))


def _same(one: Any, other: Any) -> bool:
    return all(check.ok for check in compared_values(one, other))
