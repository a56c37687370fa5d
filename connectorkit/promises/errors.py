"""Promises of section 8: the error object, its numbers, refusals, and what a client does about them."""

from __future__ import annotations

from connectorkit.promises.model import Rows
from connectorkit.promises.played import scenario

rows = Rows()

rows.add(
    "P8.1-40104",
    "A missing ConsumerJWS has the errorCode 40104 and its documented texts.",
    "8.1",
    scenario("missing-consumer-jws", "body.errorCode", "body.title", "body.details"),
)

PROMISES = rows.all
