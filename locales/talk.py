"""What people say in a conversation beside their wishes (对话用语), from locales/<language>/talk.yaml.

"The second one", "remind me", "next page": sections of lists and tables. An entry of a list is a word or a linear
piece of a regular expression over half-width text, whatever the case. A message may mix languages, so the words of
all of them are looked for together; a language more is a folder more.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from locales.catalog import HOME
from locales.strict_yaml import LocaleError, load

FILE = "talk.yaml"
_NEVER = "(?!)"


@dataclass(frozen=True, slots=True)
class Talk:
    """The talk files of all languages, by language."""

    languages: Mapping[str, Mapping[str, Any]]

    def each(self) -> "Iterator[Talk]":
        """Every language by itself."""
        for language, content in self.languages.items():
            yield Talk({language: content})

    def items(self, place: str) -> list[str]:
        """The entries of the list at "section.name", of all languages."""
        found: list[str] = []
        for language, content in self._under(place):
            if not isinstance(content, list) or not all(isinstance(item, str) for item in content):
                raise LocaleError(f"{language}/{FILE}: {place!r} must be a list of texts")
            found += content
        return list(dict.fromkeys(found))

    def table(self, place: str) -> dict[str, str]:
        """The mapping word → value at "section.name", of all languages."""
        found: dict[str, str] = {}
        for language, content in self._under(place):
            if not isinstance(content, Mapping) or not all(isinstance(one, str) for one in content.values()):
                raise LocaleError(f"{language}/{FILE}: {place!r} must map words to values")
            found.update(content)
        return found

    def any_of(self, place: str) -> str:
        """One expression for all entries of a list, in their order; matches nothing if there are none."""
        return f"(?:{'|'.join(self.items(place)) or _NEVER})"

    def pattern(self, place: str) -> re.Pattern[str]:
        """The list as a compiled expression, whatever the case."""
        return compiled(self.any_of(place))

    def _under(self, place: str) -> Iterator[tuple[str, Any]]:
        for language, content in self.languages.items():
            found: Any = content
            for step in place.split("."):
                found = found.get(step) if isinstance(found, Mapping) else None
            if found is not None:
                yield language, found


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
