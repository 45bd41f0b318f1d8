"""Sheets of invoices (发票清单): CSV or XLSX in, drafts and complaints out.

Columns are found by name, never by place: those of the tax account's export (全量发票查询, documented), of
deduction lists, and of our own export. A row an item adds up to one invoice.
"""

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from fapiao.dates import parse_date
from fapiao.kinds import Kind, kind_from_code, kind_from_title
from fapiao.money import MoneyError, parse_money, parse_tax
from fapiao.numbers import NumberError, Reason, parse_code, parse_number
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
_UNPACKED = 400 * 2**20

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "code": ("发票代码", "code"),
    "number": ("发票号码", "number", "invoicenumber"),
    "digital_number": ("数电发票号码", "数电票号码", "全电发票号码", "digitalnumber"),
    "issue_date": ("开票日期", "issuedate", "date"),
    "check_code": ("校验码", "checkcode"),
    "seller_tax_id": ("销方识别号", "销售方识别号", "销方税号", "销售方纳税人识别号", "sellertaxid"),
    "seller_name": ("销方名称", "销售方名称", "销货方名称", "sellername", "seller"),
    "buyer_tax_id": ("购方识别号", "购买方识别号", "购方税号", "buyertaxid"),
    "buyer_name": ("购买方名称", "购方名称", "购货方名称", "buyername", "buyer"),
    "amount": ("金额", "不含税金额", "合计金额", "票面金额", "amount"),
    "tax": ("税额", "票面税额", "合计税额", "tax"),
    "total": ("价税合计", "含税金额", "total"),
    "kind": ("发票票种", "票种", "发票类型", "kind"),
    "tax_state": ("发票状态", "taxstate", "税务状态"),
    "use_state": ("勾选状态", "用途", "usestate"),
    "booking_state": ("入账状态", "bookingstate"),
    "reimbursement_state": ("报销状态", "reimbursementstate"),
    "owner": ("工号", "员工工号", "报销人工号", "staffnumber", "employee"),
    "risk": ("发票风险等级",),
    "blue": ("是否正数发票",),
}
FIELDS = frozenset(_COLUMNS)
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
    "数电纸质发票(增值税专用发票)": Kind.DIGITAL_PAPER_SPECIAL,
    "数电纸质发票(普通发票)": Kind.DIGITAL_PAPER_ORDINARY, "增值税专用发票": Kind.VAT_SPECIAL,
    "增值税普通发票": Kind.VAT_ORDINARY, "增值税电子普通发票": Kind.VAT_E_ORDINARY,
    "增值税电子专用发票": Kind.VAT_E_SPECIAL,
}  # fmt: skip


class SheetError(Exception):
    """The file is no sheet we can read; the message says why in one line."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """A row that was left out."""

    row: int  # as the program that made the sheet numbers it
    reason: str  # key: number, digits_lost, date, money, state, code


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
    rows = _xlsx(content, name) if content[:2] == b"PK" else _csv(content, name)
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
            complaints.append(Complaint(row, error.reason))
            continue
        key = f"{entry.draft.code or ''}-{entry.draft.number}"
        found[key] = _added(found[key], entry) if key in found else entry
    return Sheet(tuple(found.values()), tuple(complaints))


class RowError(Exception):
    """A row cannot be taken; `reason` as in Complaint."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _header(rows: Iterator[tuple[int, Sequence[Any]]], name: str) -> dict[str, int]:
    for _, cells in islice(rows, _HEADER_ROWS):
        columns: dict[str, int] = {}
        for place, cell in enumerate(cells):
            field = _NAMES.get(unspaced(_text(cell)).replace("_", "").casefold())
            if field is not None:
                columns.setdefault(field, place)
        if "number" in columns or "digital_number" in columns:
            return columns
    raise SheetError(f"{name} has no column 发票号码 (or number) in its first {_HEADER_ROWS} rows")


def row_of(values: Mapping[str, Any], *, source: str, at: datetime) -> SheetRow:
    """The invoice in a mapping of field (as in FIELDS) to cell. Raises RowError."""
    code, number = _identity(values)
    kind = _kind(values, code)
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


def _identity(values: Mapping[str, Any]) -> tuple[str | None, str]:
    """(code, number): digital invoices have their number in a column of its own, or in the common one."""
    text = _text(values.get("digital_number")) or _text(values.get("number"))
    code = _text(values.get("code")) or None
    try:
        parsed = parse_number(text)
        if parsed.is_digital:
            return None, parsed.number
        return parsed.code or (parse_code(code) if code else None), parsed.number
    except NumberError as error:
        raise RowError("digits_lost" if error.reason is Reason.FLOAT else "number") from error


def _kind(values: Mapping[str, Any], code: str | None) -> Kind | None:
    text = unspaced(_text(values.get("kind")))
    if text in set(Kind):
        return Kind(text)
    return _KIND_WORDS.get(text) or kind_from_title(text) or (kind_from_code(code) if code else None)


def _states(values: Mapping[str, Any]) -> dict[str, tuple[str, str | None]]:
    states: dict[str, tuple[str, str | None]] = {}
    if raw := _text(values.get("tax_state")):
        states["tax"] = (_one_of(TaxState, raw) or _known(parse_tax_state(raw), TaxState.UNKNOWN), raw)
    if _text(values.get("blue")) in ("否", "N", "no"):
        states["tax"] = (TaxState.RED.value, "否")
    if _text(values.get("risk")) in ("异常", "疑点", "失控"):
        states["tax"] = (TaxState.ABNORMAL.value, _text(values.get("risk")))
    if raw := _text(values.get("use_state")):
        states["use"] = (_one_of(UseState, raw) or _known(parse_use_state(raw), UseState.UNKNOWN), raw)
    if raw := _text(values.get("booking_state")):
        booking = _one_of(BookingState, raw) or _known(parse_booking_state(raw), BookingState.UNKNOWN)
        if booking != BookingState.UNBOOKED or "use" not in states:
            states["use"] = (booking, raw)
    if raw := _text(values.get("reimbursement_state")):
        word = _one_of(ReimbursementState, raw) or _REIMBURSEMENT.get(unspaced(raw))
        if word is None:
            raise RowError("state")
        states["reimbursement"] = (str(word), raw)
    return states


def _one_of(states: "type[TaxState | UseState | BookingState | ReimbursementState]", raw: str) -> str | None:
    word = raw.strip().casefold()
    return word if word in {state.value for state in states} else None


def _known(state: "TaxState | UseState | BookingState", unknown: object) -> str:
    if state is unknown:
        raise RowError("state")
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
        raise RowError("date")
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
        raise RowError("money") from error


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


def _csv(content: bytes, name: str) -> Iterator[Sequence[Any]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        separator = "\t" if text[:4096].count("\t") > text[:4096].count(",") else ","
        return _lines(text, separator, name)
    raise SheetError(f"{name} is neither UTF-8 nor GB18030 text")


def _lines(text: str, separator: str, name: str) -> Iterator[Sequence[Any]]:
    # Of all line ends that occur in the wild: a lone carriage return too.
    lines = io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n"))
    try:
        yield from csv.reader(lines, delimiter=separator)
    except csv.Error as error:
        raise SheetError(f"{name} is no readable CSV file") from error


def _xlsx(content: bytes, name: str) -> Iterator[Sequence[Any]]:
    import openpyxl  # a quarter of the start's time, and most days bring no sheet
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > _UNPACKED:
                raise SheetError(f"{name} unpacks to more than {_UNPACKED // 2**20} MB")
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        return iter(list(islice(book.worksheets[0].iter_rows(values_only=True), _ROWS)))
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, IndexError) as error:
        raise SheetError(f"{name} is no readable XLSX file") from error
