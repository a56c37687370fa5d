"""Steps about files: URL requests, and PUT, GET and other methods at the storage. Reference: section 10."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from connectorkit.explore import answers
from connectorkit.explore.expecting import Between, Pattern
from connectorkit.explore.model import File, Model, Span
from connectorkit.explore.source import Code, source
from connectorkit.explore.steps import Anytime, Plain, Verdict, Written

URL_SECONDS = 60
_SLOW_SECONDS = 30  # that may pass here until it is looked at how long a URL is good for
MOST_BYTES = 3_145_728
_TYPES = {"PNG": "image/png", "GIF": "image/gif", "JPG": "image/jpeg", "JPEG": "image/jpeg"}
DOT = b"GIF89a-a-dot"
_OPERATION = "from connectorkit.operations import Operation"
_PATH = (
    r"/v1/AUTH_async-images/[^/]+/[0-9a-f]{64}_uuid_[0-9a-f-]{36}"
    r"_\d{2}-\d{2}-\d{4}_\d{2}-\d{2}-\d{2}-\d{3}\."
)

# fileSize and fileType, and the member at fault.
UPLOADS: dict[str, tuple[Any, Any, str]] = {
    "text": ("20480", "PNG", ""),
    "number": (20480, "GIF", ""),
    "largest": ("3145728", "JPG", ""),
    "largest number": (3145728, "JPEG", ""),
    "one byte": ("1", "PNG", ""),
    "too large": ("3145729", "PNG", "fileSize"),
    "too large a number": (3145729, "PNG", "fileSize"),
    "nothing": ("0", "PNG", "fileSize"),
    "negative": (-1, "PNG", "fileSize"),
    "no number": ("abc", "PNG", "fileSize"),
    "fraction": (1.5, "PNG", "fileSize"),
    "truth": (True, "PNG", "fileSize"),
    "no size": (None, "PNG", "fileSize"),
    "small letters": ("1", "png", "fileType"),
    "other type": ("1", "PDF", "fileType"),
    "no type": ("1", None, "fileType"),
}


@dataclass(frozen=True)
class AskUpload(Anytime):
    """A URL to put a file to is asked for; ``case`` is one of ``UPLOADS``."""

    who: str
    case: str = "text"

    @property
    def about(self) -> str:
        """What is special about it."""
        return self.case

    @property
    def event(self) -> str:
        """Its name in the report."""
        return "bad upload URL" if UPLOADS[self.case][2] else "upload URL"

    def possible(self, model: Model) -> bool:
        """Whether it can be done now."""
        return not model.faults

    def written(self, model: Model) -> Written:
        """Its lines in a cell."""
        size, kind, member = UPLOADS[self.case]
        given = {"fileSize": size, "fileType": kind}
        body = {name: value for name, value in given.items() if value is not None}
        request = source({"kind": "req", "id": "3", "type": "ms.GenerateURLForUploadFile", "body": body})
        if member:
            return Written.of(f"reply = kit.send({request}, consumer={source(self.who)})")
        return _url(model, request, self.who)

    def judged(self, model: Model, when: Span) -> Verdict:
        """What must have come of it."""
        _, kind, member = UPLOADS[self.case]
        verdict = Verdict()
        if member:
            verdict.answer(*answers.bad(member, "3"), "10.1")
            return verdict
        name = f"file_{len(model.files) + 1}"
        model.files.append(File(name, self.who, "PUT", _expiry(when), name, kind))
        path = f"{name}.relative_path"
        verdict.expect(path, Pattern(rf"{_PATH}{kind}", f"/v1/AUTH_async-images/…_uuid_….{kind}"), "10.1")
        verdict.expect(f'{path}.split("/")[3]', Code("account"), "10.1")
        verdict.expect(f'{path}.split("/")[4].partition("_")[0]', Code(self.who), "10.1")
        return _permission(verdict, name)


@dataclass(frozen=True)
class AskDownload(Plain):
    """A URL to get a file from is asked for, by its owner or by another."""

    who: str
    file: int = 1

    @property
    def event(self) -> str:
        """Its name in the report."""
        return "download URL"

    def situation(self, model: Model) -> str:
        """The state in which it happens."""
        file = model.file(self.file)
        return "unknown" if file is None else "own file" if file.who == self.who else "foreign file"

    def possible(self, model: Model) -> bool:
        """Whether it can be done now."""
        return model.file(self.file) is not None and not model.faults

    def written(self, model: Model) -> Written:
        """Its lines in a cell."""
        file = model.files[self.file - 1]
        body = {"relativePath": Code(f"{file.name}.relative_path")}
        request = source({"kind": "req", "id": "4", "type": "ms.GenerateURLForDownloadFile", "body": body})
        if file.who != self.who:
            return Written.of(f"reply = kit.send({request}, consumer={source(self.who)})")
        return _url(model, request, self.who)

    def judged(self, model: Model, when: Span) -> Verdict:
        """What must have come of it."""
        file, verdict = model.files[self.file - 1], Verdict()
        if file.who != self.who:
            verdict.answer(*answers.door(40103), "10.3")
            return verdict
        name = f"file_{len(model.files) + 1}"
        model.files.append(File(name, self.who, "GET", _expiry(when), file.path_of, file.kind))
        verdict.expect(f"{name}.relative_path == {file.path_of}.relative_path", True, "10.1")
        return _permission(verdict, name)


def _url(model: Model, request: str, who: str) -> Written:
    name = f"file_{len(model.files) + 1}"
    return Written.of(
        f"{name} = kit.file_url({request}, consumer={source(who)})",
        f"left = int({name}.expires) - kit.sandbox.now().timestamp()",
    )


def _permission(verdict: Verdict, name: str) -> Verdict:
    verdict.expect("left", Between(URL_SECONDS - _SLOW_SECONDS, URL_SECONDS + 0.1), "10.1")
    verdict.expect(f"{name}.signature.reveal()", Pattern(r"[0-9a-f]{40}", "40 hex digits"), "10.1")
    return verdict


def _expiry(when: Span) -> Span:
    return Span(int(when.earliest) + URL_SECONDS, int(when.latest) + URL_SECONDS)


# Method, whether the file is sent along, and what is special.
VISITS: dict[str, tuple[str, str]] = {
    "PUT": ("PUT", ""),
    "GET": ("GET", ""),
    "HEAD": ("HEAD", ""),
    "DELETE": ("DELETE", ""),
    "POST": ("POST", ""),
    "PUT, wrong signature": ("PUT", "signature"),
    "GET, wrong signature": ("GET", "signature"),
    "GET, no signature": ("GET", "none"),
    "PUT, doubled slash": ("PUT", "slash"),
    "GET, doubled slash": ("GET", "slash"),
    "PUT, wrong ETag": ("PUT", "etag"),
    "PUT, right ETag": ("PUT", "right etag"),
    "PUT, longer life": ("PUT", "expires"),
    "OPTIONS": ("OPTIONS", ""),
    "largest": ("PUT", "3145728"),
    "too large": ("PUT", "3145729"),
}
_SIGNED_FOR = {"PUT": ("PUT",), "GET": ("GET",), "HEAD": ("GET", "PUT")}


@dataclass(frozen=True)
class Visit(Plain):
    """The storage is visited with a file URL."""

    case: str = "PUT"
    file: int = 1

    @property
    def about(self) -> str:
        """What is special about it."""
        return self.case

    @property
    def event(self) -> str:
        """Its name in the report."""
        return f"storage: {VISITS[self.case][0]}"

    def situation(self, model: Model) -> str:
        """The state in which it happens."""
        file = model.file(self.file)
        if file is None:
            return "unknown"
        if model.now().earliest >= file.expires.latest:
            return "URL expired"
        return "stored" if model.stored(file) is not None else "nothing stored"

    def possible(self, model: Model) -> bool:
        """Whether it can be done now."""
        return model.file(self.file) is not None

    def written(self, model: Model) -> Written:
        """Its lines in a cell."""
        name = model.files[self.file - 1].name
        method, special = VISITS[self.case]
        imports = {_OPERATION}
        path = f"{name}.relative_path"
        query = f"{name}.query"
        match special:
            case "slash":
                path = f'"/" + {path}'
            case "none":
                query = "None"
            case "signature":
                query = f'Secret({name}.query.reveal().replace("sig=", "sig=0"))'
            case "expires":
                query = f'Secret({name}.query.reveal().replace("expires=1", "expires=2"))'
        if "Secret(" in query:
            imports.add("from connectorkit.redact import Secret")
        call = "upload_file" if method == "PUT" else "download_file"
        body = f"{DOT!r}" if method == "PUT" else 'b""'
        body = f'b"x" * {special}' if special.isdecimal() else body
        operation = (
            f'Operation("{call}", "{method}", "swift", {path}, content={body}, '
            f'content_type="image/gif", secret_query={query})'
        )
        headers = {"etag": '"0" * 32', "right etag": source(_md5(DOT))}.get(special)
        more = f', headers={{"ETag": {headers}}}' if headers else ""
        return Written.of(f"reply = kit.call({operation}{more})", imports=imports)

    def judged(self, model: Model, when: Span) -> Verdict:
        """What must have come of it."""
        file, verdict = model.files[self.file - 1], Verdict()
        method, special = VISITS[self.case]
        headers = "dict(reply.exchange.response_headers)"
        if method == "OPTIONS":  # browsers ask before they put a file
            verdict.expect("reply.status_code", Between(200, 204), "R70")
            verdict.expect(f'{headers}["access-control-allow-origin"]', "*", "R70")
            verdict.expect(f'"PUT" in {headers}["access-control-allow-methods"]', True, "R70")
            return verdict
        permitted = file.method in _SIGNED_FOR.get(method, ()) and special not in (
            "none",
            "signature",
            "expires",
        )
        if permitted and when.earliest < file.expires.latest and when.latest >= file.expires.earliest:
            verdict.open = True  # it expires just now
            return verdict
        if not permitted or when.earliest >= file.expires.latest:
            verdict.expect("reply.status_code", 401, "10.2")
            said = "" if method == "HEAD" else "401 Unauthorized: Temp URL invalid"
            verdict.expect("reply.exchange.response_body", said, "10.2")
            verdict.expect(f'{headers}["content-type"].partition(";")[0]', "text/plain", "10.2")
            return verdict
        verdict.expect(f'{headers}.get("access-control-allow-origin")', "*", "R70")
        if method == "PUT":
            if special == "etag":
                verdict.expect("reply.status_code", 422, "10.2")
                return verdict
            if special == str(MOST_BYTES + 1):
                verdict.expect("reply.status_code", 413, "10.2")
                return verdict
            content = b"x" * int(special) if special.isdecimal() else DOT
            verdict.expect("reply.status_code", 201, "10.2")
            verdict.expect(f'{headers}["etag"].strip(\'"\')', _md5(content), "10.2")
            for one in model.files:
                if one.name == file.path_of:
                    one.content = content
            return verdict
        stored = model.stored(file)
        verdict.expect("reply.status_code", 404 if stored is None else 200, "10.2")
        if stored is None:
            return verdict
        if method == "GET":
            verdict.expect("reply.exchange.response_bytes", len(stored), "10.2")
        verdict.expect(f'{headers}["content-type"]', _TYPES[file.kind], "10.2")
        disposition = Pattern(r'attachment; filename=".+"', "attachment")
        verdict.expect(f'{headers}["content-disposition"]', disposition, "10.2")
        return verdict


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
