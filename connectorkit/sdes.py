"""Builders for engagement attributes (SDEs): structured facts about a consumer that the agent sees.

Only ``ctmrinfo`` and ``personal`` travel with a profile; the service ignores other types.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from connectorkit import wire
from connectorkit.checks import check_integer, check_one_of, check_text, require

SDE = dict[str, Any]


def customer_info(
    *,
    customer_id: str | None = None,
    customer_type: str | None = None,
    status: str | None = None,
    balance: float | None = None,
    currency: str | None = None,
    social_id: str | None = None,
    imei: str | None = None,
    user_name: str | None = None,
    company_size: int | None = None,
    company_branch: str | None = None,
    account_name: str | None = None,
    role: str | None = None,
    last_payment: dt.date | None = None,
    registered: dt.date | None = None,
    login_status: int | None = None,
) -> SDE:
    """A ``ctmrinfo`` entry: the consumer as the brand's customer.

    >>> customer_info(customer_id="C-77", customer_type="vip")
    {'type': 'ctmrinfo', 'info': {'customerId': 'C-77', 'ctype': 'vip'}}
    """
    texts = {
        "customerId": customer_id,
        "ctype": customer_type,
        "cstatus": status,
        "currency": currency,
        "socialId": social_id,
        "imei": imei,
        "userName": user_name,
        "companyBranch": company_branch,
        "accountName": account_name,
        "role": role,
    }
    info: dict[str, Any] = _texts(texts)
    if balance is not None:
        require(
            isinstance(balance, int | float) and not isinstance(balance, bool),
            "balance",
            f"must be a number, not {balance!r}",
            "Pass it as an int or a float.",
        )
        info["balance"] = balance
    for name, number in (("companySize", company_size), ("loginStatus", login_status)):
        if number is not None:
            check_integer(name, number)
            info[name] = number
    for name, day in (("lastPaymentDate", last_payment), ("registrationDate", registered)):
        if day is not None:
            info[name] = _date(name, day)
    return {"type": "ctmrinfo", "info": info}


def personal_info(
    *,
    first_name: str | None = None,
    last_name: str | None = None,
    born: dt.date | None = None,
    gender: str | None = None,
    language: str | None = None,
    company: str | None = None,
    contacts: Iterable[Mapping[str, Any]] = (),
) -> SDE:
    """A ``personal`` entry: the consumer as a person. ``contacts`` come from ``contact()``.

    >>> personal_info(first_name="Ana")
    {'type': 'personal', 'personal': {'firstname': 'Ana'}}
    """
    texts = {"firstname": first_name, "lastname": last_name, "language": language, "company": company}
    personal: dict[str, Any] = _texts(texts)
    if gender is not None:
        check_one_of("gender", gender, wire.GENDERS)
        personal["gender"] = gender
    if born is not None:
        personal["age"] = _date("born", born)
    entries = [dict(entry) for entry in contacts]
    if entries:
        personal["contacts"] = entries
    return {"type": "personal", "personal": personal}


def contact(
    *,
    email: str | None = None,
    phone: str | None = None,
    phone_type: str | None = None,
    country: str | None = None,
    region: str | None = None,
) -> dict[str, Any]:
    """One way to reach the consumer; ``country`` is a two-letter ISO 3166-1 code."""
    entry: dict[str, Any] = _texts({"email": email, "phone": phone})
    if phone_type is not None:
        check_one_of("phone_type", phone_type, wire.PHONE_TYPES)
        entry["phoneType"] = phone_type
    if country is not None:
        check_text("country", country)
        require(len(country) == 2, "country", f"is {country!r}", 'Use a two-letter code such as "DE".')
    address = _texts({"country": country, "region": region})
    return entry | ({"address": address} if address else {})


def _texts(members: Mapping[str, str | None]) -> dict[str, Any]:
    present = {name: value for name, value in members.items() if value is not None}
    for name, value in present.items():
        check_text(name, value, empty=True)
    return present


def _date(name: str, day: dt.date) -> dict[str, int]:
    require(
        isinstance(day, dt.date), name, f"must be a date, not {day!r}", "Pass datetime.date(2026, 1, 31)."
    )
    return {"day": day.day, "month": day.month, "year": day.year}
