"""What identifies a document (票据标识): code and number in the form that its kind has."""

import re

from fapiao.kinds import Kind
from fapiao.numbers import InvoiceNumber, NumberError, Reason, parse_code, parse_number
from fapiao.text import ascii_digits, plain

_SEPARATORS = re.compile(r"[\s\-]+")
_FLOAT = re.compile(r"\d(?:\.\d+)?E\+?\d{1,2}", re.ASCII)
# Fiscal bills have 8 and 10 digits, paper rail tickets 7, 10 or 21 letters and digits, old itineraries 13 digits or a
# printed serial; none of that is documented well enough to refuse the others.
_OWN_FORM = frozenset({Kind.FISCAL, Kind.RAIL_PAPER, Kind.AIR_PAPER})
_SERIAL = re.compile(r"(?=.*\d)[0-9A-Z]{6,21}", re.ASCII)
_FISCAL = (8, 10)  # digits of code and number


class CodeError(NumberError):
    """The number may be right; its code (发票代码、票据代码) is not."""


def parse_identity(number: str, code: str | None, kind: Kind | None) -> InvoiceNumber:
    """Read number and code of a document as its kind writes them; without a kind, as their lengths say.

    Raises NumberError, or CodeError where the code alone is wrong.
    """
    if kind in _OWN_FORM or (kind is None and looks_fiscal(_packed(number), _packed(code or ""))):
        return InvoiceNumber(_serial(number, NumberError), _serial(code, CodeError) if code else None)
    parsed = parse_number(number)
    if parsed.is_digital or parsed.code or not code:
        return parsed
    try:
        return InvoiceNumber(parsed.number, parse_code(code))
    except NumberError as error:
        raise CodeError(error.reason, error.length, error.suggestion) from error


def looks_fiscal(number: str, code: str | None) -> bool:
    """True where number and code can only be those of a fiscal bill (财政票据)."""
    return code is not None and ascii_digits(code + number) and (len(code), len(number)) == _FISCAL


def _packed(text: str) -> str:
    return _SEPARATORS.sub("", plain(text)).upper()


def _serial(text: str, refusal: type[NumberError]) -> str:
    packed = _packed(text)
    if _FLOAT.fullmatch(plain(text).strip().upper()):
        raise refusal(Reason.FLOAT, len(packed))
    if _SERIAL.fullmatch(packed):
        return packed
    raise refusal(Reason.LETTERS if packed else Reason.EMPTY, len(packed))
