"""Walks the whole path once, from domain lookup to close, and stops at the first step that fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from connectorkit import network
from connectorkit.client import Client
from connectorkit.errors import ApiError, ConnectorError, NoAnswerError, UnexpectedAnswerError
from connectorkit.journey import Conversation

CONSUMER = "doctor@connectorkit.example"
STEPS = ("Domain lookup", "AppJWT", "ConsumerJWS", "Open", "Send", "Close")


@dataclass(frozen=True)
class Step:
    """One step of the walk: what it found, how long it took, and what to do where it failed."""

    name: str
    ok: bool
    result: str
    took_ms: float
    advice: str = ""


def examine(client: Client) -> Iterator[Step]:
    """Domain lookup, AppJWT, ConsumerJWS, open, send, close; ends with the first failing step.

    It opens a conversation of its own consumer and closes it, on whatever account is configured.
    """
    talks: list[Conversation] = []
    consumer = client.consumer(CONSUMER)

    def open_one() -> str:
        talks.append(consumer.open(first_name="Doctor"))
        return f"conversation {talks[0].id}" + (" (was open)" if talks[0].resumed else "")

    walk: list[tuple[str, Callable[[], str]]] = [
        ("Domain lookup", lambda: f"{len(client.domains())} services"),
        ("AppJWT", lambda: _life(client.app_jwt())),
        ("ConsumerJWS", lambda: _life(consumer.jws())),
        ("Open", open_one),
        ("Send", lambda: f"sequence {talks[0].send('A test message from connectorkit doctor.').sequence}"),
        ("Close", lambda: talks[0].close().text or "closed"),
    ]
    for name, action in walk:
        step = _take(name, action)
        yield step
        if not step.ok:
            return


def _take(name: str, action: Callable[[], str]) -> Step:
    started = time.perf_counter()

    def after(ok: bool, result: str, advice: str = "") -> Step:
        return Step(name, ok, result, (time.perf_counter() - started) * 1000, advice)

    try:
        return after(True, action())
    except UnexpectedAnswerError as error:
        return after(False, str(error))
    except ApiError as error:
        said = error.details or error.title or str(error)
        number = f", error {error.error_code}" if error.error_code else ""
        return after(False, f"{said} ({error.status_code}{number})", error.advice)
    except NoAnswerError as error:
        said, _, advice = str(error).partition(" Check ")
        return after(False, said, f"Check {advice}" if advice else "")
    except ConnectorError as error:
        return after(False, str(error))
    except (httpx.InvalidURL, UnicodeError) as error:
        return after(False, *network.in_words(error))


def _life(token: Any) -> str:
    left = token.seconds_left
    return "never expires" if left is None else f"expires in {left / 60:.0f} minutes"
