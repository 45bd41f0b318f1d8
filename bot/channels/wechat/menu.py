"""The custom menu (自定义菜单), from `locales/<language>/menu.yaml`."""

from pathlib import Path
from typing import Any

import requests
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

from bot.channels.wechat.api import Line
from locales.strict_yaml import LocaleError, load

_COLUMNS = 3
_ENTRIES = 5
_COLUMN_BYTES = 16
_ENTRY_BYTES = 60
_KEY_BYTES = 128
_SECONDS = 10


class MenuError(Exception):
    """The platform did not take the menu; the text says why, without secrets."""


def load_menu(path: Path) -> dict[str, Any]:
    """The menu as the platform takes it; raises LocaleError for what it would refuse."""
    document = load(path)
    columns = document.get("menu") if isinstance(document, dict) else None
    if not isinstance(columns, list) or not 1 <= len(columns) <= _COLUMNS:
        raise LocaleError(f"{path}: `menu` must be a list of 1 to {_COLUMNS} columns")
    return {"button": [_column(path, column) for column in columns]}


def _column(path: Path, column: object) -> dict[str, Any]:
    match column:
        case {"label": str(label), "items": list(items), **others} if not others:
            if not 1 <= len(items) <= _ENTRIES:
                raise LocaleError(f"{path}: {label!r} must have 1 to {_ENTRIES} items")
            name = _name(path, label, _COLUMN_BYTES)
            return {"name": name, "sub_button": [_entry(path, item, _ENTRY_BYTES) for item in items]}
    return _entry(path, column, _COLUMN_BYTES)


def _entry(path: Path, item: object, limit: int) -> dict[str, Any]:
    match item:
        case {"label": str(label), "action": str(action), **others} if not others:
            if not action.isascii() or not 1 <= len(action) <= _KEY_BYTES:
                raise LocaleError(
                    f"{path}: the action of {label!r} must be ASCII, at most {_KEY_BYTES} bytes"
                )
            return {"type": "click", "name": _name(path, label, limit), "key": action}
    raise LocaleError(f"{path}: {item!r} must have a label and an action")


def _name(path: Path, label: str, limit: int) -> str:
    if not 1 <= len(label.encode()) <= limit:
        raise LocaleError(f"{path}: {label!r} must have 1 to {limit} bytes, a Chinese character has three")
    return label


def publish(menu: dict[str, Any], line: Line, token: str) -> None:
    """Replace the account's menu, blocking; `token` is a valid access_token. Raises MenuError."""
    client = WeChatClient(
        line.app_id, line.app_secret, access_token=token, timeout=_SECONDS, auto_retry=False
    )
    client.API_BASE_URL = f"{line.base}/cgi-bin/"
    client._http.trust_env = False  # no proxy of the environment gets to see the token
    try:
        result = client.menu.create(menu)
    except WeChatClientException as error:
        raise MenuError(f"the platform refused the menu: errcode {error.errcode}") from error
    except requests.RequestException as error:
        # Its text holds the address, and with it the token.
        raise MenuError(f"the platform does not answer: {type(error).__name__}") from None
    if not isinstance(result, dict):
        raise MenuError("the answer is not the platform's; is there a proxy in between?")
