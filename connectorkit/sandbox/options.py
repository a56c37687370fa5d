"""What may be set while the sandbox runs, with ``POST /sandbox/settings``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass
class Options:
    """Settings of one sandbox; the defaults are those of an account nobody has touched."""

    signature_algorithm: str = "sha1"
    signature_encoding: str = "base64"
    escape_non_ascii: bool = False
    connect_timeout_seconds: float = 5.0
    read_timeout_seconds: float = 5.0
    disable_slow_apps: bool = False
    auto_messages: str | None = None
    survey: dict[str, Any] | None = None
    auto_close_seconds: float | None = None
    agent_script: list[dict[str, Any]] | None = None
