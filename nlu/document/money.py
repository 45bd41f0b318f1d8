"""Net, tax and total weighed against each other: print, capitals, QR code and arithmetic (金额, 税额, 价税合计)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from fapiao.kinds import Kind
from fapiao.money import FEN, MoneyError, may_read_as, money_text, parse_capitals
from fapiao.qr import AmountMeaning, QrPayload
from nlu.document.choice import SURE, SURE_ALONE, SURE_TOTAL, Choice
from nlu.document.evidence import Evidence
from nlu.document.reading import MONEY, Box, Source

_ONE_FIGURE = frozenset(
    {Kind.TAXI, Kind.RAIL_PAPER, Kind.RAIL_E, Kind.FIXED, Kind.BUS, Kind.SHIP, Kind.TOLL_PAPER}
)


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


def choose_money(choice: Choice, ordered: Sequence[Evidence], qr: QrPayload | None) -> None:
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
    untaxed = any(e.rates and all(rate in _UNTAXED for rate in e.rates) for e in ordered)
    _ocr_net_and_tax(choice, figures, net_qr, untaxed=untaxed)
    if any(e.source is Source.OFD for e in ordered):
        _total_of_both(choice)


def _total_of_both(choice: Choice) -> None:
    """The entries of an OFD (合计金额, 合计税额) hold no total; with its pages lost it is what the two add up to."""
    kind, sources = choice.values.get("kind"), choice.sources
    if "total" in choice.values or (kind is not None and not kind.has_tax) or kind is Kind.AIR_E:
        return
    if sources.get("amount") is Source.OFD and sources.get("tax") is Source.OFD:
        value = choice.values["amount"] + choice.values["tax"]
        choice.put("total", value, Source.OFD, min(choice.scores["amount"], choice.scores["tax"]))


def _ocr_total(
    choice: Choice,
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
        if any(_blurred(figure, written.value) for figure in printed):
            votes[written.value] += 0.4  # the figures are a misreading of what the words say
    if total_qr is not None:
        votes[total_qr.value] = votes.get(total_qr.value, 0) + 2.0
    nets = [net_qr] if net_qr is not None else figures["amount"][:2]
    for net in nets:
        for tax in figures["tax"][:2]:
            value = net.value + tax.value
            votes[value] = votes.get(value, 0) + 0.9 * min(net.score, tax.score)
    if open_qr in votes:  # nobody has documented what this amount is: it agrees, or it says nothing
        votes[open_qr] += 1.0
    net_told = net_qr.value if net_qr is not None else open_qr
    if net_told is not None:
        for value in votes:
            if value != net_told and _at_a_rate(net_told, value):
                votes[value] += 0.6
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


def _blurred(figure: _Figure, value: Decimal) -> bool:
    """True if figures that are unclear are those of another value but for a digit or two."""
    seen, meant = (money_text(amount).replace(".", "") for amount in (figure.value, value))
    same = sum(a == b for a, b in zip(seen, meant, strict=False))
    return figure.score < SURE and len(seen) == len(meant) and len(meant) - 2 <= same < len(meant)


_RATES = tuple(
    Decimal(rate) / 100 for rate in ("13", "9", "6", "3", "1", "0", "16", "17", "10", "11", "5", "1.5")
)


def _at_a_rate(net: Decimal, total: Decimal) -> bool:
    """True if the total is the net amount with one usual tax rate on it."""
    return any(abs(net * (1 + rate) - total) <= 2 * FEN for rate in _RATES)


_UNTAXED = frozenset({"免税", "不征税", "***", "****", "0%"})


def _ocr_net_and_tax(
    choice: Choice, figures: Mapping[str, list[_Figure]], net_qr: _Figure | None, *, untaxed: bool
) -> None:
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
    if net is None or total is None:  # no tax is a larger share of the total than 17 of 117
        most = None if total is None else Decimal("0.15") * abs(total) + FEN
        _alone(choice, "tax", [tax for tax in taxes if most is None or abs(tax.value) <= most])
        return
    fitting = next((f for f in taxes if abs(net + f.value - total) <= FEN), None)
    if fitting is not None:
        choice.put("tax", fitting.value, fitting.source, max(fitting.score, 0.97), fitting.box)
        return
    meant = total - net
    if not meant and untaxed:
        choice.put("tax", meant, Source.OCR, 0.95)
        return
    if any(may_read_as(f.text, meant) for f in taxes):
        choice.put("tax", meant, Source.OCR, 0.93, taxes[0].box)
    else:
        _by_difference(choice, "tax", taxes, meant)


def _pair(choice: Choice, nets: Sequence[_Figure], taxes: Sequence[_Figure], total: Decimal | None) -> None:
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


def _by_difference(choice: Choice, name: str, seen: Sequence[_Figure], meant: Decimal) -> None:
    """What cannot be read follows from two figures that are sure; a clear reading is never overruled."""
    net, total = choice.values["amount"], choice.values["total"]
    sure = min(choice.scores["amount"], choice.scores["total"]) >= SURE_TOTAL
    if sure and _plausible(net, total) and all(figure.score < SURE for figure in seen):
        choice.put(name, meant, Source.OCR, 0.93, seen[0].box if seen else None)


def _alone(choice: Choice, name: str, figures: Sequence[_Figure]) -> None:
    if figures and figures[0].score >= 0.92:
        choice.put(name, figures[0].value, figures[0].source, figures[0].score, figures[0].box)
