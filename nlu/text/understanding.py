"""Understanding a sentence (理解): which intent, how sure, with which slots."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any

from locales.catalog import HOME
from nlu.text.confidence import Confidence, read_confidence
from nlu.text.lexicon import OUT_OF_SCOPE, Lexicon, load_examples, load_lexicon, sources
from nlu.text.matcher import Match, Matcher
from nlu.text.model_cache import fitted
from nlu.text.normal import cut
from nlu.text.sellers import SellerIndex
from nlu.text.slots import Slots, find_slots
from nlu.text.wishes import split_wishes

_MOST_ALTERNATIVES = 5
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
    alternatives: tuple[Guess, ...]  # best first, the answer included
    slots: Mapping[str, Any]
    ms: float
    second: str | None = None  # a second wish in the same message, if it is clear


class Understander:
    """Understands messages; built once, safe to share."""

    def __init__(
        self,
        matcher: Matcher,
        confidence: Confidence,
        *,
        slots: bool = True,
        sellers: SellerIndex | None = None,
    ) -> None:
        self.matcher = matcher
        self.confidence = confidence
        self.sellers = sellers
        self._slots = slots

    @classmethod
    def load(cls, home: Path = HOME, *, cache: Path | None = None) -> "Understander":
        """Return the understander of the language folders under `home`.

        What was learnt is kept in the folder `cache`, if given, and read from there while nothing changed.
        """
        lexicon = load_lexicon(home)
        return cls(Matcher(lexicon, fitted(lexicon, sources(home), cache)), read_confidence())

    @classmethod
    def of_examples(cls, path: Path, *, cache: Path | None = None) -> "Understander":
        """Return an understander of any other task, taught by a file that maps intents to sentences."""
        lexicon = load_examples(path)
        return cls(Matcher(lexicon, fitted(lexicon, [path], cache)), read_confidence(), slots=False)

    @property
    def lexicon(self) -> Lexicon:
        """What the language files say."""
        return self.matcher.lexicon

    def with_sellers(self, sellers: SellerIndex) -> "Understander":
        """Return the same understander that knows these sellers (销售方)."""
        return Understander(self.matcher, self.confidence, slots=self._slots, sellers=sellers)

    def understand(self, text: str, *, today: date, language: str | None = None) -> Understanding:
        """Return what `text` means; any text at all is answered, in bounded time."""
        begin = perf_counter()
        raw = cut(text)
        slots = self._find_slots(raw, today)
        match = self.matcher.match(raw, slots, language)
        ranked, action = self.judge(match)
        second = None
        parts = split_wishes(raw) if self._slots else None
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

    def judge(self, match: Match) -> tuple[tuple[Guess, ...], str]:
        """Return the guesses, best first, and the action of a match."""
        if match.sure is not None:
            chances = {name: 0.0 for name in self.matcher.classifier.intents if name != match.sure.intent}
            ranked = [Guess(match.sure.intent, match.sure.confidence)]
            if match.sure.rest is not None:
                _, chances = self.confidence.chances(self.matcher.classifier.intents, match.sure.rest)
                chances.pop(match.sure.intent, None)
            left = 1 - match.sure.confidence
            total = sum(chances.values()) or 1.0
            others = [Guess(name, round(left * chance / total, 4)) for name, chance in chances.items()]
            ranked += sorted(others, key=lambda guess: -guess.confidence)[: _MOST_ALTERNATIVES - 1]
        else:
            outside, chances = self.confidence.chances(self.matcher.classifier.intents, match.scores)
            ranked = [Guess(name, round(chance, 4)) for name, chance in chances.items()]
            ranked.sort(key=lambda guess: -guess.confidence)
            if OUT_OF_SCOPE not in chances and outside > ranked[0].confidence:
                ranked.insert(0, Guess(OUT_OF_SCOPE, round(outside, 4)))
        best = next((guess for guess in ranked if guess.intent != OUT_OF_SCOPE), None)
        if best is None:
            return tuple(ranked), "refuse"
        action = self.confidence.action(self.lexicon.intents[best.intent], best.confidence)
        if action == "answer" and ranked[0] is not best:
            action = "clarify"
        return tuple(ranked), action

    def _two_wishes(
        self, parts: tuple[str, str], today: date, language: str, whole: tuple[tuple[Guess, ...], str]
    ) -> tuple[tuple[Guess, ...], str, str | None]:
        judged = [
            self.judge(self.matcher.match(part, self._find_slots(part, today), language)) for part in parts
        ]
        (first, first_action), (second, second_action) = judged
        intents = (first[0].intent, second[0].intent)
        clear = first_action == second_action == "answer" and intents[0] != intents[1]
        if not clear or any(intent.startswith(_NO_WISH) for intent in intents):
            return *whole, None
        return first, first_action, intents[1]

    def _find_slots(self, text: str, today: date) -> Slots | None:
        return find_slots(text, today=today, sellers=self.sellers) if self._slots else None
