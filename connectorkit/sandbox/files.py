"""Hosted files: where one goes, who may put or get it and until when, and what is stored.

A temp URL is the permission: whoever holds one needs no token. The consumer a file belongs to is part of
its path.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectorkit import wire
from connectorkit.sandbox import refusals
from connectorkit.sandbox.clock import Clock
from connectorkit.sandbox.members import Members, is_integer
from connectorkit.sandbox.refusals import bad

MAX_STORED_BYTES = 256 * 1024 * 1024
# An object costs some memory besides its bytes; counting it bounds the number of empty objects too.
_OBJECT_BYTES = 1024

# A method, and the methods whose signatures permit it. Others are never permitted.
_SIGNED_FOR = {"PUT": ("PUT",), "GET": ("GET",), "HEAD": ("HEAD", "GET", "PUT")}
_CONTENT_TYPES = {"JPG": "image/jpeg", "JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif"}

_PATH = re.compile(
    r"/v1/AUTH_async-images/(?P<account>[^/\s]+)"
    r"/(?P<consumer>[0-9A-Za-z-]+)"
    r"_uuid_[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    r"_[0-9]{2}-[0-9]{2}-[0-9]{4}_[0-9]{2}-[0-9]{2}-[0-9]{2}-[0-9]{3}"
    r"\.[0-9A-Za-z]{1,8}"
)
_EXPIRES = re.compile(r"[0-9]{1,15}")
_SIZE = re.compile(r"[0-9]{1,15}")
_BASE64 = re.compile(r"[0-9A-Za-z+/]+={0,2}")


@dataclass(frozen=True)
class StoredFile:
    """One uploaded file; ``md5`` in lower-case hex is its ETag."""

    content: bytes
    content_type: str
    md5: str


def md5(content: bytes) -> str:
    """The ETag of a file: a check sum, not a protection."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


class FileStore:
    """Issues temp URLs of one account and keeps what was uploaded, in memory.

    When more than ``limit_bytes`` would be kept, the files uploaded first are forgotten.
    """

    def __init__(
        self,
        account_id: str,
        clock: Clock,
        lot_uuid: Callable[[], str],
        key: str,
        *,
        limit_bytes: int = MAX_STORED_BYTES,
    ) -> None:
        self._account_id = account_id
        self._clock = clock
        self._new_uuid = lot_uuid
        self._key = key.encode()
        self._limit_bytes = limit_bytes
        self._files: OrderedDict[str, StoredFile] = OrderedDict()
        self._bytes = 0

    # --- URLs ---

    def upload_url(self, consumer_id: str, file_type: str) -> dict[str, Any]:
        """A new path of the consumer's, which may be PUT for 60 seconds."""
        now_ms = self._clock.now_ms()
        moment = datetime.fromtimestamp(now_ms // 1000, UTC)
        stamp = f"{moment:%d-%m-%Y_%H-%M-%S}-{now_ms % 1000:03}"
        name = f"{consumer_id}_uuid_{self._new_uuid()}_{stamp}.{file_type}"
        return self._temp_url("PUT", wire.STORAGE_PATH.format(account_id=self._account_id, name=name))

    def download_url(self, relative_path: str) -> dict[str, Any]:
        """A URL with which the path may be read for 60 seconds, whether or not a file is there."""
        return self._temp_url("GET", relative_path)

    def allows(self, method: str, path: str, signature: str, expires: str) -> bool:
        """Whether a temp URL permits the method on the path (decoded, with one leading slash) now."""
        if not _EXPIRES.fullmatch(expires) or self._clock.now() >= int(expires):
            return False
        given = signature.encode("utf-8", "surrogatepass")
        matches = [
            hmac.compare_digest(self.sign(signed_for, path, expires).encode(), given)
            for signed_for in _SIGNED_FOR.get(method, ())
        ]
        return any(matches)

    def sign(self, method: str, path: str, expires: str) -> str:
        """The ``temp_url_sig`` of one method, path and time of expiry."""
        text = f"{method}\n{expires}\n{path}"
        return hmac.new(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha1).hexdigest()

    def _temp_url(self, method: str, path: str) -> dict[str, Any]:
        expires = str(int(self._clock.now()) + wire.TEMP_URL_SECONDS)
        return {
            "relativePath": path,
            "queryParams": {
                "temp_url_sig": self.sign(method, path, expires),
                "temp_url_expires": expires,
            },
        }

    # --- Whose path it is ---

    @staticmethod
    def well_formed(relative_path: str) -> bool:
        """Whether it looks like a path of an upload answer, of whatever account."""
        return _PATH.fullmatch(relative_path) is not None

    def owner(self, relative_path: str) -> str | None:
        """The consumer whose file the path names, or ``None`` where it is no path of this account."""
        match = _PATH.fullmatch(relative_path)
        return match["consumer"] if match and match["account"] == self._account_id else None

    def check_owner(self, relative_path: str, consumer_id: str) -> None:
        """Refuse somebody else's file: 401 with 40103."""
        if self.owner(relative_path) != consumer_id:
            raise refusals.door(wire.INVALID_CONSUMER_JWS)

    def check_uploaded(self, message: Members) -> None:
        """Refuse to publish what was never uploaded, or is empty: 400 that names ``relativePath``."""
        file, name = self.object(message.value["relativePath"]), message.path("relativePath")
        if file is None:
            raise bad(f"{name}: no file was uploaded there; PUT it to the upload URL first")
        if not file.content:
            raise bad(f"{name}: the file there is empty; upload it again")

    # --- What is stored ---

    def object(self, relative_path: str) -> StoredFile | None:
        """The file at a path, or ``None``."""
        return self._files.get(relative_path)

    def put(self, relative_path: str, content: bytes) -> StoredFile:
        """Store a file, in place of an earlier one."""
        self._forget(relative_path)
        file_type = relative_path.rpartition(".")[2].upper()
        content_type = _CONTENT_TYPES.get(file_type, "application/octet-stream")
        file = StoredFile(content, content_type, md5(content))
        self._files[relative_path] = file
        self._bytes += len(content) + _OBJECT_BYTES
        while self._bytes > self._limit_bytes and len(self._files) > 1:
            self._forget(next(iter(self._files)))
        return file

    def reset(self) -> None:
        """Forget every file; URLs issued before stay valid until they expire."""
        self._files.clear()
        self._bytes = 0

    def memory(self) -> list[tuple[str, StoredFile]]:
        """All that is stored."""
        return list(self._files.items())

    def recall(self, memory: list[tuple[str, StoredFile]]) -> None:
        """Store that instead."""
        self.reset()
        for path, file in memory:
            self.put(path, file.content)

    def _forget(self, relative_path: str) -> None:
        file = self._files.pop(relative_path, None)
        if file is not None:
            self._bytes -= len(file.content) + _OBJECT_BYTES


# --- Shape of requests about files: 400 before anything is looked up ---------------------------------


def check_upload(body: Members) -> str:
    """The file type of an upload request, once its size and type are allowed."""
    size, name = body.value.get("fileSize"), body.path("fileSize")
    if size is None:
        raise bad(f"{name} is missing; state the size in bytes")
    if not (is_integer(size) or (isinstance(size, str) and _SIZE.fullmatch(size))):
        raise bad(f'{name} must be a whole number of bytes, as "20480"')
    if not 0 < int(size) <= wire.MAX_FILE_BYTES:
        raise bad(f"{name} must be from 1 to {wire.MAX_FILE_BYTES} bytes")
    return str(body.choice("fileType", wire.UPLOAD_TYPES, required=True))


def check_download(body: Members) -> str:
    """The path a download request asks for, once it is well formed."""
    return _relative_path(body)


def check_hosted_file(message: Members) -> None:
    """The message of a ``hosted/file`` event."""
    _relative_path(message)
    message.choice("fileType", wire.UPLOAD_TYPES, required=True)
    message.text("caption")
    preview = message.text("preview")
    if preview is not None:
        _check_preview(preview, message.path("preview"))


def _relative_path(members: Members) -> str:
    path = members.text("relativePath", required=True, empty=False) or ""
    if not FileStore.well_formed(path):
        raise bad(f"{members.path('relativePath')} must be the path of an upload answer, unchanged")
    return path


def _check_preview(preview: str, name: str) -> None:
    head, _, encoded = preview.partition(",")
    head = head.lower()
    if not head.startswith("data:image/") or not head.endswith(";base64"):
        raise bad(f"{name} must be an image as data URI, as data:image/png;base64,…")
    if len(encoded) >= wire.MAX_PREVIEW_CHARACTERS:
        raise bad(f"{name} must have fewer than {wire.MAX_PREVIEW_CHARACTERS} characters after the comma")
    if not _BASE64.fullmatch(encoded):
        raise bad(f"{name} must be base64 after the comma")
