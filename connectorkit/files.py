"""Files to send: read once, and checked before anything is sent."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from connectorkit import pictures, wire
from connectorkit.checks import require
from connectorkit.errors import EnvelopeError


@dataclass(frozen=True)
class LocalFile:
    """A picture that may be sent, as it was when it was checked. ``type`` is JPG, JPEG, PNG or GIF."""

    name: str
    type: str
    content: bytes = field(repr=False)


def read_file(path: str | os.PathLike[str]) -> LocalFile:
    """The file, if it is there, has 1 to 3 145 728 bytes, and is a JPG, JPEG, PNG or GIF by its first bytes.

    Raises ``EnvelopeError`` otherwise; nothing has been sent then.
    """
    require(isinstance(path, str | os.PathLike), "path", f"is {path!r}", 'Pass a path such as "photo.png".')
    file = Path(path).expanduser()
    require(
        file.exists(),
        "path",
        f"{str(file)!r} leads nowhere",
        f"Pass the path of a local file, seen from {Path.cwd()}.",
    )
    require(file.is_file(), "path", f"{str(path)!r} is no file", "Pass the path of one picture.")
    try:
        with file.open("rb") as opened:
            content = opened.read(wire.MAX_FILE_BYTES + 1)
            size = max(len(content), os.fstat(opened.fileno()).st_size)
    except OSError as error:
        raise EnvelopeError(
            "path", f"{str(path)!r} cannot be read ({error.strerror})", "Check who may read it."
        ) from None
    return _checked("path", str(path), file, content, size)


def from_bytes(name: str, content: bytes) -> LocalFile:
    """A picture that is in memory, as an upload control hands it over; the rules are those of ``read_file``.

    >>> from_bytes("dot.gif", b"GIF89a...").type
    'GIF'
    """
    require(isinstance(name, str) and bool(name), "name", f"is {name!r}", 'Pass a name such as "photo.png".')
    return _checked("content", name, Path(name), bytes(content), len(content))


def _checked(field: str, shown: str, file: Path, content: bytes, size: int) -> LocalFile:
    require(bool(content), field, f"{shown!r} is empty", "Pass a file with at least one byte.")
    require(
        size <= wire.MAX_FILE_BYTES,
        field,
        f"{shown!r} has {size} bytes, allowed are {wire.MAX_FILE_BYTES}",
        "Make the picture smaller.",
    )
    found = pictures.picture_type(content)
    if found is None:
        raise EnvelopeError(
            field,
            f"{shown!r} is by its first bytes none of {', '.join(wire.UPLOAD_TYPES)}",
            "Only pictures of these types can be sent, whatever the name says.",
        )
    if found == "JPG" and file.suffix.lower() == ".jpeg":
        found = "JPEG"
    return LocalFile(file.name, found, content)
