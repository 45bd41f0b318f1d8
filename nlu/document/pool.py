"""Documents in, readings out, away from the event loop: the queue, and a fair share of it for everybody."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import structlog

from nlu.document.reading import DocumentError, Reading, Refusal
from nlu.document.sandbox import Confinement, NeedsOcrError, OnFound, Sandbox
from nlu.document.sniff import Form, sniff
from nlu.document.talk import ReaderCrashedError

SECONDS = 20.0  # for one page, or one file of an archive
_MOST_WAITING = 300  # documents
_MOST_BYTES = 256 * 2**20  # of documents that wait

_log = structlog.get_logger()

OnPlace = Callable[[int], Awaitable[None]]


@dataclass(slots=True, eq=False)
class _Wish:
    """One document that waits."""

    data: bytes
    name: str
    is_quick: bool  # likely to be read without OCR
    on_found: OnFound | None
    done: asyncio.Future[Reading] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Reader:
    """Reads documents, `workers` at a time, each in a process of its own; a person with many lets others in between.

    Files with text (PDF, OFD, XML) have a lane of their own and do not wait for photos. `companies` are
    (name, tax id) of our own companies; `seconds` are for one page. Raises ValueError for an unknown engine.
    """

    def __init__(
        self,
        engine: str = "rapidocr",
        workers: int = 1,
        *,
        companies: tuple[tuple[str, str], ...] = (),
        warm: bool = True,
        seconds: float = SECONDS,
        sandbox: Confinement | None = None,
    ) -> None:
        self._workers = workers
        self._sandbox = sandbox or Sandbox(engine, companies, warm=warm, seconds=seconds)
        self._waiting: OrderedDict[str, deque[_Wish]] = OrderedDict()
        self._busy = 0
        self._arrived = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin; the models are loaded meanwhile, nobody waits for them here."""
        await self._sandbox.start()
        self._tasks = [asyncio.create_task(self._work(quick=False)) for _ in range(self._workers)]
        self._tasks.append(asyncio.create_task(self._work(quick=True)))

    async def stop(self) -> None:
        """End; what waits or is being read is given up, and its callers see CancelledError."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        for wishes in self._waiting.values():
            for wish in wishes:
                wish.done.cancel()
        self._waiting.clear()
        await self._sandbox.stop()

    async def read(
        self,
        data: bytes,
        name: str,
        *,
        person: str = "",
        on_place: OnPlace | None = None,
        on_found: OnFound | None = None,
    ) -> Reading:
        """What a document holds; what is wrong with it is in the refusal.

        `on_place` is told how many documents are before this one, if it has to wait; `on_found` gets what the QR
        code of a photo says, long before the rest is read.
        """
        try:
            form = sniff(data)  # what is no document at all need not wait
        except DocumentError as error:
            return Reading(refusal=error.refusal, name=name)
        if self._is_full(len(data)):
            return Reading(refusal=Refusal.TIMEOUT, name=name)
        wish = _Wish(data, name, form is not Form.IMAGE, on_found)
        self._waiting.setdefault(person, deque()).append(wish)
        self._arrived.set()
        try:
            place = self._place(wish)
            if place and on_place is not None:
                await on_place(place)
            return await wish.done
        finally:
            wish.done.cancel()  # if nobody waits for it any more it is not read, or no further
            self._take_out(person, wish)

    async def show(self, data: bytes, members: Sequence[str] = (), page: int = 1) -> np.ndarray | None:
        """A page of a document, or of the file in it that `members` lead to, as a picture (BGR), if it has any."""
        try:
            return await self._sandbox.show(data, members, page)
        except (TimeoutError, ReaderCrashedError):
            return None

    @property
    def waiting(self) -> int:
        """How many documents wait."""
        return sum(len(wishes) for wishes in self._waiting.values())

    def _is_full(self, size: int) -> bool:
        wishes = [wish for wishes in self._waiting.values() for wish in wishes]
        held = sum(len(wish.data) for wish in wishes)
        return len(wishes) >= _MOST_WAITING or (held + size > _MOST_BYTES and bool(wishes))

    def _place(self, wish: _Wish) -> int:
        """How many are before this one; 0 if it is read at once."""
        before = self._in_turn().index(wish)
        free = self._workers - self._busy
        return 0 if wish.is_quick or before < free else before + self._busy

    def _in_turn(self) -> list[_Wish]:
        """Who waits, in the order in which they will be served: one of each person, then the next of each."""
        rounds = [list(wishes) for wishes in self._waiting.values()]
        longest = max((len(wishes) for wishes in rounds), default=0)
        return [wishes[place] for place in range(longest) for wishes in rounds if place < len(wishes)]

    def _take_out(self, person: str, wish: _Wish) -> None:
        """Let a wish wait no longer."""
        wishes = self._waiting.get(person, ())
        if wish in wishes:
            self._waiting[person].remove(wish)
            if not wishes:
                del self._waiting[person]

    def _next(self, *, quick: bool) -> tuple[str, _Wish] | None:
        for person, wishes in self._waiting.items():
            wish = next((wish for wish in wishes if wish.is_quick or not quick), None)
            if wish is not None:
                self._waiting.move_to_end(person)
                self._take_out(person, wish)
                return person, wish
        return None

    async def _work(self, *, quick: bool) -> None:
        while True:
            taken = self._next(quick=quick)
            if taken is None:
                self._arrived.clear()
                await self._arrived.wait()
                continue
            self._busy += not quick
            try:
                await self._serve(*taken)
            finally:
                self._busy -= not quick

    async def _serve(self, person: str, wish: _Wish) -> None:
        """Read until it is read, nobody waits for it any more, or we have to end."""
        reading = asyncio.create_task(self._twice(wish))
        try:
            await asyncio.wait((reading, wish.done), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            wish.done.cancel()
            raise
        finally:
            reading.cancel()
            await asyncio.wait((reading,))
        if wish.done.done() or reading.cancelled():
            return
        error = reading.exception()
        if error is None:
            wish.done.set_result(reading.result())
        elif isinstance(error, NeedsOcrError):
            wish.is_quick = False
            self._waiting.setdefault(person, deque()).appendleft(wish)
            self._arrived.set()
        else:  # a fault of ours or of the listener: the one who waits hears of it, the lane goes on
            wish.done.set_exception(error)

    async def _twice(self, wish: _Wish) -> Reading:
        """A reader that crashed gets one more chance: the fault may have been in the process, not the file."""

        def tell(found: Reading) -> None:
            listener, wish.on_found = wish.on_found, None
            if listener is not None:
                listener(found)

        for _ in range(2):
            try:
                return await self._sandbox.read(wish.data, wish.name, ocr=not wish.is_quick, on_found=tell)
            except TimeoutError:
                return Reading(refusal=Refusal.TIMEOUT, name=wish.name)
            except ReaderCrashedError as error:
                _log.warning("reader_crashed", error=str(error))
        return Reading(refusal=Refusal.CRASHED, name=wish.name)
