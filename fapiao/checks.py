"""What agrees on an invoice and what does not: every check with its verdict and reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from fapiao.invoice import Invoice, normal_name
from fapiao.kinds import Kind
from fapiao.money import FEN, MoneyError, parse_capitals, round_fen
from fapiao.numbers import (
    code_anatomy,
    digital_number_plausible,
    number_year_fits,
)
from fapiao.policy import in_force
from fapiao.qr import AmountMeaning, QrPayload
from fapiao.rates import parse_rate, prints_no_rate, rate_in_use
from fapiao.regions import region_of_code, region_of_number, region_of_tax_id
from fapiao.tax_id import TaxIdState, normal_tax_id, parse_tax_id
from fapiao.text import ascii_digits


class CheckState(StrEnum):
    """Verdict of one check; UNKNOWN where there is nothing to compare."""

    OK = "ok"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """Verdict and reason key. A failed `note` is worth saying and never a reason to refuse."""

    state: CheckState
    reason: str | None = None
    note: bool = False

    @property
    def is_failure(self) -> bool:
        """True for a failed check that is more than a note."""
        return self.state is CheckState.FAILED and not self.note


@dataclass(frozen=True, slots=True)
class Company:
    """One of our own entities: title (抬头) and tax id."""

    name: str
    tax_id: str


OK = Check(CheckState.OK)
MISSING = Check(CheckState.UNKNOWN, "missing")
_NO_BUYER = frozenset(
    {
        Kind.TAXI,
        Kind.FIXED,
        Kind.TOLL_PAPER,
        Kind.BUS,
        Kind.SHIP,
        Kind.RAIL_PAPER,
        Kind.AIR_PAPER,
        Kind.MACHINE,
    }
)
_PERSONAL = frozenset({"个人", "个人(个人)", "个人消费者", "消费者"})


def check(
    invoice: Invoice,
    qr: QrPayload | None = None,
    *,
    companies: Sequence[Company] = (),
    today: date | None = None,
) -> dict[str, Check]:
    """Return every check by name, always the same names; `today` is the date in Beijing.

    Notes, never failures: number_year, code, region, rate, a tax id whose checksum fails, an e-ticket older
    than its rule. A CRC that matches nothing is UNKNOWN: genuine invoices without a match exist.
    """
    verdicts: dict[str, Check] = {name: compare(invoice, qr) for name, compare in _QR_CHECKS.items()}
    verdicts |= {name: judge(invoice) for name, judge in _FACE_CHECKS.items()}
    verdicts["date"] = _date(invoice, today)
    verdicts["buyer_is_ours"] = _buyer_is_ours(invoice, companies)
    return verdicts


def failures(verdicts: dict[str, Check]) -> tuple[str, ...]:
    """Return the names of the checks that failed and are not notes."""
    return tuple(name for name, verdict in verdicts.items() if verdict.is_failure)


def _failed(reason: str, *, note: bool = False) -> Check:
    return Check(CheckState.FAILED, reason, note)


def _unknown(reason: str) -> Check:
    return Check(CheckState.UNKNOWN, reason)


def _qr_number(invoice: Invoice, qr: QrPayload | None) -> Check:
    if qr is None or qr.number is None or invoice.number is None:
        return MISSING
    printed = {invoice.number, invoice.digital_number, f"{invoice.code}{invoice.number}"}
    return OK if qr.number in printed else _failed("differs")


def _qr_code(invoice: Invoice, qr: QrPayload | None) -> Check:
    if qr is None or qr.code is None or invoice.code is None:
        return MISSING
    return OK if qr.code == invoice.code else _failed("differs")


def _qr_date(invoice: Invoice, qr: QrPayload | None) -> Check:
    if qr is None or qr.issue_date is None or invoice.issue_date is None:
        return MISSING
    return OK if qr.issue_date == invoice.issue_date else _failed("differs")


def _qr_amount(invoice: Invoice, qr: QrPayload | None) -> Check:
    """Net on types 01/04/10/20, total on 31/32/51/61, verified for 10, 20, 31, 32; never mixed."""
    if qr is None or qr.amount is None:
        return MISSING
    net = invoice.amount
    if net is None and invoice.total is not None and invoice.tax is not None:
        net = invoice.total - invoice.tax
    if qr.amount_means is None:
        known = [amount for amount in (net, invoice.total) if amount is not None]
        return OK if qr.amount in known else _unknown("meaning_unknown")
    printed = net if qr.amount_means is AmountMeaning.NET else invoice.total
    if printed is None:
        return MISSING
    if printed == qr.amount:
        return OK
    other = invoice.total if qr.amount_means is AmountMeaning.NET else net
    return _failed("net_and_total_mixed" if other == qr.amount else "differs")


def _qr_check_code(invoice: Invoice, qr: QrPayload | None) -> Check:
    if qr is None or not qr.check_code or not invoice.check_code:
        return MISSING
    printed = invoice.check_code.replace(" ", "")
    same = qr.check_code == printed or (len(printed) == 6 and qr.check_code.endswith(printed))
    return OK if same else _failed("differs")


def _qr_crc(invoice: Invoice, qr: QrPayload | None) -> Check:
    if qr is None or qr.crc_text is None:
        return MISSING
    return OK if qr.crc is not None else _unknown("no_variant_matches")


def _number(invoice: Invoice) -> Check:
    number, kind = invoice.number, invoice.kind
    if number is None:
        return MISSING
    if kind is None or not (kind.is_digital or kind.is_legacy_vat or kind.is_digital_paper):
        return OK if ascii_digits(number) and len(number) in (8, 20) else _unknown("other_form")
    if not ascii_digits(number):
        return _failed("letters")
    if len(number) != (20 if kind.is_digital else 8):
        return _failed("length")
    if kind.is_digital and not digital_number_plausible(number):
        return _failed("region_or_year", note=True)
    return OK


def _number_year(invoice: Invoice) -> Check:
    """First two digits of a 20-digit number are the issue year: held in every sample, so a note."""
    number = invoice.digital_number or invoice.number
    if number is None or invoice.issue_date is None:
        return MISSING
    fits = number_year_fits(number, invoice.issue_date)
    if fits is None:
        return _unknown("no_year_in_number")
    return OK if fits else _failed("year_differs", note=True)


def _code(invoice: Invoice) -> Check:
    """Form of the legacy code. Its year may be up to years older than the issue (verified), never younger."""
    kind = invoice.kind
    if invoice.code is None:
        return _unknown("missing" if kind is not None and kind.needs_code else "has_none")
    if kind is not None and kind.is_digital:
        return _failed("digital_has_no_code", note=True)
    if kind is Kind.FISCAL:
        return OK if ascii_digits(invoice.code) else _failed("malformed")
    anatomy = code_anatomy(invoice.code)
    if anatomy is None:
        return _failed("malformed")
    if anatomy.region is None:
        return _failed("region_unknown", note=True)
    if invoice.issue_date is not None and anatomy.year > invoice.issue_date.year:
        return _failed("code_younger_than_date", note=True)
    legacy = kind is not None and kind.is_legacy_vat
    if legacy and anatomy.kind is not None and anatomy.kind is not kind:
        return _failed("kind_differs", note=True)
    return OK


def _region(invoice: Invoice) -> Check:
    """Issuing region against the seller's tax id; firms move and have branches, so a note."""
    issuing = region_of_code(invoice.code or "") or region_of_number(invoice.number or "")
    seller = region_of_tax_id(normal_tax_id(invoice.seller_tax_id or ""))
    if issuing is None or seller is None:
        return MISSING
    return OK if issuing == seller else _failed("regions_differ", note=True)


def _arithmetic(invoice: Invoice) -> Check:
    """Net + tax = total within one fen; on air tickets the parts with the fund, not in the base. Verified."""
    if invoice.total is None:
        return MISSING
    if invoice.air is not None and invoice.air.fare is not None:
        parts = (invoice.air.fare, invoice.air.fuel, invoice.tax, invoice.air.fund, invoice.air.other)
        expected = sum((part for part in parts if part is not None), Decimal(0))
    elif invoice.amount is None:
        return MISSING
    elif invoice.tax is None:
        if invoice.kind is not None and invoice.kind.has_tax:
            return MISSING
        expected = invoice.amount
    else:
        expected = invoice.amount + invoice.tax
        rest = invoice.total - expected
        # A ticket's fund (民航发展基金) is in neither; where the parts are unknown it cannot be told from a fault.
        if rest > 0 and rest % 10 == 0 and invoice.kind in (None, Kind.AIR_E, Kind.AIR_PAPER):
            return MISSING
    return OK if abs(expected - invoice.total) <= FEN else _failed("sum_differs")


def _capitals(invoice: Invoice) -> Check:
    """Capital amount against the figure, to the fen: on a mismatch neither is to be trusted. Verified."""
    if not invoice.capital_total or invoice.total is None:
        return MISSING
    try:
        written = parse_capitals(invoice.capital_total)
    except MoneyError:
        return _unknown("unreadable")
    return OK if written == invoice.total else _failed("differs")


def _rate(invoice: Invoice) -> Check:
    """Tax against net x rate, one fen a line; *** (difference taxation, 差额征税) has no rate. Verified.

    The table of rates itself is unconfirmed, so both findings are notes.
    """
    values = {parse_rate(text) for text in invoice.rates}
    if not values:
        return MISSING
    if any(prints_no_rate(text) for text in invoice.rates):
        return _unknown("no_rate_printed")
    if None in values:
        return _unknown("unreadable")
    known = [value for value in values if value is not None]
    day = invoice.issue_date
    if day is not None and not all(rate_in_use(value, day, red=invoice.is_red) for value in known):
        return _failed("rate_not_in_use", note=True)
    if len(known) > 1 or invoice.tax is None:
        return OK if day is not None else MISSING
    expected = _expected_tax(invoice, known[0])
    if expected is None:
        return MISSING
    return (
        OK
        if abs(expected - invoice.tax) <= FEN * max(1, invoice.lines)
        else _failed("tax_differs", note=True)
    )


def _expected_tax(invoice: Invoice, value: Decimal) -> Decimal | None:
    air = invoice.air
    if air is not None and air.fare is not None:  # rounded per component (verified)
        return round_fen(air.fare * value) + round_fen((air.fuel or Decimal(0)) * value)
    return None if invoice.amount is None else round_fen(invoice.amount * value)


def _seller_tax_id(invoice: Invoice) -> Check:
    if invoice.seller_tax_id is None:
        printed = invoice.kind is None or invoice.kind.has_seller
        return MISSING if printed else _unknown("has_none")
    return _tax_id(invoice.seller_tax_id)


def _buyer_tax_id(invoice: Invoice) -> Check:
    return MISSING if invoice.buyer_tax_id is None else _tax_id(invoice.buyer_tax_id)


def _tax_id(text: str) -> Check:
    state = parse_tax_id(text).state
    if state is TaxIdState.MALFORMED:
        return _failed("malformed")
    if state in (TaxIdState.CHECK_MISMATCH, TaxIdState.ORGANISATION_MISMATCH):
        return _failed("checksum", note=True)
    return OK if state is TaxIdState.VALID else _unknown("other_length")


def _red_letter(invoice: Invoice) -> Check:
    """A red invoice has a negative total and names the blue one in its remark (documented)."""
    if not invoice.is_red:
        return _unknown("not_red")
    if invoice.total is not None and invoice.total >= 0:
        return _failed("red_but_positive")
    return OK if invoice.blue_number else _unknown("blue_number_missing")


def _date(invoice: Invoice, today: date | None) -> Check:
    issued = invoice.issue_date
    if issued is None:
        return MISSING
    if today is not None and issued > today:
        return _failed("future")
    if issued < date(1994, 1, 1):
        return _failed("before_vat")
    if invoice.kind is Kind.RAIL_E and not in_force("rail_e", issued):
        return _failed("before_rule", note=True)
    if invoice.kind is Kind.AIR_E and not in_force("air_e", issued):
        return _failed("before_rule", note=True)
    return OK


def _buyer_is_ours(invoice: Invoice, companies: Sequence[Company]) -> Check:
    """Same entity after normalising brackets, spaces and width; the tax id decides where there is one."""
    if not companies or invoice.kind in _NO_BUYER:
        return _unknown("not_printed" if companies else "no_companies")
    ids = {normal_tax_id(company.tax_id) for company in companies}
    names = {normal_name(company.name) for company in companies}
    buyer = normal_name(invoice.buyer_name or "")
    if invoice.buyer_tax_id:
        if normal_tax_id(invoice.buyer_tax_id) in ids:
            return OK
        if invoice.seller_tax_id and normal_tax_id(invoice.seller_tax_id) in ids:
            return _failed("we_are_the_seller")
        return _failed("our_name_other_tax_id" if buyer in names else "other_company")
    if not buyer:
        return MISSING
    if buyer in names:
        return OK
    return _failed("personal" if buyer in _PERSONAL else "other_company")


_QR_CHECKS: dict[str, Callable[[Invoice, QrPayload | None], Check]] = {
    "qr_number": _qr_number,
    "qr_code": _qr_code,
    "qr_date": _qr_date,
    "qr_amount": _qr_amount,
    "qr_check_code": _qr_check_code,
    "qr_crc": _qr_crc,
}
_FACE_CHECKS: dict[str, Callable[[Invoice], Check]] = {
    "number": _number,
    "number_year": _number_year,
    "code": _code,
    "region": _region,
    "arithmetic": _arithmetic,
    "capitals": _capitals,
    "rate": _rate,
    "seller_tax_id": _seller_tax_id,
    "buyer_tax_id": _buyer_tax_id,
    "red_letter": _red_letter,
}
