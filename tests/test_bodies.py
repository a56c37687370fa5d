"""Bodies as the log keeps them: text as it is, anything else as a count."""

from __future__ import annotations

import httpx
import pytest

from connectorkit.bodies import Upload, as_text, items


@pytest.mark.parametrize(
    ("media_type", "content", "kept"),
    [
        ("application/json", b'{"a": 1}', '{"a": 1}'),
        ("application/json;charset=utf-8", b"\x00\xff", "\x00�"),
        ("application/problem+json", b"{}", "{}"),
        ("application/x-www-form-urlencoded", b"a=b", "a=b"),
        ("text/plain", b"401 Unauthorized", "401 Unauthorized"),
        ("Text/HTML; charset=utf-8", b"<h1>", "<h1>"),
        ("image/png", b"x" * 20480, "<20480 bytes of image/png>"),
        ("IMAGE/JPEG; q=1", b"text all the same", "<17 bytes of image/jpeg>"),
        ("application/pdf", b"%PDF", "<4 bytes of application/pdf>"),
        ("application/octet-stream", b"\x89PNG", "<4 bytes of application/octet-stream>"),
        ("application/octet-stream", b'{"token": "x"}', '{"token": "x"}'),
        (None, "Grüße".encode(), "Grüße"),
        (None, b"a\0b", "<3 bytes of unknown type>"),
        (None, b"\xff", "<1 bytes of unknown type>"),
        ("image/png", b"", ""),
    ],
)
def test_the_log_keeps_text_and_counts_the_rest(media_type: str | None, content: bytes, kept: str) -> None:
    headers = httpx.Headers({"Content-Type": media_type} if media_type else {})

    assert as_text(items(headers), content) == kept


def test_an_upload_that_is_sent_again_counts_again() -> None:
    told: list[int] = []
    body = Upload(bytes(70_000), lambda done, total: told.append(done))

    assert [len(piece) for piece in body] == [65536, 4464]
    assert b"".join(body) == bytes(70_000)
    assert (body.sent, told) == (70_000, [65536, 70_000, 65536, 70_000])
