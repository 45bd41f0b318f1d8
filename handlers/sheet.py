"""The sheet of what one filed (发票清单): rows and cells that a spreadsheet neither rounds nor runs."""

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from fapiao.kinds import Kind
from fapiao.money import money_text
from fapiao.status import ReimbursementState, TaxState
from handlers.known import kind_of
from locales.catalog import BEIJING
from storage.documents import Filing
from storage.records import InvoiceRecord

# As `piaoda import` and the tax account name them; numbers are text, or a spreadsheet rounds them.
COLUMNS = (
    "发票代码", "发票号码", "数电发票号码", "校验码", "销方识别号", "销方名称", "购方识别号", "购买方名称", "开票日期",
    "金额", "税额", "价税合计", "发票票种", "发票状态", "是否正数发票", "报销状态", "提交日期", "数据来源", "人工更正",
)  # fmt: skip
_WIDTHS = {
    "数电发票号码": 23,
    "销方名称": 28,
    "购买方名称": 28,
    "销方识别号": 21,
    "购方识别号": 21,
    "校验码": 23,
}
_TITLES: Mapping[Kind, str] = {
    Kind.VAT_SPECIAL: "增值税专用发票",
    Kind.VAT_ORDINARY: "增值税普通发票",
    Kind.VAT_ROLL: "增值税普通发票（卷票）",
    Kind.VAT_E_ORDINARY: "增值税电子普通发票",
    Kind.VAT_E_SPECIAL: "增值税电子专用发票",
    Kind.VAT_E_TOLL: "收费公路通行费增值税电子普通发票",
    Kind.DIGITAL_SPECIAL: "数电票（增值税专用发票）",
    Kind.DIGITAL_ORDINARY: "数电票（普通发票）",
    Kind.DIGITAL_PAPER_SPECIAL: "数电纸质发票（增值税专用发票）",
    Kind.DIGITAL_PAPER_ORDINARY: "数电纸质发票（普通发票）",
    Kind.DIGITAL_VEHICLE: "电子发票（机动车销售统一发票）",
    Kind.DIGITAL_USED_CAR: "电子发票（二手车销售统一发票）",
    Kind.VEHICLE: "机动车销售统一发票",
    Kind.USED_CAR: "二手车销售统一发票",
    Kind.RAIL_E: "数电票（铁路电子客票）",
    Kind.AIR_E: "数电票（航空运输客票电子行程单）",
    Kind.RAIL_PAPER: "纸质火车票",
    Kind.AIR_PAPER: "航空运输电子客票行程单",
    Kind.TAXI: "出租车发票",
    Kind.FIXED: "定额发票",
    Kind.MACHINE: "通用机打发票",
    Kind.TOLL_PAPER: "过路费发票",
    Kind.BUS: "汽车票",
    Kind.SHIP: "船票",
    Kind.FISCAL: "财政票据",
    Kind.BLOCKCHAIN: "区块链电子发票",
}
_TAX = {
    TaxState.NORMAL: "正常",
    TaxState.VOIDED: "已作废",
    TaxState.PARTLY_REVERSED: "已红冲-部分",
    TaxState.REVERSED: "已红冲-全额",
    TaxState.RED: "红字",
    TaxState.ABNORMAL: "异常",
    TaxState.NOT_FOUND: "未查到",
}
_R = ReimbursementState
_REIMBURSEMENT = {
    _R.DRAFT: "草稿",
    _R.SUBMITTED: "已提交",
    _R.CHECKING: "初审中",
    _R.NEEDS_INFO: "待补充",
    _R.UNDER_REVIEW: "审批中",
    _R.APPROVED: "已通过",
    _R.REJECTED: "已驳回",
    _R.PAID: "已付款",
    _R.BOOKED: "已入账",
    _R.ARCHIVED: "已归档",
    _R.DUPLICATE: "重复",
    _R.WITHDRAWN: "已撤回",
}
# What a spreadsheet takes for a formula, also in full width; a name may begin so, and may be made to.
_FORMULA = re.compile(r"^[\s]*[=+\-@＝＋－＠﹢﹣﹦﹫\t\r\n]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def rows_of(filed: Sequence[tuple[Filing | None, InvoiceRecord]]) -> list[list[Any]]:
    """The rows below COLUMNS: text, Decimal, date or None."""
    return [_row(filing, record) for filing, record in filed]


def xlsx_sheet(filed: Sequence[tuple[Filing | None, InvoiceRecord]]) -> bytes:
    """The sheet as XLSX: every identifier a text cell, no cell a formula."""
    # The library takes a quarter of a second to import, and most starts come long before the first sheet.
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet("发票清单")
    sheet.freeze_panes = "A2"
    for place, column in enumerate(COLUMNS):
        sheet.column_dimensions[get_column_letter(place + 1)].width = _WIDTHS.get(column, 14)
    heads = [WriteOnlyCell(sheet, value=column) for column in COLUMNS]
    for head in heads:
        head.font = Font(bold=True)
    sheet.append(heads)
    for row in rows_of(filed):
        sheet.append([_cell(WriteOnlyCell(sheet), value) for value in row])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _cell(cell: Any, value: Any) -> Any:
    if not isinstance(value, str):
        cell.value = value
        cell.number_format = "0.00" if isinstance(value, Decimal) else "yyyy-mm-dd"
        return cell
    cell.value = guarded(value)
    cell.data_type = "s"  # or openpyxl makes a formula of what begins with =
    cell.number_format = "@"
    return cell


def csv_sheet(filed: Sequence[tuple[Filing | None, InvoiceRecord]]) -> bytes:
    """The sheet as CSV for spreadsheets: UTF-8 with its mark; long numbers end in a tab, or they are rounded."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows_of(filed):
        writer.writerow([_csv_text(value) for value in row])
    return stream.getvalue().encode("utf-8-sig")


def _csv_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return money_text(value)
    if isinstance(value, date):
        return value.isoformat()
    text = guarded(str(value))
    return f"{text}\t" if text.isascii() and text[:1].isdigit() else text


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    clean = _CONTROL.sub(" ", text)
    return f"'{clean}" if _FORMULA.match(text) else clean


def _row(filing: Filing | None, record: InvoiceRecord) -> list[Any]:
    digital = len(record.number) == 20
    kind = kind_of(record)
    red = record.total is not None and record.total < 0
    return [
        record.code,
        None if digital else record.number,
        record.number if digital else None,
        record.check_code,
        record.seller_tax_id,
        record.seller_name,
        record.buyer_tax_id,
        record.buyer_name,
        record.issue_date,
        record.amount,
        record.tax,
        record.total,
        None if kind is None else _TITLES.get(kind, kind.value),
        _TAX.get(_state(TaxState, record.tax_state.value)),
        "否" if red else "是",
        _REIMBURSEMENT.get(_state(ReimbursementState, record.reimbursement_state.value)),
        None if record.created_at is None else record.created_at.astimezone(BEIJING).date(),
        _joined(
            {} if filing is None else filing.fields.get("sources", {}), lambda source: str(source).upper()
        ),
        _joined({} if filing is None else filing.corrections, lambda pair: f"{pair[0] or '-'}→{pair[1]}"),
    ]


def _state(states: Any, value: str) -> Any:
    try:
        return states(value)
    except ValueError:
        return None


def _joined(values: Mapping[str, Any], shown: Callable[[Any], str]) -> str | None:
    """field:value pairs in one cell."""
    return "; ".join(f"{name}:{shown(value)}" for name, value in values.items()) or None
