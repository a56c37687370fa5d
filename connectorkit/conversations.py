"""Conversations and their dialogs, for both kinds of client. Methods raise the typed error of a refusal."""

from __future__ import annotations

import os
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from connectorkit import envelopes
from connectorkit.files import LocalFile
from connectorkit.progress import Report
from connectorkit.replies import Reply
from connectorkit.steps import Clicked, ConversationSteps, DialogSteps, Metadata, Steps

if TYPE_CHECKING:
    from connectorkit.journey import AsyncConsumer, Consumer


class Dialog(DialogSteps[Reply]):
    """One dialog of a conversation, e.g. a survey."""

    def __init__(
        self, consumer: Consumer, conversation_id: str, dialog_id: str, properties: str | None = None
    ) -> None:
        super().__init__(consumer.name, conversation_id, dialog_id, properties)
        self.consumer = consumer

    def click(self, button: Mapping[str, Any], sequence: int) -> Clicked:
        """Answer a click on a button (or any element with a click) of the message with this number.

        The ACTION receipt carries the element's metadata unchanged; where an action is ``publishText``, the
        text follows with the same metadata.
        """
        clicked: Clicked = self._walk(self._clicking(button, sequence))
        return clicked

    def send_file(
        self,
        path: str | os.PathLike[str] | LocalFile,
        *,
        caption: str | None = None,
        preview: bool = True,
        progress: Report | bool | None = None,
        metadata: Metadata | None = None,
    ) -> Reply:
        """Upload a picture (JPG, JPEG, PNG or GIF, up to 3 145 728 bytes) and publish it.

        ``path`` may also be what ``files.from_bytes`` has made of a picture in memory.
        ``progress`` is called with the bytes sent and their total; by default files over one million bytes
        show a bar, with ``False`` none does. A picture that cannot be decoded goes without a preview.
        Raises ``EnvelopeError`` before anything is sent where the file will not do.
        """
        reply: Reply = self._walk(self._sending_file(path, caption, preview, progress, metadata))
        return reply

    def download(self, relative_path: str) -> bytes:
        """The content of a file, by the path that the notification of its message shows."""
        content: bytes = self._walk(self._downloading(relative_path))
        return content

    def close(self) -> Reply:
        """Close this dialog."""
        envelope = envelopes.close_dialog(self.conversation_id, self.dialog_id)
        reply: Reply = self._walk(self._closing(envelope, self))
        return reply

    def _walk(self, steps: Steps[Any]) -> Any:
        try:
            step = next(steps)
            while True:
                step = steps.send(step(self.consumer._client))
        except StopIteration as end:
            return end.value
        finally:
            steps.close()


class Conversation(ConversationSteps[Reply], Dialog):
    """An open conversation of one consumer."""

    def __init__(
        self, consumer: Consumer, id: str, resumed: bool = False, properties: str | None = None
    ) -> None:
        Dialog.__init__(self, consumer, id, id, properties)
        self.id = id
        self.resumed = resumed

    def dialog(self, dialog_id: str) -> Dialog:
        """Another dialog of this conversation, e.g. its survey, to answer there."""
        return Dialog(self.consumer, self.id, dialog_id, self._properties)


class AsyncDialog(DialogSteps[Coroutine[Any, Any, Reply]]):
    """The asynchronous twin of ``Dialog``."""

    def __init__(
        self, consumer: AsyncConsumer, conversation_id: str, dialog_id: str, properties: str | None = None
    ) -> None:
        super().__init__(consumer.name, conversation_id, dialog_id, properties)
        self.consumer = consumer

    async def click(self, button: Mapping[str, Any], sequence: int) -> Clicked:
        """See ``Dialog.click``."""
        clicked: Clicked = await self._walk(self._clicking(button, sequence))
        return clicked

    async def send_file(
        self,
        path: str | os.PathLike[str] | LocalFile,
        *,
        caption: str | None = None,
        preview: bool = True,
        progress: Report | bool | None = None,
        metadata: Metadata | None = None,
    ) -> Reply:
        """See ``Dialog.send_file``."""
        reply: Reply = await self._walk(self._sending_file(path, caption, preview, progress, metadata))
        return reply

    async def download(self, relative_path: str) -> bytes:
        """See ``Dialog.download``."""
        content: bytes = await self._walk(self._downloading(relative_path))
        return content

    async def close(self) -> Reply:
        """See ``Dialog.close``."""
        envelope = envelopes.close_dialog(self.conversation_id, self.dialog_id)
        reply: Reply = await self._walk(self._closing(envelope, self))
        return reply

    async def _walk(self, steps: Steps[Any]) -> Any:
        try:
            step = next(steps)
            while True:
                step = steps.send(await step(self.consumer._client))
        except StopIteration as end:
            return end.value
        finally:
            steps.close()


class AsyncConversation(ConversationSteps[Coroutine[Any, Any, Reply]], AsyncDialog):
    """The asynchronous twin of ``Conversation``."""

    def __init__(
        self, consumer: AsyncConsumer, id: str, resumed: bool = False, properties: str | None = None
    ) -> None:
        AsyncDialog.__init__(self, consumer, id, id, properties)
        self.id = id
        self.resumed = resumed

    def dialog(self, dialog_id: str) -> AsyncDialog:
        """See ``Conversation.dialog``."""
        return AsyncDialog(self.consumer, self.id, dialog_id, self._properties)
