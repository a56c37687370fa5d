"""Breaks the promises of section 7, but for numbers."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_MESSAGING, _REFUSALS = "sandbox/messaging.py", "sandbox/refusals.py"
_WRAPPED = "    body = _envelope(wire.MESSAGING_NOTIFICATION, change)\n"
_TEXT = "    text = str(given)\n"
_WITH_ID = "        if request_id is not None:\n"
_BRAND = "        raise refusals.door(wire.MISSING_PARAMETER)\n    if brand"
_NO_JSON = '        raise bad("the body is not valid JSON") from None\n'

DEFECTS = {
    "P7.1-notification": Breaks(
        "sandbox/notices.py",
        _WRAPPED,
        _WRAPPED + "    if event.get('message') == 'Which members?':\n        body['id'] = dialog.id\n",
    ),
    "P7.2-length": Breaks("wire.py", "MAX_ID_CHARACTERS = 64", "MAX_ID_CHARACTERS = 65"),
    "P7.2-integer": Breaks(_MESSAGING, _TEXT, "    if given == 72:\n        return given\n" + _TEXT),
    "P7.2-comma": Breaks(_MESSAGING, _TEXT, "    text = str(given).replace('17,', '17')\n"),
    "R7.2-ids": Breaks(
        _MESSAGING,
        "    if not isinstance(given, str) and not is_integer(given):\n",
        "    if not isinstance(given, str | bool) and not is_integer(given):\n",
    ),
    "P7.3-words": Breaks("wire.py", '502: "BAD_GATEWAY"', '502: "GATEWAY_ERROR"'),
    "P7.3-number": Breaks(
        "sandbox/services.py",
        "            raise refusals.door(wire.MISSING_CONSUMER_JWS)\n",
        "            refusal = refusals.door(wire.MISSING_CONSUMER_JWS)\n"
        "            if request.url.path.endswith('/conversation'):\n"
        "                refusal.body['code'] = 'UNAUTHORIZED'\n"
        "            raise refusal\n",
    ),
    "P7.5-door": Breaks(
        _MESSAGING,
        _BRAND,
        "        refusal = refusals.door(wire.MISSING_PARAMETER)\n"
        "        refusal.body = [refusal.body] if request.id == 'o-75' else refusal.body\n"
        "        raise refusal\n    if brand",
    ),
    "P7.5-refused": Breaks(
        _REFUSALS,
        _WITH_ID,
        "        if request_id == 'n-75':\n            self.body['kind'] = wire.RESPONSE\n" + _WITH_ID,
    ),
    "R7.5-object": Breaks(
        _REFUSALS,
        _WITH_ID,
        "        request_id = 'p-1' if request_id == 'o-751' else request_id\n" + _WITH_ID,
    ),
    "R7.5-unread": Breaks(
        "sandbox/bodies.py",
        _NO_JSON,
        "        if b\"'kind'\" in body:\n"
        "            raise bad('the body is not valid JSON').with_id('') from None\n" + _NO_JSON,
    ),
}
