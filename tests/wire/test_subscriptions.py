"""Who gets which notification: event types of a manifest, endpoints, several apps, apps that are off."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from .conftest import BERT, CHANGE, CONTENT, WEBHOOKS, Hook, Received, Wire
from .hooks import arrived, cause_every_type, only_texts, replace, revision, say, split


def clients(received: list[Received]) -> list[str]:
    return [each.headers["x-liveperson-client-id"] for each in received]


def signed_by(received: Received, secret: str) -> bool:
    digest = hmac.new(secret.encode(), received.body, hashlib.sha1).digest()
    return received.headers["x-liveperson-signature"] == "sha1=" + base64.b64encode(digest).decode()


@pytest.mark.parametrize("kind", WEBHOOKS)
def test_only_the_types_of_the_manifest_are_sent(wire: Wire, hook: Hook, kind: str) -> None:
    wire.install(hook.manifest(kind))

    cause_every_type(wire)

    assert {each.kind for each in hook.received} == {kind}


def test_all_types_may_share_one_url(wire: Wire, hook: Hook) -> None:
    """Q43"""
    wire.install(hook.manifest())

    cause_every_type(wire)

    assert {(each.path, each.kind) for each in hook.received} == {("/hook", kind) for kind in WEBHOOKS}


def test_each_type_may_have_a_url_of_its_own(wire: Wire, hook: Hook) -> None:
    """Q43"""
    wire.install(split(hook, *WEBHOOKS))

    cause_every_type(wire)

    expected = {(f"/hook/{number}", kind) for number, kind in enumerate(WEBHOOKS, start=1)}
    assert {(each.path, each.kind) for each in hook.received} == expected


def test_without_an_app_that_listens_nothing_is_sent(wire: Wire) -> None:
    before = len(wire.deliveries()["deliveries"])

    cause_every_type(wire)

    assert len(wire.deliveries()["deliveries"]) == before


def test_what_happened_before_an_app_listened_is_not_sent_to_it(wire: Wire, hook: Hook) -> None:
    conversation_id = wire.open()
    say(wire, conversation_id, "before")

    wire.install(only_texts(hook))
    say(wire, conversation_id, "after")

    assert arrived(hook) == ["after"]


@pytest.mark.parametrize("webhooks", [None, {}, {"retry": {"retention_time": 60}}])
def test_nothing_is_sent_once_the_capability_is_off(wire: Wire, hook: Hook, webhooks: object) -> None:
    app = wire.install(hook.manifest())
    conversation_id = cause_every_type(wire)
    came = len(hook.received)

    replace(wire, app, capabilities={} if webhooks is None else {"webhooks": webhooks})
    say(wire, conversation_id, "Anybody there?")

    assert came > 0
    assert len(hook.received) == came


def test_a_disabled_app_gets_nothing_until_it_is_enabled(wire: Wire, hook: Hook) -> None:
    app = wire.install({**only_texts(hook), "enabled": False})
    conversation_id = wire.open()

    say(wire, conversation_id, "while disabled")
    replace(wire, app, enabled=True)
    say(wire, conversation_id, "while enabled")

    assert arrived(hook) == ["while enabled"]


def test_a_deleted_app_gets_nothing(wire: Wire, hook: Hook) -> None:
    app = wire.install(only_texts(hook))
    conversation_id = wire.open()
    say(wire, conversation_id, "while it was there")

    deleted = wire.installations("DELETE", app["id"], headers=revision(wire, app["id"]))
    say(wire, conversation_id, "afterwards")

    assert deleted.is_success
    assert arrived(hook) == ["while it was there"]


def test_several_apps_each_get_theirs(wire: Wire, hook: Hook) -> None:
    apps = [
        wire.install(only_texts(hook)),
        wire.install(hook.manifest(CHANGE)),
        wire.install(hook.manifest()),
    ]
    ids = [app["client_id"] for app in apps]

    say(wire, wire.open(), "Hello")

    texts = [each for each in hook.received if each.kind == CONTENT]
    changes = [each for each in hook.received if each.kind == CHANGE]
    assert sorted(clients(texts)) == sorted([ids[0], ids[2]])
    assert set(clients(changes)) == {ids[1], ids[2]}


def test_each_app_is_signed_to_with_its_own_secret(wire: Wire, hook: Hook) -> None:
    apps = [wire.install(only_texts(hook)), wire.install(only_texts(hook))]
    secrets = {app["client_id"]: app["client_secret"] for app in apps}

    say(wire, wire.open(), "Hello")

    assert set(clients(hook.received)) == set(secrets)
    assert all(
        signed_by(each, secrets[owner])
        for each, owner in zip(hook.received, clients(hook.received), strict=True)
    )


def test_several_apps_get_the_same_change(wire: Wire, hook: Hook) -> None:
    wire.install(only_texts(hook))
    wire.install(only_texts(hook))

    say(wire, wire.open(), "Hello")

    first, second = hook.changes(CONTENT)
    assert first == second


def test_a_new_endpoint_is_used_from_its_replacement_on(wire: Wire, hook: Hook) -> None:
    app = wire.install(only_texts(hook))
    conversation_id = wire.open()

    say(wire, conversation_id, "to the old one")
    replace(wire, app, capabilities=only_texts(hook, endpoint=f"{hook.url}/new")["capabilities"])
    say(wire, conversation_id, "to the new one")

    assert [each.path for each in hook.received] == ["/hook", "/hook/new"]


def test_after_a_reset_nothing_more_is_sent(wire: Wire, hook: Hook) -> None:
    wire.install(hook.manifest())
    cause_every_type(wire)
    came = len(hook.received)

    wire.control("POST", "reset")
    cause_every_type(wire, BERT)

    assert came > 0
    assert len(hook.received) == came
    assert wire.deliveries()["deliveries"] == []
