"""The signature lab, as a function and as a panel: each cause, and what is shown of it."""

from __future__ import annotations

import base64
import doctest
import hmac
import os
from types import SimpleNamespace
from typing import Any

import ipywidgets
import pytest
from test_markup import read
from test_signature import GREETING, HELLO, MISTAKES, SECRET, signed

import connectorkit as ck
from connectorkit import bytewise, laboratory, widgets
from connectorkit.errors import SettingsError
from connectorkit.laboratory import Diagnosis, correction, signature_lab
from connectorkit.redact import Redactor, Secret
from connectorkit.signature import CAUSES, sign, verify

by_mistake = pytest.mark.parametrize(
    ("cause", "header", "body", "options"),
    [(cause, header, body, options) for cause, _, header, body, options in MISTAKES],
    ids=[f"{cause}: {how}" for cause, how, *_ in MISTAKES],
)


@by_mistake
def test_each_cause_is_named_and_explained(
    cause: str, header: Any, body: Any, options: dict[str, Any]
) -> None:
    found = signature_lab(body, header, **{"secret": SECRET} | options)

    assert found.cause == cause
    assert CAUSES[cause] in found._repr_html_() or CAUSES[cause].replace("'", "&#x27;") in found._repr_html_()
    assert not found
    assert found.code == correction(
        cause, options.get("algorithm", "sha1"), options.get("encoding", "base64")
    )


@by_mistake
def test_what_is_expected_is_valid(cause: str, header: Any, body: Any, options: dict[str, Any]) -> None:
    found = signature_lab(body, header, **{"secret": SECRET} | options)

    if not isinstance(body, bytes) or not options.get("secret", SECRET):
        assert found.expected == ""
    else:
        assert verify(body, found.expected, **{"secret": SECRET} | options)


@by_mistake
def test_what_is_shown_fits_a_screen_and_has_neither_secret_nor_markup(
    cause: str, header: Any, body: Any, options: dict[str, Any]
) -> None:
    found = signature_lab(body, header, **{"secret": SECRET} | options)

    assert max(len(line) for line in repr(found).splitlines()) <= 80
    assert (options.get("secret") or SECRET) not in repr(found) + found._repr_html_()
    read(found._repr_html_())


def test_a_valid_signature_is_said_to_be_one() -> None:
    found = signature_lab(HELLO, "sha1=Uf6rGcwn62FBGNwDyyVXCl1AaUw=", SECRET)

    assert found
    assert (found.cause, found.picture, found.signed) == ("valid", "", "")
    assert found.expected == found.given


def test_a_bad_body_is_shown_where_it_begins_to_differ() -> None:
    found = signature_lab(GREETING, signed(GREETING.decode().encode("ascii", "replace")), SECRET)

    assert found.signed == "The body with a question mark for each character that is not ASCII."
    assert found.picture == (
        'given    61 67 65 22 3a 22 47 72 c3 bc c3 9f 65 20 f0 9f  age":"Gr....e ..\n'
        'signed   61 67 65 22 3a 22 47 72 3f 3f 65 20 3f 22 2c 22  age":"Gr??e ?","\n'
        "                                 ^^\n"
        "The first difference is at byte 87, counted from 0.\n"
        "186 bytes were given, 181 were signed."
    )


def test_a_bad_header_is_shown_where_it_begins_to_differ() -> None:
    found = signature_lab(HELLO, "sha1=Uf6rGcwn62FBGNwDyyVX", SECRET)

    assert found.picture == (
        "given    sha1=Uf6rGcwn62FBGNwDyyVX\n"
        "expected sha1=Uf6rGcwn62FBGNwDyyVXCl1AaUw=\n"
        "                                  ^\n"
        "The first difference is at character 25, counted from 0."
    )


@pytest.mark.parametrize(
    ("key", "how"),
    [
        (SECRET + "\n", "The key was the secret with a newline at its end."),
        (f'"{SECRET}"', "The key was the secret with double quotes around it."),
        (SECRET.upper(), "The key was the secret in capitals."),
    ],
)
def test_a_bad_key_is_described_and_not_shown(key: str, how: str) -> None:
    found = signature_lab(HELLO, sign(HELLO, key), SECRET)

    assert (found.cause, found.signed, found.picture) == ("key-altered", how, "")


def test_another_secret_is_told_by_length_and_fingerprint_of_the_one_tried() -> None:
    found = signature_lab(HELLO, sign(HELLO, "another"), SECRET)

    assert found.signed.endswith(f"19 characters, fingerprint {Secret(SECRET).fingerprint}.")


# --- As it was copied --------------------------------------------------------------------------------

TEXT = GREETING.decode()
COPIES = {
    "text": (TEXT, laboratory.TEXT),
    "Python bytes": (repr(GREETING), laboratory.ESCAPED),
    "Python text": (repr(TEXT), laboratory.ESCAPED),
    "inside of a JSON string": (TEXT.replace('"', '\\"'), laboratory.ESCAPED),
    "hexadecimal": (GREETING.hex(), laboratory.HEX),
    "hexadecimal in lines": (GREETING.hex(" ", 4).replace(" ", "\n"), laboratory.HEX),
    "hexadecimal with colons": (GREETING.hex(":"), laboratory.HEX),
    "Base64": (base64.b64encode(GREETING).decode(), laboratory.BASE64),
    "Base64 in lines": (base64.encodebytes(GREETING).decode(), laboratory.BASE64),
}


@pytest.mark.parametrize(("copied", "form"), COPIES.values(), ids=COPIES)
@pytest.mark.parametrize("told", [True, False], ids=["told", "found out"])
def test_a_body_is_read_as_it_was_copied(copied: str, form: str, told: bool) -> None:
    found = signature_lab(copied, signed(), SECRET, form=form if told else laboratory.AUTO)

    assert found.cause == "valid"


@pytest.mark.parametrize("copied", [text for text, form in COPIES.values()], ids=COPIES)
def test_a_mistake_is_found_through_the_copy(copied: str) -> None:
    in_ascii = signed(TEXT.encode("ascii", "replace"))

    assert signature_lab(copied, in_ascii, SECRET).cause == "ascii-encoded"


@pytest.mark.parametrize("copied", [text for text, form in COPIES.values()], ids=COPIES)
def test_what_is_expected_belongs_to_the_body_and_not_to_the_copy(copied: str) -> None:
    assert signature_lab(copied, sign(GREETING, "another"), SECRET).expected == signed()


def test_a_newline_that_was_copied_with_it_is_named() -> None:
    found = signature_lab(TEXT + "\n", signed(), SECRET)

    assert found.cause == "body-altered"
    assert found.signed == "The body without the blanks and newlines around it."
    assert "at byte 186" in found.picture


@pytest.mark.parametrize("form", [laboratory.ESCAPED, laboratory.HEX, laboratory.BASE64])
def test_a_body_that_is_not_of_its_form_is_a_sentence(form: str) -> None:
    with pytest.raises(SettingsError, match='Copy it once more, or use form="auto"'):
        signature_lab("{no: such}", signed(), SECRET, form=form)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"form": "rot13"}, "form is 'rot13', allowed are auto, text, escaped, hex, base64"),
        ({"algorithm": "md5"}, "algorithm is 'md5', allowed are sha1, sha256"),
        ({"encoding": "utf-8"}, "encoding is 'utf-8', allowed are base64, hex"),
    ],
)
def test_an_unknown_option_is_a_sentence(options: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        signature_lab(TEXT, signed(), SECRET, **options)


@pytest.mark.parametrize("body", ["'" + "(" * 5000, "b'\\xzz'", "\\u12", "\ud83d", '"' * 3, ""])
def test_no_copy_is_too_strange(body: str) -> None:
    assert signature_lab(body, signed(), SECRET).cause == "wrong-secret"


# --- What is shown -----------------------------------------------------------------------------------


@pytest.mark.parametrize("cause", ["valid", *CAUSES])
@pytest.mark.parametrize(("algorithm", "encoding"), [("sha1", "base64"), ("sha256", "hex")])
def test_the_code_verifies(
    cause: str, algorithm: str, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = sign(GREETING, SECRET, algorithm, encoding)
    monkeypatch.setenv("CONNECTORKIT_CLIENT_SECRET", SECRET)
    request = SimpleNamespace(body=GREETING, headers={"x-liveperson-signature": header})
    names: dict[str, Any] = {"base64": base64, "hmac": hmac, "os": os, "request": request}
    names |= {"body": GREETING, "header": header, "secret": SECRET}

    exec(correction(cause, algorithm, encoding), names)

    assert names["valid"] is True


@pytest.mark.parametrize(
    "hostile", ["<img src=x onerror=alert(1)>", "\x1b[2J", "A" * 5000, "sha1=\u202eevil"]
)
def test_whatever_is_pasted_is_shown_as_harmless_text(hostile: str) -> None:
    found = signature_lab(hostile, hostile, SECRET)

    assert "<img" not in found._repr_html_()
    assert "\x1b" not in repr(found)
    assert "\u202e" not in repr(found)
    assert len(found.given) <= 71


def test_what_a_kit_knows_to_be_secret_is_not_shown() -> None:
    token = "a-token-that-nobody-may-see-0123456789"
    redactor = Redactor(Secret(token))

    found = signature_lab("{}", token, SECRET)

    assert token not in repr(found)
    assert redactor.text(found.given) == found.given


def test_the_first_difference_is_found_in_a_large_body() -> None:
    large = b"x" * 1_000_000

    assert bytewise.first_difference(large, large[:700_000] + b"y" + large[700_001:]) == 700_000
    assert bytewise.first_difference(large, large[:-1]) == 999_999
    assert bytewise.first_difference(large, large) == -1


def test_the_example_is_true() -> None:
    assert doctest.testmod(laboratory).failed == 0


# --- The panel ---------------------------------------------------------------------------------------


@pytest.fixture
def lab() -> widgets.SignatureLab:
    return widgets.signature_lab()


def shown(lab: widgets.SignatureLab) -> str:
    return str(lab._result.value)


def state(lab: widgets.SignatureLab) -> str:
    """All that a notebook could save of the panel."""
    models, seen = [lab], ""
    while models:
        widget = models.pop()
        seen += repr(widget.get_state())
        models += [child for child in getattr(widget, "children", ()) if isinstance(child, ipywidgets.Widget)]
    return seen


def press(lab: widgets.SignatureLab, label: str) -> None:
    inside = [child for row in lab.children for child in getattr(row, "children", ())]
    next(child for child in inside if child.description == label).click()


def test_the_panel_names_the_cause_of_what_was_pasted(lab: widgets.SignatureLab) -> None:
    lab.body.value, lab.header.value = TEXT, signed(TEXT.encode("ascii", "replace"))
    lab.secret.value = SECRET

    press(lab, "Check")

    assert "Signature: ascii-encoded" in shown(lab)
    assert signed() in shown(lab)


@pytest.mark.parametrize(
    ("cause", "header", "body", "options"),
    [
        (cause, header, body, options)
        for cause, _, header, body, options in MISTAKES
        if isinstance(body, bytes) and isinstance(header, str | None)
    ],
)
def test_each_cause_is_named_in_the_panel(
    cause: str, header: str | None, body: bytes, options: dict[str, Any]
) -> None:
    lab = widgets.signature_lab()
    lab.algorithm.value = options.get("algorithm", "sha1")
    lab.encoding.value = options.get("encoding", "base64")

    found = lab.submit(body.hex(), header or "", options.get("secret", SECRET) or "", form=laboratory.HEX)

    assert found.cause == cause
    assert f"Signature: {cause}" in shown(lab)


def test_a_secret_leaves_its_field_at_once_and_is_in_no_state(lab: widgets.SignatureLab) -> None:
    lab.secret.value = SECRET

    assert lab.secret.value == ""
    assert "19 characters" in lab.secret.placeholder
    lab.submit(TEXT, sign(GREETING, "another"))
    assert SECRET not in state(lab) + repr(lab) + repr(vars(lab))


def test_a_secret_given_to_submit_is_in_no_state_either(lab: widgets.SignatureLab) -> None:
    lab.submit(TEXT, signed(), SECRET)

    assert lab.diagnosis
    assert SECRET not in state(lab)


def test_a_forgotten_secret_is_gone_with_what_was_made_with_it(lab: widgets.SignatureLab) -> None:
    lab.submit(TEXT, sign(GREETING, "another"), SECRET)

    press(lab, "Forget the secret")

    assert signed() not in state(lab)
    assert lab.submit().expected == ""


def test_a_second_check_uses_the_secret_that_was_kept(lab: widgets.SignatureLab) -> None:
    lab.submit(TEXT, signed(), SECRET)

    assert lab.submit(header=signed() + "x").cause == "header-malformed"


def test_enter_in_the_header_checks(lab: widgets.SignatureLab) -> None:
    lab.secret.value = SECRET
    lab.body.value, lab.header.value = TEXT, signed()

    lab.header._handle_custom_msg({"event": "submit"}, [])

    assert "Signature: valid" in shown(lab)


def test_a_body_that_cannot_be_read_is_said_in_the_panel_and_raised_to_a_cell(
    lab: widgets.SignatureLab,
) -> None:
    lab.body.value, lab.form.value = "{}", laboratory.HEX

    press(lab, "Check")
    with pytest.raises(SettingsError, match="cannot be read as hexadecimal"):
        lab.submit()

    assert "cannot be read as hexadecimal" in shown(lab)
    assert lab.diagnosis is None


def test_every_field_has_a_label_and_a_tooltip(lab: widgets.SignatureLab) -> None:
    fields = [lab.body, lab.form, lab.header, lab.secret, lab.algorithm, lab.encoding]

    assert all(field.description and field.tooltip for field in fields)


def test_the_plain_form_of_the_panel_is_a_sentence(lab: widgets.SignatureLab) -> None:
    assert "nothing checked yet; run the notebook" in repr(lab)
    lab.submit(TEXT, signed(), SECRET)
    assert "valid" in repr(lab)


def test_the_function_is_at_the_top() -> None:
    assert isinstance(ck.signature_lab(TEXT, signed(), SECRET), Diagnosis)
