"""Latency profiles of a sandbox: fixed, log-normal, or as the calls of a log took, one by one.

What comes out is data for the sandbox's faults: delays in seconds, and the calls they are for.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectorkit.errors import SandboxError
from connectorkit.records import Exchange

OFF, FIXED, LOG_NORMAL, RECORDED = "off", "fixed", "lognormal", "recorded"
CALLS = (
    *("domains", "app_jwt", "consumer_jws", "conversation", "send", "upload_file", "download_file"),
    *("login", "installs"),
)
QUANTILES = 1001  # of each call; p99.9 is one of them, and the last is the longest
_Z99 = 2.3263478740408408  # standard deviations from the median of a normal distribution to its p99
_WIDEST_SIGMA = 5.0
_EXAMPLES = (
    'latency("fixed", ms=80), latency("lognormal", median_ms=60, p99_ms=400), '
    'latency(kit.log.timings()) or latency("off")'
)
Spec = dict[str, Any]


def specs(
    profile: Any,
    *,
    ms: float | None = None,
    median_ms: float | None = None,
    p99_ms: float | None = None,
    on: str | Sequence[str] | None = None,
) -> list[Spec]:
    """The faults that make a profile; see ``SandboxControl.latency``. Raises ``SandboxError``."""
    given = {"ms": ms, "median_ms": median_ms, "p99_ms": p99_ms}
    where: Spec = {} if on is None else {"on": on if isinstance(on, str) else list(on)}
    if isinstance(profile, str) and profile == FIXED:
        _only(profile, given, "ms")
        return [{"delay": _number("ms", ms, 0) / 1000, "profile": FIXED, **where}]
    if isinstance(profile, str) and profile == LOG_NORMAL:
        _only(profile, given, "median_ms", "p99_ms")
        median, high = _number("median_ms", median_ms, 0.001), _number("p99_ms", p99_ms, 0.001)
        sigma = math.log(high / median) / _Z99
        if not 0 <= sigma <= _WIDEST_SIGMA:
            raise SandboxError(
                f"p99_ms is {p99_ms!r} and median_ms {median_ms!r}. Pass a p99_ms from median_ms up to "
                f"{math.exp(_WIDEST_SIGMA * _Z99):,.0f} times as much."
            )
        return [{"delay": {"median": median / 1000, "sigma": sigma}, "profile": LOG_NORMAL, **where}]
    if isinstance(profile, str):
        raise SandboxError(f"There is no latency profile {profile!r}. Use {_EXAMPLES}.")
    _only("a recording", given)
    wanted = CALLS if on is None else (on,) if isinstance(on, str) else tuple(on)
    found = {name: times for name, times in waits(profile).items() if name in wanted and name in CALLS}
    if not found:
        raise SandboxError(
            f"The recording has no answered call of {', '.join(map(str, wanted))} with a wait_ms. Pass "
            "kit.log.timings() of a log that has some."
        )
    return [
        {
            "delay": {"quantiles": [round(one / 1000, 6) for one in quantiles(times)]},
            "profile": RECORDED,
            "on": name,
        }
        for name, times in found.items()
    ]


def waits(recorded: Any) -> dict[str, list[float]]:
    """Milliseconds from the request's end to the answer's headers, by operation, of calls that went well.

    ``recorded`` is a frame such as ``kit.log.timings()`` or an exported Parquet file read by pandas, a log,
    any records of exchanges, or a mapping of operations to milliseconds. Raises ``SandboxError``.
    """
    if isinstance(recorded, Mapping):
        rows: Iterable[tuple[Any, Any, Any]] = (
            (name, 200, one) for name, times in recorded.items() for one in times
        )
    elif hasattr(recorded, "columns"):
        rows = _of_frame(recorded)
    else:
        rows = _of_records(recorded)
    found: defaultdict[str, list[float]] = defaultdict(list)
    for name, status, wait in rows:
        try:
            went_well = status is not None and int(status) < 400
            milliseconds = float(wait)
        except (TypeError, ValueError):  # what is missing in a frame is no number
            continue
        if went_well and 0 <= milliseconds < math.inf:
            found[str(name)].append(milliseconds)
    return dict(found)


def quantiles(times: Iterable[float], most: int = QUANTILES) -> list[float]:
    """Values at equal distances from the least to the greatest: the sorted times, or so many of them."""
    ordered = sorted(times)
    if len(ordered) <= most:
        return ordered
    step = (len(ordered) - 1) / (most - 1)
    return [_at(ordered, place * step) for place in range(most)]


def _at(ordered: list[float], place: float) -> float:
    below = min(int(place), len(ordered) - 1)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def _of_frame(frame: Any) -> Iterable[tuple[Any, Any, Any]]:
    missing = [name for name in ("operation", "wait_ms") if name not in frame.columns]
    if missing:
        raise SandboxError(
            f"The recording has no column {missing[0]!r}. Pass a frame as of kit.log.timings()."
        )
    names, times = frame["operation"].tolist(), frame["wait_ms"].tolist()
    statuses = frame["status_code"].tolist() if "status_code" in frame.columns else [200] * len(names)
    return zip(names, statuses, times, strict=True)


def _of_records(records: Any) -> Iterable[tuple[Any, Any, Any]]:
    try:
        for one in records:
            if not isinstance(one, Exchange):
                raise TypeError
            yield one.operation, one.status_code, one.wait_ms
    except TypeError:
        raise SandboxError(f"{type(records).__name__} is no latency profile. Use {_EXAMPLES}.") from None


def _only(profile: str, given: Mapping[str, float | None], *needed: str) -> None:
    for name, value in given.items():
        if (value is None) is (name in needed):
            what = f"needs {name}=" if value is None else f"takes no {name}="
            raise SandboxError(f"The latency profile {profile} {what}. Use {_EXAMPLES}.")


def _number(name: str, given: Any, least: float) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not least <= given <= 86_400_000:
        raise SandboxError(f"{name} is {given!r}. Pass milliseconds from {least:g} to 86400000.")
    return float(given)
