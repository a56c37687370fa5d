"""Notifications that come twice, in another order, or never, as a receiver sees them."""

from __future__ import annotations

from connectorkit.catalogue.model import Answer, Request, Scenario
from connectorkit.catalogue.shapes import ok, text

_SENT = Answer(200, ok({"sequence": 0}))
_RETRIES = '"Retries"'

SCENARIOS = (
    Scenario(
        name="webhook-twice",
        shows="The notification of a text comes twice, as after an answer that was too slow.",
        advice="Know each event by dialogId and sequence, and drop what was there before.",
        source=_RETRIES,
        before=("open",),
        faults=({"webhook": "duplicate", "times": 1},),
        request=Request(payload=text()),
        answer=_SENT,
        notifications=("ContentEvent 0", "ContentEvent 0 duplicate", "AcceptStatusEvent 1"),
    ),
    Scenario(
        name="webhook-out-of-order",
        shows="The receipt of a text is notified of before the text itself.",
        advice="Put events into the order of their sequence; wait a little where a number is missing.",
        source=_RETRIES,
        before=("open",),
        faults=({"webhook": "reorder", "times": 1},),
        request=Request(payload=text()),
        answer=_SENT,
        notifications=("AcceptStatusEvent 1 gap", "ContentEvent 0 late"),
    ),
    Scenario(
        name="webhook-lost",
        shows="The notification of a text never comes: a gap in the numbers shows it.",
        advice="Notice the gap. Nothing can be asked for again; answer at once, so that little is lost.",
        source=_RETRIES,
        before=("open",),
        faults=({"webhook": "loss", "times": 1},),
        request=Request(payload=text()),
        answer=_SENT,
        notifications=("AcceptStatusEvent 1 gap",),
    ),
)
