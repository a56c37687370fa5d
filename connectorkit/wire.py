"""Names and numbers of the Connector API as they stand on the wire; nothing here does anything.

The one place for paths, header names, type strings, allowed values, limits and error codes. Client and
sandbox both read it, so it is checked against literal samples in ``tests/wire``.
"""

from __future__ import annotations

from typing import Literal, TypedDict

# --- Services, as the domain lookup names them (case-sensitive) --------------------------------------

Service = Literal["sentinel", "idp", "asyncMessagingEnt", "agentVep"]

SENTINEL: Service = "sentinel"
IDP: Service = "idp"
MESSAGING: Service = "asyncMessagingEnt"
AGENT_LOGIN: Service = "agentVep"

# --- Paths -------------------------------------------------------------------------------------------

DOMAINS_PATH = "/api/account/{account_id}/service/baseURI.json"
DOMAIN_PATH = "/api/account/{account_id}/service/{service}/baseURI.json"
APP_JWT_PATH = "/sentinel/api/account/{account_id}/app/token"
CONSUMER_JWS_PATH = "/api/account/{account_id}/consumer"
CONVERSATION_PATH = "/api/account/{account_id}/messaging/consumer/conversation"
SEND_PATH = "/api/account/{account_id}/messaging/consumer/conversation/send"
AGENT_LOGIN_PATH = "/api/account/{account_id}/login"

DOMAINS_VERSION = "1.0"
APP_JWT_VERSION = "1.0"
CONSUMER_JWS_VERSION = "1.0"
MESSAGING_VERSION = "3"

# --- Headers -----------------------------------------------------------------------------------------

AUTHORIZATION = "Authorization"
ON_BEHALF = "X-LP-ON-BEHALF"
JSON_MEDIA_TYPE = "application/json"
FORM_MEDIA_TYPE = "application/x-www-form-urlencoded"

# --- Tokens ------------------------------------------------------------------------------------------

APP_JWT_LIFETIME_SECONDS = 3600
APP_JWT_ISSUER = "Sentinel"
APP_JWT_SCOPE = "msg.consumer"
TOKEN_ALGORITHM = "RS256"  # noqa: S105 - the name of an algorithm
CLIENT_CREDENTIALS = "client_credentials"

# --- Message kinds and types -------------------------------------------------------------------------

REQUEST = "req"
RESPONSE = "resp"

SET_USER_PROFILE = "userprofile.SetUserProfile"
REQUEST_CONVERSATION = "cm.ConsumerRequestConversation"
UPDATE_FIELD = "cm.UpdateConversationField"
PUBLISH_EVENT = "ms.PublishEvent"
ERROR_RESPONSE = ".ReqBody$ErrorResp"

CONTENT_EVENT = "ContentEvent"
CHAT_STATE_EVENT = "ChatStateEvent"
TEXT = "text/plain"

STATE_FIELD = "ConversationStateField"
STAGE_FIELD = "Stage"
DIALOG_FIELD = "DialogChange"
CSAT_FIELD = "CSATRate"
TTR_FIELD = "TTRField"

# --- Allowed values ----------------------------------------------------------------------------------

CHAT_STATES = ("ACTIVE", "INACTIVE", "GONE", "COMPOSING", "PAUSE")
CHANNEL_TYPE = "MESSAGING"
TTR_NAMES = ("NORMAL", "URGENT", "PRIORITIZED")
TTR_NAMES_OLD_CLIENTS = ("CUSTOM",)  # accepted by the service, not offered by the builders
CLOSE = "CLOSE"
CSAT_RATES = (1, 2, 3, 4, 5)
CSAT_STATUSES = ("FILLED", "PARTIALLY_FILLED", "SKIPPED")
ANY_SKILL = "-1"
GENDERS = ("MALE", "FEMALE", "OTHER")
PHONE_TYPES = ("HOME", "MOBILE", "WORK", "FAX", "MAIN", "HOME_FAX", "WORK_FAX", "PAGER", "OTHER")
MONITORING_CONTEXT = "SharkContext"

# --- Limits ------------------------------------------------------------------------------------------

MAX_ID_CHARACTERS = 64
MAX_REQUEST_CHARACTERS = 5000  # of a text, receipt or chat-state request, as sent
MAX_BODY_BYTES = 1024 * 1024

# --- Status words: the `code` of a response ----------------------------------------------------------

CODES = {
    200: "OK",
    400: "BAD_REQUEST",
    404: "NOT_FOUND",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "TOO_MANY_REQUESTS",
    500: "INTERNAL_SERVER_ERROR",
    502: "BAD_GATEWAY",
    503: "SERVICE_UNAVAILABLE",
    504: "GATEWAY_TIMEOUT",
}

# --- Texts a client may meet -------------------------------------------------------------------------

CLOSED_MESSAGE = "Bad Request, Conversation is close"
ALREADY_OPEN_MESSAGE = (
    "Consumer request conversation failed: User {lp_consumer_id} already has open conversation. "
    "Can't open another one."
)


class DoorError(TypedDict):
    """One row of the documented authorisation errors."""

    status: int
    title: str
    details: str


# `errorCode` to the rest of its error object. Decide on the number; the texts may change.
MISSING_PARAMETER = 40001
INVALID_APP_JWT = 40102
INVALID_CONSUMER_JWS = 40103
MISSING_CONSUMER_JWS = 40104
MISSING_APP_JWT = 40105

DOOR_ERRORS: dict[int, DoorError] = {
    MISSING_PARAMETER: {"status": 400, "title": "Missing parameter", "details": "Brand Id is missing"},
    INVALID_APP_JWT: {
        "status": 401,
        "title": "Invalid AppJWT",
        "details": "AppJWT has expired or is invalid",
    },
    INVALID_CONSUMER_JWS: {
        "status": 401,
        "title": "Invalid ConsumerJWS",
        "details": "ConsumerJWS is invalid",
    },
    MISSING_CONSUMER_JWS: {
        "status": 401,
        "title": "ConsumerJWS is missing",
        "details": "X_ON_BEHALF_HEADER is not present",
    },
    MISSING_APP_JWT: {
        "status": 401,
        "title": "AppJWT is missing",
        "details": "AUTHORIZATION header is not present",
    },
}
