"""Weigh what several sources say about one invoice: one value a field, with its source, or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from fapiao.checks import Check, CheckState, Company, check
from fapiao.invoice import Invoice
from fapiao.kinds import Kind, kind_from_code
from fapiao.money import FEN, MoneyError, may_read_as, money_text, parse_capitals
from fapiao.numbers import digital_number_plausible, number_year
from fapiao.qr import AmountMeaning, QrPayload
from fapiao.tax_id import TaxIdState, parse_tax_id
from nlu.document.evidence import Evidence, Value
from nlu.document.reading import FIELDS, MONEY, Box, Found, Source

# Below this score of its least certain character an OCR reading that nothing else supports is left out: measured
# on drawn photographs, see docs/reading.md. A wrong value shown as sure costs ten missing ones.
SURE = 0.85
SURE_TOTAL = 0.95  # a lost digit leaves its neighbours certain
SURE_ALONE = 0.9  # on tickets that print one figure only
SURE_NAME = ((0.96, 0.65), (0.93, 0.75), (0.88, 0.9), (0.0, 0.95))  # by the legibility of the page
SURE_CAPITALS = 0.9
SURE_AGAINST = 0.93  # to contradict the QR code
SURE_DIGITS = 0.93  # a code has no check digit

_ONE_FIGURE = frozenset(
    {Kind.TAXI, Kind.RAIL_PAPER, Kind.RAIL_E, Kind.FIXED, Kind.BUS, Kind.SHIP, Kind.TOLL_PAPER}
)
_ORDER = (Source.XML, Source.OFD, Source.PDF, Source.OCR)


@dataclass(slots=True)
class _Choice:
    """The fields chosen so far."""

    values: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    boxes: dict[str, Box] = field(default_factory=dict)
    others: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def put(self, name: str, value: Any, source: Source, score: float, box: Box | None = None) -> None:
        self.values[name] = value
        self.sources[name] = source
        self.scores[name] = score
        if box is not None:
            self.boxes[name] = box


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
    choice = _Choice()
    kind = _kind(ordered, qr)
    if kind is not None:
        choice.put("kind", kind[0], kind[1], kind[2])
    _identity(choice, ordered, qr)
    _money(choice, ordered, qr)
    for name in ("seller_name", "seller_tax_id", "buyer_name", "buyer_tax_id"):
        _party_field(choice, ordered, name)
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


def _identity(choice: _Choice, ordered: Sequence[Evidence], qr: QrPayload | None) -> None:
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


def _printed(choice: _Choice, ordered: Sequence[Evidence], name: str, kind: Kind | None) -> None:
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
    agreeing = sum(1 for r in ocr if r.value == best.value)
    limit = SURE_DIGITS if name == "code" else SURE
    if name == "number" and digital_number_plausible(str(best.value)):
        limit = 0.8
    if agreeing >= 2:
        limit -= 0.12
    if rivals and agreeing < 2:
        limit += 0.04
    if best.score >= limit:
        choice.put(name, best.value, Source.OCR, best.score, best.box)


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


def _drop_impossible(choice: _Choice, kind: Kind | None) -> None:
    """What a kind never carries is a misreading; an OCR number and date must agree on the year."""
    number, day = choice.values.get("number"), choice.values.get("issue_date")
    if kind is not None and kind.is_digital:
        for name in ("code", "check_code"):
            if name in choice.values and not (name == "check_code" and kind is Kind.AIR_E):
                _drop(choice, name)
    if number is None or day is None:
        return
    year = number_year(number)
    if year is not None and year != day.year:
        for name in ("number", "issue_date"):
            if choice.sources[name] is Source.OCR and choice.scores[name] < 0.97:
                _drop(choice, name)


def _drop(choice: _Choice, name: str) -> None:
    for kept in (choice.values, choice.sources, choice.scores, choice.boxes):
        kept.pop(name, None)


def _party_field(choice: _Choice, ordered: Sequence[Evidence], name: str) -> None:
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
    if name.endswith("tax_id"):
        valid = parse_tax_id(str(best.value)).state is TaxIdState.VALID
        limit = 0.5 if valid else 0.95
    if agreed:
        limit -= 0.15
    if best.score >= limit:
        choice.put(name, best.value, Source.OCR, max(best.score, 0.95), best.box)


def _parties_differ(choice: _Choice) -> None:
    """One name or id read for both sides means that one block was taken twice."""
    for suffix in ("name", "tax_id"):
        buyer, seller = choice.values.get(f"buyer_{suffix}"), choice.values.get(f"seller_{suffix}")
        if buyer is not None and buyer == seller and choice.sources[f"buyer_{suffix}"] is Source.OCR:
            _drop(choice, f"buyer_{suffix}")
            _drop(choice, f"seller_{suffix}")


# ---- money -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Figure:
    value: Decimal
    source: Source
    score: float
    box: Box | None = None
    text: str = ""


def _figures(ordered: Sequence[Evidence], name: str) -> list[_Figure]:
    return [
        _Figure(r.value, e.source, r.score, r.box, r.text) for e in ordered for r in e.values.get(name, ())
    ]


def _written(ordered: Sequence[Evidence]) -> _Figure | None:
    for evidence in ordered:
        if evidence.capital_total:
            try:
                value = parse_capitals(evidence.capital_total)
            except MoneyError:
                continue
            return _Figure(value, evidence.source, evidence.capital_score, None, evidence.capital_total)
    return None


def _qr_figure(qr: QrPayload | None, meaning: AmountMeaning) -> _Figure | None:
    if qr is None or qr.amount is None or qr.amount_means is not meaning:
        return None
    return _Figure(qr.amount, Source.QR, 1.0 if qr.crc is not None else 0.98)


def _money(choice: _Choice, ordered: Sequence[Evidence], qr: QrPayload | None) -> None:
    """Choose net, tax and total so that figures, capitals, QR and arithmetic support each other."""
    figures = {name: _figures(ordered, name) for name in MONEY}
    for name in MONEY:
        exact = next((f for f in figures[name] if f.source is not Source.OCR), None)
        if exact is not None:
            choice.put(name, exact.value, exact.source, exact.score, exact.box)
    written = _written(ordered)
    total_qr = _qr_figure(qr, AmountMeaning.TOTAL)
    net_qr = _qr_figure(qr, AmountMeaning.NET)
    open_qr = qr.amount if qr is not None and qr.amount_means is None else None
    _ocr_total(choice, figures, written, total_qr, net_qr, open_qr)
    _ocr_net_and_tax(choice, figures, net_qr)


def _ocr_total(
    choice: _Choice,
    figures: Mapping[str, list[_Figure]],
    written: _Figure | None,
    total_qr: _Figure | None,
    net_qr: _Figure | None,
    open_qr: Decimal | None,
) -> None:
    if "total" in choice.values:
        return
    votes: dict[Decimal, float] = {}
    printed = figures["total"]
    for figure in printed:
        votes[figure.value] = votes.get(figure.value, 0) + figure.score
    if written is not None:
        votes[written.value] = votes.get(written.value, 0) + written.score
    if total_qr is not None:
        votes[total_qr.value] = votes.get(total_qr.value, 0) + 2.0
    nets = [net_qr] if net_qr is not None else figures["amount"][:2]
    for net in nets:
        for tax in figures["tax"][:2]:
            value = net.value + tax.value
            votes[value] = votes.get(value, 0) + 0.9 * min(net.score, tax.score)
    if open_qr in votes:  # nobody has documented what this amount is: it agrees, or it says nothing
        votes[open_qr] += 1.0
    if net_qr is not None:
        for figure in printed:
            if _at_a_rate(net_qr.value, figure.value):
                votes[figure.value] += 0.6
    if not votes:
        return
    ranked = sorted(votes.items(), key=lambda item: -item[1])
    value, weight = ranked[0]
    second = ranked[1][1] if len(ranked) > 1 else 0.0
    limit = SURE_ALONE if choice.values.get("kind") in _ONE_FIGURE else SURE_TOTAL
    if weight < 1.2 and (weight < limit or second > 0.5):
        return
    if weight - second < 0.35:
        return
    best = next((f for f in printed if f.value == value), None)
    if total_qr is not None and total_qr.value == value:
        choice.put("total", value, Source.QR, total_qr.score, best.box if best else None)
        return
    printed_text = best is not None or (written is not None and written.value == value)
    if not printed_text and not any(may_read_as(f.text, value) for f in printed) and printed:
        return
    score = min(1.0, weight / 1.5) if weight >= 1.5 else min(weight, 1.0) * 0.97
    choice.put("total", value, Source.OCR, score, best.box if best else None)


_RATES = tuple(
    Decimal(rate) / 100 for rate in ("13", "9", "6", "3", "1", "0", "16", "17", "10", "11", "5", "1.5")
)


def _at_a_rate(net: Decimal, total: Decimal) -> bool:
    """True if the total is the net amount with one usual tax rate on it."""
    return any(abs(net * (1 + rate) - total) <= 2 * FEN for rate in _RATES)


def _ocr_net_and_tax(choice: _Choice, figures: Mapping[str, list[_Figure]], net_qr: _Figure | None) -> None:
    total = choice.values.get("total")
    nets, taxes = figures["amount"], figures["tax"]
    if "amount" not in choice.values and net_qr is not None:
        box = next((f.box for f in nets if f.value == net_qr.value), None)
        choice.put("amount", net_qr.value, Source.QR, net_qr.score, box)
    net = choice.values.get("amount")
    if net is None:
        _pair(choice, nets, taxes, total)
        net = choice.values.get("amount")
    if "tax" in choice.values:
        return
    if net is None or total is None:
        _alone(choice, "tax", taxes)
        return
    fitting = next((f for f in taxes if abs(net + f.value - total) <= FEN), None)
    if fitting is not None:
        choice.put("tax", fitting.value, fitting.source, max(fitting.score, 0.97), fitting.box)
        return
    meant = total - net
    if any(may_read_as(f.text, meant) for f in taxes):
        choice.put("tax", meant, Source.OCR, 0.93, taxes[0].box)
    else:
        _by_difference(choice, "tax", taxes, meant)


def _pair(choice: _Choice, nets: Sequence[_Figure], taxes: Sequence[_Figure], total: Decimal | None) -> None:
    """Without a QR net: the pair that adds up to the total, or one figure and what the other must be."""
    if total is None:
        _alone(choice, "amount", nets)
        return
    for net in nets:
        for tax in taxes:
            if abs(net.value + tax.value - total) <= FEN:
                choice.put("amount", net.value, net.source, max(net.score, 0.97), net.box)
                choice.put("tax", tax.value, tax.source, max(tax.score, 0.97), tax.box)
                return
    for net in nets:
        if not taxes and net.value == total and net.score >= SURE:
            choice.put("amount", net.value, net.source, net.score, net.box)
            return
    for tax in taxes:
        if tax.score >= SURE and any(may_read_as(net.text, total - tax.value) for net in nets):
            choice.put("amount", total - tax.value, Source.OCR, 0.93, nets[0].box)
            return
    if not taxes:
        _alone(
            choice,
            "amount",
            [net for net in nets if Decimal("0.8") * abs(total) <= abs(net.value) <= abs(total)],
        )


def _plausible(net: Decimal, total: Decimal) -> bool:
    """True if the difference can be a tax."""
    return 0 <= (total - net) * (1 if net > 0 else -1) <= Decimal("0.18") * abs(net)


def _by_difference(choice: _Choice, name: str, seen: Sequence[_Figure], meant: Decimal) -> None:
    """What cannot be read follows from two figures that are sure; a clear reading is never overruled."""
    net, total = choice.values["amount"], choice.values["total"]
    sure = min(choice.scores["amount"], choice.scores["total"]) >= SURE_TOTAL
    if sure and _plausible(net, total) and all(figure.score < SURE for figure in seen):
        choice.put(name, meant, Source.OCR, 0.93, seen[0].box if seen else None)


def _alone(choice: _Choice, name: str, figures: Sequence[_Figure]) -> None:
    if figures and figures[0].score >= 0.92:
        choice.put(name, figures[0].value, figures[0].source, figures[0].score, figures[0].box)


def _air_and_rail(choice: _Choice, ordered: Sequence[Evidence]) -> None:
    """On rail tickets net and tax stand in the structured data only; rolls and local ones print no tax."""
    kind = choice.values.get("kind")
    if kind is None or kind.has_tax or kind is Kind.BLOCKCHAIN:
        return
    for name in ("amount", "tax"):
        if choice.sources.get(name) in (Source.OCR, Source.PDF):
            _drop(choice, name)


def _legible(evidence: Evidence) -> bool:
    """True if the capital amount was read well enough to testify against the figures."""
    return evidence.source is not Source.OCR or evidence.capital_score >= SURE_CAPITALS


def _invoice(choice: _Choice, ordered: Sequence[Evidence]) -> Invoice:
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
        reading, source = _face(ordered, name, merged)
        if reading is None:
            changed[name] = None
        elif reading.value == merged or source is not Source.OCR:
            changed[name] = reading.value
        else:
            certain = reading.score >= SURE_AGAINST and reading.labelled
            changed[name] = reading.value if certain else None
    return replace(invoice, **changed)


def _face(ordered: Sequence[Evidence], name: str, merged: Any) -> tuple[Value | None, Source | None]:
    """The printed reading: of several the one that differs from what is known by a digit or two, else the first
    that a label names."""
    printed = [e for e in ordered if e.source is not Source.XML] or list(ordered)
    for evidence in printed:
        readings = evidence.values.get(name, ())
        if not readings:
            continue
        for reading in readings:
            certain = evidence.source is not Source.OCR or reading.score >= SURE_AGAINST
            if certain and name in ("number", "code") and _near_miss(reading.value, merged):
                return replace(reading, labelled=True), evidence.source
        return next((r for r in readings if r.labelled), readings[0]), evidence.source
    return None, None


def _near_miss(one: Any, other: Any) -> bool:
    """True for two numbers of one length that differ in one or two digits."""
    if not isinstance(one, str) or not isinstance(other, str) or len(one) != len(other):
        return False
    return 0 < sum(a != b for a, b in zip(one, other, strict=True)) <= 2


def _others(choice: _Choice, ordered: Sequence[Evidence], qr: QrPayload | None) -> None:
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


def _confidence(
    choice: _Choice, invoice: Invoice, checks: Mapping[str, Check], qr: QrPayload | None
) -> float:
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
    failed = [name for name, verdict in checks.items() if verdict.is_failure and name != "buyer_is_ours"]
    if failed:
        value = min(value, 0.5)
    ids = [checks[name] for name in ("seller_tax_id", "buyer_tax_id") if name in checks]
    if any(verdict.state is CheckState.FAILED for verdict in ids):
        value = min(value, 0.85)
    if qr is not None and qr.crc is None and qr.crc_text:
        value = min(value, 0.97)
    return round(max(0.0, min(value, 1.0)), 3)
