"""What people say in a conversation beside their wishes (对话用语), from locales/<language>/talk.yaml.

"The second one", "remind me", "next page": sections of lists and tables. An entry of a list is a word or a linear
piece of a regular expression over half-width text, whatever the case; a section that is read by `words` or `lists`
holds plain words. A message may mix languages, so the words of all of them are looked for together; a language more
is a folder more.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from locales.catalog import HOME
from locales.strict_yaml import LocaleError, load
from locales.word_files import WordFiles

FILE = "talk.yaml"
_NEVER = "(?!)"


@dataclass(frozen=True, slots=True)
class Talk(WordFiles):
    """The talk files of all languages, by language."""

    FILE = FILE

    def items(self, place: str) -> list[str]:
        """The entries of the list at "section.name", of all languages."""
        return list(dict.fromkeys(self.listed(place)))

    def table(self, place: str) -> dict[str, str]:
        """The mapping word → value at "section.name", of all languages."""
        return self.mapped(place)

    def lists(self, section: str) -> dict[str, list[str]]:
        """All lists of a section by their names, of all languages."""
        names = dict.fromkeys(name for _, content in self.under(section) for name in content)
        return {name: self.items(f"{section}.{name}") for name in names}

    def any_of(self, place: str) -> str:
        """One expression for all entries of a list, in their order; matches nothing if there are none."""
        return f"(?:{'|'.join(self.items(place)) or _NEVER})"

    def pattern(self, place: str) -> re.Pattern[str]:
        """The list as a compiled expression, whatever the case."""
        return compiled(self.any_of(place))


def compiled(pattern: str) -> re.Pattern[str]:
    """A compiled expression; LocaleError if a language file holds a broken one."""
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise LocaleError(f"{FILE}: {error} in {pattern[:80]!r}") from error


@cache
def talk(home: Path = HOME) -> Talk:
    """The talk of all language folders under `home`, read once."""
    languages: dict[str, Mapping[str, Any]] = {}
    for path in sorted(home.glob(f"*/{FILE}")):
        content = load(path)
        if not isinstance(content, Mapping):
            raise LocaleError(f"{path}: give a mapping of sections")
        languages[path.parent.name] = content
    return Talk(languages)


@cache
def words(place: str) -> frozenset[str]:
    """The words of a list, folded, of all languages."""
    return frozenset(word.casefold() for word in talk().items(place))


def says(place: str, text: str) -> bool:
    """Whether a sentence holds something of a list."""
    return _pattern(place).search(unicodedata.normalize("NFKC", text)) is not None


@cache
def _pattern(place: str) -> re.Pattern[str]:
    return talk().pattern(place)
