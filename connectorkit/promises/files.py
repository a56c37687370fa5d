"""Promises of sections 10.1 and 10.3: upload and download URLs, and limits; the store is next door."""

from __future__ import annotations

import re
from typing import Any

from connectorkit.promises.bench import Bench, Heard
from connectorkit.promises.model import Rows
from connectorkit.promises.played import scenario
from connectorkit.promises.samples import hosted_file, publish, request

rows = Rows()
_FILES = "an account may not have file sharing"
_UUID4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_CONTENT = b"GIF89a, as far as anybody looks"


def _asked(bench: Bench, size: Any = "20480", kind: Any = "PNG") -> Heard:
    return bench.send(request("ms.GenerateURLForUploadFile", {"fileSize": size, "fileType": kind}, "f-7"))


def _fetching(bench: Bench, path: str, **how: Any) -> Heard:
    return bench.send(request("ms.GenerateURLForDownloadFile", {"relativePath": path}, "f-8"), **how)


# --- Asking for a URL --------------------------------------------------------------------------------


@rows.promise(
    "P10.1-upload",
    "The answer to an upload request has a relativePath and two queryParams.",
    "10.1",
    {"body": ["queryParams", "relativePath"], "queryParams": ["temp_url_expires", "temp_url_sig"]},
    never=_FILES,
)
def _upload(bench: Bench) -> Any:
    body = _asked(bench).at("body")
    return {"body": sorted(body), "queryParams": sorted(body["queryParams"])}


@rows.promise(
    "P10.1-download",
    "The answer to a download request has the path that was asked for, and two queryParams.",
    "10.1",
    {"body": ["queryParams", "relativePath"], "relativePath": "the same"},
    never=_FILES,
)
def _download(bench: Bench) -> Any:
    path = bench.uploaded()
    body = _fetching(bench, path).at("body")
    return {"body": sorted(body), "relativePath": "the same" if body["relativePath"] == path else "another"}


@rows.promise(
    "P10.1-path",
    "The path names the account, the consumer, a UUID, the time and the type of the file.",
    "10.1",
    {"as documented": True},
    never=_FILES,
)
def _path(bench: Bench) -> Any:
    path = _asked(bench).at("body", "relativePath")
    moment = r"\d{2}-\d{2}-\d{4}_\d{2}-\d{2}-\d{2}-\d{3}"
    name = rf"{bench.lp_consumer_id()}_uuid_{_UUID4}_{moment}\.PNG"
    return {
        "as documented": bool(re.fullmatch(rf"/v1/AUTH_async-images/{re.escape(bench.account)}/{name}", path))
    }


@rows.promise(
    "P10.1-strings",
    "temp_url_sig is 40 hexadecimal digits, temp_url_expires seconds as a string.",
    "10.1",
    {"temp_url_sig": True, "temp_url_expires": True},
    never=_FILES,
)
def _strings(bench: Bench) -> Any:
    given = _asked(bench).at("body", "queryParams")
    return {
        name: isinstance(given[name], str) and bool(re.fullmatch(pattern, given[name]))
        for name, pattern in (("temp_url_sig", "[0-9a-f]{40}"), ("temp_url_expires", "[0-9]{10}"))
    }


@rows.promise(
    "P10.1-seconds",
    "A URL is valid for 60 s.",
    "10.1",
    {"after 50 s": "taken", "after 70 s": "refused"},
    never=_FILES,
)
def _seconds(bench: Bench) -> Any:
    url = bench.upload_url()
    seen: dict[str, str] = {}
    for seconds in (50, 70):
        bench.advance(seconds if not seen else 20)
        heard = bench.store("PUT", url["relativePath"], url["queryParams"], _CONTENT)
        seen[f"after {seconds} s"] = heard.taken
    return seen


@rows.promise(
    "P10.1-size",
    "fileSize is a whole number above 0.",
    "10.1",
    {"0": "refused", "-1": "refused", "2.5": "refused", "words": "refused", "none": "refused", "1": "taken"},
    on_account="harmless",
)
def _size(bench: Bench) -> Any:
    given = {"0": "0", "-1": "-1", "2.5": "2.5", "words": "twenty", "none": None, "1": "1"}
    return {name: _asked(bench, size).taken for name, size in given.items()}


@rows.promise(
    "P10.1-types",
    "Consumers may upload JPG, JPEG, PNG and GIF.",
    "10.1",
    {"JPG": "taken", "JPEG": "taken", "PNG": "taken", "GIF": "taken", "BMP": "refused", "png": "refused"},
    never="an account may allow more",
)
def _types(bench: Bench) -> Any:
    return {kind: _asked(bench, kind=kind).taken for kind in ("JPG", "JPEG", "PNG", "GIF", "BMP", "png")}


rows.add(
    "P10.1-no-path",
    "A download request without a path is answered 400.",
    "10.1",
    scenario("missing-path", "status"),
)
rows.add(
    "P10.1-malformed",
    "A download request with a path of another form is answered 400.",
    "10.1",
    scenario("malformed-path", "status"),
)


# --- Limits ------------------------------------------------------------------------------------------


@rows.promise(
    "P10.3-size",
    "A file may have 3 145 728 bytes, and no more.",
    "10.3",
    {"3145728": "taken", "3145729": "refused"},
    on_account="harmless",
)
def _largest(bench: Bench) -> Any:
    return {size: _asked(bench, size).taken for size in ("3145728", "3145729")}


def _published(bench: Bench, **more: Any) -> str:
    return bench.send(publish(bench.open(), hosted_file(bench.uploaded(), **more))).taken


@rows.promise(
    "P10.3-caption",
    "There is no limit for captions.",
    "10.3",
    {"6000 characters": "taken"},
    never=_FILES,
)
def _caption(bench: Bench) -> Any:
    return {"6000 characters": _published(bench, caption="x" * 6000)}


PROMISES = rows.all
