"""Not in the system: system, number, date, answer, and when we look again."""

import pytest

from handlers import missing, status
from handlers.core import Outcome
from storage import notices
from tests.handlers.conftest import CHAT, Stage

NUMBER = "26442000000000000017"
DAY = {"from": "2026-08-18", "to": "2026-08-18"}


def keys(stage: Stage, outcome: Outcome | None) -> list[str]:
    assert outcome is not None
    return stage.follow(outcome)


async def test_whole_way_ends_with_a_reminder(stage: Stage) -> None:
    s = stage.services
    assert keys(stage, await missing.missing(stage.turn("查不到我的发票"), s)) == ["missing.ask_system"]
    assert await missing.system_given(stage.turn("今天天气不错"), s) is None
    assert keys(stage, await missing.system_given(stage.turn("全国查验平台"), s)) == ["missing.ask_number"]
    assert await missing.number_given(stage.turn("不知道"), s) is None
    given = await missing.number_given(stage.turn(NUMBER, invoice_number=NUMBER), s)
    assert keys(stage, given) == ["missing.ask_date"]
    assert stage.conversation.awaiting == "missing_date"
    month = {"from": "2026-08-01", "to": "2026-08-31"}
    assert await missing.date_given(stage.turn("八月", date=month), s) is None
    answered = await missing.date_given(stage.turn("昨天", date=DAY), s)
    assert keys(stage, answered) == ["missing.answer"]
    kept = await stage.store.read(notices.reminders_of, CHAT)
    assert len(kept) == 1
    assert NUMBER in kept[0].subject
    assert kept[0].due_at > stage.now
    assert not {"missing", "missing_date", "unknown_number"} & set(stage.conversation.slots)


async def test_without_a_date_there_is_an_answer_too(stage: Stage) -> None:
    said = stage.turn(f"{NUMBER}在电子税务局查不到", invoice_number=NUMBER)
    assert keys(stage, await missing.missing(said, stage.services)) == ["missing.ask_date"]
    press = stage.turn(action="missing_no_date")
    assert keys(stage, await missing.without_date(press, stage.services)) == ["missing.answer"]


@pytest.mark.parametrize("system", ["national", "account", "ours"])
async def test_a_known_invoice_needs_only_the_system(stage: Stage, system: str) -> None:
    record = await stage.invoice(NUMBER)
    asked = await missing.missing(stage.turn(action=f"missing:{record.id}"), stage.services)
    assert keys(stage, asked) == ["missing.ask_system"]
    press = stage.turn(action=f"missing:{system}")
    assert keys(stage, await missing.missing(press, stage.services)) == ["missing.answer"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("在OA里查不到", True),
        ("it is not in SAP", True),
        ("社内システムにない", True),
        ("on the national verification site", True),
        ("my invoice disappeared", False),
        ("I uploaded a loan document", False),
    ],
)
async def test_system_is_taken_from_the_sentence(stage: Stage, text: str, named: bool) -> None:
    outcome = await missing.missing(stage.turn(text), stage.services)
    assert (keys(stage, outcome) == ["missing.ask_number"]) is named


async def test_a_number_not_found_before_is_not_mixed_with_the_card_shown_since(stage: Stage) -> None:
    record = await stage.invoice(NUMBER)
    other = "26442000000000000025"
    unknown = stage.turn(other, invoice_number=other)
    assert keys(stage, await status.status(unknown, stage.services)) == ["status.not_found"]
    shown = stage.turn(action=f"open:{record.id}")
    assert keys(stage, await status.open_one(shown, stage.services)) == ["status.card"]
    answered = await missing.missing(stage.turn("OA里查不到"), stage.services)
    assert keys(stage, answered) == ["missing.answer"]
    words = stage.services.catalog.text("missing.answer", "zh", **answered.replies[0].values)
    assert NUMBER in words
    assert other not in words
