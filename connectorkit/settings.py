"""Where the kit connects to: from arguments, ``CONNECTORKIT_*`` variables or a ``.env`` file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values, find_dotenv
from platformdirs import user_state_path

from connectorkit import markup
from connectorkit.errors import SettingsError
from connectorkit.hosts import is_host
from connectorkit.redact import Secret

PRODUCTION_DOMAIN_LOOKUP = "https://api.liveperson.net"
PREFIX = "CONNECTORKIT_"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_NEEDED = ("account_id", "client_id", "client_secret")
NEEDED_VARIABLES = tuple(PREFIX + name.upper() for name in _NEEDED)
_NAMES = (*_NEEDED, "domain_lookup", "log", "scheme", "timeout", "proxy")


@dataclass(frozen=True)
class Settings:
    """One account, one app install, and how to reach them.

    ``scheme`` is put before the hosts that the domain lookup names; ``timeout`` is seconds for each of
    connect, write and read; ``log`` is the path of the response log; ``proxy`` is the URL of an HTTP proxy,
    hidden since it may hold a password.
    """

    account_id: str
    client_id: str
    client_secret: Secret
    domain_lookup: str = PRODUCTION_DOMAIN_LOOKUP
    scheme: str = "https"
    timeout: float = 10.0
    log: str = ""
    proxy: Secret | None = None

    def _facts(self) -> list[tuple[str, str]]:
        return [
            ("account", self.account_id),
            ("client id", self.client_id),
            ("client secret", repr(self.client_secret)),
            ("domain lookup", self.domain_lookup),
            ("scheme", self.scheme),
            ("timeout", f"{self.timeout:g} s"),
            ("log", self.log),
            *([] if self.proxy is None else [("proxy", _without_user(self.proxy.reveal()))]),
        ]

    def _repr_html_(self) -> str:
        return markup.facts("Settings", self._facts())


def load(environ: Mapping[str, str] | None = None, **given: str | float | Secret | None) -> Settings | None:
    """The settings in force, or ``None`` where no account is configured, which means the sandbox.

    Raises ``SettingsError`` when an account is configured by halves, or a value cannot be used.
    """
    values = _gather(environ, given)
    missing = [name for name in _NEEDED if not values.get(name)]
    if len(missing) == len(_NEEDED):
        return None
    if missing:
        variables = ", ".join(PREFIX + name.upper() for name in missing)
        verb = "is" if len(missing) == 1 else "are"
        raise SettingsError(
            f"An account is configured by halves: {variables} {verb} not set. Set all of "
            f"{', '.join(PREFIX + name.upper() for name in _NEEDED)}, or none to use the sandbox."
        )
    for name in _NEEDED:
        _check_readable(name, values[name])
    lookup = _base_url(str(values.get("domain_lookup") or PRODUCTION_DOMAIN_LOOKUP))
    return Settings(
        account_id=str(values["account_id"]),
        client_id=str(values["client_id"]),
        client_secret=_hidden(values["client_secret"]),
        domain_lookup=lookup,
        scheme=_scheme(values.get("scheme"), lookup),
        timeout=timeout_seconds(values.get("timeout")),
        log=str(values.get("log") or default_log_path()),
        proxy=proxy_url(values.get("proxy")),
    )


def log_and_timeout(
    environ: Mapping[str, str] | None = None, **given: str | float | Secret | None
) -> tuple[str, float]:
    """The path of the log and the timeout in seconds, which a sandbox has as well as an account."""
    values = _gather(environ, given)
    return str(values.get("log") or default_log_path()), timeout_seconds(values.get("timeout"))


def state_folder() -> Path:
    """Where this user's log and other things that the kit keeps belong."""
    return user_state_path("connectorkit")


def default_log_path() -> Path:
    """The log's place in this user's state folder."""
    return state_folder() / "log.sqlite3"


def _gather(
    environ: Mapping[str, str] | None, given: Mapping[str, str | float | Secret | None]
) -> dict[str, str | float | Secret]:
    unknown = sorted(set(given) - set(_NAMES))
    if unknown:
        raise SettingsError(f"Unknown setting {unknown[0]!r}. Known are {', '.join(_NAMES)}.")
    if environ is None:
        path = find_dotenv(usecwd=True)
        try:
            from_file = dotenv_values(path)
        except (UnicodeDecodeError, OSError) as error:
            raise SettingsError(f"{path} cannot be read ({error}). Save it as UTF-8 text.") from None
        environ = {name: value for name, value in from_file.items() if value is not None} | dict(os.environ)
    values: dict[str, str | float | Secret] = {
        name: environ[PREFIX + name.upper()] for name in _NAMES if environ.get(PREFIX + name.upper())
    }
    values |= {name: value for name, value in given.items() if value is not None}
    # So that no traceback of what follows has one in a variable.
    return values | {name: _hidden(values[name]) for name in ("client_secret", "proxy") if name in values}


def _hidden(secret: str | float | Secret) -> Secret:
    return secret if isinstance(secret, Secret) else Secret(str(secret))


def _base_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = (
            parts.scheme in ("http", "https")
            and is_host(parts.netloc)
            and not parts.query
            and not parts.fragment
            and not any(character.isspace() for character in text)
        )
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(
            f"Domain lookup {_without_user(text)!r} is not a base URL. Set CONNECTORKIT_DOMAIN_LOOKUP to "
            f"something like {PRODUCTION_DOMAIN_LOOKUP}."
        )
    return text.rstrip("/")


def _check_readable(name: str, value: str | float | Secret) -> None:
    try:
        (value.reveal() if isinstance(value, Secret) else str(value)).encode()
    except UnicodeEncodeError:
        raise SettingsError(f"{PREFIX}{name.upper()} is not UTF-8 text. Copy the value again.") from None


def _without_user(text: str) -> str:
    """A password in a URL is a secret, also in a message about it."""
    return re.sub(r"//.*@", "//…@", text, flags=re.DOTALL)


def _scheme(given: str | float | Secret | None, lookup: str) -> str:
    """https, unless the lookup itself is plain HTTP on this machine, as the sandbox's is (R33)."""
    if given is None:
        parts = urlsplit(lookup)
        return "http" if parts.scheme == "http" and parts.hostname in _LOOPBACK else "https"
    if given not in ("http", "https"):
        raise SettingsError(f"Scheme is {given!r}, allowed are http and https. Unset CONNECTORKIT_SCHEME.")
    return str(given)


def proxy_url(given: str | float | Secret | None) -> Secret | None:
    """The URL of a proxy, checked and hidden; ``None`` where none is given. Raises ``SettingsError``."""
    if given is None:
        return None
    hidden = _hidden(given)
    if not _is_proxy(hidden):
        raise SettingsError(
            f"Proxy {_without_user(hidden.reveal())!r} is not the URL of an HTTP proxy. Set "
            "CONNECTORKIT_PROXY to something like http://proxy.example:3128, with user:password@ before the "
            "host where it wants them, percent-encoded."
        )
    return hidden


def _is_proxy(url: Secret) -> bool:
    try:
        parts = urlsplit(url.reveal())
        return (
            parts.scheme in ("http", "https")
            and is_host(parts.netloc.rpartition("@")[2])
            and parts.path in ("", "/")
            and not parts.query
            and not parts.fragment
            and re.fullmatch(r"[!-~]+", url.reveal()) is not None
        )
    except ValueError:
        return False


def timeout_seconds(given: str | float | Secret | None) -> float:
    """A timeout as a number of seconds; 10 where none is given."""
    if given is None:
        return 10.0
    try:
        seconds = float(str(given))
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 600:
        raise SettingsError(
            f"Timeout (CONNECTORKIT_TIMEOUT) is {given!r}, allowed are seconds from above 0 to 600, e.g. 10."
        )
    return seconds
