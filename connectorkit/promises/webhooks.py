"""Promises of section 9: app installs, notifications, their headers and signature, delivery and retries."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import Bench
from connectorkit.promises.model import Rows

rows = Rows()


@rows.promise(
    "P9.5-account",
    "A notification names the account in x-liveperson-account-id.",
    "9.5",
    {"the account": True},
    never="needs a webhook that the account can reach",
)
def _names_account(bench: Bench) -> Any:
    bench.subscribe("ms.MessagingEventNotification.ContentEvent")
    bench.say(bench.open())
    return {"the account": bench.told().headers.get("x-liveperson-account-id") == bench.account}


PROMISES = rows.all
