"""The service's side of the sandbox (沙箱): one process for each document, made by the zygote and killed at the end."""

import asyncio
import contextlib
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np
import structlog

from nlu.document.reading import Reading, from_json
from nlu.document.talk import HEAD, READ, WARM, ReaderCrashedError, Talk, receive

START_SECONDS = 60.0  # until a child is there: it waits for the models, once after the start
_TRIES = 2  # zygotes that may fail to make a child before we give up
_LONG_ANSWER = 2**17  # bytes beyond which taking it apart would hold up the event loop
_LARGEST_SIDE = 4000  # pixels of a page that is shown
_BEIJING = ZoneInfo("Asia/Shanghai")
_ENGINES = {"rapidocr": "rapidocr", "tesseract": "tesseract", "both": "rapidocr,tesseract"}

_log = structlog.get_logger()

OnFound = Callable[[Reading], object]
Picture = np.ndarray


class NeedsOcrError(Exception):
    """The document holds no text, and OCR was not allowed."""


class Confinement(Protocol):
    """What the queue needs of a sandbox."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def read(
        self, data: bytes, name: str, *, ocr: bool, on_found: OnFound | None = None
    ) -> Reading: ...

    async def show(self, data: bytes, members: Sequence[str], page: int) -> Picture | None: ...


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
        self._warm = warm  # whether the zygote has, or will have, the models
        self._seconds = seconds
        self._zygote: asyncio.subprocess.Process | None = None
        self._orders: socket.socket | None = None
        self._folder: str | None = None  # for the temporary files of OCR programs
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        """Start the zygote if it does not run; the models are loaded meanwhile, nobody waits for them here."""
        async with self._starting:
            if self._zygote is not None and self._zygote.returncode is None:
                return
            await self._end()
            self._folder = tempfile.mkdtemp(prefix="piaoda-")
            self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._orders.setblocking(False)
            with theirs:
                self._zygote = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "nlu.document.zygote", str(theirs.fileno()), self._engines,
                    pass_fds=[theirs.fileno()], start_new_session=True, env=_environment(self._folder),
                )  # fmt: skip
            if self._warm:
                self._orders.send(WARM)

    async def stop(self) -> None:
        """Kill the zygote; its children die with it."""
        async with self._starting:
            await self._end()

    async def read(self, data: bytes, name: str, *, ocr: bool, on_found: OnFound | None = None) -> Reading:
        """What a document holds; `on_found` gets what a QR code says, once, long before the rest.

        Raises TimeoutError, ReaderCrashedError, and NeedsOcrError if not `ocr`.
        """
        if ocr:
            await self._load()
        today = datetime.now(_BEIJING).date().isoformat()
        order = {"do": "read", "name": name, "companies": self._companies, "today": today, "ocr": ocr}
        wire, child = await self._child()
        try:
            with Talk(wire, child, self._seconds) as talk:
                await talk.say(order, data)
                while True:
                    said = await talk.hear()
                    if "reading" in said:
                        if talk.length < _LONG_ANSWER:
                            return from_json(said["reading"])
                        return await asyncio.to_thread(from_json, said["reading"])
                    if said.get("needs_ocr"):
                        raise NeedsOcrError
                    if on_found is not None and "found" in said:
                        on_found(from_json(said["found"]))
                        on_found = None
        finally:
            self._sweep(child)

    async def show(self, data: bytes, members: Sequence[str], page: int) -> Picture | None:
        """A page as a picture (BGR): of the document, or of the file in it that `members` lead to.

        None where there is nothing to be drawn. Raises TimeoutError and ReaderCrashedError.
        """
        wire, child = await self._child()
        with Talk(wire, child, self._seconds) as talk:
            await talk.say({"do": "show", "members": list(members), "page": page}, data)
            said = await talk.hear()
            if said.get("shape") is None:
                return None
            height, width = (int(side) for side in said["shape"])
            if not (0 < height <= _LARGEST_SIDE and 0 < width <= _LARGEST_SIDE):
                raise ValueError("no such picture")
            pixels = await talk.take(height * width * 3)
            return np.frombuffer(pixels, np.uint8).reshape(height, width, 3)

    async def _load(self) -> None:
        """Have the zygote load the models, so that not each of its children does."""
        await self.start()
        if not self._warm and self._orders is not None:
            self._warm = True
            with contextlib.suppress(OSError):  # it has just died; the next one is told at its start
                self._orders.send(WARM)

    async def _child(self) -> tuple[socket.socket, int]:
        """A line to a new child, and its number. A zygote that makes none is replaced. Raises ReaderCrashedError."""
        for _ in range(_TRIES):
            await self.start()
            zygote = self._zygote
            try:
                return await self._born()
            except (OSError, EOFError) as error:  # also TimeoutError
                _log.warning("zygote_replaced", error=type(error).__name__)
            async with self._starting:
                if self._zygote is zygote:  # nobody else has ended it meanwhile
                    await self._end()
        raise ReaderCrashedError("no child")

    async def _born(self) -> tuple[socket.socket, int]:
        if self._orders is None:
            raise ConnectionError("the zygote has ended")
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                socket.send_fds(self._orders, [READ], [theirs.fileno()])
            ours.setblocking(False)
            async with asyncio.timeout(START_SECONDS):
                return ours, HEAD.unpack(await receive(ours, HEAD.size))[0]
        except BaseException:
            ours.close()  # a child that is born later finds nobody and ends
            raise

    async def _end(self) -> None:
        zygote, self._zygote = self._zygote, None
        orders, self._orders = self._orders, None
        folder, self._folder = self._folder, None
        try:
            if zygote is not None:
                with contextlib.suppress(ProcessLookupError):
                    zygote.kill()
                await zygote.wait()
        finally:
            if orders is not None:
                orders.close()
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)

    def _sweep(self, child: int) -> None:
        """Remove what a child has left in its temporary folder."""
        if self._folder is not None:
            shutil.rmtree(os.path.join(self._folder, str(child)), ignore_errors=True)


def _environment(folder: str) -> dict[str, str]:
    """What the readers get of our environment: nothing secret."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    paths = os.pathsep.join(path for path in sys.path if path)
    return {**kept, "PYTHONPATH": paths, "HOME": "/nonexistent", "TMPDIR": folder}
