"""Files: checked before anything is sent, uploaded, published, fetched; their URLs stay secret."""

from __future__ import annotations

import base64
import io
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from connectorkit import envelopes, errors, files
from connectorkit.errors import EnvelopeError, NoAnswerError
from connectorkit.operations import FileUrl
from connectorkit.redact import Secret

PATH = "/v1/AUTH_async-images/12345678/c0ffee_uuid_00000000-0000-4000-8000-000000000001_14-11-2023.PNG"
SIGNATURE = "db35b4dfc1f2c28b059a46ad2d39220abca4c62d"
EXPIRES = "1700000060"
LARGEST = 3_145_728


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), color: str = "red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, format=kind)
    return buffer.getvalue()


def url_answer(request: httpx.Request) -> httpx.Response:
    asked = json.loads(request.content)
    query = {"temp_url_sig": SIGNATURE, "temp_url_expires": EXPIRES}
    body = {"relativePath": PATH, "queryParams": query}
    return httpx.Response(200, json={"code": "OK", "reqId": asked["id"], "body": body})


@pytest.fixture
def store(service: Any) -> Any:
    """A service with a file store: the first SEND is answered with a URL, later ones as usual."""
    service.hosts["swift"] = "store.service.example"
    service.paths = service.paths | {PATH: "store"}
    service.store = lambda request: (
        httpx.Response(201) if request.method == "PUT" else httpx.Response(200, content=b"\x89PNG\xff")
    )
    service.answers["send"] = [url_answer]
    return service


@pytest.fixture
def talk(faked: Any, store: Any) -> Any:
    return faked.consumer("ana").open()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    path.write_bytes(picture())
    return path


def sent(store: Any) -> list[Any]:
    return [json.loads(request.content) for request in store.requests("send")]


def without_id(envelope: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in envelope.items() if name != "id"}


# --- Sending -----------------------------------------------------------------------------------------


def test_a_file_is_uploaded_and_then_published(talk: Any, store: Any, photo: Path) -> None:
    content = photo.read_bytes()

    reply = talk.send_file(photo, caption="My parcel", preview=False)

    asking, publishing = sent(store)
    (put,) = store.requests("store")
    assert store.order[-3:] == ["send", "store", "send"]
    assert without_id(asking) == {
        "kind": "req",
        "type": "ms.GenerateURLForUploadFile",
        "body": {"fileSize": str(len(content)), "fileType": "PNG"},
    }
    assert (put.method, put.content) == ("PUT", content)
    assert str(put.url) == (
        f"https://store.service.example{PATH}?temp_url_sig={SIGNATURE}&temp_url_expires={EXPIRES}"
    )
    assert put.headers["Content-Type"] == "image/png"
    assert put.headers["Content-Length"] == str(len(content))
    assert put.headers["Accept"] == "*/*"
    assert not {"authorization", "x-lp-on-behalf", "transfer-encoding"} & set(put.headers)
    message = {"relativePath": PATH, "fileType": "PNG", "caption": "My parcel"}
    assert without_id(publishing) == {
        "kind": "req",
        "type": "ms.PublishEvent",
        "body": {
            "dialogId": "conversation-1",
            "event": {"type": "ContentEvent", "contentType": "hosted/file", "message": message},
        },
    }
    assert (reply.sequence, reply.operation) == (0, "send")


def test_a_file_goes_with_a_preview_of_itself(talk: Any, store: Any, photo: Path) -> None:
    talk.send_file(photo)

    preview = sent(store)[1]["body"]["event"]["message"]["preview"]
    head, encoded = preview.split(",")
    shown = Image.open(io.BytesIO(base64.b64decode(encoded)))
    assert head == "data:image/png;base64"
    assert (shown.format, shown.size, shown.getpixel((0, 0))) == ("PNG", (40, 30), (255, 0, 0))


def test_a_picture_that_cannot_be_decoded_goes_without_a_preview(
    talk: Any, store: Any, tmp_path: Path
) -> None:
    path = tmp_path / "half.png"
    path.write_bytes(picture()[:40])

    talk.send_file(path)

    assert set(sent(store)[1]["body"]["event"]["message"]) == {"relativePath", "fileType"}
    assert store.requests("store")[0].content == path.read_bytes()


def test_a_file_goes_into_the_dialog_it_is_meant_for(talk: Any, store: Any, photo: Path) -> None:
    talk.dialog("survey-1").send_file(photo, metadata=[{"type": "ExternalId", "id": "card-1"}])

    publishing = sent(store)[1]
    assert publishing["body"]["dialogId"] == "survey-1"
    assert publishing["body"]["conversationId"] == "conversation-1"
    assert publishing["metadata"] == [{"type": "ExternalId", "id": "card-1"}]


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda path: None, "leads nowhere"),
        (lambda path: path.mkdir(), "is no file"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_bytes(picture() + bytes(LARGEST)), "bytes, allowed are 3145728"),
        (lambda path: path.write_bytes(b"%PDF-1.7"), "none of JPG, JPEG, PNG, GIF"),
    ],
    ids=["missing", "folder", "empty", "too large", "no picture"],
)
def test_what_cannot_be_sent_is_refused_before_anything_is(
    talk: Any, store: Any, tmp_path: Path, prepare: Callable[[Path], Any], words: str
) -> None:
    path = tmp_path / "thing.png"
    prepare(path)

    with pytest.raises(EnvelopeError, match=words) as caught:
        talk.send_file(path)

    assert caught.value.field == "path"
    assert sent(store) == []


@pytest.mark.parametrize("caption", [5, "half a pair \ud800"])
def test_a_caption_is_checked_before_anything_is_sent(
    talk: Any, store: Any, photo: Path, caption: Any
) -> None:
    with pytest.raises(EnvelopeError, match=r"^caption "):
        talk.send_file(photo, caption=caption)

    assert sent(store) == []


def test_a_file_of_exactly_the_largest_size_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(picture().ljust(LARGEST, b"\0"))

    assert len(files.read_file(path).content) == LARGEST


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.png", picture("PNG"), "PNG"),
        ("a.jpg", picture("JPEG"), "JPG"),
        ("a.JPEG", picture("JPEG"), "JPEG"),
        ("a.png", picture("JPEG"), "JPG"),
        ("a", picture("GIF"), "GIF"),
        ("a.gif", b"GIF87a", "GIF"),
    ],
)
def test_the_first_bytes_decide_on_the_type(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    (tmp_path / name).write_bytes(content)

    assert files.read_file(str(tmp_path / name)).type == expected


def test_a_file_is_shown_without_its_content(photo: Path) -> None:
    assert repr(files.read_file(photo)) == "LocalFile(name='photo.png', type='PNG')"


# --- Progress ----------------------------------------------------------------------------------------


def test_progress_is_told_as_the_network_takes_pieces(talk: Any, store: Any, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(picture().ljust(150_000, b"\0"))
    told: list[tuple[int, int]] = []

    talk.send_file(path, preview=False, progress=lambda done, total: told.append((done, total)))

    assert told == [(65536, 150_000), (131_072, 150_000), (150_000, 150_000)]
    assert store.requests("store")[0].content == path.read_bytes()


# --- Fetching ----------------------------------------------------------------------------------------


def test_a_file_is_fetched_by_its_path(talk: Any, store: Any) -> None:
    content = talk.download(PATH)

    (asking,) = sent(store)
    (get,) = store.requests("store")
    assert content == b"\x89PNG\xff"
    assert without_id(asking) == {
        "kind": "req",
        "type": "ms.GenerateURLForDownloadFile",
        "body": {"relativePath": PATH},
    }
    assert (get.method, get.url.params["temp_url_sig"]) == ("GET", SIGNATURE)
    assert not {"authorization", "x-lp-on-behalf"} & set(get.headers)


def test_an_odd_path_keeps_to_the_store_s_host(faked: Any, store: Any) -> None:
    store.paths = store.paths | {"/evil.example/a b?c#d": "store"}

    faked.download(FileUrl("//evil.example/a b?c#d", Secret(SIGNATURE), EXPIRES))

    (get,) = store.requests("store")
    assert get.url.host == "store.service.example"
    assert get.url.raw_path.startswith(b"/evil.example/a%20b%3Fc%23d?temp_url_sig=")


# --- Refusals ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "advice"),
    [
        (401, errors.AuthenticationError, "The URL is good for 60 seconds and for one method: ask for a new"),
        (404, errors.NotFoundError, "Nothing was uploaded at this path"),
        (411, errors.InvalidRequestError, "Send Content-Length"),
        (413, errors.InvalidRequestError, "A file may have 3145728 bytes at most"),
        (422, errors.InvalidRequestError, "The file was damaged"),
        (503, errors.ServerError, "Try again after 5, 10 and 15 seconds"),
    ],
)
def test_a_refused_upload_is_a_typed_error_and_nothing_is_published(
    talk: Any, store: Any, photo: Path, status: int, kind: type, advice: str
) -> None:
    store.answers["store"] = [httpx.Response(status, text=f"{status} Unauthorized: Temp URL invalid")]

    with pytest.raises(kind, match=f"^Upload was refused: {status} Unauthorized: Temp URL inv") as caught:
        talk.send_file(photo)

    assert caught.value.advice.startswith(advice)
    assert len(sent(store)) == 1


def test_a_refused_download_is_a_typed_error(talk: Any, store: Any) -> None:
    store.answers["store"] = [httpx.Response(404)]

    with pytest.raises(errors.NotFoundError, match=r"^Download was refused"):
        talk.download(PATH)


def test_a_refused_url_is_a_typed_error_and_nothing_is_uploaded(talk: Any, store: Any, photo: Path) -> None:
    refusal = {"code": "BAD_REQUEST", "body": {"msg": "Bad Request, fileSize"}, "reqId": "1"}
    store.answers["send"] = [httpx.Response(400, json=refusal)]

    with pytest.raises(errors.InvalidRequestError, match="SEND was refused: Bad Request, fileSize"):
        talk.send_file(photo)

    assert store.requests("store") == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"relativePath": PATH},
        {"relativePath": PATH, "queryParams": {"temp_url_sig": SIGNATURE}},
        {"relativePath": 5, "queryParams": {"temp_url_sig": SIGNATURE, "temp_url_expires": EXPIRES}},
        {"relativePath": PATH, "queryParams": [SIGNATURE]},
    ],
)
def test_an_answer_without_a_url_is_unexpected(talk: Any, store: Any, photo: Path, body: Any) -> None:
    answer = {"code": "OK", "body": body}  # without a reqId, which is the next thing to be looked at
    store.answers["send"] = [httpx.Response(200, json=answer)]

    with pytest.raises(errors.UnexpectedAnswerError, match="Expected relativePath and queryParams") as caught:
        talk.send_file(photo)

    assert SIGNATURE not in str(caught.value) + str(vars(caught.value)) or body["queryParams"] == [SIGNATURE]


def test_an_account_without_a_store_is_told_so(talk: Any, store: Any, photo: Path, faked: Any) -> None:
    faked.credentials._domains.pop("swift")

    with pytest.raises(errors.SettingsError, match="names no host for 'swift'"):
        talk.send_file(photo)


# --- What is kept, and what is not -------------------------------------------------------------------


def test_the_log_says_how_large_a_file_was_and_keeps_no_byte_of_it(
    talk: Any, store: Any, faked: Any, photo: Path
) -> None:
    store.store = lambda request: (
        httpx.Response(201, text="stored")
        if request.method == "PUT"
        else httpx.Response(200, content=picture("GIF"), headers={"Content-Type": "image/gif; x=y"})
    )
    store.answers["send"] = [url_answer, store.send, url_answer]

    talk.send_file(photo)
    talk.download(PATH)

    kept = {e.operation: e for e in faked.log if e.operation.endswith("_file")}
    put, get = kept["upload_file"], kept["download_file"]
    size, fetched = len(photo.read_bytes()), len(picture("GIF"))
    assert (put.method, put.request_body, put.response_body) == (
        "PUT",
        f"<{size} bytes of image/png>",
        "stored",
    )
    assert (put.request_bytes, put.response_bytes, put.consumer) == (size, 6, "ana")
    assert (get.request_body, get.response_body) == ("", f"<{fetched} bytes of image/gif>")
    assert (get.request_bytes, get.response_bytes, get.consumer) == (0, fetched, "ana")


def test_an_upload_cut_short_counts_what_was_sent(faked: Any, fake_settings: Any, store: Any) -> None:
    def break_off(done: int, total: int) -> None:
        raise httpx.WriteError("the line is dead")

    with pytest.raises(NoAnswerError):
        faked.upload(FileUrl(PATH, Secret(SIGNATURE), EXPIRES), bytes(100_000), "PNG", progress=break_off)

    assert faked.log.last().request_bytes == 65536


def test_the_signature_is_kept_nowhere(
    talk: Any, store: Any, faked: Any, photo: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    store.answers["send"] = [url_answer, store.send, url_answer, url_answer, url_answer]
    store.answers["store"] = [
        httpx.Response(201, text=f"stored for {SIGNATURE}"),
        httpx.Response(401, text=f"wrong: temp_url_sig={SIGNATURE}, {SIGNATURE}"),
    ]

    reply = talk.send_file(photo)
    with pytest.raises(errors.AuthenticationError) as caught:
        talk.download(PATH)
    by_hand = faked.send(envelopes.request_upload_url(5, "PNG"), consumer="ana")
    by_hand_url = faked.file_url(envelopes.request_upload_url(5, "PNG"), consumer="ana")

    shown = [caplog.text, repr(reply), reply._repr_html_(), str(caught.value), str(vars(caught.value))]
    shown += [repr(by_hand), str(vars(by_hand)), repr(by_hand_url), str(by_hand_url.query), repr(vars(faked))]
    shown += [str(vars(exchange)) for exchange in faked.log]
    assert [text for text in shown if SIGNATURE in text] == []
    assert "HTTP Request: PUT https://store.service.example/v1/" in caplog.text
    label = f"[secret:{Secret(SIGNATURE).fingerprint}]"
    put = next(exchange for exchange in faked.log if exchange.operation == "upload_file")
    assert put.url == (f"https://store.service.example{PATH}?temp_url_sig={label}&temp_url_expires={EXPIRES}")
    assert by_hand.json["body"]["queryParams"] == {"temp_url_sig": label, "temp_url_expires": EXPIRES}


def test_a_request_with_a_signature_hides_it_in_a_traceback(faked: Any, store: Any) -> None:
    seen: list[str] = []
    handle = store.store

    def look(request: httpx.Request) -> httpx.Response:
        seen.append(repr(request))
        response: httpx.Response = handle(request)
        return response

    store.store = look
    faked.download(FileUrl(PATH, Secret(SIGNATURE), EXPIRES))

    assert seen == [f"<Request('GET', 'https://store.service.example{PATH}')>"]


def test_upload_and_download_by_hand(faked: Any, store: Any) -> None:
    store.answers["send"] = [url_answer, url_answer]
    store.answers["store"] = [httpx.Response(401, text="401 Unauthorized: Temp URL invalid")]

    url = faked.file_url(envelopes.request_upload_url(7, "GIF"), consumer="ana")
    refused = faked.upload(url, b"GIF89a!", "GIF")
    stored = faked.upload(url, b"GIF89a!", "GIF")

    assert (url.relative_path, url.expires) == (PATH, EXPIRES)
    assert (refused.ok, refused.text) == (False, "401 Unauthorized: Temp URL invalid")
    assert (stored.ok, stored.error) == (True, None)
    assert [r.headers["Content-Type"] for r in store.requests("store")] == ["image/gif"] * 2
    assert store.requests("send")[0].headers["X-LP-ON-BEHALF"]
