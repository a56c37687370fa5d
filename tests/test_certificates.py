"""Certificates for this machine: whom they stand for, who may read them, and when they are made anew."""

from __future__ import annotations

import os
import ssl
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from connectorkit import certificates
from connectorkit.errors import SettingsError

LOOPBACK = ["127.0.0.1", "::1", "localhost"]


def stands_for(issued: certificates.Certificates) -> list[str]:
    server = x509.load_pem_x509_certificate(issued.chain_path.read_bytes())
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = map(str, names.get_values_for_type(x509.IPAddress))
    return sorted([*addresses, *names.get_values_for_type(x509.DNSName)])


def contents(issued: certificates.Certificates) -> list[bytes]:
    return [path.read_bytes() for path in (issued.ca_path, issued.chain_path, issued.key_path)]


@pytest.mark.parametrize(
    ("names", "covered"),
    [
        ([], LOOPBACK),
        (["va.msg.example"], [*LOOPBACK, "va.msg.example"]),
        (["VA.Msg.Example.", "va.msg.example"], [*LOOPBACK, "va.msg.example"]),
        (["192.0.2.7", "0:0:0:0:0:0:0:1"], ["127.0.0.1", "192.0.2.7", "::1", "localhost"]),
        (["xn--bcher-kva.example"], [*LOOPBACK, "xn--bcher-kva.example"]),
    ],
    ids=["loopback", "name", "spelling", "addresses", "xn"],
)
def test_the_certificate_stands_for_loopback_and_the_names_given(
    tmp_path: Path, names: list[str], covered: list[str]
) -> None:
    issued = certificates.issue(names, tmp_path)
    before = contents(issued)

    assert stands_for(issued) == covered
    assert contents(certificates.issue(names, tmp_path)) == before


@pytest.mark.parametrize(
    "name", ["", ".", "a..b", "a_b.example", "-a.example", "*.example", "10.0.0.0/8", "ü.example", "a\n"]
)
def test_a_name_that_no_certificate_can_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=r"cannot be issued for .*\. Use a name of letters"):
        certificates.issue([name], tmp_path)


@pytest.mark.parametrize("name", ["xn--a.example", "ab--c.example"])
def test_a_name_that_breaks_the_rules_of_xn_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=f"cannot be issued for one of .*{name}"):
        certificates.issue([name], tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_only_the_user_may_read_the_key(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    issued = certificates.issue([], folder)
    first = [stat.S_IMODE(path.stat().st_mode) for path in (folder, issued.key_path)]
    issued.key_path.chmod(0o644)

    certificates.issue([], folder)

    assert first == [0o700, 0o600]
    assert stat.S_IMODE(issued.key_path.stat().st_mode) == 0o600


def test_the_key_of_the_ca_is_not_kept(tmp_path: Path) -> None:
    issued = certificates.issue([], tmp_path)

    assert sorted(tmp_path.iterdir()) == sorted([issued.ca_path, issued.chain_path, issued.key_path])
    assert issued.key_path.read_bytes().count(b"BEGIN") == 1
    assert b"PRIVATE" not in issued.ca_path.read_bytes() + issued.chain_path.read_bytes()


def test_a_new_name_makes_a_new_certificate_that_covers_the_old_names_too(tmp_path: Path) -> None:
    before = contents(certificates.issue(["old.example"], tmp_path))

    issued = certificates.issue(["new.example"], tmp_path)

    assert stands_for(issued) == [*LOOPBACK, "new.example", "old.example"]
    assert not set(before) & set(contents(issued))
    assert contents(certificates.issue(["old.example"], tmp_path)) == contents(issued)


@pytest.mark.parametrize(("lifetime", "kept"), [(timedelta(hours=23), False), (timedelta(hours=25), True)])
def test_a_certificate_about_to_expire_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lifetime: timedelta, kept: bool
) -> None:
    monkeypatch.setattr(certificates, "LIFETIME", lifetime)
    before = contents(certificates.issue([], tmp_path))

    after = contents(certificates.issue([], tmp_path))

    assert (after == before) is kept


@pytest.mark.parametrize("part", ["ca", "chain", "key"])
@pytest.mark.parametrize("damage", ["gone", "cut", "of another"])
def test_what_does_not_fit_together_is_made_anew(tmp_path: Path, part: str, damage: str) -> None:
    path = tmp_path / "here" / f"connectorkit-{part}.pem"
    certificates.issue([], path.parent)
    if damage == "gone":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:100])
    else:
        certificates.issue([], tmp_path / "there")
        (tmp_path / "there" / path.name).replace(path)

    issued = certificates.issue([], path.parent)

    server = x509.load_pem_x509_certificate(issued.chain_path.read_bytes())
    server.verify_directly_issued_by(x509.load_pem_x509_certificate(issued.ca_path.read_bytes()))
    issued.server_context()  # refuses a key that does not fit


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(SettingsError, match=r"cannot be kept in .*file/folder \(.*\)\. Choose a folder"):
        certificates.issue([], tmp_path / "file" / "folder")


def test_a_server_speaks_nothing_older_than_tls_1_2(tmp_path: Path) -> None:
    context = certificates.issue([], tmp_path).server_context()

    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
