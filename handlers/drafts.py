"""Drafts (草稿): invoices read in a chat that are not filed yet, with what the user has corrected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from fapiao.invoice import Invoice
from fapiao.kinds import Kind
from fapiao.money import money_text
from handlers.core import Services, Turn
from nlu.document.reading import MONEY, Found, Reading, from_json, to_json
from storage import documents
from storage.documents import Filing, FilingChange, NewFiling

# What a user can correct, in the order of the face.
CORRECTABLE = (
    "number",
    "code",
    "issue_date",
    "total",
    "amount",
    "tax",
    "check_code",
    "seller_name",
    "seller_tax_id",
    "buyer_name",
    "buyer_tax_id",
)


@dataclass(frozen=True, slots=True)
class Draft:
    """One invoice as it was read in this chat, and what its user said of it since."""

    id: int
    document: str  # digest of the kept file
    read: Found
    corrections: Mapping[str, tuple[str | None, str]]  # field → (read, corrected); equal where confirmed
    state: str = "draft"
    invoice_id: int | None = None

    @property
    def invoice(self) -> Invoice:
        """The invoice with the corrections applied."""
        changed: dict[str, Any] = {
            name: value_of(name, corrected) for name, (_, corrected) in self.corrections.items()
        }
        number = changed.get("number")
        if number is not None and self.read.invoice.digital_number and len(number) == 20:
            changed["digital_number"] = changed.pop("number")  # paper form: two numbers on one face
        return replace(self.read.invoice, **changed)

    @property
    def is_open(self) -> bool:
        """True while it can be corrected and filed."""
        return self.state == "draft"


def value_of(name: str, text: str) -> Any:
    """A field's value from its stored text."""
    if name == "issue_date":
        return date.fromisoformat(text)
    return Decimal(text) if name in MONEY else text


def text_of(value: Any) -> str | None:
    """A field's value as stored text: ISO dates, money with two decimals."""
    if value is None:
        return None
    if isinstance(value, date):
        return value.isoformat()
    return money_text(value) if isinstance(value, Decimal) else str(value)


def identity(invoice: Invoice) -> tuple[str, str | None] | None:
    """(number, code) under which the invoice is known, or None while a part of it is missing.

    The paper form of a digital invoice goes by its 20-digit number, as in the tax account's lists.
    """
    number = invoice.digital_number or invoice.number
    if number is None or len(number) == 20:
        return None if number is None else (number, None if invoice.digital_number is None else invoice.code)
    if invoice.code is None and (invoice.kind is None or invoice.kind.needs_code):
        return None  # eight digits alone repeat under every code
    return number, invoice.code


def needed(invoice: Invoice) -> tuple[str, ...]:
    """The fields without which an invoice cannot be filed."""
    kind = invoice.kind
    names = ["number"]
    number = invoice.digital_number or invoice.number or ""
    if len(number) != 20 and (kind is None or kind.needs_code):
        names.append("code")
    if kind is not Kind.FIXED:  # 定额发票 print no date
        names.append("issue_date")
    return (*names, "total")


async def keep(turn: Turn, services: Services, read: Sequence[tuple[str, str, Found]]) -> list[Draft]:
    """Keep what was read as drafts: (place in the message, digest, invoice) each. Safe to repeat."""
    drafts = []
    for place, digest, found in read:
        entry = NewFiling(
            key=f"{turn.message.chat}/{turn.message.id}/{place}",
            chat=turn.message.chat,
            document=digest,
            page=found.page,
            fields=_json(found),
            at=turn.now,
        )
        id_ = await services.store.write(documents.draft, entry)
        drafts.append(Draft(id_, digest, found, {}))
    return drafts


async def load(turn: Turn, services: Services, filing_id: object) -> Draft | None:
    """A draft of this chat by its id, as an action or the conversation names it."""
    text = str(filing_id)
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        return None
    filing = await services.store.read(documents.filing, turn.message.chat, int(text))
    return None if filing is None else of_filing(filing)


async def together(turn: Turn, services: Services, filing_id: str) -> list[Draft]:
    """All drafts of the message that a draft came from."""
    if not (filing_id.isascii() and filing_id.isdigit() and len(filing_id) < 19):
        return []
    filings = await services.store.read(documents.batch, turn.message.chat, int(filing_id))
    return [of_filing(filing) for filing in filings]


async def correct(services: Services, draft: Draft, name: str, value: Any) -> Draft:
    """The draft with one more correction, kept."""
    read = text_of(getattr(draft.read.invoice, name))
    corrected = text_of(value)
    if corrected is None:
        return draft
    corrections = {**draft.corrections, name: (read, corrected)}
    change = FilingChange(draft.id, corrections={key: list(pair) for key, pair in corrections.items()})
    await services.store.write(documents.change_filing, change)
    return replace(draft, corrections=corrections)


def _json(found: Found) -> dict[str, Any]:
    plain: dict[str, Any] = to_json(Reading((replace(found, boxes={}),)))["invoices"][0]
    return plain


def of_filing(filing: Filing) -> Draft:
    """A kept filing as a draft."""
    whole = {"invoices": [filing.fields], "refusal": None, "named": None, "pages": 1}
    reading = from_json({**whole, "members": [], "name": ""})
    corrections = {name: (pair[0], str(pair[1])) for name, pair in filing.corrections.items()}
    return Draft(
        filing.id, filing.document, reading.invoices[0], corrections, filing.state, filing.invoice_id
    )
