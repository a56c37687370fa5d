"""What is tolerated but noted, what is set before anybody sets it, and whose tokens count."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from .conftest import ANNA, Wire, claims, close, profile, sample, sequence, text
from .hooks import MANIFEST, app_token
from .shapes import PNG, granted, store, upload_request

OTHER_ACCOUNT = "le87654321"


def warned(wire: Wire, about: str) -> int:
    return len([each for each in wire.state().json()["warnings"] if each["about"] == about])


# --- Warnings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("prefix", "warnings"), [("", 0), ("Bearer ", 1), ("bearer ", 1)])
def test_a_bearer_prefix_is_noted(wire: Wire, prefix: str, warnings: int) -> None:
    """R27: it may not work elsewhere."""
    wire.send(profile({}), headers={"Authorization": prefix + wire.app_token()})

    assert warned(wire, "Authorization") == warnings


@pytest.mark.parametrize(
    ("kind", "warnings"),
    [
        (".ClientProperties", 0),
        ("ClientProperties", 0),
        (".ams.headers.ClientProperties", 0),
        ("Properties", 1),
        (None, 1),
        (5, 1),
    ],
)
def test_three_spellings_of_the_type_of_client_properties_are_right(
    wire: Wire, kind: Any, warnings: int
) -> None:
    """§11.7."""
    answer = wire.send(profile({}), headers={"Client-Properties": json.dumps({"type": kind})})

    assert answer.status_code == 200
    assert warned(wire, "Client-Properties") == warnings


@pytest.mark.parametrize(
    ("member", "longest"),
    [
        *((name, 64) for name in ("appId", "osName", "osVersion", "browser", "browserVersion")),
        *((name, 64) for name in ("deviceManufacture", "deviceModel", "timeZone", "integrationVersion")),
        ("appVersion", 32),
        ("ipAddress", 32),
    ],
)
def test_a_client_property_that_is_too_long_is_noted(wire: Wire, member: str, longest: int) -> None:
    """§11.7."""
    told = []
    for length in (longest, longest + 1):
        header = json.dumps({"type": ".ClientProperties", member: "x" * length})
        assert wire.send(profile({}), headers={"Client-Properties": header}).status_code == 200
        told.append(warned(wire, "Client-Properties"))

    assert told == [0, 1]


@pytest.mark.parametrize(
    ("member", "right", "wrong"),
    [
        *(("deviceFamily", value, "PHONE") for value in ("DESKTOP", "TABLET", "MOBILE", "OTHER")),
        *(("os", value, "BEOS") for value in ("WINDOWS", "LINUX", "OSX", "ANDROID", "IOS", "OTHER")),
        *(("integration", value, 7) for value in ("WEB_SDK", "MOBILE_SDK", "BRAND_SDK")),
    ],
)
def test_a_client_property_with_an_unknown_value_is_noted(
    wire: Wire, member: str, right: str, wrong: Any
) -> None:
    """§11.7."""
    told = []
    for value in (right, wrong):
        header = json.dumps({"type": ".ClientProperties", member: value})
        assert wire.send(profile({}), headers={"Client-Properties": header}).status_code == 200
        told.append(warned(wire, "Client-Properties"))

    assert told == [0, 1]


def test_a_known_feature_without_an_effect_changes_nothing(wire: Wire) -> None:
    """§11.7."""
    names = ["PHOTO_SHARING", "SECURE_FORMS", "CO_BROWSE", "CO_APP", "NEVER_HEARD_OF"]
    header: dict[str, str | None] = {
        "Client-Properties": json.dumps({"type": ".ClientProperties", "features": names})
    }

    conversation_id = wire.converse(wire.batch(), headers=header).json()[1]["body"]["conversationId"]

    assert sequence(wire.send(text(conversation_id), headers=header)) == 0
    assert wire.conversation(conversation_id)["features_at_opening"] == names
    assert wire.state().json()["warnings"] == []


# --- Settings nobody has touched --------------------------------------------------------------------


def test_an_account_nobody_has_touched_is_as_documented(wire: Wire) -> None:
    """R34, R36, R49, R69: five seconds each, SHA-1 in Base64, nothing automatic."""
    assert wire.settings() == {
        "signature_algorithm": "sha1",
        "signature_encoding": "base64",
        "escape_non_ascii": False,
        "connect_timeout_seconds": 5.0,
        "read_timeout_seconds": 5.0,
        "disable_slow_apps": False,
        "auto_messages": None,
        "survey": None,
        "auto_close_seconds": None,
        "agent_script": None,
    }


# --- The vendor's host ------------------------------------------------------------------------------


def test_the_vendors_host_is_accepted_on_every_path_of_the_service(wire: Wire) -> None:
    """R79: clients that a hosts file redirects send it; the control API refuses it."""
    host: dict[str, str | None] = {"Host": "va.msg.liveperson.net"}
    conversation_id = wire.open()
    url = granted(wire.send(upload_request()))

    answers = [
        wire.send(text(conversation_id), headers=host),
        wire.send(close(conversation_id), headers=host),
        wire.converse(wire.batch(), headers=host),
        wire.ask_consumer_token({"ext_consumer_id": ANNA}, headers=host),
        store(wire, "PUT", url, PNG, headers={"Host": "va.objectstorage.liveperson.net"}),
        wire.installations("GET", headers={"Host": "va.ac.liveperson.net"}),
    ]
    control = wire.http.get(
        f"{wire.base_url}/sandbox/state",
        headers={"Host": "va.msg.liveperson.net", "Authorization": f"Bearer {wire.ready['control_token']}"},
    )

    assert [answer.status_code for answer in answers] == [200, 200, 200, 201, 201, 200]
    assert control.status_code == 403


# --- Whose tokens count -----------------------------------------------------------------------------


def start(account: str, seed: int) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "connectorkit", "sandbox", "--seed", str(seed), "--account", account],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())


@pytest.fixture(scope="module")
def twins(sandbox_process: dict[str, Any]) -> Iterator[dict[str, Wire]]:
    """Sandboxes of the same seed, so with the same signing key: one of our account, one of another."""
    started = {
        account: start(account, sandbox_process["seed"])
        for account in (sandbox_process["account_id"], OTHER_ACCOUNT)
    }
    with httpx.Client(timeout=30, trust_env=False) as http:
        yield {account: Wire(http, ready) for account, (_, ready) in started.items()}
    for process, _ in started.values():
        process.terminate()
        process.wait(timeout=10)
        assert process.stdout is not None
        process.stdout.close()


def test_a_genuine_token_of_this_account_is_good_wherever_it_was_signed(
    wire: Wire, twins: dict[str, Wire]
) -> None:
    """What makes the next test one of the account, not of the signature."""
    jws = twins[wire.account].consumer_token()

    assert wire.send(profile({}), headers={"X-LP-ON-BEHALF": jws}).status_code == 200


def test_a_genuine_consumer_token_of_another_account_is_invalid(wire: Wire, twins: dict[str, Wire]) -> None:
    """R57."""
    jws = twins[OTHER_ACCOUNT].consumer_token()

    answer = wire.send(profile({}), headers={"X-LP-ON-BEHALF": jws})

    assert claims(jws)["account_id"] == OTHER_ACCOUNT
    assert answer.status_code == 401
    assert answer.json() == sample("error_40103")


def test_a_genuine_app_token_of_another_account_is_invalid(wire: Wire, twins: dict[str, Wire]) -> None:
    """R56."""
    answer = wire.send(profile({}), headers={"Authorization": twins[OTHER_ACCOUNT].app_token()})

    assert answer.status_code == 401
    assert answer.json() == sample("error_40102")


def test_the_same_name_is_another_consumer_at_another_account(wire: Wire, twins: dict[str, Wire]) -> None:
    """R61: a function of account and external id."""
    assert twins[wire.account].lp_consumer_id() == wire.lp_consumer_id()
    assert twins[OTHER_ACCOUNT].lp_consumer_id() != wire.lp_consumer_id()


def test_a_consumer_token_serves_any_app_of_the_account(wire: Wire) -> None:
    """R58."""
    conversation_id = wire.open()
    other_app = app_token(wire, wire.install(MANIFEST)).json()["access_token"]

    answer = wire.send(text(conversation_id), headers={"Authorization": other_app})

    assert sequence(answer) == 0


def test_a_batch_sent_by_two_apps_meets_one_open_conversation(wire: Wire) -> None:
    """R14, R58."""
    wire.open()
    other_app = app_token(wire, wire.install(MANIFEST)).json()["access_token"]

    assert wire.converse(wire.batch(), headers={"Authorization": other_app}).status_code == 400
