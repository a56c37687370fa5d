"""Breaks Q1 to Q51."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

DEFECTS = {
    "Q3": Breaks(
        "sandbox/messaging.py",
        '            return request.ok({"sequence": '
        "_publish(body, account, consumer_id, metadata, features)})\n",
        "            known = account.__dict__.setdefault('_known', {})\n"
        "            key = consumer_id, body.value['dialogId'], request.id\n"
        "            if key not in known or request.id != '3':\n"
        "                known[key] = _publish(body, account, consumer_id, metadata, features)\n"
        "            return request.ok({'sequence': known[key]})\n",
    ),
}
