"""`piaoda chat`: the same assistant in the terminal."""

import argparse
import asyncio
import getpass
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from bot import log
from bot.build import Program, build, running
from bot.demo import load_demo
from bot.settings import Settings, SettingsError, load_settings
from locales.strict_yaml import LocaleError
from storage import documents, people
from storage.database import StoreSetupError
from storage.documents import NewDocument
from storage.people import Attach
from storage.records import Attachment, ChatId, Message, OutboxItem

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Subparsers = _SubParsersAction[argparse.ArgumentParser]

_LARGEST_FILE = 20_000_000  # bytes


def add_parser(subparsers: "Subparsers") -> None:
    """Add `chat`."""
    parser = subparsers.add_parser("chat", help="talk to the assistant in the terminal")
    parser.add_argument("--user", default="", help="name of the chat (default: your login name)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Talk until end of input; a path on its own line is sent as a file, `#2` presses the second button."""
    try:
        settings = load_settings()
        log.configure("error", settings.log_format)
        asyncio.run(_chat(settings, ChatId("terminal", args.user or getpass.getuser())))
    except (SettingsError, StoreSetupError, LocaleError) as error:
        sys.stderr.write(f"piaoda: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stdout.write("\n")
    return 0


async def _chat(settings: Settings, chat: ChatId) -> None:
    program = await build(settings)
    if settings.demo:
        employee = await load_demo(program.store)
        await program.store.write(people.attach, Attach(chat, employee, program.services.now()))
    async with running(program):
        shown: tuple[OutboxItem, ...] = await _say(program, Message(_new_id(), chat, action="start"))
        while (line := await _line()) is not None:
            if line.strip():
                shown = await _say(program, await _message(program, chat, line.strip(), shown)) or shown


async def _line() -> str | None:
    if sys.stdin.isatty():
        sys.stdout.write("> ")
        sys.stdout.flush()
    line = await asyncio.to_thread(sys.stdin.readline)
    return line or None


async def _message(program: Program, chat: ChatId, line: str, shown: tuple[OutboxItem, ...]) -> Message:
    buttons = [choice for item in shown for choice in item.outgoing.choices]
    if line.startswith("#") and line[1:].isdigit() and 0 < int(line[1:]) <= len(buttons):
        button = buttons[int(line[1:]) - 1]
        return Message(_new_id(), chat, button.label, action=button.action)
    content = await asyncio.to_thread(_file, line)
    if content is None:
        return Message(_new_id(), chat, line)
    now = program.services.now()
    digest = await program.store.write(documents.keep, NewDocument(content, Path(line).name, "", now))
    attachment = Attachment(digest, name=Path(line).name, size=len(content))
    return Message(_new_id(), chat, attachments=(attachment,), kind="file")


def _file(line: str) -> bytes | None:
    path = Path(line).expanduser()
    try:
        if path.is_file() and path.stat().st_size <= _LARGEST_FILE:
            return path.read_bytes()
    except (OSError, ValueError):  # a sentence is no path
        pass
    return None


async def _say(program: Program, message: Message) -> tuple[OutboxItem, ...]:
    items = await program.assistant.answer(message)
    number = 0
    for item in items:
        sys.stdout.write(f"\n{item.outgoing.text}\n")
        for choice in item.outgoing.choices:
            number += 1
            sys.stdout.write(f"  #{number} {choice.label}\n")
    sys.stdout.write("\n")
    sys.stdout.flush()
    return items


def _new_id() -> str:
    return uuid.uuid4().hex
