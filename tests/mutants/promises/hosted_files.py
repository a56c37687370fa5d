"""Breaks the promises of section 6.4."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_FILES = "sandbox/files.py"
_KIND = '    message.choice("fileType", wire.UPLOAD_TYPES, required=True)\n'
_CAPTION = '    message.text("caption")\n'

DEFECTS = {
    "P6.4-kept": Breaks(
        _FILES,
        _CAPTION,
        _CAPTION + "    if message.value.get('caption') == 'Seen from above':\n"
        "        del message.value['caption']\n",
    ),
    "P6.4-object": Breaks(
        _FILES,
        _KIND,
        "    message.value.setdefault('fileType', 'GIF')\n" + _KIND,
    ),
    "P6.4-types": Breaks(
        _FILES,
        _KIND,
        "    if message.value.get('fileType') == 'gif':\n        message.value['fileType'] = 'GIF'\n" + _KIND,
    ),
    "P6.4-unchanged": Breaks(
        _FILES,
        '    path = members.text("relativePath", required=True, empty=False) or ""\n',
        '    path = members.text("relativePath", required=True, empty=False) or ""\n'
        "    if path.startswith('https://swift.example/'):\n"
        "        path = members.value['relativePath'] = path.removeprefix('https://swift.example')\n",
    ),
    "P6.4-preview": Breaks(
        _FILES,
        "    if len(encoded) >= wire.MAX_PREVIEW_CHARACTERS:\n",
        "    if len(encoded) > wire.MAX_PREVIEW_CHARACTERS:\n",
    ),
    "P6.4-never": Breaks(
        "sandbox/messaging.py",
        '        account.files.check_uploaded(Members(event["message"], "body.event.message"))\n',
        "        if event['message']['fileType'] != 'PNG':\n"
        '            account.files.check_uploaded(Members(event["message"], "body.event.message"))\n',
    ),
}
