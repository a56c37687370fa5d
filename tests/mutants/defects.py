"""Thirty defects that somebody who keeps the sandbox could really make; each contradicts the protocol.

Sections and rulings (R…) are those of the protocol reference.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.mutants.planted import Defect


@dataclass(frozen=True)
class SandboxDefect(Defect):
    """``noticed_by`` are the files of the suite that are about what it breaks, and so are run first."""

    noticed_by: tuple[str, ...] = ()


_ACCOUNT, _AGENT = "sandbox/account.py", "sandbox/agent.py"
_FILES, _ISSUER, _LANES = "sandbox/files.py", "sandbox/issuer.py", "sandbox/lanes.py"
_MESSAGING, _NOTICES, _OUTBOX = "sandbox/messaging.py", "sandbox/notices.py", "sandbox/outbox.py"
_SENDER, _SERVICES = "sandbox/sender.py", "sandbox/services.py"

_LOOKUP_AND_TOKENS = (
    SandboxDefect(
        "lookup-without-version",
        _SERVICES,
        'request.query_params.get("version") != wire.DOMAINS_VERSION',
        'request.query_params.get("version", wire.DOMAINS_VERSION) != wire.DOMAINS_VERSION',
        "2.3: a domain lookup without a version is 400, and is answered",
        ("tests/wire/test_domain.py",),
    ),
    SandboxDefect(
        "app-jwt-good-too-long",
        _ISSUER,
        "self._clock.now() < exp",
        "int(self._clock.now()) <= exp",
        "3.3, R55: an AppJWT is expired from the second exp on, and is good for that second too",
        ("tests/wire/test_tokens.py",),
    ),
    SandboxDefect(
        "spaced-media-type",
        _SERVICES,
        ";charset=utf-8",
        "; charset=utf-8",
        "3.2, R77: tokens come as application/json;charset=utf-8 to the letter, and have a space in it",
        ("tests/wire/test_tokens.py",),
    ),
    SandboxDefect(
        "empty-consumer-id",
        _SERVICES,
        "if not isinstance(ext_id, str) or not ext_id:",
        "if not isinstance(ext_id, str):",
        "4.5: an empty ext_consumer_id is 400, and gets a ConsumerJWS",
        ("tests/wire/test_tokens.py",),
    ),
)

_OPENING = (
    SandboxDefect(
        "batch-without-dialog-id",
        _MESSAGING,
        'not request.body.value.get("dialogId"):',
        'request.body.value.get("dialogId") == "":',
        "5.2: the third item of a batch may leave dialogId out, and the sandbox fails",
        ("tests/wire/test_conversation.py",),
    ),
    SandboxDefect(
        "two-open-conversations",
        _ACCOUNT,
        "self._open[consumer_id] = new_id",
        "self._open[new_id] = consumer_id",
        "5.6: a consumer has one open conversation at most, and may open another",
        ("tests/wire/test_conversation.py",),
    ),
)

_SENDING = (
    SandboxDefect(
        "half-done-update",
        _MESSAGING,
        "        change.check(closed)\n"
        "    target.features = tuple(features)\n"
        "    for change in changes:\n"
        "        change.carry_out()\n",
        "        change.check(closed)\n        change.carry_out()\n    target.features = tuple(features)\n",
        "6.8, R46: an array of fields is all or nothing, and those before a refused one are changed",
        ("tests/wire/test_fields.py",),
    ),
    SandboxDefect(
        "lost-metadata",
        _MESSAGING,
        "Participant(consumer_id, wire.CONSUMER), event, metadata or None)",
        "Participant(consumer_id, wire.CONSUMER), event)",
        "6.9: metadata of a request reappear in its notification, and are gone",
        ("tests/wire/test_notifications.py",),
    ),
    SandboxDefect(
        "numeric-req-id",
        _MESSAGING,
        '_CHARACTERS} characters")\n    return text\n',
        '_CHARACTERS} characters")\n    return given\n',
        "7.2: the reqId of a numeric id is its decimal string, and is a number",
        ("tests/wire/test_envelope.py",),
    ),
    SandboxDefect(
        "id-of-64-characters",
        _MESSAGING,
        "if len(text) > wire.MAX_ID_CHARACTERS:",
        "if len(text) >= wire.MAX_ID_CHARACTERS:",
        "7.2: an id has 1 to 64 characters, and one of 64 is refused",
        ("tests/wire/test_envelope.py",),
    ),
    SandboxDefect(
        "card-without-receipt",
        _ACCOUNT,
        "            if speaker.role == wire.CONSUMER:\n                receipt",
        '            if speaker.role == wire.CONSUMER and "message" in event:\n                receipt',
        "7.4: a consumer's rich content too is followed by its ACCEPT, and is not",
        ("tests/wire/test_numbering.py",),
    ),
    SandboxDefect(
        "second-accept-counts",
        _ACCOUNT,
        'taken |= {n: number for n in event["sequenceList"] if n < number and n not in taken}',
        "taken |= {number: number}",
        "7.4: a second ACCEPT of a message by the same originator takes no number, and takes one",
        ("tests/wire/test_numbering.py",),
    ),
    SandboxDefect(
        "read-reuses-a-number",
        _ACCOUNT,
        '"sequence": dialog.number() if numbered else None,',
        '"sequence": None if not numbered else'
        ' dialog.next_sequence if event.get("status") == "READ" else dialog.number(),',
        "7.4: every receipt takes the next number, and what follows a READ has the same one",
        ("tests/wire/test_numbering.py",),
    ),
)

_REFUSING = (
    SandboxDefect(
        "wrong-error-number",
        _SERVICES,
        "raise refusals.door(wire.INVALID_CONSUMER_JWS) from None",
        "raise refusals.door(wire.INVALID_APP_JWT) from None",
        "8.1: an invalid ConsumerJWS is 40103, and is called 40102",
        ("tests/wire/test_door.py",),
    ),
    SandboxDefect(
        "tokens-in-the-wrong-order",
        _SERVICES,
        "        self._check_app_jwt(request)\n        consumer_id = self._check_consumer_jws(request)\n",
        "        consumer_id = self._check_consumer_jws(request)\n        self._check_app_jwt(request)\n",
        "8.1, R10: the AppJWT is looked at first, and a wrong ConsumerJWS hides that it is missing",
        ("tests/wire/test_door.py",),
    ),
    SandboxDefect(
        "another-consumer-publishes",
        _ACCOUNT,
        "owned = self._owned(conversation, consumer_id)",
        'owned = self._owned(conversation, conversation.consumer_id if conversation else "")',
        "8.1, R11: a consumer in another's conversation is 401, and may publish there",
        ("tests/wire/test_door.py",),
    ),
)

_NOTIFYING = (
    SandboxDefect(
        "receipt-overtakes",
        _OUTBOX,
        "lane.items.append(item)",
        "lane.items.appendleft(item)",
        "9.4, R73: the echo of a message comes before its ACCEPT, and comes after it",
        ("tests/wire/test_notifications.py",),
    ),
    SandboxDefect(
        "closed-by-nobody",
        _NOTICES,
        "endTs=dialog.end_ts, closedBy=dialog.closed_by, closedCause=dialog.closed_cause",
        "endTs=dialog.end_ts, closedCause=dialog.closed_cause",
        "9.4: a closed dialog has closedBy, and lacks it",
        ("tests/wire/test_conversation_changes.py",),
    ),
    SandboxDefect(
        "untold-ttr",
        _ACCOUNT,
        "conversation.last_consumer_ts + seconds * 1000\n        self.changed(conversation)\n",
        "conversation.last_consumer_ts + seconds * 1000\n            self.changed(conversation)\n",
        "9.4: any change of TTR is told of, and is not once the agent has answered",
        ("tests/wire/test_agents.py",),
    ),
    SandboxDefect(
        "join-told-twice",
        _AGENT,
        "        if role == wire.ASSIGNED_AGENT:\n            return self._agent(talk)\n",
        "        if role == wire.ASSIGNED_AGENT:\n            agent = self._agent(talk)\n"
        "            self._account.changed(talk)\n            return agent\n",
        "9.4: one change of a conversation is told of once, and an agent's joining twice",
        ("tests/wire/test_conversation_changes.py",),
    ),
    SandboxDefect(
        "signature-of-ascii",
        _SENDER,
        "sign(body, app.client_secret,",
        'sign(body.decode().encode("ascii", "replace"), app.client_secret,',
        "9.5: the signature is over the raw bytes, and is over question marks where they are not ASCII",
        ("tests/wire/test_notification_headers.py",),
    ),
    SandboxDefect(
        "accepted-is-success",
        _SENDER,
        "_SUCCESS = (200, 201)",
        "_SUCCESS = (200, 201, 202)",
        "9.6, R60: a webhook's 202 is a failure, and counts as delivered",
        ("tests/wire/test_delivery.py",),
    ),
    SandboxDefect(
        "second-list-dropped",
        _LANES,
        "[*more, *self.main.items, *self.later, *self.held, *self.side.items]",
        "[*more, *self.main.items, *self.held, *self.side.items]",
        "9.7: what came while the store was resent is kept, and is lost with a failure meanwhile",
        ("tests/wire/test_drain.py",),
    ),
)

_FILE_SHARING = (
    SandboxDefect(
        "upload-url-reads",
        _FILES,
        '"GET": ("GET",)',
        '"GET": ("GET", "PUT")',
        "10.2: GET wants a signature for GET, and takes one for PUT",
        ("tests/wire/test_files.py",),
    ),
    SandboxDefect(
        "another-consumers-file",
        _MESSAGING,
        '            account.files.check_owner(body.value["relativePath"], consumer_id)\n            return',
        "            return",
        "10.3: a consumer asking for another's file is 401, and gets its URL",
        ("tests/wire/test_files.py",),
    ),
)

_LIFE_CYCLE = (
    SandboxDefect(
        "stage-close-keeps-the-consumer",
        _ACCOUNT,
        "        self._end(conversation, now)\n        self.changed(conversation)\n\n    def changed",
        "        conversation.stage, conversation.end_ts = wire.CLOSE, now\n"
        "        self.changed(conversation)\n\n    def changed",
        "11.1: after Stage CLOSE the consumer may open a new conversation, and may not",
        ("tests/wire/test_conversation.py",),
    ),
    SandboxDefect(
        "survey-counts-on",
        _ACCOUNT,
        "now, updated_ts=now, **facts)\n",
        "now, updated_ts=now, **facts)\n"
        "        if conversation.dialogs:\n"
        "            dialog.next_sequence = conversation.main.next_sequence\n",
        "7.4, 11.2: a survey dialog counts from 0 again, and goes on with the main dialog's numbers",
        ("tests/wire/test_survey_rules.py", "tests/wire/test_surveys.py"),
    ),
    SandboxDefect(
        "closed-by-the-wrong-side",
        _AGENT,
        "self._account.close_dialog(talk, talk.main, wire.AGENT)",
        "self._account.close_dialog(talk, talk.main, wire.CONSUMER)",
        "9.4, 11.1: closeReason says who closed it, and is CONSUMER when an agent did",
        ("tests/wire/test_life_cycle.py",),
    ),
    SandboxDefect(
        "still-awaited-after-a-reply",
        _ACCOUNT,
        "            conversation.last_agent_ts = now\n            conversation.effective_ttr = -1\n",
        "            conversation.last_agent_ts = now\n",
        "11.4: effectiveTTR is -1 after an agent's reply, and stays what it was",
        ("tests/wire/test_life_cycle.py",),
    ),
    SandboxDefect(
        "late-rating-lost",
        _ACCOUNT,
        "        conversation.csat = csat\n",
        "        if not conversation.closed:\n            conversation.csat = csat\n",
        "11.5: a rating is stored on a closed conversation too, and is answered OK and lost",
        ("tests/wire/test_conversation_changes.py",),
    ),
)

DEFECTS = (
    *_LOOKUP_AND_TOKENS,
    *_OPENING,
    *_SENDING,
    *_REFUSING,
    *_NOTIFYING,
    *_FILE_SHARING,
    *_LIFE_CYCLE,
)
