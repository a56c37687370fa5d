"""What the sandbox imitates, what it does not, and what can go wrong in it, in words.

The README repeats the second list.
"""

from __future__ import annotations

from connectorkit.sandbox.fault_specs import CALLS

IMITATES = {
    "services": "domain lookup, AppJWT (Sentinel), ConsumerJWS (IDP), CONVERSATION, SEND, file storage, "
    "agent login, app installs",
    "requests": "every type and event of CONVERSATION and SEND, surveys, automatic messages",
    "notifications": "all five types, signed, delivered with both retry policies",
    "agent": "a script or a person, through the control API",
    "errors": "the authorisation errors 40001 and 40102-40105 and the documented 400, 404, 405, 413, 415",
    "faults": "any other status, dropped connections, spoilt and slow answers, tokens that expire early, "
    "notifications that come twice, out of order or never; when asked for",
    "clock": "tokens, temp URLs, retries and time limits go by the sandbox's clock, which can be advanced",
}
DOES_NOT_IMITATE = [
    "rate limits, 451 and 5xx answers of its own accord: they come when a fault asks for them",
    "campaign and skill routing: what is asked for is stored, nobody is routed",
    "the mutual-TLS relay of notifications, message history, and any call that is not of a connector",
    "secure forms, external files and payments: agents here send texts and structured content only",
    "a check of what an uploaded file really is, or of the domain an image comes from",
    "warnings about unknown members: they are ignored without a word",
    "the vendor's undocumented error texts: where no source gives one, the words are the sandbox's own",
    "the vendor's speed: answers come as fast as this machine can give them, unless a latency profile is on",
    "the vendor's memory: of events the latest 128 MiB are kept, of closed conversations the latest 10,000",
]
FAULTS = {
    "one of": {
        "status": "400 to 599, in the form of the call; with retry_after in seconds; with done true the "
        "request is carried out all the same",
        "error_code": "40001, 40102, 40103, 40104 or 40105, as the error object",
        "drop": "the connection is closed before, in or after the answer; before takes done, too",
        "body": "the answer of a request that was carried out is truncated, malformed, empty or has a "
        "wrong_request_id",
        "dribble": "so many bytes of the answer per second",
        "expire": "app_jwt: the AppJWT that comes with the call counts as expired from now on",
        "slow_conversation": "for so many seconds a new conversation cannot be found",
        "webhook": "duplicate, reorder or loss of notifications",
        "delay": "the answer comes so many seconds late, by the sandbox's clock, or log-normally: "
        '{"median": 0.2, "sigma": 0.8}; or as measured: {"quantiles": [0.1, 0.2, 0.9]}, which stand at equal '
        "distances from the least to the greatest; may be added to any but the two before it",
    },
    "where": {"on": f"a call or a list of calls out of {', '.join(CALLS)}; else every call"},
    "how often": {
        "times": "so many times; else without end",
        "probability": "0 to 1, drawn from the seed; else 1",
        "skip": "so many calls pass first",
        "profile": "the name of a latency profile, a delay alone: a call has one at a time, the last",
    },
}
