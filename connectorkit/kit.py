"""``connect()``: a client for the configured account, or for a sandbox that is started on the spot."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from connectorkit import replay, retries, transport, wire
from connectorkit.async_client import AsyncClient
from connectorkit.base_client import BaseClient
from connectorkit.checks import check_text
from connectorkit.client import Client
from connectorkit.connecting import connection
from connectorkit.control import SandboxControl
from connectorkit.errors import SandboxError
from connectorkit.lease import Lease
from connectorkit.log import Exchange
from connectorkit.receiver import Receiver
from connectorkit.records import Settlement
from connectorkit.redact import Secret
from connectorkit.response_log import ResponseLog
from connectorkit.retries import RetryPolicy
from connectorkit.scenarios import Administrator
from connectorkit.settings import Settings
from connectorkit.waiting import ClockPause

if TYPE_CHECKING:
    from connectorkit.experiments import KitPromises, KitScenarios
    from connectorkit.exploration import Exploration
    from connectorkit.grading.marks import ReportCard
    from connectorkit.load_report import LoadReport
    from connectorkit.loader import LoadRun


class _Equipped(BaseClient):
    """What a kit has beyond a client: a log that makes frames and, without an account, a sandbox."""

    log: ResponseLog

    def __init__(self, settings: Settings, log: ResponseLog, lease: Lease | None, **options: Any) -> None:
        super().__init__(settings, log=log, **options)
        log.cleaners += (self.redactor.text,)
        self._lease = lease
        if lease is not None:
            lease.control.teach(self.redactor)
            self._pause = self._new_pause(lease.control)
        self._receiver: Receiver | None = None

    @property
    def target(self) -> str:
        """What this kit talks to, in words."""
        if self._lease is None:
            return f"account {self.settings.account_id}"
        return f"the sandbox at {self.settings.domain_lookup}"

    @property
    def on_sandbox(self) -> bool:
        """Whether this kit talks to a sandbox, and not to a real account."""
        return self._lease is not None

    @property
    def sandbox(self) -> SandboxControl:
        """The sandbox's clock and state. Raises ``SandboxError`` when a real account is configured."""
        if self._lease is None:
            raise SandboxError(
                f"This kit talks to {self.target}, not to a sandbox. Use ck.connect(sandbox=True) for one."
            )
        return self._lease.control

    @property
    def notifications(self) -> Receiver:
        """The receiver of notifications, which writes them to the log.

        With the sandbox it listens and is connected already. For a real account, start it with
        ``kit.notifications.start()`` or, to choose port and address, with ``kit.listen(...)``.
        """
        if self._lease is not None:
            return self._lease.receiver
        if self._receiver is None:
            self._receiver = self._new_receiver()
        return self._receiver

    @contextmanager
    def label(self, text: str) -> Iterator[None]:
        """Mark what is sent inside: ``with kit.label("checkout bug"): ...``; a column of the frames.

        Inside another label the inner one counts. Threads started inside do not inherit it.
        """
        check_text("label", text)
        token = transport.label.set(self.redactor.text(text))
        try:
            yield
        finally:
            transport.label.reset(token)

    @contextmanager
    def no_retries(self) -> Iterator[None]:
        """Let every refusal stand at once: ``with kit.no_retries(): ...``; a 401 is still renewed once."""
        token = retries.switched_on.set(False)
        try:
            yield
        finally:
            retries.switched_on.reset(token)

    def listen(self, port: int = 0, *, host: str = "127.0.0.1", **options: Any) -> Receiver:
        """Start a receiver for the configured account; ``options`` are those of ``Receiver``.

        Raises ``SandboxError`` with the sandbox, whose receiver listens by itself.
        """
        if self._lease is not None:
            raise SandboxError("The sandbox is connected to kit.notifications already; there is no need.")
        if self._receiver is not None:
            self._receiver.stop()
        self._receiver = self._new_receiver(port=port, host=host, **options)
        return self._receiver.start()

    def _new_pause(self, clock: SandboxControl) -> Any:
        return ClockPause(clock)

    def _new_receiver(self, **options: Any) -> Receiver:
        known = self.settings
        receiver = Receiver(
            client_secret=known.client_secret,
            account_id=known.account_id,
            client_id=known.client_id,
            redactor=self.redactor,
            host_hint=self.credentials.host(wire.MESSAGING),
            **options,
        )
        receiver.subscribe(self.log.append_notification)
        return receiver

    def _settle(self, exchange: Exchange, within: float) -> Settlement | None:
        if self.log.settle is not None:
            self.log.settle()  # what the sandbox is about to deliver comes first
        return super()._settle(exchange, within)

    def _release(self) -> None:
        if self._receiver is not None:
            self._receiver.stop()
        if self._lease is not None:
            self._lease.release()

    def _facts(self) -> list[tuple[str, str]]:
        state = [("state", "closed; connect again to go on")] if self.closed else []
        lost = self._recorder.lost
        unrecorded = [("not recorded", f"{lost} exchanges: the log could not be written")] if lost else []
        return [("talks to", self.target), *state, *super()._facts(), *unrecorded]


class Kit(_Equipped, Client):
    """A ``Client`` with a log that makes frames and, where there is no account, a sandbox of its own."""

    @property
    def scenarios(self) -> KitScenarios:
        """The catalogue of errors, ready to run: ``kit.scenarios.run("closed-conversation")``."""
        from connectorkit.experiments import KitScenarios

        if self._lease is None:
            return KitScenarios(self)
        ready = self._lease.ready
        administrator = Administrator(ready["admin_username"], Secret(ready["admin_password"]))
        return KitScenarios(
            self, self._lease.control, administrator=administrator, receiver=self._lease.receiver
        )

    @property
    def promises(self) -> KitPromises:
        """The ledger of what the service promises, ready to be checked: ``kit.promises.run("S9")``."""
        from connectorkit.experiments import KitPromises

        sandbox = None if self._lease is None else self._lease.control
        scenarios = self.scenarios
        return KitPromises(
            self, sandbox, administrator=scenarios.administrator, scenarios=scenarios, target=self.target
        )

    def replay(self, exchange: Exchange | int, **options: Any) -> Exchange:
        """Send a logged request (or that with this number) once more; returns the new exchange.

        ``consumer`` and ``ids`` as of ``connectorkit.replay.replay``, which also takes records of other logs.
        Raises ``EnvelopeError`` where the log does not hold the whole request.
        """
        record = exchange if isinstance(exchange, Exchange) else self.log.exchange(exchange)
        return replay.replay(record, self, **options)

    def replay_all(self, exchanges: Iterable[Exchange], **options: Any) -> list[Exchange]:
        """Send the requests of a run once more, in their order; see ``connectorkit.replay.replay_all``."""
        return replay.replay_all(exchanges, self, **options)

    def explore(self, **options: Any) -> Exploration:
        """Try what nobody thought of, for ``seconds`` (60), and report what the protocol does not say.

        A kit with a sandbox explores another one, without an agent, so that its own state stays; ``seed``
        makes it reproducible, and with ``sequences``, after which it ends, it reaches the same on any
        machine. An account is asked at most ``calls_per_second`` (1), and only what is refused
        or reads; ``visible=True`` also opens conversations, which agents may see, and closes them.
        What is found is kept in the folder ``keep`` (``False``: nowhere) and tried first the next time;
        ``stop_at_first`` ends there. ``progress`` is a function that is given the report now and then,
        ``True`` for a bar, ``False`` for nothing. ``executor`` has ``parts`` of it on its workers. Raises
        ``SettingsError``.
        """
        from connectorkit import explorer

        return explorer.explore_kit(self, **options)

    def load(self, **options: Any) -> LoadReport:
        """Send calls at a ``rate`` (50 a second) for a ``duration`` ("30s"), and report how long each took.

        ``options`` are those of ``connectorkit.loader.start``, and ``progress`` as of others. An account
        needs a ``rate`` of at most 100 and ``visible=True``. Interrupting ends it early, with a report.
        """
        from connectorkit import loader

        return loader.load_kit(self, **options)

    def start_load(self, **options: Any) -> LoadRun:
        """The same without waiting: what is returned has ``stop()`` and ``result()``."""
        from connectorkit import loader

        return loader.start(self, **options)

    def grade_receiver(self, url: str | None = None, **options: Any) -> ReportCard:
        """The report card of the receiver at ``url``, which is notified for this kit's app.

        Without ``url`` it is the kit's own receiver, with a view into the log, which then has what was
        sent. ``options`` are those of ``ck.grade``, but for the account.
        """
        from connectorkit import grader

        return grader.grade_kit(self, url, **options)

    def close(self) -> None:
        """Close the connections, and stop the sandbox unless another kit uses it. The log stays readable."""
        super().close()
        self._release()


class AsyncKit(_Equipped, AsyncClient):
    """The asynchronous twin of ``Kit``; calls to the sandbox's clock and state are not awaited."""

    def _new_pause(self, clock: SandboxControl) -> Any:
        return ClockPause(clock).for_tasks

    async def close(self) -> None:
        """See ``Kit.close``."""
        await super().close()
        self._release()


def connect(
    *,
    account_id: str | None = None,
    client_id: str | None = None,
    client_secret: str | Secret | None = None,
    domain_lookup: str | None = None,
    log: str | os.PathLike[str] | ResponseLog | None = None,
    scheme: str | None = None,
    timeout: float | None = None,
    proxy: str | Secret | None = None,
    sandbox: bool = False,
    seed: int | None = None,
    agent: bool = True,
    retry: RetryPolicy | bool = True,
) -> Kit:
    """A kit for the configured account, or for the sandbox where none is configured.

    What is not given comes from ``CONNECTORKIT_*`` environment variables, then from a ``.env`` file.
    ``log`` is the path of the response log, ``":memory:"``, or an open log; ``timeout`` is seconds for each
    step of the network; ``proxy`` is the URL of an HTTP proxy on the way there (no other is used, whatever
    ``HTTPS_PROXY`` says). ``sandbox=True`` ignores an account that is configured; ``seed`` makes the
    sandbox's ids and keys reproducible; ``agent=False`` leaves it without the scripted agent, who otherwise
    answers after a quarter of a second. Kits of one process share one sandbox.
    What is refused with 429 or 5xx is sent again as ``retry`` says: as the service's guide asks for
    (``True``), never, or by a ``ck.RetryPolicy``. The sandbox's clock is moved on instead of waiting.
    Raises ``SettingsError``, ``LogError`` or ``SandboxError``.
    """
    if isinstance(client_secret, str):
        client_secret = Secret(client_secret)  # so that no traceback shows it among the variables
    if isinstance(proxy, str):
        proxy = Secret(proxy)  # it may have a password in it
    given = dict(
        account_id=account_id,
        client_id=client_id,
        client_secret=client_secret,
        domain_lookup=domain_lookup,
        log=log,
        scheme=scheme,
        timeout=timeout,
        proxy=proxy,
    )
    return Kit(*connection(sandbox, seed, agent, given), retry=retry)


def connect_async(
    *,
    sandbox: bool = False,
    seed: int | None = None,
    agent: bool = True,
    retry: RetryPolicy | bool = True,
    **settings: Any,
) -> AsyncKit:
    """The same as ``connect``, for tasks; making the kit itself is not awaited."""
    for name in ("client_secret", "proxy"):
        if isinstance(settings.get(name), str):
            settings[name] = Secret(settings[name])
    return AsyncKit(*connection(sandbox, seed, agent, settings), retry=retry)
