"""What a profile may hold: its own members and the two kinds of engagement attributes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from connectorkit import wire
from connectorkit.sandbox.members import Members, is_integer
from connectorkit.sandbox.refusals import bad

_TEXTS = ("firstName", "lastName", "userId", "avatarUrl", "backgndImgUri", "role", "description")
_PUSH_TEXTS = ("serviceName", "certName", "token")
_CUSTOMER_TEXTS = (
    "ctype",
    "cstatus",
    "customerId",
    "currency",
    "socialId",
    "imei",
    "userName",
    "companyBranch",
    "accountName",
    "role",
)
_SDE_TYPES = ("ctmrinfo", "personal")
_CUSTOMER_UNSUPPORTED = ("storeZipCode", "storeNumber")  # in the authenticated flow
_CUSTOMER_INTEGERS = ("companySize", "loginStatus")
_CUSTOMER_DATES = ("lastPaymentDate", "registrationDate")
_PERSON_TEXTS = ("firstname", "lastname", "language", "company")
_OLD_GENDERS = dict(enumerate(wire.GENDERS))  # a table of the documents numbers them (R52)


def check_profile(body: Members) -> None:
    """Refuse wrong members of a ``userprofile.SetUserProfile`` body; all of them are optional."""
    for name in _TEXTS:
        if name in body.value:
            body.text(name)
    if private := body.inner("privateData"):
        private.text("mobileNum")
        private.text("mail")
        if push := private.inner("pushNotificationData"):
            for name in _PUSH_TEXTS:
                push.text(name)
    if data := body.inner("authenticatedData"):
        for sde in data.objects("lp_sdes"):
            _check_sde(sde)


def stored(body: Members, warn: Callable[[str], None], today: Callable[[], date]) -> dict[str, Any]:
    """The members to replace in the stored profile (R63), without attributes that are not supported (R71).

    ``today`` tells the day, for the age of who states a date of birth alone.
    """
    members = {name: value for name, value in body.value.items() if value is not None}
    data = members.get("authenticatedData")
    if isinstance(data, dict) and data.get("lp_sdes"):
        kept = [_supported(sde, warn) for sde in data["lp_sdes"] if _is_known(sde, warn)]
        members["authenticatedData"] = data | {"lp_sdes": [_with_age(sde, today()) for sde in kept]}
    return members


def _is_known(sde: dict[str, Any], warn: Callable[[str], None]) -> bool:
    if sde["type"] in _SDE_TYPES:
        return True
    warn(f"Attributes of type {sde['type']} are not supported and were ignored")
    return False


def _supported(sde: dict[str, Any], warn: Callable[[str], None]) -> dict[str, Any]:
    info = sde.get("info")
    if sde["type"] != "ctmrinfo" or not isinstance(info, dict):
        return sde
    for name in _CUSTOMER_UNSUPPORTED:
        if name in info:
            warn(f"{name} is not supported here and was dropped")
    return sde | {"info": {n: value for n, value in info.items() if n not in _CUSTOMER_UNSUPPORTED}}


def _with_age(sde: dict[str, Any], today: date) -> dict[str, Any]:
    person = sde.get("personal")
    born = person.get("age") if sde["type"] == "personal" and isinstance(person, dict) else None
    if not isinstance(person, dict) or not isinstance(born, dict) or born.get("age") is not None:
        return sde
    year, month, day = (born.get(part) for part in ("year", "month", "day"))
    if year is None or month is None or day is None:
        return sde
    age = today.year - year - ((today.month, today.day) < (month, day))
    return sde | {"personal": person | {"age": born | {"age": age}}}


def _check_sde(sde: Members) -> None:
    kind = sde.text("type", required=True)
    if kind == "ctmrinfo" and (info := sde.inner("info")):
        for name in _CUSTOMER_TEXTS:
            info.text(name)
        for name in _CUSTOMER_INTEGERS:
            info.integer(name)
        for name in _CUSTOMER_DATES:
            if date := info.inner(name):
                for part in ("day", "month", "year"):
                    date.integer(part, required=True)
        info.number("balance")
    elif kind == "personal" and (person := sde.inner("personal")):
        _check_person(person)


def _check_person(person: Members) -> None:
    for name in _PERSON_TEXTS:
        person.text(name)
    if age := person.inner("age"):
        for part in ("age", "year", "month", "day"):
            age.integer(part)
    gender = person.value.get("gender")
    if is_integer(gender) and gender in _OLD_GENDERS:
        person.value["gender"] = _OLD_GENDERS[gender]
    person.choice("gender", wire.GENDERS)
    for contact in person.objects("contacts"):
        for name in ("email", "phone"):
            contact.text(name)
        # Real clients send empty strings here.
        if contact.value.get("phoneType") not in (None, "", *wire.PHONE_TYPES):
            raise bad(f"{contact.path('phoneType')} must be one of {', '.join(wire.PHONE_TYPES)}")
        if address := contact.inner("address"):
            address.text("country")
            address.text("region")
