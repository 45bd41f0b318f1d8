"""Why an invoice cannot be found (查不到的原因), told from what is known: perhaps only its number."""

from dataclasses import dataclass
from datetime import datetime

from fapiao.checks import check
from fapiao.diagnosis import Cause, Facts, Finding, diagnose
from fapiao.invoice import Invoice
from fapiao.kinds import kind_from_code
from fapiao.numbers import digital_number_plausible, number_year
from locales.catalog import BEIJING, Phrase
from locales.talk import says


@dataclass(frozen=True, slots=True)
class Words:
    """What the exact words of the system say (提示原文)."""

    mismatch: bool = False  # 不一致
    limit: bool = False  # 超过该张发票当日查验次数
    down: bool = False  # 系统繁忙


def words_in(text: str) -> Words:
    """Read the system's message as the user repeats it."""
    return Words(says("told.mismatch", text), says("told.limit", text), says("told.down", text))


def likeliest(facts: Facts, words: Words) -> tuple[Finding, ...]:
    """The causes, likeliest first.

    A field that we merely do not hold is no wrong second key: that needs the word that something differs.
    """
    found = diagnose(facts)
    if not words.mismatch:
        found = tuple(finding for finding in found if finding.cause is not Cause.WRONG_SECOND_KEY)
    elif all(finding.cause is not Cause.WRONG_SECOND_KEY for finding in found):
        found = (Finding(Cause.WRONG_SECOND_KEY), *found)
    return found or (Finding(Cause.POSSIBLE_FORGERY),)


def of_number(number: str, code: str | None, now: datetime) -> Phrase:
    """The likeliest cause as far as a number tells. Whose it is, or whether it is there, plays no part."""
    today = now.astimezone(BEIJING).date()
    if len(number) == 20 and (
        not digital_number_plausible(number) or (number_year(number) or 0) > today.year
    ):
        return Phrase(f"missing.cause.{Cause.MISREAD.value}")
    invoice = Invoice(kind=kind_from_code(code) if code else None, code=code, number=number)
    cause = likeliest(Facts(invoice, now, checks=check(invoice, today=today)), Words())[0].cause
    if cause is not Cause.POSSIBLE_FORGERY:
        return Phrase(f"missing.cause.{cause.value}")
    return Phrase("status.cause.without_code" if code is None and len(number) == 8 else "status.cause.usual")
