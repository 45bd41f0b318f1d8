"""The reader service with its real processes: whole after every fault of theirs, silent about secrets."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from nlu.document import sandbox as sandbox_module
from nlu.document.pool import Reader
from nlu.document.reading import Reading, Refusal, Source
from nlu.document.sandbox import Sandbox
from nlu.document.talk import HEAD, ReaderCrashedError, Talk
from tests.documents.hostile import pdf, zipped
from tests.drawing import draw, encoded
from tests.marks import needs_fonts
from tests.waiting import until

ROOT = Path(__file__).parents[2]
NOBODY = 2**22 + 1  # a number that no process has
Begun = asyncio.Queue[int]
LETTER = b"<letter>no invoice</letter>"
LONG = pdf(100)  # seconds of work without any model


@asynccontextmanager
async def running(**settings: object) -> AsyncIterator[Reader]:
    """A reader without models, unless told otherwise; ends with everything it started."""
    reader = Reader(**{"warm": False, **settings})  # type: ignore[arg-type]
    await reader.start()
    try:
        yield reader
    finally:
        await reader.stop()


def children(of: int | None = None) -> list[int]:
    """The processes begun by this one, or by another."""
    parent = os.getpid() if of is None else of
    return [pid for pid, above in _parents() if above == parent]


def _parents() -> Iterator[tuple[int, int]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has just ended
                continue
            if fields[0] != "Z":
                yield int(folder.name), int(fields[1])


def zygote() -> int:
    """The one process that the service has started."""
    (pid,) = (each for each in children() if b"nlu.document.zygote" in _command(each))
    return pid


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.fixture
def at_work(monkeypatch: pytest.MonkeyPatch) -> Begun:
    """The readers in the order in which they are given a document."""
    begun: Begun = asyncio.Queue()
    say = Talk.say

    async def noted(talk: Talk, order: dict[str, object], data: bytes) -> None:
        begun.put_nowait(talk.child)
        await say(talk, order, data)

    monkeypatch.setattr(Talk, "say", noted)
    return begun


def drained(begun: Begun) -> Begun:
    """The same without those that are there by now."""
    while not begun.empty():
        begun.get_nowait()
    return begun


async def letter(reader: Reader) -> Reading:
    """A short document, read to the end."""
    reading = await reader.read(LETTER, "letter.xml")
    assert reading.refusal is Refusal.NOT_AN_INVOICE
    return reading


async def test_a_killed_zygote_is_replaced() -> None:
    async with running() as reader:
        await letter(reader)
        first = zygote()
        os.kill(first, signal.SIGKILL)
        await letter(reader)
        assert zygote() != first


async def test_a_hanging_zygote_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running() as reader:
        await letter(reader)
        first = zygote()
        os.kill(first, signal.SIGSTOP)
        with monkeypatch.context() as patched:
            patched.setattr(sandbox_module, "START_SECONDS", 0.3)
            reading = await reader.read(LETTER, "letter.xml")
        # The new one may not have been ready within so short a time either.
        assert reading.refusal in (Refusal.NOT_AN_INVOICE, Refusal.CRASHED)
        assert first not in children()
        await letter(reader)


async def test_one_crash_is_forgiven(at_work: Begun) -> None:
    async with running() as reader:
        await letter(reader)
        wish = asyncio.create_task(reader.read(LONG, "long.pdf"))
        os.kill(await drained(at_work).get(), signal.SIGKILL)
        assert (await wish).refusal is Refusal.NOT_AN_INVOICE


async def test_two_crashes_are_said_and_the_next_document_is_read(at_work: Begun) -> None:
    async with running() as reader:
        await letter(reader)
        wish = asyncio.create_task(reader.read(LONG, "long.pdf"))
        os.kill(await drained(at_work).get(), signal.SIGSEGV)
        os.kill(await at_work.get(), signal.SIGKILL)
        assert (await wish).refusal is Refusal.CRASHED
        await letter(reader)


async def test_a_child_that_hangs_is_ended(at_work: Begun) -> None:
    async with running(seconds=1.0) as reader:
        await letter(reader)
        wish = asyncio.create_task(reader.read(LONG, "long.pdf"))
        child = await drained(at_work).get()
        os.kill(child, signal.SIGSTOP)
        assert (await wish).refusal is Refusal.TIMEOUT
        await until(lambda: child not in children(zygote()))
        await letter(reader)


async def test_who_gives_up_leaves_nobody_behind(at_work: Begun) -> None:
    """Cancelled at any moment, with a child that no longer listens: it ends at once, and all is as before."""
    large = zipped({"a.pdf": LONG, "b.bin": Random(1).randbytes(20 * 2**20)})  # more than fits into the line
    async with running() as reader:
        await letter(reader)
        handles = len(os.listdir("/proc/self/fd"))
        for place in range(20):
            wish = asyncio.create_task(reader.read(large, "large.zip"))
            if place % 4:
                child = await drained(at_work).get()
                if place % 4 > 1:
                    os.kill(child, signal.SIGSTOP)
            wish.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(wish, 30)
            await until(lambda: not children(zygote()))
        await letter(reader)
        assert len(os.listdir("/proc/self/fd")) <= handles


async def test_nothing_is_left_after_stop(at_work: Begun) -> None:
    """Neither the zygote nor a child in the middle of its work, nor a folder; what waits is given up."""
    reader = Reader(warm=False, workers=1)
    await reader.start()
    await letter(reader)
    parent = zygote()
    folder = _environment(parent)["TMPDIR"]
    assert _is_there(folder)
    wishes = [asyncio.create_task(reader.read(LONG, str(place))) for place in range(4)]
    child = await drained(at_work).get()
    await reader.stop()
    await until(lambda: {parent, child}.isdisjoint(pid for pid, _ in _parents()))
    assert not _is_there(folder)
    ended = await asyncio.gather(*wishes, return_exceptions=True)
    assert {type(each) for each in ended} == {asyncio.CancelledError}


async def test_a_service_that_dies_takes_its_readers_along() -> None:
    """kill -9 of the service: the zygote ends, and removes the folder that was made for it."""
    service = """
import asyncio
from nlu.document.pool import Reader
async def main():
    reader = Reader(warm=False)
    await reader.start()
    await reader.read(b"<letter/>", "a.xml")
    print("ready", flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", service, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 60) == b"ready\n"
    (parent,) = children(process.pid)
    folder = _environment(parent)["TMPDIR"]
    process.kill()
    await process.wait()
    await until(lambda: parent not in dict(_parents()) and not _is_there(folder))


async def test_secrets_stay_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The readers get neither our settings nor our open files."""
    monkeypatch.setenv("PIAODA_TELEGRAM_TOKEN", "12345:secret-of-ours")
    opened = os.open(tmp_path / "piaoda.db", os.O_CREAT | os.O_RDWR)
    os.set_inheritable(opened, True)
    try:
        async with running() as reader:
            await letter(reader)
            environment = _environment(zygote())
            files = _files(zygote())
    finally:
        os.close(opened)
    assert not [name for name, value in environment.items() if "PIAODA" in name or "secret" in value]
    assert not [file for file in files if "piaoda.db" in file]


def _environment(pid: int) -> dict[str, str]:
    entries = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)


def _files(pid: int) -> list[str]:
    return [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()]


def _is_there(path: str) -> bool:
    return Path(path).exists()


ANSWERS = {
    "nothing": b"",
    "half": HEAD.pack(100) + b"{",
    "endless": HEAD.pack(2**32 - 1),
    "no JSON": HEAD.pack(5) + b"hello",
    "no object": HEAD.pack(2) + b"[]",
    "deep": HEAD.pack(200_000) + b"[" * 200_000,
    "no reading": HEAD.pack(15) + b'{"reading": {}}',
    "no list": HEAD.pack(57) + b'{"reading": {"invoices": 7, "refusal": null, "named": 1}}',
}


@pytest.mark.parametrize("answer", ANSWERS)
async def test_a_child_that_lies_has_crashed(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that was taken over may say what it likes: it does no harm to the service."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    sandbox = Sandbox("rapidocr", (), warm=False, seconds=5)

    async def child() -> tuple[socket.socket, int]:
        return ours, NOBODY

    monkeypatch.setattr(sandbox, "_child", child)
    theirs.sendall(ANSWERS[answer])
    theirs.shutdown(socket.SHUT_WR)
    with theirs, pytest.raises(ReaderCrashedError):
        await sandbox.read(b"", "a", ocr=False)
    assert ours.fileno() == -1


async def test_a_child_that_sends_signs_of_life_for_ever_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nlu.document.talk.WHOLE_SECONDS", 0.3)
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)

    async def chatter() -> None:
        while True:
            await asyncio.get_running_loop().sock_sendall(theirs, HEAD.pack(2) + b"{}")
            await asyncio.sleep(0.01)

    with theirs:
        task = asyncio.create_task(chatter())
        with pytest.raises(TimeoutError):
            await _listen(Talk(ours, NOBODY, 5.0))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _listen(talk: Talk) -> None:
    with talk:
        while True:
            assert await talk.hear() == {}


async def test_chats_go_before_long_documents(at_work: Begun) -> None:
    """A reader steps back after its first page."""
    async with running() as reader:
        await letter(reader)
        wish = asyncio.create_task(reader.read(LONG, "long.pdf"))
        child = await drained(at_work).get()
        await until(lambda: os.getpriority(os.PRIO_PROCESS, child) >= 5)
        wish.cancel()


async def test_an_archive_of_many_files_may_take_its_time() -> None:
    """Time is counted by page: a long document is not refused for its length."""
    async with running() as reader:
        many = zipped({f"{number}.xml": LETTER for number in range(50)})
        reading = await reader.read(many, "many.zip")
    assert len(reading.members) == 50


async def test_a_page_is_shown() -> None:
    """For `--explain`: of a file, of a file in an archive; nothing where there is no such page."""
    async with running() as reader:
        document = pdf(2)
        page = await reader.show(document, (), 2)
        assert page is not None
        assert max(page.shape[:2]) == 1800
        packed = zipped({"in/a.zip": zipped({"b.pdf": document})})
        inner = await reader.show(packed, ("in/a.zip", "b.pdf"), 2)
        assert inner is not None
        assert (inner == page).all()
        assert await reader.show(document, (), 3) is None
        assert await reader.show(packed, ("c.pdf",), 1) is None
        assert await reader.show(LETTER, (), 1) is None
        assert await reader.show(b"%PDF-1.4 broken", (), 1) is None


@pytest.mark.slow
@needs_fonts
async def test_a_picture_is_read_from_start_to_end() -> None:
    """With the models: the code is told first, and the reading crosses the border whole."""
    drawn = draw("digital_ordinary", 11, "A")
    early: list[Reading] = []
    async with running(warm=True) as reader:
        reading = await reader.read(encoded(drawn.picture(150)), "a.png", person="p", on_found=early.append)
    (found,) = reading.invoices
    assert found.invoice.number == drawn.truth["number"]
    assert found.boxes
    assert Source.OCR in found.sources.values()
    assert [each.invoices[0].invoice.number for each in early] == [drawn.truth["number"]]
    assert set(early[0].invoices[0].sources.values()) == {Source.QR}
