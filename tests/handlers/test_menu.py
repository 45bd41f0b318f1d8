"""Welcome, menu, small talk, and one question back."""

import ast
import re
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from handlers import menu
from handlers.core import Turn
from locales.catalog import Catalog
from locales.strict_yaml import load
from locales.talk import talk
from storage.records import Message
from tests.handlers.conftest import Stage

HANDLERS = Path(menu.__file__).parent
MINE = (
    "menu",
    "faq",
    "topics",
    "verify",
    "account",
    "language",
    "contact",
    "feedback",
    "privacy",
)
_KEY = re.compile(r"[A-Za-z]+(\.[a-z_0-9]+)+")


@dataclass(frozen=True, slots=True)
class Guess:
    intent: str
    confidence: float = 0.4


def unclear(stage: Stage, text: str, *intents: str) -> Turn:
    """A sentence that may mean each of `intents`."""
    turn = stage.turn(text, intent=intents[0] if intents else "out_of_scope")
    guesses = tuple(Guess(intent) for intent in intents)
    action = "clarify" if intents else "refuse"
    return replace(
        turn,
        understanding=replace(cast(Any, turn.understanding), action=action, alternatives=guesses),
    )


@pytest.mark.parametrize("name", MINE)
def test_every_key_in_the_handlers_has_a_text(name: str, catalog: Catalog) -> None:
    tree = ast.parse((HANDLERS / f"{name}.py").read_text(encoding="utf-8"))
    words = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _KEY.fullmatch(node.value)
    }
    # Intents look the same, each of them has a button of its own; so do lists of what users say.
    known = (catalog.has(word) or catalog.has(f"choice.{word}") or talk().items(word) for word in words)
    assert all(known), words


def test_every_intent_has_a_button(catalog: Catalog) -> None:
    intents = load(HANDLERS.parent / "locales" / "intents.yaml")["intents"]
    missing = [name for name in intents if name != "out_of_scope" and not catalog.has(f"choice.{name}")]
    assert missing == []


def test_the_menu_has_each_digit_once(catalog: Catalog) -> None:
    assert sorted(digit for digit, _, _ in menu.MENU) == list("0123456789")
    for digit, _, key in menu.MENU:
        for language in catalog.languages:
            assert catalog.text(key, language).startswith(f"{digit} ")


async def test_the_menu_shows_all_entries(stage: Stage) -> None:
    outcome = await menu.show(stage.turn("菜单", intent="help.menu"), stage.services)
    assert stage.follow(outcome) == ["menu.list"]
    assert [button.action for button in outcome.replies[0].buttons] == [action for _, action, _ in menu.MENU]


async def test_the_first_contact_is_welcomed_in_few_lines(stage: Stage) -> None:
    turn = stage.turn("推广码-17", action="start")
    outcome = await menu.start(replace(turn, message=replace(turn.message, kind="follow")), stage.services)
    assert stage.follow(outcome) == ["start.welcome"]
    assert outcome.replies[0].buttons


async def test_a_known_chat_is_greeted_shortly(stage: Stage) -> None:
    stage.conversation = replace(stage.conversation, updated_at=stage.now)
    assert stage.follow(await menu.start(stage.turn(action="start"), stage.services)) == ["start.again"]
    greeted = await menu.greet(stage.turn("你好", intent="smalltalk.greet"), stage.services)
    assert stage.follow(greeted) == ["menu.greet"]


async def test_demo_data_is_labelled_at_the_start(stage: Stage) -> None:
    services = replace(stage.services, demo=True)
    outcome = await menu.start(stage.turn(action="start"), services)
    assert stage.follow(outcome) == ["demo.banner", "start.welcome"]


async def test_cancel_ends_the_question(stage: Stage) -> None:
    stage.conversation = replace(stage.conversation, awaiting="bind_code", slots={"bind_number": "A7"})
    outcome = await menu.cancel(stage.turn("取消", intent="cancel"), stage.services)
    assert stage.follow(outcome) == ["cancel.done"]
    assert stage.conversation.awaiting is None
    assert "bind_number" not in stage.conversation.slots
    again = await menu.cancel(stage.turn("取消", intent="cancel"), stage.services)
    assert stage.follow(again) == ["cancel.nothing"]


async def test_yes_and_no_without_a_question(stage: Stage) -> None:
    assert stage.follow(await menu.yes(stage.turn("对"), stage.services)) == ["confirm.yes_idle"]
    assert stage.follow(await menu.no(stage.turn("不"), stage.services)) == ["confirm.no_idle"]


async def test_yes_takes_up_the_second_wish(stage: Stage) -> None:
    stage.conversation = replace(stage.conversation, slots={"offered": "invoice.lost"})
    outcome = await menu.yes(stage.turn("好的"), stage.services)
    assert outcome.replies[0].buttons[0].action == "intent:invoice.lost"


@pytest.mark.parametrize(
    ("kind", "key"),
    [("location", "kind.location"), ("sticker", "kind.sticker"), ("link", "kind.other")],
)
async def test_other_kinds_are_answered(stage: Stage, kind: str, key: str) -> None:
    turn = stage.turn(action="x")
    message = Message("k", turn.message.chat, kind=kind)
    outcome = await menu.other_kind(replace(turn, message=message), stage.services)
    assert stage.follow(outcome) == [key]


async def test_one_question_back_then_a_person(stage: Stage) -> None:
    turn = unclear(stage, "那个票", "invoice.status", "invoice.lost", "invoice.verify", "invoice.search")
    outcome = await menu.clarify(turn, stage.services)
    assert stage.follow(outcome) == ["clarify.ask"]
    assert [button.action for button in outcome.replies[0].buttons] == [
        "intent:invoice.status",
        "intent:invoice.lost",
        "intent:invoice.verify",
        "none_of_these",
    ]
    assert stage.conversation.awaiting == "clarify"
    assert stage.conversation.misses == 1
    assert stage.conversation.slots["asked"] == "那个票"
    turn = unclear(stage, "就那个", "invoice.status", "invoice.lost")
    assert stage.follow(await menu.clarify(turn, stage.services)) == ["clarify.person"]


async def test_a_clarification_may_follow_a_refusal(stage: Stage) -> None:
    assert stage.follow(await menu.refuse(unclear(stage, "嗯哼"), stage.services)) == ["clarify.refuse"]
    turn = unclear(stage, "那个票", "invoice.status", "invoice.lost")
    assert stage.follow(await menu.clarify(turn, stage.services)) == ["clarify.ask"]


async def test_a_single_guess_is_asked_beside_a_no(stage: Stage) -> None:
    outcome = await menu.clarify(unclear(stage, "唔", "invoice.status", "smalltalk.greet"), stage.services)
    assert stage.follow(outcome) == ["clarify.ask"]
    assert [button.action for button in outcome.replies[0].buttons] == [
        "intent:invoice.status",
        "none_of_these",
    ]


async def test_a_long_message_is_repeated_in_short(stage: Stage) -> None:
    turn = unclear(stage, "票" * 500 + "\n{x}", "invoice.status", "invoice.lost")
    outcome = await menu.clarify(turn, stage.services)
    stage.follow(outcome)
    assert len(outcome.replies[0].values["said"]) <= 40


@pytest.mark.parametrize(
    ("said", "intent"), [("1", "invoice.status"), ("２", "invoice.lost"), ("3", None), ("第一", None)]
)
async def test_a_digit_picks_a_choice(stage: Stage, said: str, intent: str | None) -> None:
    turn = unclear(stage, "那个票", "invoice.status", "invoice.lost")
    stage.follow(await menu.clarify(turn, stage.services))
    assert menu.chosen(stage.turn(said)) == intent


async def test_a_digit_means_nothing_without_choices(stage: Stage) -> None:
    assert menu.chosen(stage.turn("1")) is None


async def test_a_no_to_all_choices_offers_a_person(stage: Stage) -> None:
    turn = unclear(stage, "那个票", "invoice.status", "invoice.lost")
    stage.follow(await menu.clarify(turn, stage.services))
    outcome = await menu.none_fits(stage.turn("都不是", intent="confirm.no"), stage.services)
    assert outcome is not None
    assert stage.follow(outcome) == ["clarify.person"]
    assert await menu.none_fits(stage.turn("查票", intent="invoice.status"), stage.services) is None


async def test_refusing_twice_offers_a_person(stage: Stage) -> None:
    assert stage.follow(await menu.refuse(unclear(stage, "天气"), stage.services)) == ["clarify.refuse"]
    assert stage.follow(await menu.refuse(unclear(stage, "天气"), stage.services)) == ["clarify.person"]
    assert stage.conversation.misses == 2


def test_an_unsure_yes_is_no_consent(stage: Stage) -> None:
    sure = stage.turn("是", intent="confirm.yes")
    assert menu.agreed(sure) is True
    unsure = replace(sure, understanding=cast(Any, SimpleNamespace(intent="confirm.yes", action="clarify")))
    assert menu.agreed(unsure) is None
