"""``connectorkit receive``: a receiver in the foreground, and what it prints of each notification."""

from __future__ import annotations

import json
import os
import queue
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from connectorkit import notices, settings, words
from connectorkit.errors import SettingsError
from connectorkit.log import Log, Notification
from connectorkit.receiver import Receiver


def receive(
    host: str,
    port: int,
    *,
    log: str | None = None,
    certificate: str | None = None,
    key: str | None = None,
    tls: bool = False,
    certificates: Path | None = None,
    as_json: bool = False,
) -> None:
    """Record the configured account's notifications and print a line for each, until interrupted.

    Prints one line of JSON when ready. ``tls`` makes a certificate, for this run or in the folder
    ``certificates`` for later ones too. Raises ``SettingsError``
    without an account or where the address cannot be had, ``LogError`` where the log cannot be written.
    """
    account = settings.load(log=log)
    if account is None:
        raise SettingsError(
            "No account is configured, so no signature can be verified. Set "
            f"{', '.join(settings.NEEDED_VARIABLES)} to those of the app that is notified."
        )
    ready = {"account_id": account.account_id, "client_id": account.client_id}
    with tempfile.TemporaryDirectory() as folder:
        if tls:
            from connectorkit.certificates import issue

            names = [] if host in ("0.0.0.0", "::") else [host]  # noqa: S104
            made = issue(names, certificates or Path(folder))
            certificate, key = str(made.chain_path), str(made.key_path)
            ready["ca_path"] = str(made.ca_path.absolute())
        receiver = Receiver(
            client_secret=account.client_secret,
            account_id=account.account_id,
            client_id=account.client_id,
            host=host,
            port=port,
            certificate=certificate,
            key=key,
        )
        _serve(receiver, Log(account.log), ready, show_json if as_json else show_line)


def _serve(receiver: Receiver, log: Log, ready: dict[str, str], show: Callable[[Notification], None]) -> None:
    recorded: queue.Queue[Notification] = queue.Queue()

    def record(notification: Notification) -> Notification:
        kept = log.append_notification(notification)
        # Printed on this thread: whoever reads slowly must not hold up an answer.
        recorded.put(kept)
        return kept

    receiver.subscribe(record)
    with receiver:
        print(json.dumps({"url": receiver.url, "log": log.path, "pid": os.getpid()} | ready), flush=True)
        if sys.stdout.isatty():
            print("Ready. Press Ctrl+C to stop.", file=sys.stderr)
        while True:
            try:
                show(recorded.get(timeout=1))  # with a timeout, as Windows interrupts no endless wait
            except queue.Empty:
                continue


def show_line(notification: Notification) -> None:
    """Print time (UTC), who did it, what happened, and the verdict, in one line."""
    (change, *more) = notices.read([notification])
    what = words.of_change(change) + (f" and {len(more)} more" if more else "")
    parts = _time(notification)[11:-1], change.originator_role or "-", what
    line = "{}  {:14}  {}".format(*map(_harmless, parts)) + f"  [{notification.signature}]"
    encoding = sys.stdout.encoding or "utf-8"  # which may not have every character
    print(line.encode(encoding, "backslashreplace").decode(encoding), flush=True)


def show_json(notification: Notification) -> None:
    """Print a notification as a line of JSON; what it says of its first change, named as in the frames."""
    change = notices.read([notification])[0]
    members = {
        "notification_id": notification.notification_id,
        "received_at": _time(notification),
        "type": change.type,
        "event_type": change.event_type,
        "conversation_id": change.conversation_id,
        "dialog_id": change.dialog_id,
        "sequence": change.sequence,
        "originator_role": change.originator_role,
        "what": words.of_change(change),
        "signature": notification.signature,
        "status_code": notification.status_code,
        "body": notification.body,
    }
    print(json.dumps(members), flush=True)


def _harmless(text: str) -> str:
    """One line, without anything that a terminal would obey."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _time(notification: Notification) -> str:
    moment = datetime.fromtimestamp(notification.received_at // 1_000_000 / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
