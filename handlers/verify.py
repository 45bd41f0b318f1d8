"""Is it genuine (查真伪): what the rules can show here, and exactly what the official site asks for."""

import re
import unicodedata
from functools import reduce
from typing import Any

from fapiao.checks import Company, check, failures
from fapiao.invoice import Invoice
from fapiao.kinds import Kind, kind_from_code
from fapiao.numbers import (
    NumberError,
    code_anatomy,
    code_plausible,
    digital_number_plausible,
    number_year,
    number_year_fits,
    parse_number,
)
from fapiao.regions import Region, region_of_number
from fapiao.verification import Need, Refusal, Site, may_verify, missing, needs, site_of
from handlers.core import Button, Outcome, Services, Turn
from handlers.known import as_invoice
from handlers.topics import button_of, figures, today
from locales.catalog import Phrase
from storage import invoices
from storage.records import InvoiceRecord

_DIGITS = re.compile(r"(?<![A-Za-z\d])\d(?:[ -]?\d){8,29}(?![A-Za-z\d])", re.ASCII)
_NOT_NUMBERS = (10, 11, 12)  # a code, or a phone
_RELATED = ("verify", "beijing", "duplicate")


async def verify(turn: Turn, services: Services) -> Outcome:
    """Check the invoice that was named or shown last by local rules; without one explain and ask for it."""
    known = await meant(turn, services)
    if known is not None:
        return _report(turn, services, known)
    length = _odd_length(turn.message.text)
    if length is not None:
        return turn.ask(
            "verify.length", Button("button.cancel", "cancel"), awaiting="verify_number", length=str(length)
        )
    return turn.ask(
        "faq.verify",
        *(Button(*button_of(name)) for name in _RELATED if name != "verify"),
        Button("button.human", "human"),
        awaiting="verify_number",
        **figures(),
    )


async def number(turn: Turn, services: Services) -> Outcome | None:
    """Awaited `verify_number`: an invoice number, with its code or without."""
    slots = {} if turn.understanding is None else turn.understanding.slots
    if slots.get("invoice_number"):
        return await verify(turn, services)
    try:
        parsed = parse_number(turn.message.text)
    except NumberError:
        return await verify(turn, services) if _odd_length(turn.message.text) else None
    known = await _known(turn, services, parsed.number, parsed.code)
    return _report(turn, services, known)


async def meant(turn: Turn, services: Services) -> InvoiceRecord | Invoice | None:
    """The invoice in the message (our record of it, if the viewer may see it), else the one shown last."""
    slots = {} if turn.understanding is None else turn.understanding.slots
    number_, code = slots.get("invoice_number"), slots.get("invoice_code")
    if number_:
        return await _known(turn, services, str(number_), str(code) if code else None)
    remembered = turn.conversation.slots.get("invoice")
    if not isinstance(remembered, int) or _odd_length(turn.message.text):
        return None
    return await services.store.read(invoices.by_id, turn.viewer, remembered)


async def _known(turn: Turn, services: Services, number_: str, code: str | None) -> InvoiceRecord | Invoice:
    records = await services.store.ask(invoices.by_number, invoices.Named(turn.viewer, number_, code))
    if len(records) == 1:
        return records[0]
    return Invoice(kind=kind_from_code(code) if code else None, code=code, number=number_)


def _report(turn: Turn, services: Services, known: InvoiceRecord | Invoice) -> Outcome:
    invoice = known if isinstance(known, Invoice) else as_invoice(known)
    buttons = [Button(*button_of(name)) for name in ("verify", "beijing")]
    if isinstance(known, InvoiceRecord):
        buttons.insert(0, Button("choice.invoice.status", f"status:{known.id}"))
        turn = turn.remember(invoice=known.id)
    lines = (
        Phrase("verify.head", {"tail": (invoice.number or "")[-4:]}),
        *_findings(turn, services, invoice, in_records=isinstance(known, InvoiceRecord)),
        Phrase("verify.limits"),
        *_where(turn, invoice),
        Phrase("verify.next"),
    )
    return turn.say("verify.report", *buttons, Button("button.human", "human"), lines=lines)


def _findings(turn: Turn, services: Services, invoice: Invoice, *, in_records: bool) -> tuple[Phrase, ...]:
    """What local rules say of number, code and face."""
    found = [_number_line(turn, invoice)]
    if len(invoice.number or "") == 8:
        found.append(_code_line(turn, invoice))
    if invoice.issue_date is not None and number_year_fits(invoice.number or "", invoice.issue_date) is False:
        found.append(Phrase("verify.date_year"))
    companies = tuple(Company(name, tax_id) for name, tax_id in services.companies)
    failed = failures(check(invoice, companies=companies, today=today(turn)))
    if failed:
        found.append(Phrase("verify.failed", {"names": _joined([_check_name(services, n) for n in failed])}))
    if in_records:
        found.append(Phrase("verify.known"))
    return tuple(found)


def _number_line(turn: Turn, invoice: Invoice) -> Phrase:
    number_ = invoice.number or ""
    if len(number_) == 8:
        return Phrase("verify.number_old")
    if not digital_number_plausible(number_):
        return Phrase("verify.number_odd")
    values = {"year": str(number_year(number_)), "region": _region(turn, region_of_number(number_))}
    return Phrase("verify.number_digital", values)


def _code_line(turn: Turn, invoice: Invoice) -> Phrase:
    if not invoice.code:
        return Phrase("verify.code_missing")
    anatomy = code_anatomy(invoice.code)
    if anatomy is None or not code_plausible(invoice.code):
        return Phrase("verify.code_odd")
    values = {
        "length": str(len(invoice.code)),
        "year": str(anatomy.year),
        "region": _region(turn, anatomy.region),
    }
    return Phrase("verify.code_good", values)


def _where(turn: Turn, invoice: Invoice) -> tuple[Phrase, ...]:
    """Where it can be checked officially, and with exactly which values."""
    match site_of(invoice):
        case Site.LOCAL:
            return (Phrase("verify.site_local"),)
        case Site.FINANCE:
            return (Phrase("verify.site_fiscal"),)
        case Site.NONE:
            return (Phrase("verify.site_none"),)
    match may_verify(invoice, 0, turn.now).refusal:
        case Refusal.TOO_OLD:
            return (Phrase("verify.too_old", figures()),)
        case Refusal.FUTURE:
            return (Phrase("verify.future"),)
    return (_inputs(invoice), Phrase("verify.rules", figures()))


def _inputs(invoice: Invoice) -> Phrase:
    kind = invoice.kind
    if kind is None and len(invoice.number or "") == 20:
        kind = Kind.DIGITAL_ORDINARY  # every kind with 20 digits is asked for the same
    if kind is None:
        return Phrase("verify.site_code")
    asked = {"number": "verify.input.number", "issue_date": "verify.input.issue_date"}
    asked |= {need.value: f"Need.{need.value}" for need in needs(kind)}
    if invoice.kind is None:
        invoice = Invoice(kind, number=invoice.number)
    lacking = missing(invoice)
    inputs = _joined([_input(invoice, name, key, known=name not in lacking) for name, key in asked.items()])
    return Phrase("verify.site", {"inputs": inputs})


def _input(invoice: Invoice, name: str, key: str, *, known: bool) -> Phrase:
    """One thing to type in, with its value where we hold it."""
    values: dict[str, Any] = {
        "number": invoice.number,
        "issue_date": invoice.issue_date,
        Need.CODE.value: invoice.code,
        Need.NET.value: invoice.amount,
        Need.TOTAL.value: invoice.total,
        Need.LAST_6.value: (invoice.check_code or "")[-6:],
        Need.CHECK_5.value: invoice.check_code,
        Need.SELLER_TAX_ID.value: invoice.seller_tax_id,
    }
    if not known or not values.get(name):
        return Phrase(key)
    return Phrase("verify.input.held", {"name": Phrase(key), "value": values[name]})


def _joined(phrases: list[Phrase]) -> Phrase:
    return reduce(lambda left, right: Phrase("verify.join", {"left": left, "right": right}), phrases)


def _check_name(services: Services, name: str) -> Phrase:
    key = f"verify.check.{name}"
    return Phrase(key if services.catalog.has(key) else "verify.check.other")


def _region(turn: Turn, region: Region | None) -> str:
    """The name of a region in the language of the chat."""
    if region is None:
        return "?"
    return {"en": region.en, "ja": region.ja}.get(turn.conversation.language, region.zh)


def _odd_length(text: str) -> int | None:
    """The length of a run of digits that is no invoice number but was perhaps meant as one."""
    for run in _DIGITS.findall(unicodedata.normalize("NFKC", text)):
        digits = re.sub(r"\D", "", run)
        if len(digits) in _NOT_NUMBERS:
            continue
        try:
            parse_number(digits)
        except NumberError as error:
            return error.length
    return None
