"""Pictures: which type a file's first bytes show, and a preview small enough for a message."""

from __future__ import annotations

import base64
import io

from connectorkit import wire

_BEGINNINGS = {"JPG": (b"\xff\xd8\xff",), "PNG": (b"\x89PNG\r\n\x1a\n",), "GIF": (b"GIF87a", b"GIF89a")}
_MAX_PIXELS = 40_000_000  # a small file may unfold to gigabytes
_FIRST_SIDE_PIXELS, _LAST_SIDE_PIXELS = 320, 16


def picture_type(content: bytes) -> str | None:
    """JPG, PNG or GIF by the first bytes, else ``None``.

    >>> picture_type(b"GIF89a...")
    'GIF'
    """
    return next((name for name, starts in _BEGINNINGS.items() if content.startswith(starts)), None)


def preview(content: bytes) -> str | None:
    """The picture as a small PNG in a ``data:`` URI, with less than 30 × 1024 characters of base64.

    ``None`` where the picture cannot be decoded, or has more than 40 million pixels.
    """
    from PIL import Image, ImageOps  # 50 ms that only those pay who send a picture

    try:
        with Image.open(io.BytesIO(content)) as opened:
            if opened.width * opened.height > _MAX_PIXELS:
                return None
            upright = ImageOps.exif_transpose(opened)
            small = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    except Exception:  # whatever is wrong with a file, the decoder's errors are of many kinds
        return None
    side = _FIRST_SIDE_PIXELS
    while side >= _LAST_SIDE_PIXELS:
        small.thumbnail((side, side))
        encoded = _as_png(small)
        if len(encoded) < wire.MAX_PREVIEW_CHARACTERS:
            return wire.PREVIEW_PREFIX + encoded
        side = side * 3 // 4
    return None


def _as_png(picture: object) -> str:
    from PIL import Image

    assert isinstance(picture, Image.Image)
    buffer = io.BytesIO()
    # Without the colour profile, which may be larger than the picture.
    picture.save(buffer, format="PNG", optimize=True, icc_profile=None)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
