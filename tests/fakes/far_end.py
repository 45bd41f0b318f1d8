"""What the far ends on loopback share: an HTTP server that can break off, and the faults it can be told to have."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Self


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one call: `status` and `body` after `delay` seconds, or a reset connection.

    With `carried_out` the call takes effect first, and only its answer is lost or late.
    """

    status: int = 200
    body: bytes = b""
    delay: float = 0.0
    reset: bool = False
    carried_out: bool = False


BAD_GATEWAY = Fault(502, b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>")
PORTAL = Fault(body=b"<html><body>Please sign in to this network.</body></html>")
RESET = Fault(reset=True)
CUT = Fault(reset=True, carried_out=True)


def slow(seconds: float) -> Fault:
    """Carried out, answered late."""
    return Fault(delay=seconds, carried_out=True)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as it came; names of headers are in small letters."""

    verb: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; `kind` is its content type."""

    body: bytes
    status: int = 200
    kind: str = "application/json"
    headers: tuple[tuple[str, str], ...] = field(default=())


class FarEnd(ABC):
    """Serve with `async with`; `base` is the address. A far end says what it answers in `respond`."""

    def __init__(self) -> None:
        self.base = ""
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @abstractmethod
    async def respond(self, request: Request) -> Answer | None:
        """The answer to a request; None resets the connection."""

    async def open(self, port: int = 0) -> None:
        """Listen, on the same port again after `close` if asked to."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.base = f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        """Stop listening and cut all connections."""
        assert self._server is not None
        self._server.close()
        tasks = list(self._connections)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while (answer := await self.respond(await _request(reader))) is not None:
                writer.write(_head(answer) + answer.body)
                await writer.drain()
            writer.transport.abort()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(task)
            writer.close()


async def _request(reader: asyncio.StreamReader) -> Request:
    line, *rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
    verb, target, _ = line.split(" ")
    fields = (each.partition(":") for each in rest)
    headers = {name.lower(): value.strip() for name, _, value in fields}
    return Request(verb, target, headers, await _body(reader, headers))


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding") != "chunked":
        return await reader.readexactly(int(headers.get("content-length", "0")))
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return body


def _head(answer: Answer) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"Content-Type: {answer.kind}", f"Content-Length: {len(answer.body)}"]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    return "\r\n".join([*lines, "", ""]).encode()
