"""Runs a part: tokens first, then the engine, then the report. And several parts, on any executor."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, fields, replace
from typing import Any

from connectorkit import operations, settings
from connectorkit.client import Client
from connectorkit.errors import SettingsError
from connectorkit.load.cycles import Cycles
from connectorkit.load.engine import Engine, Kept
from connectorkit.load.network import Dialler
from connectorkit.load.options import Options
from connectorkit.load.places import Place
from connectorkit.load.planning import OPERATIONS
from connectorkit.load.report import Report
from connectorkit.load.requests import Stationery
from connectorkit.load.steady import new_loop
from connectorkit.load.watch import Watch
from connectorkit.log import Log
from connectorkit.redact import Secret
from connectorkit.settings import Settings


@dataclass(frozen=True)
class Part:
    """One part of a run, which any process can carry out: it has all that it needs.

    The secret of an account does not travel to another process, which reads it from its own settings. That
    of a sandbox (``throwaway``) does: nobody else ever sees that sandbox.
    """

    settings: Settings
    options: Options
    target: str
    part: int = 0
    parts: int = 1
    throwaway: bool = False

    def run(self) -> Report:
        """Carry it out with a client of its own, whose log is forgotten. Raises ``SettingsError``."""
        with Client(self._complete_settings(), log=Log(":memory:")) as client:
            return run(client, self)

    def _complete_settings(self) -> Settings:
        if self.settings.client_secret:
            return self.settings
        found = settings.load()
        mine = self.settings.account_id, self.settings.client_id
        if found is None or (found.account_id, found.client_id) != mine:
            raise SettingsError(
                f"A worker has no client secret for account {self.settings.account_id!r}; the kit does not "
                "send it. Set CONNECTORKIT_ACCOUNT_ID, _CLIENT_ID and _CLIENT_SECRET where the workers run."
            )
        return replace(self.settings, client_secret=found.client_secret)

    def __reduce__(self) -> Any:
        members = {one.name: getattr(self, one.name) for one in fields(self)}
        known = {one.name: getattr(self.settings, one.name) for one in fields(Settings)}
        secret = known["client_secret"].reveal() if self.throwaway else ""
        return _arrived, (members | {"settings": known | {"client_secret": secret}},)


def _arrived(members: dict[str, Any]) -> Part:
    """The part, where it was sent to."""
    known = members["settings"]
    whole = Settings(**known | {"client_secret": Secret(known["client_secret"])})
    return Part(**members | {"settings": whole})


def run(client: Client, part: Part, watch: Watch | None = None, kept: Kept | None = None) -> Report:
    """Carry out a part in this thread. Raises what the client raises where there are no tokens."""
    options, watch = part.options, watch or Watch()
    places = _places(client, part, watch)
    url = client.credentials.url(operations.send(client.settings.account_id, b""))
    kind = Engine if options.rate is not None else Cycles
    engine = kind(
        options,
        Stationery(client),
        Dialler(url, options.timeout),
        places,
        watch,
        part=part.part,
        parts=part.parts,
        kept=kept,
    )
    started_at = time.time_ns()
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(engine.run())
    notes: tuple[str, ...] = ()
    if engine.failure is not None:
        notes += (f"a connection failed: {engine.failure}",)
    if engine.gave_up:
        notes += ("the service asked for pauses that are longer than the run",)
    return Report(
        part.target,
        options.said(),
        options.seed,
        figures=dict(zip(OPERATIONS, engine.tally.figures, strict=True)),
        by_second=engine.tally.seconds,
        schedule_error=engine.tally.late,
        open_loop=options.rate is not None,
        started_at=started_at,
        lasted_seconds=engine.seconds,
        connections=engine.opened,
        pauses=engine.pauses.count,
        paused_seconds=engine.pauses.seconds,
        left_open=engine.left_open,
        stopped=watch.stopped or engine.gave_up,
        notes=notes,
    )


def _places(client: Client, part: Part, watch: Watch) -> dict[int, Place]:
    """The places that a part needs, and a token for the consumer of each.

    Consumers are new ones in each run, and when a part is run again: a conversation that a worker left open
    when it was killed would keep its consumer from opening another.
    """
    if part.options.rate is None:
        numbers = list(range(part.part, part.options.connections, part.parts))
    else:
        _, numbers = part.options.plan(part.part, part.parts).survey()
    client.app_jwt()
    once, places = secrets.token_hex(4), {}
    for number in numbers:
        if watch.stopped:
            break
        if not part.throwaway and part.options.rate is not None:
            time.sleep(1 / part.options.rate)  # an account gets no more of these than of the other calls
        place = Place(f"load-{once}-{number}")
        client.consumer_jws(place.consumer)
        places[number] = place
    return places
