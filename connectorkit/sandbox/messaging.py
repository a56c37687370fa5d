"""CONVERSATION and SEND: from decoded JSON to answers. Checks come first, in the documented order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectorkit import wire
from connectorkit.sandbox import profile, refusals
from connectorkit.sandbox.account import Account
from connectorkit.sandbox.members import Members, is_integer, json_object
from connectorkit.sandbox.refusals import Refusal, RequestRefused, bad
from connectorkit.sandbox.shapes import check_body, check_metadata, fields
from connectorkit.sandbox.state import Conversation, Dialog, Participant

Answer = dict[str, Any]

_BATCH_TYPES = (wire.SET_USER_PROFILE, wire.REQUEST_CONVERSATION, wire.PUBLISH_EVENT)
_SEND_TYPES = (
    wire.PUBLISH_EVENT,
    wire.UPDATE_FIELD,
    wire.SET_USER_PROFILE,
    wire.UPLOAD_URL,
    wire.DOWNLOAD_URL,
)
_FIELD_MESSAGES = {
    wire.STATE_FIELD: "OK Conversation resolved successfully",
    wire.STAGE_FIELD: "OK Conversation resolved successfully",
    wire.DIALOG_FIELD: "OK Conversation resolved successfully",
    wire.CSAT_FIELD: "OK CSAT updated successfully",
    wire.TTR_FIELD: "OK TTR updated successfully",
}


def conversation(
    account: Account, consumer_id: str, batch: Any, features: Sequence[str] = ()
) -> tuple[int, Any]:
    """Run a CONVERSATION batch; returns the HTTP status and the array of answers.

    ``features`` are those of the Client-Properties header.
    """
    if not isinstance(batch, list):
        raise bad("CONVERSATION takes an array of requests")
    if not 2 <= len(batch) <= 3:
        raise bad(f"CONVERSATION takes two or three requests, not {len(batch)}").with_id(readable_id(batch))
    requests = [_Request(item, f"[{position}]") for position, item in enumerate(batch)]
    checked = requests[0]
    try:
        for checked, expected in zip(requests, _BATCH_TYPES, strict=False):
            checked.expect_type(expected)
            _check_shape(checked, in_batch=True)
        checked = requests[1]
        _check_brand(checked, account)
    except RequestRefused as refusal:
        raise refusal.with_id(checked.id) from None
    if len(requests) == 3 and (named := requests[2].body.value.get("dialogId")):
        # Found out at the door, so that nothing was done when the answer names no conversation.
        account.check_not_foreign(named, consumer_id)
    return _run_batch(account, consumer_id, requests, features)


def send(
    account: Account, consumer_id: str, envelope: Any, characters: int, features: Sequence[str] = ()
) -> Answer:
    """Run one SEND request, ``characters`` long as received; returns its answer."""
    if isinstance(envelope, list):
        raise bad("SEND takes one request, not an array")
    request = _Request(envelope, "")
    try:
        request.expect_type(*_SEND_TYPES)
        _check_length(request, characters)
        _check_shape(request)
        return _run(request, account, consumer_id, features)
    except RequestRefused as refusal:
        raise refusal.with_id(request.id) from None


class _Request:
    """One request envelope; whoever refuses it adds its id."""

    def __init__(self, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise bad(f"{path or 'the request'} must be an object")
        self.members = Members(value, path)
        self.id = _request_id(self.members)
        self.type = ""
        self._body: Members | None = None

    def expect_type(self, *allowed: str) -> None:
        if self.members.value.get("kind", wire.REQUEST) != wire.REQUEST:
            raise bad(f"{self.members.path('kind')} must be {wire.REQUEST}")
        self.type = self.members.text("type", required=True) or ""
        if self.type not in allowed:
            raise bad(f"{self.members.path('type')} must be {' or '.join(allowed)} here")

    @property
    def body(self) -> Members:
        if self._body is None:
            self._body = self.members.inner("body", required=True)
            assert self._body is not None
        return self._body

    def ok(self, body: dict[str, Any]) -> Answer:
        return {"code": wire.CODES[200], "body": body, "reqId": self.id}


def _request_id(members: Members) -> str:
    given = members.value.get("id")
    if given is None or given == "":
        raise bad(f"{members.path('id')} is missing")
    if not isinstance(given, str) and not is_integer(given):
        raise bad(f"{members.path('id')} must be a string or an integer")
    text = str(given)
    if len(text) > wire.MAX_ID_CHARACTERS:
        raise bad(f"{members.path('id')} must have at most {wire.MAX_ID_CHARACTERS} characters")
    return text


def readable_id(value: Any) -> str | None:
    """The ``reqId`` of a refusal of the whole: the first id that can be read in a request or a batch."""
    for item in value if isinstance(value, list) else [value]:
        try:
            return _request_id(json_object(item, ""))
        except Refusal:
            continue
    return None


# --- Checks before anything is looked up -------------------------------------------------------------


def _check_shape(request: _Request, *, in_batch: bool = False) -> None:
    if request.members.has("metadata"):
        check_metadata(request.members)
    check_body(request.type, request.body, in_batch=in_batch)


def _check_length(request: _Request, characters: int) -> None:
    """Refuse texts, receipts and chat states over the documented 5000 characters (R21)."""
    if characters <= wire.MAX_REQUEST_CHARACTERS or request.type != wire.PUBLISH_EVENT:
        return
    event = request.body.value.get("event")
    if isinstance(event, dict) and (event.get("type") == wire.RICH_CONTENT_EVENT or _is_hosted_file(event)):
        return
    raise bad()


def _is_hosted_file(event: dict[str, Any]) -> bool:
    # Other events may have a contentType too, which means nothing there (R59).
    return event.get("type") == wire.CONTENT_EVENT and event.get("contentType") == wire.HOSTED_FILE


def _check_brand(request: _Request, account: Account) -> None:
    brand = request.body.value.get("brandId")
    if not brand:
        raise refusals.door(wire.MISSING_PARAMETER)
    if brand != account.account_id:
        raise bad("brandId does not match account")


# --- Running: what exists, whose it is, what state it is in ------------------------------------------


def _run(request: _Request, account: Account, consumer_id: str, features: Sequence[str]) -> Answer:
    body = request.body
    match request.type:
        case wire.SET_USER_PROFILE:
            known = profile.stored(body, lambda text: account.warn(consumer_id, text), account.today)
            account.set_profile(consumer_id, known)
            return request.ok({"msg": "OK User Profile set successfully"})
        case wire.REQUEST_CONVERSATION:
            opened = account.open(consumer_id, body.value, features)
            return request.ok({"conversationId": opened.id})
        case wire.PUBLISH_EVENT:
            metadata = request.members.items("metadata")
            return request.ok({"sequence": _publish(body, account, consumer_id, metadata, features)})
        case wire.UPLOAD_URL:
            return request.ok(account.files.upload_url(consumer_id, body.value["fileType"]))
        case wire.DOWNLOAD_URL:
            account.files.check_owner(body.value["relativePath"], consumer_id)
            return request.ok(account.files.download_url(body.value["relativePath"]))
        case _:
            return request.ok({"msg": _update(body, account, consumer_id, features)})


def _publish(
    body: Members,
    account: Account,
    consumer_id: str,
    metadata: list[dict[str, Any]],
    features: Sequence[str],
) -> int:
    owner, dialog = account.dialog(body.value["dialogId"], consumer_id)
    named = body.value.get("conversationId")
    if named and named != owner.id:
        account.conversation(named, consumer_id)
        raise bad(f"{body.path('conversationId')} does not own the dialog")
    if dialog.type != wire.MAIN_DIALOG and not named:
        raise bad(f"{body.path('conversationId')} is missing; a survey dialog needs it")
    event = body.value["event"]
    if _is_hosted_file(event):
        account.files.check_owner(event["message"]["relativePath"], consumer_id)
    _check_open(owner, dialog)
    if event["type"] == wire.CHAT_STATE_EVENT and dialog.type == wire.SURVEY_DIALOG:
        raise bad("a survey dialog takes no chat states")
    if _is_hosted_file(event):
        account.files.check_uploaded(Members(event["message"], "body.event.message"))
    owner.features = tuple(features)
    return account.publish(dialog, Participant(consumer_id, wire.CONSUMER), event, metadata or None)


def _check_open(owner: Conversation, dialog: Dialog) -> None:
    if owner.stage == wire.CLOSE or dialog.state == wire.CLOSE:
        raise refusals.closed()


def _update(body: Members, account: Account, consumer_id: str, features: Sequence[str]) -> str:
    target = account.conversation(body.value["conversationId"], consumer_id)
    changes = [_Change(field.value, account, target, body) for field in fields(body)]
    # All or nothing (R46): see first whether every change is possible, one after the other.
    closed = {dialog.id for dialog in target.dialogs if dialog.state == wire.CLOSE}
    for change in changes:
        change.check(closed)
    target.features = tuple(features)
    for change in changes:
        change.carry_out()
    return _FIELD_MESSAGES[changes[-1].name]


class _Change:
    """One conversation field that a consumer changes."""

    def __init__(self, field: dict[str, Any], account: Account, target: Conversation, body: Members) -> None:
        self.name: str = field["field"]
        self._field = field
        self._account = account
        self._target = target
        self._dialog = target.main
        if self.name == wire.DIALOG_FIELD:
            owner, self._dialog = account.dialog(field["dialog"]["dialogId"], target.consumer_id)
            if owner is not target:
                raise bad(f"{body.path('conversationId')} does not own the dialog")

    def check(self, closed: set[str]) -> None:
        """Refuse what cannot be done once the dialogs in ``closed`` are; adds those it closes."""
        if self.name == wire.CSAT_FIELD:
            return
        every = {dialog.id for dialog in self._target.dialogs}
        if self.name == wire.STAGE_FIELD:
            if every <= closed:
                raise refusals.closed()
            closed |= every
            return
        if self._dialog.id in closed:
            raise refusals.closed()
        if self.name != wire.TTR_FIELD:
            closed.add(self._dialog.id)

    def carry_out(self) -> None:
        account, target, field = self._account, self._target, self._field
        match self.name:
            case wire.CSAT_FIELD:
                account.rate(target, {k: v for k, v in field.items() if k != "field"})
            case wire.TTR_FIELD:
                account.set_ttr(target, field["ttrType"], field["value"])
            case wire.STAGE_FIELD:
                account.close_all(target, wire.CONSUMER)
            case _:
                cause = (field.get("dialog") or {}).get("closedCause")
                account.close_dialog(target, self._dialog, wire.CONSUMER, cause)


def _run_batch(
    account: Account, consumer_id: str, requests: list[_Request], features: Sequence[str]
) -> tuple[int, Any]:
    """Items run in order; earlier ones stay done, those behind a failed one are answered but not run."""
    answers: list[Any] = []
    status = 200
    for request in requests:
        if status != 200:
            answers.append(bad("previous request failed").with_id(request.id).body)
            continue
        if request.type == wire.PUBLISH_EVENT and not request.body.value.get("dialogId"):
            request.body.value["dialogId"] = answers[1]["body"]["conversationId"]
        try:
            answers.append(_run(request, account, consumer_id, features))
        except RequestRefused as refusal:
            status = refusal.status
            answers.append(refusal.with_id(request.id).body)
    return status, answers
