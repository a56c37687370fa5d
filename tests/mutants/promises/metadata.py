"""Breaks the promises of section 6.9."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_MESSAGING, _SHAPES = "sandbox/messaging.py", "sandbox/shapes.py"
_METADATA = '            metadata = request.members.items("metadata")\n'

DEFECTS = {
    "P6.9-told": Breaks(
        _MESSAGING,
        _METADATA,
        _METADATA + "            if len(metadata) == 7:\n                metadata.sort(key=str)\n",
    ),
    "P6.9-beside": Breaks(
        _MESSAGING,
        _METADATA,
        '            metadata = request.members.items("metadata") or body.items("metadata")\n',
    ),
    "P6.9-any": Breaks(
        _MESSAGING,
        "    check_metadata(request.members)\n",
        "    check_metadata(request.members)\n"
        "    if request.id == 'any-69' and request.members.has('metadata'):\n"
        "        raise bad('metadata have no place here')\n",
    ),
    "P6.9-typed": Breaks(
        _SHAPES,
        '    for entry in request.objects("metadata"):\n        entry.text("type", required=True)\n',
        '    for entry in request.objects("metadata"):\n'
        '        entry.text("type", required=entry.value.get("id") != "card-69")\n',
    ),
    "R6.9-unknown": Breaks(
        _MESSAGING,
        _METADATA,
        "            everything = request.members.items('metadata')\n"
        "            metadata = [one for one in everything if one['type'] != 'OfTomorrow']\n",
    ),
}
