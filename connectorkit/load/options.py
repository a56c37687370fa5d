"""What a run is asked to do, checked before anything is sent."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectorkit.errors import SettingsError
from connectorkit.load.arrivals import SHAPES, Arrivals
from connectorkit.load.planning import OPERATIONS, Plan

MIX = {"open": 1, "send": 8, "close": 1}
_MOST_RATE, _MOST_SECONDS, _MOST_CONNECTIONS, _MOST_CONVERSATIONS = 100_000, 86_400, 4096, 100_000
_MOST_TIMEOUT = 600
_MOST_REQUESTS = 20_000_000  # of a run with a rate, which is planned to its end before it begins
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600}
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*")


@dataclass(frozen=True)
class Options:
    """A whole run, however many parts it is divided into. ``rate`` ``None`` is as fast as can be."""

    rate: float | None
    seconds: float
    mix: tuple[tuple[str, float], ...] = tuple(MIX.items())
    arrivals: str = "constant"
    connections: int = 32
    timeout: float = 10.0
    seed: int = 0
    conversations: int = 1000
    most_waiting: int = 10_000
    close: bool = True

    def plan(self, part: int = 0, parts: int = 1) -> Plan:
        """The steps of one part; only for a run with a rate."""
        assert self.rate is not None, "without a rate there is no plan"
        arrivals = Arrivals(self.rate, self.seconds, self.arrivals, self.seed)
        return Plan(arrivals, dict(self.mix), self.conversations, part, parts)

    def share(self, total: int, part: int, parts: int) -> int:
        """What of ``total`` belongs to one part; at least one."""
        return max(1, total // parts + (part < total % parts))

    def said(self) -> str:
        """In words."""
        how = f", {self.arrivals}" if self.arrivals != "constant" else ""
        pace = "as fast as possible" if self.rate is None else f"{self.rate:g} a second{how}"
        return f"{pace}, for {self.seconds:g} s over {self.connections} connections"


def checked(
    *,
    rate: float | None,
    duration: float | str,
    mix: Mapping[str, float] | None,
    arrivals: str,
    connections: int,
    timeout: float,
    seed: int,
    conversations: int,
    close: bool,
) -> Options:
    """The options, or ``SettingsError`` with the argument, what is allowed, and what to write instead."""
    if rate is not None:
        _number("rate", rate, _MOST_RATE, "Try rate=50, or None for as fast as possible.")
    elif arrivals != "constant":
        raise SettingsError(f"arrivals is {arrivals!r}, which needs a rate. Pass one, e.g. rate=50.")
    if arrivals not in SHAPES:
        near = difflib.get_close_matches(str(arrivals), SHAPES, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else 'Try arrivals="constant".'
        raise SettingsError(f"arrivals is {arrivals!r}, allowed are {', '.join(SHAPES)}. {hint}")
    made = Options(
        rate=rate,
        seconds=seconds_of(duration),
        mix=_mix(MIX if mix is None else mix),
        arrivals=arrivals,
        connections=whole("connections", connections, _MOST_CONNECTIONS),
        timeout=_number("timeout", timeout, _MOST_TIMEOUT, "Try timeout=10."),
        seed=whole("seed", seed, 2**31 - 2, least=0),
        conversations=whole("conversations", conversations, _MOST_CONVERSATIONS),
        close=bool(close),
    )
    if made.rate is not None and made.rate * made.seconds > _MOST_REQUESTS:
        raise SettingsError(
            f"rate and duration make {made.rate * made.seconds:,.0f} requests, allowed are "
            f"{_MOST_REQUESTS:,}. Make the run shorter, or run it several times and add the reports."
        )
    return made


def seconds_of(duration: float | str) -> float:
    """A duration as seconds: a number of them, or a text such as ``"30s"``, ``"2m"`` or ``"500ms"``."""
    example = 'Try duration="30s".'
    if isinstance(duration, str):
        found = _DURATION.fullmatch(duration)
        unit = _UNITS.get(found[2] or "s") if found else None
        if found is None or unit is None:
            units = ", ".join(_UNITS)
            raise SettingsError(
                f"duration is {duration!r}, allowed is a number and one of {units}. {example}"
            )
        duration = float(found[1]) * unit
    return _number("duration", duration, _MOST_SECONDS, example)


def whole(name: str, value: Any, most: int, *, least: int = 1) -> int:
    """A whole number from ``least`` to ``most``."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise SettingsError(f"{name} is {value!r}, allowed are whole numbers from {least} to {most}.")
    return value


def _number(name: str, value: Any, most: float, example: str) -> float:
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    if not numeric or not math.isfinite(value) or not 0 < value <= most:
        raise SettingsError(f"{name} is {value!r}, allowed are numbers above 0 and up to {most}. {example}")
    return float(value)


def _mix(mix: Any) -> tuple[tuple[str, float], ...]:
    example = 'Try mix={"open": 1, "send": 8, "close": 1}.'
    if not isinstance(mix, Mapping):
        raise SettingsError(f"mix is {mix!r}, allowed is a dict of operations and their shares. {example}")
    for name, share in mix.items():
        if name not in OPERATIONS:
            raise SettingsError(f"mix has {name!r}, allowed are {', '.join(OPERATIONS)}. {example}")
        good = isinstance(share, int | float) and not isinstance(share, bool) and math.isfinite(share)
        if not good or share < 0:
            raise SettingsError(f"mix[{name!r}] is {share!r}, allowed are numbers from 0 up. {example}")
    if not any(mix.values()):
        raise SettingsError(f"mix has no share above 0. {example}")
    return tuple((name, float(mix[name])) for name in OPERATIONS if mix.get(name))
