"""What can be said in a dialog or a conversation, written once for both kinds of client.

Anything is a walk of steps that yield what to ask of the client; ``conversations`` has the two ways to wait.
"""

from __future__ import annotations

import copy
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from connectorkit import envelopes, files, markup, pictures, progress, wire
from connectorkit.checks import check_mapping
from connectorkit.envelopes import Envelope
from connectorkit.files import LocalFile
from connectorkit.progress import Report
from connectorkit.replies import Reply

Answer = TypeVar("Answer")
Found = TypeVar("Found")
Metadata = Iterable[Mapping[str, Any]]
# What to ask of a client of either kind; the answer is awaited where it must be.
Step = Callable[[Any], Any]
Steps = Generator[Step, Any, Found]


class Clicked(NamedTuple):
    """The answers to a click: to the ACTION receipt, and to the text where the click says one."""

    receipt: Reply
    text: Reply | None

    def _repr_html_(self) -> str:
        return markup.stack(reply._repr_html_() for reply in self if reply is not None)


class DialogSteps(ABC, Generic[Answer]):
    """What can be said in a dialog; ``Answer`` is a reply, or what is awaited for one."""

    def __init__(self, name: str, conversation_id: str, dialog_id: str, properties: str | None) -> None:
        self.conversation_id = conversation_id
        self.dialog_id = dialog_id
        self.closed = False
        self._name = name
        self._properties = properties
        # The service finds the main dialog by itself, any other one with the conversation's id.
        self._place = None if dialog_id == conversation_id else conversation_id

    @abstractmethod
    def _walk(self, steps: Steps[Any]) -> Any:
        """Go through the steps, asking the client for each."""

    def send(
        self, text: str, *, quick_replies: Mapping[str, Any] | None = None, metadata: Metadata | None = None
    ) -> Answer:
        """SEND ``ms.PublishEvent`` with a text; the reply's ``sequence`` is its number in the dialog."""
        return self._say(
            envelopes.publish_text(
                self.dialog_id,
                text,
                quick_replies=quick_replies,
                conversation_id=self._place,
                metadata=metadata,
            )
        )

    def send_rich(
        self,
        content: Mapping[str, Any],
        *,
        quick_replies: Mapping[str, Any] | None = None,
        metadata: Metadata | None = None,
    ) -> Answer:
        """SEND structured content, built with ``connectorkit.rich``."""
        return self._say(
            envelopes.publish_rich(
                self.dialog_id,
                content,
                quick_replies=quick_replies,
                conversation_id=self._place,
                metadata=metadata,
            )
        )

    def receipt(self, status: str, *sequences: int, metadata: Metadata | None = None) -> Answer:
        """Tell what became of messages: ACCEPT, READ, ACCESS, NACK or ACTION (which wants metadata)."""
        return self._say(
            envelopes.publish_receipt(
                self.dialog_id, status, sequences, conversation_id=self._place, metadata=metadata
            )
        )

    def accept(self, *sequences: int) -> Answer:
        """The messages of these numbers have reached the consumer's device."""
        return self.receipt("ACCEPT", *sequences)

    def read(self, *sequences: int) -> Answer:
        """The consumer has read the messages of these numbers."""
        return self.receipt("READ", *sequences)

    def chat_state(self, chat_state: str) -> Answer:
        """Tell the agent what the consumer does: ACTIVE, INACTIVE, GONE, COMPOSING or PAUSE."""
        return self._say(
            envelopes.publish_chat_state(self.dialog_id, chat_state, conversation_id=self._place)
        )

    def typing(self) -> Answer:
        """The consumer is typing (COMPOSING), until another chat state is sent."""
        return self.chat_state("COMPOSING")

    def _say(self, envelope: Envelope) -> Answer:
        answer: Answer = self._walk(self._post(envelope))
        return answer

    @property
    def properties(self) -> str | None:
        """The Client-Properties header that its requests carry, for another conversation with the same."""
        return self._properties

    @property
    def _options(self) -> dict[str, Any]:
        """For whom, and with which header: it counts for one request, so each carries it."""
        return {"consumer": self._name, "headers": client_headers(self._properties)}

    def _post(self, envelope: Envelope) -> Steps[Reply]:
        reply: Reply = yield lambda client: client.send(envelope, **self._options)
        return reply.raise_for_error()

    def _closing(self, envelope: Envelope, closed: DialogSteps[Any] | None) -> Steps[Reply]:
        reply = yield from self._post(envelope)
        if closed is not None:
            closed.closed = True
        return reply

    def _clicking(self, element: Mapping[str, Any], sequence: int) -> Steps[Clicked]:
        check_mapping("button", element, "rich.button(...), or take it from a notification")
        click = element.get("click")
        check_mapping("button.click", click, "rich.button(...); this element cannot be clicked")
        assert isinstance(click, Mapping)
        words = _said_by(click)
        # Both are built before one is sent.
        answers = [envelopes.publish_receipt(self.dialog_id, "ACTION", [sequence], metadata=[])]
        if words is not None:
            answers.append(envelopes.publish_text(self.dialog_id, words))
        for answer in answers:
            if self._place is not None:
                answer["body"]["conversationId"] = self._place
            if click.get("metadata"):  # unchanged, also where it breaks a rule: it is the service's own
                answer["metadata"] = copy.deepcopy(click["metadata"])
        receipt = yield from self._post(answers[0])
        text = (yield from self._post(answers[1])) if words is not None else None
        return Clicked(receipt, text)

    def _sending_file(
        self,
        path: str | os.PathLike[str] | LocalFile,
        caption: str | None,
        preview: bool,
        asked: Report | bool | None,
        metadata: Metadata | None,
    ) -> Steps[Reply]:
        file = path if isinstance(path, LocalFile) else files.read_file(path)
        # Built, and so checked, before anything is sent; the path is filled in when it is known.
        envelope = envelopes.publish_file(
            self.dialog_id,
            "/",
            file.type,
            caption=caption,
            preview=pictures.preview(file.content) if preview else None,
            conversation_id=self._place,
            metadata=metadata,
        )
        size = len(file.content)
        asking = envelopes.request_upload_url(size, file.type)
        url = yield lambda client: client.file_url(asking, **self._options)
        with progress.reporting(file.name, size, asked) as report:
            stored: Reply = yield lambda client: client.upload(
                url, file.content, file.type, consumer=self._name, progress=report
            )
        stored.raise_for_error()
        envelope["body"]["event"]["message"]["relativePath"] = url.relative_path
        return (yield from self._post(envelope))

    def _downloading(self, relative_path: str) -> Steps[bytes]:
        asking = envelopes.request_download_url(relative_path)
        url = yield lambda client: client.file_url(asking, **self._options)
        content: bytes = yield lambda client: client.download(url, consumer=self._name)
        return content

    def _facts(self) -> list[tuple[str, str]]:
        return [
            ("id", self.dialog_id),
            ("conversation", self.conversation_id),
            ("consumer", self._name),
            ("state", "closed" if self.closed else "open"),
        ]

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: " + ", ".join(f"{n} {v}" for n, v in self._facts()) + ">"

    def _repr_html_(self) -> str:
        return markup.facts(type(self).__name__.removeprefix("Async"), self._facts())


class ConversationSteps(DialogSteps[Answer]):
    """What a conversation has beyond its main dialog, whose id is its own."""

    id: str
    resumed: bool

    def rate(self, rate: int, *, resolved: bool = True) -> Answer:
        """The consumer's satisfaction (CSAT), 1 to 5, and whether the matter was settled."""
        return self._say(envelopes.rate_conversation(self.id, rate, resolved=resolved))

    def set_ttr(self, ttr_type: str, seconds: int) -> Answer:
        """Change the urgency: within how many seconds an agent should answer."""
        return self._say(envelopes.set_ttr(self.id, ttr_type, seconds))

    def close(self, *, skip_survey: bool = False) -> Answer:
        """Close the conversation, for good. A survey may follow in a dialog of its own, unless skipped."""
        envelope = envelopes.close_conversation(self.id, skip_survey=skip_survey)
        answer: Answer = self._walk(self._closing(envelope, self))
        return answer

    def close_dialog(self, dialog_id: str, *, closed_cause: str = "Closed by consumer") -> Answer:
        """Close one dialog; closing the main one may start a survey."""
        envelope = envelopes.close_dialog(self.id, dialog_id, closed_cause=closed_cause)
        answer: Answer = self._walk(self._closing(envelope, self if dialog_id == self.id else None))
        return answer

    def _facts(self) -> list[tuple[str, str]]:
        state = "closed" if self.closed else "open (resumed)" if self.resumed else "open"
        return [("id", self.id), ("consumer", self._name), ("state", state)]


def client_headers(properties: str | None) -> dict[str, str | None] | None:
    """The header that names the client, where there is one."""
    return None if properties is None else {wire.CLIENT_PROPERTIES: properties}


def _said_by(click: Mapping[str, Any]) -> str | None:
    """The text that a click makes the consumer say, if any."""
    actions = click.get("actions")
    for action in actions if isinstance(actions, list | tuple) else ():
        if isinstance(action, Mapping) and action.get("type") == "publishText":
            text = action.get("text")
            return text if isinstance(text, str) else ""
    return None
