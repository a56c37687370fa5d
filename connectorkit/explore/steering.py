"""Steps that steer the sandbox: its clock, its settings, what goes wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectorkit.explore import surveying
from connectorkit.explore.model import Model, Span
from connectorkit.explore.source import source
from connectorkit.explore.steps import Anytime, Verdict, Written


@dataclass(frozen=True)
class Wait(Anytime):
    """Time passes: so many seconds, or until so many before (negative) or after something expires.

    ``until`` is ``"token"`` for the AppJWT that was put aside, or ``"file 1"`` for a file URL.
    """

    seconds: float
    until: str = ""

    @property
    def event(self) -> str:
        """Its name in the report."""
        return f"until the {self.until.split()[0]} expires" if self.until else "time passes"

    def _end(self, model: Model) -> float | None:
        if self.until == "token":
            return model.token_expires
        file = model.file(int(self.until.split()[1]))
        return None if file is None else file.expires.earliest

    def possible(self, model: Model) -> bool:
        """Whether it can be done now."""
        if model.deaf and (self.until or self.seconds > _WHILE_DEAF):
            return False  # what is kept an hour would be lost
        if self.seconds > _WHILE_ASKED and any(talk.survey == "OPEN" for talk in model.talks):
            return False  # a survey ends after a week
        if any("on" in fault for fault in model.faults):
            return False  # the kit's own token could expire, and be what the fault strikes
        if not self.until:
            return True
        end = self._end(model)
        return end is not None and model.now().latest < end + self.seconds

    def written(self, model: Model) -> Written:
        """Its lines in a cell."""
        if not self.until:
            return Written.of(f"now = kit.sandbox.advance(seconds={self.seconds:g})")
        end = 'token.claims["exp"]'
        if self.until != "token":
            end = f"int({model.files[int(self.until.split()[1]) - 1].name}.expires)"
        left = f"{end} - kit.sandbox.now().timestamp()"
        return Written.of(
            f"now = kit.sandbox.advance(seconds={left} {'+-'[self.seconds < 0]} {abs(self.seconds):g})"
        )

    def judged(self, model: Model, when: Span) -> Verdict:
        """What falls due meanwhile: the system closes what has waited too long for its consumer."""
        verdict, longest = Verdict(), model.settings.get("auto_close_seconds")
        model.waited += when.latest - when.earliest
        model.passed += when.latest - when.earliest
        for talk in model.talks:
            if longest is None or talk.closed or not talk.answered:
                continue
            least = when.latest - talk.answered_at.earliest, when.earliest - talk.answered_at.latest
            if least[0] < longest:
                continue
            if model.now().earliest - talk.answered_at.latest < longest + AUTO_CLOSE_CHECK_SECONDS:
                verdict.open = True  # it is looked at every 25 minutes, from when nobody knows
                return verdict
            surveying.close(model, talk, "SYSTEM", None, when, survey=False)
        return verdict


AUTO_CLOSE_CHECK_SECONDS = 1500
_WHILE_DEAF, _WHILE_ASKED, _WHILE_FRESH = 61, 3660, 250  # seconds


@dataclass(frozen=True)
class Break(Anytime):
    """A fault is switched on, for one time: the keywords of ``kit.sandbox.faults``."""

    fault: tuple[tuple[str, Any], ...]

    @property
    def event(self) -> str:
        """Its name in the report."""
        return "fault"

    @property
    def name(self) -> str:
        """What goes wrong, for the report of what was covered."""
        return fault_name(dict(self.fault))

    def possible(self, model: Model) -> bool:
        """Whether it can be done now."""
        # Two of a kind at once would leave open which strikes first.
        return not model.faults and not model.deaf and model.waited < _WHILE_FRESH

    def written(self, model: Model) -> Written:
        """Its lines in a cell."""
        given = ", ".join(f"{name}={source(value)}" for name, value in self.fault)
        return Written.of(f"fault = kit.sandbox.faults({given}, times=1)")

    def judged(self, model: Model, when: Span) -> Verdict:
        """What must have come of it."""
        model.faults.append(dict(self.fault))
        return Verdict()


def fault_name(fault: dict[str, Any]) -> str:
    """A fault in a few letters: ``status 503``, ``drop before``, ``webhook loss``."""
    what = next(name for name in fault if name not in ("on", "retry_after", "done"))
    return f"{what} {fault[what]}"


FAULTS: tuple[tuple[tuple[str, Any], ...], ...] = (
    *((("status", status), ("on", "send")) for status in (404, 429, 500, 502, 503, 504, 451)),
    *((("status", status), ("on", "conversation")) for status in (429, 500, 503)),
    (("status", 429), ("retry_after", 7), ("on", "send")),
    (("status", 503), ("on", "send"), ("done", True)),
    *((("error_code", code), ("on", "send")) for code in (40001, 40102, 40103, 40104, 40105)),
    *((("error_code", code), ("on", "conversation")) for code in (40001, 40103)),
    (("drop", "before"), ("on", "send")),
    (("drop", "before"), ("on", "send"), ("done", True)),
    (("drop", "in"), ("on", "send")),
    (("drop", "after"), ("on", "send")),
    *((("body", how), ("on", "send")) for how in ("truncated", "malformed", "empty", "wrong_request_id")),
    (("expire", "app_jwt"), ("on", "send")),
    (("slow_conversation", 30),),
    *((("webhook", how),) for how in ("duplicate", "loss", "reorder")),
)
