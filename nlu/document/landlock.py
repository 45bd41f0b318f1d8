"""Landlock: the kernel's way to let a process see few files and reach nobody, without any rights of its own."""

import ctypes
import os
import struct
import sysconfig
from collections.abc import Iterable
from pathlib import Path

# System calls; the numbers are the same on all machines that Linux has been brought to since.
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_ASK_VERSION = 1
_PATH_BENEATH = 1
_NO_NEW_RIGHTS = 38  # PR_SET_NO_NEW_PRIVS, without which it may not be used

_EXECUTE, _WRITE, _READ, _LIST = 1, 1 << 1, 1 << 2, 1 << 3
# How many kinds of access to files each version of Landlock knows.
_KINDS = {1: 13, 2: 14, 3: 15, 4: 15}
_MOST_KINDS = 16
_TCP = 0b11  # bind, connect: none is allowed; from version 4
_SCOPES = 0b11  # abstract sockets and signals stay inside; from version 6
_OWN = Path(__file__).parents[2]
_SYSTEM = (
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/bin", "/usr/local/bin", "/usr/share",
    "/etc/fonts",
)  # fmt: skip


def version() -> int:
    """What the kernel offers: 0 or less for nothing, 6 and more for all that is used here."""
    return int(ctypes.CDLL(None, use_errno=True).syscall(_CREATE, None, 0, _ASK_VERSION))


def restrict(folder: str | None) -> bool:
    """Let this process, for ever, read only code and fonts, and write only below `folder`, run programs only with one.

    False where the kernel has no Landlock; nothing is restricted then.
    """
    offered = version()
    if offered < 1:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    every = (1 << _KINDS.get(offered, _MOST_KINDS)) - 1
    rules = struct.pack("QQQ", every, _TCP, _SCOPES)[: 8 if offered < 4 else 16 if offered < 6 else 24]
    ruleset = libc.syscall(_CREATE, rules, len(rules), 0)
    if ruleset < 0:
        return False
    reading = _READ | _LIST | (_EXECUTE if folder else 0)
    _allow(libc, ruleset, _code(), reading)
    _allow(libc, ruleset, ("/dev/null",), (_READ | _WRITE) & every)
    _allow(libc, ruleset, ("/dev/urandom",), _READ)
    _allow(libc, ruleset, (folder,) if folder else (), every)
    libc.prctl(_NO_NEW_RIGHTS, 1, 0, 0, 0)
    done: bool = libc.syscall(_RESTRICT, ruleset, 0) == 0
    os.close(ruleset)
    return done


def _code() -> Iterable[str]:
    """Where modules, libraries, programs and fonts are; not our own root, where settings and data may lie."""
    yield from _SYSTEM
    yield from (str(_OWN / name) for name in ("nlu", "fapiao"))
    paths = sysconfig.get_paths()
    yield from {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}


def _allow(libc: ctypes.CDLL, ruleset: int, paths: Iterable[str], access: int) -> None:
    for path in paths:
        try:
            handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:  # not on this machine
            continue
        rule = struct.pack("=Qi", access, handle)
        libc.syscall(_ADD, ruleset, _PATH_BENEATH, rule, 0)
        os.close(handle)
