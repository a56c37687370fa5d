"""HTTP itself: addresses, methods, media types and sizes."""

from __future__ import annotations

from connectorkit.catalogue.model import Request, Scenario
from connectorkit.catalogue.shapes import NOWHERE, batch, plain, refused, text

_TEXT = text(dialog=NOWHERE)

SCENARIOS = (
    Scenario(
        name="unknown-path",
        shows="The address has one word too few.",
        advice="Check the path.",
        source="R54",
        request=Request(payload=_TEXT, path="/api/account/{account}/messaging/consumer/send"),
        answer=plain(404, "Unknown path"),
        on_account="harmless",
    ),
    Scenario(
        name="obsolete-path",
        shows="The address is that of an old machine-readable description.",
        advice="Use the documented paths; those of the old description are gone.",
        source="R54",
        request=Request("conversation", batch(), path="/api/account/{account}/conversation"),
        answer=plain(404, "Unknown path"),
        never="an account may still have it, and would open a conversation",
    ),
    Scenario(
        name="wrong-method",
        shows="SEND is asked for with PUT.",
        advice="Use the method that Allow names.",
        source="RFC 9110, section 15.5.6",
        request=Request(payload=_TEXT, method="PUT"),
        answer=plain(405, "Method not allowed", {"Allow": "POST"}),
        on_account="harmless",
    ),
    Scenario(
        name="wrong-content-type",
        shows="The body is JSON, but its Content-Type says otherwise.",
        advice="Send Content-Type: application/json.",
        source="R26",
        request=Request(payload=_TEXT, headers={"Content-Type": "text/plain"}),
        answer=refused(415, "Content-Type must be application/json", None),
        on_account="harmless",
    ),
    Scenario(
        name="too-large-body",
        shows="The body is larger than one mebibyte.",
        advice="Send less; a file goes to the file store.",
        source="R22",
        request=Request(payload=" " * (1024 * 1024 + 1)),
        answer=refused(413, "Payload too large", None),
        on_account="harmless",
    ),
)
