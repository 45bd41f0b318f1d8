"""Photos, files, albums and archives: what is said first."""

import asyncio
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from fapiao.checks import Check, CheckState
from fapiao.kinds import Kind
from handlers import intake, verdict
from nlu.document.reading import Found, Reading, Refusal, Source
from storage import documents
from storage.records import Attachment, Message, Viewer
from tests.handlers.conftest import Stage
from tests.handlers.documents import Desk, found, opened, read


@pytest.fixture
def desk(stage: Stage) -> Desk:
    return opened(stage)


async def send(desk: Desk, *readings: Reading) -> list[str]:
    """Send files that read so; returns the keys of the replies."""
    names = [f"file{number}.jpg" for number in range(len(readings))]
    desk.reader.readings |= {name.encode(): one for name, one in zip(names, readings, strict=True)}
    return desk.follow(await intake.take(desk.message(*names), desk.stage.services))


async def test_one_invoice_gets_its_whole_verdict(desk: Desk) -> None:
    assert await send(desk, read(found("digital"))) == ["verdict.show"]
    text = desk.text()
    for part in (
        "26112000000000000007〔二维码〕",
        "2026年8月3日",
        "蓝鲸出行科技有限公司",
        "〔PDF〕",
        "¥106.00",
    ):
        assert part in text
    assert "✓ 相符：二维码与票面" in text
    assert "购买方是本公司" in text
    assert "还没有这张票的记录" in text
    assert [action.partition(":")[0] for action in desk.buttons()] == ["file", "correct", "drop"]


async def test_the_file_is_kept_by_its_content(desk: Desk) -> None:
    await send(desk, read(found("digital")))
    kept = await desk.stage.store.read(documents.document, documents.digest_of(b"file0.jpg"))
    assert kept is not None
    assert (kept.content, kept.name) == (b"file0.jpg", "file0.jpg")
    assert desk.reader.seen == [(b"file0.jpg", "file0.jpg", "web:ming")]


async def test_a_message_that_comes_again_makes_no_second_draft(desk: Desk) -> None:
    desk.reader.readings[b"a.pdf"] = read(found("digital"))
    turn = desk.message("a.pdf", kind="file")
    first = await intake.take(turn, desk.stage.services)
    again = await intake.take(turn, desk.stage.services)
    assert first.conversation.slots["filing"] == again.conversation.slots["filing"]


@pytest.mark.parametrize("refusal", list(Refusal))
async def test_every_refusal_is_said_kindly(desk: Desk, refusal: Refusal) -> None:
    (key,) = await send(desk, Reading(refusal=refusal))
    assert key == ("intake.named.other" if refusal is Refusal.NOT_AN_INVOICE else f"Refusal.{refusal}")


@pytest.mark.parametrize(
    "named",
    ["trip_sheet", "goods_list", "bank_slip", "shop_slip", "payment", "order", "screenshot", "xml", None],
)
async def test_what_is_no_invoice_is_named(desk: Desk, named: str | None) -> None:
    (key,) = await send(desk, Reading(refusal=Refusal.NOT_AN_INVOICE, named=named))
    assert key == f"intake.named.{'other' if named in ('xml', None) else named}"


async def test_qr_and_print_are_shown_as_the_language_writes_days(desk: Desk) -> None:
    altered = found("digital", others={"issue_date": ("2026-08-13",)})
    checks = {**altered.checks, "qr_date": Check(CheckState.FAILED, "differs")}
    await send(desk, read(replace(altered, checks=checks)))
    assert "票面读到 2026年8月13日" in desk.text()


async def test_a_missing_field_is_asked_and_never_invented(desk: Desk) -> None:
    lacking = found("digital", total=None, others={"total": ("106.00", "166.00", "x")}, confidence=0.6)
    await send(desk, read(replace(lacking, sources={**lacking.sources})))
    assert "合计（含税）：没看清" in desk.text()
    assert "是下面哪个" in desk.text()
    picks = [action for action in desk.buttons() if action.startswith("pickfield:")]
    assert [action.rpartition(":")[2] for action in picks] == ["0", "1"]
    assert desk.stage.conversation.awaiting == "correct_value"
    assert not any(action.startswith("file:") for action in desk.buttons())


async def test_qr_against_print_shows_both_and_asks(desk: Desk) -> None:
    altered = found("digital", others={"number": ("26112000000000000001",)})
    checks = {**altered.checks, "qr_number": Check(CheckState.FAILED, "differs")}
    await send(desk, read(replace(altered, checks=checks)))
    assert "二维码是 26112000000000000007，票面读到 26112000000000000001" in desk.text()
    assert "存疑" in desk.text()
    assert sum(action.startswith("pickfield:") for action in desk.buttons()) == 2


async def test_sums_and_words_that_differ_are_told(desk: Desk) -> None:
    await send(desk, read(found("digital", total=Decimal("107.00"), capital_total="壹佰零陆圆整")))
    assert "¥100.00 + 税额 ¥6.00 不等于合计 ¥107.00" in desk.text()
    assert "大写金额“壹佰零陆圆整”" in desk.text()


async def test_another_buyer_is_told_with_what_to_do(desk: Desk) -> None:
    await send(desk, read(found("digital", buyer_name="云杉贸易有限公司", buyer_tax_id=None)))
    assert "购买方不是本公司" in desk.text()
    assert "faq:wrong" in desk.buttons()


async def test_a_photo_of_a_digital_invoice_reminds_of_the_original(desk: Desk) -> None:
    await send(desk, read(found("digital", source=Source.OCR, notes=("keep_original",))))
    assert "财会〔2024〕11号第27条" in desk.text()
    await send(desk, read(found("digital", source=Source.OCR, issue_date=date(2022, 8, 3))))
    assert "财会〔2020〕6号" in desk.text()
    await send(desk, read(found("digital")))
    assert "原文件" not in desk.text()


async def test_a_paper_train_ticket_is_judged_by_the_rule_of_its_day(desk: Desk) -> None:
    await send(desk, read(found("rail_paper")))
    assert "12306" in desk.text()
    await send(desk, read(found("rail_paper", issue_date=date(2025, 9, 1))))
    assert "12306" not in desk.text()


async def test_an_invoice_of_somebody_else_is_said_without_the_name(desk: Desk) -> None:
    other = await desk.stage.employee("1002")
    await desk.stage.invoice("26112000000000000007", owner_id=other)
    await send(desk, read(found("digital")))
    assert "已经有人提交过" in desk.text()
    assert "1002" not in desk.text()
    assert not any(action.startswith("file:") for action in desk.buttons())


async def test_an_unbound_chat_learns_nothing_of_others(desk: Desk) -> None:
    other = await desk.stage.employee("1002")
    await desk.stage.invoice("26112000000000000007", owner_id=other)
    desk.stage.speak_as(Viewer(None))
    await send(desk, read(found("digital")))
    assert "提交过" not in desk.text()
    assert "绑定工号" in desk.text()


async def test_the_eight_digits_alone_are_no_duplicate(desk: Desk) -> None:
    await desk.stage.invoice("00008006", code="011002100105", kind="vat_ordinary")
    await send(desk, read(found("legacy")))
    assert "还没有这张票的记录" in desk.text()


async def test_copies_of_one_invoice_are_one_from_the_best_file(desk: Desk) -> None:
    photo = found("digital", source=Source.OCR, confidence=0.9, seller_name="蓝鲸出行料技有限公司")
    assert await send(desk, read(photo), read(found("digital"))) == ["verdict.show"]
    assert "蓝鲸出行科技有限公司" in desk.text()
    assert "1 个副本" in desk.text()


async def test_consecutive_numbers_are_not_copies(desk: Desk) -> None:
    following = found("digital", number="26112000000000000008")
    assert await send(desk, read(found("digital"), following)) == ["intake.several"]


async def test_several_are_numbered_and_filed_together(desk: Desk) -> None:
    cat = Reading(refusal=Refusal.NOT_AN_INVOICE, named="picture")
    await send(desk, read(found("digital")), read(found("other_digital")), cat)
    text = desk.text()
    assert "1. 数电票（普通发票） 26112000000000000007" in text
    assert "2. 数电票（专用发票）" in text
    assert "file2.jpg：这张图里没有看到发票" in text
    assert desk.buttons()[0].startswith("file_all:")
    assert sum(action.startswith("verdict:") for action in desk.buttons()) == 2
    turn = desk.stage.turn(action=desk.button("verdict:"))
    assert desk.follow(await verdict.again(turn, desk.stage.services)) == ["verdict.show"]


async def test_many_are_counted_with_the_problems_named(desk: Desk) -> None:
    many = [found("digital", number=f"2611200000000000{place:04}") for place in range(30)]
    many[3] = found("digital", number=None)
    many[7] = found(
        "digital", number="26112000000000000777", buyer_name="云杉贸易有限公司", buyer_tax_id=None
    )
    members = tuple(Reading((one,), name=f"{place}.pdf") for place, one in enumerate(many))
    await send(desk, Reading(tuple(many), members=members))
    text = desk.text()
    assert "共读到 30 张发票" in text
    assert "28 张可以直接归档" in text
    assert "4. 数电票" in text
    assert "8. 数电票" in text
    assert len(desk.buttons()) == 3


async def test_a_long_album_shows_progress_and_the_queue_its_place(desk: Desk) -> None:
    desk.reader.place = 2
    several = [read(found("digital", number=f"2611200000000000000{place}")) for place in range(7)]
    await send(desk, *several)
    keys = {key for key, _ in desk.told}
    assert keys == {"intake.place", "intake.progress"}
    places = {key for said, key in desk.told if said == "intake.place"}
    assert len(places) == 1  # safe to repeat: one key for the message


async def test_files_are_read_beside_each_other_and_told_in_their_order(desk: Desk) -> None:
    """Four at a time, whichever ends first."""
    several = [read(found("digital", number=f"2611200000000000000{place}")) for place in range(3)]
    gates = [asyncio.Event() for _ in several]
    fetch = desk.fetch

    async def backwards(message: Message, attachment: Attachment) -> bytes:
        place = int(attachment.name.removeprefix("file")[0])
        if place + 1 < len(gates):
            await gates[place + 1].wait()
        gates[place].set()
        return await fetch(message, attachment)

    desk.stage.services = replace(desk.stage.services, fetch=backwards)
    await send(desk, *several)
    text = desk.text()
    assert [text.index(f"2611200000000000000{place}") for place in range(3)] == sorted(
        text.index(f"2611200000000000000{place}") for place in range(3)
    )


async def test_the_code_is_told_if_the_rest_takes_long(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.files._EARLY", 0.0)
    desk.reader.early = read(found("digital", source=Source.QR))
    assert await send(desk, read(found("digital"))) == ["verdict.show"]
    assert [key for key, _ in desk.told] == ["intake.early"]


async def test_the_code_is_not_told_if_all_is_read_soon(desk: Desk) -> None:
    desk.reader.early = read(found("digital", source=Source.QR))
    desk.reader.slow.set()
    assert await send(desk, read(found("digital"))) == ["verdict.show"]
    assert desk.told == []


async def test_a_file_that_cannot_be_fetched_is_told(desk: Desk) -> None:
    desk.gone["file0.jpg"] = "too_large"
    assert await send(desk, read(found("digital"))) == ["error.too_large"]
    desk.gone["file0.jpg"] = "unavailable"
    assert await send(desk, read(found("digital"))) == ["error.attachment_unavailable"]


async def test_without_a_reader_a_person_is_offered(desk: Desk) -> None:
    services = replace(desk.stage.services, reader=None)
    assert desk.follow(await intake.take(desk.message("a.jpg"), services)) == ["intake.no_reader"]


async def test_a_video_is_refused_unread(desk: Desk) -> None:
    outcome = await intake.take(desk.message("a.mp4", kind="video"), desk.stage.services)
    assert desk.follow(outcome) == ["Refusal.unsupported"]
    assert desk.reader.seen == []


def worst() -> Found:
    """Everything long and everything wrong at once."""
    bad = found(
        "digital",
        source=Source.OCR,
        kind=Kind.DIGITAL_PAPER_ORDINARY,
        code="0110",
        number="2611",
        seller_name="长" * 80,
        buyer_name="抬" * 80,
        buyer_tax_id="91110108MA01ABCD34",
        seller_tax_id="9111010",
        total=Decimal("-987654321.99"),
        remark="被红冲蓝字数电发票号码：26112000000000000001",
        notes=("keep_original", "glare"),
        confidence=0.3,
        others={"number": ("26112000000000000001", "26112000000000000011")},
    )
    names = ("qr_number", "qr_date", "qr_amount", "qr_code", "qr_check_code", "capitals", "unheard_of")
    checks = {**bad.checks, **dict.fromkeys(names, Check(CheckState.FAILED, "differs"))}
    return replace(bad, checks=checks)


async def test_the_longest_verdict_fits_a_message(desk: Desk) -> None:
    await send(desk, read(worst()))
    assert "还有" in desk.text()


async def test_the_longest_list_fits_a_message(desk: Desk) -> None:
    eight = [
        replace(worst(), invoice=replace(worst().invoice, code=f"01100210010{n}", number=f"0000000{n}"))
        for n in range(8)
    ]
    assert await send(desk, *(read(one) for one in eight)) == ["intake.several"]
