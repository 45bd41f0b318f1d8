"""A process that reads one document and can do little else: the child of the sandbox (沙箱)."""

import contextlib
import ctypes
import json
import os
import resource
import signal
import socket
import struct
from datetime import date
from typing import Any

from fapiao.checks import Company
from nlu.document.ocr import OcrEngine, make_engine
from nlu.document.read import Ladder
from nlu.document.reading import Reading, Refusal, to_json

HEAD = struct.Struct("!I")  # length of what follows
MEMORY = 1_200 * 2**20  # bytes that a child may take beyond what it inherits
_CPU_SECONDS = 60
_FILES = 64
_NEW_NETWORK = 0x40000000  # CLONE_NEWNET: a network of its own with nothing in it
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


def serve_one(wire: socket.socket, engines: list[OcrEngine], names: tuple[str, ...]) -> None:
    """Read the document that comes over the wire and answer; never returns to the caller's loop."""
    _confine()
    wire.sendall(HEAD.pack(os.getpid()))
    header: dict[str, Any] = json.loads(read_all(wire, HEAD.unpack(read_all(wire, HEAD.size))[0]))
    data = read_all(wire, HEAD.unpack(read_all(wire, HEAD.size))[0])
    ladder = Ladder(
        lambda: loaded(engines, names),
        tuple(Company(name, tax_id) for name, tax_id in header["companies"]),
        date.fromisoformat(header["today"]),
    )
    try:
        reading = ladder.read(data, header["name"])
    except MemoryError:
        reading = Reading(refusal=Refusal.HOSTILE, name=header["name"])
    answer = json.dumps(to_json(reading)).encode()
    wire.sendall(HEAD.pack(len(answer)) + answer)


def loaded(engines: list[OcrEngine], names: tuple[str, ...]) -> list[OcrEngine]:
    """The OCR engines, made and warmed when first needed."""
    for name in names[len(engines) :]:
        engine = make_engine(name)
        engine.warm()
        engines.append(engine)
    return engines


def _confine() -> None:
    """Give up what a reader does not need: other files, time, memory, the network, a life after the parent."""
    os.setsid()
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    # Where the kernel does not permit it we have no network code to run anyway: readers open no addresses.
    libc.unshare(_NEW_NETWORK)
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
