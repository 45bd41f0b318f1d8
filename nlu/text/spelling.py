"""Corrects Latin words that nobody wrote but that are one slip away from a word somebody did (笔误)."""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable

import numpy as np
from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

_WORD = re.compile(r"[a-zà-ɏ']+")
_START, _END = "^", "$"
_SHORTEST, _SHORTEST_KNOWN, _TWO_SLIPS_FROM = 3, 4, 7
_MOST_TYPOS, _MOST_NEAR = 8, 16
_ENDINGS = ("s", "es", "ed", "d", "ing", "'s")
# What a slip costs, and one in the first or the last letter more; what a neighbour and frequency are worth. What is
# dearer than the dearest is rather a word that we do not know.
_DEAREST = 1.6
_SLIP, _FIRST, _LAST, _BESIDE, _OFTEN = 1.6, 0.8, 0.3, 1.2, 0.15


class Spelling:
    """Knows the words of the examples and which follow each other."""

    def __init__(self, texts: Iterable[str], words: Iterable[str], right: Iterable[str] = ()) -> None:
        """`texts` are folded sentences; `words` are known as well, without their neighbours.

        `right` are everyday words: no slips, and nothing that a slip is corrected to.
        """
        self._known: Counter[str] = Counter()
        self._beside: set[tuple[str, str]] = set()
        for text in texts:
            found = _WORD.findall(text)
            if found:
                self._known.update(found)
                self._beside.update(zip([_START, *found], [*found, _END], strict=True))
        for text in words:
            self._known.update(dict.fromkeys(_WORD.findall(text), 1))
        self._right = frozenset(right)
        by_size: dict[int, list[str]] = {}
        for word in sorted(self._known):
            if len(word) >= _SHORTEST_KNOWN:
                for size in range(len(word) - 2, len(word) + 3):
                    by_size.setdefault(size, []).append(word)
        self._by_size = {size: (near, np.array([*map(_letters, near)])) for size, near in by_size.items()}

    def correct(self, text: str, closed: Collection[int] = ()) -> str:
        """Return a folded text with unknown words replaced by the likeliest known word near them.

        What stands at the `closed` places is left alone.
        """
        found = list(_WORD.finditer(text))
        parts: list[str] = []
        free = typos = 0
        before = _START
        for at, match in enumerate(found):
            word = match[0]
            strange = word not in self._known and not self._is_right(word)
            if strange and len(word) >= _SHORTEST and match.start() not in closed:
                typos += 1
                if typos > _MOST_TYPOS:
                    break
                after = found[at + 1][0] if at + 1 < len(found) else _END
                near = self._nearest(word, before, after)
                if near is not None:
                    parts += (text[free : match.start()], near)
                    free = match.end()
                    word = near
            before = word
        return "".join(parts) + text[free:] if parts else text

    def _is_right(self, word: str) -> bool:
        return word in self._right or any(
            word.endswith(ending) and word[: -len(ending)] in self._right for ending in _ENDINGS
        )

    def _nearest(self, word: str, before: str, after: str) -> str | None:
        if len(word) not in self._by_size:
            return None
        slips = 2 if len(word) >= _TWO_SLIPS_FROM else 1
        words, letters = self._by_size[len(word)]
        # A slip puts at most one letter in and one out.
        possible = np.flatnonzero(np.bitwise_count(letters ^ _letters(word)) <= 2 * slips).tolist()
        found = extract(
            word,
            [words[at] for at in possible],
            scorer=OSA.distance,
            score_cutoff=slips,
            limit=_MOST_NEAR,
        )
        likely: list[tuple[float, str]] = []
        for known, distance, _ in found:
            if len(word) <= _SHORTEST_KNOWN and known[0] != word[0]:
                continue  # of a short word too little is left
            cost = _SLIP * distance + _FIRST * (known[0] != word[0]) + _LAST * (known[-1] != word[-1])
            cost -= _BESIDE * (((before, known) in self._beside) + ((known, after) in self._beside))
            likely.append((cost - _OFTEN * math.log(self._known[known]), known))
        if not likely or min(likely)[0] > _DEAREST:
            return None
        return min(likely)[1]


def _letters(word: str) -> int:
    """Which letters a word has, as bits."""
    found = 0
    for char in word:
        found |= 1 << (ord(char) & 31)
    return found
