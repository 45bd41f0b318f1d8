"""The queue before the readers: fair, bounded, never stuck; with a scripted sandbox behind it."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest
import pytest_asyncio

from nlu.document.pool import Reader
from nlu.document.reading import Reading, Refusal
from nlu.document.sandbox import NeedsOcrError, OnFound
from nlu.document.talk import ReaderCrashedError

PNG = b"\x89PNG\r\n\x1a\n picture "
PDF = b"%PDF-1.7 text "


class ScriptedSandbox:
    """Reads when it is told to: each document waits at its gate."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.cancelled: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.crashes: dict[str, int] = {}
        self.scans: set[str] = set()
        self.changed = asyncio.Condition()

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def read(self, data: bytes, name: str, *, ocr: bool, on_found: OnFound | None = None) -> Reading:
        if name in self.scans and not ocr:
            raise NeedsOcrError
        async with self.changed:
            self.begun.append(name)
            self.changed.notify_all()
        if on_found is not None:
            on_found(Reading(name=name))
        if self.crashes.get(name, 0):
            self.crashes[name] -= 1
            raise ReaderCrashedError("scripted")
        try:
            await self.gates.setdefault(name, asyncio.Event()).wait()
        except asyncio.CancelledError:
            self.cancelled.append(name)
            raise
        return Reading(refusal=Refusal.NOT_AN_INVOICE, name=name)

    async def show(self, data: bytes, members: Sequence[str], page: int) -> np.ndarray | None:
        return None

    def open(self, *names: str) -> None:
        for name in names:
            self.gates.setdefault(name, asyncio.Event()).set()

    async def until(self, count: int) -> list[str]:
        """What has begun, once it is so many."""
        async with self.changed:
            await asyncio.wait_for(self.changed.wait_for(lambda: len(self.begun) >= count), 5)
        return self.begun


@pytest.fixture
def sandbox() -> ScriptedSandbox:
    return ScriptedSandbox()


@pytest_asyncio.fixture
async def reader(sandbox: ScriptedSandbox) -> AsyncIterator[Reader]:
    made = Reader(workers=1, sandbox=sandbox)
    await made.start()
    yield made
    await made.stop()


def asked(reader: Reader, name: str, person: str, data: bytes = PNG, **more: object) -> asyncio.Task[Reading]:
    """A reading on its way."""
    return asyncio.create_task(reader.read(data + name.encode(), name, person=person, **more))  # type: ignore[arg-type]


async def test_persons_take_turns(reader: Reader, sandbox: ScriptedSandbox) -> None:
    album = [asked(reader, f"album{place}", "one") for place in range(3)]
    await sandbox.until(1)
    late = asked(reader, "late", "two")
    await asyncio.sleep(0)
    sandbox.open("album0", "album1", "album2", "late")
    await asyncio.gather(*album, late)
    assert sandbox.begun.index("late") < sandbox.begun.index("album2")


async def test_place_is_told_to_who_waits(reader: Reader, sandbox: ScriptedSandbox) -> None:
    told: list[tuple[str, int]] = []

    async def tell(name: str, place: int) -> None:
        told.append((name, place))

    tasks = []
    for name in ("a", "b", "c"):
        tasks.append(asked(reader, name, name, on_place=lambda place, name=name: tell(name, place)))
        await sandbox.until(1)
    sandbox.open("a", "b", "c")
    await asyncio.gather(*tasks)
    assert told == [("b", 1), ("c", 2)]


async def test_files_with_text_do_not_wait_for_photos(reader: Reader, sandbox: ScriptedSandbox) -> None:
    photos = [asked(reader, f"photo{place}", "one") for place in range(2)]
    await sandbox.until(1)
    sandbox.open("text")
    assert (await asyncio.wait_for(asked(reader, "text", "one", PDF), 5)).name == "text"
    sandbox.open("photo0", "photo1")
    await asyncio.gather(*photos)


async def test_a_scan_in_a_pdf_goes_to_the_slow_lane(reader: Reader, sandbox: ScriptedSandbox) -> None:
    sandbox.scans.add("scan")
    sandbox.open("scan")
    assert (await asyncio.wait_for(asked(reader, "scan", "one", PDF), 5)).name == "scan"


async def test_one_crash_is_forgiven_and_two_are_said(reader: Reader, sandbox: ScriptedSandbox) -> None:
    sandbox.crashes = {"once": 1, "always": 9}
    sandbox.open("once", "after")
    assert (await asked(reader, "once", "one")).refusal is Refusal.NOT_AN_INVOICE
    assert (await asked(reader, "always", "one")).refusal is Refusal.CRASHED
    assert (await asked(reader, "after", "one")).refusal is Refusal.NOT_AN_INVOICE
    assert sandbox.begun == ["once", "once", "always", "always", "after"]


async def test_who_goes_away_is_not_read_on(reader: Reader, sandbox: ScriptedSandbox) -> None:
    first = asked(reader, "first", "one")
    await sandbox.until(1)
    second = asked(reader, "second", "one")
    third = asked(reader, "third", "two")
    await asyncio.sleep(0)
    for task in (second, first):
        task.cancel()
    sandbox.open("third")
    assert (await asyncio.wait_for(third, 5)).name == "third"
    assert sandbox.cancelled == ["first"]
    assert "second" not in sandbox.begun


async def test_who_goes_away_while_told_its_place_waits_no_longer(
    reader: Reader, sandbox: ScriptedSandbox
) -> None:
    async def gone(place: int) -> None:
        raise ConnectionError("the chat is closed")

    first = asked(reader, "first", "one")
    await sandbox.until(1)
    with pytest.raises(ConnectionError):
        await reader.read(PNG, "second", person="two", on_place=gone)
    third = asked(reader, "third", "three")
    sandbox.open("first", "third")
    await asyncio.gather(first, third)
    assert sandbox.begun == ["first", "third"]


async def test_many_who_go_away_leave_no_slot_taken(reader: Reader, sandbox: ScriptedSandbox) -> None:
    for place in range(50):
        task = asked(reader, f"gone{place}", "one")
        await sandbox.until(place + 1)
        task.cancel()
        task.cancel()
    sandbox.open("last")
    assert (await asyncio.wait_for(asked(reader, "last", "two"), 5)).name == "last"
    assert len(sandbox.cancelled) == 50


async def test_a_code_is_told_once(reader: Reader, sandbox: ScriptedSandbox) -> None:
    """Before the reading, and not again by the second try."""
    found: list[str] = []
    sandbox.crashes = {"photo": 1}
    sandbox.open("photo")
    reading = await asked(reader, "photo", "one", on_found=lambda early: found.append(early.name))
    assert (found, reading.name) == (["photo"], "photo")


async def test_a_listener_that_fails_hurts_only_its_own(reader: Reader, sandbox: ScriptedSandbox) -> None:
    def fail(early: Reading) -> None:
        raise LookupError(early.name)

    sandbox.open("photo", "next")
    with pytest.raises(LookupError, match="photo"):
        await asked(reader, "photo", "one", on_found=fail)
    assert (await asked(reader, "next", "one")).name == "next"


async def test_the_queue_is_bounded(reader: Reader, sandbox: ScriptedSandbox) -> None:
    tasks = [asked(reader, "0", "0")]
    await sandbox.until(1)
    tasks += [asked(reader, str(place), str(place)) for place in range(1, 301)]
    await asyncio.sleep(0)
    assert (await asked(reader, "more", "more")).refusal is Refusal.TIMEOUT
    sandbox.open(*(str(place) for place in range(301)))
    assert len(await asyncio.gather(*tasks)) == 301


async def test_stopping_ends_all_who_wait(sandbox: ScriptedSandbox) -> None:
    reader = Reader(workers=1, sandbox=sandbox)
    await reader.start()
    tasks = [asked(reader, name, name) for name in ("a", "b")]
    await sandbox.until(1)
    await reader.stop()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(each, asyncio.CancelledError) for each in ended)


def test_an_unknown_engine_is_named() -> None:
    with pytest.raises(ValueError, match="abbyy"):
        Reader("abbyy")
