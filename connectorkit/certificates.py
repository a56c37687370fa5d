"""A local certificate authority and one server certificate, for TLS on this machine."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
import secrets
import ssl
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from connectorkit.errors import SettingsError

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
# Some systems refuse server certificates that live much longer than a year, whoever vouches for them.
LIFETIME = timedelta(days=397)
_LABEL = "(?!-)[a-z0-9-]{1,63}(?<!-)"
_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*")
_SPARE = timedelta(days=1)  # what is left at start must last for a day's work


@dataclass(frozen=True)
class Certificates:
    """Where the files are, in PEM: the CA that clients are told to trust, the server's chain, its key."""

    ca_path: Path
    chain_path: Path
    key_path: Path

    def server_context(self) -> ssl.SSLContext:
        """What a server needs to speak TLS, version 1.2 or newer."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        context.load_cert_chain(self.chain_path, self.key_path)
        return context


def issue(names: Collection[str], folder: Path) -> Certificates:
    """Certificates in ``folder`` for these names and addresses, and always for those of loopback.

    What is there already is kept while it covers the names and is valid for another day, so that clients
    go on trusting the same CA. Otherwise a new CA takes its place, for the old names too. The CA's own key
    is never written: nobody can use it to vouch for anything else. Raises ``SettingsError``.
    """
    wanted = {_plain(name) for name in (*LOOPBACK_NAMES, *names)}
    found = Certificates(*(folder / f"connectorkit-{part}.pem" for part in ("ca", "chain", "key")))
    now = datetime.now(UTC)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        covered, ends = _covered(found)
        if not wanted <= covered or ends < now + _SPARE:
            _write(found, wanted | covered, now)
        found.key_path.chmod(0o600)
    except OSError as error:
        raise SettingsError(
            f"The certificates cannot be kept in {folder} ({error.strerror or error}). "
            "Choose a folder that you may write to."
        ) from None
    return found


def _plain(name: str) -> str:
    """As a certificate has it: an address in its short form, a name in lower case without a last dot."""
    with contextlib.suppress(ValueError):
        return str(ipaddress.ip_address(name))
    plain = name.lower().removesuffix(".")
    if not _NAME.fullmatch(plain):
        raise SettingsError(
            f"A certificate cannot be issued for {name!r}. "
            "Use a name of letters, digits, dots and inner hyphens, or an IP address."
        )
    return plain


def _covered(certificates: Certificates) -> tuple[set[str], datetime]:
    """The names that what is there stands for, and until when; none where it is not a usable whole."""
    nothing = set[str](), datetime.min.replace(tzinfo=UTC)
    try:
        ca = x509.load_pem_x509_certificate(certificates.ca_path.read_bytes())
        server = x509.load_pem_x509_certificate(certificates.chain_path.read_bytes())
        key = load_pem_private_key(certificates.key_path.read_bytes(), password=None)
        server.verify_directly_issued_by(ca)
        names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (FileNotFoundError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return nothing
    if key.public_key() != server.public_key():
        return nothing
    addresses = {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    return addresses | set(names.get_values_for_type(x509.DNSName)), server.not_valid_after_utc


def _write(certificates: Certificates, names: set[str], now: datetime) -> None:
    number = secrets.token_hex(4)  # tells one CA from the next where a client keeps several
    ca = trustme.CA(
        organization_name="connectorkit", organization_unit_name=f"Local CA {number}", path_length=0
    )
    try:
        server = ca.issue_cert(
            *sorted(names),
            organization_name="connectorkit",
            organization_unit_name="Local server",
            not_before=now - timedelta(days=1),  # for clients whose clock is slow
            not_after=now + LIFETIME,
        )
    except ValueError as error:  # names in xn-- form have rules of their own
        refused = ", ".join(sorted(names.difference(LOOPBACK_NAMES)))
        raise SettingsError(
            f"A certificate cannot be issued for one of {refused} ({error}). Correct its spelling."
        ) from None
    chain = b"".join(part.bytes() for part in server.cert_chain_pems)
    _replace(certificates.key_path, server.private_key_pem.bytes(), 0o600)
    _replace(certificates.chain_path, chain, 0o644)
    _replace(certificates.ca_path, ca.cert_pem.bytes(), 0o644)


def _replace(path: Path, content: bytes, mode: int) -> None:
    """Put a new file in an old one's place at once; from its first byte nobody else may read a key."""
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    fresh.replace(path)
