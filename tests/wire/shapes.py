"""Events, cards and files as literals, for the tests that need more than a text."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx

from .conftest import ANNA, Wire, publish

# One red pixel: a whole and valid PNG.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)
CLICK = [{"type": "ExternalId", "id": "card-1"}]
PUBLISH_TEXT = {"type": "publishText", "text": "Yes"}
BUTTON = {"type": "button", "title": "Yes", "click": {"actions": [PUBLISH_TEXT], "metadata": CLICK}}
CARD = {"type": "vertical", "elements": [{"type": "text", "text": "Pick one"}, BUTTON]}
QUICK_REPLIES = {"type": "quickReplies", "itemsPerRow": 8, "replies": [BUTTON]}


def features(*names: str) -> dict[str, str | None]:
    """The header that switches features on."""
    return {"Client-Properties": json.dumps({"type": ".ClientProperties", "features": list(names)})}


def receipt(dialog_id: str, status: Any, sequences: Any, request_id: Any = "7") -> dict[str, Any]:
    event = {"type": "AcceptStatusEvent", "status": status, "sequenceList": sequences}
    return publish(dialog_id, event, request_id)


def rich(dialog_id: str, content: Any, **beside: Any) -> dict[str, Any]:
    return publish(dialog_id, {"type": "RichContentEvent", "content": content, **beside})


def hosted(dialog_id: str, relative_path: Any, file_type: Any = "PNG", **members: Any) -> dict[str, Any]:
    message = {"relativePath": relative_path, "fileType": file_type, **members}
    return publish(dialog_id, {"type": "ContentEvent", "contentType": "hosted/file", "message": message})


def upload_request(size: Any = None, file_type: Any = "PNG", request_id: Any = "3") -> dict[str, Any]:
    body = {"fileSize": str(len(PNG)) if size is None else size, "fileType": file_type}
    return {"kind": "req", "id": request_id, "type": "ms.GenerateURLForUploadFile", "body": body}


def download_request(relative_path: Any, request_id: Any = "4") -> dict[str, Any]:
    body = {"relativePath": relative_path}
    return {"kind": "req", "id": request_id, "type": "ms.GenerateURLForDownloadFile", "body": body}


def granted(answer: httpx.Response) -> dict[str, Any]:
    """What a URL request was answered with: the path and its query parameters."""
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["body"])


def store(
    wire: Wire,
    method: str,
    url: dict[str, Any],
    content: Any = None,
    headers: dict[str, str] | None = None,
    slash: str = "",
    **parameters: Any,
) -> httpx.Response:
    """A call to the file store; a parameter given here replaces one of the URL, None leaves it out."""
    query = {**url["queryParams"], **parameters}
    return wire.http.request(
        method,
        f"{wire.domain('swift')}{slash}{url['relativePath']}",
        params={name: value for name, value in query.items() if value is not None},
        content=content,
        headers=headers,
    )


def uploaded(wire: Wire, consumer: str = ANNA, content: bytes = PNG, file_type: str = "PNG") -> str:
    """The relative path of a file of a consumer that is in the store."""
    url = granted(wire.send(upload_request(len(content), file_type), consumer=consumer))
    answer = store(wire, "PUT", url, content)
    assert answer.status_code == 201, answer.text
    return str(url["relativePath"])


def events(wire: Wire, conversation_id: str, dialog: int = 0) -> list[dict[str, Any]]:
    """What the sandbox keeps of a dialog's events, oldest first."""
    return list(wire.conversation(conversation_id)["dialogs"][dialog]["events"])
