"""CONVERSATION and SEND: from decoded JSON to answers. Checks come first, in the documented order."""

from __future__ import annotations

from typing import Any

from connectorkit import wire
from connectorkit.sandbox import profile, refusals
from connectorkit.sandbox.account import Account, Conversation, Dialog
from connectorkit.sandbox.members import Members, is_integer, json_object
from connectorkit.sandbox.refusals import Refusal, RequestRefused, bad

Answer = dict[str, Any]

_BATCH_TYPES = (wire.SET_USER_PROFILE, wire.REQUEST_CONVERSATION, wire.PUBLISH_EVENT)
_SEND_TYPES = (wire.PUBLISH_EVENT, wire.UPDATE_FIELD, wire.SET_USER_PROFILE)
_FIELDS = (wire.STATE_FIELD, wire.STAGE_FIELD, wire.DIALOG_FIELD, wire.CSAT_FIELD, wire.TTR_FIELD)
_CLOSING = (wire.STATE_FIELD, wire.STAGE_FIELD, wire.DIALOG_FIELD)
_AGENT_FIELDS = ("Skill", "ParticipantsChange")
_FIELD_MESSAGES = {
    wire.STATE_FIELD: "OK Conversation resolved successfully",
    wire.STAGE_FIELD: "OK Conversation resolved successfully",
    wire.DIALOG_FIELD: "OK Conversation resolved successfully",
    wire.CSAT_FIELD: "OK CSAT updated successfully",
    wire.TTR_FIELD: "OK TTR updated successfully",
}


def conversation(account: Account, consumer_id: str, batch: Any) -> tuple[int, Any]:
    """Run a CONVERSATION batch; returns the HTTP status and the array of answers."""
    if not isinstance(batch, list):
        raise bad("CONVERSATION takes an array of requests")
    if not 2 <= len(batch) <= 3:
        raise bad(f"CONVERSATION takes two or three requests, not {len(batch)}").with_id(_any_id(batch))
    requests = [_Request(item, f"[{position}]") for position, item in enumerate(batch)]
    for request, expected in zip(requests, _BATCH_TYPES, strict=False):
        request.check(_Request.expect_type, expected)
        request.check(_check_body, in_batch=True)
    requests[1].check(_check_brand, account)
    if len(requests) == 3 and (named := requests[2].body.value.get("dialogId")):
        # Found out at the door, so that nothing was done when the answer names no conversation.
        account.check_not_foreign(named, consumer_id)
    return _run_batch(account, consumer_id, requests)


def send(account: Account, consumer_id: str, envelope: Any, characters: int) -> Answer:
    """Run one SEND request, ``characters`` long as received; returns its answer."""
    if isinstance(envelope, list):
        raise bad("SEND takes one request, not an array")
    request = _Request(envelope, "")
    request.check(_Request.expect_type, *_SEND_TYPES)
    if request.type == wire.PUBLISH_EVENT and characters > wire.MAX_REQUEST_CHARACTERS:
        raise bad().with_id(request.id)
    request.check(_check_body)
    answer: Answer = request.check(_run, account, consumer_id)
    return answer


class _Request:
    """One request envelope; refusals of it carry its id."""

    def __init__(self, value: Any, path: str) -> None:
        self.members = Members(json_object(value, path or "the request").value, path)
        self.id = _request_id(self.members)
        self.type = ""

    def check(self, step: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return step(self, *arguments, **options)
        except RequestRefused as refusal:
            raise refusal.with_id(self.id) from None

    def expect_type(self, *allowed: str) -> None:
        if self.members.value.get("kind", wire.REQUEST) != wire.REQUEST:
            raise bad(f"{self.members.path('kind')} must be {wire.REQUEST}")
        self.type = self.members.text("type", required=True) or ""
        if self.type not in allowed:
            raise bad(f"{self.members.path('type')} must be {' or '.join(allowed)} here")

    @property
    def body(self) -> Members:
        body = self.members.inner("body", required=True)
        assert body is not None
        return body

    def ok(self, body: dict[str, Any]) -> Answer:
        return {"code": wire.CODES[200], "body": body, "reqId": self.id}


def _request_id(members: Members) -> str:
    given = members.value.get("id")
    name = members.path("id")
    if given is None or given == "":
        raise bad(f"{name} is missing")
    if not isinstance(given, str) and not is_integer(given):
        raise bad(f"{name} must be a string or an integer")
    text = str(given)
    if len(text) > wire.MAX_ID_CHARACTERS:
        raise bad(f"{name} must have at most {wire.MAX_ID_CHARACTERS} characters")
    return text


def _any_id(batch: list[Any]) -> str | None:
    for item in batch:
        try:
            return _request_id(json_object(item, ""))
        except Refusal:
            continue
    return None


# --- Shape: 400 before anything is looked up ---------------------------------------------------------


def _check_body(request: _Request, *, in_batch: bool = False) -> None:
    for entry in request.members.objects("metadata"):
        entry.text("type", required=True)
    match request.type:
        case wire.SET_USER_PROFILE:
            profile.check_profile(request.body)
        case wire.REQUEST_CONVERSATION:
            _check_conversation_request(request.body)
        case wire.PUBLISH_EVENT:
            request.body.text("dialogId", required=not in_batch, empty=in_batch)
            request.body.text("conversationId")
            _check_event(request.body)
        case wire.UPDATE_FIELD:
            request.body.text("conversationId", required=True, empty=False)
            for field in _fields(request.body):
                _check_field(field)


def _check_conversation_request(body: Members) -> None:
    body.text("brandId")
    body.choice("channelType", (wire.CHANNEL_TYPE,))
    body.choice("ttrDefName", (*wire.TTR_NAMES, *wire.TTR_NAMES_OLD_CLIENTS))
    body.text_or_integer("skillId")
    if campaign := body.inner("campaignInfo"):
        ids = [campaign.text_or_integer(name) for name in ("campaignId", "engagementId")]
        if ids.count(None) == 1:
            raise bad(f"{body.path('campaignInfo')} must have campaignId and engagementId")
    if context := body.inner("conversationContext"):
        for name in ("type", "visitorId", "sessionId", "lang"):
            context.text(name)
        context.text_or_integer("interactionContextId")
        context.items("features")


def _check_brand(request: _Request, account: Account) -> None:
    brand = request.body.value.get("brandId")
    if not brand:
        raise refusals.door(wire.MISSING_PARAMETER)
    if brand != account.account_id:
        raise bad("brandId does not match account")


def _check_event(body: Members) -> None:
    event = body.inner("event", required=True)
    assert event is not None
    kind = event.choice("type", (wire.CONTENT_EVENT, wire.CHAT_STATE_EVENT), required=True)
    if kind == wire.CHAT_STATE_EVENT:
        event.choice("chatState", wire.CHAT_STATES, required=True)
    else:
        event.choice("contentType", (wire.TEXT,), required=True)
        event.text("message", required=True, empty=False)


def _fields(body: Members) -> list[Members]:
    given = body.value.get("conversationField")
    if isinstance(given, list):
        if not given:
            raise bad(f"{body.path('conversationField')} is empty")
        return body.objects("conversationField")
    field = body.inner("conversationField", required=True)
    assert field is not None
    return [field]


def _check_field(field: Members) -> None:
    name = field.text("field", required=True)
    if name in _AGENT_FIELDS:
        raise bad("field not allowed")
    field.choice("field", _FIELDS)
    match name:
        case wire.STATE_FIELD | wire.STAGE_FIELD:
            field.choice("conversationState", (wire.CLOSE,), required=True)
        case wire.DIALOG_FIELD:
            field.choice("type", ("UPDATE",), required=True)
            dialog = field.inner("dialog", required=True)
            assert dialog is not None
            dialog.text("dialogId", required=True, empty=False)
            dialog.choice("state", (wire.CLOSE,), required=True)
            dialog.text("closedCause")
        case wire.CSAT_FIELD:
            status = field.choice("status", wire.CSAT_STATUSES, required=True)
            filled = status == "FILLED"
            if field.integer("csatRate", required=filled) is not None:
                field.choice("csatRate", wire.CSAT_RATES)
            field.boolean("csatResolutionConfirmation", required=filled)
        case wire.TTR_FIELD:
            field.choice("ttrType", (*wire.TTR_NAMES, *wire.TTR_NAMES_OLD_CLIENTS), required=True)
            field.integer("value", required=True, least=0)


# --- Running: what exists, whose it is, what state it is in ------------------------------------------


def _run(request: _Request, account: Account, consumer_id: str) -> Answer:
    match request.type:
        case wire.SET_USER_PROFILE:
            account.set_profile(consumer_id, profile.stored(request.body))
            return request.ok({"msg": "OK User Profile set successfully"})
        case wire.REQUEST_CONVERSATION:
            opened = account.open(consumer_id, request.body.value)
            return request.ok({"conversationId": opened.id})
        case wire.PUBLISH_EVENT:
            return request.ok({"sequence": _publish(request.body, account, consumer_id)})
        case _:
            return request.ok({"msg": _update(request.body, account, consumer_id)})


def _publish(body: Members, account: Account, consumer_id: str) -> int:
    owner, dialog = account.dialog(body.value["dialogId"], consumer_id)
    named = body.value.get("conversationId")
    if named and named != owner.id:
        account.conversation(named, consumer_id)
        raise bad(f"{body.path('conversationId')} does not own the dialog")
    _check_open(owner, dialog)
    event = body.value["event"]
    if event["type"] == wire.CHAT_STATE_EVENT:
        return account.publish_chat_state(owner, dialog, event)
    return account.publish_content(owner, dialog, event)


def _check_open(owner: Conversation, dialog: Dialog) -> None:
    if owner.closed or dialog.state == wire.CLOSE:
        raise refusals.closed()


def _update(body: Members, account: Account, consumer_id: str) -> str:
    target = account.conversation(body.value["conversationId"], consumer_id)
    fields = [field.value for field in _fields(body)]
    for field in fields:
        if field["field"] == wire.DIALOG_FIELD:
            owner, _ = account.dialog(field["dialog"]["dialogId"], consumer_id)
            if owner is not target:
                raise bad(f"{body.path('conversationId')} does not own the dialog")
    # All or nothing (R46): see first whether every change is possible, one after the other.
    closed = target.closed
    for field in fields:
        if closed and field["field"] != wire.CSAT_FIELD:
            raise refusals.closed()
        closed = closed or field["field"] in _CLOSING
    for field in fields:
        match field["field"]:
            case wire.CSAT_FIELD:
                target.csat = {k: v for k, v in field.items() if k != "field"}
            case wire.TTR_FIELD:
                account.set_ttr(target, field["ttrType"], field["value"])
            case _:
                account.close(target, "CONSUMER")
    return _FIELD_MESSAGES[fields[-1]["field"]]


def _run_batch(account: Account, consumer_id: str, requests: list[_Request]) -> tuple[int, Any]:
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
            answers.append(request.check(_run, account, consumer_id))
        except Refusal as refusal:
            if not isinstance(refusal, RequestRefused):
                raise
            status = refusal.status
            answers.append(refusal.body)
    return status, answers
