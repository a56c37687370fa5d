"""Promises of section 10.2: the file store, which decides on the address alone."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from connectorkit.promises.bench import Bench, Heard
from connectorkit.promises.model import Rows
from connectorkit.promises.played import scenario

rows = Rows()
_FILES = "an account may not have file sharing"
_CONTENT = b"GIF89a, as far as anybody looks"


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
    "P10.2-raw",
    "What is fetched is the raw file that was put.",
    "10.2",
    {"content": "the same"},
    never=_FILES,
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
    (
        "P10.2-404",
        "A file that is not there is answered 404 where the signature is fine.",
        "file-never-uploaded",
    ),
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
