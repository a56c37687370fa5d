"""How long ``import connectorkit`` takes beside ``import httpx, jwt``, in turn, in fresh interpreters.

Run it with ``python benchmarks/import_time.py``; the claim is that the ratio stays below 1.5.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 15


def seconds(statement: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - started


def main() -> None:
    statements = {
        "connectorkit": "import connectorkit",
        "ck.connect": "import connectorkit as ck; ck.connect",  # loads the client, starts nothing
        "httpx, jwt": "import httpx, jwt",
    }
    found: dict[str, list[float]] = {name: [] for name in statements}
    for run in range(RUNS + 1):
        for name, statement in statements.items():
            took = seconds(statement)
            if run:  # the first round fills the caches
                found[name].append(took)
    for name, values in found.items():
        print(f"import {name:13} median {1000 * statistics.median(values):6.0f} ms")
    base = found.pop("httpx, jwt")
    for name, values in found.items():
        ratios = [a / b for a, b in zip(values, base, strict=True)]
        print(f"{name:12} / httpx, jwt  median {statistics.median(ratios):.2f}, highest {max(ratios):.2f}")
    print(f"Python {sys.version.split()[0]}, {RUNS} runs of each")


if __name__ == "__main__":
    main()
