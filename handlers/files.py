"""The files of a message: fetched, kept and read, several at a time, with signs of life while it lasts."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass

from handlers.core import AttachmentError, DocumentReader, Reply, Services, Turn
from locales.catalog import Phrase
from nlu.document.reading import Found, Reading, Refusal
from storage import documents
from storage.documents import NewDocument
from storage.records import Attachment

_AT_ONCE = 4  # files of one message; the reader's queue is fair between people
_PROGRESS = 5  # files between two signs of life
_EARLY = 3.0  # seconds without the whole reading after which what the QR code says is told
_TOLD_EARLY = ("kind", "code", "number", "issue_date", "amount", "total")
_UNFETCHED = {"too_large": "error.too_large", "gone": "error.gone"}


@dataclass(frozen=True, slots=True)
class FileRead:
    """One file: what was read, or why it could not be fetched."""

    digest: str
    reading: Reading
    why: Phrase | None = None


async def read_all(
    turn: Turn, services: Services, reader: DocumentReader, files: Sequence[Attachment]
) -> list[FileRead]:
    """Read all files, in their order."""
    slots, done = asyncio.Semaphore(_AT_ONCE), 0

    async def one(place: int) -> FileRead:
        nonlocal done
        async with slots:
            read = await _one(
                turn, services, reader, files[place], is_first=place == 0, alone=len(files) == 1
            )
        done += 1
        if done % _PROGRESS == 0 and done < len(files):
            await _tell(turn, services, f"progress:{done}", "intake.progress", done=done, all=len(files))
        return read

    tasks = [asyncio.create_task(one(place)) for place in range(len(files))]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _one(
    turn: Turn, services: Services, reader: DocumentReader, file: Attachment, *, is_first: bool, alone: bool
) -> FileRead:
    if file.kind == "video":
        return FileRead("", Reading(refusal=Refusal.UNSUPPORTED))
    try:
        if services.fetch is None:
            raise AttachmentError("unavailable")
        data = await services.fetch(turn.message, file)
    except AttachmentError as error:
        why = Phrase(_UNFETCHED.get(error.reason, "error.attachment_unavailable"))
        return FileRead("", Reading(), why)
    digest = documents.digest_of(data)
    if digest != file.ref and data:  # the web page keeps what it takes before it says so
        mime = file.mime or "application/octet-stream"
        await services.store.write(documents.keep, NewDocument(data, file.name, mime, turn.now))

    async def on_place(place: int) -> None:
        if place > 0 and is_first:  # the others wait for it
            await _tell(turn, services, "place", "intake.place", count=place)

    person = str(turn.message.chat)
    if not alone:
        return FileRead(digest, await reader.read(data, file.name, person=person, on_place=on_place))
    code: asyncio.Future[Reading] = asyncio.get_running_loop().create_future()
    async with _telling(_tell_early(turn, services, code)):
        reading = await reader.read(
            data, file.name, person=person, on_place=on_place, on_found=code.set_result
        )
    return FileRead(digest, reading)


@contextlib.asynccontextmanager
async def _telling(told: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Tell beside what is done in the block, and no longer."""
    task = asyncio.create_task(told)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _tell_early(turn: Turn, services: Services, code: "asyncio.Future[Reading]") -> None:
    """What the QR code says, if the rest takes long."""
    found = (await code).invoices
    await asyncio.sleep(_EARLY)
    lines = tuple(line for one in found[:3] for line in _lines(one))
    await _tell(turn, services, "early", "intake.early", lines=lines)


def _lines(found: Found) -> list[Phrase]:
    values = [(name, getattr(found.invoice, name)) for name in _TOLD_EARLY]
    return [
        Phrase("verdict.field", {"field": Phrase(f"Field.{name}"), "value": value, "source": ""})
        for name, value in values
        if value is not None
    ]


async def _tell(turn: Turn, services: Services, what: str, key: str, **values: object) -> None:
    """A sign of life before the answer, once."""
    if services.tell is None:
        return
    chat, language = turn.message.chat, turn.conversation.language
    await services.tell(chat, Reply(key, values), language, f"intake/{chat}/{turn.message.id}/{what}")
