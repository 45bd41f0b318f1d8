"""The language files (语言文件): what people say, language by language, read and checked once."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from locales.strict_yaml import LocaleError, load

OUT_OF_SCOPE = "out_of_scope"
# Everyday words that mean about the same, in place of the concepts that another task has not.
THESAURUS = Path(__file__).with_name("thesaurus.yaml")


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing that people can want (意图)."""

    name: str
    means: str = ""
    slots: tuple[str, ...] = ()
    danger: bool = False  # cannot be undone: needs more confidence
    emergency: bool = False  # cannot wait: needs less


@dataclass(frozen=True, slots=True)
class Language:
    """What one language folder says."""

    name: str
    examples: Mapping[str, Sequence[str]]
    concepts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    fillers: Sequence[str] = ()
    phrases: Mapping[str, Sequence[str]] = field(default_factory=dict)
    topics: Mapping[str, Sequence[str]] = field(
        default_factory=dict
    )  # word that wishes nothing yet → choices
    words: Sequence[str] = ()  # everyday words that are no misspelling of one of ours

    def said(self) -> Iterator[str]:
        """Yield every sentence and phrase."""
        for texts in (*self.examples.values(), *self.phrases.values()):
            yield from texts


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All intents and languages."""

    intents: Mapping[str, Intent]
    languages: tuple[Language, ...]

    @property
    def ours(self) -> bool:
        """Whether these are language folders, and not the sentences of another task."""
        return any(self.names)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the languages."""
        return tuple(language.name for language in self.languages)


def sources(home: Path) -> list[Path]:
    """Return the files that `load_lexicon` reads, in a fixed order."""
    names = ("examples.yaml", "concepts.yaml", "normal.yaml", "slots.yaml")
    found = [path for name in names for path in sorted(home.glob(f"*/{name}"))]
    return [home / "intents.yaml", *found]


def load_lexicon(home: Path) -> Lexicon:
    """Return the intents and every language folder that has examples; LocaleError names what is wrong."""
    document = load(home / "intents.yaml")
    entries = document.get("intents", document) if isinstance(document, Mapping) else None
    if not isinstance(entries, Mapping):
        raise LocaleError(f"{home / 'intents.yaml'}: give a mapping of intents")
    intents = {name: _intent(name, entry) for name, entry in entries.items()}
    folders = sorted(path.parent for path in home.glob("*/examples.yaml"))
    # The order of the languages is part of what is learnt: zh, en, ja first, then the rest by name.
    folders.sort(
        key=lambda path: ("zh", "en", "ja").index(path.name) if path.name in ("zh", "en", "ja") else 9
    )
    languages = tuple(_language(folder) for folder in folders)
    for language in languages:
        chosen = {name: () for names in language.topics.values() for name in names}
        for where in (language.examples, language.phrases, chosen):
            unknown = set(where) - set(intents)
            if unknown:
                raise LocaleError(f"{home / language.name}: unknown intent {sorted(unknown)[0]!r}")
    return Lexicon(intents, languages)


def load_examples(path: Path) -> Lexicon:
    """Return a lexicon made of one YAML or JSON mapping intent → sentences, whatever the task."""
    try:
        content = json.loads(path.read_text(encoding="utf-8")) if path.suffix == ".json" else load(path)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise LocaleError(f"{path}: {error}") from error
    examples = {
        name: tuple(text for text in texts if text.strip())
        for name, texts in _sentences(path, content).items()
    }
    if not any(examples.values()):
        raise LocaleError(f"{path}: there is no sentence to learn from")
    return Lexicon(
        {name: Intent(name) for name in examples},
        (Language("", examples, _sentences(THESAURUS, load(THESAURUS))),),
    )


def _intent(name: str, entry: Any) -> Intent:
    if not isinstance(entry, Mapping):
        entry = {}
    return Intent(
        name,
        str(entry.get("means", "")),
        tuple(entry.get("slots") or ()),
        entry.get("danger") == "true",
        entry.get("emergency") == "true",
    )


def _language(folder: Path) -> Language:
    normal = load(folder / "normal.yaml") if (folder / "normal.yaml").exists() else {}
    concepts = load(folder / "concepts.yaml") if (folder / "concepts.yaml").exists() else {}
    return Language(
        folder.name,
        _sentences(folder / "examples.yaml", load(folder / "examples.yaml")),
        _sentences(folder / "concepts.yaml", concepts),
        dict(normal.get("aliases") or {}),
        tuple(normal.get("fillers") or ()),
        _sentences(folder / "normal.yaml", normal.get("phrases") or {}),
        _sentences(folder / "normal.yaml", normal.get("topics") or {}),
        tuple(normal.get("words") or ()),
    )


def _sentences(path: Path, content: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(content, Mapping):
        raise LocaleError(f"{path}: give a mapping of names to lists of sentences")
    for name, items in content.items():
        if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
            raise LocaleError(f"{path}: {name!r} must be a list of texts")
    return {str(name): tuple(items) for name, items in content.items()}
