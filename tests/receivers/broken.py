"""Receivers with one defect each, otherwise like the correct one."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
from typing import Any, ClassVar

from receivers.correct import SECRET, Headers, Inbox

# --- Verification --------------------------------------------------------------------------------------


class ReSerialises(Inbox):
    """Parses first, and verifies what it writes again: the same bytes, as long as nobody writes an ü."""

    defect = "re-serialised"

    def verify(self, body: bytes, signature: str | None) -> bool:
        again = json.dumps(json.loads(body or b"{}"), separators=(",", ":"))
        return super().verify(again.encode(), signature)


class ReSerialisesLikeABrowser(Inbox):
    """The same, without escapes: emoji survive, blanks do not."""

    defect = "re-serialised"

    def verify(self, body: bytes, signature: str | None) -> bool:
        again = json.dumps(json.loads(body or b"{}"), separators=(",", ":"), ensure_ascii=False)
        return super().verify(again.encode(), signature)


class ReSerialisesWithBlanks(Inbox):
    """The same with Python's own way to write JSON, which never fits."""

    defect = "re-serialised"

    def verify(self, body: bytes, signature: str | None) -> bool:
        return super().verify(json.dumps(json.loads(body or b"{}")).encode(), signature)


class VerifiesAscii(Inbox):
    """Turns the body into ASCII before it verifies, as one of the public samples does."""

    defect = "ascii-encoded"

    def verify(self, body: bytes, signature: str | None) -> bool:
        return super().verify(body.decode().encode("ascii", "replace"), signature)


class StripsTheBody(Inbox):
    defect = "body-altered"

    def verify(self, body: bytes, signature: str | None) -> bool:
        return super().verify(body.strip(), signature)


class SecretWithANewline(Inbox):
    """Has read its secret from a file, with the newline at its end."""

    defect = "key-altered"

    def sign(self, body: bytes, key: str = SECRET) -> str:
        return super().sign(body, key + "\n")


class ExpectsHexadecimal(Inbox):
    defect = "other-encoding"

    def sign(self, body: bytes, key: str = SECRET) -> str:
        return "sha1=" + hmac.new(key.encode(), body, hashlib.sha1).hexdigest()


class ExpectsSha256(Inbox):
    defect = "other-algorithm"

    def sign(self, body: bytes, key: str = SECRET) -> str:
        return "sha256=" + hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


class ComparesWithoutTheName(Inbox):
    defect = "prefix-missing"

    def sign(self, body: bytes, key: str = SECRET) -> str:
        return super().sign(body, key).removeprefix("sha1=")


class HasAnotherSecret(Inbox):
    defect = "refuses-valid"

    def sign(self, body: bytes, key: str = SECRET) -> str:
        return super().sign(body, "of another app")


class DoesNotVerify(Inbox):
    defect = "no-verification"

    def verify(self, body: bytes, signature: str | None) -> bool:
        return True


class TakesWhatIsUnsigned(Inbox):
    """Verifies where there is something to verify."""

    defect = "missing-signature-accepted"

    def verify(self, body: bytes, signature: str | None) -> bool:
        return not signature or super().verify(body, signature)


class ComparesTheBeginning(Inbox):
    defect = "prefix-compared"

    def verify(self, body: bytes, signature: str | None) -> bool:
        return (signature or "")[:10] == self.sign(body)[:10]


class ComparesAsFarAsItGoes(Inbox):
    defect = "prefix-compared"

    def verify(self, body: bytes, signature: str | None) -> bool:
        return bool(signature) and self.sign(body).startswith(signature or "")


class TakesWhatIsForOthers(Inbox):
    defect = "addressee-ignored"

    def is_for_us(self, headers: Headers) -> bool:
        return True


class WorksOnWhatItRefuses(Inbox):
    """Verifies after the work."""

    defect = "works-on-refused"

    def receive(self, body: bytes, headers: Headers) -> int:
        self.work(self.parse(body))
        return self.check(body, headers)


# --- Answers ---------------------------------------------------------------------------------------------


class Answers202(Inbox):
    defect = "counts-as-failure"

    def well(self) -> int:
        return 202


class Answers204(Inbox):
    defect = "counts-as-failure"

    def well(self) -> int:
        return 204


class StrictAboutMembers(Inbox):
    """Has a schema of everything in the documents, and refuses the rest."""

    defect = "strict-members"
    known: ClassVar = {"kind", "type", "body"}

    def parse(self, body: bytes) -> Any:
        value = super().parse(body)
        if set(value) - self.known:
            raise ValueError(f"unknown members: {set(value) - self.known}")
        return value


class StrictAboutTypes(Inbox):
    """Has a list of all event types."""

    defect = "strict-types"
    known: ClassVar = {"ContentEvent", "RichContentEvent", "AcceptStatusEvent", "ChatStateEvent"}

    def keep_event(self, change: dict[str, Any]) -> None:
        if change["event"]["type"] not in self.known:
            raise ValueError("unknown event")
        super().keep_event(change)


class NeedsANumber(Inbox):
    """Expects a sequence in every event; chat states have none."""

    defect = "refuses-type"

    def work(self, value: dict[str, Any]) -> None:
        for change in value["body"]["changes"]:
            if "event" in change and "sequence" not in change:
                raise KeyError("sequence")
        super().work(value)


class TakesNoStates(Inbox):
    """Expects an event in every change; conversation changes have none."""

    defect = "refuses-type"

    def work(self, value: dict[str, Any]) -> None:
        for change in value["body"]["changes"]:
            if "dialogs" in change.get("result", {}).get("conversationDetails", {}):
                raise KeyError("event")
        super().work(value)


class Takes64Kilobytes(Inbox):
    defect = "small-body-limit"

    def check(self, body: bytes, headers: Headers) -> int:
        return 413 if len(body) > 64 * 1024 else super().check(body, headers)


class RefusesWhatItHas(Inbox):
    defect = "refuses-duplicate"

    def receive(self, body: bytes, headers: Headers) -> int:
        before = len(self.events)
        status = super().receive(body, headers)
        says_nothing_new = b'"ContentEvent"' in body and len(self.events) == before
        return 409 if status == 200 and says_nothing_new else status


class RefusesWhatIsLate(Inbox):
    defect = "refuses-late"

    def keep_event(self, change: dict[str, Any]) -> None:
        key = change["dialogId"], change["sequence"]
        later = [number for dialog, number in self.events if dialog == key[0] and number > key[1]]
        if later and key not in self.events:
            raise ValueError("too late")
        super().keep_event(change)


class RefusesWhatIsOld(Inbox):
    """Takes what is five minutes old for an attack, so that it refuses what an outage has kept."""

    defect = "refuses-backlog"

    def work(self, value: dict[str, Any]) -> None:
        for change in value["body"]["changes"]:
            details = change.get("result", {}).get("conversationDetails", {})
            told = change.get("serverTimestamp") or details.get("metaDataLastUpdateTs")
            if told and told < (time.time() - 300) * 1000:
                raise ValueError("too old")
        super().work(value)


# --- What becomes of them --------------------------------------------------------------------------------


class WorksTwice(Inbox):
    defect = "works-twice"

    def __init__(self) -> None:
        super().__init__()
        self.worked: list[dict[str, Any]] = []

    def keep_event(self, change: dict[str, Any]) -> None:
        super().keep_event(change)
        self.worked.append(change)

    def state(self) -> list[dict[str, Any]]:
        states = [one for one in super().state() if "convId" in one]
        return sorted(self.worked, key=lambda change: change["sequence"]) + states


class OrdersByArrival(Inbox):
    """The last one to come is the last one."""

    defect = "order-by-arrival"

    def state(self) -> list[dict[str, Any]]:
        states = [one for one in super().state() if "convId" in one]
        return [{"dialogId": dialog, "sequence": number} for dialog, number in self.events] + states


class TakesTheLastState(Inbox):
    defect = "outdated-state"

    def keep_state(self, result: dict[str, Any]) -> None:
        self.states[result["convId"]] = result["conversationDetails"].get("metaDataLastUpdateTs", 0)


class HasAShortQueue(Inbox):
    """Answers at once and works later, but has room for eight only, and says nothing of the others."""

    defect = "loses-events"

    def __init__(self) -> None:
        super().__init__()
        self.free_again = [0.0] * 8

    def work(self, value: dict[str, Any]) -> None:
        now = time.monotonic()
        place = min(range(8), key=lambda number: self.free_again[number])
        if self.free_again[place] <= now:
            self.free_again[place] = now + 1
            super().work(value)


class ReadsLatin1(Inbox):
    defect = "garbled-text"

    def parse(self, body: bytes) -> Any:
        return json.loads(body.decode("latin-1"))


# --- What is in the server -------------------------------------------------------------------------------


class WorksFirst(Inbox):
    """Calls somebody else before it answers; the server waits meanwhile."""

    defect = "slow-answer"
    seconds = 2.7


class TwoAtOnce(Inbox):
    """Answers 503 to whoever comes as a third."""

    defect = "breaks-under-burst"
    at_once = 2
    seconds = 0.02


class CrashesOnGet(Inbox):
    defect = "breaks-on-other-requests"
    status_of_others = 500


class DropsTheConnection(Inbox):
    """For ``serving.Plain``: ends the connection after each answer, without a word of it."""

    defect = "drops-connection"
    drops = True


class CrashesOnStates(TakesNoStates):
    """For ``serving.Plain``: what it does not expect ends the connection, as it does by default there."""

    hangs_up = True


class HangsUpAtTimes(Inbox):
    """For ``serving.Plain``: one request in ten is lost, with its connection, as a worker crashes."""

    defect = "breaks-at-times"
    hangs_up = True

    def __init__(self) -> None:
        super().__init__()
        self.requests = itertools.count(1)

    def receive(self, body: bytes, headers: Headers) -> int:
        if next(self.requests) % 10 == 0:
            raise RuntimeError("crashed")
        return super().receive(body, headers)


class OneSpelling(Inbox):
    """For ``serving.Plain``, which keeps the letter case: ASGI servers write all names in small letters."""

    defect = "case-sensitive-header"

    def header(self, headers: Headers, name: str) -> str | None:
        return dict(headers).get(name.title())


BROKEN: tuple[type[Inbox], ...] = tuple(
    one
    for one in list(globals().values())
    if isinstance(one, type) and issubclass(one, Inbox) and one is not Inbox
)
