"""Sheets of what one filed: safe to open, and read back by our own import."""

import csv
import io
from dataclasses import replace
from datetime import date
from decimal import Decimal

import openpyxl
import pytest

from bot.outside.sheets import read_sheet
from fapiao.kinds import Kind
from fapiao.status import ReimbursementState, TaxState
from handlers import export, filing, intake, sheet
from nlu.document.reading import Found
from storage import documents
from storage.documents import Document, Filing
from storage.records import ChatId, InvoiceRecord, StatusLine, Viewer
from tests.handlers.conftest import NOW, Stage
from tests.handlers.documents import Desk, found, opened, read

RECORD = InvoiceRecord(
    id=1,
    owner_id=1,
    kind="digital_ordinary",
    code=None,
    number="26112000000000000007",
    issue_date=date(2026, 8, 3),
    seller_name="蓝鲸出行科技有限公司",
    seller_tax_id="91110105MA0000001X",
    buyer_name="松果软件有限公司",
    buyer_tax_id="91110108MA01ABCD3X",
    amount=Decimal("100.00"),
    tax=Decimal("6.00"),
    total=Decimal("106.00"),
    check_code=None,
    tax_state=StatusLine("normal"),
    use_state=StatusLine("unknown"),
    reimbursement_state=StatusLine("draft"),
    created_at=NOW,
)
FILING = Filing(
    1, ChatId("web", "ming"), "0" * 64, 1, {"sources": {"number": "qr"}}, {"total": [None, "106.00"]}
)
LEGACY = replace(
    RECORD, kind="vat_ordinary", code="011002100104", number="00008006", check_code="01366232855399948930"
)


@pytest.fixture
def desk(stage: Stage) -> Desk:
    return opened(stage)


async def filed(desk: Desk, *several: Found) -> None:
    for one in several:
        name = f"{desk.stage.turns}.jpg"
        desk.reader.readings[name.encode()] = read(one)
        desk.follow(await intake.take(desk.message(name), desk.stage.services))
        turn = desk.stage.turn(action=desk.button("file:"))
        assert desk.follow(await filing.file(turn, desk.stage.services)) == ["filing.done"]


async def kept(desk: Desk) -> Document:
    assert desk.last is not None
    digest = desk.last.replies[0].file
    assert digest is not None
    document = await desk.stage.store.read(documents.document, digest)
    assert document is not None
    return document


async def test_what_was_filed_comes_as_a_sheet(desk: Desk) -> None:
    await filed(desk, found("digital"), found("legacy"))
    outcome = await export.export(desk.stage.turn(action="export"), desk.stage.services)
    assert desk.follow(outcome) == ["export.done"]
    assert "2 张发票，合计 ¥157.50" in desk.text()
    assert outcome.replies[0].file_name == "invoices-20260819.xlsx"
    document = await kept(desk)
    rows = read_sheet(document.content, "sheet.xlsx", source="import", at=NOW)
    assert not rows.complaints
    assert {row.draft.number for row in rows.rows} == {"26112000000000000007", "00008006"}


async def test_words_ask_for_the_sheet_and_a_period_bounds_it(desk: Desk) -> None:
    await filed(desk, found("digital"), found("legacy"))
    turn = desk.stage.turn(
        "导出我提交的发票，8月的，要csv",
        intent="invoice.download",
        date={"from": "2026-08-01", "to": "2026-08-31"},
    )
    outcome = await export.download(turn, desk.stage.services)
    assert desk.follow(outcome) == ["export.done"]
    assert outcome.replies[0].file_name == "invoices-20260819.csv"
    rows = read_sheet((await kept(desk)).content, "a.csv", source="import", at=NOW).rows
    assert [row.draft.number for row in rows] == ["26112000000000000007"]
    turn = desk.stage.turn(
        "导出清单", intent="invoice.download", date={"from": "2020-01-01", "to": "2020-01-31"}
    )
    assert desk.follow(await export.download(turn, desk.stage.services)) == ["export.none_then"]


@pytest.mark.parametrize(
    "text", ["export the invoices I submitted", "提出した発票を書き出して", "导出我提交的发票"]
)
async def test_nothing_filed_is_nothing_to_export(desk: Desk, text: str) -> None:
    turn = desk.stage.turn(text, intent="invoice.download")
    assert desk.follow(await export.download(turn, desk.stage.services)) == ["export.none"]


async def test_other_wishes_for_files_get_their_own_answer(desk: Desk) -> None:
    turn = desk.stage.turn("怎么下载电子发票", intent="invoice.download")
    assert desk.follow(await export.download(turn, desk.stage.services)) != ["export.none"]


async def test_a_list_cut_short_tells_the_figures_of_the_whole_and_that_it_is_cut(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_MOST", 2)
    for place in range(3):
        await stage.invoice(f"2611200000000000001{place}")
    turn = stage.turn(
        "导出8月的发票", intent="invoice.download", date={"from": "2026-08-01", "to": "2026-08-31"}
    )
    outcome = await export.export(turn, stage.services)
    assert stage.follow(outcome) == ["export.list"]
    said = stage.services.catalog.text("export.list", "zh", **outcome.replies[0].values)
    assert "共 3 张，合计 ¥318.00" in said
    assert "最多导出 2 张" in said


async def test_others_invoices_are_not_in_the_sheet(desk: Desk) -> None:
    await filed(desk, found("digital"))
    desk.stage.speak_as(Viewer(await desk.stage.employee("1002")))
    outcome = await export.export(desk.stage.turn(action="export"), desk.stage.services)
    assert desk.follow(outcome) == ["export.none"]
    desk.stage.speak_as(Viewer(None))
    outcome = await export.export(desk.stage.turn(action="export"), desk.stage.services)
    assert desk.follow(outcome) == ["export.bind_first"]


@pytest.mark.parametrize("make", [sheet.xlsx_sheet, sheet.csv_sheet])
def test_the_import_reads_everything_back(make: object) -> None:
    assert callable(make)
    several = [RECORD, LEGACY, replace(RECORD, number="26112000000000000009", total=Decimal("-106.00"))]
    content = make([(FILING, record) for record in several])
    rows = read_sheet(content, "sheet", source="import", at=NOW)
    assert not rows.complaints
    digital, legacy, red = (row.draft for row in rows.rows)
    names = ("number", "code", "kind", "issue_date", "seller_name", "seller_tax_id", "buyer_tax_id", "amount")
    for name in names:
        assert getattr(digital, name) == getattr(RECORD, name)
        assert getattr(legacy, name) == getattr(LEGACY, name)
    assert legacy.check_code == LEGACY.check_code
    assert digital.states == {"tax": ("normal", "正常"), "reimbursement": ("draft", "草稿")}
    assert red.states["tax"][0] == "red"


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind.is_invoice])
def test_every_kind_has_a_name_that_the_import_knows(kind: Kind) -> None:
    record = replace(LEGACY, kind=kind.value, code=None)
    content = sheet.csv_sheet([(FILING, record)])
    (row,) = read_sheet(content, "a.csv", source="import", at=NOW).rows
    assert row.draft.kind == kind.value


def test_every_state_has_a_word_that_the_import_knows() -> None:
    for tax in TaxState:
        for state in ReimbursementState:
            record = replace(RECORD, tax_state=StatusLine(tax), reimbursement_state=StatusLine(state))
            (row,) = read_sheet(sheet.csv_sheet([(FILING, record)]), "a", source="import", at=NOW).rows
            assert row.draft.states["reimbursement"][0] == state
            assert row.draft.states.get("tax", ("unknown",))[0] == tax


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "＋1", "－1", "＠SUM", " =1", "\n=1"]
)
def test_no_name_becomes_a_formula(name: str) -> None:
    record = replace(RECORD, seller_name=name, buyer_name="bell\x07 inside")
    book = openpyxl.load_workbook(io.BytesIO(sheet.xlsx_sheet([(FILING, record)])))
    cells = next(iter(book.worksheets[0].iter_rows(min_row=2, max_row=2)))
    assert all(cell.data_type != "f" for cell in cells)
    assert str(cells[sheet.COLUMNS.index("销方名称")].value).startswith("'")
    text = sheet.csv_sheet([(FILING, record)]).decode("utf-8-sig")
    row = list(csv.reader(io.StringIO(text)))[1]
    assert row[sheet.COLUMNS.index("销方名称")].startswith("'")


def test_numbers_stay_text() -> None:
    book = openpyxl.load_workbook(io.BytesIO(sheet.xlsx_sheet([(FILING, LEGACY)])))
    cells = next(iter(book.worksheets[0].iter_rows(min_row=2, max_row=2)))
    number = cells[sheet.COLUMNS.index("发票号码")]
    assert (number.value, number.data_type, number.number_format) == ("00008006", "s", "@")
    total = cells[sheet.COLUMNS.index("价税合计")]
    assert (total.data_type, total.number_format) == ("n", "0.00")
    assert cells[sheet.COLUMNS.index("人工更正")].value == "total:-→106.00"
