"""A second look: lines whose values are in doubt are read again from other crops of the picture, and compared.

A misread character often comes out differently when the crop is another; a rightly read one stays. What all
looks agree on is surer than one look, what they differ in is less sure. Figures are not replaced unless a check
says so.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

import cv2
import numpy as np

from fapiao.text import plain
from nlu.document.agreed import whole_id, whole_number
from nlu.document.labels import is_label
from nlu.document.ocr import OcrEngine, crop_of
from nlu.document.page import Word, build_page, spread
from nlu.document.rivals import Read
from nlu.document.upright import Upright

Picture = np.ndarray

MOST_LINES = 12  # of a picture; each is read as often as there are looks
_MOST_AGAIN = 0.16  # of the length of all lines; the looks at them take a third of the first reading, or half
_LEAST_AGAIN = 2  # lines, on papers that hold little else
_LOOKS = 3
_CLOSER = 3  # looks at a number alone
_TOLD = 0.8  # of a digit that is known from its neighbours
_OUTVOTED = 0.9  # what one look of three differs in is at most so sure
_DOUBT = 0.5  # what more differ in
_WIDE = {"(": "（", ")": "）", "（": "(", "）": ")"}  # one bracket, whichever width it is read in


def look_again(
    engine: OcrEngine, picture: Picture, cleaned: Picture, upright: Upright, words: Iterable[Word]
) -> Upright:
    """The page with the scores of these words as several looks at them leave them."""
    quads = {id(word): quad for word, quad in upright.quads}
    asked = [word for word in words if id(word) in quads][:MOST_LINES]
    starts = [_behind_label(word) for word in asked]
    parts = [_from(word, quads[id(word)], start) for word, start in zip(asked, starts, strict=True)]
    count = _affordable(parts, list(quads.values()))
    asked, starts, parts = asked[:count], starts[:count], parts[:count]
    if not asked:
        return upright
    crops = [crop for quad in parts for crop in _looks(picture, cleaned, quad)]
    closer = [word for word in asked if _number_in(word) is not None]
    crops += [crop for word in closer for crop in _closer(picture, cleaned, word, quads[id(word)])]
    read = engine.reread(crops)
    changed = {
        id(word): _part_weighed(word, start, read[index * _LOOKS : (index + 1) * _LOOKS])
        for index, (word, start) in enumerate(zip(asked, starts, strict=True))
    }
    for index, word in enumerate(closer):
        whole = whole_number(word, read[len(asked) * _LOOKS + index * _CLOSER :][:_CLOSER])
        if whole is not None:
            changed[id(word)] = whole
    pairs = tuple((changed.get(id(word), word), quad) for word, quad in upright.quads)
    page = build_page([word for word, _ in pairs], upright.page.width, upright.page.height)
    return replace(upright, page=page, quads=pairs)


def _affordable(parts: Sequence[np.ndarray], page: Sequence[np.ndarray]) -> int:
    """How many of the parts, most important first, can be read again: time goes by the length of lines."""
    most = _MOST_AGAIN * sum(_length(quad) for quad in page)
    spent, count = 0.0, 0
    for quad in parts:
        spent += _length(quad)
        if count >= _LEAST_AGAIN and spent > most:
            break
        count += 1
    return count


def _length(quad: np.ndarray) -> float:
    """The length of a line in its heights."""
    high = max(float(np.linalg.norm(quad[3] - quad[0])), 1.0)
    return float(np.linalg.norm(quad[1] - quad[0])) / high


def _looks(picture: Picture, cleaned: Picture, quad: np.ndarray) -> list[Picture]:
    """Wider letters lose no digits: stretched; cleaned and stretched more; cut closer and stretched."""
    crops = ((picture, 0.0, 1.3), (cleaned, 0.0, 1.6), (picture, -0.06, 1.3))
    return [
        cv2.resize(crop_of(source, quad, margin), None, fx=wide, fy=1.0, interpolation=cv2.INTER_CUBIC)
        for source, margin, wide in crops
    ]


def _behind_label(word: Word) -> int:
    """Where the value begins in a line that begins with its label, its colon included; 0 if there is none."""
    colon = re.search(r"[:：](?=.{4})", word.text)
    if colon is None or not is_label(word.text[: colon.start()]):
        return 0
    return colon.start()


def _from(word: Word, quad: np.ndarray, place: int) -> np.ndarray:
    """A line's quadrilateral from one of its characters on: what stands before need not be read again."""
    if place == 0:
        return quad
    spans = word.spans if len(word.spans) == len(word.text) else spread(word.text, word.x0, word.x1)
    start = max(0.0, (spans[place][0] - word.x0) / word.width - 0.02)
    part = quad.copy()
    part[0], part[3] = quad[0] + start * (quad[1] - quad[0]), quad[3] + start * (quad[2] - quad[3])
    return part


def _part_weighed(word: Word, start: int, looks: Sequence[Read]) -> Word:
    """The word with what several looks at its part from `start` on leave of it."""
    if start == 0:
        return _weighed(word, looks)
    scores = word.scores if len(word.scores) == len(word.text) else (word.score,) * len(word.text)
    part = _weighed(replace(word, text=word.text[start:], scores=scores[start:], spans=()), looks)
    text = word.text[:start] + part.text
    spans = word.spans if len(text) == len(word.text) else ()
    return replace(part, text=text, scores=(*scores[:start], *part.scores), spans=spans)


def _number_in(word: Word) -> re.Match[str] | None:
    """A long number that lost digits at the end of a long line, where letters are narrow."""
    run = re.search(r"\d{16,22}", word.text)
    return run if run is not None and run.start() >= 8 and len(run.group()) != 20 else None


def _closer(picture: Picture, cleaned: Picture, word: Word, quad: np.ndarray) -> list[Picture]:
    """The number's part of a line alone."""
    run = _number_in(word)
    assert run is not None
    part = _from(word, quad, run.start())
    crops = ((picture, 0.0, 1.3), (cleaned, 0.0, 1.6), (picture, 0.06, 1.8))
    return [
        cv2.resize(crop_of(source, part, margin), None, fx=wide, fy=1.0, interpolation=cv2.INTER_CUBIC)
        for source, margin, wide in crops
    ]


def _weighed(word: Word, looks: Sequence[Read]) -> Word:
    """The word with each character's score: the mean over all looks, or little where one look differs.

    Of a Chinese character all looks tell what else it may be; the likeliest over all of them is taken, and its
    score tells how likely.
    """
    whole = whole_number(word, looks) or whole_id(word, looks)
    if whole is not None:
        return whole
    text = list(word.text)
    scores = list(word.scores if len(word.scores) == len(text) else (word.score,) * len(text))
    sums = list(scores)
    differ = [0] * len(scores)
    thoughts = [Counter({char: score}) for char, score in zip(text, scores, strict=True)]
    for look in looks:
        marks = look.marks
        again = [score for _, score in marks] if len(marks) == len(look.text) else [0.0] * len(look.text)
        matched = _matched(word.text, look.text, again)
        for index, score in enumerate(matched):
            if score is None:
                differ[index] += not text[index].isspace()
            else:
                sums[index] += score
        for index, rivals in _rivals_at(word.text, look):
            thoughts[index].update(rivals)
    thinks = any(look.rivals for look in looks)
    for index, total in enumerate(sums):
        if thinks and ("\u4e00" <= text[index] <= "\u9fff" or text[index] in _WIDE):
            text[index], likely = thoughts[index].most_common(1)[0]
            likely += thoughts[index][_WIDE.get(text[index], "")]
            scores[index] = (1 + likely / (1 + len(looks))) / 2
            continue
        mean = total / (1 + len(looks))
        limit = (1.0, _OUTVOTED, _DOUBT)[min(2, differ[index])]
        scores[index] = (1 + mean) / 2 if not differ[index] else min(scores[index], limit)
    return replace(word, text="".join(text), scores=tuple(scores), again=True)


def _rivals_at(text: str, look: Read) -> Iterator[tuple[int, dict[str, float]]]:
    """For the places of a text what another look thinks of them; nothing where it reads more or less there."""
    if len(look.rivals) != len(look.text):
        return
    matcher = SequenceMatcher(None, text, look.text, autojunk=False)
    for _, start, end, begin, stop in matcher.get_opcodes():
        if end - start == stop - begin:
            for step in range(end - start):
                yield start + step, dict(look.rivals[begin + step])


def _matched(text: str, other: str, scores: Sequence[float]) -> list[float | None]:
    """For each character the score of the same one in another reading, None where that reads otherwise.

    A digit that the other reading repeats more or less often is no other digit: engines lose such ones.
    """
    here = [index for index, char in enumerate(text) if not char.isspace()]
    there = [index for index, char in enumerate(other) if not char.isspace()]
    one, two = (
        [plain(line[index])[:1] for index in places] for line, places in ((text, here), (other, there))
    )
    found: list[float | None] = [None] * len(text)
    before, beyond = 0, 0
    for start, match, length in SequenceMatcher(None, one, two, autojunk=False).get_matching_blocks():
        less, more = one[before:start], two[beyond:match]
        near = {
            char for char in (*one[max(0, before - 1) : before], *one[start : start + 1]) if char.isdigit()
        }
        if len(less) > len(more) == 0 and set(less) <= near:
            for index in range(before, start):
                found[here[index]] = _TOLD
        for step in range(length):
            found[here[start + step]] = scores[there[match + step]]
        if len(more) > len(less) and not set(more) <= near:  # its neighbours are in doubt
            for index in (before - 1, start):
                if 0 <= index < len(here):
                    found[here[index]] = None
        before, beyond = start + length, match + length
    return found
