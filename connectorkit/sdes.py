"""Builders for engagement attributes (SDEs): structured facts about a consumer that the agent sees.

Only ``ctmrinfo`` and ``personal`` travel with a profile; the service ignores other types.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping
from typing import Any

from connectorkit import wire
from connectorkit.checks import check_integer, check_list, check_one_of, check_text, require, texts

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
    info = texts(
        ("customerId", "customer_id", customer_id),
        ("ctype", "customer_type", customer_type),
        ("cstatus", "status", status),
        ("currency", "currency", currency),
        ("socialId", "social_id", social_id),
        ("imei", "imei", imei),
        ("userName", "user_name", user_name),
        ("companyBranch", "company_branch", company_branch),
        ("accountName", "account_name", account_name),
        ("role", "role", role),
    )
    if balance is not None:
        require(
            isinstance(balance, int | float) and not isinstance(balance, bool) and math.isfinite(balance),
            "balance",
            f"must be a finite number, not {balance!r}",
            "Pass it as an int or a float.",
        )
        info["balance"] = balance
    for name, argument, number in (
        ("companySize", "company_size", company_size),
        ("loginStatus", "login_status", login_status),
    ):
        if number is not None:
            check_integer(argument, number)
            info[name] = number
    for name, argument, day in (
        ("lastPaymentDate", "last_payment", last_payment),
        ("registrationDate", "registered", registered),
    ):
        if day is not None:
            info[name] = _date(argument, day)
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
    personal = texts(
        ("firstname", "first_name", first_name),
        ("lastname", "last_name", last_name),
        ("language", "language", language),
        ("company", "company", company),
    )
    if gender is not None:
        check_one_of("gender", gender, wire.GENDERS)
        personal["gender"] = gender
    if born is not None:
        personal["age"] = _date("born", born)
    check_list("contacts", contacts)
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
    entry = texts(("email", "email", email), ("phone", "phone", phone))
    if phone_type is not None:
        check_one_of("phone_type", phone_type, wire.PHONE_TYPES)
        entry["phoneType"] = phone_type
    if country is not None:
        check_text("country", country)
        two_letters = len(country) == 2 and country.isalpha()
        require(two_letters, "country", f"is {country!r}", 'Use a two-letter code such as "DE".')
    address = texts(("country", "country", country), ("region", "region", region))
    return entry | ({"address": address} if address else {})


def _date(name: str, day: dt.date) -> dict[str, int]:
    require(
        isinstance(day, dt.date), name, f"must be a date, not {day!r}", "Pass datetime.date(2026, 1, 31)."
    )
    return {"day": day.day, "month": day.month, "year": day.year}
