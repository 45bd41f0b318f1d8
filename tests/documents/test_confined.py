"""What a reader may do once it is shut in: little."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nlu.document import landlock

ROOT = Path(__file__).parents[2]

TRIED = """
import errno, os, resource, signal, socket, subprocess, sys
from nlu.document import confined, landlock
secret, forks = sys.argv[1], sys.argv[2] == "forks"
confined._confine(forks=forks)

def attempt(name, call):
    try:
        call()
    except MemoryError:
        print(name, "no memory")
    except OSError as error:
        print(name, errno.errorcode[error.errno])
    else:
        print(name, "done")

attempt("memory", lambda: bytearray(2 * 2**30))
attempt("connect", lambda: socket.create_connection(("192.0.2.1", 80), timeout=1))
attempt("call", lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 53)))
attempt("write", lambda: open(secret + ".new", "wb", buffering=0).write(b"x"))
attempt("read", lambda: open(secret).read())
attempt("list", lambda: os.listdir("/"))
attempt("environment", lambda: open(f"/proc/{os.getppid()}/environ").read())
attempt("signal", lambda: os.kill(os.getppid(), 0))
attempt("code", lambda: open(landlock.__file__).read())
attempt("run", lambda: subprocess.run(["true"], check=True))
attempt("open", lambda: [open(os.devnull) for _ in range(64)])
"""


def _tried(forks: str, secret: Path, folder: Path) -> dict[str, str]:
    secret.write_text("of ours")
    done = subprocess.run(
        [sys.executable, "-c", TRIED, secret, forks], capture_output=True, text=True, check=True, cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder)},
    )  # fmt: skip
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


@pytest.mark.skipif(landlock.version() < 6, reason="the kernel has no Landlock of version 6")
def test_a_child_can_do_little(tmp_path: Path) -> None:
    """No more memory than its share, no way to another machine, no file but code, no sign to others."""
    (tmp_path / "own").mkdir()
    got = _tried("alone", tmp_path / "secret", tmp_path / "own")
    assert got.pop("run") != "done"
    assert got == {
        "memory": "no memory", "connect": "EACCES", "call": "ENETUNREACH", "write": "EACCES", "read": "EACCES",
        "list": "EACCES", "environment": "EACCES", "signal": "EPERM", "code": "done", "open": "EMFILE",
    }  # fmt: skip


@pytest.mark.skipif(landlock.version() < 6, reason="the kernel has no Landlock of version 6")
def test_tesseract_is_a_program_of_its_own(tmp_path: Path) -> None:
    """With it a child may run programs; what it writes lies in a folder that is removed after it."""
    (tmp_path / "own").mkdir()
    got = _tried("forks", tmp_path / "secret", tmp_path / "own")
    assert got["run"] == "done"
    assert (got["read"], got["write"], got["signal"]) == ("EACCES", "EACCES", "EPERM")
