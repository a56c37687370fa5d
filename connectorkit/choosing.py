"""Choosing among things that have names: by name, or by a pattern in which ``*`` stands for any letters."""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Collection


def matching(pattern: str, names: Collection[str], *, kind: str, listed: str) -> list[str]:
    """The names that fit. Raises ``ValueError`` where none does, with the sentence of ``unknown``."""
    found = fnmatch.filter(names, pattern)
    if not found:
        raise ValueError(unknown(pattern, names, kind=kind, listed=listed))
    return found


def unknown(name: str, names: Collection[str], *, kind: str, listed: str) -> str:
    """A sentence about a name that is none of these: the nearest one, or where they are ``listed``."""
    near = difflib.get_close_matches(name, names, n=1)
    return f"There is no {kind} {name!r}. " + (f"Did you mean {near[0]!r}?" if near else listed)
