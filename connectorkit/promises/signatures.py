"""Promises of section 9.5: the headers of a notification, and its signature.

The formula stands here by itself, and is tried on the documented examples before it judges what came.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from connectorkit.promises.bench import TYPES, Bench
from connectorkit.promises.model import Probe, Rows

rows = Rows()
_HOOK = "needs a webhook that the account can reach"
_CONTENT = TYPES[0]
_EXAMPLE_SECRET = "sandbox-secret-0001"  # noqa: S105 - of the documented example
_EXAMPLE = (
    '{"kind":"notification","body":{"changes":[{"sequence":2,"event":{"type":"ContentEvent",'
    '"message":"Hello","contentType":"text/plain"},"conversationId":"c-1","dialogId":"c-1"}]},'
    '"type":"ms.MessagingEventNotification"}'
)
_EXAMPLE_NOT_ASCII = (
    '{"kind":"notification","body":{"changes":[{"event":{"type":"ContentEvent","message":"Grüße 🚀",'
    '"contentType":"text/plain"},"dialogId":"c-1"}]},"type":"ms.MessagingEventNotification"}'
)


@rows.promise(
    "P9.5-account",
    "A notification names the account in x-liveperson-account-id.",
    "9.5",
    {"the account": True},
    never=_HOOK,
)
def _names_account(bench: Bench) -> Any:
    bench.subscribe(_CONTENT)
    bench.say(bench.open())
    return {"the account": bench.told().headers.get("x-liveperson-account-id") == bench.account}


@rows.promise(
    "P9.5-client",
    "A notification names the app in x-liveperson-client-id.",
    "9.5",
    {"the app": True},
    never=_HOOK,
)
def _names_client(bench: Bench) -> Any:
    app = bench.subscribe(_CONTENT)
    bench.say(bench.open())
    return {"the app": bench.told().headers.get("x-liveperson-client-id") == app.client_id}


@rows.promise(
    "P9.5-content-type",
    "The Content-Type of a notification is application/json; charset=utf-8.",
    "9.5",
    {"Content-Type": "application/json; charset=utf-8"},
    never=_HOOK,
)
def _content_type(bench: Bench) -> Any:
    bench.subscribe(_CONTENT)
    bench.say(bench.open())
    return {"Content-Type": bench.told().headers.get("content-type")}


def _signed(secret: str, body: bytes, algorithm: str, encoding: str) -> str:
    digest = hmac.new(secret.encode("utf-8"), body, getattr(hashlib, algorithm)).digest()
    return f"{algorithm}={digest.hex() if encoding == 'hex' else base64.b64encode(digest).decode('ascii')}"


def _signature(algorithm: str, encoding: str) -> Probe:
    def probe(bench: Bench) -> Any:
        if (algorithm, encoding) != ("sha1", "base64"):
            bench.set(signature_algorithm=algorithm, signature_encoding=encoding)
        app = bench.subscribe(_CONTENT)
        bench.say(bench.open(), "Hello")
        told = bench.told()
        wanted = _signed(app.client_secret.reveal(), told.body, algorithm, encoding)
        given = told.headers.get("x-liveperson-signature")
        return {
            "the example": _signed(_EXAMPLE_SECRET, _EXAMPLE.encode(), algorithm, encoding),
            "what came": "signed so" if given == wanted else "signed otherwise",
        }

    return probe


for _algorithm, _encoding, _value in (
    ("sha1", "base64", "sha1=Uf6rGcwn62FBGNwDyyVXCl1AaUw="),
    ("sha1", "hex", "sha1=51feab19cc27eb614118dc03cb25570a5d40694c"),
    ("sha256", "base64", "sha256=TreUdae/YnufXY9gGN7srDyGmJ7zE0NtsDsWIKVC7sE="),
    ("sha256", "hex", "sha256=4eb79475a7bf627b9f5d8f6018deecac3c86989ef313436db03b1620a542eec1"),
):
    _default = ", by default" if (_algorithm, _encoding) == ("sha1", "base64") else ", where it is set so"
    rows.add(
        f"P9.5-{_algorithm}-{_encoding}",
        f"The raw body is signed by {_algorithm} in {_encoding}, the client secret being the key{_default}.",
        "9.5, R36",
        _signature(_algorithm, _encoding),
        {"the example": _value, "what came": "signed so"},
        never=_HOOK,
    )


@rows.promise(
    "P9.5-not-ascii",
    "What is not ASCII is signed as the UTF-8 bytes that are sent.",
    "9.5",
    {
        "the example": [
            "sha1=LdStGH8lun5xChQna3kSw0o4meM=",
            "sha256=/7rvqUJdOLs43daBAi+3OoHMoVA4oFHd+V1pfdMpENo=",
        ],
        "what came": "signed so",
    },
    never=_HOOK,
)
def _not_ascii(bench: Bench) -> Any:
    app = bench.subscribe(_CONTENT)
    bench.say(bench.open(), "Grüße 🚀")
    told = bench.told()
    digests = [
        _signed(_EXAMPLE_SECRET, _EXAMPLE_NOT_ASCII.encode(), name, "base64") for name in ("sha1", "sha256")
    ]
    # However the digest is written, the row beside it says.
    given = told.headers.get("x-liveperson-signature", "").rstrip("=")
    wanted = _signed(app.client_secret.reveal(), told.body, "sha1", "base64").rstrip("=")
    return {"the example": digests, "what came": "signed so" if given == wanted else "signed otherwise"}


PROMISES = rows.all
