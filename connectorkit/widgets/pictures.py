"""What the conversation panel knows of the files in it: names, sizes, and pictures small enough to show."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from connectorkit import pictures, wire
from connectorkit.files import LocalFile
from connectorkit.widgets import elements
from connectorkit.widgets.transcript import Line

_MOST_PICTURES = 30  # of under 30 KiB each
_LONGEST_NAME = 120


@dataclass
class _Known:
    name: str
    size: int
    picture: str | None


class Albums:
    """Pictures come from what was sent here or fetched, else from the preview in the message.

    A preview is drawn anew, whatever it claims to be, so that nothing but a small PNG reaches a page.
    """

    def __init__(self) -> None:
        self._by_number: dict[tuple[str | None, int | None], _Known] = {}
        self._by_path: dict[str, _Known] = {}
        self._previews: dict[str, str | None] = {}

    def sent(self, dialog_id: str, number: int | None, file: LocalFile) -> None:
        """A file that went out from here, under its own name."""
        self._by_number[dialog_id, number] = _known(file.name, file.content)

    def fetched(self, line: Line, content: bytes) -> None:
        """The content of a line's file."""
        assert line.file is not None
        known = self._find(line)
        self._by_path[line.file.path] = _known(known.name if known else line.file.name, content)

    def facts(self, lines: Iterable[Line]) -> dict[str, dict[str, Any]]:
        """By line: the file's name, a sentence on it, whether it can be fetched, and its picture."""
        told: dict[str, dict[str, Any]] = {}
        with_files = [line for line in lines if line.file is not None]
        for place, line in enumerate(with_files):
            assert line.file is not None
            known = self._find(line)
            name = elements.clean(known.name if known else line.file.name, _LONGEST_NAME)
            size = f" · {known.size:,} bytes" if known else ""
            picture = None
            if place >= len(with_files) - _MOST_PICTURES:
                picture = known.picture if known else self._preview(line)
            told[line.key] = {
                "name": name,
                "words": f"{name} · {line.file.type}{size}",
                "fetch": bool(line.file.path) and line.file.path not in self._by_path,
                "picture": f"{line.key} {line.file.path in self._by_path}" if picture else "",
                "data": picture,
            }
        return told

    def _find(self, line: Line) -> _Known | None:
        by_path = self._by_path.get(line.file.path) if line.file else None
        return by_path or self._by_number.get((line.dialog_id, line.number))

    def _preview(self, line: Line) -> str | None:
        given = line.file.preview if line.file else None
        if (
            given is None
            or not given.startswith(wire.PREVIEW_PREFIX)
            or len(given) > 2 * wire.MAX_PREVIEW_CHARACTERS
        ):
            return None
        if line.key not in self._previews:
            try:
                content = base64.b64decode(given.removeprefix(wire.PREVIEW_PREFIX), validate=True)
            except (binascii.Error, ValueError):
                content = b""
            self._previews[line.key] = pictures.preview(content)
        return self._previews[line.key]


def _known(name: str, content: bytes) -> _Known:
    return _Known(name, len(content), pictures.preview(content))
