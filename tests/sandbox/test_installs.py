"""App installs: the collection, and its endpoints in process."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from connectorkit.sandbox.apps import Apps, Webhook, default_manifest
from connectorkit.sandbox.clock import Clock
from connectorkit.sandbox.installs import Installs
from connectorkit.sandbox.routing import Router
from connectorkit.sandbox.seeded import Lot

from .conftest import ACCOUNT, Now

LIST = "/api/account/12345678/configuration/app-install/installations"
ITEM = LIST + "/app-1"
CONTENT = "ms.MessagingEventNotification.ContentEvent"
CHANGE = "cqm.ExConversationChangeNotification"
MANIFEST: dict[str, Any] = {"client_name": "Second", "grant_types": ["client_credentials"]}
FIRST: dict[str, Any] = {
    "client_name": "connectorkit sandbox",
    "description": "The app this sandbox starts with",
    "enabled": True,
    "grant_types": ["client_credentials"],
    "scope": "msg.consumer",
    "capabilities": {},
}
STORED = FIRST | {
    "client_id": "app-1",
    "client_secret": "secret-1",
    "id": "app-1",
    "client_id_issued_at": 1_700_000_000,
    "client_secret_expires_at": 0,
    "deleted": False,
}

Ask = Callable[..., httpx.Response]


@pytest.fixture
def apps(now: Now) -> Apps:
    apps = Apps(Clock(now), Lot(1))
    apps.install(default_manifest(), client_id="app-1", client_secret="secret-1")
    return apps


# --- The collection ----------------------------------------------------------------------------------


def test_an_install_is_stored_with_what_the_service_adds(apps: Apps) -> None:
    assert apps.first.public() == STORED
    assert (apps.get("app-1"), apps.get("app-2")) == (apps.first, None)


def test_there_is_no_first_app_before_the_first_install(now: Now) -> None:
    with pytest.raises(LookupError, match="call install first"):
        _ = Apps(Clock(now), Lot(1)).first


def test_credentials_are_drawn_by_the_seed(now: Now) -> None:
    one, other = (Apps(Clock(now), Lot(7)).install(MANIFEST) for _ in range(2))
    third = Apps(Clock(now), Lot(8)).install(MANIFEST)

    assert one == other
    assert one.client_id != third.client_id
    assert (len(one.client_id), len(one.client_secret)) == (36, 26)


def test_members_the_service_adds_are_not_taken_from_a_manifest(apps: Apps) -> None:
    app = apps.install(STORED)

    assert app.manifest == FIRST
    assert app.client_id != "app-1"


def test_an_install_keeps_its_own_copy_of_the_manifest(apps: Apps) -> None:
    manifest = {"client_name": "n", "capabilities": {"webhooks": {}}}
    app = apps.install(manifest)
    manifest["capabilities"]["webhooks"][CONTENT] = {}  # type: ignore[index]
    app.public()["capabilities"]["webhooks"][CONTENT] = {}

    assert app.manifest == {"client_name": "n", "capabilities": {"webhooks": {}}}


@pytest.mark.parametrize(
    ("client_id", "client_secret"),
    [("app-1", "secret-2"), ("app-2", "secret-1"), ("", ""), ("é", "\ud800"), ("app-1", "secret-1 ")],
)
def test_other_credentials_match_no_app(apps: Apps, client_id: str, client_secret: str) -> None:
    assert apps.authenticate(client_id, client_secret) is None


def test_each_app_has_its_own_credentials(apps: Apps) -> None:
    second = apps.install(MANIFEST, client_id="app-2", client_secret="secret-2")

    assert apps.authenticate("app-1", "secret-1") is apps.first
    assert apps.authenticate("app-2", "secret-2") is second
    assert apps.authenticate("app-1", "secret-2") is None


def test_an_app_that_is_switched_off_is_not_let_in(apps: Apps) -> None:
    apps.replace("app-1", FIRST | {"enabled": False})

    assert apps.authenticate("app-1", "secret-1") is None
    assert (apps.all(), apps.first.enabled) == ([apps.first], False)


def test_a_deleted_app_is_not_let_in_and_knows_it(apps: Apps) -> None:
    app = apps.first

    apps.remove("app-1")

    assert apps.authenticate("app-1", "secret-1") is None
    assert (apps.all(), apps.get("app-1"), app.deleted, app.enabled) == ([], None, True, False)


def test_a_replaced_manifest_is_seen_by_whoever_holds_the_app(apps: Apps) -> None:
    app = apps.first

    apps.replace("app-1", default_manifest("https://kit.example"))

    assert app.webhooks[CHANGE] == Webhook("https://kit.example")
    assert (app.client_secret, app.retention_seconds) == ("secret-1", 3600)


@pytest.mark.parametrize("act", [Apps.remove, lambda apps, client_id: apps.replace(client_id, MANIFEST)])
def test_unknown_installs_cannot_be_changed(apps: Apps, act: Any) -> None:
    with pytest.raises(KeyError):
        act(apps, "app-2")


def test_every_change_gives_another_revision(apps: Apps) -> None:
    revisions = [apps.revision]
    for act in (
        lambda: apps.install(MANIFEST, client_id="app-2"),
        lambda: apps.replace("app-2", FIRST),
        lambda: apps.remove("app-2"),
        apps.reset,
    ):
        act()
        revisions.append(apps.revision)
    apps.all()

    assert len(set(revisions)) == 5
    assert apps.revision == revisions[-1]


def test_reset_returns_to_the_first_install_as_it_was(apps: Apps) -> None:
    second = apps.install(MANIFEST)
    apps.replace("app-1", MANIFEST)
    apps.remove("app-1")

    apps.reset()

    assert [app.public() for app in apps.all()] == [STORED]
    assert second.deleted


@pytest.mark.parametrize(
    ("members", "allowed"),
    [
        ({"grant_types": ["client_credentials"]}, True),
        ({"grant_types": ["authorization_code", "client_credentials"]}, True),
        ({"grant_types": ["authorization_code"]}, False),
        ({"grant_types": []}, False),
        ({"grant_types": None}, False),
        ({}, False),
    ],
)
def test_the_manifest_says_which_grants_an_app_may_use(apps: Apps, members: Any, allowed: bool) -> None:
    assert apps.install({"client_name": "n"} | members).may_use("client_credentials") is allowed


def test_an_app_reads_its_webhooks_from_the_manifest(apps: Apps) -> None:
    headers = [{"header_name": "X-Env", "header_value": "test"}]
    webhooks = {
        CONTENT: {"endpoint": "https://kit.example/a", "max_retries": 3, "headers": headers},
        CHANGE: None,
        "retry": None,
    }
    app = apps.install({"client_name": "n", "capabilities": {"webhooks": webhooks}})

    assert app.webhooks == {CONTENT: Webhook("https://kit.example/a", 3, (("X-Env", "test"),))}
    assert app.retention_seconds is None


def test_the_default_app_with_a_webhook_is_notified_of_everything(apps: Apps) -> None:
    app = apps.install(default_manifest("http://127.0.0.1:9000/hook"))

    assert app.webhooks == {
        "ms.MessagingEventNotification.ContentEvent": Webhook("http://127.0.0.1:9000/hook"),
        "ms.MessagingEventNotification.RichContentEvent": Webhook("http://127.0.0.1:9000/hook"),
        "ms.MessagingEventNotification.AcceptStatusEvent": Webhook("http://127.0.0.1:9000/hook"),
        "ms.MessagingEventNotification.ChatStateEvent": Webhook("http://127.0.0.1:9000/hook"),
        "cqm.ExConversationChangeNotification": Webhook("http://127.0.0.1:9000/hook"),
    }
    assert (app.retention_seconds, apps.first.webhooks) == (3600, {})


# --- The endpoints -----------------------------------------------------------------------------------


@pytest.fixture
def changes() -> Any:
    return itertools.count()


@pytest.fixture
def ask(apps: Apps, changes: Any) -> Ask:
    installs = Installs(ACCOUNT, apps, lambda bearer: bearer == "admin-session", lambda: next(changes))

    def ask(
        method: str, path: str = LIST, *, v: str | None = "1.0", headers: Any = None, **options: Any
    ) -> httpx.Response:
        given = {"Authorization": "Bearer admin-session"} | (headers or {})
        query = "" if v is None else f"?v={v}"
        return asyncio.run(exchange(method, f"http://config{path}{query}", headers=given, **options))

    async def exchange(method: str, url: str, **options: Any) -> httpx.Response:
        app = Router(installs.routes())
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), trust_env=False) as http:
            return await http.request(method, url, **options)

    return ask


def change_count(changes: Any) -> int:
    return int(next(changes))


def test_installs_are_listed_with_their_revision(ask: Ask) -> None:
    answer = ask("GET")

    assert (answer.status_code, answer.json()) == (200, [STORED])
    assert answer.headers["ac-revision"] == "1"
    assert answer.headers["Content-Type"] == "application/json"


def test_one_install_is_read_with_its_revision(ask: Ask) -> None:
    answer = ask("GET", ITEM)

    assert (answer.status_code, answer.json(), answer.headers["ac-revision"]) == (200, STORED, "1")


def test_an_install_is_created(ask: Ask, apps: Apps, changes: Any) -> None:
    answer = ask("POST", json=MANIFEST)

    created = apps.all()[1]
    assert (answer.status_code, answer.json(), answer.headers["ac-revision"]) == (201, created.public(), "2")
    assert (created.manifest, apps.authenticate(created.client_id, created.client_secret)) == (
        MANIFEST,
        created,
    )
    assert change_count(changes) == 1


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("PUT", {}),
        ("PUT", {"X-HTTP-Method-Override": "PUT"}),
        ("POST", {"X-HTTP-Method-Override": "PUT"}),
        ("POST", {"x-http-method-override": "put"}),
    ],
)
def test_an_install_is_replaced(ask: Ask, apps: Apps, changes: Any, method: str, headers: Any) -> None:
    answer = ask(method, ITEM, json=MANIFEST, headers={"If-Match": "1"} | headers)

    expected = {name: value for name, value in STORED.items() if name not in FIRST} | MANIFEST
    assert (answer.status_code, answer.json(), answer.headers["ac-revision"]) == (200, expected, "2")
    assert (apps.first.manifest, change_count(changes)) == (MANIFEST, 1)


@pytest.mark.parametrize(
    ("method", "headers"), [("DELETE", {}), ("POST", {"X-HTTP-Method-Override": "DELETE"})]
)
def test_an_install_is_deleted(ask: Ask, apps: Apps, changes: Any, method: str, headers: Any) -> None:
    answer = ask(method, ITEM, headers={"If-Match": "1"} | headers)

    assert (answer.status_code, answer.json()) == (200, STORED | {"deleted": True})
    assert (answer.headers["ac-revision"], apps.all(), change_count(changes)) == ("2", [], 1)
    assert ask("GET", ITEM).status_code == 404


def test_what_was_read_can_be_sent_back(ask: Ask) -> None:
    read = ask("GET", ITEM)

    answer = ask("PUT", ITEM, json=read.json(), headers={"If-Match": read.headers["ac-revision"]})

    assert (answer.status_code, answer.json()) == (200, STORED)


@pytest.mark.parametrize("revision", ["1", '"1"', 'W/"1"', "*"])
def test_the_current_revision_may_be_written_as_an_etag(ask: Ask, revision: str) -> None:
    assert ask("PUT", ITEM, json=MANIFEST, headers={"If-Match": revision}).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_change_without_a_revision_is_428(ask: Ask, changes: Any, method: str) -> None:
    answer = ask(method, ITEM, json=MANIFEST)

    assert (answer.status_code, change_count(changes)) == (428, 0)
    assert answer.json() == {"error": "If-Match is missing; GET the install and send back its ac-revision"}


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("revision", ["1", "", "é".encode("latin-1"), "3"])
def test_a_change_on_an_old_revision_is_412(
    ask: Ask, apps: Apps, changes: Any, method: str, revision: Any
) -> None:
    apps.install(MANIFEST)

    answer = ask(method, ITEM, json=MANIFEST, headers={"If-Match": revision})

    assert (answer.status_code, answer.headers["ac-revision"], change_count(changes)) == (412, "2", 0)
    assert answer.json() == {
        "error": "The installs have changed since that revision; GET them again and repeat the change"
    }


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer ", "Bearer wrong", "admin-session", "Basic admin-session"]
)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", LIST), ("POST", LIST), ("GET", ITEM), ("PUT", ITEM), ("DELETE", ITEM)]
)
def test_only_an_administrator_may(ask: Ask, apps: Apps, method: str, path: str, given: str) -> None:
    headers = {"Authorization": given, "If-Match": "1"}

    answer = ask(method, path, json=MANIFEST, headers=headers)

    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "login" in answer.json()["error"]
    assert [app.public() for app in apps.all()] == [STORED]


def test_another_account_is_401(ask: Ask) -> None:
    assert ask("GET", LIST.replace(ACCOUNT, "87654321")).status_code == 401


@pytest.mark.parametrize("v", [None, "", "2.0", "1", "1.0&v=2.0"])
def test_other_versions_are_400(ask: Ask, v: str | None) -> None:
    answer = ask("GET", v=v)

    assert (answer.status_code, answer.json()) == (400, {"error": "v must be 1.0; add ?v=1.0 to the URL"})


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_unknown_installs_are_404(ask: Ask, method: str) -> None:
    answer = ask(method, LIST + "/app-2", json=MANIFEST)

    assert answer.status_code == 404
    assert answer.json() == {"error": "No app with this id is installed; GET the list to see which are"}


@pytest.mark.parametrize(
    ("method", "path", "headers"), [("POST", LIST, {}), ("PUT", ITEM, {"If-Match": "1"})]
)
@pytest.mark.parametrize(
    ("options", "status", "error"),
    [
        ({"json": {}}, 400, "client_name is missing; give the app a name of 1 to 128 characters"),
        ({"json": [MANIFEST]}, 400, "the manifest must be a JSON object; write it as {…}"),
        ({"content": b"{"}, 400, "The body is not valid JSON; send the manifest as an object"),
        ({"content": b"\xff"}, 400, "The body is not valid JSON; send the manifest as an object"),
        ({"content": b""}, 400, "The body is not valid JSON; send the manifest as an object"),
        ({"content": b"[" * 100_000}, 400, "The body is not valid JSON; send the manifest as an object"),
        ({"content": bytes(1024 * 1024 + 1)}, 413, "A manifest may have at most 1048576 bytes"),
        ({"json": MANIFEST, "type": "text/plain"}, 415, "Content-Type must be application/json"),
    ],
)
def test_wrong_bodies_change_nothing(
    ask: Ask,
    changes: Any,
    method: str,
    path: str,
    headers: Any,
    options: dict[str, Any],
    status: int,
    error: str,
) -> None:
    body = {name: value for name, value in options.items() if name != "type"}
    media_type = {"Content-Type": options.get("type", "application/json;charset=utf-8")}

    answer = ask(method, path, headers=headers | media_type, **body)

    assert (answer.status_code, answer.json()) == (status, {"error": error})
    assert (ask("GET").headers["ac-revision"], change_count(changes)) == ("1", 0)


@pytest.mark.parametrize("override", ["", "PATCH", "GET"])
def test_a_post_to_an_install_must_mean_a_change(ask: Ask, override: str) -> None:
    answer = ask("POST", ITEM, json=MANIFEST, headers={"X-HTTP-Method-Override": override, "If-Match": "1"})

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, PUT, DELETE")


@pytest.mark.parametrize(("method", "path"), [("PUT", LIST), ("DELETE", LIST), ("PATCH", ITEM)])
def test_other_methods_are_405(ask: Ask, method: str, path: str) -> None:
    assert ask(method, path).status_code == 405
