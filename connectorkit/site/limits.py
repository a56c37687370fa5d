"""The page on the sandbox: what it imitates, what it does not, and what can be made to go wrong in it."""

from __future__ import annotations

from connectorkit.sandbox.limits import DOES_NOT_IMITATE, FAULTS, IMITATES
from connectorkit.site.writing import plain

PATH = "reference/sandbox"


def page() -> str:
    """The page, from the lists that the sandbox itself gives at ``/sandbox/about``."""
    return "\n\n".join(
        (
            "# The sandbox and its limits",
            "The sandbox is a local server that behaves like the service, as far as public documents tell. "
            "It listens on this machine only. It says the same of itself at `/sandbox/about`.",
            "## What it imitates",
            "\n".join(f"{plain(_start(name))}\n: {plain(says)}\n" for name, says in IMITATES.items()),
            "## What it does not imitate",
            "\n".join(f"- {plain(limit)}" for limit in DOES_NOT_IMITATE),
            "## What can be made to go wrong",
            "The keywords of `kit.sandbox.faults(...)`, and the members of `POST /sandbox/faults`:",
            *(_faults(name, told) for name, told in FAULTS.items()),
        )
    )


def _faults(name: str, told: dict[str, str]) -> str:
    heading = f"### {plain(_start(name))}"
    return "\n\n".join((heading, "\n".join(f"`{key}`\n: {plain(says)}\n" for key, says in told.items())))


def _start(name: str) -> str:
    return name[:1].upper() + name[1:]
