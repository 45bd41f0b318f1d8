"""Whether we may write first: the platform's windows and counts (客服消息时限与条数), as we saw them."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.channels.wechat.incoming import Contact

_GRANTS = {
    Contact.MESSAGE: (48 * 3600 - 60, 5),  # seconds, messages
    Contact.PRESS: (60 - 2, 3),
}
_CHATS = 50_000


@dataclass(slots=True)
class _Window:
    grants: dict[Contact, tuple[float, int]] = field(default_factory=dict)  # until when, how many are left
    language: str = "zh"


class Windows:
    """Kept in memory: a node that has not seen the user lets the platform decide."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._chats: OrderedDict[str, _Window] = OrderedDict()

    def touch(self, user: str, contact: Contact) -> None:
        """The user has done something."""
        grant = _GRANTS.get(contact)
        if grant is not None:
            seconds, count = grant
            self._window(user).grants[contact] = (self._clock() + seconds, count)

    def is_open(self, user: str) -> bool | None:
        """Whether a message may go now; None if we cannot know."""
        window = self._chats.get(user)
        if window is None or not window.grants:
            return None
        now = self._clock()
        return any(left > 0 and until > now for until, left in window.grants.values())

    def spend(self, user: str) -> None:
        """A message has gone. It counts on every grant: whether they add up is not documented."""
        if window := self._chats.get(user):
            window.grants = {kind: (until, left - 1) for kind, (until, left) in window.grants.items()}

    def close(self, user: str) -> None:
        """The platform says that the window is closed or used up."""
        self._window(user).grants = {Contact.MESSAGE: (0.0, 0)}

    def language(self, user: str) -> str:
        """The language of our last words to the user."""
        window = self._chats.get(user)
        return window.language if window else "zh"

    def speak(self, user: str, language: str) -> None:
        """Remember the language of our words."""
        self._window(user).language = language

    def _window(self, user: str) -> _Window:
        window = self._chats.get(user)
        if window is None:
            window = self._chats[user] = _Window()
            if len(self._chats) > _CHATS:
                self._chats.popitem(last=False)
        else:
            self._chats.move_to_end(user)
        return window
