"""Breaks the promises of section 6.8."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_MESSAGING, _SHAPES, _ACCOUNT = "sandbox/messaging.py", "sandbox/shapes.py", "sandbox/account.py"
_CHECK_SHAPE = "        _check_shape(request)\n        return _run"
_UPDATED = '            return request.ok({"msg": _update(body, account, consumer_id, features)})\n'
_CHECKED = "        change.check(closed)\n"


def _answered(condition: str, words: str) -> Breaks:
    """An update is done, and answered in other words."""
    return Breaks(
        _MESSAGING,
        _UPDATED,
        "            said = _update(body, account, consumer_id, features)\n"
        f"            said = '{words}' if {condition} else said\n"
        "            return request.ok({'msg': said})\n",
    )


DEFECTS = {
    "P6.8-main": Breaks(
        _MESSAGING,
        "            case wire.STAGE_FIELD:\n",
        "            case _ if self.name == wire.STAGE_FIELD or target.skill_id == '6801':\n",
    ),
    "P6.8-stage": Breaks(
        _MESSAGING,
        "            case wire.STAGE_FIELD:\n",
        "            case wire.STAGE_FIELD if target.skill_id != '6802':\n",
    ),
    "P6.8-dialog": Breaks(
        _MESSAGING,
        "                account.close_dialog(target, self._dialog, wire.CONSUMER, cause)\n",
        "                cause = None if cause == 'Had to go' else cause\n"
        "                account.close_dialog(target, self._dialog, wire.CONSUMER, cause)\n",
    ),
    "P6.8-closing": _answered(
        "request.id == 'u-closing' and 'dialog' in str(body.value)", "OK Dialog closed successfully"
    ),
    "P6.8-close": Breaks(
        _SHAPES,
        '            field.choice("conversationState", (wire.CLOSE,), required=True)\n',
        '            field.choice("conversationState", (wire.CLOSE, "OPEN"), required=True)\n',
    ),
    "P6.8-rate": Breaks("wire.py", "CSAT_RATES = (1, 2,", "CSAT_RATES = (0, 1, 2,"),
    "P6.8-rating": Breaks(
        "wire.py", '"PARTIALLY_FILLED", "SKIPPED")', '"PARTIALLY_FILLED", "SKIPPED", "DONE")'
    ),
    "P6.8-rated": Breaks(
        _ACCOUNT,
        "        conversation.csat = csat\n",
        "        partly = csat['status'] == 'PARTIALLY_FILLED'\n"
        "        conversation.csat = csat | {'csatRate': None} if partly else csat\n",
    ),
    "P6.8-ttr": Breaks(
        _SHAPES,
        'field.integer("value", required=True, least=0)',
        'field.integer("value", required=True, least=1 if field.value["ttrType"] == "NORMAL" else 0)',
    ),
    "P6.8-urgency": Breaks(
        _ACCOUNT,
        "        if conversation.effective_ttr != -1:\n            conversation.effective_ttr = conv",
        "        if seconds == 681:\n            conversation.ttr_seconds = 600\n"
        "        if conversation.effective_ttr != -1:\n            conversation.effective_ttr = conv",
    ),
    "R6.8-texts": _answered("request.id == 'u-texts' and 'csatRate' in str(body.value)", "OK Rating stored"),
    "R6.8-array": Breaks(
        _MESSAGING,
        _CHECKED,
        _CHECKED + "        first = len(changes) == 2 and change is changes[0]\n"
        "        if first and change.name == wire.STATE_FIELD:\n"
        "            change.carry_out()\n",
    ),
    "P6.8-conversation": Breaks(
        _MESSAGING,
        _CHECK_SHAPE,
        "        if request.type == wire.UPDATE_FIELD and request.body.value.get('conversationId') == '':\n"
        "            return request.ok({'msg': 'OK Conversation resolved successfully'})\n" + _CHECK_SHAPE,
    ),
}
