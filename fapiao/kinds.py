"""The kinds of invoices (发票种类) and how titles, codes and QR types name them."""

from enum import StrEnum

from fapiao.text import ascii_digits, unspaced


class Kind(StrEnum):
    """What a document is; the value is what `piaoda read` prints.

    Titles and layouts are verified on samples, except the blockchain, vehicle and digital paper kinds,
    which are documented only.
    """

    VAT_SPECIAL = "vat_special"  # 增值税专用发票
    VAT_ORDINARY = "vat_ordinary"  # 增值税普通发票
    VAT_ROLL = "vat_roll"  # 增值税普通发票(卷票)
    VAT_E_ORDINARY = "vat_e_ordinary"  # 增值税电子普通发票
    VAT_E_SPECIAL = "vat_e_special"  # 增值税电子专用发票
    VAT_E_TOLL = "vat_e_toll"  # 收费公路通行费增值税电子普通发票
    DIGITAL_SPECIAL = "digital_special"  # 电子发票（增值税专用发票）
    DIGITAL_ORDINARY = "digital_ordinary"  # 电子发票（普通发票）
    DIGITAL_PAPER_SPECIAL = "digital_paper_special"  # 数电纸质专用发票
    DIGITAL_PAPER_ORDINARY = "digital_paper_ordinary"  # 数电纸质普通发票
    DIGITAL_VEHICLE = "digital_vehicle"  # 电子发票（机动车销售统一发票）
    DIGITAL_USED_CAR = "digital_used_car"  # 电子发票（二手车销售统一发票）
    VEHICLE = "vehicle"  # 机动车销售统一发票
    USED_CAR = "used_car"  # 二手车销售统一发票
    RAIL_E = "rail_e"  # 电子发票（铁路电子客票）
    AIR_E = "air_e"  # 电子发票（航空运输电子客票行程单）
    RAIL_PAPER = "rail_paper"  # 火车票
    AIR_PAPER = "air_paper"  # 航空运输电子客票行程单
    TAXI = "taxi"  # 出租车发票
    FIXED = "fixed"  # 定额发票
    MACHINE = "machine"  # 通用机打发票
    TOLL_PAPER = "toll_paper"  # 过路费发票
    BUS = "bus"  # 汽车票
    SHIP = "ship"  # 船票
    FISCAL = "fiscal"  # 财政票据
    BLOCKCHAIN = "blockchain"  # 区块链电子发票
    TRIP_SHEET = "trip_sheet"  # 行程单 of a ride
    GOODS_LIST = "goods_list"  # 销货清单
    BANK_SLIP = "bank_slip"  # 银行回单
    SHOP_SLIP = "shop_slip"  # 购物小票

    @property
    def is_invoice(self) -> bool:
        """False for papers that only travel with invoices: ride sheet, goods list, bank slip, shop slip."""
        return self not in _NOT_INVOICES

    @property
    def is_digital(self) -> bool:
        """True for 数电票: a 20-digit number, checked with the total; digital paper is not among them."""
        return self in _DIGITAL

    @property
    def is_digital_paper(self) -> bool:
        """True for 数电纸票: printed by the digital platform on paper with a code and an 8-digit number."""
        return self in {Kind.DIGITAL_PAPER_SPECIAL, Kind.DIGITAL_PAPER_ORDINARY}

    @property
    def is_legacy_vat(self) -> bool:
        """True for VAT invoices of the older system (税控), with code and 8-digit number."""
        return self in _LEGACY_VAT

    @property
    def is_local(self) -> bool:
        """True for local general invoices (通用发票), whose 12-digit code begins with 1."""
        return self in _LOCAL

    @property
    def is_special(self) -> bool:
        """True for special VAT invoices (专用发票), in any form."""
        return self in _SPECIAL

    @property
    def is_paper(self) -> bool:
        """True for what is handed over on paper and has no electronic original."""
        return self in _PAPER

    @property
    def needs_code(self) -> bool:
        """True where the number means nothing without the invoice code (发票代码)."""
        return self.is_legacy_vat or self.is_digital_paper or self.is_local or self in _CODED

    @property
    def has_check_code(self) -> bool:
        """True where a check code (校验码) is printed: 20 digits, or 5 hex digits on blockchain invoices."""
        return self in _CHECK_CODED

    @property
    def has_tax(self) -> bool:
        """True where net amount and tax stand on the face beside the total."""
        return (self.is_legacy_vat and self is not Kind.VAT_ROLL) or self in _WITH_TAX

    @property
    def has_seller(self) -> bool:
        """False for tickets on which no seller stands (rail), so its absence is no fault."""
        return self not in {Kind.RAIL_E, Kind.RAIL_PAPER}


_NOT_INVOICES = frozenset({Kind.TRIP_SHEET, Kind.GOODS_LIST, Kind.BANK_SLIP, Kind.SHOP_SLIP})
_DIGITAL = frozenset(
    {
        Kind.DIGITAL_SPECIAL,
        Kind.DIGITAL_ORDINARY,
        Kind.DIGITAL_VEHICLE,
        Kind.DIGITAL_USED_CAR,
        Kind.RAIL_E,
        Kind.AIR_E,
    }
)
_LEGACY_VAT = frozenset(
    {
        Kind.VAT_SPECIAL,
        Kind.VAT_ORDINARY,
        Kind.VAT_ROLL,
        Kind.VAT_E_ORDINARY,
        Kind.VAT_E_SPECIAL,
        Kind.VAT_E_TOLL,
    }
)
_LOCAL = frozenset({Kind.TAXI, Kind.FIXED, Kind.MACHINE, Kind.TOLL_PAPER, Kind.BUS, Kind.SHIP})
_SPECIAL = frozenset({Kind.VAT_SPECIAL, Kind.VAT_E_SPECIAL, Kind.DIGITAL_SPECIAL, Kind.DIGITAL_PAPER_SPECIAL})
_PAPER = _LOCAL | {
    Kind.VAT_SPECIAL,
    Kind.VAT_ORDINARY,
    Kind.VAT_ROLL,
    Kind.DIGITAL_PAPER_SPECIAL,
    Kind.DIGITAL_PAPER_ORDINARY,
    Kind.VEHICLE,
    Kind.USED_CAR,
    Kind.RAIL_PAPER,
    Kind.AIR_PAPER,
}
_CODED = frozenset({Kind.VEHICLE, Kind.USED_CAR, Kind.FISCAL, Kind.BLOCKCHAIN})
_CHECK_CODED = frozenset(
    {
        Kind.VAT_ORDINARY,
        Kind.VAT_ROLL,
        Kind.VAT_E_ORDINARY,
        Kind.VAT_E_SPECIAL,
        Kind.VAT_E_TOLL,
        Kind.DIGITAL_PAPER_ORDINARY,
        Kind.FISCAL,
        Kind.BLOCKCHAIN,
    }
)
_WITH_TAX = frozenset(
    {
        Kind.DIGITAL_SPECIAL,
        Kind.DIGITAL_ORDINARY,
        Kind.DIGITAL_PAPER_SPECIAL,
        Kind.DIGITAL_PAPER_ORDINARY,
        Kind.DIGITAL_VEHICLE,
        Kind.VEHICLE,
        Kind.AIR_E,
    }
)

# Title words in the order they are tried: the narrower title first, because 增值税普通发票 stands inside
# 增值税普通发票(卷票) and 普通发票 inside both. All words must occur.
_TITLES: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    (Kind.RAIL_E, ("电子发票", "铁路电子客票")),
    (Kind.AIR_E, ("电子发票", "航空运输电子客票")),
    (Kind.RAIL_E, ("铁路电子客票", "电子客票号")),
    (Kind.AIR_PAPER, ("航空运输电子客票行程单",)),
    (Kind.DIGITAL_USED_CAR, ("电子发票", "二手车销售统一发票")),
    (Kind.DIGITAL_VEHICLE, ("电子发票", "机动车销售统一发票")),
    (Kind.USED_CAR, ("二手车销售统一发票",)),
    (Kind.VEHICLE, ("机动车销售统一发票",)),
    (Kind.GOODS_LIST, ("销货清单",)),
    (Kind.GOODS_LIST, ("应税劳务清单",)),
    (Kind.BLOCKCHAIN, ("区块链", "发票")),
    (Kind.VAT_E_TOLL, ("通行费", "电子普通发票")),
    (Kind.DIGITAL_SPECIAL, ("电子发票(增值税专用发票)",)),
    (Kind.DIGITAL_ORDINARY, ("电子发票(普通发票)",)),
    (Kind.VAT_E_SPECIAL, ("电子专用发票",)),
    (Kind.VAT_E_ORDINARY, ("电子普通发票",)),
    (Kind.VAT_ROLL, ("普通发票(卷",)),
    (Kind.DIGITAL_PAPER_SPECIAL, ("专用发票", "全电发票号码")),
    (Kind.DIGITAL_PAPER_SPECIAL, ("专用发票", "数电发票号码")),
    (Kind.DIGITAL_PAPER_SPECIAL, ("专用发票", "数电票号码")),
    (Kind.DIGITAL_PAPER_ORDINARY, ("增值税普通发票", "全电发票号码")),
    (Kind.DIGITAL_PAPER_ORDINARY, ("增值税普通发票", "数电发票号码")),
    (Kind.DIGITAL_PAPER_ORDINARY, ("增值税普通发票", "数电票号码")),
    (Kind.VAT_SPECIAL, ("增值税专用发票",)),
    (Kind.VAT_ORDINARY, ("增值税普通发票",)),
    (Kind.FISCAL, ("财政", "票据")),
    (Kind.FISCAL, ("医疗", "收费票据")),
    (Kind.FISCAL, ("非税收入", "票据")),
    (Kind.FIXED, ("定额发票",)),
    (Kind.TAXI, ("出租", "发票")),
    (Kind.TAXI, ("出租", "上车")),
    (Kind.TOLL_PAPER, ("通行费", "发票")),
    (Kind.TOLL_PAPER, ("过路费",)),
    (Kind.TOLL_PAPER, ("车辆通行费",)),
    (Kind.SHIP, ("船票",)),
    (Kind.RAIL_PAPER, ("限乘当日当次车",)),
    (Kind.RAIL_PAPER, ("火车票",)),
    (Kind.BUS, ("汽车票",)),
    (Kind.BUS, ("道路客运", "发票")),
    (Kind.BUS, ("客运", "发票")),
    (Kind.MACHINE, ("机打发票",)),
    (Kind.MACHINE, ("通用", "发票")),
    (Kind.TRIP_SHEET, ("行程单",)),
    (Kind.TRIP_SHEET, ("行程报销单",)),
    (Kind.BANK_SLIP, ("电子回单",)),
    (Kind.BANK_SLIP, ("银行", "回单")),
    (Kind.BANK_SLIP, ("业务回单",)),
    (Kind.BANK_SLIP, ("转账凭证",)),
    (Kind.SHOP_SLIP, ("小票",)),
    (Kind.SHOP_SLIP, ("结账单",)),
)


def kind_from_title(text: str) -> Kind | None:
    """Return the kind whose title words (票面标题) occur in `text`, or None.

    Give the title line or the head of a page, not a whole page: remarks of one invoice may name the title of
    another. Spaced letters and full-width brackets are understood. Verified on samples.
    """
    packed = unspaced(text)
    for kind, words in _TITLES:
        if all(word in packed for word in words):
            return kind
    return None


# Last two digits of a 12-digit code that begins with 0. Documented, verified on 20 sample codes.
_SUFFIXES = {
    "04": Kind.VAT_ORDINARY,
    "05": Kind.VAT_ORDINARY,
    "06": Kind.VAT_ROLL,
    "07": Kind.VAT_ROLL,
    "11": Kind.VAT_E_ORDINARY,
    "12": Kind.VAT_E_TOLL,
    "13": Kind.VAT_E_SPECIAL,
}
# Eighth digit of a 10-digit code. Freight invoices (2, 7) went out of use in 2016; they are special ones.
_TENTH = {"1": Kind.VAT_SPECIAL, "5": Kind.VAT_SPECIAL, "2": Kind.VAT_SPECIAL, "7": Kind.VAT_SPECIAL}
_TENTH |= {"3": Kind.VAT_ORDINARY, "6": Kind.VAT_ORDINARY}


def kind_from_code(code: str) -> Kind | None:
    """Return the kind that a 10- or 12-digit invoice code (发票代码) names, or None.

    A code beginning with 1 only says "local general invoice" and gives MACHINE, the commonest of them, or
    BLOCKCHAIN (digits 8-9 are 09 and the last is 0). A hint, not a proof: even printed specimens break
    the rule. Documented; verified for the codes that begin with 0.
    """
    if not ascii_digits(code):
        return None
    if len(code) == 10:
        return _TENTH.get(code[7])
    if len(code) != 12:
        return None
    if code[0] == "0":
        return _SUFFIXES.get(code[10:])
    if code[0] == "1":
        return Kind.BLOCKCHAIN if code[7:9] == "09" and code[11] == "0" else Kind.MACHINE
    return None


# Types 10, 20, 31, 32 are verified on samples; 01, 04, 33, 34, 51, 61 documented; the rest unconfirmed.
_QR = {
    "01": Kind.VAT_SPECIAL,
    "03": Kind.VEHICLE,
    "04": Kind.VAT_ORDINARY,
    "10": Kind.VAT_E_ORDINARY,
    "11": Kind.VAT_ROLL,
    "14": Kind.VAT_E_TOLL,
    "15": Kind.USED_CAR,
    "20": Kind.VAT_E_SPECIAL,
    "31": Kind.DIGITAL_SPECIAL,
    "32": Kind.DIGITAL_ORDINARY,
    "33": Kind.DIGITAL_VEHICLE,
    "34": Kind.DIGITAL_USED_CAR,
    "51": Kind.RAIL_E,
    "61": Kind.AIR_E,
}


def kind_from_qr(qr_type: str, code: str = "") -> Kind | None:
    """Return the kind that the second QR field (票种代码) and the code name, or None for an unknown type.

    A code beside type 31 or 32 means the paper form of a digital invoice; a code that begins with 1
    beside type 10 means a blockchain invoice; type 10 with a toll code is a toll invoice.
    """
    kind = _QR.get(qr_type)
    if not code:
        return kind
    if kind is Kind.DIGITAL_SPECIAL:
        return Kind.DIGITAL_PAPER_SPECIAL
    if kind is Kind.DIGITAL_ORDINARY:
        return Kind.DIGITAL_PAPER_ORDINARY
    if kind is Kind.VAT_E_ORDINARY:
        if len(code) == 12 and code.startswith("1"):
            return Kind.BLOCKCHAIN
        if kind_from_code(code) is Kind.VAT_E_TOLL:
            return Kind.VAT_E_TOLL
    return kind


_USER_KINDS: dict[Kind, frozenset[str]] = {
    Kind.VAT_SPECIAL: frozenset({"special", "paper"}),
    Kind.VAT_ORDINARY: frozenset({"general", "paper"}),
    Kind.VAT_ROLL: frozenset({"general", "paper", "roll"}),
    Kind.VAT_E_ORDINARY: frozenset({"general", "electronic"}),
    Kind.VAT_E_SPECIAL: frozenset({"special", "electronic"}),
    Kind.VAT_E_TOLL: frozenset({"general", "electronic", "toll"}),
    Kind.DIGITAL_SPECIAL: frozenset({"special", "digital", "electronic"}),
    Kind.DIGITAL_ORDINARY: frozenset({"general", "digital", "electronic"}),
    Kind.DIGITAL_PAPER_SPECIAL: frozenset({"special", "digital", "paper"}),
    Kind.DIGITAL_PAPER_ORDINARY: frozenset({"general", "digital", "paper"}),
    Kind.DIGITAL_VEHICLE: frozenset({"digital", "electronic"}),
    Kind.DIGITAL_USED_CAR: frozenset({"digital", "electronic"}),
    Kind.VEHICLE: frozenset({"paper"}),
    Kind.USED_CAR: frozenset({"paper"}),
    Kind.RAIL_E: frozenset({"digital", "electronic", "train"}),
    Kind.AIR_E: frozenset({"digital", "electronic", "flight"}),
    Kind.RAIL_PAPER: frozenset({"paper", "train"}),
    Kind.AIR_PAPER: frozenset({"paper", "flight"}),
    Kind.TAXI: frozenset({"paper", "taxi"}),
    Kind.FIXED: frozenset({"paper", "quota"}),
    Kind.MACHINE: frozenset({"paper"}),
    Kind.TOLL_PAPER: frozenset({"paper", "toll"}),
    Kind.BUS: frozenset({"paper"}),
    Kind.SHIP: frozenset({"paper"}),
    Kind.BLOCKCHAIN: frozenset({"general", "electronic"}),
}


def user_kinds(kind: Kind) -> frozenset[str]:
    """Return the words of the user's `kind` slot that `kind` answers to; empty for non-invoices."""
    return _USER_KINDS.get(kind, frozenset())
