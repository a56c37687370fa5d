"""Breaks the promises of sections 6.6 and 6.7."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_MESSAGING, _ACCOUNT = "sandbox/messaging.py", "sandbox/account.py"
_COUNTED = '        if event["type"] in _CONTENT:\n            self._count_time('
_NUMBER = "        return number if number is not None else 0\n"
_OPEN = "    _check_open(owner, dialog)\n"

DEFECTS = {
    "P6.6-states": Breaks(
        "wire.py",
        '"COMPOSING", "PAUSE")',
        '"COMPOSING", "PAUSED")',
    ),
    "P6.6-composing": Breaks(
        _ACCOUNT,
        _COUNTED,
        "        if event.get('message') == 'Typed at last':\n"
        "            pause = {'type': wire.CHAT_STATE_EVENT, 'chatState': 'PAUSE'}\n"
        "            self._record(dialog, speaker, pause)\n" + _COUNTED,
    ),
    "R6.6-number": Breaks(
        _ACCOUNT,
        _NUMBER,
        "        if event.get('chatState') == 'INACTIVE':\n"
        "            return dialog.next_sequence\n" + _NUMBER,
    ),
    "C6.6-survey": Breaks(
        _MESSAGING,
        '    if event["type"] == wire.CHAT_STATE_EVENT and dialog.type == wire.SURVEY_DIALOG:\n',
        "    in_survey = dialog.type == wire.SURVEY_DIALOG\n"
        "    if event['type'] == wire.CHAT_STATE_EVENT and in_survey and event['chatState'] != 'GONE':\n",
    ),
    "R6.6-closed": Breaks(
        _MESSAGING,
        _OPEN,
        "    if event.get('status') != 'NACK':\n        _check_open(owner, dialog)\n",
    ),
    "P6.7-statuses": Breaks(
        "wire.py",
        '"ACCESS", "NACK", "ACTION")',
        '"ACCESS", "NACK", "ACTION", "VIEWED")',
    ),
    "P6.7-list": Breaks(
        "sandbox/shapes.py",
        "    if not all(is_integer(number) and 0 <= number",
        "    if numbers != [0.5] and not all(is_integer(number) and 0 <= number",
    ),
    "P6.7-number": Breaks(
        _ACCOUNT,
        _NUMBER,
        "        if event.get('status') == 'ACCESS' and event['sequenceList'] == [0]:\n"
        "            return 0\n" + _NUMBER,
    ),
}
