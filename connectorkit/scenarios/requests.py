"""The provoking request of a scenario, as an operation and headers that a client can send."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from connectorkit import operations
from connectorkit.auth import Headers
from connectorkit.base_client import hidden
from connectorkit.catalogue import Request
from connectorkit.client import Client
from connectorkit.operations import FileUrl, Operation
from connectorkit.redact import Secret

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
# The smallest GIF there is, one pixel.
PICTURE = bytes.fromhex("47494638376101000100800000ffffff0000002c00000000010001000002024401003b")
_NO_FILE = FileUrl("/v1/none", Secret("0" * 40), "0")


@dataclass
class Scene:
    """What has been made ready for a scenario: who speaks, in which conversation, about which file."""

    client: Client
    consumer: str
    other: str
    conversation_id: str = ""
    file: FileUrl | None = None
    app: tuple[str, Secret] | None = None

    @property
    def lp_consumer_id(self) -> str:
        """The service's name for the consumer."""
        return str(self.client.consumer_jws(self.consumer).claims.get("lp_consumer_id", ""))

    def filled(self, value: Any) -> Any:
        """The value with what is now known in place of the words in braces."""
        return _filled(value, self._words)

    def headers(self, request: Request) -> Headers | None:
        """The headers to be replaced, which may hold tokens."""
        client, consumer = self.client, self.consumer
        tokens = {
            "app_jwt": lambda: client.app_jwt().secret.reveal(),
            "consumer_jws": lambda: client.consumer_jws(consumer).secret.reveal(),
        }
        return hidden({name: _filled(value, tokens) for name, value in request.headers.items()} or None)

    @property
    def _words(self) -> Mapping[str, Callable[[], str]]:
        return {
            "account": lambda: self.client.settings.account_id,
            "consumer": lambda: self.consumer,
            "lp_consumer": lambda: self.lp_consumer_id,
            "conversation": lambda: self.conversation_id,
            "file": lambda: self.file.relative_path if self.file else "",
        }


def operation(request: Request, scene: Scene) -> Operation:
    """What is to be sent: a good call of its kind, with the changes that the request asks for."""
    made = _good(request, scene)
    if request.form:
        form = dict(parse_qsl(made.content.decode())) | {**request.form}
        made = replace(made, content=urlencode(_present(form)).encode())
    if request.query and made.secret_query is not None:
        query = dict(parse_qsl(made.secret_query.reveal())) | {**request.query}
        made = replace(made, secret_query=Secret(urlencode(_present(query))))
    elif request.query:
        made = replace(made, query=_present({**made.query, **request.query}))
    if request.path is not None:
        made = replace(made, path=quote(scene.filled(request.path), safe="/"))
    return replace(made, method=request.method) if request.method is not None else made


def _good(request: Request, scene: Scene) -> Operation:
    account, payload = scene.client.settings.account_id, scene.filled(request.payload)
    match request.call:
        case "domains":
            return operations.find_domains(account)
        case "app_jwt":
            known = scene.client.settings
            client_id, secret = scene.app or (known.client_id, known.client_secret)
            return operations.get_app_jwt(account, client_id, secret)
        case "consumer_jws":
            made = operations.get_consumer_jws(account, scene.consumer)
            return made if payload is None else replace(made, content=operations.encode(payload))
        case "conversation":
            return operations.conversation(account, payload)
        case "send":
            return operations.send(account, payload)
        case "upload_file":
            content = PICTURE if payload is None else operations.encode(payload)
            return operations.upload_file(scene.file or _NO_FILE, content, "GIF")
        case "download_file":
            return operations.download_file(scene.file or _NO_FILE)


def _present(members: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in members.items() if value is not None}


def _filled(value: Any, words: Mapping[str, Callable[[], str]]) -> Any:
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda found: words[found[1]]() if found[1] in words else found[0], value)
    if isinstance(value, Mapping):
        return {name: _filled(member, words) for name, member in value.items()}
    return [_filled(item, words) for item in value] if isinstance(value, list | tuple) else value
