"""The options of curl that say what is sent, and those that do not matter for it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

from connectorkit.errors import EnvelopeError

# Options that change nothing of the request, with a value and without; others are refused by name.
_WITH_VALUE_ONLY = """
-o --output -D --dump-header -m --max-time --connect-timeout --retry --retry-delay --cacert --capath -E --cert
--key --resolve --connect-to --proxy -x --noproxy --proxy-user -U -w --write-out -c --cookie-jar --ciphers
--interface --tls-max --limit-rate --stderr --trace --trace-ascii
"""
_ALONE = """
-s --silent -S --show-error -i --include -v --verbose -L --location --location-trusted -k --insecure
--compressed -g --globoff -f --fail --fail-with-body --http1.0 --http1.1 --http2 --http2-prior-knowledge
--http3 -N --no-buffer -# --progress-bar --no-progress-meter -4 --ipv4 -6 --ipv6 --path-as-is -O
--remote-name -J --remote-header-name -q -n --netrc --tcp-nodelay --raw --no-keepalive
"""
_IGNORED_WITH_VALUE = frozenset(_WITH_VALUE_ONLY.split())
_IGNORED = frozenset(_ALONE.split())
_SHORT_WITH_VALUE = "XHdAebuoDmExwcUT"


@dataclass
class Command:
    """What a command says it sends."""

    method: str | None = None
    url: str | None = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    query: list[str] = field(default_factory=list)
    json: bool = False
    get: bool = False
    head: bool = False
    upload: bool = False


def read_options(words: list[str]) -> Command:
    """What the words after ``curl`` say. Raises ``EnvelopeError`` for what is not understood."""
    read, left = Command(), list(_separated(words))
    while left:
        word = left.pop(0)
        name, equals, value = word.partition("=")
        if word in _IGNORED:
            continue
        if word in _FLAGS:
            _FLAGS[word](read)
        elif word in _WITH_VALUE or word in _IGNORED_WITH_VALUE:
            if not left:
                raise problem(f"ends with {word}, which needs a value", "Paste the whole command.")
            _WITH_VALUE.get(word, _pass)(read, left.pop(0))
        elif equals and name in _WITH_VALUE:
            _WITH_VALUE[name](read, value)
        elif word.startswith("-") and word != "-":
            raise problem(f"has the option {word}, which is not understood", "Leave it out, and paste again.")
        elif read.url is None:
            read.url = word
        else:
            raise problem(f"has a second address, {word[:80]!r}", "Paste one request at a time.")
    return read


def _separated(words: list[str]) -> list[str]:
    """Short options apart from what is stuck to them: ``-sXPOST`` is ``-s -X POST``."""
    apart: list[str] = []
    for word in words:
        if not word.startswith("-") or word.startswith("--") or (apart and _takes_value(apart[-1])):
            apart.append(word)
            continue
        letters = word[1:]
        while letters:
            apart.append(f"-{letters[0]}")
            letters = letters[1:]
            if apart[-1][1] in _SHORT_WITH_VALUE and letters:
                apart.append(letters)
                break
    return apart


def _takes_value(word: str) -> bool:
    return word in _WITH_VALUE or word in _IGNORED_WITH_VALUE


def _pass(read: Command, value: str) -> None:
    """Nothing of the request changes."""


def _set_method(read: Command, value: str) -> None:
    read.method = value


def _set_url(read: Command, value: str) -> None:
    read.url = value


def _add_header(read: Command, value: str) -> None:
    name, colon, text = value.partition(":")
    if colon and text.strip():
        read.headers.append((name.strip(), text.strip()))
    elif value.endswith(";"):  # curl's way to write an empty one; "Name:" takes one away
        read.headers.append((value[:-1].strip(), ""))


def _named(name: str) -> Callable[[Command, str], None]:
    return lambda read, value: read.headers.append((name, value))


def _add_data(read: Command, value: str) -> None:
    if value.startswith("@") and value != "@-":
        value = f"<bytes of the file {value[1:]}>"
    read.data.append(value)


def _add_raw(read: Command, value: str) -> None:
    read.data.append(value)


def _add_json(read: Command, value: str) -> None:
    read.json = True
    _add_data(read, value)


def _add_encoded(read: Command, value: str) -> None:
    read.data.append(_encoded(value))


def _add_query(read: Command, value: str) -> None:
    read.query.append(_encoded(value))


def _encoded(value: str) -> str:
    """``name=content`` and ``=content`` as curl encodes them; a variable stays readable."""
    name, equals, content = value.partition("=")
    content = content if equals else value
    shown = content if content.startswith("$") else quote(content, safe="", errors="surrogatepass")
    return f"{name}={shown}" if equals and name else shown


def _add_user(read: Command, value: str) -> None:
    encoded = base64.b64encode(value.encode("utf-8", "surrogatepass")).decode()
    read.headers.append(("Authorization", f"Basic {encoded}"))


def _add_upload(read: Command, value: str) -> None:
    read.upload = True
    read.data.append(f"<bytes of the file {value}>")


_WITH_VALUE: dict[str, Callable[[Command, str], None]] = {
    **dict.fromkeys(("-X", "--request"), _set_method),
    "--url": _set_url,
    **dict.fromkeys(("-H", "--header"), _add_header),
    **dict.fromkeys(("-d", "--data", "--data-ascii", "--data-binary"), _add_data),
    "--data-raw": _add_raw,
    "--data-urlencode": _add_encoded,
    "--json": _add_json,
    "--url-query": _add_query,
    **dict.fromkeys(("-u", "--user"), _add_user),
    **dict.fromkeys(("-A", "--user-agent"), _named("User-Agent")),
    **dict.fromkeys(("-e", "--referer"), _named("Referer")),
    **dict.fromkeys(("-b", "--cookie"), _named("Cookie")),
    "--oauth2-bearer": lambda read, value: read.headers.append(("Authorization", f"Bearer {value}")),
    **dict.fromkeys(("-T", "--upload-file"), _add_upload),
}
_FLAGS: dict[str, Callable[[Command], None]] = {
    **dict.fromkeys(("-G", "--get"), lambda read: setattr(read, "get", True)),
    **dict.fromkeys(("-I", "--head"), lambda read: setattr(read, "head", True)),
}


def problem(what: str, advice: str) -> EnvelopeError:
    """The error for a command that cannot be understood."""
    return EnvelopeError("curl", what, advice)
