"""App installs: the administrator's login, the management of installs, the tokens of their apps."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from .conftest import CONTENT, UNKNOWN_ID, Wire, claims, without
from .hooks import MANIFEST, app_token, listed, read, replace, revision

ADDED = {
    "client_id",
    "client_secret",
    "id",
    "client_id_issued_at",
    "client_secret_expires_at",
    "deleted",
}


# --- The administrator's login --------------------------------------------------------------------


def test_the_login_answers_a_bearer_its_life_and_who_logged_in(wire: Wire) -> None:
    answer = wire.login()

    told = answer.json()
    assert answer.status_code == 200
    assert {"bearer", "sessionTTl", "config", "csdsCollectionResponse"} <= set(told)
    assert isinstance(told["bearer"], str)
    assert told["bearer"]
    assert {"userId", "loginName", "isAdmin"} <= set(told["config"])
    assert told["config"]["loginName"] == wire.ready["admin_username"]
    assert told["config"]["isAdmin"] is True


def test_the_login_answers_the_whole_domain_answer(wire: Wire) -> None:
    """R75: clients take every later host from it."""
    domains = wire.http.get(f"{wire.base_url}/api/account/{wire.account}/service/baseURI.json?version=1.0")

    told = wire.login().json()["csdsCollectionResponse"]

    assert told["baseURIs"] == domains.json()["baseURIs"]
    assert {"agentVep", "accountConfigReadWrite"} <= {entry["service"] for entry in told["baseURIs"]}


@pytest.mark.parametrize("member", ["username", "password"])
def test_a_login_with_a_wrong_name_or_password_gets_no_bearer(wire: Wire, member: str) -> None:
    names = {"username": wire.ready["admin_username"], "password": wire.ready["admin_password"]}
    url = f"{wire.domain('agentVep')}/api/account/{wire.account}/login"

    answer = wire.http.post(url, json=names | {member: "wrong"})

    assert answer.is_client_error
    assert "bearer" not in answer.json()


@pytest.mark.parametrize("authorization", ["", "wrong", "Bearer wrong"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_installs_are_managed_by_the_administrator_only(wire: Wire, method: str, authorization: str) -> None:
    body = MANIFEST if method == "POST" else None

    answer = wire.installations(method, body=body, headers={"Authorization": authorization})

    assert answer.status_code == 401
    assert len(listed(wire)) == 1


def test_an_app_token_does_not_manage_installs(wire: Wire) -> None:
    headers = {"Authorization": f"Bearer {wire.app_token()}"}

    answer = wire.installations("GET", headers=headers)

    assert answer.status_code in (401, 403)


# --- Create, read, list, replace, delete ----------------------------------------------------------


def test_an_installed_app_has_its_manifest_and_the_added_members(wire: Wire) -> None:
    app = wire.install(MANIFEST)

    stored = read(wire, app["id"]).json()
    assert {name: stored.get(name) for name in MANIFEST} == MANIFEST
    assert {name: stored.get(name) for name in ADDED} == {name: app[name] for name in ADDED}


def test_the_added_members_are_of_the_documented_kinds(wire: Wire) -> None:
    app = wire.install(MANIFEST)

    assert str(UUID(app["client_id"])) == app["client_id"]
    assert app["id"] == app["client_id"]
    assert isinstance(app["client_secret"], str)
    assert app["client_secret"]
    assert abs(app["client_id_issued_at"] - time.time()) < 60
    assert type(app["client_id_issued_at"]) is int
    assert app["client_secret_expires_at"] == 0
    assert app["deleted"] is False


def test_apps_have_credentials_of_their_own(wire: Wire) -> None:
    apps = [wire.install(MANIFEST), wire.install(MANIFEST)]

    assert len({app["client_id"] for app in apps} | {wire.ready["client_id"]}) == 3
    assert len({app["client_secret"] for app in apps} | {wire.ready["client_secret"]}) == 3


def test_the_list_has_the_first_app_and_every_installed_one(wire: Wire) -> None:
    app = wire.install(MANIFEST)

    assert sorted(listed(wire)) == sorted([wire.ready["client_id"], app["client_id"]])


def test_the_list_too_tells_its_revision(wire: Wire) -> None:
    assert wire.installations("GET").headers["ac-revision"]


def test_an_unknown_app_is_not_found(wire: Wire) -> None:
    answer = wire.installations("GET", UNKNOWN_ID)

    assert answer.status_code == 404


def test_a_reset_leaves_the_first_app_only(wire: Wire) -> None:
    wire.install(MANIFEST)

    wire.control("POST", "reset")

    assert listed(wire) == [wire.ready["client_id"]]


def test_replacing_changes_the_manifest_and_keeps_the_credentials(wire: Wire) -> None:
    app = wire.install(MANIFEST)

    answer = replace(wire, app, client_name="Renamed", description="Other words")

    stored = read(wire, app["id"]).json()
    assert answer.is_success
    assert [stored["client_name"], stored["description"]] == ["Renamed", "Other words"]
    assert {name: stored.get(name) for name in ADDED} == {name: app[name] for name in ADDED}


def test_replacing_leaves_out_what_is_no_longer_named(wire: Wire) -> None:
    app = wire.install(MANIFEST)

    answer = replace(wire, without(app, "description"), capabilities={})

    stored = read(wire, app["id"]).json()
    assert answer.is_success
    assert not stored.get("description")
    assert CONTENT not in str(stored)


def test_each_change_has_a_new_revision(wire: Wire) -> None:
    app = wire.install(MANIFEST)
    before = revision(wire, app["id"])

    replace(wire, app, client_name="Renamed")

    assert revision(wire, app["id"]) != before


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_change_on_top_of_an_old_revision_is_refused(wire: Wire, method: str) -> None:
    app = wire.install(MANIFEST)
    old = revision(wire, app["id"])
    replace(wire, app, client_name="Renamed by another")

    body = {**app, "client_name": "Renamed"} if method == "PUT" else None
    answer = wire.installations(method, app["id"], body, old)

    stored = read(wire, app["id"]).json()
    assert answer.is_client_error
    assert [stored["client_name"], stored["deleted"]] == ["Renamed by another", False]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_change_names_the_revision_it_is_made_on(wire: Wire, method: str) -> None:
    """§9.2."""
    app = wire.install(MANIFEST)
    body = {**app, "client_name": "Renamed"} if method == "PUT" else None

    answer = wire.installations(method, app["id"], body)

    assert answer.is_client_error
    assert read(wire, app["id"]).json() == app


@pytest.mark.parametrize("meant", ["PUT", "DELETE"])
def test_a_post_may_mean_another_method(wire: Wire, meant: str) -> None:
    """§9.2: X-HTTP-Method-Override."""
    app = wire.install(MANIFEST)
    headers = revision(wire, app["id"]) | {"X-HTTP-Method-Override": meant}

    answer = wire.installations("POST", app["id"], {**app, "client_name": "Renamed"}, headers)

    assert answer.is_success
    names = [each["client_name"] for each in wire.installations("GET").json() if each["id"] == app["id"]]
    assert names == (["Renamed"] if meant == "PUT" else [])


def test_a_manifest_cannot_choose_the_members_that_are_added(wire: Wire) -> None:
    app = wire.install(
        {**MANIFEST, "client_id": UNKNOWN_ID, "client_secret": "s", "id": "i", "deleted": True}
    )

    assert UNKNOWN_ID not in (app["client_id"], app["id"])
    assert app["client_secret"] != "s"
    assert app["deleted"] is False


def test_replacing_is_checked_like_installing(wire: Wire) -> None:
    app = wire.install(MANIFEST)

    answer = replace(wire, app, client_name="n" * 129)

    assert answer.status_code == 400
    assert read(wire, app["id"]).json()["client_name"] == "Kit demo"


def test_a_deleted_app_is_listed_no_longer(wire: Wire) -> None:
    app = wire.install(MANIFEST)

    answer = wire.installations("DELETE", app["id"], headers=revision(wire, app["id"]))

    assert answer.is_success
    assert listed(wire) == [wire.ready["client_id"]]


# --- Apps and tokens ------------------------------------------------------------------------------


def test_a_second_app_gets_an_app_token_of_its_own(wire: Wire) -> None:
    app = wire.install(MANIFEST)

    answer = app_token(wire, app)

    assert answer.status_code == 200
    assert claims(answer.json()["access_token"])["azp"] == app["client_id"]


def test_the_secret_of_another_app_is_refused(wire: Wire) -> None:
    app = wire.install(MANIFEST)

    answer = app_token(wire, app | {"client_secret": wire.ready["client_secret"]})

    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"


def disable(wire: Wire, app: dict[str, Any]) -> httpx.Response:
    return replace(wire, app, enabled=False)


def delete(wire: Wire, app: dict[str, Any]) -> httpx.Response:
    return wire.installations("DELETE", app["id"], headers=revision(wire, app["id"]))


@pytest.mark.parametrize("switch_off", [disable, delete])
def test_an_app_that_is_disabled_or_deleted_is_an_invalid_client(
    wire: Wire, switch_off: Callable[[Wire, dict[str, Any]], httpx.Response]
) -> None:
    app = wire.install(MANIFEST)

    done = switch_off(wire, app)
    answer = app_token(wire, app)

    assert done.is_success
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"


def test_an_app_that_is_enabled_again_gets_tokens_again(wire: Wire) -> None:
    app = wire.install({**MANIFEST, "enabled": False})

    refused = app_token(wire, app)
    replace(wire, app, enabled=True)
    granted = app_token(wire, app)

    assert [refused.status_code, granted.status_code] == [401, 200]


def test_an_app_is_enabled_unless_its_manifest_says_otherwise(wire: Wire) -> None:
    app = wire.install(without(MANIFEST, "enabled"))

    assert app_token(wire, app).status_code == 200


def test_an_app_without_the_grant_is_an_unauthorized_client(wire: Wire) -> None:
    app = wire.install({**MANIFEST, "grant_types": ["authorization_code"]})

    answer = app_token(wire, app)

    assert answer.status_code == 400
    assert answer.json()["error"] == "unauthorized_client"
