"""Exchanges as an ``.http`` file, for the HTTP clients of VS Code and JetBrains.

https://github.com/Huachao/vscode-restclient and https://www.jetbrains.com/help/idea/http-client-variables.html
say what such a file may hold; both have no way to escape a text, so a body that they would read as something
else stands there as a comment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from connectorkit.log import Exchange
from connectorkit.sharing.resend import (
    CLIENT_SECRET,
    FILE,
    VARIABLES,
    Pieces,
    Variable,
    one_line,
    resend,
    with_short_names,
)

# Lines that end a request or stand for a file, a script or a comment, and characters that no line can hold.
_MISREAD = re.compile(r"^(?:###|<|>|#|//|@)|[\0-\x08\x0b-\x1f\x7f\ud800-\udfff]|\r|\n\Z|^\s*$", re.MULTILINE)
_HEAD = """\
# Requests that connectorkit has logged. "Send Request" above each of them makes it again.
# The secrets come from environment variables. With a JetBrains IDE write $env.NAME in place of
# $processEnv NAME in the next lines.
"""


def lines(exchanges: Iterable[Exchange]) -> Iterator[str]:
    """The file, in pieces."""
    yield _HEAD
    yield from (f"@{v.short} = {{{{$processEnv {v.name}}}}}\n" for v in VARIABLES if v is not FILE)
    for exchange in exchanges:
        yield f"\n{request(exchange)}"


def request(exchange: Exchange) -> str:
    """One request below its comments; it ends with a line break."""
    sent = resend(exchange)
    written = [f"### {sent.title}", *(f"# {note}" for note in sent.notes)]
    if CLIENT_SECRET in sent.body:
        written.append(
            "# The client secret must be percent-encoded, should it hold more than letters and digits."
        )
    start = f"{sent.method} {with_short_names(tuple(_encoded(p) for p in sent.url))}"
    headers = [f"{one_line(name)}: {with_short_names(_in_one_line(value))}" for name, value in sent.headers]
    body, comment = _body(sent.body)
    if comment:
        written += [f"# {comment}"]
    return "\n".join([*written, start, *headers, *(["", body] if body else []), ""])


def _body(body: Pieces) -> tuple[str, str]:
    """The body, and what has to be said of it."""
    if not body:
        return "", ""
    if body == (FILE,):
        return "< ./photo.png", "Write the path of the file that is to be sent behind the <."
    raw = "".join(piece for piece in body if isinstance(piece, str))
    if "{{" in raw and (escaped := _escaped(raw)) is not None:
        # In JSON a brace can be written in another way; {{ would begin a variable.
        return escaped, ""
    if "{{" in raw or _MISREAD.search(raw):
        shown = json.dumps(raw)
        return "", f"Its body cannot stand in an .http file as it is; as a JSON string it is {shown}"
    return with_short_names(body), ""


def _escaped(raw: str) -> str | None:
    """A JSON document without two braces side by side, or ``None`` where this is none."""
    try:
        json.loads(raw)
    except (ValueError, RecursionError):
        return None
    written = re.sub(
        r'"(?:[^"\\]|\\.)*"', lambda found: found[0].replace("{", "\\u007b"), raw, flags=re.DOTALL
    )
    return None if "{{" in written or _MISREAD.search(written) else written


def _in_one_line(pieces: Pieces) -> Pieces:
    return tuple(
        p if isinstance(p, Variable) else re.sub(r"[\0-\x1f\x7f\ud800-\udfff]", " ", p) for p in pieces
    )


def _encoded(piece: str | Variable) -> str | Variable:
    """A URL without blanks, line breaks and braces, which would end it or begin a variable."""
    if isinstance(piece, Variable):
        return piece
    return re.sub(r"[\s{}\x00-\x1f\x7f\ud800-\udfff]", _percent, piece)


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogatepass"))
