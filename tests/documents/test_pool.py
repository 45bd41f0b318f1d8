"""The reader service: fair among persons, whole after every fault of its processes, silent about secrets."""

import asyncio
import os
import signal
import subprocess
import sys
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from nlu.document.pool import Reader
from nlu.document.reading import Reading, Refusal
from tests.documents.hostile import png, zipped
from tests.drawing import draw, encoded
from tests.drawing.fonts import missing

ROOT = Path(__file__).parents[2]
LETTER = b"<letter>no invoice</letter>"


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


async def until(true: Callable[[], object]) -> None:
    """Wait until a condition holds; the test's own time-out is the limit."""
    while not true():  # noqa: ASYNC110 -- other processes set no event
        await asyncio.sleep(0.01)


def noise(side: int = 2400) -> bytes:
    """A picture that takes the engine a while."""
    dice = np.random.default_rng(1)
    small = dice.integers(0, 2, (side // 12, side // 12, 3), dtype=np.uint8) * 255
    return encoded(np.kron(small, np.ones((12, 12, 1), np.uint8)))


async def test_persons_take_turns() -> None:
    """One with many pictures lets the others in between."""
    order: list[str] = []
    picture = png(24, 24, zlib.compress(bytes(24 * 25)))

    async with running(workers=1, engine="tesseract") as reader:

        async def send(person: str, number: int) -> None:
            await reader.read(picture, f"{person}{number}", person=person)
            order.append(f"{person}{number}")

        async with asyncio.TaskGroup() as group:
            for number in range(5):
                group.create_task(send("a", number))
            for number in range(2):
                group.create_task(send("b", number))
            group.create_task(send("c", 0))
    assert order == ["a0", "b0", "c0", "a1", "b1", "a2", "a3", "a4"]


async def test_places_are_told() -> None:
    """Whoever has to wait hears how many are before it; texts pass by the pictures and wait for none."""
    told: dict[str, list[int]] = {"a": [], "b": [], "c": [], "text": []}
    done: list[str] = []

    async with running(workers=1, engine="tesseract") as reader:

        async def send(name: str, data: bytes) -> None:
            async def listen(place: int) -> None:
                told[name].append(place)

            await reader.read(data, name, person=name, on_place=listen)
            done.append(name)

        async with asyncio.TaskGroup() as group:
            for name in ("a", "b", "c"):
                group.create_task(send(name, noise(600)))
            group.create_task(send("text", LETTER))
    assert told == {"a": [], "b": [1], "c": [2], "text": []}
    assert done.index("text") < 2


async def test_one_who_gives_up_is_not_read() -> None:
    async with running(workers=1) as reader:
        first = asyncio.create_task(reader.read(LETTER, "a"))
        second = asyncio.create_task(reader.read(LETTER, "b"))
        third = asyncio.create_task(reader.read(LETTER, "c"))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.gather(first, third)
        assert second.cancelled()


async def test_a_killed_zygote_is_replaced() -> None:
    async with running() as reader:
        assert (await reader.read(LETTER, "a")).refusal is Refusal.NOT_AN_INVOICE
        (zygote,) = children()
        os.kill(zygote, signal.SIGKILL)
        assert (await reader.read(LETTER, "b")).refusal is Refusal.NOT_AN_INVOICE
        assert children() != [zygote]


async def test_a_hanging_zygote_is_replaced() -> None:
    async with running(seconds=0.5) as reader:
        await _warmed(reader)
        (zygote,) = children()
        os.kill(zygote, signal.SIGSTOP)
        reading = await reader.read(LETTER, "b")
        assert reading.refusal in (Refusal.NOT_AN_INVOICE, Refusal.CRASHED)  # the new one may load slowly
        assert zygote not in children()
        await _warmed(reader)


@pytest.mark.slow
async def test_a_child_that_is_killed_twice_has_crashed() -> None:
    """It gets a second chance, then the next document is read as if nothing had been."""
    async with running() as reader:
        await _warmed(reader)
        (zygote,) = children()
        wish = asyncio.create_task(reader.read(noise(), "a.png"))
        for _ in range(2):
            await until(lambda: children(zygote))
            (child,) = children(zygote)
            os.kill(child, signal.SIGKILL)
            await until(lambda child=child: child not in children(zygote))
        assert (await wish).refusal is Refusal.CRASHED
        assert (await reader.read(LETTER, "b")).refusal is Refusal.NOT_AN_INVOICE


@pytest.mark.slow
async def test_a_child_that_takes_too_long_is_ended() -> None:
    async with running(seconds=0.3) as reader:
        await _warmed(reader)
        (zygote,) = children()
        assert (await reader.read(noise(), "a.png")).refusal is Refusal.TIMEOUT
        await until(lambda: not children(zygote))
        await _warmed(reader)


def test_a_child_can_do_little() -> None:
    """No more memory than its share, no way to another machine, few files, no life after its parent."""
    tried = """
import errno, resource, socket
from nlu.document import confined
confined._confine()
try:
    bytearray(2 * 2**30)
except MemoryError:
    print("memory")
try:
    socket.create_connection(("192.0.2.1", 80), timeout=1)
except OSError as error:
    print("unreachable" if error.errno == errno.ENETUNREACH else error)
print(resource.getrlimit(resource.RLIMIT_NOFILE)[1])
"""
    done = subprocess.run([sys.executable, "-c", tried], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["memory", "unreachable", "64"]


@pytest.mark.slow
async def test_the_loop_stays_free_while_pictures_are_read() -> None:
    """Other work goes on: the loop turns very often while one picture is read."""
    turns = 0

    async with running(workers=2) as reader:
        wishes = [asyncio.create_task(reader.read(noise(1200), "a.png", person=str(n))) for n in range(2)]
        while not all(wish.done() for wish in wishes):
            turns += 1
            await asyncio.sleep(0.005)
    assert turns > 50
    assert all(wish.result().refusal is not None for wish in wishes)


async def test_nothing_is_left_after_stop() -> None:
    """Neither the zygote nor a child in the middle of its work; what waits is given up."""
    before = set(children())
    reader = Reader(warm=False, workers=1)
    await reader.start()
    busy = asyncio.create_task(reader.read(noise(), "a.png"))
    waiting = asyncio.create_task(reader.read(LETTER, "b"))
    await until(lambda: set(children()) - before)
    (zygote,) = set(children()) - before
    await until(lambda: children(zygote))
    (child,) = children(zygote)
    await reader.stop()
    await until(lambda: not Path(f"/proc/{zygote}").exists() and not _alive(child))
    assert set(children()) <= before
    waiting_result, busy_result = await asyncio.gather(waiting, busy, return_exceptions=True)
    assert isinstance(waiting_result, asyncio.CancelledError)
    assert isinstance(busy_result, asyncio.CancelledError)


async def test_secrets_stay_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The readers get neither our settings nor our open files."""
    monkeypatch.setenv("PIAODA_TELEGRAM_TOKEN", "12345:secret-of-ours")
    opened = os.open(tmp_path / "piaoda.db", os.O_CREAT | os.O_RDWR)
    os.set_inheritable(opened, True)
    try:
        async with running() as reader:
            await _warmed(reader)
            (zygote,) = children()
            environment, files = _given(zygote)
    finally:
        os.close(opened)
    assert b"secret-of-ours" not in environment
    assert b"PIAODA_" not in environment
    assert not [file for file in files if "piaoda.db" in file]


def _given(pid: int) -> tuple[bytes, list[str]]:
    """The environment and the open files of a process."""
    home = Path(f"/proc/{pid}")
    return (home / "environ").read_bytes(), [os.readlink(link) for link in (home / "fd").iterdir()]


async def test_a_full_queue_refuses() -> None:
    """Beyond its length nobody waits in vain."""
    reader = Reader(warm=False)  # not started: nothing leaves the queue
    wishes = [asyncio.create_task(reader.read(LETTER, str(n))) for n in range(2000)]
    await asyncio.sleep(0)
    refused = [wish for wish in wishes if wish.done()]
    assert 0 < len(refused) < len(wishes)
    assert {wish.result().refusal for wish in refused} == {Refusal.TIMEOUT}
    await reader.stop()
    given_up = await asyncio.gather(*(wish for wish in wishes if wish not in refused), return_exceptions=True)
    assert {type(each) for each in given_up} == {asyncio.CancelledError}


async def test_an_archive_of_many_files_may_take_its_time() -> None:
    """Time is counted by page: a long document is not refused for its length."""
    async with running(seconds=2.0) as reader:
        await _warmed(reader)
        many = zipped({f"{number}.xml": LETTER for number in range(50)})
        reading = await reader.read(many, "many.zip")
    assert len(reading.members) == 50


@pytest.mark.slow
@pytest.mark.skipif(bool(missing()), reason="fonts are not installed")
async def test_a_picture_is_read_from_start_to_end() -> None:
    """With the models: start returns before they are loaded, and the reading crosses the border whole."""
    drawn = draw("digital_ordinary", 11, "A")
    reader = Reader(warm=True)
    await reader.start()
    try:
        reading = await reader.read(encoded(drawn.picture(150)), "a.png", person="p")
    finally:
        await reader.stop()
    (found,) = reading.invoices
    assert found.invoice.number == drawn.truth["number"]
    assert found.boxes
    assert found.sources


async def _warmed(reader: Reader) -> Reading:
    reading = await reader.read(LETTER, "warm")
    while reading.refusal in (Refusal.CRASHED, Refusal.TIMEOUT):
        reading = await reader.read(LETTER, "warm")
    assert reading.refusal is Refusal.NOT_AN_INVOICE
    return reading


def _alive(pid: int) -> bool:
    return any(pid == other for other, _ in _parents())
