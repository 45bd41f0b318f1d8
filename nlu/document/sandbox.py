"""The service's side of the sandbox (沙箱): one process for each document, made by the zygote and killed at the end."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from nlu.document.confined import HEAD
from nlu.document.reading import Reading, from_json
from nlu.document.zygote import READ, WARM

WHOLE_SECONDS = 300.0  # for one document of many pages
_START_SECONDS = 60.0  # until a child is there: it waits for the models, once after the start
_LONGEST_ANSWER = 32 * 2**20  # bytes
_BEIJING = ZoneInfo("Asia/Shanghai")
_ENGINES = {"rapidocr": "rapidocr", "tesseract": "tesseract", "both": "rapidocr,tesseract"}

# The end of a child, or an answer that is none: a reader that was taken over could say anything.
_CRASHES = (
    OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError,
)  # fmt: skip

_log = structlog.get_logger()

OnFound = Callable[[Reading], Awaitable[None]]


class NeedsOcrError(Exception):
    """The document holds no text, and OCR was not allowed."""


class ReaderCrashedError(Exception):
    """The process that read the document died, or said what makes no sense."""


class Sandbox:
    """Reads one document a call, each in a process of its own with limits.

    `seconds` is what one page or one file of an archive may take. Raises ValueError for an unknown engine.
    """

    def __init__(
        self, engine: str, companies: tuple[tuple[str, str], ...], *, warm: bool, seconds: float
    ) -> None:
        if engine not in _ENGINES:
            raise ValueError(f"no OCR engine is called {engine}: {', '.join(_ENGINES)}")
        self._engines = _ENGINES[engine]
        self._companies = companies
        self._warm = warm
        self._seconds = seconds
        self._zygote: asyncio.subprocess.Process | None = None
        self._orders: socket.socket | None = None
        self._folder: str | None = None  # for the temporary files of OCR programs
        self._starting = asyncio.Lock()
        self._start_seconds = min(_START_SECONDS, max(5.0, 2 * seconds))
        self._tellers: set[asyncio.Future[None]] = set()

    async def start(self) -> None:
        """Start the zygote if it does not run; the models are loaded meanwhile, nobody waits for them here."""
        async with self._starting:
            if self._zygote is not None and self._zygote.returncode is None:
                return
            await self._end()
            self._folder = tempfile.mkdtemp(prefix="piaoda-")
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._zygote = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "nlu.document.zygote", str(theirs.fileno()), self._engines,
                    pass_fds=[theirs.fileno()], start_new_session=True, env=_environment(self._folder),
                )  # fmt: skip
            self._orders = ours
            if self._warm:
                ours.send(WARM)

    async def stop(self) -> None:
        """Kill the zygote; its children die with it."""
        async with self._starting:
            await self._end()

    async def read(
        self, data: bytes, name: str, *, ocr: bool = True, on_found: OnFound | None = None
    ) -> Reading:
        """What a document holds; `on_found` gets what a QR code says long before the rest.

        Raises TimeoutError, ReaderCrashedError, and NeedsOcrError if not `ocr`.
        """
        await self.start()
        header = {
            "name": name,
            "companies": self._companies,
            "today": datetime.now(_BEIJING).date().isoformat(),
            "ocr": ocr,
        }
        try:
            wire = await asyncio.to_thread(self._child)
            return await self._talk(wire, json.dumps(header).encode(), data, on_found)
        except TimeoutError:
            raise
        except _CRASHES as error:
            await self._notice_end()
            raise ReaderCrashedError(type(error).__name__) from error

    def _child(self) -> socket.socket:
        """A line to a new child. Raises OSError."""
        if self._orders is None:
            raise ConnectionError("the zygote has ended")
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._orders, [READ], [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        ours.setblocking(False)
        return ours

    async def _talk(
        self, wire: socket.socket, header: bytes, data: bytes, on_found: OnFound | None
    ) -> Reading:
        reader, writer = await asyncio.open_connection(sock=wire, limit=_LONGEST_ANSWER)
        child, answered = 0, False
        try:
            async with asyncio.timeout(WHOLE_SECONDS):
                child = await self._number_of(reader)
                async with asyncio.timeout(self._seconds):
                    for part in (header, data):
                        writer.write(HEAD.pack(len(part)) + part)
                    await writer.drain()
                while True:
                    async with asyncio.timeout(self._seconds):
                        said = await _hear(reader)
                    if "reading" in said:
                        answered = True
                        return from_json(said["reading"])
                    if said.get("needs_ocr"):
                        answered = True
                        raise NeedsOcrError
                    if on_found is not None and "found" in said:
                        self._tell(on_found, from_json(said["found"]))
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            if child and not answered:
                _kill(child)

    async def _number_of(self, reader: asyncio.StreamReader) -> int:
        """The process that will read. A zygote that makes none hangs: it is ended, and EOFError is raised."""
        try:
            async with asyncio.timeout(self._start_seconds):
                return int(HEAD.unpack(await reader.readexactly(HEAD.size))[0])
        except TimeoutError as error:
            await self.stop()
            raise EOFError from error

    def _tell(self, on_found: OnFound, reading: Reading) -> None:
        """A listener that is slow or fails holds up nobody."""
        task = asyncio.ensure_future(on_found(reading))
        self._tellers.add(task)
        task.add_done_callback(self._told)

    def _told(self, task: asyncio.Future[None]) -> None:
        self._tellers.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.warning("found_not_told", error=type(error).__name__)

    async def _notice_end(self) -> None:
        """If the zygote has just died, know it before the next try."""
        zygote = self._zygote
        if zygote is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(zygote.wait(), 0.2)

    async def _end(self) -> None:
        zygote, self._zygote = self._zygote, None
        if self._orders is not None:
            self._orders.close()
            self._orders = None
        if zygote is not None:
            with contextlib.suppress(ProcessLookupError):
                zygote.kill()
            await zygote.wait()
        if self._folder is not None:
            await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
            self._folder = None


async def _hear(reader: asyncio.StreamReader) -> dict[str, Any]:
    length = HEAD.unpack(await reader.readexactly(HEAD.size))[0]
    if length > _LONGEST_ANSWER:
        raise ValueError("answer too long")
    said = json.loads(await reader.readexactly(length))
    if not isinstance(said, dict):
        raise ValueError("no answer")
    return said


def _kill(child: int) -> None:
    """Kill a child and what it has started. It leads its session; another process with its old number does not."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.getsid(child) == child:
            os.killpg(child, signal.SIGKILL)


def _environment(folder: str) -> dict[str, str]:
    """What the readers get of our environment: nothing secret."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    paths = os.pathsep.join(path for path in sys.path if path)
    return {**kept, "PYTHONPATH": paths, "HOME": "/nonexistent", "TMPDIR": folder}
