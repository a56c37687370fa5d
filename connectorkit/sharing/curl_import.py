"""Pasted cURL commands: what they send.

Written here, since the libraries for this (uncurl, curler) know neither ``$'…'``, in which Chromium copies
a command, nor ``--json`` and ``--data-urlencode``.
"""

from __future__ import annotations

from connectorkit.log import Exchange
from connectorkit.redact import Redactor, token_claims
from connectorkit.sharing import shell_words
from connectorkit.sharing.curl_options import Command, problem, read_options
from connectorkit.sharing.recognise import consumer_of, operation_of

MAX_CHARACTERS = 8 * 1024 * 1024


def parse_curl(text: str) -> Exchange:
    """What a cURL command sends, as an exchange without an answer; its secrets are replaced.

    It may be copied from a browser, from documentation, or be one of ``curl.command``.

    Options that change nothing of the request are passed over. ``$NAME`` stays as it stands; files are not
    read, and nothing is sent. Raises ``EnvelopeError`` for a command that cannot be understood.
    """
    if len(text) > MAX_CHARACTERS:
        raise problem(f"has {len(text)} characters, allowed are {MAX_CHARACTERS}", "Paste one command.")
    if '^"' in text or "^\n" in text:
        raise problem("is written for cmd.exe", 'Choose "Copy as cURL (bash)" in the browser.')
    try:
        commands = shell_words.commands(text)
    except shell_words.UnbalancedError as error:
        raise problem(f"is not complete: {error}", "Paste the whole command.") from None
    found = next((words for words in commands if _is_curl(words[0])), None)
    if found is None:
        raise problem("has no curl command", "Paste a text that begins with curl.")
    piped = next((words for words in commands if words[0] == "printf"), None)
    return _exchange(read_options(found[1:]), piped)


def _is_curl(word: str) -> bool:
    return word.replace("\\", "/").rpartition("/")[2].lower() in ("curl", "curl.exe")


def _exchange(read: Command, piped: list[str] | None) -> Exchange:
    if not read.url:
        raise problem("names no address", "Add the URL of the call.")
    url = read.url if "://" in read.url else f"http://{read.url}"
    body = ("" if read.json else "&").join(read.data)
    query = list(read.query)
    if read.get and body:
        query.append(body)
        body = ""
    if query:
        url += ("&" if "?" in url else "?") + "&".join(query)
    if body == "@-":
        body = "<what is piped into curl>" if piped is None else _printed(piped)
    method = read.method or _method(read, body)
    headers = _with_defaults(read, body)
    return _redacted(method, url, headers, body)


def _method(read: Command, body: str) -> str:
    if read.head:
        return "HEAD"
    if read.upload:
        return "PUT"
    return "POST" if body or (read.data and not read.get) else "GET"


def _with_defaults(read: Command, body: str) -> list[tuple[str, str]]:
    given = {name.lower() for name, _ in read.headers}
    added = []
    if read.json:
        added = [("Content-Type", "application/json"), ("Accept", "application/json")]
    elif body and not read.upload:
        added = [("Content-Type", "application/x-www-form-urlencoded")]
    return read.headers + [(name, value) for name, value in added if name.lower() not in given]


def _printed(words: list[str]) -> str:
    """What printf writes for its format, which is all that ``curl.command`` gives it."""
    return shell_words.ansi(words[1].replace("%%", "%")) if len(words) == 2 else ""


def _redacted(method: str, url: str, headers: list[tuple[str, str]], body: str) -> Exchange:
    redactor = Redactor()
    claims = [
        c for name, value in headers if name.lower() == "x-lp-on-behalf" for c in token_claims(value).values()
    ]
    operation, account_id = operation_of(method, url)
    return Exchange(
        operation=operation,
        method=redactor.text(method),
        url=redactor.text(url),
        account_id=account_id,
        consumer=consumer_of(body, claims[0] if claims else None),
        request_headers=[pair for header in headers for pair in _clean(redactor, header)],
        request_body=redactor.text(body),
        request_bytes=len(body.encode("utf-8", "surrogatepass")),
    )


def _clean(redactor: Redactor, header: tuple[str, str]) -> list[tuple[str, str]]:
    # A variable's name is no secret, and says what to fill in.
    if header[1].removeprefix("Bearer ").startswith("$"):
        return [header]
    return redactor.headers([header])
