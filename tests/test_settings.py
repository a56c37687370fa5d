"""Settings: where each value comes from, what is refused and in which words, and that no secret shows."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

import connectorkit
from connectorkit import settings
from connectorkit.errors import SettingsError
from connectorkit.redact import Secret
from connectorkit.settings import Settings

ACCOUNT = {
    "CONNECTORKIT_ACCOUNT_ID": "12345678",
    "CONNECTORKIT_CLIENT_ID": "app-1",
    "CONNECTORKIT_CLIENT_SECRET": "env-geheim",
}


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings but those of the test: an empty folder and no variables."""
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.upper().startswith("CONNECTORKIT_")]:
        monkeypatch.delenv(name)


def loaded(environ: dict[str, str] | None = None, **given: Any) -> Settings:
    found = settings.load(ACCOUNT | (environ or {}), **given)
    assert found is not None
    return found


def refusal(environ: dict[str, str] | None = None, **given: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        settings.load(ACCOUNT | (environ or {}), **given)
    return str(caught.value)


# --- Where values come from ------------------------------------------------------------------------


def test_without_an_account_the_sandbox_is_meant() -> None:
    assert settings.load() is None
    assert settings.load({}) is None
    assert settings.load({"CONNECTORKIT_TIMEOUT": "5", "CONNECTORKIT_LOG": "x.db"}) is None


def test_variables_alone_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ACCOUNT.items():
        monkeypatch.setenv(name, value)

    found = settings.load()

    assert found is not None
    assert (found.account_id, found.client_id) == ("12345678", "app-1")
    assert found.client_secret == Secret("env-geheim")
    assert found.domain_lookup == "https://api.liveperson.net"
    assert (found.scheme, found.timeout) == ("https", 10.0)
    assert found.log.endswith("log.sqlite3")


def test_arguments_win_over_variables_and_variables_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("ACCOUNT_ID", "CLIENT_ID", "CLIENT_SECRET")
    (tmp_path / ".env").write_text("".join(f"CONNECTORKIT_{name}=file\n" for name in names))
    monkeypatch.setenv("CONNECTORKIT_CLIENT_ID", "variable")
    monkeypatch.setenv("CONNECTORKIT_ACCOUNT_ID", "variable")

    found = settings.load(account_id="argument")

    assert found is not None
    assert (found.account_id, found.client_id) == ("argument", "variable")
    assert found.client_secret.reveal() == "file"


def test_the_file_is_found_from_a_folder_below_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in ACCOUNT.items()))
    (tmp_path / "deep" / "down").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "down")

    found = settings.load()

    assert found is not None
    assert found.account_id == "12345678"


def test_the_file_does_not_reach_the_process_environment(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in ACCOUNT.items()))

    settings.load()

    assert not [name for name in os.environ if name.startswith("CONNECTORKIT_")]


def test_a_file_that_is_no_text_is_explained(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"CONNECTORKIT_ACCOUNT_ID=\xff\xfe\n")

    with pytest.raises(SettingsError, match=r"\.env"):
        settings.load()


def test_an_argument_of_none_is_not_given() -> None:
    assert loaded(account_id=None, timeout=None).account_id == "12345678"


def test_an_empty_variable_is_not_set() -> None:
    assert loaded({"CONNECTORKIT_TIMEOUT": "", "CONNECTORKIT_SCHEME": ""}).timeout == 10.0


def test_the_secret_may_be_given_as_text_or_hidden_already() -> None:
    assert loaded(client_secret="x-geheim").client_secret == Secret("x-geheim")
    assert loaded(client_secret=Secret("x-geheim")).client_secret == Secret("x-geheim")


def test_a_proxy_is_hidden_and_told_without_its_password() -> None:
    found = loaded({"CONNECTORKIT_PROXY": "http://ann:geheim@proxy.example:3128"})

    assert found.proxy == Secret("http://ann:geheim@proxy.example:3128")
    assert "geheim" not in repr(found) + found._repr_html_()
    assert "http://…@proxy.example:3128" in found._repr_html_()
    assert loaded().proxy is None
    assert "proxy" not in loaded()._repr_html_()


def test_a_sandbox_has_only_the_proxy_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTORKIT_PROXY", "http://proxy.example:3128")

    with connectorkit.connect(sandbox=True, log=":memory:") as kit:
        assert kit.settings.proxy is None
    with connectorkit.connect(sandbox=True, log=":memory:", proxy="http://127.0.0.1:1") as kit:
        assert kit.settings.proxy == Secret("http://127.0.0.1:1")


def test_log_and_timeout_are_known_without_an_account() -> None:
    assert settings.log_and_timeout({"CONNECTORKIT_LOG": "here.db"}) == ("here.db", 10.0)
    assert settings.log_and_timeout({"CONNECTORKIT_LOG": "here.db"}, log=":memory:")[0] == ":memory:"
    assert settings.log_and_timeout({"CONNECTORKIT_TIMEOUT": "33"})[1] == 33.0
    assert settings.log_and_timeout({})[0] == str(settings.default_log_path())
    assert loaded({"CONNECTORKIT_LOG": "here.db"}).log == "here.db"


@pytest.mark.parametrize(
    "proxy",
    [
        *("socks5://proxy.example:1080", "proxy.example:3128", "http://", "http://proxy.example/path"),
        *("http://proxy.example:port", "http://ann:geheim@pro xy", "http://ann:gehe/im@proxy.example", 7),
        *("http://proxy.example?x=1", "http://proxy.example#x", "http://ann:gehéim@proxy.example", "ftp://a"),
    ],
)
def test_a_proxy_that_cannot_be_one_is_refused_without_its_password(proxy: Any) -> None:
    message = refusal(proxy=proxy)

    assert "is not the URL of an HTTP proxy. Set CONNECTORKIT_PROXY to something like" in message
    assert "gehe" not in message.partition("http://proxy.example:3128")[0]


# --- What is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", sorted(ACCOUNT))
def test_one_half_of_an_account_is_refused_naming_the_missing_half(missing: str) -> None:
    message = refusal({missing: ""})

    assert f"by halves: {missing} is not set. Set all of CONNECTORKIT_ACCOUNT_ID," in message
    assert message.endswith("or none to use the sandbox.")


def test_two_missing_halves_are_both_named() -> None:
    with pytest.raises(SettingsError, match="CONNECTORKIT_CLIENT_ID, CONNECTORKIT_CLIENT_SECRET are not set"):
        settings.load({}, account_id="12345678")


def test_an_empty_secret_is_a_missing_one() -> None:
    assert "CONNECTORKIT_CLIENT_SECRET is not set" in refusal(client_secret=Secret(""))


def test_an_unknown_setting_lists_the_known_ones() -> None:
    message = refusal(acount_id="1")

    assert message.startswith("Unknown setting 'acount_id'. Known are account_id, client_id, client_secret,")


@pytest.mark.parametrize(
    "url",
    [
        *(
            "api.example",
            "ftp://api.example",
            "https://",
            "https:///path",
            "//api.example",
            "https:api.example",
        ),
        *("https://api.example:99999", "https://api.example:port", "https://[::1", "file:///etc/hosts"),
        *("https://api example", "https://api.example?version=1", "https://api.example#top"),
    ],
)
def test_a_domain_lookup_that_is_no_base_url_is_refused(url: str) -> None:
    message = refusal(domain_lookup=url)

    assert message.startswith(f"Domain lookup {url!r} is not a base URL.")
    assert "Set CONNECTORKIT_DOMAIN_LOOKUP to something like https://api.liveperson.net." in message


def test_a_password_in_the_domain_lookup_is_refused_or_hidden() -> None:
    try:
        shown = repr(loaded(domain_lookup="https://user:geheim@api.example"))
    except SettingsError as error:
        shown = str(error)

    assert "geheim" not in shown


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://api.example/", "https://api.example"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("https://api.example/prefix//", "https://api.example/prefix"),
        ("https://[::1]:8443", "https://[::1]:8443"),
    ],
)
def test_a_base_url_loses_its_trailing_slash_only(url: str, base: str) -> None:
    assert loaded(domain_lookup=url).domain_lookup == base


@pytest.mark.parametrize("seconds", ["0", "-1", "601", "nan", "inf", "ten", "1e9", True, "1s", " ", 0])
def test_a_timeout_out_of_bounds_is_refused(seconds: Any) -> None:
    message = refusal(timeout=seconds)

    assert (
        message
        == f"Timeout (CONNECTORKIT_TIMEOUT) is {seconds!r}, allowed are seconds from above 0 to 600, e.g. 10."
    )


@pytest.mark.parametrize(("given", "seconds"), [("0.5", 0.5), (600, 600.0), ("1e1", 10.0), (None, 10.0)])
def test_a_timeout_is_a_number_of_seconds(given: Any, seconds: float) -> None:
    assert loaded(timeout=given).timeout == seconds
    assert settings.timeout_seconds(given) == seconds


@pytest.mark.parametrize("scheme", ["ftp", "HTTPS", "https://", "ws"])
def test_another_scheme_is_refused(scheme: str) -> None:
    message = refusal({"CONNECTORKIT_SCHEME": scheme})

    assert message == f"Scheme is {scheme!r}, allowed are http and https. Unset CONNECTORKIT_SCHEME."


@pytest.mark.parametrize(
    ("lookup", "scheme"),
    [
        ("http://127.0.0.1:8080", "http"),
        ("http://localhost:8080", "http"),
        ("http://LOCALHOST", "http"),
        ("http://[::1]:8080", "http"),
        ("https://127.0.0.1:8443", "https"),
        ("http://api.liveperson.net", "https"),
        ("https://api.liveperson.net", "https"),
        ("http://localhost.example", "https"),
        ("http://127.0.0.1.example", "https"),
    ],
)
def test_services_are_called_by_https_unless_the_lookup_is_plain_on_this_machine(
    lookup: str, scheme: str
) -> None:
    assert loaded(domain_lookup=lookup).scheme == scheme


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_given_scheme_wins(scheme: str) -> None:
    assert loaded(scheme=scheme).scheme == scheme
    assert loaded(scheme=scheme, domain_lookup="http://127.0.0.1:1").scheme == scheme


# --- As shown --------------------------------------------------------------------------------------


def test_no_display_shows_the_secret() -> None:
    found = loaded()

    for shown in (repr(found), str(found), f"{found}", found._repr_html_(), repr(vars(found))):
        assert "geheim" not in shown
        assert found.client_secret.fingerprint in shown


@pytest.mark.parametrize(
    "words", [{"client_id": "x"}, {"timeout": "x"}, {"scheme": "x"}, {"domain_lookup": "x"}]
)
def test_no_refusal_shows_the_secret(words: dict[str, str]) -> None:
    environ = ACCOUNT | {"CONNECTORKIT_ACCOUNT_ID": ""}

    with pytest.raises(SettingsError) as caught:
        settings.load(environ, **words)

    assert "geheim" not in str(caught.value)


def test_the_display_escapes_what_it_shows() -> None:
    assert "<b>" not in loaded(account_id="<b>", log="<b>")._repr_html_()
