"""Sheets of invoices (发票清单): CSV or XLSX in, drafts and complaints out.

Columns are found by name, never by place: those of the tax account's export (全量发票查询, documented), of
deduction lists, and of our own export. A row an item adds up to one invoice.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from bot.outside.cells import SheetError, csv_rows, xlsx_rows
from fapiao.dates import parse_date
from fapiao.identity import CodeError, looks_fiscal, parse_identity
from fapiao.kinds import Kind, kind_from_code, kind_from_title
from fapiao.money import MoneyError, parse_money, parse_tax
from fapiao.numbers import InvoiceNumber, NumberError, Reason
from fapiao.status import (
    BookingState,
    ReimbursementState,
    TaxState,
    UseState,
    parse_booking_state,
    parse_tax_state,
    parse_use_state,
)
from fapiao.tax_id import normal_tax_id
from fapiao.text import unspaced
from storage.invoices import InvoiceDraft

LARGEST = 50 * 2**20  # bytes of a sheet
_ROWS = 500_000
_HEADER_ROWS = 15  # titles above the header row

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "code": ("发票代码", "票据代码", "电子票据代码", "code"),
    "number": ("发票号码", "票据号码", "电子票据号码", "number", "invoicenumber"),
    "digital_number": ("数电发票号码", "数电票号码", "全电发票号码", "digitalnumber"),
    "ticket_number": ("电子客票号", "电子客票号码", "客票号", "票号", "印刷序号", "红色票号", "ticketnumber"),
    "issue_date": ("开票日期", "issuedate", "date"),
    "check_code": ("校验码", "checkcode"),
    "seller_tax_id": ("销方识别号", "销售方识别号", "销方税号", "销售方纳税人识别号", "sellertaxid"),
    "seller_name": ("销方名称", "销售方名称", "销货方名称", "sellername", "seller"),
    "buyer_tax_id": ("购方识别号", "购买方识别号", "购方税号", "buyertaxid"),
    "buyer_name": ("购买方名称", "购方名称", "购货方名称", "buyername", "buyer"),
    "amount": ("金额", "不含税金额", "合计金额", "票面金额", "amount"),
    "tax": ("税额", "票面税额", "合计税额", "tax"),
    "total": ("价税合计", "含税金额", "total"),
    "kind": ("发票票种", "票种", "发票类型", "票据种类", "票据类型", "kind"),
    "tax_state": ("发票状态", "taxstate", "税务状态"),
    "use_state": ("勾选状态", "用途", "usestate"),
    "booking_state": ("入账状态", "bookingstate"),
    "reimbursement_state": ("报销状态", "reimbursementstate"),
    "owner": ("工号", "员工工号", "报销人工号", "staffnumber", "employee"),
    "risk": ("发票风险等级",),
    "blue": ("是否正数发票",),
}
FIELDS = frozenset(_COLUMNS)
_NUMBERS = frozenset({"number", "digital_number", "ticket_number"})
_SHOWN = 40  # characters of a cell that is complained about
_NAMES = {alias: name for name, aliases in _COLUMNS.items() for alias in aliases}
_R = ReimbursementState
_REIMBURSEMENT = {
    "草稿": _R.DRAFT, "未报销": _R.DRAFT, "未提交": _R.DRAFT, "已提交": _R.SUBMITTED, "待审核": _R.SUBMITTED,
    "初审中": _R.CHECKING, "查验中": _R.CHECKING, "待补充": _R.NEEDS_INFO, "待补资料": _R.NEEDS_INFO,
    "审核中": _R.UNDER_REVIEW, "审批中": _R.UNDER_REVIEW, "已通过": _R.APPROVED, "审批通过": _R.APPROVED,
    "已审批": _R.APPROVED, "已驳回": _R.REJECTED, "驳回": _R.REJECTED, "已退回": _R.REJECTED,
    "已付款": _R.PAID,
    "已支付": _R.PAID, "已到账": _R.PAID, "已报销": _R.PAID, "已入账": _R.BOOKED, "已归档": _R.ARCHIVED,
    "重复": _R.DUPLICATE, "已撤回": _R.WITHDRAWN, "撤回": _R.WITHDRAWN,
}  # fmt: skip
_KIND_WORDS = {
    "数电票(增值税专用发票)": Kind.DIGITAL_SPECIAL, "数电专票": Kind.DIGITAL_SPECIAL,
    "数电票(普通发票)": Kind.DIGITAL_ORDINARY, "数电普票": Kind.DIGITAL_ORDINARY,
    "数电票(铁路电子客票)": Kind.RAIL_E, "数电票(航空运输客票电子行程单)": Kind.AIR_E,
    "铁路电子客票": Kind.RAIL_E, "航空运输客票电子行程单": Kind.AIR_E, "财政电子票据": Kind.FISCAL,
    "数电票(机动车销售统一发票)": Kind.DIGITAL_VEHICLE, "数电票(二手车销售统一发票)": Kind.DIGITAL_USED_CAR,
    "区块链电子发票": Kind.BLOCKCHAIN, "通行费电子普通发票": Kind.VAT_E_TOLL, "卷票": Kind.VAT_ROLL,
    "数电纸质发票(增值税专用发票)": Kind.DIGITAL_PAPER_SPECIAL,
    "数电纸质发票(普通发票)": Kind.DIGITAL_PAPER_ORDINARY,
    "数电纸质发票(增值税普通发票)": Kind.DIGITAL_PAPER_ORDINARY, "增值税专用发票": Kind.VAT_SPECIAL,
    "增值税普通发票": Kind.VAT_ORDINARY, "增值税电子普通发票": Kind.VAT_E_ORDINARY,
    "增值税电子专用发票": Kind.VAT_E_SPECIAL,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Complaint:
    """A row that was left out."""

    row: int  # as the program that made the sheet numbers it
    reason: str  # key: number, code, digits_lost, ticket_number, not_invoice, date, money, state
    value: str = ""  # what stands there, cut


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One invoice of a sheet; `owner` is a staff number."""

    draft: InvoiceDraft
    owner: str | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a sheet holds."""

    rows: tuple[SheetRow, ...]
    complaints: tuple[Complaint, ...]


def read_sheet(content: bytes, name: str, *, source: str, at: datetime) -> Sheet:
    """Read a sheet, blocking. Raises SheetError."""
    if len(content) > LARGEST:
        raise SheetError(f"{name} is larger than {LARGEST // 2**20} MB")
    rows = xlsx_rows(content, name, _ROWS) if content[:2] == b"PK" else csv_rows(content, name)
    numbered = enumerate(rows, start=1)
    columns = _header(numbered, name)
    found: dict[str, SheetRow] = {}
    complaints: list[Complaint] = []
    for row, cells in islice(numbered, _ROWS):
        values = {field: cells[place] for field, place in columns.items() if place < len(cells)}
        if not any(_text(value) for value in values.values()):
            continue
        try:
            entry = row_of(values, source=source, at=at)
        except RowError as error:
            complaints.append(Complaint(row, error.reason, error.value[:_SHOWN]))
            continue
        key = f"{entry.draft.code or ''}-{entry.draft.number}"
        found[key] = _added(found[key], entry) if key in found else entry
    return Sheet(tuple(found.values()), tuple(complaints))


class RowError(Exception):
    """A row cannot be taken; `reason` as in Complaint."""

    def __init__(self, reason: str, value: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.value = value


def _header(rows: Iterator[tuple[int, Sequence[Any]]], name: str) -> dict[str, int]:
    for _, cells in islice(rows, _HEADER_ROWS):
        columns: dict[str, int] = {}
        for place, cell in enumerate(cells):
            field = _NAMES.get(unspaced(_text(cell)).replace("_", "").casefold())
            if field is not None:
                columns.setdefault(field, place)
        if not columns.keys().isdisjoint(_NUMBERS):
            return columns
    raise SheetError(f"{name} has no column 发票号码 (or number) in its first {_HEADER_ROWS} rows")


def row_of(values: Mapping[str, Any], *, source: str, at: datetime) -> SheetRow:
    """The invoice in a mapping of field (as in FIELDS) to cell. Raises RowError."""
    kind, code, number = _identity(values)
    draft = InvoiceDraft(
        number=number,
        code=code,
        kind=kind.value if kind is not None else None,
        issue_date=_date(values.get("issue_date")),
        check_code=_text(values.get("check_code")) or None,
        seller_name=_text(values.get("seller_name")) or None,
        seller_tax_id=normal_tax_id(_text(values.get("seller_tax_id"))) or None,
        buyer_name=_text(values.get("buyer_name")) or None,
        buyer_tax_id=normal_tax_id(_text(values.get("buyer_tax_id"))) or None,
        amount=_money(values.get("amount")),
        tax=_money(values.get("tax"), masked=True),
        total=_money(values.get("total")),
        states=_states(values),
        source=source,
        at=at,
    )
    if draft.total is None and draft.amount is not None and draft.tax is not None:
        draft = replace(draft, total=draft.amount + draft.tax)
    return SheetRow(draft, _text(values.get("owner")) or None)


def _identity(values: Mapping[str, Any]) -> tuple[Kind | None, str | None, str]:
    """(kind, code, number): digital invoices have their number in a column of its own, or in the common one."""
    kind = _kind(_text(values.get("kind")))
    if kind is not None and not kind.is_invoice:
        raise RowError("not_invoice", _text(values.get("kind")))
    code, ticket = _text(values.get("code")) or None, _text(values.get("ticket_number"))
    text = _text(values.get("digital_number")) or _text(values.get("number"))
    if not text and kind in (Kind.RAIL_E, Kind.AIR_E) and ticket:
        raise RowError("ticket_number", ticket)
    text = text or ticket
    try:
        parsed = parse_identity(text, code, kind)
    except CodeError as error:
        raise RowError("digits_lost" if error.reason is Reason.FLOAT else "code", code or "") from error
    except NumberError as error:
        raise RowError("digits_lost" if error.reason is Reason.FLOAT else "number", text) from error
    if kind is None:
        kind = _kind_of(parsed)
    return kind, parsed.code, parsed.number


def _kind_of(parsed: InvoiceNumber) -> Kind | None:
    if looks_fiscal(parsed.number, parsed.code):
        return Kind.FISCAL
    return kind_from_code(parsed.code) if parsed.code else None


def _kind(text: str) -> Kind | None:
    packed = unspaced(text)
    if packed in set(Kind):
        return Kind(packed)
    return _KIND_WORDS.get(packed) or kind_from_title(packed)


def _states(values: Mapping[str, Any]) -> dict[str, tuple[str, str | None]]:
    states: dict[str, tuple[str, str | None]] = {}
    if raw := _text(values.get("tax_state")):
        states["tax"] = (_one_of(TaxState, raw) or _known(parse_tax_state(raw), TaxState.UNKNOWN, raw), raw)
    if _text(values.get("blue")) in ("否", "N", "no"):
        states["tax"] = (TaxState.RED.value, "否")
    if _text(values.get("risk")) in ("异常", "疑点", "失控"):
        states["tax"] = (TaxState.ABNORMAL.value, _text(values.get("risk")))
    if raw := _text(values.get("use_state")):
        states["use"] = (_one_of(UseState, raw) or _known(parse_use_state(raw), UseState.UNKNOWN, raw), raw)
    if raw := _text(values.get("booking_state")):
        booking = _one_of(BookingState, raw) or _known(parse_booking_state(raw), BookingState.UNKNOWN, raw)
        if booking != BookingState.UNBOOKED or "use" not in states:
            states["use"] = (booking, raw)
    if raw := _text(values.get("reimbursement_state")):
        word = _one_of(ReimbursementState, raw) or _REIMBURSEMENT.get(unspaced(raw))
        if word is None:
            raise RowError("state", raw)
        states["reimbursement"] = (str(word), raw)
    return states


def _one_of(states: "type[TaxState | UseState | BookingState | ReimbursementState]", raw: str) -> str | None:
    word = raw.strip().casefold()
    return word if word in {state.value for state in states} else None


def _known(state: "TaxState | UseState | BookingState", unknown: object, raw: str) -> str:
    if state is unknown:
        raise RowError("state", raw)
    return state.value


def _date(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = _text(value)
    if not text:
        return None
    parsed = parse_date(text.split("T")[0].split(" ")[0] if ":" in text else text)
    if parsed is None:
        raise RowError("date", text)
    return parsed


def _money(value: Any, *, masked: bool = False) -> Decimal | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(str(value)).quantize(Decimal("0.01"))
    text = _text(value)
    if not text:
        return None
    try:
        return parse_tax(text) if masked else parse_money(text)
    except MoneyError as error:
        raise RowError("money", text) from error


def _added(one: SheetRow, other: SheetRow) -> SheetRow:
    """Item rows of one invoice: the amounts add up."""
    draft = replace(
        one.draft,
        amount=_sum(one.draft.amount, other.draft.amount),
        tax=_sum(one.draft.tax, other.draft.tax),
        total=_sum(one.draft.total, other.draft.total),
    )
    return SheetRow(draft, one.owner or other.owner)


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return other if one is None else one if other is None else one + other


def _text(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, float):
        # A whole number below 2**53 is exact; anything else has lost digits, and says so in its form.
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value).upper()
    return str(value).strip().lstrip("\ufeff'`\t")
