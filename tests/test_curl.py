"""cURL commands: exactly the words that were meant, whatever the text; and back from a pasted one."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from hostile import JWT_LABEL, SECRET_LABEL, SEND_URL, TEXTS, exchange, text_request, with_text

from connectorkit.errors import EnvelopeError
from connectorkit.log import Exchange
from connectorkit.sharing import curl, imports
from connectorkit.sharing.curl_import import parse_curl
from connectorkit.sharing.shell_words import UnbalancedError, commands

ENVIRONMENT = {
    "CONNECTORKIT_APP_JWT": "app $jwt 'x'",
    "CONNECTORKIT_CONSUMER_JWS": "jws",
    "CONNECTORKIT_CLIENT_SECRET": "s&=1",
    "CONNECTORKIT_TEMP_URL_QUERY": "temp_url_sig=1",
    "CONNECTORKIT_FILE": "a photo.png",
}
# Stands in for curl: says what it was called with, and what came in through a pipe.
FAKE = """#!{python}
import json, os, sys
piped = sys.stdin.buffer.read() if "@-" in sys.argv else b""
words = [os.fsencode(word).decode("utf-8", "surrogatepass") for word in sys.argv[1:]]
with open("called.jsonl", "a") as file:
    print(json.dumps([words, piped.decode("utf-8", "surrogatepass")]), file=file)
"""
Called = tuple[list[str], str]


@pytest.fixture
def called(tmp_path: Path) -> Callable[[str], list[Called]]:
    """Runs a script in sh; returns how curl was called, and makes sure that nothing else was."""
    (programs := tmp_path / "programs").mkdir()
    (fake := programs / "curl").write_text(FAKE.format(python=sys.executable))
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    (folder := tmp_path / "folder").mkdir()

    def run(script: str) -> list[Called]:
        (path := tmp_path / "script.sh").write_text(script, encoding="utf-8", newline="\n")
        environment = ENVIRONMENT | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
        ran = subprocess.run(["sh", path], cwd=folder, env=environment, capture_output=True, check=False)
        assert (ran.returncode, ran.stderr, ran.stdout) == (0, b"", b"")
        assert [found.name for found in folder.iterdir()] == ["called.jsonl"]
        lines = (folder / "called.jsonl").read_text().splitlines()
        return [(words, piped) for words, piped in map(json.loads, lines)]

    return run


def sent_body(called: Called) -> str:
    words, piped = called
    return piped if words[-1] == "@-" else words[-1]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_shell_hands_on_the_very_text(text: str, called: Callable[[str], list[Called]]) -> None:
    one = with_text(text)

    ((words, piped),) = called(curl.command(one))

    assert sent_body((words, piped)) == one.request_body
    assert words[words.index("--url") + 1] == one.url
    headers = [words[at + 1] for at, word in enumerate(words) if word == "--header"]
    assert headers[:4] == [
        "accept: application/json",
        "content-type: application/json",
        "x-lp-on-behalf: jws",
        "authorization: app $jwt 'x'",
    ]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_command_can_be_pasted_back(text: str) -> None:
    one = with_text(text)

    pasted = parse_curl(curl.command(one))

    assert (pasted.method, pasted.url, pasted.request_body) == (one.method, one.url, one.request_body)
    assert (pasted.operation, pasted.account_id) == ("send", "12345678")
    assert ("authorization", "${CONNECTORKIT_APP_JWT:?}") in pasted.request_headers


@pytest.mark.parametrize("place", ["method", "url", "scenario", "label", "consumer", "error", "operation"])
def test_no_field_can_end_the_command(place: str, called: Callable[[str], list[Called]]) -> None:
    evil = "x\ntouch pwned\r\n'; touch pwned; $(touch pwned) `touch pwned` #"

    calls = called(curl.command(exchange(status_code=None, **{place: evil})))

    assert len(calls) == 1


def test_no_header_can_bring_another_one(called: Callable[[str], list[Called]]) -> None:
    ((words, _),) = called(
        curl.command(exchange(request_headers=[("a\r\nb: c", "d\r\ne: f"), ("empty", "")]))
    )

    assert [words[at + 1] for at, word in enumerate(words) if word == "--header"] == [
        *("a  b: c: d  e: f", "empty;", "Accept:", "Content-Type:"),
    ]


def test_headers_that_the_client_works_out_are_left_to_it() -> None:
    headers = [("host", "va.msg.example"), ("content-length", "9"), (":path", "/"), ("x-own", "1")]

    found = curl.command(exchange(request_headers=headers))

    assert "host" not in found
    assert "content-length" not in found
    assert "--header 'x-own: 1'" in found


def test_a_host_of_somebodys_own_is_kept() -> None:
    assert "--header 'host: other.example'" in curl.command(
        exchange(request_headers=[("host", "other.example")])
    )


def test_a_scheme_before_the_token_is_kept(called: Callable[[str], list[Called]]) -> None:
    ((words, _),) = called(curl.command(exchange(request_headers=[("Authorization", f"Bearer {JWT_LABEL}")])))

    assert "Authorization: Bearer app $jwt 'x'" in words


APP_JWT_URL = "https://sentinel.example/sentinel/api/account/12345678/app/token?v=1.0"


def app_jwt(body: str, **changes: Any) -> Exchange:
    headers = [("content-type", "application/x-www-form-urlencoded")]
    return exchange(body, operation="app_jwt", url=APP_JWT_URL, request_headers=headers, **changes)


def test_the_client_secret_is_encoded_by_curl(called: Callable[[str], list[Called]]) -> None:
    form = f"client_id=app&client_secret={SECRET_LABEL}&grant_type=client_credentials"

    ((words, _),) = called(curl.command(app_jwt(form)))

    assert words[-6:] == [
        *("--data-raw", "client_id=app"),
        *("--data-urlencode", "client_secret=s&=1"),
        *("--data-raw", "grant_type=client_credentials"),
    ]


def test_a_secret_that_was_refused_stays_refused() -> None:
    found = curl.command(app_jwt(f"client_id=app&client_secret={SECRET_LABEL}", status_code=401))

    assert "CONNECTORKIT" not in found
    assert "was refused" in found


@pytest.mark.parametrize(
    ("label", "error_code", "filled"),
    [
        (JWT_LABEL, None, True),
        (JWT_LABEL, 40103, True),  # a good token for somebody else's conversation
        (JWT_LABEL, 40102, False),
        (SECRET_LABEL, 40102, False),
        (SECRET_LABEL, None, False),
    ],
)
def test_a_token_that_was_refused_is_not_replaced_by_a_good_one(
    label: str, error_code: int | None, filled: bool
) -> None:
    answer = json.dumps({"kind": "resp", "code": 401, "body": {"errorCode": error_code}})

    found = curl.command(
        exchange(status_code=401, response_body=answer, request_headers=[("authorization", label)])
    )

    assert ("${CONNECTORKIT_APP_JWT:?}" in found, label in found) == (filled, not filled)


def test_a_file_and_its_url_come_from_the_environment(called: Callable[[str], list[Called]]) -> None:
    url = "https://swift.example/v1/AUTH_async-images/1/a[1].PNG?temp_url_sig=[secret:0a1b2c3d]&temp_url_expires=9"
    one = exchange("<9 bytes of image/png>", operation="upload_file", method="PUT", url=url)

    ((words, _),) = called(curl.command(one))

    assert words[words.index("--url") + 1].endswith("/a[1].PNG?temp_url_sig=1")
    assert words[-2:] == ["--data-binary", "@a photo.png"]
    assert "--globoff" in words


@pytest.mark.parametrize("path", ["/a/../../etc/x", "/.hidden", "/-rf", "/a b", "/" + "x" * 300, "/$(id)"])
def test_a_download_chooses_no_odd_file_name(path: str) -> None:
    one = exchange(
        "", operation="download_file", method="GET", url=f"https://swift.example{path}?temp_url_sig=1"
    )

    name = curl.command(one).partition("--output ")[2].split()[0]

    assert name in ("download.bin", "x")


def test_a_script_says_what_it_needs_and_holds_every_command(called: Callable[[str], list[Called]]) -> None:
    script = "".join(curl.lines([exchange(), exchange("", method="GET"), exchange("x", method="HEAD")]))

    calls = called(script)

    assert script.startswith("#!/bin/sh\n")
    assert "export CONNECTORKIT_APP_JWT=" in script
    assert [words[1:3] for words, _ in calls[:2]] == [["--request", "POST"], ["--request", "GET"]]
    assert "--head" in calls[2][0]


# --- Pasted ------------------------------------------------------------------------------------------

BODY = json.dumps(text_request("It's good"))
CHROMIUM = f"""curl '{SEND_URL}' \\
  -H 'accept: application/json' \\
  -H 'authorization: {JWT_LABEL}' \\
  -H 'content-type: application/json' \\
  -b 'session=planted' \\
  --data-raw $'{BODY.replace("'", chr(92) + "'").replace("!", chr(92) + "u0021")}' \\
  --compressed"""


def test_a_command_from_a_browser_becomes_a_builder_call() -> None:
    pasted = imports.from_curl(CHROMIUM)

    assert pasted.call == 'ck.envelopes.publish_text("dialog-1", "It\'s good", request_id="7")'
    assert pasted.payload == text_request("It's good")
    assert (pasted.method, pasted.url, pasted.reason) == ("POST", SEND_URL, "")
    assert "planted" not in repr(pasted.headers)


def test_a_pasted_token_is_replaced_and_names_the_consumer() -> None:
    app, consumer = (
        jwt.encode({"ext_consumer_id": name}, "k" * 32, algorithm="HS256") for name in ("app", "ana@example")
    )

    pasted = imports.from_curl(
        f"curl -H 'Authorization: {app}' -H 'X-LP-ON-BEHALF: {consumer}' {SEND_URL} -d '{{}}'"
    )

    assert pasted.exchange.consumer == "ana@example"
    assert app not in repr(vars(pasted.exchange))
    assert consumer not in repr(vars(pasted.exchange))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('{"kind":"req"', "The body is not JSON."),
        ('{"kind":"req","id":"1","type":"x.Y","body":{}}', "There is no builder for the type 'x.Y'."),
        (
            '{"kind":"req","type":"ms.PublishEvent","body":{}}',
            "dialogId is missing, which its builder needs.",
        ),
    ],
)
def test_a_body_that_no_builder_makes_says_why(body: str, reason: str) -> None:
    pasted = imports.from_curl(f"curl {SEND_URL} -d '{body}'")

    assert pasted.reason == reason
    assert "ck." not in pasted.call


@pytest.mark.parametrize(
    ("options", "method", "body"),
    [
        ("", "GET", ""),
        ("-d a=1 -d b=2", "POST", "a=1&b=2"),
        ("--data-ascii a=1 --data-raw @b", "POST", "a=1&@b"),
        ("--data-binary @photo.png", "POST", "<bytes of the file photo.png>"),
        ("--data-urlencode 'a=x & y' --data-urlencode =ö", "POST", "a=x%20%26%20y&%C3%B6"),
        ("--json '{}' --json '[]'", "POST", "{}[]"),
        ("--json='{}'", "POST", "{}"),
        ("-X PUT -d x", "PUT", "x"),
        ("-XDELETE", "DELETE", ""),
        ("-sSXPATCH -dx", "PATCH", "x"),
        ("--request=POST", "POST", ""),
        ("-I", "HEAD", ""),
        ("-T photo.png", "PUT", "<bytes of the file photo.png>"),
        ("-o out.txt -w '%{http_code}' -m 5 -k --http2 -L", "GET", ""),
    ],
)
def test_options_are_understood(options: str, method: str, body: str) -> None:
    read = parse_curl(f"curl {options} https://a.example/")

    assert (read.method, read.request_body, read.url) == (method, body, "https://a.example/")


@pytest.mark.parametrize(
    ("options", "url"),
    [
        ("-G -d a=1 https://a.example/", "https://a.example/?a=1"),
        ("--url https://a.example/?b=2 --url-query 'c=x y'", "https://a.example/?b=2&c=x%20y"),
        ("a.example", "http://a.example"),
    ],
)
def test_addresses_are_understood(options: str, url: str) -> None:
    assert parse_curl(f"$ /usr/bin/curl {options}".removeprefix("$ ")).url == url


@pytest.mark.parametrize(
    ("options", "headers"),
    [
        ("-d x", [("Content-Type", "application/x-www-form-urlencoded")]),
        ("--json 1", [("Content-Type", "application/json"), ("Accept", "application/json")]),
        ("-H 'content-type: text/plain' -d x", [("content-type", "text/plain")]),
        ("-H 'Accept:' -H 'Empty;'", [("Empty", "")]),
        ("-A me -e https://r.example", [("User-Agent", "me"), ("Referer", "https://r.example")]),
    ],
)
def test_headers_are_understood(options: str, headers: list[tuple[str, str]]) -> None:
    assert parse_curl(f"curl {options} https://a.example/").request_headers == headers


def test_a_password_is_replaced() -> None:
    (header,) = parse_curl("curl -u me:planted-password https://a.example/").request_headers

    assert header[0] == "Authorization"
    assert "cGxhbnRl" not in header[1]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no curl command"),
        ("wget https://a.example", "has no curl command"),
        ("curl", "names no address"),
        ("curl -H", "ends with -H, which needs a value"),
        ("curl --what https://a.example", "has the option --what, which is not understood"),
        ("curl https://a.example https://b.example", "has a second address"),
        ("curl 'https://a.example", "is not complete"),
        ('curl ^"https://a.example^"', "is written for cmd.exe"),
        ("curl " + "x" * 9_000_000, "has 9000005 characters"),
    ],
)
def test_what_cannot_be_understood_is_a_sentence(text: str, says: str) -> None:
    with pytest.raises(EnvelopeError, match=r"^curl .*\. [A-Z].*\.$") as refused:
        parse_curl(text)

    assert says in str(refused.value)


def test_the_doctest_of_imports_holds() -> None:
    import doctest

    result = doctest.testmod(imports)
    assert (result.failed, result.attempted > 0) == (0, True)


# --- Words of the shell ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "a b  c\td",
        "a'b c'd \"e f\" g\\ h",
        'a "b\\"c\\$d\\`e\\\\f\\g" ',
        "a \\\n b",
        "a $'x\\'y\\n\\t\\\\\\u00f6\\x41\\101\\e[1m' ''",
        'a "" b#c # d',
        "a $'\\xc3\\xb6 \\cA \\q'",
        "a=1 b ; c | d && e",
        "x \"y\n z\" 'p\nq'",
    ],
)
def test_words_are_those_of_bash(line: str, tmp_path: Path) -> None:
    printer = f"{sys.executable} -c 'import sys, json; print(json.dumps(sys.argv[1:]))'"
    first = commands(line)[0]
    (tmp_path / "script").write_text(f"{printer} {line.split(' ; ')[0]}", encoding="utf-8")

    shown = subprocess.run(["bash", tmp_path / "script"], capture_output=True, check=True, text=True).stdout

    assert json.loads(shown) == first


@pytest.mark.parametrize("escape", ["\\U00110000", "\\xff", "\\377"])
def test_what_is_no_character_is_replaced(escape: str) -> None:
    assert commands(f"a $'{escape}'") == [["a", "\ufffd" if "U" in escape else "?"]]


def test_variables_stand_as_they_are() -> None:
    assert commands('curl "$A" ${B:?} "x ${C}"') == [["curl", "$A", "${B:?}", "x ${C}"]]


@pytest.mark.parametrize("text", ["'a", '"a', "$'a", "a\\"])
def test_an_open_quote_is_an_error(text: str) -> None:
    with pytest.raises(UnbalancedError):
        commands(text)


def test_a_command_of_ours_comes_back_as_a_call_without_headers() -> None:
    sent = exchange(json.dumps(text_request("Hello")))

    assert "headers=" not in imports.from_curl(curl.command(sent)).cell
