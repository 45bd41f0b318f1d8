"""Which pieces a text must have for a regular expression to match: most expressions need not be tried."""

import re
from collections.abc import Iterable, Set
from math import inf, prod
from typing import Generic, TypeVar

_ATOM = re.compile(r"\\.|\[(?:\\.|[^\]\\])+\]|.", re.DOTALL)
_QUANTIFIER = re.compile(r"[?*+]|\{\d*,?\d*\}")
_MAYBE_NONE = re.compile(r"[?*]|\{0?,\d*\}|\{0\}")
_NO_CHARACTER = frozenset("^$.")
_PLAIN_WORD = re.compile(r"\\b([a-z][a-z' ]*?)(?:s\?)?\\b")
_PLAIN_START = re.compile(r"\\b([a-z][a-z' ]*)\\w[*+]")

_LATIN = re.compile(r"[\x00-\x7f]{3}")
# A rough share of texts that have a piece of so many Chinese characters; of Latin pieces the letters tell.
_USUAL = (0.08, 0.01, 0.01)
_LETTERS = {" ": 0.18} | dict(zip("etaoinsrhldcumfpgwybvk", (
    0.1, 0.075, 0.065, 0.062, 0.057, 0.057, 0.053, 0.05, 0.05, 0.033, 0.033, 0.023, 0.023, 0.02, 0.018, 0.015, 0.015, 0.013,
    0.013, 0.01, 0.008, 0.005,
), strict=True))  # fmt: skip
_RARE_LETTER = 0.004
_USUAL_LENGTH = 40
_COMMON = {
    "票": 0.5,
    "发": 0.4,
    "发票": 0.3,
    "的": 0.4,
    "我": 0.4,
    "不": 0.3,
    "了": 0.3,
    "い": 0.4,
    "て": 0.4,
}
# Of words that stand in every other message, all pieces are common.
_EVERYDAY = (
    " the ",
    " invoice",
    " receipt",
    " fapiao",
    " that ",
    " this ",
    " have ",
    " what ",
    "ing ",
    " not ",
    " back ",
)
_COMMON |= {word[at : at + 3]: 0.3 for word in _EVERYDAY for at in range(len(word) - 2)}

_MOST_NEEDS = 4

T = TypeVar("T")
Triggers = frozenset[str]
ALWAYS: Triggers = frozenset()


def plain_word(pattern: str) -> str | None:
    r"""Return the word of `\bword\b` or `\bwords?\b`."""
    found = _PLAIN_WORD.fullmatch(pattern)
    return found[1] if found else None


def plain_start(pattern: str) -> str | None:
    r"""Return the beginning of words of `\bbegin\w*`."""
    found = _PLAIN_START.fullmatch(pattern)
    return found[1] if found else None


def triggers(pattern: str) -> Triggers:
    """Return pieces of text one of which every match has; empty if no such set is plain to see."""
    found, end = _alternatives(pattern, 0)
    return found if end == len(pattern) else ALWAYS


def needs(pattern: str) -> tuple[Triggers, ...]:
    """Return sets of pieces, rarest first, of each of which every match has one; none if none is plain to see."""
    found, end = _parts(pattern, 0)
    if end < len(pattern):  # alternatives
        whole = triggers(pattern)
        return (whole,) if whole else ()
    return tuple(sorted(dict.fromkeys(found), key=_commonness)[:_MOST_NEEDS])


def _alternatives(pattern: str, at: int) -> tuple[Triggers, int]:
    """Read alternatives up to the closing bracket or the end: one trigger of each alternative is needed."""
    union: set[str] = set()
    sure = True
    while True:
        found, at = _sequence(pattern, at)
        sure = sure and bool(found)
        union |= found
        if at >= len(pattern) or pattern[at] == ")":
            return (frozenset(union) if sure else ALWAYS), at
        at += 1  # past the bar


def _sequence(pattern: str, at: int) -> tuple[Triggers, int]:
    """Read one alternative: the rarest triggers among its parts are enough."""
    found, at = _parts(pattern, at)
    best, least = ALWAYS, inf
    for each in found:
        if (common := _commonness(each)) < least:
            best, least = each, common
    return best, at


def _parts(pattern: str, at: int) -> tuple[list[Triggers], int]:
    """Read one alternative: the triggers of each of its parts that must be there."""
    parts: list[Triggers] = []
    run = ""  # characters that follow each other in every match
    while at < len(pattern) and pattern[at] not in "|)":
        if pattern[at] == "(":
            found, at = _group(pattern, at + 1)
        else:
            atom = _ATOM.match(pattern, at)
            assert atom is not None
            found, at = _characters(atom[0]), atom.end()
        quantifier = _QUANTIFIER.match(pattern, at)
        if quantifier is not None:
            at = quantifier.end() + (pattern[quantifier.end() : quantifier.end() + 1] == "?")
            if _MAYBE_NONE.fullmatch(quantifier[0]):
                found = ALWAYS
        single = next(iter(found)) if len(found) == 1 and quantifier is None else ""
        if len(single) == 1:
            run += single
            found = frozenset((_piece(run),))
        else:
            run = ""
        if found:
            parts.append(found)
    return parts, at


def _piece(run: str) -> str:
    """Return the last piece of a run that `pieces` finds in a text."""
    return run[-3:] if run[-3:].isascii() else run[-2:]


def pieces(text: str) -> set[str]:
    """Return all pieces of a text that can be triggers: characters, pairs, and threes of Latin letters."""
    pairs = {text[at : at + 2] for at in range(len(text) - 1)}
    threes = {text[at : at + 3] for at in range(len(text) - 2)} if _LATIN.search(text) else ()
    return {"", *text, *pairs, *threes}


class Gate(Generic[T]):
    """Things with triggers, of which only those that can match a text are tried."""

    def __init__(self, things: Iterable[tuple[T, tuple[Triggers, ...]]]) -> None:
        """Each thing with what it needs, as `needs` tells it."""
        self._things: list[T] = []
        self._also: list[tuple[Triggers, ...]] = []
        self._always: list[int] = []
        self._by_piece: dict[str, list[int]] = {}
        for place, (thing, (first, *others)) in enumerate(
            (thing, needs or (ALWAYS,)) for thing, needs in things
        ):
            self._things.append(thing)
            self._also.append(tuple(others))
            if not first:
                self._always.append(place)
            for piece in first:
                self._by_piece.setdefault(piece, []).append(place)

    @property
    def needed(self) -> frozenset[str]:
        """The pieces that are looked for; others need not be handed to `possible`."""
        return frozenset(self._by_piece).union(*(each for others in self._also for each in others))

    def possible(self, present: Set[str]) -> list[T]:
        """The things that a text with these pieces can match, in their order."""
        found = set(self._always)
        for piece in self._by_piece.keys() & present:
            found.update(self._by_piece[piece])
        return [
            self._things[place]
            for place in sorted(found)
            if not any(also.isdisjoint(present) for also in self._also[place])
        ]


def _commonness(found: Triggers) -> float:
    return sum(_COMMON.get(piece) or _usual(piece) for piece in found)


def _usual(piece: str) -> float:
    if not piece.isascii():
        return _USUAL[len(piece) - 1]
    chance = prod(_LETTERS.get(char, _RARE_LETTER) for char in piece)
    return min(0.9, chance * _USUAL_LENGTH)


def _group(pattern: str, at: int) -> tuple[Triggers, int]:
    looks = pattern[at : at + 2] in ("?=", "?!", "?<")
    if pattern[at] == "?":
        at += 3 if pattern[at : at + 3] in ("?<=", "?<!") else 2
    found, at = _alternatives(pattern, at)
    return (ALWAYS if looks else found), at + 1


def _characters(atom: str) -> Triggers:
    if atom[0] == "[":
        inner = atom[1:-1]
        return ALWAYS if inner[0] == "^" or "-" in inner or "\\" in inner else frozenset(inner)
    if atom[0] == "\\":
        return ALWAYS if atom[1].isalnum() else frozenset(atom[1])
    return ALWAYS if atom in _NO_CHARACTER else frozenset(atom)
