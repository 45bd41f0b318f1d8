"""A reader that works is waited for however slow the machine is; one that hangs is not."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from nlu.document.patience import Patience, work_of

BUSY = "while True: pass"
IDLE = "import time; time.sleep(60)"
BUSY_HELPER = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass'])"


@contextmanager
def session(code: str) -> Iterator[int]:
    """A process that leads a session of its own, ended with all it has started."""
    process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    try:
        yield process.pid
    finally:
        os.killpg(process.pid, 9)
        process.wait()


def until_it_has_had(pid: int, seconds: float) -> None:
    while (work := work_of(pid)) is None or work.seconds < seconds:
        time.sleep(0.02)


def test_who_works_may_go_on_until_the_time_is_used_up() -> None:
    with session(BUSY) as pid:
        patience = Patience(pid, 5.0)
        until_it_has_had(pid, 0.2)
        assert 4.0 < patience.more() < 5.0
        patience = Patience(pid, 0.1)
        until_it_has_had(pid, 0.5)
        assert patience.more() == 0.0


def test_the_work_of_programs_it_has_started_counts() -> None:
    with session(BUSY_HELPER) as pid:
        patience = Patience(pid, 5.0)
        until_it_has_had(pid, 0.3)
        assert patience.more() > 0.0


def test_who_does_nothing_hangs() -> None:
    with session(IDLE) as pid:
        until_it_has_had(pid, 0.01)
        while (work := work_of(pid)) is None or work.wants:  # until it sleeps
            time.sleep(0.02)
        assert Patience(pid, 1.0).more() == 0.0


def test_patience_has_an_end_by_the_clock() -> None:
    with session(BUSY) as pid:
        patience = Patience(pid, 1000.0)
        granted = [patience.more() for _ in range(8)]
        assert granted[0] > 900
        assert granted[-1] == 0.0


def test_nobody_is_waited_for() -> None:
    assert Patience(2**22 + 1, 1.0).more() == 0.0
