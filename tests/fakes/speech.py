"""A speech endpoint on loopback: answers as told, in order, and keeps what it was asked."""

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from email.parser import BytesParser
from types import TracebackType
from typing import Self

RESET = "reset"
HANG = "hang"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    body: bytes
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    form: dict[str, bytes]


def says(text: object) -> Answer:
    """The transcript as the interface words it."""
    return Answer(json.dumps({"text": text}, ensure_ascii=False).encode())


@dataclass
class FakeSpeech:
    """`async with FakeSpeech() as speech`: `url` is where it listens; `script` holds its next answers."""

    script: deque[Answer | str] = field(default_factory=deque)
    asked: list[Asked] = field(default_factory=list)
    url: str = ""
    _server: asyncio.Server | None = None
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            while await self._answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = (line.partition(":") for line in head[1:] if line)
        headers = {name.lower(): value.strip() for name, _, value in fields}
        body = await _body(reader, headers)
        self.asked.append(Asked(head[0].split(" ")[1], headers, _form(headers, body)))
        answer = self.script.popleft() if self.script else says("你好")
        if answer == RESET:
            writer.transport.abort()
            return False
        if not isinstance(answer, Answer):
            return True  # HANG: the connection stays open without an answer
        lines = [f"HTTP/1.1 {answer.status} Loopback", f"Content-Length: {len(answer.body)}"]
        lines += [f"{name}: {value}" for name, value in answer.headers]
        writer.write("\r\n".join([*lines, "", ""]).encode() + answer.body)
        await writer.drain()
        return True


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readexactly(2)
    return body


def _form(headers: dict[str, str], body: bytes) -> dict[str, bytes]:
    message = BytesParser().parsebytes(f"Content-Type: {headers['content-type']}\r\n\r\n".encode() + body)
    form = {}
    for part in message.walk():
        if name := part.get_param("name", header="content-disposition"):
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            form[str(name)] = payload
    return form
