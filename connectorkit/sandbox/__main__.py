"""The sandbox as a child process, ``python -m connectorkit.sandbox``; leaves when standard input closes."""

from __future__ import annotations

import argparse

from connectorkit.sandbox.server import Tls, serve
from connectorkit.sandbox.world import DEFAULT_ACCOUNT_ID, World


def main() -> None:
    """Serve until the parent is gone."""
    parser = argparse.ArgumentParser(prog="connectorkit.sandbox")
    parser.add_argument("--account", default=DEFAULT_ACCOUNT_ID)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--webhook", default=None)
    parser.add_argument("--agent", action="store_true")
    parser.add_argument("--tls", action="store_true")
    options = parser.parse_args()
    world = World(options.account, options.seed, webhook=options.webhook, agent=options.agent)
    serve(
        world,
        tls=Tls() if options.tls else None,
        until_stdin_closes=True,
        ready=lambda line: print(line, flush=True),
    )


if __name__ == "__main__":
    main()
