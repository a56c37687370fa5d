"""Breaks the promises of sections 2 to 4."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

DEFECTS = {
    "P2.1-one": Breaks(
        "sandbox/services.py",
        "        return answer(self._base_uri(name))\n",
        "        return answer({'baseURIs': [self._base_uri(name)]})\n",
    ),
    "P2.3-account": Breaks(
        "sandbox/services.py",
        '            raise refusals.plain(401, "Bad site: the account is not known")\n',
        '            raise refusals.plain(404, "Bad site: the account is not known")\n',
    ),
}
