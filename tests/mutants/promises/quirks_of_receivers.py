"""Breaks Q32 to Q51."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_ACCOUNT, _MESSAGING, _NOTICES = "sandbox/account.py", "sandbox/messaging.py", "sandbox/notices.py"
_SENDER, _STORAGE = "sandbox/sender.py", "sandbox/storage.py"
_PUBLISHED = (
    '            return request.ok({"sequence": _publish(body, account, consumer_id, metadata, features)})\n'
)
_EVENT = '    change |= {"event": event, "conversationId": dialog.conversation_id, "dialogId": dialog.id}\n'

DEFECTS = {
    "Q32": Breaks(
        _MESSAGING,
        _PUBLISHED,
        "            number = _publish(body, account, consumer_id, metadata, features)\n"
        "            if body.value['event']['type'] == wire.RICH_CONTENT_EVENT:\n"
        "                return request.ok({'sequence': str(number)})\n"
        "            return request.ok({'sequence': number})\n",
    ),
    "Q33": Breaks(
        _NOTICES,
        _EVENT,
        "    if event.get('status') == 'ACCEPT' and event['sequenceList'][0] > 0:\n"
        "        event = event | {'sequenceList': [event['sequenceList'][0] + 1]}\n" + _EVENT,
    ),
    "Q34": Breaks(
        _ACCOUNT,
        "                self.publish(dialog, dialog.assigned_agent or self.controller, receipt)\n",
        "                who = dialog.assigned_agent or conversation.had_agent or self.controller\n"
        "                self.publish(dialog, who, receipt)\n",
    ),
    "Q35": Breaks(
        _NOTICES,
        "    return Event(wire.CONVERSATION_NOTIFICATION,",
        "    if len(conversation.active.participants) > 1:\n"
        "        body['body']['changes'] *= 2\n"
        "    return Event(wire.CONVERSATION_NOTIFICATION,",
    ),
    "Q36": Breaks(
        _NOTICES,
        '    if record.get("metadata"):\n',
        "    if 'sequenceList' in event:\n        del change['conversationId']\n"
        '    if record.get("metadata"):\n',
    ),
    "Q37": Breaks(
        _MESSAGING,
        "            answers.append(_run(request, account, consumer_id, features))\n",
        "            tell = account.tell\n"
        "            if request.type == wire.PUBLISH_EVENT:\n"
        "                account.tell = lambda event: None\n"
        "            answers.append(_run(request, account, consumer_id, features))\n"
        "            account.tell = tell\n",
    ),
    "Q38": Breaks("sandbox/state.py", "_AGENTS_FIRST = {", '_AGENTS_FIRST = {"MANAGER": 3, '),
    "Q39": Breaks(
        _ACCOUNT,
        "            conversation.close_reason = by\n",
        "            conversation.close_reason = by if by != wire.AGENT else 'ASSIGNED_AGENT'\n",
    ),
    "Q40": Breaks(
        _NOTICES,
        _EVENT,
        "    if 'content' in event and 'quickReplies' in event:\n"
        "        event = event | {'quickReplies': event['quickReplies']['replies']}\n" + _EVENT,
    ),
    "Q41": Breaks(_SENDER, "ensure_ascii=self.options.escape_non_ascii", "ensure_ascii=False"),
    "Q42": Breaks(_SENDER, 'separators=(",", ":")', 'separators=(", ", ": ")'),
    "Q43": Breaks(
        "sandbox/apps.py",
        '        return Webhook(given["endpoint"], ',
        '        return Webhook(next(iter(self._capability.values()))["endpoint"], ',
    ),
    "Q44": Breaks(_SENDER, "_SUCCESS = (200, 201)", "_SUCCESS = (200, 201, 401)"),
    "Q45": Breaks(
        _MESSAGING,
        _PUBLISHED,
        "            known = account.__dict__.setdefault('_taken', {})\n"
        "            key = consumer_id, body.value['dialogId'], request.id\n"
        "            if key not in known or len(request.id) != 36:\n"
        "                known[key] = _publish(body, account, consumer_id, metadata, features)\n"
        "            return request.ok({'sequence': known[key]})\n",
    ),
    "Q46": Breaks(
        "sandbox/issuer.py",
        "self._clock.now() < exp\n",
        "self._clock.now() < exp - 45\n",
    ),
    "Q47": Breaks(
        "sandbox/routing.py",
        "        if other is None:\n",
        "        if other is None and path.endswith('q47'):\n"
        "            async def lost(request: Request) -> Response:\n"
        "                return Response('Not found', 404)\n"
        "            return Route('/', lost, None), {}\n"
        "        if other is None:\n",
    ),
    "Q48": Breaks(_STORAGE, '            "Access-Control-Allow-Methods": _METHODS,\n', ""),
    "Q49": Breaks(
        "sandbox/bodies.py",
        "        value = _DECODER.decode(",
        "        if b'\\r' in body:\n            raise ValueError\n        value = _DECODER.decode(",
    ),
    "Q50": Breaks(
        "sandbox/shapes.py",
        '    match event.choice("type", _EVENTS, required=True):\n',
        "    if 'clientTimestamp' in event.value:\n        raise bad('clientTimestamp is unknown')\n"
        '    match event.choice("type", _EVENTS, required=True):\n',
    ),
    "Q51": Breaks(
        _MESSAGING,
        '            account.files.check_owner(body.value["relativePath"], consumer_id)\n            return',
        '            account.files.check_owner(body.value["relativePath"], consumer_id)\n'
        "            every = account.conversations.values()\n"
        "            mine = [one for one in every if one.consumer_id == consumer_id]\n"
        "            if mine and all(one.closed for one in mine):\n"
        "                raise refusals.closed()\n"
        "            return",
    ),
}
