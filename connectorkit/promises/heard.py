"""An answer as it came, and how to look into it without stumbling over what is not there."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx

ABSENT = "–"


class Heard:
    """One answer, as it came."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.reason = response.reason_phrase
        self.headers = response.headers
        self.content = response.content

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode("utf-8", "replace")

    @property
    def json(self) -> Any:
        """The decoded body; ``ABSENT`` where it is not JSON."""
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            return ABSENT

    def at(self, *path: str | int) -> Any:
        """The value at a place, as in ``at(1, "body", "conversationId")``; ``ABSENT`` where none is."""
        return at(self.json, *path)

    @property
    def taken(self) -> str:
        """Whether the service took the request, in one word; a 5xx is neither."""
        return "taken" if self.status < 300 else "refused" if 400 <= self.status < 500 else str(self.status)

    @property
    def msg(self) -> Any:
        """What a refusal in the response form says."""
        return self.at("body", "msg")

    def __repr__(self) -> str:
        return f"<Heard {self.status}>"


def at(value: Any, *path: str | int) -> Any:
    """The value at a place in decoded JSON, ``ABSENT`` where none is."""
    for step in path:
        try:
            value = value[step]
        except (LookupError, TypeError):
            return ABSENT
    return value


def claims(token: str) -> dict[str, Any]:
    """The claims of a token, not verified; empty where it is none."""
    return _part(token, 1)


def header(token: str) -> dict[str, Any]:
    """The header of a token; empty where it is none."""
    return _part(token, 0)


def _part(token: str, place: int) -> dict[str, Any]:
    try:
        part = token.split(".")[place]
        read = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (LookupError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}
