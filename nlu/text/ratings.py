"""How many points of five a sentence gives (评分): 5分, 四星, 3 out of 5, 星4つ."""

import re
from collections.abc import Set

from nlu.text.slot_words import SlotWords
from nlu.text.triggers import triggers


class Ratings:
    """Finds a rating from one to five."""

    def __init__(self, words: SlotWords) -> None:
        self._values = words.table("ratings.values")
        value = rf"[1-5]|{words.any_of('ratings.values')}"
        self._behind = words.compiled(rf"(?<![\d.])({value})\s?{words.any_of('ratings.units')}")
        self._before = words.compiled(rf"{words.any_of('ratings.before')}\s?({value})(?![\d.]|[a-z])")
        self.needed = triggers(rf"{words.any_of('ratings.units')}|{words.any_of('ratings.before')}")

    def find(self, text: str, present: Set[str]) -> int | None:
        """The rating in folded text, or None; `present` are the pieces of the text."""
        if self.needed and self.needed.isdisjoint(present):
            return None
        found: re.Match[str] | None = self._behind.search(text) or self._before.search(text)
        if found is None:
            return None
        return int(self._values.get(found[1], found[1]))
