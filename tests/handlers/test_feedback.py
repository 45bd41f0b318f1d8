"""Ratings and complaints are kept word for word."""

from typing import Any

import pytest

from handlers import feedback
from storage import notices
from tests.handlers.conftest import Stage


async def kept(stage: Stage) -> Any:
    """What was written down of the last message."""
    fact = await stage.store.read(notices.fact, f"feedback:{stage.conversation.chat}:m{stage.turns}")
    return None if fact is None else fact.value


@pytest.mark.parametrize(("value", "key"), [(5, "thanks_high"), (4, "thanks_high"), (2, "ask_why")])
async def test_a_rating_is_kept(stage: Stage, value: int, key: str) -> None:
    turn = stage.turn(f"{value}分", intent="feedback.rate", rating=value)
    assert stage.follow(await feedback.rate(turn, stage.services)) == [f"feedback.{key}"]
    assert (await kept(stage))["rating"] == value


async def test_a_rating_by_button(stage: Stage) -> None:
    outcome = await feedback.rate(stage.turn(action="rate:5"), stage.services)
    assert stage.follow(outcome) == ["feedback.thanks_high"]


@pytest.mark.parametrize("action", ["rate:9", "rate:x", "rate"])
async def test_a_rating_outside_the_scale_is_asked_again(stage: Stage, action: str) -> None:
    outcome = await feedback.rate(stage.turn(action=action), stage.services)
    assert stage.follow(outcome) == ["feedback.ask_rating"]
    assert len(outcome.replies[0].buttons) == 5


async def test_praise_is_kept_and_a_number_may_follow(stage: Stage) -> None:
    turn = stage.turn("你真好用", intent="feedback.rate")
    assert stage.follow(await feedback.rate(turn, stage.services)) == ["feedback.thanks_praise"]
    assert (await kept(stage))["text"] == "你真好用"
    assert await feedback.rating(stage.turn("查发票", intent="invoice.status"), stage.services) is None
    outcome = await feedback.rating(stage.turn("给5分"), stage.services)
    assert outcome is not None
    assert stage.follow(outcome) == ["feedback.thanks_high"]


async def test_after_a_low_rating_there_is_one_question(stage: Stage) -> None:
    stage.follow(await feedback.rate(stage.turn(action="rate:1"), stage.services))
    assert stage.conversation.awaiting == "feedback_words"
    outcome = await feedback.words(stage.turn("太慢了"), stage.services)
    assert outcome is not None
    assert stage.follow(outcome) == ["feedback.thanks_words"]
    assert stage.conversation.awaiting is None


async def test_a_complaint_with_substance_is_kept_at_once(stage: Stage) -> None:
    turn = stage.turn("昨天查的发票状态一直不对，改了三次", intent="feedback.complaint")
    outcome = await feedback.complain(turn, stage.services)
    assert stage.follow(outcome) == ["feedback.thanks_words"]
    assert outcome.replies[0].values["reference"] == (await kept(stage))["reference"]


@pytest.mark.parametrize("text", ["我要投诉", "I want to complain"])
async def test_a_complaint_that_only_announces_itself_is_asked_for(stage: Stage, text: str) -> None:
    turn = stage.turn(text, intent="feedback.complaint")
    assert stage.follow(await feedback.complain(turn, stage.services)) == ["feedback.ask_words"]
    assert await kept(stage) is None
    assert await feedback.words(stage.turn("查发票", intent="invoice.status"), stage.services) is None
    again = await feedback.words(stage.turn("按钮太小", intent="feedback.complaint"), stage.services)
    assert again is not None
    assert stage.follow(again) == ["feedback.thanks_words"]


async def test_the_question_may_be_left_unanswered(stage: Stage) -> None:
    stage.follow(await feedback.complain(stage.turn("投诉", intent="feedback.complaint"), stage.services))
    outcome = await feedback.button(stage.turn(action="feedback:skip"), stage.services)
    assert stage.follow(outcome) == ["feedback.later"]
    assert stage.conversation.awaiting is None


async def test_a_repeated_message_is_kept_once(stage: Stage) -> None:
    turn = stage.turn("识别总是把税号读错，请改进", intent="feedback.complaint")
    first = await feedback.complain(turn, stage.services)
    second = await feedback.complain(turn, stage.services)
    assert first.replies[0].values["reference"] == second.replies[0].values["reference"]
