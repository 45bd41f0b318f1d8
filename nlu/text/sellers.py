"""Sellers (销售方) that the company knows, found in a sentence by name, short name or with a slip of the pen."""

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from nlu.text.fold import fold

_FORM = re.compile(
    r"(?:集团)?(?:股份|责任)?(?:有限)?(?:责任)?公司$|(?:股份|株式|合同|有限)会社$|^(?:株式|合同|有限)会社|"
    r"[ ,]+(?:co|company|ltd|limited|inc|llc|corp|corporation|gmbh|pte)\b.*$"
)
_REGION = re.compile(
    r"^(?:中国|北京|上海|天津|重庆|广州|深圳|杭州|南京|苏州|成都|武汉|西安|厦门|青岛|宁波|大连|长沙|郑州|合肥|福州|济南|沈阳|"
    r"无锡|东莞|佛山|昆明|哈尔滨|长春|石家庄|太原|南昌|南宁|贵阳|海口|兰州|珠海|常州|温州|绍兴|嘉兴|"
    r"[\u4e00-\u9fff]{2,3}(?:省|市|区|县))(?:市|省)?"
)
_BRACKETS = re.compile(r"\([^()]{1,12}\)")
_SHORTEST = 3  # characters of a short name that counts
_LATIN = re.compile(r"[a-z0-9]")
_COMMON = 3_000  # a pair of characters in more names than that tells nothing
_LIKE = 85.0
_CANDIDATES = 24
_WORDS_LIMIT = 120  # characters of a sentence in which a misspelt name is looked for


@dataclass(frozen=True, slots=True)
class _Grams:
    """Which names hold a pair of characters: postings of all pairs, one after the other."""

    keys: NDArray[np.int64]
    starts: NDArray[np.int64]
    names: NDArray[np.int32]


class SellerIndex:
    """Known sellers; made by `build`, asked by `find`."""

    def __init__(
        self, names: tuple[str, ...], forms: list[str], owners: list[int], grams: _Grams | None
    ) -> None:
        self._names = names
        self._forms = forms  # sorted
        self._owners = owners
        self._grams = grams
        self._cores = [core(name) for name in names] if len(names) <= 50_000 else None

    @classmethod
    def build(cls, names: Iterable[str]) -> "SellerIndex":
        """Index the names; a million take some seconds, best in a thread."""
        kept = tuple(dict.fromkeys(name for name in names if name.strip()))
        pairs = sorted(_forms(kept))
        return cls(kept, [form for form, _ in pairs], [owner for _, owner in pairs], _grams(kept))

    def __len__(self) -> int:
        return len(self._names)

    def find(self, text: str) -> list[tuple[str, float, int, int]]:
        """(name, score, start, end) of the sellers in a sentence, longest first; places are in the raw text."""
        if not self._names:
            return []
        folded = fold(text)
        found = self._exact(folded)
        return found or self._alike(folded)

    def _exact(self, text: str) -> list[tuple[str, float, int, int]]:
        found: list[tuple[str, float, int, int]] = []
        for start in range(len(text)):
            if text[start] in " ,.?!:;" or (
                start and _LATIN.match(text[start]) and _LATIN.match(text[start - 1])
            ):
                continue
            length, owner = self._longest(text, start)
            if length:
                found.append((self._names[owner], 100.0, start, start + length))
        found.sort(key=lambda each: (each[2] - each[3], each[2]))
        kept: list[tuple[str, float, int, int]] = []
        for each in found:
            if all(each[3] <= other[2] or each[2] >= other[3] for other in kept):
                kept.append(each)
        return kept

    def _longest(self, text: str, start: int) -> tuple[int, int]:
        """Length of the longest beginning of a known form at a place, and whose it is; 0 if too short."""
        forms = self._forms
        best = (0, 0)
        place = bisect_left(forms, text[start : start + 40])
        for near in (place - 1, place):
            if 0 <= near < len(forms):
                length = _whole_words(forms[near], text, start, _shared(forms[near], text, start))
                if length > best[0] and _counts(forms[near], length, text, start):
                    best = (length, self._owners[near])
        return best

    def _alike(self, text: str) -> list[tuple[str, float, int, int]]:
        if self._grams is None:
            return []
        grams = self._grams
        piece = text[:_WORDS_LIMIT]
        postings = []
        for key in {_key(piece[at : at + 2]) for at in range(len(piece) - 1)}:
            place = int(np.searchsorted(grams.keys, key))
            if place < len(grams.keys) and grams.keys[place] == key:
                first, last = int(grams.starts[place]), int(grams.starts[place + 1])
                if last - first <= _COMMON:
                    postings.append(grams.names[first:last])
        if not postings:
            return []
        owners, counts = np.unique(np.concatenate(postings), return_counts=True)
        order = np.argsort(-counts)[:_CANDIDATES]
        best: tuple[str, float, int, int] | None = None
        for owner, count in zip(owners[order], counts[order], strict=True):
            name = core(self._names[owner])
            if len(name) < 4 or count < 2:
                continue
            aligned = fuzz.partial_ratio_alignment(name, piece, score_cutoff=_LIKE)
            if aligned is None or aligned.dest_end - aligned.dest_start < len(name) - 1:
                continue
            if best is None or aligned.score > best[1]:
                best = (self._names[owner], float(aligned.score), aligned.dest_start, aligned.dest_end)
        return [] if best is None else [best]


def core(name: str) -> str:
    """A name without legal form, region and brackets, folded: what people call it."""
    folded = fold(name).strip()
    bare = _BRACKETS.sub("", folded)
    bare = _FORM.sub("", bare).strip()
    shorter = _REGION.sub("", bare)
    return shorter if len(shorter) >= _SHORTEST - 1 else bare


def _forms(names: tuple[str, ...]) -> Iterable[tuple[str, int]]:
    for owner, name in enumerate(names):
        yield fold(name), owner
        bare = core(name)
        if len(bare) >= 2:
            yield bare, owner


def _shared(form: str, text: str, start: int) -> int:
    limit = min(len(form), len(text) - start)
    length = 0
    while length < limit and form[length] == text[start + length]:
        length += 1
    return length


def _whole_words(form: str, text: str, start: int, length: int) -> int:
    """`length` without a space at its end: "bluefin hotel one" has two words of "bluefin hotel shanghai"."""
    if not _LATIN.match(form[:1]):
        return length
    if _LATIN.match(text[start + length : start + length + 1]) and form[length - 1 : length] != " ":
        length = form.rfind(" ", 0, length) + 1
    return len(form[:length].rstrip(" ,."))


def _counts(form: str, length: int, text: str, start: int) -> bool:
    """Whether so many characters of a form are enough to mean it."""
    whole = length == len(form)
    if _LATIN.match(form[:1]):
        # Whole words only, the first of which is no common short one.
        ends = start + length
        if ends < len(text) and _LATIN.match(text[ends]):
            return False
        if not whole and form[length : length + 1] not in (" ", ",", ""):
            return False
        return length >= 4 and (whole or " " in form[:length] or length >= 6)
    if whole:
        return length >= 2 if length == len(form) and len(form) >= 3 else False
    said = form[:length]
    if _REGION.fullmatch(said) or _FORM.fullmatch(said):
        return False
    return length >= max(_SHORTEST + 1, 2 * len(form) // 5) and length - _region_length(form) >= _SHORTEST


def _region_length(form: str) -> int:
    found = _REGION.match(form)
    return found.end() if found else 0


def _key(pair: str) -> int:
    return (ord(pair[0]) << 21) | ord(pair[1])


def _grams(names: tuple[str, ...]) -> _Grams | None:
    keys: list[int] = []
    owners: list[int] = []
    for owner, name in enumerate(names):
        bare = core(name)
        for key in {_key(bare[at : at + 2]) for at in range(len(bare) - 1)}:
            keys.append(key)
            owners.append(owner)
    if not keys:
        return None
    all_keys = np.array(keys, np.int64)
    order = np.argsort(all_keys, kind="stable")
    distinct, first = np.unique(all_keys[order], return_index=True)
    return _Grams(
        distinct, np.append(first, len(all_keys)).astype(np.int64), np.array(owners, np.int32)[order]
    )
