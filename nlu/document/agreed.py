"""Numbers and tax ids that the first look read wrongly, as several looks at them agree on: where form or check
characters confirm it."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import product

from fapiao.numbers import digital_number_plausible
from fapiao.tax_id import TaxIdState, parse_tax_id
from fapiao.text import plain
from nlu.document.page import Word
from nlu.document.rivals import Read

_TOLD = 0.8  # of a character whose score is not known
_LIKELY = 0.03  # probability of a rival that is tried
_CLEAR = 0.95  # score of a character that is no misreading
_MOST_TRIED = 400  # ids
_ID_RUN = re.compile(r"(?<![0-9A-Z])[0-9A-Z]{16,19}(?![0-9A-Z])")


def whole_number(word: Word, looks: Sequence[Read]) -> Word | None:
    """The word as two looks agree on it, where the first look lost or doubled some of the 20 digits of a number."""
    runs = [len(run) for run in re.findall(r"\d{15,}", plain(word.text))]
    if not runs or runs[0] == 20 or not 16 <= runs[0] <= 22:
        return None
    numbers = [re.search(r"(?<!\d)\d{20}(?!\d)", plain(look.text)) for look in looks]
    told = [found.group() for found in numbers if found is not None]
    if len(told) < 2 or len(set(told)) > 1 or not digital_number_plausible(told[0]):
        return None
    look, found = next(pair for pair in zip(looks, numbers, strict=True) if pair[1] is not None)
    told_so = len(look.marks) == len(look.text) == len(plain(look.text))
    place = found.start() if found is not None else 0
    sure = [score for _, score in look.marks[place : place + 20]] if told_so else [_TOLD] * 20
    run = re.search(r"\d{15,}", plain(word.text))
    if run is None or len(plain(word.text)) != len(word.text):
        return None
    kept = word.scores if len(word.scores) == len(word.text) else (word.score,) * len(word.text)
    text = word.text[: run.start()] + told[0] + word.text[run.end() :]
    scores = (*kept[: run.start()], *sure, *kept[run.end() :])
    return replace(word, text=text, spans=(), scores=scores, again=True)


def whole_id(word: Word, looks: Sequence[Read]) -> Word | None:
    """The word with the one tax id whose check characters hold among all that the looks may have seen, where
    those of the first look do not."""
    first = _ID_RUN.search(plain(word.text).upper())
    if first is None or _is_valid(first.group()):
        return None
    ids: set[str] = set()
    for look in looks:
        text = plain(look.text).upper()
        seen = _ID_RUN.search(text)
        if seen is None or len(text) != len(look.text):
            continue
        ids.update(_valid_among(seen.group(), look.rivals[seen.start() : seen.end()]))
    if len(ids) != 1:
        return None
    text, told = plain(word.text), ids.pop()
    kept = word.scores if len(word.scores) == len(word.text) == len(text) else (word.score,) * len(text)
    if len(first.group()) == 18 and any(
        char != seen and score >= _CLEAR
        for char, seen, score in zip(told, first.group(), kept[first.start() :], strict=False)
    ):
        return None  # so it is printed, whatever its checks say
    mended = text[: first.start()] + told + text[first.end() :]
    scores = (*kept[: first.start()], *(_TOLD,) * 18, *kept[first.end() :])
    return replace(word, text=mended, spans=(), scores=scores, again=True, mended=True)


def _is_valid(text: str) -> bool:
    """True for an id of 18 characters whose two check characters hold and whose head is one of an id."""
    return len(text) == 18 and text[2:8].isdigit() and parse_tax_id(text).state is TaxIdState.VALID


def _valid_among(text: str, rivals: Sequence[Sequence[tuple[str, float]]]) -> set[str]:
    """The ids with holding checks among a reading and its likely rivals."""
    if _is_valid(text):
        return {text}
    if len(text) != 18 or len(rivals) != 18:
        return set()
    choices = [
        {
            char,
            *(
                rival.upper()
                for rival, likely in seen
                if likely >= _LIKELY and rival.isalnum() and rival.isascii()
            ),
        }
        for char, seen in zip(text, rivals, strict=True)
    ]
    count = 1
    for choice in choices:
        count *= len(choice)
    if count == 1 or count > _MOST_TRIED:
        return set()
    return {tried for tried in map("".join, product(*choices)) if _is_valid(tried)}
