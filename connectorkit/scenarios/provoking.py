"""Sends a scenario's request, and collects what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from connectorkit.errors import ConnectorError, OutcomeUnknown
from connectorkit.log import Exchange
from connectorkit.replies import Reply
from connectorkit.scenarios.requests import operation
from connectorkit.scenarios.staging import Stage


@dataclass(frozen=True)
class Provoked:
    """The first exchange of a call and the number of its attempts; how it ended: a reply, or an error."""

    first: Exchange | None
    attempts: int
    reply: Reply | None = None
    error: ConnectorError | None = None

    @property
    def result(self) -> int | str:
        """The last status, or the name of the error: also of that which stands for an unreadable answer."""
        if self.reply is None:
            return type(self.error).__name__
        good = self.reply.ok or self.reply.status_code >= 400
        return self.reply.status_code if good else type(self.reply.error).__name__


def provoke(stage: Stage) -> Provoked:
    """Send the request of a scenario for which everything is ready."""
    scene, log = stage.scene, stage.scene.client.log
    last = log.last()
    after = 0 if last is None else last.exchange_id
    to_send, headers = operation(stage.scenario.request, scene), scene.headers(stage.scenario.request)
    reply, failed = None, None
    try:
        reply = scene.client.call(to_send, scene.consumer if to_send.authorised else None, headers)
    except ConnectorError as error:
        failed = error
    name = stage.scenario.name
    made = list(log.read(after=after, session=log.session_id, scenario=name, operation=to_send.name))
    attempts = max((exchange.attempt for exchange in made), default=0)
    return Provoked(made[0] if made else None, attempts, reply, failed)


def settled(stage: Stage, error: ConnectorError | None) -> str:
    """What notifications tell of a request whose outcome is unknown, in the words of the catalogue."""
    if not isinstance(error, OutcomeUnknown):
        return "not asked"
    stage.settle()
    return "not heard of" if error.settle(0) is None else "arrived"
