"""One sandbox world: an account, its apps, its agents, its clock and its lot, all from one seed."""

from __future__ import annotations

import copy
import random
import secrets
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from connectorkit.sandbox.account import Account
from connectorkit.sandbox.agent import Desk
from connectorkit.sandbox.apps import App, Apps, default_manifest
from connectorkit.sandbox.bots import AutoClose, Greeter, SurveyBot
from connectorkit.sandbox.clock import Clock
from connectorkit.sandbox.delivery import Deliveries
from connectorkit.sandbox.faults import Faults
from connectorkit.sandbox.files import FileStore
from connectorkit.sandbox.issuer import Issuer
from connectorkit.sandbox.notices import Event
from connectorkit.sandbox.options import Options
from connectorkit.sandbox.patience import Patience
from connectorkit.sandbox.post import HttpPost, Post
from connectorkit.sandbox.schedule import Schedule
from connectorkit.sandbox.script import DEFAULT_SCRIPT, ScriptedAgent
from connectorkit.sandbox.seeded import Lot
from connectorkit.sandbox.warnings import Warnings

DEFAULT_ACCOUNT_ID = "12345678"
ADMIN_SESSION_SECONDS = 3600


class World:
    """Everything the endpoints act on.

    Without a ``seed`` one is drawn, and the signing key comes from the operating system, which is faster.
    The control token is new at every start, whatever the seed: it guards the control API from other
    programs and web pages. ``webhook`` is where the first app is notified of everything; ``agent`` lets a
    scripted agent answer; ``hosts`` maps services to what domain answers name instead of the server itself;
    ``trust`` is a PEM file of authorities whose webhooks are trusted beside the usual ones.
    """

    def __init__(
        self,
        account_id: str = DEFAULT_ACCOUNT_ID,
        seed: int | None = None,
        clock: Clock | None = None,
        *,
        webhook: str | None = None,
        agent: bool = False,
        hosts: Mapping[str, str] | None = None,
        post: Post | None = None,
        trust: str | None = None,
    ) -> None:
        self.account_id = account_id
        self.seed = secrets.randbits(32) if seed is None else seed
        self.clock = clock or Clock()
        self.schedule = Schedule(self.clock)
        self.warnings = Warnings(self.clock)
        self.faults = Faults(self.seed)
        self.patience = Patience(self.schedule)
        self._agent = agent
        self.options = self._first_options()
        # A lot for each, so that what one draws does not depend on when another does.
        lot = Lot(self.seed)
        agents, bots, files, sessions, conversations = (
            Lot(f"{self.seed} {name}") for name in ("agents", "bots", "files", "sessions", "conversations")
        )
        pauses = random.Random(f"{self.seed} pauses")  # noqa: S311 - reproducible by design
        self.apps = Apps(self.clock, lot)
        self.apps.install(default_manifest(webhook))
        self.admin_username = "sandbox-admin"
        self.admin_password = lot.secret(20)
        key = rsa.generate_private_key(65537, 2048) if seed is None else lot.signing_key()
        self.issuer = Issuer(account_id, key, self.clock)
        self.files = FileStore(account_id, self.clock, files.uuid, files.secret())
        self.account = Account(account_id, conversations, self.clock, self.files)
        self.desk = Desk(self.account, agents, self.warnings)
        self.script = ScriptedAgent(self.desk, self.schedule, self.options, pauses, self.warnings)
        self.auto_close = AutoClose(self.account, self.options, self.schedule, self.clock)
        self.survey = SurveyBot(self.account, self.options, self.schedule, self.clock, bots)
        greeter = Greeter(self.account, self.options, self.clock)
        self.account.reactions = {
            "open": [self.script.react],
            "said": [greeter.react, self.survey.react, self.script.react],
            "closing": [self.survey.react],
            "closed": [self.survey.react],
        }
        self.account.tell = self._tell
        self.account.listened_to = self.apps.hear
        self.account.warn = self.warnings.add
        self._post = post or HttpPost(trust)
        self.deliveries = Deliveries(
            self.schedule,
            self.options,
            self._post,
            faults=self.faults,
            account_id=account_id,
            on_disable=self._disable,
        )
        self.control_token = secrets.token_urlsafe(24)
        self.host = ""  # host:port, known once the server listens
        self.hosts = dict(hosts or {})
        self._sessions = sessions
        self._bearers: dict[str, float] = {}

    @property
    def first_app(self) -> App:
        """The app that was there from the start; the ready line has its credentials."""
        return self.apps.first

    def new_admin_bearer(self) -> str:
        """A session of the administrator."""
        now = self.clock.now()
        self._bearers = {known: end for known, end in self._bearers.items() if now < end}
        bearer = self._sessions.secret(40)
        self._bearers[bearer] = now + ADMIN_SESSION_SECONDS
        return bearer

    def is_admin(self, bearer: str) -> bool:
        """Whether a session of the administrator goes by this bearer, and has not ended."""
        return self.clock.now() < self._bearers.get(bearer, float("-inf"))

    def reset(self) -> None:
        """Forget what has happened and what was set, return to real time; keys and credentials stay."""
        self.schedule.reset()
        self.script.reset()
        self.deliveries.reset()
        self.faults.reset()
        self.issuer.recall({})
        self.patience.release()
        self.account.reset()
        self.warnings.clear()
        self.apps.reset()
        fresh = self._first_options()
        for field in fields(Options):  # in place: everybody holds the same options
            setattr(self.options, field.name, getattr(fresh, field.name))
        self.clock.reset()

    def memory(self) -> dict[str, Any]:
        """All that a snapshot keeps; to be copied, as it goes on changing."""
        return {
            "account": self.account.memory(),
            "files": self.files.memory(),
            "apps": self.apps.memory(),
            "options": self.options.dump(),
            "faults": self.faults.memory(),
            "expired": self.issuer.memory(),
            "warnings": self.warnings.dump(),
            "advanced_seconds": self.clock.advanced_seconds,
        }

    def recall(self, memory: dict[str, Any]) -> None:
        """Return to what ``memory`` was; what is under way is given up."""
        self.schedule.reset()
        self.script.reset()
        self.deliveries.reset()
        self.account.recall(memory["account"])
        self.files.recall(memory["files"])
        self.apps.recall(memory["apps"])
        self.options.set(memory["options"])
        self.clock.advanced_seconds = memory["advanced_seconds"]
        self.faults.recall(memory["faults"])
        self.issuer.recall(memory["expired"])
        self.patience.release()
        self.warnings.recall(memory["warnings"])
        self.auto_close.arm()
        self.survey.arm()

    def installs_changed(self) -> None:
        """Deliver by the installs as they are now; what was stored for a removed app is lost."""
        if isinstance(self._post, HttpPost) and any(app.webhooks for app in self.apps.all()):
            self._post.prepare()
        for app in self.apps.all():
            self.deliveries.refresh(app)
        for client_id in self.deliveries.clients:
            if self.apps.get(client_id) is None:
                self.deliveries.drop(client_id)

    def _first_options(self) -> Options:
        return Options(agent_script=copy.deepcopy(DEFAULT_SCRIPT) if self._agent else None)

    def _disable(self, app: App, reason: str) -> None:
        app.manifest["enabled"] = False
        self.warnings.add(app.client_id, f"The app was switched off. {reason}")
        self.deliveries.refresh(app)

    def _tell(self, event: Event) -> None:
        for app in self.apps.all():
            self.deliveries.deliver(app, event)
