"""The command menu is checked when it is read, not when Telegram refuses it."""

from pathlib import Path

import pytest

from bot.channels.telegram.commands import load_commands
from locales.strict_yaml import LocaleError

GOOD = "menu: []\ncommands:\n  start: 开始\n  help: 帮助\n"


def write(home: Path, **menus: str) -> Path:
    for language, text in menus.items():
        (home / language).mkdir()
        (home / language / "menu.yaml").write_text(text, "utf-8")
    return home


def test_every_language_with_a_menu_is_read(tmp_path: Path) -> None:
    menu = {"start": "开始", "help": "帮助"}
    assert load_commands(write(tmp_path, zh=GOOD, ja=GOOD)) == {"ja": menu, "zh": menu}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("menu: []", "must be a mapping"),
        ("[]", "must be a mapping"),
        ("commands: {}", "must be a mapping"),
        ("commands: {Start: x}", "may only have"),
        ("commands: {查票: x}", "may only have"),
        (f"commands: {{{'x' * 33}: x}}", "may only have"),
        ("commands: {start: ''}", "needs a description"),
        (f"commands: {{start: {'x' * 257}}}", "needs a description"),
        ("commands: {start: [x]}", "needs a description"),
    ],
)
def test_what_telegram_would_refuse_stops_the_start(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(LocaleError, match=complaint):
        load_commands(write(tmp_path, zh=text))


def test_languages_must_have_the_same_commands(tmp_path: Path) -> None:
    with pytest.raises(LocaleError, match="differ"):
        load_commands(write(tmp_path, zh=GOOD, en="commands: {start: Start}"))
