"""Layout F: forms drawn anew, no two seeds alike: places, widths, words, rules and inks are all thrown with dice.

Here the digital form and what all have in common; `fresh_vat`, `slips` and `bills` hold the others.
"""

from dataclasses import replace
from random import Random

from fapiao.money import capitals
from tests.drawing.facts import PROVINCES, Facts, Item, money, qr_picture
from tests.drawing.sheet import BLACK, BROWN, RED, Colour, Inlay, Seal, Sheet

STYLES = ("F", "G", "H", "J")
_LONG = (
    "（中国）",
    "数字供应链",
    "国际贸易",
    "新材料研究院",
    "环境工程技术",
    "智能装备制造",
    "文化创意产业园",
)
_OTHER_NAMES = (
    "{place}{brand}区{brand}小吃店（个体工商户）",
    "{place}{brand}医院",
    "{brand}大学",
    "{place}第{n}中学",
    "{place}{brand}企业管理合伙企业（有限合伙）",
    "{place}{brand}律师事务所",
)


def wide(text: str, size: float) -> float:
    """About how many millimetres a text takes."""
    return sum(1.0 if ord(char) > 0x2000 else 0.52 for char in text) * size


def otherwise(facts: Facts, dice: Random) -> Facts:
    """The facts with names and lines that the other layouts have seldom: long, short, public, many."""
    changed = replace(facts, items=list(facts.items), more=dict(facts.more))
    if changed.seller and changed.kind not in ("air_e", "fiscal") and dice.random() < 0.4:
        changed.seller = _renamed(changed.seller, changed.province, dice)
    if changed.buyer and changed.buyer_id and dice.random() < 0.3:
        changed.buyer = _renamed(changed.buyer, "11", dice)
    many = changed.kind in ("digital_special", "digital_ordinary", "vat_ordinary", "vat_special")
    if many and changed.more.get("topic", "goods") == "goods" and dice.random() < 0.3:
        changed.items = [part for line in changed.items for part in _halves(line)]
    return changed


def _renamed(name: str, province: str, dice: Random) -> str:
    cut = next((i for i in range(len(name)) if name[i:].startswith(("有限", "集团", "股份"))), None)
    if cut is not None and dice.random() < 0.6:
        return name[:cut] + dice.choice(_LONG) + name[cut:]
    brand = name.removeprefix(PROVINCES[province][1]).removeprefix(PROVINCES[province][0])[:2]
    return dice.choice(_OTHER_NAMES).format(
        place=PROVINCES[province][1], brand=brand, n="一二三五八"[len(name) % 5]
    )


def _halves(line: Item) -> list[Item]:
    """Two lines that add up to one, as another reader of the list would have ordered."""
    if line.amount <= 1 or line.tax == 0:
        return [line]
    net, tax = (line.amount / 2).quantize(line.amount), (line.tax / 2).quantize(line.tax)
    half = replace(line, quantity="1", price=money(net), amount=net, tax=tax)
    rest = replace(half, price=money(line.amount - net), amount=line.amount - net, tax=line.tax - tax)
    return [half, rest]


def _wrapped(
    sheet: Sheet, x: float, y: float, text: str, size: float, room: float, field: str | None
) -> None:
    """Print a text in as many lines as its room asks for; of a field in two lines the first is marked."""
    lines, line = [], ""
    for char in text:
        if wide(line + char, size) > room and line:
            lines.append(line)
            line = ""
        line += char
    lines.append(line)
    if len(lines) > 1:
        y -= 0.55 * size * (len(lines) - 1)
    for index, part in enumerate(lines):
        sheet.text(x, y + index * 1.15 * size, part, size, field=field if not index else None)


def digital_fresh(facts: Facts, dice: Random) -> Sheet:
    """Two parties side by side over a table without upright rules; where things stand is thrown."""
    sheet = Sheet(dice.uniform(205, 220), 10, dice.choice(STYLES))
    ink: Colour = dice.choice((BROWN, RED, (150, 40, 20), BLACK))
    left, right = dice.uniform(5, 9), sheet.width - dice.uniform(5, 9)
    middle = (left + right) / 2 + dice.uniform(-6, 6)
    size = dice.uniform(2.9, 3.4)
    qr_right = dice.random() < 0.2
    sheet.marks.append(Inlay(right - 22 if qr_right else left + 2, 5, 19, 19, qr_picture(facts.qr)))
    title = "电子发票（增值税专用发票）" if facts.kind == "digital_special" else "电子发票（普通发票）"
    height = dice.uniform(5.2, 7.0)
    sheet.text(middle, 13, title, height, "title", colour=ink, anchor="m", gap=dice.choice((0, 0, 0.5)))
    sheet.line(middle - 42, 16, middle + 42, 16, colour=ink)
    sheet.line(middle - 42, 17, middle + 42, 17, colour=ink)
    topic = facts.more.get("topic")
    if topic in ("toll", "passenger"):
        sheet.label(left + 24, 9, "通行费" if topic == "toll" else "旅客运输服务", 4.0, colour=ink)
    head = dice.choice(("发票号码：", "发票号码:", "发票号码"))
    day = dice.choice(("开票日期：", "开票日期:"))
    dated = dice.choice(
        (f"{facts.issued:%Y年%m月%d日}", f"{facts.issued:%Y年%m月%d日}", f"{facts.issued:%Y-%m-%d}")
    )
    if qr_right or dice.random() < 0.25:  # both on one line under the title
        places = ((left + 30, 23.5), (middle + 30, 23.5))
    else:
        x = right - 9 * size - wide(facts.number, size) / 2
        places = ((x, 10.5), (x, 16.5 + dice.uniform(0, 2)))
    for (x, y), label, value, name in zip(
        places, (head, day), (facts.number, dated), ("number", "issue_date"), strict=True
    ):
        sheet.label(x, y, label, size, colour=ink)
        sheet.text(x + wide(label, size) + dice.uniform(0.3, 2), y, value, size, field=name)
    top = 26.0
    party = top + dice.uniform(15, 20)
    for role, x, end in (("buyer", left, middle), ("seller", middle, right)):
        _digital_party(sheet, facts, role, (x, end, top, party), size, ink, dice)
    bottom = goods(sheet, facts, (left, right, party), dice.uniform(2.6, 3.0), ink, dice)
    low = bottom + dice.uniform(6.5, 9)
    sheet.label(left + dice.uniform(6, 14), low - 2.4, "价税合计（大写）", size, colour=ink)
    words = capitals(facts.total)
    words = words.replace("元", "圆") if dice.random() < 0.6 else words
    x = left + dice.uniform(48, 56)
    sheet.text(x, low - 2.4, dice.choice("ⓧ⊗"), size, "sign")
    sheet.text(x + 5, low - 2.4, words, size, field="capital")
    x = right - dice.uniform(58, 66)
    sheet.label(x, low - 2.4, "（小写）", size, colour=ink)
    sheet.text(x + 4.3 * size, low - 2.4, f"¥{money(facts.total)}", size, field="total")
    note = low + dice.uniform(18, 26)
    sheet.label(left + 3, low + 8, "备注", size, column=True, colour=ink)
    _wrapped(sheet, left + 8, low + 6, facts.remark, 2.9, right - left - 12, None)
    for y in (top, party, bottom, low, note):
        sheet.line(left, y, right, y, colour=ink)
    for x in (left, right):
        sheet.line(x, top, x, note, colour=ink)
    sheet.line(middle, top, middle, party, colour=ink)
    sheet.label(left + 10, note + 6, "开票人：", size, colour=ink)
    sheet.text(left + 10 + 4.2 * size, note + 6, facts.people[2], size)
    sheet.height = note + dice.uniform(10, 24)
    if dice.random() < 0.85:
        sheet.marks.append(
            Seal(middle - 15, 3, 30, 20, "国家税务总局", PROVINCES[facts.province][0] + "税务局")
        )
    return sheet


def _digital_party(
    sheet: Sheet,
    facts: Facts,
    role: str,
    place: tuple[float, float, float, float],
    size: float,
    ink: Colour,
    dice: Random,
) -> None:
    x, end, top, low = place
    name, tax = (facts.buyer, facts.buyer_id) if role == "buyer" else (facts.seller, facts.seller_id)
    side = ("购买方信息", "销售方信息")[role == "seller"]
    sheet.label(x + 3, top + 4, side, min(2.8, (low - top) / 6), column=True, colour=ink)
    sheet.line(x + 6, top, x + 6, low, colour=ink)
    first, second = top + dice.uniform(5, 7), low - dice.uniform(2.5, 4)
    label = "名称：" if facts.number[-1] in "02468" else "名称:"
    sheet.label(x + 7.5, first, label, size, colour=ink)
    start = x + 7.5 + wide(label, size) + 0.6
    _wrapped(sheet, start, first, name, size, end - start - 1, f"{role}_name")
    label = "统一社会信用代码/纳税人识别号："
    small = min(size, (end - x - 9 - wide(tax, size)) / wide(label, 1.0))
    sheet.label(x + 7.5, second, label, small, colour=ink)
    sheet.text(x + 7.5 + wide(label, small) + 0.4, second, tax, size, field=f"{role}_tax_id")


def goods(
    sheet: Sheet,
    facts: Facts,
    place: tuple[float, float, float],
    size: float,
    ink: Colour,
    dice: Random,
    *,
    ruled: bool = False,
) -> float:
    """The lines of goods and their sums; returns where the table ends."""
    left, right, y = place
    stretch = right - left
    shift = dice.uniform(-0.012, 0.012)
    shares = [0.24 + shift, 0.36, 0.42, 0.52 + shift, 0.63, 0.775 + shift, 0.87, 0.99]  # right edges
    heads = ("项目名称", "规格型号", "单 位", "数 量", "单 价", "金 额", "税率/征收率", "税 额")
    if ruled:
        heads = ("货物或应税劳务、服务名称", "规格型号", "单位", "数 量", "单 价", "金 额", "税率", "税 额")
    edges = [left + share * stretch for share in shares]
    befores = [left, *edges[:-1]]
    for head, before, edge in zip(heads, befores, edges, strict=True):
        sheet.label((before + edge) / 2, y + 4.4, head, size, anchor="m", colour=ink)
        if ruled and edge != edges[-1]:
            sheet.line(edge + 0.6, y, edge + 0.6, y + 22 + 4.8 * len(facts.items), colour=ink)
    row, step = y + 9.5, dice.uniform(4.2, 5.2)
    for line in facts.items:
        longest = max(4, int((edges[0] - left - 2) / size))
        name, rest = line.name[:longest], line.name[longest:]
        sheet.text(left + 1.2, row, name, size)
        for text, edge in (
            (line.spec[:9], edges[1]),
            (line.unit, edges[2]),
            (line.quantity, edges[3]),
            (line.price[:10], edges[4]),
            (money(line.amount), edges[5]),
            (line.rate, edges[6] - 3),
            (line.tax_text, edges[7]),
        ):
            sheet.text(edge - 0.4, row, text, size, anchor="r")
        row += step
        if rest:
            sheet.text(left + 1.2, row, rest, size)
            row += step
    bottom = max(row + 4, y + dice.uniform(24, 38)) if not ruled else y + 22 + 4.8 * len(facts.items)
    sheet.label(
        left + dice.uniform(8, 20),
        bottom - 2,
        dice.choice(("合计", "合 计", "合        计")),
        size + 0.2,
        colour=ink,
    )
    yuan = dice.choice("¥¥￥")
    assert facts.amount is not None
    assert facts.tax is not None
    sheet.text(
        edges[5] - 0.4, bottom - 2, f"{yuan}{money(facts.amount)}", size + 0.2, anchor="r", field="amount"
    )
    tax = "***" if facts.tax_masked else f"{yuan}{money(facts.tax)}"
    sheet.text(edges[7] - 0.4, bottom - 2, tax, size + 0.2, anchor="r", field="tax")
    return bottom
