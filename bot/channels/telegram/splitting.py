"""Telegram's measure of text: UTF-16 units, 4,096 a message."""

import re
import unicodedata

TEXT_UNITS = 4096

_PARAGRAPH = re.compile(r"\n\s*\n")
_LINE = re.compile(r"\n")
_SENTENCE = re.compile(r"[。！？!?；;…][”』」）)]*|\.\s")
_CLAUSE = re.compile(r"[，、,：:]|\s")
_JOINERS = {"\u200d", "\ufe0e", "\ufe0f"}
_SKIN_TONES = range(0x1F3FB, 0x1F400)


def units(text: str) -> int:
    """Length in UTF-16 units: 1 for most characters, 2 for an emoji."""
    return len(text) + sum(character > "\uffff" for character in text)


def clean(text: str) -> str:
    """Text that can be encoded and stored: without NUL, half characters replaced by U+FFFD."""
    return text.replace("\x00", "").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def split(text: str, limit: int = TEXT_UNITS) -> list[str]:
    """Parts of at most `limit` units, cut at the best border in the second half of a part; none is blank."""
    parts = []
    rest = text.strip()
    while units(rest) > limit:
        end = _border(rest[: _fitting(rest, limit)], rest)
        parts.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [part for part in [*parts, rest] if part]


def _fitting(text: str, limit: int) -> int:
    """How many characters from the start fit into `limit` units."""
    count = 0
    for index, character in enumerate(text):
        count += 2 if character > "\uffff" else 1
        if count > limit:
            return index
    return len(text)


def _border(head: str, text: str) -> int:
    for pattern in (_PARAGRAPH, _LINE, _SENTENCE, _CLAUSE):
        ends = [found.end() for found in pattern.finditer(head, len(head) // 2)]
        if ends:
            return ends[-1]
    end = len(head)
    while end > len(head) // 2 and (_joins(text[end]) or text[end - 1] == "\u200d"):
        end -= 1  # an emoji built of several characters stays whole
    return end


def _joins(character: str) -> bool:
    return character in _JOINERS or ord(character) in _SKIN_TONES or bool(unicodedata.combining(character))
