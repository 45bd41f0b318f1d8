"""The form of digital invoices (数电票): special, ordinary, with toll and passenger columns."""

from datetime import date
from decimal import Decimal
from random import Random

from fapiao.money import capitals
from fapiao.qr import Crc
from tests.drawing.facts import (
    PEOPLE,
    PROVINCES,
    Facts,
    Item,
    add_up,
    company,
    day,
    digits,
    discount,
    item,
    money,
    person_id,
    qr_picture,
    qr_text,
    tax_id,
)
from tests.drawing.sheet import BLACK, BROWN, Inlay, Seal, Sheet

_TITLES = {"digital_special": "电子发票（增值税专用发票）", "digital_ordinary": "电子发票（普通发票）"}


def digital_facts(kind: str, dice: Random, *, topic: str = "goods") -> Facts:
    """An invented digital invoice; `topic` goods, toll or passenger."""
    province = dice.choice(list(PROVINCES))
    issued = day(dice, date(2023, 3, 1), date(2026, 11, 20))
    number = f"{issued:%y}{province}{dice.choice('2277740')}" + digits(dice, 15)
    facts = Facts(kind, issued, number, province=province)
    facts.seller, facts.seller_id = company(dice, province), tax_id(dice, province)
    facts.buyer, facts.buyer_id = company(dice, "11"), tax_id(dice, "11")
    if kind == "digital_ordinary" and dice.random() < 0.12:
        facts.buyer, facts.buyer_id = dice.choice(PEOPLE) + "（个人）", ""
    elif kind == "digital_ordinary" and dice.random() < 0.06:
        facts.seller_id = person_id(dice)
    facts.items = _lines(dice, kind, topic)
    add_up(facts)
    facts.people = (dice.choice(PEOPLE), dice.choice(PEOPLE), dice.choice(PEOPLE))
    facts.more["topic"] = topic
    if dice.random() < 0.5:
        facts.remark = _remark(dice, facts)
    shape = dice.random()
    kind_code = "31" if kind == "digital_special" else "32"
    if topic == "toll":
        facts.qr = qr_text(kind_code, facts, facts.total, variant=Crc.SHIFTED_RIGHT)
    elif shape < 0.1:
        facts.qr = qr_text(kind_code, facts, facts.total, hyphens=True)
    elif shape < 0.2:
        facts.qr = qr_text(kind_code, facts, facts.total, variant=Crc.TAX_NO_COMMA)
    else:
        facts.qr = qr_text(kind_code, facts, facts.total)
    if dice.random() < 0.15:
        facts.qr = facts.qr.lower()
    return facts


def _lines(dice: Random, kind: str, topic: str) -> list[Item]:
    if topic == "toll":
        line = item(dice, "3%", scale=Decimal("0.02"))
        return [_renamed(line, "*经营租赁*通行费")]
    if topic == "passenger":
        line = item(dice, "3%", scale=Decimal("0.2"))
        line = _renamed(line, "*运输服务*客运服务费")
        return [line, discount(line, Decimal("0.15"))] if dice.random() < 0.5 else [line]
    shape = dice.random()
    if kind == "digital_ordinary" and shape < 0.12:
        return [item(dice, dice.choice(("免税", "不征税", "***"))) for _ in range(dice.randint(1, 2))]
    rates = ("13%", "6%", "9%", "3%", "1%")
    count = 1 if shape < 0.5 else dice.randint(2, 4) if shape < 0.85 else dice.randint(5, 8)
    lines: list[Item] = []
    for _ in range(count):
        line = item(dice, dice.choice(rates))
        lines.append(line)
        if dice.random() < 0.12:
            lines.append(discount(line, Decimal("0.1")))
    return lines


def _renamed(line: Item, name: str) -> Item:
    return Item(name, "", "次", line.quantity, line.price, line.amount, line.rate, line.tax)


def _remark(dice: Random, facts: Facts) -> str:
    choices = (
        f"订单号:{digits(dice, 18)}",
        f"购买方地址:北京市海淀区砚溪路{dice.randint(1, 99)}号   电话:010-{digits(dice, 8)};",
        f"销方开户银行:虚构银行{PROVINCES[facts.province][1]}支行   银行账号:{digits(dice, 19)};",
        f"合同编号HT{facts.issued:%Y%m}{digits(dice, 4)} 收款日期{facts.issued.year}-01-08",
    )
    return dice.choice(choices)


def digital_sheet(facts: Facts, layout: str, dice: Random) -> Sheet:
    """Lay the facts out as the platform does; A to D differ in fonts, spacing and details."""
    sheet = Sheet(210, 140 if layout in "AC" else 148.5, layout)
    wide = layout in "BD"  # labels printed letter by letter
    mono = "value"
    sheet.marks.append(Inlay(8, 6, 19, 19, qr_picture(facts.qr)))
    title = _TITLES[facts.kind]
    sheet.text(105, 15, title, 6.6 if layout != "D" else 6.0, "title", colour=BROWN, anchor="m")
    sheet.line(65, 18, 145, 18)
    sheet.line(65, 19, 145, 19)
    if facts.more.get("topic") in ("toll", "passenger"):
        name = "通行费" if facts.more["topic"] == "toll" else "旅客运输服务"
        sheet.label(30, 10, name, 4.4)
        sheet.box(29, 5, 31 + 4.4 * len(name), 11.5)
    _numbers(sheet, facts, layout)
    top, left, right, middle = 28.0, 6.0, 204.0, 105.0
    party = top + 17
    _party(sheet, left, top, facts.buyer, facts.buyer_id, "buyer", layout)
    _party(sheet, middle, top, facts.seller, facts.seller_id, "seller", layout)
    end = _table(sheet, facts, party, layout, mono, wide)
    _totals(sheet, facts, end, layout, wide)
    foot = end + 14.0
    note = max(foot + 14, sheet.height - 14)
    _remark_area(sheet, facts, foot, note, layout)
    for y in (top, party, end, end + 7, foot, note):
        sheet.line(left, y, right, y)
    sheet.line(left, top, left, note)
    sheet.line(right, top, right, note)
    for x in (left + 6, middle, middle + 6):
        sheet.line(x, top, x, party)
    sheet.label(14, note + 7, "开票人：", 3.2)
    sheet.text(27, note + 7, facts.people[2], 3.2)
    if layout in "CD" and dice.random() < 0.5:
        sheet.label(right - 2, note + 7, "下载次数：1", 2.8, anchor="r")
    sheet.marks.append(Seal(90, 5, 30, 20, "国家税务总局", PROVINCES[facts.province][0] + "税务局"))
    return sheet


def _numbers(sheet: Sheet, facts: Facts, layout: str) -> None:
    x = {"A": 150.0, "B": 146.0, "C": 152.0, "D": 148.0}[layout]
    size = 3.2 if layout != "C" else 3.4
    sheet.label(x, 13, "发票号码：", size)
    sheet.text(x + 5.1 * size, 13, facts.number, size, field="number")
    sheet.label(x, 20, "开票日期：", size)
    sheet.text(x + 5.1 * size, 20, f"{facts.issued:%Y年%m月%d日}", size, field="issue_date")


def _party(sheet: Sheet, x: float, y: float, name: str, tax: str, role: str, layout: str) -> None:
    words = ("购买方信息", "销售方信息")[role == "seller"]
    if layout in "AC":
        sheet.label(x + 3, y + 3.6, words, 2.9, column=True)
    else:
        sheet.label(x + 3, y + 3.6, words[:3] + "信息", 2.8, column=True)
    sheet.label(x + 7.5, y + 6, "名称：" if layout != "D" else "名  称：", 3.2)
    size = 3.2 if len(name) < 22 else 2.7
    start = x + 17.5 if layout != "D" else x + 21
    sheet.text(start, y + 6, name, size, field=f"{role}_name")
    label = "统一社会信用代码/纳税人识别号："
    sheet.label(x + 7.5, y + 13, label, 3.0)
    sheet.text(x + 56, y + 13, tax, 3.2, field=f"{role}_tax_id")


_COLUMNS = {
    "goods": (
        ("项目名称", 20, "l"),
        ("规格型号", 62, "l"),
        ("单位", 83, "m"),
        ("数量", 103, "r"),
        ("单价", 129, "r"),
        ("金额", 155, "r"),
        ("税率/征收率", 172, "m"),
        ("税额", 201, "r"),
    ),
    "toll": (
        ("项目名称", 20, "l"),
        ("车牌号", 56, "l"),
        ("类型", 76, "m"),
        ("通行日期起", 97, "m"),
        ("通行日期止", 122, "m"),
        ("金额", 152, "r"),
        ("税率/征收率", 170, "m"),
        ("税额", 201, "r"),
    ),
}


def _table(sheet: Sheet, facts: Facts, y: float, layout: str, mono: str, wide: bool) -> float:
    toll = facts.more.get("topic") == "toll"
    for name, x, anchor in _COLUMNS["toll" if toll else "goods"]:
        gap = 1.2 if wide and len(name) == 2 else 0.0
        sheet.label(float(x), y + 5, name, 3.0, anchor=anchor, gap=gap)
    y += 10
    for line in facts.items:
        rows = _print_line(sheet, facts, line, y, toll)
        y += 5.0 * rows
    if facts.more.get("topic") == "passenger":
        y += 1
        for x, head in (
            (12, "出行人"),
            (40, "有效身份证件号"),
            (80, "出行日期"),
            (108, "出发地"),
            (140, "到达地"),
        ):
            sheet.label(float(x), y, head, 2.7)
        y += 4.5
        sheet.text(12, y, facts.people[0], 2.7)
        sheet.text(80, y, f"{facts.issued.year - 1}-12-2{facts.number[-1]}", 2.7)
        sheet.text(108, y, "砚溪路站", 2.7)
        sheet.text(140, y, "墨桥机场", 2.7)
        y += 4
    end = max(y + 2, sheet.height - 46)
    x_sum = {"A": 24, "B": 20, "C": 28, "D": 24}[layout]
    sheet.label(float(x_sum), end - 2, "合计", 3.2, gap=6.0 if layout in "AC" else 10.0)
    columns = _COLUMNS["toll" if toll else "goods"]
    assert facts.amount is not None
    assert facts.tax is not None
    mark = "¥" if layout != "C" else "￥"
    net = f"{mark}{money(facts.amount)}"
    sheet.text(float(columns[5][1]), end - 2, net, 3.2, anchor="r", field="amount")
    tax = "***" if facts.tax_masked else f"{mark}{money(facts.tax)}"
    sheet.text(float(columns[7][1]), end - 2, tax, 3.2, anchor="r", field="tax")
    return end


def _print_line(sheet: Sheet, facts: Facts, line: Item, y: float, toll: bool) -> int:
    name, rest = (line.name[:12], line.name[12:]) if len(line.name) > 14 else (line.name, "")
    sheet.text(8, y, name, 2.9)
    if rest:
        sheet.text(8, y + 4, rest, 2.9)
    if toll:
        sheet.text(56, y, "京N" + facts.number[-5:], 2.9)
        sheet.text(76, y, "客车", 2.9, anchor="m")
        sheet.text(97, y, f"{facts.issued:%Y%m}01", 2.9, anchor="m")
        sheet.text(122, y, f"{facts.issued:%Y%m}02", 2.9, anchor="m")
        places = (152, 170, 201)
    else:
        sheet.text(62, y, line.spec, 2.7)
        sheet.text(83, y, line.unit, 2.9, anchor="m")
        sheet.text(103, y, line.quantity, 2.9, anchor="r")
        sheet.text(129, y, line.price[:13], 2.7, anchor="r")
        places = (155, 172, 201)
    sheet.text(places[0], y, money(line.amount), 2.9, anchor="r")
    sheet.text(places[1], y, line.rate, 2.9, anchor="m")
    sheet.text(places[2], y, line.tax_text, 2.9, anchor="r")
    return 2 if rest else 1


def _totals(sheet: Sheet, facts: Facts, y: float, layout: str, wide: bool) -> None:
    sheet.line(56, y, 56, y + 7)
    sheet.label(14, y + 4.8, "价税合计（大写）", 3.2, gap=0.8 if wide else 0.0)
    words = capitals(facts.total)
    if layout in "BD":
        words = words.replace("元", "圆")
    mark = {"A": "ⓧ", "B": "⊗", "C": "⊗", "D": "ⓧ"}[layout]
    sheet.text(60, y + 4.8, mark, 3.4, "sign")
    sheet.text(65, y + 4.8, words, 3.4, field="capital")
    sheet.label(142, y + 4.8, "（小写）", 3.2)
    yuan = "¥" if layout != "C" else "￥"
    sheet.text(156, y + 4.8, f"{yuan}{money(facts.total)}", 3.4, field="total", colour=BLACK)


def _remark_area(sheet: Sheet, facts: Facts, y: float, end: float, layout: str) -> None:
    sheet.line(12, y, 12, end)
    sheet.label(9, y + 6, "备注", 3.2, column=True, colour=BROWN)
    for index in range(0, len(facts.remark), 46):
        sheet.text(15, y + 5 + index // 46 * 4.5, facts.remark[index : index + 46], 2.9)
