"""Files: the URLs that SEND grants, and the store they open; without any token of ours."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from .conftest import (
    ANNA,
    BERT,
    CONTENT,
    UNKNOWN_ID,
    Hook,
    Wire,
    assert_refused,
    claims,
    sample,
    sequence,
    without,
)
from .shapes import PNG, download_request, granted, hosted, store, upload_request, uploaded

LIMIT = 3_145_728
INVALID = "401 Unauthorized: Temp URL invalid"
UUID4 = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def upload_url(wire: Wire, consumer: str = ANNA, file_type: str = "PNG") -> dict[str, Any]:
    return granted(wire.send(upload_request(file_type=file_type), consumer=consumer))


def download_url(wire: Wire, relative_path: str) -> dict[str, Any]:
    return granted(wire.send(download_request(relative_path)))


def assert_shut(answer: httpx.Response) -> None:
    assert answer.status_code == 401
    assert answer.text == INVALID
    assert answer.headers["content-type"].startswith("text/plain")


# --- URLs -------------------------------------------------------------------------------------------


def test_the_printed_upload_request_is_answered_as_printed(wire: Wire) -> None:
    answer = wire.send(sample("upload_url_request"))

    assert answer.status_code == 200
    body = answer.json()["body"]
    filling = {"{reqId}": "3", "{relativePath}": body["relativePath"]}
    filling |= {f"{{{name}}}": body["queryParams"][name] for name in ("temp_url_sig", "temp_url_expires")}
    assert answer.json() == sample("file_url_answer", filling)


def test_the_printed_download_request_is_answered_as_printed(wire: Wire) -> None:
    path = uploaded(wire)

    answer = wire.send(sample("download_url_request", {"{relativePath}": path}))

    assert answer.status_code == 200
    filling = {"{reqId}": "4", "{relativePath}": path}
    parameters = answer.json()["body"]["queryParams"]
    filling |= {f"{{{name}}}": parameters[name] for name in ("temp_url_sig", "temp_url_expires")}
    assert answer.json() == sample("file_url_answer", filling)


@pytest.mark.parametrize("file_type", ["JPG", "JPEG", "PNG", "GIF"])
def test_the_path_names_account_consumer_time_and_type(wire: Wire, file_type: str) -> None:
    path = upload_url(wire, file_type=file_type)["relativePath"]

    owner = f"/v1/AUTH_async-images/{wire.account}/{wire.lp_consumer_id()}"
    assert re.fullmatch(rf"{owner}_uuid_{UUID4}_\d\d-\d\d-\d{{4}}_\d\d-\d\d-\d\d-\d{{3}}\.{file_type}", path)


def test_the_path_tells_the_time_in_utc_day_first(wire: Wire) -> None:
    """§10.1; the time of the app token tells what now is."""
    now = datetime.fromtimestamp(claims(wire.app_token())["iat"], UTC)
    wire.advance((now.replace(day=1, hour=0) + timedelta(days=62 - 9) - now).total_seconds())
    now = datetime.fromtimestamp(claims(wire.new_app_token())["iat"], UTC)
    wire.renew()

    path = upload_url(wire)["relativePath"]

    stamp = re.fullmatch(r".*_(\d\d-\d\d-\d{4}_\d\d-\d\d-\d\d-\d{3})\.PNG", path)
    assert stamp
    told = datetime.strptime(stamp[1], "%d-%m-%Y_%H-%M-%S-%f").replace(tzinfo=UTC)
    assert now.day > 12
    assert timedelta(0) <= told - now < timedelta(seconds=10)


def test_each_upload_has_a_path_of_its_own(wire: Wire) -> None:
    assert upload_url(wire)["relativePath"] != upload_url(wire)["relativePath"]


@pytest.mark.parametrize("direction", ["upload", "download"])
def test_a_url_is_good_for_60_seconds_from_now(wire: Wire, direction: str) -> None:
    """The time of the app token tells what now is."""
    path = uploaded(wire)
    now = claims(wire.new_app_token())["iat"]

    url = upload_url(wire) if direction == "upload" else download_url(wire, path)

    parameters = url["queryParams"]
    assert re.fullmatch("[0-9a-f]{40}", parameters["temp_url_sig"])
    assert parameters["temp_url_expires"].isdecimal()
    assert 60 <= int(parameters["temp_url_expires"]) - now <= 65


@pytest.mark.parametrize("size", ["1", 1, "20480", 20480, str(LIMIT), LIMIT])
def test_a_size_is_a_string_or_an_integer_up_to_3_mebibytes(wire: Wire, size: Any) -> None:
    assert wire.send(upload_request(size)).status_code == 200


@pytest.mark.parametrize(
    "size", [str(LIMIT + 1), LIMIT + 1, "0", 0, "-1", -1, "", "big", "1.5", 1.5, True, [], {}]
)
def test_another_size_is_refused_by_name(wire: Wire, size: Any) -> None:
    assert_refused(wire.send(upload_request(size)), "3", named="fileSize")


@pytest.mark.parametrize("file_type", ["png", "BMP", "PDF", "TXT", "", None, 5])
def test_another_type_is_refused_by_name(wire: Wire, file_type: Any) -> None:
    assert_refused(wire.send(upload_request(file_type=file_type)), "3", named="fileType")


@pytest.mark.parametrize("missing", ["fileSize", "fileType"])
def test_an_upload_request_needs_its_members(wire: Wire, missing: str) -> None:
    request = upload_request()

    answer = wire.send({**request, "body": without(request["body"], missing)})

    assert_refused(answer, "3", named=missing)


@pytest.mark.parametrize("path", ["", "a.png", "/v2/a.png", None, 5, [], "https://files.example/v1/a.png"])
def test_a_malformed_path_is_refused_by_name(wire: Wire, path: Any) -> None:
    assert_refused(wire.send(download_request(path)), "4", named="relativePath")


def test_a_download_request_needs_its_path(wire: Wire) -> None:
    answer = wire.send({**download_request(""), "body": {}})

    assert_refused(answer, "4", named="relativePath")


def test_no_url_is_granted_for_the_file_of_another_consumer(wire: Wire) -> None:
    """R11."""
    answer = wire.send(download_request(uploaded(wire, BERT)))

    assert answer.status_code == 401
    assert answer.json() == sample("error_40103")


# --- The store --------------------------------------------------------------------------------------


def test_a_file_travels_from_end_to_end(wire: Wire) -> None:
    conversation_id = wire.open()
    url = upload_url(wire)
    put = store(wire, "PUT", url, PNG)
    published = wire.send(hosted(conversation_id, url["relativePath"]))
    got = store(wire, "GET", download_url(wire, url["relativePath"]))

    assert put.status_code == 201
    assert put.headers["etag"].strip('"') == hashlib.md5(PNG).hexdigest()
    assert sequence(published) == 0
    assert (got.status_code, got.content) == (200, PNG)


@pytest.mark.parametrize(
    ("file_type", "media_type"),
    [("PNG", "image/png"), ("JPG", "image/jpeg"), ("JPEG", "image/jpeg"), ("GIF", "image/gif")],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_store_names_type_and_file(wire: Wire, method: str, file_type: str, media_type: str) -> None:
    path = uploaded(wire, file_type=file_type)

    answer = store(wire, method, download_url(wire, path))

    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert re.fullmatch('attachment; filename="[^"]+"', answer.headers["content-disposition"])
    assert answer.content == (PNG if method == "GET" else b"")


@pytest.mark.parametrize("direction", ["upload", "download"])
def test_head_is_served_with_the_url_of_either_method(wire: Wire, direction: str) -> None:
    upload = upload_url(wire)
    store(wire, "PUT", upload, PNG)
    url = upload if direction == "upload" else download_url(wire, upload["relativePath"])

    assert store(wire, "HEAD", url).status_code == 200


def test_the_url_is_the_permission(wire: Wire) -> None:
    """§10.2: tokens are not looked at."""
    odd = {"Authorization": "nonsense", "X-LP-ON-BEHALF": "nonsense"}

    assert store(wire, "PUT", upload_url(wire), PNG, headers=odd).status_code == 201


def test_a_doubled_slash_is_tolerated(wire: Wire) -> None:
    """R44."""
    url = upload_url(wire)

    put = store(wire, "PUT", url, PNG, slash="/")
    got = store(wire, "GET", download_url(wire, url["relativePath"]), slash="/")

    assert put.status_code == 201
    assert (got.status_code, got.content) == (200, PNG)


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH", "DELETE"])
def test_a_download_url_is_for_reading_only(wire: Wire, method: str) -> None:
    url = download_url(wire, uploaded(wire))

    assert_shut(store(wire, method, url, b"other"))
    assert store(wire, "GET", url).content == PNG


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_an_upload_url_is_for_writing_only(wire: Wire, method: str) -> None:
    url = upload_url(wire)
    store(wire, "PUT", url, PNG)

    assert_shut(store(wire, method, url))


@pytest.mark.parametrize("method", ["PUT", "GET"])
@pytest.mark.parametrize(
    "parameters",
    [
        {"temp_url_sig": None},
        {"temp_url_expires": None},
        {"temp_url_sig": None, "temp_url_expires": None},
        {"temp_url_sig": "0" * 40},
        {"temp_url_sig": ""},
        {"temp_url_sig": "ü"},
        {"temp_url_expires": "9999999999"},
        {"temp_url_expires": "soon"},
        {"temp_url_expires": ""},
    ],
)
def test_a_missing_or_tampered_parameter_shuts_the_store(
    wire: Wire, method: str, parameters: dict[str, Any]
) -> None:
    url = upload_url(wire) if method == "PUT" else download_url(wire, uploaded(wire))

    assert_shut(store(wire, method, url, PNG if method == "PUT" else None, **parameters))


def test_the_signature_of_one_path_does_not_open_another(wire: Wire) -> None:
    first, second = uploaded(wire), uploaded(wire)
    url = download_url(wire, first)

    assert_shut(store(wire, "GET", {**url, "relativePath": second}))


@pytest.mark.parametrize("method", ["PUT", "GET", "HEAD"])
def test_a_url_expires_after_60_seconds_of_the_clock(wire: Wire, method: str) -> None:
    url = upload_url(wire) if method == "PUT" else download_url(wire, uploaded(wire))
    content = PNG if method == "PUT" else None

    wire.advance(50)
    in_time = store(wire, method, url, content)
    wire.advance(11)
    too_late = store(wire, method, url, content)

    assert [in_time.status_code, too_late.status_code] == [201 if method == "PUT" else 200, 401]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_was_not_uploaded_is_not_there(wire: Wire, method: str) -> None:
    url = upload_url(wire)
    wanted = download_url(wire, url["relativePath"]) if method == "GET" else url

    assert store(wire, method, wanted).status_code == 404


def test_a_path_nobody_was_granted_is_shut(wire: Wire) -> None:
    nowhere = {"relativePath": f"/v1/AUTH_async-images/{UNKNOWN_ID}/a.PNG", "queryParams": {}}

    assert_shut(store(wire, "GET", nowhere))


# --- What is put ------------------------------------------------------------------------------------


def test_a_file_without_a_length_is_refused(wire: Wire) -> None:
    def chunks() -> Iterator[bytes]:
        yield PNG

    url = upload_url(wire)

    assert store(wire, "PUT", url, chunks()).status_code == 411
    assert store(wire, "HEAD", url).status_code == 404


def test_a_file_of_3_mebibytes_is_stored(wire: Wire) -> None:
    url = granted(wire.send(upload_request(LIMIT)))

    answer = store(wire, "PUT", url, PNG.ljust(LIMIT, b"\0"))

    assert answer.status_code == 201
    assert len(store(wire, "GET", download_url(wire, url["relativePath"])).content) == LIMIT


def test_a_file_of_one_byte_more_is_refused(wire: Wire) -> None:
    url = granted(wire.send(upload_request(LIMIT)))

    assert store(wire, "PUT", url, PNG.ljust(LIMIT + 1, b"\0")).status_code == 413
    assert store(wire, "HEAD", url).status_code == 404


@pytest.mark.parametrize(("content", "status"), [(PNG, 201), (PNG + b"\0", 422)], ids=["same", "other"])
def test_an_etag_that_is_sent_must_match(wire: Wire, content: bytes, status: int) -> None:
    url = upload_url(wire)

    answer = store(wire, "PUT", url, content, headers={"ETag": hashlib.md5(PNG).hexdigest()})

    assert answer.status_code == status
    assert store(wire, "HEAD", url).status_code == (200 if status == 201 else 404)


def test_a_file_can_be_put_again_while_its_url_lives(wire: Wire) -> None:
    url = upload_url(wire)

    statuses = [store(wire, "PUT", url, content).status_code for content in (PNG, PNG + b"more")]

    assert statuses == [201, 201]
    assert store(wire, "GET", download_url(wire, url["relativePath"])).content == PNG + b"more"


def test_an_empty_file_is_damaged_and_not_published(wire: Wire) -> None:
    """§6.4."""
    conversation_id = wire.open()
    path = uploaded(wire, content=PNG)
    url = upload_url(wire)
    store(wire, "PUT", url, b"")

    refused = wire.send(hosted(conversation_id, url["relativePath"]))

    assert_refused(refused, "7", named="relativePath")
    assert sequence(wire.send(hosted(conversation_id, path))) == 0


def test_a_published_file_is_told_as_it_was_sent(wire: Wire, hook: Hook) -> None:
    """§9.4."""
    wire.install(hook.manifest(CONTENT))
    members = {"caption": "My parcel", "preview": "data:image/png;base64,AAAA"}
    path = uploaded(wire)

    wire.send(hosted(wire.open(), path, "JPG", **members))

    (told,) = hook.wait_for(1)
    message = {"relativePath": path, "fileType": "JPG", **members}
    assert told["event"] == {"type": "ContentEvent", "contentType": "hosted/file", "message": message}
    assert told["sequence"] == 0


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("caption", 5),
        ("preview", 5),
        ("preview", "AAAA"),
        ("preview", "data:text/html;base64,AAAA"),
        ("preview", "data:image/png,AAAA"),
        ("preview", "data:image/png;base64,"),
        ("preview", "data:image/png;base64,<b>"),
        ("relativePath", "/v1/a.png"),
        ("relativePath", 5),
    ],
)
def test_a_wrong_member_of_a_published_file_is_refused_by_name(wire: Wire, member: str, value: Any) -> None:
    """§6.4."""
    conversation_id = wire.open()
    path = uploaded(wire)

    answer = wire.send(hosted(conversation_id, path, **{member: value} if member != "relativePath" else {}))
    if member == "relativePath":
        answer = wire.send(hosted(conversation_id, value))

    assert_refused(answer, "7", named=member)


# --- Browsers and real clients ----------------------------------------------------------------------


@pytest.mark.parametrize("method", ["PUT", "GET"])
def test_a_browser_may_ask_first(wire: Wire, method: str) -> None:
    """R70, Q48."""
    asking = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "content-type",
    }

    answer = store(wire, "OPTIONS", upload_url(wire), headers=asking)

    assert answer.is_success
    assert answer.headers["access-control-allow-origin"] in ("*", "https://shop.example")
    assert method in answer.headers["access-control-allow-methods"]
    allowed = answer.headers["access-control-allow-headers"].lower()
    assert allowed == "*" or "content-type" in allowed


def test_a_browser_may_read_the_answer(wire: Wire) -> None:
    """R70."""
    answer = store(wire, "PUT", upload_url(wire), PNG, headers={"Origin": "https://shop.example"})

    assert answer.headers["access-control-allow-origin"] in ("*", "https://shop.example")


def test_only_the_store_is_open_to_browsers(wire: Wire) -> None:
    """R70."""
    answer = wire.send(upload_request(), headers={"Origin": "https://shop.example"})

    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("published", ["JPG", "JPEG", "GIF", "PNG"])
def test_the_type_published_need_not_be_the_type_uploaded(wire: Wire, published: str) -> None:
    """R43, Q29."""
    answer = wire.send(hosted(wire.open(), uploaded(wire, file_type="PNG"), published))

    assert sequence(answer) == 0


def test_files_need_no_open_conversation(wire: Wire) -> None:
    """Q51."""
    wire.open_and_close()
    path = uploaded(wire)

    assert store(wire, "GET", download_url(wire, path)).content == PNG
