"""What may be set while the sandbox runs, with ``POST /sandbox/settings``."""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass, fields
from typing import Any

from connectorkit import wire
from connectorkit.sandbox.bots import check_survey
from connectorkit.sandbox.members import Members
from connectorkit.sandbox.refusals import RequestRefused, bad, plain
from connectorkit.sandbox.script import DEFAULT_SCRIPT, check_script

_LONGEST_TIMEOUT_SECONDS = 60.0
_AUTO_CLOSE_SECONDS = (25 * 60.0, 90 * 86400.0)


@dataclass
class Options:
    """Settings of one sandbox; the defaults are those of an account nobody has touched.

    ``signature_algorithm`` and ``signature_encoding`` say how notifications are signed, and
    ``escape_non_ascii`` whether their bodies are pure ASCII. ``survey`` is ``{"skills": […] or null,
    "questions": [{"text", "replies"}]}``, ``auto_messages`` the text of a greeting, ``agent_script`` a list
    of rules. Times are seconds.
    """

    signature_algorithm: str = wire.SIGNATURE_ALGORITHMS[0]
    signature_encoding: str = wire.SIGNATURE_ENCODINGS[0]
    escape_non_ascii: bool = False
    connect_timeout_seconds: float = 5.0
    read_timeout_seconds: float = 5.0
    disable_slow_apps: bool = False
    auto_messages: str | None = None
    survey: dict[str, Any] | None = None
    auto_close_seconds: float | None = None
    agent_script: list[dict[str, Any]] | None = None

    def set(self, given: dict[str, Any]) -> None:
        """Change those that are named, all or none; raises ``Refusal`` that names what is wrong."""
        known = [field.name for field in fields(Options)]
        for name in given:
            if name not in known:
                raise plain(400, f"There is no setting {name}; there are {', '.join(known)}")
        wanted = asdict(self) | given
        if wanted["agent_script"] == "default":
            wanted["agent_script"] = copy.deepcopy(DEFAULT_SCRIPT)
        try:
            _check(Members(wanted, ""))
        except RequestRefused as refusal:
            raise plain(400, refusal.body["body"]["msg"].removeprefix("Bad Request, ")) from None
        for name in given:
            setattr(self, name, wanted[name])

    def dump(self) -> dict[str, Any]:
        """All of them as JSON."""
        return asdict(self)


def _check(wanted: Members) -> None:
    wanted.choice("signature_algorithm", wire.SIGNATURE_ALGORITHMS, required=True)
    wanted.choice("signature_encoding", wire.SIGNATURE_ENCODINGS, required=True)
    wanted.boolean("escape_non_ascii", required=True)
    wanted.boolean("disable_slow_apps", required=True)
    for name in ("connect_timeout_seconds", "read_timeout_seconds"):
        if not wanted.has(name):
            raise bad(f"{name} is missing")
        _between(wanted, name, 0.01, _LONGEST_TIMEOUT_SECONDS)
    wanted.text("auto_messages")
    _between(wanted, "auto_close_seconds", *_AUTO_CLOSE_SECONDS)
    if survey := wanted.inner("survey"):
        check_survey(survey)
    if wanted.has("agent_script"):
        check_script(wanted.value["agent_script"])


def _between(wanted: Members, name: str, least: float, most: float) -> None:
    value = wanted.number(name)
    if value is not None and not least <= value <= most:
        raise bad(f"{name} must be from {least:g} to {most:g} seconds")
