"""What a user types for a field of an invoice (手工更正的值): understood, or a hint at what is wrong with it."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from fapiao.dates import parse_date
from fapiao.invoice import Invoice
from fapiao.kinds import Kind
from fapiao.money import MoneyError, parse_money, parse_tax
from fapiao.numbers import NumberError, parse_check_code, parse_code, parse_number
from fapiao.tax_id import TaxIdState, normal_tax_id, parse_tax_id
from fapiao.text import plain
from locales.catalog import Phrase
from locales.talk import talk
from nlu.document.reading import MONEY

LONGEST_NAME = 100
_SERIAL = re.compile(r"[0-9A-Z]{6,21}", re.ASCII)
_OWN_FORM = frozenset({Kind.FISCAL, Kind.RAIL_PAPER, Kind.AIR_PAPER})
_DAY = re.compile(
    r"(?<!\d)(?:(?P<y>\d{4}|\d{2})\s*[年/.-]\s*)?(?P<m>\d{1,2})\s*[月/.-]\s*(?P<d>\d{1,2})(?!\d)", re.ASCII
)
_VALUES = {
    "number": re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z](?:[ -]?[0-9A-Za-z]){4,23}(?![0-9A-Za-z])", re.ASCII),
    "money": re.compile(
        r"(?:[-+(]\s?)?(?:[¥$]|CNY|RMB)?\s?\d[\d,]*(?:\.\d+)?\s?(?:万|千)?(?:元|块|圆|yuan|USD|美元)?\)?",
        re.IGNORECASE | re.ASCII,
    ),
    "masked": re.compile(r"\*{1,12}|免税|不征税"),
}


@dataclass(frozen=True, slots=True)
class Hint:
    """Why a value cannot be right, in words for the user."""

    phrase: Phrase


def spotted(name: str, text: str) -> str | None:
    """The part of a sentence that looks like a value of a field, or None; names have no such look."""
    said = unicodedata.normalize("NFKC", text)
    if name in MONEY:
        masked = _VALUES["masked"].search(said) if name == "tax" else None
        found = [match.group() for match in _VALUES["money"].finditer(said)]
        return masked.group() if masked else found[-1].strip() if found else None
    if name == "issue_date":
        day = (
            _DAY.search(said) or _named_day().search(said) or re.search(r"(?<!\d)\d{8}(?!\d)", said, re.ASCII)
        )
        return day.group() if day else None
    if name.endswith("_name"):
        return None
    found = [match.group() for match in _VALUES["number"].finditer(said)]
    found = [run for run in found if any(character.isdigit() for character in run)]
    return max(found, key=len) if found else None


def parse(name: str, text: str, invoice: Invoice, *, today: date, day: date | None = None) -> Any | Hint:
    """The value of a field in `text`, or a Hint. `day` is the date that the sentence was understood to name."""
    if name == "number":
        return _number(text, invoice.kind)
    if name == "code":
        return _code(text, invoice.kind)
    if name == "check_code":
        return _check_code(text, invoice.kind)
    if name == "issue_date":
        return _date(text, invoice, today, day)
    if name in MONEY:
        return _money(name, text)
    if name.endswith("_tax_id"):
        return _tax_id(text)
    return _name(text)


def _number(text: str, kind: Kind | None) -> str | Hint:
    if kind in _OWN_FORM:
        return _own_form(text)
    try:
        parsed = parse_number(text)
    except NumberError as error:
        if error.suggestion is not None:
            return Hint(Phrase("correct.hint.letters", {"suggestion": error.suggestion}))
        return Hint(Phrase("correct.hint.number", {"length": str(error.length)}))
    if kind is not None and kind.is_digital and not parsed.is_digital:
        return Hint(Phrase("correct.hint.number_20", {"length": str(len(parsed.number))}))
    if kind is not None and (kind.is_legacy_vat or kind.is_local) and parsed.is_digital:
        return Hint(Phrase("correct.hint.number_8", {"length": str(len(parsed.number))}))
    return parsed.number


def _own_form(text: str) -> str | Hint:
    packed = re.sub(r"[\s-]", "", plain(text)).upper()
    return packed if _SERIAL.fullmatch(packed) else Hint(Phrase("correct.hint.serial"))


def _code(text: str, kind: Kind | None) -> str | Hint:
    if kind in _OWN_FORM:
        return _own_form(text)
    try:
        return parse_code(text)
    except NumberError as error:
        return Hint(Phrase("correct.hint.code", {"length": str(error.length)}))


def _check_code(text: str, kind: Kind | None) -> str | Hint:
    try:
        return parse_check_code(text, kind)
    except NumberError as error:
        return Hint(Phrase("correct.hint.check_code", {"length": str(error.length)}))


def _date(text: str, invoice: Invoice, today: date, understood: date | None) -> date | Hint:
    text = _named_day().sub(_in_figures, unicodedata.normalize("NFKC", text))
    found = parse_date(text)
    if found is None:
        match = _DAY.search(text)
        if match is not None:
            found = _day_without_year(match, invoice, today)
            if found is None:
                return Hint(Phrase("correct.hint.date_impossible"))
        else:
            found = understood
    if found is None:
        return Hint(Phrase("correct.hint.date"))
    return Hint(Phrase("correct.hint.date_future", {"date": found})) if found > today else found


@cache
def _named_day() -> re.Pattern[str]:
    """A day whose month is a word (2 Feb 2024, February 2nd)."""
    month = f"(?:{'|'.join(talk().table('moments.months'))})[a-z]{{0,6}}"
    return re.compile(
        rf"\b(?:(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{month})"
        rf"|(?P<first>{month})\.? (?P<second>\d{{1,2}}))"
        rf"(?:st|nd|rd|th)?\b\.?(?:,? (?P<y>\d{{4}}))?(?!\d)",
        re.IGNORECASE | re.ASCII,
    )


def _in_figures(match: re.Match[str]) -> str:
    """2 Feb 2024 or February 2nd as 2024-2-2 or 2-2."""
    month = talk().table("moments.months")[(match["month"] or match["first"])[:3].lower()]
    day, year = match["d"] or match["second"], match["y"]
    return f"{year}-{month}-{day}" if year else f"{month}-{day}"


def _day_without_year(match: re.Match[str], invoice: Invoice, today: date) -> date | None:
    """A day of the year that was read, else the latest one that is not in the future."""
    month, day = int(match["m"]), int(match["d"])
    if match["y"] is not None:
        return None  # parse_date has refused it: there is no such day
    read = invoice.issue_date
    years = (read.year,) if read is not None else (today.year, today.year - 1)
    for year in years:
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found <= today:
            return found
        if read is not None:
            return date(year - 1, month, day) if (month, day) != (2, 29) else None
    return None


def _money(name: str, text: str) -> Any | Hint:
    try:
        return parse_tax(text) if name == "tax" else parse_money(text)
    except MoneyError as error:
        return Hint(Phrase(f"correct.hint.money.{error.reason}"))


def _tax_id(text: str) -> str | Hint:
    parsed = parse_tax_id(text)
    if parsed.state is TaxIdState.MALFORMED:
        return Hint(Phrase("correct.hint.tax_id", {"length": str(len(normal_tax_id(text)))}))
    return parsed.text  # a check digit that fails is told with the verdict: some legal ids fail it


def _name(text: str) -> str | Hint:
    name = " ".join(text.split()).strip(" 。.，,；;“”\"'「」")
    if 2 <= len(name) <= LONGEST_NAME:
        return name
    return Hint(Phrase("correct.hint.name"))
