"""Sheets of invoices: found by column names, item rows added up, lost digits refused."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.outside.cells import SheetError
from bot.outside.sheets import Sheet, read_sheet

AT = datetime(2026, 8, 19, 2, 0, tzinfo=UTC)
EXPORT = Path(__file__).parent / "sheets" / "account_export.csv"
KINDS = EXPORT.with_name("kinds.csv")


def read(content: bytes, name: str = "list.csv") -> Sheet:
    return read_sheet(content, name, source="import", at=AT)


def test_the_tax_accounts_export_is_understood() -> None:
    sheet = read(EXPORT.read_bytes())
    assert [(row.draft.number, row.draft.code) for row in sheet.rows] == [
        ("26112000000000000001", None),
        ("00008006", "011002600111"),
        ("26112000000000000002", None),
    ]
    two_items = sheet.rows[0].draft
    assert (two_items.amount, two_items.tax, two_items.total) == (
        Decimal("150.00"),
        Decimal("12.50"),
        Decimal("162.50"),
    )
    assert (two_items.kind, two_items.issue_date) == ("digital_ordinary", date(2026, 7, 3))
    assert sheet.rows[1].draft.states["tax"] == ("reversed", "已红冲-全额")
    assert sheet.rows[1].draft.tax == Decimal("0.00")
    assert sheet.rows[2].draft.states["tax"][0] == "red"


def test_bad_rows_are_left_out_with_their_reason() -> None:
    sheet = read(EXPORT.read_bytes())
    assert [(each.row, each.reason) for each in sheet.complaints] == [
        (7, "digits_lost"),
        (8, "number"),
        (9, "date"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_both_encodings_are_read(encoding: str) -> None:
    sheet = read(EXPORT.read_text("utf-8").encode(encoding))
    assert sheet.rows[0].draft.seller_name == "青禾餐饮有限公司"


def test_a_workbook_keeps_numbers_as_text_and_refuses_lost_digits() -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(["2026年8月发票清单"])
    page.append(["发票号码", "开票日期", "价税合计", "报销状态", "工号"])
    page.append(["26112000000000000009", datetime(2026, 8, 1), 12.3, "已到账", "1001"])  # noqa: DTZ001
    page.append([26112000000000000009, datetime(2026, 8, 1), 12.3, "已到账", None])  # noqa: DTZ001
    page.append([2.6112e19, datetime(2026, 8, 1), 12.3, "已到账", None])  # noqa: DTZ001
    page.append(["26112000000000000010", None, None, "不知道", None])
    packed = io.BytesIO()
    book.save(packed)
    sheet = read(packed.getvalue(), "list.xlsx")
    (row,) = sheet.rows
    assert (row.draft.number, row.owner) == ("26112000000000000009", "1001")
    assert (row.draft.total, row.draft.states["reimbursement"]) == (Decimal("12.30"), ("paid", "已到账"))
    assert {each.reason for each in sheet.complaints} == {"digits_lost", "state"}


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"PK\x03\x04broken", b"\xff\xfe\x00"])
def test_what_is_no_sheet_is_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(SheetError) as refused:
        read(content)
    assert "\n" not in str(refused.value)


@given(st.text(max_size=300))
def test_any_text_below_the_header_is_read_or_complained_about(text: str) -> None:
    sheet = read(f"发票号码,开票日期,金额,发票状态\n{text}\n".encode("utf-8", "surrogatepass"))
    assert all(len(row.draft.number) in (8, 20) for row in sheet.rows)


def test_every_kind_is_taken_under_its_own_numbers() -> None:
    sheet = read(KINDS.read_bytes())
    assert [(row.draft.kind, row.draft.code, row.draft.number) for row in sheet.rows] == [
        ("fiscal", "11060124", "0012345678"),
        ("fiscal", "11060125", "0012345679"),  # by its form alone
        ("rail_e", None, "26119110010000000001"),
        ("rail_e", None, "26119110010000000002"),
        ("rail_paper", None, "D020221"),
        ("rail_paper", None, "Z96X089517"),
        ("air_paper", None, "9992300000001"),
        ("air_e", None, "26119111010000000003"),
        ("taxi", "111001681011", "12345678"),
        ("fixed", "111001770201", "00001234"),
        ("ship", "111001681012", "12345679"),
        ("vehicle", "111002621060", "00045678"),
        ("digital_vehicle", None, "26112000000000000077"),
        ("blockchain", "144031909110", "00045679"),
        ("vat_roll", "011001800106", "12345680"),
        ("digital_paper_ordinary", None, "26112000000000000078"),
    ]


def test_what_cannot_be_taken_is_told_row_by_row() -> None:
    assert [(each.row, each.reason, each.value) for each in read(KINDS.read_bytes()).complaints] == [
        (6, "ticket_number", "1234567890123456789012"),
        (19, "not_invoice", "销货清单"),
        (20, "not_invoice", "行程单"),
        (21, "number", "12"),
        (22, "code", "01100180010"),
        (23, "money", "一百"),
        (24, "state", "在路上"),
        (25, "digits_lost", "1.23457E+09"),
    ]
