"""Previews of pictures, and the bar that large files show."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from PIL import Image

from connectorkit import pictures, progress


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), color: str = "red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, format=kind)
    return buffer.getvalue()


def noise(width: int, height: int) -> bytes:
    """A picture that hardly shrinks, as photographs do not."""
    buffer = io.BytesIO()
    Image.effect_noise((width, height), 90).convert("RGB").save(buffer, format="PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("content", [noise(900, 700), noise(2000, 40), picture("JPEG", (4000, 3000))])
def test_a_preview_shrinks_until_it_fits(content: bytes) -> None:
    preview = pictures.preview(content)

    assert preview is not None
    head, encoded = preview.split(",")
    shown = Image.open(io.BytesIO(base64.b64decode(encoded)))
    original = Image.open(io.BytesIO(content))
    assert head == "data:image/png;base64"
    assert len(encoded) < 30 * 1024
    assert max(shown.size) <= 320
    assert shown.width / shown.height == pytest.approx(original.width / original.height, rel=0.2)


def test_a_preview_stands_upright_and_tells_nothing_of_the_camera() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010F] = "Camera maker"
    buffer = io.BytesIO()
    Image.new("RGB", (40, 20)).save(buffer, format="JPEG", exif=exif)

    preview = pictures.preview(buffer.getvalue())

    assert preview is not None
    content = base64.b64decode(preview.split(",")[1])
    assert Image.open(io.BytesIO(content)).size == (20, 40)
    assert b"Camera maker" not in content


def test_what_is_see_through_stays_so() -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (4, 4), (255, 0, 0, 0)).save(buffer, format="PNG")

    preview = pictures.preview(buffer.getvalue())

    assert preview is not None
    assert Image.open(io.BytesIO(base64.b64decode(preview.split(",")[1]))).getpixel((0, 0))[3] == 0


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + bytes(50), picture()[:60]])
def test_what_cannot_be_decoded_has_no_preview(content: bytes) -> None:
    assert pictures.preview(content) is None


def test_a_small_file_that_unfolds_to_a_huge_picture_has_no_preview() -> None:
    buffer = io.BytesIO()
    Image.new("1", (8000, 5001)).save(buffer, format="PNG")

    assert pictures.preview(buffer.getvalue()) is None


@pytest.mark.parametrize(
    ("size", "asked", "bar"),
    [
        (1_000_000, None, False),
        (1_000_001, None, True),
        (1_000_001, False, False),
        (1_000_001, print, False),
        (10, True, True),
    ],
)
def test_large_files_show_a_bar_unless_something_else_was_asked(
    capsys: pytest.CaptureFixture[str], size: int, asked: Any, bar: bool
) -> None:
    with progress.reporting("photo [bold].png", size, asked) as report:
        if report is not None and report is not print:
            report(size, size)

    assert ("photo [bold].png" in capsys.readouterr().out) == bar
    assert (report is None) == (asked is False or (asked is None and not bar))
