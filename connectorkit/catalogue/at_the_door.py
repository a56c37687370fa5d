"""At the door: the tokens that every CONVERSATION and SEND carries."""

from __future__ import annotations

from connectorkit.catalogue.model import Ending, Request, Scenario
from connectorkit.catalogue.shapes import NOWHERE, RENEW, door, request, text

_FETCH_JWS = "Send the ConsumerJWS of the consumer who speaks in X-LP-ON-BEHALF; a new AppJWT will not help."
_OWN = "Use the consumer it belongs to; neither a new AppJWT nor sending it again will help."
_INVALID_APP_JWT = door(40102, "Invalid AppJWT", "AppJWT has expired or is invalid")
_INVALID_JWS = door(40103, "Invalid ConsumerJWS", "ConsumerJWS is invalid")
# The tokens are looked at first, so where the text would go does not matter: nowhere does no harm.
_TEXT = text(dialog=NOWHERE)

SCENARIOS = (
    Scenario(
        name="expired-app-jwt",
        shows="An hour has passed: the AppJWT is refused, renewed once, and the text is sent again.",
        advice=RENEW,
        source="S9, S11, S16, S18",
        before=("open",),
        clock_seconds=3660,
        request=Request(payload=text()),
        answer=_INVALID_APP_JWT,
        ending=Ending(200, attempts=2),
    ),
    Scenario(
        name="app-jwt-expired-early",
        shows="The AppJWT is refused before its hour is over: its exp promises nothing.",
        advice=RENEW,
        source="S11, S17",
        before=("open",),
        faults=({"expire": "app_jwt", "on": "send", "times": 1},),
        request=Request(payload=text()),
        answer=_INVALID_APP_JWT,
        ending=Ending(200, attempts=2),
    ),
    Scenario(
        name="missing-app-jwt",
        shows="The Authorization header was forgotten.",
        advice="Send the AppJWT in the Authorization header, without a Bearer prefix.",
        source="S12, R8",
        request=Request(payload=_TEXT, headers={"Authorization": None}),
        answer=door(40105, "AppJWT is missing", "AUTHORIZATION header is not present"),
        on_account="harmless",
    ),
    Scenario(
        name="invalid-app-jwt",
        shows="What stands in the Authorization header is no token of this service.",
        advice=RENEW,
        source="S13",
        request=Request(payload=_TEXT, headers={"Authorization": "not-a-token"}),
        answer=_INVALID_APP_JWT,
        on_account="harmless",
    ),
    Scenario(
        name="app-jwt-of-another-account",
        shows="The AppJWT is good, but the address names another account.",
        advice="Use one AppJWT for each account.",
        source="R56",
        request=Request(payload=_TEXT, path="/api/account/87654321/messaging/consumer/conversation/send"),
        answer=_INVALID_APP_JWT,
        ending=Ending(attempts=2),
        never="the other account may be somebody's",
    ),
    Scenario(
        name="app-jwt-without-claims",
        shows="A genuine token stands in the Authorization header, but not an AppJWT: claims are missing.",
        advice="Send the AppJWT there; the ConsumerJWS belongs into X-LP-ON-BEHALF.",
        source="R9",
        request=Request(payload=_TEXT, headers={"Authorization": "{consumer_jws}"}),
        answer=door(40001, "Missing parameter", "Brand Id is missing"),
        never="an account may have a key for each kind of token",
    ),
    Scenario(
        name="missing-consumer-jws",
        shows="The X-LP-ON-BEHALF header was forgotten.",
        advice=_FETCH_JWS,
        source="S14",
        request=Request(payload=_TEXT, headers={"X-LP-ON-BEHALF": None}),
        answer=door(40104, "ConsumerJWS is missing", "X_ON_BEHALF_HEADER is not present"),
        on_account="harmless",
    ),
    Scenario(
        name="invalid-consumer-jws",
        shows="What stands in the X-LP-ON-BEHALF header is no token of this service.",
        advice=_FETCH_JWS,
        source="S15",
        request=Request(payload=_TEXT, headers={"X-LP-ON-BEHALF": "not-a-token"}),
        answer=_INVALID_JWS,
        on_account="harmless",
    ),
    Scenario(
        name="app-jwt-as-consumer-jws",
        shows="The AppJWT stands in both headers.",
        advice=_FETCH_JWS,
        source="S15, R57",
        request=Request(payload=_TEXT, headers={"X-LP-ON-BEHALF": "{app_jwt}"}),
        answer=_INVALID_JWS,
        on_account="harmless",
    ),
    Scenario(
        name="foreign-conversation",
        shows="A consumer writes into the conversation of another: a new AppJWT would not help.",
        advice=_OWN,
        source="S19, R11",
        before=("open by another",),
        request=Request(payload=text()),
        answer=_INVALID_JWS,
        on_account="visible",
    ),
    Scenario(
        name="foreign-file",
        shows="A consumer asks for the file of another.",
        advice=_OWN,
        source="R11",
        before=("upload url of another",),
        request=Request(payload=request("ms.GenerateURLForDownloadFile", {"relativePath": "{file}"})),
        answer=_INVALID_JWS,
        never="an account may not have file sharing",
    ),
)
