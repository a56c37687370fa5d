"""Breaks the promises of section 5.4."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_SHAPES, _ACCOUNT = "sandbox/shapes.py", "sandbox/account.py"

DEFECTS = {
    "P5.4-channel": Breaks(
        _SHAPES,
        'body.choice("channelType", (wire.CHANNEL_TYPE,))',
        'body.choice("channelType", (wire.CHANNEL_TYPE, "SMS"))',
    ),
    "P5.4-ttr": Breaks(
        _SHAPES,
        '    body.text_or_integer("skillId")\n',
        "    if (body.value.get('ttrDefName'), body.value.get('skillId')) == ('URGENT', '5401'):\n"
        "        raise bad('that skill is never urgent')\n"
        '    body.text_or_integer("skillId")\n',
    ),
    "P5.4-skill": Breaks(
        _SHAPES,
        '    body.text_or_integer("skillId")\n',
        '    if body.value.get("skillId") == 5402:\n'
        '        body.text("skillId")\n'
        '    body.text_or_integer("skillId")\n',
    ),
    "P5.4-any": Breaks(
        _ACCOUNT,
        '            skill_id=_skill(request.get("skillId")),\n',
        "            skill_id=_skill(request.get('skillId', '0' if 'en-NZ' in str(request) else None)),\n",
    ),
    "P5.4-campaign": Breaks(
        _SHAPES,
        "        if ids.count(None) == 1:\n",
        "        if ids[1] is None and ids[0] is not None:\n",
    ),
    "P5.4-context": Breaks(
        _SHAPES,
        '("type", "visitorId", "sessionId", "lang")',
        '("type", "visitorId", "sessionId")',
    ),
    "C5.4-features": Breaks(
        _ACCOUNT,
        "            features=tuple(features),\n            had_agent",
        "            features=('CO_APP',) if 'CO_APP' in str(request) else tuple(features),\n"
        "            had_agent",
    ),
    "R5.4-brand": Breaks(
        "sandbox/messaging.py",
        'bad("brandId does not match account")',
        'bad("brandId is of another account")',
    ),
}
