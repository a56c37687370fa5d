"""Exchanges as cURL commands for any POSIX shell, with credentials from the environment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from connectorkit.log import Exchange
from connectorkit.sharing.resend import (
    CLIENT_SECRET,
    FILE,
    VARIABLES,
    Pieces,
    Resend,
    Variable,
    one_line,
    resend,
)

# Linux takes 128 KiB in one argument; what is longer goes in through a pipe.
_MAX_ARGUMENT_BYTES = 100_000
_PLAIN = re.compile(r"[\w :;,/.=?&%+*@~^-]*", re.ASCII)  # what double quotes do not change
_FILE_NAME = re.compile(r"[\w.-]{1,200}", re.ASCII)


def command(exchange: Exchange) -> str:
    """The exchange as one cURL command, below comment lines that say what it is and what it needs.

    Secrets are not in it: ``${CONNECTORKIT_APP_JWT:?}`` and the like are filled in by the shell, which
    complains about one that is not set. It runs in sh, bash, dash and zsh.
    """
    request = resend(exchange)
    comments = [f"# {request.title}", *_needs(request), *(f"# {note}" for note in request.notes)]
    return "\n".join([*comments, _command(exchange, request)])


def lines(exchanges: Iterable[Exchange]) -> Iterator[str]:
    """A shell script of all exchanges, in pieces."""
    yield "#!/bin/sh\n# Requests that connectorkit has logged, one command each. Set what they need:\n"
    yield from (f"#   export {variable.name}=…   ({variable.holds})\n" for variable in VARIABLES)
    for exchange in exchanges:
        yield f"\n{command(exchange)}\n"


def _needs(request: Resend) -> list[str]:
    if not request.variables:
        return []
    return ["# Needs " + ", ".join(f"{v.name} ({v.holds})" for v in request.variables) + "."]


def _command(exchange: Exchange, request: Resend) -> str:
    url = "".join(piece for piece in request.url if isinstance(piece, str))
    parts = ["curl --include"]
    if exchange.operation == "download_file":
        parts = [f"curl --dump-header - --output {_file_name(url)}"]
    if any(character in url for character in "[]{}"):
        parts.append("--globoff")  # curl would read a range or a list into them
    if "/." in url:
        parts.append("--path-as-is")
    method = (
        request.method if request.method.isalpha() and request.method.isascii() else _quoted(request.method)
    )
    parts += ["--head" if method == "HEAD" else f"--request {method}", f"--url {_word(request.url)}"]
    parts += [f"--header {_header(name, value)}" for name, value in request.headers]
    sends = bool(request.body) or request.method in ("POST", "PUT", "PATCH")
    parts += [f"--header '{name}:'" for name in _absent(request, sends)]
    data, pipe = _data(request.body) if sends else ([], "")
    return pipe + " \\\n  ".join([*parts, *data])


def _file_name(url: str) -> str:
    name = url.partition("?")[0].rpartition("/")[2]
    return name if _FILE_NAME.fullmatch(name) and not name.startswith((".", "-")) else "download.bin"


def _header(name: str, value: Pieces) -> str:
    # A control character could end the header and begin another one.
    cleaned = tuple(piece if isinstance(piece, Variable) else one_line_of(piece) for piece in value)
    if not any(cleaned):
        return _quoted(f"{one_line(name)};")  # curl's way to send an empty one
    return _word((f"{one_line(name)}: ", *cleaned))


def one_line_of(value: str) -> str:
    """A header's value in one line, at full length."""
    return re.sub(r"[\0-\x08\x0a-\x1f\x7f]", " ", value)


def _absent(request: Resend, sends: bool) -> list[str]:
    """Headers that curl adds by itself and that were not sent."""
    added = ["Accept", "Content-Type"] if sends else ["Accept"]
    return [name for name in added if request.header(name) is None]


def _data(body: Pieces) -> tuple[list[str], str]:
    """The options that give the body, and what must stand before the command."""
    if body == (FILE,):
        return [f"--data-binary {_word(('@', FILE))}"], ""
    if CLIENT_SECRET in body:
        return _form(body), ""
    text = "".join(piece for piece in body if isinstance(piece, str))
    if _fits_an_argument(text):
        return [f"--data-raw {_quoted(text)}"], ""
    return ["--data-binary @-"], f"printf '{_printf(text)}' | "


def _form(body: Pieces) -> list[str]:
    """A form whose secret curl encodes; curl puts the & between the parts."""
    options = []
    for piece in body:
        if isinstance(piece, Variable):
            options.append(f'--data-urlencode "client_secret={_expanded(piece)}"')
        elif text := piece.removesuffix("client_secret=").strip("&"):
            options.append(f"--data-raw {_quoted(text)}")
    return options


def _fits_an_argument(text: str) -> bool:
    if any((ord(c) < 32 and c not in "\n\t") or c == "\x7f" or "\ud800" <= c <= "\udfff" for c in text):
        return False
    return len(text.encode()) <= _MAX_ARGUMENT_BYTES


def _printf(text: str) -> str:
    """The text as a format for printf, which every shell has built in and which can print any byte."""
    shown = []
    for c in text:
        if c in "%\\":
            shown.append(c * 2 if c == "%" else "\\\\")
        elif c == "'":
            shown.append("'\\''")
        elif ord(c) < 32 or c == "\x7f" or "\ud800" <= c <= "\udfff":
            shown.append("".join(f"\\{byte:03o}" for byte in c.encode("utf-8", "surrogatepass")))
        else:
            shown.append(c)
    return "".join(shown)


def _word(pieces: Pieces) -> str:
    """One word of the shell."""
    plain = all(isinstance(piece, Variable) or _PLAIN.fullmatch(piece) for piece in pieces)
    if plain and any(isinstance(piece, Variable) for piece in pieces):
        return '"' + "".join(_expanded(p) if isinstance(p, Variable) else p for p in pieces) + '"'
    runs = groupby(pieces, key=lambda piece: isinstance(piece, Variable))
    words = [
        "".join(f'"{_expanded(p)}"' if isinstance(p, Variable) else p for p in run)
        if variable
        else _quoted("".join(str(p) for p in run))
        for variable, run in runs
    ]
    return "".join(words) or "''"


def _expanded(variable: Variable) -> str:
    return f"${{{variable.name}:?}}"


def _quoted(text: str) -> str:
    """The text between single quotes, where nothing means anything; a quote itself stands outside."""
    # Half a surrogate pair has no bytes, and no argument can hold NUL.
    text = text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
    return "'" + text.replace("'", "'\\''") + "'"
