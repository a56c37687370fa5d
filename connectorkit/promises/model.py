"""What a promise is: a sentence, what to do to see whether it is kept, and what must then be observed.

A probe is a small function of a ``Bench``. It prepares what it needs with the bench's verbs, does the one
thing the promise is about, and returns what it observed as plain JSON values, which are compared with the
literal ``expected``. What fails while preparing makes the row "not observed", never "broken". A promise whose
behaviour is in the catalogue of scenarios names those instead: see ``played.scenario``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from connectorkit.markup import Shown
from connectorkit.promises.played import Played

if TYPE_CHECKING:
    from connectorkit.promises.bench import Bench

Mark = Literal["S", "P", "C", "R"]
OnAccount = Literal["harmless", "visible", ""]
Probe = Callable[["Bench"], Any]

# Whose word a row is, by the first letter of its id.
_MARK_OF: dict[str, Mark] = {"S": "S", "P": "P", "C": "C", "R": "R", "Q": "C", "X": "R"}
MARKS: dict[str, str] = {
    "S": "the API overview",
    "P": "the public documents",
    "C": "what real clients rely on",
    "R": "a ruling of this kit, where nothing else decides",
}


@dataclass(frozen=True)
class Reading(Shown):
    """One side of a contradiction: what it says, where that stands, and what would then be observed."""

    says: str
    source: str
    observed: Any


@dataclass(frozen=True)
class Promise(Shown):
    """One promise.

    ``id`` is the number of a sentence of the API overview (``S9``) or of a client's quirk (``Q16``), the
    section and a word (``P3.3-exp``, ``C2.1-suffix``), or ``X`` and a number for a contradiction. ``says`` is
    one plain sentence, ``section`` where it stands in the protocol reference. ``on_account`` says whether a
    real account may be bothered with it, ``never`` why not, where that is not plain. A contradiction has its
    ``readings``, and the ``ruling`` that the sandbox and the kit follow; ``expected`` is the ruled one.
    """

    id: str
    says: str
    mark: Mark
    section: str
    probe: Probe | Played
    expected: Any = None
    on_account: OnAccount = ""
    never: str = ""
    readings: tuple[Reading, ...] = ()
    ruling: str = ""
    topic: str = ""

    @property
    def why_never(self) -> str:
        """Why it is not for a real account; empty where it is."""
        return "" if self.bother else self.never or "needs the sandbox"

    @property
    def bother(self) -> OnAccount:
        """How much a real account is bothered with it; empty where it must not be."""
        if isinstance(self.probe, Played) and not self.never:
            return self.on_account or self.probe.on_account
        return self.on_account

    @property
    def account(self) -> str:
        """Whether a real account may be bothered with it, in words."""
        words = {
            "harmless": "harmless: no agent hears of it",
            "visible": "opens a conversation, which agents may see, and closes it",
        }
        return words.get(self.bother) or f"no: {self.why_never}"

    @property
    def foreseen(self) -> str:
        """What must be observed, in one line."""
        return self.probe.foreseen if isinstance(self.probe, Played) else in_words(self.expected)

    def row(self) -> dict[str, Any]:
        """Its row in the frame of the ledger."""
        return {
            "promise": self.id,
            "topic": self.topic,
            "says": self.says,
            "mark": self.mark,
            "section": self.section,
            "expected": self.foreseen,
            "readings": " | ".join(f"{r.source}: {r.says}" for r in self.readings) or None,
            "ruling": self.ruling or None,
            "on_account": self.account,
        }


class Rows:
    """The rows of one topic, as they are written down.

    >>> rows = Rows()
    >>> @rows.promise("S36", "sequence counts sends: 0, 2, 4.", "7.4", {"sequence": [0, 2, 4]})
    ... def _counted(bench): ...
    >>> rows.add("P8.1-40105", "…", "8.1", scenario("missing-app-jwt", "body.errorCode"))  # doctest: +SKIP
    >>> [row.id for row in rows.all]
    ['S36']
    """

    def __init__(self) -> None:
        self._rows: list[Promise] = []

    @property
    def all(self) -> tuple[Promise, ...]:
        """What was written down so far."""
        return tuple(self._rows)

    def add(
        self, id: str, says: str, section: str, probe: Probe | Played, expected: Any = None, **how: Any
    ) -> None:
        """A row with a probe that stands elsewhere; ``how`` are the other members of ``Promise``."""
        mark = how.pop("mark", None) or _MARK_OF[id[0]]
        self._rows.append(Promise(id, says, mark, section, probe, expected, **how))

    def promise(
        self, id: str, says: str, section: str, expected: Any, **how: Any
    ) -> Callable[[Probe], Probe]:
        """The row of the probe below it."""

        def noted(probe: Probe) -> Probe:
            self.add(id, says, section, probe, expected, **how)
            return probe

        return noted

    def contradiction(
        self, id: str, says: str, section: str, *readings: Reading, ruling: str, ruled: int = 0, **how: Any
    ) -> Callable[[Probe], Probe]:
        """The row of a contradiction; ``ruled`` is the place of the reading that is followed."""
        expected = readings[ruled].observed
        return self.promise(id, says, section, expected, readings=readings, ruling=ruling, **how)


def in_words(value: Any) -> str:
    """What was or is to be observed, in one line."""
    if isinstance(value, dict):
        return "; ".join(f"{name}: {in_words(member)}" for name, member in value.items()) or "nothing"
    if isinstance(value, list | tuple):
        return ", ".join(in_words(item) for item in value) or "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "null" if value is None else str(value)
