"""`piaoda`: one entry point, a module of bot/commands a command."""

import argparse
import gc
import importlib
import sys
from collections.abc import Sequence
from typing import Any

from bot import log

# Command → (module, one line of help). A module is imported when its command is used: a look at the version
# need not wait for the OCR libraries.
COMMANDS = {
    "serve": "serve everything: chat page, WeChat, Telegram, REST, jobs",
    "chat": "talk to the assistant in the terminal",
    "read": "read documents; one JSON object a line",
    "understand": "understand sentences; one JSON object a line",
    "intents": "check the language files, or explain a match",
    "import": "import invoices and states from CSV or XLSX",
    "migrate": "bring the database to the newest schema",
    "users": "employees, their roles and one-time codes",
    "keys": "keys for the REST interface",
    "outbox": "messages that wait, are in doubt or have failed",
    "feedback": "ratings, complaints and suggestions of users",
    "requests": "requests of users for a copy or erasure of their data",
    "backup": "copy the SQLite database, also while the server runs",
    "wechat": "the WeChat official account",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog="piaoda", description="Piaoda 票答: a chat assistant for Chinese invoices (发票)."
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    name = next((word for word in given if not word.startswith("-")), "")
    if name in COMMANDS:
        _module(name).add_parser(subparsers)
    else:
        for command, text in COMMANDS.items():
            subparsers.add_parser(command, help=text, add_help=False)
    parsed = parser.parse_args(given)
    log.configure("warning", "text")  # `serve` has its own wish
    status: int = parsed.run(parsed)
    return status


def _module(command: str) -> Any:
    gc.disable()  # modules stay: looking for what is thrown away among them takes a tenth of the time
    try:
        return importlib.import_module(f"bot.commands.{_FILES.get(command, command)}")
    finally:
        gc.enable()


_FILES = {"import": "import_"}  # a word of the language
