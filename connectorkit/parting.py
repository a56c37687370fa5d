"""How an answer leaves its connection: head and body in one write, and, on purpose, no answer at all."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connectorkit.bounded import BoundedProtocol

# The ASGI extension under which a request finds a ``HangUp``.
HANG_UP = "connectorkit.hang_up"


class HangUp:
    """Ends the connection of the request that is answered, on purpose, as broken servers and networks do."""

    def __init__(self, protocol: BoundedProtocol) -> None:
        self._protocol = protocol
        # Asked for now: once it is closed, a transport over TLS no longer tells.
        self._socket = protocol.transport.get_extra_info("socket")
        self._tls = protocol.transport.get_extra_info("ssl_object") is not None

    def now(self) -> None:
        """Close it: what was sent goes out, and whatever is sent from here on is dropped."""
        self._protocol.answering.disconnected = True
        transport = self._protocol.transport
        self._protocol.answering.transport.close()
        with contextlib.suppress(OSError):  # the client was quicker
            if not self._tls and not transport.get_write_buffer_size():
                # Else it would be closed in the loop's next turn only.
                self._socket.shutdown(socket.SHUT_WR)
            self._cork(False)

    def after_answer(self) -> None:
        """Let the answer that is sent from here on be the last, without a word of it; ``now`` follows it.

        Its bytes leave together with the end of the connection, where the system can do that. Else a quick
        client could send its next request in between, and see another error each time.
        """
        self._protocol.pipeline.clear()
        self._cork(True)

    def _cork(self, on: bool) -> None:
        if hasattr(socket, "TCP_CORK"):
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, on)


class OneWrite:
    """Sends the head of an answer together with the first part of its body.

    In two writes each answer would cost two calls of the system and wake its reader twice. A head whose body
    keeps everybody waiting leaves in the loop's next turn.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._head = b""
        self.is_closing = transport.is_closing

    def write(self, data: bytes) -> None:
        """Send it, or keep it back where it is a head."""
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(b"HTTP/1.1 ") and not data.startswith(b"HTTP/1.1 1"):
            self._head = data
            self._loop.call_soon(self.flush)
            return
        self._transport.write(data)

    def flush(self) -> None:
        """Send a head that was kept back."""
        if self._head:
            self.write(b"")

    def close(self) -> None:
        """Close it, once all is sent."""
        self.flush()
        self._transport.close()
