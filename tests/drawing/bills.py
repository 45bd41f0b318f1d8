"""Layout F of machine-printed invoices, public bills and cars."""

from random import Random

from fapiao.money import capitals
from tests.drawing.facts import PEOPLE, PROVINCES, Facts, digits, money, qr_picture
from tests.drawing.fresh import STYLES, wide
from tests.drawing.sheet import BLUE, BROWN, RED, Colour, Inlay, Seal, Sheet
from tests.drawing.slips import labelled


def machine_fresh(facts: Facts, dice: Random) -> Sheet:
    """A local bureau's flat form, or a roll where the paper is narrow."""
    sheet = Sheet(
        dice.choice((76.0, 190.0)), 118, dice.choice(STYLES), dice.choice(((255, 255, 255), (250, 244, 226)))
    )
    narrow = sheet.width < 100
    size = 2.7 if narrow else 3.4
    ink: Colour = dice.choice((BROWN, RED, BLUE))
    far = 4 if narrow else sheet.width / 2 + 20
    place = PROVINCES[facts.province][0]
    sheet.text(sheet.width / 2, 9, f"{place}通用机打发票", 4.4, "title", colour=ink, anchor="m")
    sheet.label(sheet.width / 2, 15, "发票联", 3.2, colour=ink, anchor="m")
    rows: list[tuple[str, str, str | None, float]] = [
        ("发票代码", facts.code, "code", far),
        ("发票号码", facts.number, "number", far),
        ("开票日期:", f"{facts.issued:%Y-%m-%d}", "issue_date", 4),
        ("行业分类:", "服务业", None, 4),
        ("付款方名称:", facts.buyer, "buyer_name", 4),
    ]
    y = 22.0
    for label, value, name, x in rows:
        labelled(
            sheet,
            x,
            y,
            label,
            value,
            min(size, (sheet.width - x - 3) / wide(label + value + "一", 1.0)),
            name,
            colour=ink,
        )
        y += size * 1.8
    for head, x in (("项目", 4), ("数量", sheet.width * 0.5), ("金额", sheet.width - 20)):
        sheet.label(x, y, head, size, colour=ink)
    y += size * 1.7
    for line in facts.items:
        sheet.text(4, y, line.name.strip("*").replace("*", " ")[:11], size)
        sheet.text(sheet.width * 0.5, y, line.quantity, size)
        sheet.text(sheet.width - 5, y, money(line.amount), size, anchor="r")
        y += size * 1.7
    tail: list[tuple[str, str, str | None]] = [
        (
            dice.choice(("合计金额(小写):", "合计(小写):", "金额合计(小写):")),
            f"￥{money(facts.total)}",
            "total",
        ),
        (
            dice.choice(("合计金额(大写):", "合计(大写):", "金额合计(大写):")),
            capitals(facts.total),
            "capital",
        ),
        ("收款方名称:", facts.seller, "seller_name"),
        ("收款方识别号:", facts.seller_id, "seller_tax_id"),
        ("开票人:", facts.people[0], None),
    ]
    for label, value, name in tail:
        labelled(
            sheet,
            4,
            y + 2,
            label,
            value,
            min(size, (sheet.width - 7) / wide(label + value + "一", 1.0)),
            name,
            colour=ink,
        )
        y += size * 1.8
    sheet.height = y + 22
    sheet.marks.append(Seal(sheet.width - 40, y - 8, 34, 22, facts.seller[:14]))
    return sheet


def fiscal_fresh(facts: Facts, dice: Random) -> Sheet:
    """A hospital's or a school's electronic bill."""
    sheet = Sheet(dice.uniform(195, 215), 130, dice.choice(STYLES))
    size, far = dice.uniform(3.0, 3.5), sheet.width - 78
    place = PROVINCES[facts.province][0]
    medical = "医院" in facts.seller
    title = f"{place}医疗门诊收费票据（电子）" if medical else f"{place}非税收入一般缴款书（电子）"
    title = title if medical or dice.random() < 0.2 else f"{place}非税收入统一票据（电子）"
    sheet.text(sheet.width / 2, 13, title, 5.4, "title", colour=RED, anchor="m")
    colon = dice.choice((":", "："))
    for x, y, label, value, name in (
        (30, 24, "票据代码", facts.code, "code"),
        (far, 24, "票据号码", facts.number, "number"),
        (30, 30, "交款人统一社会信用代码", "", None),
        (far, 30, "校验码", facts.check_code, "check_code"),
        (30, 36, "交款人", facts.buyer, "buyer_name"),
        (far, 36, "开票日期", f"{facts.issued:%Y-%m-%d}", "issue_date"),
    ):
        labelled(sheet, x, y, label + colon, value, size, name)
    heads = ("项目名称", "数量/单位", "金额(元)", "备注") * (2 if medical else 1)
    step = (sheet.width - 24) / len(heads)
    for index, head in enumerate(heads):
        sheet.label(12 + index * step, 47, head, size - 0.3)
    part = (facts.total / 2).quantize(facts.total)
    for line, (item, price) in enumerate(
        (("诊察费" if medical else "考试费", part), ("西药费" if medical else "资料费", facts.total - part))
    ):
        sheet.text(12, 54 + line * 6, item, size)
        sheet.text(12 + step, 54 + line * 6, "1/次", size)
        sheet.text(12 + 2 * step, 54 + line * 6, money(price), size)
    labelled(sheet, 12, 84, "金额合计（大写）" + colon, capitals(facts.total), size, "capital")
    labelled(sheet, far, 84, "（小写）" + colon, money(facts.total), size, "total")
    if medical:
        sheet.text(
            12,
            94,
            f"业务流水号:{digits(dice, 12)}  门诊号:{digits(dice, 8)}  就诊日期:{facts.issued:%Y%m%d}",
            size - 0.4,
        )
        sheet.text(
            12,
            100,
            f"医保统筹基金支付:{money(part)}  个人账户支付:0.00  个人现金支付:{money(facts.total - part)}",
            size - 0.4,
        )
    labelled(sheet, 12, 116, "收款单位（章）" + colon, facts.seller, size, "seller_name")
    labelled(sheet, far, 116, "复核人" + colon, dice.choice(PEOPLE), size, None)
    for y in (41, 49, 79, 88, 108):
        sheet.line(8, y, sheet.width - 8, y, colour=RED)
    sheet.marks.append(Inlay(8, 5, 18, 18, qr_picture(facts.qr)))
    sheet.marks.append(Seal(sheet.width / 2 - 14, 3, 28, 18, "财政部监制", "财政票据监制章"))
    return sheet


def car_fresh(facts: Facts, dice: Random) -> Sheet:
    """A car's form with rules between its cells."""
    used, digital = facts.kind.endswith("used_car"), facts.kind.startswith("digital")
    sheet = Sheet(dice.uniform(200, 225), 150, dice.choice(STYLES))
    ink: Colour = dice.choice((BROWN, BLUE, (30, 90, 60)))
    size, half = dice.uniform(3.0, 3.4), sheet.width / 2 + dice.uniform(-4, 6)
    title = ("二手车" if used else "机动车") + "销售统一发票"
    sheet.text(
        sheet.width / 2,
        14,
        f"电子发票（{title}）" if digital else title,
        6.2,
        "title",
        colour=ink,
        anchor="m",
    )
    if facts.qr:
        sheet.marks.append(Inlay(8, 5, 19, 19, qr_picture(facts.qr)))
    if not digital:
        labelled(sheet, sheet.width - 66, 17, "发票代码", facts.code, 3.6, "code", colour=ink)
    labelled(
        sheet,
        sheet.width - (70 if digital else 66),
        23,
        "发票号码" + (":" if digital else ""),
        facts.number,
        3.6 if not digital else 3.2,
        "number",
        colour=ink,
    )
    written = f"{facts.issued:%Y年%m月%d日}" if digital else f"{facts.issued:%Y-%m-%d}"
    labelled(
        sheet, 30, 27, "开票日期" + dice.choice(("", ":", "：")), written, size, "issue_date", colour=ink
    )
    tail = dice.choice(("", ":", "："))
    total = (("价税合计" if not used else "车价合计") + "（大写）", "⊗" + capitals(facts.total), "capital")
    small = ("（小写）" if dice.random() < 0.6 else "小写", f"￥{money(facts.total)}", "total")
    rows: list[list[tuple[str, str, str | None]]]
    if used:
        rows = [
            [
                ("买方单位/个人", facts.buyer, "buyer_name"),
                ("单位代码/身份证号码", facts.buyer_id, "buyer_tax_id"),
            ],
            [
                ("买方单位/个人住址", "北京市墨桥区砚溪路8号", None),
                ("电话", "010-5550" + facts.number[-4:], None),
            ],
            [
                ("卖方单位/个人", facts.seller, "seller_name"),
                ("单位代码/身份证号码", facts.seller_id, "seller_tax_id"),
            ],
            [("车牌照号", "京N" + facts.number[-5:], None), ("登记证号", digits(dice, 12), None)],
            [("车架号/车辆识别代码", facts.more["vin"], None), ("转入地车辆管理所名称", "北京市", None)],
            [total, small],
        ]
    else:
        rows = [
            [("购买方名称", facts.buyer, "buyer_name"), ("纳税人识别号", facts.buyer_id, "buyer_tax_id")],
            [("车辆类型", "多用途乘用车", None), ("厂牌型号", "砚舟牌YZ7150", None)],
            [("合格证号", "WDH" + facts.number[-8:], None), ("发动机号码", facts.more["engine"], None)],
            [("车辆识别代号/车架号码", facts.more["vin"], None), ("商检单号", "", None)],
            [total, small],
            [("销货单位名称", facts.seller, "seller_name"), ("电话", "010-5550" + facts.number[-4:], None)],
            [("纳税人识别号", facts.seller_id, "seller_tax_id"), ("账号", "6200" + facts.number[-8:], None)],
            [
                ("增值税税率或征收率", "13%", None),
                ("增值税税额", f"￥{money(facts.tax or facts.total)}", "tax"),
            ],
            [
                ("不含税价（小写）", f"￥{money(facts.amount or facts.total)}", "amount"),
                ("限乘人数", "5", None),
            ],
        ]
    y = 38.0
    for row in rows:
        for x, end, (label, value, name) in ((10, half, row[0]), (half + 2, sheet.width - 8, row[1])):
            fit = min(size, (end - x - 1) / wide(label + tail + value + "一", 1.0))
            labelled(sheet, x, y, label + tail, value, fit, name, colour=ink)
        sheet.line(8, y + 3, sheet.width - 8, y + 3, colour=ink)
        y += 8.6
    sheet.box(8, 32, sheet.width - 8, y - 5.6, colour=ink)
    sheet.line(half, 32, half, y - 5.6, colour=ink)
    labelled(sheet, 10, y + 2, "开票人:", facts.people[0], size, None, colour=ink)
    sheet.height = y + 14
    sheet.marks.append(Seal(sheet.width - dice.uniform(50, 80), y - 22, 40, 28, facts.seller[:14]))
    return sheet
