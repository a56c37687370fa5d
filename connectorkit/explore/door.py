"""What can be wrong with a call around its body, in the order in which the service looks at it.

Reference: "Order of checks" (8.1, R10).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from connectorkit.explore import answers
from connectorkit.explore.expecting import Anything, Optional, Pattern
from connectorkit.explore.model import Model, Span
from connectorkit.explore.source import Code, source

AUTHORIZATION, ON_BEHALF, CONTENT_TYPE = "Authorization", "X-LP-ON-BEHALF", "Content-Type"
_APP, _JWS = "kit.app_jwt()", "kit.consumer_jws({who})"
_FORGED = "{token}.secret.reveal()[:-40] + {token}.secret.reveal()[-20:] + {token}.secret.reveal()[-40:-20]"
_UNSIGNED = 'jwt.encode({token}.claims, "", algorithm="none")'
_OTHER_KEY = 'jwt.encode({token}.claims, "k" * 32, algorithm="HS256")'
_MEBIBYTE = 1_048_576
_WHILE_FRESH = 250  # seconds, in which a token does not expire


@dataclass(frozen=True)
class Door:
    """One thing about a call.

    ``rank`` is its place in the order of checks, below 1 where it is about which call it is at all.
    ``refusal`` is what it is answered: 0 lets it pass, below 1000 it is a status, else the number of an error
    object.
    """

    rank: int
    refusal: int
    headers: dict[str, Any] = field(default_factory=dict)
    query: dict[str, str] | None = None
    method: str = "POST"
    path: str = ""
    account: str = ""
    payload: str = ""  # how the payload is written, with {payload} for what it would be
    imports: tuple[str, ...] = ()
    section: str = "8.1"


def _app(rank: int, refusal: int, value: Any, **more: Any) -> Door:
    return Door(rank, refusal, {AUTHORIZATION: value}, **more)


def _jws(rank: int, refusal: int, value: Any, **more: Any) -> Door:
    return Door(rank, refusal, {ON_BEHALF: value}, **more)


def _type(refusal: int, value: Any) -> Door:
    return Door(8, refusal, {CONTENT_TYPE: value}, section="R26")


_JWT = ("import jwt",)
DOORS: dict[str, Door] = {
    "GET": Door(0, 405, method="GET", section="8.3"),
    "PUT": Door(0, 405, method="PUT", section="8.3"),
    "unknown path": Door(-1, 404, path="/nowhere", section="8.3"),
    "slash at the end": Door(-1, 404, path="/", section="8.3"),
    "no AppJWT": _app(1, 40105, None),
    "empty AppJWT": _app(1, 40105, ""),
    "nonsense as AppJWT": _app(2, 40102, "nonsense"),
    "forged AppJWT": _app(2, 40102, Code(_FORGED.format(token=_APP))),
    "unsigned AppJWT": _app(2, 40102, Code(_UNSIGNED.format(token=_APP)), imports=_JWT),
    "AppJWT of another key": _app(2, 40102, Code(_OTHER_KEY.format(token=_APP)), imports=_JWT),
    "another account": Door(2, 40102, account="87654321"),
    "AppJWT from before": _app(2, 40102, Code("token.secret.reveal()"), section="3.3"),
    "Bearer": _app(2, 0, Code(f'"Bearer " + {_APP}.secret.reveal()'), section="R27"),
    "bearer": _app(2, 0, Code(f'"bearer " + {_APP}.secret.reveal()'), section="R27"),
    "no ConsumerJWS": _jws(4, 40104, None),
    "empty ConsumerJWS": _jws(4, 40104, ""),
    "nonsense as ConsumerJWS": _jws(5, 40103, "nonsense"),
    "forged ConsumerJWS": _jws(5, 40103, Code(_FORGED.format(token=_JWS))),
    "unsigned ConsumerJWS": _jws(5, 40103, Code(_UNSIGNED.format(token=_JWS)), imports=_JWT),
    "ConsumerJWS of another key": _jws(5, 40103, Code(_OTHER_KEY.format(token=_JWS)), imports=_JWT),
    "AppJWT as ConsumerJWS": _jws(5, 40103, Code(f"{_APP}.secret.reveal()")),
    "too large": Door(7, 413, payload=f"{{payload}} + b' ' * {_MEBIBYTE}", section="R22"),
    "just not too large": Door(7, 0, payload=f"{{payload}}.ljust({_MEBIBYTE})", section="R22"),
    "plain text": _type(415, "text/plain"),
    "no Content-Type": _type(415, None),
    "form": _type(415, "application/x-www-form-urlencoded"),
    "charset": _type(0, "application/json; charset=utf-8"),
    "large letters": _type(0, "Application/JSON"),
    "no v": Door(9, 400, query={}, section="R25"),
    "v 2": Door(9, 400, query={"v": "2"}, section="R25"),
    "v 3.0": Door(9, 400, query={"v": "3.0"}, section="R25"),
    "not JSON": Door(9, 400, payload='b"{not json"', section="8.3"),
    "half of it": Door(9, 400, payload="{payload}[:-1]", section="8.3"),
    "no body": Door(9, 400, payload='b""', section="8.3"),
    "not UTF-8": Door(9, 400, payload='b"\\xff" + {payload}', section="8.3"),
    "spaces": Door(9, 0, payload="b' \\n' + {payload} + b'\\r\\n '", section="12"),
    "features": Door(
        9,
        0,
        {"Client-Properties": '{"type": ".ClientProperties", "features": ["RICH_CONTENT", "NEW_ONE"]}'},
        section="11.7",
    ),
    "automatic messages": Door(
        9,
        0,
        {"Client-Properties": '{"type": ".ClientProperties", "features": ["AUTO_MESSAGES"]}'},
        section="11.7",
    ),
    "surveys": Door(
        9,
        0,
        {"Client-Properties": '{"type": ".ClientProperties", "features": ["MULTI_DIALOG"]}'},
        section="11.2",
    ),
    "odd properties": Door(9, 0, {"Client-Properties": "[object Object]"}, section="R51"),
}
_SERVICES = {
    "send": "/messaging/consumer/conversation/send",
    "conversation": "/messaging/consumer/conversation",
}


def apply_to_all(doors: Iterable[str]) -> list[Door]:
    """The doors of these names, first checked first."""
    return sorted((DOORS[name] for name in doors), key=lambda door: door.rank)


def compatible(names: Iterable[str]) -> bool:
    """Whether these can be wrong at once: no two of them say the same thing of a call."""
    said: list[str] = []
    for one in apply_to_all(names):
        said += one.headers
        facts = (("method", one.method != "POST"), ("path", one.path), ("payload", one.payload))
        said += [
            name for name, given in (*facts, ("v", one.query is not None), ("account", one.account)) if given
        ]
    return len(said) == len(set(said))


def possible(names: Iterable[str], model: Model) -> bool:
    """Whether a call can be made like this now."""
    names = tuple(names)
    if "AppJWT from before" in names and model.token_expires is None:
        return False
    # The kit does not renew a token that was put into the header by hand.
    by_hand = not {"Bearer", "bearer"}.isdisjoint(names)
    return compatible(names) and not (by_hand and model.passed >= _WHILE_FRESH)


def line(call: str, payload: Any, who: str, names: Iterable[str]) -> tuple[str, set[str]]:
    """The call as a line of a cell, and what the cell must import for it."""
    doors = apply_to_all(names)
    written, imports = source(payload), {one for door in doors for one in door.imports}
    headers = {name: value for door in doors for name, value in door.headers.items()}
    shown = source(headers).replace("{who}", source(who)) if headers else ""
    special = [door for door in doors if door.query is not None or door.method != "POST" or door.path]
    for door in doors:
        if door.payload:
            written = door.payload.replace(
                "{payload}", written if door_is_raw(written) else f"encode({written})"
            )
    if "encode(" in written:
        imports.add("from connectorkit.operations import encode")
    more = f", headers={shown}" if shown else ""
    if not special and not any(door.account for door in doors):
        return f"reply = kit.{call}({written}, consumer={source(who)}{more})", imports
    method = next((door.method for door in doors if door.method != "POST"), "POST")
    query = next((door.query for door in doors if door.query is not None), {"v": "3"})
    account = next((source(door.account) for door in doors if door.account), "account")
    path = _SERVICES[call] + next((door.path for door in doors if door.path), "")
    body = written if written.startswith(("encode(", "b")) else f"encode({written})"
    imports.add("from connectorkit.operations import Operation, encode")
    operation = (
        f'Operation("{call}", "{method}", "asyncMessagingEnt", "/api/account/" + {account} + "{path}", '
        f'{source(query)}, {body}, "application/json", authorised=True, on_behalf=True)'
    )
    return f"reply = kit.call({operation}, {source(who)}{more})", imports


def door_is_raw(written: str) -> bool:
    """Whether a payload is written as bytes already."""
    return written.startswith(("b'", 'b"', "encode("))


def refusal(names: Iterable[str], model: Model, when: Span) -> tuple[int, Any, str] | None:
    """Status, body and section of what the first wrong thing is answered; ``None`` where all passes.

    The status is 0 where it cannot be told: the token expires just now.
    """
    for door in apply_to_all(names):
        code = door.refusal
        if door.headers.get(AUTHORIZATION) == Code("token.secret.reveal()"):
            code = _by_time(model, when)
            if code < 0:
                return 0, None, door.section
        if not code:
            continue
        if code >= 1000:
            return *answers.door(code), door.section
        if code in (404, 405):
            return code, Anything(), door.section
        if code == 413:
            return *_spoken(413, "PAYLOAD_TOO_LARGE", "Payload too large"), door.section
        if code == 415:
            text = "Content-Type must be application/json"
            return *_spoken(415, "UNSUPPORTED_MEDIA_TYPE", text), door.section
        said = Pattern(r"Bad Request, .+", "Bad Request, …")
        return *_spoken(400, "BAD_REQUEST", said), door.section
    return None


def _spoken(status: int, code: str, message: Any) -> tuple[int, Any]:
    return status, {"code": code, "body": {"msg": message}, "reqId": Optional(Anything())}


def _by_time(model: Model, when: Span) -> int:
    """Valid while now is before ``exp``, to the second, without leeway."""
    expires = model.token_expires
    if expires is None or when.earliest >= expires:
        return 40102
    return 0 if when.latest < expires else -1
