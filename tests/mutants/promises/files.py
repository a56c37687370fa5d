"""Breaks the promises of section 10."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_FILES, _STORAGE, _MESSAGING = "sandbox/files.py", "sandbox/storage.py", "sandbox/messaging.py"

DEFECTS = {
    "P10.1-upload": Breaks(
        _MESSAGING,
        '            return request.ok(account.files.upload_url(consumer_id, body.value["fileType"]))\n',
        '            url = account.files.upload_url(consumer_id, body.value["fileType"])\n'
        "            return request.ok(url | ({'expires_in': 60} if request.id != 'b-61' else {}))\n",
    ),
    "P10.1-download": Breaks(
        _MESSAGING,
        '            return request.ok(account.files.download_url(body.value["relativePath"]))\n',
        '            url = account.files.download_url(body.value["relativePath"])\n'
        "            return request.ok(url | {'relativePath': url['relativePath'].lower()})\n",
    ),
    "P10.1-path": Breaks(_FILES, "_{stamp}.{file_type}", "_{stamp}.{file_type.lower()}"),
    "P10.1-strings": Breaks(
        _MESSAGING,
        '            return request.ok(account.files.upload_url(consumer_id, body.value["fileType"]))\n',
        '            url = account.files.upload_url(consumer_id, body.value["fileType"])\n'
        "            query = url['queryParams']\n"
        "            query['temp_url_expires'] = int(query['temp_url_expires'])\n"
        "            return request.ok(url)\n",
    ),
    "P10.1-seconds": Breaks("wire.py", "TEMP_URL_SECONDS = 60\n", "TEMP_URL_SECONDS = 90\n"),
    "P10.1-size": Breaks(_FILES, "    if not 0 < int(size)", "    if not 0 <= int(size)"),
    "P10.1-types": Breaks(
        _FILES,
        '    return str(body.choice("fileType", wire.UPLOAD_TYPES, required=True))\n',
        '    return str(body.choice("fileType", ("BMP", *wire.UPLOAD_TYPES), required=True))\n',
    ),
    "P10.1-no-path": Breaks(
        _FILES,
        "    return _relative_path(body)\n",
        "    if body.value.get('relativePath') is None:\n        raise refusals.not_found()\n"
        "    return _relative_path(body)\n",
    ),
    "P10.1-malformed": Breaks(
        _FILES,
        "    return _relative_path(body)\n",
        "    if str(body.value.get('relativePath', '/v1/'))[:4] != '/v1/':\n"
        "        raise refusals.not_found()\n"
        "    return _relative_path(body)\n",
    ),
    "P10.2-put": Breaks(_STORAGE, "201", "200"),
    "P10.2-etag": Breaks(
        _STORAGE, "self._files.put(path, content).md5})", "self._files.put(path, content).md5[:16]})"
    ),
    "P10.2-raw": Breaks(
        _STORAGE,
        "Response(file.content, headers",
        "Response(file.content.replace(b'\\r\\n', b'\\n')[:200], headers",
    ),
    "P10.2-get": Breaks(
        _STORAGE,
        "        return Response(file.content, headers=_file_headers(file, path))",
        "        status = 203 if request.method == 'GET' else 200\n"
        "        return Response(file.content, status, headers=_file_headers(file, path))",
    ),
    "P10.2-type": Breaks(
        _STORAGE, '        "Content-Type": file.content_type,\n', '        "Content-Type": "image/png",\n'
    ),
    "P10.2-attachment": Breaks(_STORAGE, "attachment; filename", "inline; filename"),
    "P10.2-slash": Breaks(
        _STORAGE,
        '                path = "/" + request.scope["path"].lstrip("/")\n',
        "                path = request.scope['path']\n"
        "                if path.endswith('.JPEG'):\n"
        "                    path = '/' + path.lstrip('/')\n",
    ),
    "P10.2-head": Breaks(_FILES, '"HEAD": ("HEAD", "GET", "PUT")', '"HEAD": ("HEAD", "GET")'),
    "P10.2-put-only": Breaks(_FILES, '"PUT": ("PUT",), ', '"PUT": ("PUT", "GET"), '),
    "P10.2-get-only": Breaks(_FILES, '"GET": ("GET",), ', '"GET": ("GET", "PUT"), '),
    "P10.2-others": Breaks(
        _STORAGE,
        "            case _:  # no signature is for any other method\n",
        '            case "POST":\n'
        "                return await self._put(request, '/' + request.scope['path'].lstrip('/'))\n"
        "            case _:  # no signature is for any other method\n",
    ),
    "P10.2-unsigned": Breaks(
        _STORAGE,
        "        if len(signatures) != 1 or len(expiries) != 1:\n",
        "        if not expiries and signatures:\n            return True\n"
        "        if len(signatures) != 1 or len(expiries) != 1:\n",
    ),
    "P10.2-signature": Breaks(
        _FILES,
        '        text = f"{method}\\n{expires}\\n{path}"\n',
        '        text = f"{method}\\n{path}"\n',
    ),
    "P10.2-words": Breaks(
        _STORAGE, '_INVALID = "401 Unauthorized: Temp URL invalid"', '_INVALID = "Unauthorized"'
    ),
    "P10.2-404": Breaks(_STORAGE, "raise refusals.plain(404,", "raise refusals.plain(410,"),
    "P10.2-411": Breaks(_STORAGE, "raise refusals.plain(411,", "raise refusals.plain(400,"),
    "P10.2-413": Breaks(_STORAGE, "raise refusals.plain(413,", "raise refusals.plain(400,"),
    "P10.2-422": Breaks(
        _STORAGE,
        "            raise refusals.plain(\n                422,",
        "            raise refusals.plain(\n                409,",
    ),
    "P10.2-no-token": Breaks(
        _STORAGE,
        "        signatures, expiries = (\n",
        "        if request.headers.get('authorization', '.').count('.') != 1:\n            return False\n"
        "        signatures, expiries = (\n",
    ),
    "P10.3-size": Breaks(_FILES, "int(size) <= wire.MAX_FILE_BYTES", "int(size) < wire.MAX_FILE_BYTES"),
    "P10.3-caption": Breaks(
        _FILES,
        '    message.text("caption")\n',
        "    if len(message.text('caption') or '') > 5000:\n        raise bad('the caption is too long')\n",
    ),
    "P10.3-cors": Breaks(
        _STORAGE,
        "            response = refused(refusal)\n        response.headers.update(CORS)\n",
        "            response = refused(refusal)\n"
        "        if response.status_code < 400:\n            response.headers.update(CORS)\n",
    ),
}
