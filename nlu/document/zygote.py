"""The process that children are forked from: libraries and OCR models are loaded once, each document has its own
process all the same. Run as `python -m nlu.document.zygote FD ENGINES`; one thread, so that forking is safe.
"""

import os
import signal
import socket
import sys

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_THREAD_LIMIT"):
    os.environ[_name] = "1"

import cv2  # noqa: E402 -- after the environment

from nlu.document import confined  # noqa: E402
from nlu.document.ocr import OcrEngine  # noqa: E402

WARM = b"warm"
READ = b"read"


def main() -> int:
    """Take orders until the service is gone: a file descriptor with each `read`."""
    cv2.setNumThreads(0)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are reaped by the kernel
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the service decides when we end
    orders = socket.socket(fileno=int(sys.argv[1]))
    names = tuple(sys.argv[2].split(","))
    engines: list[OcrEngine] = []
    while True:
        message, handles, _, _ = socket.recv_fds(orders, 16, 1)
        if not message:
            return 0
        if message == WARM:
            confined.loaded(engines, names)
        elif handles and os.fork() == 0:
            orders.close()
            _child(socket.socket(fileno=handles[0]), engines, names)
        for handle in handles:
            os.close(handle)


def _child(wire: socket.socket, engines: list[OcrEngine], names: tuple[str, ...]) -> None:
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        confined.serve_one(wire, engines, names)
        status = 0
    except (OSError, EOFError, ValueError):
        pass  # the service is gone, or has killed what it no longer wants
    finally:
        os._exit(status)


if __name__ == "__main__":
    sys.exit(main())
