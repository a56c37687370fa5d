"""Breaks the rulings on the two calls: the sandbox then follows the other reading."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_SERVICES, _MESSAGING, _ACCOUNT = "sandbox/services.py", "sandbox/messaging.py", "sandbox/account.py"
_OK = '        return {"code": wire.CODES[200], "body": body, "reqId": self.id}\n'
_BRAND = "        _check_brand(checked, account)\n"
_PUBLISHED = (
    '            return request.ok({"sequence": _publish(body, account, consumer_id, metadata, features)})\n'
)
_RECEIPT_OF = "                self.publish(dialog, dialog.assigned_agent or self.controller, receipt)\n"
_EVENT = '    event = body.value["event"]\n'


DEFECTS = {
    "X15": Breaks(
        _SERVICES,
        "        return answer(answers, status)\n",
        "        created = status == 200 and answers[1]['reqId'] == 'x15'\n"
        "        return answer(answers, 201 if created else status)\n",
    ),
    "X16": Breaks(
        _SERVICES,
        "        return answer(messaging.send("
        "self.world.account, consumer_id, envelope, characters, features))\n",
        "        said = messaging.send(self.world.account, consumer_id, envelope, characters, features)\n"
        "        return answer(said, 202 if said['reqId'] == 'x16' else 200)\n",
    ),
    "X17": Breaks(
        _MESSAGING,
        _OK,
        "        also = {'kind': 'resp', 'type': self.type} if self.id == 'x17' else {}\n"
        "        return {'code': wire.CODES[200], 'body': body, 'reqId': self.id} | also\n",
    ),
    "X18": Breaks(
        _MESSAGING,
        "    if not isinstance(given, str) and not is_integer(given):\n",
        "    if not isinstance(given, str) and (given == 18 or not is_integer(given)):\n",
    ),
    "X19": Breaks(
        _MESSAGING,
        "            status = refusal.status\n",
        "            status = 200 if request.id == 'x19' else refusal.status\n",
    ),
    "X20": Breaks(
        _MESSAGING,
        "        if status != 200:\n",
        "        if status != 200 and requests[1].id == 'x20':\n            break\n"
        "        if status != 200:\n",
    ),
    "X21": Breaks(
        _MESSAGING,
        "    if not 2 <= len(batch) <= 3:\n",
        "    if readable_id(batch) == 'x21':\n        batch = batch[::-1]\n"
        "    if not 2 <= len(batch) <= 3:\n",
    ),
    "X22": Breaks(
        _MESSAGING,
        _BRAND,
        "        if checked.id == 'x22' and not checked.body.has('channelType'):\n"
        "            raise bad('channelType is missing')\n" + _BRAND,
    ),
    "X23": Breaks(
        _MESSAGING,
        _BRAND,
        "        if checked.id == 'x23' and checked.body.value.get('ttrDefName') == 'CUSTOM':\n"
        "            raise bad('ttrDefName must be NORMAL, URGENT or PRIORITIZED')\n" + _BRAND,
    ),
    "X24": Breaks(
        _SERVICES,
        "        if opened and (seconds",
        "        if opened and answers[1]['reqId'] == 'x24':\n"
        "            self.world.account.hide(opened[0], 5)\n"
        "        if opened and (seconds",
    ),
    "X25": Breaks(
        _MESSAGING,
        _PUBLISHED,
        "            number = _publish(body, account, consumer_id, metadata, features)\n"
        "            # Each of these ids is sent once.\n"
        "            return request.ok({'sequence': 0 if request.id.startswith('x25-') else number})\n",
    ),
    "X26": Breaks(
        _ACCOUNT,
        _RECEIPT_OF,
        "                if event.get('message') == 'Which receipt comes?':\n"
        "                    receipt['status'] = 'READ'\n" + _RECEIPT_OF,
    ),
    "X27": Breaks(
        _ACCOUNT,
        _RECEIPT_OF,
        "                whose = dialog.assigned_agent or self.controller\n"
        "                if event.get('message') == 'Whose receipt is it?':\n"
        "                    whose = self.controller\n"
        "                self.publish(dialog, whose, receipt)\n",
    ),
    "X28": Breaks(
        _MESSAGING,
        _EVENT,
        _EVENT + "    if event.get('sequenceList') == [6600]:\n"
        "        raise bad('sequenceList names a number that is not in the dialog')\n",
    ),
}
