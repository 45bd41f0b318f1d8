"""Slots of a sentence (槽位): numbers, period, amounts, seller, kinds, state and a few more, in their JSON forms."""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from locales.catalog import HOME
from nlu.text.amounts import Amounts
from nlu.text.dates import Dates
from nlu.text.fold import fold
from nlu.text.kinds import Denial, Doubt, Named, Vocabulary
from nlu.text.model_cache import installed, kept
from nlu.text.numbers import NumberFound, Numbers
from nlu.text.numerals import NumberWords, spoken_digits
from nlu.text.open_sellers import OpenSellers
from nlu.text.ratings import Ratings
from nlu.text.sellers import SellerIndex
from nlu.text.slot_words import SlotWords, load_slot_words, slot_files
from nlu.text.triggers import pieces

_EMAIL = re.compile(r"[a-z0-9._%+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{2,63}){1,4}")


@dataclass(frozen=True, slots=True)
class Slots:
    """What a sentence holds. `spans` are places in the raw text; `more` are further invoice numbers."""

    values: Mapping[str, Any] = field(default_factory=dict)
    spans: tuple[tuple[int, int, str], ...] = ()
    more: tuple[str, ...] = ()


class SlotFinder:
    """Finds slots by the words of some language files; made once."""

    def __init__(self, words: SlotWords) -> None:
        self.words = frozenset(words.known())
        spoken = NumberWords(words)
        self.numbers = Numbers(words, spoken)
        self.amounts = Amounts(words, spoken)
        self.dates = Dates(words, spoken)
        self.kinds = Vocabulary(words, "kinds")
        self._kind_doubt = Doubt(words, "kind")
        self.statuses = Vocabulary(words, "statuses")
        self._status_doubt = Doubt(words, "status")
        self._how = words.compiled(words.any_of("status.how"))
        self.categories = Vocabulary(words, "categories")
        self._languages = Vocabulary(words, "languages")
        self._open_sellers = OpenSellers(words)
        self._denial = Denial(words, "denied")
        self._ratings = Ratings(words)
        vocabularies = (self.kinds, self.statuses, self.categories, self._languages)
        self._needed = self.dates.needed.union(
            self._ratings.needed, *(vocabulary.needed for vocabulary in vocabularies)
        )

    def find(self, text: str, *, today: date, sellers: SellerIndex | None = None) -> Slots:
        """All slots of `text`; never raises, and is quick for any text: what is very long is cut."""
        reading = _Reading(fold(text))
        said = spoken_digits(reading.text)
        present = pieces(reading.text) if said == reading.text else pieces(reading.text) | pieces(said)
        reading.present = present & self._needed
        self._numbers(reading, today)
        if reading.values and reading.is_read:
            return Slots(reading.values, tuple(sorted(reading.spans)), tuple(reading.more))
        _email(reading)
        self._seller(reading, text, sellers)
        self._date(reading, today)
        self._named_kinds(reading)
        self._amount(reading)
        self._status(reading)
        self._category(reading)
        if "seller" not in reading.values:
            self._brand(reading, text, sellers)
            self._open_seller(reading, text)
        self._language(reading)
        rating = self._ratings.find(reading.text, reading.present)
        if rating is not None:
            reading.values["rating"] = rating
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
        found = self.dates.find(spoken_digits(reading.text), today, reading.present)
        if found is not None:
            value = {"from": found.period.first.isoformat(), "to": found.period.last.isoformat()}
            reading.take("date", value, found.start, found.end)
            for start, end in found.others:
                reading.blot(start, end)

    def _amount(self, reading: "_Reading") -> None:
        beside = not reading.values.keys().isdisjoint(("seller", "date", "kind"))
        found = self.amounts.find(reading.text, beside=beside)
        if found is None:
            return
        if found.least is not None:
            reading.values["amount_min"] = _plain(found.least)
        if found.most is not None:
            reading.values["amount_max"] = _plain(found.most)
        reading.spans.append((found.start, found.end, "amount"))
        reading.blot(found.start, found.end)

    def _named_kinds(self, reading: "_Reading") -> None:
        found = self._kind_doubt.sure(reading.text, self.kinds.find(reading.text, reading.present))
        if found:
            reading.values["kind"] = list(dict.fromkeys(each.name for each in found))
            reading.spans += [(each.start, each.end, "kind") for each in found]

    def _status(self, reading: "_Reading") -> None:
        found = self._status_doubt.sure(reading.text, self.statuses.find(reading.text, reading.present))
        if found and any(each.name == "red" for each in found) and self._how.search(reading.text):
            found = [each for each in found if each.name != "red"]  # how a red-letter invoice is made
        if found:
            widest = max(found, key=lambda each: each.end - each.start)
            reading.values["status"] = widest.name
            reading.spans.append((widest.start, widest.end, "status"))

    def _category(self, reading: "_Reading") -> None:
        for each in self.categories.find(reading.text, reading.present)[:1]:
            reading.values["category"] = each.name
            reading.spans.append((each.start, each.end, "category"))

    def _seller(self, reading: "_Reading", raw: str, sellers: SellerIndex | None) -> None:
        for _, _, start, end in sellers.find(reading.text) if sellers is not None else ():
            end = self._open_sellers.whole(reading.text, end)
            if self._denial.of(reading.text, Named(start, end, "seller")):
                reading.blot(start, end)
                continue
            reading.take("seller", raw[start:end], start, end)
            return

    def _brand(self, reading: "_Reading", raw: str, sellers: SellerIndex | None) -> None:
        for _, _, start, end in sellers.brands(reading.text) if sellers is not None else ():
            other = any(begin < end and start < stop for begin, stop, _ in reading.spans)
            if not other and self._open_sellers.is_name(reading.text[start:end]):
                reading.take("seller", raw[start:end], start, end)
                return

    def _open_seller(self, reading: "_Reading", raw: str) -> None:
        if "seller" in reading.values:
            return
        place = self._open_sellers.find(reading.text, raw[: len(reading.text)])
        if place is not None:
            reading.take("seller", raw[place[0] : place[1]], *place)

    def _language(self, reading: "_Reading") -> None:
        found = self._languages.find(reading.text, reading.present)
        # "Chinese, not Japanese", and "from Chinese to Japanese": the last that is not denied.
        for each in [each for each in found if not self._denial.of(reading.text, each)][-1:]:
            reading.values["language"] = each.name
            reading.spans.append((each.start, each.end, "language"))


@cache
def _own() -> SlotFinder:
    return kept(SlotFinder, slot_files(), installed(), lambda: SlotFinder(load_slot_words()))


def slot_finder(home: Path = HOME) -> SlotFinder:
    """A finder that knows the words of the language folders under `home`."""
    return _own() if home == HOME else SlotFinder(load_slot_words(home))


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
        self.present: Set[str] = frozenset()  # what is looked for of the text before anything was blotted out

    def blot(self, start: int, end: int) -> None:
        """Blot a place out, so that nothing is read from it."""
        self.text = self.text[:start] + "\x00" * (end - start) + self.text[end:]

    @property
    def is_read(self) -> bool:
        """Whether nothing is left: a number that stands alone is the commonest message of all."""
        return not self.text.strip("\x00 ")

    def take(self, name: str, value: Any, start: int, end: int) -> None:
        """Keep a value and blot its place out, so that nothing else is read from it."""
        self.values.setdefault(name, value)
        self.spans.append((start, end, name))
        self.blot(start, end)


def _email(reading: _Reading) -> None:
    if "@" in reading.text and (found := _EMAIL.search(reading.text)) is not None:
        reading.take("email", found.group(), found.start(), found.end())


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
