"""How long the service waits for a silent reader: by the processor time it has had, so that a busy machine fails no
good document.
"""

import os
from dataclasses import dataclass

_TIMES = 6  # as long by the clock as by the processor, at most
_SHARE = 0.02  # of the time that passed; who had less, and does not wait for the processor, hangs
_LEAST = 0.2  # seconds between two looks
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Work:
    """What the processes of a session have done: seconds on the processor, and whether one wants it now."""

    seconds: float
    wants: bool


def work_of(session: int) -> Work | None:
    """The work of a session's processes, a reader and the OCR programs it has started; None if there are none."""
    found = [work for entry in os.listdir("/proc") if entry.isdigit() and (work := _work(entry, session))]
    return Work(sum(work.seconds for work in found), any(work.wants for work in found)) if found else None


def _work(process: str | int, session: int) -> Work | None:
    try:
        with open(f"/proc/{process}/stat", "rb") as stat:
            fields = stat.read().rpartition(b")")[2].split()
    except OSError:  # it has just ended
        return None
    if int(fields[3]) != session:
        return None
    return Work(sum(map(int, fields[11:15])) / _TICKS, fields[0] in (b"R", b"D"))


class Patience:
    """Grants a silent reader time, slice by slice, until it has had `seconds` of the processor or hangs."""

    def __init__(self, session: int, seconds: float) -> None:
        self._session = session
        self._seconds = seconds
        self._waited = self._slice = seconds
        start = _work(session, session)
        self._first = self._last = 0.0 if start is None else start.seconds

    def more(self) -> float:
        """The seconds that it may be silent on, once those granted are over; 0 when that is enough."""
        work = work_of(self._session)
        if work is None or self._waited >= _TIMES * self._seconds:
            return 0.0
        had, moved = work.seconds - self._first, work.seconds - self._last
        if had >= self._seconds or not (work.wants or moved >= _SHARE * self._slice):
            return 0.0
        self._last = work.seconds
        self._slice = max(_LEAST, self._seconds - had)
        self._waited += self._slice
        return self._slice
