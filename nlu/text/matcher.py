"""The matcher (匹配): from a message to a score for every intent."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.fuzz import ratio
from rapidfuzz.process import extractOne

from nlu.text.classifier import Classifier, fit
from nlu.text.features import Concepts, Eyes, Seen, character_pairs, sounds
from nlu.text.fold import LONGEST_MESSAGE, fold
from nlu.text.hearing import Hearing
from nlu.text.language import Languages
from nlu.text.lexicon import OUT_OF_SCOPE, Lexicon
from nlu.text.normal import Normaliser, letters
from nlu.text.spelling import Spelling

if TYPE_CHECKING:
    from nlu.text.slots import Slots

# What was found in a message is replaced by a sign of a private plane: the kind matters, not the value.
_SIGNS = {
    "invoice_number": "\ue001",
    "invoice_code": "\ue002",
    "date": "\ue003",
    "amount_min": "\ue004",
    "amount_max": "\ue004",
    "amount": "\ue004",
    "seller": "\ue005",
    "email": "\ue006",
}
_FOUND = "\ue00f"
_NUMBERS_ONLY = frozenset("\ue001\ue002 ")
_BARE_NUMBER, _BARE_CRITERIA = "invoice.status", "invoice.search"
# What may stand beside bare criteria (上个月的那张, 先月の分) without being a wish of its own.
_BESIDE_CRITERIA = re.compile(
    r"[\ue00f的那这張张些个個只票发發単据單の分やつ発領収書]|\b(?:the|ones?|invoices?|receipts?|from|for|in|of|dated)\b|\s"
)
_CRITERIA = frozenset(("date", "amount_min", "amount_max", "seller"))
_GREETING, _THANKS = "smalltalk.greet", "smalltalk.thanks"
_SHORTEST_NEAR, _LONGEST_PHRASE, _NEAR = 4, 24, 90
_MOST_LONGER = 2
_EXACT, _NEARLY, _EXAMPLE, _CRITERIA_ONLY = 0.99, 0.95, 0.97, 0.85
_UNWEIGHED = np.empty(0, np.float32)


@dataclass(frozen=True, slots=True)
class Sure:
    """An intent that needs no weighing: a closed phrase, a bare number, a sentence we were given."""

    intent: str
    confidence: float
    why: str  # phrase | number | example | criteria

    @property
    def decides(self) -> bool:
        """Whether nothing else needs to be known: no other intent comes near, and it is one of ours."""
        return self.confidence >= _NEARLY and self.intent != OUT_OF_SCOPE


@dataclass(frozen=True, slots=True)
class Match:
    """What the matcher found in a message."""

    language: str
    text: str  # normalised, values replaced by signs
    scores: NDArray[np.float32]  # none where it was sure and they were not asked for
    sure: Sure | None = None
    open: tuple[str, ...] = ()  # what may be wished where only the thing was named (发票)


class Reader:
    """Turns messages into what the classifier sees; needs the lexicon only."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.normalisers = {
            language.name: Normaliser(
                language.name,
                language.aliases,
                language.fillers,
                language.phrases.get(_GREETING, ()),
                language.phrases.get(_THANKS, ()),
                [*language.topics, *(phrase for phrases in language.phrases.values() for phrase in phrases)],
            )
            for language in lexicon.languages
        }
        self.concepts = Concepts(
            {language.name: language.concepts for language in lexicon.languages},
            self.normalisers,
            character_pairs(
                normaliser.spell(text)
                for language in lexicon.languages
                if (normaliser := self.normalisers[language.name]).simplify
                for text in (*language.said(), *language.words)
            ),
        )
        self.eyes = Eyes(self.concepts, near=not lexicon.ours)

    def normal(self, text: str, slots: "Slots | None", language: str) -> str:
        """Return the normalised text with signs in place of values."""
        return self.normalisers[language](masked(text, slots))

    def see(self, text: str, slots: "Slots | None", language: str) -> Seen:
        """Return the features of a normalised text."""
        # What was bought (category) is no evidence of a wish; its words are there as concepts.
        names = () if slots is None else [name for name in slots.values if name != "category"]
        return self.eyes.see(text, names, chinese=language in ("zh", ""))


def masked(text: str, slots: "Slots | None") -> str:
    """Return `text` with every value that has a sign replaced by it."""
    if slots is None or not slots.spans:
        return text
    parts: list[str] = []
    free = 0
    for start, end, name in sorted(slots.spans):
        if name in _SIGNS and start >= free:
            parts += (text[free:start], _SIGNS[name])
            free = end
    return "".join(parts) + text[free:]


class Matcher:
    """Matches messages against the examples of a lexicon."""

    def __init__(self, lexicon: Lexicon, learnt: "Learnt", known: Collection[str] = ()) -> None:
        """`known` are words (of slots) that no repair may take for slips of the pen."""
        self.lexicon = lexicon
        self.reader = learnt.reader
        self.classifier = learnt.classifier
        said = {one.name: [fold(text) for text in one.said()] for one in lexicon.languages}
        words = [*self.reader.concepts.words(), *sorted(known)]
        chinese = (name for name, normaliser in self.reader.normalisers.items() if normaliser.simplify)
        everyday = [word for one in lexicon.languages for word in one.words]
        self.hearing = Hearing((text for name in chinese for text in said[name]), words, everyday)
        spelled = (fold(word) for one in lexicon.languages for word in (*one.aliases, *one.fillers))
        self.spelling = Spelling(
            (text for texts in said.values() for text in texts), (*words, *spelled), everyday
        )
        self.languages = Languages(
            {
                one.name: [text for texts in one.examples.values() for text in texts]
                for one in lexicon.languages
            }
        )
        self._phrases: dict[str, dict[str, str]] = {}
        for language in lexicon.languages:
            own = self._phrases.setdefault(language.name, {})
            for intent, closed in language.phrases.items():
                for phrase in closed:
                    for key in self._keys(phrase, language.name):
                        own.setdefault(key, intent)
        self._topics = {
            self.reader.normal(word, None, one.name): tuple(choices)
            for one in reversed(lexicon.languages)
            for word, choices in one.topics.items()
        }
        self._sounding: dict[str, str] = {}
        for name, phrases in self._phrases.items():
            if self.reader.normalisers[name].simplify:
                self._sounding.update(_sounding(phrases))
        self._near: dict[tuple[str, int], list[str]] = {}
        for name, phrases in self._phrases.items():
            for phrase in phrases:
                for size in _sizes_near(len(phrase)):
                    self._near.setdefault((name, size), []).append(phrase)
        self._examples = learnt.sentences

    def language(self, text: str, forced: str | None = None) -> str:
        """Return the language of a message: the `forced` one if we know it."""
        return (
            forced if forced is not None and forced in self.reader.normalisers else self.languages.find(text)
        )

    def heard(self, text: str, slots: "Slots | None", language: str) -> str:
        """Return the message as it was meant: `text` itself unless something in it had to be repaired."""
        if len(text) > LONGEST_MESSAGE:
            return text
        closed = {at for start, end, _ in (slots.spans if slots else ()) for at in range(start, end)}
        folded = fold(text)
        repaired = folded
        if self.reader.normalisers[language].simplify:
            repaired = self.hearing.repair(folded, closed)
        repaired = self.spelling.correct(repaired, closed)
        return text if repaired == folded else repaired

    def match(self, text: str, slots: "Slots | None", name: str, *, scored: bool = True) -> Match:
        """Return the scores of a message in the language `name`.

        Weighing costs more than all the rest: without `scored`, what is decided already has no scores.
        """
        normaliser = self.reader.normalisers[name]
        signed = masked(text, slots)
        spelled = normaliser.spell(signed)
        normal = normaliser.rest(spelled, signed)
        topic = self._topics.get(normal, ())
        written = spelled if signed == text else None
        sure = None if topic else self._surely(text, written, normal, slots, name)
        if sure is not None and sure.decides and not scored:
            return Match(name, normal, _UNWEIGHED, sure)
        scores = self.classifier.scores(self.reader.see(normal, slots, name), name)
        return Match(name, normal, scores, sure, topic)

    def _surely(
        self, text: str, spelled: str | None, normal: str, slots: "Slots | None", language: str
    ) -> Sure | None:
        """`spelled` is the spelling of `text` if nothing in it became a sign."""
        if normal and _NUMBERS_ONLY.issuperset(normal) and _BARE_NUMBER in self.lexicon.intents:
            return Sure(_BARE_NUMBER, _EXAMPLE, "number")
        if self._phrases and len(normal) <= _LONGEST_PHRASE and len(text) <= 3 * _LONGEST_PHRASE:
            found = self._phrase(text, spelled, normal, language)
            if found is not None:
                return found
        known = self._examples.get(normal)
        if known is not None:
            return Sure(known, _EXAMPLE, "example")
        if (
            slots is not None
            and len(normal) <= _LONGEST_PHRASE
            and self._criteria_only(text, slots, language)
        ):
            return Sure(_BARE_CRITERIA, _CRITERIA_ONLY, "criteria")
        return None

    def _criteria_only(self, text: str, slots: "Slots", language: str) -> bool:
        """Tell whether a message is nothing but criteria (条件): a month, an amount, a seller, a kind."""
        if _CRITERIA.isdisjoint(slots.values) or _BARE_CRITERIA not in self.lexicon.intents:
            return False
        kept = list(text)
        for start, end, _ in slots.spans:
            kept[start:end] = _FOUND * (end - start)
        return not _BESIDE_CRITERIA.sub("", self.reader.normalisers[language]("".join(kept)))

    def _phrase(self, text: str, spelled: str | None, normal: str, language: str) -> Sure | None:
        # Thanks behind a word are taken off the normal form, so "好的，谢谢" is looked up whole first.
        keys = ["".join(text.split()).lower()]
        if len(text) <= _LONGEST_PHRASE:
            keys.append(self.reader.normalisers[language].spell(text) if spelled is None else spelled)
        keys.append(normal)
        own = self._phrases.get(language, {})
        for phrases in (own, *self._phrases.values()):
            for key in keys:
                if key in phrases:
                    return Sure(phrases[key], _EXACT, "phrase")
        said = normal.translate(sounds())
        if said in self._sounding and said != normal and normal not in self._examples:
            return Sure(self._sounding[said], _NEARLY, "phrase")
        if len(normal) < _SHORTEST_NEAR:
            return None
        likely = self._near.get((language, len(normal)))
        near = extractOne(normal, likely, scorer=ratio, score_cutoff=_NEAR) if likely else None
        return Sure(own[near[0]], _NEARLY, "phrase") if near else None

    def _keys(self, text: str, language: str) -> Iterable[str]:
        plain = "".join(text.split()).lower()
        normaliser = self.reader.normalisers[language]
        return (plain, letters(text, simplify=normaliser.simplify) or plain, normaliser.spell(text) or plain)


@dataclass(frozen=True, slots=True)
class Learnt:
    """All that was learnt from the examples."""

    reader: Reader
    classifier: Classifier
    sentences: dict[str, str]  # normalised example → intent, where it is certain


def _sizes_near(size: int) -> list[int]:
    """Return the lengths of texts that are no phrase of length `size` and yet can come near it.

    The ratio counts characters put in and taken out: another text of the same length has two at least.
    """
    if size < _SHORTEST_NEAR:
        return []
    sizes = range(size - _MOST_LONGER, size + _MOST_LONGER + 1)
    return [other for other in sizes if 100 - 100 * (abs(other - size) or 2) / (other + size) >= _NEAR]


def _sounding(phrases: Mapping[str, str]) -> dict[str, str]:
    """Return sound → intent for the phrases whose sound means one thing only."""
    found: dict[str, set[str]] = {}
    for phrase, intent in phrases.items():
        found.setdefault(phrase.translate(sounds()), set()).add(intent)
    return {said: next(iter(intents)) for said, intents in found.items() if len(intents) == 1}


def learn(rows: list[tuple[str, str, str]], reader: Reader, seen: list[Seen]) -> Learnt:
    """Return what the example rows (language, intent, normalised text) teach."""
    few = not any(language for language, _, _ in rows)
    classifier = fit(seen, [intent for _, intent, _ in rows], [language for language, _, _ in rows], few=few)
    return Learnt(reader, classifier, known(rows))


def known(rows: list[tuple[str, str, str]]) -> dict[str, str]:
    """Return the sentences that stand under one intent only."""
    found: dict[str, str] = {}
    doubtful: set[str] = set()
    for _, intent, text in rows:
        if found.setdefault(text, intent) != intent:
            doubtful.add(text)
    return {text: intent for text, intent in found.items() if text not in doubtful}
