"""Layout F of tickets and coupons: as `fresh`, every place and word thrown with dice."""

from datetime import timedelta
from random import Random

from fapiao.money import capitals
from tests.drawing.facts import PEOPLE, PROVINCES, Facts, digits, money, qr_picture
from tests.drawing.fresh import STYLES, wide
from tests.drawing.sheet import BLACK, BLUE, BROWN, RED, Colour, Inlay, Seal, Sheet


def labelled(
    sheet: Sheet, x: float, y: float, label: str, value: str, size: float, name: str | None, **more: object
) -> float:
    """A label and its value behind it; returns where the value ends."""
    sheet.label(x, y, label, size, **more)
    start = x + wide(label, size) + 0.8
    sheet.text(start, y, value, size, field=name)
    return start + wide(value, size)


def rail_paper_fresh(facts: Facts, dice: Random) -> Sheet:
    """The red or the blue ticket, with pinyin under its stations."""
    blue = len(facts.number) > 7 or dice.random() < 0.6
    sheet = Sheet(86, 54, dice.choice(STYLES), (206, 226, 238) if blue else (250, 222, 222))
    sheet.text(dice.uniform(4, 8), 7, facts.number, 4.0, "mono", colour=RED, field="number")
    sheet.text(80, 7, dice.choice(("检票:6A", "检票口B12", "候车: 2楼")), 3.2, anchor="r")
    y = dice.uniform(14, 16)
    for x, name in ((18, "from"), (66, "to")):
        sheet.text(x, y, facts.more[name], 5.0, "title", anchor="m")
        sheet.text(x + 3 + 2.5 * len(facts.more[name]), y, "站", 3.0)
        sheet.text(x, y + 3.6, dice.choice(("Yanxi", "Moqiaodong", "Cenwangnan")), 2.4, anchor="m")
    sheet.text(43, y, f"{dice.choice('GDCKT')}{facts.number[-3:]}", 4.6, anchor="m")
    sheet.line(34, y + 1, 52, y + 1, colour=BLACK)
    low = y + 9
    sheet.text(
        5,
        low,
        f"{facts.issued:%Y年%m月%d日}{dice.randint(6, 22):02d}:{dice.randint(10, 59)}开",
        3.3,
        field="issue_date",
    )
    sheet.text(57, low, f"{dice.randint(1, 16):02d}车{dice.randint(1, 20):02d}{dice.choice('ABCDF')}号", 3.3)
    price = money(facts.total)
    price = price[:-1] if dice.random() < 0.6 else price
    sheet.text(5, low + 5.4, f"￥{price}元", 3.4, field="total")
    sheet.text(32, low + 5.4, dice.choice(("", "网", "网折", "卡")), 3.2)
    sheet.text(57, low + 5.4, dice.choice(("二等座", "一等座", "新空调硬座")), 3.3)
    sheet.text(5, low + 10, dice.choice(("限乘当日当次车", "始发改签", "仅供报销使用")), 3.0)
    sheet.text(5, low + 15.5, f"{digits(dice, 10)}****{digits(dice, 3)}X {dice.choice(PEOPLE)}", 3.1)
    sheet.text(8, low + 20, dice.choice(("报销凭证 遗失不补", "买票请到12306 发货请到95306")), 2.6)
    sheet.text(8, low + 23.4, dice.choice(("退票改签时须交回车站", "中国铁路祝您旅途愉快")), 2.6)
    sheet.text(5, 52.6, f"{digits(dice, 14)}{facts.number} {facts.more['from']}售", 2.6)
    sheet.marks.append(Inlay(66, low + 7, 16, 16, qr_picture(facts.qr, error="l")))
    return sheet


def rail_e_fresh(facts: Facts, dice: Random) -> Sheet:
    """The electronic ticket as a page of its own."""
    sheet = Sheet(dice.uniform(180, 212), 120, dice.choice(STYLES))
    middle, size = sheet.width / 2, dice.uniform(3.5, 4.2)
    sheet.text(
        middle,
        14,
        "电子发票（铁路电子客票）",
        dice.uniform(5.6, 6.6),
        "title",
        colour=dice.choice((BROWN, RED)),
        anchor="m",
    )
    labelled(sheet, 10, 24, "发票号码:", facts.number, size, "number")
    labelled(sheet, sheet.width - 72, 24, "开票日期:", f"{facts.issued:%Y年%m月%d日}", size, "issue_date")
    sheet.text(middle - 55, 38, facts.more["from"], 6, "title", anchor="m")
    sheet.text(middle, 36, f"G{facts.number[-4:]}", 5, anchor="m")
    sheet.text(middle + 55, 38, facts.more["to"], 6, "title", anchor="m")
    sheet.text(middle - 55, 42, "Yanxi", 2.8, anchor="m")
    sheet.text(middle + 55, 42, "Moqiao", 2.8, anchor="m")
    sheet.text(12, 51, f"{facts.more['travel']}  {dice.randint(6, 22):02d}:05开", size)
    sheet.text(100, 51, "08车12F号", size)
    sheet.text(130, 51, dice.choice(("二等座", "商务座")), size)
    end = labelled(sheet, 12, 60, dice.choice(("票价:", "票价：")), f"￥{money(facts.total)}", size, "total")
    sheet.text(end + 10, 60, dice.choice(("", "学生票", "改签费:￥0.00")), size)
    sheet.text(12, 69, f"{digits(dice, 10)}****{digits(dice, 4)}   {facts.people[0]}", size)
    labelled(sheet, 12, 79, "电子客票号:", facts.more["ticket"], size, None)
    labelled(sheet, 12, 90, "购买方名称:", facts.buyer, size, "buyer_name")
    labelled(sheet, 12, 98, "统一社会信用代码:", facts.buyer_id, size, "buyer_tax_id")
    sheet.marks.append(Inlay(sheet.width - 42, 58, 28, 28, qr_picture(facts.qr)))
    sheet.marks.append(Seal(middle + 18, 3, 28, 20, "国家税务总局", "国铁集团监制"))
    return sheet


def air_fresh(facts: Facts, dice: Random) -> Sheet:
    """The electronic itinerary, ruled, with its amounts in boxes."""
    sheet = Sheet(dice.uniform(205, 225), 108, dice.choice(STYLES))
    size, right = dice.uniform(2.9, 3.3), sheet.width - 8
    sheet.text(
        sheet.width / 2, 11, "电子发票（航空运输电子客票行程单）", 5.0, "title", colour=RED, anchor="m"
    )
    labelled(sheet, right - 60, 20, "发票号码:", facts.number, size, "number")
    labelled(sheet, 10, 20, "开票状态:", "正常", size, None)
    labelled(sheet, 60, 20, "国内国际标识:", "国内", size, None)
    for x, head, value in (
        (10, "旅客姓名", facts.people[0]),
        (60, "有效身份证件号码", f"{digits(dice, 4)}****{digits(dice, 4)}"),
        (130, "签注", "不得签转"),
    ):
        sheet.label(x, 27, head, size)
        sheet.text(x, 32, value, size)
    flight = facts.issued - timedelta(days=dice.randint(1, 30))
    columns = (
        ("", "自: 砚溪"),
        ("承运人", "砚航"),
        ("航班号", f"YX{facts.number[-4:]}"),
        ("座位等级", "Y"),
        ("日期", f"{flight:%Y年%m月%d日}"),
        ("时间", "21:05"),
        ("客票级别/客票类别", "YB"),
        ("免费行李", "20K"),
    )
    for index, (head, value) in enumerate(columns):
        sheet.label(10 + index * 25, 39, head, size - 0.3)
        sheet.text(10 + index * 25, 45, value, size)
    sheet.text(10, 51, "至: 墨桥", size)
    heads = ("票价", "燃油附加费", "增值税税率", "增值税税额", "民航发展基金", "其他税费", "合计")
    amounts = (
        facts.more["fare"],
        facts.more["fuel"],
        "9%",
        money(facts.tax or facts.total),
        "50.00",
        "0.00",
        money(facts.total),
    )
    unit = dice.choice(("CNY ", "CNY", "￥"))
    for index, (head, amount, name) in enumerate(
        zip(heads, amounts, ("", "", "", "tax", "", "", "total"), strict=True)
    ):
        sheet.label(10 + index * 28, 60, head, size)
        sheet.text(10 + index * 28, 66, amount if "%" in amount else unit + amount, size, field=name or None)
    labelled(sheet, 10, 76, "电子客票号码:", facts.more["ticket"], size, None)
    labelled(sheet, 80, 76, "验证码:", facts.more["verify"], size, None)
    labelled(sheet, 120, 76, "保险费:", "XXX", size, None)
    labelled(sheet, 10, 84, "购买方名称:", facts.buyer, size, "buyer_name")
    labelled(sheet, 110, 84, "统一社会信用代码/纳税人识别号:", facts.buyer_id, size, "buyer_tax_id")
    labelled(sheet, 10, 93, "填开单位:", facts.seller, size, "seller_name")
    labelled(sheet, 110, 93, "填开日期:", f"{facts.issued:%Y年%m月%d日}", size, "issue_date")
    for y in (22.5, 34, 54, 69, 79, 88):
        sheet.line(8, y, right, y, colour=RED)
    sheet.marks.append(Inlay(9, 2, 14, 14, qr_picture(facts.qr)))
    return sheet


def taxi_fresh(facts: Facts, dice: Random) -> Sheet:
    """A strip from a taxi's printer: preprinted head, needle print below."""
    sheet = Sheet(
        dice.choice((45.0, 57.0)),
        125,
        dice.choice(STYLES),
        dice.choice(((255, 255, 255), (250, 240, 214), (238, 246, 238))),
    )
    ink: Colour = dice.choice((BROWN, RED, BLUE))
    middle = sheet.width / 2
    place = PROVINCES[facts.province][1]
    sheet.text(
        middle,
        9,
        dice.choice((f"{place}出租汽车统一发票", f"{place}客运出租汽车发票")),
        3.2,
        "title",
        colour=ink,
        anchor="m",
    )
    sheet.label(middle, 14, "发票联 INVOICE", 2.8, colour=ink, anchor="m")
    sheet.label(4, 20, "发票代码", 2.9, colour=ink)
    sheet.text(18, 20, facts.code, 3.4, "mono", field="code")
    sheet.label(4, 26, "发票号码", 2.9, colour=ink)
    sheet.text(18, 26, facts.number, 3.4, "mono", colour=RED, field="number")
    written = dice.choice(
        (f"{facts.issued:%Y-%m-%d}", f"{facts.issued:%Y年%m月%d日}", f"{facts.issued:%Y/%m/%d}")
    )
    fee = dice.choice((f"{money(facts.total)}元", f"￥{money(facts.total)}", f"{money(facts.total)[:-1]}元"))
    rows = [
        ("车号", f"{dice.choice('京沪粤')}B{digits(dice, 5)}", None),
        ("证号", digits(dice, 6), None),
        ("日期", written, "issue_date"),
        ("时间", f"{dice.randint(6, 12):02d}:15-{dice.randint(13, 22)}:47", None),
        ("单价", f"{dice.choice(('2.30', '2.50', '3.10'))}元/km", None),
        ("里程", f"{dice.randint(20, 400) / 10}km", None),
        ("等候", "00:03:12", None),
        (dice.choice(("金额", "实收金额", "总金额")), fee, "total"),
        ("燃油附加费", "0.00元", None),
    ]
    for index, (label, value, name) in enumerate(rows):
        y = 36 + index * 6.2
        sheet.label(4, y, label, 3.0, colour=ink)
        sheet.text(sheet.width - 4, y, value, 3.3, "mono", field=name, anchor="r")
    sheet.label(middle, 100, "手写无效", 2.6, colour=ink, anchor="m")
    sheet.marks.append(Seal(middle - 14, 96, 28, 20, f"{place}砚溪出租汽车公司"))
    return sheet


def fixed_fresh(facts: Facts, dice: Random) -> Sheet:
    """A coupon of a fixed value."""
    sheet = Sheet(
        dice.uniform(80, 110),
        55,
        dice.choice(STYLES),
        dice.choice(((226, 240, 226), (250, 232, 226), (236, 232, 250))),
    )
    ink: Colour = dice.choice((BROWN, RED, BLUE))
    middle, place = sheet.width / 2, PROVINCES[facts.province][1]
    sheet.text(middle, 9, f"国家税务总局{place}税务局通用定额发票", 3.6, "title", colour=ink, anchor="m")
    sheet.label(middle, 14.5, "发 票 联", 3.2, colour=ink, anchor="m")
    labelled(sheet, 6, 22, "发票代码", facts.code, 3.4, "code", colour=ink)
    labelled(sheet, 6, 28, "发票号码", facts.number, 3.4, "number", colour=ink)
    words = capitals(facts.total)
    words = words.replace("元", "圆") if dice.random() < 0.5 else words
    sheet.text(middle, 39, words, dice.uniform(5.4, 7), "title", anchor="m", field="capital", colour=ink)
    if dice.random() < 0.7:
        sheet.text(sheet.width - 6, 46, f"￥{money(facts.total)}", 3.6, anchor="r", field="total")
    sheet.label(6, 51, "收款单位(盖章):", 2.8, colour=ink)
    sheet.marks.append(Seal(middle - 4, 32, 30, 20, f"{place}砚溪停车场"))
    return sheet
