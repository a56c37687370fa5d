"""Breaks the rulings on notifications: the sandbox then follows the other reading."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_NOTICES, _MANIFEST = "sandbox/notices.py", "sandbox/manifest.py"
_WRAPPED = "    body = _envelope(wire.MESSAGING_NOTIFICATION, change)\n"
_UNKNOWN = "        if key not in _WEBHOOK_KEYS:\n"


def _also(key: str) -> str:
    """The webhooks may have this key as well."""
    return f"        if key not in (*_WEBHOOK_KEYS, 'ms.MessagingEventNotification.{key}'):\n"


# The ruling is one of both names, and says what each contradiction is about.
_MISSPELT = {"R9.3-misspelt": "it rules on this name as well"}

DEFECTS = {
    "X44": Breaks(
        _NOTICES,
        _WRAPPED,
        "    if event.get('message') == 'Whose text is this?':\n"
        "        del change['conversationId']\n" + _WRAPPED,
    ),
    "X45": Breaks(
        _NOTICES,
        _WRAPPED,
        _WRAPPED + "    if event.get('message') == 'How many changes are there?':\n"
        "        body['body']['changes'].append(change)\n",
    ),
    "X46": Breaks(
        _NOTICES,
        "    return Event(wire.CONVERSATION_NOTIFICATION, ",
        "    if conversation.skill_id == '46':\n"
        "        body['body']['subscriptionId'] = conversation.id\n"
        "    return Event(wire.CONVERSATION_NOTIFICATION, ",
    ),
    "X47": Breaks(_MANIFEST, _UNKNOWN, _also("AccpetStatusEvent"), _MISSPELT),
    "X48": Breaks(_MANIFEST, _UNKNOWN, _also("ExConversationChangeNotification"), _MISSPELT),
    "X49": Breaks(
        "sandbox/sender.py",
        "            error = None if status in _SUCCESS else ",
        "            any_2xx = ('X-Promise', 'x49') in webhook.headers\n"
        "            fine = status in _SUCCESS or (any_2xx and status < 300)\n"
        "            error = None if fine else ",
    ),
}
