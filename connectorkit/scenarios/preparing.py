"""What must have happened before a scenario's request is sent, and how it is tidied up."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import httpx

from connectorkit import envelopes
from connectorkit.catalogue import Scenario
from connectorkit.client import Client
from connectorkit.control import SandboxControl
from connectorkit.errors import ConnectorError
from connectorkit.scenarios.installs import Administrator, InstalledApp
from connectorkit.scenarios.requests import PICTURE, Scene

_MANIFEST = {"client_name": "for one scenario", "grant_types": ["client_credentials"]}


class Stage:
    """Makes the scene for one scenario, with consumers of its own, and leaves everything as it was."""

    def __init__(
        self,
        client: Client,
        scenario: Scenario,
        sandbox: SandboxControl | None,
        administrator: Administrator | None,
    ) -> None:
        self._scenario = scenario
        self._sandbox = sandbox
        self._administrator = administrator
        self._installed: list[InstalledApp] = []
        name = scenario.name
        self.scene = Scene(client, f"{name}@scenario.example", f"other-{name}@scenario.example")

    def prepare(self) -> Scene:
        """Take every step, then let time pass. Raises what goes wrong on the way."""
        client, scene = self.scene.client, self.scene
        if self._scenario.request.call in ("conversation", "send", "consumer_jws"):
            client.app_jwt()
        if self._scenario.request.call in ("conversation", "send"):
            client.consumer_jws(scene.consumer)
        for step in self._scenario.before:
            self._steps[step]()
        if self._scenario.clock_seconds and self._sandbox is not None:
            self._sandbox.advance(seconds=self._scenario.clock_seconds)
        return scene

    def tidy_up(self) -> None:
        """Close what is open and remove what was installed. What fails is let be: the outcome counts."""
        client = self.scene.client
        for app in self._installed:
            with contextlib.suppress(ConnectorError, httpx.HTTPError):
                app.remove()
        for consumer in (self.scene.consumer, self.scene.other):
            with contextlib.suppress(ConnectorError, httpx.HTTPError):
                left_open = client.remembered_conversation(consumer)
                if left_open is not None:
                    client.send(envelopes.close_conversation(left_open), consumer=consumer)

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
            "upload": self._upload,
            "download url": self._download_url,
            "app without its grant": lambda: self._install(grant_types=["authorization_code"]),
            "app switched off": lambda: self._install(enabled=False),
            "app removed": lambda: self._install().remove(),
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

    def _upload(self) -> None:
        assert self.scene.file is not None, "an upload follows its URL"
        self.scene.client.upload(self.scene.file, PICTURE, "GIF").raise_for_error()

    def _download_url(self) -> None:
        assert self.scene.file is not None, "a download follows its upload URL"
        asking = envelopes.request_download_url(self.scene.file.relative_path)
        self.scene.file = self.scene.client.file_url(asking, consumer=self.scene.consumer)

    def _install(self, **changes: object) -> InstalledApp:
        assert self._administrator is not None, "it was looked for before anything began"
        app = self._administrator.install(self.scene.client, _MANIFEST | changes)
        self._installed.append(app)
        self.scene.app = app.client_id, app.client_secret
        return app
