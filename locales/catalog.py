"""What the bot says: a key and values become words in the user's language."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from locales.strict_yaml import LocaleError, load

BEIJING = ZoneInfo("Asia/Shanghai")
HOME = Path(__file__).parent
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A key with values, as a value inside another: it is put into words together with it."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Month:
    """A whole month, as a value."""

    year: int
    month: int


@dataclass(frozen=True, slots=True)
class _Template:
    """A text cut at its placeholders: words at even places, names at odd ones."""

    parts: tuple[str, ...]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.parts[1::2])


@dataclass(frozen=True, slots=True)
class _Text:
    """One entry: a template, or one for exactly one and one for all other counts."""

    other: _Template
    one: _Template | None = None


class Catalog:
    """The replies of all languages, checked when they are loaded."""

    def __init__(self, texts: Mapping[str, Mapping[str, _Text]]) -> None:
        self._texts = texts
        self.languages = tuple(texts)

    @classmethod
    def load(cls, home: Path = HOME) -> "Catalog":
        """Read `<language>/replies*.yaml` of every language folder below `home`.

        Raises LocaleError when a key or a placeholder is missing in one of the languages.
        """
        texts = {
            folder.name: _language(folder)
            for folder in sorted(home.iterdir())
            if (folder / "replies.yaml").is_file()
        }
        if "zh" not in texts:
            raise LocaleError(f"{home}: there is no zh/replies.yaml")
        # Chinese first: it is the reference that the other languages are held against.
        texts = {"zh": texts.pop("zh"), **texts}
        for language, entries in texts.items():
            _compare(language, entries, texts["zh"])
        return cls(texts)

    def has(self, key: str) -> bool:
        """Whether there is a text for `key`."""
        return key in self._texts["zh"]

    def all(self, prefix: str, language: str) -> dict[str, str]:
        """All texts without placeholders whose key begins with `prefix`, by the rest of their key."""
        return {
            key.removeprefix(prefix): entry.other.parts[0]
            for key, entry in self._texts[language].items()
            if key.startswith(prefix) and len(entry.other.parts) == 1
        }

    def text(self, key: str, language: str, /, **values: Any) -> str:
        """The words for `key`, Chinese for a language we do not have. Raises KeyError for an unknown key."""
        entries = self._texts.get(language) or self._texts["zh"]
        entry = entries[key]
        template = entry.one if entry.one is not None and values.get("count") == 1 else entry.other
        parts = template.parts
        if len(parts) == 1:
            return parts[0]
        words = list(parts)
        for place in range(1, len(parts), 2):
            words[place] = self.value(values[parts[place]], language)
        return "".join(words)

    def value(self, value: Any, language: str) -> str:
        """A value in words: dates in Beijing time, money with two decimals, enums by their own entry."""
        match value:
            case Enum():
                return self.text(f"{type(value).__name__}.{value.value}", language)
            case str():
                return value
            case Phrase(key, values):
                return self.text(key, language, **values)
            case tuple() | list():
                return "\n".join(self.value(part, language) for part in value)
            case datetime():
                local = value.astimezone(BEIJING)
                return f"{self.value(local.date(), language)} {local:%H:%M}"
            case date():
                return _date(value, language)
            case Month(year, month):
                return f"{_MONTHS[month - 1]} {year}" if language == "en" else f"{year}年{month}月"
            case Decimal():
                return f"¥{value:,.2f}"
            case None:
                return self.text("none", language)
        return str(value)


def _date(value: date, language: str) -> str:
    if language == "en":
        return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"
    return f"{value.year}年{value.month}月{value.day}日"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _language(folder: Path) -> dict[str, _Text]:
    texts: dict[str, _Text] = {}
    for path in sorted(folder.glob("replies*.yaml")):
        content = load(path)
        if not isinstance(content, dict):
            raise LocaleError(f"{path}: must be a mapping of keys to texts")
        for key, entry in content.items():
            if key in texts:
                raise LocaleError(f"{path}: the key {key!r} stands in another file too")
            texts[key] = _entry(path, key, entry)
    return texts


def _entry(path: Path, key: str, entry: object) -> _Text:
    match entry:
        case str():
            return _Text(_template(path, key, entry))
        case {"other": str(other), **rest} if set(rest) <= {"one"}:
            one = rest.get("one")
            return _Text(_template(path, key, other), None if one is None else _template(path, key, str(one)))
    raise LocaleError(f"{path}: {key} must be a text, or texts for `one` and `other`")


def _template(path: Path, key: str, text: str) -> _Template:
    parts = _PLACEHOLDER.split(text.strip("\n"))
    if any("{" in words or "}" in words for words in parts[0::2]):
        raise LocaleError(f"{path}: {key} has a brace that is no placeholder")
    return _Template(tuple(parts))


def _compare(language: str, entries: Mapping[str, _Text], reference: Mapping[str, _Text]) -> None:
    if missing := sorted(reference.keys() - entries.keys()):
        raise LocaleError(f"{language}: no text for {', '.join(missing)}")
    if extra := sorted(entries.keys() - reference.keys()):
        raise LocaleError(f"zh: no text for {', '.join(extra)}, which {language} has")
    for key, entry in entries.items():
        expected = reference[key].other.names
        for template in (entry.other, entry.one):
            if template is None:
                continue
            if wrong := template.names - expected:
                raise LocaleError(
                    f"{language}: {key} has placeholders that zh lacks: {', '.join(sorted(wrong))}"
                )
        if lost := expected - entry.other.names:
            raise LocaleError(f"{language}: {key} leaves out {', '.join(sorted(lost))}")
