"""The slot words of all languages (槽位词), read from locales/<language>/slots.yaml.

Every entry is a word or a linear piece of a regular expression over folded text. A message may mix languages,
so the words of all of them are looked for together; a language more is a folder more.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locales.catalog import HOME
from locales.strict_yaml import LocaleError, load
from locales.word_files import WordFiles
from nlu.text.expressions import Expression
from nlu.text.fold import fold

FILE = "slots.yaml"
_KEPT = re.compile(r"\\.|\(\?P<\w+>|[^\\(]+|\(", re.DOTALL)
_PLAIN = re.compile(r"[\w ]+")
_ESCAPED = re.compile(r"\\.|\{[a-z_0-9]+\}|\(\?P<\w+>")
_RUNS = re.compile(r"[\u4e00-\u9fff]{2,}|[a-z]{3,}")
_LATIN_END = "\u2e7f"
_NUMERALS = "一二两三四五六七八九十几百千万"
_PLACES = ("十", "百", "千", "万", "多", "来")
_NEVER = r"(?:(?!))"


@dataclass(frozen=True, slots=True)
class SlotWords(WordFiles):
    """The slot files of all languages, by language."""

    FILE = FILE

    def items(self, place: str) -> list[str]:
        """The folded expressions of a list, of all languages."""
        return list(dict.fromkeys(fold_pattern(item) for item in self.listed(place)))

    def table(self, place: str) -> dict[str, str]:
        """The folded words of a mapping word → value, of all languages."""
        return {fold(word): value for word, value in self.mapped(place).items()}

    def names(self, place: str) -> list[str]:
        """The names of a mapping, of all languages."""
        return list(dict.fromkeys(name for _, content in self.under(place) for name in content))

    def named(self, place: str) -> dict[str, list[str]]:
        """The folded expressions of a mapping name → list, of all languages."""
        return {name: self.items(f"{place}.{name}") for name in self.names(place)}

    def any_of(self, place: str) -> str:
        """One expression for all of a list or of the words of a mapping; matches nothing if there is none."""
        if any(isinstance(content, Mapping) for _, content in self.under(place)):
            return alternatives([re.escape(word) for word in self.table(place)])
        return alternatives(self.items(place))

    def before(self, place: str, beside: str = r"\s*") -> Expression:
        """What ends with one of a list, for the text before a value."""
        return self.compiled(rf"{self.any_of(place)}{beside}$")

    def after(self, place: str, beside: str = r"\s*") -> Expression:
        """What begins with one of a list, for the text behind a value."""
        return self.compiled(rf"{beside}{self.any_of(place)}")

    def known(self) -> set[str]:
        """Every word that stands in the files, those of expressions too, and numerals before what is counted."""
        found: set[str] = set()
        for content in self.languages.values():
            for text in _texts(content):
                found.update(_RUNS.findall(fold(_ESCAPED.sub(" ", text))))
        for word in (*self.items("amounts.counted"), *self.items("amounts.units"), *_PLACES):
            if word[0] > _LATIN_END and word[0].isalpha():
                found.update(f"{numeral}{word[0]}" for numeral in _NUMERALS)
        return found

    def compiled(self, pattern: str) -> Expression:
        """A compiled expression; LocaleError if a language file holds a broken one."""
        try:
            return Expression(pattern)
        except re.error as error:
            raise LocaleError(f"{FILE}: {error} in {pattern[:80]!r}") from error


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, Mapping):
        for key, value in content.items():
            yield key
            yield from _texts(value)
    else:
        for item in content:
            yield from _texts(item)


def alternatives(items: list[str]) -> str:
    """One group of all alternatives: plain words before expressions, the longer before the shorter."""
    ordered = sorted(items, key=lambda item: (_PLAIN.fullmatch(item) is None, -len(item)))
    return f"(?:{'|'.join(ordered)})" if items else _NEVER


def fold_pattern(pattern: str) -> str:
    r"""`pattern` folded as messages are, but for what is escaped or a name: `\W` stays `\W`."""
    return _KEPT.sub(lambda part: part[0] if part[0][0] in "\\(" else fold(part[0]), pattern)


def slot_files(home: Path = HOME) -> list[Path]:
    """The slot files of all languages, in a fixed order."""
    return sorted(home.glob(f"*/{FILE}"))


def load_slot_words(home: Path = HOME) -> SlotWords:
    """Read the slot words of all language folders under `home`."""
    languages: dict[str, Mapping[str, Any]] = {}
    for path in slot_files(home):
        content = load(path)
        if not isinstance(content, Mapping):
            raise LocaleError(f"{path}: give a mapping of sections")
        languages[path.parent.name] = content
    return SlotWords(languages)
