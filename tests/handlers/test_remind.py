"""Reminders: which time a sentence means, when it comes again, and what is kept."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from handlers import moments, remind
from locales.catalog import BEIJING
from locales.strict_yaml import load
from storage import notices
from storage.notices import Reminder
from tests.handlers.conftest import CHAT, NOW, Stage

ROWS = load(Path(__file__).parent / "remind" / "when.yaml")


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['say']} {row.get('now', '')}" for row in ROWS])
def test_sentence_names_its_time(row: dict[str, Any]) -> None:
    now = datetime.fromisoformat(row["now"]).replace(tzinfo=BEIJING) if "now" in row else NOW
    found = moments.find_when(row["say"], now)
    if not row["at"]:
        assert found is None
        return
    assert found is not None
    assert found.at == datetime.fromisoformat(row["at"]).replace(tzinfo=BEIJING)
    assert found.repeat == row.get("repeat")
    assert found.at > now


@pytest.mark.parametrize(
    ("due", "repeat", "following"),
    [
        ("2026-08-31 09:00", "month_end", "2026-09-30 09:00"),
        ("2027-01-31 09:00", "month_end", "2027-02-28 09:00"),
        ("2027-02-28 09:00", "month_end", "2027-03-31 09:00"),
        ("2026-12-25 09:00", "monthly", "2027-01-25 09:00"),
        ("2026-08-21 15:00", "weekly", "2026-08-28 15:00"),
        ("2026-12-31 08:30", "daily", "2027-01-01 08:30"),
        ("2026-08-21 15:00", None, None),
    ],
)
def test_repeats_come_again(due: str, repeat: str | None, following: str | None) -> None:
    at = datetime.fromisoformat(due).replace(tzinfo=BEIJING).astimezone(UTC)
    found = remind.next_time(Reminder(1, CHAT, "交票", at, repeat))
    expected = None if following is None else datetime.fromisoformat(following).replace(tzinfo=BEIJING)
    assert found == expected


async def test_reminder_is_kept_listed_and_taken_back(stage: Stage) -> None:
    said = stage.turn("月底提醒我交票", intent="notify.remind")
    assert stage.follow(await remind.remind(said, stage.services)) == ["remind.done"]
    kept = await stage.store.read(notices.reminders_of, CHAT)
    assert len(kept) == 1
    assert "交票" in kept[0].subject
    assert kept[0].due_at == datetime(2026, 8, 31, 1, 0, tzinfo=UTC)
    assert stage.follow(await remind.remind(stage.turn(action="remind"), stage.services)) == ["remind.list"]
    stop = stage.turn(action=f"remind:{kept[0].id}")
    assert stage.follow(await remind.remind(stop, stage.services)) == ["remind.gone"]
    assert await stage.store.read(notices.reminders_of, CHAT) == []
    off = stage.turn(action="remind:off")
    assert stage.follow(await remind.remind(off, stage.services)) == ["remind.none"]


async def test_another_clock_moves_the_reminder_once_however_often_it_is_answered(stage: Stage) -> None:
    stage.follow(await remind.remind(stage.turn("明天提醒我交票"), stage.services))
    (kept,) = await stage.store.read(notices.reminders_of, CHAT)
    said = replace(stage.conversation, slots={**stage.conversation.slots, "said": "remind.done"})
    for _ in range(2):  # a crash behind the write has the message answered again
        turn = replace(stage.turn("下午3点"), conversation=said)
        outcome = await remind.put_off(turn, stage.services)
        assert outcome is not None
        assert outcome.replies[0].key == "remind.done"
        (moved,) = await stage.store.read(notices.reminders_of, CHAT)
        assert (moved.id, moved.due_at.astimezone(BEIJING).hour) == (kept.id, 15)


async def test_time_is_asked_for_and_the_answer_kept(stage: Stage) -> None:
    asked = stage.turn("提醒我交票")
    assert stage.follow(await remind.remind(asked, stage.services)) == ["remind.ask_time"]
    assert stage.conversation.awaiting == "remind_time"
    assert await remind.time_given(stage.turn("数电票是什么"), stage.services) is None
    given = await remind.time_given(stage.turn("周五下午三点"), stage.services)
    assert given is not None
    assert stage.follow(given) == ["remind.done"]


async def test_a_chat_has_so_many_reminders_and_no_more(stage: Stage) -> None:
    for _ in range(20):
        await remind.remind(stage.turn("明天提醒我"), stage.services)
    more = await remind.remind(stage.turn("明天提醒我"), stage.services)
    assert stage.follow(more) == ["remind.too_many"]
    assert stage.follow(await remind.remind(stage.turn(action="remind"), stage.services)) == ["remind.list"]
