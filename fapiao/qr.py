"""The text inside the QR code of an invoice (发票二维码), all layouts, read without opening anything."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from urllib.parse import parse_qs, urlsplit

from fapiao.dates import parse_date
from fapiao.kinds import Kind, kind_from_qr
from fapiao.money import MoneyError, parse_money
from fapiao.text import ascii_digits, plain

_LONGEST = 4096  # characters; the largest QR code holds 7,089 digits, the longest invoice text under 200


class Layout(StrEnum):
    """How the text is laid out."""

    TAX = "tax"  # 01,type,code,number,amount,date,check code,CRC
    BLOCKCHAIN = "blockchain"  # the same with the seller id inserted
    BLOCKCHAIN_URL = "blockchain_url"
    FISCAL = "fiscal"  # CZ-…
    TRAIN_TICKET = "train_ticket"  # encrypted digits: nothing to read
    URL = "url"  # a shop's page, a chat card: named, never opened


class AmountMeaning(StrEnum):
    """What the amount field holds."""

    NET = "net"  # 不含税金额
    TOTAL = "total"  # 价税合计


class Crc(StrEnum):
    """The CRC variants seen; the first two are by far the commonest."""

    TAX = "tax"
    TAX_NO_COMMA = "tax_no_comma"
    SHIFTED_RIGHT = "shifted_right"
    MODBUS = "modbus"
    ARC = "arc"


@dataclass(frozen=True, slots=True)
class QrPayload:
    """What one QR text says; absent or unreadable fields are None."""

    raw: str
    layout: Layout
    type: str | None = None  # second field of the tax layout
    kind: Kind | None = None  # None for an unknown type: ask
    code: str | None = None
    number: str | None = None
    amount: Decimal | None = None
    amount_means: AmountMeaning | None = None  # None where the type leaves it open
    issue_date: date | None = None
    check_code: str | None = None
    seller_tax_id: str | None = None
    crc_text: str | None = None  # as printed
    crc: Crc | None = None  # the variant that matched
    host: str | None = None  # of a URL

    @property
    def is_invoice(self) -> bool:
        """True if the text identifies an invoice; a shop's link or an encrypted ticket does not."""
        return self.number is not None


# 10, 20, 31, 32, 61 verified; 01, 04, 33, 34, 51 documented; of 03, 11, 14 and 15 nothing is known.
_MEANING: Mapping[str, AmountMeaning] = MappingProxyType(
    dict.fromkeys(("01", "04", "10", "20"), AmountMeaning.NET)
    | dict.fromkeys(("31", "32", "33", "34", "51", "61"), AmountMeaning.TOTAL)
)


def parse_qr(text: str) -> QrPayload | None:
    """Return what a decoded QR text says, or None if it is no layout known here. Never raises.

    Liberal where issuers are (verified): amount without decimals, date with hyphens, lower-case or missing
    CRC, a trailing comma, spaces, full-width signs, unknown types.
    """
    if len(text) > _LONGEST:
        return None
    clean = plain(text).strip()
    fields = [field.strip() for field in clean.split(",")]
    if len(fields) >= 6 and fields[0] in ("01", "1"):
        return _tax(clean, fields)
    if clean[:3].upper() == "CZ-":
        return _fiscal(clean, fields)
    if len(clean) >= 100 and ascii_digits(clean):
        return QrPayload(clean, Layout.TRAIN_TICKET, kind=Kind.RAIL_PAPER)
    if re.match(r"(?:https?|weixin|wxp|alipays?)://", clean, re.IGNORECASE):
        return _url(clean)
    return None


def _tax(clean: str, fields: list[str]) -> QrPayload | None:
    qr_type, code, number = fields[1], fields[2], fields[3]
    if not (_digits_or_empty(code) and ascii_digits(number) and 6 <= len(number) <= 20):
        return None
    kind = kind_from_qr(qr_type, code)
    if kind is Kind.BLOCKCHAIN and _is_seller(fields[4]):
        return _blockchain(clean, fields)
    check_code, crc_text, *_ = [*fields[6:], "", ""]
    if qr_type == "61":  # the last field is the air ticket's 验证码
        check_code, crc_text = check_code or crc_text, ""
    return QrPayload(
        raw=clean,
        layout=Layout.TAX,
        type=qr_type,
        kind=kind,
        code=code or None,
        number=number,
        amount=_amount(fields[4]),
        # On the paper form of a digital invoice nobody has documented what the amount is.
        amount_means=None if kind is not None and kind.is_digital_paper else _MEANING.get(qr_type),
        issue_date=parse_date(fields[5]),
        check_code=check_code or None,
        crc_text=crc_text or None,
        crc=match_crc(clean) if crc_text else None,
    )


def _is_seller(field: str) -> bool:
    return re.fullmatch(r"[0-9A-Z]{15,20}", field) is not None and "." not in field


def _blockchain(clean: str, fields: list[str]) -> QrPayload:
    return QrPayload(
        raw=clean,
        layout=Layout.BLOCKCHAIN,
        type=fields[1],
        kind=Kind.BLOCKCHAIN,
        code=fields[2],
        number=fields[3],
        seller_tax_id=fields[4],
        amount=_amount(fields[5]),
        amount_means=AmountMeaning.TOTAL,  # documented
        issue_date=parse_date(fields[6]) if len(fields) > 6 else None,
    )


def _fiscal(clean: str, fields: list[str]) -> QrPayload | None:
    """`CZ-…,version,code,number,check code,date,amount` (财政电子票据). Documented."""
    if len(fields) < 7 or not ascii_digits(fields[2]) or not ascii_digits(fields[3]):
        return None
    return QrPayload(
        raw=clean,
        layout=Layout.FISCAL,
        kind=Kind.FISCAL,
        code=fields[2],
        number=fields[3],
        check_code=fields[4] or None,
        issue_date=parse_date(fields[5]),
        amount=_amount(fields[6]),
        amount_means=AmountMeaning.TOTAL,
    )


def _url(clean: str) -> QrPayload:
    try:
        parts = urlsplit(clean)
        host = (parts.hostname or "")[:253] or None
        query = parse_qs(parts.query, max_num_fields=40)
    except ValueError:
        return QrPayload(clean, Layout.URL)
    number = query.get("bill_num", [""])[0]
    bureau = host is not None and host.endswith(".chinatax.gov.cn")
    if not bureau or not ascii_digits(number):
        return QrPayload(clean, Layout.URL, host=host)
    fen = query.get("total_amount", [""])[0]
    amount = Decimal(fen).scaleb(-2) if ascii_digits(fen) and len(fen) <= 14 else None
    return QrPayload(
        raw=clean,
        layout=Layout.BLOCKCHAIN_URL,
        kind=Kind.BLOCKCHAIN,
        number=number,
        amount=amount,
        amount_means=AmountMeaning.TOTAL,
        host=host,
    )


def _digits_or_empty(text: str) -> bool:
    return not text or ascii_digits(text)


def _amount(field: str) -> Decimal | None:
    try:
        return parse_money(field)
    except MoneyError:
        return None


def _crc_left(octets: bytes) -> int:
    register = 0
    for octet in octets:
        register ^= octet << 8
        for _ in range(8):
            register = (register << 1) ^ 0x8005 if register & 0x8000 else register << 1
            register &= 0xFFFF
    return register


def _crc_right(octets: bytes, start: int, polynomial: int) -> int:
    register = start
    for octet in octets:
        register ^= octet
        for _ in range(8):
            register = (register >> 1) ^ polynomial if register & 1 else register >> 1
    return register


_VARIANTS: tuple[tuple[Crc, str, Callable[[bytes], int]], ...] = (
    (Crc.TAX, ",", _crc_left),
    (Crc.TAX_NO_COMMA, "", _crc_left),
    (Crc.SHIFTED_RIGHT, "", lambda octets: _crc_right(octets, 0, 0x8005)),
    (Crc.MODBUS, ",", lambda octets: _crc_right(octets, 0xFFFF, 0xA001)),
    (Crc.ARC, ",", lambda octets: _crc_right(octets, 0, 0xA001)),
)


def match_crc(text: str) -> Crc | None:
    """Return the CRC variant under which the eighth field fits the seven before it, or None.

    A match says that number, date and amount were read right (5 in 65,536 pass by chance); no match only
    lowers the confidence, because one genuine invoice of 48 matches nothing. TAX and SHIFTED_RIGHT are
    verified on real invoices; MODBUS (rail) and ARC on one quoted payload each.
    """
    fields = text.strip().split(",", 8)
    if len(fields) < 8 or not text.isascii() or not re.fullmatch(r"\s*[0-9A-Fa-f]{4}\s*", fields[7]):
        return None
    wanted = int(fields[7], 16)
    head = ",".join(fields[:7])
    for variant, end, crc in _VARIANTS:
        if crc((head + end).encode("ascii")) == wanted:
            return variant
    return None


def crc_text(head: str, variant: Crc = Crc.TAX) -> str:
    """Return the four hex digits for `head` (seven fields, no comma after them), as a test printer needs."""
    for known, end, crc in _VARIANTS:
        if known is variant:
            return f"{crc((head + end).encode('ascii')):04X}"
    raise ValueError(variant)
