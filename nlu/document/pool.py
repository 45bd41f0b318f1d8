"""Documents in, readings out, away from the event loop: queue, fair share, and the processes that do it."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from nlu.document.confined import HEAD
from nlu.document.reading import DocumentError, Reading, Refusal, from_json
from nlu.document.sniff import sniff
from nlu.document.zygote import READ, WARM

SECONDS = 40.0  # for one document
_LONGEST_ANSWER = 32 * 2**20  # bytes
_WAITING = 500  # documents in the queue
_BEIJING = ZoneInfo("Asia/Shanghai")
_ENGINES = {"rapidocr": "rapidocr", "tesseract": "tesseract", "both": "rapidocr,tesseract"}

_log = structlog.get_logger()

OnPlace = Callable[[int], Awaitable[None]]


@dataclass(slots=True)
class _Wish:
    """One document that waits."""

    data: bytes
    name: str
    on_place: OnPlace | None
    done: asyncio.Future[Reading] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Reader:
    """Reads documents, `workers` at a time, each in a process of its own; a person with many lets others in between.

    `companies` are (name, tax id) of our own companies.
    """

    def __init__(
        self,
        engine: str = "rapidocr",
        workers: int = 1,
        *,
        companies: tuple[tuple[str, str], ...] = (),
        warm: bool = True,
        seconds: float = SECONDS,
    ) -> None:
        self._engines = _ENGINES[engine]
        self._workers = workers
        self._companies = companies
        self._warm = warm
        self._seconds = seconds
        self._zygote: asyncio.subprocess.Process | None = None
        self._orders: socket.socket | None = None
        self._starting = asyncio.Lock()
        self._waiting: OrderedDict[str, deque[_Wish]] = OrderedDict()
        self._arrived = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin; the models are loaded meanwhile, nobody waits for them here."""
        await self._ensure()
        self._tasks = [asyncio.create_task(self._work()) for _ in range(self._workers)]

    async def stop(self) -> None:
        """End; what is being read is given up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        for wishes in self._waiting.values():
            for wish in wishes:
                wish.done.cancel()
        self._waiting.clear()
        await self._end_zygote()

    async def read(
        self, data: bytes, name: str, *, person: str = "", on_place: OnPlace | None = None
    ) -> Reading:
        """What a document holds. `on_place` is told how many are before it whenever that changes."""
        try:
            sniff(data)  # what is no document at all need not wait
        except DocumentError as error:
            return Reading(refusal=error.refusal, name=name)
        if self._count >= _WAITING:
            return Reading(refusal=Refusal.TIMEOUT, name=name)
        wish = _Wish(data, name, on_place)
        self._waiting.setdefault(person, deque()).append(wish)
        self._arrived.set()
        await self._tell_places()
        return await wish.done

    @property
    def _count(self) -> int:
        return sum(len(wishes) for wishes in self._waiting.values())

    async def _tell_places(self) -> None:
        for place, wish in enumerate(self._in_turn()):
            if wish.on_place is not None and place:
                await wish.on_place(place)

    def _in_turn(self) -> list[_Wish]:
        """Who waits, in the order in which they will be served: one of each person, then the next of each."""
        rounds = [list(wishes) for wishes in self._waiting.values()]
        longest = max((len(wishes) for wishes in rounds), default=0)
        return [wishes[place] for place in range(longest) for wishes in rounds if place < len(wishes)]

    def _next(self) -> _Wish:
        person, wishes = next(iter(self._waiting.items()))
        wish = wishes.popleft()
        del self._waiting[person]
        if wishes:
            self._waiting[person] = wishes  # to the end of the line
        return wish

    async def _work(self) -> None:
        while True:
            while not self._waiting:
                self._arrived.clear()
                await self._arrived.wait()
            wish = self._next()
            if wish.done.cancelled():
                continue
            reading = await self._twice(wish)
            if not wish.done.done():
                wish.done.set_result(reading)

    async def _twice(self, wish: _Wish) -> Reading:
        """A reader that crashed gets one more chance: the fault may have been in the process, not the file."""
        for _ in range(2):
            try:
                return await self._once(wish)
            except TimeoutError:
                return Reading(refusal=Refusal.TIMEOUT, name=wish.name)
            except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
                _log.warning("reader_crashed", error=type(error).__name__)
        return Reading(refusal=Refusal.CRASHED, name=wish.name)

    async def _once(self, wish: _Wish) -> Reading:
        await self._ensure()
        ours, theirs = socket.socketpair()
        with theirs:
            orders = self._orders
            assert orders is not None
            await asyncio.to_thread(socket.send_fds, orders, [READ], [theirs.fileno()])
        ours.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=ours, limit=_LONGEST_ANSWER)
        child = 0
        try:
            # Until the child has said who it is we wait for the models as well: at most once after the start.
            async with asyncio.timeout(self._seconds * 2):
                child = HEAD.unpack(await reader.readexactly(HEAD.size))[0]
            async with asyncio.timeout(self._seconds):
                header = {
                    "name": wish.name,
                    "companies": self._companies,
                    "today": datetime.now(_BEIJING).date().isoformat(),
                }
                for part in (json.dumps(header).encode(), wish.data):
                    writer.write(HEAD.pack(len(part)) + part)
                await writer.drain()
                length = HEAD.unpack(await reader.readexactly(HEAD.size))[0]
                if length > _LONGEST_ANSWER:
                    raise ValueError("answer too long")
                return from_json(json.loads(await reader.readexactly(length)))
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            if child:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(child, signal.SIGKILL)

    async def _ensure(self) -> None:
        async with self._starting:
            if self._zygote is not None and self._zygote.returncode is None:
                return
            await self._end_zygote()
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._zygote = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "nlu.document.zygote", str(theirs.fileno()), self._engines,
                    pass_fds=[theirs.fileno()], start_new_session=True, env=_environment(),
                )  # fmt: skip
            self._orders = ours
            if self._warm:
                ours.send(WARM)

    async def _end_zygote(self) -> None:
        zygote, self._zygote = self._zygote, None
        if self._orders is not None:
            self._orders.close()
            self._orders = None
        if zygote is not None:
            with contextlib.suppress(ProcessLookupError):
                zygote.kill()
            await zygote.wait()


def _environment() -> dict[str, str]:
    """What the readers get of our environment: nothing secret."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "HOME": "/nonexistent"}
