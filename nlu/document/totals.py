"""Net amount, tax and total with the capital amount (金额, 税额, 价税合计, 大写) on a page's rows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from fapiao.kinds import Kind
from fapiao.money import MoneyError, parse_capitals, parse_money
from nlu.document.evidence import Evidence
from nlu.document.labels import Label, Labelled, runs
from nlu.document.page import Piece, Row
from nlu.document.reading import Source

_FIGURES = re.compile(
    r"(?P<minus>[-－]?)(?P<mark>[¥Y羊半]|CNY|RMB)?(?P<inner>-?)"
    r"(?P<value>\d{1,3}(?:[,.]?\d{3})*[.,·:]\d{2})(?![\d%])"
)
_WHOLE = re.compile(r"(?P<mark>[¥Y])?(?P<value>\d{1,6}(?:\.\d{1,2})?)(?P<unit>元)?(?!\d)")
_SHORT = re.compile(r"¥(?P<value>\d{1,9}(?:\.\d)?)(?![\d.,])")  # some issuers print ¥63.3 and ¥57
_IN_YUAN = re.compile(r"(?<![\d.,])(?P<value>[1-9]\d{0,5}(?:\.\d)?)元(?!/)")
_MASKED = re.compile(r"^[*＊]{1,6}$|^免税$|^不征税$")
_CAPITAL = re.compile(
    r"(?:\(?负数?\)?)?[零壹贰叁肆伍陆柒捌玖拾佰仟万亿弌貳參陸〇园圆元圓角分整正伯仔扒囗]{2,40}"
)


_MISREAD = str.maketrans("集染漆桨棠柴仟件竖参", "柒柒柒柒柒柒仟仟整叁")  # in capital amounts, by OCR


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount printed on a row."""

    value: Decimal
    piece: Piece
    marked: bool  # with ¥ in front

    @property
    def text(self) -> str:
        return self.piece.text


def amounts_in(row: Row, start: int = 0, stop: int | None = None) -> Iterator[Amount]:
    """Yield the amounts with two decimals between two places of a row, left to right."""
    currency = False
    for piece in runs(row, start, stop, gap=0.6):
        found = False
        for match in _FIGURES.finditer(piece.text):
            value = figure(match.group("value"))
            if value is None:
                continue
            found = True
            negative = bool(match.group("minus") or match.group("inner"))
            place = Piece(row, piece.start + match.start("value"), piece.start + match.end("value"))
            yield Amount(
                -value if negative and value else value, place, bool(match.group("mark")) or currency
            )
        currency = not found and piece.text in ("¥", "￥", "Y", "羊", "半", "CNY")


def figure(text: str) -> Decimal | None:
    """Return the value of figures whose last separator is the decimal point, or None."""
    match = re.fullmatch(r"([\d,.]*\d)[.,·:](\d{2})", text)
    if not match:
        return None
    try:
        return parse_money(re.sub(r"\D", "", match.group(1)) + "." + match.group(2))
    except MoneyError:
        return None


def read_totals(found: Labelled, evidence: Evidence, kind: Kind | None) -> None:
    """Put net, tax, total and the capital amount of the page into `evidence`."""
    total_row = _capitals(found, evidence)
    _total(found, evidence, total_row)
    if kind is None or kind.has_tax or kind is Kind.BLOCKCHAIN:
        _sums(found, evidence)
        if evidence.source is Source.OCR:
            _lines(found, evidence)
    _rates(found, evidence)
    if kind in (Kind.VEHICLE, Kind.DIGITAL_VEHICLE):
        _vehicle(found, evidence)
    if evidence.first("total") is None:
        _local_total(found, evidence, kind)


def _capitals(found: Labelled, evidence: Evidence) -> int | None:
    """Find the capital amount; its row is where the total in figures stands, too."""
    best: tuple[int, int, Piece] | None = None
    for index, row in enumerate(found.page.rows):
        row_text = row.text.translate(_MISREAD) if evidence.source is Source.OCR else row.text
        for match in _CAPITAL.finditer(row_text):
            text = match.group()
            if re.search(r"[\u4e00-\u9fff]$", row_text[: match.start()]) and not re.search(
                r"[写计额币区回国困因⊗]$", row_text[: match.start()]
            ):
                continue  # it begins with a character that was not recognised
            rest = row_text[match.end() : match.end() + 1]
            if (
                evidence.source is Source.OCR
                and text[-1] not in "分整正"
                and re.match(r"[\u4e00-\u9fff]", rest)
            ):
                continue  # it goes on with one
            try:
                parse_capitals(text)
            except MoneyError:
                if not re.search(r"[圆元园角分].?[整正]?$", text) or len(text) < 4:
                    continue
            if not re.search(r"[圆元园圓囗角分整正]", text):
                continue
            near = "大写" in row.text or "合计" in row.text or "价税" in row.text
            rank = (2 if near else 0) + (1 if len(text) > 3 else 0)
            if best is None or rank > best[0]:
                best = (rank, index, Piece(row, match.start(), match.end()))
    if best is None:
        return None
    text = best[2].text
    if evidence.source is Source.OCR and re.search(r"[圆元园圓]$", text):
        return best[1]  # the end (整, 角, 分) was lost
    evidence.capital_total = text.translate(_MISREAD) if evidence.source is Source.OCR else text
    evidence.capital_score = best[2].score
    return best[1]


def _total(found: Labelled, evidence: Evidence, capital_row: int | None) -> None:
    page = found.page
    for label in found.named("figures"):
        stop = _next_label(found, label)
        amounts = list(amounts_in(label.piece.row, label.piece.end, stop))
        if not amounts:
            amounts = list(_under(found, label))
        if amounts:
            _add(found, evidence, "total", amounts[0])
            return
        short = _SHORT.search(label.piece.row.text, label.piece.end, stop)
        if short is not None and evidence.source is not Source.OCR:
            _add_whole(found, evidence, label.piece.row, short)
            return
    indexes = [label.index for label in found.named("total")]
    if capital_row is not None:
        indexes.append(capital_row)
    for index in indexes:
        for offset in (0, 1):
            if index + offset >= len(page.rows):
                continue
            row = page.rows[index + offset]
            amounts = list(amounts_in(row))
            paid = _IN_YUAN.search(row.text) if not amounts and not offset else None
            if paid is not None:  # 99.5元
                _add_whole(found, evidence, row, paid)
                return
            if offset and (
                re.search(r"合计|附加", row.text)
                or abs(row.middle - page.rows[index].middle) > 1.6 * row.height
            ):
                continue
            marked = [amount for amount in amounts if amount.marked] or amounts
            if marked:
                _add(found, evidence, "total", marked[-1], 1.0 if offset == 0 else 0.95)
                return


def _under(found: Labelled, label: Label) -> Iterator[Amount]:
    piece = found.below(label, reach=1.8)
    if piece is not None:
        yield from amounts_in(piece.row, piece.start, piece.end)


def _next_label(found: Labelled, label: Label) -> int:
    return min(
        (
            other.piece.start
            for other in found.labels
            if other.index == label.index and other.piece.start > label.piece.start
        ),
        default=len(label.piece.row.text),
    )


def _add(found: Labelled, evidence: Evidence, name: str, amount: Amount, factor: float = 1.0) -> None:
    evidence.add(
        name, amount.value, amount.piece.score * factor, text=amount.text, box=found.box(amount.piece)
    )
    if evidence.source is not Source.OCR or amount.marked or (name == "total" and not evidence.capital_total):
        return
    # A ¥ is often read as a digit; arithmetic decides whether this was one.
    rest = re.fullmatch(r"[14579](\d+(?:[,.]\d{3})*[.,·:]\d{2})", amount.text)
    value = figure(rest.group(1)) if rest else None
    if value is not None and rest is not None and not rest.group(1).startswith("00"):
        score = amount.piece.score * factor * 0.6
        evidence.add(name, value, score, text=rest.group(1), box=found.box(amount.piece))


def _sums(found: Labelled, evidence: Evidence) -> None:
    """The 合计 row: net on the left, tax on the right; *** for a tax that is not shown."""
    page = found.page
    heads = _columns(found)
    for label in reversed(list(found.named("sum"))):
        if re.search(r"税款合计|小$", label.piece.row.text[: label.piece.start][-4:]):
            continue
        row = label.piece.row
        amounts = [amount for amount in amounts_in(row, label.piece.end)]
        if not amounts:
            for near in page.rows[max(0, label.index - 1) : label.index + 2]:
                if near is not row and abs(near.middle - row.middle) < 0.9 * max(row.height, near.height):
                    amounts = list(amounts_in(near))
        if amounts:
            _split(found, evidence, amounts, heads, row)
            return
    _sums_by_place(found, evidence, heads)


def _columns(found: Labelled) -> dict[str, float]:
    """The right edges of the columns 金额 and 税额, from the table's head."""
    edges: dict[str, float] = {}
    for row in found.page.rows:
        head = re.search(r"税率.{0,6}", row.text)
        net = re.search(r"金额", row.text)
        tax = re.search(r"税额", row.text)
        if head and net and tax and net.start() < tax.start():
            edges["amount"] = row.glyphs[net.end() - 1].x1
            edges["tax"] = row.glyphs[tax.end() - 1].x1
            break
    return edges


def _split(
    found: Labelled, evidence: Evidence, amounts: list[Amount], heads: dict[str, float], row: Row
) -> None:
    marked = [amount for amount in amounts if amount.marked]
    chosen = marked if len(marked) >= 2 else amounts
    if len(chosen) >= 2:
        _add(found, evidence, "amount", chosen[-2])
        _add(found, evidence, "tax", chosen[-1])
        return
    only = chosen[0]
    if heads and abs(only.piece.x1 - heads["tax"]) < abs(only.piece.x1 - heads["amount"]):
        _add(found, evidence, "tax", only)
        return
    _add(found, evidence, "amount", only)
    for piece in runs(row, only.piece.end, gap=0.6):
        if _MASKED.match(piece.text.lstrip("¥")):
            evidence.add("tax", Decimal("0.00"), piece.score, text=piece.text, box=found.box(piece))


def _sums_by_place(found: Labelled, evidence: Evidence, heads: dict[str, float]) -> None:
    """Without a readable 合计: the row right above the total that holds two amounts with ¥."""
    rows = found.page.rows
    ends = [label.index for label in found.named("total", "capitals", "figures")]
    if not ends:
        return
    for index in range(min(ends) - 1, max(-1, min(ends) - 4), -1):
        amounts = list(amounts_in(rows[index]))
        if len(amounts) == 2 and any(amount.marked for amount in amounts):
            _split(found, evidence, amounts, heads, rows[index])
            return


_HEADS = re.compile(r"规格|型号|单位|数量|单价|金额|税额|税率|征收率|项目名称|货物|车牌|类型|通行日期|行日期")


def _lines(found: Labelled, evidence: Evidence) -> None:
    """Net and tax once more, as the lines of goods add up: what the sums' row says is easily misread."""
    rows = found.page.rows
    start = next((i for i, row in enumerate(rows) if len(_HEADS.findall(row.text)) > 1), None)
    ends = [label.index for label in found.named("sum", "total", "capitals")]
    end = min((end for end in ends if start is not None and end > start), default=None)
    if start is None or end is None:
        return
    net, tax, score = Decimal(0), Decimal(0), 1.0
    for row in rows[start + 1 : end]:
        amounts = list(amounts_in(row))
        if not amounts:
            continue
        if len(amounts) < 2 or abs(amounts[-1].value) > Decimal("0.2") * abs(amounts[-2].value):
            return
        net, tax = net + amounts[-2].value, tax + amounts[-1].value
        score = min(score, amounts[-2].piece.score, amounts[-1].piece.score)
    if net:
        evidence.add("amount", net, 0.9 * score, labelled=False)
        evidence.add("tax", tax, 0.9 * score, labelled=False)


_RATE = re.compile(r"(\d{1,2}(?:\.\d{1,2})?%|免税|不征税|\*{2,6})(?:即征即退)?")


def _rates(found: Labelled, evidence: Evidence) -> None:
    """Tax rates of the lines, between the table's head and the sums."""
    rows = found.page.rows
    start = next((i for i, row in enumerate(rows) if "税率" in row.text or "征收率" in row.text), None)
    ends = [label.index for label in found.named("sum", "total")]
    if start is None or not ends:
        return
    rates = [
        match.group(1)
        for row in rows[start + 1 : min([end for end in ends if end > start] or [len(rows)])]
        for cell in runs(row, gap=0.6)
        if (match := _RATE.fullmatch(cell.text)) and not _is_tax(rows[start], cell)
    ]
    if rates:
        evidence.rates = tuple(dict.fromkeys(rates))
        evidence.lines = len(rates)


def _is_tax(heads: Row, cell: Piece) -> bool:
    """True for what stands under 税额 rather than under 税率: *** there is a tax that is not shown."""
    places = [re.search(pattern, heads.text) for pattern in ("税率|征收率", "税额")]
    rate, tax = (
        None
        if at is None
        else abs(cell.x0 + cell.x1 - heads.glyphs[at.start()].x0 - heads.glyphs[at.end() - 1].x1)
        for at in places
    )
    return rate is not None and tax is not None and tax < rate


def _vehicle(found: Labelled, evidence: Evidence) -> None:
    """The vehicle form names its tax and its price without tax (不含税价)."""
    for label_name, name in (("net_price", "amount"), ("vehicle_tax", "tax")):
        for label in found.named(label_name):
            if "税率" in label.piece.text:
                continue
            stop = label.piece.end
            amounts = list(amounts_in(label.piece.row, stop)) or list(_under(found, label))
            if amounts:
                _add(found, evidence, name, amounts[0])
                break


_LOCAL_LABEL = re.compile(
    r"(?:合计|金额|票价|总额|实收|收费|车费|总价|应收)(?:\(元\)|\(小写\)|\(?RMB\)?)?[:]?"
)


_MARKED = re.compile(r"¥(?P<value>\d{1,6}(?:\.\d{1,2})?)(?!\d)")


def _local_total(found: Labelled, evidence: Evidence, kind: Kind | None) -> None:
    """Tickets and slips: ¥ or 元 beside 金额, 合计, 票价; a face value in capitals on fixed ones."""
    for row in found.page.rows:
        for label in _LOCAL_LABEL.finditer(row.text):
            amounts = [amount for amount in amounts_in(row, label.end()) if amount.value]
            if amounts and amounts[0].piece.start - label.end() < 6:
                _add(found, evidence, "total", amounts[0], 0.97)
                return
            match = _WHOLE.match(row.text, label.end())
            if match and (match.group("mark") or match.group("unit")):
                _add_whole(found, evidence, row, match)
                return
    if kind in (Kind.RAIL_E, Kind.RAIL_PAPER, Kind.FIXED, Kind.TAXI, Kind.BUS, Kind.SHIP, Kind.TOLL_PAPER):
        for row in found.page.rows:
            if re.search(r"单价|里程|等候|起步|公里|km|附加", row.text):
                continue  # of a taxi ride: not what was paid
            for amount in amounts_in(row):
                if not amount.value:  # a surcharge that was not asked
                    continue
                if amount.marked or row.text[amount.piece.end : amount.piece.end + 1] == "元":
                    _add(found, evidence, "total", amount, 0.95)
                    return
            paid = _MARKED.search(row.text) or _IN_YUAN.search(row.text)
            if paid:
                _add_whole(found, evidence, row, paid)
                return
    if evidence.first("total") is None and kind is Kind.FIXED and evidence.capital_total:
        try:
            value = parse_capitals(evidence.capital_total)
        except MoneyError:
            return
        evidence.add("total", value, evidence.capital_score, text=evidence.capital_total)


def _add_whole(found: Labelled, evidence: Evidence, row: Row, match: re.Match[str]) -> None:
    try:
        value = parse_money(match.group("value"))
    except MoneyError:
        return
    piece = Piece(row, match.start("value"), match.end("value"))
    evidence.add("total", value, piece.score * 0.95, text=piece.text, box=found.box(piece))
