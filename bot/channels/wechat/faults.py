"""What an error code (errcode) of the platform means, and for how long to leave it alone."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from handlers.core import (
    DeliveryError,
    NeedsContactError,
    RecipientGoneError,
    RetryLaterError,
    UndeliverableError,
)

BUSY = -1
TOKEN = frozenset({40001, 40014, 42001})
SET_UP = frozenset({40013, 40125, 40164})  # AppID, secret, IP whitelist: an operator has to act
DAY_QUOTA = 45009
MINUTE_QUOTA = 45011
MEDIA_GONE = 40007
CONTENT_REFUSED = 87014
NO_RIGHT = frozenset({48001, 48004, 40200})
WINDOW_CLOSED = frozenset({45015, 45047})
NO_CONSENT = 43101
USER_LIMITED = 50002  # may come back
USER_GONE = frozenset({40003, 43004, 43019})
OUR_CONTENT = frozenset({44004, 45002, 40008, 47001, 47003})
OUR_UPLOAD = frozenset({40004, 40006, 40009, 41005})

_SET_UP_PAUSE = 300.0  # seconds; each try costs quota
_TOKEN_PAUSE = 60.0
_BUSY_PAUSE = 10.0
_UNKNOWN_PAUSE = 60.0
_EVERY_PATH = ""
_BEIJING = ZoneInfo("Asia/Shanghai")

_log = structlog.get_logger()


class ApiError(Exception):
    """The platform refused a call."""

    def __init__(self, code: int) -> None:
        super().__init__(f"errcode {code}")
        self.code = code


class Circuit:
    """Holds calls back that the platform would refuse: of one path for quotas, else of every path."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._open: dict[str, tuple[float, str]] = {}  # path → until (time.monotonic()), reason

    @property
    def is_open(self) -> bool:
        """Whether any calls are held back."""
        return any(until > time.monotonic() for until, _ in self._open.values())

    def check(self, path: str = "") -> None:
        """Raise RetryLaterError while open."""
        for place in {_EVERY_PATH, path}:
            until, reason = self._open.get(place, (0.0, ""))
            if (left := until - time.monotonic()) > 0:
                raise RetryLaterError(left, reason)

    def trip(self, code: int, path: str) -> RetryLaterError | None:
        """Open for as long as `code` demands, and give the error to raise; None if it concerns one call."""
        if code == DAY_QUOTA:
            seconds = _until_midnight(self._now())
        elif code == MINUTE_QUOTA:
            seconds = 60.0 - self._now().second
        elif code in SET_UP:
            seconds = _SET_UP_PAUSE
        elif code in TOKEN:
            seconds = _TOKEN_PAUSE
        else:
            return None
        place = path if code in (DAY_QUOTA, MINUTE_QUOTA) else _EVERY_PATH
        reason = f"errcode {code}"
        self._open[place] = (time.monotonic() + seconds, reason)
        _log.error("wechat.circuit_open", errcode=code, path=place, seconds=round(seconds))
        return RetryLaterError(seconds, reason)


def _until_midnight(now: datetime) -> float:
    """Seconds until the quotas of the day start anew, at midnight in Beijing."""
    local = now.astimezone(_BEIJING)
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - local).total_seconds() + 1


def delivery_error(code: int) -> DeliveryError:
    """The DeliveryError that a refused message amounts to."""
    reason = f"errcode {code}"
    if code in WINDOW_CLOSED or code in NO_RIGHT or code == NO_CONSENT:
        return NeedsContactError(reason)
    if code in USER_GONE:
        return RecipientGoneError(reason)
    if code == USER_LIMITED:
        return UndeliverableError(reason)
    if code in OUR_CONTENT or code == CONTENT_REFUSED:
        _log.error("wechat.content_refused", errcode=code)
        return UndeliverableError(reason)
    if code == BUSY:
        return RetryLaterError(_BUSY_PAUSE, reason)
    _log.error("wechat.unknown_errcode", errcode=code)
    return RetryLaterError(_UNKNOWN_PAUSE, reason)
