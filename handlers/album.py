"""Albums (相册): pictures that were sent together arrive one by one and are answered together."""

import asyncio
from dataclasses import dataclass, field

from storage.messages import Claim
from storage.records import ChatId, Message

_QUIET = 1.0  # seconds without a further part
_LONGEST = 6.0


@dataclass(slots=True)
class _Album:
    parts: list[tuple[Message, Claim]] = field(default_factory=list)
    grown: asyncio.Event = field(default_factory=asyncio.Event)


class Albums:
    """Collects the parts of albums while they come in."""

    def __init__(self) -> None:
        self._open: dict[tuple[ChatId, str], _Album] = {}

    async def collect(self, message: Message, claim: Claim) -> list[tuple[Message, Claim]] | None:
        """All parts in the order they were sent, for the first part; None for the others."""
        key = (message.chat, message.album or "")
        album = self._open.get(key)
        if album is not None:
            album.parts.append((message, claim))
            album.grown.set()
            return None
        album = self._open[key] = _Album([(message, claim)])
        loop = asyncio.get_running_loop()
        end = loop.time() + _LONGEST
        try:
            while loop.time() < end:
                async with asyncio.timeout(_QUIET):
                    await album.grown.wait()
                album.grown.clear()
        except TimeoutError:
            pass
        finally:
            del self._open[key]
        return sorted(album.parts, key=lambda part: part[1].id)
