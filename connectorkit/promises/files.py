"""Promises of section 10: upload and download URLs, the store, their limits."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from connectorkit.promises.bench import BEN, Bench, Heard
from connectorkit.promises.model import Rows
from connectorkit.promises.played import scenario
from connectorkit.promises.samples import publish, request

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
    seen = {}
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
    "P10.1-no-path", "A download request without a path is answered 400.", "10.1", scenario("missing-path", "status")
)
rows.add(
    "P10.1-malformed",
    "A download request with a path of another form is answered 400.",
    "10.1",
    scenario("malformed-path", "status"),
)


# --- The store ---------------------------------------------------------------------------------------


@rows.promise(
    "P10.2-put",
    "A file that is put where the upload URL leads is stored, which is answered 201.",
    "10.2",
    {"status": 201},
    never=_FILES,
)
def _put(bench: Bench) -> Any:
    url = bench.upload_url()
    return {"status": bench.store("PUT", url["relativePath"], url["queryParams"], b"GIF87a").status}


@rows.promise(
    "P10.2-etag", "The answer to a PUT has the file's MD5 as ETag.", "10.2", {"ETag": "the MD5"}, never=_FILES
)
def _etag(bench: Bench) -> Any:
    url = bench.upload_url()
    given = bench.store("PUT", url["relativePath"], url["queryParams"], _CONTENT).headers.get("etag", "")
    wanted = hashlib.md5(_CONTENT, usedforsecurity=False).hexdigest()
    return {"ETag": "the MD5" if given.strip('"') == wanted else given}


def _got(bench: Bench, method: str = "GET", content: bytes = _CONTENT) -> Heard:
    path = bench.uploaded(content)
    return bench.store(method, path, bench.download_url(path)["queryParams"])


@rows.promise(
    "P10.2-raw", "What is fetched is the raw file that was put.", "10.2", {"content": "the same"}, never=_FILES
)
def _raw(bench: Bench) -> Any:
    content = bytes(range(256))
    return {"content": "the same" if _got(bench, content=content).content == content else "another"}


@rows.promise("P10.2-get", "GET is answered 200.", "10.2", {"status": 200}, never=_FILES)
def _get(bench: Bench) -> Any:
    return {"status": _got(bench).status}


@rows.promise(
    "P10.2-type",
    "The Content-Type of a file is that of its type.",
    "10.2",
    {"Content-Type": "image/gif"},
    never=_FILES,
)
def _type(bench: Bench) -> Any:
    return {"Content-Type": _got(bench).headers.get("content-type")}


@rows.promise(
    "P10.2-attachment",
    "A file comes as an attachment with a name.",
    "10.2",
    {"Content-Disposition": True},
    never=_FILES,
)
def _attachment(bench: Bench) -> Any:
    given = _got(bench).headers.get("content-disposition", "")
    return {"Content-Disposition": bool(re.fullmatch(r'attachment; filename="[^"]+"', given))}


@rows.promise(
    "P10.2-slash",
    "A doubled slash before the path is accepted; the signature is over the single one.",
    "10.2, R44",
    {"doubled": "taken"},
    never=_FILES,
)
def _slash(bench: Bench) -> Any:
    url = bench.upload_url()
    return {"doubled": bench.store("PUT", "/" + url["relativePath"], url["queryParams"], _CONTENT).taken}


@rows.promise(
    "P10.2-head",
    "HEAD goes by a signature for GET or for PUT.",
    "10.2",
    {"signed for PUT": 200, "signed for GET": 200},
    never=_FILES,
)
def _head(bench: Bench) -> Any:
    url = bench.upload_url()
    path = url["relativePath"]
    bench.store("PUT", path, url["queryParams"], _CONTENT)
    return {
        "signed for PUT": bench.store("HEAD", path, url["queryParams"]).status,
        "signed for GET": bench.store("HEAD", path, bench.download_url(path)["queryParams"]).status,
    }


@rows.promise(
    "P10.2-put-only",
    "A signature for GET does not permit a PUT.",
    "10.2",
    {"PUT": "refused"},
    never=_FILES,
)
def _put_only(bench: Bench) -> Any:
    path = bench.uploaded()
    return {"PUT": bench.store("PUT", path, bench.download_url(path)["queryParams"], _CONTENT).taken}


@rows.promise(
    "P10.2-get-only",
    "A signature for PUT does not permit a GET.",
    "10.2",
    {"GET": "refused"},
    never=_FILES,
)
def _get_only(bench: Bench) -> Any:
    url = bench.upload_url()
    bench.store("PUT", url["relativePath"], url["queryParams"], _CONTENT)
    return {"GET": bench.store("GET", url["relativePath"], url["queryParams"]).taken}


@rows.promise(
    "P10.2-others",
    "Other methods are never permitted.",
    "10.2",
    {"POST": "refused", "DELETE": "refused"},
    never=_FILES,
)
def _others(bench: Bench) -> Any:
    url = bench.upload_url()
    return {
        method: bench.store(method, url["relativePath"], url["queryParams"], _CONTENT).taken
        for method in ("POST", "DELETE")
    }


@rows.promise(
    "P10.2-unsigned",
    "Without one of the two parameters nothing is permitted.",
    "10.2",
    {"no temp_url_sig": "refused", "no temp_url_expires": "refused"},
    never=_FILES,
)
def _unsigned(bench: Bench) -> Any:
    url = bench.upload_url()

    def without(name: str) -> str:
        query = {key: value for key, value in url["queryParams"].items() if key != name}
        return bench.store("PUT", url["relativePath"], query, _CONTENT).taken

    return {f"no {name}": without(name) for name in ("temp_url_sig", "temp_url_expires")}


@rows.promise(
    "P10.2-signature",
    "The signature covers the time of expiry and the path.",
    "10.2",
    {"another time": "refused", "another path": "refused"},
    never=_FILES,
)
def _signature(bench: Bench) -> Any:
    url, other = bench.upload_url(), bench.upload_url()
    path, query = url["relativePath"], url["queryParams"]
    later = {**query, "temp_url_expires": str(int(query["temp_url_expires"]) + 600)}
    return {
        "another time": bench.store("PUT", path, later, _CONTENT).taken,
        "another path": bench.store("PUT", other["relativePath"], query, _CONTENT).taken,
    }


@rows.promise(
    "P10.2-words",
    "What a URL does not permit is answered 401, in plain text.",
    "10.2",
    {"status": 401, "type": "text/plain", "body": "401 Unauthorized: Temp URL invalid"},
    never=_FILES,
)
def _words(bench: Bench) -> Any:
    url = bench.upload_url()
    query = {**url["queryParams"], "temp_url_sig": "0" * 40}
    heard = bench.store("GET", url["relativePath"], query)
    return {
        "status": heard.status,
        "type": heard.headers.get("content-type", "").partition(";")[0],
        "body": heard.text,
    }


for _id, _says, _name in (
    ("P10.2-404", "A file that is not there is answered 404 where the signature is fine.", "file-never-uploaded"),
    ("P10.2-411", "A PUT without its length is answered 411.", "upload-without-length"),
    ("P10.2-413", "A PUT of more than 3 MB is answered 413.", "too-large-upload"),
    ("P10.2-422", "A PUT whose ETag does not match is answered 422.", "damaged-upload"),
):
    rows.add(_id, _says, "10.2", scenario(_name, "status"))


@rows.promise(
    "P10.2-no-token",
    "A token is not needed at the store, and not looked at.",
    "10.2",
    {"without": "taken", "with a wrong one": "taken"},
    never=_FILES,
)
def _no_token(bench: Bench) -> Any:
    def put(**how: Any) -> str:
        url = bench.upload_url()
        return bench.store("PUT", url["relativePath"], url["queryParams"], _CONTENT, **how).taken

    return {"without": put(), "with a wrong one": put(headers={"Authorization": "not-a-token"})}


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
    path = bench.uploaded()
    message = {"relativePath": path, "fileType": "GIF", **more}
    event = {"type": "ContentEvent", "contentType": "hosted/file", "message": message}
    return bench.send(publish(bench.open(), event)).taken


@rows.promise(
    "P10.3-preview",
    "A preview is shorter than 30 KB of base64.",
    "10.3, R42",
    {"4 less": "taken"},
    never=_FILES,
)
def _preview(bench: Bench) -> Any:
    return {"4 less": _published(bench, preview="data:image/png;base64," + "A" * (30 * 1024 - 4))}


@rows.promise(
    "P10.3-preview-too-long",
    "A preview of 30 KB of base64 is too long.",
    "10.3, R42",
    {"30 KB": "refused"},
    never=_FILES,
)
def _preview_too_long(bench: Bench) -> Any:
    return {"30 KB": _published(bench, preview="data:image/png;base64," + "A" * (30 * 1024))}


@rows.promise(
    "P10.3-caption",
    "There is no limit for captions.",
    "10.3",
    {"6000 characters": "taken"},
    never=_FILES,
)
def _caption(bench: Bench) -> Any:
    return {"6000 characters": _published(bench, caption="x" * 6000)}


@rows.promise(
    "P10.3-foreign",
    "When one consumer asks for another's file, that is answered 401 with 40103.",
    "10.3",
    {"status": 401, "errorCode": 40103},
    never=_FILES,
)
def _foreign(bench: Bench) -> Any:
    heard = _fetching(bench, bench.uploaded(), consumer=BEN)
    return {"status": heard.status, "errorCode": heard.at("body", "errorCode")}


@rows.promise(
    "P10.3-cors",
    "Pages of any origin may read what the store answers.",
    "10.3, R70",
    {"a file": "*", "a refusal": "*"},
    never=_FILES,
)
def _cors(bench: Bench) -> Any:
    path = bench.uploaded()
    file = bench.store("GET", path, bench.download_url(path)["queryParams"])
    refusal = bench.store("GET", path, {"temp_url_sig": "0" * 40, "temp_url_expires": "1"})
    return {
        name: heard.headers.get("access-control-allow-origin")
        for name, heard in (("a file", file), ("a refusal", refusal))
    }


PROMISES = rows.all
