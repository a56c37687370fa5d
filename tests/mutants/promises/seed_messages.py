"""Breaks S20 to S39."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_MESSAGING = "sandbox/messaging.py"
_PROFILE_SET = '            return request.ok({"msg": "OK User Profile set successfully"})\n'
_NUMBERED = '            return request.ok({"sequence": _publish('

DEFECTS = {
    "S20": Breaks(
        "sandbox/routing.py",
        "    if isinstance(error, Refusal):\n",
        "    if isinstance(error, Refusal) and error.body == {'error': 'Method not allowed'}:\n"
        "        return Response('Method not allowed', 405, error.headers)\n"
        "    if isinstance(error, Refusal):\n",
    ),
    "S21": Breaks(
        _MESSAGING,
        '        if self.members.value.get("kind", wire.REQUEST) != wire.REQUEST:\n',
        '        if self.members.value.get("kind", wire.REQUEST) not in (wire.REQUEST, "event"):\n',
    ),
    "S22": Breaks(
        _MESSAGING,
        _PROFILE_SET,
        _PROFILE_SET.rstrip() + ' | ({"kind": "notification"} if request.id == "p-1" else {})\n',
    ),
    "S23": Breaks(
        _MESSAGING,
        "    return status, answers\n",
        "    if len({one.id for one in requests}) == 3:\n        answers.append(answers[-1])\n"
        "    return status, answers\n",
    ),
    "S24": Breaks(
        "sandbox/world.py",
        "    def _tell(self, event: Event) -> None:\n",
        "    def _tell(self, event: Event) -> None:\n"
        "        change = event.body['body']['changes'][0]\n"
        "        role = change.get('originatorMetadata', {}).get('role')\n"
        "        if role == 'ASSIGNED_AGENT' and change['event'].get('message') == 'How can I help?':\n"
        "            return\n",
    ),
    "S25": Breaks(
        "sandbox/apps.py",
        "        app = self._apps[client_id]\n        app.manifest = _own_members(manifest)\n",
        "        app = self._apps[client_id]\n"
        "        known = {'capabilities': app.manifest.get('capabilities')}\n"
        "        app.manifest = known | _own_members(manifest)\n",
    ),
    "S26": Breaks(
        _MESSAGING,
        '        if self.members.value.get("kind", wire.REQUEST) != wire.REQUEST:\n',
        '        inner = self.members.value.get("body")\n'
        "        kinds = {self.members.value.get('kind', wire.REQUEST)}\n"
        "        kinds |= {inner.get('kind', wire.REQUEST)} if isinstance(inner, dict) else set()\n"
        "        if kinds != {wire.REQUEST}:\n",
    ),
    "S27": Breaks(
        "sandbox/shapes.py",
        '        event.text("message", required=True, empty=False)\n',
        '        event.text("message", required=True, empty=False)\n'
        "        if len(event.value['message']) == len('Text message from messaging connector'):\n"
        "            raise bad('the text is too long')\n",
    ),
    "S28": Breaks(
        _MESSAGING,
        '        self.type = self.members.text("type", required=True) or ""\n',
        '        self.type = self.members.text("type") or wire.SET_USER_PROFILE\n',
    ),
    "S29": Breaks(
        _MESSAGING,
        "        _check_length(request, characters)\n",
        "        _check_length(request, characters)\n"
        "        if 'conversationField' in request.body.value:\n"
        "            request.type = wire.UPDATE_FIELD\n",
    ),
    "S30": Breaks(
        _MESSAGING,
        '        self.type = self.members.text("type", required=True) or ""\n',
        '        self.type = self.members.text("type", required=True) or ""\n'
        "        inner = self.members.value.get('body')\n"
        "        if isinstance(inner, dict) and 'type' in inner:\n"
        "            self.type = str(inner['type'])\n",
    ),
    "S31": Breaks(
        "sandbox/shapes.py",
        "def _check_field(field: Members) -> None:\n",
        "def _check_field(field: Members) -> None:\n"
        "    if field.value.get('csatRate') == 5 and field.value.get('csatResolutionConfirmation'):\n"
        "        raise bad('too good to be true')\n",
    ),
    "S32": Breaks(
        _MESSAGING,
        "    text = str(given)\n",
        "    text = str(given).lower()\n",
    ),
    "S33": Breaks(
        _MESSAGING,
        '    given = members.value.get("id")\n',
        '    given = members.value.get("id", "0")\n',
    ),
    "S34": Breaks(
        _MESSAGING,
        _PROFILE_SET,
        "            said = request.ok({'msg': 'OK User Profile set successfully'})\n"
        "            if request.id == 'r-17':\n"
        "                said['body']['reqId'] = said.pop('reqId')\n"
        "            return said\n",
    ),
    "S35": Breaks(
        _MESSAGING,
        _PROFILE_SET,
        "            also = {'sequence': 0} if request.id == 'p-1' else {}\n"
        "            return request.ok({'msg': 'OK User Profile set successfully'} | also)\n",
    ),
    "S36": Breaks(
        "sandbox/account.py",
        "                self.publish(dialog, dialog.assigned_agent or self.controller, receipt)\n",
        "                if number != 2 or event.get('message') != 'Count me':\n"
        "                    self.publish(dialog, dialog.assigned_agent or self.controller, receipt)\n",
    ),
    "S37": Breaks(
        _MESSAGING,
        '            metadata = request.members.items("metadata")\n'
        '            return request.ok({"sequence": '
        "_publish(body, account, consumer_id, metadata, features)})\n",
        '            metadata = request.members.items("metadata")\n'
        "            number = _publish(body, account, consumer_id, metadata, features)\n"
        "            also = {'kind': 'resp'} if request.id == '1' else {}\n"
        "            return request.ok({'sequence': number}) | also\n",
    ),
    "S38": Breaks(
        _MESSAGING,
        '            return request.ok({"msg": _update(body, account, consumer_id, features)})\n',
        "            said = request.ok({'msg': _update(body, account, consumer_id, features)})\n"
        "            if 'TTR' in said['body']['msg']:\n"
        "                del said['code']\n"
        "            return said\n",
    ),
    "S39": Breaks(
        "wire.py",
        '    404: "NOT_FOUND",\n',
        '    404: "UNKNOWN",\n',
    ),
}
