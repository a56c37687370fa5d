"""The faults panel: choose what shall go wrong, where and how often; see what has struck."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import ipywidgets

from connectorkit import markup
from connectorkit.control import SandboxControl
from connectorkit.errors import SandboxError
from connectorkit.steering import Fault, told
from connectorkit.widgets.controls import WRAPPED, button, choice
from connectorkit.widgets.still import Still

Result = TypeVar("Result")

# What is offered; the keywords are those of ``SandboxControl.faults``.
FAULTS: Mapping[str, Mapping[str, Any]] = {
    "429, wait two seconds": {"status": 429, "retry_after": 2},
    "451, the account is blocked": {"status": 451},
    "500, the service fails": {"status": 500},
    "503, the service is away": {"status": 503},
    "503, although it was done": {"status": 503, "done": True},
    "40102, the AppJWT is refused": {"error_code": 40102},
    "40103, the ConsumerJWS is refused": {"error_code": 40103},
    "no answer, and nothing done": {"drop": "before"},
    "no answer, although it was done": {"drop": "before", "done": True},
    "half an answer": {"drop": "in"},
    "the connection ends after the answer": {"drop": "after"},
    "an answer that is cut off": {"body": "truncated"},
    "an answer that is no JSON": {"body": "malformed"},
    "an empty answer": {"body": "empty"},
    "an answer to another request": {"body": "wrong_request_id"},
    "an answer by drops": {"dribble": 200},
    "answers a fifth of a second late": {"delay": 0.2},
    "answers late, now and then very": {"delay": {"median": 0.1, "sigma": 0.8}},
    "the AppJWT expires early": {"expire": "app_jwt"},
    "a new conversation is not found for 3 s": {"slow_conversation": 3},
    "a notification comes twice": {"webhook": "duplicate"},
    "a notification is overtaken": {"webhook": "reorder"},
    "a notification is lost": {"webhook": "loss"},
}
_CALLS = ("send", "conversation", "app_jwt", "consumer_jws", "domains", "upload_file", "download_file")
_ON_NO_CALL = ("webhook", "slow_conversation")
_TIMES = (("once", 1), ("twice", 2), ("3 times", 3), ("4 times", 4), ("until switched off", 0))
_SPENT_SHOWN = 5


def faults_panel(sandbox: SandboxControl) -> FaultsPanel:
    """A panel over a sandbox's faults: ``faults_panel(kit.sandbox)``."""
    return FaultsPanel(sandbox)


class FaultsPanel(Still):
    """Switch faults on and off. What is listed is what the sandbox says; **Refresh** asks it again."""

    def __init__(self, sandbox: SandboxControl) -> None:
        self._sandbox = sandbox
        self.what = choice("What", "What shall go wrong", FAULTS)
        self.on = choice("Where", "Which call it strikes", [*_CALLS, ("every call", "")])
        self.times = choice("How often", "After how many times it stops", _TIMES)
        self.what.observe(lambda _: self._match(), "value")
        row = [
            self.what,
            self.on,
            self.times,
            button("Switch on", "Let it go wrong from now on", self._by_hand(self.submit), "primary"),
            button("Switch all off", "Let nothing go wrong any more", self._by_hand(self.clear)),
            button("Refresh", "Ask the sandbox how often each has struck", self._by_hand(self.refresh)),
        ]
        self._status = ipywidgets.HTML()
        self._list = ipywidgets.VBox()
        super().__init__([ipywidgets.HBox(row, layout=WRAPPED), self._status, self._list])
        self._by_hand(self.refresh)()

    def submit(self, **spec: Any) -> Fault:
        """Switch on what is chosen, or what is given here as for ``kit.sandbox.faults``.

        Raises ``SandboxError`` for what cannot be, and the panel says so.
        """
        fault = self._attempt(lambda: self._sandbox.faults(**(spec or self._chosen)))
        self.refresh()
        self._say(f"Fault {fault.id} is on.", True)
        return fault

    def remove(self, fault_id: str) -> None:
        """Switch one off; what it struck stays so."""
        self._attempt(lambda: self._sandbox.remove_fault(fault_id))
        self.refresh()
        self._say(f"Fault {fault_id} is off.", True)

    def clear(self) -> None:
        """Switch all off."""
        self._attempt(self._sandbox.clear_faults)
        self.refresh()
        self._say("All faults are off.", True)

    def refresh(self) -> None:
        """Ask the sandbox which faults there are, and how often each has struck."""
        listed = self._attempt(self._sandbox.all_faults)
        on = [one for one in listed if one["left"] != 0]
        spent = [one for one in listed if one["left"] == 0][-_SPENT_SHOWN:]
        self._list.children = [*map(self._row, on), *(_told(one) for one in spent)]
        self._say("No fault is on." if not on else "", None)

    def __repr__(self) -> str:
        try:
            on = self._sandbox.active_faults()
        except SandboxError as error:
            return f"<FaultsPanel: {error}>"  # a display must not fail because its subject has gone
        told = "; ".join(map(_words, on)) or "no fault is on"
        return f"<FaultsPanel: {told}; run the notebook in JupyterLab to use it>"

    @property
    def _chosen(self) -> dict[str, Any]:
        on = "" if self.on.disabled else self.on.value
        return {**FAULTS[self.what.value], "on": on or None, "times": self.times.value or None}

    def _match(self) -> None:
        self.on.disabled = any(name in FAULTS[self.what.value] for name in _ON_NO_CALL)

    def _row(self, one: Mapping[str, Any]) -> ipywidgets.HBox:
        off = button(
            "Switch off",
            f"Switch fault {one['fault_id']} off",
            self._by_hand(lambda: self.remove(one["fault_id"])),
        )
        return ipywidgets.HBox([off, _told(one)], layout=WRAPPED)

    def _attempt(self, action: Callable[[], Result]) -> Result:
        try:
            return action()
        except SandboxError as error:
            self._say(str(error), False)
            raise

    @staticmethod
    def _by_hand(action: Callable[[], Any]) -> Callable[[], None]:
        """Nobody would see a traceback of a callback; the panel has said what happened."""

        def act() -> None:
            with contextlib.suppress(SandboxError):
                action()

        return act

    def _say(self, words: str, good: bool | None) -> None:
        self._status.value = markup.note(words, good=good) if words else ""


def _told(one: Mapping[str, Any]) -> ipywidgets.HTML:
    return ipywidgets.HTML(markup.note(_words(one)))


def _words(one: Mapping[str, Any]) -> str:
    """A fault as the sandbox lists it, in one line: what it is, and what became of it."""
    spec = ", ".join(f"{name}={told(value)}" for name, value in one.items() if name not in _COUNTED)
    struck = {0: "has not struck yet", 1: "has struck once"}.get(
        one["hits"], f"has struck {one['hits']} times"
    )
    return f"{one['fault_id']}: {spec} · {struck}{', and is done' if one['left'] == 0 else ''}"


_COUNTED = ("fault_id", "hits", "left")
