"""Breaks the promises of section 5."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_MESSAGING = "sandbox/messaging.py"
_REQUESTS = "    requests = [_Request(item, f"
_RUN = "    return _run_batch(account, consumer_id, requests, features)\n"
_RETURN = "    return status, answers\n"
_REFUSED = "            answers.append(refusal.with_id(request.id).body)\n"

DEFECTS = {
    "P5.1-charset": Breaks(
        "sandbox/services.py",
        "    if media_type(request) != wire.JSON_MEDIA_TYPE:\n",
        "    in_capitals = request.headers.get('content-type', '').endswith('UTF-8')\n"
        "    in_capitals = in_capitals and request.url.path.endswith('/conversation')\n"
        "    if media_type(request) != wire.JSON_MEDIA_TYPE or in_capitals:\n",
    ),
    "P5.2-order": Breaks(
        _MESSAGING,
        _RETURN,
        "    if requests[0].id == '2':\n"
        "        answers.sort(key=lambda one: 'conversationId' not in one['body'])\n"
        "    return status, answers\n",
    ),
    "P5.2-two": Breaks(
        _MESSAGING,
        "    if not 2 <= len(batch) <= 3:\n",
        "    if len(batch) == 1:\n        return 200, []\n    if not 2 <= len(batch) <= 3:\n",
    ),
    "P5.2-places": Breaks(
        _MESSAGING,
        "            checked.expect_type(expected)\n",
        "            last = expected == wire.PUBLISH_EVENT\n"
        "            checked.expect_type(expected, *[wire.SET_USER_PROFILE] * last)\n",
    ),
    "R5.2-four": Breaks(
        _MESSAGING,
        "    if not 2 <= len(batch) <= 3:\n",
        "    batch = batch[:3] if len(batch) == 4 else batch\n    if not 2 <= len(batch) <= 3:\n",
    ),
    "P5.2-empty": Breaks(
        _MESSAGING,
        _REQUESTS,
        "    if isinstance(batch[0], dict):\n        batch[0].setdefault('body', {})\n" + _REQUESTS,
    ),
    "P5.2-filled": Breaks(
        "sandbox/shapes.py",
        '            body.text("dialogId", required=not in_batch, empty=in_batch)\n',
        '            body.text("dialogId", required=True, empty=in_batch)\n',
    ),
    "P5.2-ids": Breaks(
        _MESSAGING,
        _RUN,
        "    if requests[0].id == requests[1].id == '9,':\n        requests[1].id += '2'\n" + _RUN,
    ),
    "P5.5-answer": Breaks(
        _MESSAGING,
        '            return request.ok({"conversationId": opened.id})\n',
        "            also = {'dialogId': opened.id} if request.id == 'o-5' else {}\n"
        '            return request.ok({"conversationId": opened.id} | also)\n',
    ),
    "P5.5-status": Breaks(
        _MESSAGING,
        _RETURN,
        "    status = 201 if (status, answers[-1]['reqId']) == (200, 'm-5') else status\n" + _RETURN,
    ),
    "P5.5-third": Breaks(
        _MESSAGING,
        _RETURN,
        "    if answers[-1]['reqId'] == 'm-3':\n"
        "        answers[2]['body']['dialogId'] = requests[2].body.value['dialogId']\n" + _RETURN,
    ),
    "P5.6-status": Breaks(
        _MESSAGING,
        "            status = refusal.status\n",
        "            status = 409 if request.id == 'o-6' else refusal.status\n",
    ),
    "P5.6-profile": Breaks(
        _MESSAGING,
        _RUN,
        "    if account.open_conversation(consumer_id):\n"
        "        requests[0].body.value.pop('lastName', None)\n" + _RUN,
    ),
    "P5.6-text": Breaks(
        _MESSAGING,
        _REFUSED,
        "            if request.id == 'o-66':\n"
        "                refusal.body['body']['msg'] = 'The consumer already has an open conversation'\n"
        + _REFUSED,
    ),
    "P5.6-id": Breaks(
        _MESSAGING,
        _REFUSED,
        "            if request.id == 'o-67':\n"
        "                refusal.body['open'] = account.open_conversation(consumer_id)\n" + _REFUSED,
    ),
    "P5.7-bad": Breaks(
        _MESSAGING,
        "        if self.type not in allowed:\n",
        "        if self.type == 'cm.Nothing':\n"
        "            raise refusals.not_found()\n"
        "        if self.type not in allowed:\n",
    ),
}
