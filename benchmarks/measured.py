"""One line of a table of measurements, and how it is printed."""

from __future__ import annotations

import datetime
import os
import platform
import sqlite3
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import NamedTuple

_PACKAGES = ("httpx", "httpcore", "pandas", "pyarrow", "numpy", "uvicorn", "httptools", "starlette")


class Measured(NamedTuple):
    """What was compared, the ratios of all rounds, and what is claimed of their median."""

    what: str
    ours: str
    theirs: str
    ratios: list[float]
    claim: str
    holds: bool


def seconds(work: Callable[[], object]) -> float:
    """How long it took."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def per(amount: float, unit: float, words: str) -> str:
    """``per(0.0015, 1e-3, "ms")`` is ``1.5 ms``."""
    number = amount / unit
    return f"{number:,.0f} {words}" if number >= 100 else f"{number:.3g} {words}"


def show(line: Measured) -> None:
    """One line of the table: the ratios are their median and the middle half."""
    middle, found = statistics.median(line.ratios), ""
    if len(line.ratios) > 1:
        low, _, high = statistics.quantiles(line.ratios, n=4)
        found = f" ({low:.3g} to {high:.3g})"
    verdict = "holds" if line.holds else "does not hold"
    ratio = f"{middle:.3g}{found}"
    print(f"{line.what:42} {line.ours:>10}  {line.theirs:24} {ratio:26} {line.claim:8} {verdict}", flush=True)


def show_versions() -> None:
    """Of what was measured."""
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {packages}")


def show_machine() -> None:
    """Where and when it was measured."""
    today = datetime.datetime.now(datetime.UTC).date()
    print(f"{today}, {os.cpu_count()} cores, {platform.machine()}, {platform.system()}")
