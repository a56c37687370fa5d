"""Hosted files without HTTP: signatures, paths, what is stored, and the shape of requests."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from connectorkit.sandbox import files
from connectorkit.sandbox.clock import Clock
from connectorkit.sandbox.files import FileStore, check_download, check_hosted_file, check_upload
from connectorkit.sandbox.members import Members
from connectorkit.sandbox.refusals import Refusal

from .conftest import ACCOUNT, ANNA, BERT, Now

KEY = "sandbox-swift-key"
PATH = (
    "/v1/AUTH_async-images/12345678/"
    "0f0f_uuid_00000000-0000-4000-8000-000000000001_14-11-2023_22-13-20-000.PNG"
)
EXPIRES = "1700000060"
VECTORS = {
    "PUT": "db35b4dfc1f2c28b059a46ad2d39220abca4c62d",
    "GET": "82242443d7944491d2b312be385c5e0eecba040e",
    "HEAD": "d593865fe7c23b0b4632bddab15589f9923007a8",
}
PNG = b"\x89PNG\r\n\x1a\n and the rest"


def uuids() -> Any:
    numbers = itertools.count(1)
    return lambda: f"00000000-0000-4000-8000-{next(numbers):012}"


@pytest.fixture
def store(now: Now) -> FileStore:
    return FileStore(ACCOUNT, Clock(now), uuids(), KEY)


def refusal(check: Any, *arguments: Any) -> tuple[int, str]:
    with pytest.raises(Refusal) as caught:
        check(*arguments)
    return caught.value.status, caught.value.body["body"].get("msg") or caught.value.body["body"]["errorCode"]


# --- Temp URLs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "signature"), VECTORS.items())
def test_signatures_are_those_of_the_test_vector(store: FileStore, method: str, signature: str) -> None:
    assert store.sign(method, PATH, EXPIRES) == signature


def test_an_upload_url_is_a_new_path_of_the_consumer_with_a_signature_to_put(store: FileStore) -> None:
    assert store.upload_url("0f0f", "PNG") == {
        "relativePath": PATH,
        "queryParams": {"temp_url_sig": VECTORS["PUT"], "temp_url_expires": "1700000060"},
    }


def test_a_download_url_is_the_same_path_with_a_signature_to_get(store: FileStore) -> None:
    assert store.download_url(PATH) == {
        "relativePath": PATH,
        "queryParams": {"temp_url_sig": VECTORS["GET"], "temp_url_expires": "1700000060"},
    }


def test_the_path_tells_utc_time_to_the_millisecond(store: FileStore, now: Now) -> None:
    now.seconds += 7200.25

    assert store.upload_url("0f0f", "JPG")["relativePath"].endswith("_15-11-2023_00-13-20-250.JPG")


def test_every_upload_url_is_another(store: FileStore) -> None:
    assert store.upload_url(ANNA, "PNG") != store.upload_url(ANNA, "PNG")


@pytest.mark.parametrize(
    ("method", "signed_for", "allowed"),
    [
        ("PUT", "PUT", True),
        ("PUT", "GET", False),
        ("PUT", "HEAD", False),
        ("GET", "GET", True),
        ("GET", "PUT", False),
        ("GET", "HEAD", False),
        ("HEAD", "HEAD", True),
        ("HEAD", "GET", True),
        ("HEAD", "PUT", True),
        ("POST", "PUT", False),
        ("DELETE", "PUT", False),
    ],
)
def test_a_signature_permits_its_own_method_and_head(
    store: FileStore, method: str, signed_for: str, allowed: bool
) -> None:
    assert store.allows(method, PATH, VECTORS[signed_for], EXPIRES) is allowed


@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS"])
def test_no_signature_permits_another_method(store: FileStore, method: str) -> None:
    assert not store.allows(method, PATH, store.sign(method, PATH, EXPIRES), EXPIRES)


@pytest.mark.parametrize(("seconds", "allowed"), [(0, True), (59.999, True), (60, False), (3600, False)])
def test_a_url_lives_for_60_seconds(store: FileStore, now: Now, seconds: float, allowed: bool) -> None:
    now.seconds += seconds

    assert store.allows("PUT", PATH, VECTORS["PUT"], EXPIRES) is allowed


@pytest.mark.parametrize(
    "expires", ["", " 1700000060", "+1700000060", "1_700_000_060", "1.7e9", "never", "9" * 5000]
)
def test_a_time_of_expiry_that_is_no_plain_number_permits_nothing(store: FileStore, expires: str) -> None:
    assert not store.allows("PUT", PATH, store.sign("PUT", PATH, expires), expires)


@pytest.mark.parametrize("signature", ["", "é", "\ud800", VECTORS["PUT"].upper(), VECTORS["PUT"] + "0"])
def test_odd_signatures_permit_nothing(store: FileStore, signature: str) -> None:
    assert not store.allows("PUT", PATH, signature, EXPIRES)


def test_a_signature_is_for_one_path_and_one_time(store: FileStore) -> None:
    assert not store.allows("PUT", PATH.replace("0001", "0002"), VECTORS["PUT"], EXPIRES)
    assert not store.allows("PUT", PATH, VECTORS["PUT"], "1700000061")


# --- Whose path it is --------------------------------------------------------------------------------


def test_a_path_names_its_owner(store: FileStore) -> None:
    assert store.owner(store.upload_url(ANNA, "GIF")["relativePath"]) == ANNA
    assert store.well_formed(store.upload_url(ANNA, "GIF")["relativePath"])


@pytest.mark.parametrize(
    "path",
    [
        "",
        PATH[1:],
        "/" + PATH,
        PATH + "\n",
        PATH + "?temp_url_sig=1",
        PATH.replace("_uuid_", "_"),
        PATH.removesuffix(".PNG"),
        PATH.replace("0f0f", "0f/0f"),
        PATH.replace("14-11", "٤٤-11"),
    ],
)
def test_other_paths_are_malformed_and_nobodys(store: FileStore, path: str) -> None:
    assert (store.well_formed(path), store.owner(path)) == (False, None)


def test_a_path_of_another_account_is_nobodys_here(store: FileStore) -> None:
    path = PATH.replace(ACCOUNT, "87654321")

    assert (store.well_formed(path), store.owner(path)) == (True, None)


def test_only_the_owner_may_use_a_path(store: FileStore) -> None:
    path = store.upload_url(ANNA, "PNG")["relativePath"]

    store.check_owner(path, ANNA)
    assert refusal(store.check_owner, path, BERT) == (401, 40103)
    assert refusal(store.check_owner, path.replace(ACCOUNT, "87654321"), ANNA) == (401, 40103)


# --- What is stored ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file_type", "content_type"),
    [
        ("JPG", "image/jpeg"),
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("GIF", "image/gif"),
        ("PDF", "application/octet-stream"),
    ],
)
def test_a_file_is_kept_with_type_and_check_sum(store: FileStore, file_type: str, content_type: str) -> None:
    path = PATH.replace("PNG", file_type)

    store.put(path, b"abc")

    assert store.object(path) == files.StoredFile(b"abc", content_type, "900150983cd24fb0d6963f7d28e17f72")


def test_a_second_upload_replaces_the_first(store: FileStore) -> None:
    store.put(PATH, b"abc")

    assert store.put(PATH, b"other") == store.object(PATH)
    assert store.object(PATH).content == b"other"  # type: ignore[union-attr]


def test_reset_forgets_files(store: FileStore) -> None:
    store.put(PATH, b"abc")

    store.reset()

    assert store.object(PATH) is None


def test_the_oldest_files_go_first_when_there_are_too_many(now: Now) -> None:
    store = FileStore(ACCOUNT, Clock(now), uuids(), KEY, limit_bytes=10_000)
    for name in ("a", "b", "a", "c"):  # the second upload to a makes it younger than b
        store.put(name, bytes(3_000))

    store.put("d", b"")

    assert [name for name in "abcd" if store.object(name)] == ["a", "c", "d"]


def test_empty_files_are_bounded_too(now: Now) -> None:
    store = FileStore(ACCOUNT, Clock(now), uuids(), KEY, limit_bytes=10_000)
    names = [str(n) for n in range(1000)]
    for name in names:
        store.put(name, b"")

    assert sum(store.object(name) is not None for name in names) == 9


def test_replacing_a_file_again_and_again_pushes_no_other_out(now: Now) -> None:
    store = FileStore(ACCOUNT, Clock(now), uuids(), KEY, limit_bytes=10_000)
    store.put("a", b"")
    for _ in range(20):
        store.put("b", bytes(3_000))

    assert store.object("a") is not None


@pytest.mark.parametrize("content", [PNG, b"GIF87a", b"GIF89a", b"\xff\xd8\xff\xe0"])
def test_an_uploaded_image_may_be_published_under_any_type(store: FileStore, content: bytes) -> None:
    store.put(PATH, content)

    store.check_uploaded(Members({"relativePath": PATH}, "body.event.message"))


def test_a_path_without_a_file_may_not_be_published(store: FileStore) -> None:
    message = Members({"relativePath": PATH}, "body.event.message")

    assert refusal(store.check_uploaded, message) == (
        400,
        "Bad Request, body.event.message.relativePath: no file was uploaded there; "
        "PUT it to the upload URL first",
    )


def test_an_empty_file_may_not_be_published(store: FileStore) -> None:
    store.put(PATH, b"")

    status, message = refusal(store.check_uploaded, Members({"relativePath": PATH}, "m"))

    assert (status, message.partition(";")[0]) == (
        400,
        "Bad Request, m.relativePath: the file there is empty",
    )


# --- Shape of requests -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", ["20480", 20480, 1, "1", 3_145_728, "3145728", "0020"])
def test_sizes_are_texts_or_integers(size: Any) -> None:
    assert check_upload(Members({"fileSize": size, "fileType": "JPEG"}, "body")) == "JPEG"


@pytest.mark.parametrize("size", [0, "0", -1, 3_145_729, "3145729", 10**400])
def test_sizes_outside_the_limits_are_refused(size: Any) -> None:
    assert refusal(check_upload, Members({"fileSize": size, "fileType": "PNG"}, "body")) == (
        400,
        "Bad Request, body.fileSize must be from 1 to 3145728 bytes",
    )


@pytest.mark.parametrize(
    "size", ["", "-1", "+1", " 1", "1.0", "0x10", "1e3", "١", "9" * 5000, 1.0, True, [], {}]
)
def test_sizes_that_are_no_whole_number_are_refused(size: Any) -> None:
    assert refusal(check_upload, Members({"fileSize": size, "fileType": "PNG"}, "body")) == (
        400,
        'Bad Request, body.fileSize must be a whole number of bytes, as "20480"',
    )


@pytest.mark.parametrize("file_type", ["png", "PDF", "", 5, True, ["PNG"]])
def test_unknown_upload_types_are_refused(file_type: Any) -> None:
    assert refusal(check_upload, Members({"fileSize": "1", "fileType": file_type}, "body")) == (
        400,
        "Bad Request, body.fileType must be one of JPG, JPEG, PNG, GIF",
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"fileType": "PNG"}, "Bad Request, body.fileSize is missing; state the size in bytes"),
        ({"fileSize": "1"}, "Bad Request, body.fileType is missing"),
    ],
)
def test_an_upload_request_states_size_and_type(body: Any, message: str) -> None:
    assert refusal(check_upload, Members(body, "body")) == (400, message)


def test_a_download_request_names_a_path() -> None:
    assert check_download(Members({"relativePath": PATH}, "body")) == PATH


@pytest.mark.parametrize("path", [None, "", 5, "/v1/other", "/" + PATH, "\ud800"])
@pytest.mark.parametrize("check", [check_download, check_hosted_file])
def test_missing_and_malformed_paths_are_refused(check: Any, path: Any) -> None:
    status, message = refusal(check, Members({"relativePath": path, "fileType": "PNG"}, "body"))

    assert (status, message.startswith("Bad Request, body.relativePath ")) == (400, True)


def hosted(**members: Any) -> Members:
    return Members({"relativePath": PATH, "fileType": "PNG"} | members, "message")


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"fileType": "GIF"},
        {"caption": "A cat"},
        {"caption": "", "preview": None},
        {"preview": "data:image/png;base64,iVBORw0KGgo="},
        {"preview": "DATA:image/jpeg;name=x;BASE64,AAAA"},
        {"preview": "data:image/png;base64," + "A" * (30 * 1024 - 1)},
    ],
)
def test_hosted_files_as_documented_are_accepted(members: Any) -> None:
    check_hosted_file(hosted(**members))


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"fileType": "pdf"}, "message.fileType must be one of JPG, JPEG, PNG, GIF"),
        ({"fileType": None}, "message.fileType is missing"),
        ({"caption": 5}, "message.caption must be a string"),
        ({"preview": 5}, "message.preview must be a string"),
        ({"preview": ""}, "message.preview must be an image as data URI, as data:image/png;base64,…"),
        ({"preview": "AAAA"}, "message.preview must be an image as data URI, as data:image/png;base64,…"),
        (
            {"preview": "data:text/html;base64,AAAA"},
            "message.preview must be an image as data URI, as data:image/png;base64,…",
        ),
        ({"preview": "data:image/png;base64,"}, "message.preview must be base64 after the comma"),
        ({"preview": "data:image/png;base64,<b>"}, "message.preview must be base64 after the comma"),
        (
            {"preview": "data:image/png;base64," + "A" * (30 * 1024)},
            "message.preview must have fewer than 30720 characters after the comma",
        ),
    ],
)
def test_other_hosted_files_are_refused(members: Any, problem: str) -> None:
    assert refusal(check_hosted_file, hosted(**members)) == (400, f"Bad Request, {problem}")
