"""Steps about notifications: what was heard, and a receiver that is down for some time."""

from __future__ import annotations

from dataclasses import dataclass

from connectorkit.explore import hearing
from connectorkit.explore.expecting import Check
from connectorkit.explore.model import Model, Span
from connectorkit.explore.steering import Wait
from connectorkit.explore.steps import SETTLED, Anytime, Plain, Verdict, Written


@dataclass(frozen=True)
class Deafen(Anytime):
    """Nobody listens for notifications any more; they are kept for an hour."""

    @property
    def event(self) -> str:
        """Its name in the report."""
        return "receiver down"

    def possible(self, model: Model) -> bool:
        """Whether it can be done now."""
        return not model.deaf and not model.faults

    def written(self, model: Model) -> Written:
        """Its lines in a cell."""
        return Written.of(
            "settled = any(kit.sandbox.settle(1) for _ in range(30))", "kit.notifications.stop()"
        )

    def judged(self, model: Model, when: Span) -> Verdict:
        """What must have come of it."""
        model.deaf = True
        return Verdict()


@dataclass(frozen=True)
class Recover(Anytime):
    """Somebody listens again, and after ten minutes everything has come: retries pause five at most."""

    @property
    def event(self) -> str:
        """Its name in the report."""
        return "receiver up again"

    def possible(self, model: Model) -> bool:
        """Whether it can be done now."""
        return model.deaf

    def written(self, model: Model) -> Written:
        """Its lines in a cell."""
        return Written.of("kit.notifications.start()", "now = kit.sandbox.advance(minutes=10)")

    def judged(self, model: Model, when: Span) -> Verdict:
        """What must have come of it."""
        model.deaf = False
        return Wait(600).judged(model, when)


@dataclass(frozen=True)
class Listen(Plain):
    """What was heard of a conversation: every notification exactly once, in order, with the right words."""

    talk: int = 1

    @property
    def event(self) -> str:
        """Its name in the report."""
        return "notifications"

    def situation(self, model: Model) -> str:
        """The state in which it happens."""
        talk = model.talk(self.talk)
        return "unknown" if talk is None else talk.situation

    def possible(self, model: Model) -> bool:
        """Whether it can be done now."""
        return model.talk(self.talk) is not None and not model.deaf

    def written(self, model: Model) -> Written:
        """Its lines in a cell."""
        name = model.talks[self.talk - 1].name
        return Written.of(
            SETTLED,
            f"notes = list(kit.log.read_notifications(conversation={name}))",
            "heard = [note.json() for note in notes]",
        )

    def judged(self, model: Model, when: Span) -> Verdict:
        """What must have come of it."""
        talk = model.talks[self.talk - 1]
        expected = hearing.expected(model, talk)
        sender = "(note.signature, note.account_id == account, note.client_id == client)"
        wrong = f'{{{sender} for note in notes}} - {{("valid", True, True)}}'
        verdict = Verdict([Check(wrong, set(), "9.5")])
        types = '{dict(note.headers)["content-type"] for note in notes}'
        verdict.expect(f'{types} - {{"application/json; charset=utf-8"}}', set(), "9.5")
        if talk.order_open:
            verdict.expect("len(heard)", len(expected), "9.7")
        else:
            verdict.expect("heard", expected, "9.4")
        return verdict
