"""Secrets to plant, the forms they may travel in, and a search that shares no code with the kit's own.

A form is planted as a whole or cut; a leak is any stretch of it that stands for twelve characters of the
secret.
"""

from __future__ import annotations

import base64
import html
import json
import math
import random
import string
import struct
from collections.abc import Callable, Iterable
from urllib.parse import quote, quote_plus

import jwt

SHORTEST = 12
Form = Callable[[str], str]


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def each(template: str) -> Form:
    return lambda text: "".join(template.format(byte) for byte in text.encode())


def each_unit(template: str) -> Form:
    """Of UTF-16, two of which make a sign beyond its first plane."""
    return lambda text: "".join(
        template.format(unit) for (unit,) in struct.iter_unpack("<H", text.encode("utf-16-le"))
    )


def each_sign(template: str) -> Form:
    return lambda text: "".join(template.format(ord(sign)) for sign in text)


def inside_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def repr_of(data: bytes | str) -> str:
    return repr(data).removeprefix("b")[1:-1]


FORMS: dict[str, Form] = {
    "as it is": str,
    "quoted for a path": quote,
    "quoted for a query": lambda text: quote(text, safe=""),
    "quoted for a form": quote_plus,
    "percent": each("%{:02X}"),
    "percent, small letters": each("%{:02x}"),
    "percent twice": each("%25{:02X}"),
    "percent three times": each("%2525{:02x}"),
    "Base64": lambda text: b64(text.encode()),
    "Base64, one on": lambda text: b64(b"?" + text.encode())[2:],
    "Base64, two on": lambda text: b64(b"??" + text.encode())[3:],
    "Base64, unpadded": lambda text: b64(text.encode()).rstrip("="),
    "Base64, URL-safe": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "Base64, URL-safe, one on": lambda text: base64.urlsafe_b64encode(b"?" + text.encode()).decode()[2:],
    "Base64 in lines": lambda text: base64.encodebytes(text.encode()).decode(),
    "Base64 in Base64": lambda text: b64(b64(text.encode()).encode()),
    "Base64 of UTF-16": lambda text: b64(text.encode("utf-16-le")),
    "Base64 of UTF-16, big end first": lambda text: b64(text.encode("utf-16-be")),
    "Base64 of hexadecimal": lambda text: b64(text.encode().hex().encode()),
    "Base64 of JSON": lambda text: b64(json.dumps({"a": text}).encode())[9:],
    "Base64 in percent": lambda text: quote(b64(text.encode()), safe=""),
    "hexadecimal": lambda text: text.encode().hex(),
    "hexadecimal, capitals": lambda text: text.encode().hex().upper(),
    "hexadecimal with colons": lambda text: text.encode().hex(":"),
    "hexadecimal with blanks": lambda text: text.encode().hex(" "),
    "hexadecimal with dashes": lambda text: text.encode().hex("-"),
    "hexadecimal of UTF-16": lambda text: text.encode("utf-16-be").hex(),
    "hexadecimal of Base64": lambda text: b64(text.encode()).encode().hex(),
    "UTF-16": lambda text: text.encode("utf-16-le").decode("latin-1"),
    "UTF-16, big end first": lambda text: text.encode("utf-16-be").decode("latin-1"),
    "UTF-16 as Python shows it": lambda text: repr_of(text.encode("utf-16-le")),
    "\\u": each_unit("\\u{:04x}"),
    "\\u, capitals": each_unit("\\u{:04X}"),
    "\\x": each("\\x{:02x}"),
    "\\U": each_sign("\\U{:08x}"),
    "octal": each("\\{:03o}"),
    "JSON": inside_json,
    "JSON in JSON": lambda text: inside_json(inside_json(text)),
    "JSON in JSON in JSON": lambda text: inside_json(inside_json(inside_json(text))),
    "\\u in JSON in JSON": lambda text: inside_json(inside_json(each_unit("\\u{:04x}")(text))),
    "HTML": html.escape,
    "HTML, decimal": each_sign("&#{};"),
    "HTML, hexadecimal": each_sign("&#x{:x};"),
    "HTML twice": lambda text: html.escape(each_sign("&#{};")(text)),
    "bytes as Python shows them": lambda text: repr_of(text.encode()),
    "shown by Python twice": lambda text: repr_of(repr(text.encode())),
}


def random_secret(chance: random.Random) -> str:
    """A client secret as documented, one with odd signs, a temp URL signature, or a token."""
    kind = chance.randrange(4)
    if kind == 0:
        return "".join(chance.choices(string.ascii_lowercase + string.digits, k=chance.randrange(25, 27)))
    if kind == 1:
        return "".join(chance.choices(string.ascii_letters + "/+&%\\\"'<>=~ .", k=chance.randrange(16, 40)))
    if kind == 2:
        return chance.randbytes(20).hex()
    claims = {"account_id": "12345678", "ext_consumer_id": "anna@example", "n": chance.random()}
    return jwt.encode(claims, chance.randbytes(32), algorithm="HS256")


def stretches(form: Form, secret: str) -> list[str]:
    """What must not be found of a secret in this form: every stretch that stands for twelve characters."""
    written = form(secret)
    # Base64 shares signs with what stands beside it.
    width = math.ceil(SHORTEST * len(written) / len(secret)) + 2
    width = min(max(width, SHORTEST), len(written))
    return [written[place : place + width] for place in range(len(written) - width + 1)]


def leaked(shown: str, planted: Iterable[tuple[Form, str]]) -> list[str]:
    """Stretches of the planted that stand in what was shown."""
    return [part for form, secret in planted for part in stretches(form, secret) if part in shown]
