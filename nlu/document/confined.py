"""A process that reads one document and can do little else: the child of the sandbox (沙箱)."""

import contextlib
import ctypes
import json
import os
import resource
import signal
import socket
import sys
import tempfile
from collections.abc import Sequence
from datetime import date
from typing import Any

from fapiao.checks import Company
from nlu.document import landlock
from nlu.document.ocr import EngineMissingError, OcrEngine, make_engine
from nlu.document.read import Ladder
from nlu.document.reading import DocumentError, Reading, Refusal, to_json
from nlu.document.talk import HEAD, read_all
from nlu.document.view import page_of

MEMORY = 1_200 * 2**20  # bytes that a child may take beyond what it inherits
_CPU_SECONDS = 300  # over all pages; the parent watches the clock page by page
_FILES = 64
_NEW_NETWORK = 0x40000000  # CLONE_NEWNET: a network of its own with nothing in it
_NEW_USER = 0x10000000  # CLONE_NEWUSER: what lets others than root have one
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
_NICE_PAGES = 5  # after the first page: short files go before long ones
_NICE_OCR = 10  # and chats and files with text before pictures


class _NeedsOcrError(Exception):
    """There is no way on without OCR, which was not allowed."""


class Engines:
    """The OCR engines, loaded when first needed; one that is not installed is left out."""

    def __init__(self, names: Sequence[str]) -> None:
        self.fork = "tesseract" in names  # it is a program of its own, and keeps pictures in files
        self._missing = list(names)
        self._loaded: list[OcrEngine] = []

    def load(self) -> list[OcrEngine]:
        """All engines that are installed."""
        while self._missing:
            engine = make_engine(self._missing.pop(0))
            try:
                engine.warm()
            except EngineMissingError as error:
                sys.stderr.write(f"piaoda: OCR without {engine.name}: {error} is not installed\n")
            else:
                self._loaded.append(engine)
        return self._loaded


def serve_one(wire: socket.socket, engines: Engines) -> None:
    """Do what is asked with the document that comes over the wire."""
    _confine(forks=engines.fork)
    wire.sendall(HEAD.pack(os.getpid()))
    order: dict[str, Any] = json.loads(read_all(wire, HEAD.unpack(read_all(wire, HEAD.size))[0]))
    data = read_all(wire, HEAD.unpack(read_all(wire, HEAD.size))[0])
    if order["do"] == "show":
        _show(wire, order, data)
    else:
        _read(wire, order, data, engines)


def _show(wire: socket.socket, order: dict[str, Any], data: bytes) -> None:
    try:
        page = page_of(data, order["members"], order["page"])
    except (DocumentError, MemoryError):
        page = None
    _say(wire, {"shape": None if page is None else page.shape[:2]})
    if page is not None:
        wire.sendall(page.tobytes())


def _read(wire: socket.socket, order: dict[str, Any], data: bytes, engines: Engines) -> None:
    def allowed() -> list[OcrEngine]:
        if not order["ocr"]:
            raise _NeedsOcrError
        _stand_back(_NICE_OCR)
        return engines.load()

    def tell(found: Reading | None) -> None:
        if found is None:
            _stand_back(_NICE_PAGES)
        _say(wire, {} if found is None else {"found": to_json(found)})

    ladder = Ladder(
        allowed,
        tuple(Company(name, tax_id) for name, tax_id in order["companies"]),
        date.fromisoformat(order["today"]),
        tell,
    )
    try:
        _say(wire, {"reading": to_json(ladder.read(data, order["name"]))})
    except _NeedsOcrError:
        _say(wire, {"needs_ocr": True})
    except MemoryError:
        _say(wire, {"reading": to_json(Reading(refusal=Refusal.HOSTILE, name=order["name"]))})


def _say(wire: socket.socket, message: dict[str, Any]) -> None:
    """One message; an empty one says that the work goes on."""
    packed = json.dumps(message).encode()
    wire.sendall(HEAD.pack(len(packed)) + packed)


def _confine(*, forks: bool) -> None:
    """Give up what a reader does not need: other files, time, memory, the network, a life after the parent."""
    os.setsid()
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    # Where the kernel permits neither, what is left is that no reader has code that opens an address.
    if libc.unshare(_NEW_NETWORK) != 0:
        libc.unshare(_NEW_USER | _NEW_NETWORK)
    with open("/proc/self/statm") as pages:
        inherited = int(pages.read().split()[0]) * resource.getpagesize()
    limits = [
        (resource.RLIMIT_AS, inherited + MEMORY),
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_NOFILE, _FILES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 64 * 2**20 if forks else 0),
    ]
    if not forks:
        limits.append((resource.RLIMIT_NPROC, 0))
    for limit, most in limits:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (most, most))
    if forks:
        tempfile.tempdir = os.path.join(tempfile.gettempdir(), str(os.getpid()))
        os.mkdir(tempfile.tempdir)
    landlock.restrict(tempfile.tempdir if forks else None)


def _stand_back(nice: int) -> None:
    """Let others go first; never the other way round."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, max(nice, os.getpriority(os.PRIO_PROCESS, 0)))
