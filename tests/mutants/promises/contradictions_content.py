"""Breaks the rulings on content, files, fields and profiles: the sandbox then follows the other reading."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_MESSAGING, _SHAPES, _FILES = "sandbox/messaging.py", "sandbox/shapes.py", "sandbox/files.py"
_LENGTH = "        _check_length(request, characters)\n"
_NAMES = "    if isinstance(given, str) and given in _OTHER_NAMES:\n"

DEFECTS = {
    "X29": Breaks(
        _MESSAGING,
        "or _is_hosted_file(event)):\n        return\n",
        "or _is_hosted_file(event)):\n        if 'Long preview' not in str(event):\n            return\n",
    ),
    "X30": Breaks(
        _SHAPES,
        '            if not event.has("content") and isinstance(event.value.get("message"), dict):\n',
        "            older = event.value.get('message')\n"
        "            only = isinstance(older, dict) and older.get('text') != 'Pick one of these'\n"
        "            if not event.has('content') and only:\n",
    ),
    "X31": Breaks(
        "sandbox/notices.py",
        '    change |= {"event": event, "conversationId"',
        "    if event.get('content', {}).get('text') == 'Passed on':\n"
        "        event = {'type': event['type'], 'message': event['content']}\n"
        '    change |= {"event": event, "conversationId"',
    ),
    "X32": Breaks(
        _SHAPES,
        '    match event.choice("type", _EVENTS, required=True):\n',
        "    if event.value.get('type') == 'RichContent' and 'Which type?' in str(event.value):\n"
        "        event.value['type'] = wire.RICH_CONTENT_EVENT\n"
        '    match event.choice("type", _EVENTS, required=True):\n',
    ),
    "X33": Breaks(
        _SHAPES,
        _NAMES,
        "    if given == 'HostedFile' and 'Of an older page' in str(event.value):\n"
        "        event.value['contentType'] = given = wire.HOSTED_FILE\n" + _NAMES,
    ),
    "X34": Breaks(
        _FILES,
        '    message.text("caption")\n',
        "    wanted = message.value.get('preview') == 'data:image/gif;base64,eDM0'\n"
        "    message.text('caption', required=wanted)\n",
    ),
    "X35": Breaks(
        _FILES,
        "    if not 0 < int(size) <= wire.MAX_FILE_BYTES:\n",
        "    if int(size) != 4_000_000 and not 0 < int(size) <= wire.MAX_FILE_BYTES:\n",
    ),
    "X36": Breaks(
        _FILES,
        '    return str(body.choice("fileType", wire.UPLOAD_TYPES, required=True))\n',
        "    types = (*wire.UPLOAD_TYPES, 'PDF') if size == '3600' else wire.UPLOAD_TYPES\n"
        "    return str(body.choice('fileType', types, required=True))\n",
    ),
    "X37": Breaks(
        "sandbox/storage.py",
        '                path = "/" + request.scope["path"].lstrip("/")\n',
        "                path = request.scope['path']\n"
        "                if not path.endswith('.JPEG'):\n"
        "                    path = '/' + path.lstrip('/')\n",
    ),
    "X38": Breaks(
        _MESSAGING,
        _LENGTH,
        _LENGTH
        + "        if request.id == 'x38' and isinstance(request.body.value['conversationField'], list):\n"
        "            raise bad('conversationField must be an object').with_id('x38')\n",
    ),
    "X39": Breaks(
        _MESSAGING,
        _LENGTH,
        _LENGTH + "        if request.id == 'x39':\n"
        "            return request.ok({'msg': 'OK Skill updated successfully'})\n",
    ),
    "X40": Breaks(
        _MESSAGING,
        "        if self.name == wire.CSAT_FIELD:\n            return\n",
        "        if self.name == wire.CSAT_FIELD:\n"
        "            partly = self._field['status'] == 'PARTIALLY_FILLED'\n"
        "            if self._field['csatRate'] == 2 and partly and not self._target.closed:\n"
        "                raise bad('the conversation is still open')\n"
        "            return\n",
    ),
    "X41": Breaks(
        _MESSAGING,
        _LENGTH,
        _LENGTH + "        if request.id == 'x41':\n"
        "            return request.ok({'msg': 'OK Conversation resolved successfully'})\n",
    ),
    "X42": Breaks(
        "sandbox/account.py",
        "        self.profiles.setdefault(consumer_id, {}).update(members)\n",
        "        if members.get('firstName') == 'Xenia':\n"
        "            self.profiles[consumer_id] = {}\n"
        "        self.profiles.setdefault(consumer_id, {}).update(members)\n",
    ),
    "X43": Breaks(
        "sandbox/profile.py",
        "    if is_integer(gender) and gender in _OLD_GENDERS:\n",
        "    xenia = person.value.get('firstname') == 'Xenia'\n"
        "    if is_integer(gender) and gender in _OLD_GENDERS and not xenia:\n",
    ),
}
