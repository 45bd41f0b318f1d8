"""Invoice number (发票号码), invoice code (发票代码) and check code (校验码): parsing and anatomy."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from fapiao.kinds import Kind, kind_from_code
from fapiao.regions import Region, region_of_code, region_of_number
from fapiao.text import ascii_digits, plain

_SEPARATORS = re.compile(r"[\s\-_.,:;'()\[\]/]+")
_LABEL = re.compile(r"^[^0-9A-Za-z]*(?:no|nr|№)?[^0-9A-Za-z]*", re.IGNORECASE)
# Letters that OCR and thumbs put where a digit belongs. Only offered, never silently applied.
_LOOKALIKES = str.maketrans("OoQDIlSsZzBb", "000011552288")


class Reason(StrEnum):
    """Why a text is not the number asked for."""

    EMPTY = "empty"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    BETWEEN = "between"  # longer than 8 digits, shorter than 20
    LETTERS = "letters"
    FLOAT = "float"  # 2.63E+19: the spreadsheet has lost digits


class NumberError(ValueError):
    """A text is no invoice number, code or check code.

    `length` counts the characters without separators; `suggestion` is the same text with look-alike letters
    (O, I, S, Z, B) read as digits where that alone makes it well formed, to be confirmed by the user.
    """

    def __init__(self, reason: Reason, length: int = 0, suggestion: str | None = None) -> None:
        super().__init__(f"{reason.value}, {length} characters")
        self.reason = reason
        self.length = length
        self.suggestion = suggestion


@dataclass(frozen=True, slots=True)
class InvoiceNumber:
    """A well-formed number, with its code where the text held both."""

    number: str  # 8 or 20 digits, leading zeros kept
    code: str | None = None  # 10 or 12 digits

    @property
    def is_digital(self) -> bool:
        """True for the 20-digit number of a digital invoice (数电票)."""
        return len(self.number) == 20


def parse_number(text: str) -> InvoiceNumber:
    """Read one invoice number (发票号码): 8 or 20 digits, or a legacy code glued to its number.

    Full-width digits, spaces, line breaks, hyphens and a label in front are fine. 18 and 20 digits that split
    into a possible code and 8 digits, and cannot be a digital number, come back as code and number.
    Raises NumberError.
    """
    digits = _digits(text)
    if len(digits) == 8:
        return InvoiceNumber(digits)
    if len(digits) == 20 or len(digits) == 18:
        glued = split_glued(digits)
        if len(digits) == 20 and (glued is None or digital_number_plausible(digits)):
            return InvoiceNumber(digits)
        if glued is not None:
            return glued
    if len(digits) < 8:
        raise NumberError(Reason.TOO_SHORT, len(digits))
    raise NumberError(Reason.BETWEEN if len(digits) < 20 else Reason.TOO_LONG, len(digits))


def parse_code(text: str) -> str:
    """Read one invoice code (发票代码): 10 or 12 digits. Raises NumberError."""
    digits = _digits(text)
    if len(digits) in (10, 12):
        return digits
    if len(digits) < 10:
        raise NumberError(Reason.TOO_SHORT, len(digits))
    raise NumberError(Reason.BETWEEN if len(digits) == 11 else Reason.TOO_LONG, len(digits))


def parse_check_code(text: str, kind: Kind | None = None) -> str:
    """Read a check code (校验码): 20 digits, or their last 6; blockchain: 5 hex digits; air ticket: 4 digits.

    Returns the characters without separators, letters in lower case. Raises NumberError. Documented.
    """
    packed = _packed(text)
    if kind is Kind.BLOCKCHAIN and re.fullmatch(r"[0-9A-Fa-f]{5}", packed):
        return packed.lower()
    digits = _digits(text)
    lengths = {Kind.AIR_E: (4,), Kind.AIR_PAPER: (4,), Kind.BLOCKCHAIN: (5, 20)}.get(
        kind or Kind.VAT_ROLL, (6, 20)
    )
    if len(digits) in lengths:
        return digits
    if len(digits) < min(lengths):
        raise NumberError(Reason.TOO_SHORT, len(digits))
    raise NumberError(Reason.TOO_LONG if len(digits) > max(lengths) else Reason.BETWEEN, len(digits))


def split_glued(digits: str) -> InvoiceNumber | None:
    """Split 18 or 20 digits into a possible legacy code and its 8-digit number, or return None.

    Verified: electronic files store both in one field.
    """
    if not ascii_digits(digits) or len(digits) not in (18, 20):
        return None
    code = digits[:-8]
    # An identity number (居民身份证号) has 18 digits too; inside its birth year a code has the kind digit.
    if len(code) == 10 and (kind_from_code(code) is None or code[9] not in "01234"):
        return None
    return InvoiceNumber(digits[-8:], code) if code_plausible(code) else None


def code_plausible(code: str) -> bool:
    """True if a 10- or 12-digit code has a known region and a possible year; its kind suffix is not judged.

    Printed specimens break the suffix rule, so an odd suffix is a note and no refusal.
    """
    anatomy = code_anatomy(code)
    return anatomy is not None and anatomy.region is not None and 1994 <= anatomy.year <= 2039


def digital_number_plausible(number: str) -> bool:
    """True if 20 digits can be a digital number (数电票号码): year 21 to 49 and a known region.

    A legacy code begins with 0 or 1, a digital number with 2 or more until 2099, so the two never
    meet. Year and province are documented; position 5 has no public list and is not judged.
    """
    return (
        ascii_digits(number)
        and len(number) == 20
        and 21 <= int(number[:2]) <= 49
        and region_of_number(number) is not None
    )


def number_year(number: str) -> int | None:
    """Return the year in a 20-digit number (first two digits, 20xx), or None. Verified on every sample."""
    if len(number) != 20 or not ascii_digits(number):
        return None
    return 2000 + int(number[:2])


def number_year_fits(number: str, issued: date) -> bool | None:
    """True if the year of a 20-digit number is the issue year; None where the number carries no year."""
    year = number_year(number)
    return None if year is None else year == issued.year


@dataclass(frozen=True, slots=True)
class CodeAnatomy:
    """The parts of a legacy invoice code (发票代码). The year is that of the printing batch, not of issue."""

    region: Region | None
    year: int
    batch: str
    kind: Kind | None
    local: bool  # a local general invoice: 12 digits beginning with 1


def code_anatomy(code: str) -> CodeAnatomy | None:
    """Take a 10- or 12-digit code apart, or return None if it has neither form.

    Real codes are up to four years older than the invoice: never require the issue year. Documented, verified
    on 20 sample codes; for codes beginning with 1 only region and year are known.
    """
    if not ascii_digits(code):
        return None
    if len(code) == 10:
        return CodeAnatomy(
            region_of_code(code), _full_year(code[4:6]), code[6], kind_from_code(code), local=False
        )
    if len(code) == 12 and code[0] in "01":
        local = code[0] == "1"
        batch = "" if local else code[7:10]
        return CodeAnatomy(
            region_of_code(code), _full_year(code[5:7]), batch, kind_from_code(code), local=local
        )
    return None


def _full_year(two: str) -> int:
    return 1900 + int(two) if int(two) >= 90 else 2000 + int(two)


def _packed(text: str) -> str:
    return _SEPARATORS.sub("", _LABEL.sub("", plain(text).strip(), count=1))


def _digits(text: str) -> str:
    packed = _packed(text)
    if not packed:
        raise NumberError(Reason.EMPTY)
    if ascii_digits(packed):
        return packed
    if re.fullmatch(r"\d+E\+?\d{1,2}", packed, re.IGNORECASE):
        raise NumberError(Reason.FLOAT, len(packed))
    repaired = packed.translate(_LOOKALIKES)
    fits = ascii_digits(repaired) and len(repaired) in (8, 10, 12, 20)
    raise NumberError(Reason.LETTERS, len(packed), repaired if fits else None)


def near_miss(one: str, other: str) -> bool:
    """True for two numbers of one length that differ in one or two digits: misread, or altered in one place."""
    return len(one) == len(other) and 0 < sum(a != b for a, b in zip(one, other, strict=True)) <= 2
