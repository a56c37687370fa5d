"""The columns of every frame: dtype and meaning. Times are UTC, durations are milliseconds."""

from __future__ import annotations

from connectorkit.tables import REAL, TEXT, WHEN, WHOLE, YES_NO, Columns

# They follow each other without a gap, and add up to the total.
PHASES = ("blocked_ms", "connect_ms", "tls_ms", "send_ms", "wait_ms", "receive_ms")
# Of middling lightness, so that each stands out from white paper as well as from a dark page.
PHASE_COLOURS = dict(
    zip(PHASES, ("#a3aab3", "#d1495b", "#8c6bc8", "#3b82c4", "#e0902f", "#2a9d6f"), strict=True)
)
EXCHANGES: Columns = {
    "exchange_id": (WHOLE, "number of the exchange in this log"),
    "session_id": (TEXT, "the run of a kit that made it"),
    "scenario": (TEXT, "name of the scenario it belongs to, if any"),
    "label": (TEXT, "what was being done, as said by kit.label"),
    "operation": (TEXT, "domains, app_jwt, consumer_jws, conversation, send, upload_file or download_file"),
    "attempt": (WHOLE, "1 for the first try, 2 for the repetition after a renewed AppJWT"),
    "started_at": (WHEN, "when the request was begun, by this machine's clock"),
    "method": (TEXT, "HTTP method"),
    "url": (TEXT, "address, secrets replaced"),
    "status_code": (WHOLE, "HTTP status; missing when no answer came"),
    "error": (TEXT, "what failed instead of an answer"),
    "request_bytes": (WHOLE, "size of the request body"),
    "response_bytes": (WHOLE, "size of the response body as received"),
    "http_version": (TEXT, "such as HTTP/1.1"),
    "reused_connection": (YES_NO, "whether the connection was open before"),
    "blocked_ms": (REAL, "held up before anything was on the wire, say for a free connection"),
    "connect_ms": (REAL, "TCP connect, with a proxy's tunnel if any; missing on a reused connection"),
    "tls_ms": (REAL, "TLS handshake; missing without TLS"),
    "send_ms": (REAL, "sending headers and body"),
    "wait_ms": (REAL, "from the request's end to the response's headers"),
    "receive_ms": (REAL, "receiving the body, until the response is closed"),
    "first_byte_ms": (REAL, "from the call to the response's headers: all but receive_ms"),
    "total_ms": (REAL, "everything, from the call to the closed response; the sum of the phases"),
    "account_id": (TEXT, "account it was for"),
    "consumer": (TEXT, "for whom the connector spoke"),
    "reason": (TEXT, "reason phrase of the status line, where HTTP has one"),
}
MESSAGES: Columns = {
    "exchange_id": (WHOLE, "the exchange that carried it"),
    "position": (WHOLE, "its place in a CONVERSATION batch; 0 on SEND"),
    "request_id": (TEXT, "the request's id, equal to the answer's reqId"),
    "type": (TEXT, "type of the request"),
    "event_type": (TEXT, "type of the published event, or name of the updated field"),
    "conversation_id": (TEXT, "the conversation it belongs to"),
    "consumer": (TEXT, "for whom the connector spoke"),
    "code": (TEXT, "code of the answer: OK, BAD_REQUEST, 401 …"),
    "sequence": (WHOLE, "number of the event in its dialog"),
    "error_code": (WHOLE, "five-digit number of an authorisation error"),
    "error_title": (TEXT, "what a refusal says"),
    "text": (TEXT, "the message, where it is a text"),
    "sent_at": (WHEN, "when the request was begun"),
    "answered_at": (WHEN, "when the answer had arrived"),
}
TIMINGS: Columns = {
    name: EXCHANGES[name]
    for name in (
        *("exchange_id", "session_id", "scenario", "label", "operation", "attempt", "started_at"),
        *("status_code", "error", "reused_connection", *PHASES, "first_byte_ms", "total_ms"),
    )
}
NOTIFICATIONS: Columns = {
    "notification_id": (WHOLE, "number of the delivery in this log"),
    "position": (WHOLE, "place of the change in its delivery; missing where there was none to read"),
    "session_id": (TEXT, "the run of a receiver that got it"),
    "received_at": (WHEN, "when it had arrived, by this machine's clock"),
    "type": (TEXT, "type of the notification"),
    "event_type": (TEXT, "type of the published event; UPSERT or DELETE for a conversation change"),
    "conversation_id": (TEXT, "the conversation it is about"),
    "dialog_id": (TEXT, "the dialog the event was published in"),
    "sequence": (WHOLE, "number of the event in its dialog; chat states have none"),
    "originator_role": (TEXT, "CONSUMER, ASSIGNED_AGENT, CONTROLLER …"),
    "originator_id": (TEXT, "who did it, as the service knows them"),
    "text": (TEXT, "the message, where it is a text"),
    "status": (TEXT, "what a receipt or a chat state says: ACCEPT, READ, COMPOSING …"),
    "state": (TEXT, "after a conversation change: whether the main dialog is OPEN or CLOSE"),
    "stage": (TEXT, "after a conversation change: whether the whole conversation is OPEN or CLOSE"),
    "server_timestamp": (WHEN, "when it happened, by the service's clock"),
    "lag_ms": (REAL, "from there to its arrival here; the two clocks may differ"),
    "attempt": (WHOLE, "1 for the first delivery of it that came, 2 for the second …; missing if not valid"),
    "mark": (TEXT, "duplicate, gap, late or stale; empty when all is well"),
    "signature": (TEXT, "valid, or why it is not"),
    "status_code": (WHOLE, "what the receiver answered"),
    "account_id": (TEXT, "account that the header names"),
    "client_id": (TEXT, "app install that the header names"),
    "host": (TEXT, "messaging service it came from, where the receiver knows"),
}
DELIVERIES: Columns = {
    "at": (WHEN, "when it was tried or given up, by the sandbox's clock"),
    "type": (TEXT, "event type, as in the app install"),
    "conversation_id": (TEXT, "the conversation it is about"),
    "dialog_id": (TEXT, "the dialog the event was published in"),
    "sequence": (WHOLE, "number of the event in its dialog"),
    "attempt": (WHOLE, "1 for the first try; 0 where it was given up before that"),
    "status_code": (WHOLE, "what the webhook answered; missing when no answer came"),
    "outcome": (TEXT, "delivered, failed (it is tried again) or lost"),
    "error": (TEXT, "what went wrong"),
    "client_id": (TEXT, "the app"),
    "endpoint": (TEXT, "where it went"),
}
SESSIONS: Columns = {
    "session_id": (TEXT, "one for each time a kit or a receiver opened the log"),
    "began": (WHEN, "its first exchange or notification"),
    "ended": (WHEN, "its last"),
    "exchanges": (WHOLE, "how many"),
    "errors": (WHOLE, "those without an answer, or with a status of 400 or above"),
    "notifications": (WHOLE, "deliveries received"),
    "labels": (TEXT, "what was being done, as said by kit.label"),
    "current": (YES_NO, "whether it is that of this log object"),
}
NOTES: Columns = {
    "note_id": (WHOLE, "number of the note in this log"),
    "written_at": (WHEN, "when"),
    "session_id": (TEXT, "in which session it was written"),
    "exchange_id": (WHOLE, "the exchange it is about, if it is about one"),
    "text": (TEXT, "the note"),
}
UNSETTLED: Columns = {
    "exchange_id": (WHOLE, "the exchange without an answer"),
    "started_at": (WHEN, "when it was sent"),
    "operation": (TEXT, "conversation or send"),
    "type": (TEXT, "type of the request; of a batch, that of the conversation request"),
    "consumer": (TEXT, "for whom"),
    "conversation_id": (TEXT, "the conversation it names, or the one that it turned out to have opened"),
    "error": (TEXT, "what went wrong"),
    "settled": (
        YES_NO,
        "whether a notification shows that it was carried out; False is no proof of the contrary",
    ),
    "sequence": (WHOLE, "the number that the event turned out to have"),
    "notification_id": (WHOLE, "the notification that shows it"),
}
OUTCOMES: Columns = {
    "scenario": (TEXT, "name in the catalogue"),
    "topic": (TEXT, "what it is about: tokens, door, batch …"),
    "expected": (TEXT, "status, numbers and texts that the first answer should have"),
    "observed": (TEXT, "those it had"),
    "as_expected": (YES_NO, "whether all agrees, member for member; missing where it was not run"),
    "differs": (TEXT, "what does not agree, if anything"),
    "attempts": (WHOLE, "how often the kit sent the request"),
    "result": (TEXT, "what the kit made of it: the last status, or the name of the error it raised"),
    "next_step": (TEXT, "what a client should do"),
    "exchange_id": (WHOLE, "the exchange with the first answer"),
    "duration_ms": (REAL, "everything, preparations and tidying up included"),
    "not_run": (TEXT, "why it was not run, if so"),
}
CATALOGUE: Columns = {
    "scenario": (TEXT, "name"),
    "topic": (TEXT, "what it is about: tokens, door, batch …"),
    "shows": (TEXT, "what goes wrong"),
    "expected": (TEXT, "status, numbers and texts of the answer"),
    "handled": (TEXT, "what the kit does about it by itself, if anything"),
    "next_step": (TEXT, "what a client should do"),
    "on_account": (TEXT, "whether it is for a real account, and why not"),
    "source": (TEXT, "where that is stated"),
}
LEDGER: Columns = {
    "promise": (TEXT, "its id, such as S9, P5.2-order, Q16 or X1"),
    "topic": (TEXT, "what it is about"),
    "says": (TEXT, "the promise, in one sentence"),
    "mark": (TEXT, "whose word it is: S the API overview, P public documents, C real clients, R a ruling"),
    "section": (TEXT, "where it stands in the protocol reference"),
    "expected": (TEXT, "what must be observed"),
    "readings": (TEXT, "of a contradiction: what the documents say"),
    "ruling": (TEXT, "of a contradiction: which is followed"),
    "on_account": (TEXT, "whether it is for a real account, and why not"),
}
PROMISES: Columns = {
    **{name: LEDGER[name] for name in ("promise", "topic", "says", "mark", "section", "expected")},
    "observed": (TEXT, "what was observed"),
    "kept": (YES_NO, "whether the promise is kept; missing where it was not observed, or is only told"),
    "state": (TEXT, "kept, broken, not observed, not run; informs: a contradiction on an account"),
    "differs": (TEXT, "what does not agree, if anything"),
    "readings": LEDGER["readings"],
    "reading": (TEXT, "of a contradiction: the reading that was observed"),
    "ruling": LEDGER["ruling"],
    "not_run": (TEXT, "why it was not run or not observed, if so"),
    "target": (TEXT, "what was spoken to"),
    "exchange_id": (WHOLE, "the last exchange that it took"),
    "duration_ms": (REAL, "everything, preparations included"),
}
SUMMARY: Columns = {
    "count": (WHOLE, "exchanges"),
    "errors": (WHOLE, "those without an answer, or with a status of 400 or above"),
    "per_second": (
        REAL,
        "exchanges a second, from the begin of the first to the end of the last; missing for a single one",
    ),
    **{name: (REAL, "milliseconds") for name in ("p50", "p90", "p99", "p99.9", "max")},
}
