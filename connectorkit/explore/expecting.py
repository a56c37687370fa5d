"""What is expected of a value, and the first place where a value differs from it, as one assertion."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from connectorkit.explore.source import Code, source
from connectorkit.markup import Shown

Path = tuple[str | int, ...]
_MISSING = object()
_SHOWN = 160  # characters of a value in a message


@dataclass(frozen=True)
class Anything:
    """Whatever it is: no document says."""


@dataclass(frozen=True)
class Optional:
    """A member that may be left out, and if it is there is like this."""

    like: Any


@dataclass(frozen=True)
class Pattern:
    """A text of which only the form is known; ``called`` says which."""

    regex: str
    called: str


@dataclass(frozen=True)
class Between:
    """A number from ``least`` to ``most``, both included."""

    least: float
    most: float


@dataclass(frozen=True)
class Moment:
    """An integer that tells a time from ``least`` to ``most``, in ``per_second`` parts of a second.

    ``ago`` is how many seconds before the end of the steps that was: a cell that is run later knows no more.
    """

    least: float
    most: float
    per_second: int
    ago: float


@dataclass(frozen=True)
class Off:
    """An integer that is so much more than what stands at another place, ``within`` a tolerance."""

    path: Path
    by: int
    within: int = 0


@dataclass(frozen=True)
class Among:
    """One of these."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Peer:
    """The same as what stands at another place of the whole value."""

    path: Path


@dataclass(frozen=True)
class Later:
    """An integer that is greater than what stands at another place."""

    path: Path


UUID = Pattern(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "a UUID")


@dataclass(frozen=True)
class Check(Shown):
    """What is looked at after a step: an expression, what its value must be like, and where that stands."""

    look: str
    like: Any
    section: str


@dataclass(frozen=True)
class Difference:
    """The first place where a value is not what was expected, as an assertion that fails there.

    ``kind`` is the same for all differences of one cause: place and values without what varies. ``look`` is
    the expression that was looked at, ``place`` the one for the member that differs.
    """

    assertion: str
    expected: str
    observed: str
    kind: str
    look: str
    place: str = ""


class Judge:
    """Compares one value, looked at with an expression, with what it must be like."""

    def __init__(self, check: Check, value: Any, names: dict[str, Any]) -> None:
        self._look = check.look
        self._root = value
        self._names = names
        self._like = check.like

    def difference(self) -> Difference | None:
        """The first difference, or ``None``."""
        return self._compare(self._like, self._root, ())

    def _compare(self, like: Any, value: Any, path: Path) -> Difference | None:
        if isinstance(like, Optional):
            like = like.like
        if isinstance(like, Anything):
            return None
        if isinstance(like, dict) and isinstance(value, dict):
            return self._object(like, value, path)
        if isinstance(like, list) and isinstance(value, list):
            return self._array(like, value, path)
        return self._scalar(like, value, path)

    def _object(self, like: dict[str, Any], value: dict[str, Any], path: Path) -> Difference | None:
        for name, one in like.items():
            if name in value:
                if (found := self._compare(one, value[name], (*path, name))) is not None:
                    return found
            elif not isinstance(one, Optional):
                place = self._at(path)
                told = f"{name} is missing"
                return self._made(f'"{name}" in {place}', path, name, "there", f"{told} in {_shown(value)}")
        for name in value:
            if name not in like:
                place = self._at(path)
                return self._made(f"{source(name)} not in {place}", path, name, "absent", _shown(value[name]))
        return None

    def _array(self, like: list[Any], value: list[Any], path: Path) -> Difference | None:
        for place, (one, other) in enumerate(zip(like, value, strict=False)):
            if (found := self._compare(one, other, (*path, place))) is not None:
                return found
        if len(like) != len(value):
            there = f"{len(value)}: {_shown(value[len(like) - 1 :] if len(value) > len(like) else value)}"
            more = "more" if len(value) > len(like) else "fewer"
            said = f"{len(like)} entries"
            return self._made(f"len({self._at(path)}) == {len(like)}", path, "length", said, there, more)
        return None

    def _scalar(self, like: Any, value: Any, path: Path) -> Difference | None:
        place = self._at(path)
        if isinstance(like, Peer):
            other = _reach(self._root, like.path)
            if same(other, value):
                return None
            return self._made(
                f"{place} == {self._at(like.path)}", path, "", _shown(other), _shown(value), "id"
            )
        if isinstance(like, Pattern):
            if isinstance(value, str) and re.fullmatch(like.regex, value, re.DOTALL):
                return None
            test = f"re.fullmatch({like.regex!r}, {place}, re.DOTALL)"
            if not isinstance(value, str):
                test = f"isinstance({place}, str)"
            return self._made(test, path, "", like.called, _shown(value))
        if isinstance(like, Between | Moment | Off | Later):
            return self._number(like, value, path)
        if isinstance(like, Among):
            if any(same(one, value) for one in like.values):
                return None
            listed = source(list(like.values))
            return self._made(f"{place} in {listed}", path, "", f"one of {listed}", _shown(value))
        wanted = named(like, self._names) if isinstance(like, Code) else like
        if same(wanted, value):
            return None
        if isinstance(like, dict | list):
            kind = type(like).__name__
            return self._made(f"isinstance({place}, {kind})", path, "", f"a {kind}", _shown(value), "shape")
        word = "is" if like is None or isinstance(like, bool) else "=="
        kind = "a name" if isinstance(like, Code) else _numbering(place, wanted, value)
        return self._made(f"{place} {word} {source(like)}", path, "", _shown(wanted), _shown(value), kind)

    def _number(self, like: Between | Moment | Off | Later, value: Any, path: Path) -> Difference | None:
        place = self._at(path)
        if isinstance(like, Between):
            if isinstance(value, int | float) and like.least <= value <= like.most:
                return None
            said = f"from {like.least} to {like.most}"
            return self._made(
                f"{like.least} <= {place} <= {like.most}", path, "", said, _shown(value), "range"
            )
        if isinstance(like, Moment):
            if type(value) is int and like.least <= value / like.per_second <= like.most:
                return None
            part = f"{place} / {like.per_second}" if like.per_second > 1 else place
            test = f"abs({part} - kit.sandbox.now().timestamp()) < {math.ceil(like.ago) + 30}"
            said = f"the sandbox's time, {like.least:.3f} to {like.most:.3f}"
            return self._made(test, path, "", said, _shown(value), "time")
        other = _reach(self._root, like.path)
        if isinstance(like, Later):
            if type(value) is int and type(other) is int and value > other:
                return None
            test = f"{place} > {self._at(like.path)}"
            return self._made(test, path, "", f"more than {_shown(other)}", _shown(value), "later")
        if type(value) is int and type(other) is int and abs(value - other - like.by) <= like.within:
            return None
        there, exactly = self._at(like.path), f"{place} == {self._at(like.path)} + {like.by}"
        test = exactly if not like.within else f"abs({place} - {there} - {like.by}) <= {like.within}"
        said = f"{_shown(other)} + {like.by}"
        return self._made(test, path, "", said, _shown(value), f"+ {like.by}")

    def _at(self, path: Path) -> str:
        return self._look + "".join(f"[{source(step)}]" for step in path)

    def _made(
        self, test: str, path: Path, member: str, expected: str, observed: str, kind: str = ""
    ) -> Difference:
        where = ".".join(str(step) for step in (*path, member) if isinstance(step, str) and step)
        look = re.sub(r"\d+", "n", self._look)
        cause = f"{look} {where}: {kind or _general(expected)} / {'' if kind else _general(observed)}"
        return Difference(test, expected, observed, cause, self._look, self._at(path))


def named(code: Code, names: dict[str, Any]) -> Any:
    """What a name, or a member of what is named, stands for."""
    first, *members = code.text.split(".")
    value = names.get(first)
    for member in members:
        value = getattr(value, member, None)
    return value


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: true is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _reach(value: Any, path: Path) -> Any:
    for step in path:
        try:
            value = value[step]
        except (LookupError, TypeError):
            return _MISSING
    return value


def _shown(value: Any) -> str:
    text = "nothing" if value is _MISSING else repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _numbering(place: str, wanted: Any, value: Any) -> str:
    """Numbers of a dialog are off in the same way whatever was said before; only then do they say nothing."""
    if not place.endswith((".sequence", '["sequence"]')) or type(wanted) is not int or type(value) is not int:
        return ""
    return "too low" if value < wanted else "too high"


def _general(text: str) -> str:
    """Without ids and numbers but those of a status or an error, so that one cause is told of once."""
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{40,64}", "id", text)
    return re.sub(r"\d{6,}", "n", text)[:80]
