"""The kit's side of the sandbox's control API: its clock, its agents, its settings, a fresh start."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import datetime
from typing import Any

import httpx

from connectorkit import latency, markup
from connectorkit.errors import SandboxError
from connectorkit.redact import Redactor, Secret
from connectorkit.steering import FAULTS_PATH, Agent, Fault, HasId, Latency

_TIMEOUT_SECONDS = 10.0
_LONG_TIMEOUT_SECONDS = 120.0  # what falls due while time is advanced is done before the answer


class SandboxControl:
    """Steers one running sandbox. Control calls are not part of the API, so they are not in the log."""

    def __init__(self, base_url: str, control_token: Secret) -> None:
        self.base_url = base_url
        self._token = control_token
        self._redactor = Redactor(control_token)  # for logging, as long as this lives
        self._http = httpx.Client(base_url=base_url, trust_env=False, auth=_Bearer(control_token))

    def about(self) -> dict[str, Any]:
        """What the sandbox imitates and what it does not."""
        return self.call("GET", "/sandbox/about")

    def now(self, *, timeout: float = _LONG_TIMEOUT_SECONDS) -> datetime:
        """The time it is in the sandbox (UTC); it has ``timeout`` seconds to tell it."""
        return datetime.fromisoformat(self.call("GET", "/sandbox/clock", timeout=timeout)["now"])

    def advance(self, *, hours: float = 0, minutes: float = 0, seconds: float = 0) -> datetime:
        """Let time pass in the sandbox at once; returns the new time there. Never backwards.

        What falls due meanwhile is done before this returns, deliveries included.
        """
        total = hours * 3600 + minutes * 60 + seconds
        if not 0 <= total < float("inf"):
            raise SandboxError(
                f"Time cannot be advanced by {total} s. Pass hours=, minutes= or seconds= from 0 up."
            )
        moved = self.call("POST", "/sandbox/clock", {"advance_seconds": total})
        return datetime.fromisoformat(moved["now"])

    def agent(self, conversation: str | HasId) -> Agent:
        """Play the agent of a conversation: ``kit.sandbox.agent(talk).text("Hello")``."""
        named = getattr(conversation, "id", conversation)
        if not isinstance(named, str):
            raise SandboxError(f"{conversation!r} is no conversation. Pass what open() returned, or its id.")
        return Agent(self, named)

    def settings(self, **changes: Any) -> dict[str, Any]:
        """What can be set in the sandbox, after the changes given.

        Such as ``survey``, ``auto_messages``, ``agent_script``, ``signature_algorithm``; see ``about()``.
        """
        if changes:
            return self.call("POST", "/sandbox/settings", changes)
        return self.call("GET", "/sandbox/settings")

    def webhook(self, url: str | None, *, retention_seconds: int | None = None) -> None:
        """Have the sandbox's app notified of everything at this address, or nowhere.

        What could not be delivered is kept for ``retention_seconds``, 2 to 259 200; an hour if not said.
        """
        retention = {} if retention_seconds is None else {"retention_time": retention_seconds}
        self.call("POST", "/sandbox/webhook", {"url": url, **retention})

    def deliveries(self) -> dict[str, Any]:
        """Each attempt to deliver a notification, the state of each app, and warnings.

        ``frames.deliveries`` makes a frame of the attempts.
        """
        return self.call("GET", "/sandbox/deliveries")

    def settle(self, seconds: float = 1.0) -> bool:
        """Wait, at most so long, until the agent and the deliveries have nothing to do; whether they have."""
        return bool(self.call("POST", "/sandbox/settle", {"seconds": seconds})["settled"])

    def faults(self, **spec: Any) -> Fault:
        """Let something go wrong from now on, until the fault returned is removed or its ``with`` ends.

        Say what with one of ``status`` (400 to 599), ``error_code`` (40001, 40102 to 40105), ``drop``
        (``before``, ``in`` or ``after`` the answer), ``body`` (``truncated``, ``malformed``, ``empty``,
        ``wrong_request_id``), ``dribble`` (bytes per second), ``expire`` (``app_jwt``),
        ``slow_conversation`` (seconds), ``webhook`` (``duplicate``, ``reorder``, ``loss``). A ``delay`` in
        seconds, or ``{"median": 0.2, "sigma": 0.8}``, may be added or stand alone.

        Say where with ``on``: a call as the log names it, such as ``send``, or a list; else every call.
        Say how often with ``times``, ``probability`` and ``skip`` (so many calls pass first).
        ``retry_after`` goes with a status; ``done=True`` carries the request out all the same.
        Raises ``SandboxError`` with a sentence for what cannot be.
        """
        spec = {name: value for name, value in spec.items() if value is not None}
        return Fault(self, str(self.call("POST", FAULTS_PATH, spec)["fault_id"]), spec)

    def latency(
        self,
        profile: Any,
        *,
        ms: float | None = None,
        median_ms: float | None = None,
        p99_ms: float | None = None,
        on: str | Sequence[str] | None = None,
    ) -> Latency:
        """Let answers come late from now on, until what is returned is removed or its ``with`` ends.

        ``latency("fixed", ms=80)`` is always as late; ``latency("lognormal", median_ms=60, p99_ms=400)`` is
        now and then much later; ``latency(kit.log.timings())`` is as late as the calls of that log waited
        for their answers, operation by operation: of an account's log, the sandbox is as slow as that
        account was. It may be a frame of an exported Parquet file, a log, or a mapping of operations to
        milliseconds. ``"off"`` switches every profile off.

        ``on`` names one call or a list, else it is for every call, or for those the recording has. A call
        has one profile at a time, the last. Seconds go by the sandbox's clock, and what is drawn depends on
        its seed. Raises ``SandboxError`` with a sentence for what cannot be.
        """
        if profile is None or (isinstance(profile, str) and profile == latency.OFF):
            for one in self.all_faults():
                if "profile" in one:
                    self.remove_fault(one["fault_id"])
            return Latency([])
        specs = latency.specs(profile, ms=ms, median_ms=median_ms, p99_ms=p99_ms, on=on)
        return Latency([self.faults(**spec) for spec in specs])

    def active_faults(self) -> list[dict[str, Any]]:
        """The faults that can still strike, oldest first, each with ``fault_id``, ``hits`` and ``left``."""
        return [one for one in self.all_faults() if one["left"] != 0]

    def all_faults(self) -> list[dict[str, Any]]:
        """The same, and the latest of those that have struck as often as they should."""
        return list(self.call("GET", FAULTS_PATH)["faults"])

    def remove_fault(self, fault_id: str) -> None:
        """Let one strike no more, by its id; what it struck stays so."""
        self.call("DELETE", FAULTS_PATH, {"fault_id": fault_id})

    def clear_faults(self) -> None:
        """Let nothing go wrong any more."""
        self.call("DELETE", FAULTS_PATH)

    def snapshot(self) -> str:
        """Remember everything that was said and set; returns an id for ``restore``."""
        return str(self.call("POST", "/sandbox/snapshot")["snapshot_id"])

    def restore(self, snapshot_id: str) -> None:
        """Return to a snapshot, as often as you like."""
        self.call("POST", "/sandbox/restore", {"snapshot_id": snapshot_id})

    def state(self) -> dict[str, Any]:
        """Profiles, conversations and warnings as the sandbox holds them."""
        return self.call("GET", "/sandbox/state")

    def reset(self) -> None:
        """Forget profiles and conversations and return to real time; tokens issued before stay genuine."""
        self.call("POST", "/sandbox/reset")

    def teach(self, redactor: Redactor) -> None:
        """Let a redactor know the token of the control API."""
        redactor.learn(self._token)

    def close(self) -> None:
        """Close the connection; the sandbox goes on."""
        self._http.close()

    def call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        timeout: float = _LONG_TIMEOUT_SECONDS,
    ) -> dict[str, Any]:
        """Any call of the control API, as ``about()`` lists them; raises ``SandboxError``."""
        if self._http.is_closed:
            raise SandboxError("This kit is closed. Connect again with ck.connect() to go on.")
        response = None
        try:
            response = self._http.request(method, path, json=body, timeout=timeout)
        except httpx.TimeoutException:
            failure = SandboxError(
                f"The sandbox has not answered within {timeout:g} s. It may wait for a slow receiver: "
                "make that answer at once, or let less time pass in one step."
            )
        except httpx.TransportError as error:
            failure = SandboxError(
                f"The sandbox at {self.base_url} does not answer ({error}). Connect again to start a new one."
            )
        if response is None:  # raised here, so that it has no context whose frames hold the token
            raise failure
        try:
            answer = dict(response.json())
        except (TypeError, ValueError):
            raise SandboxError(f"What answers at {self.base_url} is no sandbox. Connect again.") from None
        if response.status_code != 200:
            raise SandboxError(f"The sandbox refused: {answer.get('error')} ({response.status_code}).")
        return answer

    def __repr__(self) -> str:
        return f"<SandboxControl of {self.base_url}>"

    def _repr_html_(self) -> str:
        try:
            time_there = self.call("GET", "/sandbox/clock", timeout=_TIMEOUT_SECONDS)["now"]
        except SandboxError as error:
            time_there = str(error)  # a display must not fail because its subject has gone
        return markup.facts("Sandbox", [("address", self.base_url), ("time there", time_there)])


class _Bearer(httpx.Auth):
    """Puts the token in below everything whose variables a traceback may show."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        yield request
