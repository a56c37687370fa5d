"""Promises of section 11.6: engagement attributes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from connectorkit.promises.bench import TYPES, Bench, NotReady, at
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import profile

rows = Rows()
_SANDBOX = "needs a look at what is stored"
_CONTENT, _CHANGE = TYPES[0], TYPES[4]
_CUSTOMER_TEXTS = (
    *("ctype", "cstatus", "customerId", "currency", "socialId", "imei", "userName"),
    *("companyBranch", "accountName", "role"),
)
_DATE = {"day": 1, "month": 2, "year": 2024}


def _customer(**members: Any) -> dict[str, Any]:
    return {"type": "ctmrinfo", "info": members}


def _person(**members: Any) -> dict[str, Any]:
    return {"type": "personal", "personal": members}


def _setting(bench: Bench, *entries: Any) -> str:
    return bench.send(profile({"authenticatedData": {"lp_sdes": list(entries)}})).taken


def _stored(bench: Bench, *entries: Any) -> list[Any]:
    """The entries that are stored of those that were sent."""
    bench.did(profile({"authenticatedData": {"lp_sdes": list(entries)}}))
    kept = at(bench.profile(), "authenticatedData", "lp_sdes")
    if not isinstance(kept, list):
        raise NotReady("no attributes were stored")
    return kept


# --- 11.6: engagement attributes ---------------------------------------------------------------------


@rows.promise(
    "P11.6-texts",
    "In a ctmrinfo these members are texts.",
    "11.6",
    {name: "text taken, number refused" for name in _CUSTOMER_TEXTS},
    never=_SANDBOX,
)
def _texts(bench: Bench) -> Any:
    def both(name: str) -> str:
        text, number = (_setting(bench, _customer(**{name: value})) for value in ("Some", 7))
        return f"text {text}, number {number}"

    return {name: both(name) for name in _CUSTOMER_TEXTS}


@rows.promise(
    "P11.6-integers",
    "companySize and loginStatus are integers.",
    "11.6",
    {"companySize": "integer taken, text refused", "loginStatus": "integer taken, text refused"},
    never=_SANDBOX,
)
def _integers(bench: Bench) -> Any:
    def both(name: str) -> str:
        integer, text = (_setting(bench, _customer(**{name: value})) for value in (7, "seven"))
        return f"integer {integer}, text {text}"

    return {name: both(name) for name in ("companySize", "loginStatus")}


@rows.promise(
    "P11.6-balance",
    "balance is a number.",
    "11.6",
    {"17": "taken", "-99.95": "taken", "text": "refused"},
    never=_SANDBOX,
)
def _balance(bench: Bench) -> Any:
    given = {"17": 17, "-99.95": -99.95, "text": "17"}
    return {name: _setting(bench, _customer(balance=value)) for name, value in given.items()}


@rows.promise(
    "P11.6-dates",
    "lastPaymentDate and registrationDate have day, month and year, all three.",
    "11.6",
    {
        "lastPaymentDate": ["taken", "refused", "refused", "refused"],
        "registrationDate": ["taken", "refused", "refused", "refused"],
    },
    never=_SANDBOX,
)
def _dates(bench: Bench) -> Any:
    given = [_DATE, *({k: v for k, v in _DATE.items() if k != part} for part in _DATE)]
    return {
        name: [_setting(bench, _customer(**{name: value})) for value in given]
        for name in ("lastPaymentDate", "registrationDate")
    }


@rows.promise(
    "P11.6-unsupported",
    "storeZipCode and storeNumber are dropped, with a warning of each.",
    "11.6",
    {"stored": {"customerId": "C-17"}, "warned of": ["storeNumber", "storeZipCode"]},
    never=_SANDBOX,
)
def _unsupported(bench: Bench) -> Any:
    kept = _stored(bench, _customer(customerId="C-17", storeZipCode="1010", storeNumber="4"))
    names = ("storeNumber", "storeZipCode")
    warned = bench.warned()
    return {
        "stored": at(kept, 0, "info"),
        "warned of": [name for name in names if any(name in one for one in warned)],
    }


@rows.promise(
    "P11.6-other-types",
    "An attribute of another type is ignored, with a warning.",
    "11.6, R71",
    {"stored": ["personal"], "warned of": True},
    never=_SANDBOX,
)
def _other_types(bench: Bench) -> Any:
    kept = _stored(bench, {"type": "cart", "total": 7}, _person(firstname="Ana"))
    return {
        "stored": [at(one, "type") for one in kept],
        "warned of": any("cart" in one for one in bench.warned()),
    }


@rows.promise(
    "P11.6-auth",
    "Each entry may carry auth with amr and iss.",
    "11.6",
    {"auth": {"amr": ["pwd"], "iss": "https://id.promise.example"}},
    never=_SANDBOX,
)
def _auth(bench: Bench) -> Any:
    auth = {"amr": ["pwd"], "iss": "https://id.promise.example"}
    return {"auth": at(_stored(bench, {**_customer(ctype="vip"), "auth": auth}), 0, "auth")}


@rows.promise(
    "P11.6-person",
    "In a personal, firstname, lastname, language and company are texts.",
    "11.6",
    {name: "text taken, number refused" for name in ("firstname", "lastname", "language", "company")},
    never=_SANDBOX,
)
def _person_texts(bench: Bench) -> Any:
    def both(name: str) -> str:
        text, number = (_setting(bench, _person(**{name: value})) for value in ("Some", 7))
        return f"text {text}, number {number}"

    return {name: both(name) for name in ("firstname", "lastname", "language", "company")}


@rows.promise(
    "P11.6-age",
    "age has age, year, month and day, all integers.",
    "11.6",
    {"integers": "taken", "a text as year": "refused"},
    never=_SANDBOX,
)
def _age(bench: Bench) -> Any:
    good = {"age": 34, "year": 1990, "month": 4, "day": 2}
    return {
        "integers": _setting(bench, _person(age=good)),
        "a text as year": _setting(bench, _person(age={**good, "year": "1990"})),
    }


@rows.promise(
    "P11.6-computed",
    "Where age is absent, it is computed from the date of birth.",
    "11.6",
    {"a birthday today": 30, "a birthday tomorrow": 29},
    never=_SANDBOX,
)
def _computed(bench: Bench) -> Any:
    def age(birthday: date) -> Any:
        born = {"year": birthday.year - 30, "month": birthday.month, "day": birthday.day}
        return at(_stored(bench, _person(age=born)), 0, "personal", "age", "age")

    today = bench.sandbox.now().date()
    return {"a birthday today": age(today), "a birthday tomorrow": age(today + timedelta(days=1))}


@rows.promise(
    "P11.6-contacts",
    "contacts is an array of email, phone, phoneType and an address of country and region.",
    "11.6",
    {"an array": "taken", "an object": "refused", "a number as region": "refused"},
    never=_SANDBOX,
)
def _contacts(bench: Bench) -> Any:
    address = {"country": "AT", "region": "Wien"}
    contact = {"email": "a@promise.example", "phone": "+431", "phoneType": "HOME", "address": address}
    return {
        "an array": _setting(bench, _person(contacts=[contact])),
        "an object": _setting(bench, _person(contacts=contact)),
        "a number as region": _setting(bench, _person(contacts=[{"address": {**address, "region": 9}}])),
    }


@rows.promise(
    "P11.6-phone-types",
    "phoneType is HOME, MOBILE, WORK, FAX, MAIN, HOME_FAX, WORK_FAX, PAGER or OTHER.",
    "11.6",
    {
        **dict.fromkeys(("HOME", "MOBILE", "WORK", "FAX", "MAIN", "HOME_FAX", "WORK_FAX"), "taken"),
        **{"PAGER": "taken", "OTHER": "taken", "CELL": "refused"},
    },
    never=_SANDBOX,
)
def _phone_types(bench: Bench) -> Any:
    kinds = ("HOME", "MOBILE", "WORK", "FAX", "MAIN", "HOME_FAX", "WORK_FAX", "PAGER", "OTHER", "CELL")
    return {kind: _setting(bench, _person(contacts=[{"phone": "+431", "phoneType": kind}])) for kind in kinds}


@rows.promise(
    "P11.6-gender",
    "gender is MALE, FEMALE or OTHER.",
    "11.6",
    {"MALE": "taken", "FEMALE": "taken", "OTHER": "taken", "male": "refused"},
    never=_SANDBOX,
)
def _gender(bench: Bench) -> Any:
    return {name: _setting(bench, _person(gender=name)) for name in ("MALE", "FEMALE", "OTHER", "male")}


@rows.promise(
    "P11.6-old-gender",
    "The old numbers 0, 1 and 2 are converted.",
    "11.6, R52",
    {"0": "MALE", "1": "FEMALE", "2": "OTHER"},
    never=_SANDBOX,
)
def _old_gender(bench: Bench) -> Any:
    return {str(one): at(_stored(bench, _person(gender=one)), 0, "personal", "gender") for one in (0, 1, 2)}


PROMISES = rows.all
