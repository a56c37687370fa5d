"""Breaks the promises of section 8.1."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_SERVICES, _MESSAGING, _ISSUER = "sandbox/services.py", "sandbox/messaging.py", "sandbox/issuer.py"
_ACCOUNT = "sandbox/account.py"
_INVALID_JWS = "            raise refusals.door(wire.INVALID_CONSUMER_JWS) from None\n"
_INVALID_APP_JWT = "            raise refusals.door(wire.INVALID_APP_JWT) from None\n"
_CHECKED_JWS = "        consumer_id = self._check_consumer_jws(request)\n"
_SIZE = '        raise refusals.RequestRefused(413, "Payload too large")\n'
_OWNED = "        if conversation.consumer_id != consumer_id:\n"

DEFECTS = {
    "P8.1-object": Breaks(
        _SERVICES,
        _INVALID_JWS,
        "            refusal = refusals.door(wire.INVALID_CONSUMER_JWS)\n"
        "            if given == 'of-nobody':\n"
        "                refusal.body['body']['hint'] = 'Whose is it?'\n"
        "            raise refusal from None\n",
    ),
    "P8.1-40001": Breaks(
        _MESSAGING,
        "        raise refusals.door(wire.MISSING_PARAMETER)\n    if brand",
        "        refusal = refusals.door(wire.MISSING_PARAMETER)\n"
        "        if request.id == '2':\n"
        "            refusal.body['body']['details'] = 'brandId is missing'\n"
        "        raise refusal\n    if brand",
    ),
    "P8.1-claims": Breaks(
        _SERVICES,
        "            raise refusals.door(wire.MISSING_PARAMETER) from None\n",
        "            refusal = refusals.door(wire.MISSING_PARAMETER)\n"
        "            refusal.body['body']['details'] = 'A claim is missing'\n"
        "            raise refusal from None\n",
    ),
    "P8.1-40102": Breaks("wire.py", '"title": "Invalid AppJWT"', '"title": "AppJWT is invalid"'),
    "P8.1-40103": Breaks("wire.py", '"title": "Invalid ConsumerJWS"', '"title": "ConsumerJWS is invalid"'),
    "P8.1-40104": Breaks(
        "wire.py",
        "X_ON_BEHALF_HEADER is not present",
        "X-LP-ON-BEHALF is not present",
    ),
    "P8.1-40105": Breaks(
        "wire.py",
        "AUTHORIZATION header is not present",
        "Authorization is not present",
    ),
    "P8.1-signature": Breaks(
        _ISSUER,
        "        try:\n            # Times are checked",
        "        if token.endswith('A' * 20):\n"
        "            return jwt.decode(token, options={'verify_signature': False})\n"
        "        try:\n            # Times are checked",
    ),
    "P8.1-account": Breaks(
        _ISSUER,
        'claims["aud"] != account_id:\n            raise InvalidToken\n',
        'claims["aud"] != account_id:\n            raise MissingClaim\n',
    ),
    "P8.1-expired": Breaks(
        _SERVICES,
        _INVALID_APP_JWT,
        "            refusal = refusals.door(wire.INVALID_APP_JWT)\n"
        "            later = self.world.clock.advanced_seconds and request.url.path.endswith('/send')\n"
        "            if later and given.count('.') == 2:\n"
        "                refusal.body['body']['errorCode'] = 40105\n"
        "            raise refusal from None\n",
    ),
    "P8.1-file": Breaks(
        "sandbox/files.py",
        "            raise refusals.door(wire.INVALID_CONSUMER_JWS)\n",
        "            raise refusals.door(wire.MISSING_CONSUMER_JWS)\n",
    ),
    "P8.1-foreign": Breaks(
        _ACCOUNT,
        "            raise refusals.door(wire.INVALID_CONSUMER_JWS)\n",
        "            raise refusals.door(wire.MISSING_CONSUMER_JWS)\n",
    ),
    "P8.1-empty": Breaks(
        _SERVICES,
        '        given = request.headers.get(wire.ON_BEHALF, "").strip()\n        if not given:\n',
        '        given = request.headers.get(wire.ON_BEHALF, "").strip()\n'
        "        if wire.ON_BEHALF not in request.headers:\n",
    ),
    "P8.1-once": Breaks(
        "sandbox/fault_answers.py",
        "    if spec.what == ERROR_CODE:\n",
        "    if _request_id(call, body) == 'once-81':\n"
        "        return refused(refusals.door(wire.INVALID_CONSUMER_JWS))\n"
        "    if spec.what == ERROR_CODE:\n",
    ),
    "R8.1-tokens": Breaks(
        _SERVICES,
        _CHECKED_JWS,
        "        if body == b'no JSON':\n            raise bad('the body is not valid JSON')\n"
        + _CHECKED_JWS,
    ),
    "R8.1-http": Breaks(
        _SERVICES,
        _SIZE,
        "        if media_type(request) == 'text/plain':\n"
        "            raise refusals.RequestRefused(415, 'Content-Type must be JSON')\n" + _SIZE,
    ),
    "R8.1-content": Breaks(
        _ACCOUNT,
        _OWNED,
        "        if conversation.consumer_id != consumer_id and conversation.stage == wire.CLOSE:\n"
        "            raise refusals.closed()\n" + _OWNED,
    ),
}
