"""Which of a consumer's messages an agent has not yet sent a receipt for."""

from __future__ import annotations

from connectorkit import wire
from connectorkit.sandbox.history import History

_CONTENT = (wire.CONTENT_EVENT, wire.RICH_CONTENT_EVENT)


class Receipts:
    """Those of one agent with one status. Reads on from where it stopped, however long the dialog is."""

    def __init__(self, agent_id: str, status: str) -> None:
        self.agent_id = agent_id
        self._status = status
        self._read = 0
        self._unanswered: dict[int, None] = {}  # a set that keeps its order
        self._ahead: set[int] = set()  # answered before they came

    def unanswered(self, events: History) -> list[int]:
        """The numbers of those messages, in the order in which they came."""
        for record in events.since(self._read):
            event = record["event"]
            if record["role"] == wire.CONSUMER and event["type"] in _CONTENT:
                if record["sequence"] not in self._ahead:
                    self._unanswered[record["sequence"]] = None
            elif record["originatorId"] == self.agent_id and event.get("status") == self._status:
                for number in event["sequenceList"]:
                    self._unanswered.pop(number, None)
                self._ahead |= {number for number in event["sequenceList"] if number > record["sequence"]}
        self._read = events.appended
        return list(self._unanswered)
