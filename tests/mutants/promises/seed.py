"""Breaks S1 to S19."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_ACCOUNT, _ISSUER = "sandbox/account.py", "sandbox/issuer.py"
_MESSAGING, _SERVICES = "sandbox/messaging.py", "sandbox/services.py"


def _answered(status: int, error: str) -> str:
    """The refusal at the door with this number, but with another status."""
    return f"refusal = refusals.door(wire.{error}); refusal.status = {status}; raise refusal"


DEFECTS = {
    "S1": Breaks(
        _SERVICES,
        '            PromptRoute(wire.SEND_PATH, self.send, ("POST",)),\n',
        '            PromptRoute(wire.SEND_PATH, self.send, ("POST",)),\n'
        '            PromptRoute(wire.CONVERSATION_PATH + "/receive", self.send, ("POST",)),\n',
    ),
    "S2": Breaks(
        _MESSAGING,
        "    if not isinstance(batch, list):\n",
        "    if isinstance(batch, dict):\n"
        '        batch = [{"id": "0", "type": wire.SET_USER_PROFILE, "body": {}}, batch]\n'
        "    if not isinstance(batch, list):\n",
    ),
    "S3": Breaks(
        _MESSAGING,
        "        try:\n            answers.append(_run(request,",
        "        if request.type == wire.SET_USER_PROFILE:\n"
        '            answers.append(request.ok({"msg": "OK User Profile set successfully"}))\n'
        "            continue\n"
        "        try:\n            answers.append(_run(request,",
    ),
    "S4": Breaks(
        _MESSAGING,
        '        raise bad("SEND takes one request, not an array")\n',
        "        envelope = envelope[0]\n",
    ),
    "S5": Breaks(
        _ACCOUNT,
        "        dialog.events.append(record)\n",
        "        if event.get('message') != 'Where is it?':\n            dialog.events.append(record)\n",
    ),
    "S6": Breaks(
        _MESSAGING,
        "    target = account.conversation(body.value['conversationId'], consumer_id)\n".replace("'", '"'),
        "    target = account.conversation(body.value['conversationId'], consumer_id)\n"
        "    if any(f.value['field'] == wire.STATE_FIELD for f in fields(body)) and not target.features:\n"
        "        raise bad('a consumer closes nothing')\n",
    ),
    "S7": Breaks(
        _MESSAGING,
        "        return _run(request, account, consumer_id, features)\n",
        "        plain = 'authenticatedData' not in request.body.value\n"
        "        if request.type == wire.SET_USER_PROFILE and plain:\n"
        '            return request.ok({"msg": "OK User Profile set successfully"})\n'
        "        return _run(request, account, consumer_id, features)\n",
    ),
    "S8": Breaks(
        _SERVICES,
        "        consumer_id, body = self._at_the_door(request, body)\n        batch = decode(body)\n",
        "        if wire.AUTHORIZATION in request.headers or wire.ON_BEHALF in request.headers:\n"
        "            consumer_id, body = self._at_the_door(request, body)\n"
        "        else:\n"
        "            consumer_id, body = 'anybody', body\n"
        "        batch = decode(body)\n",
    ),
    "S9": Breaks(
        _ISSUER,
        "self._clock.now() < exp\n",
        "self._clock.now() < exp + 55\n",
    ),
    "S10": Breaks(
        _ISSUER,
        '        if claims.get("account_id") != account_id or',
        "        if self._clock.advanced_seconds > 365 * 86400:\n"
        "            raise InvalidToken\n"
        '        if claims.get("account_id") != account_id or',
    ),
    "S11": Breaks(
        _SERVICES,
        "        consumer_id, body = self._at_the_door(request, body)\n        envelope = decode(body)\n",
        "        try:\n"
        "            consumer_id, body = self._at_the_door(request, body)\n"
        "        except Refusal as refusal:\n"
        "            genuine = request.headers.get(wire.AUTHORIZATION, '').count('.') == 2\n"
        "            if genuine and refusal.body['body'].get('errorCode') == 40102:\n"
        "                refusal.status = 403\n"
        "            raise\n"
        "        envelope = decode(body)\n",
    ),
    "S12": Breaks(
        _SERVICES,
        "            raise refusals.door(wire.MISSING_APP_JWT)\n",
        f"            {_answered(403, 'MISSING_APP_JWT')}\n",
    ),
    "S13": Breaks(
        _SERVICES,
        "        except InvalidToken:\n            raise refusals.door(wire.INVALID_APP_JWT) from None\n",
        "        except InvalidToken:\n"
        '            if given.count(".") != 2:\n'
        f"                {_answered(403, 'INVALID_APP_JWT')}\n"
        "            raise refusals.door(wire.INVALID_APP_JWT) from None\n",
    ),
    "S14": Breaks(
        _SERVICES,
        "            raise refusals.door(wire.MISSING_CONSUMER_JWS)\n",
        f"            {_answered(403, 'MISSING_CONSUMER_JWS')}\n",
    ),
    "S15": Breaks(
        _SERVICES,
        "            raise refusals.door(wire.INVALID_CONSUMER_JWS) from None\n",
        f"            {_answered(403, 'INVALID_CONSUMER_JWS')}\n",
    ),
    "S16": Breaks(
        _ISSUER,
        '        if token in self._expired or ("exp" in claims and not self._in_time(claims["exp"])):\n',
        "        if self._expired.get(token) == 0:\n"
        "            return str(claims['azp'])\n"
        '        if token in self._expired or ("exp" in claims and not self._in_time(claims["exp"])):\n'
        "            self._expired[token] = 0\n",
    ),
    "S17": Breaks(
        _SERVICES,
        "        consumer_id, body = self._at_the_door(request, body)\n        batch = decode(body)\n",
        "        try:\n"
        "            consumer_id, body = self._at_the_door(request, body)\n"
        "        except Refusal as refusal:\n"
        "            if refusal.status == 401:\n"
        "                refusal.body['body'].update(title='Unauthorized', details='Unauthorized')\n"
        "            raise\n"
        "        batch = decode(body)\n",
    ),
    "S18": Breaks(
        _SERVICES,
        "        consumer_id, body = self._at_the_door(request, body)\n        batch = decode(body)\n",
        "        try:\n"
        "            consumer_id, body = self._at_the_door(request, body)\n"
        "        except Refusal as refusal:\n"
        "            if refusal.status == 401:\n"
        "                refusal.body['body']['errorCode'] = 40103\n"
        "            raise\n"
        "        batch = decode(body)\n",
    ),
    "S19": Breaks(
        _ACCOUNT,
        "            raise refusals.door(wire.INVALID_CONSUMER_JWS)\n",
        f"            {_answered(403, 'INVALID_CONSUMER_JWS')}\n",
    ),
}
