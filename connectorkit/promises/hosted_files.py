"""Promises of section 6.4: the event that publishes an uploaded file."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import Bench, at
from connectorkit.promises.model import Rows
from connectorkit.promises.samples import publish

rows = Rows()
_NEVER = "an account may not have file sharing"
_PNG = "data:image/png;base64,"


def _event(path: Any, kind: Any = "GIF", **members: Any) -> dict[str, Any]:
    message = {"relativePath": path, "fileType": kind, **members}
    return {"type": "ContentEvent", "contentType": "hosted/file", "message": message}


def _taken(bench: Bench, events: dict[str, Any]) -> dict[str, str]:
    talk = bench.open()
    return {what: bench.send(publish(talk, event)).taken for what, event in events.items()}


@rows.promise(
    "P6.4-kept",
    "An uploaded file is published by its path, with an optional caption and preview, and goes through so.",
    "6.4",
    {"alone": "as sent", "with caption and preview": "as sent"},
    never=_NEVER,
)
def _kept(bench: Bench) -> Any:
    path, talk = bench.uploaded(), bench.open()
    sent = {
        "alone": _event(path),
        "with caption and preview": _event(path, caption="Seen from above", preview=f"{_PNG}eDY0"),
    }
    for event in sent.values():
        bench.did(publish(talk, event))
    kept = [at(one, "event") for one in bench.events(talk)]
    return {what: "as sent" if event in kept else "not there" for what, event in sent.items()}


@rows.promise(
    "P6.4-object",
    "The message of a file is an object, with relativePath and fileType.",
    "6.4",
    {"a text": "refused", "no relativePath": "refused", "no fileType": "refused"},
    never=_NEVER,
)
def _object(bench: Bench) -> Any:
    path = bench.uploaded()
    good = _event(path)
    return _taken(
        bench,
        {
            "a text": good | {"message": path},
            "no relativePath": good | {"message": {"fileType": "GIF"}},
            "no fileType": good | {"message": {"relativePath": path}},
        },
    )


@rows.promise(
    "P6.4-types",
    "The fileType is JPG, JPEG, PNG or GIF, in capitals.",
    "6.4",
    {**dict.fromkeys(("JPG", "JPEG", "PNG", "GIF"), "taken"), "gif": "refused", "BMP": "refused"},
    never=_NEVER,
)
def _types(bench: Bench) -> Any:
    path = bench.uploaded()
    return _taken(bench, {kind: _event(path, kind) for kind in ("JPG", "JPEG", "PNG", "GIF", "gif", "BMP")})


@rows.promise(
    "P6.4-unchanged",
    "The relativePath is that of the upload answer, unchanged.",
    "6.4",
    {"its name alone": "refused", "with a host": "refused", "in capitals": "refused"},
    never=_NEVER,
)
def _unchanged(bench: Bench) -> Any:
    path = bench.uploaded()
    changed = {
        "its name alone": path.rpartition("/")[2],
        "with a host": f"https://swift.example{path}",
        "in capitals": path.upper(),
    }
    return _taken(bench, {what: _event(one) for what, one in changed.items()})


@rows.promise(
    "P6.4-preview",
    "A preview is an image as data URI, under 30 KB.",
    "6.4",
    {"small": "taken", "just under 30 KB": "taken", "30 KB": "refused", "a URL": "refused"},
    never=_NEVER,
)
def _preview(bench: Bench) -> Any:
    path = bench.uploaded()
    previews = {
        "small": f"{_PNG}AAAA",
        "just under 30 KB": _PNG + "A" * (30 * 1024 - 4),
        "30 KB": _PNG + "A" * 30 * 1024,
        "a URL": "https://pictures.example/a.png",
    }
    return _taken(bench, {what: _event(path, preview=preview) for what, preview in previews.items()})


@rows.promise(
    "P6.4-never",
    "Publishing a path where nothing was uploaded, or an empty file, is answered 400.",
    "6.4",
    {"nothing uploaded": 400, "an empty file": 400},
    never=_NEVER,
)
def _never_uploaded(bench: Bench) -> Any:
    talk, empty = bench.open(), bench.upload_url(kind="PNG")
    bench.store("PUT", empty["relativePath"], empty["queryParams"], b"")
    paths = {"nothing uploaded": bench.upload_url(kind="PNG")["relativePath"]}
    paths["an empty file"] = empty["relativePath"]
    return {what: bench.send(publish(talk, _event(path, "PNG"))).status for what, path in paths.items()}


PROMISES = rows.all
