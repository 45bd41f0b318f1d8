"""Weigh what several sources say about one invoice: one value a field, with its source, or none."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from fapiao.checks import Check, CheckState, Company, check
from fapiao.invoice import Invoice
from fapiao.kinds import Kind, kind_from_code
from fapiao.money import money_text
from fapiao.numbers import near_miss, number_year
from fapiao.qr import QrPayload
from fapiao.tax_id import TaxIdState, parse_tax_id
from nlu.document.choice import (
    BAD_PAGE,
    CLEAR_PAGE,
    LIKELY,
    LIKELY_AGAIN,
    LIKELY_DIGITS,
    SURE,
    SURE_AGAIN,
    SURE_AGAINST,
    SURE_CAPITALS,
    SURE_DIGITS,
    SURE_ID,
    SURE_NAME,
    SURE_NAME_AGAIN,
    SURE_ON_BAD_PAGE,
    SURE_SHORT,
    Choice,
    drop,
)
from nlu.document.evidence import Evidence, Value
from nlu.document.money import choose_money
from nlu.document.ours import name_ours
from nlu.document.reading import FIELDS, Box, Found, Source

_ORDER = (Source.XML, Source.OFD, Source.PDF, Source.OCR)


def merge(
    evidences: Sequence[Evidence],
    qr: QrPayload | None,
    *,
    page: int = 1,
    companies: Sequence[Company] = (),
    today: date | None = None,
) -> Found:
    """Return one invoice from all that was said about it, best source first, field by field."""
    ordered = sorted(evidences, key=lambda evidence: (_ORDER.index(evidence.source), -evidence.trust))
    choice = Choice()
    kind = _kind(ordered, qr)
    if kind is not None:
        choice.put("kind", kind[0], kind[1], kind[2])
    _identity(choice, ordered, qr)
    choose_money(choice, ordered, qr)
    for name in ("seller_name", "seller_tax_id", "buyer_name", "buyer_tax_id"):
        _party_field(choice, ordered, name)
    name_ours(choice, ordered, companies)
    _parties_differ(choice)
    _air_and_rail(choice, ordered)
    invoice = _invoice(choice, ordered)
    checks = _checks(invoice, ordered, qr, companies, today)
    _others(choice, ordered, qr)
    return Found(
        invoice=invoice,
        sources={name: choice.sources[name] for name in FIELDS if name in choice.values},
        checks=checks,
        confidence=_confidence(choice, invoice, checks, qr),
        page=page,
        others=choice.others,
        unsure=tuple(name for name in FIELDS if choice.scores.get(name) == LIKELY),
        boxes=choice.boxes,
        qr=qr.raw if qr is not None else None,
    )


def _kind(ordered: Sequence[Evidence], qr: QrPayload | None) -> tuple[Kind, Source, float] | None:
    for evidence in ordered:
        if evidence.source is Source.XML and evidence.first("kind") is not None:
            return evidence.first("kind"), evidence.source, 1.0
    named = next(
        ((e.first("kind"), e.source, e.best("kind")) for e in ordered if e.first("kind") is not None), None
    )
    if qr is not None and qr.kind is not None:
        by_qr = qr.kind
        if named is not None and _refines(named[0], by_qr):
            return named[0], named[1], 0.99
        return by_qr, Source.QR, 0.99
    if named is None:
        code = _first(ordered, "code")
        kind = kind_from_code(code) if code else None
        return None if kind is None else (kind, ordered[0].source, 0.8)
    value = named[2]
    return named[0], named[1], value.score if value is not None else 0.9


_REFINED = {
    # The printed title says more than the QR type: tolls carry the types of ordinary invoices.
    Kind.VAT_E_ORDINARY: {Kind.VAT_E_TOLL, Kind.BLOCKCHAIN},
    Kind.VAT_ORDINARY: {Kind.VAT_ROLL, Kind.DIGITAL_PAPER_ORDINARY},
    Kind.VAT_SPECIAL: {Kind.DIGITAL_PAPER_SPECIAL},
    Kind.DIGITAL_PAPER_SPECIAL: {Kind.VAT_SPECIAL},
    Kind.DIGITAL_PAPER_ORDINARY: {Kind.VAT_ORDINARY},
}


def _refines(printed: Kind, by_qr: Kind) -> bool:
    if by_qr in (Kind.DIGITAL_PAPER_SPECIAL, Kind.DIGITAL_PAPER_ORDINARY):
        return False
    return printed in _REFINED.get(by_qr, set())


def _first(ordered: Sequence[Evidence], name: str) -> Any:
    return next((e.first(name) for e in ordered if e.first(name) is not None), None)


def _identity(choice: Choice, ordered: Sequence[Evidence], qr: QrPayload | None) -> None:
    kind = choice.values.get("kind")
    sure_qr = qr is not None and qr.is_invoice
    for name in ("number", "code", "issue_date", "check_code"):
        from_qr = getattr(qr, name) if sure_qr else None
        structured = next((e for e in ordered if e.source is Source.XML and e.first(name) is not None), None)
        if structured is not None:
            choice.put(name, structured.first(name), Source.XML, 1.0)
        elif from_qr is not None and not (name == "code" and kind is not None and kind.is_digital):
            score = 1.0 if qr is not None and qr.crc is not None else 0.99
            choice.put(name, from_qr, Source.QR, score, _box(ordered, name, from_qr))
        else:
            _printed(choice, ordered, name, kind)
    _drop_impossible(choice, kind)


def _box(ordered: Sequence[Evidence], name: str, value: Any) -> Box | None:
    for evidence in ordered:
        for reading in evidence.values.get(name, ()):
            if reading.value == value and reading.box is not None:
                return reading.box
    return None


def _printed(choice: Choice, ordered: Sequence[Evidence], name: str, kind: Kind | None) -> None:
    """The printed reading: files as they are, OCR only where form, repetition or score make it sure."""
    ocr: list[Value] = []
    for evidence in ordered:
        readings = [r for r in evidence.values.get(name, ()) if _fits(name, r.value, kind)]
        if not readings:
            continue
        if evidence.source is not Source.OCR:
            best = readings[0]
            choice.put(name, best.value, evidence.source, best.score, best.box)
            return
        ocr += [readings[0]] if readings[0].labelled else readings
    if not ocr:
        return
    best = max(ocr, key=lambda reading: reading.score + 0.02 * reading.labelled)
    rivals = [r for r in ocr if r.value != best.value and r.labelled and r.score > best.score - 0.1]
    agreeing = sum(r.times for r in ocr if r.value == best.value)
    limit = SURE if name == "issue_date" else SURE_DIGITS
    if name == "check_code" and 4 < len(best.value) < 8:
        limit = SURE_SHORT
    if best.labelled and max(e.trust for e in ordered if e.source is Source.OCR) < BAD_PAGE:
        limit = SURE_ON_BAD_PAGE
    if agreeing >= 2:
        limit -= 0.12
    if rivals and agreeing < 2:
        limit += 0.04
    if best.score >= limit:
        choice.put(name, best.value, Source.OCR, best.score, best.box)
    elif best.score >= LIKELY_DIGITS and best.labelled and not rivals and name != "check_code":
        choice.put(name, best.value, Source.OCR, LIKELY, best.box)  # shown to be confirmed


def _fits(name: str, value: Any, kind: Kind | None) -> bool:
    if kind is None:
        return True
    if name == "number":
        digital = kind.is_digital
        legacy = kind.is_legacy_vat or kind.is_digital_paper or kind.is_local
        return not (digital and len(value) != 20) and not (legacy and len(value) != 8)
    if name == "code":
        return not kind.is_digital
    if name == "check_code":
        return kind.has_check_code or len(value) == 4
    return True


def _drop_impossible(choice: Choice, kind: Kind | None) -> None:
    """What a kind never carries is a misreading; an OCR number and date must agree on the year."""
    number, day = choice.values.get("number"), choice.values.get("issue_date")
    if kind is not None and kind.is_digital:
        for name in ("code", "check_code"):
            if name in choice.values and not (name == "check_code" and kind is Kind.AIR_E):
                drop(choice, name)
    if number is None or day is None:
        return
    year = number_year(number)
    if year is not None and year != day.year:
        for name in ("number", "issue_date"):
            if choice.sources[name] is Source.OCR and choice.scores[name] < 0.97:
                drop(choice, name)


_CHECK_FAILS = frozenset({TaxIdState.CHECK_MISMATCH, TaxIdState.ORGANISATION_MISMATCH})


def _party_field(choice: Choice, ordered: Sequence[Evidence], name: str) -> None:
    readings: list[Value] = []
    legibility = 0.0
    for evidence in ordered:
        reading = evidence.best(name)
        if reading is None:
            continue
        if evidence.source is not Source.OCR:
            choice.put(name, reading.value, evidence.source, reading.score, reading.box)
            return
        readings.append(reading)
        legibility = max(legibility, evidence.trust)
    if not readings:
        return
    best = max(readings, key=lambda reading: reading.score)
    agreed = sum(1 for reading in readings if reading.value == best.value) > 1
    limit = next(limit for least, limit in SURE_NAME if legibility >= least)
    if best.again:
        limit = SURE_NAME_AGAIN if legibility >= BAD_PAGE else SURE_AGAIN
    if name.endswith("tax_id"):
        valid = parse_tax_id(str(best.value)).state is TaxIdState.VALID
        limit = SURE_ID if valid else SURE_AGAIN if best.again else 0.95
    if agreed:
        limit -= 0.15
    if best.score >= limit:
        choice.put(name, best.value, Source.OCR, max(best.score, 0.95), best.box)
        if best.mended and legibility >= CLEAR_PAGE:
            choice.suspect.add(name)
    elif best.again and best.score >= LIKELY_AGAIN and name.endswith("name"):
        choice.put(name, best.value, Source.OCR, LIKELY, best.box)
    elif name.endswith("tax_id") and parse_tax_id(str(best.value)).state in _CHECK_FAILS:
        choice.suspect.add(name)


def _parties_differ(choice: Choice) -> None:
    """One name or id read for both sides means that one block was taken twice."""
    for suffix in ("name", "tax_id"):
        buyer, seller = choice.values.get(f"buyer_{suffix}"), choice.values.get(f"seller_{suffix}")
        if buyer is not None and buyer == seller and choice.sources[f"buyer_{suffix}"] is Source.OCR:
            drop(choice, f"buyer_{suffix}")
            drop(choice, f"seller_{suffix}")


def _air_and_rail(choice: Choice, ordered: Sequence[Evidence]) -> None:
    """On rail tickets net and tax stand in the structured data only; rolls and local ones print no tax."""
    kind = choice.values.get("kind")
    if kind is None or kind.has_tax or kind is Kind.BLOCKCHAIN:
        return
    for name in ("amount", "tax"):
        if choice.sources.get(name) in (Source.OCR, Source.PDF):
            drop(choice, name)


def _legible(evidence: Evidence) -> bool:
    """True if the capital amount was read well enough to testify against the figures."""
    return evidence.source is not Source.OCR or evidence.capital_score >= SURE_CAPITALS


def _invoice(choice: Choice, ordered: Sequence[Evidence]) -> Invoice:
    def pick(name: str) -> Any:
        return next((getattr(e, name) for e in ordered if getattr(e, name)), None)

    return Invoice(
        **{name: choice.values.get(name) for name in FIELDS},
        digital_number=pick("digital_number"),
        capital_total=next((e.capital_total for e in ordered if e.capital_total and _legible(e)), None),
        rates=pick("rates") or (),
        lines=max((e.lines for e in ordered), default=1),
        remark=pick("remark"),
        air=pick("air"),
        red=any(e.red for e in ordered),
    )


def _checks(
    invoice: Invoice,
    ordered: Sequence[Evidence],
    qr: QrPayload | None,
    companies: Sequence[Company],
    today: date | None,
) -> dict[str, Check]:
    """Check what is printed against the QR code, not the QR code against itself."""
    printed = _as_printed(invoice, ordered)
    checks = check(printed, qr, companies=companies, today=today)
    merged = check(invoice, qr, companies=companies, today=today)
    for name, verdict in merged.items():
        if checks[name].state is CheckState.UNKNOWN and not name.startswith("qr_"):
            checks[name] = verdict
    return checks


def _as_printed(invoice: Invoice, ordered: Sequence[Evidence]) -> Invoice:
    """The invoice as its face says, QR left out; OCR that is likelier a misreading than print is left out."""
    changed: dict[str, Any] = {}
    for name in FIELDS:
        if name == "kind":
            continue
        merged = getattr(invoice, name)
        reading, evidence = _face(ordered, name, merged)
        if reading is None or evidence is None or _is_cut_short(reading.value, merged):
            changed[name] = None
        elif reading.value == merged or evidence.source is not Source.OCR:
            changed[name] = reading.value
        else:
            certain = reading.score >= _against(evidence) and reading.labelled
            changed[name] = reading.value if certain else None
    return replace(invoice, **changed)


def _against(evidence: Evidence) -> float:
    """How sure OCR must be to contradict what is known: surer on a page that is hardly legible."""
    return SURE_ON_BAD_PAGE if evidence.trust < BAD_PAGE else SURE_AGAINST


def _face(ordered: Sequence[Evidence], name: str, merged: Any) -> tuple[Value | None, Evidence | None]:
    """The printed reading: of several the one that differs from what is known by a digit or two, else the first
    that a label names."""
    printed = [e for e in ordered if e.source is not Source.XML] or list(ordered)
    for evidence in printed:
        readings = evidence.values.get(name, ())
        if name == "number" and evidence.source is Source.OCR:  # the other number of a digital paper invoice
            readings = [r for r in readings if len(r.value) == len(merged or r.value)] or readings
        if not readings:
            continue
        for reading in readings:
            certain = evidence.source is not Source.OCR or reading.score >= _against(evidence)
            if certain and name in ("number", "code") and near_miss(reading.value, merged or ""):
                return replace(reading, labelled=True), evidence
        return next((r for r in readings if r.labelled), readings[0]), evidence
    return None, None


def _is_cut_short(printed: Any, merged: Any) -> bool:
    """True for the beginning of a number that goes on in another line: it contradicts nothing."""
    if not isinstance(printed, str) or not isinstance(merged, str) or not printed.isdigit():
        return False
    return len(printed) < len(merged) and merged.startswith(printed)


def _others(choice: Choice, ordered: Sequence[Evidence], qr: QrPayload | None) -> None:
    for name in FIELDS:
        seen: dict[str, None] = {}
        for evidence in ordered:
            for reading in evidence.values.get(name, ()):
                if reading.value != choice.values.get(name):
                    seen[_shown(reading.value)] = None
        by_qr = getattr(qr, name, None) if qr is not None and name != "amount" else None
        if by_qr is not None and by_qr != choice.values.get(name):
            seen[_shown(by_qr)] = None
        if seen:
            choice.others[name] = tuple(list(seen)[:4])


def _shown(value: Any) -> str:
    return money_text(value) if isinstance(value, Decimal) else str(value)


def _confidence(choice: Choice, invoice: Invoice, checks: Mapping[str, Check], qr: QrPayload | None) -> float:
    """One figure from 0 to 1: how sure number, date and total are, less what is missing or in doubt."""
    scores = choice.scores
    key = [scores.get(name, 0.0) for name in ("number", "issue_date", "total")]
    if invoice.kind is Kind.FIXED:
        key = [scores.get(name, 0.0) for name in ("number", "total")]
    value = min(1.0, sum(key) / len(key))
    if min(key) == 0.0:
        value = min(value, 0.6)
    rest = [score for name, score in scores.items() if name not in ("number", "issue_date", "total")]
    if rest:
        value = 0.8 * value + 0.2 * min(rest)
    if choice.suspect:  # misread, or not what was printed
        value = min(value, 0.88)
    failed = [name for name, verdict in checks.items() if verdict.is_failure and name != "buyer_is_ours"]
    if failed:
        value = min(value, 0.5)
    ids = [checks[name] for name in ("seller_tax_id", "buyer_tax_id") if name in checks]
    if any(verdict.state is CheckState.FAILED for verdict in ids):
        value = min(value, 0.85)
    if qr is not None and qr.crc is None and qr.crc_text:
        value = min(value, 0.97)
    return round(max(0.0, min(value, 1.0)), 3)
