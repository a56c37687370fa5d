"""All ratios in one table: ``python benchmarks/run.py``, about fifteen minutes; ``--rows 100000`` is quicker.

Left what the kit takes, beside it what it is measured against, in turn and in one run; then the ratio, its
middle half, and what is claimed of it. Exits with 1 if a claim does not hold.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Iterator

import capture
import load
import log
import peers
import servers
from measured import Measured, show, show_machine, show_versions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the large log")
    rows = parser.parse_args().rows
    lines = []
    for line in itertools.chain(capture.measured(), log.measured(rows), beside_peers()):
        show(line)
        lines.append(line)
    show_versions()
    print(peers.versions())
    show_machine()
    sys.exit(0 if all(line.holds for line in lines) else 1)


def beside_peers() -> Iterator[Measured]:
    """What is measured against tools that have to be installed first."""
    for what, measured in (("Servers", servers.measured), ("Load", load.measured)):
        try:
            yield from measured()
        except peers.Missing as missing:
            print(f"{what}: not measured. {missing}")


if __name__ == "__main__":
    main()
