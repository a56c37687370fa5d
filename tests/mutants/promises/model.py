"""What breaks one promise: a defect of the sandbox, and which other rows it drags along, if it must."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.mutants.planted import Defect


@dataclass(frozen=True)
class Breaks:
    """A defect that breaks one promise: ``old`` becomes ``new`` in ``file``, a path below ``connectorkit``.

    ``old`` stands there once. ``along`` are the other promises that it breaks too, each with the reason:
    only where two sentences promise the same, so that no defect can break one of them alone.
    """

    file: str
    old: str
    new: str
    along: Mapping[str, str] = field(default_factory=dict)

    def defect(self, promise_id: str) -> Defect:
        """To be planted."""
        return Defect(promise_id, self.file, self.old, self.new, "the promise of that id")
