"""The connect panel: settings in use, hosts, both tokens with the time they have left, and the doctor."""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import ipywidgets
import traitlets

from connectorkit import doctor, markup
from connectorkit.client import Client
from connectorkit.control import SandboxControl
from connectorkit.credentials import RENEW_EARLY_SECONDS
from connectorkit.doctor import Step
from connectorkit.errors import ConnectorError, SandboxError
from connectorkit.tokens import Token
from connectorkit.widgets.controls import WRAPPED, button, on_enter
from connectorkit.widgets.living import Panel, Ticker

DOMAINS, APP_JWT, CONSUMER_JWS = RENEWED = ("domains", "app_jwt", "consumer_jws")
_TICK_SECONDS = 1.0
_SANDBOX_SECONDS = 2.0  # within which it tells its time
_ASK_EVERY = 3  # ticks: the sandbox's clock moves when somebody moves it
_LONGEST_VALUE = 300
_CENTURY_SECONDS = 100 * 365 * 86_400
_TIMES = ("exp", "iat", "nbf")
_SHOWN = ("check", "ok", "result", "took", "what to do")


def connect_panel(kit: Client, consumer: str | None = None) -> ConnectPanel:
    """A panel over a kit: what it talks to, and with what. ``consumer`` is whose ConsumerJWS is shown."""
    return ConnectPanel(kit, consumer)


class ConnectPanel(Panel):
    """What a kit knows; nothing is sent until a button is pressed. No secret and no token is in it.

    ``consumer``, ``seconds_left`` (of the AppJWT, by the service's clock; ``None`` where there is none or it
    never expires) and ``steps`` (of the doctor) are traits, which ``traitlets.link`` can share.
    """

    consumer = traitlets.Unicode("", help="whose ConsumerJWS is shown")
    seconds_left = traitlets.Float(None, allow_none=True, help="until the AppJWT expires")
    steps = traitlets.Tuple(help="what the doctor has found so far")

    def __init__(self, kit: Client, consumer: str | None = None) -> None:
        self._kit = kit
        self._sandbox = _sandbox_of(kit)
        self._clock: tuple[datetime, float] | None = None  # the sandbox's time, and ours when it was told
        self._ticks = 0
        self._asking = False
        self._settings = ipywidgets.HTML(kit.settings._repr_html_())
        self._domains = ipywidgets.HTML()
        self._app_jwt = ipywidgets.HTML()
        self._left = ipywidgets.HTML()
        self._consumer_jws = ipywidgets.HTML()
        self._status = ipywidgets.HTML()
        self._checks = ipywidgets.HTML()
        self.consumer_field = ipywidgets.Text(
            description="Consumer",
            placeholder="a name, such as ana@example",
            tooltip="Whose ConsumerJWS is shown; Enter fetches it",
            continuous_update=False,
            layout=ipywidgets.Layout(width="auto", max_width="26em"),
            style={"description_width": "initial"},
        )
        on_enter(self.consumer_field, lambda: self._by_hand(self.fetch, CONSUMER_JWS))
        self._progress = ipywidgets.IntProgress(
            max=len(doctor.STEPS),
            description="Doctor",
            layout=_HIDDEN,
            style={"description_width": "initial"},
        )
        buttons = [
            self._button("Connect", "Bring hosts and tokens that are missing", "primary", self.fetch),
            self._button("Look up hosts", "Make the domain lookup again", "", self.renew, DOMAINS),
            self._button("Renew AppJWT", "Fetch another AppJWT", "", self.renew, APP_JWT),
            self._button("Renew ConsumerJWS", "Fetch this consumer's again", "", self.renew, CONSUMER_JWS),
            self._button("Run doctor", _DOCTOR, "", self.run_doctor),
            self._button("Refresh", "Show what other cells have fetched meanwhile", "", self.refresh),
        ]
        row = ipywidgets.HBox([*buttons, self._progress], layout=WRAPPED)
        tokens = [_column(self._left, self._app_jwt), _column(self.consumer_field, self._consumer_jws)]
        facts = [_column(self._settings), _column(self._domains)]
        super().__init__(
            [
                row,
                self._status,
                ipywidgets.HBox(facts, layout=_SIDE_BY_SIDE),
                ipywidgets.HBox(tokens, layout=_SIDE_BY_SIDE),
                self._checks,
            ],
            heartbeat=Ticker(_TICK_SECONDS, self._tick),
        )
        self.consumer = consumer or next(iter(kit.credentials.consumer_jws), "")
        traitlets.link((self, "consumer"), (self.consumer_field, "value"))
        self.observe(lambda _: self._show(), "consumer")
        self.refresh()

    def fetch(self, what: str | None = None) -> None:
        """Bring what is missing: ``domains``, ``app_jwt`` or ``consumer_jws``, or all that can be had.

        A ConsumerJWS needs a consumer. A refusal is shown in the panel and raised.
        """
        _check(what)
        wanted = RENEWED if what is None else (what,)
        for one in wanted:
            if one != CONSUMER_JWS or self.consumer or what is not None:
                self._bring(one, renew=False)
        self._say("Hosts and tokens are here." if what is None else f"{_NAMES[wanted[0]]}: here.", True)

    def renew(self, what: str) -> None:
        """Fetch ``domains``, ``app_jwt`` or ``consumer_jws`` again, whatever is known.

        Raises ``ValueError`` for anything else; a refusal is shown in the panel and raised.
        """
        _check(what)
        self._bring(what, renew=True)
        self._say(f"{_NAMES[what]}: fetched again.", True)

    def run_doctor(self) -> tuple[Step, ...]:
        """Walk the whole path once, each check shown as it ends; it opens a conversation and closes it."""
        self.steps = ()
        self._progress.value, self._progress.layout = 0, _SHOWING
        self._say("The doctor is at work.", None)
        try:
            for step in doctor.examine(self._kit):
                self.steps = (*self.steps, step)
                self._progress.value = len(self.steps)
                self._show_checks(running=True)
        except ConnectorError as error:
            self._say(str(error), False)
            raise
        finally:
            self._progress.layout = _HIDDEN
            self._show_checks()
            self.refresh()
        well = all(step.ok for step in self.steps)
        failed = "" if well else f" {self.steps[-1].name} failed, so nothing after it was tried."
        self._say("All checks are well." if well else failed.strip(), well)
        return self.steps

    def refresh(self) -> None:
        """Show what the kit knows now, by the clock of what it talks to. Nothing is sent to the service."""
        if self._sandbox is not None:
            try:
                self._clock = (self._sandbox.now(timeout=_SANDBOX_SECONDS), time.monotonic())
            except ConnectorError:
                self._clock = None  # it is gone: what is left is told by our own clock
        self._show()
        self._show_checks()

    def still(self) -> str:
        """Settings, hosts, tokens and checks as they are now."""
        shown = [self._settings, self._domains, self._left, self._app_jwt, self._consumer_jws, self._checks]
        return markup.stack(part.value for part in shown if part.value)

    def __repr__(self) -> str:
        left = self.seconds_left
        life = "" if left is None else f", AppJWT {_in_words(left)}"
        found = (
            f", doctor: {sum(step.ok for step in self.steps)} of {len(doctor.STEPS)}" if self.steps else ""
        )
        return f"<ConnectPanel: {_target(self._kit)}{life}{found}; run the notebook in JupyterLab to use it>"

    def _bring(self, what: str, *, renew: bool) -> None:
        kit = self._kit
        try:
            if what == DOMAINS:
                if renew:
                    kit.credentials.forget_domains()
                kit.domains()
            elif what == APP_JWT:
                kit.app_jwt(renew=renew)
            else:
                kit.consumer_jws(self.consumer, renew=renew)
        except ConnectorError as error:
            self._say(str(error), False)
            raise
        finally:
            self.refresh()

    def _show(self) -> None:
        known = self._kit.credentials
        self._domains.value = _hosts(known.domains)
        self._app_jwt.value = self._token("AppJWT", known.app_jwt, "Not fetched yet.")
        missing = "Not fetched yet." if self.consumer else "Name a consumer to fetch one."
        self._consumer_jws.value = self._token("ConsumerJWS", known.consumer_jws.get(self.consumer), missing)
        self._count_down()

    def _token(self, kind: str, token: Token | None, missing: str) -> str:
        if token is None:
            return markup.facts(kind, []) + markup.note(missing)
        claims = self._kit.redactor.claims(token.claims)
        rows = [("fingerprint", token.fingerprint)]
        rows += [(f"header: {_cut(str(name))}", _cut(str(value))) for name, value in token.header.items()]
        rows += [(_cut(str(name)), _claim(name, value)) for name, value in claims.items()]
        if token.seconds_left is None:
            rows.append(("life", "it never expires"))
        return markup.facts(kind, rows, good=True)

    def _count_down(self) -> None:
        token = self._kit.credentials.app_jwt
        left = None if token is None else self._seconds_left(token)
        self.seconds_left = left
        if left is None:
            self._left.value = ""
        else:
            self._left.value = markup.timer(
                "AppJWT, time left", _in_words(left), good=False if left == 0 else None
            )

    def _seconds_left(self, token: Token) -> float | None:
        expires = token.expires_at
        if self._clock is None or expires is None:
            return token.seconds_left
        now, told = self._clock
        return max(0.0, (expires - now - timedelta(seconds=time.monotonic() - told)).total_seconds())

    def _tick(self) -> None:
        self._count_down()
        self._ticks += 1
        if self._sandbox is not None and self._ticks % _ASK_EVERY == 0 and not self._asking:
            # Elsewhere: a sandbox that hangs must not hold up the kernel.
            self._asking = True
            asked = asyncio.get_running_loop().run_in_executor(
                None, partial(self._sandbox.now, timeout=_SANDBOX_SECONDS)
            )
            asked.add_done_callback(self._told)

    def _told(self, asked: asyncio.Future[datetime]) -> None:
        self._asking = False
        if asked.cancelled() or asked.exception() is not None:
            self._clock = None
            return
        self._clock = (asked.result(), time.monotonic())
        self._show()  # another cell may have fetched something as well

    def _show_checks(self, *, running: bool = False) -> None:
        if not self.steps and not running:
            return
        rows: list[tuple[str, bool | None, str, str, str]] = [
            (s.name, s.ok, _cut(s.result), f"{s.took_ms:,.0f} ms", _cut(s.advice)) for s in self.steps
        ]
        waits = "waits" if running else "not tried"
        rows += [(name, None, waits, "", "") for name in doctor.STEPS[len(rows) :]]
        self._checks.value = markup.table(_SHOWN, rows, wide=(2, 4))

    def _say(self, words: str, good: bool | None) -> None:
        self._status.value = markup.note(words, good=good)

    def _button(self, label: str, tooltip: str, style: str, action: Any, *given: str) -> ipywidgets.Button:
        return button(label, tooltip, lambda: self._by_hand(action, *given), style)

    def _by_hand(self, action: Any, *given: str) -> None:
        """Nobody would see a traceback of a callback; the panel has said what happened."""
        with contextlib.suppress(ConnectorError):
            action(*given)


def _sandbox_of(kit: Client) -> SandboxControl | None:
    try:
        return getattr(kit, "sandbox", None)
    except SandboxError:  # a real account
        return None


def _target(kit: Client) -> str:
    return str(getattr(kit, "target", f"account {kit.settings.account_id}"))


def _check(what: str | None) -> None:
    if what is not None and what not in RENEWED:
        raise ValueError(f"What to fetch is {what!r}, allowed are {', '.join(RENEWED)}.")


def _hosts(domains: dict[str, str] | None) -> str:
    if domains is None:
        return markup.facts("Hosts", []) + markup.note("Not looked up yet, or half an hour ago.")
    return markup.facts("Hosts", [(_cut(name), _cut(host)) for name, host in domains.items()], good=True)


def _claim(name: str, value: Any) -> str:
    if name in _TIMES and isinstance(value, int | float):
        with contextlib.suppress(ValueError, OverflowError, OSError):
            return f"{value} ({datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC)"
    return _cut(str(value))


def _in_words(seconds: float) -> str:
    if seconds > _CENTURY_SECONDS:
        return "more than a hundred years"
    whole = int(seconds)
    if whole <= 0:
        return "expired; the next call brings another one"
    hours, rest = divmod(whole, 3600)
    clock = f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60:02d}:{rest % 60:02d}"
    return clock + (", the next call renews it" if seconds <= RENEW_EARLY_SECONDS else "")


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _column(*parts: ipywidgets.Widget) -> ipywidgets.VBox:
    return ipywidgets.VBox(list(parts), layout=ipywidgets.Layout(flex="1 1 22em", min_width="0"))


_NAMES = {DOMAINS: "Hosts", APP_JWT: "AppJWT", CONSUMER_JWS: "ConsumerJWS"}
_DOCTOR = "Walk the whole path once: it opens a conversation of its own, and closes it"
_SIDE_BY_SIDE = ipywidgets.Layout(
    flex_flow="row wrap", align_items="flex-start", grid_gap="0 2em", margin="8px 0 0 0"
)
_SHOWING = ipywidgets.Layout(width="16em")
_HIDDEN = ipywidgets.Layout(display="none")
