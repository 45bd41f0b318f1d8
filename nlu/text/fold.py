"""Fold a message character by character, so that every place in the folded text is a place in the raw one."""

import unicodedata
from functools import cache
from importlib.resources import files

# Nobody types a wish of this length; what is longer is a pasted document and is cut.
LONGEST_MESSAGE = 2000
_KEPT = 20_000
_SPECIAL = {
    "，": ",",
    "–": "-",
    "—": "-",
    "−": "-",
    "‐": "-",
    "‑": "-",
    "－": "-",
    "〜": "~",
    "～": "~",
    "∼": "~",
    "’": "'",
    "‘": "'",
    "￥": "¥",
    "\n": " ",
    "\r": " ",
    "\t": " ",
}


class _Folding(dict[int, str]):
    """The folded form of each character, worked out when it is first met."""

    def __init__(self, simplified: dict[str, str]) -> None:
        super().__init__()
        self._simplified = simplified
        for char, folded in _SPECIAL.items():
            self[ord(char)] = folded

    def __missing__(self, code: int) -> str:
        char = chr(code)
        folded = unicodedata.normalize("NFKC", char).lower()
        if len(folded) != 1 or folded.isspace():
            folded = " " if char.isspace() else char
        folded = _SPECIAL.get(folded, self._simplified.get(folded, folded))
        if len(self) < _KEPT:
            self[code] = folded
        return folded


@cache
def _folding() -> _Folding:
    table = files("opencc").joinpath("dictionary/TSCharacters.txt").read_text(encoding="utf-8")
    pairs = (line.split("\t") for line in table.splitlines() if "\t" in line)
    return _Folding({old: new.split(" ")[0] for old, new in pairs if len(new.split(" ")[0]) == 1})


def fold_whole(text: str) -> str:
    """`text` folded as `fold` does, however long."""
    return text.translate(_folding())


def fold(text: str) -> str:
    """Return `text` half-width, lower-case and simplified, at the same length, cut at LONGEST_MESSAGE.

    Word lists are folded too, so Japanese forms that change with the Chinese ones (電 → 电) still meet.
    """
    return text[:LONGEST_MESSAGE].translate(_folding())
