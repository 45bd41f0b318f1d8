"""Sellers (销售方) that the company knows, found in a sentence by name, short name, by sound or with a slip of the pen."""

import re
from collections.abc import Iterable

import numpy as np
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from nlu.text import seller_names
from nlu.text.fold import fold
from nlu.text.romanised import romanised
from nlu.text.seller_names import LEGAL_FORM, PLACES, REGION, Forms, Lines, Sounds

_SHORTEST = 3  # characters of a short name that counts
_LATIN = re.compile(r"[a-z0-9]")
_NEXT_WORD = re.compile(r" ([a-z]{4,})(?![a-z])")
_LIKE = 85.0
_CANDIDATES = 24
_POSTINGS = 4_000  # names looked at, by the rarest sounds they share with the sentence
_WORDS_LIMIT = 120  # characters of a sentence in which a misspelt name is looked for

_BRAND = re.compile(
    r"(?:(?<=[ ,、\x00在查找看把给从去到搜下的那张个跟和是了])|^)"
    rf"(?:{PLACES})?(?=([\u4e00-\u9fff]{{2,3}}?)(?:家?(?:的|开|那)|の|で|吃|住|买|消费|聚餐|用餐|请客|加油|打车|[跟和与及、]|[发专普电餐]?票|$|[ ,\x00]))"
)
_FEW = 4  # more names than that with the same two characters, and it is a word

Found = tuple[str, float, int, int]


class SellerIndex:
    """Known sellers; made by `build`, asked by `find`."""

    def __init__(self, names: Lines, forms: Forms, sounds: Sounds) -> None:
        self._names = names
        self._forms = forms
        self._sounds = sounds

    @classmethod
    def build(cls, names: Iterable[str]) -> "SellerIndex":
        """Index the names; a million take some seconds, best in a thread."""
        kept = [name.replace("\n", " ") for name in dict.fromkeys(names) if name.strip()]
        folded = seller_names.folded(kept)
        short = seller_names.cores(folded)
        written = seller_names.lines("".join(f"{name}\n" for name in kept))
        return cls(written, seller_names.forms(folded, short), seller_names.sounding(short))

    def __len__(self) -> int:
        return len(self._names)

    def find(self, text: str) -> list[Found]:
        """(name, score, start, end) of the sellers in a sentence, longest first; places are in the raw text."""
        if not len(self._names):
            return []
        folded = fold(text)
        return self._exact(folded) or self._alike(folded) or self._romanised(folded)

    def _exact(self, text: str) -> list[Found]:
        found: list[Found] = []
        beginnings = self._forms.beginnings
        for start in range(len(text) - 1):
            if text[start : start + 2] not in beginnings:
                continue
            if start and _LATIN.match(text[start]) and _LATIN.match(text[start - 1]):
                continue
            length, owner, form = self._longest(text, start)
            if length:
                end = _with_slip(form, length, text, start + length)
                found.append((self._names[owner], 100.0, start, end))
        found.sort(key=lambda each: (each[2] - each[3], each[2]))
        kept: list[Found] = []
        for each in found:
            if all(each[3] <= other[2] or each[2] >= other[3] for other in kept):
                kept.append(each)
        return kept

    def _longest(self, text: str, start: int) -> tuple[int, int, str]:
        """Length of the longest beginning of a known form at a place, whose it is and the form; 0 if too short."""
        forms = self._forms.lines
        best = (0, 0, "")
        place = self._place(text[start : start + 40])
        for near in (place - 1, place):
            if 0 <= near < len(forms):
                form = forms[near]
                length = _whole_words(form, text, start, _shared(form, text, start))
                if length > best[0] and _counts(form, length, text, start):
                    best = (length, int(self._forms.owners[near]), form)
        return best

    def _place(self, said: str) -> int:
        """Where `said` stands among the sorted forms."""
        forms = self._forms.lines
        low, high = self._forms.beginnings[said[:2]], len(forms)
        step = 1
        while low + step < high and forms[low + step] < said:
            low, step = low + step, step * 2
        high = min(high, low + step)
        while low < high:
            middle = (low + high) // 2
            if forms[middle] < said:
                low = middle + 1
            else:
                high = middle
        return low

    def brands(self, text: str) -> list[Found]:
        """Sellers called by the first two or three characters of their short names (星河 for 星河文具).

        Only where a word for an invoice's seller stands behind, and only what few names begin with.
        """
        folded = fold(text)
        found: list[Found] = []
        for match in _BRAND.finditer(folded):
            first = self._forms.beginnings.get(match[1][:2])
            if first is None or REGION.match(match[1]):
                continue
            forms = self._forms.lines
            place = self._place(match[1])
            if (
                place >= len(forms)
                or not forms[place].startswith(match[1])
                or len(forms[place]) <= len(match[1])
            ):
                continue
            if first + _FEW < len(forms) and forms[first + _FEW].startswith(match[1][:2]):
                continue
            found.append((self._names[int(self._forms.owners[place])], 90.0, match.start(), match.end(1)))
        return found

    def _alike(self, text: str) -> list[Found]:
        """A name with a slip of the pen, or written with other characters of the same sound."""
        piece = seller_names.said(text[:_WORDS_LIMIT])
        if len(piece) < 4:
            return []
        holding = self._sounds.holding(piece, _POSTINGS)
        if not len(holding):
            return []
        owners, counts = np.unique(holding, return_counts=True)
        best: Found | None = None
        for rank in np.argsort(-counts, kind="stable")[:_CANDIDATES]:
            owner = int(owners[rank])
            score, start, end = _likeness(self._sounds.lines[owner], piece, best[1] if best else _LIKE)
            if score > (best[1] if best else 0.0):
                best = (self._names[owner], score, start, end)
        return [] if best is None else [best]

    def _romanised(self, text: str) -> list[Found]:
        """A name of which the beginning is written in Latin letters: Kuaima for 快马."""
        for start, end, sounds in romanised(text):
            owners = np.unique(self._sounds.holding(sounds, _POSTINGS))
            likely = [at for at in owners.tolist() if self._sounds.lines[at].startswith(sounds)]
            if 0 < len(likely) <= _FEW:
                return [(self._names[likely[0]], 90.0, start, end)]
        return []


def _with_slip(form: str, length: int, text: str, end: int) -> int:
    """Where a name ends of which `length` characters were written right and the next word with a slip of the pen."""
    ahead, said = _NEXT_WORD.match(form, length), _NEXT_WORD.match(text, end)
    if ahead is None or said is None or said[1][0] != ahead[1][0]:
        return end
    return said.end() if OSA.distance(ahead[1], said[1], score_cutoff=1) <= 1 else end


def core(name: str) -> str:
    """A name without legal form, region and brackets, folded: what people call it."""
    return seller_names.cores(fold(name))


def _likeness(name: str, piece: str, least: float) -> tuple[float, int, int]:
    """How well the sounds of a name are in a sentence, and where; 0 if not well enough."""
    if len(name) < 4:
        return 0.0, 0, 0
    aligned = fuzz.partial_ratio_alignment(name, piece, score_cutoff=least)
    if aligned is not None and aligned.dest_end - aligned.dest_start >= len(name) - 1:
        return float(aligned.score), aligned.dest_start, aligned.dest_end
    # A long name of which the beginning was said, as when it is written right.
    for length in range(len(name) - 1, max(3, 2 * len(name) // 5 - 1), -1):
        place = -1 if _LATIN.match(name) else piece.find(name[:length])
        if place >= 0:
            score = 100.0 * (0.85 + 0.15 * length / len(name))
            return (score, place, place + length) if score > least else (0.0, 0, 0)
    return 0.0, 0, 0


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
    ahead = text[start + length : start + length + 1] + form[length : length + 1]
    if _LATIN.search(ahead) and form[length - 1 : length] != " ":
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
        return len(form) >= 3
    said = form[:length]
    if REGION.fullmatch(said) or LEGAL_FORM.fullmatch(said):
        return False
    return length >= max(_SHORTEST + 1, 2 * len(form) // 5) and length - _region_length(form) >= _SHORTEST


def _region_length(form: str) -> int:
    found = REGION.match(form)
    return found.end() if found else 0
