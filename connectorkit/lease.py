"""The sandbox of this process: started with the first kit that wants one, stopped with the last."""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from typing import Any, ClassVar

from connectorkit.control import SandboxControl
from connectorkit.errors import LogError, SandboxError
from connectorkit.log import Notification
from connectorkit.receiver import Receiver
from connectorkit.redact import Secret
from connectorkit.response_log import ResponseLog
from connectorkit.sandbox.launch import ChildSandbox, LaunchFailed

# The process too: a forked one must not take its parent's sandbox for its own, whose pipe is the parent's.
Key = tuple[int, int | None, bool]
_LAST_SECONDS = 0.2  # for notifications of what was done just before a kit is closed


class Ready(dict[str, Any]):
    """What a sandbox says when it is ready, secrets included; a traceback shows its address only."""

    def __repr__(self) -> str:
        return f"<Ready: {self.get('base_url')}>"


class Running:
    """A sandbox in a child process, and in this process the receiver that it notifies."""

    def __init__(self, seed: int | None, agent: bool) -> None:
        # The server library takes its time to import; the child starts meanwhile.
        importing = threading.Thread(target=_import_server, daemon=True)
        importing.start()
        try:
            self.child = ChildSandbox(seed=seed, agent=agent)
        except (LaunchFailed, OSError) as error:
            raise SandboxError(str(error)) from None
        importing.join()
        ready = Ready(self.child.ready)
        self._shares: dict[object, ResponseLog] = {}
        self._logs: list[ResponseLog] = []
        self.receiver = Receiver(
            client_secret=Secret(ready["client_secret"]),
            account_id=ready["account_id"],
            client_id=ready["client_id"],
            host_hint=ready["base_url"].partition("//")[2],
        )
        self.receiver.subscribe(self._record)
        self._control = self.new_control()
        try:
            self.receiver.start()
            self._control.webhook(self.receiver.url)
        except BaseException:
            self.stop()
            raise

    def new_control(self) -> SandboxControl:
        """A control of the sandbox, to be closed by whoever asked for it."""
        ready = Ready(self.child.ready)
        return SandboxControl(ready["base_url"], Secret(ready["control_token"]))

    def share(self, share: object, log: ResponseLog) -> None:
        """One more user, who wants notifications in this log, which waits for them before it is read."""
        self._change(self._shares | {share: log})
        log.settle = self.settle

    def give_back(self, share: object) -> bool:
        """One user less; whether that was the last."""
        shares = dict(self._shares)
        log = shares.pop(share, None)
        self._change(shares)
        # Several kits may have one log, and another may have sat down with it since.
        if log is not None and log.settle == self.settle and not any(log is one for one in shares.values()):
            log.settle = None
        return not shares

    def settle(self, seconds: float = 1.0) -> None:
        """Wait for notifications under way. Where the sandbox has gone, none are: nothing happens."""
        with contextlib.suppress(SandboxError):
            self._control.settle(seconds)

    def stop(self) -> None:
        """Stop both; returns when they have."""
        self.receiver.stop()
        self.child.stop()
        self._control.close()

    def _change(self, shares: dict[object, ResponseLog]) -> None:
        # A file that is open in several logs is written once.
        distinct = {log.identity: log for log in reversed(shares.values())}
        self._shares, self._logs = shares, list(distinct.values())

    def _record(self, notification: Notification) -> Notification | None:
        """Write it to every log. One that cannot be written to is no reason to send the others twice."""
        recorded, failure = [], None
        for log in self._logs:
            try:
                recorded.append(log.append_notification(notification))
            except LogError as error:
                failure = error
        if failure is not None and not recorded:
            raise failure
        return recorded[0] if recorded else None


class Lease:
    """One kit's share in this process's sandbox; the sandbox stops with the last share.

    Notifications go to ``log``. A share whose kit was thrown away without ``close()`` is given back by the
    garbage collector.
    """

    _lock = threading.Lock()
    _running: ClassVar[dict[Key, Running]] = {}

    def __init__(self, seed: int | None, agent: bool, log: ResponseLog) -> None:
        key, share = (os.getpid(), seed, agent), object()
        with self._lock:
            running = self._running.get(key)
            if running is None or not running.child.alive:
                if running is not None:
                    running.stop()  # the child died; its pipes are still here
                running = self._running[key] = Running(seed, agent)
            running.share(share, log)
        self.ready = Ready(running.child.ready)
        self.receiver = running.receiver
        self._sandbox = running
        self.control = running.new_control()
        self._return = (key, share, running, self.control)
        self._finalizer = weakref.finalize(self, _give_back_apart, *self._return)

    def release(self) -> None:
        """Give the share back; returns when the sandbox has stopped, if it was the last.

        What is under way at that moment is waited for, so that the log has it.
        """
        if self._finalizer.detach() is not None:
            self._sandbox.settle(_LAST_SECONDS)
            self._give_back(*self._return)

    @classmethod
    def _give_back(cls, key: Key, share: object, running: Running, control: SandboxControl) -> None:
        control.close()
        with cls._lock:
            if running.give_back(share) and cls._running.get(key) is running:
                del cls._running[key]
                running.stop()


def _give_back_apart(*share: Any) -> None:
    """The collector may run in a thread that holds the lock: give back in another, which can wait."""
    try:
        threading.Thread(target=Lease._give_back, args=share, daemon=True).start()
    except RuntimeError:  # the interpreter is ending and starts no threads; nobody holds the lock
        Lease._give_back(*share)


def _import_server() -> None:
    import connectorkit.serving  # noqa: F401
