"""Layout E: one of the other four in other fonts, its labels worded, spaced and placed otherwise, its values
printed beside the form as needle printers do."""

import math
from dataclasses import replace
from random import Random

from tests.drawing.facts import Facts, digits
from tests.drawing.sheet import Inlay, Line, Mark, Seal, Sheet

# Label → what other forms print for it; each form keeps to one of them.
_WORDS: dict[str, tuple[str, ...]] = {
    "发票号码：": ("发票号码:", "发票号码：", "发票号码 "),
    "发票代码：": ("发票代码:", "发票代码 "),
    "开票日期：": ("开票日期:", "开票日期：", "开票日期 "),
    "名称：": ("名称:", "名 称：", "名称："),
    "名        称：": ("名    称:", "名  称：", "名称："),
    "名　　　　称：": ("名　　称：", "名称:"),
    "纳税人识别号：": ("纳税人识别号:", "纳税人识别号：", "纳税人识别号 "),
    "统一社会信用代码/纳税人识别号：": ("统一社会信用代码/纳税人识别号:", "统一社会信用代码/纳税人识别号 "),
    "统一社会信用代码:": ("统一社会信用代码：",),
    "价税合计（大写）": ("价税合计(大写)", "价税合计（大写）："),
    "合计金额（小写）：": ("合计金额(小写):", "金额合计小写："),
    "合计金额（大写）：": ("合计金额(大写):", "金额合计大写："),
    "（小写）": ("(小写)", "小写："),
    "合        计": ("合    计", "合计"),
    "销售方名称：": ("销售方名称:", "销方名称：", "销售方："),
    "购买方名称：": ("购买方名称:", "购方名称：", "购买方："),
    "销售方税号：": ("销方税号：", "销售方税号:"),
    "购买方税号：": ("购方税号：", "购买方税号:"),
    "购买方名称": ("购买方名称:",),
    "购买方名称:": ("购买方名称：",),
    "销货单位名称": ("销货单位名称:", "销售方名称"),
    "付款方名称：": ("付款方名称:", "付款方："),
    "收款方名称：": ("收款方名称:", "收款方："),
    "收款方识别号：": ("收款方税号：", "收款方识别号:"),
    "校 验 码：": ("校验码：", "校 验 码:"),
    "校验码：": ("校验码:", "校验码 "),
    "发 票 代 码：": ("发票代码：",),
    "发 票 号 码：": ("发票号码：",),
    "开 票 日 期：": ("开票日期：",),
    "日期：": ("日期:", "日期 "),
    "金额：": ("金额:", "金额 "),
    "票价:": ("票价：",),
    "填开单位：": ("填开单位:",),
    "填开日期：": ("填开日期:",),
    "发 票 联": ("发票联",),
}
_IN_TWO_LANGUAGES = {
    "票价": "票价 FARE",
    "合计": "合计 TOTAL",
    "燃油附加费": "燃油附加费 FUEL",
    "旅客姓名": "旅客姓名 NAME",
    "承运人": "承运人 CARRIER",
    "电子客票号码：": "电子客票号码 E-TICKET NO.：",
}


def moved(sheet: Sheet, facts: Facts, dice: Random) -> Sheet:
    """The sheet with its parts elsewhere, in the fonts of style E."""
    said = {word: dice.choice(others) for word, others in _WORDS.items()}
    if facts.kind == "air_e":
        said |= _IN_TWO_LANGUAGES
    narrow = sheet.width < 100  # a roll's text reaches to its edges
    bend, lean = dice.uniform(-3.5, 0.0 if narrow else 3.5), dice.uniform(0.94, 1.08)
    top = dice.uniform(0.0, 9.0)
    needle = not facts.kind.startswith("digital_") and dice.random() < 0.6
    off = (dice.uniform(-0.6, 0.2 if narrow else 1.8), dice.uniform(-0.9, 0.9)) if needle else (0.0, 0.0)

    def across(x: float) -> float:
        return x + bend * math.sin(math.pi * min(max(x / sheet.width, 0.0), 1.0))

    def down(y: float) -> float:
        return top + y * lean

    def placed(mark: Mark) -> Mark:
        if isinstance(mark, Line):
            return replace(mark, x0=across(mark.x0), x1=across(mark.x1), y0=down(mark.y0), y1=down(mark.y1))
        if isinstance(mark, Inlay | Seal):
            return replace(mark, x=across(mark.x), y=down(mark.y))
        beside = off if mark.font in ("value", "mono") and not mark.column else (0.0, 0.0)
        word = said.get(mark.text, mark.text) if mark.font == "label" else mark.text
        return replace(mark, x=across(mark.x) + beside[0], y=down(mark.y) + beside[1], text=word)

    page = Sheet(sheet.width, sheet.height * lean + top, "E", sheet.paper, [placed(m) for m in sheet.marks])
    _noted(page, dice)
    return page


def _noted(page: Sheet, dice: Random) -> None:
    """What sellers write under the remark (备注): their bank, the site of a building."""
    place = next((mark for mark in page.texts() if mark.text == "备注" and mark.column), None)
    if place is None or dice.random() < 0.4:
        return
    notes = (
        f"销方开户银行:虚构银行墨桥支行;银行账号:{digits(dice, 16)};",
        "建筑服务发生地:墨桥市砚溪区;建筑项目名称:砚溪桥二期;",
        f"收款人:岑望;复核人:鹿鸣;订单编号:{digits(dice, 12)};",
        "租赁期起止:2026-01-01 2026-03-31;跨地(市)标志:否;",
    )
    page.text(place.x + 6, place.y + 7.5, dice.choice(notes), 2.6)
