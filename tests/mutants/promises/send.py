"""Breaks the promises of sections 6.1 to 6.3."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_MESSAGING, _SHAPES, _SERVICES = "sandbox/messaging.py", "sandbox/shapes.py", "sandbox/services.py"
_ENVELOPE = '    request = _Request(envelope, "")\n'
_CHECK_SHAPE = "        _check_shape(request)\n        return _run"
_NAMED = "    if named and named != owner.id:\n"
_UPDATED = '            return request.ok({"msg": _update(body, account, consumer_id, features)})\n'

DEFECTS = {
    "P6.1-bodies": Breaks(
        _MESSAGING,
        _UPDATED,
        "            also = {'id': body.value['conversationId']} if request.id == 'b-61' else {}\n"
        "            return request.ok({'msg': _update(body, account, consumer_id, features)} | also)\n",
    ),
    "P6.1-others": Breaks(
        _MESSAGING,
        _ENVELOPE,
        _ENVELOPE + "    if envelope.get('type') == 'InitConnection':\n"
        "        return request.ok({'msg': 'OK'})\n",
    ),
    "P6.1-features": Breaks(
        _MESSAGING,
        "    owner.features = tuple(features)\n",
        "    stay_on = [feature for feature in owner.features if feature == 'PHOTO_SHARING']\n"
        "    owner.features = tuple(features) or tuple(stay_on)\n",
    ),
    "P6.2-dialog": Breaks(
        _MESSAGING,
        _CHECK_SHAPE,
        "        inner = envelope.get('body')\n"
        "        if isinstance(inner, dict) and 'event' in inner and 'conversationId' in inner:\n"
        "            inner.setdefault('dialogId', inner['conversationId'])\n" + _CHECK_SHAPE,
    ),
    "P6.2-owner": Breaks(
        _MESSAGING,
        _NAMED,
        "    if body.value['event'].get('message') == 'Whose?':\n        named = owner.id\n" + _NAMED,
    ),
    "P6.2-survey": Breaks(
        _MESSAGING,
        _NAMED,
        "    if body.value['event'].get('message') == 'Fine so far':\n        named = owner.id\n" + _NAMED,
    ),
    "P6.2-event": Breaks(
        _SHAPES,
        "wire.ACCEPT_STATUS_EVENT, wire.CHAT_STATE_EVENT)\n",
        'wire.ACCEPT_STATUS_EVENT, wire.CHAT_STATE_EVENT, "SystemEvent")\n',
    ),
    "P6.3-type": Breaks(
        _SHAPES,
        "    if isinstance(given, str) and given in _OTHER_NAMES:\n",
        "    if given == 'text/html':\n"
        "        event.value['contentType'] = given = wire.TEXT\n"
        "    if isinstance(given, str) and given in _OTHER_NAMES:\n",
    ),
    "P6.3-message": Breaks(
        _SHAPES,
        '        event.text("message", required=True, empty=False)\n',
        '        if event.value.get("message") == 63:\n'
        '            event.value["message"] = "63"\n'
        '        event.text("message", required=True, empty=False)\n',
    ),
    "P6.3-limit": Breaks(
        "wire.py",
        "MAX_REQUEST_CHARACTERS = 5000",
        "MAX_REQUEST_CHARACTERS = 5001",
    ),
    "P6.3-characters": Breaks(
        _SERVICES,
        "        characters = len(body.decode())\n",
        "        characters = len(body)\n",
    ),
    "P6.3-too-long": Breaks(
        _MESSAGING,
        "    raise bad()\n",
        "    raise bad('the request is too long' if characters == 6000 else '')\n",
    ),
    "R6.3-scope": Breaks(
        _MESSAGING,
        "    if isinstance(event, dict) and (event",
        "    if isinstance(event, dict) and event.get('status') == 'NACK':\n"
        "        return\n"
        "    if isinstance(event, dict) and (event",
    ),
}
