"""Breaks Q1 to Q31."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_MESSAGING, _SERVICES, _SHAPES = "sandbox/messaging.py", "sandbox/services.py", "sandbox/shapes.py"
_PROFILE, _FILES, _PROPERTIES = "sandbox/profile.py", "sandbox/files.py", "sandbox/properties.py"
_ANSWERS = "    return status, answers\n"
_MEDIA_TYPE = "        form = _form(body) if media_type(request) == wire.FORM_MEDIA_TYPE else {}\n"
_REFUSED = '        raise refusals.oauth(400, "invalid_request", "Content-Type")\n'
_PUBLISHED = (
    '            return request.ok({"sequence": _publish(body, account, consumer_id, metadata, features)})\n'
)

DEFECTS = {
    "Q1": Breaks(
        _MESSAGING,
        _ANSWERS,
        "    for one in answers:\n"
        "        if one['reqId'] in ('1,', '2,'):\n"
        "            one['reqId'] = one['reqId'].rstrip(',')\n"
        f"{_ANSWERS}",
    ),
    "Q2": Breaks(
        _MESSAGING,
        '            return request.ok({"msg": _update(body, account, consumer_id, features)})\n',
        '            said = request.ok({"msg": _update(body, account, consumer_id, features)})\n'
        "            return said | {'reqId': request.members.value['id']}\n",
    ),
    "Q3": Breaks(
        _MESSAGING,
        _PUBLISHED,
        "            known = account.__dict__.setdefault('_known', {})\n"
        "            key = consumer_id, body.value['dialogId'], request.id\n"
        "            if key not in known or request.id != '3':\n"
        "                known[key] = _publish(body, account, consumer_id, metadata, features)\n"
        "            return request.ok({'sequence': known[key]})\n",
    ),
    "Q4": Breaks(
        _MESSAGING,
        _ANSWERS,
        "    if len(requests) == 3:\n"
        "        by_id = {one['reqId']: one for one in answers}\n"
        "        answers = [by_id[request.id] for request in requests]\n"
        f"{_ANSWERS}",
    ),
    "Q5": Breaks(
        _MESSAGING,
        _PUBLISHED,
        "            number = _publish(body, account, consumer_id, metadata, features)\n"
        "            said = request.ok({'sequence': number})\n"
        "            if request.id.startswith('0') and request.id.isdigit():\n"
        "                said['reqId'] = int(request.id)\n"
        "            return said\n",
    ),
    "Q6": Breaks(
        _MESSAGING,
        _ANSWERS,
        "    if requests[1].body.has('conversationContext'):\n        answers.reverse()\n" + _ANSWERS,
    ),
    "Q7": Breaks(
        _MESSAGING,
        _ANSWERS,
        "    if status == 200 and requests[0].body.has('authenticatedData'):\n"
        "        answers[0]['body'] |= answers[1]['body']\n" + _ANSWERS,
    ),
    "Q8": Breaks(
        _MESSAGING,
        _ANSWERS,
        "    if requests[0].id.endswith(','):\n"
        "        answers.sort(key=lambda one: one['reqId'])\n" + _ANSWERS,
    ),
    "Q9": Breaks(_SERVICES, _MEDIA_TYPE, f"        if not media_type(request):\n    {_REFUSED}{_MEDIA_TYPE}"),
    "Q10": Breaks(
        _SERVICES,
        _MEDIA_TYPE,
        _MEDIA_TYPE.replace("media_type(request)", "request.headers.get('content-type')"),
    ),
    "Q11": Breaks(
        _SERVICES,
        _MEDIA_TYPE,
        f"        if media_type(request) == wire.JSON_MEDIA_TYPE:\n    {_REFUSED}{_MEDIA_TYPE}",
    ),
    "Q12": Breaks(
        _SERVICES,
        "        if not isinstance(ext_id, str) or not ext_id:\n",
        "        if 'v' not in request.query_params and str(ext_id)[:1] == '+':\n            ext_id = None\n"
        "        if not isinstance(ext_id, str) or not ext_id:\n",
    ),
    "Q13": Breaks(
        _SERVICES,
        "        if name not in _SERVICES:\n",
        "        if name not in _SERVICES or name == 'idp' and not request.url.path.endswith('.json'):\n",
    ),
    "Q14": Breaks(
        _SERVICES,
        "        return answer(self._base_uri(name))\n",
        "        entry = self._base_uri(name)\n"
        "        if name == wire.MESSAGING:\n            entry['baseURI'] += '/'\n"
        "        return answer(entry)\n",
    ),
    "Q16": Breaks(
        "sandbox/issuer.py",
        "if given[: len(_BEARER)].lower() == _BEARER else given",
        "if given.startswith(_BEARER.capitalize()) else given",
    ),
    "Q19": Breaks(
        _PROPERTIES,
        '        warnings.add(about, "The header is not JSON and was ignored")\n',
        "        from connectorkit.sandbox.refusals import bad\n"
        "        raise bad('Client-Properties is not JSON') from None\n",
    ),
    "Q20": Breaks(
        _MESSAGING,
        "    target.features = tuple(features)\n",
        "    if target.features_at_opening and not features and changes[0].name == wire.STATE_FIELD:\n"
        "        raise bad('Client-Properties is missing')\n"
        "    target.features = tuple(features)\n",
    ),
    "Q21": Breaks(
        _SHAPES,
        '    body.choice("channelType", (wire.CHANNEL_TYPE,))\n',
        '    body.choice("channelType", (wire.CHANNEL_TYPE,), required=body.value.get("skillId") == "12")\n',
    ),
    "Q22": Breaks(
        _SHAPES,
        '    body.text_or_integer("skillId")\n',
        '    if body.text_or_integer("skillId") == "":\n        raise bad("body.skillId is empty")\n',
    ),
    "Q23": Breaks(
        _MESSAGING,
        "account.open(consumer_id, body.value, features)",
        "account.open(consumer_id, {'skillId': request.members.value.get('skillId')} | body.value, features)",
    ),
    "Q24": Breaks(
        _MESSAGING,
        "            opened = account.open(consumer_id, body.value, features)\n",
        "            if 'PHOTO_SHARING' in str(body.value):\n"
        "                body.value['conversationContext'].pop('features')\n"
        "            opened = account.open(consumer_id, body.value, features)\n",
    ),
    "Q25": Breaks(
        _MESSAGING,
        '        account.conversation(named, consumer_id)\n        raise bad(f"{body.path(',
        "        older = account.conversation(named, consumer_id).closed\n"
        "        if older and body.value['event'].get('message') != 'Whose?':\n            named = None\n"
        '        else:\n            raise bad(f"{body.path(',
    ),
    "Q26": Breaks(
        _PROFILE,
        '    if data := body.inner("authenticatedData"):\n',
        "    if body.value.get('authenticatedData') == {}:\n        raise bad('authenticatedData is empty')\n"
        '    if data := body.inner("authenticatedData"):\n',
    ),
    "Q27": Breaks(
        _PROFILE,
        '    data = members.get("authenticatedData")\n',
        '    data = members.get("authenticatedData")\n'
        "    if data:\n        members.pop('firstName', None)\n",
    ),
    "Q28": Breaks(
        _PROFILE,
        '        for name in ("email", "phone"):\n            contact.text(name)\n',
        '        for name in ("email", "phone"):\n            contact.text(name, empty=False)\n',
    ),
    "Q29": Breaks(
        _FILES,
        "        if not file.content:\n",
        "        if file.content == bytes((255, 216, 255)) and message.value['fileType'] == 'JPG':\n"
        "            raise bad(f'{name}: the file there is of another type')\n"
        "        if not file.content:\n",
    ),
    "Q30": Breaks(
        _FILES, "    if not (is_integer(size) or (isinstance(size, str)", "    if not ((isinstance(size, str)"
    ),
    "Q31": Breaks(
        _SHAPES,
        '        event.text("message", required=True, empty=False)\n',
        "        if isinstance(event.value.get('message'), dict):\n            raise bad()\n"
        '        event.text("message", required=True, empty=False)\n',
    ),
}
UNBREAKABLE = {
    "Q15": "a sandbox without TLS speaks nothing else, so every other row would fail with it",
    "Q17": "the HTTP server lowers all names of headers before the sandbox sees them",
    "Q18": "the HTTP server writes the words that belong to a status",
}
