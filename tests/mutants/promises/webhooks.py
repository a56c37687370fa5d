"""Breaks the promises of sections 9.3 to 9.5."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_ACCOUNT, _NOTICES, _SENDER = "sandbox/account.py", "sandbox/notices.py", "sandbox/sender.py"
_TELL = '        if self.listened_to(f"'
_EVENT = '    change |= {"event": event, "conversationId": dialog.conversation_id, "dialogId": dialog.id}\n'
_SIGN = '    return f"{algorithm}={_text(digest, encoding)}"\n'


def _untold(condition: str) -> Breaks:
    """Nobody is told of these events; ``condition`` looks at ``event`` and ``speaker``."""
    return Breaks(_ACCOUNT, _TELL, f'        if not ({condition}) and self.listened_to(f"')


def _told_as(condition: str, changed: str) -> Breaks:
    """Of these events another ``event`` is told; ``changed`` makes it of ``event``."""
    return Breaks(_NOTICES, _EVENT, f"    if {condition}:\n        event = {changed}\n{_EVENT}")


def _signed_as(algorithm: str, encoding: str, digest: str) -> Breaks:
    """The digest is written otherwise, where it is asked for like this."""
    return Breaks(
        "signature.py",
        _SIGN,
        f"    if (algorithm, encoding) == ({algorithm!r}, {encoding!r}):\n        return {digest}\n{_SIGN}",
    )


DEFECTS = {
    "P9.3-content": _untold("event.get('contentType') == 'hosted/file'"),
    "P9.3-rich": _untold("event.get('content', {}).get('type') == 'carousel'"),
    "P9.3-accept": _untold("event.get('status') == 'ACTION'"),
    "P9.3-chat": _untold("event.get('chatState') == 'GONE'"),
    "P9.3-only": Breaks(
        "sandbox/apps.py",
        '        return (self.manifest.get("capabilities") or {}).get("webhooks") or {}\n',
        '        given = (self.manifest.get("capabilities") or {}).get("webhooks") or {}\n'
        "        if list(given) == ['ms.MessagingEventNotification.ChatStateEvent']:\n"
        "            return {kind: one for one in given.values() for kind in wire.WEBHOOK_TYPES}\n"
        "        return given\n",
    ),
    "P9.3-complete": Breaks(
        _NOTICES,
        "    details |= _present(\n",
        "    if conversation.ttr_type == 'URGENT' and conversation.ttr_seconds == 90:\n"
        "        del details['participants'], details['dialogs']\n"
        "    details |= _present(\n",
    ),
    "P9.3-account": Breaks(
        "sandbox/services.py",
        "        status, answers = messaging.conversation(self.world.account, consumer_id, batch, features)",
        "        token = bare_token(request.headers[wire.AUTHORIZATION])\n"
        "        asking = self.world.issuer.check_app_jwt(token, self.world.account_id)\n"
        "        tell = self.world.account.tell\n"
        "        if asking != self.world.first_app.client_id:\n"
        "            self.world.account.tell = lambda event: None\n"
        "        status, answers = messaging.conversation(self.world.account, consumer_id, batch, features)\n"
        "        self.world.account.tell = tell\n",
    ),
    "R9.3-misspelt": Breaks("sandbox/manifest.py", "_CLOSE_ENOUGH = 0.75", "_CLOSE_ENOUGH = 1.0"),
    "P9.4-envelope": Breaks(
        _NOTICES,
        'return {"kind": wire.NOTIFICATION, "type": kind, "body": {"changes": [change]}}',
        "more = {} if change.get('event', {}).get('message') == 'Which members?' else {'sentTs': 0}\n"
        '    return {"kind": wire.NOTIFICATION, "type": kind, "body": {"changes": [change], **more}}',
    ),
    "P9.4-types": Breaks(
        _NOTICES,
        "    body = _envelope(wire.MESSAGING_NOTIFICATION, change)\n",
        "    body = _envelope(kind if 'Rich' in kind else wire.MESSAGING_NOTIFICATION, change)\n",
    ),
    "P9.4-sequence": Breaks(
        _NOTICES,
        '{"sequence": sequence} if',
        '{"sequence": sequence + ("message" in event and sequence > 0)} if',
    ),
    "P9.4-consumer": Breaks(
        _NOTICES,
        '    change["originatorId"] = record["originatorId"]\n',
        '    change["originatorId"] = record["originatorId"]\n'
        "    if record['role'] == wire.CONSUMER and event.get('message') != 'Who am I?':\n"
        "        change['originatorId'] = change['originatorId'][:32]\n",
    ),
    "P9.4-agent": Breaks(
        "sandbox/agent.py",
        "        return Participant(self._lot.uuid(), wire.ASSIGNED_AGENT)\n",
        "        return Participant(self._lot.uuid().replace('-', ''), wire.ASSIGNED_AGENT)\n",
    ),
    "P9.4-metadata-of": Breaks(
        _NOTICES,
        '{"id": record["originatorId"], "role": record["role"]}',
        '{"originatorId": record["originatorId"], "role": record["role"]}',
    ),
    "P9.4-timestamp": Breaks(
        _NOTICES,
        '        change["serverTimestamp"] = record["serverTimestamp"]\n',
        '        change["serverTimestamp"] = record["serverTimestamp"] // 1000\n',
    ),
    "P9.4-ids": Breaks(
        _NOTICES,
        '    if record.get("metadata"):\n',
        "    if event.get('message') == 'Both ids?':\n        del change['dialogId']\n"
        '    if record.get("metadata"):\n',
    ),
    "P9.4-metadata": Breaks(
        _NOTICES,
        '    if record.get("metadata"):\n',
        '    if record.get("metadata") and record["role"] == wire.CONSUMER:\n',
    ),
    "P9.4-text": _told_as(
        "record['role'] == 'ASSIGNED_AGENT' and event.get('contentType') == 'text/plain'",
        "{k: v for k, v in event.items() if k != 'contentType'}",
    ),
    "P9.4-receipt": _told_as(
        "event.get('status') == 'READ'", "event | {'sequenceList': list(map(str, event['sequenceList']))}"
    ),
    "P9.4-chat-state": Breaks(
        _NOTICES, "    if sequence is not None:\n", "    if sequence is not None or event.get('chatState'):\n"
    ),
    "P9.4-rich": _told_as(
        "'content' in event and 'quickReplies' not in event", "event | {'caption': 'Rich'}"
    ),
    "P9.4-file": _told_as(
        "event.get('contentType') == 'hosted/file'",
        "event | {'message': {k: v for k, v in event['message'].items() if k != 'preview'}}",
    ),
    "P9.5-account": Breaks(_SENDER, "            (wire.NOTIFIED_ACCOUNT, self._account_id),\n", ""),
    "P9.5-client": Breaks(
        _SENDER, "(wire.NOTIFIED_CLIENT, app.client_id)", "(wire.NOTIFIED_CLIENT, self._account_id)"
    ),
    "P9.5-content-type": Breaks(_SENDER, "{wire.JSON_MEDIA_TYPE}; charset=utf-8", "{wire.JSON_MEDIA_TYPE}"),
    "P9.5-sha1-base64": _signed_as("sha1", "base64", "'sha1=' + _text(digest, encoding).rstrip('=')"),
    "P9.5-sha1-hex": _signed_as("sha1", "hex", "'sha1=' + digest.hex().upper()"),
    "P9.5-sha256-base64": _signed_as("sha256", "base64", "'sha-256=' + _text(digest, encoding)"),
    "P9.5-sha256-hex": _signed_as("sha256", "hex", "'sha1=' + digest.hex()"),
    "P9.5-not-ascii": Breaks(
        _SENDER,
        "        signature = sign(body, app",
        "        signature = sign(body.decode().encode('ascii', 'replace'), app",
    ),
}
