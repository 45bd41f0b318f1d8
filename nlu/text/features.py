"""What the classifier sees of a message: n-grams, sounds, concepts and slots."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from locales.strict_yaml import LocaleError
from nlu.text.normal import Normaliser, Words
from nlu.text.triggers import pieces, plain_start, plain_word, triggers

_RUN = re.compile(r"[a-zà-ɏ0-9']+|[^\sa-zà-ɏ0-9']+")
_LATIN_WORD = re.compile(r"[a-zà-ɏ']+")
# Each syllable is one character of a private plane, so that n-grams of sounds are slices as well.
_FIRST_SOUND = 0xF0000
_SHORTEST_TYPO, _MOST_TYPOS, _MOST_NEAR = 4, 8, 12
_PLAIN = re.compile(r"[^\\.*+?()\[\]{}|^$]+")
_LEAST_SOUNDS = 2
_SOUNDS_LIKE = 0.5
_MOST_PAIRED = 10


@cache
def sounds() -> dict[int, str]:
    """Return the table character → sound (读音), each toneless syllable one private character."""
    table: dict[int, str] = {}
    lines = Path(__file__).with_name("pinyin.txt").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        syllable, _, chars = line.partition(" ")
        if syllable != "#":
            table.update((ord(char), chr(_FIRST_SOUND + number)) for char in chars)
    return table


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


def spoken(text: str) -> list[str]:
    """Return the runs of sounds of the Chinese characters in `text`."""
    said = text.translate(sounds())
    return [run for run in re.findall("[\U000f0000-\U000fffff]+", said)]


def sound_grams(runs: Iterable[str]) -> list[str]:
    """Return pairs of sounds: single ones say little, longer groups cost time and change nothing."""
    found: list[str] = []
    for run in runs:
        found += [run[at : at + 2] for at in range(len(run) - 1)]
    return found


class Spelling:
    """Corrects Latin words that the examples do not know but nearly know (typos 笔误)."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._known = Counter(word for text in texts for word in _LATIN_WORD.findall(text))
        self._by_size: dict[int, list[str]] = {}
        for word in sorted(self._known):
            if len(word) >= _SHORTEST_TYPO:
                for size in range(len(word) - 2, len(word) + 3):
                    self._by_size.setdefault(size, []).append(word)

    def correct(self, text: str) -> str:
        """Return `text` with unknown words replaced by the known word that one slip makes of them."""
        left = _MOST_TYPOS
        for word in _LATIN_WORD.findall(text):
            if len(word) < _SHORTEST_TYPO or word in self._known:
                continue
            left -= 1
            if left < 0:
                break
            near = self._nearest(word)
            if near:
                text = re.sub(rf"(?<![a-z]){re.escape(word)}(?![a-z])", near, text)
        return text

    def _nearest(self, word: str) -> str | None:
        slips = 2 if len(word) >= 8 else 1
        found = extract(
            word, self._by_size.get(len(word), ()), scorer=OSA.distance, score_cutoff=slips, limit=_MOST_NEAR
        )
        near = [
            (known, distance)
            for known, distance, _ in found
            if len(word) > _SHORTEST_TYPO or known[0] == word[0]
        ]
        if not near:
            return None
        # Slips rarely hit the first and the last letter; of the rest, the commoner word.
        return min(
            near, key=lambda one: (one[1], one[0][0] != word[0], one[0][-1] != word[-1], -self._known[one[0]])
        )[0]


class Hearing:
    """Repairs characters that only sound right (同音字): a pair nobody wrote becomes the known pair of its sound."""

    def __init__(self, texts: Iterable[str]) -> None:
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(text[at : at + 2] for at in range(len(text) - 1))
        self._known = frozenset(counts)
        self._by_sound: dict[str, str] = {}
        table = sounds()
        for pair, _ in counts.most_common():
            one, other = table.get(ord(pair[0])), table.get(ord(pair[1]))
            if one is not None and other is not None:
                self._by_sound.setdefault(one + other, pair)

    def repair(self, text: str) -> str:
        """Return `text` with each character replaced that fits neither neighbour while another of its sound does."""
        strange = [text[at : at + 2] not in self._known for at in range(len(text) - 1)]
        if True not in strange:
            return text
        said = text.translate(sounds())
        chars = list(text)
        last = len(text) - 1
        for at, char in enumerate(text):
            if said[at] == char or (at and not strange[at - 1]) or (at < last and not strange[at]):
                continue
            before = self._by_sound.get(said[at - 1 : at + 1]) if at else None
            after = self._by_sound.get(said[at : at + 2]) if at < last else None
            if before is not None and (before[0] == chars[at - 1] or after is None):
                chars[at] = before[1]
            elif after is not None:
                chars[at] = after[0]
        return "".join(chars)


class Concepts:
    """The concept lexicon (概念词表): groups of words that mean the same for us, in all languages."""

    def __init__(
        self, groups: Mapping[str, Mapping[str, Sequence[str]]], spell: Mapping[str, Normaliser]
    ) -> None:
        """`groups` gives, for each language, the alternatives of each concept."""
        self.names = tuple(dict.fromkeys(name for concepts in groups.values() for name in concepts))
        self._plain: dict[str, set[str]] = {}
        self._sounding: dict[str, set[str]] = {}
        self._starting: dict[str, set[str]] = {}
        self._patterns: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
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
                self._starting.setdefault(start, set()).add(name)
                continue
            if not _PLAIN.fullmatch(alternative) and plain_word(alternative) is None:
                self._add_pattern(name, alternative)
                continue
            alternative = plain_word(alternative) or alternative
            word = spell.spell(alternative)
            self._plain.setdefault(word, set()).add(name)
            said = word.translate(sounds())
            if (
                spell.simplify
                and len(said) >= _LEAST_SOUNDS
                and all(ord(char) >= _FIRST_SOUND for char in said)
            ):
                self._sounding.setdefault(said, set()).add(name)

    def _add_pattern(self, name: str, pattern: str) -> None:
        try:
            entry = (name, re.compile(pattern))
        except re.error as error:
            raise LocaleError(f"concept {name}: {pattern!r} is no regular expression: {error}") from error
        for piece in triggers(pattern) or {""}:
            self._patterns.setdefault(piece, []).append(entry)

    def words(self) -> Iterator[str]:
        """Yield the plain words of all concepts."""
        yield from self._plain

    def fired(self, text: str, said: Iterable[str]) -> dict[str, float]:
        """Return the concepts found in a normalised text with a weight: less where only the sound agrees."""
        found: dict[str, float] = {}
        for run in said:
            for _, word in self._sounds.find(run):
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

    def __init__(self, concepts: Concepts) -> None:
        self._concepts = concepts

    def see(self, text: str, slots: Iterable[str], *, chinese: bool) -> "Seen":
        """Return the features of a message; `slots` are the names of what was found in it."""
        runs = spoken(text) if chinese else []
        concepts = self._concepts.fired(text, runs)
        names = sorted(concepts)
        pairs = {
            f"\x01{one}\x01{other}": concepts[one] * concepts[other]
            for at, one in enumerate(names[:_MOST_PAIRED])
            for other in names[at + 1 : _MOST_PAIRED]
        }
        return Seen(
            text,
            dict.fromkeys(grams(text), 1.0),
            dict.fromkeys(sound_grams(runs), 1.0),
            {f"\x01{name}": weight for name, weight in concepts.items()},
            pairs,
            dict.fromkeys((f"\x02{name}" for name in slots), 1.0),
        )


class Seen(NamedTuple):
    """The features of one message, block by block, each with its strength."""

    text: str
    grams: Mapping[str, float]
    sounds: Mapping[str, float]
    concepts: Mapping[str, float]
    pairs: Mapping[str, float]
    slots: Mapping[str, float]

    def blocks(self) -> tuple[Mapping[str, float], ...]:
        """Return the blocks in their fixed order."""
        return (self.grams, self.sounds, self.concepts, self.pairs, self.slots)
