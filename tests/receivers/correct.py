"""A receiver that does everything right; others take one thing of it and do that wrong."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

ACCOUNT, APP, SECRET = "12345678", "practice-app", "only-for-practice"

Headers = list[tuple[str, str]]


class Inbox:
    """Takes one notification after the other and remembers what has become of them.

    ``defect`` is what a report card should say of it.
    """

    defect = ""

    def __init__(self) -> None:
        self.events: dict[tuple[str, int], str | None] = {}
        self.states: dict[str, int] = {}

    # --- What a defective one does otherwise -----------------------------------------------------------

    def receive(self, body: bytes, headers: Headers) -> int:
        """The status of the answer."""
        status = self.check(body, headers)
        if status != 200:
            return status
        self.work(self.parse(body))
        return self.well()

    def check(self, body: bytes, headers: Headers) -> int:
        if not self.verify(body, self.header(headers, "x-liveperson-signature")):
            return 401
        return 200 if self.is_for_us(headers) else 401

    def well(self) -> int:
        return 200

    def header(self, headers: Headers, name: str) -> str | None:
        return {given.lower(): value for given, value in headers}.get(name)

    def verify(self, body: bytes, signature: str | None) -> bool:
        return hmac.compare_digest(self.sign(body).encode(), (signature or "").encode())

    def sign(self, body: bytes, key: str = SECRET) -> str:
        digest = hmac.new(key.encode(), body, hashlib.sha1).digest()
        return "sha1=" + base64.b64encode(digest).decode()

    def is_for_us(self, headers: Headers) -> bool:
        account = self.header(headers, "x-liveperson-account-id")
        return (account, self.header(headers, "x-liveperson-client-id")) == (ACCOUNT, APP)

    def parse(self, body: bytes) -> Any:
        return json.loads(body)

    def work(self, value: dict[str, Any]) -> None:
        for change in value.get("body", {}).get("changes", []):
            if isinstance(change.get("result"), dict):
                self.keep_state(change["result"])
            elif isinstance(change.get("sequence"), int):
                self.keep_event(change)

    def keep_event(self, change: dict[str, Any]) -> None:
        text = change.get("event", {}).get("message")
        self.events[change["dialogId"], change["sequence"]] = text if isinstance(text, str) else None

    def keep_state(self, result: dict[str, Any]) -> None:
        updated = result.get("conversationDetails", {}).get("metaDataLastUpdateTs", 0)
        self.states[result["convId"]] = max(updated, self.states.get(result["convId"], 0))

    def state(self) -> list[dict[str, Any]]:
        """What it has worked on, for who wants to look inside."""
        events = [
            {"dialogId": dialog, "sequence": number, "text": text}
            for (dialog, number), text in sorted(self.events.items())
        ]
        states = [{"convId": name, "metaDataLastUpdateTs": updated} for name, updated in self.states.items()]
        return events + states
