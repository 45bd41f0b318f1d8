"""Numerals as people write and say them (数字): digits, Chinese numerals, spoken digits, number words."""

import re
from decimal import Decimal

from nlu.text.slot_words import SlotWords, alternatives

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
# 三五百, 一两千, 两千五六: two digits side by side, the first smaller.
_SPREAD = re.compile(
    "(?<![零〇一二三四五六七八九两])([一二两三四五六七八])([二两三四五六七八九])(?![零〇一二三四五六七八九两])"
)
_STEP = re.compile(r"(?:(\d+(?:\.\d+)?)|(零|[〇一二三四五六七八九两]{1,4}))([十百千万kw])?")
_STEPS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "k": 1000, "w": 10_000}


def spoken_digits(text: str) -> str:
    """`text` with runs of four and more spoken digits (二零二六) as figures, each in its place."""
    return _SPOKEN.sub(lambda run: "".join(str(DIGITS[char]) for char in run.group()), text)


def chinese(text: str) -> int | None:
    """The whole number in Chinese numerals, short forms too (一千八 is 1800, 三万六 is 36000); None if none."""
    if not text or any(char not in CHINESE for char in text):
        return None
    total = section = digit = 0
    unit = 1  # of what was last said: 一千八 goes on with hundreds
    zero = False
    for place, char in enumerate(text):
        if char in DIGITS:
            zero = zero or DIGITS[char] == 0
            digit = digit * 10 + DIGITS[char] if digit and unit == 1 else DIGITS[char]
        elif char in _UNITS:
            unit = _UNITS[char]
            # 十五, and 千五百 as Japanese says it.
            section += (digit or (1 if unit == 10 or place == 0 else 0)) * unit
            digit, zero = 0, False
        else:  # 万
            total += (section + digit or (1 if place == 0 else 0)) * 10_000
            section, digit, unit, zero = 0, 0, 10_000, False
    if digit and unit >= 100 and not zero:
        digit *= unit // 10
    return total + section + digit


def spread(text: str) -> tuple[int, int] | None:
    """The two ends of what is said with two digits side by side (三五百 is 300 to 500); None if it is not."""
    found = _SPREAD.search(text)
    if found is None or len(text) < 3:
        return None
    low = chinese(text[: found.start(2)] + text[found.end(2) :])
    high = chinese(text[: found.start(1)] + text[found.start(2) :])
    return (low, high) if low is not None and high is not None and 0 < low < high else None


def mixed(text: str) -> Decimal | None:
    """The number in figures and units (1万2千, 1万2, 3千5, 3k5, 1.2万, 1万零500); None if it is none."""
    total, place, last = Decimal(0), 0, Decimal(0)
    while place < len(text):
        step = _STEP.match(text, place)
        if step is None:
            return None
        figures, numerals, unit = step.groups()
        value = Decimal(figures) if figures else Decimal(chinese(numerals) or 0)
        if unit is not None:
            last = Decimal(_STEPS[unit])
            # 12万5千 adds up; 2千万 does not happen on an invoice.
            total, place = total + value * last, step.end()
            continue
        short = last >= 100 and 0 < value < 10 and text[place - 1] != "零"
        total, place = total + (value * last / 10 if short else value), step.end()
    return total


class NumberWords:
    """Number words between spaces, as English has them."""

    def __init__(self, words: SlotWords) -> None:
        values = {word: int(value) for word, value in words.table("numerals.words").items()}
        self.scales = {word: int(value) for word, value in words.table("numerals.scales").items()}
        self._values = values
        self._digits = words.table("numerals.digits")
        self._repeats = {word: int(value) for word, value in words.table("numerals.repeats").items()}
        self._joined = frozenset(words.items("numerals.joined"))
        self._half = words.compiled(words.any_of("numerals.half"))
        self.any = alternatives([re.escape(word) for word in (*values, *self.scales)])
        self.scale = alternatives([re.escape(word) for word in self.scales])
        # "Five and eight hundred" are two numbers: only behind a scale "and" goes on with the same one.
        scaled = "|".join(f"(?<={re.escape(word)})" for word in self.scales)
        joined = rf"(?:(?:{scaled or '(?!)'})[ -]{words.any_of('numerals.joined')})?"
        halves = rf"(?:{words.any_of('numerals.half')} {self.scale})?"
        self.phrase = rf"(?:a )?{self.any}(?:{joined}[ -]{self.any}){{0,12}}{halves}"
        digit = rf"(?:{alternatives([re.escape(word) for word in self._digits])}|\d)"
        repeat = alternatives([re.escape(word) for word in self._repeats])
        one = rf"(?:{repeat}[ -])?{digit}"
        self._spelled = words.compiled(rf"\b{one}(?:[ -]{one}){{3,}}\b")
        self._starts = words.compiled(r"\b" + alternatives([re.escape(word) for word in self._digits]))

    def value(self, text: str) -> int | None:
        """The whole number in words (two thousand five hundred, two and a half thousand); None if it is none."""
        if (half := self._half.search(text)) is not None:
            whole, scale = self.value(text[: half.start()]), self.scales.get(text[half.end() :].strip(), 0)
            return whole * scale + scale // 2 if whole is not None and scale else None
        total = part = 0
        for word in re.split(r"[\s-]+", text.strip()):
            if word in self._values:
                if not _goes_on(part, self._values[word]):
                    return None  # "eighty-nine fifty"
                part += self._values[word]
            elif word in self.scales and self.scales[word] < 1000:
                part = (part or 1) * self.scales[word]
            elif word in self.scales:
                total, part = total + (part or 1) * self.scales[word], 0
            elif word and word not in self._joined:
                return None
        return total + part or None

    def spelled(self, text: str) -> tuple[str, int, int] | None:
        """(figures, start, end) of the first run of digits spelled in words, or None."""
        if self._starts.search(text) is None:
            return None
        for found in self._spelled.finditer(text):
            figures, times = "", 1
            for word in re.split("[ -]", found.group()):
                if word in self._repeats:
                    times = self._repeats[word]
                else:
                    figures, times = figures + self._digits.get(word, word) * times, 1
            if not found.group().replace(" ", "").isdigit():
                return figures, found.start(), found.end()
        return None


def _goes_on(part: int, value: int) -> bool:
    """Whether a number word can follow what was said: twenty → one, two hundred → fifty."""
    return part % 100 == 0 or (part % 10 == 0 and part % 100 >= 20 and value < 10)


def small(text: str) -> int | None:
    """A count of days, months or the like in figures or Chinese numerals; None if it is none."""
    return int(text) if text.isdigit() else chinese(text)


def figure(text: str) -> Decimal:
    """The number in figures, with or without thousands separators."""
    return Decimal(text.replace(",", ""))
