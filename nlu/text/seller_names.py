"""Names of sellers made ready for looking up: what people call a company, sorted, and which sounds it has.

A company may know a million sellers, so names are kept as a few long texts with places, not as a million objects,
and expressions run once over all of them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from nlu.text.features import sounds
from nlu.text.fold import fold_whole

_BREAK = "\n"
_STAYS = "\x00"  # between names while they are folded, which makes a break a space
_FORM = re.compile(
    r"(?:集团)?(?:股份|责任)?(?:有限)?(?:责任)?公司$|(?:股份|株式|合同|有限)会社$|^(?:株式|合同|有限)会社|"
    r"[ ,]+(?:co|company|ltd|limited|inc|llc|corp|corporation|gmbh|pte)\b.*$",
    re.MULTILINE,
)
PLACES = (
    r"(?:中国|北京|上海|天津|重庆|广州|深圳|杭州|南京|苏州|成都|武汉|西安|厦门|青岛|宁波|大连|长沙|郑州|合肥|福州|济南|沈阳|"
    r"无锡|东莞|佛山|昆明|哈尔滨|长春|石家庄|太原|南昌|南宁|贵阳|海口|兰州|珠海|常州|温州|绍兴|嘉兴|"
    r"[\u4e00-\u9fff]{2,3}(?:省|市|区|县))(?:市|省)?"
)
REGION = re.compile(PLACES)
LEGAL_FORM = _FORM
_REGION_BEFORE = re.compile(rf"^{PLACES}(?=..)", re.MULTILINE)
_BRACKETS = re.compile(r"\([^()\n]{1,12}\)")
_EDGES = re.compile(r"^ +| +$", re.MULTILINE)
_HALF = 21  # bits of a character
_COMMON = 2_000  # two sounds in more names than that tell nothing


def cores(folded: str) -> str:
    """Folded names, one a line, without legal form, region and brackets: what people call them."""
    bare = _EDGES.sub("", _FORM.sub("", _BRACKETS.sub("", _EDGES.sub("", folded))))
    return _EDGES.sub("", _REGION_BEFORE.sub("", bare))


@dataclass(frozen=True, slots=True)
class Lines:
    """Many short texts in one long one."""

    text: str
    starts: NDArray[np.int32]  # of each line, and of the one that would follow

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, place: int) -> str:
        return self.text[self.starts[place] : self.starts[place + 1] - 1]


def lines(text: str) -> Lines:
    """A text of lines, the last of which ends with a break as well."""
    return Lines(text, _starts(_codes(text) == ord(_BREAK)))


@dataclass(frozen=True, slots=True)
class Forms:
    """Full names and cores in alphabetical order, each with the number of its name."""

    lines: Lines
    owners: NDArray[np.int32]
    beginnings: dict[str, int]  # two characters: the first form that begins with them


def forms(names: str, short: str) -> Forms:
    """The sorted forms of folded names and of their cores, both one a line."""
    every = (names + short)[:-1].split(_BREAK) if names else []
    order = [place for place in sorted(range(len(every)), key=every.__getitem__) if len(every[place]) >= 2]
    ordered = [every[place] for place in order]
    beginnings: dict[str, int] = {}
    for place, form in enumerate(ordered):
        beginnings.setdefault(form[:2], place)
    owners = np.array(order, np.int32) % np.int32(max(len(every) // 2, 1))
    return Forms(lines("".join(f"{form}{_BREAK}" for form in ordered)), owners, beginnings)


@dataclass(frozen=True, slots=True)
class Sounds:
    """The sounds of cores, and which names hold two sounds after each other."""

    lines: Lines
    pairs: dict[str, int]  # two sounds: their number
    starts: list[int]  # of the names of each pair, and of the one that would follow
    names: NDArray[np.int32]

    def holding(self, said: str, most: int) -> NDArray[np.int32]:
        """The names that share sounds with `said`, by the rarest of them; about `most`, with repeats."""
        known = {said[at : at + 2] for at in range(len(said) - 1)} & self.pairs.keys()
        found: list[NDArray[np.int32]] = []
        for start, end in sorted(map(self._place, known), key=_size):
            most -= end - start
            if most < 0 and found:
                break
            found.append(self.names[start:end])
        return np.concatenate(found) if found else np.empty(0, np.int32)

    def _place(self, pair: str) -> tuple[int, int]:
        number = self.pairs[pair]
        return self.starts[number], self.starts[number + 1]


def _size(place: tuple[int, int]) -> tuple[int, int]:
    return place[1] - place[0], place[0]


def sounding(short: str) -> Sounds:
    """The sounds of cores, one a line."""
    spoken = said(short)
    keys = _pairs(spoken)
    codes = _codes(spoken)
    breaks = codes == ord(_BREAK)
    figures = (codes >= ord("0")) & (codes <= ord("9"))
    owners = np.cumsum(breaks, dtype=np.int32)[:-1]
    # Two figures are rather of an amount or a number than of a name.
    inside = ~(breaks[:-1] | breaks[1:] | (figures[:-1] & figures[1:]))
    keys, owners = keys[inside], owners[inside]
    order = np.argsort(keys, kind="stable")
    keys, owners = keys[order], owners[order]
    distinct, counts = np.unique(keys, return_counts=True)
    kept = counts <= _COMMON
    owners = owners[np.repeat(kept, counts)]
    starts = np.concatenate(([0], np.cumsum(counts[kept])))
    pairs = {
        chr(key >> _HALF) + chr(key & ((1 << _HALF) - 1)): at
        for at, key in enumerate(distinct[kept].tolist())
    }
    return Sounds(Lines(spoken, _starts(breaks)), pairs, starts.tolist(), owners)


def _pairs(text: str) -> NDArray[np.int64]:
    """A key for every two characters after each other."""
    codes = _codes(text).astype(np.int64)
    return (codes[:-1] << _HALF) | codes[1:]


def _codes(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _starts(breaks: NDArray[np.bool_]) -> NDArray[np.int32]:
    return np.concatenate(([0], np.flatnonzero(breaks) + 1)).astype(np.int32)


def folded(names: Sequence[str]) -> str:
    """Names folded, one a line, each as long as it was."""
    return (
        fold_whole(_STAYS.join(name.replace(_STAYS, " ") for name in names)).replace(_STAYS, _BREAK) + _BREAK
    )


def said(text: str) -> str:
    """`text` with the sound (读音) of each Chinese character in its place."""
    return text.translate(_sounds())


@cache
def _sounds() -> dict[int, str]:
    # In the plane of the characters themselves: names stay at two bytes a character.
    return {code: chr(0xE000 + (ord(sound) & 0xFFFF)) for code, sound in sounds().items()}
