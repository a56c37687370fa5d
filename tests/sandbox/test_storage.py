"""The storage's endpoint, in process: every status of its table, odd requests, and browsers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from connectorkit.sandbox import bodies
from connectorkit.sandbox.clock import Clock
from connectorkit.sandbox.files import FileStore
from connectorkit.sandbox.routing import Router
from connectorkit.sandbox.storage import Storage

from .conftest import ACCOUNT, Now

PATH = (
    "/v1/AUTH_async-images/12345678/"
    "0f0f_uuid_00000000-0000-4000-8000-000000000001_14-11-2023_22-13-20-000.PNG"
)
SIGNED = {
    "PUT": "temp_url_sig=db35b4dfc1f2c28b059a46ad2d39220abca4c62d&temp_url_expires=1700000060",
    "GET": "temp_url_sig=82242443d7944491d2b312be385c5e0eecba040e&temp_url_expires=1700000060",
    "HEAD": "temp_url_sig=d593865fe7c23b0b4632bddab15589f9923007a8&temp_url_expires=1700000060",
}
CONTENT, MD5 = b"abc", "900150983cd24fb0d6963f7d28e17f72"
INVALID = "401 Unauthorized: Temp URL invalid"
LIMIT = 3_145_728

Ask = Callable[..., httpx.Response]


@pytest.fixture
def store(now: Now) -> FileStore:
    return FileStore(ACCOUNT, Clock(now), lambda: "00000000-0000-4000-8000-000000000001", "sandbox-swift-key")


@pytest.fixture
def ask(store: FileStore) -> Ask:
    def ask(method: str, path: str = PATH, query: str = "", **options: Any) -> httpx.Response:
        return asyncio.run(exchange(method, f"http://storage{path}?{query}", **options))

    async def exchange(method: str, url: str, **options: Any) -> httpx.Response:
        transport = httpx.ASGITransport(Router(Storage(store).routes()))
        async with httpx.AsyncClient(transport=transport, trust_env=False) as http:
            return await http.request(method, url, **options)

    return ask


async def chunks(total: int) -> AsyncIterator[bytes]:
    for _ in range(0, total, 65_536):
        yield bytes(65_536)


# --- What works --------------------------------------------------------------------------------------


def test_a_file_is_put_and_got_back(ask: Ask) -> None:
    stored = ask("PUT", query=SIGNED["PUT"], content=CONTENT, headers={"Content-Type": "text/html"})
    got = ask("GET", query=SIGNED["GET"])

    assert (stored.status_code, stored.headers["ETag"], stored.content) == (201, MD5, b"")
    assert (got.status_code, got.content, got.headers["ETag"]) == (200, CONTENT, MD5)
    assert got.headers["Content-Type"] == "image/png"
    assert got.headers["Content-Disposition"] == f'attachment; filename="{PATH.rpartition("/")[2]}"'
    assert got.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("signed_for", ["HEAD", "GET", "PUT"])
def test_head_takes_the_signature_of_any_method(ask: Ask, store: FileStore, signed_for: str) -> None:
    store.put(PATH, CONTENT)

    answer = ask("HEAD", query=SIGNED[signed_for])

    assert (answer.status_code, answer.content) == (200, b"")
    assert (answer.headers["Content-Length"], answer.headers["Content-Type"]) == ("3", "image/png")


def test_a_doubled_leading_slash_is_the_same_path(ask: Ask, store: FileStore) -> None:
    stored = ask("PUT", "/" + PATH, SIGNED["PUT"], content=CONTENT)

    assert stored.status_code == 201
    assert store.object(PATH) is not None
    assert ask("GET", "/" + PATH, SIGNED["GET"]).content == CONTENT


@pytest.mark.parametrize("written", [quote(PATH, safe="/").replace("_", "%5F"), PATH.replace("/0f", "%2f0f")])
def test_percent_encoded_paths_are_verified_decoded(ask: Ask, store: FileStore, written: str) -> None:
    store.put(PATH, CONTENT)

    assert ask("GET", written, SIGNED["GET"]).content == CONTENT


def test_no_token_is_looked_at(ask: Ask, store: FileStore) -> None:
    store.put(PATH, CONTENT)

    assert ask("GET", query=SIGNED["GET"], headers={"Authorization": "nonsense"}).status_code == 200


def test_other_parameters_are_ignored(ask: Ask, store: FileStore) -> None:
    store.put(PATH, CONTENT)

    assert ask("GET", query=f"a=1&{SIGNED['GET']}&filename=x&%ff=%ff").status_code == 200


@pytest.mark.parametrize("etag", [MD5, f'"{MD5}"', MD5.upper()])
def test_a_matching_etag_is_accepted(ask: Ask, etag: str) -> None:
    assert ask("PUT", query=SIGNED["PUT"], content=CONTENT, headers={"ETag": etag}).status_code == 201


def test_a_file_of_exactly_3_mb_fits(ask: Ask) -> None:
    assert ask("PUT", query=SIGNED["PUT"], content=bytes(LIMIT)).status_code == 201


def test_an_empty_file_is_stored(ask: Ask) -> None:
    answer = ask("PUT", query=SIGNED["PUT"], content=b"", headers={"Content-Length": "0"})

    assert answer.status_code == 201


# --- 401 ---------------------------------------------------------------------------------------------

WRONG = {
    "nothing": "",
    "no signature": SIGNED["GET"].partition("&")[2],
    "no time": SIGNED["GET"].partition("&")[0],
    "empty values": "temp_url_sig=&temp_url_expires=",
    "another method": SIGNED["PUT"],
    "wrong signature": SIGNED["GET"].replace("8224", "8225"),
    "upper case": SIGNED["GET"].replace("82242443d", "82242443D"),
    "another time": SIGNED["GET"].replace("060", "061"),
    "time in the past": SIGNED["GET"].replace("1700000060", "1"),
    "no number": SIGNED["GET"].replace("1700000060", "soon"),
    "number of 5000 digits": SIGNED["GET"].replace("1700000060", "9" * 5000),
    "signature twice": f"{SIGNED['GET']}&{SIGNED['GET'].partition('&')[0]}",
    "time twice": f"{SIGNED['GET']}&temp_url_expires=1700000060",
    "not UTF-8": "temp_url_sig=%ff%fe&temp_url_expires=1700000060",
    "not ASCII": "temp_url_sig=%C3%A9&temp_url_expires=%D9%A1",
    "not a query": "&&==&%",
}


@pytest.mark.parametrize("query", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_temp_url_is_refused(ask: Ask, store: FileStore, query: str) -> None:
    store.put(PATH, CONTENT)

    answer = ask("GET", query=query)

    assert (answer.status_code, answer.text, answer.headers["Content-Type"]) == (401, INVALID, "text/plain")


@pytest.mark.parametrize("method", ["PUT", "GET", "HEAD"])
def test_an_expired_temp_url_is_refused(ask: Ask, now: Now, method: str) -> None:
    now.seconds += 61

    assert ask(method, query=SIGNED[method]).status_code == 401


def test_a_url_to_get_does_not_permit_to_put(ask: Ask, store: FileStore) -> None:
    answer = ask("PUT", query=SIGNED["GET"], content=CONTENT)

    assert (answer.status_code, answer.text, store.object(PATH)) == (401, INVALID, None)


@pytest.mark.parametrize(
    "path", [PATH.replace("0001", "0002"), PATH + "%0A", PATH + "%FF", PATH.replace(".PNG", ".png")]
)
def test_a_url_is_for_its_own_path_only(ask: Ask, path: str) -> None:
    assert ask("GET", path, SIGNED["GET"]).status_code == 401


# --- Other refusals ----------------------------------------------------------------------------------


def test_a_file_that_is_not_there_is_404(ask: Ask) -> None:
    answer = ask("GET", query=SIGNED["GET"])

    assert answer.status_code == 404
    assert answer.json() == {"error": "No file is stored there; PUT it to its upload URL first"}


@pytest.mark.parametrize("length", [None, "", "-1", "abc"])
def test_a_put_without_length_is_411(ask: Ask, store: FileStore, length: str | None) -> None:
    headers = {} if length is None else {"Content-Length": length}

    answer = ask("PUT", query=SIGNED["PUT"], content=chunks(65_536), headers=headers)

    assert (answer.status_code, store.object(PATH)) == (411, None)
    assert "Content-Length" in answer.json()["error"]


def test_a_file_over_3_mb_is_413(ask: Ask, store: FileStore) -> None:
    answer = ask("PUT", query=SIGNED["PUT"], content=bytes(LIMIT + 1))

    assert (answer.status_code, store.object(PATH)) == (413, None)
    assert answer.json() == {"error": "A file may have at most 3145728 bytes (3 MB)"}


def test_much_more_than_3_mb_is_not_read_to_the_end(ask: Ask) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65_536
            yield bytes(65_536)

    answer = ask("PUT", query=SIGNED["PUT"], content=endless(), headers={"Content-Length": str(10**9)})

    assert answer.status_code == 413
    assert sent <= bodies.DRAINED_BYTES + 2 * 65_536


def test_a_body_that_takes_too_long_is_408(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"a"
        await asyncio.sleep(30)

    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.02)

    answer = ask("PUT", query=SIGNED["PUT"], content=slow(), headers={"Content-Length": "2"})

    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (408, "*")


@pytest.mark.parametrize("etag", ["0" * 32, "", '"', "é".encode("latin-1")])
def test_another_etag_is_422_and_nothing_is_stored(ask: Ask, store: FileStore, etag: Any) -> None:
    answer = ask("PUT", query=SIGNED["PUT"], content=CONTENT, headers={"ETag": etag})

    assert (answer.status_code, store.object(PATH)) == (422, None)
    assert answer.json()["error"].startswith("ETag is not the MD5 of the body")


@pytest.mark.parametrize("method", ["POST", "DELETE", "PATCH", "PROPFIND"])
@pytest.mark.parametrize("path", [PATH, "/" + PATH])
def test_no_signature_is_for_other_methods(ask: Ask, method: str, path: str) -> None:
    answer = ask(method, path, SIGNED["PUT"], content=CONTENT)

    assert (answer.status_code, answer.text) == (401, "401 Unauthorized: Temp URL invalid")


# --- Browsers ----------------------------------------------------------------------------------------


def test_a_browser_is_told_that_it_may_put_from_anywhere(ask: Ask) -> None:
    answer = ask(
        "OPTIONS",
        query=SIGNED["PUT"],
        headers={
            "Origin": "https://shop.example",
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "content-type, x-any",
        },
    )

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD, PUT, OPTIONS"
    assert answer.headers["Access-Control-Allow-Headers"] == "content-type, x-any"


def test_a_plain_options_names_the_methods(ask: Ask) -> None:
    assert ask("OPTIONS", "/" + PATH).headers["Allow"] == "GET, HEAD, PUT, OPTIONS"


@pytest.mark.parametrize(
    ("method", "query", "status"),
    [
        ("PUT", SIGNED["PUT"], 201),
        ("GET", SIGNED["GET"], 404),
        ("GET", "", 401),
        ("PUT", SIGNED["GET"], 401),
        ("DELETE", "", 401),
    ],
)
def test_pages_of_any_origin_may_read_every_answer(ask: Ask, method: str, query: str, status: int) -> None:
    content = CONTENT if method == "PUT" else None

    answer = ask(method, query=query, content=content, headers={"Origin": "https://shop.example"})

    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
