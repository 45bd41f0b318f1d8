"""The invoice numbers (发票号码) of a message, each with its code (发票代码) where one stands beside it."""

import re
import unicodedata
from dataclasses import replace

from fapiao.numbers import InvoiceNumber, NumberError, Reason, parse_number
from handlers.core import Turn
from nlu.text.slots import find_numbers

MOST = 5  # numbers answered in one message
_DIGITS = re.compile(r"(?<!\d)\d(?:[ -]?\d){5,29}(?!\d)", re.ASCII)
_NEAR_8, _NEAR_20 = (7, 9), (17, 19, 21, 22)  # lengths that are a number with a slip


def numbers_in(turn: Turn) -> list[InvoiceNumber]:
    """The numbers of a message, each once, in their order; at most MOST."""
    slots = turn.understanding.slots if turn.understanding is not None else {}
    first = slots.get("invoice_number")
    if not isinstance(first, str):
        return []  # digits of another kind: a phone, a card
    if turn.message.text.strip() == first and "invoice_code" not in slots:
        return [InvoiceNumber(first)]  # as most are sent
    found: list[InvoiceNumber] = []
    codes: list[str] = []
    for each in find_numbers(turn.message.text):
        if each.number is None:
            codes.append(each.code or "")
        elif each.number not in [known.number for known in found]:
            found.append(InvoiceNumber(each.number, each.code))
    if first not in [known.number for known in found]:
        found.insert(0, InvoiceNumber(first))
    if not codes and isinstance(code := slots.get("invoice_code"), str):
        codes = [] if any(known.code == code for known in found) else [code]
    return [_coded(known, codes) for known in found[:MOST]]


def _coded(known: InvoiceNumber, codes: list[str]) -> InvoiceNumber:
    """The number with the next code that is free, where it needs one."""
    needs = len(known.number) == 8 and known.code is None and codes
    return replace(known, code=codes.pop(0)) if needs else known


def code_in(turn: Turn) -> str | None:
    """The code of a message that holds a code alone."""
    for each in find_numbers(turn.message.text):
        if each.number is None and each.code:
            return each.code
    code = turn.understanding.slots.get("invoice_code") if turn.understanding is not None else None
    return code if isinstance(code, str) else None


def wrong_length(text: str) -> int | None:
    """The count of digits in what must be meant as a number and has some too many or too few; or None."""
    for run in _DIGITS.findall(unicodedata.normalize("NFKC", text)):
        try:
            parse_number(run)
        except NumberError as error:
            if error.reason is Reason.TOO_SHORT and error.length in _NEAR_8:
                return error.length
            if error.reason in (Reason.BETWEEN, Reason.TOO_LONG) and error.length in (*_NEAR_8, *_NEAR_20):
                return error.length
    return None
