"""How much one browser may ask for (限流), so that none of them can wear out the others."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

_MOST = 20_000  # that are remembered


class Allowance:
    """So many units at once, and so many more a second, for each key."""

    def __init__(self, burst: float, a_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst = burst
        self._a_second = a_second
        self._clock = clock
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, key: Hashable, units: float = 1) -> bool:
        """Whether `key` may have `units` now; what it may have is then taken."""
        now = self._clock()
        left, at = self._left.pop(key, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._a_second)
        granted = left >= units
        self._left[key] = (left - units if granted else left, now)
        if len(self._left) > _MOST:
            self._left.popitem(last=False)
        return granted
