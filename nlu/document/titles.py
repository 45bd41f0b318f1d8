"""What a page is by its words: a kind of invoice, or something that is none."""

import re

from fapiao.kinds import Kind, kind_from_code, kind_from_title
from nlu.document.page import Page

# Seals lie over titles, so one character of a title word may be missing or misread.
_FUZZY: tuple[tuple[Kind, str], ...] = (
    (Kind.RAIL_E, r"铁路电子客.|电子发票.{0,2}铁路"),
    (Kind.AIR_E, r"电子发票.{0,3}航空运输"),
    (Kind.VAT_E_TOLL, r"通行费.{0,4}电子.{0,4}普通|收费公路通行费"),
    (Kind.BLOCKCHAIN, r"区.链.{0,2}电子"),
    (Kind.DIGITAL_SPECIAL, r"电子发票.{0,2}增?值?税?专用"),
    (Kind.DIGITAL_ORDINARY, r"电子发票.{0,2}普通发?票?|电子发.{0,2}.?普通发票"),
    (Kind.VAT_E_SPECIAL, r"增?值税电子专用发|电子专用发票"),
    (Kind.VAT_E_ORDINARY, r"增?值税电子普通发|电子普通发票"),
    (Kind.VAT_ROLL, r"普通发票.?.?卷"),
    (Kind.VAT_SPECIAL, r"值税专用发|增值税专用|值税专.发票"),
    (Kind.VAT_ORDINARY, r"值税普通发|增值税普通|值税普.发票"),
)
_NUMBERED = {
    Kind.VAT_SPECIAL: Kind.DIGITAL_PAPER_SPECIAL,
    Kind.VAT_ORDINARY: Kind.DIGITAL_PAPER_ORDINARY,
}

_ELECTRONIC = frozenset({Kind.VAT_E_TOLL, Kind.VAT_E_ORDINARY, Kind.VAT_E_SPECIAL})

# Papers and pictures that are no invoice, by words that stand on them and not on invoices. Each entry needs
# as many of its words as its number says.
_NOT_INVOICES: tuple[tuple[str, int, tuple[str, ...]], ...] = (
    (
        Kind.TRIP_SHEET,
        1,
        ("行程单", "行程报销单", "TRIPTABLE", "行程起止日期", "行程人手机号", "RIDERECEIPT", "行程明细"),
    ),
    (Kind.GOODS_LIST, 1, ("销货清单", "应税劳务清单", "货物清单")),
    (
        Kind.BANK_SLIP,
        2,
        (
            "回单",
            "付款人",
            "收款人账号",
            "付款账号",
            "开户行",
            "交易流水",
            "转账",
            "银行",
            "记账日期",
            "流水号",
        ),
    ),
    (
        "payment",
        2,
        (
            "支付成功",
            "付款成功",
            "账单详情",
            "交易单号",
            "商户单号",
            "当前状态",
            "支付时间",
            "付款方式",
            "收单机构",
        ),
    ),
    (
        "order",
        2,
        (
            "订单编号",
            "订单详情",
            "下单时间",
            "实付款",
            "收货地址",
            "再次购买",
            "申请开票",
            "订单号",
            "商品总价",
        ),
    ),
    (
        Kind.SHOP_SLIP,
        2,
        ("小票", "收银", "找零", "实收", "应收", "会员", "欢迎光临", "谢谢惠顾", "数量", "结账单", "桌号"),
    ),
    ("contract", 2, ("合同编号", "甲方", "乙方", "协议书", "签订")),
    ("quotation", 2, ("报价单", "报价", "有效期", "询价")),
    ("claim_page", 1, ("扫一扫领取发票", "扫码领取发票", "扫码开票", "扫一扫开票", "开票通知")),
)


# Words of a train ticket, or its seat and its hour of leaving.
_TRAIN = re.compile(
    r"限乘当日|当日当次车|祝您旅途愉快|发货请到95306|退票改签时须"
    r"|(?s:\d{1,2}:\d{2}开(?!票).{0,40}?\d{1,2}车(?:\d{1,3}[A-F]?号|无座))"
)


def kind_of(page: Page, *, code: str | None = None, number: str | None = None) -> tuple[Kind | None, float]:
    """Return the kind that the page's own words and numbers name, with a score; None if they name none."""
    head = _head(page)
    packed = head.replace("\n", "")
    kind = _titled(head, packed)
    digits = len(number or "")
    if kind in _NUMBERED and re.search(r"(?:全电|数电)", page.text):
        kind = _NUMBERED[kind]
    if kind in _NUMBERED and digits == 20 and not code:  # the brackets of 电子发票（…） were lost
        kind = Kind.DIGITAL_SPECIAL if kind is Kind.VAT_SPECIAL else Kind.DIGITAL_ORDINARY
    if (
        kind in _ELECTRONIC and digits == 20 and not code
    ):  # a browser's headline, 通行费电子发票, was taken for it
        kind = Kind.DIGITAL_SPECIAL if kind is Kind.VAT_E_SPECIAL else Kind.DIGITAL_ORDINARY
    if kind is Kind.DIGITAL_SPECIAL and code and digits == 8:
        kind = Kind.VAT_E_SPECIAL
    by_code = kind_from_code(code) if code else None
    if kind is None and by_code is not None and by_code is not Kind.MACHINE:
        return by_code, 0.9
    if kind is Kind.VAT_E_ORDINARY and by_code is Kind.VAT_E_TOLL:
        kind = Kind.VAT_E_TOLL
    if kind is Kind.VAT_ORDINARY and by_code in (Kind.VAT_ROLL, Kind.VAT_E_ORDINARY, Kind.VAT_E_TOLL):
        kind = by_code
    if kind is None and by_code is Kind.MACHINE:
        return _local(page), 0.8
    if digits == 20 and not code and (kind is None or kind.is_local) and "价税合计" in page.text:
        # The letters of a seal stand between those of the title.
        special = re.search(r"增.{0,4}值.{0,4}税.{0,4}专.{0,4}用", packed)
        return (Kind.DIGITAL_SPECIAL if special else Kind.DIGITAL_ORDINARY), 0.9
    if kind is None and _TRAIN.search(page.text):
        electronic = digits == 20 or re.search(r"电子客.号|购买方名称", page.text)
        return (Kind.RAIL_E if electronic else Kind.RAIL_PAPER), 0.95
    return kind, 0.98 if kind is not None else 0.0


def _titled(head: str, packed: str) -> Kind | None:
    for line in head.split("\n"):
        kind = kind_from_title(line)
        if kind is not None and (kind.is_invoice or len(line) < 30) and "发票" in line + "发票":
            if kind in (Kind.MACHINE, Kind.TOLL_PAPER, Kind.TAXI) or not kind.is_invoice:
                break
            return kind
    for kind, pattern in _FUZZY:
        if re.search(pattern, packed):
            return kind
    return kind_from_title(packed)


def _local(page: Page) -> Kind:
    """Which local general invoice: by the words of its trade."""
    text = page.text
    for kind, pattern in (
        (Kind.TAXI, r"出租|上车|里程|计程|候时|等候"),
        (Kind.FIXED, r"定额"),
        (Kind.TOLL_PAPER, r"通行费|过路|收费站|车道"),
        (Kind.BUS, r"汽车客?票|客运|检票|班次|发车"),
        (Kind.SHIP, r"船票|航班船|客船"),
    ):
        if re.search(pattern, text):
            return kind
    return Kind.MACHINE


def _head(page: Page) -> str:
    """The upper part of the page, where titles stand, widest characters first."""
    if not page.rows:
        return ""
    top = page.rows[0].y0
    reach = top + max(0.42 * (page.rows[-1].y1 - top), 8 * page.em)
    return "\n".join(row.text for row in page.rows if row.middle <= reach)


def other_paper(text: str) -> str | None:
    """Return what a page without an invoice is: a Kind value, "payment", "order" …, or None."""
    packed = re.sub(r"\s+", "", text)
    upper = packed.upper()
    for name, least, words in _NOT_INVOICES:
        if sum(word in upper or word in packed for word in words) >= least:
            return str(name)
    return None


_NO_INVOICE_TITLE = re.compile(
    r"(?<!客票)(?<!客栗)行程单|行程报销单|行程单TRIP|销货清单|(?:电子|业务|付款|收款|客户|网银|银行)回单|转账凭证|回单凭证"
)


def is_trip_sheet(page: Page) -> bool:
    """True for a ride's trip sheet (行程单): it travels with an invoice and repeats its totals."""
    head = "".join(row.text for row in page.rows[:8])
    return (
        bool(re.search(r"行程(?:报销)?单|TRIPTABLE", head)) and "航空" not in page.text and "客票" not in head
    )


_LETTER = re.compile(r"[发收寄]件人[:]|发送时间[:]|主题[:]|尊敬的|请查收|您收到|(?:From|Subject|Sent):")


def is_letter(page: Page) -> bool:
    """True for a mail or letter that tells of an invoice and is none: it names number, day and sum as well."""
    return bool(_LETTER.search(page.text)) and kind_of(page)[0] is None


def is_goods_list(page: Page) -> bool:
    """True for the list of goods (销货清单) that belongs to an invoice."""
    head = "".join(row.text for row in page.rows[:6])
    return bool(re.search(r"销货清单|应税劳务清单|货物清单|销货.{0,8}清单", head))


def is_bank_slip(page: Page) -> bool:
    """True for a bank's payment slip (银行回单)."""
    head = "".join(row.text for row in page.rows[:6])
    return bool(re.search(r"回单|转账凭证|付款凭证", head)) and "发票号码" not in page.text
