"""A process that reads one document and can do little else: the child of the sandbox (沙箱)."""

import contextlib
import ctypes
import json
import os
import resource
import signal
import socket
import struct
import sys
from collections.abc import Sequence
from datetime import date
from typing import Any

from fapiao.checks import Company
from nlu.document.ocr import EngineMissingError, OcrEngine, make_engine
from nlu.document.read import Ladder
from nlu.document.reading import Reading, Refusal, to_json

HEAD = struct.Struct("!I")  # length of what follows
BEAT = HEAD.pack(0)  # instead of an answer: another page is done
MEMORY = 1_200 * 2**20  # bytes that a child may take beyond what it inherits
_CPU_SECONDS = 300  # over all pages; the parent watches the clock page by page
_FILES = 64
_NEW_NETWORK = 0x40000000  # CLONE_NEWNET: a network of its own with nothing in it
_NEW_USER = 0x10000000  # CLONE_NEWUSER: what lets others than root have one
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


def read_all(wire: socket.socket, length: int) -> bytes:
    """Exactly so many bytes; raises EOFError if the other end is gone."""
    parts = bytearray()
    while len(parts) < length:
        part = wire.recv(min(1 << 20, length - len(parts)))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


class _NeedsOcrError(Exception):
    """There is no way on without OCR, which was not allowed."""


class Engines:
    """The OCR engines, loaded when first needed; one that is not installed is left out."""

    def __init__(self, names: Sequence[str]) -> None:
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
    """Read the document that comes over the wire and answer."""
    _confine()
    wire.sendall(HEAD.pack(os.getpid()))
    header: dict[str, Any] = json.loads(read_all(wire, HEAD.unpack(read_all(wire, HEAD.size))[0]))
    data = read_all(wire, HEAD.unpack(read_all(wire, HEAD.size))[0])

    def allowed() -> list[OcrEngine]:
        if not header["ocr"]:
            raise _NeedsOcrError
        return engines.load()

    ladder = Ladder(
        allowed,
        tuple(Company(name, tax_id) for name, tax_id in header["companies"]),
        date.fromisoformat(header["today"]),
        lambda found: _say(wire, {} if found is None else {"found": to_json(found)}),
    )
    try:
        _say(wire, {"reading": to_json(ladder.read(data, header["name"]))})
    except _NeedsOcrError:
        _say(wire, {"needs_ocr": True})
    except MemoryError:
        _say(wire, {"reading": to_json(Reading(refusal=Refusal.HOSTILE, name=header["name"]))})


def _say(wire: socket.socket, message: dict[str, Any]) -> None:
    """One message; an empty one says that the work goes on."""
    packed = json.dumps(message).encode()
    wire.sendall(HEAD.pack(len(packed)) + packed)


def _confine() -> None:
    """Give up what a reader does not need: other files, time, memory, the network, a life after the parent."""
    os.setsid()
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    # Where the kernel permits neither, what is left is that no reader has code that opens an address.
    if libc.unshare(_NEW_NETWORK) != 0:
        libc.unshare(_NEW_USER | _NEW_NETWORK)
    with contextlib.suppress(OSError):
        os.nice(5)
    with open("/proc/self/statm") as pages:
        inherited = int(pages.read().split()[0]) * resource.getpagesize()
    for limit, most in (
        (resource.RLIMIT_AS, inherited + MEMORY),
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_NOFILE, _FILES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 64 * 2**20),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (most, most))
