"""How a panel keeps up with the log: with each notification, on the kernel's thread, until it is closed."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import Any

from connectorkit.conversations import Conversation
from connectorkit.errors import ConnectorError
from connectorkit.log import Notification
from connectorkit.widgets import controls

_MORE_COMES_SECONDS = 0.05  # notifications come in groups; one refresh shows them all


class Following:
    """A panel over a conversation that shows what has come. It starts no thread, and leaves nothing behind.

    The receiver's thread only says that something came; what is drawn is drawn in the kernel's loop.
    """

    talk: Conversation

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._refreshing = threading.RLock()
        self._refresh_is_due = False
        self._gone = False
        try:
            # The kernel's own loop: widgets are changed there, not on the thread of the receiver.
            self._loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None
        super().__init__(*arguments, **options)

    @property
    def hears(self) -> bool:
        """Whether notifications come by themselves."""
        receiver = self.talk.consumer.notifications
        return receiver is not None and receiver.listening

    def refresh(self) -> None:
        """Read the log again; may be called from any thread."""
        with self._refreshing:
            self._show()

    def close(self) -> None:
        """Take the panel away; it no longer listens. The conversation stays as it is."""
        if not getattr(self, "_gone", True):
            self._gone = True
            if (receiver := self._receiver) is not None:
                receiver.off(self._heard)
            for part in controls.parts(self):
                part.close()
        super().close()  # type: ignore[misc]

    def _show(self) -> None:
        raise NotImplementedError

    def _listen(self) -> None:
        """From now on; a page that closes its end of the panel ends it too."""
        self._receiver = self.talk.consumer.notifications
        if self._receiver is not None:
            self._receiver.on(self._heard)
        comm = getattr(self, "comm", None)
        if comm is not None:
            comm.on_close(lambda _: self.close())

    def _heard(self, notification: Notification) -> None:
        """Called on the thread of the receiver, after its answer."""
        if notification.conversation_id not in (None, self.talk.id) or self._refresh_is_due:
            return
        if self._loop is None:
            self._catch_up()
            return
        self._refresh_is_due = True
        try:
            self._loop.call_soon_threadsafe(self._loop.call_later, _MORE_COMES_SECONDS, self._catch_up)
        except RuntimeError:  # the kernel is ending
            self._refresh_is_due = False

    def _catch_up(self) -> None:
        self._refresh_is_due = False
        with contextlib.suppress(ConnectorError):  # a closed log, for instance: nobody is there to be told
            if not self._gone:
                self.refresh()
