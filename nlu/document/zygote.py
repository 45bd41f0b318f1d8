"""The process that children are forked from: libraries and OCR models are loaded once, each document has its own
process all the same. Run as `python -m nlu.document.zygote FD ENGINES`.

Forking is safe here: the interpreter has one thread, and the only other one, which onnxruntime starts when it is
imported, sleeps and holds nothing.
"""

import contextlib
import os
import shutil
import signal
import socket
import sys
import traceback
from types import TracebackType

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_THREAD_LIMIT"):
    os.environ[_name] = "1"

import cv2  # noqa: E402 -- after the environment

from nlu.document import confined  # noqa: E402
from nlu.document.rehearsal import rehearse  # noqa: E402
from nlu.document.talk import WARM  # noqa: E402


def main() -> int:
    """Take orders until the service is gone: a file descriptor with each `read`."""
    cv2.setNumThreads(0)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are reaped by the kernel
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the service decides when we end
    orders = socket.socket(fileno=int(sys.argv[1]))
    engines = confined.Engines(sys.argv[2].split(","))
    rehearse()
    while True:
        message, handles, _, _ = socket.recv_fds(orders, 16, 1)
        if not message:
            shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)  # made for us; the service is no more
            return 0
        if message == WARM:
            engines.load()
        elif handles and os.fork() == 0:
            sys.excepthook = _die
            orders.close()
            _child(socket.socket(fileno=handles[0]), engines)
        for handle in handles:
            os.close(handle)


def _child(wire: socket.socket, engines: confined.Engines) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        confined.serve_one(wire, engines)
    except (BrokenPipeError, ConnectionError, EOFError):
        os._exit(1)  # the service is gone, or no longer wants to know
    os._exit(0)


def _die(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Say where a reader failed, not on what: an error's words may quote the document."""
    places = [f"{os.path.basename(frame.filename)}:{frame.lineno}" for frame in traceback.extract_tb(trace)]
    with contextlib.suppress(OSError):  # a log that is a file may not grow by us
        sys.stderr.write(f"piaoda: a reader failed: {kind.__name__} at {' '.join(places[-4:])}\n")
        sys.stderr.flush()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
