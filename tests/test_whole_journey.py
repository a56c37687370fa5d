"""Files, cards, receipts and surveys from end to end: both clients against the real sandbox."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from connectorkit import rich
from connectorkit.client import Client
from connectorkit.errors import ApiError, AuthenticationError, EnvelopeError, InvalidRequestError

CARD = rich.vertical(
    rich.text("Which one?"),
    rich.button("Red", rich.publish_text("Red, please"), metadata=[{"type": "ExternalId", "id": "red"}]),
    rich.button("Shop", rich.link("https://shop.example"), metadata=[{"type": "ExternalId", "id": "shop"}]),
)
Agent = Callable[..., dict[str, Any]]


@pytest.fixture
def talk(either: Any) -> Any:
    return either.consumer("ana@example").open(features=["MULTI_DIALOG", "RICH_CONTENT", "QUICK_REPLIES"])


@pytest.fixture
def agent(control: httpx.Client, talk: Any) -> Agent:
    def act(action: str, **more: Any) -> dict[str, Any]:
        answer = control.post("/sandbox/agent", json={"conversation_id": talk.id, "action": action} | more)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    return act


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.effect_noise((200, 100), 90).save(path)
    return path


def held(control: httpx.Client, conversation_id: str) -> dict[str, Any]:
    talks = control.get("/sandbox/state").json()["conversations"]
    return next(talk for talk in talks if talk["id"] == conversation_id)


def events(control: httpx.Client, conversation_id: str, dialog: int = 0) -> list[dict[str, Any]]:
    return list(held(control, conversation_id)["dialogs"][dialog]["events"])


def test_a_picture_arrives_whole_with_a_preview(talk: Any, picture: Path, control: httpx.Client) -> None:
    reply = talk.send_file(picture, caption="Look")

    message = events(control, talk.id)[0]["event"]["message"]
    assert (reply.sequence, message["caption"], message["fileType"]) == (0, "Look", "PNG")
    assert message["preview"].startswith("data:image/png;base64,")
    assert talk.download(message["relativePath"]) == picture.read_bytes()


def test_the_calls_of_a_file_are_in_the_log_without_its_bytes_or_signature(
    either: Any, talk: Any, picture: Path
) -> None:
    talk.send_file(picture, preview=False)

    upload = next(e for e in either.log if e.operation == "upload_file")
    size = picture.stat().st_size
    assert (upload.method, upload.status_code, upload.request_bytes) == ("PUT", 201, size)
    assert upload.request_body == f"<{size} bytes of image/png>"
    assert "temp_url_sig=[secret:" in upload.url.replace("%5B", "[").replace("%3A", ":")


def test_a_download_url_is_good_for_a_minute(
    either: Any, talk: Any, picture: Path, control: httpx.Client
) -> None:
    talk.send_file(picture)
    path = events(control, talk.id)[0]["event"]["message"]["relativePath"]
    envelope = {
        "kind": "req",
        "id": "1",
        "type": "ms.GenerateURLForDownloadFile",
        "body": {"relativePath": path},
    }
    url = either.file_url(envelope, consumer="ana@example")
    control.post("/sandbox/clock", json={"advance_seconds": 60})

    with pytest.raises(ApiError) as refusal:
        either.download(url)

    assert refusal.value.status_code == 401
    assert "60 s" in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "named"),
    [(b"", "empty"), (b"%PDF-1.7", "JPG"), (b"\x89PNG\r\n\x1a\n" + bytes(3 * 1024 * 1024), "3145728")],
    ids=["empty", "other type", "too large"],
)
def test_a_file_that_would_be_refused_is_not_sent(
    either: Any, talk: Any, tmp_path: Path, content: bytes, named: str
) -> None:
    path = tmp_path / "file.png"
    path.write_bytes(content)
    sent = len(either.log)

    with pytest.raises(EnvelopeError, match=named):
        talk.send_file(path)

    assert len(either.log) == sent


def test_somebody_elses_file_is_out_of_reach(either: Any, talk: Any, picture: Path, control: Any) -> None:
    talk.send_file(picture)
    path = events(control, talk.id)[0]["event"]["message"]["relativePath"]
    bert = either.consumer("bert@example").open()

    with pytest.raises(AuthenticationError) as refusal:
        bert.download(path)

    assert refusal.value.error_code == 40103


def test_a_click_is_answered_in_two_steps(talk: Any, agent: Agent, control: httpx.Client) -> None:
    sequence = agent("rich", content=CARD)["sequence"]

    clicked = talk.click(CARD["elements"][1], sequence)

    receipt, text = [e for e in events(control, talk.id) if e["role"] == "CONSUMER"]
    assert receipt["event"] == {"type": "AcceptStatusEvent", "status": "ACTION", "sequenceList": [sequence]}
    assert text["event"]["message"] == "Red, please"
    assert receipt["metadata"] == text["metadata"] == [{"type": "ExternalId", "id": "red"}]
    assert (clicked.receipt.sequence, clicked.text.sequence) == (receipt["sequence"], text["sequence"])


def test_a_click_on_a_link_says_nothing(talk: Any, agent: Agent, control: httpx.Client) -> None:
    sequence = agent("rich", content=CARD)["sequence"]

    assert talk.click(CARD["elements"][2], sequence).text is None
    assert [e["event"]["type"] for e in events(control, talk.id)][-1] == "AcceptStatusEvent"


def test_receipts_have_numbers_of_their_own(talk: Any, agent: Agent) -> None:
    first = agent("text", text="Hello")["sequence"]

    assert (first, talk.accept(first).sequence, talk.read(first).sequence) == (0, 1, 2)
    assert talk.receipt("NACK", first).sequence == 3


def test_a_survey_is_answered_in_its_own_dialog(talk: Any, agent: Agent, control: httpx.Client) -> None:
    questions = [{"text": "How was it?", "replies": ["Good", "Bad"]}, {"text": "Why?"}]
    control.post("/sandbox/settings", json={"survey": {"skills": None, "questions": questions}})
    talk.send("Hello")
    agent("join")
    talk.close()
    survey = talk.dialog(held(control, talk.id)["dialogs"][1]["id"])

    question = events(control, talk.id, 1)[0]
    survey.click(question["event"]["quickReplies"]["replies"][0], question["sequence"])
    survey.send("It was quick")

    state = held(control, talk.id)
    assert (state["state"], state["stage"]) == ("CLOSE", "CLOSE")
    assert [e["event"].get("message") for e in events(control, talk.id, 1) if "message" in e["event"]] == [
        "How was it?",
        "Good",
        "Why?",
        "It was quick",
    ]
    assert (state["dialogs"][1]["closed_by"], state["dialogs"][1]["closed_cause"]) == ("AGENT", "Completed")


def test_a_survey_can_be_skipped(talk: Any, agent: Agent, control: httpx.Client) -> None:
    control.post("/sandbox/settings", json={"survey": {"questions": [{"text": "How was it?"}]}})
    agent("join")

    talk.close(skip_survey=True)

    state = held(control, talk.id)
    assert (state["stage"], len(state["dialogs"])) == ("CLOSE", 1)


def test_client_properties_go_with_every_request(either: Any, talk: Any, control: httpx.Client) -> None:
    talk.send("Hello")

    sent = [dict(e.request_headers).get("client-properties") for e in either.log][-2:]
    features = [json.loads(header)["features"] for header in sent]
    assert features == [["MULTI_DIALOG", "RICH_CONTENT", "QUICK_REPLIES"]] * 2
    assert held(control, talk.id)["features"] == features[1]


def test_urgency_changes(talk: Any, control: httpx.Client) -> None:
    talk.set_ttr("URGENT", 60)

    assert (held(control, talk.id)["ttr_type"], held(control, talk.id)["ttr_seconds"]) == ("URGENT", 60)


def test_a_large_file_tells_how_far_it_is(client: Client, tmp_path: Path) -> None:
    noise = io.BytesIO()
    Image.effect_noise((1000, 1000), 255).save(noise, "PNG")
    path = tmp_path / "large.png"
    path.write_bytes(noise.getvalue())
    told: list[tuple[int, int]] = []

    client.consumer("ana").open().send_file(path, progress=lambda sent, total: told.append((sent, total)))

    assert told[-1] == (path.stat().st_size, path.stat().st_size)
    assert [sent for sent, _ in told] == sorted({sent for sent, _ in told})
    assert len(told) > 3


def test_a_card_with_a_fault_is_refused_by_name(talk: Any) -> None:
    with pytest.raises(EnvelopeError, match="https"):
        talk.send_rich({"type": "image", "url": "http://shop.example/a.png"})


def test_the_service_refuses_what_the_builders_do(either: Any, talk: Any) -> None:
    event = {"type": "RichContentEvent", "content": {"type": "image", "url": "http://shop.example/a.png"}}
    envelope = {
        "kind": "req",
        "id": "1",
        "type": "ms.PublishEvent",
        "body": {"dialogId": talk.id, "event": event},
    }

    with pytest.raises(InvalidRequestError, match="https"):
        either.send(envelope, consumer="ana@example").raise_for_error()
