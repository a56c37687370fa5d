"""Breaks the rulings on tokens, errors and domains: the sandbox then follows the other reading.

Each does so only for what the row sends, so that the rows of what the reading is about stay green.
"""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_SERVICES, _ISSUER, _MESSAGING = "sandbox/services.py", "sandbox/issuer.py", "sandbox/messaging.py"
_MISSING_APP_JWT = "            raise refusals.door(wire.MISSING_APP_JWT)\n"
_NO_TOKENS = "            raise refusals.door(wire.MISSING_CONSUMER_JWS)\n"
_INVALID_JWS = "            raise refusals.door(wire.INVALID_CONSUMER_JWS) from None\n"
_BEFORE_LENGTH = "        # Characters, not bytes, are what the documented limit counts.\n"
_OK = '        return {"code": wire.CODES[200], "body": body, "reqId": self.id}\n'

DEFECTS = {
    "X1": Breaks(
        _SERVICES,
        _MISSING_APP_JWT,
        "            from connectorkit.sandbox.issuer import lp_consumer_id\n"
        "            xenia = lp_consumer_id(self.world.account_id, 'xenia@promise.example')\n"
        "            genuine = request.headers.get(wire.ON_BEHALF, '').count('.') == 2\n"
        "            if genuine and self._check_consumer_jws(request) == xenia:\n"
        "                raise refusals.door(wire.MISSING_CONSUMER_JWS)\n" + _MISSING_APP_JWT,
    ),
    "X2": Breaks(
        _MESSAGING,
        "        raise refusals.door(wire.MISSING_PARAMETER)\n    if brand",
        "        refusal = refusals.door(wire.MISSING_PARAMETER)\n"
        "        refusal.status = 401 if request.id == 'x2' else 400\n"
        "        raise refusal\n    if brand",
    ),
    "X3": Breaks(
        _ISSUER,
        "        if missing or claims",
        "        if missing and claims.get('ext_consumer_id') == 'xenia@promise.example':\n"
        "            raise InvalidToken\n"
        "        if missing or claims",
    ),
    "X4": Breaks(
        _SERVICES,
        _INVALID_JWS,
        "            if given == 'x4':\n"
        "                raise refusals.door(wire.MISSING_CONSUMER_JWS) from None\n" + _INVALID_JWS,
    ),
    "X5": Breaks(
        _SERVICES,
        _MISSING_APP_JWT,
        "            if request.url.path.endswith('/send') and not request.headers.get(wire.ON_BEHALF):\n"
        "                raise refusals.door(wire.MISSING_CONSUMER_JWS)\n" + _MISSING_APP_JWT,
    ),
    "X6": Breaks(_MESSAGING, _OK, _OK.replace("wire.CODES[200]", "200 if self.id == 'x6' else 'OK'")),
    "X7": Breaks(
        _SERVICES,
        _BEFORE_LENGTH,
        "        after = request.headers[wire.AUTHORIZATION].startswith('Bearer')\n"
        "        if after and isinstance(envelope, dict) and envelope.get('id') == 'x7':\n"
        "            raise refusals.door(wire.INVALID_APP_JWT)\n" + _BEFORE_LENGTH,
    ),
    "X8": Breaks(
        _SERVICES,
        "(ext_id)}, 201, _UTF8_JSON)\n",
        "(ext_id)}, 200 if ext_id == 'xenia@promise.example' else 201, _UTF8_JSON)\n",
    ),
    "X9": Breaks(
        _SERVICES,
        "        given = dict(request.query_params) | form  # the body wins (R31)\n",
        "        given = dict(request.query_params) | form\n"
        "        if request.query_params.get('client_secret') == 'x9wrong':\n"
        "            given = form | dict(request.query_params)\n",
    ),
    "X10": Breaks(
        _SERVICES,
        '        return answer({"access_token": token, "token_type": "Bearer"}, headers=_UTF8_JSON)\n',
        "        said = {'access_token': token, 'token_type': 'Bearer'}\n"
        "        said |= {'expires_in': 3600} if 'grant_type' in form else {}\n"
        "        return answer(said, headers=_UTF8_JSON)\n",
    ),
    "X11": Breaks(
        _SERVICES,
        "        return answer(self._base_uri(name))\n",
        "        said = self._base_uri(name)\n"
        "        if name == 'asyncMessagingEnt':\n"
        "            said['baseURI'] = 'https://' + said['baseURI']\n"
        "        return answer(said)\n",
    ),
    "X12": Breaks(
        _ISSUER,
        '                "lp_consumer_id": lp_consumer_id(self._account_id, ext_consumer_id),\n',
        '                "lp_consumer_id": lp_consumer_id(\n'
        "                    self._account_id + (str(time.time()) if 'twice' in ext_consumer_id else ''),\n"
        "                    ext_consumer_id,\n"
        "                ),\n",
    ),
    "X13": Breaks(
        _SERVICES,
        _NO_TOKENS,
        _NO_TOKENS + "        if given.startswith('{'):\n            return 'f' * 64\n",
    ),
    "X14": Breaks(
        _SERVICES,
        '            PromptRoute(wire.SEND_PATH, self.send, ("POST",)),\n',
        '            PromptRoute(wire.SEND_PATH, self.send, ("POST",)),\n'
        "            PromptRoute('/api/account/{account_id}/conversation/{talk}/close', "
        "self.send, ('POST',)),\n",
    ),
}
