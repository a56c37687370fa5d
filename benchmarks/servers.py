"""The sandbox beside the mock servers people would use instead: ``python benchmarks/servers.py``, 5 minutes.

All have one core, the load has another, and every request has real tokens. The sandbox verifies both, keeps
conversations and numbers; Prism and Mockoon check the same two operations as far as a description says it;
uvicorn answers the same bytes each time, which nothing on it can outdo. Prism prints a few lines for each
request unless it is told not to, so it stands there twice. Each pair is measured in turn, at 32
connections; the ratios are those of neighbouring runs. ``python benchmarks/peers.py`` installs the peers.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import NamedTuple

import contestants
import peers
import wrk
from contestants import Sandbox, Server
from measured import Measured, show, show_machine, show_versions
from mocks import CONVERSATION_PATH, SEND_PATH
from wrk import Sample

CONNECTIONS = 32
PAIRS = 7
SECONDS = 2
_CONSUMERS = 2000
_CLAIMS = {"Prism": 5.0, "Prism, silent": 2.0, "Mockoon": 12.0, "uvicorn, a constant": 0.4}
_LONGEST_P99_MS = 10.0


class Load(NamedTuple):
    """What is sent: its name, the path it begins with, and the script that sends it."""

    name: str
    path: str
    script: str
    afresh: bool = False  # whether the sandbox is to forget what a run before has left open


def measured(pairs: int = PAIRS, seconds: int = SECONDS) -> Iterator[Measured]:
    """Each line as it is ready. Raises ``peers.Missing`` where a tool or a peer is missing."""
    peers.wrk()
    with ExitStack() as running:
        sandbox = running.enter_context(contestants.sandbox())
        starts = (
            contestants.prism(),
            contestants.prism(log=False),
            contestants.mockoon(),
            contestants.constant(),
        )
        others = [running.enter_context(start) for start in starts]
        for load in (sending(sandbox), opening(sandbox)):
            yield from _compared(load, sandbox, others, pairs, seconds)


def sending(sandbox: Sandbox) -> Load:
    """SEND: one text into an open conversation, again and again."""
    app_jwt = sandbox.app_jwt()
    jws = sandbox.consumer_jws(app_jwt, "ana")
    tokens = {"Authorization": app_jwt, "X-LP-ON-BEHALF": jws}
    account = sandbox.server.account
    conversation = CONVERSATION_PATH.format(accountId=account) + "?v=3"
    opened = sandbox.call(conversation, json.loads(_open(account) % 1), tokens)
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": "Where is my parcel?"}
    body = {"dialogId": opened[1]["body"]["conversationId"], "event": event}
    text = json.dumps({"kind": "req", "id": "1", "type": "ms.PublishEvent", "body": body})
    headers = {"Content-Type": "application/json", **tokens}
    return Load("SEND", SEND_PATH.format(accountId=account) + "?v=3", wrk.same(headers, text))


def opening(sandbox: Sandbox) -> Load:
    """CONVERSATION: consumers open conversations and, as one cannot have two, close them with SEND."""
    app_jwt = sandbox.app_jwt()
    tokens = [sandbox.consumer_jws(app_jwt, f"consumer {number}") for number in range(_CONSUMERS)]
    account = sandbox.server.account
    paths = {
        "conversation": CONVERSATION_PATH.format(accountId=account) + "?v=3",
        "send": SEND_PATH.format(accountId=account) + "?v=3",
    }
    field = {"field": "ConversationStateField", "conversationState": "CLOSE"}
    closing = {"conversationId": "%s", "conversationField": field}
    bodies = {
        "open": _open(account),
        "close": json.dumps(
            {"kind": "req", "id": "3", "type": "cm.UpdateConversationField", "body": closing}
        ),
    }
    headers = {"Content-Type": "application/json", "Authorization": app_jwt}
    return Load(
        "CONVERSATION, close", paths["conversation"], wrk.in_turn(headers, tokens, paths, bodies), afresh=True
    )


def _open(account: str) -> str:
    return json.dumps(
        [
            {"kind": "req", "id": "1", "type": "userprofile.SetUserProfile", "body": {}},
            {
                "kind": "req",
                "id": "%s",
                "type": "cm.ConsumerRequestConversation",
                "body": {"brandId": account},
            },
        ]
    )


def _compared(
    load: Load, sandbox: Sandbox, others: list[Server], pairs: int, seconds: int
) -> Iterator[Measured]:
    def run(server: Server) -> Sample:
        if load.afresh and server is sandbox.server:
            sandbox.reset()
        return wrk.run(server.base_url, load.path, load.script, seconds=seconds, connections=CONNECTIONS)

    for server in (sandbox.server, *others):
        run(server)  # warms it up
    ours: list[Sample] = []
    theirs: dict[str, list[Sample]] = {other.name: [] for other in others}
    ratios: dict[str, list[float]] = {other.name: [] for other in others}
    for _ in range(pairs):
        for other in others:
            mine, its = run(sandbox.server), run(other)
            ours.append(mine)
            theirs[other.name].append(its)
            ratios[other.name].append(mine.rate / its.rate)
    for other in others:
        least = _CLAIMS[other.name]
        yield Measured(
            load.name,
            _rate(ours),
            f"{other.name} {_rate(theirs[other.name])}",
            ratios[other.name],
            f"≥ {least:g}",
            statistics.median(ratios[other.name]) >= least,
        )
    p99 = [sample.p99 for sample in ours]
    failed = sum(sample.failed for sample in ours)
    yield Measured(
        f"{load.name}: p99 in ms",
        _latencies(ours),
        "; ".join(f"{name} {_latencies(samples)}" for name, samples in theirs.items()),
        p99,
        f"< {_LONGEST_P99_MS:g}",
        statistics.median(p99) < _LONGEST_P99_MS and not failed,
    )
    if failed:
        print(f"{failed} requests to the sandbox failed", flush=True)


def _rate(samples: list[Sample]) -> str:
    return f"{statistics.median(sample.rate for sample in samples):,.0f}/s"


def _latencies(samples: list[Sample]) -> str:
    """Medians of the 50th and 99th percentile, in milliseconds."""
    p50, p99 = (statistics.median(getattr(sample, name) for sample in samples) for name in ("p50", "p99"))
    return f"{p50:.1f} / {p99:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=PAIRS, help="of runs, with each peer")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="of one run")
    options = parser.parse_args()
    lines = []
    try:
        for line in measured(options.pairs, options.seconds):
            show(line)
            lines.append(line)
    except peers.Missing as missing:
        sys.exit(str(missing))
    show_versions()
    print(peers.versions())
    show_machine()
    sys.exit(0 if all(line.holds for line in lines) else 1)


if __name__ == "__main__":
    main()
