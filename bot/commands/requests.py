"""`piaoda requests`: what users ask about their own data (个人信息): a copy or erasure, carried out by a person."""

import argparse
import asyncio
import json
import sys
from typing import TYPE_CHECKING

from bot.office import OperationError, perform
from bot.settings import SettingsError, load_settings
from storage.database import StoreSetupError, StoreUnavailableError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Subparsers = _SubParsersAction[argparse.ArgumentParser]


_COLUMNS = ("at", "reference", "kind", "number", "name", "chat", "settled_at")


def add_parser(subparsers: "Subparsers") -> None:
    """Add `requests` with its own commands."""
    parser = subparsers.add_parser("requests", help="requests of users for a copy or erasure of their data")
    commands = parser.add_subparsers(dest="requests_command", required=True)
    listed = commands.add_parser("list", help="the open requests, oldest first")
    listed.add_argument("--all", action="store_true", help="those that are done, too")
    listed.add_argument("--json", action="store_true", help="one JSON object a line")
    done = commands.add_parser("done", help="note that a request has been carried out")
    done.add_argument("reference", help="the reference (编号) that the user was given")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Do it; 1 with one line of reason when it cannot be done."""
    is_list = args.requests_command == "list"
    wish = {"all": args.all} if is_list else {"reference": args.reference}
    try:
        found = asyncio.run(perform(load_settings(), f"requests.{args.requests_command}", wish))
    except (OperationError, SettingsError, StoreSetupError, StoreUnavailableError) as error:
        sys.stderr.write(f"piaoda: {error}\n")
        return 1
    if not is_list:
        sys.stdout.write(f"{args.reference.upper()}: done\n")
        return 0
    for entry in found:
        cells = "\t".join(str(entry.get(name, "")) for name in _COLUMNS)
        sys.stdout.write((json.dumps(entry, ensure_ascii=False) if args.json else cells) + "\n")
    return 0
