"""What the service and a process that reads a document say to each other: lengths, JSON, and raw bytes."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import struct
from typing import Any

from nlu.document.patience import Patience

HEAD = struct.Struct("!I")  # length of what follows
WARM, READ = b"warm", b"read"  # orders to the zygote, whose libraries the service need not import
WHOLE_SECONDS = 900.0  # by the clock, for one document of many pages; of the processor it gets 300
_LONGEST_ANSWER = 16 * 2**20  # bytes

# The end of a child, or an answer that is none: a reader that was taken over could say anything.
_CRASHES = (
    OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError,
)  # fmt: skip


class ReaderCrashedError(Exception):
    """The process that read the document died, or said what makes no sense."""


class Talk:
    """The service's end of the line to one child; leaving the block kills the child, whatever happened.

    `seconds` is how long it may be silent, of the processor's time (see Patience). TimeoutError passes; what a crash
    leads to becomes ReaderCrashedError.
    """

    def __init__(self, wire: socket.socket, child: int, seconds: float) -> None:
        self._wire = wire
        self.child = child
        self._seconds = seconds
        self._end = asyncio.get_running_loop().time() + WHOLE_SECONDS
        self.length = 0  # of what was heard last, in bytes

    def __enter__(self) -> "Talk":
        return self

    def __exit__(self, kind: object, error: BaseException | None, _trace: object) -> None:
        # Nothing is awaited here: whoever is cancelled, and however often, leaves no child behind.
        _kill(self.child)
        self._wire.close()
        if isinstance(error, _CRASHES) and not isinstance(error, TimeoutError):
            raise ReaderCrashedError(type(error).__name__) from error

    async def say(self, order: dict[str, Any], data: bytes) -> None:
        """Hand over an order and a document."""
        loop = asyncio.get_running_loop()
        packed = json.dumps(order).encode()
        async with asyncio.timeout(self._seconds):
            await loop.sock_sendall(self._wire, HEAD.pack(len(packed)) + packed + HEAD.pack(len(data)))
            await loop.sock_sendall(self._wire, data)

    async def hear(self) -> dict[str, Any]:
        """The next message; an empty one says that the work goes on."""
        self.length = HEAD.unpack(await self.take(HEAD.size))[0]
        if self.length > _LONGEST_ANSWER:
            raise ValueError("answer too long")
        said = json.loads(await self.take(self.length))
        if not isinstance(said, dict):
            raise ValueError("no answer")
        return said

    async def take(self, length: int) -> bytes:
        """So many bytes. Raises TimeoutError and EOFError."""
        loop = asyncio.get_running_loop()
        patience = Patience(self.child, self._seconds)
        clock = asyncio.timeout_at(self._end)
        timer: asyncio.TimerHandle

        def look() -> None:
            nonlocal timer
            more = patience.more()
            if more:
                timer = loop.call_later(more, look)
            else:
                clock.reschedule(loop.time())

        timer = loop.call_later(self._seconds, look)
        try:
            async with clock:
                return await receive(self._wire, length)
        finally:
            timer.cancel()


async def receive(wire: socket.socket, length: int) -> bytes:
    """Exactly so many bytes; raises EOFError if the other end is gone."""
    loop = asyncio.get_running_loop()
    parts = bytearray()
    while len(parts) < length:
        part = await loop.sock_recv(wire, min(2**18, length - len(parts)))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def read_all(wire: socket.socket, length: int) -> bytes:
    """The same on a line that blocks: the child's end."""
    parts = bytearray()
    while len(parts) < length:
        part = wire.recv(min(2**20, length - len(parts)))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def _kill(child: int) -> None:
    """Kill a child and what it has started. It leads its session; another process with its old number does not."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.getsid(child) == child:
            os.killpg(child, signal.SIGKILL)
