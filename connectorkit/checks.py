"""What the builders check values with; each refusal names the field, what is allowed, and the fix."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Mapping
from typing import Any

from connectorkit import wire
from connectorkit.errors import EnvelopeError


def require(holds: bool, field: str, problem: str, fix: str) -> None:
    """Raise ``EnvelopeError`` with these words unless the condition holds."""
    if not holds:
        raise EnvelopeError(field, problem, fix)


def check_text(field: str, value: Any, *, empty: bool = False, longest: int | None = None) -> None:
    """The value is a text, not empty unless allowed, of at most ``longest`` characters."""
    kind = type(value).__name__
    require(isinstance(value, str), field, f"must be a text, not {kind}", f"Pass {field} as a str.")
    require(empty or value != "", field, "is empty", f"Pass at least one character as {field}.")
    if longest is not None:
        require(
            len(value) <= longest,
            field,
            f"has {len(value)} characters, allowed are {longest}",
            "Shorten it.",
        )
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise EnvelopeError(
            field,
            f"has half a surrogate pair at position {error.start}",
            "Use whole characters; half of one has no form in UTF-8.",
        ) from None


def texts(*members: tuple[str, str, str | None]) -> dict[str, Any]:
    """Members that are texts, from (wire name, argument name, value); those not given are left out."""
    present = [member for member in members if member[2] is not None]
    for _, argument, value in present:
        check_text(argument, value, empty=True)
    return {name: value for name, _, value in present}


def check_one_of(field: str, value: Any, allowed: Collection[Any]) -> None:
    """The value is one of those allowed; a near miss is named in the message."""
    if any(value == choice and type(value) is type(choice) for choice in allowed):
        return
    names = ", ".join(str(choice) for choice in allowed)
    near = difflib.get_close_matches(str(value).upper(), [str(a).upper() for a in allowed], n=1)
    match = next((choice for choice in allowed if near and str(choice).upper() == near[0]), None)
    fix = f"Did you mean {match!r}?" if match is not None else "Choose one of these."
    require(False, field, f"is {value!r}, allowed are {names}", fix)


def check_list(field: str, value: Any) -> None:
    """The value is a list or the like, not a single item that happens to be iterable."""
    require(
        not isinstance(value, str | bytes | Mapping),
        field,
        f"must be a list, not one {type(value).__name__}",
        f"Put it in brackets: {field}=[…].",
    )


def check_mapping(field: str, value: Any, builder: str) -> None:
    """The value is a JSON object, as the named builder makes it."""
    require(
        isinstance(value, Mapping),
        field,
        f"must be an object, not {type(value).__name__}",
        f"Build it with {builder}.",
    )


def check_integer(field: str, value: Any) -> None:
    """The value is a whole number."""
    require(
        isinstance(value, int) and not isinstance(value, bool),
        field,
        f"must be a whole number, not {value!r}",
        f"Pass {field} as an int.",
    )


def check_request_size(field: str, envelope: dict[str, Any]) -> None:
    """The request, as it will be sent, keeps within the documented 5000 characters."""
    length = len(json.dumps(envelope, ensure_ascii=False, separators=(",", ":")))
    spare = length - wire.MAX_REQUEST_CHARACTERS
    require(
        spare <= 0,
        field,
        f"makes the request {length} characters long, allowed are {wire.MAX_REQUEST_CHARACTERS}",
        f"Shorten it by {spare} or split it into several messages.",
    )
