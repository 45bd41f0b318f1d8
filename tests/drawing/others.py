"""Papers and pictures that are no invoices, though they look busy enough."""

from collections.abc import Callable
from decimal import Decimal
from random import Random

import cv2
import numpy as np

from fapiao.money import capitals
from tests.drawing.facts import FEN, PEOPLE, company, digits
from tests.drawing.picture import Picture, to_picture
from tests.drawing.sheet import BLACK, GREY, Sheet


def _price(dice: Random) -> Decimal:
    return (Decimal(dice.randint(900, 40_000)) / 100).quantize(FEN)


def trip_sheet(dice: Random) -> Sheet:
    """行程单 of a ride service: totals, dates and a phone number."""
    sheet = Sheet(210, 200, dice.choice("ABCD"))
    sheet.text(105, 20, "行程单", 7, "title", anchor="m")
    sheet.text(105, 28, "TRIP TABLE", 4, anchor="m")
    sheet.text(
        20, 40, f"申请日期：2026-0{dice.randint(1, 9)}-12    行程起止日期：2026-01-02 至 2026-01-28", 3.4
    )
    prices = [_price(dice) for _ in range(5)]
    sheet.text(20, 48, f"行程人手机号：138{digits(dice, 8)}", 3.4)
    sheet.text(20, 56, f"共{len(prices)}笔行程，合计{sum(prices)}元", 3.8)
    heads = ("序号", "车型", "上车时间", "城市", "起点", "终点", "里程[公里]", "金额[元]")
    for index, head in enumerate(heads):
        sheet.label(18 + index * 23, 68, head, 3.0, colour=BLACK)
    for row, price in enumerate(prices):
        values = (
            str(row + 1),
            "快车",
            f"01-{row + 12} 09:3{row}",
            "北京市",
            "砚溪路",
            "墨桥站",
            f"{4 + row}.6",
            str(price),
        )
        for index, value in enumerate(values):
            sheet.text(18 + index * 23, 76 + row * 8, value, 3.0)
    return sheet


def bank_slip(dice: Random) -> Sheet:
    """银行电子回单."""
    sheet = Sheet(210, 110, dice.choice("ABCD"))
    price = _price(dice) * 10
    sheet.text(105, 16, "虚构银行电子回单", 6, "title", anchor="m")
    rows = (
        f"交易日期：2026年0{dice.randint(1, 9)}月11日      回单编号：{digits(dice, 16)}",
        f"付款人户名：{company(dice, '11')}      付款人账号：{digits(dice, 19)}",
        f"收款人户名：{company(dice, '31')}      收款人账号：{digits(dice, 19)}",
        f"金额（大写）：{capitals(price)}      （小写）：¥{price}",
        "用途：货款      摘要：网银转账",
        f"交易流水号：{digits(dice, 20)}",
    )
    for index, row in enumerate(rows):
        sheet.text(16, 30 + index * 11, row, 3.6)
    return sheet


def shop_slip(dice: Random) -> Sheet:
    """购物小票 from a till."""
    sheet = Sheet(60, 120, dice.choice("ABCD"))
    sheet.text(30, 9, "砚溪便利店", 4.6, "title", anchor="m")
    sheet.text(30, 15, "购物小票", 3.4, anchor="m")
    sheet.text(5, 23, f"单号:{digits(dice, 14)}", 3.0)
    sheet.text(5, 28, "时间:2026-05-17 18:22:31", 3.0)
    total = Decimal(0)
    for index in range(6):
        price = _price(dice) / 10
        price = price.quantize(FEN)
        total += price
        sheet.text(5, 38 + index * 6, dice.choice(("矿泉水", "三明治", "酸奶", "纸巾", "咖啡")), 3.0)
        sheet.text(54, 38 + index * 6, str(price), 3.0, anchor="r")
    sheet.text(5, 80, f"合计: {total}", 3.4)
    sheet.text(5, 87, f"微信支付: {total}", 3.2)
    sheet.text(30, 104, "谢谢惠顾 请保留小票", 3.0, anchor="m")
    return sheet


def order_page(dice: Random) -> Sheet:
    """An order in a shopping app, with a 20-digit order number."""
    sheet = Sheet(100, 190, dice.choice("ABCD"), paper=(245, 245, 245))
    price = _price(dice)
    rows = (
        "订单详情",
        "已完成",
        "感谢您对砚溪商城的信任",
        f"收货人：{dice.choice(PEOPLE)}",
        "地址：北京市海淀区墨桥路8号",
        "激光打印机 LJ-M208dw",
        f"¥{price}   x1",
        "商品总额",
        f"¥{price}",
        "运费  ¥0.00",
        "实付款",
        f"¥{price}",
        f"订单编号：{digits(dice, 20)}",
        "下单时间：2026-03-17 12:01:22",
        "支付方式：在线支付",
        "发票类型：电子普通发票",
        "发票抬头：个人",
        "申请开票",
        "再次购买",
    )
    for index, row in enumerate(rows):
        sheet.text(8, 16 + index * 9, row, 3.8)
        sheet.line(5, 19 + index * 9, 95, 19 + index * 9, colour=GREY)
    return sheet


def chat_screenshot(dice: Random) -> Sheet:
    """A chat about invoices, with a file whose name holds 20 digits."""
    sheet = Sheet(100, 200, dice.choice("ABCD"), paper=(237, 237, 237))
    rows = (
        (dice.choice(PEOPLE), "10:21"),
        ("在吗 上次那张发票开好了吗", ""),
        ("开好了 我发你", ""),
        (f"dzfp_{digits(dice, 20)}.pdf", "182KB"),
        ("好的收到 金额是356.00吧", ""),
        ("对 记得3月20日前报销", ""),
        ("抬头没写错吧", ""),
        ("没有 放心", ""),
        ("明天开会别忘了", ""),
    )
    for index, (text, side) in enumerate(rows):
        sheet.text(12 if index % 2 else 20, 20 + index * 18, text, 4.0)
        sheet.text(80, 26 + index * 18, side, 2.8, colour=GREY)
    return sheet


def cat(dice: Random) -> Picture:
    """Something round with ears, as a camera would see it."""
    noise = np.random.default_rng(dice.randint(0, 10**6))
    picture = np.full((900, 1200, 3), (90, 130, 150), np.uint8)
    fur = tuple(int(v) for v in noise.integers(60, 220, 3))
    cv2.ellipse(picture, (600, 520), (260, 230), 0, 0, 360, fur, -1)
    for x in (430, 770):
        cv2.fillPoly(picture, [np.array([[x - 90, 400], [x, 180], [x + 90, 400]])], fur)
        cv2.circle(picture, (600 + (x - 600) // 2, 480), 38, (60, 200, 120), -1)
        cv2.ellipse(picture, (600 + (x - 600) // 2, 480), (10, 34), 0, 0, 360, (10, 10, 10), -1)
    for y in (560, 590, 620):
        cv2.line(picture, (640, y), (940, y + (y - 590)), (240, 240, 240), 3)
        cv2.line(picture, (560, y), (260, y + (y - 590)), (240, 240, 240), 3)
    grain = noise.normal(0, 8, picture.shape)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 2) + grain, 0, 255).astype(np.uint8)


_SHEETS: dict[str, Callable[[Random], Sheet]] = {
    "trip_sheet": trip_sheet,
    "bank_slip": bank_slip,
    "shop_slip": shop_slip,
    "order_page": order_page,
    "chat_screenshot": chat_screenshot,
}
OTHERS = (*_SHEETS, "cat")


def draw_other(name: str, seed: int = 0) -> tuple[Picture, Sheet | None]:
    """One of OTHERS as a picture, and its sheet where it has one (for a PDF)."""
    dice = Random(f"{name}:{seed}")
    if name == "cat":
        return cat(dice), None
    sheet = _SHEETS[name](dice)
    return to_picture(sheet, 200), sheet
