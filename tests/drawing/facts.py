"""What a test invoice says: invented parties and goods, valid numbers, amounts that add up."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random

import numpy as np
import segno
from PIL import Image

from fapiao.money import money_text
from fapiao.qr import Crc, crc_text

FEN = Decimal("0.01")
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
PROVINCES = {
    "11": ("北京", "北京市"),
    "31": ("上海", "上海市"),
    "12": ("天津", "天津市"),
    "50": ("重庆", "重庆市"),
    "32": ("江苏", "南京市"),
    "33": ("浙江", "杭州市"),
    "44": ("广东", "广州市"),
    "37": ("山东", "济南市"),
    "51": ("四川", "成都市"),
    "42": ("湖北", "武汉市"),
    "43": ("湖南", "长沙市"),
    "35": ("福建", "福州市"),
    "41": ("河南", "郑州市"),
    "61": ("陕西", "西安市"),
    "34": ("安徽", "合肥市"),
    "21": ("辽宁", "沈阳市"),
}
# What most names of companies are made of; with one rare character beside them, so that no name is a real one.
_USUAL = "华恒瑞信达鑫源丰泰和安诚嘉宏兴隆康博智云星海天明远方正新联通佳美优凯思创腾飞龙金百世"
_FIRST = "蔚砚澜黛霁翊嵘琮弈颢皓锦泓沐岚煜珩芮槿栖"
_SECOND = "穹墨舟弦岑浦桥禾砥屿麓原川野陌渡汀溪谷苇"
_TRADES = (
    "科技",
    "信息技术",
    "商贸",
    "餐饮管理",
    "酒店管理",
    "文化传播",
    "物流",
    "建筑工程",
    "电子商务",
    "咨询",
    "医疗器械",
    "网络科技",
    "汽车服务",
    "石化销售",
    "办公用品",
    "会展服务",
    "人力资源",
    "能源",
)
_FORMS = ("有限公司", "有限公司", "有限公司", "有限责任公司", "股份有限公司", "集团有限公司")
GOODS = (
    ("*餐饮服务*餐费", "", "次"),
    ("*住宿服务*住宿费", "", "天"),
    ("*信息技术服务*软件服务费", "", "项"),
    ("*计算机外部设备*激光打印机", "LJ-M208dw", "台"),
    ("*纸制品*复印纸", "A4 70g", "箱"),
    ("*汽油*92号车用汽油", "", "升"),
    ("*会议服务*会议费", "", "场"),
    ("*办公用品*文件夹", "A4双强力夹", "个"),
    ("*物流辅助服务*收派服务费", "", "票"),
    ("*通信设备*路由器", "AX3000", "台"),
    ("*印刷品*宣传册", "210mm*285mm", "本"),
    ("*乳制品*低温鲜牛奶", "950ml", "盒"),
    ("*经营租赁*车辆租赁费", "", "次"),
    ("*水冰雪*饮用天然水", "550ml*24", "件"),
    ("*家具*人体工学椅", "HX-88", "把"),
)
PEOPLE = ("简禾", "卓一舟", "温砚", "骆青屿", "鹿鸣", "阮知夏", "柯南乔", "易小川", "岑望", "祁连山")


@dataclass(frozen=True, slots=True)
class Item:
    """One line of goods."""

    name: str
    spec: str
    unit: str
    quantity: str
    price: str
    amount: Decimal
    rate: str
    tax: Decimal

    @property
    def tax_text(self) -> str:
        return (
            self.rate
            if self.rate.startswith("*")
            else "***"
            if self.rate in ("免税", "不征税")
            else money(self.tax)
        )


@dataclass(slots=True)
class Facts:
    """All that one invoice says."""

    kind: str
    issued: date
    number: str
    code: str = ""
    check_code: str = ""
    digital_number: str = ""
    seller: str = ""
    seller_id: str = ""
    buyer: str = ""
    buyer_id: str = ""
    items: list[Item] = field(default_factory=list)
    amount: Decimal | None = None
    tax: Decimal | None = None
    total: Decimal = Decimal(0)
    province: str = "11"
    people: tuple[str, str, str] = ("", "", "")
    remark: str = ""
    qr: str = ""
    more: dict[str, str] = field(default_factory=dict)

    @property
    def tax_masked(self) -> bool:
        """True where the tax is printed as *** (免税)."""
        return bool(self.items) and all(item.tax_text.startswith("*") for item in self.items)

    def truth(self) -> dict[str, str | None]:
        """What the reader should give; None where nothing of the kind is printed."""
        told = {
            "kind": self.kind,
            "code": self.code or None,
            "number": self.number,
            "issue_date": None if "undated" in self.more else self.issued.isoformat(),
            "check_code": self.check_code or self.more.get("verify"),
            "seller_name": self.seller or None,
            "seller_tax_id": self.seller_id or None,
            "buyer_name": self.buyer or None,
            "buyer_tax_id": self.buyer_id or None,
            "amount": None if self.amount is None else money_text(self.amount),
            "tax": None if self.tax is None else money_text(self.tax),
            "total": money_text(self.total),
        }
        if self.kind in ("air_e", "rail_e"):  # no net amount on the face; only the XBRL has one
            del told["amount"]
        if self.kind == "rail_e":
            del told["tax"]
        return told


def money(value: Decimal) -> str:
    """Two decimals without grouping, as invoices print."""
    return money_text(value)


def digits(dice: Random, count: int) -> str:
    """Digits, the first of them may be zero."""
    return "".join(dice.choice("0123456789") for _ in range(count))


def company(dice: Random, province: str) -> str:
    """An invented company."""
    place = PROVINCES[province][1] if dice.random() < 0.6 else PROVINCES[province][0]
    brand = dice.choice(_FIRST) + dice.choice(_SECOND) + (dice.choice(_SECOND) if dice.random() < 0.3 else "")
    if dice.random() < 0.7:
        brand = "".join(dice.choice(_USUAL) for _ in brand[1:]) + dice.choice(_SECOND)
    trade, form = dice.choice(_TRADES), dice.choice(_FORMS)
    shape = dice.random()
    if shape < 0.15:
        return f"{brand}{trade}（{place.removesuffix('市')}）{form}"
    if shape < 0.25:
        return f"{place}{brand}{trade}{form}{PROVINCES[dice.choice(list(PROVINCES))][0]}分公司"
    return f"{place}{brand}{trade}{form}"


def tax_id(dice: Random, province: str) -> str:
    """A unified social credit code whose both checks hold."""
    organisation = (
        "MA" + "".join(dice.choice(_ALPHABET) for _ in range(6)) if dice.random() < 0.6 else digits(dice, 8)
    )
    values = [ord(c) - 48 if c.isdigit() else ord(c) - 55 for c in organisation]
    inner = 11 - sum(v * w for v, w in zip(values, (3, 7, 9, 10, 5, 8, 4, 2), strict=True)) % 11
    body = f"91{province}{dice.choice(('01', '02', '05', '06'))}{dice.randint(0, 18):02d}{organisation}"
    body += {10: "X", 11: "0"}.get(inner, str(inner))
    weighed = sum(_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return body + _ALPHABET[(31 - weighed % 31) % 31]


def person_id(dice: Random) -> str:
    """A tax id of 20 or 15 characters, as individuals and old registrations have."""
    return digits(dice, 15).replace("0", "3", 1) if dice.random() < 0.5 else "92" + digits(dice, 18)


def day(dice: Random, first: date, last: date) -> date:
    """A day between two."""
    return first + timedelta(days=dice.randint(0, (last - first).days))


def item(dice: Random, rate: str, *, scale: Decimal = Decimal(1)) -> Item:
    """A line of goods at a rate."""
    name, spec, unit = dice.choice(GOODS)
    quantity = Decimal(dice.choice((1, 1, 1, 2, 3, 5, 10, 12, 24)))
    net = (Decimal(dice.randint(120, 90_000)) / 100 * quantity * scale).quantize(FEN)
    share = Decimal(rate.rstrip("%")) / 100 if rate.endswith("%") else Decimal(0)
    price = (net / quantity).quantize(
        Decimal("0.0000000001" if dice.random() < 0.4 else "0.01"), ROUND_HALF_UP
    )
    return Item(name, spec, unit, str(quantity), format(price.normalize(), "f"), net, rate, _fen(net * share))


def _fen(value: Decimal) -> Decimal:
    return value.quantize(FEN, ROUND_HALF_UP)


def discount(line: Item, share: Decimal) -> Item:
    """The negative line that follows a discounted one."""
    net = _fen(-line.amount * share)
    rate = Decimal(line.rate.rstrip("%")) / 100 if line.rate.endswith("%") else Decimal(0)
    return Item(line.name, "", "", "", "", net, line.rate, _fen(net * rate))


def add_up(facts: Facts) -> None:
    """Fill net, tax and total from the lines."""
    facts.amount = sum((line.amount for line in facts.items), Decimal(0))
    facts.tax = sum((line.tax for line in facts.items), Decimal(0))
    facts.total = facts.amount + facts.tax


def qr_text(
    kind: str, facts: Facts, amount: Decimal | str, *, variant: Crc = Crc.TAX, hyphens: bool = False
) -> str:
    """The text of the QR code of the tax layout, with its CRC."""
    printed = amount if isinstance(amount, str) else money(amount)
    written = facts.issued.isoformat() if hyphens else facts.issued.strftime("%Y%m%d")
    check = facts.check_code if kind != "61" else ""
    head = f"01,{kind},{facts.code},{facts.number},{printed},{written},{check}"
    return f"{head}," if hyphens else f"{head},{crc_text(head, variant)},"


def qr_picture(text: str, *, error: str = "m") -> Image.Image:
    """The QR code as a picture, four pixels a module with its quiet zone."""
    rows = list(segno.make(text, error=error, micro=False).matrix_iter(scale=4, border=2))
    return Image.fromarray(np.where(np.array([list(row) for row in rows]) > 0, 0, 255).astype(np.uint8))


def cipher(dice: Random, count: int = 28) -> str:
    """A line of the cipher area (密码区)."""
    return "".join(dice.choice("0123456789+-*/<>") for _ in range(count))
