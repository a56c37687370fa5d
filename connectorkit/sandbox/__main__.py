"""The sandbox as a child process, ``python -m connectorkit.sandbox``; leaves when standard input closes."""

from __future__ import annotations

import argparse

from connectorkit.sandbox.server import serve
from connectorkit.sandbox.world import DEFAULT_ACCOUNT_ID, World


def main() -> None:
    """Serve until the parent is gone."""
    parser = argparse.ArgumentParser(prog="connectorkit.sandbox")
    parser.add_argument("--account", default=DEFAULT_ACCOUNT_ID)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    world = World(options.account, options.seed)
    serve(world, until_stdin_closes=True, ready=lambda line: print(line, flush=True))


if __name__ == "__main__":
    main()
