"""Guessing noticed (防猜号): numbers that are not there are counted; after some in an hour we stop looking."""

from datetime import timedelta

from handlers.core import Button, Outcome, Turn
from locales.catalog import BEIJING

MOST = 10  # numbers in an hour that are not there, after which we say stop
_HOUR = timedelta(hours=1)


def counted(turn: Turn, number: str) -> Turn:
    """The turn, with one more number that is not the asker's; the same one twice in a row counts once."""
    count, since, last = _misses(turn)
    if number == last:
        return turn
    return turn.remember(misses=[count + 1, since, number])


def too_many(turn: Turn, number: str) -> bool:
    """Whether this chat has named so many unknown numbers that a further one is not looked up."""
    count, _, last = _misses(turn)
    return count >= MOST and number != last


def stop(turn: Turn) -> Outcome:
    """The answer instead of a look-up."""
    return turn.say("status.too_many", Button("button.human", "human"))


def _misses(turn: Turn) -> tuple[int, str, str]:
    """(how many, since when, the last one), within the last hour."""
    now = turn.now.astimezone(BEIJING)
    match turn.conversation.slots.get("misses"):
        case [int(count), str(since), str(last)] if since >= (now - _HOUR).isoformat():
            return count, since, last
    return 0, now.isoformat(), ""
