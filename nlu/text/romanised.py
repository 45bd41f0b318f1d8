"""Chinese names in Latin letters (拼音): what sounds a word spells, as Kuaima spells 快马."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from nlu.text.features import ENDS, STARTS
from nlu.text.seller_names import said

# Words that may be made of syllables; most English ones have other endings, or consonants side by side.
_WORD = re.compile(
    r"(?<![a-z'])(?=[a-z]{5,24}(?![a-z]))(?:(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])?[aeiouv]{1,3}+(?:ng|n|r)?){2,8}(?![a-z])"
)


@cache
def _syllables() -> dict[str, str]:
    """Every way to write a syllable → its sound."""
    table: dict[str, str] = {}
    lines = Path(__file__).with_name("pinyin.txt").read_text(encoding="utf-8").splitlines()
    for syllable, _, chars in (line.partition(" ") for line in lines if not line.startswith("#")):
        written = {syllable}
        written |= {new + each[len(old) :] for each in written for new, old in STARTS if each.startswith(old)}
        written |= {each[: -len(old)] + new for each in written for new, old in ENDS if each.endswith(old)}
        for each in written:
            table[each] = said(chars[0])
    return table


def romanised(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, sounds) of the Latin words in folded text that spell two syllables and more."""
    for word in _WORD.finditer(text):
        sounds = _sounds(word[0])
        if sounds is not None and len(sounds) > 1:
            yield word.start(), word.end(), sounds


def _sounds(word: str) -> str | None:
    """The fewest syllables that make up a word, as sounds; None if it is not made of them."""
    table = _syllables()
    best: list[str | None] = ["", *[None] * len(word)]
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - 6), end):
            before, sound = best[start], table.get(word[start:end])
            if before is None or sound is None:
                continue
            known = best[end]
            if known is None or len(before) + 1 < len(known):
                best[end] = before + sound
    return best[len(word)]
