"""The half of the bench that works anywhere: asking, and preparing tokens, conversations and files."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from connectorkit.errors import ConnectorError
from connectorkit.promises import samples
from connectorkit.promises.heard import ABSENT, Heard, at, claims
from connectorkit.promises.service import Changes, NotReady, Service, ready

ANA, BEN = "ana@promise.example", "ben@promise.example"


class Talks:
    """Ana's and Ben's side of the wire."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.account = service.account
        # Conversations that may be open: the id and the consumer of each.
        self.opened: list[tuple[str, str]] = []

    def close_all(self) -> None:
        """Close what was opened; what stays in ``opened`` could not be closed."""
        self.opened = [(talk, consumer) for talk, consumer in self.opened if not self._closes(talk, consumer)]

    def _closes(self, talk: str, consumer: str) -> bool:
        with contextlib.suppress(ConnectorError, httpx.HTTPError):
            # 400 has what is closed already; 404 what a service may only not have found yet.
            heard = self.send(samples.close(talk), consumer=consumer)
            return heard.taken == "taken" or heard.status == 400
        return False

    # --- Asking: what is heard is the observation ----------------------------------------------------

    def lookup(
        self, rest: str = "/baseURI.json", query: Mapping[str, str] | None = None, **how: Any
    ) -> Heard:
        """The domain lookup, see ``Service.lookup``."""
        return self.service.lookup(rest, query, **how)

    def ask_app_jwt(self, **how: Any) -> Heard:
        """The AppJWT call: ``query``, ``form``, ``headers``, ``account``, each in place of the good one."""
        return self.service.ask_app_jwt(**how)

    def ask_consumer_jws(self, body: Any = None, **how: Any) -> Heard:
        """The ConsumerJWS call, for Ana unless ``body`` says otherwise."""
        return self.service.ask_consumer_jws({"ext_consumer_id": ANA} if body is None else body, **how)

    def converse(self, batch: Any = None, *, consumer: str = ANA, **how: Any) -> Heard:
        """CONVERSATION; without a batch, the good one. ``headers``, ``query``, ``method``, ``account``."""
        body = samples.batch(self.account) if batch is None else batch
        return self._noted(self.service.message("", body, consumer=consumer, **how), consumer)

    def send(self, request: Any, *, consumer: str = ANA, **how: Any) -> Heard:
        """SEND; ``headers`` (``None`` leaves one out), ``query``, ``method``, ``account``."""
        return self.service.message("/send", request, consumer=consumer, **how)

    def path(self, rest: str, body: Any = None, *, consumer: str = ANA, **how: Any) -> Heard:
        """Any path below ``…/messaging/consumer/conversation``."""
        return self.service.message(rest, body, consumer=consumer, **how)

    def store(self, method: str, path: str, query: Mapping[str, str], body: Any = None, **how: Any) -> Heard:
        """The file store, see ``Service.store``."""
        return self.service.store(method, path, query, body, **how)

    # --- Preparing: tokens and conversations ---------------------------------------------------------

    def app_jwt(self) -> str:
        """The AppJWT in use."""
        return self.service.app_jwt()

    def renew(self) -> str:
        """A fresh AppJWT, in use from now on."""
        self.service.forget_app_jwt()
        return self.service.app_jwt()

    def consumer_jws(self, consumer: str = ANA) -> str:
        """A consumer's ConsumerJWS."""
        return self.service.consumer_jws(consumer)

    def lp_consumer_id(self, consumer: str = ANA) -> str:
        """The service's name for a consumer."""
        return str(claims(self.consumer_jws(consumer)).get("lp_consumer_id", ABSENT))

    def open(self, consumer: str = ANA, *, headers: Changes | None = None, **members: Any) -> str:
        """Open a conversation; its id. ``members`` are those of the conversation request."""
        batch = samples.batch(self.account, **members)
        heard = ready(lambda: self.converse(batch, consumer=consumer, headers=headers), "opening")
        talk = opened(heard)
        if talk is None:
            raise NotReady(f"opening a conversation was answered {heard.status}, without an id")
        return talk

    def say(self, talk: str, words: str = "Good morning", consumer: str = ANA, **how: Any) -> int:
        """The consumer says something; the number it got."""
        heard = self._done(lambda: self.send(samples.text(talk, words), consumer=consumer, **how), "a text")
        number = heard.at("body", "sequence")
        if type(number) is not int:
            raise NotReady("the answer to a text has no number")
        return number

    def did(self, request: Any, consumer: str = ANA, **how: Any) -> Heard:
        """SEND of anything that must succeed before the promise can be observed."""
        return self._done(lambda: self.send(request, consumer=consumer, **how), str(at(request, "type")))

    def close(self, talk: str, consumer: str = ANA) -> None:
        """The consumer closes the conversation, and it is closed."""
        self._done(lambda: self.send(samples.close(talk), consumer=consumer), "closing")
        self._check_closed(talk)

    def closed(self, consumer: str = ANA) -> str:
        """A conversation that the consumer has closed."""
        talk = self.open(consumer)
        self.close(talk, consumer)
        return talk

    def upload_url(self, consumer: str = ANA, size: Any = "43", kind: Any = "GIF") -> dict[str, Any]:
        """The body of the answer to a request for an upload URL: ``relativePath`` and ``queryParams``."""
        asking = samples.request("ms.GenerateURLForUploadFile", {"fileSize": size, "fileType": kind}, "f-1")
        return self._permission(asking, consumer)

    def download_url(self, path: str, consumer: str = ANA) -> dict[str, Any]:
        """The same for a download."""
        asking = samples.request("ms.GenerateURLForDownloadFile", {"relativePath": path}, "f-2")
        return self._permission(asking, consumer)

    def uploaded(self, content: bytes = b"GIF87a", consumer: str = ANA) -> str:
        """The path of a file that was put into the store."""
        url = self.upload_url(consumer, str(len(content)))
        path, query = url["relativePath"], url["queryParams"]
        ready(lambda: self.store("PUT", path, query, content), "the upload")
        return str(path)

    def _check_closed(self, talk: str) -> None:
        """Raise ``NotReady`` where it can be seen that the conversation is still open."""

    # --- The parts -----------------------------------------------------------------------------------

    def _noted(self, heard: Heard, consumer: str) -> Heard:
        if (talk := opened(heard)) is not None:
            self.opened.append((talk, consumer))
        return heard

    def _permission(self, asking: Any, consumer: str) -> dict[str, Any]:
        heard = self._done(lambda: self.send(asking, consumer=consumer), "a file URL")
        body = heard.at("body")
        if not isinstance(at(body, "queryParams"), dict) or at(body, "relativePath") == ABSENT:
            raise NotReady("the answer has no file URL")
        return dict(body)

    def _done(self, ask: Callable[[], Heard], what: str) -> Heard:
        heard = ready(ask, what)
        if heard.at("code") != "OK":
            raise NotReady(f"{what} was answered {heard.text[:80]}")
        return heard


def opened(heard: Heard) -> str | None:
    """The id of the conversation that an answer says was opened, in whichever entry it stands."""
    entries = heard.json if isinstance(heard.json, list) else []
    ids = (at(entry, "body", "conversationId") for entry in entries)
    return next((one for one in ids if isinstance(one, str) and one not in ("", ABSENT)), None)
