"""From method and path to the endpoint that answers, found once and remembered; and the request it is given.

Starlette's own router tries every route anew with each request, behind three layers of middleware, which
takes longer than everything else that the sandbox does for a message.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache
from typing import Any

from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from connectorkit import wire
from connectorkit.sandbox import refusals
from connectorkit.sandbox.bodies import read_body, refused
from connectorkit.sandbox.refusals import Refusal

Endpoint = Callable[[Request], Awaitable[Response]]
PromptEndpoint = Callable[["QuickRequest", bytes | None], Response]

logger = logging.getLogger(__name__)

_KEPT = 1024
_LONGEST_KEPT = 512  # characters of a path or a query; whoever sends longer ones is not served often
_NAME = re.compile(r"\{(\w+)\}")


def path_pattern(template: str) -> str:
    """The regular expression of a path; each ``{name}`` in it is one part between slashes."""
    parts = _NAME.split(template)
    names = [f"(?P<{name}>[^/]+)" for name in parts[1::2]] + [""]
    return "".join(re.escape(text) + name for text, name in zip(parts[::2], names, strict=True))


class _Path:
    """What its paths look like, and the methods it takes."""

    def __init__(self, template: str, methods: tuple[str, ...] | None) -> None:
        self.template = template
        self.methods = methods
        self.pattern = re.compile(path_pattern(template))

    def takes(self, method: str) -> bool:
        """Whether it answers this method; what can be got can be asked for its headers."""
        return self.methods is None or ("GET" if method == "HEAD" else method) in self.methods


class Route(_Path):
    """A path, whatever its ``{names}`` stand for, and the methods it takes; ``None`` for every method."""

    def __init__(self, template: str, endpoint: Endpoint, methods: tuple[str, ...] | None) -> None:
        super().__init__(template, methods)
        self._endpoint = endpoint

    async def answer(self, request: Request) -> Response:
        """What its endpoint says."""
        return await self._endpoint(request)


class PromptRoute(_Path):
    """A route whose endpoint waits for nothing, and is given the body: ``None`` where that is too large.

    The server answers such a request right away where all of it has come, which is quicker.
    """

    def __init__(self, template: str, endpoint: PromptEndpoint, methods: tuple[str, ...]) -> None:
        super().__init__(template, methods)
        self.endpoint = endpoint

    async def answer(self, request: QuickRequest) -> Response:
        """What its endpoint says, once the body has come."""
        return self.endpoint(request, await read_body(request))


class Router:
    """The app over these routes, in their order, with a JSON answer for whatever goes wrong."""

    def __init__(self, routes: Iterable[Route | PromptRoute]) -> None:
        self._routes = list(routes)
        self._remembered = lru_cache(_KEPT)(self._find)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            route, scope["path_params"] = self._found(scope)
            response = await route.answer(QuickRequest(scope, receive))
        except Exception as error:
            response = _answer_to(error)
        await response(scope, receive, send)

    def prompt(self, scope: Scope) -> Callable[[bytes], Response] | None:
        """What answers this request once it is given the body, or ``None`` where that may have to wait."""
        try:
            route, scope["path_params"] = self._found(scope)
        except Refusal:
            return None
        if not isinstance(route, PromptRoute):
            return None
        endpoint = route.endpoint

        def answered(body: bytes) -> Response:
            try:
                whole = body if len(body) <= wire.MAX_BODY_BYTES else None
                return endpoint(QuickRequest(scope, _nothing_more), whole)
            except Exception as error:
                return _answer_to(error)

        return answered

    def _found(self, scope: Scope) -> tuple[Route | PromptRoute, dict[str, str]]:
        find = self._remembered if len(scope["path"]) <= _LONGEST_KEPT else self._find
        return find(scope["method"], scope["path"])

    def _find(self, method: str, path: str) -> tuple[Route | PromptRoute, dict[str, str]]:
        """The route and what the names in its path stand for, to be read only."""
        other: _Path | None = None
        for route in self._routes:
            if match := route.pattern.fullmatch(path):
                if route.takes(method):
                    return route, match.groupdict()
                other = other or route
        if other is None:
            raise refusals.plain(404, "Unknown path")
        allow = {"Allow": ", ".join(other.methods or ())}
        raise refusals.plain(405, "Method not allowed", allow)


def _answer_to(error: Exception) -> Response:
    if isinstance(error, Refusal):
        return refused(error)
    # A fault of the sandbox itself, in the form its clients can read.
    logger.error("The sandbox failed", exc_info=error)
    return refused(refusals.plain(500, f"The sandbox failed ({type(error).__name__}); please report it"))


async def _nothing_more() -> Message:
    raise RuntimeError("The body was given already.")


class QuickRequest(Request):
    """Starlette's request; its query is read once per text, and its headers without a detour."""

    @property
    def query_params(self) -> QueryParams:
        """The query's parameters."""
        text = self.scope["query_string"]
        return _query(text) if len(text) <= _LONGEST_KEPT else QueryParams(text)

    def __init__(self, scope: Scope, receive: Receive) -> None:
        # Not what it inherits: that is for streams and forms, which nobody reads here.
        self.scope, self._receive = scope, receive
        self._quick = QuickHeaders(scope["headers"])

    @property
    def path_params(self) -> dict[str, str]:
        """What the names in the path stand for."""
        params: dict[str, str] = self.scope["path_params"]
        return params

    @property
    def headers(self) -> QuickHeaders:
        """The headers; where a name comes twice, the first one counts."""
        return self._quick


class QuickHeaders(Headers):
    """Starlette's headers; ``first`` has them as they came, names in small letters."""

    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        self._list = raw
        self.first = dict(reversed(raw))

    def get(self, key: str, default: Any = None) -> Any:
        """The first of that name."""
        value = self.first.get(key.lower().encode("latin-1"))
        return default if value is None else value.decode("latin-1")


_query = lru_cache(_KEPT)(QueryParams)
