"""Local general invoices and public bills: taxi, fixed value, machine-printed, fiscal."""

from datetime import date
from decimal import Decimal
from random import Random

from fapiao.money import capitals
from tests.drawing.facts import FEN, PEOPLE, PROVINCES, Facts, Item, company, digits, item, money, qr_picture
from tests.drawing.sheet import BROWN, RED, Inlay, Seal, Sheet
from tests.drawing.tickets import plain_facts


def _local(kind: str, dice: Random) -> Facts:
    facts = plain_facts(kind, dice, date(2018, 1, 1), date(2026, 6, 30))
    facts.code = (
        f"1{facts.province}00{facts.issued:%y}{dice.randint(1, 8)}{digits(dice, 3)}{dice.randint(1, 9)}"
    )
    return facts


def taxi_facts(dice: Random) -> Facts:
    """出租车发票."""
    facts = _local("taxi", dice)
    facts.seller = facts.seller_id = ""
    facts.total = Decimal(dice.randint(13, 240)) + Decimal(dice.choice(("0", "0.5")))
    facts.total = facts.total.quantize(FEN)
    return facts


def taxi_sheet(facts: Facts, layout: str, dice: Random) -> Sheet:
    """A strip of 44 mm."""
    sheet = Sheet(50, 120, layout)
    sheet.text(25, 9, PROVINCES[facts.province][1] + "出租汽车", 4.0, "title", colour=BROWN, anchor="m")
    sheet.text(
        25, 15, "专用发票" if layout in "AC" else "统一车票发票", 4.0, "title", colour=BROWN, anchor="m"
    )
    sheet.label(25, 21, "发票联", 3.4, anchor="m")
    hour = dice.randint(7, 21)
    rows = (
        ("发票代码", facts.code, "code"),
        ("发票号码", facts.number, "number"),
        ("单位", "010-" + digits(dice, 8), None),
        ("电话", digits(dice, 8), None),
        ("车号", "京B" + digits(dice, 5), None),
        ("证号", digits(dice, 6), None),
        ("日期", f"{facts.issued:%Y-%m-%d}", "issue_date"),
        ("上车", f"{hour:02d}:12", None),
        ("下车", f"{hour:02d}:47", None),
        ("单价", "2.30元", None),
        ("里程", f"{dice.randint(20, 400) / 10}km", None),
        ("等候", "00:03:12", None),
        ("金额", f"{money(facts.total)}元" if layout in "AC" else f"￥{money(facts.total)}", "total"),
    )
    for index, (label, value, name) in enumerate(rows):
        y = 28 + index * 6.4
        sheet.label(4, y, label + ("：" if layout != "B" else ""), 3.2)
        sheet.text(20, y, value, 3.3, "mono", field=name)
    return sheet


def fixed_facts(dice: Random) -> Facts:
    """通用定额发票: a printed face value, no date."""
    facts = _local("fixed", dice)
    facts.more["undated"] = "yes"
    facts.seller = facts.seller_id = ""
    facts.total = Decimal(dice.choice((5, 10, 20, 50, 100))).quantize(FEN)
    return facts


def fixed_sheet(facts: Facts, layout: str, dice: Random) -> Sheet:
    """The face value in capitals and figures."""
    sheet = Sheet(90, 60, layout, paper=(240, 246, 236))
    sheet.text(45, 10, PROVINCES[facts.province][1] + "通用定额发票", 5.0, "title", colour=BROWN, anchor="m")
    sheet.label(45, 17, "发票联", 3.8, anchor="m")
    sheet.label(8, 26, "发票代码", 3.4)
    sheet.text(26, 26, facts.code, 3.8, "mono", field="code")
    sheet.label(8, 33, "发票号码", 3.4)
    sheet.text(26, 33, facts.number, 3.8, "mono", colour=RED, field="number")
    words = capitals(facts.total)
    sheet.text(45, 44, words, 6.4, "title", anchor="m", field="capital")
    sheet.text(72, 52, f"¥{money(facts.total)}", 3.6, field="total")
    sheet.label(8, 55, "收款单位（盖章有效）", 3.0)
    sheet.marks.append(Seal(50, 20, 32, 22, PROVINCES[facts.province][1] + "砚溪停车场"))
    return sheet


def machine_facts(dice: Random) -> Facts:
    """通用机打发票."""
    facts = _local("machine", dice)
    facts.buyer = company(dice, "11")
    line = item(dice, "0%")
    facts.items = [line, Item("*餐饮服务*服务费", "", "次", "1", "8.00", Decimal("8.00"), "0%", Decimal(0))]
    facts.total = line.amount + 8
    return facts


def machine_sheet(facts: Facts, layout: str, dice: Random) -> Sheet:
    """The flat form of a local bureau."""
    sheet = Sheet(190, 100, layout)
    sheet.text(
        95, 12, PROVINCES[facts.province][0] + "省通用机打发票", 6.0, "title", colour=BROWN, anchor="m"
    )
    sheet.label(95, 20, "发 票 联", 4.0, anchor="m")
    sheet.label(130, 18, "发票代码", 3.4)
    sheet.text(148, 18, facts.code, 3.8, "mono", field="code")
    sheet.label(130, 25, "发票号码", 3.4)
    sheet.text(148, 25, facts.number, 3.8, "mono", field="number")
    sheet.label(12, 26, "开票日期：", 3.4)
    sheet.text(30, 26, f"{facts.issued:%Y-%m-%d}", 3.4, field="issue_date")
    sheet.label(12, 35, "付款方名称：" if layout in "AC" else "付款单位：", 3.4)
    sheet.text(34, 35, facts.buyer, 3.4, field="buyer_name")
    for x, head in ((14, "项目"), (90, "数量"), (120, "单价"), (160, "金额")):
        sheet.label(x, 44, head, 3.2)
    for index, line in enumerate(facts.items):
        for x, value in (
            (14, line.name),
            (90, line.quantity),
            (120, line.price[:9]),
            (160, money(line.amount)),
        ):
            sheet.text(x, 52 + index * 7, value, 3.2)
    sheet.label(12, 72, "合计（大写）：" if layout in "AC" else "金额合计（大写）：", 3.4)
    sheet.text(48, 72, capitals(facts.total), 3.6, field="capital")
    sheet.label(130, 72, "（小写）", 3.4)
    sheet.text(146, 72, f"¥{money(facts.total)}", 3.6, field="total")
    sheet.label(12, 82, "收款方名称：" if layout in "AC" else "收款单位：", 3.4)
    sheet.text(34, 82, facts.seller, 3.4, field="seller_name")
    sheet.label(12, 89, "收款方识别号：" if layout in "AC" else "纳税人识别号：", 3.4)
    sheet.text(38, 89, facts.seller_id, 3.4, field="seller_tax_id")
    sheet.label(130, 89, "开票人：", 3.4)
    sheet.text(146, 89, facts.people[0], 3.4)
    sheet.marks.append(Seal(96, 74, 34, 22, facts.seller[:14]))
    return sheet


def fiscal_facts(dice: Random) -> Facts:
    """财政票据: 8-digit code, 10-digit number."""
    facts = plain_facts("fiscal", dice, date(2020, 1, 1), date(2026, 10, 31))
    facts.code, facts.number = f"{facts.province}0{digits(dice, 5)}", digits(dice, 10)
    facts.check_code = "".join(dice.choice("0123456789abcdef") for _ in range(6))
    facts.seller = PROVINCES[facts.province][1] + dice.choice(("砚溪医院", "墨桥公证处", "岑望大学"))
    facts.seller_id = ""
    facts.buyer = dice.choice(PEOPLE)
    facts.total = (Decimal(dice.randint(500, 900_000)) / 100).quantize(FEN)
    facts.qr = f"CZ-EI01,01,{facts.code},{facts.number},{facts.check_code}"
    facts.qr += f",{facts.issued:%Y%m%d},{money(facts.total)}"
    return facts


def fiscal_sheet(facts: Facts, layout: str, dice: Random) -> Sheet:
    """The electronic bill of a public body."""
    sheet = Sheet(200, 120, layout)
    place = PROVINCES[facts.province][0]
    sheet.text(100, 14, f"{place}非税收入统一票据（电子）", 5.6, "title", colour=BROWN, anchor="m")
    rows = (
        (12, 26, "票据代码：", facts.code, "code"),
        (130, 26, "票据号码：", facts.number, "number"),
        (12, 34, "交款人统一社会信用代码：", "", None),
        (130, 34, "校验码：", facts.check_code, "check_code"),
        (12, 42, "交款人：", facts.buyer, None),
        (130, 42, "开票日期：", f"{facts.issued:%Y-%m-%d}", "issue_date"),
    )
    for x, y, label, value, name in rows:
        sheet.label(x, y, label, 3.4)
        sheet.text(x + 3.5 * len(label), y, value, 3.4, field=name)
    for x, head in ((14, "项目编码"), (50, "项目名称"), (110, "单位"), (130, "数量"), (160, "金额（元）")):
        sheet.label(x, 53, head, 3.2)
    for x, value in (
        (14, "103" + digits(dice, 6)),
        (50, "服务费"),
        (110, "元"),
        (130, "1"),
        (160, money(facts.total)),
    ):
        sheet.text(x, 62, value, 3.2)
    sheet.label(12, 88, "金额合计（大写）", 3.4)
    sheet.text(44, 88, capitals(facts.total), 3.6, field="capital")
    sheet.label(130, 88, "（小写）", 3.4)
    sheet.text(146, 88, money(facts.total), 3.6, field="total")
    sheet.label(12, 108, "收款单位（章）：", 3.4)
    sheet.text(40, 108, facts.seller, 3.4)
    sheet.marks.append(Inlay(10, 3, 18, 18, qr_picture(facts.qr)))
    sheet.marks.append(Seal(86, 2, 28, 20, "财政部监制", "财政票据监制章"))
    return sheet


FORMS = {
    "taxi": (taxi_facts, taxi_sheet),
    "fixed": (fixed_facts, fixed_sheet),
    "machine": (machine_facts, machine_sheet),
    "fiscal": (fiscal_facts, fiscal_sheet),
}
