"""What reading a document gives: the invoices found with their sources and checks, or why there are none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from fapiao.checks import Check, CheckState
from fapiao.invoice import AirAmounts, Invoice
from fapiao.kinds import Kind
from fapiao.money import money_text

# The fields of one line of `piaoda read`, in its order.
FIELDS = (
    "kind",
    "code",
    "number",
    "issue_date",
    "check_code",
    "seller_name",
    "seller_tax_id",
    "buyer_name",
    "buyer_tax_id",
    "amount",
    "tax",
    "total",
)
MONEY = frozenset({"amount", "tax", "total"})


class Source(StrEnum):
    """Where a value was read."""

    XML = "xml"  # structured data: XML of a digital invoice, XBRL, also embedded in a PDF or OFD
    OFD = "ofd"  # tags, metadata and page text of an OFD
    QR = "qr"
    PDF = "pdf"  # text layer
    OCR = "ocr"


class Refusal(StrEnum):
    """Why a document gave no invoice; the value is a reply key suffix and what `piaoda read` prints."""

    NOT_AN_INVOICE = "not_an_invoice"
    BLURRED = "blurred"
    CROPPED = "cropped"
    TOO_SMALL = "too_small"  # a thumbnail
    GLARE = "glare"
    UNREADABLE = "unreadable"  # an invoice, perhaps, but nothing certain could be read
    EMPTY = "empty"
    UNSUPPORTED = "unsupported"
    BROKEN = "broken"
    ENCRYPTED = "encrypted"
    TOO_LARGE = "too_large"
    TOO_MANY_PAGES = "too_many_pages"
    HOSTILE = "hostile"  # a bomb, entities, paths that leave the archive
    TIMEOUT = "timeout"
    CRASHED = "crashed"

    @property
    def is_error(self) -> bool:
        """True where the file itself is bad; False where it is readable but holds no (clear) invoice."""
        return self not in _NO_ERRORS


_NO_ERRORS = frozenset(
    {
        Refusal.NOT_AN_INVOICE,
        Refusal.BLURRED,
        Refusal.CROPPED,
        Refusal.TOO_SMALL,
        Refusal.GLARE,
        Refusal.UNREADABLE,
    }
)


class DocumentError(Exception):
    """A document cannot be read; `refusal` says why."""

    def __init__(self, refusal: Refusal, detail: str = "") -> None:
        super().__init__(f"{refusal.value} {detail}".strip())
        self.refusal = refusal
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Box:
    """A place on a page, as fractions of its width and height from the top left."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Found:
    """One invoice found in a document."""

    invoice: Invoice
    sources: Mapping[str, Source] = field(default_factory=dict)  # field → where its value comes from
    checks: Mapping[str, Check] = field(default_factory=dict)
    confidence: float = 0.0  # 0 to 1
    page: int = 1
    notes: tuple[str, ...] = ()  # keys: keep_original, no_qr, glare, cropped …
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # field → other readings of it
    unsure: tuple[str, ...] = ()  # fields that are shown to be confirmed
    boxes: Mapping[str, Box] = field(default_factory=dict)
    qr: str | None = None  # text of its QR code
    member: str | None = None  # path inside an archive


@dataclass(frozen=True, slots=True)
class Reading:
    """What a document holds: invoices, or a refusal with the name of what it is instead."""

    invoices: tuple[Found, ...] = ()
    refusal: Refusal | None = None
    named: str | None = None  # what it is instead: a Kind value, "screenshot", "payment", "picture" …
    pages: int = 1
    members: tuple["Reading", ...] = ()  # one per file of an archive
    name: str = ""


def fields_of(found: Found) -> dict[str, str | None]:
    """Return the printable fields of an invoice: ISO dates, money with two decimals, None if missing."""
    return {name: _text(getattr(found.invoice, name)) for name in FIELDS}


def _text(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, Decimal):
        return money_text(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


# The child process is not trusted: what it says crosses as JSON and is rebuilt field by field.


def to_json(reading: Reading) -> dict[str, Any]:
    """Return a reading as JSON values."""
    return {
        "invoices": [_found_json(found) for found in reading.invoices],
        "refusal": reading.refusal,
        "named": reading.named,
        "pages": reading.pages,
        "members": [to_json(member) for member in reading.members],
        "name": reading.name,
    }


def from_json(values: Mapping[str, Any]) -> Reading:
    """Rebuild a reading; raises ValueError on anything else."""
    try:
        return _reading(values)
    except (LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise ValueError(f"not a reading: {type(error).__name__}") from error


def _reading(values: Mapping[str, Any]) -> Reading:
    refusal = values["refusal"]
    return Reading(
        invoices=tuple(_found(item) for item in values["invoices"]),
        refusal=None if refusal is None else Refusal(refusal),
        named=_optional(values["named"]),
        pages=int(values["pages"]),
        members=tuple(_reading(member) for member in values["members"]),
        name=str(values["name"]),
    )


def _found_json(found: Found) -> dict[str, Any]:
    invoice = found.invoice
    air = invoice.air
    return {
        "fields": fields_of(found),
        "digital_number": invoice.digital_number,
        "capital_total": invoice.capital_total,
        "rates": list(invoice.rates),
        "lines": invoice.lines,
        "remark": invoice.remark,
        "red": invoice.red,
        "air": None if air is None else [_text(part) for part in (air.fare, air.fuel, air.fund, air.other)],
        "sources": dict(found.sources),
        "checks": {name: [check.state, check.reason, check.note] for name, check in found.checks.items()},
        "confidence": found.confidence,
        "page": found.page,
        "notes": list(found.notes),
        "others": {name: list(texts) for name, texts in found.others.items()},
        "unsure": list(found.unsure),
        "boxes": {name: [box.x0, box.y0, box.x1, box.y1] for name, box in found.boxes.items()},
        "qr": found.qr,
        "member": found.member,
    }


def _found(values: Mapping[str, Any]) -> Found:
    fields = values["fields"]
    money: dict[str, Any] = {name: None if fields[name] is None else Decimal(fields[name]) for name in MONEY}
    plain: dict[str, Any] = {
        name: _optional(fields[name]) for name in FIELDS if name not in MONEY | {"kind", "issue_date"}
    }
    invoice = Invoice(
        kind=None if fields["kind"] is None else Kind(fields["kind"]),
        issue_date=None if fields["issue_date"] is None else date.fromisoformat(fields["issue_date"]),
        digital_number=_optional(values["digital_number"]),
        capital_total=_optional(values["capital_total"]),
        rates=tuple(str(rate) for rate in values["rates"]),
        lines=int(values["lines"]),
        remark=_optional(values["remark"]),
        red=bool(values["red"]),
        air=_air(values["air"]),
        **plain,
        **money,
    )
    return Found(
        invoice=invoice,
        sources={str(name): Source(source) for name, source in values["sources"].items()},
        checks={
            str(name): Check(CheckState(state), _optional(reason), bool(note))
            for name, (state, reason, note) in values["checks"].items()
        },
        confidence=float(values["confidence"]),
        page=int(values["page"]),
        notes=tuple(str(note) for note in values["notes"]),
        others={str(name): tuple(map(str, texts)) for name, texts in values["others"].items()},
        unsure=tuple(map(str, values.get("unsure", ()))),  # older drafts have none
        boxes={str(name): Box(*map(float, corners)) for name, corners in values["boxes"].items()},
        qr=_optional(values["qr"]),
        member=_optional(values["member"]),
    )


def _air(parts: list[str | None] | None) -> AirAmounts | None:
    if parts is None:
        return None
    fare, fuel, fund, other = (None if part is None else Decimal(part) for part in parts)
    return AirAmounts(fare, fuel, fund, other)


def _optional(text: object) -> str | None:
    return None if text is None else str(text)
