"""Rate limits and outages: what the service does when it is asked too much, or cannot."""

from __future__ import annotations

from connectorkit.catalogue.model import Answer, Ending, Request, Scenario
from connectorkit.catalogue.shapes import batch, oauth, plain, refused, text

_TRY_AGAIN = "Send it again after 5, 10 and 15 seconds, then report it; the kit does so."
_WAIT = "Wait at least a second, and as long as Retry-After says; spread the load. The kit waits."
_BLOCKED = "Do not try again: the account is blocked. Contact the vendor's support."
_POLICY = '"API error codes and retry recommendation"'
_BUSY = "Too many requests, please try again later"
_CURED = Ending(200, attempts=2)


def _outage(status: int, says: str, shows: str, name: str) -> Scenario:
    return Scenario(
        name=name,
        shows=shows,
        advice=_TRY_AGAIN,
        source=_POLICY,
        before=("open",),
        faults=({"status": status, "on": "send", "times": 1},),
        request=Request(payload=text()),
        answer=refused(status, says, headers={"Retry-After": None}),
        ending=_CURED,
    )


SCENARIOS = (
    # --- Too many requests ---
    Scenario(
        name="rate-limited",
        shows="Too much at once: the service asks for two seconds of patience.",
        advice=_WAIT,
        source=f"{_POLICY}; R23",
        before=("open",),
        faults=({"status": 429, "retry_after": 2, "on": "send", "times": 1},),
        request=Request(payload=text()),
        answer=refused(429, _BUSY, headers={"Retry-After": "2"}),
        ending=_CURED,
    ),
    Scenario(
        name="rate-limited-for-long",
        shows="Too much at once, and it does not get better: after three repetitions the refusal stands.",
        advice="Send less. What is refused four times is not sent again before minutes have passed.",
        source=f"{_POLICY}; R23",
        before=("open",),
        faults=({"status": 429, "on": "send"},),
        request=Request(payload=text()),
        answer=refused(429, _BUSY, headers={"Retry-After": "1"}),
        ending=Ending(429, attempts=4),
    ),
    Scenario(
        name="too-many-logins",
        shows="The AppJWT is asked for too often: token calls want more patience than others.",
        advice="Wait at least five seconds, and keep an AppJWT for its hour. The kit does both.",
        source=_POLICY,
        faults=({"status": 429, "on": "app_jwt", "times": 1},),
        request=Request("app_jwt"),
        answer=oauth(429, "temporarily_unavailable", _BUSY, Retry_After="5"),
        ending=_CURED,
    ),
    # --- Blocked ---
    Scenario(
        name="blocked-account",
        shows="The account was blocked for legal reasons.",
        advice=_BLOCKED,
        source=f"{_POLICY}; R24",
        before=("open",),
        faults=({"status": 451, "on": "send", "times": 1},),
        request=Request(payload=text()),
        answer=plain(451, "Unavailable For Legal Reasons"),
    ),
    Scenario(
        name="blocked-login",
        shows="The app was blocked: it gets no AppJWT any more.",
        advice=_BLOCKED,
        source=f"{_POLICY}; R24",
        faults=({"status": 451, "on": "app_jwt", "times": 1},),
        request=Request("app_jwt"),
        answer=oauth(451, "access_denied", "Unavailable For Legal Reasons"),
    ),
    Scenario(
        name="invalid-grant",
        shows="The AppJWT is refused with a word of another grant.",
        advice="Check account id, client id and client secret; asking again will not help.",
        source="RFC 6749, section 5.2; R31",
        faults=({"status": 400, "on": "app_jwt", "times": 1},),
        request=Request("app_jwt"),
        answer=oauth(400, "invalid_grant", "Bad Request"),
    ),
    # --- Outages ---
    _outage(500, "Internal Server Error", "The service failed on a text.", "server-error"),
    _outage(502, "Bad Gateway", "A gateway got no sense out of the service behind it.", "bad-gateway"),
    _outage(503, "Service Unavailable", "The service is away for a moment.", "unavailable"),
    _outage(504, "Gateway Timeout", "A gateway waited in vain for the service behind it.", "gateway-timeout"),
    Scenario(
        name="unavailable-until",
        shows="The service is away, and says for how long.",
        advice=_TRY_AGAIN + " Where Retry-After asks for more, wait that long.",
        source=f"{_POLICY}; RFC 9110, section 10.2.3",
        before=("open",),
        faults=({"status": 503, "retry_after": 30, "on": "send", "times": 1},),
        request=Request(payload=text()),
        answer=refused(503, "Service Unavailable", headers={"Retry-After": "30"}),
        ending=_CURED,
    ),
    Scenario(
        name="lasting-outage",
        shows="The service is away, also after 5, 10 and 15 seconds: then the refusal stands.",
        advice="Report it, and try again every two minutes or less often.",
        source=_POLICY,
        before=("open",),
        faults=({"status": 503, "on": "send"},),
        request=Request(payload=text()),
        answer=refused(503, "Service Unavailable"),
        ending=Ending(503, attempts=4),
    ),
    Scenario(
        name="done-though-refused",
        shows="The text is taken, and the answer is an error all the same: repeated, it stands there twice.",
        advice=_TRY_AGAIN + " Nothing tells the second text from a new one, so agents may see it twice.",
        source="R62",
        before=("open",),
        faults=({"status": 503, "done": True, "on": "send", "times": 1},),
        request=Request(payload=text()),
        answer=refused(503, "Service Unavailable"),
        ending=_CURED,
        notifications=("ContentEvent 0", "AcceptStatusEvent 1"),
    ),
    Scenario(
        name="outage-while-opening",
        shows="The service is away when a conversation is to be opened.",
        advice=_TRY_AGAIN,
        source=_POLICY,
        faults=({"status": 503, "on": "conversation", "times": 1},),
        request=Request("conversation", batch()),
        answer=refused(503, "Service Unavailable"),
        ending=_CURED,
    ),
    Scenario(
        name="lookup-outage",
        shows="The domain lookup is away.",
        advice=_TRY_AGAIN + " Keep the hosts for half an hour at least.",
        source=_POLICY,
        faults=({"status": 502, "on": "domains", "times": 1},),
        request=Request("domains"),
        answer=plain(502, "Bad Gateway"),
        ending=_CURED,
    ),
    Scenario(
        name="login-outage",
        shows="The authorisation service is away.",
        advice=_TRY_AGAIN,
        source=_POLICY,
        faults=({"status": 503, "on": "app_jwt", "times": 1},),
        request=Request("app_jwt"),
        answer=oauth(503, "temporarily_unavailable", "Service Unavailable"),
        ending=_CURED,
    ),
    Scenario(
        name="identity-outage",
        shows="The identity service fails on a ConsumerJWS.",
        advice=_TRY_AGAIN + " Keep each ConsumerJWS: it never expires.",
        source=_POLICY,
        faults=({"status": 500, "on": "consumer_jws", "times": 1},),
        request=Request("consumer_jws"),
        answer=refused(500, "Internal Server Error", None),
        ending=Ending(201, attempts=2),
    ),
    Scenario(
        name="store-outage",
        shows="The file store is away when a file is to be uploaded.",
        advice=_TRY_AGAIN + " Ask for a new URL where its minute is over.",
        source=_POLICY,
        before=("upload url",),
        faults=({"status": 503, "on": "upload_file", "times": 1},),
        request=Request("upload_file"),
        answer=Answer(503, {"error": "Service Unavailable"}),
        ending=Ending(201, attempts=2),
    ),
)
