"""Promises of section 5.3: what a profile may hold, and that it is kept.

They look at SEND; that both calls set a profile are sentences of their own.
"""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import ABSENT, Bench, NotReady, at
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import profile

rows = Rows()
_SANDBOX = "needs the sandbox"


def _kept(bench: Bench, body: dict[str, Any]) -> dict[str, Any]:
    """The profile after this one was set; ``NotReady`` where none is kept at all."""
    bench.did(profile(body))
    kept = bench.profile()
    if not kept:
        raise NotReady("the profile was not kept at all")
    return kept


def _members(says: str, word: str, sent: dict[str, Any]) -> None:
    """The row of members that are kept as they are sent, on the top level."""

    def probe(bench: Bench) -> Any:
        kept = _kept(bench, {"firstName": "Ida", **sent})
        return {name: kept.get(name, ABSENT) for name in sent}

    rows.add(f"P5.3-{word}", says, "5.3", probe, sent, never=_SANDBOX)


_members(
    "firstName, lastName and userId of a profile are kept.",
    "names",
    {"firstName": "Ida", "lastName": "Ost", "userId": "user-53"},
)
_members(
    "avatarUrl and backgndImgUri of a profile are kept.",
    "pictures",
    {"avatarUrl": "https://pictures.example/ida.png", "backgndImgUri": "https://pictures.example/sky.png"},
)
_members(
    "role and description of a profile are kept.",
    "role",
    {"role": "consumer", "description": "Writes at night"},
)
_members(
    "privateData of a profile has mobileNum and mail, and is kept.",
    "private",
    {"privateData": {"mobileNum": "+49 30 5353", "mail": "ida@promise.example"}},
)
_members(
    "pushNotificationData of a profile has serviceName, certName and token, and is kept.",
    "push",
    {"privateData": {"pushNotificationData": {"serviceName": "apns", "certName": "c-53", "token": "t-53"}}},
)
_members(
    "The attributes ctmrinfo and personal of a profile are kept.",
    "attributes",
    {
        "authenticatedData": {
            "lp_sdes": [
                {"type": "ctmrinfo", "info": {"customerId": "C-53", "ctype": "vip"}},
                {"type": "personal", "personal": {"firstname": "Ida", "lastname": "Ost"}},
            ]
        }
    },
)

_TEXTS = ("firstName", "lastName", "userId", "avatarUrl", "backgndImgUri", "role", "description")


@rows.promise(
    "P5.3-texts",
    "The members of a profile are texts, those in it are objects: a number in their place is refused.",
    "5.3",
    dict.fromkeys((*_TEXTS, "mail", "token", "privateData", "authenticatedData"), "refused"),
    on_account="harmless",
)
def _texts(bench: Bench) -> Any:
    bodies: dict[str, Any] = {name: {name: 53} for name in _TEXTS}
    bodies |= {
        "mail": {"privateData": {"mail": 53}},
        "token": {"privateData": {"pushNotificationData": {"token": 53}}},
        "privateData": {"privateData": 53},
        "authenticatedData": {"authenticatedData": 53},
    }
    return {name: bench.send(profile(body)).taken for name, body in bodies.items()}


@rows.promise(
    "P5.3-none",
    "Without authenticatedData, or with an empty one, nobody is told anything of the consumer.",
    "5.3",
    {"absent": "nothing", "{}": "nothing"},
    never=_SANDBOX,
)
def _none(bench: Bench) -> Any:
    def told(body: dict[str, Any]) -> str:
        found = at(_kept(bench, {"firstName": "Ida", **body}), "authenticatedData", "lp_sdes")
        return "nothing" if found in (ABSENT, []) else str(found)

    return {"absent": told({}), "{}": told({"authenticatedData": {}})}


PROMISES = rows.all
