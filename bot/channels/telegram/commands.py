"""The command menu (命令菜单), from `locales/<language>/menu.yaml`."""

import re
from pathlib import Path

from locales.strict_yaml import LocaleError, load

_NAME = re.compile(r"[a-z0-9_]{1,32}")
_DESCRIPTION_CHARACTERS = 256
_COMMANDS = 100


def load_commands(home: Path) -> dict[str, dict[str, str]]:
    """Language → command → description, from every language folder below `home` with a menu.

    Raises LocaleError for what Telegram would refuse, and when the languages differ in their commands.
    """
    menus = {path.parent.name: _commands(path) for path in sorted(home.glob("*/menu.yaml"))}
    if len({tuple(menu) for menu in menus.values()}) > 1:
        raise LocaleError(f"{home}: the commands in the menus of {', '.join(menus)} differ in name or order")
    return menus


def _commands(path: Path) -> dict[str, str]:
    document = load(path)
    commands = document.get("commands") if isinstance(document, dict) else None
    if not isinstance(commands, dict) or not 1 <= len(commands) <= _COMMANDS:
        raise LocaleError(f"{path}: `commands` must be a mapping of 1 to {_COMMANDS} commands")
    for name, description in commands.items():
        if not _NAME.fullmatch(name):
            raise LocaleError(f"{path}: the command {name!r} may only have a-z, 0-9 and _, at most 32")
        if not isinstance(description, str) or not 1 <= len(description) <= _DESCRIPTION_CHARACTERS:
            raise LocaleError(
                f"{path}: {name} needs a description of 1 to {_DESCRIPTION_CHARACTERS} characters"
            )
    return commands
