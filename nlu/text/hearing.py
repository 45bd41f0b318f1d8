"""Repairs Chinese characters that only sound right (同音字): what keyboards and voice input make of a message."""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable

from nlu.text.features import exact_sounds, sounds

_DIGIT = re.compile(r"\d")
_START, _END = "^", "$"
# What a pair that was seen says for itself, more if it was seen often or makes a word of a concept.
_SEEN, _OFTEN, _WORD = 0.7, 0.2, 0.5
_LONGEST_WORD = 4
# What each changed character must be worth; more if an accent must have changed its sound too (zhang, zan).
_CHANGED, _CONFUSED = 1.0, 1.8
_MOST_FIRST = 6
# Of a long message enough is right, and a message full of strange pairs speaks of something else.
_LONGEST, _MOST_OPEN = 200, 16

_Path = tuple["_Path | None", str]


class Hearing:
    """Knows which characters follow each other; where none of that is seen, listens to the sound instead."""

    def __init__(self, texts: Iterable[str], words: Iterable[str], right: Iterable[str] = ()) -> None:
        """`texts` are folded sentences, `words` those of the concepts, `right` everyday words (手脚)."""
        counts: Counter[str] = Counter()
        for text in texts:
            said = f"{_START}{_DIGIT.sub('0', text)}{_END}"
            counts.update(said[at : at + 2] for at in range(len(said) - 1))
        self._worth = {pair: _SEEN + _OFTEN * math.log(count) for pair, count in counts.items()}
        for word in words:
            if len(word) <= _LONGEST_WORD:
                for at in range(len(word) - 1):
                    pair = word[at : at + 2]
                    self._worth[pair] = self._worth.get(pair, _SEEN) + _WORD
        # Never changed, and never what another is changed to: nobody said them to us.
        self._right = {word[at : at + 2] for word in right for at in range(len(word) - 1)}
        after: dict[str, list[str]] = {}
        first: dict[str, list[str]] = {}
        table = sounds()
        self._exact = exact_sounds()
        for pair in sorted(self._worth, key=lambda pair: (-self._worth[pair], pair)):
            one, other = table.get(ord(pair[0])), table.get(ord(pair[1]))
            if other is not None:
                after.setdefault(pair[0] + other, []).append(pair[1])
                if one is not None:
                    first.setdefault(one + other, []).append(pair[0])
        # A character and the sound after it → characters; two sounds → characters of the first.
        self._after = {key: "".join(chars) for key, chars in after.items()}
        self._first = {key: "".join(chars[:_MOST_FIRST]) for key, chars in first.items()}

    def repair(self, text: str, closed: Collection[int] = ()) -> str:
        """Return a folded text with characters replaced that fit no neighbour while others of their sound do.

        The length stays the same; what stands at the `closed` places is left alone.
        """
        if len(text) > _LONGEST:
            return text
        chars = f"{_START}{_DIGIT.sub('0', text)}{_END}"
        said = chars.translate(sounds())
        spoken = [char != sound for char, sound in zip(chars, said, strict=True)]
        strange = [
            spoken[at]
            and spoken[at + 1]
            and chars[at : at + 2] not in self._worth
            and chars[at : at + 2] not in self._right
            for at in range(len(chars) - 1)
        ]
        if True not in strange:
            return text
        unlike = [
            odd or not (spoken[at] and spoken[at + 1]) for at, odd in enumerate(strange)
        ]  # no pair of characters is no evidence either
        open_places = [
            at
            for at in range(1, len(chars) - 1)
            if spoken[at]
            and unlike[at - 1]
            and unlike[at]
            and (strange[at - 1] or strange[at])
            and at - 1 not in closed
        ][:_MOST_OPEN]
        if not open_places:
            return text
        likeliest = self._likeliest(chars, said, frozenset(open_places))
        # Digits were made one: they stay as they were written.
        return "".join(old if new == "0" else new for old, new in zip(text, likeliest, strict=True))

    def _likeliest(self, chars: str, said: str, open_places: Collection[int]) -> str:
        """Return the characters that are worth most together (Viterbi's algorithm)."""
        worth = self._worth
        best: dict[str, tuple[float, _Path | None]] = {_START: (0.0, None)}
        for at in range(1, len(chars)):
            choices = self._choices(best, said, at, chars[at]) if at in open_places else (chars[at],)
            ahead: dict[str, tuple[float, _Path | None]] = {}
            for char in choices:
                value, last = max(
                    (known + worth.get(one + char, 0.0), one) for one, (known, _) in best.items()
                )
                if char != chars[at]:
                    value -= _CHANGED if self._exact.get(char) == self._exact.get(chars[at]) else _CONFUSED
                ahead[char] = (value, (best[last][1], last))
            best = ahead
        path = best[_END][1]
        found: list[str] = []
        while path is not None:
            found.append(path[1])
            path = path[0]
        return "".join(reversed(found[:-1]))

    def _choices(self, before: Iterable[str], said: str, at: int, char: str) -> Iterable[str]:
        found = [char]
        for one in before:
            found += self._after.get(one + said[at], "")
        found += self._first.get(said[at : at + 2], "")
        return dict.fromkeys(found)
