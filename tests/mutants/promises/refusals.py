"""Breaks the promises of section 8.3."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_SERVICES, _MESSAGING, _REFUSALS = "sandbox/services.py", "sandbox/messaging.py", "sandbox/refusals.py"
_ROUTING, _FAULTS = "sandbox/routing.py", "sandbox/fault_answers.py"
_STRUCK = "    status, retry_after = spec.value, spec.retry_after\n"
_CHAT_STATE = '            event.choice("chatState", wire.CHAT_STATES, required=True)\n'


def _struck(change: str) -> Breaks:
    """A fault strikes otherwise than it was asked to."""
    return Breaks(_FAULTS, _STRUCK, f"{_STRUCK}    {change}\n")


DEFECTS = {
    "P8.3-closed": Breaks(
        _MESSAGING,
        "        raise refusals.closed()\n\n\ndef _update(",
        "        raise bad('the conversation is closed')\n\n\ndef _update(",
    ),
    "P8.3-closing": Breaks(
        _MESSAGING,
        "        if self._dialog.id in closed:\n            raise refusals.closed()\n",
        "        if self._dialog.id in closed:\n            raise bad('the conversation is closed')\n",
    ),
    "R8.3-words": Breaks(
        "sandbox/shapes.py",
        _CHAT_STATE,
        "            if not event.has('chatState'):\n                raise bad('a member is missing')\n"
        + _CHAT_STATE,
    ),
    "P8.3-version": Breaks(
        _SERVICES,
        'request.query_params.get("v") != wire.MESSAGING_VERSION',
        'request.query_params.get("v") not in (wire.MESSAGING_VERSION, "3.0")',
    ),
    "R8.3-unknown": Breaks(_REFUSALS, '"Conversation not found"', '"Unknown conversation"'),
    "P8.3-path": Breaks(
        _ROUTING,
        "        if other is None:\n",
        "        if other is None and not path.endswith('q47'):\n"
        "            raise Refusal(404, 'Unknown path')\n        if other is None:\n",
    ),
    "P8.3-method": Breaks(
        _ROUTING,
        '        allow = {"Allow": ',
        '        allow = {} if path.endswith("/send") else {"Allow": ',
    ),
    "R8.3-size": Breaks(
        _SERVICES,
        'refusals.RequestRefused(413, "Payload too large")',
        'refusals.RequestRefused(413, "The body is too large")',
    ),
    "R8.3-type": Breaks(
        _SERVICES,
        '"Content-Type must be application/json"',
        '"Content-Type must be JSON"',
    ),
    "P8.3-busy": Breaks(
        _FAULTS,
        "_RETRY_AFTER_SECONDS, _RETRY_LOGIN_AFTER_SECONDS = 1, 5\n",
        "_RETRY_AFTER_SECONDS, _RETRY_LOGIN_AFTER_SECONDS = 2, 5\n",
    ),
    "P8.3-wait": _struck("status = 409 if _request_id(call, body) == 'wait-83' else status"),
    "P8.3-pauses": _struck("retry_after = 60 if _request_id(call, body) == 'pauses-83' else retry_after"),
    "P8.3-never": Breaks(
        _REFUSALS,
        "        if request_id is not None:\n",
        "        if (request_id, self.status) == ('never-83', 404):\n"
        "            self.status = 503\n"
        "        if request_id is not None:\n",
    ),
    "P8.3-blocked": _struck("status = 503 if (call, status) == ('send', 451) else status"),
}
