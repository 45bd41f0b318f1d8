"""A person's own data: requests with a reference, erasure only after a yes."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from handlers import privacy
from storage import notices
from tests.handlers.conftest import CHAT, Stage


async def request(stage: Stage, kind: str) -> Any:
    fact = await stage.store.read(notices.fact, f"privacy:{kind}:{CHAT}:2026-08-19")
    return None if fact is None else fact.value


async def test_a_copy_is_requested_with_a_reference(stage: Stage) -> None:
    outcome = await privacy.export(stage.turn("导出我的数据", intent="privacy.export"), stage.services)
    assert stage.follow(outcome) == ["privacy.export"]
    assert (await request(stage, "export"))["reference"] == outcome.replies[0].values["reference"]


async def test_nothing_is_requested_before_the_yes(stage: Stage) -> None:
    outcome = await privacy.delete(stage.turn("删除我的数据", intent="privacy.delete"), stage.services)
    assert stage.follow(outcome) == ["privacy.delete_ask"]
    assert await request(stage, "delete") is None
    assert await privacy.confirm_delete(stage.turn("等等", intent="faq.deadline"), stage.services) is None
    confirmed = await privacy.confirm_delete(stage.turn("确定", intent="confirm.yes"), stage.services)
    assert confirmed is not None
    assert stage.follow(confirmed) == ["privacy.delete_done"]
    assert (await request(stage, "delete"))["employee"] == stage.viewer.employee_id


async def test_erasure_can_be_declined(stage: Stage) -> None:
    stage.follow(await privacy.delete(stage.turn("删除", intent="privacy.delete"), stage.services))
    kept = await privacy.confirm_delete(stage.turn("不了", intent="confirm.no"), stage.services)
    assert kept is not None
    assert stage.follow(kept) == ["privacy.delete_kept"]
    assert await request(stage, "delete") is None


async def test_an_old_yes_button_asks_again(stage: Stage) -> None:
    outcome = await privacy.button(stage.turn(action="privacy:delete_yes"), stage.services)
    assert stage.follow(outcome) == ["privacy.delete_ask"]
    outcome = await privacy.button(stage.turn(action="privacy:delete_yes"), stage.services)
    assert stage.follow(outcome) == ["privacy.delete_done"]


async def test_asking_again_the_same_day_is_one_request(stage: Stage) -> None:
    first = await privacy.export(stage.turn("导出"), stage.services)
    second = await privacy.button(stage.turn(action="privacy:export"), stage.services)
    assert first.replies[0].values["reference"] == second.replies[0].values["reference"]
    later = replace(stage.turn("导出"), now=stage.now + timedelta(days=1))
    third = await privacy.export(later, stage.services)
    assert third.replies[0].values["reference"] != first.replies[0].values["reference"]
