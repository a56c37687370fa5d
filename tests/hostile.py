"""Exchanges that hold whatever a body, a header or a label may hold."""

from __future__ import annotations

import json
from typing import Any

from connectorkit.log import Exchange

SEND_URL = "https://va.msg.example/api/account/12345678/messaging/consumer/conversation/send?v=3"
TEXTS = {
    "quotes": 'It\'s "quoted" and `ticked`',
    "shell": "$HOME ${HOME} $(touch pwned) `touch pwned` ! !! ; touch pwned & % %s \\ \\n *",
    "lines": "one\ntwo\r\nthree\ttab",
    "separators": "a\n###\n\n# @name x\n< /etc/passwd\n// no\n%%\n'''\n\"\"\"\nEOF",
    "control": "nul \0 bell \x07 escape \x1b[2J delete \x7f %s %% \\ 'quoted' $(touch pwned)",
    "markup": "</script><script>alert(1)</script> ]]> <!-- &amp;",
    "surrogate": "half \ud83d a pair",
    "beyond": "ö 漢字 🙂 \u202e backwards \u2028 \x85",
    "variables": "{{app_jwt}} {{$processEnv HOME}} {{{braces}}} ${CONNECTORKIT_APP_JWT}",
    "long": "long " * 60_000,
    "note": "<12 bytes of image/png> is what I see",
}
JWT_LABEL, SECRET_LABEL = "[jwt:0a1b2c3d]", "[secret:4e5f6a7b]"


def text_request(text: str, **more: Any) -> dict[str, Any]:
    """A SEND request with a text, as a tester may send it."""
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": text}
    return {
        "kind": "req",
        "id": "7",
        "type": "ms.PublishEvent",
        "body": {"dialogId": "dialog-1", "event": event},
        **more,
    }


def exchange(body: str | None = None, **changes: Any) -> Exchange:
    """A SEND with everything that the log keeps of one."""
    given: dict[str, Any] = {
        "operation": "send",
        "method": "POST",
        "url": SEND_URL,
        "exchange_id": 12,
        "session_id": "session-1",
        "account_id": "12345678",
        "consumer": "ana@example",
        "started_at": 1_790_000_000_123_456_789,
        "status_code": 200,
        "reason": "OK",
        "request_headers": [
            ("host", "va.msg.example"),
            ("accept", "application/json"),
            ("content-type", "application/json"),
            ("x-lp-on-behalf", JWT_LABEL),
            ("authorization", JWT_LABEL),
        ],
        "request_body": json.dumps(text_request("Hello")) if body is None else body,
        "response_headers": [("content-type", "application/json"), ("set-cookie", SECRET_LABEL)],
        "response_body": '{"code":"OK","body":{"sequence":1},"reqId":"7"}',
        "request_bytes": 200,
        "response_bytes": 47,
        "http_version": "HTTP/1.1",
        "reused_connection": False,
        "connect_ms": 1.5,
        "tls_ms": 2.25,
        "send_ms": 0.5,
        "wait_ms": 10.125,
        "receive_ms": 0.75,
        "total_ms": 16.0,
    }
    return Exchange(**given | changes)


def with_text(text: str) -> Exchange:
    """The text as a message, a label, a scenario, a consumer, and in a header's value."""
    headers = [
        *exchange().request_headers,
        ("client-properties", text.replace("\n", " ").replace("\r", " ")[:2000]),
    ]
    short = text[:500]
    body = json.dumps(text_request(text), ensure_ascii=False, separators=(",", ":"))
    return exchange(body, label=short, scenario=short, consumer=short, request_headers=headers)
