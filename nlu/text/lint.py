"""Checks of the language files (语言文件检查): what would teach the matcher badly."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.fuzz import ratio
from rapidfuzz.process import cdist

from nlu.text.features import spoken
from nlu.text.lexicon import OUT_OF_SCOPE, Lexicon
from nlu.text.matcher import Reader

Row = tuple[str, str, str]  # language, intent, normalised text
_TOO_ALIKE = 93
_SHORTEST = 5
_EVERYWHERE = 0.5


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at; an error must be put right."""

    error: bool
    text: str


def lint(lexicon: Lexicon, rows: Sequence[Row], reader: Reader) -> list[Finding]:
    """Return what is wrong or doubtful in the language files."""
    return [
        *_missing(lexicon),
        *(Finding(True, text) for text in _contradictions(_as_typed(lexicon))),
        *(Finding(False, text) for text in _contradictions(rows)),
        *(Finding(False, text) for text in _near_duplicates(rows)),
        *(Finding(False, text) for text in (_concepts(lexicon, rows, reader) if lexicon.ours else ())),
    ]


def _missing(lexicon: Lexicon) -> Iterator[Finding]:
    for intent in lexicon.intents:
        if not any(language.examples.get(intent) for language in lexicon.languages):
            yield Finding(True, f"{intent} has no example in any language")
            continue
        for language in lexicon.languages:
            if not language.examples.get(intent):
                yield Finding(True, f"{intent} has no example in {language.name}")


def _as_typed(lexicon: Lexicon) -> list[Row]:
    return [
        (language.name, intent, "".join(sentence.split()).lower())
        for language in lexicon.languages
        for intent, sentences in language.examples.items()
        for sentence in sentences
    ]


def _contradictions(rows: Sequence[Row]) -> Iterator[str]:
    first: dict[tuple[str, str], str] = {}
    for language, intent, text in rows:
        other = first.setdefault((language, text), intent)
        if other != intent:
            yield f"{language}: {text!r} stands under both {other} and {intent}"


def _near_duplicates(rows: Sequence[Row]) -> Iterator[str]:
    for language in dict.fromkeys(row[0] for row in rows):
        here = [row for row in rows if row[0] == language and len(row[2]) >= _SHORTEST]
        texts = [text for *_, text in here]
        likeness = cdist(texts, texts, scorer=ratio, score_cutoff=_TOO_ALIKE, dtype=np.uint8)
        for one, other in np.argwhere(likeness >= _TOO_ALIKE).tolist():
            if one < other and here[one][1] != here[other][1] and texts[one] != texts[other]:
                there = f"{texts[other]!r} ({here[other][1]})"
                yield f"{language}: {texts[one]!r} ({here[one][1]}) is almost {there}"


def _concepts(lexicon: Lexicon, rows: Sequence[Row], reader: Reader) -> Iterator[str]:
    fired: dict[str, int] = dict.fromkeys(reader.concepts.names, 0)
    with_concept: set[str] = set()
    ours = [row for row in rows if row[1] != OUT_OF_SCOPE]
    for language, intent, text in ours:
        for name in reader.concepts.fired(text, spoken(text) if language == "zh" else ""):
            fired[name] += 1
            with_concept.add(intent)
    for one in lexicon.languages:
        for name, alternatives in one.concepts.items():
            for alternative in alternatives:
                if alternative[:1] == "'" == alternative[-1:]:
                    yield f"{one.name}: {alternative} of {name} is quoted twice and never found"
    for name, count in fired.items():
        if count == 0:
            yield f"concept {name} fires on no example"
        elif count > _EVERYWHERE * len(ours):
            yield f"concept {name} fires on {100 * count // len(ours)} % of all examples and tells nothing"
    for intent in lexicon.intents:
        if reader.concepts.names and intent != OUT_OF_SCOPE and intent not in with_concept:
            yield f"{intent} has no concept that fires on its examples"
