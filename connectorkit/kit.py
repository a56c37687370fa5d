"""``connect()``: a client for the configured account, or for a sandbox that is started on the spot."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from connectorkit import settings
from connectorkit.client import AsyncClient, BaseClient, Client
from connectorkit.control import SandboxControl
from connectorkit.errors import SandboxError, SettingsError
from connectorkit.redact import Secret
from connectorkit.response_log import ResponseLog
from connectorkit.sandbox.launch import ChildSandbox, LaunchFailed
from connectorkit.scenarios import Outcome, Scenarios
from connectorkit.settings import Settings

if TYPE_CHECKING:
    import pandas as pd


class _Equipped(BaseClient):
    """What a kit has beyond a client: a log that makes frames and, without an account, a sandbox."""

    log: ResponseLog

    def __init__(self, settings: Settings, log: ResponseLog, lease: Lease | None, **options: Any) -> None:
        super().__init__(settings, log=log, **options)
        self._lease = lease

    @property
    def target(self) -> str:
        """What this kit talks to, in words."""
        if self._lease is None:
            return f"account {self.settings.account_id}"
        return f"the sandbox at {self.settings.domain_lookup}"

    @property
    def sandbox(self) -> SandboxControl:
        """The sandbox's clock and state. Raises ``SandboxError`` when a real account is configured."""
        if self._lease is None:
            raise SandboxError(
                f"This kit talks to {self.target}, not to a sandbox. Use ck.connect(sandbox=True) for one."
            )
        return self._lease.control

    def _release(self) -> None:
        if self._lease is not None:
            self._lease.release()

    def _facts(self) -> list[tuple[str, str]]:
        return [("talks to", self.target), *super()._facts()]


class Kit(_Equipped, Client):
    """A ``Client`` with a log that makes frames and, where there is no account, a sandbox of its own."""

    @property
    def scenarios(self) -> KitScenarios:
        """The catalogue of errors, ready to run: ``kit.scenarios.run("closed-conversation")``."""
        return KitScenarios(self, self._lease.control if self._lease else None)

    def close(self) -> None:
        """Close the connections, and stop the sandbox unless another kit uses it. The log stays readable."""
        super().close()
        self._release()


class KitScenarios(Scenarios):
    """The catalogue, whose results become a frame."""

    def catalogue(self) -> pd.DataFrame:
        """What there is: one row per scenario."""
        from connectorkit import frames

        return frames.catalogue()

    def run_all(self, progress: Callable[[Outcome], None] | None = None) -> pd.DataFrame:
        """Run everything; one row per scenario, the expected beside the observed."""
        from connectorkit import frames

        return frames.outcomes(self.play_all(progress))


class AsyncKit(_Equipped, AsyncClient):
    """The asynchronous twin of ``Kit``; calls to the sandbox's clock and state are not awaited."""

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
    sandbox: bool = False,
    seed: int | None = None,
) -> Kit:
    """A kit for the configured account, or for the sandbox where none is configured.

    What is not given comes from ``CONNECTORKIT_*`` environment variables, then from a ``.env`` file.
    ``log`` is the path of the response log, ``":memory:"``, or an open log; ``timeout`` is seconds for each
    step of the network. ``sandbox=True`` ignores an account that is configured; ``seed`` makes the
    sandbox's ids and keys reproducible. Kits of one process share one sandbox.
    Raises ``SettingsError``, ``LogError`` or ``SandboxError``.
    """
    given = dict(
        account_id=account_id,
        client_id=client_id,
        client_secret=client_secret,
        domain_lookup=domain_lookup,
        log=log,
        scheme=scheme,
        timeout=timeout,
    )
    return Kit(*_connection(sandbox, seed, given))


def connect_async(*, sandbox: bool = False, seed: int | None = None, **settings: Any) -> AsyncKit:
    """The same as ``connect``, for tasks; making the kit itself is not awaited."""
    return AsyncKit(*_connection(sandbox, seed, settings))


def _connection(
    sandbox: bool, seed: int | None, given: dict[str, Any]
) -> tuple[Settings, ResponseLog, Lease | None]:
    open_log = given.pop("log", None)
    if not isinstance(open_log, ResponseLog):
        given["log"], open_log = None if open_log is None else str(_checked_path(open_log)), None
    log_path, timeout = settings.log_and_timeout(**given)
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool)):
        raise SettingsError(f"Seed is {seed!r}, allowed are whole numbers. Leave it out for a new one.")
    configured = None if sandbox else settings.load(**given)
    if configured is not None:
        return configured, open_log or ResponseLog(log_path), None
    lease = Lease(seed)
    try:
        ready = lease.ready
        return (
            Settings(
                account_id=ready["account_id"],
                client_id=ready["client_id"],
                client_secret=Secret(ready["client_secret"]),
                domain_lookup=ready["base_url"],
                scheme="http",
                timeout=timeout,
                log=log_path,
            ),
            open_log or ResponseLog(log_path),
            lease,
        )
    except BaseException:
        lease.release()
        raise


def _checked_path(log: Any) -> str | os.PathLike[str]:
    if not isinstance(log, str | os.PathLike):
        raise SettingsError(f'log is {log!r}. Pass a path, ":memory:", or an open ck.ResponseLog.')
    return log


class Lease:
    """One kit's share in this process's sandbox; the sandbox stops with the last share.

    A share whose kit was thrown away without ``close()`` is given back by the garbage collector.
    """

    _lock = threading.Lock()
    _running: ClassVar[dict[tuple[int, int | None], tuple[ChildSandbox, set[object]]]] = {}

    def __init__(self, seed: int | None) -> None:
        # A forked process must not take its parent's sandbox for its own: the pipe is the parent's.
        key, share = (os.getpid(), seed), object()
        with self._lock:
            child, shares = self._running.get(key, (None, set[object]()))
            if child is None or not child.alive:
                if child is not None:
                    child.stop()  # it died; its pipes are still here
                child, shares = _launch(seed), set()
                self._running[key] = child, shares
            shares.add(share)
        self.ready: dict[str, Any] = child.ready
        self.control = SandboxControl(self.ready["base_url"], Secret(self.ready["control_token"]))
        self._return = (key, share, child, self.control)
        self._finalizer = weakref.finalize(self, _give_back_apart, *self._return)

    def release(self) -> None:
        """Give the share back; returns when the sandbox has stopped, if it was the last."""
        if self._finalizer.detach() is not None:
            self._give_back(*self._return)

    @classmethod
    def _give_back(
        cls, key: tuple[int, int | None], share: object, child: ChildSandbox, control: SandboxControl
    ) -> None:
        control.close()
        with cls._lock:
            running, shares = cls._running.get(key, (None, set[object]()))
            if running is not child:
                return
            shares.discard(share)
            if not shares:
                del cls._running[key]
                child.stop()


def _give_back_apart(*share: Any) -> None:
    """The collector may run in a thread that holds the lock: give back in another, which can wait."""
    try:
        threading.Thread(target=Lease._give_back, args=share, daemon=True).start()
    except RuntimeError:  # the interpreter is ending and starts no threads; nobody holds the lock
        Lease._give_back(*share)


def _launch(seed: int | None) -> ChildSandbox:
    try:
        return ChildSandbox(seed=seed)
    except (LaunchFailed, OSError) as error:
        raise SandboxError(str(error)) from None
