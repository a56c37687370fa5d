"""Names and numbers of the Connector API as they stand on the wire; nothing here does anything.

The one place for paths, header names, type strings, allowed values, limits and error codes. Client and
sandbox both read it, so it is checked against literal samples in ``tests/wire``.
"""

from __future__ import annotations

from typing import Literal, TypedDict

# --- Services, as the domain lookup names them (case-sensitive) --------------------------------------

Service = Literal["sentinel", "idp", "asyncMessagingEnt", "swift", "agentVep", "accountConfigReadWrite"]

SENTINEL: Service = "sentinel"
IDP: Service = "idp"
MESSAGING: Service = "asyncMessagingEnt"
STORAGE: Service = "swift"
AGENT_LOGIN: Service = "agentVep"
ACCOUNT_CONFIG: Service = "accountConfigReadWrite"

# --- Paths -------------------------------------------------------------------------------------------

DOMAINS_PATH = "/api/account/{account_id}/service/baseURI.json"
DOMAIN_PATH = "/api/account/{account_id}/service/{service}/baseURI.json"
APP_JWT_PATH = "/sentinel/api/account/{account_id}/app/token"
CONSUMER_JWS_PATH = "/api/account/{account_id}/consumer"
CONVERSATION_PATH = "/api/account/{account_id}/messaging/consumer/conversation"
SEND_PATH = "/api/account/{account_id}/messaging/consumer/conversation/send"
AGENT_LOGIN_PATH = "/api/account/{account_id}/login"
INSTALLATIONS_PATH = "/api/account/{account_id}/configuration/app-install/installations"
INSTALLATION_PATH = INSTALLATIONS_PATH + "/{app_id}"
STORAGE_PATH = "/v1/AUTH_async-images/{account_id}/{name}"

DOMAINS_VERSION = "1.0"
APP_JWT_VERSION = "1.0"
CONSUMER_JWS_VERSION = "1.0"
MESSAGING_VERSION = "3"
INSTALLATIONS_VERSION = "1.0"

# --- Headers -----------------------------------------------------------------------------------------

AUTHORIZATION = "Authorization"
ON_BEHALF = "X-LP-ON-BEHALF"
CLIENT_PROPERTIES = "Client-Properties"
NOTIFIED_ACCOUNT = "x-liveperson-account-id"
NOTIFIED_CLIENT = "x-liveperson-client-id"
SIGNATURE = "x-liveperson-signature"
REVISION = "ac-revision"  # of the app installs; PUT and DELETE repeat it in If-Match
JSON_MEDIA_TYPE = "application/json"
FORM_MEDIA_TYPE = "application/x-www-form-urlencoded"
BINARY_MEDIA_TYPE = "application/octet-stream"

# --- Tokens ------------------------------------------------------------------------------------------

APP_JWT_LIFETIME_SECONDS = 3600
APP_JWT_ISSUER = "Sentinel"
APP_JWT_SCOPE = "msg.consumer"
TOKEN_ALGORITHM = "RS256"  # noqa: S105 - the name of an algorithm
CLIENT_CREDENTIALS = "client_credentials"

# --- Message kinds and types -------------------------------------------------------------------------

REQUEST = "req"
RESPONSE = "resp"
NOTIFICATION = "notification"

SET_USER_PROFILE = "userprofile.SetUserProfile"
REQUEST_CONVERSATION = "cm.ConsumerRequestConversation"
UPDATE_FIELD = "cm.UpdateConversationField"
PUBLISH_EVENT = "ms.PublishEvent"
UPLOAD_URL = "ms.GenerateURLForUploadFile"
DOWNLOAD_URL = "ms.GenerateURLForDownloadFile"
ERROR_RESPONSE = ".ReqBody$ErrorResp"
MESSAGING_NOTIFICATION = "ms.MessagingEventNotification"
CONVERSATION_NOTIFICATION = "cqm.ExConversationChangeNotification"

CONTENT_EVENT = "ContentEvent"
RICH_CONTENT_EVENT = "RichContentEvent"
CHAT_STATE_EVENT = "ChatStateEvent"
ACCEPT_STATUS_EVENT = "AcceptStatusEvent"
TEXT = "text/plain"
HOSTED_FILE = "hosted/file"

# What an app install can be notified of: the keys of `capabilities.webhooks`.
WEBHOOK_TYPES = (
    f"{MESSAGING_NOTIFICATION}.{CONTENT_EVENT}",
    f"{MESSAGING_NOTIFICATION}.{RICH_CONTENT_EVENT}",
    f"{MESSAGING_NOTIFICATION}.{ACCEPT_STATUS_EVENT}",
    f"{MESSAGING_NOTIFICATION}.{CHAT_STATE_EVENT}",
    CONVERSATION_NOTIFICATION,
)

STATE_FIELD = "ConversationStateField"
STAGE_FIELD = "Stage"
DIALOG_FIELD = "DialogChange"
CSAT_FIELD = "CSATRate"
TTR_FIELD = "TTRField"

# --- Allowed values ----------------------------------------------------------------------------------

CHAT_STATES = ("ACTIVE", "INACTIVE", "GONE", "COMPOSING", "PAUSE")
ACCEPT_STATUSES = ("ACCEPT", "READ", "ACCESS", "NACK", "ACTION")
CONSUMER, ASSIGNED_AGENT, AGENT, READER, CONTROLLER = (
    "CONSUMER",
    "ASSIGNED_AGENT",
    "AGENT",
    "READER",
    "CONTROLLER",
)
ROLES = (CONSUMER, ASSIGNED_AGENT, AGENT, "MANAGER", "AGENT_MANAGER", "ASSIGNED_MANAGER", READER, CONTROLLER)
OPEN = "OPEN"
MAIN_DIALOG, SURVEY_DIALOG = "MAIN", "POST_SURVEY"
UPLOAD_MEDIA_TYPES = {"JPG": "image/jpeg", "JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif"}
UPLOAD_TYPES = tuple(UPLOAD_MEDIA_TYPES)
CHANNEL_TYPE = "MESSAGING"
TTR_NAMES = ("NORMAL", "URGENT", "PRIORITIZED")
TTR_NAMES_OLD_CLIENTS = ("CUSTOM",)  # accepted by the service, not offered by the builders
TTR_TYPES = (*TTR_NAMES, *TTR_NAMES_OLD_CLIENTS)  # of a TTRField, where CUSTOM means "these seconds"
CLOSE = "CLOSE"
CSAT_RATES = (1, 2, 3, 4, 5)
CSAT_STATUSES = ("FILLED", "PARTIALLY_FILLED", "SKIPPED")
ANY_SKILL = "-1"
GENDERS = ("MALE", "FEMALE", "OTHER")
PHONE_TYPES = ("HOME", "MOBILE", "WORK", "FAX", "MAIN", "HOME_FAX", "WORK_FAX", "PAGER", "OTHER")
MONITORING_CONTEXT = "SharkContext"
AUTO_MESSAGES, RICH_CONTENT, QUICK_REPLIES, MULTI_DIALOG = FEATURES_WITH_EFFECT = (
    "AUTO_MESSAGES",
    "RICH_CONTENT",
    "QUICK_REPLIES",
    "MULTI_DIALOG",
)
FEATURES = (*FEATURES_WITH_EFFECT, "PHOTO_SHARING", "SECURE_FORMS", "CO_BROWSE", "CO_APP")
CLIENT_PROPERTIES_TYPE = ".ClientProperties"
DEVICE_FAMILIES = ("DESKTOP", "TABLET", "MOBILE", "OTHER")
OPERATING_SYSTEMS = ("WINDOWS", "LINUX", "OSX", "ANDROID", "IOS", "OTHER")
INTEGRATIONS = ("WEB_SDK", "MOBILE_SDK", "BRAND_SDK")
SIGNATURE_ALGORITHMS = ("sha1", "sha256")
SIGNATURE_ENCODINGS = ("base64", "hex")

# --- Limits ------------------------------------------------------------------------------------------

MAX_ID_CHARACTERS = 64
MAX_REQUEST_CHARACTERS = 5000  # of a text, receipt or chat-state request, as sent
MAX_BODY_BYTES = 1024 * 1024
MAX_FILE_BYTES = 3 * 1024 * 1024
MAX_PREVIEW_CHARACTERS = 30 * 1024  # of base64 after the comma; a preview must stay below
TEMP_URL_SECONDS = 60
TEMP_URL_SIGNATURE, TEMP_URL_EXPIRES = "temp_url_sig", "temp_url_expires"
PREVIEW_PREFIX = "data:image/png;base64,"
MAX_ACTIONS = 4  # of one click
MAX_ELEMENT_TEXT = 5000
MAX_TOOLTIP = 256
MAX_TITLE = 128  # of buttons, captions and link previews
MAX_URI = 2048
MAX_METADATA_ID = 64
MAX_BUSINESS_CASE = 256
MAX_INTENTS = 16
# Client-Properties: member to its longest value in characters.
CLIENT_PROPERTY_LIMITS = dict.fromkeys(
    (
        *("appId", "osName", "osVersion", "browser", "browserVersion", "deviceManufacture"),
        *("deviceModel", "timeZone", "integrationVersion"),
    ),
    64,
) | {"appVersion": 32, "ipAddress": 32}
MIN_RETENTION_SECONDS, MAX_RETENTION_SECONDS = 2, 259200
MAX_RETRIES = 5

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
