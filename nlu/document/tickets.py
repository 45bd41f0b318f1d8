"""Train and air tickets (火车票, 航空运输电子客票行程单), whose faces are tables and bare values."""

import re
from decimal import Decimal

from fapiao.invoice import AirAmounts
from fapiao.money import MoneyError, parse_money
from nlu.document.evidence import Evidence
from nlu.document.identity import printed_date
from nlu.document.labels import Labelled
from nlu.document.page import Piece, Row
from nlu.document.totals import amounts_in

_SERIAL = re.compile(r"(?<![A-Z0-9])([A-Z]\d{6}|[A-Z]\d{2}[A-Z]\d{6})(?!\d)")
# The code at the foot ends with the serial of the corner.
_FOOT = re.compile(r"(?<!\d)\d{14}[.,·:]?([A-Z]\d{6}|[A-Z]\d{2}[A-Z]\d{6})(?!\d)")
_FARE = re.compile(r"[¥Y羊半]?(\d{1,5}(?:[.,·]\d{1,2})?)元")


def read_rail_paper(found: Labelled, evidence: Evidence) -> None:
    """A paper train ticket: the red serial in the corner, the day of travel, the fare."""
    rows = found.page.rows
    foot = [row for row in rows if _FOOT.search(row.text)]
    for row in (*rows[: max(3, len(rows) // 2)], *foot):
        match = _SERIAL.search(row.text) or (_FOOT.search(row.text) if row in foot else None)
        if match:
            piece = Piece(row, match.start(), match.end())
            evidence.values.pop("number", None)
            evidence.add("number", match.group(1), piece.score, text=match.group(1), box=found.box(piece))
            break
    for row in found.page.rows:
        match = re.search(r"(\d{4})年(\d{1,2})月(\d{1,2})日?(?=.{0,8}开|\d{1,2}:)", row.text)
        if match and evidence.first("issue_date") is None:
            day, _ = printed_date(match.group(), repair=False)
            piece = Piece(row, match.start(), match.end())
            evidence.add("issue_date", day, piece.score, text=match.group(), box=found.box(piece))
    for row in found.page.rows:
        match = _FARE.search(row.text) or re.search(r"[¥](\d{1,5}(?:\.\d{1,2})?)", row.text)
        if match:
            _money(found, evidence, "total", row, match)
            return


def _money(found: Labelled, evidence: Evidence, name: str, row: Row, match: re.Match[str]) -> None:
    try:
        value = parse_money(match.group(1).replace(",", ".").replace("·", "."))
    except MoneyError:
        return
    piece = Piece(row, match.start(1), match.end(1))
    evidence.add(name, value, piece.score, text=piece.text, box=found.box(piece))


# The columns of the air itinerary, left to right as printed; each value stands under its head.
_AIR_HEADS: tuple[tuple[str, str], ...] = (
    ("fare", r"票价|FARE"),
    ("fuel", r"燃油附加.|FUELSURCHARGE"),
    ("tax", r"增值税.额|值税税额|VATTAX|VATAMOUNT"),
    ("fund", r"民航发展.金|CAACDEVELOPMENTFUND|AIRPORTTAX"),
    ("other", r"其.{1,2}费|OTHERTAXES"),
    ("total", r"合计|TOTAL"),
)


def read_air(found: Labelled, evidence: Evidence, *, repair: bool) -> None:
    """The parts of an air ticket by the heads they stand under, and the number of old ones."""
    heads = _heads(found)
    parts: dict[str, Decimal] = {}
    least = 1.0
    for name, (row, match) in heads.items():
        cell = Piece(row, match.start(), match.end())
        amount = _under(found, cell, [Piece(r, m.start(), m.end()) for r, m in heads.values()])
        if amount is None:
            continue
        value, place = amount
        parts[name] = value
        least = min(least, place.score)
        if name in ("tax", "total"):
            evidence.values.pop(name, None)
            evidence.add(name, value, place.score, text=place.text, box=found.box(place))
    whole = all(name in parts for name in ("fare", "fuel", "tax", "fund"))
    if not repair or (whole and least >= 0.9):  # a misread or lost part would contradict the total
        evidence.air = AirAmounts(parts.get("fare"), parts.get("fuel"), parts.get("fund"), parts.get("other"))
    if evidence.first("number") is None:
        _ticket_number(found, evidence)


def _heads(found: Labelled) -> dict[str, tuple[Row, re.Match[str]]]:
    heads: dict[str, tuple[Row, re.Match[str]]] = {}
    for row in found.page.rows:
        matches = {name: re.search(pattern, row.text.upper()) for name, pattern in _AIR_HEADS}
        if sum(match is not None for match in matches.values()) < 3:
            continue
        for name, match in matches.items():
            if match is not None and name not in heads:
                heads[name] = (row, match)
    return heads


def _under(found: Labelled, cell: Piece, heads: list[Piece]) -> tuple[Decimal, Piece] | None:
    """The amount in the next rows whose middle lies nearest to this head and to no other."""
    middle = (cell.x0 + cell.x1) / 2
    for row in found.page.rows:
        if not cell.middle < row.middle < cell.middle + 5.5 * max(cell.row.height, found.page.em):
            continue
        own: list[tuple[float, Decimal, Piece]] = []
        for amount in amounts_in(row):
            centre = (amount.piece.x0 + amount.piece.x1) / 2
            nearest = min(heads, key=lambda head: abs((head.x0 + head.x1) / 2 - centre))
            if abs((nearest.x0 + nearest.x1) / 2 - middle) < 1e-6:
                own.append((abs(centre - middle), amount.value, amount.piece))
        if own:  # where a head was not recognised, its amount may lie next to this one's
            _, value, piece = min(own, key=lambda each: each[0])
            return value, piece
    return None


def _ticket_number(found: Labelled, evidence: Evidence) -> None:
    """Old itineraries have no invoice number: the 13-digit ticket number stands for it."""
    for label in found.named("ticket_number"):
        piece = found.right_of(label) or found.below(label)
        if piece is None:
            continue
        match = re.search(r"\d{3}-?\d{10}", piece.text)
        if match:
            text = match.group().replace("-", "")
            evidence.add("number", text, piece.score, text=text, box=found.box(piece))
            return
