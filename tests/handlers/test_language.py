"""The language of the chat."""

from dataclasses import replace

import pytest

from handlers import language
from tests.handlers.conftest import Stage


@pytest.mark.parametrize("code", ["zh", "en", "ja"])
async def test_a_button_changes_the_language_for_good(stage: Stage, code: str) -> None:
    outcome = await language.switch(stage.turn(action=f"language:{code}"), stage.services)
    assert stage.follow(outcome) == ["language.done"]
    assert (stage.conversation.language, stage.conversation.language_fixed) == (code, True)


@pytest.mark.parametrize(("slot", "code"), [("en", "en"), ("ja-JP", "ja"), ("zh_CN", "zh")])
async def test_a_word_changes_the_language(stage: Stage, slot: str, code: str) -> None:
    turn = stage.turn("换个语言", intent="language.switch", language=slot)
    assert stage.follow(await language.switch(turn, stage.services)) == ["language.done"]
    assert stage.conversation.language == code


@pytest.mark.parametrize(
    ("said", "code"), [("speak English please", "en"), ("请说日语", "ja"), ("中国語でお願いします", "zh")]
)
async def test_a_name_in_the_sentence_is_enough(stage: Stage, said: str, code: str) -> None:
    turn = stage.turn(said, intent="language.switch")
    assert stage.follow(await language.switch(turn, stage.services)) == ["language.done"]
    assert stage.conversation.language == code


async def test_two_names_are_asked_about(stage: Stage) -> None:
    turn = stage.turn("不要中文，要English", intent="language.switch")
    assert stage.follow(await language.switch(turn, stage.services)) == ["language.ask"]


@pytest.mark.parametrize("slot", ["ko", "zh-Hant", "zh_TW"])
async def test_what_we_do_not_speak_is_said_so(stage: Stage, slot: str) -> None:
    turn = stage.turn("用这个语言", intent="language.switch", language=slot)
    outcome = await language.switch(turn, stage.services)
    assert stage.follow(outcome) == ["language.unserved"]
    assert stage.conversation.language == "zh"
    assert [button.action for button in outcome.replies[0].buttons] == [
        "language:zh",
        "language:en",
        "language:ja",
        "language:auto",
    ]


async def test_the_language_can_follow_the_messages_again(stage: Stage) -> None:
    stage.conversation = replace(stage.conversation, language="en", language_fixed=True)
    outcome = await language.switch(stage.turn(action="language:auto"), stage.services)
    assert stage.follow(outcome) == ["language.auto_done"]
    assert stage.conversation.language_fixed is False


@pytest.mark.parametrize(
    ("said", "code"),
    [("English", "en"), ("日本語", "ja"), ("中文", "zh"), ("英语", "en"), ("Ｊａｐａｎｅｓｅ", "ja")],
)
async def test_without_a_language_it_is_asked_for_and_a_name_answers(
    stage: Stage, said: str, code: str
) -> None:
    asked = await language.switch(stage.turn("换语言", intent="language.switch"), stage.services)
    assert stage.follow(asked) == ["language.ask"]
    assert stage.conversation.awaiting == "language"
    outcome = await language.answer(stage.turn(said), stage.services)
    assert outcome is not None
    assert stage.follow(outcome) == ["language.done"]
    assert stage.conversation.language == code


async def test_something_else_is_no_answer(stage: Stage) -> None:
    assert await language.answer(stage.turn("查发票", intent="invoice.status"), stage.services) is None
    assert await language.answer(stage.turn("my"), stage.services) is None
