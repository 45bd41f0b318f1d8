"""What a sentence says besides what was understood of it (余下的话): a seller's trade, or nothing at all."""

import re
import unicodedata
from functools import cache

from handlers import trades
from handlers.core import Services, Turn
from locales.catalog import BEIJING
from locales.talk import Talk, talk
from nlu.text.slots import find_slots

_CRITERIA = frozenset({"date", "amount", "seller", "category", "kind", "status"})
_LATIN = re.compile(r"[a-z][a-z'&.-]*", re.IGNORECASE)
_APART = re.compile(r"[\s,，。.;；:：!！?？、~～…()（）「」“”\"'·-]+")
_SHORTEST, _LONGEST = 2, 20  # characters of a name


class _Words:
    """The words that say nothing of what is looked for, in all languages."""

    def __init__(self, said: Talk) -> None:
        small = said.any_of("leftover.small")
        self.edges = re.compile(rf"^{small}+|{small}+$")
        self.whole = frozenset(said.items("leftover.words"))
        self.behind_date = re.compile(rf"^{said.any_of('leftover.behind_date')}+")


@cache
def _words() -> _Words:
    return _Words(talk())


def leftover(turn: Turn, services: Services) -> tuple[str, ...]:
    """The pieces of a sentence that are neither a criterion of a search nor small words; () if none is left."""
    text, today = turn.message.text, turn.now.astimezone(BEIJING).date()
    found_slots = find_slots(text, today=today, sellers=services.understander.sellers)
    spans = sorted((start, end) for start, end, name in found_slots.spans if name in _CRITERIA)
    pieces, at = [], 0
    for start, end in (*spans, (len(text), len(text))):
        pieces.append(text[at:start])
        at = max(at, end)
    found: list[str] = []
    for piece in pieces:
        for part in _APART.split(unicodedata.normalize("NFKC", piece)):
            found += _plain(part)
    return _joined(found)


def bare(text: str) -> str:
    """A name without the small words around it (ホテルだけ → ホテル)."""
    return " ".join(_plain(text.strip()))


def _plain(part: str) -> list[str]:
    """A piece without its small words; several where foreign words stand apart."""
    words = _words()
    if _LATIN.fullmatch(part):
        return [] if part.casefold() in words.whole or len(part) == 1 else [part]
    bare = words.edges.sub("", words.behind_date.sub("", part))
    while bare != part:
        part, bare = bare, words.edges.sub("", bare)
    return [part] if part else []


def _joined(parts: list[str]) -> tuple[str, ...]:
    """Foreign words that stand together are one name."""
    joined: list[str] = []
    for part in parts:
        if joined and _LATIN.fullmatch(part) and _LATIN.fullmatch(joined[-1].split(" ")[-1]):
            joined[-1] += f" {part}"
        else:
            joined.append(part)
    return tuple(joined)


def names(pieces: tuple[str, ...], services: Services) -> tuple[str, ...]:
    """What to look for in sellers' names: the words themselves, and what sellers of that trade are called."""
    if len(pieces) != 1 or not _SHORTEST <= len(pieces[0]) <= _LONGEST:
        return ()
    words = trades.of_word(pieces[0])
    return tuple(dict.fromkeys((pieces[0], *words)))
