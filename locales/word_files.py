"""Files of words that every language folder has one of: sections of lists and tables, read across the languages."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from locales.strict_yaml import LocaleError


@dataclass(frozen=True, slots=True)
class WordFiles:
    """What such files hold, by language; `FILE` names them in complaints."""

    FILE: ClassVar[str]
    languages: Mapping[str, Mapping[str, Any]]

    def each(self) -> Iterator[Self]:
        """Every language by itself."""
        for language, content in self.languages.items():
            yield type(self)({language: content})

    def under(self, place: str) -> Iterator[tuple[str, Any]]:
        """(language, content) of every language that has something under "section.name"."""
        for language, content in self.languages.items():
            found: Any = content
            for step in place.split("."):
                found = found.get(step) if isinstance(found, Mapping) else None
            if found is not None:
                yield language, found

    def listed(self, place: str) -> list[str]:
        """The entries of a list as they stand, of all languages. Raises LocaleError."""
        entries: list[str] = []
        for language, content in self.under(place):
            if not isinstance(content, list) or not all(isinstance(item, str) for item in content):
                raise LocaleError(f"{language}/{self.FILE}: {place!r} must be a list of texts")
            entries += content
        return entries

    def mapped(self, place: str) -> dict[str, str]:
        """The entries of a mapping word → value as they stand, of all languages. Raises LocaleError."""
        entries: dict[str, str] = {}
        for language, content in self.under(place):
            if not isinstance(content, Mapping) or not all(isinstance(one, str) for one in content.values()):
                raise LocaleError(f"{language}/{self.FILE}: {place!r} must map words to values")
            entries.update(content)
        return entries
