"""Normalisation (归一化): one spelling for the many ways in which people type the same thing."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from nlu.text.expressions import Expression

# A wish fits into this; of a longer text the beginning and the end are read, where wishes stand.
_HEAD, _TAIL = 240, 120
_RAW_HEAD, _RAW_TAIL = 2000, 500

# Sounds at the end of a sentence that ask nothing and mean nothing.
_PARTICLES = frozenset("啊呀哈哦噢喔啦呗哎嗯哟")
# Politeness before a wish, and nothing else than that.
_POLITE = (
    "麻烦您", "麻烦你", "麻烦", "劳驾", "打扰一下", "打扰了", "不好意思", "那个", "sorry", "excuse me", "please", "pls",
    "すみません", "すいません", "恐れ入りますが", "お手数ですが",
)  # fmt: skip
_MOST_FRAMES = 3
_SHORTEST_WISH = 3

_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d]")
_PICTURES = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u2300-\u23ff\u2190-\u21ff\u200b-\u200f\u2060\ufe00-\ufe0f\u20e3"
    "\U000e0000-\U000e007f]+|\\[[\u4e00-\u9fff]{1,3}\\](?!\\S*\\[?发票)"
)
# Whatever is neither a letter, a digit nor one of our placeholders divides words.
_DIVIDERS = re.compile(r"[^\w\ue000-\uf8ff']+|_+|(?<![a-z])'|'(?![a-z])")
_INNER_SPACE = re.compile(r"(?<=[^\x00-\x7f]) (?=[^\x00-\x7f])")
# Latin words are looked up by their beginning, where a word begins.
_LATIN_START = 4
_LATIN_BEGINS = re.compile("(?<![a-z])[a-z]")
_REPEATED = re.compile(r"([^\W\d])\1{2,}")


@cache
def simplified() -> dict[int, str]:
    """Return the table traditional → simplified (繁 → 简), character by character."""
    table = files("opencc").joinpath("dictionary/TSCharacters.txt").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if "\t" in line)
    return {ord(old): new.split(" ")[0] for old, new in rows if len(old) == 1}


def has_kana(text: str) -> bool:
    """Tell whether kana (假名) occur, half-width ones too."""
    return _KANA.search(text) is not None


def cut(text: str) -> str:
    """Return `text`, or its beginning and end if it is very long."""
    if len(text) <= _RAW_HEAD + _RAW_TAIL:
        return text
    return f"{text[:_RAW_HEAD]} {text[-_RAW_TAIL:]}"


def letters(text: str, *, simplify: bool) -> str:
    """Return `text` in half-width lower-case letters, simplified if wished, words divided by one space."""
    text = unicodedata.normalize("NFKC", text).lower()
    if simplify:
        text = text.translate(simplified())
    text = _DIVIDERS.sub(" ", text.replace("’", "'"))
    text = _INNER_SPACE.sub("", text.strip())
    text = _REPEATED.sub(r"\1\1", text)
    return text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]} {text[-_TAIL:]}"


def without_pictures(text: str) -> str:
    """Return `text` without emoji (表情) and the like, unless nothing else is in it."""
    if text.isascii():
        return text
    rest = _PICTURES.sub(" ", text)
    return rest if rest.strip() else text


class Words:
    """Finds many fixed words in a text at once: the cost follows the text, not the number of words.

    A word that begins or ends with a Latin letter is found only where a word begins or ends; `inflected`
    lets English endings follow, `open_ended` anything.
    """

    def __init__(self, words: Iterable[str], *, inflected: bool = False, open_ended: bool = False) -> None:
        ending = r"(?:s|es|d|ed|ing|'s)?(?![a-z])" if inflected else r"(?![a-z])"
        self._ending = Expression("" if open_ended else ending)
        self._latin: dict[str, list[str]] = {}
        self._by_start: dict[str, list[str]] = {}
        for word in sorted({word for word in words if word}, key=lambda word: (-len(word), word)):
            if _is_latin(word[0]):
                self._latin.setdefault(word[:_LATIN_START], []).append(word)
            else:
                self._by_start.setdefault(word[:2], []).append(word)
        self._short = frozenset(start for start in self._by_start if len(start) == 1)
        self._ascii = frozenset(start[0] for start in self._by_start if start.isascii())

    def find(self, text: str) -> list[tuple[int, str]]:
        """Return (place, word) for each word, the longer first at each place, overlaps included."""
        found = self._find_others(text)
        if not self._latin:
            return found
        latin = [
            (at, word)
            for at in [match.start() for match in _LATIN_BEGINS.finditer(text)]
            for size in range(_LATIN_START, 0, -1)
            for word in self._latin.get(text[at : at + size], ())
            if len(text) >= at + size and text.startswith(word, at) and self._ends(text, at, word)
        ]
        return sorted([*found, *latin], key=lambda each: each[0]) if found and latin else found or latin

    def _find_others(self, text: str) -> list[tuple[int, str]]:
        """Find the words that begin with no Latin letter."""
        groups, short = self._by_start, self._short
        if not groups or (text.isascii() and self._ascii.isdisjoint(text)):
            return []
        found: list[tuple[int, str]] = []
        for at in [at for at in range(len(text)) if text[at : at + 2] in groups or text[at] in short]:
            for word in groups.get(text[at : at + 2], ()):
                if text.startswith(word, at) and self._ends(text, at, word):
                    found.append((at, word))
            if text[at] in short and at + 1 < len(text):
                found.append((at, text[at]))
        return found

    def replace(self, text: str, by: Mapping[str, str]) -> str:
        """Return `text` with each word replaced, left to right, the longest first, without overlaps."""
        parts: list[str] = []
        free = 0
        for at, word in self.find(text):
            if at < free:
                continue
            parts += (text[free:at], by[word])
            free = at + len(word)
        return "".join(parts) + text[free:] if parts else text

    def _ends(self, text: str, at: int, word: str) -> bool:
        return not _is_latin(word[-1]) or self._ending.match(text, at + len(word)) is not None


def _is_latin(char: str) -> bool:
    return "a" <= char <= "z"


class Normaliser:
    """Normalises the messages of one language: letters, aliases (别名) and fillers (口头语)."""

    def __init__(
        self,
        language: str,
        aliases: Mapping[str, str],
        fillers: Iterable[str],
        openings: Iterable[str] = (),
        closings: Iterable[str] = (),
        phrases: Iterable[str] = (),
    ) -> None:
        """`openings` (您好) and `closings` (谢谢) are taken off the ends of a message that says more.

        `phrases` say enough, however short.
        """
        self.simplify = language in ("zh", "")
        spelled = {self._spelled(old): self._spelled(new) for old, new in aliases.items()}
        self._aliases = {old: new for old, new in spelled.items() if old and old != new}
        self._find_aliases = Words(self._aliases)
        self._fillers = dict.fromkeys((self._spelled(filler) for filler in fillers), " ")
        self._find_fillers = Words(self._fillers)
        self._phrases = frozenset(map(self._spelled, phrases)) - {""}
        self._openings = self._by_end((*openings, *_POLITE), first=True)
        self._closings = self._by_end((*closings, *_PARTICLES), first=False)

    def _spelled(self, text: str) -> str:
        return letters(text, simplify=self.simplify and not has_kana(text))

    def spell(self, text: str) -> str:
        """Return `text` with letters and aliases normalised; fillers stay."""
        text = self._spelled(without_pictures(text))
        replaced = self._find_aliases.replace(text, self._aliases)
        return text if replaced is text else _tidy(replaced)

    def __call__(self, text: str) -> str:
        """Return what the matcher compares; never empty if `text` says anything."""
        return self.rest(self.spell(text), text)

    def rest(self, spelled: str, text: str) -> str:
        """Return what the matcher compares of a text that is spelled already."""
        if not spelled:
            return " ".join(unicodedata.normalize("NFKC", text).split())[:_TAIL]
        replaced = self._find_fillers.replace(spelled, self._fillers)
        return self._bare(spelled if replaced is spelled else _tidy(replaced) or spelled)

    def _by_end(self, words: Iterable[str], *, first: bool) -> dict[str, list[str]]:
        groups: dict[str, list[str]] = {}
        for word in sorted({self._spelled(word) for word in words}, key=lambda word: (-len(word), word)):
            if len(word) > 1 or word in _PARTICLES:
                groups.setdefault(word[0] if first else word[-1], []).append(word)
        return groups

    def _bare(self, text: str) -> str:
        """Return `text` without the greeting before and the thanks behind it."""
        for _ in range(_MOST_FRAMES):
            inner = text
            for word in self._openings.get(text[:1], ()):
                if text.startswith(word) and self._says_more(text[len(word) :], text[len(word) - 1]):
                    inner = text[len(word) :].lstrip()
                    break
            for word in self._closings.get(inner[-1:], ()):
                rest = inner[: -len(word)]
                if inner.endswith(word) and self._says_more(rest, word[0], before=True):
                    inner = rest.rstrip()
                    break
            if inner == text:
                break
            text = inner
        return text

    def _says_more(self, rest: str, beside: str, *, before: bool = False) -> bool:
        """Tell whether what is left beside a word, which has `beside` at that end, is a message of its own."""
        bare = rest.strip()
        if len(bare) < _SHORTEST_WISH and bare not in self._phrases:
            return False
        edge = rest[-1:] if before else rest[:1]
        return not ("a" <= beside <= "z" and "a" <= edge <= "z")


def _tidy(text: str) -> str:
    return _INNER_SPACE.sub("", " ".join(text.split()))
