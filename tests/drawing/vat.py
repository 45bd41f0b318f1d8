"""The three-part form of the older system: special, ordinary, electronic, toll, and digital paper."""

from datetime import date
from decimal import Decimal
from random import Random

from fapiao.money import capitals
from tests.drawing.facts import (
    PEOPLE,
    PROVINCES,
    Facts,
    Item,
    add_up,
    cipher,
    company,
    day,
    digits,
    discount,
    item,
    money,
    qr_picture,
    qr_text,
    tax_id,
)
from tests.drawing.sheet import BLUE, BROWN, Inlay, Seal, Sheet

TITLES = {
    "vat_special": "增值税专用发票",
    "vat_ordinary": "增值税普通发票",
    "vat_e_ordinary": "增值税电子普通发票",
    "vat_e_special": "增值税电子专用发票",
    "vat_e_toll": "增值税电子普通发票",
    "digital_paper_special": "增值税专用发票",
    "digital_paper_ordinary": "增值税普通发票",
    "blockchain": "区块链电子普通发票",
}
_QR = {
    "vat_special": "01",
    "vat_ordinary": "04",
    "vat_e_ordinary": "10",
    "vat_e_special": "20",
    "vat_e_toll": "10",
    "digital_paper_special": "31",
    "digital_paper_ordinary": "32",
}
_ELECTRONIC = ("vat_e_ordinary", "vat_e_special", "vat_e_toll", "blockchain")


def vat_facts(kind: str, dice: Random) -> Facts:
    """An invented invoice of the older system, or the paper form of a digital one."""
    province = dice.choice(list(PROVINCES)) if kind != "blockchain" else "44"
    first, last = date(2018, 5, 1), date(2024, 10, 31)
    if kind.startswith("digital"):
        first, last = date(2023, 1, 1), date(2026, 10, 31)
    issued = day(dice, first, last)
    year = issued.year % 100 - dice.choice((0, 1, 1, 2, 4))
    facts = Facts(kind, issued, digits(dice, 8), province=province)
    facts.code = _code(kind, province, year, dice)
    if kind not in ("vat_special", "digital_paper_special"):
        facts.check_code = digits(dice, 20)
    if kind.startswith("digital"):
        facts.digital_number = f"{issued:%y}{province}2" + digits(dice, 15)
    facts.seller, facts.seller_id = company(dice, province), tax_id(dice, province)
    facts.buyer, facts.buyer_id = company(dice, "11"), tax_id(dice, "11")
    if kind in ("vat_ordinary", "vat_e_ordinary") and dice.random() < 0.12:
        facts.buyer, facts.buyer_id = "个人", ""
    facts.items = _lines(dice, kind)
    add_up(facts)
    facts.people = (dice.choice(PEOPLE), dice.choice(PEOPLE), dice.choice(PEOPLE))
    facts.more["machine"] = "66" + digits(dice, 10)
    facts.more["cipher"] = "|".join(cipher(dice) for _ in range(4))
    facts.more["phone"] = (
        f"{PROVINCES[province][1]}墨桥区砚溪路{dice.randint(1, 300)}号 0{digits(dice, 2)}-{digits(dice, 8)}"
    )
    facts.more["bank"] = f"虚构银行{PROVINCES[province][1]}墨桥支行 {digits(dice, 19)}"
    if dice.random() < 0.4:
        facts.remark = f"订单号{digits(dice, 16)}"
    if kind == "blockchain":
        _blockchain(facts, dice)
        return facts
    facts.qr = qr_text(
        _QR[kind], facts, facts.total if kind.startswith("digital") else facts.amount or Decimal(0)
    )
    return facts


def _blockchain(facts: Facts, dice: Random) -> None:
    """The Shenzhen form: a link in the QR code, five hexadecimal digits as check code."""
    facts.code = f"14403{facts.issued.year % 100:02d}09{dice.randint(1, 9)}10"
    facts.check_code = "".join(dice.choice("0123456789abcdef") for _ in range(5))
    host = "https://bcfp.shenzhen.chinatax.gov.cn/verify/scan"
    facts.qr = f"{host}?hash={digits(dice, 40)}&bill_num={facts.number}&total_amount={int(facts.total * 100)}"


def _code(kind: str, province: str, year: int, dice: Random) -> str:
    region = province + "00"
    batch = dice.randint(1, 9)
    if kind in ("vat_special", "digital_paper_special"):
        return f"{region}{year:02d}{batch % 5 + 1}130"
    if kind in ("vat_ordinary", "digital_paper_ordinary"):
        return (
            f"{region}{year:02d}{batch % 5 + 1}320"
            if dice.random() < 0.6
            else f"0{region}{year:02d}00{batch}04"
        )
    return (
        f"0{region}{year:02d}00{batch}"
        + {"vat_e_ordinary": "11", "vat_e_special": "13", "vat_e_toll": "12", "blockchain": "10"}[kind]
    )


def _lines(dice: Random, kind: str) -> list[Item]:
    if kind == "vat_e_toll":
        line = item(dice, dice.choice(("3%", "5%", "不征税")), scale=Decimal("0.02"))
        return [Item("*经营租赁*通行费", "", "", "", "", line.amount, line.rate, line.tax)]
    rates = ("13%", "6%", "9%", "3%", "16%")
    shape = dice.random()
    if not kind.endswith("special") and shape < 0.1:
        return [item(dice, "免税")]
    count = 1 if shape < 0.6 else dice.randint(2, 4)
    lines: list[Item] = []
    for _ in range(count):
        lines.append(item(dice, dice.choice(rates)))
        if dice.random() < 0.1:
            lines.append(discount(lines[-1], Decimal("0.1")))
    return lines


def vat_sheet(facts: Facts, layout: str, dice: Random) -> Sheet:
    """Lay the facts out on the three-part form; A to D differ in fonts, places and spacing."""
    electronic = facts.kind in _ELECTRONIC
    sheet = Sheet(
        215 if electronic else 240, 140, layout, paper=(255, 255, 255) if electronic else (252, 250, 246)
    )
    right = sheet.width - 8
    form = BROWN if layout in "AC" else BLUE if not electronic else BROWN
    _head(sheet, facts, layout, right, electronic)
    top = 30.0
    names = ("购买方", "销售方") if layout != "C" else ("购货单位", "销货单位")
    _party(sheet, facts, top, names[0], "buyer", layout)
    x_cipher = right - 74
    sheet.label(x_cipher - 3, top + 6, "密码区", 3.0, column=True, colour=form)
    for index, line in enumerate(facts.more["cipher"].split("|")):
        sheet.text(x_cipher + 3, top + 5 + index * 5, line, 3.4, "mono")
    table = top + 23
    end = _table(sheet, facts, table, layout, right, form)
    sheet.label(18, end + 5, "价税合计（大写）", 3.2, colour=form, gap=0.7 if layout in "BD" else 0)
    words = capitals(facts.total)
    words = words.replace("元", "圆") if layout in "AD" else words
    sheet.text(64, end + 5, "ⓧ" if layout in "AC" else "⊗", 3.4, "sign")
    sheet.text(69, end + 5, words, 3.4, field="capital")
    sheet.label(right - 64, end + 5, "（小写）", 3.2, colour=form)
    sheet.text(right - 49, end + 5, f"¥{money(facts.total)}", 3.4, field="total")
    low = end + 7.5
    _party(sheet, facts, low, names[1], "seller", layout)
    sheet.label(right - 77, low + 7, "备注", 3.0, column=True, colour=form)
    sheet.text(right - 70, low + 6, facts.remark, 2.9)
    if facts.check_code and layout in "B" and not electronic:
        sheet.text(right - 70, low + 12, f"校验码 {_grouped(facts.check_code)}", 3.0, field="check_code")
    foot = low + 23
    for y in (top, table, end, low, foot):
        sheet.line(8, y, right, y, colour=form)
    sheet.line(8, top, 8, foot, colour=form)
    sheet.line(right, top, right, foot, colour=form)
    for y0, y1 in ((top, table), (low, foot)):
        for x in (14, right - 80, right - 74):
            sheet.line(x, y0, x, y1, colour=form)
    _foot(sheet, facts, foot, form, right)
    if not electronic or dice.random() < 0.7:
        sheet.marks.append(Seal(right - 60, low + 2, 40, 28, facts.seller[:16]))
    return sheet


def _grouped(check: str) -> str:
    return " ".join(check[i : i + 5] for i in range(0, 20, 5))


def _head(sheet: Sheet, facts: Facts, layout: str, right: float, electronic: bool) -> None:
    middle = sheet.width / 2
    title = PROVINCES[facts.province][0] + TITLES[facts.kind]
    size = 6.4 if layout != "D" else 5.8
    sheet.text(middle, 15, title, size, "title", colour=BROWN, anchor="m", gap=0.6 if layout == "B" else 0)
    sheet.line(middle - 38, 18, middle + 38, 18)
    sheet.line(middle - 38, 19, middle + 38, 19)
    sheet.marks.append(Inlay(9, 7, 20, 20, qr_picture(facts.qr)))
    day_text = f"{facts.issued:%Y年%m月%d日}" if layout != "C" else f"{facts.issued:%Y 年 %m 月 %d 日}"
    if electronic:
        if facts.kind == "vat_e_toll":
            sheet.label(32, 12, "通行费", 4.6)
        sheet.label(32, 26, "机器编号：", 3.0)
        sheet.text(48, 26, facts.more["machine"], 3.0)
        x = right - 62
        wide = layout in "BD"
        rows = (
            ("发票代码" if not wide else "发 票 代 码", facts.code, "code"),
            ("发票号码" if not wide else "发 票 号 码", facts.number, "number"),
            ("开票日期" if not wide else "开 票 日 期", day_text, "issue_date"),
            ("校 验 码", _grouped(facts.check_code), "check_code"),
        )
        for index, (label, value, name) in enumerate(rows):
            y = 10 + index * 5.4
            sheet.label(x, y, label + ("：" if layout != "C" else ":"), 3.2)
            sheet.text(x + 21, y, value, 3.2, field=name)
        return
    sheet.text(34, 16, facts.code, 5.2 if layout != "D" else 4.6, "mono", colour=BLUE, field="code")
    sheet.label(right - 52, 16, "№" if layout in "AC" else "No", 5.6, colour=BROWN)
    sheet.text(right - 43, 16, facts.number, 5.6, "mono", colour=BLUE, field="number")
    sheet.text(right - 14, 7, facts.code, 2.6, "mono")
    sheet.text(right - 14, 10, facts.number, 2.6, "mono") if layout != "D" else None
    sheet.label(right - 52, 25, "开票日期：", 3.2)
    sheet.text(right - 35, 25, day_text, 3.4, field="issue_date")
    sheet.label(middle, 24.5, "发 票 联" if layout != "D" else "抵 扣 联", 4.2, anchor="m")
    if facts.digital_number:
        sheet.text(
            34,
            23,
            f"{'全电' if layout in 'AC' else '数电'}发票号码：{facts.digital_number}",
            3.2,
            field="digital_number",
        )
    if facts.check_code and layout != "B":
        sheet.text(34, 28.2, f"校验码 {_grouped(facts.check_code)}", 3.2, field="check_code")


def _party(sheet: Sheet, facts: Facts, y: float, words: str, role: str, layout: str) -> None:
    name, tax = (facts.buyer, facts.buyer_id) if role == "buyer" else (facts.seller, facts.seller_id)
    sheet.label(11, y + 5, words, 3.0, column=True)
    wide = layout in "AB"
    labels = (
        "名        称：" if wide else "名　　　　称：",
        "纳税人识别号：",
        "地 址、 电 话：" if wide else "地址、电话：",
        "开户行及账号：",
    )
    bought = role == "buyer" and not facts.buyer_id
    values = (name, tax, "" if bought else facts.more["phone"], "" if bought else facts.more["bank"])
    fields = (f"{role}_name", f"{role}_tax_id", None, None)
    for index, (label, value, field) in enumerate(zip(labels, values, fields, strict=True)):
        sheet.label(16, y + 5 + index * 5, label, 3.0)
        size = 3.2 if index < 2 else 2.8
        sheet.text(39, y + 5 + index * 5, value, size if len(value) < 30 else 2.6, field=field)


def _table(
    sheet: Sheet, facts: Facts, y: float, layout: str, right: float, form: tuple[int, int, int]
) -> float:
    stretch = right - 8
    toll = facts.kind == "vat_e_toll"
    heads = (
        ("货物或应税劳务、服务名称" if layout != "D" else "货物或应税劳务名称", 0.11, "m"),
        ("规格型号", 0.27, "m"),
        ("单位", 0.37, "m"),
        ("数量" if layout != "B" else "数 量", 0.46, "m"),
        ("单价" if layout != "B" else "单 价", 0.57, "m"),
        ("金额" if layout != "B" else "金 额", 0.71, "m"),
        ("税率", 0.83, "m"),
        ("税额" if layout != "B" else "税 额", 0.92, "m"),
    )
    if toll:
        heads = (
            ("项目名称", 0.1, "m"),
            ("车牌号", 0.24, "m"),
            ("类型", 0.33, "m"),
            ("通行日期起", 0.44, "m"),
            ("通行日期止", 0.56, "m"),
            ("金额", 0.71, "m"),
            ("税率", 0.83, "m"),
            ("税额", 0.92, "m"),
        )
    for name, share, anchor in heads:
        sheet.label(8 + share * stretch, y + 4.4, name, 2.9, anchor=anchor, colour=form)
    bottom = max(y + 34, y + 14 + 5 * len(facts.items))
    for share in (0.22, 0.33, 0.41, 0.51, 0.63, 0.79, 0.86):
        sheet.line(8 + share * stretch, y, 8 + share * stretch, bottom, colour=form)
    row = y + 9.5
    ends = (8 + 0.785 * stretch, 8 + 0.825 * stretch, right - 2)
    for line in facts.items:
        sheet.text(9.5, row, line.name, 2.8 if len(line.name) < 15 else 2.5)
        if toll:
            sheet.text(8 + 0.24 * stretch, row, "京N" + facts.number[-5:], 2.8, anchor="m")
            sheet.text(8 + 0.44 * stretch, row, f"{facts.issued:%Y%m}01", 2.8, anchor="m")
            sheet.text(8 + 0.56 * stretch, row, f"{facts.issued:%Y%m}03", 2.8, anchor="m")
        sheet.text(8 + 0.225 * stretch, row, line.spec, 2.6)
        sheet.text(8 + 0.37 * stretch, row, line.unit, 2.8, anchor="m")
        sheet.text(8 + 0.505 * stretch, row, line.quantity, 2.8, anchor="r")
        sheet.text(8 + 0.625 * stretch, row, line.price[:12], 2.6, anchor="r")
        sheet.text(ends[0], row, money(line.amount), 2.9, anchor="r")
        sheet.text(ends[1], row, line.rate, 2.9, anchor="m")
        sheet.text(ends[2], row, line.tax_text, 2.9, anchor="r")
        row += 5
    assert facts.amount is not None
    assert facts.tax is not None
    sheet.label(
        8 + 0.09 * stretch,
        bottom - 2,
        "合        计" if layout != "C" else "合　计",
        3.0,
        anchor="m",
        colour=form,
    )
    sheet.text(ends[0], bottom - 2, f"¥{money(facts.amount)}", 3.0, anchor="r", field="amount")
    tax = "***" if facts.tax_masked else f"¥{money(facts.tax)}"
    sheet.text(ends[2], bottom - 2, tax, 3.0, anchor="r", field="tax")
    return bottom


def _foot(sheet: Sheet, facts: Facts, y: float, form: tuple[int, int, int], right: float) -> None:
    words = ("收款人：", "复核：", "开票人：", "销售方：（章）")
    for index, word in enumerate(words):
        x = 12 + index * (right - 12) / 4
        sheet.label(x, y + 5, word, 3.0, colour=form)
        if index < 3:
            sheet.text(x + 3.1 * len(word), y + 5, facts.people[index], 3.0)
