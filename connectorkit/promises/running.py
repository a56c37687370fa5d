"""Runs promises one by one, each from the same state of the sandbox, which is given back as it was."""

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from connectorkit import choosing, markup
from connectorkit.client import Client
from connectorkit.control import SandboxControl
from connectorkit.promises.ledger import ALL, BY_ID, TOPICS
from connectorkit.promises.model import Promise
from connectorkit.promises.observing import Session
from connectorkit.promises.outcome import Outcome
from connectorkit.scenarios import Administrator, Scenarios
from connectorkit.transport import scenario_label


class LeftOpen(UserWarning):
    """A run of the ledger has left conversations open on an account."""


_WORDS = {
    "kind": "promise",
    "listed": "kit.promises.ledger() and connectorkit promises --list tell which there are.",
}


class Promises:
    """The ledger, ready to run against one client.

    With a ``sandbox`` everything can be run: what needs other apps with its ``administrator``, what is a
    scenario with ``scenarios``. Without one, what is harmless on a real account. ``target`` names what is
    spoken to.
    """

    def __init__(
        self,
        client: Client,
        sandbox: SandboxControl | None = None,
        *,
        administrator: Administrator | None = None,
        scenarios: Scenarios | None = None,
        target: str = "",
    ) -> None:
        self._client = client
        self._sandbox = sandbox
        self._administrator = administrator
        self._scenarios = scenarios or Scenarios(client, sandbox, administrator=administrator)
        self._target = target

    def __iter__(self) -> Iterator[Promise]:
        return iter(ALL)

    def __len__(self) -> int:
        return len(ALL)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(ALL)} about {', '.join(TOPICS)}>"

    def _repr_html_(self) -> str:
        counts = Counter(promise.topic for promise in ALL)
        said = 'ledger() lists them, run_all() checks them all, run("S9") one of them.'
        return markup.facts("Promises", [(topic, counts[topic]) for topic in TOPICS]) + markup.note(said)

    @staticmethod
    def named(*patterns: str, mark: str | None = None) -> list[Promise]:
        """The promises with these ids, in the order of the ledger; ``*`` stands for any letters.

        Without a pattern all; with ``mark`` only those so marked. Raises ``ValueError`` for an unknown id.
        """
        wanted = {
            name for pattern in patterns or ("*",) for name in choosing.matching(pattern, BY_ID, **_WORDS)
        }
        return [one for one in ALL if one.id in wanted and mark in (None, one.mark)]

    def run(self, promise_id: str, *, visible: bool = False) -> Outcome:
        """See whether one promise is kept. Raises ``ValueError`` for an unknown id.

        On a real account only what is harmless is run, with ``visible`` also what opens a conversation that
        agents may see.
        """
        if promise_id not in BY_ID:
            raise ValueError(choosing.unknown(promise_id, BY_ID, **_WORDS))
        return self.check_all(only=(promise_id,), visible=visible)[0]

    def check_all(
        self,
        progress: Callable[[Outcome], None] | None = None,
        *,
        only: Iterable[str] | None = None,
        mark: str | None = None,
        visible: bool = False,
    ) -> list[Outcome]:
        """Run the whole ledger, or the ids in ``only``; ``progress`` hears of each outcome.

        A sandbox is given back as it was, its clock included; only its record of deliveries is lost. On an
        account every conversation is closed again; where one cannot be, ``LeftOpen`` warns of it at the end.
        """
        chosen = self.named(*(only or ()), mark=mark)
        if not chosen:
            return []
        outcomes = []
        session = Session(self._client, self._sandbox, self._administrator, self._scenarios)
        with session.open():
            for promise in chosen:
                outcomes.append(self._observed(promise, session, visible))
                if progress is not None:
                    progress(outcomes[-1])
        if session.left_open:
            names = ", ".join(talk for talk, _ in session.left_open)
            warnings.warn(
                f"Not every conversation could be closed again: {names}. Close them, or let an agent do so.",
                LeftOpen,
                stacklevel=2,
            )
        return outcomes

    def _observed(self, promise: Promise, session: Session, visible: bool) -> Outcome:
        not_run = self._obstacle(promise, visible)
        if not_run:
            return Outcome(promise, self._target, not_run=not_run)
        started = time.perf_counter()
        with _labelled(promise.id):
            outcome = session.observe(promise)
        took = (time.perf_counter() - started) * 1000
        last = self._client.log.last()
        number = last.exchange_id if last is not None else None
        return replace(outcome, target=self._target, duration_ms=took, exchange_id=number)

    def _obstacle(self, promise: Promise, visible: bool) -> str:
        """Why it cannot be run here; empty where it can."""
        if self._sandbox is not None:
            return ""
        if promise.bother == "visible" and not visible:
            return f"{promise.account}; run it with visible=True"
        return promise.why_never


@contextmanager
def _labelled(name: str) -> Iterator[None]:
    token = scenario_label.set(name)
    try:
        yield
    finally:
        scenario_label.reset(token)
