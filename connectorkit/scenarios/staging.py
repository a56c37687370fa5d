"""What must have happened before a scenario's request is sent, and how everything is left as it was."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Self

from connectorkit import envelopes, notices
from connectorkit.catalogue import Scenario
from connectorkit.client import Client
from connectorkit.control import SandboxControl
from connectorkit.errors import ConnectorError
from connectorkit.scenarios.installs import Administrator
from connectorkit.scenarios.requests import PICTURE, Scene

_MANIFEST = {"client_name": "for one scenario", "grant_types": ["client_credentials"]}
_SETTLE_SECONDS = 10.0
_FIRST_NUMBERS = (0, 1)  # of a dialog: the consumer's text, and the receipt of its arrival


class Stage:
    """The scene of one scenario, with consumers of its own: prepared on entering, tidied up on leaving.

    Entering raises ``ConnectorError`` for what goes wrong on the way, and has tidied up then.
    """

    def __init__(
        self,
        client: Client,
        scenario: Scenario,
        sandbox: SandboxControl | None,
        administrator: Administrator | None,
    ) -> None:
        self.scenario = scenario
        self._sandbox = sandbox
        self._administrator = administrator
        self._heard = 0
        self._tidying = contextlib.ExitStack()
        name = scenario.name
        self.scene = Scene(client, f"{name}@scenario.example", f"other-{name}@scenario.example")

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as undoing:
            undoing.push(self._tidying)
            self._prepare()
            undoing.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tidying.close()

    def settle(self) -> None:
        """Wait until everything that is to be notified of has been."""
        if self._sandbox is not None:
            self._sandbox.settle(_SETTLE_SECONDS)

    def seen(self) -> tuple[str, ...]:
        """What a receiver saw of the first message of the conversation: event, number and mark."""
        self.settle()
        talk = self.scene.conversation_id
        heard = self.scene.client.log.read_notifications(after=self._heard, conversation=talk)
        return tuple(
            " ".join(str(part) for part in (change.event_type, change.sequence, change.mark) if part != "")
            for change in notices.read(heard)
            if change.dialog_id == talk and change.sequence in _FIRST_NUMBERS
        )

    def _prepare(self) -> None:
        scenario, request = self.scenario, self.scenario.request
        if request.nobody or request.timeout is not None:
            self._take_a_client_of_its_own()
        client = self.scene.client
        for consumer in (self.scene.other, self.scene.consumer):
            self._tidying.callback(self._close_what_is_open, consumer)
        if scenario.rest_seconds:
            self._tidying.callback(_let_be, lambda: self._pass_time(scenario.rest_seconds))
        # Before any fault is on: it shall strike what is provoked, not what is prepared.
        if request.call in ("consumer_jws", "conversation", "send"):
            client.app_jwt()
        if request.call in ("conversation", "send"):
            client.consumer_jws(self.scene.consumer)
        for step in scenario.before:
            self._steps[step]()
        if request.timeout is not None:  # from now on: what was prepared was given its time
            client.settings = replace(client.settings, timeout=request.timeout)
        if scenario.notifications:
            self.settle()
            newest = next(client.log.read_notifications(newest_first=True), None)
            self._heard = newest.notification_id if newest is not None else 0
        if scenario.clock_seconds:
            self._pass_time(scenario.clock_seconds)
        if "faults" not in scenario.before:
            self._faults_on()

    def _take_a_client_of_its_own(self) -> None:
        """One that may be slow to answer or lead nowhere, without a trace in the client that was given."""
        given = self.scene.client
        settings = given.settings
        if self.scenario.request.nobody:
            # A port that is taken, but where nobody listens.
            taken = self._tidying.enter_context(socket.socket())
            taken.bind(("127.0.0.1", 0))
            settings = replace(settings, domain_lookup=f"http://127.0.0.1:{taken.getsockname()[1]}")
        own = Client(settings, log=given.log, clock=given.credentials.clock, retry=given.retry)
        self.scene.client = self._tidying.enter_context(own)

    @property
    def _steps(self) -> dict[str, Callable[[], object]]:
        scene = self.scene
        return {
            "open": lambda: self._open(scene.consumer),
            "open by another": lambda: self._open(scene.other),
            "close": self._close,
            "close as the agent": self._close_as_the_agent,
            "upload url": lambda: self._upload_url(scene.consumer),
            "upload url of another": lambda: self._upload_url(scene.other),
            "download url": self._download_url,
            "app without its grant": lambda: self._install(grant_types=["authorization_code"]),
            "app switched off": lambda: self._install(enabled=False),
            "app removed": lambda: self._install()(),
            "faults": self._faults_on,
        }

    def _open(self, consumer: str) -> None:
        self.scene.conversation_id = self.scene.client.consumer(consumer).open().id

    def _close(self) -> None:
        envelope = envelopes.close_conversation(self.scene.conversation_id)
        self.scene.client.send(envelope, consumer=self.scene.consumer).raise_for_error()

    def _close_as_the_agent(self) -> None:
        if self._sandbox is not None:
            self._sandbox.agent(self.scene.conversation_id).close()

    def _upload_url(self, consumer: str) -> None:
        asking = envelopes.request_upload_url(len(PICTURE), "GIF")
        self.scene.file = self.scene.client.file_url(asking, consumer=consumer)

    def _download_url(self) -> None:
        assert self.scene.file is not None, "a download follows its upload URL"
        asking = envelopes.request_download_url(self.scene.file.relative_path)
        self.scene.file = self.scene.client.file_url(asking, consumer=self.scene.consumer)

    def _install(self, **changes: object) -> Callable[[], None]:
        """Speak as another app from now on; what is returned removes it."""
        assert self._administrator is not None, "it was looked for before anything began"
        app = self._administrator.install(self.scene.client, _MANIFEST | changes)
        self.scene.app = app.client_id, app.client_secret
        self._tidying.callback(_let_be, app.remove)
        return app.remove

    def _pass_time(self, seconds: float) -> None:
        if self._sandbox is not None:
            self._sandbox.advance(seconds=seconds)

    def _faults_on(self) -> None:
        if self._sandbox is not None:
            for fault in self.scenario.faults:
                self._tidying.callback(_let_be, self._sandbox.faults(**fault).remove)

    def _close_what_is_open(self, consumer: str) -> None:
        client = self.scene.client
        with contextlib.suppress(ConnectorError):
            left_open = client.remembered_conversation(consumer)
            if left_open is not None:
                client.send(envelopes.close_conversation(left_open), consumer=consumer)


def _let_be(action: Callable[[], object]) -> None:
    """What fails while tidying up is let be: the outcome counts."""
    with contextlib.suppress(ConnectorError):
        action()
