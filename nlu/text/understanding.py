"""Understanding a sentence (理解): which intent, how sure, with which slots."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from locales.catalog import HOME
from nlu.text.confidence import OTHER_TASKS, Confidence, read_confidence
from nlu.text.expressions import compile_waiting
from nlu.text.learning import taught
from nlu.text.lexicon import OUT_OF_SCOPE, THESAURUS, Lexicon, load_examples, load_lexicon, sources
from nlu.text.matcher import Match, Matcher
from nlu.text.model_cache import installed, kept
from nlu.text.normal import cut
from nlu.text.sellers import SellerIndex
from nlu.text.slots import SlotFinder, Slots, slot_finder
from nlu.text.wishes import split_wishes

_MOST_ALTERNATIVES = 5
_SELLER = "seller"
# How likely each choice is where only a thing was named: sure enough to be offered, not to be done.
_OPEN = 0.3
# Politeness around a wish is no second wish.
_NO_WISH = ("smalltalk.", "confirm.", "cancel", "help.menu", OUT_OF_SCOPE)


@dataclass(frozen=True, slots=True)
class Guess:
    """An intent and the chance, 0 to 1, that it is meant."""

    intent: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a message means (理解结果)."""

    text: str
    language: str
    intent: str
    confidence: float
    action: str  # answer | clarify | refuse
    alternatives: tuple[Guess, ...]  # best first, the answer included; it alone where there was no doubt
    slots: Mapping[str, Any]
    ms: float
    second: str | None = None  # a second wish in the same message, if it is clear


class Heard(NamedTuple):
    """A message made ready for the matcher."""

    text: str
    slots: Slots | None
    language: str


class Understander:
    """Understands messages; built once, safe to share."""

    def __init__(
        self,
        matcher: Matcher,
        confidence: Confidence,
        *,
        finder: SlotFinder | None = None,
        sellers: SellerIndex | None = None,
    ) -> None:
        self.matcher = matcher
        self.confidence = confidence
        self.sellers = sellers
        self._finder = finder

    @classmethod
    def load(cls, home: Path = HOME, *, cache: Path | None = None) -> "Understander":
        """Return the understander of the language folders under `home`.

        What was learnt is kept in the folder `cache`, if given, and read from there while nothing changed;
        what our own files teach, also where the program is installed.
        """
        folders = (() if cache is None else (cache,)) + (installed() if home == HOME else ())
        finder = slot_finder(home)
        matcher = kept(Matcher, sources(home), folders, lambda: taught(load_lexicon(home), finder.words))
        return cls(matcher, read_confidence(), finder=finder)

    @classmethod
    def of_examples(cls, path: Path, *, cache: Path | None = None) -> "Understander":
        """Return an understander of any other task, taught by a file that maps intents to sentences."""
        folders = () if cache is None else (cache,)
        return cls(
            kept(Matcher, [path, THESAURUS], folders, lambda: taught(load_examples(path))), OTHER_TASKS
        )

    def warm(self) -> None:
        """Do what else the first messages would have to wait for; from any thread, takes some tenths of a second."""
        compile_waiting()

    @property
    def lexicon(self) -> Lexicon:
        """What the language files say."""
        return self.matcher.lexicon

    def with_sellers(self, sellers: SellerIndex) -> "Understander":
        """Return the same understander that knows these sellers (销售方)."""
        return Understander(self.matcher, self.confidence, finder=self._finder, sellers=sellers)

    def understand(self, text: str, *, today: date, language: str | None = None) -> Understanding:
        """Return what `text` means; any text at all is answered, in bounded time."""
        begin = perf_counter()
        heard = self.hear(text, today=today, language=language)
        slots = heard.slots
        match = self.matcher.match(*heard, scored=False)
        ranked, action = self.judge(match)
        second = None
        parts = split_wishes(heard.text) if self._finder is not None else None
        if parts is not None:
            ranked, action, second = self._two_wishes(parts, today, match.language, (ranked, action))
        return Understanding(
            text=text,
            language=match.language,
            intent=ranked[0].intent,
            confidence=ranked[0].confidence,
            action=action,
            alternatives=ranked[:_MOST_ALTERNATIVES],
            slots=slots.values if slots is not None else {},
            ms=round((perf_counter() - begin) * 1000, 3),
            second=second,
        )

    def match(self, text: str, *, today: date, language: str | None = None) -> Match:
        """Return the bare scores of a message, before they become confidence."""
        return self.matcher.match(*self.hear(text, today=today, language=language))

    def hear(self, text: str, *, today: date, language: str | None = None) -> Heard:
        """Return what is to be matched: the message with wrong characters repaired, and its slots."""
        raw = cut(text)
        name = self.matcher.language(raw, language)
        slots = self._find_slots(raw, today)
        heard = self.matcher.heard(raw, slots, name)
        if heard is not raw and slots is not None and self._finder is not None:
            # A date may have been unreadable before; what was readable in the raw text is kept as written.
            again = self._finder.find(heard, today=today, sellers=self.sellers)
            if slots.values.keys() <= again.values.keys():
                kept = {_SELLER: slots.values[_SELLER]} if _SELLER in slots.values else {}
                slots = replace(again, values={**again.values, **kept})
            else:
                heard = raw
        return Heard(heard, slots, name)

    def judge(self, match: Match, intents: tuple[str, ...] = ()) -> tuple[tuple[Guess, ...], str]:
        """Return the guesses, best first, and the action; `intents` name the scores if not our own do."""
        ranked = []
        if len(match.scores):
            ranked = self._ranked(match.scores, intents or self.matcher.classifier.intents)
        if match.open:
            named = [Guess(intent, _OPEN) for intent in match.open]
            return (*named, *(guess for guess in ranked if guess.intent not in match.open)), "clarify"
        if match.sure is not None:
            sure, left = match.sure, 1 - match.sure.confidence
            rest = [guess for guess in ranked if guess.intent != sure.intent]
            total = sum(guess.confidence for guess in rest) or 1.0
            ranked = [Guess(sure.intent, sure.confidence)]
            ranked += [Guess(guess.intent, round(left * guess.confidence / total, 4)) for guess in rest]
        best = next((guess for guess in ranked if guess.intent != OUT_OF_SCOPE), None)
        if best is None:
            return tuple(ranked), "refuse"
        action = self.confidence.action(self.lexicon.intents[best.intent], best.confidence)
        if action == "answer" and ranked[0] is not best:
            action = "clarify"
        return tuple(ranked), action

    def _ranked(self, scores: NDArray[np.float32], intents: tuple[str, ...]) -> list[Guess]:
        chances = self.confidence.chances(intents, scores)
        best = sorted(range(len(chances)), key=chances.__getitem__, reverse=True)[: _MOST_ALTERNATIVES + 1]
        return [Guess(intents[at], round(chances[at], 4)) for at in best]

    def _two_wishes(
        self, parts: tuple[str, str], today: date, language: str, whole: tuple[tuple[Guess, ...], str]
    ) -> tuple[tuple[Guess, ...], str, str | None]:
        judged = [
            self.judge(self.matcher.match(part, self._find_slots(part, today), language, scored=False))
            for part in parts
        ]
        (first, first_action), (second, second_action) = judged
        intents = (first[0].intent, second[0].intent)
        clear = first_action == second_action == "answer" and intents[0] != intents[1]
        if not clear or any(intent.startswith(_NO_WISH) for intent in intents):
            return *whole, None
        return first, first_action, intents[1]

    def _find_slots(self, text: str, today: date) -> Slots | None:
        return (
            self._finder.find(text, today=today, sellers=self.sellers) if self._finder is not None else None
        )
