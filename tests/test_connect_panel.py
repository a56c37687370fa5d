"""The connect panel, without a browser: what it shows of a kit, fetches and renews, and how its time runs."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import ipywidgets
import jwt
import pytest
import traitlets
from conftest import FakeService
from hostile import TEXTS
from panel_parts import button, parts, press_enter, shown

import connectorkit as ck
from connectorkit import doctor, widgets
from connectorkit.client import Client
from connectorkit.errors import ConnectorError
from connectorkit.log import Log
from connectorkit.redact import Secret
from connectorkit.settings import Settings
from connectorkit.texts import storable


@pytest.fixture
def kit(fake_settings: Settings, service: FakeService) -> Iterator[Client]:
    with Client(
        fake_settings, transport=httpx.MockTransport(service), clock=service.clock, retry=False
    ) as kit:
        yield kit


@pytest.fixture
def panel(kit: Client) -> Iterator[widgets.ConnectPanel]:
    panel = widgets.connect_panel(kit, "ana@example")
    yield panel
    panel.close()


def test_it_shows_what_is_known_and_sends_nothing_by_itself(
    panel: widgets.ConnectPanel, service: FakeService
) -> None:
    assert service.asked == []
    assert "https://lookup.service.example" in shown(panel)
    assert "Not looked up yet" in shown(panel)
    assert shown(panel).count("Not fetched yet.") == 2
    assert panel.seconds_left is None


def test_connect_brings_hosts_and_both_tokens(panel: widgets.ConnectPanel, service: FakeService) -> None:
    button(panel, "Connect").click()

    assert service.order == ["domains", "app_jwt", "consumer_jws"]
    assert "one.service.example" in shown(panel)
    assert "c0ffee" in shown(panel)
    assert "it never expires" in shown(panel)
    assert "Hosts and tokens are here." in shown(panel)
    assert panel.seconds_left == 3600

    button(panel, "Connect").click()

    assert len(service.order) == 3


def test_without_a_consumer_only_its_token_is_left_out(kit: Client, service: FakeService) -> None:
    panel = widgets.connect_panel(kit)

    panel.fetch()

    assert service.order == ["domains", "app_jwt"]
    assert "Name a consumer to fetch one." in shown(panel)


def test_enter_in_the_field_fetches_a_consumers_token(
    panel: widgets.ConnectPanel, service: FakeService
) -> None:
    panel.consumer_field.value = "ben@example"

    press_enter(panel.consumer_field)

    assert panel.consumer == "ben@example"
    assert json.loads(service.requests("consumer_jws")[-1].content) == {"ext_consumer_id": "ben@example"}
    assert "ConsumerJWS: here." in shown(panel)


@pytest.mark.parametrize(
    ("label", "what", "kind"),
    [
        ("Look up hosts", "domains", "domains"),
        ("Renew AppJWT", "app_jwt", "app_jwt"),
        ("Renew ConsumerJWS", "consumer_jws", "consumer_jws"),
    ],
)
def test_each_is_renewed_by_button_and_by_method(
    panel: widgets.ConnectPanel, service: FakeService, label: str, what: str, kind: str
) -> None:
    panel.fetch()

    button(panel, label).click()
    panel.renew(what)

    assert service.order.count(kind) == 3
    assert len(service.order) == 5
    assert "fetched again." in shown(panel)


def test_anything_else_is_refused(panel: widgets.ConnectPanel) -> None:
    with pytest.raises(ValueError, match="What to fetch is 'signature', allowed are domains"):
        panel.renew("signature")
    with pytest.raises(ValueError, match="What to fetch is 'jwt'"):
        panel.fetch("jwt")


def test_a_refusal_is_said_in_the_panel_and_raised_to_a_cell(
    panel: widgets.ConnectPanel, service: FakeService
) -> None:
    service.answers["app_jwt"] = [
        httpx.Response(401, json={"error": "invalid_client", "error_description": "<b>no</b>"})
    ] * 2

    button(panel, "Renew AppJWT").click()
    with pytest.raises(ConnectorError):
        panel.renew("app_jwt")

    assert "&lt;b&gt;no&lt;/b&gt;" in shown(panel)
    assert "<b>" not in shown(panel)
    assert "one.service.example" in shown(panel)  # what was brought before that stays and is shown


# --- Time --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (0, "1:00:00"),
        (1, "59:59"),
        (3299, "05:01"),
        (3300, "05:00, the next call renews it"),
        (3599, "00:01, the next call renews it"),
        (3600, "expired; the next call brings another one"),
        (90_000, "expired; the next call brings another one"),
    ],
)
def test_the_time_left_is_counted_down(
    panel: widgets.ConnectPanel, service: FakeService, passed: int, said: str
) -> None:
    panel.fetch("app_jwt")
    service.now += passed

    panel.heartbeat._tick()  # type: ignore[union-attr]

    assert f">{said}</strong>" in shown(panel)
    assert panel.seconds_left == max(0, 3600 - passed)


def test_it_runs_while_somebody_looks_and_leaves_nothing_behind(kit: Client, service: FakeService) -> None:
    async def look() -> list[Any]:
        panel = widgets.connect_panel(kit)
        heartbeat = panel.heartbeat
        assert heartbeat is not None
        heartbeat._seconds = 0.01
        panel.fetch("app_jwt")
        seen: list[Any] = [heartbeat.running]
        panel._view_count = 2
        panel._view_count = 1
        service.now += 60
        for _ in range(1_000):
            if panel.seconds_left == 3540:
                break
            await asyncio.sleep(0.01)
        seen += [panel.seconds_left, heartbeat.running]
        panel._view_count = 0
        seen.append(heartbeat.running)
        panel._view_count = 1
        panel.close()
        service.now += 60
        await asyncio.sleep(0.1)
        return [*seen, heartbeat.running, panel.seconds_left]

    before = threading.active_count()

    assert asyncio.run(look()) == [False, 3540, True, False, False, 3540]
    assert threading.active_count() == before


def test_the_sandboxs_clock_counts_and_is_asked_beside_the_kernel(eventually: Any) -> None:
    async def look() -> list[float | None]:
        with ck.connect(sandbox=True, log=":memory:", agent=False) as kit:
            panel = widgets.connect_panel(kit)
            panel.fetch("app_jwt")
            seen = [panel.seconds_left]
            kit.sandbox.advance(minutes=30)
            panel.heartbeat._seconds = 0.01  # type: ignore[union-attr]
            panel._view_count = 1
            for _ in range(1_000):
                if panel.seconds_left < 2_000:
                    break
                await asyncio.sleep(0.01)
            seen.append(panel.seconds_left)
            kit.sandbox.advance(minutes=31)
            panel.refresh()
            seen.append(panel.seconds_left)
            panel.close()
        return seen

    first, second, third = asyncio.run(look())

    assert first is not None
    assert second is not None
    assert 3_000 < first <= 3_600
    assert 1_200 < second <= 1_800
    assert third == 0


def test_a_sandbox_that_is_gone_leaves_our_own_clock() -> None:
    with ck.connect(sandbox=True, log=":memory:", agent=False) as kit:
        panel = widgets.connect_panel(kit)
        panel.fetch("app_jwt")
    panel.refresh()

    assert panel.seconds_left is not None
    assert panel.seconds_left > 3_000


# --- The doctor --------------------------------------------------------------------------------------


def test_the_doctor_shows_each_check_as_it_ends(panel: widgets.ConnectPanel) -> None:
    seen: list[tuple[int, int, int]] = []
    panel.observe(lambda change: seen.append(progress(panel, change)), "steps")

    steps = panel.run_doctor()

    assert tuple(step.name for step in steps) == doctor.STEPS
    assert all(step.ok for step in steps)
    assert [done for done, _, _ in seen] == [1, 2, 3, 4, 5, 6]
    assert [waits for _, waits, _ in seen] == [6, 5, 4, 3, 2, 1]
    assert [bar for _, _, bar in seen] == [0, 1, 2, 3, 4, 5]
    assert "All checks are well." in shown(panel)
    assert panel._progress.layout.display == "none"
    assert "doctor: 6 of 6" in repr(panel)


def progress(panel: widgets.ConnectPanel, change: Any) -> tuple[int, int, int]:
    """Checks that have ended, those that wait by what is shown until then, and how far the bar is."""
    waiting = shown(panel).count(">waits<")
    return len(change["new"]), waiting or len(doctor.STEPS), panel._progress.value


def test_the_doctor_ends_at_what_fails(panel: widgets.ConnectPanel, service: FakeService) -> None:
    service.answers["consumer_jws"] = [httpx.Response(500, text="<script>x</script>")] * 9

    button(panel, "Run doctor").click()

    assert [step.ok for step in panel.steps] == [True, True, False]
    assert "ConsumerJWS failed, so nothing after it was tried." in shown(panel)
    assert shown(panel).count(">not tried<") == 3
    assert "<script" not in shown(panel)


# --- Together, still, and secret ---------------------------------------------------------------------


def test_two_panels_share_their_consumer(panel: widgets.ConnectPanel, kit: Client) -> None:
    other = widgets.connect_panel(kit)
    traitlets.link((panel, "consumer"), (other, "consumer"))

    panel.consumer = "cleo@example"
    panel.fetch()
    other.refresh()

    assert other.consumer_field.value == "cleo@example"
    assert "cleo@example" in shown(other)


def test_what_stands_in_its_place_where_no_script_runs(panel: widgets.ConnectPanel) -> None:
    panel.fetch()
    panel.run_doctor()

    bundle = panel._repr_mimebundle_()

    assert bundle["text/plain"] == (
        "<ConnectPanel: account 12345678, AppJWT 1:00:00, doctor: 6 of 6; run the notebook in JupyterLab to "
        "use it>"
    )
    for said in ("one.service.example", "c0ffee", "Sentinel", "Domain lookup", "1:00:00"):
        assert said in bundle["text/html"]
    assert "<script" not in bundle["text/html"]


def test_all_that_can_be_used_is_labelled(panel: widgets.ConnectPanel) -> None:
    used = [part for part in parts(panel) if isinstance(part, ipywidgets.Text | ipywidgets.Button)]

    assert len(used) == 7
    assert [part for part in used if not part.description or not part.tooltip] == []


@pytest.mark.parametrize(
    "exp", [10**30, 1e308, float("inf"), float("-inf"), float("nan"), -1, True, "soon", None]
)
def test_odd_times_of_expiry_are_shown_as_they_are(
    panel: widgets.ConnectPanel, service: FakeService, make_token: Callable[..., str], exp: Any
) -> None:
    service.answers["app_jwt"] = [httpx.Response(200, json={"access_token": make_token({"exp": exp}, {})})]

    panel.fetch("app_jwt")

    assert str(exp) in shown(panel)
    repr(panel)


@pytest.mark.parametrize("text", [*TEXTS.values(), "<img src=x onerror=alert(1)>"], ids=[*TEXTS, "handler"])
def test_hostile_texts_are_only_texts(
    fake_settings: Settings, service: FakeService, text: str, make_token: Callable[..., str]
) -> None:
    settings = replace(fake_settings, client_id=str(storable(text[:300])), log=text[:300])
    entries = [
        {"service": name, "baseURI": host} for name, host in [*service.hosts.items(), (text[:300], text)]
    ]
    domains = httpx.Response(200, content=json.dumps({"baseURIs": entries}))
    service.answers["domains"] = [domains] * 9
    claims = {text[:300]: text, "scope": {text[:50]: [text[:5_000]]}, "exp": 10**30, "iat": "soon"}
    header = {"kid": text[:5_000], "x-" + text[:50]: text[:5_000]}
    service.answers["app_jwt"] = [httpx.Response(200, json={"access_token": make_token(claims, header)})] * 9
    transport = httpx.MockTransport(service)
    with Client(settings, log=Log(), transport=transport, clock=service.clock, retry=False) as kit:
        panel = widgets.connect_panel(kit, "ana@example")
        panel.fetch()
        panel.run_doctor()

    json.dumps([part.get_state() for part in parts(panel)], default=str, ensure_ascii=False).encode()
    tags = set(re.findall(r"<(\w+)", shown(panel) + panel.still()))
    assert tags <= {"div", "strong", "span", "table", "thead", "tbody", "tr", "th", "td"}
    assert len(shown(panel)) < 60_000
    repr(panel)


@pytest.fixture
def make_token() -> Callable[..., str]:
    """A token of any claims, with any header."""

    def make(claims: dict[str, Any], header: dict[str, Any]) -> str:
        # PyJWT checks what it signs; whoever sends one need not.
        parts = [json.dumps(part).encode() for part in ({"alg": "RS256", "typ": "JWT"} | header, claims)]
        encoded = [jwt.utils.base64url_encode(part).decode() for part in parts]
        return ".".join([*encoded, "c2lnbmF0dXJl"])

    return make


def test_no_secret_and_no_token_is_in_its_state(client: Client) -> None:
    panel = widgets.connect_panel(client, "ana@example")
    panel.fetch()
    secrets = [
        client.settings.client_secret,
        client.app_jwt().secret,
        client.consumer_jws("ana@example").secret,
    ]
    panel.run_doctor()
    for what in ("domains", "app_jwt", "consumer_jws"):
        panel.renew(what)
    secrets += [client.app_jwt().secret, client.consumer_jws("ana@example").secret]

    state = json.dumps([part.get_state() for part in parts(panel)], default=str) + panel.still() + repr(panel)

    assert client.app_jwt().fingerprint in state
    assert [piece for one in secrets for piece in pieces(one) if piece in state] == []


def pieces(secret: Secret) -> list[str]:
    """The whole of it, and of a token its signature."""
    text = secret.reveal()
    return [text, text.rpartition(".")[2]]
