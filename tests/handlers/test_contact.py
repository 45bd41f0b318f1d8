"""Reaching a person: contact ways, no false promises, first aid."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from handlers import contact
from handlers.core import Handler
from handlers.wording import render
from storage.records import Owner
from tests.handlers.conftest import CHAT, Stage

FULL: Mapping[str, str] = {
    "hours": "9:00-18:00",
    "phone": "010-5555 0100",
    "email": "finance@example.com",
    "wechat": "finance-desk",
    "person": "报销组",
}


@pytest.mark.parametrize("handler", [contact.info, contact.handoff, contact.emergency])
@pytest.mark.parametrize("ways", [FULL, {}, {"phone": "010-5555 0100"}])
async def test_every_way_that_is_set_is_told(stage: Stage, handler: Handler, ways: Mapping[str, str]) -> None:
    services = replace(stage.services, contact=ways)
    outcome = await handler(stage.turn("找人"), services)
    stage.follow(outcome)
    for language in services.catalog.languages:
        text = render(outcome.replies[0], CHAT, language, services.catalog).text
        assert all(value in text for value in ways.values())
        assert "12366" in text
        assert services.catalog.text("contact.none", language) in text or ways


async def test_nobody_is_promised_while_there_is_no_desk(stage: Stage) -> None:
    outcome = await contact.handoff(stage.turn("转人工", intent="agent.handoff"), stage.services)
    assert outcome.conversation.owner is Owner.BOT


async def test_an_emergency_is_answered_at_once(stage: Stage) -> None:
    outcome = await contact.emergency(stage.turn("被骗了", intent="agent.emergency"), stage.services)
    assert stage.follow(outcome) == ["contact.emergency"]
    assert outcome.conversation.awaiting is None
    for language in stage.services.catalog.languages:
        assert "110" in render(outcome.replies[0], CHAT, language, stage.services.catalog).text
