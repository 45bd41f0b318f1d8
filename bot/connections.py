"""What one connection (连接) may take: uvicorn bounds neither the head of a request nor the wait for one."""

import asyncio
import resource

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 64 * 1024  # of address and headers, past the first piece that arrives
_HEAD_SECONDS = 15.0  # from the connection, or the first byte of a head, to its end
_LINGER_SECONDS = 10.0  # for the rest of a body after our answer, so that its sender still sees that
_MOST = 10_000  # connections
_RESERVE = 256  # file handles for the database, the channels and the sandboxes
_REFUSAL = b"HTTP/1.1 %b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Bounded(HttpToolsProtocol):
    """uvicorn's protocol for strangers: heads are small and soon complete, and nobody waits for ever."""

    _in_head = True
    _head_bytes = 0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection; ended at once where there are as many as we can bear."""
        super().connection_made(transport)
        if len(self.connections) > most_connections():
            transport.abort()
        else:
            self._begin_wait(_HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side has gone."""
        self._end_wait()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A piece of a request, or of several."""
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > max(HEAD_BYTES, len(data)):
                self._refuse(b"431 Request Header Fields Too Large")
                return
        super().data_received(data)
        if self._timer is None and self.timeout_keep_alive_task is None and self._waits_for_them:
            self._begin_wait(_HEAD_SECONDS)

    def on_message_begin(self) -> None:
        """The first byte of a head."""
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._in_head = False
        self._head_bytes = 0
        self._end_wait()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Answered, perhaps before the whole body was there."""
        super().on_response_complete()
        if self.cycle.response_complete and self.cycle.more_body:
            self._begin_wait(_LINGER_SECONDS)

    def on_message_complete(self) -> None:
        """The body is there."""
        self._end_wait()
        super().on_message_complete()

    def _unsupported_upgrade_warning(self) -> None:
        """Nothing: who asks for another protocol is answered in this one."""

    @property
    def _waits_for_them(self) -> bool:
        """Whether it is their turn: within a head, before one, or in a body that we have answered already."""
        return self._in_head or self.cycle is None or self.cycle.response_complete

    def _begin_wait(self, seconds: float) -> None:
        self._end_wait()
        self._timer = self.loop.call_later(seconds, self._waited)

    def _end_wait(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _waited(self) -> None:
        self._timer = None
        if self._head_bytes:
            self._refuse(b"408 Request Timeout")
        else:
            self.transport.abort()

    def _refuse(self, status: bytes) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self.transport.abort()  # an answer is on its way: nothing may be written into it
        elif not self.transport.is_closing():
            self.transport.write(_REFUSAL % status)
            self.transport.close()


def allow_connections() -> None:
    """Take as many file handles as the system lets us have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def most_connections() -> int:
    """How many may be open, so that file handles are left for our own work."""
    handles, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(_MOST, max(handles - _RESERVE, handles // 2))
