"""Breaks the promises of sections 1 and 2."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_SERVICES, _NOTICES = "sandbox/services.py", "sandbox/notices.py"
_ONE = "        return answer(self._base_uri(name))\n"
_KNOWN = "        if name not in _SERVICES:\n"
_ALL = '        return {"baseURIs": [self._base_uri(name) for name in _SERVICES]}\n'

DEFECTS = {
    "P1.1-uuid": Breaks(
        "sandbox/account.py",
        "        ttr_type = request.get(",
        "        if request.get('skillId') == '1101':\n"
        "            new_id = new_id.replace('-', '')\n"
        "        ttr_type = request.get(",
    ),
    "P1.1-main": Breaks(
        _NOTICES,
        "    details |= _present(\n        endTs=conversation.end_ts",
        "    if conversation.skill_id == '1102':\n"
        "        details['dialogs'][0]['dialogId'] += '-main'\n"
        "    details |= _present(\n        endTs=conversation.end_ts",
    ),
    "P1.1-consumer": Breaks(
        _NOTICES,
        '    change["originatorId"] = record["originatorId"]\n',
        '    change["originatorId"] = record["originatorId"]\n'
        "    if event.get('message') == 'Who am I?':\n"
        "        change['originatorId'] = change['originatorId'].upper()\n",
    ),
    "P1.4-utf8": Breaks(
        "sandbox/bodies.py",
        "_ENCODER.encode(value).encode()\n",
        '_ENCODER.encode(value).encode("latin-1" if "€" in str(value) else "utf-8", "replace")\n',
    ),
    "P2.1-all": Breaks(
        _SERVICES,
        _ALL,
        "        entries = [self._base_uri(name) for name in _SERVICES]\n"
        "        del entries[4]['account']\n"
        "        return {'baseURIs': entries}\n",
    ),
    "P2.1-one": Breaks(
        _SERVICES,
        _ONE,
        "        if name == 'sentinel':\n"
        "            return answer({'baseURIs': [self._base_uri(name)]})\n" + _ONE,
    ),
    "P2.1-asked": Breaks(
        _SERVICES,
        _ONE,
        "        if name == 'idp':\n"
        "            return answer(self._base_uri(name) | {'service': 'IDP'})\n" + _ONE,
    ),
    "P2.1-host": Breaks(
        _SERVICES,
        _ONE,
        "        if name == 'swift':\n"
        "            return answer(self._base_uri(name) | {'baseURI': self.world.host + '/'})\n" + _ONE,
    ),
    "P2.1-case": Breaks(
        _SERVICES,
        _KNOWN,
        "        if name == 'AsyncMessagingEnt':\n            name = 'asyncMessagingEnt'\n" + _KNOWN,
    ),
    "C2.1-suffix": Breaks(
        _SERVICES,
        _KNOWN,
        "        if name == 'swift' and not request.url.path.endswith('.json'):\n"
        "            name = 'none'\n" + _KNOWN,
    ),
    "P2.2-names": Breaks(
        _SERVICES,
        _KNOWN,
        '        if name not in _SERVICES or name == "accountConfigReadWrite":\n',
    ),
    "P2.3-version": Breaks(
        _SERVICES,
        'request.query_params.get("version") != wire.DOMAINS_VERSION',
        'request.query_params.get("version", "1.0") != wire.DOMAINS_VERSION',
    ),
    "P2.3-account": Breaks(
        _SERVICES,
        '            raise refusals.plain(401, "Bad site: the account is not known")\n',
        '            raise refusals.plain(404, "Bad site: the account is not known")\n',
    ),
    "R2.3-service": Breaks(
        _SERVICES,
        '            raise refusals.plain(404, f"Service {name} is',
        '            raise refusals.plain(400, f"Service {name} is',
    ),
    "C2.3-absent": Breaks(
        _SERVICES,
        _ALL,
        "        history = self._base_uri('msgHist')\n"
        "        return {'baseURIs': [*(self._base_uri(name) for name in _SERVICES), history]}\n",
    ),
}
