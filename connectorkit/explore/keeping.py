"""Found cases in a folder, one JSON file each, so that they are tried first the next time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from connectorkit.explore import acting, listening, sending, steering, storing, surveying, tokens
from connectorkit.explore.playing import Surprise
from connectorkit.explore.steps import Step

_KINDS: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        *(sending.Send, sending.Open),
        *(acting.Act, steering.Wait, steering.Break),
        *(listening.Listen, listening.Deafen, listening.Recover),
        surveying.Answer,
        *(storing.AskUpload, storing.AskDownload, storing.Visit),
        *(tokens.Keep, tokens.FetchAppJwt, tokens.FetchJws, tokens.Identify, tokens.LookUp),
    )
}


class Kept:
    """The cases in one folder, which is made when the first is put in. ``None`` keeps nothing."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def sequences(self) -> Iterator[tuple[Step, ...]]:
        """The steps of each case, oldest first; what cannot be read is passed over."""
        if self.folder is None or not self.folder.is_dir():
            return
        for file in sorted(self.folder.glob("*.json"), key=lambda one: (one.stat().st_mtime_ns, one.name)):
            try:
                steps = json.loads(file.read_text(encoding="utf-8"))["steps"]
                yield tuple(_step(one) for one in steps)
            except (OSError, ValueError, LookupError, TypeError):
                continue  # of an older version, or no case at all

    def put(self, surprise: Surprise) -> None:
        """Keep what was found."""
        if self.folder is None:
            return
        steps = [{"kind": type(step).__name__, **asdict(step)} for step in surprise.steps]  # type: ignore[call-overload]
        text = json.dumps({"name": surprise.name, "section": surprise.section, "steps": steps}, indent=1)
        name = hashlib.sha256(json.dumps(steps).encode()).hexdigest()[:16]
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / f"{name}.json").write_text(text, encoding="utf-8")


def _step(given: dict[str, Any]) -> Step:
    kind = _KINDS[given.pop("kind")]
    made: Step = kind(**{name: _tuples(value) for name, value in given.items()})
    made.event  # noqa: B018 - raises where the case names what is there no longer
    return made


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
