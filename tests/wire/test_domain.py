"""Domain lookup: both shapes, with and without the suffix, and what is refused."""

from __future__ import annotations

import http.client
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from .conftest import JSON_MEDIA_TYPES, Wire, sample

SUFFIXES = ["baseURI.json", "baseURI"]
NEEDED = ["sentinel", "idp", "asyncMessagingEnt"]


def look_up(wire: Wire, path: str, query: str = "?version=1.0", account: str | None = None) -> httpx.Response:
    return wire.http.get(f"{wire.base_url}/api/account/{account or wire.account}/service/{path}{query}")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_list_names_this_server_for_every_service(wire: Wire, suffix: str) -> None:
    here = urlsplit(wire.base_url).netloc
    printed = sample(
        "domain_list_answer",
        {"12345678": wire.account, "va.sentinel.example": here, "va.msg.example": here},
    )

    answer = look_up(wire, suffix)

    assert answer.status_code == 200
    assert set(answer.json()) == {"baseURIs"}
    assert all(entry in answer.json()["baseURIs"] for entry in printed["baseURIs"])
    assert {entry["baseURI"] for entry in answer.json()["baseURIs"]} == {here}


def test_each_entry_of_the_list_has_three_members_and_a_name_of_its_own(wire: Wire) -> None:
    entries: list[dict[str, Any]] = look_up(wire, "baseURI.json").json()["baseURIs"]

    names = [entry["service"] for entry in entries]

    assert {frozenset(entry) for entry in entries} == {frozenset({"service", "account", "baseURI"})}
    assert len(names) == len(set(names))
    assert set(NEEDED) <= set(names)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("service", NEEDED)
def test_one_service_is_answered_as_a_bare_entry(wire: Wire, service: str, suffix: str) -> None:
    here = urlsplit(wire.base_url).netloc
    printed = sample(
        "domain_single_answer", {"12345678": wire.account, "va.idp.example": here, '"idp"': f'"{service}"'}
    )

    answer = look_up(wire, f"{service}/{suffix}")

    assert answer.status_code == 200
    assert answer.json() == printed
    assert answer.headers["content-type"] in JSON_MEDIA_TYPES


@pytest.mark.parametrize("query", ["", "?version=2.0", "?version=1", "?v=1.0"])
@pytest.mark.parametrize("path", ["baseURI.json", "idp/baseURI.json", "baseURI", "idp/baseURI"])
def test_a_missing_or_wrong_version_is_400(wire: Wire, path: str, query: str) -> None:
    answer = look_up(wire, path, query)

    assert answer.status_code == 400
    assert answer.headers["content-type"] in JSON_MEDIA_TYPES


@pytest.mark.parametrize("path", ["baseURI.json", "idp/baseURI.json", "baseURI", "idp/baseURI"])
def test_an_unknown_account_is_401(wire: Wire, path: str) -> None:
    answer = look_up(wire, path, account=f"{wire.account}9")

    assert answer.status_code == 401
    assert answer.headers["content-type"] in JSON_MEDIA_TYPES


@pytest.mark.parametrize("service", ["pigeonPost", "IDP", "Sentinel", "asyncmessagingent"])
def test_an_unknown_or_misspelt_service_is_404(wire: Wire, service: str) -> None:
    answer = look_up(wire, f"{service}/baseURI.json")

    assert answer.status_code == 404
    assert answer.headers["content-type"] in JSON_MEDIA_TYPES
    answer.json()


def test_no_authorisation_is_needed_nor_looked_at(wire: Wire) -> None:
    url = f"{wire.base_url}/api/account/{wire.account}/service/idp/baseURI.json?version=1.0"

    answer = wire.http.get(url, headers={"Authorization": "nonsense"})

    assert answer.status_code == 200


def test_a_foreign_host_header_is_accepted(wire: Wire) -> None:
    url = f"{wire.base_url}/api/account/{wire.account}/service/idp/baseURI.json?version=1.0"

    answer = wire.http.get(url, headers={"Host": "api.liveperson.net"})

    assert answer.status_code == 200


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_get_with_a_body_is_answered_and_the_connection_kept_in_step(wire: Wire, chunked: bool) -> None:
    """R78: a body that looks like a request of its own must not be taken for one."""
    where = urlsplit(wire.base_url)
    path = f"/api/account/{wire.account}/service/{{}}/baseURI.json?version=1.0"
    smuggled = b"GET /nowhere HTTP/1.1\r\nHost: sandbox.example\r\n\r\n"

    with closing(http.client.HTTPConnection(where.hostname or "", where.port, timeout=10)) as connection:
        connection.request(
            "GET", path.format("idp"), body=iter([smuggled]) if chunked else smuggled, encode_chunked=chunked
        )
        first = connection.getresponse()
        first_body = first.read()
        socket_before = connection.sock
        connection.request("GET", path.format("sentinel"))
        second = connection.getresponse()
        second_body = second.read()
        socket_after = connection.sock

    assert [first.status, second.status] == [200, 200]
    assert b'"idp"' in first_body
    assert b'"sentinel"' in second_body
    assert socket_before is socket_after
    assert socket_before is not None
