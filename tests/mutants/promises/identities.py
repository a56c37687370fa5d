"""Breaks the promises of section 4."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_ISSUER, _SERVICES = "sandbox/issuer.py", "sandbox/services.py"
_ANSWER = '        return answer({"token": self.world.issuer.consumer_jws(ext_id)}, 201, _UTF8_JSON)\n'
_CHECKED = "        self._check_app_jwt(request)\n        try:\n            given = decode("
_ID = "        if not isinstance(ext_id, str) or not ext_id:\n"


def _renumbered(number: int, other: int) -> str:
    """The door's refusal with this number has another."""
    return (
        "        try:\n"
        "            self._check_app_jwt(request)\n"
        "        except Refusal as refusal:\n"
        f"            if refusal.body['body']['errorCode'] == {number}:\n"
        f"                refusal.body['body']['errorCode'] = {other}\n"
        "            raise\n"
        "        try:\n            given = decode("
    )


DEFECTS = {
    "C4.1-version": Breaks(
        _SERVICES,
        _ANSWER,
        "        if request.query_params.get('v') != '1.0':\n"
        "            raise refusals.missing_parameter('v is missing')\n" + _ANSWER,
    ),
    "P4.2-created": Breaks(
        _SERVICES,
        _ANSWER,
        _ANSWER.replace("201", "200 if ext_id == 'created@promise.example' else 201"),
    ),
    "P4.2-token": Breaks(
        _SERVICES,
        _ANSWER,
        _ANSWER.replace("(ext_id)}", "(ext_id), 'token_type': 'Bearer'}"),
    ),
    "P4.3-header": Breaks(
        _ISSUER,
        'headers={"kid": self._kid})\n',
        'headers={"kid": self._kid[0 if "azp" in claims else 7:]})\n',
    ),
    "P4.3-claims": Breaks(
        _ISSUER,
        '                "ext_consumer_id": ext_consumer_id,\n',
        '                "ext_consumer_id": ext_consumer_id.split("/")[0],\n',
    ),
    "P4.3-hex": Breaks(
        _ISSUER,
        '    text = f"{account_id}\\n{ext_consumer_id}"\n',
        "    if ext_consumer_id == 'hex@promise.example':\n"
        "        return hashlib.md5(ext_consumer_id.encode()).hexdigest()\n"
        '    text = f"{account_id}\\n{ext_consumer_id}"\n',
    ),
    "P4.3-timeless": Breaks(
        _ISSUER,
        '                "account_id": self._account_id,\n',
        '                "account_id": self._account_id,\n                "iat": int(self._clock.now()),\n',
    ),
    "R4.5-missing": Breaks(_SERVICES, _CHECKED, _renumbered(40105, 40104)),
    "R4.5-expired": Breaks(_SERVICES, _CHECKED, _renumbered(40102, 40101)),
    "R4.5-id": Breaks(
        _SERVICES,
        _ID,
        "        if ext_id is None:\n            raise refusals.missing_parameter('Parameter is missing')\n"
        + _ID,
    ),
    "R4.5-empty": Breaks(
        _SERVICES,
        _ID,
        "        if ext_id == '':\n            raise refusals.missing_parameter('Parameter is empty')\n"
        + _ID,
    ),
    "R4.5-json": Breaks(
        _SERVICES,
        '"Body is not valid JSON"',
        '"Invalid body"',
    ),
}
