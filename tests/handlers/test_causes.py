"""Causes: what a number alone tells, what the system's words tell, and looking again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from handlers import causes, look, missing
from handlers.core import Reply
from storage import notices
from storage.notices import NewReminder
from tests.handlers.conftest import CHAT, NOW, Stage

NUMBER = "26442000000000000017"
DAY = {"from": "2026-08-19", "to": "2026-08-19"}


@pytest.mark.parametrize(
    ("number", "code", "cause"),
    [
        (NUMBER, None, "status.cause.usual"),
        ("30918845", None, "status.cause.without_code"),
        ("30918845", "111001471011", "missing.cause.local_site"),  # Beijing local: never on the national site
        ("99442000000000000017", None, "missing.cause.misread"),
        ("27442000000000000017", None, "missing.cause.misread"),  # of next year
    ],
)
def test_a_number_alone_tells_its_likeliest_cause(number: str, code: str | None, cause: str) -> None:
    assert causes.of_number(number, code, NOW).key == cause


async def answered(stage: Stage, text: str, **slots: str) -> list[str]:
    turn = stage.turn(text, **{"invoice_number": NUMBER, **slots})
    stage.follow(await missing.missing(turn, stage.services))
    outcome = await missing.without_date(stage.turn(action="missing_no_date"), stage.services)
    assert stage.follow(outcome) == ["missing.answer"]
    lines = outcome.replies[0].values["lines"]
    return [line.values["cause"].key for line in lines if "cause" in line.values]


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ("信息不一致", "missing.cause.wrong_second_key"),
        ("it says the data does not match", "missing.cause.wrong_second_key"),
        ("超过当日查验次数", "missing.cause.daily_limit"),
        ("回数の上限と出ます", "missing.cause.daily_limit"),
        ("系统繁忙请稍后再试", "missing.cause.source_down"),
    ],
)
async def test_words_of_the_system_lead_to_the_cause(stage: Stage, words: str, cause: str) -> None:
    assert (await answered(stage, f"全国查验平台查 {NUMBER}：{words}"))[0] == cause


async def test_a_field_that_we_do_not_hold_is_no_wrong_key(stage: Stage) -> None:
    number = {"invoice_number": "30918845", "invoice_code": "011002100111"}
    keys = await answered(stage, "全国查验平台查不到 011002100111 30918845", **number)
    assert "missing.cause.wrong_second_key" not in keys


async def due(stage: Stage) -> Reply:
    stage.now += timedelta(days=2)
    services = replace(stage.services, now=lambda: stage.now)
    (reminder,) = await stage.store.read(notices.due_reminders, stage.now)
    reply = await look.due_reply(reminder, services)
    for language in ("zh", "en", "ja"):
        assert NUMBER in stage.services.catalog.text(reply.key, language, **reply.values)
    return reply


async def promise(stage: Stage) -> None:
    turn = stage.turn(f"{NUMBER}在电子税务局查不到", invoice_number=NUMBER)
    stage.follow(await missing.missing(turn, stage.services))
    outcome = await missing.date_given(stage.turn("今天开的", date=DAY), stage.services)
    assert outcome is not None
    assert "missing.again" in [line.key for line in outcome.replies[0].values["lines"]]
    assert stage.follow(outcome) == ["missing.answer"]


async def test_a_promised_look_finds_what_has_come_meanwhile(stage: Stage) -> None:
    await promise(stage)
    await stage.invoice(NUMBER)
    assert (await due(stage)).key == "reminder.found"


async def test_a_promised_look_says_that_it_is_still_not_there(stage: Stage) -> None:
    await promise(stage)
    assert (await due(stage)).key == "reminder.not_yet"


async def test_a_promised_look_shows_no_invoice_of_another_person(stage: Stage) -> None:
    await promise(stage)
    await stage.invoice(NUMBER, owner_id=await stage.employee("2002"))
    assert (await due(stage)).key == "reminder.not_yet"


async def test_what_users_want_to_be_reminded_of_stays_their_words(stage: Stage) -> None:
    wish = NewReminder("k", CHAT, f"交{NUMBER}这张票", NOW, None, NOW)
    await stage.store.write(notices.remind, wish)
    assert (await due(stage)).key == "reminder.due"
