"""Rolls and tickets: VAT roll, rail and air, electronic and on paper."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from fapiao.money import capitals
from fapiao.qr import Crc
from tests.drawing.facts import (
    FEN,
    PEOPLE,
    PROVINCES,
    Facts,
    add_up,
    company,
    day,
    digits,
    item,
    money,
    qr_picture,
    qr_text,
    tax_id,
)
from tests.drawing.sheet import BLACK, BROWN, RED, Inlay, Seal, Sheet

_STATIONS = (
    "北京南",
    "天津西",
    "济南东",
    "上海虹桥",
    "杭州东",
    "南京南",
    "武汉",
    "长沙南",
    "西安北",
    "成都东",
)
_CITIES = ("北京", "上海虹桥", "广州", "成都双流", "西安", "昆明", "厦门", "青岛")


def plain_facts(kind: str, dice: Random, first: date, last: date) -> Facts:
    """A seller and an 8-digit number, to start from."""
    province = dice.choice(list(PROVINCES))
    facts = Facts(kind, day(dice, first, last), digits(dice, 8), province=province)
    facts.seller, facts.seller_id = company(dice, province), tax_id(dice, province)
    facts.people = (dice.choice(PEOPLE), dice.choice(PEOPLE), dice.choice(PEOPLE))
    return facts


def roll_facts(dice: Random) -> Facts:
    """增值税普通发票（卷票）: prices with tax, no tax line."""
    facts = plain_facts("vat_roll", dice, date(2018, 5, 1), date(2024, 10, 31))
    facts.code = f"0{facts.province}00{facts.issued.year % 100:02d}00{dice.randint(1, 9)}0{dice.choice('67')}"
    facts.check_code = digits(dice, 20)
    facts.buyer, facts.buyer_id = company(dice, "11"), tax_id(dice, "11")
    facts.items = [item(dice, "0%", scale=Decimal("0.2")) for _ in range(dice.randint(1, 3))]
    add_up(facts)
    facts.amount = facts.tax = None
    facts.more["machine"] = digits(dice, 12)
    net = (facts.total / Decimal("1.06")).quantize(FEN)
    facts.qr = qr_text("11", facts, net)
    return facts


def roll_sheet(facts: Facts, layout: str, dice: Random) -> Sheet:
    """The roll of 57 or 76 mm."""
    width = 76 if layout in "AC" else 57
    size = 2.9 if width == 76 else 2.5
    sheet = Sheet(width, 150 + 8 * len(facts.items), layout)
    title = PROVINCES[facts.province][0] + "增值税普通发票"
    sheet.text(width / 2, 9, title, 4.2, "title", colour=BROWN, anchor="m")
    sheet.text(width / 2, 15, "（卷票）", 3.6, "title", colour=BROWN, anchor="m")
    sheet.label(width / 2, 20, "发票联", 3.2, anchor="m")
    y = 26.0
    left = 4.0
    check = " ".join(facts.check_code[i : i + 5] for i in range(0, 20, 5))
    rows: list[tuple[str, str, str | None]] = [
        ("发票代码：", facts.code, "code"),
        ("发票号码：", facts.number, "number"),
        ("机打号码：", facts.number, None),
        ("机器编号：", facts.more["machine"], None),
        ("销售方名称：", facts.seller, "seller_name"),
        ("销售方税号：" if layout in "BD" else "纳税人识别号：", facts.seller_id, "seller_tax_id"),
        ("开票日期：", f"{facts.issued:%Y-%m-%d}", "issue_date"),
        ("收款员：", facts.people[0], None),
        ("购买方名称：", facts.buyer, "buyer_name"),
        ("购买方税号：" if layout in "BD" else "纳税人识别号：", facts.buyer_id, "buyer_tax_id"),
    ]
    for label, value, name in rows:
        sheet.label(left, y, label, size)
        x = left + size * len(label) + 0.5
        if len(value) * size > width - x - 2 and name and name.endswith("name"):
            cut = int((width - x - 2) / size)
            sheet.text(x, y, value[:cut], size, field=name)
            y += size * 1.35
            sheet.text(left, y, value[cut:], size)
        else:
            sheet.text(x, y, value, size, field=name)
        y += size * 1.65
    for x, head in ((left, "项目"), (width * 0.42, "数量"), (width * 0.6, "单价"), (width - 4, "金额")):
        sheet.label(x, y, head, size, anchor="r" if head == "金额" else "l")
    y += size * 1.6
    for line in facts.items:
        sheet.text(left, y, line.name.split("*")[-1], size)
        y += size * 1.4
        sheet.text(width * 0.42, y, line.quantity, size)
        sheet.text(width * 0.6, y, line.price[:7], size)
        sheet.text(width - 4, y, money(line.amount), size, anchor="r")
        y += size * 1.6
    y += 2
    sheet.label(left, y, "合计金额（小写）：", size)
    sheet.text(left + size * 9.4, y, f"¥{money(facts.total)}", size, field="total")
    y += size * 1.65
    sheet.label(left, y, "合计金额（大写）：", size)
    y += size * 1.5 if width == 57 else 0
    sheet.text(left + (size * 9.4 if width == 76 else 2), y, capitals(facts.total), size, field="capital")
    y += size * 1.65
    sheet.label(left, y, "校验码：", size)
    sheet.text(left + size * 4.4, y, check, size * 0.95, field="check_code")
    sheet.marks.append(Inlay(width / 2 - 11, y + 3, 22, 22, qr_picture(facts.qr)))
    sheet.marks.append(Seal(width - 34, y - 18, 30, 20, facts.seller[:14]))
    sheet.height = y + 30
    return sheet


def rail_e_facts(dice: Random) -> Facts:
    """电子发票（铁路电子客票）: the fare is the total; no seller, no tax on its face."""
    facts = plain_facts("rail_e", dice, date(2024, 11, 1), date(2026, 11, 20))
    facts.seller = facts.seller_id = ""
    facts.number = f"{facts.issued:%y}{facts.province}9" + digits(dice, 15)
    facts.buyer, facts.buyer_id = company(dice, "11"), tax_id(dice, "11")
    facts.total = Decimal(dice.randint(40, 2000)) / 2
    facts.total = facts.total.quantize(FEN)
    travel = facts.issued - timedelta(days=dice.randint(1, 60))
    facts.more |= {
        "travel": f"{travel:%Y年%m月%d日}",
        "from": dice.choice(_STATIONS),
        "to": dice.choice(_STATIONS),
    }
    facts.more["ticket"] = digits(dice, 10) + "E" + digits(dice, 12)
    facts.qr = qr_text("51", facts, facts.total, variant=Crc.MODBUS).lower()
    return facts


def rail_e_sheet(facts: Facts, layout: str, dice: Random) -> Sheet:
    """The electronic rail ticket: 电子客票号, 票价, 购买方."""
    sheet = Sheet(190, 115, layout)
    sheet.text(95, 13, "电子发票（铁路电子客票）", 6.0, "title", colour=BROWN, anchor="m")
    sheet.line(50, 15.5, 140, 15.5, colour=RED)
    sheet.label(12, 25, "发票号码:" if layout in "AC" else "发票号码：", 3.8)
    sheet.text(31, 25, facts.number, 3.8, field="number")
    sheet.label(122, 25, "开票日期:" if layout in "AC" else "开票日期：", 3.8)
    sheet.text(141, 25, f"{facts.issued:%Y年%m月%d日}", 3.8, field="issue_date")
    sheet.text(32, 40, facts.more["from"] + "站", 6.5, "title", anchor="m")
    sheet.text(95, 38, f"G{facts.number[-3:]}", 5.0, anchor="m")
    sheet.line(78, 40, 112, 40, colour=BLACK)
    sheet.text(158, 40, facts.more["to"] + "站", 6.5, "title", anchor="m")
    sheet.text(14, 52, facts.more["travel"], 4.0)
    sheet.text(60, 52, f"{facts.number[-4:-2]}:3{facts.number[-1]}开", 4.0)
    sheet.text(100, 52, f"0{facts.number[-2]}车1{facts.number[-1]}A号", 4.0)
    sheet.text(148, 52, "二等座", 4.0)
    sheet.label(14, 62, "票价:" if layout in "AC" else "票价：", 4.0)
    sheet.text(27, 62, f"{'￥' if layout != 'B' else '¥'}{money(facts.total)}", 4.4, field="total")
    sheet.text(14, 73, f"{digits(dice, 10)}****{digits(dice, 4)}  {facts.people[0]}", 4.0)
    sheet.label(14, 83, "电子客票号:", 3.6)
    sheet.text(34, 83, facts.more["ticket"], 3.6)
    sheet.label(14, 92, "购买方名称:", 3.6)
    sheet.text(35, 92, facts.buyer, 3.6, field="buyer_name")
    long = len(facts.buyer) > 16
    sheet.label(14 if long else 98, 99 if long else 92, "统一社会信用代码:", 3.6)
    sheet.text(46 if long else 130, 99 if long else 92, facts.buyer_id, 3.6, field="buyer_tax_id")
    sheet.label(95, 109, "买票请到12306  发货请到95306", 3.4, anchor="m", colour=BLACK)
    sheet.marks.append(Inlay(150, 57, 26, 26, qr_picture(facts.qr)))
    sheet.marks.append(Seal(62, 4, 28, 20, "国家税务总局", "铁路监制"))
    return sheet


def air_e_facts(dice: Random) -> Facts:
    """电子发票（航空运输电子客票行程单）: fare, fuel, tax and fund make the total."""
    facts = plain_facts("air_e", dice, date(2024, 12, 1), date(2026, 11, 20))
    facts.number = f"{facts.issued:%y}{facts.province}8" + digits(dice, 15)
    facts.buyer, facts.buyer_id = company(dice, "11"), tax_id(dice, "11")
    facts.seller, facts.seller_id = f"{PROVINCES[facts.province][0]}砚溪航空有限公司", ""
    fare = Decimal(dice.randint(20_000, 250_000)) / 100
    fuel = Decimal(dice.choice((0, 10, 20, 30, 50))) / Decimal("1.09")
    fare, fuel = fare.quantize(FEN), fuel.quantize(FEN)
    facts.tax = (fare * Decimal("0.09")).quantize(FEN) + (fuel * Decimal("0.09")).quantize(FEN)
    facts.amount = fare + fuel
    facts.total = facts.amount + facts.tax + 50
    facts.more |= {"fare": money(fare), "fuel": money(fuel), "ticket": "7" + digits(dice, 12)}
    facts.more["verify"] = digits(dice, 4)
    head = qr_text("61", facts, facts.total).rsplit(",", 2)[0]
    facts.qr = f"{head.rsplit(',', 1)[0]},,{facts.more['verify']}"
    return facts


def air_e_sheet(facts: Facts, layout: str, dice: Random) -> Sheet:
    """The electronic air itinerary."""
    sheet = Sheet(210, 110, layout)
    sheet.text(105, 12, "电子发票（航空运输电子客票行程单）", 5.2, "title", colour=BROWN, anchor="m")
    sheet.label(150, 20, "发票号码：", 3.2)
    sheet.text(166, 20, facts.number, 3.2, field="number")
    sheet.label(12, 20, "开票状态：正常", 3.2)
    sheet.label(70, 20, "国内国际标识：国内", 3.2)
    sheet.label(12, 29, "旅客姓名", 3.2)
    sheet.text(30, 29, facts.people[0], 3.2)
    sheet.label(70, 29, "有效身份证件号码", 3.2)
    sheet.text(100, 29, f"{digits(dice, 6)}****{digits(dice, 4)}", 3.2)
    sheet.label(150, 29, "签注", 3.2)
    for x, head in (
        (40, "承运人"),
        (65, "航班号"),
        (85, "座位等级"),
        (108, "日期"),
        (135, "时间"),
        (160, "客票级别"),
    ):
        sheet.label(x, 38, head, 3.0)
    flight = facts.issued - timedelta(days=dice.randint(1, 30))
    sheet.text(12, 45, f"自：{dice.choice(_CITIES)}", 3.2)
    values = (
        (40, "砚航"),
        (65, f"YX{facts.number[-4:]}"),
        (85, "Y"),
        (108, f"{flight:%Y年%m月%d日}"),
        (135, "08:35"),
    )
    for x, value in values:
        sheet.text(x, 45, value, 3.2)
    sheet.text(12, 52, f"至：{dice.choice(_CITIES)}", 3.2)
    heads = ("票价", "燃油附加费", "增值税税率", "增值税税额", "民航发展基金", "其他税费", "合计")
    amounts = (
        facts.more["fare"],
        facts.more["fuel"],
        "9%",
        money(facts.tax or FEN),
        "50.00",
        "0.00",
        money(facts.total),
    )
    marks = ("", "", "", "tax", "", "", "total")
    for index, (head, amount, name) in enumerate(zip(heads, amounts, marks, strict=True)):
        sheet.label(12 + index * 28, 62, head, 3.0)
        shown = amount if "%" in amount else f"CNY {amount}"
        sheet.text(12 + index * 28, 68, shown, 3.2, field=name or None)
    sheet.label(12, 78, "电子客票号码：", 3.2)
    sheet.text(35, 78, facts.more["ticket"], 3.2)
    sheet.label(85, 78, "验证码：", 3.2)
    sheet.text(98, 78, facts.more["verify"], 3.2)
    sheet.label(12, 86, "购买方名称：", 3.2)
    sheet.text(31, 86, facts.buyer, 3.2, field="buyer_name")
    sheet.label(105, 86, "统一社会信用代码/纳税人识别号：", 3.2)
    sheet.text(158, 86, facts.buyer_id, 3.2, field="buyer_tax_id")
    sheet.label(12, 94, "填开单位：", 3.2)
    sheet.text(28, 94, facts.seller, 3.2, field="seller_name")
    sheet.label(105, 94, "填开日期：", 3.2)
    sheet.text(122, 94, f"{facts.issued:%Y年%m月%d日}", 3.2, field="issue_date")
    sheet.marks.append(Inlay(10, 2, 14, 14, qr_picture(facts.qr)))
    return sheet


def rail_paper_facts(dice: Random) -> Facts:
    """The blue train ticket of paper."""
    facts = plain_facts("rail_paper", dice, date(2019, 1, 1), date(2025, 9, 30))
    facts.seller = facts.seller_id = ""
    letter = dice.choice("ABCDEFGHJKLMNPQRTUVWXYZ")
    facts.number = letter + digits(dice, 6)
    if dice.random() < 0.4:
        facts.number = dice.choice("DZ") + digits(dice, 2) + letter + digits(dice, 6)
    facts.total = (Decimal(dice.randint(40, 2000)) / 2).quantize(FEN)
    facts.more |= {"from": dice.choice(_STATIONS), "to": dice.choice(_STATIONS)}
    facts.qr = digits(dice, 144)
    return facts


def rail_paper_sheet(facts: Facts, layout: str, dice: Random) -> Sheet:
    """Red serial, stations, 限乘当日当次车."""
    sheet = Sheet(87, 54, layout, paper=(214, 232, 240))
    sheet.text(5, 8, facts.number, 3.8, "mono", colour=RED, field="number")
    sheet.text(62, 8, f"检票:1{facts.number[-1]}A", 3.2)
    sheet.text(16, 15, facts.more["from"] + "站", 4.6, "title", anchor="m")
    sheet.text(43, 14, f"G{facts.number[-3:]}", 4.2, anchor="m")
    sheet.text(70, 15, facts.more["to"] + "站", 4.6, "title", anchor="m")
    sheet.text(6, 23, f"{facts.issued:%Y年%m月%d日} 1{facts.number[-1]}:35开", 3.2, field="issue_date")
    sheet.text(56, 23, f"0{facts.number[-2]}车0{facts.number[-1]}A号", 3.2)
    yuan = f"￥{money(facts.total).rstrip('0').rstrip('.') if layout in 'BD' else money(facts.total)}"
    sheet.text(6, 28.5, yuan + "元", 3.4, field="total")
    sheet.text(56, 28.5, "二等座", 3.2)
    sheet.text(6, 33.5, "限乘当日当次车", 3.0)
    sheet.text(6, 39, f"{digits(dice, 10)}****{digits(dice, 4)}{facts.people[0]}", 3.2)
    sheet.text(10, 44.5, "买票请到12306 发货请到95306", 2.6)
    sheet.text(14, 48, "中国铁路祝您旅途愉快", 2.6)
    sheet.text(6, 52, digits(dice, 14) + facts.number, 2.8)
    sheet.marks.append(Inlay(66, 31, 17, 17, qr_picture(facts.qr, error="l")))
    return sheet


FORMS = {
    "vat_roll": (roll_facts, roll_sheet),
    "rail_e": (rail_e_facts, rail_e_sheet),
    "air_e": (air_e_facts, air_e_sheet),
    "rail_paper": (rail_paper_facts, rail_paper_sheet),
}
