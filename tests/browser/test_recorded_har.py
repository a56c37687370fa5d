"""An archive that a browser has recorded of a conversation, with real tokens in it, comes in clean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from connectorkit.sharing import imports

pytestmark = pytest.mark.browser
# What a page does that talks to the service by itself.
TALK = """
async ({account, id, secret}) => {
    const post = async (path, body, headers) => (await fetch(path, {method: "POST", body, headers})).json();
    const api = `/api/account/${account}`, json = {"Content-Type": "application/json"};
    const form = new URLSearchParams({client_id: id, client_secret: secret});
    const sentinel = `/sentinel${api}/app/token?v=1.0&grant_type=client_credentials`;
    const app = (await post(sentinel, form)).access_token;
    const asked = JSON.stringify({ext_consumer_id: "ana@example"});
    const jws = (await post(`${api}/consumer?v=1.0`, asked, {...json, Authorization: app})).token;
    const signed = {...json, Authorization: app, "X-LP-ON-BEHALF": jws};
    const batch = [
        {kind: "req", id: "1", type: "userprofile.SetUserProfile", body: {}},
        {kind: "req", id: "2", type: "cm.ConsumerRequestConversation",
         body: {brandId: account, channelType: "MESSAGING"}}];
    const talks = `${api}/messaging/consumer/conversation`;
    const opened = await post(`${talks}?v=3`, JSON.stringify(batch), signed);
    const event = {type: "ContentEvent", contentType: "text/plain", message: "It's me"};
    const text = {kind: "req", id: "3", type: "ms.PublishEvent",
                  body: {dialogId: opened[1].body.conversationId, event}};
    await post(`${talks}/send?v=3`, JSON.stringify(text), signed);
    return [app, jws, opened[1].body.conversationId];
}
"""


def test_a_browsers_recording_becomes_builder_calls(
    browser: Browser, sandbox: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "recorded.har"
    context = browser.new_context(record_har_path=path)
    page = context.new_page()
    page.goto(f"{sandbox['base_url']}/sandbox/about")
    who = {"account": sandbox["account_id"], "id": sandbox["client_id"], "secret": sandbox["client_secret"]}
    app_jwt, consumer_jws, talk = page.evaluate(TALK, who)
    context.close()
    assert app_jwt in path.read_text()

    calls = [call for call in imports.from_har(path) if call.exchange.operation != "http"]

    shown = json.dumps([vars(call.exchange) for call in calls])
    assert not any(secret in shown for secret in (app_jwt, consumer_jws, sandbox["client_secret"]))
    assert [(call.exchange.operation, call.exchange.status_code) for call in calls] == [
        *(("app_jwt", 200), ("consumer_jws", 201), ("conversation", 200), ("send", 200)),
    ]
    assert {call.exchange.consumer for call in calls[1:]} == {"ana@example"}
    assert calls[-1].call == f'ck.envelopes.publish_text("{talk}", "It\'s me", request_id="3")'
    assert calls[-1].exchange.wait_ms is not None
