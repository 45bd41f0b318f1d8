"""`piaoda wechat menu`: the custom menu (自定义菜单) of the official account."""

import argparse
import asyncio
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.channels.wechat.api import Api, Line, open_client
from bot.channels.wechat.faults import ApiError
from bot.channels.wechat.menu import MenuError, load_menu, publish
from bot.settings import Settings
from handlers.core import DeliveryError
from locales.catalog import HOME
from locales.strict_yaml import LocaleError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Subparsers = _SubParsersAction[argparse.ArgumentParser]

_LANGUAGES = ("zh", "en", "ja")


def add_parser(subparsers: "Subparsers") -> None:
    """Add `wechat` with its own commands."""
    parser = subparsers.add_parser("wechat", help="the WeChat official account")
    commands = parser.add_subparsers(dest="wechat_command", required=True)
    menu = commands.add_parser(
        "menu", help="create the account's custom menu from locales/<language>/menu.yaml"
    )
    menu.add_argument("--language", choices=_LANGUAGES, default="zh", help="of the menu (default: zh)")
    menu.add_argument("--dry-run", action="store_true", help="check the menu and print it, send nothing")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check the menu and give it to the platform; 0 when it has it, 1 with one line of reason otherwise."""
    try:
        menu = load_menu(HOME / args.language / "menu.yaml")
        if args.dry_run:
            sys.stdout.write(json.dumps(menu, ensure_ascii=False, indent=2) + "\n")
            return 0
        asyncio.run(_publish(menu, _line(Settings())))
    except (LocaleError, MenuError) as error:
        sys.stderr.write(f"piaoda: {error}\n")
        return 1
    sys.stdout.write("The menu is set. WeChat shows it within 24 hours; who follows anew sees it at once.\n")
    return 0


def _line(settings: Settings) -> Line:
    secret = settings.wechat_app_secret
    if not settings.wechat_app_id or secret is None:
        raise MenuError("set PIAODA_WECHAT_APP_ID and PIAODA_WECHAT_APP_SECRET")
    return Line(settings.wechat_api_base.rstrip("/"), settings.wechat_app_id, secret.get_secret_value())


async def _publish(menu: dict[str, object], line: Line) -> None:
    async with open_client() as client:
        try:
            token = await Api(line, client, lambda: datetime.now(UTC)).token()
        except (ApiError, DeliveryError) as error:
            raise MenuError(f"no access token: {error}") from error
    await asyncio.to_thread(publish, menu, line, token)
