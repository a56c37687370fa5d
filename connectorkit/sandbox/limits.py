"""What the sandbox imitates and what it does not, in words; the README repeats the second list."""

from __future__ import annotations

IMITATES = {
    "services": "domain lookup, AppJWT (Sentinel), ConsumerJWS (IDP), CONVERSATION, SEND, file storage, "
    "agent login, app installs",
    "requests": "every type and event of CONVERSATION and SEND, surveys, automatic messages",
    "notifications": "all five types, signed, delivered with both retry policies",
    "agent": "a script or a person, through the control API",
    "errors": "the authorisation errors 40001 and 40102-40105 and the documented 400, 404, 405, 413, 415",
    "clock": "tokens, temp URLs, retries and time limits go by the sandbox's clock, which can be advanced",
}
DOES_NOT_IMITATE = [
    "rate limits, 451 and 5xx answers",
    "campaign and skill routing: what is asked for is stored, nobody is routed",
    "the mutual-TLS relay of notifications, message history, and any call that is not of a connector",
    "secure forms, external files and payments: agents here send texts and structured content only",
    "a check of what an uploaded file really is, or of the domain an image comes from",
    "warnings about unknown members: they are ignored without a word",
    "the vendor's undocumented error texts: where no source gives one, the words are the sandbox's own",
    "the vendor's speed: answers come as fast as this machine can give them",
]
