"""Breaks the promises of section 3."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_ISSUER, _SERVICES = "sandbox/issuer.py", "sandbox/services.py"
_GIVEN = "        given = dict(request.query_params) | form  # the body wins (R31)\n"
_ANSWER = '        return answer({"access_token": token, "token_type": "Bearer"}, headers=_UTF8_JSON)\n'
_UNKNOWN = "        if app is None:\n            raise _unknown_app("
_KID = 'headers={"kid": self._kid})\n'

DEFECTS = {
    "P3.1-query": Breaks(
        _SERVICES,
        _GIVEN,
        "        given = dict(request.query_params) | form if form else {}\n",
    ),
    "P3.1-form": Breaks(
        _SERVICES,
        _GIVEN,
        "        if 'scope' in form:\n            form.pop('grant_type', None)\n" + _GIVEN,
    ),
    "P3.1-version": Breaks(
        _SERVICES,
        '        if request.query_params.get("v") != wire.APP_JWT_VERSION:\n',
        '        if given["v"] != wire.APP_JWT_VERSION:\n',
    ),
    "P3.2-members": Breaks(
        _SERVICES,
        _ANSWER,
        '        said = {"access_token": token, "token_type": "Bearer"}\n'
        "        said |= {} if 'grant_type' in form else {'refresh_token': token[::-1]}\n"
        "        return answer(said, headers=_UTF8_JSON)\n",
    ),
    "P3.2-type": Breaks(
        _SERVICES,
        _ANSWER,
        '        return answer({"access_token": token, "token_type": "bearer"}, headers=_UTF8_JSON)\n',
    ),
    "P3.2-media": Breaks(
        _SERVICES,
        _ANSWER,
        '        return answer({"access_token": token, "token_type": "Bearer"})\n',
    ),
    "P3.3-kid": Breaks(
        _ISSUER,
        _KID,
        'headers={"kid": self._kid[7 if "azp" in claims else 0:]})\n',
    ),
    "P3.3-header": Breaks(
        "wire.py",
        'TOKEN_ALGORITHM = "RS256"',
        'TOKEN_ALGORITHM = "RS384"',
    ),
    "P3.3-aud": Breaks(
        _ISSUER,
        "        self._account_id = account_id\n",
        "        self._account_id = account_id\n"
        "        sign, verified = self.sign, self._verified\n"
        "        def listed(claims):\n"
        "            return sign(claims | {'aud': [account_id]} if 'azp' in claims else claims)\n"
        "        def plain(token):\n"
        "            claims = verified(token)\n"
        "            return claims | {'aud': claims['aud'][0]} if 'aud' in claims else claims\n"
        "        self.sign, self._verified = listed, plain\n",
    ),
    "P3.3-azp": Breaks(
        _ISSUER,
        '                "azp": client_id,\n',
        '                "azp": client_id.upper(),\n',
    ),
    "P3.3-scope": Breaks(
        _ISSUER,
        '                "scope": wire.APP_JWT_SCOPE,\n',
        '                "scope": "msg",\n',
    ),
    "P3.3-iss": Breaks(
        "wire.py",
        'APP_JWT_ISSUER = "Sentinel"',
        'APP_JWT_ISSUER = "sentinel"',
    ),
    "P3.3-iat": Breaks(
        _ISSUER,
        '                "iat": issued_at,\n',
        '                "iat": float(issued_at),\n',
    ),
    "P3.3-exp": Breaks(
        _ISSUER,
        '                "exp": issued_at + wire.APP_JWT_LIFETIME_SECONDS,\n',
        '                "exp": issued_at + wire.APP_JWT_LIFETIME_SECONDS - 5,\n',
    ),
    "P3.5-form": Breaks(
        "sandbox/refusals.py",
        '        {"error": error, "error_description": description},\n',
        '        {"error": error, "error_description": description, "hint": ""},\n',
    ),
    "P3.5-headers": Breaks(
        "sandbox/refusals.py",
        '            "Cache-Control": "no-store",\n',
        '            "Cache-Control": "no-cache",\n',
    ),
    "R3.5-client": Breaks(
        _SERVICES,
        _UNKNOWN,
        "        known = self.world.apps.get(given['client_id'])\n"
        "        wrong_secret = app is None and known is not None and known.enabled\n"
        "        if wrong_secret and 'authorization' not in request.headers:\n"
        "            raise refusals.oauth(400, 'invalid_request', 'Wrong secret')\n" + _UNKNOWN,
    ),
    "R3.5-off": Breaks(
        _SERVICES,
        _UNKNOWN,
        "        known = self.world.apps.get(given['client_id'])\n"
        "        if app is None and known is not None and not known.enabled:\n"
        "            raise refusals.oauth(403, 'access_denied', 'The app is off')\n" + _UNKNOWN,
    ),
    "R3.5-challenge": Breaks(
        _SERVICES,
        '        refusal.headers["WWW-Authenticate"] = ',
        '        refusal.headers["X-Authenticate"] = ',
    ),
    "R3.5-missing": Breaks(
        _SERVICES,
        '                raise refusals.oauth(400, "invalid_request", f"{name} is missing")\n',
        "                kind = 'invalid_client' if name == 'client_id' else 'invalid_request'\n"
        '                raise refusals.oauth(400, kind, f"{name} is missing")\n',
    ),
    "R3.5-grant": Breaks(
        _SERVICES,
        '400, "unsupported_grant_type",',
        '400, "invalid_grant",',
    ),
    "R3.5-allowed": Breaks(
        _SERVICES,
        '400, "unauthorized_client",',
        '400, "invalid_client",',
    ),
    "R3.5-scope": Breaks(
        _SERVICES,
        '400, "invalid_scope",',
        '400, "invalid_request",',
    ),
    "R3.5-version": Breaks(
        _SERVICES,
        'oauth(400, "invalid_request", "v must be 1.0")',
        'oauth(404, "invalid_request", "v must be 1.0")',
    ),
    "P3.5-busy": Breaks(
        "sandbox/fault_answers.py",
        "_RETRY_LOGIN_AFTER_SECONDS = 1, 5\n",
        "_RETRY_LOGIN_AFTER_SECONDS = 1, 1\n",
    ),
    "P3.5-blocked": Breaks(
        "sandbox/fault_answers.py",
        "    status, retry_after = spec.value, spec.retry_after\n",
        "    status, retry_after = spec.value, spec.retry_after\n"
        '    status = 503 if (call, status) == ("app_jwt", 451) else status\n',
    ),
}
