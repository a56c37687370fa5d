"""The network: answers that do not come, come too late, by halves, or spoilt."""

from __future__ import annotations

from connectorkit.catalogue.model import Answer, Ending, Failure, Request, Scenario
from connectorkit.catalogue.shapes import batch, ok, text

_UNKNOWN = (
    "Do not send it again blindly: it may have been carried out, and then it stands there twice. "
    "A notification of the consumer's own message tells."
)
_UNREADABLE = (
    "Treat it like no answer: the request was carried out or not. Log the answer as it came, and report it."
)
_HALF = '{"code":"OK","body":{"s'
_CLOSED: Failure = "connection closed"
_RETRIES = "R62"
_ARRIVED = Ending("OutcomeUnknown", settled="arrived")
_NOT_HEARD_OF = Ending("OutcomeUnknown", settled="not heard of")
_NO_REPLY = Ending("UnexpectedAnswerError")

SCENARIOS = (
    # --- No answer ---
    Scenario(
        name="nobody-listens",
        shows="Where the service should be, nothing listens: not even a connection is made.",
        advice="Send it again when the network is back: nothing was sent.",
        source="RFC 9110, section 9.2.2",
        request=Request("domains", nobody=True),
        answer=Answer(None, failure="no connection"),
        ending=Ending("NoAnswerError"),
        on_account="harmless",
    ),
    Scenario(
        name="dropped-request",
        shows="The connection breaks before the answer, and the text was not taken.",
        advice=_UNKNOWN,
        source=_RETRIES,
        before=("open",),
        faults=({"drop": "before", "on": "send", "times": 1},),
        request=Request(payload=text()),
        answer=Answer(None, failure=_CLOSED),
        ending=_NOT_HEARD_OF,
    ),
    Scenario(
        name="dropped-answer",
        shows="The connection breaks before the answer, and the text was taken. It looks just the same.",
        advice=_UNKNOWN,
        source=_RETRIES,
        before=("open",),
        faults=({"drop": "before", "done": True, "on": "send", "times": 1},),
        request=Request(payload=text()),
        answer=Answer(None, failure=_CLOSED),
        ending=_ARRIVED,
    ),
    Scenario(
        name="half-an-answer",
        shows="The connection breaks in the middle of the answer.",
        advice=_UNKNOWN,
        source=_RETRIES,
        before=("open",),
        faults=({"drop": "in", "on": "send", "times": 1},),
        request=Request(payload=text()),
        answer=Answer(200, _HALF, failure=_CLOSED),
        ending=_ARRIVED,
    ),
    Scenario(
        name="dropped-after-the-answer",
        shows="The connection is closed as soon as the answer was read.",
        advice="Nothing: the next request opens a new connection.",
        source="RFC 9112, section 9.3",
        before=("open",),
        faults=({"drop": "after", "on": "send", "times": 1},),
        request=Request(payload=text()),
        answer=Answer(200, ok({"sequence": 0})),
    ),
    Scenario(
        name="dropped-opening",
        shows="The conversation is opened, and nobody hears its id.",
        advice="Do not open another: it would be refused. A notification of the new conversation has its id.",
        source="R14, R62",
        faults=({"drop": "before", "done": True, "on": "conversation", "times": 1},),
        request=Request("conversation", batch()),
        answer=Answer(None, failure=_CLOSED),
        ending=_ARRIVED,
    ),
    Scenario(
        name="dropped-login",
        shows="The connection breaks before the AppJWT comes.",
        advice="Ask again: nothing is spent by a token that nobody got.",
        source='"Get AppJWT"',
        faults=({"drop": "before", "on": "app_jwt", "times": 1},),
        request=Request("app_jwt"),
        answer=Answer(None, failure=_CLOSED),
        ending=Ending("NoAnswerError"),
    ),
    # --- Too late ---
    Scenario(
        name="slow-answer",
        shows="The answer comes later than the client waits.",
        advice=_UNKNOWN,
        source=_RETRIES,
        before=("open",),
        faults=({"delay": 60, "on": "send", "times": 1},),
        request=Request(payload=text(), timeout=0.25),
        answer=Answer(None, failure="no answer in time"),
        ending=_ARRIVED,
    ),
    Scenario(
        name="dribbling-answer",
        shows="The answer comes a few bytes at a time, but it comes.",
        advice="Read on: the time allowed is for each read, not for the whole.",
        source="RFC 9112, section 6",
        before=("open",),
        faults=({"dribble": 400, "on": "send", "times": 1},),
        request=Request(payload=text()),
        answer=Answer(200, ok({"sequence": 0})),
    ),
    # --- Spoilt ---
    Scenario(
        name="truncated-answer",
        shows="The answer is whole for HTTP, but its JSON ends in the middle.",
        advice=_UNREADABLE,
        source="S20",
        before=("open",),
        faults=({"body": "truncated", "on": "send", "times": 1},),
        request=Request(payload=text()),
        answer=Answer(200, _HALF),
        ending=_NO_REPLY,
    ),
    Scenario(
        name="malformed-answer",
        shows="The answer looks like JSON, and is none.",
        advice=_UNREADABLE,
        source="S20",
        before=("open",),
        faults=({"body": "malformed", "on": "send", "times": 1},),
        request=Request(payload=text()),
        answer=Answer(200, '{"code"="OK","body":{"sequence":0},"reqId":"1"}'),
        ending=_NO_REPLY,
    ),
    Scenario(
        name="empty-answer",
        shows="The answer says 200 and nothing else.",
        advice=_UNREADABLE,
        source="S20",
        before=("open",),
        faults=({"body": "empty", "on": "send", "times": 1},),
        request=Request(payload=text()),
        answer=Answer(200, ""),
        ending=_NO_REPLY,
    ),
    Scenario(
        name="wrong-request-id",
        shows="The answer belongs to another request: its reqId is not the id that was sent.",
        advice="Compare reqId with the id that was sent, as texts; an answer to something else is none.",
        source="S32, S34",
        before=("open",),
        faults=({"body": "wrong_request_id", "on": "send", "times": 1},),
        request=Request(payload=text()),
        answer=Answer(200, ok({"sequence": 0}, "{not 1}")),
        ending=_NO_REPLY,
    ),
)
