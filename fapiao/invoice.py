"""One invoice (发票) as read or recorded, and when two of them are the same."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fapiao.kinds import Kind
from fapiao.text import LONGEST_FIELD, ascii_digits, plain, unspaced


@dataclass(frozen=True, slots=True)
class AirAmounts:
    """The parts of an air itinerary's total (航空运输电子客票行程单), each in yuan or None if not printed."""

    fare: Decimal | None = None  # 票价
    fuel: Decimal | None = None  # 燃油附加费
    fund: Decimal | None = None  # 民航发展基金, not part of the tax base
    other: Decimal | None = None  # 其他税费


@dataclass(frozen=True, slots=True)
class Invoice:
    """The fields of an invoice. What could not be read is None; identifiers are text with their zeros."""

    kind: Kind | None = None
    code: str | None = None  # 发票代码
    number: str | None = None  # 发票号码
    issue_date: date | None = None  # 开票日期
    check_code: str | None = None  # 校验码
    seller_name: str | None = None
    seller_tax_id: str | None = None
    buyer_name: str | None = None
    buyer_tax_id: str | None = None
    amount: Decimal | None = None  # 金额, without tax
    tax: Decimal | None = None  # 税额
    total: Decimal | None = None  # 价税合计
    digital_number: str | None = None  # 数电票号码 on the paper form of a digital invoice
    capital_total: str | None = None  # 价税合计（大写）, as printed
    rates: tuple[str, ...] = ()  # 税率/征收率, as printed, one a line
    lines: int = 1  # printed item lines; each may be rounded by one fen
    remark: str | None = None  # 备注
    air: AirAmounts | None = None
    red: bool = False  # printed as 红字 or (负数), besides a negative total

    @property
    def is_red(self) -> bool:
        """True for a red-letter invoice (红字发票). A negative discount line alone does not make one."""
        return self.red or (self.total is not None and self.total < 0)

    @property
    def blue_number(self) -> str | None:
        """The number that a red invoice reverses, from its remark, or None."""
        return blue_number(self.remark or "") if self.is_red else None

    def key(self) -> str | None:
        """Return the duplicate key: the 20-digit number, or code and number; None if it is not complete.

        An 8-digit number alone is no key: it repeats under every code. Photo, PDF, OFD and a re-signed copy
        of one invoice have the same key.
        """
        if self.digital_number and len(self.digital_number) == 20:
            return self.digital_number
        if self.number is None:
            return None
        if len(self.number) == 20 and ascii_digits(self.number):
            return self.number
        if self.code is None:
            return None
        return f"{self.code}-{self.number}"


_BLUE = re.compile(r"(?:蓝字|对应).{0,20}?号码?[^0-9]{0,3}(\d{20}|\d{8})(?!\d)", re.ASCII)
_BLUE_WITH_CODE = re.compile(r"代码[^0-9]{0,3}\d{10,12}.{0,6}?号码[^0-9]{0,3}(\d{8})(?!\d)", re.ASCII)


def blue_number(remark: str) -> str | None:
    """Return the reversed invoice's number from a red invoice's remark, or None.

    被红冲蓝字数电发票号码：… on digital ones (documented); 对应正数发票代码…号码… on legacy ones
    (unconfirmed).
    """
    packed = unspaced(remark[:LONGEST_FIELD])
    found = _BLUE_WITH_CODE.search(packed) or _BLUE.search(packed)
    return found.group(1) if found else None


def same_invoice(one: Invoice, other: Invoice) -> bool | None:
    """Say whether two readings are one invoice; None if they do not hold enough to tell.

    Two keys decide alone. Without them a differing number, code, date or total proves two invoices; equal
    ones prove nothing unless number, date and total all agree.
    """
    keys = one.key(), other.key()
    if keys[0] is not None and keys[1] is not None:
        return keys[0] == keys[1]
    pairs = (
        (one.number, other.number),
        (one.issue_date, other.issue_date),
        (one.total, other.total),
        (one.code, other.code),
    )
    if any(left is not None and right is not None and left != right for left, right in pairs):
        return False
    return True if all(left is not None and left == right for left, right in pairs[:3]) else None


_BRACKETS = str.maketrans("〔〕［］【】", "()()()")


def normal_name(name: str) -> str:
    """Return a company name as compared: half-width brackets, no spaces, case folded.

    （ ） and ( ), a trailing space and full-width letters make no difference.
    """
    return unspaced(plain(name).translate(_BRACKETS)).casefold()
