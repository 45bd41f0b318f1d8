"""Numerals as people write and say them (数字): digits, Chinese numerals, spoken digits."""

import re
from decimal import Decimal

DIGITS = {"零": 0, "〇": 0, "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
DIGITS |= {
    "两": 2,
    "幺": 1,
    "洞": 0,
    "壹": 1,
    "贰": 2,
    "叁": 3,
    "肆": 4,
    "伍": 5,
    "陆": 6,
    "柒": 7,
    "捌": 8,
    "玖": 9,
}
_UNITS = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
CHINESE = "零〇一二三四五六七八九两壹贰叁肆伍陆柒捌玖十百千万拾佰仟"
_SPOKEN = re.compile("[零〇一二三四五六七八九幺洞]{4,}")
_ENGLISH_DIGITS = {
    "oh": "0", "o": "0", "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
    "seven": "7", "eight": "8", "nine": "9",
}  # fmt: skip
_SPELLED = re.compile(
    r"\b(?:(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)[ -]){3,}"
    r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)\b"
)
_ENGLISH = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
ENGLISH_WORDS = "|".join(sorted([*_ENGLISH, "hundred", "thousand"], key=len, reverse=True))


def spoken_digits(text: str) -> str:
    """`text` with runs of four and more spoken digits (二零二六) as figures, each in its place."""
    return _SPOKEN.sub(lambda run: "".join(str(DIGITS[char]) for char in run.group()), text)


def spelled_digits(text: str) -> tuple[str, int, int] | None:
    """(figures, start, end) of the first run of digits spelled in English words, or None."""
    found = _SPELLED.search(text)
    if found is None:
        return None
    return (
        "".join(_ENGLISH_DIGITS[word] for word in re.split("[ -]", found.group())),
        found.start(),
        found.end(),
    )


def chinese(text: str) -> int | None:
    """The whole number in Chinese numerals, short forms too (一千八 is 1800, 三万六 is 36000); None if none."""
    if not text or any(char not in CHINESE for char in text):
        return None
    total = section = digit = 0
    unit = 1  # of what was last said: 一千八 goes on with hundreds
    zero = False
    for char in text:
        if char in DIGITS:
            zero = zero or DIGITS[char] == 0
            digit = digit * 10 + DIGITS[char] if digit and unit == 1 else DIGITS[char]
        elif char in _UNITS:
            unit = _UNITS[char]
            section += (digit or (1 if unit == 10 else 0)) * unit
            digit, zero = 0, False
        else:  # 万
            total += (section + digit) * 10_000
            section, digit, unit, zero = 0, 0, 10_000, False
    if digit and unit >= 100 and not zero:
        digit *= unit // 10
    return total + section + digit


def english(text: str) -> int | None:
    """The whole number in English words (two thousand five hundred); None if it is none."""
    total = part = 0
    for word in re.split(r"[\s-]+", text.strip()):
        if word in _ENGLISH:
            part += _ENGLISH[word]
        elif word == "hundred":
            part = (part or 1) * 100
        elif word == "thousand":
            total, part = total + (part or 1) * 1000, 0
        elif word not in ("a", "and", ""):
            return None
    return total + part or None


def small(text: str) -> int | None:
    """A count of days, months or the like in figures or Chinese numerals; None if it is none."""
    return int(text) if text.isdigit() else chinese(text)


def figure(text: str) -> Decimal:
    """The number in figures, with or without thousands separators."""
    return Decimal(text.replace(",", ""))
