"""The custom menu: what the platform would refuse is found before it is asked."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.channels.wechat.api import Api, Line, open_client
from bot.channels.wechat.incoming import _ACTION
from bot.channels.wechat.menu import MenuError, load_menu, publish
from locales.catalog import HOME
from locales.strict_yaml import LocaleError
from tests.fakes.far_end import BAD_GATEWAY, PORTAL
from tests.fakes.wechat import APP_ID, APP_SECRET, FakeWeChat, refused
from tests.wechat.conftest import utc_now

LANGUAGES = ("zh", "en", "ja")


def _actions(menu: dict[str, Any]) -> list[str]:
    return [entry["key"] for column in menu["button"] for entry in column.get("sub_button", [column])]


def test_the_menus_of_all_languages_lead_to_the_same() -> None:
    menus = [load_menu(HOME / language / "menu.yaml") for language in LANGUAGES]
    assert _actions(menus[0]) == _actions(menus[1]) == _actions(menus[2])
    assert all(_ACTION.fullmatch(action) for action in _actions(menus[0]))


ENTRY = {"label": "查", "action": "status"}


@pytest.mark.parametrize(
    "menu",
    [
        [],
        [ENTRY] * 4,
        {"label": "查"},
        ["查"],
        [{"label": "查", "items": []}],
        [{"label": "查", "items": [ENTRY] * 6}],
        [{"label": "六个汉字太长", "items": [ENTRY]}],
        [{"label": "查", "items": [{"label": "汉" * 21, "action": "status"}]}],
        [{"label": "查", "action": "查发票"}],
        [{"label": "查", "action": "x" * 129}],
        [{"label": "查", "action": ""}],
        [{"label": "", "action": "status"}],
        [{"label": "查", "action": "status", "url": "https://example.com"}],
        [{"label": "查"}],
    ],
)
def test_a_menu_the_platform_would_refuse_is_refused(tmp_path: Path, menu: object) -> None:
    path = tmp_path / "menu.yaml"
    path.write_text(yaml.safe_dump({"menu": menu}, allow_unicode=True), "utf-8")
    with pytest.raises(LocaleError):
        load_menu(path)


async def _publish(far_end: FakeWeChat) -> None:
    line = Line(far_end.base, APP_ID, APP_SECRET)
    async with open_client() as client:
        token = await Api(line, client, utc_now).token()
    await asyncio.to_thread(publish, load_menu(HOME / "zh" / "menu.yaml"), line, token)


async def test_the_menu_is_published() -> None:
    async with FakeWeChat() as far_end:
        await _publish(far_end)
        assert far_end.menu == load_menu(HOME / "zh" / "menu.yaml")
        assert far_end.violations == []


@pytest.mark.parametrize("fault", [refused(48001), refused(40001), BAD_GATEWAY, PORTAL])
async def test_a_refused_menu_has_a_reason_without_secrets(fault: Any) -> None:
    async with FakeWeChat() as far_end:
        far_end.fail("menu/create", fault)
        with pytest.raises(MenuError) as caught:
            await _publish(far_end)
        assert "token" not in str(caught.value)
        assert len(far_end.calls("menu/create")) == 1
