"""What is uncertain on an invoice is asked (存疑字段): one question at a time, with the readings as choices."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fapiao.checks import Check
from fapiao.invoice import Invoice
from fapiao.money import MoneyError, parse_capitals, parse_money
from fapiao.numbers import NumberError, parse_code, parse_number
from handlers.core import Button
from handlers.drafts import Draft, needed, text_of, value_of
from handlers.findings import payload
from locales.catalog import Phrase
from nlu.document.reading import MONEY, Source

MOST_CHOICES = 3
UNSURE = 0.8  # below this confidence what OCR alone read is asked where it read two things

_CONFLICTS = {
    "qr_number": "number",
    "qr_code": "code",
    "qr_date": "issue_date",
    "capitals": "total",
}


@dataclass(frozen=True, slots=True)
class Question:
    """One field that only the user can tell."""

    field: str
    reason: str  # missing, differs or unsure
    choices: tuple[str, ...]  # readings to choose from, as stored texts

    def phrase(self) -> Phrase:
        """The question in words."""
        values = {"field": Phrase(f"Field.{self.field}")}
        key = f"doubt.{self.reason}"
        return Phrase(f"{key}.choose" if self.choices else key, values)

    def buttons(self, draft: Draft) -> tuple[Button, ...]:
        """A button for each reading."""
        return tuple(
            Button(
                "doubt.value",
                f"pickfield:{draft.id}:{self.field}:{place}",
                {"value": value_of(self.field, text)},
            )
            for place, text in enumerate(self.choices)
        )


def question(draft: Draft, checks: Mapping[str, Check]) -> Question | None:
    """The one thing to ask about a draft, the gravest first; None if nothing is in doubt."""
    for name, field in _CONFLICTS.items():
        verdict = checks.get(name)
        if verdict is not None and verdict.is_failure and field not in draft.corrections:
            return Question(field, "differs", readings(draft, field))
    invoice = draft.invoice
    for field in needed(invoice):
        if _lacks(invoice, field):
            return Question(field, "missing", readings(draft, field))
    for field in needed(invoice):
        if field in draft.read.unsure and field not in draft.corrections:
            return Question(field, "unsure", readings(draft, field))
    if draft.read.confidence >= UNSURE:
        return None
    for field in needed(invoice):
        sole = draft.read.sources.get(field) is Source.OCR and field not in draft.corrections
        found = readings(draft, field) if sole else ()
        if len(found) > 1:
            return Question(field, "unsure", found)
    return None


def readings(draft: Draft, field: str) -> tuple[str, ...]:
    """The readings of a field that can be meant, always the same for one draft: buttons count on it."""
    read = draft.read
    texts = [text_of(getattr(read.invoice, field)), *read.others.get(field, ())]
    if field == "total" and read.invoice.capital_total:
        texts.append(_capitals(read.invoice.capital_total))
    qr = payload(draft)
    if field in ("number", "code", "issue_date") and qr is not None:
        texts.append(text_of(getattr(qr, field)))
    possible = dict.fromkeys(text for text in texts if text is not None and _possible(field, text))
    return tuple(possible)[:MOST_CHOICES]


def _lacks(invoice: Invoice, field: str) -> bool:
    if field == "number" and invoice.digital_number:
        return False
    return getattr(invoice, field) is None


def _capitals(text: str) -> str | None:
    try:
        return text_of(parse_capitals(text))
    except MoneyError:
        return None


def _possible(field: str, text: str) -> bool:
    try:
        if field == "number":
            return parse_number(text).number == text
        if field == "code":
            return parse_code(text) == text
        if field in MONEY:
            return parse_money(text) == Decimal(text)
        if field == "issue_date":
            return date.fromisoformat(text).isoformat() == text
    except (NumberError, MoneyError, ValueError, ArithmeticError):
        return False
    return True
