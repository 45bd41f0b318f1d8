"""A second look: lines whose values are in doubt are read again from other crops of the picture, and compared.

A misread character often comes out differently when the crop is another; a rightly read one stays. What all
looks agree on is surer than one look, what they differ in is less sure. Nothing is replaced.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

import cv2
import numpy as np

from fapiao.numbers import digital_number_plausible
from fapiao.text import plain
from nlu.document.ocr import OcrEngine, Read, crop_of
from nlu.document.page import Word, build_page
from nlu.document.upright import Upright

Picture = np.ndarray

MOST_LINES = 12  # of a picture; each is read as often as there are looks
_LOOKS = 3
_TOLD = 0.8  # of a digit that is known from its neighbours
_OUTVOTED = 0.9  # what one look of three differs in is at most so sure
_DOUBT = 0.5  # what more differ in


def look_again(
    engine: OcrEngine, picture: Picture, cleaned: Picture, upright: Upright, words: Iterable[Word]
) -> Upright:
    """The page with the scores of these words as several looks at them leave them."""
    quads = {id(word): quad for word, quad in upright.quads}
    asked = [word for word in words if id(word) in quads][:MOST_LINES]
    if not asked:
        return upright
    crops = [crop for word in asked for crop in _looks(picture, cleaned, quads[id(word)])]
    read = engine.reread(crops)
    changed = {
        id(word): _weighed(word, read[index * _LOOKS : (index + 1) * _LOOKS])
        for index, word in enumerate(asked)
    }
    pairs = tuple((changed.get(id(word), word), quad) for word, quad in upright.quads)
    page = build_page([word for word, _ in pairs], upright.page.width, upright.page.height)
    return replace(upright, page=page, quads=pairs)


def _looks(picture: Picture, cleaned: Picture, quad: np.ndarray) -> list[Picture]:
    """Wider letters lose no digits: stretched; cleaned and stretched more; cut closer and stretched."""
    crops = ((picture, 0.0, 1.3), (cleaned, 0.0, 1.6), (picture, -0.06, 1.3))
    return [
        cv2.resize(crop_of(source, quad, margin), None, fx=wide, fy=1.0, interpolation=cv2.INTER_CUBIC)
        for source, margin, wide in crops
    ]


def _weighed(word: Word, looks: Sequence[Read]) -> Word:
    """The word with each character's score: the mean over all looks, or little where one look differs."""
    whole = _whole_number(word, looks)
    if whole is not None:
        return whole
    scores = list(word.scores if len(word.scores) == len(word.text) else (word.score,) * len(word.text))
    sums = list(scores)
    differ = [0] * len(scores)
    for text, _, marks in looks:
        again = [score for _, score in marks] if len(marks) == len(text) else [0.0] * len(text)
        for index, score in enumerate(_matched(word.text, text, again)):
            if score is None:
                differ[index] += not word.text[index].isspace()
            else:
                sums[index] += score
    for index, total in enumerate(sums):
        mean = total / (1 + len(looks))
        limit = (1.0, _OUTVOTED, _DOUBT)[min(2, differ[index])]
        scores[index] = (1 + mean) / 2 if not differ[index] else min(scores[index], limit)
    return replace(word, scores=tuple(scores), again=True)


def _whole_number(word: Word, looks: Sequence[Read]) -> Word | None:
    """The word as two looks agree on it, where the first look lost or doubled one of the 20 digits of a number."""
    runs = [len(run) for run in re.findall(r"\d{15,}", plain(word.text))]
    if not runs or runs[0] not in (19, 21):
        return None
    numbers = [re.search(r"(?<!\d)\d{20}(?!\d)", plain(text)) for text, _, _ in looks]
    told = [found.group() for found in numbers if found is not None]
    if len(told) < 2 or len(set(told)) > 1 or not digital_number_plausible(told[0]):
        return None
    text, _, marks = next(look for look, found in zip(looks, numbers, strict=True) if found is not None)
    scores = tuple(score for _, score in marks) if len(marks) == len(text) else (_TOLD,) * len(text)
    return replace(word, text=text, spans=(), scores=scores, again=True)


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
