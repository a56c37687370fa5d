"""Breaks the promises of section 7.4."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_ACCOUNT = "sandbox/account.py"
_NUMBERED = '        numbered = event["type"] != wire.CHAT_STATE_EVENT\n'
_JOINING = "        for participant in participants:\n            dialog.join(participant)\n"
_RECEIPT = "                self.publish(dialog, dialog.assigned_agent or self.controller, receipt)\n"


def _number_lost(condition: str) -> Breaks:
    """A number is taken for nothing, before the event gets its own."""
    return Breaks(_ACCOUNT, _NUMBERED, f"        if {condition}:\n            dialog.number()\n" + _NUMBERED)


DEFECTS = {
    "P7.4-events": _number_lost("event.get('message') == 'The second of them'"),
    "P7.4-dialog": Breaks(
        _ACCOUNT,
        _JOINING,
        "        if conversation.skill_id == '7401':\n            dialog.next_sequence = 4\n" + _JOINING,
    ),
    "P7.4-attended": Breaks(
        _ACCOUNT,
        _RECEIPT,
        "                if dialog.assigned_agent is None or event.get('message') != 'Are you there?':\n"
        "                    self.publish(dialog, dialog.assigned_agent or self.controller, receipt)\n",
    ),
    "P7.4-agent": _number_lost("event.get('message') == 'One more number'"),
    "P7.4-receipts": _number_lost(
        "event.get('sequenceList') == [0, 2] and speaker.role == wire.ASSIGNED_AGENT"
    ),
    "R7.4-again": Breaks(
        _ACCOUNT,
        '            if all(number in taken for number in event["sequenceList"]):\n',
        "            listed = event['sequenceList']\n"
        "            if listed != [0, 1] and all(number in taken for number in listed):\n",
    ),
    "R7.4-later": Breaks(
        _ACCOUNT,
        "            taken = dialog.accepted.setdefault(speaker.id, {})\n",
        "            whose = 'anybody' if conversation.skill_id == '7403' else speaker.id\n"
        "            taken = dialog.accepted.setdefault(whose, {})\n"
        "            dialog.accepted.setdefault(speaker.id, {})\n",
    ),
    "P7.4-survey": Breaks(
        _ACCOUNT,
        _JOINING,
        "        if conversation.skill_id == '7402' and conversation.dialogs:\n"
        "            dialog.next_sequence = conversation.main.next_sequence + 1\n" + _JOINING,
    ),
    "P7.4-absent": Breaks(
        "sandbox/messaging.py",
        '            return request.ok({"msg": _update(body, account, consumer_id, features)})\n',
        "            said = _update(body, account, consumer_id, features)\n"
        "            also = {'sequence': 0} if request.id == 's-74' and 'CSAT' in said else {}\n"
        "            return request.ok({'msg': said} | also)\n",
    ),
}
