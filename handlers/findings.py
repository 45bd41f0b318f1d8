"""What agrees on an invoice and what does not (核对结果), in phrases; and the rules in force on its date."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import reduce
from typing import Any

from fapiao.checks import Check, CheckState, Company, check
from fapiao.invoice import Invoice
from fapiao.kinds import Kind
from fapiao.policy import in_force, rule
from fapiao.qr import QrPayload, parse_qr
from handlers.core import Services, Turn
from handlers.drafts import Draft, text_of, value_of
from handlers.topics import cited, today
from locales.catalog import Phrase
from nlu.document.reading import Source

MOST = 4  # findings that are told; more is not read on a phone
_FILES = frozenset({Source.XML, Source.OFD, Source.PDF})
# Which corrected field makes a check be done again; the others stay as the reader saw the print.
_FIELDS: Mapping[str, frozenset[str]] = {
    "qr_number": frozenset({"number"}),
    "qr_code": frozenset({"code"}),
    "qr_date": frozenset({"issue_date"}),
    "qr_amount": frozenset({"amount", "tax", "total"}),
    "qr_check_code": frozenset({"check_code"}),
    "number": frozenset({"number"}),
    "number_year": frozenset({"number", "issue_date"}),
    "code": frozenset({"code", "issue_date"}),
    "region": frozenset({"number", "code", "seller_tax_id"}),
    "arithmetic": frozenset({"amount", "tax", "total"}),
    "capitals": frozenset({"total"}),
    "rate": frozenset({"amount", "tax"}),
    "seller_tax_id": frozenset({"seller_tax_id"}),
    "buyer_tax_id": frozenset({"buyer_tax_id"}),
    "red_letter": frozenset({"total"}),
}
_HERE = frozenset({"date", "buyer_is_ours"})  # the reader knows neither the day nor our companies
# Told together as one line: what agrees, in the order of its weight.
_AGREEING: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("qr", ("qr_number", "qr_date", "qr_amount", "qr_code", "qr_check_code")),
    ("qr_crc", ("qr_crc",)),
    ("arithmetic", ("arithmetic",)),
    ("capitals", ("capitals",)),
    ("tax_ids", ("seller_tax_id", "buyer_tax_id")),
    ("buyer_is_ours", ("buyer_is_ours",)),
)
# Told although only notes; the others are for finance and stay in the record.
_TOLD_NOTES = frozenset({"number_year", "seller_tax_id", "buyer_tax_id", "date", "number", "rate"})


def checks_of(turn: Turn, services: Services, draft: Draft) -> dict[str, Check]:
    """Every check of a draft as it stands now."""
    companies = tuple(Company(name, tax_id) for name, tax_id in services.companies)
    fresh = check(draft.invoice, payload(draft), companies=companies, today=today(turn))
    corrected = frozenset(draft.corrections)
    kept = {
        name: verdict
        for name, verdict in draft.read.checks.items()
        if name not in _HERE and not corrected & _FIELDS.get(name, frozenset())
    }
    return {**fresh, **kept}


def payload(draft: Draft) -> QrPayload | None:
    """What the QR code of a draft says."""
    return parse_qr(draft.read.qr) if draft.read.qr else None


def failed(checks: Mapping[str, Check]) -> list[str]:
    """The names of checks that failed and are more than a note."""
    return [name for name, verdict in checks.items() if verdict.is_failure]


def agreeing(checks: Mapping[str, Check]) -> Phrase | None:
    """One line of what agrees, or None."""
    good = []
    for name, members in _AGREEING:
        states = {checks[member].state for member in members if member in checks}
        if CheckState.OK in states and CheckState.FAILED not in states:
            good.append(Phrase(f"check.ok.{name}"))
    return Phrase("check.ok", {"names": joined(good)}) if good else None


def disagreeing(services: Services, draft: Draft, checks: Mapping[str, Check]) -> list[Phrase]:
    """A line for each thing that does not agree, the gravest first."""
    grave = failed(checks)
    notes = [
        name
        for name, verdict in checks.items()
        if verdict.state is CheckState.FAILED and verdict.note and name in _TOLD_NOTES
    ]
    names = grave + notes
    lines = [_line(services, draft, name, checks[name]) for name in names[:MOST]]
    if len(names) > MOST:
        lines.append(Phrase("check.more", {"count": len(names) - MOST}))
    return lines


def _line(services: Services, draft: Draft, name: str, verdict: Check) -> Phrase:
    if name.startswith("qr_") and verdict.reason == "differs":
        return _differs(draft, name)
    key = f"check.{name}.{verdict.reason}"
    known = services.catalog.has(key)
    return Phrase(key, _figures(draft.invoice)) if known else Phrase("check.other")


_QR_FIELDS = {
    "qr_number": "number",
    "qr_code": "code",
    "qr_date": "issue_date",
    "qr_check_code": "check_code",
    "qr_amount": "amount",
}


def _differs(draft: Draft, name: str) -> Phrase:
    """QR against print, both shown."""
    field, qr = _QR_FIELDS[name], payload(draft)
    if field == "amount" and qr is not None and qr.amount_means is not None:
        field = "amount" if qr.amount_means.value == "net" else "total"
    by_qr = getattr(qr, _QR_OWN.get(field, field), None) if qr is not None else None
    face = [text_of(getattr(draft.invoice, field)), *draft.read.others.get(field, ())]
    printed = next((text for text in face if text is not None and text != text_of(by_qr)), None)
    values = {
        "field": Phrase(f"Field.{field}"),
        "qr": _shown(by_qr),
        "printed": _shown(None if printed is None else _value(field, printed)),
    }
    return Phrase("check.qr_differs", values)


def _value(field: str, text: str) -> object:
    """What a face says as its value, which is shown as the language writes it; what is none, as it stands."""
    try:
        return value_of(field, text)
    except (ValueError, ArithmeticError):
        return text


_QR_OWN = {"total": "amount"}


def _figures(invoice: Invoice) -> dict[str, Any]:
    number = invoice.digital_number or invoice.number
    return {
        "amount": _shown(invoice.amount),
        "tax": _shown(invoice.tax),
        "total": _shown(invoice.total),
        "capitals": (invoice.capital_total or "")[:40],
        "length": str(len(number or "")),
    }


def _shown(value: object) -> object:
    return Phrase("verdict.unread") if value is None else value


def joined(phrases: Sequence[Phrase]) -> Phrase:
    """Phrases as one enumeration."""
    return reduce(lambda left, right: Phrase("check.join", {"left": left, "right": right}), phrases)


def from_a_file(draft: Draft) -> bool:
    """True if the original file was sent, not a picture of it."""
    return bool(_FILES & set(draft.read.sources.values())) and "keep_original" not in draft.read.notes


def original_wanted(turn: Turn, draft: Draft) -> Phrase | None:
    """The reminder to keep the original file of a digital invoice (电子原件), with the rule in force; or None."""
    invoice = draft.invoice
    kind = invoice.kind
    electronic = len(invoice.number or "") == 20 if kind is None else not kind.is_paper and kind.is_invoice
    if not electronic or from_a_file(draft):
        return None
    day = invoice.issue_date or today(turn)
    for rule_id in ("printout_with_original", "keep_electronic_original"):
        if in_force(rule_id, day):
            return Phrase("verdict.keep_original", {"source": cited(rule(rule_id), turn)})
    return Phrase("verdict.keep_original_plain")


def ticket_rule(turn: Turn, invoice: Invoice) -> Phrase | None:
    """What the rule of its own day says of a paper rail or air ticket (纸质客票), or None."""
    way = {Kind.RAIL_PAPER: "rail", Kind.AIR_PAPER: "air"}.get(invoice.kind or Kind.MACHINE)
    day: date | None = invoice.issue_date
    if way is None or day is None or not in_force(f"{way}_e_only", day):
        return None
    return Phrase(f"verdict.{way}_paper_ended", {"source": cited(rule(f"{way}_e_only"), turn)})
