"""Layout F of the three-part form and of the roll."""

from collections.abc import Callable
from random import Random

from fapiao.money import capitals
from tests.drawing.facts import PROVINCES, Facts, digits, money, qr_picture
from tests.drawing.fresh import STYLES, goods, wide
from tests.drawing.sheet import BLACK, BLUE, BROWN, RED, Colour, Inlay, Seal, Sheet
from tests.drawing.vat import TITLES

_ELECTRONIC = ("vat_e_ordinary", "vat_e_special", "vat_e_toll", "blockchain")


def vat_fresh(facts: Facts, dice: Random) -> Sheet:
    """The three-part form with its ruled table and cipher; a printer that hit its boxes more or less."""
    electronic = facts.kind in _ELECTRONIC
    paper = (
        (255, 255, 255) if electronic else dice.choice(((250, 248, 240), (244, 248, 244), (255, 255, 255)))
    )
    sheet = Sheet(dice.uniform(212, 242), 10, dice.choice(STYLES), paper)
    ink: Colour = dice.choice((BROWN, BLUE, (30, 90, 60), (110, 60, 30)))
    print_ink: Colour = dice.choice((BLACK, (40, 40, 110), (70, 70, 78))) if not electronic else BLACK
    left, right = dice.uniform(6, 12), sheet.width - dice.uniform(6, 12)
    middle, size = sheet.width / 2 + dice.uniform(-5, 5), dice.uniform(2.8, 3.4)
    off = (dice.uniform(-1, 1.6), dice.uniform(-0.8, 0.8)) if not electronic else (0.0, 0.0)

    def put(x: float, y: float, text: str, high: float, name: str | None = None, font: str = "value") -> None:
        sheet.text(x + off[0], y + off[1], text, high, font, field=name, colour=print_ink)

    place = PROVINCES[facts.province][0]
    sheet.text(middle, 14, place + TITLES[facts.kind], dice.uniform(5.6, 7), "title", colour=ink, anchor="m")
    sheet.line(middle - 40, 16.5, middle + 40, 16.5, colour=ink)
    sheet.line(middle - 40, 17.3, middle + 40, 17.3, colour=ink)
    sheet.marks.append(Inlay(left + 1, 5, 19, 19, qr_picture(facts.qr)))
    written = dice.choice((f"{facts.issued:%Y年%m月%d日}", f"{facts.issued:%Y 年 %m 月 %d 日}"))
    check = " ".join(facts.check_code[i : i + 5] for i in range(0, len(facts.check_code), 5))
    if electronic:
        x = right - dice.uniform(56, 66)
        colon = dice.choice(("：", ":", " :"))
        rows = [
            ("发票代码", facts.code, "code"),
            ("发票号码", facts.number, "number"),
            ("开票日期", written, "issue_date"),
        ]
        rows.append(("校 验 码", check, "check_code"))
        for index, (label, value, name) in enumerate(rows):
            sheet.label(x, 8 + index * 5.2, label + colon, size, colour=ink)
            sheet.text(x + 5.4 * size, 8 + index * 5.2, value, size, field=name)
        sheet.label(left + 22, 24, "机器编号:", size, colour=ink)
        sheet.text(left + 22 + 5 * size, 24, facts.more["machine"], size)
    else:
        put(left + 24, 15, facts.code, dice.uniform(4.2, 5.6), "code", font="mono")
        sheet.label(right - 54, 13, dice.choice(("№", "No", "N0")), 5.4, colour=ink)
        sheet.text(
            right - 45, 13, facts.number, dice.uniform(4.8, 6), "mono", colour=print_ink, field="number"
        )
        sheet.text(right - 14, 6, facts.code, 2.5, "mono")
        sheet.text(right - 14, 9, facts.number, 2.5, "mono")
        sheet.label(right - 54, 23, "开票日期:", size, colour=ink)
        put(right - 54 + 5.2 * size, 23, written, size, "issue_date")
        if facts.digital_number:
            sheet.text(left + 24, 20.5, f"数电发票号码：{facts.digital_number}", 3.0, field="digital_number")
        if check:
            put(left + 24, 24.5, f"校验码 {check}", 3.0, "check_code")
    top = 26.5
    party = top + dice.uniform(20, 24)
    cipher = right - dice.uniform(70, 80)
    sheet.label(cipher - 2.6, top + 5, "密码区", 2.9, column=True, colour=ink)
    for index, line in enumerate(facts.more["cipher"].split("|")):
        put(cipher + 2, top + 5 + index * 4.8, line, dice.uniform(3.0, 3.6), font="mono")
    _vat_party(sheet, facts, "buyer", (left, cipher - 6, top, party), size, ink, put)
    end = goods(sheet, facts, (left, right, party), size - 0.2, ink, dice, ruled=True)
    low = end + dice.uniform(6.5, 8.5)
    sheet.label(left + 8, low - 2.4, "价税合计（大写）", size, colour=ink)
    words = capitals(facts.total)
    sheet.text(left + 52, low - 2.4, dice.choice("ⓧ⊗"), size, "sign", colour=print_ink)
    put(left + 57, low - 2.4, words.replace("元", "圆") if dice.random() < 0.6 else words, size, "capital")
    x = right - dice.uniform(54, 66)
    sheet.label(x, low - 2.4, "（小写）", size, colour=ink)
    put(x + 4.4 * size, low - 2.4, f"¥{money(facts.total)}", size, "total")
    foot = low + dice.uniform(20, 24)
    _vat_party(sheet, facts, "seller", (left, cipher - 6, low, foot), size, ink, put)
    sheet.label(cipher - 2.6, low + 8, "备注", 2.9, column=True, colour=ink)
    put(cipher + 2, low + 6, facts.remark[:24], 2.7)
    for y in (top, party, end, low, foot):
        sheet.line(left, y, right, y, colour=ink)
    for x in (left, right):
        sheet.line(x, top, x, foot, colour=ink)
    for y0, y1 in ((top, party), (low, foot)):
        for x in (left + 5.5, cipher - 5.5, cipher):
            sheet.line(x, y0, x, y1, colour=ink)
    for index, word in enumerate(("收款人:", "复核:", "开票人:", "销售方:(章)")):
        x = left + 4 + index * (right - left) / 4
        sheet.label(x, foot + 5, word, size, colour=ink)
        if index < 3:
            put(x + 3.4 * size, foot + 5, facts.people[index], size)
    sheet.height = foot + dice.uniform(9, 16)
    if not electronic or dice.random() < 0.6:
        sheet.marks.append(
            Seal(right - dice.uniform(44, 66), low + dice.uniform(-3, 3), 40, 28, facts.seller[:16])
        )
    return sheet


def _vat_party(
    sheet: Sheet,
    facts: Facts,
    role: str,
    place: tuple[float, float, float, float],
    size: float,
    ink: Colour,
    put: Callable[[float, float, str, float, str | None], None],
) -> None:
    left, end, top, low = place
    name, tax = (facts.buyer, facts.buyer_id) if role == "buyer" else (facts.seller, facts.seller_id)
    sheet.label(left + 2.8, top + 5, ("购买方", "销售方")[role == "seller"], 3.0, column=True, colour=ink)
    labels = ("名    称:", "纳税人识别号:", "地 址、电 话:", "开户行及账号:")
    known = role == "seller" or tax
    values = (name, tax, facts.more["phone"] if known else "", facts.more["bank"] if known else "")
    step = (low - top - 2) / 4
    for index, (label, value, field) in enumerate(
        zip(labels, values, (f"{role}_name", f"{role}_tax_id", None, None), strict=True)
    ):
        y = top + 0.8 * step + index * step
        sheet.label(left + 7, y, label, size, colour=ink)
        x = left + 7 + 7 * size
        put(x, y, value, min(size, (end - x) / max(1.0, wide(value, 1.0))), field)


def roll_fresh(facts: Facts, dice: Random) -> Sheet:
    """A thermal or needle-printed roll: coloured paper, words close together, long names over two lines."""
    width = dice.choice((57.0, 76.0, 80.0))
    paper = dice.choice(((255, 255, 255), (252, 244, 214), (250, 226, 226), (232, 240, 250)))
    sheet = Sheet(width, 60, dice.choice(STYLES), paper)
    size, left = (2.5 if width < 60 else dice.uniform(2.8, 3.3)), dice.uniform(2, 5)
    ink: Colour = dice.choice((BROWN, RED, BLACK, BLUE))
    pale: Colour = dice.choice((BLACK, (70, 66, 80), (95, 90, 100)))  # thermal print fades
    y = dice.uniform(8, 14)
    sheet.text(
        width / 2,
        y,
        PROVINCES[facts.province][0] + "增值税普通发票（卷票）",
        size * 1.35,
        "title",
        colour=ink,
        anchor="m",
    )
    sheet.label(width / 2, y + 6, "发 票 联", size * 1.1, colour=ink, anchor="m")
    y += 13
    step = size * dice.uniform(1.45, 1.8)
    ids = dice.choice(("纳税人识别号:", "统一社会信用代码/\n纳税人识别号:"))
    colon = dice.choice((":", "：", ": "))
    rows = [
        ("发票代码", facts.code, "code"),
        ("发票号码", facts.number, "number"),
        ("机打号码", facts.number, None),
        ("机器编号", facts.more["machine"], None),
        ("销售方名称", facts.seller, "seller_name"),
        (ids, facts.seller_id, "seller_tax_id"),
        (
            "开票日期",
            f"{facts.issued:%Y-%m-%d}" if dice.random() < 0.6 else f"{facts.issued:%Y年%m月%d日}",
            "issue_date",
        ),
        ("收款员", facts.people[0], None),
        ("购买方名称", facts.buyer, "buyer_name"),
        (ids, facts.buyer_id, "buyer_tax_id"),
    ]
    for label, value, name in rows:
        for above in label.split("\n")[:-1]:
            sheet.label(left, y, above, size, colour=ink)
            y += step * 0.85
        label = label.split("\n")[-1]
        label = label if label.endswith(":") else label + colon
        sheet.label(left, y, label, size, colour=ink)
        x = left + wide(label, size) + 0.6
        first = value
        while wide(first, size) > width - x - 1.5:
            first = first[:-1]
        sheet.text(x, y, first, size, field=name, colour=pale)
        if first != value:
            y += step * 0.85
            sheet.text(x if dice.random() < 0.5 else left, y, value[len(first) :], size, colour=pale)
        y += step
    sheet.line(left, y - 2, width - left, y - 2, colour=ink)
    for x, word, anchor in (
        (left, "项目", "l"),
        (width * 0.45, "数量", "m"),
        (width * 0.68, "单价", "m"),
        (width - left, "金额", "r"),
    ):
        sheet.label(x, y + 1, word, size, colour=ink, anchor=anchor)
    y += step + 1
    for line in facts.items:
        sheet.text(left, y, line.name.strip("*").replace("*", " ")[:14], size, colour=pale)
        y += step
        sheet.text(width * 0.45, y, line.quantity, size, colour=pale, anchor="m")
        sheet.text(width * 0.68, y, line.price[:7], size, colour=pale, anchor="m")
        sheet.text(width - left, y, money(line.amount), size, colour=pale, anchor="r")
        y += step
    sheet.line(left, y - 2, width - left, y - 2, colour=ink)
    for label, value, name in (
        (
            dice.choice(("合计金额(小写):", "合计金额（小写）：", "金额合计(小写):")),
            f"¥{money(facts.total)}",
            "total",
        ),
        (
            dice.choice(("合计金额(大写):", "合计金额（大写）：", "金额合计(大写):")),
            capitals(facts.total),
            "capital",
        ),
        (
            dice.choice(("校验码:", "校 验 码：")),
            " ".join(facts.check_code[i : i + 5] for i in range(0, 20, 5)),
            "check_code",
        ),
    ):
        sheet.label(left, y, label, size, colour=ink)
        x = left + wide(label, size) + 0.6
        if x + wide(value, size) > width - 1:
            y += step * 0.9
            x = left + 1
        sheet.text(x, y, value, size, field=name, colour=pale)
        y += step
    if dice.random() < 0.8:
        sheet.marks.append(Inlay(width / 2 - 11, y, 22, 22, qr_picture(facts.qr)))
        y += 24
    if dice.random() < 0.7:
        sheet.marks.append(Seal(width - 36, y - dice.uniform(20, 34), 32, 22, facts.seller[:14]))
    sheet.text(width / 2, y + 4, f"{digits(dice, 8)}", 2.2, anchor="m")
    sheet.height = y + 10
    return sheet
