"""How fast documents are read, as figures of one run and as ratios to the bare OCR engine in the same run.

    .venv/bin/python -m benchmarks.reading [--rounds 5] [--parts files,engine,hostile,chats]

files    through the running service: files with text; a photo's QR fields and its reading; the first and the later
engine   the whole reading of a photo beside `engine.read` on the same picture, one after the other
hostile  broken and hostile files through the service: until each is refused
chats    WeChat texts to the real server while pictures are read on two cores, and the memory of all its processes
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import cv2
import httpx

from benchmarks import wechat
from benchmarks.load import Figures, open_loop
from nlu.document import picture
from nlu.document.ocr import RapidEngine
from nlu.document.pool import Reader
from nlu.document.read import Ladder
from nlu.document.reading import Reading
from tests.documents.hostile import documents, pdf
from tests.drawing import degrade, draw, encoded
from tests.server import Server

KINDS = ("digital_special", "digital_ordinary", "vat_e_ordinary", "vat_special")
_RATE = 20.0  # texts a second


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="readings of each document")
    parser.add_argument("--seconds", type=float, default=20.0, help="of texts")
    parser.add_argument("--parts", default="files,engine,hostile,chats")
    args = parser.parse_args()
    photos = [encoded(degrade(draw(kind, 70, "A").picture(), "mild", 1), ".jpg") for kind in KINDS]
    if "files" in args.parts:
        asyncio.run(_files(args.rounds, photos))
    if "engine" in args.parts:
        _engine(args.rounds, photos)
    if "hostile" in args.parts:
        asyncio.run(_hostile())
    if "chats" in args.parts:
        asyncio.run(_chats(args.seconds, photos))
    return 0


async def _files(rounds: int, photos: list[bytes]) -> None:
    files = {
        "PDF": [draw(kind, 71, "A").pdf() for kind in KINDS],
        "OFD": [draw("vat_e_ordinary", 71, "A").ofd(), draw("digital_special", 71, "A").ofd()],
        "XML": [draw("digital_special", 71, "A").xml(), draw("digital_ordinary", 71, "A").xml()],
    }
    reader = Reader(workers=1)
    began = time.perf_counter()
    await reader.start()
    _say("start() returns after", [time.perf_counter() - began])
    first, _ = await _timed(reader, photos[0])
    later = [(await _timed(reader, photos[0]))[0] for _ in range(max(5, rounds))]
    _say("first photo after the start", [first])
    _say("the same photo later", later)
    sys.stdout.write(f"  first / later: {first / statistics.median(later):.2f} (goal 2)\n")
    for form, many in files.items():
        taken = [(await _timed(reader, data))[0] for _ in range(4 * rounds) for data in many]
        _say(f"{form} (goal 150)", taken)
    early = [(await _timed(reader, data))[1] for _ in range(rounds) for data in photos]
    _say("QR fields of a photo (goal 300)", [seconds for seconds in early if seconds is not None])
    await reader.stop()


async def _timed(reader: Reader, data: bytes) -> tuple[float, float | None]:
    """Seconds until the reading, and until its QR code was told."""
    early: list[float] = []
    start = time.perf_counter()
    reading = await reader.read(data, "a", on_found=lambda _: early.append(time.perf_counter() - start))
    assert reading.invoices, reading.refusal
    return time.perf_counter() - start, early[0] if early else None


def _engine(rounds: int, photos: list[bytes]) -> None:
    cv2.setNumThreads(0)
    engine = RapidEngine()
    engine.warm()
    ladder = Ladder(engines=lambda: (engine,))
    bare, full = [], []
    for data in photos:
        shown = next(picture.decode(data))
        for _ in range(rounds):
            bare.append(_time(partial(engine.read, shown)))
            full.append(_time(partial(ladder.read, data, "a.jpg")))
    _say("bare engine on a photo", bare)
    _say("whole reading of it", full)
    ratios = [one / other for one, other in zip(full, bare, strict=True)]
    sys.stdout.write(f"  whole / bare: median {statistics.median(ratios):.2f} (goal 1.3)\n")


async def _hostile() -> None:
    reader = Reader(workers=1)
    await reader.start()
    files = [(each.name, each.data) for each in documents()] + [("p5000.pdf", pdf(5000))]
    await reader.read(files[-1][1], "warm")
    taken: dict[str, float] = {}
    for name, data in files:
        start = time.perf_counter()
        reading: Reading = await reader.read(data, name)
        taken[name] = time.perf_counter() - start
        assert not reading.invoices, name
    await reader.stop()
    _say(f"{len(files)} hostile and broken files (goal 1000)", taken.values())
    slowest = sorted(taken.items(), key=lambda item: -item[1])[:3]
    named = ", ".join(f"{name} {1000 * seconds:.0f} ms" for name, seconds in slowest)
    sys.stdout.write(f"  slowest: {named}\n")


async def _chats(seconds: float, photos: list[bytes]) -> None:
    async with _server(workers=1) as server:
        async with _busy(server, photos, people=1):
            most = (0, 0)
            for _ in range(60):
                most = max(most, await asyncio.to_thread(_memory, server.pid))
                await asyncio.sleep(0.1)
        sys.stdout.write(f"memory of the service with a reading under way: PSS {most[0]} MB (goal 1024), ")
        sys.stdout.write(f"RSS summed {most[1]} MB\n")
    async with _server(workers=2) as server:
        await _texts("texts, nothing else", server, 2.0)  # warm
        await _texts("texts, nothing else", server, seconds)
        async with _busy(server, photos, people=3) as read:
            await _texts("texts while photos are read on two cores (goal p99 50)", server, seconds)
        sys.stdout.write(f"  photos sent meanwhile: {len(read)}\n")


@asynccontextmanager
async def _server(workers: int) -> AsyncIterator[Server]:
    with tempfile.TemporaryDirectory() as home:
        await wechat._fill(f"sqlite:///{home}/data/piaoda.db")
        server = Server(
            Path(home), wechat_token=wechat.TOKEN, wechat_app_id=wechat.APP_ID, wechat_aes_key=wechat.AES_KEY,
            ocr_workers=str(workers),
        )  # fmt: skip
        await server.start()
        try:
            yield server
        finally:
            await server.stop()


async def _texts(name: str, server: Server, seconds: float) -> Figures:
    requests = wechat._requests(int(_RATE * seconds), "{number}")
    figures = await open_loop([server.port], requests, _RATE)
    _say(f"{name}, {len(figures.took)} texts", figures.took)
    assert not figures.faults
    return figures


@asynccontextmanager
async def _busy(server: Server, photos: list[bytes], people: int) -> AsyncIterator[list[float]]:
    """So many people who send a photo through the chat page as soon as their last one is answered."""
    sent: list[float] = []

    async def send() -> None:
        async with httpx.AsyncClient(base_url=server.base, trust_env=False, timeout=60) as browser:
            await browser.get("/")
            while True:
                number = len(sent)
                sent.append(time.perf_counter())
                query = {"id": f"photo-{number:06d}", "name": "a.jpg"}
                data = photos[number % len(photos)] + number.to_bytes(4)  # another file each time
                before = await _answers(browser)
                (await browser.post("/chat/files", params=query, content=data)).raise_for_status()
                while await _answers(browser) <= before:  # noqa: ASYNC110 -- as a page would that polls
                    await asyncio.sleep(0.2)

    tasks = [asyncio.create_task(send()) for _ in range(people)]
    await asyncio.sleep(3)  # the readers are at work, the models loaded
    try:
        yield sent
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _answers(browser: httpx.AsyncClient) -> int:
    messages = (await browser.get("/chat/messages")).json()["messages"]
    return sum(1 for message in messages if message["from"] == "bot")


def _time(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _memory(root: int) -> tuple[int, int]:
    """PSS and RSS in MB of a process and all that it started."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    family = {root}
    while more := {pid for pid, above in parents.items() if above in family} - family:
        family |= more
    sums = {"Pss:": 0, "Rss:": 0}
    for pid in family:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        for line in lines:
            name, *values = line.split()
            if name in sums:
                sums[name] += int(values[0])
    return sums["Pss:"] // 1024, sums["Rss:"] // 1024


def _say(what: str, taken: Iterable[float]) -> None:
    ordered = sorted(taken)
    shown = [f"p50 {1000 * statistics.median(ordered):.0f}"]
    if len(ordered) > 5:
        shown += [
            f"p{int(100 * part)} {1000 * ordered[int(part * (len(ordered) - 1))]:.0f}"
            for part in (0.95, 0.99)
        ]
    sys.stdout.write(f"{what}: {', '.join(shown)} ms\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
