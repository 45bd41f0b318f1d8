"""Invoice numbers and codes (发票号码, 发票代码) in a sentence; nothing personal is taken for one."""

import re
from dataclasses import dataclass
from datetime import date

from fapiao.numbers import code_plausible, digital_number_plausible, split_glued
from nlu.text.numerals import NumberWords
from nlu.text.slot_words import SlotWords

_RUN = re.compile(r"(?<![0-9])\d(?:[ -]{0,2}\d){5,40}(?![0-9])", re.ASCII)
_GROUP = re.compile(r"\d+", re.ASCII)
_FIGURE = re.compile(r"\d", re.ASCII)
_LETTER = re.compile(r"[a-z]")
# Telephones, number plates and cards say by their form that they are no invoice.
_FOREIGN = re.compile(
    r"\+\d{1,3}[ -]?\(?\d{1,4}\)?(?:[ -]?\d{2,4}){1,4}"  # with a country
    r"|(?<!\d)(?<!\d[ -])(?:\(?86\)?[ -]?)?1[3-9]\d(?:-\d{4}-\d{4}| \d{4} \d{4}|\d{8})(?!\d)"  # mobile
    r"|(?<!\d)(?<!\d[ -])[48]00[ -]\d{3,4}[ -]?\d{3,4}(?!\d)"  # service lines
    r"|(?<!\d)(?<!\d[ -])\(?0\d{2,3}\)?[ -]\d{3,4}[ -]?\d{4}(?:[ -]\d{1,5})?(?!\d)"  # landline
    r"|(?<!\d)(?<!\d-)0\d{1,4}-\d{1,4}-\d{4}(?!\d)"  # landline in Japan
    r"|[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][a-z][·. -]?[a-z0-9]{5,6}(?![a-z0-9])"  # plate
    r"|(?<![a-z\d])(?:\d{17}x|\d{8}(?=[a-z0-9]{0,9}[a-z])[a-z0-9]{10})(?![a-z\d])",  # identity card, taxpayer
    re.ASCII,
)
_FOREIGN_SIGN = re.compile(r"[+x]|1[3-9]\d|[48]00[ -]|0\d|[a-z][·. -]?\d|\d[a-z]", re.ASCII)
_DAY = re.compile(r"(20\d\d)([ -])(1[0-2]|0?[1-9])\2(3[01]|[12]\d|0?[1-9])(?!\d)", re.ASCII)
_COMPACT_DAY = re.compile(r"(20[012]\d)(1[0-2]|0[1-9])(3[01]|[12]\d|0[1-9])", re.ASCII)
_ROUND_RANGE = re.compile(r"([1-9]\d{2}0)-([1-9]\d{2}0)", re.ASCII)
_BESIDE_DAYS = re.compile(r"\s?(?:[-~至到]|から|to)\s?")
_WINDOW = 24  # characters before a number in which a cue stands
_IDENTITY_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True, slots=True)
class NumberFound:
    """A number with its place; `code` where both were glued together or it is a code alone.

    Without number and code it is something else's number: a telephone, a parcel, an identity card.
    """

    start: int
    end: int
    number: str | None = None
    code: str | None = None


class Numbers:
    """Finds the numbers of invoices, by what language files say stands beside them."""

    def __init__(self, words: SlotWords, spoken: NumberWords) -> None:
        self._spoken = spoken
        link = r"\W{0,3}" + words.any_of("numbers.link") + r"?\W{0,4}"
        self._code_cue = words.before("numbers.code", link)
        self._cue = words.before("numbers.number", link)
        self._other_cue = words.compiled(
            words.any_of("numbers.other") + r"\W{0,2}" + words.any_of("numbers.number") + "?" + link + "$"
        )
        self._other_after = words.after("numbers.other_after", r"\W{0,2}")
        self._money = words.after("amounts.units")
        self._date_cue = words.before("numbers.date", r"\W{0,3}")
        self._date_after = words.after("numbers.date_after")

    def find(self, text: str, today: date) -> list[NumberFound]:
        """All numbers in folded text, in order."""
        found: list[NumberFound] = []
        figures = _FIGURE.search(text) is not None
        if figures and _FOREIGN_SIGN.search(text):
            for foreign in _FOREIGN.finditer(text):
                found.append(NumberFound(foreign.start(), foreign.end()))
                text = text[: foreign.start()] + "\x00" * len(foreign[0]) + text[foreign.end() :]
        if (spelled := self._spoken.spelled(text)) is not None:
            digits, start, end = spelled
            if len(digits) in (8, 20):
                found.append(NumberFound(start, end, digits))
        for run in _RUN.finditer(text) if figures else ():
            if not _DAY.match(run.group()):
                found += self._in_run(text, run.start(), run.end(), today)
        return sorted(found, key=lambda each: each.start)

    def _in_run(self, text: str, start: int, end: int, today: date) -> list[NumberFound]:
        groups = [(match.start(), match.end()) for match in _GROUP.finditer(text, start, end)]
        whole = "".join(text[left:right] for left, right in groups)
        lengths = [right - left for left, right in groups]
        apart = all(length in (8, 10, 12, 20) for length in lengths)
        apart = apart or (len(whole) not in (8, 20) and any(length in (8, 20) for length in lengths))
        if len(groups) == 1 or not apart:
            return self._one(text, start, end, whole, today)
        found: list[NumberFound] = []
        for left, right in groups:
            found += self._one(text, left, right, text[left:right], today)
        return found

    def _one(self, text: str, start: int, end: int, digits: str, today: date) -> list[NumberFound]:
        before, after = text[max(0, start - _WINDOW) : start], text[end : end + 1]
        if _LETTER.match(before[-1:]) or _LETTER.match(after):
            return [NumberFound(start, end)]  # a parcel, an order, a version
        if len(digits) == 8 and end - start > 8 and self._money.match(text, end):
            return []  # 1000-2000元
        if (
            (ends := _ROUND_RANGE.fullmatch(text, start, end))
            and ends[1] < ends[2]
            and not self._cue.search(before)
        ):
            return []  # 3000-5000
        if self._other_cue.search(before) or self._other_after.match(text, end):
            return [NumberFound(start, end)]
        match len(digits):
            case 8:
                return [] if self._is_date(text, start, end, today) else [NumberFound(start, end, digits)]
            case 20:
                glued = None if digital_number_plausible(digits) else split_glued(digits)
                if glued is not None:
                    return [NumberFound(start, end, glued.number, glued.code)]
                return [NumberFound(start, end, digits)]
            case 18:
                glued = None if _is_identity(digits) else split_glued(digits)
                return [] if glued is None else [NumberFound(start, end, glued.number, glued.code)]
            case 10 | 12:
                if self._code_cue.search(before) or code_plausible(digits):
                    return [NumberFound(start, end, None, digits)]
        return []

    def _is_date(self, text: str, start: int, end: int, today: date) -> bool:
        """Eight digits that are a day, with a word or another day beside them."""
        if end - start != 8 or not _past_day(text[start:end], today):
            return False
        if self._date_after.match(text, end) or self._date_cue.search(text, max(0, start - 12), start):
            return True
        following = _BESIDE_DAYS.match(text, end)
        if following is not None and _past_day(text[following.end() : following.end() + 8], today):
            return True
        return any(
            _past_day(text[max(0, start - gap - 8) : start - gap], today)
            and _BESIDE_DAYS.fullmatch(text[start - gap : start]) is not None
            for gap in (1, 2, 3, 4)
        )


def _past_day(digits: str, today: date) -> bool:
    match = _COMPACT_DAY.fullmatch(digits)
    if match is None:
        return False
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) <= today
    except ValueError:
        return False


def _is_identity(digits: str) -> bool:
    """Whether 18 digits are an identity number (身份证): a birth date inside, or the right check digit."""
    year, month, day = int(digits[6:10]), int(digits[10:12]), int(digits[12:14])
    born = 1900 <= year <= 2100 and 1 <= month <= 12 and 1 <= day <= 31
    check = (12 - sum(int(d) * w for d, w in zip(digits, _IDENTITY_WEIGHTS, strict=False)) % 11) % 11
    return born or check == int(digits[17])
