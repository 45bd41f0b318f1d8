"""Invoices for vehicles: new and used, on paper and digital."""

from datetime import date
from decimal import Decimal
from random import Random

from fapiao.money import capitals
from tests.drawing.facts import (
    FEN,
    PEOPLE,
    PROVINCES,
    Facts,
    company,
    day,
    digits,
    money,
    qr_picture,
    qr_text,
    tax_id,
)
from tests.drawing.sheet import BROWN, Inlay, Seal, Sheet

_VIN = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"


def car_facts(kind: str, dice: Random) -> Facts:
    """A car: total, and for a new one its tax and price without tax."""
    province = dice.choice(list(PROVINCES))
    digital = kind.startswith("digital")
    issued = day(dice, date(2023 if digital else 2018, 1, 1), date(2026 if digital else 2024, 10, 31))
    number = f"{issued:%y}{province}2" + digits(dice, 15) if digital else digits(dice, 8)
    facts = Facts(kind, issued, number, province=province)
    used = kind.endswith("used_car")
    if not digital:
        facts.code = f"1{province}00{issued.year % 100:02d}{'2017' if used else '2056'}{dice.randint(1, 9)}"
    facts.seller, facts.seller_id = company(dice, province), tax_id(dice, province)
    facts.buyer, facts.buyer_id = company(dice, "11"), tax_id(dice, "11")
    facts.total = (Decimal(dice.randint(30_000, 400_000)) + Decimal(dice.choice((0, 800)))).quantize(FEN)
    if not used:
        facts.amount = (facts.total / Decimal("1.13")).quantize(FEN)
        facts.tax = facts.total - facts.amount
    facts.people = (dice.choice(PEOPLE), dice.choice(PEOPLE), dice.choice(PEOPLE))
    facts.more["vin"] = "L" + "".join(dice.choice(_VIN) for _ in range(16))
    facts.more["engine"] = digits(dice, 7)
    if digital:
        facts.qr = qr_text("34" if used else "33", facts, facts.total)
    elif not used:
        facts.qr = qr_text("03", facts, facts.amount or FEN)
    return facts


def car_sheet(facts: Facts, layout: str, dice: Random) -> Sheet:
    """Rows of label and value in boxes."""
    used = facts.kind.endswith("used_car")
    digital = facts.kind.startswith("digital")
    sheet = Sheet(210, 150, layout)
    title = ("二手车" if used else "机动车") + "销售统一发票"
    title = f"电子发票（{title}）" if digital else title
    sheet.text(105, 16, title, 6.4, "title", colour=BROWN, anchor="m")
    if facts.qr:
        sheet.marks.append(Inlay(10, 6, 20, 20, qr_picture(facts.qr)))
    if digital:
        sheet.label(148, 15, "发票号码：", 3.2)
        sheet.text(165, 15, facts.number, 3.2, field="number")
    else:
        sheet.label(148, 15, "发票代码", 3.4)
        sheet.text(166, 15, facts.code, 4.0, "mono", field="code")
        sheet.label(148, 22, "发票号码", 3.4)
        sheet.text(166, 22, facts.number, 4.0, "mono", field="number")
    sheet.label(12, 32, "开票日期", 3.4)
    sheet.text(
        30,
        32,
        f"{facts.issued:%Y-%m-%d}" if not digital else f"{facts.issued:%Y年%m月%d日}",
        3.4,
        field="issue_date",
    )
    rows = _used(facts) if used else _new(facts)
    y = 42.0
    for row in rows:
        for x, label, value, name in row:
            sheet.label(x, y, label, 3.2)
            sheet.text(x + 3.3 * len(label) + 1, y, value, 3.4, field=name)
        sheet.line(8, y + 3, 202, y + 3)
        y += 9
    sheet.box(8, 36, 202, y - 6)
    sheet.label(12, y + 2, "开票人", 3.2)
    sheet.text(25, y + 2, facts.people[0], 3.2)
    sheet.marks.append(Seal(140, y - 18, 40, 28, facts.seller[:14]))
    return sheet


Cell = tuple[float, str, str, str | None]


def _new(facts: Facts) -> list[list[Cell]]:
    return [
        [
            (12, "购买方名称", facts.buyer, "buyer_name"),
            (110, "纳税人识别号", facts.buyer_id, "buyer_tax_id"),
        ],
        [
            (12, "车辆类型", "小型轿车", None),
            (70, "厂牌型号", "砚舟牌YZ7150", None),
            (140, "产地", "中国", None),
        ],
        [(12, "合格证号", "WDH" + facts.number[-8:], None), (110, "发动机号码", facts.more["engine"], None)],
        [(12, "车辆识别代号/车架号码", facts.more["vin"], None)],
        [
            (12, "价税合计", "⊗" + capitals(facts.total), "capital"),
            (130, "小写", f"¥{money(facts.total)}", "total"),
        ],
        [
            (12, "销货单位名称", facts.seller, "seller_name"),
            (120, "电话", "010-5550" + facts.number[-4:], None),
        ],
        [
            (12, "纳税人识别号", facts.seller_id, "seller_tax_id"),
            (110, "账号", "6200" + facts.number[-8:], None),
        ],
        [(12, "增值税税率或征收率", "13%", None), (110, "增值税税额", f"¥{money(facts.tax or FEN)}", "tax")],
        [(12, "不含税价", f"¥{money(facts.amount or FEN)}", "amount"), (110, "限乘人数", "5", None)],
    ]


def _used(facts: Facts) -> list[list[Cell]]:
    return [
        [
            (12, "买方单位/个人", facts.buyer, "buyer_name"),
            (110, "单位代码/身份证号码", facts.buyer_id, "buyer_tax_id"),
        ],
        [
            (12, "卖方单位/个人", facts.seller, "seller_name"),
            (110, "单位代码/身份证号码", facts.seller_id, "seller_tax_id"),
        ],
        [(12, "车牌照号", "京N" + facts.number[-5:], None), (110, "车辆类型", "小型轿车", None)],
        [(12, "车架号/车辆识别代码", facts.more["vin"], None)],
        [
            (12, "车价合计（大写）", capitals(facts.total), "capital"),
            (130, "小写", f"¥{money(facts.total)}", "total"),
        ],
    ]
