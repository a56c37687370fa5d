"""All that differs between the calls of the Connector API: service, path, body, and which tokens it needs.

Both clients turn an ``Operation`` into an ``httpx.Request``; neither knows any path by itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from connectorkit import wire
from connectorkit.markup import Shown
from connectorkit.redact import Secret

Payload = dict[str, Any] | list[Any] | str | bytes


@dataclass(frozen=True)
class Operation:
    """One call, ready to be sent once the host of its ``service`` is known.

    ``service`` ``None`` means the domain lookup itself, the only call with a configured host.
    ``authorised`` calls carry an AppJWT, those ``on_behalf`` of a consumer a ConsumerJWS as well.
    ``secret_query`` is a query that is a permission by itself; it is no part of ``target``.
    """

    name: str
    method: str
    service: wire.Service | None
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    content: bytes = field(default=b"", repr=False)  # a form with the client secret, for one
    content_type: str | None = None
    authorised: bool = False
    on_behalf: bool = False
    secret_query: Secret | None = None

    @property
    def target(self) -> str:
        """Path and query, as they follow the host."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


@dataclass(frozen=True)
class FileUrl(Shown):
    """Where a file is put or fetched. The URL is the permission: no token is needed, and it is a secret.

    ``expires`` is seconds since the epoch, as text; a URL is good for 60 seconds, for PUT or for GET.
    """

    relative_path: str
    signature: Secret
    expires: str

    @property
    def query(self) -> Secret:
        """The query that makes the path a permission."""
        signed = {wire.TEMP_URL_SIGNATURE: self.signature.reveal(), wire.TEMP_URL_EXPIRES: self.expires}
        return Secret(urlencode(signed))


def encode(payload: Payload) -> bytes:
    """The bytes to send: compact UTF-8 JSON of a dict or list; a ``str`` or ``bytes`` goes as it is."""
    if isinstance(payload, bytes):
        return payload
    if isinstance(payload, str):
        return payload.encode("utf-8", "surrogatepass")
    # surrogatepass: a tester may send half a surrogate pair on purpose.
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def find_domains(account_id: str) -> Operation:
    """Which host serves which service of the account. Needs no token."""
    path = _path(wire.DOMAINS_PATH, account_id)
    return Operation("domains", "GET", None, path, {"version": wire.DOMAINS_VERSION})


def get_app_jwt(account_id: str, client_id: str, client_secret: Secret) -> Operation:
    """An AppJWT for the connector, by client credentials.

    Of the three documented placements this is the newest: id and secret in the form, so that they stay
    out of URLs and of other people's logs.
    """
    form = {"client_id": client_id, "client_secret": client_secret.reveal()}
    return Operation(
        "app_jwt",
        "POST",
        wire.SENTINEL,
        _path(wire.APP_JWT_PATH, account_id),
        {"v": wire.APP_JWT_VERSION, "grant_type": wire.CLIENT_CREDENTIALS},
        urlencode(form).encode(),
        wire.FORM_MEDIA_TYPE,
    )


def get_consumer_jws(account_id: str, ext_consumer_id: str) -> Operation:
    """A ConsumerJWS for one consumer. Needs an AppJWT."""
    path = _path(wire.CONSUMER_JWS_PATH, account_id)
    body = {"ext_consumer_id": ext_consumer_id}
    return _json_post("consumer_jws", wire.IDP, path, wire.CONSUMER_JWS_VERSION, body, on_behalf=False)


def conversation(account_id: str, batch: Payload) -> Operation:
    """CONVERSATION: a batch of requests that opens a conversation and sets the profile."""
    path = _path(wire.CONVERSATION_PATH, account_id)
    return _json_post("conversation", wire.MESSAGING, path, wire.MESSAGING_VERSION, batch)


def send(account_id: str, envelope: Payload) -> Operation:
    """SEND: one request into an open conversation."""
    path = _path(wire.SEND_PATH, account_id)
    return _json_post("send", wire.MESSAGING, path, wire.MESSAGING_VERSION, envelope)


def upload_file(url: FileUrl, content: bytes, file_type: str) -> Operation:
    """PUT a file of type JPG, JPEG, PNG or GIF where an upload URL leads."""
    media_type = wire.UPLOAD_MEDIA_TYPES.get(file_type, wire.BINARY_MEDIA_TYPE)
    return _storage("upload_file", "PUT", url, content, media_type)


def download_file(url: FileUrl) -> Operation:
    """GET a file from where a download URL leads."""
    return _storage("download_file", "GET", url)


def _storage(
    name: str, method: str, url: FileUrl, content: bytes = b"", content_type: str | None = None
) -> Operation:
    # One slash, whatever came: without it the path would run into the host's name.
    path = "/" + quote(url.relative_path.lstrip("/"), safe="/")
    return Operation(
        name,
        method,
        wire.STORAGE,
        path,
        content=content,
        content_type=content_type,
        secret_query=url.query,
    )


def _path(template: str, account_id: str) -> str:
    return template.format(account_id=quote(account_id, safe=""))


def _json_post(
    name: str, service: wire.Service, path: str, version: str, payload: Payload, *, on_behalf: bool = True
) -> Operation:
    return Operation(
        name,
        "POST",
        service,
        path,
        {"v": version},
        encode(payload),
        wire.JSON_MEDIA_TYPE,
        authorised=True,
        on_behalf=on_behalf,
    )
