"""Breaks the promises of section 5.3."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_PROFILE = "sandbox/profile.py"
_KEPT = '    data = members.get("authenticatedData")\n'


def _lost(statement: str) -> Breaks:
    """Something gets lost on the way into the store, where it is the row's own."""
    return Breaks(
        _PROFILE, _KEPT, f"    if members.get('firstName') == 'Ida':\n        {statement}\n" + _KEPT
    )


DEFECTS = {
    "P5.3-names": _lost("members.pop('userId', None)"),
    "P5.3-pictures": _lost("members.pop('backgndImgUri', None)"),
    "P5.3-role": _lost("members.pop('description', None)"),
    "P5.3-private": _lost(
        "members = {n: v | {'mail': v['mail'].upper()} if isinstance(v, dict) and 'mail' in v else v "
        "for n, v in members.items()}"
    ),
    "P5.3-push": _lost(
        "members = {n: {} if isinstance(v, dict) and 'pushNotificationData' in v else v "
        "for n, v in members.items()}"
    ),
    "P5.3-attributes": Breaks(
        _PROFILE,
        "if n not in _CUSTOMER_UNSUPPORTED}}\n",
        "if n not in _CUSTOMER_UNSUPPORTED and value != 'C-53'}}\n",
    ),
    "P5.3-texts": Breaks(
        _PROFILE,
        '"backgndImgUri", "role", "description")\n',
        '"role", "description")\n',
    ),
    "P5.3-none": _lost(
        "members.setdefault('authenticatedData', {'lp_sdes': [{'type': 'personal', 'personal': {}}]}) "
        "if len(members) == 1 else None"
    ),
}
