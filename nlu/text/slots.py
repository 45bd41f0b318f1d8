"""Slots of a sentence (槽位): numbers, period, amounts, seller, kinds, state and a few more, in their JSON forms."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from nlu.text import open_sellers
from nlu.text.amounts import Amounts
from nlu.text.dates import Dates
from nlu.text.fold import fold
from nlu.text.kinds import KINDS, STATUSES, is_asked
from nlu.text.numbers import NumberFound, Numbers
from nlu.text.numerals import NumberWords, spoken_digits
from nlu.text.sellers import SellerIndex
from nlu.text.slot_words import SlotWords, load_slot_words

_EMAIL = re.compile(r"[a-z0-9._%+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{2,63}){1,4}")
_RATING = re.compile(
    r"([1-5一二三四五])\s?(?:颗|个)?(?:分|星|stars?\b|点|/5|out of 5)|(?:打|给|评|星|rate|give|score)\s?(?:个|it |you )?\s?([1-5一二三四五])(?:つ)?(?!\d)"
)
_LANGUAGES = (
    ("ja", re.compile(r"日语|日文|日本语|日本語|japanese|にほんご")),
    ("en", re.compile(r"英语|英文|英語|english|えいご")),
    ("zh", re.compile(r"中文|汉语|普通话|简体|繁体|中国语|中国語|chinese|mandarin")),
)


@dataclass(frozen=True, slots=True)
class Slots:
    """What a sentence holds. `spans` are places in the raw text; `more` are further invoice numbers."""

    values: Mapping[str, Any] = field(default_factory=dict)
    spans: tuple[tuple[int, int, str], ...] = ()
    more: tuple[str, ...] = ()


class SlotFinder:
    """Finds slots by the words of some language files; made once."""

    def __init__(self, words: SlotWords) -> None:
        spoken = NumberWords(words)
        self.numbers = Numbers(words, spoken)
        self.amounts = Amounts(words, spoken)
        self.dates = Dates(words, spoken)

    def find(self, text: str, *, today: date, sellers: SellerIndex | None = None) -> Slots:
        """All slots of `text`; never raises, and is quick for any text: what is very long is cut."""
        reading = _Reading(fold(text))
        self._numbers(reading, today)
        _email(reading)
        _seller(reading, text, sellers)
        self._date(reading, today)
        _kinds(reading)
        self._amount(reading)
        _statuses(reading)
        _open_seller(reading, text)
        _extras(reading)
        return Slots(reading.values, tuple(sorted(reading.spans)), tuple(reading.more))

    def _numbers(self, reading: "_Reading", today: date) -> None:
        for found in self.numbers.find(spoken_digits(reading.text), today):
            if found.number is None and found.code is None:
                reading.blot(found.start, found.end)
            elif found.number is None:
                reading.take("invoice_code", found.code, found.start, found.end)
            else:
                if "invoice_number" in reading.values:
                    reading.more.append(found.number)
                reading.take("invoice_number", found.number, found.start, found.end)
                if found.code is not None:
                    reading.values.setdefault("invoice_code", found.code)

    def _date(self, reading: "_Reading", today: date) -> None:
        found = self.dates.find(spoken_digits(reading.text), today)
        if found is not None:
            value = {"from": found.period.first.isoformat(), "to": found.period.last.isoformat()}
            reading.take("date", value, found.start, found.end)

    def _amount(self, reading: "_Reading") -> None:
        found = self.amounts.find(reading.text)
        if found is None:
            return
        if found.least is not None:
            reading.values["amount_min"] = _plain(found.least)
        if found.most is not None:
            reading.values["amount_max"] = _plain(found.most)
        reading.spans.append((found.start, found.end, "amount"))
        reading.blot(found.start, found.end)


@cache
def _own() -> SlotFinder:
    return SlotFinder(load_slot_words())


def find_slots(text: str, *, today: date, sellers: SellerIndex | None = None) -> Slots:
    """All slots of `text` by Piaoda's own language files; never raises."""
    return _own().find(text, today=today, sellers=sellers)


def find_numbers(text: str) -> list[NumberFound]:
    """All invoice numbers and codes of `text`, in order, each with its place."""
    found = _own().numbers.find(spoken_digits(fold(text)), date.max)
    return [each for each in found if each.number or each.code]


class _Reading:
    """The folded text, with what was understood blotted out."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.values: dict[str, Any] = {}
        self.spans: list[tuple[int, int, str]] = []
        self.more: list[str] = []

    def blot(self, start: int, end: int) -> None:
        """Blot a place out, so that nothing is read from it."""
        self.text = self.text[:start] + "\x00" * (end - start) + self.text[end:]

    def take(self, name: str, value: Any, start: int, end: int) -> None:
        """Keep a value and blot its place out, so that nothing else is read from it."""
        self.values.setdefault(name, value)
        self.spans.append((start, end, name))
        self.blot(start, end)


def _email(reading: _Reading) -> None:
    if "@" in reading.text and (found := _EMAIL.search(reading.text)) is not None:
        reading.take("email", found.group(), found.start(), found.end())


def _seller(reading: _Reading, raw: str, sellers: SellerIndex | None) -> None:
    if sellers is None:
        return
    for _, _, start, end in sellers.find(reading.text)[:1]:
        reading.take("seller", raw[start:end], start, end)


def _open_seller(reading: _Reading, raw: str) -> None:
    if "seller" in reading.values:
        return
    place = open_sellers.find(reading.text, raw)
    if place is not None:
        reading.take("seller", raw[place[0] : place[1]], *place)


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _kinds(reading: _Reading) -> None:
    kinds: list[str] = []
    for start, end, name in KINDS.find(reading.text):
        if name not in kinds:
            kinds.append(name)
        reading.spans.append((start, end, "kind"))
    if kinds:
        reading.values["kind"] = kinds


def _statuses(reading: _Reading) -> None:
    found = [each for each in STATUSES.find(reading.text) if not is_asked(reading.text, *each)]
    if found:
        start, end, name = max(found, key=lambda each: each[1] - each[0])
        reading.values["status"] = name
        reading.spans.append((start, end, "status"))


def _extras(reading: _Reading) -> None:
    for name, pattern in _LANGUAGES:
        if (found := pattern.search(reading.text)) is not None:
            reading.values["language"] = name
            reading.spans.append((found.start(), found.end(), "language"))
            break
    if (rating := _RATING.search(reading.text)) is not None:
        said = rating[1] or rating[2]
        reading.values["rating"] = int(said) if said.isdigit() else "一二三四五".index(said) + 1
