"""The words of corrections (更正用语): which field a sentence names, and the value it gives."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from handlers import typed
from handlers.drafts import CORRECTABLE
from locales.talk import Talk, talk

# Words of users that can mean one of two fields; which one, the other fields decide, or the user.
GROUPS: Mapping[str, tuple[str, str]] = {
    "money": ("total", "amount"),
    "tax_id": ("buyer_tax_id", "seller_tax_id"),
    "name": ("buyer_name", "seller_name"),
}
_REST = 6  # characters beside a value that still make it an answer and no other wish
_REST_OF_CORRECTION = 4
_PLACE = re.compile(r"第\s*([1-9])\s*[张个份]|#\s?([1-9])(?!\d)|(?<!\d)([1-9])\s*[枚つ番]目", re.ASCII)


class FieldWords:
    """The words of corrections in all languages, from the locale files."""

    def __init__(self, said: Talk) -> None:
        self._lists = {
            name: [word.casefold() for word in words] for name, words in said.lists("correct").items()
        }
        named = [(word, name) for name in (*CORRECTABLE, *GROUPS) for word in self._lists.get(name, ())]
        self._named = sorted(named, key=lambda pair: -len(pair[0]))

    def fields(self, text: str) -> tuple[str, ...]:
        """The fields that a sentence names; longer names first, so that 价税合计 is not 合计 of something."""
        said = _folded(text)
        found: list[str] = []
        for word, name in self._named:
            if word not in said:
                continue
            pattern = _pattern(word)
            if pattern.search(said) and name not in found:
                found.append(name)
            said = pattern.sub(" ", said)
        names = [one for name in found for one in GROUPS.get(name, (name,))]
        return tuple(dict.fromkeys(names))

    def value(self, name: str, text: str) -> str | None:
        """The value for a field in a sentence, what it is said not to be left out; or None."""
        said = self._without_denied(text)
        if name.endswith("_name"):
            return self._name(said)
        return typed.spotted(name, said)

    def _name(self, said: str) -> str | None:
        """What follows "should be" after the field, or at the start; the whole text where there is neither.

        The first such word counts: names hold them too (华为, Toyota).
        """
        start = self._end_of_field(said)
        folded = said.casefold()
        places = [
            (match.start(), -len(match.group()), match.end())
            for word in self._lists["is"]
            if (match := _pattern(word).search(folded, start or 0)) is not None
        ]
        if start is None:
            places = [place for place in places if place[0] == 0]
        if places:
            rest = said[min(places)[2] :]
        elif start is None:
            rest = said
        else:
            return None
        for word in self._lists["tail"]:
            rest = re.sub(rf"\s*{re.escape(word)}[。.!！]*$", "", rest.strip(), flags=re.IGNORECASE)
        return rest.strip(" :：,，。“”\"'「」") or None

    def _end_of_field(self, said: str) -> int | None:
        """Where the name of a field ends in a sentence."""
        folded = said.casefold()
        names = [word for name in (*CORRECTABLE, *GROUPS) for word in self._lists.get(name, ())]
        found = [
            (match.start(), -match.end())
            for word in names
            if (match := _pattern(word).search(folded)) is not None
        ]
        return -min(found)[1] if found else None

    def is_answer(self, text: str, found: str) -> bool:
        """True if a message is hardly more than the value."""
        return self._rest(text, found) <= _REST

    def is_correction(self, name: str, text: str, found: str) -> bool:
        """True if a sentence says what a field should be, and nothing else: no wish to find invoices."""
        if name.endswith("_name"):
            return not any(word in found.casefold() for word in self._lists["about"])
        rest = self._rest(text, found)
        said = _folded(text)
        says = any(_pattern(word).search(said) for word in self._lists["is"])
        return rest == 0 or (says and rest <= _REST_OF_CORRECTION)

    def _rest(self, text: str, found: str) -> int:
        """How many letters and digits a sentence has beside a value, its field and "should be"."""
        rest = self._without_denied(text).casefold().replace(found.casefold(), " ")
        names = [word for name in (*CORRECTABLE, *GROUPS) for word in self._lists.get(name, ())]
        for word in sorted(names, key=len, reverse=True) + self._lists["is"] + self._lists["tail"]:
            rest = _pattern(word).sub(" ", rest)
        return sum(character.isalnum() for character in rest)

    def _without_denied(self, text: str) -> str:
        """The sentence without what it says a value is not (不是106, 6.00ではなく)."""
        said = unicodedata.normalize("NFKC", text)
        for word in self._lists.get("not", ()):
            said = re.sub(rf"{_pattern(word).pattern}\s*[^\s,，。;；]+", " ", said, flags=re.IGNORECASE)
        for word in self._lists.get("not_after", ()):
            said = re.sub(rf"[^\s,，。;；はがをの]+\s*{re.escape(word)}", " ", said, flags=re.IGNORECASE)
        return said

    def issued_wrong(self, text: str) -> bool:
        """True if the paper itself is wrong and not our reading of it."""
        said = _folded(text)
        return any(word in said for word in self._lists["issued_wrong"])

    def place(self, text: str) -> int | None:
        """The place in a list that a sentence counts to (第2张, no. 2, 2枚目), or None."""
        match = _PLACE.search(_folded(text))
        return None if match is None else int(next(part for part in match.groups() if part))

    def without_place(self, text: str) -> str:
        """The sentence without that place."""
        return _PLACE.sub(" ", unicodedata.normalize("NFKC", text))


@cache
def field_words() -> FieldWords:
    """The words, gathered once: they are looked at in every turn after an invoice was shown."""
    return FieldWords(talk())


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


@cache  # the words are those of the locale files
def _pattern(word: str) -> re.Pattern[str]:
    """Words of letters stand alone; Chinese and Japanese ones stand anywhere."""
    plain = re.escape(word)
    return re.compile(rf"(?<![a-z]){plain}(?![a-z])" if word.isascii() and word[0].isalpha() else plain)
