"""What the classifier sees of a message: n-grams, sounds, concepts and slots."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import cache
from pathlib import Path
from typing import NamedTuple

from locales.strict_yaml import LocaleError
from nlu.text.expressions import Expression
from nlu.text.normal import Normaliser, Words
from nlu.text.triggers import pieces, plain_start, plain_word, triggers

_RUN = re.compile(r"[a-zà-ɏ0-9']+|[^\sa-zà-ɏ0-9']+")
_SAID = re.compile("[\U000f0000-\U000fffff]+")
_LATIN_WORD = re.compile(r"[a-zà-ɏ']+")
# Each syllable is one character of a private plane, so that n-grams of sounds are slices as well.
_FIRST_SOUND = 0xF0000
STARTS = (("zh", "z"), ("ch", "c"), ("sh", "s"))
ENDS = (("ang", "an"), ("eng", "en"), ("ing", "in"))
_PLAIN = re.compile(r"[^\\.*+?()\[\]{}|^$]+")
_LEAST_SOUNDS = 2
_SOUNDS_LIKE = 0.5
_MOST_PAIRED = 10
_NEAR = 4
_ENDINGS = ("'s", "ing", "ed", "es", "s", "ly")
_SHORTEST_STEM = 3


@cache
def sounds() -> dict[int, str]:
    """Return the table character → sound (读音), each toneless syllable one private character.

    What keyboards and accents confuse is one sound: 平翘舌 (zh/z), 前后鼻音 (ang/an).
    """
    numbers: dict[str, int] = {}
    return {
        ord(char): chr(_FIRST_SOUND + numbers.setdefault(_alike(syllable), len(numbers)))
        for syllable, chars in _syllables()
        for char in chars
    }


def is_sound(char: str) -> bool:
    """Tell whether a character stands for a sound."""
    return ord(char) >= _FIRST_SOUND


def exact_sounds() -> dict[str, int]:
    """Return the table character → number of its syllable, nothing confused."""
    return {char: number for number, (_, chars) in enumerate(_syllables()) for char in chars}


def _syllables() -> list[tuple[str, str]]:
    lines = Path(__file__).with_name("pinyin.txt").read_text(encoding="utf-8").splitlines()
    return [(syllable, chars) for syllable, _, chars in (line.partition(" ") for line in lines[1:])]


def _alike(syllable: str) -> str:
    for old, new in STARTS:
        if syllable.startswith(old):
            syllable = new + syllable[len(old) :]
    for old, new in ENDS:
        if syllable.endswith(old):
            syllable = syllable[: -len(old)] + new
    return syllable


def grams(text: str) -> list[str]:
    """Return words with their pairs and letter groups (Latin), and groups of one to three characters."""
    found: list[str] = []
    before = ""
    for run in _RUN.findall(text):
        if run[0] < "\u0250":
            word = f" {run} "
            found.append(word)
            if before:
                found.append(before + word)
            before = word
            size = len(word)
            for length in (2, 3, 4, 5):
                found += [word[at : at + length] for at in range(size - length + 1)]
        else:
            before = ""
            found += run
            found += [run[at : at + 2] for at in range(len(run) - 1)]
            found += [run[at : at + 3] for at in range(len(run) - 2)]
    return found


def near_words(text: str) -> list[str]:
    """Return the stems of Latin words, and pairs of those that stand near each other, in whatever order."""
    stems = [stem(word) for word in _LATIN_WORD.findall(text)]
    found = [f" {one}~" for one in stems]
    for distance in range(1, _NEAR):
        found += [
            f" {one}~{other}" if one < other else f" {other}~{one}"
            for one, other in zip(stems, stems[distance:], strict=False)
        ]
    return found


def stem(word: str) -> str:
    """Return an English word without its ending: `cards`, `carded` and `carding` have one stem."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            word = word[: -len(ending)]
            break
    if len(word) > _SHORTEST_STEM and (word[-1] == "e" or word[-1] == word[-2]):
        word = word[:-1]
    return word[:-1] + "i" if word[-1] == "y" else word


def spoken(text: str) -> str:
    """Return `text` with a sound in the place of every Chinese character."""
    return text.translate(sounds())


def sound_grams(said: str) -> list[str]:
    """Return pairs of sounds: single ones say little, longer groups cost time and change nothing."""
    found: list[str] = []
    for run in _SAID.findall(said):
        found += [run[at : at + 2] for at in range(len(run) - 1)]
    return found


def character_pairs(texts: Iterable[str]) -> set[str]:
    """Return the pairs of characters that stand beside each other in `texts`."""
    return {text[at : at + 2] for text in texts for at in range(len(text) - 1)}


@cache
def _and(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    # Kept, so that the many words of a concept share one.
    return names if name in names else (*names, name)


class Concepts:
    """The concept lexicon (概念词表): groups of words that mean the same for us, in all languages."""

    def __init__(
        self,
        groups: Mapping[str, Mapping[str, Sequence[str]]],
        spell: Mapping[str, Normaliser],
        right: Set[str] = frozenset(),
    ) -> None:
        """`groups` gives, for each language, the alternatives of each concept.

        `right` are pairs of characters that are no misspelling, whatever they sound like.
        """
        self._right = right
        self.names = tuple(dict.fromkeys(name for concepts in groups.values() for name in concepts))
        self._plain: dict[str, tuple[str, ...]] = {}
        self._sounding: dict[str, tuple[str, ...]] = {}
        self._starting: dict[str, tuple[str, ...]] = {}
        self._patterns: dict[str, list[tuple[str, Expression]]] = {}
        for language, concepts in groups.items():
            for name, alternatives in concepts.items():
                self._add(name, alternatives, spell[language])
        self._words = Words(self._plain, inflected=True)
        self._starts = Words(self._starting, open_ended=True)
        self._sounds = Words(self._sounding)

    def _add(self, name: str, alternatives: Sequence[str], spell: Normaliser) -> None:
        for alternative in alternatives:
            start = plain_start(alternative)
            if start is not None:
                self._starting[start] = _and(self._starting.get(start, ()), name)
                continue
            if not _PLAIN.fullmatch(alternative) and plain_word(alternative) is None:
                self._add_pattern(name, alternative)
                continue
            alternative = plain_word(alternative) or alternative
            word = spell.spell(alternative)
            self._plain[word] = _and(self._plain.get(word, ()), name)
            said = word.translate(sounds())
            if (
                spell.simplify
                and len(said) >= _LEAST_SOUNDS
                and all(ord(char) >= _FIRST_SOUND for char in said)
            ):
                self._sounding[said] = _and(self._sounding.get(said, ()), name)

    def _add_pattern(self, name: str, pattern: str) -> None:
        try:
            entry = (name, Expression(pattern))
        except re.error as error:
            raise LocaleError(f"concept {name}: {pattern!r} is no regular expression: {error}") from error
        for piece in triggers(pattern) or {""}:
            self._patterns.setdefault(piece, []).append(entry)

    def words(self) -> Iterator[str]:
        """Yield the plain words of all concepts."""
        yield from self._plain

    def fired(self, text: str, said: str) -> dict[str, float]:
        """Return the concepts found in a normalised text with a weight: less where only the sound agrees.

        `said` is the text in sounds, or empty. Where people write what we know (把手), its sound (扒手) tells nothing.
        """
        found: dict[str, float] = {}
        for at, word in self._sounds.find(said):
            if self._right.isdisjoint(character_pairs((text[at : at + len(word)],))):
                found.update(dict.fromkeys(self._sounding[word], _SOUNDS_LIKE))
        for _, word in self._words.find(text):
            found.update(dict.fromkeys(self._plain[word], 1.0))
        if _LATIN_WORD.search(text):
            for _, word in self._starts.find(text):
                found.update(dict.fromkeys(self._starting[word], 1.0))
        patterns = self._patterns
        for piece in pieces(text):
            for name, pattern in patterns.get(piece, ()):
                if found.get(name) != 1.0 and pattern.search(text):
                    found[name] = 1.0
        return found


class Eyes:
    """Looks at a normalised message and says what is in it."""

    def __init__(self, concepts: Concepts, *, near: bool = False) -> None:
        """`near`: words that stand near each other count too, where no concepts of the trade tell what belongs together."""
        self._concepts = concepts
        self._near = near

    def see(self, text: str, slots: Iterable[str], *, chinese: bool) -> "Seen":
        """Return the features of a message; `slots` are the names of what was found in it."""
        said = spoken(text) if chinese else ""
        concepts = self._concepts.fired(text, said)
        names = sorted(concepts)  # the order in which they were found is one of a set
        pairs = {
            f"\x01{one}\x01{other}": concepts[one] * concepts[other]
            for at, one in enumerate(names[:_MOST_PAIRED])
            for other in names[at + 1 : _MOST_PAIRED]
        }
        return Seen(
            text,
            dict.fromkeys(grams(text), 1.0),
            dict.fromkeys(near_words(text), 1.0) if self._near else {},
            dict.fromkeys(sound_grams(said), 1.0),
            {f"\x01{name}": concepts[name] for name in names},
            pairs,
            dict.fromkeys((f"\x02{name}" for name in slots), 1.0),
        )


class Seen(NamedTuple):
    """The features of one message, block by block, each with its strength."""

    text: str
    grams: Mapping[str, float]
    words: Mapping[str, float]
    sounds: Mapping[str, float]
    concepts: Mapping[str, float]
    pairs: Mapping[str, float]
    slots: Mapping[str, float]

    def blocks(self) -> tuple[Mapping[str, float], ...]:
        """Return the blocks in their fixed order."""
        return (self.grams, self.words, self.sounds, self.concepts, self.pairs, self.slots)
