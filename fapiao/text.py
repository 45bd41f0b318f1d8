"""Bring printed text to one form before any rule looks at it."""

import re
import unicodedata
from collections.abc import Sequence

_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]")
_SPACES = re.compile(r"\s+")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−﹣－", "-"))

# One printed field is never longer; what is longer is cut before it is parsed, so no input makes a rule slow.
LONGEST_FIELD = 4096


def plain(text: str) -> str:
    """Return `text` in half-width form (NFKC), without control or invisible characters, dashes unified.

    Full-width digits (２６３４) and compatibility radicals (⼈) become the usual characters. The result holds
    at most LONGEST_FIELD characters.
    """
    folded = unicodedata.normalize("NFKC", text[:LONGEST_FIELD])[:LONGEST_FIELD]
    return _INVISIBLE.sub("", folded).translate(_DASHES)


def unspaced(text: str) -> str:
    """Return `plain(text)` without any white space, as labels like 发 票 代 码 need."""
    return _SPACES.sub("", plain(text))


def ascii_digits(text: str) -> bool:
    """True for a non-empty string of 0-9 only; `str.isdigit` also takes ² and Arabic digits."""
    return text.isascii() and text.isdigit()


def weighted_sum(values: Sequence[int], weights: Sequence[int]) -> int:
    """Return the sum of products of two sequences of equal length."""
    return sum(value * weight for value, weight in zip(values, weights, strict=True))
