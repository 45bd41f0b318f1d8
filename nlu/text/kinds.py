"""Words of a sentence that name one of a few things (票种, 状态, 类别): kinds, states, categories, languages."""

from collections.abc import Iterable, Set
from dataclasses import dataclass

from nlu.text.expressions import Expression
from nlu.text.slot_words import SlotWords, alternatives
from nlu.text.triggers import Gate, needs

_BEFORE = 60  # characters before a word that may deny it or ask about it


@dataclass(frozen=True, slots=True)
class Named:
    """A name with the place of the word for it."""

    start: int
    end: int
    name: str


class Vocabulary:
    """Names with the words for them: a mapping name → list in the language files."""

    def __init__(self, words: SlotWords, place: str) -> None:
        self.names = frozenset(words.names(place))
        patterns = [(name, alternatives(items)) for name, items in words.named(place).items()]
        self._gate = Gate(((name, words.compiled(pattern)), needs(pattern)) for name, pattern in patterns)

    @property
    def needed(self) -> frozenset[str]:
        """The pieces of a text that are looked for."""
        return self._gate.needed

    def find(self, text: str, present: Set[str]) -> list[Named]:
        """Every word in folded text, by place; `present` are the pieces of the text."""
        found = [
            Named(match.start(), match.end(), name)
            for name, pattern in self._gate.possible(present)
            for match in pattern.finditer(text)
        ]
        return sorted(found, key=lambda each: (each.start, each.end))


class Denial:
    """Whether a word is denied: 不是专票, 専用ではなく."""

    def __init__(self, words: SlotWords, *places: str) -> None:
        before = [item for place in places for item in words.items(f"{place}.before")]
        after = [item for place in places for item in words.items(f"{place}.after")]
        self._before = words.compiled(rf"{alternatives(before)}\s*$")
        self._after = words.compiled(alternatives(after))

    def of(self, text: str, found: Named) -> bool:
        """Whether what was found at a place of folded text is not meant."""
        before = max(0, found.start - _BEFORE)
        return (
            self._after.match(text, found.end) is not None
            or self._before.search(text, before, found.start) is not None
        )


class Doubt:
    """Whether a word is denied or asked about, and so no filter: 不是专票, 是专票还是普票, is it reimbursed?"""

    def __init__(self, words: SlotWords, place: str) -> None:
        self._denial = Denial(words, "denied", "changed")
        self._asked_before = words.before(f"{place}.asked_before")
        self._asked_after = words.after(f"{place}.asked_after")
        self._asked_from = words.before(f"{place}.asked_from")
        self._asked_to = words.after(f"{place}.asked_to")
        self._either = words.compiled(rf"\s*{words.any_of(f'{place}.either')}\s*")
        self._or = words.compiled(rf"\s*{words.any_of(f'{place}.or')}\s*")

    def sure(self, text: str, found: Iterable[Named]) -> list[Named]:
        """What of `found` is meant."""
        kept: list[Named] = []
        previous: Named | None = None
        asked = False
        for each in found:
            asked = asked and previous is not None and _joined(self._or, text, previous, each)
            if previous is not None and self._is_choice(text, previous, each):
                kept = [other for other in kept if other is not previous]
                asked = True
            asked = asked or self._asked(text, each)
            if not asked and not self._denial.of(text, each):
                kept.append(each)
            previous = each
        return kept

    def _is_choice(self, text: str, one: Named, other: Named) -> bool:
        """Whether two words are two answers to choose from: 专票还是普票, "paper or electronic?"."""
        if _joined(self._either, text, one, other):
            return True
        return "?" in text[other.end : other.end + 20] and _joined(self._or, text, one, other)

    def _asked(self, text: str, found: Named) -> bool:
        before = max(0, found.start - _BEFORE)
        if self._asked_after.match(text, found.end) or self._asked_before.search(text, before, found.start):
            return True
        return (
            self._asked_to.match(text, found.end) is not None
            and self._asked_from.search(text, before, found.start) is not None
        )


def _joined(pattern: Expression, text: str, one: Named, other: Named) -> bool:
    return one.end <= other.start and pattern.fullmatch(text, one.end, other.start) is not None
