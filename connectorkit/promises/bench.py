"""What a probe works with: the wire, two consumers, and of a sandbox its clock, agents, apps and a webhook.

Verbs that *prepare* raise ``NotReady`` where that fails, so the row is not observed: ``open``, ``say``,
``did``, ``close``, ``closed``, ``upload_url``, ``uploaded``, ``app``, ``subscribe``, ``told``, ``advance``,
``agent``. Verbs that *ask* return what was heard, whatever it is: ``converse``, ``send``, ``path``,
``lookup``, ``ask_app_jwt``, ``ask_consumer_jws``, ``store``, ``installs``. Each row starts from the same
state of the sandbox, so nothing need be tidied up: settings, faults, time, apps and conversations return by
themselves.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectorkit import waiting
from connectorkit.client import Client
from connectorkit.control import SandboxControl
from connectorkit.promises.heard import ABSENT, Heard, at, claims, header
from connectorkit.promises.hook import Delivery, Hook
from connectorkit.promises.service import Changes, NotReady, Service, ready
from connectorkit.promises.talks import ANA, BEN, Talks, opened
from connectorkit.redact import Secret
from connectorkit.scenarios import Administrator
from connectorkit.steering import Agent
from connectorkit.waiting import ClockPause

__all__ = [
    "ABSENT",
    "ANA",
    "BEN",
    "TYPES",
    "App",
    "Bench",
    "Heard",
    "NotReady",
    "at",
    "claims",
    "header",
    "opened",
]

TYPES = (
    *(f"ms.MessagingEventNotification.{name}" for name in ("ContentEvent", "RichContentEvent")),
    *(f"ms.MessagingEventNotification.{name}" for name in ("AcceptStatusEvent", "ChatStateEvent")),
    "cqm.ExConversationChangeNotification",
)
_SETTLING = 5  # times that what is under way is waited for, a second each


@dataclass(frozen=True)
class App:
    """An app installed for one row."""

    client_id: str
    client_secret: Secret
    revision: str = ""


class Bench(Talks):
    """The bench of one row. Without a ``sandbox`` only the verbs of the wire work."""

    def __init__(
        self,
        service: Service,
        sandbox: SandboxControl | None = None,
        administrator: Administrator | None = None,
        hook: Callable[[], Hook] | None = None,
    ) -> None:
        super().__init__(service)
        self._sandbox = sandbox
        self._administrator = administrator
        self._new_hook = hook
        self.time_passed = False
        self._bearer = ""
        self._closing = contextlib.ExitStack()

    def tidy(self) -> None:
        """Close what is open on an account; a sandbox returns to its state by itself."""
        self._closing.close()
        if self._sandbox is None:
            self.close_all()

    def client(self) -> Client:
        """A client of the kit, with tokens of its own; it moves the sandbox's clock instead of waiting."""
        pause = waiting.wait if self._sandbox is None else ClockPause(self._sandbox)
        made = Client(self.service.settings, log=self.service.client.log, pause=pause)
        return self._closing.enter_context(made)

    # --- The sandbox: time, agents, what it keeps, what goes wrong -----------------------------------

    @property
    def on_sandbox(self) -> bool:
        """Whether a sandbox is observed, not an account."""
        return self._sandbox is not None

    @property
    def sandbox(self) -> SandboxControl:
        """The sandbox's control; ``NotReady`` on an account."""
        if self._sandbox is None:
            raise NotReady("only a sandbox can be steered")
        return self._sandbox

    def advance(self, seconds: float) -> None:
        """Let time pass. The AppJWT in use stays the same; ``renew`` gets a fresh one."""
        self.time_passed = True
        self.sandbox.advance(seconds=seconds)

    def agent(self, talk: str) -> Agent:
        """The agent of a conversation; what cannot be done raises ``SandboxError``, and is not observed."""
        return self.sandbox.agent(talk)

    def state(self) -> dict[str, Any]:
        """Everything the sandbox keeps."""
        return self.sandbox.state()

    def kept(self, talk: str) -> dict[str, Any]:
        """What the sandbox keeps of one conversation; empty where it knows none of that id."""
        found = (one for one in self.state()["conversations"] if one["id"] == talk)
        return next(found, {})

    def events(self, talk: str) -> list[dict[str, Any]]:
        """The events of its main dialog, oldest first, as the sandbox keeps them."""
        kept = at(self.kept(talk), "dialogs", 0, "events")
        return kept if isinstance(kept, list) else []

    def profile(self, consumer: str = ANA) -> dict[str, Any]:
        """The consumer's profile, as the sandbox keeps it."""
        return dict(self.state()["profiles"].get(self.lp_consumer_id(consumer), {}))

    def warned(self) -> list[str]:
        """What the sandbox warned of."""
        return [str(at(warning, "text")) for warning in self.state()["warnings"]]

    def set(self, **settings: Any) -> None:
        """Change settings of the sandbox, such as ``survey`` or ``auto_messages``."""
        self.sandbox.settings(**settings)

    def fault(self, **spec: Any) -> None:
        """Let something go wrong from now on, see ``SandboxControl.faults``."""
        self.sandbox.faults(**spec)

    # --- The sandbox: apps and their webhooks --------------------------------------------------------

    @property
    def hook(self) -> Hook:
        """The bench's webhook, which listens from now on."""
        if self._new_hook is None:
            raise NotReady("there is no webhook that an account could reach")
        return self._new_hook()

    def manifest(self, *types: str, retry: dict[str, Any] | None = None, **webhook: Any) -> dict[str, Any]:
        """An app that has these types of events, or all five, sent to the hook.

        ``webhook`` goes into each of them: ``max_retries``, ``headers``, ``endpoint``.
        """
        hooks: dict[str, Any] = {kind: {"endpoint": self.hook.url, **webhook} for kind in types or TYPES}
        return {
            "client_name": "Promised",
            "enabled": True,
            "grant_types": ["client_credentials"],
            "scope": "msg.consumer",
            "capabilities": {"webhooks": hooks | ({"retry": retry} if retry else {})},
        }

    def app(self, manifest: dict[str, Any]) -> App:
        """An app with this manifest, installed."""
        heard = ready(lambda: self.installs("POST", body=manifest), "installing an app")
        secret = Secret(str(heard.at("client_secret")))
        self.service.client.redactor.learn(secret, passing=True)
        return App(str(heard.at("client_id")), secret, str(heard.headers.get("ac-revision", "")))

    def installed(self, app: App, manifest: dict[str, Any]) -> None:
        """Give an installed app another manifest."""
        headers = {"If-Match": "*", "X-HTTP-Method-Override": "PUT"}
        ready(lambda: self.installs("PUT", app.client_id, manifest, headers), "changing an app")

    def subscribe(self, *types: str, retry: dict[str, Any] | None = None, **webhook: Any) -> App:
        """An app that is notified at the hook from now on; see ``manifest``."""
        return self.app(self.manifest(*types, retry=retry, **webhook))

    def settle(self) -> None:
        """Wait until everything that is under way has been done."""
        if not any(self.sandbox.settle(1.0) for _ in range(_SETTLING)):
            raise NotReady(f"the sandbox did not come to rest within {_SETTLING} s")

    def heard(self, kind: str = "") -> list[Delivery]:
        """The notifications that have come, or those of one type; what is under way is waited for."""
        self.settle()
        return [one for one in list(self.hook.received) if one.kind.endswith(kind)]

    def told(self, kind: str = "") -> Delivery:
        """The last notification of a type that must have come; ``kind`` may be the end of its name."""
        came = self.heard(kind)
        if not came:
            raise NotReady(f"no notification{f' of {kind}' if kind else ''} came")
        return came[-1]

    def deliveries(self, app: App) -> list[dict[str, Any]]:
        """The sandbox's own record of its attempts for an app, oldest first."""
        report = self.sandbox.deliveries()["deliveries"]
        return [one for one in report if one["client_id"] == app.client_id]

    def installs(self, method: str, app: str = "", body: Any = None, headers: Changes | None = None) -> Heard:
        """The app-install management, as an administrator."""
        return self.service.installs(method, self._log_in(), app, body, headers)

    def log_in(self) -> Heard:
        """The login of the administrator."""
        who = self._administrator
        if who is None:
            raise NotReady("apps can be installed only on a sandbox, by its administrator")
        self.service.client.redactor.learn(who.password)
        return self.service.log_in(who.username, who.password)

    def _check_closed(self, talk: str) -> None:
        if self._sandbox is not None and self.kept(talk).get("stage") != "CLOSE":
            raise NotReady("the conversation was not closed")

    def _log_in(self) -> str:
        if not self._bearer:
            self._bearer = str(ready(self.log_in, "the login").at("bearer"))
            self.service.client.redactor.learn(Secret(self._bearer), passing=True)
        return self._bearer
