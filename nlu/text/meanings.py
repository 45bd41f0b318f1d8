"""What English words mean (词义): words that are used alike stand near each other, so that "purchase" helps with "buy"."""

import math
import re
from functools import cache
from pathlib import Path

import numpy as np

from nlu.text.solvers import Floats

STEPS = 16
_WORD = re.compile(r"n't|[a-z]+(?=n't)|'?[a-z]+")
# A word as common as this counts half as much as a rare one.
_COMMON = 1e-3
NONE: Floats = np.empty(0, np.float32)


def rarity(words: int) -> Floats:
    """Return how much each of so many words tells, the commonest first (smooth inverse frequency, after Zipf)."""
    share = 1 / ((np.arange(words) + 2.7) * math.log(words))
    weights: Floats = (_COMMON / (_COMMON + share)).astype(np.float32)
    return weights


def meaning(text: str) -> Floats:
    """Return the direction of what the words of a normalised English text mean, of length 1.

    Empty if it has no words, or if most are none that we know: it is another language.
    """
    words = _WORD.findall(text)
    places, vectors = _table()
    known = [places[word] for word in words if word in places]
    if 2 * len(known) < len(words) or not known:
        return NONE
    found: Floats = vectors[known].sum(axis=0)
    length = math.sqrt(found.dot(found))
    return found / np.float32(length) if length else NONE


@cache
def _table() -> tuple[dict[str, int], Floats]:
    """Return the words with their places, and the vectors."""
    rows = Path(__file__).with_name("meanings.txt").read_text(encoding="utf-8").splitlines()[1:]
    words, digits = zip(*(row.split(" ") for row in rows), strict=True)
    pairs = np.frombuffer(bytes.fromhex("".join(digits)), dtype=np.uint8)
    steps = np.stack((pairs >> 4, pairs & (STEPS - 1)), axis=1).reshape(len(words), -1)
    vectors = (steps.astype(np.float32) - (STEPS - 1) / 2) * rarity(len(words))[:, None]
    return {word: place for place, word in enumerate(words)}, vectors.astype(np.float32)
