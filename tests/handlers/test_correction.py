"""Correcting what was read, by buttons and in words."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from handlers import correction, intake
from handlers.core import Outcome
from locales.strict_yaml import load
from nlu.document.reading import Found
from storage import documents
from storage.documents import Filing
from tests.handlers.conftest import Stage
from tests.handlers.documents import Desk, found, opened, read

SAID: list[Mapping[str, Any]] = load(Path(__file__).parent / "readings" / "corrections.yaml")


@pytest.fixture
def desk(stage: Stage) -> Desk:
    return opened(stage)


async def sent(desk: Desk, *several: Found) -> None:
    name = f"{desk.stage.turns}.jpg"
    desk.reader.readings[name.encode()] = read(*several)
    desk.follow(await intake.take(desk.message(name), desk.stage.services))


async def press(desk: Desk, action: str) -> list[str]:
    handlers = {"correct": correction.start, "correct_field": correction.field, "pickfield": correction.pick}
    turn = desk.stage.turn(action=action)
    return desk.follow(await handlers[action.partition(":")[0]](turn, desk.stage.services))


async def say(desk: Desk, text: str, **slots: Any) -> Outcome | None:
    return await correction.correct(
        desk.stage.turn(text, intent="invoice.correct", **slots), desk.stage.services
    )


async def answer(desk: Desk, text: str, intent: str = "out_of_scope", **slots: Any) -> Outcome | None:
    return await correction.value(desk.stage.turn(text, intent=intent, **slots), desk.stage.services)


async def draft(desk: Desk) -> Filing:
    chat, id_ = desk.stage.conversation.chat, desk.stage.conversation.slots["filing"]
    kept = await desk.stage.store.read(documents.filing, chat, id_)
    assert kept is not None
    return kept


@pytest.mark.parametrize("case", SAID, ids=lambda case: case["say"])
async def test_a_correction_in_words(desk: Desk, case: Mapping[str, Any]) -> None:
    await sent(desk, found("digital"))
    outcome = await say(desk, case["say"])
    if "none" in case:
        assert outcome is None
        return
    assert outcome is not None
    (key,) = desk.follow(outcome)
    corrections = {name: pair[1] for name, pair in (await draft(desk)).corrections.items()}
    if "fields" in case:
        assert (key, corrections) == ("verdict.show", case["fields"])
        assert "已更正" in desk.text()
        return
    if case.get("hint") == "none_17":  # 17 characters occur on real invoices
        assert corrections == {"buyer_tax_id": "91110108MA01ABCD3"}
        return
    assert corrections == {}
    if "which" in case:
        names = {
            action.rpartition(":")[2] for action in desk.buttons() if action.startswith("correct_field:")
        }
        assert key == "correct.which"
        assert case["which"] == "all" or names == set(case["which"])
        return
    lines = outcome.replies[0].values["lines"]
    assert outcome.conversation.awaiting == "correct_value"
    if "ask" in case:
        assert outcome.conversation.slots["correcting"] == case["ask"]
    else:
        assert lines[0].key == case["hint"]


async def test_a_value_said_before_the_field_is_not_asked_again(desk: Desk) -> None:
    await sent(desk, found("digital"))
    outcome = await say(desk, "金额应该是100.10")
    assert outcome is not None
    desk.follow(outcome)
    id_ = desk.stage.conversation.slots["filing"]
    assert await press(desk, f"correct_field:{id_}:amount") == ["verdict.show"]
    assert (await draft(desk)).corrections == {"amount": ["100.00", "100.10"]}
    assert "不等于合计" in desk.text()


async def test_the_field_is_chosen_and_its_value_typed(desk: Desk) -> None:
    await sent(desk, found("digital"))
    assert await press(desk, desk.button("correct:")) == ["correct.which"]
    assert not any(action.endswith(":code") for action in desk.buttons())
    await press(desk, next(action for action in desk.buttons() if action.endswith(":total")))
    assert desk.stage.conversation.awaiting == "correct_value"
    outcome = await answer(desk, "206", "invoice.search")
    assert outcome is not None
    desk.follow(outcome)
    assert (await draft(desk)).corrections == {"total": ["106.00", "206.00"]}
    assert "〔您更正〕" in desk.text()


async def test_a_name_is_taken_as_it_is_typed(desk: Desk) -> None:
    await sent(desk, found("digital"))
    id_ = desk.stage.conversation.slots["filing"]
    await press(desk, f"correct_field:{id_}:seller_name")
    outcome = await answer(desk, "蓝鲸出行服务有限公司")
    assert outcome is not None
    desk.follow(outcome)
    assert (await draft(desk)).corrections["seller_name"][1] == "蓝鲸出行服务有限公司"


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("取消", "cancel"),
        ("转人工", "agent.handoff"),
        ("发票丢了怎么办", "invoice.lost"),
        ("谢谢", "smalltalk.thanks"),
    ],
)
async def test_another_wish_is_no_value(desk: Desk, text: str, intent: str) -> None:
    await sent(desk, found("digital"))
    id_ = desk.stage.conversation.slots["filing"]
    for name in ("number", "total", "buyer_name"):
        await press(desk, f"correct_field:{id_}:{name}")
        assert await answer(desk, text, intent) is None


async def test_a_question_for_another_invoice_is_no_value(desk: Desk) -> None:
    await sent(desk, found("digital", number=None, confidence=0.5))
    text = "帮我查一下 26112000000000000099 这张发票现在到哪一步了"
    assert await answer(desk, text, "invoice.status") is None


async def test_a_reading_is_picked_by_button_or_digit(desk: Desk) -> None:
    doubtful = found("digital", total=None, others={"total": ("106.00", "166.00")}, confidence=0.6)
    await sent(desk, doubtful)
    assert await press(desk, desk.button("pickfield:")) == ["verdict.show"]
    assert (await draft(desk)).corrections == {"total": [None, "106.00"]}
    assert "file" in {action.partition(":")[0] for action in desk.buttons()}
    await sent(desk, doubtful)
    outcome = await answer(desk, "2")
    assert outcome is not None
    desk.follow(outcome)
    assert (await draft(desk)).corrections == {"total": [None, "166.00"]}


async def test_what_is_likely_is_shown_to_be_confirmed(desk: Desk) -> None:
    await sent(desk, found("digital", unsure=("total",), confidence=0.85))
    assert "合计" in desk.text()
    assert await press(desk, desk.button("pickfield:")) == ["verdict.show"]
    assert (await draft(desk)).corrections == {"total": ["106.00", "106.00"]}
    assert "pickfield" not in {action.partition(":")[0] for action in desk.buttons()}


async def test_an_old_button_cannot_change_another_field(desk: Desk) -> None:
    doubtful = found("digital", total=None, issue_date=None, others={"total": ("106.00",)}, confidence=0.6)
    await sent(desk, doubtful)
    old = [action for action in desk.buttons() if action.startswith("pickfield:")]
    await press(desk, f"pickfield:{desk.stage.conversation.slots['filing']}:total:0")
    for action in old:
        await press(desk, action)
    corrected = (await draft(desk)).corrections
    assert corrected.get("total", [None, "106.00"])[1] == "106.00"
    assert corrected.get("issue_date", [None, "2026-08-03"])[1] == "2026-08-03"


async def test_the_one_meant_is_counted(desk: Desk) -> None:
    await sent(desk, found("digital"), found("other_digital"))
    outcome = await say(desk, "第2张合计应该是300.00")
    assert outcome is not None
    desk.follow(outcome)
    kept = await draft(desk)
    assert kept.fields["fields"]["number"] == "26112000000000000018"
    assert kept.corrections == {"total": ["212.00", "300.00"]}


@pytest.mark.parametrize(
    "text",
    [
        "查一下金额500左右的发票",
        "金额500的票",
        "金额是500的票有哪些",
        "号码26112000000000000099的发票到哪了",
        "find the invoice with total over 500",
        "合計が500元以上の発票",
        "销售方是蓝鲸的发票",
        "这张金额多少",
    ],
)
async def test_a_search_is_no_correction(desk: Desk, text: str) -> None:
    await sent(desk, found("digital"))
    assert await correction.in_words(desk.stage.turn(text), desk.stage.services) is None


@pytest.mark.parametrize("case", [case for case in SAID if "fields" in case], ids=lambda case: case["say"])
async def test_a_correction_needs_no_understanding(desk: Desk, case: Mapping[str, Any]) -> None:
    await sent(desk, found("digital"))
    turn = desk.stage.turn(case["say"], intent="invoice.search")
    outcome = await correction.in_words(turn, desk.stage.services)
    assert outcome is not None
    assert desk.follow(outcome) == ["verdict.show"]


async def test_without_a_draft_nothing_is_corrected(desk: Desk) -> None:
    assert await say(desk, "金额应该是123.45") is None
    await desk.stage.invoice("26442000000000000017")
    desk.stage.conversation = replace(desk.stage.conversation, slots={"invoice": 1})
    assert await say(desk, "合计应该是123.45") is None  # shown, but not filed by this person


@pytest.mark.parametrize(
    "action", ["correct:99", "correct_field:1:nothing", "pickfield:1:total:7", "pickfield:x"]
)
async def test_a_button_of_nothing_is_told(desk: Desk, action: str) -> None:
    assert await press(desk, action) == ["filing.gone"]
