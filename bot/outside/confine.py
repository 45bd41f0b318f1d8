"""Runs a program under hard limits: `python confine.py PROGRAM ARGUMENT…`; it becomes that program.

A file of its own because limits must be set between fork and exec, and code there is unsafe in a process
with threads. It imports nothing of ours, so it starts in a few milliseconds.
"""

import os
import resource
import sys

CPU_SECONDS = 15
MEMORY = 768 * 1024 * 1024  # bytes of address space; the decoder's libraries alone map about 400 MB
OPEN_FILES = 32
CANNOT_RUN = 127  # as the shell says it


def main() -> None:
    """Set the limits, then become the program."""
    for limit, value in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_FSIZE, 0),  # it answers through a pipe and writes no file at all
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))
    try:
        os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606 - no shell is what we want
    except OSError:
        sys.exit(CANNOT_RUN)


if __name__ == "__main__":
    main()
