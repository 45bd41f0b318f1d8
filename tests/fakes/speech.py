"""A speech endpoint on loopback: answers as told, in order, and keeps what it was asked."""

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from email.parser import BytesParser

from tests.fakes.far_end import Answer, FarEnd, Request

RESET = "reset"
HANG = "hang"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came."""

    path: str
    headers: Mapping[str, str]
    form: dict[str, bytes]


def says(text: object) -> Answer:
    """The transcript as the interface words it."""
    return Answer(json.dumps({"text": text}, ensure_ascii=False).encode())


class FakeSpeech(FarEnd):
    """`script` holds its next answers, `asked` what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.script: deque[Answer | str] = deque()
        self.asked: list[Asked] = []

    async def respond(self, request: Request) -> Answer | None:
        self.asked.append(Asked(request.target, request.headers, _form(request.headers, request.body)))
        answer = self.script.popleft() if self.script else says("你好")
        if answer == HANG:
            await asyncio.Event().wait()  # the connection stays open without an answer
        return answer if isinstance(answer, Answer) else None


def _form(headers: Mapping[str, str], body: bytes) -> dict[str, bytes]:
    message = BytesParser().parsebytes(f"Content-Type: {headers['content-type']}\r\n\r\n".encode() + body)
    form = {}
    for part in message.walk():
        if name := part.get_param("name", header="content-disposition"):
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            form[str(name)] = payload
    return form
